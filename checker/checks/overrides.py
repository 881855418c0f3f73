"""Which engine runs a check, and within what?  What the spec says, but for what the command line changes.

Rule of the module: None leaves what the spec says.  An engine is imported when it is made, not when it is named.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import attrs

from interlock.checker.checks import machine
from interlock.checker.contract import Engine
from interlock.checker.diagnostics import did_you_mean, mistake
from interlock.checker.ir.claims import Check, Spec

ENGINES: Final[Mapping[str, str]] = {
    "explore": "interlock.checker.engines.explore:Explore",
    "simulate": "interlock.checker.engines.simulate:Simulate",
    "bmc": "interlock.checker.engines.bmc:Bmc",
    "induction": "interlock.checker.engines.induction:Induction",
}


@attrs.frozen
class Overrides:
    """What the command line changes of a check; None leaves what the spec says.

    `workers`: how many threads an engine may run on; None is one for each processor.
    `coverage`: count what a search covered; `gates`: say what actions that never fired wait for.
    `strict`: a check that is hollow fails, unless the spec says that it is meant to be.
    `symmetry`: None leaves it to the engine whether a search is reduced.
    `models`: the folders in which the models were looked for first.
    """

    engine: str | None = None
    workers: int | None = None
    seconds: float | None = None
    memory: int | None = None
    states: int | None = None
    depth: int | None = None
    seed: int | None = None
    walks: int | None = None
    steps: int | None = None
    every: bool = False
    symmetry: bool | None = None
    distinct: int | None = None
    coverage: bool = False
    gates: bool = False
    strict: bool = False
    checkpoint: Path | None = None  # the folder
    spill: Path | None = None
    checkpoint_every: float | None = None
    models: tuple[Path, ...] = ()

    @property
    def bounds(self) -> bool:
        """Whether the command line set a bound, so that a bounded verdict says nothing against the spec."""
        return any(v is not None for v in (self.depth, self.states, self.walks, self.steps))

    def unused(self, engine: Engine) -> list[str]:
        """What was asked for on the command line and means nothing to an engine."""
        named: dict[str, object] = {
            "time": self.seconds,
            "memory": self.memory,
            "states": self.states,
            "depth": self.depth,
        }
        named |= {"seed": self.seed, "walks": self.walks, "steps": self.steps, "all": self.every or None}
        named |= {"symmetry": self.symmetry or None, "distinct": self.distinct, "coverage": self.coverage or None}
        named |= {"checkpoint": self.checkpoint, "spill": self.spill}
        return [name for name, value in named.items() if value is not None and name not in engine.knows]

    def threads(self, engine: str) -> int:
        """How many threads an engine runs on: one, where it knows of no workers."""
        if "workers" not in make_engine(engine).knows:
            return 1
        return machine.processors() if self.workers is None else self.workers

    def going_on(self, spec: Spec, check: Check) -> str:
        """The command that goes on with a search that was saved: all of what it may not change is there."""
        words = ["interlock", "check", spec.path, "--only", check.name, "--checkpoint", str(self.checkpoint)]
        named = {"--engine": self.engine, "--states": self.states, "--depth": self.depth, "--distinct": self.distinct}
        words += [word for name, value in named.items() if value is not None for word in (name, str(value))]
        flags = {"--all": self.every, "--coverage": self.coverage, "--strict": self.strict}
        flags |= {"--symmetry": self.symmetry is True, "--no-symmetry": self.symmetry is False}
        words += [name for name, on in flags.items() if on]
        words += [word for folder in self.models for word in ("--path", str(folder))]
        return shlex.join(words)

    def strictly(self, check: Check) -> bool:
        """Whether a check is to be worth something: as it says itself, or else as the command line does."""
        return self.strict if check.strict is None else check.strict

    def foreign(self, check: Check) -> bool:
        """Whether the engine is not the one that the expectation was written for."""
        return self.engine is not None and self.engine != check.engine


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
