"""What does `--json` write?  `{"schema": 1, "checks": [...], "refused": [...], "not_run": [...]}`, one entry a check that
was run, a file or check that was refused, a check that was not reached; absent numbers null.

Rule of the module: names and meaning of the fields are fixed by the schema number, and stand in `result.schema.json`.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from interlock.checker.checks.outcome import Result, Strictness, exhausted
from interlock.checker.checks.survey import Stopped, Told
from interlock.checker.diagnostics import NOWHERE, Diagnostic, Refusal

SCHEMA: Final = 1  # the version that results name: one more with every change that breaks a reader
_FILE: Final = Path(__file__).with_name("result.schema.json")


def text() -> str:
    """The JSON schema (draft 2020-12) of all that is written."""
    return _FILE.read_text(encoding="utf-8")


def to_json(
    results: Sequence[Result], refused: Sequence[Refusal] = (), not_run: Sequence[tuple[str, str]] = ()
) -> dict[str, Any]:
    """The results as JSON data; `not_run`: the spec and the name of each check that a run which was cut short left."""
    return {
        "schema": SCHEMA,
        "checks": [entry(r) for r in results],
        "refused": [_refusal(r) for r in refused],
        "not_run": [{"spec": spec, "check": check} for spec, check in not_run],
    }


def _refusal(refusal: Refusal) -> dict[str, Any]:
    """A file that was refused, or with `check` one check of it."""
    return {"spec": refusal.spec, "check": refusal.check, "errors": [_error(d) for d in refusal.diagnostics]}


def _error(d: Diagnostic) -> dict[str, Any]:
    """One mistake; line and column count from 1, and are null where it stands nowhere in the file."""
    somewhere = d.span.line > 0
    return {
        "code": d.code,
        "message": d.message,
        "file": None if d.span.file == NOWHERE.file else d.span.file,
        "line": d.span.line if somewhere else None,
        "column": d.span.column + 1 if somewhere else None,
        "help": d.help,
    }


def entry(result: Result) -> dict[str, Any]:
    """One check; `trace` is the ITF file when one was saved."""
    c = result.coverage
    return {
        "spec": result.spec,
        "check": result.check,
        "property": result.property,
        "expected": result.expected,
        "verdict": result.verdict,
        "kind": None if result.kind is None else result.kind.value,
        "standing": result.standing.value,
        "as_expected": result.as_expected,
        "differs": result.differs,
        "undecided": result.undecided,
        "ended": None if result.ended is None else {"cause": result.ended.cause.value, "reason": result.ended.text},
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
        "states_per_second": c.states_per_second,
        "total_seconds": result.total_seconds,
        "peak_memory_bytes": c.peak_memory,
        "compared_states": c.compared,
        "checkpoint": c.checkpoint,
        "trace": result.trace_file,
        "also_violated": [{"violated": o.name, "steps": o.steps, "trace": o.trace_file} for o in result.others],
        "distinct": _distinct(result),
        "not_judged": [{"property": n.property, "reason": n.reason} for n in c.not_judged],
        "never_enabled": list(result.never_fired) if exhausted(result) else [],
        "switched_off": list(result.off),
        "coverage": _coverage(result.covered),
        "blocked": None if result.covered is None else _stopped(result.covered.blocked, "action"),
        "vacuous": None if result.covered is None else _stopped(result.covered.vacuous, "property"),
        "unjudged": result.unjudged or None,
        "strict": _strict(result.strict),
        "message": result.message or (result.unjudged and f"not all was judged: {result.unjudged}"),
    }


def _strict(found: Strictness | None) -> dict[str, Any] | None:
    """What is hollow in a check; null where nobody asked."""
    if found is None:
        return None
    hollow = [{"about": h.about, "name": h.name, "why": h.why, "help": h.help} for h in found.hollow]
    return {"hollow": hollow, "unknown": found.unknown or None}


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
