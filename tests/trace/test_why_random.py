"""Whatever a model says, why an action is disabled, or a claim false, is told, and by expressions that are so."""

from __future__ import annotations

import itertools

import pytest

from interlock.checker.diagnostics import InputError
from interlock.checker.ir.claims import Check, Spec
from interlock.checker.ir.types import Value
from interlock.checker.semantics import evaluate as ev
from interlock.checker.trace import parts
from interlock.checker.trace.explain import explain
from tests.agreement.compare import read
from tests.initials import InitialError, initial_states
from tests.strategies import random_model

MODELS, SEEDS = 8, 80
STATES, INSTANCES = 6, 12


def states(check: Check) -> list[Value]:
    """Some reachable states, the initial ones first."""
    program = check.program
    try:
        found = dict.fromkeys(initial_states(program)[:STATES])
    except InitialError:
        return []
    for state in list(found):
        for _, _, outcome in itertools.islice(ev.successors(program, program.actions, state), STATES):
            if isinstance(outcome, ev.Enabled):
                found.setdefault(outcome.state)
    return list(found)[: 2 * STATES]


def explained(spec: Spec, check: Check, state: Value) -> int:
    """Explains what is disabled in a state; how many instances that is."""
    count = 0
    for action in check.program.actions:
        for params in itertools.islice(ev.instances(action.params), INSTANCES):
            if isinstance(ev.run_action(check.program, action, state, params), ev.Disabled):
                lines = list(explain(spec, check, action, params, state))
                count += 1

                assert any(line.startswith("    false:") for line in lines)
    return count


def told(check: Check, state: Value) -> int:
    """Says why claims are false of a state; how many instances that is."""
    count, helpers = 0, check.helpers
    for p in check.properties:
        first = (state, state) if p.kind.value == "step" else (state,)
        for params in itertools.islice(ev.instances(p.params), INSTANCES):
            try:
                value = ev.call(helpers, p.function, (*first, *params))
            except ev.ModelError:
                continue
            found = parts.of_function(helpers, check.program.state, p.function, (*first, *params))
            count += value is False

            assert bool(found) is (value is False)
    return count


@pytest.mark.parametrize("start", range(0, SEEDS, MODELS))
def test_why_is_told_of_every_model(start: int) -> None:
    """Random models of the whole language; nothing that is false is left without a word."""
    disabled = false = 0
    for seed in range(start, start + MODELS):
        try:
            spec = read(random_model(seed))
        except InputError:
            continue
        for check in spec.checks:
            for state in states(check):
                disabled += explained(spec, check, state)
                false += told(check, state)

    assert disabled
    assert false
