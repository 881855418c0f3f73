"""Is a claim violated in a number of steps?  Does one step more keep all claims?  Asked of Z3 in a budget.

Rule of the module: `Bounded` and `Inductive` are asked for one depth after another and keep what they
learnt; an answer is a run, or None when there is none.  Whatever keeps Z3 from an answer (time, memory, an
interrupt, its own limits) is raised as `Stopped`, never taken for one.
"""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import attrs
import z3

from interlock.checker.contract import INTERRUPTED, Budget, Ended, ended
from interlock.checker.ir.nodes import PropertyKind
from interlock.checker.ir.scalar import Node, ScalarAction, ScalarProperty, ScalarSystem, and_, evaluate, not_, or_
from interlock.checker.smt.claims import At, Claim, expand
from interlock.checker.smt.encode import BitVectors, Encoding, Integers, Term, fitting, other_arithmetic
from interlock.checker.smt.unroll import Move, Run, Unrolling
from interlock.checker.watch import TimeUp

ASSUMED = 256  # action instances for which freedom from errors is assumed in earlier states, at most
_TIMED_OUT = ("timeout", "canceled")
SECOND_LOOK = 20.0  # seconds for checking a proof in integers, before bit-vectors are taken


class Stopped(Exception):
    """The search ended without an answer, and why."""

    def __init__(self, reason: Ended | str) -> None:
        super().__init__(str(reason))
        self.ended = ended(reason)


class Unbegun(Exception):
    """No run begins: the instance of an initial action that is an error; None: there is no initial state."""

    def __init__(self, start: Move | None) -> None:
        super().__init__()
        self.start = start


class Clock:
    """How long Z3 may take and how much memory, and whether the user wants to stop.

    Z3 counts the memory of the whole process, and most of its solvers look at the limit only between their phases;
    its hard limit (`memory_max_size`) would end the process.
    """

    def __init__(
        self,
        budget: Budget | None = None,
        interrupted: Callable[[], bool] = lambda: False,
        started: float | None = None,
    ) -> None:
        self.start = time.monotonic()
        self.budget, self.interrupted = budget or Budget(), interrupted
        self._counted = self.start if started is None else started

    @property
    def elapsed(self) -> float:
        return time.monotonic() - self.start

    def left(self) -> float | None:
        """Seconds left; None without a limit.  Raises Stopped when a budget is used up."""
        if self.interrupted():
            raise Stopped(INTERRUPTED)
        if self.budget.memory is not None and z3.Z3_get_estimated_alloc_size() > self.budget.memory:
            raise Stopped(self.budget.memory_reached)
        if self.budget.seconds is None:
            return None
        rest = self.budget.seconds - (time.monotonic() - self._counted)
        if rest <= 0:
            raise Stopped(self.budget.time_reached)
        return rest

    def why(self, stop: Stopped | TimeUp) -> Ended:
        """Why the work ended."""
        return stop.ended if isinstance(stop, Stopped) else self.budget.over(stop)

    def at_most(self, seconds: float) -> Clock:
        """A clock for a part of the work."""
        rest = self.left()
        part = attrs.evolve(self.budget, seconds=seconds if rest is None else min(seconds, rest))
        return Clock(part, self.interrupted)


class _Solver:
    """A Z3 solver that asks the clock before each question."""

    def __init__(self, solver: Any, clock: Clock) -> None:
        self._solver, self._clock = solver, clock

    def add(self, term: Term) -> None:
        self._solver.add(term)

    def find(self, *assumptions: Term) -> Any:
        """A model, or None when there is none.  Raises Stopped."""
        left, budget = self._clock.left(), self._clock.budget
        if left is not None:
            self._solver.set("timeout", max(1, int(left * 1000)))
        if budget.memory is not None:
            self._solver.set("max_memory", max(1, budget.memory >> 20))
        try:
            answer = self._solver.check(*assumptions)
            reason = self._solver.reason_unknown()
        except z3.Z3Exception as e:
            answer, reason = z3.unknown, str(e)
        if answer == z3.sat:
            return self._solver.model()
        if answer == z3.unsat:
            return None
        if budget.memory is not None and "max. memory" in reason:
            raise Stopped(budget.memory_reached)
        self._clock.left()
        if left is not None and reason in _TIMED_OUT:  # Z3's clock is milliseconds ahead of ours
            raise Stopped(budget.time_reached)
        raise Stopped(INTERRUPTED if "interrupt" in reason else f"Z3 gave up: {reason}")


