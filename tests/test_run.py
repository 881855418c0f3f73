"""What became of a check: nothing that is violated stays unsaid, and no budget is taken for more than it is."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from checker.cli import main
from checker.diagnostics import InputError
from checker.frontend import load_spec
from checker.machine import processors
from checker.outcome import Result
from checker.overrides import Overrides
from checker.run import run_check

MODEL = """
from typing import Annotated, Final

from model.lang import Range, action, initial, require, state

TOP: Final = 9
BOUND: Final = 9


@state
class State:
    x: Annotated[int, Range(0, BOUND)] = 0


@action
def up(s: State) -> None:
    require(s.x < TOP)
    s.x += 1
"""

SPEC = """
import toy
from model.lang import Holds, NoneSampled, NoneWithin, Violated, always, check, model_error, reachable, step
from toy import State


@always
def near(s: State) -> bool:
    return s.x < 3


@step
def far(old: State, new: State) -> bool:
    return old.x != 6


@reachable
def top(s: State) -> bool:
    return s.x == 9


@reachable
def never(s: State) -> bool:
    return s.x == 2 and s.x == 3


"""


def check(
    tmp_path: Path, call: str, overrides: Overrides = Overrides(), *, model: str = MODEL, traces: Path | None = None
) -> Result:
    """The result of one check of the toy."""
    (tmp_path / "toy.py").write_text(model)
    path = tmp_path / "spec.py"
    path.write_text(f"{SPEC}check({call})\n")
    spec = load_spec(path)
    return run_check(spec, spec.checks[0], overrides, traces=traces)


# --- a check that must fail ----------------------------------------------------------------------------


def test_a_second_property_that_is_violated_fails_a_must_fail_check(tmp_path: Path) -> None:
    """Though the expected one is violated first, and as it should be."""
    result = check(tmp_path, '"c", toy, properties=(near, far, top), expect=Violated(near, steps=3)')

    assert (result.as_expected, result.undecided) == (False, False)
    assert result.verdict == "Violated(near, steps=3)"
    assert result.message == (
        "expected Violated(near, steps=3), and found Violated(far, steps=7) beside it; "
        "`depth=3` leaves out what needs more steps"
    )
    assert [(o.name, o.steps) for o in result.others] == [("far", 7)]
    assert result.others[0].trace is not None
    assert len(result.others[0].trace.steps) == 7


def test_a_must_fail_check_that_fails_on_nothing_else_passes(tmp_path: Path) -> None:
    """The whole state space was seen."""
    result = check(tmp_path, '"c", toy, properties=(near, top), expect=Violated(near, steps=3)')

    assert result.as_expected
    assert (result.coverage.states, result.others, result.unjudged) == (10, (), "")


def test_an_expected_violation_may_be_the_longer_one(tmp_path: Path) -> None:
    """The shorter one fails the check all the same."""
    result = check(tmp_path, '"c", toy, properties=(near, far), expect=Violated(far, steps=7)')

    assert not result.as_expected
    assert result.message == "expected Violated(far, steps=7), and found Violated(near, steps=3) beside it"


def test_what_no_state_has_is_another_violation(tmp_path: Path) -> None:
    """It has no trace."""
    result = check(tmp_path, '"c", toy, properties=(near, never), expect=Violated(near)')

    assert not result.as_expected
    assert [(o.name, o.steps, o.trace) for o in result.others] == [("never", None, None)]


def test_an_error_of_the_model_is_another_violation(tmp_path: Path) -> None:
    """x leaves its range after the expected violation."""
    result = check(tmp_path, '"c", toy, {"BOUND": 5}, properties=(near,), expect=Violated(near)')

    assert not result.as_expected
    assert [(o.name, o.steps) for o in result.others] == [("model_error", 5)]


def test_a_depth_that_the_spec_sets_bounds_the_search_for_others(tmp_path: Path) -> None:
    """As expected, and the report says how far it went."""
    result = check(tmp_path, '"c", toy, properties=(near, far), depth=4, expect=Violated(near)')

    assert result.as_expected
    assert result.unjudged == "depth budget of 4 reached"


@pytest.mark.parametrize("overrides", [Overrides(depth=4), Overrides(states=4), Overrides(seconds=0.0)])
def test_a_budget_from_the_command_line_leaves_the_others_undecided(tmp_path: Path, overrides: Overrides) -> None:
    """The expected violation was found (or not even that); whether it is the only one is open."""
    result = check(tmp_path, '"c", toy, properties=(near, far), expect=Violated(near)', overrides)

    assert (result.as_expected, result.undecided) == (False, True)


def test_an_engine_that_ends_at_the_first_violation_says_so(tmp_path: Path) -> None:
    """Random walks and bounded search are as expected, for what they judged."""
    said = '"c", toy, properties=(near, far), engine="{}", expect=Violated(near)'
    walked, bounded = (check(tmp_path, said.format(name)) for name in ("simulate", "bmc"))

    assert walked.as_expected
    assert walked.unjudged == "simulate ended at the first violation"
    assert bounded.as_expected
    assert bounded.unjudged == "bmc ended at the first violation"


# --- every violation -----------------------------------------------------------------------------------


@pytest.mark.parametrize("engine", ["explore", "bmc"])
def test_all_violations_come_with_shortest_traces(tmp_path: Path, engine: str) -> None:
    """Those of one run, in the order of their lengths."""
    steps = ", steps=9" if engine == "bmc" else ""
    result = check(
        tmp_path, f'"c", toy, properties=(near, far), engine="{engine}"{steps}, expect=Holds()', Overrides(every=True)
    )

    assert result.verdict == "Violated(near, steps=3)"
    assert [(o.name, o.steps) for o in result.others] == [("far", 7)]


def test_without_all_a_check_that_should_hold_stops_at_its_first_violation(tmp_path: Path) -> None:
    """A trace is wanted soon."""
    result = check(tmp_path, '"c", toy, properties=(near, far), expect=Holds()')

    assert (result.verdict, result.others) == ("Violated(near, steps=3)", ())
    assert result.coverage.states is not None
    assert result.coverage.states < 10


# --- budgets -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("engine", "option"),
    [("explore", "walks"), ("explore", "seed"), ("explore", "steps"), ("simulate", "states"), ("bmc", "states"),
     ("bmc", "walks"), ("induction", "seed")],
)  # fmt: skip
def test_an_option_that_the_engine_does_not_know_is_refused(tmp_path: Path, engine: str, option: str) -> None:
    """It would be taken for a limit, and be none."""
    with pytest.raises(InputError, match=f"E031: the engine {engine} has no `{option}`") as refused:
        check(tmp_path, f'"c", toy, properties=(near,), engine="{engine}", {option}=5, expect=Violated(near)')

    assert refused.value.diagnostics[0].span.file.endswith("spec.py")


def test_options_of_the_specs_engine_are_no_mistake_under_another(tmp_path: Path) -> None:
    """`--engine` leaves them unused."""
    call = '"c", toy, properties=(near,), engine="simulate", walks=5, steps=9, expect=Violated(near)'

    assert check(tmp_path, call, Overrides(engine="explore")).as_expected


@pytest.mark.parametrize("option", ["walks=0", "steps=0", "depth=0"])
def test_walks_that_sample_nothing_are_refused(tmp_path: Path, option: str) -> None:
    """NoneSampled(0) would look like an answer."""
    with pytest.raises(InputError, match="E030"):
        check(tmp_path, f'"c", toy, properties=(top,), engine="simulate", {option}, expect=NoneSampled(0)')


@pytest.mark.parametrize("engine", ["explore", "simulate", "bmc", "induction"])
def test_time_includes_what_comes_before_the_search(
    tmp_path: Path, engine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Here compilation to the scalar form takes longer than the budget."""
    from checker.ir.passes import scalarize

    quick = scalarize.scalarize
    monkeypatch.setattr(scalarize, "scalarize", lambda *a: (time.sleep(0.6), quick(*a))[1])
    result = check(tmp_path, f'"c", toy, properties=(top,), engine="{engine}", expect=Holds()', Overrides(seconds=0.5))

    assert result.verdict == "Unknown(time budget of 0.5 s reached)"


