"""Does each block of Bor come from a producer that Heimdall has set for it (S15)?"""

from typing import Final

from interlock import Finding, Holds, Violated, always, check, claim, reachable, step
from interlock.model.pos import spans
from interlock.model.pos.spans import BLOCKS, SPANS, Block, State, covers, in_force


@step
def producer_is_of_the_newest_span(old: State, new: State) -> bool:
    """S15: a block's producer belongs to the newest span that covers its number, if one does."""
    if new.height == old.height or in_force(old, new.height) == 0:
        return True
    maker = new.producer[new.height]
    return maker is not None and maker in old.spans[in_force(old, new.height) - 1].producers


@always
def one_span_a_number(s: State, n: Block) -> bool:
    """S15: no number is covered twice."""
    return sum(1 if covers(span, n) else 0 for span in s.spans) <= 1


@always
def producers_are_chosen(s: State) -> bool:
    """S15: Heimdall chose a span's producers, or they repeat those of the span before, which Bor had begun to do."""
    return all(
        number >= len(s.spans)
        or s.spans[number].voted
        or (s.spans[number].producers == s.spans[number - 1].producers and s.spans[number].first <= s.height)
        for number in range(1, SPANS)
    )


@reachable
def all_blocks_are_made(s: State) -> bool:
    """All blocks are made, the first and the last by different producers."""
    return s.height == BLOCKS and s.producer[1] != s.producer[BLOCKS]


@reachable
def a_span_is_backfilled(s: State) -> bool:
    """Heimdall records a span that Bor has begun on its own."""
    return any(not span.voted for span in s.spans)


STALL: Final = {"heimdall_stalls"}
SINCE_RIO: Final = {"ELECTED": True, "VALIDATORS": 3}

check("several producers a span", spans, faults=STALL, expect=Holds(distinct=4262, depth=9))
check(
    "one elected producer",
    spans,
    SINCE_RIO,
    faults=STALL,
    properties=(producer_is_of_the_newest_span, producers_are_chosen, all_blocks_are_made, a_span_is_backfilled),
    expect=Holds(distinct=1448, depth=10),
)
check(
    "one elected producer, replaced within its span",
    spans,
    SINCE_RIO,
    properties=(one_span_a_number,),
    expect=Violated(one_span_a_number, steps=2, distinct=466),
)
check(
    "a replaced producer goes on for nodes that do not know",
    spans,
    SINCE_RIO,
    faults={"old_view"},
    properties=(producer_is_of_the_newest_span,),
    expect=Violated(producer_is_of_the_newest_span, steps=3, distinct=1036),
)
check(
    "several producers a span, no one has an old view of it",
    spans,
    faults={"old_view"},
    properties=(producer_is_of_the_newest_span, one_span_a_number, all_blocks_are_made),
    expect=Holds(distinct=1123, depth=6),
)
check(
    "M17 back-filled spans are not verified",
    spans,
    {"BACKFILL_IS_VERIFIED": False},
    faults={"false_backfill"},
    properties=(producers_are_chosen,),
    expect=Violated(producers_are_chosen, steps=2, distinct=2239),
    about="Audit of heimdall-v2, second quarter of 2025 (critical): whoever sends the message decides from which span "
    "on, and for whom, producers are repeated.",
)

claim(
    "S15",
    source="Polygon PoS architecture page, Bor",
    says="Block producers are a subset of the validators, shuffled from time to time by Heimdall, for a span.",
    finding=Finding.DIFFERS,
    decided_by=(
        "several producers a span",
        "several producers a span, no one has an old view of it",
        "one elected producer",
        "one elected producer, replaced within its span",
        "a replaced producer goes on for nodes that do not know",
        "M17 back-filled spans are not verified",
    ),
    because="As described, one span covers a number and its producers make the block; confirmed. Since Rio there is "
    "one elected producer, and a replacement covers numbers a second time: the newer span counts, and the producer is "
    "legitimate for every node that has it. Until a node has it, it takes blocks of the old one; milestones, which are "
    "not in this model, decide between the two. The document is older than Rio: it differs, and is not wrong. Votes "
    "and shuffles are any choice that Heimdall makes; below Q(T) of faulty weight it has an honest vote.",
)
