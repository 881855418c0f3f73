"""The initial states of a model, by the evaluator, one by one: what engines make by number or as conditions."""

from __future__ import annotations

from interlock.checker.ir.nodes import Program
from interlock.checker.ir.types import Value
from interlock.checker.semantics.evaluate import Enabled, Failed, beginnings


class InitialError(Exception):
    """An initial action is an error of the model."""


def initial_states(program: Program) -> list[Value]:
    """The distinct initial states, in order.  Raises InitialError."""
    if not program.initials:
        return [program.default]
    found: dict[Value, None] = {}
    for action, params, outcome in beginnings(program):
        if isinstance(outcome, Failed):
            raise InitialError(f"{action.name}{params}: {outcome.kind.value} at {outcome.span}")
        if isinstance(outcome, Enabled):
            found[outcome.state] = None
    return list(found)
