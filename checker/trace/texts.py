"""What of an accepted file runs in replay?  All of a model's, constants given from outside; a spec's definitions.

Rule of the module: it is the text of the file, less what is no use at run time (imports, which the loader binds;
signatures; a spec's checks and decorators).  What Python compiles it to is kept from one run to the next.
"""

from __future__ import annotations

import functools
import marshal
import sys
import types
from typing import TYPE_CHECKING, Final

import attrs

from interlock.checker import cache
from interlock.checker.ir.nodes import Module

if TYPE_CHECKING:
    import ast

CONSTANT: Final = "__interlock_constant__"  # gives the value of an overridden constant, by its name
OVERRIDDEN: Final = "__interlock_overridden__"  # says whether one is

_ABOUT: Final = "python 1"
_FILES: Final = 512  # the checks of a spec run the same files


@attrs.frozen
class Import:
    """`import a.b as c` (`of` None), or `from ..a import b as c`: where from (with its level), and what is called how."""

    of: str | None
    level: int
    names: tuple[tuple[str, str | None], ...]


@attrs.frozen
class Text:
    """An accepted file, ready to run: what it imports, and the rest."""

    imports: tuple[Import, ...]
    code: types.CodeType


@functools.lru_cache(_FILES)
def compiled(module: Module, *, definitions: bool) -> Text:
    """A file, whose constants are given from outside where they are overridden; or the definitions of a spec file."""
    place = cache.key(_ABOUT, cache.checker(), sys.version, module.path, module.source, str(definitions))
    data = cache.usual().load(place)
    if data is not None:
        imports, code = marshal.loads(data)  # noqa: S302 - of the user's own folder, and checked: see `cache`
        return Text(tuple(Import(*i) for i in imports), code)
    text = _made(module, definitions=definitions)
    cache.usual().store(place, marshal.dumps((tuple(attrs.astuple(i, recurse=False) for i in text.imports), text.code)))
    return text


def _made(module: Module, *, definitions: bool) -> Text:
    import ast  # noqa: PLC0415 - most runs need none of it

    tree = ast.parse(module.source, module.path)
    imported = [s for s in tree.body if isinstance(s, (ast.Import, ast.ImportFrom))]
    body: list[ast.stmt]
    if definitions:
        body = [s for s in tree.body if isinstance(s, (ast.FunctionDef, ast.ClassDef, ast.Assign, ast.AnnAssign))]
        for s in body:
            if isinstance(s, ast.FunctionDef):
                s.decorator_list = []
    else:
        body = [_replaceable(s) for s in tree.body if s not in imported]
    for s in body:
        if isinstance(s, ast.FunctionDef):
            _unannotate(s)
    code = compile(ast.Module(body, []), module.path, "exec", dont_inherit=True)
    return Text(tuple(map(_import, imported)), code)


def _import(s: ast.Import | ast.ImportFrom) -> Import:
    import ast  # noqa: PLC0415

    names = tuple((alias.name, alias.asname) for alias in s.names)
    return Import(s.module or "", s.level, names) if isinstance(s, ast.ImportFrom) else Import(None, 0, names)


def _unannotate(function: ast.FunctionDef) -> None:
    """Signatures mean nothing at run time (and a spec's may name models that are not loaded)."""
    function.returns = None
    for a in (*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs):
        a.annotation = None


def _replaceable(statement: ast.stmt) -> ast.stmt:
    """`N: Final = 3` as `N: Final = constant("N") if overridden("N") else 3`, so that one text serves all constants."""
    import ast  # noqa: PLC0415

    if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name) and statement.value is not None:
        asked, given = (
            ast.Call(ast.Name(name, ast.Load()), [ast.Constant(statement.target.id)], [])
            for name in (OVERRIDDEN, CONSTANT)
        )
        chosen = ast.IfExp(asked, given, statement.value)
        for node in (chosen, asked, given, asked.func, given.func, *asked.args, *given.args):
            ast.copy_location(node, statement.value)
        statement.value = chosen
    return statement
