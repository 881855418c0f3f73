"""A search that keeps one state of each orbit says what the search of all states says, on random models.

Compared are the verdict, everything that is violated with the length of its shortest trace, and every count,
which is of the model in both.  `run_check` replays each trace in plain Python, so one of representatives fails.
"""

from __future__ import annotations

from typing import Any

import pytest

from checker.diagnostics import InputError
from checker.engines import reduction
from checker.engines.contract import Coverage
from checker.ir.passes import symmetry
from checker.ir.passes.symmetry import Symmetries, permuted, scalarsets, swap
from checker.ir.scalar import FALSE, ScalarSystem
from checker.ir.types import Value
from checker.run import Overrides, run_check
from checker.semantics import evaluate as ev
from checker.semantics.layout import from_leaves
from checker.trace.replay import ReplayMismatch
from tests.agreement.compare import Disagreement, prepare, read
from tests.strategies import Source, random_model

MODELS, SLOW_MODELS, CHUNK = 120, 6_000, 15
DEPTH = 5  # steps of a search: what lies deeper is left out on both sides


def shown(system: ScalarSystem) -> Symmetries:
    """All symmetry that can be shown."""
    return reduction.by_solver(system, None)


def said(source: Source, *, symmetry: bool) -> tuple[dict[str, Any], Coverage]:
    """What a search says of a model that does not depend on the order in which states are found."""
    spec = read(source)
    result = run_check(spec, spec.checks[0], Overrides(depth=DEPTH, every=True, symmetry=symmetry))
    first = [] if result.trace is None else [(result.verdict, len(result.trace.steps))]
    others = [(o.name, o.steps) for o in result.others]
    names = {v.split("(")[-1].split(",")[0].rstrip(")") for v, _ in first} | {name for name, _ in others}
    c = result.coverage
    return {
        "verdict": result.verdict.split("(")[0],
        "violated": names,
        "steps": sorted([n for _, n in first] + [n for _, n in others if n is not None]),
        "witnesses": {name: len(t.steps) for name, t in result.witnesses.items()},
        "counts": (c.states, c.transitions, c.depth, c.terminal, c.fired),
    }, c


def agrees(source: Source) -> Coverage:
    """Search a model in both ways; raises Disagreement."""
    full, _ = said(source, symmetry=False)
    try:
        reduced, counted = said(source, symmetry=True)
    except (AssertionError, StopIteration, ReplayMismatch) as broken:
        raise Disagreement(f"no real path: {broken}") from broken
    for what, value in full.items():
        if reduced[what] != value:
            raise Disagreement(f"{what}\n  all states: {value}\n  reduced:    {reduced[what]}")
    return counted


def models(start: int, stop: int, *, lopsided: bool = False) -> list[tuple[int, Source, ScalarSystem]]:
    """The accepted models of some seeds whose state has the scalarset."""
    found = []
    for seed in range(start, stop):
        source = random_model(seed, 2 + seed % 3, lopsided=lopsided)
        try:
            subject = prepare(read(source))
        except InputError:
            continue
        if subject is not None and subject.system.initial and scalarsets(subject.system.state):
            found.append((seed, source, subject.system))
    return found


def check_seeds(start: int, stop: int) -> tuple[int, int]:
    """Compare what can be reduced; how many models that were, and how many had smaller searches."""
    reduced = smaller = 0
    for seed, source, system in models(start, stop, lopsided=seed_is_lopsided(start)):
        if not shown(system).sorts:
            continue
        try:
            counted = agrees(source)
        except Disagreement as problem:
            pytest.fail(f"seed {seed}: {problem}\n\n{source}")
        assert counted.orbits is not None
        reduced += 1
        smaller += counted.orbits < (counted.states or 0)
    return reduced, smaller


def seed_is_lopsided(start: int) -> bool:
    """Every other chunk of seeds has lopsided models."""
    return start // CHUNK % 2 == 1


