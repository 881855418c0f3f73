"""How does native code find the representative of a state's orbit, and the orbit's size?

Rule of the module: these functions, and nothing else knows how.  `@canonical(state)` replaces a packed state by
the one representative of its orbit, in place; `@weight(state)` is the number of states in the orbit of a
representative (`@represent` and `@weigh` are the same, for callers outside); and `@follow(state, target, out, ids, fired, err)` takes,
from a real state, the first step that leads into the orbit of `target`, a representative: the state becomes the
real successor, the result is the instance, or -1.
"""

from __future__ import annotations

import functools
import itertools
import operator
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

import attrs

from interlock.checker.ir.scalar import TRUE, Node, Op, ScalarSystem, boolean, integer, is_const, var_of, variables
from interlock.checker.ir.types import ScalarT
from interlock.checker.native.code.emit import MASK, Emitter, load_words, width
from interlock.checker.native.code.text import ZERO, Address, Bit, Code, Variable, Word
from interlock.checker.passes.quotient import Columns, Quotient, Swap, Walk, of_runs
from interlock.checker.passes.symmetry import Moved, Permutation, moved
from interlock.checker.semantics.layout import WORD, Packing, Place

# Swaps of a walk up to which there is no loop: 3! * 2! - 1, those of a kind of three members with one of two.
_UNROLLED = 11


def symmetry_code(system: ScalarSystem, packing: Packing, quotient: Quotient) -> str:
    """The functions of the module, for `quotient`."""
    return _Symmetry(system, packing, quotient).text()


def uniform(packing: Packing, quotient: Quotient) -> bool:
    """Whether leaves that take each other's values lie in places of one kind, so that bits can be moved."""

    def alike(leaves: Iterable[int]) -> bool:
        return len({(packing.places[i].width, packing.places[i].lo) for i in leaves}) == 1

    for part in quotient.parts:
        if isinstance(part, Columns):
            if not all(map(alike, zip(*part.columns, strict=True))):
                return False
            continue
        for swap in part.swaps:
            moves = [(m.source, i) for i, m in enumerate(swap.leaves) if not is_const(m.source)]
            if not all(alike((var_of(source)[1], i)) for source, i in moves):
                return False
    return True