EVERY = pytest.mark.parametrize("engine", ["explore", "simulate", "bmc", "induction"])


@EVERY
def test_a_model_without_initial_states_is_an_error(engine: str, tmp_path: Path) -> None:
    """Everything would hold of nothing."""
    nowhere = f"{MODEL}\n\n@initial\ndef begin(s: State) -> None:\n    require(s.x > 0)\n"
    result = check(tmp_path, f'"c", toy, properties=(near,), engine="{engine}", expect=Holds()', model=nowhere)

    assert (result.verdict, result.as_expected) == ("Violated(model_error)", False)
    assert result.message == (
        "expected Holds, found Violated(model_error); there is no initial state: every `@initial` function is disabled"
    )
    assert result.trace is None


@EVERY
def test_an_initial_action_that_is_an_error_is_told_with_its_parameters(engine: str, tmp_path: Path) -> None:
    """And with the line that is one: there is no path to show it with."""
    start = """
@initial
def begin(s: State, by: Annotated[int, Range(0, 4)], on: bool) -> None:
    require(by < 4 and not on)
    s.x = 7 + by
"""
    result = check(
        tmp_path, f'"c", toy, properties=(near,), engine="{engine}", expect=Holds()', model=f"{MODEL}\n{start}"
    )

    assert (result.verdict, result.as_expected) == ("Violated(model_error)", False)
    assert result.message == (
        "expected Holds, found Violated(model_error); initial action begin(by=3, on=False): "
        f"value outside its range at {tmp_path}/toy.py:24:11"
    )


