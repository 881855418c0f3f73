"""What do operators mean: `and`, `or`, `not`, arithmetic, `| & -` of sets, and `a if c else b`?

Rule of the module: a number that is made of constants alone is a constant, so that bounds may be computed from constants.
"""

from __future__ import annotations

import ast
from typing import Final

import attrs

from interlock.checker.frontend import displays
from interlock.checker.frontend.facts import Fact, learn
from interlock.checker.frontend.folding import folded
from interlock.checker.frontend.lowering import Lowering
from interlock.checker.frontend.rules import TOO_LARGE, is_int, join, power
from interlock.checker.ir import nodes as n
from interlock.checker.ir.types import BOOL, INT, IntT, SetT, Type, show

_ARITH: Final = {ast.Add: n.ArithOp.ADD, ast.Sub: n.ArithOp.SUB, ast.Mult: n.ArithOp.MUL,
                 ast.FloorDiv: n.ArithOp.DIV, ast.Mod: n.ArithOp.MOD}  # fmt: skip
_SETS: Final = {ast.BitOr: n.SetOp.UNION, ast.BitAnd: n.SetOp.INTERSECT, ast.Sub: n.SetOp.MINUS}


def junction(ex: Lowering, node: ast.BoolOp) -> n.Expr:
    """`a and b`, `a or b`: what is known after each part holds for the next."""
    truth = isinstance(node.op, ast.And)
    items: list[n.Expr] = []
    facts: set[Fact] = set()
    for value in node.values:
        with ex.f.knowing(facts):
            items.append(ex.condition(value))
        facts |= learn(items[-1], truth)
    return (n.And if truth else n.Or)(BOOL, tuple(items), span=ex.span(node))


def unary(ex: Lowering, node: ast.UnaryOp) -> n.Expr:
    """`not a`, `-a`."""
    span = ex.span(node)
    if isinstance(node.op, ast.Not):
        return n.Not(BOOL, ex.condition(node.operand), span=span)
    if isinstance(node.op, ast.USub):
        zero = n.Const(IntT(0, 0), 0, span=span)
        return folded(n.Arith(INT, n.ArithOp.SUB, zero, ex.number(node.operand), span=span))
    ex.fail(node, "M002", "this operator is outside the language", "use `not` or `-`")


def binary(ex: Lowering, node: ast.BinOp, want: Type | None) -> n.Expr:
    """`a + b` and its kin, of numbers or of sets; `want` is the type its place expects."""
    hint = want if isinstance(want, SetT) else None
    if isinstance(node.left, ast.Set):
        ex.fail(node.left, "M002", "a set display stands first", "write `FiniteSet({...})` here, so that it stays one")
    left = displays.set_operand(ex, node.left, hint)
    right = displays.set_operand(ex, node.right, left.type if isinstance(left.type, SetT) else hint)
    span = ex.span(node)
    if isinstance(left.type, SetT) and isinstance(right.type, SetT) and type(node.op) in _SETS:
        joined = join(left.type, right.type)
        if joined is None:
            ex.fail(
                node, "M202", f"{show(left.type)} and {show(right.type)} do not go together", "use sets of one type"
            )
        op = _SETS[type(node.op)]
        return n.SetBinary(joined if op is n.SetOp.UNION else left.type, op, left, right, span=span)
    if isinstance(node.op, ast.Pow) and is_int(left.type) and is_int(right.type):
        return _power(ex, node, left, right)
    if type(node.op) in _ARITH and is_int(left.type) and is_int(right.type):
        return folded(n.Arith(INT, _ARITH[type(node.op)], left, right, span=span))
    ex.refuse_none(node.left, left)
    ex.refuse_none(node.right, right)
    message = f"this operator does not take {show(left.type)} and {show(right.type)}"
    ex.fail(node, "M202", message, "numbers: + - * // %; sets: | & -; conditions: and, or")


def _power(ex: Lowering, node: ast.BinOp, base: n.Expr, exponent: n.Expr) -> n.Expr:
    """A power of constants: it is one."""
    if not (isinstance(base, n.Const) and isinstance(exponent, n.Const)):
        help_ = "a power is one of constants, such as `2**256`: write other products out"
        ex.fail(node, "M002", "this power is outside the language", help_)
    assert isinstance(base.value, int)
    assert isinstance(exponent.value, int)
    if exponent.value < 0:
        ex.fail(node, "M210", "a power with an exponent below 0 is no integer", "use an exponent from 0")
    value = power(base.value, exponent.value)
    if value is None:
        ex.fail(node, "M210", TOO_LARGE, "use a smaller number")
    return n.Const(IntT(value, value), value, span=ex.span(node))


def conditional(ex: Lowering, node: ast.IfExp, want: Type | None) -> n.Expr:
    """`a if c else b`, of the least type that has both."""
    test = ex.condition(node.test)
    with ex.f.knowing(learn(test, True)):
        then = ex.lower(node.body, want)
    with ex.f.knowing(learn(test, False)):
        otherwise = ex.lower(node.orelse, want)
    t = join(then.type, otherwise.type)
    if t is None:
        message = f"{show(then.type)} or {show(otherwise.type)}: no common type"
        ex.fail(node, "M202", message, "give both sides one type")
    whole = n.If(t, test, then, otherwise, span=ex.span(node))
    known = folded(whole)
    if known is not whole:
        return known
    return attrs.evolve(whole, then=ex.fit(node.body, then, t), otherwise=ex.fit(node.orelse, otherwise, t))
