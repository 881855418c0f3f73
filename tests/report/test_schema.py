"""Everything that `--json` writes is as the published schema says, and nothing else is."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attrs
import jsonschema
import pytest

from interlock.checker.api.runs import Run
from interlock.checker.api.written import to_json
from interlock.checker.checks import finding, run
from interlock.checker.checks.outcome import Result, Standing
from interlock.checker.checks.overrides import Overrides
from interlock.checker.command import cli
from interlock.checker.contract import Cause, Ended
from interlock.checker.diagnostics import Refusal
from interlock.checker.ir.claims import Kind
from interlock.checker.passes.gates import Passing
from interlock.checker.report import schema

MODEL = """
from typing import Annotated, Final

from interlock import Map, Range, Scalarset, action, filled, require, state

TOP: Final = 2


class Who(Scalarset, size=3):
    pass


@state
class State:
    n: Map[Who, Annotated[int, Range(0, 3)]] = filled(0)
    lost: bool = False


@action
def up(s: State, w: Who) -> None:
    require(s.n[w] < TOP)
    s.n[w] += 1


@action(fault="loses")
def lose(s: State) -> None:
    require(not s.lost)
    s.lost = True


@action
def never(s: State) -> None:
    require(all(s.n[w] > 2 for w in Who))
    s.lost = False


@action
def off(s: State) -> None:
    require(TOP > 5)
    s.lost = False
"""
SPEC = """
import toy
from interlock import Holds, NoneSampled, NoneWithin, Proved, Unknown, Violated, always, check, reachable, recoverable
from toy import State, Who


@always
def small(s: State, w: Who) -> bool:
    return s.n[w] < 2


@always
def kept(s: State) -> bool:
    return not s.lost


@always
def fine(s: State, w: Who) -> bool:
    return s.n[w] <= 3


@always
def idle(s: State) -> bool:
    return not all(s.n[w] > 2 for w in Who) or s.lost


@reachable
def full(s: State) -> bool:
    return all(s.n[w] == 2 for w in Who)


@recoverable
def back(s: State) -> bool:
    return not s.lost


