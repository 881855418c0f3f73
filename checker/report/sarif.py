"""How do code-scanning tools see results?  SARIF 2.1.0, one result for each check that is not as expected."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from interlock import __version__
from interlock.checker.checks.outcome import Result, Standing
from interlock.checker.diagnostics import NOWHERE, Diagnostic, Refusal
from interlock.checker.report.terminal import details, headline

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_RULES = {
    "unexpected": "A verdict differs from the expected one",
    "hollow": "As expected, and worth nothing",
    "undecided": "Undecided within the budget",
    "defect": "Interlock failed on the check",
    "refused": "The input is wrong",
}


def to_sarif(results: Sequence[Result], refused: Sequence[Refusal] = ()) -> dict[str, Any]:
    """The results as SARIF data, with every mistake of what was refused."""
    rules = [{"id": k, "shortDescription": {"text": v}} for k, v in _RULES.items()]
    driver = {"name": "interlock", "version": __version__, "rules": rules}
    found = [_entry(r) for r in results if not r.as_expected]
    found += [_mistake(r, d) for r in refused for d in r.diagnostics]
    return {"$schema": _SCHEMA, "version": "2.1.0", "runs": [{"tool": {"driver": driver}, "results": found}]}


def _entry(result: Result) -> dict[str, Any]:
    text = f"{result.check}: {headline(result)}\n{details(result)}".strip()
    level = "warning" if result.standing is Standing.UNDECIDED else "error"
    found = _found(result.standing.value, level, text, result.spec, {"startLine": max(result.line, 1)})
    return found | {"properties": {"notJudged": [n.property for n in result.coverage.not_judged]}}


def _mistake(refusal: Refusal, d: Diagnostic) -> dict[str, Any]:
    where = "" if refusal.check is None else f"{refusal.check}: "
    text = f"{where}{d.code}: {d.message}\nhelp: {d.help}"
    if d.span.line < 1:
        return _found("refused", "error", text, refusal.spec if d.span == NOWHERE else d.span.file, {"startLine": 1})
    region = {"startLine": d.span.line, "startColumn": d.span.column + 1}
    region |= {"endLine": d.span.end_line, "endColumn": d.span.end_column + 1}
    return _found("refused", "error", text, d.span.file, region)


def _found(rule: str, level: str, text: str, file: str, region: dict[str, int]) -> dict[str, Any]:
    place = {"artifactLocation": {"uri": _uri(file)}, "region": region}
    return {"ruleId": rule, "level": level, "message": {"text": text}, "locations": [{"physicalLocation": place}]}


def _uri(path: str) -> str:
    return Path(path).as_uri() if Path(path).is_absolute() else quote(os.fsencode(Path(path).as_posix()))
