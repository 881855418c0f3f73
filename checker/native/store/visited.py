"""What do the threads of one search keep in memory, and may it become more?  A table, a frontier and a tree.

Rule of the module: every array that a search keeps is counted here; growth that would pass the memory budget is
refused before it happens.  Nothing grows while native code runs.
"""

from __future__ import annotations

import os

from interlock.checker.native.kernel import Ctx, Shared
from interlock.checker.native.module.crew import Crew
from interlock.checker.native.module.program import Program
from interlock.checker.native.module.run import NONE
from interlock.checker.native.module.shortcuts import Shortcuts
from interlock.checker.native.store.frontier import Frontier
from interlock.checker.native.store.states import OutOfMemory
from interlock.checker.native.store.table import DepthsIn, Holding, Table, slots_for
from interlock.checker.native.store.threads import Threads
from interlock.checker.native.store.tree import PARTS, Tree

_FIRST = 1 << 12  # cells of the first table: 32 KB, as much as the threads' own buffers
_BESIDE = 1.5  # times its table is what a search may need in all, with depths beside it and a frontier
_SPARE = 1 << 12  # states, and parts, that a thread may have asked room for and not found: four times what it asks for


class Visited:
    """The memory of one search.  `reserved`: bytes of the budget that are left to what is done with the states."""

    def __init__(
        self, program: Program, crew: Crew, limit: int | None = None, shortcuts: Shortcuts | None = None
    ) -> None:
        """`limit`: the memory budget.  `shortcuts`: those of a search of the same system, whose states lay otherwise."""
        self.program, self.crew, self.limit, self.reserved = program, crew, limit, 0
        self.threads = Threads(program, crew)
        self.runs, self.first = self.threads.runs, self.threads.first
        self.shortcuts = Shortcuts(program) if shortcuts is None else shortcuts.of(program)
        memory = _memory()
        self.table, self.frontier = Table(self.threads, _FIRST, memory), Frontier(self.threads, memory)
        self.tree = Tree(self.threads, _FIRST, memory) if program.shape.folded else None
        self._publish_shortcuts()
        self.make_room(NONE)

    def _publish_shortcuts(self) -> None:
        kept, movers, words = self.shortcuts.words()
        self.threads.publish({Ctx.KEPT: kept, Ctx.MOVERS: movers, Ctx.MOVER_WORDS: words})

    # --- what there is -----------------------------------------------------------------------------

    @property
    def found(self) -> int:
        """States that were found; of those on disk that are not compared yet, some twice."""
        return self.threads.total(Ctx.COUNT)

    @property
    def depth(self) -> int:
        """The depth of the states that are being found, or were found last."""
        return self.first[Ctx.DEPTH]

    @property
    def parts(self) -> int:
        """Parts of wide states that were found."""
        return 0 if self.tree is None else self.tree.count

    def bytes(self) -> int:
        """Memory that was used: all arrays, but of the frontier and the tree what was ever filled."""
        return self.table.bytes() + self.frontier.filled_bytes() + self.bytes_beside()

    def bytes_beside(self) -> int:
        """The same of all but the table and the frontier."""
        shortcuts = sum(region.size for region in self.shortcuts.regions)
        tree = 0 if self.tree is None else self.tree.bytes()
        return shortcuts + tree + self.threads.bytes() + self.frontier.list_bytes()

    def shorten(self, seconds: float) -> None:
        """Work out what need not be done again, until all the time spent on that is so much."""
        if self.shortcuts.work(seconds):
            self._publish_shortcuts()

    def begin_level(self) -> None:
        """What was found is what is expanded next.  Raises OutOfMemory where that is too deep for the cells."""
        if self.depth == self.table.deepest():
            self._deepen()
        self.frontier.begin_level()
        self.table.go_deeper()

    # --- growth ------------------------------------------------------------------------------------

    def make_room(self, most: int) -> None:
        """See to memory for what is pending, and for more; `most` is how many states may be found.

        Raises OutOfMemory and Full.
        """
        table, waiting = self.table, sum(run.waiting() for run in self.runs)
        held = table.held
        if held + waiting > table.capacity():
            self._grow_table(held + waiting)
        needed = self.frontier.needed()
        if needed > self.frontier.blocks:
            assert table.holding is not Holding.NEW, "threads fill no more blocks than there are"
            self.frontier.grow(max(needed, self.frontier.blocks * 5 // 4), self._afford)
        self.threads.put(Shared.ROOM, min(table.capacity() - held, max(most - self.found, 0) + waiting))
        if self.tree is not None:
            self.tree.make_room(self._afford)
        for run in self.runs:
            run[Ctx.ALLOWANCE] = run[Ctx.ITEM_ALLOWANCE] = 0

    def _grow_table(self, least: int) -> None:
        if self.table.holding is Holding.NEW:  # it has what is left of the budget, and is emptied
            raise OutOfMemory
        self.table.grow(least, self._afford)

    def _deepen(self) -> None:
        self.table.deepen(self._afford)

    def _afford(self, more: int) -> None:
        """Raises OutOfMemory where the budget does not allow so many bytes more."""
        unfilled = self.frontier.unfilled_bytes() + (0 if self.tree is None else self.tree.unfilled_bytes())
        self.afford_beside(self.reserved + unfilled + more)

    def afford_beside(self, more: int) -> None:
        """Raises OutOfMemory where a finished search leaves no room for so many bytes beside it."""
        if self.limit is not None and self.bytes() + more > self.limit:
            raise OutOfMemory

    # --- a search that did not begin ---------------------------------------------------------------

    def make(self, slots: int, depths_in: DepthsIn, items: int, blocks: int) -> None:
        """Arrays of the size that another search had.  Raises OutOfMemory."""
        table, tree = self.table, self.tree
        more = 8 * (slots - table.slots) + depths_in * slots
        if tree is None:
            self._afford(more)
        else:
            seats = tree.seats_for(items)
            self._afford(more + tree.more(seats))
            tree.resize(seats)
        table.resize(slots, depths_in)
        if blocks > self.frontier.blocks:
            self.frontier.grow(blocks, self._afford)

    def expect(self, states: int, parts: int) -> None:
        """Let there be room for so many states and parts, if the budget allows that."""
        spare = _SPARE * len(self.runs)
        slots = slots_for(states + spare)
        whole = int(_BESIDE * 8 * slots)
        if whole > _memory() // 2 or (self.limit is not None and whole > self.limit):
            return
        try:
            self.make(max(slots, self.table.slots), DepthsIn.CELLS, min(parts + spare, PARTS), self.frontier.blocks)
            if self.tree is not None:
                self.tree.seat()
            self.make_room(NONE)
        except OutOfMemory:
            pass  # it grows as far as it may

    def go_on(self, depth: int, level: int, found: int) -> None:
        """Take up a level: so many states in the first blocks are left to expand, so many in those after were found."""
        self.frontier.go_on(level, found)
        self.table.go_on(depth)


def _memory() -> int:
    """Bytes of memory of this machine."""
    if not hasattr(os, "sysconf"):
        return 0
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
