"""Is a program legal IR?  Locals are bound before use, and operands have the types that nodes want.

Rule of the module: it judges the front end, not the user; every complaint is a bug of ours.  It returns
complaints instead of raising, so that a test shows all of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import attrs

from interlock.checker.ir import nodes as n
from interlock.checker.ir import types as ty
from interlock.checker.ir.types import Type

_NUMBERS = (ty.IntT, ty.AnyIntT)


def verify(program: n.Program) -> list[str]:
    """What is wrong with a program; empty for a legal one."""
    complaints: list[str] = []
    if not isinstance(program.state, ty.RecordT) or not ty.storable(program.state):
        complaints.append(f"{program.name}: the state is no storable record")
    for function in program.helpers.values():
        complaints += verify_function(function, program.helpers)
    for action in (*program.initials, *program.actions):
        check = _Check(action.name, program.helpers)
        bound = {action.state: program.state} | {p.name: p.type for p in action.params}
        check.complain_if(any(not ty.storable(p.type) for p in action.params), "a parameter is not storable")
        check.block(action.body, bound)
        complaints += check.complaints
    return complaints


def verify_function(function: n.Function, helpers: Mapping[str, n.Function]) -> list[str]:
    """What is wrong with a helper or the body of a property."""
    check = _Check(function.name, helpers)
    check.block(function.body, {p.name: p.type for p in function.params})
    return check.complaints


class _Check:
    """The walk over one function; `bound` has the names in scope and their types."""

    def __init__(self, where: str, helpers: Mapping[str, n.Function]) -> None:
        self.where, self.helpers = where, helpers
        self.complaints: list[str] = []

    def complain_if(self, wrong: bool, text: str) -> None:
        if wrong:
            self.complaints.append(f"{self.where}: {text}")

    def want(self, e: n.Expr, kinds: type | tuple[type, ...], role: str) -> None:
        """The operand's type is one of these."""
        self.complain_if(not isinstance(e.type, kinds), f"{role} at {e.span} is {ty.show(e.type)}")

    # --- statements ---

    def block(self, body: Sequence[n.Stmt], bound: dict[str, Type]) -> None:
        for s in body:
            self.statement(s, bound)

    def statement(self, s: n.Stmt, bound: dict[str, Type]) -> None:
        match s:
            case n.Assign():
                self._assign(s, bound)
            case n.Unpack():
                self.expr(s.value, bound)
                self.want(s.value, (ty.TupleT, ty.RecordT), "the value of an unpacking")
                bound.update(zip(s.locals, s.types, strict=True))
            case n.Require():
                self.expr(s.condition, bound)
                self.want(s.condition, ty.BoolT, "a guard")
            case n.Return():
                if s.value is not None:
                    self.expr(s.value, bound)
            case n.Branch():
                self.expr(s.test, bound)
                self.want(s.test, ty.BoolT, "a test")
                left, right = dict(bound), dict(bound)
                self.block(s.then, left)
                self.block(s.otherwise, right)
                bound.update({**left, **right})  # the front end knows which of them is definite
            case n.Loop():
                self.iterable(s.iterable, bound)
                bound.update(zip(s.variables, s.types, strict=True))
                self.block(s.body, bound)

    def _assign(self, s: n.Assign, bound: dict[str, Type]) -> None:
        self.expr(s.value, bound)
        for step in s.path:
            if isinstance(step, n.AtKey):
                self.expr(step.key, bound)
        if not s.path:
            bound[s.local] = s.type
            return
        self.complain_if(s.local not in bound, f"{s.local} is not bound at {s.span}")
        fits = s.value.type == s.type
        self.complain_if(not fits, f"{ty.show(s.value.type)} is stored in {ty.show(s.type)} at {s.span} without Fit")

    def iterable(self, it: n.Iterable, bound: dict[str, Type]) -> None:
        match it:
            case n.DomainIter():
                self.complain_if(not ty.storable(it.type), f"{ty.show(it.type)} cannot be enumerated")
            case n.RangeIter():
                for e in (it.start, it.stop):
                    self.expr(e, bound)
                    self.want(e, _NUMBERS, "a bound of range")
            case n.ValueIter():
                self.expr(it.value, bound)
                self.want(it.value, (ty.SetT, ty.SeqT, ty.TupleT), "what is iterated")

    # --- expressions ---

    def expr(self, e: n.Expr, bound: dict[str, Type]) -> None:
        """One expression and those in it."""
        match e:
            case n.Local():
                self.complain_if(e.name not in bound, f"{e.name} is not bound at {e.span}")
            case n.Quant():
                self._quant(e, bound)
                return
            case n.MapBuild():
                self.want(e, ty.MapT, "a map")
                key = e.type.key if isinstance(e.type, ty.MapT) else ty.NEVER
                self.expr(e.value, {**bound, e.variable: key})
                return
        self._operands(e)
        for child in children(e):
            self.expr(child, bound)

    def _quant(self, e: n.Quant, bound: dict[str, Type]) -> None:
        inner = dict(bound)
        self.complain_if(not e.clauses, f"a comprehension without clauses at {e.span}")
        for clause in e.clauses:
            self.iterable(clause.iterable, inner)
            inner.update(zip(clause.variables, clause.types, strict=True))
            for condition in clause.conditions:
                self.expr(condition, inner)
                self.want(condition, ty.BoolT, "a condition")
        self.expr(e.body, inner)
        if e.op in (n.QuantOp.ALL, n.QuantOp.ANY):
            self.want(e.body, ty.BoolT, f"the body of {e.op.value}")
        if e.default is not None:
            self.expr(e.default, bound)

    def _operands(self, e: n.Expr) -> None:
        match e:
            case n.Field():
                self.want(e.record, ty.RecordT, "what a field is read from")
            case n.Item():
                self.want(e.tuple, ty.TupleT, "what an item is read from")
            case n.Index():
                self.want(e.base, (ty.MapT, ty.SeqT, ty.TupleT), "what is indexed")
            case n.Record():
                fields = e.type.fields if isinstance(e.type, ty.RecordT) else ()
                self.complain_if(len(fields) != len(e.fields), f"a record with fields missing at {e.span}")
            case n.Arith():
                self.want(e.left, _NUMBERS, f"left of {e.op.value}")
                self.want(e.right, _NUMBERS, f"right of {e.op.value}")
            case n.Not():
                self.want(e.value, ty.BoolT, "the operand of not")
            case n.And() | n.Or():
                for item in e.items:
                    self.want(item, ty.BoolT, "a part of and, or")
            case n.If():
                self.want(e.test, ty.BoolT, "a test")
            case n.SetBinary():
                self.want(e.left, ty.SetT, f"left of {e.op.value}")
                self.want(e.right, ty.SetT, f"right of {e.op.value}")
            case n.SeqPush() | n.SeqRest():
                self.want(e.seq, ty.SeqT, "a sequence")
            case n.Len():
                self.want(e.value, (ty.SetT, ty.SeqT), "the operand of len")
            case n.Contains():
                self.want(e.collection, (ty.SetT, ty.SeqT, ty.TupleT), "right of in")
            case n.Call():
                self._call(e)

    def _call(self, e: n.Call) -> None:
        function = self.helpers.get(e.function)
        if function is None:
            self.complain_if(True, f"{e.function} is no helper, at {e.span}")
        else:
            wrong = len(function.params) != len(e.arguments)
            self.complain_if(wrong, f"{e.function} is called with {len(e.arguments)} arguments at {e.span}")


def children(e: Any) -> Iterator[n.Expr]:
    """The expressions directly inside a node (of a comprehension: without those of its clauses)."""
    for a in attrs.fields(type(e)):
        if a.name not in ("type", "span", "clauses"):
            yield from _expressions(getattr(e, a.name))


def _expressions(value: Any) -> Iterator[n.Expr]:
    if isinstance(value, tuple):
        for v in value:
            yield from _expressions(v)
    elif attrs.has(type(value)) and hasattr(value, "type") and hasattr(value, "span"):
        yield value
