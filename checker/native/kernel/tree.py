"""How is a wide state kept in one word?  As a tree whose equal parts are stored once.

Rule of the module: exact.  A part is a word of a state or a pair of parts; every part has one number, of `PART`
bits, and a state's key is the pair at its top (Laarman, van de Pol and Weber, "Parallel recursive state
compression for free", 2011).  Node i of a tree has the children 2i and 2i + 1; the leaves are the last nodes.
A successor shares the parts that did not change with the state it comes from, which is at work at a seat of several:
while the places of its other parts in memory are on their way, the next states are expanded.  Part 0 is the word 0,
and the pair (0, 0).
"""

from __future__ import annotations

from interlock.checker.native.code.text import Code
from interlock.checker.native.kernel.context import FAR, Ctx, Shared
from interlock.checker.native.kernel.shape import NONE, PART, Shape

_NUMBER = str((1 << PART) - 1)  # of a place: the bits of a part's number


def text(shape: Shape) -> str:
    """The functions of the tree."""
    return (
        "\n".join([_enter(), _intern(), _fold(shape), _unfold(shape), _reseat(), _ask(shape), _ask_items()])
        if shape.folded
        else ""
    )


def _intern() -> str:
    """`@intern(ctx, part) -> number`: the number of a part, which the thread remembers if it met it lately.

    A number is never taken back, so what is remembered stays true, however the tree grows.
    """
    code = Code("define internal i64 @intern(ptr %c, i64 %part) alwaysinline nounwind")
    h = code.op("call i64 @hash(i64 %part)")
    known = _remembered(code, h)
    number = code.var(code.load(known, 1))
    same = code.cmp("eq", code.load(known), "%part")
    with code.unless(code.all(same, code.cmp("ne", code.get(number), "0"))):
        found = code.op(f"call i64 @enter(ptr %c, i64 %part, i64 {h})")
        code.set(number, code.add(found, "1"))
        code.store("%part", known)
        code.store(code.get(number), known, 1)
    return code.finish(code.sub(code.get(number), "1"))


def _remembered(code: Code, h: str) -> str:
    """Where a thread remembers a part of this hash, and its number + 1."""
    place = code.op(f"lshr i64 {h}, {code.load('%c', Ctx.MEMO_SHIFT)}")
    return code.at(code.pointer("%c", Ctx.MEMO), code.mul(place, 2))


def _enter() -> str:
    """`@enter(ctx, part, hash) -> number` of a part, a new one where it has none."""
    code = Code("define internal i64 @enter(ptr %c, i64 %part, i64 %h) noinline nounwind")
    items, places, count = (
        code.pointer("%c", Ctx.ITEMS), code.pointer("%c", Ctx.PLACES), code.load("%c", Ctx.PLACE_COUNT),
    )  # fmt: skip
    tag = _tag(code, "%h")
    slot, there = code.var(code.scaled("%h", count)), code.var("0")
    look, free, full, won, same, on, end = (code.fresh(x) for x in ("look", "free", "full", "won", "same", "on", "end"))
    code.jump(look)
    code.place(look)
    here = code.get(slot)
    place = code.at(places, here, "i32")
    code.set(there, code.op(f"zext i32 {code.peek(place, 'i32')} to i64"))
    code.branch(code.cmp("eq", code.get(there), "0"), free, full)
    code.place(free)
    with code.when(code.cmp("eq", code.load("%c", Ctx.SPARE_ITEM), NONE)):
        fresh = code.fetch_add(code.at(code.pointer("%c", Ctx.SHARED), Shared.ITEM_COUNT), "1")
        code.store(fresh, "%c", Ctx.SPARE_ITEM)
        code.store(code.sub(code.load("%c", Ctx.ITEM_ALLOWANCE), "1"), "%c", Ctx.ITEM_ALLOWANCE)
    mine = code.load("%c", Ctx.SPARE_ITEM)
    code.store("%part", items, mine)
    entry = code.bor(code.add(mine, "1"), tag)
    was, done = code.claim(place, code.op(f"trunc i64 {entry} to i32"), "i32")
    code.set(there, code.op(f"zext i32 {was} to i64"))
    code.branch(done, won, full)
    code.place(won)
    code.store(NONE, "%c", Ctx.SPARE_ITEM)
    code.stop(mine)
    code.jump(full)
    code.place(full)
    number = code.xor(code.get(there), tag)  # if the tag is the same
    code.branch(code.cmp("ule", number, _NUMBER), same, on)
    code.place(same)
    found = code.sub(number, "1")
    code.branch(code.cmp("eq", code.load(items, found), "%part"), end, on)
    code.place(on)
    code.set(slot, _next(code, here, count))
    code.jump(look)
    code.place(end)
    return code.finish(found)


