"""Where are the states for which memory has no room?  On disk, level by level, each sorted by key.

Rule of the module: exact.  Once memory is full, the table has only states found of the level at hand.  Whether they
were known before is asked when the level is over, in one pass over all that are on disk: delayed duplicate detection
(Stern and Dill, "Using magnetic disk instead of main memory in the Murphi verifier", 1998; Korf, "Best-first frontier
search with delayed duplicate detection", 2004).  A table that is full before goes to disk as well, sorted, and these
parts are merged.  What turns out to be known is taken out of the counts before anything is said of the level, and
is not expanded a second time.  It was judged when it was found first, and what was noted of it then is closed by now,
so that it was judged again tells nothing.
"""

from __future__ import annotations

import contextlib
import ctypes
import mmap
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from interlock.checker.diagnostics import mistake
from interlock.checker.native.kernel import BLOCK, BLOCK_WORDS, BUFFER, LINE
from interlock.checker.native.module.memory import Region
from interlock.checker.native.store.saved import level_left
from interlock.checker.native.store.visited import DiskError, OutOfMemory, Visited

_CHUNK = 1 << 20  # keys that are merged at a time, at most
_LEAST_CHUNK = 1 << 12
_SHARE = 16  # of a budget of memory, what merging may take
_COST = 48  # bytes of that for each key
_BLOCKS = 256  # blocks to expand that are in memory at a time, at most
_LEAST = 1 << 12  # cells of the table, at least
_WORD = 8

Keys = Any  # an array of 64-bit words


class Column:
    """Keys on disk, in a file without a name: it is gone when the process is, however that ends.  Raises OSError."""

    def __init__(self, folder: Path) -> None:
        self._file = tempfile.TemporaryFile(dir=folder, buffering=0)  # noqa: SIM115 - closed with the search
        self._map: mmap.mmap | None = None  # what was read last
        self.size = 0

    def append(self, keys: Keys) -> None:
        """Write keys at the end."""
        rest = memoryview(np.ascontiguousarray(keys).view(np.uint8).data)
        while rest:
            rest = rest[self._file.write(rest) :]
        self.size += len(keys)

    def all(self) -> Keys:
        """All of them, to be read from the file as they are looked at."""
        if not self.size:
            return np.empty(0, np.uint64)
        self._map = mmap.mmap(self._file.fileno(), _WORD * self.size, access=mmap.ACCESS_READ)
        return np.frombuffer(self._map, np.uint64)

    def release(self) -> None:
        """Give back the memory of what was looked at so far; it is read again where it is looked at again."""
        if self._map is not None and hasattr(mmap, "MADV_DONTNEED"):
            self._map.madvise(mmap.MADV_DONTNEED)

    def cut(self, size: int) -> None:
        """Keep the first keys alone."""
        self._file.truncate(_WORD * size)
        self._file.seek(_WORD * size)
        self.size = size

    def close(self) -> None:
        """Remove the file."""
        with contextlib.suppress(OSError):
            self._file.close()


