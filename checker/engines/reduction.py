"""Is a search reduced by symmetry, and how does a path of representatives become a path of the model?

Rule of the module: a reduced path is no path: between two representatives lies a permutation.  What is handed on
starts in an initial state and takes real steps, each into the orbit of the next representative; one exists, since
the permutations map the system to itself.  Replay judges it like any other.
What the rewriting of `passes.symmetry` shows is used at once.  A solver is asked only where a search has become
long: to ask, and to compile again, takes as long as searching `worth` states, and small specs stay instant.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

from checker.engines.contract import Path, Step, Symmetry, Task
from checker.ir.passes.quotient import Quotient, quotient
from checker.ir.passes.symmetry import Domain, Symmetries, symmetries
from checker.ir.scalar import ErrorSite, Node, ScalarSystem, evaluate
from checker.native.program import Found, Program
from checker.native.run import Run
from checker.semantics.layout import to_leaves

WORTH = 10  # states for each character of a program, searched in the time that it takes to make it
SECONDS = 5.0  # of the solver, at most


def worth(program: Program) -> int:
    """The states from which on a search is long; a count, so that every run decides alike."""
    return WORTH * program.size


def at_first(task: Task) -> Symmetries:
    """The symmetry that a search begins with."""
    if task.symmetry is Symmetry.NEVER:
        return Symmetries()
    found = symmetries(task.system)
    if task.symmetry is Symmetry.ALWAYS and found.open:
        return by_solver(task.system, task.budget.seconds)
    return found


def by_solver(system: ScalarSystem, seconds: float | None) -> Symmetries:
    """All that a solver shows within the time."""
    from checker.smt.equivalence import never  # noqa: PLC0415 - Z3 takes a tenth of a second to load

    end = time.monotonic() + min(SECONDS, SECONDS if seconds is None else seconds / 4)

    def prove(condition: Node, domain: Domain) -> bool | None:
        return never(condition, domain, end - time.monotonic())

    return symmetries(system, prove)


def reduced_by(system: ScalarSystem, found: Symmetries) -> Quotient | None:
    """The permutations a search is reduced by, if any."""
    return quotient(system, found.sorts)


# --- paths -----------------------------------------------------------------------------------------

Words = tuple[int, ...]


def real_path(memory: Run, representatives: Sequence[Words]) -> tuple[Path, Words]:
    """A path of the model through the orbits of some states, and where it ends."""
    program = memory.program
    first = next(s for s in map(program.pack, program.system.initial) if memory.represented(s) == representatives[0])
    state, steps = first, list[Step]()
    for target in representatives[1:]:
        state, number = memory.follow(state, target)
        steps.append(program.step(number))
    return Path(program.unpack(first), tuple(steps)), state


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
