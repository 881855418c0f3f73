"""How are sorted keys kept in files, merged, and looked up in one another?

Rule of the module: keys are read and written some at a time, so there may be more of them than memory has room for.
"""

from __future__ import annotations

import contextlib
import ctypes
import mmap
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from interlock.checker.native.module.memory import Region

WORD: Final = 8  # bytes of a key

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
        self._map = mmap.mmap(self._file.fileno(), WORD * self.size, access=mmap.ACCESS_READ)
        return np.frombuffer(self._map, np.uint64)

    def release(self) -> None:
        """Give back the memory of what was looked at so far; it is read again where it is looked at again."""
        if self._map is not None and hasattr(mmap, "MADV_DONTNEED"):
            self._map.madvise(mmap.MADV_DONTNEED)

    def cut(self, size: int) -> None:
        """Keep the first keys alone."""
        self._file.truncate(WORD * size)
        self._file.seek(WORD * size)
        self.size = size

    def close(self) -> None:
        """Remove the file."""
        with contextlib.suppress(OSError):
            self._file.close()


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
        yield parts[0] if len(parts) == 1 else distinct(np.concatenate(parts))
        runs = [run[cut:] for run, cut in zip(runs, cuts, strict=True) if cut < len(run)]


def distinct(keys: Keys) -> Keys:
    """The different ones of some keys, in their order; `keys` is an array of its own, and sorted where it is.

    A stable sort merges parts that are sorted already.  Of a million keys it takes 30 ms, where `np.unique` takes
    seconds (numpy 2.4 hashes them).
    """
    keys.sort(kind="stable")
    first = np.ones(len(keys), bool)
    np.not_equal(keys[1:], keys[:-1], out=first[1:])
    return keys[first]


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


def words(region: Region, start: int, stop: int) -> Keys:
    """Some words of a region, as an array that reads and writes them where they are."""
    kind = ctypes.c_uint64 * (stop - start)
    return np.ctypeslib.as_array(kind.from_address(region.address + WORD * start))
