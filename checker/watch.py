"""Is there time left?  Asked by whatever may run long in Python while a check is under way.

Rule of the module: who works asks often, at a cost of nothing; who began the work says how long it may take, and is
told by an exception when that is over.  What was worked out by then is lost, so only work that nothing depends on asks.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TypeVar

import attrs

T = TypeVar("T")


class TimeUp(Exception):
    """The time is over, or the user wants to stop: `interrupted`."""

    def __init__(self, *, interrupted: bool = False) -> None:
        super().__init__()
        self.interrupted = interrupted


@attrs.frozen(eq=False)
class Watch:
    """When work has to end (`time.monotonic`; None: whenever it does), and who may want it to end before that."""

    end: float | None
    interrupted: Callable[[], bool] = lambda: False

    def left(self) -> float | None:
        """Seconds that are left, from 0 on; None where there is no end."""
        return None if self.end is None else max(0.0, self.end - time.monotonic())

    def look(self) -> None:
        """Raises TimeUp when the work has to end."""
        if self.end is not None and time.monotonic() > self.end:
            raise TimeUp
        if self.interrupted():
            raise TimeUp(interrupted=True)


_current: ContextVar[Watch | None] = ContextVar("watch", default=None)


@contextmanager
def watching(watch: Watch | None) -> Iterator[None]:
    """Within: `look` asks this watch; None: it asks nobody, for what has to be finished."""
    token = _current.set(watch)
    try:
        yield
    finally:
        _current.reset(token)


def look() -> None:
    """Raises TimeUp when the work at hand has to end."""
    watch = _current.get()
    if watch is not None:
        watch.look()


def current() -> Watch | None:
    """Who is asked here: to be asked by other threads that work for this one."""
    return _current.get()


def left() -> float | None:
    """Seconds that are left for the work at hand; None where there is no end."""
    watch = _current.get()
    return None if watch is None else watch.left()


def wait(work: Callable[[], T]) -> T:
    """What some work comes to that asks nobody for the time.  Raises TimeUp when the time is over before it is done: it
    goes on beside, and what it comes to is lost."""
    if left() is None:
        return work()
    done: list[T] = []
    failed: list[BaseException] = []

    def run() -> None:
        try:
            done.append(work())
        except BaseException as problem:  # it is raised where it is waited for
            failed.append(problem)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    while thread.is_alive():
        look()
        thread.join(min(0.05, left() or 0.0) + 0.001)
    if failed:
        raise failed[0]
    return done[0]
