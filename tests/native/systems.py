"""Systems written by hand in the scalar form, for the tests of what searches them."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import attrs
import pytest

from interlock.checker.contract import Step, Verdict, Violated
from interlock.checker.diagnostics import NOWHERE
from interlock.checker.ir import scalar as sc
from interlock.checker.ir.nodes import ModelErrorKind, PropertyKind
from interlock.checker.ir.scalar import ErrorSite, Leaf, Node, ScalarAction, ScalarProperty, ScalarSystem
from interlock.checker.ir.types import IntT, Type
from interlock.checker.native.kernel import Ctx
from interlock.checker.native.module.run import Run
from interlock.checker.native.store.visited import Visited
from interlock.checker.passes import starts
from interlock.checker.passes.known import NOTHING
from interlock.checker.semantics.leaves import to_leaves

State = tuple[int, ...]

ABSENT, BUILT, CONFIRMED, PROVEN, FINAL = range(5)


@contextmanager
def shortened() -> Iterator[None]:
    """Searches work out all shortcuts before their first step, and what is known of all states; usually only those
    do that are long, or have wide states."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("interlock.checker.engines.pausing._LONG", 0.0)
        patch.setattr("interlock.checker.engines.pausing._SHORTEN", 1e15)
        patch.setattr("interlock.checker.engines.pausing._SLICE", 1e15)
        patch.setattr("interlock.checker.native.module.program._NARROW", 0)
        yield


@contextmanager
def shared() -> Iterator[None]:
    """Threads share what would be too little to be worth it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("interlock.checker.native.store.local._MANY", 1)
        patch.setattr("interlock.checker.native.store.paths._SHARE", 1)
        patch.setattr("interlock.checker.native.store.moving._WORTH", 64)
        patch.setattr("interlock.checker.native.store.moving._APART", 1 << 10)
        yield


def told(verdict: Verdict) -> object:
    """All that a verdict says, but for times, memory and what there was time to compare."""
    bare = attrs.evolve(
        verdict.coverage,
        search_seconds=None,
        bits_per_state=None,
        bytes_per_state=None,
        peak_memory=None,
        compared=None,
    )
    others = [told(v) for v in verdict.others] if isinstance(verdict, Violated) else []
    plain = attrs.evolve(verdict, coverage=bare)
    return (attrs.evolve(plain, others=()), others) if isinstance(plain, Violated) else plain


def leaf(name: str, lo: int, hi: int) -> Leaf:
    """An int leaf."""
    return Leaf(name, False, lo, hi, lo)


def action(
    name: str,
    params: Sequence[tuple[int, int]],
    guards: Sequence[Node],
    updates: dict[int, Node],
    errors: Sequence[Node] = (),
) -> ScalarAction:
    """An action whose parameters are ints of some ranges."""
    sites = tuple(ErrorSite(e, ModelErrorKind.RANGE, NOWHERE) for e in errors)
    types = tuple((f"p{i}", IntT(lo, hi)) for i, (lo, hi) in enumerate(params))
    leaves = tuple(leaf(f"p{i}", lo, hi) for i, (lo, hi) in enumerate(params))
    return ScalarAction(name, None, types, leaves, tuple(range(len(params))), tuple(guards), sites, updates)


def starting(leaves: Sequence[Leaf], *states: State) -> tuple[ScalarAction, ...]:
    """Initial actions that lead to these states."""
    return tuple(sc.begins([sc.constant(leaf, v) for leaf, v in zip(leaves, state, strict=True)]) for state in states)


def scalar_system(
    leaves: tuple[Leaf, ...],
    initial: Sequence[State],
    actions: tuple[ScalarAction, ...],
    properties: tuple[ScalarProperty, ...],
    terminal: ScalarProperty | None = None,
    state: Type | None = None,
) -> ScalarSystem:
    """A system that begins in some states."""
    return ScalarSystem(leaves, starting(leaves, *initial), actions, properties, terminal, state)


def initial_states(system: ScalarSystem) -> tuple[State, ...]:
    """The initial states of a system that has few."""
    states = starts.listed(system)
    assert states is not None
    return states


def put_pending(run: Run, states: Sequence[Sequence[int]]) -> None:
    """Let states, in words, wait to be taken in; no instance leads to them."""
    run.pending.put(0, [w for s in states for w in s])
    nobody = run.program.instances
    run.ids.put(0, [nobody << 32 | nobody] * (len(states) // 2 + 1))
    run[Ctx.WAITING] = len(states)


def claim(name: str, kind: PropertyKind, value: Node, errors: Sequence[Node] = ()) -> ScalarProperty:
    """A property."""
    return ScalarProperty(name, kind, value, tuple(ErrorSite(e, ModelErrorKind.RANGE, NOWHERE) for e in errors))


def recoverable(name: str, goals: Sequence[Node], errors: Sequence[Node] = ()) -> ScalarProperty:
    """What is to be recovered for each value of a parameter."""
    made = claim(name, PropertyKind.RECOVERABLE, sc.and_(goals), errors)
    return attrs.evolve(made, params=(("k", IntT(0, len(goals) - 1)),), goals=tuple(goals))


def keep_all_leaves(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let states be as wide as they are written: nothing is left out, whatever is known of them."""
    monkeypatch.setattr("interlock.checker.engines.explore.known_leaves", lambda *_: NOTHING)


