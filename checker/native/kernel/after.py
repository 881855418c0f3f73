"""What is asked of a finished search?  Where a state came from, and from where something can be reached.

Rule of the module: every state's depth is in the table, so the states of a level are found again by going
through it; of several answers the smallest state is given, so threads change nothing.  A thread looks at an
interval of the table, or at a list of places in it.
"""

from __future__ import annotations

from interlock.checker.native.code.text import BITS, Address, Code, Word
from interlock.checker.native.kernel import table as tables
from interlock.checker.native.kernel.context import ABSENT, CTX, Ctx
from interlock.checker.native.kernel.shape import Note, Shape, keep, less, same, wanted
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
    table = code.pointer(CTX, Ctx.TABLE)
    with code.count(Word("%start"), Word("%stop")) as slot:
        cell = code.load(table, slot)
        with code.when(code.cmp("ne", cell, 0)):
            depth = shape.depth_of(code, cell, slot)
            code.store(code.add(code.load(Address("%counts"), depth), 1), Address("%counts"), depth)
    return code.finish()


def _gather(shape: Shape) -> str:
    """`@gather(ctx, start, stop, least, depths, ends, out)`: list the places of states of `depths` depths from
    `least` on; those of a depth come at its ends[depth - least], which moves on."""
    code = Code(
        "define i64 @gather(ptr %c, i64 %start, i64 %stop, i64 %least, i64 %depths, ptr %ends, ptr %out) nounwind"
    )
    table = code.pointer(CTX, Ctx.TABLE)
    with code.count(Word("%start"), Word("%stop")) as slot:
        cell = code.load(table, slot)
        with code.when(code.cmp("ne", cell, 0)):
            level = code.sub(shape.depth_of(code, cell, slot), Word("%least"))
            with code.when(code.cmp("ult", level, Word("%depths"))):
                end = code.load(Address("%ends"), level)
                code.store(slot, Address("%out"), end)
                code.store(code.add(end, 1), Address("%ends"), level)
    return code.finish()


def _state_at(shape: Shape, code: Code, slot: Word) -> Address:
    cell = code.load(code.pointer(CTX, Ctx.TABLE), slot)
    return shape.state_of(code, code.band(cell, shape.key_mask))


def _predecessor(shape: Shape) -> str:
    """`@predecessor(ctx, places, n, target, best)`: of the states at these places, note the smallest that has a
    step to the target, and the first such instance."""
    code = Code("define i64 @predecessor(ptr %c, ptr %places, i64 %n, ptr %t, ptr %best) nounwind")
    pending, ids = code.pointer(CTX, Ctx.PENDING), code.pointer(CTX, Ctx.IDS)
    best = Address("%best")
    note = code.at(best, 1)
    with code.count(0, Word("%n")) as i:
        state = _state_at(shape, code, code.load(Address("%places"), i))
        some = code.cmp("eq", code.load(note, Note.STATUS), Note.TAKEN)
        larger = less(code, code.at(note, Note.STATE), state)
        with code.unless(code.all(some, larger)):
            n = shape.successors(code, state, 0)
            with code.count(0, n) as j:
                target = shape.at(code, pending, j)
                shape.represent(code, target)
                with code.when(same(code, target, Address("%t"))):
                    keep(code, best, 0, state, code.load32(ids, j))
    code.store(ABSENT, code.pointer(CTX, Ctx.ERR))
    return code.finish()


def _recover(shape: Shape, bits: int) -> str:
    """`@recover<bits>(ctx, portion, shift, full, places, n, marks) -> n`: a mark has a bit for each goal of a portion,
    from the one at `shift` on.  From the last place to the first, set those of goals that are there, or of which a
    successor has the bit; how many were set."""
    code = Code(
        f"define i64 @recover{bits}(ptr %c, i64 %p, i64 %shift, i64 %full, ptr %places, i64 %n, ptr %marks) nounwind"
    )
    places, full, total = Word("%n"), Word("%full"), code.var(0)
    pending = code.pointer(CTX, Ctx.PENDING)
    with code.count(0, places) as k:
        slot = code.load(Address("%places"), code.sub(code.sub(places, 1), k))
        before = _mark(code, slot, bits)
        with code.when(code.cmp("ne", before, full)):
            state = _state_at(shape, code, slot)
            here = code.shr(wanted(code, state, Word("%p")), Word("%shift"))
            good = code.var(code.bor(before, code.band(here, full)))
            with code.when(code.cmp("ne", code.get(good), full)):
                n = shape.successors(code, state, 0)
                with code.count(0, n) as j:
                    target = shape.at(code, pending, j)
                    shape.represent(code, target)
                    there = tables.locate(shape, code, shape.key_of(code, target))
                    code.set(good, code.bor(code.get(good), _mark(code, there, bits)))
            after = code.get(good)
            with code.when(code.cmp("ne", after, before)):
                narrow = code.op(f"trunc i64 {after} to i{bits}") if bits < WORD else after
                code.do(f"store atomic i{bits} {narrow}, ptr {_mark_at(code, slot, bits)}")
                code.bump(total, code.word(f"call i64 @llvm.ctpop.i64(i64 {code.xor(after, before)})"))
    return code.finish(code.get(total))


def _mark_at(code: Code, slot: Word, bits: int) -> str:
    """The address of the mark of a place, as what is read and written while other threads do: nobody clears a bit."""
    return f"{code.at(Address('%marks'), slot, f'i{bits}')} monotonic, align {bits // 8}"


def _mark(code: Code, slot: Word, bits: int) -> Word:
    mark = code.op(f"load atomic i{bits}, ptr {_mark_at(code, slot, bits)}")
    return code.word(f"zext i{bits} {mark} to i64") if bits < WORD else Word(mark)


def _lost(shape: Shape, bits: int) -> str:
    """`@lost<bits>(ctx, start, stop, full, marks, best)`: note the smallest of the least deep states whose mark is not
    full, and the first bit that it has not."""
    code = Code(f"define i64 @lost{bits}(ptr %c, i64 %start, i64 %stop, i64 %full, ptr %marks, ptr %best) nounwind")
    table, full, best = code.pointer(CTX, Ctx.TABLE), Word("%full"), Address("%best")
    with code.count(Word("%start"), Word("%stop")) as slot:
        cell, mark = code.load(table, slot), _mark(code, slot, bits)
        with code.when(code.all(code.cmp("ne", cell, 0), code.cmp("ne", mark, full))):
            depth = shape.depth_of(code, cell, slot)
            with code.when(code.cmp("ult", depth, code.load(CTX, Ctx.LEAST))):
                code.store(depth, CTX, Ctx.LEAST)
                code.store(Note.OPEN, code.at(best, 1), Note.STATUS)
            with code.when(code.cmp("eq", depth, code.load(CTX, Ctx.LEAST))):
                state = shape.state_of(code, code.band(cell, shape.key_mask))
                first = code.word(f"call i64 @llvm.cttz.i64(i64 {code.xor(mark, full)}, i1 true)")
                keep(code, best, 0, state, first)
    return code.finish()


def _weights(shape: Shape) -> str:
    """`@weights(ctx, keys, n) -> total`: of a reduced search, how many states these keys stand for."""
    code = Code("define i64 @weights(ptr %c, ptr %keys, i64 %n) nounwind")
    total = code.var(0)
    with code.count(0, Word("%n")) as i:
        code.bump(total, shape.weight(code, shape.state_of(code, code.load(Address("%keys"), i))))
    return code.finish(code.get(total))