def _tag(code: Code, h: str) -> str:
    """What a place has above the number of its part: some bits of the part's hash, so that few others are compared."""
    return code.band(h, str(~int(_NUMBER) & (1 << 32) - 1))


def _next(code: Code, place: str, count: str) -> str:
    following = code.add(place, "1")
    return code.choose(code.cmp("eq", following, count), "0", following)


def _fold(shape: Shape) -> str:
    """`@fold(ctx, state, seat) -> key`, where what is as in the state at the seat has the numbers it has there."""
    code = Code("define internal i64 @fold(ptr %c, ptr %s, i64 %seat) nounwind")
    nodes = shape.nodes(code, "%seat")
    old = _leaves(shape, code, shape.at(code, code.pointer("%c", Ctx.STATE), "%seat"))
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
    """`@unfold(ctx, key, seat)`: let it be at work there."""
    code = Code("define internal i64 @unfold(ptr %c, i64 %key, i64 %seat) nounwind")
    items, nodes = code.pointer("%c", Ctx.ITEMS), shape.nodes(code, "%seat")
    state = shape.at(code, code.pointer("%c", Ctx.STATE), "%seat")
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


def _ask(shape: Shape) -> str:
    """`@ask(ctx, start, stop, seat, asked) -> n`: ask for the places where parts of successors of the state at a seat
    will be looked up, and note their hashes: so many are in `asked`.  What a thread remembers is not looked up."""
    code = Code("define internal i64 @ask(ptr %c, i64 %start, i64 %stop, i64 %seat, ptr %asked) nounwind")
    places, count = code.pointer("%c", Ctx.PLACES), code.load("%c", Ctx.PLACE_COUNT)
    code.leave(code.cmp("ult", count, str(FAR)), "0")
    pending, n = code.pointer("%c", Ctx.PENDING), code.var("0")
    old = _leaves(shape, code, shape.at(code, code.pointer("%c", Ctx.STATE), "%seat"))
    with code.count("%start", "%stop") as i:
        for before, part in zip(old, _leaves(shape, code, shape.at(code, pending, i)), strict=True):
            with code.when(code.cmp("ne", before, part)):
                h = code.op(f"call i64 @hash(i64 {part})")
                with code.when(code.cmp("ne", code.load(_remembered(code, h)), part)):
                    code.prefetch(code.at(places, code.scaled(h, count), "i32"), 0)
                    code.store(h, "%asked", code.get(n))
                    code.bump(n)
    return code.finish(code.get(n))


def _ask_items() -> str:
    """`@ask_items(ctx, asked, n)`: ask for the parts that are at the places of these hashes, if any."""
    code = Code("define internal i64 @ask_items(ptr %c, ptr %asked, i64 %n) nounwind")
    items, places, count = (
        code.pointer("%c", Ctx.ITEMS), code.pointer("%c", Ctx.PLACES), code.load("%c", Ctx.PLACE_COUNT),
    )  # fmt: skip
    with code.count("0", "%n") as i:
        h = code.load("%asked", i)
        tag, slot = _tag(code, h), code.var(code.scaled(h, count))
        look, other, on, found, end = (code.fresh(x) for x in ("look", "other", "on", "found", "end"))
        code.jump(look)
        code.place(look)
        here = code.get(slot)
        there = code.load32(places, here)
        number = code.xor(there, tag)
        code.branch(code.cmp("ule", number, _NUMBER), found, other)
        code.place(other)
        code.branch(code.cmp("eq", there, "0"), end, on)
        code.place(on)
        code.set(slot, _next(code, here, count))
        code.jump(look)
        code.place(found)
        code.prefetch(code.at(items, code.sub(number, "1")), 0)
        code.jump(end)
        code.place(end)
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
        entry = code.bor(code.add(i, "1"), _tag(code, h))
        code.do(f"store i32 {code.op(f'trunc i64 {entry} to i32')}, ptr {here}")
    return code.finish("0")
