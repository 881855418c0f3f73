"""The types of the IR: every storable one is finite, ordered and packs into bits.

Rule of the module: types are frozen values compared by content.  `values(t)` fixes one order of the
members of each storable type; ranks, map keys, the iteration of sets and the order of parameters all
use that order, in every engine.

Values of a type are plain hashable Python values, the same in every engine that works on values:

    BoolT   bool           IntT   int            EnumT, ScalarT  index of the member (int)
    RecordT, TupleT  tuple of the fields         OptionT  None or the item's value
    MapT    tuple of values, in the order of the keys           SetT  frozenset of values
    SeqT    tuple of at most `bound` items
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterator, Sequence
from typing import Any, TypeAlias, TypeGuard

import attrs

Value: TypeAlias = "bool | int | tuple[Value, ...] | frozenset[Value] | None"


@attrs.frozen(slots=False)
class BoolT:
    """Truth values; False before True."""


@attrs.frozen(slots=False)
class IntT:
    """The integers lo..hi, both included."""

    lo: int
    hi: int


@attrs.frozen(slots=False)
class AnyIntT:
    """A mathematical integer of an expression: exact, not storable."""


@attrs.frozen(slots=False)
class EnumT:
    """An enumeration; members in declaration order, comparable by `<` when ordered."""

    name: str
    members: tuple[str, ...]
    ordered: bool = False


@attrs.frozen(slots=False)
class ScalarT:
    """A scalarset: `size` interchangeable members, compared by equality only."""

    name: str
    size: int


@attrs.frozen(slots=False)
class RecordT:
    """A frozen record (and the state itself): named fields in declaration order."""

    name: str
    fields: tuple[tuple[str, Type], ...]

    def index(self, field: str) -> int:
        """The position of a field; KeyError when there is none of that name."""
        for i, (name, _) in enumerate(self.fields):
            if name == field:
                return i
        raise KeyError(field)


@attrs.frozen(slots=False)
class TupleT:
    """A tuple of fixed length."""

    items: tuple[Type, ...]


@attrs.frozen(slots=False)
class OptionT:
    """`T | None`; None comes first in the order."""

    item: Type


@attrs.frozen(slots=False)
class MapT:
    """A total map from a finite key type."""

    key: Type
    value: Type


@attrs.frozen(slots=False)
class SetT:
    """A finite set of members of a finite type."""

    item: Type


@attrs.frozen(slots=False)
class SeqT:
    """A sequence of at most `bound` items."""

    item: Type
    bound: int


@attrs.frozen(slots=False)
class NoneT:
    """The type of a bare `None`, joined into `T | None`."""


@attrs.frozen(slots=False)
class NeverT:
    """The item type of an empty set or sequence display; joins with anything."""


Type: TypeAlias = (
    BoolT | IntT | AnyIntT | EnumT | ScalarT | RecordT | TupleT | OptionT | MapT | SetT | SeqT | NoneT | NeverT
)

BOOL = BoolT()
INT = AnyIntT()
NONE = NoneT()
NEVER = NeverT()


@functools.cache
def cardinality(t: Type) -> int:
    """How many values a storable type has.  Raises TypeError for a type that is not storable."""
    match t:
        case BoolT():
            return 2
        case IntT(lo, hi):
            return hi - lo + 1
        case EnumT():
            return len(t.members)
        case ScalarT():
            return t.size
        case RecordT():
            return _product(cardinality(f) for _, f in t.fields)
        case TupleT():
            return _product(cardinality(i) for i in t.items)
        case OptionT():
            return 1 + cardinality(t.item)
        case MapT():
            return int(cardinality(t.value) ** cardinality(t.key))
        case SetT():
            return int(2 ** cardinality(t.item))
        case SeqT():
            n = cardinality(t.item)
            return sum(n**k for k in range(t.bound + 1))
        case _:
            raise TypeError(f"{show(t)} is not a storable type")


def _product(factors: Iterator[int]) -> int:
    total = 1
    for f in factors:
        total *= f
    return total


def storable(t: Type) -> bool:
    """Whether values of the type fit in a state (finite, every part of it declared)."""
    match t:
        case AnyIntT() | NoneT() | NeverT():
            return False
        case RecordT():
            return all(storable(f) for _, f in t.fields)
        case TupleT():
            return all(storable(i) for i in t.items)
        case OptionT() | SetT() | SeqT():
            return storable(t.item)
        case MapT():
            return storable(t.key) and storable(t.value)
        case _:
            return True


def values(t: Type) -> Iterator[Value]:
    """Every value of a storable type, in the type's order (ranks count along it).

    Records, tuples and maps: the first field or key varies slowest.  Options: None first.
    Sets: as bit masks over the ranks of the items (rank 0 is the lowest bit), counting up.
    Sequences: by length, then as tuples.
    """
    match t:
        case BoolT():
            yield from (False, True)
        case IntT(lo, hi):
            yield from range(lo, hi + 1)
        case EnumT():
            yield from range(len(t.members))
        case ScalarT():
            yield from range(t.size)
        case RecordT():
            yield from itertools.product(*(tuple(values(f)) for _, f in t.fields))
        case TupleT():
            yield from itertools.product(*(tuple(values(i)) for i in t.items))
        case OptionT():
            yield None
            yield from values(t.item)
        case MapT():
            yield from itertools.product(tuple(values(t.value)), repeat=cardinality(t.key))
        case SetT():
            items = tuple(values(t.item))
            for mask in range(1 << len(items)):
                yield frozenset(v for i, v in enumerate(items) if mask >> i & 1)
        case SeqT():
            for n in range(t.bound + 1):
                yield from itertools.product(tuple(values(t.item)), repeat=n)
        case _:
            raise TypeError(f"{show(t)} has no finite list of values")


@functools.cache
def members(t: Type) -> tuple[Value, ...]:
    """`values(t)` as a tuple, kept (for key types, set items and parameters)."""
    return tuple(values(t))


@functools.cache
def _ranks(t: Type) -> dict[Value, int]:
    return {v: i for i, v in enumerate(members(t))}


def rank(t: Type, value: Value) -> int:
    """The position of a value in its type's order.  Raises KeyError when it is not of the type."""
    if isinstance(t, IntT):  # without this, True would be found as 1
        if isinstance(value, int) and t.lo <= value <= t.hi:
            return value - t.lo
        raise KeyError(value)
    return _ranks(t)[value]


