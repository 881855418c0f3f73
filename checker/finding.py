"""Which spec files do paths name, and which of their checks are chosen?

Rule of the module: a file is read to see whether it is a spec, and never run.  A file that is named is taken as one;
of a folder those are taken that call `check(...)` or `claim(...)`.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from checker.diagnostics import Diagnostic, InputError, did_you_mean, mistake

if TYPE_CHECKING:
    from checker.ir.claims import Check, Spec

_CALLS: Final = {"check", "claim"}  # of a spec file
_SKIPPED: Final = {"__pycache__", "node_modules"}


def spec_files(paths: Sequence[Path]) -> list[Path]:
    """The spec files that the paths name.  Raises InputError C002."""
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            inside = [p for p in sorted(path.rglob("*.py")) if not _hidden(p.relative_to(path)) and is_spec(p)]
            if not inside:
                raise mistake("C002", f"there is no spec file under {path}", "a spec file calls `check(...)`")
            found.extend(inside)
        elif path.is_file():
            found.append(path)
        else:
            raise _no_path(path)
    return list(dict.fromkeys(found))


def _hidden(path: Path) -> bool:
    return any(part.startswith(".") or part in _SKIPPED for part in path.parts)


def _no_path(path: Path) -> InputError:
    if path.is_symlink():
        return mistake("C002", f"the link {path} leads to no file or folder", "make it point to one, or name that one")
    folder = path.parent
    near = [p.name for p in folder.iterdir() if p.suffix == ".py" or p.is_dir()] if folder.is_dir() else []
    return mistake("C002", f"there is no file or folder {path}", did_you_mean(path.name, near))


def is_spec(path: Path) -> bool:
    """Whether a file calls `check(...)` or `claim(...)` at its top level; read, never run."""
    try:
        text = path.read_text(encoding="utf-8")
        if not any(f"{name}(" in text for name in _CALLS) or "model.lang" not in text:
            return False
        return any(_is_check(s) for s in ast.parse(text).body)
    except SyntaxError:
        return True  # the front end will say what is wrong with it
    except (OSError, ValueError, RecursionError, MemoryError):
        return False


def _is_check(s: ast.stmt) -> bool:
    call = s.value if isinstance(s, ast.Expr) else None
    return isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in _CALLS


def load(paths: Sequence[Path]) -> list[Spec]:
    """The specs that the paths name.  Raises InputError with what is wrong with any of them."""
    from checker.frontend import load_spec  # noqa: PLC0415

    specs: list[Spec] = []
    wrong: list[Diagnostic] = []
    for path in spec_files(paths):
        try:
            specs.append(load_spec(path))
        except InputError as e:
            wrong.extend(e.diagnostics)
    if wrong:
        raise InputError(wrong)
    return specs


def chosen(specs: Sequence[Spec], only: str | None, *, slow: bool) -> list[tuple[Spec, Check]]:
    """The checks named `only`, or all but the slow ones, or all.  Raises InputError C004."""
    every = [(s, c) for s in specs for c in s.checks]
    if only is None:
        return [(s, c) for s, c in every if slow or not c.slow]
    found = [(s, c) for s, c in every if c.name == only]
    if not found:
        raise mistake("C004", f"there is no check named `{only}`", did_you_mean(only, [c.name for _, c in every]))
    return found
