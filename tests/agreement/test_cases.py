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
