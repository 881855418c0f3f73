"""What a search covered is told in the words of the model, and never for more than was searched."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import attrs
import pytest

from interlock.checker.checks.outcome import Result
from interlock.checker.checks.overrides import Overrides
from interlock.checker.checks.run import run_check
from interlock.checker.command import cli
from interlock.checker.frontend import load_spec
from interlock.checker.report import schema, terminal
from interlock.checker.report.style import Style

MODEL = """
from typing import Annotated, Final

from interlock import Range, Scalarset, action, require, require_some, state

TOP: Final = 4


class Who(Scalarset, size=2):
    pass


@state
class State:
    x: Annotated[int, Range(0, 9)] = 0
    owner: Who | None = None


@action
def up(s: State) -> None:
    require(s.x < TOP)
    s.x += 1


@action(fault="slips")
def slip(s: State) -> None:
    require(s.x == 1)
    s.x = 4


@action
def settle(s: State, w: Who) -> None:
    require(s.x > 1 and s.x > 6 and s.x > 7)
    s.x = 0


@action
def pass_on(s: State, w: Who) -> None:
    owner = require_some(s.owner)
    s.owner = w if owner != w else None
"""
SPEC = """
import toy
from toy import State, Who
from interlock import Holds, NoneSampled, NoneWithin, Violated, always, check, reachable, step


@always
def low(s: State) -> bool:
    return s.x < 4


@always
def owned(s: State, w: Who) -> bool:
    return s.owner != w or s.x > 2


@step
def rises(old: State, new: State) -> bool:
    return not (old.x == 3 and new.x == 3) or old.x != 3


@reachable
def top(s: State) -> bool:
    return s.x == 4


"""
ALL = Overrides(coverage=True)


def check(tmp_path: Path, call: str, overrides: Overrides = ALL, *, model: str = MODEL) -> Result:
    (tmp_path / "toy.py").write_text(model)
    path = tmp_path / "spec.py"
    path.write_text(f"{SPEC}check({call})\n")
    spec = load_spec(path)
    return run_check(spec, spec.checks[0], overrides)


def entry(result: Result) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(json.dumps(schema.entry(result)))
    return found


HOLDS = '"c", toy, properties=(owned, rises, top), expect=Holds()'


def test_the_table_and_what_nothing_passes(tmp_path: Path) -> None:
    """By action, what it did; by action that did nothing and claim about nothing, why."""
    result = check(tmp_path, HOLDS)
    told = result.covered
    assert told is not None
    assert told.taken is not None

    assert [(t.action, t.fired, t.new) for t in told.taken] == [("up", 4, 4), ("settle", 0, 0), ("pass_on", 0, 0)]
    assert [(b.name, b.text, b.reached) for b in told.blocked or ()] == [
        ("settle", "s.x > 6", 6),
        ("pass_on", "require_some(s.owner)", 10),
    ]
    assert [(v.name, v.text, v.reached, v.unit) for v in told.vacuous or ()] == [
        ("owned", "s.owner != w", 10, "(state, parameters)"),
        ("rises", "new.x == 3", 1, "steps"),
    ]


def test_it_reads_as_it_should(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every sentence says of what it is."""
    monkeypatch.chdir(tmp_path)
    result = attrs.evolve(check(Path(), HOLDS), total_seconds=1.0)

    assert terminal.line(result) == (
        "as expected  c: Holds, 5 states, 4 transitions, depth 4, 2 actions never enabled, 1.00 s"
    )
    assert terminal.details(result).splitlines() == [
        "    never enabled: settle - 6 (state, parameters) reach `s.x > 6` (toy.py:33:25), none pass",
        "    never enabled: pass_on - 10 (state, parameters) reach `require_some(s.owner)` (toy.py:39:13),",
        "        none pass",
        "    vacuous: owned - 10 (state, parameters) reach `s.owner != w` (spec.py:14:12), it is false in",
        "        none",
        "    vacuous: rises - 1 step reaches `new.x == 3` (spec.py:19:32), it is true in none",
        "    coverage of the 5 states:",
        "        action   fired  newly reached",
        "        up           4              4",
        "        settle       0              0",
        "        pass_on      0              0",
    ]


