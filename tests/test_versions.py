"""What is promised of versions is said alike everywhere, and what could not be tried is said too."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests import versions
from tests.versions import Failed

ROOT = Path(__file__).resolve().parent.parent
THREE = [(3, 11), (3, 12), (3, 13)]


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> dict[tuple[int, int], str]:
    """The interpreters that there are; those called `bad` do not work."""
    here: dict[tuple[int, int], str] = {}

    def tried(python: str, constraints: object = ()) -> str:
        if python == "bad":
            raise Failed("pytest\n1 failed")
        return "....\n7 passed in 1.00s" if not constraints else "....\n6 passed in 1.00s"

    monkeypatch.setattr(versions, "promised", lambda: THREE)
    monkeypatch.setattr(versions, "interpreters", lambda _: here)
    monkeypatch.setattr(versions, "tried", tried)
    return here


def test_what_is_absent_is_said(machine: dict[tuple[int, int], str], capsys: pytest.CaptureFixture[str]) -> None:
    """No promise is broken by a machine that has one Python."""
    machine[3, 12] = "good"

    assert versions.main([]) == 0
    assert capsys.readouterr().out == (
        "Python 3.11: not on this machine, skipped\n"
        "Python 3.12: 7 passed in 1.00s\n"
        "Python 3.13: not on this machine, skipped\n"
        "the lowest dependencies: their Python is not on this machine, skipped\n"
        "newer than Python 3.13: none on this machine, skipped\n"
    )


def test_a_promise_that_does_not_hold_fails(
    machine: dict[tuple[int, int], str], capsys: pytest.CaptureFixture[str]
) -> None:
    """The others are tried all the same; what is only tried is no promise."""
    machine.update({(3, 11): "good", (3, 12): "bad", (3, 13): "good"})

    assert versions.main([]) == 1
    assert capsys.readouterr().out == (
        "Python 3.11: 7 passed in 1.00s\n"
        "Python 3.12: does not work\npytest\n1 failed\n"
        "Python 3.13: 7 passed in 1.00s\n"
        "the lowest dependencies: 6 passed in 1.00s\n"
        "newer than Python 3.13: none on this machine, skipped\n"
    )
    machine.update({(3, 12): "good", (3, 14): "bad"})
    assert versions.main([]) == 0
    assert "Python 3.14, of which nothing is promised: does not work\n" in capsys.readouterr().out


def test_the_sample_has_something_of_each_part() -> None:
    """A folder of tests that is new is sampled, or is one of those that take too long or are of the protocols."""
    folders = {p.parent.relative_to(ROOT).parts[1] for p in ROOT.glob("tests/*/test_*.py")}
    paths = [Path(p.partition("::")[0]) for p in (*versions.WALK_THROUGHS, *versions.SAMPLE)]

    assert folders - {p.parts[1] for p in paths} == {"protocols"}
    assert [p for p in paths if not (ROOT / p).exists()] == []


def test_the_promise_is_the_same_everywhere() -> None:
    """For the installer, for who reads the package's page, and for who reads the README."""
    first, *_, last = [f"{major}.{minor}" for major, minor in versions.promised()]
    readme = " ".join((ROOT / "README.md").read_text(encoding="utf-8").split())

    assert versions.PROJECT["project"]["requires-python"] == f">={first}"
    assert f"Python {first} to {last}" in readme


def test_the_lowest_version_of_each_dependency_is_tried() -> None:
    """A bound that is no lowest version (`<`, `~=`, none at all) would not be."""
    assert [c for c in versions.lowest() if not re.fullmatch(r"[\w-]+==[\d.]+", c)] == []
    assert len(versions.lowest()) == len(versions.PROJECT["project"]["dependencies"]) + 1


def test_pythons_are_found_wherever_they_are(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """On PATH and in pyenv's folder; not one that is not released, has no `venv`, or is none."""
    says = {"path/python3.12": "3 12 final", "versions/3.13.0/bin/python3.13": "3 13 final",
            "versions/3.14.0/bin/python3.14": "3 14 beta", "path/python3.11": ""}  # fmt: skip
    for name, output in says.items():
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"#!/bin/sh\necho {output}\n" + ("" if output else "exit 127\n"))
        file.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path / "path"))
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))

    found = {version: Path(python).name for version, python in versions.interpreters().items()}

    assert found == {(3, 12): "python3.12", (3, 13): "python3.13"}
