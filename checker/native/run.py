"""What does a native run hold in memory?  The context and its arrays, and how they grow.

Rule of the module: every byte a run may use is counted here; growth that would pass the memory budget is
refused before it happens.
"""

from __future__ import annotations

from collections.abc import Sequence

from checker.engines.contract import Path, Step
from checker.native.kernel import BATCH, Ctx
from checker.native.memory import Region
from checker.native.program import Program

NONE = (1 << 64) - 1
LEVELS = 4096  # level ends handed over at a time
POSITIONS = (1 << 32) - 1  # states that the cells of a wide table can name
_FIRST = 1 << 12  # cells of the first table
_QUICK = 1 << 22  # cells up to which a table grows four times
_BESIDE = 3  # notes that are of no property: a deadlock, an error of the terminal predicate, one of an action


class OutOfMemory(Exception):
    """The memory budget does not allow the next growth."""


class Run:
    """The memory of one search or walk."""

    def __init__(self, program: Program, memory: int | None = None) -> None:
        self.program, self.limit = program, memory
        self.room = BATCH + program.instances + 1
        actions, properties = len(program.system.actions), len(program.system.properties)
        self.context = Region(8 * len(Ctx))
        self.small = Region(8 * (actions * 3 + 5 * properties + LEVELS + 1 + 2 * _BESIDE) + 64)
        self.pending = Region(8 * program.words * self.room)
        self.hashes, self.ids = Region(8 * self.room), Region(4 * self.room + 8)
        self.states = Region(16 * program.words)
        self.table, self.slots = Region(8 * _FIRST), _FIRST
        self.capacity = _FIRST // 2
        self.queue = Region(8 * program.words * self.capacity)
        self._layout(actions, properties)

    def _layout(self, actions: int, properties: int) -> None:
        base = self.small.address
        self.fired, self.taken, self.spare = 0, actions, 2 * actions
        self.witness = 3 * actions
        self.levels = self.witness + properties
        self.err = self.levels + LEVELS
        self.notes = self.err + 1
        self.noted = 2 * properties + _BESIDE
        self.small.put(self.witness, [NONE] * properties)
        self.small.put(self.err, [NONE] * (1 + self.noted))
        for word, index in (
            (Ctx.FIRED, self.fired), (Ctx.TAKEN, self.taken), (Ctx.WITNESS, self.witness),
            (Ctx.LEVELS, self.levels), (Ctx.ERR, self.err), (Ctx.NOTES, self.notes),
            (Ctx.NOTE_IDS, self.notes + self.noted),
        ):  # fmt: skip
            self[word] = base + 8 * index
        self[Ctx.PENDING], self[Ctx.HASHES] = self.pending.address, self.hashes.address
        self[Ctx.IDS], self[Ctx.STATE] = self.ids.address, self.states.address
        self[Ctx.LEVEL_CAP], self[Ctx.MAX_STATES] = LEVELS, NONE
        self._publish()

    def __getitem__(self, word: Ctx) -> int:
        return self.context.get(word)

    def __setitem__(self, word: Ctx, value: int) -> None:
        self.context.put(word, [value])

    @property
    def address(self) -> int:
        """The context, for native functions."""
        return self.context.address

    def _publish(self) -> None:
        self[Ctx.QUEUE], self[Ctx.TABLE] = self.queue.address, self.table.address
        self[Ctx.MASK], self[Ctx.CAP] = self.slots - 1, self.capacity

    # --- growth ------------------------------------------------------------------------------------

    def bytes(self) -> int:
        """Memory of the arrays."""
        fixed = self.pending.size + self.hashes.size + self.ids.size + self.small.size
        return fixed + self.table.size + self.queue.size

    def grow(self) -> None:
        """Room for at least twice the states.  Raises OutOfMemory when the budget forbids it."""
        slots = self.slots * (4 if self.slots < _QUICK else 2)
        capacity = slots // 2 + slots // 8
        queue = 8 * self.program.words * capacity
        if self.limit is not None and self.bytes() + 8 * slots + queue - self.queue.size > self.limit:
            raise OutOfMemory
        self.queue.resize(queue)
        self.table.free()
        self.table, self.slots, self.capacity = Region(8 * slots), slots, capacity
        self._publish()
        self.program.rehash(self.address)

    def most(self) -> int:
        """States that the table can name, with one batch to spare."""
        return NONE if self.program.direct else POSITIONS - self.room

    # --- what was found ----------------------------------------------------------------------------

    def state(self, position: int) -> tuple[int, ...]:
        """The words of a state of the queue."""
        return tuple(self.queue.get(position * self.program.words + k) for k in range(self.program.words))

    def numbers(self, index: int, count: int) -> tuple[int, ...]:
        """Some 64-bit words of the small array."""
        return tuple(self.small.get(index + i) for i in range(count))

    def error(self) -> int | None:
        """The instance whose step is an error, once one was met."""
        number = self.small.get(self.err)
        return None if number == NONE else number

    def note(self, place: int) -> tuple[int, int] | None:
        """The first state of which something was noted, and the instance."""
        state = self.small.get(self.notes + place)
        return None if state == NONE else (state, self.small.get(self.notes + self.noted + place))

    def clear_error(self) -> None:
        """Forget the error that was met."""
        self.small.put(self.err, [NONE])

    def path(self, position: int, ends: Sequence[int]) -> tuple[Path, list[tuple[int, ...]]]:
        """The first shortest path to a state of the queue, and the states it is made of; `ends` is where each
        level ends.  Of a reduced search the states are representatives, and the steps lead to their orbits."""
        self[Ctx.FIRED] = self.small.address + 8 * self.spare
        steps: list[Step] = []
        states = [self.state(position)]
        level = next((i for i, end in enumerate(ends) if position < end), len(ends))
        while level:
            level -= 1
            self.states.put(0, self.state(position))
            start = ends[level - 1] if level else 0
            position = self.program.predecessor(self.address, start, ends[level], self.states.address)
            self.clear_error()
            steps.append(self.program.step(self[Ctx.FOUND_ID]))
            states.append(self.state(position))
        return Path(self.program.unpack(states[-1]), tuple(reversed(steps))), states[::-1]

    def represented(self, state: Sequence[int]) -> tuple[int, ...]:
        """The representative of a state's orbit."""
        self.states.put(0, state)
        self.program.represent(self.states.address)
        return self._own_state()

    def weight(self, state: Sequence[int]) -> int:
        """How many states the orbit of a representative has."""
        self.states.put(0, state)
        return self.program.weigh(self.states.address)

    def follow(self, state: Sequence[int], target: Sequence[int]) -> tuple[tuple[int, ...], int]:
        """The first step from a real state into the orbit of a representative: where it leads, its instance."""
        here, there = self.states.address, self.states.address + 8 * self.program.words
        self.states.put(0, [*state, *target])
        spare = self.small.address + 8 * self.spare
        error = self.small.address + 8 * self.err
        number = self.program.follow(here, there, self.pending.address, self.ids.address, spare, error)
        self.clear_error()
        assert number >= 0, "no step leads into the orbit of the next representative"
        return self._own_state(), number

    def _own_state(self) -> tuple[int, ...]:
        return tuple(self.states.get(k) for k in range(self.program.words))

    def put_pending(self, states: Sequence[Sequence[int]]) -> None:
        """Hand over states to take in."""
        self.pending.put(0, [w for s in states for w in s])
        self[Ctx.WAITING] = len(states)
