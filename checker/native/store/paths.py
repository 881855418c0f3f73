"""How is a shortest path to a state found again?  From its end: one level up, the smallest state with a step there.

Rule of the module: what is asked of a level is asked of every thread's share of its states, and of the answers the
smallest state is the one, however many threads there are.  Where the states of a level are, others know.
"""

from __future__ import annotations

import abc
from collections.abc import Callable, Iterable, Iterator
from functools import partial

from interlock.checker.contract import Path, Step
from interlock.checker.native.module.program import Program
from interlock.checker.native.module.run import Noted, Run, smallest
from interlock.checker.native.store.states import Look, Lost, Words
from interlock.checker.native.store.visited import Visited

_SHARE = 1 << 12  # places that are worth another thread: to wake one takes as long as some 60 states (`local`)


class Levels(abc.ABC):
    """The levels of a search that is over, by depth."""

    def __init__(self, visited: Visited) -> None:
        self.visited, self.program = visited, visited.program
        for run in visited.runs:
            run.uncounted()

    @abc.abstractmethod
    def pieces(self, level: int) -> Iterator[tuple[int, int]]:
        """The places of a level's states in the table: the addresses and lengths of some arrays of them."""

    @abc.abstractmethod
    def lost(self, number: int, look: Look) -> Lost | None:
        """See `States.lost`."""

    def path(self, state: Words, depth: int) -> tuple[Path, list[Words]]:
        """See `States.path`."""
        steps: list[Step] = []
        states = [state]
        for level in range(depth - 1, -1, -1):
            found = self._predecessor(state, level)
            state = found.state
            steps.append(self.program.step(found.ident))
            states.append(state)
        return Path(self.program.unpack(state), tuple(reversed(steps))), states[::-1]

    def _predecessor(self, state: Words, level: int) -> Noted:
        runs = self.visited.runs
        target = runs[0].scratch.address
        runs[0].scratch.put(0, state)
        for address, size in self.pieces(level):
            self.share(
                address, size,
                lambda run, a, n: self.program.predecessor(run.address, a, n, target, run.word(run.best)),
            )  # fmt: skip
        return self.best(runs)

    def share(self, address: int, size: int, call: Callable[[Run, int, int], int]) -> list[int]:
        """Call for each thread's part of an array."""
        runs = self.visited.runs if size >= 2 * _SHARE else self.visited.runs[:1]
        cuts = [size * k // len(runs) for k in range(len(runs) + 1)]
        shares = [(address + 8 * low, high - low) for low, high in zip(cuts, cuts[1:], strict=False)]
        return self.visited.crew.all([partial(call, run, *share) for run, share in zip(runs, shares, strict=True)])

    def best(self, runs: list[Run]) -> Noted:
        """The smallest of what threads found, and forget now."""
        found = [run.take_best() for run in runs]
        return smallest(self.program, [note for note in found if note is not None])


def first_lost(program: Program, found: Iterable[Lost]) -> Lost | None:
    """Of some, the one that is told: of the least depth, of the smallest state, of the first goal."""
    return min(found, key=lambda lost: (lost.depth, program.order(lost.state), lost.goal), default=None)
