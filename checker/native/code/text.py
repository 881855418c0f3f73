"""How is a function written as LLVM assembly?  One `Code` a function, values are operand texts.

Rule of the module: text, not `llvmlite.ir` objects, which cost several times the time LLVM takes to
read the text.  Mutable variables are allocas of the entry block; SROA turns them into registers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

INTRINSICS = "declare void @llvm.prefetch.p0(ptr, i32, i32, i32)\ndeclare i8 @llvm.cttz.i8(i8, i1)\n"
BITS = "declare i64 @llvm.ctpop.i64(i64)\ndeclare i64 @llvm.cttz.i64(i64, i1)\n"
_BYTES = {"i32": 4, "i64": 8}


class Code:
    """The body of one function under construction."""

    def __init__(self, header: str) -> None:
        self._header = header
        self._tables: list[str] = []
        self._allocas: list[str] = []
        self._lines: list[str] = []
        self._names = 0

    def fresh(self, stem: str = "v") -> str:
        """A name (without its sigil) nobody has used in this function."""
        self._names += 1
        return f"{stem}{self._names}"

    def op(self, text: str) -> str:
        """An instruction with a result."""
        self._names += 1
        name = f"%v{self._names}"
        self._lines.append(f"{name} = {text}")
        return name

    def do(self, text: str) -> None:
        """An instruction without a result."""
        self._lines.append(text)

    def place(self, label: str) -> None:
        """Start a block."""
        self._lines.append(f"{label}:")

    # --- variables and memory ----------------------------------------------------------------------

    def var(self, value: str) -> str:
        """A new i64 variable with this value."""
        name = f"%{self.fresh('x')}"
        self._allocas.append(f"{name} = alloca i64")
        self.set(name, value)
        return name

    def buffer(self, words: int) -> str:
        """The address of some new words of the function's own."""
        name = f"%{self.fresh('b')}"
        self._allocas.append(f"{name} = alloca [{words} x i64]")
        return name

    def table(self, cells: Sequence[int], kind: str = "i64") -> str:
        """The address of some constants, of which the compiler may assume nothing.

        What it knows of a table it uses, and was wrong: of a `constant` whose cells are 2**i - 1 LLVM's x86 back end
        makes a shift by the word's width for cell 0, which then reads as all ones (ADR 6).
        """
        name = f"@{self._header.partition('@')[2].partition('(')[0]}.{len(self._tables)}"
        body = ", ".join(f"{kind} {x}" for x in cells)
        self._tables.append(f"{name} = internal externally_initialized global [{len(cells)} x {kind}] [{body}]")
        return name

    def get(self, variable: str) -> str:
        """A variable's value."""
        return self.op(f"load i64, ptr {variable}")

    def set(self, variable: str, value: str) -> None:
        """Assign a variable."""
        self.do(f"store i64 {value}, ptr {variable}")

    def bump(self, variable: str, by: str = "1") -> None:
        """variable += by."""
        self.set(variable, self.add(self.get(variable), by))

    def at(self, base: str, index: str | int, unit: str = "i64") -> str:
        """The address of base[index]."""
        if str(index) == "0":
            return base
        return self.op(f"getelementptr {unit}, ptr {base}, i64 {index}")

    def load(self, base: str, index: str | int = 0) -> str:
        """base[index], an i64."""
        return self.op(f"load i64, ptr {self.at(base, index)}")

    def store(self, value: str, base: str, index: str | int = 0) -> None:
        """base[index] = value."""
        self.do(f"store i64 {value}, ptr {self.at(base, index)}")

    def pointer(self, base: str, index: int) -> str:
        """base[index], an address."""
        return self.op(f"load ptr, ptr {self.at(base, index)}")

    def load32(self, base: str, index: str) -> str:
        """base[index] of an array of 32-bit numbers, as an i64."""
        address = self.at(base, index, "i32")
        return self.op(f"zext i32 {self.op(f'load i32, ptr {address}')} to i64")

    def load8(self, base: str, index: str) -> str:
        """base[index] of an array of bytes, as an i64."""
        address = self.at(base, index, "i8")
        return self.op(f"zext i8 {self.op(f'load i8, ptr {address}')} to i64")

    def prefetch(self, address: str, write: int = 1) -> None:
        """Ask for the cache line of an address."""
        self.do(f"call void @llvm.prefetch.p0(ptr {address}, i32 {write}, i32 3, i32 1)")

    # --- memory that threads share -----------------------------------------------------------------

    def peek(self, address: str, kind: str = "i64") -> str:
        """What is at an address now, and what was written before it."""
        return self.op(f"load atomic {kind}, ptr {address} acquire, align {_BYTES[kind]}")

    def fetch_add(self, address: str, by: str) -> str:
        """What was at an address before `by` was added to it."""
        return self.op(f"atomicrmw add ptr {address}, i64 {by} monotonic")

    def claim(self, address: str, value: str, kind: str = "i64") -> tuple[str, str]:
        """Write a value where 0 is: what was there, and whether it was 0."""
        pair = self.op(f"cmpxchg ptr {address}, {kind} 0, {kind} {value} acq_rel acquire")
        return tuple(self.op(f"extractvalue {{{kind}, i1}} {pair}, {i}") for i in (0, 1))  # type: ignore[return-value]

    # --- arithmetic --------------------------------------------------------------------------------

    def add(self, a: str, b: str) -> str:
        """a + b."""
        return self.op(f"add i64 {a}, {b}")

    def mul(self, a: str, b: str | int) -> str:
        """a * b."""
        return a if str(b) == "1" else self.op(f"mul i64 {a}, {b}")

    def sub(self, a: str, b: str) -> str:
        """a - b."""
        return self.op(f"sub i64 {a}, {b}")

    def scaled(self, fraction: str, n: str) -> str:
        """The whole part of n * fraction / 2**64: a place among n, monotone in the fraction."""
        a, b = (self.op(f"zext i64 {x} to i128") for x in (fraction, n))
        high = self.op(f"lshr i128 {self.op(f'mul nuw i128 {a}, {b}')}, 64")
        return self.op(f"trunc i128 {high} to i64")

    def band(self, a: str, b: str) -> str:
        """a & b."""
        return self.op(f"and i64 {a}, {b}")

    def bor(self, a: str, b: str) -> str:
        """a | b."""
        return self.op(f"or i64 {a}, {b}")

    def shl(self, a: str, by: int) -> str:
        """a << by."""
        return self.op(f"shl i64 {a}, {by}")

    def shr(self, a: str, by: int) -> str:
        """a >> by, unsigned."""
        return self.op(f"lshr i64 {a}, {by}")

    def xor(self, a: str, b: str) -> str:
        """a ^ b."""
        return self.op(f"xor i64 {a}, {b}")

    def cmp(self, how: str, a: str, b: str) -> str:
        """An i64 comparison."""
        return self.op(f"icmp {how} i64 {a}, {b}")

    def all(self, *tests: str) -> str:
        """Whether all of some tests hold."""
        total = tests[0]
        for test in tests[1:]:
            total = self.op(f"and i1 {total}, {test}")
        return total

    def before(self, a: Sequence[str], b: Sequence[str]) -> str:
        """Whether a comes before b, compared number by number, the first first."""
        less = "false"
        for x, y in reversed(list(zip(a, b, strict=True))):
            below = self.cmp("ult", x, y)
            if less == "false":
                less = below
            else:
                tied = self.op(f"and i1 {self.cmp('eq', x, y)}, {less}")
                less = self.op(f"or i1 {below}, {tied}")
        return less

    def choose(self, test: str, a: str, b: str) -> str:
        """a if the test holds, else b."""
        return self.op(f"select i1 {test}, i64 {a}, i64 {b}")

    # --- control -----------------------------------------------------------------------------------

    def jump(self, label: str) -> None:
        """Go to a block."""
        self.do(f"br label %{label}")

    def branch(self, test: str, then: str, otherwise: str) -> None:
        """Go to one of two blocks."""
        self.do(f"br i1 {test}, label %{then}, label %{otherwise}")

    @contextmanager
    def when(self, test: str) -> Iterator[None]:
        """Do the block if the test holds."""
        then, end = self.fresh("then"), self.fresh("end")
        self.branch(test, then, end)
        self.place(then)
        yield
        self.jump(end)
        self.place(end)

    @contextmanager
    def unless(self, test: str) -> Iterator[None]:
        """Do the block if the test does not hold."""
        with self.when(self.op(f"xor i1 {test}, true")):
            yield

    @contextmanager
    def count(self, start: str, stop: str) -> Iterator[str]:
        """Do the block for start, start + 1, ..., stop - 1."""
        with self.count_while(start, lambda: stop) as value:
            yield value

    @contextmanager
    def count_while(self, start: str, stop: Callable[[], str]) -> Iterator[str]:
        """The same, where the stop is asked for each time."""
        i = self.var(start)
        head, body, end = self.fresh("head"), self.fresh("body"), self.fresh("end")
        self.jump(head)
        self.place(head)
        value = self.get(i)
        self.branch(self.cmp("ult", value, stop()), body, end)
        self.place(body)
        yield value
        self.set(i, self.add(value, "1"))
        self.jump(head)
        self.place(end)

    def leave(self, test: str, value: str) -> None:
        """Return a value if the test holds."""
        then, end = self.fresh("leave"), self.fresh("stay")
        self.branch(test, then, end)
        self.place(then)
        self.do(f"ret i64 {value}")
        self.place(end)

    def stop(self, value: str) -> None:
        """Return a value; what follows is a block that nothing leads to."""
        self.do(f"ret i64 {value}")
        self.place(self.fresh("dead"))

    def finish_bool(self, value: str) -> str:
        """The same of a function that returns an i1."""
        return self.finish(value, "i1")

    def finish(self, value: str, kind: str = "i64") -> str:
        """Return a value; the function as text."""
        self.do(f"ret {kind} {value}")
        return "\n".join([*self._tables, f"{self._header} {{", "entry:", *self._allocas, *self._lines, "}", ""])
