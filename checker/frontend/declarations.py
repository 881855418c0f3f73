"""What does a module declare?

Rule of the module: two passes over the top level.  The first binds names in order (imports,
constants, classes, signatures), the second lowers bodies, so helpers may be written in any order.
Nothing of the file is executed: constants and defaults are evaluated by the IR's own evaluator.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from typing import Final, NoReturn

import attrs

from interlock.checker.diagnostics import Diagnostic, did_you_mean
from interlock.checker.frontend import classes, guidance, signatures
from interlock.checker.frontend.annotations import MAX_VALUE_BITS, Annotations, too_many_members, value_bits
from interlock.checker.frontend.effort import MAX_STEPS, parts, work
from interlock.checker.frontend.expressions import Expressions, Function
from interlock.checker.frontend.guidance import LANG, TYPING
from interlock.checker.frontend.rules import TOO_LARGE, is_int, join, too_large
from interlock.checker.frontend.scope import (
    RESERVED,
    Broken,
    ConstantName,
    FunctionName,
    GroupName,
    LangName,
    ModuleName,
    ModuleScope,
    Refused,
    Reporter,
    TypeName,
    group_kind,
    written,
)
from interlock.checker.frontend.search import find, nearest_module
from interlock.checker.frontend.source import Source
from interlock.checker.frontend.statements import Statements
from interlock.checker.ir import nodes as n
from interlock.checker.ir.types import EnumT, IntT, ScalarT, Type, show, storable
from interlock.checker.semantics import evaluate
from interlock.checker.semantics.values import ModelError

_SHOWN: Final = 60  # characters of a value that are written out in a message
_DECORATORS: Final = f"use those of interlock: {', '.join(f'@{d}' for d in guidance.DECORATORS)}"


@attrs.define(eq=False)
class Declarations:
    """Reads one module into its scope."""

    scope: ModuleScope
    source: Source
    reporter: Reporter
    importer: Callable[[str, ast.AST, Source], ModuleScope | None]
    overrides: Mapping[str, n.Const]
    is_spec: bool = False
    functions: list[FunctionName] = attrs.field(factory=list)
    constants: list[n.Constant] = attrs.field(factory=list)
    checks: list[ast.Call] = attrs.field(factory=list)
    claims: list[ast.Call] = attrs.field(factory=list)
    state: TypeName | None = None

    @property
    def annotations(self) -> Annotations:
        """The reader of annotations in this module."""
        return Annotations(self)

    def fail(self, node: ast.AST, code: str, message: str, help_: str) -> NoReturn:
        """Refuse a piece of text."""
        self.reporter.fail(self.source, node, code, message, help_)

    def note(self, node: ast.AST, code: str, message: str, help_: str) -> None:
        """Record a mistake and go on."""
        self.reporter.add(Diagnostic(code, message, self.source.span(node), help_))

    # --- the first pass --------------------------------------------------------------------------

    def declare(self) -> None:
        """Bind every top-level name, recording what is refused."""
        for i, node in enumerate(self.source.tree.body):
            try:
                self._top(node, first=i == 0)
            except Refused:
                for name in _binds(node):
                    self.scope.names.setdefault(name, Broken())

    def _top(self, node: ast.stmt, *, first: bool) -> None:
        if self.is_spec:
            self._refuse_inner_checks(node)
        match node:
            case ast.Expr(value=ast.Constant(value=str())):
                if not first:
                    self.fail(node, "M003", "a string stands alone", "write a comment: `# ...`")
            case ast.Import():
                self._import(node)
            case ast.ImportFrom():
                self._import_from(node)
            case ast.AnnAssign(target=ast.Name()):
                self._constant(node)
            case ast.Assign(targets=[ast.Name(id=name)]) if not self._may_be_type(node.value):
                self.fail(node, "M003", "a module-level name is a constant", f"write `{_final_of(name, node.value)}`")
            case ast.Assign(targets=[ast.Name(id=name)]):
                self.bind(node, name, TypeName(self.annotations.read(node.value), "alias"))
            case ast.ClassDef():
                classes.declare(self, node)
            case ast.FunctionDef():
                signatures.declare(self, node)
            case ast.Expr(value=ast.Call(func=ast.Name(id=name)) as call) if self.is_spec and (
                self.is_lang(name, "check") or self.is_lang(name, "claim")
            ):
                (self.checks if self.is_lang(name, "check") else self.claims).append(call)
            case _:
                self.fail(node, "M003", "this statement is outside the language", self._instead(node))

    def _may_be_type(self, node: ast.expr) -> bool:
        """Whether a value may be meant for a name of a type: `Few = Annotated[int, Range(0, 3)]`."""
        match node:
            case ast.Name(id=name):
                return not isinstance(self.scope.names.get(name), ConstantName | FunctionName | GroupName)
            case ast.BinOp(op=ast.BitOr()):
                grouped = self.is_spec and group_kind(node, self.scope.names) is not None
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
                if self.is_lang(name, "check") or self.is_lang(name, "claim"):
                    help_ = f"write each `{name}(...)` by itself, at the left margin"
                    self.fail(part, "M003", f"`{name}` is called inside another statement", help_)

    def _instead(self, node: ast.stmt) -> str:
        match node:
            case ast.Expr(value=ast.Call(func=ast.Name(id="check" | "claim" as name))):
                if self.is_spec:
                    return f"import it: `from interlock import {name}`"
                return "a file that others import has no checks: move what both need into a file without any"
        if self.is_spec:
            return "a spec has imports, constants, groups, properties, helpers, check(...) and claim(...)"
        return "a module has imports, constants (`N: Final = 2`), types, and functions"

    def is_lang(self, name: str, what: str) -> bool:
        """Whether a name stands for this one of interlock, typing or the built-ins."""
        entity = self.scope.names.get(name)
        return isinstance(entity, LangName) and entity.name == what

    def bind(self, node: ast.AST, name: str, entity: object) -> None:
        """Give a name its meaning in this module, once."""
        if name in self.scope.names or name in RESERVED:
            self.fail(node, "M102", f"`{name}` is already defined", "choose another name")
        if name.startswith("__"):
            self.fail(node, "M102", f"`{name}` is a name of Python's own", "choose another name")
        self.scope.names[name] = entity  # type: ignore[assignment]
        if not isinstance(node, ast.Import | ast.ImportFrom):
            self.scope.defined[name] = node

    # --- imports ---------------------------------------------------------------------------------

    def _import(self, node: ast.Import) -> None:
        for alias in node.names:
            if "." in alias.name and alias.asname is None:
                help_ = f"write `import {alias.name} as name`, or `from ... import ...`"
                self.fail(node, "M004", "a dotted import binds its first part only", help_)
            scope = self._module(alias.name, node)
            self.bind(node, alias.asname or alias.name, ModuleName(scope))

    def _module(self, name: str, node: ast.AST) -> ModuleScope:
        scope = self.importer(name, node, self.source)
        if scope is None:
            raise Refused
        if scope not in self.scope.imports:
            self.scope.imports.append(scope)
        return scope

    def _import_from(self, node: ast.ImportFrom) -> None:
        if node.level or node.module is None:
            self.fail(node, "M004", "relative imports are outside the language", "name the module in full")
        for alias in node.names:
            if alias.name == "*":
                self.fail(node, "M005", "a star import hides what it brings in", "name what you use")
        if node.module == "__future__":
            if [a.name for a in node.names] != ["annotations"]:
                self.fail(node, "M004", "only `annotations` comes from the future here", "drop the others")
            return
        for alias in node.names:
            try:
                self.bind(node, alias.asname or alias.name, self._imported(node, node.module, alias))
            except Refused:
                self.scope.names.setdefault(alias.asname or alias.name, Broken())

    def _imported(self, node: ast.ImportFrom, module: str, alias: ast.alias) -> object:
        name = alias.name
        if module in {"typing", "interlock"}:
            known = TYPING if module == "typing" else LANG
            if name not in known:
                help_ = guidance.absent(name, module, known)
                self.fail(alias, "M103", f"`{module}` has no `{name}` for models", help_)
            return LangName(name)
        scope = None if find(module, self.source.path) is None else self._module(module, node)
        entity = None if scope is None else scope.names.get(name)  # as in Python, before a module of that name
        if entity is None and find(f"{module}.{name}", self.source.path) is not None:
            return ModuleName(self._module(f"{module}.{name}", node))
        if scope is None:
            scope = self._module(module, node)
        if entity is None:
            self.fail(alias, "M103", f"`{module}` has no `{name}`", self._near_import(module, name, scope))
        if isinstance(entity, Broken):
            raise Refused
        return entity

    def _near_import(self, module: str, name: str, scope: ModuleScope) -> str:
        near = nearest_module(f"{module}.{name}", self.source.path)
        if near is not None and near.rpartition(".")[0] == module:  # a module of the package
            return f"did you mean `{near.rpartition('.')[2]}`?"
        return did_you_mean(name, scope.names)

    # --- constants -------------------------------------------------------------------------------

    def constant(self, node: ast.expr, want: Type | None = None, *, kept: bool = False) -> n.Const:
        """The value of a constant expression (`kept` under a name, not stored in a typed place)."""
        ex = Expressions(self, Function("<constant>"))
        e = ex.lower(node, want)
        if kept:
            ex.refuse_filled(node, e)
        if isinstance(e, n.Const):
            return e
        return self.evaluate(node, e)

    def evaluate(self, node: ast.expr, e: n.Expr) -> n.Const:
        """The value of an expression without parameters."""
        if any(isinstance(part, n.Call) for part in parts(e)):
            self.fail(node, "M215", "this is not a constant", "use literals and constants, without calls of helpers")
        if work(e) > MAX_STEPS:
            self.fail(node, "M215", "this constant takes too long to compute", "write the value, or use smaller ranges")
        try:
            value = evaluate.call({}, n.Function("<constant>", "", (), e.type, (n.Return(e),), ""), ())
        except ModelError as problem:
            self.fail(node, "M215", f"this constant is an error: {problem.kind.value}", "give it a value that exists")
        if isinstance(value, int) and too_large(value):
            self.fail(node, "M210", TOO_LARGE, "use a smaller number")
        t = e.type
        if isinstance(value, int) and not isinstance(value, bool) and not isinstance(t, EnumT | ScalarT):
            t = IntT(value, value)
        return n.Const(t, value, span=self.source.span(node))

    def _constant(self, node: ast.AnnAssign) -> None:
        assert isinstance(node.target, ast.Name)
        name = node.target.id
        head, inner = _final(node.annotation)
        if self.is_lang(head, "TypeAlias") and node.value is not None:
            self.bind(node, name, TypeName(self.annotations.read(node.value), "alias"))
            return
        if not self.is_lang(head, "Final") or node.value is None:
            self.fail(node, "M003", "a module-level name is a constant", f"write `{_final_of(name, node.value)}`")
        group = group_kind(node.value, self.scope.names) if self.is_spec else None
        if group is not None:
            if inner is not None:
                self.fail(node.annotation, "S001", f"a group of {group.value} has no type", f"write `{name}: Final`")
            self.bind(node, name, GroupName(group, node.value))
            return
        declared = None if inner is None else self.annotations.read(inner)
        value = self.constant(node.value, declared, kept=True)
        ex = Expressions(self, Function("<constant>"))
        if declared is not None:
            value = self._as(node.value, ex.fit(node.value, value, declared), declared)
        value = self._override(name, value, declared)
        self.bind(node, name, ConstantName(value))
        if storable(value.type) or isinstance(value.type, IntT):
            span = self.source.span(node)
            taken = name in self.overrides and not self.is_spec
            self.constants.append(n.Constant(name, self.scope.name, value.type, value.value, taken, span=span))
        else:
            self.fail(
                node.value, "M215", f"{show(value.type)} cannot be a constant", "annotate it: `Final[FiniteSet[T]]`"
            )

    def _as(self, node: ast.expr, e: n.Expr, declared: Type) -> n.Const:
        if isinstance(e, n.Const):
            return e
        value = self.evaluate(node, e)
        return value if isinstance(value.type, IntT) else attrs.evolve(value, type=declared)

    def _override(self, name: str, value: n.Const, declared: Type | None) -> n.Const:
        given = self.overrides.get(name)
        if given is None or self.is_spec:
            return value
        place = declared or value.type
        same = (is_int(place) and is_int(given.type)) or (not is_int(place) and join(place, given.type) == place)
        if not same:
            message = f"constant `{name}` is {show(place)}, not {show(given.type)}"
            self.reporter.add(Diagnostic("S004", message, given.span, "give it a value of its type"))
            raise Refused
        if is_int(place):
            return given
        return attrs.evolve(given, type=place)

    # --- what classes and functions ask ---------------------------------------------------------------------------------

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

    # --- the second pass -------------------------------------------------------------------------

    def lower_bodies(self) -> None:
        """Lower every function of the module."""
        for f in self.functions:
            f.lowered = self._lower(f)

    def _lower(self, f: FunctionName) -> n.Function | n.Action | n.Property:
        node, span = f.node, self.source.span(f.node)
        local = Function(node.name)
        states = []
        for p in f.params:
            unique = local.bind(p.name, p.type)
            if p.type == self.state_type():
                states.append(unique)
            local.read_only.add(unique)
        local.states = frozenset(states)
        acts = f.role in {"action", "initial"}
        local.is_action = acts
        local.state = f.params[0].name if acts else None
        body, ended = Statements(self, local, None if acts else f.result, node.body).block(node.body)
        if not acts and not ended:
            self.note(node, "M212", f"`{node.name}` may end without a value", "return a value on every path")
        f.calls = local.calls
        doc = ast.get_docstring(node) or ""
        if acts:
            return n.Action(node.name, self.scope.name, f.params[0].name, f.params[1:], body, f.fault, doc, span=span)
        function = n.Function(node.name, self.scope.name, f.params, f.result, body, doc, span=span)
        return n.Property(n.PropertyKind(f.role), function) if f.is_property else function


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
