"""How a verdict compares with what was expected: a number that was not compared passes nothing."""

from __future__ import annotations

import inspect
from pathlib import Path

import attrs
import pytest
from tests.test_run import check

import interlock as lang
from interlock.checker.checks.judging import numbers, show_expected
from interlock.checker.checks.outcome import Result, Standing
from interlock.checker.checks.overrides import Overrides
from interlock.checker.contract import (
    INTERRUPTED,
    Coverage,
    Holds,
    NoneSampled,
    NoneWithin,
    Proved,
    Trouble,
    Unknown,
    Verdict,
    Violated,
)
from interlock.checker.ir.claims import FORMS, Kind
from interlock.checker.report import schema, terminal
from tests import test_run

NAMESAKE = """
@always
def deadlock(s: State) -> bool:
    return s.x < 3


def last(s: State) -> bool:
    return s.x == 9


"""
INDUCTION, BMC, SIMULATE, EXPLORE = (Overrides(engine=e) for e in ("induction", "bmc", "simulate", "explore"))


def said(result: Result) -> tuple[Standing, str]:
    """Where a check stands, and the message."""
    return result.standing, result.message


# --- numbers -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "overrides", "message"),
    [
        ("properties=(most,), expect=Holds(distinct=999, depth=77)", INDUCTION,
         "as expected so far, but distinct=999 and depth=77 were not compared: the engine induction found Proved(k=1)"),
        ("properties=(most,), expect=Holds(transitions=1)", INDUCTION,
         "as expected so far, but transitions=1 was not compared: the engine induction found Proved(k=1)"),
        ('properties=(most,), engine="induction", expect=Proved(k=3)', EXPLORE,
         "as expected so far, but k=3 was not compared: the engine explore found Holds"),
        ("properties=(near,), expect=Violated(near, steps=3, distinct=5)", BMC,
         "as expected so far, but distinct=5 was not compared: the engine bmc does not count that"),
        ("properties=(near,), expect=Violated(near, distinct=5)", SIMULATE,
         "as expected so far, but distinct=5 was not compared: the engine simulate does not count that"),
        ("properties=(near,), expect=Violated(near, distinct=5)", INDUCTION,
         "as expected so far, but distinct=5 was not compared: the engine induction does not count that"),
        ('properties=(near,), engine="bmc", expect=Violated(near, distinct=5)', Overrides(),
         "as expected so far, but distinct=5 was not compared: the engine bmc does not count that"),
        ('properties=(near,), engine="simulate", expect=Violated(near, steps=9)', EXPLORE,
         "as expected so far, but steps=9 was not compared: the steps of a random walk need not be the fewest"),
        ("properties=(near,), expect=Violated(near, steps=2)", SIMULATE,
         "as expected so far, but steps=2 was not compared: the steps of a random walk need not be the fewest"),
        ("properties=(never,), expect=Violated(never, steps=2)", Overrides(),
         "as expected so far, but steps=2 was not compared: no run shows that nothing reaches it"),
    ],
)  # fmt: skip
def test_a_number_that_was_not_compared_leaves_the_check_undecided(
    tmp_path: Path, call: str, overrides: Overrides, message: str
) -> None:
    """Whatever the engine and the verdict; the reason is said."""
    result = check(tmp_path, f'"c", toy, {call}', overrides)

    assert said(result) == (Standing.UNDECIDED, message)


@pytest.mark.parametrize(
    ("call", "overrides", "message"),
    [
        ("properties=(near,), expect=Violated(near, steps=12, distinct=5)", BMC, "steps=3 (expected 12)"),
        ("properties=(near,), expect=Violated(near, steps=12)", INDUCTION, "steps=3 (expected 12)"),
        ("properties=(near,), expect=Violated(near, steps=3, distinct=5)", Overrides(), "distinct=10 (expected 5)"),
        ('properties=(most,), engine="induction", expect=Proved(k=3)', Overrides(), "k=1 (expected 3)"),
        ('properties=(most,), engine="simulate", walks=7, expect=NoneSampled(8)', Overrides(), "walks=7 (expected 8)"),
        ("properties=(most,), expect=Holds(depth=8, transitions=9)", Overrides(), "depth=9 (expected 8)"),
    ],
)
def test_a_number_that_differs_fails_under_every_engine_that_counts_it(
    tmp_path: Path, call: str, overrides: Overrides, message: str
) -> None:
    """Though another of its numbers is not counted."""
    assert said(check(tmp_path, f'"c", toy, {call}', overrides)) == (Standing.DIFFERS, message)


@pytest.mark.parametrize(
    ("call", "overrides"),
    [
        ("properties=(most,), expect=Holds()", INDUCTION),
        ("properties=(most,), expect=Holds(distinct=10, depth=9, transitions=9)", Overrides()),
        ("properties=(near,), expect=Violated(near, steps=3)", BMC),
        ("properties=(near,), expect=Violated(near, steps=3)", SIMULATE),
        ('properties=(most,), engine="induction", expect=Proved()', EXPLORE),
        ("properties=(near,), depth=4, expect=Violated(near, distinct=5)", Overrides()),
    ],
)
def test_numbers_that_are_found_pass(tmp_path: Path, call: str, overrides: Overrides) -> None:
    """And so does a verdict that was written without any."""
    assert said(check(tmp_path, f'"c", toy, {call}', overrides)) == (Standing.AS_EXPECTED, "")