check("holds", toy, properties=(fine, full), expect=Holds(steps={full: 6}))
check("violated", toy, faults={"loses"}, properties=(small, kept), expect=Violated(small))
check("first", toy, properties=(small,), expect=Violated(small, first=True))
check("bounded", toy, properties=(fine,), engine="bmc", steps=2, expect=NoneWithin(2))
check("walks", toy, properties=(fine, back), engine="simulate", walks=20, steps=5, expect=NoneSampled(20))
check("proved", toy, properties=(fine,), engine="induction", steps=2, expect=Proved())
check("unknown", toy, properties=(fine,), states=3, expect=Holds())
check("refused", toy, properties=(fine,), walks=3, expect=Holds())
check("nothing", toy, expect=Holds())
check("idle", toy, properties=(idle,), expect=Holds())
"""
SCHEMA: Any = json.loads(schema.text())


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> list[Run]:
    """Runs with results of every kind, plain and with all that may be asked."""
    folder = tmp_path_factory.mktemp("specs")
    (folder / "toy.py").write_text(MODEL)
    (folder / "toy_spec.py").write_text(SPEC)
    (folder / "broken_spec.py").write_text("from interlock import check\ncheck(\n")
    specs, refused = finding.read([folder])
    checks = [(s, c) for s in specs for c in s.checks]
    asked = Overrides(
        every=True, distinct=3, coverage=True, gates=True, strict=True, symmetry=True, checkpoint=folder / "saved"
    )
    runs = [
        Run(checks, Overrides(), refused=refused, traces=folder / "traces"),
        Run(checks, asked, refused=refused, traces=folder / "traces"),
        Run(checks, Overrides(), interrupted=lambda: True),
    ]
    for each in runs:
        list(each)
    return runs


def validator() -> jsonschema.Draft202012Validator:
    """What judges data by the schema."""
    return jsonschema.Draft202012Validator(SCHEMA)


def problems(data: Any) -> list[str]:
    """Where data is not as the schema says."""
    return [f"{e.json_path}: {e.message}" for e in validator().iter_errors(data)]


def test_the_schema_is_one() -> None:
    """Of draft 2020-12."""
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


def test_every_object_of_the_schema_says_all_that_it_has() -> None:
    """Nothing is optional, and nothing more is allowed, but for the names of properties."""

    def objects(at: Any) -> Iterator[dict[str, Any]]:
        if isinstance(at, dict):
            if "object" in (at["type"] if isinstance(at.get("type"), list) else [at.get("type")]):
                yield at
            at = list(at.values())
        if isinstance(at, list):
            for inside in at:
                yield from objects(inside)

    found = list(objects(SCHEMA))
    closed = [o for o in found if o.get("additionalProperties") is False and o["required"] == list(o["properties"])]

    assert len(found) > 10
    assert [o for o in found if o not in closed] == [SCHEMA["$defs"]["check"]["properties"]["witnessed"]]


def test_results_of_every_kind_are_as_the_schema_says(ran: list[Run]) -> None:
    """Verdicts, refusals, what was not run; and everything that may be asked for."""
    results = [r for each in ran for r in each.results]
    for each in ran:
        assert problems(json.loads(to_json(each))) == []

    assert {r.kind for r in results} == set(Kind)
    assert {r.standing for r in results} >= {
        Standing.AS_EXPECTED,
        Standing.DIFFERS,
        Standing.HOLLOW,
        Standing.UNDECIDED,
    }
    assert {r.check is None for each in ran for r in each.refused} == {True, False}
    assert ran[2].not_run()
    entries = [schema.entry(r) for r in results]
    for name in (
        "distinct",
        "coverage",
        "blocked",
        "vacuous",
        "strict",
        "witnessed",
        "action_instances",
        "ended",
        "trace",
    ):
        assert any(e[name] for e in entries), name
    for name in ("also_violated", "not_judged", "never_enabled", "symmetry", "switched_off"):
        assert any(e[name] for e in entries), name


def test_a_defect_is_as_the_schema_says(ran: list[Run]) -> None:
    """It has no verdict."""
    (spec, check) = ran[0].checks[0]
    result = run.failed(spec, check, Overrides(), 0.0, ZeroDivisionError("x"))
    data = schema.to_json([result])

    assert (data["checks"][0]["kind"], data["checks"][0]["standing"]) == (None, "defect")
    assert problems(data) == []


@pytest.mark.parametrize("cause", Cause)
def test_every_cause_has_a_name_in_the_schema(ran: list[Run], cause: Cause) -> None:
    """And a reason in words beside it."""
    result: Result = attrs.evolve(ran[0].results[0], ended=Ended(cause, "why"))

    assert schema.entry(result)["ended"] == {"cause": cause.value, "reason": "why"}
    assert problems(schema.to_json([result])) == []


def test_words_of_the_schema_are_those_of_the_checker() -> None:
    """What may stand where there is a choice."""
    of = SCHEMA["$defs"]["check"]["properties"]

    assert of["kind"]["enum"] == [*(k.value for k in Kind), None]
    assert of["standing"]["enum"] == [s.value for s in Standing]
    assert SCHEMA["$defs"]["blocked"]["properties"]["passing"]["enum"] == [p.value for p in Passing]


@pytest.mark.parametrize(
    "spoil",
    [
        lambda d: d["checks"][0].update(more=1),
        lambda d: d["checks"][0].pop("verdict"),
        lambda d: d["checks"][0].update(kind="Maybe"),
        lambda d: d["checks"][0].update(distinct_states="288"),
        lambda d: d["checks"][0]["ended"].update(cause="boredom") if d["checks"][0]["ended"] else d.update(more=1),
        lambda d: d.update(schema=2),
        lambda d: d["refused"][0].update(errors=[]),
        lambda d: d.pop("not_run"),
    ],
)
def test_other_data_is_not(ran: list[Run], spoil: Any) -> None:
    """Strictly."""
    data = json.loads(to_json(ran[0]))
    spoil(data)

    assert problems(data) != []


def test_a_name_that_is_no_text_is_written_as_the_schema_says(ran: list[Run]) -> None:
    """A path of the file system need be none."""
    refusal = Refusal("caf\udce9.py", ran[0].refused[0].diagnostics)

    assert problems(json.loads(json.dumps(schema.to_json([], [refusal])))) == []


def test_the_command_prints_it_and_the_wheel_has_it(capsys: pytest.CaptureFixture[str]) -> None:
    """`interlock schema`."""
    import tomllib

    assert cli.main(["schema"]) == 0
    assert json.loads(capsys.readouterr().out) == SCHEMA
    project = tomllib.loads((Path(__file__).resolve().parent.parent.parent / "pyproject.toml").read_text())
    assert "result.schema.json" in project["tool"]["setuptools"]["package-data"]["interlock.checker.report"]
