"""Was a state found by a search?  Asked of its memory or its files from Python, by the rules that native code goes by.

Rule of the module: nothing of native code is called, so what it does wrong is not believed here.  It is slow, and meant
for a sample of states.
"""

from __future__ import annotations

import random
import struct
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

import attrs

from interlock.checker.native.kernel import LINE, PART
from interlock.checker.native.kernel.shape import MULTIPLIER
from interlock.checker.native.module.memory import Region
from interlock.checker.native.store.visited import Visited
from interlock.checker.native.validation.probe import Words

if TYPE_CHECKING:
    from interlock.checker.native.store.spill import Spill

_WORD: Final = (1 << 64) - 1
_NUMBER: Final = (1 << PART) - 1
_WINDOW: Final = 64  # cells of a table that are looked at together for states to be drawn
_WINDOWS: Final = 64  # of these, at most


@attrs.frozen
class Stored:
    """A state that a search keeps: its words, and how many steps it is away."""

    words: Words
    depth: int


class Lookup:
    """The states of a search that stands still.

    `spill`: where they are on disk.  Without a table in which states can be found, `broken`, no state is told.
    """

    def __init__(self, visited: Visited, spill: Spill | None = None) -> None:
        self.visited, self.shape = visited, visited.program.shape
        self.spill = spill if spill is not None and spill.touched else None
        self.broken = self.spill is not None and not self.spill.begun  # a disk that was full while memory went there

    def depth(self, words: Words) -> int | None:
        """How many steps a state is away; None where it was not found."""
        key = self._key(words)
        if key is None:
            return None
        return self._in_memory(key) if self.spill is None else self._on_disk(self.spill, key)

    def drawn(self, rng: random.Random, most: int) -> Iterator[Stored]:
        """Some of the states, in turn one of each depth that has any left of those that were drawn."""
        found: dict[int, list[Words]] = {}
        for key, depth in () if self.broken else self._drawn(rng, most):
            found.setdefault(depth, []).append(self._unfolded(key))
        while found:
            for depth in list(found):
                yield Stored(found[depth].pop(), depth)
                if not found[depth]:
                    del found[depth]

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
        places, items, count = self.visited.places, self.visited.items, self.visited.seats
        assert places is not None
        assert items is not None
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
        items, n = self.visited.items, self.shape.parts
        assert items is not None
        pair, leaves = {1: key}, list[int]()
        for i in range(1, n):
            for child, number in ((2 * i, pair[i] >> PART), (2 * i + 1, pair[i] & _NUMBER)):
                pair[child] = items.get(number)
        leaves = [pair[n + k] for k in range(n)]
        return tuple(leaves) if self.shape.words > 1 else (leaves[0] << 32 | leaves[1],)

    # --- in memory ---------------------------------------------------------------------------------

    def _in_memory(self, key: int) -> int | None:
        visited, mask = self.visited, (1 << self.shape.key_bits) - 1
        lines = visited.slots // LINE
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
        side, width = self.visited.side, self.visited.side_bytes
        if side is None:
            return (cell >> self.shape.key_bits) - 1
        with side.view(width * slot, width * (slot + 1)) as view:
            return int.from_bytes(view, "little")

    def _drawn(self, rng: random.Random, most: int) -> Iterator[tuple[int, int]]:
        if self.spill is not None:
            yield from self._drawn_from_disk(self.spill, rng, most)
            return
        mask, slots, left = (1 << self.shape.key_bits) - 1, self.visited.slots, most
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
        with self.visited.table.view(8 * start, 8 * stop) as view:
            return struct.unpack(f"<{stop - start}Q", view)

    # --- on disk -----------------------------------------------------------------------------------

    def _on_disk(self, spill: Spill, key: int) -> int | None:
        for level in range(len(spill.sizes)):
            keys = spill.keys(level)
            at = int(keys.searchsorted(keys.dtype.type(key)))  # else both become floats
            if at < len(keys) and int(keys[at]) == key:
                return level
        return None

    def _drawn_from_disk(self, spill: Spill, rng: random.Random, most: int) -> Iterator[tuple[int, int]]:
        levels = [level for level, size in enumerate(spill.sizes) if size]
        for level in rng.sample(levels, len(levels)):
            keys = spill.keys(level)
            for _ in range(min(len(keys), -(-most // len(levels)))):
                yield int(keys[rng.randrange(len(keys))]), level


def _hash(key: int) -> int:
    h = (key ^ key >> 32) * MULTIPLIER & _WORD
    return (h ^ h >> 32) * MULTIPLIER & _WORD


def _short(region: Region, index: int) -> int:
    with region.view(4 * index, 4 * index + 4) as view:
        return int(struct.unpack("<I", view)[0])
