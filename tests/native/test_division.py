"""However leaves are divided among words, and whenever that changes, a search tells the same."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import attrs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from interlock.checker.contract import Asked, Checkpoint, Holds, Task, Verdict
from interlock.checker.engines import searching
from interlock.checker.engines.explore import Explore
from interlock.checker.frontend import load_spec
from interlock.checker.ir.scalar import ScalarSystem
from interlock.checker.native.module.program import Program
from interlock.checker.native.module.shortcuts import Shortcuts
from interlock.checker.native.store import division
from interlock.checker.native.store.visited import Visited
from interlock.checker.passes.scalarize import scalarize
from interlock.checker.semantics import layout
from interlock.checker.semantics.layout import WORD, Division
from tests.engines.test_explore import agrees_with_python
from tests.native.systems import keep_all_leaves, search, shortened, told
from tests.native.test_wide import SPEC, counters, wide_systems

QUIET = settings(max_examples=30, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])


@pytest.fixture(autouse=True)
def own_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is remembered, unless a test says so."""
    monkeypatch.setenv("INTERLOCK_CACHE", "0")


def learn_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every search of wide states learns at the end of its first level, and begins again with what it learned."""
    monkeypatch.setattr(division, "MANY", 0)
    monkeypatch.setattr(division, "_PARTS", 1 << 60)
    monkeypatch.setattr(division, "_WORTH", 0)
    monkeypatch.setattr(division, "_AHEAD", 1 << 60)


def drawn(seed: int) -> Any:
    """As if some division had been learned, whatever the states are."""
    order = random.Random(seed)

    def learned(visited: Visited) -> Division | None:
        program = visited.program
        words = list(range(program.words))
        for _ in range(50):
            room, found = [WORD] * len(words), []
            for i, place in enumerate(program.packing.places):
                width = 0 if i in program.known.same else place.width
                fitting = [k for k in words if room[k] >= width]
                if not fitting:
                    break
                found.append(order.choice(fitting))
                room[found[-1]] -= width
            else:
                return tuple(found)
        return None

    return learned


def checked(system: ScalarSystem, **more: Any) -> Verdict:
    return Explore().run(Task(system, **more))


@QUIET
@given(wide_systems(), st.booleans())
def test_what_is_learned_changes_nothing_that_is_told(
    monkeypatch: pytest.MonkeyPatch, system: ScalarSystem, every: bool
) -> None:
    keep_all_leaves(monkeypatch)
    task = Task(system, every=every, asked=Asked(new=True))
    plain = told(Explore().run(task))
    with monkeypatch.context() as patch:
        learn_at_once(patch)
        for workers in (1, 2):
            assert told(Explore().run(attrs.evolve(task, workers=workers))) == plain
        agrees_with_python(system)


@QUIET
@given(wide_systems(), st.integers(), st.booleans(), st.booleans())
def test_any_division_tells_the_same(
    monkeypatch: pytest.MonkeyPatch, system: ScalarSystem, seed: int, every: bool, whole: bool
) -> None:
    """With all leaves kept, or those alone that say something."""
    if whole:
        keep_all_leaves(monkeypatch)
    task = Task(system, every=every, asked=Asked(new=True))
    plain = told(Explore().run(task))
    with monkeypatch.context() as patch:
        patch.setattr(division, "MANY", 0)
        patch.setattr(division, "learned", drawn(seed))

        assert told(Explore().run(task)) == plain
        agrees_with_python(system)


def two_phase() -> ScalarSystem:
    """Wide, with members that are interchangeable."""
    (found,) = (c for c in load_spec(SPEC).checks if c.name == "7")
    allowed = found.program.allowed(found.faults)
    return scalarize(found.program, allowed, found.properties, found.terminal, found.helpers)


@pytest.fixture
def begun(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Division | None, float]]:
    """The division of each search that was begun, and the seconds of those before it."""
    noted: list[tuple[Division | None, float]] = []
    real = searching.Search.__init__

    def init(self: Any, *given: Any) -> None:
        real(self, *given)
        noted.append((self.program.division, given[-1].seconds))

    monkeypatch.setattr(searching.Search, "__init__", init)
    return noted


def narrow() -> ScalarSystem:
    """Four leaves of twenty bits: two words."""
    return counters(20)


def test_a_search_begins_again_once(
    monkeypatch: pytest.MonkeyPatch, begun: list[tuple[Division | None, float]]
) -> None:
    """With the time of the first one counted."""
    keep_all_leaves(monkeypatch)
    learn_at_once(monkeypatch)
    monkeypatch.setattr(division, "learned", lambda _: (0, 1, 1, 0))
    verdict = checked(narrow())

    assert isinstance(verdict, Holds)
    assert verdict.coverage.states == len(search(narrow())[0])
    assert [d for d, _ in begun] == [None, (0, 1, 1, 0)]
    assert 0 < begun[1][1] < (verdict.coverage.search_seconds or 0)


def test_a_search_that_is_divided_anew_keeps_its_shortcuts(
    monkeypatch: pytest.MonkeyPatch, begun: list[tuple[Division | None, float]]
) -> None:
    """They are of the actions, wherever leaves lie; what they say holds of the program that has them now."""
    keep_all_leaves(monkeypatch)
    learn_at_once(monkeypatch)
    monkeypatch.setattr(division, "learned", lambda _: (0, 1, 1, 0))
    made: list[Program] = []
    real = Shortcuts.__init__
    monkeypatch.setattr(Shortcuts, "__init__", lambda self, program: (made.append(program), real(self, program))[1])
    with shortened():
        verdict = checked(narrow())

    assert isinstance(verdict, Holds)
    assert verdict.coverage.states == len(search(narrow())[0])
    assert len(begun) == 2
    assert len(made) == 1


def test_what_follows_something_is_learned_to_lie_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first counter, and its near copy."""
    keep_all_leaves(monkeypatch)
    learn_at_once(monkeypatch)
    monkeypatch.setattr(division, "MANY", 1000)
    real, learned = division.learned, list[Division | None]()
    monkeypatch.setattr(division, "learned", lambda visited: learned.append(real(visited)) or learned[-1])
    checked(narrow())

    assert [d is not None and d[0] == d[3] != d[1] == d[2] for d in learned] == [True]


