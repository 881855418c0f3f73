"""What of a search between two native calls is kept in a checkpoint, and how is a search made of it again?

Rule of the module: nothing of it depends on how many threads there were.  Kept are the table, the depths beside
it, the items of the tree, the states still to be expanded and those found of the next level, and the sums of the
threads' counters.  Successors that wait to be inserted are kept as states and taken in again.  With each state goes
the instance that led to it.  Blocks, places and addresses are made anew, and so are the tables of shortcuts.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import attrs

from interlock.checker.native.kernel import BLOCK, BLOCK_WORDS, BUFFER, Ctx, Status
from interlock.checker.native.module.memory import Region
from interlock.checker.native.module.run import NONE, Noted, smallest
from interlock.checker.native.store.checkpoint import Piece, Saved, Section
from interlock.checker.native.store.table import DepthsIn
from interlock.checker.native.store.visited import Visited

COUNTERS: Final = (Ctx.COUNT, Ctx.EXPANDED, Ctx.TRANSITIONS, Ctx.TERMINAL, Ctx.REAL)


# --- what is kept ----------------------------------------------------------------------------------


def sections(visited: Visited) -> list[Section]:
    """The arrays.  All threads stand still."""
    words, table, tree = visited.program.words, visited.table, visited.tree
    level, following = list(level_left(visited)), list(_next_level(visited))
    waiting = [(run, run[Ctx.INSERTED], run[Ctx.WAITING]) for run in visited.runs]
    return [
        Section("table", _all(table.cells, 8 * table.slots)),
        Section("side", _all(table.depths, table.depths_in * table.slots)),
        Section("items", [] if tree is None else _all(tree.items, 8 * tree.count)),
        Section("level", [part.keys(visited) for part in level]),
        Section("level makers", [part.makers(visited) for part in level]),
        Section("next", [part.keys(visited) for part in following]),
        Section("next makers", [part.makers(visited) for part in following]),
        Section("waiting", [Piece(run.pending, 8 * words * start, 8 * words * stop) for run, start, stop in waiting]),
        Section("waiting makers", [Piece(run.ids, 4 * start, 4 * stop) for run, start, stop in waiting]),
    ]


@attrs.frozen
class Part:
    """Some states of a block: their keys, and the instances that led to them."""

    block: int
    start: int
    stop: int

    def keys(self, visited: Visited) -> Piece:
        at = 8 * BLOCK_WORDS * self.block
        return Piece(visited.frontier.pool, at + 8 * self.start, at + 8 * self.stop)

    def makers(self, visited: Visited) -> Piece:
        at = 8 * (BLOCK_WORDS * self.block + BLOCK)
        return Piece(visited.frontier.pool, at + 2 * self.start, at + 2 * self.stop)


def numbers(visited: Visited) -> dict[str, Any]:
    """What is told of the arrays, the counters and the notes."""
    actions = len(visited.program.system.actions)
    fired = [run.numbers(run.fired, actions) for run in visited.runs]
    return {
        "depth": visited.depth,
        "initial": visited.first[Ctx.INITIAL],
        "slots": visited.table.slots,
        "side bytes": int(visited.table.depths_in),
        "unused items": [] if visited.tree is None else visited.tree.unused(),
        "counters": [visited.threads.total(word) for word in COUNTERS],
        "fired": [sum(n) for n in zip(*fired, strict=True)],
        "notes": {place: [n.ident, *n.state] for place, n in _notes(visited).items()},
        "closed": [p for p in range(visited.program.shape.places) if visited.first.closed(p)],
    }


def _all(region: Region | None, size: int) -> list[Piece]:
    return [] if region is None else [Piece(region, 0, size)]


def level_left(visited: Visited) -> Iterator[Part]:
    """States that are to be expanded: of blocks that are taken in part, and of those that are not."""
    for run in visited.runs:
        block = run[Ctx.TAKEN_BLOCK]
        if block != NONE:
            yield Part(block, run[Ctx.POSITION], visited.frontier.counts.get(block))
    yield from _listed(visited, Ctx.LEVEL, visited.frontier.taken(), visited.first[Ctx.LENGTH])


def _next_level(visited: Visited) -> Iterator[Part]:
    """States that were found: of blocks that are full, and of those that are being filled."""
    yield from _listed(visited, Ctx.NEXT_LEVEL, 0, visited.frontier.listed)
    for run in visited.runs:
        if run[Ctx.FILLED_BLOCK] != NONE:
            yield Part(run[Ctx.FILLED_BLOCK], 0, run[Ctx.FILLED])


def _listed(visited: Visited, word: Ctx, start: int, stop: int) -> Iterator[Part]:
    blocks = visited.frontier.blocks_of(word)
    for i in range(start, stop):
        yield Part(blocks.get(i), 0, visited.frontier.counts.get(blocks.get(i)))


def _notes(visited: Visited) -> dict[int, Noted]:
    """Of all threads' notes of a place, the smallest."""
    found: dict[int, Noted] = {}
    for run in visited.runs:
        for place in range(visited.program.shape.places):
            note = run.note(place)
            if note is not None:
                found[place] = smallest(visited.program, [found.get(place, note), note])
    return found


