"""How is a wide state kept in one word?  As a tree whose equal parts are stored once.

Rule of the module: exact.  A part is a word of a state or a pair of parts; every part has one number, of `PART`
bits, and a state's key is the pair at its top (Laarman, van de Pol and Weber, "Parallel recursive state
compression for free", 2011).  Node i of a tree has the children 2i and 2i + 1; the leaves are the last nodes.
A successor shares the parts that did not change with the state at work.  Part 0 is the word 0, and the pair (0, 0).
"""

from __future__ import annotations

from checker.native.kernel.context import Ctx, Shared
from checker.native.kernel.shape import NONE, PART, Shape
from checker.native.text import Code


def text(shape: Shape) -> str:
    """The functions of the tree."""
    return "\n".join([_enter(), _intern(), _fold(shape), _unfold(shape), _reseat()]) if shape.folded else ""


def _intern() -> str:
    """`@intern(ctx, part) -> number`: the number of a part, which the thread remembers if it met it lately.

    A number is never taken back, so what is remembered stays true, however the tree grows.
    """
    code = Code("define internal i64 @intern(ptr %c, i64 %part) alwaysinline nounwind")
    h = code.op("call i64 @hash(i64 %part)")
    place = code.op(f"lshr i64 {h}, {code.load('%c', Ctx.MEMO_SHIFT)}")
    known = code.at(code.pointer("%c", Ctx.MEMO), code.mul(place, 2))
    number = code.var(code.load(known, 1))
    same = code.cmp("eq", code.load(known), "%part")
    with code.unless(code.all(same, code.cmp("ne", code.get(number), "0"))):
        found = code.op(f"call i64 @enter(ptr %c, i64 %part, i64 {h})")
        code.set(number, code.add(found, "1"))
        code.store("%part", known)
        code.store(code.get(number), known, 1)
    return code.finish(code.sub(code.get(number), "1"))


def _enter() -> str:
    """`@enter(ctx, part, hash) -> number` of a part, a new one where it has none."""
    code = Code("define internal i64 @enter(ptr %c, i64 %part, i64 %h) noinline nounwind")
    items, places, count = (
        code.pointer("%c", Ctx.ITEMS), code.pointer("%c", Ctx.PLACES), code.load("%c", Ctx.PLACE_COUNT),
    )  # fmt: skip
    slot, number = code.var(code.scaled("%h", count)), code.var("0")
    look, free, full, won, on, end = (code.fresh(x) for x in ("look", "free", "full", "won", "on", "end"))
    code.jump(look)
    code.place(look)
    here = code.get(slot)
    place = code.at(places, here, "i32")
    code.set(number, code.op(f"zext i32 {code.peek(place, 'i32')} to i64"))
    code.branch(code.cmp("eq", code.get(number), "0"), free, full)
    code.place(free)
    with code.when(code.cmp("eq", code.load("%c", Ctx.SPARE_ITEM), NONE)):
        fresh = code.fetch_add(code.at(code.pointer("%c", Ctx.SHARED), Shared.ITEM_COUNT), "1")
        code.store(fresh, "%c", Ctx.SPARE_ITEM)
        code.store(code.sub(code.load("%c", Ctx.ITEM_ALLOWANCE), "1"), "%c", Ctx.ITEM_ALLOWANCE)
    mine = code.load("%c", Ctx.SPARE_ITEM)
    code.store("%part", items, mine)
    was, done = code.claim(place, code.op(f"trunc i64 {code.add(mine, '1')} to i32"), "i32")
    code.set(number, code.op(f"zext i32 {was} to i64"))
    code.branch(done, won, full)
    code.place(won)
    code.store(NONE, "%c", Ctx.SPARE_ITEM)
    code.stop(mine)
    code.jump(full)
    code.place(full)
    found = code.sub(code.get(number), "1")
    code.branch(code.cmp("eq", code.load(items, found), "%part"), end, on)
    code.place(on)
    code.set(slot, _next(code, here, count))
    code.jump(look)
    code.place(end)
    return code.finish(found)


