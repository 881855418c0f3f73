"""Which verdict does `expect=` name?

Rule of the module: what the author wrote is kept; the one thing refused beyond its form is a verdict
that the check could never have.
"""

from __future__ import annotations

import ast
from collections.abc import Collection
from typing import Final

import attrs

from checker.diagnostics import did_you_mean
from checker.frontend.arguments import count
from checker.frontend.groups import Groups
from checker.frontend.scope import LangName, written
from checker.ir import claims as c

# The names that a verdict takes: in order, then by name.
_TAKES: Final[dict[str, tuple[int, tuple[str, ...], str]]] = {
    "Holds": (0, ("distinct", "depth", "transitions"), "Holds()"),
    "Proved": (0, ("k",), "Proved()"),
    "NoneWithin": (1, (), "NoneWithin(20)"),
    "NoneSampled": (1, (), "NoneSampled(1000)"),
    "Violated": (1, ("steps", "distinct"), "Violated(property, steps=3)"),
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
        numbers: dict[str, int | None] = {}
        whole = True
        for k in node.keywords:
            if k.arg in allowed:
                numbers[str(k.arg)] = count(self.groups.decls, k.value, "S007")
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
        if not whole or first is None or None in numbers.values():
            return None
        return _made(name, first, {k: v for k, v in numbers.items() if v is not None})

    def _violated(self, node: ast.expr) -> str | None:
        entity = self._entity(node)
        if isinstance(entity, LangName) and entity.name in _TROUBLES:
            return entity.name.replace("_", " ")
        return self.groups.property(node, *_TROUBLES)

    def refuse_impossible(
        self, node: ast.expr, expect: c.Expectation, checked: Collection[str], *, terminal: bool
    ) -> None:
        """Note a violation that this check could not find, since it does not look for it."""
        if not isinstance(expect, c.ExpectViolated):
            return
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


def _made(name: str, first: int | str, numbers: dict[str, int]) -> c.Expectation:
    match name, first:
        case "Holds", _:
            return c.ExpectHolds(**numbers)
        case "Proved", _:
            return c.ExpectProved(**numbers)
        case "NoneWithin", int():
            return c.ExpectNoneWithin(first)
        case "NoneSampled", int():
            return c.ExpectNoneSampled(first)
        case "Violated", str():
            return c.ExpectViolated(first, **numbers)
    return c.ExpectUnknown()
