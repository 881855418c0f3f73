"""How long would it take to compute a constant?

Rule of the module: an upper bound from the expression alone, so that nothing is evaluated that would
not end soon.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, Final

import attrs

from checker.ir import nodes as n
from checker.ir.types import IntT, MapT, SeqT, SetT, cardinality

MAX_STEPS: Final = 1 << 20  # of the evaluation of one constant


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


def _children(e: Any) -> list[object]:
    if isinstance(e, tuple):
        return list(e)
    if attrs.has(type(e)) and type(e).__module__ == n.__name__:
        return [getattr(e, field.name) for field in attrs.fields(type(e)) if field.name != "span"]
    return []


def _size(it: n.Iterable) -> int:
    match it:
        case n.DomainIter():
            return cardinality(it.type)
        case n.RangeIter():
            ends = it.start, it.stop
            if all(isinstance(x, n.Const) for x in ends):
                return max(1, int(it.stop.value) - int(it.start.value))  # type: ignore[union-attr,arg-type]
            if isinstance(it.start.type, IntT) and isinstance(it.stop.type, IntT):
                return max(1, it.stop.type.hi - it.start.type.lo)
            return MAX_STEPS + 1
        case n.ValueIter():
            t = it.value.type
            return 1024 if isinstance(t, SetT) else t.bound + 1 if isinstance(t, SeqT) else 64
    raise AssertionError(it)
