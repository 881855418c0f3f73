"""The models and specs of Interlock have one name each, wherever it is installed, and every name leads to its file."""

from __future__ import annotations

from pathlib import Path

import pytest

from interlock.checker.command import cli
from interlock.checker.diagnostics import InputError
from interlock.checker.frontend import load_spec
from interlock.checker.places import PACKAGE, located, shipped, shown, specs

FORKS = PACKAGE / "specs/pos/forks.py"
SHORT = "interlock/specs/two_phase_commit.py"


def test_a_file_of_interlock_is_called_by_its_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On every machine alike; from within the package as any file is."""
    monkeypatch.chdir(tmp_path)

    assert shown(FORKS) == "interlock/specs/pos/forks.py"
    assert shown(PACKAGE / "README.md") == str(PACKAGE / "README.md")
    assert shown(tmp_path / "a/b.py") == "a/b.py"

    monkeypatch.chdir(PACKAGE / "specs")

    assert shown(FORKS) == "pos/forks.py"
    assert shown(PACKAGE / "model/pos/forks.py") == "interlock/model/pos/forks.py"


def test_a_file_of_the_user_keeps_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where one is called as a file of Interlock, that one is called by its whole path."""
    monkeypatch.chdir(tmp_path)
    own = tmp_path / "interlock/specs/pos/forks.py"
    own.parent.mkdir(parents=True)
    own.touch()

    assert shown(own) == "interlock/specs/pos/forks.py"
    assert shown(FORKS) == str(FORKS)
    assert located(Path("interlock/specs/pos/forks.py")) == Path("interlock/specs/pos/forks.py")
    assert located(Path("interlock.specs.pos.forks")) == FORKS


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("interlock.specs.pos.forks", "specs/pos/forks.py"),
        ("interlock/specs/pos/forks.py", "specs/pos/forks.py"),
        ("interlock.specs.pos", "specs/pos"),
        ("interlock.specs", "specs"),
        ("interlock.model.pos.forks", "model/pos/forks.py"),
        ("interlock.specs.pos.fork", None),
        ("interlock.checker.places", None),
        ("interlock.specs...checker", None),
        ("interlock/specs/../checker", None),
        ("interlock", None),
        ("specs.pos.forks", None),
    ],
)
def test_a_name_leads_to_its_file(name: str, place: str | None) -> None:
    """By dots or as it is shown, and nowhere but to models and specs."""
    assert shipped(name) == (None if place is None else PACKAGE / place)


def test_the_names_that_are_suggested_lead_somewhere() -> None:
    """To each spec, and to each folder of them."""
    found = {shipped(name) for name in specs()}
    files = set((PACKAGE / "specs").rglob("*.py"))

    assert found == files | {p.parent for p in files}


def test_a_spec_of_interlock_is_run_replayed_and_explained_by_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """From any folder, and what is printed can be typed again."""
    monkeypatch.chdir(tmp_path)
    check = ["--only", "commits too early"]

    assert cli.main(["check", "interlock.specs.two_phase_commit", *check, "-v", "--traces", "traces"]) == cli.OK
    said = capsys.readouterr().out
    (trace,) = [p for p in Path("traces").iterdir() if "reachable" not in p.name]
    assert said.startswith(f"{SHORT}\n")
    assert f"interlock check {SHORT} --only 'commits too early'" in said
    assert str(PACKAGE) not in said + trace.read_text()
    assert trace.name.startswith("interlock-specs-two_phase_commit-commits_too_early-")

    assert cli.main(["replay", str(trace)]) == cli.OK
    assert capsys.readouterr().out.startswith(f"{SHORT}: commits too early, replayed in plain Python")

    assert cli.main(["check", SHORT, *check]) == cli.OK
    assert cli.main(["show", "interlock.specs.two_phase_commit", *check]) == cli.OK
    call = ["--check", check[1], "--action", "hear_prepared(who=Manager(0))"]
    assert cli.main(["explain", "interlock.specs.two_phase_commit", *call]) == cli.OK
    assert "(interlock/model/two_phase_commit.py:" in capsys.readouterr().out


