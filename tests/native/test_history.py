"""A search that was made before has its memory from the start, and says the same."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import attrs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from interlock.checker.contract import Budget, Coverage, Holds, Task, Unknown, Verdict
from interlock.checker.engines.explore import Explore
from interlock.checker.ir.scalar import ScalarSystem
from interlock.checker.native.code import jit
from interlock.checker.native.code.jit import FAST, QUICK, Form, Library
from interlock.checker.native.module.crew import Crew
from interlock.checker.native.module.program import Program
from interlock.checker.native.store import history
from interlock.checker.native.store.states import States
from interlock.checker.native.store.table import Table
from interlock.checker.native.store.tree import Tree
from interlock.checker.native.store.visited import Visited
from tests.clock import Clock
from tests.native.systems import agg_core, keep_all_leaves, told
from tests.native.test_wide import wide_systems

QUIET = settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
LIES = st.tuples(st.integers(0, 1 << 40), st.integers(0, 1 << 40), st.floats(0, 100))


@pytest.fixture(autouse=True)
def own_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """What is kept is kept for one test; searches of any size are."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.delenv("INTERLOCK_CACHE", raising=False)
    monkeypatch.setattr(history, "LEAST", 1)
    monkeypatch.setattr(history, "_SHORT", 0.0)


@pytest.fixture
def grown(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Tables and trees that became larger."""
    found: list[int] = []
    for kind in (Table, Tree):

        def noted(self: Any, *given: Any, grow: Any = kind.grow) -> None:
            found.append(self.bytes())
            grow(self, *given)

        monkeypatch.setattr(kind, "grow", noted)
    return found


def checked(system: ScalarSystem, **more: Any) -> Verdict:
    return Explore().run(Task(system, **more))


def covered(verdict: Verdict) -> Coverage:
    return verdict.coverage


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("wide", [False, True])
def test_the_second_search_moves_nothing(
    monkeypatch: pytest.MonkeyPatch, grown: list[int], wide: bool, workers: int
) -> None:
    """Its table and its tree are as large as they become, and no larger than is needed."""
    system = agg_core(3, 1)
    if wide:
        keep_all_leaves(monkeypatch)
        system = attrs.evolve(system, leaves=tuple(attrs.evolve(x, hi=x.hi << 6) for x in system.leaves))
    first, moved = checked(system, workers=workers), len(grown)
    grown.clear()
    second = checked(system, workers=workers)

    assert moved
    assert not grown
    assert isinstance(first, Holds)
    assert told(second) == told(first)


@QUIET
@given(wide_systems(), LIES, st.sampled_from([None, 1 << 21]))
def test_lies_about_the_last_run_change_nothing_that_is_told(
    system: ScalarSystem, lies: tuple[int, int, float], memory: int | None
) -> None:
    """Sizes that are too small, or that no memory has; within a budget too."""
    budget = Budget(memory=memory)
    plain = told(checked(system, budget=budget))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            Library, "recall", lambda _, *about: json.dumps(lies).encode() if about[0] == "history 1" else None
        )
        patch.setattr(Library, "used", lambda *_: None)
        again = told(checked(system, budget=budget))

    assert again == plain


def known(monkeypatch: pytest.MonkeyPatch, *numbers: float) -> list[float]:
    """As if that were known of the last run; the seconds that are counted for the module."""
    counted: list[float] = []
    data = json.dumps(numbers).encode()
    monkeypatch.setattr(Library, "recall", lambda _, *about: data if about[0] == "history 1" else None)
    monkeypatch.setattr(Library, "used", lambda _, seconds: counted.append(seconds))
    return counted


def test_a_run_of_little_time_does_nothing_beforehand(monkeypatch: pytest.MonkeyPatch) -> None:
    """What earlier runs took is no reason to spend its time before the first state."""
    counted = known(monkeypatch, 100, 0, 1e6)
    checked(agg_core(2, 1), budget=Budget(seconds=1e9))
    assert 1e6 not in counted
    checked(agg_core(2, 1))
    assert 1e6 in counted


def test_a_search_that_may_use_the_disk_grows_as_it_must(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A table that takes all of a budget leaves none for what comes beside it."""
    known(monkeypatch, 1e6, 0, 0)
    asked: list[int] = []
    monkeypatch.setattr(Visited, "expect", lambda _, states, parts: asked.append(states))
    checked(agg_core(2, 1), spill=tmp_path)
    assert not asked
    checked(agg_core(2, 1))
    assert asked == [10**6]


def test_what_a_table_needs_beside_it_is_left_to_it() -> None:
    """A table that just fits is not asked for: depths, the frontier and the tree have to go somewhere."""
    visited = Visited(Program(agg_core(2, 1)), Crew(1), 8 << 20)
    before = visited.table.slots
    visited.expect(850_000, 0)  # 8 MB of cells
    assert visited.table.slots == before
    visited.expect(400_000, 0)
    assert visited.table.slots > before


@pytest.mark.parametrize("data", [b"", b"{", b"[1]", b'["x", 1, 1]', b"null", b"\xff"])
def test_what_is_damaged_is_not_known(monkeypatch: pytest.MonkeyPatch, data: bytes) -> None:
    monkeypatch.setattr(Library, "recall", lambda _, *about: data if about[0] == "history 1" else None)

    assert isinstance(checked(agg_core(2, 1)), Holds)


def test_a_budget_of_states_has_a_history_of_its_own(grown: list[int]) -> None:
    """A part of a search does not take the memory of all of it."""
    whole = covered(checked(agg_core(2, 1)))
    part = checked(agg_core(2, 1), budget=Budget(states=whole.states // 20))

    assert isinstance(part, Unknown)
    assert part.coverage.peak_memory is not None
    assert whole.peak_memory is not None
    assert part.coverage.peak_memory < whole.peak_memory


def test_a_search_that_is_made_often_is_optimised(monkeypatch: pytest.MonkeyPatch) -> None:
    """Though each run is too short for it: by this clock it takes 0.3 s, and optimising 0.8 s."""
    Clock(0.001).rule(monkeypatch)
    monkeypatch.setattr(jit, "_CHARACTERS", 100_000)
    forms: list[Form] = []
    learn = history.learn

    def noted(states: States, *rest: Any) -> None:
        forms.append(states.program.library.form)
        learn(states, *rest)

    monkeypatch.setattr("interlock.checker.engines.searching.history.learn", noted)
    for _ in range(30):
        checked(agg_core(3, 1))
        if forms[-1] is FAST:
            break

    assert forms[0] is QUICK
    assert forms[-1] is FAST
