"""Which spec files do paths name, and which of their checks are chosen?

Rule of the module: a file is read to see whether it is a spec, and never run.  A file that is named is taken as one;
of a folder those are taken that use `check` or `claim` of the language, whatever they call it, and those of which
nobody can tell: the front end says what is wrong with them.  Nothing is left out without a word.
"""

from __future__ import annotations

import ast
import re
import stat
import unicodedata
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

import attrs

from interlock.checker import places
from interlock.checker.diagnostics import Diagnostic, InputError, Refusal, Span, did_you_mean, mistake

if TYPE_CHECKING:
    from interlock.checker.ir.claims import Check, Spec

_LANGUAGE: Final = "interlock"
# Names under which somebody may mean the language; the front end says which is right.
_MEANT: Final = {_LANGUAGE, "interlock.lang", "interlock.model.lang", "model.lang"}
_CALLS: Final = {"check", "claim"}  # of a spec file
_TELLING: Final = ("check", "claim", "expect")  # a spec has one of these words, under whatever name it calls them
_SKIPPED: Final = {"__pycache__", "node_modules"}


# --- files -----------------------------------------------------------------------------------------


def spec_files(paths: Sequence[Path]) -> tuple[list[Path], list[Refusal]]:
    """The spec files that the paths name, and the folders that cannot be looked into.  Raises InputError C002.

    A path that is no file here may name one of Interlock's own, `interlock.specs.pos.forks`, or a folder of them.
    """
    found: list[Path] = []
    refused: list[Refusal] = []
    for path in map(places.located, paths):
        if path.is_dir():
            files, closed = _python_files(path)
            language = _Language()
            inside = [p for p in files if language.is_used_by(p)]
            if not inside and not closed:
                raise mistake("C002", f"there is no spec file under {path}", "a spec file calls `check(...)`")
            found.extend(inside)
            refused.extend(closed)
        elif path.is_file():
            found.append(path)
        else:
            raise _no_path(path)
    return list(dict.fromkeys(found)), refused


def _python_files(top: Path) -> tuple[list[Path], list[Refusal]]:
    """The Python files under a folder, in order, and the folders that cannot be looked into.

    Links to folders are followed, each folder once: what lies under its own name is found under that.
    """
    found: list[Path] = []
    refused: list[Refusal] = []
    seen: set[tuple[int, int]] = set()
    folders, links = [top], list[Path]()
    while folders or links:
        folder = folders.pop() if folders else links.pop(0)
        try:
            status = folder.stat()
            if (status.st_dev, status.st_ino) in seen:
                continue
            seen.add((status.st_dev, status.st_ino))
            for entry in sorted(folder.iterdir()):
                if entry.name.startswith(".") or entry.name in _SKIPPED:
                    continue
                if entry.is_dir():
                    (links if entry.is_symlink() else folders).append(entry)
                elif entry.suffix == ".py":
                    found.append(entry)
        except OSError as e:
            refused.append(_closed(folder, e))
    return sorted(found), refused


def _closed(folder: Path, problem: OSError) -> Refusal:
    message = f"{folder} cannot be looked into: {problem.strerror or problem}"
    at = Span(str(folder), 0, 0, 0, 0)
    return Refusal(str(folder), (Diagnostic("L007", message, at, "check its permissions, or name the files in it"),))


def _no_path(path: Path) -> InputError:
    if path.is_symlink():
        return mistake("C002", f"the link {path} leads to no file or folder", "make it point to one, or name that one")
    if re.match(rf"{places.LANGUAGE}[./]", str(path)):
        name = str(path).removesuffix(".py").replace("/", ".")
        return mistake("C002", f"there is no spec `{name}` in Interlock", did_you_mean(name, places.specs()))
    folder = path.parent
    near = [p.name for p in folder.iterdir() if p.suffix == ".py" or p.is_dir()] if folder.is_dir() else []
    return mistake("C002", f"there is no file or folder {path}", did_you_mean(path.name, near))


# --- is it a spec? ---------------------------------------------------------------------------------


def is_spec(path: Path) -> bool:
    """Whether a file uses `check` or `claim` of the language, or nobody can tell; read, never run."""
    try:
        return _Language().is_used_by(path)
    except InputError:  # a project that says wrongly where its modules lie; who reads the file tells it
        return True


