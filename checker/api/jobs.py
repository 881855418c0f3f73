"""How do checks run beside each other?  Each process runs one at a time, on one thread; the parent tells in order.

Rule of the module: what is told is what one process would tell, on any number of them.  A check of which the company
it ran in could have changed what came of it (its share of the memory was used up, or half of it; its time was, on one
thread) is run again alone, with all memory and all processors.  So is a long search, once others leave processors
idle.  No process outlives the run: each ends when its parent does, and is waited for.
"""

from __future__ import annotations

import contextlib
import ctypes
import logging
import multiprocessing
import os
import signal
import sys
import threading
import time
import warnings
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from multiprocessing import connection
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Final

import attrs

from interlock.checker import garbage
from interlock.checker.api.interruption import Interruption
from interlock.checker.api.outcomes import Outcome, Shown, failure, outcome
from interlock.checker.checks import machine
from interlock.checker.checks.overrides import Overrides, make_engine
from interlock.checker.contract import Cause, Coverage
from interlock.checker.ir.claims import Check, Spec
from interlock.checker.native.code import jit

_LONG: Final = 2.0  # seconds after which a search is worth all processors
_ROOM: Final = 256 << 20  # bytes of memory that a process should have for its checks
_LEAST: Final = 1 << 20  # bytes of a budget
_PAUSE: Final = 0.2  # seconds between looks at whether the run is to end
_PATIENCE: Final = 2.0  # seconds that a process gets to end by itself
_DEATH_SIGNAL: Final = 1  # PR_SET_PDEATHSIG of Linux
_ENDS: Final = signal.SIGTERM  # asks a process to end its check, whoever wants the run to end
_GIVES_BACK: Final = signal.SIGUSR1  # asks it to leave the check to a run alone


