"""Where does the time of `interlock check` go?  The command itself, with the functions of each phase timed.

    python tests/benchmarks/phases.py OUT PATH...

Everything runs in one process and one after another, so that the shares add up; what is left over is the start of
Python, what is printed and written, and all else.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from interlock.checker.api import runs
from interlock.checker.checks import finding, run
from interlock.checker.command import cli
from interlock.checker.engines import searching
from interlock.checker.native.code import jit
from interlock.checker.native.module import program

PHASES: dict[str, tuple[tuple[Any, str], ...]] = {
    "reading": ((finding, "read"),),
    "lowering": ((run, "_system"),),
    "compiling": ((program, "known_leaves"), (program.Program, "__init__"), (jit.Library, "optimise")),
    "searching": ((searching.Search, "run"),),
    "replaying": ((run, "_replayed"),),
}


class Clock:
    """Processor time by phase; of phases within one another, the inner one has it."""

    def __init__(self) -> None:
        self.spent = dict.fromkeys(PHASES, 0.0)
        self._within: list[float] = []  # by phase at work, what inner phases took

    def timed(self, phase: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """The function, its time counted."""

        def call(*args: Any, **kwargs: Any) -> Any:
            start = time.process_time()
            self._within.append(0.0)
            try:
                return function(*args, **kwargs)
            finally:
                took = time.process_time() - start
                self.spent[phase] += took - self._within.pop()
                if self._within:
                    self._within[-1] += took

        return call


def main() -> int:
    """Run the command, and write the seconds of each phase, and of all."""
    out, *paths = sys.argv[1:]
    clock = Clock()
    for phase, places in PHASES.items():
        for owner, name in places:
            setattr(owner, name, clock.timed(phase, getattr(owner, name)))
    assert runs.finding is finding, "the command reads specs elsewhere"
    code = cli.process(["check", "--jobs", "1", "--workers", "1", *paths])
    Path(out).write_text(json.dumps({**clock.spent, "all": time.process_time()}))
    return code


if __name__ == "__main__":
    raise SystemExit(main())
