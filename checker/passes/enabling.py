"""In which states is an action enabled, whatever its parameters?  As one condition on the state.

Rule of the module: parameters that no guard names together are chosen apart from each other, so the condition grows
with the sum of their values and not with the product; what would grow too large is refused, not left out.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import Final

from interlock.checker.diagnostics import Diagnostic, InputError, Span
from interlock.checker.ir.scalar import (
    FALSE,
    TRUE,
    Node,
    Op,
    ScalarAction,
    and_,
    conjuncts,
    constant,
    or_,
    substitute,
    topological,
    var_of,
)
from interlock.checker.ir.types import cardinality, members
from interlock.checker.semantics.leaves import to_leaves

MOST: Final = 1_000_000  # nodes that are written out, for all values; about a second


def enabled(action: ScalarAction, name: str, span: Span) -> Node:
    """Where some instance of an action is enabled, without an error.

    `name` and `span` are of the claim that asks.  Raises InputError E002 where its guard would be too large.
    """
    if not action.instances:
        return FALSE
    groups: list[tuple[set[int], list[Node]]] = []  # parameters, and the guards that name any of them
    for guard in conjuncts(action.guards):
        numbers, guards = _named(action, guard), [guard]
        joined = [g for g in groups if g[0] & numbers]
        for group in joined:
            numbers, guards = numbers | group[0], [*group[1], *guards]
            groups.remove(group)
        groups.append((numbers, guards))
    return and_(_some(action, sorted(numbers), and_(guards), name, span) for numbers, guards in groups)


def _named(action: ScalarAction, guard: Node) -> set[int]:
    """The numbers of the parameters that a guard names."""
    return {_owner(action, n) for n in topological([guard]) if _is_parameter(n)}


def _is_parameter(n: Node) -> bool:
    return n.op is Op.VAR and var_of(n)[0] == "p"


def _owner(action: ScalarAction, n: Node) -> int:
    leaf = var_of(n)[1]
    return max(i for i, offset in enumerate(action.param_offsets) if offset <= leaf)


def _some(action: ScalarAction, numbers: Sequence[int], guard: Node, name: str, span: Span) -> Node:
    """The guard for some values of these parameters."""
    if not numbers:
        return guard
    nodes = topological([guard])
    variables = [n for n in nodes if _is_parameter(n)]
    types = [action.params[i][1] for i in numbers]
    values = math.prod(map(cardinality, types))
    if values * len(nodes) > MOST:
        message = f"{name}: the guard of `{action.name}` for all {values} values of its parameters is too large"
        help_ = "use smaller constants, or say with `@reachable` what the action leads to"
        raise InputError([Diagnostic("E002", message, span, help_)])
    found: list[Node] = []
    for chosen in itertools.product(*(members(t) for t in types)):
        leaves = {
            action.param_offsets[i] + k: leaf
            for i, t, value in zip(numbers, types, chosen, strict=True)
            for k, leaf in enumerate(to_leaves(t, value))
        }
        (here,) = substitute([guard], {v: constant(v, leaves[var_of(v)[1]]) for v in variables})
        if here is TRUE:
            return TRUE
        found.append(here)
    return or_(found)
