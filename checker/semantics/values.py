"""What may be stored where, and which operations on values are errors of the model?

Rule of the module: what is an error raises `ModelError`, where it happens; nothing wraps around or is cut off.
"""

from __future__ import annotations

from typing import Any

from interlock.checker.diagnostics import Span
from interlock.checker.ir import nodes as n
from interlock.checker.ir import types as ty
from interlock.checker.ir.nodes import ModelErrorKind
from interlock.checker.ir.types import Type


class ModelError(Exception):
    """The step is an error of the model: which kind, where in the text."""

    def __init__(self, kind: ModelErrorKind, span: Span) -> None:
        super().__init__(f"{kind.value} at {span}")
        self.kind, self.span = kind, span


def fit(t: Type, value: Any, span: Span) -> Any:
    """The value as a member of a type.  Raises ModelError RANGE or OVERFILL, at any depth."""
    match t:
        case ty.IntT(lo, hi):
            if not lo <= value <= hi:
                raise ModelError(ModelErrorKind.RANGE, span)
            return value
        case ty.OptionT():
            return None if value is None else fit(t.item, value, span)
        case ty.RecordT():
            return tuple(fit(f, v, span) for (_, f), v in zip(t.fields, value, strict=True))
        case ty.TupleT():
            return tuple(fit(i, v, span) for i, v in zip(t.items, value, strict=True))
        case ty.MapT():
            return tuple(fit(t.value, v, span) for v in value)
        case ty.SetT():
            return frozenset(fit(t.item, v, span) for v in in_order(value))
        case ty.SeqT():
            if len(value) > t.bound:
                raise ModelError(ModelErrorKind.OVERFILL, span)
            return tuple(fit(t.item, v, span) for v in value)
        case _:
            return value


def in_order(items: frozenset[Any]) -> list[Any]:
    """The members of a set in the order of their type, whatever that type is.

    Tuples of one type have one length, but sequences do not: a shorter one comes first.
    """
    return sorted(items, key=_order)


def _order(value: Any) -> tuple[Any, ...]:
    if value is None:
        return (0,)
    if isinstance(value, frozenset):
        return (1, tuple(sorted(map(_order, value), reverse=True)))
    if isinstance(value, tuple):
        return (1, len(value), tuple(map(_order, value)))
    return (1, value)


def key_index(t: Type, key: Any, span: Span) -> int:
    """The position of a key in a map of this key type.  Raises ModelError KEY."""
    try:
        return ty.rank(t, key)
    except KeyError:
        raise ModelError(ModelErrorKind.KEY, span) from None


def divide(op: n.ArithOp, a: int, b: int, span: Span) -> int:
    """Floor quotient or remainder.  Raises ModelError DIVIDE."""
    if b == 0:
        raise ModelError(ModelErrorKind.DIVIDE, span)
    return a // b if op is n.ArithOp.DIV else a % b


def position(sequence: tuple[Any, ...], index: int, span: Span) -> int:
    if not 0 <= index < len(sequence):
        raise ModelError(ModelErrorKind.INDEX, span)
    return index
