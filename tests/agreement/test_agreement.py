"""Every engine says what CPython says, on random models of the whole language."""

from __future__ import annotations

import attrs
import pytest
from hypothesis import given, settings

from interlock.checker.diagnostics import InputError
from interlock.checker.ir import nodes as n
from interlock.checker.ir.nodes import ModelErrorKind
from interlock.checker.semantics import evaluate as ev
from interlock.checker.semantics.values import ModelError
from tests.agreement.compare import Disagreement, Effort, Seen, compare, prepare, read
from tests.strategies import Source, models, random_model, shrink

CHUNK = 25  # models of one test
MODELS, SLOW_MODELS, WIDE_MODELS = 500, 10_000, 50
KINDS = {"RANGE", "INDEX", "KEY", "OVERFILL", "DIVIDE", "EMPTY"}


def effort(seed: int, *, slow: bool = False) -> Effort:
    """Every engine on every model, but the costly ones on some: native code on a third, Z3 on an eighth."""
    return Effort(
        states=60 if slow else 20, steps=400 if slow else 150, native=seed % 3 == 0,
        z3_steps=4 if seed % 8 == 0 else 0, depth=1 if seed % 2 else 200,
    )  # fmt: skip


def agrees(source: Source, how: Effort, seen: Seen) -> bool:
    """Compare a model; False when the front end refuses it."""
    try:
        spec = read(source)
    except InputError:
        return False
    compare(prepare(spec), how, seen)
    return True


def check_seeds(start: int, stop: int, seen: Seen, *, slow: bool = False) -> int:
    """Compare the models of some seeds; a failure shows the source, reduced.  Returns how many were accepted."""
    accepted = 0
    for seed in range(start, stop):
        source, how = random_model(seed), effort(seed, slow=slow)
        try:
            accepted += agrees(source, how, seen)
        except Exception as problem:
            small = shrink(source, lambda s: _fails(s, how), 150)
            pytest.fail(f"seed {seed}: {type(problem).__name__}: {problem}\n\nreduced:\n{small}\n\n{_why(small, how)}")
    return accepted


def _why(source: Source, how: Effort) -> str:
    try:
        agrees(source, how, Seen())
    except Exception as problem:
        return f"{type(problem).__name__}: {problem}"
    return ""


def _fails(source: Source, how: Effort) -> bool:
    return bool(_why(source, how))


@pytest.mark.parametrize("start", range(0, MODELS, CHUNK))
def test_all_engines_agree_with_cpython(start: int) -> None:
    seen = Seen()
    accepted = check_seeds(start, start + CHUNK, seen)
    assert accepted >= 0.8 * CHUNK  # the whole corpus: test_the_grammar_writes_models_that_are_accepted
    assert seen.models
    assert seen.steps["to"]
    assert seen.searches
    assert set(seen.begun) >= {"to", "off"}


@pytest.mark.slow
@pytest.mark.parametrize("start", range(MODELS, MODELS + SLOW_MODELS, 500))
def test_all_engines_agree_with_cpython_on_many_models(start: int) -> None:
    seen = Seen()
    assert check_seeds(start, start + 500, seen, slow=True) >= 450
    assert set(seen.steps) >= {"to", "off", *KINDS}
    assert set(seen.searches) >= {"violated", "complete", "within"}


@pytest.mark.parametrize("start", range(0, WIDE_MODELS, CHUNK))
def test_engines_that_take_numbers_of_256_bits_agree_with_cpython(start: int) -> None:
    """Sums, products, quotients and comparisons of them, in the evaluator, the scalar form and Z3."""
    seen, accepted = Seen(), 0
    for seed in range(start, start + CHUNK):
        accepted += agrees(random_model(seed, wide=True), Effort(z3_steps=3), seen)

    assert accepted >= 0.8 * CHUNK
    assert seen.z3["to"]
    assert seen.begun["to"]


@settings(max_examples=20, derandomize=True, database=None)
@given(models())
def test_the_grammar_serves_hypothesis(source: Source) -> None:
    agrees(source, Effort(states=8, steps=40, native=False), Seen())


# --- what the corpus covers ------------------------------------------------------------------------


@pytest.fixture(scope="module")
def corpus() -> list[object]:
    """What the front end makes of the models of the fast tests: a spec, or the refusal."""
    found: list[object] = []
    for seed in range(MODELS):
        try:
            found.append(read(random_model(seed)))
        except InputError as refused:
            found.append(refused)
    return found


def test_the_grammar_writes_models_that_are_accepted(corpus: list[object]) -> None:
    refused = [r for r in corpus if isinstance(r, InputError)]
    assert len(refused) <= 0.1 * MODELS


