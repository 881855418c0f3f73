"""That no path leads on is not the engine's word alone."""

from __future__ import annotations

from pathlib import Path

import attrs
import pytest

from interlock.checker.command import cli
from interlock.checker.contract import Trouble
from interlock.checker.frontend import load_spec
from interlock.checker.ir.claims import Spec
from interlock.checker.trace.replay import Claim, Judge, Moves, ReplayMismatch, judge

MODEL = """from typing import Annotated

from interlock import Enum, Range, action, auto, require, state


class Way(Enum):
    OPEN = auto()
    SHUT = auto()


@state
class State:
    at: Annotated[int, Range(0, 9)] = 0
    way: Way = Way.OPEN


@action
def walk(s: State) -> None:
    require(s.at < 8)
    s.at += 1


@action
def shut(s: State) -> None:
    s.way = Way.SHUT


@action
def home(s: State) -> None:
    require(s.way == Way.OPEN)
    s.at = 0


@action(fault="jump")
def jump(s: State) -> None:
    require(s.at == 8)
    s.at += 2
"""
SPEC = """import walker
from interlock import Enum, Holds, Violated, check, recoverable
from walker import State, Way


@recoverable
def at_home(s: State) -> bool:
    return s.at == 0


@recoverable
def at_each(s: State, way: Way) -> bool:
    return s.at == 0 and s.way == way


check("shut out", walker, properties=(at_home,), expect=Violated(at_home, steps=2))
check("each", walker, properties=(at_each,), expect=Violated(at_each, steps=1))
check("jumps", walker, faults={"jump"}, properties=(at_home,), expect=Holds())
"""
OUT = Moves((0, 0), ((0, ()), (1, ())))  # walk(); shut()
LOST = Claim(Trouble.PROPERTY, "at_home")


@pytest.fixture
def spec(tmp_path: Path) -> Spec:
    (tmp_path / "walker.py").write_text(MODEL)
    (tmp_path / "walker_spec.py").write_text(SPEC)
    return load_spec(tmp_path / "walker_spec.py")


def _judge(spec: Spec, check: int = 0, tries: int = 1_000) -> Judge:
    return judge(spec, spec.checks[check], tries=tries)


def test_a_true_claim_is_checked_again(spec: Spec) -> None:
    """All states from there on are looked at, and counted in the trace."""
    ending = _judge(spec).moves(OUT, LOST).ending

    assert ending.recheck == "checked again in plain Python: it is false in all 8 states that can be reached from here"
    assert [c.text for c in ending.conjuncts] == ["s.at == 0"]


def test_the_instance_that_is_out_of_reach_is_looked_for(spec: Spec) -> None:
    """At home with the way shut is another thing, which is reached at once if the way is shut there."""
    lost, shut = (Claim(Trouble.PROPERTY, "at_each", params=(way,)) for way in (0, 1))
    ending = _judge(spec, 1).moves(OUT, lost).ending
    at_home = attrs.evolve(OUT, steps=OUT.steps[1:])

    assert "all 8 states" in ending.recheck
    assert str(ending.claim) == "at_each(way=Way.OPEN)"
    assert "all 9 states" in _judge(spec, 1).moves(at_home, lost).ending.recheck
    assert "all 8 states" in _judge(spec, 1).moves(OUT, shut).ending.recheck
    with pytest.raises(ReplayMismatch, match=r"at_each\(way=Way.SHUT\) is true in the last state"):
        _judge(spec, 1).moves(at_home, shut)


def test_an_instance_that_the_property_does_not_have_is_a_defect(spec: Spec) -> None:
    """Or none, where it has parameters."""
    for params in ((), (2,), (0, 0)):
        with pytest.raises(ReplayMismatch, match="the path gives at_each parameters that it cannot have"):
            _judge(spec, 1).moves(OUT, Claim(Trouble.PROPERTY, "at_each", params=params))


@pytest.mark.parametrize("steps", [((0, ()),), ((0, ()), (0, ()))])
def test_a_false_claim_of_an_engine_is_caught(spec: Spec, steps: tuple[tuple[int, tuple[()]], ...]) -> None:
    """Home is one step away: the engine lied, and the way is told."""
    with pytest.raises(ReplayMismatch, match=r"home\(\) leads to at_home in plain Python"):
        _judge(spec).moves(attrs.evolve(OUT, steps=steps), LOST)


def test_an_error_that_an_engine_passed_over_is_caught(spec: Spec) -> None:
    """An error of the model comes before any claim about what can be reached."""
    with pytest.raises(ReplayMismatch, match=r"jump\(\) leads to an error of the model"):
        _judge(spec, 2).moves(OUT, LOST)


def test_too_many_states_are_not_called_checked(spec: Spec) -> None:
    """The limit is in states, so that the answer is the same everywhere, and the trace says so."""
    ending = _judge(spec, tries=3 * 4).moves(OUT, LOST).ending

    assert ending.recheck == "not checked again in plain Python: more than 4 states can be reached from here"


def test_too_many_instances_are_not_tried(spec: Spec) -> None:
    """Not even from one state."""
    ending = _judge(spec, tries=2).moves(OUT, LOST).ending

    assert ending.recheck == "not checked again in plain Python: the actions have too many instances"


def test_the_limit_itself_is_within(spec: Spec) -> None:
    """Eight states are not more than eight."""
    assert "all 8 states" in _judge(spec, tries=3 * 8).moves(OUT, LOST).ending.recheck


def test_the_trace_says_which_of_the_two(spec: Spec, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """On the terminal, and again where a saved trace is replayed."""
    line = ["check", spec.path, "--only", "shut out", "--traces", str(tmp_path / "traces"), "-v"]
    assert cli.main(line) == cli.OK
    checked = capsys.readouterr().out
    (file,) = (tmp_path / "traces").iterdir()
    assert cli.main(["replay", str(file)]) == cli.OK

    assert "    checked again in plain Python: it is false in all 8 states" in checked
    assert "    checked again in plain Python: it is false in all 8 states" in capsys.readouterr().out
