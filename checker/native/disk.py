"""What is asked of states on disk?  From where something can be reached, and what a search covered.

Rule of the module: as of states in memory, in other words.  States of a level are taken some at a time, in the order
of their keys; what their steps lead to is sorted, and looked up in the levels where it may be, the next one first, for
most of it is there.  What is said of a state is a bit, or a byte for each action, by its place on disk; those are all
in memory.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

import numpy as np

from checker.ir.scalar import ScalarSystem
from checker.native import kernel
from checker.native.kernel import Ctx
from checker.native.levels import BROUGHT
from checker.native.memory import Region
from checker.native.program import Program
from checker.native.run import NONE, Noted, Run
from checker.native.spill import Keys, Spill
from checker.native.survey import Counted

_ROOM: Final = 1 << 17  # successors at a time, at most
_TAKEN: Final = 1 << 14  # states at a time; a multiple of 8
_COST: Final = 96  # bytes for each successor, with what is sorted
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
        spill.finish(BROUGHT)
        least, limit = max(1, self.program.instances), visited.limit
        self.room = max(least, _ROOM if limit is None else min(_ROOM, limit // _SHARE // _COST))
        visited.afford_beside(self.run.bytes() + (_COST + 8) * self.room + more)
        visited.lend(self.run)
        self._keys, self._ids, self._from = (np.empty(self.room, np.uint64) for _ in range(3))
        self._done = Region(8)

    def taken(self, level: int) -> Iterator[tuple[int, Keys]]:
        """The keys of a level's states, some at a time, and the place of the first of them."""
        for start in range(0, self.spill.sizes[level], _TAKEN):
            yield start, self.spill.keys(level)[start : start + _TAKEN].copy()
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

    def wanted(self, number: int, keys: Keys) -> Any:
        """Which states with these keys a property wants."""
        good = np.zeros(len(keys), np.uint8)
        self.program.wanting(self.run.address, number, keys.ctypes.data, len(keys), good.ctypes.data)
        return good.astype(bool)

    def found(self, keys: Keys, level: int) -> tuple[Any, Any]:
        """Of sorted keys, which a level has, and where on disk those are in it."""
        there = self.spill.keys(level)
        if not len(there) or not len(keys):
            return np.zeros(len(keys), bool), np.empty(0, np.int64)
        at = there.searchsorted(keys).clip(max=len(there) - 1)
        hit = there[at] == keys
        self.spill.release()
        return hit, at[hit]


# --- what can be reached ---------------------------------------------------------------------------


