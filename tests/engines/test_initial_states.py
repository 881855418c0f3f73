"""Every engine begins where the initial actions lead, however many states that are, and nowhere else."""

from __future__ import annotations

import itertools
from pathlib import Path as FilePath

import attrs
import pytest
from hypothesis import given, settings

from interlock.checker.contract import (
    Budget,
    Checkpoint,
    Engine,
    Holds,
    NoneSampled,
    Step,
    Task,
    Trouble,
    Unknown,
    Verdict,
    Violated,
)
from interlock.checker.engines.bmc import Bmc
from interlock.checker.engines.explore import Explore
from interlock.checker.engines.induction import Induction
from interlock.checker.engines.simulate import Simulate
from interlock.checker.ir import scalar as sc
from interlock.checker.ir.nodes import PropertyKind
from interlock.checker.ir.scalar import ScalarAction, ScalarSystem
from interlock.checker.passes import starts
from interlock.checker.passes.correspondence import correspondence
from interlock.checker.passes.known import narrowed
from interlock.checker.passes.ranges import ranges
from tests.engines.test_explore import RANGES, random_initials, systems
from tests.native.systems import State, action, begun, claim, leaf, list_no_initial_states, search, told

num = sc.integer
ALWAYS = PropertyKind.ALWAYS
ENGINES: tuple[Engine, ...] = (Explore(), Simulate(), Bmc(), Induction())
QUIET = settings(max_examples=60, deadline=None)
TOP = 999
A, B = (sc.int_var("p", i, 0, TOP) for i in range(2))
X, Y = (sc.int_var("s", i, 0, TOP) for i in range(2))
LEAVES = (leaf("x", 0, TOP), leaf("y", 0, TOP))


def pairs(*guards: sc.Node, top: int = TOP, errors: tuple[sc.Node, ...] = ()) -> ScalarSystem:
    """Two numbers, which begin as any two up to a thousand each, and an action that moves one of them."""
    own = [sc.int_var("p", i, 0, top) for i in range(2)]
    begin = action("begin", [(0, top)] * 2, guards, dict(enumerate(own)), errors)
    up = action("up", [], [sc.lt(X, num(TOP)), sc.lt(Y, num(5))], {0: sc.add(X, num(1))})
    return ScalarSystem(LEAVES, (begin,), (up,), ())


def never(system: ScalarSystem, state: State) -> ScalarSystem:
    """It claims that a state is never there, and does nothing."""
    here = [
        sc.eq(sc.int_var("s", i, leaf.lo, leaf.hi), num(v))
        for i, (leaf, v) in enumerate(zip(system.leaves, state, strict=True))
    ]
    claims = (claim("never", ALWAYS, sc.not_(sc.and_(here))),)
    return attrs.evolve(system, actions=(), properties=claims, terminal=None)


def distinct(system: ScalarSystem) -> dict[State, Step]:
    """The initial states, each with the first instance that leads to it, by a loop in Python."""
    found: dict[State, Step] = {}
    for step, state in begun(system):
        found.setdefault(state, step)
    return found


# --- which states there are ------------------------------------------------------------------------


@QUIET
@given(systems())
def test_a_search_begins_with_the_states_that_initial_actions_lead_to(system: ScalarSystem) -> None:
    """Those of disabled instances are none, and one that several lead to counts once."""
    bare = attrs.evolve(system, actions=(), properties=(), terminal=None)

    verdict = Explore().run(Task(bare))

    assert isinstance(verdict, Holds)
    assert verdict.coverage.states == len(distinct(system))
    assert starts.listed(system) == tuple(distinct(system))


@QUIET
@given(systems())
def test_a_path_says_by_which_initial_instance_it_begins(system: ScalarSystem) -> None:
    """By the first that leads there, where a search or a walk finds it; by one of them, where Z3 does."""
    first = distinct(system)
    state = max(first)
    bad = never(system, state)

    for engine in ENGINES:
        verdict = engine.run(Task(bad, walks=500))
        if isinstance(verdict, NoneSampled):
            continue
        assert isinstance(verdict, Violated)
        assert verdict.path is not None
        assert (verdict.path.initial, verdict.path.steps) == (state, ())
        assert (verdict.path.start, state) in begun(system)
        if engine.name in ("explore", "simulate"):
            assert verdict.path.start == first[state]


@pytest.mark.parametrize("engine", ENGINES, ids=lambda e: e.name)
@QUIET
@given(initials=random_initials(erring=True))
def test_an_initial_action_that_is_an_error_is_told_by_every_engine(
    engine: Engine, initials: tuple[ScalarAction, ...]
) -> None:
    """Search and walks tell the first instance that is one, Z3 tells one of the first action that has any; and where
    no instance is enabled, all say that there is no initial state."""
    leaves = tuple(leaf(f"x{i}", lo, hi) for i, (lo, hi) in enumerate(RANGES))
    system = ScalarSystem(leaves, initials, (), (claim("any", ALWAYS, sc.TRUE),))
    wrong = list(erring(system))

    verdict = engine.run(Task(system, walks=10))

    if wrong or not begun(system):
        assert isinstance(verdict, Violated)
        assert (verdict.trouble, verdict.property, verdict.path) == (Trouble.MODEL_ERROR, None, None)
        assert verdict.begins_nowhere()
        assert not verdict.used()
        if engine.name in ("explore", "simulate"):
            assert verdict.error_step == (wrong[0] if wrong else None)
        elif wrong:
            assert verdict.error_step in [s for s in wrong if s.action == wrong[0].action]
        else:
            assert verdict.error_step is None
    else:
        assert not isinstance(verdict, Violated)


