"""What is told of a walk that went wrong is short, and goes wrong in the same way."""

from __future__ import annotations

import random
from collections.abc import Iterator

import attrs
import pytest
from hypothesis import given, settings

from interlock.checker.contract import Path, Step, Task, Violated
from interlock.checker.diagnostics import InputError
from interlock.checker.engines import shrink
from interlock.checker.engines.explore import Explore
from interlock.checker.engines.simulate import Simulate
from interlock.checker.ir import scalar as sc
from interlock.checker.ir.nodes import PropertyKind
from interlock.checker.ir.scalar import ScalarSystem
from tests.agreement.compare import compiles, prepare, read
from tests.engines.test_explore import systems
from tests.engines.walking import goes_wrong, told, walk
from tests.native.systems import action, claim, initial_states, is_error, leaf, scalar_system, successors
from tests.strategies import random_model

num = sc.integer


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """No search, and nothing tried beside leaving out: walks are as short as is promised, and no shorter."""
    monkeypatch.setattr(shrink, "_EFFORT", 0)


@pytest.fixture
def no_search(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything is tried but a search."""
    monkeypatch.setattr(shrink._Shrinking, "_searched", lambda *_: None)


def violations(start: int, stop: int) -> Iterator[tuple[ScalarSystem, Violated]]:
    """The random models of some seeds, where a state that some steps lead to is a violation; as far as it is found."""
    for seed in range(start, stop):
        try:
            subject = prepare(read(random_model(seed)))
        except InputError:
            continue
        if not compiles(subject.begins):
            continue
        system, chance = subject.system, random.Random(seed)
        state = initial_states(system)[0]
        for _ in range(8):
            steps = [] if is_error(system, state) else successors(system, state)
            state = chance.choice(steps)[1] if steps else state
        leaves = [
            sc.bool_var("s", i) if x.boolean else sc.int_var("s", i, x.lo, x.hi) for i, x in enumerate(system.leaves)
        ]
        there = sc.and_(same(leaf, value) for leaf, value in zip(leaves, state, strict=True))
        system = attrs.evolve(system, properties=(claim("elsewhere", PropertyKind.ALWAYS, sc.not_(there)),))
        verdict = Simulate().run(Task(system, walks=300, steps=40))
        if isinstance(verdict, Violated):
            yield system, verdict


def same(leaf: sc.Node, value: int) -> sc.Node:
    """Whether a leaf has a value."""
    return sc.eq(leaf, sc.boolean(bool(value)) if leaf.boolean else num(value))


def without_runs(path: Path, longest: int) -> Iterator[Path]:
    """The path without one run of steps, of a length up to the longest."""
    n = len(path.steps)
    for size in range(1, min(longest, n) + 1):
        for at in range(n - size + 1):
            yield attrs.evolve(path, steps=path.steps[:at] + path.steps[at + size :])


def check(system: ScalarSystem, verdict: Violated, longest: int) -> None:
    """The path goes wrong as it says, at its end, and no path without a run of its steps does."""
    assert verdict.path is not None
    wrong = told(verdict)
    assert goes_wrong(system, verdict.path) == (wrong, len(verdict.path.steps))
    for shorter in without_runs(verdict.path, longest):
        found = goes_wrong(system, shorter)
        assert found is None or found[0] != wrong


@pytest.mark.usefixtures("hasty")
def test_no_step_of_a_random_model_can_be_left_out() -> None:
    """Judged by the scalar form in Python, step by step."""
    lengths = []
    for system, verdict in violations(0, 100):
        check(system, verdict, 1)
        lengths.append(0 if verdict.path is None else len(verdict.path.steps))

    assert max(lengths) >= 2
    assert sum(n > 0 for n in lengths) >= 20


@pytest.mark.usefixtures("no_search")
@settings(max_examples=60)
@given(systems())
def test_no_run_of_steps_can_be_left_out(system: ScalarSystem) -> None:
    """Nor can an earlier instance of the same action stand for a step, nor an earlier initial state for the first."""
    verdict = Simulate().run(Task(system, walks=50, steps=30)) if judged(system) else None
    if not isinstance(verdict, Violated):
        return

    check(system, verdict, 30)
    check_first(system, verdict)


def check_first(system: ScalarSystem, verdict: Violated) -> None:
    """No earlier instance of the same action can stand for a step, and no earlier initial state for the first."""
    assert verdict.path is not None
    path, wrong = verdict.path, told(verdict)
    for i, step in enumerate(path.steps):
        for params in system.expand_params(system.actions[step.action]):
            if params == step.params:
                break
            other = (*path.steps[:i], Step(step.action, params), *path.steps[i + 1 :])
            found = goes_wrong(system, attrs.evolve(path, steps=other))
            assert found is None or found[0] != wrong
    for initial in initial_states(system)[: initial_states(system).index(path.initial)]:
        found = goes_wrong(system, attrs.evolve(path, initial=initial))
        assert found is None or found[0] != wrong


def judged(system: ScalarSystem) -> bool:
    """Whether walks can decide anything of it."""
    kinds = {p.kind for p in system.properties}
    return kinds != {PropertyKind.RECOVERABLE}


@settings(max_examples=60)
@given(systems())
def test_a_small_system_gives_a_shortest_path(system: ScalarSystem) -> None:
    """As long as the one that exhaustive search finds for the same trouble."""
    if not judged(system):
        return
    walked, searched = Simulate().run(Task(system, walks=50, steps=30)), Explore().run(Task(system, every=True))
    if not isinstance(walked, Violated):
        return

    check(system, walked, 1)
    check_first(system, walked)
    assert isinstance(searched, Violated)
    same = [v for v in (searched, *searched.others) if told(v) == told(walked)]
    assert walked.path is not None
    assert [len(v.path.steps) for v in same if v.path is not None] == [len(walked.path.steps)]


@pytest.mark.parametrize("kind", [PropertyKind.ALWAYS, PropertyKind.STEP])
def test_a_detour_is_cut_short(monkeypatch: pytest.MonkeyPatch, kind: PropertyKind) -> None:
    """A jump leads where many small steps had led, though no piece of those steps can be left out."""
    x, a = sc.int_var("s", 0, 0, 40), sc.int_var("s", 1, 0, 1)
    up = action("up", [], [sc.lt(x, num(40)), sc.eq(a, num(0))], {0: sc.add(x, num(1))})
    jump = action("jump", [], [sc.eq(x, num(0))], {0: num(39), 1: num(1)})
    end = action("end", [], [sc.eq(x, num(39)), sc.eq(a, num(1))], {0: num(40), 1: num(0)})
    reached = sc.int_var("s" if kind is PropertyKind.ALWAYS else "t", 0, 0, 40)
    below = claim("below", kind, sc.lt(reached, num(40)))
    system = scalar_system((leaf("x", 0, 40), leaf("a", 0, 1)), ((1, 0), (0, 0)), (up, jump, end), (below,))

    verdict = Simulate().run(Task(system, seed=3))
    monkeypatch.setattr(shrink, "_EFFORT", 0)
    walked = Simulate().run(Task(system, seed=3))

    assert isinstance(walked, Violated)
    assert walked.path == Path((1, 0), (Step(0, ()),) * 39, Step(0, ()))
    assert isinstance(verdict, Violated)
    assert verdict.path == Path((0, 0), (Step(1, ()), Step(2, ())), Step(1, ()))


@pytest.mark.parametrize("seed", range(5))
def test_a_round_of_steps_is_left_out(no_search: None, seed: int) -> None:
    """Three turns lead back to where they began; without one of them, or two, nothing goes on."""
    x, c = sc.int_var("s", 0, 0, 5), sc.int_var("s", 1, 0, 2)
    turn = action("turn", [], [], {1: sc.mod(sc.add(c, num(1)), num(3))})
    up = action("up", [], [sc.eq(c, num(0)), sc.lt(x, num(5))], {0: sc.add(x, num(1))})
    below = claim("below", PropertyKind.ALWAYS, sc.lt(x, num(5)))
    system = scalar_system((leaf("x", 0, 5), leaf("c", 0, 2)), ((0, 0),), (turn, up), (below,))

    verdict = Simulate().run(Task(system, seed=seed))

    assert isinstance(verdict, Violated)
    assert verdict.path == Path((0, 0), (Step(1, ()),) * 5, Step(0, ()))


@pytest.mark.parametrize("seed", range(5))
def test_it_stays_the_same_trouble(no_search: None, seed: int) -> None:
    """Without the step of y, x would get no farther than 3, which is something else that is wrong."""
    x, y = sc.int_var("s", 0, 0, 9), sc.int_var("s", 1, 0, 1)
    acts = (
        action("x", [], [sc.lt(x, num(9))], {0: sc.add(x, num(1))}),
        action("y", [], [sc.eq(y, num(0)), sc.lt(x, num(2))], {1: num(1)}),
    )
    lone = claim("lone", PropertyKind.ALWAYS, sc.not_(sc.and_((sc.eq(x, num(3)), sc.eq(y, num(0))))))
    far = claim("far", PropertyKind.ALWAYS, sc.lt(x, num(5)))
    system = scalar_system((leaf("x", 0, 9), leaf("y", 0, 1)), ((0, 0),), acts, (lone, far))

    verdict = Simulate().run(Task(system, seed=seed))

    assert isinstance(verdict, Violated)
    assert told(verdict) == walk(system, seed, 10_000, 100).wrong
    assert verdict.path is not None
    assert len(verdict.path.steps) == {"lone": 3, "far": 6}[verdict.property or ""]


def test_parameters_become_small(no_search: None) -> None:
    """The first instances that lead there, whichever were walked."""
    x = sc.int_var("s", 0, 0, 20)
    by = sc.int_var("p", 0, 0, 5)
    grow = action("grow", [(0, 5)], [sc.lt(x, num(15)), sc.lt(num(1), by)], {0: sc.add(x, by)})
    below = claim("below", PropertyKind.ALWAYS, sc.lt(x, num(5)))
    system = scalar_system((leaf("x", 0, 20),), ((2,), (0,)), (grow,), (below,))

    verdict = Simulate().run(Task(system, seed=5))

    assert isinstance(verdict, Violated)
    assert verdict.path is not None
    assert {step.params for step in verdict.path.steps} <= {(3,), (2,)}
