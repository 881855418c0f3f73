"""How does a search go on where another run ended?  It is saved between two native calls, when that is due.

Rule of the module: what was saved and cannot be taken up is left as it is.
"""

from __future__ import annotations

import time

import attrs

from interlock.checker.contract import Task, Unknown, Verdict, Violated
from interlock.checker.engines.findings import Findings
from interlock.checker.engines.keeping import Kept, keeper_of
from interlock.checker.native.store.states import Place
from interlock.checker.words import counted


class Resuming:
    """Saves a search, if that is asked for.  `begun`: whether there is anything to save yet."""

    def __init__(self, task: Task, place: Place, findings: Findings) -> None:
        """Raises InputError C006 and C012 for a folder that nothing can be saved to."""
        self.place, self.findings = place, findings
        self.keeper = keeper_of(task, place.states.program)
        self.begun, self._kept = False, (0, 0)  # states found and expanded, of the last checkpoint

    def close(self) -> None:
        """Let others save to the folder."""
        if self.keeper is not None:
            self.keeper.close()

    def take_up(self) -> bool:
        """Make the search the one that was saved; whether there was one.  Raises InputError C010 and C011."""
        saved = None if self.keeper is None else self.keeper.saved()
        if saved is None:
            return False
        kept, findings = Kept.read(saved.numbers["search"]), self.findings
        findings.troubles, findings.witnesses, findings.complete = kept.troubles, kept.witnesses, kept.complete
        findings.started -= kept.seconds
        self.place.states.restore(saved)
        self.begun = True
        told = f"the search went on from a checkpoint of {counted(kept.states or 0, 'state')}"
        findings.notes = (*findings.notes, told)
        return True

    def save_when_due(self) -> None:
        """Save the search, if the last time was long enough ago."""
        if self.keeper is not None and self.keeper.due(self.place.states.bytes()):
            self.save()

    def save(self) -> None:
        """Save the search as it is, if it can be and went on since the last time."""
        if self.keeper is None or not self.begun:
            return
        counts, findings = self.place.states.counts(), self.findings
        if (counts.found, counts.expanded) == self._kept:
            return
        arrays = self.place.states.save()
        if arrays is None:
            return
        self._kept = counts.found, counts.expanded
        seconds, states = time.perf_counter() - findings.started, findings.coverage().states
        kept = Kept(findings.troubles, findings.witnesses, findings.complete, seconds, states)
        numbers, sections = arrays
        self.keeper.save(numbers | {"search": kept.data()}, sections)

    def named(self, verdict: Verdict) -> Verdict:
        """The verdict, and where the checkpoint is, where another run can decide more."""
        undecided = isinstance(verdict, Unknown) or (isinstance(verdict, Violated) and verdict.ended)
        if self.keeper is None or not self.keeper.written or not undecided:
            return verdict
        return attrs.evolve(verdict, coverage=attrs.evolve(verdict.coverage, checkpoint=str(self.keeper.where.file)))
