"""What does a spec file claim?

Rule of the module: `check(...)` calls are read from the tree, never executed; each names its model,
its constants and its expected verdict with literals and names alone.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from pathlib import Path
from typing import Final, NoReturn

import attrs

from checker.diagnostics import Diagnostic, InputError, Span, did_you_mean
from checker.frontend import search
from checker.frontend.declarations import Declarations
from checker.frontend.load import Loader, Sources
from checker.frontend.scope import FunctionName, LangName, ModuleName, Refused, TypeName, written
from checker.ir import claims as c
from checker.ir import nodes as n
from checker.ir.types import BOOL, IntT

ENGINES: Final = ("explore", "simulate", "bmc", "induction")
_NUMBERS: Final = ("seed", "walks", "steps", "depth", "states")
_ARGUMENTS: Final = (
    "name", "model", "constants", "faults", "engine", "properties", "terminal", "expect", "slow", *_NUMBERS
)  # fmt: skip


@attrs.define(eq=False)
class SpecReader:
    """Reads the checks of one spec file."""

    path: Path
    sources: Sources = attrs.field(factory=Sources)

    def read(self) -> c.Spec:
        """The spec.  Raises InputError with every mistake of the file and its models."""
        plain = Loader(self.sources, {})
        name = self.path.stem
        decls = plain.module(self.path, name, is_spec=True)
        found: dict[tuple[str, str, Span], Diagnostic] = dict(plain.reporter.found)
        self._refuse_namesakes(decls, plain)
        found.update(plain.reporter.found)
        checks: list[c.Check] = []
        seen: dict[str, ast.Call] = {}
        for call in decls.checks:
            try:
                check = _CheckReader(self, decls, call).read()
                if check.name in seen:
                    decls.note(
                        call, "S009", f'a check named "{check.name}" stands above', "give each check its own name"
                    )
                    found.update(plain.reporter.found)
                seen[check.name] = call
                checks.append(check)
            except Refused:
                found.update(plain.reporter.found)
            except InputError as problem:
                found.update({(d.code, d.message, d.span): d for d in problem.diagnostics})
        if not decls.checks and not found:
            at = Span(decls.source.path, 1, 0, 1, 1)
            d = Diagnostic("S008", "this spec has no check", at, 'write `check("name", model, expect=Holds())`')
            found[d.code, d.message, d.span] = d
        if found:
            raise InputError(list(found.values()))
        module = n.Module(name, decls.source.path, decls.source.text)
        return c.Spec(decls.source.path, module, ast.get_docstring(decls.source.tree) or "", tuple(checks))

    def _refuse_namesakes(self, decls: Declarations, loader: Loader) -> None:
        others = {name for d in loader.modules.values() if d is not decls for name in d.scope.defined}
        for name, node in decls.scope.defined.items():
            entity = decls.scope.names.get(name)
            if isinstance(node, ast.ClassDef) and isinstance(entity, TypeName) and name in others:
                decls.note(
                    node, "M102", f"class `{name}` is defined in a model too", "import that one, or choose another name"
                )


@attrs.define(eq=False)
class _CheckReader:
    """Reads one `check(...)` call."""

    spec: SpecReader
    decls: Declarations
    call: ast.Call

    def fail(self, node: ast.AST, code: str, message: str, help_: str) -> NoReturn:
        self.decls.fail(node, code, message, help_)

    def read(self) -> c.Check:
        given = self._arguments()
        name = self._text(given, "name")
        constants = self._constants(given.get("constants"))
        model = self._model(given)
        expect_node = given.get("expect")
        if expect_node is None:
            self.fail(
                self.call, "S001", "this check has no expected verdict", "write `expect=Holds()`, or what you expect"
            )
        loader = Loader(self.spec.sources, {k: v for k, (v, _) in constants.items()})
        decls = loader.module(self.spec.path, self.decls.scope.name, is_spec=True)
        model_decls = next(d for d in loader.modules.values() if d.scope.name == model)
        program = loader.program(model_decls, self.decls.source.span(self.call))
        return c.Check(
            name, program, {k: text for k, (_, text) in constants.items()},
            self._faults(given.get("faults"), program), self._engine(given.get("engine")),
            self._properties(given.get("properties"), decls, program), self._terminal(given.get("terminal"), decls, program),
            self._expect(expect_node, decls), self._numbers(given), self._flag(given.get("slow")),
            self.decls.source.span(self.call), loader.helpers(),
        )  # fmt: skip

    def _arguments(self) -> dict[str, ast.expr]:
        given: dict[str, ast.expr] = {}
        for name, value in zip(_ARGUMENTS, self.call.args[:3], strict=False):
            given[name] = value
        if len(self.call.args) > 3 or any(isinstance(a, ast.Starred) for a in self.call.args):
            self.fail(self.call, "S001", "too many arguments in order", "name, model, constants; the others by name")
        for k in self.call.keywords:
            if k.arg is None or k.arg not in _ARGUMENTS:
                self.fail(k.value, "S001", f"check has no argument `{k.arg}`", did_you_mean(k.arg or "", _ARGUMENTS))
            if k.arg in given:
                self.fail(k.value, "S001", f"`{k.arg}` is given twice", "give it once")
            given[k.arg] = k.value
        return given

    def _text(self, given: Mapping[str, ast.expr], what: str) -> str:
        node = given.get(what)
        if (
            isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and node.value.strip()
            and node.value.isprintable()
        ):
            return node.value
        self.fail(
            node or self.call, "S001", f"a check needs its {what} as text", 'write `check("two chains", model, ...)`'
        )

    def _model(self, given: Mapping[str, ast.expr]) -> str:
        node = given.get("model")
        entity = self.decls.scope.names.get(node.id) if isinstance(node, ast.Name) else None
        if isinstance(entity, ModuleName):
            return entity.scope.name
        help_ = 'import the model\'s module and name it: `import toy`, `check("...", toy, ...)`'
        self.fail(node or self.call, "S010", "the second argument is not a model", help_)

    def _constants(self, node: ast.expr | None) -> dict[str, tuple[n.Const, str]]:
        if node is None:
            return {}
        if not isinstance(node, ast.Dict):
            self.fail(node, "S001", "constants are given as a dict", 'write `{"CHAINS": 3}`')
        out = {}
        for key, value in zip(node.keys, node.values, strict=True):
            if not isinstance(key, ast.Constant) or not isinstance(key.value, str):
                self.fail(key or node, "S001", "a constant is named by its text", 'write `{"CHAINS": 3}`')
            if key.value in out:
                self.fail(key, "S001", f"constant `{key.value}` is given twice", "give it once")
            out[key.value] = (self.decls.constant(value), written(value))
        return out

    def _faults(self, node: ast.expr | None, program: n.Program) -> frozenset[str]:
        if node is None:
            return frozenset()
        shape = 'write `faults={"equivocate"}`'
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and not node.args and not node.keywords:
            return frozenset()
        if not isinstance(node, ast.Set):
            self.fail(node, "S001", "faults are given as a set of names", shape)
        names = set()
        for item in node.elts:
            if not isinstance(item, ast.Constant) or not isinstance(item.value, str):
                self.fail(item, "S001", "a fault is named by its text", shape)
            if item.value not in program.faults:
                self.fail(
                    item, "S005", f"the model has no fault `{item.value}`", did_you_mean(item.value, program.faults)
                )
            names.add(item.value)
        return frozenset(names)

    def _engine(self, node: ast.expr | None) -> str:
        if node is None:
            return "explore"
        name = node.value if isinstance(node, ast.Constant) else None
        if name not in ENGINES:
            self.fail(node, "S006", f"there is no engine {written(node)}", did_you_mean(str(name), ENGINES))
        return str(name)

    def _visible(self, decls: Declarations) -> dict[str, n.Property]:
        return {
            name: e.lowered
            for name, e in decls.scope.names.items()
            if isinstance(e, FunctionName) and isinstance(e.lowered, n.Property)
        }

    def _properties(self, node: ast.expr | None, decls: Declarations, program: n.Program) -> tuple[n.Property, ...]:
        visible = self._visible(decls)
        if node is None:
            chosen = [p for p in visible.values() if self._fits(p, program)]
        else:
            items = node.elts if isinstance(node, (ast.Tuple, ast.List)) else [node]
            chosen = [self._property(i, visible) for i in items]
            for p, item in zip(chosen, items, strict=True):
                if not self._fits(p, program):
                    help_ = "import the state class of the model that is checked"
                    self.fail(item, "S011", f"`{p.name}` is about another state", help_)
        return tuple(chosen)

    def _fits(self, p: n.Property, program: n.Program) -> bool:
        return p.function.params[0].type == program.state

    def _property(self, node: ast.expr, visible: Mapping[str, n.Property]) -> n.Property:
        if isinstance(node, ast.Name) and node.id in visible:
            return visible[node.id]
        text = written(node)
        self.fail(node, "S002", f"there is no property `{text}`", did_you_mean(text, visible))

    def _terminal(self, node: ast.expr | None, decls: Declarations, program: n.Program) -> n.Function | None:
        if node is None:
            return None
        entity = decls.scope.names.get(node.id) if isinstance(node, ast.Name) else None
        f = entity.lowered if isinstance(entity, FunctionName) else None
        if isinstance(f, n.Property):
            f = f.function
        if isinstance(f, n.Function) and f.result == BOOL and [p.type for p in f.params] == [program.state]:
            return f
        help_ = "name a helper `def done(s: State) -> bool`"
        self.fail(node, "S002", "terminal= names a predicate of the state", help_)

    def _numbers(self, given: Mapping[str, ast.expr]) -> dict[str, int]:
        return {name: self._count(given[name]) for name in _NUMBERS if name in given}

    def _count(self, node: ast.expr) -> int:
        e = self.decls.constant(node)
        if isinstance(e.type, IntT) and isinstance(e.value, int) and e.value >= 0:
            return e.value
        self.fail(node, "S001", "a number is needed here", "write a number from 0")

    def _flag(self, node: ast.expr | None) -> bool:
        if node is None:
            return False
        if isinstance(node, ast.Constant) and isinstance(node.value, bool):
            return node.value
        self.fail(node, "S001", "slow is True or False", "write `slow=True`")

    # --- the expected verdict ----------------------------------------------------------------------

    def _expect(self, node: ast.expr, decls: Declarations) -> c.Expectation:
        name = ""
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            entity = self.decls.scope.names.get(node.func.id)
            name = entity.name if isinstance(entity, LangName) else ""
        verdicts = ("Holds", "Proved", "NoneWithin", "NoneSampled", "Violated", "Unknown")
        if name not in verdicts or not isinstance(node, ast.Call):
            text = written(node.func) if isinstance(node, ast.Call) else written(node)
            self.fail(node, "S007", "this is not a verdict", did_you_mean(text, verdicts))
        allowed = {"Holds": ("distinct", "depth", "transitions"), "Proved": ("k",), "Violated": ("steps",)}.get(
            name, ()
        )
        numbers: dict[str, int] = {}
        for k in node.keywords:
            if k.arg not in allowed:
                self.fail(k.value, "S007", f"{name} has no `{k.arg}`", did_you_mean(k.arg or "", allowed))
            numbers[str(k.arg)] = self._count(k.value)
        wants = 1 if name in {"NoneWithin", "NoneSampled", "Violated"} else 0
        if len(node.args) != wants:
            help_ = {
                "Violated": "`Violated(property, steps=3)`",
                "NoneWithin": "`NoneWithin(20)`",
                "NoneSampled": "`NoneSampled(1000)`",
            }
            self.fail(
                node, "S007", f"{name} takes {wants} argument in order", f"write {help_.get(name, f'`{name}()`')}"
            )
        match name:
            case "Holds":
                return c.ExpectHolds(**numbers)
            case "Proved":
                return c.ExpectProved(**numbers)
            case "NoneWithin":
                return c.ExpectNoneWithin(self._count(node.args[0]))
            case "NoneSampled":
                return c.ExpectNoneSampled(self._count(node.args[0]))
            case "Violated":
                return c.ExpectViolated(self._violated(node.args[0], decls), numbers.get("steps"))
        return c.ExpectUnknown()

    def _violated(self, node: ast.expr, decls: Declarations) -> str:
        entity = self.decls.scope.names.get(node.id) if isinstance(node, ast.Name) else None
        if isinstance(entity, LangName) and entity.name in {"deadlock", "model_error"}:
            return entity.name.replace("_", " ")
        return self._property(node, self._visible(decls)).name


def load_spec(path: Path) -> c.Spec:
    """Read a spec file and the models it checks.  Raises InputError with every mistake found."""
    return SpecReader(path).read()


def load_model(path: Path, constants: Mapping[str, n.Const] | None = None) -> n.Program:
    """Read a model file.  Raises InputError with every mistake found."""
    loader = Loader(Sources(), constants or {})
    decls = loader.module(path, _dotted(path))
    loader.packages(path, _dotted(path))
    loader.raise_if_refused()
    return loader.program(decls)


def _dotted(path: Path) -> str:
    """The module name of a file: from the folder above its outermost package, `model` or none."""
    shown = Path(search.shown(path))
    parts = (*shown.parts[:-1], shown.stem)
    return ".".join(parts[parts.index("model") :]) if "model" in parts else shown.stem
