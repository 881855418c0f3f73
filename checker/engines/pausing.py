"""What happens between two native calls?  Somebody looks at the clock, says how far it is, and shortens what is left.

Rule of the module: what is done in a pause changes nothing that is told but how long it takes.
"""

from __future__ import annotations

import math
import time

import attrs

from interlock.checker.contract import INTERRUPTED, Task
from interlock.checker.engines.findings import Findings, Stop
from interlock.checker.engines.resuming import Resuming
from interlock.checker.native.code.jit import FAST
from interlock.checker.native.store.history import History
from interlock.checker.native.store.states import Place

PAUSE = 0.1  # seconds of native search between two looks: who interrupts it waits no longer
_REPORT = 0.5  # seconds between calls of `progress`: as often as a line that changes is read
_LONG = 0.05  # seconds after which a search is worth making shorter: most are over before
_SHORTEN = 0.25  # of its time, at most, goes into that: so a search that gains nothing takes a third longer, no more
_SLICE = 0.1  # seconds of it between looks at the budget
_CAUTION = 0.5  # of the states that are foreseen: time that is not saved in the end was wasted


class Pauses:
    """The pauses of a search.  `known`: what is known of it from its last run."""

    def __init__(self, task: Task, place: Place, findings: Findings, resuming: Resuming) -> None:
        self.task, self.place, self.findings, self.resuming = task, place, findings, resuming
        self.known = History()
        self._reported, self._invested = time.perf_counter(), -math.inf

    def look(self) -> None:
        """Look at the clock and at who waits.  Raises Stop."""
        now, budget = time.perf_counter(), self.task.budget
        if budget.seconds is not None and time.monotonic() - self.task.started > budget.seconds:
            raise Stop(budget.time_reached)
        if self.task.interrupted():
            raise Stop(INTERRUPTED)
        self._invest(now)
        if now - self._reported >= _REPORT:
            self._reported = now
            self._report()
        self.resuming.save_when_due()

    def _report(self) -> None:
        share, memory = self.place.states.share_expanded(), self.task.budget.memory
        covered = attrs.evolve(self.findings.coverage(), level_expanded=share, memory_budget=memory)
        self.task.progress(attrs.evolve(covered, last_time=self.known.states or None))

    def _invest(self, now: float) -> None:
        """Do what makes the rest of a search shorter, for a part of the time that it will take in all.  To look ahead
        may take long, so it is not done at the end of each small level."""
        states = self.place.states
        library, shortcuts = states.program.library, states.shortcuts
        whole = now - self.findings.started + self.known.credit
        if whole <= _LONG or now - self._invested < PAUSE or (library.form is FAST and shortcuts.finished):
            return
        self._invested = now
        whole *= max(1.0, _CAUTION * states.foreseen() / max(1, states.found))
        library.promised(whole)
        states.shorten(min(_SHORTEN * whole, shortcuts.spent + _SLICE))
