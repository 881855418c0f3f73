"""How is a level of the state space searched?  Block by block, each by whichever thread takes it.

Rule of the module: which states a level has, and what is noted of it, does not depend on who takes what; a
thread returns when nothing of the level is left to take, when it is told to pause, or when it needs memory,
and goes on from there.  Successors are collected, and their places in the table asked for; a batch is inserted
when those of the next are on their way.
"""

from __future__ import annotations

from interlock.checker.native.code.text import Code
from interlock.checker.native.kernel import table as tables
from interlock.checker.native.kernel.context import (
    AHEAD,
    BATCH,
    BLOCK,
    BLOCK_WORDS,
    BUFFER,
    GRANT,
    KEEPS_STATES,
    KEEPS_STEPS,
    PARENTS,
    Ctx,
    Shared,
    Status,
)
from interlock.checker.native.kernel.shape import NONE, Shape


def text(shape: Shape) -> str:
    """The functions of the search."""
    search = Search(shape)
    return "\n".join([
        search.judge(), search.sift(), search.stage(), search.flush(), search.expand(), search.admit(),
        search.search(),
    ])  # fmt: skip


class Search:
    """Code for states of a shape."""

    def __init__(self, shape: Shape) -> None:
        self.shape = shape

    # --- successors --------------------------------------------------------------------------------

    def sift(self) -> str:
        """`@sift(ctx, start, stop, last) -> stop`: of the successors of a state that the instance `last` led to, leave
        out those that are found without them, by left movers over it (`native/module/shortcuts.py`)."""
        shape = self.shape
        code = Code("define internal i64 @sift(ptr %c, i64 %start, i64 %stop, i64 %last) alwaysinline nounwind")
        movers = code.pointer("%c", Ctx.MOVERS)
        code.leave(code.op(f"icmp eq ptr {movers}, null"), "%stop")
        row = code.at(movers, code.mul("%last", code.load("%c", Ctx.MOVER_WORDS)))
        pending, ids = code.pointer("%c", Ctx.PENDING), code.pointer("%c", Ctx.IDS)
        kept = code.var("%start")
        with code.count("%start", "%stop") as i:
            ident, to = code.load32(ids, i), code.get(kept)
            word = code.load(row, code.shr(ident, 6))
            left_out = code.band(code.op(f"lshr i64 {word}, {code.band(ident, '63')}"), "1")
            shape.copy(code, shape.at(code, pending, i), shape.at(code, pending, to))
            code.do(f"store i32 {code.op(f'trunc i64 {ident} to i32')}, ptr {code.at(ids, to, 'i32')}")
            code.set(kept, code.sub(code.add(to, "1"), left_out))
        return code.finish(code.get(kept))

    def stage(self) -> str:
        """`@stage(ctx, stop) -> Status`: find the keys of successors up to one and ask for their places in the table."""
        shape = self.shape
        code = Code("define internal i64 @stage(ptr %c, i64 %stop) nounwind")
        pending, keys, hashes = (code.pointer("%c", w) for w in (Ctx.PENDING, Ctx.KEYS, Ctx.HASHES))
        table, lines = code.pointer("%c", Ctx.TABLE), code.load("%c", Ctx.LINES)
        with code.count(code.load("%c", Ctx.STAGED), "%stop") as i:
            state = shape.at(code, pending, i)
            if shape.folded:
                code.store(i, "%c", Ctx.STAGED)
                self._granted(code, str(2 * shape.parts), Ctx.ITEM_ALLOWANCE, Shared.ITEM_ROOM)
            shape.represent(code, state)
            # until a wide state has a key, its place among the keys says where the state is that it comes from
            seat = code.band(code.load(keys, i), str(PARENTS - 1)) if shape.folded else "0"
            key = shape.key_of(code, state, seat)
            if shape.folded:
                code.store(key, keys, i)
            h = code.op(f"call i64 @hash(i64 {key})")
            code.store(h, hashes, i)
            code.prefetch(code.at(table, tables.home(code, h, lines)), 0)
        code.store("%stop", "%c", Ctx.STAGED)
        return code.finish(str(Status.DONE.value))

    def judge(self) -> str:
        """`@judge(ctx, source, start, stop)`: judge the steps from a state to its successors, but for those that keep
        what is claimed of steps.  All steps are judged, also those whose ends are left out, and before a successor is
        replaced by its representative: a property of steps relates two states that are permuted alike."""
        if not self.shape.steps:
            return ""
        code = Code("define internal i64 @judge(ptr %c, ptr %source, i64 %start, i64 %stop) nounwind")
        pending, ids, kept = (code.pointer("%c", w) for w in (Ctx.PENDING, Ctx.IDS, Ctx.KEPT))
        with code.count("%start", "%stop") as i:
            known = code.band(code.load8(kept, code.load32(ids, i)), str(KEEPS_STEPS))
            with code.when(code.cmp("eq", known, "0")):
                self._judge_step(code, self.shape.at(code, pending, i), i)
        return code.finish("0")

    def _judge_step(self, code: Code, state: str, number: str) -> None:
        bad = code.op(f"call i64 @check_step(ptr %source, ptr {state})")
        with code.when(code.cmp("ne", bad, "0")):
            ident, notes = code.load32(code.pointer("%c", Ctx.IDS), number), code.pointer("%c", Ctx.NOTES)
            if self.shape.every:
                code.op(f"call i64 @note_step(ptr %source, ptr {state}, i64 {ident}, ptr {notes})")
            else:
                self._keep(code, code.sub(bad, "1"), "%source", ident)

    def _keep(self, code: Code, place: str, state: str, ident: str) -> None:
        notes = code.pointer("%c", Ctx.NOTES)
        code.op(f"call i64 @keep(ptr {notes}, i64 {place}, ptr {state}, i64 {ident})")

    def _granted(self, code: Code, needed: str, allowance: Ctx, room: Shared) -> None:
        """See to an allowance of so many; leaves with GROW where there is no room for them."""
        with code.when(code.cmp("slt", code.load("%c", allowance), needed)):
            left = code.at(code.pointer("%c", Ctx.SHARED), room)
            plenty = code.cmp("sgt", code.peek(left), code.add(needed, str(64 * GRANT)))
            wanted = code.choose(plenty, code.add(needed, str(GRANT)), needed)
            before = code.fetch_add(left, code.sub("0", wanted))
            with code.when(code.cmp("slt", before, wanted)):
                code.fetch_add(left, wanted)
                code.stop(str(Status.GROW.value))
            code.store(code.add(code.load("%c", allowance), wanted), "%c", allowance)

    # --- insertion ---------------------------------------------------------------------------------

    def flush(self) -> str:
        """`@flush(ctx, stop) -> Status`: insert what is pending up to a place; judge what is new and put it into the
        next level."""
        shape = self.shape
        code = Code("define internal i64 @flush(ptr %c, i64 %stop) nounwind")
        start = code.load("%c", Ctx.INSERTED)
        n = code.sub("%stop", start)
        self._granted(code, n, Ctx.ALLOWANCE, Shared.ROOM)
        self._blocks(code, n)
        pending, keys, hashes = (code.pointer("%c", w) for w in (Ctx.PENDING, Ctx.KEYS, Ctx.HASHES))
        table, slots, tag = code.pointer("%c", Ctx.TABLE), code.load("%c", Ctx.SLOTS), code.load("%c", Ctx.TAG)
        lines = code.load("%c", Ctx.LINES)
        atomic, depth = code.cmp("ne", code.load("%c", Ctx.ATOMIC), "0"), code.load("%c", Ctx.DEPTH)
        notes, before = code.pointer("%c", Ctx.NOTES), code.load("%c", Ctx.COUNT)
        count = code.var(before)
        later, kept = code.pointer("%c", Ctx.LATER), code.pointer("%c", Ctx.KEPT)
        todo = code.var(n)
        with code.count_while("0", lambda: code.get(todo)) as k:
            second = code.cmp("uge", k, n)
            place = code.var(code.add(start, k))
            with code.when(second):
                code.set(place, code.load(later, k))
            at = code.get(place)
            key, h = code.load(keys, at), code.load(hashes, at)
            first = code.choose(second, h, tables.home(code, h, lines))
            slot, over = tables.insert(shape, code, key, first, code.bor(key, tag), table, slots, atomic, second)
            with code.when(code.cmp("ne", over, "-1")):  # its line is full: ask for the next one, and come back
                code.prefetch(code.at(table, over))
                code.store(over, hashes, at)
                code.store(at, later, code.get(todo))
                code.bump(todo)
            with code.when(code.cmp("ne", slot, "-1")):
                shape.set_depth(code, slot, depth)
                code.bump(count)
                ident = code.load32(code.pointer("%c", Ctx.IDS), at)
                self._append(code, key, ident)
                state = shape.at(code, pending, at)
                if shape.reduced:
                    code.store(code.add(code.load("%c", Ctx.REAL), shape.weight(code, state)), "%c", Ctx.REAL)
                known = code.band(code.load8(kept, ident), str(KEEPS_STATES))
                with code.when(code.cmp("eq", known, "0")):
                    self._check(code, state, notes)
        found = code.sub(code.get(count), before)
        code.store(code.get(count), "%c", Ctx.COUNT)
        code.store(code.sub(code.load("%c", Ctx.ALLOWANCE), found), "%c", Ctx.ALLOWANCE)
        code.store("%stop", "%c", Ctx.INSERTED)
        with code.when(code.cmp("eq", "%stop", code.load("%c", Ctx.WAITING))):
            for word in (Ctx.INSERTED, Ctx.WAITING, Ctx.STAGED):
                code.store("0", "%c", word)
        return code.finish(str(Status.DONE.value))

    def _check(self, code: Code, state: str, notes: str) -> None:
        """Note what is wrong with a new state."""
        found = code.op(f"call i64 @check(ptr {state}, ptr {notes})")
        with code.when(code.cmp("ne", found, "0")):
            if self.shape.every:
                code.op(f"call i64 @note(ptr {state}, ptr {notes})")
            else:
                self._keep(code, code.sub(found, "1"), state, "0")

    def _flush_all(self, code: Code) -> str:
        return code.op(f"call i64 @flush(ptr %c, i64 {code.load('%c', Ctx.WAITING)})")

    def _blocks(self, code: Code, n: str) -> None:
        """See to free blocks for so many states; leaves with GROW where the pool has no more."""
        enough = code.add(code.shr(n, BLOCK.bit_length() - 1), "1")
        top, take, end = code.fresh("top"), code.fresh("take"), code.fresh("end")
        code.jump(top)
        code.place(top)
        free = code.load("%c", Ctx.FREE_COUNT)
        code.branch(code.cmp("ult", free, enough), take, end)
        code.place(take)
        fresh = code.at(code.pointer("%c", Ctx.SHARED), Shared.FRESH)
        block = code.fetch_add(fresh, "1")
        with code.when(code.cmp("uge", block, code.load("%c", Ctx.BLOCKS))):
            code.fetch_add(fresh, "-1")
            code.stop(str(Status.GROW.value))
        code.store(block, code.pointer("%c", Ctx.FREE), free)
        code.store(code.add(free, "1"), "%c", Ctx.FREE_COUNT)
        code.jump(top)
        code.place(end)

    def _append(self, code: Code, key: str, ident: str) -> None:
        """Put a key, and the instance that led to it, into the block that is being filled; `_blocks` saw to a free
        one."""
        full = code.cmp("eq", code.load("%c", Ctx.FILLED), str(BLOCK))
        none = code.cmp("eq", code.load("%c", Ctx.FILLED_BLOCK), NONE)
        with code.when(code.op(f"or i1 {full}, {none}")):
            self._hand_over(code)
            free = code.sub(code.load("%c", Ctx.FREE_COUNT), "1")
            code.store(free, "%c", Ctx.FREE_COUNT)
            code.store(code.load(code.pointer("%c", Ctx.FREE), free), "%c", Ctx.FILLED_BLOCK)
        filled = code.load("%c", Ctx.FILLED)
        block = _block(code, code.load("%c", Ctx.FILLED_BLOCK))
        code.store(key, block, filled)
        code.do(f"store i16 {code.op(f'trunc i64 {ident} to i16')}, ptr {_maker(code, block, filled)}")
        code.store(code.add(filled, "1"), "%c", Ctx.FILLED)

    def _hand_over(self, code: Code) -> None:
        """The block that is being filled, if there is one, is part of the next level; or it is free again, where the
        next level is taken from the table (`native/store/spill.py`)."""
        block, next_level = code.load("%c", Ctx.FILLED_BLOCK), code.pointer("%c", Ctx.NEXT_LEVEL)
        with code.when(code.cmp("ne", block, NONE)):
            unlisted = code.op(f"icmp eq ptr {next_level}, null")
            with code.when(unlisted):
                self._set_free(code, block)
            with code.unless(unlisted):
                code.store(code.load("%c", Ctx.FILLED), code.pointer("%c", Ctx.COUNTS), block)
                place = code.fetch_add(code.at(code.pointer("%c", Ctx.SHARED), Shared.LISTED), "1")
                code.store(block, next_level, place)
        code.store(NONE, "%c", Ctx.FILLED_BLOCK)
        code.store("0", "%c", Ctx.FILLED)

    def admit(self) -> str:
        """`@admit(ctx) -> Status`: take in the pending states, which are initial ones."""
        code = Code("define i64 @admit(ptr %c) nounwind")
        self._leave_unless_done(code, self._stage(code, code.load("%c", Ctx.WAITING)))
        self._leave_unless_done(code, self._flush_all(code))
        return code.finish(str(Status.DONE.value))

    def _stage(self, code: Code, stop: str) -> str:
        return code.op(f"call i64 @stage(ptr %c, i64 {stop})")

    def _leave_unless_done(self, code: Code, status: str) -> None:
        code.leave(code.cmp("ne", status, str(Status.DONE.value)), status)

    # --- a level -----------------------------------------------------------------------------------

    def search(self) -> str:
        """`@search(ctx, n) -> Status`: expand states of the level, n at most."""
        shape = self.shape
        code = Code("define i64 @search(ptr %c, i64 %n) nounwind")
        left, at = code.var("%n"), code.var("0")
        parents = _Parents(shape, code) if shape.folded else None
        top, take, taken, again, full, more, emptied, go, ended = (
            code.fresh(x) for x in ("top", "take", "taken", "again", "full", "more", "emptied", "go", "ended")
        )
        code.jump(top)
        code.place(top)
        code.branch(code.cmp("eq", code.load("%c", Ctx.TAKEN_BLOCK), NONE), take, taken)
        code.place(take)
        self._take(code, ended)
        code.jump(taken)
        code.place(taken)
        number = code.load("%c", Ctx.TAKEN_BLOCK)
        block, states = _block(code, number), code.load(code.pointer("%c", Ctx.COUNTS), number)
        code.set(at, code.load("%c", Ctx.POSITION))
        code.jump(again)
        code.place(again)
        waiting = code.load("%c", Ctx.WAITING)
        last = code.cmp("uge", waiting, str(BUFFER))
        if parents is not None:
            self._leave_unless_done(code, self._stage(code, parents.due(last, waiting)))
        staged = code.load("%c", Ctx.STAGED)
        batch = code.cmp("uge", code.sub(staged, code.load("%c", Ctx.INSERTED)), str(AHEAD + BATCH))
        code.branch(code.op(f"or i1 {batch}, {last}"), full, more)
        code.place(full)
        stop = code.choose(last, waiting, code.sub(staged, str(AHEAD)))
        self._leave_unless_done(code, code.op(f"call i64 @flush(ptr %c, i64 {stop})"))
        code.jump(more)
        code.place(more)
        position, budget = code.get(at), code.get(left)
        code.branch(code.cmp("eq", position, states), emptied, go)
        code.place(emptied)
        self._emptied(code, number)
        code.jump(top)
        code.place(go)
        code.leave(code.cmp("eq", budget, "0"), str(Status.PAUSED.value))
        code.set(left, code.sub(budget, "1"))
        following = code.add(position, "1")
        code.set(at, following)
        code.store(following, "%c", Ctx.POSITION)
        maker = code.op(f"zext i16 {code.op(f'load i16, ptr {_maker(code, block, position)}')} to i64")
        if parents is None:
            code.op(f"call i64 @expand_one(ptr %c, ptr {code.at(block, position)}, i64 {maker})")
        else:
            shape.soon(code, code.load(block, following))
            parents.expand(code.load(block, position), maker)
        code.jump(again)
        code.place(ended)
        self._end_of_level(code, top, parents)
        return code.finish(str(Status.DONE.value))

    def _take(self, code: Code, ended: str) -> None:
        """Take a block of the level, if there is one left."""
        got = code.fresh("got")
        place = code.fetch_add(code.at(code.pointer("%c", Ctx.SHARED), Shared.NEXT), "1")
        code.branch(code.cmp("ult", place, code.load("%c", Ctx.LIMIT)), got, ended)
        code.place(got)
        code.store(code.load(code.pointer("%c", Ctx.LEVEL), place), "%c", Ctx.TAKEN_BLOCK)
        code.store("0", "%c", Ctx.POSITION)

    def _emptied(self, code: Code, number: str) -> None:
        """A block that was expanded may be filled again, by the same thread."""
        self._set_free(code, number)
        code.store(NONE, "%c", Ctx.TAKEN_BLOCK)

    def _set_free(self, code: Code, block: str) -> None:
        free = code.load("%c", Ctx.FREE_COUNT)
        code.store(block, code.pointer("%c", Ctx.FREE), free)
        code.store(code.add(free, "1"), "%c", Ctx.FREE_COUNT)

    def _end_of_level(self, code: Code, top: str, parents: _Parents | None) -> None:
        """Hand over what was found.  A thread that is alone begins the next level, unless it has to report."""
        pause = code.cmp("ult", code.load("%c", Ctx.LIMIT), code.load("%c", Ctx.LENGTH))
        code.leave(pause, str(Status.PAUSED.value))
        if parents is not None:
            self._leave_unless_done(code, self._stage(code, code.load("%c", Ctx.WAITING)))
            parents.forget()
        self._leave_unless_done(code, self._flush_all(code))
        self._hand_over(code)
        shared = code.pointer("%c", Ctx.SHARED)
        listed, left = code.load(shared, Shared.LISTED), code.load("%c", Ctx.LEVELS_LEFT)
        alone, quiet, may, some, few, small = (
            code.cmp("eq", code.load("%c", Ctx.ATOMIC), "0"),
            code.cmp("eq", code.load(code.pointer("%c", Ctx.NOTES)), "0"),
            code.cmp("ne", left, "0"),
            code.cmp("ne", listed, "0"),
            code.cmp("ult", listed, code.load("%c", Ctx.MANY)),
            code.cmp("ult", code.load("%c", Ctx.COUNT), code.load("%c", Ctx.PLENTY)),
        )
        with code.when(code.all(alone, quiet, may, some, few, small)):
            code.store(code.sub(left, "1"), "%c", Ctx.LEVELS_LEFT)
            level, next_level = code.load("%c", Ctx.LEVEL), code.load("%c", Ctx.NEXT_LEVEL)
            code.store(next_level, "%c", Ctx.LEVEL)
            code.store(level, "%c", Ctx.NEXT_LEVEL)
            code.store(listed, "%c", Ctx.LENGTH)
            code.store(listed, "%c", Ctx.LIMIT)
            code.store("0", shared, Shared.LISTED)
            code.store("0", shared, Shared.NEXT)
            code.store(code.add(code.load("%c", Ctx.DEPTH), "1"), "%c", Ctx.DEPTH)
            inside = code.op(f"icmp eq ptr {code.pointer('%c', Ctx.SIDE)}, null")
            step = code.choose(inside, str(1 << self.shape.key_bits), "0")
            code.store(code.add(code.load("%c", Ctx.TAG), step), "%c", Ctx.TAG)
            code.jump(top)
            code.place(code.fresh("dead"))

    # --- a state -----------------------------------------------------------------------------------

    def expand(self) -> str:
        """`@expand_one(ctx, state, last)`: collect its successors; note it where it is a deadlock or has an error."""
        shape = self.shape
        code = Code("define internal i64 @expand_one(ptr %c, ptr %s, i64 %last) alwaysinline nounwind")
        waiting = code.load("%c", Ctx.WAITING)
        weight = shape.weight(code, "%s")
        after = shape.successors(code, "%s", waiting, weight)
        err = code.pointer("%c", Ctx.ERR)
        error = code.load(err)
        fine, none = code.cmp("eq", error, NONE), code.cmp("eq", after, waiting)
        with code.unless(fine):
            self._keep(code, str(shape.dead + 2), "%s", error)
            code.store(NONE, err)
        with code.when(code.all(fine, none)):
            dead = code.op("call i64 @check_terminal(ptr %s)")
            with code.when(code.cmp("ne", dead, "0")):
                self._keep(code, code.add(dead, str(shape.dead - 1)), "%s", "0")
            code.store(code.add(code.load("%c", Ctx.TERMINAL), weight), "%c", Ctx.TERMINAL)
        code.store(code.add(code.load("%c", Ctx.EXPANDED), "1"), "%c", Ctx.EXPANDED)
        with code.when(code.cmp("eq", code.load("%c", Ctx.PROBE), "0")):
            before, made = code.load("%c", Ctx.TRANSITIONS), code.mul(code.sub(after, waiting), weight)
            code.store(code.add(before, made), "%c", Ctx.TRANSITIONS)
            if shape.steps:
                code.op(f"call i64 @judge(ptr %c, ptr %s, i64 {waiting}, i64 {after})")
            kept = code.op(f"call i64 @sift(ptr %c, i64 {waiting}, i64 {after}, i64 %last)")
            code.store(kept, "%c", Ctx.WAITING)
            if not shape.folded:
                self._stage(code, kept)
        return code.finish("0")


