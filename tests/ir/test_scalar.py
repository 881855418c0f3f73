"""A node's interval has every value that the node can have, and what was folded means what was written."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import pytest

from interlock.checker.ir import scalar as sc
from interlock.checker.ir.scalar import Node

X, Y = sc.int_var("s", 0, -2, 3), sc.int_var("s", 1, -3, 1)
Meaning = Callable[[int, int], int]
NUMBERS: dict[str, tuple[Node, Meaning]] = {
    "x": (X, lambda x, _: x),
    "y": (Y, lambda _, y: y),
    "-x": (sc.sub(sc.integer(0), X), lambda x, _: -x),
    "2 - x": (sc.sub(sc.integer(2), X), lambda x, _: 2 - x),
    "x - 1": (sc.sub(X, sc.integer(1)), lambda x, _: x - 1),
    "x + y": (sc.add(X, Y), lambda x, y: x + y),
    "y - x": (sc.sub(Y, X), lambda x, y: y - x),
    "x + x": (sc.add(X, X), lambda x, _: x + x),
    "0": (sc.integer(0), lambda *_: 0),
    "3": (sc.integer(3), lambda *_: 3),
    "-2": (sc.integer(-2), lambda *_: -2),
}
TESTS: dict[str, tuple[Callable[[Node, Node], Node], Callable[[int, int], bool]]] = {
    "<": (sc.lt, lambda a, b: a < b),
    "<=": (sc.le, lambda a, b: a <= b),
    "==": (sc.eq, lambda a, b: a == b),
    "!=": (lambda a, b: sc.not_(sc.eq(a, b)), lambda a, b: a != b),
}


@pytest.mark.parametrize("op", TESTS)
def test_what_a_comparison_says_of_its_branches_is_so(op: str) -> None:
    """For each comparison of numbers, and each pair of numbers that it chooses between."""
    made, meant = TESTS[op]
    places = list(itertools.product(range(-2, 4), range(-3, 2)))
    for (a, of_a), (b, of_b) in itertools.product(NUMBERS.values(), repeat=2):
        test = made(a, b)
        chosen = [
            (sc.ite(test, c, d), of_c, of_d) for (c, of_c), (d, of_d) in itertools.product(NUMBERS.values(), repeat=2)
        ]
        for x, y in places:
            found = sc.evaluate([node for node, _, _ in chosen], {("s", 0): x, ("s", 1): y})
            truth = meant(of_a(x, y), of_b(x, y))
            assert found == [(of_c if truth else of_d)(x, y) for _, of_c, of_d in chosen]
            assert all(node.lo <= value <= node.hi for (node, _, _), value in zip(chosen, found, strict=True))


def test_the_greater_and_the_absolute_have_their_bounds() -> None:
    """`max` and `min` are written with a comparison."""
    zero, minus = sc.integer(0), sc.sub(sc.integer(0), X)
    greater, absolute = sc.ite(sc.le(zero, X), X, zero), sc.ite(sc.le(minus, X), X, minus)

    assert [(node.lo, node.hi) for node in (greater, absolute)] == [(0, 3), (0, 3)]
