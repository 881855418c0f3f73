"""How is a function written as LLVM assembly?  One `Code` a function, values are operand texts.

Rule of the module: text, not `llvmlite.ir` objects, which cost several times the time LLVM takes to
read the text.  Mutable variables are allocas of the entry block; SROA turns them into registers.
What an operand is stands in its type (`Word`, `Bit`, `Address`, `Variable`, `Label`), so that mypy refuses a swapped one;
a `str` is an operand of any other kind of LLVM's (an i8, a vector), or one whose kind is known only when code is written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Final, NewType

Word = NewType("Word", str)  # an i64
Bit = NewType("Bit", str)  # an i1
Address = NewType("Address", str)  # a ptr
Variable = NewType("Variable", Address)  # the ptr of an i64 of the function's own
Label = NewType("Label", str)  # of a block, without its sigil
Number = Word | int  # an i64 that is known when code runs, or already when it is written

ZERO: Final = Word("0")
TRUE: Final = Bit("true")
FALSE: Final = Bit("false")

INTRINSICS = "declare void @llvm.prefetch.p0(ptr, i32, i32, i32)\ndeclare i8 @llvm.cttz.i8(i8, i1)\n"
BITS = "declare i64 @llvm.ctpop.i64(i64)\ndeclare i64 @llvm.cttz.i64(i64, i1)\n"


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
        """The result of an instruction, of whatever type."""
        self._names += 1
        name = f"%v{self._names}"
        self._lines.append(f"{name} = {text}")
        return name

    def word(self, text: str) -> Word:
        """The result of an instruction, an i64."""
        return Word(self.op(text))

    def bit(self, text: str) -> Bit:
        """The result of an instruction, an i1."""
        return Bit(self.op(text))

    def do(self, text: str) -> None:
        """An instruction without a result."""
        self._lines.append(text)

    # --- variables and memory ----------------------------------------------------------------------

    def var(self, value: Number) -> Variable:
        """A new i64 variable with this value."""
        name = Variable(Address(f"%{self.fresh('x')}"))
        self._allocas.append(f"{name} = alloca i64")
        self.set(name, value)
        return name

    def buffer(self, words: int) -> Address:
        """The address of `words` new words of the function's own."""
        name = Address(f"%{self.fresh('b')}")
        self._allocas.append(f"{name} = alloca [{words} x i64]")
        return name

    def table(self, cells: Sequence[int], kind: str = "i64") -> Address:
        """The address of `cells`, constants of a kind, of which the compiler may assume nothing.

        What it knows of a table it uses, and was wrong: of a `constant` whose cells are 2**i - 1 LLVM's x86 back end
        makes a shift by the word's width for cell 0, which then reads as all ones (ADR 6).
        """
        name = Address(f"@{self._header.partition('@')[2].partition('(')[0]}.{len(self._tables)}")
        body = ", ".join(f"{kind} {x}" for x in cells)
        self._tables.append(f"{name} = internal externally_initialized global [{len(cells)} x {kind}] [{body}]")
        return name

    def get(self, variable: Variable) -> Word:
        """A variable's value."""
        return self.word(f"load i64, ptr {variable}")

    def set(self, variable: Variable, value: Number) -> None:
        """Assign a variable."""
        self.do(f"store i64 {value}, ptr {variable}")

    def bump(self, variable: Variable, by: Number = 1) -> None:
        """variable += by."""
        self.set(variable, self.add(self.get(variable), by))

    def at(self, base: Address, index: Number, unit: str = "i64") -> Address:
        """The address of base[index], in an array of `unit`s."""
        if str(index) == "0":
            return base
        return Address(self.op(f"getelementptr {unit}, ptr {base}, i64 {index}"))

    def load(self, base: Address, index: Number = 0) -> Word:
        """base[index], an i64."""
        return self.word(f"load i64, ptr {self.at(base, index)}")

    def store(self, value: Number, base: Address, index: Number = 0) -> None:
        """base[index] = value."""
        self.do(f"store i64 {value}, ptr {self.at(base, index)}")

    def pointer(self, base: Address, index: Number) -> Address:
        """base[index], an address."""
        return Address(self.op(f"load ptr, ptr {self.at(base, index)}"))

    def load_narrow(self, bits: int, base: Address, index: Number) -> Word:
        """base[index] of an array of numbers of `bits` bits, as an i64."""
        address = self.at(base, index, f"i{bits}")
        return self.word(f"zext i{bits} {self.op(f'load i{bits}, ptr {address}')} to i64")

    def load32(self, base: Address, index: Number) -> Word:
        """base[index] of an array of 32-bit numbers, as an i64."""
        return self.load_narrow(32, base, index)

    def load8(self, base: Address, index: Number) -> Word:
        """base[index] of an array of bytes, as an i64."""
        return self.load_narrow(8, base, index)

    def store_narrow(self, bits: int, value: Number, base: Address, index: Number = 0) -> None:
        """base[index] = value, in an array of numbers of `bits` bits."""
        narrow = value if isinstance(value, int) else self.op(f"trunc i64 {value} to i{bits}")
        self.do(f"store i{bits} {narrow}, ptr {self.at(base, index, f'i{bits}')}")

    def store32(self, value: Number, base: Address, index: Number = 0) -> None:
        """base[index] = value, in an array of 32-bit numbers."""
        self.store_narrow(32, value, base, index)

    def prefetch(self, address: Address, write: int = 1) -> None:
        """Ask for the cache line of an address."""
        self.do(f"call void @llvm.prefetch.p0(ptr {address}, i32 {write}, i32 3, i32 1)")

    # --- memory that threads share -----------------------------------------------------------------

    def peek(self, address: Address) -> Word:
        """The i64 that is at an address now, with all that was written before it."""
        return self.word(f"load atomic i64, ptr {address} acquire, align 8")

    def peek32(self, address: Address) -> Word:
        """The same of a 32-bit number, as an i64."""
        return self.word(f"zext i32 {self.op(f'load atomic i32, ptr {address} acquire, align 4')} to i64")

    def fetch_add(self, address: Address, by: Number) -> Word:
        """What was at an address before `by` was added to it."""
        return self.word(f"atomicrmw add ptr {address}, i64 {by} monotonic")

    def claim(self, address: Address, value: Word) -> Bit:
        """Write a value where 0 is: whether 0 was there."""
        return Bit(self._claimed(address, value, "i64")[1])

    def claim32(self, address: Address, value: Word) -> tuple[Word, Bit]:
        """Write a 32-bit number where 0 is: what was there, as an i64, and whether that was 0."""
        was, won = self._claimed(address, self.op(f"trunc i64 {value} to i32"), "i32")
        return self.word(f"zext i32 {was} to i64"), Bit(won)

    def _claimed(self, address: Address, value: str, kind: str) -> tuple[str, str]:
        pair = self.op(f"cmpxchg ptr {address}, {kind} 0, {kind} {value} acq_rel acquire")
        return self.op(f"extractvalue {{{kind}, i1}} {pair}, 0"), self.op(f"extractvalue {{{kind}, i1}} {pair}, 1")

    # --- arithmetic --------------------------------------------------------------------------------

    def add(self, a: Number, b: Number) -> Word:
        """a + b."""
        return self.word(f"add i64 {a}, {b}")

    def mul(self, a: Number, b: Number) -> Word:
        """a * b."""
        return Word(str(a)) if str(b) == "1" else self.word(f"mul i64 {a}, {b}")

    def sub(self, a: Number, b: Number) -> Word:
        """a - b."""
        return self.word(f"sub i64 {a}, {b}")

    def scaled(self, fraction: Word, n: Number) -> Word:
        """The whole part of n * fraction / 2**64: a place among n, monotone in the fraction."""
        a, b = (self.op(f"zext i64 {x} to i128") for x in (fraction, n))
        high = self.op(f"lshr i128 {self.op(f'mul nuw i128 {a}, {b}')}, 64")
        return self.word(f"trunc i128 {high} to i64")

    def band(self, a: Number, b: Number) -> Word:
        """a & b."""
        return self.word(f"and i64 {a}, {b}")

    def bor(self, a: Number, b: Number) -> Word:
        """a | b."""
        return self.word(f"or i64 {a}, {b}")

    def shl(self, a: Number, by: Number) -> Word:
        """a << by."""
        return self.word(f"shl i64 {a}, {by}")

    def shr(self, a: Number, by: Number) -> Word:
        """a >> by, unsigned."""
        return self.word(f"lshr i64 {a}, {by}")

    def xor(self, a: Number, b: Number) -> Word:
        """a ^ b."""
        return self.word(f"xor i64 {a}, {b}")

    def cmp(self, how: str, a: Number, b: Number) -> Bit:
        """An i64 comparison: `how` is what LLVM calls it."""
        return self.bit(f"icmp {how} i64 {a}, {b}")

    def null(self, address: Address) -> Bit:
        """Whether an address is 0."""
        return self.bit(f"icmp eq ptr {address}, null")

    def not_null(self, address: Address) -> Bit:
        """Whether an address is not 0."""
        return self.bit(f"icmp ne ptr {address}, null")

    def all(self, *tests: Bit) -> Bit:
        """Whether all of some tests hold."""
        total = tests[0]
        for test in tests[1:]:
            total = self.bit(f"and i1 {total}, {test}")
        return total

    def either(self, a: Bit, b: Bit) -> Bit:
        """Whether one of two tests holds, or both."""
        return self.bit(f"or i1 {a}, {b}")

    def opposite(self, test: Bit) -> Bit:
        """Whether a test does not hold."""
        return self.bit(f"xor i1 {test}, true")

    def number(self, test: Bit) -> Word:
        """1 if the test holds, else 0."""
        return self.word(f"zext i1 {test} to i64")

    def before(self, a: Sequence[Word], b: Sequence[Word]) -> Bit:
        """Whether a comes before b, compared number by number, the first first."""
        less = FALSE
        for x, y in reversed(list(zip(a, b, strict=True))):
            below = self.cmp("ult", x, y)
            if less == FALSE:
                less = below
            else:
                tied = self.bit(f"and i1 {self.cmp('eq', x, y)}, {less}")
                less = self.either(below, tied)
        return less

    def choose(self, test: Bit, a: Number, b: Number) -> Word:
        """a if the test holds, else b."""
        return self.word(f"select i1 {test}, i64 {a}, i64 {b}")

    # --- control -----------------------------------------------------------------------------------

    def label(self, stem: str) -> Label:
        """A new label, of a block that is still to be placed."""
        return Label(self.fresh(stem))

    def place(self, label: Label) -> None:
        """Start the block of a label; what comes before it has gone elsewhere."""
        self._lines.append(f"{label}:")

    def reach(self, label: Label) -> None:
        """Start the block of a label, and go to it from here too."""
        self.jump(label)
        self.place(label)

    def dead(self) -> None:
        """Start a block that nothing leads to."""
        self.place(self.label("dead"))

    def jump(self, label: Label) -> None:
        """Go to a block; `place` comes next."""
        self.do(f"br label %{label}")

    def escape(self, label: Label) -> None:
        """Go to a block; what follows is a block that nothing leads to."""
        self.jump(label)
        self.dead()

    def branch(self, test: Bit, then: Label, otherwise: Label) -> None:
        """Go to one of two blocks; `place` comes next."""
        self.do(f"br i1 {test}, label %{then}, label %{otherwise}")

    def leap(self, test: Bit, label: Label) -> None:
        """Go to a block if the test holds, and on if not."""
        stay = self.label("stay")
        self.branch(test, label, stay)
        self.place(stay)

    def leap_unless(self, test: Bit, label: Label) -> None:
        """Go on if the test holds, and to a block if not."""
        stay = self.label("stay")
        self.branch(test, stay, label)
        self.place(stay)

    @contextmanager
    def departing(self, test: Bit, label: Label) -> Iterator[None]:
        """If the test holds, do the `with` block and go to the block of a label; go on if not."""
        then, stay = self.label("then"), self.label("stay")
        self.branch(test, then, stay)
        self.place(then)
        yield
        self.jump(label)
        self.place(stay)

    @contextmanager
    def when(self, test: Bit) -> Iterator[None]:
        """Do the block if the test holds."""
        then, end = self.label("then"), self.label("end")
        self.branch(test, then, end)
        self.place(then)
        yield
        self.reach(end)

    @contextmanager
    def unless(self, test: Bit) -> Iterator[None]:
        """Do the block if the test does not hold."""
        with self.when(self.opposite(test)):
            yield

    @contextmanager
    def fork(self, test: Bit) -> Iterator[Callable[[], None]]:
        """Do one of two parts of the block: the first if the test holds, and if not what comes after a call of what is
        yielded."""
        then, other, end = self.label("then"), self.label("else"), self.label("end")
        self.branch(test, then, other)
        self.place(then)

        def otherwise() -> None:
            self.jump(end)
            self.place(other)

        yield otherwise
        self.reach(end)

    @contextmanager
    def forever(self, stem: str = "again") -> Iterator[Label]:
        """Do the block again and again, until it leaps out or returns; the label is that of its beginning."""
        again = self.label(stem)
        self.reach(again)
        yield again
        self.jump(again)

    @contextmanager
    def count(self, start: Number, stop: Number) -> Iterator[Word]:
        """Do the block for start, start + 1, ..., stop - 1."""
        with self.count_while(start, lambda: stop) as value:
            yield value

    @contextmanager
    def count_while(self, start: Number, stop: Callable[[], Number]) -> Iterator[Word]:
        """The same, where the stop is asked for each time."""
        i = self.var(start)
        head, body, end = self.label("head"), self.label("body"), self.label("end")
        self.reach(head)
        value = self.get(i)
        self.branch(self.cmp("ult", value, stop()), body, end)
        self.place(body)
        yield value
        self.set(i, self.add(value, 1))
        self.jump(head)
        self.place(end)

    def leave(self, test: Bit, value: Number) -> None:
        """Return a value if the test holds."""
        then, end = self.label("leave"), self.label("stay")
        self.branch(test, then, end)
        self.place(then)
        self.do(f"ret i64 {value}")
        self.place(end)

    def stop(self, value: Number) -> None:
        """Return a value; what follows is a block that nothing leads to."""
        self.do(f"ret i64 {value}")
        self.dead()

    def finish(self, value: Number = 0) -> str:
        """Return an i64; the function as text."""
        return self._finished(f"ret i64 {value}")

    def finish_bit(self, value: Bit) -> str:
        """The same of a function that returns an i1."""
        return self._finished(f"ret i1 {value}")

    def _finished(self, last: str) -> str:
        self.do(last)
        return "\n".join([*self._tables, f"{self._header} {{", "entry:", *self._allocas, *self._lines, "}", ""])
