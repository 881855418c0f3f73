"""What does a thread that walks hold in memory?  Its context, its counts, its notes, and the walk at hand.

Rule of the module: what a thread counts is its own until it is taken over, so that what does not count can be
thrown away.
"""

from __future__ import annotations

import ctypes
from collections.abc import Mapping, Sequence

from interlock.checker.native import kernel
from interlock.checker.native.code.moves import choice_code
from interlock.checker.native.code.text import INTRINSICS
from interlock.checker.native.kernel import NONE, Note, Status, Way
from interlock.checker.native.kernel.walk import STEPS, TAKEN, TERMINAL
from interlock.checker.native.module.memory import Region
from interlock.checker.native.module.program import Program

LISTED = 1 << 22  # initial instances up to which those that are enabled are listed, in a tenth of a second


class Walks(Program):
    """A system compiled for random walks: which instances are enabled, and where one of them leads."""

    def assembly(self) -> str:
        """The module as LLVM assembly."""
        choices = choice_code(self.system, self.packing, self.bases)
        faults = sum(action.fault is not None for action in self.system.actions)
        kernel_code = kernel.walks_text(self.shape, self.starts[-1], faults)
        return "\n".join([INTRINSICS, choices, self.judging_code(), self.initial_code(), kernel_code])

    @property
    def asked_of(self) -> Mapping[str, int]:
        """See `Program`."""
        return {"enabled": 4, "move": 3, "initial": 3, **self.judging}

    def bind(self) -> None:
        """Find the functions."""
        self.walk, self.replay = self.library.function("walk", 3), self.library.function("replay", 3)
        self.fan = self.library.function("fan", 1)
        self.initial, self.listed = self.library.function("initial", 3), self.library.function("listed", 4)
        self.add, self.tally = self.library.function("add", 3), self.library.function("tally", 3)


class Counts:
    """Steps, terminal states, and how often each instance was taken."""

    def __init__(self, program: Walks) -> None:
        self.program, self._size = program, TAKEN + program.instances
        self.region = Region(8 * self._size)
        self._sum = Region(8)

    @property
    def steps(self) -> int:
        """Steps of walks."""
        return self.region.get(STEPS)

    @property
    def terminal(self) -> int:
        """States that walks ended in because no instance was enabled."""
        return self.region.get(TERMINAL)

    def take_over(self, other: Counts) -> None:
        """Add what another counted, which then has counted nothing."""
        self.program.add(self.region.address, other.region.address, self._size)

    def by_action(self) -> list[tuple[int, int]]:
        """By action: how often it was taken, and how many of its instances ever were."""
        found, bases = [], self.program.bases
        for first, end in zip(bases, bases[1:], strict=False):
            address = self.region.address + 8 * (TAKEN + first)
            some = self.program.tally(address, end - first, self._sum.address)
            found.append((self._sum.get(0), some))
        return found


class Starts:
    """The initial instances that are enabled, as far as they were listed: 32-bit numbers."""

    def __init__(self, program: Walks, room: int) -> None:
        """With room for `room` numbers."""
        self.program, self.count = program, 0
        self.region, self._err = Region(4 * room + 4), Region(8)

    def list(self, start: int, stop: int) -> int | None:
        """List those from a number on, up to another; or say which is an error of the model."""
        self._err.put(0, [NONE])
        out = self.region.address + 4 * self.count
        self.count += self.program.listed(start, stop, out, self._err.address)
        number = self._err.get(0)
        return None if number == NONE else number

    def numbers(self) -> Sequence[int]:
        """Those that were listed, ascending."""
        found: Sequence[int] = (ctypes.c_uint32 * self.count).from_address(self.region.address)  # type: ignore[assignment]
        return found


