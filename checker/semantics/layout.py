"""How do values lie in memory?  As leaves (bools and bounded ints), and the leaves as bits of words.

Rule of the module: equal values have equal leaves.  Leaves that belong to an absent part (the item of
an empty option, the places beyond a sequence's end) hold `Leaf.absent`.  The order of the leaves is the
order of the text; `interlock.checker.passes.scalarize` builds its symbolic values in the same order.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

import attrs

from interlock.checker.diagnostics import mistake
from interlock.checker.ir import types as ty
from interlock.checker.ir.scalar import Leaf, Node, Op, ScalarAction, ScalarSystem, constant, topological, var_of
from interlock.checker.ir.types import Type, Value

WORD: Final = 64  # bits of a word of a packed state, and of native code
MAX_LEAVES: Final = 65_536  # of a state: text, Python and solvers go through them one by one

Division = tuple[int, ...]  # the word of each leaf


def show_value(t: Type, value: Any) -> str:
    """A value as its author would write it."""
    match t:
        case ty.EnumT():
            return f"{t.name}.{t.members[value]}"
        case ty.ScalarT():
            return f"{t.name}({value})"
        case ty.RecordT():
            return (
                f"{t.name}({', '.join(f'{f}={show_value(i, v)}' for (f, i), v in zip(t.fields, value, strict=True))})"
            )
        case ty.TupleT():
            inner = ", ".join(show_value(i, v) for i, v in zip(t.items, value, strict=True))
            return f"({inner},)" if len(value) == 1 else f"({inner})"
        case ty.OptionT():
            return "None" if value is None else show_value(t.item, value)
        case ty.MapT():
            pairs = zip(ty.members(t.key), value, strict=True)
            return f"Map({{{', '.join(f'{show_value(t.key, k)}: {show_value(t.value, v)}' for k, v in pairs)}}})"
        case ty.SetT():
            inner = ", ".join(show_value(t.item, v) for v in sorted(value, key=lambda v: ty.rank(t.item, v)))
            return f"FiniteSet({{{inner}}})" if value else "FiniteSet()"
        case ty.SeqT():
            return f"Seq({show_value(ty.TupleT((t.item,) * len(value)), value)})"
        case _:
            return str(value)


def flatten_type(t: Type, name: str = "") -> list[Leaf]:
    """The leaves of a storable type, named after the parts of the value.

    Raises InputError E002 for a type of more than `MAX_LEAVES` leaves.
    """
    out: list[Leaf] = []
    for leaf in _leaves(t, name):
        out.append(leaf)
        if len(out) > MAX_LEAVES:
            text = f"a value of {ty.show(t)} has more than {MAX_LEAVES} parts"
            raise mistake("E002", text, "use smaller maps, sets or bounds")
    return out


def _leaves(t: Type, name: str) -> Iterator[Leaf]:
    match t:
        case ty.BoolT():
            yield Leaf(name, True, 0, 1)
        case ty.IntT(lo, hi):
            yield Leaf(name, False, lo, hi, lo)
        case ty.EnumT():
            yield Leaf(name, False, 0, len(t.members) - 1)
        case ty.ScalarT():
            yield Leaf(name, False, 0, t.size - 1)
        case ty.RecordT():
            for field, inner in t.fields:
                yield from _leaves(inner, f"{name}.{field}" if name else field)
        case ty.TupleT():
            for i, inner in enumerate(t.items):
                yield from _leaves(inner, f"{name}[{i}]")
        case ty.OptionT():
            yield Leaf(f"{name}?", True, 0, 1)
            yield from _leaves(t.item, name)
        case ty.MapT():
            for key in ty.members(t.key):
                yield from _leaves(t.value, f"{name}[{show_value(t.key, key)}]")
        case ty.SetT():
            if t.item == ty.NEVER:
                return
            for member in ty.members(t.item):
                yield Leaf(f"{name}{{{show_value(t.item, member)}}}", True, 0, 1)
        case ty.SeqT():
            yield Leaf(f"len({name})", False, 0, t.bound)
            for i in range(t.bound):
                yield from _leaves(t.item, f"{name}[{i}]")
        case _:
            raise TypeError(f"{ty.show(t)} is not a storable type")


def to_leaves(t: Type, value: Value) -> tuple[int, ...]:
    """The leaves of a value (bools as 0 and 1)."""
    out: list[int] = []
    _write(t, value, out)
    return tuple(out)


def _absent(t: Type) -> list[int]:
    return [leaf.absent for leaf in _leaves(t, "")]


def _write(t: Type, value: Any, out: list[int]) -> None:
    match t:
        case ty.RecordT():
            for (_, inner), v in zip(t.fields, value, strict=True):
                _write(inner, v, out)
        case ty.TupleT():
            for inner, v in zip(t.items, value, strict=True):
                _write(inner, v, out)
        case ty.OptionT():
            out.append(int(value is not None))
            if value is None:
                out.extend(_absent(t.item))
            else:
                _write(t.item, value, out)
        case ty.MapT():
            for v in value:
                _write(t.value, v, out)
        case ty.SetT():
            if t.item != ty.NEVER:
                out.extend(int(m in value) for m in ty.members(t.item))
        case ty.SeqT():
            out.append(len(value))
            for v in value:
                _write(t.item, v, out)
            out.extend(_absent(t.item) * (t.bound - len(value)))
        case _:
            out.append(int(value))


def from_leaves(t: Type, leaves: Sequence[int]) -> Value:
    """The value whose leaves these are."""
    it = iter(leaves)
    value: Value = _read(t, it)
    if next(it, None) is not None:
        raise ValueError("more leaves than the type has")
    return value


def _read(t: Type, it: Iterator[int]) -> Any:
    match t:
        case ty.BoolT():
            return bool(next(it))
        case ty.RecordT():
            return tuple(_read(inner, it) for _, inner in t.fields)
        case ty.TupleT():
            return tuple(_read(inner, it) for inner in t.items)
        case ty.OptionT():
            some, value = next(it), _read(t.item, it)
            return value if some else None
        case ty.MapT():
            return tuple(_read(t.value, it) for _ in range(ty.cardinality(t.key)))
        case ty.SetT():
            if t.item == ty.NEVER:
                return frozenset()
            present = [(m, next(it)) for m in ty.members(t.item)]
            return frozenset(m for m, there in present if there)
        case ty.SeqT():
            length = next(it)
            return tuple([_read(t.item, it) for _ in range(t.bound)][:length])
        case _:
            return int(next(it))


def bindings(system: ScalarSystem, action: ScalarAction, roots: Sequence[Node]) -> Iterator[dict[Node, Node]]:
    """For each instance of an action, in order: the parameters that expressions read, and their values."""
    params = [n for n in topological(roots) if n.op is Op.VAR and var_of(n)[0] == "p"]
    for values in system.expand_params(action):
        flat = [x for (_, t), v in zip(action.params, values, strict=True) for x in to_leaves(t, v)]
        yield {n: constant(n, flat[var_of(n)[1]]) for n in params}


@attrs.frozen
class Field:
    """Bits shift .. shift + width - 1 of a word."""

    word: int
    shift: int
    width: int

    def of(self, words: Sequence[int]) -> int:
        """What they hold."""
        return words[self.word] >> self.shift & ((1 << self.width) - 1)


@attrs.frozen
class Place(Field):
    """Where a leaf lies: the field holds value - lo."""

    lo: int


@attrs.frozen
class Packing:
    """Leaves in 64-bit words; no leaf lies across two words.  `bits` is the sum of the widths."""

    places: tuple[Place, ...]
    words: int
    bits: int

    @classmethod
    def of(
        cls,
        leaves: Sequence[Leaf],
        same: Mapping[int, int] = MappingProxyType({}),
        division: Division | None = None,
    ) -> Packing:
        """Each leaf in its word of a division, low bits first, into as many words as it takes.

        Without one: in the first word that has room for it, and the words about equally full.  A leaf of one value
        takes no bits, and one that is the `same` as an earlier one lies where that does: the states to be packed must
        be so.  Raises ValueError for a division that is none of these leaves, or has more in a word than it holds.
        """
        widths = [0 if i in same else _width(leaf) for i, leaf in enumerate(leaves)]
        fewest = 1 + max((word for word, _ in _filled(widths, WORD)), default=0)
        if division is None:
            share = -(-sum(widths) // fewest)
            rooms = (_filled(widths, room) for room in range(share, WORD + 1))
            spots = next(found for found in rooms if all(word < fewest for word, _ in found))
        else:
            spots = _divided(widths, division, fewest)
        places: list[Place] = []
        for i, (leaf, width, spot) in enumerate(zip(leaves, widths, spots, strict=True)):
            places.append(places[same[i]] if i in same else Place(*spot, width, leaf.lo))
        return cls(tuple(places), fewest, sum(widths))

    def pack(self, leaves: Sequence[int]) -> tuple[int, ...]:
        """The words that hold these leaves."""
        words = [0] * self.words
        for place, value in zip(self.places, leaves, strict=True):
            words[place.word] |= (value - place.lo) << place.shift
        return tuple(words)

    def unpack(self, words: Sequence[int]) -> tuple[int, ...]:
        """The leaves that these words hold."""
        return tuple(p.lo + p.of(words) for p in self.places)

    def order(self) -> list[Field]:
        """By which states are compared: their leaves from the last to the first, however they lie.  Neighbours are
        compared at once."""
        found: list[Field] = []
        for p in reversed(self.places):
            if not p.width:
                continue
            if found and (p.word, p.shift + p.width) == (found[-1].word, found[-1].shift):
                found[-1] = Field(p.word, p.shift, p.width + found[-1].width)
            else:
                found.append(Field(p.word, p.shift, p.width))
        return found


def _width(leaf: Leaf) -> int:
    """The bits of a leaf.  Raises InputError E001 where they are more than a word has."""
    width = max(leaf.hi - leaf.lo, 0).bit_length()
    if width > WORD or leaf.lo < -(1 << 63) or leaf.hi >= 1 << 63:
        text = f"{leaf.name} has values that do not fit in 64 bits: {leaf.lo}..{leaf.hi}"
        raise mistake("E001", text, "use a smaller Range")
    return width


def _filled(widths: Sequence[int], room: int) -> list[tuple[int, int]]:
    """The word and the first bit of each of some parts: in the first word that has room for it, or else a new one."""
    used: list[int] = []
    spots = []
    for width in widths:
        if not width:
            spots.append((0, 0))
            continue
        word = next((k for k, u in enumerate(used) if u + width <= room), len(used))
        if word == len(used):
            used.append(0)
        spots.append((word, used[word]))
        used[word] += width
    return spots


def _divided(widths: Sequence[int], division: Division, words: int) -> list[tuple[int, int]]:
    """The word and the first bit of each of some parts whose words are given."""
    used = [0] * words
    spots = []
    for width, word in zip(widths, division, strict=True):
        if not 0 <= word < words or used[word] + width > WORD:
            raise ValueError("not a division of these leaves")
        spots.append((word, used[word]) if width else (0, 0))
        used[word] += width
    return spots
