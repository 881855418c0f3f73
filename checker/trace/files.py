"""What is a saved trace called, and where is the spec that it names?

Rule of the module: a name is made of what the trace is about and of nothing else, so that it is the same on
every run; the hash at its end tells apart what reads alike.  Paths in a trace are relative: a folder that is
moved as a whole still replays.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from interlock.checker.places import located

SUFFIX: Final = ".itf.json"
_BYTES: Final = 60  # of each part of a name; file systems take 255 in all


def file_name(spec: str, check: str, *what: str) -> str:
    """The name of the file of a trace: `specs-toy-hurries-3f09a1b2.itf.json`.

    `what` tells apart the traces of one check.  Each part is cut and loses its punctuation; the hash is of
    the whole of them, and names that differ in case alone differ in it too.
    """
    path = Path(spec).with_suffix("").as_posix()
    exact = "\0".join((Path(spec).as_posix(), check, *what))
    parts = (_slug(path, "-", last=True), *(_slug(x, "_") for x in (check, *what)))
    return "-".join((*filter(None, parts), hashlib.sha256(os.fsencode(exact)).hexdigest()[:8])) + SUFFIX


def _slug(text: str, blank: str, *, last: bool = False) -> str:
    words = "".join(c if c.isalnum() or c == "_" else " " for c in text).split()
    raw = blank.join(words).encode()
    return (raw[-_BYTES:] if last else raw[:_BYTES]).decode(errors="ignore").strip(blank)


def root(file: Path) -> str:
    """The way from the folder of a trace to the folder that the paths in it start from, which is the current one."""
    try:
        return Path(os.path.relpath(Path.cwd(), file.parent.resolve())).as_posix()
    except ValueError:  # on another drive
        return "."


def places(file: Path, recorded: str, spec: str) -> Iterator[Path]:
    """Where the spec of a trace may be: from the folder it was written for, beside it, from the current folder, or where
    Interlock has it."""
    folder, tried = file.parent, Path(spec)
    places = (Path(os.path.normpath(folder / recorded / spec)), folder / spec, tried, located(tried))
    yield from dict.fromkeys(places)
