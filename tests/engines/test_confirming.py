"""An answer of compiled code is compared with the evaluator before it is told, and what is wrong is noticed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

from interlock.checker.checks.overrides import Overrides
from interlock.checker.checks.run import run_check
from interlock.checker.contract import Budget, Coverage, Disagreement, Holds, NoneSampled, Task
from interlock.checker.engines import confirming
from interlock.checker.engines.explore import Explore
from interlock.checker.engines.simulate import Simulate
from interlock.checker.frontend import load_spec
from interlock.checker.ir import scalar as sc
from interlock.checker.ir.claims import Check, Spec
from interlock.checker.ir.scalar import ScalarSystem
from interlock.checker.native.code import begins
from interlock.checker.native.kernel import begin
from interlock.checker.native.store import spill
from interlock.checker.native.store.leaving import Portions
from interlock.checker.native.validation.agreement import Agreement
from interlock.checker.native.walks.enabled import Enabled
from interlock.checker.passes.known import Known
from interlock.checker.passes.movers import Movers
from tests.conformance.forms import checks, compiled, differences, drawn, in_all_forms
from tests.native.planted import constant_tables, miscompiled, ones_for_zero
from tests.native.systems import agg_core, shortened

# A published model, one constant larger: its votes are read from tables of two entries.
FORKS = """
from interlock import Holds, check
from interlock.model.pos import forks
from interlock.model.pos.anchors import Signing
from interlock.model.pos.finality import one_history

check("seven validators", forks, {"SIGNING": Signing.WITH_MILESTONE, "RANGES": 1, "HONEST": 6, "FAULTY_WEIGHT": 1},
      properties=(one_history,), expect=Holds())
"""
PLANTS: dict[str, Callable[[], AbstractContextManager[None]]] = {
    "what LLVM makes of it": constant_tables, "the same by hand": ones_for_zero,
}  # fmt: skip


@pytest.fixture
def forks(tmp_path: Path) -> tuple[Spec, Check]:
    """The check that a miscompiled table made hold."""
    file = tmp_path / "forks_spec.py"
    file.write_text(FORKS)
    spec = load_spec(file)
    return spec, spec.checks[0]


@pytest.fixture
def patiently(monkeypatch: pytest.MonkeyPatch) -> None:
    """Compare for as long as it takes to find a difference, and not for a few milliseconds."""
    monkeypatch.setattr(confirming, "_NEW", 60.0)


@pytest.fixture(params=PLANTS)
def planted(request: pytest.FixtureRequest) -> Iterator[str]:
    """Tables that are read wrongly."""
    if request.param == "what LLVM makes of it" and not miscompiled():
        pytest.skip("this LLVM and this processor read constant tables as they are")
    with PLANTS[request.param]():
        yield request.param


@pytest.fixture
def misread() -> Iterator[None]:
    """Tables that are read wrongly by whatever code there is around them."""
    with ones_for_zero():
        yield


def test_the_check_that_a_miscompiled_table_made_hold_is_violated(
    forks: tuple[Spec, Check], monkeypatch: pytest.MonkeyPatch
) -> None:
    """In seven steps, as plain Python and bounded search say."""
    monkeypatch.setenv("INTERLOCK_CACHE", "0")
    result = run_check(*forks)

    assert result.verdict == "Violated(one_history, steps=7)"
    assert result.coverage.states == 12_516
    assert (result.coverage.compared or 0) > 0


@pytest.mark.usefixtures("planted", "patiently")
def test_agreement_alone_notices_the_table(forks: tuple[Spec, Check], monkeypatch: pytest.MonkeyPatch) -> None:
    """Without asking whether the search is closed."""
    monkeypatch.setattr(confirming.Confirmation, "closed", lambda self, found, state, depth: self.expanded(state))

    with pytest.raises(Disagreement, match=r"^of \w+\(.*compiled code says"):
        run_check(*forks)


@pytest.mark.usefixtures("planted", "patiently")
def test_closure_alone_notices_the_table(forks: tuple[Spec, Check], monkeypatch: pytest.MonkeyPatch) -> None:
    """Without comparing what compiled code says of a state."""
    for name in ("_compare_step", "_compare_claims_of_step", "_compare_claims"):
        monkeypatch.setattr(Agreement, name, lambda *_: None)

    with pytest.raises(Disagreement, match="the search is not closed"):
        run_check(*forks)


def test_the_forms_alone_notice_the_table(forks: tuple[Spec, Check]) -> None:
    """On random states, without the evaluator."""
    if not miscompiled():
        pytest.skip("this LLVM and this processor read constant tables as they are")
    with constant_tables():
        program, _ = compiled(forks[1])
        in_all_forms(program)
        wrong = differences(program, drawn(program, 60))
    program, _ = compiled(forks[1])
    in_all_forms(program)

    assert wrong != []
    assert differences(program, drawn(program, 60)) == []


@pytest.mark.usefixtures("misread", "patiently")
def test_walks_notice_the_table(forks: tuple[Spec, Check]) -> None:
    """What a walk may do next is read from the same tables."""
    with pytest.raises(Disagreement):
        run_check(*forks, Overrides(engine="simulate", walks=10))


@pytest.mark.usefixtures("misread", "patiently")
def test_questions_about_coverage_notice_the_table(forks: tuple[Spec, Check], monkeypatch: pytest.MonkeyPatch) -> None:
    """Steps are counted by code of their own."""
    monkeypatch.setattr(confirming, "searched", lambda *_: 1)

    with pytest.raises(Disagreement):
        run_check(*forks, Overrides(coverage=True))


@pytest.mark.usefixtures("misread")
def test_the_state_machine_notices_the_table(forks: tuple[Spec, Check], monkeypatch: pytest.MonkeyPatch) -> None:
    """What it draws from is what compiled code says is enabled."""
    monkeypatch.setattr("interlock.checker.native.walks.enabled._EACH", 60.0)
    program, meaning = compiled(forks[1])
    asked = Enabled(program.system, meaning)

    with pytest.raises(Disagreement):
        [asked.instances(state) for state in drawn(program, 60)]


# --- searches that lose states -----------------------------------------------------------------------


def closed(system: ScalarSystem, **more: Any) -> Coverage:
    """What a search covers that is compared for as long as it takes, and only with regard to its being closed."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("INTERLOCK_CACHE", "0")
        patch.setattr(confirming, "_NEW", 60.0)
        patch.setattr(confirming, "_DRAWN", 1 << 30)
        patch.setattr(confirming.Confirmation, "beside", lambda *_: None)
        verdict = Explore().run(Task(system, **more))
    return verdict.coverage


