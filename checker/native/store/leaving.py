"""How do states leave memory for the disk?  In the order of their keys, level by level; and what memory is left to them.

Rule of the module: keys are sorted where they are, for there is no room for them a second time; so a table whose states
left is good for nothing but to be emptied.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Final

import attrs
import numpy as np

from interlock.checker.native.kernel import BLOCK, BLOCK_WORDS, BUFFER, LINE
from interlock.checker.native.module.memory import Region
from interlock.checker.native.store.columns import WORD, Column, Keys, words
from interlock.checker.native.store.states import OutOfMemory
from interlock.checker.native.store.table import DepthsIn
from interlock.checker.native.store.visited import Visited

# Keys that are merged at a time, at most and at least.  Each time all levels are looked through, so the more the better:
# 50 MB with what is made of them.  From 2**12 to 2**20 two runs of a million keys take 0.16 to 0.2 s, below that more.
_CHUNK: Final = 1 << 20
_LEAST_CHUNK: Final = 1 << 12
_SHARE: Final = 16  # of a budget of memory, what merging may take; the frontier takes a quarter of that
_COST: Final = 48  # bytes of that for each key: the key, where it is looked up, whether it is new, and the sorted parts
_BLOCKS: Final = 256  # blocks to expand that are in memory at a time, at most: 2.6 MB
_LEAST: Final = 1 << 12  # cells of the table, at least: as many as a search begins with


@attrs.frozen
class Portions:
    """How the memory of a search is divided once its states are on disk; `merged`: keys that are merged at a time."""

    visited: Visited
    merged: int

    @classmethod
    def of(cls, visited: Visited) -> Portions:
        """Those of a search and its budget of memory."""
        limit = visited.limit
        return cls(visited, _CHUNK if limit is None else max(_LEAST_CHUNK, min(_CHUNK, limit // _SHARE // _COST)))

    def merging_bytes(self) -> int:
        """What merging takes."""
        return _COST * self.merged

    def slots(self) -> int:
        """How many cells the table gets: what is left, or half of it beside a tree that is still to grow.  Raises
        OutOfMemory."""
        visited = self.visited
        if visited.limit is None:
            return max(visited.table.slots, self.least())
        blocks = self.blocks() + self.filled()
        used = visited.bytes_beside() + visited.reserved + WORD * (BLOCK_WORDS + 3 + len(visited.runs)) * blocks
        left = (visited.limit - used) // (2 if visited.tree is not None else 1)
        slots = left // WORD // LINE * LINE
        if slots < self.least():
            raise OutOfMemory
        return slots

    def least(self) -> int:
        """Cells of the smallest table: all that the threads have at hand is to fit in."""
        waiting = len(self.visited.runs) * (BUFFER + self.visited.program.instances)
        return max(_LEAST, 2 * waiting // LINE * LINE)

    def blocks(self) -> int:
        """Blocks to expand that are in memory at a time."""
        limit = self.visited.limit
        most = _BLOCKS if limit is None else limit // (4 * _SHARE * WORD * BLOCK_WORDS)
        return max(len(self.visited.runs), min(_BLOCKS, most))

    def filled(self) -> int:
        """Blocks that the threads fill beside those: nobody reads what they write there."""
        return len(self.visited.runs) * ((BUFFER + self.visited.program.instances) // BLOCK + 3)


# --- states of the table ---------------------------------------------------------------------------


def in_order(visited: Visited, most: int) -> Keys:
    """The keys in the table, sorted where they are; so many cells are moved at a time."""
    keys = _compact(visited, most)
    keys &= np.uint64((1 << visited.program.shape.key_bits) - 1)
    keys.sort()
    return keys


def levels(visited: Visited, column: Callable[[], Column], most: int) -> Iterator[Sequence[Keys]]:
    """The states in the table, by level, and those of a level in one or more sorted parts.

    `column` makes a file for a level that has more than `most` states, which are gathered at a time.
    """
    if visited.table.depths_in is not DepthsIn.CELLS:
        yield from _Gathering(visited, most).levels(column)
        return
    cells = _compact(visited, most)
    cells.sort()
    bits = visited.program.shape.key_bits
    bounds = [(depth + 1) << bits for depth in range(visited.depth + 1)]
    cuts = [*cells.searchsorted(np.array(bounds, np.uint64)), len(cells)]
    for start, stop in zip(cuts, cuts[1:], strict=False):
        yield [cells[start:stop]]


def _compact(visited: Visited, most: int) -> Keys:
    """The cells of the table that are used, moved to its start."""
    cells, n = words(visited.table.cells, 0, visited.table.slots), 0
    for start in range(0, len(cells), most):
        piece = cells[start : start + most]
        used = piece[piece != 0]
        cells[n : n + len(used)] = used
        n += len(used)
    return cells[:n]


class _Gathering:
    """The levels of a table that has depths beside it: as many at a time as there is room for."""

    def __init__(self, visited: Visited, room: int) -> None:
        self.visited, self.room, self.sizes = visited, room, visited.table.level_sizes()
        self.ends, self.places = Region(WORD * len(self.sizes)), Region(WORD * room)

    def levels(self, column: Callable[[], Column]) -> Iterator[Sequence[Keys]]:
        """See `levels`."""
        sizes, first = self.sizes, 0
        while first < len(sizes):
            last, total = first + 1, sizes[first]
            while last < len(sizes) and total + sizes[last] <= self.room:
                total += sizes[last]
                last += 1
            if total <= self.room:
                self._gather(0, self.visited.table.slots, first, last)
                at = 0
                for level in range(first, last):
                    yield [self._keys(at, at + sizes[level])]
                    at += sizes[level]
            else:
                yield from self._large(first, column())
            first = last
        self.ends.free()
        self.places.free()

    def _large(self, level: int, parts: Column) -> Iterator[Sequence[Keys]]:
        """A level that is put together from parts of the table, in a file."""
        cuts, slots = [0], self.visited.table.slots
        for start in range(0, slots, self.room):
            self._gather(start, min(start + self.room, slots), level, level + 1)
            parts.append(self._keys(0, self.ends.get(0)))
            cuts.append(parts.size)
        found = parts.all()
        yield [found[a:b] for a, b in zip(cuts, cuts[1:], strict=False)]
        parts.close()

    def _gather(self, start: int, stop: int, first: int, last: int) -> None:
        """Find the places of the states from level `first` to before `last` in a part of the table."""
        self.ends.put(0, [sum(self.sizes[first:i]) for i in range(first, last)])
        context, program = self.visited.first.address, self.visited.program
        program.gather(context, start, stop, first, last - first, self.ends.address, self.places.address)

    def _keys(self, start: int, stop: int) -> Keys:
        """The keys at some of the places that were found, sorted."""
        mask = np.uint64((1 << self.visited.program.shape.key_bits) - 1)
        cells = words(self.visited.table.cells, 0, self.visited.table.slots)
        found = cells[words(self.places, start, stop)] & mask
        found.sort()
        return found