def test_json_has_it_where_it_was_asked_for(tmp_path: Path) -> None:
    """And null where it was not."""
    asked, plain = entry(check(tmp_path, HOLDS)), entry(check(tmp_path, HOLDS, Overrides()))

    assert asked["coverage"]["states"] == 5
    assert asked["coverage"]["below_depth"] is None
    assert asked["coverage"]["actions"][0] == {"action": "up", "fault": None, "fired": 4, "new_states": 4}
    assert [b["action"] for b in asked["blocked"]] == ["settle", "pass_on"]
    assert asked["blocked"][0]["at"].endswith("toy.py:33:25")
    assert [(v["property"], v["passing"], v["reached"]) for v in asked["vacuous"]] == [
        ("owned", "false", 10), ("rises", "true", 1),
    ]  # fmt: skip
    assert (plain["coverage"], plain["blocked"], plain["vacuous"], plain["distinct"]) == (None, None, None, None)
    assert plain["never_enabled"] == asked["never_enabled"] == ["settle", "pass_on"]


def test_without_being_asked_a_check_says_how_many_actions_never_fired(tmp_path: Path) -> None:
    """In its line; their names and what they wait for are for --verbose."""
    plain, verbose = (check(tmp_path, HOLDS, Overrides(gates=g)) for g in (False, True))

    assert "2 actions never enabled" in terminal.line(plain)
    assert terminal.details(plain) == ""
    assert "never enabled: settle - 6 (state, parameters) reach" in terminal.details(verbose, Style(verbose=True))
    assert verbose.covered is not None
    assert (verbose.covered.taken, verbose.covered.vacuous) == (None, None)


def test_of_a_part_no_more_is_said_than_that(tmp_path: Path) -> None:
    """Three steps are not all of them."""
    result = check(tmp_path, '"c", toy, properties=(owned,), depth=3, expect=NoneWithin(3)')
    text = terminal.details(result)

    assert "never enabled in the part that was searched: settle - " in text
    assert "vacuous in the part that was searched: owned - " in text
    assert "coverage of the 3 states of fewer than 3 steps:" in text
    assert "never enabled" not in terminal.line(result)
    assert entry(result)["never_enabled"] == []
    assert entry(result)["coverage"]["below_depth"] == 3


def test_verdict_and_message_are_the_same_with_coverage(tmp_path: Path) -> None:
    """A vacuous claim is no failure."""
    asked, plain = check(tmp_path, HOLDS), check(tmp_path, HOLDS, Overrides())

    assert (asked.as_expected, asked.verdict, asked.message) == (plain.as_expected, plain.verdict, plain.message)


BRANCHES = (
    MODEL
    + """

@action
def leave(s: State, k: Annotated[int, Range(0, 2)]) -> None:
    if k == 1:
        require(s.x > 8)
    else:
        require(s.x > 6)
    s.x = 0


@action
def climb(s: State, k: Annotated[int, Range(0, 2)]) -> None:
    if k == 1:
        require(s.x > 2)
    elif k == 2:
        require(s.x > 5 and s.x > 7)
    require(s.x > 6)
    s.x = 0


@action
def wait(s: State) -> None:
    for w in Who:
        if s.x > 3:
            require(s.owner == w)
    require(s.x > 6)
"""
)


def test_the_first_condition_that_nothing_passes_is_told_also_within_branches(tmp_path: Path) -> None:
    """Whoever does not come to a condition does not pass it."""
    told = check(tmp_path, HOLDS, model=BRANCHES).covered
    assert told is not None

    assert [(b.name, b.text, b.reached) for b in (told.blocked or ())[2:]] == [
        ("leave", "s.x > 8", 5),
        ("climb", "s.x > 5", 5),
        ("wait", "s.owner == w", 1),
    ]


OFF = (
    MODEL.replace("TOP: Final = 4", "TOP: Final = 4\nFIRST: Final = True")
    + """

@action
def other(s: State) -> None:
    require(not FIRST)
    s.x = 0


@action
def third(s: State) -> None:
    require(s.x > 2)
    if FIRST:
        require(TOP > 4)
    s.x = 0
"""
)


