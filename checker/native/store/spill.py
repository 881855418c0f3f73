"""Where are the states for which memory has no room?  On disk, level by level, each sorted by key.

Rule of the module: exact.  Once memory is full, the table has only states found of the level at hand.  Whether they
were known before is asked when the level is over, in one pass over all that are on disk: delayed duplicate detection
(Stern and Dill, "Using magnetic disk instead of main memory in the Murphi verifier", 1998; Korf, "Best-first frontier
search with delayed duplicate detection", 2004).  A table that is full before goes to disk as well, sorted, and these
parts are merged.  What turns out to be known is taken out of the counts before anything is said of the level, and
is not expanded a second time.  It was judged when it was found first, and what was noted of it then is closed by now,
so that it was judged again tells nothing.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import numpy as np

from interlock.checker.diagnostics import mistake
from interlock.checker.native.kernel import BLOCK, BLOCK_WORDS, LINE
from interlock.checker.native.store import leaving
from interlock.checker.native.store.columns import WORD, Column, Keys, merged, unknown, words
from interlock.checker.native.store.leaving import Portions
from interlock.checker.native.store.saved import level_left
from interlock.checker.native.store.states import DiskError, OutOfMemory
from interlock.checker.native.store.visited import Visited

_BROUGHT: Final = 1 << 14  # states that are brought back at a time: 128 KB, which stay in the processor's cache


class Spill:
    """The states of a search that are on disk."""

    def __init__(self, visited: Visited, folder: Path) -> None:
        self.visited, self.program, self.folder = visited, visited.program, folder
        self.starts = [0]  # where each level starts in `states`, and where the last ends
        self.peak = 0  # bytes of memory when it was full
        self._runs = [0]  # the same of the sorted parts of `found`
        self._real = 0  # how many states those on disk stand for
        self._ahead: tuple[Column, int, int] | None = None  # states of the level that are to be expanded yet
        self._portions = Portions.of(visited)
        visited.reserved = self._portions.merging_bytes()
        self._files: list[Column] = []
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._states, self._found, self._left = (self._column() for _ in range(3))
        except OSError as e:
            message = f"cannot spill states to {folder}: {e.strerror or e}"
            raise mistake("C006", message, "name a folder for --spill") from None

    def _column(self) -> Column:
        self._files.append(Column(self.folder))
        return self._files[-1]

    def close(self) -> None:
        """Remove the files."""
        for file in self._files:
            file.close()

    # --- what is on disk ---------------------------------------------------------------------------

    @property
    def sizes(self) -> list[int]:
        """How many states each level has that is over."""
        return [b - a for a, b in zip(self.starts, self.starts[1:], strict=False)]

    @property
    def bytes(self) -> int:
        """Size of the states on disk."""
        return WORD * self._states.size

    @property
    def expanded(self) -> float:
        """How much of the level was taken, from 0 to 1."""
        if self._ahead is None:
            return 1.0
        column, start, _ = self._ahead
        first = 0 if column is self._left else self.starts[-2]
        return (start - first) / max(1, column.size - first)

    def keys(self, level: int) -> Keys:
        """The keys of a level that is over."""
        return self._states.all()[self.starts[level] : self.starts[level + 1]]

    def release(self) -> None:
        """Give back the memory of states that were looked at."""
        self._states.release()

    def standing_for(self, keys: Keys) -> int:
        """How many states those with these keys stand for: of a reduced search, all of their orbits."""
        if not self.program.shape.reduced:
            return len(keys)
        keys = np.ascontiguousarray(keys)
        return self.program.weights(self.visited.first.address, keys.ctypes.data, len(keys))

    # --- states that are brought back --------------------------------------------------------------

    def finish(self) -> int:
        """The search is over: the table has only to take states that are brought back; how many at a time."""
        if self.visited.table.slots > _BROUGHT:
            self.visited.table.renew(-(-_BROUGHT // LINE) * LINE)
        return min(self.visited.table.slots, _BROUGHT)

    def bring(self, level: int, start: int, most: int) -> int:
        """Put some states of a level, from one on, into the first cells of the table, in any order; how many."""
        return self.put(self.keys(level)[start : start + most])

    def put(self, keys: Keys) -> int:
        """Put some states into the first cells of the table, as if they had no depth; how many."""
        words(self.visited.table.cells, 0, len(keys))[:] = keys | np.uint64(1 << self.program.shape.key_bits)
        return len(keys)

    # --- while a level is searched -----------------------------------------------------------------

    def begin(self) -> None:
        """Memory is full: put all states on disk.  Until they are, those in memory stay good for paths.  Raises
        OutOfMemory where that would not help, and DiskError."""
        with self._told():
            self._begin()

    def _begin(self) -> None:
        visited = self.visited
        slots, self.peak = self._portions.slots(), visited.bytes()
        visited.table.leave()
        for part in level_left(visited):
            piece = part.keys(visited)
            self._left.append(words(piece.region, piece.start // WORD, piece.stop // WORD))
        visited.frontier.pool.clear()
        mask = np.uint64((1 << self.program.shape.key_bits) - 1)
        for level, runs in enumerate(leaving.levels(visited, self._column, self._portions.merged)):
            column = self._states if level < visited.depth else self._found
            for keys in merged(runs, self._portions.merged):
                column.append(keys & mask)
                if level < visited.depth:
                    self._real += self.standing_for(keys & mask)
            if level < visited.depth:
                self.starts.append(column.size)
        self._runs.append(self._found.size)
        visited.frontier.empty(self._portions.blocks() + self._portions.filled())
        visited.table.renew(slots)
        visited.frontier.empty(self._portions.blocks() + self._portions.filled())
        self._ahead = (self._left, 0, self._left.size) if self._left.size else None
        self.load()

    def relieve(self) -> None:
        """Memory is full again: put the states of the table on disk.  Raises OutOfMemory where that does not help, and
        DiskError."""
        table = self.visited.table
        held = table.held
        with self._told():
            self._found.append(leaving.in_order(self.visited, self._portions.merged))
            self._runs.append(self._found.size)
            table.empty()
        if 2 * held < table.capacity():  # it is not the table that needs the memory
            if table.slots // 2 < self._portions.least():
                raise OutOfMemory
            table.renew(table.slots // 2 // LINE * LINE)

    def load(self) -> bool:
        """Let the next states of the level be expanded, if there are any."""
        if self._ahead is None:
            return False
        column, start, stop = self._ahead
        size = min(stop - start, BLOCK * self._portions.blocks())
        self._fill(column.all()[start : start + size])
        self.visited.frontier.expand(size)
        self._ahead = (column, start + size, stop) if start + size < stop else None
        return True

    def begin_level(self) -> None:
        """What was found is what is expanded next."""
        start, stop = self.starts[-2:]
        self._ahead = (self._states, start, stop) if start < stop else None
        self.visited.table.go_deeper()
        self.load()

    def settle(self, look: Callable[[], None]) -> None:
        """The level is over: which of the states that were found are new?  They are the next level.  `look` is called
        now and then, and may raise.  Raises DiskError."""
        with self._told():
            self._settle(look)

    def _settle(self, look: Callable[[], None]) -> None:
        stored, found = self._states.all(), self._found.all()
        parts = [found[a:b] for a, b in zip(self._runs, self._runs[1:], strict=False)]
        for keys in merged([*parts, leaving.in_order(self.visited, self._portions.merged)], self._portions.merged):
            new = keys[unknown(keys, self._known(stored))]
            self._states.append(new)
            self._real += self.standing_for(new)
            self._found.release()
            look()
        self.starts.append(self._states.size)
        self._found.cut(0)
        self._runs = [0]
        self.visited.table.recount(self._states.size, self._real)

    def _known(self, stored: Keys) -> Iterator[Keys]:
        """The levels that are over, one at a time in memory."""
        for start, stop in zip(self.starts, self.starts[1:], strict=False):
            yield stored[start:stop]
            self._states.release()

    def _fill(self, keys: Keys) -> None:
        """Put keys into the first blocks of the pool.  Which instances led to them is not known any more, so all
        their successors are looked up, as those of initial states are."""
        pool, nobody = self.visited.frontier.pool, self.program.instances
        for i, start in enumerate(range(0, len(keys), BLOCK)):
            part = keys[start : start + BLOCK]
            at = i * BLOCK_WORDS
            words(pool, at, at + len(part))[:] = part
            words(pool, at + BLOCK, at + BLOCK_WORDS).view(np.uint16)[:] = nobody % (1 << 16)

    # --- what the system says ----------------------------------------------------------------------

    @contextlib.contextmanager
    def reading(self) -> Iterator[None]:
        """Within: what the system says of reading the disk is said as a DiskError."""
        try:
            yield
        except OSError as e:
            raise DiskError(f"states cannot be read from {self.folder} ({e.strerror or e})") from None

    @contextlib.contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except OSError as e:
            what = f"states cannot be spilled to {self.folder} ({e.strerror or e})"
            raise DiskError(f"{what}: make room there, or name another folder with --spill") from None
