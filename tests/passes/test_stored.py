"""A system that comes from the cache is the one that was put there, expression for expression."""

from __future__ import annotations

from pathlib import Path

import pytest

from interlock.checker.checks import finding
from interlock.checker.checks.forms import _system
from interlock.checker.ir.printer import print_scalar
from interlock.checker.ir.scalar import Node, ScalarAction, ScalarSystem
from interlock.checker.passes.stored import pack, unpack
from tests.native.systems import agg_core

SPECS = Path(__file__).resolve().parents[2] / "specs"
CHECKS = [
    (spec.path, check)
    for file in ("two_phase_commit.py", "poe/forced.py", "agglayer/liveness.py", "pos/forks.py")
    for spec in finding.load([SPECS / file])
    for check in spec.checks[::4]
]


def expressions(system: ScalarSystem) -> list[list[Node]]:
    """Every expression of a system, by the action or property that has it."""
    found = [
        [*a.guards, *(e.condition for e in a.errors), *a.updates.values()] for a in (*system.initials, *system.actions)
    ]
    judged = [*system.properties, *([] if system.terminal is None else [system.terminal])]
    return found + [[p.value, *(e.condition for e in p.errors), *p.goals] for p in judged]


@pytest.mark.parametrize(("path", "check"), CHECKS, ids=[f"{p}-{c.name}" for p, c in CHECKS])
def test_what_is_unpacked_is_what_was_packed(path: str, check: finding.Check) -> None:
    """The very nodes, the same text, and the same answers without any of them."""
    made = _system(check)
    again = unpack(pack(made))

    assert [(a.off, a.erring, a.instances) for a in again.actions] == [
        (a.off, a.erring, a.instances) for a in made.actions
    ]
    for one, other in zip(expressions(made), expressions(again), strict=True):
        assert all(x is y for x, y in zip(one, other, strict=True))
    assert print_scalar(again) == print_scalar(made)
    assert [[e.span for e in a.errors] for a in again.actions] == [[e.span for e in a.errors] for a in made.actions]


def test_expressions_are_unpacked_when_one_is_asked_for() -> None:
    """What every search asks for needs none of them."""
    again = unpack(pack(agg_core(2, 2)))
    action = again.actions[0]

    assert action._later is not None
    assert action.off is False
    assert action._later is not None
    assert action.guards
    assert action._later is None
    with pytest.raises(AttributeError):
        action.absent  # type: ignore[attr-defined]  # noqa: B018 - it must raise


def test_a_changed_system_has_no_key() -> None:
    """Or what is kept of one would be taken for the other."""
    import attrs

    named = agg_core(2, 2).named("a key")

    assert named.key == "a key"
    assert attrs.evolve(named, properties=()).key is None
    assert isinstance(named.actions[0], ScalarAction)
