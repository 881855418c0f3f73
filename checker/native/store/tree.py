"""What is the number of each part of wide states?  Equal words, and equal pairs of parts, are kept once (`kernel/tree.py`).

Rule of the module: `items` has the parts by their numbers, and `places` the numbers by the hashes of the parts; only the
first is needed to have the other made again.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable

from interlock.checker.native.kernel import PART, Ctx, Shared
from interlock.checker.native.module.memory import Region
from interlock.checker.native.module.run import NONE
from interlock.checker.native.store.states import Full
from interlock.checker.native.store.threads import Threads

PARTS = (1 << PART) - 1  # parts that a tree can number
_SEATED = (
    0.8  # how full the places may be: a look-up goes on to the next place where its own is taken, beyond it for long
)
_REMEMBERED = 64  # of how many places each thread remembers one
_MEMO_BITS = 13  # of the number of parts that a thread remembers at most: 128 KB, to stay in the processor's cache


class Tree:
    """The parts of the wide states of a search."""

    def __init__(self, threads: Threads, first: int, reserve: int) -> None:
        """`first`: places at first.  `reserve`: bytes of addresses that the parts may grow to without being moved."""
        self.threads, self.program = threads, threads.program
        self.seats = first
        self.items = Region(8 * _items(first), reserve)
        self.places = Region(4 * first)
        self._holes: list[int] = []  # items that nobody will use
        threads.put(Shared.ITEM_COUNT, 1)  # part 0: of zeros, whose place has no other number
        self.seat()

    @property
    def count(self) -> int:
        """Parts that have a number."""
        return self.threads.get(Shared.ITEM_COUNT)

    def publish(self) -> None:
        """Tell the threads where everything is."""
        addresses = {Ctx.ITEMS: self.items.address, Ctx.PLACES: self.places.address}
        self.threads.publish({**addresses, Ctx.PLACE_COUNT: self.seats})

    def bytes(self) -> int:
        """Memory of the parts that have a number, and of the places."""
        return 8 * self.count + 4 * self.seats

    def unfilled_bytes(self) -> int:
        """Memory of parts to come, which will be filled without anybody being asked."""
        return 8 * (_items(self.seats) - self.count)

    # --- growth ------------------------------------------------------------------------------------

    def make_room(self, afford: Callable[[int], None]) -> None:
        """Have room for what the threads may number before they ask; `afford` is asked about the bytes, and may raise."""
        needed = 2 * self.program.shape.parts * len(self.threads.runs)
        while _items(self.seats) - self.count < needed:
            self.grow(afford)
        self.threads.put(Shared.ITEM_ROOM, _items(self.seats) - self.count)

    def grow(self, afford: Callable[[int], None]) -> None:
        """Have half as many places again.  Raises Full."""
        new = self.seats * 3 // 2
        if _items(new) == _items(self.seats):
            raise Full(f"their tree has room for {PARTS} different parts, no more")
        afford(self.items.more(8 * _items(new)) + 4 * new + self._memos(new))
        self.resize(new)
        self.seat()

    def seats_for(self, items: int) -> int:
        """How many places it takes to have room for so many parts."""
        seats = self.seats
        while _items(seats) < items:
            seats = seats * 3 // 2
        return seats

    def more(self, seats: int) -> int:
        """How many more bytes it would take with so many places."""
        return 4 * (seats - self.seats) + 8 * (_items(seats) - _items(self.seats)) + self._memos(seats)

    def resize(self, seats: int) -> None:
        """Have so many places, where no part is found until `seat`."""
        self.items.resize(8 * _items(seats))
        self.places.free()
        self.places, self.seats = Region(4 * seats), seats
        self.publish()
        for run in self.threads.runs:
            run.remember(_memo_bits(seats))

    def _memos(self, seats: int) -> int:
        """Bytes in which the threads remember parts of a tree of so many places."""
        return len(self.threads.runs) * (16 << _memo_bits(seats))

    # --- places ------------------------------------------------------------------------------------

    def seat(self) -> None:
        """Give every part its place.  An item that a thread took and did not use yet has none: what it holds may be
        another's part, and is overwritten."""
        self.publish()
        bounds = [-1, *sorted(self.unused()), self.count]
        for before, after in itertools.pairwise(bounds):
            self.program.reseat(self.threads.first.address, before + 1, after)

    def unused(self) -> list[int]:
        """Items that were taken and hold no part yet."""
        return self._holes + [run[Ctx.SPARE_ITEM] for run in self.threads.runs if run[Ctx.SPARE_ITEM] != NONE]

    def restore(self, items: int, unused: list[int]) -> None:
        """The first `items` parts were read from a file, but for those that are `unused`."""
        self.threads.put(Shared.ITEM_COUNT, items)
        self._holes = unused
        self.seat()


def _items(places: int) -> int:
    return min(int(places * _SEATED), PARTS)


def _memo_bits(seats: int) -> int:
    return min((seats // _REMEMBERED).bit_length(), _MEMO_BITS)
