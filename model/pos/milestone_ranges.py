"""Which numbers a milestone covers: the blocks after the last one, or, when Bor is far ahead, a few of a later stretch.

One chain, everyone agrees on it; what is asked is only how the ranges follow one another.  The real values are
1000 blocks ahead, 100 blocks on, at most 10 blocks a milestone.
heimdall-v2, x/milestone/abci/abci.go GenMilestoneProposition and GetMajorityMilestoneProposition.
"""

from typing import Annotated, Final

from interlock import Bound, Range, Seq, action, record, require, state

TIP: Final = 8  # Bor grows to this block
LENGTH: Final = 2  # a milestone has at most so many blocks
AHEAD: Final = 4  # Bor is far ahead when its head is more than so many blocks past the last milestone
INTERVAL: Final = 3  # then the next milestone starts so many blocks after the end of the last one
FAST_FORWARD: Final[bool] = True  # False: milestones always continue where the last one ended
AFTER_THE_LAST: Final[bool] = True  # False: the start that voters report is taken as it is (known to be unsafe)

Block = Annotated[int, Range(1, TIP)]


@record
class Milestone:
    """A range of blocks, both ends included."""

    start: Block
    end: Block


@state
class State:
    """Bor's head, and the milestones so far."""

    head: Annotated[int, Range(0, TIP)] = 0
    milestones: Annotated[Seq[Milestone], Bound(3)] = Seq()


@action
def produce(s: State) -> None:
    """Bor grows by a block."""
    require(s.head < TIP)
    s.head += 1


@action
def finalize(s: State, start: Block, end: Block) -> None:
    """Heimdall finds a majority for a range of hashes."""
    require(len(s.milestones) < 3 and start <= end and end <= s.head and end - start < LENGTH)
    require(start == next_start(s) or not AFTER_THE_LAST)
    s.milestones = s.milestones.push(Milestone(start, end))


def last_end(s: State) -> int:
    """The end of the last milestone."""
    return s.milestones[len(s.milestones) - 1].end if len(s.milestones) > 0 else 0


def next_start(s: State) -> int:
    """Where the next milestone starts."""
    ahead = s.head - last_end(s) > AHEAD and len(s.milestones) > 0
    return last_end(s) + (INTERVAL if FAST_FORWARD and ahead else 1)
