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

import time
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

import attrs

from checker.engines import coverage, distinct, reduction
from checker.engines.contract import (
    Asked,
    Coverage,
    Holds,
    NoneWithin,
    Path,
    Step,
    Surveyed,
    Task,
    Trouble,
    Unknown,
    Verdict,
    Violated,
    shown,
)
from checker.engines.keeping import Kept, Wrong, keeper_of
from checker.engines.reduction import Reduction
from checker.ir.nodes import PropertyKind
from checker.ir.passes.known import Known
from checker.ir.scalar import ScalarProperty
from checker.native import division, history
from checker.native.crew import Crew
from checker.native.history import History
from checker.native.kernel import BLOCK, BUFFER, Ctx, Status
from checker.native.levels import Levels
from checker.native.program import Found, Program, known_leaves, permitted
from checker.native.run import NONE, Noted, smallest
from checker.native.saved import numbers, restore, sections
from checker.native.survey import Survey
from checker.native.visited import Full, OutOfMemory, Visited
from checker.semantics.layout import Division

if TYPE_CHECKING:
    from checker.native.spill import Spill

_PAUSE = 0.1  # seconds of native search between looks at the budget
_REPORT = 0.5  # seconds between calls of `progress`
_FIRST_CHUNK = 5_000
_LONG = 0.05  # seconds after which a search is worth making shorter
_SHORTEN = 0.25  # of its time, at most, goes into that
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
        """Decide the task as far as the budget goes."""
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
    """What a search says, which may begin again."""
    reduced, divided, seconds = reduction.at_first(task), None, 0.0
    known = known_leaves(task.system)
    while True:
        search = _Search(task, crew, known, reduced, divided, seconds)
        try:
            return search.run()
        except _Again as again:
            reduced, divided, seconds = again.reduced, again.divided, search.seconds()
        del search  # and its memory


class _Stop(Exception):
    """A budget ended the run; the reason is the argument."""


class _Over(_Stop):
    """The budget of states did."""


class _Again(Exception):
    """The search is to begin again: reduced by more, or with the leaves of its states divided better."""

    def __init__(self, reduced: Reduction, divided: Division | None = None) -> None:
        super().__init__()
        self.reduced, self.divided = reduced, divided


