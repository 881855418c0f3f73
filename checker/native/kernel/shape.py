"""What does the kernel know of a state?  How wide it is, what its key is, and small code over both.

Rule of the module: a state has one key, of fewer than 64 bits.  A state that leaves a bit of its one word free
is its own key; a wider one is folded into a tree, and its key is the pair at the top (`tree.py`).
"""

from __future__ import annotations

import enum

import attrs

from interlock.checker.native.code.text import Address, Bit, Code, Number, Word
from interlock.checker.native.kernel.context import CTX, Ctx

# Bits of the number of a part of a folded state: a key is two of them, and leaves 8 bits of a cell for its tag.
PART = 28
MULTIPLIER = 0xD6E8FEB86659FD93
_SIGNED_MULTIPLIER = MULTIPLIER - (1 << 64)  # as LLVM writes it


class Expanding(enum.IntEnum):
    """What can be wrong when a state is expanded: the places of notes after those of properties, in order."""

    DEADLOCK = 0
    TERMINAL_ERROR = 1  # of the model, while the terminal predicate is evaluated
    ACTION_ERROR = 2  # of the model, in an action


@attrs.frozen
class Judged:
    """What can be noted of a property (by its position): that it is violated, or witnessed; or, with `error`, an error of
    the model while it is evaluated."""

    position: int
    error: bool = False

    @classmethod
    def at(cls, place: int) -> Judged:
        """What is noted at a place, one before `Shape.dead`."""
        position, error = divmod(place, 2)
        return cls(position, bool(error))

    @property
    def place(self) -> int:
        """Where among the notes it is noted."""
        return 2 * self.position + self.error

    @property
    def code(self) -> int:
        """How `@check` and `@check_step` say it; 0 is nothing."""
        return self.place + 1


class Note:
    """Words of a note: whether it is open, taken or closed, the instance, and then the state."""

    STATUS, IDENT, STATE = 0, 1, 2
    OPEN, TAKEN, CLOSED = 0, 1, 2


