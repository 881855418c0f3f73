"""Is every exit a burn that happened (S10), is a burn paid once (S11), and can a burn always be paid (L3)?

The four regimes are faulty weights out of 6, quorum 5: 1 can do nothing, 2 or 3 can halt, 4 could also sign two
conflicting things, 5 are a quorum.  The token of the portal is the default; that of the plasma bridge and one of a
tunnel are the others.  What forks of Bor add with 4 of 6 is not here: a coin that is burnt on both is two burns.
"""

from typing import Final

from interlock import Finding, FiniteSet, Holds, Violated, always, check, claim, reachable, recoverable, step
from interlock.model.pos import exits
from interlock.model.pos.exits import BURNS, Burn, Entry, Event, Key, State, queued

PLASMA: Final = {"MAPPED": FiniteSet({Entry.PLASMA}), "EMITS": FiniteSet({Event.TRANSFER, Event.WITHDRAW})}
TUNNEL: Final = {"MAPPED": FiniteSet({Entry.TUNNEL}), "EMITS": FiniteSet({Event.TRANSFER, Event.MESSAGE})}


@always
def paid_burns_are_real(s: State, b: Burn) -> bool:
    """S10: L1 pays only for burns that happened on Bor."""
    return s.paid[b] == 0 or b in s.burnt


@always
def paid_once(s: State, b: Burn) -> bool:
    """S11: L1 pays once for a burn, over all entry points, logs and encodings of the proof."""
    return s.paid[b] <= 1


@step
def the_queue_only_pays(old: State, new: State, key: Key) -> bool:
    """What leaves the plasma queue is paid: no exit in it is ever cancelled."""
    return not queued(old, key) or queued(new, key) or new.paid[key.burn] > old.paid[key.burn]


@recoverable
def burns_get_paid(s: State) -> bool:
    """L3: every burn has been paid, or still can be."""
    return all(b not in s.burnt or s.paid[b] > 0 for b in range(1, BURNS + 1))


@reachable
def a_burn_is_paid(s: State, b: Burn) -> bool:
    """An exit does succeed."""
    return s.paid[b] == 1 and b in s.burnt


@reachable
def an_imitation_is_under_a_checkpoint(s: State, b: Burn) -> bool:
    """What looks like a burn comes as far as L1, truly proven."""
    return b in s.imitated and b in s.root


SAFETY: Final = (paid_burns_are_real, paid_once, the_queue_only_pays)
WITNESSES: Final = (a_burn_is_paid, an_imitation_is_under_a_checkpoint)

check(
    "S10 S11 L3 the portal",
    exits,
    {"BURNS": 2, "EMITS": FiniteSet({Event.TRANSFER, Event.BATCH})},
    faults={"silence", "false_votes", "foreign_log"},
    expect=Holds(distinct=128, depth=7),
)
check(
    "S10 S11 L3 the plasma bridge",
    exits,
    {**PLASMA, "BURNS": 2},
    faults={"silence", "false_votes", "foreign_log"},
    expect=Holds(distinct=200, depth=11),
)
check(
    "S10 S11 L3 a tunnel",
    exits,
    {**TUNNEL, "BURNS": 2},
    faults={"silence", "false_votes", "foreign_log"},
    expect=Holds(distinct=128, depth=7),
)

# S10: the faulty below the quorum invent no burn, and each check of the proof is needed.
check(
    "S10 3 of 6 faulty",
    exits,
    {"BURNS": 2, "FAULTY_WEIGHT": 3},
    faults={"silence", "false_votes", "foreign_log"},
    properties=(*SAFETY, *WITNESSES),
    expect=Holds(distinct=128, depth=7),
)
check(
    "S10 4 of 6 faulty",
    exits,
    {"BURNS": 2, "FAULTY_WEIGHT": 4},
    faults={"silence", "false_votes", "foreign_log"},
    properties=(*SAFETY, *WITNESSES),
    expect=Holds(distinct=128, depth=7),
    about="Exactly two thirds are faulty, one vote short of a quorum.",
)
check(
    "S10 5 of 6 faulty",
    exits,
    {"FAULTY_WEIGHT": 5},
    faults={"false_votes"},
    properties=(paid_burns_are_real,),
    expect=Violated(paid_burns_are_real, steps=3, distinct=8),
)
check(
    "S10 2 of 4 faulty",
    exits,
    {"BURNS": 2, "TOTAL": 4, "FAULTY_WEIGHT": 2},
    faults={"silence", "false_votes", "foreign_log"},
    properties=(*SAFETY, *WITNESSES),
    expect=Holds(distinct=128, depth=7),
)
check(
    "S10 3 of 4 faulty",
    exits,
    {"TOTAL": 4, "FAULTY_WEIGHT": 3},
    faults={"false_votes"},
    properties=(paid_burns_are_real,),
    expect=Violated(paid_burns_are_real, steps=3, distinct=8),
)
check(
    "S10 a receipt under no checkpoint",
    exits,
    {"CHECKS_RECEIPT": False},
    properties=(paid_burns_are_real,),
    expect=Violated(paid_burns_are_real, steps=1, distinct=8),
)
check(
    "S10 a log of another contract",
    exits,
    {"CHECKS_EMITTER": False},
    faults={"foreign_log"},
    properties=(paid_burns_are_real,),
    expect=Violated(paid_burns_are_real, steps=4, distinct=9),
    about="RootChainManager.exit looks up the root token by the log's emitter, and refuses an emitter it has not "
    "mapped.",
)