class _Asked:
    """What both searches share: an unrolling, a solver, and a name for each question."""

    def __init__(
        self,
        system: ScalarSystem,
        claims: Sequence[Claim],
        clock: Clock,
        encoding: Encoding | None = None,
        solver: Any = None,
    ) -> None:
        clock.left()
        self.system, self.claims, self.clock = system, claims, clock
        encoding = encoding or fitting(system)
        self.unrolling = Unrolling(system, encoding, clock.left)
        self.solver = _Solver(encoding.solver() if solver is None else solver, clock)
        self._questions = self._frames = 0
        self._begin()

    def _begin(self) -> None:
        """Tell the solver what is so before the first step."""
        raise NotImplementedError

    def _ask(self, terms: Iterable[Term]) -> Any:
        """A model in which one of the terms is true, or None; then none of them is from now on."""
        self._questions += 1
        name = z3.Bool(f"question{self._questions}")
        self.solver.add(name == z3.Or(list(terms)))
        model = self.solver.find(name)
        if model is None:
            self.solver.add(z3.Not(name))
        return model

    def _bad(self, depth: int) -> list[Claim]:
        return [c for c in self.claims if depth > 0 or c.at is not At.STEP]


class Bounded(_Asked):
    """Runs from the initial states, one step longer with each depth."""

    def _begin(self) -> None:
        self._look_at_initials()
        self.solver.add(self.unrolling.initial())
        if any(a.guards for a in self.system.initials) and self.solver.find() is None:
            raise Unbegun(None)
        self.wanted = [p for p in self.system.properties if p.kind is PropertyKind.REACHABLE]

    def _look_at_initials(self) -> None:
        """Raises Unbegun where an initial action is an error of the model."""
        for i, a in enumerate(self.system.initials):
            if a.errors:
                model = self._ask([self.unrolling.broken(i)])
                if model is not None:
                    raise Unbegun(self.unrolling.wrong_start(model, i))

    def violation(self, depth: int) -> Run | None:
        """A run of exactly `depth` steps at whose end a claim is violated."""
        self._extend(depth)
        bad = self._bad(depth)
        model = self._ask(self.unrolling.violates(c, depth) for c in bad)
        return None if model is None else self._read(model, depth, bad)

    def _read(self, model: Any, depth: int, bad: Sequence[Claim] = ()) -> Run:
        return self.unrolling.begun(model, self.unrolling.read(model, depth, bad))

    def forget(self, claim: Claim) -> None:
        """Look no more for what violates the same thing in the same way."""
        self.claims = [c for c in self.claims if (c.property, c.wrong) != (claim.property, claim.wrong)]

    def witnesses(self, depth: int) -> list[tuple[ScalarProperty, Run]]:
        """REACHABLE properties not found so far, with runs of exactly `depth` steps to them."""
        self._extend(depth)
        found: list[tuple[ScalarProperty, Run]] = []
        while self.wanted:
            goals = {p: and_((p.value, not_(or_(e.condition for e in p.errors)))) for p in self.wanted}
            model = self._ask(self.unrolling.condition(g, depth) for g in goals.values())
            if model is None:
                break
            run = self._read(model, depth)
            env = {("s", i): v for i, v in enumerate(run.states[-1])}
            here = [p for p, g in goals.items() if evaluate([g], env)[0]]
            found += [(p, run) for p in here]
            self.wanted = [p for p in self.wanted if p not in here]
            if not here:
                raise AssertionError("Z3 found a state that the scalar form does not have")
        return found

    def _extend(self, depth: int) -> None:
        for i in range(self._frames, depth):
            self.solver.add(self.unrolling.step(i))
        self._frames = max(self._frames, depth)


