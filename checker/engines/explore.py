"""Which states can be reached, and does everything claimed hold in all of them?

Rule of the module: breadth first, every state once, level by level; a level is finished before anything is said
of it, and of several violations the one told is the first by length, kind, property and state.  So counts, verdict and
path are the same on every run and any number of threads, and a counterexample is as short as any.
A property of states is judged when a state is found, a property of steps when the step is made, deadlock and
errors of the model when a state is expanded.  A task that asks for `every` violation is searched to the end,
and each thing that is violated is kept with the first state of which it is.
A large search keeps one state of each orbit, where the members of a scalarset are shown to be interchangeable
(`reduction`); the counts, the verdict and the path are of the system itself.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, NoReturn

import attrs

from interlock.checker.contract import (
    INTERRUPTED,
    Asked,
    Cause,
    Coverage,
    Ended,
    NoneWithin,
    Step,
    Surveyed,
    Task,
    Unknown,
    Verdict,
    Violated,
    no_beginning,
    unbegun,
)
from interlock.checker.engines import confirming, coverage, distinct, reduction
from interlock.checker.engines.findings import Findings, Stop, with_notes
from interlock.checker.engines.judged import undecided
from interlock.checker.engines.keeping import Kept, keeper_of
from interlock.checker.engines.reduction import Reduction
from interlock.checker.ir.nodes import PropertyKind
from interlock.checker.native.code import limits
from interlock.checker.native.code.jit import FAST
from interlock.checker.native.kernel import BLOCK, Ctx, Status
from interlock.checker.native.module.crew import Crew
from interlock.checker.native.module.program import Program, known_leaves, permitted
from interlock.checker.native.module.run import NONE
from interlock.checker.native.module.shortcuts import Shortcuts
from interlock.checker.native.store import division, history
from interlock.checker.native.store.history import History
from interlock.checker.native.store.lookup import Lookup
from interlock.checker.native.store.saved import numbers, restore, sections
from interlock.checker.native.store.survey import Survey
from interlock.checker.native.store.visited import DiskError, Full, OutOfMemory, Visited
from interlock.checker.passes.known import Known
from interlock.checker.semantics.layout import Division
from interlock.checker.watch import TimeUp
from interlock.checker.words import counted

if TYPE_CHECKING:
    from interlock.checker.native.store.spill import Spill

_PAUSE = 0.1  # seconds of native search between looks at the budget
_REPORT = 0.5  # seconds between calls of `progress`
_FIRST_CHUNK = 5_000
_LONG = 0.05  # seconds after which a search is worth making shorter
_SHORTEN = 0.25  # of its time, at most, goes into that
_SLICE = 0.1  # seconds of it between looks at the budget
_FEW = 1 << 22  # cells of a table whose levels are counted to see how long it will take
_CAUTION = 0.5  # of the states that are foreseen
_MANY = 16  # blocks of a level from which on all threads search it


class Explore:
    """Exhaustive breadth-first search in native code."""

    name = "explore"
    knows = frozenset(
        {
            "time",
            "memory",
            "states",
            "depth",
            "workers",
            "all",
            "distinct",
            "coverage",
            "symmetry",
            "checkpoint",
            "spill",
        }
    )

    def run(self, task: Task) -> Verdict:
        """Decide the task as far as the budget goes.  Raises InputError for what cannot be compiled."""
        limits.refuse(task.system)
        crew = Crew(task.workers)
        try:
            verdict = _searched(task, crew)
            if task.distinct > 1 and isinstance(verdict, Violated):
                others = attrs.evolve(task, checkpoint=None)  # other searches
                return distinct.with_more(others, verdict, lambda other: _searched(other, crew))
            return verdict
        finally:
            crew.close()


def _searched(task: Task, crew: Crew) -> Verdict:
    """What a search says, which may begin again; where it does not come so far again, what it said before."""
    before: Verdict | None = None
    try:
        start, known = _Start(reduction.at_first(task)), known_leaves(task.system)
        while True:
            search = _Search(task, crew, known, start)
            try:
                verdict = search.run()
                break
            except _Again as again:
                start, before = again.start, again.so_far or before
            del search  # and its memory
    except TimeUp as up:  # before there was a search that could say how far it came
        verdict = unbegun(task.budget.over(up), task.checkpoint)
    return verdict if before is None else _further(before, verdict)


def _further(before: Verdict, verdict: Verdict) -> Verdict:
    """Of a search that began again, what it says now; or, where a budget ended it earlier than the time before, what it
    said then."""
    reason = verdict.ended if isinstance(verdict, (Unknown, Violated)) else None
    then, now = before.coverage, verdict.coverage
    if reason is None or ((now.depth or 0), now.states or 0) >= ((then.depth or 0), then.states or 0):
        return verdict
    compared = max(then.compared or 0, now.compared or 0)
    told = attrs.evolve(then, search_seconds=now.search_seconds, checkpoint=now.checkpoint, compared=compared)
    if now.survey is not None:
        told = attrs.evolve(told, survey=Surveyed(0, unanswered=("coverage was not counted: the search began again",)))
    if isinstance(before, Violated):
        return attrs.evolve(before, coverage=told, ended=reason)
    assert isinstance(before, Unknown), "it was not over"
    return attrs.evolve(before, coverage=told, ended=reason)


class _Over(Stop):
    """The budget of states did."""


class _Unbegun(Exception):
    """No run begins: an initial action is an error of the model; None: there is no initial state."""

    def __init__(self, start: Step | None) -> None:
        super().__init__()
        self.start = start


@attrs.frozen(eq=False)
class _Start:
    """What a search begins with, and one that begins again goes on with; `seconds` were spent before."""

    reduced: Reduction
    division: Division | None = None
    shortcuts: Shortcuts | None = None
    seconds: float = 0.0


class _Again(Exception):
    """The search is to begin again: reduced by more, or with the leaves of its states divided better.  `so_far`: what
    it would say if it ended here; None where it did not begin."""

    def __init__(self, start: _Start, so_far: Verdict | None = None) -> None:
        super().__init__()
        self.start, self.so_far = start, so_far


class _Search:
    def __init__(self, task: Task, crew: Crew, known: Known, start: _Start) -> None:
        reduced = start.reduced
        self.task, self.system = task, task.system
        self.reduced, self.quotient = reduced, reduced.quotient
        known = permitted(known, task.system, self.quotient)
        self.program = Program(
            task.system, every=task.every, quotient=self.quotient, known=known, division=start.division
        )
        self.learns = False  # whether to look for a better division
        if start.division is None and self.quotient is None and task.checkpoint is None and self.program.words > 1:
            best = division.recalled(self.program)
            self.program, self.learns = best or self.program, best is None
        self.visited = Visited(self.program, crew, task.budget.memory, start.shortcuts)
        self.most = NONE if task.budget.states is None else task.budget.states
        self.silent = self.system.terminal is None and not any(a.erring for a in self.system.actions)
        self.chunk = _FIRST_CHUNK
        self.complete: Coverage | None = None  # where states are counted: of the last level that was finished
        self.whole: int | None = 0  # all states of fewer steps are expanded; None: all states are
        self.reported, self.invested = time.perf_counter(), -math.inf
        self.keeper = keeper_of(task, self.program)
        self.spill = _spill_of(task, self.visited)
        started = self.reported - start.seconds  # of searches that began again
        self.findings = Findings(task, self.program, self.visited, reduced, self.spill, started)
        self.begun, self.kept = False, (0, 0)  # states found and expanded, of the last checkpoint
        self.known = History()

    def run(self) -> Verdict:
        try:
            return self._answered()
        finally:
            if self.keeper is not None:
                self.keeper.close()
            if self.spill is not None:
                self.spill.close()

    def _answered(self) -> Verdict:
        verdict, asked = self._decided(), self.task.asked
        covered = attrs.evolve(verdict.coverage, compared=self._confirmed())
        if asked is not None and not (isinstance(verdict, Violated) and verdict.begins_nowhere()):
            covered = attrs.evolve(covered, survey=self._surveyed(asked, covered))
        return attrs.evolve(verdict, coverage=covered)

    def _confirmed(self) -> int:
        """Compare what compiled code says with the evaluator.  Raises Disagreement."""
        found = confirming.Found(Lookup(self.visited, self.spill), self.whole)
        return confirming.searched(self.program, self.task.meaning, self.findings.seconds(), found)

    def _surveyed(self, asked: Asked, told: Coverage) -> Surveyed:
        """What is asked of the states, beside the verdict."""
        spill = self.spill
        try:
            if spill is not None and spill.touched:
                if not spill.begun:  # the disk was full before all of them were there
                    raise Stop(self.findings.on_disk())
                return self._surveyed_on_disk(spill, asked, told)
            below = self.visited.deepest() + 1 if self.whole is None else self.whole
            return coverage.surveyed(Survey(self.visited, below, self._look), asked, told.fired or (), self.whole)
        except TimeUp as up:
            return Surveyed(0, self.whole, unanswered=(f"coverage was not counted: {self.task.budget.over(up)}",))
        except (Stop, DiskError) as stop:
            return Surveyed(0, self.whole, unanswered=(f"coverage was not counted: {stop}",))

    def _surveyed_on_disk(self, spill: Spill, asked: Asked, told: Coverage) -> Surveyed:
        from interlock.checker.native.store.disk import DiskSurvey  # noqa: PLC0415 - numpy, only for what is large

        levels = len(spill.sizes) if self.whole is None else self.whole
        survey = DiskSurvey(spill, levels, self._look)
        with spill.reading():
            return coverage.surveyed(survey, asked, told.fired or (), self.whole)

    def _decided(self) -> Verdict:
        try:
            self._begin()
            verdict = self._search()
            if self.spill is None or not self.spill.begun:
                seconds = self.findings.seconds() - self.visited.shortcuts.spent
                history.learn(self.visited, self.task, self.known, seconds)
            return verdict
        except _Unbegun as problem:
            return no_beginning(problem.start)
        except _Over as over:
            self.findings.harvest()
            return self.findings.undecided(over.ended)
        except TimeUp as up:
            return self._stopped(self.task.budget.over(up), self.findings.harvest)
        except Stop as stop:
            return self._stopped(stop.ended, self.findings.harvest)
        except DiskError as error:
            return self._stopped(Ended(Cause.DISK, str(error)), self.findings.harvest)
        except OutOfMemory:
            more = "" if self.spill is None else ", with states on disk too: `--memory` sets more"
            reached = self.task.budget.memory_reached
            return self._stopped(Ended(reached.cause, reached.text + more), self._stopped_within)
        except Full as full:
            self._stopped_within()
            text = f"states of {counted(self.program.packing.bits, 'bit')}: {full}"
            return self.findings.undecided(Ended(Cause.MEMORY, text))

    def _stopped_within(self) -> None:
        """The level at work is not finished, and those that native code went through by itself are."""
        self.findings.harvest()
        self.whole = max(0, self.visited.depth - 1)

    # --- checkpoints -------------------------------------------------------------------------------

    def _begin(self) -> None:
        """Take in the initial states, or go on from a checkpoint."""
        if self.spill is None:
            self.visited.afford_beside(0)  # what it begins with
        saved = None if self.keeper is None else self.keeper.saved()
        if saved is None:
            self._reduce_at_once()
            self.known = history.recalled(self.visited, self.task)
            self.begun = True
            self._admit()
            return
        kept = Kept.read(saved.numbers["search"])
        self.findings.troubles, self.findings.witnesses, self.complete = kept.troubles, kept.witnesses, kept.complete
        self.findings.started -= kept.seconds
        restore(self.visited, saved)
        self.begun, self.whole = True, max(0, self.visited.depth - 1)
        told = f"the search went on from a checkpoint of {counted(kept.states or 0, 'state')}"
        self.findings.notes = (*self.findings.notes, told)
        if self.visited.first[Ctx.INITIAL] < self.program.starts[-1]:
            self._admit()
        else:
            self._level()

    def _save(self) -> None:
        """Save the search, between two native calls; not one that looks at a last level without counting it."""
        now = self.visited.found, self.visited.total(Ctx.EXPANDED)
        if self.keeper is None or not self.begun or self.visited.first[Ctx.PROBE] or now == self.kept:
            return
        self.kept = now
        seconds, states = time.perf_counter() - self.findings.started, self.findings.coverage().states
        kept = Kept(self.findings.troubles, self.findings.witnesses, self.complete, seconds, states)
        self.keeper.save(numbers(self.visited) | {"search": kept.data()}, sections(self.visited))

    def _stopped(self, reason: Ended, ended: Callable[[], None]) -> Verdict:
        """The end of a run that another can go on from; `ended` takes the notes, which are saved as they are before."""
        if not self.begun:  # what was saved could not be taken up, and is left as it is
            return unbegun(reason, self.task.checkpoint)
        self._save()
        ended()
        verdict = self.findings.undecided(reason)
        undecided = isinstance(verdict, Unknown) or (isinstance(verdict, Violated) and verdict.ended)
        if self.keeper is None or not self.keeper.written or not undecided:
            return verdict
        return attrs.evolve(verdict, coverage=attrs.evolve(verdict.coverage, checkpoint=str(self.keeper.where.file)))

    # --- the search --------------------------------------------------------------------------------

    def _admit(self) -> None:
        """Take in the initial states.  Raises _Unbegun."""
        first = self.visited.first
        self._make_room()
        while (status := self._some_initial()) is not Status.DONE:
            if status is Status.ERROR:
                raise _Unbegun(self.program.start(first[Ctx.INITIAL]))
            if status is Status.GROW:
                self._make_room()
            self._look()
        if not self.visited.found:
            raise _Unbegun(None)
        # Nothing to expand yet: the end of an empty level hands over what was admitted.
        first[Ctx.LEVELS_LEFT] = 0
        self.program.search(first.address, 0)
        if self.spill is not None and self.spill.begun:
            self._settle(self.spill)

    def _some_initial(self) -> Status:
        """One stretch of initial instances, sized to take about `_PAUSE`."""
        first = self.visited.first
        before, done = time.perf_counter(), first[Ctx.INITIAL]
        status = Status(self.program.begin(first.address, self.chunk))
        self._sized(first[Ctx.INITIAL] - done, time.perf_counter() - before, 1_000)
        return status

    def _search(self) -> Verdict:
        visited, budget = self.visited, self.task.budget
        while True:
            if self.findings.states() > self.most:
                self._over()
            self.findings.harvest()
            self.whole = visited.depth
            if self.findings.troubles and not self.task.every:
                return self.findings.violated()
            if not self._more():
                self.whole = None
                return self.findings.done(self._look)
            if visited.depth == budget.depth:
                return self._within(visited.depth)
            self._reconsider()
            self._keep_count()
            self._look()
            self._begin_level()
            self._level()

    def _reconsider(self) -> None:
        """At the end of a level: is it worth to begin again, reduced by more, or with leaves divided better?"""
        threshold = self.reduced.again
        if threshold is not None and self.visited.found > threshold and self._reduce():
            history.began_again(self.visited, self.task, threshold)
            self._again(_Start(self.reduced, seconds=self.findings.seconds()))
        if self.learns and self.visited.found > division.MANY and (self.spill is None or not self.spill.begun):
            self.learns, before = False, time.perf_counter()
            better = division.learned(self.visited)
            self.findings.started += time.perf_counter() - before
            if better is not None:
                self._again(_Start(self.reduced, better, self.visited.shortcuts, self.findings.seconds()))

    def _reduce(self) -> bool:
        """Look for more to reduce the search by; whether there is any."""
        before, order = time.perf_counter(), self.reduced.order
        self.reduced = reduction.later(self.task, self.reduced)
        self.findings.notes = self.reduced.refusals
        self.findings.started += time.perf_counter() - before  # that was no search
        return self.reduced.order > order

    def _reduce_at_once(self) -> None:
        """A search that began again when it was last made does so before it begins."""
        threshold = None if self.reduced.again is None else history.begins_again(self.visited, self.task)
        if threshold is not None:
            self.reduced = attrs.evolve(self.reduced, again=threshold)
            if self._reduce():
                raise _Again(_Start(self.reduced))

    def _again(self, start: _Start) -> NoReturn:
        """Begin again, at the end of a level."""
        so_far = self.findings.undecided(Ended(Cause.ENGINE, "it begins again"))
        raise _Again(start, attrs.evolve(so_far, coverage=attrs.evolve(so_far.coverage, compared=self._confirmed())))

    def _level(self) -> None:
        """Search the level that was begun, and small ones after it."""
        visited, depth = self.visited, self.task.budget.depth
        first = visited.first
        ahead = (visited.deepest() if depth is None else min(depth, visited.deepest())) - visited.depth
        spilled = self.spill is not None and self.spill.begun
        first[Ctx.LEVELS_LEFT] = ahead if self.most == NONE and not first[Ctx.PROBE] and not spilled else 0
        again = min(NONE if self.reduced.again is None else self.reduced.again, division.MANY if self.learns else NONE)
        first[Ctx.PLENTY] = NONE if again == NONE else max(0, again + 1 - visited.found + first[Ctx.COUNT])
        threads = len(visited.runs)
        first[Ctx.MANY] = NONE if threads == 1 else _MANY
        self._piece()
        while self.spill is not None and self.spill.load():
            self._piece()
        if self.spill is not None and self.spill.begun and not first[Ctx.PROBE]:
            self._settle(self.spill)

    def _piece(self) -> None:
        """Search what is in memory of the level."""
        visited = self.visited
        together = len(visited.runs) > 1 and visited.first[Ctx.LENGTH] >= _MANY
        while (statuses := self._together() if together else self._alone()) != {Status.DONE}:
            if Status.GROW in statuses:
                self._make_room()
            self._look()

    def _make_room(self) -> None:
        """More memory for the search, or states on disk instead."""
        visited, spill = self.visited, self.spill
        while True:
            spilled = spill is not None and spill.begun
            if not spilled and visited.found > self.most:
                self._over()
            try:
                visited.make_room(NONE if spilled else self.most)
            except OutOfMemory:
                if spill is None:
                    raise
                if not spilled:
                    self.findings.settled = self.findings.coverage()
                spill.relieve()
                visited.first[Ctx.LEVELS_LEFT] = 0
            else:
                return

    def _alone(self) -> set[Status]:
        """One stretch of native search on one thread, sized to take about `_PAUSE`."""
        first = self.visited.first
        before, expanded = time.perf_counter(), first[Ctx.EXPANDED]
        status = Status(self.program.search(first.address, self.chunk))
        self._sized(first[Ctx.EXPANDED] - expanded, time.perf_counter() - before, 1_000)
        return {status}

    def _together(self) -> set[Status]:
        """The same on all threads, which share the blocks up to a limit."""
        visited, runs = self.visited, self.visited.runs
        before, expanded = time.perf_counter(), visited.total(Ctx.EXPANDED)
        visited.limit_level(max(1, self.chunk // BLOCK))
        visited.together()
        statuses = visited.crew.all([partial(self.program.search, run.address, NONE) for run in runs])
        visited.alone()
        done = visited.total(Ctx.EXPANDED) - expanded
        self._sized(done, time.perf_counter() - before, BLOCK * len(runs))
        return {Status(s) for s in statuses}

    def _sized(self, expanded: int, seconds: float, least: int) -> None:
        if expanded:
            self.chunk = max(least, min(4 * self.chunk, int(expanded * _PAUSE / max(seconds, 1e-6))))

    def _look(self) -> None:
        """Look at the clock and at who waits."""
        now = time.perf_counter()
        budget = self.task.budget
        if budget.seconds is not None and time.monotonic() - self.task.started > budget.seconds:
            raise Stop(budget.time_reached)
        if self.task.interrupted():
            raise Stop(INTERRUPTED)
        self._invest(now)
        if now - self.reported >= _REPORT:
            self.reported = now
            share = self.visited.expanded() if self.spill is None or not self.spill.begun else self.spill.expanded
            now_covered = attrs.evolve(self.findings.coverage(), level_expanded=share, memory_budget=budget.memory)
            self.task.progress(attrs.evolve(now_covered, last_time=self.known.states or None))
        if self.keeper is not None and self.keeper.due(self.visited.bytes()):
            self._save()

    def _invest(self, now: float) -> None:
        """Do what makes the rest of a search shorter, for a part of the time that it will take in all.  To look ahead
        takes a pass over the table, so it is not done at the end of each small level."""
        visited, library = self.visited, self.program.library
        whole = now - self.findings.started + self.known.credit
        if whole <= _LONG or now - self.invested < _PAUSE or (library.form is FAST and visited.shortcuts.finished):
            return
        self.invested = now
        if visited.slots < _FEW and not visited.spilled:
            whole *= max(1.0, _CAUTION * visited.foreseen() / max(1, visited.found))
        library.promised(whole)
        visited.shorten(min(_SHORTEN * whole, visited.shortcuts.spent + _SLICE))

    def _keep_count(self) -> None:
        """Where states are counted, remember the last level that was complete: it is the same on every run."""
        if self.most != NONE:
            self.complete = self.findings.coverage()

    def _over(self) -> None:
        """More states than the budget allows: what was found beyond the last complete level is not told, nor beyond
        the budget where not even all initial states fit in it."""
        self.findings.final = self.complete or self._initial_ones()
        for run in self.visited.runs:
            run.taken_notes()
        raise _Over(self.task.budget.states_reached)

    def _initial_ones(self) -> Coverage:
        now = self.findings.coverage()
        return attrs.evolve(now, states=self.most, frontier=self.most, orbits=None, symmetry=())

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
        if self.silent:
            return
        for run in self.visited.runs:
            run[Ctx.PROBE] = 1
            run.uncounted()
        self._begin_level()
        self._level()
        self.findings.harvest()

    # --- states on disk ----------------------------------------------------------------------------

    def _more(self) -> bool:
        """Whether the level that was found last has any states."""
        if self.spill is None or not self.spill.begun:
            return self.visited.listed > 0
        return self.spill.sizes[-1] > 0

    def _begin_level(self) -> None:
        spill = self.spill
        if spill is None or not spill.begun:
            try:
                self.visited.begin_level()
            except OutOfMemory:  # for depths beside the table
                if spill is None:
                    raise
                spill.relieve()
                self._settle(spill)
            else:
                return
        assert spill is not None
        spill.begin_level()

    def _settle(self, spill: Spill) -> None:
        """Take what was known before out of the level that was found."""
        spill.settle(self._look)
        self.findings.settled = self.findings.coverage()


def _spill_of(task: Task, visited: Visited) -> Spill | None:
    """Where a search may put its states when memory is full.  Raises InputError C006."""
    if task.spill is None:
        return None
    from interlock.checker.native.store.spill import Spill  # noqa: PLC0415 - numpy takes a tenth of a second to load

    return Spill(visited, task.spill)
