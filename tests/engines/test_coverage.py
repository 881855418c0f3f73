"""Coverage is counted as a search in Python counts it, whatever the threads, the symmetry and the width of states."""

from __future__ import annotations

from typing import Any

import attrs
import pytest
from hypothesis import given, settings

from interlock.checker.contract import Asked, Budget, Holds, Surveyed, Task, Violated
from interlock.checker.engines import coverage
from interlock.checker.engines.explore import Explore
from interlock.checker.ir import scalar as sc
from interlock.checker.ir.nodes import PropertyKind
from interlock.checker.ir.scalar import Leaf, ScalarSystem
from interlock.checker.native.store.states import OutOfMemory
from tests.engines.test_explore import counter, systems
from tests.engines.test_reduction import BUSY, GROW, TRADE
from tests.native.systems import action, agg_core, claim, initial_states, leaf, scalar_system, search, successors
from tests.passes.test_symmetry import system as modelled

num = sc.integer


@pytest.fixture
def eager(monkeypatch: pytest.MonkeyPatch) -> None:
    """Threads share what would be too little to be worth it."""
    monkeypatch.setattr("interlock.checker.native.store.survey._PIECE", 1 << 10)


def survey(system: ScalarSystem, asked: Asked = Asked(new=True), *, workers: int = 1, symmetry: bool = False,
           every: bool = True, **budget: Any) -> Surveyed:  # fmt: skip
    """What is told of a search that goes on after violations."""
    task = Task(system, Budget(**budget), workers=workers, symmetry=symmetry, every=every, asked=asked)
    found = Explore().run(task).coverage.survey
    assert found is not None
    return found


def counted(system: ScalarSystem, below: int | None = None) -> tuple[int, tuple[int, ...], tuple[int, ...]]:
    """States, steps and newly reached states by action, of a search in Python."""
    levels, _, _ = search(system)
    fired, new = [0] * len(system.actions), [set() for _ in system.actions]
    expanded = [s for s, level in levels.items() if below is None or level < below]
    for s in expanded:
        for step, t in successors(system, s):
            fired[step.action] += 1
            if levels[t] == levels[s] + 1:
                new[step.action].add(t)
    return len(expanded), tuple(fired), tuple(map(len, new))


def told(found: Surveyed) -> tuple[int, tuple[int, ...], tuple[int, ...] | None]:
    return found.states, found.fired, found.new


@pytest.mark.usefixtures("eager")
@settings(max_examples=25)
@given(systems())
def test_random_systems_are_covered_as_in_python(system: ScalarSystem) -> None:
    """With any number of threads."""
    found = [survey(system, workers=n) for n in (1, 3)]

    assert found[0] == found[1]
    assert told(found[0]) == counted(system)


def test_a_state_counts_for_each_action_that_may_come_last() -> None:
    """(1, 1) is reached by either of two; (2, 0) by one; a longer way there counts for nothing."""
    x, y = sc.int_var("s", 0, 0, 2), sc.int_var("s", 1, 0, 1)
    right = action("right", [], [sc.lt(x, num(2))], {0: sc.add(x, num(1))})
    up = action("up", [], [sc.lt(y, num(1))], {1: sc.add(y, num(1))})
    stay = action("stay", [(0, 3)], [], {})
    system = scalar_system((leaf("x", 0, 2), leaf("y", 0, 1)), ((0, 0),), (right, up, stay), ())

    found = survey(system)

    assert (found.states, found.fired, found.new) == (6, (4, 3, 24), (4, 3, 0))


def test_the_yardstick_is_covered_alike_by_threads() -> None:
    """agg-core with three chains, in a table of a million places."""
    one, two = (survey(agg_core(3, 1), workers=n) for n in (1, 2))

    assert one == two
    assert (one.states, sum(one.fired)) == (580_376, 2_351_394)
    assert one.new is not None
    assert 580_375 <= sum(one.new) < 2_351_394


@pytest.mark.parametrize("cells", [63, 64, 200])
def test_wide_states_are_covered(cells: int) -> None:
    """States of one word, of a tree of two halves, and of a larger tree."""
    leaves = tuple(Leaf(f"b{i}", True, 0, 1, 0) for i in range(cells))
    chosen = (0, 31, 32, cells - 1)
    flips = tuple(action(f"set{i}", [], [sc.not_(sc.bool_var("s", i))], {i: sc.TRUE}) for i in chosen)

    found = survey(scalar_system(leaves, ((0,) * cells,), flips, ()))

    assert (found.states, found.fired, found.new) == (16, (8, 8, 8, 8), (8, 8, 8, 8))


def test_more_actions_than_a_byte_has_bits() -> None:
    """Each marks a place of its own."""
    x = sc.int_var("s", 0, 0, 20)
    system = scalar_system(
        (leaf("x", 0, 20),), ((0,),), tuple(action(f"a{i}", [], [], {0: num(i % 20 + 1)}) for i in range(21)), ()
    )

    assert survey(system).new == (1,) * 21
    assert x.hi == 20


@pytest.mark.parametrize("text", [GROW, TRADE, BUSY], ids=["grow", "trade", "busy"])
def test_a_reduced_search_is_covered_as_the_model(text: str) -> None:
    """Orbits count as their states."""
    made = modelled(text)

    full, reduced = (survey(made, symmetry=s, depth=7) for s in (False, True))

    assert full == reduced


