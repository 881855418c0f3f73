"""What changed between two values of a type?  As `status[Chain.A]: Status.NONE -> Status.PRE`.

Rule of the module: as deep as the shape stays the same (fields, keys, positions, present options);
where the shape changes, the whole old and new value, of a set what it gains and loses, and of a sequence
what was pushed and what left its front.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import attrs

from interlock.checker.fold import WIDTH, fold
from interlock.checker.ir.types import MapT, OptionT, RecordT, SeqT, SetT, TupleT, Type, members
from interlock.checker.semantics.values import in_order
from interlock.checker.trace.loader import paste


@attrs.frozen
class Change:
    """One place with its old and new value, as text; of a set also the members that make the difference."""

    place: str
    old: str
    new: str
    gains: tuple[str, ...] = ()
    loses: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.place}: {self.old} -> {self.new}"

    def lines(self, indent: str = "", width: int = WIDTH) -> list[str]:
        """Old -> new; of a set that does not fit on a line, the members lost and gained."""
        if len(indent) + len(str(self)) <= width:
            return [indent + str(self)]
        below = [f"{word} {m}" for word, found in (("loses", self.loses), ("gains", self.gains)) for m in found]
        below = below or [f"{self.old} -> {self.new}"]
        inner = [line for b in below for line in fold(b, indent + "    ", width=width)]
        return [*fold(f"{self.place}:", indent, width=width), *inner]


@attrs.frozen
class Shift:
    """A place with a sequence that lost its first items, gained some at its end, or both; the items as text."""

    place: str
    dropped: tuple[str, ...]
    pushed: tuple[str, ...]

    def __str__(self) -> str:
        dropped = f"dropped {', '.join(self.dropped)} from the front" if self.dropped else ""
        pushed = f"pushed {', '.join(self.pushed)}" if self.pushed else ""
        return f"{self.place}: {', '.join(x for x in (dropped, pushed) if x)}"

    def lines(self, indent: str = "", width: int = WIDTH) -> list[str]:
        """On one line, or else an item a line."""
        if len(indent) + len(str(self)) <= width:
            return [indent + str(self)]
        below = [f"dropped {x} from the front" for x in self.dropped] + [f"pushed {x}" for x in self.pushed]
        inner = [line for b in below for line in fold(b, indent + "    ", width=width)]
        return [*fold(f"{self.place}:", indent, width=width), *inner]


def diff(t: Type, old: Any, new: Any) -> tuple[Change | Shift, ...]:
    """All changed places of a state, in the order of its fields."""
    return tuple(_changes(t, old, new, ""))


def places(t: Type, value: Any) -> tuple[tuple[str, str], ...]:
    """The fields of a state with their values as text, maps key by key, or at once where all values are equal."""
    return tuple(_places(t, value, ""))


def _parts(t: Type, place: str) -> Iterator[tuple[str, Type]]:
    match t:
        case RecordT():
            yield from ((f"{place}.{n}" if place else n, f) for n, f in t.fields)
        case TupleT():
            yield from ((f"{place}[{i}]", item) for i, item in enumerate(t.items))
        case MapT():
            yield from ((f"{place}[{paste(t.key, k)}]", t.value) for k in members(t.key))


def _changes(t: Type, old: Any, new: Any, place: str) -> Iterator[Change | Shift]:
    if old == new:
        return
    match t:
        case RecordT() | TupleT() | MapT():
            for (where, part), a, b in zip(_parts(t, place), old, new, strict=True):
                yield from _changes(part, a, b, where)
        case OptionT() if old is not None and new is not None:
            yield from _changes(t.item, old, new, place)
        case SeqT() if (dropped := _dropped(old, new)) is not None:
            pushed = new[len(old) - dropped :]
            yield Shift(place, *(tuple(paste(t.item, x) for x in items) for items in (old[:dropped], pushed)))
        case SeqT() if len(old) == len(new):
            for i, (a, b) in enumerate(zip(old, new, strict=True)):
                yield from _changes(t.item, a, b, f"{place}[{i}]")
        case SetT():
            gains, loses = (tuple(paste(t.item, v) for v in in_order(s)) for s in (new - old, old - new))
            yield Change(place, paste(t, old), paste(t, new), gains, loses)
        case _:
            yield Change(place, paste(t, old), paste(t, new))


def _dropped(old: tuple[Any, ...], new: tuple[Any, ...]) -> int | None:
    """How many first items a sequence lost before others were pushed; None where that does not tell what happened.

    Where both are as long, it does only if it takes fewer items than differ at their positions.
    """
    kept = range(max(len(old) - len(new), 0), len(old))  # at least one item stays
    least = next((k for k in kept if old[k:] == new[: len(old) - k]), None)
    if least is None:
        return len(old) if not old or not new else None
    if len(old) == len(new) and sum(a != b for a, b in zip(old, new, strict=True)) <= least:
        return None
    return least


def _places(t: Type, value: Any, place: str) -> Iterator[tuple[str, str]]:
    if isinstance(t, MapT) and _uniform(value):
        yield place, _filled(t, value)
    elif isinstance(t, MapT) or (isinstance(t, RecordT) and not place):
        for (where, part), v in zip(_parts(t, place), value, strict=True):
            yield from _places(part, v, where)
    else:
        yield place, paste(t, value)


def _uniform(value: tuple[Any, ...]) -> bool:
    return len(value) > 1 and all(v == value[0] for v in value)


def _filled(t: Type, value: Any) -> str:
    return f"filled({_filled(t.value, value[0])})" if isinstance(t, MapT) and _uniform(value) else paste(t, value)
