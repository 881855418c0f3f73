"""Random runs of the plain Python find the same known mistakes, as runs to paste back."""

from __future__ import annotations

import re
import subprocess
import sys
import warnings
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import run_state_machine_as_test

from interlock.checker.diagnostics import InputError
from interlock.checker.ir.types import Value, members
from interlock.checker.semantics import evaluate
from interlock.checker.stateful import Call, Model, ModelMachine, NotJudged, machine
from interlock.checker.trace.loader import Erred, Refused, to_python

ROOT = Path(__file__).resolve().parent.parent
TWO_PHASE = ROOT / "specs" / "two_phase_commit.py"
README = (ROOT / "README.md").read_text(encoding="utf-8")
CONFTEST = (ROOT / "tests" / "conftest.py").read_text(encoding="utf-8")
AGGLAYER = ROOT / "specs" / "agglayer" / "safety.py"
SETTINGS = settings(
    max_examples=60, stateful_step_count=15, derandomize=True, database=None,
    suppress_health_check=list(HealthCheck), phases=(Phase.generate, Phase.shrink),
)  # fmt: skip

MODEL = '''"""A climb: steps up and down, some of which leave the range."""

from typing import Annotated, Final

from interlock import Enum, Map, Range, Scalarset, action, auto, filled, initial, record, require, require_some, state

FIRST: Final = 0
LAST: Final = 3
CAREFUL: Final[bool] = False  # True: no step leaves the range

Height = Annotated[int, Range(0, 3)]


class Who(Scalarset, size=2):
    """A climber."""


class Way(Enum):
    UP = auto()
    DOWN = auto()


@record
class Move:
    way: Way
    far: bool


@state
class State:
    height: Map[Who, Height] = filled(0)
    last: Move | None = None


@initial
def begin(s: State, who: Who) -> None:
    """One of them may start higher."""
    require(FIRST <= LAST)
    s.height[who] = FIRST


@action
def go(s: State, who: Who, move: Move) -> None:
    """A climber moves."""
    require(s.height[who] < LAST or (move.way == Way.DOWN and LAST > 0))
    far = 2 if move.far else 1
    require(not CAREFUL or (move.way == Way.DOWN and s.height[who] >= far))
    s.height[who] = s.height[who] + far if move.way == Way.UP else s.height[who] - far
    s.last = move


@action
def again(s: State, who: Who) -> None:
    """The last move up, once more."""
    move = require_some(s.last)
    require(move.way == Way.UP and s.height[who] < LAST)
    s.height[who] += 1


@action(fault="fall")
def fall(s: State, who: Who) -> None:
    """A climber falls to the ground."""
    require(s.height[who] > 1)
    s.height[who] = 0
'''
SPEC = '''"""What is claimed of a climb."""

import climb
from climb import State, Who
from interlock import Violated, always, check, deadlock, model_error, step


@always
def low(s: State) -> bool:
    return all(s.height[who] < 4 for who in Who)


@step
def no_falls(old: State, new: State, who: Who) -> bool:
    return new.height[who] >= old.height[who] - 2


def at_the_top(s: State) -> bool:
    return all(s.height[who] == 3 for who in Who)


check("leaves the range", climb, properties=(low,), expect=Violated(model_error))
check("falls", climb, {"FIRST": 3}, properties=(no_falls,), faults={"fall"}, expect=Violated(no_falls))
check(
    "falls with care", climb, {"FIRST": 3, "CAREFUL": True}, properties=(no_falls,), faults={"fall"},
    expect=Violated(no_falls, steps=1),
)
check("starts outside", climb, {"FIRST": 9, "LAST": 9}, properties=(low,), expect=Violated(model_error))
check("never starts", climb, {"FIRST": 4}, properties=(low,), expect=Violated(model_error))
check("stays below", climb, {"LAST": 0}, properties=(low,), terminal=at_the_top, expect=Violated(deadlock))
'''


