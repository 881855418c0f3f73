"""Which properties, faults and constants do the names in a check stand for?

Rule of the module: a group is a display of literals and names, `(a, *B)`, `{"x"} | B` or `{**B, "N": 2}`.
It is read from the tree and never executed; a mistake in it is noted once, where it is written, and a
group names only what stands above it.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import Final, TypeVar

import attrs

from interlock.checker.diagnostics import did_you_mean
from interlock.checker.frontend import fires
from interlock.checker.frontend.constants import constant
from interlock.checker.frontend.declarations import Declarations
from interlock.checker.frontend.scope import Broken, FunctionName, GroupKind, GroupName, Refused, written
from interlock.checker.ir import nodes as n
from interlock.checker.ir.vocabulary import SETS

_T = TypeVar("_T")
_SHAPES: Final = {
    GroupKind.PROPERTIES: "write `properties=(first, second)`",
    GroupKind.FAULTS: 'write `faults={"equivocate"}`',
    GroupKind.CONSTANTS: 'write `{"CHAINS": 3}`',
}


@attrs.frozen
class Setting:
    """The value a check gives a constant: the value, its text, and where its name stands."""

    value: n.Const
    text: str
    key: ast.expr


@attrs.define
class Settings:
    """Constants by name; `complete` unless one of them was refused."""

    values: dict[str, Setting] = attrs.field(factory=dict)
    complete: bool = True


@attrs.define(eq=False)
class Groups:
    """The groups of one spec file, and the reader of their displays."""

    decls: Declarations
    _properties: dict[str, dict[str, ast.expr]] = attrs.field(factory=dict, init=False)
    _faults: dict[str, dict[str, ast.expr]] = attrs.field(factory=dict, init=False)
    _constants: dict[str, Settings] = attrs.field(factory=dict, init=False)
    _in_group: bool = attrs.field(default=False, init=False)

    def read_groups(self) -> None:
        """Read every group of the file, used or not."""
        self._in_group = True
        for name, entity in self.decls.scope.names.items():
            if isinstance(entity, GroupName):
                match entity.kind:
                    case GroupKind.PROPERTIES:
                        self._properties[name] = self.properties(entity.node)
                    case GroupKind.FAULTS:
                        self._faults[name] = self.faults(entity.node)
                    case GroupKind.CONSTANTS:
                        self._constants[name] = self.constants(entity.node)
        self._in_group = False

    # --- properties ------------------------------------------------------------------------------

    def visible(self) -> dict[str, n.Property]:
        """Every property that the file defines or imports, by name."""
        return visible(self.decls)

    def properties(self, node: ast.expr) -> dict[str, ast.expr]:
        """The names of properties, each with the item of this display that brings it."""
        if isinstance(node, ast.Name | ast.Call):
            if isinstance(node, ast.Name) and isinstance(self.decls.scope.names.get(node.id), GroupName):
                return dict.fromkeys(self._group(node, GroupKind.PROPERTIES, self._properties) or (), node)
            found = self.property(node, *self._properties)
            return {} if found is None else {found: node}
        if not isinstance(node, ast.Tuple):
            shape = _SHAPES[GroupKind.PROPERTIES]
            if isinstance(node, ast.List | ast.Set) and node.elts:
                shape = f"write `properties=({', '.join(map(written, node.elts))}{',' if len(node.elts) == 1 else ''})`"
            self._note(node, "S001", "properties are given as a tuple of their names", shape)
            return {}
        out: dict[str, ast.expr] = {}
        plain: set[str] = set()
        for item in node.elts:
            if isinstance(item, ast.Starred):
                for name in self._group(item.value, GroupKind.PROPERTIES, self._properties) or ():
                    out.setdefault(name, item)
                continue
            found = self.property(item)
            if found in plain:
                self._note(item, "S001", f"`{found}` is given twice", "give it once")
            elif found is not None:
                plain.add(found)
                out[found] = item
        return out

    def property(self, node: ast.expr, *others: str) -> str | None:
        """The name of one property; `others` are names that would be right here too."""
        text = written(node)
        if isinstance(node, ast.Call):
            return fires.name_of(self.decls, node)
        entity = self.decls.scope.names.get(node.id) if isinstance(node, ast.Name) else None
        if isinstance(entity, FunctionName) and isinstance(entity.lowered, n.Property):
            here = entity.module is self.decls.scope
            if self._in_group and here and entity.node.lineno > getattr(node, "lineno", 0):
                self._note(node, "S002", f"`{text}` is not defined yet", "move the group below it")
            return text
        if isinstance(entity, FunctionName):
            help_ = "write `@always`, `@step`, `@reachable` or `@recoverable` above it"
            self._note(node, "S002", f"`{text}` is no property", help_)
        elif isinstance(entity, GroupName) and entity.kind is GroupKind.PROPERTIES:
            self._note(node, "S002", f"`{text}` is a group of properties, not one", f"write `*{text}`")
        elif not isinstance(entity, Broken):
            self._note(node, "S002", f"there is no property `{text}`", did_you_mean(text, [*self.visible(), *others]))
        return None

    # --- faults ----------------------------------------------------------------------------------

    def faults(self, node: ast.expr) -> dict[str, ast.expr]:
        """The names of faults, each with the place where it is written."""
        match node:
            case ast.Name():
                return self._group(node, GroupKind.FAULTS, self._faults) or {}
            case ast.BinOp(op=ast.BitOr()):
                return self.faults(node.left) | self.faults(node.right)
            case ast.Call(func=ast.Name(id=name), args=[], keywords=[]) if name in SETS:
                return {}
            case ast.Set():
                out: dict[str, ast.expr] = {}
                for item in node.elts:
                    if isinstance(item, ast.Starred):
                        out |= self._group(item.value, GroupKind.FAULTS, self._faults) or {}
                    elif isinstance(item, ast.Constant) and isinstance(item.value, str):
                        out[item.value] = item
                    else:
                        self._note(item, "S001", "a fault is named by its text", _SHAPES[GroupKind.FAULTS])
                return out
        self._note(node, "S001", "faults are given as a set of names", _as_set(node))
        return {}

    # --- constants -------------------------------------------------------------------------------

    def constants(self, node: ast.expr) -> Settings:
        """The constants by name; across `**` what stands later wins."""
        shape = _SHAPES[GroupKind.CONSTANTS]
        if isinstance(node, ast.Name):
            return self._group(node, GroupKind.CONSTANTS, self._constants) or Settings(complete=False)
        if not isinstance(node, ast.Dict):
            merged = isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr)
            help_ = 'write `{**GROUP, "CHAINS": 3}`' if merged else shape
            self._note(node, "S001", "constants are given as a dict", help_)
            return Settings(complete=False)
        out = Settings()
        plain: set[str] = set()
        for key, value in zip(node.keys, node.values, strict=True):
            if key is None:
                group = self._group(value, GroupKind.CONSTANTS, self._constants) or Settings(complete=False)
                out.values.update(group.values)
                out.complete &= group.complete
            elif not isinstance(key, ast.Constant) or not isinstance(key.value, str):
                self._note(key, "S001", "a constant is named by its text", shape)
                out.complete = False
            elif key.value in plain:
                self._note(key, "S001", f"constant `{key.value}` is given twice", "give it once")
            else:
                plain.add(key.value)
                try:
                    out.values[key.value] = Setting(constant(self.decls, value), written(value), key)
                except Refused:
                    out.complete = False
        return out

    # --- names of groups -------------------------------------------------------------------------

    def _group(self, node: ast.expr, kind: GroupKind, found: Mapping[str, _T]) -> _T | None:
        text = written(node)
        if text in found:
            return found[text]
        entity = self.decls.scope.names.get(node.id) if isinstance(node, ast.Name) else None
        if isinstance(entity, GroupName) and entity.kind is kind:
            self._note(
                node,
                "S012",
                f"`{text}` is not defined yet",
                "a group names only what stands above it: move that one up",
            )
        elif isinstance(entity, GroupName):
            message = f"`{text}` is a group of {entity.kind.value}, not of {kind.value}"
            self._note(node, "S012", message, did_you_mean(text, found))
        elif not isinstance(entity, Broken):
            self._note(node, "S012", f"there is no group of {kind.value} `{text}`", did_you_mean(text, found))
        return None

    def _note(self, node: ast.AST, code: str, message: str, help_: str) -> None:
        self.decls.note(node, code, message, help_)


def _as_set(node: ast.expr) -> str:
    """How faults that are given otherwise are written."""
    items = node.elts if isinstance(node, ast.Tuple | ast.List) else [node]
    if items and all(isinstance(i, ast.Constant) and isinstance(i.value, str) for i in items):
        names = ", ".join(f'"{i.value!s}"' for i in items if isinstance(i, ast.Constant))
        return f"write `faults={{{names}}}`"
    return _SHAPES[GroupKind.FAULTS]


def visible(decls: Declarations) -> dict[str, n.Property]:
    """Every property that a module defines or imports, by name."""
    return {
        name: e.lowered
        for name, e in decls.scope.names.items()
        if isinstance(e, FunctionName) and isinstance(e.lowered, n.Property)
    }
