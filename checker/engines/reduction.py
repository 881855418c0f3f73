"""When is a search reduced by symmetry, and how does a path of representatives become a path of the model?

Rule of the module: what is decided depends on the model and on how many states were found at the end of a level,
never on time: so counts, verdict and path are the same on every run and any number of threads.
Proving members interchangeable and compiling the reduced search take longer than a small search does, and nothing
tells beforehand how many states there are.  So a search begins with all states; where it has found more than `SMALL`,
it begins again with one state of each orbit, if rewriting shows enough; and where it has found more than `LARGE`, a
solver is asked too.  Who asks for the reduction has it from the start, with all that can be shown; or has none.  A
search that is saved is a long one, and has it from the start: so a run that goes on does as the one before it.

A reduced path is no path: between two representatives lies a permutation.  What is handed on starts in an initial
state and takes real steps, each into the orbit of the next representative; one exists, since the permutations map
the system to itself.  Replay judges it like any other.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from typing import Final

import attrs

from interlock.checker.contract import Path, Step, Task
from interlock.checker.ir.scalar import ErrorSite, Node, ScalarSystem, evaluate
from interlock.checker.native.module.program import Found, Program
from interlock.checker.native.module.run import Run
from interlock.checker.passes.quotient import Quotient, quotient
from interlock.checker.passes.symmetry import Domain, Symmetries, scalarsets, symmetries
from interlock.checker.semantics.leaves import to_leaves

SMALL: Final = 10_000  # states of a search that is over before a reduction could pay
LARGE: Final = 1_000_000  # the same, for what takes longer: a solver, or to gain less than `WORTH` promises
WORTH: Final = 6  # permutations: two members halve a search at best, three divide it by six


@attrs.frozen
class Reduction:
    """What a search is reduced by; and from how many states on to look for more, None where never."""

    symmetries: Symmetries = Symmetries()
    quotient: Quotient | None = None
    again: int | None = None
    asked: bool = False  # all that can be shown was looked for

    @property
    def order(self) -> int:
        """How many permutations a search is reduced by."""
        return 1 if self.quotient is None else self.quotient.order

    @property
    def refusals(self) -> tuple[str, ...]:
        """Why a search is not reduced further, where all that can be shown was looked for."""
        if not self.asked:
            return ()
        used = () if self.quotient is None else self.quotient.sorts
        named = "the values of a recoverable property's parameters name all of its members"
        reasons = [(r.sort, r.reason) for r in self.symmetries.refused]
        reasons += [(sort, named) for sort in self.symmetries.sorts if sort not in used]
        return tuple(f"not reduced by the symmetry of {sort.name}: {reason}" for sort, reason in reasons)


def at_first(task: Task) -> Reduction:
    """What a search is reduced by when it begins."""
    most = math.prod(math.factorial(sort.size) for sort in scalarsets(task.system.state))
    if task.symmetry is False or most == 1:
        return Reduction()
    if task.symmetry is None and task.checkpoint is None:
        return Reduction(again=SMALL if most >= WORTH else LARGE)
    return _all(task)


def later(task: Task, now: Reduction) -> Reduction:
    """What it should be reduced by, having found more than `now.again` states."""
    if now.again == LARGE:
        return _all(task)
    found = symmetries(task.system)
    by = quotient(task.system, found.sorts)
    if by is None or by.order < WORTH:
        return Reduction(again=LARGE)
    return Reduction(found, by, LARGE if found.open else None)


def _all(task: Task) -> Reduction:
    found = symmetries(task.system)
    if found.open:
        found = by_solver(task.system, task.budget.seconds)
    return Reduction(found, quotient(task.system, found.sorts), asked=True)


def by_solver(system: ScalarSystem, seconds: float | None) -> Symmetries:
    """All that a solver shows within its limit of effort; and in a quarter of a budget of time, if there is one."""
    from interlock.checker.smt.equivalence import Prover  # Z3 takes a tenth of a second to load

    prover = Prover()
    end = None if seconds is None else time.monotonic() + seconds / 4

    def prove(condition: Node, domain: Domain) -> bool | None:
        return prover.never(condition, domain, None if end is None else end - time.monotonic())

    return symmetries(system, prove)


# --- paths -----------------------------------------------------------------------------------------

Words = tuple[int, ...]


def real_path(memory: Run, representatives: Sequence[Words]) -> tuple[Path, Words]:
    """A path of the model through the orbits of some states, and where it ends."""
    program = memory.program
    start, first = memory.origin(representatives[0])
    state, steps = first, list[Step]()
    for target in representatives[1:]:
        state, number = memory.follow(state, target)
        steps.append(program.step(number))
    return Path(program.unpack(first), tuple(steps), program.start(start)), state


def real_step(program: Program, state: Words, like: Step, found: Found | None) -> Step:
    """A step from a real state that is wrong as `like` is wrong from its representative.

    Without `found` the step is an error of the model.  Else it can be taken, and `found`, of a property of steps, is so.
    """
    system, leaves = program.system, program.unpack(state)
    old = {("s", i): v for i, v in enumerate(leaves)}
    action = system.actions[like.action]
    for params in system.expand_params(action):
        flat = [x for (_, t), v in zip(action.params, params, strict=True) for x in to_leaves(t, v)]
        env = old | {("p", i): v for i, v in enumerate(flat)}
        if found is None:
            if _wrong(action.errors, env):
                return Step(like.action, params)
        elif not _wrong(action.errors, env) and all(evaluate(action.guards, env)):
            new = dict(zip(action.updates, evaluate(action.updates.values(), env), strict=True))
            both = old | {("t", i): new.get(i, v) for i, v in enumerate(leaves)}
            error = _wrong(found.property.errors, both)
            if error == found.error and (error or not all(evaluate([found.property.value], both))):
                return Step(like.action, params)
    raise AssertionError("no real step is wrong as the one from the representative is")


def _wrong(errors: Sequence[ErrorSite], env: dict[tuple[str, int], int]) -> bool:
    return any(evaluate([e.condition for e in errors], env))
