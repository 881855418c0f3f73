"""The command line: exit codes, and the nearest right word for a wrong one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from checker import cli

SPEC = "specs/two_phase_commit.py"


@pytest.mark.parametrize(
    ("line", "code", "help_"),
    [
        ("chek specs", "C001", "did you mean `check`?"),
        ("check specs --slwo", "C001", "did you mean `--slow`?"),
        ("check specs --memory lots", "C001", "see"),
        ("check spec", "C002", "did you mean `specs`?"),
        ("check checker/report", "C002", "a spec file calls"),
        ("check specs --engine explorer", "C003", "did you mean `explore`?"),
        (f"check {SPEC} --only", "C001", "see"),
        (f"check {SPEC} --only 3managers", "C004", "did you mean `3 managers`?"),
        (f"explain {SPEC} --check 5 --action x", "C004", "known here"),
        ("replay nowhere.json", "T001", "--traces"),
    ],
)
def test_a_mistake_gets_the_nearest_right_word(
    capsys: pytest.CaptureFixture[str], line: str, code: str, help_: str
) -> None:
    """Exit code 2, a stable code, and help."""
    status = cli.main(line.split(" "))
    said = capsys.readouterr().err

    assert status == cli.WRONG_INPUT
    assert f"error[{code}]" in said
    assert help_ in said
    assert "Traceback" not in said


def test_a_check_runs_saves_and_replays(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """From the spec to the trace file and back."""
    out = tmp_path / "r.json"
    line = ["check", SPEC, "--only", "commits too early", "--traces", str(tmp_path), "--json", str(out)]

    assert cli.main(line) == cli.OK
    (entry,) = json.loads(out.read_text())["checks"]
    assert entry["verdict"] == "Violated(consistent, steps=3)"
    assert cli.main(["replay", entry["trace"]]) == cli.OK
    assert "is false" in capsys.readouterr().out


def test_an_edited_trace_does_not_replay(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """A state that was changed by hand is found."""
    cli.main(["check", SPEC, "--only", "commits too early", "--traces", str(tmp_path)])
    (file,) = tmp_path.iterdir()
    data = json.loads(file.read_text())
    data["states"][1]["abort_sent"] = True
    file.write_text(json.dumps(data))

    assert cli.main(["replay", str(file)]) == cli.DIFFERS
    assert "does not replay" in capsys.readouterr().out


def test_a_budget_leaves_it_undecided() -> None:
    """Exit code 3."""
    assert cli.main(["check", SPEC, "--only", "3 managers", "--states", "5"]) == cli.UNDECIDED


def test_show_and_explain(capsys: pytest.CaptureFixture[str]) -> None:
    """What there is, and why not."""
    assert cli.main(["show", SPEC, "--only", "3 managers"]) == cli.OK
    assert cli.main(["explain", SPEC, "--check", "3 managers", "--action", "obey_abort(who=Manager(0))"]) == cli.OK
    said = capsys.readouterr().out

    assert "state: 16 bits, 12 leaves" in said
    assert "false: require(s.abort_sent)" in said


def test_a_defect_is_no_traceback(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """An exception nobody expected is our defect, in two lines."""
    monkeypatch.setattr(cli, "spec_files", lambda _: 1 / 0)

    assert cli.main(["check", SPEC]) == cli.INTERNAL
    assert "internal error: ZeroDivisionError" in capsys.readouterr().err
