"""What did a search find, and what is said of it?

Rule of the module: nothing is said of a level before it is finished, and of several violations the one told is the first
by length, kind, property and state.  What a finished search is asked (paths, what can be reached) is no part of it:
what it covered is told as it was before.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import attrs

from interlock.checker.contract import (
    Coverage,
    Ended,
    Holds,
    NotJudged,
    Path,
    Step,
    Task,
    Trouble,
    Unknown,
    Verdict,
    Violated,
    ended,
)
from interlock.checker.engines import reduction
from interlock.checker.engines.judged import undecided
from interlock.checker.engines.keeping import Wrong
from interlock.checker.engines.reduction import Reduction
from interlock.checker.ir.nodes import PropertyKind
from interlock.checker.ir.scalar import ScalarProperty
from interlock.checker.native.kernel import Expanding, Judged
from interlock.checker.native.module.program import Found
from interlock.checker.native.module.run import Noted
from interlock.checker.native.store.states import Place, States


class Stop(Exception):
    """The run ends before the search is over, and why."""

    def __init__(self, reason: Ended | str) -> None:
        super().__init__(str(reason))
        self.ended = ended(reason)


class Findings:
    """What is wrong in the states of a search, and how much of it was covered.

    `started` is when the search began, or would have, had it begun but once.
    """

    def __init__(self, task: Task, place: Place, reduced: Reduction, started: float) -> None:
        self.task, self.system, self.program, self.place = task, task.system, place.states.program, place
        self.quotient, self.notes = reduced.quotient, reduced.refusals
        self.troubles: dict[int, Wrong] = {}
        self.witnesses: dict[int, tuple[Noted, int]] = {}
        self.late: list[Violated] = []  # what only a search that is over refutes
        self.complete: Coverage | None = None  # where states are counted: of the last level that was finished
        self.final: Coverage | None = None  # what is told, where the search went on beyond it
        self.started = started
        self.searched: float | None = None  # seconds, of a search that is over

    @property
    def states(self) -> States:
        """Those of the search, wherever they are now."""
        return self.place.states

    # --- what was noted ----------------------------------------------------------------------------

    def harvest(self) -> None:
        """Take what was noted, of each place the smallest."""
        for place, note in self.states.harvest().items():
            self._kept(place, note)

    def _kept(self, place: int, note: Noted) -> None:
        depth, dead = self.states.depth, self.program.shape.dead
        if place >= dead:
            self.troubles[place] = Wrong(place, depth - 1, note, step=False, expanding=True)
            return
        judged = Judged.at(place)
        kind = self.system.properties[judged.position].kind
        if kind is PropertyKind.REACHABLE and not judged.error:
            self.witnesses[judged.position] = note, depth
            return
        step = kind is PropertyKind.STEP
        self.troubles[place] = Wrong(place, depth - step, note, step, expanding=False)

    # --- verdicts ----------------------------------------------------------------------------------

    def violated(self) -> Verdict:
        """The first of what was noted that is wrong."""
        return self._told(min(self.troubles.values(), key=lambda t: t.order))

    def _told(self, t: Wrong) -> Violated:
        """What is wrong, with a path to it."""
        found = None if t.expanding else self.program.found(t.place + 1)
        failed = t.place == self.program.shape.expanding(Expanding.ACTION_ERROR)
        last = self.program.step(t.note.ident) if t.step or failed else None
        path, last = self._path_to(t.note.state, t.depth, last, found)
        coverage = self.coverage()
        if found is not None:
            path = path if last is None else attrs.evolve(path, steps=(*path.steps, last))
            trouble = Trouble.MODEL_ERROR if found.error else Trouble.PROPERTY
            return Violated(coverage, trouble, found.property.name, path)
        if failed:
            return Violated(coverage, Trouble.MODEL_ERROR, None, path, last)
        assert self.system.terminal is not None
        deadlock = t.place == self.program.shape.expanding(Expanding.DEADLOCK)
        trouble = Trouble.DEADLOCK if deadlock else Trouble.MODEL_ERROR
        return Violated(coverage, trouble, self.system.terminal.name, path)

    def done(self, look: Callable[[], None]) -> Verdict:
        """Every reachable state was seen: decide what waits for that, in the order of the properties.

        `look` is called now and then, and may raise `Stop`.
        """
        self.searched = time.perf_counter() - self.started
        left_out = self._left_out()
        for p in self.late_properties():
            if p not in left_out:
                refuted = self._refuted(p, look)
                if refuted is not None and not self.task.every:
                    return refuted
                self.late += [] if refuted is None else [refuted]
        verdict = self.every(None)
        if verdict is not None:
            why = tuple(NotJudged(p.name, "the model has errors") for p in left_out)
            return attrs.evolve(verdict, coverage=attrs.evolve(verdict.coverage, not_judged=why))
        witnesses = {self.system.properties[i].name: self._path(n.state, d) for i, (n, d) in self._by_property()}
        return Holds(self.coverage(), witnesses)

    def _by_property(self) -> list[tuple[int, tuple[Noted, int]]]:
        return sorted(self.witnesses.items(), key=lambda pair: pair[0])

    def _refuted(self, p: ScalarProperty, look: Callable[[], None]) -> Violated | None:
        """Of an exhausted search: a property that no state has, or from some state no path leads to."""
        if p.kind is PropertyKind.REACHABLE:
            return None if self.witnessed(p) else Violated(self.coverage(), Trouble.PROPERTY, p.name, None)
        lost = self._finished().lost(self.system.properties.index(p), look)
        if lost is None:
            return None
        path = self._path(lost.state, lost.depth)
        return Violated(self.coverage(), Trouble.PROPERTY, p.name, path, params=p.instance(lost.goal))

    def undecided(self, reason: Ended | str) -> Verdict:
        """What is said of a search that ended before it was over."""
        if self.troubles and not self.task.every:
            return self.violated()
        return self.every(ended(reason)) or Unknown(self.coverage(), reason)

    def every(self, why: Ended | None) -> Violated | None:
        """All violations as one verdict, that of the first which a search would stop at with the others.

        `why`: what ended the search before everything was judged; None where nothing did.
        """
        if not self.task.every:
            return None
        noted = [self._told(t) for t in sorted(self.troubles.values(), key=lambda t: t.order)]
        found = [*noted, *self.late]
        if not found:
            return None
        coverage = self.coverage()
        if why is not None:
            coverage = attrs.evolve(coverage, not_judged=undecided(self.system, str(why)))
        first, *others = (attrs.evolve(v, coverage=coverage) for v in found)
        return attrs.evolve(first, others=tuple(others), ended=why)

    def _left_out(self) -> list[ScalarProperty]:
        """Late properties that nothing is said of: what they wait for may lie beyond an error of the model."""
        if not self.task.every:
            return []
        properties, late = self.system.properties, [p for p in self.late_properties() if not self.witnessed(p)]
        if self.program.shape.expanding(Expanding.ACTION_ERROR) in self.troubles:
            return late
        return [p for p in late if 2 * properties.index(p) + 1 in self.troubles]

    def late_properties(self) -> list[ScalarProperty]:
        """The properties that only an exhausted search refutes."""
        late = (PropertyKind.REACHABLE, PropertyKind.RECOVERABLE)
        return [p for p in self.system.properties if p.kind in late]

    def witnessed(self, p: ScalarProperty) -> bool:
        """Whether some state has what a property wants."""
        return self.system.properties.index(p) in self.witnesses

    # --- paths -------------------------------------------------------------------------------------

    def _path(self, state: tuple[int, ...], depth: int) -> Path:
        return self._path_to(state, depth)[0]

    def _path_to(
        self, state: tuple[int, ...], depth: int, last: Step | None = None, found: Found | None = None
    ) -> tuple[Path, Step | None]:
        """A path to a state (of a reduced search: to one of its orbit), and the step `last` from there, which is
        wrong (`reduction.real_step`)."""
        path, states = self._finished().path(state, depth)
        if self.quotient is None:
            number, _ = self.states.run.origin(states[0])
            return attrs.evolve(path, start=self.program.start(number)), last
        path, end = reduction.real_path(self.states.run, states)
        return path, None if last is None else reduction.real_step(self.program, end, last, found)

    def _finished(self) -> States:
        """The states, which are asked from now on: that is no part of the search, so what is told of it is as before."""
        self.final = self.coverage()
        return self.states

    # --- coverage ----------------------------------------------------------------------------------

    def seconds(self) -> float:
        """How long the search took so far, without what is asked of a finished one."""
        return self.searched if self.searched is not None else time.perf_counter() - self.started

    def coverage(self) -> Coverage:
        """What is told of how much was covered."""
        if self.final is not None:
            return self.final
        counts, used = self.states.counts(), self.states.bytes()
        return Coverage(
            states=counts.real,
            transitions=counts.transitions,
            depth=counts.depth,
            terminal=counts.terminal,
            witnessed={self.system.properties[i].name: d for i, (_, d) in self._by_property() if d <= counts.depth},
            fired=counts.fired,
            orbits=None if self.quotient is None else counts.found,
            symmetry=() if self.quotient is None else tuple(s.name for s in self.quotient.sorts),
            frontier=counts.found - counts.expanded,
            bits_per_state=self.program.packing.bits,
            bytes_per_state=used / max(1, counts.found),
            search_seconds=self.seconds(),
            peak_memory=used,
            notes=(*self.notes, *self.states.remarks()),
        )


def with_notes(coverage: Coverage, notes: tuple[str, ...]) -> Coverage:
    """What was covered, and more to say of it."""
    return attrs.evolve(coverage, notes=(*coverage.notes, *notes))
