"""Which file is a module?

Rule of the module: a dotted name is looked for beside the importing file and above it, then from the
working directory, then beside the installed packages; nothing is imported to find it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

_INSTALLED = Path(__file__).resolve().parent.parent.parent
_MODEL_ROOTS = 6


def roots(importer: str) -> Iterator[Path]:
    """The folders that are searched, nearest first."""
    folder = Path(importer).resolve().parent
    yield from [folder, *folder.parents][:_MODEL_ROOTS]
    yield Path.cwd()
    yield _INSTALLED


def find(name: str, importer: str) -> Path | None:
    """The file of a module or package, or None when there is none."""
    parts = name.split(".")
    for root in roots(importer):
        stem = root.joinpath(*parts)
        for candidate in (stem.with_name(stem.name + ".py"), stem / "__init__.py"):
            if os.path.isfile(candidate):  # noqa: PTH113 - False, not an error, for a name too long
                return candidate
    return None


def shown(path: Path) -> str:
    """The path as the user would type it."""
    try:
        return str(path.resolve().relative_to(Path.cwd()))
    except (ValueError, OSError, RuntimeError):  # elsewhere, or a loop of links
        return str(path)


def real(path: Path) -> Path:
    """One path for each file, however it was named; never an error."""
    try:
        return Path(os.path.realpath(path))
    except (ValueError, OSError):
        return path
