"""A search that keeps one state of each orbit says what the search of all states says, on random models.

Compared are the verdict, everything that is violated with the length of its shortest trace, the witnesses with
theirs, and every count, which is of the model in both.  Each path is replayed in plain Python, so one of
representatives fails.  A model counts as compared if its state has a scalarset that the search was reduced by.
"""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import attrs
import pytest

from interlock.checker.contract import Budget, Coverage, Holds, Task, Trouble, Verdict, Violated
from interlock.checker.diagnostics import InputError
from interlock.checker.engines import reduction
from interlock.checker.engines.explore import Explore
from interlock.checker.engines.reduction import Reduction
from interlock.checker.ir.scalar import FALSE, ScalarSystem
from interlock.checker.ir.types import Value
from interlock.checker.native.code import symmetry as native
from interlock.checker.passes import quotient as quotients
from interlock.checker.passes import symmetry
from interlock.checker.passes.quotient import quotient
from interlock.checker.passes.scalarize import scalarize
from interlock.checker.passes.symmetry import Symmetries, permuted, scalarsets, swap
from interlock.checker.semantics import evaluate as ev
from interlock.checker.semantics.leaves import from_leaves
from interlock.checker.trace.replay import Judge, ReplayMismatch, claim_of, judge
from tests import initials
from tests.agreement.compare import Disagreement, compiles, prepare, read
from tests.agreement.recovering import of_members, recovering
from tests.native.systems import initial_states, list_no_initial_states, shared, shortened
from tests.strategies import Source, random_model

MODELS, SLOW_MODELS, CHUNK = 500, 10_000, 25  # compared, and how many of one test
STRIDE = 1_000  # seeds between those of one test and the next
DEPTH, STATES = 5, 2_000  # of a search: what lies beyond one or the other is left out on both sides


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Searches begin again, though the models are small."""
    monkeypatch.setattr(reduction, "SMALL", 3)
    monkeypatch.setattr(reduction, "LARGE", 12)


@contextmanager
def narrow() -> Iterator[None]:
    """Searches leave out of a state what the rest of it says; usually only of wide ones."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("interlock.checker.native.module.program.WORD", 0)
        yield


@attrs.frozen(eq=False)
class Case:
    """A model, how it is searched, and who replays its paths."""

    source: Source
    system: ScalarSystem
    judge: Judge
    budget: Budget
    every: bool

    def searched(self, *, symmetry: bool | None, workers: int = 1) -> Verdict:
        """What a search says; every path of it is replayed."""
        task = Task(self.system, self.budget, workers=workers, every=self.every, symmetry=symmetry)
        verdict = Explore().run(task)
        for v in _violations(verdict):
            if v.path is not None:
                self.judge.path(v.path, claim_of(v.trouble, v.property, v.error_step, v.params))
        for name, path in verdict.witnesses.items() if isinstance(verdict, Holds) else ():
            self.judge.path(path, claim_of(None, name))
        return verdict


def _violations(verdict: Verdict) -> list[Violated]:
    return [verdict, *verdict.others] if isinstance(verdict, Violated) else []


def said(verdict: Verdict) -> dict[str, Any]:
    """What a search says of a model that does not depend on which of several paths it found."""
    c = verdict.coverage
    found = [(v.property or "", v.trouble.name, v.error_step is None, steps_of(v)) for v in _violations(verdict)]
    return {
        "verdict": (type(verdict).__name__, getattr(verdict, "reason", ""), getattr(verdict, "unjudged", "")),
        "first": found[:1],
        "violated": sorted(found),
        "witnesses": {n: len(p.steps) for n, p in verdict.witnesses.items()} if isinstance(verdict, Holds) else {},
        "counts": (c.states, c.transitions, c.depth, c.terminal, c.fired),
    }


def steps_of(v: Violated) -> int:
    """The length of a violation's path; none for what no state has."""
    return -1 if v.path is None else len(v.path.steps)


def exactly(verdict: Verdict) -> tuple[Any, ...]:
    """All that must be the same on any number of threads."""
    c = verdict.coverage
    paths = [(v.path, v.error_step) for v in _violations(verdict)]
    return said(verdict), c.orbits, c.symmetry, paths, getattr(verdict, "witnesses", {})


