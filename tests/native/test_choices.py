"""What a computed key chooses is looked up in a table, and is what comparing would have found."""

from __future__ import annotations

import itertools
import random
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interlock.checker.ir import scalar as sc
from interlock.checker.ir.scalar import Leaf, Node
from interlock.checker.native.code import choices
from interlock.checker.native.code.choices import choice_of
from interlock.checker.native.code.emit import Emitter, load_words, width
from interlock.checker.native.code.jit import Library
from interlock.checker.native.code.text import Code
from interlock.checker.native.module.memory import Region
from interlock.checker.semantics.layout import Packing
from tests.native.systems import leaf

num = sc.integer
SPLIT = (0,) * 6 + (1,) * 7  # leaves in two words
LEAVES = (
    *(leaf(f"x{i}", 0, 3) for i in range(8)), *(Leaf(f"b{i}", True, 0, 1) for i in range(3)), leaf("n", -2, 1),
    leaf("rest", 0, (1 << 50) - 1),
)  # fmt: skip
VARS = sc.variables("s", LEAVES)


def ints() -> st.SearchStrategy[Node]:
    return st.one_of(st.sampled_from(VARS[:8]), st.just(VARS[11]), st.integers(0, 9).map(num))


@st.composite
def conditions(draw: st.DrawFn) -> Node:
    """A condition over few leaves."""
    few = draw(st.lists(st.sampled_from((VARS[0], VARS[3], VARS[6], VARS[11])), min_size=2, max_size=2))
    how = draw(st.sampled_from((sc.eq, sc.lt, sc.le)))
    one = how(few[0], draw(st.sampled_from((few[1], num(0), num(1), num(2)))))
    other = draw(st.sampled_from((VARS[8], VARS[9], sc.eq(VARS[8], VARS[9]), sc.ite(VARS[8], VARS[9], one))))
    return draw(st.sampled_from((one, sc.not_(one), sc.and_((one, other)), sc.or_((sc.not_(other), one)))))


