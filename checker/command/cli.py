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
from typing import TYPE_CHECKING, Any

from interlock.checker import fold
from interlock.checker.checks import finding
from interlock.checker.command import streams
from interlock.checker.command.exits import DIFFERS, INTERNAL, OK, UNDECIDED, WRONG_INPUT, environment, internal
from interlock.checker.command.options import parser
from interlock.checker.diagnostics import InputError, mistake, render_all
from interlock.checker.words import counted
from interlock.checker.writing import put

if TYPE_CHECKING:
    from interlock.checker.checks.overrides import Overrides
    from interlock.checker.command.batch import Ran
    from interlock.checker.ir.claims import Check, Spec
    from interlock.checker.report.style import Style


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
        internal(e)
        return INTERNAL


def _commands() -> dict[str, Callable[[argparse.Namespace], int]]:
    return {
        "check": check_command,
        "simulate": simulate_command,
        "replay": replay_command,
        "show": show_command,
        "explain": explain_command,
        "report": report_command,
    }


# --- check and simulate ----------------------------------------------------------------------------


def check_command(a: argparse.Namespace) -> int:
    """`interlock check PATH...`."""
    from interlock.checker.checks.overrides import engine_named  # noqa: PLC0415

    if a.engine is not None:
        engine_named(a.engine)
    if a.checkpoint_every is not None and a.checkpoint is None:
        raise mistake("C009", "there is no --checkpoint for --checkpoint-every to time", "add `--checkpoint DIR`")
    if a.spill is not None and a.checkpoint is not None:
        message = "a search with --spill is not saved, so --checkpoint has nothing to go on from"
        raise mistake("C009", message, "leave out `--checkpoint`, or `--spill` to be able to go on")
    return _run(a, _overrides(a, walks=None, steps=None)).code


def simulate_command(a: argparse.Namespace) -> int:
    """`interlock simulate PATH...`."""
    return _run(a, _overrides(a, walks=a.walks, steps=a.steps)).code


def report_command(a: argparse.Namespace) -> int:
    """`interlock report PATH...`."""
    from interlock.checker.report.register import left_out, pages

    if not a.into.is_dir():
        raise mistake("C002", f"there is no folder {a.into}", "make it, or name one with --into")
    ran = _run(a, _overrides(a, walks=None, steps=None))
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


def _run(a: argparse.Namespace, overrides: Overrides) -> Ran:
    from interlock.checker.command.batch import run  # noqa: PLC0415

    return run(a, overrides)


def _overrides(a: argparse.Namespace, *, walks: int | None, steps: int | None) -> Overrides:
    from interlock.checker.checks.overrides import Overrides  # noqa: PLC0415

    return Overrides(
        engine=a.engine, workers=a.workers, seconds=a.time, memory=a.memory, states=a.states, depth=a.depth,
        seed=a.seed, every=a.all, symmetry=a.symmetry, distinct=a.distinct, coverage=a.coverage, gates=a.verbose,
        strict=a.strict, models=tuple(a.models),
        checkpoint=a.checkpoint, checkpoint_every=a.checkpoint_every, spill=a.spill, walks=walks, steps=steps,
    )  # fmt: skip


# --- replay ----------------------------------------------------------------------------------------


def replay_command(a: argparse.Namespace) -> int:
    """`interlock replay TRACE`: judge a saved trace again, or repeat a disagreement that was kept."""
    from interlock.checker.checks import repeat  # noqa: PLC0415
    from interlock.checker.report import style, traces  # noqa: PLC0415
    from interlock.checker.trace import itf, recover, replay  # noqa: PLC0415

    if repeat.is_one(a.trace):
        return _repeated(a)
    saved = itf.read(a.trace)
    spec, check = _check_of(saved, a.spec or saved.spec_file(), a.models)
    judge = replay.judge(spec, check, tries=recover.PATIENT)
    moves, claim, states = itf.moves(
        saved, check.program.state, check.program.initials, judge.actions, check.properties
    )
    shown = style.wanted(sys.stdout, verbose=True)
    try:
        trace = judge.moves(moves, claim)
    except replay.ReplayMismatch as e:
        return _no_replay(shown, e.message, "the model may have changed since, or the file")
    for i, (then, now) in enumerate(zip(states, trace.states, strict=True)):
        if then != now:
            return _no_replay(shown, f"state {i} differs from the saved one", "the model may have changed since")
    print("\n".join(shown.fold(f"{spec.path}: {check.name}, replayed in plain Python")))
    print("\n".join((*traces.setting(trace, shown), *traces.trace_lines(trace, shown))))
    return OK


