"""How does a search find its initial states?  Instance after instance of the initial actions, by their numbers.

Rule of the module: it can stop after any instance, and go on from there.
"""

from __future__ import annotations

from interlock.checker.native.code.text import Address, Code, Word
from interlock.checker.native.kernel.context import ABSENT, BUFFER, CTX, Ctx, Status
from interlock.checker.native.kernel.shape import Shape, initial, same


def text(shape: Shape, initials: int, instances: int) -> str:
    """The functions that go through the `initials` initial instances; `instances` is how many the actions have."""
    return "\n".join([_begin(shape, initials, instances), _origin(shape)])


def _begin(shape: Shape, initials: int, nobody: int) -> str:
    """`@begin(ctx, n) -> Status`: take in what the next initial instances lead to, n of them at most.  ERROR: the next
    one is an error of the model."""
    code = Code("define i64 @begin(ptr %c, i64 %n) nounwind")
    left, number = code.var(Word("%n")), code.var(code.load(CTX, Ctx.INITIAL))
    pending, ids, err = (code.pointer(CTX, w) for w in (Ctx.PENDING, Ctx.IDS, Ctx.ERR))
    with code.forever("top"):
        here, waiting = code.get(number), code.load(CTX, Ctx.WAITING)
        code.store(here, CTX, Ctx.INITIAL)
        over = code.cmp("uge", here, initials)
        with code.when(code.either(over, code.cmp("uge", waiting, BUFFER))):
            status = code.word("call i64 @admit(ptr %c)")
            code.leave(code.cmp("ne", status, Status.DONE), status)
        code.leave(over, Status.DONE)
        code.leave(code.cmp("eq", code.get(left), 0), Status.PAUSED)
        code.bump(left, -1)
        at = code.load(CTX, Ctx.WAITING)
        made = initial(code, here, shape.at(code, pending, at), err)
        code.leave(code.cmp("ne", code.load(err), ABSENT), Status.ERROR)
        code.store32(nobody, ids, at)  # no instance of an action leads to it
        code.store(code.add(at, made), CTX, Ctx.WAITING)
        code.bump(number)
    code.dead()
    return code.finish()


def _origin(shape: Shape) -> str:
    """`@origin(start, stop, target, out, err) -> number`: the first of these initial instances that leads to a state,
    or into its orbit where that is kept; what it leads to is written to `out`.  -1 where none does."""
    code = Code("define i64 @origin(i64 %start, i64 %stop, ptr %t, ptr %out, ptr %err) nounwind")
    there, out = code.buffer(shape.words), Address("%out")
    with code.count(Word("%start"), Word("%stop")) as number:
        made = initial(code, number, out, Address("%err"))
        with code.when(code.cmp("ne", made, 0)):
            shape.copy(code, out, there)
            shape.represent(code, there)
            with code.when(same(code, there, Address("%t"))):
                code.stop(number)
    return code.finish(ABSENT)
