"""Which verdict does `expect=` name?

Rule of the module: what the author wrote is kept; the one thing refused beyond its form is a verdict
that the check could never have.
"""

from __future__ import annotations

import ast
from collections.abc import Collection
from typing import Any, Final

import attrs

from checker.diagnostics import did_you_mean
from checker.frontend.arguments import count
from checker.frontend.groups import Groups
from checker.frontend.scope import LangName, written
from checker.ir import claims as c
from checker.ir.nodes import PropertyKind

# The names that a verdict takes: in order, then by name.
_TAKES: Final[dict[str, tuple[int, tuple[str, ...], str]]] = {
    "Holds": (0, ("distinct", "depth", "transitions", "steps"), "Holds()"),
    "Proved": (0, ("k",), "Proved()"),
    "NoneWithin": (1, (), "NoneWithin(20)"),
    "NoneSampled": (1, (), "NoneSampled(1000)"),
    "Violated": (1, ("steps", "distinct", "first"), "Violated(property, steps=3)"),
    "Unknown": (0, (), "Unknown()"),
}
_TROUBLES: Final = {"deadlock", "model_error"}


@attrs.frozen(eq=False)
class Verdicts:
    """Reads the expected verdict of one check."""

    groups: Groups

    def read(self, node: ast.expr) -> c.Expectation | None:
        """The expectation, or None after a note of each mistake in it."""
        call = node if isinstance(node, ast.Call) else None
        entity = self._entity(node if call is None else call.func)
        name = entity.name if isinstance(entity, LangName) else ""
        if name not in _TAKES:
            text = written(node if call is None else call.func)
            self._note(node, "this is not a verdict", did_you_mean(text, _TAKES))
            return None
        if call is None:
            self._note(node, "this is not a verdict", f"write `{_TAKES[name][2]}`")
            return None
        return self._call(name, call)

    def _call(self, name: str, node: ast.Call) -> c.Expectation | None:
        wants, allowed, example = _TAKES[name]
        said: dict[str, Any] = {}
        whole = True
        for k in node.keywords:
            if k.arg in allowed:
                said[str(k.arg)] = self._said(name, str(k.arg), k.value)
            else:
                help_ = did_you_mean(k.arg or "", allowed) if allowed else f"write `{example}`"
                self._note(k, f"{name} has no `{k.arg}`", help_)
                whole = False
        if len(node.args) != wants or any(isinstance(a, ast.Starred) for a in node.args):
            self._note(node, f"{name} takes {wants} argument in order", f"write `{example}`")
            return None
        first: int | str | None = 0
        if name == "Violated":
            first = self._violated(node.args[0])
        elif wants:
            first = count(self.groups.decls, node.args[0], "S007")
        if not whole or first is None or None in said.values():
            return None
        return _made(name, first, said)

    def _said(self, name: str, keyword: str, node: ast.expr) -> Any:
        """What a verdict is given by name: a number, but for two; None after a note of what it is instead."""
        match name, keyword:
            case "Violated", "first":
                return self._flag(node, keyword)
            case "Holds", "steps":
                return self._lengths(node)
        return count(self.groups.decls, node, "S007")

    def _flag(self, node: ast.expr, keyword: str) -> bool | None:
        if isinstance(node, ast.Constant) and isinstance(node.value, bool):
            return node.value
        self._note(node, f"`{keyword}` is True or False", f"write `{keyword}=True`")
        return None

    def _lengths(self, node: ast.expr) -> dict[str, int] | None:
        """How many steps the shortest witness of a property has, by its name."""
        if not isinstance(node, ast.Dict):
            self._note(node, "`steps` of Holds is a dict", "write `Holds(steps={arrives: 4})`")
            return None
        found: dict[str, int] = {}
        whole = True
        for key, value in zip(node.keys, node.values, strict=True):
            if key is None:
                self._note(value, "`steps` of Holds is written out", "write each property: `{arrives: 4}`")
                whole = False
                continue
            name, length = self._witnessed(key), count(self.groups.decls, value, "S007")
            if name in found:
                self._note(key, f"`{name}` is given twice", "give it once")
            if name is None or length is None or name in found:
                whole = False
            else:
                found[name] = length
        return found if whole else None

    def _witnessed(self, node: ast.expr) -> str | None:
        name = self.groups.property(node)
        kind = None if name is None else self.groups.visible()[name].kind
        if kind in (None, PropertyKind.REACHABLE):
            return name
        message = f"`{name}` has no witness: only a `@reachable` property has one"
        self._note(node, message, "leave it out")
        return None

    def _violated(self, node: ast.expr) -> str | None:
        entity = self._entity(node)
        if isinstance(entity, LangName) and entity.name in _TROUBLES:
            return entity.name.replace("_", " ")
        return self.groups.property(node, *_TROUBLES)

    def refuse_impossible(
        self, node: ast.expr, expect: c.Expectation, checked: Collection[str], *, terminal: bool, engine: str
    ) -> None:
        """Note what this check could not find, since it does not look for it; and a stop where its engine always does."""
        if isinstance(expect, c.ExpectHolds):
            for name in expect.steps or ():
                if name not in checked:
                    message = f"`{name}` is not among the properties of this check"
                    self._note(node, message, "name it in `properties=` too", "S013")
        if not isinstance(expect, c.ExpectViolated):
            return
        if expect.first and engine != "explore":
            message = f"the engine {engine} ends at the first violation in any case"
            self._note(node, message, "leave out `first=True`")
        if expect.property == "deadlock" and not terminal:
            help_ = "say which states may be the last: `terminal=done`"
            self._note(node, "without `terminal=` no deadlock is looked for", help_, "S013")
        elif expect.property not in {"deadlock", "model error", *checked}:
            message = f"`{expect.property}` is not among the properties of this check"
            self._note(node, message, "name it in `properties=` too", "S013")

    def _entity(self, node: ast.expr) -> object:
        return self.groups.decls.scope.names.get(node.id) if isinstance(node, ast.Name) else None

    def _note(self, node: ast.AST, message: str, help_: str, code: str = "S007") -> None:
        self.groups.decls.note(node, code, message, help_)


def _made(name: str, first: int | str, said: dict[str, Any]) -> c.Expectation:
    match name, first:
        case "Holds", _:
            return c.ExpectHolds(**said)
        case "Proved", _:
            return c.ExpectProved(**said)
        case "NoneWithin", int():
            return c.ExpectNoneWithin(first)
        case "NoneSampled", int():
            return c.ExpectNoneSampled(first)
        case "Violated", str():
            return c.ExpectViolated(first, **said)
    return c.ExpectUnknown()
