"""Which states has a level?  Found again in the table of a finished search, by their depth.

Rule of the module: a bounded buffer holds the places of some levels at a time.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from functools import partial

import attrs

from interlock.checker.native.code.jit import Native
from interlock.checker.native.kernel import Ctx
from interlock.checker.native.module.memory import Region
from interlock.checker.native.module.run import NONE, Noted, Run
from interlock.checker.native.store.paths import Levels, first_lost
from interlock.checker.native.store.states import Look, Lost, OutOfMemory
from interlock.checker.native.store.visited import Visited

_BUFFER = 1 << 16  # places in the buffer, at least: half a megabyte, beside tables of which most are larger
_LEAST = 1 << 12  # and where memory is short


class TableLevels(Levels):
    """The levels of a search in memory."""

    def __init__(self, visited: Visited) -> None:
        super().__init__(visited)
        self._held: dict[int, tuple[int, int]] = {}  # by level: its start in the buffer, and its size
        self.sizes = visited.table.level_sizes()
        self._ends = Region(8 * len(self.sizes))
        self.room = max(_BUFFER, visited.found // 8)
        if visited.limit is not None:
            left = visited.limit - visited.bytes() - self._ends.size
            self.room = max(_LEAST, min(self.room, left // (2 * 8)))  # half of what is left
        self._places = Region(8 * self.room)

    def pieces(self, level: int) -> Iterator[tuple[int, int]]:
        """See `Levels`."""
        if self.sizes[level] > self.room:
            self._held = {}
            for start in range(0, self.visited.table.slots, self.room):
                stop = min(start + self.room, self.visited.table.slots)
                self._ends.put(0, [0])
                self._gather(start, stop, level, 1)
                yield self._places.address, self._ends.get(0)
            return
        if level not in self._held:
            self._hold(level)
        start, size = self._held[level]
        yield self._places.address + 8 * start, size

    def _hold(self, last: int) -> None:
        """Find a level, and those before it that there is room for."""
        first, total = last, self.sizes[last]
        while first and total + self.sizes[first - 1] <= self.room:
            first -= 1
            total += self.sizes[first]
        starts, at = [], 0
        for level in range(first, last + 1):
            starts.append(at)
            at += self.sizes[level]
        self._ends.put(0, starts)
        self._gather(0, self.visited.table.slots, first, last + 1 - first)
        self._held = {first + i: (start, self.sizes[first + i]) for i, start in enumerate(starts)}

    def _gather(self, start: int, stop: int, level: int, levels: int) -> None:
        context = self.visited.first.address
        self.program.gather(context, start, stop, level, levels, self._ends.address, self._places.address)

    # --- what can be reached -----------------------------------------------------------------------

    def lost(self, number: int, look: Look) -> Lost | None:
        """See `States.lost`."""
        portions = [(i, p.numbers) for i, p in enumerate(self.program.portions) if p.property == number]
        return first_lost(self.program, self._lost(portions, look))

    def _lost(self, portions: Sequence[tuple[int, Sequence[int]]], look: Look) -> Iterator[Lost]:
        """Of as many goals at a time as a mark has bits, the first."""
        if not portions:
            return
        bits = self._bits_of_marks(max(len(numbers) for _, numbers in portions))
        marks = Region(bits // 8 * self.visited.table.slots)
        for portion, numbers in portions:
            for shift in range(0, len(numbers), bits):
                goals = numbers[shift : shift + bits]
                marking = _Marking(portion, shift, len(goals), bits, marks.address)
                if not self._all_marked(marking, look):
                    note, depth = self._unmarked(marking)
                    yield Lost(note.state, depth, goals[note.ident])
                marks.clear()
        marks.free()

    def _bits_of_marks(self, goals: int) -> int:
        """As few as the goals need, and no more than there is memory for.  Raises OutOfMemory."""
        beside, kinds, slots = self._places.size + self._ends.size, self.program.shape.marks, self.visited.table.slots
        if goals > kinds[0]:
            with contextlib.suppress(OutOfMemory):
                self.visited.afford_beside(beside + kinds[-1] // 8 * slots)
                return kinds[-1]
        self.visited.afford_beside(beside + kinds[0] // 8 * slots)
        return kinds[0]

    def _all_marked(self, marking: _Marking, look: Look) -> bool:
        """Mark the states that goals can be reached from; whether all are, with every goal."""
        recover, left, before = self.program.recover[marking.bits], marking.goals * self.visited.found, -1
        while left and left != before:
            before = left
            for level in range(len(self.sizes) - 1, -1, -1):
                for address, size in self.pieces(level):
                    left -= sum(self.share(address, size, partial(marking.mark, recover)))
                    look()
        return not left

    def _unmarked(self, marking: _Marking) -> tuple[Noted, int]:
        """The least deep, then smallest state that lacks a goal, which is the note's instance; and its depth."""
        run = self.visited.runs[0]
        run[Ctx.LEAST] = NONE
        lost = self.program.lost[marking.bits]
        lost(run.address, 0, self.visited.table.slots, marking.full, marking.marks, run.word(run.best))
        return self.best([run]), run[Ctx.LEAST]


@attrs.frozen
class _Marking:
    """Goals of a portion, from the one at `shift` on, and where the marks of states are, with a bit for each goal."""

    portion: int
    shift: int
    goals: int
    bits: int
    marks: int

    @property
    def full(self) -> int:
        """The mark of a state that every goal can be reached from."""
        return (1 << self.goals) - 1

    def mark(self, recover: Native, run: Run, address: int, size: int) -> int:
        """Mark some states; how many bits were set."""
        return recover(run.address, self.portion, self.shift, self.full, address, size, self.marks)
