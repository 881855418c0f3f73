"""Loading, replaying, diffing and saving: what a trace says is what plain Python does."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import attrs
import pytest

from interlock.checker.contract import Trouble
from interlock.checker.diagnostics import InputError
from interlock.checker.frontend import load_spec
from interlock.checker.ir.claims import Check, Spec
from interlock.checker.ir.types import BOOL, EnumT, IntT, MapT, OptionT, RecordT, SeqT, members
from interlock.checker.trace import itf
from interlock.checker.trace.diff import diff
from interlock.checker.trace.explain import explain, parse_call
from interlock.checker.trace.loader import Took, from_python, load, paste, to_python
from interlock.checker.trace.replay import Claim, Judge, Moves, ReplayMismatch, judge

MODEL = '''"""A lamp."""
from __future__ import annotations
from typing import Annotated, Final
from interlock import Map, Range, Scalarset, action, filled, require, state
LAMPS: Final[int] = 2
TOP: Final[int] = LAMPS + 1
class Lamp(Scalarset, size=LAMPS):
    """One of them."""
@state
class State:
    """All of them."""
    on: Map[Lamp, bool] = filled(False)
    count: Annotated[int, Range(0, TOP)] = 0
@action
def switch(s: State, lamp: Lamp) -> None:
    """Once."""
    require(not s.on[lamp])
    s.on[lamp] = True
    s.count = s.count + 1
@action(fault="surge")
def surge(s: State) -> None:
    """Counts what was not switched."""
    s.count = s.count + 1
'''

SPEC = '''"""Lamps."""
from lamps import Lamp, State
import lamps
from interlock import Holds, Violated, always, check, model_error, reachable
@always
def one_is_off(s: State, lamp: Lamp) -> bool:
    """Not both."""
    return s.count < 2 and s.count >= 0
@reachable
def lit(s: State, lamp: Lamp) -> bool:
    """Some."""
    return s.on[lamp]
check("plain", lamps, properties=(one_is_off, lit), expect=Violated(one_is_off, steps=2))
check("three", lamps, {"LAMPS": 3}, properties=(lit,), expect=Holds())
check("surge", lamps, faults={"surge"}, properties=(lit,), expect=Violated(model_error))
'''


@pytest.fixture
def spec(tmp_path: Path) -> Spec:
    (tmp_path / "lamps.py").write_text(MODEL.replace("from __future__ import annotations\n", ""))
    (tmp_path / "lamps_spec.py").write_text(SPEC)
    return load_spec(tmp_path / "lamps_spec.py")


def _check(spec: Spec, name: str) -> Check:
    return next(c for c in spec.checks if c.name == name)


TWO_STEPS = Moves(((False, False), 0), ((0, (0,)), (0, (1,))))
FALSE = Claim(Trouble.PROPERTY, "one_is_off")

COLOR = EnumT("Color", ("RED", "BLUE"))
PAIR = RecordT("Pair", (("a", COLOR), ("b", OptionT(IntT(0, 2)))))


def test_a_value_pastes_back() -> None:
    """The text of a value is Python."""
    assert paste(PAIR, (1, None)) == "Pair(a=Color.BLUE, b=None)"


def test_diff_is_as_deep_as_the_shape() -> None:
    """Only what changed, at its place."""
    t = RecordT("State", (("m", MapT(COLOR, PAIR)), ("q", SeqT(BOOL, 2))))
    old, new = (((0, None), (0, 1)), ()), (((0, None), (0, 2)), (True,))

    assert [str(c) for c in diff(t, old, new)] == ["m[Color.BLUE].b: 1 -> 2", "q: pushed True"]


def test_constants_are_replaced_and_derived_ones_follow(spec: Spec) -> None:
    """A check's constant reaches everything that is computed from it, and `sys.modules` sees nothing."""
    before = set(sys.modules)
    loaded = load(_check(spec, "three").program, spec)
    module = loaded.modules["lamps"]

    assert (module.LAMPS, module.TOP, len(list(module.Lamp))) == (3, 4, 3)
    assert "lamps" not in set(sys.modules) - before


def test_values_survive_python(spec: Spec) -> None:
    """A state becomes Python objects and comes back."""
    check = _check(spec, "plain")
    t, loaded = check.program.state, load(check.program, spec)

    assert all(from_python(t, to_python(loaded, t, v)) == v for v in members(t))
    assert loaded.default() == check.program.default


def test_a_true_path_is_replayed(spec: Spec) -> None:
    """The judge says which instance is false, and where."""
    trace = _judge(spec).moves(TWO_STEPS, FALSE)

    assert trace.states == (((False, False), 0), ((True, False), 1), ((True, True), 2))
    assert str(trace.ending.claim) == "one_is_off(lamp=Lamp(0))"
    assert [c.text for c in trace.ending.conjuncts] == ["s.count < 2"]


def _judge(spec: Spec, name: str = "plain") -> Judge:
    return judge(spec, _check(spec, name))


