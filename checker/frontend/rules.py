"""Which types go together: joins of two types, and what may be stored where.

Rule of the module: pure functions on IR types; numbers are checked when they are stored (`Fit`), so
any int may be assigned to a Range, but only a provably smaller range may pass for a parameter.
"""

from __future__ import annotations

from typing import Final

from interlock.checker.ir.types import (
    INT,
    AnyIntT,
    IntT,
    MapT,
    NeverT,
    NoneT,
    OptionT,
    SeqT,
    SetT,
    TupleT,
    Type,
)

MAX_BITS: Final = 1024  # of a number in the text: products of four amounts of a contract
TOO_LARGE: Final = f"this number is beyond {MAX_BITS} bits"


def too_large(value: int) -> bool:
    """Whether a number is larger than any that a model has in its text."""
    return abs(value).bit_length() > MAX_BITS


def power(base: int, exponent: int) -> int | None:
    """A power of integers; None where it is too large, or no integer."""
    if exponent < 0 or (abs(base) > 1 and (abs(base).bit_length() - 1) * exponent > MAX_BITS):
        return None
    value = int(base**exponent)
    return None if too_large(value) else value


def is_int(t: Type) -> bool:
    """Whether values of the type are numbers."""
    return isinstance(t, (IntT, AnyIntT))


def join(a: Type, b: Type) -> Type | None:
    """The least type with the values of both, or None when they do not go together."""
    match a, b:
        case _ if a == b:
            return a
        case NeverT(), _:
            return b
        case _, NeverT():
            return a
        case IntT(), IntT():
            return IntT(min(a.lo, b.lo), max(a.hi, b.hi))
        case _ if is_int(a) and is_int(b):
            return INT
        case NoneT(), _:
            return b if isinstance(b, OptionT) else OptionT(b)
        case _, NoneT():
            return a if isinstance(a, OptionT) else OptionT(a)
        case OptionT(), OptionT():
            return _option(join(a.item, b.item))
        case OptionT(), _:
            return _option(join(a.item, b))
        case _, OptionT():
            return _option(join(a, b.item))
        case TupleT(), TupleT() if len(a.items) == len(b.items):
            items = [join(x, y) for x, y in zip(a.items, b.items, strict=True)]
            return None if None in items else TupleT(tuple(i for i in items if i is not None))
        case SetT(), SetT():
            item = join(a.item, b.item)
            return None if item is None else SetT(item)
        case SeqT(), SeqT():
            item = join(a.item, b.item)
            return None if item is None else SeqT(item, max(a.bound, b.bound))
        case MapT(), MapT() if a.key == b.key:
            value = join(a.value, b.value)
            return None if value is None else MapT(a.key, value)
        case _:
            return None


def _option(item: Type | None) -> Type | None:
    return None if item is None else OptionT(item)


def assignable(value: Type, place: Type) -> bool:
    """Whether a value may be stored there, numbers and lengths checked as it is."""
    match value, place:
        case _ if value == place:
            return True
        case NeverT(), _:
            return True
        case _ if is_int(value) and is_int(place):
            return True
        case NoneT(), OptionT():
            return True
        case OptionT(), OptionT():
            return assignable(value.item, place.item)
        case _, OptionT():
            return assignable(value, place.item)
        case TupleT(), TupleT() if len(value.items) == len(place.items):
            return all(assignable(v, p) for v, p in zip(value.items, place.items, strict=True))
        case SetT(), SetT():
            return assignable(value.item, place.item)
        case SeqT(), SeqT():
            return assignable(value.item, place.item)
        case MapT(), MapT():
            return value.key == place.key and assignable(value.value, place.value)
        case _:
            return False


def within(value: Type, place: Type) -> bool:
    """Whether every value of the type is one of the place's, so that nothing is left to check."""
    match value, place:
        case _ if value == place:
            return True
        case NeverT(), _:
            return True
        case IntT(), IntT():
            return place.lo <= value.lo and value.hi <= place.hi
        case IntT(), AnyIntT():
            return True
        case NoneT(), OptionT():
            return True
        case OptionT(), OptionT():
            return within(value.item, place.item)
        case _, OptionT():
            return within(value, place.item)
        case TupleT(), TupleT() if len(value.items) == len(place.items):
            return all(within(v, p) for v, p in zip(value.items, place.items, strict=True))
        case SetT(), SetT():
            return within(value.item, place.item)
        case SeqT(), SeqT():
            return value.bound <= place.bound and within(value.item, place.item)
        case MapT(), MapT():
            return value.key == place.key and within(value.value, place.value)
        case _:
            return False
