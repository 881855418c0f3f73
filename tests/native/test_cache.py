"""Kept object code comes back as it was stored, for the same key and the same user, or not at all."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from interlock.checker import cache
from interlock.checker.cache import Cache, key

CODE = bytes(range(256)) * 3
KEY, OTHER = key("a module"), key("another module")


def entry(folder: Path) -> Path:
    """The one file of a cache."""
    (found,) = folder.iterdir()
    return found


def stored(folder: Path) -> Path:
    """The file of a cache that holds CODE under KEY."""
    Cache(folder).store(KEY, CODE)
    return entry(folder)


def test_what_was_stored_comes_back_in_a_later_run(tmp_path: Path) -> None:
    """A second cache on the same folder is a second run."""
    Cache(tmp_path / "c").store(KEY, CODE)

    assert Cache(tmp_path / "c").load(KEY) == CODE
    assert Cache(tmp_path / "c").load(OTHER) is None


def test_a_key_is_all_its_parts_in_order() -> None:
    """Where one part ends and the next begins counts too."""
    keys = {key("ab", "c"), key("a", "bc"), key("abc"), key("c", "ab"), key("ab", "c", "")}

    assert len(keys) == 5


def test_a_file_with_any_bit_changed_is_never_used(tmp_path: Path) -> None:
    """Every byte, the header's included, and every one of its bits in turn; what is damaged is removed."""
    file = stored(tmp_path)
    whole = file.read_bytes()
    used = []
    for i in range(len(whole)):
        file.write_bytes(whole[:i] + bytes([whole[i] ^ 1 << i % 8]) + whole[i + 1 :])
        if Cache(tmp_path).load(KEY) is not None or file.exists():
            used.append(i)

    assert used == []


def test_a_file_that_was_cut_or_grew_is_never_used(tmp_path: Path) -> None:
    """As after a full disk, or a crash between writing and renaming."""
    file = stored(tmp_path)
    whole = file.read_bytes()
    used = []
    for damaged in [*(whole[:i] for i in range(len(whole))), whole + b"\0", whole + whole]:
        file.write_bytes(damaged)
        if Cache(tmp_path).load(KEY) is not None:
            used.append(len(damaged))

    assert used == []


def test_a_file_renamed_to_another_key_is_never_used(tmp_path: Path) -> None:
    """It is whole, and for another module."""
    Cache(tmp_path).store(OTHER, b"for another")
    entry(tmp_path).rename(tmp_path / f"{KEY.hex()}.object")

    assert Cache(tmp_path).load(KEY) is None


def test_a_file_of_another_format_is_never_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another version of Interlock may write files in another way."""
    with monkeypatch.context() as other:
        other.setattr(cache, "_MAGIC", b"interlock object code 9\n")
        file = stored(tmp_path)

    assert Cache(tmp_path).load(KEY) is None
    assert not file.exists()


def test_after_damage_the_code_is_stored_anew(tmp_path: Path) -> None:
    """Nothing is left in the way."""
    stored(tmp_path).write_bytes(b"")
    kept = Cache(tmp_path)
    missed = kept.load(KEY)
    kept.store(KEY, CODE)

    assert missed is None
    assert kept.load(KEY) == CODE


def test_writers_at_once_leave_a_whole_entry(tmp_path: Path) -> None:
    """Each writes beside the place and renames; nobody ever reads a part."""
    big = CODE * 500

    def write_and_read(_: int) -> bytes | None:
        one = Cache(tmp_path)
        one.store(KEY, big)
        return one.load(KEY)

    with ThreadPoolExecutor(8) as pool:
        read = list(pool.map(write_and_read, range(64)))

    assert read == [big] * 64
    assert entry(tmp_path).suffix == ".object"


def test_the_oldest_entries_go_when_there_are_too_many(tmp_path: Path) -> None:
    """And what was used lately is not old."""
    kept = Cache(tmp_path, most=10 * len(CODE))
    keys = [key(str(i)) for i in range(8)]
    for age, k in enumerate(keys):
        kept.store(k, CODE)
        os.utime(tmp_path / f"{k.hex()}.object", (1000 + age, 1000 + age))
    kept.load(keys[0])
    for i in range(8, 10):
        kept.store(key(str(i)), CODE)
    left = [kept.load(k) is not None for k in keys]

    assert left[:2] == [True, False]
    assert left[-1]
    assert sum(f.stat().st_size for f in tmp_path.iterdir()) <= 10 * len(CODE)


# --- folders that are not ours alone -----------------------------------------------------------------


@pytest.mark.parametrize("mode", [0o777, 0o770, 0o722, 0o1777])
def test_a_folder_that_others_can_write_to_is_not_used(tmp_path: Path, mode: int) -> None:
    """Whoever writes there would choose the machine code that we run."""
    stored(tmp_path)
    tmp_path.chmod(mode)
    kept = Cache(tmp_path)
    kept.store(OTHER, CODE)

    assert kept.load(KEY) is None
    assert len(list(tmp_path.iterdir())) == 1


def test_a_folder_or_a_file_of_another_user_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As under sudo, with the home of who called it."""
    stored(tmp_path)
    ours = os.geteuid()
    kept = Cache(tmp_path)
    monkeypatch.setattr(os, "geteuid", lambda: ours + 1)

    assert kept.load(KEY) is None
    assert Cache(tmp_path)._folder is None


