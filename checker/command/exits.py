"""What does the exit code say, and whose fault is an exception?

Rule of the module: the code is never better than the truth.  Of several things the worst is said: a defect of
Interlock, wrong input, a verdict that differs, something undecided.  What this machine could not give is wrong input:
neither the model nor Interlock is at fault.
"""

from __future__ import annotations

import errno
import os
import re
import sys
import traceback
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from interlock.checker.diagnostics import NOWHERE, Diagnostic
from interlock.checker.fold import fold, said, width_of

if TYPE_CHECKING:
    from interlock.checker.checks.outcome import Result

OK, DIFFERS, WRONG_INPUT, UNDECIDED, INTERNAL = 0, 1, 2, 3, 70
MEANINGS: Final = {
    OK: "all as expected",
    DIFFERS: "a verdict differs from the expected one (or a check is hollow, a trace does not replay, a page is stale)",
    WRONG_INPUT: "the input is wrong, or the machine gives too little for it",
    UNDECIDED: "undecided within the budget, or interrupted",
    INTERNAL: "a defect of Interlock",
}
_PLEASE: Final = (
    "This is a defect of Interlock, not of your model. Please report it, with the model, the spec and the output of the "
    "same command under INTERLOCK_DEBUG=1."
)
_SHORT: Final = {
    errno.ENOMEM: "memory",
    errno.EAGAIN: "threads or memory",
    errno.ENOSPC: "room on the disk",
    errno.EDQUOT: "room on the disk",
    errno.EMFILE: "open files",
    errno.ENFILE: "open files",
}


def code(results: Sequence[Result], *, broken: bool = False, refused: bool = False, stopped: bool = False) -> int:
    """The exit code of a run.

    `broken`: Interlock failed beside the checks; `refused`: something of the input was; `stopped`: it was cut short.
    """
    from interlock.checker.checks.outcome import Standing  # noqa: PLC0415 - `--help` needs none of it

    found = {r.standing for r in results}
    if broken or Standing.DEFECT in found:
        return INTERNAL
    if refused:
        return WRONG_INPUT
    if found & {Standing.DIFFERS, Standing.HOLLOW}:
        return DIFFERS
    return UNDECIDED if stopped or Standing.UNDECIDED in found else OK


def environment(problem: BaseException, what: str = "") -> Diagnostic | None:
    """What the machine has too little of, where that is what an exception says; `what` could not be done for it."""
    short = _short_of(problem)
    if short is None:
        return None
    told = f"{what}: {short}" if what else short
    return Diagnostic(
        "C012", told, NOWHERE, "give the process more of it (`ulimit -a` shows its limits), or ask for less"
    )


def _short_of(problem: BaseException) -> str | None:
    text = " ".join(str(problem).split())
    if isinstance(problem, MemoryError):
        return "there is too little of what this machine gives: memory"
    if isinstance(problem, OSError) and problem.errno in _SHORT:
        return f"there is too little of what this machine gives: {_SHORT[problem.errno]} ({problem.strerror})"
    if isinstance(problem, RuntimeError) and "can't start new thread" in text:
        return "no more threads can be started"
    if re.search(r"shared object|failed to map|^lib\S+ not found", text):
        return f"a library cannot be loaded, perhaps for lack of memory ({text.partition('. ')[0][:200]})"
    return None


def internal(problem: Exception) -> None:
    """Say that a defect of Interlock was met."""
    if os.environ.get("INTERLOCK_DEBUG") == "1":
        traceback.print_exc()
    text = " ".join(str(problem).split()) or "no message"
    print(said(f"internal error: {type(problem).__name__}: {text}", sys.stderr), file=sys.stderr)
    print(
        *fold(_PLEASE, "  ", hang=0, width=width_of(sys.stderr)),
        sep="\n",
        file=sys.stderr,
    )
