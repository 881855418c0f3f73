"""Is a condition over the leaves of values false for all of them?

Rule of the module: values alone are asked about (`canonical`), within a limit of effort; no answer is None.
Effort is counted in Z3's own units, so that the answer does not depend on how fast the machine is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import z3

from interlock.checker.ir.scalar import FALSE, Leaf, Node, Op, and_, topological, var_of
from interlock.checker.ir.types import Type
from interlock.checker.semantics.leaves import flatten_type
from interlock.checker.smt.canonical import canonical
from interlock.checker.smt.encode import BitVectors, Term

EFFORT: Final = 20_000_000  # of all conditions together, in Z3's units: about five seconds
_NODE: Final = 100  # units that it takes to encode a node, about


class Prover:
    """Conditions asked one after the other, within one limit of effort."""

    def __init__(self, effort: int = EFFORT) -> None:
        self.left = effort

    def never(self, condition: Node, domain: Mapping[str, Sequence[Type]], seconds: float | None = None) -> bool | None:
        """Whether no values of the types in `domain` (by the space of their leaves) meet the condition."""
        leaves = {space: [leaf for t in types for leaf in flatten_type(t)] for space, types in domain.items()}
        asked = and_((condition, *(canonical(types, space, leaves[space]) for space, types in domain.items())))
        if asked is FALSE:
            return True
        nodes = topological([asked])
        self.left -= _NODE * len(nodes)
        if self.left <= 0 or (seconds is not None and seconds <= 0):
            return None
        encoding = BitVectors()
        binding: dict[tuple[str, int], tuple[Term, Leaf]] = {}
        bounds: list[Term] = []
        for space, index in (var_of(n) for n in nodes if n.op is Op.VAR):
            leaf = leaves[space][index]
            constant = encoding.constant(f"{space}{index}", leaf)
            binding[space, index] = (constant, leaf)
            bounds += encoding.bounds(constant, leaf)
        solver = encoding.solver()
        solver.set("rlimit", self.left)
        if seconds is not None:
            solver.set("timeout", max(1, int(1000 * seconds)))
        before = _spent(solver)
        solver.add(*bounds, *encoding.encode([asked], binding))
        answer = solver.check()
        self.left -= _spent(solver) - before
        return None if answer == z3.unknown else bool(answer == z3.unsat)


def _spent(solver: Any) -> int:
    """Z3's units so far, in all."""
    if "rlimit count" not in solver.statistics().keys():  # noqa: SIM118 - no mapping
        solver.check()
    return int(solver.statistics().get_key_value("rlimit count"))
