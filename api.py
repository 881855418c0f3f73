"""Interlock from Python: read specs, run their checks, and have what came of them as data.

`README.md` shows it at work.  A mistake in a user's file is raised as `InputError`, with every `Diagnostic`; all else
that can be said of a check is in its `Result`.  What is listed here stays; what is elsewhere in `interlock.checker` may
change in any version.
"""

from interlock.checker.api.options import Overrides as Options
from interlock.checker.api.outcomes import Result, Standing
from interlock.checker.api.runs import Run, read, run
from interlock.checker.api.shown import explain, forms, named, outline
from interlock.checker.api.traces import Replayed, replay
from interlock.checker.api.written import json_schema, pages, to_json, to_junit, to_sarif
from interlock.checker.contract import Cause, Coverage, Ended
from interlock.checker.diagnostics import Diagnostic, InputError, Refusal, Span
from interlock.checker.ir.claims import Check, Kind, Spec
from interlock.checker.trace.trace import Call, Trace, TraceStep

__all__ = [
    "Call",
    "Cause",
    "Check",
    "Coverage",
    "Diagnostic",
    "Ended",
    "InputError",
    "Kind",
    "Options",
    "Refusal",
    "Replayed",
    "Result",
    "Run",
    "Span",
    "Spec",
    "Standing",
    "Trace",
    "TraceStep",
    "explain",
    "forms",
    "json_schema",
    "named",
    "outline",
    "pages",
    "read",
    "replay",
    "run",
    "to_json",
    "to_junit",
    "to_sarif",
]
