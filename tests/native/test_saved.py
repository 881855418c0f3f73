"""What is kept of a search is all that it needs, whoever held it."""

from __future__ import annotations

from pathlib import Path

import pytest

from interlock.checker.native.kernel import BLOCK, BLOCK_WORDS, Ctx, Shared
from interlock.checker.native.module.crew import Crew
from interlock.checker.native.module.program import Program
from interlock.checker.native.module.run import Noted
from interlock.checker.native.store import checkpoint
from interlock.checker.native.store.saved import numbers, restore, sections
from interlock.checker.native.store.visited import Visited
from tests.native.systems import entered, keep_all_leaves, put_pending
from tests.native.test_threads import wide


@pytest.fixture(autouse=True)
def _whole(monkeypatch: pytest.MonkeyPatch) -> None:
    """States are as wide as they are written."""
    keep_all_leaves(monkeypatch)


def again(visited: Visited, folder: Path, threads: int) -> Visited:
    """The same search, as another process would have it."""
    checkpoint.write(folder / "c", {}, numbers(visited), sections(visited))
    saved = checkpoint.read(folder / "c", {})
    assert saved is not None
    made = Visited(visited.program, Crew(threads))
    restore(made, saved)
    return made


def test_an_item_that_was_not_used_is_never_found(tmp_path: Path) -> None:
    """Of a thread that lost a race for a part: what it holds is another's part."""
    visited = Visited(Program(wide(9)), Crew(2))
    spare = visited.threads.get(Shared.ITEM_COUNT)
    visited.threads.put(Shared.ITEM_COUNT, spare + 1)
    number = entered(visited, 77)
    assert visited.tree is not None
    visited.tree.items.put(spare, [77])
    visited.runs[1][Ctx.SPARE_ITEM] = spare

    made = again(visited, tmp_path, 1)

    assert entered(made, 77) == number
    assert made.tree is not None
    made.tree.grow(made._afford)
    assert entered(made, 77) == number


def test_blocks_are_kept_by_what_is_left_of_them(tmp_path: Path) -> None:
    """Of two threads, one in the middle of a block, both filling one; a block taken by nobody yet, and one found."""
    visited = Visited(Program(wide(9)), Crew(2))
    for k in range(6):
        visited.frontier.pool.put(BLOCK_WORDS * k, range(1000 * k + 1, 1000 * k + 11))
        put_makers(visited, k, range(100 * k + 1, 100 * k + 11))
    visited.frontier.counts.put(0, [10] * 6)
    first, second = visited.runs
    visited.frontier.blocks_of(Ctx.LEVEL).put(0, [0, 1])
    visited.frontier.blocks_of(Ctx.NEXT_LEVEL).put(0, [2])
    first[Ctx.LENGTH] = first[Ctx.LIMIT] = 2
    visited.threads.put(Shared.NEXT, 1)
    visited.threads.put(Shared.LISTED, 1)
    second[Ctx.TAKEN_BLOCK], second[Ctx.POSITION] = 0, 7
    first[Ctx.FILLED_BLOCK], first[Ctx.FILLED] = 3, 2
    second[Ctx.FILLED_BLOCK], second[Ctx.FILLED] = 4, 1

    made = again(visited, tmp_path, 1)

    left, found = made.frontier.blocks_of(Ctx.LEVEL).get(0), made.frontier.blocks_of(Ctx.NEXT_LEVEL).get(0)
    assert (made.first[Ctx.LENGTH], made.frontier.listed, made.frontier.taken()) == (1, 1, 0)
    assert keys(made, left) == [8, 9, 10, *range(1001, 1011)]
    assert makers(made, left) == [8, 9, 10, *range(101, 111)]
    assert keys(made, found) == [*range(2001, 2011), 3001, 3002, 4001]
    assert makers(made, found) == [*range(201, 211), 301, 302, 401]


def put_makers(visited: Visited, block: int, numbers: range) -> None:
    at = 8 * (BLOCK_WORDS * block + BLOCK)
    with visited.frontier.pool.view(at, at + 2 * len(numbers)) as view:
        view[:] = b"".join(n.to_bytes(2, "little") for n in numbers)


def keys(visited: Visited, block: int) -> list[int]:
    return [visited.frontier.pool.get(BLOCK_WORDS * block + i) for i in range(visited.frontier.counts.get(block))]


def makers(visited: Visited, block: int) -> list[int]:
    at = 8 * (BLOCK_WORDS * block + BLOCK)
    with visited.frontier.pool.view(at, at + 2 * visited.frontier.counts.get(block)) as view:
        return view.cast("H").tolist()


def test_successors_that_wait_are_taken_in_as_what_they_are(tmp_path: Path) -> None:
    """Of two threads, in another order; with the instances that led to them, for these say what need not be checked."""
    visited = Visited(Program(wide(9)), Crew(2))
    pack = visited.program.pack
    for k, run in enumerate(visited.runs):
        put_pending(run, [pack((i,) + (0,) * 11) for i in range(10 * k, 10 * k + 6)])
        run.ids.put(0, [(2 * i + 1) << 32 | 2 * i for i in range(3)])
        run[Ctx.INSERTED], run[Ctx.STAGED] = 2, 4
    made = again(visited, tmp_path, 1)

    made.program.search(made.first.address, 0)  # hands over what was found

    assert made.found == 8
    assert sorted(makers(made, made.frontier.blocks_of(Ctx.NEXT_LEVEL).get(0))) == [2, 2, 3, 3, 4, 4, 5, 5]


def test_counters_add_up_and_of_notes_the_smallest_stays(tmp_path: Path) -> None:
    """What is closed stays closed for everyone."""
    visited = Visited(Program(wide(9)), Crew(3))
    words = visited.program.words
    for k, run in enumerate(visited.runs, 1):
        run[Ctx.EXPANDED], run[Ctx.TRANSITIONS], run[Ctx.TERMINAL] = 10**k, 2 * 10**k, 3 * 10**k
        run.small.put(run.fired, [k, 0, 4])
        run.put_note(0, Noted((k, *[3 - k] * (words - 1)), k))
        run.close(4)

    made = again(visited, tmp_path, 2)

    assert [made.threads.total(w) for w in (Ctx.EXPANDED, Ctx.TRANSITIONS, Ctx.TERMINAL)] == [1110, 2220, 3330]
    assert made.first.numbers(made.first.fired, 3) == (6, 0, 12)
    assert made.first.taken_notes() == {0: Noted((3, *[0] * (words - 1)), 3)}
    assert [run.closed(4) for run in made.runs] == [True, True]
    assert not made.runs[1].noted()