def has(t: Type, value: object) -> bool:
    """Whether something is a value of a storable type; nothing is listed."""
    match t:
        case BoolT():
            return isinstance(value, bool)
        case IntT(lo, hi):
            return _is_int(value) and lo <= value <= hi
        case EnumT() | ScalarT():
            return _is_int(value) and 0 <= value < cardinality(t)
        case RecordT():
            return _all_in([f for _, f in t.fields], value)
        case TupleT():
            return _all_in(t.items, value)
        case OptionT():
            return value is None or has(t.item, value)
        case MapT():
            return _all_in([t.value] * cardinality(t.key), value)
        case SetT():
            return isinstance(value, frozenset) and all(has(t.item, v) for v in value)
        case SeqT():
            return isinstance(value, tuple) and len(value) <= t.bound and all(has(t.item, v) for v in value)
        case _:
            return False


def _is_int(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool)


def _all_in(types: Sequence[Type], values: object) -> bool:
    return isinstance(values, tuple) and len(values) == len(types) and all(map(has, types, values))


def nth(t: Type, number: int) -> Value:
    """The value of a storable type at a position of its order, from 0; nothing is listed.  The inverse of `rank`."""
    match t:
        case BoolT():
            return bool(number)
        case IntT(lo, _):
            return lo + number
        case EnumT() | ScalarT():
            return number
        case RecordT():
            return nths([f for _, f in t.fields], number)
        case TupleT():
            return nths(t.items, number)
        case OptionT():
            return nth(t.item, number - 1) if number else None
        case MapT():
            return nths([t.value] * cardinality(t.key), number)
        case SetT():
            return frozenset(nth(t.item, i) for i in range(number.bit_length()) if number >> i & 1)
        case SeqT():
            length, size = 0, cardinality(t.item)
            while number >= size**length:
                number -= size**length
                length += 1
            return nths([t.item] * length, number)
        case _:
            raise TypeError(f"{show(t)} has no finite list of values")


def nths(types: Sequence[Type], number: int) -> tuple[Value, ...]:
    """One value of each type, where all choices are numbered and the first type's value varies slowest."""
    found: list[Value] = []
    for t in reversed(types):
        number, digit = divmod(number, cardinality(t))
        found.append(nth(t, digit))
    return tuple(reversed(found))


_FEW_BITS, _MANY_BITS = 63, 1024  # of a number that is always written out, and of one that never is


def show_number(n: int) -> str:
    """A number as its author would write it: one near a large power of two by that, and what has hundreds of digits by
    the power below it."""
    for base in (n, n + 1):
        bits = abs(base).bit_length() - 1
        if bits >= _FEW_BITS and abs(base) == 1 << bits:
            power = f"{'-' if base < 0 else ''}2**{bits}"
            return power if base == n else f"{power} - 1"
    bits = abs(n).bit_length()
    return f"more than 2**{bits - 1}" if bits > _MANY_BITS and n > 0 else str(n)


def show(t: Type) -> str:
    """The type as its author would write it."""
    match t:
        case BoolT():
            return "bool"
        case IntT(lo, hi):
            return f"Range({show_number(lo)}, {show_number(hi)})"
        case AnyIntT():
            return "int"
        case EnumT() | ScalarT() | RecordT():
            return t.name
        case TupleT():
            return f"tuple[{', '.join(map(show, t.items))}]"
        case OptionT():
            return f"{show(t.item)} | None"
        case MapT():
            return f"Map[{show(t.key)}, {show(t.value)}]"
        case SetT():
            return f"FiniteSet[{show(t.item)}]"
        case SeqT():
            return f"Seq[{show(t.item)}] of at most {t.bound}"
        case NoneT():
            return "None"
        case NeverT():
            return "nothing"


def show_value(t: Type, value: Any) -> str:
    """A value as its author would write it."""
    match t:
        case EnumT():
            return f"{t.name}.{t.members[value]}"
        case ScalarT():
            return f"{t.name}({value})"
        case RecordT():
            return (
                f"{t.name}({', '.join(f'{f}={show_value(i, v)}' for (f, i), v in zip(t.fields, value, strict=True))})"
            )
        case TupleT():
            inner = ", ".join(show_value(i, v) for i, v in zip(t.items, value, strict=True))
            return f"({inner},)" if len(value) == 1 else f"({inner})"
        case OptionT():
            return "None" if value is None else show_value(t.item, value)
        case MapT():
            pairs = zip(members(t.key), value, strict=True)
            return f"Map({{{', '.join(f'{show_value(t.key, k)}: {show_value(t.value, v)}' for k, v in pairs)}}})"
        case SetT():
            inner = ", ".join(show_value(t.item, v) for v in sorted(value, key=lambda v: rank(t.item, v)))
            return f"FiniteSet({{{inner}}})" if value else "FiniteSet()"
        case SeqT():
            return f"Seq({show_value(TupleT((t.item,) * len(value)), value)})"
        case _:
            return str(value)