# The plasma queue: a wait, and no more.
check(
    "the queue does not stop an invented burn",
    exits,
    {**PLASMA, "FAULTY_WEIGHT": 5},
    faults={"false_votes"},
    properties=(paid_burns_are_real,),
    expect=Violated(paid_burns_are_real, steps=5, distinct=12),
    about="ERC20PredicateBurnOnly.verifyDeprecation is empty, so no challenge succeeds: the wait gives people time to "
    "react, and the contracts none.",
)
check(
    "a challenge that could succeed",
    exits,
    {**PLASMA, "CHALLENGE_CAN_SUCCEED": True},
    properties=(the_queue_only_pays,),
    expect=Violated(the_queue_only_pays, steps=5, distinct=8),
    about="Shows that the property sees a challenge: as deployed it holds, and no exit is ever cancelled.",
)

# S11: one key a burn, whichever way the proof is written, whichever log it shows, wherever it is brought.
check(
    "M1 the plasma bridge takes other encodings of the path",
    exits,
    {**PLASMA, "REFUSES_ALIAS": False},
    properties=(paid_once,),
    expect=Violated(paid_once, steps=9, distinct=19),
    about="Double exit found by Gerhard Wagner, October 2021: one burn could be exited up to 223 times, about 850 "
    "million dollars were exposed, none taken, and 2 million paid as a bounty. Here there is one alias.",
)
check(
    "M1 the portal makes its key of the raw path",
    exits,
    {"KEY_OF_NIBBLES": False},
    properties=(paid_once,),
    expect=Violated(paid_once, steps=5, distinct=7),
    about="RootChainManager hashes the nibbles of the path, not its bytes: a comment there gives the reason.",
)
check(
    "M5 two logs count as one burn each",
    exits,
    {
        "EMITS": FiniteSet({Event.TRANSFER, Event.BATCH}),
        "PORTAL_ACCEPTS": FiniteSet({Event.TRANSFER, Event.BATCH}),
    },
    properties=(paid_once,),
    expect=Violated(paid_once, steps=5, distinct=7),
    about="pos-portal, pull request 119, 2022: the predicate of ERC-721 tokens took batch and metadata logs beside "
    "Transfer; they were removed. The second exit of a token that is unique pays once it is in the escrow again.",
)
check(
    "S11 a token at two bridges",
    exits,
    {
        "MAPPED": FiniteSet({Entry.PORTAL, Entry.PLASMA}),
        "EMITS": FiniteSet({Event.TRANSFER, Event.WITHDRAW}),
    },
    properties=(paid_once,),
    expect=Violated(paid_once, steps=7, distinct=11),
    about="Each entry point has its own list of used keys. A child token of the plasma bridge emits both logs, so it "
    "must not be mapped at the portal too: nothing in the contracts compares the two registries.",
)
check(
    "S11 a token at a bridge and a tunnel",
    exits,
    {
        "MAPPED": FiniteSet({Entry.PORTAL, Entry.TUNNEL}),
        "EMITS": FiniteSet({Event.TRANSFER, Event.MESSAGE}),
    },
    properties=(paid_once,),
    expect=Violated(paid_once, steps=5, distinct=7),
    about="The same with an application's tunnel that burns the bridge's own token.",
)

