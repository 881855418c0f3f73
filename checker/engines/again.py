"""Is a search worth beginning again?  Where it is larger than it looked, and could be reduced, or its states lie better.

Rule of the module: asked at the end of a level, of how many states were found; so a search that is reduced begins again
at the same level on every run.  How states are divided into words changes nothing that is told.
"""

from __future__ import annotations

import time

import attrs

from interlock.checker.contract import Task, Verdict
from interlock.checker.engines import reduction
from interlock.checker.engines.findings import Findings
from interlock.checker.engines.reduction import Reduction
from interlock.checker.native.module.run import NONE
from interlock.checker.native.module.shortcuts import Shortcuts
from interlock.checker.native.store import division, history
from interlock.checker.native.store.states import Place
from interlock.checker.semantics.layout import Division


@attrs.frozen(eq=False)
class Start:
    """What a search begins with, and one that begins again goes on with; `seconds` were spent before."""

    reduced: Reduction
    division: Division | None = None
    shortcuts: Shortcuts | None = None
    seconds: float = 0.0


class Again(Exception):
    """The search is to begin again, with `start`.  `so_far`: what it would say if it ended here; None where it did not
    begin."""

    def __init__(self, start: Start, so_far: Verdict | None = None) -> None:
        super().__init__()
        self.start, self.so_far = start, so_far


class Reconsidering:
    """What a search would begin again with.  `learns`: whether to look for a better division of its leaves."""

    def __init__(self, task: Task, place: Place, findings: Findings, reduced: Reduction, *, learns: bool) -> None:
        self.task, self.place, self.findings = task, place, findings
        self.reduced, self.learns = reduced, learns

    def threshold(self) -> int:
        """How many states may be found before it is worth to reconsider."""
        reduces = NONE if self.reduced.again is None else self.reduced.again
        return min(reduces, division.MANY if self.learns else NONE)

    def at_once(self) -> Start | None:
        """Before the first level: a search that began again when it was last made does so at once."""
        states = self.place.states
        threshold = None if self.reduced.again is None else history.begins_again(states, self.task)
        if threshold is not None:
            self.reduced = attrs.evolve(self.reduced, again=threshold)
            if self._reduce():
                return Start(self.reduced)
        return None

    def after_level(self) -> Start | None:
        """At the end of a level: reduced by more, or with leaves that are divided better; None: it goes on."""
        states, threshold = self.place.states, self.reduced.again
        if threshold is not None and states.found > threshold and self._reduce():
            history.began_again(states, self.task, threshold)
            return Start(self.reduced, seconds=self.findings.seconds())
        if self.learns and states.found > division.MANY:
            self.learns, before = False, time.perf_counter()
            better = states.better_division()
            self.findings.started += time.perf_counter() - before  # that was no search
            if better is not None:
                return Start(self.reduced, better, states.shortcuts, self.findings.seconds())
        return None

    def _reduce(self) -> bool:
        """Look for more to reduce the search by; whether there is any."""
        before, order = time.perf_counter(), self.reduced.order
        self.reduced = reduction.later(self.task, self.reduced)
        self.findings.notes = self.reduced.refusals
        self.findings.started += time.perf_counter() - before  # that was no search
        return self.reduced.order > order
