"""Any number of threads finds the same states, the same verdict and the same path."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given, settings

from interlock.checker.contract import Budget, Holds, Task, Verdict, Violated
from interlock.checker.engines.explore import Explore
from interlock.checker.ir import scalar as sc
from interlock.checker.ir.nodes import PropertyKind
from interlock.checker.ir.scalar import ScalarSystem
from interlock.checker.native.module.crew import Crew
from tests.engines.test_explore import systems
from tests.native.systems import action, agg_core, claim, keep_all_leaves, leaf, scalar_system, shared, told

num = sc.integer
THREADS = (1, 2, 3)


@pytest.fixture
def eager() -> Iterator[None]:
    """Threads share what would be too little to be worth it."""
    with shared():
        yield


def verdicts(system: ScalarSystem, **task: object) -> list[Verdict]:
    return [Explore().run(Task(system, workers=n, **task)) for n in THREADS]  # type: ignore[arg-type]


@pytest.mark.usefixtures("eager")
@settings(max_examples=15)
@given(systems())
def test_random_systems_are_told_alike(system: ScalarSystem) -> None:
    """Verdict, counts and paths, with and without going on after a violation."""
    for every in (False, True):
        first, *others = map(told, verdicts(system, every=every))

        assert others == [first] * len(others)


@pytest.mark.usefixtures("eager")
def test_the_yardstick_is_counted_alike() -> None:
    """agg-core with three chains, which takes many blocks, and a table that grows under all threads."""
    first, *others = verdicts(agg_core(3, 1))

    assert isinstance(first, Holds)
    assert (first.coverage.states, first.coverage.transitions) == (580_376, 2_351_394)
    assert [told(v) for v in others] == [told(first)] * len(others)


def wide(top: int) -> ScalarSystem:
    """Three numbers that go up one by one, far apart in a state of five words; two of them may not be at the top."""
    leaves = []
    for i in range(3):
        leaves += [leaf(f"x{i}", 0, 255), *(leaf(f"pad{i}.{k}", 0, (1 << 33) - 1) for k in range(3))]
    xs = [sc.int_var("s", 4 * i, 0, 255) for i in range(3)]
    acts = tuple(action(f"up{i}", [], [sc.lt(x, num(top))], {4 * i: sc.add(x, num(1))}) for i, x in enumerate(xs))
    at_top = [sc.eq(x, num(top)) for x in xs]
    bad = sc.or_(sc.and_((at_top[i], at_top[j])) for i, j in ((0, 1), (0, 2), (1, 2)))
    properties = (
        claim("some", PropertyKind.REACHABLE, sc.and_((sc.eq(xs[0], num(top)), sc.eq(xs[2], num(3))))),
        claim("back", PropertyKind.RECOVERABLE, sc.eq(xs[1], num(0))),
        claim("not two", PropertyKind.ALWAYS, sc.not_(bad)),
    )
    return scalar_system(tuple(leaves), ((0,) * len(leaves),), acts, properties)


@pytest.mark.usefixtures("eager")
@pytest.mark.parametrize("every", [False, True])
def test_wide_states_are_told_alike(every: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Parts of states are numbered in another order on every run; nothing of that is seen."""
    keep_all_leaves(monkeypatch)
    first, *others = verdicts(wide(30), every=every)

    assert isinstance(first, Violated)
    assert first.path is not None
    assert (first.property, len(first.path.steps)) == ("not two", 60)
    assert [told(v) for v in others] == [told(first)] * len(others)
    if every:
        assert first.coverage.states == 31**3
        assert [v.property for v in first.others] == ["back"]


@pytest.mark.usefixtures("eager")
@pytest.mark.parametrize("budget", [Budget(states=20_000), Budget(depth=9), Budget(states=1)])
def test_a_budget_ends_at_the_same_place(budget: Budget) -> None:
    """A budget of states ends at the last level that it has room for."""
    first, *others = verdicts(agg_core(3, 1), budget=budget)

    assert [told(v) for v in others] == [told(first)] * len(others)
    assert first.coverage.states is not None
    assert budget.states is None or first.coverage.states <= budget.states


def test_nobody_goes_on_before_all_have_returned() -> None:
    """Also where one of the calls fails."""
    crew, returned = Crew(3), []

    def fails() -> int:
        raise ArithmeticError

    def returns() -> int:
        returned.append(1)
        return 7

    assert crew.all([returns, returns, returns]) == [7, 7, 7]
    with pytest.raises(ArithmeticError):
        crew.all([fails, returns, returns])

    crew.close()
    assert len(returned) == 5
