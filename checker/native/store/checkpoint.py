"""Is this file a whole checkpoint, and one of the search at hand?  Numbers and arrays in one file, with digests.

Rule of the module: a file is written beside its place and renamed once it is on the disk, so whenever the process
ends, the last whole one is there.  Nothing is taken from a file whose digests do not agree, or that is of another
search; it is refused and left as it is.  The digests find damage; they are no signature.

    magic, length of the header, header (JSON), SHA-256 of all that
    each section: its bytes, their SHA-256
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NoReturn

import attrs

from interlock import __version__
from interlock.checker.diagnostics import mistake
from interlock.checker.native.module.memory import Region

MAGIC: Final = b"ilckpt01"  # the last two are the version of the format
PART: Final = ".part"
_CHUNK: Final = 1 << 22  # bytes that are read, written and hashed at a time: 4 MB, so that calls cost nothing
_DIGEST: Final = 32  # bytes of SHA-256
_LENGTH: Final = 8  # bytes of the length of the header
_BRIEF: Final = 12  # characters of a digest that are told
_MOST: Final = 1 << 26  # bytes of a header: more is no header, and is not read into memory
_HELP: Final = "remove it to start the search anew, or name another folder with --checkpoint"


@attrs.frozen
class Piece:
    """Some bytes of a region."""

    region: Region
    start: int
    stop: int


@attrs.frozen
class Section:
    """An array, in pieces."""

    name: str
    pieces: Sequence[Piece]

    @property
    def size(self) -> int:
        """Its bytes."""
        return sum(p.stop - p.start for p in self.pieces)


@attrs.frozen
class Saved:
    """A checkpoint that is of the search at hand: its numbers, and where its sections are."""

    file: Path
    numbers: Any
    _places: Mapping[str, tuple[int, int]]

    def size(self, name: str) -> int:
        """Bytes of a section."""
        return self._places[name][1]

    def read(self, name: str, pieces: Sequence[Piece]) -> None:
        """Fill pieces, which take all of a section.  Raises InputError C010 where the file is damaged."""
        start, size = self._places[name]
        assert size == sum(p.stop - p.start for p in pieces), name
        found = hashlib.sha256()
        with _reading(self.file) as source:
            source.seek(start)
            for view in _views(pieces):
                if source.readinto(view) != len(view):
                    _refuse(self.file, "it is cut short")
                found.update(view)
            if source.read(_DIGEST) != found.digest():
                _refuse(self.file, f"its section `{name}` is damaged")


def write(file: Path, search: Mapping[str, str], numbers: Any, sections: Sequence[Section]) -> None:
    """Replace the checkpoint.  Raises OSError; then the one before is still there."""
    part = file.with_name(file.name + PART)
    try:
        with part.open("wb") as out:
            for data in _bytes(search, numbers, sections):
                out.write(data)
            out.flush()
            os.fsync(out.fileno())
        part.replace(file)
        _sync(file.parent)
    except OSError:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
        raise


def read(file: Path, search: Mapping[str, str]) -> Saved | None:
    """The checkpoint of a search, if there is one.  Raises InputError C010 and C011 for one that cannot be used."""
    if not file.exists():
        return None
    with _reading(file) as source:
        head = source.read(len(MAGIC) + _LENGTH)
        length = int.from_bytes(head[len(MAGIC) :], "little")
        if head[: len(MAGIC)] != MAGIC or length > _MOST:
            _refuse(file, "it does not begin as one of this version of Interlock does")
        text = source.read(length)
        if source.read(_DIGEST) != hashlib.sha256(head + text).digest():
            _refuse(file, "its header is damaged, or it is cut short")
        header = json.loads(text)
        end = source.tell()
        places = {}
        for name, size in header["sections"]:
            places[name] = end, size
            end += size + _DIGEST
        if os.fstat(source.fileno()).st_size != end:
            _refuse(file, "it is cut short, or goes on beyond its end")
    _compare(file, header["search"], {"Interlock": __version__, **search})
    return Saved(file, header["numbers"], places)


def _bytes(search: Mapping[str, str], numbers: Any, sections: Sequence[Section]) -> Iterator[bytes | memoryview]:
    header = {
        "search": {"Interlock": __version__, **search},
        "numbers": numbers,
        "sections": [(s.name, s.size) for s in sections],
    }
    text = json.dumps(header).encode()
    head = MAGIC + len(text).to_bytes(_LENGTH, "little") + text
    yield head
    yield hashlib.sha256(head).digest()
    for section in sections:
        digest = hashlib.sha256()
        for view in _views(section.pieces):
            digest.update(view)
            yield view
        yield digest.digest()


def _views(pieces: Sequence[Piece]) -> Iterator[memoryview]:
    """The bytes of some pieces, a few at a time; each view is good until the next."""
    for piece in pieces:
        for at in range(piece.start, piece.stop, _CHUNK):
            with piece.region.view(at, min(at + _CHUNK, piece.stop)) as view:
                yield view


def _sync(folder: Path) -> None:
    """See to it that the new name is on the disk, where folders can be opened."""
    with contextlib.suppress(OSError):
        place = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(place)
        finally:
            os.close(place)


@contextlib.contextmanager
def _reading(file: Path) -> Iterator[Any]:
    try:
        with file.open("rb") as source:
            yield source
    except OSError as e:
        _refuse(file, f"it cannot be read: {e.strerror or e}")


def _refuse(file: Path, why: str) -> NoReturn:
    raise mistake("C010", f"{file} is no checkpoint to go on from: {why}", _HELP)


def _compare(file: Path, found: Mapping[str, str], search: Mapping[str, str]) -> None:
    """Raises InputError C011 where a checkpoint is of another search."""
    other = [
        f"{name}: {_brief(found.get(name))} there, {_brief(text)} here"
        for name, text in search.items()
        if found.get(name) != text
    ]
    if other:
        message = f"{file} is a checkpoint of another search ({'; '.join(other)})"
        raise mistake("C011", message, _HELP)


def _brief(text: str | None) -> str:
    return "nothing" if text is None else text[:_BRIEF]
