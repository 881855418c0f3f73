"""Where states are kept makes no difference: each question to them has one answer, in memory and on disk."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import attrs
import pytest

from interlock.checker.ir.scalar import ScalarSystem
from interlock.checker.native.module.crew import Crew
from interlock.checker.native.module.program import Program
from interlock.checker.native.module.run import NONE
from interlock.checker.native.store import checkpoint
from interlock.checker.native.store.in_memory import InMemory, opened
from interlock.checker.native.store.on_disk import OnDisk
from interlock.checker.native.store.states import Counts, OutOfMemory, Place, States
from tests.native.systems import initial_states, recoverable, search
from tests.native.test_spill import short_of_memory, walk  # noqa: F401 - the first is a fixture
from tests.native.test_threads import wide

# Every method of the interface, by the test below that asks all who keep states, or why there is nothing to compare.
ASKED = {
    "check": "before",
    "expect": "before",
    "admit": "levels",
    "admitted": "levels",
    "make_room": "levels",
    "begin_level": "levels",
    "let_go_on": "levels",
    "expand": "levels",
    "end_level": "levels",
    "more": "levels",
    "found": "levels",
    "depth": "levels",
    "counts": "levels",
    "harvest": "levels",
    "share_expanded": "levels",
    "probe": "probe",
    "known": "known",
    "drawn": "known",
    "path": "paths",
    "lost": "paths",
    "survey": "survey",
    "save": "saved",
    "restore": "saved",
    "shorten": "guesses",
    "foreseen": "guesses",
    "sizes": "guesses",
    "better_division": "guesses",
    "bytes": "guesses",
    "remarks": "guesses",
    "close": "closed by all tests",
}

MADE: dict[str, Callable[[], ScalarSystem]] = {"narrow": lambda: walk(5), "wide": lambda: wide(5)}
EVERYWHERE = pytest.mark.parametrize("name", MADE)
WORKERS = pytest.mark.parametrize("workers", [1, 3])


def look() -> None:
    """Nobody waits."""


@contextmanager
def place(system: ScalarSystem, workers: int, folder: Path | None) -> Iterator[Place]:
    """Where a search of a system keeps its states; on disk soon, where there is a folder."""
    crew = Crew(workers)
    place = Place(opened(Program(system, every=True), crew, None, folder))
    try:
        yield place
    finally:
        place.states.close()
        crew.close()


def expanded(place: Place) -> int:
    """Search the level that was begun, and no more; the states of it that were expanded."""
    place.states.let_go_on(place.states.depth, NONE)
    done = 0
    while not (stretch := place.states.expand(20)).over:
        done += stretch.done
        assert 0 <= place.states.share_expanded() <= 1
        if stretch.short:
            place.make_room(NONE)
    place.states.end_level(look)
    return done + stretch.done


def admitted(place: Place) -> None:
    """Take in all initial states."""
    assert not place.states.admitted
    place.make_room(NONE)
    while not (stretch := place.states.admit(1)).over:
        if stretch.short:
            place.make_room(NONE)
    place.states.end_level(look)
    assert place.states.admitted


def over(place: Place) -> None:
    """Search all levels."""
    admitted(place)
    while place.states.more:
        place.begin_level(look)
        expanded(place)


def both(name: str, workers: int, folder: Path, ask: Callable[[ScalarSystem, Place], object]) -> list[object]:
    """What is answered where all states are in memory, and where they went to disk."""
    system, answers = MADE[name](), []
    for where, kind in ((None, InMemory), (folder, OnDisk)):
        with place(system, workers, where) as at:
            over(at)
            assert type(at.states) is kind
            answers.append(ask(system, at))
    return answers


@pytest.fixture(autouse=True)
def _soon_on_disk(short_of_memory: None) -> None:  # noqa: F811 - the fixture
    """Where there is a folder, states go to it after a few."""


def test_nothing_of_the_interface_is_left_out() -> None:
    """Who adds a question to it adds what all who keep states must answer."""
    assert set(ASKED) == States.__abstractmethods__


@EVERYWHERE
@WORKERS
def test_levels_are_the_same(name: str, workers: int, tmp_path: Path) -> None:
    """What is counted at the end of each, what was noted in it, and whether there is more."""
    told: list[list[object]] = []
    for folder in (None, tmp_path):
        with place(MADE[name](), workers, folder) as at:
            admitted(at)
            states, lines = at.states, list[object]()
            lines.append((at.states.counts(), at.states.found, at.states.harvest()))
            while at.states.more:
                at.begin_level(look)
                done = expanded(at)
                states = at.states
                lines.append((states.counts(), states.found, states.depth, states.more, states.harvest(), done))
            told.append(lines)
            assert isinstance(states, OnDisk if folder else InMemory)

    assert told[0] == told[1]
    assert len(told[0]) == max(search(MADE[name]())[0].values()) + 2


@EVERYWHERE
def test_a_level_that_is_only_looked_at_is_not_counted(name: str, tmp_path: Path) -> None:
    """Nor are the states it leads to, and what was covered stays what it was."""
    told: list[Counts] = []
    for folder in (None, tmp_path):
        with place(MADE[name](), 2, folder) as at:
            admitted(at)
            for _ in range(4):
                at.begin_level(look)
                expanded(at)
            fired = at.states.counts().fired
            at.states.probe()
            at.begin_level(look)
            expanded(at)
            assert at.states.counts().fired == fired
            assert at.states.save() is None
            told.append(at.states.counts())

    assert told[0].fired == told[1].fired


@EVERYWHERE
@WORKERS
def test_every_state_is_known_and_no_other(name: str, workers: int, tmp_path: Path) -> None:
    """At its depth; what is drawn is some of those."""

    def ask(system: ScalarSystem, at: Place) -> object:
        pack, levels = at.states.program.pack, search(system)[0]
        words = {pack(state): depth for state, depth in levels.items()}
        assert {w: at.states.known(w) for w in words} == words
        drawn = list(at.states.drawn(random.Random(1), 50))
        assert len(drawn) > 1
        assert all(words[stored.words] == stored.depth for stored in drawn)
        state = initial_states(system)[0]
        top = system.leaves[0].hi
        others = [pack((x, *state[1:])) for x in range(top + 1)]
        return [at.states.known(w) for w in others]

    in_memory, on_disk = both(name, workers, tmp_path, ask)
    assert in_memory == on_disk


@EVERYWHERE
def test_states_that_are_still_to_come_are_not_known(name: str, tmp_path: Path) -> None:
    """In the middle of a search."""
    system = MADE[name]()
    levels = search(system)[0]
    for folder in (None, tmp_path):
        with place(system, 1, folder) as at:
            admitted(at)
            for _ in range(3):
                at.begin_level(look)
                expanded(at)
            found = {state: at.states.known(at.states.program.pack(state)) for state in levels}
            assert found == {state: depth if depth <= 3 else None for state, depth in levels.items()}


@EVERYWHERE
@WORKERS
def test_paths_are_the_same(name: str, workers: int, tmp_path: Path) -> None:
    """To every state, of as many steps as it is away; and from where no goal can be reached."""
    plain = MADE[name]()
    back = recoverable("back", [plain.properties[0].value])
    system, levels = attrs.evolve(plain, properties=(*plain.properties, back)), search(plain)[0]

    def asked(folder: Path | None) -> object:
        with place(system, workers, folder) as at:
            over(at)
            far = [state for state, depth in levels.items() if depth > 3][:40]
            paths = [at.states.path(at.states.program.pack(state), levels[state]) for state in far]
            assert [len(path.steps) for path, _ in paths] == [levels[state] for state in far]
            return paths, at.states.lost(len(plain.properties), look)

    assert asked(None) == asked(tmp_path)


@EVERYWHERE
@WORKERS
@pytest.mark.parametrize("below", [None, 4])
def test_what_was_covered_is_the_same(name: str, workers: int, below: int | None, tmp_path: Path) -> None:
    """How often each action is enabled, and which states it reaches first."""

    def ask(system: ScalarSystem, at: Place) -> object:
        survey = at.states.survey(below, look)
        counted, covered = survey.count(system), survey.cover()
        assert counted.states == covered.states > 0
        return (counted.states, counted.enabled), (covered.states, covered.enabled, covered.new)

    in_memory, on_disk = both(name, workers, tmp_path, ask)
    assert in_memory == on_disk


@EVERYWHERE
@pytest.mark.parametrize("levels", [0, 1, 5])
def test_a_search_is_saved_and_restored_or_says_that_it_is_not(name: str, levels: int, tmp_path: Path) -> None:
    """What is in memory goes on as if nothing had been; what is on disk gives nothing that could be gone on with."""
    with place(MADE[name](), 1, None) as at, place(MADE[name](), 3, None) as other:
        admitted(at)
        for _ in range(levels):
            at.begin_level(look)
            expanded(at)
        kept = at.states.save()
        assert kept is not None
        numbers, sections = kept
        checkpoint.write(tmp_path / "c", {}, numbers, sections)
        saved = checkpoint.read(tmp_path / "c", {})
        assert saved is not None
        other.states.restore(saved)
        assert other.states.counts() == at.states.counts()
        for each in (at, other):
            while each.states.more:
                each.begin_level(look)
                expanded(each)
        assert other.states.counts() == at.states.counts()
    with place(MADE[name](), 1, tmp_path) as at:
        over(at)
        assert at.states.save() is None
        with pytest.raises(AssertionError):
            at.states.restore(saved)


@EVERYWHERE
def test_guesses_change_nothing(name: str, tmp_path: Path) -> None:
    """They are made between levels here, and what is counted is the same as without."""
    told: list[Counts] = []
    for folder, guesses in ((None, False), (None, True), (tmp_path, True)):
        with place(MADE[name](), 1, folder) as at:
            if guesses:
                at.states.check()
                at.states.expect(10_000, 10_000)
            admitted(at)
            while at.states.more:
                at.begin_level(look)
                expanded(at)
                if guesses:
                    at.states.shorten(1e9)
                    assert at.states.foreseen() >= 0
                    assert at.states.bytes() > 0
            told.append(at.states.counts())
            if folder is None:
                assert at.states.sizes() == (told[-1].found, at.states.visited.parts)  # type: ignore[attr-defined]
                assert at.states.remarks() == ()
            else:
                assert at.states.sizes() is None
                assert at.states.better_division() is None
                assert str(tmp_path) in at.states.remarks()[0]

    assert told[0] == told[1] == told[2]


def test_who_has_no_room_and_nobody_to_hand_over_to_says_so(tmp_path: Path) -> None:
    """Before the first state; states that may go to disk begin with whatever there is."""
    for folder in (None, tmp_path):
        states = opened(Program(walk(5)), Crew(1), 1 << 10, folder)
        if folder is None:
            with pytest.raises(OutOfMemory):
                states.check()
        else:
            states.check()
        states.close()
