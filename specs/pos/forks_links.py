"""The link between two checkpoints (S19), and the money that hangs on it (S12, S13).

Ethereum compares the numbers of two ranges, and no parent; the leaves of a root have none.  If range 1 lands from
one fork and range 2 from the other, a coin that was burnt in range 1 of the one and in range 2 of the other is
paid twice, by two burns that both happened, each of which is paid once (S11 holds).
"""

from typing import Final

from interlock import Finding, Holds, Violated, check, claim
from interlock.model.pos import forks
from interlock.model.pos.anchors import Link, Signing
from interlock.model.pos.finality import (
    backing,
    everything_is_final,
    no_head_leaves_its_pin,
    one_exit_per_burn,
    ranges_link,
    the_coin_is_paid,
)

FOUR_HONEST: Final = {"HONEST": 4, "FAULTY_WEIGHT": 0}
TWO_OF_FOUR: Final = {"HONEST": 2, "FAULTY_WEIGHT": 2}
NO_PINS: Final = {"PINS": False, "FORK_LENGTH": 157}
DATA: Final = {"SIGNING": Signing.DATA}
DEPLOYED: Final = {"SIGNING": Signing.WITH_MILESTONE}
STRICT: Final = {"FOREIGN_VOTES_REFUSED": True, "ONE_VOTE_A_RANGE": True}
BURNS: Final = {"BURNS": True}
LINKED: Final = (ranges_link, everything_is_final)
COINS: Final = (ranges_link, one_exit_per_burn, backing, the_coin_is_paid)

# With pins, under each premise of S4, below 2Q - T.
check(
    "a signature counts at once",
    forks,
    BURNS,
    properties=(*COINS, everything_is_final),
    expect=Holds(distinct=468, depth=6),
)
check(
    "at once, three of six", forks, {**BURNS, "FAULTY_WEIGHT": 3}, properties=COINS, expect=Holds(distinct=468, depth=6)
)
check(
    "signing locks the fork",
    forks,
    {**DATA, "SIGNING_LOCKS": True},
    properties=LINKED,
    expect=Holds(distinct=1280, depth=12),
)
check(
    "votes only under a milestone",
    forks,
    {**DATA, "MILESTONE_FIRST": True},
    properties=LINKED,
    expect=Holds(distinct=198, depth=11),
)
check(
    "forks no deeper than the confirmations",
    forks,
    {**DATA, **BURNS, "FORK_LENGTH": 10},
    properties=(*COINS, everything_is_final),
    expect=Holds(distinct=7158, depth=14),
)

# Pins, and signatures as data.
check(
    "data, no one faulty",
    forks,
    {**FOUR_HONEST, **DATA},
    properties=(ranges_link,),
    expect=Violated(ranges_link, steps=12, distinct=55264),
)
check("data", forks, DATA, properties=(ranges_link,), expect=Violated(ranges_link, steps=9, distinct=9856))
check(
    "deployed, no one faulty",
    forks,
    {**FOUR_HONEST, **DEPLOYED},
    properties=LINKED,
    expect=Holds(distinct=194, depth=8),
)
check(
    "deployed, no one faulty, milestones lag",
    forks,
    {**FOUR_HONEST, **DEPLOYED, "MILESTONES_LAG": True},
    properties=(ranges_link,),
    expect=Violated(ranges_link, steps=8, distinct=7284),
)
check("deployed", forks, DEPLOYED, properties=(ranges_link,), expect=Violated(ranges_link, steps=7, distinct=3430))
check(
    "deployed, paid twice",
    forks,
    {**DEPLOYED, **BURNS},
    properties=(one_exit_per_burn, backing),
    expect=Violated(backing, steps=9, distinct=43510),
)

check(
    "deployed, paid twice, one vote on a range and no foreign votes",
    forks,
    {**DEPLOYED, **BURNS, **STRICT},
    properties=(one_exit_per_burn, backing),
    expect=Violated(backing, steps=9, distinct=9494),
    about="The run above does not need two votes on range 1, which a buffered checkpoint may keep out, and the rule of "
    "the Phuket upgrade, that a vote with a signature of another fork is rejected, does not stop it.",
)

