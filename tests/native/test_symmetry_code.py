"""Native code finds the same representative for every state of an orbit, and the orbit's size."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator

import pytest

from interlock.checker.ir import types as ty
from interlock.checker.ir.types import Type, Value
from interlock.checker.native.code.symmetry import sorting_network
from interlock.checker.native.module.program import Program
from interlock.checker.native.module.run import Run
from interlock.checker.passes import quotient as quotients
from interlock.checker.passes.quotient import Quotient, quotient
from interlock.checker.passes.symmetry import permuted, scalarsets
from interlock.checker.semantics.leaves import flatten_type, from_leaves, to_leaves
from tests.native.systems import scalar_system

WHO, PLACE, BIT = ty.ScalarT("Who", 3), ty.ScalarT("Place", 2), ty.IntT(0, 1)
CROWD, BAND, FOUR = ty.ScalarT("Crowd", 7), ty.ScalarT("Band", 5), ty.ScalarT("Four", 4)


def record(*fields: Type) -> Type:
    return ty.RecordT("State", tuple((f"f{i}", t) for i, t in enumerate(fields)))


STATES = {
    "columns": record(ty.MapT(WHO, ty.IntT(-1, 2)), ty.BOOL, ty.SetT(WHO), ty.MapT(WHO, ty.SeqT(BIT, 2))),
    "columns of many": record(ty.MapT(CROWD, ty.IntT(0, 3)), ty.SetT(CROWD)),
    "columns of two words": record(ty.MapT(WHO, ty.IntT(0, (1 << 40) - 1)), ty.MapT(WHO, ty.IntT(0, (1 << 50) - 1))),
    "members as values": record(ty.OptionT(WHO), ty.MapT(WHO, ty.OptionT(WHO)), ty.SeqT(WHO, 2), ty.IntT(0, 5)),
    "pairs as keys": record(ty.MapT(ty.TupleT((WHO, WHO)), BIT), ty.SetT(ty.TupleT((WHO, ty.BOOL)))),
    "sets of sets": record(ty.SetT(ty.SetT(WHO)), ty.MapT(ty.OptionT(WHO), BIT)),
    "two that mix": record(ty.MapT(WHO, ty.OptionT(PLACE)), ty.MapT(PLACE, BIT)),
    "two apart": record(ty.MapT(WHO, BIT), ty.OptionT(PLACE), ty.SetT(PLACE)),
    "many that name each other": record(ty.MapT(BAND, ty.OptionT(BAND)), ty.SeqT(BAND, 2), ty.OptionT(BAND)),
    "many that hold and name": record(ty.MapT(FOUR, ty.IntT(0, 5)), ty.MapT(FOUR, ty.OptionT(FOUR)), ty.SetT(FOUR)),
    "a member in a pair": record(ty.OptionT(ty.TupleT((WHO, BIT))), ty.SeqT(ty.OptionT(ty.TupleT((WHO, WHO))), 2)),
    "wide": record(ty.MapT(WHO, ty.MapT(WHO, ty.IntT(0, 1000))), ty.OptionT(WHO)),
}


def any_value(t: Type, rng: random.Random) -> Value:
    """A value of a type."""
    match t:
        case ty.RecordT():
            return tuple(any_value(f, rng) for _, f in t.fields)
        case ty.TupleT():
            return tuple(any_value(i, rng) for i in t.items)
        case ty.OptionT():
            return None if rng.random() < 0.3 else any_value(t.item, rng)
        case ty.MapT():
            return tuple(any_value(t.value, rng) for _ in ty.members(t.key))
        case ty.SetT():
            return frozenset(m for m in ty.members(t.item) if rng.random() < 0.5)
        case ty.SeqT():
            return tuple(any_value(t.item, rng) for _ in range(rng.randint(0, t.bound)))
        case ty.IntT(lo, hi):
            return rng.choice((lo, hi, rng.randint(lo, hi)))
        case _:
            return rng.choice(ty.members(t))


def orbit(state: Type, value: Value, sizes: dict[ty.ScalarT, int]) -> Iterator[Value]:
    """The state under every permutation of the first members of some scalarsets."""
    groups = [
        [(sort, (*by, *range(n, sort.size))) for by in itertools.permutations(range(n))] for sort, n in sizes.items()
    ]
    for chosen in itertools.product(*groups):
        image = value
        for sort, by in chosen:
            image = permuted(state, image, sort, by)
        yield image


def prepared(state: Type) -> tuple[Run, Quotient]:
    """A run of a system that has a state and no actions."""
    leaves = tuple(flatten_type(state))
    made = scalar_system(leaves, (tuple(leaf.absent for leaf in leaves),), (), (), state=state)
    found = quotient(made, scalarsets(state))
    assert found is not None
    return Run(Program(made, quotient=found)), found


def sizes_of(state: Type) -> dict[ty.ScalarT, int]:
    return {sort: sort.size for sort in scalarsets(state)}


@pytest.mark.parametrize("name", STATES)
def test_each_orbit_has_one_representative_and_the_right_size(name: str) -> None:
    """On random values, and all images of each."""
    state, rng = STATES[name], random.Random(name)
    memory, found = prepared(state)
    for _ in range(40 if found.order < 100 else 2):
        images = set(orbit(state, any_value(state, rng), sizes_of(state)))
        packed = {memory.program.pack(to_leaves(state, v)) for v in images}
        chosen = {memory.represented(words) for words in sorted(packed)[:300]}

        assert len(chosen) == 1
        assert chosen <= packed
        assert memory.weight(next(iter(chosen))) == len(packed)


@pytest.mark.parametrize("n", range(11))
def test_a_sorting_network_sorts(n: int) -> None:
    """What sorts all noughts and ones sorts everything (Knuth 5.3.4, theorem Z)."""
    for things in itertools.product((0, 1), repeat=n):
        row = list(things)
        for i, j in sorting_network(n):
            assert i < j
            if row[j] < row[i]:
                row[i], row[j] = row[j], row[i]

        assert row == sorted(things)


def test_a_smaller_group_is_as_exact(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where only two of three members are permuted, orbits are those of the two."""
    monkeypatch.setattr(quotients, "WALKED", 2)
    state, rng = STATES["members as values"], random.Random(3)
    memory, found = prepared(state)
    assert found.order == 2
    for _ in range(40):
        images = set(orbit(state, any_value(state, rng), {WHO: 2}))
        chosen = {memory.represented(memory.program.pack(to_leaves(state, v))) for v in images}

        assert len(chosen) == 1
        assert memory.weight(next(iter(chosen))) == len(images)


def test_a_representative_is_a_state() -> None:
    """Absent parts hold what absent parts hold: the leaves are those of a value."""
    state, rng = STATES["members as values"], random.Random(4)
    memory, _ = prepared(state)
    for _ in range(60):
        words = memory.represented(memory.program.pack(to_leaves(state, any_value(state, rng))))
        leaves = memory.program.unpack(words)

        assert to_leaves(state, from_leaves(state, leaves)) == leaves