class Walker:
    """The memory of one thread, for walks of at most `longest` steps."""

    def __init__(self, program: Walks, longest: int = 0) -> None:
        self.program, shape = program, program.shape
        room = program.instances + 1
        self._words = Region(8 * len(Way))
        self._small = Region(8 * (1 + shape.note(shape.places)))
        self._states, self._ids = Region(16 * shape.words), Region(4 * room)
        self._trace = Region(4 * longest + 8)
        self.counts = Counts(program)
        for word, region in (
            (Way.STATE, self._states), (Way.IDS, self._ids), (Way.COUNTS, self.counts.region),
            (Way.TRACE, self._trace), (Way.ERR, self._small),
        ):  # fmt: skip
            self[word] = region.address
        self[Way.NOTES], self[Way.LONGEST] = self._small.address + 8, longest
        self._forget_error()

    def __getitem__(self, word: Way) -> int:
        return self._words.get(word)

    def __setitem__(self, word: Way, value: int) -> None:
        self._words.put(word, [value])

    def size(self) -> int:
        """Bytes of the arrays."""
        arrays = (self._words, self._small, self._states, self._ids, self._trace, self.counts.region)
        return sum(region.size for region in arrays)

    # --- walks -------------------------------------------------------------------------------------

    def walk(self, first: int, count: int) -> int:
        """So many walks from number `first` on: a Status."""
        return self.program.walk(self._words.address, first, count)

    def taken(self) -> list[int]:
        """The instances of the walk at hand."""
        return list((ctypes.c_uint32 * self[Way.LENGTH]).from_address(self._trace.address))

    def error(self) -> int | None:
        """The instance whose step is an error, if one was met; it is forgotten."""
        number = self._small.get(0)
        self._forget_error()
        return None if number == NONE else number

    def _forget_error(self) -> None:
        self._small.put(0, [NONE])

    def seen(self, place: int) -> bool:
        """Whether a state was noted at a place; nothing more is noted there."""
        status = 1 + self.program.shape.note(place) + Note.STATUS
        if self._small.get(status) == Note.OPEN:
            return False
        self._small.put(status, [Note.CLOSED])
        return True

    def initial(self, number: int) -> tuple[int, ...] | None:
        """The state that an initial instance leads to; None where it is disabled, or an error."""
        made = self.program.initial(number, self._states.address, self._small.address)
        self._forget_error()
        return self.state() if made else None

    def begins(self, number: int) -> bool:
        """Whether an initial instance is enabled, or an error."""
        return bool(self.program.initial(number, self._states.address, self._small.address)) or self.error() is not None

    # --- given steps -------------------------------------------------------------------------------

    def replay(self, state: Sequence[int], steps: Sequence[int]) -> Status:
        """Take steps from a state; LENGTH says how many were taken."""
        self._states.put(0, state)
        cells = (ctypes.c_uint32 * max(1, len(steps)))(*steps)
        return Status(self.program.replay(self._words.address, ctypes.addressof(cells), len(steps)))

    def state(self) -> tuple[int, ...]:
        """The state that a replay ended in."""
        return tuple(self._states.get(k) for k in range(self.program.words))

    def enabled(self) -> list[int]:
        """The enabled instances of that state, ascending."""
        return list((ctypes.c_uint32 * self[Way.COUNT]).from_address(self._ids.address))

    def fan(self, state: bytes) -> Status:
        """Take all steps from a state (its words as bytes); `reached` says where they lead."""
        if not self[Way.AFTER]:
            room = self.program.instances + 1
            self._after, self._codes = Region(8 * self.program.words * room), Region(8 * room)
            self[Way.AFTER], self[Way.CODES] = self._after.address, self._codes.address
        ctypes.memmove(self._states.address, state, len(state))
        return Status(self.program.fan(self._words.address))

    def reached(self) -> list[tuple[int, bytes, int]]:
        """By enabled instance, ascending: its number, the state it leads to, and what is wrong with that (a code)."""
        n, size = self[Way.COUNT], 8 * self.program.words
        states = ctypes.string_at(self._after.address, n * size)
        codes = (ctypes.c_uint64 * n).from_address(self._codes.address)
        starts = range(0, n * size, size)
        return [(i, states[a : a + size], code) for i, a, code in zip(self.enabled(), starts, codes, strict=True)]
