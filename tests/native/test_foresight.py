"""How large a table becomes is foreseen from the levels so far, and nothing rests on that."""

from __future__ import annotations

import math
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.checker.contract import Budget, Holds, Task, Verdict
from interlock.checker.engines.explore import Explore
from interlock.checker.native.store import foresight, moving
from interlock.checker.native.store.foresight import foreseen
from tests.native.systems import agg_core, told

# AL2 of the AggLayer, three chains that misbehave; V1 of Proof of Efficiency, five batches, which goes in rounds
BELL = (
    1, 3, 12, 40, 147, 531, 1760, 5478, 15786, 39706, 86496, 165363, 272962, 382993, 460812, 472597, 401073, 277334,
    149416, 52362, 8222, 342,
)  # fmt: skip
ROUNDS = (
    1, 2, 8, 42, 188, 760, 2854, 8847, 20888, 60313, 96176, 260454, 206074, 683481, 160348, 717575, 36984, 247344, 802,
    6416,
)  # fmt: skip


def at(levels: tuple[int, ...], depth: int) -> float:
    """What is foreseen when the levels before a depth are expanded, and half of the one there."""
    half = levels[depth] // 2
    return foreseen((*levels[: depth + 1], levels[depth + 1] // 2), sum(levels[:depth]) + half)


def test_a_bell_is_foreseen_from_where_it_is_half_as_high() -> None:
    """Within a quarter of what comes; and where it sinks, within a tenth."""
    whole = sum(BELL)
    later = [at(BELL, depth) / whole for depth in range(12, len(BELL) - 1)]

    assert all(0.75 < x < 1.25 for x in later)
    assert all(0.9 < x < 1.1 for x in later[6:])


def test_rounds_are_not_taken_for_more_than_they_are() -> None:
    """What every second level does is not what comes of each."""
    whole = sum(ROUNDS)

    assert all(at(ROUNDS, depth) < 4 * whole for depth in range(6, len(ROUNDS) - 1))


def test_too_few_levels_tell_nothing() -> None:
    assert foreseen((1,), 0) == 0
    assert foreseen((1, 2, 4, 8), 7) == 0
    assert foreseen((1, 2, 4, 8, 16, 32, 1), 63) == pytest.approx(foreseen((1, 2, 4, 8, 16, 32), 31), rel=1.0)


@given(st.lists(st.integers(1, 1 << 40), min_size=1, max_size=30), st.floats(0, 1))
def test_something_is_said_of_any_levels(sizes: list[int], share: float) -> None:
    """A number, that is no less than what was found, or that it is too early."""
    *over, now = sizes
    last = over[-1] if over else 0
    expanded = sum(over[:-1]) + int(share * last)
    said = foreseen(sizes, expanded)

    assert math.isfinite(said)
    assert said == 0 or said >= sum(over) * (1 - 1e-9)


def checked(**more: Any) -> Verdict:
    return Explore().run(Task(agg_core(3, 1), **more))


@pytest.mark.parametrize("lie", [0.0, 1.0, 1e5, 1e30])
@pytest.mark.parametrize("workers", [1, 2])
def test_what_is_foreseen_changes_nothing_that_is_told(
    monkeypatch: pytest.MonkeyPatch, lie: float, workers: int
) -> None:
    """Nothing, too little, and more than any memory has; within a budget too."""
    monkeypatch.setenv("INTERLOCK_CACHE", "0")
    budget = Budget(memory=64 << 20)
    plain = checked(workers=workers, budget=budget)
    monkeypatch.setattr(foresight, "foreseen", lambda *_: lie)
    other = checked(workers=workers, budget=budget)

    assert isinstance(plain, Holds)
    assert told(other) == told(plain)
    assert attrs.asdict(other.coverage)["peak_memory"] <= 64 << 20


def test_a_table_that_is_foreseen_well_is_moved_less_and_takes_less(monkeypatch: pytest.MonkeyPatch) -> None:
    """Larger at once where many states will come, hardly larger where they are all there are."""
    monkeypatch.setenv("INTERLOCK_CACHE", "0")
    moved: list[int] = []
    move = moving.move
    monkeypatch.setattr(moving, "move", lambda on, old, new: (moved.append(old), move(on, old, new))[1])

    def told_by(said: float | None) -> tuple[int, float]:
        with monkeypatch.context() as patch:
            if said is not None:
                patch.setattr(foresight, "foreseen", lambda *_: said)
            moved.clear()
            taken = checked().coverage.bytes_per_state
        assert taken is not None
        return sum(moved), taken

    blind, knowing, foreseeing = told_by(0.0), told_by(580_376.0), told_by(None)

    assert knowing < blind
    assert knowing[1] < blind[1]
    assert foreseeing[0] < blind[0]
