"""Of a folder every spec is run or refused by name; nothing is left out without a word."""

from __future__ import annotations

import json
import os
from pathlib import Path
from xml.etree import ElementTree

import pytest
from tests.test_ends import MODEL, SPEC

from interlock.checker.checks import finding
from interlock.checker.command import cli, exits
from interlock.checker.diagnostics import InputError

HEAD = """
import toy
from interlock import Holds, always
from toy import State

@always
def most(s: State) -> bool:
    return s.x <= 9

"""
CALL = '("other", toy, properties=(most,), expect=Holds())\n'
IMPORT = "from interlock import check\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a model and a spec whose checks pass."""
    (tmp_path / "toy.py").write_text(MODEL)
    (tmp_path / "toy_spec.py").write_text(SPEC.replace("s.x < 3", "s.x < 10"))
    return tmp_path


def verdicts(folder: Path, *options: str) -> tuple[int, list[str], list[str]]:
    """The exit code for a folder, the names of the checks that were run, and the codes of what was refused."""
    out = folder.parent / f"{folder.name}.json"
    code = cli.main(["check", str(folder), "--json", str(out), *options])
    data = json.loads(out.read_text())
    codes = [e["code"] for r in data["refused"] for e in r["errors"]]
    return code, [c["check"] for c in data["checks"]], codes


# --- files ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        IMPORT + HEAD + "check " + CALL,
        IMPORT + HEAD + "(check)" + CALL,
        "from interlock import check as chk\n" + HEAD + "chk" + CALL,
        "from  interlock import check\n" + HEAD + "check" + CALL,
        "from \\\n  interlock import check\n" + HEAD + "check" + CALL,
        "from shared import check\n" + HEAD + "check" + CALL,
        "from shared import look\n" + HEAD + "look" + CALL,
        "from \N{FULLWIDTH LATIN SMALL LETTER I}nterlock import check\n" + HEAD + "check" + CALL,
    ],
)
def test_a_spec_may_call_check_as_it_likes(folder: Path, text: str) -> None:
    """With a blank, in brackets, under another name, by way of another module: its check is run."""
    (folder / "shared.py").write_text("from interlock import check\nfrom interlock import check as look\n")
    (folder / "other_spec.py").write_text(text)

    assert verdicts(folder) == (exits.OK, ["other", "good", "bad"], [])


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        (IMPORT + HEAD + "if True:\n    check" + CALL, ["M003"]),
        (IMPORT + HEAD + "x = check" + CALL, ["M003"]),
        (IMPORT + HEAD + "def every() -> None:\n    check" + CALL, ["M003"]),
        (IMPORT + HEAD + "for _ in range(2):\n    check" + CALL, ["M003"]),
        (IMPORT + HEAD + "again = check\nagain" + CALL, None),
        ("from interlock.model import lang\n" + HEAD + "lang.check" + CALL, None),
        ("import interlock as lang\n" + HEAD + "lang.check" + CALL, None),
        ("import interlock\n" + HEAD + "interlock.check" + CALL, None),
        ("from interlock import *\n" + HEAD + "check" + CALL, None),
        ("from .shared import check\n" + HEAD + "check" + CALL, None),
        (IMPORT + HEAD + "check" + CALL + "def broken(:\n", ["L005"]),
        (IMPORT + HEAD + "check" + CALL + "x = " + "(" * 20_000 + ")" * 20_000, None),
        (IMPORT + HEAD + "check" + CALL + "x = " + "-" * 20_000 + "1\n", None),
        ("from shared import look\n" + HEAD + "look" + CALL + "def broken(:\n", ["L005"]),
    ],
)
def test_a_spec_that_cannot_be_read_is_refused_by_name(
    folder: Path, capsys: pytest.CaptureFixture[str], text: str, codes: list[str] | None
) -> None:
    """The checks of the others are run, and the exit code is 2."""
    (folder / "shared.py").write_text("from interlock import check\nfrom interlock import check as look\n")
    (folder / "other_spec.py").write_text(text)
    code, checks, found = verdicts(folder)

    assert (code, checks) == (exits.WRONG_INPUT, ["good", "bad"])
    assert found == codes or (codes is None and found)
    assert "other_spec.py" in capsys.readouterr().err


