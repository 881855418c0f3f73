"""Whether the data of a verified batch can be had: on L1, or from a committee that signed for it.

The Proof of Efficiency post has the data on L1 (rollup), and says that it can be elsewhere (validium): then
a committee signs that it stores them.  A member that misbehaves signs and stores nothing.
"""

from typing import Annotated, Final

from interlock import FiniteSet, Range, Scalarset, action, initial, require, state

MEMBERS: Final = 3
QUORUM: Final = 2
FAULTY: Final = 1  # members that misbehave
ON_L1: Final[bool] = True  # False: validium
COMMITTEE_CHECKED: Final[bool] = True  # False: a committee without members, and without quorum, is accepted


class Member(Scalarset, size=MEMBERS):
    """A member of the committee."""


@state
class State:
    """The committee, and one batch."""

    faulty: FiniteSet[Member] = FiniteSet()
    quorum: Annotated[int, Range(0, QUORUM)] = QUORUM
    told: FiniteSet[Member] = FiniteSet()  # they got the data from the sequencer
    signed: FiniteSet[Member] = FiniteSet()
    posted: bool = False
    verified: bool = False


@initial
def choose_faulty(s: State, faulty: FiniteSet[Member]) -> None:
    """So many members misbehave."""
    require(len(faulty) == FAULTY)
    s.faulty = faulty


@action
def tell(s: State, m: Member) -> None:
    """The sequencer sends the data to a member."""
    require(not ON_L1 and m not in s.told)
    s.told |= {m}


@action
def sign(s: State, m: Member) -> None:
    """A member signs for the data: an honest one if it has them."""
    require(not ON_L1 and not s.posted and m not in s.signed and (m in s.told or m in s.faulty))
    s.signed |= {m}


@action
def set_up(s: State) -> None:
    """The admin sets up a committee of no members, whose quorum is no one."""
    require(not COMMITTEE_CHECKED and not s.posted)
    s.quorum = 0


@action
def post(s: State) -> None:
    """The batch is sequenced: with its data, or with signatures for them."""
    require(not s.posted and (ON_L1 or len(s.signed) >= s.quorum))
    s.posted = True


@action
def verify(s: State) -> None:
    """Whoever has the data proves the batch; the sequencer has them."""
    require(s.posted and not s.verified)
    s.verified = True


def available(s: State) -> bool:
    """Anyone can get the data."""
    return ON_L1 or any(m in s.told and m not in s.faulty for m in Member)
