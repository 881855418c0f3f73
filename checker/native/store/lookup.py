"""Was a state found by a search?  Asked of its memory or its files from Python, by the rules that native code goes by.

Rule of the module: nothing of native code is called, so what it does wrong is not believed here.  It is slow, and meant
for a sample of states.
"""

from __future__ import annotations

import abc
import random
import struct
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

from interlock.checker.native.kernel import LINE, PART
from interlock.checker.native.kernel.shape import MULTIPLIER
from interlock.checker.native.module.memory import Region
from interlock.checker.native.store.states import Stored, Words
from interlock.checker.native.store.visited import Visited

if TYPE_CHECKING:
    from interlock.checker.native.store.spill import Spill

_WORD: Final = (1 << 64) - 1
_NUMBER: Final = (1 << PART) - 1
_WINDOW: Final = 64  # cells of a table that are looked at together for states to be drawn: half a kilobyte a read
_WINDOWS: Final = 64  # of these, at most: 4096 cells of a full table have more states than are drawn


class _Lookup(abc.ABC):
    """The states of a search that stands still, wherever they are; what is in memory of them is in `visited`."""

    def __init__(self, visited: Visited) -> None:
        self.visited, self.shape = visited, visited.program.shape

    def known(self, words: Words) -> int | None:
        """How many steps a state is away; None where it was not found."""
        key = self._key(words)
        return None if key is None else self._depth(key)

    def drawn(self, rng: random.Random, most: int) -> Iterator[Stored]:
        """Some of the states, in turn one of each depth that has any left of those that were drawn."""
        found: dict[int, list[Words]] = {}
        for key, depth in self._drawn(rng, most):
            found.setdefault(depth, []).append(self._unfolded(key))
        while found:
            for depth in list(found):
                yield Stored(found[depth].pop(), depth)
                if not found[depth]:
                    del found[depth]

    @abc.abstractmethod
    def _depth(self, key: int) -> int | None:
        """How many steps away the state with a key is; None where it was not found."""

    @abc.abstractmethod
    def _drawn(self, rng: random.Random, most: int) -> Iterator[tuple[int, int]]:
        """The keys and depths of some states, about so many."""

    # --- keys --------------------------------------------------------------------------------------

    def _key(self, words: Words) -> int | None:
        """The key of a state; None where the tree does not have all of its parts."""
        if not self.shape.folded:
            return words[0]
        n = self.shape.parts
        node: dict[int, int] = {}
        for k, part in enumerate(words if len(words) > 1 else (words[0] >> 32, words[0] & (1 << 32) - 1)):
            number = self._number(part)
            if number is None:
                return None
            node[n + k] = number
        for i in range(n - 1, 1, -1):
            number = self._number(node[2 * i] << PART | node[2 * i + 1])
            if number is None:
                return None
            node[i] = number
        return node[2] << PART | node[3]

    def _number(self, part: int) -> int | None:
        """The number of a part, if the tree has it."""
        tree = self.visited.tree
        assert tree is not None
        places, items, count = tree.places, tree.items, tree.seats
        h = _hash(part)
        tag, slot = h & 0xFFFFFFFF & ~_NUMBER, h * count >> 64
        while there := _short(places, slot):
            number = there ^ tag
            if number <= _NUMBER and items.get(number - 1) == part:
                return number - 1
            slot = (slot + 1) % count
        return None

    def _unfolded(self, key: int) -> Words:
        """The words of the state that has a key."""
        if not self.shape.folded:
            return (key,)
        tree, n = self.visited.tree, self.shape.parts
        assert tree is not None
        items = tree.items
        pair, leaves = {1: key}, list[int]()
        for i in range(1, n):
            for child, number in ((2 * i, pair[i] >> PART), (2 * i + 1, pair[i] & _NUMBER)):
                pair[child] = items.get(number)
        leaves = [pair[n + k] for k in range(n)]
        return tuple(leaves) if self.shape.words > 1 else (leaves[0] << 32 | leaves[1],)


class TableLookup(_Lookup):
    """States in a table: where a state is its hash says, line by line."""

    def _depth(self, key: int) -> int | None:
        mask = (1 << self.shape.key_bits) - 1
        lines = self.visited.table.slots // LINE
        line = _hash(key) * lines >> 64
        for _ in range(lines):
            cells = self._cells(line * LINE, (line + 1) * LINE)
            for i, cell in enumerate(cells):
                if cell and cell & mask == key:
                    return self._depth_of(cell, line * LINE + i)
            if 0 in cells:
                return None
            line = (line + 1) % lines
        return None

    def _depth_of(self, cell: int, slot: int) -> int:
        depths, width = self.visited.table.depths, self.visited.table.depths_in
        if depths is None:
            return (cell >> self.shape.key_bits) - 1
        with depths.view(width * slot, width * (slot + 1)) as view:
            return int.from_bytes(view, "little")

    def _drawn(self, rng: random.Random, most: int) -> Iterator[tuple[int, int]]:
        mask, slots, left = (1 << self.shape.key_bits) - 1, self.visited.table.slots, most
        windows = -(-slots // _WINDOW)
        for window in rng.sample(range(windows), min(windows, _WINDOWS)):
            first = window * _WINDOW
            for slot, cell in enumerate(self._cells(first, min(slots, first + _WINDOW)), first):
                if cell:
                    yield cell & mask, self._depth_of(cell, slot)
                    left -= 1
                    if not left:
                        return

    def _cells(self, start: int, stop: int) -> Sequence[int]:
        with self.visited.table.cells.view(8 * start, 8 * stop) as view:
            return struct.unpack(f"<{stop - start}Q", view)


class DiskLookup(_Lookup):
    """States on disk: each level that is over is sorted."""

    def __init__(self, spill: Spill) -> None:
        super().__init__(spill.visited)
        self.spill = spill

    def _depth(self, key: int) -> int | None:
        for level in range(len(self.spill.sizes)):
            keys = self.spill.keys(level)
            at = int(keys.searchsorted(keys.dtype.type(key)))  # else both become floats
            if at < len(keys) and int(keys[at]) == key:
                return level
        return None

    def _drawn(self, rng: random.Random, most: int) -> Iterator[tuple[int, int]]:
        levels = [level for level, size in enumerate(self.spill.sizes) if size]
        for level in rng.sample(levels, len(levels)):
            keys = self.spill.keys(level)
            for _ in range(min(len(keys), -(-most // len(levels)))):
                yield int(keys[rng.randrange(len(keys))]), level


def _hash(key: int) -> int:
    h = (key ^ key >> 32) * MULTIPLIER & _WORD
    return (h ^ h >> 32) * MULTIPLIER & _WORD


def _short(region: Region, index: int) -> int:
    with region.view(4 * index, 4 * index + 4) as view:
        return int(struct.unpack("<I", view)[0])
