"""Exhaustive search finds every state, the shortest counterexample, and says no more than it saw."""

from __future__ import annotations

import itertools
import time

import attrs
import networkx as nx
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from interlock.checker.contract import (
    Budget,
    Coverage,
    Holds,
    NoneWithin,
    Path,
    Step,
    Task,
    Trouble,
    Unknown,
    Verdict,
    Violated,
)
from interlock.checker.engines.explore import Explore
from interlock.checker.ir import scalar as sc
from interlock.checker.ir.nodes import PropertyKind
from interlock.checker.ir.scalar import Leaf, Node, ScalarAction, ScalarProperty, ScalarSystem
from tests.native.systems import (
    action,
    agg_core,
    begun,
    claim,
    initial_states,
    keep_all_leaves,
    leaf,
    recoverable,
    scalar_system,
    search,
    starting,
    successors,
)

num = sc.integer
ALWAYS, STEP = PropertyKind.ALWAYS, PropertyKind.STEP
REACHABLE, RECOVERABLE = PropertyKind.REACHABLE, PropertyKind.RECOVERABLE


def check(system: ScalarSystem, **budget: float) -> Verdict:
    return Explore().run(Task(system, Budget(**budget)))  # type: ignore[arg-type]


def check_every(system: ScalarSystem, **budget: float) -> Verdict:
    """Everything that is violated, in one run."""
    return Explore().run(Task(system, Budget(**budget), every=True))  # type: ignore[arg-type]


def told(verdict: Verdict) -> list[tuple[str | None, int | None]]:
    """What a verdict says is violated, each with the length of its path."""
    assert isinstance(verdict, Violated)
    every = (verdict, *verdict.others)
    return [(v.property or v.trouble.value, None if v.path is None else len(v.path.steps)) for v in every]


def counter(
    top: int, *properties: ScalarProperty, stop: int | None = None, terminal: Node | None = None, guarded: bool = True
) -> ScalarSystem:
    """A number that goes up one by one to `stop` and starts again where it may."""
    x = sc.int_var("s", 0, 0, top)
    end = top if stop is None else stop
    guards = [sc.lt(x, num(end))]
    errors = [] if guarded else [sc.eq(x, num(end))]
    up = action("up", [], guards, {0: sc.add(x, num(1))}, errors)
    end_claim = None if terminal is None else claim("may stop", ALWAYS, terminal)
    return scalar_system((leaf("x", 0, top),), ((0,),), (up,), properties, end_claim)


def replayed(system: ScalarSystem, path: Path) -> tuple[int, ...]:
    """The state a path leads to; fails when a step of it is not enabled."""
    assert path.initial in initial_states(system)
    state = path.initial
    for step in path.steps:
        state = {(s.action, s.params): t for s, t in successors(system, state)}[step.action, step.params]
    return state


X = sc.int_var("s", 0, 0, 100)


def test_the_yardstick_has_its_known_size() -> None:
    """agg-core with three chains of one height."""
    system = agg_core(3, 1)

    verdict = check(system)

    assert isinstance(verdict, Holds)
    c = verdict.coverage
    assert (c.states, c.transitions, c.depth, c.frontier) == (580_376, 2_351_394, 15, 0)
    assert c.fired is not None
    assert sum(c.fired) == c.transitions


def test_two_runs_agree() -> None:
    """Everything but the times is the same on every run."""
    first, second = (check(agg_core(2, 1)).coverage for _ in range(2))

    assert (first.states, first.transitions, first.fired) == (second.states, second.transitions, second.fired)


def test_a_violation_comes_with_a_shortest_path() -> None:
    """x reaches 7 in seven steps."""
    system = counter(100, claim("small", ALWAYS, sc.lt(X, num(7))))

    verdict = check(system)

    assert isinstance(verdict, Violated)
    assert verdict.path is not None
    assert (verdict.trouble, verdict.property, len(verdict.path.steps)) == (Trouble.PROPERTY, "small", 7)
    assert replayed(system, verdict.path) == (7,)


def test_an_initial_state_may_violate() -> None:
    """Then the path has no steps, and the first such state is the one."""
    system = counter(100, claim("never 3", ALWAYS, sc.not_(sc.eq(X, num(3)))))
    system = scalar_system(system.leaves, ((5,), (3,), (4,)), system.actions, system.properties)

    verdict = check(system)

    assert isinstance(verdict, Violated)
    assert verdict.path == Path((3,), (), Step(1, ()))


