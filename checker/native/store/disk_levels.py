"""From where can something be reached, and by which path, where states are on disk?

Rule of the module: as of states in memory (`levels`), in other words.  What the steps of a level lead to is sorted, and
looked up in the levels where it may be, the next one first, for most of it is there.  What is said of a state is a bit
for each goal, by its place on disk; those are all in memory.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

import numpy as np

from interlock.checker.native.kernel import Ctx
from interlock.checker.native.module.memory import Region
from interlock.checker.native.module.run import NONE, Noted
from interlock.checker.native.store.columns import Keys
from interlock.checker.native.store.disk_steps import TAKEN, Steps
from interlock.checker.native.store.paths import Levels, first_lost
from interlock.checker.native.store.spill import Spill
from interlock.checker.native.store.states import Look, Lost, Words
from interlock.checker.semantics.layout import WORD

_COST_OF_GOAL: Final = 4  # bytes for each successor and each state taken, of each goal that is looked for


class DiskLevels(Levels):
    """The levels on disk; they are brought back into the table, which nobody needs any more."""

    def __init__(self, spill: Spill) -> None:
        super().__init__(spill.visited)
        self.spill = spill
        self.room = spill.finish()
        self._places = Region(8 * self.room)
        self._places.put(0, range(self.room))

    def pieces(self, level: int) -> Iterator[tuple[int, int]]:
        """See `Levels`."""
        for start in range(0, self.spill.sizes[level], self.room):
            yield self._places.address, self.spill.bring(level, start, self.room)

    def lost(self, number: int, look: Look) -> Lost | None:
        """See `States.lost`."""
        portions = [(i, p.numbers) for i, p in enumerate(self.program.portions) if p.property == number]
        with self.spill.reading():
            return first_lost(self.program, _lost(self.spill, portions, look))


def _lost(spill: Spill, portions: Sequence[tuple[int, Sequence[int]]], look: Look) -> Iterator[Lost]:
    """From where no path leads to goals of some portions (their numbers, and the goals of each): of as many goals at a
    time as there is memory for, the first state and goal.  Raises OutOfMemory."""
    if not portions:
        return
    bits = sum(-(-size // 8) for size in spill.sizes)
    steps = Steps(spill, spill.program.system, bits)
    left, each = steps.left(), bits + _COST_OF_GOAL * (steps.room + TAKEN)
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

    def lost(self, look: Look) -> tuple[Words, int, int] | None:
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
        region, full = Region(bits // 8 * visited.table.slots), (1 << self.goals) - 1
        run[Ctx.LEAST] = NONE
        for first, keys in self.steps.taken(level):
            marks = np.unpackbits(self.marks[level][:, first // 8 :], axis=1, count=len(keys))
            lacking = np.flatnonzero(~marks.all(axis=0))
            for start in range(0, len(lacking), visited.table.slots):
                some = lacking[start : start + visited.table.slots]
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
