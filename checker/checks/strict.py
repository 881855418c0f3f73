"""Is a check that passes worth something?  What it claims of nothing, and what never happens in it.

Rule of the module: nothing is said that not every state shows.  A claim is hollow where it excuses itself in every
state, or speaks of what nothing changes; an action where it never fires, a fault where none of its actions does.
Constants switch actions off on purpose, to choose a variant: such an action is hollow only where no other check of the
file leaves it on, where it would have to fire in its turn.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator

from interlock.checker.checks.outcome import Hollow, Strictness
from interlock.checker.checks.survey import Told
from interlock.checker.contract import Coverage
from interlock.checker.diagnostics import InputError
from interlock.checker.ir.claims import Check, Spec
from interlock.checker.ir.nodes import Action, Program, Property, PropertyKind
from interlock.checker.ir.scalar import FALSE, TRUE, Op, ScalarProperty, ScalarSystem, moving, topological, var_of
from interlock.checker.ir.types import RecordT
from interlock.checker.passes.scalarize import Maker
from interlock.checker.semantics.leaves import flatten_type

_ANYWAY = "write `strict=False` in the check where that is meant"


def judged(spec: Spec, check: Check, system: ScalarSystem, coverage: Coverage, told: Told | None) -> Strictness:
    """What is hollow in a check of which every state was seen; `told` is what its search was asked."""
    if told is None or coverage.fired is None:
        return Strictness(unknown="the actions that fired were not counted")
    unknown = (
        ("; ".join(told.notes) or "the claims were not looked at") if told.vacuous is None else "; ".join(told.left)
    )
    hollow = (
        *nothing_claimed(check),
        *_claims(check, system, coverage, told),
        *_actions(spec, check, system, coverage, told),
    )
    return Strictness(hollow, unknown)


def nothing_claimed(check: Check) -> tuple[Hollow, ...]:
    """A check that would pass whatever the model does, errors apart."""
    if check.properties or check.terminal is not None:
        return ()
    why = "nothing is claimed: there is no property, and no `terminal=`"
    return (Hollow("check", check.name, why, f"give it `properties=(...)`, or {_ANYWAY}"),)


# --- claims ----------------------------------------------------------------------------------------


def _claims(check: Check, system: ScalarSystem, coverage: Coverage, told: Told) -> Iterator[Hollow]:
    stopped = {s.name: s for s in reversed(told.vacuous or ())}
    written = _written(system, coverage)
    for p, scalar in zip(check.properties, system.properties, strict=True):
        why = stopped[p.name].said if p.name in stopped else _of_nothing(p, scalar, system, written)
        if why:
            yield Hollow(
                "claim", p.name, f"{p.name} claims nothing: {why}", "leave it out of `properties=` where that is meant"
            )


def _of_nothing(p: Property, scalar: ScalarProperty, system: ScalarSystem, written: frozenset[int]) -> str:
    """Why a claim could not be otherwise, whatever the model does; empty where it could."""
    if p.kind is PropertyKind.FIRES or scalar.errors:
        return ""
    if scalar.value is TRUE:
        return "it is true of every state that the types and the constants allow"
    read = {var_of(n)[1] for n in topological([scalar.value]) if n.op is Op.VAR}
    if p.kind is not PropertyKind.ALWAYS or read & written:
        return ""
    fields = ", ".join(f"`s.{name}`" for name in _fields(system, read))
    return f"no action that fires writes what it speaks of, {fields}"


def _written(system: ScalarSystem, coverage: Coverage) -> frozenset[int]:
    """The leaves that some step changes, or may."""
    firing = (a for a, n in zip(system.actions, coverage.fired or (), strict=True) if n)
    return frozenset(leaf for a in firing for leaf in moving(a.updates))


def _fields(system: ScalarSystem, leaves: set[int]) -> Iterator[str]:
    """The fields of the state that some leaves belong to."""
    assert isinstance(system.state, RecordT)
    start = 0
    for name, t in system.state.fields:
        end = start + len(flatten_type(t, name))
        if leaves & set(range(start, end)):
            yield name
        start = end


# --- actions ---------------------------------------------------------------------------------------


def _actions(spec: Spec, check: Check, system: ScalarSystem, coverage: Coverage, told: Told) -> Iterator[Hollow]:
    actions = check.program.allowed(check.faults)
    idle = [i for i, n in enumerate(coverage.fired or ()) if n == 0]
    lost = [f for f in sorted(check.faults) if all(i in idle for i, a in enumerate(actions) if a.fault == f)]
    for fault in lost:
        why = f'the fault "{fault}" never happens: {", ".join(a.name for a in actions if a.fault == fault)} never fires'
        yield Hollow("fault", fault, why, "leave it out of `faults=` where that is meant")
    waits = {s.name: s for s in told.blocked or ()}
    for i in idle:
        action = actions[i]
        if action.fault in lost:
            continue
        if system.actions[i].guards == (FALSE,):
            if not _on_elsewhere(spec, check, action):
                why = f"{action.name} never fires: its guard is false for the constants of every check of this file"
                yield Hollow("action", action.name, why, f"add a check whose constants leave it on, or {_ANYWAY}")
            continue
        rest = f": {waits[action.name].said}" if action.name in waits else ""
        yield Hollow("action", action.name, f"{action.name} never fires{rest}", _ANYWAY)


def _on_elsewhere(spec: Spec, check: Check, action: Action) -> bool:
    """Whether the constants and the faults of another check of the file leave an action on."""
    return any(
        other is not check and other.program.name == check.program.name and _is_on(other.program, other.faults, action.module, action.name)
        for other in spec.checks
    )  # fmt: skip


@functools.lru_cache(maxsize=1024)
def _is_on(program: Program, faults: frozenset[str], module: str, name: str) -> bool:
    """Whether a check has this action, with a guard that is not false whatever the state."""
    for action in program.allowed(faults):
        if (action.module, action.name) == (module, name):
            try:
                return Maker(program.state, program.helpers, {}).action(action).guards != (FALSE,)
            except InputError:
                return False
    return False
