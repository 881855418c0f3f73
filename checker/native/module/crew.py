"""Who calls native code?  The thread that Python runs on, and others beside it.

Rule of the module: nobody goes on before all have returned; native code holds no lock of the interpreter.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait


class Crew:
    """Some threads; those beside the caller's start when they are first needed."""

    def __init__(self, size: int) -> None:
        self.size = size
        self._pool: ThreadPoolExecutor | None = None

    def all(self, calls: Sequence[Callable[[], int]]) -> list[int]:
        """Call all at once; what they return."""
        if len(calls) == 1:
            return [calls[0]()]
        if self._pool is None:
            self._pool = ThreadPoolExecutor(self.size - 1)
        others = [self._pool.submit(call) for call in calls[1:]]
        try:
            first = calls[0]()
        finally:
            wait(others)
        return [first, *(other.result() for other in others)]

    def close(self) -> None:
        """End the threads."""
        if self._pool is not None:
            self._pool.shutdown()
            self._pool = None
