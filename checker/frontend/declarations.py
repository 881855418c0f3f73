"""What does a module declare?

Rule of the module: two passes over the top level.  The first binds names in order (imports,
constants, classes, signatures), the second lowers bodies, so helpers may be written in any order.
Nothing of the file is executed: constants and defaults are evaluated by the IR's own evaluator.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, NoReturn

import attrs

from checker.diagnostics import Diagnostic, did_you_mean
from checker.frontend.annotations import Annotations, too_many_members
from checker.frontend.expressions import Expressions, Function
from checker.frontend.rules import is_int, join
from checker.frontend.scope import (
    RESERVED,
    Broken,
    ConstantName,
    FunctionName,
    LangName,
    ModuleName,
    ModuleScope,
    Refused,
    Reporter,
    TypeName,
)
from checker.frontend.source import Source
from checker.frontend.statements import Statements
from checker.ir import nodes as n
from checker.ir.types import BOOL, EnumT, IntT, MapT, RecordT, ScalarT, SeqT, SetT, Type, cardinality, show, storable
from checker.semantics import evaluate

LANG: Final = frozenset({
    "Bound", "Enum", "FiniteSet", "Holds", "Map", "NoneSampled", "NoneWithin", "OrderedEnum", "Proved", "Range",
    "Scalarset", "Seq", "Unknown", "Violated", "action", "always", "auto", "check", "deadlock", "evolve", "filled",
    "initial", "members", "model_error", "reachable", "record", "recoverable", "require", "require_some", "state", "step",
})  # fmt: skip
TYPING: Final = frozenset({"Annotated", "Final", "TypeAlias"})
_PROPERTIES: Final = {"always", "step", "reachable", "recoverable"}
_NO_MEMBER: Final = {"mro", "name", "value"}  # names that Python's enumerations use themselves
_NO_FIELD: Final = {"self", "original"}  # names that building and evolving a record use themselves
MAX_STEPS: Final = 1 << 20  # of the evaluation of one constant


@attrs.define(eq=False)
class Declarations:
    """Reads one module into its scope."""

    scope: ModuleScope
    source: Source
    reporter: Reporter
    importer: Callable[[str, ast.AST, Source], ModuleScope | None]
    overrides: Mapping[str, n.Const]
    used: set[str]  # overrides that some module took
    is_spec: bool = False
    functions: list[FunctionName] = attrs.field(factory=list)
    constants: list[n.Constant] = attrs.field(factory=list)
    checks: list[ast.Call] = attrs.field(factory=list)
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
            case ast.Assign(
                targets=[ast.Name(id=name)], value=ast.Constant() | ast.Call() | ast.UnaryOp() | ast.Compare()
            ):
                self.fail(node, "M003", "a module-level name is a constant", f"write `{name}: Final = ...`")
            case ast.Assign(targets=[ast.Name(id=name)]):
                self._bind(node, name, TypeName(self.annotations.read(node.value), "alias"))
            case ast.ClassDef():
                self._class(node)
            case ast.FunctionDef():
                self._function(node)
            case ast.Expr(value=ast.Call(func=ast.Name(id=name)) as call) if self.is_spec and self._is_lang(
                name, "check"
            ):
                self.checks.append(call)
            case _:
                help_ = "a module has imports, constants (`N: Final = 2`), types, and functions"
                if self.is_spec:
                    help_ = "a spec has imports, constants, properties, helpers and check(...) calls"
                self.fail(node, "M003", "this statement is outside the language", help_)

    def _is_lang(self, name: str, what: str) -> bool:
        entity = self.scope.names.get(name)
        return isinstance(entity, LangName) and entity.name == what

    def _bind(self, node: ast.AST, name: str, entity: object) -> None:
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
            self._bind(node, alias.asname or alias.name, ModuleName(scope))

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
                self._bind(node, alias.asname or alias.name, self._imported(node, node.module, alias.name))
            except Refused:
                self.scope.names.setdefault(alias.asname or alias.name, Broken())

    def _imported(self, node: ast.ImportFrom, module: str, name: str) -> object:
        if module in {"typing", "model.lang"}:
            known = TYPING if module == "typing" else LANG
            if name not in known:
                self.fail(node, "M103", f"`{module}` has no `{name}` for models", did_you_mean(name, known))
            return LangName(name)
        from checker.frontend.search import find  # noqa: PLC0415

        scope = None if find(module, self.source.path) is None else self._module(module, node)
        entity = None if scope is None else scope.names.get(name)  # as in Python, before a module of that name
        if entity is None and find(f"{module}.{name}", self.source.path) is not None:
            return ModuleName(self._module(f"{module}.{name}", node))
        if scope is None:
            scope = self._module(module, node)
        if entity is None:
            self.fail(node, "M103", f"`{module}` has no `{name}`", did_you_mean(name, scope.names))
        if isinstance(entity, Broken):
            raise Refused
        return entity

    # --- constants -------------------------------------------------------------------------------

    def constant(self, node: ast.expr, want: Type | None = None, *, kept: bool = False) -> n.Const:
        """The value of a constant expression (`kept` under a name, not stored in a typed place)."""
        ex = Expressions(self, Function("<constant>"))
        e = ex.lower(node, want)
        if kept:
            ex.refuse_filled(node, e)
        if isinstance(e, n.Const):
            return e
        return self._evaluate(node, e)

    def _evaluate(self, node: ast.expr, e: n.Expr) -> n.Const:
        if any(isinstance(part, n.Call) for part in _parts(e)):
            self.fail(node, "M215", "this is not a constant", "use literals and constants, without calls of helpers")
        if _work(e) > MAX_STEPS:
            self.fail(node, "M215", "this constant takes too long to compute", "write the value, or use smaller ranges")
        try:
            value = evaluate.call({}, n.Function("<constant>", "", (), e.type, (n.Return(e),), ""), ())
        except evaluate.ModelError as problem:
            self.fail(node, "M215", f"this constant is an error: {problem.kind.value}", "give it a value that exists")
        if isinstance(value, int) and abs(value) >= 1 << 62:
            self.fail(node, "M210", "this number is beyond 62 bits", "use a smaller number")
        t = e.type
        if isinstance(value, int) and not isinstance(value, bool) and not isinstance(t, EnumT | ScalarT):
            t = IntT(value, value)
        return n.Const(t, value, span=self.source.span(node))

    def _constant(self, node: ast.AnnAssign) -> None:
        assert isinstance(node.target, ast.Name)
        name = node.target.id
        head, inner = _final(node.annotation)
        if self._is_lang(head, "TypeAlias") and node.value is not None:
            self._bind(node, name, TypeName(self.annotations.read(node.value), "alias"))
            return
        if not self._is_lang(head, "Final") or node.value is None:
            self.fail(node, "M003", "a module-level name is a constant", f"write `{name}: Final = ...`")
        declared = None if inner is None else self.annotations.read(inner)
        value = self.constant(node.value, declared, kept=True)
        ex = Expressions(self, Function("<constant>"))
        if declared is not None:
            value = self._as(node.value, ex.fit(node.value, value, declared), declared)
        value = self._override(name, value, declared)
        self._bind(node, name, ConstantName(value))
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
        value = self._evaluate(node, e)
        return value if isinstance(value.type, IntT) else attrs.evolve(value, type=declared)

    def _override(self, name: str, value: n.Const, declared: Type | None) -> n.Const:
        given = self.overrides.get(name)
        if given is None or self.is_spec:
            return value
        self.used.add(name)
        place = declared or value.type
        same = (is_int(place) and is_int(given.type)) or (not is_int(place) and join(place, given.type) == place)
        if not same:
            message = f"constant `{name}` is {show(place)}, not {show(given.type)}"
            self.reporter.add(Diagnostic("S004", message, given.span, "give it a value of its type"))
            raise Refused
        if is_int(place):
            return given
        return attrs.evolve(given, type=place)

    # --- classes ---------------------------------------------------------------------------------

    def _class(self, node: ast.ClassDef) -> None:
        if getattr(node, "type_params", None):
            self.fail(node, "M006", "a class has no type parameters here", "name the types")
        decorators = [self._decorator(d) for d in node.decorator_list]
        bases = [b.id if isinstance(b, ast.Name) else "" for b in node.bases]
        base = self.scope.names.get(bases[0]) if len(bases) == 1 else None
        base_name = base.name if isinstance(base, LangName) else ""
        if not decorators and base_name in {"Enum", "OrderedEnum"} and not node.keywords:
            self._bind(node, node.name, TypeName(self._enum(node, base_name), "enum"))
        elif not decorators and base_name == "Scalarset":
            self._bind(node, node.name, TypeName(self._scalarset(node), "scalarset"))
        elif decorators in (["record"], ["state"]) and not node.bases and not node.keywords:
            self._record(node, decorators[0])
        else:
            help_ = "write `class X(Enum)`, `class X(Scalarset, size=n)`, or `@record` or `@state` above `class X`"
            self.fail(node, "M006", "this class is outside the language", help_)

    def _decorator(self, node: ast.expr) -> str:
        entity = self.scope.names.get(node.id) if isinstance(node, ast.Name) else None
        if isinstance(entity, LangName):
            return entity.name
        self.fail(node, "M007", "this decorator is outside the language", "use those of model.lang")

    def _body(self, node: ast.ClassDef) -> list[ast.stmt]:
        body = node.body
        if body and isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant):
            body = body[1:]
        return [b for b in body if not isinstance(b, ast.Pass)]

    def _enum(self, node: ast.ClassDef, base: str) -> EnumT:
        members: list[str] = []
        for item in self._body(node):
            match item:
                case ast.Assign(
                    targets=[ast.Name(id=name)], value=ast.Call(func=ast.Name(id=call), args=[], keywords=[])
                ) if (
                    self._is_lang(call, "auto")
                    and name not in {*members, *_NO_MEMBER, call}
                    and not name.startswith("_")
                ):
                    members.append(name)
                case _:
                    self.fail(item, "M006", "an enumeration has members alone", "write `NAME = auto()`, each name once")
        if not members:
            self.fail(node, "M006", "this enumeration is empty", "give it members: `NAME = auto()`")
        return EnumT(node.name, tuple(members), base == "OrderedEnum")

    def _scalarset(self, node: ast.ClassDef) -> ScalarT:
        if len(node.keywords) != 1 or node.keywords[0].arg != "size" or self._body(node):
            help_ = "write `class X(Scalarset, size=n): ...` with a docstring alone"
            self.fail(node, "M006", "this scalarset is outside the language", help_)
        size = self.constant(node.keywords[0].value)
        if not isinstance(size.type, IntT) or not isinstance(size.value, int) or not 1 <= size.value <= 4096:
            self.fail(node.keywords[0].value, "M210", "the size of a scalarset is from 1 to 4096", "use a number")
        return ScalarT(node.name, size.value)

    def _record(self, node: ast.ClassDef, kind: str) -> None:
        if kind == "state" and self.state is not None:
            self.fail(node, "M305", "a model has one state class", "put all fields into one class")
        fields: list[tuple[str, Type]] = []
        defaults: dict[str, n.Expr] = {}
        refused = False
        for item in self._body(node):
            try:
                self._field(item, kind, fields, defaults)
            except Refused:
                refused = True
        if refused:
            raise Refused
        if not fields:
            self.fail(node, "M006", "this class has no fields", "give it fields: `name: T`")
        entity = TypeName(RecordT(node.name, tuple(fields)), kind, defaults)
        self._bind(node, node.name, entity)
        if kind == "state":
            self.state = entity

    def _field(self, item: ast.stmt, kind: str, fields: list[tuple[str, Type]], defaults: dict[str, n.Expr]) -> None:
        if not isinstance(item, ast.AnnAssign) or not isinstance(item.target, ast.Name) or not item.simple:
            self.fail(item, "M006", "a record has fields alone", "write `name: T`; functions go to the top level")
        name = item.target.id
        if name in dict(fields) or name.startswith("_") or name in _NO_FIELD:
            self.fail(item, "M006", f"`{name}` cannot name this field", "choose another name, without `_` in front")
        for part in (*ast.walk(item.annotation), *(ast.walk(item.value) if item.value is not None else ())):
            if isinstance(part, ast.Name) and part.id in defaults:
                help_ = "rename the field: from its line on, the class body reads the field under this name"
                self.fail(part, "M102", f"`{part.id}` names a field above", help_)
        t = self.annotations.stored(item.annotation)
        if item.value is not None:
            e = Expressions(self, Function("<default>")).stored(item.value, t)
            made = self._evaluate(item.value, e) if not isinstance(e, n.Const) else e
            defaults[name] = n.Const(t, made.value, span=made.span)
        elif kind == "state":
            self.fail(item, "M308", f"the field `{name}` has no first value", "give it a default: `name: T = value`")
        elif defaults:
            self.fail(item, "M006", "a field without a default follows one with", "move the defaults to the end")
        fields.append((name, t))

    def small_domain(self, node: ast.AST, t: Type) -> None:
        """Refuse to list a type with too many values."""
        if too_many_members(t):
            self.fail(node, "M205", f"{show(t)} has too many values to list", "use a smaller type")

    def state_type(self) -> Type | None:
        """The state class that is visible here."""
        for entity in self.scope.names.values():
            if isinstance(entity, TypeName) and entity.kind == "state":
                return entity.type
        return None

    # --- functions -------------------------------------------------------------------------------

    def _function(self, node: ast.FunctionDef) -> None:
        role, fault = self._role(node)
        params = self._params(node)
        state = None
        if role != "helper":
            state = self._state_params(node, params, 2 if role == "step" else 1)
        result = self._result(node, role)
        listed = params[2 if role == "step" else 1 :] if role != "helper" else ()
        for p, a in zip(params, node.args.args, strict=True):
            if role != "helper" and p in listed:
                self.annotations.stored(a.annotation)  # type: ignore[arg-type]
                self.small_domain(a, p.type)
        entity = FunctionName(node, self.scope, role, fault, params, state, result)
        self._bind(node, node.name, entity)
        self.functions.append(entity)

    def _role(self, node: ast.FunctionDef) -> tuple[str, str | None]:
        if not node.decorator_list:
            return "helper", None
        if len(node.decorator_list) > 1:
            self.fail(node.decorator_list[1], "M007", "one decorator is enough", "an action, or a property, or neither")
        d = node.decorator_list[0]
        if isinstance(d, ast.Call):
            if (
                self._decorator(d.func) == "action"
                and not d.args
                and len(d.keywords) == 1
                and d.keywords[0].arg == "fault"
            ):
                fault = d.keywords[0].value
                if (
                    isinstance(fault, ast.Constant)
                    and isinstance(fault.value, str)
                    and fault.value.isprintable()
                    and fault.value.strip()
                ):
                    return "action", fault.value
            self.fail(d, "M007", "this decorator is outside the language", 'write `@action` or `@action(fault="name")`')
        name = self._decorator(d)
        if name not in {*_PROPERTIES, "action", "initial"}:
            help_ = "functions take @action, @initial, @always, @step, @reachable, @recoverable, or none"
            self.fail(d, "M007", f"`{name}` does not decorate a function", help_)
        if self.is_spec and name in {"action", "initial"}:
            self.fail(d, "M007", "a spec has no actions", "move it to the model")
        return name, None

    def _params(self, node: ast.FunctionDef) -> tuple[n.Param, ...]:
        a = node.args
        if a.vararg or a.kwarg or a.kwonlyargs or a.posonlyargs or a.defaults or getattr(node, "type_params", None):
            help_ = "write plain parameters with types: `def f(s: State, who: Chain) -> bool`"
            self.fail(node, "M008", "this signature is outside the language", help_)
        out: list[n.Param] = []
        for arg in a.args:
            if arg.annotation is None:
                self.fail(arg, "M008", f"the parameter `{arg.arg}` has no type", "annotate it")
            out.append(n.Param(arg.arg, self.annotations.read(arg.annotation)))
        return tuple(out)

    def _state_params(self, node: ast.FunctionDef, params: tuple[n.Param, ...], count: int) -> Type:
        state = self.state_type()
        if state is None:
            self.fail(node, "M305", "there is no state class here", "write `@state class State`, or import it")
        if len(params) < count or any(p.type != state for p in params[:count]):
            shape = "old: State, new: State" if count == 2 else "s: State"
            self.fail(
                node, "M306", f"`{node.name}` does not take the state first", f"write `def {node.name}({shape}, ...)`"
            )
        if any(p.type == state for p in params[count:]):
            self.fail(node, "M306", "the state is taken twice", "the other parameters range over finite types")
        return state

    def _result(self, node: ast.FunctionDef, role: str) -> Type:
        if node.returns is None:
            self.fail(
                node,
                "M008",
                f"`{node.name}` has no result type",
                "write `-> None` for actions, `-> bool` for properties",
            )
        t = self.annotations.read(node.returns)
        wanted = {"action": "None", "initial": "None", "helper": None}.get(role, "bool")
        if (wanted == "None" and show(t) != "None") or (wanted == "bool" and t != BOOL):
            self.fail(node.returns, "M211", f"`{node.name}` returns {wanted}", f"write `-> {wanted}`")
        if role == "helper" and (show(t) == "None" or t == self.state_type()):
            self.fail(node.returns, "M211", "a helper returns a value", "give it a result type other than the state")
        return t

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


def _parts(e: object) -> Iterator[object]:
    """An expression and everything in it."""
    yield e
    for part in _children(e):
        yield from _parts(part)


def _work(e: object) -> int:
    """About how many steps an evaluation takes, at most."""
    inside = 1 + sum(_work(p) for p in (_children(e)))
    match e:
        case n.Quant():
            return inside * math.prod(_size(c.iterable) for c in e.clauses)
        case n.MapBuild():
            assert isinstance(e.type, MapT)
            return inside * cardinality(e.type.key)
    return inside


def _children(e: Any) -> list[object]:
    if isinstance(e, tuple):
        return list(e)
    if attrs.has(type(e)) and type(e).__module__ == n.__name__:
        return [getattr(e, field.name) for field in attrs.fields(type(e)) if field.name != "span"]
    return []


def _size(it: n.Iterable) -> int:
    match it:
        case n.DomainIter():
            return cardinality(it.type)
        case n.RangeIter():
            ends = it.start, it.stop
            if all(isinstance(x, n.Const) for x in ends):
                return max(1, int(it.stop.value) - int(it.start.value))  # type: ignore[union-attr,arg-type]
            if isinstance(it.start.type, IntT) and isinstance(it.stop.type, IntT):
                return max(1, it.stop.type.hi - it.start.type.lo)
            return MAX_STEPS + 1
        case n.ValueIter():
            t = it.value.type
            return 1024 if isinstance(t, SetT) else t.bound + 1 if isinstance(t, SeqT) else 64
    raise AssertionError(it)


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
