"""What can be recovered, for each value of the parameters, as plain Python alone finds it, on random models.

CPython runs the text of a model until it has all states, and networkx says from where what each value wants can be
reached.  The searches in memory, on disk, on two threads and reduced by symmetry are held against that.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import attrs
import networkx as nx
import pytest

from checker.diagnostics import InputError
from checker.engines.contract import Budget, Holds, Task, Trouble, Verdict, Violated
from checker.engines.explore import Explore
from checker.ir.nodes import Property, PropertyKind
from checker.ir.passes import quotient
from checker.ir.types import Value
from checker.native import levels
from checker.native.visited import OutOfMemory, Visited
from checker.semantics import evaluate as ev
from checker.trace.loader import Refused, Took
from checker.trace.replay import claim_of, judge
from tests.agreement.compare import Disagreement, Subject, prepare, read
from tests.native.systems import shared
from tests.strategies import Source, random_model

MODELS, CHUNK, STATES = 120, 20, 300
STRIDE = 1_000  # seeds between those of one test and the next

Lost = dict[str, set[tuple[Value, tuple[Value, ...]]]]  # by property: states, and the parameters that are out of reach


def claiming(source: Source, seed: int) -> Source:
    """The model with claims of what can be recovered: each value of a field, of two together, or what the random
    properties say; of each member, that it can be unlike another."""
    fields = re.findall(r"^    (f\d+): (.+) = .+$", source.model.split("class State:")[1], re.MULTILINE)
    claims = [f"takes_{f}(s: State, value: {t}) -> bool:\n    return s.{f} == value" for f, t in fields]
    claims += [
        f"{f}_apart(s: State, who: Who) -> bool:\n    return any(s.{f}[who] != s.{f}[other] for other in Who)"
        for f, t in fields if t.startswith("Map[Who, ")
    ]  # fmt: skip
    claims += [
        f"{f}_without(s: State, one: Who, other: Who) -> bool:\n    return one == other or (one in s.{f} and other not in s.{f})"
        for f, t in fields if t in ("FiniteSet[Who]", "Annotated[Seq[Who], Bound(2)]")
    ]  # fmt: skip
    head, tail = source.spec.split("\n\n\ncheck(")
    head = head.replace("@always", "@recoverable").replace("reachable, step", "reachable, recoverable, step")
    chosen = claims[seed % len(claims) :][:2]
    text = "".join(f"\n\n\n@recoverable\ndef {claim}" for claim in chosen)
    return attrs.evolve(source, spec=f"{head}{text}\n\n\ncheck({tail}")


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
    level = [state for state, _, _ in ev.initial_states(program)]
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


def cases(start: int) -> Iterator[tuple[int, Case]]:
    """Models from a seed on of which plain Python finds all states, without an error, and more than one."""
    for seed in range(start, start + STRIDE):
        source = claiming(random_model(seed, 2 + seed % 3), seed)
        try:
            subject = prepare(read(source))
        except InputError:  # too many values, or numbers that may leave 64 bits
            continue
        graph = None if subject is None or not subject.system.initial else explored(subject)
        if subject is None or graph is None or len(graph) < 2:
            continue
        lost: Lost = {}
        properties = []
        for p in subject.check.properties:
            found = lost_in(subject, graph, p) if p.kind is PropertyKind.RECOVERABLE else None
            if found is not None:
                lost[p.name] = found
                properties.append(p)
        if any(p.params for p in properties):
            yield seed, Case(source, subject, tuple(properties), dict(graph.nodes(data="depth")), lost)


def compare(case: Case, folder: Path) -> None:
    """Search in every way, and hold it against plain Python."""
    explore = Explore()
    case.agrees(explore.run(case.task(symmetry=False)), "in memory")
    with shared():
        case.agrees(explore.run(case.task(symmetry=False, workers=2)), "on two threads")
    case.agrees(explore.run(case.task(symmetry=True)), "reduced")
    with on_disk():
        case.agrees(explore.run(case.task(symmetry=False, spill=folder)), "on disk")
        case.agrees(explore.run(case.task(symmetry=True, spill=folder)), "on disk, reduced")


class on_disk:  # noqa: N801 - a context
    """Within: no table may grow, so most states go to disk."""

    def __enter__(self) -> None:
        self.patch = pytest.MonkeyPatch()
        grow = Visited._grow_table

        def refuse(self: Visited, least: int) -> None:
            if self.aside:
                raise OutOfMemory
            grow(self, least)

        self.patch.setattr(Visited, "_grow_table", refuse)
        self.patch.setattr("checker.native.visited._FIRST", 8)
        self.patch.setattr("checker.native.disk._TAKEN", 16)
        self.patch.setattr("checker.native.disk._ROOM", 60)
        self.patch.setattr("checker.native.spill.Spill._least", lambda self: 256)

    def __exit__(self, *_: object) -> None:
        self.patch.undo()


@pytest.mark.parametrize("number", range(MODELS // CHUNK))
def test_every_search_finds_what_plain_python_finds(number: int, tmp_path: Path) -> None:
    """Some models hold, some fail, with few goals and with more than a mark has bits."""
    seen: Counter[str] = Counter()
    for seed, case in cases(number * STRIDE):
        try:
            compare(case, tmp_path)
        except Disagreement as problem:
            pytest.fail(f"seed {seed}: {problem}\n\n{case.source}")
        seen["holds" if not any(case.lost.values()) else "fails"] += 1
        seen["compared"] += 1
        if seen["compared"] == CHUNK:
            break

    assert seen["compared"] == CHUNK
    assert min(seen["holds"], seen["fails"]) >= 1
