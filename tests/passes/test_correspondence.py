"""Leaves are left out only where induction shows what they are, and what reads them reads what they are equal to."""

from __future__ import annotations

import attrs
import pytest

from interlock.checker.ir import scalar as sc
from interlock.checker.ir.nodes import PropertyKind
from interlock.checker.ir.scalar import Leaf, Node, ScalarSystem
from interlock.checker.passes.correspondence import correspondence
from interlock.checker.passes.known import Known, narrowed
from tests.native.systems import action, claim, leaf, scalar_system

num = sc.integer
N = 3
X, Y, Z = (sc.int_var("s", i, 0, 9) for i in range(N))


def system(*updates: dict[int, Node], initial: tuple[tuple[int, ...], ...] = ((0, 0, 0),)) -> ScalarSystem:
    """Three numbers, and an action for each way to change them."""
    actions = tuple(action(f"a{i}", [], [], u) for i, u in enumerate(updates))
    return scalar_system(tuple(leaf(name, 0, 9) for name in "xyz"), initial, actions, ())


UP = sc.ite(sc.lt(X, num(9)), sc.add(X, num(1)), num(0))


@pytest.mark.parametrize(
    ("made", "fixed", "same"),
    [
        (system({0: UP}), {1: 0, 2: 0}, {}),
        (system({0: UP, 1: num(0)}, {1: sc.ite(sc.lt(X, num(3)), Y, num(0))}), {1: 0, 2: 0}, {}),
        (system({0: UP}, {1: num(1)}), {2: 0}, {}),
        (system({0: UP, 1: UP}), {2: 0}, {1: 0}),
        (system({0: UP, 1: UP}, {1: num(0)}), {2: 0}, {}),
        (system({0: UP, 1: sc.ite(sc.lt(Y, num(9)), sc.add(Y, num(1)), num(0))}), {2: 0}, {1: 0}),
        (system({0: Y, 1: X}), {0: 0, 1: 0, 2: 0}, {}),
        (system({0: UP, 1: Z, 2: Y}, initial=((0, 4, 4), (1, 5, 5))), {}, {2: 1}),
        (system({0: UP, 1: Z, 2: Y}, initial=((0, 4, 5), (1, 5, 4))), {}, {}),
        (system({0: UP, 1: X, 2: Y}), {}, {}),
        (system({0: UP}, initial=((0, 4, 4), (0, 5, 4))), {2: 4}, {}),
    ],
)
def test_leaves_are_known_by_induction(made: ScalarSystem, fixed: dict[int, int], same: dict[int, int]) -> None:
    """What an action changes once is not fixed; what two actions change alike is the same; a chain takes rounds."""
    assert correspondence(made) == Known({i: (v, v) for i, v in fixed.items()}, same)


def test_leaves_with_other_bounds_are_not_the_same() -> None:
    """They would not fit in one place."""
    made = system({0: UP, 1: UP})
    wider = attrs.evolve(made, leaves=(made.leaves[0], leaf("y", 0, 99), made.leaves[2]))

    assert correspondence(wider).same == {}


def test_a_bool_and_a_number_are_fixed_each_to_its_own() -> None:
    """False is no 0."""
    made = system({0: UP})
    mixed = attrs.evolve(made, leaves=(*made.leaves[:2], Leaf("b", True, 0, 1)))

    assert correspondence(mixed).ranges == {1: (0, 0), 2: (0, 0)}


def test_what_is_left_out_is_neither_read_nor_written() -> None:
    """Guards, errors, updates, properties of states and of steps, and the terminal predicate."""
    after = sc.int_var("t", 1, 0, 9)
    plain = system({0: UP, 1: UP, 2: num(0)})
    acts = tuple(attrs.evolve(a, guards=(sc.lt(Y, num(5)), sc.le(Z, num(0)))) for a in plain.actions)
    wrong = action("wrong", [], [sc.lt(Y, num(3))], {0: UP, 1: UP}, [sc.eq(Y, num(3))])
    step = claim("step", PropertyKind.STEP, sc.le(Y, after), [sc.eq(after, num(8))])
    end = claim("end", PropertyKind.ALWAYS, sc.le(Z, Y))
    made = attrs.evolve(plain, actions=(*acts, wrong), properties=(step,), terminal=end)
    known = correspondence(made)
    found = narrowed(made, known)

    assert known == Known({2: (0, 0)}, {1: 0})
    roots = [*found.properties, found.terminal, *found.actions]
    read = {
        (space, i)
        for r in roots if r is not None
        for n in sc.topological([
            *([r.value] if hasattr(r, "value") else [*r.guards, *r.updates.values()]), *(e.condition for e in r.errors)
        ])
        if n.op is sc.Op.VAR
        for space, i in [sc.var_of(n)]
    }  # fmt: skip
    assert read == {("s", 0), ("t", 0)}
    assert [set(a.updates) for a in found.actions] == [{0}, {0}]


def test_where_nothing_is_known_the_system_stays_as_it_is() -> None:
    """Not even a copy is made."""
    made = system({0: UP, 1: X, 2: Y})

    assert narrowed(made, correspondence(made)) is made
