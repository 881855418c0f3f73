"""What changed between two states is what a reader looks for: the place, and no more than what is different there."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.checker.ir.types import BOOL, EnumT, IntT, MapT, OptionT, RecordT, ScalarT, SeqT, SetT, TupleT, Type
from interlock.checker.trace.diff import Shift, diff

COLOR = EnumT("Color", ("RED", "BLUE", "GREEN"))
RED, BLUE, GREEN = range(3)
NODE = ScalarT("Node", 2)


def changes(t: Type, old: Any, new: Any) -> list[str]:
    """The lines about one field."""
    return [str(c) for c in diff(RecordT("State", (("x", t),)), (old,), (new,))]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ((), (RED,), "x: pushed Color.RED"),
        ((RED,), (RED, BLUE), "x: pushed Color.BLUE"),
        ((RED,), (RED, BLUE, BLUE), "x: pushed Color.BLUE, Color.BLUE"),
        ((RED, BLUE), (BLUE,), "x: dropped Color.RED from the front"),
        ((RED, RED), (RED,), "x: dropped Color.RED from the front"),
        ((RED, BLUE), (), "x: dropped Color.RED, Color.BLUE from the front"),
        ((RED, BLUE), (BLUE, GREEN, RED), "x: dropped Color.RED from the front, pushed Color.GREEN, Color.RED"),
        ((RED, BLUE, GREEN), (BLUE, GREEN, RED), "x: dropped Color.RED from the front, pushed Color.RED"),
        ((RED, BLUE), (RED, GREEN), "x[1]: Color.BLUE -> Color.GREEN"),
        ((RED,), (BLUE,), "x[0]: Color.RED -> Color.BLUE"),
        ((RED, BLUE), (GREEN,), "x: Seq((Color.RED, Color.BLUE)) -> Seq((Color.GREEN,))"),
        ((RED, BLUE, GREEN), (RED, GREEN), "x: Seq((Color.RED, Color.BLUE, Color.GREEN)) -> Seq((Color.RED, Color.GREEN))"),
    ],
)  # fmt: skip
def test_of_a_sequence_what_moved_is_told(old: Any, new: Any, said: str) -> None:
    """What was pushed and what left its front; an item that was replaced, by its position; else both values."""
    assert changes(SeqT(COLOR, 4), old, new) == [said]


@given(*[st.lists(st.integers(0, 2), max_size=5).map(tuple)] * 2)
def test_a_shift_leads_from_the_old_sequence_to_the_new(old: tuple[int, ...], new: tuple[int, ...]) -> None:
    """What it says can be done, and gives that."""
    for change in diff(RecordT("State", (("x", SeqT(IntT(0, 2), 5)),)), (old,), (new,)):
        if isinstance(change, Shift):
            after = (*map(str, old[len(change.dropped) :]), *change.pushed)

            assert change.dropped == tuple(map(str, old[: len(change.dropped)]))
            assert after == tuple(map(str, new))


def test_a_long_shift_is_an_item_a_line() -> None:
    """Below its place."""
    (change,) = diff(RecordT("State", (("x", SeqT(COLOR, 3)),)), ((RED, BLUE),), ((BLUE, GREEN, GREEN),))

    assert change.lines("  ", 40) == [
        "  x:",
        "      dropped Color.RED from the front",
        "      pushed Color.GREEN",
        "      pushed Color.GREEN",
    ]


PAIR = RecordT("Pair", (("color", COLOR), ("queue", SeqT(COLOR, 2)), ("seen", SetT(COLOR))))


@pytest.mark.parametrize(
    ("t", "old", "new", "said"),
    [
        (MapT(NODE, PAIR), ((RED, (), frozenset()),) * 2, ((RED, (), frozenset()), (BLUE, (), frozenset())),
         ["x[Node(1)].color: Color.RED -> Color.BLUE"]),
        (MapT(NODE, PAIR), ((RED, (), frozenset()),) * 2, ((RED, (BLUE,), frozenset({RED})), (RED, (), frozenset())),
         ["x[Node(0)].queue: pushed Color.BLUE", "x[Node(0)].seen: FiniteSet() -> FiniteSet({Color.RED})"]),
        (MapT(NODE, OptionT(PAIR)), ((RED, (), frozenset()), None), ((BLUE, (), frozenset()), None),
         ["x[Node(0)].color: Color.RED -> Color.BLUE"]),
        (MapT(NODE, OptionT(PAIR)), (None, None), (None, (RED, (), frozenset())),
         ["x[Node(1)]: None -> Pair(color=Color.RED, queue=Seq(()), seen=FiniteSet())"]),
        (MapT(NODE, MapT(BOOL, TupleT((BOOL, COLOR)))), (((False, RED),) * 2,) * 2, (((False, RED),) * 2, ((False, RED), (True, RED))),
         ["x[Node(1)][True][0]: False -> True"]),
        (SeqT(PAIR, 1), ((RED, (RED,), frozenset()),), ((RED, (RED, RED), frozenset()),), ["x[0].queue: pushed Color.RED"]),
    ],
)  # fmt: skip
def test_a_change_is_told_where_it_is(t: Type, old: Any, new: Any, said: list[str]) -> None:
    """In maps, records, options and sequences, as deep as it lies."""
    assert changes(t, old, new) == said