def lost(spill: Spill, number: int, look: Callable[[], None]) -> tuple[Noted, int] | None:
    """The least deep, then smallest state from which no path leads to what property `number` wants."""
    sizes = spill.sizes
    steps = Steps(spill, spill.program.system, sum(-(-size // 8) for size in sizes))
    marks = [np.zeros(-(-size // 8), np.uint8) for size in sizes]
    marked, more = 0, True
    while more and marked < sum(sizes):
        before = marked
        for level in range(len(sizes) - 1, -1, -1):
            for start, keys in steps.taken(level):
                piece = slice(start // 8, start // 8 + -(-len(keys) // 8))
                known = np.unpackbits(marks[level][piece], count=len(keys)).astype(bool)
                left = np.flatnonzero(~known)
                if len(left):
                    known[left] = _leading(steps, marks, number, level, keys[left])
                    marks[level][piece] = np.packbits(known)
                    marked += int(known[left].sum())
                look()
        more = marked > before
    return next((found for level in range(len(sizes)) if (found := _smallest(steps, marks[level], level))), None)


def _leading(steps: Steps, marks: list[Any], number: int, level: int, keys: Keys) -> Any:
    """Which states of a level are wanted, or have a step to one that is marked."""
    good = steps.wanted(number, keys)
    others = np.flatnonzero(~good)
    for targets, _, sources in steps.of(keys[others]):
        unique, which = np.unique(targets, return_inverse=True)
        good[others[sources[_marked(steps, marks, level, unique)[which]]]] = True
    return good


def _marked(steps: Steps, marks: list[Any], level: int, keys: Keys) -> Any:
    """Which of some states are marked, that states of a level lead to; in the next one are most of them."""
    found = np.zeros(len(keys), bool)
    left = np.arange(len(keys))
    for depth in range(min(level + 1, len(marks) - 1), -1, -1):
        hit, at = steps.found(keys[left], depth)
        found[left[hit]] = marks[depth][at >> 3] >> (7 - (at & 7)).astype(np.uint8) & 1
        left = left[~hit]
        if not len(left):
            break
    assert not len(left), "a step of a search that is over leads to a state that it found"
    return found


def _smallest(steps: Steps, marks: Any, level: int) -> tuple[Noted, int] | None:
    """Of a level's states without a mark, the one that comes first."""
    spill, visited = steps.spill, steps.visited
    run, unmarked = visited.first, Region(visited.slots)
    run[Ctx.LEAST] = NONE
    for first, keys in steps.taken(level):
        open_ = keys[np.unpackbits(marks[first // 8 :], count=len(keys)) == 0]
        for start in range(0, len(open_), visited.slots):
            n = spill.put(open_[start : start + visited.slots])
            spill.program.lost(run.address, 0, n, unmarked.address, run.word(run.best))
    unmarked.free()
    found = run.take_best()
    return None if found is None else (found, level)


# --- what was covered ------------------------------------------------------------------------------


class DiskSurvey:
    """The states of fewer steps than `below`, all of which were expanded and are on disk."""

    def __init__(self, spill: Spill, below: int, look: Callable[[], None]) -> None:
        self.spill, self.visited, self.look = spill, spill.visited, look
        self.levels = range(min(below, len(spill.sizes)))

    def count(self, system: ScalarSystem) -> Counted:
        """How often the actions of a system are enabled.  Raises OutOfMemory."""
        steps, states = Steps(self.spill, system, 0), 0
        for level in self.levels:
            for _, keys in steps.taken(level):
                self.look()
                for _ in steps.of(keys):
                    pass
                states += self.spill.standing_for(keys)
        return Counted(steps.program, states, steps.run.numbers(steps.run.fired, len(system.actions)))

    def cover(self) -> Counted:
        """The same of the searched system, and the states newly reached.  Raises OutOfMemory."""
        system, sizes = self.spill.program.system, self.spill.sizes
        actions = len(system.actions)
        steps, states = Steps(self.spill, system, actions * max(sizes)), 0
        bases, new = np.array(steps.program.bases), np.zeros(actions, np.int64)
        for level in self.levels:
            reached = np.zeros(actions * (sizes[level + 1] if level + 1 < len(sizes) else 0), bool)
            for _, keys in steps.taken(level):
                self.look()
                for targets, ids, _ in steps.of(keys):
                    self._reach(
                        steps, level + 1, targets, bases.searchsorted(ids.astype(np.int64), "right") - 1, reached, new
                    )
                states += self.spill.standing_for(keys)
        fired = steps.run.numbers(steps.run.fired, actions)
        return Counted(steps.program, states, fired, tuple(int(n) for n in new))

    def _reach(self, steps: Steps, level: int, targets: Keys, owners: Any, reached: Any, new: Any) -> None:
        """Note which states of a level, that were not noted before, an action leads to; `new` counts them."""
        if not len(reached):
            return
        actions = len(new)
        order = targets.argsort()
        keys, owners = targets[order], owners[order]
        hit, at = steps.found(keys, level)
        marks = np.unique(at * actions + owners[hit])
        marks = marks[~reached[marks]]
        reached[marks] = True
        for action in np.unique(marks % actions):
            chosen = self.spill.keys(level)[marks[marks % actions == action] // actions]
            new[action] += self.spill.standing_for(chosen)
        self.spill.release()
