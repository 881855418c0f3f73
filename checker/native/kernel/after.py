"""What is asked of a finished search?  Where a state came from, and from where something can be reached.

Rule of the module: every state's depth is in the table, so the states of a level are found again by going
through it; of several answers the smallest state is given, so threads change nothing.  A thread looks at an
interval of the table, or at a list of places in it.
"""

from __future__ import annotations

from interlock.checker.native.code.text import BITS, Code
from interlock.checker.native.kernel import table as tables
from interlock.checker.native.kernel.context import Ctx
from interlock.checker.native.kernel.shape import NONE, Note, Shape
from interlock.checker.semantics.layout import WORD


def text(shape: Shape) -> str:
    """The functions for what comes after the search."""
    parts = [_histogram(shape), _gather(shape), _predecessor(shape)]
    parts += [BITS] if shape.marks else []
    parts += [function(shape, bits) for bits in shape.marks for function in (_recover, _lost)]
    return "\n".join([*parts, _weights(shape)] if shape.reduced else parts)


def _histogram(shape: Shape) -> str:
    """`@histogram(ctx, start, stop, counts)`: how many states each depth has."""
    code = Code("define i64 @histogram(ptr %c, i64 %start, i64 %stop, ptr %counts) nounwind")
    table = code.pointer("%c", Ctx.TABLE)
    with code.count("%start", "%stop") as slot:
        cell = code.load(table, slot)
        with code.when(code.cmp("ne", cell, "0")):
            depth = shape.depth_of(code, cell, slot)
            code.store(code.add(code.load("%counts", depth), "1"), "%counts", depth)
    return code.finish("0")


def _gather(shape: Shape) -> str:
    """`@gather(ctx, start, stop, least, depths, ends, out)`: list the places of states of `depths` depths from
    `least` on; those of a depth come at its ends[depth - least], which moves on."""
    code = Code(
        "define i64 @gather(ptr %c, i64 %start, i64 %stop, i64 %least, i64 %depths, ptr %ends, ptr %out) nounwind"
    )
    table = code.pointer("%c", Ctx.TABLE)
    with code.count("%start", "%stop") as slot:
        cell = code.load(table, slot)
        with code.when(code.cmp("ne", cell, "0")):
            level = code.sub(shape.depth_of(code, cell, slot), "%least")
            with code.when(code.cmp("ult", level, "%depths")):
                end = code.load("%ends", level)
                code.store(slot, "%out", end)
                code.store(code.add(end, "1"), "%ends", level)
    return code.finish("0")


def _state_at(shape: Shape, code: Code, slot: str) -> str:
    cell = code.load(code.pointer("%c", Ctx.TABLE), slot)
    return shape.state_of(code, code.band(cell, shape.key_mask))


def _predecessor(shape: Shape) -> str:
    """`@predecessor(ctx, places, n, target, best)`: of the states at these places, note the smallest that has a
    step to the target, and the first such instance."""
    code = Code("define i64 @predecessor(ptr %c, ptr %places, i64 %n, ptr %t, ptr %best) nounwind")
    pending, ids = code.pointer("%c", Ctx.PENDING), code.pointer("%c", Ctx.IDS)
    note = code.at("%best", "1")
    with code.count("0", "%n") as i:
        state = _state_at(shape, code, code.load("%places", i))
        some = code.cmp("eq", code.load(note, Note.STATUS), str(Note.TAKEN))
        larger = code.op(f"call i1 @less(ptr {code.at(note, Note.STATE)}, ptr {state})")
        with code.unless(code.all(some, larger)):
            n = shape.successors(code, state, "0")
            with code.count("0", n) as j:
                target = shape.at(code, pending, j)
                shape.represent(code, target)
                with code.when(code.op(f"call i1 @same(ptr {target}, ptr %t)")):
                    code.op(f"call i64 @keep(ptr %best, i64 0, ptr {state}, i64 {code.load32(ids, j)})")
    code.store(NONE, code.pointer("%c", Ctx.ERR))
    return code.finish("0")