@attrs.frozen
class Shape:
    """What the kernel is written for.

    A state has `bits` bits in `words` words, the system so many `properties` as that number says, and some of them are of
    `steps`.  `every`: each property has notes of its own, not only the first that is violated.  `reduced`: one state of
    each orbit is kept (`native/code/symmetry.py`).  `marks`: of how many bits the marks of states may be, one for each goal
    of a RECOVERABLE property that can be reached from there.
    """

    bits: int
    words: int
    properties: int
    steps: bool = False
    every: bool = False
    reduced: bool = False
    marks: tuple[int, ...] = ()

    @property
    def folded(self) -> bool:
        """Whether states are kept as trees."""
        return self.bits >= 64 or self.words > 1

    @property
    def parts(self) -> int:
        """Leaves of the tree of a folded state: its words, or the halves of its only word."""
        return max(2, self.words)

    @property
    def key_bits(self) -> int:
        """Bits of a key."""
        return 2 * PART if self.folded else self.bits

    @property
    def key_mask(self) -> int:
        """The bits of a key."""
        return (1 << self.key_bits) - 1

    @property
    def note_words(self) -> int:
        """Words of one note."""
        return Note.STATE + self.words

    def note(self, place: int) -> int:
        """Where among the notes one begins; before the first is a word that says whether there is any."""
        return 1 + place * self.note_words

    @property
    def dead(self) -> int:
        """The place of the first note that is not of a property: see `Expanding`."""
        return Judged(self.properties).place

    def expanding(self, what: Expanding) -> int:
        """The place of a note of what is wrong when a state is expanded."""
        return self.dead + what

    @property
    def places(self) -> int:
        """How many notes there are."""
        return self.dead + len(Expanding)

    # --- code over states --------------------------------------------------------------------------

    def at(self, code: Code, base: Address, index: Number) -> Address:
        """The address of a state in an array of them."""
        return code.at(base, code.mul(index, self.words))

    def copy(self, code: Code, source: Address, target: Address) -> None:
        """Copy a state."""
        for i, word in enumerate([code.load(source, i) for i in range(self.words)]):
            code.store(word, target, i)

    def successors(self, code: Code, state: Address, n: Number, weight: Number = 1) -> Word:
        """Write all successors of a state from PENDING[n] on, each counted as `weight` steps; the n after them."""
        out, ids = code.pointer(CTX, Ctx.PENDING), code.pointer(CTX, Ctx.IDS)
        fired, err = code.pointer(CTX, Ctx.FIRED), code.pointer(CTX, Ctx.ERR)
        memory = f"ptr {state}, ptr {out}, ptr {ids}, i64 {n}, ptr {fired}, ptr {err}"
        return code.word(f"call i64 @expand({memory}, i64 {weight})")

    def represent(self, code: Code, state: Address) -> None:
        """Put the representative of its orbit in the place of a successor or an initial state, where that is kept."""
        if self.reduced:
            code.word(f"call i64 @canonical(ptr {state})")

    def weight(self, code: Code, state: Address) -> Number:
        """How many states a kept one stands for."""
        return code.word(f"call i64 @weight(ptr {state})") if self.reduced else 1

    def state_of(self, code: Code, key: Word, seat: Number = 0) -> Address:
        """The address of the state that has a key, at work in STATE; of wide states, at a seat of several."""
        state = code.pointer(CTX, Ctx.STATE)
        if self.folded:
            code.word(f"call i64 @unfold(ptr %c, i64 {key}, i64 {seat})")
            return self.at(code, state, seat)
        code.store(key, state)
        return state

    def soon(self, code: Code, key: Word) -> None:
        """Ask for the parts of the wide state that comes next; of what lies after the last one, for anything."""
        items = code.pointer(CTX, Ctx.ITEMS)
        for number in (code.shr(key, PART), key):
            code.prefetch(code.at(items, code.band(number, (1 << PART) - 1)), 0)

    def key_of(self, code: Code, state: Address, seat: Number = 0) -> Word:
        """The key of a state, which may be one that shares parts with the state at work, at a seat."""
        return code.word(f"call i64 @fold(ptr %c, ptr {state}, i64 {seat})") if self.folded else code.load(state)

    def nodes(self, code: Code, seat: Number) -> Address:
        """Where the parts of the wide state at a seat have their numbers."""
        return code.at(code.pointer(CTX, Ctx.STATE_NODES), code.mul(seat, 2 * self.parts))

    def depth_of(self, code: Code, cell: Word, slot: Word) -> Word:
        """The depth of the state in a cell of the table."""
        depth = code.var(code.sub(code.shr(cell, self.key_bits), 1))
        side = code.pointer(CTX, Ctx.SIDE)
        with code.when(code.not_null(side)):
            wide = code.cmp("ne", code.load(CTX, Ctx.SIDE_WIDE), 0)
            with code.when(wide):
                code.set(depth, code.load32(side, slot))
            with code.unless(wide):
                code.set(depth, code.load_narrow(16, side, slot))
        return code.get(depth)

    def set_depth(self, code: Code, slot: Word, depth: Word) -> None:
        """Keep the depth of a new cell, where the cell itself does not."""
        side = code.pointer(CTX, Ctx.SIDE)
        with code.when(code.not_null(side)):
            wide = code.cmp("ne", code.load(CTX, Ctx.SIDE_WIDE), 0)
            with code.when(wide):
                code.store32(depth, side, slot)
            with code.unless(wide):
                code.store_narrow(16, depth, side, slot)

    # --- functions ---------------------------------------------------------------------------------

    def text(self) -> str:
        """The functions over states that other parts of the kernel call."""
        return "\n".join([hash_text(), self._same(), self._keep()])

    def _same(self) -> str:
        """`@same(a, b) -> i1`."""
        code = Code("define internal i1 @same(ptr %a, ptr %b) alwaysinline nounwind")
        a, b = Address("%a"), Address("%b")
        different = code.xor(code.load(a), code.load(b))
        for i in range(1, self.words):
            different = code.bor(different, code.xor(code.load(a, i), code.load(b, i)))
        return code.finish_bit(code.cmp("eq", different, 0))

    def _keep(self) -> str:
        """`@keep(notes, place, state, id)`: note the state, unless the note is closed or has a smaller one."""
        code = Code("define internal i64 @keep(ptr %notes, i64 %place, ptr %s, i64 %id) nounwind")
        notes, place, state, ident = Address("%notes"), Word("%place"), Address("%s"), Word("%id")
        note = code.at(notes, code.add(code.mul(place, self.note_words), 1))
        status = code.load(note, Note.STATUS)
        code.leave(code.cmp("eq", status, Note.CLOSED), 0)
        noted = code.at(note, Note.STATE)
        with code.when(code.cmp("eq", status, Note.TAKEN)):
            code.leave(less(code, noted, state), 0)
            equal = same(code, noted, state)
            code.leave(code.all(equal, code.cmp("ule", code.load(note, Note.IDENT), ident)), 0)
        code.store(Note.TAKEN, note, Note.STATUS)
        code.store(ident, note, Note.IDENT)
        self.copy(code, state, noted)
        code.store(1, notes)
        return code.finish()


