"""How is a wide state kept in one word?  As a tree whose equal parts are stored once.

Rule of the module: exact.  A part is a word of a state or a pair of parts; every part has one number, of `PART`
bits, and a state's key is the pair at its top (Laarman, van de Pol and Weber, "Parallel recursive state
compression for free", 2011).  Node i of a tree has the children 2i and 2i + 1; the leaves are the last nodes.
A successor shares the parts that did not change with the state it comes from, which is at work at a seat of several:
while the places of its other parts in memory are on their way, the next states are expanded.  Part 0 is the word 0,
and the pair (0, 0).
"""

from __future__ import annotations

from interlock.checker.native.code.text import Address, Bit, Code, Word
from interlock.checker.native.kernel.context import ABSENT, CTX, FAR, Ctx, Shared
from interlock.checker.native.kernel.shape import PART, Shape, hashed

_NUMBER = (1 << PART) - 1  # of a place: the bits of a part's number


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
    part = Word("%part")
    h = hashed(code, part)
    known = _remembered(code, h)
    number = code.var(code.load(known, 1))
    same = code.cmp("eq", code.load(known), part)
    with code.unless(code.all(same, code.cmp("ne", code.get(number), 0))):
        found = code.word(f"call i64 @enter(ptr %c, i64 {part}, i64 {h})")
        code.set(number, code.add(found, 1))
        code.store(part, known)
        code.store(code.get(number), known, 1)
    return code.finish(code.sub(code.get(number), 1))


def _remembered(code: Code, h: Word) -> Address:
    """Where a thread remembers a part of this hash, and its number + 1."""
    place = code.shr(h, code.load(CTX, Ctx.MEMO_SHIFT))
    return code.at(code.pointer(CTX, Ctx.MEMO), code.mul(place, 2))


def _enter() -> str:
    """`@enter(ctx, part, hash) -> number` of a part, a new one where it has none."""
    code = Code("define internal i64 @enter(ptr %c, i64 %part, i64 %h) noinline nounwind")
    items, places, count = (
        code.pointer(CTX, Ctx.ITEMS), code.pointer(CTX, Ctx.PLACES), code.load(CTX, Ctx.PLACE_COUNT),
    )  # fmt: skip
    part, h = Word("%part"), Word("%h")
    tag = _tag(code, h)
    slot, there = code.var(code.scaled(h, count)), code.var(0)
    on, end = code.label("on"), code.label("end")
    with code.forever("look"):
        here = code.get(slot)
        place = code.at(places, here, "i32")
        code.set(there, code.peek32(place))
        with code.when(code.cmp("eq", code.get(there), 0)):
            with code.when(code.cmp("eq", code.load(CTX, Ctx.SPARE_ITEM), ABSENT)):
                fresh = code.fetch_add(code.at(code.pointer(CTX, Ctx.SHARED), Shared.ITEM_COUNT), 1)
                code.store(fresh, CTX, Ctx.SPARE_ITEM)
                code.store(code.sub(code.load(CTX, Ctx.ITEM_ALLOWANCE), 1), CTX, Ctx.ITEM_ALLOWANCE)
            mine = code.load(CTX, Ctx.SPARE_ITEM)
            code.store(part, items, mine)
            was, won = code.claim32(place, code.bor(code.add(mine, 1), tag))
            code.set(there, was)
            with code.when(won):
                code.store(ABSENT, CTX, Ctx.SPARE_ITEM)
                code.stop(mine)
        number = code.xor(code.get(there), tag)  # if the tag is the same
        code.leap_unless(code.cmp("ule", number, _NUMBER), on)
        found = code.sub(number, 1)
        code.leap(code.cmp("eq", code.load(items, found), part), end)
        code.reach(on)
        code.set(slot, _next(code, here, count))
    code.place(end)
    return code.finish(found)


def _tag(code: Code, h: Word) -> Word:
    """What a place has above the number of its part: some bits of the part's hash, so that few others are compared."""
    return code.band(h, ~_NUMBER & (1 << 32) - 1)


def _next(code: Code, place: Word, count: Word) -> Word:
    following = code.add(place, 1)
    return code.choose(code.cmp("eq", following, count), 0, following)


def _fold(shape: Shape) -> str:
    """`@fold(ctx, state, seat) -> key`, where what is as in the state at the seat has the numbers it has there."""
    code = Code("define internal i64 @fold(ptr %c, ptr %s, i64 %seat) nounwind")
    seat = Word("%seat")
    nodes = shape.nodes(code, seat)
    old = _leaves(shape, code, shape.at(code, code.pointer(CTX, Ctx.STATE), seat))
    new = _leaves(shape, code, Address("%s"))
    n = shape.parts
    known = [code.load(nodes, i) for i in range(2 * n)]
    node = list(known)
    for k in range(n):
        node[n + k] = _changed(code, code.cmp("ne", old[k], new[k]), known[n + k], new[k])
    for i in range(n - 1, 1, -1):
        pair = code.xor(_pair(code, known[2 * i], known[2 * i + 1]), _pair(code, node[2 * i], node[2 * i + 1]))
        changed = code.cmp("ne", pair, 0)
        node[i] = _changed(code, changed, known[i], _pair(code, node[2 * i], node[2 * i + 1]))
    return code.finish(_pair(code, node[2], node[3]))