def _recover(shape: Shape, bits: int) -> str:
    """`@recover<bits>(ctx, portion, shift, full, places, n, marks) -> n`: a mark has a bit for each goal of a portion,
    from the one at `shift` on.  From the last place to the first, set those of goals that are there, or of which a
    successor has the bit; how many were set."""
    code = Code(
        f"define i64 @recover{bits}(ptr %c, i64 %p, i64 %shift, i64 %full, ptr %places, i64 %n, ptr %marks) nounwind"
    )
    total = code.var("0")
    pending = code.pointer("%c", Ctx.PENDING)
    with code.count("0", "%n") as k:
        slot = code.load("%places", code.sub(code.sub("%n", "1"), k))
        before = _mark(code, slot, bits)
        with code.when(code.cmp("ne", before, "%full")):
            state = _state_at(shape, code, slot)
            here = code.op(f"lshr i64 {code.op(f'call i64 @wanted(ptr {state}, i64 %p)')}, %shift")
            good = code.var(code.bor(before, code.band(here, "%full")))
            with code.when(code.cmp("ne", code.get(good), "%full")):
                n = shape.successors(code, state, "0")
                with code.count("0", n) as j:
                    target = shape.at(code, pending, j)
                    shape.represent(code, target)
                    there = tables.locate(shape, code, shape.key_of(code, target))
                    code.set(good, code.bor(code.get(good), _mark(code, there, bits)))
            after = code.get(good)
            with code.when(code.cmp("ne", after, before)):
                narrow = code.op(f"trunc i64 {after} to i{bits}") if bits < WORD else after
                code.do(f"store atomic i{bits} {narrow}, ptr {_mark_at(code, slot, bits)}")
                code.bump(total, code.op(f"call i64 @llvm.ctpop.i64(i64 {code.xor(after, before)})"))
    return code.finish(code.get(total))


def _mark_at(code: Code, slot: str, bits: int) -> str:
    """The address of the mark of a place, as what is read and written while other threads do: nobody clears a bit."""
    return f"{code.at('%marks', slot, f'i{bits}')} monotonic, align {bits // 8}"


def _mark(code: Code, slot: str, bits: int) -> str:
    mark = code.op(f"load atomic i{bits}, ptr {_mark_at(code, slot, bits)}")
    return code.op(f"zext i{bits} {mark} to i64") if bits < WORD else mark


def _lost(shape: Shape, bits: int) -> str:
    """`@lost<bits>(ctx, start, stop, full, marks, best)`: note the smallest of the least deep states whose mark is not
    full, and the first bit that it has not."""
    code = Code(f"define i64 @lost{bits}(ptr %c, i64 %start, i64 %stop, i64 %full, ptr %marks, ptr %best) nounwind")
    table = code.pointer("%c", Ctx.TABLE)
    with code.count("%start", "%stop") as slot:
        cell, mark = code.load(table, slot), _mark(code, slot, bits)
        with code.when(code.all(code.cmp("ne", cell, "0"), code.cmp("ne", mark, "%full"))):
            depth = shape.depth_of(code, cell, slot)
            with code.when(code.cmp("ult", depth, code.load("%c", Ctx.LEAST))):
                code.store(depth, "%c", Ctx.LEAST)
                code.store(str(Note.OPEN), code.at("%best", "1"), Note.STATUS)
            with code.when(code.cmp("eq", depth, code.load("%c", Ctx.LEAST))):
                state = shape.state_of(code, code.band(cell, shape.key_mask))
                first = code.op(f"call i64 @llvm.cttz.i64(i64 {code.xor(mark, '%full')}, i1 true)")
                code.op(f"call i64 @keep(ptr %best, i64 0, ptr {state}, i64 {first})")
    return code.finish("0")


def _weights(shape: Shape) -> str:
    """`@weights(ctx, keys, n) -> total`: of a reduced search, how many states these keys stand for."""
    code = Code("define i64 @weights(ptr %c, ptr %keys, i64 %n) nounwind")
    total = code.var("0")
    with code.count("0", "%n") as i:
        code.bump(total, shape.weight(code, shape.state_of(code, code.load("%keys", i))))
    return code.finish(code.get(total))