class _Symmetry:
    def __init__(self, system: ScalarSystem, packing: Packing, quotient: Quotient) -> None:
        self.system, self.packing, self.quotient = system, packing, quotient
        self.words = width(packing)
        self.tables: dict[str, str] = {}

    def text(self) -> str:
        parts = [self._swap(f"{p}.{k}", s) for p, part in self._walks() for k, s in enumerate(part.swaps)]
        parts += [self._canonical(), self._weight(), self._follow()]
        parts += [_exported("represent", "canonical"), _exported("weigh", "weight")]
        return "\n".join([*self.tables.values(), *parts])

    def _walks(self) -> Iterator[tuple[int, Walk]]:
        """The parts whose swaps are called in a loop."""
        parts = enumerate(self.quotient.parts)
        return ((i, p) for i, p in parts if isinstance(p, Walk) and not _unrolled(p))

    # --- the functions -----------------------------------------------------------------------------

    def _canonical(self) -> str:
        code = Code("define internal i64 @canonical(ptr %s) nounwind")
        for i, part in enumerate(self.quotient.parts):
            if isinstance(part, Columns):
                self._sort(code, part)
            else:
                if _in_runs(part):
                    self._sort_keys(code, i, part)
                best = code.buffer(self.words)
                self._copy(code, Address("%s"), best)
                self._visit(code, i, part, lambda now, best=best: self._keep_least(code, now, best))  # type: ignore[misc]
                self._copy(code, best, Address("%s"))
        return code.finish()

    def _weight(self) -> str:
        """The order of the group divided by how many permutations keep the (canonical) state."""
        code = Code("define internal i64 @weight(ptr %s) nounwind")
        total = Word("1")
        for i, part in enumerate(self.quotient.parts):
            fixed = code.var(1)
            if isinstance(part, Columns):
                self._runs(code, part, fixed)
            else:
                self._visit(code, i, part, lambda now, fixed=fixed: self._count_same(code, now, fixed))  # type: ignore[misc]
            size = code.word(f"udiv i64 {part.order}, {code.get(fixed)}")
            total = size if i == 0 else code.mul(total, size)
        return code.finish(total)

    def _follow(self) -> str:
        code = Code("define i64 @follow(ptr %s, ptr %t, ptr %out, ptr %ids, ptr %fired, ptr %err) nounwind")
        n = code.word("call i64 @expand(ptr %s, ptr %out, ptr %ids, i64 0, ptr %fired, ptr %err, i64 1)")
        orbit = code.buffer(self.words)
        with code.count(0, n) as j:
            row = code.at(Address("%out"), code.mul(j, self.words))
            self._copy(code, row, orbit)
            code.word(f"call i64 @canonical(ptr {orbit})")
            with code.when(self._same(code, orbit, Address("%t"))):
                self._copy(code, row, Address("%s"))
                code.stop(code.load32(Address("%ids"), j))
        return code.finish(-1)

    # --- states ------------------------------------------------------------------------------------

    def _copy(self, code: Code, origin: Address, target: Address) -> None:
        for i, word in enumerate(load_words(code, origin, self.words)):
            code.store(word, target, i)

    def _same(self, code: Code, a: Address, b: Address) -> Bit:
        pairs = zip(load_words(code, a, self.words), load_words(code, b, self.words), strict=True)
        return _all_equal(code, list(pairs))

    # --- sorting columns ---------------------------------------------------------------------------

    def _keys(self, column: Sequence[int]) -> list[Place]:
        """Where each leaf of a column lies in the column's key."""
        places, word, used = [], 0, 0
        for leaf in column:
            wide = self.packing.places[leaf].width
            if used + wide > WORD:
                word, used = word + 1, 0
            places.append(Place(word, used, wide, 0))
            used += wide
        return places

    def _gathered(self, code: Code, columns: Sequence[Sequence[int]]) -> list[list[Word]]:
        """The key of each column of a state: its leaves, side by side."""
        keys = self._keys(columns[0])
        count = keys[-1].word + 1
        words = load_words(code, Address("%s"), self.words)
        places = self.packing.places
        return [
            _moved_bits(code, [(places[leaf], key) for leaf, key in zip(column, keys, strict=True)], words, count)
            for column in columns
        ]

    def _sort(self, code: Code, part: Columns) -> None:
        columns = self._gathered(code, part.columns)
        for i, j in sorting_network(len(columns)):
            low, high = columns[i], columns[j]
            swapped = code.before(high, low)
            columns[i] = [code.choose(swapped, b, a) for a, b in zip(low, high, strict=True)]
            columns[j] = [code.choose(swapped, a, b) for a, b in zip(low, high, strict=True)]
        self._scattered(code, part, columns)

    def _scattered(self, code: Code, part: Columns, columns: list[list[Word]]) -> None:
        keys, places = self._keys(part.columns[0]), self.packing.places
        parts: dict[int, list[Word]] = {}
        for column, key in zip(part.columns, columns, strict=True):
            moves = [(k, places[leaf]) for leaf, k in zip(column, keys, strict=True)]
            for word, bits in enumerate(_moved_bits(code, moves, key, self.words)):
                if bits != ZERO:
                    parts.setdefault(word, []).append(bits)
        clear = _cleared([places[leaf] for column in part.columns for leaf in column])
        for word, moving in parts.items():
            new = code.band(code.load(Address("%s"), word), MASK & ~clear[word])
            for bits in moving:
                new = code.bor(new, bits)
            code.store(new, Address("%s"), word)

    def _runs(self, code: Code, part: Columns, fixed: Variable) -> None:
        """The permutations that keep sorted columns: those within each run of equal ones."""
        columns, run = self._gathered(code, part.columns), code.var(1)
        for a, b in zip(columns, columns[1:], strict=False):
            equal = _all_equal(code, list(zip(a, b, strict=True)))
            longer = code.add(code.get(run), 1)
            code.set(run, code.choose(equal, longer, 1))
            code.set(fixed, code.mul(code.get(fixed), code.get(run)))

    # --- trying all permutations -------------------------------------------------------------------

    def _swap(self, name: str, s: Swap) -> str:
        """`@swap<part>.<number>(state)`: two members of a scalarset change places."""
        code = Code(f"define internal i64 @swap{name}(ptr %s) nounwind")
        new = self._swapped(code, s, load_words(code, Address("%s"), self.words))
        for i, word in enumerate(new):
            code.store(word, Address("%s"), i)
        return code.finish()

    def _swapped(self, code: Code, s: Swap, old: list[Word]) -> list[Word]:
        """The words of a state after a swap: what belongs to a member moves, then the members that it names."""
        places = self.packing.places
        moves = [(var_of(m.source)[1], i) for i, m in enumerate(s.leaves) if not is_const(m.source)]
        moves = [(a, b) for a, b in moves if a != b]
        bits = _moved_bits(code, [(places[a], places[b]) for a, b in moves], old, self.words)
        clear = _cleared([places[b] for _, b in moves])
        new = list(old)
        for i, mask in clear.items():
            new[i] = code.bor(code.band(old[i], MASK & ~mask), bits[i])
        fields: dict[tuple[int, int], dict[int, Node]] = {}
        for i, m in enumerate(self._named(s.sort)):
            if m.value and places[i].width:
                fields.setdefault((places[i].word, places[i].width), {})[i] = m.present
        emit = Emitter(code, self.system.leaves, self.packing, {"s": list(new)})
        for (word, wide), present in fields.items():
            new[word] = self._renamed(emit, s.by, new[word], wide, present)
        return new

    def _named(self, sort: ScalarT) -> list[Moved]:
        """For each leaf whether it names a member, and where it is there at all, said of what is kept of a state."""
        assert self.system.state is not None
        nodes = [
            n if place.width else boolean(bool(place.lo)) if n.boolean else integer(place.lo)
            for n, place in zip(variables("s", self.system.leaves), self.packing.places, strict=True)
        ]
        return moved(self.system.state, nodes, sort, tuple(range(sort.size)))

    def _renamed(self, emit: Emitter, by: Permutation, word: Word, wide: int, present: Mapping[int, Node]) -> Word:
        """A word in which some fields of one width name members, two of which change places: all fields at once.

        A field that holds the lower of the two is one more, one that holds the other is one less.
        """
        code, low = emit.code, next(k for k, to in enumerate(by) if k != to)
        ends = {leaf: self.packing.places[leaf].shift for leaf in present}
        is_low, is_high = (_holding(code, word, value, wide, ends.values()) for value in (low, low + 1))
        if low == 0:  # which is also what a field holds that is not there
            is_low = code.band(is_low, self._there(emit, present))
        return code.sub(code.add(word, is_low), is_high)

    def _there(self, emit: Emitter, present: Mapping[int, Node]) -> Word:
        """The lowest bits of the fields that are there."""
        code, places = emit.code, self.packing.places
        moves = [
            (places[var_of(n)[1]], attrs.evolve(places[leaf], word=0, width=1))
            for leaf, n in present.items()
            if n.op is Op.VAR
        ]
        (total,) = _moved_bits(code, moves, emit.spaces["s"], 1)
        total = code.bor(total, _lowest(places[leaf].shift for leaf, n in present.items() if n is TRUE))
        for leaf, n in present.items():
            if n.op is not Op.VAR and not is_const(n):
                bit = code.number(emit.bit(n))
                total = code.bor(total, code.shl(bit, places[leaf].shift))
        return total

    def _visit(self, code: Code, number: int, part: Walk, visit: Callable[[list[Word]], None]) -> None:
        """Do something with every state that a permutation, the first excepted, makes of the given one."""
        if _unrolled(part):
            words = load_words(code, Address("%s"), self.words)
            for step in part.steps:
                words = self._swapped(code, part.swaps[step], words)
                visit(words)
            return
        now = code.buffer(self.words)
        self._copy(code, Address("%s"), now)
        table, starts = self._table(number, part)
        joined = self._joined(code, part)
        with code.count(code.load(starts, joined), code.load(starts, code.add(joined, 1))) as i:
            chosen = code.load8(table, i)
            for k in range(len(part.swaps)):
                with code.when(code.cmp("eq", chosen, k)):
                    code.word(f"call i64 @swap{number}.{k}(ptr {now})")
            visit(load_words(code, now, self.words))

    def _table(self, number: int, part: Walk) -> tuple[Address, Address]:
        """The steps of all walks: by a number whose bits say which members are joined, and where each begins."""
        table, starts = Address(f"@walk{number}"), Address(f"@starts{number}")
        if _in_runs(part):
            n = len(part.swaps)
            walks = [of_runs([bool(bits >> k & 1) for k in range(n)]) for bits in range(1 << n)]
        else:
            walks = [list(part.steps)]
        steps = list(itertools.chain.from_iterable(walks))
        ends = [0, *itertools.accumulate(map(len, walks))]
        text = "".join(f"\\{k:02X}" for k in steps)
        self.tables[table] = f'{table} = internal constant [{len(steps)} x i8] c"{text}"\n'
        body = ", ".join(f"i64 {x}" for x in ends)
        self.tables[starts] = f"{starts} = internal constant [{len(ends)} x i64] [{body}]\n"
        return table, starts

    def _sort_keys(self, code: Code, number: int, part: Walk) -> None:
        """Order the members by their keys, the state with them."""
        keys = [[code.var(x) for x in key] for key in self._gathered(code, part.keys)]
        for end in range(len(keys) - 1, 0, -1):
            for i in range(end):
                low, high = ([code.get(x) for x in keys[k]] for k in (i, i + 1))
                with code.when(code.before(high, low)):
                    code.word(f"call i64 @swap{number}.{i}(ptr %s)")
                    for x, y, a, b in zip(keys[i], keys[i + 1], low, high, strict=True):
                        code.set(x, b)
                        code.set(y, a)

    def _joined(self, code: Code, part: Walk) -> Word:
        """Which members are joined to the next, having equal keys, as bits; 0 where all permutations are one walk."""
        if not _in_runs(part):
            return ZERO
        keys, joined = self._gathered(code, part.keys), ZERO
        for i, (a, b) in enumerate(itertools.pairwise(keys)):
            equal = code.number(_all_equal(code, list(zip(a, b, strict=True))))
            joined = code.bor(joined, code.shl(equal, i))
        return joined

    def _keep_least(self, code: Code, now: list[Word], best: Address) -> None:
        old = load_words(code, best, self.words)
        less = code.before(now, old)
        for i, (a, b) in enumerate(zip(now, old, strict=True)):
            code.store(code.choose(less, a, b), best, i)

    def _count_same(self, code: Code, now: list[Word], fixed: Variable) -> None:
        same = _all_equal(code, list(zip(now, load_words(code, Address("%s"), self.words), strict=True)))
        code.bump(fixed, code.number(same))


