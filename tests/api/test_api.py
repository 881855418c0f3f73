"""`interlock.api`: what the README promises of it, as data."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from interlock import api

MODEL = """
from typing import Annotated, Final

from interlock import Range, action, require, state

TOP: Final = 9


@state
class State:
    x: Annotated[int, Range(0, 9)] = 0


@action
def up(s: State) -> None:
    require(s.x < TOP)
    s.x += 1
"""
SPEC = """
import toy
from interlock import Holds, Violated, always, check
from toy import State


@always
def near(s: State) -> bool:
    return s.x < 3


@always
def most(s: State) -> bool:
    return s.x <= 9


check("good", toy, properties=(most,), expect=Holds())
check("bad", toy, properties=(near,), expect=Violated(near, first=True))
check("wrong", toy, properties=(near,), expect=Holds())
check("odd", toy, properties=(most,), walks=3, expect=Holds())
check("long", toy, properties=(most,), expect=Holds(), slow=True)
"""


@pytest.fixture
def specs(tmp_path: Path) -> list[api.Spec]:
    """A spec with a check of each fate."""
    (tmp_path / "toy.py").write_text(MODEL)
    (tmp_path / "toy_spec.py").write_text(SPEC)
    return api.read(tmp_path)


def test_results_come_in_order_as_data(specs: list[api.Spec]) -> None:
    """With a trace where something is violated; what was refused stands beside them."""
    run = api.run(specs)
    good, bad, wrong = run

    assert (good.verdict, good.kind, good.standing) == ("Holds", api.Kind.HOLDS, api.Standing.AS_EXPECTED)
    assert (good.coverage.states, good.coverage.depth, good.trace, good.ended) == (10, 9, None, None)
    assert bad.trace is not None
    assert [step.call.name for step in bad.trace.steps] == ["up"] * 3
    assert bad.ended is not None
    assert bad.ended.cause is api.Cause.FIRST
    assert (wrong.standing, wrong.as_expected) == (api.Standing.DIFFERS, False)
    assert [(r.check, [d.code for d in r.diagnostics]) for r in run.refused] == [("odd", ["E031"])]
    assert (run.results, run.not_run(), run.stopped) == ([good, bad, wrong], [], False)


def test_checks_are_chosen_and_changed_by_options(specs: list[api.Spec]) -> None:
    """As on the command line."""
    (long,) = api.run(specs[0], only="long")
    (few,) = api.run(specs, api.Options(states=4), only="good")

    assert (long.check, long.verdict) == ("long", "Holds")
    assert (few.kind, few.ended and few.ended.cause) == (api.Kind.UNKNOWN, api.Cause.STATES)
    assert "long" in [r.check for r in api.run(specs, slow=True)]
    with pytest.raises(api.InputError, match="C004"):
        api.run(specs, only="goood")
    with pytest.raises(api.InputError, match="C003"):
        api.run(specs, api.Options(engine="explorer"))


def test_a_run_ends_when_it_is_asked_to(specs: list[api.Spec]) -> None:
    """What was not come to is named."""
    done: list[str] = []
    run = api.run(specs, interrupted=lambda: bool(done))
    for result in run:
        done.append(result.check)

    assert done == ["good", "bad"] or done == ["good"]
    assert run.stopped
    assert [check.name for _, check in run.not_run()][-1] == "odd"


@pytest.mark.parametrize("jobs", [1, 2])
def test_ctrl_c_is_raised_when_what_was_reached_is_told(
    specs: list[api.Spec], monkeypatch: pytest.MonkeyPatch, jobs: int
) -> None:
    """The results so far stay."""
    from interlock.checker.api import jobs as beside
    from interlock.checker.checks import run as running

    sound, listen = running.run_check, beside.Jobs._listen

    def interrupted(spec: api.Spec, check: api.Check, *a: object, **k: object) -> api.Result:
        if check.name == "bad" and jobs == 1:
            raise KeyboardInterrupt
        return sound(spec, check, *a, **k)  # type: ignore[arg-type]

    def listened(self: beside.Jobs) -> None:
        listen(self)
        if 0 in self.done:
            raise KeyboardInterrupt

    monkeypatch.setattr(running, "run_check", interrupted)
    monkeypatch.setattr(beside.Jobs, "_listen", listened)
    run = api.run(specs, jobs=jobs)
    with pytest.raises(KeyboardInterrupt):
        list(run)

    assert run.results[0].check == "good"
    assert run.stopped
    assert "wrong" in [check.name for _, check in run.not_run()] or jobs == 2


def test_a_reader_that_stops_leaves_the_rest_unrun(specs: list[api.Spec]) -> None:
    """Also where checks run beside each other."""
    for jobs in (1, 2):
        run = api.run(specs, jobs=jobs)
        results = iter(run)
        next(results)
        results.close()  # type: ignore[attr-defined]

        assert [r.check for r in run.results] == ["good"]
        assert [check.name for _, check in run.not_run()] == ["bad", "wrong", "odd"]


def test_a_saved_trace_is_replayed_and_an_edited_one_is_not(specs: list[api.Spec], tmp_path: Path) -> None:
    """The trace that comes back is the one that was found."""
    (bad,) = api.run(specs, only="bad", traces=tmp_path / "traces")
    assert bad.trace_file is not None
    replayed = api.replay(bad.trace_file)
    data = json.loads(Path(bad.trace_file).read_text())
    data["states"][1]["x"] = {"#bigint": "5"} if isinstance(data["states"][1]["x"], dict) else 5
    Path(bad.trace_file).write_text(json.dumps(data))
    edited = api.replay(bad.trace_file)

    assert replayed.trace is not None
    assert replayed.trace.states == bad.trace.states  # type: ignore[union-attr]
    assert [s.call for s in replayed.trace.steps] == [s.call for s in bad.trace.steps]  # type: ignore[union-attr]
    assert (replayed.check.name, replayed.problem) == ("bad", "")
    assert edited.trace is None
    assert edited.problem


def test_texts_are_those_of_the_command(specs: list[api.Spec]) -> None:
    """What a spec has, what a check becomes, why an action is disabled."""
    spec, check = api.named(specs[0].path, "good")

    assert "  model toy" in list(api.outline(specs))
    assert "state" in "".join(api.forms(specs, "ir", only="good"))
    assert any("up" in line for line in api.explain(spec, check, "up()"))


def test_what_is_written_for_machines_is_text(specs: list[api.Spec]) -> None:
    """JSON, JUnit and SARIF of one run, and its schema."""
    run = api.run(specs)
    list(run)

    assert [c["check"] for c in json.loads(api.to_json(run))["checks"]] == ["good", "bad", "wrong"]
    assert 'failures="1"' in api.to_junit(run)
    assert json.loads(api.to_sarif(run))["version"] == "2.1.0"
    assert json.loads(api.json_schema())["$schema"].endswith("2020-12/schema")
    assert "claims.md" in api.pages(specs, run.results)


def test_everything_of_the_module_is_listed_and_there() -> None:
    """No name is exported by accident."""
    names = {n for n in vars(api) if not n.startswith("_")}

    assert names == set(api.__all__)
