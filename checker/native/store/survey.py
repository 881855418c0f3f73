"""What is counted over a finished search?  Each question is a system of its own, whose actions are counted.

Rule of the module: nothing of the search is changed.  A system that asks has the leaves of the searched one, so its
code reads the same states; how often its actions are enabled, over the states that were expanded, is the answer.
Of a search that kept one state of each orbit every count is of the model, by the sizes of the orbits.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from interlock.checker.ir.scalar import ScalarSystem
from interlock.checker.native import kernel
from interlock.checker.native.module.memory import Region
from interlock.checker.native.module.program import Program
from interlock.checker.native.module.run import Run
from interlock.checker.native.store.states import Counted
from interlock.checker.native.store.visited import Visited

_PIECE = (
    1 << 20
)  # places of the table that are gone through between two looks at the clock: some hundredths of a second


class Counter(Program):
    """A compiled system that is counted over states of another search."""

    def assembly(self) -> str:
        """The module as LLVM assembly."""
        return "\n".join([self.model_code(), kernel.survey_text(self.shape)])

    @property
    def asked_of(self) -> Mapping[str, int]:
        """See `Program`."""
        return {"expand": 7}

    def bind(self) -> None:
        """Find the functions."""
        self.count = self.library.function("count", 4)
        self.cover = self.library.function("cover", 8)


class TableSurvey:
    """The states in a table of fewer steps than `below`, all of which were expanded."""

    def __init__(self, visited: Visited, below: int, look: Callable[[], None]) -> None:
        self.visited, self.below, self.look = visited, below, look

    def count(self, system: ScalarSystem) -> Counted:
        """See `Survey`."""
        program, runs = self._prepared(system)
        states = self._through(lambda run, start, stop: program.count(run.address, start, stop, self.below), runs)
        return Counted(program, states, _summed(runs, lambda run: run.fired))

    def cover(self) -> Counted:
        """See `Survey`."""
        program, runs = self._prepared(self.visited.program.system)
        actions = len(program.system.actions)
        width = -(-actions // 8)
        self.visited.afford_beside(width * self.visited.table.slots)
        marks, bases = Region(width * self.visited.table.slots), Region(8 * (actions + 1))
        bases.put(0, program.bases)

        def cover(run: Run, start: int, stop: int) -> int:
            taken = run.word(run.taken)
            return program.cover(run.address, start, stop, self.below, marks.address, width, bases.address, taken)

        states = self._through(cover, runs)
        marks.free()
        new = _summed(runs, lambda run: run.taken)
        return Counted(program, states, _summed(runs, lambda run: run.fired), new)

    def _prepared(self, system: ScalarSystem) -> tuple[Counter, list[Run]]:
        program = Counter.beside(self.visited.program, system)
        runs = [Run(program) for _ in self.visited.runs]
        self.visited.afford_beside(sum(run.bytes() for run in runs))
        for run in runs:
            self.visited.threads.lend(run)
        return program, runs

    def _through(self, call: Callable[[Run, int, int], int], runs: list[Run]) -> int:
        """Call for every part of the table, on all threads; the sum."""
        slots, total = self.visited.table.slots, 0
        for first in range(0, slots, _PIECE):
            self.look()
            size = min(_PIECE, slots - first)
            used = runs if size == _PIECE else runs[:1]
            cuts = [first + size * k // len(used) for k in range(len(used) + 1)]
            calls: list[Any] = [partial(call, *of) for of in zip(used, cuts, cuts[1:], strict=False)]
            total += sum(self.visited.crew.all(calls))
        return total


def _summed(runs: list[Run], where: Callable[[Run], int]) -> tuple[int, ...]:
    actions = len(runs[0].program.system.actions)
    return tuple(map(sum, zip(*(run.numbers(where(run), actions) for run in runs), strict=True)))
