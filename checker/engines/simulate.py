"""What do random walks find?  Quick, repeatable from a seed, and never a proof.

Rule of the module: walk number w depends on the seed and w alone.  The first violation ends the run; its
walk is then shortened by leaving out steps as long as the same thing still goes wrong.
"""

from __future__ import annotations

import ctypes
import time
from collections.abc import Sequence
from typing import Any

import attrs

from checker.diagnostics import NOWHERE, Diagnostic, InputError
from checker.engines.contract import Coverage, NoneSampled, Path, Task, Trouble, Unknown, Verdict, Violated
from checker.ir.nodes import PropertyKind
from checker.native.kernel import Ctx, Status
from checker.native.memory import Region
from checker.native.program import Program
from checker.native.run import Run

_PAUSE = 0.1  # seconds of walking between looks at the budget
_REPORT = 0.5
_RANDOM = (1 << 64) - 1
_ENDINGS = (Status.FOUND, Status.ERROR, Status.DEADLOCK)


@attrs.frozen
class _End:
    """How a walk goes wrong: what the kernel said, the property's code, the instance that is an error."""

    status: Status
    code: int = 0
    instance: int | None = None

    def like(self, other: _End) -> bool:
        """Whether it is the same trouble (an error: of the same property or of any action)."""
        return self.status is other.status and self.code == other.code


class Simulate:
    """Random walks in native code."""

    name = "simulate"
    knows = frozenset({"time", "depth", "seed", "walks", "steps"})

    def run(self, task: Task) -> Verdict:
        """Walk as far as the budget goes.  Raises InputError when walks can decide nothing."""
        kinds = [p.kind for p in task.system.properties]
        if kinds and all(k is PropertyKind.RECOVERABLE for k in kinds):
            raise InputError([_undecidable()])
        for name, number in (("walks", task.walks), ("steps", task.steps), ("depth", task.budget.depth)):
            if number == 0:
                raise InputError([_no_sample(name)])
        return _Walks(task).run()


