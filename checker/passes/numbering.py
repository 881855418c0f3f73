"""Which values do parameters have in the instance of a number?  As expressions over that number.

Rule of the module: instances are numbered as their values are ordered, the first parameter varying slowest, and what
is made here for a number are the leaves of the values that `types.nth` gives for it.  Nothing is listed, so a
parameter may have as many values as numbers can tell apart.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from interlock.checker.ir import scalar as sc
from interlock.checker.ir import types as ty
from interlock.checker.ir.scalar import Leaf, Node
from interlock.checker.ir.types import Type
from interlock.checker.semantics.leaves import flatten_type


def number(count: int) -> Node:
    """The number of an instance, as a variable: one of 0 .. count - 1."""
    return sc.int_var("n", 0, 0, count - 1)


def numbered(types: Sequence[Type], count: int) -> list[Node]:
    """The leaves of parameters of these types, over the number of one of `count` instances, which are all there are."""
    return list(_product(types, number(count)))


def _product(types: Sequence[Type], n: Node) -> Iterator[Node]:
    """The leaves of the n-th choice of a value for each type."""
    rest = math.prod(map(ty.cardinality, types))
    for t in types:
        size = ty.cardinality(t)
        rest //= size
        yield from _value(t, _part(n, rest, size))


def _part(n: Node, stride: int, size: int) -> Node:
    return sc.mod(sc.div(n, sc.integer(stride)), sc.integer(size))


def _value(t: Type, n: Node) -> Iterator[Node]:
    """The leaves of the n-th value of a type."""
    match t:
        case ty.BoolT():
            yield sc.eq(n, sc.integer(1))
        case ty.IntT():
            yield sc.add(n, sc.integer(t.lo))
        case ty.RecordT():
            yield from _product([f for _, f in t.fields], n)
        case ty.TupleT():
            yield from _product(t.items, n)
        case ty.MapT():
            yield from _product([t.value] * ty.cardinality(t.key), n)
        case ty.OptionT():
            yield from _optional(t, n)
        case ty.SetT():
            bits = 0 if t.item == ty.NEVER else ty.cardinality(t.item)
            yield from (sc.eq(_part(n, 1 << i, 2), sc.integer(1)) for i in range(bits))
        case ty.SeqT():
            yield from _sequence(t, n)
        case _:
            yield n


def _optional(t: ty.OptionT, n: Node) -> Iterator[Node]:
    """None comes first."""
    size, some = ty.cardinality(t.item), sc.lt(sc.integer(0), n)
    yield some
    item = sc.mod(sc.add(n, sc.integer(size)), sc.integer(size + 1))  # n - 1, where there is one
    yield from _there(some, t.item, _value(t.item, item))


def _sequence(t: ty.SeqT, n: Node) -> Iterator[Node]:
    """By length, then as tuples."""
    size = ty.cardinality(t.item)
    starts = [sum(size**k for k in range(length)) for length in range(t.bound + 1)]
    length = sc.integer(0)
    for start in starts[1:]:
        length = sc.add(length, sc.ite(sc.le(sc.integer(start), n), sc.integer(1), sc.integer(0)))
    yield length
    for i in range(t.bound):
        item: Node = sc.integer(0)
        for k in range(i + 1, t.bound + 1):
            part = _part(sc.sub(n, sc.integer(starts[k])), size ** (k - 1 - i), size)
            item = sc.ite(sc.eq(length, sc.integer(k)), part, item)
        yield from _there(sc.lt(sc.integer(i), length), t.item, _value(t.item, item))


def _there(present: Node, t: Type, made: Iterator[Node]) -> Iterator[Node]:
    """Leaves of a part that may be absent."""
    leaves: Sequence[Leaf] = flatten_type(t)
    for leaf, node in zip(leaves, made, strict=True):
        yield sc.ite(present, node, sc.constant(leaf, leaf.absent))
