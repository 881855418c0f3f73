"""What a name stands for, and the collector of a file's mistakes.

Rule of the module: entities are what module-level names resolve to; `Reporter.fail` records one
diagnostic and unwinds to the statement, so every statement gets its own and none hides another's.
"""

from __future__ import annotations

import ast
import enum
from collections.abc import Mapping
from typing import NoReturn, TypeAlias

import attrs

from interlock.checker.diagnostics import Diagnostic, Span
from interlock.checker.frontend.source import Source
from interlock.checker.ir.nodes import Action, Const, Expr, Function, Param, Property, PropertyKind
from interlock.checker.ir.types import Type


class Refused(Exception):  # noqa: N818 - a signal: the diagnostic is already recorded
    """This piece of text is refused; its diagnostic has been recorded."""


def written(node: ast.AST) -> str:
    """An expression as text, for a message."""
    try:
        return ast.unparse(node)
    except (ValueError, RecursionError):  # a number of more digits than Python prints
        return "this"


@attrs.define
class Reporter:
    """The mistakes found so far in all files of one load, each once."""

    found: dict[tuple[str, str, Span], Diagnostic] = attrs.field(factory=dict)

    def add(self, diagnostic: Diagnostic) -> None:
        """Record one mistake."""
        d = diagnostic
        self.found.setdefault((d.code, d.message, d.span), d)

    def fail(self, source: Source, node: ast.AST, code: str, message: str, help_: str) -> NoReturn:
        """Record a mistake at a node and give up on the piece of text around it."""
        self.add(Diagnostic(code, message, source.span(node), help_))
        raise Refused


@attrs.frozen
class LangName:
    """A name of `interlock`, `typing`, or a builtin of the language."""

    name: str


@attrs.frozen(eq=False)
class TypeName:
    """A class of the model, or an alias.  `defaults` are a record's or state's field defaults."""

    type: Type
    kind: str  # alias, enum, scalarset, record, state
    defaults: Mapping[str, Expr] = attrs.field(factory=dict)


@attrs.frozen(eq=False)
class ConstantName:
    """A module-level constant."""

    value: Const


@attrs.define(eq=False)
class FunctionName:
    """A function: its signature at once, its body after all signatures are known."""

    node: ast.FunctionDef
    module: ModuleScope
    role: str  # helper, action, initial, or a PropertyKind's value
    fault: str | None
    params: tuple[Param, ...]
    state: Type | None  # of the first parameter of an action or a property
    result: Type
    lowered: Function | Action | Property | None = None
    calls: set[str] = attrs.field(factory=set)

    @property
    def key(self) -> str:
        """The name helpers go by in the IR."""
        return f"{self.module.name}.{self.node.name}"

    @property
    def is_property(self) -> bool:
        """Whether it is a property of any kind."""
        return self.role in {k.value for k in PropertyKind if k is not PropertyKind.FIRES}


@attrs.frozen(eq=False)
class ModuleName:
    """An imported module."""

    scope: ModuleScope


class GroupKind(enum.Enum):
    """What a named group of a spec holds."""

    PROPERTIES = "properties"
    FAULTS = "faults"
    CONSTANTS = "constants"


@attrs.frozen(eq=False)
class GroupName:
    """A group of a spec, `NAME: Final = (a, b)`: its text is read where checks are."""

    kind: GroupKind
    node: ast.expr


@attrs.frozen(eq=False)
class Broken:
    """A name whose definition was refused: uses of it are refused silently."""


Entity: TypeAlias = LangName | TypeName | ConstantName | FunctionName | ModuleName | GroupName | Broken


@attrs.define(eq=False)
class ModuleScope:
    """The names of one module, in the order they were bound."""

    name: str
    source: Source
    names: dict[str, Entity] = attrs.field(factory=dict)
    imports: list[ModuleScope] = attrs.field(factory=list)
    defined: dict[str, ast.AST] = attrs.field(factory=dict)  # bound here, not imported


def group_kind(node: ast.expr, names: Mapping[str, Entity]) -> GroupKind | None:
    """What a display groups, seen from the names above it; None for an ordinary constant."""
    match node:
        case ast.Dict():
            return GroupKind.CONSTANTS
        case ast.Set(elts=items) if any(isinstance(i, ast.Starred) or _is_text(i) for i in items):
            return GroupKind.FAULTS
        case ast.BinOp(op=ast.BitOr(), left=left, right=right):
            return group_kind(left, names) or group_kind(right, names)
        case ast.Name(id=name):
            entity = names.get(name)
            return entity.kind if isinstance(entity, GroupName) else None
        case ast.Tuple(elts=items):
            found = [names.get(i.id) if isinstance(i, ast.Name) else i for i in items]
            if all(e is None for e in found) or any(
                isinstance(e, ast.Starred | FunctionName | GroupName) or is_fires(e, names) for e in found
            ):
                return GroupKind.PROPERTIES
    return None


def is_fires(node: object, names: Mapping[str, Entity]) -> bool:
    """Whether something is a call of `fires`."""
    name = node.func.id if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) else ""
    entity = names.get(name)
    return isinstance(entity, LangName) and entity.name == "fires"


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)
