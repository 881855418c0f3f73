"""How does an expression of the scalar form become LLVM instructions?

Rule of the module: bools are i1, ints are i64 that hold the value itself; every operation is total, as
in `scalar.evaluate`.  Values are kept by node within the block that computed them and those it dominates.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from interlock.checker.diagnostics import NOWHERE, Diagnostic, InputError
from interlock.checker.ir.scalar import Leaf, Node, Op, var_of
from interlock.checker.native.code.choices import Choice, Selector, choice_of
from interlock.checker.native.code.text import FALSE, TRUE, ZERO, Address, Bit, Code, Word
from interlock.checker.semantics.layout import WORD, Field, Packing, Place

_SIGNED = 1 << 63  # numbers in code are signed: from minus this on, and below this
_COUNTED = 200  # nodes up to which a price is counted: who asks compares with far fewer, or sorts
_FEW = 2  # outcomes of a choice that are compared for
_LOOK = 4  # instructions to look into a table: address, load, mask, shift
_PART = 3  # instructions for a part of its key: shift, mask, or
_COMPARED = 4  # instructions to compare for an outcome: what is compared, compare, and, choose
_WORDS = 4  # in which the leaves of a table lie, at most: an entry has 8 bits
_BYTE = 1 << 8  # numbers that an entry of a table tells apart
MASK = (1 << WORD) - 1  # all bits of a word

_COMPARE = {Op.EQ: "eq", Op.LT: "slt", Op.LE: "sle"}
_ARITHMETIC = {Op.ADD: "add", Op.SUB: "sub", Op.MUL: "mul"}
_JUNCTION = {Op.AND: "and", Op.OR: "or"}


def width(packing: Packing) -> int:
    """Words of a state in memory; a state without leaves has one, 0."""
    return max(1, packing.words)


def load_words(code: Code, pointer: Address, words: int) -> list[Word]:
    """The words of a packed state."""
    return [code.load(pointer, i) for i in range(words)]


def bits_of(code: Code, words: Sequence[Word], field: Field) -> Word:
    """What a field of a packed state holds."""
    raw = _shifted(code, words, field)
    return raw if field.shift + field.width == WORD else code.band(raw, (1 << field.width) - 1)


def _shifted(code: Code, words: Sequence[Word], field: Field) -> Word:
    word = words[field.word]
    return code.shr(word, field.shift) if field.shift else word


class Emitter:
    """Expressions over the leaves of packed states, in one function."""

    def __init__(
        self, code: Code, leaves: tuple[Leaf, ...], packing: Packing, spaces: Mapping[str, list[Word]]
    ) -> None:
        self.code, self.leaves, self.packing, self.spaces = code, leaves, packing, spaces
        self._scopes: list[dict[int, str]] = [{}]
        self._choices: dict[int, Choice | None] = {}

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
                stack.extend(self._sources(n))
        return len(seen)

    def value(self, root: Node) -> str:
        """The operand of an expression, computing what is not yet known."""
        stack = [root]
        while stack:
            n = stack[-1]
            if self.known(n) is None:
                missing = [c for c in self._sources(n) if self.known(c) is None]
                if missing:
                    stack.extend(missing)
                    continue
                self._scopes[-1][n.id] = self._instruction(n)
            stack.pop()
        found = self.known(root)
        assert found is not None
        return found

    def bit(self, root: Node) -> Bit:
        """The operand of an expression that is a bool."""
        assert root.boolean
        return Bit(self.value(root))

    def word(self, root: Node) -> Word:
        """The operand of an expression that is an int."""
        assert not root.boolean
        return Word(self.value(root))

    def as_word(self, root: Node) -> Word:
        """The operand of an expression, of a bool 0 or 1."""
        return self.code.number(self.bit(root)) if root.boolean else self.word(root)

    def all(self, nodes: list[Node]) -> Bit:
        """Whether all of some expressions hold."""
        return self._fold("and", [self.bit(n) for n in nodes]) if nodes else TRUE

    def _fold(self, op: str, operands: Sequence[Bit]) -> Bit:
        total = operands[0]
        for x in operands[1:]:
            total = self.code.bit(f"{op} i1 {total}, {x}")
        return total

    # --- choices -----------------------------------------------------------------------------------

    def _sources(self, n: Node) -> Sequence[Node]:
        """The nodes whose operands must be known before that of `n` can be written."""
        choice = self._choice(n)
        return n.src if choice is None else [s.node for s in choice.selectors if self._field_of(s.node) is None]

    def _choice(self, n: Node) -> Choice | None:
        """A tree of choices that is looked up, not compared: among leaves of one kind, or among constants."""
        if n.op is not Op.ITE:
            return None
        if n.id not in self._choices:
            found = choice_of(n, self._measure, self._position)
            self._choices[n.id] = found if found is not None and self._worthwhile(found) else None
        return self._choices[n.id]

    def _field_of(self, n: Node) -> Place | None:
        """Where in the words a node lies, if it is a leaf of a state."""
        if n.op is not Op.VAR or var_of(n)[0] not in self.spaces:
            return None
        place = self.packing.places[var_of(n)[1]]
        return place if place.width else None

    def _measure(self, n: Node) -> tuple[int, int]:
        place = self._field_of(n)
        return ((n.hi - n.lo).bit_length(), n.lo) if place is None else (place.width, place.lo)

    def _position(self, n: Node) -> tuple[int, ...]:
        """Leaves that lie side by side do so in a key."""
        place = self._field_of(n)
        return (1, n.order) if place is None else (0, ord(var_of(n)[0]), place.word, place.shift)

    def _worthwhile(self, choice: Choice) -> bool:
        """Whether to look up is less work than to compare, and what is chosen among fits in a table."""
        first, *others = choice.outcomes
        if len(others) < _FEW or _LOOK + _PART * len(self._runs(choice)) > _COMPARED * len(others):
            return False
        if all(n.op is Op.CONST for n in choice.outcomes):
            return min(n.lo for n in choice.outcomes) >= 0 and max(n.hi for n in choice.outcomes) < _BYTE
        kinds = {self._kind(n) for n in choice.outcomes}
        return len(kinds) == 1 and None not in kinds and len({self._place(n).word for n in choice.outcomes}) <= _WORDS

    def _kind(self, n: Node) -> tuple[str, int, int] | None:
        """What leaves have in common that one look can tell apart."""
        place = self._field_of(n)
        return None if place is None else (var_of(n)[0], place.width, place.lo)

    def _place(self, n: Node) -> Place:
        place = self._field_of(n)
        assert place is not None
        return place

    def _runs(self, choice: Choice) -> list[tuple[Selector, Field | None]]:
        """The parts of a key: leaves that lie side by side, as one field, and other expressions."""
        found: list[tuple[Selector, Field | None]] = []
        for s in choice.selectors:
            place = self._field_of(s.node)
            if place is None:
                found.append((s, None))
                continue
            before, run = found[-1] if found else (s, None)
            side = run is not None and var_of(before.node)[0] == var_of(s.node)[0]
            if run is not None and side and (run.word, run.shift + run.width) == (place.word, place.shift):
                found[-1] = (before, Field(run.word, run.shift, run.width + place.width))
            else:
                found.append((s, Field(place.word, place.shift, place.width)))
        return found

    def _key(self, choice: Choice, scale: int) -> Word:
        """The key of a choice, times 2 ** scale."""
        code, parts = self.code, list[Word]()
        for s, field in self._runs(choice):
            to = s.shift + scale
            if field is None:
                part = self._bits(s)
                part = code.shl(part, to) if to else part
            else:
                word = self.spaces[var_of(s.node)[0]][field.word]
                move = field.shift - to
                part = word if move == 0 else code.shr(word, move) if move > 0 else code.shl(word, -move)
                part = code.band(part, ((1 << field.width) - 1) << to)
            parts[:] = [code.bor(parts[0], part) if parts else part]
        return parts[0]

    def _bits(self, s: Selector) -> Word:
        """What an expression that decides adds to a key."""
        value = self.as_word(s.node)
        return self.code.sub(value, s.lo) if s.lo and not s.node.boolean else value

    def _looked_up(self, choice: Choice) -> str:
        """The value that a choice comes to."""
        code, first = self.code, choice.outcomes[0]
        if first.op is Op.CONST:
            return self._entry(choice, [n.lo for n in choice.outcomes])
        places = [self._place(n) for n in choice.outcomes]
        words = sorted({p.word for p in places})
        entry = self._entry(choice, [words.index(p.word) * WORD + p.shift for p in places])
        held = self.spaces[var_of(first)[0]]
        word = held[words[0]]
        if len(words) > 1:
            which = code.shr(entry, WORD.bit_length() - 1)
            entry = code.band(entry, WORD - 1)
            for k, other in enumerate(words[1:], 1):
                word = code.choose(code.cmp("eq", which, k), held[other], word)
        raw = code.shr(word, entry)
        if first.boolean:
            return code.op(f"trunc i64 {raw} to i1")
        raw = code.band(raw, (1 << places[0].width) - 1)
        return code.add(raw, places[0].lo) if places[0].lo else raw

    def _entry(self, choice: Choice, cells: Sequence[int]) -> Word:
        """What a table says of a key, a number below 256: a table in a word where it fits."""
        code, size = self.code, max(cells).bit_length()
        scale = next(k for k in range(4) if 1 << k >= size)
        if len(choice.chosen) << scale <= WORD:
            table = sum(cells[k] << (i << scale) for i, k in enumerate(choice.chosen))
            entry = code.shr(table, self._key(choice, scale))
            room = 1 << (1 << scale)
            return code.band(entry, (WORD if max(cells) < WORD < room else room) - 1)  # a shift asks for no more
        return code.load8(code.table([cells[k] for k in choice.chosen], "i8"), self._key(choice, 0))

    # --- operations --------------------------------------------------------------------------------

    def _instruction(self, n: Node) -> str:
        choice = self._choice(n)
        if choice is not None:
            return self._looked_up(choice)
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
                return self._fold(_JUNCTION[n.op], [Bit(c) for c in x])
            case Op.ITE:
                return self.code.op(f"select i1 {x[0]}, {kind} {x[1]}, {kind} {x[2]}")
            case Op.EQ | Op.LT | Op.LE:
                return self.code.op(f"icmp {_COMPARE[n.op]} {kind} {x[0]}, {x[1]}")
            case Op.ADD | Op.SUB | Op.MUL:
                return self.code.op(f"{_ARITHMETIC[n.op]} i64 {x[0]}, {x[1]}")
            case Op.DIV | Op.MOD:
                return self._divide(n, Word(x[0]), Word(x[1]))

    def _leaf(self, words: Sequence[Word], index: int) -> str:
        place, leaf, code = self.packing.places[index], self.leaves[index], self.code
        if place.width == 0:
            return (TRUE if place.lo else FALSE) if leaf.boolean else str(place.lo)
        if leaf.boolean:
            return code.op(f"trunc i64 {_shifted(code, words, place)} to i1")
        raw = bits_of(code, words, place)
        return code.add(raw, leaf.lo) if leaf.lo else raw

    def _divide(self, n: Node, a: Word, b: Word) -> Word:
        """Floor division or remainder; 0 where the divisor is 0."""
        code, (left, right) = self.code, n.src
        zero = code.cmp("eq", b, 0)
        safe = code.choose(zero, 1, b)
        sign = "u" if left.lo >= 0 and right.lo >= 0 else "s"
        rest = code.word(f"{sign}rem i64 {a}, {safe}")
        down = FALSE
        if sign == "s":
            uneven = code.cmp("ne", rest, 0)
            down = code.all(uneven, code.cmp("slt", code.xor(rest, safe), 0))
        if n.op is Op.DIV:
            exact = code.word(f"{sign}div i64 {a}, {safe}")
            value = code.sub(exact, code.number(down))
        else:
            value = code.add(rest, code.choose(down, safe, 0))
        return code.choose(zero, 0, value)

    def packed(self, words: Sequence[Word], updates: Mapping[int, Node]) -> list[Word]:
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

    def _word(self, old: Word, changed: list[int], updates: Mapping[int, Node]) -> Word:
        code = self.code
        clear = fixed = 0
        moving: list[Word] = []
        for leaf in changed:
            node, place = updates[leaf], self.packing.places[leaf]
            clear |= ((1 << place.width) - 1) << place.shift
            if node.op is Op.CONST:
                fixed |= (int(node.arg) - place.lo) << place.shift  # type: ignore[call-overload]
            else:
                moving.append(self._field(node, place.lo, place.shift))
        word = ZERO if clear == MASK else code.band(old, MASK & ~clear)
        word = code.bor(word, fixed) if fixed else word
        for x in moving:
            word = code.bor(word, x)
        return word

    def _field(self, node: Node, lo: int, shift: int) -> Word:
        code, value = self.code, self.as_word(node)
        value = code.sub(value, lo) if lo and not node.boolean else value
        return code.shl(value, shift) if shift else value


def _too_large(n: Node) -> Diagnostic:
    return Diagnostic(
        "E001",
        f"an expression can reach {max(-n.lo, n.hi)}, more than 63 bits",
        NOWHERE,
        "narrow the ranges it is made of, or use another engine",
    )