@attrs.frozen(eq=False)
class _Language:
    """Who uses the language, and under which names; files are read once."""

    _trees: dict[Path, ast.Module | None] = attrs.field(factory=dict, init=False)

    def is_used_by(self, path: Path) -> bool:
        """Whether a file may be a spec."""
        from interlock.checker.frontend import was_read  # noqa: PLC0415

        try:
            if not stat.S_ISREG(path.stat().st_mode):
                return True  # a link that leads nowhere raises; a pipe or a device is reported too
            if was_read(path):
                return True
            text = _readable(path.read_bytes())
        except OSError:
            return True
        if not any(word in text for word in _TELLING):
            return False
        tree = self._tree(path)
        return self._is_named_in(text, path) if tree is None else self._is_used_in(tree, path)

    def _is_named_in(self, text: str, path: Path) -> bool:
        """Whether text that is no Python imports the language, as far as that can be seen."""
        if re.search(rf"\b(?:from|import)[\s\\]+{_LANGUAGE}\b(?![\s\\]*\.)", text):
            return True
        return any(
            self._is_call(module, name, path)
            for module, names in re.findall(r"\bfrom\s+([\w.]+)\s+import\b(.*)", text)
            for name in re.findall(r"\w+", names)
        )

    def _is_used_in(self, tree: ast.Module, path: Path) -> bool:
        names, modules = self._bound(tree, path)
        for node in ast.walk(tree):
            if isinstance(node, ast.Name) and node.id in names:
                return True
            if isinstance(node, ast.Attribute) and node.attr in _CALLS and _root(node) in modules:
                return True
        return False

    def _bound(self, tree: ast.Module, path: Path) -> tuple[set[str], set[str]]:
        """The names under which a file has `check` and `claim`, and those under which it has the whole language."""
        names: set[str] = set()
        modules: set[str] = set()
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                modules |= {a.asname or a.name.partition(".")[0] for a in node.names if a.name in _MEANT}
            elif isinstance(node, ast.ImportFrom):
                module = node.module or ""
                for a in node.names:
                    if f"{module}.{a.name}" in _MEANT:
                        modules.add(a.asname or a.name)
                    elif a.name == "*" and self._is_call(module, "check", path):
                        names |= _CALLS
                    elif a.name in _CALLS if node.level else self._is_call(module, a.name, path):
                        names.add(a.asname or a.name)
        return names, modules

    def _is_call(self, module: str, name: str, importer: Path, seen: frozenset[Path] = frozenset()) -> bool:
        """Whether a name of a module is `check` or `claim`, perhaps by way of other modules."""
        from interlock.checker.frontend import search

        if module in _MEANT:
            return name in _CALLS
        place = search.find(module, str(importer)) if module else None
        tree = None if place is None or place in seen else self._tree(place)
        if place is None or tree is None:
            return False
        return any(
            self._is_call(node.module or "", name if a.name == "*" else a.name, place, seen | {place})
            for node in ast.walk(tree)
            if isinstance(node, ast.ImportFrom) and not node.level
            for a in node.names
            if (a.asname or a.name) in (name, "*")
        )

    def _tree(self, path: Path) -> ast.Module | None:
        """What a file says; None where it is not Python, or not to be read."""
        if path not in self._trees:
            try:
                self._trees[path] = ast.parse(path.read_bytes())
            except (OSError, SyntaxError, ValueError, RecursionError, MemoryError):
                self._trees[path] = None
        return self._trees[path]


def _readable(data: bytes) -> str:
    """Text to look for words in: of any encoding that has the letters of ASCII, and of UTF-16 and UTF-32."""
    text = data.replace(b"\0", b"").decode("utf-8", "replace")
    return text if text.isascii() else unicodedata.normalize("NFKC", text)  # as Python reads names


def _root(node: ast.expr) -> str:
    """The name that a chain of attributes begins with."""
    while isinstance(node, ast.Attribute):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


# --- specs and checks ------------------------------------------------------------------------------


def read(
    paths: Sequence[Path], interrupted: Callable[[], bool] = lambda: False, models: Sequence[Path] = ()
) -> tuple[list[Spec], list[Refusal]]:
    """The specs that the paths name, and what is wrong with those that are refused.  Raises InputError C002.

    `models`: the folders in which models are looked for first.
    """
    from interlock.checker.frontend import load_spec, search

    with search.unchanging(models):
        files, refused = spec_files(paths)
    specs: list[Spec] = []
    for path in files:
        if interrupted():
            break
        try:
            specs.append(load_spec(path, models))
        except InputError as e:
            refused.append(Refusal(str(path), e.diagnostics))
    return specs, refused


def load(paths: Sequence[Path], models: Sequence[Path] = ()) -> list[Spec]:
    """The specs that the paths name; `models` as for `read`.  Raises InputError with what is wrong with any of them."""
    specs, refused = read(paths, models=models)
    if refused:
        raise InputError([d for r in refused for d in r.diagnostics])
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
