"""Symbolic values: what is known of one is found at once, and is what comparing it with every value would find."""

from __future__ import annotations

from pathlib import Path

import pytest

from interlock.checker.checks.forms import _system
from interlock.checker.frontend import load_spec
from interlock.checker.ir import types as ty
from interlock.checker.ir.types import BOOL, EnumT, IntT, MapT, OptionT, RecordT, TupleT, Type
from interlock.checker.passes import symbolic as sy

COLOUR = EnumT("Colour", ("RED", "GREEN", "BLUE"))
NARROW, WIDE = IntT(0, 2), IntT(-1, 3)
TYPES = (
    BOOL, COLOUR, NARROW, OptionT(COLOUR), TupleT((BOOL, NARROW)), RecordT("R", (("a", COLOUR), ("b", OptionT(NARROW)))),
    MapT(BOOL, COLOUR), OptionT(TupleT((COLOUR, BOOL))),
)  # fmt: skip
JOINED = (
    *((t, t) for t in TYPES), (NARROW, WIDE), (WIDE, NARROW), (COLOUR, OptionT(COLOUR)), (OptionT(COLOUR), COLOUR),
    (TupleT((BOOL, WIDE)), TupleT((BOOL, NARROW))),
)  # fmt: skip


@pytest.mark.parametrize(("source", "target"), JOINED, ids=[f"{ty.show(a)}-{ty.show(b)}" for a, b in JOINED])
def test_a_known_value_matches_what_it_equals(source: Type, target: Type) -> None:
    """Of the same type, or of one that it is stored into; also where it is none of its values."""
    for value in ty.members(source):
        key = sy.lift(source, value)
        assert sy.is_known(key)
        assert sy.matches(key, source, target) == [sy.equal(key, source, v, target) for v in sy.lifted(target)]


def test_a_value_with_an_open_leaf_is_not_known() -> None:
    """It is compared with each."""
    record = sy.build(TYPES[5], lambda t: sy.sc.bool_var("s", 0) if t == BOOL else sy.sc.int_var("s", 1, 0, 2))

    assert not sy.is_known(record)
    assert len(sy.matches(record, TYPES[5], TYPES[5])) == ty.cardinality(TYPES[5])


MODEL = """
from typing import Annotated, Final

from interlock import FiniteSet, Range, Scalarset, action, record, require, state

N: Final = 9


class Node(Scalarset, size=3):
    pass


@record
class Msg:
    src: Node
    dst: Node
    n: Annotated[int, Range(1, N)]


@state
class State:
    sent: FiniteSet[Msg] = FiniteSet()


@action
def send(s: State, m: Msg) -> None:
    require(len(s.sent) < 2)
    s.sent = s.sent | {m}


@action
def drop(s: State, a: Node) -> None:
    require(any(m.dst == a for m in s.sent))
    s.sent = FiniteSet(m for m in s.sent if m.dst != a)
"""
SPEC = """
import sets
from interlock import NoneWithin, always, check
from sets import State


@always
def few(s: State) -> bool:
    return len(s.sent) <= 2


check("81", sets, depth=1, expect=NoneWithin(1))
check("162", sets, constants={"N": 18}, depth=1, expect=NoneWithin(1))
"""


def test_a_set_of_twice_as_many_records_is_lowered_in_twice_the_steps(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And not in four times as many: a member that a loop gives is not compared with all members."""
    compared = []
    equal = sy.equal
    monkeypatch.setattr(sy, "equal", lambda *args: (compared.append(1), equal(*args))[1])
    (tmp_path / "sets.py").write_text(MODEL)
    (tmp_path / "spec.py").write_text(SPEC)
    counts = []
    for check in load_spec(tmp_path / "spec.py").checks:
        before = len(compared)
        _system(check)
        counts.append(len(compared) - before)

    assert 0 < counts[1] <= 2.5 * counts[0]
