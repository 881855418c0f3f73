"""Milestones: all nodes hold the same (S5), and no reorganisation passes one (S6); what the guards are for.

Heimdall's own quorum for its blocks is what keeps the nodes from holding different milestones; the tally of
the reports is what makes a milestone say something about Bor.
"""

from typing import Final

from interlock import Finding, Holds, Violated, check, claim
from interlock.model.pos import forks
from interlock.model.pos.finality import (
    a_node_is_brought_back,
    a_quorum_reported,
    everything_is_final,
    heads_follow_milestones,
    heads_meet,
    milestones_agree,
    no_head_leaves_its_pin,
    one_history,
)

FOUR_HONEST: Final = {"HONEST": 4, "FAULTY_WEIGHT": 0}
TWO_OF_FOUR: Final = {"HONEST": 2, "FAULTY_WEIGHT": 2}
MILESTONES: Final = (milestones_agree, a_quorum_reported, everything_is_final)
PINS: Final = (no_head_leaves_its_pin, heads_follow_milestones, heads_meet, a_node_is_brought_back)

check("one of four", forks, properties=(*MILESTONES, *PINS), expect=Holds(distinct=42, depth=5))
check("three of six", forks, {"FAULTY_WEIGHT": 3}, properties=(*MILESTONES, *PINS), expect=Holds(distinct=42, depth=5))
check(
    "two of four, S5",
    forks,
    TWO_OF_FOUR,
    properties=(milestones_agree,),
    expect=Violated(milestones_agree, steps=3, distinct=68),
)
check(
    "two of four, S6",
    forks,
    TWO_OF_FOUR,
    properties=(heads_follow_milestones,),
    expect=Violated(heads_follow_milestones, steps=4, distinct=68),
)
check(
    "two of four, both halves pin",
    forks,
    TWO_OF_FOUR,
    properties=(heads_meet,),
    expect=Violated(heads_meet, steps=3, distinct=68),
)
check(
    "two of four, no single node leaves its pin",
    forks,
    TWO_OF_FOUR,
    properties=(no_head_leaves_its_pin, everything_is_final),
    expect=Holds(distinct=68, depth=5),
)

# A fork deeper than Bor rewinds: safe, but a node that was on the wrong one stays there.
check(
    "a fork deeper than the rewind limit, safety",
    forks,
    {"FORK_LENGTH": 157},
    properties=(*MILESTONES, no_head_leaves_its_pin, one_history),
    expect=Holds(distinct=84, depth=6),
)
check(
    "a fork deeper than the rewind limit, nodes left behind",
    forks,
    {"FORK_LENGTH": 157},
    properties=(heads_follow_milestones,),
    expect=Violated(heads_follow_milestones, steps=2, distinct=84),
)
check(
    "a fork deeper than the rewind limit, for ever",
    forks,
    {"FORK_LENGTH": 157},
    properties=(heads_meet,),
    expect=Violated(heads_meet, steps=2, distinct=84),
)

check(
    "M7 no pins",
    forks,
    {**FOUR_HONEST, "PINS": False, "FORK_LENGTH": 157},
    properties=(no_head_leaves_its_pin,),
    expect=Violated(no_head_leaves_its_pin, steps=2, distinct=2096),
    about="22 February 2023: as the press reported, Bor reorganised 157 blocks, where voters on checkpoints wait for "
    "about ten. Milestones, of which nodes then had none, came later that year.",
)
check(
    "M7 Heimdall agrees all the same",
    forks,
    {"PINS": False, "FORK_LENGTH": 157},
    properties=MILESTONES,
    expect=Holds(distinct=840, depth=10),
)
check(
    "M8 a weak tally",
    forks,
    {**FOUR_HONEST, "WEAK_TALLY": True},
    properties=(a_quorum_reported,),
    expect=Violated(a_quorum_reported, steps=2, distinct=96),
    about="10 September 2025: as reported, a faulty milestone proposal pushed Bor nodes onto divergent forks, and a "
    "coordinated upgrade of Heimdall and Bor removed the milestone. Its cause was not published; that power checks "
    "were off for some validators from July until the tally was fixed is in the code, that this was the cause is not.",
)
check(
    "M8 on a deep fork",
    forks,
    {**FOUR_HONEST, "WEAK_TALLY": True, "FORK_LENGTH": 157},
    properties=(one_history,),
    expect=Violated(one_history, steps=3, distinct=478),
    about="With the same guard off, one node that is stuck on the wrong fork makes a milestone of it, against a "
    "checkpoint on Ethereum.",
)
check(
    "M8 Heimdall agrees all the same",
    forks,
    {**FOUR_HONEST, "WEAK_TALLY": True},
    properties=(milestones_agree, everything_is_final),
    expect=Holds(distinct=96, depth=6),
)
check(
    "M16 reports are not checked again",
    forks,
    {"REVALIDATES": False},
    faults={"forged_reports"},
    properties=(a_quorum_reported,),
    expect=Violated(a_quorum_reported, steps=1, distinct=88),
    about="Findings 010, 011 and 027 of the audit of heimdall-v2: what a proposer passed on as the votes of others was "
    "not validated by those who accept its block, so that one proposer could make a milestone, or halt the chain.",
)
check(
    "M16 against a checkpoint",
    forks,
    {"REVALIDATES": False},
    faults={"forged_reports"},
    properties=(one_history,),
    expect=Violated(one_history, steps=2, distinct=88),
    about="The same findings: the milestone of one proposer contradicts a checkpoint on Ethereum.",
)

claim(
    "S5",
    source="PIP-11, Deterministic finality via Milestones, Consensus Layer (Heimdall)",
    says="The instant finality of Heimdall's consensus is the source of truth for milestones.",
    finding=Finding.CONFIRMED,
    decided_by=("one of four", "three of six", "two of four, S5", "M8 Heimdall agrees all the same"),
    because="No two honest nodes hold milestones of different forks below 2Q - T of faulty weight, and from there on "
    "they may. It is the quorum on Heimdall's blocks that carries this, and not the tally of the reports. Heimdall is "
    "taken at its word: a block has a quorum, and no honest node commits two at one height. A milestone that "
    "governance removes, as in September 2025, is outside the model.",
)
claim(
    "S6",
    source="PIP-11, Deterministic finality via Milestones, Execution Layer (Bor) and Whitelist",
    says="A chain that does not have the whitelisted milestone is not accepted, and a node that is on another fork "
    "than the milestone rewinds, up to a fixed number of blocks.",
    finding=Finding.CONFIRMED,
    decided_by=("one of four", "three of six", "two of four, both halves pin", "M7 no pins"),
    because="Below 2Q - T no head leaves its pin, every node that holds a milestone is on its fork, and all nodes can "
    "still meet, if the rewind covers the fork. From 2Q - T on both halves pin, and each keeps its own. That a node "
    "rewinds in the step in which it is told is our simplification.",
)
claim(
    "S6 rewind",
    source="PIP-11, Deterministic finality via Milestones, Execution Layer (Bor)",
    says="The rewind has a hard limit, 255 blocks in the proposal.",
    finding=Finding.GAP,
    decided_by=(
        "a fork deeper than the rewind limit, safety",
        "a fork deeper than the rewind limit, nodes left behind",
        "a fork deeper than the rewind limit, for ever",
    ),
    because="The proposal does not say what a node does that is deeper in the wrong fork; the limit in the code read "
    "is 126, and the fork of February 2023 had 157 blocks. In the model such a node stays where it is until someone "
    "resets it, which is our reading. Nothing becomes unsafe by it.",
)
