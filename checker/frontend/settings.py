"""What does a project say of where its models lie?  `[tool.interlock]` of its pyproject.toml.

Rule of the module: the nearest pyproject.toml above a file that has this table counts, and that one alone; what is
wrong in it is refused, since a setting that is passed over would look like one that does not work.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, NoReturn

from interlock.checker.diagnostics import Diagnostic, InputError, Span, did_you_mean, nearest
from interlock.checker.places import shown

FILE: Final = "pyproject.toml"
_TABLE: Final = "[tool.interlock]"
_KEYS: Final = ("paths",)
_WRITE: Final = 'write `paths = ["src"]`: the folders in which models lie, from the folder of this file'
_MAKE: Final = "make it, or take it out: folders are named from that of this file"


def paths(folder: Path) -> tuple[Path, ...]:
    """The folders in which models lie, for the files of a folder.  Raises InputError C013."""
    for above in (folder, *folder.parents):
        file = above / FILE
        if not os.path.isfile(file):  # noqa: PTH113 - False, not an error, for a name too long
            continue
        found = _table(file)
        if found is not None:
            return tuple(_folder(file, place) for place in _paths(file, found))
    return ()


def _table(file: Path) -> Mapping[str, Any] | None:
    """What a pyproject.toml has under `[tool.interlock]`; None where it has nothing."""
    try:
        status = file.stat()
        return _parsed(file, status.st_mtime_ns, status.st_size)
    except OSError as problem:
        _refuse(file, f"{shown(file)} cannot be read: {problem.strerror or problem}", "check its permissions")


@lru_cache(maxsize=64)
def _parsed(file: Path, _changed: int, _size: int) -> Mapping[str, Any] | None:
    data = file.read_bytes()
    if b"interlock" not in data:
        return None
    import tomllib  # noqa: PLC0415 - most files never come here

    try:
        tool = tomllib.loads(data.decode("utf-8")).get("tool", {})
    except ValueError as problem:  # no UTF-8, or no TOML
        _refuse(file, f"{shown(file)} is not TOML: {problem}", f"correct it: `{_TABLE}` is looked for there")
    table = tool.get("interlock") if isinstance(tool, dict) else None
    if table is None or isinstance(table, dict):
        return table
    _refuse(file, "`tool.interlock` is not a table", f'write `{_TABLE}`, and below it `paths = ["src"]`', "interlock")


def _paths(file: Path, table: Mapping[str, Any]) -> list[str]:
    """The `paths` of the table, as they are written."""
    for key in table:
        if key not in _KEYS:
            _refuse(file, f"`{_TABLE}` has no `{key}`", did_you_mean(key, _KEYS), key)
    places = table.get("paths", [])
    if not isinstance(places, list) or not all(isinstance(place, str) for place in places):
        _refuse(file, f"`paths` of `{_TABLE}` is not a list of strings", _WRITE, "paths")
    return places


def _folder(file: Path, place: str) -> Path:
    """The folder that an entry of `paths` names."""
    found = file.parent / place
    if place and os.path.isdir(found):  # noqa: PTH112 - False, not an error, for a name too long
        return found
    if not place:
        _refuse(file, f"`paths` of `{_TABLE}` has an empty entry", "write `.` for the folder of this file", "paths")
    if os.path.isfile(found):  # noqa: PTH113
        what, help_ = "a file, not a folder", "write the folder that it lies in"
    else:
        near = nearest(place, [p.name for p in file.parent.iterdir() if p.is_dir()])
        what, help_ = "not there", f'did you mean `"{near}"`?' if near else _MAKE
    _refuse(file, f"the folder `{place}` in `paths` of `{_TABLE}` is {what}", help_, place)


def _refuse(file: Path, message: str, help_: str, word: str = "") -> NoReturn:
    """Raise what is wrong with a pyproject.toml, at the first place below the table's name where the word stands."""
    raise InputError([Diagnostic("C013", message, _place(file, word), help_)])


def _place(file: Path, word: str) -> Span:
    try:
        lines = file.read_text(encoding="utf-8").split("\n") if word else []
    except (OSError, ValueError):
        lines = []
    begun = False
    for number, line in enumerate(lines, 1):
        begun |= "tool.interlock" in line or line.lstrip().startswith("interlock")
        if begun and word in line:
            column = line.index(word)
            return Span(shown(file), number, column, number, column + len(word))
    return Span(shown(file), 0, 0, 0, 0)
