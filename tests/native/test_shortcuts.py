"""A search with shortcuts tells what one without them tells, and shortcuts that lie are noticed."""

from __future__ import annotations

import itertools
from pathlib import Path
from types import SimpleNamespace

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interlock.checker.contract import Holds, Task
from interlock.checker.engines.explore import Explore
from interlock.checker.ir import scalar as sc
from interlock.checker.ir.nodes import PropertyKind
from interlock.checker.ir.scalar import ScalarSystem
from interlock.checker.native.module import shortcuts
from interlock.checker.native.module.program import Program
from interlock.checker.passes.kept import Kept
from interlock.checker.passes.movers import Movers
from tests.engines.test_explore import systems
from tests.native.systems import action, agg_core, shortened, told
from tests.passes.test_movers import AFTER, STATE, actions, conditions, num, system

KINDS = [PropertyKind.ALWAYS, PropertyKind.REACHABLE, PropertyKind.RECOVERABLE]


def agrees(given_system: ScalarSystem) -> None:
    for every in (False, True):
        plain = told(Explore().run(Task(given_system, every=every)))
        for workers in (1, 2):
            with shortened():
                short = told(Explore().run(Task(given_system, every=every, workers=workers)))

            assert short == plain


@settings(max_examples=25)
@given(systems())
def test_random_systems_are_told_alike(made: ScalarSystem) -> None:
    agrees(made)


@settings(max_examples=25)
@given(
    st.lists(actions("a"), min_size=2, max_size=5),
    st.lists(st.tuples(st.sampled_from(KINDS), conditions()), max_size=3),
    st.lists(st.tuples(st.just(PropertyKind.STEP), conditions(STATE + AFTER)), max_size=1),
)
def test_systems_like_protocols_are_told_alike(made: list, states: list, steps: list) -> None:  # type: ignore[type-arg]
    agrees(system(*made, claims=(*states, *steps)))


def test_the_yardstick_is_counted_alike() -> None:
    """Though of five transitions hardly more than one is looked up."""
    with shortened():
        verdict = Explore().run(Task(agg_core(3, 1)))

    assert isinstance(verdict, Holds)
    counted = verdict.coverage
    assert (counted.states, counted.transitions, counted.depth) == (580_376, 2_351_394, 15)


@pytest.mark.usefixtures("unconfirmed")
def test_movers_that_lie_lose_states(monkeypatch: pytest.MonkeyPatch) -> None:
    """So the tests above would notice."""
    monkeypatch.setattr(Movers, "left", lambda self, b, a: True)
    monkeypatch.setenv("INTERLOCK_CACHE", "0")
    with shortened():
        verdict = Explore().run(Task(agg_core(2, 1)))

    assert verdict.coverage.states != 1_680


@pytest.mark.usefixtures("unconfirmed")
def test_kept_that_lies_loses_violations(monkeypatch: pytest.MonkeyPatch) -> None:
    """So the tests above would notice."""
    go = action("go", [], [sc.lt(STATE[0], num(3))], {0: sc.add(STATE[0], num(1))})
    made = system(go, claims=((PropertyKind.ALWAYS, sc.lt(STATE[0], num(3))),))
    monkeypatch.setenv("INTERLOCK_CACHE", "0")
    with shortened():
        assert not isinstance(Explore().run(Task(made)), Holds)
        monkeypatch.setattr(Kept, "by", lambda self, i: True)

        assert isinstance(Explore().run(Task(made)), Holds)


def test_steps_are_judged_though_their_ends_are_not_looked_up() -> None:
    """A property of steps is about each of them, also about the second order of two that commute."""
    one, other = (action(f"a{i}", [], [sc.eq(STATE[i], num(0))], {i: num(1)}) for i in (0, 1))
    wrong = sc.and_((sc.eq(STATE[1], num(1)), sc.eq(STATE[0], num(0)), sc.eq(sc.int_var("t", 0, 0, 3), num(1))))
    made = system(one, other, claims=((PropertyKind.STEP, sc.not_(wrong)),))
    agrees(made)

    with shortened():
        assert not isinstance(Explore().run(Task(made)), Holds)


def test_many_instances_are_not_compared_in_pairs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shortcuts, "MOST", 3)
    table = shortcuts.Shortcuts(Program(agg_core(2, 1)))
    table.work(1e9)

    assert table.movers is None
    assert len(table.regions) == 1


@pytest.fixture
def dear(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Every table is worth remembering, in a cache of its own."""
    monkeypatch.setattr(shortcuts, "_DEAR", 0.0)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))


def filled(made: ScalarSystem) -> list[bytes]:
    table = shortcuts.Shortcuts(Program(made))
    table.work(1e9)
    return [bytes(region.view(0, region.size)) for region in table.regions]


@pytest.mark.usefixtures("dear")
def test_the_second_run_takes_the_tables_from_the_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    first = filled(agg_core(2, 1))
    monkeypatch.setattr(Movers, "row", lambda self, a, others: pytest.fail("worked out again"))

    assert filled(agg_core(2, 1)) == first
    assert any(first[1])


@pytest.mark.usefixtures("dear")
def test_tables_of_other_values_or_another_prover_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """The module's text does not say how large a leaf can be, and proofs depend on it."""
    made = agg_core(2, 1)
    filled(made)
    wider = attrs.evolve(made, leaves=(attrs.evolve(made.leaves[0], hi=5), *made.leaves[1:]))
    worked: list[int] = []
    real = Movers.row
    monkeypatch.setattr(Movers, "row", lambda self, a, others: worked.append(1) or real(self, a, others))
    filled(wider)
    once = len(worked)
    monkeypatch.setattr(shortcuts, "_provers", lambda: "another")
    filled(made)

    assert 0 < once < len(worked)


@pytest.mark.usefixtures("dear")
def test_what_an_earlier_run_could_not_finish_is_not_begun_in_as_much_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """It would be for nothing in each run; with more time it is tried."""
    made, clock = agg_core(2, 1), itertools.count()
    monkeypatch.setattr(shortcuts, "time", SimpleNamespace(perf_counter=lambda: float(next(clock))))
    first, second, third = (shortcuts.Shortcuts(Program(made)) for _ in range(3))
    first.work(1.5)
    first.work(5.5)
    second.work(6.0)
    third.work(1e9)

    assert not first.finished
    assert first.spent == 6.0
    assert second.spent == 0.0
    assert third.finished
    assert filled(made) == [bytes(region.view(0, region.size)) for region in third.regions]


@pytest.mark.usefixtures("dear")
def test_damaged_tables_are_worked_out_again(tmp_path: Path) -> None:
    first = filled(agg_core(2, 1))
    for file in tmp_path.rglob("*.object"):
        data = bytearray(file.read_bytes())
        data[-1] ^= 1
        file.write_bytes(data)

    assert filled(agg_core(2, 1)) == first
