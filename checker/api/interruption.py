"""Does somebody want the run to end?  Ctrl-C, and the signals by which a system ends what it started.

Rule of the module: the first signal asks, and what was reached is told and written; the second ends what is at work at
once, and the rest is told and written all the same.  A signal that the process was started to ignore stays ignored,
but for Ctrl-C.
"""

from __future__ import annotations

import contextlib
import signal
import socket
import threading
from collections.abc import Iterator
from typing import Any, Final

_ENDING: Final = tuple(getattr(signal, n) for n in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, n))
_PATIENCE: Final = 1.0  # seconds until a signal is passed on to Z3, which looks at no other than SIGINT


class Interruption:
    """Whether the run is to end; called, it answers."""

    def __init__(self) -> None:
        self.requested = False
        self._passed_on = False  # a SIGINT of our own is under way

    def __call__(self) -> bool:
        return self.requested

    @contextlib.contextmanager
    def watching(self) -> Iterator[Interruption]:
        """Listen while the block runs."""
        if threading.current_thread() is not threading.main_thread():  # signals are the main thread's
            yield self
            return
        before = {s: signal.signal(s, self._handle) for s in _ENDING if _listened_to(s)}
        try:
            with self._waking():
                yield self
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def anew(self) -> None:
        """Count signals anew: what is told and written at the end is not ended by one more."""
        self.requested = False

    def _handle(self, number: int, _frame: object) -> None:
        if number == signal.SIGINT and self._passed_on:
            self._passed_on = False
            return
        if self.requested:
            raise KeyboardInterrupt
        self.requested = True

    # --- while the main thread is within a library ---

    @contextlib.contextmanager
    def _waking(self) -> Iterator[None]:
        """A thread hears of each signal at once: Python's handlers wait until the main thread comes out of Z3."""
        reading, writing = socket.socketpair()
        writing.setblocking(False)
        before = signal.set_wakeup_fd(writing.fileno(), warn_on_full_buffer=False)
        listener = threading.Thread(target=self._listen, args=(reading,), daemon=True)
        listener.start()
        try:
            yield
        finally:
            signal.set_wakeup_fd(before)
            writing.close()
            listener.join()
            reading.close()

    def _listen(self, reading: socket.socket) -> None:
        """From a signal on, tell Z3 now and then; that it answers each question may be what the run waits for."""
        heard = False
        while True:
            reading.settimeout(_PATIENCE if heard else None)
            try:
                received = reading.recv(1)
            except TimeoutError:
                self._passed_on = True
                signal.raise_signal(signal.SIGINT)
                continue
            if not received:
                return
            heard |= received[0] != signal.SIGINT or not self._passed_on


def _listened_to(number: Any) -> bool:
    return number == signal.SIGINT or signal.getsignal(number) is not signal.SIG_IGN
