"""How are random walks taken, and given steps replayed?  One state at a time, and nothing is stored.

Rule of the module: walk number w depends on the seed and w alone.  Where both faults and other actions are enabled, it is
decided first which of the two comes next, by a rate that each walk draws once (`RATES`).  Of the instances that are left
each is as likely as any other (but for one part in 2**32 / their number).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from interlock.checker.native.code.text import Address, Bit, Code, Number, Variable, Word
from interlock.checker.native.kernel.context import ABSENT, CTX, Status, Way
from interlock.checker.native.kernel.shape import Shape, check, check_step, check_terminal, initial

STEPS, TERMINAL, TAKEN = 0, 1, 2  # places among the counts
# Of a walk, one of these: a fault comes next with chance 1 / 2**rate, where something else can.  Over the checks of specs/
# that allow faults and are violated, 3.8 walks find it, and 2.3 with equal chances; with 1 / 2**4 for all walks, 7.1.
RATES = (1, 3, 5, 7)
DRAWS = 1 << 20  # initial instances that are drawn for one walk, at most: then next to none is enabled


def text(shape: Shape, initials: int, faults: int) -> str:
    """The functions of walks, and those over states.

    `initials` is how many instances the initial actions have together, `faults` how many actions are faults.
    """
    walks = Walks(shape, initials, faults)
    return "\n".join([shape.text(), walks.walk(), walks.replay(), walks.fan(), _listed(shape), _add(), _tally()])


class Walks:
    """Code for states of a shape."""

    def __init__(self, shape: Shape, initials: int, faults: int) -> None:
        self.shape, self.initials, self.faults = shape, initials, faults

    # --- chance ------------------------------------------------------------------------------------

    def _random(self, code: Code, state: Variable) -> Word:
        """The next number of splitmix64."""
        s = code.add(code.get(state), _signed(0x9E3779B97F4A7C15))
        code.set(state, s)
        z = code.mul(code.xor(s, code.shr(s, 30)), _signed(0xBF58476D1CE4E5B9))
        z = code.mul(code.xor(z, code.shr(z, 27)), _signed(0x94D049BB133111EB))
        return code.xor(z, code.shr(z, 31))

    def _below(self, code: Code, state: Variable, n: Number) -> Word:
        """A random number below n (n < 2**32)."""
        high = code.shr(self._random(code, state), 32)
        return code.shr(code.mul(high, n), 32)

    def _rated(self, code: Code, state: Variable) -> Word:
        """How likely a fault is in a walk, where something else is enabled too: this number / 2**32."""
        rate, drawn = code.var(1 << 32 - RATES[0]), self._below(code, state, len(RATES))
        for i, bits in enumerate(RATES):
            code.set(rate, code.choose(code.cmp("eq", drawn, i), 1 << 32 - bits, code.get(rate)))
        return code.get(rate)

    def _drawn(self, code: Code, state: Variable, n: Word, faults: Address, rate: Word) -> Word:
        """The place of the instance that comes next, among the n that are enabled."""
        if not self.faults:
            return self._below(code, state, n)
        spans = [(code.load(faults, 2 * i), code.load(faults, 2 * i + 1)) for i in range(self.faults)]
        bad = spans[0][1]
        for _, size in spans[1:]:
            bad = code.add(bad, size)
        rare = code.cmp("ult", code.shr(self._random(code, state), 32), rate)
        other = code.sub(n, bad)
        fault = code.bit(f"select i1 {code.cmp('eq', other, 0)}, i1 true, i1 {rare}")
        fault = code.bit(f"select i1 {code.cmp('eq', bad, 0)}, i1 false, i1 {fault}")
        chosen = self._below(code, state, code.choose(fault, bad, other))
        among_faults, among_others = chosen, chosen
        before: Number = 0
        for start, size in spans:
            within = code.add(start, code.sub(chosen, before))
            among_faults = code.choose(code.cmp("uge", chosen, before), within, among_faults)
            before = code.add(before, size)
            behind = code.cmp("uge", among_others, start)
            among_others = code.add(among_others, code.choose(behind, size, 0))
        return code.choose(fault, among_faults, among_others)

    def _begin(self, code: Code, state: Variable, here: Address, out: _Out) -> Word:
        """Draw the initial instance that a walk begins with, and be in its state: one of those that are listed, or of
        all until one is enabled.  Leaves with UNBEGUN at an error, and where none was."""
        starts, some = code.pointer(CTX, Way.STARTS), code.load(CTX, Way.START_COUNT)
        head, left = code.var(0), code.var(DRAWS)
        begun = code.label("begun")
        with code.forever():
            with code.fork(code.not_null(starts)) as otherwise:
                code.set(head, code.load32(starts, self._below(code, state, some)))
                otherwise()
                code.set(head, code.scaled(self._random(code, state), self.initials))
            enabled = initial(code, code.get(head), here, out.err)
            code.leap(code.cmp("ne", enabled, 0), begun)
            code.bump(left, -1)
            wrong, none = code.cmp("ne", code.load(out.err), ABSENT), code.cmp("eq", code.get(left), 0)
            with self._ending(code, code.either(wrong, none), Status.UNBEGUN, out):
                pass
        code.place(begun)
        return code.get(head)

    # --- one state, one step -----------------------------------------------------------------------

    @contextmanager
    def _ending(self, code: Code, test: Bit, status: Status, out: _Out) -> Iterator[None]:
        """Where the test holds, do the block and leave with a status."""
        with code.when(test):
            yield
            code.set(out.status, status)
            code.escape(out.label)

    def _judge(self, code: Code, found: Word, out: _Out) -> None:
        """Leave with FOUND when a check said so."""
        with self._ending(code, code.cmp("ne", found, 0), Status.FOUND, out):
            code.store(found, CTX, Way.CODE)

    def _judge_state(self, code: Code, here: Address, out: _Out) -> None:
        self._judge(code, check(code, here, out.notes), out)

    def _enabled(self, code: Code, here: Address, out: _Out) -> Word:
        """How many instances are enabled; leaves at an error or a deadlock."""
        n = code.word(f"call i64 @enabled(ptr {here}, ptr {out.ids}, ptr {out.err}, ptr {out.faults})")
        with self._ending(code, code.cmp("ne", code.load(out.err), ABSENT), Status.ERROR, out):
            code.store(n, CTX, Way.COUNT)
        with code.when(code.cmp("eq", n, 0)):
            dead = check_terminal(code, here)
            with self._ending(code, code.cmp("ne", dead, 0), Status.DEADLOCK, out):
                code.store(dead, CTX, Way.CODE)
        return n

    def _advance(self, code: Code, here: Address, there: Address, ident: Word, out: _Out) -> None:
        """Take the step of an instance, with its checks; it counts as taken also if it is wrong."""
        if not self.shape.steps:
            _move(code, here, ident, here)
            code.bump(out.length)
        else:
            _move(code, here, ident, there)
            code.bump(out.length)
            self._judge(code, check_step(code, here, there), out)
            self.shape.copy(code, there, here)
        self._judge_state(code, here, out)

    # --- functions ---------------------------------------------------------------------------------

    def walk(self) -> str:
        """`@walk(ctx, first, n) -> Status`: n random walks from number `first` on, up to the first that goes wrong."""
        code = Code("define i64 @walk(ptr %c, i64 %first, i64 %n) nounwind")
        out = _Out(code, self.faults)
        rng, total, head, rate = (code.var(0) for _ in range(4))
        here, there = code.buffer(self.shape.words), code.buffer(self.shape.words)
        counts, trace = (code.pointer(CTX, w) for w in (Way.COUNTS, Way.TRACE))
        taken = code.at(counts, TAKEN)
        most, seed = (code.load(CTX, w) for w in (Way.LONGEST, Way.SEED))
        silent = code.cmp("eq", code.load(CTX, Way.LOOKAHEAD), 0)
        with code.count(Word("%first"), code.add(Word("%first"), Word("%n"))) as walk:
            code.set(out.walk, walk)
            start = code.mul(code.add(walk, 1), _signed(0xD1342543DE82EF95))
            code.set(rng, code.xor(start, seed))
            code.set(rng, self._random(code, rng))
            code.set(out.length, 0)
            code.set(head, self._begin(code, rng, here, out))
            if self.faults:
                code.set(rate, self._rated(code, rng))
            self._judge_state(code, here, out)
            ended = code.label("ended")
            with code.forever():
                step = code.get(out.length)
                last = code.cmp("eq", step, most)
                code.leap(code.all(last, silent), ended)
                n = self._enabled(code, here, out)
                code.leap(last, ended)
                with code.when(code.cmp("eq", n, 0)):
                    code.store(code.add(code.load(counts, TERMINAL), 1), counts, TERMINAL)
                    code.escape(ended)
                ident = code.load32(out.ids, self._drawn(code, rng, n, out.faults, code.get(rate)))
                code.store32(ident, trace, step)
                cell = code.at(taken, ident)
                code.store(code.add(code.load(cell), 1), cell)
                self._advance(code, here, there, ident, out)
            code.place(ended)
            code.bump(total, code.get(out.length))
            code.set(out.length, 0)
        out.end()
        code.store(code.add(code.load(counts, STEPS), code.add(code.get(total), code.get(out.length))), counts, STEPS)
        code.store(code.get(head), CTX, Way.HEAD)
        return out.finish()

    def replay(self) -> str:
        """`@replay(ctx, ids, n) -> Status`: take the given steps from STATE; PAUSED when one is not enabled."""
        code = Code("define i64 @replay(ptr %c, ptr %steps, i64 %n) nounwind")
        out = _Out(code, self.faults)
        here = code.pointer(CTX, Way.STATE)
        there = code.at(here, self.shape.words)
        self._judge_state(code, here, out)
        found = code.var(0)
        with code.count(0, Word("%n")) as step:
            n = self._enabled(code, here, out)
            wanted = code.load32(Address("%steps"), step)
            code.set(found, 0)
            with code.count(0, n) as j:
                same = code.cmp("eq", code.load32(out.ids, j), wanted)
                code.set(found, code.bor(code.get(found), code.number(same)))
            with self._ending(code, code.cmp("eq", code.get(found), 0), Status.PAUSED, out):
                pass
            self._advance(code, here, there, wanted, out)
        code.store(self._enabled(code, here, out), CTX, Way.COUNT)
        out.end()
        return out.finish()

    def fan(self) -> str:
        """`@fan(ctx) -> Status`: the enabled instances of STATE, the states they lead to, and what is wrong there."""
        code = Code("define i64 @fan(ptr %c) nounwind")
        out = _Out(code, self.faults)
        here, after, codes = (code.pointer(CTX, w) for w in (Way.STATE, Way.AFTER, Way.CODES))
        n = self._enabled(code, here, out)
        code.store(n, CTX, Way.COUNT)
        with code.count(0, n) as j:
            there = self.shape.at(code, after, j)
            _move(code, here, code.load32(out.ids, j), there)
            wrong = code.var(0)
            if self.shape.steps:
                code.set(wrong, check_step(code, here, there))
            with code.when(code.cmp("eq", code.get(wrong), 0)):
                code.set(wrong, check(code, there, out.notes))
            code.store(code.get(wrong), codes, j)
        out.end()
        return out.finish()


class _Out:
    """How a function ends, from wherever it does: the status, and which walk it was at, how far."""

    def __init__(self, code: Code, faults: int) -> None:
        self.code, self.label = code, code.label("out")
        self.status, self.walk, self.length = code.var(Status.DONE), code.var(0), code.var(0)
        self.ids, self.err, self.notes = (code.pointer(CTX, w) for w in (Way.IDS, Way.ERR, Way.NOTES))
        self.faults = code.buffer(max(1, 2 * faults))

    def end(self) -> None:
        """The place where all ways out meet."""
        self.code.reach(self.label)

    def finish(self) -> str:
        """Say what there is to say, and return."""
        code = self.code
        code.store(code.get(self.walk), CTX, Way.WALK)
        code.store(code.get(self.length), CTX, Way.LENGTH)
        return code.finish(code.get(self.status))


def _signed(word: int) -> int:
    """A word whose first bit is set, as LLVM writes it."""
    return word - (1 << 64)


def _move(code: Code, here: Address, ident: Word, there: Address) -> None:
    """Write the state after an instance to `there`, which may be `here`."""
    code.word(f"call i64 @move(ptr {here}, i64 {ident}, ptr {there})")


def _listed(shape: Shape) -> str:
    """`@listed(start, stop, out, err) -> n`: write the numbers of the initial instances that are enabled, of these; up
    to the first that is an error."""
    code = Code("define i64 @listed(i64 %start, i64 %stop, ptr %out, ptr %err) nounwind")
    state, n, err = code.buffer(shape.words), code.var(0), Address("%err")
    with code.count(Word("%start"), Word("%stop")) as number:
        made = initial(code, number, state, err)
        code.leave(code.cmp("ne", code.load(err), ABSENT), code.get(n))
        code.store32(number, Address("%out"), code.get(n))
        code.bump(n, made)
    return code.finish(code.get(n))


def _add() -> str:
    """`@add(to, from, n)`: add numbers to others, and leave zeros."""
    code = Code("define i64 @add(ptr %to, ptr %from, i64 %n) nounwind")
    to, origin = Address("%to"), Address("%from")
    with code.count(0, Word("%n")) as i:
        code.store(code.add(code.load(to, i), code.load(origin, i)), to, i)
        code.store(0, origin, i)
    return code.finish()


def _tally() -> str:
    """`@tally(numbers, n, out) -> how many are not 0`; their sum is written to `out`."""
    code = Code("define i64 @tally(ptr %numbers, i64 %n, ptr %out) nounwind")
    total, some = code.var(0), code.var(0)
    with code.count(0, Word("%n")) as i:
        x = code.load(Address("%numbers"), i)
        code.bump(total, x)
        code.bump(some, code.number(code.cmp("ne", x, 0)))
    code.store(code.get(total), Address("%out"))
    return code.finish(code.get(some))
