"""What do random walks find?  Quick, repeatable from a seed, and never a proof.

Rule of the module: walk number w depends on the seed and w alone.  Its beginning is drawn from the enabled initial
instances with equal chances.  Faults are rarer than other actions, by a rate that each walk draws for itself
(`native/kernel/walk`), for what crashes ends most walks early; apart from that, each step is drawn from the enabled
action instances with equal chances.  The walks are shared out among threads in rounds, in the order of their numbers.
The first violation, by the number of its walk, ends the run: all walks before that one are finished, and what was
walked beyond it is not counted.  So the verdict, the path and the counts of a run that is not cut short are the same
for any number of threads.  The walk that went wrong is then made short (`shrink`).
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from functools import partial

import attrs

from interlock.checker.contract import (
    INTERRUPTED,
    Coverage,
    NoneSampled,
    NotJudged,
    Path,
    Task,
    Trouble,
    Unknown,
    Verdict,
    Violated,
    no_beginning,
)
from interlock.checker.diagnostics import NOWHERE, Diagnostic, InputError
from interlock.checker.engines import confirming
from interlock.checker.engines.judged import beyond
from interlock.checker.engines.shrink import End, Walk, shrunk
from interlock.checker.ir.nodes import PropertyKind
from interlock.checker.native.code import limits
from interlock.checker.native.kernel import Judged, Status, Way
from interlock.checker.native.kernel.walk import DRAWS
from interlock.checker.native.module.crew import Crew
from interlock.checker.native.walks.walker import LISTED, Counts, Starts, Walker, Walks

_PAUSE = 0.1  # seconds of walking between looks at the budget
_REPORT = 0.5  # seconds between two lines of progress
_FIRST_CHUNK = 16  # walks of one thread in the first round
_PIECE = 1 << 18  # initial instances that are looked at between looks at the budget
_RANDOM = (1 << 64) - 1  # random numbers are words


class Simulate:
    """Random walks in native code."""

    name = "simulate"
    knows = frozenset({"time", "depth", "seed", "walks", "steps", "workers"})

    def run(self, task: Task) -> Verdict:
        """Walk as far as the budget goes.  Raises InputError when walks can decide nothing, and for what cannot be
        compiled."""
        limits.refuse(task.system)
        not_judged = beyond(task.system, "random walks")
        for name, number in (("walks", task.walks), ("steps", task.steps), ("depth", task.budget.depth)):
            if number == 0:
                raise InputError([_no_sample(name)])
        crew = Crew(task.workers)
        try:
            return _Simulation(task, crew, not_judged).run()
        finally:
            crew.close()


class _Ended(Exception):
    """The run ends before the first walk, and with which verdict."""

    def __init__(self, verdict: Verdict) -> None:
        super().__init__()
        self.verdict = verdict


class _Simulation:
    def __init__(self, task: Task, crew: Crew, not_judged: tuple[NotJudged, ...]) -> None:
        self.task, self.system, self.crew, self.not_judged = task, task.system, crew, not_judged
        self.program = Walks(task.system)
        self.longest = task.steps if task.budget.depth is None else min(task.steps, task.budget.depth)
        self.starts: Starts | None = None
        self.walkers = [self._walker() for _ in range(crew.size)]
        self.counts = Counts(self.program)
        self.walks = 0  # finished, and counted
        self.seen: set[int] = set()  # the properties that some state has
        self.started = time.perf_counter()

    def _walker(self) -> Walker:
        walker = Walker(self.program, self.longest)
        walker[Way.SEED] = _mixed(self.task.seed)
        walker[Way.LOOKAHEAD] = self.system.terminal is not None or any(a.errors for a in self.system.actions)
        return walker

    def run(self) -> Verdict:
        """Walk, and confirm what the walks say.  Raises Disagreement."""
        verdict = self._walked()
        spent = time.perf_counter() - self.started
        compared = confirming.walked(self.program, self.task.meaning, spent, self._beginnings())
        return attrs.evolve(verdict, coverage=attrs.evolve(verdict.coverage, compared=compared))

    def _walked(self) -> Verdict:
        task = self.task
        try:
            self._list_starts()
        except _Ended as ended:
            return ended.verdict
        chunk, reported = _FIRST_CHUNK, self.started
        while self.walks < task.walks:
            before = time.perf_counter()
            found = self._round(chunk)
            if found is not None:
                return self._violated(*found)
            now = time.perf_counter()
            chunk = max(1, min(4 * chunk, int(chunk * _PAUSE / max(now - before, 1e-6))))
            stop = self._stopped()
            if stop is not None:
                return stop
            if now - reported >= _REPORT:
                reported = now
                task.progress(self._coverage())
        return NoneSampled(self._coverage(), task.walks)

    def _stopped(self) -> Unknown | None:
        """Why no more is walked."""
        budget = self.task.budget
        if budget.seconds is not None and time.monotonic() - self.task.started > budget.seconds:
            return Unknown(self._coverage(), budget.time_reached)
        return Unknown(self._coverage(), INTERRUPTED) if self.task.interrupted() else None

    def _list_starts(self) -> None:
        """List the initial instances that are enabled, where there are not too many to list.  Raises _Ended."""
        total = self.program.starts[-1]
        if total > LISTED:
            return
        self.starts = Starts(self.program, total)
        for at in range(0, total, _PIECE):
            number = self.starts.list(at, min(total, at + _PIECE))
            if number is not None:
                raise _Ended(no_beginning(self.program.start(number)))
            stop = self._stopped()
            if stop is not None:
                raise _Ended(stop)
        if not self.starts.count:
            raise _Ended(no_beginning(None))
        for walker in self.walkers:
            walker[Way.STARTS], walker[Way.START_COUNT] = self.starts.region.address, self.starts.count

    def _beginnings(self) -> Sequence[int]:
        """Initial instances that are enabled, as far as they were listed; else those that walks began with last."""
        if self.starts is not None:
            return self.starts.numbers()
        return [walker[Way.HEAD] for walker in self.walkers] if self.walks else ()

    def _round(self, chunk: int) -> tuple[Walker, Status] | None:
        """The next walks, `chunk` for each thread; the thread whose walk was the first to go wrong, and how."""
        first, last = self.walks, min(self.task.walks, self.walks + chunk * len(self.walkers))
        size = -(-(last - first) // len(self.walkers))
        shares = [(a, min(size, last - a)) for a in range(first, last, size)]
        walkers = self.walkers[: len(shares)]
        statuses = self.crew.all([partial(w.walk, *share) for w, share in zip(walkers, shares, strict=True)])
        for walker, share, status in zip(walkers, shares, statuses, strict=True):
            self.counts.take_over(walker.counts)
            self.seen |= {i for i in range(len(self.system.properties)) if walker.seen(Judged(i).place)}
            if status != Status.DONE:
                self.walks = walker[Way.WALK] + 1
                return walker, Status(status)
            self.walks += share[1]
        return None

    def _violated(self, walker: Walker, status: Status) -> Verdict:
        if status is Status.UNBEGUN:
            return self._unbegun(walker)
        coverage = self._coverage()
        walk = shrunk(walker, Walk(walker[Way.HEAD], tuple(walker.taken()), End.of(walker, status)))
        path, end = self._path(walk, walker), walk.end
        if end.status is Status.ERROR:
            assert end.instance is not None
            return Violated(coverage, Trouble.MODEL_ERROR, None, path, self.program.step(end.instance))
        if end.status is Status.DEADLOCK:
            assert self.system.terminal is not None
            trouble = Trouble.DEADLOCK if end.code == 1 else Trouble.MODEL_ERROR
            return Violated(coverage, trouble, self.system.terminal.name, path)
        told = self.program.found(end.code)
        trouble = Trouble.MODEL_ERROR if told.error else Trouble.PROPERTY
        return Violated(coverage, trouble, told.property.name, path)

    def _path(self, walk: Walk, walker: Walker) -> Path:
        first = walker.initial(walk.start)
        assert first is not None, "a walk begins with an enabled instance"
        steps = tuple(self.program.step(i) for i in walk.steps)
        return Path(self.program.unpack(first), steps, self.program.start(walk.start))

    def _unbegun(self, walker: Walker) -> Verdict:
        """No walk begins: what was drawn is an error, or always disabled."""
        number = walker.error()
        if number is not None:
            return no_beginning(self.program.start(number))
        self.walks -= 1
        reason = f"of {DRAWS} initial instances that were drawn for a walk, none is enabled"
        return Unknown(self._coverage(), reason)

    # --- coverage ----------------------------------------------------------------------------------

    def _coverage(self) -> Coverage:
        fired = self.counts.by_action()
        bases = self.program.bases
        memory = sum(walker.size() for walker in self.walkers) + self.counts.region.size
        memory += 0 if self.starts is None else self.starts.region.size
        return Coverage(
            fired=tuple(times for times, _ in fired),
            instances=tuple((some, b - a) for (_, some), a, b in zip(fired, bases, bases[1:], strict=False)),
            terminal=self.counts.terminal,
            walks=self.walks,
            steps=self.counts.steps,
            longest=self.longest,
            bits_per_state=self.program.packing.bits,
            search_seconds=time.perf_counter() - self.started,
            peak_memory=memory,
            seed=self.task.seed,
            not_judged=self.not_judged,
            notes=self._notes(),
        )

    def _notes(self) -> tuple[str, ...]:
        return tuple(
            f"{p.name}: {'witnessed' if i in self.seen else 'not witnessed'}"
            for i, p in enumerate(self.system.properties)
            if p.kind is PropertyKind.REACHABLE
        )


def _mixed(seed: int) -> int:
    """A seed of 64 bits, such that near seeds give unlike walks."""
    x = (seed * 0x9E3779B97F4A7C15 + 0x632BE59BD9B4E019) & _RANDOM
    return (x ^ x >> 29) * 0xBF58476D1CE4E5B9 & _RANDOM


def _no_sample(name: str) -> Diagnostic:
    message = f"with {name}=0 random walks sample nothing"
    return Diagnostic("E030", message, NOWHERE, f"give `{name}` a number from 1, or leave it out")
