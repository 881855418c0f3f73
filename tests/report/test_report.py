"""Reports: the same text on every run, and never "ok" for less than was done."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import attrs
import pytest

from interlock.checker.checks.outcome import Other, Result, Sampled
from interlock.checker.checks.overrides import Overrides
from interlock.checker.checks.run import run_check
from interlock.checker.contract import Cause, Coverage, Ended
from interlock.checker.frontend import load_spec
from interlock.checker.ir.claims import Expectation, Kind
from interlock.checker.report import github, junit, sarif, schema, terminal
from interlock.checker.report.style import Style
from interlock.checker.report.traces import trace_lines

SPEC = Path("specs/two_phase_commit.py")

GOLDEN = """\
initial state:
    vote = filled(Vote.WORKING)
    decision = Decision.OPEN
    heard = FiniteSet()
    prepared_sent = FiniteSet()
    commit_sent = False
    abort_sent = False
1. choose_to_abort(who=Manager(0))
       vote[Manager(0)]: Vote.WORKING -> Vote.ABORTED
2. decide_commit()
       decision: Decision.OPEN -> Decision.COMMITTED
       commit_sent: False -> True
3. obey_commit(who=Manager(1))
       vote[Manager(1)]: Vote.WORKING -> Vote.COMMITTED
consistent(one=Manager(1), other=Manager(0)) is false
    false: not (s.vote[one] == Vote.COMMITTED and s.vote[other] == Vote.ABORTED)
        (specs/two_phase_commit.py:"""


def _violated() -> Result:
    spec = load_spec(SPEC)
    return run_check(spec, next(c for c in spec.checks if c.name == "commits too early"))


def _plain(verdict: str, **more: Any) -> Result:
    made = Result(
        spec="specs/a.py", line=3, check="a, b", property=None, expected="Holds", expects=Kind.HOLDS, verdict=verdict,
        kind=Kind(verdict.partition("(")[0]), differs=True, undecided=False, engine="explore", workers=1,
        total_seconds=1.0, coverage=Coverage(states=1234),
    )  # fmt: skip
    return attrs.evolve(made, **more)


def test_a_trace_reads_as_it_should() -> None:
    """Numbered actions, changed fields, the false conjunct."""
    trace = _violated().trace
    assert trace is not None
    text = "\n".join(trace_lines(trace))

    assert text.startswith(GOLDEN)
    assert text.endswith(":12)\n        with s.vote[one] = Vote.COMMITTED, s.vote[other] = Vote.ABORTED")
    assert text.count("\n") == GOLDEN.count("\n") + 1


def test_a_reduced_search_reports_both_counts() -> None:
    """What is of the model keeps its name; what was kept stands beside it."""
    reduced = _plain("Holds", coverage=Coverage(states=50816, orbits=553, symmetry=("Manager",)))
    full = _plain("Holds")

    assert "50 816 states (553 up to symmetry)" in terminal.line(reduced)
    assert "symmetry" not in terminal.line(full)
    told = ("distinct_states", "orbits", "symmetry")
    assert [schema.entry(reduced)[k] for k in told] == [50816, 553, ["Manager"]]
    assert [schema.entry(full)[k] for k in told] == [1234, None, []]


def test_bounded_verdicts_say_what_they_are() -> None:
    """Even an expected bounded verdict is no proof, and says so."""
    text = terminal.details(_plain("NoneWithin(9)", differs=False))

    assert "says nothing beyond it" in text
    assert terminal.line(_plain("Holds")) == "UNEXPECTED   a, b: Holds, 1 234 states, 1.00 s"


def test_one_of_something_is_not_several() -> None:
    """`1 state`, not `1 states`; in the line, below it, and in the summary."""
    one = _plain(
        "Holds", differs=False, never_fired=("up",),
        coverage=Coverage(states=1, transitions=1, walks=1, steps=1, bits_per_state=1, bytes_per_state=8.0),
    )  # fmt: skip

    assert terminal.line(one) == (
        "as expected  a, b: Holds, 1 state, 1 transition, 1 walk, 1 step, 1 action never enabled, 1.00 s"
    )
    assert terminal.summary([one]) == "1 of 1 check as expected"


def test_a_search_that_took_long_says_how_fast_it_was() -> None:
    """Of what it kept; a short one would say how fast its start was."""
    long = Coverage(states=3_000_000, search_seconds=2.0)
    reduced = attrs.evolve(long, orbits=500)
    brief = attrs.evolve(long, search_seconds=0.9)
    told = [_plain("Holds", coverage=c) for c in (long, reduced, brief, Coverage(walks=9, search_seconds=5.0))]

    assert [schema.entry(r)["states_per_second"] for r in told] == [1_500_000.0, 250.0, None, None]
    assert terminal.line(told[0]) == "UNEXPECTED   a, b: Holds, 3 000 000 states, 1.50 M states/s, 1.00 s"
    assert "250 states/s" in terminal.line(told[1])
    assert not any("states/s" in terminal.line(r) for r in told[2:])


def test_a_tiny_search_does_not_say_what_a_state_takes() -> None:
    """It would be what an empty table takes; with `-v` a search of some thousands does."""
    tiny = Coverage(states=1, bits_per_state=2, bytes_per_state=90112.0)
    some = Coverage(states=20_000, bits_per_state=2, bytes_per_state=13.25)
    verbose = Style(verbose=True)

    assert "bytes" not in terminal.line(_plain("Holds", coverage=tiny), verbose)
    assert "13.2 bytes a state of 2 bits" in terminal.line(_plain("Holds", coverage=some), verbose)
    assert "bytes" not in terminal.line(_plain("Holds", coverage=some))


@pytest.mark.parametrize("width", [40, 60, 80, 140])
def test_no_line_is_wider_than_the_terminal(width: int) -> None:
    """But for a word that is, and no word is broken."""
    result = attrs.evolve(_violated(), every=True, missing="", going_on="interlock check --only 'too early'")
    style = Style(verbose=True, width=width, screen=True)
    lines = [*terminal.lines(result, style, "  "), *terminal.details(result, style).split("\n")]
    words = {w for line in lines for w in line.split()}

    assert all(len(line) <= width or len(line.split()) == 1 for line in lines)
    assert {"choose_to_abort(who=Manager(0))", "Vote.ABORTED", "reproduce:"} <= words


def test_a_table_that_is_too_wide_is_told_in_words() -> None:
    """Each row by itself."""
    walked = _plain(
        "NoneSampled(5)", kind=Kind.NONE_SAMPLED, actions=(Sampled("certify_and_settle", 7, 2, 6),),
    )  # fmt: skip
    text = terminal.details(walked, Style(verbose=True, width=40))

    assert text.split("\n")[-3:] == [
        "    what the walks took:",
        "        certify_and_settle: steps 7,",
        "            instances taken 2, of 6",
    ]


BEGUN = """from interlock import Enum, action, auto, initial, state


class Side(Enum):
    HEADS = auto()
    TAILS = auto()


@state
class State:
    coin: Side | None = None
    shown: bool = False


@initial
def toss(s: State, coin: Side) -> None:
    s.coin = coin


@action
def show(s: State) -> None:
    s.shown = s.coin == Side.TAILS
"""
BEGUN_SPEC = """import coins
from coins import Side, State
from interlock import Violated, always, check


@always
def hidden(s: State) -> bool:
    return not s.shown


@always
def heads(s: State) -> bool:
    return s.coin == Side.HEADS


check("hidden", coins, properties=(hidden,), expect=Violated(hidden, steps=1))
check("heads", coins, properties=(heads,), expect=Violated(heads, steps=0))
"""


def test_a_brief_trace_says_how_it_begins(tmp_path: Path) -> None:
    """Where the model has several initial states, the calls alone do not lead there."""
    (tmp_path / "coins.py").write_text(BEGUN)
    (tmp_path / "coins_spec.py").write_text(BEGUN_SPEC)
    spec = load_spec(tmp_path / "coins_spec.py")
    hidden, heads = (run_check(spec, check) for check in spec.checks)

    assert terminal.details(hidden).endswith("\n    from toss(coin=Side.TAILS), after show()")
    assert terminal.details(heads).endswith("\n    from toss(coin=Side.TAILS), after no step")
    assert terminal.details(hidden, Style(width=40)).endswith("\n    from toss(coin=Side.TAILS)\n    after show()")


def test_what_else_is_violated_has_its_trace() -> None:
    """Or says that no state has it; JSON names them all."""
    found = _violated()
    result = attrs.evolve(found, others=(Other("q", 3, found.trace, "q.itf.json"), Other("never", None)))
    text = terminal.details(result)

    assert text.count("consistent(one=Manager(1), other=Manager(0)) is false") == 2
    assert "also violated: q, in 3 steps" in text
    assert "interlock replay q.itf.json" in text
    assert "also violated: never, for no reachable state has it" in text
    assert schema.entry(result)["also_violated"] == [
        {"violated": "q", "steps": 3, "trace": "q.itf.json"},
        {"violated": "never", "steps": None, "trace": None},
    ]


def test_an_expected_violation_says_what_was_not_judged() -> None:
    """On the terminal and in JSON."""
    ended = Ended(Cause.DEPTH, "depth budget of 4 reached")
    result = _plain("Violated(x)", expected="Violated(x)", expects=Kind.VIOLATED, differs=False, ended=ended)

    assert "whether anything else is violated is not known: depth budget of 4 reached" in terminal.details(result)
    assert schema.entry(result)["message"] == "not all was judged: depth budget of 4 reached"


def test_an_undecided_check_is_undecided_everywhere() -> None:
    """JSON tells it from a failed one."""
    entries = [schema.entry(_plain("NoneWithin(4)", differs=not u, undecided=u)) for u in (True, False)]

    assert [(e["undecided"], e["as_expected"]) for e in entries] == [(True, False), (False, False)]


def test_an_action_that_no_check_of_a_spec_enables_is_noted() -> None:
    """One that some check takes is not, nor one of a search that was not exhausted."""
    here = [
        _plain("Holds", fired=("up",), never_fired=("down", "slash")),
        _plain("Violated(x)", fired=("up", "down"), never_fired=("slash", "halt"), coverage=Coverage(frontier=0)),
        _plain("Violated(x)", fired=("up", "jump"), never_fired=("slash", "halt")),
    ]

    def notes(*results: Result, of: int) -> list[str]:
        return list(terminal.never_enabled(results, {"specs/a.py": of}))

    assert notes(*here[:2], of=2) == ["never enabled in any check of specs/a.py: slash, halt"]
    assert notes(*here, of=3) == [
        "never enabled in any of the 2 checks of specs/a.py that were searched to the end: slash, halt"
    ]
    assert notes(here[0], of=1) == ["never enabled in any check of specs/a.py: down, slash"]
    assert notes(here[2], of=1) == []
    assert "never enabled: down, slash" in terminal.details(here[0], Style(verbose=True))
    assert schema.entry(here[0])["never_enabled"] == ["down", "slash"]


def test_after_one_check_of_several_nothing_is_said_of_all() -> None:
    """As under `--only`; its own line says what it did not enable."""
    one = _plain("Holds", fired=("up",), never_fired=("down",))

    assert list(terminal.never_enabled([one], {"specs/a.py": 2})) == []
    assert "1 action never enabled" in terminal.line(one)


def test_every_format_takes_a_failure() -> None:
    """JUnit, SARIF, GitHub and JSON carry the check that failed."""
    results = [_plain("Violated(x)", message="why, 100%")]

    (failure,) = ElementTree.fromstring(junit.to_junit(results)).iter("failure")
    assert failure.get("message") == "expected Holds, found Violated(x)"
    assert json.loads(json.dumps(sarif.to_sarif(results)))["runs"][0]["results"][0]["level"] == "error"
    (command,) = github.commands(results)
    assert command.startswith("::error file=specs/a.py,line=3,title=a%2C b::expected Holds")
    assert "100%25" in command
    assert schema.to_json(results)["checks"][0]["distinct_states"] == 1234


def test_another_engine_decides_only_what_it_can() -> None:
    """A bounded engine leaves `Holds` undecided instead of confirming it."""
    spec = load_spec(SPEC)
    result = run_check(spec, spec.checks[0], Overrides(engine="simulate", walks=10, steps=5))

    assert (result.as_expected, result.undecided) == (False, True)


def test_a_wrong_number_is_unexpected() -> None:
    """The right verdict with another count fails."""
    spec = load_spec(SPEC)
    check = attrs.evolve(spec.checks[0], expect=Expectation(Kind.HOLDS, {"distinct": 287}))
    result = run_check(spec, check)

    assert not result.as_expected
    assert result.message == "distinct=288 (expected 287)"


def test_random_walks_say_how_much_they_took() -> None:
    """The seed and the share of the action instances, on the line and in JSON; by action where more is wanted."""
    spec = load_spec(SPEC)
    walked, searched = (
        run_check(spec, spec.checks[0], o) for o in (Overrides("simulate", 2, walks=3, steps=4), Overrides())
    )

    told = schema.entry(walked)
    assert " 3 walks, 12 steps, 7 of 17 action instances, seed 0, " in terminal.line(walked)
    rows = [x.split() for x in terminal.details(walked, Style(verbose=True)).splitlines()]
    assert ["prepare", "5", "3", "3"] in rows
    assert "prepare" not in terminal.details(walked)
    assert [told[k] for k in ("workers", "seed", "walks", "steps", "longest_walk")] == [2, 0, 3, 12, 4]
    assert {k: told["action_instances"][k] for k in ("taken", "of")} == {"taken": 7, "of": 17}
    assert sum(a["taken"] for a in told["action_instances"]["by_action"]) == 12
    assert [schema.entry(searched)[k] for k in ("seed", "walks", "steps", "action_instances")] == [None] * 4
