"""Random runs of the plain Python find the same known mistakes, as runs to paste back."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from checker.frontend import load_spec
from checker.stateful import ModelMachine, machine

SPECS = Path(__file__).resolve().parent.parent / "specs"
SPEC = SPECS / "two_phase_commit.py"
AGGLAYER = SPECS / "agglayer" / "safety.py"
SETTINGS = settings(
    max_examples=60, stateful_step_count=15, deadline=None, derandomize=True, database=None,
    suppress_health_check=list(HealthCheck),
)  # fmt: skip


def machine_of(name: str, path: Path = SPEC) -> type[ModelMachine]:
    spec = load_spec(path)
    check = next(c for c in spec.checks if c.name == name)
    return machine(check.program, properties=check.properties, faults=check.faults, spec=spec)


def test_a_check_that_holds_passes() -> None:
    run_state_machine_as_test(machine_of("3 managers"), settings=SETTINGS)


def test_a_known_mistake_is_found_and_shrunk_to_the_shortest_run() -> None:
    thorough = settings(SETTINGS, max_examples=500)
    with pytest.raises(AssertionError) as failure:
        run_state_machine_as_test(machine_of("commits too early"), settings=thorough)
    text = str(failure.value)
    assert "consistent" in text
    calls = re.findall(r"^    (\w+)\(s\b.*\)$", text, re.MULTILINE)
    assert len(calls) == 3, text
    assert {"decide_commit", "obey_commit"} < set(calls)


def test_the_agglayer_keeps_its_invariants_on_random_runs() -> None:
    """The AggLayer's layer S, run as plain Python by Hypothesis, breaks no invariant of its spec."""
    few = settings(SETTINGS, max_examples=4, stateful_step_count=8)
    run_state_machine_as_test(machine_of("mode 2", AGGLAYER), settings=few)
