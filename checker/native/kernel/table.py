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

from interlock.checker.native.code.text import Code
from interlock.checker.native.kernel.context import LINE, Ctx
from interlock.checker.native.kernel.shape import Shape

_CELLS = f"<{LINE} x i64>"
_REMEMBERED = 32  # lines whose counts are remembered while a table grows
_NEVER = str(1 << 62)  # of no line


def text(shape: Shape) -> str:
    """The functions over the table that Python calls."""
    return "\n".join([_grow(shape), _refill(shape)])


def home(code: Code, h: str, lines: str) -> str:
    """The first cell of the line where a key of this hash belongs."""
    return code.mul(code.scaled(h, lines), LINE)


def insert(
    shape: Shape, code: Code, key: str, first: str, new: str, table: str, slots: str, atomic: str, patient: str
) -> tuple[str, str]:
    """Put a cell at the first free place from a line on, unless its key is there: the place, or -1.

    And, unless `patient`: the next line, when the first was full of others, and nothing else was done; else -1.
    """
    found, over = code.var("-1"), code.var("-1")
    end, full, on = code.fresh("known"), code.fresh("full"), code.fresh("on")
    with _lines(code, first, table, slots) as (line, cells, again):
        free = _where(code, code.op(f"icmp eq {_CELLS} {cells}, zeroinitializer"))
        same = code.op(f"and i8 {_equal(shape, code, cells, key)}, {code.op(f'xor i8 {free}, -1')}")
        miss = code.fresh("miss")
        code.branch(code.op(f"icmp ne i8 {same}, 0"), end, miss)
        code.place(miss)
        _put(code, line, free, new, table, atomic, found, (again, end))
        code.branch(patient, on, full)
        code.place(full)
        code.set(over, _next_line(code, line, slots))
        code.jump(end)
        code.place(on)
    code.place(end)
    return code.get(found), code.get(over)


def locate(shape: Shape, code: Code, key: str) -> str:
    """Where in the table a key is, which must be there."""
    table, slots = code.pointer("%c", Ctx.TABLE), code.load("%c", Ctx.SLOTS)
    found, end = code.var("0"), code.fresh("found")
    h = code.op(f"call i64 @hash(i64 {key})")
    with _lines(code, home(code, h, code.load("%c", Ctx.LINES)), table, slots) as (line, cells, _):
        used = code.op(f"icmp ne {_CELLS} {cells}, zeroinitializer")
        same = code.op(f"and i8 {_equal(shape, code, cells, key)}, {_where(code, used)}")
        code.set(found, code.add(line, _lowest(code, same)))
        on = code.fresh("on")
        code.branch(code.op(f"icmp ne i8 {same}, 0"), end, on)
        code.place(on)
    code.place(end)
    return code.get(found)


@contextmanager
def _lines(code: Code, first: str, table: str, slots: str) -> Iterator[tuple[str, str, str]]:
    """Do the block for the line at a cell and the lines after it, until it jumps out.

    Other threads may fill cells meanwhile.  A cell is read as what it is or as 0 still: each has its own aligned
    eight bytes, and whoever writes to a free one does it by compare-and-swap.
    """
    slot, look = code.var(first), code.fresh("look")
    code.jump(look)
    code.place(look)
    line = code.get(slot)
    yield line, code.op(f"load {_CELLS}, ptr {code.at(table, line)}, align 64"), look
    code.set(slot, _next_line(code, line, slots))
    code.jump(look)


def _next_line(code: Code, line: str, slots: str) -> str:
    following = code.add(line, str(LINE))
    return code.choose(code.cmp("eq", following, slots), "0", following)


def _where(code: Code, test: str) -> str:
    """By bits, for which cells of a line a test holds."""
    return code.op(f"bitcast <{LINE} x i1> {test} to i8")


def _lowest(code: Code, bits: str) -> str:
    return code.op(f"zext i8 {code.op(f'call i8 @llvm.cttz.i8(i8 {bits}, i1 false)')} to i64")


def _equal(shape: Shape, code: Code, cells: str, key: str) -> str:
    """By bits, which cells of a line have a key, or are free."""
    one = code.op(f"insertelement {_CELLS} poison, i64 {key}, i32 0")
    every = code.op(f"shufflevector {_CELLS} {one}, {_CELLS} poison, <{LINE} x i32> zeroinitializer")
    difference = code.op(f"xor {_CELLS} {cells}, {every}")
    shift = ", ".join([f"i64 {64 - shape.key_bits}"] * LINE)
    low = code.op(f"shl {_CELLS} {difference}, <{shift}>") if shape.key_bits else "zeroinitializer"
    return _where(code, code.op(f"icmp eq {_CELLS} {low}, zeroinitializer"))