def erring(system: ScalarSystem) -> list[Step]:
    """The initial instances that are errors of the model."""
    found = []
    for number, a in enumerate(system.initials):
        for values in system.expand_params(a):
            env = {("p", i): int(v) for i, v in enumerate(values)}  # type: ignore[call-overload]
            if any(sc.evaluate([e.condition for e in a.errors], env)):
                found.append(Step(number, values))
    return found


# --- budgets ---------------------------------------------------------------------------------------


def test_a_million_initial_states_are_searched() -> None:
    verdict = Explore().run(Task(pairs()))

    assert isinstance(verdict, Holds)
    assert (verdict.coverage.states, verdict.coverage.depth) == (1_000_000, 0)
    assert verdict.coverage.transitions == 999 * 5


def test_a_budget_of_states_holds_among_the_initial_ones() -> None:
    """Not all of them are made first."""
    verdict = Explore().run(Task(pairs(), Budget(states=1_000)))

    assert isinstance(verdict, Unknown)
    assert verdict.reason == "states budget of 1000 reached"
    assert (verdict.coverage.states, verdict.coverage.depth) == (1_000, 0)
    assert verdict.coverage.peak_memory is not None
    assert verdict.coverage.peak_memory < 1 << 20


def test_a_budget_of_memory_holds_among_them() -> None:
    verdict = Explore().run(Task(pairs(), Budget(memory=1 << 20)))

    assert isinstance(verdict, Unknown)
    assert verdict.reason == "memory budget of 1 MiB reached"
    assert verdict.coverage.states is not None
    assert 20_000 < verdict.coverage.states < 1_000_000


@pytest.mark.parametrize("engine", ENGINES[:2], ids=lambda e: e.name)
@pytest.mark.parametrize("far", [False, True])
def test_who_waits_is_asked_about_among_them(engine: Engine, far: bool) -> None:
    """Of more than could ever be gone through, none of which is enabled."""
    top = (1 << 30) - 1 if far else TOP
    system = pairs(sc.lt(sc.mul(A, num(3)), num(0)), top=top)
    endless = attrs.evolve(system.initials[0], guards=(sc.eq(sc.mod(sc.int_var("p", 0, 0, top), num(2)), num(5)),))

    verdict = engine.run(Task(attrs.evolve(system, initials=(endless,)), interrupted=lambda: True))

    assert isinstance(verdict, Unknown)
    assert verdict.reason == "interrupted" or (far and "none is enabled" in verdict.reason)


def test_states_that_memory_has_no_room_for_are_on_disk(tmp_path: FilePath) -> None:
    """The level of the initial states is one like any other."""
    system = attrs.evolve(pairs(top=299), properties=(claim("low", ALWAYS, sc.lt(X, num(303))),))

    spilled = Explore().run(Task(system, Budget(memory=1 << 19), spill=tmp_path, every=True))
    plain = Explore().run(Task(system, every=True))

    assert any("spilled" in note for note in spilled.coverage.notes)
    assert told(attrs.evolve(spilled, coverage=attrs.evolve(spilled.coverage, notes=()))) == told(plain)


