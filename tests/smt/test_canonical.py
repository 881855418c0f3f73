"""Which leaf vectors are values: exactly those that the layout writes."""

from __future__ import annotations

import itertools

import pytest

from interlock.checker.ir.scalar import evaluate
from interlock.checker.ir.types import (
    BOOL,
    EnumT,
    IntT,
    MapT,
    OptionT,
    RecordT,
    ScalarT,
    SeqT,
    SetT,
    TupleT,
    Type,
    values,
)
from interlock.checker.semantics.leaves import flatten_type, to_leaves
from interlock.checker.smt.canonical import canonical

COLOUR = EnumT("Colour", ("red", "green", "blue"))
TYPES: tuple[Type, ...] = (
    BOOL,
    IntT(2, 4),
    COLOUR,
    OptionT(IntT(3, 5)),
    SeqT(IntT(1, 2), 2),
    SeqT(OptionT(BOOL), 2),
    OptionT(SeqT(BOOL, 2)),
    SetT(COLOUR),
    SeqT(SetT(BOOL), 1),
    MapT(BOOL, OptionT(ScalarT("Chain", 2))),
    TupleT((BOOL, OptionT(TupleT((IntT(-1, 0), BOOL))))),
    RecordT("R", (("a", OptionT(BOOL)), ("b", SeqT(COLOUR, 1)))),
)


@pytest.mark.parametrize("t", TYPES, ids=str)
def test_canonical_vectors_are_the_values(t: Type) -> None:
    """Every vector in the bounds of the leaves, judged by the condition and by the layout."""
    leaves = flatten_type(t, "x")
    condition = canonical([t], "s", leaves)
    accepted = {
        vector
        for vector in itertools.product(*(range(leaf.lo, leaf.hi + 1) for leaf in leaves))
        if evaluate([condition], {("s", i): v for i, v in enumerate(vector)})[0]
    }

    assert accepted == {to_leaves(t, v) for v in values(t)}


def test_types_follow_one_another() -> None:
    """Parameters lie one after another."""
    types = (OptionT(BOOL), SeqT(BOOL, 1))
    leaves = [leaf for t in types for leaf in flatten_type(t)]
    condition = canonical(types, "p", leaves)

    assert evaluate([condition], {("p", i): v for i, v in enumerate((0, 0, 1, 1))}) == [1]
    assert evaluate([condition], {("p", i): v for i, v in enumerate((0, 1, 1, 1))}) == [0]


def test_leaves_left_over_are_a_mistake() -> None:
    """The condition must speak of all leaves."""
    with pytest.raises(ValueError, match="more leaves"):
        canonical([BOOL], "s", flatten_type(TupleT((BOOL, BOOL))))