def _next(code: Code, place: str, count: str) -> str:
    following = code.add(place, "1")
    return code.choose(code.cmp("eq", following, count), "0", following)


def _fold(shape: Shape) -> str:
    """`@fold(ctx, state) -> key`, where what is as in the state at work has the numbers it has there."""
    code = Code("define internal i64 @fold(ptr %c, ptr %s) nounwind")
    nodes = code.pointer("%c", Ctx.STATE_NODES)
    old = _leaves(shape, code, code.pointer("%c", Ctx.STATE))
    new = _leaves(shape, code, "%s")
    n = shape.parts
    known = [code.load(nodes, i) for i in range(2 * n)]
    node = list(known)
    for k in range(n):
        node[n + k] = _changed(code, code.cmp("ne", old[k], new[k]), known[n + k], new[k])
    for i in range(n - 1, 1, -1):
        pair = code.xor(_pair(code, known[2 * i], known[2 * i + 1]), _pair(code, node[2 * i], node[2 * i + 1]))
        changed = code.cmp("ne", pair, "0")
        node[i] = _changed(code, changed, known[i], _pair(code, node[2 * i], node[2 * i + 1]))
    return code.finish(_pair(code, node[2], node[3]))


def _changed(code: Code, changed: str, known: str, part: str) -> str:
    number = code.var(known)
    with code.when(changed):
        code.set(number, code.op(f"call i64 @intern(ptr %c, i64 {part})"))
    return code.get(number)


def _pair(code: Code, left: str, right: str) -> str:
    return code.bor(code.shl(left, PART), right)


def _leaves(shape: Shape, code: Code, state: str) -> list[str]:
    words = [code.load(state, i) for i in range(shape.words)]
    return words if len(words) > 1 else [code.shr(words[0], 32), code.band(words[0], str((1 << 32) - 1))]


def _unfold(shape: Shape) -> str:
    """`@unfold(ctx, key)`: make it the state at work."""
    code = Code("define internal i64 @unfold(ptr %c, i64 %key) nounwind")
    items, nodes, state = (
        code.pointer("%c", Ctx.ITEMS), code.pointer("%c", Ctx.STATE_NODES), code.pointer("%c", Ctx.STATE),
    )  # fmt: skip
    n = shape.parts
    pair, words = {1: "%key"}, []
    for i in range(1, n):
        for child, number in ((2 * i, code.shr(pair[i], PART)), (2 * i + 1, code.band(pair[i], str((1 << PART) - 1)))):
            code.store(number, nodes, child)
            part = code.load(items, number)
            if child < n:
                pair[child] = part
            else:
                words.append((child, part))
    leaves = [part for _, part in sorted(words)]
    if shape.words == 1:
        leaves = [code.bor(code.shl(leaves[0], 32), leaves[1])]
    for k, word in enumerate(leaves):
        code.store(word, state, k)
    return code.finish("0")


def _reseat() -> str:
    """`@reseat(ctx, start, stop)`: enter the items of an interval into the new, empty places."""
    code = Code("define i64 @reseat(ptr %c, i64 %start, i64 %stop) nounwind")
    items, places, count = (
        code.pointer("%c", Ctx.ITEMS), code.pointer("%c", Ctx.PLACES), code.load("%c", Ctx.PLACE_COUNT),
    )  # fmt: skip
    with code.count("%start", "%stop") as i:
        h = code.op(f"call i64 @hash(i64 {code.load(items, i)})")
        slot = code.var(code.scaled(h, count))
        look, on, end = code.fresh("look"), code.fresh("on"), code.fresh("end")
        code.jump(look)
        code.place(look)
        here = code.at(places, code.get(slot), "i32")
        code.branch(code.op(f"icmp eq i32 {code.op(f'load i32, ptr {here}')}, 0"), end, on)
        code.place(on)
        code.set(slot, _next(code, code.get(slot), count))
        code.jump(look)
        code.place(end)
        number = code.add(i, "1")
        code.do(f"store i32 {code.op(f'trunc i64 {number} to i32')}, ptr {here}")
    return code.finish("0")
