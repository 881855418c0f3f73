"""What do the threads of a search share?  The visited set, the frontier and the tree, and how they grow.

Rule of the module: every array that a search keeps is counted here; growth that would pass the memory budget is
refused before it happens.  Nothing grows while native code runs.
"""

from __future__ import annotations

import ctypes
import itertools
import os
from functools import partial
from typing import Any

from interlock.checker.native.kernel import BLOCK, BLOCK_WORDS, LINE, PART, SHARED_WORDS, Ctx, Shared
from interlock.checker.native.module.crew import Crew
from interlock.checker.native.module.memory import Region
from interlock.checker.native.module.program import Program
from interlock.checker.native.module.run import NONE, Run
from interlock.checker.native.module.shortcuts import Shortcuts
from interlock.checker.native.store import foresight

PARTS = (1 << PART) - 1  # parts of wide states that a tree can number
_LOAD = 0.85  # how full the table may be
_SEATED = 0.8  # how full the places of a tree may be
_REMEMBERED = 64  # of how many places of a tree each thread remembers one
_MEMO_BITS = 13  # of the number of parts that it remembers at most: they are to stay in the processor's cache
_FIRST = 1 << 12  # cells of the first table
_QUICK = 1 << 16  # cells up to which a table grows four times
_GROWTH = 1.5  # how much larger a table becomes
_GROWTH_FOLDED = 1.25  # beside a tree, so that all of it stays within 16 bytes a state
_BELIEVED = 0.7  # of the states that are foreseen: a table that turns out too large is memory for nothing
_ENOUGH = 1.1  # times what is foreseen are all the states, as it looks
_LITTLE = 1.125  # times as large as it is, a table becomes at least
_AT_ONCE = 3  # times as large as it is, a table becomes at most
_APART = 1 << 14  # cells at the start of a table that are set aside while it grows
_WORTH = 1 << 18  # cells whose move is worth several threads
_BESIDE = 1.5  # times its table is what a search may need in all, with depths beside it and a frontier
_SPARE = 1 << 12  # states, and parts, that a thread may have asked room for and not found
_ASIDE = 1 << 14  # cells that there is room for at first, of those that are set aside
_SHARED = tuple(word for word in Ctx if word < Ctx.FREE)
_WORD = 64


class OutOfMemory(Exception):
    """The memory budget does not allow the next growth."""


class DiskError(Exception):
    """States could not be kept on disk, or be read there; the argument says why, and what to do."""


class Full(Exception):
    """A tree has numbered all the parts it can."""


