"""What does an expression mean, and of which type is it?

Rule of the module: one arm an expression form of the subset; whatever has none is refused with what to write instead.
"""

from __future__ import annotations

import ast
from typing import Final

from interlock.checker.frontend import calls, comparisons, displays, names, operators
from interlock.checker.frontend.lowering import Lowering
from interlock.checker.frontend.rules import TOO_LARGE, too_large
from interlock.checker.ir import nodes as n
from interlock.checker.ir.types import BOOL, NONE, IntT, Type

_INSTEAD: Final = {
    ast.Lambda: ("a lambda", "write a helper function of the module"),
    ast.NamedExpr: ("an assignment inside an expression", "assign it to a local on a line of its own"),
    ast.JoinedStr: ("an f-string", "models have no text; use an enumeration"),
    ast.Await: ("await", "a model has no concurrency of Python; write one action a step"),
    ast.Yield: ("yield", "return a value"),
    ast.YieldFrom: ("yield from", "return a value"),
    ast.Dict: ("a dict", "use `Map({k: value for k in K})` or `filled(value)`"),
    ast.List: ("a list", "use `Seq((a, b))`"),
    ast.ListComp: ("a list", "use `len([...])`, `all(...)`, `any(...)`, `sum(...)` or `FiniteSet(...)` around it"),
    ast.GeneratorExp: ("a generator", "use `all(...)`, `any(...)`, `sum(...)`, `min(...)`, `max(...)` or `FiniteSet(...)` around it"),
    ast.SetComp: ("a set comprehension", "write `FiniteSet(x for x in ...)`"),
    ast.DictComp: ("a dict comprehension", "write `Map({k: value for k in K})`"),
    ast.Starred: ("a starred expression", "write the items out"),
    ast.Slice: ("a slice", "use `q.rest()`, or build the sequence anew"),
}  # fmt: skip


class Expressions(Lowering):
    """Lowers the expressions of one function (or, with an empty one, of the module's constants)."""

    def form(self, node: ast.expr, want: Type | None = None) -> n.Expr:
        """What an expression of any form means."""
        match node:
            case ast.Constant():
                return self._constant(node)
            case ast.Name() | ast.Attribute():
                return names.narrowed(self, node)
            case ast.Subscript():
                return names.subscript(self, node)
            case ast.BoolOp():
                return operators.junction(self, node)
            case ast.UnaryOp():
                return operators.unary(self, node)
            case ast.BinOp():
                return operators.binary(self, node, want)
            case ast.Compare():
                return comparisons.compare(self, node)
            case ast.IfExp():
                return operators.conditional(self, node, want)
            case ast.Tuple():
                return displays.tuple_(self, node, want)
            case ast.Call():
                return calls.lower(self, node, want)
            case ast.Set():
                help_ = "write `FiniteSet({...})`"
                self.fail(node, "M002", "a set display stands alone", help_)
        what, help_ = _INSTEAD.get(type(node), ("this expression", "see the language reference for what there is"))
        self.fail(node, "M002", f"{what} is outside the language", help_)

    def _constant(self, node: ast.Constant) -> n.Expr:
        span = self.span(node)
        match node.value:
            case None:
                return n.Const(NONE, None, span=span)
            case bool():
                return n.Const(BOOL, node.value, span=span)
            case int() if not too_large(node.value):
                return n.Const(IntT(node.value, node.value), node.value, span=span)
            case int():
                self.fail(node, "M210", TOO_LARGE, "use a smaller number")
        kind = type(node.value).__name__
        self.fail(node, "M002", f"{kind} literals are outside the language", "use ints, bools and enumerations")
