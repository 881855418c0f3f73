"""Is a search reduced by symmetry, and how does a path of representatives become a path of the model?

Rule of the module: a reduced path is no path: between two representatives lies a permutation.  What is handed on
starts in an initial state and takes real steps, each into the orbit of the next representative; one exists, since
the permutations map the system to itself.  Replay judges it like any other.
A search is reduced where its task asks for that.  What the rewriting of `passes.symmetry` does not show, a solver is
asked for, before the search begins.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

from checker.engines.contract import Path, Step, Task
from checker.ir.passes.quotient import Quotient, quotient
from checker.ir.passes.symmetry import Domain, Symmetries, symmetries
from checker.ir.scalar import ErrorSite, Node, ScalarSystem, evaluate
from checker.native.program import Found, Program
from checker.native.run import Run
from checker.semantics.layout import to_leaves

SECONDS = 5.0  # of the solver, at most


def shown(task: Task) -> Symmetries:
    """The symmetry that a search may be reduced by: none, unless its task asks for that."""
    if not task.symmetry:
        return Symmetries()
    found = symmetries(task.system)
    return by_solver(task.system, task.budget.seconds) if found.open else found


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


def refusals(found: Symmetries) -> tuple[str, ...]:
    """Why a search is not reduced further."""
    return tuple(f"not reduced by the symmetry of {r.sort.name}: {r.reason}" for r in found.refused)


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