def test_what_constants_switch_off_is_one_line(tmp_path: Path) -> None:
    """Apart from what waits for something that does not come about."""
    result = check(tmp_path, HOLDS, model=OFF)
    lines = terminal.details(result).splitlines()

    assert "4 actions" not in terminal.line(result)
    assert ", 2 actions never enabled, 2 off for these constants, " in terminal.line(result)
    assert lines[0] == "    off for these constants: other, third"
    assert [x.strip().split(" - ")[0] for x in lines if "never enabled" in x] == [
        "never enabled: settle", "never enabled: pass_on",
    ]  # fmt: skip
    assert (entry(result)["switched_off"], entry(result)["never_enabled"]) == (
        ["other", "third"], ["settle", "pass_on", "other", "third"],
    )  # fmt: skip
    compared, *off = terminal.details(attrs.evolve(result, covered=None), Style(verbose=True)).splitlines()[:3]
    assert compared.startswith("    compiled code agreed with the evaluator on ")
    assert off == ["    off for these constants: other, third", "    never enabled: settle, pass_on"]


# --- counterexamples that differ -----------------------------------------------------------------------


def test_ways_are_replayed_and_told(tmp_path: Path) -> None:
    """By rising four times, or once and a slip; the fault is named."""
    call = '"c", toy, properties=(low,), faults={"slips"}, expect=Violated(low)'
    result = check(tmp_path, call, Overrides(distinct=5))
    (ways,) = result.ways
    text = terminal.details(result)

    assert (ways.name, ways.actions, ways.by) == ("low", ("up", "slip"), (("up",),))
    assert [len(o.trace.steps) for o in ways.more if o.trace] == [4]
    assert "another way: low, in 4 steps, by up\n    low() is false\n    after up(); up(); up(); up()" in text
    assert "low: 2 of 5 counterexamples asked for; every other one uses all the actions of one of these" in " ".join(
        text.split()
    )
    assert entry(result)["distinct"] == {
        "asked": 5,
        "violated": [
            {
                "violated": "low",
                "actions": ["up", "slip"],
                "more": [{"steps": 4, "actions": ["up"], "trace": None}],
                "fewer": "every other one uses all the actions of one of these",
            }
        ],
    }


def test_an_unexpected_violation_is_told_in_full_with_the_command(tmp_path: Path) -> None:
    """Whole traces, and how to see them again."""
    call = '"c", toy, properties=(low,), faults={"slips"}, expect=Holds()'
    text = terminal.details(check(tmp_path, call, Overrides(distinct=2)))

    assert " --distinct 2" in text
    assert text.count("initial state:") == 2


def test_a_fault_is_named_beside_its_action(tmp_path: Path) -> None:
    """Faults are what an auditor looks for first."""
    model = (
        MODEL.replace("s.x += 1", "s.x = 4")
        .replace("s.x == 1", "s.x == 0")
        .replace("    s.x = 4\n\n\n@action\ndef settle", "    s.x = 1\n\n\n@action\ndef settle")
    )
    model = model.replace(
        "    require(s.x > 1 and s.x > 6 and s.x > 7)\n    s.x = 0", "    require(s.x == 1)\n    s.x = 5"
    )
    call = '"c", toy, properties=(low,), faults={"slips"}, expect=Violated(low)'
    text = terminal.details(check(tmp_path, call, Overrides(distinct=5), model=model))

    assert "another way: low, in 2 steps, by slip [fault: slips], settle" in text


def test_a_way_is_saved_and_replays(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each in a file of its own."""
    check(tmp_path, '"c", toy, properties=(low,), faults={"slips"}, expect=Violated(low)', Overrides())
    out = tmp_path / "r.json"
    line = ["check", str(tmp_path / "spec.py"), "--distinct", "5", "--traces", str(tmp_path / "t"), "--json", str(out)]

    assert cli.main(line) == cli.OK
    (found,) = json.loads(out.read_text())["checks"][0]["distinct"]["violated"]
    assert len(list((tmp_path / "t").iterdir())) == 2
    assert cli.main(["replay", found["more"][0]["trace"]]) == cli.OK
    assert "4. up()" in capsys.readouterr().out


def test_other_engines_say_that_they_do_not_use_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Nobody waits for a table that does not come."""
    check(tmp_path, '"c", toy, properties=(owned,), engine="simulate", expect=NoneSampled(9), walks=9')
    code = cli.main(["check", str(tmp_path / "spec.py"), "--coverage", "--distinct", "2"])

    assert code == cli.OK
    assert "note: the engine simulate does not use --distinct, --coverage" in capsys.readouterr().err
