"""Which arguments does a call at the top of a spec give, and which of them are plain literals?

Rule of the module: every argument is read by itself, so that one mistake hides no other; a mistake is
noted at the argument and the reader answers None.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence

import attrs

from interlock.checker.diagnostics import did_you_mean
from interlock.checker.frontend.constants import constant
from interlock.checker.frontend.declarations import Declarations
from interlock.checker.frontend.scope import Refused
from interlock.checker.ir.types import IntT


@attrs.frozen(eq=False)
class Arguments:
    """The arguments of one call by name; `what` the call is, `code` the code of its mistakes."""

    decls: Declarations
    call: ast.Call
    what: str
    code: str
    given: dict[str, ast.expr] = attrs.field(factory=dict)

    def read(self, names: Sequence[str], in_order: int) -> Arguments:
        """Take the call apart; the first `in_order` names may be given without their name."""
        args = self.call.args
        if len(args) > in_order or any(isinstance(a, ast.Starred) for a in args):
            first = ", ".join(names[:in_order])
            self.note(self.call, f"too many arguments in order for {self.what}", f"{first}; the others by name")
        self.given.update(
            {n: a for n, a in zip(names, args[:in_order], strict=False) if not isinstance(a, ast.Starred)}
        )
        for k in self.call.keywords:
            if k.arg is None:
                self.note(k, "arguments are written out", f"write each by its name: `{names[-1]}=...`")
            elif k.arg not in names:
                self.note(_name(k, k.arg), f"{self.what} has no argument `{k.arg}`", did_you_mean(k.arg, names))
            elif k.arg in self.given:
                self.note(_name(k, k.arg), f"`{k.arg}` is given twice", "give it once")
            else:
                self.given[k.arg] = k.value
        return self

    def note(self, node: ast.AST, message: str, help_: str) -> None:
        """Record a mistake of this call and go on."""
        self.decls.note(node, self.code, message, help_)

    def word(self, name: str, example: str) -> str | None:
        """A name given as literal text, kept as it is written."""
        text = self._literal(name, example)
        if text is not None and not text.isprintable():
            self.note(self.given[name], f"`{name}` has characters that do not print", f"write {example}")
            return None
        return text

    def prose(self, name: str, example: str) -> str | None:
        """Sentences given as literal text; line breaks and runs of spaces count as one space."""
        text = self._literal(name, example)
        if text is None:
            return None
        text = " ".join(text.split())
        if not text.isprintable():
            self.note(self.given[name], f"`{name}` has characters that do not print", f"write {example}")
            return None
        return text

    def _literal(self, name: str, example: str) -> str | None:
        node = self.given.get(name)
        if node is None:
            self.note(self.call, f"{self.what} needs its `{name}`", f"write {example}")
        elif not isinstance(node, ast.Constant) or not isinstance(node.value, str):
            help_ = f"write {example}: quoted text, without names, `+` or f-strings; pieces side by side make one"
            self.note(node, f"{self.what} needs its `{name}` as text", help_)
        elif not node.value.strip():
            self.note(node, f"`{name}` is empty", f"write {example}")
        else:
            return node.value
        return None

    def flag(self, name: str) -> bool:
        """`True` or `False`; False when it is left out."""
        node = self.given.get(name)
        if node is None:
            return False
        if isinstance(node, ast.Constant) and isinstance(node.value, bool):
            return node.value
        self.note(node, f"`{name}` is True or False", f"write `{name}=True`")
        return False

    def count(self, name: str) -> int | None:
        """A number from 0."""
        return count(self.decls, self.given[name], self.code)


def count(decls: Declarations, node: ast.expr, code: str) -> int | None:
    """A number from 0, or None after a note of what it is instead."""
    try:
        e = constant(decls, node)
    except Refused:
        return None
    if isinstance(e.type, IntT) and isinstance(e.value, int) and e.value >= 0:
        return e.value
    decls.note(node, code, "a number is needed here", "write a number from 0")
    return None


def _name(k: ast.keyword, name: str) -> ast.AST:
    """The name of a keyword argument as a place in the text."""
    end = k.col_offset + len(name.encode())
    return ast.Name(name, ast.Load(), lineno=k.lineno, col_offset=k.col_offset, end_lineno=k.lineno, end_col_offset=end)
