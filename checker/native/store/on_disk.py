"""How are states kept on disk?  Level by level, sorted, in files (`spill`); the table has those of the level at hand.

Rule of the module: what is told is what was known when a level began: states that were found since may be known ones.
When the search is over, the table takes states that are brought back to be asked (`disk_levels`, `disk_survey`).
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from pathlib import Path as Folder
from typing import Any

from interlock.checker.contract import Path, shown
from interlock.checker.native.kernel import Ctx
from interlock.checker.native.module.run import NONE
from interlock.checker.native.store.checkpoint import Saved, Section
from interlock.checker.native.store.disk_levels import DiskLevels
from interlock.checker.native.store.disk_survey import DiskSurvey
from interlock.checker.native.store.local import Local
from interlock.checker.native.store.lookup import DiskLookup
from interlock.checker.native.store.spill import Spill
from interlock.checker.native.store.states import (
    Counts,
    Look,
    Lost,
    OutOfMemory,
    States,
    Stored,
    Stretch,
    Survey,
    Words,
)
from interlock.checker.native.store.visited import Visited
from interlock.checker.semantics.layout import Division


class OnDisk(Local):
    """States in files of a folder; it begins with those that memory had no room for (`take_over`)."""

    def __init__(self, visited: Visited, folder: Folder) -> None:
        """Raises InputError C006 for a folder that cannot be written."""
        super().__init__(visited)
        self.spill, self.folder = Spill(visited, folder), folder
        self._counts = self.counted(deepest_has_states=False)  # as they were when all states were known to differ
        self._settled = True
        self._levels: DiskLevels | None = None

    def take_over(self, counts: Counts) -> None:
        """Put all states of the memory on disk; `counts` is what is known of them.  Raises OutOfMemory and DiskError."""
        self.spill.begin()
        self._counts, self._settled = counts, False
        self.run[Ctx.LEVELS_LEFT] = 0

    # --- before the first level --------------------------------------------------------------------

    def check(self) -> None:
        """See `States`: it began in memory."""

    def expect(self, states: int, parts: int) -> None:
        """See `States`: the table has what the budget leaves."""

    # --- levels ------------------------------------------------------------------------------------

    def make_room(self, most: int) -> States:
        """See `States`.  How many states there are is known at the end of a level, so until then `most` limits nothing."""
        while True:
            try:
                self.visited.make_room(NONE)
            except OutOfMemory:
                self.spill.relieve()
            else:
                return self

    def begin_level(self, look: Look) -> States:
        """See `States`."""
        if not self._settled:  # taken over between two levels
            self._settle(look)
        self.spill.begin_level()
        self._settled = False
        return self

    def let_go_on(self, depth: int | None, plenty: int) -> None:
        """See `States`: after each level the disk is asked what is new."""

    def expand(self, most: int) -> Stretch:
        """See `States`."""
        stretch = super().expand(most)
        if stretch.over and self.spill.load():
            return Stretch(False, stretch.short, stretch.done, stretch.least)
        return stretch

    def end_level(self, look: Look) -> None:
        """See `States`.  A level that is only looked at is not compared."""
        if not self.probing:
            self._settle(look)

    def _settle(self, look: Look) -> None:
        self.spill.settle(look)
        self._counts, self._settled = self.counted(deepest_has_states=self.more), True

    @property
    def more(self) -> bool:
        """See `States`."""
        return self.spill.sizes[-1] > 0

    # --- how far it is -----------------------------------------------------------------------------

    @property
    def found(self) -> int:
        """See `States`."""
        return self._counts.found

    def counts(self) -> Counts:
        """See `States`."""
        return self._counts

    def share_expanded(self) -> float:
        """See `States`."""
        return self.spill.expanded

    def bytes(self) -> int:
        """See `States`."""
        return max(self.visited.bytes(), self.spill.peak)

    def where(self) -> str:
        """Where the states are, in words."""
        return f"states were spilled to {self.folder}"

    def remarks(self) -> tuple[str, ...]:
        """See `States`."""
        return (f"{self.where()}: {shown(self.spill.bytes)}",)

    def close(self) -> None:
        """See `States`."""
        self.spill.close()

    # --- guesses -----------------------------------------------------------------------------------

    def foreseen(self) -> float:
        """See `States`: the table has one level, which foretells nothing."""
        return 0.0

    def sizes(self) -> tuple[int, int] | None:
        """See `States`."""
        return None

    def better_division(self) -> Division | None:
        """See `States`: to begin again would need the memory that there was not."""
        return None

    # --- what is asked of states -------------------------------------------------------------------

    def known(self, words: Words) -> int | None:
        """See `States`."""
        return DiskLookup(self.spill).known(words)

    def drawn(self, rng: random.Random, most: int) -> Iterator[Stored]:
        """See `States`."""
        return DiskLookup(self.spill).drawn(rng, most)

    def _finished(self) -> DiskLevels:
        if self._levels is None:
            self._levels = DiskLevels(self.spill)
        return self._levels

    def path(self, state: Words, depth: int) -> tuple[Path, list[Words]]:
        """See `States`."""
        return self._finished().path(state, depth)

    def lost(self, number: int, look: Look) -> Lost | None:
        """See `States`."""
        return self._finished().lost(number, look)

    def survey(self, below: int | None, look: Look) -> Survey:
        """See `States`."""
        return DiskSurvey(self.spill, len(self.spill.sizes) if below is None else below, look)

    # --- saving ------------------------------------------------------------------------------------

    def save(self) -> tuple[dict[str, Any], Sequence[Section]] | None:
        """See `States`: the files would have to be saved with the rest."""
        return None

    def restore(self, kept: Saved) -> None:
        """See `States`: nothing was saved, so there is nothing to restore."""
        raise AssertionError("no checkpoint is of states on disk")