@pytest.mark.parametrize(
    ("moves", "claim"),
    [
        (attrs.evolve(TWO_STEPS, steps=((0, (0,)), (0, (0,)))), FALSE),
        (attrs.evolve(TWO_STEPS, steps=((0, (0,)),)), FALSE),
        (attrs.evolve(TWO_STEPS, initial=((True, False), 0)), FALSE),
        (attrs.evolve(TWO_STEPS, steps=((7, ()),)), FALSE),
        (attrs.evolve(TWO_STEPS, steps=((0, (9,)),)), FALSE),
        (TWO_STEPS, Claim(Trouble.PROPERTY, "lit")),
        (TWO_STEPS, Claim(Trouble.DEADLOCK, None)),
        (TWO_STEPS, Claim(Trouble.MODEL_ERROR, None, (0, (0,)))),
        (attrs.evolve(TWO_STEPS, steps=()), Claim(None, "lit")),
    ],
    ids=["disabled", "true", "not initial", "no action", "parameter", "reachable", "deadlock", "no error", "witness"],
)
def test_a_forged_path_is_caught(spec: Spec, moves: Moves, claim: Claim) -> None:
    """A path that is not what it is shown for is a defect, and says so."""
    with pytest.raises(ReplayMismatch, match="please report"):
        _judge(spec).moves(moves, claim)


def test_a_model_whose_python_differs_is_caught(spec: Spec) -> None:
    """When plain Python and the IR disagree on a state, nothing is shown."""
    the_judge = _judge(spec)
    vars(the_judge.loaded.modules["lamps"])["switch"] = lambda s, lamp: None

    with pytest.raises(ReplayMismatch, match="something else"):
        the_judge.moves(TWO_STEPS, FALSE)


def test_an_error_of_the_model_is_raised_in_python(spec: Spec) -> None:
    """The same kind of error, in the action that the path names, with its fault."""
    steps = tuple((1, ()) for _ in range(3))
    trace = _judge(spec, "surge").moves(Moves(TWO_STEPS.initial, steps), Claim(Trouble.MODEL_ERROR, None, (1, ())))

    assert trace.ending.fault == "surge"
    assert trace.ending.error.startswith("value outside its range")


def test_a_saved_trace_is_judged_again(spec: Spec, tmp_path: Path) -> None:
    """Out, in, and replayed: the same states."""
    the_judge = _judge(spec)
    file = tmp_path / "t.itf.json"
    itf.write(the_judge.moves(TWO_STEPS, FALSE), file)
    saved = itf.read(file)
    of = the_judge.check
    moves, claim, states = itf.moves(saved, of.program.state, (), the_judge.actions, of.properties)

    assert (moves, claim) == (TWO_STEPS, FALSE)
    assert the_judge.moves(moves, claim).states == states


@pytest.mark.parametrize(
    ("text", "code"),
    [("{", "T002"), ("[]", "T003"), ('{"states": [{}]}', "T004"), (None, "T001")],
)
def test_a_bad_file_is_refused(tmp_path: Path, text: str | None, code: str) -> None:
    """Whatever the file is, a diagnostic says what is wrong."""
    file = tmp_path / "t.json"
    if text is not None:
        file.write_text(text)

    with pytest.raises(InputError, match=code):
        itf.read(file)


def test_a_misspelt_trace_gets_the_nearest_name(tmp_path: Path) -> None:
    """As the path of a spec does."""
    (tmp_path / "bridge-hurries.itf.json").write_text("{}")

    with pytest.raises(InputError) as caught:
        itf.read(tmp_path / "bridge-hurrys.itf.json")

    assert "bridge-hurries.itf.json" in caught.value.diagnostics[0].help


def test_a_disabled_action_names_its_guard(spec: Spec) -> None:
    """`explain` quotes the guard that is false."""
    check = _check(spec, "plain")
    action, params = parse_call(check, "switch(Lamp(0))")

    lines = list(explain(spec, check, action, params, ((True, False), 1)))

    assert lines[0] == "switch(lamp=Lamp(0)) is disabled"
    assert "require(not s.on[lamp])" in lines[1]


def test_one_step_in_python(spec: Spec) -> None:
    """The state given is not the state changed."""
    check = _check(spec, "plain")
    a = check.program.actions[0]
    loaded = load(check.program, spec)

    outcome = loaded.run_action(a.module, a.name, TWO_STEPS.initial, (0,), [p.type for p in a.params])

    assert outcome == Took(((True, False), 1))


@pytest.mark.parametrize("what", ["device", "pipe", "folder", "large"])
def test_what_is_no_plain_file_of_some_size_is_not_read(
    what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A device never ends, a pipe waits, and what is large takes many times its size in memory."""
    path = tmp_path / "trace.itf.json"
    if what == "device":
        path.symlink_to("/dev/zero")
    elif what == "pipe":
        os.mkfifo(path)
    elif what == "folder":
        path.mkdir()
    else:
        path.write_text("[" + "1," * 60 + "1]")
        monkeypatch.setattr(itf, "MOST_BYTES", 100)

    with pytest.raises(InputError) as refused:
        itf.read(path)
    (found,) = refused.value.diagnostics
    told = (
        "the file is too long for a trace: it has more than 100 bytes" if what == "large" else "this is no plain file"
    )
    assert (found.code, found.message, found.help) == ("T002", told, "name a file that `--traces` wrote")
