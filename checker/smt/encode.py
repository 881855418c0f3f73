"""How does a scalar expression read in Z3?  Exactly: no encoding here wraps or rounds.

Rule of the module: an encoding maps each node to one Z3 term whose value is `scalar.evaluate`'s,
whenever every variable lies in the bounds of its leaf (`Encoding.bounds` says so).  There are two, so
that a proof found in one can be checked again in the other:

* `BitVectors`: a node is as wide as its interval needs; unsigned where the interval is not negative,
  else two's complement.  Operands are widened first, so nothing overflows.
* `Integers`: mathematical integers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, Protocol, TypeAlias

import z3

from interlock.checker.ir.scalar import Leaf, Node, Op, ScalarSystem, topological

_LOOK: Final = 256  # nodes that are encoded between two looks at the clock
FEW: Final = 32  # bits of a number

Term: TypeAlias = Any  # a Z3 expression; z3 has no types
Binding: TypeAlias = Mapping[tuple[str, int], tuple[Term, Leaf]]  # variable -> its constant, its leaf


class Encoding(Protocol):
    """One way to write nodes in Z3."""

    name: str

    def constant(self, name: str, leaf: Leaf) -> Term:
        """A fresh Z3 constant for a leaf."""
        ...

    def bounds(self, term: Term, leaf: Leaf) -> list[Term]:
        """That the constant of a leaf lies in the leaf's bounds."""
        ...

    def equals(self, term: Term, leaf: Leaf, value: int) -> Term:
        """That the constant of a leaf has a value."""
        ...

    def encode(
        self, roots: Iterable[Node], binding: Binding, memo: dict[int, Term] | None = None,
        look: Callable[[], object] = lambda: None,
    ) -> list[Term]:  # fmt: skip
        """The roots as terms; `memo` (by node id) may be shared between calls with the same binding.  `look` is called
        now and then, and may raise."""
        ...

    def store(self, node: Node, term: Term, leaf: Leaf) -> Term:
        """An encoded node in the form of a leaf that it is assigned to."""
        ...

    def value(self, term: Term, leaf: Leaf) -> int:
        """The value of a leaf, from the term a model gives for its constant."""
        ...

    def solver(self) -> Any:
        """A Z3 solver that suits the encoding."""
        ...


def fitting(system: ScalarSystem) -> Encoding:
    """The encoding that a system is searched in: bits while its numbers have few, for sums of many are slow in bits."""
    leaves = [*system.leaves, *(leaf for a in (*system.initials, *system.actions) for leaf in a.param_leaves)]
    if system.wide or any(width(leaf.lo, leaf.hi) > FEW for leaf in leaves):
        return Integers()
    return BitVectors()


def other_arithmetic() -> Any:
    """A Z3 solver for integers that is not the one they are searched with."""
    solver = z3.SimpleSolver()
    solver.set("arith.solver", 2)
    return solver


def width(lo: int, hi: int) -> int:
    """The bits that hold lo..hi: unsigned where lo is not negative, else two's complement."""
    if lo >= 0:
        return max(1, hi.bit_length())
    return max((-lo - 1).bit_length(), max(hi, 0).bit_length()) + 1


def _resize(term: Term, lo: int, bits: int) -> Term:
    """A term, whose values start at `lo`, extended or cut to `bits` bits; the caller knows that its value fits them."""
    extra = bits - term.size()
    if extra > 0:
        return z3.ZeroExt(extra, term) if lo >= 0 else z3.SignExt(extra, term)
    return z3.Extract(bits - 1, 0, term) if extra < 0 else term


class _Base:
    """What both encodings share: the walk, and everything about truth values."""

    def constant(self, name: str, leaf: Leaf) -> Term:
        return z3.Bool(name) if leaf.boolean else self._int_constant(name, leaf)

    def equals(self, term: Term, leaf: Leaf, value: int) -> Term:
        if leaf.boolean:
            return term if value else z3.Not(term)
        return term == value

    def bounds(self, term: Term, leaf: Leaf) -> list[Term]:
        if leaf.boolean:
            return [] if leaf.lo != leaf.hi else [self.equals(term, leaf, leaf.lo)]
        return self._int_bounds(term, leaf)

    def store(self, node: Node, term: Term, leaf: Leaf) -> Term:
        return term if leaf.boolean else self._int_store(node, term, leaf)

    def value(self, term: Term, leaf: Leaf) -> int:
        return int(z3.is_true(term)) if leaf.boolean else self._int_value(term, leaf)

    def encode(
        self, roots: Iterable[Node], binding: Binding, memo: dict[int, Term] | None = None,
        look: Callable[[], object] = lambda: None,
    ) -> list[Term]:  # fmt: skip
        roots = list(roots)
        memo = {} if memo is None else memo
        for i, n in enumerate(topological(roots, memo)):
            if not i % _LOOK:
                look()
            memo[n.id] = self._node(n, [memo[c.id] for c in n.src], binding)
        return [memo[r.id] for r in roots]

    def _node(self, n: Node, x: list[Term], binding: Binding) -> Term:
        match n.op:
            case Op.CONST:
                return z3.BoolVal(bool(n.arg)) if n.boolean else self._int_value_of(n)
            case Op.VAR:
                term, leaf = binding[n.arg]  # type: ignore[index]
                return term if n.boolean else self._int_variable(n, term, leaf)
            case Op.NOT:
                return z3.Not(x[0])
            case Op.AND:
                return z3.And(x)
            case Op.OR:
                return z3.Or(x)
            case Op.ITE if n.boolean:
                return z3.If(x[0], x[1], x[2])
            case Op.EQ if n.src[0].boolean:
                return x[0] == x[1]
            case _:
                return self._int_node(n, x)

    def _int_constant(self, name: str, leaf: Leaf) -> Term:
        raise NotImplementedError

    def _int_bounds(self, term: Term, leaf: Leaf) -> list[Term]:
        raise NotImplementedError

    def _int_store(self, node: Node, term: Term, leaf: Leaf) -> Term:
        raise NotImplementedError

    def _int_value(self, term: Term, leaf: Leaf) -> int:
        raise NotImplementedError

    def _int_value_of(self, n: Node) -> Term:
        raise NotImplementedError

    def _int_variable(self, n: Node, term: Term, leaf: Leaf) -> Term:
        raise NotImplementedError

    def _int_node(self, n: Node, x: list[Term]) -> Term:
        raise NotImplementedError