def hash_text() -> str:
    """`@hash(key) -> i64`, to be used from its high bits down."""
    code = Code("define internal i64 @hash(i64 %key) alwaysinline nounwind")
    key = Word("%key")
    h = code.mul(code.xor(key, code.shr(key, 32)), _SIGNED_MULTIPLIER)
    return code.finish(code.mul(code.xor(h, code.shr(h, 32)), _SIGNED_MULTIPLIER))


# --- calls -----------------------------------------------------------------------------------------


def hashed(code: Code, key: Word) -> Word:
    """The hash of a key, or of a part of a wide state."""
    return code.word(f"call i64 @hash(i64 {key})")


def same(code: Code, a: Address, b: Address) -> Bit:
    """Whether two states are the same."""
    return code.bit(f"call i1 @same(ptr {a}, ptr {b})")


def less(code: Code, a: Address, b: Address) -> Bit:
    """Whether state a is told rather than state b."""
    return code.bit(f"call i1 @less(ptr {a}, ptr {b})")


def keep(code: Code, notes: Address, place: Number, state: Address, ident: Number) -> None:
    """Note a state at a place of the notes, and the instance of its step, unless a smaller one is noted there."""
    code.word(f"call i64 @keep(ptr {notes}, i64 {place}, ptr {state}, i64 {ident})")


def check(code: Code, state: Address, notes: Address) -> Word:
    """What is wrong with a state: a code (`native/module/program.py`), 0 for nothing; what it witnesses is noted."""
    return code.word(f"call i64 @check(ptr {state}, ptr {notes})")


def check_step(code: Code, old: Address, new: Address) -> Word:
    """What is wrong with the step from one state to another: a code, 0 for nothing."""
    return code.word(f"call i64 @check_step(ptr {old}, ptr {new})")


def check_terminal(code: Code, state: Address) -> Word:
    """What is wrong with a state without steps: 0 for nothing, 1 that it has none, 2 an error of the model."""
    return code.word(f"call i64 @check_terminal(ptr {state})")


def wanted(code: Code, state: Address, portion: Word) -> Word:
    """Which goals of a portion are there in a state: a bit for each."""
    return code.word(f"call i64 @wanted(ptr {state}, i64 {portion})")


def initial(code: Code, number: Word, out: Address, err: Address) -> Word:
    """1 where an initial instance is enabled, and the state that it leads to is written to `out`; else 0."""
    return code.word(f"call i64 @initial(i64 {number}, ptr {out}, ptr {err})")
