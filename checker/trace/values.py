"""Which value does a text stand for?  As a trace writes it, or as the model would: names or positions.

Rule of the module: nothing is evaluated; the type says what the text may be.
"""

from __future__ import annotations

import ast
from typing import Any

from interlock.checker.ir.types import (
    BoolT,
    EnumT,
    IntT,
    MapT,
    OptionT,
    RecordT,
    ScalarT,
    SeqT,
    SetT,
    TupleT,
    Type,
    Value,
    members,
    show,
)
from interlock.checker.trace.loader import paste


class NoValue(Exception):  # a signal: the text is the user's
    """This part of the text is not a value of its type."""

    def __init__(self, node: ast.AST, t: Type) -> None:
        super().__init__(f"`{ast.unparse(node)}` is not a {show(t)}")
        self.node, self.type = node, t


def read(t: Type, node: ast.expr) -> Value:
    """The value of an expression.  Raises NoValue."""
    match t:
        case OptionT():
            return None if _is_constant(node, None) else read(t.item, node)
        case BoolT() if isinstance(node, ast.Constant) and isinstance(node.value, bool):
            return node.value
        case IntT():
            return _number(t, node)
        case EnumT() | ScalarT():
            return _named(t, node)
        case RecordT():
            return _record(t, node)
        case TupleT() if isinstance(node, ast.Tuple) and len(node.elts) == len(t.items):
            return tuple(read(i, x) for i, x in zip(t.items, node.elts, strict=True))
        case SetT():
            return _set(t, node)
        case SeqT():
            items = _only(t, node, "Seq", ast.Tuple)
            if items is not None and len(items.elts) > t.bound:
                raise NoValue(node, t)
            return () if items is None else tuple(read(t.item, x) for x in items.elts)
        case MapT():
            return _map(t, node)
    raise NoValue(node, t)


def _is_constant(node: ast.expr, value: object) -> bool:
    return isinstance(node, ast.Constant) and node.value is value


def _number(t: IntT, node: ast.expr) -> int:
    match node:
        case ast.Constant(value=int(n)) if not isinstance(n, bool) and t.lo <= n <= t.hi:
            return n
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int(n))) if t.lo <= -n <= t.hi:
            return -n
    raise NoValue(node, t)


def _named(t: EnumT | ScalarT, node: ast.expr) -> Value:
    for v in members(t):
        if ast.unparse(node) == paste(t, v):
            return v
    raise NoValue(node, t)


def _record(t: RecordT, node: ast.expr) -> Value:
    call = _call(t, node, t.name)
    given = dict(zip((n for n, _ in t.fields), call.args, strict=False))
    given |= {k.arg: k.value for k in call.keywords if k.arg is not None}
    if len(call.args) + len(call.keywords) != len(t.fields) or given.keys() != {n for n, _ in t.fields}:
        raise NoValue(node, t)
    return tuple(read(f, given[n]) for n, f in t.fields)


def _call(t: Type, node: ast.expr, name: str) -> ast.Call:
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name:
        return node
    raise NoValue(node, t)


def _only(t: Type, node: ast.expr, name: str, kind: type[Any]) -> Any:
    """The one argument of a call, or None where there is none."""
    call = _call(t, node, name)
    if call.keywords or len(call.args) > 1 or (call.args and not isinstance(call.args[0], kind)):
        raise NoValue(node, t)
    return call.args[0] if call.args else None


def _set(t: SetT, node: ast.expr) -> Value:
    inside = node if isinstance(node, ast.Set) else _only(t, node, "FiniteSet", ast.Set)
    return frozenset() if inside is None else frozenset(read(t.item, x) for x in inside.elts)


def _map(t: MapT, node: ast.expr) -> Value:
    inside = _only(t, node, "Map", ast.Dict)
    pairs = [] if inside is None else list(zip(inside.keys, inside.values, strict=True))
    found = {read(t.key, k): read(t.value, v) for k, v in pairs if k is not None}
    if not len(found) == len(pairs) == len(members(t.key)):
        raise NoValue(node, t)
    return tuple(found[k] for k in members(t.key))
