"""What is known of a module while it is read, and what does each of its readers need?

Rule of the module: the readers of annotations, classes, signatures and expressions all write into one `Declarations`, and
none of them is known here.
"""

from __future__ import annotations

import ast
from typing import Final, NoReturn

import attrs

from interlock.checker.diagnostics import Diagnostic
from interlock.checker.frontend import guidance
from interlock.checker.frontend.scope import Entity, FunctionName, LangName, ModuleScope, Reporter, TypeName
from interlock.checker.frontend.sizes import MAX_VALUE_BITS, too_many_members, value_bits
from interlock.checker.frontend.source import Source
from interlock.checker.ir import nodes as n
from interlock.checker.ir.types import Type, show
from interlock.checker.ir.vocabulary import BUILTINS, DECORATORS

_DECORATORS: Final = f"use those of interlock: {', '.join(f'@{d}' for d in DECORATORS)}"


@attrs.define(eq=False)
class Declarations:
    """One module: its names, and what it declares, as far as it has been read."""

    scope: ModuleScope
    source: Source
    reporter: Reporter
    is_spec: bool = False
    functions: list[FunctionName] = attrs.field(factory=list)
    constants: list[n.Constant] = attrs.field(factory=list)
    checks: list[ast.Call] = attrs.field(factory=list)
    claims: list[ast.Call] = attrs.field(factory=list)

    def fail(self, node: ast.AST, code: str, message: str, help_: str) -> NoReturn:
        """Refuse a piece of text."""
        self.reporter.fail(self.source, node, code, message, help_)

    def note(self, node: ast.AST, code: str, message: str, help_: str) -> None:
        """Record a mistake and go on."""
        self.reporter.add(Diagnostic(code, message, self.source.span(node), help_))

    def is_lang(self, name: str, what: str) -> bool:
        """Whether a name stands for this one of interlock, typing or the built-ins."""
        entity = self.scope.names.get(name)
        return isinstance(entity, LangName) and entity.name == what

    def bind(self, node: ast.AST, name: str, entity: Entity) -> None:
        """Give a name its meaning in this module, once."""
        if name in self.scope.names or name in BUILTINS:
            self.fail(node, "M102", f"`{name}` is already defined", "choose another name")
        if name.startswith("__"):
            self.fail(node, "M102", f"`{name}` is a name of Python's own", "choose another name")
        self.scope.names[name] = entity
        if not isinstance(node, ast.Import | ast.ImportFrom):
            self.scope.defined[name] = node

    def decorator(self, node: ast.expr) -> str:
        """The name of interlock that a decorator is."""
        entity = self.scope.names.get(node.id) if isinstance(node, ast.Name) else None
        if isinstance(entity, LangName):
            return entity.name
        help_ = guidance.decorator(node.id) if entity is None and isinstance(node, ast.Name) else _DECORATORS
        self.fail(node, "M007", "this decorator is outside the language", help_)

    def small_domain(self, node: ast.AST, t: Type) -> None:
        """Refuse to list a type with too many values."""
        if too_many_members(t):
            self.fail(node, "M205", f"{show(t)} has too many values to list", "use a smaller type")

    def sized(self, node: ast.AST, t: Type) -> None:
        """Refuse a type with more values than can be counted in time."""
        if value_bits(t) > MAX_VALUE_BITS:
            help_ = f"at most 2**{MAX_VALUE_BITS}: use a smaller type"
            self.fail(node, "M205", f"{show(t)} has too many values for a parameter", help_)

    def state_type(self) -> Type | None:
        """The state class that is visible here."""
        for entity in self.scope.names.values():
            if isinstance(entity, TypeName) and entity.kind == "state":
                return entity.type
        return None