def _put(
    code: Code, line: str, free: str, cell: str, table: str, atomic: str, found: str, labels: tuple[str, str]
) -> None:
    """Fill the first free cell of a line, if there is one, and jump to the end; look again if another was faster."""
    again, end = labels
    some, on, alone, shared, done = (code.fresh(x) for x in ("some", "on", "alone", "shared", "done"))
    code.branch(code.op(f"icmp ne i8 {free}, 0"), some, on)
    code.place(some)
    slot = code.add(line, _lowest(code, free))
    address = code.at(table, slot)
    code.branch(atomic, shared, alone)
    code.place(shared)
    _, won = code.claim(address, cell)
    code.branch(won, done, again)
    code.place(alone)
    code.store(cell, address)
    code.jump(done)
    code.place(done)
    code.set(found, slot)
    code.jump(end)
    code.place(on)


def _place(shape: Shape, code: Code, cell: str, first: str, depth: str, counts: str) -> None:
    """Put a cell that the table does not have.

    A line's cells are filled from its first on, so it is enough to count them.  To read a whole line at once, just
    after one of its cells was written, would wait for that cell to reach the cache; so they are counted one by one,
    and the count is remembered in `counts`: what comes from one line goes to a few.  Another thread may have filled
    a cell meanwhile; then all are counted again.
    """
    table, slots = code.pointer("%c", Ctx.TABLE), code.load("%c", Ctx.SLOTS)
    atomic = code.cmp("ne", code.load("%c", Ctx.ATOMIC), "0")
    slot, used, again = code.var(first), code.var("0"), code.var("0")
    look, known, put, room, alone, shared, lost, on, end = (
        code.fresh(x) for x in ("look", "known", "put", "room", "alone", "shared", "lost", "on", "end")
    )
    code.jump(look)
    code.place(look)
    line = code.get(slot)
    remembered = code.at(counts, code.band(code.shr(line, LINE.bit_length() - 1), str(_REMEMBERED - 1)))
    there = code.sub(code.load(remembered), line)
    hit = code.cmp("ule", there, str(LINE))
    code.set(used, there)
    code.branch(code.all(hit, code.cmp("eq", code.get(again), "0")), put, known)
    code.place(known)
    count = "0"
    for i in range(LINE):
        full = code.cmp(
            "ne", code.op(f"load atomic i64, ptr {code.at(table, code.add(line, str(i)))} monotonic, align 8"), "0"
        )
        count = code.add(count, code.op(f"zext i1 {full} to i64"))
    code.set(used, count)
    code.jump(put)
    code.place(put)
    free = code.add(line, code.get(used))
    code.branch(code.cmp("ne", code.get(used), str(LINE)), room, on)
    code.place(room)
    address = code.at(table, free)
    code.branch(atomic, shared, alone)
    code.place(shared)
    _, won = code.claim(address, cell)
    done = code.fresh("done")
    code.branch(won, done, lost)
    code.place(lost)
    code.set(again, "1")
    code.jump(look)
    code.place(alone)
    code.store(cell, address)
    code.jump(done)
    code.place(done)
    code.store(code.add(free, "1"), remembered)
    code.jump(end)
    code.place(on)
    code.store(free, remembered)
    code.set(slot, _next_line(code, line, slots))
    code.set(again, "0")
    code.jump(look)
    code.place(end)
    shape.set_depth(code, free, depth)


def _counts(code: Code) -> str:
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
    table, lines, counts = code.pointer("%c", Ctx.TABLE), code.load("%c", Ctx.LINES), _counts(code)
    at = code.var("%stop")
    top, on, out = code.fresh("top"), code.fresh("on"), code.fresh("out")
    code.jump(top)
    code.place(top)
    here = code.get(at)
    kept = code.load("%aside")
    code.branch(code.all(code.cmp("ugt", here, "%start"), code.cmp("ult", kept, "%room")), on, out)
    code.place(on)
    slot = code.sub(here, "1")
    cell = code.load(table, slot)
    with code.when(code.cmp("ne", cell, "0")):
        code.store("0", table, slot)
        there = _home_of(shape, code, cell, lines)
        depth = shape.depth_of(code, cell, slot)
        below = code.cmp("ult", there, "%floor")
        with code.when(below):
            pair = code.at("%aside", code.add(code.mul(kept, 2), "1"))
            code.store(cell, pair)
            code.store(depth, pair, 1)
            code.store(code.add(kept, "1"), "%aside")
        with code.unless(below):
            _place(shape, code, cell, there, depth, counts)
    code.set(at, slot)
    code.jump(top)
    code.place(out)
    return code.finish(here)


def _home_of(shape: Shape, code: Code, cell: str, lines: str) -> str:
    return home(code, code.op(f"call i64 @hash(i64 {code.band(cell, shape.key_mask)})"), lines)


def _refill(shape: Shape) -> str:
    """`@refill(ctx, aside)`: put back what was set aside."""
    code = Code("define i64 @refill(ptr %c, ptr %aside) nounwind")
    lines, counts = code.load("%c", Ctx.LINES), _counts(code)
    with code.count("0", code.load("%aside")) as i:
        pair = code.at("%aside", code.add(code.mul(i, 2), "1"))
        cell = code.load(pair)
        there = _home_of(shape, code, cell, lines)
        _place(shape, code, cell, there, code.load(pair, 1), counts)
    code.store("0", "%aside")
    return code.finish("0")
