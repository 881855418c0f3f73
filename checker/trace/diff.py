"""What changed between two values of a type?  As `status[Chain.A]: Status.NONE -> Status.PRE`.

Rule of the module: as deep as the shape stays the same (fields, keys, positions, present options);
where the shape changes, the whole old and new value.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import attrs

from checker.ir.types import MapT, OptionT, RecordT, SeqT, TupleT, Type, members
from checker.trace.loader import paste


@attrs.frozen
class Change:
    """One place with its old and new value, as text."""

    place: str
    old: str
    new: str

    def __str__(self) -> str:
        return f"{self.place}: {self.old} -> {self.new}"


def diff(t: Type, old: Any, new: Any) -> tuple[Change, ...]:
    """All changed places of a state, in the order of its fields."""
    return tuple(_changes(t, old, new, ""))


def places(t: Type, value: Any) -> tuple[tuple[str, str], ...]:
    """The fields of a state with their values as text, maps key by key."""
    return tuple(_places(t, value, ""))


def _parts(t: Type, place: str) -> Iterator[tuple[str, Type]]:
    match t:
        case RecordT():
            yield from ((f"{place}.{n}" if place else n, f) for n, f in t.fields)
        case TupleT():
            yield from ((f"{place}[{i}]", item) for i, item in enumerate(t.items))
        case MapT():
            yield from ((f"{place}[{paste(t.key, k)}]", t.value) for k in members(t.key))


def _changes(t: Type, old: Any, new: Any, place: str) -> Iterator[Change]:
    if old == new:
        return
    match t:
        case RecordT() | TupleT() | MapT():
            for (where, part), a, b in zip(_parts(t, place), old, new, strict=True):
                yield from _changes(part, a, b, where)
        case OptionT() if old is not None and new is not None:
            yield from _changes(t.item, old, new, place)
        case SeqT() if len(old) == len(new):
            for i, (a, b) in enumerate(zip(old, new, strict=True)):
                yield from _changes(t.item, a, b, f"{place}[{i}]")
        case _:
            yield Change(place, paste(t, old), paste(t, new))


def _places(t: Type, value: Any, place: str) -> Iterator[tuple[str, str]]:
    if isinstance(t, MapT) or (isinstance(t, RecordT) and not place):
        for (where, part), v in zip(_parts(t, place), value, strict=True):
            yield from _places(part, v, where)
    else:
        yield place, paste(t, value)
