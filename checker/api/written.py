"""What is written of a run for machines?  Its results as JSON, JUnit XML and SARIF, and the register of claims."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from interlock.checker.api.outcomes import Result
from interlock.checker.api.runs import Run
from interlock.checker.ir.claims import Spec
from interlock.checker.report import schema
from interlock.checker.writing import put

__all__ = ["json_schema", "left_out", "pages", "put", "to_json", "to_junit", "to_sarif"]


def to_json(run: Run) -> str:
    """The results as JSON, in the shape of `json_schema()`."""
    return _json(schema.to_json(run.results, run.refused, _left(run)))


def to_junit(run: Run) -> str:
    """The results as JUnit XML, for CI systems."""
    from interlock.checker.report import junit

    return junit.to_junit(run.results, run.refused, _left(run))


def to_sarif(run: Run) -> str:
    """What is wrong as SARIF, for code scanning."""
    from interlock.checker.report import sarif

    return _json(sarif.to_sarif(run.results, run.refused))


def json_schema() -> str:
    """The JSON schema (draft 2020-12) of what `to_json` gives."""
    return schema.text()


def pages(specs: Sequence[Spec], results: Sequence[Result]) -> dict[str, str]:
    """The register of claims of some specs, by the checks that decide them: the text of each page by its file name."""
    from interlock.checker.report import register

    return register.pages(specs, results)


def left_out(stored: Iterable[str], specs: Sequence[Spec]) -> list[str]:
    """The paths of the specs that `stored` pages of a register tell of, and that are not among `specs`."""
    from interlock.checker.report import register

    return register.left_out(stored, specs)


def _left(run: Run) -> list[tuple[str, str]]:
    return [(spec.path, check.name) for spec, check in run.not_run()]


def _json(data: Any) -> str:
    return json.dumps(data, indent=1) + "\n"
