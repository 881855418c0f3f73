"""Bounded model checking: what it finds is real and shortest, what it does not find it does not claim."""

from __future__ import annotations

import math
import random
import time
from collections.abc import Iterable, Sequence

import pytest
import z3

from interlock.checker.contract import Budget, Engine, NoneWithin, Path, Step, Task, Trouble, Unknown, Verdict, Violated
from interlock.checker.diagnostics import NOWHERE, InputError
from interlock.checker.engines.bmc import Bmc
from interlock.checker.engines.induction import Induction
from interlock.checker.ir import scalar as sc
from interlock.checker.ir.nodes import ModelErrorKind, PropertyKind
from interlock.checker.ir.scalar import (
    ErrorSite,
    Leaf,
    Node,
    ScalarAction,
    ScalarProperty,
    ScalarSystem,
    evaluate,
    variables,
)
from interlock.checker.ir.types import IntT, OptionT, Type
from interlock.checker.semantics.leaves import flatten_type, to_leaves
from interlock.checker.smt.search import Clock
from tests.native.systems import initial_states, scalar_system

# --- writing small systems ---------------------------------------------------------------------------


def action(
    name: str,
    guards: Iterable[Node],
    updates: dict[int, Node],
    errors: Iterable[Node] = (),
    params: Sequence[tuple[str, Type]] = (),
) -> ScalarAction:
    """An action; its errors are RANGE errors."""
    flat = [flatten_type(t, n) for n, t in params]
    offsets = tuple(sum(map(len, flat[:i])) for i in range(len(flat)))
    sites = tuple(ErrorSite(e, ModelErrorKind.RANGE, NOWHERE) for e in errors)
    leaves = tuple(leaf for part in flat for leaf in part)
    return ScalarAction(name, None, tuple(params), leaves, offsets, tuple(guards), sites, updates)


def claim(
    name: str, value: Node, kind: PropertyKind = PropertyKind.ALWAYS, errors: Iterable[Node] = ()
) -> ScalarProperty:
    """A property."""
    return ScalarProperty(name, kind, value, tuple(ErrorSite(e, ModelErrorKind.INDEX, NOWHERE) for e in errors))


def ints(*bounds: tuple[int, int]) -> tuple[Leaf, ...]:
    """Int leaves."""
    return tuple(Leaf(f"x{i}", False, lo, hi, lo) for i, (lo, hi) in enumerate(bounds))


def at_most(n: int, space: str = "s", hi: int = 7) -> Node:
    """Leaf 0 is at most n."""
    return sc.le(sc.int_var(space, 0, 0, hi), sc.integer(n))


def counter(*properties: ScalarProperty, terminal: ScalarProperty | None = None) -> ScalarSystem:
    """x counts 0..7 and starts over."""
    x = sc.int_var("s", 0, 0, 7)
    tick = action("tick", [], {0: sc.mod(sc.add(x, sc.integer(1)), sc.integer(8))})
    return scalar_system(ints((0, 7)), ((0,),), (tick,), properties, terminal)


def stopping(limit: int, *properties: ScalarProperty, terminal: ScalarProperty | None = None) -> ScalarSystem:
    """x adds 1 or 2 while it is below the limit."""
    x, p = sc.int_var("s", 0, 0, 20), sc.int_var("p", 0, 1, 2)
    grow = action("grow", [sc.lt(x, sc.integer(limit))], {0: sc.add(x, p)}, params=[("by", IntT(1, 2))])
    return scalar_system(ints((0, 20)), ((0,),), (grow,), properties, terminal)


def run(system: ScalarSystem, steps: int = 12, **options: object) -> object:
    return Bmc().run(Task(system, steps=steps, **options))  # type: ignore[arg-type]


# --- the meaning, in plain Python ---------------------------------------------------------------------


