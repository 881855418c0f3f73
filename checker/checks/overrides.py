"""Which engine runs a check, and within what?  What the spec says, but for what the command line changes.

Rule of the module: None leaves what the spec says.  An engine is imported when it is made, not when it is named.
Everything else that has to do with options (the command line, the notes, the command that goes on) reads the one table.
"""

from __future__ import annotations

import enum
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import attrs

from interlock.checker.checks import machine
from interlock.checker.diagnostics import did_you_mean, mistake

if TYPE_CHECKING:
    from interlock.checker.contract import Engine
    from interlock.checker.ir.claims import Check, Spec

ENGINES: Final[Mapping[str, str]] = {
    "explore": "interlock.checker.engines.explore:Explore",
    "simulate": "interlock.checker.engines.simulate:Simulate",
    "bmc": "interlock.checker.engines.bmc:Bmc",
    "induction": "interlock.checker.engines.induction:Induction",
}
_WALKS: Final = 10_000  # of a simulation that nobody says more of, as engines have it
_STEPS: Final = 100


class Takes(enum.Enum):
    """What stands behind an option of the command line, or is given for it from Python."""

    FLAG = "nothing: it is on or off"
    SWITCH = "nothing: it is on, off with `no-` before its name, or left to the engine"
    NAME = "a name"
    WHOLE = "a whole number"
    FROM_ONE = "a whole number from 1"
    THREADS = "a number of threads"
    SECONDS = "a time"
    BYTES = "a size in memory"
    FOLDER = "a folder"


CHECK, SIMULATE, REPORT = "check", "simulate", "report"


@attrs.frozen
class Option:
    """A row of the table of options, which is the class `Overrides`: all that there is to know of one.

    name: as it is typed after `--`, as `check(...)` has it, and as the engines that honour it name it (`knows`).
    help: what it does, in one line; of those with a value, `metavar` stands for that.
    of: the subcommands that have it.
    asks: it asks something of the engine, which says so by `knows`, or a note says that it is not used.
    in_spec: `check(...)` may say it too.
    goes_on: a search that goes on from a checkpoint has to be asked for it again.
    field: the attribute of `Overrides` that has its value.
    """

    name: str
    takes: Takes
    help: str
    metavar: str = ""
    of: frozenset[str] = frozenset({CHECK, SIMULATE, REPORT})
    asks: bool = True
    in_spec: bool = False
    goes_on: bool = False
    field: str = ""


def _row(
    name: str, takes: Takes, help_: str, metavar: str = "", *of: str,
    asks: bool = True, in_spec: bool = False, goes_on: bool = False,
) -> Any:  # fmt: skip
    """A field of `Overrides` with what there is to know of it."""
    option = Option(name, takes, help_, metavar, frozenset(of or (CHECK, SIMULATE, REPORT)), asks, in_spec, goes_on)
    return attrs.field(default=False if takes is Takes.FLAG else None, metadata={Option: option})