class BitVectors(_Base):
    """Ints as bit-vectors, as wide as their intervals."""

    name = "bit-vectors"

    def solver(self) -> Any:
        return z3.SolverFor("QF_FD")

    def _int_constant(self, name: str, leaf: Leaf) -> Term:
        return z3.BitVec(name, width(leaf.lo, leaf.hi))

    def _int_bounds(self, term: Term, leaf: Leaf) -> list[Term]:
        bits = width(leaf.lo, leaf.hi)
        if leaf.lo < 0:
            return [term >= leaf.lo, term <= leaf.hi]
        low = [z3.UGE(term, leaf.lo)] if leaf.lo > 0 else []
        return low + ([z3.ULE(term, leaf.hi)] if leaf.hi < (1 << bits) - 1 else [])

    def _int_store(self, node: Node, term: Term, leaf: Leaf) -> Term:
        return _resize(term, node.lo, width(leaf.lo, leaf.hi))

    def _int_value(self, term: Term, leaf: Leaf) -> int:
        return int(term.as_signed_long() if leaf.lo < 0 else term.as_long())

    def _int_value_of(self, n: Node) -> Term:
        return z3.BitVecVal(n.lo, width(n.lo, n.hi))

    def _int_variable(self, n: Node, term: Term, leaf: Leaf) -> Term:
        return _resize(term, leaf.lo, width(n.lo, n.hi))

    def _int_node(self, n: Node, x: list[Term]) -> Term:
        bits = width(n.lo, n.hi)
        if n.op is Op.ITE:
            return z3.If(x[0], _resize(x[1], n.src[1].lo, bits), _resize(x[2], n.src[2].lo, bits))
        a, b = n.src
        if n.op in (Op.ADD, Op.SUB, Op.MUL):  # exact modulo 2**bits, and the value fits the bits
            p, q = _resize(x[0], a.lo, bits), _resize(x[1], b.lo, bits)
            return p + q if n.op is Op.ADD else p - q if n.op is Op.SUB else p * q
        result = (n,) if n.op in (Op.DIV, Op.MOD) else ()
        lo, hi = min(m.lo for m in (a, b, *result)), max(m.hi for m in (a, b, *result))
        wide = width(lo, hi)
        p, q = _resize(x[0], a.lo, wide), _resize(x[1], b.lo, wide)
        if n.op is Op.EQ:
            return p == q
        if n.op is Op.LT:
            return p < q if lo < 0 else z3.ULT(p, q)
        if n.op is Op.LE:
            return p <= q if lo < 0 else z3.ULE(p, q)
        value = self._divide(n.op, p, q, lo < 0)
        if b.lo <= 0 <= b.hi:
            value = z3.If(q == 0, z3.BitVecVal(0, wide), value)
        return _resize(value, lo, bits)

    def _divide(self, op: Op, p: Term, q: Term, signed: bool) -> Term:
        if not signed:
            return z3.UDiv(p, q) if op is Op.DIV else z3.URem(p, q)
        if op is Op.MOD:
            return p % q  # bvsmod: the sign of the divisor, as in Python
        rest = z3.SRem(p, q)
        return z3.If(z3.And(rest != 0, (rest < 0) != (q < 0)), p / q - 1, p / q)  # bvsdiv rounds to zero


class Integers(_Base):
    """Ints as mathematical integers."""

    name = "integers"

    def solver(self) -> Any:
        return z3.Solver()

    def _int_constant(self, name: str, leaf: Leaf) -> Term:
        return z3.Int(name)

    def _int_bounds(self, term: Term, leaf: Leaf) -> list[Term]:
        return [term >= leaf.lo, term <= leaf.hi]

    def _int_store(self, node: Node, term: Term, leaf: Leaf) -> Term:
        return term

    def _int_value(self, term: Term, leaf: Leaf) -> int:
        return int(term.as_long())

    def _int_value_of(self, n: Node) -> Term:
        return z3.IntVal(n.lo)

    def _int_variable(self, n: Node, term: Term, leaf: Leaf) -> Term:
        return term

    def _int_node(self, n: Node, x: list[Term]) -> Term:
        match n.op:
            case Op.ITE:
                return z3.If(x[0], x[1], x[2])
            case Op.EQ:
                return x[0] == x[1]
            case Op.LT:
                return x[0] < x[1]
            case Op.LE:
                return x[0] <= x[1]
            case Op.ADD:
                return x[0] + x[1]
            case Op.SUB:
                return x[0] - x[1]
            case Op.MUL:
                return x[0] * x[1]
            case _:
                return self._divide(n, x[0], x[1])

    def _divide(self, n: Node, p: Term, q: Term) -> Term:
        """Z3's div and mod are Euclidean: those of Python where the divisor is positive."""
        b = n.src[1]
        positive, negative = (p / q, (-p) / (-q)) if n.op is Op.DIV else (p % q, -((-p) % (-q)))
        if b.lo > 0:
            return positive
        if b.hi < 0:
            return negative
        return z3.If(q == 0, z3.IntVal(0), z3.If(q > 0, positive, negative))
