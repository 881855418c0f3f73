"""Where do the arrays of a native run live?  In pages that are touched only when they are used.

Rule of the module: nobody keeps an address across `resize`.
"""

from __future__ import annotations

import ctypes
import mmap
from collections.abc import Sequence

PAGE = 1 << 21  # a large page of x86-64, and of 64-bit Arm with small pages of 4 KiB


class Region:
    """Zeroed memory of some bytes, outside Python's heap.

    `reserve` is how far it is likely to grow: addresses that are set aside for it, and that cost nothing.
    """

    def __init__(self, size: int, reserve: int = 0) -> None:
        self.size = _rounded(size)
        self._map = _reserved(self.size, _rounded(reserve))
        self.address = _address(self._map)
        self._huge = 0
        self._in_large_pages()

    def more(self, size: int) -> int:
        """How many more bytes it would take, were it of this size."""
        return _rounded(size) - self.size

    def resize(self, size: int) -> None:
        """Make it larger; the content stays, the address need not."""
        new = _rounded(size)
        if new > len(self._map):
            old, self._map = self._map, _mapped(new)
            ctypes.memmove(_address(self._map), _address(old), self.size)
            old.close()
            self._huge = 0
        self.size, self.address = new, _address(self._map)
        self._in_large_pages()

    def _in_large_pages(self) -> None:
        """What is large is looked up all over: the processor finds few large pages faster than many small ones."""
        if self.size >= 4 * PAGE > self._huge and hasattr(mmap, "MADV_HUGEPAGE"):
            self._map.madvise(mmap.MADV_HUGEPAGE)
            self._huge = len(self._map)

    def clear(self) -> None:
        """Zero all of it."""
        if hasattr(mmap, "MADV_DONTNEED"):
            self._map.madvise(mmap.MADV_DONTNEED)
        else:
            ctypes.memset(self.address, 0, self.size)

    def free(self) -> None:
        """Give the memory back."""
        self._map.close()

    def view(self, start: int, stop: int) -> memoryview:
        """Some bytes of it; to be released before it is resized or freed."""
        with memoryview(self._map) as whole:
            return whole[start:stop]

    def get(self, index: int) -> int:
        """The 64-bit word at an index."""
        return int.from_bytes(self._map[8 * index : 8 * index + 8], "little")

    def put(self, index: int, words: Sequence[int]) -> None:
        """Write 64-bit words from an index on."""
        self._map[8 * index : 8 * (index + len(words))] = b"".join(w.to_bytes(8, "little") for w in words)

    def put_byte(self, index: int, value: int) -> None:
        """Write one byte."""
        self._map[index] = value


def _rounded(size: int) -> int:
    unit = PAGE if size >= PAGE else mmap.PAGESIZE
    return max(1, -(-size // unit)) * unit


def _reserved(size: int, reserve: int) -> mmap.mmap:
    while reserve > size:
        try:
            return _mapped(reserve)
        except OSError:  # addresses are limited here
            reserve //= 2
    return _mapped(size)


def _mapped(size: int) -> mmap.mmap:
    quiet = getattr(mmap, "MAP_NORESERVE", 0)
    return mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | quiet)


def _address(memory: mmap.mmap) -> int:
    return ctypes.addressof(ctypes.c_char.from_buffer(memory))
