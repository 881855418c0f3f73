"""Which of a check's properties does a run not judge, and why?

Rule of the module: only a search that has seen every reachable state decides what must stay possible (RECOVERABLE).
What a run does not judge it names, and judges the rest; where a check claims nothing else there is nothing to run (E010).
"""

from __future__ import annotations

from interlock.checker.contract import NotJudged
from interlock.checker.diagnostics import NOWHERE, Diagnostic, InputError
from interlock.checker.ir.nodes import PropertyKind
from interlock.checker.ir.scalar import ScalarSystem


def undecided(system: ScalarSystem, reason: str) -> tuple[NotJudged, ...]:
    """The properties that a run does not decide which has not seen every reachable state, with the reason."""
    return tuple(NotJudged(p.name, reason) for p in system.properties if p.kind is PropertyKind.RECOVERABLE)


def beyond(system: ScalarSystem, what: str) -> tuple[NotJudged, ...]:
    """The properties that an engine decides in no run; `what` it does instead of a search of all states.

    Raises InputError E010 where the check claims nothing else.
    """
    found = undecided(system, f"{what} cannot decide what must stay possible, and `explore` can")
    if found and len(found) == len(system.properties) and system.terminal is None:
        message = f"{what} cannot decide what must stay possible (`@recoverable`), and the check claims nothing else"
        raise InputError([Diagnostic("E010", message, NOWHERE, "use the engine `explore`")])
    return found
