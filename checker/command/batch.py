"""What came of all the checks of a command?  Each is run, told and saved; then all of it is written.

Rule of the module: whatever ends a run, the verdicts that were reached are told and written.  What was refused (a
file, or a check that asks the impossible) and what was not run is told beside them, everywhere.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import logging
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs

from interlock.checker.checks import finding
from interlock.checker.checks.outcome import Result
from interlock.checker.checks.overrides import Overrides, make_engine
from interlock.checker.command.exits import code, environment, internal
from interlock.checker.command.interruption import Interruption
from interlock.checker.command.saving import saved
from interlock.checker.contract import Cause
from interlock.checker.diagnostics import Diagnostic, InputError, Refusal, mistake, render_all
from interlock.checker.fold import said, screen
from interlock.checker.report import github, junit, sarif, schema, style, terminal
from interlock.checker.report.progress import progress
from interlock.checker.writing import put

if TYPE_CHECKING:
    from interlock.checker.ir.claims import Check, Spec


@attrs.frozen(eq=False)
class Ran:
    """What came of a command: the specs that were read, the result of each check that was run, and the exit code."""

    specs: Sequence[Spec]
    results: Sequence[Result]
    code: int


def run(a: argparse.Namespace, overrides: Overrides) -> Ran:
    """Run the checks that a command line chooses.  Raises InputError where nothing can be run."""
    _refuse_unwritable(a)
    with Interruption().watching() as interrupted:
        specs, refused = finding.read(a.paths, interrupted, a.models)
        chosen = _chosen(a, specs, refused, interrupted)
        batch = _Batch(a, overrides, chosen, refused, interrupted)
        batch.run()
        interrupted.anew()
        return Ran(specs, batch.results, batch.finish())


def _chosen(
    a: argparse.Namespace, specs: Sequence[Spec], refused: Sequence[Refusal], interrupted: Interruption
) -> list[tuple[Spec, Check]]:
    try:
        return finding.chosen(specs, a.only, slow=a.slow) if specs else []
    except InputError as e:  # it may stand in a file that was refused, or was not read any more
        if interrupted():
            return []
        raise InputError([*(d for r in refused for d in r.diagnostics), *e.diagnostics]) from None


class _Batch:
    """The checks of one command, and what came of them so far."""

    def __init__(
        self, a: argparse.Namespace, overrides: Overrides, chosen: Sequence[tuple[Spec, Check]],
        refused: Sequence[Refusal], interrupted: Interruption,
    ) -> None:  # fmt: skip
        self.a, self.overrides, self.chosen, self.interrupted = a, overrides, chosen, interrupted
        self.style = style.wanted(sys.stdout, verbose=a.verbose)
        self.results: list[Result] = []
        self.refused = list(refused)
        self.unwritten: list[Diagnostic] = []
        self.reached = 0  # checks that were begun
        self.broken = False  # a defect of ours, beside those of checks
        self.stopped = interrupted()

    def run(self) -> None:
        """Run each check, until somebody wants that to end."""
        _say_unused(self.overrides, [check for _, check in self.chosen])
        with _cache(self.a):
            for spec, check in self.chosen:
                if self.stopped:
                    return
                try:
                    self._check(spec, check)
                except KeyboardInterrupt:  # the second signal
                    self.stopped = True
                except Exception as e:  # in what is told or kept of a check that was judged
                    self._failed(e)

    def _check(self, spec: Spec, check: Check) -> None:
        result = self._result(spec, check)
        self.reached += 1
        self.stopped = self.interrupted()
        if result is None:
            return
        self.stopped |= result.ended is not None and result.ended.cause is Cause.INTERRUPTED
        self.results.append(result)
        if self.a.traces is not None:
            self.results[-1], problems = saved(result, self.a.traces)
            self.unwritten += problems
        self._print(self.results[-1])

    def _result(self, spec: Spec, check: Check) -> Result | None:
        """What came of a check; None where it was refused."""
        from interlock.checker.checks.run import failed, run_check  # noqa: PLC0415

        start = time.monotonic()
        try:
            with progress(check.name, sys.stderr) as show:
                return run_check(spec, check, self.overrides, progress=show, interrupted=self.interrupted)
        except InputError as e:
            self.refused.append(Refusal(spec.path, e.diagnostics, check.name))
        except Exception as e:  # a defect of ours on one check says nothing of the others
            short = environment(e, f'check "{check.name}"')
            if short is None:
                internal(e)
                return failed(spec, check, self.overrides, start, e, self.a.traces or Path())
            self.refused.append(Refusal(spec.path, (attrs.evolve(short, span=check.span),), check.name))
        return None

    def _failed(self, problem: Exception) -> None:
        """Go on after what costs no verdict."""
        short = environment(problem)
        if short is None:
            internal(problem)
            self.broken = True
        else:
            self.unwritten.append(short)

    def _print(self, result: Result) -> None:
        if len(self.results) == 1 or self.results[-2].spec != result.spec:
            print(result.spec)
        print("\n".join(terminal.lines(result, self.style, "  ")))
        below = terminal.details(result, self.style)
        if below:
            print(below)
        sys.stdout.flush()

    # --- when all are run --------------------------------------------------------------------------

    def finish(self) -> int:
        """Tell and write what came of all of them; the exit code."""
        not_run = self.chosen[self.reached :]
        checks = {spec.path: len(spec.checks) for spec, _ in self.chosen}
        for note in terminal.never_enabled(self.results, checks, self.style):
            print(note)
        for line in terminal.summary(self.results, len(not_run), len(self.refused)).splitlines():
            print("\n".join(self.style.fold(line)))
        if not self.chosen and not self.a.slow and not self.refused:
            print("every check here is marked slow: add --slow to run them")
        if self.a.format == "github":
            for command in github.commands(self.results, self.refused):
                print(command)
        sys.stdout.flush()
        left = [(spec.path, check.name) for spec, check in not_run]
        self._write(self.a.json, lambda: _json(schema.to_json(self.results, self.refused, left)))
        self._write(self.a.junit, lambda: junit.to_junit(self.results, self.refused, left))
        self._write(self.a.sarif, lambda: _json(sarif.to_sarif(self.results, self.refused)))
        if self.stopped:
            print("interrupted", file=sys.stderr)
        wrong = [*(d for r in self.refused for d in r.diagnostics), *self.unwritten]
        if wrong:
            sys.stdout.flush()
            print(render_all(wrong, screen(sys.stderr)), file=sys.stderr)
        return code(self.results, broken=self.broken, refused=bool(wrong), stopped=self.stopped)

    def _write(self, path: Path | None, text: Callable[[], str]) -> None:
        if path is None:
            return
        try:
            put(path, text())
        except InputError as e:  # the other files can be written perhaps
            self.unwritten += e.diagnostics
        except Exception as e:
            self._failed(e)


def _json(data: Any) -> str:
    return json.dumps(data, indent=1) + "\n"


class _Notes(logging.Handler):
    """Lines on whatever standard error is at the time, so that a line of progress goes on below them."""

    def emit(self, record: logging.LogRecord) -> None:
        print(said(f"note: {record.getMessage()}", sys.stderr), file=sys.stderr)


@contextlib.contextmanager
def _cache(a: argparse.Namespace) -> Iterator[None]:
    """What becomes of compiled code while checks run; `-v` says on standard error why some was not used.  What goes
    wrong meanwhile is said in any case."""
    name = "INTERLOCK_CACHE"
    before = os.environ.get(name)
    if a.no_cache:
        os.environ[name] = "0"
    log, notes = logging.getLogger("interlock"), _Notes()
    log.setLevel(logging.INFO if a.verbose else logging.WARNING)
    log.addHandler(notes)
    try:
        yield
    finally:
        log.removeHandler(notes)
        if before is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = before


def _say_unused(overrides: Overrides, checks: Sequence[Check]) -> None:
    """One line an engine, on standard error, about what was asked for and means nothing to it."""
    for name in sorted({overrides.engine or check.engine for check in checks}):
        unused = overrides.unused(make_engine(name))
        if unused:
            told = f"note: the engine {name} does not use {', '.join('--' + u for u in unused)}"
            print(said(told, sys.stderr), file=sys.stderr)


def _refuse_unwritable(a: argparse.Namespace) -> None:
    """Raises InputError C006 before the run for results and traces that could not be written after it."""
    if a.traces is not None and a.traces.exists():
        if not a.traces.is_dir():
            raise mistake("C006", f"cannot write traces to {a.traces}: it is a file", "name a folder for --traces")
        if not os.access(a.traces, os.W_OK):
            raise mistake("C006", f"cannot write to {a.traces}: permission denied", "name one that you may write to")
    for path in (a.json, a.junit, a.sarif):
        if path is None:
            continue
        if path.is_dir():
            raise mistake("C006", f"cannot write {path}: it is a folder", "name a file")
        if not path.parent.is_dir():
            raise mistake(
                "C006", f"cannot write {path}: there is no folder {path.parent}", "name a file in a folder that exists"
            )
        if not os.access(path if path.exists() else path.parent, os.W_OK):
            raise mistake("C006", f"cannot write {path}: permission denied", "name a file that you may write")
