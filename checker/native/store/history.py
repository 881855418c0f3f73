"""What is known of a search from when it was last made?  How large it became, and how long it took in all.

Rule of the module: these are guesses, kept with the compiled code, and change nothing but time and memory.  A table
that has its size from the start is never moved, and is as full as it may be in the end; one that would pass the memory
budget is not asked for.  Time of earlier runs counts for what is worth doing once: a short search that is made again
and again is optimised as a long one is.  A search that began again, reduced by symmetry, does so at once the next
time, and not after the states it is known to have.
"""

from __future__ import annotations

import json
from typing import Final

import attrs

from interlock.checker.contract import Task
from interlock.checker.native.code.jit import FAST
from interlock.checker.native.store.states import States

LEAST: Final = 1 << 16  # states of a search whose growth takes any time: half a megabyte of cells
_SHORT: Final = 0.02  # seconds of a search of which nothing is worth keeping: less than it takes to start the process
_ABOUT: Final = "history 1"


@attrs.frozen
class History:
    """States that were found, parts of wide ones, and seconds of all runs so far.

    `credit`: how many of those count for this run.
    """

    states: int = 0
    parts: int = 0
    seconds: float = 0.0
    credit: float = 0.0


def recalled(states: States, task: Task) -> History:
    """Loads what the last run of this search learned, and sizes its table to match.

    A run that has little time does nothing beforehand.
    """
    data = states.program.library.recall(*_about(task))
    if data is None:
        return History()
    try:
        found, parts, seconds = json.loads(data)
        known = History(int(found), int(parts), float(seconds))
    except (ValueError, TypeError):
        return History()  # not what this version wrote
    if known.states >= LEAST:
        states.expect(known.states, known.parts)
    if task.budget.seconds is not None:
        return known
    states.program.library.used(known.seconds)
    return attrs.evolve(known, credit=known.seconds)


def learn(states: States, task: Task, known: History, seconds: float) -> None:
    """Keep what a finished search found and how long it took, for the next run."""
    library, sizes = states.program.library, states.sizes()
    if sizes is None or (seconds < _SHORT and not known.states):
        return
    settled = library.form is FAST and states.shortcuts.finished
    if not settled or sizes != (known.states, known.parts):
        total = round(known.seconds + seconds, 3)
        library.remember(json.dumps([*sizes, total]).encode(), *_about(task))


def began_again(states: States, task: Task, many: int) -> None:
    """Keep that a search of more than `many` states began again, reduced."""
    states.program.library.remember(json.dumps(many).encode(), *_about(task), "again")


def begins_again(states: States, task: Task) -> int | None:
    """Of how many states a search had more when it began again in its last run, if it did."""
    data = states.program.library.recall(*_about(task), "again")
    try:
        return None if data is None else int(json.loads(data))
    except (ValueError, TypeError):
        return None  # not what this version wrote


def _about(task: Task) -> tuple[str, ...]:
    """What the size depends on beside the module."""
    return _ABOUT, str(task.budget.states), str(task.budget.depth)
