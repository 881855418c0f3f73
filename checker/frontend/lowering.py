"""What may the readers of expressions ask of one another?

Rule of the module: an expression contains calls, which contain comprehensions, which contain expressions.  So each reader
is given a `Lowering`, and asks it for the parts, whatever their forms; only `form` is left to say, and `expressions.py`
says it.
"""

from __future__ import annotations

import abc
import ast
from typing import NoReturn

from interlock.checker.diagnostics import Span
from interlock.checker.frontend.declarations import Declarations
from interlock.checker.frontend.facts import Function
from interlock.checker.frontend.rules import assignable, is_int, join, within
from interlock.checker.frontend.scope import Entity, ModuleName, written
from interlock.checker.ir import nodes as n
from interlock.checker.ir.types import BOOL, NEVER, MapT, NoneT, OptionT, Type, show


class Lowering(abc.ABC):
    """Reads the expressions of one function `f` (or, with an empty one, of constants) in the module `decls`."""

    def __init__(self, decls: Declarations, function: Function) -> None:
        self.decls, self.f = decls, function

    @abc.abstractmethod
    def form(self, node: ast.expr, want: Type | None = None) -> n.Expr:
        """What an expression of any form means; `want` is the type its place expects.  It may be the state itself."""

    def fail(self, node: ast.AST, code: str, message: str, help_: str) -> NoReturn:
        """Refuse a piece of text."""
        self.decls.fail(node, code, message, help_)

    def span(self, node: ast.AST) -> Span:
        """Where a node stands."""
        return self.decls.source.span(node)

    def lower(self, node: ast.expr, want: Type | None = None) -> n.Expr:
        """The expression; `want` is the type its place expects, for displays that need to know."""
        e = self.form(node, want)
        if isinstance(e, n.Local) and e.name in self.f.states:
            help_ = "read one of its fields; the state itself is no value"
            self.fail(node, "M206", "the state cannot be used as a value here", help_)
        return e

    def stored(self, node: ast.expr, place: Type) -> n.Expr:
        """The expression, made to fit a place of this type (numbers are checked when it runs)."""
        return self.fit(node, self.lower(node, place), place)

    def fit(self, node: ast.AST, e: n.Expr, place: Type) -> n.Expr:
        """Convert a value to the type of its place, or refuse it."""
        if e.type == place:
            return e
        if not assignable(e.type, place):
            help_ = f"this place holds {show(place)}"
            if isinstance(e.type, OptionT) and assignable(e.type.item, place):
                help_ = "test `is not None` first, or use `require_some(...)` to disable the action instead"
                self.fail(node, "M203", "this may be None", help_)
            self.fail(node, "M201", f"{show(e.type)} where {show(place)} is needed", help_)
        return n.Fit(place, e, span=self.span(node))

    def key(self, node: ast.expr, t: MapT) -> n.Expr:
        """A key of a map, checked by the lookup itself, numbers inside it as well (KEY, not RANGE)."""
        e = self.fit(node, self.lower(node, t.key), t.key)
        return e.value if isinstance(e, n.Fit) else e

    def passed(self, node: ast.AST, e: n.Expr, place: Type) -> n.Expr:
        """An argument or a result: it must belong to the type without any check left over."""
        fitted = self.fit(node, e, place)
        self.refuse_filled(node, e)
        if not within(e.type, place):
            help_ = "take an `int` there, or store the number in the state first: only stores are checked"
            self.fail(node, "M201", f"{show(e.type)} may be outside {show(place)}", help_)
        return fitted

    def refuse_filled(self, node: ast.AST, e: n.Expr) -> None:
        """Refuse `filled(...)` in a value that no typed place of the state or a record completes."""
        todo: list[n.Expr] = [e]
        while todo:
            match todo.pop():
                case n.MapFill():
                    help_ = "use it where a map is stored, or write `Map({k: value for k in K})`"
                    self.fail(node, "M202", "filled(...) does not know its map here", help_)
                case n.Fit(value=value) | n.MapBuild(value=value):
                    todo.append(value)
                case n.If(then=then, otherwise=otherwise):
                    todo += [then, otherwise]
                case n.Tuple(items=items) | n.SeqDisplay(items=items) | n.SetDisplay(items=items):
                    todo += items
                case n.MapSet(map=map_, value=value):
                    todo += [map_, value]
                case n.SeqPush(seq=seq, item=item):
                    todo += [seq, item]

    def condition(self, node: ast.expr) -> n.Expr:
        """An expression that must be a bool."""
        e = self.lower(node)
        if e.type != BOOL:
            better = (
                "write `is not None`" if isinstance(e.type, OptionT) else "compare it: `== 0`, `!= 0`, `len(x) > 0`"
            )
            self.fail(node, "M206", f"a condition must be a bool, not {show(e.type)}", better)
        return e

    def number(self, node: ast.expr) -> n.Expr:
        """An expression that must be a number."""
        e = self.lower(node)
        if not is_int(e.type):
            self.fail(node, "M202", f"a number is needed here, not {show(e.type)}", "use an int or a Range")
        return e

    def join_all(self, node: ast.AST, items: tuple[n.Expr, ...]) -> Type:
        """The common type of some expressions."""
        t: Type | None = NEVER
        for e in items:
            t = join(t, e.type) if t is not None else None
            if t is None:
                self.fail(node, "M202", "these items are of different types", "use items of one type")
        assert t is not None
        return t

    def refuse_none(self, node: ast.expr, e: n.Expr) -> None:
        """Refuse a use of a value that may be None."""
        if isinstance(e.type, (OptionT, NoneT)):
            help_ = (
                "copy it to a local and test `is not None`, or use `require_some(...)` to disable the action instead"
            )
            self.fail(node, "M203", f"{written(node)[:60]} may be None", help_)

    def entity_of(self, node: ast.expr) -> Entity | None:
        """What a name stands for at module level, locals hiding it."""
        if isinstance(node, ast.Name) and node.id not in self.f.names:
            return self.decls.scope.names.get(node.id)
        if isinstance(node, ast.Attribute):
            base = self.entity_of(node.value)
            if isinstance(base, ModuleName):
                return base.scope.names.get(node.attr)
        return None

    def argument(self, node: ast.Call, what: str) -> ast.expr:
        """The one argument of a call of `what`."""
        if len(node.args) != 1 or node.keywords:
            self.fail(node, "M207", f"{what} takes one argument", f"write `{what}(x)`")
        return node.args[0]
