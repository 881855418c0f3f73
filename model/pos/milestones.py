"""How a milestone becomes final: a Heimdall block, and in it the heads that its voters report.

Every validator puts the hashes of its own chain into its vote on a Heimdall block.  Who commits the block holds
the milestone.  Two quorums are at work: Heimdall needs one to commit anything, and the tally one for what
it makes a milestone.  A node whose Heimdall holds a milestone takes part in no block that contradicts it.
heimdall-v2, x/milestone/abci/abci.go GetMajorityMilestoneProposition and app/abci.go.
"""

from typing import Final

from interlock import FiniteSet, action, require
from interlock.model.pos.heads import head_told, pin_told
from interlock.model.pos.nodes import FAULTY_WEIGHT, HONEST, TOTAL, Fork, State, Validator, is_quorum, on, weight
from interlock.model.pos.quorum import quorum

WEAK_TALLY: Final[bool] = False  # True: one report is enough to make a milestone (known to be unsafe)
REVALIDATES: Final[bool] = True  # False: no one looks again at the reports a proposer passes on (known to be unsafe)


@action
def finalize(s: State, fork: Fork, present: FiniteSet[Validator]) -> None:
    """A Heimdall block commits the milestone of a fork; those present hold it, the others will hear of it."""
    require(may_commit(s, fork, present))
    reported = weight(present & on(s, fork)) + FAULTY_WEIGHT
    require(reported >= quorum(TOTAL) or (WEAK_TALLY and len(present & on(s, fork)) > 0))
    if reported >= quorum(TOTAL):
        s.tallied |= {fork}
    for v in present:
        s.milestone[v] = fork
        s.head[v] = head_told(s, v, fork)
        s.pin[v] = pin_told(s, v, fork)


@action(fault="forged_reports")
def inject(s: State, fork: Fork, present: FiniteSet[Validator]) -> None:
    """One faulty proposer makes up the reports in its Heimdall block."""
    require(not REVALIDATES and FAULTY_WEIGHT > 0 and may_commit(s, fork, present))
    for v in present:
        s.milestone[v] = fork
        s.head[v] = head_told(s, v, fork)
        s.pin[v] = pin_told(s, v, fork)


@action
def hear(s: State, v: Validator, fork: Fork) -> None:
    """A node that was away catches up with Heimdall."""
    require(s.milestone[v] is None and any(s.milestone[w] == fork for w in range(1, HONEST + 1)))
    s.milestone[v] = fork
    s.head[v] = head_told(s, v, fork)
    s.pin[v] = pin_told(s, v, fork)


def may_commit(s: State, fork: Fork, present: FiniteSet[Validator]) -> bool:
    """The block has its quorum, contradicts no milestone of those who commit it, and tells one of them something."""
    return (
        is_quorum(present)
        and all(s.milestone[v] is None or s.milestone[v] == fork for v in present)
        and any(s.milestone[v] is None for v in present)
    )
