"""A search whose states go to disk says what it would say in memory, and never more than it knows."""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import attrs
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interlock.checker.contract import Asked, Budget, Holds, Task, Unknown, Verdict, Violated
from interlock.checker.diagnostics import InputError
from interlock.checker.engines.explore import Explore
from interlock.checker.ir import scalar as sc
from interlock.checker.ir.nodes import PropertyKind
from interlock.checker.ir.scalar import ScalarSystem
from interlock.checker.native.store import disk_steps
from interlock.checker.native.store.columns import Column, merged, unknown
from interlock.checker.native.store.states import OutOfMemory
from interlock.checker.native.store.visited import Visited
from tests.engines.test_explore import systems
from tests.engines.test_keeping import orbits, small, wide_steps
from tests.native.systems import (
    action,
    agg_core,
    claim,
    initial_states,
    keep_all_leaves,
    leaf,
    scalar_system,
    shared,
    shortened,
    starting,
    told,
)
from tests.native.test_threads import wide
from tests.native.test_visited import line

num = sc.integer
PAD = tuple(leaf(f"pad{i}", 0, 1) for i in range(49))  # of a state of 12 bits: 61, which leave three for its depth
keys = st.sets(st.integers(0, 60)).map(lambda s: np.array(sorted(s), np.uint64))


