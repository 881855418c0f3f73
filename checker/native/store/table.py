"""Which states were found, and how deep?  A cell for each, where its hash says; and how that becomes larger.

Rule of the module: a table grows in place, once the caller has found the memory affordable; nothing grows while native
code runs.  How much larger it becomes is decided by what is foreseen, which changes nothing that is told.
"""

from __future__ import annotations

import ctypes
import enum
from collections.abc import Callable
from typing import Any

from interlock.checker.native.kernel import LINE, Ctx
from interlock.checker.native.module.memory import Region
from interlock.checker.native.store import foresight, moving
from interlock.checker.native.store.states import OutOfMemory
from interlock.checker.native.store.threads import Threads

_LOAD = 0.85  # how full a table may be: beyond, ever more look-ups find their line of eight cells full, and go on
_QUICK = 1 << 16  # cells up to which a table grows four times: half a megabyte is not worth saving any of
_GROWTH = 1.5  # how much larger a table becomes: so it has 8 / 0.85 to 8 / 0.85 * 1.5 = 14.1 bytes a state
_GROWTH_FOLDED = 1.25  # beside a tree, so that all of it stays within 16 bytes a state
_BELIEVED = 0.7  # of the states that are foreseen: too large a table is memory for nothing, too small a one grows again
_ENOUGH = 1.1  # times what is foreseen are all the states, as it looks: foresight is rather too low
_LITTLE = 1.125  # times as large as it is, a table becomes at least: each move is a pass over all of it
_AT_ONCE = 3  # times as large as it is, a table becomes at most, whatever is foreseen: that is a guess (ADR 5)


class DepthsIn(enum.IntEnum):
    """Where the depths of states are, by how many bytes a state they take beside the cells."""

    CELLS = 0
    SHORTS = 2
    LONGS = 4


class Holding(enum.Enum):
    """Which states a table has, and whether one can be looked up there."""

    ALL = enum.auto()  # all that were found, each where its hash says
    LEAVING = (
        enum.auto()
    )  # all with their depths, but in another order and some twice: they are being written elsewhere
    NEW = enum.auto()  # those of the level at hand that were found since it was emptied; all others are elsewhere


