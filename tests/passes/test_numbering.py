"""Instances are numbered as their values are ordered, and a number alone says what the values are."""

from __future__ import annotations

import itertools

import pytest

from interlock.checker.ir import scalar as sc
from interlock.checker.ir import types as ty
from interlock.checker.ir.types import Type
from interlock.checker.passes.numbering import numbered
from interlock.checker.semantics.leaves import to_leaves
from tests.strategies import BIT, CLAIM, COLOUR, FIELDS, PAIR, PARAMETERS, SIGNED, WHO

SOME: tuple[Type, ...] = (
    *PARAMETERS,
    *FIELDS,
    ty.SeqT(CLAIM, 2),
    ty.OptionT(ty.TupleT((ty.OptionT(COLOUR), BIT))),
    ty.SeqT(ty.OptionT(ty.SeqT(BIT, 2)), 2),
    ty.TupleT((ty.SetT(SIGNED), ty.OptionT(PAIR))),
    ty.SeqT(BIT, 0),
    ty.IntT(5, 5),
)


@pytest.mark.parametrize("t", SOME, ids=ty.show)
def test_the_value_of_a_number_is_the_one_at_its_place(t: Type) -> None:
    """No list is needed to find it, nor to see that it is one."""
    listed = ty.members(t)

    assert tuple(ty.nth(t, i) for i in range(ty.cardinality(t))) == listed
    assert all(ty.has(t, v) for v in listed)


@pytest.mark.parametrize("t", SOME, ids=ty.show)
def test_what_is_no_value_of_a_type_is_told_from_what_is(t: Type) -> None:
    """Another kind of thing, a number outside, a tuple too long: never taken for a value of the type."""
    others = [v for other in SOME for v in ty.members(other)[:40]]
    strangers = [*others, "text", 1.0, (), ((),), frozenset({9}), -7, 99]

    for v in strangers:
        exactly = any(v == m and _alike(v, m) for m in ty.members(t))
        assert ty.has(t, v) is exactly, v


def _alike(a: object, b: object) -> bool:
    """Equal things are the same down to which are bools: Python takes True for 1."""
    if isinstance(a, tuple) and isinstance(b, tuple):
        return all(map(_alike, a, b))
    if isinstance(a, frozenset) and isinstance(b, frozenset):
        return all(any(x == y and _alike(x, y) for y in b) for x in a)
    return isinstance(a, bool) is isinstance(b, bool) and not isinstance(a, float)


@pytest.mark.parametrize(
    "types",
    [(t,) for t in SOME]
    + [(WHO, ty.OptionT(SIGNED)), (PAIR, ty.BOOL, ty.SetT(WHO)), (ty.SeqT(BIT, 2), ty.MapT(BIT, COLOUR)), ()],
    ids=lambda types: ",".join(map(ty.show, types)),
)
def test_the_leaves_of_a_number_are_those_of_its_values(types: tuple[Type, ...]) -> None:
    """The first parameter varies slowest, and a part that is absent holds what absent parts hold."""
    count = 1
    for t in types:
        count *= ty.cardinality(t)
    made = sc.evaluator(numbered(types, count))
    every = list(itertools.product(*map(ty.members, types)))

    assert len(every) == count
    for number, values in enumerate(every):
        leaves = [x for t, v in zip(types, values, strict=True) for x in to_leaves(t, v)]
        assert made({("n", 0): number}) == leaves
        assert ty.nths(types, number) == values
