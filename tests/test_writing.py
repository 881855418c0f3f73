"""A file is whole or not there, whatever becomes of the disk."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from interlock.checker import writing
from interlock.checker.diagnostics import InputError


def full(_part: Path, _data: bytes) -> None:
    """A disk without room."""
    raise OSError(28, "No space left on device")


def test_what_was_there_before_stays_when_the_disk_is_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And nothing else is in the folder then."""
    old, new = tmp_path / "old", tmp_path / "new"
    old.write_text("before")
    monkeypatch.setattr(Path, "write_bytes", full)
    monkeypatch.setattr(writing, "_put", lambda part, data: (part.touch(), full(part, data)))

    for path in (old, new):
        with pytest.raises(InputError, match=f"C006: cannot write {path}: No space left on device"):
            writing.put(path, "after")
    assert [p.name for p in tmp_path.iterdir()] == ["old"]
    assert old.read_text() == "before"


def test_a_file_keeps_its_permissions_and_a_link_its_end(tmp_path: Path) -> None:
    """What is renamed over a file is like it; a link still leads to the file it led to."""
    place, link = tmp_path / "place", tmp_path / "link"
    place.write_text("before")
    place.chmod(0o640)
    link.symlink_to(place)
    writing.write(link, "after")

    assert (place.read_text(), stat.S_IMODE(place.stat().st_mode)) == ("after", 0o640)
    assert link.is_symlink()


def test_what_is_no_plain_file_is_written_to_as_it_is(tmp_path: Path) -> None:
    """A device stays one, and whoever reads a pipe gets the text."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reading = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    writing.write(pipe, "text")
    writing.write(Path(os.devnull), "text")

    assert os.read(reading, 99) == b"text"
    assert stat.S_ISCHR(Path(os.devnull).stat().st_mode)
    assert [p.name for p in tmp_path.iterdir()] == ["pipe"]
    os.close(reading)


def test_a_file_in_a_folder_that_takes_no_new_ones_is_written_in_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who may write the file alone may not rename anything there."""
    place = tmp_path / "place"
    place.write_text("before")

    def closed(_part: Path, _data: bytes) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(writing, "_put", closed)
    writing.write(place, "after")

    assert place.read_text() == "after"
    with pytest.raises(PermissionError):
        writing.write(tmp_path / "new", "after")


def test_characters_that_are_none_are_escaped(tmp_path: Path) -> None:
    """A path that is no UTF-8 comes as halves of characters."""
    writing.write(tmp_path / "file", "caf\udce9")

    assert (tmp_path / "file").read_text() == "caf\\udce9"
