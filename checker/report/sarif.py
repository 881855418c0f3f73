"""How do code-scanning tools see results?  SARIF 2.1.0, one result for each check that is not as expected."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from checker import __version__
from checker.outcome import Result
from checker.report.terminal import details

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_RULES = {
    "unexpected": "A verdict differs from the expected one",
    "undecided": "Undecided within the budget",
    "defect": "Interlock failed on the check",
}


def to_sarif(results: Sequence[Result]) -> dict[str, Any]:
    """The results as SARIF data."""
    rules = [{"id": k, "shortDescription": {"text": v}} for k, v in _RULES.items()]
    driver = {"name": "interlock", "version": __version__, "rules": rules}
    found = [_entry(r) for r in results if not r.as_expected]
    return {"$schema": _SCHEMA, "version": "2.1.0", "runs": [{"tool": {"driver": driver}, "results": found}]}


def _entry(result: Result) -> dict[str, Any]:
    text = f"{result.check}: expected {result.expected}, found {result.verdict}\n{details(result)}".strip()
    place = {"artifactLocation": {"uri": _uri(result.spec)}, "region": {"startLine": max(result.line, 1)}}
    return {
        "ruleId": "defect" if result.defect else "undecided" if result.undecided else "unexpected",
        "level": "warning" if result.undecided else "error",
        "message": {"text": text},
        "locations": [{"physicalLocation": place}],
        "properties": {"notJudged": [n.property for n in result.coverage.not_judged]},
    }


def _uri(path: str) -> str:
    return Path(path).as_uri() if Path(path).is_absolute() else Path(path).as_posix()
