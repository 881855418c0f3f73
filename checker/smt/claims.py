"""What must never be so in a check, as conditions on a state, on a step, or on a tried action.

Rule of the module: every way to violate a check that Z3 searches for is one `Claim`; in order, so that
of several violations at one depth the first is reported: properties (and errors while evaluating
them), then errors of actions, then deadlock.  REACHABLE properties are wishes, not claims, and RECOVERABLE ones are
for no solver to decide; their errors are claims.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable
from typing import TypeAlias

import attrs

from interlock.checker.diagnostics import mistake
from interlock.checker.ir.nodes import PropertyKind
from interlock.checker.ir.scalar import (
    Node,
    ScalarAction,
    ScalarProperty,
    ScalarSystem,
    and_,
    not_,
    or_,
    substitute,
)
from interlock.checker.ir.types import show_number
from interlock.checker.semantics.leaves import bindings

INSTANCES = 4096  # action instances that a deadlock condition is expanded to, at most


class At(enum.Enum):
    """What a condition is about."""

    STATE = "s"  # a state
    STEP = "t"  # the two states of a step
    ACTION = "p"  # a state and the parameters of an action tried in it


class Wrong(enum.Enum):
    """What is wrong where a claim's condition holds."""

    FALSE = "a property is false"
    ERROR = "an error of the model"
    DEADLOCK = "no action is enabled"


@attrs.frozen(eq=False)
class Claim:
    """Something that must not be: the condition that is bad, and what to say of it."""

    at: At
    bad: Node
    wrong: Wrong
    property: str | None
    action: int | None = None  # ACTION: its position in the system


Look: TypeAlias = Callable[[], object]  # called now and then; it may raise


def claims(system: ScalarSystem, look: Look = lambda: None) -> list[Claim]:
    """All claims of a check.  Raises InputError for what cannot be stated without quantifiers."""
    found: list[Claim] = []
    for p in system.properties:
        found.extend(_property_claims(p))
    for i, a in enumerate(system.actions):
        if a.errors:
            found.append(Claim(At.ACTION, or_(e.condition for e in a.errors), Wrong.ERROR, None, i))
    if system.terminal is not None:
        stuck = not_(or_(_enabled(system, look)))
        found.extend(_error_claims(system.terminal, At.STATE, stuck))
        bad = and_((stuck, not_(system.terminal.value)))
        found.append(Claim(At.STATE, bad, Wrong.DEADLOCK, system.terminal.name))
    return found


def _property_claims(p: ScalarProperty) -> Iterable[Claim]:
    at = At.STEP if p.kind is PropertyKind.STEP else At.STATE
    yield from _error_claims(p, at, None)
    if p.kind in (PropertyKind.ALWAYS, PropertyKind.STEP):
        failed = or_(e.condition for e in p.errors)
        yield Claim(at, and_((not_(p.value), not_(failed))), Wrong.FALSE, p.name)


def _error_claims(p: ScalarProperty, at: At, when: Node | None) -> Iterable[Claim]:
    if p.errors:
        bad = or_(e.condition for e in p.errors)
        yield Claim(at, bad if when is None else and_((when, bad)), Wrong.ERROR, p.name)


def _enabled(system: ScalarSystem, look: Look) -> Iterable[Node]:
    count = sum(a.instances for a in system.actions)
    if count > INSTANCES:
        raise mistake(
            "E020",
            f"a deadlock check would expand {show_number(count)} action instances; at most {INSTANCES} can be",
            'use engine="explore", or leave `terminal=` out of this check',
        )
    for a in system.actions:
        yield from expand(system, a, and_(a.guards), look)


def expand(system: ScalarSystem, a: ScalarAction, root: Node, look: Look) -> Iterable[Node]:
    """The condition for every value of the action's parameters."""
    for mapping in bindings(system, a, [root]):
        look()
        yield from substitute([root], mapping)
