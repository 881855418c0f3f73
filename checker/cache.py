"""Has this been compiled before?  Object code, and what is known of it, kept from one run to the next.

Rule of the module: what comes out is what was put in under that key, or nothing.  An entry is a header (magic,
key, length and SHA-256 of the code) and the code, so no byte of a file is unchecked; it is written beside its
place and renamed, so nobody reads half of one.  The folder holds machine code that will be run: it and its
files must belong to the user and be writable by nobody else.  A cache that cannot be used is no error.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import logging
import os
import secrets
import stat
import struct
import weakref
from collections.abc import Iterator
from pathlib import Path

MOST = 512 << 20  # bytes kept; the specs that ship take some 200 million
LOG = logging.getLogger("interlock.cache")  # `-v` shows it

_MAGIC = b"interlock object code 1\n"
_HEADER = struct.Struct(f"<{len(_MAGIC)}s32sQ32s")
_OTHERS = stat.S_IWGRP | stat.S_IWOTH
_OWN = (".object", ".part")  # suffixes of entries, and of entries being written
_KEPT = 0.75  # of the limit, once it was passed


def key(*parts: str) -> bytes:
    """The name of what is made from these parts, and from nothing else."""
    digest = hashlib.sha256()
    for part in parts:
        data = part.encode(errors="surrogatepass")  # a path may be no text
        digest.update(struct.pack("<Q", len(data)))
        digest.update(data)
    return digest.digest()


@functools.cache
def checker() -> str:
    """A digest of the text of Interlock itself: what another text made is not believed to be what this one makes."""
    root = Path(__file__).resolve().parent
    digest = hashlib.sha256()
    for file in [*sorted(root.rglob("*.py")), root.parent / "model" / "lang.py"]:
        digest.update(str(file.relative_to(root.parent)).encode() + b"\0" + file.read_bytes() + b"\0")
    return digest.hexdigest()


def usual() -> Cache:
    """The user's cache: `interlock` in $XDG_CACHE_HOME or ~/.cache; INTERLOCK_CACHE=0 turns it off."""
    if os.environ.get("INTERLOCK_CACHE") == "0":
        return _at(None)
    named = Path(os.environ.get("XDG_CACHE_HOME", ""))
    try:
        base = named if named.is_absolute() else Path.home() / ".cache"
    except RuntimeError:  # no home
        return _at(None)
    return _at(base / "interlock")


@functools.cache
def _at(folder: Path | None) -> Cache:
    return Cache(folder)


class Cache:
    """Object code by key, in a folder; without a folder nothing is kept."""

    def __init__(self, folder: Path | None, most: int = MOST) -> None:
        self.most = most
        self._folder, self._problem = (None, "") if folder is None else _opened(folder)
        if self._folder is not None:
            weakref.finalize(self, os.close, self._folder)
        self._size: int | None = None  # of all entries; unknown before the first store

    @property
    def usable(self) -> bool:
        """Whether anything is kept."""
        return self._folder is not None

    def load(self, key: bytes) -> bytes | None:
        """What was stored under a key.  An entry that is not whole, not ours or of another key is removed."""
        if self._folder is None:
            self._tell()
            return None
        name = _name(key)
        try:
            data = _read(self._folder, name)
        except FileNotFoundError:
            return None
        except OSError as problem:
            LOG.info("a file of the cache cannot be read: %s", problem.strerror)
            return None
        code = None if data is None else _unwrapped(key, data)
        if code is None:
            LOG.info("a damaged file of the cache was not used: %s", name)
            self._remove(name)
            return None
        with contextlib.suppress(OSError):
            os.utime(name, dir_fd=self._folder)  # what is used is not the oldest
        return code

    def store(self, key: bytes, code: bytes) -> None:
        """Keep code under a key, if that is possible."""
        if self._folder is None:
            return
        data = _HEADER.pack(_MAGIC, key, len(code), hashlib.sha256(code).digest()) + code
        part = f"{secrets.token_hex(8)}.part"
        try:
            self._write(part, data)
            os.replace(part, _name(key), src_dir_fd=self._folder, dst_dir_fd=self._folder)
        except OSError as problem:
            LOG.info("the cache cannot be written: %s", problem.strerror)
            self._remove(part)
            return
        self._bound(len(data))

    def _tell(self) -> None:
        """Say why nothing is kept, once, to who wants to hear it."""
        if self._problem and LOG.isEnabledFor(logging.INFO):
            LOG.info("%s", self._problem)
            self._problem = ""

    # --- the folder --------------------------------------------------------------------------------

    def _write(self, name: str, data: bytes) -> None:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        with os.fdopen(os.open(name, flags, 0o600, dir_fd=self._folder), "wb") as file:
            file.write(data)

    def _remove(self, name: str) -> None:
        with contextlib.suppress(OSError):
            os.unlink(name, dir_fd=self._folder)

    def _bound(self, added: int) -> None:
        """Remove the oldest entries once all of them are too large."""
        if self._size is None:
            self._size = sum(size for _, size, _ in self._entries())
        else:
            self._size += added
        if self._size <= self.most:
            return
        entries = sorted(self._entries())
        self._size = sum(size for _, size, _ in entries)
        for _, size, name in entries:
            if self._size <= self.most * _KEPT:
                return
            self._remove(name)
            self._size -= size

    def _entries(self) -> Iterator[tuple[int, int, str]]:
        """Age, size and name of each file of ours."""
        assert self._folder is not None
        with os.scandir(self._folder) as found:
            for entry in found:
                if entry.name.endswith(_OWN):
                    with contextlib.suppress(FileNotFoundError):  # another process removed it
                        info = entry.stat(follow_symlinks=False)
                        yield info.st_mtime_ns, info.st_size, entry.name


def _name(key: bytes) -> str:
    return f"{key.hex()}.object"


def _opened(folder: Path) -> tuple[int | None, str]:
    """The folder, made if need be; None, and why, where it cannot be used or others could have written it."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as problem:
        return None, f"there is no cache: {folder}: {problem.strerror}"
    if _ours(os.fstat(opened)):
        return opened, ""
    os.close(opened)
    return None, f"the cache is not used: others can write to {folder}, or own it; make it yours alone (chmod go-w)"


def _ours(info: os.stat_result) -> bool:
    return info.st_uid == os.geteuid() and not info.st_mode & _OTHERS


def _read(folder: int, name: str) -> bytes | None:
    """The bytes of a file; None of one that is no plain file, or that others could have written."""
    with os.fdopen(os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK, dir_fd=folder), "rb") as f:
        info = os.fstat(f.fileno())
        return f.read() if stat.S_ISREG(info.st_mode) and _ours(info) else None


def _unwrapped(key: bytes, data: bytes) -> bytes | None:
    """The code of an entry, if every byte is as it was written, for this key."""
    if len(data) < _HEADER.size:
        return None
    magic, named, length, digest = _HEADER.unpack_from(data)
    code = data[_HEADER.size :]
    whole = len(code) == length and hashlib.sha256(code).digest() == digest
    return code if magic == _MAGIC and named == key and whole else None
