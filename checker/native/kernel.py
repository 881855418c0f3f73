"""How are the reachable states found, counted and searched?  The loops around the model's own code.

Rule of the module: exact and without globals.  All that a run knows is in one context (`Ctx`, an array of
64-bit words) and the memory it points to, so a run can stop after any state, be looked at, be given more
memory and go on; where it stops never changes what it finds.

States lie in `QUEUE` in the order they were found, `W` words each, level after level.  The visited set is
open addressing over `TABLE`: where a state leaves room in one word, its cells are state + 1; else a cell is
a tag of 32 bits of the hash above 32 bits of the state's position + 1, and the state itself is compared.
Successors are collected in `PENDING` and prefetched, and inserted when a batch is full.
"""

from __future__ import annotations

import enum

from checker.native.text import Code

BATCH = 64
FULL_TAG = 0xFFFFFFFF00000000


class Ctx(enum.IntEnum):
    """The words of a context."""

    QUEUE = 0
    TABLE = 1
    MASK = 2
    HEAD = 3  # the next state to expand
    COUNT = 4  # states found
    LIMIT = 5  # the end of the level being expanded
    CAP = 6  # states there is room for
    PENDING = 7
    HASHES = 8
    IDS = 9
    WAITING = 10  # successors in PENDING
    TRANSITIONS = 11
    TERMINAL = 12
    FIRED = 13
    ERR = 14  # where an action's error is reported: its instance number, or -1
    WITNESS = 15  # by property: the first state that has it, or -1
    LEVELS = 16  # where each level ends
    LEVEL = 17  # levels ended
    LEVEL_CAP = 18
    MAX_STATES = 19
    FOUND = 20  # code of the first violation by a found state or step, or 0
    FOUND_STATE = 21  # its position (for a step: of the source)
    FOUND_ID = 22  # for a step: the instance
    STOP = 23  # whether to stop at once when FOUND
    DEAD = 24  # code of the terminal predicate at a deadlock
    PROBE = 25  # look for errors and deadlocks only
    SEED = 26
    WALK = 27
    STEPS = 28
    INITIAL = 29  # the initial states, for walks
    INITIALS = 30
    TRACE = 31  # instances of the walk
    LENGTH = 32  # steps of the walk
    STATE = 33  # two states to work on
    OWNER = 34  # by instance number: its action
    TAKEN = 35  # by action: steps of walks
    STEP = 36  # code of the first violation by a step, or 0
    STEP_STATE = 37
    STEP_ID = 38
    NOTES = 39  # where every violation is wanted: by what it is, the first state (for a step: the source), or -1
    NOTE_IDS = 40  # beside NOTES: the instance of a step or of an error
    REAL = 41  # states of the orbits of those found; as COUNT, where the search is not reduced


class Status(enum.IntEnum):
    """Why a run returned."""

    PAUSED = 0
    DONE = 1
    GROW = 2
    FOUND = 3
    ERROR = 4
    DEADLOCK = 5
    LEVELS_FULL = 6
    MAX_STATES = 7


def hash_code(words: int) -> str:
    """`@hash(state) -> i64`."""
    code = Code("define internal i64 @hash(ptr readonly %s) alwaysinline nounwind")
    h = "0"
    for i in range(words):
        word = code.load("%s", i)
        x = word if i == 0 else code.xor(h, word)
        h = code.mul(code.xor(x, code.shr(x, 32)), _MULTIPLIER)
    h = code.mul(code.xor(h, code.shr(h, 32)), _MULTIPLIER)
    return code.finish(code.xor(h, code.shr(h, 32)))


_MULTIPLIER = str(0xD6E8FEB86659FD93 - (1 << 64))


