"""What can compiled code not take on?  Numbers of more than a word, and more instances than are listed.

Rule of the module: a check is refused with what to make smaller, by name, before anything is compiled; a solver may
take it as it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from interlock.checker.diagnostics import NOWHERE, Diagnostic, InputError
from interlock.checker.ir.scalar import Leaf, ScalarAction, ScalarSystem, fits
from interlock.checker.ir.types import cardinality, show_number

VALUES: Final = 1 << 16  # of one parameter of an action: they stand in the code
INSTANCES: Final = 1 << 24  # of all actions: what a walking thread counts by instance takes 128 MiB then
NUMBERED: Final = 1 << 62  # initial instances: their numbers are made into values
_OTHERS: Final = 'use engine="bmc" or engine="induction"'


def refuse(system: ScalarSystem) -> None:
    """Raises InputError E001 and E003 for a system that cannot be compiled."""
    found = [*_wide(system), *_many(system.actions), *_numbered(system.initials)]
    if found:
        raise InputError(found[:1])


def _wide(system: ScalarSystem) -> list[Diagnostic]:
    """Fields, parameters and numbers of the text that take more than 64 bits."""
    named: list[tuple[str, Leaf]] = [(f"`{leaf.name}`", leaf) for leaf in system.leaves]
    for a in (*system.initials, *system.actions):
        named += [(f"the parameter `{leaf.name}` of `{a.name}`", leaf) for leaf in a.param_leaves]
    found = [
        f"{name} is one of {_range(leaf.lo, leaf.hi)}, which takes more than 64 bits"
        for name, leaf in named
        if not fits(leaf.lo, leaf.hi)
    ]
    found += [
        f"the number at {w.span} may be any of {_range(w.lo, w.hi)}, which takes more than 64 bits" for w in system.wide
    ]
    return [
        Diagnostic("E001", text, NOWHERE, f"make the ranges that it comes from smaller, or {_OTHERS}") for text in found
    ]


def _range(lo: int, hi: int) -> str:
    return f"{show_number(lo)}..{show_number(hi)}"


def _many(actions: Sequence[ScalarAction]) -> list[Diagnostic]:
    """Parameters, and actions, of too many values."""
    for a in actions:
        for name, t in a.params:
            if cardinality(t) > VALUES:
                size = show_number(cardinality(t))
                text = f"the parameter `{name}` of `{a.name}` has {size} values, and compiled code has one step for each, of {VALUES} at most"
                return [
                    Diagnostic("E003", text, NOWHERE, f"use a smaller Range (or other type) for `{name}`, or {_OTHERS}")
                ]
    count = sum(a.instances for a in actions)
    if count <= INSTANCES:
        return []
    worst = max(actions, key=lambda a: a.instances)
    text = f"the actions have {show_number(count)} combinations of parameter values, more than {INSTANCES}; `{worst.name}` alone has {show_number(worst.instances)}"
    return [Diagnostic("E003", text, NOWHERE, f"use smaller types for its parameters, or split it, or {_OTHERS}")]


def _numbered(initials: Sequence[ScalarAction]) -> list[Diagnostic]:
    """Initial actions of more instances than have numbers."""
    if sum(a.instances for a in initials) <= NUMBERED:
        return []
    worst = max(initials, key=lambda a: a.instances)
    name, size = max(((n, cardinality(t)) for n, t in worst.params), key=lambda p: p[1])
    text = f"the initial action `{worst.name}` has {show_number(worst.instances)} combinations of parameter values, {show_number(size)} of them by `{name}`; at most 2**62 can be gone through"
    return [Diagnostic("E003", text, NOWHERE, f"use a smaller Range (or other type) for `{name}`, or {_OTHERS}")]
