"""Names of trace files, and the way from a trace back to its spec, wherever one stands."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from interlock.checker.command import cli
from interlock.checker.trace.files import file_name

MODEL = """from interlock import action, require, state


@state
class State:
    on: bool = False


@action
def switch(s: State) -> None:
    require(not s.on)
    s.on = True
"""
SPEC = """import lamp
from lamp import State
from interlock import Violated, always, check, reachable


@always
def off(s: State) -> bool:
    return not s.on


@reachable
def lit(s: State) -> bool:
    return s.on


check("a b", lamp, properties=(off,), expect=Violated(off, steps=1))
check("a_b", lamp, properties=(off,), expect=Violated(off, steps=1))
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two specs of one name in two folders, and their models."""
    root = tmp_path / "project"
    for folder in ("one", "two"):
        (root / folder).mkdir(parents=True)
        (root / folder / "lamp.py").write_text(MODEL)
        (root / folder / "lamp_spec.py").write_text(SPEC)
    monkeypatch.chdir(root)
    return root


def _saved(project: Path) -> list[Path]:
    assert cli.main(["check", ".", "--traces", "traces"]) == cli.OK
    return sorted((project / "traces").iterdir())


def test_names_differ_where_anything_differs() -> None:
    """Folder, punctuation, case, and what the trace shows."""
    asked = [
        ("a/spec.py", "x y"), ("b/spec.py", "x y"), ("a/spec.py", "x_y"), ("a/spec.py", "X y"), ("a-spec.py", "x y"),
        ("a/spec.py", "x y", "reachable", "p"), ("a/spec.py", "x y", "2", "p"), ("a/spec.py", "x", "y"),
    ]  # fmt: skip
    names = [file_name(*words) for words in asked]

    assert len({name.lower() for name in names}) == len(asked)


def test_a_name_reads_and_is_the_same_on_every_run() -> None:
    """The folders of the spec, its name, the check's, and a hash of all that."""
    assert file_name("specs/agg/toy.py", "AL2 no, not now!") == "specs-agg-toy-AL2_no_not_now-c427382e.itf.json"


@pytest.mark.parametrize("check", ["x" * 500, "\N{GREEK SMALL LETTER ALPHA}" * 300, "../../etc", "/", "?"])
def test_a_name_fits_a_file_system(tmp_path: Path, check: str) -> None:
    """Whatever a check is called, its trace is a file in the folder."""
    name = file_name(f"{'deep/' * 100}spec.py", check, "reachable", "y" * 300)
    (tmp_path / name).write_text("")

    assert [p.name for p in tmp_path.iterdir()] == [name]


def test_no_trace_overwrites_another(project: Path) -> None:
    """Two specs of one name, two checks that read alike: four files, each of its own check."""
    files = _saved(project)
    about = [json.loads(f.read_text())["#meta"]["interlock"] for f in files]

    assert {(a["spec"], a["check"]) for a in about} == {
        (f"{folder}/lamp_spec.py", check) for folder in ("one", "two") for check in ("a b", "a_b")
    }


@pytest.mark.parametrize("where", [".", "two", "/"])
def test_a_trace_replays_from_anywhere(project: Path, monkeypatch: pytest.MonkeyPatch, where: str) -> None:
    """Its spec is found from its own folder."""
    files = _saved(project)
    monkeypatch.chdir(project / where)

    assert [cli.main(["replay", str(f)]) for f in files] == [cli.OK] * 4


def test_a_project_that_moved_still_replays(project: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Paths in a trace are relative."""
    name = _saved(project)[0].name
    monkeypatch.chdir(tmp_path)
    project.rename(tmp_path / "moved")

    assert cli.main(["replay", f"moved/traces/{name}"]) == cli.OK


def test_a_trace_that_moved_replays_in_the_project(project: Path, tmp_path: Path) -> None:
    """The current folder is tried as well."""
    alone = tmp_path / "far" / "away" / "t.itf.json"
    alone.parent.mkdir(parents=True)
    shutil.copy(_saved(project)[0], alone)

    assert cli.main(["replay", str(alone)]) == cli.OK


def test_a_spec_that_is_not_found_is_told_with_all_places(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """And `--spec` says where it is."""
    file = _saved(project)[0]
    check = json.loads(file.read_text())["#meta"]["interlock"]["spec"]
    moved = tmp_path / "elsewhere"
    shutil.move(project, moved)
    monkeypatch.chdir(tmp_path)
    alone = tmp_path / "deep" / "t.itf.json"
    alone.parent.mkdir()
    shutil.copy(moved / "traces" / file.name, alone)

    assert cli.main(["replay", str(alone)]) == cli.WRONG_INPUT
    said = capsys.readouterr().err
    assert "error[T007]" in said
    assert all(str(place) in said for place in (alone.parent / check, Path(check)))
    assert "--spec PATH" in said
    assert cli.main(["replay", str(alone), "--spec", str(moved / check)]) == cli.OK


def test_witnesses_are_named_on_the_terminal(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What was saved can be found."""
    (project / "one" / "lamp_spec.py").write_text(
        SPEC[: SPEC.index("check(")].replace("Violated", "Holds")
        + 'check("ok", lamp, properties=(lit,), expect=Holds())\n'
    )
    assert cli.main(["check", "one", "--traces", "traces", "-v"]) == cli.OK
    (file,) = (project / "traces").iterdir()

    assert f"replay:    interlock replay traces/{file.name}" in capsys.readouterr().out
    assert cli.main(["replay", str(file)]) == cli.OK
