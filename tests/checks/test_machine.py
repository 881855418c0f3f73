"""What a run may take of the machine is read from the system, and nothing is made up where that cannot be."""

from __future__ import annotations

from pathlib import Path

import pytest

from interlock.checker.checks import machine


@pytest.fixture
def system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A made-up system of 8 GiB that are free."""
    monkeypatch.setattr(machine, "_MEMINFO", tmp_path / "meminfo")
    monkeypatch.setattr(machine, "_GROUP", tmp_path)
    (tmp_path / "meminfo").write_text("MemTotal: 9 kB\nMemAvailable:    8388608 kB\n")
    return tmp_path


def test_what_is_free_is_what_the_system_says(system: Path) -> None:
    assert machine.free_memory() == 8 << 30


def test_a_control_group_with_a_limit_counts(system: Path) -> None:
    (system / "memory.max").write_text(f"{3 << 30}\n")
    (system / "memory.current").write_text(f"{1 << 30}\n")

    assert machine.free_memory() == 2 << 30


def test_a_control_group_without_a_limit_does_not(system: Path) -> None:
    (system / "memory.max").write_text("max\n")
    (system / "memory.current").write_text("5\n")

    assert machine.free_memory() == 8 << 30


def test_an_unknown_system_sets_no_limit(system: Path) -> None:
    (system / "meminfo").unlink()

    assert machine.free_memory() is None
