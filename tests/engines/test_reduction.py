"""A reduced search says of the model what a search of all its states says; its paths are real."""

from __future__ import annotations

import weakref
from pathlib import Path
from typing import Any

import pytest

from interlock.checker.contract import Budget, Checkpoint, Holds, NoneWithin, Task, Trouble, Unknown, Verdict, Violated
from interlock.checker.engines import reduction, searching
from interlock.checker.engines.explore import Explore
from interlock.checker.ir.scalar import ScalarSystem
from interlock.checker.native.kernel.search import Search
from interlock.checker.native.module.program import Program, known_leaves, permitted
from interlock.checker.native.store import history, local
from interlock.checker.native.store.visited import Visited
from interlock.checker.passes.quotient import quotient
from interlock.checker.passes.symmetry import scalarsets
from tests.engines.test_explore import replayed
from tests.native.systems import scalar_system
from tests.passes import test_symmetry
from tests.passes.test_symmetry import HEAD, act, system

BEGINS_AGAIN = history.begins_again  # as it is; tests do not know earlier runs of others

TRADE = """@action
def grow(s: State, w: Who) -> None:
    require(s.votes[w] < 2)
    s.votes[w] += 1


@action
def trade(s: State, w: Who, v: Who) -> None:
    kept = s.votes[w]
    s.votes[w] = s.votes[v]
    s.votes[v] = kept
"""
STAYS = """@step
def stays(old: State, new: State, w: Who) -> bool:
    return new.votes[w] >= old.votes[w]
"""
GROW = TRADE.split("\n\n\n")[0] + "\n"
HARD = act(
    "require(s.votes[w] < 2)\nfor v in Who:\n    if v == w:\n        s.votes[v] += 1\n        s.leader = v", ", w: Who"
)
BUSY = (
    GROW
    + """

@action
def lead(s: State, w: Who) -> None:
    s.leader = w


@action
def call(s: State, w: Who) -> None:
    require(len(s.queue) < 3)
    s.queue = s.queue.push(w)


@action
def leave(s: State) -> None:
    require(len(s.queue) > 0)
    s.queue = s.queue.rest()


@action
def join(s: State, w: Who) -> None:
    s.members |= {w}


@action
def settle(s: State, w: Who, p: Place) -> None:
    s.at[w] = p
"""
)
FEW = """@always
def few(s: State) -> bool:
    return sum(s.votes[w] for w in Who) < 4 or len(s.queue) < 2


@step
def kept(old: State, new: State, w: Who) -> bool:
    return len(new.queue) >= len(old.queue)


@recoverable
def spread(s: State) -> bool:
    return all(s.at[w] is None for w in Who) or sum(s.votes[w] for w in Who) < 2
"""
LATE = act("for w in Who:\n    if s.votes[w] > 0:\n        s.leader = w")  # the last one wins


def run(
    made: ScalarSystem, *, reduced: bool | None = True, every: bool = False, workers: int = 1, **budget: Any
) -> Verdict:
    return Explore().run(Task(made, Budget(**budget), workers=workers, every=every, symmetry=reduced))


def test_counts_are_of_the_model() -> None:
    """Three counters of three values: 27 states in 10 orbits."""
    made = system(GROW)

    full, reduced = run(made, reduced=False), run(made)

    assert isinstance(full, Holds)
    assert isinstance(reduced, Holds)
    a, b = full.coverage, reduced.coverage
    assert (a.states, a.transitions, a.depth, a.terminal, a.fired) == (27, 54, 6, 1, (54,))
    assert (b.states, b.transitions, b.depth, b.terminal, b.fired) == (27, 54, 6, 1, (54,))
    assert (a.orbits, b.orbits) == (None, 10)
    assert (a.symmetry, b.symmetry) == ((), ("Who", "Place"))


def test_a_step_is_judged_before_its_target_is_replaced() -> None:
    """Votes only grow; of representatives, sorted by their votes, that would not be true."""
    verdict = run(system(GROW, STAYS))

    assert isinstance(verdict, Holds)


