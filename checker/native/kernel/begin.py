"""How does a search find its initial states?  Instance after instance of the initial actions, by their numbers.

Rule of the module: it can stop after any instance, and go on from there.
"""

from __future__ import annotations

from interlock.checker.native.code.text import Code
from interlock.checker.native.kernel.context import BUFFER, Ctx, Status
from interlock.checker.native.kernel.shape import NONE, Shape


def text(shape: Shape, initials: int, instances: int) -> str:
    """The functions that go through the initial instances; so many instances have the actions."""
    return "\n".join([_begin(shape, initials, instances), _origin(shape)])


def _begin(shape: Shape, initials: int, nobody: int) -> str:
    """`@begin(ctx, n) -> Status`: take in what the next initial instances lead to, n of them at most.  ERROR: the next
    one is an error of the model."""
    code = Code("define i64 @begin(ptr %c, i64 %n) nounwind")
    left, number = code.var("%n"), code.var(code.load("%c", Ctx.INITIAL))
    pending, ids, err = (code.pointer("%c", w) for w in (Ctx.PENDING, Ctx.IDS, Ctx.ERR))
    top = code.fresh("top")
    code.jump(top)
    code.place(top)
    here, waiting = code.get(number), code.load("%c", Ctx.WAITING)
    code.store(here, "%c", Ctx.INITIAL)
    over = code.cmp("uge", here, str(initials))
    with code.when(code.op(f"or i1 {over}, {code.cmp('uge', waiting, str(BUFFER))}")):
        status = code.op("call i64 @admit(ptr %c)")
        code.leave(code.cmp("ne", status, str(Status.DONE.value)), status)
    code.leave(over, str(Status.DONE.value))
    code.leave(code.cmp("eq", code.get(left), "0"), str(Status.PAUSED.value))
    code.bump(left, "-1")
    at = code.load("%c", Ctx.WAITING)
    made = code.op(f"call i64 @initial(i64 {here}, ptr {shape.at(code, pending, at)}, ptr {err})")
    code.leave(code.cmp("ne", code.load(err), NONE), str(Status.ERROR.value))
    code.do(f"store i32 {nobody}, ptr {code.at(ids, at, 'i32')}")  # no instance of an action leads to it
    code.store(code.add(at, made), "%c", Ctx.WAITING)
    code.bump(number)
    code.jump(top)
    code.place(code.fresh("dead"))
    return code.finish("0")


def _origin(shape: Shape) -> str:
    """`@origin(start, stop, target, out, err) -> number`: the first of these initial instances that leads to a state,
    or into its orbit where that is kept; what it leads to is written to `out`.  -1 where none does."""
    code = Code("define i64 @origin(i64 %start, i64 %stop, ptr %t, ptr %out, ptr %err) nounwind")
    there = code.buffer(shape.words)
    with code.count("%start", "%stop") as number:
        made = code.op(f"call i64 @initial(i64 {number}, ptr %out, ptr %err)")
        with code.when(code.cmp("ne", made, "0")):
            shape.copy(code, "%out", there)
            shape.represent(code, there)
            with code.when(code.op(f"call i1 @same(ptr {there}, ptr %t)")):
                code.stop(number)
    return code.finish(NONE)