@pytest.mark.parametrize("encoding", ["latin-1", "utf-16", "utf-16-le", "utf-32"])
def test_a_spec_of_another_encoding_is_refused_by_name(folder: Path, encoding: str) -> None:
    """With or without a line that names it."""
    text = IMPORT + HEAD + "check" + CALL + "# caf\N{LATIN SMALL LETTER E WITH ACUTE}\n"
    (folder / "other_spec.py").write_bytes(text.encode(encoding))
    (folder / "third_spec.py").write_bytes(f"# coding: latin-1\n{text}".encode("latin-1"))

    assert verdicts(folder) == (exits.WRONG_INPUT, ["good", "bad"], ["L003", "L003"])


@pytest.mark.parametrize(
    "text",
    [
        "def check(x):\n    return x\n\ncheck(1)\n",
        "from unittest import mock\nfrom subprocess import check_call as check\n\ncheck([])\n",
        "from interlock import action, state\n\n# expect no check here\n",
        "from interlock import Holds, always, check\n",  # imported, and never called
        'TEXT = """\nfrom interlock import check\ncheck(1)\n"""\n',
        "print 'check', expect\n",  # no Python of today, and nothing of the language
        "from . import check\n\nx = 1\n",
        "from nowhere import check\n\ncheck()\n",
    ],
)
def test_what_does_not_use_check_of_the_language_is_no_spec(folder: Path, text: str) -> None:
    """It is left alone, whatever it calls its own functions."""
    (folder / "other.py").write_text(text)

    assert verdicts(folder) == (exits.OK, ["good", "bad"], [])


def test_modules_that_import_each_other_are_no_spec(folder: Path) -> None:
    """Where a name comes from is looked for once in each."""
    for name, other in (("one", "two"), ("two", "one")):
        (folder / f"{name}.py").write_text(f"from {other} import check\nfrom {other} import *\n\ncheck()\n")

    assert verdicts(folder) == (exits.OK, ["good", "bad"], [])


# --- folders -------------------------------------------------------------------------------------------


