"""How do the cells of a table come to where they belong in a larger one?  In place, interval by interval from the end.

Rule of the module: what comes from an interval belongs above it, where nothing is left, so threads may move parts of it
at the same time; what does not is set aside, and put back when all others are where they belong.
"""

from __future__ import annotations

from functools import partial

from interlock.checker.native.kernel import LINE
from interlock.checker.native.module.memory import Region
from interlock.checker.native.module.program import Program
from interlock.checker.native.module.run import NONE, Run
from interlock.checker.native.store.threads import Threads

_APART = (
    1 << 14
)  # cells at the start of a table that one thread moves: intervals there are short, and there would be many
_WORTH = 1 << 18  # cells whose move is worth several threads: two megabytes; to wake a thread takes 35 us
_ASIDE = (
    1 << 14
)  # cells that there is room for at first, of those that are set aside: 256 KB a thread; it is doubled where it is full


def bytes_aside(threads: Threads) -> int:
    """The memory for what is set aside, as it is at first."""
    return len(threads.runs) * (8 + 16 * _ASIDE)


def move(threads: Threads, old: int, new: int) -> None:
    """Move the cells of a table that had `old` cells and has `new`."""
    program, runs = threads.program, threads.runs
    bounds = [old]
    while bounds[-1] > _APART:
        bounds.append(-(-bounds[-1] * old // new // LINE) * LINE)
    aside = [Region(8 + 16 * _ASIDE) for _ in runs]
    _move_interval(program, runs[0], aside[0], 0, bounds[-1], NONE)
    for stop, start in zip(bounds, bounds[1:], strict=False):
        several = stop - start >= _WORTH and len(runs) > 1
        some = runs if several else runs[:1]
        size = -(-(stop - start) // len(some) // LINE) * LINE
        cuts = [min(start + size * k, stop) for k in range(len(some) + 1)]
        if several:
            threads.together()
        threads.crew.all([
            partial(_move_interval, program, run, region, low, high, stop)
            for run, region, low, high in zip(some, aside, cuts, cuts[1:], strict=False)
        ])  # fmt: skip
        threads.alone()
    for region in aside:
        program.refill(threads.first.address, region.address)
        region.free()


def _move_interval(program: Program, run: Run, aside: Region, start: int, stop: int, floor: int) -> int:
    """Move the cells from `start` to `stop` to above `floor`, or aside."""
    while True:
        room = aside.size // 16 - 1
        stop = program.grow(run.address, start, stop, floor, aside.address, room)
        if stop == start:
            return 0
        aside.resize(2 * aside.size)