class Kernel:
    """The loops for states of some words, kept `direct` (as the cells of the table) or by position.

    `notes` None: the search returns at a violation.  Else it notes the first of each kind and goes on: by code - 1
    those of properties, and from `notes` on a deadlock, an error of the terminal predicate, an error of an action.
    `reduced`: the states are representatives of orbits (`checker.native.symmetry`).  A step is judged as it is made,
    its target replaced by the representative afterwards; counts are of the states in the orbits.
    """

    def __init__(
        self, words: int, direct: bool, steps: bool, notes: int | None = None, *, reduced: bool = False
    ) -> None:
        self.words, self.direct, self.steps, self.notes, self.reduced = words, direct, steps, notes, reduced

    def text(self) -> str:
        """All functions of the kernel."""
        parts = [hash_code(self.words), self._same(), self._insert(), self._flush(), self._admit(), self._search()]
        parts += [self._rehash(), self._locate(), self._recover(), self._predecessor(), self._walk(), self._replay()]
        return "\n".join(parts)

    # --- states ------------------------------------------------------------------------------------

    def _same(self) -> str:
        code = Code("define internal i1 @same(ptr %a, ptr %b) alwaysinline nounwind")
        different = "0"
        for i in range(self.words):
            d = code.xor(code.load("%a", i), code.load("%b", i))
            different = d if i == 0 else code.op(f"or i64 {different}, {d}")
        equal = code.cmp("eq", different, "0")
        return code.finish("0").replace("ret i64 0", f"ret i1 {equal}")

    def _copy(self, code: Code, source: str, target: str) -> None:
        for i, word in enumerate([code.load(source, i) for i in range(self.words)]):
            code.store(word, target, i)

    def _state(self, code: Code, base: str, index: str) -> str:
        return code.at(base, code.mul(index, self.words))

    def _represent(self, code: Code, state: str) -> None:
        """Replace a state by the representative of its orbit."""
        if self.reduced:
            code.op(f"call i64 @canonical(ptr {state})")

    def _weight(self, code: Code, state: str) -> str:
        """How many states a kept state stands for."""
        return code.op(f"call i64 @weight(ptr {state})") if self.reduced else "1"

    def _probe(self, code: Code, state: str, h: str, table: str, mask: str, queue: str) -> tuple[str, str]:
        """The slot of a state or of the free cell for it, and the cell's content (0: free)."""
        key = code.add(code.load(state), "1") if self.direct else code.band(h, str(FULL_TAG - (1 << 64)))
        slot = code.var(code.band(h, mask))
        look, full, tag, on, end = (code.fresh(x) for x in ("look", "full", "tag", "on", "end"))
        code.jump(look)
        code.place(look)
        here = code.get(slot)
        cell = code.load(table, here)
        code.branch(code.cmp("eq", cell, "0"), end, full)
        code.place(full)
        if self.direct:
            code.branch(code.cmp("eq", cell, key), end, on)
        else:
            code.branch(code.cmp("ult", code.xor(cell, key), str(1 << 32)), tag, on)
            code.place(tag)
            index = code.op(f"sub i64 {code.band(cell, str((1 << 32) - 1))}, 1")
            same = code.op(f"call i1 @same(ptr {state}, ptr {self._state(code, queue, index)})")
            code.branch(same, end, on)
        code.place(on)
        code.set(slot, code.band(code.add(here, "1"), mask))
        code.jump(look)
        code.place(end)
        return here, cell

    def _cell(self, code: Code, state: str, h: str, index: str) -> str:
        if self.direct:
            return code.add(code.load(state), "1")
        tag = code.band(h, str(FULL_TAG - (1 << 64)))
        return code.op(f"or i64 {tag}, {code.add(index, '1')}")

    # --- the visited set ---------------------------------------------------------------------------

    def _insert(self) -> str:
        """`@insert(ctx, state, h)`: if it is new, put the state at the end of the queue and check it."""
        code = Code(
            "define internal i64 @insert(ptr %c, ptr %s, i64 %h, ptr %table, i64 %mask, ptr %queue) alwaysinline nounwind"
        )
        here, cell = self._probe(code, "%s", "%h", "%table", "%mask", "%queue")
        with code.when(code.cmp("eq", cell, "0")):
            count = code.load("%c", Ctx.COUNT)
            code.store(self._cell(code, "%s", "%h", count), "%table", here)
            self._copy(code, "%s", self._state(code, "%queue", count))
            code.store(code.add(count, "1"), "%c", Ctx.COUNT)
            code.store(code.add(code.load("%c", Ctx.REAL), self._weight(code, "%s")), "%c", Ctx.REAL)
            found = code.op(f"call i64 @check(ptr %s, i64 {count}, ptr {code.pointer('%c', Ctx.WITNESS)})")
            with code.when(code.cmp("ne", found, "0")):
                self._found(code, found, count)
                if self.notes is not None:
                    notes, witness = code.pointer("%c", Ctx.NOTES), code.pointer("%c", Ctx.WITNESS)
                    code.op(f"call i64 @note(ptr %s, i64 {count}, ptr {notes}, ptr {witness})")
        return code.finish("0")

    def _found(self, code: Code, what: str, state: str) -> None:
        """Keep the first violation."""
        with code.when(code.cmp("eq", code.load("%c", Ctx.FOUND), "0")):
            code.store(what, "%c", Ctx.FOUND)
            code.store(state, "%c", Ctx.FOUND_STATE)

    def _flush(self) -> str:
        """`@flush(ctx)`: insert all that is pending."""
        code = Code("define internal i64 @flush(ptr %c) nounwind")
        table, mask, queue = code.pointer("%c", Ctx.TABLE), code.load("%c", Ctx.MASK), code.pointer("%c", Ctx.QUEUE)
        pending, hashes, n = (
            code.pointer("%c", Ctx.PENDING), code.pointer("%c", Ctx.HASHES), code.load("%c", Ctx.WAITING),
        )  # fmt: skip
        if not self.direct:
            with code.count("0", n) as i:
                cell = code.load(table, code.band(code.load(hashes, i), mask))
                index = code.op(f"sub i64 {code.band(cell, str((1 << 32) - 1))}, 1")
                with code.when(code.cmp("ne", cell, "0")):
                    code.prefetch(self._state(code, queue, index), 0)
        with code.count("0", n) as i:
            state = self._state(code, pending, i)
            code.op(
                f"call i64 @insert(ptr %c, ptr {state}, i64 {code.load(hashes, i)}, "
                f"ptr {table}, i64 {mask}, ptr {queue})"
            )
        code.store("0", "%c", Ctx.WAITING)
        return code.finish("0")

    def _stage(self, code: Code, start: str, stop: str, table: str, mask: str, step: str | None = None) -> None:
        """Check the steps to pending states from state number `step`; represent, hash and prefetch the states."""
        pending, hashes = code.pointer("%c", Ctx.PENDING), code.pointer("%c", Ctx.HASHES)
        with code.count(start, stop) as i:
            state = self._state(code, pending, i)
            if step is not None and self.steps:
                self._check_step(code, step, state, i)
            self._represent(code, state)
            h = code.op(f"call i64 @hash(ptr {state})")
            code.store(h, hashes, i)
            code.prefetch(code.at(table, code.band(h, mask)))

    def _check_step(self, code: Code, source: str, target: str, number: str) -> None:
        """Keep the first step that violates a property; states found before it come first (`_settle`)."""
        old = self._state(code, code.pointer("%c", Ctx.QUEUE), source)
        bad = code.op(f"call i64 @check_step(ptr {old}, ptr {target})")
        with code.when(code.cmp("ne", bad, "0")):
            short = code.op(f"load i32, ptr {code.at(code.pointer('%c', Ctx.IDS), number, 'i32')}")
            ident = code.op(f"zext i32 {short} to i64")
            with code.when(code.cmp("eq", code.load("%c", Ctx.STEP), "0")):
                for value, word in ((bad, Ctx.STEP), (source, Ctx.STEP_STATE), (ident, Ctx.STEP_ID)):
                    code.store(value, "%c", word)
            if self.notes is not None:
                notes, ids = code.pointer("%c", Ctx.NOTES), code.pointer("%c", Ctx.NOTE_IDS)
                code.op(
                    f"call i64 @note_step(ptr {old}, ptr {target}, i64 {source}, i64 {ident}, ptr {notes}, ptr {ids})"
                )

    def _step_waits(self, code: Code) -> str:
        step = code.cmp("ne", code.load("%c", Ctx.STEP), "0")
        return code.op(f"and i1 {step}, {code.cmp('eq', code.load('%c', Ctx.FOUND), '0')}")

    def _admit(self) -> str:
        """`@admit(ctx)`: take in the pending states, which are initial ones."""
        code = Code("define i64 @admit(ptr %c) nounwind")
        table, mask, n = code.pointer("%c", Ctx.TABLE), code.load("%c", Ctx.MASK), code.load("%c", Ctx.WAITING)
        code.leave(self._no_room(code), str(Status.GROW.value))
        self._stage(code, "0", n, table, mask)
        code.op("call i64 @flush(ptr %c)")
        return code.finish(str(Status.DONE.value))

    def _no_room(self, code: Code) -> str:
        wanted = code.add(code.load("%c", Ctx.COUNT), code.load("%c", Ctx.WAITING))
        return code.cmp("ugt", wanted, code.load("%c", Ctx.CAP))

    def _rehash(self) -> str:
        """`@rehash(ctx)`: enter every state of the queue into the new, empty table."""
        code = Code("define i64 @rehash(ptr %c) nounwind")
        table, mask, queue = code.pointer("%c", Ctx.TABLE), code.load("%c", Ctx.MASK), code.pointer("%c", Ctx.QUEUE)
        count = code.load("%c", Ctx.COUNT)
        with code.count("0", count) as i:
            ahead = code.add(i, "24")
            with code.when(code.cmp("ult", ahead, count)):
                later = code.op(f"call i64 @hash(ptr {self._state(code, queue, ahead)})")
                code.prefetch(code.at(table, code.band(later, mask)))
            state = self._state(code, queue, i)
            h = code.op(f"call i64 @hash(ptr {state})")
            slot = self._free(code, h, table, mask)
            code.store(self._cell(code, state, h, i), table, slot)
        return code.finish("0")

    def _free(self, code: Code, h: str, table: str, mask: str) -> str:
        slot = code.var(code.band(h, mask))
        look, on, end = code.fresh("look"), code.fresh("on"), code.fresh("end")
        code.jump(look)
        code.place(look)
        here = code.get(slot)
        code.branch(code.cmp("eq", code.load(table, here), "0"), end, on)
        code.place(on)
        code.set(slot, code.band(code.add(here, "1"), mask))
        code.jump(look)
        code.place(end)
        return here

    # --- breadth first -----------------------------------------------------------------------------

    def _search(self) -> str:
        """`@search(ctx, n) -> Status`: expand up to n states."""
        code = Code("define i64 @search(ptr %c, i64 %n) nounwind")
        left = code.var("%n")
        top, expand, full, out = (code.fresh(x) for x in ("top", "expand", "full", "out"))
        code.jump(top)
        code.place(top)
        waiting, head = code.load("%c", Ctx.WAITING), code.load("%c", Ctx.HEAD)
        ended = code.cmp("eq", head, code.load("%c", Ctx.LIMIT))
        stepped = self._step_waits(code)
        due = code.op(f"or i1 {ended}, {code.cmp('uge', waiting, str(BATCH))}")
        code.branch(code.op(f"or i1 {due}, {stepped}"), full, expand)
        code.place(full)
        self._settle(code, ended, top)
        code.place(expand)
        budget = code.get(left)
        code.leave(code.cmp("eq", budget, "0"), str(Status.PAUSED.value))
        code.set(left, code.op(f"sub i64 {budget}, 1"))
        self._expand(code, head, waiting)
        code.jump(top)
        code.place(out)
        return code.finish("0")

    def _settle(self, code: Code, ended: str, top: str) -> None:
        """Insert what is pending; at the end of a level, begin the next."""
        code.leave(self._no_room(code), str(Status.GROW.value))
        code.op("call i64 @flush(ptr %c)")
        with code.when(self._step_waits(code)):
            for a, b in ((Ctx.STEP, Ctx.FOUND), (Ctx.STEP_STATE, Ctx.FOUND_STATE), (Ctx.STEP_ID, Ctx.FOUND_ID)):
                code.store(code.load("%c", a), "%c", b)
        if self.notes is None:
            found = code.cmp("ne", code.load("%c", Ctx.FOUND), "0")
            stop = code.cmp("ne", code.load("%c", Ctx.STOP), "0")
            over = code.op(f"or i1 {stop}, {ended}")
            code.leave(code.op(f"and i1 {found}, {over}"), str(Status.FOUND.value))
        count, limit = code.load("%c", Ctx.COUNT), code.load("%c", Ctx.LIMIT)
        most = code.load("%c", Ctx.MAX_STATES)
        code.leave(code.cmp("ugt", count, most), str(Status.MAX_STATES.value))
        with code.when(ended):
            code.leave(code.cmp("eq", count, limit), str(Status.DONE.value))
            level = code.load("%c", Ctx.LEVEL)
            code.store(limit, code.pointer("%c", Ctx.LEVELS), level)
            next_level = code.add(level, "1")
            code.store(next_level, "%c", Ctx.LEVEL)
            code.store(count, "%c", Ctx.LIMIT)
            full = code.cmp("uge", next_level, code.load("%c", Ctx.LEVEL_CAP))
            code.leave(full, str(Status.LEVELS_FULL.value))
        code.jump(top)

    def _expand(self, code: Code, head: str, waiting: str) -> None:
        """Collect the successors of one state."""
        state = self._state(code, code.pointer("%c", Ctx.QUEUE), head)
        after = self._successors(code, state, waiting, code.pointer("%c", Ctx.FIRED))
        error = code.load(code.pointer("%c", Ctx.ERR))
        failed, none = code.cmp("ne", error, "-1"), code.cmp("eq", after, waiting)
        if self.notes is None:
            code.leave(failed, str(Status.ERROR.value))
        else:
            with code.when(failed):
                self._noted(code, str(self.notes + 2), head, error)
                code.store("-1", code.pointer("%c", Ctx.ERR))
            none = code.op(f"and i1 {none}, {code.op(f'xor i1 {failed}, true')}")
        with code.when(none):
            dead = code.op(f"call i64 @check_terminal(ptr {state})")
            bad = code.cmp("ne", dead, "0")
            if self.notes is None:
                code.store(dead, "%c", Ctx.DEAD)
                code.leave(bad, str(Status.DEADLOCK.value))
            else:
                with code.when(bad):
                    self._noted(code, code.add(dead, str(self.notes - 1)), head, "0")
            code.store(code.add(code.load("%c", Ctx.TERMINAL), self._weight(code, state)), "%c", Ctx.TERMINAL)
        code.store(code.add(head, "1"), "%c", Ctx.HEAD)
        with code.when(code.cmp("eq", code.load("%c", Ctx.PROBE), "0")):
            self._stage(code, waiting, after, code.pointer("%c", Ctx.TABLE), code.load("%c", Ctx.MASK), head)
            made = code.mul(code.op(f"sub i64 {after}, {waiting}"), self._weight(code, state))
            code.store(code.add(code.load("%c", Ctx.TRANSITIONS), made), "%c", Ctx.TRANSITIONS)
            code.store(after, "%c", Ctx.WAITING)

    def _noted(self, code: Code, place: str, state: str, ident: str) -> None:
        """Note the first state of which something is so."""
        notes = code.pointer("%c", Ctx.NOTES)
        with code.when(code.cmp("eq", code.load(notes, place), "-1")):
            code.store(state, notes, place)
            code.store(ident, code.pointer("%c", Ctx.NOTE_IDS), place)

    def _successors(self, code: Code, state: str, n: str, fired: str) -> str:
        out, ids = code.pointer("%c", Ctx.PENDING), code.pointer("%c", Ctx.IDS)
        err = code.pointer("%c", Ctx.ERR)
        return code.op(f"call i64 @expand(ptr {state}, ptr {out}, ptr {ids}, i64 {n}, ptr {fired}, ptr {err})")

    # --- after the search --------------------------------------------------------------------------

    def _locate(self) -> str:
        """`@locate(ctx, state, h) -> slot` of a state that was found, or -1."""
        code = Code("define internal i64 @locate(ptr %c, ptr %s, i64 %h) nounwind")
        table, mask, queue = code.pointer("%c", Ctx.TABLE), code.load("%c", Ctx.MASK), code.pointer("%c", Ctx.QUEUE)
        here, cell = self._probe(code, "%s", "%h", table, mask, queue)
        missing = code.cmp("eq", cell, "0")
        return code.finish(code.op(f"select i1 {missing}, i64 -1, i64 {here}"))

    def _recover(self) -> str:
        """`@recover(ctx, property, start, stop, marks, done) -> n`: go back over states, mark those that are
        wanted or have a marked successor; how many were marked."""
        code = Code("define i64 @recover(ptr %c, i64 %p, i64 %start, i64 %stop, ptr %marks, ptr %done) nounwind")
        total = code.var("0")
        table, mask = code.pointer("%c", Ctx.TABLE), code.load("%c", Ctx.MASK)
        hashes, pending = code.pointer("%c", Ctx.HASHES), code.pointer("%c", Ctx.PENDING)
        length = code.op("sub i64 %stop, %start")
        with code.count("0", length) as k:
            i = code.op(f"sub i64 {code.op('sub i64 %stop, 1')}, {k}")
            seen = code.op(f"load i8, ptr {code.at('%done', i, 'i8')}")
            with code.when(code.op(f"icmp eq i8 {seen}, 0")):
                state = self._state(code, code.pointer("%c", Ctx.QUEUE), i)
                good = code.var(code.op(f"call i64 @wanted(ptr {state}, i64 %p)"))
                with code.when(code.cmp("eq", code.get(good), "0")):
                    n = self._successors(code, state, "0", code.pointer("%c", Ctx.FIRED))
                    self._stage(code, "0", n, table, mask)
                    with code.count("0", n) as j:
                        target = self._state(code, pending, j)
                        slot = code.op(f"call i64 @locate(ptr %c, ptr {target}, i64 {code.load(hashes, j)})")
                        mark = code.op(f"load i8, ptr {code.at('%marks', slot, 'i8')}")
                        code.set(good, code.op(f"or i64 {code.get(good)}, {code.op(f'zext i8 {mark} to i64')}"))
                with code.when(code.cmp("ne", code.get(good), "0")):
                    h = code.op(f"call i64 @hash(ptr {state})")
                    slot = code.op(f"call i64 @locate(ptr %c, ptr {state}, i64 {h})")
                    code.do(f"store i8 1, ptr {code.at('%marks', slot, 'i8')}")
                    code.do(f"store i8 1, ptr {code.at('%done', i, 'i8')}")
                    code.bump(total)
        return code.finish(code.get(total))

    def _predecessor(self) -> str:
        """`@predecessor(ctx, start, stop, target) -> position` of the first state with a step to target; the
        instance goes to FOUND_ID."""
        code = Code("define i64 @predecessor(ptr %c, i64 %start, i64 %stop, ptr %t) nounwind")
        pending, ids = code.pointer("%c", Ctx.PENDING), code.pointer("%c", Ctx.IDS)
        with code.count("%start", "%stop") as i:
            state = self._state(code, code.pointer("%c", Ctx.QUEUE), i)
            n = self._successors(code, state, "0", code.pointer("%c", Ctx.FIRED))
            with code.count("0", n) as j:
                self._represent(code, self._state(code, pending, j))
                same = code.op(f"call i1 @same(ptr {self._state(code, pending, j)}, ptr %t)")
                with code.when(same):
                    ident = code.op(f"load i32, ptr {code.at(ids, j, 'i32')}")
                    code.store(code.op(f"zext i32 {ident} to i64"), "%c", Ctx.FOUND_ID)
                    code.do(f"ret i64 {i}")
                    code.place(code.fresh("dead"))
        return code.finish("-1")

    # --- walks -------------------------------------------------------------------------------------

    def _random(self, code: Code, state: str) -> str:
        """The next number of splitmix64."""
        s = code.add(code.get(state), str(0x9E3779B97F4A7C15 - (1 << 64)))
        code.set(state, s)
        z = code.mul(code.xor(s, code.shr(s, 30)), str(0xBF58476D1CE4E5B9 - (1 << 64)))
        z = code.mul(code.xor(z, code.shr(z, 27)), str(0x94D049BB133111EB - (1 << 64)))
        return code.xor(z, code.shr(z, 31))

    def _below(self, code: Code, state: str, n: str) -> str:
        """A random number below n (n < 2**32)."""
        high = code.shr(self._random(code, state), 32)
        return code.shr(code.mul(high, n), 32)

    def _judge(self, code: Code, found: str) -> None:
        """Leave with FOUND when a check said so."""
        with code.when(code.cmp("ne", found, "0")):
            code.store(found, "%c", Ctx.FOUND)
            code.do(f"ret i64 {Status.FOUND.value}")
            code.place(code.fresh("dead"))

    def _enabled(self, code: Code, here: str) -> str:
        """The successors of the walk's state; leaves at an error or a deadlock."""
        n = self._successors(code, here, "0", code.pointer("%c", Ctx.FIRED))
        error = code.cmp("ne", code.load(code.pointer("%c", Ctx.ERR)), "-1")
        code.leave(error, str(Status.ERROR.value))
        with code.when(code.cmp("eq", n, "0")):
            dead = code.op(f"call i64 @check_terminal(ptr {here})")
            code.store(dead, "%c", Ctx.DEAD)
            code.leave(code.cmp("ne", dead, "0"), str(Status.DEADLOCK.value))
        return n

    def _advance(self, code: Code, here: str, chosen: str) -> None:
        """Take the step to a successor, with its checks."""
        state = self._state(code, code.pointer("%c", Ctx.PENDING), chosen)
        code.store(code.add(code.load("%c", Ctx.LENGTH), "1"), "%c", Ctx.LENGTH)
        if self.steps:
            self._judge(code, code.op(f"call i64 @check_step(ptr {here}, ptr {state})"))
        self._copy(code, state, here)
        witness = code.pointer("%c", Ctx.WITNESS)
        self._judge(code, code.op(f"call i64 @check(ptr {here}, i64 {code.load('%c', Ctx.WALK)}, ptr {witness})"))

    def _walk(self) -> str:
        """`@walk(ctx, n) -> Status`: up to n random walks from number WALK."""
        code = Code("define i64 @walk(ptr %c, i64 %n) nounwind")
        rng = code.var("0")
        here, trace = code.pointer("%c", Ctx.STATE), code.pointer("%c", Ctx.TRACE)
        ids, owner, taken = (
            code.pointer("%c", Ctx.IDS), code.pointer("%c", Ctx.OWNER), code.pointer("%c", Ctx.TAKEN),
        )  # fmt: skip
        most = code.load("%c", Ctx.STEPS)
        with code.count("0", "%n"):
            walk = code.load("%c", Ctx.WALK)
            start = code.mul(code.add(walk, "1"), str(0xD1342543DE82EF95 - (1 << 64)))
            code.set(rng, code.xor(start, code.load("%c", Ctx.SEED)))
            code.set(rng, self._random(code, rng))
            first = self._below(code, rng, code.load("%c", Ctx.INITIALS))
            code.store(first, "%c", Ctx.HEAD)
            self._copy(code, self._state(code, code.pointer("%c", Ctx.INITIAL), first), here)
            code.store("0", "%c", Ctx.LENGTH)
            witness = code.pointer("%c", Ctx.WITNESS)
            self._judge(code, code.op(f"call i64 @check(ptr {here}, i64 {walk}, ptr {witness})"))
            ended = code.fresh("ended")
            with code.count("0", most) as step:
                n = self._enabled(code, here)
                with code.when(code.cmp("eq", n, "0")):
                    code.store(code.add(code.load("%c", Ctx.TERMINAL), "1"), "%c", Ctx.TERMINAL)
                    code.jump(ended)
                    code.place(code.fresh("dead"))
                chosen = self._below(code, rng, n)
                ident = code.op(f"load i32, ptr {code.at(ids, chosen, 'i32')}")
                code.do(f"store i32 {ident}, ptr {code.at(trace, step, 'i32')}")
                action = code.op(f"load i32, ptr {code.at(owner, code.op(f'zext i32 {ident} to i64'), 'i32')}")
                cell = code.at(taken, code.op(f"zext i32 {action} to i64"))
                code.store(code.add(code.load(cell), "1"), cell)
                self._advance(code, here, chosen)
                code.store(code.add(code.load("%c", Ctx.TRANSITIONS), "1"), "%c", Ctx.TRANSITIONS)
            with code.when(self._lookahead(code)):
                self._enabled(code, here)
            code.jump(ended)
            code.place(ended)
            code.store(code.add(walk, "1"), "%c", Ctx.WALK)
        return code.finish(str(Status.DONE.value))

    def _lookahead(self, code: Code) -> str:
        """Whether the last state of a walk can be a deadlock or an error."""
        return code.cmp("eq", code.load("%c", Ctx.STOP), "0")

    def _replay(self) -> str:
        """`@replay(ctx, ids, n) -> Status`: take the given steps from STATE; PAUSED when one is not enabled."""
        code = Code("define i64 @replay(ptr %c, ptr %steps, i64 %n) nounwind")
        here, ids = code.pointer("%c", Ctx.STATE), code.pointer("%c", Ctx.IDS)
        witness = code.pointer("%c", Ctx.WITNESS)
        code.store("0", "%c", Ctx.LENGTH)
        self._judge(code, code.op(f"call i64 @check(ptr {here}, i64 0, ptr {witness})"))
        at = code.var("0")
        with code.count("0", "%n") as step:
            n = self._enabled(code, here)
            wanted = code.op(f"load i32, ptr {code.at('%steps', step, 'i32')}")
            code.set(at, n)
            with code.count("0", n) as j:
                ident = code.op(f"load i32, ptr {code.at(ids, j, 'i32')}")
                with code.when(code.op(f"icmp eq i32 {ident}, {wanted}")):
                    code.set(at, j)
            code.leave(code.cmp("eq", code.get(at), n), str(Status.PAUSED.value))
            self._advance(code, here, code.get(at))
        self._enabled(code, here)
        return code.finish(str(Status.DONE.value))
