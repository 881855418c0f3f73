"""Random walks repeat from their seed, and what they find is a real, short path."""

from __future__ import annotations

from collections import Counter

import attrs
import pytest
from hypothesis import given, settings

from interlock.checker.contract import Budget, NoneSampled, Path, Step, Task, Trouble, Unknown, Verdict, Violated
from interlock.checker.diagnostics import InputError
from interlock.checker.engines import simulate
from interlock.checker.engines.simulate import Simulate
from interlock.checker.ir import scalar as sc
from interlock.checker.ir.nodes import PropertyKind
from interlock.checker.ir.scalar import Leaf, Node, ScalarProperty, ScalarSystem
from interlock.checker.native.code import jit, moves
from interlock.checker.native.code import successors as native_successors
from tests.engines.test_explore import systems
from tests.engines.walking import told, walk
from tests.native.systems import action, agg_core, claim, is_error, leaf, scalar_system, successors

num = sc.integer
X, Y = sc.int_var("s", 0, 0, 9), sc.int_var("s", 1, 0, 9)


def pair(*properties: ScalarProperty, terminal: Node | None = None, error: Node = sc.FALSE) -> ScalarSystem:
    """Two numbers, either of which may go up by one."""
    acts = tuple(
        action(f"up{i}", [], [sc.lt(v, num(9)), sc.not_(error)], {i: sc.add(v, num(1))}, [error])
        for i, v in enumerate((X, Y))
    )
    end = None if terminal is None else claim("end", PropertyKind.ALWAYS, terminal)
    return scalar_system((leaf("x", 0, 9), leaf("y", 0, 9)), ((0, 0),), acts, properties, end)


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
    assert verdict.path == Path((0, 0), (Step(0, ()),) * 4, Step(0, ()))


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
    """Beside others it is named as not judged."""
    lasting = claim("back", PropertyKind.RECOVERABLE, sc.eq(X, num(0)))

    verdict = Simulate().run(Task(pair(lasting, claim("seen", PropertyKind.REACHABLE, sc.eq(X, num(4)))), walks=50))

    assert verdict.coverage.notes == ("seen: witnessed",)
    assert [n.property for n in verdict.coverage.not_judged] == ["back"]
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


# --- against walks in plain Python -----------------------------------------------------------------


def same(system: ScalarSystem, walks: int, steps: int, seed: int = 5) -> None:
    """Native walks and those in Python take the same steps, and see the same thing go wrong."""
    reference = walk(system, seed, walks, steps)
    verdict = Simulate().run(Task(system, seed=seed, walks=walks, steps=steps))

    c = verdict.coverage
    taken, kinds = Counter[int](), Counter(step.action for step in reference.taken)
    for step, times in reference.taken.items():
        taken[step.action] += times
    assert (c.walks, c.terminal, c.steps) == (reference.walks, reference.terminal, sum(taken.values()))
    assert c.fired == tuple(taken[i] for i in range(len(system.actions)))
    assert c.instances == tuple((kinds[i], len(list(system.expand_params(a)))) for i, a in enumerate(system.actions))
    assert (told(verdict) if isinstance(verdict, Violated) else None) == reference.wrong


@pytest.mark.parametrize("characters", [1, 10**12], ids=["quick form", "fast form"])
@pytest.mark.parametrize("nodes", [0, 12_000], ids=["tables", "constants"])
def test_the_yardstick_is_walked_as_in_python(monkeypatch: pytest.MonkeyPatch, characters: int, nodes: int) -> None:
    """Whatever the form of the code: parameters from tables or as constants, optimised or not."""
    monkeypatch.setattr(jit, "_CHARACTERS", characters)
    monkeypatch.setenv("INTERLOCK_CACHE", "0")
    for module in (moves, native_successors):
        monkeypatch.setattr(module, "UNROLL", nodes)

    same(agg_core(2, 1), 30, 100)


@settings(max_examples=40)
@given(systems())
def test_random_systems_are_walked_as_in_python(system: ScalarSystem) -> None:
    """Counts by instance, terminal states, and what goes wrong first."""
    if {p.kind for p in system.properties} != {PropertyKind.RECOVERABLE}:
        same(system, 20, 15)


def test_a_value_that_moves_is_not_one_that_stays() -> None:
    """Steps that swap two numbers, or copy one to the other."""
    up, _ = pair().actions
    swap = action("swap", [], [], {0: Y, 1: X})
    copy = action("copy", [], [], {0: X, 1: X})
    seen = claim("seen", PropertyKind.ALWAYS, sc.not_(sc.and_((sc.eq(X, num(2)), sc.eq(Y, num(7))))))

    same(attrs.evolve(pair(seen), actions=(up, swap, copy)), 60, 40)


