"""What can be recovered, for each value of the parameters, as plain Python alone finds it, on random models.

CPython runs the text of a model until it has all states, and networkx says from where what each value wants can be
reached.  The searches in memory, on disk, on two threads and reduced by symmetry are held against that.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import attrs
import networkx as nx
import pytest

from interlock.checker.contract import Holds, Task, Trouble, Verdict, Violated
from interlock.checker.diagnostics import InputError
from interlock.checker.engines.explore import Explore
from interlock.checker.ir import scalar as sc
from interlock.checker.ir.nodes import Property, PropertyKind
from interlock.checker.ir.scalar import ScalarProperty
from interlock.checker.ir.types import Value
from interlock.checker.native.store.states import OutOfMemory
from interlock.checker.native.store.visited import Visited
from interlock.checker.passes.scalarize import Maker
from interlock.checker.semantics import evaluate as ev
from interlock.checker.trace.loader import Refused, Took
from interlock.checker.trace.replay import claim_of, judge
from tests.agreement.compare import Disagreement, Subject, compiles, prepare, read
from tests.agreement.recovering import of_members, of_values, recovering
from tests.initials import initial_states
from tests.native.systems import shared
from tests.strategies import Source, random_model

MODELS, CHUNK, MOST = 40, 10, 7  # compared; of one test; and of those that hold, or fail, in one test
STATES = 300  # of a model, at most
STRIDE = 1_000  # seeds between those of one test and the next

Lost = dict[str, set[tuple[Value, tuple[Value, ...]]]]  # by property: states, and the parameters that are out of reach


def claiming(source: Source, seed: int) -> Source:
    """The model with two claims more than the random ones."""
    claims = [*of_members(source), *of_values(source)]
    return recovering(source, claims[seed % len(claims) :][:2])


@attrs.frozen(eq=False)
class Case:
    """A model, its claims that something can be recovered, and what plain Python finds of them."""

    source: Source
    subject: Subject
    properties: tuple[Property, ...]
    depths: dict[Value, int]
    lost: Lost

    def task(self, **options: object) -> Task:
        names = {p.name for p in self.properties}
        kept = tuple(p for p in self.subject.system.properties if p.name in names)
        return Task(attrs.evolve(self.subject.system, properties=kept), **options)  # type: ignore[arg-type]

    def agrees(self, verdict: Verdict, how: str) -> None:
        """Raise Disagreement where a search says other than plain Python."""
        failing = [p for p in self.properties if self.lost[p.name]]
        if not failing:
            if not isinstance(verdict, Holds):
                raise Disagreement(f"{how}: everything can be recovered, and it says {verdict}")
            return
        name, lost = failing[0].name, self.lost[failing[0].name]
        depth = min(self.depths[s] for s, _ in lost)
        if not isinstance(verdict, Violated) or (verdict.trouble, verdict.property) != (Trouble.PROPERTY, name):
            raise Disagreement(f"{how}: {name} cannot be recovered, and it says {verdict}")
        assert verdict.path is not None
        trace = judge(self.subject.spec, self.subject.check, self.subject.system).path(
            verdict.path, claim_of(verdict.trouble, name, None, verdict.params)
        )
        if (trace.states[-1], verdict.params) not in lost or len(trace.steps) != depth:
            raise Disagreement(f"{how}: {name}{verdict.params} after {len(trace.steps)} steps, of {depth}: {lost}")


def explored(subject: Subject) -> nx.DiGraph | None:
    """All states and steps of a model, run as plain Python; None where they are too many, or one is an error."""
    program = subject.program
    graph = nx.DiGraph()
    level = initial_states(program)
    graph.add_nodes_from(level, depth=0)
    depth = 0
    while level:
        depth, found = depth + 1, []
        for state in level:
            for action in subject.actions:
                for params in ev.instances(action.params):
                    kinds = [p.type for p in action.params]
                    outcome = subject.loaded.run_action(action.module, action.name, state, params, kinds)
                    if isinstance(outcome, Refused):
                        continue
                    if not isinstance(outcome, Took) or len(graph) > STATES:
                        return None
                    if outcome.state not in graph:
                        graph.add_node(outcome.state, depth=depth)
                        found.append(outcome.state)
                    graph.add_edge(state, outcome.state)
        level = found
    return graph


def lost_in(subject: Subject, graph: nx.DiGraph, p: Property) -> set[tuple[Value, tuple[Value, ...]]] | None:
    """From which states, of which parameters, no path leads to what a property wants; None where it is an error."""
    kinds, backwards = [q.type for q in p.function.params], graph.reverse(copy=False)
    found = set()
    for params in ev.instances(p.params):
        said = {s: subject.loaded.call(p.function.module, p.name, kinds, (s, *params)) for s in graph}
        if not all(isinstance(value, bool) for value in said.values()):
            return None
        wanted = [s for s, value in said.items() if value]
        good = {s for layer in nx.bfs_layers(backwards, wanted) for s in layer} if wanted else set()
        found |= {(s, params) for s in graph if s not in good}
    return found


def case_of(source: Source, seed: int = 1) -> Case | None:
    """A model of which plain Python finds all states, without an error, and more than one; None of another."""
    try:
        subject = prepare(read(source))
    except InputError:  # too many values, or numbers that may leave 64 bits
        return None
    graph = None if subject is None or not compiles(subject.system) else explored(subject)
    if subject is None or graph is None or len(graph) < 2:
        return None
    lost: Lost = {}
    properties = []
    for p in subject.check.properties:
        found = lost_in(subject, graph, p) if p.kind is PropertyKind.RECOVERABLE else None
        if found is not None:
            lost[p.name] = found
            properties.append(p)
    given = [p for p in properties if p.params]
    if not given:
        return None
    chosen = given[seed % len(given)]  # alone in every other model: the first that fails hides the others
    claimed = (chosen,) if seed % 2 else tuple(properties)
    return Case(source, subject, claimed, dict(graph.nodes(data="depth")), lost)


def cases(start: int) -> Iterator[tuple[int, Case]]:
    """Such models from a seed on."""
    for seed in range(start, start + STRIDE):
        case = case_of(claiming(random_model(seed, 2 + seed % 3), seed), seed)
        if case is not None:
            yield seed, case


def compare(case: Case, folder: Path | None) -> None:
    """Search in every way (on disk, where there is a folder for it), and hold it against plain Python."""
    explore = Explore()
    with shared():
        case.agrees(explore.run(case.task(symmetry=False, workers=2)), "on two threads")
    case.agrees(explore.run(case.task(symmetry=True)), "reduced")
    if folder is not None:
        with on_disk():
            case.agrees(explore.run(case.task(symmetry=True, spill=folder)), "on disk")


class on_disk:
    """Within: no table may grow, so most states go to disk."""

    def __enter__(self) -> None:
        self.patch = pytest.MonkeyPatch()
        grow = Visited._grow_table

        def refuse(self: Visited, least: int) -> None:
            if self.reserved:
                raise OutOfMemory
            grow(self, least)

        self.patch.setattr(Visited, "_grow_table", refuse)
        self.patch.setattr("interlock.checker.native.store.visited._FIRST", 8)
        self.patch.setattr("interlock.checker.native.store.disk_steps.TAKEN", 16)
        self.patch.setattr("interlock.checker.native.store.disk_steps._ROOM", 60)
        self.patch.setattr("interlock.checker.native.store.leaving.Portions.least", lambda self: 2_048)

    def __exit__(self, *_: object) -> None:
        self.patch.undo()


@pytest.mark.parametrize("number", range(MODELS // CHUNK))
def test_every_search_finds_what_plain_python_finds(number: int, tmp_path: Path) -> None:
    """Some models hold, some fail, with few goals and with more than a mark has bits."""
    seen: Counter[str] = Counter()
    for seed, case in cases(number * STRIDE):
        outcome = "fails" if any(case.lost.values()) else "holds"
        if seen[outcome] == MOST:
            continue
        try:
            compare(case, tmp_path if seed % 4 == 0 else None)
        except Disagreement as problem:
            pytest.fail(f"seed {seed}: {problem}\n\n{case.source}")
        seen[outcome] += 1
        if seen.total() == CHUNK:
            break

    assert seen.total() == CHUNK


# --- the comparison can fail -----------------------------------------------------------------------


def notices(models: int) -> None:
    """Among so many models is one of which a search says other than plain Python."""
    with pytest.raises(Disagreement):  # noqa: PT012 - the first of many models
        for _, case in itertools.islice(cases(0), models):
            compare(case, None)


def test_that_some_value_is_in_reach_is_not_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    """What it meant once."""
    real = Maker.property

    def some(self: Maker, p: Property) -> ScalarProperty:
        made = real(self, p)
        return (
            attrs.evolve(made, goals=(sc.or_(made.goals),) * len(made.goals))
            if p.kind is PropertyKind.RECOVERABLE
            else made
        )

    monkeypatch.setenv("INTERLOCK_CACHE", "0")  # lies are not to be remembered
    monkeypatch.setattr(Maker, "property", some)

    notices(30)


SEAT = Source(
    """
from interlock import Scalarset, action, state


class Who(Scalarset, size=3):
    ...


@state
class State:
    seat: Who | None = None


@action
def sit(s: State, who: Who) -> None:
    s.seat = who
""",
    """
import gen
from gen import State, Who
from interlock import Holds, check, recoverable


@recoverable
def can_sit(s: State, who: Who) -> bool:
    return s.seat == who


check("seat", gen, expect=Holds())
""",
)


def test_that_all_values_are_there_at_once_is_too_much(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each of them can have the seat, and two never do."""
    real, honest = Maker.property, case_of(SEAT)
    assert honest is not None
    compare(honest, None)

    def at_once(self: Maker, p: Property) -> ScalarProperty:
        made = real(self, p)
        return attrs.evolve(made, goals=(made.value,) * len(made.goals)) if p.kind is PropertyKind.RECOVERABLE else made

    monkeypatch.setenv("INTERLOCK_CACHE", "0")  # lies are not to be remembered
    monkeypatch.setattr(Maker, "property", at_once)
    seat = case_of(SEAT)
    assert seat is not None

    with pytest.raises(Disagreement, match="everything can be recovered"):
        compare(seat, None)
