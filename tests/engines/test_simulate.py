"""Random walks repeat from their seed, and what they find is a real, short path."""

from __future__ import annotations

import pytest

from checker.diagnostics import InputError
from checker.engines.contract import Budget, NoneSampled, Path, Step, Task, Trouble, Unknown, Violated
from checker.engines.simulate import Simulate
from checker.ir import scalar as sc
from checker.ir.nodes import PropertyKind
from checker.ir.scalar import Node, ScalarProperty, ScalarSystem
from tests.native.systems import action, agg_core, claim, is_error, leaf, successors

num = sc.integer
X, Y = sc.int_var("s", 0, 0, 9), sc.int_var("s", 1, 0, 9)


def pair(*properties: ScalarProperty, terminal: Node | None = None, error: Node = sc.FALSE) -> ScalarSystem:
    """Two numbers, either of which may go up by one."""
    acts = tuple(
        action(f"up{i}", [], [sc.lt(v, num(9)), sc.not_(error)], {i: sc.add(v, num(1))}, [error])
        for i, v in enumerate((X, Y))
    )
    end = None if terminal is None else claim("end", PropertyKind.ALWAYS, terminal)
    return ScalarSystem((leaf("x", 0, 9), leaf("y", 0, 9)), ((0, 0),), acts, properties, end)


def replayed(system: ScalarSystem, path: Path) -> tuple[int, ...]:
    state = path.initial
    for step in path.steps:
        state = {(s.action, s.params): t for s, t in successors(system, state)}[step.action, step.params]
    return state


def test_a_violation_is_shortened() -> None:
    """Only the five steps of x are left, though y went up too."""
    system = pair(claim("small", PropertyKind.ALWAYS, sc.lt(X, num(5))))

    verdict = Simulate().run(Task(system, seed=3))

    assert isinstance(verdict, Violated)
    assert verdict.path is not None
    assert verdict.path.steps == (Step(0, ()),) * 5


def test_a_step_is_checked() -> None:
    """The step from 3 to 4 is not allowed."""
    after = sc.int_var("t", 0, 0, 9)
    bad = sc.and_((sc.eq(X, num(3)), sc.eq(after, num(4))))

    verdict = Simulate().run(Task(pair(claim("fine", PropertyKind.STEP, sc.not_(bad)))))

    assert isinstance(verdict, Violated)
    assert verdict.path == Path((0, 0), (Step(0, ()),) * 4)


def test_a_deadlock_is_found() -> None:
    """Where both numbers are 9 nothing is enabled."""
    system = pair(terminal=sc.FALSE)

    verdict = Simulate().run(Task(system))

    assert isinstance(verdict, Violated)
    assert verdict.path is not None
    assert (verdict.trouble, replayed(system, verdict.path)) == (Trouble.DEADLOCK, (9, 9))


def test_an_error_of_the_model_is_found() -> None:
    """At x = 3 every step goes wrong."""
    system = pair(error=sc.eq(X, num(3)))

    verdict = Simulate().run(Task(system))

    assert isinstance(verdict, Violated)
    assert verdict.path is not None
    assert (verdict.trouble, len(verdict.path.steps)) == (Trouble.MODEL_ERROR, 3)
    assert verdict.error_step is not None
    assert is_error(system, replayed(system, verdict.path))


def test_nothing_found_says_how_much_was_walked() -> None:
    """The same numbers from the same seed, other ones from another."""
    runs = [Simulate().run(Task(agg_core(2, 1), seed=seed, walks=500)) for seed in (1, 1, 2)]

    assert all(isinstance(r, NoneSampled) and r.walks == 500 for r in runs)
    first, second, third = (r.coverage for r in runs)
    assert first.fired is not None
    assert first.steps == sum(first.fired)
    assert (first.fired, first.terminal) == (second.fired, second.terminal) != (third.fired, third.terminal)


def test_walks_end_at_their_longest() -> None:
    """Ten walks of three steps."""
    verdict = Simulate().run(Task(pair(), walks=10, steps=3))

    assert verdict.coverage.steps == 30


def test_recoverable_alone_is_refused() -> None:
    """Beside others it is noted as not decided."""
    lasting = claim("back", PropertyKind.RECOVERABLE, sc.eq(X, num(0)))

    verdict = Simulate().run(Task(pair(lasting, claim("seen", PropertyKind.REACHABLE, sc.eq(X, num(4)))), walks=50))

    assert verdict.coverage.notes == ("back: not decided by random walks", "seen: witnessed")
    with pytest.raises(InputError, match="E010"):
        Simulate().run(Task(pair(lasting)))


@pytest.mark.parametrize("options", [{"walks": 0}, {"steps": 0}, {"budget": Budget(depth=0)}])
def test_walks_that_sample_nothing_are_refused(options: dict[str, object]) -> None:
    """No walk, or walks of no step."""
    with pytest.raises(InputError, match="E030"):
        Simulate().run(Task(pair(), **options))  # type: ignore[arg-type]


def test_budgets_end_in_unknown() -> None:
    """By the clock, and when asked to stop."""
    late = Simulate().run(Task(agg_core(2, 1), Budget(seconds=0.0), walks=10**9))
    asked = Simulate().run(Task(agg_core(2, 1), walks=10**9, interrupted=lambda: True))

    assert isinstance(late, Unknown)
    assert isinstance(asked, Unknown)
