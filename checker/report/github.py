"""How does a pull request on GitHub show results?  As workflow commands: one annotation a line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from interlock.checker.checks.outcome import Result, Standing
from interlock.checker.diagnostics import NOWHERE, Refusal
from interlock.checker.report.terminal import details, headline


def commands(results: Sequence[Result], refused: Sequence[Refusal] = ()) -> Iterator[str]:
    """One line for each check that is not as expected, and for each mistake of what was refused."""
    for r in results:
        if not r.as_expected:
            level = "warning" if r.standing is Standing.UNDECIDED else "error"
            yield _command(level, r.spec, r.line, r.check, f"{headline(r)}\n{details(r)}")
    for refusal in refused:
        for d in refusal.diagnostics:
            file = refusal.spec if d.span == NOWHERE else d.span.file
            yield _command(
                "error", file, d.span.line, refusal.check or d.code, f"{d.code}: {d.message}\nhelp: {d.help}"
            )


def _command(level: str, file: str, line: int, title: str, text: str) -> str:
    return f"::{level} file={_property(file)},line={max(line, 1)},title={_property(title)}::{_data(text)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
