"""Which states are expanded next?  Blocks of them: those of the level, those found of the next one, and free ones.

Rule of the module: a thread takes a block, expands it, and fills it again with what it finds.  Which blocks are of which
level two lists say, which change places from level to level.
"""

from __future__ import annotations

from collections.abc import Callable

from interlock.checker.native.kernel import BLOCK, BLOCK_WORDS, Ctx, Shared
from interlock.checker.native.module.memory import Region
from interlock.checker.native.module.run import NONE, Run
from interlock.checker.native.store.threads import Threads

_FIRST = 16  # blocks at first: 160 KB, as much as a few threads fill before anybody counts


class Frontier:
    """The blocks of a search."""

    def __init__(self, threads: Threads, reserve: int) -> None:
        """`reserve`: bytes of addresses that the pool may grow to without being moved."""
        self.threads, self.blocks = threads, _FIRST
        self.pool = Region(8 * BLOCK_WORDS * self.blocks, reserve)
        self.counts, *self.lists = (Region(8 * self.blocks) for _ in range(3))
        self.free = [Region(8 * self.blocks) for _ in threads.runs]
        self.publish(self.lists[0].address, self.lists[1].address)

    def publish(self, level: int, next_level: int) -> None:
        """Tell the threads where everything is, and the lists of `level` and `next_level`."""
        for run, free in zip(self.threads.runs, self.free, strict=True):
            run[Ctx.FREE] = free.address
        self.threads.publish({
            Ctx.POOL: self.pool.address, Ctx.COUNTS: self.counts.address, Ctx.BLOCKS: self.blocks,
            Ctx.LEVEL: level, Ctx.NEXT_LEVEL: next_level,
        })  # fmt: skip

    # --- what there is -----------------------------------------------------------------------------

    @property
    def listed(self) -> int:
        """Blocks of the next level."""
        return self.threads.get(Shared.LISTED)

    def taken(self) -> int:
        """Blocks of the level that were taken, in whole or in part."""
        return min(self.threads.get(Shared.NEXT), self.threads.first[Ctx.LIMIT])

    def share_taken(self) -> float:
        """How much of the level was taken, from 0 to 1."""
        return self.taken() / max(1, self.threads.first[Ctx.LENGTH])

    def blocks_of(self, word: Ctx) -> Region:
        """The list of blocks of LEVEL, or of NEXT_LEVEL."""
        return next(region for region in self.lists if region.address == self.threads.first[word])

    def filled_bytes(self) -> int:
        """Memory of the blocks that were ever filled."""
        return 8 * BLOCK_WORDS * min(self.blocks, self.threads.get(Shared.FRESH))

    def unfilled_bytes(self) -> int:
        """Memory of the others, which will be filled without anybody being asked."""
        return 8 * BLOCK_WORDS * self.blocks - self.filled_bytes()

    def list_bytes(self) -> int:
        """Memory of the lists."""
        return sum(region.size for region in self._lists())

    def _lists(self) -> list[Region]:
        return [self.counts, *self.lists, *self.free]

    # --- growth ------------------------------------------------------------------------------------

    def needed(self) -> int:
        """How many blocks there must be for what waits to be inserted."""
        return self.threads.get(Shared.FRESH) + sum(map(_short, self.threads.runs))

    def grow(self, blocks: int, afford: Callable[[int], None]) -> None:
        """Have so many blocks; `afford` is asked about the bytes, and may raise."""
        afford(8 * BLOCK_WORDS * (blocks - self.blocks) + sum(region.more(8 * blocks) for region in self._lists()))
        turned = self.threads.first[Ctx.LEVEL] == self.lists[1].address
        self.pool.resize(8 * BLOCK_WORDS * blocks)
        for region in self._lists():
            region.resize(8 * blocks)
        self.blocks = blocks
        level, next_level = (region.address for region in (self.lists[::-1] if turned else self.lists))
        self.publish(level, next_level)

    # --- levels ------------------------------------------------------------------------------------

    def begin_level(self) -> None:
        """The blocks that were filled are taken next."""
        first = self.threads.first
        length = self.listed
        self.threads.put(Shared.LISTED, 0)
        self.threads.put(Shared.NEXT, 0)
        self.threads.publish({
            Ctx.LEVEL: first[Ctx.NEXT_LEVEL], Ctx.NEXT_LEVEL: first[Ctx.LEVEL], Ctx.LENGTH: length, Ctx.LIMIT: length,
        })  # fmt: skip

    def limit(self, blocks: int) -> None:
        """Let the threads take so many more blocks before they pause."""
        taken = self.taken()
        self.threads.put(Shared.NEXT, taken)
        for run in self.threads.runs:
            run[Ctx.LIMIT] = min(self.threads.first[Ctx.LENGTH], taken + blocks)

    def go_on(self, level: int, found: int) -> None:
        """Of a search that did not begin: so many states in the first blocks are to be expanded, and so many in those
        after them were found of the next level."""
        used = self._hold(Ctx.LEVEL, 0, level)
        self.threads.put(Shared.FRESH, used + self._hold(Ctx.NEXT_LEVEL, used, found))
        self.threads.put(Shared.NEXT, 0)
        self.threads.put(Shared.LISTED, -(-found // BLOCK))
        self.threads.publish({Ctx.LENGTH: used, Ctx.LIMIT: used})

    def _hold(self, word: Ctx, at: int, states: int) -> int:
        """The blocks from one on have so many states, of LEVEL or of NEXT_LEVEL; how many those are."""
        full, rest = divmod(states, BLOCK)
        sizes = [BLOCK] * full + [rest] * (rest > 0)
        self.counts.put(at, sizes)
        self.blocks_of(word).put(0, range(at, at + len(sizes)))
        return len(sizes)

    # --- states that come from elsewhere -----------------------------------------------------------

    def empty(self, blocks: int) -> None:
        """Switches to states on disk: `blocks` empty blocks, and no list of those that threads fill."""
        self.pool.free()
        self.pool, self.blocks = Region(8 * BLOCK_WORDS * blocks), blocks
        for region in self._lists():
            region.resize(8 * blocks)
        self.threads.put(Shared.LISTED, 0)
        self.publish(self.lists[0].address, 0)
        self.expand(0)

    def expand(self, states: int) -> None:
        """So many states, in the first blocks of the pool, are to be expanded next; all other blocks are free."""
        used = self._hold(Ctx.LEVEL, 0, states)
        self.threads.put(Shared.FRESH, used)
        self.threads.put(Shared.NEXT, 0)
        for run in self.threads.runs:
            run[Ctx.FREE_COUNT] = run[Ctx.FILLED] = 0
            run[Ctx.TAKEN_BLOCK] = run[Ctx.FILLED_BLOCK] = NONE
        self.threads.publish({Ctx.LENGTH: used, Ctx.LIMIT: used})


def _short(run: Run) -> int:
    """How many more blocks a thread needs than it has."""
    return max(0, run.waiting() // BLOCK + 1 - run[Ctx.FREE_COUNT])
