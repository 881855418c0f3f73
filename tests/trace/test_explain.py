"""Why an action is disabled: in which state, which part of the guard, for which values."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from interlock.checker.command import cli
from interlock.checker.diagnostics import InputError
from interlock.checker.frontend import load_spec
from interlock.checker.ir.claims import Check, Spec
from interlock.checker.ir.types import (
    BOOL,
    EnumT,
    IntT,
    MapT,
    OptionT,
    RecordT,
    ScalarT,
    SeqT,
    SetT,
    TupleT,
    Type,
    members,
)
from interlock.checker.trace import values
from interlock.checker.trace.explain import explain, parse_call
from interlock.checker.trace.loader import paste

MODEL = """from typing import Annotated

from interlock import Enum, FiniteSet, Map, Range, action, auto, filled, initial, members, record, require, state


class Side(Enum):
    LEFT = auto()
    RIGHT = auto()


@record
class Place:
    side: Side
    floor: Annotated[int, Range(1, 2)]


@state
class State:
    door: Side = Side.LEFT
    lit: Map[Place, bool] = filled(False)
    seen: FiniteSet[Place] = FiniteSet()


@initial
def enter(s: State, side: Side) -> None:
    s.door = side


@action
def light(s: State, p: Place) -> None:
    require(not s.lit[p])
    s.lit[p] = True


@action
def leave(s: State, up: bool) -> None:
    n = 2 if up else 1
    require(s.door == Side.LEFT and all(ready(s, p) for p in members(Place) if p.floor == n))
    s.door = Side.RIGHT


@action
def mark(s: State, some: FiniteSet[Place]) -> None:
    s.seen = s.seen | some
    require(all(s.lit[p] for p in s.seen))


def ready(s: State, p: Place) -> bool:
    return s.lit[p] and p not in s.seen
"""
SPEC = """import house
from house import Place, Side, State
from interlock import Violated, always, check, members, recoverable


@always
def two_dark(s: State) -> bool:
    return all(not (s.lit[p] and s.lit[q]) for p in members(Place) for q in members(Place) if p != q)


@recoverable
def dark(s: State) -> bool:
    return all(not s.lit[p] for p in members(Place))


