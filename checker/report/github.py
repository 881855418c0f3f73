"""How does a pull request on GitHub show results?  As workflow commands: one annotation a line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from checker.outcome import Result, Standing
from checker.report.terminal import details


def commands(results: Sequence[Result]) -> Iterator[str]:
    """One line for each check that is not as expected."""
    for r in results:
        if not r.as_expected:
            level = "warning" if r.standing is Standing.UNDECIDED else "error"
            text = f"expected {r.expected}, found {r.verdict}\n{details(r)}"
            place = f"file={_property(r.spec)},line={max(r.line, 1)},title={_property(r.check)}"
            yield f"::{level} {place}::{_data(text)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
