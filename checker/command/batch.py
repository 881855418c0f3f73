"""What does a command say of all its checks?  Each as it is told, and then all of it, in text and in files.

Rule of the module: whatever ends a run, the verdicts that were reached are told and written.  What was refused (a
file, or a check that asks the impossible) and what was not run is told beside them, everywhere.
"""

from __future__ import annotations

import argparse
import contextlib
import logging
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import attrs

from interlock.checker import garbage
from interlock.checker.api import written
from interlock.checker.api.interruption import Interruption
from interlock.checker.api.options import Overrides
from interlock.checker.api.outcomes import Outcome, Result
from interlock.checker.api.runs import Run, Spec, chosen, read_all
from interlock.checker.api.written import put
from interlock.checker.command.exits import code, internal
from interlock.checker.diagnostics import InputError, mistake, render_all
from interlock.checker.fold import said, screen
from interlock.checker.report import github, style, terminal
from interlock.checker.report.progress import progress


@attrs.frozen(eq=False)
class Ran:
    """What came of a command: the specs that were read, the result of each check that was run, and the exit code."""

    specs: Sequence[Spec]
    results: Sequence[Result]
    code: int


def run(a: argparse.Namespace, overrides: Overrides) -> Ran:
    """Run the checks that a command line chooses.  Raises InputError where nothing can be run."""
    _refuse_unwritable(a)
    with _cache(a), Interruption().watching() as interrupted:
        specs, refused = read_all(a.paths, interrupted, a.models)
        try:
            checks = chosen(specs, refused, a.only, slow=a.slow)
        except InputError:
            if not interrupted():  # else it may stand in a file that was not read any more
                raise
            checks = []
        batch = _Batch(a, Run(
            checks, overrides, jobs=a.jobs, traces=a.traces, shown=lambda name: progress(name, sys.stderr),
            interrupted=interrupted, refused=refused,
        ))  # fmt: skip
        batch.run()
        interrupted.anew()
        return Ran(specs, batch.of.results, batch.finish())


class _Batch:
    """What is said of a run."""

    def __init__(self, a: argparse.Namespace, of: Run) -> None:
        self.a, self.of = a, of
        self.style = style.wanted(sys.stdout, verbose=a.verbose)
        self.last: Result | None = None  # that was told

    def run(self) -> None:
        """Tell each check, until somebody wants that to end."""
        for name, unused in self.of.unused():
            told = f"note: the engine {name} does not use {', '.join('--' + u for u in unused)}"
            print(said(told, sys.stderr), file=sys.stderr)
        with contextlib.closing(self.of.outcomes()) as outcomes:
            while True:
                try:
                    outcome = next(outcomes, None)
                    if outcome is None:
                        return
                    self._tell(outcome)
                    garbage.settle()
                except KeyboardInterrupt:  # the second signal
                    self.of.stopped = True
                    return
                except Exception as e:  # in what is told of a check that was judged
                    self._failed(e)

    def _tell(self, outcome: Outcome) -> None:
        if outcome.defect is not None:
            internal(outcome.defect)
        if outcome.result is not None:
            self._print(outcome.result)

    def _failed(self, problem: Exception) -> None:
        """Go on after what costs no verdict."""
        defect = self.of.failed(problem)
        if defect is not None:
            internal(defect)

    def _print(self, result: Result) -> None:
        before, self.last = self.last, result
        if before is None or before.spec != result.spec:
            print(result.spec)
        print("\n".join(terminal.lines(result, self.style, "  ")))
        below = terminal.details(result, self.style)
        if below:
            print(below)
        sys.stdout.flush()

    # --- when all are run --------------------------------------------------------------------------

    def finish(self) -> int:
        """Tell and write what came of all of them; the exit code."""
        run = self.of
        checks = {spec.path: len(spec.checks) for spec, _ in run.checks}
        for note in terminal.never_enabled(run.results, checks, self.style):
            print(note)
        for line in terminal.summary(run.results, len(run.not_run()), len(run.refused)).splitlines():
            print("\n".join(self.style.fold(line)))
        if not run.checks and not self.a.slow and not run.refused:
            print("every check here is marked slow: add --slow to run them")
        if self.a.format == "github":
            for command in github.commands(run.results, run.refused):
                print(command)
        sys.stdout.flush()
        self._write(self.a.json, written.to_json)
        self._write(self.a.junit, written.to_junit)
        self._write(self.a.sarif, written.to_sarif)
        if run.stopped:
            print("interrupted", file=sys.stderr)
        wrong = [*(d for r in run.refused for d in r.diagnostics), *run.unwritten]
        if wrong:
            sys.stdout.flush()
            print(render_all(wrong, screen(sys.stderr)), file=sys.stderr)
        return code(run.results, broken=run.broken, refused=bool(wrong), stopped=run.stopped)

    def _write(self, path: Path | None, text: Callable[[Run], str]) -> None:
        if path is None:
            return
        try:
            put(path, text(self.of))
        except InputError as e:  # the other files can be written perhaps
            self.of.unwritten += e.diagnostics
        except Exception as e:
            self._failed(e)


class _Notes(logging.Handler):
    """Lines on whatever standard error is at the time, so that a line of progress goes on below them."""

    def emit(self, record: logging.LogRecord) -> None:
        print(said(f"note: {record.getMessage()}", sys.stderr), file=sys.stderr)


@contextlib.contextmanager
def _cache(a: argparse.Namespace) -> Iterator[None]:
    """What becomes of what is kept between runs; `-v` says on standard error why some was not used.  What goes
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