check("always", house, properties=(two_dark,), expect=Violated(two_dark, steps=2))
check("recoverable", house, properties=(dark,), expect=Violated(dark, steps=1))
"""


@pytest.fixture
def spec(tmp_path: Path) -> Spec:
    (tmp_path / "house.py").write_text(MODEL)
    (tmp_path / "house_spec.py").write_text(SPEC)
    return load_spec(tmp_path / "house_spec.py")


def _explained(spec: Spec, call: str) -> list[str]:
    check: Check = spec.checks[0]
    action, params = parse_call(check, call)
    return [line.strip() for line in explain(spec, check, action, params, check.program.default)]


def test_the_part_of_a_guard_is_found(spec: Spec) -> None:
    """The conjunct, the instance of `all`, and what the helper wants, each with its place."""
    said = " ".join(_explained(spec, "leave(True)"))

    assert said.startswith("leave(up=True) is disabled false: require(s.door == Side.LEFT and all(")
    assert "false: ready(s, p)" in said
    assert "with p = Place(side=Side.LEFT, floor=2)" in said
    assert "false: s.lit[p] (" in " ".join(said.split())


def test_a_guard_after_a_change_says_what_the_state_was_by_then(spec: Spec) -> None:
    """It is not the state that was asked about."""
    said = " ".join(_explained(spec, "mark({Place(Side.LEFT, 1)})"))

    assert "false: require(all(s.lit[p] for p in s.seen))" in said
    assert "false: s.lit[p] (" in " ".join(said.split())
    assert said.endswith(
        "after what the action changes before, and takes back: seen: FiniteSet() -> FiniteSet({Place(side=Side.LEFT, floor=1)})"
    )


@pytest.mark.parametrize(
    "call",
    ["light(p=Place(side=Side.LEFT, floor=2))", "light(Place(Side.LEFT, 2))", "light(Place(Side.LEFT, floor=2))"],
)
def test_a_value_is_read_as_models_write_it(spec: Spec, call: str) -> None:
    """With names, or in order."""
    assert _explained(spec, call)[0] == "light(p=Place(side=Side.LEFT, floor=2)) is enabled"


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ("light(Place(Side.LEFTT, 2))", "`Side.LEFTT` is not a Side"),
        ("light(Place(Side.LEFT, 3))", "`3` is not a Range"),
        ("light(Place(Side.LEFT))", "is not a Place"),
        ("light(Place(Side.LEFT, 2), p=Place(Side.LEFT, 2))", "given twice"),
        ("light(q=Place(Side.LEFT, 2))", "has no parameter `q`"),
        ("light()", "the parameter `p` of light is missing"),
        ("light(1, 2)", "light takes 1 parameter$"),
        ("lihgt(1)", "there is no action `lihgt`"),
        ("light(", "is not a call"),
    ],
)
def test_a_wrong_call_is_refused_at_its_part(spec: Spec, call: str, message: str) -> None:
    """The smallest part that is wrong is named."""
    with pytest.raises(InputError, match=message):
        parse_call(spec.checks[0], call)


@pytest.mark.parametrize(
    ("call", "help_"),
    [
        ("light(Place(Side.LEFT, 9))", "write a number from 1 to 2"),
        ("mark(FiniteSet(Place(Side.LEFT, 1)))",
         "write it as `FiniteSet({Place(side=Side.LEFT, floor=1)})`, or `FiniteSet()`"),
        ("light(Place(Side.LEFTT, 2))", "did you mean `Side.LEFT`?"),
    ],
)  # fmt: skip
def test_a_wrong_value_is_told_its_form_or_its_range(spec: Spec, call: str, help_: str) -> None:
    """One of its values alone would not show what others look like."""
    with pytest.raises(InputError) as caught:
        parse_call(spec.checks[0], call)

    assert caught.value.diagnostics[0].help == help_


COLOR = EnumT("Color", ("RED", "BLUE"))
PAIR = RecordT("Pair", (("a", COLOR), ("b", OptionT(IntT(-1, 2)))))
TYPES: list[Type] = [
    BOOL, IntT(-2, 2), COLOR, ScalarT("Net", 2), PAIR, TupleT((BOOL,)), TupleT((BOOL, COLOR)), OptionT(PAIR), SetT(PAIR),
    SeqT(COLOR, 2), SeqT(TupleT((BOOL, BOOL)), 1), MapT(PAIR, BOOL), MapT(BOOL, SetT(BOOL)),
]  # fmt: skip


@pytest.mark.parametrize("t", TYPES, ids=str)
def test_every_value_of_a_trace_is_read_back(t: Type) -> None:
    """What a trace prints may be pasted here."""
    all_values = members(t)

    assert [values.read(t, ast.parse(paste(t, v), mode="eval").body) for v in all_values] == list(all_values)


@pytest.mark.parametrize("t", TYPES, ids=str)
@pytest.mark.parametrize(
    "text", ["3", "x", "Pair()", "Seq((1, 2, 3))", "Map()", "Map({**x})", "{1}", "FiniteSet(1)", "-x"]
)
def test_other_text_is_no_value(t: Type, text: str) -> None:
    """And no error of ours."""
    with pytest.raises(values.NoValue):
        values.read(t, ast.parse(text, mode="eval").body)


# --- in which state --------------------------------------------------------------------------------


def _saved(spec: Spec, tmp_path: Path, check: str) -> str:
    assert cli.main(["check", spec.path, "--only", check, "--traces", str(tmp_path / check)]) == cli.OK
    (file,) = (tmp_path / check).iterdir()
    return str(file)


@pytest.mark.parametrize(
    ("check", "at", "where"),
    [
        ("always", [], "in state 1 (of 0 to 2) of the trace, after light(p=Place(side=Side.LEFT, floor=1)):"),
        ("always", ["--at", "0"], "in state 0 (of 0 to 2) of the trace, after enter(side=Side.LEFT):"),
        (
            "always",
            ["--at", "2"],
            "in state 2 (of 0 to 2) of the trace, after light(p=Place(side=Side.LEFT, floor=2)):",
        ),
        ("recoverable", [], "in state 1 (of 0 to 1) of the trace, after light(p=Place(side=Side.LEFT, floor=1)):"),
    ],
)
def test_the_state_is_said(
    spec: Spec, tmp_path: Path, capsys: pytest.CaptureFixture[str], check: str, at: list[str], where: str
) -> None:
    """Without --at: before the step that violates; where no step does, the state that one is stuck in."""
    line = ["explain", spec.path, "--check", check, "--action", "leave(True)", "--trace", _saved(spec, tmp_path, check)]
    capsys.readouterr()

    assert cli.main([*line, *at]) == cli.OK
    assert capsys.readouterr().out.split("\n")[0] == where


def test_the_initial_state_is_said(spec: Spec, capsys: pytest.CaptureFixture[str]) -> None:
    """Which of several it is."""
    assert cli.main(["explain", spec.path, "--check", "always", "--action", "leave(True)"]) == cli.OK
    assert capsys.readouterr().out.startswith(
        "in the first of 2 initial states, by enter(side=Side.LEFT) (--initial takes another):\n"
    )


def test_another_initial_state_is_named_by_its_call(spec: Spec, capsys: pytest.CaptureFixture[str]) -> None:
    """As a trace prints it."""
    line = ["explain", spec.path, "--check", "always", "--action", "leave(True)", "--initial", "enter(Side.RIGHT)"]

    assert cli.main(line) == cli.OK
    said = " ".join(capsys.readouterr().out.split())
    assert said.startswith(
        "in the initial state, by enter(side=Side.RIGHT): leave(up=True) is disabled false: require("
    )
    assert "false: s.door == Side.LEFT (" in said
    assert "with s.door = Side.RIGHT" in said


@pytest.mark.parametrize(
    ("initial", "code", "message"),
    [
        ("entre(Side.LEFT)", "C005", "there is no initial action `entre`"),
        ("enter(Side.TOP)", "C005", "`Side.TOP` is not a Side"),
        ("enter()", "C005", "the parameter `side` of enter is missing"),
    ],
)
def test_a_wrong_initial_call_is_refused(
    spec: Spec, capsys: pytest.CaptureFixture[str], initial: str, code: str, message: str
) -> None:
    """As a wrong action is."""
    line = ["explain", spec.path, "--check", "always", "--action", "leave(True)", "--initial", initial]

    assert cli.main(line) == cli.WRONG_INPUT
    assert f"error[{code}]: {message}" in capsys.readouterr().err


def test_an_initial_call_that_makes_no_state_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A guard that is false, and an error; and a model without a choice has no call."""
    (tmp_path / "house.py").write_text(MODEL.replace("    s.door = side\n", "    require(side == Side.LEFT)\n"))
    (tmp_path / "house_spec.py").write_text(SPEC)
    line = ["explain", str(tmp_path / "house_spec.py"), "--check", "always", "--action", "leave(True)", "--initial"]
    cli.main([*line, "enter(Side.RIGHT)"])
    disabled = capsys.readouterr().err
    (tmp_path / "house.py").write_text(MODEL.replace("@initial\n", "@action\n"))
    cli.main([*line, "enter(Side.LEFT)"])

    assert "error[C007]: enter(side=Side.RIGHT) is disabled" in disabled
    assert "error[C005]: the model has no `@initial` function, and one initial state" in capsys.readouterr().err


