"""Pytest runs a spec file, and passes no check that was not judged to its end."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

MODEL = """from typing import Annotated

from interlock import Range, action, require, state


@state
class State:
    x: Annotated[int, Range(0, 3)] = 0


@action
def up(s: State) -> None:
    require(s.x < 3)
    s.x += 1
"""
SPEC = """import toy
from interlock import Holds, NoneSampled, always, check, recoverable
from toy import State


@always
def counts(s: State) -> bool:
    return s.x >= 0


@recoverable
def gets_up(s: State) -> bool:
    return s.x == 3


check("all states", toy, expect=Holds())
check("walks", toy, engine="simulate", walks=5, expect=NoneSampled(5))
check("walks of what they judge", toy, engine="simulate", walks=5, properties=(counts,), expect=NoneSampled(5))
"""


def test_a_check_of_which_not_all_was_judged_fails_and_says_why(tmp_path: Path) -> None:
    """Random walks do not decide what must stay possible."""
    (tmp_path / "toy.py").write_text(MODEL)
    (tmp_path / "toy_spec.py").write_text(SPEC)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-v", "-p", "interlock.pytest_plugin", "toy_spec.py"],
        cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip

    assert "toy_spec.py::all states PASSED" in done.stdout, done.stdout + done.stderr
    assert "toy_spec.py::walks of what they judge PASSED" in done.stdout
    assert "toy_spec.py::walks FAILED" in done.stdout
    assert "undecided    walks: NoneSampled(5)" in done.stdout
    assert "gets_up was not judged: random walks cannot decide what must stay possible" in " ".join(done.stdout.split())
    assert "1 failed, 2 passed" in done.stdout