class _Anywhere(_Asked):
    """Runs from any state at all, and what is so of their states but the last.

    Those are all different: a shortest run to a violation visits none twice.
    """

    def _begin(self) -> None:
        self.solver.add(self.unrolling.canonical(0))
        self._keep(0)

    def _keep(self, i: int) -> None:
        """Tell the solver what is assumed of state i, while longer runs are asked about."""
        raise NotImplementedError

    def _reach(self, k: int) -> None:
        """Let there be runs of k steps, and none of fewer than were asked for before."""
        while self._frames < k:
            if self._frames > 0:
                self._keep(self._frames)
            self._extend()

    def _extend(self) -> None:
        last = self._frames
        self.solver.add(self.unrolling.step(last))
        for j in range(last):
            self.solver.add(self.unrolling.differ(j, last))
        self._frames = last + 1

    def _kept(self, claim: Claim, i: int) -> list[Term]:
        """That state i keeps a claim; of an action that it is no error, for any parameters where those are few."""
        found = [z3.Not(self.unrolling.violates(claim, i))]
        if claim.action is not None and self._few:
            found.append(self.unrolling.condition(self._right[claim.action], i))
        return found

    @functools.cached_property
    def _right(self) -> dict[int, Node]:
        """By action that may be an error: that it is none, for any parameters."""
        numbers = [c.action for c in self.claims if c.action is not None]
        return {i: not_(or_(self._wrong(self.system.actions[i]))) for i in numbers}

    def _wrong(self, a: ScalarAction) -> Iterable[Node]:
        return expand(self.system, a, or_(e.condition for e in a.errors), self.clock.left)

    @functools.cached_property
    def _few(self) -> bool:
        """Whether the instances of all actions that may be errors are few enough to be told one by one."""
        faulty = [self.system.actions[c.action] for c in self.claims if c.action is not None]
        return sum(a.instances for a in faulty) <= ASSUMED


class Inductive(_Anywhere):
    """Runs that keep every claim until their last step."""

    def _keep(self, i: int) -> None:
        for c in self._bad(i):
            for term in self._kept(c, i):
                self.solver.add(term)

    def counterexample(self, k: int, of: Sequence[Claim] | None = None) -> Run | None:
        """A run of k steps that keeps every claim but at its end, where it violates one (`of` these); None: there is
        none, so the claims are k-inductive.  To be asked for growing k.
        """
        self._reach(k)
        of = self.claims if of is None else of
        model = self._ask(self.unrolling.violates(c, k) for c in of)
        return None if model is None else self.unrolling.read(model, k, of)


class Together(_Anywhere):
    """Which claims are k-inductive together, where not all of them are?

    A claim is assumed of earlier states as long as it is not refuted itself (Flanagan and Leino, "Houdini, an
    annotation assistant for ESC/Java", FME 2001): what is left is the largest set of claims that is k-inductive.
    """

    def _keep(self, i: int) -> None:
        for c in self._bad(i):
            for term in self._kept(c, i):
                self.solver.add(z3.Implies(self._assumed(c), term))

    def _assumed(self, claim: Claim) -> Term:
        return z3.Bool(f"assumed{self.claims.index(claim)}")

    def largest(self, k: int) -> tuple[Claim, ...]:
        """The claims that are k-inductive together.  To be asked for growing k."""
        self._reach(k)
        left = list(self.claims)
        while left:
            self._questions += 1
            name = z3.Bool(f"question{self._questions}")
            self.solver.add(z3.Implies(name, z3.Or([self.unrolling.violates(c, k) for c in left])))
            model = self.solver.find(name, *map(self._assumed, left))
            if model is None:
                break
            refuted = self.unrolling.refuted(model, k, left)
            left = [c for c in left if c not in refuted]
        return tuple(left)


def confirm(system: ScalarSystem, claims: Sequence[Claim], k: int, clock: Clock) -> str | None:
    """Check a k-inductive proof again in fresh solvers; how it was, or None when they refute it.

    A proof in bit-vectors is checked in integers.  One in integers is checked in Z3's other arithmetic, for what takes
    many bits to say takes too long to show in bits.
    """
    if fitting(system).name == Integers.name:
        return None if _refuted(system, claims, k, clock, Integers(), other_arithmetic) else "in Z3's other arithmetic"
    try:
        if _refuted(system, claims, k, clock.at_most(SECOND_LOOK), Integers(), None):
            return None
        return "with mathematical integers"
    except Stopped:
        clock.left()
    if _refuted(system, claims, k, clock, BitVectors(), z3.Solver):
        return None
    return "with bit-vectors in Z3's general solver"


def _refuted(
    system: ScalarSystem, claims: Sequence[Claim], k: int, clock: Clock, encoding: Encoding, make: Any
) -> bool:
    """Whether the claims fail before step k, or are not k-inductive; the step in one question."""
    base = Bounded(system, claims, clock, encoding, make and make())
    if any(base.violation(d) is not None for d in range(k)):
        return True
    step = Inductive(system, claims, clock, encoding, make and make())
    return step.counterexample(k) is not None
