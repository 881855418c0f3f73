"""How does a file come to be, so that whoever reads it finds all of it or what was there before?

Rule of the module: text is written beside its place and renamed there, so neither a full disk nor the end of the
process leaves half a file, or an empty one.  What is no plain file (a device, a pipe) is written to as it is.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import stat
from pathlib import Path

from interlock.checker.diagnostics import mistake


def write(path: Path, text: str) -> None:
    """Put a text in a file, whole.  Raises OSError, and the file is then what it was."""
    data = text.encode("utf-8", "backslashreplace")
    before = _status(path)
    if (before is not None and not stat.S_ISREG(before.st_mode)) or _stands_for_a_stream(path):
        path.write_bytes(data)
        return
    place = Path(os.path.realpath(path))  # of a link, where it leads
    part = place.with_name(f".interlock-{os.getpid()}-{secrets.token_hex(4)}.part")
    try:
        _put(part, data)
        if before is not None:
            part.chmod(stat.S_IMODE(before.st_mode))
        part.replace(place)
    except OSError:
        if before is None or part.exists():
            raise
        place.write_bytes(data)  # a folder that takes no new files, and a file there that may be written
    finally:
        part.unlink(missing_ok=True)


def put(path: Path, text: str) -> None:
    """The same.  Raises InputError C006 where it cannot be done."""
    try:
        write(path, text)
    except OSError as e:
        message = f"cannot write {path}: {e.strerror or e}"
        raise mistake("C006", message, "name a file in a folder that exists, where there is room") from None


def _stands_for_a_stream(path: Path) -> bool:
    """Whether it is `/dev/stdout` or the like: what is there goes on to be written to by others."""
    return path.absolute().parts[1:2] in (("dev",), ("proc",))


def _status(place: Path) -> os.stat_result | None:
    with contextlib.suppress(OSError):
        return place.stat()
    return None


def _put(part: Path, data: bytes) -> None:
    with part.open("xb") as file:
        file.write(data)
