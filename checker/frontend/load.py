"""Which model does a set of files describe, with these constants?

Rule of the module: one `Loader` is one reading of a model and its imports under one set of constants.
Source text is parsed once a process (`Sources`); names, types and sizes are settled anew for each set
of constants, since a constant may change a type.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import attrs

from interlock.checker.diagnostics import Diagnostic, InputError, Span, did_you_mean
from interlock.checker.frontend import guidance, search
from interlock.checker.frontend.declarations import Declarations
from interlock.checker.frontend.effort import MAX_CALLS, MAX_NESTED, Calls, calls
from interlock.checker.frontend.scope import Broken, FunctionName, ModuleScope, Reporter, TypeName
from interlock.checker.frontend.source import Source, read
from interlock.checker.frontend.statements import lower_bodies
from interlock.checker.frontend.toplevel import TopLevel
from interlock.checker.ir import nodes as n
from interlock.checker.ir.types import RecordT, Value
from interlock.checker.places import LANGUAGE, shown

MAX_IMPORTS: Final = 40


@attrs.define
class Sources:
    """Files that were read, by path."""

    parsed: dict[Path, Source] = attrs.field(factory=dict)

    def get(self, path: Path) -> Source:
        """The parsed file.  Raises InputError."""
        key = search.real(path)
        if key not in self.parsed:
            self.parsed[key] = read(Path(shown(path)))
        return self.parsed[key]


@attrs.define(eq=False)
class Loader:
    """Reads modules under one set of constants, collecting every mistake."""

    sources: Sources
    overrides: Mapping[str, n.Const]
    reporter: Reporter = attrs.field(factory=Reporter)
    modules: dict[Path, Declarations] = attrs.field(factory=dict)
    open: list[Path] = attrs.field(factory=list)
    written_at: Mapping[str, Span] = attrs.field(factory=dict)  # where the names of the overrides stand
    _calls: dict[str, list[tuple[str, int]]] = attrs.field(factory=dict)  # of functions, by key

    def module(self, path: Path, name: str, *, is_spec: bool = False) -> Declarations:
        """The declarations of a file (imports first); mistakes are in the reporter."""
        key = search.real(path)
        if key in self.modules:
            return self.modules[key]
        source = self.sources.get(path)
        scope = ModuleScope(name, source)
        decls = Declarations(scope, source, self.reporter, is_spec)
        self.open.append(key)
        TopLevel(decls, self._import, self.overrides).declare()
        self.open.pop()
        self.modules[key] = decls
        lower_bodies(decls)
        if not self._refuse_recursion(decls):
            self._refuse_effort(decls)
        return decls

    def _import(self, name: str, node: ast.AST, importer: Source) -> ModuleScope | None:
        if name == "hypothesis" or not search.is_for_models(name):
            help_ = "write `from interlock import ...` with the names you use"
            self.reporter.fail(importer, node, "M004", f"`{name}` cannot be imported here", help_)
        if name.split(".")[0] in sys.stdlib_module_names:
            self.reporter.fail(importer, node, "M004", f"`{name}` cannot be imported here", guidance.library(name))
        if len(self.open) > MAX_IMPORTS:
            help_ = "put what these modules share into fewer files"
            self.reporter.fail(
                importer, node, "M109", f"more than {MAX_IMPORTS} modules import one another in a row", help_
            )
        path = search.find(name, importer.path)
        if path is None:
            near = search.nearest_module(name, importer.path)
            file = f"{name.replace('.', '/')}.py"
            help_ = (
                f"models import models: put {file} beside this file, name its folder with `--path`, or check the name"
            )
            if near is not None:
                help_ = f"did you mean `{near}`?"
            self.reporter.fail(importer, node, "M104", f"there is no module `{name}`", help_)
        if search.real(path) in self.open:
            help_ = "move what both need into a third module"
            self.reporter.fail(importer, node, "M109", f"`{name}` imports this module back", help_)
        try:
            self.packages(path, name)
            return self.module(path, name).scope
        except InputError as problem:
            for d in problem.diagnostics:
                self.reporter.add(d)
            return None

    def packages(self, path: Path, name: str) -> None:
        """Read the packages around a module too: Python runs them when it imports the module."""
        folder = path.parent.parent if path.name == "__init__.py" else path.parent
        for i in range(name.count("."), 0, -1):
            package = folder / "__init__.py"
            if ".".join(name.split(".")[:i]) == LANGUAGE:
                break
            if package.is_file() and search.real(package) not in self.open:
                self.module(package, ".".join(name.split(".")[:i]))
            folder = folder.parent

    def _refuse_recursion(self, decls: Declarations) -> bool:
        """Whether some function calls itself, which is noted."""
        found = False
        calls = {f.key: f for f in self.functions()}
        for f in decls.functions:
            seen: set[str] = set()
            todo = list(f.calls)
            while todo:
                key = todo.pop()
                if key == f.key:
                    help_ = "helpers may not call themselves: loop over a finite domain"
                    decls.note(f.node, "M304", f"`{f.node.name}` calls itself", help_)
                    found = True
                    break
                if key not in seen and key in calls:
                    seen.add(key)
                    todo.extend(calls[key].calls)
        return found

    def _refuse_effort(self, decls: Declarations) -> None:
        """Note functions of which one run makes more calls than replay, in plain Python, could make."""
        for f in decls.functions:
            self._calls[f.key] = list(calls(_body(f))) if f.calls and f.lowered is not None else []
        made = Calls(self._calls)
        refused: set[str] = set()
        for f in decls.functions:
            total, nested = made.made(f.key)
            if not refused.isdisjoint(name for name, _ in made.of.get(f.key, ())):
                refused.add(f.key)  # it was said of what it calls
            elif total > MAX_CALLS:
                refused.add(f.key)
                help_ = "keep what a helper gives back in a local, and call it once"
                decls.note(
                    f.node, "M309", f"one run of `{f.node.name}` may make {total} calls, more than {MAX_CALLS}", help_
                )
            elif nested > MAX_NESTED:
                refused.add(f.key)
                help_ = "write what the helpers do into fewer of them"
                decls.note(
                    f.node,
                    "M309",
                    f"`{f.node.name}` calls helpers within one another, {nested} deep and not {MAX_NESTED}",
                    help_,
                )

    def functions(self) -> list[FunctionName]:
        """Every function of the modules read so far."""
        return [f for d in self.modules.values() for f in d.functions]

    def helpers(self) -> dict[str, n.Function]:
        """Every helper, by key."""
        return {f.key: f.lowered for f in self.functions() if isinstance(f.lowered, n.Function)}

    def raise_if_refused(self) -> None:
        """Raise InputError with every mistake found."""
        if self.reporter.found:
            raise InputError(list(self.reporter.found.values()))

    # --- the model -------------------------------------------------------------------------------

    def program(self, decls: Declarations, at: Span | None = None) -> n.Program:
        """The program of a model's module.  Raises InputError when it is not a whole model."""
        scope = decls.scope
        closure = self.closure(scope)
        self._refuse_unknown_constants(closure)
        state = self._state(decls)
        visible = [e for e in scope.names.values() if isinstance(e, FunctionName)]
        actions = [e.lowered for e in visible if e.role == "action" and isinstance(e.lowered, n.Action)]
        initials = [e.lowered for e in visible if e.role == "initial" and isinstance(e.lowered, n.Action)]
        if not actions and any(isinstance(e, Broken) for e in scope.names.values()):
            self.raise_if_refused()  # it may be the one that was refused
        if not actions:
            message = f"`{scope.name}` has no action"
            self._refuse("M305", message, at or Span(decls.source.path, 1, 0, 1, 1), "write a function under `@action`")
        self.raise_if_refused()
        classes = self._classes(closure)
        assert isinstance(state.type, RecordT)
        default = tuple(_value(state.defaults[f]) for f, _ in state.type.fields)
        return n.Program(
            scope.name, state.type, classes[state.type.name], default, tuple(initials), tuple(actions), self.helpers(),
            tuple(c for d in closure for c in d.constants),
            tuple(n.Module(d.scope.name, d.source.path, d.source.text) for d in closure),
            classes, ast.get_docstring(decls.source.tree) or "",
        )  # fmt: skip

    def _refuse_unknown_constants(self, closure: list[Declarations]) -> None:
        known = [c.name for d in closure for c in d.constants]
        # A constant of another file that the spec imports is none of the model's; one with a mistake is reported as that.
        refused = {name for d in closure for name, e in d.scope.names.items() if isinstance(e, Broken)}
        for name, value in self.overrides.items():
            if name not in {*known, *refused}:
                at = self.written_at.get(name, value.span)
                help_ = did_you_mean(name, known)
                self.reporter.add(Diagnostic("S003", f"the model has no constant `{name}`", at, help_))

    def _state(self, decls: Declarations) -> TypeName:
        scopes = [d.scope for d in self.closure(decls.scope)]
        named = [e for s in scopes for e in s.names.values() if isinstance(e, TypeName) and e.kind == "state"]
        found = list({id(e): e for e in named}.values())
        if len(found) > 1:
            message = f"`{decls.scope.name}` and its imports have {len(found)} state classes"
            self._refuse(
                "M305", message, Span(decls.source.path, 1, 0, 1, 1), "a model has one: put all fields into it"
            )
        if not found:
            self.raise_if_refused()
            message = f"`{decls.scope.name}` has no state"
            self._refuse(
                "M305", message, Span(decls.source.path, 1, 0, 1, 1), "write `@state class State` with defaults"
            )
        return found[0]

    def _refuse(self, code: str, message: str, span: Span, help_: str) -> None:
        self.reporter.add(Diagnostic(code, message, span, help_))
        self.raise_if_refused()

    def closure(self, scope: ModuleScope) -> list[Declarations]:
        """The modules a model is made of, dependencies first."""
        by_scope = {id(d.scope): d for d in self.modules.values()}
        order: list[Declarations] = []

        def visit(s: ModuleScope) -> None:
            for i in s.imports:
                visit(i)
            if by_scope[id(s)] not in order:
                order.append(by_scope[id(s)])

        visit(scope)
        return order

    def _classes(self, closure: list[Declarations]) -> dict[str, tuple[str, str]]:
        classes: dict[str, tuple[str, str]] = {}
        for d in closure:
            for name in d.scope.defined:
                entity = d.scope.names[name]
                if isinstance(entity, TypeName) and entity.kind != "alias":
                    if name in classes:
                        message = f"class `{name}` is defined in `{classes[name][0]}` too"
                        span = d.source.span(d.scope.defined[name])
                        self._refuse("M102", message, span, "class names are unique in a model: rename one")
                    classes[name] = (d.scope.name, name)
        return classes


def _body(f: FunctionName) -> tuple[n.Stmt, ...]:
    lowered = f.lowered.function if isinstance(f.lowered, n.Property) else f.lowered
    return () if lowered is None else lowered.body


def _value(e: n.Expr) -> Value:
    assert isinstance(e, n.Const)
    return e.value