class Table:
    """The cells of a search.  `elsewhere`: states that are counted as found and that the table does not have."""

    def __init__(self, threads: Threads, first: int, reserve: int) -> None:
        """`first`: cells at first.  `reserve`: bytes of addresses that it may grow to without being moved."""
        self.threads, self.program, self.bits = threads, threads.program, threads.program.shape.key_bits
        self.cells, self.slots = Region(8 * first, reserve), first
        self.depths: Region | None = None
        self.depths_in, self.holding, self.elsewhere = DepthsIn.CELLS, Holding.ALL, 0
        self._reserve = reserve
        self._publish(tag=1)

    def _publish(self, *, tag: int | None = None) -> None:
        """Tell the threads where everything is, and what is above the key in a new cell."""
        side = 0 if self.depths is None else self.depths.address
        self.threads.publish({
            Ctx.TABLE: self.cells.address, Ctx.SLOTS: self.slots, Ctx.LINES: self.slots // LINE,
            Ctx.SIDE: side, Ctx.SIDE_WIDE: int(self.depths_in is DepthsIn.LONGS),
            Ctx.TAG: self.threads.first[Ctx.TAG] if tag is None else tag << self.bits,
        })  # fmt: skip

    # --- what there is -----------------------------------------------------------------------------

    @property
    def held(self) -> int:
        """States in the table."""
        return self.threads.total(Ctx.COUNT) - self.elsewhere

    def bytes(self) -> int:
        """Memory of the cells, and of depths beside them."""
        return 8 * self.slots + (0 if self.depths is None else self.depths.size)

    def capacity(self) -> int:
        """How many states it is to hold."""
        return int(self.slots * _LOAD)

    def level_sizes(self) -> list[int]:
        """How many states each depth has, of those in the table."""
        levels = self.threads.first[Ctx.DEPTH] + 1
        counts = Region(8 * levels)
        self.program.histogram(self.threads.first.address, 0, self.slots, counts.address)
        sizes = [counts.get(i) for i in range(levels)]
        counts.free()
        return sizes

    def foreseen(self) -> float:
        """How many states there will be in all, as it looks; 0 where it is too early to tell."""
        return foresight.foreseen(self.level_sizes(), self.threads.total(Ctx.EXPANDED))

    # --- depths ------------------------------------------------------------------------------------

    def deepest(self) -> int:
        """The greatest depth there is room to keep."""
        return (1 << (8 * self.depths_in or 64 - self.bits)) - (1 if self.depths_in else 2)

    def go_deeper(self) -> None:
        """What is found from now on is one step deeper."""
        first = self.threads.first
        told = self.holding is Holding.ALL and not self.depths_in  # whether a cell says its state's depth
        tag = first[Ctx.TAG] + (1 << self.bits if told else 0)
        self.threads.publish({Ctx.DEPTH: first[Ctx.DEPTH] + 1, Ctx.TAG: tag})

    def go_on(self, depth: int) -> None:
        """Of a search that did not begin: what is found from now on has this depth."""
        self.threads.publish({Ctx.DEPTH: depth})
        self._publish(tag=1 if self.depths_in else depth + 1)

    def deepen(self, afford: Callable[[int], None]) -> None:
        """Keep depths beside the cells, in 16 bits, then in 32; `afford` is asked about the bytes, and may raise."""
        import numpy as np  # noqa: PLC0415 - a tenth of a second, only for what is deep

        into = DepthsIn.LONGS if self.depths_in else DepthsIn.SHORTS
        old, old_width = self.depths, self.depths_in
        afford(into * self.slots)
        side = Region(into * self.slots, into * self._reserve // 8)
        cells, depths = _array(np, self.cells, self.slots, 8), _array(np, side, self.slots, into)
        if old is None:
            for start in range(0, self.slots, _QUICK):
                piece = slice(start, start + _QUICK)
                used = cells[piece] != 0
                depths[piece][used] = (cells[piece][used] >> self.bits) - 1
                cells[piece] = cells[piece] & ((1 << self.bits) - 1) | used.astype(cells.dtype) << self.bits
        else:
            depths[:] = _array(np, old, self.slots, old_width)
            old.free()
        self.depths, self.depths_in = side, into
        self._publish(tag=1)

    # --- growth ------------------------------------------------------------------------------------

    def grow(self, least: int, afford: Callable[[int], None]) -> None:
        """Have room for at least so many states; `afford` is asked about the bytes, and raises OutOfMemory."""
        old = self.slots
        slots = old * 4 if old < _QUICK else self._next_size(afford)
        slots = -(-max(slots, int(least / _LOAD) + 2) // LINE) * LINE
        afford(self._larger(slots))
        self.resize(slots, self.depths_in)
        moving.move(self.threads, old, slots)

    def resize(self, slots: int, depths_in: DepthsIn) -> None:
        """Have so many cells, and depths where that says; those there are stay at their places."""
        self.cells.resize(8 * slots)
        if self.depths is not None:
            self.depths.resize(depths_in * slots)
        elif depths_in:
            self.depths = Region(depths_in * slots, depths_in * self._reserve // 8)
        self.slots, self.depths_in = slots, depths_in
        self._publish()

    def _next_size(self, afford: Callable[[int], None]) -> int:
        """Cells that are as many as is good, by the states that are foreseen: larger at once where those will be many
        more, for what is moved now is not moved again soon, and hardly larger where they are all there are."""
        old = self.slots
        usual = int(old * (_GROWTH_FOLDED if self.program.shape.folded else _GROWTH))
        cells = self.foreseen() / _LOAD
        many = min(int(_BELIEVED * cells), _AT_ONCE * old)
        if many <= usual:
            return max(int(_ENOUGH * cells), int(_LITTLE * old)) if 0 < _ENOUGH * cells < usual else usual
        try:
            afford(self._larger(many))
        except OutOfMemory:
            return usual
        return many

    def _larger(self, slots: int) -> int:
        """Bytes that a table of so many cells takes more, with what is set aside while it grows."""
        side = 0 if self.depths is None else self.depths.more(self.depths_in * slots)
        return 8 * (slots - self.slots) + side + moving.bytes_aside(self.threads)

    # --- states that go elsewhere ------------------------------------------------------------------

    def leave(self) -> None:
        """From now on no state is looked up: the cells are put in another order, to be written elsewhere."""
        self.holding = Holding.LEAVING

    def renew(self, slots: int) -> None:
        """Switches to states on disk: an empty table of `slots` cells for this level's new states, without their depth."""
        if self.depths is not None:
            self.depths.free()
        self.cells.free()
        self.cells, self.slots = Region(8 * slots), slots
        self.depths, self.depths_in, self.holding = None, DepthsIn.CELLS, Holding.NEW
        self.elsewhere = self.threads.total(Ctx.COUNT)
        self._publish(tag=1)

    def empty(self) -> None:
        """The states of the table are elsewhere, too."""
        self.cells.clear()
        self.elsewhere = self.threads.total(Ctx.COUNT)

    def recount(self, found: int, real: int) -> None:
        """So many states were found, and so many do they stand for: some were known that were not in the table."""
        for run in self.threads.runs:
            run[Ctx.COUNT] = run[Ctx.REAL] = 0
        self.threads.first[Ctx.COUNT], self.threads.first[Ctx.REAL] = found, real
        self.empty()


def slots_for(states: int) -> int:
    """How many cells a table has that is as full as it may be with so many states."""
    return -(-int(states / _LOAD + 1) // LINE) * LINE


def _array(np: Any, region: Region, count: int, width: int) -> Any:
    kind = {2: ctypes.c_uint16, 4: ctypes.c_uint32, 8: ctypes.c_uint64}[width]
    return np.ctypeslib.as_array((kind * count).from_address(region.address))
