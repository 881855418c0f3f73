"""What does one `check(...)` call run, and what does it expect?

Rule of the module: the call is read from the tree, never executed, in two steps.  First every argument
is read by itself against the files as they stand; then the model is read again under the check's own
constants, since they may change its types.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Final

import attrs

from interlock.checker.diagnostics import Diagnostic, InputError, did_you_mean
from interlock.checker.frontend import fires, search
from interlock.checker.frontend.arguments import Arguments
from interlock.checker.frontend.declarations import Declarations
from interlock.checker.frontend.groups import Groups, Settings, visible
from interlock.checker.frontend.load import Loader, Sources
from interlock.checker.frontend.scope import Broken, FunctionName, ModuleName, written
from interlock.checker.frontend.verdicts import Verdicts
from interlock.checker.ir import claims as c
from interlock.checker.ir import nodes as n
from interlock.checker.ir.types import BOOL

ENGINES: Final = ("explore", "simulate", "bmc", "induction")
_NUMBERS: Final = ("seed", "walks", "steps", "depth", "states")
_ARGUMENTS: Final = (
    "name", "model", "constants", "faults", "engine", "properties", "terminal", "expect", "slow", "strict", "about",
    *_NUMBERS,
)  # fmt: skip
_OF_CONSTANTS: Final = {"S003", "S004"}


@attrs.frozen(eq=False)
class Under:
    """A spec and one of its models as they are under some constants: what checks with these constants are about."""

    decls: Declarations
    program: n.Program
    properties: Mapping[str, n.Property]
    helpers: Mapping[str, n.Function]

    def body(self, properties: Iterable[str], terminal: str | None) -> c.Body:
        """What a check of these properties and this `terminal=` is about."""
        found = tuple(self.properties[p] for p in properties)
        return c.Body(self.program, found, _predicate(terminal, self.decls), self.helpers)


@attrs.define(eq=False)
class CheckReader:
    """Reads one `check(...)` call of a spec; `program_of` gives the models as they stand, `under` what was read under
    the constants of other checks."""

    path: Path
    sources: Sources
    groups: Groups
    program_of: Callable[[Declarations, ast.Call, Declarations], n.Program | None]
    models: dict[str, Declarations]
    under: dict[tuple[object, ...], Under]
    call: ast.Call

    @property
    def decls(self) -> Declarations:
        """The spec as it stands."""
        return self.groups.decls

    def read(self) -> c.Check | None:
        """The check, or None after a note of each mistake in it."""
        noted = self.decls.reporter.found
        before = len(noted)
        arguments = Arguments(self.decls, self.call, "a check", "S001").read(_ARGUMENTS, 3)
        given = arguments.given
        name = arguments.word("name", '`check("two chains", model, ...)`')
        about = arguments.prose("about", '`about="why this check is here"`') if "about" in given else ""
        settings = self.groups.constants(given["constants"]) if "constants" in given else Settings()
        model = self._model(given.get("model"))
        program = None if model is None else self.program_of(model, self.call, self.decls)
        faults = self._faults(given.get("faults"), program)
        engine = self._engine(given.get("engine"))
        properties = self._properties(given.get("properties"), program, faults)
        terminal = self._terminal(given.get("terminal"), program)
        expect = self._expect(given.get("expect"), properties, engine)
        numbers = {k: arguments.count(k) for k in _NUMBERS if k in given}
        slow = arguments.flag("slow")
        strict = arguments.flag("strict") if "strict" in given else None
        if model is None or program is None:
            return None
        under = self._under(name, settings, model)
        if under is None or name is None or expect is None or properties is None or len(noted) > before:
            return None
        at = self.decls.source.span(given.get("engine", self.call))
        return c.Check(
            name, {k: s.text for k, s in settings.values.items()}, faults, engine, expect,
            {k: v for k, v in numbers.items() if v is not None}, slow, self.decls.source.span(self.call), at,
            under.body(properties, terminal).itself, about or "", strict,
        )  # fmt: skip

    def _note(self, node: ast.AST, code: str, message: str, help_: str) -> None:
        self.decls.note(node, code, message, help_)

    def _under(self, name: str | None, settings: Settings, model: Declarations) -> Under | None:
        """The spec and its model under the constants of the check, read once for all checks that have the same."""
        key = model.scope.name, tuple((k, s.value.type, s.value.value) for k, s in sorted(settings.values.items()))
        if key not in self.under:
            found = self._read_under(name, settings, model)
            if found is None:
                return None
            self.under[key] = found
        return self.under[key]

    def _read_under(self, name: str | None, settings: Settings, model: Declarations) -> Under | None:
        source = self.decls.source
        places = {k: source.span(s.key) for k, s in settings.values.items()}
        loader = Loader(self.sources, {k: s.value for k, s in settings.values.items()}, written_at=places)
        decls = loader.module(self.path, self.decls.scope.name, is_spec=True)
        Groups(decls).read_groups()
        try:
            own = next(d for d in loader.modules.values() if d.scope.name == model.scope.name)
            program = loader.program(own, source.span(self.call))
            return Under(decls, program, visible(decls) | fires.claims(decls), loader.helpers())
        except InputError as problem:
            for d in problem.diagnostics:
                if settings.complete or d.code in _OF_CONSTANTS:
                    self.decls.reporter.add(self._by_constants(d, name, settings))
            return None

    def _by_constants(self, d: Diagnostic, name: str | None, settings: Settings) -> Diagnostic:
        """A mistake of a file as it is under the constants of the check, which it names if they make the mistake."""
        known = (d.code, d.message, d.span) in self.decls.reporter.found
        if known or not settings.values or d.code in _OF_CONSTANTS:
            return d
        given = ", ".join(f"{constant} = {s.text}" for constant, s in settings.values.items())
        check = "a check" if name is None else f'the check "{name}"'
        return attrs.evolve(d, message=f"{d.message}, in {check} with {given}", help=f"{d.help}, or another constant")

    # --- arguments -------------------------------------------------------------------------------

    def _model(self, node: ast.expr | None) -> Declarations | None:
        entity = self.decls.scope.names.get(node.id) if isinstance(node, ast.Name) else None
        if isinstance(entity, ModuleName):
            return self.models[entity.scope.name]
        if isinstance(entity, Broken):
            return None
        help_ = 'import the model\'s module and name it: `import toy`, `check("...", toy, ...)`'
        if node is None:
            self._note(self.call, "S010", "this check has no model", help_)
            return None
        message = "the second argument is not a model"
        if isinstance(node, ast.Name) and entity is None:
            message = f"there is no model `{node.id}`"
            imported = [name for name, e in self.decls.scope.names.items() if isinstance(e, ModuleName)]
            close = search.nearest_module(node.id, self.decls.source.path)
            if close == node.id:
                help_ = f"import it: `import {close}`"
            elif imported:
                help_ = did_you_mean(node.id, imported)
            elif close is not None:
                help_ = f"did you mean `{close}`? Write `import {close}`"
        self._note(node, "S010", message, help_)
        return None

    def _faults(self, node: ast.expr | None, program: n.Program | None) -> frozenset[str]:
        faults = {} if node is None else self.groups.faults(node)
        for name, place in faults.items():
            if program is not None and name not in program.faults:
                self._note(place, "S005", f"the model has no fault `{name}`", did_you_mean(name, program.faults))
        return frozenset(faults)

    def _engine(self, node: ast.expr | None) -> str:
        name = "explore" if node is None else node.value if isinstance(node, ast.Constant) else None
        if node is not None and name not in ENGINES:
            self._note(node, "S006", f"there is no engine {written(node)}", did_you_mean(str(name), ENGINES))
        return str(name)

    def _properties(
        self, node: ast.expr | None, program: n.Program | None, faults: frozenset[str]
    ) -> tuple[str, ...] | None:
        found = self.groups.visible()
        if node is None:
            return None if program is None else tuple(name for name, p in found.items() if _fits(p, program))
        before = len(self.decls.reporter.found)
        chosen = self.groups.properties(node)
        found |= fires.claims(self.decls)
        for name, place in chosen.items():
            if program is None or name not in found:
                continue
            if found[name].kind is n.PropertyKind.FIRES:
                wrong = fires.misfit(found[name], program, faults)
                if wrong is not None:
                    self._note(place, fires.CODE, *wrong)
            elif not _fits(found[name], program):
                help_ = "import the state class of the model that is checked"
                self._note(place, "S011", f"`{name}` is about another state", help_)
        return tuple(chosen) if len(self.decls.reporter.found) == before else None

    def _terminal(self, node: ast.expr | None, program: n.Program | None) -> str | None:
        if node is None or program is None:
            return None
        right = [name for name in self.decls.scope.names if _is_predicate(_predicate(name, self.decls), program)]
        text = written(node)
        if text in right:
            return text
        entity = self.decls.scope.names.get(text)
        if not isinstance(entity, Broken):
            help_ = did_you_mean(text, right) if right else "name a helper `def done(s: State) -> bool`"
            if isinstance(node, ast.Constant) and node.value in {None, False}:
                help_ = "leave it out: without `terminal=`, states without steps are no mistake"
            elif isinstance(node, ast.Constant) and node.value is True:
                help_ = "leave it out: any state may be without steps then"
            self._note(node, "S002", "terminal= names a predicate of the state", help_)
        return None

    def _expect(
        self, node: ast.expr | None, properties: tuple[str, ...] | None, engine: str
    ) -> c.Expectation | None:  # fmt: skip
        if node is None:
            help_ = "write `expect=Holds()`, or what you expect"
            self._note(self.call, "S001", "this check has no expected verdict", help_)
            return None
        verdicts = Verdicts(self.groups)
        expect = verdicts.read(node)
        if expect is not None and properties is not None:
            has_terminal = any(k.arg == "terminal" for k in self.call.keywords)
            verdicts.refuse_impossible(node, expect, properties, terminal=has_terminal, engine=engine)
        return expect


def _fits(p: n.Property, program: n.Program) -> bool:
    return p.function.params[0].type == program.state


def _predicate(name: str | None, decls: Declarations) -> n.Function | None:
    entity = decls.scope.names.get(name or "")
    f = entity.lowered if isinstance(entity, FunctionName) else None
    if isinstance(f, n.Property):
        f = f.function
    return f if isinstance(f, n.Function) else None


def _is_predicate(f: n.Function | None, program: n.Program) -> bool:
    return f is not None and f.result == BOOL and [p.type for p in f.params] == [program.state]
