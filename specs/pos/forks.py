"""One history: no checkpoint on Ethereum contradicts a milestone (S4), and what that rests on.

Regimes, with the total weight T and the quorum Q: the chain can be halted from T - Q + 1 of faulty weight on, two
conflicting quorums exist from 2Q - T on, faulty weight decides alone from Q on.  For four equal validators these
are 2, 2 and 3; for six 2, 4 and 5.
Below 2Q - T the property needs one of three premises; the deployed vote has none of them.
"""

from typing import Final

from interlock import Finding, Holds, Violated, check, claim
from interlock.model.pos import forks
from interlock.model.pos.anchors import Link, Signing
from interlock.model.pos.finality import a_node_is_brought_back, everything_is_final, heads_meet, one_history

FOUR_HONEST: Final = {"HONEST": 4, "FAULTY_WEIGHT": 0}
DATA: Final = {"SIGNING": Signing.DATA}
DEPLOYED: Final = {"SIGNING": Signing.WITH_MILESTONE}
STRICT: Final = {"FOREIGN_VOTES_REFUSED": True, "ONE_VOTE_A_RANGE": True}
TWO_OF_FOUR: Final = {"HONEST": 2, "FAULTY_WEIGHT": 2}
WITNESSED: Final = (one_history, everything_is_final, a_node_is_brought_back)

# The premises, with one faulty validator of four and, where six tell more, three of six.
check("a signature counts at once", forks, properties=WITNESSED, expect=Holds(distinct=42, depth=5))
check("at once, three of six", forks, {"FAULTY_WEIGHT": 3}, properties=WITNESSED, expect=Holds(distinct=42, depth=5))
check(
    "signing locks the fork",
    forks,
    {**DATA, "SIGNING_LOCKS": True},
    properties=WITNESSED,
    expect=Holds(distinct=1280, depth=12),
)
check(
    "locks, three of six",
    forks,
    {**DATA, "SIGNING_LOCKS": True, "FAULTY_WEIGHT": 3},
    properties=WITNESSED,
    expect=Holds(distinct=1280, depth=12),
)
check(
    "votes only under a milestone",
    forks,
    {**DATA, "MILESTONE_FIRST": True},
    properties=WITNESSED,
    expect=Holds(distinct=198, depth=11),
)
check(
    "under a milestone, three of six",
    forks,
    {**DATA, "MILESTONE_FIRST": True, "FAULTY_WEIGHT": 3},
    properties=WITNESSED,
    expect=Holds(distinct=198, depth=11),
)
check(
    "forks no deeper than the confirmations",
    forks,
    {**DATA, "FORK_LENGTH": 10},
    properties=WITNESSED,
    expect=Holds(distinct=582, depth=13),
    about="Signatures are data here, and one validator of four is faulty: what breaks the property below is a change "
    "of fork deeper than the blocks a voter waits for.",
)
check(
    "locks have a price",
    forks,
    {**FOUR_HONEST, **DATA, "SIGNING_LOCKS": True},
    properties=(heads_meet,),
    expect=Violated(heads_meet, steps=6, distinct=3612),
    about="Two nodes that have signed one fork and two that have signed the other wait for ever, all of them honest.",
)

# Signatures as data: a quorum signs A, its nodes move to B, B gets the milestone, then A lands.
check(
    "data, no one faulty",
    forks,
    {**FOUR_HONEST, **DATA, "RANGES": 1},
    properties=(one_history,),
    expect=Violated(one_history, steps=8, distinct=11104),
)
check(
    "data",
    forks,
    {**DATA, "RANGES": 1},
    properties=(one_history,),
    expect=Violated(one_history, steps=6, distinct=2176),
)
check(
    "data, three of six",
    forks,
    {**DATA, "RANGES": 1, "FAULTY_WEIGHT": 3},
    properties=(one_history,),
    expect=Violated(one_history, steps=6, distinct=2176),
)