class Visited:
    """The memory of one search: what is shared, and a `Run` for each thread."""

    def __init__(
        self, program: Program, crew: Crew, limit: int | None = None, shortcuts: Shortcuts | None = None
    ) -> None:
        """`shortcuts`: those of a search of the same system, whose states lay otherwise."""
        self.program, self.crew, self.limit = program, crew, limit
        self.runs = [Run(program) for _ in range(crew.size)]
        self.first = self.runs[0]
        reserve = _memory()
        self.shared = Region(8 * SHARED_WORDS)
        self.shortcuts = Shortcuts(program) if shortcuts is None else shortcuts.of(program)
        self.table, self.slots = Region(8 * _FIRST, reserve), _FIRST
        self.side: Region | None = None
        self.side_bytes = 0
        self.spilled = False  # whether the levels that were found are on disk, and the table has the next one alone
        self.gone = 0  # states that were counted and are not in the table
        self.last = 0  # of those, how many the level has that was found last
        self.aside = 0  # bytes that are to be left for what is done to them
        self.blocks = 16
        self.pool = Region(8 * BLOCK_WORDS * self.blocks, reserve)
        self.counts, *self.lists = (Region(8 * self.blocks) for _ in range(3))
        self.free = [Region(8 * self.blocks) for _ in self.runs]
        self.items: Region | None = None
        self.seats = 0
        self._holes: list[int] = []  # items that nobody will use
        self.places: Region | None = None
        if program.shape.folded:
            self.items = Region(8 * self._items(_FIRST), reserve)
            self.places, self.seats = Region(4 * _FIRST), _FIRST
            self._count(Shared.ITEM_COUNT, 1)  # part 0: of zeros, whose place has no other number
            self._seat()
        first = self.first
        first[Ctx.LEVEL], first[Ctx.NEXT_LEVEL] = (r.address for r in self.lists)
        first[Ctx.TAG] = 1 << program.shape.key_bits
        self._publish()
        self.make_room(NONE)

    # --- what there is -----------------------------------------------------------------------------

    def total(self, word: Ctx) -> int:
        """A counter, over all threads."""
        return sum(run[word] for run in self.runs)

    @property
    def found(self) -> int:
        """States in the table."""
        return self.total(Ctx.COUNT)

    @property
    def depth(self) -> int:
        """The depth of the states that are being found, or were found last."""
        return self.first[Ctx.DEPTH]

    @property
    def reached(self) -> int:
        """The greatest depth that has a state."""
        some = self.listed or self.total(Ctx.FILLED) or self.last
        return self.depth if some or not self.depth else self.depth - 1

    @property
    def listed(self) -> int:
        """Blocks of the next level."""
        return self.shared.get(Shared.LISTED)

    def taken(self) -> int:
        """Blocks of the level that were taken, in whole or in part."""
        return min(self.shared.get(Shared.NEXT), self.first[Ctx.LIMIT])

    def expanded(self) -> float:
        """How much of the level was taken, from 0 to 1."""
        return self.taken() / max(1, self.first[Ctx.LENGTH])

    def blocks_of(self, word: Ctx) -> Region:
        """The list of blocks of LEVEL, or of NEXT_LEVEL."""
        return next(region for region in self.lists if region.address == self.first[word])

    def bytes(self) -> int:
        """Memory that was used: all arrays, but of the frontier and the tree what was ever filled."""
        side = 0 if self.side is None else self.side.size
        pool = 8 * BLOCK_WORDS * min(self.blocks, self.shared.get(Shared.FRESH))
        return 8 * self.slots + side + pool + self.bytes_beside()

    def bytes_beside(self) -> int:
        """The same of all but the table, the depths beside it and the frontier."""
        regions = [*self.shortcuts.regions, self.shared, self.counts, *self.lists, *self.free]
        used = 8 * self.shared.get(Shared.ITEM_COUNT) + 4 * self.seats
        return used + sum(r.size for r in regions) + sum(run.bytes() for run in self.runs)

    def shorten(self, seconds: float) -> None:
        """Work out what need not be done again, until all the time spent on that is so much."""
        if self.shortcuts.work(seconds):
            self._publish()

    # --- levels ------------------------------------------------------------------------------------

    def deepest(self) -> int:
        """The greatest depth there is room to keep."""
        if self.side_bytes:
            return (1 << 8 * self.side_bytes) - 1
        return (1 << _WORD - self.program.shape.key_bits) - 2

    def begin_level(self) -> None:
        """What was found is what is expanded next."""
        if self.depth == self.deepest():
            self._deepen()
        first = self.first
        first[Ctx.LEVEL], first[Ctx.NEXT_LEVEL] = first[Ctx.NEXT_LEVEL], first[Ctx.LEVEL]
        first[Ctx.LENGTH] = first[Ctx.LIMIT] = self.listed
        first[Ctx.DEPTH] += 1
        if not self.side_bytes:
            first[Ctx.TAG] += 1 << self.program.shape.key_bits
        self._count(Shared.LISTED, 0)
        self._count(Shared.NEXT, 0)
        self._spread()

    # --- states on disk ----------------------------------------------------------------------------

    def spill(self, slots: int, blocks: int) -> None:
        """All states are elsewhere: an empty table for what is found of this level, in any order, and so many blocks
        for states to expand."""
        first = self.first
        if self.side is not None:
            self.side.free()
        self.side, self.side_bytes = None, 0
        self.pool.free()
        self.pool, self.blocks, self.spilled = Region(8 * BLOCK_WORDS * blocks), blocks, True
        for region in (self.counts, *self.lists, *self.free):
            region.resize(8 * blocks)
        first[Ctx.LEVEL], first[Ctx.NEXT_LEVEL] = self.lists[0].address, 0
        first[Ctx.TAG] = 1 << self.program.shape.key_bits
        self._count(Shared.LISTED, 0)
        self.tabulate(slots)
        self.expand(0)

    def tabulate(self, slots: int) -> None:
        """An empty table of so many cells; its states are elsewhere."""
        self.table.free()
        self.table, self.slots = Region(8 * slots), slots
        self.gone = self.found
        self._publish()

    def empty(self) -> None:
        """The states of the table are elsewhere."""
        self.table.clear()
        self.gone = self.found

    def expand(self, states: int) -> None:
        """So many states, in the first blocks of the pool, are to be expanded next; all others are free."""
        full, rest = divmod(states, BLOCK)
        sizes = [BLOCK] * full + [rest] * (rest > 0)
        self.counts.put(0, sizes)
        self.lists[0].put(0, range(len(sizes)))
        self._count(Shared.FRESH, len(sizes))
        self._count(Shared.NEXT, 0)
        self.first[Ctx.LENGTH] = self.first[Ctx.LIMIT] = len(sizes)
        for run in self.runs:
            run[Ctx.FREE_COUNT] = run[Ctx.FILLED] = 0
            run[Ctx.TAKEN_BLOCK] = run[Ctx.FILLED_BLOCK] = NONE
        self._spread()

    def deeper(self) -> None:
        """What is found from now on is one step deeper."""
        self.first[Ctx.DEPTH] += 1
        self._spread()

    def recount(self, found: int, real: int, last: int) -> None:
        """So many states were found, and so many do they stand for: some were known that were not in the table.  So
        many of them are of the last level."""
        self.last = last
        for run in self.runs:
            run[Ctx.COUNT] = run[Ctx.REAL] = 0
        self.first[Ctx.COUNT], self.first[Ctx.REAL] = found, real

    def limit_level(self, blocks: int) -> None:
        """Let the threads take so many more blocks before they pause."""
        taken = self.taken()
        self._count(Shared.NEXT, taken)
        for run in self.runs:
            run[Ctx.LIMIT] = min(self.first[Ctx.LENGTH], taken + blocks)

    def _deepen(self) -> None:
        """Keep depths beside the table, in 16 bits, then in 32."""
        import numpy as np  # noqa: PLC0415 - a tenth of a second, only for what is deep

        width, bits = 2 * (self.side_bytes or 1), self.program.shape.key_bits
        old, old_width = self.side, self.side_bytes
        self._afford(width * self.slots)
        side = Region(width * self.slots, width * _memory() // 8)
        cells, depths = _array(np, self.table, self.slots, 8), _array(np, side, self.slots, width)
        if old is None:
            for start in range(0, self.slots, _QUICK):
                piece = slice(start, start + _QUICK)
                used = cells[piece] != 0
                depths[piece][used] = (cells[piece][used] >> bits) - 1
                cells[piece] = cells[piece] & ((1 << bits) - 1) | used.astype(cells.dtype) << bits
        else:
            depths[:] = _array(np, old, self.slots, old_width)
            old.free()
        self.side, self.side_bytes = side, width
        self.first[Ctx.TAG] = 1 << bits
        self._publish()

    # --- growth ------------------------------------------------------------------------------------

    def make_room(self, most: int) -> None:
        """See to memory for what is pending, and for more; `most` is how many states may be found.

        Raises OutOfMemory and Full.
        """
        found, waiting = self.found, sum(run.waiting() for run in self.runs)
        held = found - self.gone
        if held + waiting > self.capacity(self.slots):
            self._grow_table(held + waiting)
        short = sum(self._blocks_short(run) for run in self.runs)
        fresh = self.shared.get(Shared.FRESH)
        if fresh + short > self.blocks:
            self._grow_pool(max(fresh + short, self.blocks * 5 // 4))
        room = self.capacity(self.slots) - held
        self._count(Shared.ROOM, min(room, max(most - found, 0) + waiting))
        if self.places is not None:
            self._make_parts()
        for run in self.runs:
            run[Ctx.ALLOWANCE] = run[Ctx.ITEM_ALLOWANCE] = 0

    def _blocks_short(self, run: Run) -> int:
        return max(0, run.waiting() // BLOCK + 1 - run[Ctx.FREE_COUNT])

    def capacity(self, slots: int) -> int:
        """How many states a table of so many cells is to hold."""
        return int(slots * _LOAD)

    def _afford(self, more: int) -> None:
        unfilled = 8 * BLOCK_WORDS * (self.blocks - min(self.blocks, self.shared.get(Shared.FRESH)))
        unfilled += 8 * (self._items(self.seats) - self.shared.get(Shared.ITEM_COUNT))
        if self.limit is not None and self.bytes() + self.aside + unfilled + more > self.limit:
            raise OutOfMemory

    def _grow_pool(self, blocks: int) -> None:
        assert not self.spilled, "threads fill no more blocks than there are"
        lists = [self.counts, *self.lists, *self.free]
        self._afford(8 * BLOCK_WORDS * (blocks - self.blocks) + sum(region.more(8 * blocks) for region in lists))
        first = self.first
        turned = first[Ctx.LEVEL] == self.lists[1].address
        self.pool.resize(8 * BLOCK_WORDS * blocks)
        for region in lists:
            region.resize(8 * blocks)
        self.blocks = blocks
        addresses = [r.address for r in self.lists]
        first[Ctx.LEVEL], first[Ctx.NEXT_LEVEL] = addresses[::-1] if turned else addresses
        self._publish()

    def _grow_table(self, least: int) -> None:
        if self.spilled:
            raise OutOfMemory
        old = self.slots
        slots = old * 4 if old < _QUICK else self._next_size()
        slots = -(-max(slots, int(least / _LOAD) + 2) // LINE) * LINE
        self._afford(self._larger(slots))
        self.table.resize(8 * slots)
        if self.side is not None:
            self.side.resize(self.side_bytes * slots)
        self.slots = slots
        self._publish()
        self._move(old, slots)

    def _next_size(self) -> int:
        """Cells that are as many as is good, by the states that are foreseen: larger at once where those will be many
        more, for what is moved now is not moved again soon, and hardly larger where they are all there are."""
        old = self.slots
        usual = int(old * (_GROWTH_FOLDED if self.program.shape.folded else _GROWTH))
        cells = self.foreseen() / _LOAD
        many = min(int(_BELIEVED * cells), _AT_ONCE * old)
        if many > usual:
            return many if self._affordable(many) else usual
        return max(int(_ENOUGH * cells), int(_LITTLE * old)) if 0 < _ENOUGH * cells < usual else usual

    def foreseen(self) -> float:
        """How many states there will be in all, as it looks; 0 where it is too early to tell."""
        return foresight.foreseen(self.level_sizes(), self.total(Ctx.EXPANDED))

    def _larger(self, slots: int) -> int:
        """Bytes that a table of so many cells takes more, with what is set aside while it grows."""
        side = 0 if self.side is None else self.side.more(self.side_bytes * slots)
        return 8 * (slots - self.slots) + side + len(self.runs) * (8 + 16 * _ASIDE)

    def afford_beside(self, more: int) -> None:
        """Raises OutOfMemory where a finished search leaves no room for so many bytes beside it."""
        if self.limit is not None and self.bytes() + more > self.limit:
            raise OutOfMemory

    def _affordable(self, slots: int) -> bool:
        try:
            self._afford(self._larger(slots))
        except OutOfMemory:
            return False
        return True

    def level_sizes(self) -> list[int]:
        """How many states each depth has, of those in the table."""
        depths = self.depth + 1
        counts = Region(8 * depths)
        self.program.histogram(self.first.address, 0, self.slots, counts.address)
        sizes = [counts.get(i) for i in range(depths)]
        counts.free()
        return sizes

    def _move(self, old: int, new: int) -> None:
        """Move the cells of a table to where they belong in a larger one, interval by interval from the end.

        What comes from an interval belongs above it, but for what is set aside.
        """
        bounds = [old]
        while bounds[-1] > _APART:
            bounds.append(-(-bounds[-1] * old // new // LINE) * LINE)
        aside = [Region(8 + 16 * _ASIDE) for _ in self.runs]
        self._move_interval(self.runs[0], 0, bounds[-1], NONE, aside[0])
        for stop, start in zip(bounds, bounds[1:], strict=False):
            together = stop - start >= _WORTH and len(self.runs) > 1
            runs = self.runs if together else self.runs[:1]
            size = -(-(stop - start) // len(runs) // LINE) * LINE
            cuts = [min(start + size * k, stop) for k in range(len(runs) + 1)]
            self._alone(not together)
            self.crew.all([
                partial(self._move_interval, run, low, high, stop, region)
                for run, low, high, region in zip(runs, cuts, cuts[1:], aside, strict=False)
            ])  # fmt: skip
            self._alone(True)
        for region in aside:
            self.program.refill(self.first.address, region.address)
            region.free()

    def _move_interval(self, run: Run, start: int, stop: int, floor: int, aside: Region) -> int:
        while True:
            room = aside.size // 16 - 1
            stop = self.program.grow(run.address, start, stop, floor, aside.address, room)
            if stop == start:
                return 0
            aside.resize(2 * aside.size)

    # --- the tree ----------------------------------------------------------------------------------

    def _items(self, places: int) -> int:
        return min(int(places * _SEATED), PARTS)

    def _make_parts(self) -> None:
        assert self.places is not None
        needed = 2 * self.program.shape.parts * len(self.runs)
        while self._items(self.seats) - self.shared.get(Shared.ITEM_COUNT) < needed:
            self._grow_tree()
        self._count(Shared.ITEM_ROOM, self._items(self.seats) - self.shared.get(Shared.ITEM_COUNT))

    def _grow_tree(self) -> None:
        assert self.places is not None
        assert self.items is not None
        old, new = self.seats, self.seats * 3 // 2
        if self._items(new) == self._items(old):
            raise Full(f"their tree has room for {PARTS} different parts, no more")
        self._afford(self.items.more(8 * self._items(new)) + 4 * new + self._memos(new))
        self.items.resize(8 * self._items(new))
        self.places.free()
        self.places, self.seats = Region(4 * new), new
        self._publish()
        self._seat()
        self._remember()

    def _remember(self) -> None:
        for run in self.runs:
            run.remember(_memo_bits(self.seats))

    def _memos(self, seats: int) -> int:
        """Bytes in which the threads remember parts of a tree of so many places."""
        return len(self.runs) * (16 << _memo_bits(seats))

    def _seat(self) -> None:
        """Give every part its place.  An item that a thread took and did not use yet has none: what it holds may be
        another's part, and is overwritten."""
        self._publish()
        bounds = [-1, *sorted(self.unused()), self.shared.get(Shared.ITEM_COUNT)]
        for before, after in itertools.pairwise(bounds):
            self.program.reseat(self.first.address, before + 1, after)

    def unused(self) -> list[int]:
        """Items that were taken and hold no part yet."""
        return self._holes + [run[Ctx.SPARE_ITEM] for run in self.runs if run[Ctx.SPARE_ITEM] != NONE]

    # --- a search that was saved -------------------------------------------------------------------

    def make(self, slots: int, side_bytes: int, items: int, blocks: int) -> None:
        """Of a search that did not begin: arrays of the size that another one had.  Raises OutOfMemory."""
        seats = self.seats
        while self.items is not None and self._items(seats) < items:
            seats = seats * 3 // 2
        more = 8 * (slots - self.slots) + side_bytes * slots + 4 * (seats - self.seats)
        self._afford(more + 8 * (self._items(seats) - self._items(self.seats)) + self._memos(seats))
        self.table.resize(8 * slots)
        self.slots = slots
        if side_bytes:
            self.side, self.side_bytes = Region(side_bytes * slots, side_bytes * _memory() // 8), side_bytes
        if self.items is not None and self.places is not None:
            self.items.resize(8 * self._items(seats))
            self.places.free()  # the first part has its place there
            self.places, self.seats = Region(4 * seats), seats
            self._remember()
        if blocks > self.blocks:
            self._grow_pool(blocks)
        self._publish()

    def expect(self, states: int, parts: int) -> None:
        """Of a search that did not begin: let there be room for so many states and parts, if the budget allows that."""
        slots = -(-int((states + _SPARE * len(self.runs)) / _LOAD + 1) // LINE) * LINE
        whole = int(_BESIDE * 8 * slots)
        if whole > _memory() // 2 or (self.limit is not None and whole > self.limit):
            return
        try:
            self.make(max(slots, self.slots), 0, min(parts + _SPARE * len(self.runs), PARTS), self.blocks)
            if self.places is not None:
                self._seat()
            self.make_room(NONE)
        except OutOfMemory:
            pass  # it grows as far as it may

    def seat(self, items: int, unused: list[int]) -> None:
        """Give the parts of a tree that was saved their places."""
        self._count(Shared.ITEM_COUNT, items)
        self._holes = unused
        self._seat()

    def go_on(self, depth: int, level: int, found: int) -> None:
        """Take up a level: so many states in the first blocks are left to expand, so many in those after were found."""
        first, at = self.first, 0
        for word, states in ((Ctx.LEVEL, level), (Ctx.NEXT_LEVEL, found)):
            full, rest = divmod(states, BLOCK)
            sizes = [BLOCK] * full + [rest] * (rest > 0)
            self.counts.put(at, sizes)
            self.blocks_of(word).put(0, range(at, at + len(sizes)))
            at += len(sizes)
        self._count(Shared.FRESH, at)
        first[Ctx.LENGTH] = first[Ctx.LIMIT] = -(-level // BLOCK)
        self._count(Shared.NEXT, 0)
        self._count(Shared.LISTED, -(-found // BLOCK))
        first[Ctx.DEPTH] = depth
        first[Ctx.TAG] = (1 if self.side_bytes else depth + 1) << self.program.shape.key_bits
        self._spread()

    # --- contexts ----------------------------------------------------------------------------------

    def alone(self) -> None:
        """Native code runs on one thread until `together`."""
        self._alone(True)

    def together(self) -> None:
        """Native code runs on all threads."""
        self._alone(False)

    def lend(self, run: Run) -> None:
        """Let a thread, or what is counted afterwards, look at what is shared."""
        run.context.put(0, [self.first[word] for word in _SHARED])

    def _alone(self, value: bool) -> None:
        for run in self.runs:
            run[Ctx.ATOMIC] = int(not value)

    def _count(self, word: Shared, value: int) -> None:
        self.shared.put(word, [value])

    def _publish(self) -> None:
        """Tell the threads where everything is."""
        first = self.first
        first[Ctx.KEPT], first[Ctx.MOVERS], first[Ctx.MOVER_WORDS] = self.shortcuts.words()
        for word, region in (
            (Ctx.TABLE, self.table), (Ctx.SHARED, self.shared), (Ctx.POOL, self.pool), (Ctx.COUNTS, self.counts),
            (Ctx.SIDE, self.side), (Ctx.ITEMS, self.items), (Ctx.PLACES, self.places),
        ):  # fmt: skip
            first[word] = 0 if region is None else region.address
        first[Ctx.SLOTS], first[Ctx.LINES], first[Ctx.BLOCKS] = self.slots, self.slots // LINE, self.blocks
        first[Ctx.SIDE_WIDE] = int(self.side_bytes == 4)  # noqa: PLR2004 - bytes
        first[Ctx.PLACE_COUNT] = self.seats
        for run, free in zip(self.runs, self.free, strict=True):
            run[Ctx.FREE] = free.address
        self._spread()

    def _spread(self) -> None:
        """What is shared is the same in every context."""
        for run in self.runs[1:]:
            self.lend(run)


def _memo_bits(seats: int) -> int:
    return min((seats // _REMEMBERED).bit_length(), _MEMO_BITS)


def _array(np: Any, region: Region, count: int, width: int) -> Any:
    kind = {2: ctypes.c_uint16, 4: ctypes.c_uint32, 8: ctypes.c_uint64}[width]
    return np.ctypeslib.as_array((kind * count).from_address(region.address))


def _memory() -> int:
    """Bytes of memory of this machine."""
    if not hasattr(os, "sysconf"):
        return 0
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