@pytest.fixture
def short_of_memory(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No table may grow, so all that is found after a few states goes to disk, and is merged a few keys at a time."""
    grow = Visited._grow_table

    def refuse(self: Visited, least: int) -> None:
        if self.reserved:  # there is a disk
            raise OutOfMemory
        grow(self, least)

    keep_all_leaves(monkeypatch)
    monkeypatch.setattr(Visited, "_grow_table", refuse)
    monkeypatch.setattr("interlock.checker.native.store.visited._FIRST", 8)
    monkeypatch.setattr("interlock.checker.engines.stretching._FIRST_CHUNK", 50)
    monkeypatch.setattr("interlock.checker.engines.stretching.Stretches._size", lambda *_: None)
    monkeypatch.setattr("interlock.checker.native.store.spill._BROUGHT", 16)
    monkeypatch.setattr("interlock.checker.native.store.leaving._CHUNK", 16)
    monkeypatch.setattr("interlock.checker.native.store.leaving._BLOCKS", 1)
    monkeypatch.setattr("interlock.checker.native.store.disk_steps.TAKEN", 104)
    monkeypatch.setattr("interlock.checker.native.store.disk_steps._ROOM", 60)
    monkeypatch.setattr(
        "interlock.checker.native.store.leaving.Portions.least", lambda self: 256 * len(self.visited.runs)
    )
    with shared():
        yield


def walk(top: int) -> ScalarSystem:
    """Three numbers that go up and down: every state is found again and again, from levels long gone."""
    xs = [sc.int_var("s", i, 0, top) for i in range(3)]
    ups = [action(f"up{i}", [], [sc.lt(x, num(top))], {i: sc.add(x, num(1))}) for i, x in enumerate(xs)]
    downs = [action(f"down{i}", [], [sc.lt(num(0), x)], {i: sc.sub(x, num(1))}) for i, x in enumerate(xs)]
    end = claim("end", PropertyKind.REACHABLE, sc.and_([sc.eq(x, num(top)) for x in xs]))
    never = claim("never", PropertyKind.ALWAYS, sc.not_(sc.and_([sc.eq(x, num(top - 1)) for x in xs])))
    leaves = tuple(leaf(f"x{i}", 0, top) for i in range(3))
    return scalar_system(leaves, ((top // 2,) * 3,), (*ups, *downs), (end, never))


def same(verdict: Verdict) -> object:
    """All that a verdict says, but for what it says of the disk."""

    def bare(v: Any) -> Any:
        return attrs.evolve(v, coverage=attrs.evolve(v.coverage, notes=()))

    if isinstance(verdict, Violated):
        verdict = attrs.evolve(verdict, others=tuple(map(bare, verdict.others)))
    return told(bare(verdict))


def spilled(verdict: Verdict) -> bool:
    """Whether states went to disk."""
    return any("spilled" in note for note in verdict.coverage.notes)


# --- sorted keys -----------------------------------------------------------------------------------


@given(st.lists(keys, max_size=5), st.integers(1, 20))
def test_merging_gives_every_key_once_and_in_order(runs: list[Any], most: int) -> None:
    """However many there are at a time, which is about as many as are asked for."""
    parts = list(merged(runs, most))

    assert [int(k) for part in parts for k in part] == sorted({int(k) for run in runs for k in run})
    assert all(0 < len(part) <= max(most, len(runs)) for part in parts)


@given(keys.filter(len), st.lists(keys, max_size=4))
def test_what_is_known_is_told_from_what_is_new(some: Any, known: list[Any]) -> None:
    """Keys in any of the other arrays are known."""
    new = unknown(some, known)

    assert {int(k) for k in some[new]} == {int(k) for k in some} - {int(k) for run in known for k in run}


def test_a_column_leaves_nothing_in_its_folder(tmp_path: Path) -> None:
    """Its file has no name, so not even a process that is killed leaves one."""
    column = Column(tmp_path)
    column.append(np.arange(5, dtype=np.uint64))
    column.append(np.arange(0, dtype=np.uint64))
    column.append(np.arange(9, dtype=np.uint64)[5:])
    column.cut(7)
    column.append(np.arange(1, dtype=np.uint64))

    assert [int(k) for k in column.all()] == [0, 1, 2, 3, 4, 5, 6, 0]
    assert not list(tmp_path.iterdir())
    column.close()


# --- the same as in memory -------------------------------------------------------------------------

CASES: dict[str, tuple[Callable[[], ScalarSystem], dict[str, Any]]] = {
    "narrow": (lambda: small(4), {}),
    "there and back": (lambda: walk(9), {}),
    "there and back, everything that is violated": (lambda: walk(9), {"every": True}),
    "wide": (lambda: wide(9), {}),
    "everything that is violated": (lambda: wide(9), {"every": True}),
    "wide steps": (wide_steps, {"every": True}),
    "one state of each orbit": (orbits, {"symmetry": True, "every": True}),
    "a budget of states": (lambda: small(4), {"budget": Budget(states=900)}),
    "a budget of depth": (lambda: small(4), {"budget": Budget(depth=6)}),
    "different counterexamples": (lambda: walk(9), {"distinct": 3}),
}


@pytest.mark.usefixtures("short_of_memory")
@pytest.mark.parametrize("name", CASES)
def test_the_verdict_is_the_same_as_in_memory(name: str, tmp_path: Path) -> None:
    """Counts, verdict, paths and what was covered, on any number of threads."""
    made, task = CASES[name]
    system, task = made(), {"asked": Asked(new=True), **task}
    plain = Explore().run(Task(system, **task))

    for workers in (1, 2, 3):
        verdict = Explore().run(Task(system, workers=workers, spill=tmp_path, **task))
        assert same(verdict) == same(plain)
        assert spilled(verdict) or name == "a budget of states"
    assert not list(tmp_path.iterdir())


@pytest.mark.usefixtures("short_of_memory")
@pytest.mark.parametrize("workers", [1, 3])
@pytest.mark.parametrize(("make", "most", "symmetry"), [(lambda: wide(9), 800, False), (orbits, 240, True)])
def test_it_begins_at_any_state(
    make: Callable[[], ScalarSystem],
    most: int,
    symmetry: bool,
    workers: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Also where threads have successors whose parts have no numbers yet, and nothing is left to expand."""
    system = make()
    task = Task(system, workers=workers, every=True, symmetry=symmetry)
    plain = Explore().run(task)
    different = []
    for first in range(8, most, 8):
        monkeypatch.setattr("interlock.checker.native.store.visited._FIRST", first)
        if same(Explore().run(attrs.evolve(task, spill=tmp_path))) != same(plain):
            different.append(first)

    assert not different


@pytest.mark.usefixtures("short_of_memory")
@pytest.mark.parametrize(("first", "chunk"), [(64, 16), (512, 16), (512, 1 << 12)])
@pytest.mark.parametrize("bits", [12, 60, 63, 120])
def test_depths_beside_the_table_go_to_disk(
    bits: int, first: int, chunk: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A long path, whose states have no room for their depth; all levels at once, or some at a time."""
    monkeypatch.setattr("interlock.checker.native.store.visited._FIRST", first)
    monkeypatch.setattr("interlock.checker.native.store.leaving._CHUNK", chunk)
    system = attrs.evolve(line(600, bits), properties=line(600, bits).properties[:1])  # `there` alone

    verdict = Explore().run(Task(system, spill=tmp_path))

    assert spilled(verdict)
    assert isinstance(verdict, Holds)
    assert (verdict.coverage.states, verdict.coverage.depth) == (601, 600)
    assert len(verdict.witnesses["there"].steps) == 600


@pytest.mark.usefixtures("short_of_memory")
def test_a_level_beside_the_table_that_is_larger_than_what_is_merged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is put together from parts of the table."""
    monkeypatch.setattr("interlock.checker.native.store.visited._FIRST", 1 << 10)
    base = walk(9)
    padding = tuple(leaf(f"pad{i}", 0, 1) for i in range(50))
    leaves = (*base.leaves, *padding)
    system = attrs.evolve(base, leaves=leaves, initials=starting(leaves, (*initial_states(base)[0], *[0] * 50)))

    verdict = Explore().run(Task(system, every=True, spill=tmp_path))

    assert spilled(verdict)
    assert isinstance(verdict, Violated)
    assert same(verdict) == same(Explore().run(Task(system, every=True, spill=tmp_path, workers=2)))
    assert verdict.coverage.states == 1000


@pytest.mark.usefixtures("short_of_memory")
@pytest.mark.parametrize("bits", [12, 61, 63, 120])
def test_what_was_covered_is_counted_however_deep(bits: int, tmp_path: Path) -> None:
    """Levels on disk are as many as there are; a cell has room for fewer."""
    task = Task(line(400, bits), every=True, asked=Asked(new=True))
    verdict = Explore().run(attrs.evolve(task, spill=tmp_path))

    assert spilled(verdict)
    assert verdict.coverage.survey is not None
    assert verdict.coverage.survey.states == 401
    assert same(verdict) == same(Explore().run(task))


@pytest.mark.parametrize("make", [lambda: line(300, 61), lambda: attrs.evolve(walk(9), leaves=(*walk(9).leaves, *PAD))])
def test_depths_that_memory_has_no_room_for_send_states_to_disk(
    make: Callable[[], ScalarSystem], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At the end of a level, when the next is too deep for the cells."""
    keep_all_leaves(monkeypatch)
    system = make()
    begun = initial_states(system)[0]
    missing = len(system.leaves) - len(begun)
    system = attrs.evolve(system, initials=starting(system.leaves, (*begun, *[0] * missing)))
    plain = Explore().run(Task(system, every=True))
    deepen = Visited._deepen

    def refuse(self: Visited) -> None:
        if self.reserved:  # there is a disk
            raise OutOfMemory
        deepen(self)

    monkeypatch.setattr(Visited, "_deepen", refuse)
    verdict = Explore().run(Task(system, every=True, spill=tmp_path))

    assert spilled(verdict)
    assert same(verdict) == same(plain)


@settings(max_examples=60)
@given(systems())
def test_random_systems_are_told_alike(tmp_path_factory: pytest.TempPathFactory, system: ScalarSystem) -> None:
    """Errors of the model, deadlocks and all kinds of properties, with and without going on after a violation."""
    folder, asked = tmp_path_factory.getbasetemp(), Asked(new=True)
    for every in (False, True):
        plain = same(Explore().run(Task(system, every=every, asked=asked)))
        with pytest.MonkeyPatch.context() as patch, shortened():
            limited = short_of_memory.__wrapped__(patch)  # type: ignore[attr-defined]
            next(limited)
            for workers in (1, 3):
                alike = (
                    same(Explore().run(Task(system, every=every, workers=workers, spill=folder, asked=asked))) == plain
                )
                assert alike, (every, workers)
            limited.close()


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("memory", [4_000_000, 2_000_000])
def test_the_yardstick_is_counted_within_its_budget(workers: int, memory: int, tmp_path: Path) -> None:
    """agg-core with three chains, whose levels are larger than the table."""
    verdict = Explore().run(Task(agg_core(3, 1), Budget(memory=memory), workers=workers, spill=tmp_path))
    covered = verdict.coverage

    assert isinstance(verdict, Holds)
    assert (covered.states, covered.transitions, covered.depth) == (580_376, 2_351_394, 15)
    assert (covered.terminal, covered.frontier) == (15_822, 0)
    assert covered.peak_memory is not None
    assert covered.peak_memory <= memory
    assert spilled(verdict)


@pytest.mark.parametrize("workers", [1, 2])
def test_a_tree_grows_where_the_table_was(workers: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of wide states, the parts stay in memory; the table gives way to them."""
    keep_all_leaves(monkeypatch)
    system, memory = wide(40), 2_150_000

    verdict = Explore().run(Task(system, Budget(memory=memory), workers=workers, every=True, spill=tmp_path))

    assert spilled(verdict)
    assert verdict.coverage.peak_memory is not None
    assert verdict.coverage.peak_memory <= memory
    assert same(verdict) == same(Explore().run(Task(system, every=True)))


def test_too_little_memory_even_for_that_is_said(tmp_path: Path) -> None:
    """Some memory there must be."""
    verdict = Explore().run(Task(agg_core(3, 1), Budget(memory=300_000), spill=tmp_path))

    assert isinstance(verdict, Unknown)
    assert verdict.reason == "memory budget of 300 000 bytes reached, with states on disk too: `--memory` sets more"


# --- what is not known is not told -----------------------------------------------------------------


@pytest.mark.usefixtures("short_of_memory")
def test_a_run_that_is_stopped_tells_whole_levels(tmp_path: Path) -> None:
    """States that were found of the level at hand may be known ones, so they are not counted."""
    system = attrs.evolve(walk(9), properties=())
    ends = {
        Explore().run(Task(system, Budget(depth=depth), spill=tmp_path)).coverage.states for depth in range(1, 16)
    }  # fmt: skip
    stopped = []
    for looks in range(1, 400, 7):
        asked = iter(range(looks))
        task = Task(system, spill=tmp_path, interrupted=lambda left=asked: next(left, None) is None)  # type: ignore[misc]
        verdict = Explore().run(task)
        if spilled(verdict) and isinstance(verdict, Unknown):
            stopped.append(verdict.coverage.states)

    assert len(ends.intersection(stopped)) > 3
    assert len(set(stopped) - ends) <= 1  # all that was in memory when it was full, which is known to differ


@pytest.mark.usefixtures("short_of_memory")
def test_a_run_that_is_stopped_tells_what_was_witnessed_in_whole_levels(tmp_path: Path) -> None:
    """In all that are over, the last of them included, and in no other."""
    xs = [sc.int_var("s", i, 0, 9) for i in range(3)]
    sums = [
        claim(f"sum {n}", PropertyKind.REACHABLE, sc.le(num(n), sc.add(xs[0], sc.add(xs[1], xs[2]))))
        for n in range(12, 28, 2)
    ]
    system = attrs.evolve(walk(9), properties=tuple(sums))
    whole = Explore().run(Task(system))
    assert isinstance(whole, Holds)
    last = 0
    for looks in range(20, 400, 7):
        asked = iter(range(looks))
        task = Task(system, spill=tmp_path, interrupted=lambda left=asked: next(left, None) is None)  # type: ignore[misc]
        told = Explore().run(task)
        if spilled(told) and isinstance(told, Unknown):
            depth = told.coverage.depth or 0
            expected = {name: len(path.steps) for name, path in whole.witnesses.items() if len(path.steps) <= depth}
            assert told.coverage.witnessed == expected
            last += depth in expected.values()

    assert last > 3


@pytest.mark.usefixtures("short_of_memory")
@pytest.mark.parametrize("make", [lambda: wide(9), lambda: walk(9), lambda: line(300, 60)])
def test_a_disk_that_is_full_ends_the_run(
    make: Callable[[], ScalarSystem], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whenever it is: what was violated before is told, with a path, and nothing else is."""
    system, append = make(), Column.append
    whole = Explore().run(Task(system, every=True, spill=tmp_path))
    left = 0

    def full(self: Column, keys: Any) -> None:
        nonlocal left
        left -= 1
        if left < 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        append(self, keys)

    monkeypatch.setattr(Column, "append", full)
    reasons = set()
    for after in [*range(12), *range(12, 120, 9)]:
        left = after
        verdict = Explore().run(Task(system, every=True, spill=tmp_path, asked=Asked(new=True)))
        assert verdict.coverage.survey is not None
        if isinstance(verdict, Unknown):
            reasons.add(verdict.reason)
        elif left < 0:
            assert isinstance(verdict, Violated)
            assert isinstance(whole, Violated)
            reasons.add(verdict.unjudged)
            found = {(v.property, v.path) for v in (verdict, *verdict.others)}
            assert found <= {(v.property, v.path) for v in (whole, *whole.others)}

    where = f"states cannot be spilled to {tmp_path} (No space left on device)"
    assert reasons == {f"{where}: make room there, or name another folder with --spill"}


def test_what_is_asked_of_all_states_is_asked_within_the_budget(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From where a state can be recovered, and what was covered; or it is said that there is no room for it."""
    base = agg_core(3, 1)
    first = sc.eq(sc.int_var("s", 0, 0, 4), num(0))
    back = claim("back", PropertyKind.RECOVERABLE, sc.or_((first, sc.eq(sc.int_var("s", 2, 0, 4), num(4)))))
    system, asked = attrs.evolve(base, properties=(*base.properties, back)), Asked(new=True)
    tight = Task(system, Budget(memory=4_000_000), spill=tmp_path, asked=asked, every=True)
    verdict = Explore().run(tight)

    assert spilled(verdict)
    assert isinstance(verdict, Violated)
    assert same(verdict) == same(Explore().run(Task(system, asked=asked, every=True)))
    monkeypatch.setattr(disk_steps, "_COST", 1 << 20)
    tighter = Explore().run(tight)
    assert isinstance(tighter, Unknown)
    assert "memory" in tighter.reason
    assert tighter.coverage.survey is not None
    assert "memory" in tighter.coverage.survey.unanswered[0]


def test_a_search_that_fits_in_memory_writes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The folder is only for what memory has no room for; what is asked of all states is answered."""
    monkeypatch.setattr(Column, "append", None)
    verdict = Explore().run(Task(small(4), spill=tmp_path / "new"))

    assert isinstance(verdict, Holds)
    assert not spilled(verdict)


def test_a_folder_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    """Before anything is searched."""
    (tmp_path / "file").write_text("")

    with pytest.raises(InputError, match="C006"):
        Explore().run(Task(small(2), spill=tmp_path / "file"))