def test_several_initial_states_are_all_explored() -> None:
    """More of them than a batch holds, some of them reached from others."""
    base = counter(5_000)
    system = scalar_system(base.leaves, tuple((i,) for i in range(0, 4_000, 7)), base.actions, ())

    verdict = check(system)

    assert isinstance(verdict, Holds)
    assert (verdict.coverage.states, verdict.coverage.transitions) == (5_001, 5_000)


def test_many_levels_are_no_trouble() -> None:
    """A path of 20 000 steps, more levels than are handed over at a time."""
    x = sc.int_var("s", 0, 0, 20_000)
    verdict = check(counter(20_000, claim("not there", ALWAYS, sc.not_(sc.eq(x, num(19_999))))))

    assert isinstance(verdict, Violated)
    assert verdict.path is not None
    assert len(verdict.path.steps) == 19_999


def test_a_step_may_violate() -> None:
    """The step from 4 to 5 is not allowed, though both states are."""
    t = sc.int_var("t", 0, 0, 100)
    bad = sc.and_((sc.eq(X, num(4)), sc.eq(t, num(5))))
    system = counter(100, claim("fine", STEP, sc.not_(bad)))

    verdict = check(system)

    assert isinstance(verdict, Violated)
    assert verdict.path is not None
    assert (verdict.property, replayed(system, verdict.path), len(verdict.path.steps)) == ("fine", (5,), 5)


def test_a_deadlock_is_found_unless_declared() -> None:
    """At 9 no action is enabled."""
    wrong = check(counter(100, stop=9, terminal=sc.eq(X, num(8))))
    right = check(counter(100, stop=9, terminal=sc.eq(X, num(9))))

    assert isinstance(wrong, Violated)
    assert wrong.path is not None
    assert (wrong.trouble, wrong.property, len(wrong.path.steps)) == (Trouble.DEADLOCK, "may stop", 9)
    assert isinstance(right, Holds)
    assert right.coverage.terminal == 1


def test_an_error_of_the_model_is_found() -> None:
    """At 9 the action goes wrong."""
    verdict = check(counter(100, stop=9, guarded=False))

    assert isinstance(verdict, Violated)
    assert verdict.path is not None
    assert (verdict.trouble, verdict.error_step, len(verdict.path.steps)) == (Trouble.MODEL_ERROR, Step(0, ()), 9)


def test_an_error_while_evaluating_a_property_is_found() -> None:
    """It has no failing step, only a state."""
    verdict = check(counter(100, claim("odd", ALWAYS, sc.TRUE, [sc.eq(X, num(4))])))

    assert isinstance(verdict, Violated)
    assert verdict.path is not None
    assert (verdict.trouble, verdict.property, verdict.error_step) == (Trouble.MODEL_ERROR, "odd", None)
    assert len(verdict.path.steps) == 4


def test_a_shorter_deadlock_comes_before_a_longer_violation() -> None:
    """From 0, x and y: the deadlock at depth 1 is found after the violation at depth 2, and reported."""
    x = sc.int_var("s", 0, 0, 9)
    go = action("go", [(0, 1)], [sc.eq(x, num(0))], {0: sc.add(num(1), sc.int_var("p", 0, 0, 1))})
    on = action("on", [], [sc.eq(x, num(1))], {0: num(3)})
    bad = claim("not 3", ALWAYS, sc.not_(sc.eq(x, num(3))))
    system = scalar_system((leaf("x", 0, 9),), ((0,),), (go, on), (bad,), claim("end", ALWAYS, sc.FALSE))

    verdict = check(system)

    assert isinstance(verdict, Violated)
    assert verdict.path is not None
    assert (verdict.trouble, replayed(system, verdict.path)) == (Trouble.DEADLOCK, (2,))


def test_reachable_needs_a_witness() -> None:
    """A state that is there has a shortest path; one that is not is a violation without one."""
    there, missing = claim("there", REACHABLE, sc.eq(X, num(6))), claim("missing", REACHABLE, sc.eq(X, num(60)))

    holds, violated = check(counter(100, there, stop=9)), check(counter(100, there, missing, stop=9))

    assert isinstance(holds, Holds)
    assert len(holds.witnesses["there"].steps) == 6
    assert isinstance(violated, Violated)
    assert (violated.property, violated.path) == ("missing", None)


