"""What is said of the values of leaves is true of every state that can be reached, and says as much as it should."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given

from interlock.checker.ir import scalar as sc
from interlock.checker.ir.nodes import PropertyKind
from interlock.checker.ir.scalar import Node, ScalarAction, ScalarSystem
from interlock.checker.passes import ranges as module
from interlock.checker.passes.known import Known, narrowed
from interlock.checker.passes.ranges import ranges
from tests.engines.test_explore import systems
from tests.native.systems import action, claim, leaf, scalar_system, search
from tests.native.test_wide import QUIET, wide_systems

num = sc.integer
FAR = 1_000_000
X, Y = (sc.int_var("s", i, 0, FAR) for i in range(2))
P = sc.int_var("p", 0, 0, 4)


def system(*actions: ScalarAction, initial: tuple[tuple[int, ...], ...] = ((0, 0),)) -> ScalarSystem:
    """Two numbers."""
    return scalar_system((leaf("x", 0, FAR), leaf("y", 0, FAR)), initial, actions, ())


def up(below: int) -> ScalarAction:
    return action("up", [], [sc.lt(X, num(below))], {0: sc.add(X, num(1))})


@pytest.mark.parametrize(
    ("made", "found"),
    [
        (system(), {0: (0, 0), 1: (0, 0)}),
        (system(initial=((3, 9), (5, 2))), {0: (3, 5), 1: (2, 9)}),
        (system(up(2)), {0: (0, 2), 1: (0, 0)}),
        (system(up(500)), {0: (0, 500), 1: (0, 0)}),  # more than it has patience for
        (system(up(FAR)), {1: (0, 0)}),
        (system(up(7), action("copy", [], [], {1: sc.mul(X, num(3))})), {0: (0, 7), 1: (0, 21)}),
        (system(action("down", [], [sc.lt(num(4), X)], {0: sc.sub(X, num(5))}), initial=((9, 0),)), {0: (0, 9), 1: (0, 0)}),
        (system(action("put", [(0, 4)], [sc.lt(P, num(3))], {1: sc.add(P, num(10))})), {0: (0, 0), 1: (0, 12)}),
        (system(action("never", [(0, 4)], [sc.lt(num(0), X)], {1: P})), {0: (0, 0), 1: (0, 0)}),
        (system(action("swap", [], [], {0: Y, 1: X}), initial=((1, 2),)), {0: (1, 2), 1: (1, 2)}),
        (system(action("set", [], [sc.eq(Y, num(0))], {0: num(8)}), initial=((0, 1),)), {0: (0, 0), 1: (1, 1)}),
        (
            system(action("keep", [], [sc.le(Y, num(3)), sc.eq(X, Y)], {0: num(50), 1: X}), initial=((0, 0), (99, 40))),
            {0: (0, 99), 1: (0, 40)},
        ),
    ],
)  # fmt: skip
def test_values_are_known_by_induction(made: ScalarSystem, found: dict[int, tuple[int, int]]) -> None:
    """Guards, parameters, chains of assignments, and counters that go far."""
    assert ranges(made) == found
    assert 0 not in found or all_within(made)  # or it is long


def all_within(made: ScalarSystem) -> bool:
    """The definition: each leaf of each state."""
    found = ranges(made)
    bounds = [found.get(i, (leaf.lo, leaf.hi)) for i, leaf in enumerate(made.leaves)]
    return all(lo <= value <= hi for state in search(made)[0] for value, (lo, hi) in zip(state, bounds, strict=True))


def test_a_bool_may_have_one_value() -> None:
    """It is that constant then, wherever it is read."""
    flag = sc.bool_var("s", 0)
    made = scalar_system(
        (sc.Leaf("flag", True, 0, 1), leaf("x", 0, 9)), ((1, 0),),
        (action("use", [], [flag], {1: num(4)}), action("end", [], [sc.not_(flag)], {0: sc.FALSE})),
        (claim("set", PropertyKind.ALWAYS, flag),),
    )  # fmt: skip
    found = narrowed(made, Known(ranges(made)))

    assert ranges(made) == {0: (1, 1), 1: (0, 4)}
    assert [a.guards for a in found.actions] == [(sc.TRUE,), (sc.FALSE,)]
    assert found.properties[0].value is sc.TRUE
    assert found.leaves[0] == sc.Leaf("flag", True, 1, 1)


def test_what_has_too_many_instances_is_not_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is said of it then."""
    made = system(action("put", [(0, 4)], [], {1: P}))

    assert ranges(made) == {0: (0, 0), 1: (0, 4)}
    monkeypatch.setattr(module, "MOST", 4)
    assert ranges(made) == {}


@QUIET
@given(systems())
def test_no_state_of_a_random_system_has_another_value(made: ScalarSystem) -> None:
    """Errors and guards that never hold are among its actions."""
    assert all_within(made)


@QUIET
@given(wide_systems())
def test_no_state_of_a_random_wide_system_has_another_value(made: ScalarSystem) -> None:
    """Leaves that are swapped, copied, and set once."""
    assert all_within(made)


def test_a_guard_that_is_not_read_as_it_is_would_be_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Were one value of a leaf too few thought possible, a state would be left out."""
    made = system(up(500))
    assert all_within(made)

    honest = module._where

    def too_narrow(guards: Sequence[Node]) -> dict[Node, Node]:
        return {n: sc.int_var("s", 0, new.lo, new.hi - 1) for n, new in honest(guards).items()}

    monkeypatch.setattr(module, "_where", too_narrow)
    assert not all_within(made)
