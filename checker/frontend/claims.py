"""What does a document claim, and which checks decide it?

Rule of the module: `claim(...)` calls are read from the tree, never executed; a finding is the
author's judgement, and what is checked is that it names checks of the same file.
"""

from __future__ import annotations

import ast
from collections.abc import Collection
from typing import Final

from interlock.checker.diagnostics import did_you_mean
from interlock.checker.frontend.arguments import Arguments
from interlock.checker.frontend.declarations import Declarations
from interlock.checker.frontend.scope import LangName, written
from interlock.checker.ir.claims import FINDINGS, Claim

_NAMES: Final = ("id", "source", "says", "finding", "decided_by", "because")
_EXAMPLES: Final = {
    "id": '`claim("B1", ...)`',
    "source": '`source="the document, its section"`',
    "says": '`says="what the document claims"`',
    "because": '`because="why the finding is fair"`',
}


def read(decls: Declarations, call: ast.Call, checks: Collection[str]) -> Claim | None:
    """One claim, or None after a note of each mistake in it; `checks` are the names of the file's checks."""
    arguments = Arguments(decls, call, "a claim", "S014").read(_NAMES, 1)
    name = arguments.word("id", _EXAMPLES["id"])
    texts = {what: arguments.prose(what, _EXAMPLES[what]) for what in ("source", "says", "because")}
    finding = _finding(arguments)
    decided_by = _decided_by(arguments, checks)
    if name is None or finding is None or decided_by is None:
        return None
    source, says, because = texts["source"], texts["says"], texts["because"]
    if source is None or says is None or because is None:
        return None
    return Claim(name, source, says, finding, decided_by, because, decls.source.span(call))


def _finding(arguments: Arguments) -> str | None:
    decls, node = arguments.decls, arguments.given.get("finding")
    help_ = f"write `finding=Finding.{FINDINGS[0]}`, or another of its members"
    if node is None:
        arguments.note(arguments.call, "a claim needs its finding", help_)
        return None
    match node:
        case ast.Attribute(value=ast.Name(id=name), attr=word) if _is_finding(decls, name):
            if word in FINDINGS:
                return word
            decls.note(node, "S016", f"there is no finding `{word}`", did_you_mean(word, FINDINGS))
        case _:
            if "Finding" not in decls.scope.names:
                help_ = f"{help_}; import it: `from interlock import Finding`"
            decls.note(node, "S016", f"`{written(node)}` is not a finding", help_)
    return None


def _is_finding(decls: Declarations, name: str) -> bool:
    entity = decls.scope.names.get(name)
    return isinstance(entity, LangName) and entity.name == "Finding"


def _decided_by(arguments: Arguments, checks: Collection[str]) -> tuple[str, ...] | None:
    node = arguments.given.get("decided_by")
    help_ = 'name checks of this file: `decided_by=("two chains",)`'
    if node is None:
        arguments.note(arguments.call, "a claim needs the checks that decide it", help_)
        return None
    if not isinstance(node, ast.Tuple):
        arguments.note(node, "decided_by is a tuple of names of checks", help_)
        return None
    if not node.elts:
        arguments.note(node, "decided_by names no check", help_)
        return None
    names: list[str] = []
    for item in node.elts:
        if not isinstance(item, ast.Constant) or not isinstance(item.value, str):
            arguments.note(item, "a check is named by its text", help_)
        elif item.value not in checks:
            text = f'there is no check "{item.value}" in this file'
            arguments.decls.note(item, "S015", text, did_you_mean(item.value, checks))
        elif item.value in names:
            arguments.note(item, f'"{item.value}" is given twice', "give it once")
        else:
            names.append(item.value)
    return tuple(names) if len(names) == len(node.elts) else None
