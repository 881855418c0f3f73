"""What becomes of what is said when nobody can take it?  The run goes on, and its exit code says the same.

Rule of the module: writing to standard output or standard error never raises.  A pipe that its reader closed is no
mistake of anybody.  Any other loss is told on the other stream; one that came as a surprise, as a full disk does, turns
success into wrong input, for something that was asked for was not delivered.
"""

from __future__ import annotations

import contextlib
import io
import os
import sys
from collections.abc import Iterator
from typing import Any, TextIO

import attrs


class Lasting(io.TextIOBase):
    """A text stream over another one (None: it was closed before the start), which takes everything that is said.

    `problem` is why the other one took no more; None while it takes all.
    """

    def __init__(self, under: TextIO | None) -> None:
        self.under = under
        self.problem: OSError | ValueError | None = None

    def write(self, text: str) -> int:
        """Say something; dropped where it cannot be said."""
        self._tried(lambda under: under.write(text))
        return len(text)

    def flush(self) -> None:
        """Hand over what was said."""
        self._tried(lambda under: under.flush())

    def isatty(self) -> bool:
        """Whether it is a terminal."""
        return self.under is not None and self.problem is None and self.under.isatty()

    def fileno(self) -> int:
        """The descriptor below.  Raises OSError where there is none."""
        if self.under is None:
            raise io.UnsupportedOperation("fileno")
        return self.under.fileno()

    @property
    def encoding(self) -> str:  # type: ignore[override]
        """How text becomes bytes below."""
        return getattr(self.under, "encoding", None) or "utf-8"

    def writable(self) -> bool:
        """It always takes text."""
        return True

    @property
    def closed(self) -> bool:
        """Never: what is said after the end is dropped."""
        return False

    def close(self) -> None:
        """Whoever opened the stream below closes it."""

    def _tried(self, use: Any) -> None:
        if self.under is None or self.problem is not None:
            return
        try:
            use(self.under)
        except (OSError, ValueError) as problem:  # ValueError: it was closed meanwhile
            self.problem = problem
            _drop_the_rest(self.under)


def _drop_the_rest(under: TextIO) -> None:
    """What is still in its buffer goes nowhere, so that Python does not stumble over it at the end."""
    with contextlib.suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, under.fileno())
        os.close(nowhere)


@attrs.frozen(eq=False)
class Streams:
    """Standard output and standard error, as the process may write to them."""

    out: Lasting
    err: Lasting

    def lost(self) -> str:
        """Why what was said on standard output did not arrive; empty where it did, or its reader wanted no more."""
        self.out.flush()
        problem = self.out.problem
        if self.out.under is None:
            return "standard output is closed"
        if problem is None or isinstance(problem, BrokenPipeError):
            return ""
        return f"standard output could not be written ({getattr(problem, 'strerror', None) or problem})"

    @property
    def surprised(self) -> bool:
        """Whether standard output was there, and then took no more for want of something."""
        return self.out.under is not None and bool(self.lost())


@contextlib.contextmanager
def lasting() -> Iterator[Streams]:
    """Within: `sys.stdout` and `sys.stderr` never raise.  A name that a terminal cannot show is escaped."""
    _keep_standard_descriptors()
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    streams = Streams(Lasting(sys.stdout), Lasting(sys.stderr))
    with contextlib.redirect_stdout(streams.out), contextlib.redirect_stderr(streams.err):
        try:
            yield streams
        finally:
            streams.out.flush()
            streams.err.flush()


def _keep_standard_descriptors() -> None:
    """Where a standard descriptor is closed, a file that is opened later must not take its number."""
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
