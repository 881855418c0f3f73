"""Where do the models and specs of Interlock itself lie, and what are they called wherever they are installed?

Rule of the module: such a file is called by its way from the package on, `interlock/specs/pos/forks.py`, so that what
is said of it is the same on every machine; where the working directory is in the package, as in the repository, it is
called as any other file.  Either name, and the dotted one, leads to the file, unless a file of the user has the name.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

LANGUAGE: Final = "interlock"
PACKAGE: Final = Path(__file__).resolve().parent.parent  # the folder of the package `interlock`, whatever its own name
_ROOMS: Final = ("model", "specs")


def shown(path: Path) -> str:
    """The path as the user would type it."""
    try:
        full, here = path.resolve(), Path.cwd()
        if _is_shipped(full) and not (here.is_relative_to(PACKAGE) and full.is_relative_to(here)):
            short = Path(LANGUAGE, full.relative_to(PACKAGE))
            return str(path if os.path.lexists(short) and not full.samefile(short) else short)
        return str(full.relative_to(here))
    except (ValueError, OSError, RuntimeError):  # elsewhere, or a loop of links
        return str(path)


def located(path: Path) -> Path:
    """Where the file or folder is that a path names: there, or else in the package."""
    return path if os.path.lexists(path) else shipped(str(path)) or path


def shipped(name: str) -> Path | None:
    """The file or folder of the package that a name stands for, `interlock.specs.pos` or as `shown` has it; or None."""
    parts = name.removesuffix(".py").replace("/", ".").split(".")
    if (
        parts[0] != LANGUAGE
        or parts[1:2] not in [[room] for room in _ROOMS]
        or not all(p.isidentifier() for p in parts)
    ):
        return None
    stem = PACKAGE.joinpath(*parts[1:])
    return next((p for p in (stem.with_name(f"{stem.name}.py"), stem) if os.path.exists(p)), None)  # noqa: PTH110


def specs() -> list[str]:
    """The dotted names of the specs of Interlock, and of the folders of them."""
    top = PACKAGE / "specs"
    inside = [p for p in top.rglob("*") if p.suffix == ".py" or (p.is_dir() and p.name.isidentifier())]
    names = (p.relative_to(PACKAGE).with_suffix("").parts for p in (top, *inside) if "__pycache__" not in p.parts)
    return sorted(".".join((LANGUAGE, *parts)) for parts in names)


def _is_shipped(full: Path) -> bool:
    return any(full.is_relative_to(PACKAGE / room) for room in _ROOMS)
