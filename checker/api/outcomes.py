"""What came of one check?  A result; or why it was refused; or what went wrong in Interlock.

Rule of the module: a check that was begun has an outcome, whatever happens to it, and says nothing of the others.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TypeAlias

import attrs

from interlock.checker.api.blame import Defect, environment
from interlock.checker.checks import run
from interlock.checker.checks.outcome import Result, Standing
from interlock.checker.checks.overrides import Overrides
from interlock.checker.contract import Coverage
from interlock.checker.diagnostics import InputError, Refusal
from interlock.checker.ir.claims import Check, Spec

__all__ = ["Outcome", "Result", "Shown", "Standing", "failure", "outcome"]

# Given the name of a check: within, what to call now and then with what its run covered so far.
Shown: TypeAlias = Callable[[str], AbstractContextManager[Callable[[Coverage], None]]]


@attrs.frozen(eq=False)
class Outcome:
    """What came of one check: its result, or why it was refused.  With `defect`, Interlock failed on it; the result
    says so too."""

    result: Result | None = None
    refusal: Refusal | None = None
    defect: Defect | None = None


def outcome(
    spec: Spec, check: Check, options: Overrides, folder: Path, progress: Callable[[Coverage], None],
    interrupted: Callable[[], bool],
) -> Outcome:  # fmt: skip
    """Run one check; what repeats a defect is kept in `folder`."""
    start = time.monotonic()
    try:
        return Outcome(run.run_check(spec, check, options, progress=progress, interrupted=interrupted))
    except InputError as e:
        return Outcome(refusal=Refusal(spec.path, e.diagnostics, check.name))
    except Exception as e:  # a defect of ours on one check says nothing of the others
        return failure(spec, check, options, start, e, folder)


def failure(spec: Spec, check: Check, options: Overrides, start: float, problem: Exception, folder: Path) -> Outcome:
    """What an exception comes to that nobody expected, on a check that was begun at `start`."""
    short = environment(problem, f'check "{check.name}"')
    if short is not None:
        return Outcome(refusal=Refusal(spec.path, (attrs.evolve(short, span=check.span),), check.name))
    return Outcome(run.failed(spec, check, options, start, problem, folder), defect=Defect.of(problem))