def test_a_search_that_is_closed_is_found_to_be() -> None:
    """By all of its states and their steps, in memory."""
    covered = closed(agg_core(2, 1))

    assert covered.compared == covered.states == 1680


def test_states_that_a_lying_shortcut_leaves_out_are_missed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every instance is said to be a left mover over every other."""
    monkeypatch.setattr(Movers, "row", lambda self, a, others: (1 << len(others)) - 1)

    with shortened(), pytest.raises(Disagreement, match="the search is not closed: where .* was not found"):
        closed(agg_core(2, 1))


def test_states_that_were_lost_on_disk_are_missed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """One of five that were found is taken for one that was known."""
    monkeypatch.setattr("interlock.checker.native.store.visited._FIRST", 64)  # and the budget lets nothing grow
    monkeypatch.setattr(Portions, "slots", lambda self: 4096)
    whole = closed(agg_core(2, 1), spill=tmp_path, budget=Budget(memory=1))
    unknown = spill.unknown
    monkeypatch.setattr(spill, "unknown", lambda keys, known: unknown(keys, known) & (keys % 5 != 0))

    assert any("spilled" in note for note in whole.notes)
    assert whole.compared == whole.states == 1680
    with pytest.raises(Disagreement, match="the search is not closed: where .* was not found"):
        closed(agg_core(2, 1), spill=tmp_path, budget=Budget(memory=1))


def test_two_representatives_of_one_orbit_are_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Members are not sorted, so each state stands for itself alone."""
    check = dict(checks("specs/two_phase_commit.py"))["specs/two_phase_commit.py: 3 managers"]
    program, meaning = compiled(check)
    monkeypatch.setattr("interlock.checker.native.code.symmetry.sorting_network", lambda n: [])
    monkeypatch.setenv("INTERLOCK_CACHE", "0")

    with pytest.raises(Disagreement, match="change places"):
        closed(program.system, meaning=meaning, symmetry=True)


def test_what_is_wrongly_known_of_all_states_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A leaf is said to have two values where it has five."""
    monkeypatch.setattr("interlock.checker.engines.explore.known_leaves", lambda system: Known({0: (0, 1)}))

    with pytest.raises(Disagreement):
        closed(agg_core(2, 1))


# --- how runs begin ----------------------------------------------------------------------------------

BEGINS = """
from typing import Annotated

from interlock import Range, action, initial, require, state


@state
class State:
    x: Annotated[int, Range(0, 9)] = 0


@initial
def begin(s: State, by: Annotated[int, Range(0, 5)]) -> None:
    require(by != 3)
    s.x = by + 1


@action
def rest(s: State) -> None:
    require(s.x < 3)
"""
BEGUN = """
import begins
from begins import State
from interlock import Holds, always, check


@always
def small(s: State) -> bool:
    return s.x < 9


