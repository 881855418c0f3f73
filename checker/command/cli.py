"""What does each subcommand of `interlock` do?  One function a subcommand; the work is done elsewhere.

Rule of the module: exit codes are 0 all as expected, 1 a verdict differs, 2 the input is wrong, 3
undecided within the budget (or interrupted), 70 a defect of Interlock.  No traceback reaches a user.
Heavy libraries are imported where they are needed, so that `--help` and mistakes answer at once.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from interlock.checker import fold, garbage
from interlock.checker.api.blame import Defect, environment
from interlock.checker.api.options import engine_named
from interlock.checker.command import streams
from interlock.checker.command.exits import DIFFERS, INTERNAL, OK, UNDECIDED, WRONG_INPUT, internal
from interlock.checker.command.options import overrides, parser
from interlock.checker.diagnostics import InputError, mistake, render_all
from interlock.checker.words import counted

if TYPE_CHECKING:
    from interlock.checker.command.batch import Ran


def process(argv: Sequence[str] | None = None) -> int:
    """Run the command line, in a process that does nothing else; returns the exit code."""
    garbage.seldom()
    return main(argv)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    with streams.lasting() as said:
        code = _code(argv)
        if said.lost():
            told = "the exit code and the files that were asked for say what came of the checks"
            print(fold.said(f"note: {said.lost()}: {told}", sys.stderr), file=sys.stderr)
        return WRONG_INPUT if said.surprised and code == OK else code


def _code(argv: Sequence[str] | None) -> int:
    try:
        arguments = parser(_commands()).parse_args(argv)
        return int(arguments.run(arguments))
    except InputError as e:
        print(render_all(e.diagnostics, fold.screen(sys.stderr)), file=sys.stderr)
        return WRONG_INPUT
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return UNDECIDED
    except Exception as e:  # the last net: a defect of ours is said to be one
        short = environment(e)
        if short is not None:
            print(render_all([short], fold.screen(sys.stderr)), file=sys.stderr)
            return WRONG_INPUT
        internal(Defect.of(e))
        return INTERNAL


def _commands() -> dict[str, Callable[[argparse.Namespace], int]]:
    return {
        "check": check_command,
        "simulate": simulate_command,
        "replay": replay_command,
        "show": show_command,
        "explain": explain_command,
        "report": report_command,
        "schema": schema_command,
        "completion": completion_command,
    }


# --- check and simulate ----------------------------------------------------------------------------


def check_command(a: argparse.Namespace) -> int:
    """`interlock check PATH...`."""
    if a.engine is not None:
        engine_named(a.engine)
    if a.checkpoint_every is not None and a.checkpoint is None:
        raise mistake("C009", "there is no --checkpoint for --checkpoint-every to time", "add `--checkpoint DIR`")
    if a.spill is not None and a.checkpoint is not None:
        message = "a search with --spill is not saved, so --checkpoint has nothing to go on from"
        raise mistake("C009", message, "leave out `--checkpoint`, or `--spill` to be able to go on")
    return _run(a).code


def simulate_command(a: argparse.Namespace) -> int:
    """`interlock simulate PATH...`."""
    return _run(a).code


def report_command(a: argparse.Namespace) -> int:
    """`interlock report PATH...`."""
    from interlock.checker.api.written import left_out, pages, put

    if not a.into.is_dir():
        raise mistake("C002", f"there is no folder {a.into}", "make it, or name one with --into")
    ran = _run(a)
    if ran.code != OK:
        print("no page was written: every check must come out as expected first", file=sys.stderr)
        return ran.code
    stored = [text for path in a.into.glob("*.md") if (text := _read(path)) is not None]
    others = [path for path in left_out(stored, ran.specs) if Path(path).is_file()]
    if others:
        all_ = os.path.commonpath([*others, *(s.path for s in ran.specs)]) or "."
        message = (
            f"{a.into} tells of {counted(len(others), 'spec')} more, {others[0]} the first, and no page was written"
        )
        help_ = f"name all of them: `interlock report {all_} --into {a.into}`; or write elsewhere with --into"
        raise mistake("C009", message, help_)
    texts = pages(ran.specs, ran.results)
    stale = [a.into / name for name, text in texts.items() if _read(a.into / name) != text]
    if a.compare:
        for path in stale:
            told = f"{path} is not what the specs say now: write it with `interlock report`"
            print(fold.said(told, sys.stderr), file=sys.stderr)
        return DIFFERS if stale else OK
    for path in stale:
        put(path, texts[path.name])
    print(fold.said(f"{counted(len(texts), 'page')} in {a.into}, {len(stale)} of them changed", sys.stdout))
    return OK


def _read(path: Path) -> str | None:
    return path.read_text(encoding="utf-8", errors="replace") if path.is_file() else None


def _run(a: argparse.Namespace) -> Ran:
    from interlock.checker.command.batch import run  # noqa: PLC0415

    return run(a, overrides(a))


# --- replay ----------------------------------------------------------------------------------------


def replay_command(a: argparse.Namespace) -> int:
    """`interlock replay TRACE`: judge a saved trace again, or repeat a disagreement that was kept."""
    from interlock.checker.api import traces as saved  # noqa: PLC0415
    from interlock.checker.report import style, traces  # noqa: PLC0415

    if saved.is_kept(a.trace):
        return _repeated(a)
    found = saved.replay(a.trace, a.spec, a.models)
    shown = style.wanted(sys.stdout, verbose=True)
    if found.trace is None:
        told = shown.fold(f"the trace does not replay: {found.problem}")
        print("\n".join((*told, *shown.fold(found.why, "  "))))
        return DIFFERS
    print("\n".join(shown.fold(f"{found.spec.path}: {found.check.name}, replayed in plain Python")))
    print("\n".join((*traces.setting(found.trace, shown), *traces.trace_lines(found.trace, shown))))
    return OK


def _repeated(a: argparse.Namespace) -> int:
    """A disagreement that was kept, instead of a trace."""
    from interlock.checker.api.traces import again  # noqa: PLC0415

    if not a.run_code:
        message = f"{a.trace} is about compiled code that went wrong, and repeating it runs the code that it holds"
        raise mistake("T008", message, "add `--run-code` if you, or somebody whom you trust, made the file")
    lines, still = again(a.trace)
    print("\n".join(lines))
    return INTERNAL if still else OK


# --- show and explain ------------------------------------------------------------------------------


def show_command(a: argparse.Namespace) -> int:
    """`interlock show SPEC`."""
    from interlock.checker.api.runs import read
    from interlock.checker.api.shown import forms, outline

    specs = read(a.spec, models=a.models)
    if a.form is None:
        print("\n".join(outline(specs, a.only, fold.width_of(sys.stdout))))
        return OK
    for text in forms(specs, a.form, a.only):
        print(text, end="")
    return OK


def explain_command(a: argparse.Namespace) -> int:
    """`interlock explain SPEC --check NAME --action CALL`."""
    from interlock.checker.api.shown import explain, named  # noqa: PLC0415

    if a.at is not None and a.trace is None:
        raise mistake("C009", "--at counts the steps of a trace, and there is no --trace", "add `--trace FILE`")
    if a.initial is not None and a.trace is not None:
        message = "--initial names an initial state, and --trace has states of its own"
        raise mistake("C009", message, "leave out `--initial`; `--at 0` is the initial state of the trace")
    spec, check = named(a.spec, a.only, a.models)
    width = fold.width_of(sys.stdout)
    lines = explain(spec, check, a.action, initial=a.initial, trace=a.trace, at=a.at, width=width)
    print("\n".join(lines))
    return OK


# --- schema and completion -------------------------------------------------------------------------


def schema_command(a: argparse.Namespace) -> int:
    """`interlock schema`."""
    from interlock.checker.api.written import json_schema  # noqa: PLC0415

    print(json_schema(), end="")
    return OK


def completion_command(a: argparse.Namespace) -> int:
    """`interlock completion SHELL`."""
    from interlock.checker.command.completion import script  # noqa: PLC0415

    print(script(parser(_commands()), a.shell), end="")
    return OK
