"""Which states can be reached, and does everything claimed hold in all of them?

Rule of the module: breadth first, every state once, in one fixed order; so counts, verdict and path are the
same on every run, and a counterexample is as short as any.  A property of states is judged when a state is
found, a property of steps when the step is made, deadlock and errors of the model when a state is expanded.
A task that asks for `every` violation is searched to the end, and each thing that is violated is kept with
the first state of which it is.  Where a system is symmetric in its scalarsets one state of each orbit is kept
(`reduction`); the counts, the verdict and the path are of the system itself.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

import attrs

from checker.engines import reduction
from checker.engines.contract import (
    Coverage,
    Holds,
    NoneWithin,
    Path,
    Step,
    Symmetry,
    Task,
    Trouble,
    Unknown,
    Verdict,
    Violated,
)
from checker.ir.nodes import PropertyKind
from checker.ir.passes.symmetry import Symmetries
from checker.ir.scalar import ScalarProperty
from checker.native.kernel import BATCH, Ctx, Status
from checker.native.memory import Region
from checker.native.program import Found, Program
from checker.native.run import LEVELS, NONE, OutOfMemory, Run

_PAUSE = 0.1  # seconds of native search between looks at the budget
_REPORT = 0.5  # seconds between calls of `progress`
_FIRST_CHUNK = 5_000


class Explore:
    """Exhaustive breadth-first search in native code."""

    name = "explore"
    knows = frozenset({"time", "memory", "states", "depth", "all", "symmetry"})

    def run(self, task: Task) -> Verdict:
        """Decide the task as far as the budget goes."""
        found = reduction.at_first(task)
        search = _Search(task, found)
        try:
            return search.run()
        except _Reducible as more:
            return _Search(task, more.found, search.started).run()


class _Stop(Exception):
    """A budget ended the run; the reason is the argument."""


class _Reducible(Exception):
    """A solver found more symmetry than the search is reduced by: it begins again."""

    def __init__(self, found: Symmetries) -> None:
        self.found = found


class _Search:
    def __init__(self, task: Task, found: Symmetries, started: float | None = None) -> None:
        self.task, self.system, self.found = task, task.system, found
        self.quotient = reduction.reduced_by(task.system, found)
        self.program = Program(task.system, every=task.every, quotient=self.quotient)
        self.memory = Run(self.program, task.budget.memory)
        self.ends: list[int] = []
        self.late: list[Violated] = []
        self.reported = time.perf_counter()
        self.started = self.reported if started is None else started
        self.searched: float | None = None
        self.chunk = _FIRST_CHUNK
        memory = self.memory
        memory[Ctx.STOP] = int(self.system.terminal is None and not any(a.errors for a in self.system.actions))
        self.most = memory.most() if task.budget.states is None else min(task.budget.states, memory.most())
        self.worth = reduction.worth(self.program)
        self.asking = found.open and started is None and task.symmetry is Symmetry.AUTO
        memory[Ctx.MAX_STATES] = min(self.worth, self.most) if self.asking else self.most

    def run(self) -> Verdict:
        try:
            self._admit()
            return self._search()
        except _Stop as stop:
            return self._undecided(str(stop))
        except OutOfMemory:
            return self._undecided(self.task.budget.memory_reached)

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
        if self.memory[Ctx.FOUND] and not self.task.every:
            return self._violated()
        self._look()
        if self.task.budget.depth == 0:
            return self._within(0)
        while True:
            status = self._advance()
            if status is Status.GROW:
                self._grow()
            elif status is Status.MAX_STATES and self.asking:
                self._ask()
            elif status is Status.MAX_STATES:
                raise _Stop(self._full())
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

    def _grow(self) -> None:
        try:
            self.memory.grow()
        except OutOfMemory:
            if not self.asking:
                raise
            self._ask()
            self.memory.grow()

    def _ask(self) -> None:
        """The search has become long, or too large: is there more symmetry than was plain to see?"""
        self.asking = False
        self.memory[Ctx.MAX_STATES] = self.most
        found = reduction.by_solver(self.system, self.task.budget.seconds)
        if len(found.sorts) > len(self.found.sorts):
            raise _Reducible(found)
        self.found = found

    def _look(self) -> None:
        """Look at the clock and at who waits."""
        now = time.perf_counter()
        budget = self.task.budget
        if budget.seconds is not None and time.monotonic() - self.task.started > budget.seconds:
            raise _Stop(budget.time_reached)
        if self.task.interrupted():
            raise _Stop("interrupted")
        if now - self.reported >= _REPORT:
            self.reported = now
            self.task.progress(self._coverage())

    def _full(self) -> str:
        if self.most == self.task.budget.states:
            return f"states budget of {self.most} reached"
        return f"states of {self.program.packing.bits} bits: the table has room for {self.most} of them, no more"

    def _within(self, depth: int) -> Verdict:
        """All states so deep were found, and those before them expanded."""
        verdict = self._probe() or self._every(f"depth budget of {depth} reached")
        if verdict is not None:
            return verdict
        undecided = [p.name for p in self._late() if not self._witnessed(p)]
        notes = (f"not decided within the depth: {', '.join(undecided)}",) if undecided else ()
        coverage = self._coverage()
        return NoneWithin(attrs.evolve(coverage, notes=(*coverage.notes, *notes)), depth)

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
        return self._path_to(position)[0]

    def _path_to(self, position: int, last: Step | None = None, found: Found | None = None) -> tuple[Path, Step | None]:
        """A path to a state that was found (of a reduced search: to one of its orbit), and the step `last` from
        there, which is wrong (`reduction.real_step`)."""
        coverage = self._coverage()  # rebuilding the path is no part of the search
        self.searched = coverage.search_seconds
        path, states = self.memory.path(position, [*self.ends, self.memory[Ctx.LIMIT]])
        if self.quotient is None:
            return path, last
        path, end = reduction.real_path(self.memory, states)
        return path, None if last is None else reduction.real_step(self.program, end, last, found)

    def _violated(self) -> Verdict:
        """By a state that was found, or by a step."""
        memory = self.memory
        return self._false(memory[Ctx.FOUND], memory[Ctx.FOUND_STATE], memory[Ctx.FOUND_ID])

    def _false(self, code: int, position: int, ident: int) -> Violated:
        """What a code of `Program` says of a state, or of a step from it."""
        found = self.program.found(code)
        if found.property.kind is PropertyKind.STEP:
            path, last = self._path_to(position, self.program.step(ident), found)
            assert last is not None
            path = attrs.evolve(path, steps=(*path.steps, last))
        else:
            path = self._path(position)
        trouble = Trouble.MODEL_ERROR if found.error else Trouble.PROPERTY
        return Violated(self._coverage(), trouble, found.property.name, path)

    def _troubled(self, status: Status) -> Verdict:
        if status is Status.FOUND:
            return self._violated()
        memory = self.memory
        number, head = memory.error(), memory[Ctx.HEAD]
        memory.clear_error()
        if status is Status.ERROR:
            assert number is not None
            return self._failed(head, number)
        return self._dead(head, memory[Ctx.DEAD])

    def _failed(self, position: int, number: int) -> Violated:
        path, step = self._path_to(position, self.program.step(number))
        return Violated(self._coverage(), Trouble.MODEL_ERROR, None, path, step)

    def _dead(self, position: int, code: int) -> Violated:
        terminal = self.system.terminal
        assert terminal is not None
        trouble = Trouble.DEADLOCK if code == 1 else Trouble.MODEL_ERROR
        path = self._path(position)
        return Violated(self._coverage(), trouble, terminal.name, path)

    def _done(self) -> Verdict:
        """Every reachable state was seen: decide what waits for that, in the order of the properties."""
        self.searched = time.perf_counter() - self.started
        left_out = self._left_out()
        for p in self._late():
            if p.name not in left_out:
                refuted = self._refuted(p)
                if refuted is not None and not self.task.every:
                    return refuted
                self.late += [] if refuted is None else [refuted]
        verdict = self._every("")
        if verdict is not None:
            notes = tuple(f"{name}: not judged, for the model has errors" for name in left_out)
            coverage = verdict.coverage
            return attrs.evolve(verdict, coverage=attrs.evolve(coverage, notes=(*coverage.notes, *notes)))
        witnesses = {p.name: self._path(self._witness(p)) for p in self._late() if p.kind is PropertyKind.REACHABLE}
        return Holds(self._coverage(), witnesses)

    def _refuted(self, p: ScalarProperty) -> Violated | None:
        """Of an exhausted search: a property that no state has, or from some state no path leads to."""
        if p.kind is PropertyKind.REACHABLE:
            return None if self._witnessed(p) else Violated(self._coverage(), Trouble.PROPERTY, p.name, None)
        lost = self._lost(p)
        return None if lost is None else Violated(self._coverage(), Trouble.PROPERTY, p.name, self._path(lost))

    # --- everything that is violated ---------------------------------------------------------------

    def _undecided(self, reason: str) -> Verdict:
        return self._every(reason) or Unknown(self._coverage(), reason)

    def _every(self, unjudged: str) -> Violated | None:
        """All violations as one verdict: of the first that a search would stop at, with the others."""
        found = [*self._noted(), *self.late] if self.task.every else []
        if not found:
            return None
        coverage = self._coverage()
        first, *others = (attrs.evolve(v, coverage=coverage) for v in found)
        return attrs.evolve(first, others=tuple(others), unjudged=unjudged)

    def _noted(self) -> list[Violated]:
        """What the search noted, in the order in which it would have stopped there."""
        memory, size = self.memory, 2 * len(self.system.properties)
        order: list[tuple[tuple[int, ...], Violated]] = []
        for place in range(size + 3):
            note = memory.note(place)
            if note is None:
                continue
            if place < size:
                verdict, kind = self._false(place + 1, *note), int(place + 1 != memory[Ctx.FOUND])
            else:
                verdict = self._failed(*note) if place == size + 2 else self._dead(note[0], place - size + 1)
                kind = 2
            assert verdict.path is not None
            order.append(((len(verdict.path.steps), kind, note[0], place), verdict))
        return [verdict for _, verdict in sorted(order, key=lambda pair: pair[0])]

    def _left_out(self) -> list[str]:
        """Late properties that nothing is said of: what they wait for may lie beyond an error of the model."""
        if not self.task.every:
            return []
        properties, note = self.system.properties, self.memory.note
        if note(2 * len(properties) + 2) is not None:
            return [p.name for p in self._late()]
        return [p.name for p in self._late() if note(2 * properties.index(p) + 1) is not None]

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
            states=memory[Ctx.REAL],
            transitions=memory[Ctx.TRANSITIONS],
            depth=self._depth(count),
            terminal=memory[Ctx.TERMINAL],
            fired=memory.numbers(memory.fired, len(self.system.actions)),
            orbits=None if self.quotient is None else count,
            symmetry=() if self.quotient is None else tuple(s.name for s in self.quotient.sorts),
            frontier=count - memory[Ctx.HEAD],
            bits_per_state=self.program.packing.bits,
            bytes_per_state=memory.bytes() / max(1, count),
            search_seconds=seconds,
            peak_memory=memory.bytes(),
            notes=self._unreduced() if count > self.worth else (),
        )

    def _unreduced(self) -> tuple[str, ...]:
        """Why a long search was not reduced further."""
        return tuple(f"not reduced by the symmetry of {r.sort.name}: {r.reason}" for r in self.found.refused)

    def _depth(self, count: int) -> int:
        """Levels beyond the first that have a state."""
        return sum(end < count for end in (*self.ends, self.memory[Ctx.LIMIT]))
