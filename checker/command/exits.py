"""What does the exit code say, and how is a defect of Interlock told?

Rule of the module: the code is never better than the truth.  Of several things the worst is said: a defect of
Interlock, wrong input, a verdict that differs, something undecided.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from interlock.checker.fold import fold, said, width_of

if TYPE_CHECKING:
    from interlock.checker.api.blame import Defect
    from interlock.checker.api.outcomes import Result

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


def code(results: Sequence[Result], *, broken: bool = False, refused: bool = False, stopped: bool = False) -> int:
    """The exit code of a run.

    `broken`: Interlock failed beside the checks; `refused`: something of the input was; `stopped`: it was cut short.
    """
    from interlock.checker.api.outcomes import Standing  # noqa: PLC0415 - `--help` needs none of it

    found = {r.standing for r in results}
    if broken or Standing.DEFECT in found:
        return INTERNAL
    if refused:
        return WRONG_INPUT
    if found & {Standing.DIFFERS, Standing.HOLLOW}:
        return DIFFERS
    return UNDECIDED if stopped or Standing.UNDECIDED in found else OK


def internal(defect: Defect) -> None:
    """Say that a defect of Interlock was met."""
    if os.environ.get("INTERLOCK_DEBUG") == "1":
        print(defect.traceback, end="", file=sys.stderr)
    print(said(f"internal error: {defect.name}: {defect.message}", sys.stderr), file=sys.stderr)
    print(
        *fold(_PLEASE, "  ", hang=0, width=width_of(sys.stderr)),
        sep="\n",
        file=sys.stderr,
    )
