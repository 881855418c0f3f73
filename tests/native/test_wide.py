"""Wide states, whole or without the leaves that say nothing, are searched as Python searches them."""

from __future__ import annotations

import re
from pathlib import Path

import attrs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from interlock.checker.contract import Task
from interlock.checker.engines.explore import Explore
from interlock.checker.frontend import load_spec
from interlock.checker.ir import scalar as sc
from interlock.checker.ir import types as ty
from interlock.checker.ir.scalar import Node, ScalarAction, ScalarProperty, ScalarSystem
from interlock.checker.native.code.symmetry import uniform
from interlock.checker.native.kernel import Ctx, tree
from interlock.checker.native.module.program import Program
from interlock.checker.native.module.run import Run
from interlock.checker.passes.known import Known
from interlock.checker.passes.quotient import Columns, Quotient
from interlock.checker.passes.ranges import ranges
from interlock.checker.passes.scalarize import scalarize
from interlock.checker.semantics.layout import Packing
from tests.engines.test_explore import RANGES, agrees_with_python, systems
from tests.native.systems import action, initial_states, keep_all_leaves, leaf, scalar_system, search, starting, told

num = sc.integer
FAR = (1 << 60) - 1  # a leaf of sixty bits
COPY, NEARLY, LATE, FIXED, TURNED = range(5)


@st.composite
def wide_systems(draw: st.DrawFn) -> ScalarSystem:
    """A random system with leaves that never change, that are equal to others, and that are so nearly."""
    system: ScalarSystem = draw(systems())
    leaves, updates = list(system.leaves), [dict(a.updates) for a in system.actions]
    initial = [list(s) for s in initial_states(system)]
    aliases: dict[Node, Node] = {}

    def variable(space: str, i: int) -> Node:
        return sc.int_var(space, i, leaves[i].lo, leaves[i].hi)

    def add(lo: int, hi: int, values: list[int]) -> int:
        leaves.append(leaf(f"x{len(leaves)}", lo, hi))
        for state, value in zip(initial, values, strict=True):
            state.append(value)
        return len(leaves) - 1

    first = draw(st.sampled_from([LATE, FIXED]))
    for kind in (first, *draw(st.lists(st.sampled_from([COPY, NEARLY, LATE, FIXED, TURNED]), min_size=1, max_size=5))):
        chosen = draw(st.sampled_from(range(len(updates))))
        if kind in (COPY, NEARLY):
            i = draw(st.sampled_from(range(len(RANGES))))
            k = add(*RANGES[i], [s[i] for s in initial])
            for number, u in enumerate(updates):
                if i in u and not (kind == NEARLY and number == chosen):
                    u[k] = sc.substitute([u[i]], {variable("s", i): variable("s", k)})[0]
            if kind == COPY and draw(st.booleans()):
                aliases |= {variable(space, i): variable(space, k) for space in ("s", "t")}
        elif kind == TURNED:
            a, b = (add(0, FAR, [5] * len(initial)) for _ in range(2))
            updates[chosen] |= {a: variable("s", b), b: variable("s", a)}
        else:
            k = add(0, FAR, [7] * len(initial))
            if kind == LATE:
                updates[chosen][k] = num(FAR - 1)
    return read_through(
        attrs.evolve(
            system,
            leaves=tuple(leaves),
            initials=starting(leaves, *map(tuple, initial)),
            actions=tuple(attrs.evolve(a, updates=u) for a, u in zip(system.actions, updates, strict=True)),
        ),
        aliases,
    )


def read_through(system: ScalarSystem, aliases: dict[Node, Node]) -> ScalarSystem:
    """The system with guards, errors and properties that read copies in the place of what they are copies of."""

    def site(e: sc.ErrorSite) -> sc.ErrorSite:
        return attrs.evolve(e, condition=sc.substitute([e.condition], aliases)[0])

    def acting(a: ScalarAction) -> ScalarAction:
        return attrs.evolve(a, guards=tuple(sc.substitute(a.guards, aliases)), errors=tuple(map(site, a.errors)))

    def judging(p: ScalarProperty) -> ScalarProperty:
        return attrs.evolve(p, value=sc.substitute([p.value], aliases)[0], errors=tuple(map(site, p.errors)))

    end = None if system.terminal is None else judging(system.terminal)
    return attrs.evolve(
        system,
        actions=tuple(map(acting, system.actions)),
        properties=tuple(map(judging, system.properties)),
        terminal=end,
    )


QUIET = settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])


@QUIET
@given(wide_systems())
def test_random_wide_systems_agree_with_python(system: ScalarSystem) -> None:
    """Verdict, counts, length of the path, and the path: replayed in the system as it is written."""
    agrees_with_python(system)


@QUIET
@given(wide_systems())
def test_random_trees_agree_with_python(monkeypatch: pytest.MonkeyPatch, system: ScalarSystem) -> None:
    """With every leaf kept, in a tree, of which a thread remembers next to nothing and asks for all else ahead."""
    keep_all_leaves(monkeypatch)
    monkeypatch.setattr("interlock.checker.native.kernel.tree.FAR", 0)
    monkeypatch.setattr("interlock.checker.native.module.run._MEMO_BITS", 1)
    monkeypatch.setattr("interlock.checker.native.store.tree._MEMO_BITS", 2)

    agrees_with_python(system)


@QUIET
@given(wide_systems(), st.booleans())
def test_what_is_told_does_not_depend_on_what_is_kept(
    monkeypatch: pytest.MonkeyPatch, system: ScalarSystem, every: bool
) -> None:
    """The path of a violation, and of each witness, is the same however its states lie in memory."""
    task = Task(system, every=every)
    narrow = told(Explore().run(task))

    with monkeypatch.context() as patch:
        keep_all_leaves(patch)
        assert told(Explore().run(task)) == narrow


