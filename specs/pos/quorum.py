"""How much faulty weight does it take to forge a checkpoint (S3), and to stop them (L1)?

The answer is exact: faulty weight forges from Q(T) on and stops from T - Q(T) + 1 on, where Q(T) = floor(2T/3) + 1.
Each bound is decided by two checks, one below it and one at it; the faulty are any validators of that weight.

| validators | T | Q(T) | stops from | forges from |
|---|---|---|---|---|
| 1, 1, 1, 1 | 4 | 3 | 2 | 3 |
| 1, 1, 1, 1, 1, 1 | 6 | 5 | 2 | 5 |
| 1, 1, 1, 3 | 6 | 5 | 2 | 5 |
| seven of 1 | 7 | 5 | 3 | 5 |
"""

from typing import Final

from interlock import Finding, Holds, Violated, always, check, claim
from interlock.model.pos import checkpoints
from interlock.model.pos.agreement import a_checkpoint_is_acknowledged, checkpoints_go_on
from interlock.model.pos.checkpoints import Root, State


@always
def roots_are_true(s: State) -> bool:
    """S3: every checkpoint on Ethereum commits to blocks as honest validators executed them."""
    return all(c.root == Root.TRUE for c in s.ethereum)


BOTH: Final = (roots_are_true, checkpoints_go_on, a_checkpoint_is_acknowledged)
ADVERSARY: Final = {"false_root", "silence"}
SIX: Final = {"VALIDATORS": 6}
SEVEN: Final = {"VALIDATORS": 7}
ONE_HEAVY: Final = {"LAST_WEIGHT": 3}

check("four, none faulty", checkpoints, faults=ADVERSARY, properties=BOTH, expect=Holds(distinct=67, depth=9))

check(
    "four, 1 faulty",
    checkpoints,
    {"FAULTY_WEIGHT": 1},
    faults=ADVERSARY,
    properties=BOTH,
    expect=Holds(distinct=704, depth=10),
)
check(
    "four, 2 faulty may stop",
    checkpoints,
    {"FAULTY_WEIGHT": 2},
    faults=ADVERSARY,
    properties=(checkpoints_go_on,),
    expect=Violated(checkpoints_go_on, steps=1, distinct=792),
)
check(
    "four, 2 faulty may not forge",
    checkpoints,
    {"FAULTY_WEIGHT": 2},
    faults=ADVERSARY,
    properties=(roots_are_true, a_checkpoint_is_acknowledged),
    expect=Holds(distinct=792, depth=9),
)
check(
    "four, 3 faulty forge",
    checkpoints,
    {"FAULTY_WEIGHT": 3},
    faults=ADVERSARY,
    properties=(roots_are_true,),
    expect=Violated(roots_are_true, steps=1, distinct=1792),
)
check(
    "six, 1 faulty",
    checkpoints,
    {**SIX, "FAULTY_WEIGHT": 1},
    faults=ADVERSARY,
    properties=BOTH,
    expect=Holds(distinct=2352, depth=12),
)
check(
    "six, 2 faulty may stop",
    checkpoints,
    {**SIX, "FAULTY_WEIGHT": 2},
    faults=ADVERSARY,
    properties=(checkpoints_go_on,),
    expect=Violated(checkpoints_go_on, steps=1, distinct=4140),
)
check(
    "six, 4 faulty may not forge",
    checkpoints,
    {**SIX, "FAULTY_WEIGHT": 4},
    faults=ADVERSARY,
    properties=(roots_are_true, a_checkpoint_is_acknowledged),
    expect=Holds(distinct=1980, depth=9),
)
check(
    "six, 5 faulty forge",
    checkpoints,
    {**SIX, "FAULTY_WEIGHT": 5},
    faults=ADVERSARY,
    properties=(roots_are_true,),
    expect=Violated(roots_are_true, steps=1, distinct=2688),
)
check(
    "one heavy of four, 1 faulty",
    checkpoints,
    {**ONE_HEAVY, "FAULTY_WEIGHT": 1},
    faults=ADVERSARY,
    properties=BOTH,
    expect=Holds(distinct=420, depth=10),
)
check(
    "one heavy of four, 2 faulty may stop",
    checkpoints,
    {**ONE_HEAVY, "FAULTY_WEIGHT": 2},
    faults=ADVERSARY,
    properties=(checkpoints_go_on,),
    expect=Violated(checkpoints_go_on, steps=1, distinct=288),
)
check(
    "one heavy of four, 4 faulty may not forge",
    checkpoints,
    {**ONE_HEAVY, "FAULTY_WEIGHT": 4},
    faults=ADVERSARY,
    properties=(roots_are_true, a_checkpoint_is_acknowledged),
    expect=Holds(distinct=396, depth=9),
)
check(
    "one heavy of four, 5 faulty forge",
    checkpoints,
    {**ONE_HEAVY, "FAULTY_WEIGHT": 5},
    faults=ADVERSARY,
    properties=(roots_are_true,),
    expect=Violated(roots_are_true, steps=1, distinct=1344),
)
check(
    "seven, 2 faulty",
    checkpoints,
    {**SEVEN, "FAULTY_WEIGHT": 2},
    faults=ADVERSARY,
    properties=BOTH,
    expect=Holds(distinct=15792, depth=12),
)
check(
    "seven, 3 faulty may stop",
    checkpoints,
    {**SEVEN, "FAULTY_WEIGHT": 3},
    faults=ADVERSARY,
    properties=(checkpoints_go_on,),
    expect=Violated(checkpoints_go_on, steps=1, distinct=17220),
)
check(
    "seven, 4 faulty may not forge",
    checkpoints,
    {**SEVEN, "FAULTY_WEIGHT": 4},
    faults=ADVERSARY,
    properties=(roots_are_true, a_checkpoint_is_acknowledged),
    expect=Holds(distinct=10500, depth=10),
)
check(
    "seven, 5 faulty forge",
    checkpoints,
    {**SEVEN, "FAULTY_WEIGHT": 5},
    faults=ADVERSARY,
    properties=(roots_are_true,),
    expect=Violated(roots_are_true, steps=1, distinct=18816),
)

