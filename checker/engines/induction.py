"""Do the claims hold at any depth?  k-induction with Z3, for k = 1, 2, ... up to a bound.

Rule of the module: the claims of a check are one conjunction (invariants, step properties, absence of
model errors and of deadlock).  `Proved` only when no run of fewer than k steps violates it, every run
of k steps that keeps it until then keeps it at its end, fresh solvers found both again in another
encoding, and every REACHABLE property has a witness.  Otherwise `Unknown`, with the last
counterexample to induction: a run that may start in an unreachable state.
"""

from __future__ import annotations

from typing import Final

import attrs

from checker.engines.contract import Coverage, Ended, Proved, Step, Task, Unknown, Verdict, Violated, ended
from checker.ir.nodes import PropertyKind
from checker.smt.claims import claims
from checker.smt.paths import steps, violated, witnessed
from checker.smt.search import Bounded, Clock, Inductive, Stopped, confirm
from checker.smt.unroll import Run
from checker.words import counted

DEFAULT_STEPS: Final = attrs.fields(Task).steps.default  # nobody asked for a bound
DEFAULT_K: Final = 10
DEFAULT_WITNESS: Final = 30


class Induction:
    """The engine `induction`."""

    name = "induction"
    knows = frozenset({"time", "memory", "depth", "steps"})

    def run(self, task: Task) -> Verdict:
        """Prove or refute the claims of the task; see the module."""
        return _Proof(task).run()


class _Proof:
    def __init__(self, task: Task) -> None:
        self.task, self.system = task, task.system
        self.clock = Clock(task.budget, task.interrupted, task.started)
        asked = task.steps != DEFAULT_STEPS
        self.bound, self.deepest = (task.steps, task.steps) if asked else (DEFAULT_K, DEFAULT_WITNESS)
        if task.budget.depth is not None:
            self.bound, self.deepest = min(self.bound, task.budget.depth), min(self.deepest, task.budget.depth)
        self.claims = claims(self.system)
        self.depth: int | None = None
        self.notes: list[str] = []
        self.last: Run | None = None

    def run(self) -> Verdict:
        try:
            self.base = Bounded(self.system, self.claims, self.clock)
            step = Inductive(self.system, self.claims, self.clock)
            for k in range(1, self.bound + 1):
                violation = self._extend_base(k - 1)
                if violation is not None:
                    return self._violated(violation)
                cti = step.counterexample(k)
                if cti is None:
                    return self._inductive(k)
                self.last = cti
        except Stopped as stop:
            return self._unknown(stop.ended)
        return self._unknown(f"not k-inductive for k up to {self.bound}")

    def _extend_base(self, depth: int) -> Run | None:
        run = self.base.violation(depth)
        if run is None:
            self.notes += [witnessed(p, witness) for p, witness in self.base.witnesses(depth)]
            self.depth = depth
            self.task.progress(self._coverage())
        return run

    def _inductive(self, k: int) -> Verdict:
        self.last = None
        how = confirm(self.system, self.claims, k, self.clock)
        if how is None:
            return self._unknown("a second solver refutes the proof: please report this")
        self.notes.append(f"{k}-inductive; proof checked again {how}")
        for depth in range(k, self.deepest + 1):
            if not self.base.wanted:
                break
            violation = self._extend_base(depth)
            if violation is not None:
                return self._unknown("a violation contradicts the proof: please report this")
        if self.base.wanted:
            name = self.base.wanted[0].name
            reason = f"invariant at any depth, but `{name}` has no witness within {counted(self.deepest, 'step')}"
            return self._unknown(reason, name)
        wanted = (PropertyKind.ALWAYS, PropertyKind.STEP)
        return Proved(self._coverage(), k, tuple(p.name for p in self.system.properties if p.kind in wanted))

    def _coverage(self) -> Coverage:
        return Coverage(depth=self.depth, search_seconds=self.clock.elapsed, notes=tuple(self.notes))

    def _violated(self, run: Run) -> Violated:
        self.depth = len(run.moves)
        return violated(run, self._coverage())

    def _unknown(self, reason: Ended | str, name: str | None = None) -> Unknown:
        """Undecided; with the last counterexample to induction, an action that is an error as its last step."""
        run = self.last
        if run is None or run.claim is None:
            return Unknown(self._coverage(), reason, name)
        taken = steps(run)
        if run.tried is not None:
            taken = (*taken, Step(*run.tried))
            failing = self.system.actions[run.tried[0]].name
            reason = Ended(ended(reason).cause, f"{reason}; `{failing}` may be an error of the model")
        return Unknown(self._coverage(), reason, run.claim.property, run.states, taken)