class Spill:
    """The states of a search that are on disk."""

    def __init__(self, visited: Visited, folder: Path) -> None:
        self.visited, self.program, self.folder = visited, visited.program, folder
        self.starts = [0]  # where each level starts in `states`, and where the last ends
        self.settled = True  # whether all states that are counted are known to differ
        self.touched = False  # whether the table is no longer one where a state can be looked up
        self.peak = 0  # bytes of memory when it was full
        self._runs = [0]  # the same of the sorted parts of `found`
        self._real = 0  # how many states those on disk stand for
        self._ahead: tuple[Column, int, int] | None = None  # states of the level that are to be expanded yet
        limit = visited.limit
        self._chunk = _CHUNK if limit is None else max(_LEAST_CHUNK, min(_CHUNK, limit // _SHARE // _COST))
        visited.aside = _COST * self._chunk
        self._files: list[Column] = []
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._states, self._found, self._left = (self._column() for _ in range(3))
        except OSError as e:
            message = f"cannot spill states to {folder}: {e.strerror or e}"
            raise mistake("C006", message, "name a folder for --spill") from None

    def _column(self) -> Column:
        self._files.append(Column(self.folder))
        return self._files[-1]

    def close(self) -> None:
        """Remove the files."""
        for file in self._files:
            file.close()

    @property
    def begun(self) -> bool:
        """Whether there are states on disk."""
        return self.visited.spilled

    @property
    def sizes(self) -> list[int]:
        """How many states each level has that is over."""
        return [b - a for a, b in zip(self.starts, self.starts[1:], strict=False)]

    @property
    def bytes(self) -> int:
        """Size of the states on disk."""
        return _WORD * self._states.size

    @property
    def expanded(self) -> float:
        """How much of the level was taken, from 0 to 1."""
        if self._ahead is None:
            return 1.0
        column, start, _ = self._ahead
        first = 0 if column is self._left else self.starts[-2]
        return (start - first) / max(1, column.size - first)

    def keys(self, level: int) -> Keys:
        """The keys of a level that is over."""
        return self._states.all()[self.starts[level] : self.starts[level + 1]]

    def bring(self, level: int, start: int, most: int) -> int:
        """Put some states of a level, from one on, into the first cells of the table, in any order; how many."""
        return self.put(self.keys(level)[start : start + most])

    def put(self, keys: Keys) -> int:
        """Put some states into the first cells of the table, as if they had no depth; how many."""
        _words(self.visited.table, 0, len(keys))[:] = keys | np.uint64(1 << self.program.shape.key_bits)
        return len(keys)

    def finish(self, cells: int) -> None:
        """The search is over: the table has only to take so many states that are brought back."""
        if self.visited.slots > cells:
            self.visited.tabulate(-(-cells // LINE) * LINE)

    def release(self) -> None:
        """Give back the memory of states that were looked at."""
        self._states.release()

    def standing_for(self, keys: Keys) -> int:
        """How many states those with these keys stand for: of a reduced search, all of their orbits."""
        if not self.program.shape.reduced:
            return len(keys)
        keys = np.ascontiguousarray(keys)
        return self.program.weights(self.visited.first.address, keys.ctypes.data, len(keys))

    # --- while a level is searched -----------------------------------------------------------------

    def relieve(self) -> None:
        """Memory is full: put states on disk.  Raises OutOfMemory where that does not help, and DiskError."""
        with self._told():
            if not self.begun:
                self._begin()
                return
        visited = self.visited
        held = visited.found - visited.gone
        with self._told():
            self._put_away()
        if 2 * held < visited.capacity(visited.slots):  # it is not the table that needs the memory
            if visited.slots // 2 < self._least():
                raise OutOfMemory
            visited.tabulate(visited.slots // 2 // LINE * LINE)

    def load(self) -> bool:
        """Let the next states of the level be expanded, if there are any."""
        if self._ahead is None:
            return False
        column, start, stop = self._ahead
        size = min(stop - start, BLOCK * self._blocks())
        self._fill(column.all()[start : start + size])
        self.visited.expand(size)
        self._ahead = (column, start + size, stop) if start + size < stop else None
        return True

    def begin_level(self) -> None:
        """What was found is what is expanded next."""
        start, stop = self.starts[-2:]
        self._ahead = (self._states, start, stop) if start < stop else None
        self.settled = False
        self.visited.deeper()
        self.load()

    def settle(self, look: Callable[[], None]) -> None:
        """The level is over: which of the states that were found are new?  They are the next level.  `look` is called
        now and then, and may raise.  Raises DiskError."""
        with self._told():
            self._settle(look)

    def _settle(self, look: Callable[[], None]) -> None:
        stored, found = self._states.all(), self._found.all()
        parts = [found[a:b] for a, b in zip(self._runs, self._runs[1:], strict=False)]
        for keys in merged([*parts, self._sorted()], self._chunk):
            new = keys[unknown(keys, self._known(stored))]
            self._states.append(new)
            self._real += self.standing_for(new)
            self._found.release()
            look()
        self.starts.append(self._states.size)
        self._found.cut(0)
        self._runs = [0]
        self.visited.recount(self._states.size, self._real, self.sizes[-1])
        self.visited.empty()
        self.settled = True

    def _known(self, stored: Keys) -> Iterator[Keys]:
        """The levels that are over, one at a time in memory."""
        for start, stop in zip(self.starts, self.starts[1:], strict=False):
            yield stored[start:stop]
            self._states.release()

    def _put_away(self) -> None:
        """The table is full before the level is over."""
        self._found.append(self._sorted())
        self._runs.append(self._found.size)
        self.visited.empty()

    # --- the first time ----------------------------------------------------------------------------

    def _begin(self) -> None:
        """Put all states on disk.  Until all of them are, those in memory stay good for paths: all are in the table
        with their depths, though in another order, and some of them twice."""
        visited = self.visited
        slots, self.peak, self.touched = self._slots(), visited.bytes(), True
        for part in level_left(visited):
            piece = part.keys(visited)
            self._left.append(_words(piece.region, piece.start // _WORD, piece.stop // _WORD))
        visited.pool.clear()
        mask = np.uint64((1 << self.program.shape.key_bits) - 1)
        for level, runs in enumerate(self._levels()):
            column = self._states if level < visited.depth else self._found
            for keys in merged(runs, self._chunk):
                column.append(keys & mask)
                if level < visited.depth:
                    self._real += self.standing_for(keys & mask)
            if level < visited.depth:
                self.starts.append(column.size)
        self._runs.append(self._found.size)
        visited.spill(slots, self._blocks() + self._reserve())
        self._ahead = (self._left, 0, self._left.size) if self._left.size else None
        self.settled = False
        self.load()

    def _levels(self) -> Iterator[Sequence[Keys]]:
        """The states in the table, by level, and those of a level in one or more sorted parts."""
        visited = self.visited
        if visited.side is not None:
            yield from self._beside()
            return
        cells = self._compact()
        cells.sort()
        bits = self.program.shape.key_bits
        bounds = [(depth + 1) << bits for depth in range(visited.depth + 1)]
        cuts = [*cells.searchsorted(np.array(bounds, np.uint64)), len(cells)]
        for start, stop in zip(cuts, cuts[1:], strict=False):
            yield [cells[start:stop]]

    def _beside(self) -> Iterator[Sequence[Keys]]:
        """The same where depths are beside the table: as many levels at a time as there is room for."""
        visited, levels = self.visited, self.visited.depth + 1
        context = visited.first.address
        ends, sizes, room = Region(_WORD * levels), visited.level_sizes(), self._chunk
        places = Region(_WORD * room)

        def gathered(start: int, stop: int, first: int, last: int) -> None:
            ends.put(0, [sum(sizes[first:i]) for i in range(first, last)] if last - first > 1 else [0])
            self.program.gather(context, start, stop, first, last - first, ends.address, places.address)

        def keys(start: int, stop: int) -> Keys:
            mask = np.uint64((1 << self.program.shape.key_bits) - 1)
            found = _words(visited.table, 0, visited.slots)[_words(places, start, stop)] & mask
            found.sort()
            return found

        first = 0
        while first < levels:
            last, total = first + 1, sizes[first]
            while last < levels and total + sizes[last] <= room:
                total += sizes[last]
                last += 1
            if total <= room:
                gathered(0, visited.slots, first, last)
                at = 0
                for level in range(first, last):
                    yield [keys(at, at + sizes[level])]
                    at += sizes[level]
            else:
                parts, cuts = self._column(), [0]
                for start in range(0, visited.slots, room):
                    gathered(start, min(start + room, visited.slots), first, last)
                    parts.append(keys(0, ends.get(0)))
                    cuts.append(parts.size)
                found = parts.all()
                yield [found[a:b] for a, b in zip(cuts, cuts[1:], strict=False)]
                parts.close()
            first = last
        ends.free()
        places.free()

    # --- memory ------------------------------------------------------------------------------------

    def _slots(self) -> int:
        """How many cells the table gets: what is left, or half of it beside a tree that is still to grow."""
        visited = self.visited
        if visited.limit is None:
            return max(visited.slots, self._least())
        blocks = self._blocks() + self._reserve()
        used = visited.bytes_beside() + visited.aside + _WORD * (BLOCK_WORDS + 3 + len(visited.runs)) * blocks
        left = (visited.limit - used) // (2 if self.program.shape.folded else 1)
        slots = left // _WORD // LINE * LINE
        if slots < self._least():
            raise OutOfMemory
        return slots

    def _least(self) -> int:
        """Cells of the smallest table: all that the threads have at hand is to fit in."""
        waiting = len(self.visited.runs) * (BUFFER + self.program.instances)
        return max(_LEAST, 2 * waiting // LINE * LINE)

    def _blocks(self) -> int:
        """Blocks to expand that are in memory at a time."""
        limit = self.visited.limit
        most = _BLOCKS if limit is None else limit // (4 * _SHARE * _WORD * BLOCK_WORDS)
        return max(len(self.visited.runs), min(_BLOCKS, most))

    def _reserve(self) -> int:
        """Blocks that the threads fill beside those: nobody reads what they write there."""
        return len(self.visited.runs) * ((BUFFER + self.program.instances) // BLOCK + 3)

    def _fill(self, keys: Keys) -> None:
        """Put keys into the first blocks of the pool.  Which instances led to them is not known any more, so all
        their successors are looked up, as those of initial states are."""
        pool, nobody = self.visited.pool, self.program.instances
        for i, start in enumerate(range(0, len(keys), BLOCK)):
            part = keys[start : start + BLOCK]
            at = i * BLOCK_WORDS
            _words(pool, at, at + len(part))[:] = part
            _words(pool, at + BLOCK, at + BLOCK_WORDS).view(np.uint16)[:] = nobody % (1 << 16)

    def _compact(self) -> Keys:
        """The cells of the table that are used, moved to its start."""
        cells, n = _words(self.visited.table, 0, self.visited.slots), 0
        for start in range(0, len(cells), self._chunk):
            piece = cells[start : start + self._chunk]
            used = piece[piece != 0]
            cells[n : n + len(used)] = used
            n += len(used)
        return cells[:n]

    def _sorted(self) -> Keys:
        """The keys in the table, sorted where they are; it is good for nothing after that but to be emptied."""
        keys = self._compact()
        keys &= np.uint64((1 << self.program.shape.key_bits) - 1)
        keys.sort()
        return keys

    @contextlib.contextmanager
    def reading(self) -> Iterator[None]:
        """Within: what the system says of reading the disk is said as a DiskError."""
        try:
            yield
        except OSError as e:
            raise DiskError(f"states cannot be read from {self.folder} ({e.strerror or e})") from None

    @contextlib.contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except OSError as e:
            what = f"states cannot be spilled to {self.folder} ({e.strerror or e})"
            raise DiskError(f"{what}: make room there, or name another folder with --spill") from None


# --- sorted keys -----------------------------------------------------------------------------------


def merged(runs: Sequence[Keys], most: int) -> Iterator[Keys]:
    """Of sorted arrays without repetition, all keys, each once, in their order; about so many at a time."""
    runs = [run for run in runs if len(run)]
    while runs:
        share = max(1, most // len(runs))
        lasts = [run[share - 1] for run in runs if len(run) > share]
        if lasts:  # up to the least of these, each run has no more than its share
            cuts = [int(run[:share].searchsorted(min(lasts), "right")) for run in runs]
        else:
            cuts = [len(run) for run in runs]
        parts = [run[:cut] for run, cut in zip(runs, cuts, strict=True) if cut]
        yield parts[0] if len(parts) == 1 else np.unique(np.concatenate(parts))
        runs = [run[cut:] for run, cut in zip(runs, cuts, strict=True) if cut < len(run)]


def unknown(keys: Keys, known: Iterable[Keys]) -> Keys:
    """Which keys of a sorted array are in none of some others, by a Boolean for each."""
    new = np.ones(len(keys), bool)
    for run in known:
        part = run[run.searchsorted(keys[0]) : run.searchsorted(keys[-1], "right")]
        if len(part) < len(keys):
            at = keys.searchsorted(part)
            new[at[keys[at] == part]] = False
        else:
            at = part.searchsorted(keys).clip(max=len(part) - 1)
            new &= part[at] != keys
    return new


def _words(region: Region, start: int, stop: int) -> Keys:
    kind = ctypes.c_uint64 * (stop - start)
    return np.ctypeslib.as_array(kind.from_address(region.address + _WORD * start))
