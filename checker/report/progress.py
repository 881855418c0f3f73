"""How does a person see that a search goes on?  One line on standard error, kept up to date, where that is a terminal.

Rule of the module: nothing is estimated that is not known: how much of the level at hand was expanded, and how much of
the whole search only where the same one was made before; else nobody knows how many levels there are.  The rate is of
the last seconds.
"""

from __future__ import annotations

import contextlib
import time
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any, Final, TextIO

from checker.engines.contract import Coverage

_RECENT: Final = 10  # calls that the rate is of
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
        from rich.text import Text  # noqa: PLC0415 - a tenth of a second, only where a search is long enough

        now = time.monotonic()
        self._opened().update(Text(text(self._name, c, now - self._start, self._rate.of(c, now))))
        self._live.refresh()

    def close(self) -> None:
        """The line goes away; the result takes its place."""
        if self._live is not None:
            self._live.stop()

    def _opened(self) -> Any:
        if self._live is None:
            from rich.console import Console  # noqa: PLC0415
            from rich.live import Live  # noqa: PLC0415

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
        self._seen.append((now, _kept(c) or c.walks or 0))
        (before, fewer), (_, more) = self._seen[0], self._seen[-1]
        return (more - fewer) / (now - before) if now > before else None


def text(name: str, c: Coverage, seconds: float, rate: float | None) -> str:
    """The line: `seconds` since the start, where the search itself does not say how long it takes."""
    counted = ((c.states, "states"), (c.orbits, "up to symmetry"), (c.walks, "walks"))
    parts = [f"{_short(n)} {noun}" for n, noun in counted if n is not None]
    kept = _kept(c)
    if kept is not None and c.last_time is not None and kept <= c.last_time:
        parts.append(f"{kept / c.last_time:.0%} of the last run's")
    if rate is not None:
        parts.append(f"{_short(rate)}/s")
    if c.frontier is not None:
        parts.append(f"frontier {_short(c.frontier)}")
    if c.depth is not None:
        share = "" if c.level_expanded is None else f", level {c.level_expanded:.0%} expanded"
        parts.append(f"depth {c.depth}{share}")
    if c.peak_memory is not None:
        budget = "" if c.memory_budget is None else f" of {_bytes(c.memory_budget)}"
        parts.append(_bytes(c.peak_memory) + budget)
    whole = int(seconds if c.search_seconds is None else c.search_seconds)
    parts.append(f"{whole // 3600}:{whole // 60 % 60:02}:{whole % 60:02}")
    return f"  {name}: {', '.join(parts)}"


def _kept(c: Coverage) -> int | None:
    return c.states if c.orbits is None else c.orbits


def _short(number: float) -> str:
    """Three digits of a number or so."""
    for unit, name in ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")):
        if number >= unit:
            return f"{number / unit:.{1 if number >= 10 * unit else 2}f} {name}"
    return f"{number:.0f}"


def _bytes(size: int) -> str:
    unit, name = next((u, n) for u, n in _UNITS if size >= u or u == 1)
    return f"{size / unit:.{0 if unit == 1 else 1}f} {name}"
