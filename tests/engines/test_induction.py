"""k-induction: what it proves is so at any depth, and what it cannot prove it shows."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import attrs
import pytest
from test_bmc import action, at_most, claim, confirm, counter, ints, random_system, shortest, stopping

from interlock.checker.contract import Budget, Proved, Step, Task, Trouble, Unknown, Violated
from interlock.checker.diagnostics import InputError
from interlock.checker.engines.induction import Induction
from interlock.checker.ir import scalar as sc
from interlock.checker.ir.nodes import PropertyKind
from interlock.checker.ir.scalar import ScalarProperty, ScalarSystem, evaluate
from interlock.checker.ir.types import BOOL, IntT, OptionT, RecordT
from interlock.checker.semantics.leaves import flatten_type
from tests.native.systems import scalar_system


def run(system: ScalarSystem, steps: int = 6, **options: object) -> object:
    return Induction().run(Task(system, steps=steps, **options))  # type: ignore[arg-type]


def ring(*properties: ScalarProperty) -> ScalarSystem:
    """x goes 0 -> 1 -> 2 -> 0; beside it, unreachable, 3 -> 4 -> 5 -> 6 -> 7 -> 7."""
    x = sc.int_var("s", 0, 0, 7)
    small = sc.le(x, sc.integer(2))
    after = sc.ite(small, sc.mod(sc.add(x, sc.integer(1)), sc.integer(3)), sc.add(x, sc.integer(1)))
    go = action("go", [sc.lt(x, sc.integer(7))], {0: after})
    stay = action("stay", [sc.eq(x, sc.integer(7))], {})
    return scalar_system(ints((0, 7)), ((0,),), (go, stay), properties)


def not_at(*values: int) -> sc.Node:
    return sc.and_(sc.not_(sc.eq(sc.int_var("s", 0, 0, 7), sc.integer(v))) for v in values)


def test_an_inductive_invariant_is_proved() -> None:
    """x <= 2 is kept by each step."""
    verdict = run(ring(claim("small", at_most(2))))

    assert isinstance(verdict, Proved)
    assert (verdict.k, verdict.properties) == (1, ("small",))
    assert verdict.coverage.notes == ("1-inductive; proof checked again with mathematical integers",)


@pytest.mark.parametrize(("value", "k"), [(3, 1), (4, 2), (5, 3), (6, 4), (7, 5)])
def test_k_grows_with_the_unreachable_runs(value: int, k: int) -> None:
    """Before `value` lie value - 3 unreachable states that keep the invariant."""
    verdict = run(ring(claim("not", not_at(value))))

    assert isinstance(verdict, Proved)
    assert verdict.k == k


def test_a_violation_is_shown_with_its_path() -> None:
    """The counter reaches 7."""
    system = counter(claim("small", at_most(6)))
    verdict = run(system, 9)

    assert isinstance(verdict, Violated)
    assert verdict.property == "small"
    assert verdict.path is not None
    assert len(verdict.path.steps) == 7


def test_the_whole_range_is_proved() -> None:
    """x <= 7 says nothing beyond the bounds."""
    verdict = run(counter(claim("range", sc.le(sc.int_var("s", 0, 0, 7), sc.integer(7)))))

    assert isinstance(verdict, Proved)


def test_a_counterexample_to_induction_is_the_last_step_of_a_run() -> None:
    """With k = 2 at most, the run 5 -> 6 -> 7 keeps the invariant until its end, and no other run leads to 7."""
    verdict = run(ring(claim("not", not_at(7))), 2)

    assert isinstance(verdict, Unknown)
    assert verdict.reason == "not k-inductive for k up to 2"
    assert verdict.property == "not"
    assert verdict.cti == ((6,), (7,))
    assert verdict.cti_steps == (Step(0, ()),)
    assert verdict.coverage.notes == ()


def test_states_of_a_counterexample_are_values_of_the_state() -> None:
    """An empty option never holds an item, reachable or not: needs no invariant of its own."""
    state = RecordT("State", (("v", OptionT(IntT(0, 3))), ("w", BOOL)))
    leaves = tuple(flatten_type(state))
    some, item, w = sc.bool_var("s", 0), sc.int_var("s", 1, 0, 3), sc.bool_var("s", 2)
    flip = action("flip", [], {2: sc.not_(w)})
    clean = claim("clean", sc.or_((some, sc.eq(item, sc.integer(0)))))
    typed = scalar_system(leaves, ((0, 0, 0),), (flip,), (clean,), None, state)

    assert isinstance(run(typed, 1), Proved)
    odd = claim("odd", sc.or_((w, sc.not_(some))))
    verdict = run(scalar_system(leaves, ((0, 0, 0),), (flip,), (odd,), None, state), 1)
    assert isinstance(verdict, Unknown)
    assert verdict.cti is not None
    assert all(s[0] or s[1] == 0 for s in verdict.cti)


def test_an_error_that_is_not_excluded_is_in_the_counterexample() -> None:
    """From x = 6, after 5, the step by 2 would be an error; the last step of the CTI is the one that is tried."""
    x, p = sc.int_var("s", 0, 0, 7), sc.int_var("p", 0, 1, 2)
    big = sc.lt(sc.integer(7), sc.add(x, p))
    here = sc.or_((sc.lt(x, sc.integer(2)), sc.eq(x, sc.integer(5))))
    grow = action("grow", [here, sc.not_(big)], {0: sc.add(x, p)}, [big], [("by", IntT(1, 2))])
    system = scalar_system(ints((0, 7)), ((0,),), (grow, action("rest", [], {})), ())
    verdict = run(system, 1)

    assert isinstance(verdict, Unknown)
    assert "`grow` may be an error of the model" in verdict.reason
    assert verdict.cti is not None
    assert len(verdict.cti_steps) == len(verdict.cti)
    assert verdict.cti_steps[-1].action == 0


def leaky(*properties: ScalarProperty) -> ScalarSystem:
    """x goes 0 -> 1 -> 2 -> 0.  Where z is 1, which it never is, y is filled step by step meanwhile, and may overflow."""
    x, y, z = (sc.int_var("s", i, 0, 7) for i in range(3))
    here, full = sc.and_((sc.eq(z, sc.integer(1)), sc.le(x, sc.integer(2)))), sc.eq(y, sc.integer(7))
    fill = action("fill", [here, sc.not_(full)], {1: sc.add(y, sc.integer(1))}, [sc.and_((here, full))])
    go = action("go", [], {0: sc.mod(sc.add(x, sc.integer(1)), sc.integer(3))})
    return scalar_system(ints((0, 7), (0, 7), (0, 7)), ((0, 0, 0),), (go, fill), properties)


def test_what_is_inductive_is_told_though_steps_may_be_errors() -> None:
    """No step overflows, which k = 2 does not show; what x does has nothing to do with it."""
    low = claim("low", sc.not_(sc.eq(sc.int_var("s", 1, 0, 7), sc.integer(3))))

    verdict = run(leaky(claim("small", at_most(2)), low), 2)

    assert isinstance(verdict, Unknown)
    assert verdict.coverage.notes == (
        "small: 1-inductive, apart from errors of the model; proof checked again with mathematical integers",
    )
    assert verdict.reason == "not k-inductive for k up to 2"
    assert verdict.property == "low"
    assert verdict.cti is not None
    assert [s[1] for s in verdict.cti] == [2, 3]


def test_what_needs_a_larger_k_without_the_others_is_told_with_it() -> None:
    """Three states lie before 6 beside the ring, and none of that depends on the rest."""
    base = leaky()
    x = sc.int_var("s", 0, 0, 7)
    small = sc.le(x, sc.integer(2))
    beside = sc.ite(small, sc.mod(sc.add(x, sc.integer(1)), sc.integer(3)), sc.add(x, sc.integer(1)))
    go = action("go", [sc.lt(x, sc.integer(7))], {0: beside})
    system = attrs.evolve(base, actions=(go, base.actions[1]), properties=(claim("not six", not_at(6)),))

    verdict = run(system, 5)

    assert isinstance(verdict, Unknown)
    assert verdict.reason == "not k-inductive for k up to 5; `fill` may be an error of the model"
    assert verdict.coverage.notes == (
        "not six: 4-inductive, apart from errors of the model; proof checked again with mathematical integers",
    )
    assert verdict.cti is not None
    assert len(verdict.cti) == len(verdict.cti_steps) == 2


def test_claims_that_fail_do_not_hide_those_that_do_not() -> None:
    """Without errors there is nothing to except."""
    verdict = run(ring(claim("not seven", not_at(7)), claim("not three", not_at(3))), 2)

    assert isinstance(verdict, Unknown)
    assert verdict.property == "not seven"
    assert verdict.coverage.notes == ("not three: 1-inductive; proof checked again with mathematical integers",)


def test_a_second_solver_that_refutes_a_part_of_a_proof_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("interlock.checker.engines.induction.confirm", lambda *_: None)

    verdict = run(ring(claim("not seven", not_at(7)), claim("not three", not_at(3))), 2)

    assert isinstance(verdict, Unknown)
    assert verdict.coverage.notes == ("not three: a second solver refutes that it is 1-inductive: please report this",)


def test_step_properties_are_proved_of_the_last_step() -> None:
    """x never falls, whatever its value."""
    x, after = sc.int_var("s", 0, 0, 20), sc.int_var("t", 0, 0, 20)
    verdict = run(stopping(9, claim("grows", sc.lt(x, after), PropertyKind.STEP)))

    assert isinstance(verdict, Proved)
    assert verdict.properties == ("grows",)


def test_a_step_back_to_a_state_is_not_lost() -> None:
    """The violating step may close a circle: distinct states must not hide it."""
    x, after = sc.int_var("s", 0, 0, 7), sc.int_var("t", 0, 0, 7)
    system = counter(claim("grows", sc.le(x, after), PropertyKind.STEP))
    verdict = run(system, 9)

    assert isinstance(verdict, Violated)
    confirm(system, verdict)


def test_absence_of_deadlock_is_proved() -> None:
    """The counter always goes on."""
    assert isinstance(run(counter(terminal=claim("done", sc.FALSE))), Proved)


def test_a_deadlock_is_found() -> None:
    """x stops at 9 or 10."""
    verdict = run(stopping(9, terminal=claim("done", sc.FALSE)))

    assert isinstance(verdict, Violated)
    assert verdict.trouble is Trouble.DEADLOCK


def test_a_proof_with_its_witnesses_is_a_proof() -> None:
    """The witness lies deeper than k."""
    goal = claim("five", sc.eq(sc.int_var("s", 0, 0, 7), sc.integer(5)), PropertyKind.REACHABLE)
    verdict = run(counter(claim("range", at_most(7)), goal))

    assert isinstance(verdict, Proved)
    assert "five: reached in 5 steps" in verdict.coverage.notes


def test_without_a_witness_there_is_no_proof() -> None:
    """The invariant may be vacuous."""
    goal = claim("nine", sc.eq(sc.int_var("s", 0, 0, 20), sc.integer(19)), PropertyKind.REACHABLE)
    verdict = run(stopping(9, claim("range", at_most(20, hi=20)), goal))

    assert isinstance(verdict, Unknown)
    assert verdict.property == "nine"
    assert verdict.reason == "invariant at any depth, but `nine` has no witness within 6 steps"


def test_recoverable_is_not_judged() -> None:
    """Induction says nothing about what may still happen; alone it is refused."""
    back = claim("back", at_most(0), PropertyKind.RECOVERABLE)
    verdict = run(ring(back, claim("small", at_most(2))))

    assert isinstance(verdict, Proved)
    assert (verdict.properties, [n.property for n in verdict.coverage.not_judged]) == (("small",), ["back"])
    with pytest.raises(InputError, match="E010"):
        run(counter(back))


def test_without_time_the_answer_is_unknown() -> None:
    """A budget of nothing is used up at once."""
    verdict = run(counter(claim("small", at_most(6))), budget=Budget(seconds=0.0))

    assert isinstance(verdict, Unknown)
    assert verdict.reason == "time budget of 0 s reached"


def test_an_interrupt_ends_the_proof() -> None:
    """Interrupted at once."""
    verdict = run(counter(claim("small", at_most(6))), interrupted=lambda: True)

    assert isinstance(verdict, Unknown)
    assert verdict.reason == "interrupted"


def holds(properties: Sequence[ScalarProperty], s: tuple[int, ...]) -> bool:
    env = {("s", i): v for i, v in enumerate(s)}
    return all(evaluate([p.value], env)[0] for p in properties if p.kind is PropertyKind.ALWAYS)


@pytest.mark.parametrize("seed", range(80))
def test_no_verdict_contradicts_breadth_first_search(seed: int) -> None:
    """Proved only where no violation is reachable, Violated only where one is, at its depth."""
    system = random_system(seed)
    expected, verdict = shortest(system), run(system, 5)

    if isinstance(verdict, Violated):
        assert verdict.path is not None
        assert len(verdict.path.steps) == expected
        confirm(system, verdict)
    elif isinstance(verdict, Proved):
        assert expected is None
    else:
        assert isinstance(verdict, Unknown)
        assert verdict.cti is not None
        assert all(holds(system.properties, s) for s in verdict.cti[:-1])
        assert all(a != b for a, b in itertools.combinations(verdict.cti[:-1], 2))


def test_random_systems_are_proved_and_refuted() -> None:
    """The comparison above is not vacuous."""
    kinds = [type(run(random_system(seed), 5)) for seed in range(80)]

    assert kinds.count(Proved) > 10
    assert kinds.count(Violated) > 10


@pytest.mark.parametrize("budget", [Budget(), Budget(seconds=600.0)])
def test_of_a_proof_no_part_is_told(budget: Budget) -> None:
    """What was seen of a smaller k on the way is in it."""
    verdict = run(ring(claim("not five", not_at(5)), claim("not three", not_at(3))), budget=budget)

    assert isinstance(verdict, Proved)
    assert verdict.k == 2
    assert verdict.coverage.notes == ("2-inductive; proof checked again with mathematical integers",)
