"""Which states has a level?  Found again in the table of a finished search, by their depth.

Rule of the module: a bounded buffer holds the places of some levels at a time; what is asked of them is asked
of every thread's share, and of the answers the smallest state is the one, however many threads there are.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING

import attrs

from interlock.checker.contract import Path, Step
from interlock.checker.native.code.jit import Native
from interlock.checker.native.kernel import Ctx
from interlock.checker.native.module.memory import Region
from interlock.checker.native.module.program import Program
from interlock.checker.native.module.run import NONE, Noted, Run, smallest
from interlock.checker.native.store.visited import OutOfMemory, Visited

if TYPE_CHECKING:
    from interlock.checker.native.store.spill import Spill

_BUFFER = 1 << 16  # places in the buffer, at least
_LEAST = 1 << 12  # and where memory is short
BROUGHT = 1 << 14  # states that are brought back from the disk at a time
_SHARE = 1 << 12  # places that are worth another thread


@attrs.frozen
class Lost:
    """A state (its words) of a depth, and the goal of a RECOVERABLE property that no path leads to from there."""

    state: tuple[int, ...]
    depth: int
    goal: int


def first_lost(program: Program, found: Iterable[Lost]) -> Lost | None:
    """Of some, the one that is told: of the least depth, of the smallest state, of the first goal."""
    return min(found, key=lambda lost: (lost.depth, program.order(lost.state), lost.goal), default=None)


class Levels:
    """The levels of a search, by depth; those on disk are brought back into the table, which nobody needs any more."""

    def __init__(self, visited: Visited, spill: Spill | None = None) -> None:
        self.visited, self.program, self.spill = visited, visited.program, spill
        for run in visited.runs:
            run.uncounted()
        self._held: dict[int, tuple[int, int]] = {}  # by level: its start in the buffer, and its size
        if spill is not None:
            spill.finish(BROUGHT)
            self.sizes, self.room = spill.sizes, min(visited.slots, BROUGHT)
            self._ends, self._places = Region(8), Region(8 * self.room)
            self._places.put(0, range(self.room))
            return
        self.sizes = visited.level_sizes()
        self._ends = Region(8 * len(self.sizes))
        self.room = max(_BUFFER, visited.found // 8)
        if visited.limit is not None:
            left = visited.limit - visited.bytes() - self._ends.size
            self.room = max(_LEAST, min(self.room, left // (2 * 8)))  # half of what is left
        self._places = Region(8 * self.room)

    def pieces(self, level: int) -> Iterator[tuple[int, int]]:
        """The places of a level's states in the table: the addresses and lengths of some arrays of them."""
        if self.spill is not None:
            for start in range(0, self.sizes[level], self.room):
                yield self._places.address, self.spill.bring(level, start, self.room)
            return
        if self.sizes[level] > self.room:
            self._held = {}
            for start in range(0, self.visited.slots, self.room):
                stop = min(start + self.room, self.visited.slots)
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
        self._gather(0, self.visited.slots, first, last + 1 - first)
        self._held = {first + i: (start, self.sizes[first + i]) for i, start in enumerate(starts)}

    def _gather(self, start: int, stop: int, level: int, levels: int) -> None:
        context = self.visited.first.address
        self.program.gather(context, start, stop, level, levels, self._ends.address, self._places.address)

    def _share(self, address: int, size: int, call: Callable[[Run, int, int], int]) -> list[int]:
        """Each thread's part of an array."""
        runs = self.visited.runs if size >= 2 * _SHARE else self.visited.runs[:1]
        cuts = [size * k // len(runs) for k in range(len(runs) + 1)]
        shares = [(address + 8 * low, high - low) for low, high in zip(cuts, cuts[1:], strict=False)]
        return self.visited.crew.all([partial(call, run, *share) for run, share in zip(runs, shares, strict=True)])

    # --- paths -------------------------------------------------------------------------------------

    def path(self, state: tuple[int, ...], depth: int) -> tuple[Path, list[tuple[int, ...]]]:
        """A shortest path to a state of a depth, and its states: of all paths, the one whose states are the smallest,
        from the last back.  Of a reduced search they are representatives, and the steps lead to their orbits."""
        steps: list[Step] = []
        states = [state]
        for level in range(depth - 1, -1, -1):
            found = self._predecessor(state, level)
            state = found.state
            steps.append(self.program.step(found.ident))
            states.append(state)
        return Path(self.program.unpack(state), tuple(reversed(steps))), states[::-1]

    def _predecessor(self, state: tuple[int, ...], level: int) -> Noted:
        runs = self.visited.runs
        target = runs[0].scratch.address
        runs[0].scratch.put(0, state)
        for address, size in self.pieces(level):
            self._share(
                address, size,
                lambda run, a, n: self.program.predecessor(run.address, a, n, target, run.word(run.best)),
            )  # fmt: skip
        return self._smallest(runs)

    def _smallest(self, runs: list[Run]) -> Noted:
        """Of what threads found and forget now."""
        found = [run.take_best() for run in runs]
        return smallest(self.program, [note for note in found if note is not None])

    # --- what can be reached -----------------------------------------------------------------------

    def lost(self, number: int, look: Callable[[], None]) -> Lost | None:
        """From where no path leads to a goal of property `number`, the first such state and goal; None where every
        goal can be reached from every state.  `look` is called now and then, and may raise."""
        portions = [(i, p.numbers) for i, p in enumerate(self.program.portions) if p.property == number]
        if self.spill is not None:
            from interlock.checker.native.store import disk  # noqa: PLC0415 - numpy takes a tenth of a second to load

            with self.spill.reading():
                return first_lost(self.program, disk.lost(self.spill, portions, look))
        return first_lost(self.program, self._lost(portions, look))

    def _lost(self, portions: Sequence[tuple[int, Sequence[int]]], look: Callable[[], None]) -> Iterator[Lost]:
        """Of as many goals at a time as a mark has bits, the first."""
        if not portions:
            return
        bits = self._bits_of_marks(max(len(numbers) for _, numbers in portions))
        marks = Region(bits // 8 * self.visited.slots)
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
        beside, kinds, slots = self._places.size + self._ends.size, self.program.shape.marks, self.visited.slots
        if goals > kinds[0]:
            with contextlib.suppress(OutOfMemory):
                self.visited.afford_beside(beside + kinds[-1] // 8 * slots)
                return kinds[-1]
        self.visited.afford_beside(beside + kinds[0] // 8 * slots)
        return kinds[0]

    def _all_marked(self, marking: _Marking, look: Callable[[], None]) -> bool:
        """Mark the states that goals can be reached from; whether all are, with every goal."""
        recover, left, before = self.program.recover[marking.bits], marking.goals * self.visited.found, -1
        while left and left != before:
            before = left
            for level in range(len(self.sizes) - 1, -1, -1):
                for address, size in self.pieces(level):
                    left -= sum(self._share(address, size, partial(marking.mark, recover)))
                    look()
        return not left

    def _unmarked(self, marking: _Marking) -> tuple[Noted, int]:
        """The least deep, then smallest state that lacks a goal, which is the note's instance; and its depth."""
        run = self.visited.runs[0]
        run[Ctx.LEAST] = NONE
        lost = self.program.lost[marking.bits]
        lost(run.address, 0, self.visited.slots, marking.full, marking.marks, run.word(run.best))
        return self._smallest([run]), run[Ctx.LEAST]


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