def instances(system: ScalarSystem, s: tuple[int, ...]) -> Iterable[tuple[Step, bool, tuple[int, ...] | None]]:
    """Every action instance in a state: whether it is an error, and its successor when enabled."""
    for i, a in enumerate(system.actions):
        for params in system.expand_params(a):
            flat = [x for (_, t), v in zip(a.params, params, strict=True) for x in to_leaves(t, v)]
            env = {("s", j): v for j, v in enumerate(s)} | {("p", j): v for j, v in enumerate(flat)}
            bad = any(evaluate([e.condition for e in a.errors], env))
            after = None
            if all(evaluate(a.guards, env)):
                new = dict(zip(a.updates, evaluate(a.updates.values(), env), strict=True))
                after = tuple(new.get(j, v) for j, v in enumerate(s))
            yield Step(i, params), bad, after


def bad_state(system: ScalarSystem, s: tuple[int, ...]) -> bool:
    env = {("s", i): v for i, v in enumerate(s)}
    return any(
        p.kind is PropertyKind.ALWAYS
        and not evaluate([p.value], env)[0]
        or p.kind is not PropertyKind.STEP
        and any(evaluate([e.condition for e in p.errors], env))
        for p in system.properties
    )


def bad_step(system: ScalarSystem, s: tuple[int, ...], t: tuple[int, ...]) -> bool:
    env = {("s", i): v for i, v in enumerate(s)} | {("t", i): v for i, v in enumerate(t)}
    return any(p.kind is PropertyKind.STEP and not evaluate([p.value], env)[0] for p in system.properties)


def shortest(system: ScalarSystem) -> int | None:
    """The steps of a shortest violating path, by breadth-first search; None when there is none."""
    layer, seen, depth = set(initial_states(system)), set(initial_states(system)), 0
    step_bad = False
    while layer:
        if step_bad or any(bad_state(system, s) for s in layer):
            return depth
        following = set()
        for s in layer:
            moves = list(instances(system, s))
            if any(bad for _, bad, _ in moves):
                return depth
            after = {t for _, _, t in moves if t is not None}
            if not after and system.terminal is not None:
                if not evaluate([system.terminal.value], {("s", i): v for i, v in enumerate(s)})[0]:
                    return depth
            step_bad = step_bad or any(bad_step(system, s, t) for t in after)
            following |= after
        layer = following - seen
        seen |= layer
        depth += 1
    return depth if step_bad else None


def replay(system: ScalarSystem, path: Path) -> list[tuple[int, ...]]:
    """The states of a path; fails when it is no path of the system."""
    assert path.initial in initial_states(system)
    states = [path.initial]
    for step in path.steps:
        (after,) = [t for found, _, t in instances(system, states[-1]) if found == step and t is not None]
        states.append(after)
    return states


def confirm(system: ScalarSystem, verdict: Violated) -> None:
    """The violation is there."""
    assert verdict.path is not None
    states = replay(system, verdict.path)
    if verdict.error_step is not None:
        assert (verdict.error_step, True) in [(step, bad) for step, bad, _ in instances(system, states[-1])]
    elif verdict.trouble is Trouble.DEADLOCK:
        assert all(t is None for _, _, t in instances(system, states[-1]))
    else:
        step = len(states) > 1 and bad_step(system, states[-2], states[-1])
        assert bad_state(system, states[-1]) or step


# --- the engine ----------------------------------------------------------------------------------------


def test_a_violation_is_found_at_its_depth() -> None:
    """The counter reaches 7 after seven steps and not before."""
    system = counter(claim("small", at_most(6)))
    verdict = run(system)

    assert isinstance(verdict, Violated)
    assert (verdict.property, verdict.trouble) == ("small", Trouble.PROPERTY)
    assert verdict.path == Path((0,), (Step(0, ()),) * 7, Step(0, ()))


@pytest.mark.parametrize("steps", [0, 1, 6])
def test_below_its_depth_nothing_is_claimed_but_the_bound(steps: int) -> None:
    """Six steps do not reach 7."""
    verdict = run(counter(claim("small", at_most(6))), steps)

    assert isinstance(verdict, NoneWithin)
    assert verdict.steps == steps


