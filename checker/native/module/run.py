"""What does one native thread hold in memory?  Its context, its successors, its counters and its notes.

Rule of the module: nothing here is shared; what threads share is in `native/store/`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import attrs

from interlock.checker.native.kernel import BUFFER, NONE, PARENTS, Ctx, Note
from interlock.checker.native.module.memory import Region
from interlock.checker.native.module.program import Program
from interlock.checker.semantics.layout import WORD

__all__ = ["NONE", "Noted", "Run", "smallest"]

_MEMO_BITS = 9  # of the number of parts of wide states that a thread remembers at first: 8 KiB, in the first cache


@attrs.frozen
class Noted:
    """A note: the words of the state, and the instance of the step or the error."""

    state: tuple[int, ...]
    ident: int


def smallest(program: Program, notes: Iterable[Noted]) -> Noted:
    """Of some notes, the one of the smallest state, and of the first instance."""
    return min(notes, key=lambda n: (program.order(n.state), n.ident))


class Run:
    """The memory of one thread."""

    def __init__(self, program: Program) -> None:
        self.program, shape = program, program.shape
        room = BUFFER + program.instances + 1
        actions = len(program.system.actions)
        self.context = Region(8 * len(Ctx))
        self.fired, self.taken, self.spare, self.err = 0, actions, 2 * actions, 3 * actions
        self.notes = self.err + 1
        self.best = self.notes + shape.note(shape.places)
        self.nodes = self.best + shape.note(1)
        seats = PARENTS if shape.folded else 1
        self.small = Region(8 * (self.nodes + 2 * shape.parts * seats))
        self.pending = Region(8 * shape.words * room)
        self.keys = Region(8 * room) if shape.folded else self.pending
        self.hashes, self.later, self.ids = Region(8 * room), Region(16 * room), Region(4 * room + 8)
        self.states, self.scratch = Region(8 * shape.words * seats), Region(16 * shape.words)
        self.memo = Region(16 << _MEMO_BITS) if shape.folded else self.states
        asked = shape.parts * (program.instances + 1)
        self.asked = Region(16 * asked) if shape.folded else self.states
        self[Ctx.ASKED], self[Ctx.ASKED_ROOM] = self.asked.address, asked
        self[Ctx.MEMO], self[Ctx.MEMO_SHIFT] = self.memo.address, WORD - _MEMO_BITS
        for word, region in (
            (Ctx.PENDING, self.pending), (Ctx.KEYS, self.keys), (Ctx.HASHES, self.hashes),
            (Ctx.LATER, self.later), (Ctx.IDS, self.ids), (Ctx.STATE, self.states),
        ):  # fmt: skip
            self[word] = region.address
        for word, index in (
            (Ctx.FIRED, self.fired), (Ctx.ERR, self.err), (Ctx.NOTES, self.notes), (Ctx.STATE_NODES, self.nodes),
        ):  # fmt: skip
            self[word] = self.word(index)
        for word in (Ctx.TAKEN_BLOCK, Ctx.FILLED_BLOCK, Ctx.SPARE_ITEM):
            self[word] = NONE
        self.clear_error()

    def __getitem__(self, word: Ctx) -> int:
        return self.context.get(word)

    def __setitem__(self, word: Ctx, value: int) -> None:
        self.context.put(word, [value])

    @property
    def address(self) -> int:
        """The context, for native functions."""
        return self.context.address

    def word(self, index: int) -> int:
        """The address of a word of the small array."""
        return self.small.address + 8 * index

    def bytes(self) -> int:
        """Memory of the arrays."""
        arrays = {
            self.context,
            self.small,
            self.pending,
            self.keys,
            self.hashes,
            self.later,
            self.ids,
            self.states,
            self.scratch,
            self.memo,
            self.asked,
        }
        return sum(region.size for region in arrays)

    def numbers(self, index: int, count: int) -> tuple[int, ...]:
        """Some 64-bit words of the small array."""
        return tuple(self.small.get(index + i) for i in range(count))

    def remember(self, bits: int) -> None:
        """Let the thread remember 2**bits parts of wide states, if that is more than so far."""
        if 16 << bits > self.memo.size:
            self.memo.free()
            self.memo = Region(16 << bits)
            self[Ctx.MEMO], self[Ctx.MEMO_SHIFT] = self.memo.address, WORD - bits

    def waiting(self) -> int:
        """Successors that are not inserted yet."""
        return self[Ctx.WAITING] - self[Ctx.INSERTED]

    def uncounted(self) -> None:
        """What is expanded from now on is not counted as steps taken."""
        self[Ctx.FIRED] = self.word(self.spare)

    def origin(self, state: Sequence[int]) -> tuple[int, tuple[int, ...]]:
        """The first initial instance that leads to a state that was found, or into its orbit; and where it leads."""
        program, words = self.program, self.program.words
        out, target = self.scratch.address, self.scratch.address + 8 * words
        self.scratch.put(words, state)
        number = program.origin(0, program.starts[-1], target, out, self.word(self.err))
        self.clear_error()
        assert number >= 0, "no initial instance leads to a state of depth 0"
        return number, self._at_work()

    # --- orbits, of a reduced search ---------------------------------------------------------------

    def represented(self, state: Sequence[int]) -> tuple[int, ...]:
        """The representative of a state's orbit."""
        self.scratch.put(0, state)
        self.program.represent(self.scratch.address)
        return self._at_work()

    def weight(self, state: Sequence[int]) -> int:
        """How many states the orbit of a representative has."""
        self.scratch.put(0, state)
        return self.program.weigh(self.scratch.address)

    def follow(self, state: Sequence[int], target: Sequence[int]) -> tuple[tuple[int, ...], int]:
        """The first step from a real state into the orbit of a representative: where it leads, its instance."""
        here, there = self.scratch.address, self.scratch.address + 8 * self.program.words
        self.scratch.put(0, [*state, *target])
        spare, error = self.word(self.spare), self.word(self.err)
        number = self.program.follow(here, there, self.pending.address, self.ids.address, spare, error)
        self.clear_error()
        assert number >= 0, "no step leads into the orbit of the next representative"
        return self._at_work(), number

    def _at_work(self) -> tuple[int, ...]:
        return tuple(self.scratch.get(k) for k in range(self.program.words))

    # --- what was found ----------------------------------------------------------------------------

    def error(self) -> int | None:
        """The instance whose step is an error, once one was met."""
        number = self.small.get(self.err)
        return None if number == NONE else number

    def clear_error(self) -> None:
        """Forget the error that was met."""
        self.small.put(self.err, [NONE])

    def noted(self) -> bool:
        """Whether anything was noted since the notes were taken."""
        return self.small.get(self.notes) != 0

    def note(self, place: int) -> Noted | None:
        """What is noted at a place."""
        return self._read(self.notes + self.program.shape.note(place))

    def taken_notes(self) -> dict[int, Noted]:
        """All open notes by their places; the word that says there are some is cleared."""
        self.small.put(self.notes, [0])
        found = {place: self.note(place) for place in range(self.program.shape.places)}
        return {place: note for place, note in found.items() if note is not None}

    def put_note(self, place: int, note: Noted) -> None:
        """Note something."""
        self.small.put(self.notes + self.program.shape.note(place), [Note.TAKEN, note.ident, *note.state])
        self.small.put(self.notes, [1])

    def closed(self, place: int) -> bool:
        """Whether nothing more is noted at a place."""
        return self.small.get(self.notes + self.program.shape.note(place) + Note.STATUS) == Note.CLOSED

    def close(self, place: int, status: int = Note.CLOSED) -> None:
        """Note nothing more at a place (or, with OPEN, forget what was)."""
        self.small.put(self.notes + self.program.shape.note(place) + Note.STATUS, [status])

    def take_best(self) -> Noted | None:
        """The smallest state that was looked for, if there is one; it is forgotten."""
        found = self._read(self.best + self.program.shape.note(0))
        self.small.put(self.best, [0] * self.program.shape.note(1))
        return found

    def _read(self, index: int) -> Noted | None:
        status, ident, *state = self.numbers(index, self.program.shape.note_words)
        return Noted(tuple(state), ident) if status == Note.TAKEN else None
