"""Which verdict does `expect=` name?

Rule of the module: what the author wrote is kept; the one thing refused beyond its form is a verdict
that the check could never have.
"""

from __future__ import annotations

import ast
from collections.abc import Collection
from typing import Any, Final

import attrs

from interlock.checker.diagnostics import did_you_mean
from interlock.checker.frontend.arguments import count
from interlock.checker.frontend.groups import Groups
from interlock.checker.frontend.scope import LangName, written
from interlock.checker.ir import claims as c
from interlock.checker.ir.nodes import PropertyKind

_KINDS: Final = {kind.value: kind for kind in c.Kind}
_TROUBLES: Final = {"deadlock": c.Trouble.DEADLOCK, "model_error": c.Trouble.MODEL_ERROR}


@attrs.frozen(eq=False)
class Verdicts:
    """Reads the expected verdict of one check."""

    groups: Groups

    def read(self, node: ast.expr) -> c.Expectation | None:
        """The expectation, or None after a note of each mistake in it."""
        call = node if isinstance(node, ast.Call) else None
        entity = self._entity(node if call is None else call.func)
        name = entity.name if isinstance(entity, LangName) else ""
        if name not in _KINDS:
            text = written(node if call is None else call.func)
            self._note(node, "this is not a verdict", did_you_mean(text, _KINDS))
            return None
        kind = _KINDS[name]
        if call is None:
            self._note(node, "this is not a verdict", f"write `{c.FORMS[kind].example}`")
            return None
        return self._call(kind, call)

    def _call(self, kind: c.Kind, node: ast.Call) -> c.Expectation | None:
        form = c.FORMS[kind]
        said: dict[str, Any] = {}
        whole = True
        for k in node.keywords:
            if k.arg in form.by_name:
                said[str(k.arg)] = self._said(form.by_name[str(k.arg)], str(k.arg), k.value)
            else:
                help_ = did_you_mean(k.arg or "", form.by_name) if form.by_name else f"write `{form.example}`"
                self._note(k, f"{kind.value} has no `{k.arg}`", help_)
                whole = False
        wants = len(form.in_order)
        if len(node.args) != wants or any(isinstance(a, ast.Starred) for a in node.args):
            self._note(node, f"{kind.value} takes {wants} argument in order", f"write `{form.example}`")
            return None
        for (name, what), argument in zip(form.in_order.items(), node.args, strict=True):
            said[name] = self._said(what, name, argument)
        if not whole or None in said.values():
            return None
        numbers = {name: value for name, value in said.items() if name in form.numbers}
        of = {what: said[name] for name, what in (*form.in_order.items(), *form.by_name.items()) if name in said}
        trouble, property_ = of.get(c.Said.WRONG, (c.Trouble.PROPERTY, None))
        return c.Expectation(kind, numbers, trouble, property_, of.get(c.Said.FIRST, False), of.get(c.Said.LENGTHS, {}))

    def _said(self, what: c.Said, name: str, node: ast.expr) -> Any:
        """What a verdict is given; None after a note of what it is instead."""
        match what:
            case c.Said.NUMBER:
                return count(self.groups.decls, node, "S007")
            case c.Said.WRONG:
                return self._violated(node)
            case c.Said.LENGTHS:
                return self._lengths(node)
            case c.Said.FIRST:
                return self._flag(node, name)

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
        if kind in (None, PropertyKind.REACHABLE, PropertyKind.FIRES):
            return name
        message = f"`{name}` has no witness: only a `@reachable` property has one"
        self._note(node, message, "leave it out")
        return None

    def _violated(self, node: ast.expr) -> tuple[c.Trouble, str | None] | None:
        """What is expected to be violated: the trouble, and which property where it is one."""
        entity = self._entity(node)
        if isinstance(entity, LangName) and entity.name in _TROUBLES:
            return _TROUBLES[entity.name], None
        name = self.groups.property(node, *_TROUBLES)
        return None if name is None else (c.Trouble.PROPERTY, name)

    def refuse_impossible(
        self, node: ast.expr, expect: c.Expectation, checked: Collection[str], *, terminal: bool, engine: str
    ) -> None:
        """Note what this check could not find, since it does not look for it; and a stop where its engine always does."""
        for name in expect.witnesses:
            if name not in checked:
                message = f"`{name}` is not among the properties of this check"
                self._note(node, message, "name it in `properties=` too", "S013")
        if expect.kind is not c.Kind.VIOLATED:
            return
        if expect.first and engine != "explore":
            message = f"the engine {engine} ends at the first violation in any case"
            self._note(node, message, "leave out `first=True`")
        if expect.trouble is c.Trouble.DEADLOCK and not terminal:
            help_ = "say which states may be the last: `terminal=done`"
            self._note(node, "without `terminal=` no deadlock is looked for", help_, "S013")
        elif expect.trouble is c.Trouble.PROPERTY and expect.property not in checked:
            message = f"`{expect.property}` is not among the properties of this check"
            self._note(node, message, "name it in `properties=` too", "S013")

    def _entity(self, node: ast.expr) -> object:
        return self.groups.decls.scope.names.get(node.id) if isinstance(node, ast.Name) else None

    def _note(self, node: ast.AST, message: str, help_: str, code: str = "S007") -> None:
        self.groups.decls.note(node, code, message, help_)
