"""Where do the steps of some states lead, which are elsewhere than in the table?

Rule of the module: states come as keys and go as keys, with who led to them; nothing is looked up.
"""

from __future__ import annotations

from interlock.checker.native.code.text import Address, Code, Word
from interlock.checker.native.kernel.context import ABSENT, CTX, Ctx
from interlock.checker.native.kernel.shape import Shape, wanted


def text(shape: Shape, instances: int) -> str:
    """The functions; a state has at most `instances` successors."""
    return "\n".join([_targets(shape, instances), _wanting(shape)])


def _targets(shape: Shape, instances: int) -> str:
    """`@targets(ctx, keys, n, room, out, ids, sources, done) -> m`: of the first states with these keys, as many as the
    room is surely enough for (`done`), the keys of all successors, the instances, and the places of the states that
    they come from.  Enabled instances are counted by action, in FIRED, for each state that one stands for."""
    code = Code(
        "define i64 @targets(ptr %c, ptr %keys, i64 %n, i64 %room, ptr %out, ptr %which, ptr %from, ptr %done) nounwind"
    )
    made, pending, ids = code.var(0), code.pointer(CTX, Ctx.PENDING), code.pointer(CTX, Ctx.IDS)
    code.store(Word("%n"), Address("%done"))
    with code.count(0, Word("%n")) as i:
        with code.when(code.cmp("ugt", code.add(code.get(made), instances), Word("%room"))):
            code.store(i, Address("%done"))
            code.stop(code.get(made))
        state = shape.state_of(code, code.load(Address("%keys"), i))
        n = shape.successors(code, state, 0, shape.weight(code, state))
        with code.count(0, n) as j:
            target, to = shape.at(code, pending, j), code.get(made)
            shape.represent(code, target)
            code.store(shape.key_of(code, target), Address("%out"), to)
            code.store(code.load32(ids, j), Address("%which"), to)
            code.store(i, Address("%from"), to)
            code.bump(made)
        code.store(ABSENT, code.pointer(CTX, Ctx.ERR))
    return code.finish(code.get(made))


def _wanting(shape: Shape) -> str:
    """`@wanting(ctx, portion, keys, n, good)`: for each state with these keys, which goals of a portion are there."""
    code = Code("define i64 @wanting(ptr %c, i64 %p, ptr %keys, i64 %n, ptr %good) nounwind")
    with code.count(0, Word("%n")) as i:
        state = shape.state_of(code, code.load(Address("%keys"), i))
        code.store(wanted(code, state, Word("%p")), Address("%good"), i)
    return code.finish()
