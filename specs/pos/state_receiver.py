"""Is a message minted at most once (S8), does it arrive (L4), and what is stuck for good (L5)?

A message is stuck if no path leads to its mint.  Time is left out: "arrives" means that it still can.
"""

from typing import Final

from interlock import Finding, FiniteSet, Holds, Violated, always, check, claim, reachable, recoverable, step
from interlock.model.pos import state_receiver
from interlock.model.pos.state_receiver import IDS, Id, Kind, Overlong, State

ALL: Final = {"KINDS": FiniteSet({Kind.PLAIN, Kind.OVERLONG, Kind.REVERTS, Kind.NO_CODE})}
REVERTING: Final = {"KINDS": FiniteSet({Kind.PLAIN, Kind.REVERTS})}


@always
def minted_once(s: State, i: Id) -> bool:
    """S8: through commit, replay and historic replay together, a message is minted at most once."""
    return s.minted[i] <= 1


@step
def ids_in_order(old: State, new: State) -> bool:
    """S9, the first half: lastStateId grows by one at a time."""
    return new.last in (old.last, old.last + 1)


@recoverable
def plain_messages_arrive(s: State) -> bool:
    """L4: a message with nothing special about it has been minted, or still can be."""
    return all(s.kind[i] != Kind.PLAIN or s.minted[i] > 0 for i in range(1, IDS + 1))


@recoverable
def nothing_is_stuck(s: State) -> bool:
    """L5: what was locked for any message has been minted, or still can be; no refund exists on L1."""
    return all(s.kind[i] is None or s.minted[i] > 0 for i in range(1, IDS + 1))


@reachable
def a_replay_mints(s: State, i: Id) -> bool:
    """A message that failed is minted by a replay."""
    return s.minted[i] == 1 and s.running == i


@reachable
def a_historic_replay_mints(s: State, i: Id) -> bool:
    """A message that failed before PIP-36 is minted by the historic replay."""
    return s.minted[i] == 1 and i in s.nullified


@reachable
def the_second_is_recorded_first(s: State) -> bool:
    """A record waits for one with a lower id."""
    return s.minted[1] + s.minted[2] == 0 and s.record[1] != s.record[2] and s.kind[1] is not None


check(
    "S8 a message is minted once",
    state_receiver,
    ALL,
    faults={"silence", "reenters"},
    properties=(minted_once, ids_in_order, a_replay_mints, a_historic_replay_mints, the_second_is_recorded_first),
    expect=Holds(distinct=1714, depth=13),
)
check(
    "S8 three messages",
    state_receiver,
    {**REVERTING, "IDS": 3},
    faults={"reenters"},
    properties=(minted_once, ids_in_order, a_replay_mints, a_historic_replay_mints),
    expect=Holds(distinct=3008, depth=17),
)
check(
    "S8 replay calls before it deletes",
    state_receiver,
    {**REVERTING, "DELETES_FIRST": False},
    faults={"reenters"},
    properties=(minted_once,),
    expect=Violated(minted_once, steps=6, distinct=454),
    about="PIP-36 says that the entry goes once the call has succeeded, and asks for checks and effects before the "
    "call; the contract deletes first, and a failed call reverts the deletion.",
)
check(
    "S8 the tree holds what StateReceiver has kept",
    state_receiver,
    {**REVERTING, "TREE_OF_FORGOTTEN": False},
    properties=(minted_once,),
    expect=Violated(minted_once, steps=7, distinct=536),
    about="Nothing in the contract compares the tree with failedStateSyncs: that they share no message is up to "
    "whoever sets the root.",
)

check(
    "S9 records are delivered out of order",
    state_receiver,
    {"IDS_IN_ORDER": False},
    properties=(ids_in_order,),
    expect=Violated(ids_in_order, steps=4, distinct=39),
)
check(
    "L4 records are delivered out of order",
    state_receiver,
    {"IDS_IN_ORDER": False},
    properties=(plain_messages_arrive,),
    expect=Violated(plain_messages_arrive, steps=4, distinct=39),
    about="What the order is for: lastStateId is one number, so an id that was passed over never comes again.",
)

