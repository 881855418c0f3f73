"""Who may produce a block of Bor?  Spans, and the producers that Heimdall sets for them.

A span is a range of block numbers with its producers; of two that cover a number the newer one counts.  In
the first design a span has several producers, drawn by weight, and follows on the last; here the draw is any
choice.  As deployed since Rio it has one, elected, and Heimdall replaces it from the next block on when it
fails.  While Heimdall stands still Bor repeats its last span; afterwards Heimdall back-fills the spans that
Bor has used.  One chain of blocks; turns and difficulty are left out.
Heimdall x/bor (ProposeSpan, BackfillSpans, veblop); Bor consensus/bor.
"""

from typing import Annotated, Final

from interlock import Bound, FiniteSet, Map, Range, Seq, action, evolve, filled, record, require, state
from interlock.model.pos.quorum import VALIDATORS, Validator

BLOCKS: Final = 4
LENGTH: Final = 2  # blocks of a span
SPANS: Final = 3
PRODUCERS: Final = 2  # of a span in the first design
ELECTED: Final[bool] = False  # True: as deployed since Rio
BACKFILL_IS_VERIFIED: Final[bool] = True  # False: Heimdall takes the sender's word (known to be unsafe)

Block = Annotated[int, Range(1, BLOCKS)]


@record
class Span:
    """A range of block numbers, and who may produce them."""

    first: Block
    last: Annotated[int, Range(1, BLOCKS + LENGTH)]
    producers: FiniteSet[Validator]
    voted: bool  # Heimdall chose the producers, and did not only repeat them


@state
class State:
    """The spans of Heimdall, oldest first, and Bor's blocks."""

    spans: Annotated[Seq[Span], Bound(SPANS)] = Seq()
    producer: Map[Block, Validator | None] = filled(None)
    height: Annotated[int, Range(0, BLOCKS)] = 0
    stalled: bool = False  # Heimdall stands still


@action
def commit_span(s: State, producers: FiniteSet[Validator]) -> None:
    """Heimdall votes for the span after the last one, while Bor is in the last one."""
    require(not s.stalled and len(s.spans) < SPANS and may_produce_together(producers))
    first = last_block(s) + 1
    require(first <= BLOCKS and (len(s.spans) == 0 or s.height >= first - LENGTH))
    s.spans = s.spans.push(Span(first, first + LENGTH - 1, producers, True))


@action
def replace_producer(s: State, v: Validator) -> None:
    """No milestone has come for some time: Heimdall elects another producer for the rest of the span."""
    require(ELECTED and not s.stalled and len(s.spans) < SPANS and s.height < BLOCKS)
    number = in_force(s, s.height + 1)
    require(number > 0)
    old = s.spans[number - 1]
    require(v not in old.producers)
    s.spans = s.spans.push(Span(s.height + 1, old.last, FiniteSet({v}), True))


@action
def backfill_span(s: State) -> None:
    """Heimdall records a span that Bor has begun on its own, with the producers of the last."""
    require(may_backfill(s) and s.height > last_block(s))
    old = s.spans[len(s.spans) - 1]
    s.spans = s.spans.push(Span(old.last + 1, old.last + LENGTH, old.producers, False))


@action(fault="false_backfill")
def backfill_falsely(s: State, producers: FiniteSet[Validator]) -> None:
    """A validator claims a span that Bor has not begun, or other producers than those of the last."""
    require(not BACKFILL_IS_VERIFIED and may_backfill(s) and may_produce_together(producers))
    first = last_block(s) + 1
    s.spans = s.spans.push(Span(first, first + LENGTH - 1, producers, False))


@action
def produce(s: State, v: Validator) -> None:
    """A producer of the span in force makes the next block; Bor repeats the last span where there is none."""
    require(s.height < BLOCKS and len(s.spans) > 0)
    number = in_force(s, s.height + 1)
    require(v in s.spans[(number if number > 0 else len(s.spans)) - 1].producers)
    require(number > 0 or s.stalled)
    s.height += 1
    s.producer[s.height] = v


@action(fault="old_view")
def produce_by_old_span(s: State, v: Validator) -> None:
    """A producer that was replaced makes the next block, for nodes that do not have the newest span yet."""
    require(s.height < BLOCKS)
    require(any(covers(span, s.height + 1) and v in span.producers for span in s.spans))
    s.height += 1
    s.producer[s.height] = v


@action(fault="heimdall_stalls")
def stall(s: State) -> None:
    """Heimdall stands still."""
    require(not s.stalled)
    s.stalled = True


@action
def resume(s: State) -> None:
    """Heimdall goes on."""
    require(s.stalled)
    s.stalled = False


def last_block(s: State) -> int:
    """The last number that a span covers."""
    return 0 if len(s.spans) == 0 else s.spans[len(s.spans) - 1].last


def covers(span: Span, n: int) -> bool:
    """The number is in the span's range."""
    return span.first <= n and n <= span.last


def in_force(s: State, n: int) -> int:
    """Which span counts for a number: the newest that covers it, from 1 on; 0 if none does."""
    return max(i + 1 if i < len(s.spans) and covers(s.spans[i], n) else 0 for i in range(SPANS))


def may_produce_together(some: FiniteSet[Validator]) -> bool:
    """As many producers as a span may have."""
    return len(some) == (1 if ELECTED else PRODUCERS)


def may_backfill(s: State) -> bool:
    """There is a span to repeat, and room for another."""
    return not s.stalled and len(s.spans) > 0 and len(s.spans) < SPANS and last_block(s) < BLOCKS