def test_a_file_that_others_can_write_to_is_not_used(tmp_path: Path) -> None:
    """Although its content is whole."""
    stored(tmp_path).chmod(0o666)

    assert Cache(tmp_path).load(KEY) is None


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    """A file elsewhere may change after it was looked at."""
    file = stored(tmp_path / "c")
    moved = file.rename(tmp_path / "elsewhere")
    file.symlink_to(moved)

    assert Cache(tmp_path / "c").load(KEY) is None


def test_a_folder_is_made_for_its_user_alone(tmp_path: Path) -> None:
    """Whatever the umask says."""
    before = os.umask(0)
    try:
        file = stored(tmp_path / "new" / "interlock")
    finally:
        os.umask(before)

    assert file.parent.stat().st_mode & 0o777 == 0o700
    assert file.stat().st_mode & 0o777 == 0o600


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_cannot_be_written_is_no_error(tmp_path: Path) -> None:
    """What is in it is still used."""
    stored(tmp_path)
    tmp_path.chmod(0o500)
    kept = Cache(tmp_path)
    kept.store(OTHER, CODE)
    tmp_path.chmod(0o700)

    assert kept.load(KEY) == CODE
    assert kept.load(OTHER) is None


@pytest.mark.parametrize("place", ["file/interlock", "file", "long" * 100])
def test_a_folder_that_cannot_be_made_is_no_error(tmp_path: Path, place: str) -> None:
    """There is a file in its place, or its name is too long."""
    (tmp_path / "file").write_text("")
    kept = Cache(tmp_path / place)
    kept.store(KEY, CODE)

    assert kept.load(KEY) is None


def test_a_store_that_fails_is_no_error(tmp_path: Path) -> None:
    """The folder went away under us."""
    folder = tmp_path / "c"
    kept = Cache(folder)
    folder.rmdir()
    kept.store(KEY, CODE)

    assert kept.load(KEY) is None


# --- which folder ------------------------------------------------------------------------------------


def test_the_environment_says_where_and_whether(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """$XDG_CACHE_HOME, ~/.cache without one (or with a relative one, as its specification asks), or nothing."""
    made = []
    for home, named, wanted in (("h", "x", "1"), ("h", "", "1"), ("h", "rel", "1"), ("off", "", "0")):
        monkeypatch.setenv("HOME", str(tmp_path / home))
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / named) if named == "x" else named)
        monkeypatch.setenv("INTERLOCK_CACHE", wanted)
        cache.usual().store(KEY, CODE)
        made.append(sorted(str(p.relative_to(tmp_path)) for p in tmp_path.rglob("interlock")))

    assert made == [["x/interlock"], *[["h/.cache/interlock", "x/interlock"]] * 3]
