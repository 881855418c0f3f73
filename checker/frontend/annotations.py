"""Which type does an annotation name?

Rule of the module: every annotation of the subset becomes one IR type; sizes and bounds are constant
expressions, evaluated with the constants of the check.
"""

from __future__ import annotations

import ast
from typing import Final

from interlock.checker.frontend import guidance
from interlock.checker.frontend.constants import constant
from interlock.checker.frontend.declarations import Declarations
from interlock.checker.frontend.scope import Broken, LangName, ModuleName, Refused, TypeName
from interlock.checker.frontend.sizes import MAX_MEMBERS, too_many_members
from interlock.checker.ir.types import (
    BOOL,
    INT,
    NONE,
    IntT,
    MapT,
    OptionT,
    SeqT,
    SetT,
    TupleT,
    Type,
    storable,
)

_PLAIN: Final[dict[str, Type]] = {"bool": BOOL, "int": INT}
_SHAPE = "write bool, a class, `Annotated[int, Range(lo, hi)]`, `T | None`, `tuple[A, B]`, `Map[K, V]`, `FiniteSet[T]` or `Annotated[Seq[T], Bound(n)]`"


class Annotations:
    """Reads annotations in the scope of one module."""

    def __init__(self, decls: Declarations) -> None:
        self.decls = decls

    def read(self, node: ast.expr) -> Type:
        """The type an annotation names; `int` alone is the unbounded number of an expression."""
        match node:
            case ast.Constant(value=None):
                return NONE
            case ast.Name():
                return self._name(node)
            case ast.Attribute(value=ast.Name()):
                return self._attribute(node)
            case ast.BinOp(op=ast.BitOr()):
                return self._union(node)
            case ast.Subscript(value=ast.Name(id=head)):
                return self._subscript(node, head)
        self.decls.fail(node, "M009", "this is not a type of the language", _SHAPE)

    def stored(self, node: ast.expr) -> Type:
        """A type that may be stored: of a field, or of a parameter of an action."""
        t = self.read(node)
        if not storable(t):
            help_ = "give it bounds: `Annotated[int, Range(0, 3)]`"
            self.decls.fail(node, "M205", "a type without bounds cannot be stored", help_)
        return t

    def _name(self, node: ast.Name) -> Type:
        entity = self.decls.scope.names.get(node.id)
        if entity is None and node.id in _PLAIN:
            return _PLAIN[node.id]
        if isinstance(entity, Broken):
            raise Refused
        if isinstance(entity, TypeName):
            return entity.type
        if entity is None:
            known = [n for n, e in self.decls.scope.names.items() if isinstance(e, TypeName)]
            self.decls.fail(node, "M101", f"unknown type `{node.id}`", guidance.unknown(node.id, [*known, "bool"]))
        self.decls.fail(node, "M009", f"`{node.id}` is not a type", _SHAPE)

    def _attribute(self, node: ast.Attribute) -> Type:
        assert isinstance(node.value, ast.Name)
        base = self.decls.scope.names.get(node.value.id)
        found = base.scope.names.get(node.attr) if isinstance(base, ModuleName) else None
        if isinstance(found, TypeName):
            return found.type
        self.decls.fail(node, "M009", "this is not a type of the language", _SHAPE)

    def _union(self, node: ast.BinOp) -> Type:
        left, right = self.read(node.left), self.read(node.right)
        if (left == NONE) == (right == NONE):
            help_ = "only `T | None` is a union here: make an enumeration or a record with optional fields"
            self.decls.fail(node, "M009", "this union is outside the language", help_)
        item = right if left == NONE else left
        return item if isinstance(item, OptionT) else OptionT(item)

    def _subscript(self, node: ast.Subscript, head: str) -> Type:
        arguments = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        entity = self.decls.scope.names.get(head)
        name = entity.name if isinstance(entity, LangName) else ""
        if entity is None and head in {"Annotated", "Map", "FiniteSet", "Seq"}:
            home = "typing" if head == "Annotated" else "interlock"
            self.decls.fail(node, "M101", f"unknown type `{head}`", f"write `from {home} import {head}`")
        if entity is None and head == "tuple":
            name = head
        if name == "Annotated" and len(arguments) == 2:
            return self._annotated(node, arguments[0], arguments[1])
        if name == "tuple" and arguments:
            return TupleT(tuple(self.read(a) for a in arguments))
        if name == "Map" and len(arguments) == 2:
            key, value = (self.read(a) for a in arguments)
            return MapT(self._small(arguments[0], key), value)
        if name == "FiniteSet" and len(arguments) == 1:
            return SetT(self._small(arguments[0], self.read(arguments[0])))
        if name == "Seq":
            help_ = "give it a bound: `Annotated[Seq[T], Bound(3)]`"
            self.decls.fail(node, "M009", "a sequence needs a bound", help_)
        self.decls.fail(node, "M009", "this is not a type of the language", _SHAPE)

    def _small(self, node: ast.expr, t: Type) -> Type:
        if not storable(t):
            help_ = "use a finite type here: an enumeration, a scalarset or a Range"
            self.decls.fail(node, "M205", "a key or set member needs a finite type", help_)
        if too_many_members(t):
            help_ = f"at most {MAX_MEMBERS:,}: shrink it, or use a map of fewer keys"
            self.decls.fail(node, "M205", "this key or member type has too many values", help_)
        return t

    def _annotated(self, node: ast.Subscript, base: ast.expr, bound: ast.expr) -> Type:
        if not (isinstance(bound, ast.Call) and isinstance(bound.func, ast.Name) and not bound.keywords):
            self.decls.fail(node, "M009", "this is not a type of the language", _SHAPE)
        entity = self.decls.scope.names.get(bound.func.id)
        kind = entity.name if isinstance(entity, LangName) else ""
        numbers = [self._number(a) for a in bound.args]
        if kind == "Range" and len(numbers) == 2 and isinstance(base, ast.Name) and base.id == "int":
            lo, hi = numbers
            if lo > hi:
                self.decls.fail(bound, "M210", f"Range({lo}, {hi}) is empty", "the first bound is the smallest number")
            return IntT(lo, hi)
        is_seq = isinstance(base, ast.Subscript) and isinstance(base.value, ast.Name) and self._names_seq(base.value.id)
        if kind == "Bound" and len(numbers) == 1 and is_seq and isinstance(base, ast.Subscript):
            if not 0 <= numbers[0] <= 1024:
                self.decls.fail(bound, "M210", f"Bound({numbers[0]}) is not a length", "use a bound from 0 to 1024")
            return SeqT(self.read(base.slice), numbers[0])
        self.decls.fail(node, "M009", "this is not a type of the language", _SHAPE)

    def _names_seq(self, name: str) -> bool:
        entity = self.decls.scope.names.get(name)
        return isinstance(entity, LangName) and entity.name == "Seq"

    def _number(self, node: ast.expr) -> int:
        value = constant(self.decls, node)
        if not isinstance(value.value, int) or isinstance(value.value, bool) or not isinstance(value.type, IntT):
            self.decls.fail(
                node, "M210", "a bound is an integer constant", "write a number or a constant of the module"
            )
        return value.value
