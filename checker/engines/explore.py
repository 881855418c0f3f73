"""Which states can be reached, and does everything claimed hold in all of them?

Rule of the module: breadth first, every state once, in one fixed order; so counts, verdict and path are the
same on every run, and a counterexample is as short as any.  A property of states is judged when a state is
found, a property of steps when the step is made, deadlock and errors of the model when a state is expanded.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

import attrs

from checker.engines.contract import (
    Coverage,
    Holds,
    NoneWithin,
    Path,
    Task,
    Trouble,
    Unknown,
    Verdict,
    Violated,
)
from checker.ir.nodes import PropertyKind
from checker.ir.scalar import ScalarProperty
from checker.native.kernel import BATCH, Ctx, Status
from checker.native.memory import Region
from checker.native.program import Program
from checker.native.run import LEVELS, NONE, OutOfMemory, Run

_PAUSE = 0.1  # seconds of native search between looks at the budget
_REPORT = 0.5  # seconds between calls of `progress`
_FIRST_CHUNK = 5_000


class Explore:
    """Exhaustive breadth-first search in native code."""

    name = "explore"

    def run(self, task: Task) -> Verdict:
        """Decide the task as far as the budget goes."""
        return _Search(task).run()


class _Stop(Exception):
    """A budget ended the run; the reason is the argument."""


class _Search:
    def __init__(self, task: Task) -> None:
        self.task, self.system = task, task.system
        self.program = Program(task.system)
        self.memory = Run(self.program, task.budget.memory)
        self.ends: list[int] = []
        self.started = self.reported = time.perf_counter()
        self.searched: float | None = None
        self.chunk = _FIRST_CHUNK
        memory = self.memory
        memory[Ctx.STOP] = int(self.system.terminal is None and not any(a.errors for a in self.system.actions))
        if task.budget.states is not None:
            memory[Ctx.MAX_STATES] = task.budget.states

    def run(self) -> Verdict:
        try:
            self._admit()
            return self._search()
        except _Stop as stop:
            return Unknown(self._coverage(), str(stop))
        except OutOfMemory:
            return Unknown(self._coverage(), f"memory budget of {self.task.budget.memory} bytes reached")

    # --- the search --------------------------------------------------------------------------------

    def _admit(self) -> None:
        memory = self.memory
        initial = [self.program.pack(s) for s in self.system.initial]
        for start in range(0, len(initial), BATCH):
            memory.put_pending(initial[start : start + BATCH])
            while self.program.admit(memory.address) == Status.GROW:
                memory.grow()
        memory[Ctx.LIMIT] = memory[Ctx.COUNT]

    def _search(self) -> Verdict:
        if self.memory[Ctx.FOUND]:
            return self._violated()
        if self.task.budget.depth == 0:
            return self._within(0)
        while True:
            status = self._advance()
            if status is Status.GROW:
                self.memory.grow()
            elif status is Status.MAX_STATES:
                raise _Stop(f"states budget of {self.task.budget.states} reached")
            elif status is Status.LEVELS_FULL:
                depth = self.task.budget.depth
                if depth is not None and len(self.ends) >= depth:
                    return self._within(depth)
            elif status is Status.DONE:
                return self._done()
            elif status is not Status.PAUSED:
                return self._troubled(status)
            self._look()

    def _advance(self) -> Status:
        """One stretch of native search, sized to take about `_PAUSE`."""
        memory = self.memory
        depth = self.task.budget.depth
        memory[Ctx.LEVEL_CAP] = LEVELS if depth is None else min(LEVELS, depth - len(self.ends))
        memory[Ctx.LEVEL] = 0
        before, head = time.perf_counter(), memory[Ctx.HEAD]
        status = Status(self.program.search(memory.address, self.chunk))
        self.ends.extend(memory.numbers(memory.levels, memory[Ctx.LEVEL]))
        took, expanded = time.perf_counter() - before, memory[Ctx.HEAD] - head
        if expanded:
            self.chunk = max(1_000, min(4 * self.chunk, int(expanded * _PAUSE / max(took, 1e-6))))
        return status

    def _look(self) -> None:
        """Look at the clock and at who waits."""
        now = time.perf_counter()
        seconds = self.task.budget.seconds
        if seconds is not None and now - self.started > seconds:
            raise _Stop(f"time budget of {seconds:g} s reached")
        if self.task.interrupted():
            raise _Stop("interrupted")
        if now - self.reported >= _REPORT:
            self.reported = now
            self.task.progress(self._coverage())

    def _within(self, depth: int) -> Verdict:
        """All states so deep were found, and those before them expanded."""
        verdict = self._probe()
        if verdict is not None:
            return verdict
        undecided = [p.name for p in self._late() if not self._witnessed(p)]
        notes = (f"not decided within the depth: {', '.join(undecided)}",) if undecided else ()
        return NoneWithin(attrs.evolve(self._coverage(), notes=notes), depth)

    def _probe(self) -> Verdict | None:
        """The last level allowed, found but not expanded: is one of its states a deadlock or an error?"""
        memory = self.memory
        if memory[Ctx.STOP]:
            return None
        kept = {word: memory[word] for word in (Ctx.HEAD, Ctx.TERMINAL, Ctx.FIRED)}
        memory[Ctx.PROBE], memory[Ctx.FIRED] = 1, memory.small.address + 8 * memory.spare
        while memory[Ctx.HEAD] < memory[Ctx.COUNT]:
            left = memory[Ctx.COUNT] - memory[Ctx.HEAD]
            status = Status(self.program.search(memory.address, min(self.chunk, left)))
            if status in (Status.ERROR, Status.DEADLOCK):
                return self._troubled(status)
            self._look()
        memory[Ctx.PROBE] = 0
        for word, value in kept.items():
            memory[word] = value
        return None

    # --- verdicts ----------------------------------------------------------------------------------

    def _late(self) -> list[ScalarProperty]:
        """The properties that only an exhausted search refutes."""
        late = (PropertyKind.REACHABLE, PropertyKind.RECOVERABLE)
        return [p for p in self.system.properties if p.kind in late]

    def _witnessed(self, p: ScalarProperty) -> bool:
        return p.kind is PropertyKind.REACHABLE and self._witness(p) != NONE

    def _witness(self, p: ScalarProperty) -> int:
        memory = self.memory
        return memory.small.get(memory.witness + self.system.properties.index(p))

    def _path(self, position: int) -> Path:
        coverage = self._coverage()  # rebuilding the path is no part of the search
        self.searched = coverage.search_seconds
        return self.memory.path(position, [*self.ends, self.memory[Ctx.LIMIT]])

    def _violated(self) -> Verdict:
        """By a state that was found, or by a step."""
        memory = self.memory
        found = self.program.found(memory[Ctx.FOUND])
        coverage, ident = self._coverage(), memory[Ctx.FOUND_ID]
        path = self._path(memory[Ctx.FOUND_STATE])
        if found.property.kind is PropertyKind.STEP:
            path = attrs.evolve(path, steps=(*path.steps, self.program.step(ident)))
        trouble = Trouble.MODEL_ERROR if found.error else Trouble.PROPERTY
        return Violated(coverage, trouble, found.property.name, path)

    def _troubled(self, status: Status) -> Verdict:
        if status is Status.FOUND:
            return self._violated()
        memory, coverage = self.memory, self._coverage()
        number, head = memory.error(), memory[Ctx.HEAD]
        memory.clear_error()
        path = self._path(head)
        if status is Status.ERROR:
            assert number is not None
            return Violated(coverage, Trouble.MODEL_ERROR, None, path, self.program.step(number))
        terminal = self.system.terminal
        assert terminal is not None
        trouble = Trouble.DEADLOCK if memory[Ctx.DEAD] == 1 else Trouble.MODEL_ERROR
        return Violated(coverage, trouble, terminal.name, path)

    def _done(self) -> Verdict:
        """Every reachable state was seen: decide what waits for that, in the order of the properties."""
        self.searched = time.perf_counter() - self.started
        coverage = self._coverage()
        for p in self._late():
            if p.kind is PropertyKind.REACHABLE and not self._witnessed(p):
                return Violated(coverage, Trouble.PROPERTY, p.name, None)
            if p.kind is PropertyKind.RECOVERABLE:
                lost = self._lost(p)
                if lost is not None:
                    return Violated(coverage, Trouble.PROPERTY, p.name, self._path(lost))
        witnesses = {p.name: self._path(self._witness(p)) for p in self._late() if p.kind is PropertyKind.REACHABLE}
        return Holds(coverage, witnesses)

    def _lost(self, p: ScalarProperty) -> int | None:
        """The first state from which no path leads to what the property wants."""
        memory = self.memory
        count = memory[Ctx.COUNT]
        if memory.limit is not None and memory.bytes() + memory.slots + count > memory.limit:
            raise OutOfMemory
        marks, done = Region(memory.slots), Region(count)
        memory[Ctx.FIRED] = memory.small.address + 8 * memory.spare
        number = self.system.properties.index(p)
        while sum(self._sweep(number, start, stop, marks, done) for start, stop in self._pieces(count)):
            pass
        lost = done.find(b"\0", count)
        marks.free()
        done.free()
        return None if lost < 0 else lost

    def _sweep(self, number: int, start: int, stop: int, marks: Region, done: Region) -> int:
        self._look()
        return self.program.recover(self.memory.address, number, start, stop, marks.address, done.address)

    def _pieces(self, count: int) -> Iterator[tuple[int, int]]:
        """The states from the last to the first, some at a time."""
        size = max(1_000, self.chunk)
        for stop in range(count, 0, -size):
            yield max(0, stop - size), stop

    # --- coverage ----------------------------------------------------------------------------------

    def _coverage(self) -> Coverage:
        memory = self.memory
        count = memory[Ctx.COUNT]
        seconds = self.searched if self.searched is not None else time.perf_counter() - self.started
        return Coverage(
            states=count,
            transitions=memory[Ctx.TRANSITIONS],
            depth=self._depth(count),
            terminal=memory[Ctx.TERMINAL],
            fired=memory.numbers(memory.fired, len(self.system.actions)),
            frontier=count - memory[Ctx.HEAD],
            bits_per_state=self.program.packing.bits,
            bytes_per_state=memory.bytes() / max(1, count),
            search_seconds=seconds,
            peak_memory=memory.bytes(),
        )

    def _depth(self, count: int) -> int:
        """Levels beyond the first that have a state."""
        return sum(end < count for end in (*self.ends, self.memory[Ctx.LIMIT]))
