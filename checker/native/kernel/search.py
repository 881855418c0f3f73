"""How is a level of the state space searched?  Block by block, each by whichever thread takes it.

Rule of the module: which states a level has, and what is noted of it, does not depend on who takes what; a
thread returns when nothing of the level is left to take, when it is told to pause, or when it needs memory,
and goes on from there.  Successors are collected, and their places in the table asked for; a batch is inserted
when those of the next are on their way.
"""

from __future__ import annotations

from interlock.checker.native.code.text import Address, Bit, Code, Label, Number, Word
from interlock.checker.native.kernel import table as tables
from interlock.checker.native.kernel.context import (
    ABSENT,
    AHEAD,
    BATCH,
    BLOCK,
    BLOCK_WORDS,
    BUFFER,
    CTX,
    GRANT,
    KEEPS_STATES,
    KEEPS_STEPS,
    PARENTS,
    Ctx,
    Shared,
    Status,
)
from interlock.checker.native.kernel.shape import Expanding, Shape, check, check_step, check_terminal, hashed, keep


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
        movers = code.pointer(CTX, Ctx.MOVERS)
        code.leave(code.null(movers), Word("%stop"))
        row = code.at(movers, code.mul(Word("%last"), code.load(CTX, Ctx.MOVER_WORDS)))
        pending, ids = code.pointer(CTX, Ctx.PENDING), code.pointer(CTX, Ctx.IDS)
        kept = code.var(Word("%start"))
        with code.count(Word("%start"), Word("%stop")) as i:
            ident, to = code.load32(ids, i), code.get(kept)
            word = code.load(row, code.shr(ident, 6))
            left_out = code.band(code.shr(word, code.band(ident, 63)), 1)
            shape.copy(code, shape.at(code, pending, i), shape.at(code, pending, to))
            code.store32(ident, ids, to)
            code.set(kept, code.sub(code.add(to, 1), left_out))
        return code.finish(code.get(kept))

    def stage(self) -> str:
        """`@stage(ctx, stop) -> Status`: find the keys of successors up to one and ask for their places in the table."""
        shape = self.shape
        code = Code("define internal i64 @stage(ptr %c, i64 %stop) nounwind")
        pending, keys, hashes = (code.pointer(CTX, w) for w in (Ctx.PENDING, Ctx.KEYS, Ctx.HASHES))
        table, lines = code.pointer(CTX, Ctx.TABLE), code.load(CTX, Ctx.LINES)
        with code.count(code.load(CTX, Ctx.STAGED), Word("%stop")) as i:
            state = shape.at(code, pending, i)
            if shape.folded:
                code.store(i, CTX, Ctx.STAGED)
                self._granted(code, 2 * shape.parts, Ctx.ITEM_ALLOWANCE, Shared.ITEM_ROOM)
            shape.represent(code, state)
            # until a wide state has a key, its place among the keys says where the state is that it comes from
            seat = code.band(code.load(keys, i), PARENTS - 1) if shape.folded else 0
            key = shape.key_of(code, state, seat)
            if shape.folded:
                code.store(key, keys, i)
            h = hashed(code, key)
            code.store(h, hashes, i)
            code.prefetch(code.at(table, tables.home(code, h, lines)), 0)
        code.store(Word("%stop"), CTX, Ctx.STAGED)
        return code.finish(Status.DONE)

    def judge(self) -> str:
        """`@judge(ctx, source, start, stop)`: judge the steps from a state to its successors, but for those that keep
        what is claimed of steps.  All steps are judged, also those whose ends are left out, and before a successor is
        replaced by its representative: a property of steps relates two states that are permuted alike."""
        if not self.shape.steps:
            return ""
        code = Code("define internal i64 @judge(ptr %c, ptr %source, i64 %start, i64 %stop) nounwind")
        pending, ids, kept = (code.pointer(CTX, w) for w in (Ctx.PENDING, Ctx.IDS, Ctx.KEPT))
        with code.count(Word("%start"), Word("%stop")) as i:
            known = code.band(code.load8(kept, code.load32(ids, i)), KEEPS_STEPS)
            with code.when(code.cmp("eq", known, 0)):
                self._judge_step(code, self.shape.at(code, pending, i), i)
        return code.finish()

    def _judge_step(self, code: Code, state: Address, number: Word) -> None:
        source = Address("%source")
        bad = check_step(code, source, state)
        with code.when(code.cmp("ne", bad, 0)):
            ident, notes = code.load32(code.pointer(CTX, Ctx.IDS), number), code.pointer(CTX, Ctx.NOTES)
            if self.shape.every:
                code.word(f"call i64 @note_step(ptr {source}, ptr {state}, i64 {ident}, ptr {notes})")
            else:
                self._keep(code, code.sub(bad, 1), source, ident)

    def _keep(self, code: Code, place: Number, state: Address, ident: Number) -> None:
        keep(code, code.pointer(CTX, Ctx.NOTES), place, state, ident)

    def _granted(self, code: Code, needed: Number, allowance: Ctx, room: Shared) -> None:
        """See to it that the thread may insert `needed` states (or items: the word `allowance` says how many), and take more
        from `room` where it may not; leaves with GROW where there is not enough."""
        with code.when(code.cmp("slt", code.load(CTX, allowance), needed)):
            left = code.at(code.pointer(CTX, Ctx.SHARED), room)
            plenty = code.cmp("sgt", code.peek(left), code.add(needed, 64 * GRANT))
            wanted = code.choose(plenty, code.add(needed, GRANT), needed)
            before = code.fetch_add(left, code.sub(0, wanted))
            with code.when(code.cmp("slt", before, wanted)):
                code.fetch_add(left, wanted)
                code.stop(Status.GROW)
            code.store(code.add(code.load(CTX, allowance), wanted), CTX, allowance)

    # --- insertion ---------------------------------------------------------------------------------

    def flush(self) -> str:
        """`@flush(ctx, stop) -> Status`: insert what is pending up to a place; judge what is new and put it into the
        next level."""
        shape = self.shape
        code = Code("define internal i64 @flush(ptr %c, i64 %stop) nounwind")
        start = code.load(CTX, Ctx.INSERTED)
        n = code.sub(Word("%stop"), start)
        self._granted(code, n, Ctx.ALLOWANCE, Shared.ROOM)
        self._blocks(code, n)
        pending, keys, hashes = (code.pointer(CTX, w) for w in (Ctx.PENDING, Ctx.KEYS, Ctx.HASHES))
        cells, slots, tag = code.pointer(CTX, Ctx.TABLE), code.load(CTX, Ctx.SLOTS), code.load(CTX, Ctx.TAG)
        lines, atomic = code.load(CTX, Ctx.LINES), code.cmp("ne", code.load(CTX, Ctx.ATOMIC), 0)
        table, depth = tables.Table(shape, code, cells, slots, lines, atomic), code.load(CTX, Ctx.DEPTH)
        notes, before = code.pointer(CTX, Ctx.NOTES), code.load(CTX, Ctx.COUNT)
        count = code.var(before)
        later, kept = code.pointer(CTX, Ctx.LATER), code.pointer(CTX, Ctx.KEPT)
        todo = code.var(n)
        with code.count_while(0, lambda: code.get(todo)) as k:
            second = code.cmp("uge", k, n)
            place = code.var(code.add(start, k))
            with code.when(second):
                code.set(place, code.load(later, k))
            at = code.get(place)
            key, h = code.load(keys, at), code.load(hashes, at)
            first = code.choose(second, h, table.home(h))
            slot, over = table.insert(key, first, code.bor(key, tag), second)
            with code.when(code.cmp("ne", over, ABSENT)):  # its line is full: ask for the next one, and come back
                code.prefetch(code.at(cells, over))
                code.store(over, hashes, at)
                code.store(at, later, code.get(todo))
                code.bump(todo)
            with code.when(code.cmp("ne", slot, ABSENT)):
                shape.set_depth(code, slot, depth)
                code.bump(count)
                ident = code.load32(code.pointer(CTX, Ctx.IDS), at)
                self._append(code, key, ident)
                state = shape.at(code, pending, at)
                if shape.reduced:
                    code.store(code.add(code.load(CTX, Ctx.REAL), shape.weight(code, state)), CTX, Ctx.REAL)
                known = code.band(code.load8(kept, ident), KEEPS_STATES)
                with code.when(code.cmp("eq", known, 0)):
                    self._check(code, state, notes)
        found = code.sub(code.get(count), before)
        code.store(code.get(count), CTX, Ctx.COUNT)
        code.store(code.sub(code.load(CTX, Ctx.ALLOWANCE), found), CTX, Ctx.ALLOWANCE)
        code.store(Word("%stop"), CTX, Ctx.INSERTED)
        with code.when(code.cmp("eq", Word("%stop"), code.load(CTX, Ctx.WAITING))):
            for word in (Ctx.INSERTED, Ctx.WAITING, Ctx.STAGED):
                code.store(0, CTX, word)
        return code.finish(Status.DONE)

    def _check(self, code: Code, state: Address, notes: Address) -> None:
        """Note what is wrong with a new state."""
        found = check(code, state, notes)
        with code.when(code.cmp("ne", found, 0)):
            if self.shape.every:
                code.word(f"call i64 @note(ptr {state}, ptr {notes})")
            else:
                self._keep(code, code.sub(found, 1), state, 0)

    def _flush_all(self, code: Code) -> Word:
        return self._flush(code, code.load(CTX, Ctx.WAITING))

    def _flush(self, code: Code, stop: Word) -> Word:
        return code.word(f"call i64 @flush(ptr %c, i64 {stop})")

    def _blocks(self, code: Code, n: Number) -> None:
        """See to free blocks for n states; leaves with GROW where the pool has no more."""
        enough = code.add(code.shr(n, BLOCK.bit_length() - 1), 1)
        end = code.label("end")
        with code.forever():
            free = code.load(CTX, Ctx.FREE_COUNT)
            code.leap_unless(code.cmp("ult", free, enough), end)
            fresh = code.at(code.pointer(CTX, Ctx.SHARED), Shared.FRESH)
            block = code.fetch_add(fresh, 1)
            with code.when(code.cmp("uge", block, code.load(CTX, Ctx.BLOCKS))):
                code.fetch_add(fresh, -1)
                code.stop(Status.GROW)
            code.store(block, code.pointer(CTX, Ctx.FREE), free)
            code.store(code.add(free, 1), CTX, Ctx.FREE_COUNT)
        code.place(end)

    def _append(self, code: Code, key: Word, ident: Number) -> None:
        """Put a key, and the instance that led to it, into the block that is being filled; `_blocks` saw to a free
        one."""
        full = code.cmp("eq", code.load(CTX, Ctx.FILLED), BLOCK)
        none = code.cmp("eq", code.load(CTX, Ctx.FILLED_BLOCK), ABSENT)
        with code.when(code.either(full, none)):
            self._hand_over(code)
            free = code.sub(code.load(CTX, Ctx.FREE_COUNT), 1)
            code.store(free, CTX, Ctx.FREE_COUNT)
            code.store(code.load(code.pointer(CTX, Ctx.FREE), free), CTX, Ctx.FILLED_BLOCK)
        filled = code.load(CTX, Ctx.FILLED)
        block = _block(code, code.load(CTX, Ctx.FILLED_BLOCK))
        code.store(key, block, filled)
        code.store_narrow(16, ident, _makers(code, block), filled)
        code.store(code.add(filled, 1), CTX, Ctx.FILLED)

    def _hand_over(self, code: Code) -> None:
        """The block that is being filled, if there is one, is part of the next level; or it is free again, where the
        next level is taken from the table (`native/store/spill.py`)."""
        block, next_level = code.load(CTX, Ctx.FILLED_BLOCK), code.pointer(CTX, Ctx.NEXT_LEVEL)
        with code.when(code.cmp("ne", block, ABSENT)):
            unlisted = code.null(next_level)
            with code.when(unlisted):
                self._set_free(code, block)
            with code.unless(unlisted):
                code.store(code.load(CTX, Ctx.FILLED), code.pointer(CTX, Ctx.COUNTS), block)
                place = code.fetch_add(code.at(code.pointer(CTX, Ctx.SHARED), Shared.LISTED), 1)
                code.store(block, next_level, place)
        code.store(ABSENT, CTX, Ctx.FILLED_BLOCK)
        code.store(0, CTX, Ctx.FILLED)

    def admit(self) -> str:
        """`@admit(ctx) -> Status`: take in the pending states, which are initial ones."""
        code = Code("define i64 @admit(ptr %c) nounwind")
        self._leave_unless_done(code, self._stage(code, code.load(CTX, Ctx.WAITING)))
        self._leave_unless_done(code, self._flush_all(code))
        return code.finish(Status.DONE)

    def _stage(self, code: Code, stop: Word) -> Word:
        return code.word(f"call i64 @stage(ptr %c, i64 {stop})")

    def _leave_unless_done(self, code: Code, status: Word) -> None:
        code.leave(code.cmp("ne", status, Status.DONE), status)

    # --- a level -----------------------------------------------------------------------------------

    def search(self) -> str:
        """`@search(ctx, n) -> Status`: expand states of the level, n at most."""
        shape = self.shape
        code = Code("define i64 @search(ptr %c, i64 %n) nounwind")
        left, at = code.var(Word("%n")), code.var(0)
        parents = _Parents(shape, code) if shape.folded else None
        top, ended = code.label("top"), code.label("ended")
        code.reach(top)
        with code.when(code.cmp("eq", code.load(CTX, Ctx.TAKEN_BLOCK), ABSENT)):
            self._take(code, ended)
        number = code.load(CTX, Ctx.TAKEN_BLOCK)
        block, states = _block(code, number), code.load(code.pointer(CTX, Ctx.COUNTS), number)
        code.set(at, code.load(CTX, Ctx.POSITION))
        with code.forever():
            waiting = code.load(CTX, Ctx.WAITING)
            last = code.cmp("uge", waiting, BUFFER)
            if parents is not None:
                self._leave_unless_done(code, self._stage(code, parents.due(last, waiting)))
            staged = code.load(CTX, Ctx.STAGED)
            batch = code.cmp("uge", code.sub(staged, code.load(CTX, Ctx.INSERTED)), AHEAD + BATCH)
            with code.when(code.either(batch, last)):
                self._leave_unless_done(code, self._flush(code, code.choose(last, waiting, code.sub(staged, AHEAD))))
            position, budget = code.get(at), code.get(left)
            with code.departing(code.cmp("eq", position, states), top):
                self._emptied(code, number)
            code.leave(code.cmp("eq", budget, 0), Status.PAUSED)
            code.set(left, code.sub(budget, 1))
            following = code.add(position, 1)
            code.set(at, following)
            code.store(following, CTX, Ctx.POSITION)
            maker = code.load_narrow(16, _makers(code, block), position)
            if parents is None:
                _expand_one(code, code.at(block, position), maker)
            else:
                shape.soon(code, code.load(block, following))
                parents.expand(code.load(block, position), maker)
        code.place(ended)
        self._end_of_level(code, top, parents)
        return code.finish(Status.DONE)

    def _take(self, code: Code, ended: Label) -> None:
        """Take a block of the level, if there is one left."""
        place = code.fetch_add(code.at(code.pointer(CTX, Ctx.SHARED), Shared.NEXT), 1)
        code.leap_unless(code.cmp("ult", place, code.load(CTX, Ctx.LIMIT)), ended)
        code.store(code.load(code.pointer(CTX, Ctx.LEVEL), place), CTX, Ctx.TAKEN_BLOCK)
        code.store(0, CTX, Ctx.POSITION)

    def _emptied(self, code: Code, number: Word) -> None:
        """A block that was expanded may be filled again, by the same thread."""
        self._set_free(code, number)
        code.store(ABSENT, CTX, Ctx.TAKEN_BLOCK)

    def _set_free(self, code: Code, block: Word) -> None:
        free = code.load(CTX, Ctx.FREE_COUNT)
        code.store(block, code.pointer(CTX, Ctx.FREE), free)
        code.store(code.add(free, 1), CTX, Ctx.FREE_COUNT)

    def _end_of_level(self, code: Code, top: Label, parents: _Parents | None) -> None:
        """Hand over what was found.  A thread that is alone begins the next level, unless it has to report."""
        pause = code.cmp("ult", code.load(CTX, Ctx.LIMIT), code.load(CTX, Ctx.LENGTH))
        code.leave(pause, Status.PAUSED)
        if parents is not None:
            self._leave_unless_done(code, self._stage(code, code.load(CTX, Ctx.WAITING)))
            parents.forget()
        self._leave_unless_done(code, self._flush_all(code))
        self._hand_over(code)
        shared = code.pointer(CTX, Ctx.SHARED)
        listed, left = code.load(shared, Shared.LISTED), code.load(CTX, Ctx.LEVELS_LEFT)
        alone, quiet, may, some, few, small = (
            code.cmp("eq", code.load(CTX, Ctx.ATOMIC), 0),
            code.cmp("eq", code.load(code.pointer(CTX, Ctx.NOTES)), 0),
            code.cmp("ne", left, 0),
            code.cmp("ne", listed, 0),
            code.cmp("ult", listed, code.load(CTX, Ctx.MANY)),
            code.cmp("ult", code.load(CTX, Ctx.COUNT), code.load(CTX, Ctx.PLENTY)),
        )
        with code.when(code.all(alone, quiet, may, some, few, small)):
            code.store(code.sub(left, 1), CTX, Ctx.LEVELS_LEFT)
            level, next_level = code.load(CTX, Ctx.LEVEL), code.load(CTX, Ctx.NEXT_LEVEL)
            code.store(next_level, CTX, Ctx.LEVEL)
            code.store(level, CTX, Ctx.NEXT_LEVEL)
            code.store(listed, CTX, Ctx.LENGTH)
            code.store(listed, CTX, Ctx.LIMIT)
            code.store(0, shared, Shared.LISTED)
            code.store(0, shared, Shared.NEXT)
            code.store(code.add(code.load(CTX, Ctx.DEPTH), 1), CTX, Ctx.DEPTH)
            inside = code.null(code.pointer(CTX, Ctx.SIDE))
            step = code.choose(inside, 1 << self.shape.key_bits, 0)
            code.store(code.add(code.load(CTX, Ctx.TAG), step), CTX, Ctx.TAG)
            code.escape(top)

    # --- a state -----------------------------------------------------------------------------------

    def expand(self) -> str:
        """`@expand_one(ctx, state, last)`: collect its successors; note it where it is a deadlock or has an error."""
        shape = self.shape
        code = Code("define internal i64 @expand_one(ptr %c, ptr %s, i64 %last) alwaysinline nounwind")
        state = Address("%s")
        waiting = code.load(CTX, Ctx.WAITING)
        weight = shape.weight(code, state)
        after = shape.successors(code, state, waiting, weight)
        err = code.pointer(CTX, Ctx.ERR)
        error = code.load(err)
        fine, none = code.cmp("eq", error, ABSENT), code.cmp("eq", after, waiting)
        with code.unless(fine):
            self._keep(code, shape.expanding(Expanding.ACTION_ERROR), state, error)
            code.store(ABSENT, err)
        with code.when(code.all(fine, none)):
            dead = check_terminal(code, state)
            with code.when(code.cmp("ne", dead, 0)):
                self._keep(code, code.add(dead, shape.dead - 1), state, 0)
            code.store(code.add(code.load(CTX, Ctx.TERMINAL), weight), CTX, Ctx.TERMINAL)
        code.store(code.add(code.load(CTX, Ctx.EXPANDED), 1), CTX, Ctx.EXPANDED)
        with code.when(code.cmp("eq", code.load(CTX, Ctx.PROBE), 0)):
            before, made = code.load(CTX, Ctx.TRANSITIONS), code.mul(code.sub(after, waiting), weight)
            code.store(code.add(before, made), CTX, Ctx.TRANSITIONS)
            if shape.steps:
                code.word(f"call i64 @judge(ptr %c, ptr %s, i64 {waiting}, i64 {after})")
            kept = code.word(f"call i64 @sift(ptr %c, i64 {waiting}, i64 {after}, i64 %last)")
            code.store(kept, CTX, Ctx.WAITING)
            if not shape.folded:
                self._stage(code, kept)
        return code.finish()