def test_recoverable_is_decided_both_ways() -> None:
    """0 can be left but not reached again; 9 can always be reached."""
    first, last = claim("back", RECOVERABLE, sc.eq(X, num(0))), claim("on", RECOVERABLE, sc.eq(X, num(9)))

    lost, fine = check(counter(100, first, stop=9)), check(counter(100, last, stop=9))

    assert isinstance(lost, Violated)
    assert lost.path is not None
    assert (lost.property, len(lost.path.steps)) == ("back", 1)
    assert isinstance(fine, Holds)


@pytest.mark.parametrize(
    ("budget", "word"),
    [({"seconds": 0.0}, "time"), ({"memory": 1_000_000}, "memory"), ({"states": 1_000}, "states")],
)
def test_a_budget_ends_in_unknown(budget: dict[str, float], word: str) -> None:
    """With its reason, and with what was covered."""
    verdict = check(agg_core(3, 1), **budget)

    assert isinstance(verdict, Unknown)
    assert word in verdict.reason
    assert verdict.coverage.frontier
    assert verdict.coverage.states


def test_a_states_budget_that_suffices_is_no_limit() -> None:
    """101 states are within 101, not within 100."""
    assert isinstance(check(counter(100), states=101), Holds)
    assert isinstance(check(counter(100), states=100), Unknown)


def test_interrupting_is_unknown() -> None:
    """What was covered is still told."""
    verdict = Explore().run(Task(agg_core(3, 1), interrupted=lambda: True))

    assert isinstance(verdict, Unknown)
    assert verdict.reason == "interrupted"


@pytest.mark.parametrize(("depth", "kind"), [(6, NoneWithin), (7, Violated), (0, NoneWithin)])
def test_a_depth_budget_sees_exactly_so_far(depth: int, kind: type) -> None:
    """The violation is seven steps away."""
    verdict = check(counter(100, claim("small", ALWAYS, sc.lt(X, num(7)))), depth=depth)

    assert isinstance(verdict, kind)
    if isinstance(verdict, NoneWithin):
        assert (verdict.steps, verdict.coverage.depth) == (depth, depth)


@pytest.mark.parametrize(("depth", "kind"), [(8, NoneWithin), (9, Violated), (20, Violated)])
def test_a_depth_budget_sees_deadlocks_so_far(depth: int, kind: type) -> None:
    """The deadlock is nine steps away."""
    assert isinstance(check(counter(100, stop=9, terminal=sc.FALSE), depth=depth), kind)


def test_a_depth_beyond_the_last_level_is_no_limit() -> None:
    """All states were seen, so the search is exhaustive."""
    assert isinstance(check(counter(100, stop=9), depth=10), Holds)