# As deployed: one message has the vote on the checkpoint and the report of the head.
check(
    "deployed, no one faulty",
    forks,
    {**FOUR_HONEST, **DEPLOYED},
    properties=WITNESSED,
    expect=Holds(distinct=194, depth=8),
)
check(
    "deployed, no one faulty, milestones lag",
    forks,
    {**FOUR_HONEST, **DEPLOYED, "MILESTONES_LAG": True, "RANGES": 1},
    properties=(one_history,),
    expect=Violated(one_history, steps=6, distinct=2124),
)
check(
    "deployed, no one faulty, failed votes add up",
    forks,
    {**FOUR_HONEST, **DEPLOYED, "ROUNDS_ADD_UP": True, "RANGES": 1},
    properties=(one_history,),
    expect=Violated(one_history, steps=7, distinct=11104),
    about="A signature says nothing of the vote it was given in. Whether a relayer can have those of a vote that "
    "failed, over the same data, was not tried on a node.",
)
check(
    "deployed",
    forks,
    {**DEPLOYED, "RANGES": 1},
    properties=(one_history,),
    expect=Violated(one_history, steps=5, distinct=1030),
    about="The faulty validator says YES to the checkpoint and keeps back its report, so that no milestone comes with "
    "the signatures.",
)
check(
    "deployed, one of six",
    forks,
    {**DEPLOYED, "RANGES": 1, "HONEST": 5},
    properties=(one_history,),
    expect=Violated(one_history, steps=7, distinct=4158),
)
check(
    "deployed, one vote on a range and no foreign votes",
    forks,
    {**DEPLOYED, **STRICT, "RANGES": 1},
    properties=(one_history,),
    expect=Violated(one_history, steps=5, distinct=294),
    about="Since the Phuket upgrade an honest node rejects a vote with a signature over a root that is not of its own "
    "chain, and a buffered checkpoint may keep a second one out. Neither is needed for the run above.",
)
check(
    "deployed, forks no deeper than the confirmations",
    forks,
    {**DEPLOYED, "MILESTONES_LAG": True, "FORK_LENGTH": 10},
    properties=WITNESSED,
    expect=Holds(distinct=432, depth=9),
)

# From 2Q - T on no premise helps: each half of the honest sees one fork, and the faulty sign both.
check(
    "two of four",
    forks,
    {**TWO_OF_FOUR, "RANGES": 1},
    properties=(one_history,),
    expect=Violated(one_history, steps=3, distinct=36),
)
check(
    "two of four, votes only under a milestone",
    forks,
    {**TWO_OF_FOUR, **DATA, "MILESTONE_FIRST": True, "RANGES": 1},
    properties=(one_history,),
    expect=Violated(one_history, steps=5, distinct=54),
)
check(
    "two of four, signing locks the fork",
    forks,
    {**TWO_OF_FOUR, **DATA, "SIGNING_LOCKS": True, "RANGES": 1},
    properties=(one_history,),
    expect=Violated(one_history, steps=4, distinct=168),
)
check(
    "the repair of the link is none of this",
    forks,
    {**DATA, "LINK": Link.VOTERS},
    properties=(one_history,),
    expect=Violated(one_history, steps=6, distinct=6080),
)

claim(
    "S4",
    source="PIP-11, Deterministic finality via Milestones, Motivation and Specification; RootChain.submitCheckpoint",
    says="Blocks are final by their checkpoint on Ethereum, and earlier by a milestone, each with a quorum of more "
    "than two thirds. The proposal does not discuss whether the two can differ; it takes one chain for granted.",
    finding=Finding.UNSTATED_CONDITION,
    decided_by=(
        "a signature counts at once",
        "signing locks the fork",
        "votes only under a milestone",
        "forks no deeper than the confirmations",
        "data",
        "deployed, no one faulty",
        "deployed",
        "deployed, one vote on a range and no foreign votes",
        "deployed, forks no deeper than the confirmations",
        "two of four",
    ),
    because="Below 2Q - T of faulty weight it holds under any of three premises: a signature counts only when it is "
    "given, or locks the fork, or is given only under a milestone. The vote asks for none of them, although "
    "milestones, which come within seconds, normally cover a range before it is voted on. Every run that breaks it "
    "needs honest nodes to leave a fork deeper than the ten confirmations between their vote and the landing; with "
    "shallower forks it holds as deployed. How likely such a switch is today is a question of operation, and is not "
    "decided here. With no faulty weight, and milestones that keep up, the deployed vote holds as well, unless "
    "signatures of failed votes are added up.",
)
