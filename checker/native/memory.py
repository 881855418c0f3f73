"""Where do the arrays of a native run live?  In pages that are touched only when they are used.

Rule of the module: nobody keeps an address across `resize`.
"""

from __future__ import annotations

import ctypes
import mmap
from collections.abc import Sequence

PAGE = 1 << 21


class Region:
    """Zeroed memory of some bytes, outside Python's heap."""

    def __init__(self, size: int) -> None:
        self.size = _rounded(size)
        self._map = _mapped(self.size)
        self.address = _address(self._map)

    def resize(self, size: int) -> None:
        """Make it larger; the content stays, the address need not."""
        new = _rounded(size)
        try:
            self._map.resize(new)
        except (SystemError, OSError):
            old, self._map = self._map, _mapped(new)
            ctypes.memmove(_address(self._map), _address(old), self.size)
            old.close()
        self.size, self.address = new, _address(self._map)

    def free(self) -> None:
        """Give the memory back."""
        self._map.close()

    def get(self, index: int) -> int:
        """The 64-bit word at an index."""
        return int.from_bytes(self._map[8 * index : 8 * index + 8], "little")

    def put(self, index: int, words: Sequence[int]) -> None:
        """Write 64-bit words from an index on."""
        self._map[8 * index : 8 * (index + len(words))] = b"".join(w.to_bytes(8, "little") for w in words)

    def find(self, byte: bytes, stop: int) -> int:
        """The position of the first such byte before `stop`, or -1."""
        return self._map.find(byte, 0, stop)


def _rounded(size: int) -> int:
    unit = PAGE if size >= PAGE else mmap.PAGESIZE
    return max(1, -(-size // unit)) * unit


def _mapped(size: int) -> mmap.mmap:
    quiet = getattr(mmap, "MAP_NORESERVE", 0)
    memory = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | quiet)
    if size >= PAGE and hasattr(mmap, "MADV_HUGEPAGE"):
        memory.madvise(mmap.MADV_HUGEPAGE)
    return memory


def _address(memory: mmap.mmap) -> int:
    return ctypes.addressof(ctypes.c_char.from_buffer(memory))