# --- and made again --------------------------------------------------------------------------------


def restore(visited: Visited, saved: Saved) -> None:
    """Make a search that did not begin the one that was saved.

    Raises OutOfMemory and Full as the search would, and InputError C010.
    """
    told, items = saved.numbers, saved.size("items") // 8
    level, found = (saved.size(name) // 8 for name in ("level", "next"))
    blocks = -(-level // BLOCK) + -(-found // BLOCK)
    visited.make(told["slots"], DepthsIn(told["side bytes"]), items, blocks)
    table, tree = visited.table, visited.tree
    saved.read("table", _all(table.cells, 8 * table.slots))
    saved.read("side", _all(table.depths, table.depths_in * table.slots))
    saved.read("items", [] if tree is None else _all(tree.items, 8 * items))
    if tree is not None:
        tree.restore(items, told["unused items"])
    for name, first, states in (("level", 0, level), ("next", -(-level // BLOCK), found)):
        parts = list(_blocks(first, states))
        saved.read(name, [part.keys(visited) for part in parts])
        saved.read(f"{name} makers", [part.makers(visited) for part in parts])
    visited.go_on(told["depth"], level, found)
    visited.first[Ctx.INITIAL] = told["initial"]
    _count(visited, told)
    visited.make_room(NONE)
    _take_in(visited, saved)


def _blocks(first: int, states: int) -> Iterator[Part]:
    """Blocks from a first one on, full but for the last."""
    for start in range(0, states, BLOCK):
        yield Part(first + start // BLOCK, 0, min(BLOCK, states - start))


def _count(visited: Visited, told: dict[str, Any]) -> None:
    """The counters and notes of all threads become the first one's."""
    first = visited.first
    for word, number in zip(COUNTERS, told["counters"], strict=True):
        first[word] = number
    first.small.put(first.fired, told["fired"])
    for place in told["closed"]:
        for run in visited.runs:
            run.close(place)
    for place, (ident, *state) in told["notes"].items():
        first.put_note(int(place), Noted(tuple(state), ident))


def _take_in(visited: Visited, saved: Saved) -> None:
    """Insert the successors that waited; the steps to them were judged when they were made."""
    first, words = visited.first, visited.program.words
    size = saved.size("waiting")
    states, makers = Region(max(8, size)), Region(max(8, saved.size("waiting makers")))
    saved.read("waiting", _all(states, size))
    saved.read("waiting makers", _all(makers, saved.size("waiting makers")))
    for start in range(0, size // (8 * words), BUFFER):
        stop = min(start + BUFFER, size // (8 * words))
        _copy(states, 8 * words * start, 8 * words * stop, first.pending)
        _copy(makers, 4 * start, 4 * stop, first.ids)
        first[Ctx.WAITING] = stop - start
        while visited.program.admit(first.address) == Status.GROW:
            visited.make_room(NONE)
    states.free()
    makers.free()


def _copy(source: Region, start: int, stop: int, target: Region) -> None:
    with source.view(start, stop) as old, target.view(0, stop - start) as new:
        new[:] = old
