"""How long would it take to compute a constant, and how many calls does one run of a function make?

Rule of the module: an upper bound from the text alone, so that nothing is evaluated that would not end soon.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import attrs

from interlock.checker.ir import nodes as n
from interlock.checker.ir.types import IntT, MapT, SeqT, SetT, cardinality, storable

MAX_STEPS: Final = 1 << 20  # of the evaluation of one constant
MAX_CALLS: Final = 1 << 18  # of one run of an action or a property: plain Python makes them in a second or two
MAX_NESTED: Final = 64  # of those, within one another
_USUAL: Final = 64  # numbers of a range whose ends are only known later, when too many of them are refused


def parts(e: object) -> Iterator[object]:
    """An expression and everything in it."""
    yield e
    for part in _children(e):
        yield from parts(part)


def work(e: object) -> int:
    """About how many steps an evaluation takes, at most."""
    inside = 1 + sum(work(p) for p in (_children(e)))
    match e:
        case n.Quant():
            return inside * math.prod(_size(c.iterable) for c in e.clauses)
        case n.MapBuild():
            assert isinstance(e.type, MapT)
            return inside * cardinality(e.type.key)
    return inside


def calls(part: object, times: int = 1) -> Iterator[tuple[str, int]]:
    """The helpers that some statements or expressions call, and how often each call is made, at most."""
    match part:
        case n.Call():
            yield part.function, times
            yield from calls(part.arguments, times)
            return
        case n.Quant():
            for clause in part.clauses:
                yield from calls(clause.iterable, times)
                times *= _size(clause.iterable, _USUAL)
                yield from calls(clause.conditions, times)
            yield from calls(part.body, times)
            yield from calls(part.default, times)
            return
        case n.MapBuild():
            assert isinstance(part.type, MapT)
            yield from calls(part.value, times * cardinality(part.type.key))
            return
        case n.Loop():
            yield from calls(part.iterable, times)
            yield from calls(part.body, times * _size(part.iterable, _USUAL))
            return
    for child in _children(part):
        yield from calls(child, times)


@attrs.define
class Calls:
    """How many calls one run of a function makes in all, at most, and how many are within one another; `of` has what it
    calls itself.  No function may call itself."""

    of: Mapping[str, Sequence[tuple[str, int]]]
    _known: dict[str, tuple[int, int]] = attrs.field(factory=dict)

    def made(self, key: str) -> tuple[int, int]:
        """Both numbers of a function."""
        stack = [key]
        while stack:
            here = stack[-1]
            own = [(name, times) for name, times in self.of.get(here, ()) if times]
            missing = [name for name, _ in own if name not in self._known]
            if missing:
                stack.extend(missing)
                continue
            inner = [(times, *self._known[name]) for name, times in own]
            total = sum(times * (1 + made) for times, made, _ in inner)
            self._known[here] = total, max((1 + depth for _, _, depth in inner), default=0)
            stack.pop()
        return self._known[key]


def _children(e: Any) -> list[object]:
    if isinstance(e, tuple):
        return list(e)
    return [getattr(e, name) for name in _fields(type(e))]  # type: ignore[arg-type] # a type is hashable


@functools.cache
def _fields(kind: type) -> tuple[str, ...]:
    """Where a node has its parts; nothing else has any."""
    if not attrs.has(kind) or kind.__module__ != n.__name__:
        return ()
    return tuple(field.name for field in attrs.fields(kind) if field.name != "span")


def _size(it: n.Iterable, unknown: int = MAX_STEPS + 1) -> int:
    """How many items there are at most; of a range with ends of any size, `unknown`."""
    match it:
        case n.DomainIter():
            return cardinality(it.type)
        case n.RangeIter():
            ends = it.start, it.stop
            if all(isinstance(x, n.Const) for x in ends):
                return max(1, int(it.stop.value) - int(it.start.value))  # type: ignore[union-attr,arg-type]
            if isinstance(it.start.type, IntT) and isinstance(it.stop.type, IntT):
                return max(1, it.stop.type.hi - it.start.type.lo)
            return unknown
        case n.ValueIter():
            t = it.value.type
            if isinstance(t, SetT) and storable(t.item):
                return cardinality(t.item)
            return 1024 if isinstance(t, SetT) else t.bound + 1 if isinstance(t, SeqT) else 64
    raise AssertionError(it)
