"""What does `--json` write?  `{"schema": 1, "checks": [...]}`, one entry a check, absent numbers null.

Rule of the module: names and meaning of the fields are fixed by the schema number.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from checker.outcome import Result, exhausted
from checker.survey import Stopped, Told

SCHEMA: Final = 1


def to_json(results: Sequence[Result]) -> dict[str, Any]:
    """The results as JSON data."""
    return {"schema": SCHEMA, "checks": [entry(r) for r in results]}


def entry(result: Result) -> dict[str, Any]:
    """One check; `trace` is the ITF file when one was saved."""
    c = result.coverage
    return {
        "spec": result.spec,
        "check": result.check,
        "property": result.property,
        "expected": result.expected,
        "verdict": result.verdict,
        "as_expected": result.as_expected,
        "undecided": result.undecided,
        "engine": result.engine,
        "workers": result.workers,
        "distinct_states": c.states,
        "orbits": c.orbits,
        "symmetry": list(c.symmetry),
        "transitions": c.transitions,
        "depth": c.depth,
        "witnessed": None if c.witnessed is None else dict(c.witnessed),
        "seed": c.seed,
        "walks": c.walks,
        "steps": c.steps,
        "longest_walk": c.longest,
        "action_instances": _instances(result),
        "bits_per_state": c.bits_per_state,
        "bytes_per_state": c.bytes_per_state,
        "search_seconds": c.search_seconds,
        "total_seconds": result.total_seconds,
        "peak_memory_bytes": c.peak_memory,
        "checkpoint": c.checkpoint,
        "trace": result.trace_file,
        "also_violated": [{"violated": o.name, "steps": o.steps, "trace": o.trace_file} for o in result.others],
        "distinct": _distinct(result),
        "not_judged": [{"property": n.property, "reason": n.reason} for n in c.not_judged],
        "never_enabled": list(result.never_fired) if exhausted(result) else [],
        "coverage": _coverage(result.covered),
        "blocked": None if result.covered is None else _stopped(result.covered.blocked, "action"),
        "vacuous": None if result.covered is None else _stopped(result.covered.vacuous, "property"),
        "message": result.message or (result.unjudged and f"not all was judged: {result.unjudged}"),
    }


def _distinct(result: Result) -> dict[str, Any] | None:
    """Counterexamples that differ in their actions; null where they were not asked for."""
    if result.distinct is None:
        return None
    violated = [
        {
            "violated": ways.name,
            "actions": list(ways.actions),
            "more": [
                {"steps": other.steps, "actions": list(by), "trace": other.trace_file}
                for other, by in zip(ways.more, ways.by, strict=True)
            ],
            "fewer": ways.fewer,
        }
        for ways in result.ways
    ]
    return {"asked": result.distinct, "violated": violated}


def _coverage(told: Told | None) -> dict[str, Any] | None:
    """Steps and newly reached states by action; null where they were not asked for, or not counted."""
    if told is None or told.taken is None:
        return None
    actions = [{"action": t.action, "fault": t.fault, "fired": t.fired, "new_states": t.new} for t in told.taken]
    return {"states": told.states, "below_depth": told.below, "actions": actions}


def _stopped(found: Sequence[Stopped] | None, of: str) -> list[dict[str, Any]] | None:
    """The conditions that nothing passes, with how many come to them."""
    if found is None:
        return None
    return [
        {of: s.name, "condition": s.text, "at": str(s.span), "passing": s.passing.value, "reached": s.reached}
        for s in found
    ]


def _instances(result: Result) -> dict[str, Any] | None:
    """What random walks took of all that the actions and their parameters allow."""
    if not result.actions:
        return None
    by_action = [
        {"action": a.name, "taken": a.taken, "instances_taken": a.instances_taken, "instances": a.instances}
        for a in result.actions
    ]
    return {
        "taken": sum(a.instances_taken for a in result.actions),
        "of": sum(a.instances for a in result.actions),
        "by_action": by_action,
    }