def agrees(case: Case) -> tuple[Coverage, dict[str, Any]]:
    """Search a model plainly and in full; and, with all shortcuts, reduced and as a search decides by itself, on one
    thread and two; raises Disagreement.  What the reduced search covered, and what all say."""
    full = said(case.searched(symmetry=False))
    try:
        with shortened(), shared(), narrow():
            reduced = case.searched(symmetry=True)
            others = [case.searched(symmetry=s, workers=w) for s, w in ((True, 2), (None, 1), (None, 2))]
    except (AssertionError, StopIteration, ReplayMismatch) as broken:
        raise Disagreement(f"no real path: {broken}") from broken
    for verdict in (reduced, *others):
        for what, value in said(verdict).items():
            if full[what] != value:
                raise Disagreement(f"{what}\n  all states: {full[what]}\n  reduced:    {value}")
    for one, two in ((reduced, others[0]), (others[1], others[2])):
        if exactly(one) != exactly(two):
            raise Disagreement(f"two threads\n  one: {exactly(one)}\n  two: {exactly(two)}")
    return reduced.coverage, full


def varied(source: Source, seed: int) -> Source:
    """The model with other claims: invariants become something to recover, with what each member can come to, or one
    is what a last state must be; or there must be no last state."""
    spec = source.spec
    if seed % 3 == 0:
        claims = of_members(source)
        spec = recovering(source, claims[seed % len(claims) :][:1] if claims else []).spec
    found = re.search(r"@always\ndef (\w+)\(s: State\)", spec)
    if seed % 4 == 1 and found is not None:
        spec = spec.replace(found[0], found[0].removeprefix("@always\n"))
        spec = spec.replace("expect=", f"terminal={found[1]}, expect=")
    elif seed % 4 == 2:
        spec = spec.replace("\n\n\ncheck(", "\n\n\ndef never(s: State) -> bool:\n    return False\n\n\ncheck(")
        spec = spec.replace("expect=", "terminal=never, expect=")
    return attrs.evolve(source, spec=spec)


def cases(start: int, *, lopsided: bool = False) -> Iterator[tuple[int, Case]]:
    """The accepted models whose state has the scalarset, from a seed on."""
    for seed in range(start, start + STRIDE):
        source = varied(random_model(seed, 2 + seed % 3, lopsided=lopsided), seed)
        state = source.model.split("class State:")[1].split("\n\n\n")[0]
        if "Who" not in state and "Claim" not in state:
            continue
        try:
            spec = read(source)
            check = spec.checks[0]
            actions = check.program.allowed(check.faults)
            begun = initials.initial_states(check.program)
            system = scalarize(check.program, actions, check.properties, check.terminal, check.helpers)
        except (InputError, initials.InitialError):
            continue
        if begun and compiles(system) and scalarsets(system.state):
            budget = Budget(depth=DEPTH) if seed % 2 else Budget(states=STATES)
            yield seed, Case(source, system, judge(spec, check, system, tries=100), budget, seed % 5 > 0)


def compare_models(start: int, wanted: int, *, lopsided: bool) -> Counter[str]:
    """Compare so many models that can be reduced; what was seen, and how many had smaller searches."""
    seen: Counter[str] = Counter()
    for seed, case in cases(start, lopsided=lopsided):
        if not reduction.by_solver(case.system, None).sorts:
            continue
        try:
            covered, told = agrees(case)
        except Disagreement as problem:
            pytest.fail(f"seed {seed}: {problem}\n\n{case.source}")
        except InputError:  # numbers that may leave 64 bits
            continue
        if covered.orbits is None:  # what is to be recovered names each member
            continue
        seen["smaller"] += covered.orbits < (covered.states or 0)
        seen.update({told["verdict"][0], *(trouble for _, trouble, *_ in told["violated"])})
        seen["compared"] += 1
        if seen["compared"] == wanted:
            return seen
    raise AssertionError(f"only {seen['compared']} models from seed {start}")


