"""What is the value of a constant expression?

Rule of the module: nothing of the file is executed; the IR's own evaluator computes it, and nothing that would not end soon.
"""

from __future__ import annotations

import ast

from interlock.checker.frontend.declarations import Declarations
from interlock.checker.frontend.effort import MAX_STEPS, parts, work
from interlock.checker.frontend.expressions import Expressions
from interlock.checker.frontend.facts import Function
from interlock.checker.frontend.folding import value_of
from interlock.checker.frontend.rules import TOO_LARGE, too_large
from interlock.checker.ir import nodes as n
from interlock.checker.ir.types import EnumT, IntT, ScalarT, Type
from interlock.checker.semantics.values import ModelError


def reader(decls: Declarations) -> Expressions:
    """A reader of expressions outside of all functions."""
    return Expressions(decls, Function("<constant>"))


def constant(decls: Declarations, node: ast.expr, want: Type | None = None, *, kept: bool = False) -> n.Const:
    """The value of a constant expression (`kept` under a name, not stored in a typed place)."""
    ex = reader(decls)
    e = ex.lower(node, want)
    if kept:
        ex.refuse_filled(node, e)
    if isinstance(e, n.Const):
        return e
    return evaluated(decls, node, e)


def evaluated(decls: Declarations, node: ast.expr, e: n.Expr) -> n.Const:
    """The value of an expression without parameters."""
    if any(isinstance(part, n.Call) for part in parts(e)):
        decls.fail(node, "M215", "this is not a constant", "use literals and constants, without calls of helpers")
    if work(e) > MAX_STEPS:
        decls.fail(node, "M215", "this constant takes too long to compute", "write the value, or use smaller ranges")
    try:
        value = value_of(e)
    except ModelError as problem:
        decls.fail(node, "M215", f"this constant is an error: {problem.kind.value}", "give it a value that exists")
    if isinstance(value, int) and too_large(value):
        decls.fail(node, "M210", TOO_LARGE, "use a smaller number")
    t = e.type
    if isinstance(value, int) and not isinstance(value, bool) and not isinstance(t, EnumT | ScalarT):
        t = IntT(value, value)
    return n.Const(t, value, span=decls.source.span(node))