class _Search:
    def __init__(  # noqa: PLR0913 - what a search that begins again goes on with
        self, task: Task, crew: Crew, known: Known, reduced: Reduction, divided: Division | None, seconds: float
    ) -> None:
        self.task, self.system = task, task.system
        self.reduced, self.quotient = reduced, reduced.quotient
        known = permitted(known, task.system, self.quotient)
        self.program = Program(task.system, every=task.every, quotient=self.quotient, known=known, division=divided)
        self.learns = False  # whether to look for a better division
        if divided is None and self.quotient is None and task.checkpoint is None and self.program.words > 1:
            best = division.recalled(self.program)
            self.program, self.learns = best or self.program, best is None
        self.visited = Visited(self.program, crew, task.budget.memory)
        self.most = NONE if task.budget.states is None else task.budget.states
        self.silent = self.system.terminal is None and not any(a.errors for a in self.system.actions)
        self.troubles: dict[int, Wrong] = {}
        self.witnesses: dict[int, tuple[Noted, int]] = {}
        self.late: list[Violated] = []
        self.chunk = _FIRST_CHUNK
        self.levels: Levels | None = None
        self.final: Coverage | None = None  # what is told, where the search went on beyond it
        self.complete: Coverage | None = None  # where states are counted: of the last level that was finished
        self.whole: int | None = 0  # all states of fewer steps are expanded; None: all states are
        self.reported = time.perf_counter()
        self.started = self.reported - seconds  # of searches that began again
        self.searched: float | None = None
        self.keeper = keeper_of(task, self.program)
        self.spill = _spill_of(task, self.visited)
        self.settled: Coverage | None = None  # what is known to be covered, while states on disk are not merged
        self.begun, self.kept = False, (0, 0)  # states found and expanded, of the last checkpoint
        self.notes = reduced.refusals
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
        if asked is None:
            return verdict
        covered = attrs.evolve(verdict.coverage, survey=self._surveyed(asked, verdict.coverage))
        return attrs.evolve(verdict, coverage=covered)

    def _surveyed(self, asked: Asked, told: Coverage) -> Surveyed:
        """What is asked of the states, beside the verdict."""
        if self.spill is not None and self.spill.touched:
            reason = f"coverage was not counted: it needs all states in memory, and {self._on_disk()}"
            return Surveyed(0, self.whole, unanswered=(f"{reason}; give it more with --memory",))
        below = self.visited.deepest() + 1 if self.whole is None else self.whole
        survey = Survey(self.visited, below, self._look)
        try:
            return coverage.surveyed(survey, asked, told.fired or (), self.whole)
        except _Stop as stop:
            return Surveyed(0, self.whole, unanswered=(f"coverage was not counted: {stop}",))

    def _decided(self) -> Verdict:
        try:
            self._begin()
            verdict = self._search()
            if self.spill is None or not self.spill.begun:
                history.learn(self.visited, self.task.budget, self.known, self.seconds())
            return verdict
        except _Over as over:
            self._harvest()
            return self._undecided(str(over))
        except _Stop as stop:
            return self._stopped(str(stop), self._harvest)
        except OutOfMemory:
            more = "" if self.spill is None else ", with states on disk too: `--memory` sets more"
            return self._stopped(self.task.budget.memory_reached + more, self._stopped_within)
        except Full as full:
            self._stopped_within()
            return self._undecided(f"states of {self.program.packing.bits} bits: {full}")

    def _stopped_within(self) -> None:
        """The level at work is not finished, and those that native code went through by itself are."""
        self._harvest()
        self.whole = max(0, self.visited.depth - 1)

    # --- checkpoints -------------------------------------------------------------------------------

    def _begin(self) -> None:
        """Take in the initial states, or go on from a checkpoint."""
        saved = None if self.keeper is None else self.keeper.saved()
        if saved is None:
            self.known = history.recalled(self.visited, self.task.budget)
            self._admit()
            self.begun = True
            return
        kept = Kept.read(saved.numbers["search"])
        self.troubles, self.witnesses, self.complete = kept.troubles, kept.witnesses, kept.complete
        self.started -= kept.seconds
        restore(self.visited, saved)
        self.begun, self.whole = True, max(0, self.visited.depth - 1)
        self.notes = (*self.notes, f"the search went on from a checkpoint of {kept.states} states")
        self._level()

    def _save(self) -> None:
        """Save the search, between two native calls; not one that looks at a last level without counting it."""
        now = self.visited.found, self.visited.total(Ctx.EXPANDED)
        if self.keeper is None or not self.begun or self.visited.first[Ctx.PROBE] or now == self.kept:
            return
        self.kept = now
        seconds, states = time.perf_counter() - self.started, self._coverage().states
        kept = Kept(self.troubles, self.witnesses, self.complete, seconds, states)
        self.keeper.save(numbers(self.visited) | {"search": kept.data()}, sections(self.visited))

    def _stopped(self, reason: str, ended: Callable[[], None]) -> Verdict:
        """The end of a run that another can go on from; `ended` takes the notes, which are saved as they are before."""
        self._save()
        ended()
        verdict = self._undecided(reason)
        undecided = isinstance(verdict, Unknown) or (isinstance(verdict, Violated) and verdict.unjudged)
        if self.keeper is None or not self.keeper.written or not undecided:
            return verdict
        return attrs.evolve(verdict, coverage=attrs.evolve(verdict.coverage, checkpoint=str(self.keeper.where.file)))

    # --- the search --------------------------------------------------------------------------------

    def _admit(self) -> None:
        initial = [self.program.pack(s) for s in self.system.initial]
        for start in range(0, len(initial), BUFFER):
            self.visited.first.put_pending(initial[start : start + BUFFER])
            while self.program.admit(self.visited.first.address) == Status.GROW:
                self.visited.make_room(NONE)
        # Nothing to expand yet: the end of an empty level hands over what was admitted.
        self.visited.first[Ctx.LEVELS_LEFT] = 0
        self.program.search(self.visited.first.address, 0)

    def _search(self) -> Verdict:
        visited, budget = self.visited, self.task.budget
        while True:
            if self._states() > self.most:
                self._over()
            self._harvest()
            self.whole = visited.depth
            if self.troubles and not self.task.every:
                return self._violated()
            if not self._more():
                return self._done()
            if visited.depth == budget.depth:
                return self._within(visited.depth)
            self._reconsider()
            self._keep_count()
            self._look()
            self._begin_level()
            self._level()

    def _reconsider(self) -> None:
        """At the end of a level: is it worth to begin again, reduced by more, or with leaves divided better?"""
        if self.reduced.again is not None and self.visited.found > self.reduced.again:
            before, order = time.perf_counter(), self.reduced.order
            self.reduced = reduction.later(self.task, self.reduced)
            self.notes = self.reduced.refusals
            self.started += time.perf_counter() - before  # that was no search
            if self.reduced.order > order:
                raise _Again(self.reduced)
        if self.learns and self.visited.found > division.MANY and (self.spill is None or not self.spill.begun):
            self.learns, before = False, time.perf_counter()
            better = division.learned(self.visited)
            self.started += time.perf_counter() - before
            if better is not None:
                raise _Again(self.reduced, better)

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
                    self.settled = self._coverage()
                self._to_disk(spill.relieve)
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
            raise _Stop(budget.time_reached)
        if self.task.interrupted():
            raise _Stop("interrupted")
        searched = now - self.started + self.known.seconds
        if searched > _LONG:
            self.visited.shorten(_SHORTEN * searched)
        if now - self.reported >= _REPORT:
            self.reported = now
            share = self.visited.expanded() if self.spill is None or not self.spill.begun else self.spill.expanded
            self.task.progress(attrs.evolve(self._coverage(), level_expanded=share, memory_budget=budget.memory))
        if self.keeper is not None and self.keeper.due(self.visited.bytes()):
            self._save()

    def _keep_count(self) -> None:
        """Where states are counted, remember the last level that was complete: it is the same on every run."""
        if self.most != NONE:
            self.complete = self._coverage()

    def _over(self) -> None:
        """More states than the budget allows: what was found beyond the last complete level is not told."""
        self.final = self.complete
        for run in self.visited.runs:
            run.taken_notes()
        raise _Over(f"states budget of {self.most} reached")

    def _harvest(self) -> None:
        """Take the threads' notes, of each place the smallest."""
        visited = self.visited
        found: dict[int, list[Noted]] = {}
        for run in visited.runs:
            for place, note in run.taken_notes().items() if run.noted() else ():
                found.setdefault(place, []).append(note)
        for place, notes in found.items():
            self._kept(place, smallest(self.program, notes))
            for run in visited.runs:
                run.close(place)

    def _kept(self, place: int, note: Noted) -> None:
        depth, dead = self.visited.depth, self.program.shape.dead
        if place >= dead:
            self.troubles[place] = Wrong(place, depth - 1, note, step=False, expanding=True)
            return
        kind = self.system.properties[place // 2].kind
        if kind is PropertyKind.REACHABLE and place % 2 == 0:
            self.witnesses[place // 2] = note, depth
            return
        step = kind is PropertyKind.STEP
        self.troubles[place] = Wrong(place, depth - step, note, step, expanding=False)

    def _within(self, depth: int) -> Verdict:
        """All states so deep were found, and those before them expanded."""
        self.final = self._coverage()
        self._probe()
        if self.troubles and not self.task.every:
            return self._violated()
        verdict = self._every(f"depth budget of {depth} reached")
        if verdict is not None:
            return verdict
        undecided = [p.name for p in self._late() if not self._witnessed(p)]
        notes = (f"not decided within the depth: {', '.join(undecided)}",) if undecided else ()
        return NoneWithin(_with_notes(self._coverage(), notes), depth)

    def _probe(self) -> None:
        """The last level allowed, found but not expanded: is one of its states a deadlock or an error?"""
        if self.silent:
            return
        for run in self.visited.runs:
            run[Ctx.PROBE] = 1
            run.uncounted()
        self._begin_level()
        self._level()
        self._harvest()

    # --- states on disk ----------------------------------------------------------------------------

    def _more(self) -> bool:
        """Whether the level that was found last has any states."""
        if self.spill is None or not self.spill.begun:
            return self.visited.listed > 0
        return self.spill.sizes[-1] > 0

    def _begin_level(self) -> None:
        if self.spill is None or not self.spill.begun:
            self.visited.begin_level()
        else:
            self.spill.begin_level()

    def _settle(self, spill: Spill) -> None:
        """Take what was known before out of the level that was found."""
        self._to_disk(partial(spill.settle, self._look))
        self.settled = self._coverage()

    def _to_disk(self, call: Callable[[], None]) -> None:
        from checker.native.spill import DiskError  # noqa: PLC0415 - numpy, only for what is large

        try:
            call()
        except DiskError as e:
            raise _Stop(str(e)) from None

    def _on_disk(self) -> str:
        assert self.spill is not None
        return f"states were spilled to {self.spill.folder}"

    # --- verdicts ----------------------------------------------------------------------------------

    def _late(self) -> list[ScalarProperty]:
        """The properties that only an exhausted search refutes."""
        late = (PropertyKind.REACHABLE, PropertyKind.RECOVERABLE)
        return [p for p in self.system.properties if p.kind in late]

    def _witnessed(self, p: ScalarProperty) -> bool:
        return self.system.properties.index(p) in self.witnesses

    def _path(self, state: tuple[int, ...], depth: int) -> Path:
        return self._path_to(state, depth)[0]

    def _path_to(
        self, state: tuple[int, ...], depth: int, last: Step | None = None, found: Found | None = None
    ) -> tuple[Path, Step | None]:
        """A path to a state (of a reduced search: to one of its orbit), and the step `last` from there, which is
        wrong (`reduction.real_step`)."""
        path, states = self._levels().path(state, depth)
        if self.quotient is None:
            return path, last
        path, end = reduction.real_path(self.visited.first, states)
        return path, None if last is None else reduction.real_step(self.program, end, last, found)

    def _levels(self) -> Levels:
        if self.levels is None:
            self.final = self._coverage()  # what is asked of a finished search is no part of it
            self.levels = Levels(self.visited, self.spill if self.spill is not None and self.spill.begun else None)
        return self.levels

    def _violated(self) -> Verdict:
        return self._told(min(self.troubles.values(), key=lambda t: t.order))

    def _told(self, t: Wrong) -> Violated:
        """What is wrong, with a path to it."""
        place = t.place - self.program.shape.dead
        found = None if t.expanding else self.program.found(t.place + 1)
        failed = place == 2  # noqa: PLR2004 - after a deadlock and an error of the terminal predicate
        last = self.program.step(t.note.ident) if t.step or failed else None
        path, last = self._path_to(t.note.state, t.depth, last, found)
        coverage = self._coverage()
        if found is not None:
            path = path if last is None else attrs.evolve(path, steps=(*path.steps, last))
            trouble = Trouble.MODEL_ERROR if found.error else Trouble.PROPERTY
            return Violated(coverage, trouble, found.property.name, path)
        if failed:
            return Violated(coverage, Trouble.MODEL_ERROR, None, path, last)
        assert self.system.terminal is not None
        return Violated(coverage, (Trouble.DEADLOCK, Trouble.MODEL_ERROR)[place], self.system.terminal.name, path)

    def _done(self) -> Verdict:
        """Every reachable state was seen: decide what waits for that, in the order of the properties."""
        self.searched, self.whole = time.perf_counter() - self.started, None
        left_out = self._left_out()
        for p in self._late():
            if p.name not in left_out:
                refuted = self._refuted(p)
                if refuted is not None and not self.task.every:
                    return refuted
                self.late += [] if refuted is None else [refuted]
        verdict = self._every("")
        if verdict is not None:
            notes = tuple(f"{name}: not judged, for the model has errors" for name in left_out)
            return attrs.evolve(verdict, coverage=_with_notes(verdict.coverage, notes))
        witnesses = {self.system.properties[i].name: self._path(n.state, d) for i, (n, d) in self._by_property()}
        return Holds(self._coverage(), witnesses)

    def _by_property(self) -> list[tuple[int, tuple[Noted, int]]]:
        return sorted(self.witnesses.items(), key=lambda pair: pair[0])

    def _refuted(self, p: ScalarProperty) -> Violated | None:
        """Of an exhausted search: a property that no state has, or from some state no path leads to."""
        if p.kind is PropertyKind.REACHABLE:
            return None if self._witnessed(p) else Violated(self._coverage(), Trouble.PROPERTY, p.name, None)
        if self.spill is not None and self.spill.begun:
            raise _Stop(f"{p.name} needs all states in memory, and {self._on_disk()}: give it more with --memory")
        lost = self._levels().lost(self.system.properties.index(p), self._look)
        if lost is None:
            return None
        return Violated(self._coverage(), Trouble.PROPERTY, p.name, self._path(lost[0].state, lost[1]))

    # --- everything that is violated ---------------------------------------------------------------

    def _undecided(self, reason: str) -> Verdict:
        if self.troubles and not self.task.every:
            return self._violated()
        return self._every(reason) or Unknown(self._coverage(), reason)

    def _every(self, unjudged: str) -> Violated | None:
        """All violations as one verdict: of the first that a search would stop at, with the others."""
        if not self.task.every:
            return None
        noted = [self._told(t) for t in sorted(self.troubles.values(), key=lambda t: t.order)]
        found = [*noted, *self.late]
        if not found:
            return None
        coverage = self._coverage()
        first, *others = (attrs.evolve(v, coverage=coverage) for v in found)
        return attrs.evolve(first, others=tuple(others), unjudged=unjudged)

    def _left_out(self) -> list[str]:
        """Late properties that nothing is said of: what they wait for may lie beyond an error of the model."""
        if not self.task.every:
            return []
        properties = self.system.properties
        if self.program.shape.dead + 2 in self.troubles:
            return [p.name for p in self._late()]
        return [p.name for p in self._late() if 2 * properties.index(p) + 1 in self.troubles]

    # --- coverage ----------------------------------------------------------------------------------

    def seconds(self) -> float:
        """How long the search took so far, without what is asked of a finished one."""
        return self.searched if self.searched is not None else time.perf_counter() - self.started

    def _states(self) -> int:
        """States of the model that were found."""
        return self.visited.found if self.quotient is None else self.visited.total(Ctx.REAL)

    def _coverage(self) -> Coverage:
        if self.final is not None:
            return self.final
        visited, total = self.visited, self.visited.total
        found, used, notes = visited.found, visited.bytes(), self.notes
        if self.spill is not None and self.spill.begun:
            used, notes = max(used, self.spill.peak), (*notes, f"{self._on_disk()}: {shown(self.spill.bytes)}")
            if not self.spill.settled and self.settled is not None:
                return attrs.evolve(self.settled, search_seconds=self.seconds(), peak_memory=used, notes=notes)
        fired = [run.numbers(run.fired, len(self.system.actions)) for run in visited.runs]
        return Coverage(
            states=self._states(),
            transitions=total(Ctx.TRANSITIONS),
            depth=visited.reached,
            terminal=total(Ctx.TERMINAL),
            fired=tuple(map(sum, zip(*fired, strict=True))),
            orbits=None if self.quotient is None else found,
            symmetry=() if self.quotient is None else tuple(s.name for s in self.quotient.sorts),
            frontier=found - total(Ctx.EXPANDED),
            bits_per_state=self.program.packing.bits,
            bytes_per_state=used / max(1, found),
            search_seconds=self.seconds(),
            peak_memory=used,
            notes=notes,
        )


def _spill_of(task: Task, visited: Visited) -> Spill | None:
    """Where a search may put its states when memory is full.  Raises InputError C006."""
    if task.spill is None:
        return None
    from checker.native.spill import Spill  # noqa: PLC0415 - numpy takes a tenth of a second to load

    return Spill(visited, task.spill)


def _with_notes(coverage: Coverage, notes: tuple[str, ...]) -> Coverage:
    return attrs.evolve(coverage, notes=(*coverage.notes, *notes))
