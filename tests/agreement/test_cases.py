"""Cases on which engines once disagreed with CPython, small enough to read."""

from __future__ import annotations

import pytest

from tests.agreement.compare import Effort, Seen, compare, prepare, read
from tests.strategies import Source

MODEL = """from typing import Annotated

from interlock import Enum, Map, Range, action, auto, filled, state


class Key(Enum):
    A = auto()
    B = auto()


@state
class State:
    m: Map[Key, Annotated[int, Range(0, 2)]] = filled(0)
    nested: Map[Key, Map[Key, Annotated[int, Range(0, 2)]]] = filled(filled(0))
    zero: Annotated[int, Range(0, 1)] = 0


@action
def act(s: State) -> None:
    {body}
"""
SPEC = """import gen
from gen import State
from interlock import Holds, always, check


@always
def fine(s: State) -> bool:
    return s.zero == 0


check("all", gen, expect=Holds())
"""


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ("s.m = Map({k: (1 // s.zero if k == Key.B else 99) for k in Key})", "DIVIDE"),
        ("s.m = Map({k: 99 for k in Key}).set(Key.A, 1 // s.zero)", "DIVIDE"),
        ("s.nested = Map({k: Map({j: (9 if k == Key.A else 1 // s.zero) for j in Key}) for k in Key})", "DIVIDE"),
        ("s.zero = Map({k: 99 for k in Key})[Key.A] - 99", "to"),
        ("s.m = Map({k: 99 for k in Key})", "RANGE"),
        ("s.nested = Map({k: filled(1) for k in Key})", "to"),
        ("s.nested[Key.A if 1 // s.zero == 1 else Key.B] = filled(9)", "DIVIDE"),
        ("s.nested[Key.A] = filled(9)", "RANGE"),
        ("s.nested = filled(filled(9))", "RANGE"),
    ],
)
def test_a_map_is_checked_where_it_is_stored(body: str, kind: str) -> None:
    subject = prepare(read(Source(MODEL.format(body=body), SPEC)))
    seen = Seen()
    compare(subject, Effort(z3_steps=4), seen)

    assert set(seen.steps) == {kind}


NUMBERS = """from typing import Annotated

from interlock import Range, action, state


@state
class State:
    k: Annotated[int, Range(-3, 3)] = 0
    out: Annotated[int, Range({lo}, {hi})] = {lo}


@action
def move(s: State, to: Annotated[int, Range(-3, 3)]) -> None:
    s.k = to


@action
def act(s: State) -> None:
    s.out = {value}
"""
NUMBERS_SPEC = SPEC.replace("s.zero == 0", "s.out <= 3 or s.k < 0")


@pytest.mark.parametrize(
    ("value", "lo", "hi"),
    [
        ("max(s.k, 0)", 0, 3),
        ("min(s.k, 1)", -3, 1),
        ("max(min(s.k, 2), -1)", -1, 2),
        ("max(s.k, -s.k)", 0, 3),
        ("min(s.k, -s.k)", -3, 0),
        ("s.k if s.k > 0 else 1", 1, 3),
        ("0 if s.k < 1 else s.k - 1", 0, 2),
        ("s.k if not s.k >= 1 else 0 - s.k", -3, 0),
        ("s.k + 1 if s.k != 3 else 0", -2, 3),
        ("s.k if s.k == -3 else s.k - 1", -3, 2),
        ("-s.k if s.k <= 0 else s.k", 0, 3),
        ("max(1, 2)", 2, 2),
        ("5 if 2 < 1 else min(4, 3)", 3, 3),
    ],
)
def test_a_number_that_cannot_leave_its_bounds_has_no_error(value: str, lo: int, hi: int) -> None:
    """What a comparison says of a number counts in the branches; bounds that are one smaller can be left."""
    subject = prepare(read(Source(NUMBERS.format(value=value, lo=lo, hi=hi), NUMBERS_SPEC)))
    seen = Seen()
    compare(subject, Effort(states=50, z3_steps=4), seen)

    assert set(seen.steps) == {"to"}
    assert [a.errors for a in subject.system.actions] == [(), ()]


@pytest.mark.parametrize(
    ("value", "lo", "hi"),
    [
        ("max(s.k, 0)", 0, 2),
        ("max(s.k, 0)", 1, 3),
        ("max(s.k, -s.k)", 1, 3),
        ("min(s.k, -s.k)", -2, 0),
        ("0 if s.k < 1 else s.k - 1", 0, 1),
        ("s.k if not s.k >= 1 else 0 - s.k", -2, 0),
        ("s.k + 1 if s.k != 3 else 0", -1, 3),
        ("s.k if s.k == -3 else s.k - 1", -2, 2),
    ],
)
def test_a_number_that_can_leave_its_bounds_has_an_error(value: str, lo: int, hi: int) -> None:
    """In every engine, where CPython raises it, and nowhere else."""
    subject = prepare(read(Source(NUMBERS.format(value=value, lo=lo, hi=hi), NUMBERS_SPEC)))
    seen = Seen()
    compare(subject, Effort(states=50, z3_steps=6), seen)

    assert set(seen.steps) >= {"RANGE", "to"}
