"""Where do the steps of states on disk lead?  Asked of some states of a level at a time, in the order of their keys.

Rule of the module: what is asked is bounded by the budget of memory, however many states a level has.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

import numpy as np

from interlock.checker.ir.scalar import ScalarSystem
from interlock.checker.native import kernel
from interlock.checker.native.module.memory import Region
from interlock.checker.native.module.program import Program
from interlock.checker.native.module.run import Run
from interlock.checker.native.store.columns import Keys
from interlock.checker.native.store.spill import Spill

TAKEN: Final = 1 << 14  # states at a time, 128 KB of keys; a multiple of 8
_ROOM: Final = 1 << 17  # successors at a time, at most: 12 MB with what is made of them
_COST: Final = 96  # bytes for each successor, with what is sorted: about twelve arrays of a word each
_SHARE: Final = 8  # of a budget of memory, what those may take


class Asking(Program):
    """A compiled system whose steps are asked for, of states of another search."""

    def assembly(self) -> str:
        """The module as LLVM assembly."""
        return "\n".join([self.model_code(), self.wanted_code(), kernel.targets_text(self.shape, self.instances)])

    @property
    def asked_of(self) -> Mapping[str, int]:
        """See `Program`."""
        return {"expand": 7, "wanted": 2}

    def bind(self) -> None:
        """Find the functions."""
        self.targets = self.library.function("targets", 8)
        self.wanting = self.library.function("wanting", 5)


class Steps:
    """The steps of states on disk, by a system with the leaves of the search.  Raises OutOfMemory."""

    def __init__(self, spill: Spill, system: ScalarSystem, more: int) -> None:
        """`more`: bytes that are to be left beside them."""
        visited = spill.visited
        self.spill, self.visited = spill, visited
        self.program = Asking.beside(visited.program, system)
        self.run = Run(self.program)
        spill.finish()
        least, limit = max(1, self.program.instances), visited.limit
        self.room = max(least, _ROOM if limit is None else min(_ROOM, limit // _SHARE // _COST))
        self._bytes = self.run.bytes() + (_COST + 8) * self.room
        visited.afford_beside(self._bytes + more)
        visited.threads.lend(self.run)
        self._keys, self._ids, self._from = (np.empty(self.room, np.uint64) for _ in range(3))
        self._done = Region(8)

    def left(self) -> int | None:
        """Bytes that a budget of memory leaves beside them; None where there is none."""
        visited = self.visited
        return None if visited.limit is None else visited.limit - visited.bytes() - self._bytes

    def taken(self, level: int) -> Iterator[tuple[int, Keys]]:
        """The keys of a level's states, some at a time, and the place of the first of them."""
        for start in range(0, self.spill.sizes[level], TAKEN):
            yield start, self.spill.keys(level)[start : start + TAKEN].copy()
            self.spill.release()

    def of(self, keys: Keys) -> Iterator[tuple[Keys, Any, Any]]:
        """The keys of where the steps of some states lead, the instances, and the places of the states among those
        given; some at a time."""
        first = 0
        while first < len(keys):
            here = keys[first:]
            n = self.program.targets(
                self.run.address, here.ctypes.data, len(here), self.room, self._keys.ctypes.data, self._ids.ctypes.data,
                self._from.ctypes.data, self._done.address,
            )  # fmt: skip
            yield self._keys[:n], self._ids[:n], self._from[:n].astype(np.int64) + first
            first += self._done.get(0)

    def wanted(self, portion: int, keys: Keys) -> Any:
        """Which goals of a portion are there in the states with these keys, as bits."""
        good = np.zeros(len(keys), np.uint64)
        self.program.wanting(self.run.address, portion, keys.ctypes.data, len(keys), good.ctypes.data)
        return good

    def found(self, keys: Keys, level: int) -> tuple[Any, Any]:
        """Of sorted keys, which a level has, and where on disk those are in it."""
        there = self.spill.keys(level)
        if not len(there) or not len(keys):
            return np.zeros(len(keys), bool), np.empty(0, np.int64)
        at = there.searchsorted(keys).clip(max=len(there) - 1)
        hit = there[at] == keys
        self.spill.release()
        return hit, at[hit]