def test_an_initial_state_and_a_trace_are_not_both_taken(
    spec: Spec, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A trace has its own."""
    line = ["explain", spec.path, "--check", "always", "--action", "leave(True)", "--initial", "enter(Side.LEFT)"]

    assert cli.main([*line, "--trace", _saved(spec, tmp_path, "always")]) == cli.WRONG_INPUT
    assert "error[C009]: --initial names an initial state" in capsys.readouterr().err


def test_the_first_of_many_initial_states_is_said(
    spec: Spec, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not how many there are: nobody goes through all of them to explain one action."""
    monkeypatch.setattr("interlock.checker.trace.explain._TRIED", 1)

    assert cli.main(["explain", spec.path, "--check", "always", "--action", "leave(True)"]) == cli.OK
    told = "in the first initial state, by enter(side=Side.LEFT) (--initial takes another):\n"
    assert capsys.readouterr().out.startswith(told)


DOOR = """
from interlock import Enum, action, auto, initial, require, state


class Side(Enum):
    LEFT = auto()
    RIGHT = auto()


@state
class State:
    open: bool = False


@initial
def enter(s: State, side: Side) -> None:
    BODY


@action
def shut(s: State) -> None:
    s.open = False
"""


@pytest.mark.parametrize(
    ("body", "tried", "said", "help_"),
    [
        ("require(False)", 9, "every initial action is disabled", "run `interlock check` on it first"),
        ("s.open = 1 // (0 if side == Side.LEFT else 1) == 1", 9, "initial action enter: division by zero at",
         "run `interlock check` on it first"),
        ("require(side == Side.RIGHT)", 1, "none of the first 1 initial instances is enabled",
         "name one that is: `--initial CALL`, or a state: `--trace FILE`"),
    ],
)  # fmt: skip
def test_where_no_initial_state_is_found_it_is_said_why(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch,
    body: str, tried: int, said: str, help_: str,
) -> None:  # fmt: skip
    monkeypatch.setattr("interlock.checker.trace.explain._TRIED", tried)
    (tmp_path / "door.py").write_text(DOOR.replace("BODY", body))
    spec = tmp_path / "door_spec.py"
    spec.write_text('import door\nfrom interlock import Holds, check\n\ncheck("c", door, expect=Holds())\n')

    assert cli.main(["explain", str(spec), "--check", "c", "--action", "shut()"]) == cli.WRONG_INPUT
    err = capsys.readouterr().err
    assert err.startswith("error[C007]: ")
    assert said in err
    assert f"help: {help_}" in err


def test_a_trace_of_another_check_is_called_that(
    spec: Spec, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Would the step be possible there?  One may ask, and is told."""
    file = _saved(spec, tmp_path, "always")
    line = ["explain", spec.path, "--check", "recoverable", "--action", "leave(True)", "--trace", file]

    assert cli.main(line) == cli.OK
    assert 'of the trace of another check, "always", after' in capsys.readouterr().out


def test_at_without_a_trace_is_refused(spec: Spec, capsys: pytest.CaptureFixture[str]) -> None:
    """It would say nothing."""
    line = ["explain", spec.path, "--check", "always", "--action", "leave(True)", "--at", "1"]

    assert cli.main(line) == cli.WRONG_INPUT
    assert "error[C009]" in capsys.readouterr().err


def test_a_state_beyond_the_trace_is_refused(spec: Spec, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With the numbers that there are."""
    line = ["explain", spec.path, "--check", "always", "--action", "leave(True)", "--at", "3", "--trace"]

    assert cli.main([*line, _saved(spec, tmp_path, "always")]) == cli.WRONG_INPUT
    assert "states are 0 to 2" in capsys.readouterr().err
