"""Whatever is asked of a search at once, what it says is so: options drawn at random, on systems with known answers."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Iterator
from pathlib import Path

import attrs
import pytest

from interlock.checker.contract import (
    Asked,
    Budget,
    Checkpoint,
    Holds,
    NoneWithin,
    Task,
    Unknown,
    Verdict,
    Violated,
)
from interlock.checker.engines.explore import Explore
from interlock.checker.ir import scalar as sc
from interlock.checker.ir.nodes import PropertyKind
from interlock.checker.ir.scalar import ScalarSystem
from tests.engines.test_reduction import GROW
from tests.native.systems import agg_core, claim, search
from tests.native.test_spill import walk
from tests.passes.test_symmetry import system as written

num = sc.integer


@attrs.frozen(eq=False)
class Known:
    """A system, and what plain Python found of it: states by depth, steps, and how many steps away the first state is
    that violates each claim."""

    system: ScalarSystem
    by_depth: tuple[int, ...]
    transitions: int
    violated: dict[str, int]

    @classmethod
    def of(cls, system: ScalarSystem) -> Known:
        levels, steps, _ = search(system)
        counts = [0] * (max(levels.values()) + 1)
        for depth in levels.values():
            counts[depth] += 1
        found: dict[str, int] = {}
        for p in system.properties:
            if p.kind is PropertyKind.ALWAYS:
                envs = ((d, {("s", i): v for i, v in enumerate(state)}) for state, d in levels.items())
                bad = [d for d, env in envs if not sc.evaluate([p.value], env)[0]]
                found |= {p.name: min(bad)} if bad else {}
        return cls(system, tuple(counts), sum(map(len, steps.values())), found)

    @property
    def states(self) -> int:
        return sum(self.by_depth)

    def up_to(self, depth: int) -> int:
        """How many states are so many steps away at most."""
        return sum(self.by_depth[: depth + 1])


def broken(chains: int, heights: int) -> ScalarSystem:
    """The yardstick with a claim that fails in the middle of the search."""
    made = agg_core(chains, heights)
    few = claim(
        "few", PropertyKind.ALWAYS, sc.not_(sc.and_([sc.le(num(3), sc.int_var("s", 2 * k, 0, 4)) for k in (0, 2)]))
    )
    early = claim("early", PropertyKind.ALWAYS, sc.not_(sc.le(num(2), sc.int_var("s", 0, 0, 4))))
    return attrs.evolve(made, properties=(*made.properties, few, early))


SYSTEMS = {
    "holds": lambda: agg_core(2, 1),
    "violated twice": lambda: broken(2, 1),
    "goes round": lambda: attrs.evolve(walk(6), properties=(walk(6).properties[1],)),
    "symmetric": lambda: written(GROW),
}
_LEVELS = (1, 4, 18, 56, 137, 224, 328, 340, 300, 176, 96)  # of agg_core(2, 1), which plain Python takes long for
_KNOWN = {
    "holds": Known(agg_core(2, 1), _LEVELS, 4716, {}),
    "violated twice": Known(broken(2, 1), _LEVELS, 4716, {"few": 6, "early": 2}),
}


def known(name: str) -> Known:
    """What is known of a system; worked out once."""
    if name not in _KNOWN:
        _KNOWN[name] = Known.of(SYSTEMS[name]())
    return _KNOWN[name]


def drawn(rng: random.Random, of: Known, folder: Path) -> Task:
    """A task with random options."""
    depth = rng.choice([None, None, rng.randrange(len(of.by_depth) + 2)])
    states = rng.choice([None, None, rng.randrange(1, of.states + 10)])
    memory = rng.choice([None, None, 200_000, 1_000_000, 4_000_000])
    kept = rng.choice(["nothing", "nothing", "checkpoint", "spill"])
    return Task(
        of.system,
        Budget(rng.choice([None, None, None, 0.0]), memory, states, depth),
        workers=rng.randint(1, 3),
        every=rng.random() < 0.5,
        distinct=rng.choice([1, 1, 3]),
        symmetry=rng.choice([None, True, False]),
        asked=rng.choice([None, Asked(new=True)]),
        checkpoint=Checkpoint(folder / "c", 0.0) if kept == "checkpoint" else None,
        spill=folder if kept == "spill" else None,
    )


def judge(task: Task, verdict: Verdict, of: Known) -> None:
    """A verdict is right, and says no more than there is."""
    c, budget = verdict.coverage, task.budget
    assert (c.states or 0) <= of.states
    assert (c.depth or 0) < len(of.by_depth)
    match verdict:
        case Holds():
            assert not of.violated
            assert (c.states, c.transitions, c.depth) == (of.states, of.transitions, len(of.by_depth) - 1)
        case NoneWithin(steps=steps):
            assert steps == budget.depth
            assert c.states == of.up_to(steps)
            assert all(length > steps for length in of.violated.values())
        case Violated():
            _judge_violations(task, verdict, of)
        case Unknown(reason=reason):
            wanted = [
                ("time", budget.seconds is not None), ("memory", budget.memory is not None),
                ("states", budget.states is not None), ("depth", False),
            ]  # fmt: skip
            assert any(reason.startswith(name) and there for name, there in wanted), reason
            if reason.startswith("states"):
                assert c.states in {of.up_to(d) for d in range(len(of.by_depth))} | {0}
        case _:
            pytest.fail(str(verdict))
    _judge_coverage(task, verdict, of)


def _judge_violations(task: Task, verdict: Violated, of: Known) -> None:
    found = {v.property: v for v in (verdict, *verdict.others)}
    for name, v in found.items():
        assert v.path is not None
        assert len(v.path.steps) == of.violated[name or ""]
        for more in v.more:
            assert more.path is not None
            assert len(more.path.steps) >= len(v.path.steps)
    if task.every and not verdict.unjudged:
        assert set(found) == set(of.violated)
        assert verdict.coverage.states == of.states
    if not task.every:
        assert len(verdict.path.steps) == min(of.violated.values())  # type: ignore[union-attr]


def _judge_coverage(task: Task, verdict: Verdict, of: Known) -> None:
    survey = verdict.coverage.survey
    assert (survey is None) is (task.asked is None)
    if survey is not None and not survey.unanswered:
        below = len(of.by_depth) if survey.below is None else survey.below
        assert survey.states == of.up_to(below - 1)
        if survey.below is None:
            assert sum(survey.fired) == of.transitions


def runs(seed: int) -> Iterator[tuple[Task, Verdict, Known]]:
    """A few runs of one task: where it is saved, until it is over, each with other budgets."""
    rng = random.Random(seed)
    of = known(rng.choice(sorted(SYSTEMS)))
    with tempfile.TemporaryDirectory() as folder:
        task = drawn(rng, of, Path(folder))
        while True:
            verdict = Explore().run(task)
            yield task, verdict, of
            if task.checkpoint is None or verdict.coverage.checkpoint is None:
                return
            more = attrs.evolve(task.budget, seconds=None, memory=rng.choice([None, 8_000_000]))
            task = attrs.evolve(task, budget=more, workers=rng.randint(1, 3), distinct=rng.choice([1, 2]))


@pytest.mark.slow
@pytest.mark.parametrize("name", _KNOWN)
def test_what_is_held_to_be_known_is_so(name: str) -> None:
    """As plain Python finds it."""
    found = Known.of(SYSTEMS[name]())
    told = (found.by_depth, found.transitions, found.violated)

    assert told == (_KNOWN[name].by_depth, _KNOWN[name].transitions, _KNOWN[name].violated)


@pytest.mark.parametrize("seed", range(40))
def test_options_together_say_what_is_so(seed: int) -> None:
    """Budgets, spilling, checkpoints, symmetry, further counterexamples and coverage."""
    for task, verdict, of in runs(seed):
        judge(task, verdict, of)


@pytest.mark.slow
@pytest.mark.parametrize("start", range(100, 600, 50))
def test_many_options_together_say_what_is_so(start: int) -> None:
    """Five hundred."""
    for seed in range(start, start + 50):
        for task, verdict, of in runs(seed):
            judge(task, verdict, of)


def resumed(seed: int) -> int:
    """A search that is ended again and again, resumed with other budgets until it is over; how many runs it took."""
    rng = random.Random(seed)
    of = known(rng.choice(sorted(SYSTEMS)))
    count = 0
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(12):
            last = count == 11
            left = None if last else iter(range(rng.randint(0, 3)))
            budget = Budget(memory=None if last else rng.choice([None, 150_000, 400_000, 2_000_000]))
            task = Task(
                of.system, budget, workers=rng.randint(1, 3), every=True, symmetry=False,
                checkpoint=Checkpoint(Path(folder) / "c", rng.choice([0.0, 3600.0])),
                interrupted=lambda left=left: left is not None and next(left, None) is None,
            )  # fmt: skip
            verdict = Explore().run(task)
            count += 1
            if not isinstance(verdict, Unknown) and not getattr(verdict, "unjudged", ""):
                judge(task, verdict, of)
                return count
            assert verdict.coverage.checkpoint is not None or (verdict.coverage.states or 0) == 0
    pytest.fail("the last run has no budget")


@pytest.mark.parametrize("seed", range(10))
def test_a_search_goes_on_with_any_budgets(seed: int) -> None:
    """And says in the end what it would have said at once."""
    assert resumed(seed) >= 1


@pytest.mark.slow
def test_many_searches_go_on_with_any_budgets() -> None:
    """A hundred."""
    assert sum(resumed(seed) for seed in range(1000, 1100)) > 150
