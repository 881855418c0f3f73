"""How is a level searched?  In stretches of native code, each sized to take about as long as the last.

Rule of the module: between two stretches there is a pause, and memory for what waits.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from interlock.checker.contract import Budget
from interlock.checker.engines import pausing
from interlock.checker.engines.findings import Stop
from interlock.checker.native.module.run import NONE
from interlock.checker.native.store.states import Look, Place, Stretch

_FIRST_CHUNK = (
    5_000  # states of the first stretch, before any was timed: 2 to 50 ms at 0.1 to 2 million states a second
)
_LONGER = 4  # times as large as the last one a stretch becomes at most: the first are too short to go by


class OverBudget(Stop):
    """Stop: the budget of states is used up."""


class Stretches:
    """The stretches of a search, with a `look` between them; raises OverBudget beyond the `budget` of states."""

    def __init__(self, place: Place, look: Look, budget: Budget) -> None:
        self.place, self.look, self.budget = place, look, budget
        self.most = NONE if budget.states is None else budget.states
        self.chunk = _FIRST_CHUNK

    def admit(self) -> None:
        """Take in all initial states, or those that are left to take in."""
        self.make_room()
        self._until_over(lambda: self.place.states.admit(self.chunk))
        self.place.states.end_level(self.look)

    def level(self, depth: int | None, plenty: int) -> None:
        """Search the level that was begun, and, while there are at most `plenty` states, small ones after it down to
        `depth`; but one by one where states are counted."""
        states = self.place.states
        states.let_go_on(depth if self.most == NONE else states.depth, plenty)
        self._until_over(lambda: self.place.states.expand(self.chunk))
        self.place.states.end_level(self.look)

    def _until_over(self, call: Callable[[], Stretch]) -> None:
        while not (stretch := self._timed(call)).over:
            if stretch.short:
                self.make_room()
            self.look()

    def make_room(self) -> None:
        """More memory for the search, wherever that is."""
        self.count(self.place.states.found)
        self.place.make_room(self.most)

    def count(self, states: int) -> None:
        """Raises OverBudget where so many states are too many."""
        if states > self.most:
            raise OverBudget(self.budget.states_reached)

    def _timed(self, call: Callable[[], Stretch]) -> Stretch:
        before = time.perf_counter()
        stretch = call()
        self._size(stretch, time.perf_counter() - before)
        return stretch

    def _size(self, stretch: Stretch, seconds: float) -> None:
        """How large the next stretch is, to take about `pausing.PAUSE`, after one that took so many seconds."""
        if stretch.done:
            fitting = int(stretch.done * pausing.PAUSE / max(seconds, 1e-6))
            self.chunk = max(stretch.least, min(_LONGER * self.chunk, fitting))