def test_parameters_are_chosen_for_the_shortest_path() -> None:
    """Twos first."""
    system = stopping(9, claim("small", at_most(7, hi=20)))
    verdict = run(system)

    assert isinstance(verdict, Violated)
    assert verdict.path is not None
    assert replay(system, verdict.path)[-1] == (8,)
    assert verdict.path.steps == (Step(0, (2,)),) * 4


def test_parameters_are_values_of_their_types() -> None:
    """An empty option has no item that could be read."""
    x = sc.int_var("s", 0, 0, 7)
    some, item = sc.bool_var("p", 0), sc.int_var("p", 1, 0, 7)
    odd = action("put", [sc.not_(some)], {0: item}, params=[("v", OptionT(IntT(0, 7)))])
    system = scalar_system(ints((0, 7)), ((0,),), (odd,), (claim("zero", sc.eq(x, sc.integer(0))),))

    assert isinstance(run(system), NoneWithin)


def test_step_properties_judge_the_last_step() -> None:
    """The counter falls when it starts over, in its eighth step."""
    system = counter(claim("grows", sc.lt(sc.int_var("s", 0, 0, 7), sc.int_var("t", 0, 0, 7)), PropertyKind.STEP))
    verdict = run(system)

    assert isinstance(verdict, Violated)
    assert verdict.property == "grows"
    assert verdict.path is not None
    assert len(verdict.path.steps) == 8


def test_an_error_of_an_action_is_found_with_its_parameters() -> None:
    """After (4,) adding 2 leaves the range."""
    x, p = sc.int_var("s", 0, 0, 5), sc.int_var("p", 0, 1, 2)
    big = sc.lt(sc.integer(5), sc.add(x, p))
    grow = action("grow", [sc.not_(big)], {0: sc.add(x, p)}, [big], [("by", IntT(1, 2))])
    system = scalar_system(ints((0, 5)), ((0,),), (grow,), ())
    verdict = run(system)

    assert isinstance(verdict, Violated)
    assert verdict.trouble is Trouble.MODEL_ERROR
    assert verdict.property is None
    assert verdict.path is not None
    assert len(verdict.path.steps) == 2
    assert verdict.error_step == Step(0, (2,))


@pytest.mark.parametrize("kind", [PropertyKind.ALWAYS, PropertyKind.REACHABLE])
def test_an_error_in_a_property_is_a_model_error(kind: PropertyKind) -> None:
    """Evaluating the property is an error where x is 3."""
    wrong = sc.eq(sc.int_var("s", 0, 0, 7), sc.integer(3))
    verdict = run(counter(claim("reads", sc.not_(wrong), kind, [wrong])))

    assert isinstance(verdict, Violated)
    assert (verdict.trouble, verdict.property, verdict.error_step) == (Trouble.MODEL_ERROR, "reads", None)
    assert verdict.path is not None
    assert len(verdict.path.steps) == 3


def test_deadlock_is_a_state_where_no_parameter_helps() -> None:
    """From 8 both 9 and 10 can be reached; neither goes on, and 10 is declared terminal."""
    final = sc.eq(sc.int_var("s", 0, 0, 20), sc.integer(10))
    system = stopping(9, terminal=claim("done", final))
    verdict = run(system)

    assert isinstance(verdict, Violated)
    assert (verdict.trouble, verdict.property) == (Trouble.DEADLOCK, "done")
    assert verdict.path is not None
    assert replay(system, verdict.path)[-1] == (9,)
    assert len(verdict.path.steps) == 5


def test_declared_terminal_states_are_no_deadlock() -> None:
    """Both ends are declared."""
    final = sc.le(sc.integer(9), sc.int_var("s", 0, 0, 20))

    assert isinstance(run(stopping(9, terminal=claim("done", final))), NoneWithin)


