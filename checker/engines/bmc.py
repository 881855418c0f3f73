"""Is there a violation within a number of steps?  Bounded model checking with Z3.

Rule of the module: depth after depth, so the first violation found is a shortest one; a task that asks
for `every` violation goes on, with the claims that are left, to the bound.  A run that finds none says
`NoneWithin`, also when a REACHABLE property was not witnessed: beyond the bound it may be.
RECOVERABLE is not judged, and named; a deadlock check over too many action instances is refused (E020).
"""

from __future__ import annotations

import attrs

from interlock.checker.contract import Cause, Coverage, Ended, NoneWithin, Task, Unknown, Verdict, Violated
from interlock.checker.engines.judged import beyond
from interlock.checker.ir.scalar import ScalarProperty
from interlock.checker.smt.claims import claims
from interlock.checker.smt.paths import nowhere, violated, witnessed
from interlock.checker.smt.search import Bounded, Clock, Stopped, Unbegun
from interlock.checker.watch import TimeUp
from interlock.checker.words import counted


class Bmc:
    """The engine `bmc`."""

    name = "bmc"
    knows = frozenset({"time", "memory", "depth", "steps", "all"})

    def run(self, task: Task) -> Verdict:
        """Search depth 0, 1, ... up to the bound; see the module."""
        return _Search(task).run()


class _Search:
    def __init__(self, task: Task) -> None:
        self.task = task
        self.clock = Clock(task.budget, task.interrupted, task.started)
        self.bound = task.steps if task.budget.depth is None else min(task.steps, task.budget.depth)
        self.covered = Coverage(not_judged=beyond(task.system, "a bounded search"))
        self.found: list[Violated] = []
        self.notes: list[str] = []
        self.witnessed: dict[str, int] = {}

    def run(self) -> Verdict:
        missing: list[ScalarProperty] = []
        try:
            found = claims(self.task.system, self.clock.left)
            search = Bounded(self.task.system, found, self.clock)
            for depth in range(self.bound + 1):
                self._look(search, depth)
                if self.found and not self.task.every:
                    return self.found[0]
                self._witness(search, depth)
                self._progress(depth)
            missing = search.wanted
        except Unbegun as problem:
            return nowhere(problem)
        except (Stopped, TimeUp) as stop:
            why = self.clock.why(stop)
            return self._violated(why) or Unknown(self._coverage(), why)
        self.notes += [f"{p.name}: no witness within {counted(self.bound, 'step')}" for p in missing]
        return self._violated(self._bound_reached()) or NoneWithin(self._coverage(), self.bound)

    def _look(self, search: Bounded, depth: int) -> None:
        """Find a violation of this depth; where every one is wanted, one of each thing that is violated."""
        while (run := search.violation(depth)) is not None:
            self.covered = attrs.evolve(self.covered, depth=depth)
            self.found.append(violated(run, self._coverage()))
            assert run.claim is not None
            if not self.task.every:
                return
            search.forget(run.claim)

    def _witness(self, search: Bounded, depth: int) -> None:
        found = search.witnesses(depth)
        self.notes += [witnessed(p, run) for p, run in found]
        self.witnessed |= {p.name: depth for p, _ in found}

    def _progress(self, depth: int) -> None:
        self.covered = attrs.evolve(self.covered, depth=depth)
        self.task.progress(self._coverage())

    def _coverage(self) -> Coverage:
        seconds, notes = self.clock.elapsed, tuple(self.notes)
        return attrs.evolve(self.covered, search_seconds=seconds, witnessed=dict(self.witnessed), notes=notes)

    def _bound_reached(self) -> Ended:
        depth = self.task.budget.depth
        own = depth is None or depth > self.task.steps
        return Ended(Cause.BOUND if own else Cause.DEPTH, f"bound of {counted(self.bound, 'step')} reached")

    def _violated(self, why: Ended) -> Violated | None:
        """All that was found as one verdict, and why there may be more."""
        if not self.found:
            return None
        coverage = self._coverage()
        first, *others = (attrs.evolve(v, coverage=coverage) for v in self.found)
        return attrs.evolve(first, others=tuple(others), ended=why)
