"""How a range of a fork gets to Ethereum: honest votes on it, and their signatures, which anyone may submit.

A node votes YES when the root is that of its own chain and the range is buried.  It asks no milestone, and a
signature stays usable after its signer has changed fork: signatures are data.  Each premise under which this
is safe is a switch.  Ethereum takes the ranges in the order of their numbers, and looks at no parent.
heimdall-v2, x/checkpoint/types/merkle.go IsValidCheckpoint and app/vote_ext_utils.go; RootChain.submitCheckpoint.
"""

from typing import Final

from interlock import Enum, FiniteSet, action, auto, require
from interlock.model.pos.heads import head_told, pin_told
from interlock.model.pos.milestones import may_commit
from interlock.model.pos.nodes import (
    FAULTY_WEIGHT,
    HONEST,
    RANGES,
    TOTAL,
    Checkpoint,
    Fork,
    Number,
    State,
    Validator,
    can_rewind,
    is_deep,
    is_quorum,
    on,
    other,
    weight,
)
from interlock.model.pos.quorum import quorum


class Signing(Enum):
    """What a vote on a checkpoint leaves behind."""

    AT_ONCE = auto()  # nothing: it counts if the checkpoint lands in the same step
    DATA = auto()  # a signature that is valid for ever, each given by itself
    WITH_MILESTONE = auto()  # the same, all of one Heimdall block, whose votes also report heads: as deployed


class Link(Enum):
    """Who makes sure that a range continues the one before it."""

    NOBODY = auto()  # as deployed
    VOTERS = auto()  # an honest node refuses a range unless Ethereum has the range before it from the same fork
    ETHEREUM = auto()  # the signed data names the parent, and the contract compares it


SIGNING: Final[Signing] = Signing.AT_ONCE
LINK: Final[Link] = Link.NOBODY
MILESTONE_FIRST: Final[bool] = False  # True: an honest node votes only for ranges under the milestone it holds
MILESTONES_LAG: Final[bool] = False  # True: the reports may end before the range that is voted on
ROUNDS_ADD_UP: Final[bool] = False  # True: signatures of votes that failed count towards a later one
FOREIGN_VOTES_REFUSED: Final[bool] = False  # True: who is on another fork takes no part in a vote on a checkpoint
ONE_VOTE_A_RANGE: Final[bool] = False  # True: no vote on one fork's root after a vote on the other's
YIELDS_TO_L1: Final[bool] = False  # True: a node gives up its pin for the checkpoint on Ethereum
CHECKPOINTS_REWIND: Final[bool] = True  # False: a checkpoint brings no node back from the other fork


@action
def sign(s: State, v: Validator, c: Checkpoint) -> None:
    """A node signs a checkpoint of its own chain."""
    require(SIGNING == Signing.DATA and v not in s.signed[c] and c.number == len(s.l1) + 1)
    require(would_vote(s, v, c))
    s.signed[c] |= {v}


@action
def vote(s: State, c: Checkpoint, present: FiniteSet[Validator], faulty_report: bool) -> None:
    """A Heimdall block votes on a checkpoint; in the same messages the nodes report their heads."""
    require(SIGNING == Signing.WITH_MILESTONE and c.number == len(s.l1) + 1 and is_quorum(present))
    voters = FiniteSet(v for v in present if would_vote(s, v, c))
    require(len(voters) > 0 and not voters <= s.signed[c])
    require(is_quorum(voters) or ROUNDS_ADD_UP)
    require(not FOREIGN_VOTES_REFUSED or present <= on(s, c.fork))
    require(not ONE_VOTE_A_RANGE or len(s.signed[Checkpoint(c.number, other(c.fork))]) == 0)
    s.signed[c] |= voters
    reported = weight(present & on(s, c.fork)) + (FAULTY_WEIGHT if faulty_report else 0)
    if reported >= quorum(TOTAL) and may_commit(s, c.fork, present) and not MILESTONES_LAG:
        s.tallied |= {c.fork}
        for v in present:
            s.milestone[v] = c.fork
            s.head[v] = head_told(s, v, c.fork)
            s.pin[v] = pin_told(s, v, c.fork)


@action
def land(s: State, fork: Fork) -> None:
    """Anyone submits the next range with its signatures; every node sees it on Ethereum, and pins it if it can."""
    require(len(s.l1) < RANGES)
    c = Checkpoint(len(s.l1) + 1, fork)
    require(is_quorum(signers(s, c)))
    require(LINK != Link.ETHEREUM or names_parent(s, c))
    s.l1 = s.l1.push(fork)
    for v in range(1, HONEST + 1):
        if YIELDS_TO_L1 and can_rewind():
            s.pin[v] = fork
            s.head[v] = fork
        elif CHECKPOINTS_REWIND or s.head[v] == fork:
            s.head[v] = head_told(s, v, fork)
            s.pin[v] = pin_told(s, v, fork)


def would_vote(s: State, v: Validator, c: Checkpoint) -> bool:
    """The root is that of the node's own chain, the range is buried, and what else the node asks for."""
    buried = is_deep() or s.settled == c.fork
    covered = s.milestone[v] == c.fork or not MILESTONE_FIRST
    linked = continues(s, c) or LINK != Link.VOTERS
    return s.head[v] == c.fork and buried and covered and linked


def signers(s: State, c: Checkpoint) -> FiniteSet[Validator]:
    """The honest validators whose signature on the checkpoint anyone has."""
    if SIGNING == Signing.AT_ONCE:
        return FiniteSet(v for v in range(1, HONEST + 1) if would_vote(s, v, c))
    return s.signed[c]


def continues(s: State, c: Checkpoint) -> bool:
    """The range before it on Ethereum is of the same fork."""
    return c.number == 1 or s.l1[c.number - 2] == c.fork


def names_parent(s: State, c: Checkpoint) -> bool:
    """The parent in the signed data is the block on Ethereum; honest signers name the true one."""
    return continues(s, c) or quorum(TOTAL) <= FAULTY_WEIGHT