@pytest.fixture(scope="module")
def climb(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A spec of a small model whose steps can be errors."""
    folder = tmp_path_factory.mktemp("climb")
    (folder / "climb.py").write_text(MODEL, encoding="utf-8")
    (folder / "climb_spec.py").write_text(SPEC, encoding="utf-8")
    return folder / "climb_spec.py"


def failure(of: type[ModelMachine], how: settings = SETTINGS) -> str:
    """How a machine's test fails, with the run that is reported."""
    case = of.TestCase
    case.settings = how
    with pytest.raises(AssertionError) as raised:
        case().runTest()
    return str(raised.value)


def calls(text: str) -> list[str]:
    """The actions of a failing run, in order."""
    return re.findall(r"^    (\w+)\(s\b.*\)", text, re.MULTILINE)


def test_a_check_that_holds_passes() -> None:
    run_state_machine_as_test(machine(TWO_PHASE, "3 managers"), settings=SETTINGS)


def test_a_known_mistake_is_found_and_shrunk_to_the_shortest_run() -> None:
    text = failure(machine(TWO_PHASE, "commits too early"), settings(SETTINGS, max_examples=500))

    assert text.startswith("consistent(")
    assert len(calls(text)) == 3, text
    assert {"decide_commit", "obey_commit"} < set(calls(text))


NOISE = '''"""Two lamps: one is to be turned up five times, and both can be turned all the time."""

from typing import Annotated

from interlock import Map, Range, Scalarset, action, filled, require, state


class Lamp(Scalarset, size=2):
    """A lamp."""


@state
class State:
    bright: Map[Lamp, Annotated[int, Range(0, 5)]] = filled(0)
    turned: Map[Lamp, Annotated[int, Range(0, 3)]] = filled(0)


@action
def up(s: State, lamp: Lamp) -> None:
    require(s.bright[lamp] < 5)
    s.bright[lamp] += 1


@action
def turn(s: State, lamp: Lamp, to: Annotated[int, Range(0, 3)]) -> None:
    s.turned[lamp] = to
'''
NOISE_SPEC = '''"""No lamp gets too bright."""

import noise
from interlock import Holds, Violated, always, check, reachable, recoverable
from noise import Lamp, State


@always
def dim(s: State, lamp: Lamp) -> bool:
    return s.bright[lamp] < 5


@reachable
def lit(s: State) -> bool:
    return any(s.bright[lamp] > 1 for lamp in Lamp)


@recoverable
def dark(s: State, lamp: Lamp) -> bool:
    return s.bright[lamp] == 0


def unlit(s: State) -> bool:
    return False


check("too bright", noise, properties=(dim,), expect=Violated(dim, steps=5))
check("all of it", noise, expect=Violated(dim, steps=5))
check("nothing else", noise, properties=(dark, lit), expect=Violated(dark))
check("no end", noise, properties=(dark,), terminal=unlit, expect=Violated(dark))
'''


@pytest.fixture(scope="module")
def noise(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A spec of a model most of whose steps are of no matter to what is claimed."""
    folder = tmp_path_factory.mktemp("noise")
    (folder / "noise.py").write_text(NOISE, encoding="utf-8")
    (folder / "noise_spec.py").write_text(NOISE_SPEC, encoding="utf-8")
    return folder / "noise_spec.py"


def test_the_run_that_is_reported_has_no_step_too_many(noise: Path) -> None:
    """Five steps of one lamp, the first, though runs of fifty steps turn both."""
    text = failure(machine(noise, "too bright"), settings(SETTINGS, stateful_step_count=50))

    assert text.startswith("dim(lamp=Lamp(0)) is false\n")
    assert text.endswith("\nafter\n    s = State()\n" + "\n".join(["    up(s, Lamp(0))"] * 5))


def test_hypothesis_reports_the_short_run_too(noise: Path) -> None:
    """Step by step, as it reports any run of a state machine."""
    case = machine(noise, "too bright").TestCase
    case.settings = settings(SETTINGS, stateful_step_count=50)
    with pytest.raises(AssertionError) as raised:
        case().runTest()

    notes = "\n".join(raised.value.__notes__)
    assert notes.count("take(call=up(s, Lamp(0)))") == 5
    assert notes.count("take(call=") == 5
    assert raised.value.__context__ is None


def test_a_failing_run_is_not_tried_again_and_again(noise: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After the run that fails first, it is run once more, and then the short one."""
    of, runs = machine(noise, "too bright"), list[bool]()
    real = ModelMachine.__init__

    def begun(self: ModelMachine) -> None:
        runs.append(of.failed is not None)
        real(self)

    monkeypatch.setattr(ModelMachine, "__init__", begun)
    failure(of, settings(SETTINGS, stateful_step_count=50))

    assert sum(runs) <= 6


def test_who_asks_for_no_shrinking_gets_the_run_as_it_was_found(noise: Path) -> None:
    how = settings(SETTINGS, stateful_step_count=50, phases=(Phase.generate,))
    text = failure(machine(noise, "too bright"), how)

    assert len(calls(text)) > 5


def test_where_the_compiled_model_is_of_no_help_hypothesis_shrinks(
    noise: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Model, "shortened", lambda self, run: None)
    text = failure(machine(noise, "too bright"))

    assert {"up"} <= set(calls(text))
    assert len(calls(text)) < 15


# --- what is not judged ----------------------------------------------------------------------------


def test_what_random_runs_cannot_refute_is_said(noise: Path) -> None:
    """In the docstring, and by a warning that points to who asked for the machine."""
    said = (
        "Not judged, since random runs cannot refute it: `lit` (@reachable), `dark` (@recoverable); "
        "`interlock check` does."
    )
    with pytest.warns(NotJudged) as warned:
        of = machine(noise, "all of it")

    assert [str(w.message) for w in warned] == [said]
    assert warned[0].filename == __file__
    assert of.__doc__ == f'Random runs of check "all of it" of {noise}.\n\n{said}'


def test_a_check_that_claims_nothing_else_is_refused(noise: Path) -> None:
    """A test of it would pass, and would have checked nothing."""
    with pytest.raises(InputError) as raised:
        machine(noise, "nothing else")

    assert raised.value.diagnostics[0].code == "E010"
    note = raised.value.__notes__[0]
    assert (
        'random runs cannot refute what check "nothing else" claims: `dark` (@recoverable), `lit` (@reachable)' in note
    )
    assert "help: run it with `interlock check`, or name a check that claims `@always`, `@step` or `terminal=`" in note


def test_a_check_that_claims_an_end_beside_it_is_run(noise: Path) -> None:
    with pytest.warns(NotJudged, match="`dark`"):
        of = machine(noise, "no end")

    run_state_machine_as_test(of, settings=SETTINGS)


def test_a_check_of_which_all_is_judged_warns_of_nothing(noise: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        of = machine(noise, "too bright")

    assert of.__doc__ == f'Random runs of check "too bright" of {noise}.'


def test_the_agglayer_keeps_its_invariants_on_long_random_runs() -> None:
    """Runs go deep (the longest shortest path has 13 steps), and take every action of the mode."""
    of = machine(AGGLAYER, "mode 2")
    taken: Counter[str] = Counter()
    of.teardown = lambda self: taken.update(c.action.name for c in self.run)  # type: ignore[method-assign]
    run_state_machine_as_test(of, settings=settings(SETTINGS, max_examples=60))

    assert taken.total() > 60 * 8
    assert {"build", "build_invalid", "equivocate", "prove", "preconfirm", "confirm", "finalize", "eject"} <= set(taken)


def test_optional_proofs_of_the_agglayer_are_found_and_shrunk() -> None:
    """The shortest run to a final block that is invalid has four steps, printed as calls."""
    text = failure(machine(AGGLAYER, "AM4 proofs are optional"), settings(SETTINGS, max_examples=200))
    header = re.escape(text[len("final_is_valid(h=") : text.index(") is false\n")])
    steps = [
        rf"build_invalid\(s, {header}, Sibling\.FIRST, .+\)  # fault: invalid_block",
        rf"preconfirm\(s, {header}\)",
        rf"confirm\(s, {header}\)",
        rf"finalize\(s, FiniteSet\(\{{{header}\}}\)\)",
    ]

    assert "where PROOF_REQUIRED = False\nafter\n    s = State()\n    choose_modes(s, Map({" in text
    assert [x for x in steps if not re.search(rf"^    {x}$", text, re.MULTILINE)] == [], text
    assert calls(text)[0] == "choose_modes"
    assert len(calls(text)) - 1 == 4, text


def test_a_failing_run_pastes_back_into_python(climb: Path) -> None:
    """What is printed runs in the namespace of the model and leads to the state that is judged."""
    of = machine(climb, "falls with care")
    text = failure(of)
    lines = [line.strip() for line in text.split("\nafter\n")[1].splitlines()]
    namespace = dict(vars(of.model.loaded.modules["climb"]))
    exec("\n".join(lines), namespace)

    assert text.startswith("no_falls(who=Who(0)) is false\n")
    assert lines[1:] == ["begin(s, Who(0))", "fall(s, Who(0))  # fault: fall"]
    assert namespace["s"] == namespace["State"]()


def test_an_error_of_the_model_is_found(climb: Path) -> None:
    text = failure(machine(climb, "leaves the range"))

    assert text.startswith("error of the model: ")
    assert calls(text) == ["begin", "go"]


def test_a_run_that_ends_too_early_is_found(climb: Path) -> None:
    text = failure(machine(climb, "stays below"))

    assert text.startswith("deadlock: no action is enabled, and at_the_top is false\n")
    assert calls(text) == ["begin"]


def test_an_initial_action_that_is_an_error_fails_the_test(climb: Path) -> None:
    text = failure(machine(climb, "starts outside"))

    assert text.startswith("error of the model: ")
    assert calls(text) == ["begin"]


@pytest.mark.parametrize("name", ["starts outside", "stays below"])
def test_runs_of_more_beginnings_than_are_listed_begin_with_one_that_is_enabled(
    name: str, climb: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Drawn from all of them; one that is an error of the model still fails the test."""
    listed = failure(machine(climb, name))
    monkeypatch.setattr("interlock.checker.native.walks.enabled.LISTED", 0)

    assert failure(machine(climb, name)) == listed


@pytest.mark.parametrize(
    ("check", "message"),
    [
        ("fals", "there is no check named `fals` in "),
        ("never starts", "the model of check `never starts` has no initial state"),
    ],
)
def test_a_check_that_cannot_run_says_what_to_write(climb: Path, check: str, message: str) -> None:
    with pytest.raises(InputError, match=message) as raised:
        machine(climb, check)

    assert message in str(raised.value)
    assert "\n  help: " in raised.value.__notes__[0]


def test_a_wrong_path_and_a_wrong_name_get_the_nearest(climb: Path) -> None:
    with pytest.raises(InputError) as name:
        machine(climb, "fals")
    with pytest.raises(InputError) as path:
        machine(climb.with_name("climb_spce.py"), "falls")
    with pytest.raises(InputError) as folder:
        machine("no/such/bridge.py", "falls")

    assert "help: did you mean `falls`?" in name.value.__notes__[0]
    assert f"help: did you mean `{climb}`?" in path.value.__notes__[0]
    assert f"help: give a path from {Path.cwd()}, or a whole one" in folder.value.__notes__[0]


# --- what is enabled -------------------------------------------------------------------------------


def test_a_model_is_not_printed_whole(climb: Path) -> None:
    """Hypothesis 6.100 asks for the repr at each draw, and took minutes and gigabytes for that."""
    assert len(repr(machine(climb, "falls").model)) < 100


def in_python(model: Model, state: object) -> tuple[list[Call], list[Call]]:
    """The calls that plain Python takes, and those that are errors of the model, in order."""
    every = [Call(a, params) for a in model.actions for params in evaluate.instances(a.params)]
    outcomes = [(c, model.take(c, state)) for c in every]
    taken = [c for c, o in outcomes if not isinstance(o, (Refused, Erred))]
    return taken, [c for c, o in outcomes if isinstance(o, Erred)]


@pytest.mark.parametrize("check", ["leaves the range", "falls"])
def test_what_is_drawn_is_what_plain_python_can_take(climb: Path, check: str) -> None:
    """In any state, reachable or not: all enabled calls, and the first of those that are errors."""
    model = machine(climb, check).model
    seen: Counter[str] = Counter()

    @settings(max_examples=150, derandomize=True, database=None)
    @given(st.sampled_from(members(model.check.program.state)))
    def compare(value: Value) -> None:
        state = to_python(model.loaded, model.check.program.state, value)
        taken, errors = in_python(model, state)
        drawn = {model.call(n) for numbers in model.place(state).enabled.values() for n in numbers}
        seen.update(taken=len(taken), errors=len(errors), states=1)
        assert drawn == {*taken, *errors[:1]}

    compare()

    assert seen["states"] > 75
    assert min(seen["taken"], seen["errors"]) > 100


# --- the README ------------------------------------------------------------------------------------


def test_the_pytest_file_of_the_readme_passes_and_fails_as_it_says(tmp_path: Path) -> None:
    """Pasted beside the toy bridge it passes; about the check that fails, pytest prints the run that is shown."""
    for name, body in re.findall(r"^```python title=(\S+)\n(.*?)^```$", README, re.MULTILINE | re.DOTALL):
        (tmp_path / name).write_text(body, encoding="utf-8")
    text = (tmp_path / "test_toy_bridge.py").read_text(encoding="utf-8")
    bad = text.replace('"waits"', '"hurries"').replace("deadline=None", "derandomize=True, database=None")
    (tmp_path / "test_hurries.py").write_text(bad, encoding="utf-8")
    (tmp_path / "conftest.py").write_text(CONFTEST.split("\n\n\n")[0], encoding="utf-8")  # on any machine
    shown = next(b for b in re.findall(r"^```text\n(.*?)^```$", README, re.MULTILINE | re.DOTALL) if "\nafter\n" in b)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-v", "test_toy_bridge.py", "test_hurries.py"],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert re.search(r"test_toy_bridge\.py::\S+ PASSED", done.stdout), done.stdout + done.stderr
    assert re.search(r"test_hurries\.py::\S+ FAILED", done.stdout), done.stdout
    assert [line for line in shown.splitlines() if line not in done.stdout] == []
    assert "1 failed, 1 passed" in done.stdout
    assert "NotJudged: Not judged, since random runs cannot refute it: `delivered` (@reachable)" in done.stdout
