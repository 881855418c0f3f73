"""How does a value look whose parts are scalar nodes?  Symbolic values, and what can be done to them.

Rule of the module: a symbolic value mirrors its type and is always canonical: parts that are absent
(the item of an empty option, places beyond a sequence's end) hold the absent value of their type, so
equal values have equal leaves and nothing needs to be masked when it is stored.

    bool, int, enum, scalarset  Node          record, tuple  tuple of symbolic values
    map     tuple, in the order of the keys   T | None       Opt (of the bare None too)
    set     Bits: one bool node for each member of an item type, which it carries itself
    seq     Items: a length and `bound` symbolic values
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeAlias

import attrs

from interlock.checker.diagnostics import NOWHERE
from interlock.checker.ir import scalar as sc
from interlock.checker.ir import types as ty
from interlock.checker.ir.nodes import ModelErrorKind
from interlock.checker.ir.scalar import FALSE, TRUE, Node
from interlock.checker.ir.types import Type

Sym: TypeAlias = Any  # Node | tuple[Sym, ...] | Opt | Bits | Items

Complain: TypeAlias = Callable[[Node, ModelErrorKind], None]


@attrs.frozen(eq=False)
class Opt:
    """Something or None."""

    some: Node
    item: Sym


@attrs.frozen(eq=False)
class Bits:
    """A set, as one bool for each member of `item`, in rank order."""

    item: Type
    bits: tuple[Node, ...]


@attrs.frozen(eq=False)
class Items:
    """A sequence: its length, and what is at each place."""

    length: Node
    items: tuple[Sym, ...]


def build(t: Type, leaf: Callable[[Type], Node]) -> Sym:
    """A symbolic value whose leaves are made one after the other, in the order of `layout`.

    `leaf` gets the type of the leaf: BoolT, EnumT, ScalarT or IntT (for the length of a sequence too).
    """
    match t:
        case ty.RecordT():
            return tuple([build(inner, leaf) for _, inner in t.fields])
        case ty.TupleT():
            return tuple([build(inner, leaf) for inner in t.items])
        case ty.OptionT():
            some = leaf(ty.BOOL)
            return Opt(some, build(t.item, leaf))
        case ty.MapT():
            return tuple([build(t.value, leaf) for _ in ty.members(t.key)])
        case ty.SetT():
            return Bits(t.item, tuple([leaf(ty.BOOL) for _ in domain(t.item)]))
        case ty.SeqT():
            length = leaf(ty.IntT(0, t.bound))
            return Items(length, tuple([build(t.item, leaf) for _ in range(t.bound)]))
        case ty.NoneT():
            return Opt(FALSE, ())
        case ty.NeverT():
            return ()
        case _:
            return leaf(t)


def domain(t: Type) -> tuple[Any, ...]:
    """The values that a set of this item type may have."""
    return () if t in (ty.NEVER, ty.INT) else ty.members(t)


def leaves(value: Sym) -> Iterator[Node]:
    """The leaves of a symbolic value, in the order of `layout`."""
    if isinstance(value, Node):
        yield value
    elif isinstance(value, tuple):
        for v in value:
            yield from leaves(v)
    elif isinstance(value, Opt):
        yield value.some
        yield from leaves(value.item)
    elif isinstance(value, Bits):
        yield from value.bits
    else:
        yield value.length
        for v in value.items:
            yield from leaves(v)


def _absent_leaf(t: Type) -> Node:
    if t == ty.BOOL:
        return FALSE
    return sc.integer(t.lo if isinstance(t, ty.IntT) else 0)


@functools.cache
def absent(t: Type) -> Sym:
    """What a place of this type holds when it is not there."""
    return build(t, _absent_leaf)


def lift(t: Type, value: Any) -> Sym:
    """A known value."""
    match t:
        case ty.BoolT():
            return sc.boolean(value)
        case ty.RecordT():
            return tuple([lift(inner, v) for (_, inner), v in zip(t.fields, value, strict=True)])
        case ty.TupleT():
            return tuple([lift(inner, v) for inner, v in zip(t.items, value, strict=True)])
        case ty.OptionT():
            return Opt(FALSE, absent(t.item)) if value is None else Opt(TRUE, lift(t.item, value))
        case ty.NoneT():
            return Opt(FALSE, ())
        case ty.MapT():
            return tuple([lift(t.value, v) for v in value])
        case ty.SetT():
            item = t.item if t.item != ty.INT else _span_of(sorted(value))
            return Bits(item, tuple([sc.boolean(m in value) for m in domain(item)]))
        case ty.SeqT():
            rest = (absent(t.item),) * (t.bound - len(value))
            return Items(sc.integer(len(value)), (*[lift(t.item, v) for v in value], *rest))
        case _:
            return sc.integer(value)


def _span_of(numbers: Sequence[int]) -> Type:
    return ty.IntT(numbers[0], numbers[-1]) if numbers else ty.NEVER


@functools.cache
def lifted(t: Type) -> tuple[Sym, ...]:
    """Every value of a type, lifted, in its order."""
    return tuple(lift(t, v) for v in domain(t))


def choose(test: Node, then: Sym, otherwise: Sym) -> Sym:
    """`then` where the test holds, else `otherwise`; both of one type."""
    if then is otherwise or test is TRUE:
        return then
    if test is FALSE:
        return otherwise
    if isinstance(then, Node):
        return _choose_node(test, then, otherwise)
    if isinstance(then, tuple):
        new = [choose(test, a, b) for a, b in zip(then, otherwise, strict=True)]
        return otherwise if all(a is b for a, b in zip(new, otherwise, strict=True)) else tuple(new)
    if isinstance(then, Opt):
        return Opt(choose(test, then.some, otherwise.some), choose(test, then.item, otherwise.item))
    if isinstance(then, Bits):
        item = join_items([then.item, otherwise.item])
        return Bits(item, choose(test, in_domain(then, item), in_domain(otherwise, item)))
    return Items(choose(test, then.length, otherwise.length), choose(test, then.items, otherwise.items))


def _choose_node(test: Node, then: Node, otherwise: Node) -> Node:
    if then.op is sc.Op.ITE and then.src[0] is test:
        then = then.src[1]
    if otherwise.op is sc.Op.ITE and otherwise.src[0] is test:
        otherwise = otherwise.src[2]
    return sc.ite(test, then, otherwise)


def join_items(types: Sequence[Type]) -> Type:
    """An item type that has all values of these."""
    found = [t for t in types if t != ty.NEVER]
    if not found:
        return ty.NEVER
    joined = found[0]
    for t in found[1:]:
        joined = _join(joined, t)
    return joined


def _join(a: Type, b: Type) -> Type:
    match a, b:
        case _ if a == b:
            return a
        case ty.NeverT(), _:
            return b
        case _, ty.NeverT():
            return a
        case ty.IntT(), ty.IntT():
            return ty.IntT(min(a.lo, b.lo), max(a.hi, b.hi))
        case ty.NoneT(), ty.OptionT():
            return b
        case ty.OptionT(), ty.NoneT():
            return a
        case ty.OptionT(), ty.OptionT():
            return ty.OptionT(_join(a.item, b.item))
        case ty.NoneT(), _:
            return ty.OptionT(b)
        case _, ty.NoneT():
            return ty.OptionT(a)
        case ty.OptionT(), _:
            return ty.OptionT(_join(a.item, b))
        case _, ty.OptionT():
            return ty.OptionT(_join(a, b.item))
        case ty.TupleT(), ty.TupleT():
            return ty.TupleT(tuple(_join(x, y) for x, y in zip(a.items, b.items, strict=True)))
        case ty.SetT(), ty.SetT():
            return ty.SetT(_join(a.item, b.item))
        case ty.SeqT(), ty.SeqT():
            return ty.SeqT(_join(a.item, b.item), max(a.bound, b.bound))
        case ty.MapT(), ty.MapT():
            return ty.MapT(a.key, _join(a.value, b.value))
    raise TypeError(f"{ty.show(a)} and {ty.show(b)} have no common type")


def in_domain(value: Bits, item: Type) -> tuple[Node, ...]:
    """The bits of a set along another item type; members that it does not have are left out."""
    if value.item is item or value.item == item:
        return value.bits
    by_value = dict(zip(domain(value.item), value.bits, strict=True))
    return tuple([by_value.get(m, FALSE) for m in domain(item)])


def shape(t: Type, value: Sym) -> Type:
    """The type with every mathematical int in it replaced by the bounds of the value's nodes."""
    match t:
        case ty.AnyIntT():
            return ty.IntT(value.lo, value.hi)
        case ty.TupleT():
            return ty.TupleT(tuple(shape(i, v) for i, v in zip(t.items, value, strict=True)))
        case ty.OptionT():
            return ty.OptionT(shape(t.item, value.item))
        case ty.SetT():
            return ty.SetT(value.item)
        case ty.SeqT():
            return ty.SeqT(join_items([shape(t.item, v) for v in value.items]), t.bound)
        case _:
            return t


