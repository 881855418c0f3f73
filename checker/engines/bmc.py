"""Is there a violation within so many steps?  Bounded model checking with Z3.

Rule of the module: depth after depth, so the first violation found is a shortest one.  A run that
finds none says `NoneWithin`, also when a REACHABLE property was not witnessed: beyond the bound it may
be.  RECOVERABLE is refused (E011), a deadlock check over too many action instances too (E012).
"""

from __future__ import annotations

import attrs

from checker.engines.contract import Coverage, NoneWithin, Path, Step, Task, Trouble, Unknown, Verdict, Violated
from checker.ir.scalar import ScalarProperty
from checker.smt.claims import Wrong, claims
from checker.smt.search import Bounded, Clock, Stopped
from checker.smt.unroll import Move, Run

_TROUBLE = {Wrong.FALSE: Trouble.PROPERTY, Wrong.ERROR: Trouble.MODEL_ERROR, Wrong.DEADLOCK: Trouble.DEADLOCK}


class Bmc:
    """The engine `bmc`."""

    name = "bmc"

    def run(self, task: Task) -> Verdict:
        """Search depth 0, 1, ... up to the bound; see the module."""
        return _Search(task).run()


class _Search:
    def __init__(self, task: Task) -> None:
        self.task = task
        self.clock = Clock(task.budget.seconds, task.interrupted)
        self.bound = task.steps if task.budget.depth is None else min(task.steps, task.budget.depth)
        self.covered = Coverage()
        self.notes: list[str] = []

    def run(self) -> Verdict:
        found = claims(self.task.system)
        missing: list[ScalarProperty] = []
        try:
            search = Bounded(self.task.system, found, self.clock)
            for depth in range(self.bound + 1):
                run = search.violation(depth)
                if run is not None:
                    return self._violated(run)
                self.notes += [_witnessed(p, r) for p, r in search.witnesses(depth)]
                self._progress(depth)
            missing = search.wanted
        except Stopped as stop:
            return Unknown(self._coverage(), stop.reason)
        self.notes += [f"{p.name}: no witness within {self.bound} steps" for p in missing]
        return NoneWithin(self._coverage(), self.bound)

    def _progress(self, depth: int) -> None:
        self.covered = Coverage(depth=depth)
        self.task.progress(self._coverage())

    def _coverage(self) -> Coverage:
        return attrs.evolve(self.covered, search_seconds=self.clock.elapsed, notes=tuple(self.notes))

    def _violated(self, run: Run) -> Violated:
        claim = run.claim
        assert claim is not None
        path = Path(run.states[0], tuple(map(_step, run.moves)))
        tried = None if run.tried is None else _step(run.tried)
        self.covered = Coverage(depth=len(run.moves))
        return Violated(self._coverage(), _TROUBLE[claim.wrong], claim.property, path, tried)


def _step(move: Move) -> Step:
    return Step(*move)


def _witnessed(p: ScalarProperty, run: Run) -> str:
    return f"{p.name}: reached in {len(run.moves)} step{'' if len(run.moves) == 1 else 's'}"
