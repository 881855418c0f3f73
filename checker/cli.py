"""What may be typed after `interlock`?  One function a subcommand; the work is done elsewhere.

Rule of the module: exit codes are 0 all as expected, 1 a verdict differs, 2 the input is wrong, 3
undecided within the budget (or interrupted), 70 a defect of Interlock.  No traceback reaches a user.
Heavy libraries are imported where they are needed, so that `--help` and mistakes answer at once.
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import json
import logging
import os
import re
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NoReturn

from checker import __version__
from checker.diagnostics import NOWHERE, Diagnostic, InputError, Span, did_you_mean, render_all

if TYPE_CHECKING:
    from checker.ir.claims import Check, Spec
    from checker.run import Overrides, Result

OK, DIFFERS, WRONG_INPUT, UNDECIDED, INTERNAL = 0, 1, 2, 3, 70
_EXISTING: Final = "name a file in a folder that exists"
_CALLS: Final = {"check", "claim"}  # of a spec file
_SKIPPED: Final = {"__pycache__", "node_modules"}
_OF_CHECK: Final = {
    "all": False, "symmetry": None, "distinct": None, "coverage": False, "checkpoint": None, "checkpoint_every": None,
    "spill": None,
}  # fmt: skip  # its options, elsewhere
_UNITS: Final = {"": 1, "K": 2**10, "M": 2**20, "G": 2**30, "T": 2**40}


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # a name that the terminal cannot show must not end the run
            stream.reconfigure(errors="backslashreplace")
    try:
        arguments = _parser().parse_args(argv)
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


# --- arguments -------------------------------------------------------------------------------------


class _Parser(argparse.ArgumentParser):
    """Argparse, with mistakes as diagnostics."""

    def error(self, message: str) -> NoReturn:
        found = re.search(r"invalid choice: '([^']*)' \(choose from (.*)\)", message)
        help_ = f"see `{self.prog} --help`"
        if found:
            help_ = did_you_mean(found[1], re.findall(r"[\w-]+", found[2]))
        unknown = re.search(r"unrecognized arguments: (-\S+)", message)
        if unknown:
            help_ = _about_option(self, unknown[1])
        raise _wrong("C001", message, help_)


def _about_option(parser: argparse.ArgumentParser, option: str) -> str:
    """What to say of an option that the command does not have: that others have it, or the nearest one."""
    commands = [sub for action in parser._actions if isinstance(action, argparse._SubParsersAction)
                for sub in action.choices.values()]  # fmt: skip
    having = [f"`{sub.prog}`" for sub in commands if option in _options_of(sub)]
    if having:
        return f"this is an option of {' and '.join(having)}"
    return did_you_mean(option, _options_of(parser))


def _options_of(parser: argparse.ArgumentParser) -> set[str]:
    found: set[str] = set()
    for action in parser._actions:
        found.update(action.option_strings)
        if isinstance(action, argparse._SubParsersAction):
            for sub in action.choices.values():
                found |= _options_of(sub)
    return found


def _wrong(code: str, message: str, help_: str, span: Span = NOWHERE) -> InputError:
    return InputError([Diagnostic(code, message, span, help_)])


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="interlock", description="Check models of protocols written as plain typed Python.")
    parser.add_argument("--version", action="version", version=f"interlock {__version__}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True, parser_class=_Parser)
    _add_check(commands)
    _add_simulate(commands)
    replay = _command(commands, "replay", replay_command, "replay a saved trace in plain Python, and show it")
    replay.add_argument("trace", metavar="TRACE", type=Path)
    replay.add_argument("--spec", metavar="PATH", type=Path, help="the spec file, where the trace does not find it")
    show = _command(commands, "show", show_command, "what a spec's models have: state, actions, constants, checks")
    show.add_argument("spec", metavar="SPEC", type=_path)
    show.add_argument("--only", metavar="NAME")
    _add_explain(commands)
    _add_report(commands)
    return parser


def _command(commands: Any, name: str, run: Callable[[argparse.Namespace], int], about: str) -> argparse.ArgumentParser:
    made: argparse.ArgumentParser = commands.add_parser(name, help=about, description=about)
    made.set_defaults(run=run)
    return made


def _add_check(commands: Any) -> None:
    p = _command(commands, "check", check_command, "run the checks of spec files, and compare with what they expect")
    _add_run_options(p)
    p.add_argument("--engine", metavar="NAME", help="explore, simulate, bmc or induction")
    p.add_argument("--all", action="store_true", help="every property that is violated, each with a shortest trace")
    p.add_argument(
        "--distinct", type=_counterexamples, metavar="N",
        help="up to N counterexamples of each thing that is violated; none uses all the actions of another before it",
    )  # fmt: skip
    p.add_argument("--coverage", action="store_true", help="by action, steps and states newly reached; vacuous claims")
    p.add_argument(
        "--symmetry", action=argparse.BooleanOptionalAction,
        help="keep one state of each orbit, where that is shown sound: from the start, or never (where it pays)",
    )  # fmt: skip
    p.add_argument(
        "--checkpoint", type=_folder, metavar="DIR",
        help="save each search here now and then, and go on from the one that is there",
    )  # fmt: skip
    p.add_argument(
        "--checkpoint-every", type=_seconds, metavar="SECONDS",
        help="at most so often (5m); more rarely where saving would take over a tenth of the time",
    )  # fmt: skip
    p.add_argument(
        "--spill", type=_folder, metavar="DIR",
        help="put states on disk here when the budget of memory is used up, instead of ending undecided",
    )  # fmt: skip


def _add_simulate(commands: Any) -> None:
    p = _command(commands, "simulate", simulate_command, "random walks: finds violations, proves nothing")
    _add_run_options(p)
    p.add_argument("--walks", type=_from_one, metavar="N")
    p.add_argument("--steps", type=_from_one, metavar="N")
    p.set_defaults(engine="simulate", **_OF_CHECK)


def _add_report(commands: Any) -> None:
    p = _command(commands, "report", report_command, "run the checks, and write what they say of the documents' claims")
    _add_run_options(p)
    p.add_argument("--into", type=Path, metavar="DIR", default=Path("reports"), help="the folder (reports)")
    p.add_argument("--compare", action="store_true", help="write nothing; fail where the folder says something else")
    p.set_defaults(engine=None, **_OF_CHECK)


def _add_run_options(p: argparse.ArgumentParser) -> None:
    p.add_argument("paths", metavar="PATH", type=_path, nargs="+", help="spec files, or folders of them")
    p.add_argument("--only", metavar="NAME", help="the check of this name")
    p.add_argument("--workers", type=_threads, metavar="N", help="threads of a search, or of walks (one a processor)")
    p.add_argument("--time", type=_seconds, metavar="SECONDS", help="budget of each check: 30, 30s, 5m, 2h")
    p.add_argument("--memory", type=_memory, metavar="SIZE", help="budget of each check, such as 4G")
    p.add_argument("--states", type=_whole, metavar="N", help="budget: distinct states")
    p.add_argument("--depth", type=_whole, metavar="N", help="budget: steps from an initial state")
    p.add_argument("--seed", type=_whole, metavar="N")
    p.add_argument("--slow", action="store_true", help="also the checks that are marked slow")
    p.add_argument("--json", type=Path, metavar="FILE")
    p.add_argument("--junit", type=Path, metavar="FILE")
    p.add_argument("--sarif", type=Path, metavar="FILE")
    p.add_argument("--format", choices=("text", "github"), default="text")
    p.add_argument("--traces", type=Path, metavar="DIR", help="save every trace here, as ITF JSON")
    p.add_argument("--no-cache", action="store_true", help="compile anew, and keep nothing of it")
    p.add_argument(
        "-v",
        "--verbose",
        action="store_true",
        help="whole traces, witnesses, and what actions that are never enabled wait for",
    )


def _add_explain(commands: Any) -> None:
    p = _command(commands, "explain", explain_command, "why is an action disabled in a state?")
    p.add_argument("spec", metavar="SPEC", type=_path)
    p.add_argument("--check", metavar="NAME", dest="only", required=True)
    p.add_argument("--action", metavar="CALL", required=True, help="such as 'settle(me=Network(0))'")
    p.add_argument("--trace", type=Path, metavar="FILE", help="take the state from this trace")
    p.add_argument("--at", type=_whole, metavar="N", help="after so many steps of the trace (else: before its last)")


def _path(text: str) -> Path:
    if not text:  # a shell variable that is not set; Path("") would be the current folder
        raise argparse.ArgumentTypeError("the path is empty: name a spec file or a folder, `.` for this one")
    return Path(text)


def _folder(text: str) -> Path:
    if not text:
        raise argparse.ArgumentTypeError("the path is empty: name a folder, `.` for this one")
    return Path(text)


def _whole(text: str) -> int:
    if not text.isascii() or not text.isdigit():
        raise argparse.ArgumentTypeError(f"`{text}` is not a whole number")
    return int(text)


def _from_one(text: str) -> int:
    if _whole(text) == 0:
        raise argparse.ArgumentTypeError("0 samples nothing: give a number from 1")
    return int(text)


def _counterexamples(text: str) -> int:
    if _whole(text) == 0:
        raise argparse.ArgumentTypeError("0 counterexamples show nothing: give a number from 1")
    return int(text)


def _threads(text: str) -> int:
    if _whole(text) == 0:
        raise argparse.ArgumentTypeError("0 threads search nothing: give a number from 1")
    return int(text)


def _seconds(text: str) -> float:
    found = re.fullmatch(r"(\d+(?:\.\d+)?)([smh]?)", text)
    if found is None:
        raise argparse.ArgumentTypeError(f"`{text}` is no time: write 30, 30s, 5m or 2h")
    return float(found[1]) * {"": 1, "s": 1, "m": 60, "h": 3600}[found[2]]


def _memory(text: str) -> int:
    found = re.fullmatch(r"(\d+(?:\.\d+)?)([KMGT]?)(?:i?B)?", text, re.IGNORECASE)
    if found is None:
        raise argparse.ArgumentTypeError(f"`{text}` is no size: write 500M or 4G")
    return int(float(found[1]) * _UNITS[found[2].upper()])


# --- finding specs and checks ----------------------------------------------------------------------


def spec_files(paths: Sequence[Path]) -> list[Path]:
    """The spec files that the paths name.  Raises InputError C002."""
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            inside = [p for p in sorted(path.rglob("*.py")) if not _hidden(p.relative_to(path)) and is_spec(p)]
            if not inside:
                raise _wrong("C002", f"there is no spec file under {path}", "a spec file calls `check(...)`")
            found.extend(inside)
        elif path.is_file():
            found.append(path)
        else:
            raise _no_path(path)
    return list(dict.fromkeys(found))


def _hidden(path: Path) -> bool:
    return any(part.startswith(".") or part in _SKIPPED for part in path.parts)


def _no_path(path: Path) -> InputError:
    if path.is_symlink():
        return _wrong("C002", f"the link {path} leads to no file or folder", "make it point to one, or name that one")
    folder = path.parent
    near = [p.name for p in folder.iterdir() if p.suffix == ".py" or p.is_dir()] if folder.is_dir() else []
    return _wrong("C002", f"there is no file or folder {path}", did_you_mean(path.name, near))


def is_spec(path: Path) -> bool:
    """Whether a file calls `check(...)` or `claim(...)` at its top level; read, never run."""
    try:
        text = path.read_text(encoding="utf-8")
        if not any(f"{name}(" in text for name in _CALLS) or "model.lang" not in text:
            return False
        return any(_is_check(s) for s in ast.parse(text).body)
    except SyntaxError:
        return True  # the front end will say what is wrong with it
    except (OSError, ValueError, RecursionError, MemoryError):
        return False


def _is_check(s: ast.stmt) -> bool:
    call = s.value if isinstance(s, ast.Expr) else None
    return isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in _CALLS


def _load(paths: Sequence[Path]) -> list[Spec]:
    from checker.frontend import load_spec  # noqa: PLC0415

    specs: list[Spec] = []
    wrong: list[Diagnostic] = []
    for path in spec_files(paths):
        try:
            specs.append(load_spec(path))
        except InputError as e:
            wrong.extend(e.diagnostics)
    if wrong:
        raise InputError(wrong)
    return specs


def _chosen(specs: Sequence[Spec], only: str | None, *, slow: bool) -> list[tuple[Spec, Check]]:
    every = [(s, c) for s in specs for c in s.checks]
    if only is None:
        return [(s, c) for s, c in every if slow or not c.slow]
    found = [(s, c) for s, c in every if c.name == only]
    if not found:
        raise _wrong("C004", f"there is no check named `{only}`", did_you_mean(only, [c.name for _, c in every]))
    return found


# --- check and simulate ----------------------------------------------------------------------------


def check_command(a: argparse.Namespace) -> int:
    """`interlock check PATH...`."""
    from checker import run  # noqa: PLC0415

    if a.engine is not None:
        run.engine_named(a.engine)
    if a.checkpoint_every is not None and a.checkpoint is None:
        raise _wrong("C009", "there is no --checkpoint for --checkpoint-every to time", "add `--checkpoint DIR`")
    if a.spill is not None and a.checkpoint is not None:
        message = "a search with --spill is not saved, so --checkpoint has nothing to go on from"
        raise _wrong("C009", message, "leave out `--checkpoint`, or `--spill` to be able to go on")
    return _run_all(a, _overrides(a, walks=None, steps=None))


def simulate_command(a: argparse.Namespace) -> int:
    """`interlock simulate PATH...`."""
    return _run_all(a, _overrides(a, walks=a.walks, steps=a.steps))


def report_command(a: argparse.Namespace) -> int:
    """`interlock report PATH...`."""
    from checker.report.register import pages  # noqa: PLC0415

    if not a.into.is_dir():
        raise _wrong("C002", f"there is no folder {a.into}", "make it, or name one with --into")
    specs = _load(a.paths)
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
    from checker.run import Overrides  # noqa: PLC0415

    return Overrides(
        engine=a.engine, workers=a.workers, seconds=a.time, memory=a.memory, states=a.states, depth=a.depth,
        seed=a.seed, every=a.all, symmetry=a.symmetry, distinct=a.distinct, coverage=a.coverage, gates=a.verbose,
        checkpoint=a.checkpoint, checkpoint_every=a.checkpoint_every, spill=a.spill, walks=walks, steps=steps,
    )  # fmt: skip


def _run_all(a: argparse.Namespace, overrides: Overrides) -> int:
    return _exit_code(*_results(a, _load(a.paths), overrides))


def _results(a: argparse.Namespace, specs: Sequence[Spec], overrides: Overrides) -> tuple[list[Result], bool]:
    """Run the chosen checks, print and save what came out; the results, and whether that was cut short."""
    from checker.report.progress import progress  # noqa: PLC0415
    from checker.run import Interruption, failed, run_check  # noqa: PLC0415

    _refuse_unwritable(a)
    chosen = _chosen(specs, a.only, slow=a.slow)
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
    from checker.run import make_engine  # noqa: PLC0415

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
            raise _wrong("C006", f"cannot write traces to {a.traces}: it is a file", "name a folder for --traces")
        if not os.access(a.traces, os.W_OK):
            raise _wrong("C006", f"cannot write to {a.traces}: permission denied", "name one that you may write to")
    for path in (a.json, a.junit, a.sarif):
        if path is None:
            continue
        if path.is_dir():
            raise _wrong("C006", f"cannot write {path}: it is a folder", "name a file")
        if not path.parent.is_dir():
            raise _wrong("C006", f"cannot write {path}: there is no folder {path.parent}", _EXISTING)
        if not os.access(path if path.exists() else path.parent, os.W_OK):
            raise _wrong("C006", f"cannot write {path}: permission denied", "name a file that you may write")


def _write(path: Path | None, text: Callable[[], str]) -> None:
    if path is None:
        return
    try:
        path.write_text(text(), encoding="utf-8")
    except OSError as e:
        raise _wrong("C006", f"cannot write {path}: {e.strerror or e}", _EXISTING) from None


# --- replay ----------------------------------------------------------------------------------------


def replay_command(a: argparse.Namespace) -> int:
    """`interlock replay TRACE`: judge a saved trace again."""
    from checker.report import terminal  # noqa: PLC0415
    from checker.trace import itf, recover, replay  # noqa: PLC0415

    saved = itf.read(a.trace)
    spec, check = _check_of(saved, a.spec or saved.spec_file())
    judge = replay.judge(spec, check, tries=recover.PATIENT)
    moves, claim, states = itf.moves(saved, check.program.state, judge.actions)
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
    ((spec, check), *_) = _chosen(_load([file]), saved.check, slow=True)
    now = dict(check.constants)
    if saved.about.get("constants") != now or saved.about.get("faults") != sorted(check.faults):
        raise _wrong("T006", f"the constants or faults of `{check.name}` are not those of the trace",
                     "run the check again with `--traces`")  # fmt: skip
    return spec, check


# --- show and explain ------------------------------------------------------------------------------


def show_command(a: argparse.Namespace) -> int:
    """`interlock show SPEC`."""
    from checker.report.outline import outline  # noqa: PLC0415

    specs = _load([a.spec])
    for spec, check in _chosen(specs, a.only, slow=True):
        print("\n".join(outline(spec, check)))
    return OK


def explain_command(a: argparse.Namespace) -> int:
    """`interlock explain SPEC --check NAME --action CALL`."""
    from checker.trace import itf  # noqa: PLC0415
    from checker.trace.explain import explain, parse_call, start, within  # noqa: PLC0415
    from checker.trace.fold import fold  # noqa: PLC0415

    if a.at is not None and a.trace is None:
        raise _wrong("C009", "--at counts the steps of a trace, and there is no --trace", "add `--trace FILE`")
    ((spec, check), *_) = _chosen(_load([a.spec]), a.only, slow=True)
    action, params = parse_call(check, a.action)
    state, where = start(check) if a.trace is None else within(check, itf.read(a.trace), a.at)
    print("\n".join((*fold(where), *explain(spec, check, action, params, state))))
    return OK
