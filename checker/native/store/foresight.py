"""How many states will a search find?  As many as it would if its levels go on as they did.

Rule of the module: a guess, from the sizes of levels alone, and rather too low.  It decides how much larger a table
becomes, and is told to nobody.  Levels of a search grow and shrink like a bell: each is some times as large as the one
before, and that number changes by about the same factor from level to level.  Where a protocol goes in rounds, this holds
of every second level; of both guesses the lower is taken.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

_EARLY: Final = 16  # of a level so many times more than was expanded: too early to tell what comes of it
_STEADY: Final = 0.99  # the most that levels go on as they did: at 1 they would never end
_BEYOND: Final = 16  # times what was found: nobody looks further ahead
_KNOWN: Final = 3  # levels of a kind that tell how they go on
_ROUNDS: Final = (1, 2)  # levels after which things repeat


def foreseen(sizes: Sequence[int], expanded: int) -> float:
    """The number of states in the end, by those of each depth so far and how many were expanded; 0 where it is too
    early to tell."""
    *over, last, now = sizes if len(sizes) > 1 else (0, 0)
    levels: list[float] = [*map(float, over), float(last)]
    done = expanded - sum(over)
    if done * _EARLY >= last > 0:
        levels.append(now * last / done)
    if len(levels) < _KNOWN * max(_ROUNDS):
        return 0.0
    return min(_extended(levels, stride) for stride in _ROUNDS)


def _extended(levels: Sequence[float], stride: int) -> float:
    """All levels, with those that come; each `stride`-th goes on as those did."""
    found = total = sum(levels)
    for first in range(stride):
        now, last, before = levels[-1 - first], levels[-1 - first - stride], levels[-1 - first - 2 * stride]
        ratio = now / last
        change = min(ratio * before / last, _STEADY)
        while ratio * now > 1 and total < _BEYOND * found:
            ratio *= change
            now *= ratio
            total += now
    return total
