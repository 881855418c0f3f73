"""What does the kernel know of a state?  How wide it is, what its key is, and small code over both.

Rule of the module: a state has one key, of fewer than 64 bits.  A state that leaves a bit of its one word free
is its own key; a wider one is folded into a tree, and its key is the pair at the top (`tree.py`).
"""

from __future__ import annotations

import attrs

from interlock.checker.native.code.text import Code
from interlock.checker.native.kernel.context import Ctx

PART = 28  # bits of the number of a part of a folded state
MULTIPLIER = 0xD6E8FEB86659FD93
_MULTIPLIER = str(MULTIPLIER - (1 << 64))
NONE = "-1"


class Note:
    """Words of a note: whether it is open, taken or closed, the instance, and then the state."""

    STATUS, IDENT, STATE = 0, 1, 2
    OPEN, TAKEN, CLOSED = 0, 1, 2


@attrs.frozen
class Shape:
    """What the kernel is written for.  `properties`: how many; `every`: each violation has a note of its own;
    `reduced`: one state of each orbit is kept (`native/symmetry.py`); `marks`: of how many bits the marks of states
    may be, from where something can be reached."""

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
    def key_mask(self) -> str:
        """The bits of a key, as an operand."""
        return str((1 << self.key_bits) - 1)

    @property
    def note_words(self) -> int:
        """Words of one note."""
        return Note.STATE + self.words

    def note(self, place: int) -> int:
        """Where among the notes one begins; before the first is a word that says whether there is any."""
        return 1 + place * self.note_words

    @property
    def dead(self) -> int:
        """The note of a deadlock; then come an error of the terminal predicate, and one of an action."""
        return 2 * self.properties

    @property
    def places(self) -> int:
        """How many notes there are."""
        return self.dead + 3

    # --- code over states --------------------------------------------------------------------------

    def at(self, code: Code, base: str, index: str) -> str:
        """The address of a state in an array of them."""
        return code.at(base, code.mul(index, self.words))

    def copy(self, code: Code, source: str, target: str) -> None:
        """Copy a state."""
        for i, word in enumerate([code.load(source, i) for i in range(self.words)]):
            code.store(word, target, i)

    def successors(self, code: Code, state: str, n: str, weight: str = "1") -> str:
        """Write all successors of a state from PENDING[n] on, each counted so often; the n after them."""
        out, ids = code.pointer("%c", Ctx.PENDING), code.pointer("%c", Ctx.IDS)
        fired, err = code.pointer("%c", Ctx.FIRED), code.pointer("%c", Ctx.ERR)
        memory = f"ptr {state}, ptr {out}, ptr {ids}, i64 {n}, ptr {fired}, ptr {err}"
        return code.op(f"call i64 @expand({memory}, i64 {weight})")

    def represent(self, code: Code, state: str) -> None:
        """Put the representative of its orbit in the place of a successor or an initial state, where that is kept."""
        if self.reduced:
            code.op(f"call i64 @canonical(ptr {state})")

    def weight(self, code: Code, state: str) -> str:
        """How many states a kept one stands for."""
        return code.op(f"call i64 @weight(ptr {state})") if self.reduced else "1"

    def state_of(self, code: Code, key: str, seat: str = "0") -> str:
        """The address of the state that has a key, at work in STATE; of wide states, at a seat of several."""
        state = code.pointer("%c", Ctx.STATE)
        if self.folded:
            code.op(f"call i64 @unfold(ptr %c, i64 {key}, i64 {seat})")
            return self.at(code, state, seat)
        code.store(key, state)
        return state

    def soon(self, code: Code, key: str) -> None:
        """Ask for the parts of the wide state that comes next; of what lies after the last one, for anything."""
        items = code.pointer("%c", Ctx.ITEMS)
        for number in (code.shr(key, PART), key):
            code.prefetch(code.at(items, code.band(number, str((1 << PART) - 1))), 0)

    def key_of(self, code: Code, state: str, seat: str = "0") -> str:
        """The key of a state, which may be one that shares parts with the state at work, at a seat."""
        return code.op(f"call i64 @fold(ptr %c, ptr {state}, i64 {seat})") if self.folded else code.load(state)

    def nodes(self, code: Code, seat: str) -> str:
        """Where the parts of the wide state at a seat have their numbers."""
        return code.at(code.pointer("%c", Ctx.STATE_NODES), code.mul(seat, 2 * self.parts))

    def depth_of(self, code: Code, cell: str, slot: str) -> str:
        """The depth of the state in a cell of the table."""
        depth = code.var(code.sub(code.shr(cell, self.key_bits), "1"))
        side = code.pointer("%c", Ctx.SIDE)
        with code.when(_there(code, side)):
            wide = code.cmp("ne", code.load("%c", Ctx.SIDE_WIDE), "0")
            with code.when(wide):
                code.set(depth, code.load32(side, slot))
            with code.unless(wide):
                short = code.op(f"load i16, ptr {code.at(side, slot, 'i16')}")
                code.set(depth, code.op(f"zext i16 {short} to i64"))
        return code.get(depth)

    def set_depth(self, code: Code, slot: str, depth: str) -> None:
        """Keep the depth of a new cell, where the cell itself does not."""
        side = code.pointer("%c", Ctx.SIDE)
        with code.when(_there(code, side)):
            wide = code.cmp("ne", code.load("%c", Ctx.SIDE_WIDE), "0")
            with code.when(wide):
                code.do(f"store i32 {code.op(f'trunc i64 {depth} to i32')}, ptr {code.at(side, slot, 'i32')}")
            with code.unless(wide):
                code.do(f"store i16 {code.op(f'trunc i64 {depth} to i16')}, ptr {code.at(side, slot, 'i16')}")

    # --- functions ---------------------------------------------------------------------------------

    def text(self) -> str:
        """The functions over states that other parts of the kernel call."""
        return "\n".join([hash_text(), self._same(), self._keep()])

    def _same(self) -> str:
        """`@same(a, b) -> i1`."""
        code = Code("define internal i1 @same(ptr %a, ptr %b) alwaysinline nounwind")
        different = "0"
        for i in range(self.words):
            d = code.xor(code.load("%a", i), code.load("%b", i))
            different = d if i == 0 else code.bor(different, d)
        return code.finish_bool(code.cmp("eq", different, "0"))

    def _keep(self) -> str:
        """`@keep(notes, place, state, id)`: note the state, unless the note is closed or has a smaller one."""
        code = Code("define internal i64 @keep(ptr %notes, i64 %place, ptr %s, i64 %id) nounwind")
        note = code.at("%notes", code.add(code.mul("%place", self.note_words), "1"))
        status = code.load(note, Note.STATUS)
        code.leave(code.cmp("eq", status, str(Note.CLOSED)), "0")
        noted = code.at(note, Note.STATE)
        with code.when(code.cmp("eq", status, str(Note.TAKEN))):
            code.leave(code.op(f"call i1 @less(ptr {noted}, ptr %s)"), "0")
            same = code.op(f"call i1 @same(ptr {noted}, ptr %s)")
            code.leave(code.all(same, code.cmp("ule", code.load(note, Note.IDENT), "%id")), "0")
        code.store(str(Note.TAKEN), note, Note.STATUS)
        code.store("%id", note, Note.IDENT)
        self.copy(code, "%s", noted)
        code.store("1", "%notes")
        return code.finish("0")


def hash_text() -> str:
    """`@hash(key) -> i64`, to be used from its high bits down."""
    code = Code("define internal i64 @hash(i64 %key) alwaysinline nounwind")
    h = code.mul(code.xor("%key", code.shr("%key", 32)), _MULTIPLIER)
    return code.finish(code.mul(code.xor(h, code.shr(h, 32)), _MULTIPLIER))


def _there(code: Code, address: str) -> str:
    return code.op(f"icmp ne ptr {address}, null")
