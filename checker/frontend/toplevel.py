"""What does each statement at the top of a module declare?

Rule of the module: names are bound in order (imports, constants, classes, signatures), and bodies are lowered when all are,
so helpers may be written in any order.  Nothing of the file is executed.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from typing import Final

import attrs

from interlock.checker.diagnostics import Diagnostic, did_you_mean
from interlock.checker.frontend import classes, constants, guidance, signatures
from interlock.checker.frontend.annotations import Annotations
from interlock.checker.frontend.declarations import Declarations
from interlock.checker.frontend.rules import is_int, join
from interlock.checker.frontend.scope import (
    Broken,
    ConstantName,
    Entity,
    FunctionName,
    GroupName,
    LangName,
    ModuleName,
    ModuleScope,
    Refused,
    TypeName,
    group_kind,
    written,
)
from interlock.checker.frontend.search import find, is_language, nearest_module
from interlock.checker.frontend.source import Source
from interlock.checker.ir import nodes as n
from interlock.checker.ir.types import IntT, Type, show, storable
from interlock.checker.ir.vocabulary import LANG, TYPING
from interlock.checker.places import LANGUAGE

_SHOWN: Final = 60  # characters of a value that are written out in a message


@attrs.define(eq=False)
class TopLevel:
    """Reads the top of one module into its declarations; `importer` gives the scope of a module it imports."""

    decls: Declarations
    importer: Callable[[str, ast.AST, Source], ModuleScope | None]
    overrides: Mapping[str, n.Const]

    def declare(self) -> None:
        """Bind every top-level name, recording what is refused."""
        for i, node in enumerate(self.decls.source.tree.body):
            try:
                self._top(node, first=i == 0)
            except Refused:
                for name in _binds(node):
                    self.decls.scope.names.setdefault(name, Broken())

    def _top(self, node: ast.stmt, *, first: bool) -> None:
        if self.decls.is_spec:
            self._refuse_inner_checks(node)
        match node:
            case ast.Expr(value=ast.Constant(value=str())):
                if not first:
                    self.decls.fail(node, "M003", "a string stands alone", "write a comment: `# ...`")
            case ast.Import():
                self._import(node)
            case ast.ImportFrom():
                self._import_from(node)
            case ast.AnnAssign(target=ast.Name()):
                self._constant(node)
            case ast.Assign(targets=[ast.Name(id=name)]) if not self._may_be_type(node.value):
                self.decls.fail(
                    node, "M003", "a module-level name is a constant", f"write `{_final_of(name, node.value)}`"
                )
            case ast.Assign(targets=[ast.Name(id=name)]):
                self.decls.bind(node, name, TypeName(Annotations(self.decls).read(node.value), "alias"))
            case ast.ClassDef():
                classes.declare(self.decls, node)
            case ast.FunctionDef():
                signatures.declare(self.decls, node)
            case ast.Expr(value=ast.Call(func=ast.Name(id=name)) as call) if self.decls.is_spec and (
                self.decls.is_lang(name, "check") or self.decls.is_lang(name, "claim")
            ):
                (self.decls.checks if self.decls.is_lang(name, "check") else self.decls.claims).append(call)
            case _:
                self.decls.fail(node, "M003", "this statement is outside the language", self._instead(node))

    def _may_be_type(self, node: ast.expr) -> bool:
        """Whether a value may be meant for a name of a type: `Few = Annotated[int, Range(0, 3)]`."""
        match node:
            case ast.Name(id=name):
                return not isinstance(self.decls.scope.names.get(name), ConstantName | FunctionName | GroupName)
            case ast.BinOp(op=ast.BitOr()):
                grouped = self.decls.is_spec and group_kind(node, self.decls.scope.names) is not None
                return not grouped and self._may_be_type(node.left) and self._may_be_type(node.right)
            case ast.Constant(value=None) | ast.Attribute() | ast.Subscript():
                return True
        return False

    def _refuse_inner_checks(self, node: ast.stmt) -> None:
        """A check is found where it stands by itself, and nowhere else."""
        own = node.value if isinstance(node, ast.Expr) else None
        for part in ast.walk(node):
            if isinstance(part, ast.Call) and part is not own and isinstance(part.func, ast.Name):
                name = part.func.id
                if self.decls.is_lang(name, "check") or self.decls.is_lang(name, "claim"):
                    help_ = f"write each `{name}(...)` by itself, at the left margin"
                    self.decls.fail(part, "M003", f"`{name}` is called inside another statement", help_)

    def _instead(self, node: ast.stmt) -> str:
        match node:
            case ast.Expr(value=ast.Call(func=ast.Name(id="check" | "claim" as name))):
                if self.decls.is_spec:
                    return f"import it: `from interlock import {name}`"
                return "a file that others import has no checks: move what both need into a file without any"
        if self.decls.is_spec:
            return "a spec has imports, constants, groups, properties, helpers, check(...) and claim(...)"
        return "a module has imports, constants (`N: Final = 2`), types, and functions"

    # --- imports ---------------------------------------------------------------------------------

    def _import(self, node: ast.Import) -> None:
        for alias in node.names:
            self._refuse_language(node, alias.name)
            if "." in alias.name and alias.asname is None:
                help_ = f"write `import {alias.name} as name`, or `from ... import ...`"
                self.decls.fail(node, "M004", "a dotted import binds its first part only", help_)
            scope = self._module(alias.name, node)
            self.decls.bind(node, alias.asname or alias.name, ModuleName(scope))

    def _refuse_language(self, node: ast.AST, module: str, *names: str) -> None:
        """The language is imported from `interlock`, name by name, wherever its own text stands."""
        if is_language(module, self.decls.source.path):
            self.decls.fail(node, "M004", f"`{module}` cannot be imported here", guidance.language(names))

    def _module(self, name: str, node: ast.AST) -> ModuleScope:
        scope = self.importer(name, node, self.decls.source)
        if scope is None:
            raise Refused
        if scope not in self.decls.scope.imports:
            self.decls.scope.imports.append(scope)
        return scope

    def _import_from(self, node: ast.ImportFrom) -> None:
        if node.level or node.module is None:
            self.decls.fail(node, "M004", "relative imports are outside the language", "name the module in full")
        for alias in node.names:
            if alias.name == "*":
                self.decls.fail(node, "M005", "a star import hides what it brings in", "name what you use")
        if node.module != LANGUAGE:
            self._refuse_language(node, node.module, *(a.name for a in node.names))
        for alias in node.names:
            self._refuse_language(node, f"{node.module}.{alias.name}")
        if node.module == "__future__":
            if [a.name for a in node.names] != ["annotations"]:
                self.decls.fail(node, "M004", "only `annotations` comes from the future here", "drop the others")
            return
        for alias in node.names:
            try:
                self.decls.bind(node, alias.asname or alias.name, self._imported(node, node.module, alias))
            except Refused:
                self.decls.scope.names.setdefault(alias.asname or alias.name, Broken())

    def _imported(self, node: ast.ImportFrom, module: str, alias: ast.alias) -> Entity:
        name = alias.name
        if module in {"typing", "interlock"}:
            known = TYPING if module == "typing" else LANG
            if name not in known:
                help_ = guidance.absent(name, module, known)
                self.decls.fail(alias, "M103", f"`{module}` has no `{name}` for models", help_)
            return LangName(name)
        scope = None if find(module, self.decls.source.path) is None else self._module(module, node)
        entity = None if scope is None else scope.names.get(name)  # as in Python, before a module of that name
        if entity is None and find(f"{module}.{name}", self.decls.source.path) is not None:
            return ModuleName(self._module(f"{module}.{name}", node))
        if scope is None:
            scope = self._module(module, node)
        if entity is None:
            self.decls.fail(alias, "M103", f"`{module}` has no `{name}`", self._near_import(module, name, scope))
        if isinstance(entity, Broken):
            raise Refused
        return entity

    def _near_import(self, module: str, name: str, scope: ModuleScope) -> str:
        near = nearest_module(f"{module}.{name}", self.decls.source.path)
        if near is not None and near.rpartition(".")[0] == module:  # a module of the package
            return f"did you mean `{near.rpartition('.')[2]}`?"
        return did_you_mean(name, scope.names)

    # --- constants -------------------------------------------------------------------------------

    def _constant(self, node: ast.AnnAssign) -> None:
        assert isinstance(node.target, ast.Name)
        name = node.target.id
        head, inner = _final(node.annotation)
        if self.decls.is_lang(head, "TypeAlias") and node.value is not None:
            self.decls.bind(node, name, TypeName(Annotations(self.decls).read(node.value), "alias"))
            return
        if not self.decls.is_lang(head, "Final") or node.value is None:
            self.decls.fail(node, "M003", "a module-level name is a constant", f"write `{_final_of(name, node.value)}`")
        group = group_kind(node.value, self.decls.scope.names) if self.decls.is_spec else None
        if group is not None:
            if inner is not None:
                self.decls.fail(
                    node.annotation, "S001", f"a group of {group.value} has no type", f"write `{name}: Final`"
                )
            self.decls.bind(node, name, GroupName(group, node.value))
            return
        declared = None if inner is None else Annotations(self.decls).read(inner)
        value = constants.constant(self.decls, node.value, declared, kept=True)
        ex = constants.reader(self.decls)
        if declared is not None:
            value = self._as(node.value, ex.fit(node.value, value, declared), declared)
        value = self._override(name, value, declared)
        self.decls.bind(node, name, ConstantName(value))
        if storable(value.type) or isinstance(value.type, IntT):
            span = self.decls.source.span(node)
            taken = name in self.overrides and not self.decls.is_spec
            self.decls.constants.append(
                n.Constant(name, self.decls.scope.name, value.type, value.value, taken, span=span)
            )
        else:
            self.decls.fail(
                node.value, "M215", f"{show(value.type)} cannot be a constant", "annotate it: `Final[FiniteSet[T]]`"
            )

    def _as(self, node: ast.expr, e: n.Expr, declared: Type) -> n.Const:
        if isinstance(e, n.Const):
            return e
        value = constants.evaluated(self.decls, node, e)
        return value if isinstance(value.type, IntT) else attrs.evolve(value, type=declared)

    def _override(self, name: str, value: n.Const, declared: Type | None) -> n.Const:
        given = self.overrides.get(name)
        if given is None or self.decls.is_spec:
            return value
        place = declared or value.type
        same = (is_int(place) and is_int(given.type)) or (not is_int(place) and join(place, given.type) == place)
        if not same:
            message = f"constant `{name}` is {show(place)}, not {show(given.type)}"
            self.decls.reporter.add(Diagnostic("S004", message, given.span, "give it a value of its type"))
            raise Refused
        if is_int(place):
            return given
        return attrs.evolve(given, type=place)


def _final_of(name: str, value: ast.expr | None) -> str:
    """How a constant is written."""
    text = "..." if value is None else written(value)
    return f"{name}: Final = {text if len(text) <= _SHOWN else '...'}"


def _final(annotation: ast.expr) -> tuple[str, ast.expr | None]:
    """`Final` -> ("Final", None); `Final[T]` -> ("Final", T)."""
    match annotation:
        case ast.Name(id=name):
            return name, None
        case ast.Subscript(value=ast.Name(id=name), slice=inner):
            return name, inner
    return "", None


def _binds(node: ast.stmt) -> list[str]:
    match node:
        case ast.ClassDef(name=name) | ast.FunctionDef(name=name):
            return [name]
        case ast.AnnAssign(target=ast.Name(id=name)) | ast.Assign(targets=[ast.Name(id=name)]):
            return [name]
        case ast.Import(names=aliases) | ast.ImportFrom(names=aliases):
            return [a.asname or a.name for a in aliases]
    return []