# What a node does that Ethereum shows the other fork decides much of this.
check(
    "checkpoints bring no node back",
    forks,
    {**BURNS, "CHECKPOINTS_REWIND": False},
    properties=(*COINS, everything_is_final),
    expect=Holds(distinct=1116, depth=7),
    about="With a signature that counts at once: who signed is on the fork of the checkpoint, and pins it.",
)
check(
    "deployed, checkpoints bring no node back, paid twice",
    forks,
    {**DEPLOYED, **BURNS, **STRICT, "CHECKPOINTS_REWIND": False},
    properties=(one_exit_per_burn, backing),
    depth=8,
    expect=Violated(backing, steps=8, distinct=26040),
    about="Bor as of 2026 rewinds to a milestone, but not on a checkpoint alone, whose root names no block "
    "(eth/bor_checkpoint_verifier.go). Then the run needs no milestone of the other fork.",
)
check(
    "deployed, pins yield to Ethereum",
    forks,
    {**DEPLOYED, **BURNS, "YIELDS_TO_L1": True},
    properties=COINS,
    expect=Holds(distinct=48150, depth=13),
    about="The other answer: if every node gave up what it had pinned, and rewound, as soon as Ethereum showed another "
    "fork, one faulty validator would not be enough. In the code that was read a pin does not yield.",
)

# From 2Q - T on, with pins and the strictest premise.
check("two of four", forks, TWO_OF_FOUR, properties=(ranges_link,), expect=Violated(ranges_link, steps=4, distinct=68))
check(
    "two of four, paid twice",
    forks,
    {**TWO_OF_FOUR, **BURNS},
    properties=(one_exit_per_burn, backing),
    expect=Violated(backing, steps=6, distinct=876),
)
check(
    "two of four, pins yield to Ethereum",
    forks,
    {**TWO_OF_FOUR, **BURNS, "YIELDS_TO_L1": True},
    properties=COINS,
    expect=Holds(distinct=630, depth=6),
)
check(
    "two of four, pins yield, signatures are data",
    forks,
    {**TWO_OF_FOUR, **DATA, "YIELDS_TO_L1": True},
    properties=LINKED,
    expect=Holds(distinct=1768, depth=13),
)
check(
    "two of four, pins yield, and S6 pays for it",
    forks,
    {**TWO_OF_FOUR, "YIELDS_TO_L1": True},
    properties=(no_head_leaves_its_pin,),
    expect=Violated(no_head_leaves_its_pin, steps=3, distinct=52),
)
check(
    "two of four, pins yield, but the fork is too deep",
    forks,
    {**TWO_OF_FOUR, "YIELDS_TO_L1": True, "FORK_LENGTH": 157},
    properties=(ranges_link,),
    expect=Violated(ranges_link, steps=3, distinct=156),
)

check(
    "M7 no pins, the link",
    forks,
    {**FOUR_HONEST, **NO_PINS},
    properties=(ranges_link,),
    expect=Violated(ranges_link, steps=5, distinct=2096),
    about="22 February 2023: 157 blocks of Bor were reorganised, as the press reported; no theft is known. This is "
    "what a checkpoint inside that fork would have allowed, with every validator honest.",
)
check(
    "M7 no pins, paid twice",
    forks,
    {**FOUR_HONEST, **NO_PINS, **BURNS},
    properties=(one_exit_per_burn, backing),
    expect=Violated(backing, steps=7, distinct=29104),
    about="The same reorganisation, with a checkpoint inside the fork and a coin burnt on both sides of it.",
)

check(
    "exits are not remembered",
    forks,
    {**BURNS, "ONE_EXIT_A_BURN": False},
    properties=(one_exit_per_burn,),
    expect=Violated(one_exit_per_burn, steps=3, distinct=558),
    about="Only to show that S11 can fail here: in the runs above it does not, since the two burns are two.",
)

# The repairs: one line in the vote, or the parent in what is signed.
check(
    "voters compare the link, two of four",
    forks,
    {**TWO_OF_FOUR, **DATA, **BURNS, "LINK": Link.VOTERS},
    properties=COINS,
    expect=Holds(distinct=17136, depth=13),
)
check(
    "voters compare the link",
    forks,
    {**DATA, "LINK": Link.VOTERS},
    properties=LINKED,
    expect=Holds(distinct=6080, depth=15),
)
check(
    "voters compare the link, no one faulty",
    forks,
    {**FOUR_HONEST, **DATA, "LINK": Link.VOTERS},
    properties=LINKED,
    expect=Holds(distinct=31584, depth=19),
)
check(
    "voters compare the link, deployed",
    forks,
    {**DEPLOYED, "LINK": Link.VOTERS},
    properties=LINKED,
    expect=Holds(distinct=2630, depth=11),
)
check(
    "voters compare the link, no pins",
    forks,
    {**FOUR_HONEST, **NO_PINS, "LINK": Link.VOTERS},
    properties=LINKED,
    expect=Holds(distinct=1456, depth=12),
)
check(
    "Ethereum compares the parent, two of four",
    forks,
    {**TWO_OF_FOUR, **DATA, **BURNS, "LINK": Link.ETHEREUM},
    properties=COINS,
    expect=Holds(distinct=23616, depth=14),
)
check(
    "Ethereum compares the parent, deployed",
    forks,
    {**DEPLOYED, "LINK": Link.ETHEREUM},
    properties=LINKED,
    expect=Holds(distinct=3030, depth=11),
)

