"""What does `--json` write?  `{"schema": 1, "checks": [...]}`, one entry a check, absent numbers null.

Rule of the module: names and meaning of the fields are fixed by the schema number.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from checker.run import Result

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
        "bits_per_state": c.bits_per_state,
        "bytes_per_state": c.bytes_per_state,
        "search_seconds": c.search_seconds,
        "total_seconds": result.total_seconds,
        "peak_memory_bytes": c.peak_memory,
        "trace": result.trace_file,
        "also_violated": [{"violated": o.name, "steps": o.steps, "trace": o.trace_file} for o in result.others],
        "never_enabled": list(result.never_fired) if result.verdict == "Holds" else [],
        "message": result.message or (result.unjudged and f"not all was judged: {result.unjudged}"),
    }
