"""Do the claims hold at any depth?  k-induction with Z3, for k = 1, 2, ... up to a bound.

Rule of the module: the claims of a check are one conjunction (invariants, step properties, absence of
model errors and of deadlock).  `Proved` only when no run of fewer than k steps violates it, every run
of k steps that keeps it until then keeps it at its end, fresh solvers found both again in another
encoding or another arithmetic, and every REACHABLE property has a witness.  RECOVERABLE is not judged, and named.
Otherwise `Unknown`, with a counterexample to induction: the last step of a run that may start in an unreachable state,
since no shorter one shows it.  Claims that are inductive without the others are told (that no step is an error is often
not inductive, where what the model is for is): they hold in every state that is reached without an error of the model.
"""

from __future__ import annotations

import contextlib
import functools
from typing import Final

import attrs

from interlock.checker.contract import Coverage, Ended, Proved, Step, Task, Unknown, Verdict, Violated, ended
from interlock.checker.engines.judged import beyond
from interlock.checker.ir.nodes import PropertyKind
from interlock.checker.smt.claims import Wrong, claims
from interlock.checker.smt.paths import nowhere, steps, violated, witnessed
from interlock.checker.smt.search import Bounded, Clock, Inductive, Stopped, Together, Unbegun, confirm
from interlock.checker.smt.unroll import Run
from interlock.checker.watch import TimeUp
from interlock.checker.words import counted

DEFAULT_STEPS: Final = attrs.fields(Task).steps.default  # nobody asked for a bound
DEFAULT_K: Final = 10  # where nobody says how far to try: k grows from 1, and each is a larger question to Z3
DEFAULT_WITNESS: Final = 30  # steps of the path to a REACHABLE property, where nobody says how far to look


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
        self.not_judged = beyond(task.system, "induction")
        self.depth: int | None = None
        self.notes: list[str] = []
        self.witnessed: dict[str, int] = {}
        self.parts: list[str] = []  # which claims are inductive without the others: said where not all are
        self.seen = 0  # the k up to which that was looked at
        self.last: Run | None = None

    def run(self) -> Verdict:
        try:
            self.claims = claims(self.system, self.clock.left)
            self.open = [c for c in self.claims if c.wrong is not Wrong.ERROR]  # not inductive without others, so far
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
                if self.task.budget.seconds is not None:  # there may be no time for it later
                    self._look_at_parts(1)
            self._rest(step)
        except Unbegun as problem:
            return nowhere(problem)
        except (Stopped, TimeUp) as stop:
            return self._unknown(self.clock.why(stop))
        return self._unknown(f"not k-inductive for k up to {self.bound}")

    @functools.cached_property
    def together(self) -> Together:
        """Asks which claims are inductive without the others."""
        return Together(self.system, self.claims, self.clock)

    def _rest(self, step: Inductive) -> None:
        """Say which claims are inductive without the others for a larger k, as far as time allows; and show one of the
        others, if that is about more than an error."""
        with contextlib.suppress(Stopped, TimeUp):
            for k in range(1, self.bound + 1):
                self._look_at_parts(k)
            if self.open and self.last is not None:
                self.last = step.counterexample(self.bound, self.open) or self.last

    def _look_at_parts(self, k: int) -> None:
        """Say which of the claims that are open are k-inductive without the others.  To be asked for growing k."""
        if not self.open or len(self.claims) == 1 or k <= self.seen:
            return
        self.seen = k
        part = self.together.largest(k)
        found = [c for c in self.open if c in part]
        if not found:
            return
        self.open = [c for c in self.open if c not in part]
        names = ", ".join(dict.fromkeys(str(c.property) for c in found))
        how = confirm(self.system, part, k, self.clock)
        if how is None:
            self.parts.append(f"{names}: a second solver refutes that it is {k}-inductive: please report this")
            return
        errors = any(c.wrong is Wrong.ERROR for c in self.claims if c not in part)
        apart = ", apart from errors of the model" if errors else ""
        self.parts.append(f"{names}: {k}-inductive{apart}; proof checked again {how}")

    def _extend_base(self, depth: int) -> Run | None:
        run = self.base.violation(depth)
        if run is None:
            found = self.base.witnesses(depth)
            self.notes += [witnessed(p, witness) for p, witness in found]
            self.witnessed |= {p.name: depth for p, _ in found}
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
        return Coverage(
            depth=self.depth, witnessed=dict(self.witnessed), search_seconds=self.clock.elapsed,
            not_judged=self.not_judged, notes=tuple(self.notes),
        )  # fmt: skip

    def _violated(self, run: Run) -> Violated:
        self.depth = len(run.moves)
        return violated(run, self._coverage())

    def _unknown(self, reason: Ended | str, name: str | None = None) -> Unknown:
        """Undecided; with the end of the last counterexample to induction, an action that is an error as its last step.
        That is one step from a state that keeps all claims, and that states lead to which keep them as well."""
        run, covered = self.last, self._coverage()
        covered = attrs.evolve(covered, notes=(*covered.notes, *self.parts))
        if run is None or run.claim is None:
            return Unknown(covered, reason, name)
        taken = steps(run)[-1:]
        if run.tried is not None:
            taken = (*taken, Step(*run.tried))
            failing = self.system.actions[run.tried[0]].name
            reason = Ended(ended(reason).cause, f"{reason}; `{failing}` may be an error of the model")
        return Unknown(covered, reason, run.claim.property, run.states[-2:], taken)
