"""A checkpoint is whole, unharmed and of the search at hand, or it is refused and left as it is."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from interlock.checker.diagnostics import InputError
from interlock.checker.native.module.memory import Region
from interlock.checker.native.store import checkpoint
from interlock.checker.native.store.checkpoint import Piece, Section

SEARCH = {"depth": "None", "model and claims": "ab" * 32}
NUMBERS = {"depth": 3, "state": [1 << 63, 5]}


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkpoint of two sections, the first in two pieces and longer than what is written at a time."""
    monkeypatch.setattr(checkpoint, "_CHUNK", 64)
    made = tmp_path / "a.checkpoint"
    checkpoint.write(made, SEARCH, NUMBERS, sections(range(40)))
    return made


def sections(words: range) -> list[Section]:
    region = Region(8 * 64)
    region.put(0, list(words))
    return [Section("table", [Piece(region, 8, 200), Piece(region, 248, 256)]), Section("rest", [])]


def read_all(file: Path) -> list[int]:
    saved = checkpoint.read(file, SEARCH)
    assert saved is not None
    region = Region(8 * 64)
    saved.read("table", [Piece(region, 8, 16), Piece(region, 16, 208)])
    saved.read("rest", [])
    return [region.get(i) for i in range(27)]


def test_what_was_written_is_read(file: Path) -> None:
    """Numbers as they were, and the pieces of a section one after the other."""
    saved = checkpoint.read(file, SEARCH)

    assert saved is not None
    assert (saved.numbers, saved.size("table"), saved.size("rest")) == (NUMBERS, 200, 0)
    assert read_all(file) == [0, *range(1, 25), 31, 0]


def test_there_may_be_none(tmp_path: Path) -> None:
    """Then the search begins at its beginning."""
    assert checkpoint.read(tmp_path / "none", SEARCH) is None


def test_every_flipped_bit_and_every_length_is_noticed(file: Path) -> None:
    """Nothing of a damaged file is taken for a search, and the file stays."""
    whole = file.read_bytes()
    damaged = [whole[:i] + bytes([whole[i] ^ 1 << i % 8]) + whole[i + 1 :] for i in range(len(whole))]
    cut = [whole[:n] for n in range(0, len(whole), 7)]

    for text in (*damaged, *cut, whole + b"x"):
        file.write_bytes(text)
        with pytest.raises(InputError) as refused:
            read_all(file)
        assert refused.value.diagnostics[0].code == "C010"
        assert "name another folder" in refused.value.diagnostics[0].help
        assert file.read_bytes() == text


@pytest.mark.parametrize("name", list(SEARCH))
def test_a_checkpoint_of_another_search_is_refused(file: Path, name: str) -> None:
    """The message says what differs, and both sides of it."""
    with pytest.raises(InputError) as refused:
        checkpoint.read(file, SEARCH | {name: "other"})

    (said,) = refused.value.diagnostics
    assert said.code == "C011"
    assert f"{name}: {SEARCH[name][:12]} there, other here" in said.message


def test_a_checkpoint_of_another_version_is_refused(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What it holds may mean something else there."""
    monkeypatch.setattr(checkpoint, "__version__", "9.9")

    with pytest.raises(InputError, match=r"Interlock: .* there, 9\.9 here"):
        checkpoint.read(file, SEARCH)


def test_a_folder_in_its_place_is_refused(tmp_path: Path) -> None:
    """It cannot be read as a file."""
    with pytest.raises(InputError, match="C010"):
        checkpoint.read(tmp_path, SEARCH)


def test_what_cannot_be_written_leaves_the_one_before(file: Path) -> None:
    """A full disk is told to whoever saves; no part of a file stays behind."""
    before = file.read_bytes()
    file.with_name(file.name + checkpoint.PART).symlink_to("/dev/full")

    with pytest.raises(OSError, match="No space"):
        checkpoint.write(file, SEARCH, NUMBERS, sections(range(50)))
    assert file.read_bytes() == before
    assert [p.name for p in file.parent.iterdir()] == [file.name]


def test_the_new_one_is_on_the_disk_before_the_old_one_goes(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """At the moment of `fsync` the old one is still there, whole."""
    before, seen = file.read_bytes(), list[bytes]()
    sync = os.fsync
    monkeypatch.setattr(os, "fsync", lambda place: (seen.append(file.read_bytes()), sync(place)))

    checkpoint.write(file, SEARCH, NUMBERS, sections(range(1, 41)))

    assert seen[0] == before
    assert seen[1] == file.read_bytes() != before


def test_a_part_that_was_left_behind_does_no_harm(file: Path) -> None:
    """A process that was killed while it wrote leaves one; the next overwrites it."""
    file.with_name(file.name + checkpoint.PART).write_bytes(b"x" * 10_000)

    checkpoint.write(file, SEARCH, NUMBERS, sections(range(40)))

    assert read_all(file)[1] == 1
    assert [p.name for p in file.parent.iterdir()] == [file.name]
