"""How are states kept in memory?  In one table, with their depths, until they are too many; then another takes them over.

Rule of the module: what is asked is answered from the table, by a level's depth (`levels`), a state's hash (`lookup`), or
in one pass over all (`survey`).
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from pathlib import Path as Folder
from typing import TYPE_CHECKING, Any, Final

from interlock.checker.contract import Path
from interlock.checker.native.kernel import Ctx, Shared
from interlock.checker.native.module.crew import Crew
from interlock.checker.native.module.program import Program
from interlock.checker.native.module.run import NONE
from interlock.checker.native.module.shortcuts import Shortcuts
from interlock.checker.native.store import division, saved
from interlock.checker.native.store.checkpoint import Saved, Section
from interlock.checker.native.store.levels import TableLevels
from interlock.checker.native.store.local import Local
from interlock.checker.native.store.lookup import TableLookup
from interlock.checker.native.store.states import (
    Counts,
    DiskError,
    Look,
    Lost,
    OutOfMemory,
    States,
    Stored,
    Survey,
    Words,
)
from interlock.checker.native.store.survey import TableSurvey
from interlock.checker.native.store.table import Holding
from interlock.checker.native.store.visited import Visited
from interlock.checker.semantics.layout import Division

if TYPE_CHECKING:
    from interlock.checker.native.store.on_disk import OnDisk

_FEW: Final = 1 << 22  # cells of a table whose levels are counted to foresee more: the pass takes 32 ms


def opened(
    program: Program, crew: Crew, limit: int | None, folder: Folder | None, shortcuts: Shortcuts | None = None
) -> States:
    """Where a search keeps its states: in memory of at most `limit` bytes, and beyond that in `folder`, if there is one.

    `shortcuts`: those of a search of the same system.  Raises InputError C006 for a folder that cannot be written.
    """
    visited = Visited(program, crew, limit, shortcuts)
    if folder is None:
        return InMemory(visited)
    from interlock.checker.native.store.on_disk import OnDisk  # noqa: PLC0415 - numpy takes a tenth of a second to load

    return InMemory(visited, OnDisk(visited, folder))


class InMemory(Local):
    """States in a table.  `overflow`: who takes them over when memory is full."""

    def __init__(self, visited: Visited, overflow: OnDisk | None = None) -> None:
        super().__init__(visited)
        self.overflow = overflow
        self._levels: TableLevels | None = None

    # --- before the first level --------------------------------------------------------------------

    def check(self) -> None:
        """See `States`."""
        if self.overflow is None:
            self.visited.afford_beside(0)

    def expect(self, states: int, parts: int) -> None:
        """See `States`.  Where states may be taken over, the table grows as it must: what it leaves is for others."""
        if self.overflow is None:
            self.visited.expect(states, parts)

    # --- levels ------------------------------------------------------------------------------------

    def make_room(self, most: int) -> States:
        """See `States`."""
        try:
            self.visited.make_room(most)
        except OutOfMemory:
            return self._handed_over()
        return self

    def begin_level(self, look: Look) -> States:
        """See `States`."""
        try:
            self.visited.begin_level()
        except OutOfMemory:  # for depths beside the table
            return self._handed_over()
        return self

    def _handed_over(self) -> States:
        """Who has the states from now on.  Raises OutOfMemory where nobody can take them."""
        if self.overflow is None:
            raise OutOfMemory
        self.overflow.take_over(self.counts())
        return self.overflow

    def let_go_on(self, depth: int | None, plenty: int) -> None:
        """See `States`."""
        deepest, first = self.visited.table.deepest(), self.run
        ahead = (deepest if depth is None else min(depth, deepest)) - self.depth
        first[Ctx.LEVELS_LEFT] = 0 if self.probing else ahead
        first[Ctx.PLENTY] = NONE if plenty == NONE else max(0, plenty + 1 - self.found + first[Ctx.COUNT])

    def end_level(self, look: Look) -> None:
        """See `States`: no state was taken in that the table had."""

    @property
    def more(self) -> bool:
        """See `States`."""
        return self.visited.frontier.listed > 0

    # --- how far it is -----------------------------------------------------------------------------

    @property
    def found(self) -> int:
        """See `States`."""
        return self.visited.found

    def counts(self) -> Counts:
        """See `States`."""
        threads = self.visited.threads
        return self.counted(deepest_has_states=bool(threads.get(Shared.LISTED) or threads.total(Ctx.FILLED)))

    def share_expanded(self) -> float:
        """See `States`."""
        return self.visited.frontier.share_taken()

    def bytes(self) -> int:
        """See `States`."""
        return self.visited.bytes()

    def remarks(self) -> tuple[str, ...]:
        """See `States`."""
        return ()

    def close(self) -> None:
        """See `States`."""
        if self.overflow is not None:
            self.overflow.close()

    # --- guesses -----------------------------------------------------------------------------------

    def foreseen(self) -> float:
        """See `States`."""
        table = self.visited.table
        return table.foreseen() if table.slots < _FEW else 0.0

    def sizes(self) -> tuple[int, int] | None:
        """See `States`."""
        return self.found, self.visited.parts

    def better_division(self) -> Division | None:
        """See `States`."""
        return division.learned(self.visited)

    # --- what is asked of states -------------------------------------------------------------------

    def _lookup(self) -> TableLookup | None:
        """None when states can no longer be looked up: the disk was full before all of them were there."""
        return TableLookup(self.visited) if self.visited.table.holding is Holding.ALL else None

    def known(self, words: Words) -> int | None:
        """See `States`."""
        lookup = self._lookup()
        return None if lookup is None else lookup.known(words)

    def drawn(self, rng: random.Random, most: int) -> Iterator[Stored]:
        """See `States`."""
        lookup = self._lookup()
        return iter(()) if lookup is None else lookup.drawn(rng, most)

    def _finished(self) -> TableLevels:
        if self._levels is None:
            self._levels = TableLevels(self.visited)
        return self._levels

    def path(self, state: Words, depth: int) -> tuple[Path, list[Words]]:
        """See `States`."""
        return self._finished().path(state, depth)

    def lost(self, number: int, look: Look) -> Lost | None:
        """See `States`."""
        return self._finished().lost(number, look)

    def survey(self, below: int | None, look: Look) -> Survey:
        """See `States`."""
        if self.overflow is not None and self.visited.table.holding is not Holding.ALL:
            raise DiskError(self.overflow.where())
        return TableSurvey(self.visited, self.visited.table.deepest() + 1 if below is None else below, look)

    # --- saving ------------------------------------------------------------------------------------

    def save(self) -> tuple[dict[str, Any], Sequence[Section]] | None:
        """See `States`: not where it looks at a last level without counting it."""
        return None if self.probing else (saved.numbers(self.visited), saved.sections(self.visited))

    def restore(self, kept: Saved) -> None:
        """See `States`."""
        saved.restore(self.visited, kept)
