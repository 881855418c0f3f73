"""How does a person see that a search goes on?  One line on standard error, kept up to date, where that is a terminal.

Rule of the module: nothing is estimated that is not known: how much of the level at hand was expanded, and how much of
the whole search only where the same one was made before; else nobody knows how many levels there are.  The rate is of
the last seconds.  It stays one line: what has no room there is left out, the least important first.
"""

from __future__ import annotations

import contextlib
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final, TextIO

from interlock.checker.contract import Coverage
from interlock.checker.fold import width_of
from interlock.checker.words import short

_RECENT: Final = 10  # calls that the rate is of
_ANY: Final = 1 << 30  # columns: as many as it takes
_UNITS: Final = ((1 << 30, "GiB"), (1 << 20, "MiB"), (1, "bytes"))


@contextlib.contextmanager
def progress(name: str, stream: TextIO) -> Iterator[Callable[[Coverage], None]]:
    """What to call now and then with what was covered so far."""
    if not stream.isatty():
        yield lambda _: None
        return
    line = _Line(name, stream)
    try:
        yield line.show
    finally:
        line.close()


class _Line:
    def __init__(self, name: str, stream: TextIO) -> None:
        self._rate, self._name, self._stream = Rate(), name, stream
        self._start = time.monotonic()
        self._live: Any = None

    def show(self, c: Coverage) -> None:
        from rich.text import Text  # a tenth of a second, only where a search is long enough

        now = time.monotonic()
        told = text(self._name, c, now - self._start, self._rate.of(c, now), width_of(self._stream))
        self._opened().update(Text(told, no_wrap=True, overflow="ellipsis"))
        self._live.refresh()

    def close(self) -> None:
        """The line goes away; the result takes its place."""
        if self._live is not None:
            self._live.stop()

    def _opened(self) -> Any:
        if self._live is None:
            from rich.console import Console
            from rich.live import Live

            console = Console(file=self._stream, highlight=False)
            self._live = Live(console=console, auto_refresh=False, transient=True)
            self._live.start()
        return self._live


class Rate:
    """How many states (or walks) a second, of late."""

    def __init__(self) -> None:
        self._seen: deque[tuple[float, int]] = deque(maxlen=_RECENT)

    def of(self, c: Coverage, now: float) -> float | None:
        """With one more call; None before there are two."""
        self._seen.append((now, c.kept or c.walks or 0))
        (before, fewer), (_, more) = self._seen[0], self._seen[-1]
        return (more - fewer) / (now - before) if now > before else None


def text(name: str, c: Coverage, seconds: float, rate: float | None, width: int | None = None) -> str:
    """The line: `seconds` since the start, where the search itself does not say how long it takes.

    With a `width`, as much of it as there is room for, and of a long name its beginning.
    """
    parts, room = list(_parts(c, seconds, rate)), width or _ANY
    if len(_line(name, parts)) > room and len(name) > room // 3:
        name = f"{name[: room // 3 - len('...')]}..."
    while len(_line(name, parts)) > room and len(parts) > 1:
        parts.remove(max(parts))
    return _line(name, parts)


def _line(name: str, parts: Sequence[tuple[int, str]]) -> str:
    return f"  {name}: {', '.join(told for _, told in parts)}"


def _parts(c: Coverage, seconds: float, rate: float | None) -> Iterator[tuple[int, str]]:
    """What there is to say, each with a number that is larger the sooner it is left out."""
    for n, noun, rank in ((c.states, "state", 1), (c.orbits, "up to symmetry", 5), (c.walks, "walk", 1)):
        if n is not None:
            yield rank, f"{short(n)} {noun}{'s' if n != 1 and rank == 1 else ''}"
    if c.kept is not None and c.last_time is not None and c.kept <= c.last_time:
        yield 2, f"{c.kept / c.last_time:.0%} of the last run's"
    if rate is not None:
        yield 4, f"{short(rate)}/s"
    if c.frontier is not None:
        yield 8, f"frontier {short(c.frontier)}"
    if c.depth is not None:
        yield 3, f"depth {c.depth}"
        if c.level_expanded is not None:
            yield 7, f"level {c.level_expanded:.0%} expanded"
    if c.peak_memory is not None:
        budget = "" if c.memory_budget is None else f" of {_bytes(c.memory_budget)}"
        yield 6, _bytes(c.peak_memory) + budget
    whole = int(seconds if c.search_seconds is None else c.search_seconds)
    yield 0, f"{whole // 3600}:{whole // 60 % 60:02}:{whole % 60:02}"


def _bytes(size: int) -> str:
    unit, name = next((u, n) for u, n in _UNITS if size >= u or u == 1)
    return f"{size / unit:.{0 if unit == 1 else 1}f} {name}"
