"""Does everything that Bor mints go back to a lock on L1 (S7), and does every message get its record (L4)?

The four regimes are faulty weights out of 6, quorum 5: 1 can do nothing, 2 or 3 can halt, 4 could also sign two
conflicting things, 5 are a quorum.  A vote on an event record is a vote on a fact of L1, so the first three are alike.
What 2 or 3 can do by silence is in `state_receiver.py`.
"""

from typing import Final

from interlock import Finding, Holds, Violated, always, check, claim, reachable, recoverable
from interlock.model.pos import state_sync
from interlock.model.pos.state_sync import BLOCKS, Id, Log, Receiver, State, id_at, in_log


@always
def delivered_is_logged(s: State, i: Id) -> bool:
    """S7: what Bor delivers under an id is what L1 has logged under it, with the same receiver and amount."""
    m = s.delivered[i]
    return m is None or in_log(s, i, Log(m, locked=True)) or in_log(s, i, Log(m, locked=False))


@always
def mint_has_a_lock(s: State, i: Id) -> bool:
    """S7, what it is for: the bridge mints an amount only if the deposit contract has locked it."""
    m = s.delivered[i]
    return m is None or m.receiver != Receiver.BRIDGE or in_log(s, i, Log(m, locked=True))


@recoverable
def final_messages_get_recorded(s: State) -> bool:
    """L4, the first half: a message in an L1 block that can no longer be taken back has, or can get, a record."""
    return all(s.log[h] is None or h > s.final or s.records[id_at(s, h)] is not None for h in range(1, BLOCKS + 1))


@reachable
def both_are_delivered(s: State) -> bool:
    """Two messages do arrive."""
    return s.delivered[1] is not None and s.delivered[2] is not None


@reachable
def the_second_is_recorded_first(s: State) -> bool:
    """Records come out of order."""
    return s.records[1] is None and s.records[2] is not None


SAFETY: Final = (delivered_is_logged, mint_has_a_lock)
WITNESSES: Final = (both_are_delivered, the_second_is_recorded_first)

check(
    "S7 1 of 6 faulty",
    state_sync,
    faults={"reorg", "false_votes"},
    expect=Holds(distinct=969, depth=9),
)
check(
    "S7 3 of 6 faulty",
    state_sync,
    {"FAULTY_WEIGHT": 3},
    faults={"reorg", "false_votes"},
    properties=(*SAFETY, *WITNESSES),
    expect=Holds(distinct=969, depth=9),
)
check(
    "S7 4 of 6 faulty",
    state_sync,
    {"FAULTY_WEIGHT": 4},
    faults={"reorg", "false_votes"},
    properties=(*SAFETY, *WITNESSES),
    expect=Holds(distinct=969, depth=9),
    about="Exactly two thirds are faulty, one vote short of a quorum: a record still needs an honest vote.",
)
check(
    "S7 5 of 6 faulty",
    state_sync,
    {"FAULTY_WEIGHT": 5},
    faults={"false_votes"},
    properties=(delivered_is_logged,),
    expect=Violated(delivered_is_logged, steps=2, distinct=14497),
)
check(
    "S7 2 of 4 faulty",
    state_sync,
    {"TOTAL": 4, "FAULTY_WEIGHT": 2},
    faults={"reorg", "false_votes"},
    properties=(*SAFETY, *WITNESSES),
    expect=Holds(distinct=969, depth=9),
)
check(
    "S7 3 of 4 faulty",
    state_sync,
    {"TOTAL": 4, "FAULTY_WEIGHT": 3},
    faults={"false_votes"},
    properties=(delivered_is_logged,),
    expect=Violated(delivered_is_logged, steps=2, distinct=14497),
)
check(
    "S7 reorganisation deeper than the confirmations",
    state_sync,
    {"FAULTY_WEIGHT": 0, "REORG_DEPTH": 3},
    faults={"reorg"},
    properties=(delivered_is_logged,),
    expect=Violated(delivered_is_logged, steps=6, distinct=9224),
    about="No validator is faulty. Heimdall waits for a finalised L1 block, and for 6 confirmations only where it "
    "cannot ask for one: this is about that fallback.",
)
check(
    "S7 anyone sends to the bridge",
    state_sync,
    {"SENDERS_REGISTERED": False, "IDS": 1},
    properties=(mint_has_a_lock,),
    expect=Violated(mint_has_a_lock, steps=5, distinct=101),
    about="StateSender asks that the caller be registered for the receiver: the record on Heimdall does not say who "
    "sent.",
)
check(
    "M4 the vote compares the receiver with itself",
    state_sync,
    {"COMPARES_RECEIVER": False, "IDS": 1},
    properties=(delivered_is_logged,),
    expect=Violated(delivered_is_logged, steps=5, distinct=93),
    about="heimdall-v2, pull request 405, July 2025: the clerk compared the message's contract address with itself.",
)
check(
    "M4 and what it costs",
    state_sync,
    {"COMPARES_RECEIVER": False, "IDS": 1},
    properties=(mint_has_a_lock,),
    expect=Violated(mint_has_a_lock, steps=5, distinct=93),
    about="A user's message to a contract of her own is relayed as one to the bridge. No validator is faulty. Whether "
    "anyone ever did this is not known.",
)
check(
    "L4 one block deeper than the confirmations, every message gets a record",
    state_sync,
    {"FAULTY_WEIGHT": 0, "REORG_DEPTH": 3},
    faults={"reorg"},
    properties=(final_messages_get_recorded, *WITNESSES),
    expect=Holds(distinct=9224, depth=16),
    about="The record may be the wrong one (S7), but the queue moves on.",
)
check(
    "L4 two blocks deeper, a message is refused for good",
    state_sync,
    {"FAULTY_WEIGHT": 0, "BLOCKS": 5, "CONFIRMATIONS": 1, "REORG_DEPTH": 3, "AMOUNTS": 1},
    faults={"reorg"},
    properties=(final_messages_get_recorded,),
    expect=Violated(final_messages_get_recorded, steps=10, distinct=13136),
    about="Heimdall remembers places of logs by block number and index. After the reorganisation another id comes to "
    "stand at a place that was seen, and is refused; later ids wait behind it. Our finding, for the fallback only.",
)

claim(
    "S7",
    source="Polygon documentation, FAQ 'Consensys Scaling Framework', lock-up conditions",
    says="Tokens are locked on Ethereum, and the validators have to agree by two thirds on that event for the same "
    "amount to be minted on Polygon PoS.",
    finding=Finding.UNSTATED_CONDITION,
    decided_by=(
        "S7 1 of 6 faulty",
        "S7 3 of 6 faulty",
        "S7 4 of 6 faulty",
        "S7 5 of 6 faulty",
        "S7 2 of 4 faulty",
        "S7 3 of 4 faulty",
        "S7 reorganisation deeper than the confirmations",
    ),
    because="While the faulty are no quorum, two thirds included, nothing is minted without a lock, provided that L1 "
    "takes back no log that has its confirmations: the condition which the answer leaves out, and Heimdall meets by "
    "waiting for finalised blocks. Two messages, four L1 blocks, two amounts; reorganisations at most as deep as said.",
)