def test_a_step_between_states_of_one_orbit_is_judged() -> None:
    """The trade leads to the same representative, and it is a violation in two real steps."""
    made = system(TRADE, STAYS)

    verdict = run(made)

    assert isinstance(verdict, Violated)
    assert verdict.path is not None
    assert (verdict.trouble, verdict.property, len(verdict.path.steps)) == (Trouble.PROPERTY, "stays", 2)
    state = replayed(made, verdict.path)
    before = replayed(made, type(verdict.path)(verdict.path.initial, verdict.path.steps[:-1]))
    assert any(new < old for old, new in zip(before[:3], state[:3], strict=True))


def test_judging_the_step_to_the_representative_would_be_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    """Steps are judged before their ends are replaced: else a trade would look like no step at all."""
    real = Search._judge_step

    def late(self: Search, code: Any, state: str, number: str) -> None:
        self.shape.represent(code, state)
        real(self, code, state, number)

    monkeypatch.setattr(Search, "_judge_step", late)

    assert isinstance(run(system(TRADE, STAYS)), Holds)


def test_a_path_takes_real_steps_from_a_real_initial_state() -> None:
    """Each step leads where the next begins, though every state found was replaced."""
    start = "@initial\ndef begin(s: State, w: Who) -> None:\n    s.leader = w\n\n\n"
    spec = (
        "@always\ndef small(s: State) -> bool:\n    return s.leader is None or s.votes[s.leader] < 2 or "
        "sum(s.votes[w] for w in Who) < 5\n"
    )
    made = system(start + GROW, spec)

    verdict = run(made)

    assert isinstance(verdict, Violated)
    assert verdict.path is not None
    assert len(verdict.path.steps) == 5
    votes = replayed(made, verdict.path)
    assert sum(votes[:3]) == 5


def test_an_error_of_the_model_is_shown_by_a_real_step() -> None:
    body = act("require(s.votes[w] == 1)\ns.total = 8 // (2 - s.votes[v])", ", w: Who, v: Who")
    made = system(GROW + "\n\n" + body)

    verdict = run(made, every=True)

    assert isinstance(verdict, Violated)
    (found,) = [v for v in (verdict, *verdict.others) if v.error_step is not None]
    assert found.path is not None
    state = replayed(made, found.path)
    assert found.error_step is not None
    w, v = found.error_step.params
    assert (state[w], state[v]) == (1, 2)  # type: ignore[index]


def test_what_cannot_be_recovered_from_is_found() -> None:
    spec = "@recoverable\ndef low(s: State) -> bool:\n    return sum(s.votes[w] for w in Who) <= 1\n"
    made = system(GROW, spec)

    verdict = run(made)

    assert isinstance(verdict, Violated)
    assert verdict.path is not None
    assert sum(replayed(made, verdict.path)[:3]) == 2


def test_a_witness_is_a_real_path() -> None:
    spec = "@reachable\ndef split(s: State, w: Who, v: Who) -> bool:\n    return s.votes[w] == 2 and s.votes[v] == 1\n"
    made = system(GROW, spec)

    verdict = run(made)

    assert isinstance(verdict, Holds)
    assert sorted(replayed(made, verdict.witnesses["split"])[:3]) == [0, 1, 2]


def test_a_bounded_search_counts_the_states_within_the_bound() -> None:
    full, reduced = (run(system(GROW), reduced=r, depth=3) for r in (False, True))

    assert isinstance(reduced, NoneWithin)
    assert full.coverage.states == reduced.coverage.states == 17


def test_a_model_whose_members_differ_is_searched_in_full() -> None:
    """The other scalarset is not touched by that."""
    verdict = run(system(GROW + "\n\n" + LATE))

    assert verdict.coverage.symmetry == ("Place",)


def test_a_solver_is_asked_where_rewriting_shows_too_little(monkeypatch: pytest.MonkeyPatch) -> None:
    """Once, before the search; where all was shown, or nothing was asked for, it is not."""
    made, asked = system(HARD), []
    real = reduction.by_solver
    monkeypatch.setattr(reduction, "by_solver", lambda *a: asked.append(a) or real(*a))

    full, easy = run(made, reduced=False), run(system(GROW))
    assert (len(asked), full.coverage.symmetry, easy.coverage.symmetry) == (0, (), ("Who", "Place"))

    found = run(made)
    assert len(asked) == 1
    assert "Who" in found.coverage.symmetry
    assert found.coverage.states == full.coverage.states


