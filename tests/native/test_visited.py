"""The visited set forgets nothing as it grows, keeps every depth, and says what it takes."""

from __future__ import annotations

import attrs
import pytest

from interlock.checker.contract import Budget, Holds, Path, Step, Task, Unknown, Violated
from interlock.checker.engines.explore import Explore
from interlock.checker.ir import scalar as sc
from interlock.checker.ir.nodes import PropertyKind
from interlock.checker.ir.scalar import Leaf, ScalarSystem
from interlock.checker.native.kernel import Ctx, Shared
from interlock.checker.native.module.crew import Crew
from interlock.checker.native.module.memory import Region
from interlock.checker.native.module.program import Program
from interlock.checker.native.store.visited import Visited
from tests.native.systems import action, agg_core, claim, entered, keep_all_leaves, leaf, put_pending, scalar_system

num = sc.integer


def line(top: int, bits: int) -> ScalarSystem:
    """A number that goes up one by one, in a state of so many bits; its top is never left."""
    x = sc.int_var("s", 0, 0, top)
    rest = bits - top.bit_length()
    padding = tuple(Leaf(f"b{i}", True, 0, 1, 0) for i in range(rest))
    up = action("up", [], [sc.lt(x, num(top))], {0: sc.add(x, num(1))})
    back = claim("back", PropertyKind.RECOVERABLE, sc.eq(x, num(0)))
    there = claim("there", PropertyKind.REACHABLE, sc.eq(x, num(top)))
    return scalar_system((leaf("x", 0, top), *padding), ((0,) * (1 + rest),), (up,), (there, back))


