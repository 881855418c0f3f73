"""A disagreement between compiled code and the evaluator ends a check without a verdict, and can be repeated."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from interlock.checker.command import cli
from interlock.checker.engines import confirming
from tests.engines.test_confirming import FORKS
from tests.native.planted import constant_tables, miscompiled, ones_for_zero


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder with a spec whose tables are read wrongly, and a good one; code is compared until that is noticed."""
    (tmp_path / "forks_spec.py").write_text(FORKS)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(confirming, "_NEW", 60.0)
    with ones_for_zero():
        yield tmp_path


def kept(folder: Path) -> Path:
    """The file that was written."""
    (file,) = folder.glob("interlock-disagreement-*.json")
    return file


def test_there_is_no_verdict_and_a_file_to_repeat_it(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 70, and the command is said."""
    code = cli.main(["check", "forks_spec.py", "--json", "r.json"])
    (entry,) = json.loads(Path("r.json").read_text())["checks"]

    assert code == cli.INTERNAL
    assert entry["verdict"] == "Error(Disagreement)"
    assert entry["distinct_states"] is None
    assert not entry["as_expected"]
    assert f"to repeat it: interlock replay --run-code {kept(folder).name}" in entry["message"]
    assert "compiled code says" in capsys.readouterr().out


def test_code_from_a_file_is_not_run_unasked(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Somebody else may have made the file."""
    cli.main(["check", "forks_spec.py"])
    code = cli.main(["replay", str(kept(folder))])

    assert code == cli.WRONG_INPUT
    assert "error[T008]" in (said := capsys.readouterr().err)
    assert "help: add `--run-code` if you, or somebody whom you trust, made the file" in said


def test_what_interlock_made_wrong_is_wrong_in_every_form(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Here the table itself has the wrong entry."""
    cli.main(["check", "forks_spec.py"])
    capsys.readouterr()
    code = cli.main(["replay", "--run-code", str(kept(folder))])
    said = capsys.readouterr().out

    assert code == cli.INTERNAL
    assert "here and now it says the same" in said
    assert said.endswith("so the fault is Interlock's\n")


def test_what_the_compiler_made_wrong_is_right_in_the_plainest_form(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Not optimised, and without what this processor has beyond the oldest of its kind."""
    if not miscompiled():
        pytest.skip("this LLVM and this processor read constant tables as they are")
    (tmp_path / "forks_spec.py").write_text(FORKS)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(confirming, "_NEW", 60.0)
    with constant_tables():
        cli.main(["check", "forks_spec.py"])
    capsys.readouterr()
    code = cli.main(["replay", "--run-code", str(kept(tmp_path))])

    assert code == cli.INTERNAL
    assert capsys.readouterr().out.endswith("so the fault is the compiler's\n")


@pytest.mark.parametrize("broken", ["", '"module": {}', '"ask": ["_native", 1], "module": {}'])
def test_a_file_that_says_too_little_is_refused(
    tmp_path: Path, broken: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """And nothing of it is run."""
    file = tmp_path / "x.json"
    file.write_text('{\n "disagreement": 1' + (f", {broken}" if broken else "") + "}")
    code = cli.main(["replay", "--run-code", str(file)])

    assert code == cli.WRONG_INPUT
    assert "error[T008]" in capsys.readouterr().err


def test_a_folder_that_takes_no_file_loses_nothing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file goes where temporary files go."""
    elsewhere = folder / "tmp"
    elsewhere.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(elsewhere))
    Path("traces").write_text("no folder")
    monkeypatch.setattr("interlock.checker.command.batch._refuse_unwritable", lambda _: None)
    cli.main(["check", "forks_spec.py", "--traces", "traces", "--json", "r.json"])
    (entry,) = json.loads(Path("r.json").read_text())["checks"]

    assert shlex.split(entry["message"].partition("--run-code ")[2])[0] == str(kept(elsewhere))