check(
    "L4 a plain message arrives, whatever is before it",
    state_receiver,
    ALL,
    faults={"silence"},
    properties=(plain_messages_arrive, a_replay_mints),
    expect=Holds(distinct=1714, depth=13),
)
check(
    "L4 2 of 6 fall silent",
    state_receiver,
    {"FAULTY_WEIGHT": 2},
    faults={"silence"},
    properties=(plain_messages_arrive,),
    expect=Violated(plain_messages_arrive, steps=2, distinct=66),
)
check(
    "L4 2 of 4 fall silent",
    state_receiver,
    {"TOTAL": 4, "FAULTY_WEIGHT": 2},
    faults={"silence"},
    properties=(plain_messages_arrive,),
    expect=Violated(plain_messages_arrive, steps=2, distinct=66),
)
check(
    "M11 an over-long message is refused",
    state_receiver,
    {"KINDS": FiniteSet({Kind.PLAIN, Kind.OVERLONG}), "OVERLONG": Overlong.REFUSED},
    properties=(plain_messages_arrive,),
    expect=Violated(plain_messages_arrive, steps=2, distinct=54),
    about="10 March 2022: a message with large data could not be processed on Heimdall and blocked those after it; "
    "repairing that led to an outage of about 11 hours. Since then such data is replaced by empty data.",
)

check(
    "L5 receivers that revert, with PIP-36",
    state_receiver,
    REVERTING,
    faults={"silence"},
    properties=(nothing_is_stuck, a_replay_mints, a_historic_replay_mints),
    expect=Holds(distinct=748, depth=13),
)
check(
    "L5 receivers that revert, before PIP-36",
    state_receiver,
    {**REVERTING, "KEEPS_FAILED": False},
    properties=(nothing_is_stuck,),
    expect=Violated(nothing_is_stuck, steps=3, distinct=87),
    about="PIP-36, April 2024: deposits of MATIC to contracts ran out of gas on Bor, and stayed locked on L1.",
)
check(
    "L5 data that was emptied",
    state_receiver,
    {"KINDS": FiniteSet({Kind.PLAIN, Kind.OVERLONG})},
    properties=(nothing_is_stuck,),
    expect=Violated(nothing_is_stuck, steps=1, distinct=123),
    about="The price of the rule that ended M11: the bridge on Bor cannot decode empty data, so every replay reverts.",
)
check(
    "L5 no contract at the receiver's address",
    state_receiver,
    {"KINDS": FiniteSet({Kind.PLAIN, Kind.NO_CODE})},
    properties=(nothing_is_stuck,),
    expect=Violated(nothing_is_stuck, steps=1, distinct=105),
    about="commitState skips such a message and does not keep it as failed. The token bridges send to contracts that "
    "exist; this is for applications that use StateSender themselves.",
)

claim(
    "S8",
    source="PIP-36, Replay Failed State Syncs, specification and security considerations",
    says="A message that failed can be executed again by anyone, once; a leaf of the tree of earlier failures is "
    "nullified by a replay that succeeds.",
    finding=Finding.UNSTATED_CONDITION,
    decided_by=(
        "S8 a message is minted once",
        "S8 replay calls before it deletes",
        "S8 the tree holds what StateReceiver has kept",
    ),
    because="Once holds for the contract as it is, if the tree has no message that StateReceiver keeps itself. The "
    "proposal speaks of previous failures, which suggests just that, but no check enforces it: the root is set by "
    "hand, once. Two messages of every kind; the receiver may re-enter its own replay.",
)
claim(
    "L4",
    source="Polygon documentation, FAQ 'Consensys Scaling Framework', how soon funds are available",
    says="Deposited funds are available on Polygon PoS after around seven to eight minutes, by state sync.",
    finding=Finding.UNSTATED_CONDITION,
    decided_by=(
        "L4 a plain message arrives, whatever is before it",
        "L4 2 of 6 fall silent",
        "L4 2 of 4 fall silent",
        "M11 an over-long message is refused",
    ),
    because="The minutes are an estimate, and time is left out here: decided is that a message can still arrive. It "
    "can while a quorum votes, so a third of the weight is enough to stop it by silence; the same document says "
    "elsewhere that validators can stop the chain. Message 2 also waits for message 1, which in March 2022 was more "
    "than theory.",
)
claim(
    "L5",
    source="Polygon documentation, FAQ 'Consensys Scaling Framework', lock-up conditions",
    says="Funds are locked on Ethereum, and the corresponding tokens are then minted on Polygon PoS.",
    finding=Finding.GAP,
    decided_by=(
        "L5 receivers that revert, with PIP-36",
        "L5 receivers that revert, before PIP-36",
        "L5 data that was emptied",
        "L5 no contract at the receiver's address",
    ),
    because="The answer describes the usual course and is silent on messages that fail; L1 offers no refund. PIP-36 "
    "closed the gap for receivers that revert and can be mended; emptied data and missing contracts remain. A user who "
    "sends over-long data hurts herself alone.",
)
