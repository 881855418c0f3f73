"""What became of a check: nothing that is violated stays unsaid, and no budget is taken for more than it is."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from interlock.checker.api.saving import saved
from interlock.checker.checks.machine import processors
from interlock.checker.checks.outcome import Result
from interlock.checker.checks.overrides import Overrides
from interlock.checker.checks.run import run_check
from interlock.checker.command.cli import main
from interlock.checker.diagnostics import InputError
from interlock.checker.frontend import load_spec
from interlock.checker.report import junit, sarif, schema
from interlock.checker.report.terminal import details

MODEL = """
from typing import Annotated, Final

from interlock import Range, action, initial, require, state

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
from interlock import (
    Holds, NoneSampled, NoneWithin, Proved, Unknown, Violated, always, check, deadlock, model_error, reachable,
    recoverable, step,
)
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


@always
def most(s: State) -> bool:
    return s.x <= 9


@reachable
def never(s: State) -> bool:
    return s.x == 2 and s.x == 3


@reachable
def low(s: State) -> bool:
    return s.x == 0


@always
def counts(s: State) -> bool:
    return s.x >= 0


@recoverable
def gets_up(s: State) -> bool:
    return s.x == 9


@recoverable
def comes_back(s: State) -> bool:
    return s.x == 0


def high(s: State) -> bool:
    return s.x == 9


"""


def check(
    tmp_path: Path, call: str, overrides: Overrides = Overrides(), *, model: str = MODEL, head: str = ""
) -> Result:
    """The result of one check of the toy; `head`: what the spec says before it, beside the properties of all."""
    (tmp_path / "toy.py").write_text(model)
    path = tmp_path / "spec.py"
    path.write_text(f"{SPEC}{head}check({call})\n")
    spec = load_spec(path)
    return run_check(spec, spec.checks[0], overrides)


def kept(result: Result, folder: Path) -> Path:
    """The file of a result's trace."""
    result, problems = saved(result, folder)
    assert not problems
    assert result.trace_file is not None
    return Path(result.trace_file)


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


def test_a_check_may_ask_for_the_first_violation_alone(tmp_path: Path) -> None:
    """The search ends there: what is violated further on is not looked for, and the verdict says so."""
    whole = check(tmp_path, '"c", toy, properties=(near, far, gets_up), expect=Violated(near, steps=3)')
    first = check(
        tmp_path, '"c", toy, properties=(near, far, gets_up), expect=Violated(near, steps=3, distinct=4, first=True)'
    )

    assert not whole.as_expected
    assert first.as_expected
    assert first.expected == "Violated(near, steps=3, distinct=4, first=True)"
    assert (first.coverage.states, first.others) == (4, ())
    assert first.unjudged == "the check asks for no more than the first violation"
    said = "whether anything else is violated is not known: the check asks for no more than the first violation"
    assert said in " ".join(details(first).split())


@pytest.mark.parametrize(
    ("expect", "message"),
    [
        ("Violated(far, first=True)", "expected Violated(far, first=True), found Violated(near, steps=3)"),
        ("Violated(near, steps=4, first=True)", "steps=3 (expected 4)"),
        ("Violated(near, distinct=10, first=True)", "distinct=4 (expected 10)"),
    ],
)
def test_the_first_violation_must_be_the_expected_one(tmp_path: Path, expect: str, message: str) -> None:
    result = check(tmp_path, f'"c", toy, properties=(near, far), expect={expect}')

    assert (result.as_expected, result.undecided, result.message) == (False, False, message)


def test_all_lists_more_than_the_first_without_failing_the_check(tmp_path: Path) -> None:
    """The check claims nothing of what comes after it, and the states of a search to the end are more."""
    some, all_ = (
        check(
            tmp_path, f'"c", toy, properties=(near, far), expect=Violated(near, {n}first=True)', Overrides(every=True)
        )
        for n in ("", "distinct=4, ")
    )

    assert some.as_expected
    assert [o.name for o in some.others] == ["far"]
    assert (all_.differs, all_.undecided) == (False, True)
    assert all_.message == (
        "as expected so far, but distinct=4 was not compared: with --all the search goes on after the first violation"
    )


@pytest.mark.parametrize("engine", ["bmc", "simulate"])
def test_another_engine_ends_there_too(tmp_path: Path, engine: str) -> None:
    result = check(
        tmp_path, '"c", toy, properties=(near, far), expect=Violated(near, first=True)', Overrides(engine=engine)
    )

    assert (result.as_expected, result.unjudged) == (True, "the check asks for no more than the first violation")


# --- how far away a witness is -------------------------------------------------------------------------


@pytest.mark.parametrize(("steps", "message"), [(9, ""), (8, "top witnessed in 9 steps (expected 8)")])
def test_the_length_of_the_shortest_witness_is_compared(tmp_path: Path, steps: int, message: str) -> None:
    result = check(tmp_path, f'"c", toy, properties=(top,), expect=Holds(steps={{top: {steps}}})')

    assert (result.as_expected, result.undecided, result.message) == (not message, False, message)
    assert result.expected == f"Holds(steps={{top: {steps}}})"
    assert schema.entry(result)["witnessed"] == {"top": 9}


