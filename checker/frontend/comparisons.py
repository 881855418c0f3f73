"""What does a comparison mean?

Rule of the module: what is compared is of one type, or the comparison would always be false.
"""

from __future__ import annotations

import ast
from typing import Final

from interlock.checker.frontend import displays
from interlock.checker.frontend.facts import Fact, learn
from interlock.checker.frontend.lowering import Lowering
from interlock.checker.frontend.rules import is_int, join
from interlock.checker.ir import nodes as n
from interlock.checker.ir.types import BOOL, EnumT, NoneT, OptionT, SeqT, SetT, Type, show

_COMPARE: Final = {ast.Eq: n.CompareOp.EQ, ast.NotEq: n.CompareOp.NE, ast.Lt: n.CompareOp.LT, ast.LtE: n.CompareOp.LE,
                   ast.Gt: n.CompareOp.GT, ast.GtE: n.CompareOp.GE}  # fmt: skip


def compare(ex: Lowering, node: ast.Compare) -> n.Expr:
    """`a < b`, or a chain of comparisons."""
    parts: list[n.Expr] = []
    left = node.left
    facts: set[Fact] = set()
    for op, right in zip(node.ops, node.comparators, strict=True):
        with ex.f.knowing(facts):
            parts.append(_comparison(ex, node, op, left, right))
        facts |= learn(parts[-1], True)
        left = right
    return parts[0] if len(parts) == 1 else n.And(BOOL, tuple(parts), span=ex.span(node))


def _comparison(ex: Lowering, node: ast.Compare, op: ast.cmpop, left: ast.expr, right: ast.expr) -> n.Expr:
    span = ex.span(node)
    if isinstance(op, (ast.Is, ast.IsNot)):
        return _is(ex, node, op, left, right)
    if isinstance(op, (ast.In, ast.NotIn)):
        found = _contains(ex, node, left, right)
        return found if isinstance(op, ast.In) else n.Not(BOOL, found, span=span)
    a = _side(ex, left)
    b = _side(ex, right, a.type if isinstance(a.type, SetT) else None)
    kind = _COMPARE[type(op)]
    if kind not in (n.CompareOp.EQ, n.CompareOp.NE):
        _check_order(ex, node, left, a, right, b)
    elif join(a.type, b.type) is None:
        message = f"{show(a.type)} and {show(b.type)} are never equal"
        ex.fail(node, "M208", message, "compare values of one type")
    return n.Compare(BOOL, kind, a, b, span=span)


def _side(ex: Lowering, node: ast.expr, want: Type | None = None) -> n.Expr:
    if isinstance(node, ast.Name) and ex.f.names.get(node.id) in ex.f.states:
        return ex.form(node)
    return displays.set_operand(ex, node, want)


def _check_order(ex: Lowering, node: ast.Compare, left: ast.expr, a: n.Expr, right: ast.expr, b: n.Expr) -> None:
    ex.refuse_none(left, a)
    ex.refuse_none(right, b)
    if is_int(a.type) and is_int(b.type):
        return
    if isinstance(a.type, EnumT) and a.type == b.type and a.type.ordered:
        return
    if isinstance(a.type, SetT) and isinstance(b.type, SetT) and join(a.type, b.type) is not None:
        return
    help_ = "numbers, sets, and members of one OrderedEnum have an order"
    ex.fail(node, "M209", f"{show(a.type)} and {show(b.type)} have no order", help_)


def _is(ex: Lowering, node: ast.Compare, op: ast.cmpop, left: ast.expr, right: ast.expr) -> n.Expr:
    if not (isinstance(right, ast.Constant) and right.value is None):
        ex.fail(node, "M208", "`is` compares with None alone", "write `==`")
    value = ex.lower(left)
    while isinstance(value, n.Unwrap):
        value = value.value
    if not isinstance(value.type, (OptionT, NoneT)):
        ex.fail(left, "M208", f"{show(value.type)} is never None", "drop the test, or make the type `T | None`")
    test = n.IsNone(BOOL, value, span=ex.span(node))
    return test if isinstance(op, ast.Is) else n.Not(BOOL, test, span=ex.span(node))


def _contains(ex: Lowering, node: ast.Compare, item: ast.expr, collection: ast.expr) -> n.Expr:
    value = ex.lower(item)
    if isinstance(collection, (ast.Set, ast.Tuple)):
        inside: n.Expr = displays.choices(ex, collection)
    else:
        inside = ex.lower(collection)
    if not isinstance(inside.type, (SetT, SeqT)):
        ex.refuse_none(collection, inside)
        ex.fail(collection, "M202", f"nothing is `in` {show(inside.type)}", "use a FiniteSet or a Seq")
    if join(value.type, inside.type.item) is None:
        message = f"{show(value.type)} is never in {show(inside.type)}"
        ex.fail(node, "M208", message, "look for a value of the item type")
    return n.Contains(BOOL, value, inside, span=ex.span(node))
