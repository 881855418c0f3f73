"""How many values has a type, as far as that must be known before they are counted?

Rule of the module: no huge power is ever computed.
"""

from __future__ import annotations

from typing import Final

from interlock.checker.ir.types import IntT, MapT, OptionT, SeqT, SetT, TupleT, Type, cardinality

MAX_MEMBERS: Final = 1 << 16
MAX_VALUE_BITS: Final = 1 << 14  # of one parameter of an action: 64 amounts of 256 bits


def value_bits(t: Type) -> int:
    """About how many bits tell the values of a storable type apart, without computing huge powers."""
    match t:
        case IntT():
            return (t.hi - t.lo).bit_length()
        case MapT():
            return cardinality(t.key) * value_bits(t.value)
        case SetT():
            return cardinality(t.item)
        case SeqT():
            return t.bound.bit_length() + t.bound * value_bits(t.item)
        case OptionT():
            return 1 + value_bits(t.item)
        case TupleT():
            return sum(map(value_bits, t.items))
        case _ if hasattr(t, "fields"):
            return sum(value_bits(f) for _, f in t.fields)
        case _:
            return cardinality(t).bit_length()


def too_many_members(t: Type) -> bool:
    """Whether a type has more members than may be listed, without computing huge powers."""
    match t:
        case SetT():
            return too_many_members(t.item) or cardinality(t.item) > 16
        case MapT():
            if too_many_members(t.key) or too_many_members(t.value):
                return True
            return (
                cardinality(t.key) * max(cardinality(t.value) - 1, 1).bit_length() > 16 and cardinality(t) > MAX_MEMBERS
            )
        case SeqT():
            return too_many_members(t.item) or t.bound > 16 or cardinality(t) > MAX_MEMBERS
        case OptionT():
            return too_many_members(t.item)
        case TupleT():
            return any(map(too_many_members, t.items)) or cardinality(t) > MAX_MEMBERS
        case _ if hasattr(t, "fields"):
            return any(too_many_members(f) for _, f in t.fields) or cardinality(t) > MAX_MEMBERS
        case _:
            return cardinality(t) > MAX_MEMBERS