class _Walks:
    def __init__(self, task: Task) -> None:
        self.task, self.system = task, task.system
        self.program = Program(task.system)
        self.memory = memory = Run(self.program)
        self.depth = task.steps if task.budget.depth is None else min(task.steps, task.budget.depth)
        self.trace = Region(4 * self.depth + 8)
        self.initial = [self.program.pack(s) for s in self.system.initial]
        self.starts = Region(8 * self.program.words * len(self.initial) + 8)
        self.starts.put(0, [w for s in self.initial for w in s])
        self.owner = self._owners()
        memory[Ctx.FIRED] = memory.small.address + 8 * memory.spare
        memory[Ctx.SEED], memory[Ctx.STEPS] = _mixed(task.seed), self.depth
        memory[Ctx.INITIAL], memory[Ctx.INITIALS] = self.starts.address, len(self.initial)
        memory[Ctx.TRACE], memory[Ctx.OWNER] = self.trace.address, ctypes.addressof(self.owner)
        memory[Ctx.STOP] = int(self.system.terminal is None and not any(a.errors for a in self.system.actions))
        self.started = time.perf_counter()
        self.seconds: float | None = None

    def _owners(self) -> Any:
        bases = self.program.bases
        cells = [i for i in range(len(self.system.actions)) for _ in range(bases[i + 1] - bases[i])]
        return (ctypes.c_uint32 * max(1, len(cells)))(*cells)

    def run(self) -> Verdict:
        memory, task = self.memory, self.task
        if not self.initial:
            return NoneSampled(self._coverage(), 0)
        chunk, reported = 16, self.started
        while (done := memory[Ctx.WALK]) < task.walks:
            before = time.perf_counter()
            status = Status(self.program.walk(memory.address, min(chunk, task.walks - done)))
            if status in _ENDINGS:
                return self._violated(self._end(status))
            now = time.perf_counter()
            chunk = max(1, min(4 * chunk, int(chunk * _PAUSE / max(now - before, 1e-6))))
            if task.budget.seconds is not None and time.monotonic() - task.started > task.budget.seconds:
                return Unknown(self._coverage(), task.budget.time_reached)
            if task.interrupted():
                return Unknown(self._coverage(), "interrupted")
            if now - reported >= _REPORT:
                reported = now
                task.progress(self._coverage())
        return NoneSampled(self._coverage(), task.walks)

    # --- a violation -------------------------------------------------------------------------------

    def _end(self, status: Status) -> _End:
        """What went wrong just now."""
        memory = self.memory
        instance = memory.error()
        memory.clear_error()
        if status is Status.FOUND:
            return _End(status, memory[Ctx.FOUND])
        if status is Status.DEADLOCK:
            return _End(status, memory[Ctx.DEAD])
        return _End(status, 0, instance)

    def _violated(self, end: _End) -> Verdict:
        memory = self.memory
        self.seconds = time.perf_counter() - self.started
        coverage = self._coverage()
        start = self.initial[memory[Ctx.HEAD]]
        raw = (ctypes.c_uint32 * memory[Ctx.LENGTH_OF_WALK]).from_address(self.trace.address)
        steps, end = self._shortened(start, list(raw), end)
        path = Path(self.program.unpack(start), tuple(self.program.step(i) for i in steps))
        if end.status is Status.ERROR:
            assert end.instance is not None
            return Violated(coverage, Trouble.MODEL_ERROR, None, path, self.program.step(end.instance))
        if end.status is Status.DEADLOCK:
            assert self.system.terminal is not None
            trouble = Trouble.DEADLOCK if end.code == 1 else Trouble.MODEL_ERROR
            return Violated(coverage, trouble, self.system.terminal.name, path)
        found = self.program.found(end.code)
        trouble = Trouble.MODEL_ERROR if found.error else Trouble.PROPERTY
        return Violated(coverage, trouble, found.property.name, path)

    def _shortened(self, start: Sequence[int], steps: list[int], end: _End) -> tuple[list[int], _End]:
        """Leave out pieces, then single steps, until none can go."""
        size = max(1, len(steps) // 2)
        while True:
            at, shorter = len(steps) - size, False
            while at >= 0:
                tried = self._replay(start, steps[:at] + steps[at + size :], end)
                if tried is not None:
                    steps, end = tried
                    shorter = True
                at = min(at - (1 if size == 1 else size), len(steps) - size)
            if not shorter and size == 1:
                return steps, end
            if not shorter:
                size = max(1, size // 2)
            size = max(1, min(size, len(steps)))
            if not steps:
                return steps, end

    def _replay(self, start: Sequence[int], steps: list[int], wanted: _End) -> tuple[list[int], _End] | None:
        """The steps up to the violation, when they lead to the same one."""
        memory = self.memory
        memory.states.put(0, start)
        cells = (ctypes.c_uint32 * max(1, len(steps)))(*steps)
        status = Status(self.program.replay(memory.address, ctypes.addressof(cells), len(steps)))
        if status not in _ENDINGS:
            return None
        end = self._end(status)
        return (steps[: memory[Ctx.LENGTH_OF_WALK]], end) if end.like(wanted) else None

    # --- coverage ----------------------------------------------------------------------------------

    def _coverage(self) -> Coverage:
        memory = self.memory
        return Coverage(
            fired=memory.numbers(memory.taken, len(self.system.actions)),
            terminal=memory[Ctx.TERMINAL],
            walks=memory[Ctx.WALK],
            steps=memory[Ctx.TRANSITIONS],
            bits_per_state=self.program.packing.bits,
            search_seconds=time.perf_counter() - self.started if self.seconds is None else self.seconds,
            peak_memory=memory.bytes(),
            seed=self.task.seed,
            notes=self._notes(),
        )

    def _notes(self) -> tuple[str, ...]:
        memory, properties = self.memory, self.system.properties
        seen = [p for i, p in enumerate(properties) if memory.note(2 * i) is not None]
        notes = []
        for p in properties:
            if p.kind is PropertyKind.RECOVERABLE:
                notes.append(f"{p.name}: not decided by random walks")
            elif p.kind is PropertyKind.REACHABLE:
                notes.append(f"{p.name}: {'witnessed' if p in seen else 'not witnessed'}")
        return tuple(notes)


def _mixed(seed: int) -> int:
    """A seed of 64 bits, such that near seeds give unlike walks."""
    x = (seed * 0x9E3779B97F4A7C15 + 0x632BE59BD9B4E019) & _RANDOM
    return (x ^ x >> 29) * 0xBF58476D1CE4E5B9 & _RANDOM


def _no_sample(name: str) -> Diagnostic:
    message = f"with {name}=0 random walks sample nothing"
    return Diagnostic("E030", message, NOWHERE, f"give `{name}` a number from 1, or leave it out")


def _undecidable() -> Diagnostic:
    return Diagnostic(
        "E010",
        "random walks cannot decide `recoverable` properties, and the check has no others",
        NOWHERE,
        "use the engine `explore`",
    )