# L3: no exit without a checkpoint, no checkpoint without a quorum.
check(
    "L3 1 of 4 falls silent",
    exits,
    {"BURNS": 2, "TOTAL": 4},
    faults={"silence", "false_votes", "foreign_log"},
    properties=(burns_get_paid, a_burn_is_paid),
    expect=Holds(distinct=128, depth=7),
)
check(
    "L3 2 of 4 fall silent",
    exits,
    {"TOTAL": 4, "FAULTY_WEIGHT": 2},
    faults={"silence"},
    properties=(burns_get_paid,),
    expect=Violated(burns_get_paid, steps=2, distinct=10),
)
check(
    "L3 2 of 6 fall silent",
    exits,
    {"FAULTY_WEIGHT": 2},
    faults={"silence"},
    properties=(burns_get_paid,),
    expect=Violated(burns_get_paid, steps=2, distinct=10),
)

claim(
    "S10",
    source="Polygon documentation, FAQ 'Consensys Scaling Framework', lock-up conditions",
    says="To withdraw, tokens are first burnt on Polygon PoS, and then the proof of this burn is submitted on "
    "Ethereum.",
    finding=Finding.CONFIRMED,
    decided_by=(
        "S10 S11 L3 the portal",
        "S10 S11 L3 the plasma bridge",
        "S10 S11 L3 a tunnel",
        "S10 3 of 6 faulty",
        "S10 4 of 6 faulty",
        "S10 5 of 6 faulty",
        "S10 2 of 4 faulty",
        "S10 3 of 4 faulty",
        "S10 a receipt under no checkpoint",
        "S10 a log of another contract",
    ),
    because="No payment without a burn while the faulty are no quorum, for each of the three ways out; with a faulty "
    "quorum it fails in three steps, within the trust that the document asks for. Proofs are facts here: the Merkle "
    "code is not checked, and neither are forks of Bor. Two burns.",
)
claim(
    "S10 dispute",
    source="Polygon documentation, FAQ 'Consensys Scaling Framework', how to dispute an invalid transaction",
    says="There is currently no way on chain to dispute an invalid transaction of Polygon PoS; a valid one can be "
    "proven against the checkpoints.",
    finding=Finding.CONFIRMED,
    decided_by=(
        "S10 S11 L3 the plasma bridge",
        "the queue does not stop an invented burn",
        "a challenge that could succeed",
    ),
    because="The portal has no challenge. The plasma bridge has one, and for exits by a burn it changes nothing: no "
    "exit in its queue is ever cancelled. Exits of other kinds are not modelled.",
)
claim(
    "S11",
    source="pos-portal, RootChainManager.exit; matic contracts, WithdrawManager.verifyInclusion and addExitToQueue",
    says="An exit is known by the block, the path and the log index of its receipt, and is processed once.",
    finding=Finding.UNSTATED_CONDITION,
    decided_by=(
        "S10 S11 L3 the portal",
        "S10 S11 L3 the plasma bridge",
        "S10 S11 L3 a tunnel",
        "M1 the plasma bridge takes other encodings of the path",
        "M1 the portal makes its key of the raw path",
        "M5 two logs count as one burn each",
        "S11 a token at two bridges",
        "S11 a token at a bridge and a tunnel",
    ),
    because="Each entry point pays a burn once if its key has one encoding and one log of a burn counts, as is the "
    "case today. Over all of them it also needs that no token is registered at two, which is left to whoever maps "
    "tokens; we know of no token for which it was not kept.",
)
claim(
    "L3",
    source="Polygon documentation, FAQ 'Consensys Scaling Framework', how soon funds are back",
    says="Funds are available on Ethereum after approximately one to three hours, depending on how often the "
    "validators submit checkpoints.",
    finding=Finding.CONFIRMED,
    decided_by=(
        "S10 S11 L3 the portal",
        "S10 S11 L3 the plasma bridge",
        "L3 1 of 4 falls silent",
        "L3 2 of 4 fall silent",
        "L3 2 of 6 fall silent",
    ),
    because="The hours are an estimate, and time is left out: decided is that a burn can still be paid, as it can "
    "while a quorum signs. A third of the weight ends it by silence, which the words about checkpoints allow for. The "
    "plasma bridge, used for MATIC and POL, has a queue of its own, which the answer does not mention.",
)
claim(
    "L3 yardstick",
    source="Notes of Josh Stark's talk 'Understanding L2 scaling solutions', Devcon 4, October 2018",
    says="Applications can rely on Ethereum even when they rarely touch it, because they could retreat to layer 1 at "
    "any time; a naive side chain that does not anchor back in some way is no layer 2.",
    finding=Finding.DIFFERS,
    decided_by=("L3 2 of 6 fall silent",),
    because="The talk's yardstick is not met, and the talk is not refuted: it does not speak of Polygon PoS. Without a "
    "quorum of validators no burn can be proven on Ethereum, so there is no retreat once a third of the weight is "
    "silent. Nor is PoS the talk's example of a side chain: it does anchor.",
)