@pytest.mark.usefixtures("unconfirmed")
@pytest.mark.parametrize("lie", [(0, 0), (0, 10), (1, 20), (1, 25)])
def test_leaves_that_lie_over_one_another_are_noticed(monkeypatch: pytest.MonkeyPatch, lie: tuple[int, int]) -> None:
    """Were a leaf put where another is, in whole or in part, other states would be found."""
    keep_all_leaves(monkeypatch)
    learn_at_once(monkeypatch)
    monkeypatch.setattr(division, "learned", lambda _: (0, 0, 1, 1))
    honest = checked(narrow())

    assert honest.coverage.states == len(search(narrow())[0])
    monkeypatch.setattr(layout, "_divided", lambda *_: [(0, 0), (0, 20), (1, 20), lie])
    assert told(checked(narrow())) != told(honest)


def test_what_is_saved_or_reduced_keeps_its_order(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A run that goes on must read what was saved, and symmetric leaves must lie alike; one word leaves no choice."""
    keep_all_leaves(monkeypatch)
    learn_at_once(monkeypatch)
    for name in ("learned", "recalled"):
        monkeypatch.setattr(division, name, lambda _: pytest.fail("asked"))

    assert isinstance(checked(narrow(), checkpoint=Checkpoint(tmp_path / "saved", 0.0)), Holds)
    assert isinstance(checked(counters(10)), Holds)
    reduced = checked(two_phase(), symmetry=True)
    assert isinstance(reduced, Holds)
    assert reduced.coverage.orbits is not None


# --- from one run to the next ----------------------------------------------------------------------


@pytest.fixture
def cached(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A cache of its own."""
    monkeypatch.delenv("INTERLOCK_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    keep_all_leaves(monkeypatch)
    learn_at_once(monkeypatch)
    monkeypatch.setattr(division, "MANY", 1000)


@pytest.mark.usefixtures("cached")
def test_the_second_run_begins_with_what_the_first_learned(
    monkeypatch: pytest.MonkeyPatch, begun: list[tuple[Division | None, float]]
) -> None:
    plain = told(checked(narrow()))
    monkeypatch.setattr(division, "learned", lambda _: pytest.fail("learned again"))

    assert told(checked(narrow())) == plain
    assert len(begun) == 3
    assert begun[0][0] is None
    assert begun[1][0] is not None
    assert begun[1][0] == begun[2][0]


@pytest.mark.usefixtures("cached")
def test_that_nothing_is_better_is_remembered_too(
    monkeypatch: pytest.MonkeyPatch, begun: list[tuple[Division | None, float]]
) -> None:
    monkeypatch.setattr(division, "_WORTH", 1e9)
    checked(narrow())
    monkeypatch.setattr(division, "learned", lambda _: pytest.fail("learned again"))
    checked(narrow())

    assert [d for d, _ in begun] == [None, None]


@pytest.mark.usefixtures("cached")
def test_a_search_that_is_about_to_end_is_not_begun_again(
    monkeypatch: pytest.MonkeyPatch, begun: list[tuple[Division | None, float]]
) -> None:
    """The next run has what it learned."""
    monkeypatch.setattr(division, "_AHEAD", 0)
    checked(narrow())
    checked(narrow())

    assert [d is None for d, _ in begun] == [True, False]


DAMAGED = [
    b"",
    b"5",
    b"[0]",
    b"[0, 0, 0, 0]",
    b"[0, 0, 1, 2]",
    b"[0, 0, -1, 1]",
    b"[0, 0, 1, 1, 1]",
    b"{}",
    b"\xff\x00",
]


@pytest.mark.usefixtures("cached")
@pytest.mark.parametrize("data", [*DAMAGED, b'["a", 0, 1, 1]', b"[[0], 0, 1, 1]", b"[0.0, 0, 1, 1]"])
def test_what_is_no_division_is_not_believed(data: bytes) -> None:
    """All four leaves in one word have no room there."""
    program = Program(narrow())
    program.library.remember(data, division._ABOUT)

    assert division.recalled(program) is None
    assert checked(narrow()).coverage.states == len(search(narrow())[0])
