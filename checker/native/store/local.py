"""What do the threads of one machine do to the states of a search, in memory or on disk?  They find and expand them.

Rule of the module: nothing here asks where the states are.
"""

from __future__ import annotations

from functools import partial
from typing import Final

from interlock.checker.native.kernel import BLOCK, Ctx, Status
from interlock.checker.native.module.run import NONE, Noted, smallest
from interlock.checker.native.store.states import Counts, States, Stretch, WrongStart
from interlock.checker.native.store.visited import Visited

_MANY: Final = (
    16  # blocks of a level from which on all threads search it: to wake one takes 35 us, as long as some 60 states
)
_WORTH: Final = 1_000  # states (or initial instances) that are worth a call of native code: half a millisecond at two million a second, and a call takes 1 us


class Local(States):
    """The states that threads of this machine find in the memory they share (`visited`)."""

    def __init__(self, visited: Visited) -> None:
        self.visited = visited
        self.program, self.shortcuts, self.run = visited.program, visited.shortcuts, visited.first

    # --- the search --------------------------------------------------------------------------------

    def admit(self, most: int) -> Stretch:
        """See `States`."""
        first = self.run
        before = first[Ctx.INITIAL]
        status = Status(self.program.begin(first.address, most))
        done = first[Ctx.INITIAL] - before
        if status is Status.ERROR:
            raise WrongStart(first[Ctx.INITIAL])
        if status is Status.DONE:  # the end of a level that has nothing to expand hands over what was admitted
            first[Ctx.LEVELS_LEFT] = 0
            self.program.search(first.address, 0)
        return Stretch(status is Status.DONE, status is Status.GROW, done, _WORTH)

    @property
    def admitted(self) -> bool:
        """See `States`."""
        return self.run[Ctx.INITIAL] >= self.program.starts[-1]

    def expand(self, most: int) -> Stretch:
        """See `States`."""
        visited, runs = self.visited, self.visited.runs
        self.run[Ctx.MANY] = NONE if len(runs) == 1 else _MANY
        waits = any(run.waiting() for run in runs[1:])  # for a thread that has nothing to expand any more, too
        several = len(runs) > 1 and (waits or self.run[Ctx.LENGTH] >= _MANY)
        before = visited.threads.total(Ctx.EXPANDED)
        if several:
            visited.frontier.limit(max(1, most // BLOCK))  # threads share the blocks up to there
            visited.threads.together()
            found = visited.crew.all([partial(self.program.search, run.address, NONE) for run in runs])
            visited.threads.alone()
        else:
            found = [self.program.search(self.run.address, most)]
        statuses = {Status(status) for status in found}
        done = visited.threads.total(Ctx.EXPANDED) - before
        return Stretch(
            statuses == {Status.DONE}, Status.GROW in statuses, done, BLOCK * len(runs) if several else _WORTH
        )

    def probe(self) -> None:
        """See `States`."""
        for run in self.visited.runs:
            run[Ctx.PROBE] = 1
            run.uncounted()

    @property
    def probing(self) -> bool:
        """Whether states are looked at for errors and deadlocks alone."""
        return bool(self.run[Ctx.PROBE])

    # --- how far it is -----------------------------------------------------------------------------

    @property
    def depth(self) -> int:
        """See `States`."""
        return self.visited.depth

    def counted(self, *, deepest_has_states: bool) -> Counts:
        """The sums of what the threads counted; and whether the states that are being found are any."""
        total, actions = self.visited.threads.total, len(self.program.system.actions)
        fired = [run.numbers(run.fired, actions) for run in self.visited.runs]
        depth = self.depth if deepest_has_states or not self.depth else self.depth - 1
        found = total(Ctx.COUNT)
        return Counts(
            found=found,
            real=total(Ctx.REAL) if self.program.shape.reduced else found,
            expanded=total(Ctx.EXPANDED),
            transitions=total(Ctx.TRANSITIONS),
            terminal=total(Ctx.TERMINAL),
            depth=depth,
            fired=tuple(map(sum, zip(*fired, strict=True))),
        )

    def harvest(self) -> dict[int, Noted]:
        """See `States`."""
        found: dict[int, list[Noted]] = {}
        for run in self.visited.runs:
            for place, note in run.taken_notes().items() if run.noted() else ():
                found.setdefault(place, []).append(note)
        for place in found:
            for run in self.visited.runs:
                run.close(place)
        return {place: smallest(self.program, notes) for place, notes in found.items()}

    def shorten(self, seconds: float) -> None:
        """See `States`."""
        self.visited.shorten(seconds)