def test_folders_that_are_links_are_looked_into_once(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    """One that leads back, or to a folder that is there anyway, adds nothing."""
    away = tmp_path_factory.mktemp("away")
    (away / "far_spec.py").write_text(IMPORT + HEAD + "check" + CALL)
    (away / "toy.py").write_text(MODEL)
    inside = folder / "inside"
    inside.mkdir()
    (inside / "near_spec.py").write_text((IMPORT + HEAD + "check" + CALL).replace("other", "near"))
    (folder / "away").symlink_to(away)
    (folder / "again").symlink_to(away)
    (folder / "a_link").symlink_to(inside)
    (inside / "back").symlink_to(folder)
    (away / "back").symlink_to(folder)
    code, checks, refused = verdicts(folder)

    assert (code, sorted(checks), refused) == (exits.OK, ["bad", "good", "near", "other"], [])
    assert [p.relative_to(folder).as_posix() for p in finding.spec_files([folder])[0]] == [
        "again/far_spec.py", "inside/near_spec.py", "toy_spec.py",
    ]  # fmt: skip


def test_what_cannot_be_read_is_refused_by_name(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file, and a folder; nobody knows what is in them."""
    (folder / "closed.py").write_text("")
    (folder / "shut").mkdir()
    sound, whole = Path.iterdir, Path.read_bytes

    def look(path: Path) -> object:
        if path.name == "shut":
            raise PermissionError(13, "Permission denied")
        return sound(path)

    def read(path: Path) -> bytes:
        if path.name == "closed.py":
            raise PermissionError(13, "Permission denied")
        return whole(path)

    monkeypatch.setattr(Path, "iterdir", look)
    monkeypatch.setattr(Path, "read_bytes", read)
    code, checks, refused = verdicts(folder)

    assert (code, checks, refused) == (exits.WRONG_INPUT, ["good", "bad"], ["L007", "L007"])


def test_what_is_no_plain_file_is_refused_and_not_waited_for(folder: Path) -> None:
    """A pipe, a device, and a link that leads nowhere."""
    os.mkfifo(folder / "pipe.py")
    (folder / "zero.py").symlink_to("/dev/zero")
    (folder / "gone.py").symlink_to("nowhere.py")
    code, checks, refused = verdicts(folder)

    assert (code, checks, sorted(refused)) == (exits.WRONG_INPUT, ["good", "bad"], ["L001", "L007", "L007"])


def test_hidden_folders_and_those_of_tools_are_left_out(folder: Path) -> None:
    """As they were: an environment has specs of its own."""
    for name in (".venv", "__pycache__", "node_modules"):
        (folder / name).mkdir()
        (folder / name / "spec.py").write_text("from interlock import check\ncheck(\n")

    assert verdicts(folder) == (exits.OK, ["good", "bad"], [])


# --- what is told --------------------------------------------------------------------------------------


def test_what_was_refused_is_told_everywhere(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A file with its mistakes, and a check that its engine cannot take on; beside what the others came to."""
    walk = 'check("walk", toy, properties=(most,), engine="simulate", walks=0, expect=Holds())\n'
    (folder / "other_spec.py").write_text(IMPORT + HEAD + walk)
    (folder / "wrong_spec.py").write_text(IMPORT + HEAD + 'check("wrong", toi, expect=Hold())\n')
    out = {kind: folder / f"r.{kind}" for kind in ("json", "junit", "sarif")}
    options = [word for kind, file in out.items() for word in (f"--{kind}", str(file))]
    code = cli.main(["check", str(folder), "--format", "github", *options])
    said = capsys.readouterr()
    data = json.loads(out["json"].read_text())
    refused = {(Path(r["spec"]).name, r["check"]): [e["code"] for e in r["errors"]] for r in data["refused"]}
    xml = ElementTree.fromstring(out["junit"].read_text())
    found = json.loads(out["sarif"].read_text())["runs"][0]["results"]

    assert code == exits.WRONG_INPUT
    assert refused == {("wrong_spec.py", None): ["S010", "S007"], ("other_spec.py", "walk"): ["E030"]}
    error = data["refused"][0]["errors"][0]
    assert error == {
        "code": "S010", "message": "there is no model `toi`", "file": str(folder / "wrong_spec.py"), "line": 11,
        "column": 16, "help": "did you mean `toy`?",
    }  # fmt: skip
    assert [c["check"] for c in data["checks"]] == ["good", "bad"]
    assert "2 of 2 checks as expected, 2 refused" in said.out
    assert {s.get("name"): (s.get("tests"), s.get("errors")) for s in xml.iter("testsuite")} == {
        str(folder / "toy_spec.py"): ("2", "0"),
        str(folder / "wrong_spec.py"): ("1", "1"),
        str(folder / "other_spec.py"): ("1", "1"),
    }
    assert [e.get("message") for e in xml.iter("error")] == [
        "refused: S010: there is no model `toi`",
        'refused: E030: check "walk": with walks=0 random walks sample nothing',
    ]
    assert [r["ruleId"] for r in found] == ["refused"] * 3
    assert found[0]["locations"][0]["physicalLocation"]["region"]["startLine"] == 11
    lines = [line for line in said.out.splitlines() if line.startswith("::error ")]
    assert [line.partition("::error ")[2].partition("title=")[2].partition("::")[0] for line in lines] == [
        "S010", "S007", "walk",
    ]  # fmt: skip
    assert said.err.count("error[") == 3


def test_a_mistake_of_a_model_that_specs_share_is_told_once(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Though each of them is refused for it."""
    (folder / "other_spec.py").write_text(IMPORT + HEAD + "check" + CALL)
    (folder / "toy.py").write_text(MODEL.replace("s.x += 1", "s.y += 1"))
    code, checks, codes = verdicts(folder)

    assert (code, checks) == (exits.WRONG_INPUT, [])
    assert len(codes) == 2
    assert capsys.readouterr().err.endswith("\n1 error\n")


def test_a_check_that_is_not_found_may_stand_in_what_was_refused(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """So what is wrong there is told too."""
    (folder / "other_spec.py").write_text(IMPORT + HEAD + "check" + CALL.replace("Holds()", "Hold()"))

    assert cli.main(["check", str(folder), "--only", "other"]) == exits.WRONG_INPUT
    said = capsys.readouterr().err
    assert "error[S007]" in said
    assert "error[C004]: there is no check named `other`" in said


def test_no_page_is_written_where_a_spec_was_refused(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The register would be shorter than the truth."""
    (folder / "other_spec.py").write_text(IMPORT + HEAD + "check" + CALL.replace("Holds()", "Hold()"))

    assert cli.main(["report", str(folder), "--into", str(folder)]) == exits.WRONG_INPUT
    assert not list(folder.glob("*.md"))
    assert "no page was written" in capsys.readouterr().err


def test_who_loads_specs_for_something_else_gets_every_mistake(folder: Path) -> None:
    """`show` and `explain` run nothing beside them."""
    (folder / "other_spec.py").write_text(IMPORT + HEAD + "check" + CALL.replace("Holds()", "Hold()"))

    with pytest.raises(InputError, match="S007"):
        finding.load([folder])