def convert(value: Sym, source: Type, target: Type, complain: Complain | None = None) -> Sym:
    """The value as one of another type.  `complain` hears of what does not fit, in Python's order.

    Without `complain` the caller knows that it fits (the target is wider).
    """
    if source is target or source == target:
        return value
    match target:
        case ty.IntT(lo, hi):
            if complain is not None:
                complain(sc.not_(sc.and_((sc.le(sc.integer(lo), value), sc.le(value, sc.integer(hi))))), _RANGE)
            return value
        case ty.OptionT():
            return _convert_option(value, source, target, complain)
        case ty.RecordT() if isinstance(source, ty.RecordT):
            pairs = zip(value, source.fields, target.fields, strict=True)
            return tuple([convert(v, a, b, complain) for v, (_, a), (_, b) in pairs])
        case ty.TupleT() if isinstance(source, ty.TupleT):
            return tuple(
                [convert(v, a, b, complain) for v, a, b in zip(value, source.items, target.items, strict=True)]
            )
        case ty.MapT() if isinstance(source, ty.MapT):
            return tuple([convert(v, source.value, target.value, complain) for v in value])
        case ty.SetT():
            return _convert_set(value, target.item, complain)
        case ty.SeqT() if isinstance(source, ty.SeqT):
            return _convert_seq(value, source, target, complain)
        case _:
            return value


