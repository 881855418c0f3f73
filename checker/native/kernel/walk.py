"""How are random walks taken, and given steps replayed?  One state at a time, and nothing is stored.

Rule of the module: walk number w depends on the seed and w alone.
"""

from __future__ import annotations

from checker.native.kernel.context import Ctx, Status
from checker.native.kernel.shape import NONE, Shape
from checker.native.text import Code


def text(shape: Shape) -> str:
    """The functions of walks."""
    walks = Walks(shape)
    return "\n".join([walks.walk(), walks.replay()])


class Walks:
    """Code for states of a shape."""

    def __init__(self, shape: Shape) -> None:
        self.shape = shape

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

    def _judge_state(self, code: Code, here: str) -> None:
        notes = code.pointer("%c", Ctx.NOTES)
        self._judge(code, code.op(f"call i64 @check(ptr {here}, ptr {notes})"))

    def _enabled(self, code: Code, here: str) -> str:
        """The successors of the walk's state; leaves at an error or a deadlock."""
        n = self.shape.successors(code, here, "0")
        error = code.cmp("ne", code.load(code.pointer("%c", Ctx.ERR)), NONE)
        code.leave(error, str(Status.ERROR.value))
        with code.when(code.cmp("eq", n, "0")):
            dead = code.op(f"call i64 @check_terminal(ptr {here})")
            code.store(dead, "%c", Ctx.DEAD)
            code.leave(code.cmp("ne", dead, "0"), str(Status.DEADLOCK.value))
        return n

    def _advance(self, code: Code, here: str, chosen: str) -> None:
        """Take the step to a successor, with its checks."""
        state = self.shape.at(code, code.pointer("%c", Ctx.PENDING), chosen)
        code.store(code.add(code.load("%c", Ctx.LENGTH_OF_WALK), "1"), "%c", Ctx.LENGTH_OF_WALK)
        if self.shape.steps:
            self._judge(code, code.op(f"call i64 @check_step(ptr {here}, ptr {state})"))
        self.shape.copy(code, state, here)
        self._judge_state(code, here)

    def walk(self) -> str:
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
            self.shape.copy(code, self.shape.at(code, code.pointer("%c", Ctx.INITIAL), first), here)
            code.store("0", "%c", Ctx.LENGTH_OF_WALK)
            self._judge_state(code, here)
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

    def replay(self) -> str:
        """`@replay(ctx, ids, n) -> Status`: take the given steps from STATE; PAUSED when one is not enabled."""
        code = Code("define i64 @replay(ptr %c, ptr %steps, i64 %n) nounwind")
        here, ids = code.pointer("%c", Ctx.STATE), code.pointer("%c", Ctx.IDS)
        code.store("0", "%c", Ctx.LENGTH_OF_WALK)
        self._judge_state(code, here)
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
