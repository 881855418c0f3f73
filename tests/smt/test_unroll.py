"""Runs that are read back are run again: an encoding that lies is found out."""

from __future__ import annotations

from typing import Any

import pytest

from interlock.checker.ir import scalar as sc
from interlock.checker.ir.nodes import PropertyKind
from interlock.checker.ir.scalar import Leaf, Node, ScalarAction, ScalarProperty, ScalarSystem
from interlock.checker.smt.claims import Wrong, claims
from interlock.checker.smt.encode import BitVectors, Encoding, Integers
from interlock.checker.smt.search import Bounded, Clock, confirm
from tests.native.systems import scalar_system

X = sc.int_var("s", 0, 0, 7)
TICK = ScalarAction("tick", None, (), (), (), (), (), {0: sc.mod(sc.add(X, sc.integer(1)), sc.integer(8))})


def counter(value: Node) -> ScalarSystem:
    """x counts 0..7 and starts over."""
    claim = ScalarProperty("claim", PropertyKind.ALWAYS, value, ())
    return scalar_system((Leaf("x", False, 0, 7),), ((0,), (2,)), (TICK,), (claim,))


class Lying(BitVectors):
    """Takes every comparison for false."""

    def _int_node(self, n: Node, x: list[Any]) -> Any:
        import z3

        return z3.BoolVal(False) if n.boolean else super()._int_node(n, x)


@pytest.mark.parametrize("encoding", [BitVectors(), Integers()], ids=lambda e: e.name)
def test_a_run_has_its_states_moves_and_claim(encoding: Encoding) -> None:
    """From 2, the nearer initial state, to 5."""
    system = counter(sc.le(X, sc.integer(4)))
    search = Bounded(system, claims(system), Clock(), encoding)
    runs = [search.violation(depth) for depth in range(4)]

    assert runs[:3] == [None, None, None]
    assert runs[3] is not None
    assert runs[3].states == ((2,), (3,), (4,), (5,))
    assert runs[3].moves == ((0, ()),) * 3
    assert runs[3].claim is not None
    assert (runs[3].claim.wrong, runs[3].claim.property) == (Wrong.FALSE, "claim")


def test_an_encoding_that_lies_is_found_out() -> None:
    """x <= 6 is true of both initial states, whatever the encoding says."""
    system = counter(sc.le(X, sc.integer(6)))
    search = Bounded(system, claims(system), Clock(), Lying())

    with pytest.raises(AssertionError, match="the scalar form does not have"):
        search.violation(0)


@pytest.mark.parametrize(("limit", "proved"), [(7, True), (5, False)])
def test_a_wrong_proof_is_not_confirmed(limit: int, proved: bool) -> None:
    """x <= 5 is not 1-inductive, so no second solver confirms that it is."""
    system = counter(sc.le(X, sc.integer(limit)))

    assert (confirm(system, claims(system), 1, Clock()) is not None) is proved
