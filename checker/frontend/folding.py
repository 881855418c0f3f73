"""Which numbers are known as soon as they are read, since they are made of constants alone?

Rule of the module: a number that is known has itself for its bounds, so a place takes it like a literal.  Conditions stay
as they are written, for what is told of them names their parts.
"""

from __future__ import annotations

from interlock.checker.frontend.rules import is_int, too_large
from interlock.checker.ir import nodes as n
from interlock.checker.ir.types import IntT, Value
from interlock.checker.semantics.evaluate import call
from interlock.checker.semantics.values import ModelError


def value_of(e: n.Expr) -> Value:
    """The value of an expression without variables.  Raises ModelError."""
    return call({}, n.Function("<constant>", "", (), e.type, (n.Return(e),), ""), ())


def folded(e: n.Arith | n.If) -> n.Expr:
    """The number that an expression comes to; the expression itself where that is not known, an error or too large."""
    operands = (e.left, e.right) if isinstance(e, n.Arith) else (e.then, e.otherwise)
    if not all(isinstance(operand, n.Const) and is_int(operand.type) for operand in operands):
        return e
    if isinstance(e, n.If) and not _plain(e.test):
        return e
    try:
        value = value_of(e)
    except ModelError:
        return e
    assert isinstance(value, int)
    return e if too_large(value) else n.Const(IntT(value, value), value, span=e.span)


def _plain(e: n.Expr) -> bool:
    """Whether a condition compares constants, and nothing else."""
    match e:
        case n.Const():
            return True
        case n.Compare(left=left, right=right) | n.Arith(left=left, right=right):
            return _plain(left) and _plain(right)
        case n.And(items=items) | n.Or(items=items):
            return all(map(_plain, items))
        case n.Not(value=value):
            return _plain(value)
    return False