@pytest.mark.parametrize(
    ("top", "bits"),
    [(300, 56), (300, 63), (70, 58), (70_000, 60), (300, 120), (70_000, 70), (2_000, 64), (5_000, 13)],
)
def test_depth_is_kept_however_deep(top: int, bits: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the cells while there is room, then beside them in 16 bits, then in 32."""
    keep_all_leaves(monkeypatch)
    verdict = Explore().run(Task(line(top, bits), every=True))

    assert isinstance(verdict, Violated)
    assert verdict.path is not None
    assert (verdict.property, len(verdict.path.steps)) == ("back", 1)
    assert (verdict.coverage.states, verdict.coverage.depth) == (top + 1, top)
    bad = sc.not_(sc.eq(sc.int_var("s", 0, 0, top), num(top)))
    no = claim("no", PropertyKind.ALWAYS, bad)
    found = Explore().run(Task(attrs.evolve(line(top, bits), properties=(no,))))
    assert isinstance(found, Violated)
    assert found.path is not None
    assert len(found.path.steps) == top


def fan(width: int, bits: int) -> ScalarSystem:
    """One state that leads to `width` others, in states of so many bits."""
    x, p, q = sc.int_var("s", 0, 0, width), sc.int_var("p", 0, 0, width // 256 - 1), sc.int_var("p", 1, 0, 255)
    padding = tuple(Leaf(f"b{i}", True, 0, 1, 0) for i in range(bits - width.bit_length()))
    number = sc.add(sc.add(sc.mul(p, num(256)), q), num(1))
    go = action("go", [(0, width // 256 - 1), (0, 255)], [sc.eq(x, num(0))], {0: number})
    return scalar_system((leaf("x", 0, width), *padding), ((0,) * (1 + len(padding)),), (go,), ())


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("bits", [17, 70])
@pytest.mark.parametrize("width", [63 * 1024, 64 * 1024, 64 * 1024 + 512, 130 * 1024])
def test_one_state_may_have_more_successors_than_are_asked_room_for_at_a_time(
    width: int, bits: int, workers: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A guard that says nothing of the parameters is true of all: it is no cliff that they are many."""
    keep_all_leaves(monkeypatch)
    verdict = Explore().run(Task(fan(width, bits), workers=workers))

    assert isinstance(verdict, Holds)
    assert (verdict.coverage.states, verdict.coverage.transitions) == (width + 1, width)


@pytest.mark.parametrize("cells", [1, 62, 63, 64, 128])
def test_all_zeros_and_all_ones_are_states(cells: int) -> None:
    """A free cell looks like neither."""
    leaves = tuple(Leaf(f"b{i}", True, 0, 1, 0) for i in range(cells))
    bits = [sc.bool_var("s", i) for i in range(cells)]
    turn = action("turn", [], [], {i: sc.not_(b) for i, b in enumerate(bits)})
    home = claim("home", PropertyKind.RECOVERABLE, sc.not_(bits[0]))

    verdict = Explore().run(Task(scalar_system(leaves, ((0,) * cells,), (turn,), (home,))))

    assert isinstance(verdict, Holds)
    assert (verdict.coverage.states, verdict.coverage.transitions, verdict.coverage.depth) == (2, 2, 1)


def test_a_state_without_parts_is_one_state() -> None:
    """It takes no bits at all."""
    stay = action("stay", [], [], {})
    verdict = Explore().run(Task(scalar_system((), ((),), (stay,), (claim("is", PropertyKind.REACHABLE, sc.TRUE),))))

    assert isinstance(verdict, Holds)
    assert verdict.coverage.states == 1
    assert verdict.witnesses["is"] == Path((), (), Step(0, ()))


@pytest.mark.parametrize("aside", [1 << 10, 8])
def test_growing_keeps_every_cell(aside: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where there is little room for what is set aside."""
    monkeypatch.setattr("interlock.checker.native.store.moving._ASIDE", aside)
    monkeypatch.setattr("interlock.checker.native.store.moving._APART", 1 << 10)
    system = agg_core(2, 1)
    crew = Crew(1)
    visited = Visited(Program(system), crew)
    first = visited.first
    states = [
        visited.program.pack((i % 5, i % 4, i // 5 % 5, 0, i // 25 % 5, 0, i // 125 % 5, 0)) for i in range(3_000)
    ]
    for start in range(0, 3_000, 500):
        put_pending(first, states[start : start + 500])
        visited.program.admit(first.address)
    found = visited.found

    cells = {visited.table.cells.get(i) for i in range(visited.table.slots)} - {0}
    for _ in range(3):
        visited._grow_table(found)
    assert {visited.table.cells.get(i) for i in range(visited.table.slots)} - {0} == cells
    for start in range(0, 3_000, 500):
        put_pending(first, states[start : start + 500])
        visited.program.admit(first.address)
    assert visited.found == found == len(cells)
    assert first[Ctx.WAITING] == 0


def test_a_state_takes_at_most_sixteen_bytes() -> None:
    """All told: the table, the depths and the frontier, of a search that is large enough to tell."""
    verdict = Explore().run(Task(agg_core(3, 1)))

    assert isinstance(verdict, Holds)
    assert verdict.coverage.bytes_per_state is not None
    assert 8 < verdict.coverage.bytes_per_state <= 16


def test_memory_beyond_the_budget_is_never_asked_for() -> None:
    """The search stops before the growth that would pass it."""
    verdict = Explore().run(Task(agg_core(3, 1), Budget(memory=4_000_000)))

    assert isinstance(verdict, Unknown)
    assert verdict.coverage.peak_memory is not None
    assert verdict.coverage.peak_memory <= 4_000_000


def test_an_item_that_was_taken_and_not_used_has_no_place(monkeypatch: pytest.MonkeyPatch) -> None:
    """A thread that loses a race for a part keeps the item it wrote it to, and writes another part there later; a
    tree that grows meanwhile must not find the part there."""
    keep_all_leaves(monkeypatch)
    visited = Visited(Program(line(300, 120)), Crew(1))
    first, spare = visited.first, visited.threads.get(Shared.ITEM_COUNT)
    visited.threads.put(Shared.ITEM_COUNT, spare + 1)
    part = 12_345
    number = entered(visited, part)
    assert visited.tree is not None
    visited.tree.items.put(spare, [part])
    first[Ctx.SPARE_ITEM] = spare

    visited.tree.grow(visited._afford)
    again, other = entered(visited, part), entered(visited, part + 1)

    assert (again, other) == (number, spare)
    assert entered(visited, part + 1) == spare


class Watched:
    """How many bytes all regions are asked for at a time, at most; also while one is moved."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.asked: dict[int, int] = {}
        self.most = 0
        made, resized, freed = Region.__init__, Region.resize, Region.free

        def make(region: Region, size: int, reserve: int = 0) -> None:
            made(region, size, reserve)
            self._see(region, size)

        def resize(region: Region, size: int) -> None:
            before, moved = self.asked[id(region)], region.address
            resized(region, size)
            self._see(region, size + (before if region.address != moved else 0))
            self.asked[id(region)] = size

        def free(region: Region) -> None:
            freed(region)
            del self.asked[id(region)]

        for name, function in (("__init__", make), ("resize", resize), ("free", free)):
            patch.setattr(Region, name, function)

    def _see(self, region: Region, size: int) -> None:
        self.asked[id(region)] = size
        self.most = max(self.most, sum(self.asked.values()))


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("name", ["narrow", "wide", "deep"])
def test_no_moment_of_a_search_passes_its_budget(name: str, workers: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither growth, nor what is set aside meanwhile, nor what is asked of a finished search; but for the least
    buffer of a path, and two words a level."""
    keep_all_leaves(monkeypatch)
    system = {"narrow": agg_core(3, 1), "wide": line(20_000, 120), "deep": line(70_000, 60)}[name]
    decided = []
    for budget in range(1_500_000, 12_000_000, 1_734_567):
        with pytest.MonkeyPatch.context() as patch:
            watched = Watched(patch)
            verdict = Explore().run(Task(system, Budget(memory=budget), workers=workers))
        decided.append(not isinstance(verdict, Unknown))

        assert watched.most <= budget + (1 << 16) + 16 * (verdict.coverage.depth or 0)
    assert decided == sorted(decided)
    assert decided[-1]