class _Parents:
    """The wide states whose successors have no keys yet: the one that was expanded last, and two before it.

    What is looked up for a successor's key is asked for when its parent is expanded, and followed when the next one
    is, so that it is there when the one after that is.  A call begins without any: all that waits gets its keys.
    """

    def __init__(self, shape: Shape, code: Code) -> None:
        self.shape, self.code = shape, code
        waiting = code.load("%c", Ctx.WAITING)
        self.seat = code.var("0")
        self.last, self.before = code.var(waiting), code.var(waiting)  # where successors of the last two begin
        self.asked = code.var("0")  # places that were asked for the last one

    def due(self, everything: str, waiting: str) -> str:
        """Up to which successor all are to have keys; where it is everything, there are no parents any more."""
        code = self.code
        stop = code.choose(everything, waiting, code.get(self.before))
        with code.when(everything):
            self.forget()
        return stop

    def forget(self) -> None:
        """Nothing waits any more."""
        for start in (self.last, self.before):
            self.code.set(start, "0")

    def expand(self, key: str, maker: str) -> None:
        """Expand the state of a key, and see to what its successors and those of the one before need."""
        code, shape = self.code, self.shape
        seat = code.band(code.add(code.get(self.seat), "1"), str(PARENTS - 1))
        code.set(self.seat, seat)
        start = code.load("%c", Ctx.WAITING)
        state = shape.state_of(code, key, seat)
        code.op(f"call i64 @expand_one(ptr %c, ptr {state}, i64 {maker})")
        stop, keys = code.load("%c", Ctx.WAITING), code.pointer("%c", Ctx.KEYS)
        with code.count(start, stop) as i:
            code.store(seat, keys, i)
        if not shape.reduced:  # what is looked up then is of their representatives
            odd, room = code.band(seat, "1"), code.load("%c", Ctx.ASKED_ROOM)
            lists = code.pointer("%c", Ctx.ASKED)
            mine, other = (code.at(lists, code.mul(x, room)) for x in (odd, code.xor(odd, "1")))
            asked = code.op(f"call i64 @ask(ptr %c, i64 {start}, i64 {stop}, i64 {seat}, ptr {mine})")
            code.op(f"call i64 @ask_items(ptr %c, ptr {other}, i64 {code.get(self.asked)})")
            code.set(self.asked, asked)
        code.set(self.before, code.get(self.last))
        code.set(self.last, start)


def _block(code: Code, number: str) -> str:
    return code.at(code.pointer("%c", Ctx.POOL), code.mul(number, BLOCK_WORDS))


def _maker(code: Code, block: str, position: str) -> str:
    """Where a block says which instance led to a state."""
    return code.at(code.at(block, BLOCK), position, "i16")