def test_questions_that_are_not_symmetric_are_not_answered_of_a_reduced_search() -> None:
    """One asks of the first member alone."""
    made = modelled(GROW)
    votes = sc.int_var("s", 0, 0, 2)
    asked = Asked(claims=(attrs.evolve(action("?", [], [sc.eq(votes, num(2))], {})),))

    full, reduced = (survey(made, asked, symmetry=s) for s in (False, True))

    assert (full.claims, full.unanswered) == ((9,), ())
    assert reduced.claims is None
    assert reduced.unanswered == ("what the properties wait for was not counted: add --no-symmetry",)


# --- questions -----------------------------------------------------------------------------------------


@settings(max_examples=25)
@given(systems(), systems())
def test_random_questions_are_answered_as_in_python(system: ScalarSystem, other: ScalarSystem) -> None:
    """The actions of one system, asked of the states of another with the same leaves."""
    levels, _, _ = search(system)
    quiet = tuple(attrs.evolve(a, errors=()) for a in other.actions)
    states = attrs.evolve(other, actions=quiet)
    wanted = [0] * len(quiet)
    for s in levels:
        for step, _ in successors(states, s):
            wanted[step.action] += 1

    assert survey(system, Asked(claims=quiet)).claims == tuple(wanted)


def test_only_actions_that_never_fired_are_asked_about() -> None:
    """And those in portions, where they have many instances."""
    made = counter(9, stop=5)
    never = action("never", [], [sc.lt(num(7), sc.int_var("s", 0, 0, 9))], {})
    system = attrs.evolve(made, actions=(*made.actions, never))
    asked: list[int] = []

    def gates(number: int) -> tuple[Any, ...]:
        asked.append(number)
        x = sc.int_var("s", 0, 0, 9)
        return tuple(action("?", [(0, 9)], [sc.lt(num(at), x)], {}) for at in (2, 7))

    found = survey(system, Asked(gates=gates))

    assert asked == [1]
    assert found.gates == {1: (30, 0)}


def test_portions_do_not_change_the_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    """One question at a time, or all at once."""
    x = sc.int_var("s", 0, 0, 100)
    asked = Asked(claims=tuple(action("?", [(0, 2)], [sc.lt(x, num(n))], {}) for n in (3, 5, 200)))
    together = survey(counter(100), asked)
    monkeypatch.setattr(coverage, "MOST", 1)

    assert survey(counter(100), asked) == together
    assert together.claims == (9, 15, 303)


# --- searches that end early ---------------------------------------------------------------------------


@pytest.mark.parametrize("budget", [{"depth": 4}, {"states": 300}], ids=["depth", "states"])
@pytest.mark.parametrize("workers", [1, 2])
def test_a_search_that_ends_early_is_covered_by_whole_levels(budget: dict[str, int], workers: int) -> None:
    """Those whose states were all expanded; the answer says how many."""
    system = agg_core(2, 1)

    found = survey(system, workers=workers, **budget)

    assert found.below == 4
    assert told(found) == early(system, 4)


def early(system: ScalarSystem, below: int) -> tuple[int, tuple[int, ...], tuple[int, ...]]:
    """As `counted`, without the states that are further away."""
    levels, frontier = dict.fromkeys(initial_states(system), 0), list(initial_states(system))
    fired, new, expanded = [0] * len(system.actions), [set() for _ in system.actions], 0
    for depth in range(below):
        found: list[tuple[int, ...]] = []
        for s in frontier:
            expanded += 1
            for step, t in successors(system, s):
                fired[step.action] += 1
                if t not in levels:
                    levels[t] = depth + 1
                    found.append(t)
                if levels[t] == depth + 1:
                    new[step.action].add(t)
        frontier = found
    return expanded, tuple(fired), tuple(map(len, new))


def test_a_violation_that_ends_the_search_leaves_what_was_expanded() -> None:
    """x is 7 after seven steps."""
    x = sc.int_var("s", 0, 0, 100)
    found = survey(counter(100, claim("small", PropertyKind.ALWAYS, sc.lt(x, num(7)))), every=False)

    assert (found.below, found.states, found.fired, found.new) == (7, 7, (7,), (7,))


def test_a_search_out_of_memory_is_covered_by_whole_levels() -> None:
    """Those that were finished, as if that had been the bound."""
    system = agg_core(3, 1)

    found = survey(system, memory=3 << 19)

    assert found.below is not None
    assert found.below > 1
    assert found == survey(system, depth=found.below)


def test_no_time_or_memory_left_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is told that was not counted."""
    late = survey(agg_core(3, 1), seconds=0.0)
    monkeypatch.setattr("interlock.checker.native.store.visited.Visited.afford_beside", refuse)
    small = survey(counter(9))

    assert late.unanswered == ("coverage was not counted: time budget of 0 s reached",)
    assert small.unanswered == ("coverage was not counted: the memory budget leaves no room for it",)
    assert (late.new, small.new) == (None, None)


def refuse(_self: object, _more: int) -> None:
    raise OutOfMemory


def test_the_verdict_is_the_same_with_and_without() -> None:
    """Counts, path and witnesses."""
    x = sc.int_var("s", 0, 0, 100)
    for system in (agg_core(2, 1), counter(100, claim("small", PropertyKind.ALWAYS, sc.lt(x, num(7))))):
        plain, asked = (Explore().run(Task(system, asked=a)) for a in (None, Asked(new=True)))

        assert isinstance(asked, (Holds, Violated))
        bare = [
            attrs.evolve(
                v.coverage, survey=None, search_seconds=None, bytes_per_state=None, peak_memory=None, compared=None
            )
            for v in (plain, asked)
        ]  # fmt: skip
        assert bare[0] == bare[1]
        assert attrs.evolve(plain, coverage=bare[0]) == attrs.evolve(asked, coverage=bare[1])
