"""A reduced search says of the model what a search of all its states says; its paths are real."""

from __future__ import annotations

from typing import Any

import pytest

from checker.engines import reduction
from checker.engines.contract import Budget, Holds, NoneWithin, Symmetry, Task, Trouble, Unknown, Verdict, Violated
from checker.engines.explore import Explore
from checker.ir.scalar import ScalarSystem
from checker.native.kernel import Kernel
from tests.engines.test_explore import replayed
from tests.ir.test_symmetry import act, system

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
LATE = act("for w in Who:\n    if s.votes[w] > 0:\n        s.leader = w")  # the last one wins


def run(made: ScalarSystem, when: Symmetry = Symmetry.ALWAYS, *, every: bool = False, **budget: Any) -> Verdict:
    return Explore().run(Task(made, Budget(**budget), every=every, symmetry=when))


def test_counts_are_of_the_model() -> None:
    """Three counters of three values: 27 states in 10 orbits."""
    made = system(GROW)

    full, reduced = run(made, Symmetry.NEVER), run(made)

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
    """What the order in `_stage` is for: a trade would look like no step at all."""
    real = Kernel._check_step

    def late(self: Kernel, code: Any, source: str, target: str, number: str) -> None:
        self._represent(code, target)
        real(self, code, source, target, number)

    monkeypatch.setattr(Kernel, "_check_step", late)

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
    full, reduced = (run(system(GROW), when, depth=3) for when in (Symmetry.NEVER, Symmetry.ALWAYS))

    assert isinstance(reduced, NoneWithin)
    assert full.coverage.states == reduced.coverage.states == 17


def test_a_model_whose_members_differ_is_searched_in_full() -> None:
    """By default and when asked for; the other scalarset is not touched by that."""
    for when in (Symmetry.AUTO, Symmetry.ALWAYS):
        verdict = run(system(GROW + "\n\n" + LATE), when)

        assert "Who" not in verdict.coverage.symmetry


def test_a_long_search_asks_the_solver_and_begins_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """What rewriting does not show is asked for where the search has grown; the counts do not tell."""
    body = act(
        "require(s.votes[w] < 2)\nfor v in Who:\n    if v == w:\n        s.votes[v] += 1\n        s.leader = v",
        ", w: Who",
    )
    made, asked = system(body), []
    real = reduction.by_solver
    monkeypatch.setattr(reduction, "by_solver", lambda *a: asked.append(a) or real(*a))
    short = run(made, Symmetry.AUTO)
    monkeypatch.setattr(reduction, "worth", lambda _program: 10)

    found = reduction.at_first(Task(made))
    long = run(made, Symmetry.AUTO)

    assert short.coverage.states == long.coverage.states
    assert "Who" in long.coverage.symmetry
    if found.open:
        assert len(asked) == 1
        assert "Who" not in short.coverage.symmetry


def test_a_search_that_was_refused_goes_on_and_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reduction, "worth", lambda _program: 10)
    made = system(GROW + "\n\n" + LATE)

    full, asked = run(made, Symmetry.NEVER), run(made, Symmetry.AUTO)

    assert isinstance(asked, Holds)
    assert asked.coverage.notes == ("not reduced by the symmetry of Who: `act` tells its members apart",)
    assert (asked.coverage.states, asked.coverage.transitions) == (full.coverage.states, full.coverage.transitions)


def test_a_budget_of_states_is_of_those_kept() -> None:
    """Ten orbits fit where 27 states do not."""
    full, reduced = (run(system(GROW), when, states=12) for when in (Symmetry.NEVER, Symmetry.ALWAYS))

    assert isinstance(full, Unknown)
    assert isinstance(reduced, Holds)