@pytest.mark.parametrize("kept", [False, True])
@pytest.mark.parametrize("cells", [64, 65, 576])
def test_wide_states(cells: int, kept: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """States of exactly one word, of two and of nine; and of the few leaves among them that ever change."""
    if kept:
        keep_all_leaves(monkeypatch)
    leaves = tuple(Leaf(f"b{i}", True, 0, 1, 0) for i in range(cells))
    bits = [sc.bool_var("s", i) for i in range(cells)]
    chosen = [0, 31, 32, 62, 63, cells - 1]
    flips = tuple(action(f"set{i}", [], [sc.not_(bits[i])], {i: sc.TRUE}) for i in sorted(set(chosen)))
    count = len(flips)
    system = scalar_system(leaves, ((1,) * 5 + (0,) * (cells - 5), (0,) * cells), flips, ())
    full = scalar_system(leaves, ((1,) * cells,), flips, (claim("all", ALWAYS, sc.FALSE),))

    verdict, violated = check(system), check(full)

    assert isinstance(verdict, Holds)
    assert verdict.coverage.states == 2**count + 2 ** (count - 1)
    assert isinstance(violated, Violated)
    assert violated.path == Path((1,) * cells, (), Step(0, ()))


def test_a_wide_search_grows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two thousand words' worth of states of nine words each, more than the first table holds."""
    keep_all_leaves(monkeypatch)
    leaves = (*(Leaf(f"b{i}", True, 0, 1, 0) for i in range(512)), leaf("x", 0, 255), leaf("y", 0, 255))
    x, y = sc.int_var("s", 512, 0, 255), sc.int_var("s", 513, 0, 255)
    acts = tuple(action(f"up{i}", [], [sc.lt(v, num(255))], {i: sc.add(v, num(1))}) for i, v in ((512, x), (513, y)))
    top = claim("top", REACHABLE, sc.and_((sc.eq(x, num(255)), sc.eq(y, num(255)))))
    verdict = check(scalar_system(leaves, ((0,) * 514,), acts, (top, claim("on", RECOVERABLE, top.value))))

    assert isinstance(verdict, Holds)
    assert (verdict.coverage.states, verdict.coverage.depth) == (65_536, 510)
    assert len(verdict.witnesses["top"].steps) == 510


@pytest.mark.parametrize("unroll", [0, 100, 12_000])
def test_a_large_action_is_a_loop(unroll: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many of its levels are unrolled, it does the same."""
    monkeypatch.setattr("interlock.checker.native.code.successors.UNROLL", unroll)
    x = sc.int_var("s", 0, 0, 40)
    p = [sc.int_var("p", i, 0, 9) for i in range(3)]
    total = sc.add(sc.add(p[0], p[1]), p[2])
    guards = [sc.eq(sc.mod(x, num(10)), p[0]), sc.lt(p[1], num(3)), sc.lt(num(6), p[2])]
    jump = action("jump", [(0, 9)] * 3, guards, {0: total})
    system = scalar_system((leaf("x", 0, 40),), ((0,),), (jump,), (claim("r", REACHABLE, sc.eq(x, num(20))),))

    verdict = check(system)

    assert isinstance(verdict, Holds)
    assert replayed(system, verdict.witnesses["r"]) == (20,)
    assert verdict.coverage.states == len(search(system)[0])


def test_every_violation_has_its_own_shortest_path() -> None:
    """Of states, of steps, of what is never reached and of what is lost; what holds is not among them."""
    after = sc.int_var("t", 0, 0, 100)
    properties = (
        claim("far", ALWAYS, sc.lt(X, num(7))),
        claim("near", ALWAYS, sc.lt(X, num(3))),
        claim("fine", ALWAYS, sc.TRUE),
        claim("step", STEP, sc.not_(sc.and_((sc.eq(X, num(4)), sc.eq(after, num(5)))))),
        claim("never", REACHABLE, sc.eq(X, num(60))),
        claim("seen", REACHABLE, sc.eq(X, num(8))),
        claim("back", RECOVERABLE, sc.eq(X, num(0))),
    )
    verdict = check_every(counter(100, *properties, stop=9, terminal=sc.FALSE))

    assert told(verdict) == [("near", 3), ("step", 5), ("far", 7), ("may stop", 9), ("never", None), ("back", 1)]
    assert isinstance(verdict, Violated)
    assert (verdict.unjudged, verdict.coverage.states, verdict.coverage.frontier) == ("", 10, 0)


def test_every_violation_with_none_is_holds() -> None:
    """The same counts as without."""
    one, every = check(agg_core(2, 1)), check_every(agg_core(2, 1))

    assert isinstance(every, Holds)
    assert (one.coverage.states, one.coverage.transitions) == (every.coverage.states, every.coverage.transitions)


def test_beyond_an_error_of_the_model_nothing_is_called_unreachable() -> None:
    """20 may lie behind the step that is an error."""
    verdict = check_every(counter(100, claim("twenty", REACHABLE, sc.eq(X, num(20))), stop=9, guarded=False))

    assert told(verdict) == [("model error", 9)]
    assert [str(n) for n in verdict.coverage.not_judged] == ["twenty was not judged: the model has errors"]


@pytest.mark.parametrize("budget", [{"states": 6}, {"depth": 6}])
def test_every_violation_within_a_budget_says_what_is_open(budget: dict[str, float]) -> None:
    """The second violation is further away than the budget goes."""
    near, far = claim("near", ALWAYS, sc.lt(X, num(3))), claim("far", ALWAYS, sc.lt(X, num(8)))
    verdict = check_every(counter(100, near, far), **budget)

    assert told(verdict) == [("near", 3)]
    assert isinstance(verdict, Violated)
    assert verdict.unjudged in ("states budget of 6 reached", "depth budget of 6 reached")


@pytest.mark.parametrize(("cells", "kind"), [(63, Holds), (64, Unknown)])
def test_a_full_tree_is_unknown(cells: int, kind: type, monkeypatch: pytest.MonkeyPatch) -> None:
    """A tree numbers 2**28 - 1 parts of wide states; here 300.  Narrow states have no tree."""
    monkeypatch.setattr("interlock.checker.native.store.tree.PARTS", 300)
    keep_all_leaves(monkeypatch)
    leaves = tuple(Leaf(f"b{i}", True, 0, 1, 0) for i in range(cells))
    flips = tuple(action(f"set{i}", [], [sc.not_(sc.bool_var("s", i))], {i: sc.TRUE}) for i in range(12))

    verdict = check(scalar_system(leaves, ((0,) * cells,), flips, ()))

    assert isinstance(verdict, kind)
    if isinstance(verdict, Unknown):
        assert verdict.reason == "states of 64 bits: their tree has room for 300 different parts, no more"
        assert verdict.coverage.states


def test_the_clock_runs_from_the_start_of_the_check() -> None:
    """What was done before the search counts."""
    late = Explore().run(Task(agg_core(2, 2), Budget(seconds=60.0), started=time.monotonic() - 60))

    assert isinstance(late, Unknown)
    assert late.reason == "time budget of 60 s reached"


def test_a_memory_budget_is_told_as_it_was_given() -> None:
    """In binary units, not in bytes."""
    verdict = check(agg_core(3, 1), memory=3 << 19)

    assert isinstance(verdict, Unknown)
    assert verdict.reason == "memory budget of 1.5 MiB reached"


def test_progress_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the numbers so far."""
    monkeypatch.setattr("interlock.checker.engines.pausing._REPORT", 0.0)
    seen: list[Coverage] = []

    Explore().run(Task(agg_core(2, 2), progress=seen.append, interrupted=lambda: bool(seen)))

    assert seen
    assert all(c.states for c in seen)


# --- random systems against a search in Python ---------------------------------------------------------

RANGES = ((-3, 4), (0, 1), (5, 9))


@st.composite
def ints(draw: st.DrawFn, space: tuple[Node, ...], depth: int = 2) -> Node:
    kind = draw(st.integers(0, 8 if depth else 1))
    if kind == 0:
        return num(draw(st.integers(-5, 9)))
    if kind == 1:
        return draw(st.sampled_from(space))
    a, b = draw(ints(space, depth - 1)), draw(ints(space, depth - 1))
    if kind == 7:
        return sc.ite(draw(bools(space, depth - 1)), a, b)
    return [sc.add, sc.sub, sc.mul, sc.div, sc.mod, sc.div, sc.mod][kind % 7](a, b)


@st.composite
def bools(draw: st.DrawFn, space: tuple[Node, ...], depth: int = 2) -> Node:
    kind = draw(st.integers(0, 6 if depth else 2))
    a, b = draw(ints(space, max(0, depth - 1))), draw(ints(space, max(0, depth - 1)))
    if kind < 3:
        return [sc.eq, sc.lt, sc.le][kind](a, b)
    c, d = draw(bools(space, depth - 1)), draw(bools(space, depth - 1))
    return [sc.and_((c, d)), sc.or_((c, d)), sc.not_(c), sc.eq(c, d)][kind - 3]


@st.composite
def systems(draw: st.DrawFn) -> ScalarSystem:
    state = tuple(sc.int_var("s", i, lo, hi) for i, (lo, hi) in enumerate(RANGES))
    after = tuple(sc.int_var("t", i, lo, hi) for i, (lo, hi) in enumerate(RANGES))
    actions = tuple(draw(random_action(state, i)) for i in range(draw(st.integers(1, 3))))
    properties = []
    for i, kind in enumerate(draw(st.lists(st.sampled_from([ALWAYS, STEP, REACHABLE, RECOVERABLE]), max_size=3))):
        value = draw(bools(state + after if kind is STEP else state))
        if kind in (ALWAYS, STEP):
            value = sc.or_((value, draw(bools(state))))
        errors = [sc.and_([draw(bools(state)) for _ in range(3)])] if draw(st.integers(0, 4)) == 0 else []
        count = draw(st.sampled_from([1, 1, 3, 11])) if kind is RECOVERABLE else 1
        if count == 1:
            properties.append(claim(f"p{i}", kind, value, errors))
        else:
            which = sc.mod(draw(ints(state)), num(count))
            goals = [sc.or_((value, sc.eq(which, num(k)))) for k in range(count)]
            properties.append(recoverable(f"p{i}", goals, errors))
    terminal = draw(st.none() | bools(state))
    leaves = tuple(leaf(f"x{i}", lo, hi) for i, (lo, hi) in enumerate(RANGES))
    end = None if terminal is None else claim("end", ALWAYS, terminal)
    made = ScalarSystem(leaves, draw(st.one_of(few_initials(), random_initials())), actions, tuple(properties), end)
    assume(begun(made))
    return made


@st.composite
def few_initials(draw: st.DrawFn) -> tuple[ScalarAction, ...]:
    """For each of some states, a way to begin in it."""
    states = st.tuples(*(st.integers(lo, hi) for lo, hi in RANGES))
    leaves = [leaf(f"x{i}", lo, hi) for i, (lo, hi) in enumerate(RANGES)]
    return starting(leaves, *draw(st.lists(states, min_size=1, max_size=3, unique=True)))


@st.composite
def random_initials(draw: st.DrawFn, *, erring: bool = False) -> tuple[ScalarAction, ...]:
    """Initial actions with parameters; some instances are disabled, and several may lead to one state."""
    found = []
    for i in range(draw(st.integers(1, 3))):
        a = draw(random_action(tuple(map(num, draw(st.tuples(*(st.integers(lo, hi) for lo, hi in RANGES))))), i))
        updates = {k: a.updates.get(k, num(lo)) for k, (lo, _) in enumerate(RANGES)}
        found.append(attrs.evolve(a, updates=updates, errors=a.errors if erring else ()))
    return tuple(found)


@st.composite
def random_action(draw: st.DrawFn, state: tuple[Node, ...], index: int) -> ScalarAction:
    params = draw(st.lists(st.sampled_from([(0, 1), (-1, 2), (0, 2)]), max_size=2))
    space = state + tuple(sc.int_var("p", i, lo, hi) for i, (lo, hi) in enumerate(params))
    guards = [draw(bools(space)) for _ in range(draw(st.integers(0, 3)))]
    errors = []
    if draw(st.integers(0, 3)) == 0:
        wrong = sc.and_([draw(bools(space)) for _ in range(2)])
        errors, guards = [sc.and_([*guards, wrong])], [*guards, sc.not_(wrong)]
    updates = {}
    for i in draw(st.sets(st.integers(0, len(state) - 1), min_size=1)):
        lo, hi = RANGES[i]
        updates[i] = sc.add(sc.mod(draw(ints(space)), num(hi - lo + 1)), num(lo))
    fault = draw(st.sampled_from([None, None, "bad"]))
    return attrs.evolve(action(f"a{index}", params, guards, updates, errors), fault=fault)


def env(state: tuple[int, ...], after: tuple[int, ...] = ()) -> dict[tuple[str, int], int]:
    return {("s", i): v for i, v in enumerate(state)} | {("t", i): v for i, v in enumerate(after)}


def true(node: Node, state: tuple[int, ...], after: tuple[int, ...] = ()) -> bool:
    return bool(sc.evaluate([node], env(state, after))[0])


def erroneous(p: ScalarProperty, state: tuple[int, ...], after: tuple[int, ...] = ()) -> bool:
    return any(true(e.condition, state, after) for e in p.errors)


def violations(system: ScalarSystem) -> list[tuple[int, Trouble, str | None]]:
    """Every violation of states and steps that a search in Python meets, with the length of its path."""
    levels, steps, wrong = search(system)
    found: list[tuple[int, Trouble, str | None]] = [(levels[s], Trouble.MODEL_ERROR, None) for s in wrong]
    for s, level in levels.items():
        for p in system.properties:
            if p.kind is not STEP and erroneous(p, s):
                found.append((level, Trouble.MODEL_ERROR, p.name))
            elif p.kind is ALWAYS and not true(p.value, s):
                found.append((level, Trouble.PROPERTY, p.name))
        for p, t in itertools.product((p for p in system.properties if p.kind is STEP), steps[s]):
            if erroneous(p, s, t):
                found.append((level + 1, Trouble.MODEL_ERROR, p.name))
            elif not true(p.value, s, t):
                found.append((level + 1, Trouble.PROPERTY, p.name))
        if system.terminal is not None and not steps[s] and s not in wrong and not true(system.terminal.value, s):
            found.append((level, Trouble.DEADLOCK, "end"))
    return found


def lost(system: ScalarSystem, p: ScalarProperty) -> tuple[int, tuple[int, ...], int] | None:
    """The first state from which no path leads to some goal of a RECOVERABLE property, after its depth; and the first
    such goal.  By a graph of its own.  States are compared by their leaves, from the last to the first."""
    levels, steps, _ = search(system)
    graph = nx.DiGraph([(t, s) for s, after in steps.items() for t in after])  # backwards
    graph.add_nodes_from(levels)
    found = []
    for k, goal in enumerate(p.goals):
        there = [s for s in levels if true(goal, s)]
        good = {s for layer in nx.bfs_layers(graph, there) for s in layer} if there else set()
        found += [(level, s, k) for s, level in levels.items() if s not in good]
    return min(found, key=lambda found: (found[0], found[1][::-1], found[2]), default=None)


def told_first(system: ScalarSystem, verdict: Violated) -> None:
    """The state and the parameters of a RECOVERABLE property that is violated are those of the first that is lost."""
    p = next(p for p in system.properties if p.name == verdict.property)
    if p.kind is RECOVERABLE:
        first = lost(system, p)
        assert first is not None
        assert verdict.path is not None
        assert (len(verdict.path.steps), replayed(system, verdict.path), verdict.params) == (
            *first[:2], p.instance(first[2]) if p.params else (),
        )  # fmt: skip


def agree_on_every_violation(
    system: ScalarSystem, stopped: Verdict, found: list[tuple[int, Trouble, str | None]], bad: list[str]
) -> None:
    """The search that goes on tells first what the other stopped at, and everything with its least length."""
    every = check_every(system)
    if not found and not bad:
        assert isinstance(every, Holds)
        return
    assert isinstance(every, Violated)
    assert isinstance(stopped, Violated)
    assert (every.trouble, every.property, every.path) == (stopped.trouble, stopped.property, stopped.path)
    failed = {p for _, trouble, p in found if trouble is Trouble.MODEL_ERROR}
    open_ = bad if None in failed else [p for p in bad if p in failed]
    least = {(t, p): min(n for n, *of in found if of == [t, p]) for _, t, p in found}
    told = {(v.trouble, v.property): None if v.path is None else len(v.path.steps) for v in (every, *every.others)}
    wanted = least.keys() | {(Trouble.PROPERTY, p) for p in bad if p not in open_}

    assert told.keys() == wanted
    assert {k: n for k, n in told.items() if k in least} == least
    assert every.coverage.states == len(search(system)[0])


@settings(max_examples=30)
@given(systems())
def test_random_systems_agree_with_python(system: ScalarSystem) -> None:
    """Verdict, counts and length of the path; the path itself is a path to the violation."""
    agrees_with_python(system)


def agrees_with_python(system: ScalarSystem) -> None:
    """Fails where the native search of a system says other than a search in Python."""
    found, (levels, steps, _) = violations(system), search(system)

    verdict = check(system)

    late = [p for p in system.properties if p.kind in (REACHABLE, RECOVERABLE)]
    bad = [
        p.name for p in late
        if (lost(system, p) is not None if p.kind is RECOVERABLE else not any(true(p.value, s) for s in levels))
    ]  # fmt: skip
    agree_on_every_violation(system, verdict, found, bad)
    if found:
        assert isinstance(verdict, Violated)
        assert verdict.path is not None
        assert len(verdict.path.steps) == min(n for n, _, _ in found)
        assert (len(verdict.path.steps), verdict.trouble, verdict.property) in found
        replayed(system, verdict.path)
        return
    c = verdict.coverage
    assert (c.states, c.depth) == (len(levels), max(levels.values()))
    assert c.transitions == sum(map(len, steps.values()))
    assert c.terminal == sum(not t for t in steps.values())
    if bad:
        assert isinstance(verdict, Violated)
        assert verdict.property == bad[0]
        told_first(system, verdict)
    else:
        assert isinstance(verdict, Holds)
        for p in late:
            if p.kind is REACHABLE:
                path = verdict.witnesses[p.name]
                assert true(p.value, replayed(system, path))
                assert len(path.steps) == min(n for s, n in levels.items() if true(p.value, s))
