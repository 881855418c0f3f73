"""Which type does a class of a model define?

Rule of the module: a class is an enumeration, a scalarset, a record or the state; its fields and their
defaults are values, never code.
"""

from __future__ import annotations

import ast
from typing import Final

from interlock.checker.frontend.annotations import Annotations
from interlock.checker.frontend.constants import constant, evaluated, reader
from interlock.checker.frontend.declarations import Declarations
from interlock.checker.frontend.scope import Entity, LangName, Refused, TypeName
from interlock.checker.ir import nodes as n
from interlock.checker.ir.types import EnumT, IntT, RecordT, ScalarT, Type

_NO_MEMBER: Final = {"mro", "name", "value"}  # names that Python's enumerations use themselves
_NO_FIELD: Final = {"self", "original"}  # names that building and evolving a record use themselves


def declare(decls: Declarations, node: ast.ClassDef) -> None:
    """Bind the type that a class defines, or refuse the class."""
    if getattr(node, "type_params", None):
        decls.fail(node, "M006", "a class has no type parameters here", "name the types")
    decorators = [decls.decorator(d) for d in node.decorator_list]
    bases = [b.id if isinstance(b, ast.Name) else "" for b in node.bases]
    base = decls.scope.names.get(bases[0]) if len(bases) == 1 else None
    base_name = base.name if isinstance(base, LangName) else ""
    if not decorators and base_name in {"Enum", "OrderedEnum"} and not node.keywords:
        decls.bind(node, node.name, TypeName(_enum(decls, node, base_name), "enum"))
    elif not decorators and base_name == "Scalarset":
        decls.bind(node, node.name, TypeName(_scalarset(decls, node), "scalarset"))
    elif decorators in (["record"], ["state"]) and not node.bases and not node.keywords:
        _record(decls, node, decorators[0])
    else:
        help_ = "write `class X(Enum)`, `class X(Scalarset, size=n)`, or `@record` or `@state` above `class X`"
        decls.fail(node, "M006", "this class is outside the language", help_)


def _body(node: ast.ClassDef) -> list[ast.stmt]:
    body = node.body
    if body and isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant):
        body = body[1:]
    return [b for b in body if not isinstance(b, ast.Pass)]


def _enum(decls: Declarations, node: ast.ClassDef, base: str) -> EnumT:
    members: list[str] = []
    for item in _body(node):
        match item:
            case ast.Assign(
                targets=[ast.Name(id=name)], value=ast.Call(func=ast.Name(id=call), args=[], keywords=[])
            ) if decls.is_lang(call, "auto") and name not in {*members, *_NO_MEMBER, call} and not name.startswith("_"):
                members.append(name)
            case _:
                decls.fail(item, "M006", "an enumeration has members alone", "write `NAME = auto()`, each name once")
    if not members:
        decls.fail(node, "M006", "this enumeration is empty", "give it members: `NAME = auto()`")
    return EnumT(node.name, tuple(members), base == "OrderedEnum")


def _scalarset(decls: Declarations, node: ast.ClassDef) -> ScalarT:
    if len(node.keywords) != 1 or node.keywords[0].arg != "size" or _body(node):
        help_ = "write `class X(Scalarset, size=n): ...` with a docstring alone"
        decls.fail(node, "M006", "this scalarset is outside the language", help_)
    size = constant(decls, node.keywords[0].value)
    if not isinstance(size.type, IntT) or not isinstance(size.value, int) or not 1 <= size.value <= 4096:
        decls.fail(node.keywords[0].value, "M210", "the size of a scalarset is from 1 to 4096", "use a number")
    return ScalarT(node.name, size.value)


def _record(decls: Declarations, node: ast.ClassDef, kind: str) -> None:
    if kind == "state" and any(_is_state(decls.scope.names[name]) for name in decls.scope.defined):
        decls.fail(node, "M305", "a model has one state class", "put all fields into one class")
    fields: list[tuple[str, Type]] = []
    defaults: dict[str, n.Expr] = {}
    refused = False
    for item in _body(node):
        try:
            _field(decls, item, kind, fields, defaults)
        except Refused:
            refused = True
    if refused:
        raise Refused
    if not fields:
        decls.fail(node, "M006", "this class has no fields", "give it fields: `name: T`")
    decls.bind(node, node.name, TypeName(RecordT(node.name, tuple(fields)), kind, defaults))


def _is_state(entity: Entity) -> bool:
    return isinstance(entity, TypeName) and entity.kind == "state"


def _field(
    decls: Declarations, item: ast.stmt, kind: str, fields: list[tuple[str, Type]], defaults: dict[str, n.Expr]
) -> None:
    if not isinstance(item, ast.AnnAssign) or not isinstance(item.target, ast.Name) or not item.simple:
        decls.fail(item, "M006", "a record has fields alone", "write `name: T`; functions go to the top level")
    name = item.target.id
    if name in dict(fields) or name.startswith("_") or name in _NO_FIELD:
        decls.fail(item, "M006", f"`{name}` cannot name this field", "choose another name, without `_` in front")
    for part in (*ast.walk(item.annotation), *(ast.walk(item.value) if item.value is not None else ())):
        if isinstance(part, ast.Name) and part.id in defaults:
            help_ = "rename the field: from its line on, the class body reads the field under this name"
            decls.fail(part, "M102", f"`{part.id}` names a field above", help_)
    t = Annotations(decls).stored(item.annotation)
    if item.value is not None:
        e = reader(decls).stored(item.value, t)
        made = evaluated(decls, item.value, e) if not isinstance(e, n.Const) else e
        defaults[name] = n.Const(t, made.value, span=made.span)
    elif kind == "state":
        decls.fail(item, "M308", f"the field `{name}` has no first value", "give it a default: `name: T = value`")
    elif defaults:
        decls.fail(item, "M006", "a field without a default follows one with", "move the defaults to the end")
    fields.append((name, t))
