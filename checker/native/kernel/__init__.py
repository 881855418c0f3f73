"""What does native code do around a model's own code?  It keeps states, searches them, and walks among them.

Rule of the package: exact and without globals.  `context.py` says what Python and native code tell each other,
`shape.py` what a state is, and each other module writes the functions of one concern as LLVM assembly:
`table.py` the visited set, `tree.py` wide states, `begin.py` initial states, `search.py` breadth first, `after.py` what is asked of a
finished search, `survey.py` what is counted over it where that is asked for, `targets.py` the steps of states that
are on disk, `walk.py` random walks.
"""

from __future__ import annotations

from interlock.checker.native.kernel import after, begin, search, survey, table, targets, tree, walk
from interlock.checker.native.kernel.context import (
    BLOCK,
    BLOCK_WORDS,
    BUFFER,
    KEEPS_STATES,
    KEEPS_STEPS,
    LINE,
    NONE,
    PARENTS,
    SHARED_WORDS,
    Ctx,
    Shared,
    Status,
    Way,
)
from interlock.checker.native.kernel.shape import PART, Expanding, Judged, Note, Shape, hash_text, keep

__all__ = [
    "BLOCK",
    "BLOCK_WORDS",
    "BUFFER",
    "KEEPS_STATES",
    "KEEPS_STEPS",
    "LINE",
    "NONE",
    "PARENTS",
    "PART",
    "SHARED_WORDS",
    "Ctx",
    "Expanding",
    "Judged",
    "Note",
    "Shape",
    "Shared",
    "Status",
    "Way",
    "keep",
    "survey_text",
    "targets_text",
    "text",
    "walks_text",
]


def text(shape: Shape, initials: int, instances: int) -> str:
    """All functions that searches need of states of a shape, in LLVM assembly.

    `initials` is how many instances the initial actions have together, `instances` how many the others have.
    """
    parts = [shape.text(), tree.text(shape), table.text(shape), search.text(shape), after.text(shape)]
    return "\n".join([*parts, begin.text(shape, initials, instances)])


def walks_text(shape: Shape, initials: int, faults: int) -> str:
    """All functions that random walks need.

    `initials` is how many instances the initial actions have together, `faults` how many actions are faults.
    """
    return walk.text(shape, initials, faults)


def survey_text(shape: Shape) -> str:
    """All functions that a survey of a search needs."""
    return "\n".join([hash_text(), tree.text(shape), survey.text(shape)])


def targets_text(shape: Shape, instances: int) -> str:
    """All functions that are asked of states on disk, each of which has at most `instances` successors."""
    return "\n".join([hash_text(), tree.text(shape), targets.text(shape, instances)])