def test_what_is_not_reduced_by_is_said() -> None:
    made = system(GROW + "\n\n" + LATE)

    full, asked = run(made, reduced=False), run(made)

    assert isinstance(asked, Holds)
    assert full.coverage.notes == ()
    assert asked.coverage.notes == ("not reduced by the symmetry of Who: `act` tells its members apart",)
    assert (asked.coverage.states, asked.coverage.transitions) == (full.coverage.states, full.coverage.transitions)


def test_what_is_not_reduced_pays_nothing() -> None:
    """Neither the proof nor the code: a small search, and one that must not be reduced."""
    made = system(GROW)

    left, refused = run(made, reduced=None), run(made, reduced=False)

    assert (left.coverage.orbits, left.coverage.symmetry) == (refused.coverage.orbits, refused.coverage.symmetry)
    assert (left.coverage.orbits, left.coverage.symmetry) == (None, ())
    assert "canonical" not in Program(made).assembly()


def told(verdict: Verdict) -> tuple[Any, ...]:
    """All that a verdict says, but for time and memory."""
    c, wrong = verdict.coverage, [verdict, *verdict.others] if isinstance(verdict, Violated) else []
    paths = [(v.trouble, v.property, v.path, v.error_step) for v in wrong]
    return type(verdict), (c.states, c.orbits, c.transitions, c.depth, c.terminal, c.fired, c.symmetry), paths


