"""How is a value said in leaves (bools and bounded ints), and which value do leaves say?

Rule of the module: equal values have equal leaves.  Leaves that belong to an absent part (the item of
an empty option, the places beyond a sequence's end) hold `Leaf.absent`.  The order of the leaves is the
order of the text; `interlock.checker.passes.scalarize` builds its symbolic values in the same order.
What a type comes to is worked out once, since a search has many values of few types.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final, TypeAlias

from interlock.checker.diagnostics import mistake
from interlock.checker.ir import types as ty
from interlock.checker.ir.scalar import Leaf, Node, Op, ScalarAction, ScalarSystem, constant, topological, var_of
from interlock.checker.ir.types import Type, Value, show_value

MAX_LEAVES: Final = 65_536  # of a state: text, Python and solvers go through them one by one

_TYPES: Final = 4096  # whose ways to and from leaves are kept: those of the checks of a hundred specs

_Writer: TypeAlias = Callable[[Any, list[int]], object]  # puts the leaves of a value at the end of a list
_Reader: TypeAlias = Callable[[Sequence[int], int], Any]  # the value whose leaves begin at a place


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
    _writer(t)(value, out)
    return tuple(out)


def from_leaves(t: Type, leaves: Sequence[int]) -> Value:
    """The value whose leaves these are.  Raises ValueError where there are more or fewer than the type has."""
    if len(leaves) != _size(t):
        raise ValueError(f"{len(leaves)} leaves of {ty.show(t)}, which has {_size(t)}")
    value: Value = _reader(t)(leaves, 0)
    return value


@functools.lru_cache(_TYPES)
def _absent(t: Type) -> tuple[int, ...]:
    """The leaves of a part that is not there."""
    return tuple(leaf.absent for leaf in _leaves(t, ""))


def _size(t: Type) -> int:
    return len(_absent(t))


def _is_number(t: Type) -> bool:
    """Whether a value is its only leaf."""
    return isinstance(t, (ty.IntT, ty.EnumT, ty.ScalarT))


@functools.lru_cache(_TYPES)
def _writer(t: Type) -> _Writer:
    match t:
        case ty.RecordT():
            return _each([_writer(inner) for _, inner in t.fields])
        case ty.TupleT():
            return _each([_writer(inner) for inner in t.items])
        case ty.OptionT():
            return _option(_writer(t.item), _absent(t.item))
        case ty.MapT() if _is_number(t.value):
            return lambda value, out: out.extend(value)
        case ty.MapT():
            return _each([_writer(t.value)] * ty.cardinality(t.key))
        case ty.SetT():
            members = () if t.item == ty.NEVER else ty.members(t.item)
            return lambda value, out: out.extend([int(m in value) for m in members])
        case ty.SeqT():
            return _sequence(_writer(t.item), _absent(t.item), t.bound)
        case _:
            return lambda value, out: out.append(int(value))


def _each(writers: Sequence[_Writer]) -> _Writer:
    def write(value: Any, out: list[int]) -> None:
        for writer, v in zip(writers, value, strict=True):
            writer(v, out)

    return write


def _option(some: _Writer, absent: tuple[int, ...]) -> _Writer:
    def write(value: Any, out: list[int]) -> None:
        if value is None:
            out.append(0)
            out.extend(absent)
        else:
            out.append(1)
            some(value, out)

    return write


def _sequence(each: _Writer, absent: tuple[int, ...], bound: int) -> _Writer:
    def write(value: Any, out: list[int]) -> None:
        out.append(len(value))
        for v in value:
            each(v, out)
        out.extend(absent * (bound - len(value)))

    return write


@functools.lru_cache(_TYPES)
def _reader(t: Type) -> _Reader:
    match t:
        case ty.BoolT():
            return lambda leaves, at: bool(leaves[at])
        case ty.RecordT():
            return _parts([inner for _, inner in t.fields])
        case ty.TupleT():
            return _parts(t.items)
        case ty.OptionT():
            some = _reader(t.item)
            return lambda leaves, at: some(leaves, at + 1) if leaves[at] else None
        case ty.MapT() if _is_number(t.value):
            keys = ty.cardinality(t.key)
            return lambda leaves, at: tuple(leaves[at : at + keys])
        case ty.MapT():
            return _parts([t.value] * ty.cardinality(t.key))
        case ty.SetT():
            members = () if t.item == ty.NEVER else ty.members(t.item)
            return lambda leaves, at: frozenset(itertools.compress(members, leaves[at : at + len(members)]))
        case ty.SeqT():
            each, size = _reader(t.item), _size(t.item)
            return lambda leaves, at: tuple([each(leaves, at + 1 + size * i) for i in range(leaves[at])])
        case _:
            return lambda leaves, at: leaves[at]


def _parts(types: Sequence[Type]) -> _Reader:
    starts = itertools.accumulate(map(_size, types), initial=0)
    readers = [(_reader(t), start) for t, start in zip(types, starts, strict=False)]
    return lambda leaves, at: tuple([read(leaves, at + start) for read, start in readers])


def bindings(system: ScalarSystem, action: ScalarAction, roots: Sequence[Node]) -> Iterator[dict[Node, Node]]:
    """For each instance of an action, in order: the parameters that expressions read, and their values."""
    params = [n for n in topological(roots) if n.op is Op.VAR and var_of(n)[0] == "p"]
    for values in system.expand_params(action):
        flat = [x for (_, t), v in zip(action.params, values, strict=True) for x in to_leaves(t, v)]
        yield {n: constant(n, flat[var_of(n)[1]]) for n in params}