@pytest.mark.parametrize("looks", [1, 2, 5])
def test_a_search_that_is_saved_among_them_goes_on_from_there(
    looks: int, tmp_path: FilePath, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the counts, the verdict and the path of one that was never ended."""
    monkeypatch.setattr("interlock.checker.engines.stretching._FIRST_CHUNK", 1_000)
    monkeypatch.setattr("interlock.checker.engines.pausing.PAUSE", 0.0)
    system = attrs.evolve(pairs(top=149), properties=(claim("low", ALWAYS, sc.lt(X, num(153))),))
    file, left = tmp_path / "c", itertools.count()
    cut = Explore().run(Task(system, checkpoint=Checkpoint(file), interrupted=lambda: next(left) >= looks, every=True))
    assert isinstance(cut, Unknown)
    assert cut.coverage.states is not None
    assert 0 < cut.coverage.states < 22_500

    whole = Explore().run(Task(system, checkpoint=Checkpoint(file), every=True))

    assert "went on from a checkpoint" in whole.coverage.notes[-1]
    plain = Explore().run(Task(system, every=True))
    assert told(attrs.evolve(whole, coverage=attrs.evolve(whole.coverage, notes=()))) == told(plain)


@pytest.mark.parametrize("engine", [Bmc(), Induction()], ids=lambda e: e.name)
def test_a_solver_takes_them_as_they_are_said(engine: Engine) -> None:
    """Not one by one: they are more than could be gone through."""
    top = (1 << 61) - 1
    own = sc.int_var("p", 0, 0, top)
    begin = action("begin", [(0, top)], [sc.eq(sc.mod(own, num(7)), num(3))], {0: own})
    system = ScalarSystem((leaf("x", 0, top),), (begin,), (), ())
    x = sc.int_var("s", 0, 0, top)
    odd = attrs.evolve(system, properties=(claim("odd", ALWAYS, sc.eq(sc.mod(x, num(2)), num(1))),))
    three = attrs.evolve(system, properties=(claim("three", ALWAYS, sc.eq(sc.mod(x, num(7)), num(3))),))

    bad, good = (engine.run(Task(s, steps=2)) for s in (odd, three))

    assert isinstance(bad, Violated)
    assert bad.path is not None
    assert (bad.path.initial[0] % 7, bad.path.initial[0] % 2) == (3, 0)
    assert bad.path.start == Step(0, bad.path.initial)
    assert not isinstance(good, (Violated, Unknown))


# --- walks -----------------------------------------------------------------------------------------


def test_walks_begin_with_the_enabled_instances_alike() -> None:
    """Also with several that lead to one state: instances are drawn, as they are for each step."""
    own = sc.int_var("p", 0, 0, 9)
    begin = action("begin", [(0, 9)], [sc.lt(own, num(8))], {0: sc.div(own, num(2)), 1: num(0)})
    stop = action("stop", [(0, 3)], [sc.eq(X, sc.int_var("p", 0, 0, 3)), sc.eq(Y, num(0))], {1: num(1)})
    system = ScalarSystem(LEAVES, (begin,), (stop,), ())

    for most in (1 << 22, 0):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("interlock.checker.engines.simulate.LISTED", most)
            verdicts = [Simulate().run(Task(system, seed=5, walks=4_000, workers=n)) for n in (1, 2)]

        assert told(verdicts[0]) == told(verdicts[1])
        assert verdicts[0].coverage.instances == ((4, 4),)


def test_walks_of_more_instances_than_are_listed_draw_until_one_is_enabled() -> None:
    top = (1 << 40) - 1
    own = sc.int_var("p", 0, 0, top)
    begin = action("begin", [(0, top)], [sc.eq(sc.mod(own, num(100)), num(7))], {0: sc.mod(own, num(1000)), 1: num(0)})
    system = ScalarSystem(LEAVES, (begin,), (), (claim("sevens", ALWAYS, sc.not_(sc.eq(X, num(507)))),))

    verdict = Simulate().run(Task(system, walks=1_000))

    assert isinstance(verdict, Violated)
    assert verdict.path is not None
    assert verdict.path.initial == (507, 0)
    assert verdict.path.start == Step(0, (507,))  # the first that leads there, whichever was drawn


def test_walks_that_draw_none_that_is_enabled_say_so() -> None:
    top = (1 << 40) - 1
    own = sc.int_var("p", 0, 0, top)
    begin = action("begin", [(0, top)], [sc.eq(own, num(3))], {0: num(0), 1: num(0)})

    verdict = Simulate().run(Task(ScalarSystem(LEAVES, (begin,), (), ()), walks=10))

    assert isinstance(verdict, Unknown)
    assert verdict.reason == "of 1048576 initial instances that were drawn for a walk, none is enabled"
    assert verdict.coverage.walks == 0


# --- what is shown beforehand ----------------------------------------------------------------------


@pytest.fixture
def unlisted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Initial states are never listed: there are too many."""
    list_no_initial_states(monkeypatch)


@pytest.mark.usefixtures("unlisted")
@settings(max_examples=60, deadline=None)
@given(systems())
def test_what_is_known_of_leaves_without_a_list_is_so(system: ScalarSystem) -> None:
    """Intervals and equalities come from the expressions, and hold in every state that is reached."""
    starts._listed.cache_clear()
    equal = correspondence(system)
    known = {**equal.ranges, **ranges(narrowed(system, equal))}

    for state in search(system)[0]:
        assert all(known[i][0] <= state[i] <= known[i][1] for i in known)
        assert all(state[i] == state[k] for i, k in equal.same.items())


@pytest.mark.usefixtures("unlisted")
def test_intervals_without_a_list_follow_the_guards() -> None:
    """And those of an action that is never enabled are none."""
    starts._listed.cache_clear()
    few = pairs(sc.lt(A, num(10)), sc.le(num(7), B))
    off = action("off", [], [sc.FALSE], {0: num(500), 1: num(0)})

    assert ranges(attrs.evolve(few, initials=(*few.initials, off), actions=())) == {0: (0, 9), 1: (7, TOP)}


@pytest.mark.usefixtures("unlisted")
def test_a_search_does_not_depend_on_the_list(monkeypatch: pytest.MonkeyPatch) -> None:
    starts._listed.cache_clear()
    monkeypatch.setattr("interlock.checker.native.module.program._NARROW", 0)
    few = pairs(sc.lt(A, num(10)), sc.le(num(990), B))

    verdict: Verdict = Explore().run(Task(few))

    assert isinstance(verdict, Holds)
    assert verdict.coverage.states == 100
