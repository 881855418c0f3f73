"""Which file is a module?

Rule of the module: `interlock` is this package, wherever the importing file lies.  Any other dotted name is looked for
in the folders that were given (`--path`), in those that the project of that file names (`settings.py`), beside that
file and above it, from the working directory, and then where Python itself would look; nothing is imported to find it.
"""

from __future__ import annotations

import ast
import difflib
import itertools
import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

from interlock.checker.diagnostics import mistake, nearest
from interlock.checker.frontend import settings
from interlock.checker.places import LANGUAGE, PACKAGE, located, shown

_MODEL_ROOTS = 6
_SPEC_FOLDERS = ("specs", "tests")
_MOST_FILES = 2_000  # of a folder, that are looked at to name a spec
_CLOSE = 0.7  # so that a model is not taken for any other file that lies about


_found: ContextVar[dict[tuple[str, ...], Path | None] | None] = ContextVar("found", default=None)
_given: ContextVar[tuple[Path, ...]] = ContextVar("given", default=())
_searched: ContextVar[dict[Path, tuple[Path, ...]] | None] = ContextVar("searched", default=None)  # by folder


@contextmanager
def unchanging(given: Sequence[Path] = ()) -> Iterator[Mapping[tuple[str, ...], Path | None]]:
    """Within: models are looked for in the folders that are given first, and files stay where they are, so that each is
    looked for once.  A spec's models are read once a check.  Raises InputError C002 where there is no such folder.

    Gives what was looked for so far: the file found for each (name, importer), and the one that each (path,) leads to.
    """
    for folder in given:
        if not os.path.isdir(folder):  # noqa: PTH112 - False, not an error, for a name too long
            raise _no_folder(folder)
    known: dict[tuple[str, ...], Path | None] = {}
    found, first, searched = _found.set(known), _given.set(tuple(given)), _searched.set({})
    try:
        yield known
    finally:
        _found.reset(found)
        _given.reset(first)
        _searched.reset(searched)


def given() -> tuple[Path, ...]:
    """The folders in which models are looked for first."""
    return _given.get()


def _no_folder(folder: Path) -> Exception:
    if os.path.isfile(folder):  # noqa: PTH113
        return mistake(
            "C002", f"{folder} is a file, not a folder of models", "give `--path` the folder that it lies in"
        )
    above = folder.parent
    near = nearest(folder.name, [p.name for p in above.iterdir() if p.is_dir()] if above.is_dir() else [])
    help_ = f"did you mean `{above / near}`?" if near else "give `--path` a folder in which models lie"
    return mistake("C002", f"there is no folder {folder} to look for models in", help_)


def roots(importer: str) -> Iterator[Path]:
    """The folders that are searched, nearest first.  Raises InputError C013."""
    yield from _near(importer)
    yield from (Path(place) for place in sys.path if place)


def _near(importer: str) -> Sequence[Path]:
    """Those of a user's own files."""
    folder = real(Path(importer)).parent
    known = _searched.get()
    if known is None:
        return _own(folder)
    if folder not in known:
        known[folder] = _own(folder)
    return known[folder]


def _own(folder: Path) -> tuple[Path, ...]:
    above = [folder, *folder.parents][:_MODEL_ROOTS]
    return tuple(dict.fromkeys((*_given.get(), *settings.paths(folder), *above, Path.cwd())))


def is_of_interlock(name: str) -> bool:
    """Whether a dotted name is the package `interlock`, or of it."""
    return name == LANGUAGE or name.startswith(f"{LANGUAGE}.")


def is_for_models(name: str) -> bool:
    """Whether a model may import a module of this name: of `interlock`, its models and specs alone."""
    room = name.split(".")[1:2]
    return not is_of_interlock(name) or (room in (["model"], ["specs"]) and name != f"{LANGUAGE}.model.lang")


def is_language(name: str, importer: str) -> bool:
    """Whether a dotted name is meant for the language itself, which models import from `interlock` and by no other name.

    A file `model/lang.py` that somebody has is a module like others.
    """
    if name in {LANGUAGE, f"{LANGUAGE}.lang", f"{LANGUAGE}.model.lang"}:
        return True
    found = find(name, importer) if name == "model.lang" else importer
    return found is None or real(Path(found)) == PACKAGE / "model" / "lang.py"


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
    wanted = name.split(".")
    before = wanted[: is_of_interlock(name)]
    for root in [PACKAGE] if before else _near(importer):
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
    file = real(Path(model))
    tops = (Path.cwd(), PACKAGE)
    upwards = [p for p in file.parents if any(p.is_relative_to(top) for top in tops)] or [file.parent]
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
        return Path(os.path.realpath(located(path)))
    except (ValueError, OSError):
        return path
