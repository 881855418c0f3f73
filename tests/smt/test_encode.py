"""The Z3 encodings against the meaning of the scalar form."""

from __future__ import annotations

import random
from typing import Any

import pytest
import z3

from interlock.checker.ir import scalar as sc
from interlock.checker.ir.scalar import Leaf, Node, variables
from interlock.checker.smt.encode import BitVectors, Encoding, Integers, width

LEAVES = (
    Leaf("b", True, 0, 1),
    Leaf("c", True, 0, 1),
    Leaf("x", False, -5, 3),
    Leaf("y", False, 0, 6),
    Leaf("z", False, 2, 9),
    Leaf("w", False, -7, -2),
)
AMOUNTS = (
    Leaf("b", True, 0, 1),
    Leaf("x", False, 0, 2**256 - 1),
    Leaf("y", False, -(2**255), 2**255 - 1),
    Leaf("z", False, 2**64, 2**65 + 3),
    Leaf("w", False, -(2**63), 7),
)
ENCODINGS = (BitVectors(), Integers())


def random_nodes(rng: random.Random, size: int, leaves: tuple[Leaf, ...] = LEAVES) -> tuple[list[Node], list[Node]]:
    """Bools and ints over the leaves, each built from earlier ones."""
    bools = [sc.TRUE, *(v for v in variables("s", leaves) if v.boolean)]
    ints = [v for v in variables("s", leaves) if not v.boolean] + [sc.integer(rng.randint(-4, 4)) for _ in range(3)]
    arithmetic = (sc.add, sc.sub, sc.mul, sc.div, sc.mod)
    for _ in range(size):
        a, b, p, q = rng.choice(ints), rng.choice(ints), rng.choice(bools), rng.choice(bools)
        if rng.random() < 0.5:
            n = sc.ite(p, a, b) if rng.random() < 0.2 else rng.choice(arithmetic)(a, b)
            if max(abs(n.lo), abs(n.hi)) < (10**6 if leaves is LEAVES else 2**1024):
                ints.append(n)
        else:
            choices = (sc.eq(a, b), sc.lt(a, b), sc.le(a, b), sc.not_(p), sc.and_([p, q]), sc.or_([p, q]), sc.eq(p, q))
            bools.append(rng.choice((*choices, sc.ite(p, q, rng.choice(bools)))))
    return bools, ints


def _literal(encoding: Encoding, term: Any, leaf: Leaf, value: int) -> Any:
    if leaf.boolean:
        return z3.BoolVal(bool(value))
    return z3.IntVal(value) if isinstance(encoding, Integers) else z3.BitVecVal(value, term.size())


def _number(node: Node, term: Any) -> int:
    if node.boolean:
        return int(z3.is_true(term))
    signed = node.lo < 0 and z3.is_bv(term)
    return int(term.as_signed_long() if signed else term.as_long())


@pytest.mark.parametrize("encoding", ENCODINGS, ids=lambda e: e.name)
@pytest.mark.parametrize(
    ("leaves", "seed"),
    [*((LEAVES, i) for i in range(40)), *((AMOUNTS, i) for i in range(40, 60))],
    ids=lambda x: str(x) if isinstance(x, int) else f"{len(x)} leaves",
)
def test_every_node_has_the_value_of_evaluate(encoding: Encoding, leaves: tuple[Leaf, ...], seed: int) -> None:
    """Random graphs with all operations, negative numbers, division by anything, and numbers of hundreds of bits."""
    rng = random.Random(seed)
    bools, ints = random_nodes(rng, 30, leaves)
    roots = bools + ints
    constants = [encoding.constant(f"v{i}", leaf) for i, leaf in enumerate(leaves)]
    binding = {("s", i): pair for i, pair in enumerate(zip(constants, leaves, strict=True))}
    terms = encoding.encode(roots, binding)
    for _ in range(3):
        values = [rng.randint(leaf.lo, leaf.hi) for leaf in leaves]
        pairs = [(c, _literal(encoding, c, leaf, v)) for c, leaf, v in zip(constants, leaves, values, strict=True)]
        found = [_number(n, z3.simplify(z3.substitute(t, pairs))) for n, t in zip(roots, terms, strict=True)]

        assert found == sc.evaluate(roots, {("s", i): v for i, v in enumerate(values)})


@pytest.mark.parametrize("operation", [sc.div, sc.mod])
@pytest.mark.parametrize("encoding", ENCODINGS, ids=lambda e: e.name)
def test_division_floors_and_is_zero_by_zero(encoding: Encoding, operation: Any) -> None:
    """All operands of -4..4, as Z3 finds them itself."""
    leaves = (Leaf("a", False, -4, 4), Leaf("b", False, -4, 4), Leaf("r", False, -9, 9))
    node = operation(*variables("s", leaves)[:2])
    a, b, r = (encoding.constant(leaf.name, leaf) for leaf in leaves)
    binding = {("s", 0): (a, leaves[0]), ("s", 1): (b, leaves[1])}
    solver = z3.Solver()
    solver.add(r == encoding.store(node, encoding.encode([node], binding)[0], leaves[2]))
    solver.add(*(t for c, leaf in zip((a, b, r), leaves, strict=True) for t in encoding.bounds(c, leaf)))
    found = {}
    while solver.check() == z3.sat:
        model = solver.model()
        x, y, z = (
            encoding.value(model.eval(c, model_completion=True), leaf)
            for c, leaf in zip((a, b, r), leaves, strict=True)
        )
        found[x, y] = z
        solver.add(z3.Or(a != model.eval(a, True), b != model.eval(b, True)))

    python = (lambda x, y: x // y) if operation is sc.div else (lambda x, y: x % y)
    assert found == {(x, y): python(x, y) if y else 0 for x in range(-4, 5) for y in range(-4, 5)}


@pytest.mark.parametrize(
    ("lo", "hi", "bits"), [(0, 0, 1), (0, 1, 1), (0, 7, 3), (3, 8, 4), (-1, 0, 1), (-1, 1, 2), (-8, 7, 4), (-9, -8, 5)]
)
def test_width_is_the_least_that_holds_the_interval(lo: int, hi: int, bits: int) -> None:
    """Unsigned from zero up, two's complement below."""
    assert width(lo, hi) == bits


@pytest.mark.parametrize("encoding", ENCODINGS, ids=lambda e: e.name)
@pytest.mark.parametrize(("lo", "hi"), [(0, 5), (2, 9), (-3, 4), (-6, -5), (0, 7), (4, 4)])
def test_bounds_leave_exactly_the_values_of_the_leaf(encoding: Encoding, lo: int, hi: int) -> None:
    """Z3 may choose lo..hi and nothing else."""
    leaf = Leaf("v", False, lo, hi)
    c = encoding.constant("v", leaf)
    solver = z3.Solver()
    solver.add(*encoding.bounds(c, leaf))
    found = set()
    while solver.check() == z3.sat:
        value = solver.model().eval(c, model_completion=True)
        found.add(encoding.value(value, leaf))
        solver.add(c != value)

    assert found == set(range(lo, hi + 1))
