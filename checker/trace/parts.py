"""Which part of a condition is false, and for which of the values that it goes through?

Rule of the module: it asks the evaluator, and nothing else, by putting another expression in the place of
a function's last `return` (or of a guard).  Where the text has another shape, the whole condition is the part.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import attrs

from checker.ir import nodes as n
from checker.ir.types import BOOL, IntT, SetT, TupleT, Type, Value
from checker.semantics import evaluate
from checker.semantics.values import ModelError, in_order
from checker.trace.loader import paste

_MARK: Final = n.Const(IntT(7, 7), 7)  # no bool: a function that returns it has come to its end


@attrs.frozen
class Part:
    """A part that is false, and the values of the variables of the comprehensions around it."""

    expr: n.Expr
    bound: tuple[tuple[str, Type, Value], ...] = ()

    @property
    def values(self) -> str:
        """`h=Header(...), d=Header(...)`, as the text names them; empty without any."""
        return ", ".join(f"{name.partition('#')[0]}={paste(t, v)}" for name, t, v in self.bound)

    def said(self, text: str) -> str:
        """The text of the part; of a bare `False`, that it is what is returned."""
        return f"return {text}" if isinstance(self.expr, n.Const) else text


def of_function(helpers: Mapping[str, n.Function], function: n.Function, args: tuple[Value, ...]) -> tuple[Part, ...]:
    """The part that makes a function false, then the part of the helper that it calls, and so on; else empty."""
    *before, last = function.body
    found = [e for e, _ in evaluate.explain_false(helpers, function, args)]
    if found and isinstance(last, n.Return) and last.value is not None:
        asked = _Asked(helpers, attrs.evolve(function, body=tuple(before)), args)
        if asked.value(_MARK) == _MARK.value:
            return asked.parts(last.value)
    return tuple(Part(e) for e in found)


def of_guard(program: n.Program, action: n.Action, state: Value, params: tuple[Value, ...]) -> tuple[Part, ...]:
    """The same of the first guard that is false; empty when the whole guard has to do."""
    guard = evaluate.explain_guard(program, action, state, params)
    at = next((i for i, s in enumerate(action.body) if s is guard), None)
    if at is None or not isinstance(guard, n.Require) or any(_stores(s) for s in action.body[:at]):
        return ()
    before = action.body[:at]
    given = (n.Param(action.state, program.state), *action.params)
    function = n.Function(action.name, action.module, given, BOOL, before, "", span=action.span)
    asked = _Asked(program.helpers, function, (state, *params))
    return asked.parts(guard.condition) if asked.value(_MARK) == _MARK.value else ()


def _stores(s: n.Stmt) -> bool:
    """Whether a statement changes the state, or may (the evaluator reads alone here)."""
    match s:
        case n.Assign():
            return bool(s.path)
        case n.Branch():
            return any(_stores(x) for x in (*s.then, *s.otherwise))
        case n.Loop():
            return any(_stores(x) for x in s.body)
    return False


@attrs.frozen(eq=False)
class _Asked:
    """A function without its last `return`, and arguments: what would another expression be there?"""

    helpers: Mapping[str, n.Function]
    function: n.Function
    args: tuple[Value, ...]
    bound: tuple[tuple[str, Type, Value], ...] = ()

    def value(self, e: n.Expr) -> Any:
        f = self.function
        params = (*f.params, *(n.Param(name, t) for name, t, _ in self.bound))
        asked = attrs.evolve(f, params=params, body=(*f.body, n.Return(e)))
        return evaluate.call(self.helpers, asked, (*self.args, *(v for _, _, v in self.bound)))

    def parts(self, e: n.Expr) -> tuple[Part, ...]:
        """The innermost conjunct of a false expression that is false, and the same of the helper it calls."""
        if isinstance(e, n.And):
            return self.parts(next(i for i in e.items if not self.value(i)))
        if isinstance(e, n.Quant) and e.op is n.QuantOp.ALL:
            instance = self._false_instance(e)
            if instance is not None:
                return attrs.evolve(self, bound=(*self.bound, *instance)).parts(e.body)
        part = Part(e, self.bound)
        if not isinstance(e, n.Call):
            return (part,)
        args = tuple(self.value(a) for a in e.arguments)
        return (part, *of_function(self.helpers, self.helpers[e.function], args))

    def _false_instance(self, e: n.Quant) -> tuple[tuple[str, Type, Value], ...] | None:
        """The first instance that is false; None where `all` stops before an error that this runs into."""
        variables = [(v, t) for c in e.clauses for v, t in zip(c.variables, c.types, strict=True)]
        values = n.Tuple(TupleT(tuple(t for _, t in variables)), tuple(n.Local(t, v) for v, t in variables))
        *outer, inner = e.clauses
        inner = attrs.evolve(inner, conditions=(*inner.conditions, n.Not(BOOL, e.body)))
        try:
            found = self.value(n.Quant(SetT(values.type), n.QuantOp.SET, values, (*outer, inner)))
        except ModelError:
            return None
        first = in_order(found)[0]
        return tuple((v, t, x) for (v, t), x in zip(variables, first, strict=True))
