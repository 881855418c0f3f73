"""How are the leaves of wide states divided into words?  In order, until the states that were found show better.

Rule of the module: what is told does not depend on it (states are compared leaf by leaf), so it may be changed
wherever a search may begin again, and need not be the same on every run.  Equal words are stored once
(`kernel/tree.py`), and in order they can be as many as the states.  What a large search learned (`grouping`) is kept
with its compiled code, and the next run has it from the start.  A search that is saved keeps to the order, for a run that
goes on must read states as they were saved; and so does one that keeps one state of each orbit, for leaves that take
each other's values must lie alike.
"""

from __future__ import annotations

import ctypes
import json
from typing import TYPE_CHECKING, Any, Final

from interlock.checker.native.kernel import PART, Ctx
from interlock.checker.native.module.memory import Region
from interlock.checker.native.module.program import Program
from interlock.checker.native.store.visited import Visited
from interlock.checker.semantics.layout import Division, Packing

if TYPE_CHECKING:
    from interlock.checker.native.store.grouping import Leaves

MANY: Final = 500_000  # states of a search that is over before another division could pay
_PARTS: Final = 8  # states for one part, where there is little to gain: a part takes 12 bytes, 1.5 of each of those
_WORTH: Final = 2  # times as few parts: less is not worth what was searched before, which is searched again
_AHEAD: Final = 8  # of the states so many times as few in the last level: the search is about to end
_SAMPLE: Final = 1 << 14  # states: 0.2 to 0.3 s for 100 leaves (ADR 5)
_COST: Final = 40  # bytes for each leaf of each of them: its value, its hash, and sums of those
_ABOUT: Final = "division 1"


def recalled(program: Program) -> Program | None:
    """A program that has its leaves in order, divided as an earlier run found best; None where no run did."""
    data = program.library.recall(_ABOUT)
    if data is None:
        return None
    known = program.known
    try:
        division = tuple(json.loads(data))
        packing = Packing.of(program.leaves, known.same, division)
    except (ValueError, TypeError):
        return None  # not what this version wrote
    if packing == program.packing:
        return program
    return Program(program.system, every=program.every, known=known, division=division)


def learned(visited: Visited) -> Division | None:
    """What would be a better division, to begin again with; where the search is about to end, it is for the next run."""
    program, found = visited.program, visited.found
    if visited.parts * _PARTS < found:
        return None
    places = program.packing.places
    kept = [i for i, p in enumerate(places) if p.width and i not in program.known.same]
    if visited.limit is not None and visited.bytes() + _COST * _SAMPLE * len(kept) > visited.limit:
        return None
    from interlock.checker.native.store import grouping  # noqa: PLC0415 - numpy takes a tenth of a second to load

    leaves, now = _sampled(visited, kept), tuple(places[i].word for i in kept)
    best = grouping.grouped(leaves, now, program.words)
    if leaves.parts(best, program.words) * _WORTH > leaves.parts(now, program.words):
        best = now
    words = dict(zip(kept, best, strict=True))
    division = tuple(words.get(i, 0) for i in range(len(places)))
    program.library.remember(json.dumps(division).encode(), _ABOUT)
    ending = (found - visited.threads.total(Ctx.EXPANDED)) * _AHEAD < found
    return None if best == now or ending else division


def _sampled(visited: Visited, kept: list[int]) -> Leaves:
    """Some leaves of states that are spread over all of a table."""
    import numpy as np  # noqa: PLC0415 - a tenth of a second, only for what is large

    from interlock.checker.native.store import grouping  # noqa: PLC0415 - the same

    program = visited.program

    def words(region: Region, count: int) -> Any:
        return np.ctypeslib.as_array((ctypes.c_uint64 * count).from_address(region.address))

    assert visited.tree is not None
    items = words(visited.tree.items, visited.tree.count)
    cells = words(visited.table.cells, visited.table.slots)[
        :: max(1, visited.found // _SAMPLE)
    ]  # where a cell is its hash says
    node = {1: cells[cells != 0] & np.uint64((1 << program.shape.key_bits) - 1)}
    for i in range(1, program.words):
        node[2 * i] = items[node[i] >> np.uint64(PART)]
        node[2 * i + 1] = items[node[i] & np.uint64((1 << PART) - 1)]

    def value(leaf: int) -> Any:
        p = program.packing.places[leaf]
        return node[program.words + p.word] >> np.uint64(p.shift) & np.uint64((1 << p.width) - 1)

    widths = [program.packing.places[i].width for i in kept]
    return grouping.Leaves.of(widths, list(map(value, kept)), visited.found)
