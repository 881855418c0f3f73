"""Which file is a module?

Rule of the module: `interlock` is this package, wherever the importing file lies.  Any other dotted name is looked for
beside that file and above it, then from the working directory, then where Python itself would look; nothing is imported
to find it.
"""

from __future__ import annotations

import ast
import difflib
import itertools
import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

LANGUAGE = "interlock"
PACKAGE = Path(__file__).resolve().parent.parent.parent  # the folder of the package `interlock`, whatever its own name
_MODEL_ROOTS = 6
_SPEC_FOLDERS = ("specs", "tests")
_MOST_FILES = 2_000  # of a folder, that are looked at to name a spec
_CLOSE = 0.7  # so that a model is not taken for any other file that lies about


_found: ContextVar[dict[tuple[str, ...], Path | None] | None] = ContextVar("found", default=None)


@contextmanager
def unchanging() -> Iterator[Mapping[tuple[str, ...], Path | None]]:
    """Within: files stay where they are, so that each is looked for once.  A spec's models are read once a check.

    Gives what was looked for so far: the file found for each (name, importer), and the one that each (path,) leads to.
    """
    known: dict[tuple[str, ...], Path | None] = {}
    before = _found.set(known)
    try:
        yield known
    finally:
        _found.reset(before)


def roots(importer: str) -> Iterator[Path]:
    """The folders that are searched, nearest first."""
    yield from _near(importer)
    yield from (Path(place) for place in sys.path if place)


def _near(importer: str) -> Iterator[Path]:
    """Those of a user's own files."""
    folder = Path(importer).resolve().parent
    yield from [folder, *folder.parents][:_MODEL_ROOTS]
    yield Path.cwd()


def is_of_interlock(name: str) -> bool:
    """Whether a dotted name is the package `interlock`, or of it."""
    return name == LANGUAGE or name.startswith(f"{LANGUAGE}.")


def is_for_models(name: str) -> bool:
    """Whether a model may import a module of this name: of `interlock`, its models and specs alone."""
    room = name.split(".")[1:2]
    return not is_of_interlock(name) or (room in (["model"], ["specs"]) and name != f"{LANGUAGE}.model.lang")


def find(name: str, importer: str) -> Path | None:
    """The file of a module or package, or None when there is none."""
    known = _found.get()
    if known is None:
        return _find(name, importer)
    key = (name, importer)
    if key not in known:
        known[key] = _find(name, importer)
    return known[key]


def _find(name: str, importer: str) -> Path | None:
    parts = name.split(".")
    places: Iterable[Path] = roots(importer)
    if is_of_interlock(name):
        parts, places = parts[1:], [PACKAGE]
    for root in places:
        stem = root.joinpath(*parts)
        for candidate in (stem.with_name(stem.name + ".py"), stem / "__init__.py"):
            if os.path.isfile(candidate):  # noqa: PTH113 - False, not an error, for a name too long
                return candidate
    return None


def nearest_module(name: str, importer: str) -> str | None:
    """The module or package whose dotted name is closest to this one, or None when none is close."""
    wanted, places = name.split("."), _near(importer)
    before = wanted[: is_of_interlock(name)]
    for root in iter([PACKAGE]) if before else places:
        folder, parts = root, list(before)
        for part in wanted[len(before) :]:
            here = _modules(folder)
            best = difflib.get_close_matches(part, here, n=1, cutoff=_CLOSE)
            if not best:
                break
            parts.append(best[0])
            folder = folder / best[0]
        else:
            return ".".join(parts)
    return None


def importers(model: str) -> list[str]:
    """The spec files near a model that import it: beside it, and in folders `specs` and `tests` from there upwards."""
    file = Path(model).resolve()
    upwards = [p for p in [file.parent, *file.parents] if p.is_relative_to(Path.cwd())] or [file.parent]
    places = [p for folder in upwards for name in _SPEC_FOLDERS for p in _python_files(folder / name, "**/*.py")]
    near = dict.fromkeys([*_python_files(file.parent, "*.py"), *places])
    return sorted(shown(p) for p in near if p != file and _imports(p, file))


def _python_files(folder: Path, pattern: str) -> list[Path]:
    try:
        return sorted(itertools.islice(folder.glob(pattern), _MOST_FILES))
    except OSError:
        return []


def _imports(path: Path, file: Path) -> bool:
    """Whether a file calls `check`, and imports another one; what cannot be read does not."""
    try:
        data = path.read_bytes()
        tree = ast.parse(data) if b"check" in data and file.stem.encode() in data else ast.Module([], [])
    except (OSError, SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    names = [a.name for s in tree.body if isinstance(s, ast.Import) for a in s.names]
    for s in tree.body:
        if isinstance(s, ast.ImportFrom) and s.module and not s.level:
            names += [s.module, *(f"{s.module}.{a.name}" for a in s.names)]
    calls = any(isinstance(x, ast.Expr) and isinstance(x.value, ast.Call) and _named_check(x.value) for x in tree.body)
    return calls and any(real(p) == file for p in (find(name, str(path)) for name in names) if p is not None)


def _named_check(call: ast.Call) -> bool:
    return isinstance(call.func, ast.Name) and call.func.id == "check"


def _modules(folder: Path) -> list[str]:
    """The modules and packages that lie in a folder."""
    try:
        found = {p.stem for p in folder.iterdir() if os.path.isfile(p if p.suffix == ".py" else p / "__init__.py")}  # noqa: PTH113
    except (OSError, ValueError):
        return []
    return sorted(name for name in found if name.isidentifier())


def shown(path: Path) -> str:
    """The path as the user would type it."""
    try:
        return str(path.resolve().relative_to(Path.cwd()))
    except (ValueError, OSError, RuntimeError):  # elsewhere, or a loop of links
        return str(path)


def real(path: Path) -> Path:
    """One path for each file, however it was named; never an error."""
    known = _found.get()
    if known is None:
        return _real(path)
    key = (str(path),)
    if key not in known:
        known[key] = _real(path)
    return known[key] or path


def _real(path: Path) -> Path:
    try:
        return Path(os.path.realpath(path))
    except (ValueError, OSError):
        return path