def test_a_folder_of_specs_is_run_by_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each file as if it were named."""
    from interlock.checker.checks.finding import spec_files  # noqa: PLC0415

    monkeypatch.chdir(tmp_path)
    files, refused = spec_files([Path("interlock.specs.poe"), Path("interlock.specs.poe.bridge")])

    assert files == sorted((PACKAGE / "specs/poe").glob("*.py"))
    assert refused == []


def test_a_spec_that_is_not_there_is_suggested(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """With the name that was nearly typed."""
    monkeypatch.chdir(tmp_path)

    assert cli.main(["check", "interlock.specs.pos.fork"]) == cli.WRONG_INPUT
    assert capsys.readouterr().err == (
        "error[C002]: there is no spec `interlock.specs.pos.fork` in Interlock\n"
        "  help: did you mean `interlock.specs.pos.forks`?\n\n1 error\n"
    )


def test_a_spec_of_interlock_is_a_machine_by_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the plain Python of the models that come with it; a name that is mistyped gets the nearest."""
    from interlock.stateful import NotJudged, machine  # noqa: PLC0415

    monkeypatch.chdir(tmp_path)
    first = load_spec(PACKAGE / "specs/pos/quorum.py").checks[0].name
    with pytest.warns(NotJudged):
        made = machine("interlock.specs.pos.quorum", first)

    assert "of interlock/specs/pos/quorum.py" in (made.__doc__ or "")
    with pytest.raises(InputError) as caught:
        machine("interlock.specs.pos.quorun", "any")
    assert caught.value.diagnostics[0].help == "did you mean `interlock.specs.pos.quorum`?"


def test_a_mistake_shows_the_line_of_a_file_of_interlock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its short name is enough to read it."""
    from interlock.checker.diagnostics import Diagnostic, render  # noqa: PLC0415

    monkeypatch.chdir(tmp_path)
    check = load_spec(Path("interlock.specs.two_phase_commit")).checks[0]
    lines = render(Diagnostic("X000", "wrong", check.span, "none")).split("\n")

    assert lines[1] == f"  --> {SHORT}:{check.span.line}:1"
    assert lines[2].startswith(f"{check.span.line} | check(")


def test_the_options_that_say_where_models_lie_are_printed_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A command that is printed finds them, and so does every command that reads a spec."""
    monkeypatch.chdir(tmp_path)
    model, spec = (PACKAGE / top / "two_phase_commit.py" for top in ("model", "specs"))
    Path("my models").mkdir()
    Path("my models/commit.py").write_text(model.read_text())
    text = spec.read_text().replace("from interlock.model import two_phase_commit", "import commit as two_phase_commit")
    Path("spec.py").write_text(text.replace("interlock.model.two_phase_commit", "commit"))
    where, check = ["--path", "my models"], ["--only", "commits too early"]

    assert cli.main(["check", "spec.py", *check]) == cli.WRONG_INPUT
    assert "there is no module `commit`" in capsys.readouterr().err

    assert cli.main(["check", "spec.py", *check, *where, "--traces", "traces", "-v"]) == cli.OK
    said = capsys.readouterr().out
    (trace,) = [p for p in Path("traces").iterdir() if "reachable" not in p.name]
    assert "reproduce: interlock check spec.py --only 'commits too early' --path 'my models'\n" in said
    assert f"replay:    interlock replay '{trace}' --path 'my models'\n".replace(f"'{trace}'", str(trace)) in said

    assert cli.main(["replay", str(trace), *where]) == cli.OK
    assert cli.main(["show", "spec.py", *where]) == cli.OK
    assert cli.main(["explain", "spec.py", "--check", check[1], "--action", "decide_commit()", *where]) == cli.OK
    assert cli.main(["simulate", "spec.py", *check, *where, "--seed", "7", "-v"]) in (cli.OK, cli.UNDECIDED)
    assert "--path 'my models' --seed 7" in capsys.readouterr().out
