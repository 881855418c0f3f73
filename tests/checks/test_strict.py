"""Hollow claims can be made to fail: what claims nothing, and what never happens, with a word on how to say it is meant."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest

from interlock.checker.checks.outcome import Result, Standing
from interlock.checker.checks.overrides import Overrides
from interlock.checker.checks.run import run_check
from interlock.checker.command import cli, exits
from interlock.checker.diagnostics import InputError
from interlock.checker.frontend import load_spec
from interlock.checker.native.store.survey import TableSurvey
from interlock.checker.report import github, junit, sarif, schema, terminal

MODEL = """
from typing import Annotated, Final

from interlock import Map, Range, Scalarset, action, filled, initial, require, state

LIFE: Final = 9
NEW: Final = True


class Who(Scalarset, size=2):
    pass


@state
class State:
    clock: Annotated[int, Range(0, 20)] = 0
    owner: bool = False
    shares: Map[Who, Annotated[int, Range(0, 2)]] = filled(0)
    paid: bool = False


@initial
def begin(s: State, owner: bool) -> None:
    s.owner = owner


@action
def tick(s: State) -> None:
    require(s.clock < 5)
    s.clock += 1


@action
def pay(s: State) -> None:
    s.paid = not s.paid


@action
def migrate(s: State) -> None:
    require(NEW)
    s.clock = 0


@action(fault="crash")
def crash(s: State) -> None:
    require(s.clock > 7)
    s.clock = 0


@action(fault="slow")
def stall(s: State) -> None:
    require(s.paid)


@action(fault="slow")
def stop(s: State) -> None:
    require(s.clock > 8)
"""
HEAD = """
import toy
from interlock import Holds, NoneSampled, NoneWithin, Proved, Violated, always, check, fires, reachable, recoverable, step
from toy import LIFE, NEW, State, Who, tick


@always
def real(s: State) -> bool:
    return s.clock < 6


@always
def owned(s: State, w: Who) -> bool:
    return s.owner or not s.owner and s.shares[w] == 0


@always
def expires(s: State) -> bool:
    return not s.clock > LIFE or s.paid


@always
def guarded(s: State) -> bool:
    return NEW or s.paid


@always
def fresh(s: State) -> bool:
    return s.clock <= 20


@step
def ages(old: State, new: State) -> bool:
    return not (old.clock == 6) or new.clock == 7


@step
def keeps(old: State, new: State) -> bool:
    return old.owner == new.owner


@reachable
def there(s: State) -> bool:
    return s.clock >= 0


@recoverable
def back(s: State) -> bool:
    return s.clock == 0


@always
def wrong(s: State) -> bool:
    return s.clock < 3


def end(s: State) -> bool:
    return s.paid


