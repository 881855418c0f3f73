"""What is asked of states on disk?  From where something can be reached, and what a search covered.

Rule of the module: as of states in memory, in other words.  States of a level are taken some at a time, in the order
of their keys; what their steps lead to is sorted, and looked up in the levels where it may be, the next one first, for
most of it is there.  What is said of a state is a bit for each goal, or a byte for each action, by its place on disk;
those are all in memory.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

import numpy as np

from interlock.checker.ir.scalar import ScalarSystem
from interlock.checker.native import kernel
from interlock.checker.native.kernel import Ctx
from interlock.checker.native.module.memory import Region
from interlock.checker.native.module.program import Program
from interlock.checker.native.module.run import NONE, Noted, Run
from interlock.checker.native.store.levels import BROUGHT, Lost
from interlock.checker.native.store.spill import Keys, Spill
from interlock.checker.native.store.survey import Counted
from interlock.checker.semantics.layout import WORD

_ROOM: Final = 1 << 17  # successors at a time, at most
_TAKEN: Final = 1 << 14  # states at a time; a multiple of 8
_COST: Final = 96  # bytes for each successor, with what is sorted
_COST_OF_GOAL: Final = 4  # bytes for each successor and each state taken, of each goal that is looked for
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
        self._bytes = self.run.bytes() + (_COST + 8) * self.room
        visited.afford_beside(self._bytes + more)
        visited.lend(self.run)
        self._keys, self._ids, self._from = (np.empty(self.room, np.uint64) for _ in range(3))
        self._done = Region(8)

    def left(self) -> int | None:
        """Bytes that a budget of memory leaves beside them; None where there is none."""
        visited = self.visited
        return None if visited.limit is None else visited.limit - visited.bytes() - self._bytes

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


# --- what can be reached ---------------------------------------------------------------------------


def lost(spill: Spill, portions: Sequence[tuple[int, Sequence[int]]], look: Callable[[], None]) -> Iterator[Lost]:
    """From where no path leads to goals of some portions (their numbers, and the goals of each): of as many goals at a
    time as there is memory for, the first state and goal.  Raises OutOfMemory."""
    if not portions:
        return
    bits = sum(-(-size // 8) for size in spill.sizes)
    steps = Steps(spill, spill.program.system, bits)
    left, each = steps.left(), bits + _COST_OF_GOAL * (steps.room + _TAKEN)
    most = WORD if left is None else max(1, left // each)
    for portion, goals in portions:
        for shift in range(0, len(goals), most):
            some = goals[shift : shift + most]
            found = _Marking(steps, portion, shift, len(some)).lost(look)
            if found is not None:
                state, depth, bit = found
                yield Lost(state, depth, some[bit])


class _Marking:
    """Which states goals of a portion can be reached from, from the one at `shift` on: a row of bits a goal."""

    def __init__(self, steps: Steps, portion: int, shift: int, goals: int) -> None:
        self.steps, self.portion, self.shift, self.goals = steps, portion, shift, goals
        self.sizes = steps.spill.sizes
        self.marks = [np.zeros((goals, -(-size // 8)), np.uint8) for size in self.sizes]

    def lost(self, look: Callable[[], None]) -> tuple[tuple[int, ...], int, int] | None:
        """The first state that lacks a goal, its depth, and the first goal that it lacks."""
        left, before = self.goals * sum(self.sizes), -1
        while left and left != before:
            before = left
            for level in range(len(self.sizes) - 1, -1, -1):
                for start, keys in self.steps.taken(level):
                    left -= self._mark(level, start, keys)
                    look()
        firsts = ((self._unmarked(level), level) for level in range(len(self.sizes)) if left)
        return next(((note.state, level, note.ident) for note, level in firsts if note is not None), None)

    def _mark(self, level: int, start: int, keys: Keys) -> int:
        """Mark states of a level, those from one on; how many bits were set."""
        piece = slice(start // 8, start // 8 + -(-len(keys) // 8))
        known = np.unpackbits(self.marks[level][:, piece], axis=1, count=len(keys)).astype(bool)
        left = np.flatnonzero(~known.all(axis=0))
        if not len(left):
            return 0
        good = known[:, left] | self._wanted(keys[left])
        others = np.flatnonzero(~good.all(axis=0))
        for targets, _, sources in self.steps.of(keys[left[others]]):
            unique, which = np.unique(targets, return_inverse=True)
            there = self._marked(level, unique)
            for bit in range(self.goals):
                good[bit, others[sources[there[bit, which]]]] = True
        new = int(good.sum()) - int(known[:, left].sum())
        known[:, left] = good
        self.marks[level][:, piece] = np.packbits(known, axis=1)
        return new

    def _wanted(self, keys: Keys) -> Any:
        """Which goals are there in some states: a row a goal."""
        bits = np.arange(self.shift, self.shift + self.goals, dtype=np.uint64)
        return (self.steps.wanted(self.portion, keys) >> bits[:, None] & np.uint64(1)).astype(bool)

    def _marked(self, level: int, keys: Keys) -> Any:
        """Which of some states are marked, that states of a level lead to; in the next one are most of them."""
        found = np.zeros((self.goals, len(keys)), bool)
        left = np.arange(len(keys))
        for depth in range(min(level + 1, len(self.marks) - 1), -1, -1):
            hit, at = self.steps.found(keys[left], depth)
            found[:, left[hit]] = self.marks[depth][:, at >> 3] >> (7 - (at & 7)).astype(np.uint8) & 1
            left = left[~hit]
            if not len(left):
                break
        assert not len(left), "a step of a search that is over leads to a state that it found"
        return found

    def _unmarked(self, level: int) -> Noted | None:
        """Of a level's states that lack a goal, the one that comes first; the first that it lacks is the instance."""
        spill, visited = self.steps.spill, self.steps.visited
        run, bits = visited.first, next(k for k in spill.program.shape.marks if k >= self.goals)
        region, full = Region(bits // 8 * visited.slots), (1 << self.goals) - 1
        run[Ctx.LEAST] = NONE
        for first, keys in self.steps.taken(level):
            marks = np.unpackbits(self.marks[level][:, first // 8 :], axis=1, count=len(keys))
            lacking = np.flatnonzero(~marks.all(axis=0))
            for start in range(0, len(lacking), visited.slots):
                some = lacking[start : start + visited.slots]
                with region.view(0, bits // 8 * len(some)) as view:
                    view[:] = _columns(marks[:, some], bits)
                n = spill.put(keys[some])
                spill.program.lost[bits](run.address, 0, n, full, region.address, run.word(run.best))
        region.free()
        return run.take_best()


def _columns(marks: Any, bits: int) -> bytes:
    """Bits, a row a goal, as a number of so many bits for each state."""
    rows = np.packbits(marks, axis=0, bitorder="little")
    wide = np.zeros((marks.shape[1], bits // 8), np.uint8)
    wide[:, : len(rows)] = rows.T
    return wide.tobytes()


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