def test_a_bound_of_the_command_line_is_no_number_of_the_spec(tmp_path: Path) -> None:
    """`NoneWithin(8)` is not what a search of three steps says, whatever the engine."""
    call = '"c", toy, properties=(most,), engine="bmc", steps=8, expect=NoneWithin(8)'
    results = [check(tmp_path, call, o) for o in (Overrides(depth=3), Overrides(engine="explore", depth=3))]

    assert [said(r) for r in results] == [(Standing.UNDECIDED, "steps=3 (expected 8)")] * 2


# --- one table -----------------------------------------------------------------------------------------


def test_the_language_has_the_numbers_of_the_table() -> None:
    """In the order and under the names that a spec writes."""
    for kind, form in FORMS.items():
        parameters = inspect.signature(getattr(lang, kind.value)).parameters.values()
        named = tuple(p.name for p in parameters if p.kind is p.KEYWORD_ONLY)
        in_order = tuple(p.name for p in parameters if p.kind is p.POSITIONAL_OR_KEYWORD)

        assert (in_order, named) == (form.in_order, form.by_name)


def test_every_number_of_the_table_is_compared() -> None:
    """A verdict that has it has a value for it."""
    c, path = Coverage(states=1, transitions=2, depth=3), None
    verdicts: list[Verdict] = [
        Holds(c), Proved(c, 4), NoneWithin(c, 5), NoneSampled(c, 6), Violated(c, Trouble.PROPERTY, "p", path),
        Unknown(c, INTERRUPTED),
    ]  # fmt: skip

    assert [v.kind for v in verdicts] == list(Kind)
    others = {
        Kind.HOLDS: {"steps"},
        Kind.VIOLATED: {"property", "first"},
    }  # those of witnesses, and what are no numbers
    for v in verdicts:
        named = {*FORMS[v.kind].in_order, *FORMS[v.kind].by_name} - others.get(v.kind, set())
        assert named == set(numbers(v, None))


def test_the_reference_has_the_numbers_of_the_table() -> None:
    """The verdicts' table of the language's README."""
    text = Path("model/README.md").read_text()

    for kind, form in FORMS.items():
        takes = [*(("n",) if form.in_order in (("steps",), ("walks",)) else form.in_order)]
        assert f"`{kind.value}({', '.join([*takes, *(f'{n}=' for n in form.by_name)])})`" in text


def test_an_expectation_is_told_as_it_is_written(tmp_path: Path) -> None:
    """Numbers by their names, those in order without."""
    from interlock.checker.frontend import load_spec

    expected = ["Holds", "Holds(distinct=10)", "Violated(near, steps=3, distinct=4)", "Violated(model_error)"]
    expected += ["NoneWithin(4)", "NoneSampled(5)", "Proved(k=1)", "Unknown"]
    check(tmp_path, '"c", toy, expect=Holds()')
    spec = tmp_path / "spec.py"
    calls = [f'check("{i}", toy, expect={e if "(" in e else e + "()"})' for i, e in enumerate(expected)]
    text = spec.read_text().replace("import Holds", "import Unknown, Holds").replace('check("c"', "#")
    spec.write_text(text + "\n".join(calls) + "\n")

    assert [show_expected(c.expect) for c in load_spec(spec).checks] == expected


# --- what else is violated -----------------------------------------------------------------------------


def test_everything_that_was_asked_for_and_cut_off_is_told_as_incomplete(tmp_path: Path) -> None:
    """Though the check fails as it is: on the terminal, and in JSON."""
    result = check(tmp_path, '"c", toy, properties=(near, far), expect=Holds()', Overrides(every=True, states=5))
    entry = schema.entry(result)

    assert said(result) == (Standing.DIFFERS, "expected Holds, found Violated(near, steps=3)")
    assert "whether anything else is violated is not known: states budget of 5 reached" in terminal.details(result)
    assert [entry[k] for k in ("as_expected", "differs", "undecided", "unjudged")] == [
        False, True, True, "states budget of 5 reached",
    ]  # fmt: skip


def test_who_asks_for_the_first_violation_alone_is_told_of_no_others(tmp_path: Path) -> None:
    """The search ended there because nobody wanted more."""
    result = check(tmp_path, '"c", toy, properties=(near, far), expect=Holds()')

    assert (result.differs, result.undecided) == (True, False)
    assert "whether anything else" not in terminal.details(result)


def test_a_property_that_is_called_like_a_trouble_is_no_trouble(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A property `deadlock` that is false is not the deadlock that a check may expect, nor the other way round."""
    monkeypatch.setattr(test_run, "SPEC", test_run.SPEC.replace("deadlock, ", ""))
    call = '"c", toy, properties=(deadlock,), terminal=last, expect=Violated(deadlock)'
    result = check(tmp_path, call, head=NAMESAKE)

    assert said(result) == (Standing.AS_EXPECTED, "")
    stopped = check(tmp_path, call, Overrides(), head=NAMESAKE.replace("s.x < 3", "s.x >= 0").replace("== 9", "> 9"))
    assert (stopped.standing, stopped.verdict) == (Standing.DIFFERS, "Violated(deadlock, steps=9)")


def test_a_result_stands_where_the_worst_of_it_stands(tmp_path: Path) -> None:
    """What differs is worse than what is open; what Interlock failed on has no verdict at all."""
    passing = check(tmp_path, '"c", toy, properties=(most,), expect=Holds()')
    both = attrs.evolve(passing, differs=True, undecided=True)

    assert [r.standing for r in (passing, attrs.evolve(passing, undecided=True), both, attrs.evolve(both, kind=None))] == [
        Standing.AS_EXPECTED, Standing.UNDECIDED, Standing.DIFFERS, Standing.DEFECT,
    ]  # fmt: skip