"""
STRICT = Overrides(strict=True)
IDLE = MODEL.replace("require(NEW)", "require(s.clock > 6)")
MEANT = "write `strict=False` in the check where that is meant"


def spec(tmp_path: Path, text: str, model: str = MODEL) -> Path:
    """A spec beside its model."""
    (tmp_path / "toy.py").write_text(model)
    (tmp_path / "toy_spec.py").write_text(HEAD + text + "\n")
    return tmp_path / "toy_spec.py"


def check(tmp_path: Path, call: str, overrides: Overrides = STRICT, *, model: str = MODEL, beside: str = "") -> Result:
    """What comes of the first check of a file."""
    read = load_spec(spec(tmp_path, f'check("c", toy, {call})\n{beside}', model))
    return run_check(read, read.checks[0], overrides)


def hollow(result: Result) -> list[str]:
    """What is said to be hollow, and what to write; the standing goes with it."""
    assert result.strict is not None
    assert (result.standing is Standing.HOLLOW) is bool(result.strict.hollow)
    return [str(h) for h in result.strict.hollow]


# --- what fails ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "told"),
    [
        ("properties=(owned,), expect=Holds()",
         "owned claims nothing: no action that fires writes what it speaks of, `s.owner`, `s.shares`; leave it out of"
         " `properties=` where that is meant"),
        ("properties=(expires,), expect=Holds()",
         "expires claims nothing: 24 states reach `s.clock > LIFE` (SPEC:19:16), it is true in none; leave it out of"
         " `properties=` where that is meant"),
        ("properties=(ages,), expect=Holds()",
         "ages claims nothing: 68 steps reach `old.clock == 6` (SPEC:34:17), it is true in none; leave it out of"
         " `properties=` where that is meant"),
        ("properties=(fresh,), expect=Holds()",
         "fresh claims nothing: it is true of every state that the types and the constants allow; leave it out of"
         " `properties=` where that is meant"),
        ("properties=(there, real), expect=Holds()",
         "there claims nothing: it is true of every state that the types and the constants allow; leave it out of"
         " `properties=` where that is meant"),
        ("properties=(guarded, real), expect=Holds()",
         "guarded claims nothing: it is true of every state that the types and the constants allow; leave it out of"
         " `properties=` where that is meant"),
        ("{\"LIFE\": 30}, properties=(expires,), expect=Holds()",
         "expires claims nothing: 24 states reach `s.clock > LIFE` (SPEC:19:16), it is true in none; leave it out of"
         " `properties=` where that is meant"),
        ('faults={"crash"}, properties=(real,), expect=Holds()',
         'the fault "crash" never happens: crash never fires; leave it out of `faults=` where that is meant'),
        ('faults={"slow"}, properties=(real,), expect=Holds()',
         f"stop never fires: 24 states reach `s.clock > 8` (MODEL:57:13), none pass; {MEANT}"),
        ("{\"NEW\": False}, properties=(real,), expect=Holds()",
         "migrate never fires: its guard is false for the constants of every check of this file; add a check whose"
         f" constants leave it on, or {MEANT}"),
        ("properties=(), expect=Holds()",
         f"nothing is claimed: there is no property, and no `terminal=`; give it `properties=(...)`, or {MEANT}"),
    ],
)  # fmt: skip
def test_what_is_hollow_fails_with_a_word_on_how_to_mean_it(tmp_path: Path, call: str, told: str) -> None:
    """One line each; without being asked the check passes."""
    result = check(tmp_path, call)
    said = [
        h.replace(str(tmp_path / "toy_spec.py"), "SPEC").replace(str(tmp_path / "toy.py"), "MODEL")
        for h in hollow(result)
    ]

    assert said == [told]
    assert check(tmp_path, call, Overrides()).standing is Standing.AS_EXPECTED
    assert check(tmp_path, call.replace("expect=", "strict=True, expect="), Overrides()).standing is Standing.HOLLOW
    assert check(tmp_path, call.replace("expect=", "strict=False, expect=")).standing is Standing.AS_EXPECTED


def test_an_action_that_waits_for_what_does_not_come_fails(tmp_path: Path) -> None:
    """No constant is to blame, so no other check excuses it."""
    other = 'check("d", toy, {"LIFE": 3}, properties=(real,), expect=Holds())'
    result = check(tmp_path, "properties=(real,), expect=Holds()", model=IDLE, beside=other)

    (told,) = hollow(result)
    assert told.startswith("migrate never fires: 24 states reach `s.clock > 6` (")


def test_everything_hollow_is_told_at_once(tmp_path: Path) -> None:
    """In the order of the properties, the faults and the actions; each claim once."""
    call = 'faults={"crash"}, properties=(owned, fresh, real), expect=Holds()'
    result = check(tmp_path, call, model=IDLE)

    assert [h.name for h in result.strict.hollow] == ["owned", "fresh", "crash", "migrate"]  # type: ignore[union-attr]
    assert [h.about for h in result.strict.hollow] == ["claim", "claim", "fault", "action"]  # type: ignore[union-attr]


# --- what does not -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "call",
    [
        "properties=(real,), expect=Holds()",
        "properties=(real, keeps, back, fires(tick)), expect=Holds()",
        "properties=(), terminal=end, expect=Holds()",
        "properties=(wrong, real), expect=Violated(wrong)",
    ],
)
def test_what_says_something_passes(tmp_path: Path, call: str) -> None:
    """A frame that nothing may leave, deadlocks alone, and a violation that is expected, are claims."""
    assert hollow(check(tmp_path, call)) == []


def test_an_action_that_another_check_leaves_on_is_reported_and_no_more(tmp_path: Path) -> None:
    """There it would have to fire; that a variant is chosen is no fault of the check that chooses it."""
    other = 'check("d", toy, properties=(real,), slow=True, expect=Holds())'
    result = check(tmp_path, '{"NEW": False}, properties=(real,), expect=Holds()', beside=other)

    assert hollow(result) == []
    assert "    off for these constants: migrate" in terminal.details(result).splitlines()


def test_another_check_that_does_not_allow_the_fault_leaves_nothing_on(tmp_path: Path) -> None:
    """There the action cannot fire either."""
    fault = MODEL.replace('@action(fault="slow")\ndef stall', '@action(fault="slow")\ndef stop2').replace(
        "    require(s.clock > 8)", "    require(not NEW and s.clock >= 0)"
    )
    other = 'check("d", toy, {"NEW": False}, properties=(real,), expect=Holds())'
    call = 'faults={"slow"}, properties=(real,), expect=Holds()'
    alone, allowed = (
        check(tmp_path, call, model=fault, beside=beside)
        for beside in (other, other.replace("properties", 'faults={"slow"}, properties'))
    )

    assert [h.partition(" never fires")[0] for h in hollow(alone)] == ["stop"]
    assert hollow(allowed) == []


# --- what is not known ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "overrides", "why"),
    [
        ("properties=(real,), depth=3, expect=NoneWithin(3)", STRICT, "not every state was seen: NoneWithin(3)"),
        ("properties=(wrong,), depth=3, expect=Violated(wrong)", STRICT,
         "not every state was seen: depth budget of 3 reached"),
        ('properties=(real,), engine="bmc", steps=3, expect=NoneWithin(3)', STRICT,
         "the engine bmc does not see every state"),
        ('properties=(real,), engine="simulate", walks=3, expect=NoneSampled(3)', STRICT,
         "the engine simulate does not see every state"),
        ("properties=(real,), expect=Holds()", Overrides(strict=True, engine="induction"),
         "the engine induction does not see every state"),
        ("properties=(expires,), expect=Holds()", Overrides(strict=True, symmetry=True), ""),
    ],
)  # fmt: skip
def test_where_not_every_state_was_seen_it_is_undecided(
    tmp_path: Path, call: str, overrides: Overrides, why: str
) -> None:
    """Exit code 3, with the reason; a reduced search that may be asked is asked."""
    result = check(tmp_path, call, overrides)

    assert result.strict is not None
    assert result.strict.unknown == why
    if why:
        assert result.standing is Standing.UNDECIDED
        assert result.message == f"as expected so far, but whether it is hollow is not known: {why}"


def test_claims_that_were_not_looked_at_leave_it_undecided(tmp_path: Path) -> None:
    """Too many conditions stand before what one of them claims."""
    tests = "".join(
        f"    if s.clock == {i % 4} and s.paid:\n        y = {i % 2}\n        if s.owner:\n            return s.clock > y\n"
        for i in range(12)
    )
    many = f"@always\ndef many(s: State) -> bool:\n    y = 0\n{tests}    return s.owner or not s.owner or s.paid\n\n\n"
    read = load_spec(spec(tmp_path, f'{many}check("c", toy, properties=(many,), expect=Violated(many))'))
    result = run_check(read, read.checks[0], STRICT)

    assert result.strict is not None
    assert result.strict.unknown.startswith(
        "whether many is vacuous was not looked at: many has more than 64 conditions"
    )
    assert result.standing is Standing.UNDECIDED


def test_a_check_that_fails_anyway_is_not_asked(tmp_path: Path) -> None:
    """One failure is told, and it is the verdict's."""
    result = check(tmp_path, "properties=(owned, wrong), expect=Holds()")

    assert (result.standing, result.strict) == (Standing.DIFFERS, None)