# Only silence stops the chain: faulty validators that go on voting, and propose what is false, do not.
check(
    "four, 2 faulty that do not fall silent",
    checkpoints,
    {"FAULTY_WEIGHT": 2},
    faults={"false_root"},
    properties=BOTH,
    expect=Holds(distinct=396, depth=8),
)
check(
    "two blocks, 1 faulty",
    checkpoints,
    {"BLOCKS": 2, "FAULTY_WEIGHT": 1},
    faults=ADVERSARY,
    properties=BOTH,
    expect=Holds(distinct=57832, depth=23),
)

# The known-bad variant, and two that are bad in other ways.
check(
    "M23 two thirds of the validators",
    checkpoints,
    {**ONE_HEAVY, "FAULTY_WEIGHT": 3, "QUORUM_OF_STAKE": False},
    faults=ADVERSARY,
    properties=(roots_are_true,),
    expect=Violated(roots_are_true, steps=1, distinct=624),
    about="No incident: a reading of 'two thirds' that counts heads. Three validators that hold half of the stake "
    "forge a root; counted by stake, as the contract does, they need five of six.",
)
check(
    "M13 signatures by plurality, S3 holds all the same",
    checkpoints,
    {"BLOCKS": 2, "FAULTY_WEIGHT": 2, "SIGNATURES_NEED_QUORUM": False},
    faults=ADVERSARY,
    properties=(roots_are_true, a_checkpoint_is_acknowledged),
    expect=Holds(distinct=71460, depth=20),
    about="Fixed in Heimdall's Phuket upgrade. The contract counts the signatures once more, so what Heimdall keeps by "
    "plurality cannot land; S16 is what breaks.",
)
check(
    "M14 two proposals in a block, checkpoints go on all the same",
    checkpoints,
    {"BLOCKS": 2, "ONE_A_BLOCK": False},
    properties=BOTH,
    expect=Holds(distinct=35527, depth=25),
    about="Audit of heimdall-v2, finding 017: Heimdall stores one checkpoint and signs another; Ethereum's wins.",
)

claim(
    "S3",
    source="Polygon documentation, FAQ 'Consensys Scaling Framework', trust assumptions about the operator",
    says="As long as two thirds of the stake are held by honest validators, the chain progresses accurately.",
    finding=Finding.CONFIRMED,
    decided_by=(
        "four, 2 faulty may not forge",
        "four, 3 faulty forge",
        "six, 4 faulty may not forge",
        "six, 5 faulty forge",
        "one heavy of four, 4 faulty may not forge",
        "one heavy of four, 5 faulty forge",
        "seven, 4 faulty may not forge",
        "seven, 5 faulty forge",
        "M13 signatures by plurality, S3 holds all the same",
        "M23 two thirds of the validators",
    ),
    because="Read as accuracy: no checkpoint has a root over blocks that honest validators did not execute. This holds "
    "for much more faulty weight than the sentence allows, up to Q(T) - 1, because a quorum then contains someone "
    "honest; from Q(T) on it fails in one step. Assumed: honest validators sign only what they executed, weights on "
    "Ethereum and in Heimdall agree (S17), and there is one chain of blocks; what forks do to checkpoints is S4 and "
    "S19. Up to seven validators and one checkpoint, two with four validators.",
)
claim(
    "L1",
    source="Polygon documentation, FAQ 'Consensys Scaling Framework', trust assumptions about the operator",
    says="As long as two thirds of the stake are held by honest validators, the chain progresses accurately.",
    finding=Finding.CONFIRMED,
    decided_by=(
        "four, 1 faulty",
        "four, 2 faulty may stop",
        "six, 1 faulty",
        "six, 2 faulty may stop",
        "one heavy of four, 1 faulty",
        "one heavy of four, 2 faulty may stop",
        "seven, 2 faulty",
        "seven, 3 faulty may stop",
        "four, 2 faulty that do not fall silent",
        "two blocks, 1 faulty",
    ),
    because="Read as progress: from every state another checkpoint can land and be acknowledged, below T - Q(T) + 1 of "
    "faulty weight. A note on rounding, and no refutation: if T is divisible by three and exactly two thirds are "
    "honest (four of six), the honest weight is one short of Q(T), and silence stops the chain; the sentence may well "
    "mean more than two thirds, and stakes in the field do not meet the bound. For every other T, honest weight of at "
    "least 2T/3 is at least Q(T). That a path exists is what is asked; that it is taken needs a live Ethereum, honest "
    "relaying, and the turn of an honest proposer (L2).",
)
