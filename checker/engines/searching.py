"""What does one search decide?  Level by level: what was found, whether that is enough, and then the next level.

Rule of the module: a level is finished before anything is said of it; of one that a budget cut short is told what is
known of it, and what is asked of states afterwards is asked of those that were expanded.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import NoReturn

import attrs

from interlock.checker.contract import (
    Asked,
    Cause,
    Coverage,
    Ended,
    NoneWithin,
    Surveyed,
    Task,
    Verdict,
    Violated,
    no_beginning,
    unbegun,
)
from interlock.checker.engines import confirming, coverage
from interlock.checker.engines.again import Again, Reconsidering, Start
from interlock.checker.engines.findings import Findings, Stop, with_notes
from interlock.checker.engines.judged import undecided
from interlock.checker.engines.pausing import Pauses
from interlock.checker.engines.resuming import Resuming
from interlock.checker.engines.stretching import OverBudget, Stretches
from interlock.checker.ir.nodes import PropertyKind
from interlock.checker.native.module.crew import Crew
from interlock.checker.native.module.program import Program, permitted
from interlock.checker.native.store import division, history
from interlock.checker.native.store.in_memory import opened
from interlock.checker.native.store.states import DiskError, Full, OutOfMemory, Place, States, WrongStart
from interlock.checker.passes.known import Known
from interlock.checker.watch import TimeUp
from interlock.checker.words import counted


class _Unbegun(Exception):
    """No run begins: there is no initial state."""


class Search:
    """One search, from its first state to its verdict."""

    def __init__(self, task: Task, crew: Crew, known: Known, start: Start) -> None:
        """`known`: what is known of all states.  Raises InputError for folders that cannot be written."""
        self.task, self.system = task, task.system
        self.program, learns = _program(task, known, start)
        states = opened(self.program, crew, task.budget.memory, task.spill, start.shortcuts)
        self.place, began = Place(states), time.perf_counter() - start.seconds
        self.findings = Findings(task, self.place, start.reduced, began)
        self.resuming = Resuming(task, self.place, self.findings)
        self.pauses = Pauses(task, self.place, self.findings, self.resuming)
        self.stretches = Stretches(self.place, self.pauses.look, task.budget)
        self.reconsidering = Reconsidering(task, self.place, self.findings, start.reduced, learns=learns)
        self.whole: int | None = 0  # all states of fewer steps are expanded; None: all states are

    @property
    def states(self) -> States:
        """Those of the search, wherever they are now."""
        return self.place.states

    def run(self) -> Verdict:
        """The verdict, and what was covered.  Raises Again, and Disagreement."""
        try:
            return self._answered()
        finally:
            self.resuming.close()
            self.states.close()

    # --- what is said ------------------------------------------------------------------------------

    def _answered(self) -> Verdict:
        verdict, asked = self._decided(), self.task.asked
        covered = attrs.evolve(verdict.coverage, compared=self._confirmed())
        if asked is not None and not (isinstance(verdict, Violated) and verdict.begins_nowhere()):
            covered = attrs.evolve(covered, survey=self._surveyed(asked, covered))
        return attrs.evolve(verdict, coverage=covered)

    def _confirmed(self) -> int:
        """Compare what compiled code says with the evaluator.  Raises Disagreement."""
        found = confirming.Found(self.states, self.whole)
        return confirming.searched(self.program, self.task.meaning, self.findings.seconds(), found)

    def _surveyed(self, asked: Asked, told: Coverage) -> Surveyed:
        """What is asked of the states, beside the verdict."""
        try:
            survey = self.states.survey(self.whole, self.pauses.look)
            return coverage.surveyed(self.program, survey, asked, told.fired or (), self.whole)
        except TimeUp as up:
            return Surveyed(0, self.whole, unanswered=(f"coverage was not counted: {self.task.budget.over(up)}",))
        except (Stop, DiskError) as stop:
            return Surveyed(0, self.whole, unanswered=(f"coverage was not counted: {stop}",))

    def _decided(self) -> Verdict:
        budget = self.task.budget
        try:
            self._begin()
            verdict = self._levels()
            seconds = self.findings.seconds() - self.states.shortcuts.spent
            history.learn(self.states, self.task, self.pauses.known, seconds)
            return verdict
        except WrongStart as wrong:
            return no_beginning(self.program.start(wrong.instance))
        except _Unbegun:
            return no_beginning(None)
        except OverBudget as over:
            return self._over(over.ended)
        except TimeUp as up:
            return self._stopped(budget.over(up), self.findings.harvest)
        except Stop as stop:
            return self._stopped(stop.ended, self.findings.harvest)
        except DiskError as error:
            return self._stopped(Ended(Cause.DISK, str(error)), self.findings.harvest)
        except OutOfMemory:
            more = "" if self.task.spill is None else ", with states on disk too: `--memory` sets more"
            reached = budget.memory_reached
            return self._stopped(Ended(reached.cause, reached.text + more), self._stopped_within)
        except Full as full:
            self._stopped_within()
            text = f"states of {counted(self.program.packing.bits, 'bit')}: {full}"
            return self.findings.undecided(Ended(Cause.MEMORY, text))

    def _stopped_within(self) -> None:
        """The level at work is not finished, and those that native code went through by itself are."""
        self.findings.harvest()
        self.whole = max(0, self.states.depth - 1)

    def _stopped(self, reason: Ended, ended: Callable[[], None]) -> Verdict:
        """The end of a run that another can go on from; `ended` takes the notes, which are saved as they are before."""
        if not self.resuming.begun:  # what was saved could not be taken up, and is left as it is
            return unbegun(reason, self.task.checkpoint)
        self.resuming.save()
        ended()
        return self.resuming.named(self.findings.undecided(reason))

    def _over(self, reason: Ended) -> Verdict:
        """More states than the budget allows: what was found beyond the last complete level is not told, nor beyond
        the budget where not even all initial states fit in it."""
        self.findings.final = self.findings.complete or self._initial_ones()
        self.states.harvest()
        return self.findings.undecided(reason)

    def _initial_ones(self) -> Coverage:
        most = self.task.budget.states
        return attrs.evolve(self.findings.coverage(), states=most, frontier=most, orbits=None, symmetry=())

    # --- level by level ----------------------------------------------------------------------------

    def _begin(self) -> None:
        """Take in the initial states, or go on from a checkpoint.  Raises WrongStart and _Unbegun."""
        self.states.check()
        if self.resuming.take_up():
            self.whole = max(0, self.states.depth - 1)
            if self.states.admitted:
                self._level()
                return
        else:
            start = self.reconsidering.at_once()
            if start is not None:
                raise Again(start)
            self.pauses.known = history.recalled(self.states, self.task)
            self.resuming.begun = True
        self.stretches.admit()
        if not self.states.found:
            raise _Unbegun

    def _levels(self) -> Verdict:
        findings, depth = self.findings, self.task.budget.depth
        while True:
            self.stretches.count(self.states.counts().real)
            findings.harvest()
            self.whole = self.states.depth
            if findings.troubles and not self.task.every:
                return findings.violated()
            if not self.states.more:
                self.whole = None
                return findings.done(self.pauses.look)
            if self.states.depth == depth:
                return self._within(depth)
            self._reconsider()
            if self.task.budget.states is not None:
                findings.complete = findings.coverage()
            self.pauses.look()
            self._begin_level()
            self._level()

    def _begin_level(self) -> None:
        """What was found is what is expanded next."""
        self.place.begin_level(self.pauses.look)

    def _level(self) -> None:
        """Search the level that was begun, and small ones after it."""
        self.stretches.level(self.task.budget.depth, self.reconsidering.threshold())

    def _reconsider(self) -> None:
        """At the end of a level: is it worth to begin again?"""
        start = self.reconsidering.after_level()
        if start is not None:
            self._again(start)

    def _again(self, start: Start) -> NoReturn:
        """Begin again, at the end of a level."""
        so_far = self.findings.undecided(Ended(Cause.ENGINE, "it begins again"))
        raise Again(start, attrs.evolve(so_far, coverage=attrs.evolve(so_far.coverage, compared=self._confirmed())))

    def _within(self, depth: int) -> Verdict:
        """All states so deep were found, and those before them expanded."""
        self.findings.final = self.findings.coverage()
        self._probe()
        if self.findings.troubles and not self.task.every:
            return self.findings.violated()
        reason = self.task.budget.depth_reached
        verdict = self.findings.every(reason)
        if verdict is not None:
            return verdict
        wanted = [p for p in self.system.properties if p.kind is PropertyKind.REACHABLE]
        missing = [p.name for p in wanted if not self.findings.witnessed(p)]
        notes = (f"not witnessed within the depth: {', '.join(missing)}",) if missing else ()
        covered = with_notes(self.findings.coverage(), notes)
        return NoneWithin(attrs.evolve(covered, not_judged=undecided(self.system, str(reason))), depth)

    def _probe(self) -> None:
        """The last level allowed, found but not expanded: is one of its states a deadlock or an error?"""
        if self.system.terminal is None and not any(a.erring for a in self.system.actions):
            return
        self.states.probe()
        self._begin_level()
        self._level()
        self.findings.harvest()


def _program(task: Task, known: Known, start: Start) -> tuple[Program, bool]:
    """The compiled system, its leaves divided as `start` says or an earlier run found best; and whether a better division
    is still to be looked for."""
    quotient = start.reduced.quotient
    known = permitted(known, task.system, quotient)
    program = Program(task.system, every=task.every, quotient=quotient, known=known, division=start.division)
    fixed = start.division is not None or quotient is not None or task.checkpoint is not None or program.words == 1
    best = None if fixed else division.recalled(program)
    return best or program, not fixed and best is None