@attrs.frozen
class Overrides:
    """What the command line, or who calls from Python, changes of a check; None leaves what the spec says.

    It is the table of options: a new one is one more row here, and what uses it.  What each is for stands in its row.
    `workers`: how many threads an engine may run on; None is one for each processor.
    `gates`: say what actions that never fired wait for; `--verbose` asks for it.
    `strict`: a check that is hollow fails, unless the spec says that it is meant to be.
    `symmetry`: None leaves it to the engine whether a search is reduced.
    `models`: the folders in which the models were looked for first.
    """

    engine: str | None = _row(
        "engine", Takes.NAME, "explore, simulate, bmc or induction (default: as the check says, else explore)", "NAME",
        CHECK, asks=False, goes_on=True,
    )  # fmt: skip
    workers: int | None = _row(
        "workers", Takes.THREADS, "threads of a search, or of walks (default: one a processor)", "N", asks=False
    )
    seconds: float | None = _row(
        "time", Takes.SECONDS, "budget of each check: 30, 30s, 5m, 2h (default: none)", "SECONDS"
    )
    memory: int | None = _row(
        "memory", Takes.BYTES, "budget of each check, such as 4G (default: most of what is free)", "SIZE"
    )
    states: int | None = _row(
        "states", Takes.WHOLE, "budget: distinct states (default: none)", "N", in_spec=True, goes_on=True
    )
    depth: int | None = _row(
        "depth", Takes.WHOLE, "budget: steps from an initial state (default: none)", "N", in_spec=True, goes_on=True
    )
    seed: int | None = _row(
        "seed", Takes.WHOLE, "of random walks (default: as the check says, else 0)", "N", in_spec=True
    )
    walks: int | None = _row(
        "walks", Takes.FROM_ONE, f"so many walks (default: as the check says, else {_WALKS})", "N", SIMULATE,
        in_spec=True,
    )  # fmt: skip
    steps: int | None = _row(
        "steps", Takes.FROM_ONE, f"steps of a walk, at most (default: as the check says, else {_STEPS})", "N", SIMULATE,
        in_spec=True,
    )  # fmt: skip
    distinct: int | None = _row(
        "distinct", Takes.FROM_ONE,
        "up to N counterexamples of each thing that is violated; none uses all the actions of another before it", "N",
        CHECK, goes_on=True,
    )  # fmt: skip
    every: bool = _row(
        "all", Takes.FLAG, "every property that is violated, each with a shortest trace", "", CHECK, goes_on=True
    )
    coverage: bool = _row(
        "coverage", Takes.FLAG, "by action, steps and states newly reached; vacuous claims", "", CHECK, goes_on=True
    )
    strict: bool = _row(
        "strict", Takes.FLAG,
        "a check fails that claims nothing, or in which an action or a fault never happens; `strict=False` excepts it",
        "", CHECK, REPORT, asks=False, goes_on=True,
    )  # fmt: skip
    symmetry: bool | None = _row(
        "symmetry", Takes.SWITCH,
        "keep one state of each orbit, where that is shown sound: from the start, or never (where it pays)", "", CHECK,
        goes_on=True,
    )  # fmt: skip
    checkpoint: Path | None = _row(
        "checkpoint", Takes.FOLDER, "save each search here now and then, and go on from the one that is there", "DIR",
        CHECK, goes_on=True,
    )  # fmt: skip
    checkpoint_every: float | None = _row(
        "checkpoint-every", Takes.SECONDS,
        "at most so often (default: 5m); more rarely where saving would take over a tenth of the time", "SECONDS",
        CHECK, asks=False,
    )  # fmt: skip
    spill: Path | None = _row(
        "spill", Takes.FOLDER,
        "put states on disk here when the budget of memory is used up, instead of ending undecided", "DIR", CHECK,
    )  # fmt: skip
    gates: bool = False
    models: tuple[Path, ...] = ()

    @property
    def bounds(self) -> bool:
        """Whether the command line set a bound, so that a bounded verdict says nothing against the spec."""
        return any(v is not None for v in (self.depth, self.states, self.walks, self.steps))

    def unused(self, engine: Engine) -> list[str]:
        """What was asked for on the command line and means nothing to an engine."""
        asked = (o.name for o in OPTIONS if o.asks and getattr(self, o.field) not in (None, False))
        return [name for name in asked if name not in engine.knows]

    def threads(self, engine: str) -> int:
        """How many threads an engine runs on: one, where it knows of no workers."""
        if "workers" not in make_engine(engine).knows:
            return 1
        return machine.processors() if self.workers is None else self.workers

    def going_on(self, spec: Spec, check: Check) -> str:
        """The command that goes on with a search that was saved: all of what it may not change is there."""
        words = ["interlock", "check", spec.path, "--only", check.name]
        for option in OPTIONS:
            value = getattr(self, option.field)
            if not option.goes_on or value is None or (value is False and option.takes is Takes.FLAG):
                continue
            if isinstance(value, bool):
                words.append(f"--{option.name}" if value else f"--no-{option.name}")
            else:
                words += [f"--{option.name}", str(value)]
        words += [word for folder in self.models for word in ("--path", str(folder))]
        return shlex.join(words)

    def strictly(self, check: Check) -> bool:
        """Whether a check is to be worth something: as it says itself, or else as the command line does."""
        return self.strict if check.strict is None else check.strict

    def foreign(self, check: Check) -> bool:
        """Whether the engine is not the one that the expectation was written for."""
        return self.engine is not None and self.engine != check.engine


def _options() -> tuple[Option, ...]:
    rows = ((a.name, a.metadata.get(Option)) for a in attrs.fields(Overrides))
    return tuple(attrs.evolve(option, field=field) for field, option in rows if option is not None)


OPTIONS: Final = _options()
IN_SPEC: Final = frozenset(o.name for o in OPTIONS if o.in_spec)  # what `check(...)` may say of them


def make_engine(name: str) -> Engine:
    """An engine by its name.  Raises InputError C003."""
    import importlib

    module, cls = engine_named(name).split(":")
    made: Engine = getattr(importlib.import_module(module), cls)()
    return made


def engine_named(name: str) -> str:
    """Where an engine's class is.  Raises InputError C003."""
    if name not in ENGINES:
        raise mistake("C003", f"there is no engine `{name}`", did_you_mean(name, ENGINES))
    return ENGINES[name]
