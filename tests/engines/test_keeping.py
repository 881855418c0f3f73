"""A search that is killed goes on from its last checkpoint, and says what it would have said."""

from __future__ import annotations

import errno
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import attrs
import pytest
from hypothesis import given, settings

from interlock.checker.contract import Asked, Budget, Checkpoint, Coverage, Task, Unknown, Verdict, Violated
from interlock.checker.diagnostics import InputError
from interlock.checker.engines import keeping
from interlock.checker.engines.explore import Explore
from interlock.checker.engines.keeping import Keeper
from interlock.checker.ir import scalar as sc
from interlock.checker.ir.nodes import PropertyKind
from interlock.checker.ir.scalar import ScalarSystem
from interlock.checker.native.module.memory import Region
from interlock.checker.native.store import checkpoint
from interlock.checker.words import counted
from tests.clock import Clock
from tests.engines.test_explore import systems
from tests.engines.test_reduction import BUSY, FEW
from tests.native.systems import action, agg_core, claim, keep_all_leaves, leaf, scalar_system, starting, told
from tests.native.test_threads import wide
from tests.native.test_visited import line
from tests.passes.test_symmetry import system as written

num = sc.integer


@pytest.fixture
def restless(monkeypatch: pytest.MonkeyPatch) -> None:
    """A search that is looked at after every few states, saved as often, and shared by all threads soon."""
    keep_all_leaves(monkeypatch)
    monkeypatch.setattr(keeping, "_SHARE", 0)
    monkeypatch.setattr("interlock.checker.native.store.checkpoint.os.fsync", lambda _: None)
    monkeypatch.setattr("interlock.checker.native.store.visited._FIRST", 64)
    monkeypatch.setattr("interlock.checker.engines.stretching._FIRST_CHUNK", 7)
    monkeypatch.setattr("interlock.checker.native.store.local._MANY", 2)
    monkeypatch.setattr("interlock.checker.engines.pausing._LONG", -1.0)  # all shortcuts, from the first look on
    monkeypatch.setattr("interlock.checker.engines.pausing._SHORTEN", 1e9)
    monkeypatch.setattr("interlock.checker.engines.pausing._SLICE", 1e9)
    monkeypatch.setattr("interlock.checker.engines.stretching.Stretches._size", lambda *_: None)


