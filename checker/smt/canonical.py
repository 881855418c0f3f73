"""Which vectors of leaves are values of a type?

Rule of the module: the leaves of a part that is absent (the item of an empty option, a place beyond
the end of a sequence) hold their `absent` value; any other vector is no value at all.  Whatever Z3 may
choose freely (parameters, the first state of an induction step) is constrained so, or it would choose
states that no value has.  Follows the order of `interlock.checker.semantics.leaves`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from interlock.checker.ir.scalar import TRUE, Leaf, Node, and_, eq, integer, lt, not_, or_, variables
from interlock.checker.ir.types import NEVER, MapT, OptionT, RecordT, SeqT, SetT, TupleT, Type, cardinality


def canonical(types: Sequence[Type], space: str, leaves: Sequence[Leaf]) -> Node:
    """That the leaves, within their bounds, are those of values of these types, one after another."""
    rest = iter(zip(variables(space, leaves), leaves, strict=True))
    found: list[Node] = []
    for t in types:
        _walk(t, TRUE, rest, found)
    if next(rest, None) is not None:
        raise ValueError("more leaves than the types have")
    return and_(found)


def _walk(t: Type, present: Node, rest: Iterator[tuple[Node, Leaf]], found: list[Node]) -> None:
    match t:
        case RecordT():
            for _, field in t.fields:
                _walk(field, present, rest, found)
        case TupleT():
            for item in t.items:
                _walk(item, present, rest, found)
        case MapT():
            for _ in range(cardinality(t.key)):
                _walk(t.value, present, rest, found)
        case SetT():
            for _ in range(0 if t.item == NEVER else cardinality(t.item)):
                _leaf(present, rest, found)
        case OptionT():
            some = _leaf(present, rest, found)
            _walk(t.item, and_((present, some)), rest, found)
        case SeqT():
            length = _leaf(present, rest, found)
            for i in range(t.bound):
                _walk(t.item, and_((present, lt(integer(i), length))), rest, found)
        case _:
            _leaf(present, rest, found)


def _leaf(present: Node, rest: Iterator[tuple[Node, Leaf]], found: list[Node]) -> Node:
    node, leaf = next(rest)
    absent = (node if leaf.absent else not_(node)) if leaf.boolean else eq(node, integer(leaf.absent))
    found.append(or_((present, absent)))
    return node
