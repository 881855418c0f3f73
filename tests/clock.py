"""Time and effort that do not depend on the machine, for tests of what does."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType

import pytest

NATIVE = (
    "interlock.checker.engines.again",
    "interlock.checker.engines.findings",
    "interlock.checker.engines.pausing",
    "interlock.checker.engines.resuming",
    "interlock.checker.engines.searching",
    "interlock.checker.engines.stretching",
    "interlock.checker.native.code.jit",
    "interlock.checker.native.module.shortcuts",
)


class Clock:
    """Stands for the module `time`: whoever reads it finds it a tick later than whoever read it before."""

    def __init__(self, tick: float = 1.0) -> None:
        self.now, self.tick = 0.0, tick

    def monotonic(self) -> float:
        """The time, in seconds from the first reading."""
        self.now += self.tick
        return self.now

    perf_counter = monotonic

    def rule(self, monkeypatch: pytest.MonkeyPatch, *modules: str) -> None:
        """Let these modules read this clock; those of a search in native code, when none is named."""
        for module in modules or NATIVE:
            monkeypatch.setattr(f"{module}.time", self)


def effort(run: Callable[[], object], most: int) -> int:
    """How many calls of Python functions it takes, the same on any machine.  Fails as soon as there are more."""
    made = 0

    def count(frame: FrameType, event: str, _: object) -> None:
        nonlocal made
        made += event == "call"
        if made > most:
            sys.setprofile(None)
            pytest.fail(f"more than {most:,} calls, the last in {frame.f_code.co_qualname}")

    sys.setprofile(count)
    try:
        run()
    finally:
        sys.setprofile(None)
    return made