class _Parents:
    """The wide states whose successors have no keys yet: the one that was expanded last, and two before it.

    What is looked up for a successor's key is asked for when its parent is expanded, and followed when the next one
    is, so that it is there when the one after that is.  A call begins without any: all that waits gets its keys.
    """

    def __init__(self, shape: Shape, code: Code) -> None:
        self.shape, self.code = shape, code
        waiting = code.load(CTX, Ctx.WAITING)
        self.seat = code.var(0)
        self.last, self.before = code.var(waiting), code.var(waiting)  # where successors of the last two begin
        self.asked = code.var(0)  # places that were asked for the last one

    def due(self, everything: Bit, waiting: Word) -> Word:
        """Up to which successor all are to have keys; where it is everything, there are no parents any more."""
        code = self.code
        stop = code.choose(everything, waiting, code.get(self.before))
        with code.when(everything):
            self.forget()
        return stop

    def forget(self) -> None:
        """Nothing waits any more."""
        for start in (self.last, self.before):
            self.code.set(start, 0)

    def expand(self, key: Word, maker: Word) -> None:
        """Expand the state of a key, and see to what its successors and those of the one before need."""
        code, shape = self.code, self.shape
        seat = code.band(code.add(code.get(self.seat), 1), PARENTS - 1)
        code.set(self.seat, seat)
        start = code.load(CTX, Ctx.WAITING)
        state = shape.state_of(code, key, seat)
        _expand_one(code, state, maker)
        stop, keys = code.load(CTX, Ctx.WAITING), code.pointer(CTX, Ctx.KEYS)
        with code.count(start, stop) as i:
            code.store(seat, keys, i)
        if not shape.reduced:  # what is looked up then is of their representatives
            odd, room = code.band(seat, 1), code.load(CTX, Ctx.ASKED_ROOM)
            lists = code.pointer(CTX, Ctx.ASKED)
            mine, other = (code.at(lists, code.mul(x, room)) for x in (odd, code.xor(odd, 1)))
            asked = code.word(f"call i64 @ask(ptr %c, i64 {start}, i64 {stop}, i64 {seat}, ptr {mine})")
            code.word(f"call i64 @ask_items(ptr %c, ptr {other}, i64 {code.get(self.asked)})")
            code.set(self.asked, asked)
        code.set(self.before, code.get(self.last))
        code.set(self.last, start)


def _expand_one(code: Code, state: Address, maker: Word) -> None:
    code.word(f"call i64 @expand_one(ptr %c, ptr {state}, i64 {maker})")


def _block(code: Code, number: Word) -> Address:
    return code.at(code.pointer(CTX, Ctx.POOL), code.mul(number, BLOCK_WORDS))


def _makers(code: Code, block: Address) -> Address:
    """Where a block says, in 16 bits for each of its states, which instance led to it."""
    return code.at(block, BLOCK)