claim(
    "S19",
    source="Polygon PoS architecture page, Heimdall, checkpoints",
    says="Validators validate all blocks since the last checkpoint, build a Merkle tree of the block hashes, and "
    "publish its root. We read it as: a checkpoint continues the one before it.",
    finding=Finding.DIFFERS,
    decided_by=(
        "voters compare the link, two of four",
        "voters compare the link",
        "a signature counts at once",
        "M7 no pins, the link",
        "data",
        "deployed",
        "deployed, pins yield to Ethereum",
        "two of four",
        "two of four, pins yield to Ethereum",
    ),
    because="As the page describes it, a voter who has checked everything since the last checkpoint refuses a range "
    "that does not continue it, and the link holds below Q of faulty weight. In the deployed system leaves have "
    "number, time and two roots, no parent, and the vote compares the root with the voter's own chain over the range "
    "alone. So it rests on pins and on a premise of S4; without pins a change of fork between two checkpoints breaks "
    "it with everyone honest. Every run needs honest nodes to leave a fork deeper than ten blocks, or 2Q - T. Those "
    "below 2Q - T with pins also need nodes that stay on their fork when Ethereum shows the other, as in the code of "
    "Bor that was read; if pins yielded to Ethereum, one faulty validator of four would not be enough. Comparing the "
    "link in the vote repairs this, and does not repair S4.",
)
claim(
    "S12 two forks",
    source="Polygon documentation, FAQ 'Consensys Scaling Framework', a mass exit of users",
    says="As long as two thirds of the validators are honest, funds on the chain are secure; otherwise the chain can "
    "stop or be reordered, and people agree on an earlier state to restart from.",
    finding=Finding.UNSTATED_CONDITION,
    decided_by=(
        "a signature counts at once",
        "at once, three of six",
        "forks no deeper than the confirmations",
        "deployed, no one faulty",
        "deployed, paid twice",
        "deployed, paid twice, one vote on a range and no foreign votes",
        "deployed, checkpoints bring no node back, paid twice",
        "deployed, pins yield to Ethereum",
        "M7 no pins, paid twice",
    ),
    because="With pins and a premise of S4 the sentence is confirmed, below 2Q - T and so with two thirds honest. With "
    "the deployed vote one faulty validator of four is enough, if honest nodes change a fork deeper than ten blocks "
    "between vote and landing, and stay there when Ethereum shows the other; before pins none was needed. It is a run "
    "that the rules allow, and none that was seen: milestones normally cover a range long before it is voted on. The "
    "sentence is older than milestones, and its own remedy, a restart that people agree on, is outside the model; it "
    "would not bring back what Ethereum has paid. The other ways to break backing are not asked here: two sibling "
    "forks and one coin are.",
)
claim(
    "S13 two forks",
    source="Polygon documentation, FAQ 'Consensys Scaling Framework', what the operators are responsible for",
    says="If two thirds are not honest, validators can stop the chain and reorder blocks; they cannot change the state "
    "or balances of users.",
    finding=Finding.DIFFERS,
    decided_by=(
        "two of four, paid twice",
        "two of four, pins yield to Ethereum",
        "voters compare the link, two of four",
        "Ethereum compares the parent, two of four",
    ),
    because="The condition has two readings. If it means that two thirds are dishonest, only faulty weight of Q "
    "counts, and that is asked with forged roots, not here. If it means that the assumption of two thirds honest "
    "fails, then from 2Q - T on reordering, a power the sentence grants, takes coins of others on Ethereum, if nodes "
    "keep a milestone against the checkpoint on Ethereum, as in the code of Bor that was read. That is a property of "
    "the deployed leaves and vote, and not of the design on the architecture page, under which it holds here. The "
    "sentence on powers is too strong, and disagrees with the same page's answer on a mass exit, which ties the safety "
    "of funds to two thirds being honest.",
)
