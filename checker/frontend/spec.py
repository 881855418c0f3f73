"""What does a spec file say: which checks, and which claims of documents do they decide?

Rule of the module: a spec is read from its tree, never executed, and every mistake of the file and of
its models is reported at once.
"""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Final

import attrs

from interlock.checker.diagnostics import Diagnostic, InputError, Span
from interlock.checker.frontend import claims, search
from interlock.checker.frontend.checks import CheckReader, Under
from interlock.checker.frontend.declarations import Declarations
from interlock.checker.frontend.groups import Groups
from interlock.checker.frontend.load import Loader, Sources
from interlock.checker.frontend.scope import TypeName
from interlock.checker.frontend.source import Source
from interlock.checker.ir import claims as c
from interlock.checker.ir import nodes as n

_SPECS: Final = 5  # names of specs that a message has


@attrs.define(eq=False)
class SpecReader:
    """Reads one spec file."""

    path: Path
    sources: Sources = attrs.field(factory=Sources)
    _programs: dict[str, n.Program | None] = attrs.field(factory=dict, init=False)

    def read(self) -> c.Spec:
        """The spec.  Raises InputError with every mistake of the file and its models."""
        source = self.sources.get(self.path)
        if is_model(source.tree):
            at = Span(source.path, 1, 0, 1, 1)
            raise InputError([Diagnostic("S008", "this is a model, not a spec of one", at, _specs_of(source))])
        plain = Loader(self.sources, {})
        decls = plain.module(self.path, self.path.stem, is_spec=True)
        self._refuse_namesakes(decls, plain)
        names = _names(decls, decls.checks, "name", "S009")
        _names(decls, decls.claims, "id", "S017")
        checks = self._checks(decls, plain)
        found = [claims.read(decls, call, names) for call in decls.claims]
        if not decls.checks and (decls.claims or not plain.reporter.found):
            help_ = 'write `check("name", model, expect=Holds())`'
            decls.note(decls.source.tree, "S008", "this spec has no check", help_)
        plain.raise_if_refused()
        *imported, module = (n.Module(d.scope.name, d.source.path, d.source.text) for d in plain.closure(decls.scope))
        doc = ast.get_docstring(decls.source.tree) or ""
        said = tuple(claim for claim in found if claim is not None)
        return c.Spec(decls.source.path, module, doc, checks, tuple(imported), said)

    def _checks(self, decls: Declarations, plain: Loader) -> tuple[c.Check, ...]:
        groups = Groups(decls)
        groups.read_groups()
        models = {d.scope.name: d for d in plain.modules.values()}
        under: dict[tuple[object, ...], Under] = {}
        read = [
            CheckReader(self.path, self.sources, groups, self._program, models, under, call).read()
            for call in decls.checks
        ]
        return tuple(check for check in read if check is not None)

    def _program(self, model: Declarations, call: ast.Call, spec: Declarations) -> n.Program | None:
        """A model as it stands, read apart from the spec, so that mistakes of the spec do not hide it."""
        name = model.scope.name
        if name not in self._programs:
            loader = Loader(self.sources, {})
            try:
                own = loader.module(Path(model.source.path), name)
                self._programs[name] = loader.program(own, spec.source.span(call))
            except InputError as problem:
                self._programs[name] = None
                for d in problem.diagnostics:
                    spec.reporter.add(d)
        return self._programs[name]

    def _refuse_namesakes(self, decls: Declarations, loader: Loader) -> None:
        others = {name for d in loader.modules.values() if d is not decls for name in d.scope.defined}
        for name, node in decls.scope.defined.items():
            entity = decls.scope.names.get(name)
            if isinstance(node, ast.ClassDef) and isinstance(entity, TypeName) and name in others:
                decls.note(
                    node, "M102", f"class `{name}` is defined in a model too", "import that one, or choose another name"
                )


def is_model(tree: ast.Module) -> bool:
    """Whether a file has a state or actions of its own, and neither checks nor claims."""
    has: set[str] = set()
    for node in tree.body:
        match node:
            case ast.Expr(value=ast.Call(func=ast.Name(id=name))):
                has.add(name)
            case ast.ClassDef() | ast.FunctionDef():
                calls = (d.func if isinstance(d, ast.Call) else d for d in node.decorator_list)
                has |= {d.id for d in calls if isinstance(d, ast.Name)}
    return bool(has & {"state", "action", "initial"}) and not has & {"check", "claim"}


def _specs_of(source: Source) -> str:
    """Which specs check a model, as far as they lie near it; or how one is written."""
    found = search.importers(source.path)
    if found:
        more = ", ..." if len(found) > _SPECS else ""
        return f"its specs are {', '.join(found[:_SPECS])}{more}" if len(found) > 1 else f"its spec is {found[0]}"
    name = Path(source.path).stem
    call = f'check("{name}", {name}, expect=Holds())'
    return f"write `{name}_spec.py` beside it, with `import {name}`, properties, and `{call}`"


def _names(decls: Declarations, calls: list[ast.Call], keyword: str, code: str) -> list[str]:
    """The names that calls give themselves, in order; a name given before is noted."""
    found: list[str] = []
    what = "check" if keyword == "name" else "claim"
    for call in calls:
        given = [*call.args[:1], *(k.value for k in call.keywords if k.arg == keyword)]
        node = given[0] if given else None
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            if node.value in found:
                message = f'a {what} named "{node.value}" stands above'
                decls.note(node, code, message, f"give each {what} its own {keyword}")
            found.append(node.value)
    return found