def trees(items: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    """Choices among some expressions."""
    return st.recursive(items, lambda t: st.builds(sc.ite, conditions(), t, t), max_leaves=7)


def compiled(root: Node, division: tuple[int, ...] | None) -> tuple[Library, Packing]:
    """A function of a packed state."""
    packing = Packing.of(LEAVES, division=division)
    code = Code("define i64 @f(ptr %s)")
    emit = Emitter(code, LEAVES, packing, {"s": load_words(code, "%s", width(packing))})
    value = emit.value(root)
    return Library(code.finish(code.op(f"zext i1 {value} to i64") if root.boolean else value)), packing


def agree(root: Node, states: Sequence[Sequence[int]], division: tuple[int, ...] | None = None) -> None:
    """Native code and the meaning of the scalar form say the same of some states."""
    library, packing = compiled(root, division)
    memory, f = Region(64), library.function("f", 1)
    for state in states:
        memory.put(0, packing.pack(state))
        (expected,) = sc.evaluate([root], {("s", i): x for i, x in enumerate(state)})
        assert f(memory.address) == expected, state


STATES = st.lists(st.tuples(*(st.integers(x.lo, x.hi) for x in LEAVES)), min_size=20, max_size=20)


@settings(max_examples=40)
@given(trees(ints()), STATES, st.sampled_from((None, SPLIT)))
def test_choices_among_numbers_are_what_comparing_finds(
    root: Node, states: Sequence[Sequence[int]], division: tuple[int, ...] | None
) -> None:
    """Leaves and constants, in one word and in two."""
    agree(root, states, division)


@settings(max_examples=40)
@given(trees(st.sampled_from(VARS[8:11])), STATES)
def test_choices_among_flags_are_what_comparing_finds(root: Node, states: Sequence[Sequence[int]]) -> None:
    """Leaves of one bit."""
    agree(root, states)


@given(trees(st.one_of(ints(), st.builds(sc.add, st.sampled_from(VARS[:3]), st.just(num(1))))))
def test_a_table_chooses_what_the_tree_does(root: Node) -> None:
    """For all values of what decides; the table holds outcomes, whatever those are."""

    def measure(n: Node) -> tuple[int, int]:
        return (n.hi - n.lo).bit_length(), n.lo

    choice = choice_of(root, measure, lambda n: (n.id,))
    if choice is None:
        return
    for key, place in enumerate(choice.chosen):
        env = {s.node.arg: (key >> s.shift & (1 << s.width) - 1) + s.lo for s in choice.selectors}
        for rest in ([0] * len(LEAVES), [1] * len(LEAVES)):
            whole = {("s", i): x for i, x in enumerate(rest)} | env  # type: ignore[operator]
            assert sc.evaluate([root], whole) == sc.evaluate([choice.outcomes[place]], whole)


def read(key: Node, items: Sequence[Node]) -> Node:
    """A map read at a key, as the scalar form says it."""
    found = items[-1]
    for i, item in reversed(list(enumerate(items[:-1]))):
        found = sc.ite(sc.eq(key, num(i)), item, found)
    return found


@pytest.mark.parametrize("division", [None, SPLIT])
@pytest.mark.parametrize(
    "root",
    [
        read(VARS[0], VARS[4:8]),  # leaves, of one word or of two
        read(VARS[0], VARS[:4]),  # the key among them
        read(VARS[0], [num(i) for i in (7, 250, 0, 9)]),  # constants
        read(read(VARS[0], VARS[4:8]), VARS[1:5]),  # at a key that was read
        read(sc.add(VARS[11], num(2)), VARS[4:8]),  # at one that was computed
        read(VARS[0], [read(VARS[1], VARS[4 * k : 4 * k + 4]) for k in (0, 1, 0, 1)]),  # at two keys
    ],
)
def test_a_map_is_read_without_comparing(root: Node, division: tuple[int, ...] | None) -> None:
    """No selection is left in the code of it; and it reads what it should, in all states there are of these leaves."""
    packing = Packing.of(LEAVES, division=division)
    code = Code("define i64 @f(ptr %s)")
    emit = Emitter(code, LEAVES, packing, {"s": load_words(code, "%s", width(packing))})
    emit.value(root)
    picked = list(itertools.product(range(4), (0, 3), (1, 2), (0, 3), (1, 2), (0, 3), (1, 2), (0, 3)))

    assert code.finish("0").count("select") <= (0 if division is None else 2)  # of a word, not of a leaf
    agree(root, [(*s, 0, 1, 0, n, 5) for s in picked for n in (-2, 1)], division)


def test_a_map_that_lies_in_four_words_is_read_at_a_key_of_four_bits() -> None:
    """From a table in memory, whose entries take all of their eight bits."""
    leaves = (*(leaf(f"x{i}", -1, 2) for i in range(16)), *(leaf(f"rest{i}", 0, (1 << 16) - 1) for i in range(12)))
    xs = sc.variables("s", leaves)[:16]
    packing = Packing.of(leaves, division=(0, 1, 2, 3) * 7)
    root = xs[15]
    for i in range(14, -1, -1):
        both = sc.and_((sc.eq(xs[0], num(i // 4 - 1)), sc.eq(xs[5], num(i % 4 - 1))))
        root = sc.ite(both, xs[i], root)
    code = Code("define i64 @f(ptr %s)")
    value = Emitter(code, leaves, packing, {"s": load_words(code, "%s", width(packing))}).value(root)
    library, memory = Library(code.finish(value)), Region(64)
    found, expected = [], []
    for seed in range(300):
        chance = random.Random(seed)
        state = [*(chance.randint(-1, 2) for _ in range(16)), *(chance.getrandbits(16) for _ in range(12))]
        memory.put(0, packing.pack(state))
        found.append(library.function("f", 1)(memory.address))
        expected += sc.evaluate([root], {("s", i): x for i, x in enumerate(state)})

    assert packing.words == 4
    assert found == expected


def test_too_many_bits_are_compared() -> None:
    """A key of more bits than a table is worth."""
    wide = [sc.int_var("s", i, 0, 31) for i in range(2)]
    root = sc.ite(sc.lt(wide[0], wide[1]), num(1), sc.ite(sc.eq(wide[0], num(3)), num(2), num(3)))

    assert choice_of(root, lambda n: (5, 0), lambda n: (n.id,)) is None
    assert choices.MOST_BITS < 2 * 5