def test_an_engine_that_cannot_tell_is_refused_in_a_spec(tmp_path: Path) -> None:
    """With what to write instead; on the command line another engine leaves it undecided."""
    with pytest.raises(InputError) as refused:
        check(tmp_path, 'properties=(real,), engine="bmc", strict=True, expect=NoneWithin(3)', Overrides())
    (found,) = refused.value.diagnostics

    assert (found.code, found.help) == ("E031", "use the engine `explore`, or leave out `strict=True`")
    call = "properties=(real,), strict=True, expect=Holds()"
    assert check(tmp_path, call, Overrides(engine="induction")).standing is Standing.UNDECIDED


def test_strict_is_true_or_false(tmp_path: Path) -> None:
    """Nothing in between."""
    with pytest.raises(InputError, match="S001: `strict` is True or False"):
        check(tmp_path, "properties=(real,), strict=2, expect=Holds()")


# --- what it costs -------------------------------------------------------------------------------------


def test_states_are_gone_through_again_only_where_a_claim_has_conditions(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Which actions fired is counted by the search itself."""
    counted: list[str] = []
    count = TableSurvey.count
    monkeypatch.setattr(TableSurvey, "cover", lambda *_: pytest.fail("steps are counted again"))
    monkeypatch.setattr(TableSurvey, "count", lambda self, system: (counted.append("pass"), count(self, system))[1])

    assert hollow(check(tmp_path, "properties=(real, back), expect=Holds()")) == []
    assert counted == []
    assert check(tmp_path, '{"NEW": False}, properties=(real,), expect=Holds()').standing is Standing.HOLLOW
    assert counted == []
    assert check(tmp_path, "properties=(expires, real), expect=Holds()").standing is Standing.HOLLOW
    assert counted == ["pass"]


def test_what_was_not_asked_for_is_not_told(tmp_path: Path) -> None:
    """Strictness alone prints no coverage, in text or JSON; with coverage both are there."""
    plain, both = (
        check(tmp_path, "properties=(expires,), expect=Holds()", Overrides(strict=True, coverage=c))
        for c in (False, True)
    )

    assert [schema.entry(plain)[k] for k in ("coverage", "vacuous", "blocked")] == [None, None, None]
    assert "vacuous:" not in terminal.details(plain)
    assert "coverage of the 24 states:" in terminal.details(both)
    assert len(schema.entry(both)["vacuous"]) == 1


# --- reports -------------------------------------------------------------------------------------------


def test_every_report_tells_what_is_hollow(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The command line, JSON, JUnit, SARIF and GitHub; the exit code is 1."""
    place = spec(tmp_path, 'check("c", toy, properties=(owned,), expect=Holds())')
    out = tmp_path / "r.json"
    code = cli.main(["check", str(place), "--strict", "--json", str(out)])
    said = capsys.readouterr().out
    (entry,) = json.loads(out.read_text())["checks"]
    result = check(tmp_path, "properties=(owned,), expect=Holds()")
    (failure,) = ElementTree.fromstring(junit.to_junit([result])).iter("failure")
    (found,) = sarif.to_sarif([result])["runs"][0]["results"]
    (command,) = github.commands([result])
    first = "hollow: owned claims nothing: no action that fires writes what it speaks of, `s.owner`, `s.shares`"

    assert code == exits.DIFFERS
    assert "  hollow       c: Holds, 24 states" in said
    assert "0 of 1 check as expected, 1 hollow\n" in said
    assert (entry["as_expected"], entry["differs"], entry["undecided"]) == (False, False, False)
    assert entry["strict"]["unknown"] is None
    assert [(h["about"], h["name"]) for h in entry["strict"]["hollow"]] == [("claim", "owned")]
    assert failure.get("message") == first
    assert (found["ruleId"], found["level"]) == ("hollow", "error")
    assert command.startswith("::error ")
    assert schema.entry(check(tmp_path, "properties=(owned,), expect=Holds()", Overrides()))["strict"] is None


def test_the_register_is_not_written_from_what_is_hollow(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`report --strict` asks like `check --strict`."""
    place = spec(tmp_path, 'check("c", toy, properties=(owned,), expect=Holds())')

    assert cli.main(["report", str(place), "--into", str(tmp_path), "--strict"]) == exits.DIFFERS
    assert cli.main(["report", str(place), "--into", str(tmp_path)]) == exits.OK
    assert cli.main(["simulate", str(place), "--strict"]) == exits.WRONG_INPUT
    assert "an option of `interlock check` and `interlock report`" in capsys.readouterr().err


def test_a_search_that_is_saved_goes_on_as_strictly(tmp_path: Path) -> None:
    """The command that is printed has the option."""
    read = load_spec(spec(tmp_path, 'check("c", toy, properties=(real,), expect=Holds())'))

    assert "--strict" in Overrides(strict=True, checkpoint=tmp_path).going_on(read, read.checks[0])