_RANGE = ModelErrorKind.RANGE


def _convert_option(value: Sym, source: Type, target: ty.OptionT, complain: Complain | None) -> Sym:
    if isinstance(source, ty.NoneT):
        return Opt(FALSE, absent(target.item))
    if not isinstance(source, ty.OptionT):
        return Opt(TRUE, convert(value, source, target.item, complain))
    if value.some is FALSE:
        return Opt(FALSE, absent(target.item))
    item = convert(value.item, source.item, target.item, _where(value.some, complain))
    return Opt(value.some, choose(value.some, item, absent(target.item)))


def _convert_set(value: Bits, item: Type, complain: Complain | None) -> Bits:
    if item == ty.INT or value.item == item:
        return value
    if complain is not None:
        inside = set(domain(item))
        for member, bit in zip(domain(value.item), value.bits, strict=True):
            if member not in inside:
                complain(bit, misfit(item, member))
    return Bits(item, in_domain(value, item))


def misfit(t: Type, value: Any) -> ModelErrorKind:
    """The error of a known value that is not of the type."""
    from interlock.checker.semantics.values import ModelError, fit  # the meaning of Fit is there

    try:
        fit(t, value, NOWHERE)
    except ModelError as e:
        return e.kind
    return _RANGE


def _convert_seq(value: Items, source: ty.SeqT, target: ty.SeqT, complain: Complain | None) -> Items:
    if complain is not None:
        complain(sc.lt(sc.integer(target.bound), value.length), ModelErrorKind.OVERFILL)
    items = []
    for i in range(target.bound):
        if i >= len(value.items):
            items.append(absent(target.item))
            continue
        there = sc.lt(sc.integer(i), value.length)
        item = convert(value.items[i], source.item, target.item, _where(there, complain))
        same = source.item is target.item or source.item == target.item
        items.append(item if same else choose(there, item, absent(target.item)))
    return Items(value.length, tuple(items))


def _where(condition: Node, complain: Complain | None) -> Complain | None:
    if complain is None:
        return None
    return lambda error, kind: complain(sc.and_((condition, error)), kind)