def test_witnesses_are_noted_and_their_absence_is_no_violation() -> None:
    """x reaches 4 and never 19."""
    x = sc.int_var("s", 0, 0, 20)
    four = claim("four", sc.eq(x, sc.integer(4)), PropertyKind.REACHABLE)
    never = claim("never", sc.eq(x, sc.integer(19)), PropertyKind.REACHABLE)
    verdict = run(stopping(9, four, never))

    assert isinstance(verdict, NoneWithin)
    assert verdict.coverage.notes == ("four: reached in 2 steps", "never: no witness within 12 steps")


def test_recoverable_is_not_judged_but_errors_of_it_are() -> None:
    """No bounded search decides it; alone it is refused."""
    back, small = claim("back", at_most(0), PropertyKind.RECOVERABLE), claim("small", at_most(2))
    wrong = claim("back", at_most(0), PropertyKind.RECOVERABLE, [sc.not_(at_most(1))])
    one, two = run(counter(back, small)), run(counter(wrong, small))

    assert isinstance(one, Violated)
    assert (one.property, [n.property for n in one.coverage.not_judged]) == ("small", ["back"])
    assert isinstance(two, Violated)
    assert (two.trouble, two.property) == (Trouble.MODEL_ERROR, "back")
    with pytest.raises(InputError, match="E010"):
        run(counter(back))


def test_too_many_instances_for_a_deadlock_check_are_refused() -> None:
    """Expanding them would take longer than the search."""
    wide = action("wide", [], {}, params=[("a", IntT(0, 99)), ("b", IntT(0, 99))])
    system = scalar_system(ints((0, 7)), ((0,),), (wide,), (), claim("done", sc.TRUE))
    with pytest.raises(InputError, match="E020"):
        run(system)


def test_without_time_the_answer_is_unknown() -> None:
    """A budget of nothing is used up at once."""
    verdict = run(counter(claim("small", at_most(6))), budget=Budget(seconds=0.0))

    assert isinstance(verdict, Unknown)
    assert verdict.reason == "time budget of 0 s reached"


def test_an_interrupt_ends_the_search_with_what_was_covered() -> None:
    """Interrupted after the third depth."""
    seen: list[int | None] = []
    verdict = run(
        counter(claim("small", at_most(6))),
        progress=lambda coverage: seen.append(coverage.depth),
        interrupted=lambda: len(seen) >= 3,
    )

    assert isinstance(verdict, Unknown)
    assert (verdict.reason, verdict.coverage.depth, seen) == ("interrupted", 2, [0, 1, 2])


# By the bits of numbers among which they are to be found, and far from the largest of those: bounds tell nothing.
LARGE_PRIMES = {31: (2**30 - 35, 2**30 - 41), 61: (2**55 - 55, 2**54 - 33)}


def factoring(bits: int = 31) -> ScalarSystem:
    """A step whose parameters are the factors of a large number: minutes for a solver in bits, and more in integers."""
    big = (1 << bits) - 1
    x, p, q = sc.int_var("s", 0, 0, big), sc.int_var("p", 0, 2, big), sc.int_var("p", 1, 2, big)
    target = math.prod(LARGE_PRIMES[bits])
    guess = action(
        "guess", [sc.eq(sc.mul(p, q), sc.integer(target))], {0: p}, params=[("p", IntT(2, big)), ("q", IntT(2, big))]
    )
    return scalar_system(ints((0, big)), ((0,),), (guess,), (claim("never", sc.eq(x, sc.integer(0))),))


def undecided(verdict: Verdict, bits: int, reason: str) -> bool:
    """Whether it is not known, for a reason; in integers Z3 may give up before that, as some versions do."""
    early = bits > 31 and str(getattr(verdict, "reason", "")).startswith("Z3 gave up: (incomplete")
    return isinstance(verdict, Unknown) and (verdict.reason == reason or early)