@EVERY
def test_an_initial_action_that_is_an_error_can_be_expected(engine: str, tmp_path: Path) -> None:
    start = "\n\n@initial\ndef begin(s: State) -> None:\n    s.x = 10\n"
    call = f'"c", toy, properties=(near,), engine="{engine}", expect=Violated(model_error)'
    result = check(tmp_path, call, model=f"{MODEL}{start}")

    assert result.as_expected
    assert result.message.startswith(f"initial action begin: value outside its range at {tmp_path}/toy.py:23:11")


@EVERY
def test_a_trace_names_the_initial_action_it_begins_with(engine: str, tmp_path: Path) -> None:
    start = "\n\n@initial\ndef begin(s: State, by: Annotated[int, Range(2, 4)]) -> None:\n    s.x = by // 2\n"
    call = f'"c", toy, properties=(near,), engine="{engine}", expect=Violated(near)'
    result = check(tmp_path, call, model=f"{MODEL}{start}")

    assert result.as_expected
    assert result.trace is not None
    assert str(result.trace.initial_call) == "begin(by=4)"
    assert result.trace.initial == (2,)


@pytest.mark.parametrize(
    ("said", "code", "told"),
    [
        (
            {"params": {"by": 9}},
            2,
            "T005]: how the trace begins does not fit the model: 9 is not a value of Range(2, 4)",
        ),
        ({"action": "start"}, 2, "T005]: how the trace begins does not fit the model: the check has no action 'start'"),
        ({"params": {"by": 3}}, 1, "the path starts in a state that the initial action begin(by=3) does not lead to"),
        ({"action": None}, 2, "T005]: how the trace begins does not fit the model: the check has no action None"),
    ],
)
def test_how_a_saved_trace_begins_is_judged(
    said: dict[str, object], code: int, told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The initial action that it names must lead to the state that it has."""
    start = "\n\n@initial\ndef begin(s: State, by: Annotated[int, Range(2, 4)]) -> None:\n    s.x = by // 2\n"
    call = '"c", toy, properties=(near,), expect=Violated(near)'
    result = check(tmp_path, call, model=f"{MODEL}{start}", traces=tmp_path)
    assert result.trace_file is not None
    file = Path(result.trace_file)
    assert main(["replay", str(file)]) == 0
    assert "initial state, by begin(by=4):" in capsys.readouterr().out
    data = json.loads(file.read_text())
    data["states"][0]["#meta"] |= said
    file.write_text(json.dumps(data))

    assert main(["replay", str(file)]) == code
    printed = capsys.readouterr()
    assert told in printed.out + printed.err


def test_a_saved_trace_need_not_say_how_it_begins(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The first initial action that leads to its first state is found again."""
    start = "\n\n@initial\ndef begin(s: State, by: Annotated[int, Range(0, 5)]) -> None:\n    s.x = by // 2\n"
    call = '"c", toy, properties=(near,), expect=Violated(near)'
    file = Path(check(tmp_path, call, model=f"{MODEL}{start}", traces=tmp_path).trace_file or "")
    data = json.loads(file.read_text())
    del data["states"][0]["#meta"]
    file.write_text(json.dumps(data))

    assert main(["replay", str(file)]) == 0
    assert "initial state, by begin(by=4):" in capsys.readouterr().out


@EVERY
def test_a_budget_of_time_is_looked_at_before_an_engine_begins(engine: str, tmp_path: Path) -> None:
    """A check with much to unroll is read no longer than it may take."""
    work = "\n\n@action\ndef work(s: State) -> None:\n    for i in range(20):\n        s.x = (s.x + i) % BOUND\n"
    call = f'"c", toy, properties=(near,), engine="{engine}", expect=Holds()'
    result = check(tmp_path, call, Overrides(seconds=0.0), model=f"{MODEL}{work}")

    assert (result.verdict, result.undecided) == ("Unknown(time budget of 0 s reached)", True)
    assert result.coverage.states is None


def test_a_run_without_a_budget_keeps_to_what_is_free(monkeypatch: pytest.MonkeyPatch) -> None:
    """A search that takes all memory would be ended by the system, without a word."""
    from checker import machine

    monkeypatch.setattr(machine, "free_memory", lambda: 1)
    spec = load_spec(Path("specs/two_phase_commit.py"))
    result = run_check(spec, next(c for c in spec.checks if c.name == "6 managers"))

    assert result.verdict.startswith("Unknown(memory budget of 0 bytes reached (most of what was free here;")
    assert result.undecided


def test_a_search_runs_on_every_processor_unless_told() -> None:
    """Other engines run on one thread, whatever is asked for."""
    assert Overrides().threads("explore") == processors()
    assert Overrides(workers=3).threads("explore") == 3
    assert Overrides(workers=3).threads("simulate") == 3
    assert Overrides(workers=3).threads("bmc") == 1


def test_the_states_of_a_search_that_ends_in_a_violation_are_compared(tmp_path: Path) -> None:
    """A change of the model does not pass unseen because the check was bad before."""
    call = '"c", toy, properties=(near, top), expect=Violated(near, steps=3, distinct={})'

    assert check(tmp_path, call.format(10)).as_expected
    assert check(tmp_path, call.format(11)).message == "distinct=10 (expected 11)"