def classes_of(value: object, found: set[type]) -> None:
    """The classes of all nodes below a value."""
    todo = [value]
    while todo:
        v = todo.pop()
        if isinstance(v, tuple):
            todo += v
        elif attrs.has(type(v)):
            if type(v).__module__ == n.__name__:
                found.add(type(v))
            todo += [getattr(v, a.name) for a in attrs.fields(type(v)) if a.name not in {"type", "types", "span"}]


def test_the_grammar_writes_every_construct(corpus: list[object]) -> None:
    found: set[type] = set()
    for spec in corpus:
        if isinstance(spec, InputError):
            continue
        check = spec.checks[0]  # type: ignore[attr-defined]
        for part in (*check.program.actions, *check.program.initials, *check.helpers.values(), *check.properties):
            classes_of(part, found)
    wanted = {*n.Expr.__args__, *n.Stmt.__args__, *n.Iterable.__args__, n.AtField, n.AtKey}  # type: ignore[attr-defined]
    assert {c.__name__ for c in wanted - found} == set()


def test_the_comparison_meets_every_end_of_a_search() -> None:
    seen = Seen()
    for seed in range(3, MODELS, 6):
        agrees(random_model(seed), Effort(states=1, steps=1, depth=1 if seed % 4 == 1 else 200), seen)
    assert set(seen.searches) == {"violated", "complete", "within"}
    assert seen.largest >= 20


def test_the_comparison_meets_every_error_and_both_values() -> None:
    seen = Seen()
    for seed in range(0, MODELS, 2):
        agrees(random_model(seed), Effort(states=10, steps=60, native=False), seen)
    assert set(seen.steps) >= {"to", "off", *KINDS}
    assert set(seen.values) >= {
        f"{kind} {v}" for kind in ("always", "step", "reachable") for v in ("True", "False", "error")
    }


# --- the comparison can fail -----------------------------------------------------------------------


def notices(
    monkeypatch: pytest.MonkeyPatch, target: object, name: str, lie: object, how: Effort, models: int = 200,
    *, lopsided: bool = False,
) -> None:  # fmt: skip
    """A wrong rule is found within so many models."""
    monkeypatch.setattr(target, name, lie)
    with pytest.raises(Disagreement):  # noqa: PT012 - the first of many models
        for seed in range(models):
            agrees(random_model(seed, lopsided=lopsided), how, Seen())


def test_a_wrong_rule_of_the_evaluator_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    real = ev.divide

    def truncate(op: n.ArithOp, a: int, b: int, span: object) -> int:
        exact = real(op, a, b, span)  # type: ignore[arg-type]
        return int(a / b) if op is n.ArithOp.DIV else exact

    notices(monkeypatch, ev, "divide", truncate, Effort(native=False), MODELS)


def test_another_order_of_items_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    real = ev.in_order

    def backwards(values: frozenset[object]) -> list[object]:
        return list(real(values))[::-1]

    notices(monkeypatch, ev, "in_order", backwards, Effort(native=False), MODELS, lopsided=True)


def test_a_wrong_kind_of_error_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    def position(sequence: tuple[object, ...], index: int, span: object) -> int:
        if not 0 <= index < len(sequence):
            raise ModelError(ModelErrorKind.KEY, span)  # type: ignore[arg-type]
        return index

    notices(monkeypatch, ev, "position", position, Effort(native=False))


def test_a_wrong_node_of_the_scalar_form_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    from interlock.checker.ir import scalar as sc
    from tests.agreement import compare as here

    real = sc.evaluate

    def lie(roots: object, env: object) -> list[int]:
        values = real(roots, env)  # type: ignore[arg-type]
        return [v if r.boolean or v != 2 else 1 for r, v in zip(roots, values, strict=True)]  # type: ignore[call-overload]

    notices(monkeypatch, here, "evaluate_scalar", lie, Effort(native=False))


def test_a_wrong_count_of_native_code_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.agreement import compare as here

    class Lying(here.Explore):
        def run(self, task: object) -> object:  # type: ignore[override]
            verdict = super().run(task)  # type: ignore[arg-type]
            counted = attrs.evolve(verdict.coverage, states=(verdict.coverage.states or 0) + 1)
            return attrs.evolve(verdict, coverage=counted)

    notices(monkeypatch, here, "Explore", Lying, Effort())


@pytest.mark.usefixtures("unconfirmed")
def test_a_successor_that_is_wrongly_left_out_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    from interlock.checker.passes.movers import Movers

    monkeypatch.setenv("INTERLOCK_CACHE", "0")  # lies are not to be remembered
    notices(monkeypatch, Movers, "left", lambda self, b, a: True, Effort())


def test_a_check_that_is_wrongly_left_out_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    from interlock.checker.passes.kept import Kept

    monkeypatch.setenv("INTERLOCK_CACHE", "0")  # lies are not to be remembered
    notices(monkeypatch, Kept, "by", lambda self, instance: True, Effort())
