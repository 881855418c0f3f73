"""What does each subcommand of `interlock` do?  One function a subcommand; the work is done elsewhere.

Rule of the module: exit codes are 0 all as expected, 1 a verdict differs, 2 the input is wrong, 3
undecided within the budget (or interrupted), 70 a defect of Interlock.  No traceback reaches a user.
Heavy libraries are imported where they are needed, so that `--help` and mistakes answer at once.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import logging
import os
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from checker import finding
from checker.diagnostics import Diagnostic, InputError, mistake, render_all
from checker.options import parser

if TYPE_CHECKING:
    from checker.ir.claims import Check, Spec
    from checker.outcome import Result
    from checker.overrides import Overrides

OK, DIFFERS, WRONG_INPUT, UNDECIDED, INTERNAL = 0, 1, 2, 3, 70
_EXISTING: Final = "name a file in a folder that exists"


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # a name that the terminal cannot show must not end the run
            stream.reconfigure(errors="backslashreplace")
    try:
        arguments = parser(_commands()).parse_args(argv)
        return int(arguments.run(arguments))
    except InputError as e:
        print(render_all(e.diagnostics), file=sys.stderr)
        return WRONG_INPUT
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return UNDECIDED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return OK
    except Exception as e:  # the last net: a defect of ours is said to be one
        return _internal(e)


def _commands() -> dict[str, Callable[[argparse.Namespace], int]]:
    return {
        "check": check_command,
        "simulate": simulate_command,
        "replay": replay_command,
        "show": show_command,
        "explain": explain_command,
        "report": report_command,
    }


def _internal(problem: Exception) -> int:
    if os.environ.get("INTERLOCK_DEBUG") == "1":
        traceback.print_exc()
    text = " ".join(str(problem).split()) or "no message"
    print(f"internal error: {type(problem).__name__}: {text}", file=sys.stderr)
    print(
        "  This is a defect of Interlock, not of your model. Please report it, with the model, the spec and",
        file=sys.stderr,
    )
    print("  the output of the same command under INTERLOCK_DEBUG=1.", file=sys.stderr)
    return INTERNAL


# --- check and simulate ----------------------------------------------------------------------------


def check_command(a: argparse.Namespace) -> int:
    """`interlock check PATH...`."""
    from checker.overrides import engine_named  # noqa: PLC0415

    if a.engine is not None:
        engine_named(a.engine)
    if a.checkpoint_every is not None and a.checkpoint is None:
        raise mistake("C009", "there is no --checkpoint for --checkpoint-every to time", "add `--checkpoint DIR`")
    if a.spill is not None and a.checkpoint is not None:
        message = "a search with --spill is not saved, so --checkpoint has nothing to go on from"
        raise mistake("C009", message, "leave out `--checkpoint`, or `--spill` to be able to go on")
    return _run_all(a, _overrides(a, walks=None, steps=None))


def simulate_command(a: argparse.Namespace) -> int:
    """`interlock simulate PATH...`."""
    return _run_all(a, _overrides(a, walks=a.walks, steps=a.steps))


def report_command(a: argparse.Namespace) -> int:
    """`interlock report PATH...`."""
    from checker.report.register import pages  # noqa: PLC0415

    if not a.into.is_dir():
        raise mistake("C002", f"there is no folder {a.into}", "make it, or name one with --into")
    specs = finding.load(a.paths)
    results, stopped = _results(a, specs, _overrides(a, walks=None, steps=None))
    code = _exit_code(results, stopped)
    if code != OK:
        print("no page was written: every check must come out as expected first", file=sys.stderr)
        return code
    texts = pages(specs, results)
    stale = [a.into / name for name, text in texts.items() if _read(a.into / name) != text]
    if a.compare:
        for path in stale:
            print(f"{path} is not what the specs say now: write it with `interlock report`", file=sys.stderr)
        return DIFFERS if stale else OK
    for path in stale:
        path.write_text(texts[path.name], encoding="utf-8")
    print(f"{len(texts)} pages in {a.into}, {len(stale)} of them changed")
    return OK


def _read(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.is_file() else None


def _overrides(a: argparse.Namespace, *, walks: int | None, steps: int | None) -> Overrides:
    from checker.overrides import Overrides  # noqa: PLC0415

    return Overrides(
        engine=a.engine, workers=a.workers, seconds=a.time, memory=a.memory, states=a.states, depth=a.depth,
        seed=a.seed, every=a.all, symmetry=a.symmetry, distinct=a.distinct, coverage=a.coverage, gates=a.verbose,
        checkpoint=a.checkpoint, checkpoint_every=a.checkpoint_every, spill=a.spill, walks=walks, steps=steps,
    )  # fmt: skip


def _run_all(a: argparse.Namespace, overrides: Overrides) -> int:
    return _exit_code(*_results(a, finding.load(a.paths), overrides))


def _results(a: argparse.Namespace, specs: Sequence[Spec], overrides: Overrides) -> tuple[list[Result], bool]:
    """Run the chosen checks, print and save what came out; the results, and whether that was cut short."""
    from checker.report.progress import progress  # noqa: PLC0415
    from checker.run import Interruption, failed, run_check  # noqa: PLC0415

    _refuse_unwritable(a)
    chosen = finding.chosen(specs, a.only, slow=a.slow)
    _say_unused(overrides, [check for _, check in chosen])
    results: list[Result] = []
    wrong: list[Diagnostic] = []
    with _cache(a), Interruption().watching() as interrupted:
        for spec, check in chosen:
            if interrupted():
                break
            start = time.monotonic()
            try:
                with progress(check.name, sys.stderr) as show:
                    result = run_check(spec, check, overrides, traces=a.traces, progress=show, interrupted=interrupted)
            except InputError as e:
                wrong.extend(e.diagnostics)
                continue
            except Exception as e:  # a defect of ours on one check says nothing of the others
                _internal(e)
                result = failed(spec, check, overrides, start, e)
            results.append(result)
            _print_result(a, result, first=len(results) == 1 or results[-2].spec != spec.path)
    _finish(a, results, len(chosen) - len(results), skipped=_slow_left_out(a, chosen))
    if wrong:
        raise InputError(wrong)
    return results, interrupted()


class _Notes(logging.Handler):
    """Lines on whatever standard error is at the time, so that a line of progress goes on below them."""

    def emit(self, record: logging.LogRecord) -> None:
        print(f"note: {record.getMessage()}", file=sys.stderr)


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


def _slow_left_out(a: argparse.Namespace, chosen: Sequence[object]) -> bool:
    return not chosen and not a.slow


def _say_unused(overrides: Overrides, checks: Sequence[Check]) -> None:
    """One line an engine, on standard error, about what was asked for and means nothing to it."""
    from checker.overrides import make_engine  # noqa: PLC0415

    for name in sorted({overrides.engine or check.engine for check in checks}):
        unused = overrides.unused(make_engine(name))
        if unused:
            print(f"note: the engine {name} does not use {', '.join('--' + u for u in unused)}", file=sys.stderr)


def _exit_code(results: Sequence[Result], stopped: bool) -> int:
    if any(r.defect for r in results):
        return INTERNAL
    if any(not r.as_expected and not r.undecided for r in results):
        return DIFFERS
    return UNDECIDED if stopped or any(r.undecided for r in results) else OK


def _style(a: argparse.Namespace) -> Any:
    from checker.report.terminal import Style  # noqa: PLC0415

    return Style(sys.stdout.isatty() and not os.environ.get("NO_COLOR"), getattr(a, "verbose", False))


def _print_result(a: argparse.Namespace, result: Result, *, first: bool) -> None:
    from checker.report import terminal  # noqa: PLC0415

    if first:
        print(result.spec)
    print("  " + terminal.line(result, _style(a)))
    below = terminal.details(result, _style(a))
    if below:
        print(below)
    sys.stdout.flush()


def _finish(a: argparse.Namespace, results: Sequence[Result], not_run: int, *, skipped: bool) -> None:
    from checker.report import github, junit, sarif, schema, terminal  # noqa: PLC0415

    for note in terminal.never_enabled(results):
        print(note)
    print(terminal.summary(results, not_run))
    if skipped:
        print("every check here is marked slow: add --slow to run them")
    if a.format == "github":
        for command in github.commands(results):
            print(command)
    _write(a.json, lambda: json.dumps(schema.to_json(results), indent=1) + "\n")
    _write(a.junit, lambda: junit.to_junit(results))
    _write(a.sarif, lambda: json.dumps(sarif.to_sarif(results), indent=1) + "\n")


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
            raise mistake("C006", f"cannot write {path}: there is no folder {path.parent}", _EXISTING)
        if not os.access(path if path.exists() else path.parent, os.W_OK):
            raise mistake("C006", f"cannot write {path}: permission denied", "name a file that you may write")


def _write(path: Path | None, text: Callable[[], str]) -> None:
    if path is None:
        return
    try:
        path.write_text(text(), encoding="utf-8")
    except OSError as e:
        raise mistake("C006", f"cannot write {path}: {e.strerror or e}", _EXISTING) from None


# --- replay ----------------------------------------------------------------------------------------


def replay_command(a: argparse.Namespace) -> int:
    """`interlock replay TRACE`: judge a saved trace again."""
    from checker.report import terminal  # noqa: PLC0415
    from checker.trace import itf, recover, replay  # noqa: PLC0415

    saved = itf.read(a.trace)
    spec, check = _check_of(saved, a.spec or saved.spec_file())
    judge = replay.judge(spec, check, tries=recover.PATIENT)
    moves, claim, states = itf.moves(saved, check.program.state, check.program.initials, judge.actions)
    try:
        trace = judge.moves(moves, claim)
    except replay.ReplayMismatch as e:
        print(f"the trace does not replay: {e.message}\n  the model may have changed since, or the file")
        return DIFFERS
    for i, (then, now) in enumerate(zip(states, trace.states, strict=True)):
        if then != now:
            print(
                f"the trace does not replay: state {i} differs from the saved one\n  the model may have changed since"
            )
            return DIFFERS
    print(f"{spec.path}: {check.name}, replayed in plain Python")
    print("\n".join((*terminal.setting(trace), *terminal.trace_lines(trace, terminal.Style(_style(a).color, True)))))
    return OK


def _check_of(saved: Any, file: Path) -> tuple[Spec, Check]:
    ((spec, check), *_) = finding.chosen(finding.load([file]), saved.check, slow=True)
    now = dict(check.constants)
    if saved.about.get("constants") != now or saved.about.get("faults") != sorted(check.faults):
        raise mistake("T006", f"the constants or faults of `{check.name}` are not those of the trace",
                     "run the check again with `--traces`")  # fmt: skip
    return spec, check


# --- show and explain ------------------------------------------------------------------------------


def show_command(a: argparse.Namespace) -> int:
    """`interlock show SPEC`."""
    from checker.report.outline import outline  # noqa: PLC0415

    specs = finding.load([a.spec])
    for spec, check in finding.chosen(specs, a.only, slow=True):
        print("\n".join(outline(spec, check)))
    return OK


def explain_command(a: argparse.Namespace) -> int:
    """`interlock explain SPEC --check NAME --action CALL`."""
    from checker.trace import itf  # noqa: PLC0415
    from checker.trace.explain import explain, parse_call, start, within  # noqa: PLC0415
    from checker.trace.fold import fold  # noqa: PLC0415

    if a.at is not None and a.trace is None:
        raise mistake("C009", "--at counts the steps of a trace, and there is no --trace", "add `--trace FILE`")
    ((spec, check), *_) = finding.chosen(finding.load([a.spec]), a.only, slow=True)
    action, params = parse_call(check, a.action)
    state, where = start(check) if a.trace is None else within(check, itf.read(a.trace), a.at)
    print("\n".join((*fold(where), *explain(spec, check, action, params, state))))
    return OK
