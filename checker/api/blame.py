"""Whose fault is an exception?  The machine's, which has too little of something, or Interlock's own.

Rule of the module: what this machine could not give is wrong input: neither the model nor Interlock is at fault.  All
else that nobody expected is a defect of Interlock.
"""

from __future__ import annotations

import errno
import re
import traceback
from typing import Final

import attrs

from interlock.checker.diagnostics import NOWHERE, Diagnostic

_SHORT: Final = {
    errno.ENOMEM: "memory",
    errno.EAGAIN: "threads or memory",
    errno.ENOSPC: "room on the disk",
    errno.EDQUOT: "room on the disk",
    errno.EMFILE: "open files",
    errno.ENFILE: "open files",
}


@attrs.frozen
class Defect:
    """A defect of Interlock: the name of the exception, what it says, and where it came from, as Python tells that."""

    name: str
    message: str
    traceback: str

    @classmethod
    def of(cls, problem: BaseException) -> Defect:
        """What an exception says."""
        message = " ".join(str(problem).split()) or "no message"
        return cls(type(problem).__name__, message, "".join(traceback.format_exception(problem)))


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