@pytest.mark.parametrize("number", range(MODELS // CHUNK))
def test_reduced_searches_say_what_full_searches_say(number: int) -> None:
    """Every other test has models in which the order of the members often matters."""
    seen = compare_models(number * STRIDE, CHUNK, lopsided=number % 2 == 1)

    assert seen["compared"] == CHUNK
    assert seen["smaller"] >= 2  # many models have a handful of states
    assert seen[Trouble.PROPERTY.name]


@pytest.mark.parametrize("lopsided", [False, True])
def test_searches_whose_initial_states_are_not_listed_are_reduced_alike(
    lopsided: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """That initial actions treat members alike is shown of their expressions."""
    list_no_initial_states(monkeypatch)

    seen = compare_models(STRIDE, CHUNK, lopsided=lopsided)

    assert seen["compared"] == CHUNK
    assert seen["smaller"]


@pytest.mark.slow
@pytest.mark.parametrize("number", range(SLOW_MODELS // (10 * CHUNK)))
def test_reduced_searches_say_what_full_searches_say_of_many_models(number: int) -> None:
    first = (MODELS // CHUNK + number) * STRIDE

    seen = compare_models(first, 10 * CHUNK, lopsided=number % 2 == 1)

    assert seen["compared"] == 10 * CHUNK
    assert {"Holds", "Violated", Trouble.PROPERTY.name, Trouble.MODEL_ERROR.name} <= set(seen)


# --- the proof -------------------------------------------------------------------------------------


def shown(case: Case) -> Symmetries:
    """All symmetry that can be shown."""
    return reduction.by_solver(case.system, None)


def mapped_to_itself(source: Source, most: int = 40) -> bool:
    """Whether, as the evaluator runs it, each swap of members maps the steps from each state to steps."""
    subject = prepare(read(source))
    program, state = subject.program, subject.program.state
    level = [from_leaves(state, s) for s in initial_states(subject.system)]
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
    for seed, case in itertools.islice(cases(0, lopsided=lopsided), 45):
        if shown(case).sorts:
            checked += 1
            assert mapped_to_itself(case.source), seed

    assert checked >= 30


def test_lopsided_models_are_told_from_others() -> None:
    """Some are refused with the reason, some have an order that does not matter after all."""
    found = [(shown(case), case.source) for _, case in itertools.islice(cases(0, lopsided=True), 85)]
    refused = [r for s, _ in found for r in s.refused]

    assert len(refused) >= 10
    assert len([s for s, _ in found if s.sorts]) >= 30
    assert not any(r.open for r in refused)
    assert any("`act" in r.reason and "tells its members apart" in r.reason for r in refused)
    assert sum(not mapped_to_itself(source) for s, source in found if s.refused) >= len(refused) // 2


# --- the comparison can fail -----------------------------------------------------------------------


def notices(start: int, count: int, *, lopsided: bool) -> None:
    """Among so many models from a seed on is one whose reduced search differs."""
    with pytest.raises(Disagreement):  # noqa: PT012 - the first of many models
        for _, case in itertools.islice(cases(start, lopsided=lopsided), count):
            agrees(case)


def test_reducing_models_that_are_not_symmetric_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A checker that trusts types."""

    def trusting(task: Task) -> Reduction:
        sorts = scalarsets(task.system.state)
        return Reduction(Symmetries(sorts), quotient(task.system, sorts), asked=True)

    monkeypatch.setattr(reduction, "_all", trusting)

    notices(0, 60, lopsided=True)


def test_a_proof_that_forgets_actions_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    real = symmetry._of_action
    monkeypatch.setattr(symmetry, "_of_action", lambda *a: (FALSE, real(*a)[1]))

    notices(0, 60, lopsided=True)


def test_a_proof_that_forgets_the_initial_states_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(symmetry, "_closed", lambda *_: True)

    notices(110, 20, lopsided=True)


def test_weights_that_are_wrong_are_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(native._Symmetry, "_runs", lambda *_: None)

    notices(0, 30, lopsided=False)


RACE = Source(
    """
from interlock import Map, Scalarset, action, filled, require, state


class Who(Scalarset, size=3):
    ...


@state
class State:
    won: Map[Who, bool] = filled(False)


@action
def win(s: State, who: Who) -> None:
    require(not any(s.won[other] for other in Who))
    s.won[who] = True
""",
    """
import gen
from gen import State, Who
from interlock import Holds, check, recoverable


@recoverable
def can_win(s: State, who: Who) -> bool:
    return s.won[who]


check("race", gen, expect=Holds())
""",
)


def test_a_proof_that_forgets_the_values_of_parameters_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """What one value wants is taken for symmetric, and all values are asked about, whatever is permuted."""
    spec = read(RACE)
    (check,) = spec.checks
    system = scalarize(check.program, check.program.actions, check.properties, check.terminal, check.helpers)
    case = Case(RACE, system, judge(spec, check, system, tries=100), Budget(depth=DEPTH), True)
    agrees(case)
    monkeypatch.setattr(quotients._Fixing, "_shrink", lambda *_: None)
    monkeypatch.setattr(
        quotients._Fixing, "goals", lambda self: {i: tuple(sorted(set().union(*of))) for i, of in self._orbits.items()}
    )

    with pytest.raises(Disagreement):
        agrees(case)


def test_beginning_again_at_another_time_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """On one thread and on two, a search must begin again at the same level."""
    real = reduction.later
    hasty = itertools.count()
    monkeypatch.setattr(reduction, "later", lambda task, now: real(task, now) if next(hasty) % 2 else Reduction())

    notices(0, 30, lopsided=False)