def equal(a: Sym, ta: Type, b: Sym, tb: Type) -> Node:
    """Whether two values of joinable types are the same."""
    if a is b:
        return TRUE
    if isinstance(a, Opt) or isinstance(b, Opt):
        return _equal_option(a, ta, b, tb)
    match ta, tb:
        case ty.RecordT(), ty.RecordT():
            types = [(x, y) for (_, x), (_, y) in zip(ta.fields, tb.fields, strict=True)]
        case ty.TupleT(), ty.TupleT():
            if len(ta.items) != len(tb.items):
                return FALSE
            types = list(zip(ta.items, tb.items, strict=True))
        case ty.MapT(), ty.MapT():
            types = [(ta.value, tb.value)] * len(a)
        case ty.SetT(), ty.SetT():
            item = join_items([a.item, b.item])
            return sc.and_([sc.eq(x, y) for x, y in zip(in_domain(a, item), in_domain(b, item), strict=True)])
        case ty.SeqT(), ty.SeqT():
            return _equal_seq(a, ta, b, tb)
        case _:
            return sc.eq(a, b)
    return sc.and_([equal(x, tx, y, ty_) for x, y, (tx, ty_) in zip(a, b, types, strict=True)])


def _equal_option(a: Sym, ta: Type, b: Sym, tb: Type) -> Node:
    if not isinstance(a, Opt):
        a, ta = Opt(TRUE, a), ty.OptionT(ta)
    if not isinstance(b, Opt):
        b, tb = Opt(TRUE, b), ty.OptionT(tb)
    both = sc.and_((a.some, b.some))
    if a.some is FALSE or b.some is FALSE:
        return sc.and_((sc.not_(a.some), sc.not_(b.some)))
    assert isinstance(ta, ty.OptionT)
    assert isinstance(tb, ty.OptionT)
    same = equal(a.item, ta.item, b.item, tb.item)
    if a.some is TRUE or b.some is TRUE:
        return sc.and_((both, same))
    return sc.and_((sc.eq(a.some, b.some), sc.or_((sc.not_(a.some), same))))


def _equal_seq(a: Items, ta: ty.SeqT, b: Items, tb: ty.SeqT) -> Node:
    parts = [sc.eq(a.length, b.length)]
    for i, (x, y) in enumerate(zip(a.items, b.items, strict=False)):
        same = equal(x, ta.item, y, tb.item)
        parts.append(same if ta.item == tb.item else sc.or_((sc.le(a.length, sc.integer(i)), same)))
    return sc.and_(parts)


def matches(key: Sym, source: Type, target: Type) -> list[Node]:
    """For each value of the target type, whether the key is that value."""
    if is_known(key):
        there = position(key, source, target)
        return [TRUE if i == there else FALSE for i in range(len(domain(target)))]
    return [equal(key, source, value, target) for value in lifted(target)]


def is_known(value: Sym) -> bool:
    """Whether a bool, a number, or a record, tuple or optional value of such has one value only."""
    if isinstance(value, Node):
        return sc.is_const(value)
    if isinstance(value, Opt):
        return value.some is FALSE or (value.some is TRUE and is_known(value.item))
    return isinstance(value, tuple) and all(map(is_known, value))


def position(value: Sym, source: Type, target: Type) -> int | None:
    """Where a known value stands among those of the target type; None where it is none of them."""
    try:
        return ty.rank(target, _known(value, source))
    except KeyError:
        return None


def _known(value: Sym, t: Type) -> Any:
    """A known value of a type."""
    if isinstance(value, Opt):
        return None if value.some is FALSE else _known(value.item, t.item if isinstance(t, ty.OptionT) else t)
    match t:
        case ty.RecordT():
            return tuple([_known(v, f) for v, (_, f) in zip(value, t.fields, strict=True)])
        case ty.TupleT():
            return tuple([_known(v, i) for v, i in zip(value, t.items, strict=True)])
        case ty.MapT():
            return tuple([_known(v, t.value) for v in value])
        case ty.OptionT():
            return _known(value, t.item)
        case _:
            return value.arg


def select(tests: Sequence[Node], items: Sequence[Sym], otherwise: Sym) -> Sym:
    """The item whose test holds (one does, or the value is of no interest)."""
    if not items:
        return otherwise
    for test, item in zip(tests, items, strict=True):
        if test is TRUE:
            return item
    value = items[-1]
    for test, item in zip(reversed(tests[:-1]), reversed(items[:-1]), strict=True):
        value = choose(test, item, value)
    return value


def replace(tests: Sequence[Node], items: Sequence[Sym], value: Callable[[Sym, Node], Sym]) -> tuple[Sym, ...]:
    """The items with the one whose test holds changed by `value(old, test)`."""
    return tuple([old if t is FALSE else choose(t, value(old, t), old) for t, old in zip(tests, items, strict=True)])
