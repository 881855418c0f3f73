"""How does an expression of the scalar form become LLVM instructions?

Rule of the module: bools are i1, ints are i64 that hold the value itself; every operation is total, as
in `scalar.evaluate`.  Values are kept by node within the block that computed them and those it dominates.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from checker.diagnostics import NOWHERE, Diagnostic, InputError
from checker.ir.scalar import Leaf, Node, Op, var_of
from checker.native.text import Code
from checker.semantics.layout import WORD, Field, Packing

_SIGNED = 1 << 63
_COUNTED = 200  # nodes
MASK = (1 << 64) - 1

_COMPARE = {Op.EQ: "eq", Op.LT: "slt", Op.LE: "sle"}
_ARITHMETIC = {Op.ADD: "add", Op.SUB: "sub", Op.MUL: "mul"}
_JUNCTION = {Op.AND: "and", Op.OR: "or"}


def width(packing: Packing) -> int:
    """Words of a state in memory; a state without leaves has one, 0."""
    return max(1, packing.words)


def load_words(code: Code, pointer: str, words: int) -> list[str]:
    """The words of a packed state."""
    return [code.load(pointer, i) for i in range(words)]


def bits_of(code: Code, words: Sequence[str], field: Field) -> str:
    """What a field of a packed state holds."""
    raw = _shifted(code, words, field)
    return raw if field.shift + field.width == WORD else code.band(raw, str((1 << field.width) - 1))


def _shifted(code: Code, words: Sequence[str], field: Field) -> str:
    word = words[field.word]
    return code.shr(word, field.shift) if field.shift else word


class Emitter:
    """Expressions over the leaves of packed states, in one function."""

    def __init__(self, code: Code, leaves: tuple[Leaf, ...], packing: Packing, spaces: Mapping[str, list[str]]) -> None:
        self.code, self.leaves, self.packing, self.spaces = code, leaves, packing, spaces
        self._scopes: list[dict[int, str]] = [{}]

    @contextmanager
    def scope(self) -> Iterator[None]:
        """Within: a block that the blocks outside do not all pass through."""
        self._scopes.append({})
        yield
        self._scopes.pop()

    def bind(self, node: Node, value: str) -> None:
        """Give a node (a parameter) its value within the current scope."""
        self._scopes[-1][node.id] = value

    def known(self, node: Node) -> str | None:
        """The operand of a node already computed here."""
        for scope in reversed(self._scopes):
            found = scope.get(node.id)
            if found is not None:
                return found
        return None

    def price(self, roots: Iterable[Node]) -> int:
        """How many nodes are still to be computed, counted up to a limit."""
        seen: set[int] = set()
        stack = list(roots)
        while stack and len(seen) < _COUNTED:
            n = stack.pop()
            if n.id not in seen and n.op is not Op.CONST and self.known(n) is None:
                seen.add(n.id)
                stack.extend(n.src)
        return len(seen)

    def value(self, root: Node) -> str:
        """The operand of an expression, computing what is not yet known."""
        stack = [root]
        while stack:
            n = stack[-1]
            if self.known(n) is None:
                missing = [c for c in n.src if self.known(c) is None]
                if missing:
                    stack.extend(missing)
                    continue
                self._scopes[-1][n.id] = self._instruction(n)
            stack.pop()
        found = self.known(root)
        assert found is not None
        return found

    def all(self, nodes: list[Node]) -> str:
        """The conjunction of some nodes."""
        return self._fold("and", [self.value(n) for n in nodes]) if nodes else "true"

    def _fold(self, op: str, operands: list[str]) -> str:
        total = operands[0]
        for x in operands[1:]:
            total = self.code.op(f"{op} i1 {total}, {x}")
        return total

    def _instruction(self, n: Node) -> str:
        if not n.boolean and not -_SIGNED <= n.lo <= n.hi < _SIGNED:
            raise InputError([_too_large(n)])
        x = [self.known(c) or "" for c in n.src]
        kind = "i1" if n.src and n.src[-1].boolean else "i64"
        match n.op:
            case Op.CONST:
                return str(n.arg).lower() if n.boolean else str(n.arg)
            case Op.VAR:
                space, index = var_of(n)
                return self._leaf(self.spaces[space], index)
            case Op.NOT:
                return self.code.op(f"xor i1 {x[0]}, true")
            case Op.AND | Op.OR:
                return self._fold(_JUNCTION[n.op], x)
            case Op.ITE:
                return self.code.op(f"select i1 {x[0]}, {kind} {x[1]}, {kind} {x[2]}")
            case Op.EQ | Op.LT | Op.LE:
                return self.code.op(f"icmp {_COMPARE[n.op]} {kind} {x[0]}, {x[1]}")
            case Op.ADD | Op.SUB | Op.MUL:
                return self.code.op(f"{_ARITHMETIC[n.op]} i64 {x[0]}, {x[1]}")
            case Op.DIV | Op.MOD:
                return self._divide(n, x[0], x[1])

    def _leaf(self, words: list[str], index: int) -> str:
        place, leaf, code = self.packing.places[index], self.leaves[index], self.code
        if place.width == 0:
            return ("true" if place.lo else "false") if leaf.boolean else str(place.lo)
        if leaf.boolean:
            return code.op(f"trunc i64 {_shifted(code, words, place)} to i1")
        raw = bits_of(code, words, place)
        return code.add(raw, str(leaf.lo)) if leaf.lo else raw

    def _divide(self, n: Node, a: str, b: str) -> str:
        """Floor division or remainder; 0 where the divisor is 0."""
        code, (left, right) = self.code, n.src
        zero = code.cmp("eq", b, "0")
        safe = code.op(f"select i1 {zero}, i64 1, i64 {b}")
        sign = "u" if left.lo >= 0 and right.lo >= 0 else "s"
        rest = code.op(f"{sign}rem i64 {a}, {safe}")
        down = "false"
        if sign == "s":
            uneven = code.cmp("ne", rest, "0")
            differ = code.cmp("slt", code.xor(rest, safe), "0")
            down = code.op(f"and i1 {uneven}, {differ}")
        if n.op is Op.DIV:
            exact = code.op(f"{sign}div i64 {a}, {safe}")
            value = code.op(f"sub i64 {exact}, {code.op(f'zext i1 {down} to i64')}")
        else:
            value = code.add(rest, code.op(f"select i1 {down}, i64 {safe}, i64 0"))
        return code.op(f"select i1 {zero}, i64 0, i64 {value}")

    def packed(self, words: list[str], updates: Mapping[int, Node]) -> list[str]:
        """The words of a state with some leaves changed."""
        out = list(words)
        fields: dict[int, list[int]] = {}
        for leaf in sorted(updates):
            place = self.packing.places[leaf]
            if place.width:
                fields.setdefault(place.word, []).append(leaf)
        for word, changed in fields.items():
            out[word] = self._word(words[word], changed, updates)
        return out

    def _word(self, old: str, changed: list[int], updates: Mapping[int, Node]) -> str:
        code = self.code
        clear = fixed = 0
        moving: list[str] = []
        for leaf in changed:
            node, place = updates[leaf], self.packing.places[leaf]
            clear |= ((1 << place.width) - 1) << place.shift
            if node.op is Op.CONST:
                fixed |= (int(node.arg) - place.lo) << place.shift  # type: ignore[call-overload]
            else:
                moving.append(self._field(node, place.lo, place.shift))
        word = "0" if clear == MASK else code.band(old, str(MASK & ~clear))
        for x in [str(fixed)] * (fixed != 0) + moving:
            word = code.op(f"or i64 {word}, {x}")
        return word

    def _field(self, node: Node, lo: int, shift: int) -> str:
        code, value = self.code, self.value(node)
        if node.boolean:
            value = code.op(f"zext i1 {value} to i64")
        elif lo:
            value = code.op(f"sub i64 {value}, {lo}")
        return code.op(f"shl i64 {value}, {shift}") if shift else value


def _too_large(n: Node) -> Diagnostic:
    return Diagnostic(
        "E001",
        f"an expression can reach {max(-n.lo, n.hi)}, more than 63 bits",
        NOWHERE,
        "narrow the ranges it is made of, or use another engine",
    )
