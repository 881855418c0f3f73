"""Spec files as tests of pytest: `pytest specs/` runs every check that is not marked slow.

Rule of the module: a check passes when its verdict is the expected one, and only then; an undecided
one fails.  Files that are not specs are left to pytest.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from interlock.checker.diagnostics import InputError, render_all
from interlock.checker.ir.claims import Check, Spec


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Collect a spec file (one that calls `check(...)` and is no test module)."""
    from interlock.checker.checks.finding import is_spec

    if file_path.suffix != ".py" or file_path.name.startswith(("test_", "conftest")) or not is_spec(file_path):
        return None
    found: pytest.Collector = SpecFile.from_parent(parent, path=file_path)
    return found


class SpecFile(pytest.File):
    """A spec file; its items are its checks."""

    def collect(self) -> Iterator[pytest.Item]:
        """The checks, those marked slow with pytest's mark of that name."""
        from interlock.checker.frontend import load_spec

        try:
            spec = load_spec(self.path)
        except InputError as e:
            raise self.CollectError(render_all(e.diagnostics)) from None
        for check in spec.checks:
            item = CheckItem.from_parent(self, name=check.name)
            item.work = (spec, check)
            if check.slow:
                item.add_marker(pytest.mark.skip(reason="slow: run by `interlock check --slow`"))
            yield item


class NotAsExpected(Exception):  # the verdict, told to pytest
    """A verdict other than the expected one."""


class CheckItem(pytest.Item):
    """One check."""

    work: tuple[Spec, Check]

    def runtest(self) -> None:
        """Run the check.  Raises NotAsExpected."""
        from interlock.checker.checks.run import run_check
        from interlock.checker.report.terminal import details, line

        result = run_check(*self.work)
        if not result.as_expected:
            raise NotAsExpected(f"{line(result)}\n{details(result)}")

    def reportinfo(self) -> tuple[Path, int, str]:
        """Where pytest says that the check is."""
        return self.path, max(self.work[1].span.line - 1, 0), self.name

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: object = None) -> str:
        """The verdict and its trace, without a traceback."""
        if isinstance(excinfo.value, InputError):
            return render_all(excinfo.value.diagnostics)
        return str(excinfo.value)