check("six", begins, expect=Holds())
"""


def disabled(patch: pytest.MonkeyPatch) -> None:
    """No initial instance is enabled."""
    patch.setattr(begins._Initial, "_possible", lambda self: False)


def elsewhere(patch: pytest.MonkeyPatch) -> None:
    """The parameters of an instance are those of another."""
    real = begins.numbered
    patch.setattr(begins, "numbered", lambda types, count: [sc.sub(sc.integer(5), n) for n in real(types, count)])


def skipped(patch: pytest.MonkeyPatch) -> None:
    """A search goes from each instance to the one after the next."""
    real = begin.text
    patch.setattr(begin, "text", lambda *given: _twice(real(*given)))


def _twice(text: str) -> str:
    last = text[: text.index("@origin")].rindex(", 1")
    return f"{text[:last]}, 2{text[last + 3 :]}"


@pytest.mark.parametrize(
    ("plant", "engine", "told"),
    [
        (disabled, "explore", r"^of begin\(by=\d\).*compiled code says: disabled"),
        (disabled, "simulate", r"^of begin\(by=\d\).*compiled code says: disabled"),
        (elsewhere, "explore", r"^of begin\(by=\d\)"),
        (elsewhere, "simulate", r"^of begin\(by=\d\)"),
        (skipped, "explore", r"the search is not closed: the initial state of instance \d was not found"),
    ],
)
def test_initial_states_that_are_wrong_or_lost_are_noticed(
    plant: Callable[[pytest.MonkeyPatch], None], engine: str, told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Some instances are compared, and were found."""
    (tmp_path / "begins.py").write_text(BEGINS)
    (tmp_path / "begins_spec.py").write_text(BEGUN)
    monkeypatch.setenv("INTERLOCK_CACHE", "0")
    spec = load_spec(tmp_path / "begins_spec.py")
    told_well = run_check(spec, spec.checks[0], Overrides(engine=engine))
    monkeypatch.setattr(confirming, "_NEW", 60.0)
    plant(monkeypatch)

    assert told_well.coverage.compared
    with pytest.raises(Disagreement, match=told):
        run_check(spec, spec.checks[0], Overrides(engine=engine))


def test_a_state_to_begin_with_is_found_among_many_instances(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One of a thousand is enabled, and what counts for `--coverage` is compared all the same."""
    (tmp_path / "begins.py").write_text(BEGINS.replace("Range(0, 5)", "Range(0, 999)").replace("by != 3", "by == 7"))
    (tmp_path / "begins_spec.py").write_text(BEGUN)
    monkeypatch.setenv("INTERLOCK_CACHE", "0")
    compared: list[int] = []
    walked = confirming.walked
    monkeypatch.setattr(confirming, "walked", lambda *given: compared.append(walked(*given)) or compared[-1])
    spec = load_spec(tmp_path / "begins_spec.py")
    result = run_check(spec, spec.checks[0], Overrides(coverage=True))

    assert result.coverage.states == 1
    assert compared
    assert min(compared) > 0


# --- how much is compared ----------------------------------------------------------------------------


def test_known_code_is_compared_less_and_never_not_at_all(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The number of states is kept with the code, and goes up from run to run."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.delenv("INTERLOCK_CACHE", raising=False)
    given: list[bool] = []
    seconds = confirming._seconds
    monkeypatch.setattr(
        confirming, "_seconds", lambda spent, *, known: given.append(known) or seconds(spent, known=known)
    )
    counts = [Explore().run(Task(agg_core(2, 1))).coverage.compared or 0 for _ in range(3)]

    assert given == [False, True, True]
    assert 0 < counts[0] < min(counts[1:])


@pytest.mark.parametrize(
    ("spent", "known", "seconds"),
    [
        (0.01, False, 0.03),
        (0.9, False, 0.03),
        (0.9, True, 0.002),
        (10.0, False, 0.2),
        (10.0, True, 0.05),
        (1e4, False, 5.0),
    ],
)
def test_the_time_of_comparing_is_a_small_part(spent: float, known: bool, seconds: float) -> None:
    """At most 40 ms, or a twentieth of what took longer than a second."""
    assert confirming._seconds(spent, known=known) == pytest.approx(seconds)


def test_every_compiled_engine_says_on_how_many_states() -> None:
    """And one is enough however little time there is."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(confirming, "_KNOWN", 0.0)
        patch.setattr(confirming, "_NEW", 0.0)
        patch.setenv("INTERLOCK_CACHE", "0")
        searched, walked = (engine.run(Task(agg_core(2, 1), walks=5)) for engine in (Explore(), Simulate()))

    assert isinstance(searched, Holds)
    assert isinstance(walked, NoneSampled)
    assert searched.coverage.compared == walked.coverage.compared == 1