@pytest.mark.parametrize("wrong", ["error", "deadlock"])
def test_the_last_state_of_a_walk_is_looked_at(wrong: str) -> None:
    """A walk of three steps ends where the next one would go wrong."""
    (up, _), late = pair().actions, sc.eq(X, num(3))
    guards, errors = ([sc.not_(late)], []) if wrong == "deadlock" else ([sc.not_(late)], [late])
    system = pair(terminal=sc.FALSE if wrong == "deadlock" else None)
    system = attrs.evolve(system, actions=(action("up", [], guards, dict(up.updates), errors),))

    long, short = (Simulate().run(Task(system, walks=5, steps=n)) for n in (3, 2))

    assert isinstance(long, Violated)
    assert long.trouble is (Trouble.DEADLOCK if wrong == "deadlock" else Trouble.MODEL_ERROR)
    assert isinstance(short, NoneSampled)


# --- faults ----------------------------------------------------------------------------------------


def crashing(nodes: int, *, work: bool = True) -> ScalarSystem:
    """Nodes that work, each as long as it has not crashed, which is a fault; when all have, nothing is enabled."""
    up = [sc.bool_var("s", i) for i in range(nodes)]
    count = sc.int_var("s", nodes, 0, 9)
    works = [action(f"work{i}", [], [x], {nodes: sc.mod(sc.add(count, num(1)), num(10))}) for i, x in enumerate(up)]
    crashes = [attrs.evolve(action(f"crash{i}", [], [x], {i: sc.FALSE}), fault="crash") for i, x in enumerate(up)]
    leaves = (*(Leaf(f"up{i}", True, 0, 1, 0) for i in range(nodes)), leaf("count", 0, 9))
    order = [a for pair in zip(crashes, works, strict=True) for a in pair] if work else crashes
    return scalar_system(leaves, ((1,) * nodes + (0,),), tuple(order), ())


def test_walks_get_deep_where_faults_end_them() -> None:
    """With equal chances for all instances, half of the steps of a walk would be crashes: it would have six steps."""
    verdict = Simulate().run(Task(crashing(3), walks=1000))

    c = verdict.coverage
    assert c.fired is not None
    assert c.steps is not None
    crashes = sum(c.fired[::2])
    assert c.steps > 40 * 1000
    assert 1000 < crashes < 3 * 1000
    assert c.terminal is not None
    assert 100 < c.terminal < 900  # some walks are stormy, and end early; others go all the way


def test_faults_are_taken_where_nothing_else_is_enabled() -> None:
    """However rare they are beside others."""
    verdict = Simulate().run(Task(crashing(3, work=False), walks=50))

    assert (verdict.coverage.steps, verdict.coverage.terminal) == (150, 50)


def test_faults_are_drawn_as_in_python() -> None:
    """By the rate of each walk, and with equal chances among faults, and among the others."""
    same(crashing(4), 60, 60)
    same(crashing(2, work=False), 20, 10)
    same(attrs.evolve(crashing(3), actions=crashing(3).actions[::-1]), 60, 60)


# --- threads ---------------------------------------------------------------------------------------


def bare(verdict: Verdict) -> Verdict:
    """All that a verdict says, but for times and memory."""
    return attrs.evolve(
        verdict, coverage=attrs.evolve(verdict.coverage, search_seconds=None, peak_memory=None, compared=None)
    )


def on_threads(system: ScalarSystem, **task: object) -> list[Verdict]:
    return [bare(Simulate().run(Task(system, workers=n, **task))) for n in (1, 2, 3, 7)]  # type: ignore[arg-type]


@settings(max_examples=30)
@given(systems())
def test_any_number_of_threads_says_the_same(system: ScalarSystem) -> None:
    """Verdict, path and every count."""
    if {p.kind for p in system.properties} != {PropertyKind.RECOVERABLE}:
        first, *others = on_threads(system, walks=200, steps=20)

        assert others == [first] * 3


@pytest.mark.parametrize("chunk", [1, 5, 1000])
def test_a_rare_violation_is_told_alike(monkeypatch: pytest.MonkeyPatch, chunk: int) -> None:
    """Several walks go wrong; the first by its number is told, and what was walked beyond it does not count."""
    monkeypatch.setattr(simulate, "_FIRST_CHUNK", chunk)
    seen = claim("seen", PropertyKind.REACHABLE, sc.eq(X, num(9)))
    system = pair(seen, claim("rare", PropertyKind.ALWAYS, sc.not_(sc.and_((sc.eq(X, num(9)), sc.eq(Y, num(0)))))))

    first, *others = on_threads(system, seed=2, walks=100_000)

    assert others == [first] * 3
    assert isinstance(first, Violated)
    reference = walk(system, 2, 100_000, 100)
    assert first.coverage.walks == reference.walks > 1
    assert first.coverage.steps == sum(reference.taken.values())


def test_walks_without_a_violation_count_alike() -> None:
    """Also where the last round has fewer walks than threads."""
    first, *others = on_threads(agg_core(2, 1), walks=1001)

    assert others == [first] * 3
    assert first.coverage.walks == 1001
