"""Counterexamples that differ in their actions: as a search of every set of actions in Python finds them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings

from interlock.checker.contract import Budget, Task, Trouble, Violated
from interlock.checker.engines.explore import Explore
from interlock.checker.ir import scalar as sc
from interlock.checker.ir.nodes import PropertyKind
from interlock.checker.ir.scalar import Node, ScalarSystem
from tests.engines.test_explore import erroneous, replayed, systems, true
from tests.engines.test_reduction import GROW
from tests.native.systems import action, claim, initial_states, is_error, leaf, scalar_system, successors
from tests.passes.test_symmetry import system as modelled

num = sc.integer
ALWAYS, STEP, RECOVERABLE = PropertyKind.ALWAYS, PropertyKind.STEP, PropertyKind.RECOVERABLE
Way = tuple[int, frozenset[int]]  # steps, and the actions


def violated(system: ScalarSystem, distinct: int, *, workers: int = 1, every: bool = True, symmetry: bool = False,
             **budget: Any) -> Violated:  # fmt: skip
    task = Task(system, Budget(**budget), workers=workers, every=every, symmetry=symmetry, distinct=distinct)
    found = Explore().run(task)
    assert isinstance(found, Violated)
    return found


def ways(v: Violated) -> list[Way]:
    return [(len(w.path.steps), w.used()) for w in (v, *v.more) if w.path is not None]


# --- in Python -----------------------------------------------------------------------------------------


def all_ways(system: ScalarSystem, v: Violated) -> dict[frozenset[int], int]:
    """The least length of a counterexample that uses exactly some actions, for every set of them."""
    least: dict[frozenset[int], int] = {}
    seen = {(s, frozenset[int]()) for s in initial_states(system)}
    frontier, length = list(seen), 0
    while frontier:
        following = []
        for state, used in frontier:
            for last in wrong(system, v, state):
                least.setdefault(used | last, length)
            for step, new in successors(system, state):
                now = used | {step.action}
                if wrong_step(system, v, state, new):
                    least[now] = min(least.get(now, length + 1), length + 1)
                if (new, now) not in seen:
                    seen.add((new, now))
                    following.append((new, now))
        frontier, length = following, length + 1
    return least


def wrong(system: ScalarSystem, v: Violated, state: tuple[int, ...]) -> Iterator[frozenset[int]]:
    """The further actions with which a state is wrong as `v` is."""
    terminal = system.terminal
    if v.property is None:
        for i, a in enumerate(system.actions):
            alone = scalar_system(system.leaves, initial_states(system), (a,), ())
            if is_error(alone, state):
                yield frozenset({i})
    elif v.property == "end":
        assert terminal is not None
        if not successors(system, state) and not is_error(system, state) and not true(terminal.value, state):
            yield frozenset()
    else:
        p = next(p for p in system.properties if p.name == v.property)
        if p.kind is not STEP:
            bad = erroneous(p, state)
            if bad if v.trouble is Trouble.MODEL_ERROR else p.kind is ALWAYS and not bad and not true(p.value, state):
                yield frozenset()


def wrong_step(system: ScalarSystem, v: Violated, state: tuple[int, ...], new: tuple[int, ...]) -> bool:
    p = next((p for p in system.properties if p.name == v.property and p.kind is STEP), None)
    if p is None:
        return False
    bad = erroneous(p, state, new)
    return bad if v.trouble is Trouble.MODEL_ERROR else not bad and not true(p.value, state, new)


def lengths(least: dict[frozenset[int], int], told: list[Way]) -> None:
    """Each one told is as short as any that is left when it is told; in the end there is none left."""
    before: list[frozenset[int]] = []
    for length, used in told:
        left = {s: n for s, n in least.items() if not any(b <= s for b in before)}

        assert used in left
        assert length == min(left.values()) == left[used]
        before.append(used)
    assert all(any(b <= s for b in before) for s in least)


@settings(max_examples=60)
@given(systems())
def test_random_systems_are_violated_in_as_many_ways(system: ScalarSystem) -> None:
    """Of each thing: every way is told, the shortest first, on any number of threads; no more than that."""
    found = Explore().run(Task(system, every=True, distinct=99))
    again = Explore().run(Task(system, every=True, distinct=99, workers=3))
    if not isinstance(found, Violated):
        return
    assert isinstance(again, Violated)
    assert ways(found) == ways(again)
    for v in (found, *found.others):
        if v.path is None:
            assert (v.more, v.fewer) == ((), "")
        elif v.trouble is Trouble.PROPERTY and kind(system, v) is RECOVERABLE:
            assert (v.more, v.fewer[:26]) == ((), "others are not looked for,")
        else:
            assert v.fewer == "every other one uses all the actions of one of these"
            lengths(all_ways(system, v), ways(v))
            for w in (v, *v.more):
                assert w.path is not None
                replayed(system, w.path)


def kind(system: ScalarSystem, v: Violated) -> PropertyKind | None:
    return next((p.kind for p in system.properties if p.name == v.property), None)


# --- by hand -------------------------------------------------------------------------------------------

LEAVES = (leaf("x", 0, 9), leaf("y", 0, 9))
X, Y = sc.int_var("s", 0, 0, 9), sc.int_var("s", 1, 0, 9)


def up(name: str, place: int, by: int, most: int) -> Any:
    v = (X, Y)[place]
    return action(name, [], [sc.lt(v, num(most))], {place: sc.add(v, num(by))})


def grid(value: Node, *more: Any) -> ScalarSystem:
    """A slow and a quick way along x, and a way along y."""
    actions = (up("walk", 0, 1, 8), up("run", 0, 2, 7), up("climb", 1, 1, 9), *more)
    return scalar_system(LEAVES, ((0, 0),), actions, (claim("low", ALWAYS, value),))


def test_each_way_is_the_shortest_that_is_left() -> None:
    """By running alone, by walking alone, by climbing; walking and running is not another."""
    v = violated(grid(sc.and_((sc.lt(X, num(6)), sc.lt(Y, num(7))))), 9)

    assert ways(v) == [(3, frozenset({1})), (6, frozenset({0})), (7, frozenset({2}))]
    assert v.fewer == "every other one uses all the actions of one of these"


def test_no_more_are_told_than_were_asked_for() -> None:
    """And then nothing is said of there being fewer."""
    v = violated(grid(sc.and_((sc.lt(X, num(6)), sc.lt(Y, num(7))))), 2)

    assert ways(v) == [(3, frozenset({1})), (6, frozenset({0}))]
    assert v.fewer == ""


def test_a_bound_of_depth_is_a_bound_of_the_others() -> None:
    """The third way takes seven steps."""
    v = violated(grid(sc.and_((sc.lt(X, num(6)), sc.lt(Y, num(7))))), 9, depth=6)

    assert len(ways(v)) == 2
    assert v.fewer == "every other one within 6 steps uses all the actions of one of these"


def test_a_budget_that_ends_the_search_is_the_reason() -> None:
    """Nothing is said of what was not looked for to the end."""
    slow = violated(grid(sc.lt(X, num(6))), 9, every=False, states=20)

    assert slow.fewer == "states budget of 20 reached"


def test_switching_actions_off_makes_no_deadlock() -> None:
    """Without `run` x = 1 would be one; the only real one is at the end."""
    one = action("one", [], [sc.eq(X, num(0))], {0: num(1)})
    other = action("other", [], [sc.eq(X, num(0))], {0: num(2)})
    on = action("on", [], [sc.eq(X, num(1))], {0: num(2)})
    end = claim("end", ALWAYS, sc.FALSE)
    v = violated(scalar_system(LEAVES, ((0, 0),), (one, other, on), (), end), 9)

    assert v.trouble is Trouble.DEADLOCK
    assert ways(v) == [(1, frozenset({1})), (2, frozenset({0, 2}))]


def test_a_state_whose_only_step_is_an_error_is_no_deadlock() -> None:
    """At x = 1; the deadlock is at 2, and there is one way to it."""
    one = action("one", [], [sc.eq(X, num(0))], {0: num(1)})
    two = action("two", [], [sc.eq(X, num(0))], {0: num(2)})
    fails = action("fails", [], [sc.FALSE], {}, [sc.eq(X, num(1))])
    found = violated(scalar_system(LEAVES, ((0, 0),), (one, two, fails), (), claim("end", ALWAYS, sc.FALSE)), 9)
    v = next(v for v in (found, *found.others) if v.trouble is Trouble.DEADLOCK)

    assert ways(v) == [(1, frozenset({1}))]


def test_a_way_is_found_beside_actions_without_which_there_is_none() -> None:
    """Without a and b there is none, and without a and c there is the last."""

    def moves(name: str, *steps: tuple[int, int]) -> Any:
        to = num(steps[-1][1])
        for at, after in steps[:-1]:
            to = sc.ite(sc.eq(X, num(at)), num(after), to)
        return action(name, [], [sc.or_(sc.eq(X, num(at)) for at, _ in steps)], {0: to})

    actions = (
        moves("a", (0, 1)), moves("b", (1, 9), (7, 9)), moves("c", (0, 2), (2, 7)), moves("d", (1, 6), (6, 9)),
        moves("e", (0, 3), (3, 4), (4, 5), (5, 7)),
    )  # fmt: skip
    v = violated(scalar_system(LEAVES, ((0, 0),), actions, (claim("low", ALWAYS, sc.lt(X, num(9))),)), 9)

    assert ways(v) == [(2, frozenset({0, 1})), (3, frozenset({1, 2})), (3, frozenset({0, 3})), (5, frozenset({1, 4}))]


def test_what_else_is_wrong_on_the_way_is_not_taken_for_it() -> None:
    """Climbing is an error of the model before it is a violation."""
    fails = action("fails", [], [sc.FALSE], {}, [sc.eq(Y, num(2))])
    v = violated(grid(sc.and_((sc.lt(X, num(2)), sc.lt(Y, num(7)))), fails), 9)

    assert v.trouble is Trouble.PROPERTY
    assert ways(v) == [(1, frozenset({1})), (2, frozenset({0})), (7, frozenset({2}))]


def test_more_than_what_was_told_is_not_told() -> None:
    """Without `p` the smallest bad state is reached by q and r; but r alone is told before."""
    q = action("q", [], [sc.or_((sc.eq(X, num(1)), sc.eq(X, num(4))))], {0: num(8)})
    p = action("p", [], [sc.eq(X, num(0))], {0: num(1)})
    r = action(
        "r",
        [],
        [sc.eq(sc.mod(X, num(2)), num(0)), sc.le(X, num(4))],
        {0: sc.ite(sc.eq(X, num(4)), num(9), sc.add(X, num(2)))},
    )
    v = violated(scalar_system(LEAVES, ((0, 0),), (q, p, r), (claim("low", ALWAYS, sc.lt(X, num(8))),)), 9)

    assert ways(v) == [(2, frozenset({0, 1})), (3, frozenset({2}))]
    assert v.fewer


def test_the_action_that_is_an_error_is_one_of_the_actions() -> None:
    """Two actions fail in the same state."""
    break_, burst = (action(n, [], [sc.lt(X, num(3))], {}, [sc.eq(X, num(3))]) for n in ("break", "burst"))
    v = violated(grid(sc.TRUE, break_, burst), 9)

    assert v.trouble is Trouble.MODEL_ERROR
    assert sorted(ways(v), key=str) == sorted(
        [(2, frozenset({0, 1, 3})), (2, frozenset({0, 1, 4})), (3, frozenset({0, 3})), (3, frozenset({0, 4}))], key=str
    )


def test_an_initial_violation_is_the_only_way() -> None:
    """It uses no action, and every other one all of those."""
    v = violated(grid(sc.FALSE), 5)

    assert ways(v) == [(0, frozenset())]
    assert v.fewer


@pytest.mark.parametrize("every", [False, True])
def test_a_reduced_search_finds_the_same_ways(every: bool) -> None:
    """Real steps of the same actions."""
    text = GROW + "\n\n@action\ndef jump(s: State, w: Who) -> None:\n    require(s.votes[w] == 0)\n    s.votes[w] = 2\n"
    spec = "@always\ndef small(s: State) -> bool:\n    return sum(s.votes[w] for w in Who) < 5\n"
    made = modelled(text, spec)
    full, reduced = (violated(made, 9, symmetry=s, every=every) for s in (False, True))

    assert ways(full) == ways(reduced)
    assert [n for n, _ in ways(full)] == [3, 3, 5]
    for w in (reduced, *reduced.more):
        assert w.path is not None
        assert sum(replayed(made, w.path)[:3]) >= 5


def test_sets_of_actions_are_compared_not_paths() -> None:
    """Parameters do not count."""
    pick = action("pick", [(1, 5)], [sc.eq(X, num(0))], {0: sc.int_var("p", 0, 1, 5)})
    v = violated(scalar_system(LEAVES, ((0, 0),), (pick,), (claim("zero", ALWAYS, sc.eq(X, num(0))),)), 9)

    assert ways(v) == [(1, frozenset({0}))]
