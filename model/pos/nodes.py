"""Who is on which fork of Bor, what is final for whom, and what has reached Ethereum.

Two sibling chains A and B leave one block and share nothing after it.  Both may be FORK_LENGTH blocks long, and
both cover the ranges that checkpoints are made of, so a node that is final on one of them has left the other.
A node is an honest validator: its Heimdall and its Bor.  The faulty validators are a weight, FAULTY_WEIGHT: it adds
to whatever it likes, as often as it likes, and is counted in every quorum.
Left out: blocks one by one, their producers, time, and which validators are in the set; see README.md.
"""

from typing import Annotated, Final

from interlock import Bound, Enum, FiniteSet, Map, Range, Seq, auto, filled, record, state
from interlock.model.pos.quorum import quorum

HONEST: Final = 3  # how many validators are honest
FAULTY_WEIGHT: Final = 1  # the weight of the others
HEAVIEST: Final = 1  # the weight of the first honest validator; the rest have 1
RANGES: Final = 2  # how many ranges of blocks the forks cover
FORK_LENGTH: Final = 20  # blocks on each fork
CONFIRMATIONS: Final = 10  # a range is voted on when so many blocks lie on top of it
REWIND_LIMIT: Final = 126  # Bor rewinds at most so many blocks

TOTAL: Final = HONEST - 1 + HEAVIEST + FAULTY_WEIGHT

Validator = Annotated[int, Range(1, HONEST)]
Number = Annotated[int, Range(1, RANGES)]


class Fork(Enum):
    """One of the two chains."""

    A = auto()
    B = auto()


@record
class Checkpoint:
    """A root over one range of one fork; the signed data says no more than that."""

    number: Number
    fork: Fork


@state
class State:
    """The honest nodes, the signatures they have given away, Ethereum, and one coin."""

    head: Map[Validator, Fork] = filled(Fork.A)
    milestone: Map[Validator, Fork | None] = filled(None)  # the milestone that its Heimdall holds
    pin: Map[Validator, Fork | None] = filled(None)  # the first milestone or checkpoint that its Bor was told of
    tallied: FiniteSet[Fork] = FiniteSet()  # the forks whose milestone a quorum has reported as its own chain
    signed: Map[Checkpoint, FiniteSet[Validator]] = filled(FiniteSet())
    l1: Annotated[Seq[Fork], Bound(RANGES)] = Seq()  # the forks of the checkpoints on Ethereum, range by range
    settled: Fork | None = None  # the fork that everyone has left the other for, before either was deep
    burnt: Map[Fork, Annotated[int, Range(0, RANGES)]] = filled(0)  # the range with the burn of the coin; 0: none
    paid: Map[Fork, Annotated[int, Range(0, 2)]] = filled(0)  # how often that burn was paid out
    locked: Annotated[int, Range(0, 2)] = 2  # on Ethereum: the coin, and one of somebody else


def other(fork: Fork) -> Fork:
    """The sibling."""
    return Fork.B if fork == Fork.A else Fork.A


def weight(some: FiniteSet[Validator]) -> int:
    """The weight of some honest validators."""
    return sum(HEAVIEST if v == 1 else 1 for v in some)


def is_quorum(some: FiniteSet[Validator]) -> bool:
    """Some honest validators are enough, together with all the faulty."""
    return weight(some) + FAULTY_WEIGHT >= quorum(TOTAL)


def on(s: State, fork: Fork) -> FiniteSet[Validator]:
    """The nodes whose chain is this fork."""
    return FiniteSet(v for v in range(1, HONEST + 1) if s.head[v] == fork)


def is_deep() -> bool:
    """The fork is longer than what voters wait for."""
    return FORK_LENGTH > CONFIRMATIONS


def can_rewind() -> bool:
    """A node on the wrong fork gets back to where the forks part."""
    return FORK_LENGTH <= REWIND_LIMIT
