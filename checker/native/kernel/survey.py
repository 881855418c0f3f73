"""What is counted over the states that a search expanded?  Instances that are enabled, and states newly reached.

Rule of the module: sums, and bits that are only ever set, so nothing depends on which thread looks at what.  A
thread looks at an interval of the table; the states of fewer steps than `below` are those that were expanded.
A state is newly reached by an action if it has a shortest path that ends with it, so it may count for several.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from interlock.checker.native.code.text import Address, Bit, Code, Variable, Word
from interlock.checker.native.kernel import table as tables
from interlock.checker.native.kernel.context import ABSENT, CTX, Ctx
from interlock.checker.native.kernel.shape import Shape, hashed


def text(shape: Shape) -> str:
    """The functions of a survey."""
    return "\n".join([_count(shape), _cover(shape)])


@contextmanager
def _states(shape: Shape, code: Code) -> Iterator[tuple[Word, Address]]:
    """Do the block for each state of the interval that was expanded: its depth, and the state."""
    table = code.pointer(CTX, Ctx.TABLE)
    with code.count(Word("%start"), Word("%stop")) as slot:
        cell = code.load(table, slot)
        with code.when(code.cmp("ne", cell, 0)):
            depth = shape.depth_of(code, cell, slot)
            with code.when(code.cmp("ult", depth, Word("%below"))):
                yield depth, shape.state_of(code, code.band(cell, shape.key_mask))
    code.store(ABSENT, code.pointer(CTX, Ctx.ERR))


def _count(shape: Shape) -> str:
    """`@count(ctx, start, stop, below) -> n`: count the enabled instances by action, in FIRED; how many states."""
    code = Code("define i64 @count(ptr %c, i64 %start, i64 %stop, i64 %below) nounwind")
    total = code.var(0)
    with _states(shape, code) as (_, state):
        weight = shape.weight(code, state)
        shape.successors(code, state, 0, weight)
        code.bump(total, weight)
    return code.finish(code.get(total))


def _cover(shape: Shape) -> str:
    """`@cover(ctx, start, stop, below, marks, width, bases, new) -> n`: the same, and count the states newly reached by
    action; a state of the table has `width` bytes of marks, a bit an action, and `bases` says whose an instance is."""
    code = Code(
        "define i64 @cover(ptr %c, i64 %start, i64 %stop, i64 %below, ptr %marks, i64 %width, ptr %bases, ptr %new)"
        " nounwind"
    )
    total, owner, new = code.var(0), code.var(0), Address("%new")
    pending, keys, ids = (code.pointer(CTX, w) for w in (Ctx.PENDING, Ctx.KEYS, Ctx.IDS))
    table, lines = code.pointer(CTX, Ctx.TABLE), code.load(CTX, Ctx.LINES)
    with _states(shape, code) as (depth, state):
        weight = shape.weight(code, state)
        n = shape.successors(code, state, 0, weight)
        with code.count(0, n) as j:  # all places are asked for before the first is looked at
            target = shape.at(code, pending, j)
            shape.represent(code, target)
            key = shape.key_of(code, target)
            if shape.folded:
                code.store(key, keys, j)
            h = hashed(code, key)
            code.prefetch(code.at(table, tables.home(code, h, lines)), 0)
        deeper = code.add(depth, 1)
        code.set(owner, 0)
        with code.count(0, n) as j:
            _follow(code, owner, code.load32(ids, j))
            target = shape.at(code, pending, j)
            there = tables.locate(shape, code, code.load(keys, j))
            level = shape.depth_of(code, code.load(table, there), there)
            with code.when(code.cmp("eq", level, deeper)):
                action = code.get(owner)
                byte = code.add(code.mul(there, Word("%width")), code.shr(action, 3))
                with code.when(_marked_first(code, byte, action)):
                    code.store(code.add(code.load(new, action), shape.weight(code, target)), new, action)
        code.bump(total, weight)
    return code.finish(code.get(total))


def _follow(code: Code, owner: Variable, ident: Word) -> None:
    """Move on to the action that an instance belongs to; successors come in the order of the actions."""
    end = code.label("end")
    with code.forever():
        following = code.add(code.get(owner), 1)
        code.leap_unless(code.cmp("uge", ident, code.load(Address("%bases"), following)), end)
        code.set(owner, following)
    code.place(end)


def _marked_first(code: Code, byte: Word, action: Word) -> Bit:
    """Set the action's bit in a byte of the marks; whether it was not set before."""
    mask = code.op(f"trunc i64 {code.shl(1, code.band(action, 7))} to i8")
    before = code.op(f"atomicrmw or ptr {code.at(Address('%marks'), byte, 'i8')}, i8 {mask} monotonic")
    return code.bit(f"icmp eq i8 {code.op(f'and i8 {before}, {mask}')}, 0")
