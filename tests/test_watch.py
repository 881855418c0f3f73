"""Whatever works for a check in Python looks at the clock, and stops when it is told to."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from interlock.checker import watch
from interlock.checker.cache import Cache
from interlock.checker.checks.overrides import Overrides
from interlock.checker.checks.run import run_check
from interlock.checker.contract import Budget, Task, Unknown, Verdict
from interlock.checker.engines import distinct
from interlock.checker.engines.explore import Explore
from interlock.checker.engines.simulate import Simulate
from interlock.checker.frontend import load_spec
from interlock.checker.ir.scalar import ScalarSystem, integer, substitute, topological
from interlock.checker.native.code.jit import FAST, Library
from interlock.checker.native.module.program import Program
from interlock.checker.native.module.shortcuts import Shortcuts
from interlock.checker.passes.correspondence import correspondence
from interlock.checker.passes.ranges import ranges
from interlock.checker.passes.scalarize import scalarize
from interlock.checker.passes.symmetry import symmetries
from interlock.checker.watch import TimeUp, Watch, watching
from tests.native.systems import agg_core

SPEC = Path(__file__).resolve().parent.parent / "specs" / "two_phase_commit.py"
OVER = Watch(0.0)  # long ago


def two_phase() -> ScalarSystem:
    check = load_spec(SPEC).checks[0]
    return scalarize(check.program, check.program.actions, check.properties, check.terminal, check.helpers)


def test_nobody_is_asked_where_nobody_watches() -> None:
    """Tests, and whoever uses a part by itself."""
    watch.look()

    assert watch.left() is None
    assert watch.wait(lambda: 42) == 42


def test_what_is_left_is_never_less_than_nothing() -> None:
    """And work that must be finished is not stopped."""
    with watching(OVER):
        assert watch.left() == 0.0
        with watching(None):
            watch.look()
        with pytest.raises(TimeUp):
            watch.look()


def test_who_wants_to_stop_is_heard() -> None:
    """Without any end."""
    with watching(Watch(None, lambda: True)), pytest.raises(TimeUp) as up:
        watch.look()

    assert up.value.interrupted


# What is prepared, and the work that is done with it.
WORK: dict[str, tuple[Callable[[], Any], Callable[[Any], Any]]] = {
    "lowering a check": (lambda: None, lambda _: two_phase()),
    "writing expressions anew": (
        lambda: agg_core(2, 1), lambda s: substitute([s.properties[0].value], {integer(1): integer(2)})
    ),
    "ordering expressions": (lambda: agg_core(2, 1), lambda s: topological([s.properties[0].value])),
    "equal leaves": (lambda: agg_core(2, 1), correspondence),
    "ranges of leaves": (lambda: agg_core(2, 1), ranges),
    "symmetries": (two_phase, symmetries),
    "a module's text": (lambda: agg_core(2, 1), Program),
    "shortcuts": (lambda: Program(agg_core(2, 1)), lambda program: Shortcuts(program).work(1e9)),
}  # fmt: skip


@pytest.mark.parametrize("name", WORK)
def test_work_ends_when_the_time_is_over(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Wherever it is, without an answer."""
    monkeypatch.setenv("INTERLOCK_CACHE", "0")
    prepare, work = WORK[name]
    prepared = prepare()

    with watching(OVER), pytest.raises(TimeUp):
        work(prepared)


def test_what_looks_at_no_clock_is_left_behind() -> None:
    """LLVM, for one: it goes on by itself, and nobody waits for it."""
    going = threading.Event()
    with watching(OVER), pytest.raises(TimeUp):
        watch.wait(going.wait)
    going.set()


def test_what_fails_meanwhile_is_told() -> None:
    """As if it had been called."""
    with watching(Watch(float("inf"))), pytest.raises(ZeroDivisionError):
        watch.wait(lambda: 1 // 0)


def test_nothing_is_optimised_for_the_last_moments(tmp_path: Path) -> None:
    """It would end when the time is over, with nothing gained."""
    text = "define i64 @double(i64 %x) {\n  %y = add i64 %x, %x\n  ret i64 %y\n}\n"
    library = Library(text, Cache(tmp_path))
    library._watch = OVER
    library.promised(1e9)
    library.used(1e9)
    hurried = library.form
    library._watch = None
    library.promised(1e9)

    assert hurried is not FAST
    assert library.form is FAST


@pytest.mark.parametrize("engine", [Explore(), Simulate()])
def test_an_engine_without_time_says_so(engine: Explore | Simulate) -> None:
    """And not that it found nothing."""
    with watching(OVER):
        try:
            verdict: Verdict = engine.run(Task(agg_core(2, 1), Budget(0.0), walks=10, started=0.0))
        except TimeUp:
            return  # `run_check` tells it

    assert isinstance(verdict, Unknown)
    assert verdict.reason == "time budget of 0 s reached"


@pytest.mark.parametrize("engine", ["explore", "simulate", "bmc", "induction"])
def test_a_check_without_time_is_undecided(engine: str) -> None:
    """Whatever it is that was not begun."""
    spec = load_spec(SPEC)
    result = run_check(spec, spec.checks[0], Overrides(engine=engine, seconds=0.0))

    assert result.undecided
    assert result.verdict == "Unknown(time budget of 0 s reached)"


def test_what_was_found_is_told_when_the_time_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    """Though others were looked for, and those that were not found are not said not to be there."""

    def hurried(*_: object) -> Verdict:
        raise TimeUp

    monkeypatch.setattr(distinct, "_with_more", hurried)
    spec = load_spec(SPEC)
    (check,) = (c for c in spec.checks if c.name == "commits too early")
    result = run_check(spec, check, Overrides(distinct=3, seconds=3600.0))

    assert result.as_expected
    assert [ways.fewer for ways in result.ways] == ["time budget of 3600 s reached"]
