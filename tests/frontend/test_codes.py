"""Every code of the front end: what it refuses, what it accepts, and the text the user sees."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

import interlock.checker.frontend
from interlock.checker.diagnostics import InputError, render, render_all
from interlock.checker.frontend import load_model, load_spec
from interlock.checker.frontend.codes import CODES, MODEL_HEAD, SPEC_HEAD, TOY
from interlock.checker.frontend.source import MAX_BYTES

GOLDEN = Path(__file__).parent / "golden"
REWRITE = os.environ.get("INTERLOCK_GOLDEN") == "write"  # write the golden texts anew, then read the diff


OTHER = TOY.replace("class State", "class Other").replace("s: State", "s: Other")
S011 = """import toy
import other
from interlock import Holds, always, check
from toy import State


@always
def small(s: State) -> bool:
    return s.n < 4


check("toy", other, properties=(small,), expect=Holds())
"""


def wrong_file(code: str) -> Path:
    """Write the wrong example of a code into the working directory."""
    entry, path = CODES[code], Path("wrong.py")
    Path("toy.py").write_text(TOY)
    match code:
        case "L001":
            return Path("absent.py")
        case "L002":
            path.mkdir()
        case "L003":
            path.write_bytes(b"x = '\xff'\n")
        case "L004":
            path.write_bytes(b"#" * (MAX_BYTES + 1))
        case "L007":
            os.mkfifo(path)
        case "S011":
            Path("other.py").write_text(OTHER)
            path.write_text(S011)
        case _:
            head = {"model": MODEL_HEAD, "spec": SPEC_HEAD, "file": ""}[entry.kind]
            path.write_text(head + entry.wrong)
    return path


@pytest.mark.parametrize("code", CODES)
def test_the_wrong_example_gives_this_code_alone(code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    path = wrong_file(code)
    with pytest.raises(InputError) as caught:
        load_spec(path) if CODES[code].kind == "spec" else load_model(path)
    found = caught.value.diagnostics
    assert [d.code for d in found] == [code], render_all(found)
    assert found[0].help.strip()
    text = "\n".join(render(d) for d in found) + "\n"
    golden = GOLDEN / f"{code}.txt"
    if REWRITE:
        GOLDEN.mkdir(exist_ok=True)
        golden.write_text(text)
    assert text == golden.read_text()


@pytest.mark.parametrize("code", CODES)
def test_the_right_example_is_accepted(code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    entry, path = CODES[code], Path("right.py")
    Path("toy.py").write_text(TOY)
    path.write_text({"model": MODEL_HEAD, "spec": SPEC_HEAD, "file": ""}[entry.kind] + entry.right)
    try:
        load_spec(path) if entry.kind == "spec" else load_model(path)
    except InputError as problem:
        pytest.fail(render_all(problem.diagnostics))


def test_every_code_of_the_front_end_has_an_entry() -> None:
    used: set[str] = set()
    for path in Path(interlock.checker.frontend.__file__).parent.glob("*.py"):
        if path.name != "codes.py":
            used |= set(re.findall(r'"([LMS]\d{3})"', path.read_text()))
    assert used == set(CODES)


def test_there_is_no_golden_text_without_a_code() -> None:
    assert {p.stem for p in GOLDEN.glob("*.txt")} == set(CODES)


def test_all_mistakes_of_a_file_at_once(tmp_path: Path) -> None:
    path = tmp_path / "many.py"
    codes = ["M001", "M002", "M101", "M105", "M106", "M201", "M202", "M206", "M209", "M301"]
    parts = [CODES[c].wrong.replace("def act", f"def act_{c}") for c in codes]
    path.write_text(MODEL_HEAD + "\n\n".join(parts))
    with pytest.raises(InputError) as caught:
        load_model(path)
    assert [d.code for d in sorted(caught.value.diagnostics, key=lambda d: d.span.line)] == codes
    assert render_all(caught.value.diagnostics).endswith("10 errors")
