"""Parameters are gone through in the order of their values, and what cannot be is left early."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import attrs
import pytest
from hypothesis import assume, given

from interlock.checker.diagnostics import NOWHERE
from interlock.checker.ir import scalar as sc
from interlock.checker.ir import types as ty
from interlock.checker.ir.nodes import ModelErrorKind
from interlock.checker.ir.scalar import ErrorSite, ScalarAction, ScalarSystem
from interlock.checker.native.code import successors
from interlock.checker.native.code.successors import digits
from interlock.checker.semantics.leaves import flatten_type, to_leaves
from tests.engines.test_explore import agrees_with_python
from tests.native.systems import action, keep_all_leaves, leaf, scalar_system
from tests.semantics.test_layout import TYPES

FEW = 2000
WHO = ty.ScalarT("Who", 4)
num = sc.integer


def enumerated(t: ty.Type) -> Iterator[tuple[int, ...]]:
    """The leaves of a type's values, as a nest of levels gives them."""
    levels = list(digits(t, 0))
    for rows in itertools.product(*(level.rows for level in levels)):
        found = {i: x for level, row in zip(levels, rows, strict=True) for i, x in zip(level.leaves, row, strict=True)}
        yield tuple(found[i] for i in range(len(flatten_type(t))))


@given(TYPES)
def test_levels_give_the_values_of_a_type_in_its_order(t: ty.Type) -> None:
    """So instances have the numbers that all other parts of Interlock know them by."""
    assume(ty.cardinality(t) <= FEW)

    assert list(enumerated(t)) == [to_leaves(t, value) for value in ty.members(t)]


def test_a_set_is_gone_through_member_by_member() -> None:
    """From the last, which is the slowest; within a record too."""
    record = ty.RecordT("R", (("at", ty.EnumT("E", ("X", "Y"))), ("of", ty.SetT(WHO))))

    assert [level.leaves for level in digits(ty.SetT(WHO), 3)] == [(6,), (5,), (4,), (3,)]
    assert [level.leaves for level in digits(record, 0)] == [(0,), (4,), (3,), (2,), (1,)]
    assert [level.leaves for level in digits(ty.TupleT((WHO, ty.BOOL)), 0)] == [(0, 1)]


def grouped() -> ScalarSystem:
    """A counter for each of four; a step takes a set, of whom none may have three, and counts each; a fault where the
    first two are taken together too late."""
    x = [sc.int_var("s", i, 0, 3) for i in range(4)]
    taken = [sc.bool_var("p", i) for i in range(4)]
    guards = [sc.or_(taken), *(sc.or_((sc.not_(t), sc.lt(v, num(3)))) for t, v in zip(taken, x, strict=True))]
    late = sc.and_((taken[0], taken[1], sc.lt(num(1), x[3])))
    site = ErrorSite(sc.and_((*guards, late)), ModelErrorKind.RANGE, NOWHERE)
    updates = {i: sc.ite(t, sc.add(v, num(1)), v) for i, (t, v) in enumerate(zip(taken, x, strict=True))}
    flags = tuple(sc.Leaf(f"p{i}", True, 0, 1) for i in range(4))
    step = ScalarAction(
        "take", None, (("of", ty.SetT(WHO)),), flags, (0,), (*guards, sc.not_(late)), (site,), updates
    )  # fmt: skip
    return scalar_system(tuple(leaf(f"x{i}", 0, 3) for i in range(4)), ((0,) * 4,), (step,), ())


@pytest.mark.parametrize("unroll", [1, 60, 12_000])
def test_sets_as_loops_and_as_constants_are_searched_as_in_python(unroll: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """All levels loops, some, and none; with an error that only some sets make."""
    monkeypatch.setattr(successors, "UNROLL", unroll)

    agrees_with_python(grouped())
    fine = attrs.evolve(grouped().actions[0], errors=())
    agrees_with_python(attrs.evolve(grouped(), actions=(fine,)))


@pytest.mark.parametrize("conjuncts", [30, 2500])
@pytest.mark.parametrize("wrong", [False, True])
def test_many_conjuncts_are_tested_in_few_pieces(conjuncts: int, wrong: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each is a block within a block, and there is an end to how deep those may lie."""
    keep_all_leaves(monkeypatch)
    xs = [sc.int_var("s", i, 0, 3) for i in range(conjuncts)]
    guards = [sc.lt(x, num(3)) for x in xs]
    late = sc.eq(xs[0], num(2))
    errors, fine = ([sc.and_((*guards, late))], [sc.not_(late)]) if wrong else ([], [])
    up = action("up", [], [*guards, *fine], {0: sc.add(xs[0], num(1))}, errors)
    system = scalar_system(tuple(leaf(f"x{i}", 0, 3) for i in range(conjuncts)), ((0,) * conjuncts,), (up,), ())

    agrees_with_python(system)
