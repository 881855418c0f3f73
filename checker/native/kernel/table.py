"""Was this state seen before?  One table of keys, which threads share without locks.

Rule of the module: a cell is 0 or a key with its tag above it, written once, in one instruction (Laarman, van
de Pol and Weber, "Boosting multi-core reachability performance with shared hash tables", 2010).  Cells come in
lines, of which the processor fetches and compares one at a time; a key is in the line where it belongs or in
one after it, with nothing free between.  A key's line grows with its hash, so a larger table has the keys in
the same order, and growing is one pass from the end.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import attrs

from interlock.checker.native.code.text import Address, Bit, Code, Label, Number, Variable, Word
from interlock.checker.native.kernel.context import ABSENT, CTX, LINE, Ctx
from interlock.checker.native.kernel.shape import Shape, hashed

_CELLS = f"<{LINE} x i64>"
_REMEMBERED = 32  # lines whose counts are remembered while a table grows
_NEVER = 1 << 62  # the count of a line that none has


def text(shape: Shape) -> str:
    """The functions over the table that Python calls."""
    return "\n".join([_grow(shape), _refill(shape)])


def home(code: Code, h: Word, lines: Word) -> Word:
    """The first cell of the line where a key of this hash belongs."""
    return code.mul(code.scaled(h, lines), LINE)


@attrs.frozen
class Table:
    """The table, as a function of `code` sees it that read these words of its context: where the `cells` are, how many
    `slots` and `lines` there are, and whether other threads run (`atomic`)."""

    shape: Shape
    code: Code
    cells: Address
    slots: Word
    lines: Word
    atomic: Bit

    def home(self, h: Word) -> Word:
        """The first cell of the line where a key of this hash belongs."""
        return home(self.code, h, self.lines)

    def insert(self, key: Word, first: Word, cell: Word, patient: Bit) -> tuple[Word, Word]:
        """Put the cell of a key at the first free place from the line `first` on, unless the key is there: the place, or
        ABSENT.

        And, unless `patient`: the next line, when the first was full of others, and nothing else was done; else ABSENT.
        """
        code = self.code
        found, over = code.var(ABSENT), code.var(ABSENT)
        end, on = code.label("known"), code.label("on")
        with _lines(code, first, self.cells, self.slots) as (line, cells, again):
            free = _where(code, code.op(f"icmp eq {_CELLS} {cells}, zeroinitializer"))
            same = code.op(f"and i8 {_equal(self.shape, code, cells, key)}, {code.op(f'xor i8 {free}, -1')}")
            code.leap(_any(code, same), end)
            self._put(line, free, cell, found, again, end)
            code.leap(patient, on)
            code.set(over, _next_line(code, line, self.slots))
            code.jump(end)
            code.place(on)
        code.place(end)
        return code.get(found), code.get(over)

    def _put(self, line: Word, free: str, cell: Word, found: Variable, again: Label, end: Label) -> None:
        """Fill the first free cell of a line, if there is one (`free` has them as bits), and go to `end`, its place in
        `found`; or go to `again`, if another thread was faster."""
        code = self.code
        on = code.label("on")
        code.leap_unless(_any(code, free), on)
        slot = code.add(line, _lowest(code, free))
        _write(code, code.at(self.cells, slot), cell, self.atomic, again)
        code.set(found, slot)
        code.jump(end)
        code.place(on)


def _write(code: Code, address: Address, cell: Word, atomic: Bit, lost: Label) -> None:
    """Write a cell to an address that was free; go to `lost`, if another thread was faster."""
    alone, shared, done = (code.label(x) for x in ("alone", "shared", "done"))
    code.branch(atomic, shared, alone)
    code.place(shared)
    code.branch(code.claim(address, cell), done, lost)
    code.place(alone)
    code.store(cell, address)
    code.reach(done)


def locate(shape: Shape, code: Code, key: Word) -> Word:
    """Where in the table a key is, which must be there."""
    table, slots = code.pointer(CTX, Ctx.TABLE), code.load(CTX, Ctx.SLOTS)
    found, end = code.var(0), code.label("found")
    first = home(code, hashed(code, key), code.load(CTX, Ctx.LINES))
    with _lines(code, first, table, slots) as (line, cells, _):
        used = code.op(f"icmp ne {_CELLS} {cells}, zeroinitializer")
        same = code.op(f"and i8 {_equal(shape, code, cells, key)}, {_where(code, used)}")
        code.set(found, code.add(line, _lowest(code, same)))
        code.leap(_any(code, same), end)
    code.place(end)
    return code.get(found)


@contextmanager
def _lines(code: Code, first: Word, table: Address, slots: Word) -> Iterator[tuple[Word, str, Label]]:
    """Do the block for the line at a cell and the lines after it, until it leaps out: the number of the line's first
    cell, its cells, and the label where they are read again.

    Other threads may fill cells meanwhile.  A cell is read as what it is or as 0 still: each has its own aligned
    eight bytes, and whoever writes to a free one does it by compare-and-swap.
    """
    slot = code.var(first)
    with code.forever("look") as look:
        line = code.get(slot)
        yield line, code.op(f"load {_CELLS}, ptr {code.at(table, line)}, align 64"), look
        code.set(slot, _next_line(code, line, slots))


def _next_line(code: Code, line: Word, slots: Word) -> Word:
    following = code.add(line, LINE)
    return code.choose(code.cmp("eq", following, slots), 0, following)


def _where(code: Code, test: str) -> str:
    """By bits, for which cells of a line a test holds, which is made of all of them at once."""
    return code.op(f"bitcast <{LINE} x i1> {test} to i8")


def _any(code: Code, bits: str) -> Bit:
    """Whether a bit is set, one for each cell of a line."""
    return code.bit(f"icmp ne i8 {bits}, 0")


def _lowest(code: Code, bits: str) -> Word:
    """Which cell of a line has the lowest bit that is set."""
    return code.word(f"zext i8 {code.op(f'call i8 @llvm.cttz.i8(i8 {bits}, i1 false)')} to i64")


def _equal(shape: Shape, code: Code, cells: str, key: Word) -> str:
    """By bits, which cells of a line have a key, or are free."""
    one = code.op(f"insertelement {_CELLS} poison, i64 {key}, i32 0")
    every = code.op(f"shufflevector {_CELLS} {one}, {_CELLS} poison, <{LINE} x i32> zeroinitializer")
    difference = code.op(f"xor {_CELLS} {cells}, {every}")
    shift = ", ".join([f"i64 {64 - shape.key_bits}"] * LINE)
    low = code.op(f"shl {_CELLS} {difference}, <{shift}>") if shape.key_bits else "zeroinitializer"
    return _where(code, code.op(f"icmp eq {_CELLS} {low}, zeroinitializer"))


def _place(shape: Shape, code: Code, cell: Word, first: Word, depth: Word, counts: Address) -> None:
    """Put a cell that the table does not have.

    A line's cells are filled from its first on, so it is enough to count them.  To read a whole line at once, just
    after one of its cells was written, would wait for that cell to reach the cache; so they are counted one by one,
    and the count is remembered in `counts`: what comes from one line goes to a few.  Another thread may have filled
    a cell meanwhile; then all are counted again.
    """
    table, slots = code.pointer(CTX, Ctx.TABLE), code.load(CTX, Ctx.SLOTS)
    atomic = code.cmp("ne", code.load(CTX, Ctx.ATOMIC), 0)
    slot, used, again = code.var(first), code.var(0), code.var(0)
    put, lost, on, end = (code.label(x) for x in ("put", "lost", "on", "end"))
    with code.forever("look") as look:
        line = code.get(slot)
        remembered = code.at(counts, code.band(code.shr(line, LINE.bit_length() - 1), _REMEMBERED - 1))
        there = code.sub(code.load(remembered), line)
        hit = code.cmp("ule", there, LINE)
        code.set(used, there)
        code.leap(code.all(hit, code.cmp("eq", code.get(again), 0)), put)
        count: Number = 0
        for i in range(LINE):
            full = code.cmp(
                "ne", code.word(f"load atomic i64, ptr {code.at(table, code.add(line, i))} monotonic, align 8"), 0
            )
            count = code.add(count, code.number(full))
        code.set(used, count)
        code.reach(put)
        free = code.add(line, code.get(used))
        code.leap_unless(code.cmp("ne", code.get(used), LINE), on)
        _write(code, code.at(table, free), cell, atomic, lost)
        code.store(code.add(free, 1), remembered)
        code.jump(end)
        code.place(lost)
        code.set(again, 1)
        code.jump(look)
        code.place(on)
        code.store(free, remembered)
        code.set(slot, _next_line(code, line, slots))
        code.set(again, 0)
    code.place(end)
    shape.set_depth(code, free, depth)


def _counts(code: Code) -> Address:
    """Room to remember how far some lines are filled: where the next cell goes; nothing at first."""
    counts = code.buffer(_REMEMBERED)
    for i in range(_REMEMBERED):
        code.store(_NEVER, counts, i)
    return counts


def _grow(shape: Shape) -> str:
    """`@grow(ctx, start, stop, floor, aside, room) -> i`: from the end, move the cells of an interval to where they
    belong in the larger table.  A cell that belongs below `floor` is set aside, with its depth; aside[0] counts
    those.  Where it stopped: at `start`, or where the room aside was used up.

    Nothing may be free between where a key belongs and where it is.  That stays so as long as cells are only freed
    where no cell was put yet; so nothing is put below `floor`, and what belongs there comes last.
    """
    code = Code("define i64 @grow(ptr %c, i64 %start, i64 %stop, i64 %floor, ptr %aside, i64 %room) nounwind")
    table, lines, counts = code.pointer(CTX, Ctx.TABLE), code.load(CTX, Ctx.LINES), _counts(code)
    at, out, aside = code.var(Word("%stop")), code.label("out"), Address("%aside")
    with code.forever():
        here = code.get(at)
        kept = code.load(aside)
        code.leap_unless(code.all(code.cmp("ugt", here, Word("%start")), code.cmp("ult", kept, Word("%room"))), out)
        slot = code.sub(here, 1)
        cell = code.load(table, slot)
        with code.when(code.cmp("ne", cell, 0)):
            code.store(0, table, slot)
            there = _home_of(shape, code, cell, lines)
            depth = shape.depth_of(code, cell, slot)
            below = code.cmp("ult", there, Word("%floor"))
            with code.when(below):
                pair = code.at(aside, code.add(code.mul(kept, 2), 1))
                code.store(cell, pair)
                code.store(depth, pair, 1)
                code.store(code.add(kept, 1), aside)
            with code.unless(below):
                _place(shape, code, cell, there, depth, counts)
        code.set(at, slot)
    code.place(out)
    return code.finish(here)


def _home_of(shape: Shape, code: Code, cell: Word, lines: Word) -> Word:
    return home(code, hashed(code, code.band(cell, shape.key_mask)), lines)


def _refill(shape: Shape) -> str:
    """`@refill(ctx, aside)`: put back what was set aside."""
    code = Code("define i64 @refill(ptr %c, ptr %aside) nounwind")
    lines, counts, aside = code.load(CTX, Ctx.LINES), _counts(code), Address("%aside")
    with code.count(0, code.load(aside)) as i:
        pair = code.at(aside, code.add(code.mul(i, 2), 1))
        cell = code.load(pair)
        there = _home_of(shape, code, cell, lines)
        _place(shape, code, cell, there, code.load(pair, 1), counts)
    code.store(0, aside)
    return code.finish()