class Copies:
    """Some of the checkpoints that are written while it is entered: the first few, then ever fewer."""

    def __init__(self, folder: Path, few: int) -> None:
        self.folder, self.few, self.written = folder, few, 0
        self.found: list[Path] = []

    def __enter__(self) -> Copies:
        self.patch = pytest.MonkeyPatch()
        write = checkpoint.write

        def copying(file: Path, *rest: Any) -> None:
            write(file, *rest)
            self.written += 1
            copy = self.folder / f"{self.written}.copy"
            if self.written % (1 + len(self.found) ** 2 // self.few) == 0:
                self.found.append(Path(shutil.copy(file, copy)))

        self.patch.setattr(checkpoint, "write", copying)
        return self

    def __exit__(self, *_: object) -> None:
        self.patch.undo()


def searched(system: ScalarSystem, file: Path, workers: int = 1, between: float = 0.0, **task: Any) -> Verdict:
    return Explore().run(Task(system, workers=workers, checkpoint=Checkpoint(file, between), **task))


def same(verdict: Verdict) -> object:
    """All that a verdict says, but for what it went on from."""
    if isinstance(verdict, Violated):
        others = tuple(attrs.evolve(v, coverage=Coverage()) for v in verdict.others)
        verdict = attrs.evolve(verdict, others=others)
    return told(attrs.evolve(verdict, coverage=attrs.evolve(verdict.coverage, notes=())))


def resumed(system: ScalarSystem, folder: Path, few: int = 6, **task: Any) -> int:
    """Search on one thread and on two; from checkpoints of both, go on with one to three.  How many those were."""
    plain = same(Explore().run(Task(system, **task)))
    tried = 0
    for workers in (1, 2):
        with Copies(folder, few) as copies:
            assert same(searched(system, folder / "whole", workers, 0.0, **task)) == plain
        (folder / "whole").unlink(missing_ok=True)
        for i, copy in enumerate(copies.found):
            again = Path(shutil.copy(copy, folder / "again"))
            alike = same(searched(system, again, 1 + i % 3, 3600.0, **task)) == plain
            assert alike, copy  # what differs is long, and takes pytest minutes to compare
        tried += len(copies.found)
    return tried


def wide_steps() -> ScalarSystem:
    """States of five words, in which some steps are wrong."""
    base, t = wide(9), sc.int_var("t", 0, 0, 255)
    old = sc.int_var("s", 0, 0, 255)
    kept = claim("kept", PropertyKind.STEP, sc.not_(sc.and_((sc.eq(old, num(6)), sc.eq(t, num(7))))))
    return attrs.evolve(base, properties=(*base.properties, kept))


def small(top: int) -> ScalarSystem:
    """Five numbers that go up one by one; a certain state is wanted, and one is wrong."""
    xs = [sc.int_var("s", i, 0, top) for i in range(5)]
    acts = tuple(action(f"up{i}", [], [sc.lt(x, num(top))], {i: sc.add(x, num(1))}) for i, x in enumerate(xs))
    wanted = claim("wanted", PropertyKind.REACHABLE, sc.and_((sc.eq(xs[0], num(3)), sc.eq(xs[4], num(2)))))
    back = claim("back", PropertyKind.RECOVERABLE, sc.eq(xs[0], num(top)))
    leaves = tuple(leaf(f"x{i}", 0, top) for i in range(5))
    return scalar_system(leaves, ((0,) * 5,), acts, (wanted, back))


def orbits() -> ScalarSystem:
    """Votes and a queue; fewer actions than there are, so that it is small."""
    few = [part for part in BUSY.split("\n\n\n") if not any(f"def {n}(" in part for n in ("join", "settle", "lead"))]
    return written("\n\n\n".join(few), FEW)


CASES: dict[str, tuple[Callable[[], ScalarSystem], dict[str, Any]]] = {
    "narrow": (lambda: small(4), {}),
    "wide": (lambda: wide(9), {}),
    "everything that is violated": (lambda: wide(9), {"every": True}),
    "wide steps": (wide_steps, {"every": True}),
    "one state of each orbit": (orbits, {"symmetry": True, "every": True}),
    "depths beside the table": (lambda: line(900, 60), {}),
    "depths beside a tree": (lambda: line(900, 120), {}),
    "a budget of states": (lambda: small(4), {"budget": Budget(states=900)}),
    "a budget of depth": (lambda: small(4), {"budget": Budget(depth=6)}),
}


@pytest.mark.usefixtures("restless")
@pytest.mark.parametrize("name", CASES)
def test_from_any_checkpoint_the_verdict_is_the_same(name: str, tmp_path: Path) -> None:
    """Whatever a search keeps, and on any number of threads before and after."""
    system, task = CASES[name]

    assert resumed(system(), tmp_path, **task) >= 10


@pytest.mark.usefixtures("restless")
@settings(max_examples=10)
@given(systems())
def test_random_systems_go_on_alike(system: ScalarSystem) -> None:
    """Errors of the model, deadlocks and all kinds of properties, with and without going on after a violation."""
    with tempfile.TemporaryDirectory() as folder:
        for every in (False, True):
            resumed(system, Path(folder), few=2, every=every)


@pytest.mark.parametrize(("system", "memory"), [(agg_core(3, 1), 3_500_000), (wide(40), 2_000_000)])
@pytest.mark.parametrize("workers", [1, 2])
def test_a_run_without_memory_goes_on_with_more(
    system: ScalarSystem, memory: int, workers: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was found until then is kept, also where nothing was saved before; with too little, it stays."""
    keep_all_leaves(monkeypatch)
    file = tmp_path / "c"
    first = searched(system, file, workers, 3600.0, budget=Budget(memory=memory))
    again = searched(system, file, 3 - workers, 3600.0, budget=Budget(memory=1_000_000))
    whole = searched(system, file, workers, 3600.0)

    assert isinstance(first, Unknown)
    assert first.coverage.checkpoint == str(file)
    assert isinstance(again, Unknown)
    assert again.coverage.checkpoint == str(file)
    assert first.coverage.states is not None
    assert f"went on from a checkpoint of {counted(first.coverage.states or 0, 'state')}" in whole.coverage.notes[-1]
    assert same(whole) == same(Explore().run(Task(system)))


def test_less_memory_after_a_violation_was_found_loses_nothing(tmp_path: Path) -> None:
    """The path to it cannot be found without the states, which stay where they are saved."""
    leaves = tuple(leaf(f"x{i}", 0, 7) for i in range(6))
    ups = [
        action(f"up{i}", [], [sc.lt(x, num(7))], {i: sc.add(x, num(1))})
        for i, x in enumerate(sc.int_var("s", i, 0, 7) for i in range(6))
    ]
    low = claim("low", PropertyKind.ALWAYS, sc.lt(sc.int_var("s", 0, 0, 7), num(3)))
    system, file = scalar_system(leaves, ((0,) * 6,), tuple(ups), (low,)), tmp_path / "c"
    first, less = (
        searched(system, file, every=True, between=3600.0, budget=Budget(memory=memory))
        for memory in (2_000_000, 1_000_000)
    )
    whole = searched(system, file, every=True, between=3600.0)

    assert isinstance(first, Violated)
    assert isinstance(less, Unknown)
    assert first.coverage.checkpoint == less.coverage.checkpoint == str(file)
    assert isinstance(whole, Violated)
    assert (whole.coverage.states, whole.unjudged) == (8**6, "")


def test_an_interrupted_run_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C after some states, twice; the time that was searched adds up."""
    Clock(0.001).rule(monkeypatch)
    system, file = agg_core(3, 1), tmp_path / "c"
    seconds = []
    for looks in (2, 3):
        asked = iter(range(looks))
        verdict = Explore().run(
            Task(system, checkpoint=Checkpoint(file), interrupted=lambda left=asked: next(left, None) is None)
        )
        assert isinstance(verdict, Unknown)
        assert verdict.coverage.checkpoint == str(file)
        seconds.append(verdict.coverage.search_seconds or 0.0)

    whole = searched(system, file, between=3600.0)

    assert 0 < seconds[0] < seconds[1] < (whole.coverage.search_seconds or 0.0)
    assert same(whole) == same(Explore().run(Task(system)))


def test_what_changes_the_search_is_refused(tmp_path: Path) -> None:
    """Other claims, constants or options: the checkpoint says nothing of that search.  It stays for its own."""
    system, file = small(4), tmp_path / "c"
    Explore().run(Task(system, checkpoint=Checkpoint(file), interrupted=lambda: True))
    assert file.exists()
    others = [
        Task(small(3)),
        Task(attrs.evolve(system, properties=system.properties[:1])),
        Task(attrs.evolve(system, initials=starting(system.leaves, (1,) * 5))),
        Task(system, every=True),
        Task(system, Budget(depth=3)),
        Task(system, Budget(states=300)),
    ]

    for task in others:
        with pytest.raises(InputError, match="C011"):
            Explore().run(attrs.evolve(task, checkpoint=Checkpoint(file)))
    assert "went on" in searched(system, file).coverage.notes[-1]


def test_two_runs_do_not_share_a_folder(tmp_path: Path) -> None:
    """The second is refused while the first runs, and not after it."""
    system, file = small(2), tmp_path / "c"
    keeper = Keeper(Checkpoint(file), {})
    with pytest.raises(InputError, match="C012"):
        searched(system, file)

    keeper.close()
    assert searched(system, file).coverage.states == 3**5


def test_a_folder_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    """Before anything is searched."""
    (tmp_path / "file").write_text("")

    with pytest.raises(InputError, match="C006"):
        searched(small(2), tmp_path / "file" / "c")


@pytest.mark.usefixtures("restless")
def test_a_full_disk_does_not_end_the_search(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """It is said once, and the verdict is what it is."""
    system, file = small(4), tmp_path / "c"

    class Full:
        def write(self, *_: object) -> None:
            raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(checkpoint, "write", Full().write)
        verdict = searched(system, file)
        cut = Explore().run(Task(system, checkpoint=Checkpoint(file), interrupted=lambda: True))

    assert same(verdict) == same(Explore().run(Task(system)))
    assert cut.coverage.checkpoint is None
    assert [r.message for r in caplog.records] == [
        f"the search could not be saved to {file}: No space left on device"
    ] * 2


def test_saving_takes_a_tenth_of_the_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a write of 2 s nothing is written for 18 s, and longer where there is more to write; not for ever, though."""
    clock = [100.0]
    monkeypatch.setattr(keeping.time, "monotonic", lambda: clock[0])
    monkeypatch.setattr(checkpoint, "write", lambda *_: clock.__setitem__(0, clock[0] + 2.0))
    region = Region(8 * 1_000)
    keeper = Keeper(Checkpoint(tmp_path / "c", 5.0), {})

    def after(seconds: float, size: int) -> bool:
        monkeypatch.setattr(keeping.time, "monotonic", lambda: clock[0] + seconds)
        return keeper.due(size)

    assert not after(4.9, 10)
    assert after(5.1, 10)
    assert after(5.1, 100_000_000)  # nothing is known of the disk yet
    clock[0] += 10.0
    monkeypatch.setattr(keeping.time, "monotonic", lambda: clock[0])
    keeper.save({}, [checkpoint.Section("all", [checkpoint.Piece(region, 0, 8_000)])])
    assert not after(17.9, 8_000)
    assert after(18.1, 8_000)
    assert not after(35.9, 16_000)
    assert not after(35.9, 10**9)
    assert after(36.1, 10**9)  # three times the 12 s until then
    keeper.close()


def test_further_counterexamples_are_searches_of_their_own(tmp_path: Path) -> None:
    """They neither use the checkpoint nor write one, and are those of a run without one."""
    system, file = wide(9), tmp_path / "c"
    Explore().run(Task(system, checkpoint=Checkpoint(file), interrupted=lambda: True))
    verdict = searched(system, file, between=0.0, distinct=3)
    plain = Explore().run(Task(system, distinct=3))

    assert isinstance(verdict, Violated)
    assert isinstance(plain, Violated)
    assert len(verdict.more) == 2
    assert [v.path for v in verdict.more] == [v.path for v in plain.more]


def test_what_a_search_covered_is_of_all_its_runs(tmp_path: Path) -> None:
    """States newly reached, by action: counted over the whole table, and as if nothing had happened."""
    system, file = agg_core(3, 1), tmp_path / "c"
    asked = Asked(new=True)
    looks = iter(range(2))
    cut = Explore().run(
        Task(system, asked=asked, checkpoint=Checkpoint(file), interrupted=lambda: next(looks, None) is None)
    )
    whole = Explore().run(Task(system, asked=asked, checkpoint=Checkpoint(file)))

    assert isinstance(cut, Unknown)
    assert "went on" in whole.coverage.notes[-1]
    assert whole.coverage.survey == Explore().run(Task(system, asked=asked)).coverage.survey