@pytest.mark.parametrize(
    ("steps", "bound", "message"),
    [
        (9, 12, "expected Holds(steps={top: 9}), found NoneWithin(12)"),
        (10, 12, "top witnessed in 9 steps (expected 10)"),
        (8, 8, "top not witnessed within 8 steps (expected 8)"),
        (9, 8, "expected Holds(steps={top: 9}), found NoneWithin(8)"),
    ],
)
@pytest.mark.parametrize("engine", ["bmc", "explore"])
def test_a_bounded_search_refutes_a_length_that_it_went_beyond(
    tmp_path: Path, engine: str, steps: int, bound: int, message: str
) -> None:
    """A longer run makes a shortest witness no other; what lies beyond the bound is undecided."""
    overrides = Overrides(engine="bmc", steps=bound) if engine == "bmc" else Overrides(depth=bound)
    result = check(tmp_path, f'"c", toy, properties=(top,), expect=Holds(steps={{top: {steps}}})', overrides)

    if engine == "explore" and bound == 12:  # the search was over before
        message = message if steps == 10 else ""
    assert (result.as_expected, result.message) == (not message, message)
    assert result.undecided is message.startswith("expected")


def test_a_witness_without_a_step_has_length_0(tmp_path: Path) -> None:
    """Comparing it as it is, not as one that is missing."""
    result = check(tmp_path, '"c", toy, {"TOP": 1}, properties=(low,), expect=Holds(steps={low: 0})')
    other = check(tmp_path, '"c", toy, {"TOP": 1}, properties=(low,), expect=Holds(steps={low: 1})')

    assert result.as_expected
    assert other.message == "low witnessed in 0 steps (expected 1)"


# --- what an engine cannot judge -----------------------------------------------------------------------

UNJUDGED = {
    "simulate": ("random walks", "NoneSampled(10)", "walks=10"),
    "bmc": ("a bounded search", "NoneWithin(3)", "steps=3"),
    "induction": ("induction", "Proved()", "steps=3"),
}


@pytest.mark.parametrize("engine", UNJUDGED)
def test_what_an_engine_cannot_judge_is_named_and_the_rest_is_judged(tmp_path: Path, engine: str) -> None:
    """Such a run passes no check that claims it; one that leaves it out does."""
    what, verdict, bound = UNJUDGED[engine]
    call = f'"c", toy, properties=({{}}), engine="{engine}", {bound}, expect={verdict}'
    both, alone = check(tmp_path, call.format("counts, comes_back, gets_up")), check(tmp_path, call.format("counts,"))

    reason = f"{what} cannot decide what must stay possible, and `explore` can"
    assert (both.as_expected, both.undecided) == (False, True)
    assert both.verdict.startswith(verdict.split("(", maxsplit=1)[0])
    assert [(n.property, n.reason) for n in both.coverage.not_judged] == [("comes_back", reason), ("gets_up", reason)]
    assert both.message == (
        f"as expected so far, but comes_back was not judged: {reason}; gets_up was not judged: {reason} "
        "(`properties=` leaves it to another check)"
    )
    assert alone.as_expected
    assert alone.coverage.not_judged == ()


@pytest.mark.parametrize("engine", ["simulate", "bmc"])
def test_what_an_engine_can_refute_is_refuted_beside_what_it_cannot(tmp_path: Path, engine: str) -> None:
    """The violation is there, and that all the rest is as claimed is not known."""
    other, wanted = (
        check(tmp_path, f'"c", toy, properties=(near, comes_back), engine="{engine}", expect={expect}')
        for expect in ("Violated(comes_back)", "Violated(near, steps=3)")
    )

    assert (other.as_expected, other.differs) == (False, True)
    assert other.verdict == wanted.verdict == "Violated(near, steps=3)"
    assert (wanted.as_expected, wanted.undecided) == (False, True)


@pytest.mark.parametrize("engine", UNJUDGED)
def test_a_check_that_claims_nothing_an_engine_can_judge_is_refused(tmp_path: Path, engine: str) -> None:
    what, verdict, bound = UNJUDGED[engine]
    with pytest.raises(InputError) as raised:
        check(tmp_path, f'"c", toy, properties=(comes_back,), engine="{engine}", {bound}, expect={verdict}')

    (mistake,) = raised.value.diagnostics
    assert (mistake.code, mistake.help) == ("E010", "use the engine `explore`")
    assert mistake.message == (
        f'check "c": {what} cannot decide what must stay possible (`@recoverable`), and the check claims nothing else'
    )