def counters(bits: int = 40) -> ScalarSystem:
    """Three counters far apart, and one that is nearly a copy of the first: it skips a step."""
    x = [sc.int_var("s", i, 0, (1 << bits) - 1) for i in range(4)]
    up = [
        action(f"up{i}", [], [sc.lt(x[i], num(12))], {i: sc.add(x[i], num(1))} | ({3: sc.add(x[0], num(1))} if not i else {}))
        for i in range(3)
    ]  # fmt: skip
    late = action("late", [], [sc.eq(x[0], num(7))], {3: num(3)})
    return scalar_system(tuple(leaf(f"x{i}", 0, (1 << bits) - 1) for i in range(4)), ((0,) * 4,), (*up, late), ())


def states(system: ScalarSystem) -> int | None:
    return Explore().run(Task(system)).coverage.states


@pytest.mark.usefixtures("unconfirmed")
def test_a_leaf_held_to_be_equal_that_is_not_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The search would find fewer states than there are."""
    count = len(search(counters())[0])

    assert states(counters()) == count
    lie = Known(same={3: 0})
    monkeypatch.setattr("interlock.checker.native.module.program.correspondence", lambda _: lie)
    assert states(counters()) != count


@pytest.mark.usefixtures("unconfirmed")
def test_a_range_that_is_too_narrow_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A value that has no room would be written over its neighbour."""
    count = len(search(counters())[0])
    honest = ranges(counters())

    assert honest[0] == (0, 12)
    monkeypatch.setattr("interlock.checker.native.module.program.ranges", lambda _: honest | {0: (0, 7)})
    assert states(counters()) != count


@pytest.mark.usefixtures("unconfirmed")
def test_a_number_that_is_remembered_for_another_part_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Were a thread not to ask whether what it remembers is the part, it would take states for one another."""
    keep_all_leaves(monkeypatch)
    careful = tree._intern()
    careless, changed = re.subn(r"icmp eq i64 %v\d+, %part", "icmp eq i64 %part, %part", careful)

    assert changed == 1
    assert states(counters()) == len(search(counters())[0])
    monkeypatch.setattr(tree, "_intern", lambda: careless)
    assert states(counters()) != len(search(counters())[0])


@pytest.mark.usefixtures("unconfirmed")
def test_a_place_without_its_tag_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A part would not be found again once the tree has grown, and get a second number."""
    keep_all_leaves(monkeypatch)
    monkeypatch.setattr("interlock.checker.native.module.run._MEMO_BITS", 1)
    monkeypatch.setattr("interlock.checker.native.store.tree._MEMO_BITS", 1)
    monkeypatch.setattr("interlock.checker.native.store.visited._FIRST", 16)
    careless, changed = re.subn(r"or i64 (%v\d+), %v\d+", r"or i64 \1, 0", tree._reseat())

    assert changed == 1
    assert states(counters()) == len(search(counters())[0])
    monkeypatch.setattr(tree, "_reseat", lambda: careless)
    assert states(counters()) != len(search(counters())[0])


SPEC = Path(__file__).parents[1] / "benchmarks" / "two_phase_wide.py"


@pytest.mark.parametrize("symmetry", [False, True])
def test_two_phase_commit_is_the_same_however_wide_it_is_kept(symmetry: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Most of its bits say who could never send what to whom; the states are those of the narrow model, one for one."""
    (found,) = (c for c in load_spec(SPEC).checks if c.name == "7")
    allowed = found.program.allowed(found.faults)
    task = Task(scalarize(found.program, allowed, found.properties, found.terminal, found.helpers), symmetry=symmetry)
    narrow = Explore().run(task).coverage
    keep_all_leaves(monkeypatch)
    whole = Explore().run(task).coverage

    assert (narrow.bits_per_state, whole.bits_per_state) == (32, 215)
    for coverage in (narrow, whole):
        assert (coverage.states, coverage.transitions, coverage.depth) == (296_448, 2_744_705, 22)
    assert narrow.orbits == whole.orbits
    assert (whole.orbits is not None) is symmetry


def test_leaves_that_are_not_kept_alike_are_all_kept_under_symmetry() -> None:
    """Bits are moved between the columns of members, so these must have places of one kind."""
    columns = Quotient((), (Columns(ty.ScalarT("Who", 2), ((0, 2), (1, 3))),))
    leaves = [leaf(f"x{i}", 0, 7) for i in range(4)]

    def kept(ranges: dict[int, tuple[int, int]]) -> Packing:
        return Packing.of(Known(ranges).leaves(leaves))

    assert uniform(Packing.of(leaves), columns)
    assert uniform(kept({2: (5, 5), 3: (5, 5)}), columns)
    assert uniform(kept({2: (1, 4), 3: (1, 4)}), columns)
    assert not uniform(kept({2: (5, 5), 3: (6, 6)}), columns)
    assert not uniform(kept({2: (0, 0)}), columns)
    assert not uniform(kept({2: (1, 4), 3: (2, 5)}), columns)


def test_a_thread_remembers_within_its_memory() -> None:
    """Which bits of a hash count, and how much memory there is, change together."""
    run = Run(Program(counters()))
    for bits in (1, 12, 10):
        run.remember(bits)

        assert run[Ctx.MEMO] == run.memo.address
        assert run.memo.size == 16 << (64 - run[Ctx.MEMO_SHIFT])
