"""What is said to be a left mover is one, and what is said to be kept is kept, for every value of every leaf."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interlock.checker.ir import scalar as sc
from interlock.checker.ir.nodes import PropertyKind
from interlock.checker.ir.scalar import Node, ScalarAction, ScalarSystem, evaluate
from interlock.checker.passes.instances import Expressions, Instance
from interlock.checker.passes.kept import Kept
from interlock.checker.passes.movers import Movers
from tests.native.systems import action, agg_core, claim, leaf, scalar_system

num = sc.integer
TOP = 3
LEAVES = 4
STATE, AFTER = (tuple(sc.int_var(space, i, 0, TOP) for i in range(LEAVES)) for space in "st")
State = tuple[int, ...]


def system(*actions: ScalarAction, claims: tuple[tuple[PropertyKind, Node], ...] = ()) -> ScalarSystem:
    """Some actions on four numbers."""
    properties = tuple(claim(f"p{i}", kind, value) for i, (kind, value) in enumerate(claims))
    return scalar_system(tuple(leaf(f"x{i}", 0, TOP) for i in range(LEAVES)), ((0,) * LEAVES,), actions, properties)


def states() -> Iterator[State]:
    return itertools.product(range(TOP + 1), repeat=LEAVES)


def said(node: Node, state: State, end: State = ()) -> bool:
    env = {("s", i): v for i, v in enumerate(state)} | {("t", i): v for i, v in enumerate(end)}
    return bool(evaluate([node], env)[0])


def after(i: Instance, state: State) -> State | None:
    """Where an instance leads from a state; None where it cannot be taken."""
    if not all(said(g, state) for g in i.guards):
        return None
    env = {("s", k): v for k, v in enumerate(state)}
    new = dict(zip(i.updates, evaluate(i.updates.values(), env), strict=True))
    return tuple(new.get(k, v) for k, v in enumerate(state))


def is_left_mover(b: Instance, a: Instance) -> bool:
    """The definition, for every state there could be."""
    for state in states():
        middle = after(a, state)
        end = None if middle is None else after(b, middle)
        if end is not None:
            other = after(b, state)
            if other is None or after(a, other) != end:
                return False
    return True


@st.composite
def conditions(draw: st.DrawFn, over: tuple[Node, ...] = STATE) -> Node:
    """A comparison, of a leaf or of one that another leaf chooses, or a few of them."""
    kind = draw(st.integers(0, 6))
    if kind == 0:
        parts = draw(st.lists(conditions(over), min_size=2, max_size=3))
        return draw(st.sampled_from([sc.and_, sc.or_]))(parts)
    if kind == 1:
        return sc.not_(draw(conditions(over)))
    x = draw(st.sampled_from(over))
    if kind == 2:
        x = sc.ite(sc.eq(draw(st.sampled_from(over)), num(draw(st.integers(0, TOP)))), x, draw(st.sampled_from(over)))
    return draw(st.sampled_from([sc.eq, sc.le, sc.lt, lambda a, b: sc.le(b, a)]))(x, num(draw(st.integers(0, TOP))))


@st.composite
def actions(draw: st.DrawFn, name: str) -> ScalarAction:
    """An action as protocols have them: a place moves on, where others are so far."""
    guards = draw(st.lists(conditions(), max_size=3))
    updates = {}
    for i in draw(st.sets(st.integers(0, LEAVES - 1), min_size=1, max_size=2)):
        kind = draw(st.integers(0, 3))
        if kind == 0:
            updates[i] = draw(st.sampled_from(STATE))
        elif kind == 1:
            guards.append(sc.lt(STATE[i], num(TOP)))
            updates[i] = sc.add(STATE[i], num(1))
        else:
            updates[i] = num(draw(st.integers(0, TOP)))
            if draw(st.booleans()):
                guards.append(sc.eq(STATE[i], num(draw(st.integers(0, TOP)))))
    return action(name, [], guards, updates)


@settings(max_examples=150)
@given(st.lists(actions("a"), min_size=2, max_size=4))
def test_what_is_said_to_move_left_does(made: list[ScalarAction]) -> None:
    expressions = Expressions(system(*made))
    movers, known = Movers(expressions), list(expressions.instances())
    for a, b in itertools.permutations(known, 2):
        assert is_left_mover(b, a) or not movers.left(b, a)


@settings(max_examples=150)
@given(
    st.lists(actions("a"), min_size=1, max_size=3),
    st.lists(st.tuples(st.sampled_from([PropertyKind.ALWAYS, PropertyKind.REACHABLE]), conditions()), max_size=2),
)
def test_what_is_said_to_be_kept_is(made: list[ScalarAction], claims: list[tuple[PropertyKind, Node]]) -> None:
    given_system = system(*made, claims=tuple(claims))
    expressions = Expressions(given_system)
    kept = Kept(expressions)
    for i in expressions.instances():
        if kept.by(i):
            for state, p in itertools.product(states(), given_system.properties):
                quiet, end = p.kind is PropertyKind.ALWAYS, after(i, state)

                assert end is None or said(p.value, state) is not quiet or said(p.value, end) is quiet


@settings(max_examples=150)
@given(st.lists(actions("a"), min_size=1, max_size=3), conditions(STATE + AFTER))
def test_what_is_said_of_steps_is_true_of_each(made: list[ScalarAction], claimed: Node) -> None:
    expressions = Expressions(system(*made, claims=((PropertyKind.STEP, claimed),)))
    kept = Kept(expressions)
    for i in expressions.instances():
        if kept.steps(i):
            for state in states():
                end = after(i, state)

                assert end is None or said(claimed, state, end)


def test_a_step_that_does_not_touch_what_is_claimed_need_not_be_judged() -> None:
    """A number that must not fall: kept by what leaves it, and by what raises it from where it was."""
    grows = sc.le(STATE[0], AFTER[0])
    raises = action("raise", [], [sc.eq(STATE[0], num(1))], {0: num(2)})
    lowers = action("lower", [], [sc.eq(STATE[0], num(1))], {0: num(0)})
    other = action("other", [], [], {1: num(2)})
    expressions = Expressions(system(raises, lowers, other, claims=((PropertyKind.STEP, grows),)))
    kept = Kept(expressions)

    assert [kept.steps(i) for i in expressions.instances()] == [True, False, True]


def test_the_yardstick_has_hardly_anything_that_does_not_move() -> None:
    """agg-core 3x1: 84 pairs do not commute in some reachable state, as a search shows; 18 more never meet there."""
    expressions = Expressions(agg_core(3, 1))
    movers, known = Movers(expressions), list(expressions.instances())
    shown = sum(movers.row(a, known[:i]).bit_count() for i, a in enumerate(known))

    assert (len(known), shown) == (48, 48 * 47 // 2 - 84 - 18)


@pytest.mark.parametrize(
    ("guards", "moves"),
    [
        ([], True),
        ([sc.eq(STATE[1], num(1))], False),  # enabled by the other
        ([sc.le(num(1), STATE[1])], False),
        ([sc.eq(STATE[1], num(0))], True),  # never after the other
        ([sc.le(STATE[1], num(2))], True),  # before and after it
        ([sc.ite(sc.eq(STATE[2], num(1)), sc.le(num(1), STATE[1]), sc.TRUE)], False),  # sometimes enabled by it
    ],
)
def test_what_the_other_enables_does_not_move_before_it(guards: list[Node], moves: bool) -> None:
    first = action("a", [], [sc.eq(STATE[1], num(0))], {1: num(1)})
    expressions = Expressions(system(first, action("b", [], guards, {0: num(1)})))
    a, b = expressions.instances()

    assert Movers(expressions).left(b, a) is moves
    assert is_left_mover(b, a) is moves


def test_what_disables_the_other_does_not_move_before_it() -> None:
    """After b, a cannot be taken."""
    a = action("a", [], [sc.eq(STATE[0], num(0))], {1: num(1)})
    b = action("b", [], [], {0: num(1)})
    expressions = Expressions(system(a, b))
    first, second = expressions.instances()

    assert not Movers(expressions).left(second, first)


def test_steps_that_end_elsewhere_do_not_move() -> None:
    """Both write one leaf, or one copies what the other writes."""
    a = action("a", [], [], {0: num(1)})
    for update in ({0: num(2)}, {1: STATE[0]}):
        expressions = Expressions(system(a, action("b", [], [], update)))
        first, second = expressions.instances()

        assert not Movers(expressions).left(second, first)
    expressions = Expressions(system(a, action("b", [], [], {0: num(1)})))
    first, second = expressions.instances()

    assert Movers(expressions).left(second, first)