@pytest.mark.parametrize("bits", LARGE_PRIMES)
def test_a_hard_question_ends_with_the_time_budget(bits: int) -> None:
    """Factoring within a step takes longer than any budget, in bits and in integers."""
    verdict = run(factoring(bits), budget=Budget(seconds=0.2))

    assert undecided(verdict, bits, "time budget of 0.2 s reached"), verdict


@pytest.mark.parametrize("bits", LARGE_PRIMES)
def test_z3_may_end_before_our_clock_does(bits: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its timer is the budget's too, though by our clock there is time left."""
    monkeypatch.setattr(Clock, "left", lambda self: self.budget.seconds)
    verdict = run(factoring(bits), budget=Budget(seconds=0.1))

    assert undecided(verdict, bits, "time budget of 0.1 s reached"), verdict


def test_a_hard_question_ends_with_the_memory_budget() -> None:
    """Z3 may have three megabytes more than it has."""
    memory = z3.Z3_get_estimated_alloc_size() + (3 << 20)
    verdict = run(factoring(), budget=Budget(memory=memory))

    assert isinstance(verdict, Unknown)
    assert verdict.reason.startswith("memory budget of ")


def test_the_clock_runs_from_the_start_of_the_check() -> None:
    """What was done before the search counts."""
    verdict = run(counter(claim("small", at_most(6))), budget=Budget(seconds=60.0), started=time.monotonic() - 60)

    assert isinstance(verdict, Unknown)
    assert verdict.reason == "time budget of 60 s reached"


def long_step() -> ScalarSystem:
    """A step whose expressions have some thousand parts."""
    xs = [sc.int_var("s", i, 0, 7) for i in range(40)]
    total: Node = sc.integer(0)
    updates = {}
    for i, x in enumerate(xs):
        for k in range(40):
            total = sc.mod(sc.add(sc.ite(sc.lt(x, sc.integer(k % 8)), total, sc.integer(i)), x), sc.integer(8))
        updates[i] = total
    return scalar_system(
        ints(*[(0, 7)] * 40), ((0,) * 40,), (action("turn", [], updates),), (claim("low", at_most(6)),)
    )


@pytest.mark.parametrize("engine", [Bmc(), Induction()], ids=lambda e: e.name)
def test_who_waits_is_asked_about_while_terms_are_made(engine: Engine) -> None:
    """Encoding a step may take longer than any search."""
    looks = iter(range(10))

    verdict = engine.run(Task(long_step(), interrupted=lambda: next(looks, None) is None))

    assert isinstance(verdict, Unknown)
    assert (verdict.reason, verdict.coverage.depth) == ("interrupted", None)


@pytest.mark.parametrize("engine", [Bmc(), Induction()], ids=lambda e: e.name)
def test_who_waits_is_asked_about_while_a_deadlock_is_spelt_out(engine: Engine) -> None:
    """For each of thousands of instances."""
    x, p = sc.int_var("s", 0, 0, 7), sc.int_var("p", 0, 0, 4000)
    wide = action("wide", [sc.lt(sc.mod(p, sc.integer(5)), x)], {}, params=[("p", IntT(0, 4000))])
    system = scalar_system(ints((0, 7)), ((0,),), (wide,), (), claim("done", sc.TRUE))
    looks = iter(range(10))

    verdict = engine.run(Task(system, interrupted=lambda: next(looks, None) is None))

    assert isinstance(verdict, Unknown)
    assert (verdict.reason, verdict.coverage.depth) == ("interrupted", None)


def test_every_violation_has_its_own_shortest_path() -> None:
    """A state, a step, and the bound that leaves the rest open."""
    rises = sc.lt(sc.int_var("s", 0, 0, 7), sc.int_var("t", 0, 0, 7))
    system = counter(
        claim("far", at_most(6)), claim("rises", rises, PropertyKind.STEP), claim("near", at_most(2)),
        claim("range", at_most(7)),
    )  # fmt: skip
    verdict = run(system, 9, every=True)

    assert isinstance(verdict, Violated)
    every = (verdict, *verdict.others)
    for v in every:
        confirm(system, v)
    assert [(v.property, len(v.path.steps)) for v in every if v.path] == [("near", 3), ("far", 7), ("rises", 8)]
    assert verdict.unjudged == "bound of 9 steps reached"


# --- random systems ------------------------------------------------------------------------------------


def random_system(seed: int) -> ScalarSystem:
    """A small system with everything: parameters, errors, steps, deadlocks; often it is wrong."""
    rng = random.Random(seed)
    leaves = (Leaf("b", True, 0, 1), Leaf("x", False, -2, 3, -2), Leaf("y", False, 0, 4))
    s, t = variables("s", leaves), variables("t", leaves)

    def number(ps: Sequence[Node]) -> Node:
        a, b = (rng.choice([*s[1:], *ps, sc.integer(rng.randint(-3, 4))]) for _ in range(2))
        return rng.choice((sc.add, sc.sub, sc.mul, sc.div, sc.mod, lambda a, b: sc.ite(s[0], a, b)))(a, b)

    def condition(ps: Sequence[Node] = ()) -> Node:
        return rng.choice((sc.eq, sc.lt, sc.le))(number(ps), number(ps))

    actions = []
    for i in range(rng.randint(1, 4)):
        some, item = sc.bool_var("p", 0), sc.int_var("p", 1, 0, 2)
        params = [("v", OptionT(IntT(0, 2)))] if rng.random() < 0.6 else []
        ps = [sc.ite(some, item, sc.integer(3))] if params else []
        guards = [condition(ps)] if rng.random() < 0.3 else []
        updates, errors = {}, []
        if rng.random() < 0.6:
            updates[0] = sc.not_(s[0]) if rng.random() < 0.5 else condition(ps)
        for leaf in (1, 2):
            if rng.random() < 0.6:
                small = sc.add(s[leaf], rng.choice([*ps, sc.integer(1), sc.integer(-1)]))
                value = updates[leaf] = small if rng.random() < 0.7 else number(ps)
                inside = sc.and_((sc.le(sc.integer(leaves[leaf].lo), value), sc.le(value, sc.integer(leaves[leaf].hi))))
                if rng.random() < 0.05 and inside is not sc.TRUE:
                    errors.append(sc.and_((*guards, sc.not_(inside))))
                guards.append(inside)
        actions.append(action(f"a{i}", guards, updates, errors, params))
    here = sc.and_((sc.eq(s[1], sc.integer(rng.randint(-2, 3))), sc.eq(s[2], sc.integer(rng.randint(0, 4)))))
    moved = sc.and_((sc.eq(s[1], sc.integer(rng.randint(-2, 3))), sc.eq(t[1], sc.integer(rng.randint(-2, 3)))))
    properties = [claim("always", sc.not_(here)), claim("step", sc.not_(moved), PropertyKind.STEP)][: rng.randint(1, 2)]
    terminal = claim("done", condition()) if rng.random() < 0.2 else None
    return scalar_system(leaves, ((0, 0, 0), (1, 1, 0)), tuple(actions), tuple(properties), terminal)


@pytest.mark.parametrize("seed", range(120))
def test_the_depth_is_that_of_breadth_first_search(seed: int) -> None:
    """Verdict and depth agree with a search in plain Python, and the path is real."""
    system = random_system(seed)
    expected, verdict = shortest(system), run(system, 8)

    if expected is None or expected > 8:
        assert isinstance(verdict, NoneWithin)
    else:
        assert isinstance(verdict, Violated)
        assert verdict.path is not None
        assert len(verdict.path.steps) == expected
        confirm(system, verdict)


def test_random_systems_are_of_all_sorts() -> None:
    """The comparison above is not vacuous."""
    depths = [shortest(random_system(seed)) for seed in range(120)]

    assert depths.count(None) > 10
    assert sum(d is not None and d >= 2 for d in depths) > 10