def _no_replay(shown: Style, problem: str, why: str) -> int:
    told = shown.fold(f"the trace does not replay: {problem}")
    print("\n".join((*told, *shown.fold(why, "  "))))
    return DIFFERS


def _repeated(a: argparse.Namespace) -> int:
    """A disagreement that was kept, instead of a trace."""
    from interlock.checker.checks import repeat  # noqa: PLC0415

    if not a.run_code:
        message = f"{a.trace} is about compiled code that went wrong, and repeating it runs the code that it holds"
        raise mistake("T008", message, "add `--run-code` if you, or somebody whom you trust, made the file")
    lines, still = repeat.again(a.trace)
    print("\n".join(lines))
    return INTERNAL if still else OK


def _check_of(saved: Any, file: Path, models: Sequence[Path]) -> tuple[Spec, Check]:
    ((spec, check), *_) = finding.chosen(finding.load([file], models), saved.check, slow=True)
    now = dict(check.constants)
    if saved.about.get("constants") != now or saved.about.get("faults") != sorted(check.faults):
        raise mistake("T006", f"the constants or faults of `{check.name}` are not those of the trace",
                     "run the check again with `--traces`")  # fmt: skip
    return spec, check


# --- show and explain ------------------------------------------------------------------------------


def show_command(a: argparse.Namespace) -> int:
    """`interlock show SPEC`."""
    chosen = list(finding.chosen(finding.load([a.spec], a.models), a.only, slow=True))
    if a.form is not None:
        return _show_form(a.form, chosen)
    from interlock.checker.report.outline import outline  # noqa: PLC0415

    for path in dict.fromkeys(spec.path for spec, _ in chosen):
        spec = next(spec for spec, _ in chosen if spec.path == path)
        checks = [check for spec, check in chosen if spec.path == path]
        print("\n".join(outline(spec, checks, fold.width_of(sys.stdout))))
    return OK


def _show_form(name: str, chosen: list[tuple[Spec, Check]]) -> int:
    """The text of a form; of several checks each under a heading that is a comment of that text."""
    from interlock.checker.checks.forms import FORMS  # noqa: PLC0415

    for spec, check in chosen:
        if len(chosen) > 1:
            print(f'; {spec.path}: check "{check.name}"')
        print(FORMS[name](check), end="")
    return OK


def explain_command(a: argparse.Namespace) -> int:
    """`interlock explain SPEC --check NAME --action CALL`."""
    from interlock.checker.trace import itf  # noqa: PLC0415
    from interlock.checker.trace.explain import begun, explain, parse_call, start, within  # noqa: PLC0415

    if a.at is not None and a.trace is None:
        raise mistake("C009", "--at counts the steps of a trace, and there is no --trace", "add `--trace FILE`")
    if a.initial is not None and a.trace is not None:
        message = "--initial names an initial state, and --trace has states of its own"
        raise mistake("C009", message, "leave out `--initial`; `--at 0` is the initial state of the trace")
    ((spec, check), *_) = finding.chosen(finding.load([a.spec], a.models), a.only, slow=True)
    action, params = parse_call(check, a.action)
    if a.trace is not None:
        state, where = within(check, itf.read(a.trace), a.at)
    else:
        state, where = start(check) if a.initial is None else begun(check, a.initial)
    width = fold.width_of(sys.stdout)
    print("\n".join((*fold.fold(where, width=width), *explain(spec, check, action, params, state, width))))
    return OK