def list_no_initial_states(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let initial states be too many to list, whatever they are."""
    monkeypatch.setattr(starts, "FEW", -1)
    starts._listed.cache_clear()


def agg_core(chains: int, heights: int) -> ScalarSystem:
    """Blocks of several chains that depend on one another: built, pre-confirmed, proven, final."""
    n = chains * heights * 2
    status = [sc.int_var("s", 2 * b, ABSENT, FINAL) for b in range(n)]
    dep = [sc.int_var("s", 2 * b + 1, 0, n) for b in range(n)]
    leaves = [x for b in range(n) for x in (leaf(f"status{b}", 0, 4), leaf(f"dep{b}", 0, n))]
    b, d = sc.int_var("p", 0, 0, n - 1), sc.int_var("p", 1, 0, n)
    num = sc.integer

    def pick(items: Sequence[Node], index: Node, shift: int = 0) -> Node:
        found = items[-1]
        for i, item in reversed(list(enumerate(items[:-1]))):
            found = sc.ite(sc.eq(index, num(i + shift)), item, found)
        return found

    def below(at_least: int) -> list[Node]:
        out = []
        for k in range(n):
            if k // 2 % heights == 0:
                out.append(sc.TRUE)
            else:
                pair = (status[k - 2], status[(k - 2) ^ 1])
                out.append(sc.or_(sc.le(num(at_least), x) for x in pair))
        return out

    def depends(at_least: int) -> list[Node]:
        return [sc.or_((sc.eq(dep[k], num(0)), sc.le(num(at_least), pick(status, dep[k], 1)))) for k in range(n)]

    def moved(to: int) -> dict[int, Node]:
        return {2 * k: sc.ite(sc.eq(b, num(k)), num(to), status[k]) for k in range(n)}

    def at(value: int) -> Node:
        return sc.eq(pick(status, b), num(value))

    chain = [num(k // (2 * heights)) for k in range(n)]
    other = sc.not_(sc.eq(pick(chain, b), pick(chain, d, 1)))
    built = sc.and_((other, sc.le(num(BUILT), pick(status, d, 1))))
    build = moved(BUILT) | {2 * k + 1: sc.ite(sc.eq(b, num(k)), d, dep[k]) for k in range(n)}
    sibling = pick([status[k ^ 1] for k in range(n)], b)
    one, two = [(0, n - 1)], [(0, n - 1), (0, n)]
    actions = (
        action("build", two, [at(ABSENT), pick(below(BUILT), b), sc.or_((sc.eq(d, num(0)), built))], build),
        action(
            "preconfirm",
            one,
            [at(BUILT), sc.lt(sibling, num(CONFIRMED)), pick(depends(CONFIRMED), b)],
            moved(CONFIRMED),
        ),
        action("prove", one, [at(CONFIRMED), pick(depends(PROVEN), b)], moved(PROVEN)),
        action("finalize", one, [at(PROVEN), pick(depends(FINAL), b), pick(below(FINAL), b)], moved(FINAL)),
    )
    safe = sc.and_(
        sc.or_(
            (
                sc.not_(sc.eq(status[k], num(FINAL))),
                sc.and_((depends(FINAL)[k], sc.not_(sc.eq(status[k ^ 1], num(FINAL))))),
            )
        )
        for k in range(n)
    )
    return scalar_system(tuple(leaves), ((0,) * (2 * n),), actions, (claim("safe", PropertyKind.ALWAYS, safe),))


def successors(system: ScalarSystem, state: State) -> list[tuple[Step, State]]:
    """Every enabled step of a state, in order, as the scalar form means it."""
    return [(step, new) for step, new in _instances(system, state) if new is not None]


def is_error(system: ScalarSystem, state: State) -> bool:
    """Whether a step from the state is an error of the model."""
    return any(new is None for _, new in _instances(system, state))


def _instances(system: ScalarSystem, state: State) -> Iterator[tuple[Step, State | None]]:
    for number, a in enumerate(system.actions):
        for values in system.expand_params(a):
            leaves = [x for (_, t), v in zip(a.params, values, strict=True) for x in to_leaves(t, v)]
            env = {("s", i): v for i, v in enumerate(state)} | {("p", i): v for i, v in enumerate(leaves)}
            if any(sc.evaluate([e.condition for e in a.errors], env)):
                yield Step(number, values), None
            elif all(sc.evaluate(a.guards, env)):
                new = dict(zip(a.updates, sc.evaluate(a.updates.values(), env), strict=True))
                yield Step(number, values), tuple(new.get(i, v) for i, v in enumerate(state))


def begun(system: ScalarSystem) -> list[tuple[Step, State]]:
    """Every enabled initial instance, in order, and the state that it leads to."""
    found = []
    for number, a in enumerate(system.initials):
        for values in system.expand_params(a):
            leaves = [x for (_, t), v in zip(a.params, values, strict=True) for x in to_leaves(t, v)]
            env = {("p", i): v for i, v in enumerate(leaves)}
            if all(sc.evaluate(a.guards, env)):
                made = sc.evaluate([a.updates[i] for i in range(len(system.leaves))], env)
                found.append((Step(number, values), tuple(made)))
    return found


def search(system: ScalarSystem) -> tuple[dict[State, int], dict[State, list[State]], set[State]]:
    """Breadth first in Python: the level of each state, its successors, and the states with an error."""
    levels = dict.fromkeys([state for _, state in begun(system)], 0)
    steps: dict[State, list[State]] = {}
    queue, wrong = deque(levels), set()
    while queue:
        state = queue.popleft()
        steps[state] = [t for _, t in successors(system, state)]
        if is_error(system, state):
            wrong.add(state)
        for t in steps[state]:
            if t not in levels:
                levels[t] = levels[state] + 1
                queue.append(t)
    return levels, steps, wrong


def entered(visited: Visited, part: int) -> int:
    """The number of a part of wide states, a new one where it has none; as a thread that does not remember it asks."""
    h = part
    for _ in range(2):
        h = (h ^ h >> 32) * 0xD6E8FEB86659FD93 % (1 << 64)
    return visited.program.library.function("enter", 3)(visited.first.address, part, h)
