"""Is a condition over the leaves of values false for all of them?

Rule of the module: values alone are asked about (`canonical`), within a limit of time; no answer is None.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import z3

from checker.ir.scalar import FALSE, Leaf, Node, Op, and_, topological, var_of
from checker.ir.types import Type
from checker.semantics.layout import flatten_type
from checker.smt.canonical import canonical
from checker.smt.encode import BitVectors, Term

_LARGEST: Final = 40_000  # nodes that are worth encoding


def never(condition: Node, domain: Mapping[str, Sequence[Type]], seconds: float) -> bool | None:
    """Whether no values of the types in `domain` (by the space of their leaves) meet the condition."""
    leaves = {space: [leaf for t in types for leaf in flatten_type(t)] for space, types in domain.items()}
    asked = and_((condition, *(canonical(types, space, leaves[space]) for space, types in domain.items())))
    if asked is FALSE:
        return True
    nodes = topological([asked])
    if len(nodes) > _LARGEST or seconds <= 0:
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
    solver.set("timeout", max(1, int(1000 * seconds)))
    solver.add(*bounds, *encoding.encode([asked], binding))
    answer = solver.check()
    return None if answer == z3.unknown else bool(answer == z3.unsat)
