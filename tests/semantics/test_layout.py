"""Values survive being laid out as leaves and packed into words, and equal values look the same."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.checker.diagnostics import InputError
from interlock.checker.ir import types as ty
from interlock.checker.ir.scalar import Leaf
from interlock.checker.ir.types import show_value
from interlock.checker.semantics.layout import Field, Packing, Place
from interlock.checker.semantics.leaves import flatten_type, from_leaves, to_leaves

SIMPLE = st.one_of(
    st.just(ty.BOOL),
    st.builds(lambda lo, n: ty.IntT(lo, lo + n), st.integers(-300, 300), st.integers(0, 2)),
    st.just(ty.EnumT("Colour", ("RED", "GREEN", "BLUE"))),
    st.just(ty.ScalarT("Coin", 2)),
)


def _nested(inner: st.SearchStrategy[ty.Type]) -> st.SearchStrategy[ty.Type]:
    plain = inner.filter(lambda t: not isinstance(t, ty.OptionT))
    small = inner.filter(lambda t: ty.cardinality(t) <= 4)
    return st.one_of(
        st.builds(ty.OptionT, plain),
        st.builds(lambda ts: ty.TupleT(tuple(ts)), st.lists(inner, min_size=1, max_size=3)),
        st.builds(lambda ts: ty.RecordT("R", tuple(zip("abc", ts))), st.lists(inner, min_size=1, max_size=3)),
        st.builds(ty.MapT, small, inner),
        st.builds(ty.SetT, small),
        st.builds(ty.SeqT, inner, st.integers(0, 3)),
    )


TYPES = st.recursive(SIMPLE, _nested, max_leaves=5)


def values(t: ty.Type) -> st.SearchStrategy[ty.Value]:
    """Any value of a type."""
    match t:
        case ty.RecordT():
            return st.tuples(*(values(f) for _, f in t.fields))
        case ty.TupleT():
            return st.tuples(*map(values, t.items))
        case ty.OptionT():
            return st.none() | values(t.item)
        case ty.MapT():
            return st.tuples(*[values(t.value)] * ty.cardinality(t.key))
        case ty.SetT():
            return st.frozensets(st.sampled_from(ty.members(t.item)))
        case ty.SeqT():
            return st.lists(values(t.item), max_size=t.bound).map(tuple)
        case _:
            return st.sampled_from(ty.members(t))


@given(st.data())
def test_values_survive_leaves_and_words(data: st.DataObject) -> None:
    """value -> leaves -> words -> leaves -> value is the identity, and leaves keep their bounds."""
    t = data.draw(TYPES)
    value = data.draw(values(t))
    shape, leaves = flatten_type(t, "v"), to_leaves(t, value)
    packing = Packing.of(shape)
    words = packing.pack(leaves)

    assert len(leaves) == len(shape)
    assert all(leaf.lo <= x <= leaf.hi for leaf, x in zip(shape, leaves))
    assert all(0 <= w < 1 << 64 for w in words)
    assert packing.unpack(words) == leaves
    assert from_leaves(t, leaves) == value


def test_names_are_read_as_paths() -> None:
    """A leaf is named as its author would write the place."""
    net = ty.ScalarT("Network", 1)
    cert = ty.RecordT("Certificate", (("root", ty.IntT(0, 3)),))
    state = ty.RecordT("State", (("settled", ty.MapT(net, ty.OptionT(cert))), ("q", ty.SeqT(ty.SetT(net), 1))))

    assert [leaf.name for leaf in flatten_type(state)] == [
        "settled[Network(0)]?", "settled[Network(0)].root", "len(q)", "q[0]{Network(0)}",
    ]  # fmt: skip


def test_absent_parts_hold_the_least_value() -> None:
    """An empty optional of 3..5 holds 3, so that two empty ones are the same leaves."""
    assert to_leaves(ty.OptionT(ty.IntT(3, 5)), None) == (0, 3)


def test_no_leaf_lies_across_two_words() -> None:
    """Thirteen leaves of five bits need a second word, and the two are about equally full."""
    leaves = [Leaf(str(i), False, 0, 31) for i in range(13)] + [Leaf("b", True, 0, 1)]
    packing = Packing.of(leaves)

    assert (packing.words, packing.bits) == (2, 66)
    assert all(p.shift + p.width <= 64 for p in packing.places)
    assert [sum(p.width for p in packing.places if p.word == k) for k in range(2)] == [35, 31]


def test_words_are_as_few_as_they_can_be() -> None:
    """Leaves of forty bits leave room that small ones fill, however unequal the words are then."""
    packing = Packing.of([Leaf(str(i), False, 0, (1 << w) - 1) for i, w in enumerate((40, 40, 24, 24))])

    assert (packing.words, packing.bits) == (2, 128)
    assert all(p.shift + p.width <= 64 for p in packing.places)


def test_leaves_that_say_nothing_take_no_bits() -> None:
    """A leaf with one value, and one that is equal to an earlier one, are read but not kept."""
    b, c, d = (Leaf(name, False, 2, 9) for name in "bcd")
    packing = Packing.of([Leaf("a", False, 7, 7), b, c, d], same={3: 1})

    assert (packing.words, packing.bits) == (1, 6)
    assert packing.unpack(packing.pack((7, 3, 4, 3))) == (7, 3, 4, 3)


def test_a_division_says_which_leaves_share_a_word() -> None:
    """Each in its declared order, from the low bits up; what takes no bits lies nowhere."""
    leaves = [Leaf(str(i), False, 0, (1 << w) - 1) for i, w in enumerate((30, 20, 0, 30, 20))]
    packing = Packing.of(leaves, same={4: 1}, division=(0, 1, 0, 1, 0))

    assert packing.places == (
        Place(0, 0, 30, 0),
        Place(1, 0, 20, 0),
        Place(0, 0, 0, 0),
        Place(1, 20, 30, 0),
        Place(1, 0, 20, 0),
    )
    assert (packing.words, packing.bits) == (2, 80)
    assert packing.unpack(packing.pack((5, 6, 0, 7, 6))) == (5, 6, 0, 7, 6)


@pytest.mark.parametrize("division", [(0, 0, 0), (0, 1), (0, 1, 1, 1), (0, 1, 2), (0, 1, -1)])
def test_a_division_has_room_for_each_leaf_once(division: tuple[int, ...]) -> None:
    """Not too much in a word, no leaf left out or there twice, no word that there is not."""
    with pytest.raises(ValueError, match=r"division|zip"):
        Packing.of([Leaf(str(i), False, 0, (1 << 30) - 1) for i in range(3)], division=division)


def test_states_are_ordered_by_their_leaves_however_they_lie() -> None:
    """The last leaf says most; neighbours in a word are compared at once."""
    leaves = [Leaf(name, False, 0, 7) for name in "abc"]
    plain, other = Packing.of(leaves), Packing((Place(1, 0, 3, 0), Place(0, 0, 3, 0), Place(1, 3, 3, 0)), 2, 9)
    states = list(itertools.product(range(3), repeat=3))

    assert plain.order() == [Field(0, 0, 9)]
    assert other.order() == [Field(1, 3, 3), Field(0, 0, 3), Field(1, 0, 3)]
    for packing in (plain, other):
        by_place = sorted(states, key=lambda s: tuple(f.of(packing.pack(s)) for f in packing.order()))
        assert by_place == sorted(states, key=lambda s: s[::-1])


def test_a_leaf_wider_than_a_word_is_refused() -> None:
    """A Range beyond 64 bits is E001."""
    with pytest.raises(InputError, match="E001"):
        Packing.of([Leaf("n", False, 0, 1 << 64)])


def test_values_are_shown_as_they_are_written() -> None:
    """Text of a value pastes back into Python."""
    t = ty.TupleT((ty.SetT(ty.ScalarT("Coin", 2)), ty.OptionT(ty.EnumT("Colour", ("RED",)))))
    assert show_value(t, (frozenset({1, 0}), None)) == "(FiniteSet({Coin(0), Coin(1)}), None)"