def _unrolled(part: Walk) -> bool:
    """Whether a walk is short enough to be written out; sorting first is quicker still."""
    return len(part.steps) <= (1 if part.keys else _UNROLLED)


def _in_runs(part: Walk) -> bool:
    """Whether the members are sorted first, and only equal ones permuted."""
    return bool(part.keys) and not _unrolled(part)


def sorting_network(n: int) -> Iterator[tuple[int, int]]:
    """Which of n things to compare, in turn, and exchange where the first is larger, to have them in order.

    Batcher's merge exchange: Knuth, "The Art of Computer Programming" 3, algorithm 5.2.2M.
    """
    top = 1 << max(0, (n - 1).bit_length() - 1)
    p = top if n > 1 else 0
    while p:
        q, r, far = top, 0, p
        while True:
            yield from ((i, i + far) for i in range(n - far) if i & p == r)
            if q == p:
                break
            far, q, r = q - p, q // 2, p
        p //= 2


def _exported(name: str, internal: str) -> str:
    code = Code(f"define i64 @{name}(ptr %s) nounwind")
    return code.finish(code.word(f"call i64 @{internal}(ptr %s)"))


def _cleared(places: Sequence[Place]) -> dict[int, int]:
    """By word, the bits of some places."""
    masks: dict[int, int] = {}
    for p in places:
        if p.width:
            masks[p.word] = masks.get(p.word, 0) | ((1 << p.width) - 1) << p.shift
    return masks