def fitting(checks: int, options: Overrides) -> int:
    """How many of so many checks should run beside each other: as the processors and the memory of the machine allow."""
    free = machine.free_memory()
    room = checks if free is None else free // _ROOM
    return max(1, min(checks, machine.processors() // (options.workers or 1), room))


class ProcessEnded(Exception):
    """The process that ran a check is gone."""


@attrs.frozen(eq=False)
class _Work:
    """What each process is given when it starts."""

    checks: Sequence[tuple[Spec, Check]]
    options: Overrides
    share: int | None  # of the memory
    folder: Path
    shows: bool  # whether somebody wants to know how far a check is
    level: int  # of the notes that are wanted
    parent: int
    main_thread: bool  # of the parent runs it

    def options_of(self, alone: bool) -> Overrides:
        """Of a check that runs alone, those that were given; else its share of the machine."""
        if alone:
            return self.options
        return attrs.evolve(self.options, workers=self.options.workers or 1, memory=self.share)

    def spreads(self, number: int) -> bool:
        """Whether a check would run on more threads alone."""
        engine = self.options.engine or self.checks[number][1].engine
        return self.options.workers is None and self.options.threads(engine) > 1


# --- the parent ------------------------------------------------------------------------------------


class _Worker:
    """A process as its parent sees it: what it works on, and since when."""

    def __init__(self, context: Any, work: _Work) -> None:
        self.link, other = context.Pipe()
        self.process = context.Process(target=_serve, args=(other, work), daemon=True)
        with warnings.catch_warnings():  # that a thread of ours waits for signals does no harm: it holds no lock
            warnings.simplefilter("ignore", DeprecationWarning)
            self.process.start()
        other.close()
        self.number: int | None = None
        self.alone = False
        self.since = 0.0
        self.asked: set[int] = set()  # the signals that were sent since

    def begin(self, number: int, *, alone: bool) -> None:
        """Hand out a check."""
        self.number, self.alone, self.since = number, alone, time.monotonic()
        self.asked.clear()
        with contextlib.suppress(OSError):  # it is gone, which is heard of later
            self.link.send((number, alone))

    def ask(self, number: int) -> None:
        """Send a signal, once for each check."""
        if number not in self.asked and self.process.is_alive():
            self.asked.add(number)
            os.kill(self.process.pid, number)

    def leave(self) -> None:
        """Let the process end: at once where it has nothing to do, else as soon as it can leave its check."""
        if self.number is not None and self.process.is_alive():
            self.process.terminate()
        with contextlib.suppress(OSError):
            self.link.send(None)

    def end(self) -> None:
        """See to it that the process is gone."""
        self.process.join(_PATIENCE / 4)
        if self.process.is_alive():
            self.process.terminate()  # the second signal, of which it has had one
            self.process.join(_PATIENCE)
        if self.process.is_alive():
            self.process.kill()
            self.process.join()
        self.process.close()
        self.link.close()


class Jobs:
    """Checks that run in `jobs` processes.  stopped: whether somebody wanted the run to end."""

    def __init__(
        self, checks: Sequence[tuple[Spec, Check]], options: Overrides, jobs: int, folder: Path, shown: Shown,
        interrupted: Callable[[], bool],
    ) -> None:  # fmt: skip
        # Where a process cannot be forked safely (macOS), it starts anew and is sent the specs that were read.
        self.context = multiprocessing.get_context("fork" if sys.platform == "linux" else "spawn")
        logger = logging.getLogger("interlock")
        self.work = _Work(
            checks, options, _share(options, jobs), folder, sys.stderr.isatty(), logger.getEffectiveLevel(), os.getpid(),
            threading.current_thread() is threading.main_thread(),
        )  # fmt: skip
        self.logger, self.jobs, self.shown, self.interrupted = logger, jobs, shown, interrupted
        self.stopped = False
        self.workers: list[_Worker] = []
        self.waiting = deque(range(len(checks)))
        self.large: list[int] = []  # to be run alone
        self.done: dict[int, tuple[Outcome, Sequence[tuple[int, str]]]] = {}
        self.next = 0  # the number to tell
        self.lines = contextlib.ExitStack()  # of what is shown of it
        self.shows: Callable[[Coverage], None] | None = None

    def run(self) -> Iterator[tuple[int, Outcome]]:
        """What came of each check, by its number, in order."""
        _load({self.work.options.engine or check.engine for _, check in self.work.checks})
        cut = False
        try:
            while self._hand_out():
                yield from self._told()
                self._listen()
        except KeyboardInterrupt:  # the second signal
            self.stopped = cut = True
        finally:
            self.lines.close()
            for worker in self.workers:
                worker.leave()
            for worker in self.workers:
                worker.end()
        for number in sorted(self.done):
            yield number, self._noted(number)
        if cut:
            raise KeyboardInterrupt

    def _hand_out(self) -> bool:
        """Give each process something to do; whether there is anything that is waited for."""
        self.stopped |= self.interrupted()
        busy = [w for w in self.workers if w.number is not None]
        if self.stopped:
            for worker in busy:
                worker.ask(_ENDS)
            return bool(busy)
        while self.waiting and len(busy) < self.jobs:
            begun = self._begin(self.waiting[0], alone=False)
            if begun is None:
                self.jobs = len(busy)
                break
            busy.append(begun)
            self.waiting.popleft()
        if not self.waiting:
            self._all_processors(busy)
        return any(w.number is not None for w in self.workers)

    def _all_processors(self, busy: Sequence[_Worker]) -> None:
        """Let one large check run on the whole machine, and ask for long ones where processors would stand idle."""
        searches = [w for w in busy if w.number is not None and (w.alone or self.work.spreads(w.number))]
        if self.large and not searches:
            if self._begin(self.large[0], alone=True) is not None:
                del self.large[0]
            return
        now = time.monotonic()
        idle = len(busy) + len(searches) <= machine.processors()
        if searches and idle and all(not w.alone and now - w.since > _LONG for w in searches):
            for worker in searches:
                worker.ask(_GIVES_BACK)

    def _begin(self, number: int, *, alone: bool) -> _Worker | None:
        """Hand out a check; None where the machine gives no more processes.  Raises OSError where it gives none."""
        worker = next((w for w in self.workers if w.number is None), None)
        if worker is None:
            try:
                worker = _Worker(self.context, self.work)
            except OSError:
                if not self.workers:
                    raise
                return None
            self.workers.append(worker)
        worker.begin(number, alone=alone)
        return worker

    def _listen(self) -> None:
        """Take in what processes say."""
        of = {w.link: w for w in self.workers}
        for link in connection.wait(list(of), _PAUSE):
            worker = of[link]
            try:
                message = worker.link.recv()
            except (EOFError, OSError):
                self._gone(worker)
                continue
            if isinstance(message, Coverage):
                self._show(worker.number, message)
            else:
                self._finished(worker, *message)

    def _finished(self, worker: _Worker, found: Outcome | None, notes: Sequence[tuple[int, str]]) -> None:
        """A check is over; with None, it is to be run alone."""
        assert worker.number is not None
        if found is None:
            self.large = sorted([*self.large, worker.number])
        else:
            self.done[worker.number] = found, notes
            ended = None if found.result is None else found.result.ended
            self.stopped |= ended is not None and ended.cause is Cause.INTERRUPTED  # somebody asked that process to end
        worker.number = None

    def _gone(self, worker: _Worker) -> None:
        """A process ended that was to go on."""
        worker.process.join()
        code, number = worker.process.exitcode or 0, worker.number
        self.workers.remove(worker)
        worker.number = None
        worker.end()
        if number is not None:
            how = f"by signal {-code}" if code < 0 else f"with exit code {code}"
            why = ProcessEnded(
                f"the process that ran the check was ended {how}; the system may do that for lack of memory"
            )
            found = failure(*self.work.checks[number], self.work.options, worker.since, why, self.work.folder)
            self.done[number] = found, ()

    # --- in order ---

    def _told(self) -> Iterator[tuple[int, Outcome]]:
        while self.next in self.done:
            self.lines.close()
            self.shows = None
            self.next += 1
            yield self.next - 1, self._noted(self.next - 1)

    def _noted(self, number: int) -> Outcome:
        found, notes = self.done.pop(number)
        for level, text in notes:
            self.logger.log(level, "%s", text)
        return found

    def _show(self, number: int | None, covered: Coverage) -> None:
        """Show how far the check is that is told next."""
        if number != self.next:
            return
        if self.shows is None:
            self.shows = self.lines.enter_context(self.shown(self.work.checks[number][1].name))
        self.shows(covered)


def _load(engines: Iterable[str]) -> None:
    """Load here the libraries of engines, so that not each process does; what cannot be loaded, the checks will tell."""
    with contextlib.suppress(Exception):
        for engine in map(make_engine, engines):
            if "workers" in engine.knows:  # it runs compiled code
                jit.host()


def _share(options: Overrides, jobs: int) -> int | None:
    """What each of so many checks may take of the memory; None where nobody knows how much there is."""
    free = machine.free_memory()
    whole = options.memory if options.memory is not None else None if free is None else free // 10 * 8
    return None if whole is None else max(whole // jobs, _LEAST)


# --- a process -------------------------------------------------------------------------------------


class _Notes(logging.Handler):
    """Notes are kept, for the parent to say before it tells the check."""

    def __init__(self) -> None:
        super().__init__()
        self.kept: list[tuple[int, str]] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.kept.append((record.levelno, record.getMessage()))

    def taken(self) -> list[tuple[int, str]]:
        """Those since the last time."""
        kept, self.kept = self.kept, []
        return kept


class _GivenBack:
    """Whether the parent wants the check at hand back."""

    def __init__(self) -> None:
        self.asked = False
        signal.signal(_GIVES_BACK, self._handle)

    def _handle(self, *_: object) -> None:
        self.asked = True


def _serve(link: Connection, work: _Work) -> None:
    """Run the checks that the parent hands out, until there are no more."""
    signal.set_wakeup_fd(-1)  # the parent's
    os.setpgid(0, 0)  # Ctrl-C is the parent's to hear
    signal.signal(_ENDS, signal.SIG_DFL)  # also where the parent ignores it
    _end_with(work.parent, at_once=work.main_thread)
    garbage.seldom()
    given_back, notes = _GivenBack(), _Notes()
    logger = logging.getLogger("interlock")
    logger.handlers, logger.propagate = [notes], False
    logger.setLevel(work.level)
    with contextlib.suppress(KeyboardInterrupt, EOFError, OSError), Interruption().watching() as interrupted:
        while (order := link.recv()) is not None:
            number, alone = order
            given_back.asked = False
            found = _run(link, work, number, alone, given_back, interrupted)
            link.send((found, notes.taken()))
            garbage.settle()


def _run(
    link: Connection, work: _Work, number: int, alone: bool, given_back: _GivenBack, interrupted: Callable[[], bool]
) -> Outcome | None:
    """What came of a check; None where it is to be run alone."""
    spec, check = work.checks[number]
    options = work.options_of(alone)
    show: Callable[[Coverage], None] = link.send if work.shows else lambda _: None
    found = outcome(spec, check, options, work.folder, show, lambda: given_back.asked or interrupted())
    if not alone and not interrupted() and (given_back.asked or _cramped(work, number, found)):
        return None
    if found.result is None:
        return found
    return attrs.evolve(found, result=attrs.evolve(found.result, workers=work.options.threads(found.result.engine)))


def _cramped(work: _Work, number: int, found: Outcome) -> bool:
    """Whether more memory or more threads could have led to something else."""
    result = found.result
    if result is None:
        return found.refusal is not None and any(d.code == "C012" for d in found.refusal.diagnostics)
    cause = None if result.ended is None else result.ended.cause
    if cause is Cause.MEMORY or (work.share is not None and 2 * (result.coverage.peak_memory or 0) > work.share):
        return True
    return cause is Cause.TIME and work.options.checkpoint is None and work.spreads(number)


def _end_with(parent: int, *, at_once: bool) -> None:
    """End this process when its parent has ended, however that came about, so that nobody else writes what a run that
    goes on writes.  at_once: the system sees to it, which takes the end of the parent's thread for that of the parent."""
    if at_once and sys.platform == "linux":
        ctypes.CDLL(None).prctl(_DEATH_SIGNAL, signal.SIGKILL)
    threading.Thread(target=_follow, args=(parent,), daemon=True).start()


def _follow(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(_PAUSE)
    os._exit(1)