@pytest.mark.parametrize("engine", ["simulate", "bmc"])
def test_an_end_that_is_claimed_is_judged(tmp_path: Path, engine: str) -> None:
    """The lift stops at the top, which is where it may."""
    result = check(
        tmp_path,
        f'"c", toy, {{"TOP": 2}}, properties=(comes_back,), terminal=high, engine="{engine}", expect=Violated(deadlock)',
    )

    assert (result.verdict, result.undecided) == ("Violated(deadlock, steps=2)", True)


def test_walks_of_a_check_that_should_hold_say_what_they_leave_out(tmp_path: Path) -> None:
    """Whatever the verdict: in text, JSON, JUnit and SARIF."""
    result = check(
        tmp_path, '"c", toy, properties=(counts, gets_up), expect=Holds()', Overrides(engine="simulate", walks=5)
    )

    assert (result.as_expected, result.undecided, result.message) == (
        False,
        True,
        "expected Holds, found NoneSampled(5)",
    )
    said = "gets_up was not judged: random walks cannot decide what must stay possible, and `explore` can"
    assert said in details(result)
    assert schema.entry(result)["not_judged"] == [{"property": "gets_up", "reason": said.partition(": ")[2]}]
    suite = ElementTree.fromstring(junit.to_junit([result]))
    assert [p.attrib for p in suite.iter("property")] == [
        {"name": "not judged", "value": said.replace(" was not judged", "")}
    ]
    assert all(said in (error.text or "") for error in suite.iter("error"))
    (entry,) = sarif.to_sarif([result])["runs"][0]["results"]
    assert (entry["ruleId"], entry["properties"]) == ("undecided", {"notJudged": ["gets_up"]})
    assert said in entry["message"]["text"]


@pytest.mark.parametrize(
    ("expect", "bound"), [("NoneWithin(4)", "depth=4"), ("Violated(near)", "depth=4"), ("Violated(near)", "states=7")]
)
def test_a_search_that_a_bound_ends_does_not_judge_it_either(tmp_path: Path, expect: str, bound: str) -> None:
    """Whoever sets the bound: what must stay possible is decided by all states or not at all."""
    properties = "counts" if expect == "NoneWithin(4)" else "near"
    call = f'"c", toy, properties=({properties}, gets_up), {bound}, expect={expect}'
    without = check(tmp_path, call.replace(", gets_up", ","))
    result = check(tmp_path, call)

    assert without.as_expected
    assert (result.as_expected, result.undecided) == (False, True)
    assert [n.property for n in result.coverage.not_judged] == ["gets_up"]


def test_who_expects_to_know_nothing_claims_nothing(tmp_path: Path) -> None:
    result = check(tmp_path, '"c", toy, properties=(never, gets_up), engine="induction", expect=Unknown()')

    assert result.as_expected
    assert "`never` has no witness" in result.message
    assert [n.property for n in result.coverage.not_judged] == ["gets_up"]


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
    from interlock.checker.passes import scalarize

    quick, now, late = scalarize.scalarize, time.monotonic, [0.0]

    def slow(*given: Any) -> Any:
        late[0] = 1e6
        return quick(*given)

    monkeypatch.setattr(time, "monotonic", lambda: now() + late[0])
    monkeypatch.setattr(scalarize, "scalarize", slow)
    result = check(tmp_path, f'"c", toy, properties=(top,), engine="{engine}", expect=Holds()', Overrides(seconds=9e5))

    assert result.verdict == "Unknown(time budget of 900000 s reached)"


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
        ({"action": "start"}, 2, "T005]: how the trace begins does not fit the model: the check has no action `start`"),
        ({"params": {"by": 3}}, 1, "the path starts in a state that the initial action begin(by=3) does not lead to"),
        ({"action": None}, 2, "T005]: how the trace begins does not fit the model: the check has no action `None`"),
    ],
)
def test_how_a_saved_trace_begins_is_judged(
    said: dict[str, object], code: int, told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The initial action that it names must lead to the state that it has."""
    start = "\n\n@initial\ndef begin(s: State, by: Annotated[int, Range(2, 4)]) -> None:\n    s.x = by // 2\n"
    call = '"c", toy, properties=(near,), expect=Violated(near)'
    file = kept(check(tmp_path, call, model=f"{MODEL}{start}"), tmp_path)
    assert main(["replay", str(file)]) == 0
    assert "initial state, by begin(by=4):" in capsys.readouterr().out
    data = json.loads(file.read_text())
    data["states"][0]["#meta"] |= said
    file.write_text(json.dumps(data))

    assert main(["replay", str(file)]) == code
    printed = capsys.readouterr()
    assert told in " ".join((printed.out + printed.err).split())


def test_a_saved_trace_need_not_say_how_it_begins(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The first initial action that leads to its first state is found again."""
    start = "\n\n@initial\ndef begin(s: State, by: Annotated[int, Range(0, 5)]) -> None:\n    s.x = by // 2\n"
    call = '"c", toy, properties=(near,), expect=Violated(near)'
    file = kept(check(tmp_path, call, model=f"{MODEL}{start}"), tmp_path)
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
    from interlock.checker.checks import machine

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