def _moved_bits(code: Code, moves: Sequence[tuple[Place, Place]], words: Sequence[Word], count: int) -> list[Word]:
    """Bits taken from places of some words to places of others; those that go equally far go together."""
    masks: dict[tuple[int, int, int], int] = {}
    for a, b in moves:
        if a.width:
            way = (a.word, b.word, b.shift - a.shift)
            masks[way] = masks.get(way, 0) | ((1 << a.width) - 1) << a.shift
    out = [ZERO] * count
    for (origin, target, far), mask in masks.items():
        bits = words[origin] if mask == MASK else code.band(words[origin], mask)
        if far:
            bits = code.shl(bits, far) if far > 0 else code.shr(bits, -far)
        out[target] = bits if out[target] == ZERO else code.bor(out[target], bits)
    return out


def _lowest(ends: Iterable[int]) -> int:
    """Some bits; leaves that are always equal lie in one place."""
    return functools.reduce(operator.or_, (1 << end for end in ends), 0)


def _holding(code: Code, word: Word, value: int, wide: int, ends: Iterable[int]) -> Word:
    """The lowest bits of the fields of a word that hold a value; each has `wide` bits, from one of `ends` on."""
    lowest = _lowest(ends)
    differ = code.xor(word, lowest * value) if value else word
    total = differ
    for far in range(1, wide):
        total = code.bor(total, code.shr(differ, far))
    return code.xor(code.band(total, lowest), lowest)


def _all_equal(code: Code, pairs: Sequence[tuple[Word, Word]]) -> Bit:
    different = ZERO
    for x, y in pairs:
        d = code.xor(x, y)
        different = d if different == ZERO else code.bor(different, d)
    return code.cmp("eq", different, 0)