def _changed(code: Code, changed: Bit, known: Word, part: Word) -> Word:
    number = code.var(known)
    with code.when(changed):
        code.set(number, code.word(f"call i64 @intern(ptr %c, i64 {part})"))
    return code.get(number)


def _pair(code: Code, left: Word, right: Word) -> Word:
    return code.bor(code.shl(left, PART), right)


def _leaves(shape: Shape, code: Code, state: Address) -> list[Word]:
    words = [code.load(state, i) for i in range(shape.words)]
    return words if len(words) > 1 else [code.shr(words[0], 32), code.band(words[0], (1 << 32) - 1)]


def _unfold(shape: Shape) -> str:
    """`@unfold(ctx, key, seat)`: let it be at work there."""
    code = Code("define internal i64 @unfold(ptr %c, i64 %key, i64 %seat) nounwind")
    items, nodes = code.pointer(CTX, Ctx.ITEMS), shape.nodes(code, Word("%seat"))
    state = shape.at(code, code.pointer(CTX, Ctx.STATE), Word("%seat"))
    n = shape.parts
    pair, words = {1: Word("%key")}, list[tuple[int, Word]]()
    for i in range(1, n):
        for child, number in ((2 * i, code.shr(pair[i], PART)), (2 * i + 1, code.band(pair[i], _NUMBER))):
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
    return code.finish()


def _ask(shape: Shape) -> str:
    """`@ask(ctx, start, stop, seat, asked) -> n`: ask for the places where parts of successors of the state at a seat
    will be looked up, and write the hashes of these parts to `asked`: n of them.  What a thread remembers is not looked
    up."""
    code = Code("define internal i64 @ask(ptr %c, i64 %start, i64 %stop, i64 %seat, ptr %asked) nounwind")
    places, count = code.pointer(CTX, Ctx.PLACES), code.load(CTX, Ctx.PLACE_COUNT)
    code.leave(code.cmp("ult", count, FAR), 0)
    pending, n = code.pointer(CTX, Ctx.PENDING), code.var(0)
    old = _leaves(shape, code, shape.at(code, code.pointer(CTX, Ctx.STATE), Word("%seat")))
    with code.count(Word("%start"), Word("%stop")) as i:
        for before, part in zip(old, _leaves(shape, code, shape.at(code, pending, i)), strict=True):
            with code.when(code.cmp("ne", before, part)):
                h = hashed(code, part)
                with code.when(code.cmp("ne", code.load(_remembered(code, h)), part)):
                    code.prefetch(code.at(places, code.scaled(h, count), "i32"), 0)
                    code.store(h, Address("%asked"), code.get(n))
                    code.bump(n)
    return code.finish(code.get(n))


def _ask_items() -> str:
    """`@ask_items(ctx, asked, n)`: ask for the parts that are at the places of these hashes, if any."""
    code = Code("define internal i64 @ask_items(ptr %c, ptr %asked, i64 %n) nounwind")
    items, places, count = (
        code.pointer(CTX, Ctx.ITEMS), code.pointer(CTX, Ctx.PLACES), code.load(CTX, Ctx.PLACE_COUNT),
    )  # fmt: skip
    with code.count(0, Word("%n")) as i:
        h = code.load(Address("%asked"), i)
        tag, slot = _tag(code, h), code.var(code.scaled(h, count))
        end = code.label("end")
        with code.forever("look"):
            here = code.get(slot)
            there = code.load32(places, here)
            number = code.xor(there, tag)
            with code.departing(code.cmp("ule", number, _NUMBER), end):
                code.prefetch(code.at(items, code.sub(number, 1)), 0)
            code.leap(code.cmp("eq", there, 0), end)
            code.set(slot, _next(code, here, count))
        code.place(end)
    return code.finish()


def _reseat() -> str:
    """`@reseat(ctx, start, stop)`: enter the items of an interval into the new, empty places."""
    code = Code("define i64 @reseat(ptr %c, i64 %start, i64 %stop) nounwind")
    items, places, count = (
        code.pointer(CTX, Ctx.ITEMS), code.pointer(CTX, Ctx.PLACES), code.load(CTX, Ctx.PLACE_COUNT),
    )  # fmt: skip
    with code.count(Word("%start"), Word("%stop")) as i:
        h = hashed(code, code.load(items, i))
        slot = code.var(code.scaled(h, count))
        end = code.label("end")
        with code.forever("look"):
            here = code.at(places, code.get(slot), "i32")
            code.leap(code.bit(f"icmp eq i32 {code.op(f'load i32, ptr {here}')}, 0"), end)
            code.set(slot, _next(code, code.get(slot), count))
        code.place(end)
        entry = code.bor(code.add(i, 1), _tag(code, h))
        code.store32(entry, here)
    return code.finish()
