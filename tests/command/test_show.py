"""`interlock show`: each model once, its checks below it, and the text of what a check becomes."""

from __future__ import annotations

from pathlib import Path

import pytest

from interlock.checker.checks.forms import FORMS
from interlock.checker.command import cli
from interlock.checker.frontend import load_spec
from interlock.checker.frontend.codes import TOY

SPEC = """import toy
from interlock import Holds, always, check
from toy import State


@always
def small(s: State) -> bool:
    return s.n < 4


def done(s: State) -> bool:
    return s.on


check("plain", toy, expect=Holds())
check("three", toy, {"N": 3}, faults={"flip"}, terminal=done, states=5000, expect=Holds(), slow=True)
"""

SHOWN = """\
toy_spec.py
  model toy
    state: 15 bits, 13 leaves
      n: Range(0, 3)  2 bits
      on: bool  1 bit
      last: Color | None  2 bits
      car: Car  2 bits
      cars: Map[Node, Color]  2 bits
      seen: FiniteSet[Color]  2 bits
      queue: Seq[Color] of at most 2  4 bits
    types:
      Color: RED, GREEN
      Car(color: Color, fast: bool)  2 bits
      Node: 2 interchangeable
    constants:
      N = 2
    actions:
      reset()  1 instance
      flip()  1 instance  [fault "flip"]
  check "plain"
    engine explore, expects Holds
    faults: none
    deadlock: not looked for
    properties:
      always small
  check "three"
    engine explore, expects Holds, slow
    with states=5 000
    faults: flip
    its constants make of the model:
      state: 16 bits, 14 leaves
        cars: Map[Node, Color]  3 bits
        Node: 3 interchangeable
        N = 3
    deadlock: a state without steps that is not done
    properties:
      always small
"""


@pytest.fixture
def spec(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A spec with two checks of one model."""
    monkeypatch.chdir(tmp_path)
    Path("toy.py").write_text(TOY)
    Path("toy_spec.py").write_text(SPEC)
    return Path("toy_spec.py")


def test_a_model_is_told_once_and_its_checks_below_it(spec: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Of a check with constants, what they make different; records with their fields, fields with their bits."""
    assert cli.main(["show", str(spec)]) == cli.OK
    assert capsys.readouterr().out == SHOWN


def test_the_ir_of_a_check_has_its_claims(spec: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Alone it stands without a heading."""
    assert cli.main(["show", str(spec), "--only", "three", "--form", "ir"]) == cli.OK
    said = capsys.readouterr().out

    assert said.startswith("(program toy\n  (state State\n")
    assert "  (constant N Range(3, 3) 3)\n" in said
    assert "\n)\n(always small ((s State)) bool\n  (return (compare < (field s n) 4))\n)\n" in said
    assert said.endswith("(terminal done ((s State)) bool\n  (return (field s on))\n)\n")


def test_each_form_of_several_checks_has_a_heading(spec: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A comment of LLVM assembly, so that the text of one check is still that."""
    assert cli.main(["show", str(spec), "--form", "scalar"]) == cli.OK
    said = capsys.readouterr().out

    assert said.startswith('; toy_spec.py: check "plain"\ns0 n: 0..3\ns1 on: bool\n')
    assert "action flip" not in said.partition('; toy_spec.py: check "three"\n')[0]
    assert "action flip() fault flip" in said


def test_the_llvm_text_is_what_is_compiled(spec: Path) -> None:
    """It has the functions that the kernel calls."""
    text = FORMS["llvm"](load_spec(spec).checks[0])

    assert all(f"@{name}(" in text for name in ("expand", "check", "check_terminal", "search"))


def test_what_is_used_several_times_is_written_once() -> None:
    """So that the scalar form of a real protocol can be printed at all; names stand above their uses."""
    spec = load_spec(Path("specs/two_phase_commit.py"))
    lines = FORMS["scalar"](spec.checks[0]).splitlines()
    named = [line.partition(" = ")[0] for line in lines if line.startswith("t") and " = " in line]

    assert named == [f"t{i}" for i in range(len(named))]
    assert len(named) > 5
    for i, name in enumerate(named):
        first = next(j for j, line in enumerate(lines) if f" {name} " in line.replace(")", " ") + " ")
        assert first > lines.index(next(line for line in lines if line.startswith(f"{name} = "))), i
