"""What may be typed after `interlock`?  The commands' names, their options, and what each option takes.

Rule of the module: what a command does is not known here; the caller brings the functions.  A mistake is an
`InputError` C001 that says what is right, and of an option that only another command has it says so.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final, NoReturn

from interlock import __version__
from interlock.checker.api.options import CHECK, OPTIONS, REPORT, SIMULATE, Option, Overrides, Takes
from interlock.checker.command.exits import MEANINGS
from interlock.checker.diagnostics import did_you_mean, mistake
from interlock.checker.fold import fold

SHELLS: Final = ("bash", "zsh", "tcsh")
_DIGITS: Final = 18  # of a number, at most
_LEAST_MEMORY: Final = 1 << 20  # bytes
_MOST_THREADS: Final = 1024  # each has memory of its own, and a processor has few of them to run
_MOST_PROCESSES: Final = 256
_UNITS: Final = {"": 1, "K": 2**10, "M": 2**20, "G": 2**30, "T": 2**40}

_SHIPPED: Final = "`interlock.specs.pos.forks` is one of Interlock's own"
_EXAMPLES: Final = {
    "check": (
        "interlock check specs/",
        "interlock check interlock.specs.pos",
        "interlock check toy_spec.py --only 'two chains' -v",
        "interlock check toy_spec.py --all --traces traces/",
        "interlock check toy_spec.py --memory 16G --checkpoint saved/",
    ),
    "simulate": ("interlock simulate toy_spec.py --walks 100000 --steps 200", "interlock simulate toy_spec.py --seed 7"),
    "replay": ("interlock replay traces/toy_spec-small-3f09a1b2.itf.json",),
    "show": ("interlock show toy_spec.py", "interlock show toy_spec.py --only 'two chains' --form scalar"),
    "explain": (
        "interlock explain toy_spec.py --check small --action 'settle(me=Network(0))'",
        "interlock explain toy_spec.py --check small --action 'settle(me=Network(0))' --trace small.itf.json --at 3",
    ),
    "report": ("interlock report specs/ --into reports", "interlock report specs/ --compare"),
    "schema": ("interlock schema",),
    "completion": ("interlock completion bash", "interlock completion zsh"),
}  # fmt: skip


def parser(commands: Mapping[str, Callable[[argparse.Namespace], int]]) -> argparse.ArgumentParser:
    """The parser of the command line; `run` of what it returns is the one of `commands` that was typed.

    Its `parse_args` raises InputError C001.
    """
    about_all = "Check models of protocols written as plain typed Python."
    made = _Parser(prog="interlock", description=about_all, formatter_class=_Help, epilog=_exits())
    made.add_argument(
        "--version", action="version", version=f"interlock {__version__}", help="the version, and no more"
    )
    under = made.add_subparsers(metavar="COMMAND", required=True, parser_class=_Parser)

    def command(name: str, about: str) -> argparse.ArgumentParser:
        epilog = "\n".join(["examples:", *(f"  {line}" for line in _EXAMPLES[name]), "", _exits()])
        added: argparse.ArgumentParser = under.add_parser(
            name, help=about, description=about, formatter_class=_Help, epilog=epilog
        )
        added.set_defaults(run=commands[name])
        added.add_argument(
            "--path", metavar="DIR", dest="models", type=_models, action="append", default=[],
            help="look for models here first, then in `paths` of `[tool.interlock]` in pyproject.toml; repeatable",
        )  # fmt: skip
        return added

    _add_check(command("check", "run the checks of spec files, and compare with what they expect"))
    _add_simulate(command("simulate", "random walks: finds violations, proves nothing"))
    _add_replay(command("replay", "replay a saved trace in plain Python, and show it"))
    _add_show(command("show", "what a spec's models have: state, actions, constants, checks"))
    _add_explain(command("explain", "why is an action disabled in a state?"))
    _add_report(command("report", "run the checks, and write what they say of the documents' claims"))
    command("schema", "the JSON schema of what `--json` writes")
    _add_completion(command("completion", "what a shell needs to complete commands and options"))
    return made


def _exits() -> str:
    codes = [f"  {code:>2}  {meaning}" for code, meaning in MEANINGS.items()]
    return "\n".join(["exit codes (of several, the first of 70, 2, 1, 3 that applies):", *codes])


class _Help(argparse.HelpFormatter):
    """Examples stay as they are typed, and exit codes in lines of their own."""

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        broken = (line if line.startswith("  interlock") else fold(line.lstrip(), line[: -len(line.lstrip())], 4, width)
                  for line in text.split("\n"))  # fmt: skip
        return "\n".join(line if isinstance(line, str) else "\n".join(line) for line in broken)


class _Parser(argparse.ArgumentParser):
    """Argparse, with mistakes as diagnostics."""

    def error(self, message: str) -> NoReturn:
        found = re.search(r"invalid choice: '([^']*)'.* \(choose from (.*)\)", message)
        help_ = f"see `{self.prog} --help`"
        if found:
            help_ = did_you_mean(found[1], re.findall(r"[\w-]+", found[2]))
        unknown = re.search(r"unrecognized arguments: (-\S+)", message)
        if unknown:
            help_ = _about_option(self, unknown[1])
        raise mistake("C001", message, help_)


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


# --- the options of each command -------------------------------------------------------------------


def _add_check(p: argparse.ArgumentParser) -> None:
    _add_run_options(p, CHECK)


def _add_simulate(p: argparse.ArgumentParser) -> None:
    _add_run_options(p, SIMULATE)
    p.set_defaults(engine="simulate")


def _add_replay(p: argparse.ArgumentParser) -> None:
    p.add_argument("trace", metavar="TRACE", type=Path, help="a file that `--traces DIR` wrote")
    p.add_argument("--spec", metavar="PATH", type=Path, help="the spec file, where the trace does not find it")
    p.add_argument(
        "--run-code", action="store_true",
        help="of a file about a disagreement: run the compiled code that it holds (only if you trust who made it)",
    )  # fmt: skip


def _add_show(p: argparse.ArgumentParser) -> None:
    p.add_argument("spec", metavar="SPEC", type=_spec, help=f"a spec file, or a folder of them; {_SHIPPED}")
    p.add_argument("--only", metavar="NAME", help="the check of this name, and its model (default: all)")
    p.add_argument(
        "--form", choices=("ir", "scalar", "llvm"),
        help="instead, the text of each check as the evaluator reads it, as engines do, or as it is compiled",
    )  # fmt: skip


def _add_explain(p: argparse.ArgumentParser) -> None:
    p.add_argument("spec", metavar="SPEC", type=_spec, help=f"a spec file; {_SHIPPED}")
    p.add_argument("--check", metavar="NAME", dest="only", required=True, help="with the constants of this check")
    p.add_argument("--action", metavar="CALL", required=True, help="as a trace has it: 'settle(me=Network(0))'")
    p.add_argument("--initial", metavar="CALL", help="in this initial state: a call of an `@initial` function")
    p.add_argument("--trace", type=Path, metavar="FILE", help="take the state from this trace")
    p.add_argument("--at", type=_whole, metavar="N", help="after so many steps of the trace (else: before its last)")


def _add_report(p: argparse.ArgumentParser) -> None:
    _add_run_options(p, REPORT)
    p.add_argument("--into", type=Path, metavar="DIR", default=Path("reports"), help="the folder (default: reports)")
    p.add_argument("--compare", action="store_true", help="write nothing; fail where the folder says something else")


def overrides(a: argparse.Namespace) -> Overrides:
    """What a command line changes of checks; what its command has no option for stays as the spec says."""
    given = {o.field: getattr(a, _key(o)) for o in OPTIONS if hasattr(a, _key(o))}
    return Overrides(**given, gates=a.verbose, models=tuple(a.models))


def _key(option: Option) -> str:
    """Where argparse keeps what was typed."""
    return option.name.replace("-", "_")


def _add_option(p: argparse.ArgumentParser, option: Option) -> None:
    name = f"--{option.name}"
    match option.takes:
        case Takes.FLAG:
            p.add_argument(name, action="store_true", help=option.help)
        case Takes.SWITCH:
            p.add_argument(name, action=argparse.BooleanOptionalAction, help=option.help)
        case _:
            p.add_argument(name, type=_TYPES[option.takes], metavar=option.metavar, help=option.help)


def _add_run_options(p: argparse.ArgumentParser, command: str) -> None:
    p.add_argument("paths", metavar="PATH", type=_spec, nargs="+", help=f"spec files, or folders of them; {_SHIPPED}")
    p.add_argument("--only", metavar="NAME", help="the check of this name (default: all that are not slow)")
    p.add_argument(
        "--jobs", type=_processes, metavar="N",
        help="checks that run beside each other, in a process each (default: as many as pay)",
    )  # fmt: skip
    for option in OPTIONS:
        if command in option.of:
            _add_option(p, option)
    p.add_argument("--slow", action="store_true", help="also the checks that are marked slow")
    p.add_argument("--json", type=Path, metavar="FILE", help="write the results here as JSON (its shape: README)")
    p.add_argument("--junit", type=Path, metavar="FILE", help="write the results here as JUnit XML, for CI systems")
    p.add_argument("--sarif", type=Path, metavar="FILE", help="write what is wrong here as SARIF, for code scanning")
    p.add_argument(
        "--format", choices=("text", "github"), default="text",
        help="what is printed: text, or text with annotations of GitHub Actions (default: text)",
    )  # fmt: skip
    p.add_argument("--traces", type=Path, metavar="DIR", help="save every trace here, as ITF JSON")
    p.add_argument("--no-cache", action="store_true", help="compile anew, and keep nothing of it")
    p.add_argument(
        "-v",
        "--verbose",
        action="store_true",
        help="whole traces, witnesses, and what actions that are never enabled wait for",
    )


def _add_completion(p: argparse.ArgumentParser) -> None:
    p.add_argument("shell", metavar="SHELL", choices=SHELLS, help=", ".join(SHELLS))


# --- what an option takes --------------------------------------------------------------------------


def _path(what: str) -> Callable[[str], Path]:
    """The type of a path; `what`: what to name instead of an empty one."""

    def path(text: str) -> Path:
        if not text:  # a shell variable that is not set; Path("") would be the current folder
            raise argparse.ArgumentTypeError(f"the path is empty: name {what}, `.` for this one")
        return Path(text)

    return path


def _whole(text: str) -> int:
    if not text.isascii() or not text.isdigit():
        raise argparse.ArgumentTypeError(f"`{text}` is not a whole number")
    if len(text) > _DIGITS:
        raise argparse.ArgumentTypeError(f"a number of {len(text)} digits is more than any run could use")
    return int(text)


def _from_one(problem: str) -> Callable[[str], int]:
    """The type of a whole number that is not 0; `problem`: what is wrong with 0."""

    def number(text: str) -> int:
        if _whole(text) == 0:
            raise argparse.ArgumentTypeError(f"{problem}: give a number from 1")
        return int(text)

    return number


def _seconds(text: str) -> float:
    found = re.fullmatch(rf"(\d{{1,{_DIGITS}}}(?:\.\d+)?)([smh]?)", text, re.ASCII)
    if found is None:
        raise argparse.ArgumentTypeError(f"`{text}` is no time: write 30, 30s, 5m or 2h")
    return float(found[1]) * {"": 1, "s": 1, "m": 60, "h": 3600}[found[2]]


def _memory(text: str) -> int:
    found = re.fullmatch(rf"(\d{{1,{_DIGITS}}}(?:\.\d+)?)([KMGT]?)(?:i?B)?", text, re.IGNORECASE | re.ASCII)
    if found is None:
        raise argparse.ArgumentTypeError(f"`{text}` is no size: write 500M or 4G")
    size = int(float(found[1]) * _UNITS[found[2].upper()])
    if size < _LEAST_MEMORY:
        raise argparse.ArgumentTypeError(f"{text} is {size} bytes, and a search takes 1M to begin: write 500M or 4G")
    return size


_spec = _path("a spec file or a folder")
_folder = _path("a folder")
_models = _path("a folder of models")
_samples = _from_one("0 asks for nothing")
_number_of_processes = _from_one("0 processes run nothing")
_number_of_threads = _from_one("0 threads search nothing")


def _threads(text: str) -> int:
    number = _number_of_threads(text)
    if number > _MOST_THREADS:
        raise argparse.ArgumentTypeError(f"{text} threads: give {_MOST_THREADS} at most, or one a processor")
    return number


def _processes(text: str) -> int:
    number = _number_of_processes(text)
    if number > _MOST_PROCESSES:
        raise argparse.ArgumentTypeError(f"{text} processes: give {_MOST_PROCESSES} at most, or one a processor")
    return number


_TYPES: Final[Mapping[Takes, Callable[[str], object]]] = {
    Takes.NAME: str, Takes.WHOLE: _whole, Takes.FROM_ONE: _samples, Takes.THREADS: _threads, Takes.SECONDS: _seconds,
    Takes.BYTES: _memory, Takes.FOLDER: _folder,
}  # fmt: skip