@pytest.mark.parametrize("wide", [False, True])
def test_many_orbits_are_counted_and_judged_alike(wide: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """In one word or as trees, on one thread or more, with levels that all threads search."""
    head = HEAD.replace("Map[Who, Annotated[int, Range(0, 2)]]", "Map[Who, Annotated[int, Range(0, 1099511627775)]]")
    monkeypatch.setattr(test_symmetry, "HEAD", head if wide else HEAD)
    monkeypatch.setattr(local, "_MANY", 2)
    made = system(BUSY, FEW)
    assert Program(made).shape.folded is wide

    full = run(made, reduced=False, every=True, workers=2)
    alone, two, three = (run(made, every=True, workers=n) for n in (1, 2, 3))

    assert told(alone) == told(two) == told(three)
    a, b = full.coverage, alone.coverage
    assert (a.states, a.transitions, a.depth, a.terminal, a.fired) == (
        b.states, b.transitions, b.depth, b.terminal, b.fired,
    )  # fmt: skip
    assert 50_000 < (b.orbits or 0) < (b.states or 0) // 8
    assert violated(full) == violated(alone) == [("few", 6), ("kept", 2), ("spread", 3)]


def test_leaves_that_are_not_kept_go_with_those_that_are(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a wide state: who is first is always there, the deputy is the leader, and nobody is ever at a place."""
    head = HEAD.replace("Range(0, 2)]]", "Range(0, 1099511627775)]]").replace(
        "    leader:", "    first: Who | None = None\n    deputy: Who | None = None\n    leader:"
    )
    monkeypatch.setattr(test_symmetry, "HEAD", head)
    begin = "@initial\ndef begin(s: State, w: Who) -> None:\n    s.first = w\n\n\n"
    lead = "\n\n@action\ndef lead(s: State, w: Who) -> None:\n    s.leader = w\n    s.deputy = w\n"
    spec = "@always\ndef few(s: State) -> bool:\n    return s.deputy is None or s.deputy == s.first or s.votes[s.deputy] < 2\n"
    made = system(begin + GROW + lead, spec)
    names = [leaf.name for leaf in made.leaves]
    known = permitted(known_leaves(made), made, quotient(made, scalarsets(made.state)))
    assert known.ranges[names.index("first?")] == (1, 1)
    assert known.same[names.index("leader")] == names.index("deputy")

    full, reduced = (run(made, reduced=r, every=True) for r in (False, True))

    a, b = full.coverage, reduced.coverage
    assert (a.states, a.transitions, a.depth, a.fired) == (b.states, b.transitions, b.depth, b.fired)
    assert (a.states, b.orbits) == (27 * 4 * 3, 63)  # (324 + 3 * 18) / 6, by the lemma of Burnside
    assert violated(full) == violated(reduced) == [("few", 3)]


def violated(verdict: Verdict) -> list[tuple[str | None, int]]:
    """What is violated, and in how many steps."""
    assert isinstance(verdict, Violated)
    found = [verdict, *verdict.others]
    return sorted((v.property or "", len(v.path.steps)) for v in found if v.path is not None)


@pytest.mark.parametrize(("budget", "states"), [(3, 1), (10, 10), (26, 26), (27, 27)])
def test_a_budget_of_states_is_of_the_model(budget: int, states: int) -> None:
    """It ends both searches at the same level, though one keeps fewer states."""
    full, reduced = (run(system(GROW), reduced=r, states=budget) for r in (False, True))

    assert type(full) is type(reduced) is (Holds if budget == 27 else Unknown)
    assert full.coverage.states == reduced.coverage.states == states


# --- when a search is reduced ----------------------------------------------------------------------


@pytest.fixture
def thresholds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of GROW, levels end with 1, 4, 10, 17, 23, 26 and 27 states."""
    monkeypatch.setattr(reduction, "SMALL", 10)
    monkeypatch.setattr(reduction, "LARGE", 20)


@pytest.mark.usefixtures("thresholds")
@pytest.mark.parametrize("workers", [1, 2, 3])
@pytest.mark.parametrize("many", [1, 16])
def test_a_search_that_outgrows_a_small_one_begins_again(
    workers: int, many: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At the end of the first level with more than 10 states, however many threads search it."""
    asked = []
    real = reduction.later
    monkeypatch.setattr(local, "_MANY", many)
    monkeypatch.setattr(reduction, "later", lambda *a: asked.append(a) or real(*a))
    seen: list[int | None] = []
    real_reconsider = searching.Search._reconsider
    monkeypatch.setattr(
        searching.Search, "_reconsider", lambda self: seen.append(self.states.found) or real_reconsider(self)
    )
    made = system(GROW)

    left, asked_for = run(made, reduced=None, workers=workers), run(made, workers=workers)

    assert len(asked) == 1
    assert seen.count(17) == 1  # where it began again; then there are 10 orbits, too few to ask a solver
    assert told(left) == told(asked_for)
    assert left.coverage.orbits == 10


@pytest.mark.usefixtures("thresholds")
def test_a_search_that_began_again_says_no_less_than_it_had_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """More time must not report less: here the second search is stopped before its first level."""
    began: list[bool] = []
    real = searching.Search._again
    monkeypatch.setattr(searching.Search, "_again", lambda self, start: began.append(True) or real(self, start))
    verdict = Explore().run(Task(system(GROW), interrupted=lambda: bool(began)))

    assert isinstance(verdict, Unknown)
    assert verdict.reason == "interrupted"
    assert (verdict.coverage.states, verdict.coverage.depth) == (17, 3)
    assert (verdict.coverage.compared or 0) > 0


@pytest.mark.usefixtures("thresholds")
def test_a_search_that_began_again_is_reduced_at_once_the_next_time(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """What it says is the same, and what it searched for nothing is not searched again."""
    monkeypatch.setattr(history, "begins_again", BEGINS_AGAIN)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.delenv("INTERLOCK_CACHE", raising=False)
    levels: list[int] = []
    real = searching.Search._reconsider
    monkeypatch.setattr(searching.Search, "_reconsider", lambda self: levels.append(self.states.found) or real(self))
    first, before = run(system(GROW), reduced=None), list(levels)
    second = run(system(GROW), reduced=None)

    assert told(first) == told(second)
    assert before == [1, 17, 1]  # states at the ends of levels, where native code does not go on by itself
    assert levels[len(before) :] == [1]


@pytest.mark.usefixtures("thresholds")
def test_a_search_that_begins_again_gives_its_memory_back_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two tables at a time would not be within a budget of memory."""
    made: list[weakref.ref[Visited]] = []
    alive: list[bool] = []
    real = Visited.__init__

    def noted(self: Visited, *given: Any) -> None:
        alive.append(any(v() is not None for v in made))
        made.append(weakref.ref(self))
        real(self, *given)

    monkeypatch.setattr(Visited, "__init__", noted)

    run(system(GROW), reduced=None)

    assert alive == [False, False]


@pytest.mark.usefixtures("thresholds")
def test_a_search_is_over_when_its_last_level_is() -> None:
    """Though it has outgrown a small one by then; and a violation is told where it is found."""
    spec = "@always\ndef low(s: State) -> bool:\n    return sum(s.votes[w] for w in Who) < 3\n"

    shallow, violated = run(system(GROW), reduced=None, depth=3), run(system(GROW, spec), reduced=None)

    assert (shallow.coverage.states, shallow.coverage.orbits) == (17, None)
    assert (violated.coverage.states, violated.coverage.orbits) == (17, None)
    assert isinstance(violated, Violated)


@pytest.mark.usefixtures("thresholds")
def test_a_solver_is_asked_for_a_large_search_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rewriting shows too little of this model, and few permutations of it: two places."""
    asked = []
    real = reduction.by_solver
    monkeypatch.setattr(reduction, "by_solver", lambda *a: asked.append(a) or real(*a))
    made = system(HARD)
    assert [s.name for s in reduction.symmetries(made).sorts] == ["Place"]

    small = run(made, reduced=None, depth=2)
    assert (len(asked), small.coverage.symmetry, small.coverage.notes) == (0, (), ())

    large = run(made, reduced=None)
    assert len(asked) == 1
    assert large.coverage.symmetry == ("Who", "Place")
    assert large.coverage.states == run(made, reduced=False).coverage.states


@pytest.mark.usefixtures("thresholds")
def test_a_reduced_search_may_be_reduced_further() -> None:
    """By the members, which rewriting shows alike; and when it is large, by the places too."""
    model = GROW + "\n\n" + act("for q in Place:\n    if q == p:\n        s.at[w] = q", ", w: Who, p: Place")
    made = system(model)
    assert [s.name for s in reduction.symmetries(made).sorts] == ["Who"]

    large = run(made, reduced=None)

    assert (large.coverage.states, large.coverage.symmetry) == (729, ("Who", "Place"))


@pytest.mark.usefixtures("thresholds")
def test_two_members_alone_are_worth_it_in_a_large_search() -> None:
    """They halve it at best."""
    task = Task(system(GROW + "\n\n" + LATE))
    assert [s.name for s in reduction.symmetries(task.system).sorts] == ["Place"]

    first = reduction.at_first(task)
    small = reduction.later(task, first)
    large = reduction.later(task, small)

    assert (first.again, small.again, large.again) == (10, 20, None)
    assert (first.order, small.order, large.order) == (1, 1, 2)


def test_a_search_that_is_saved_is_reduced_from_the_start(tmp_path: Path) -> None:
    """So that a run that goes on does as the one before it; unless it must not be reduced."""
    made, kept = system(GROW), Checkpoint(tmp_path / "search")

    saved, refused = (Explore().run(Task(made, checkpoint=kept, symmetry=s)) for s in (None, False))

    assert (saved.coverage.orbits, refused.coverage.orbits) == (10, None)


def test_where_nothing_is_gained_nothing_is_asked() -> None:
    """One member, or no scalarset; or a system that nobody wants reduced."""
    made = system(GROW)
    alone = scalar_system((), ((),), (), ())

    assert [reduction.at_first(t).again for t in (Task(alone), Task(made, symmetry=False))] == [None, None]


@pytest.mark.usefixtures("thresholds")
def test_a_search_that_begins_again_is_within_its_budgets() -> None:
    """Of states, of depth and of time, as the search of all states is."""
    made = system(GROW)

    for budget in ({"states": 20}, {"depth": 4}):
        left, full = run(made, reduced=None, **budget), run(made, reduced=False, **budget)
        assert type(left) is type(full)
        assert left.coverage.orbits is not None
        assert (left.coverage.states, left.coverage.depth) == (full.coverage.states, full.coverage.depth)

    late = Task(made, Budget(seconds=1e-9), symmetry=None)
    assert isinstance(Explore().run(late), Unknown)


TWO = """@always
def second(s: State) -> bool:
    return all(s.at[w] is None for w in Who)


@always
def third(s: State) -> bool:
    return all(s.votes[w] < 1 for w in Who)
"""


def test_of_two_that_are_violated_as_early_the_same_is_told_first() -> None:
    """In full the smallest state with a vote is smaller than any with a place; of representatives it need not be."""
    model = BUSY

    full, reduced = (run(system(model, TWO), reduced=r) for r in (False, True))

    assert isinstance(full, Violated)
    assert isinstance(reduced, Violated)
    assert full.property == reduced.property == "second"
    assert [v.property for v in run(system(model, TWO), every=True).others] == ["third"]  # type: ignore[union-attr]