@pytest.mark.parametrize("start", range(0, MODELS, CHUNK))
def test_reduced_searches_say_what_full_searches_say(start: int) -> None:
    reduced, smaller = check_seeds(start, start + CHUNK)

    assert reduced >= 5
    assert smaller >= (4 if start == 0 else 0)  # many models have a handful of states


@pytest.mark.slow
@pytest.mark.parametrize("start", range(MODELS, MODELS + SLOW_MODELS, 20 * CHUNK))
def test_reduced_searches_say_what_full_searches_say_of_many_models(start: int) -> None:
    for begin in range(start, start + 20 * CHUNK, CHUNK):
        reduced, _ = check_seeds(begin, begin + CHUNK)
        assert reduced


# --- the proof -------------------------------------------------------------------------------------


def mapped_to_itself(source: Source, most: int = 40) -> bool:
    """Whether, as the evaluator runs it, each swap of members maps the steps from each state to steps."""
    subject = prepare(read(source))
    assert subject is not None
    program, state = subject.program, subject.program.state
    level = [from_leaves(state, s) for s in subject.system.initial]
    seen = set(level)
    for s in level:
        for sort in scalarsets(state):
            for k in range(sort.size - 1):
                by = swap(sort, k)
                image = permuted(state, s, sort, by)
                there = {permuted(state, t, sort, by) if t is not None else None for t in steps(subject, s)}
                if there != steps(subject, image):
                    return False
        for t in steps(subject, s):
            if t is not None and t not in seen and len(seen) < most:
                seen.add(t)
                level.append(t)
    return bool(program)


def steps(subject: Any, s: Value) -> set[Value]:
    """Where the steps from a state lead; None among them where one is an error."""
    found = ev.successors(subject.program, subject.actions, s)
    return {None if isinstance(o, ev.Failed) else o.state for _, _, o in found}


@pytest.mark.parametrize("lopsided", [False, True])
def test_what_is_shown_symmetric_is_so_as_the_evaluator_runs_it(lopsided: bool) -> None:
    """The proof looks at the scalar form; the evaluator has never seen it."""
    checked = 0
    for seed, source, system in models(0, 80, lopsided=lopsided):
        if shown(system).sorts:
            checked += 1
            assert mapped_to_itself(source), seed

    assert checked >= 30


def test_lopsided_models_are_told_from_others() -> None:
    """Some are refused with the reason, some have an order that does not matter after all."""
    found = [(shown(system), source) for _, source, system in models(0, 150, lopsided=True)]
    refused = [r for s, _ in found for r in s.refused]

    assert len(refused) >= 10
    assert len([s for s, _ in found if s.sorts]) >= 30
    assert not any(r.open for r in refused)
    assert any("`act" in r.reason and "tells its members apart" in r.reason for r in refused)
    assert sum(not mapped_to_itself(source) for s, source in found if s.refused) >= len(refused) // 2


# --- the comparison can fail -----------------------------------------------------------------------


def notices(seeds: range, *, lopsided: bool) -> None:
    """Among the models of these seeds is one whose reduced search differs."""
    with pytest.raises(Disagreement):  # noqa: PT012 - the first of many models
        for _seed, source, _system in models(seeds.start, seeds.stop, lopsided=lopsided):
            agrees(source)


def test_reducing_models_that_are_not_symmetric_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reduction, "shown", lambda task: everything(task.system) if task.symmetry else Symmetries())

    notices(range(12, 150), lopsided=True)


def everything(system: ScalarSystem) -> Symmetries:
    """The analysis of a checker that trusts types."""
    return Symmetries(scalarsets(system.state))


def test_a_proof_that_forgets_actions_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    real = symmetry._of_action
    monkeypatch.setattr(symmetry, "_of_action", lambda *a: (FALSE, real(*a)[1]))

    notices(range(12, 150), lopsided=True)


def test_a_proof_that_forgets_the_initial_states_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(symmetry, "_closed", lambda *_: True)

    notices(range(112, 400), lopsided=True)


def test_weights_that_are_wrong_are_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    from checker.native import symmetry as native

    monkeypatch.setattr(native._Symmetry, "_runs", lambda *_: None)

    notices(range(60), lopsided=False)
