"""Which leaves of a state say nothing that others do not?  Those that never change, and those that are always equal.

Rule of the module: by induction, and by form alone.  Leaves are held to be equal, to each other or to a constant,
as long as they are so in every initial state and every action gives them the same expression, read with equal
leaves for one another; what differs is split, until nothing does (van Eijk, "Sequential equivalence checking based
on structural similarities", IEEE TCAD 19, 2000).  Guards are not read, so this holds of more steps than there are.
It holds of the reachable states, and of nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from interlock.checker.ir import scalar as sc
from interlock.checker.ir.scalar import Leaf, Node, ScalarSystem
from interlock.checker.passes import starts
from interlock.checker.passes.known import Known


def correspondence(system: ScalarSystem) -> Known:
    """The leaves of a system's reachable states that need not be kept."""
    nodes = sc.variables("s", system.leaves)
    groups = _initially(system, nodes)
    while True:
        finer = list(_split(system, nodes, groups))
        if len(finer) == len(groups):
            break
        groups = finer
    one = {i: (head.lo, head.lo) for head, members in groups if sc.is_const(head) for i in members}
    fixed = {i: r for i, r in one.items() if r != (system.leaves[i].lo, system.leaves[i].hi)}
    same = {i: members[0] for head, members in groups if not sc.is_const(head) for i in members[1:]}
    return Known(fixed, same)


_Group = tuple[Node, list[int]]  # what stands for some leaves, and the leaves


def _initially(system: ScalarSystem, nodes: Sequence[Node]) -> list[_Group]:
    """Leaves by their values in the initial states; leaves that are not constant there have equal bounds as well."""
    found: dict[object, _Group] = {}
    for i, (leaf, values) in enumerate(zip(system.leaves, _first_values(system), strict=True)):
        if len(set(values)) == 1 and sc.is_const(values[0]):
            found.setdefault(values[0], (values[0], []))[1].append(i)
        else:
            found.setdefault((*_kind(leaf), values), (nodes[i], []))[1].append(i)
    return list(found.values())


def _first_values(system: ScalarSystem) -> list[tuple[Node, ...]]:
    """For each leaf its values in the initial states; or what the initial actions make of it, where those are many."""
    states = starts.listed(system)
    if states is not None:
        columns = zip(*states, strict=True) if states else ((leaf.lo,) for leaf in system.leaves)
        return [tuple(sc.constant(leaf, v) for v in c) for leaf, c in zip(system.leaves, columns, strict=True)]
    acting = [a for a in system.initials if sc.and_(a.guards) is not sc.FALSE]
    return [tuple(a.updates[i] for a in acting) for i in range(len(system.leaves))]


def _split(system: ScalarSystem, nodes: Sequence[Node], groups: Sequence[_Group]) -> Iterator[_Group]:
    """The groups, each divided by what the actions make of its leaves.  What stays constant, if only the constant
    itself, is a group still."""
    mapping = {nodes[i]: head for head, members in groups for i in members}
    heads = {i: head for head, members in groups if len(members) > 1 or sc.is_const(head) for i in members}
    signs: dict[int, list[Node]] = {i: [] for i in heads}
    memo: dict[int, Node] = {}
    for action in system.actions:
        written = [i for i in action.updates if i in heads]
        new = dict(zip(written, sc.substitute([action.updates[i] for i in written], mapping, memo), strict=True))
        for i, head in heads.items():
            signs[i].append(new.get(i, head))
    for head, members in groups:
        stay = [head] * len(system.actions)
        parts: dict[object, _Group] = {head: (head, [])} if sc.is_const(head) else {}
        for i in members:
            sign = signs.get(i, stay)
            kind = head if sc.is_const(head) and sign == stay else (*sign, *_kind(system.leaves[i]))
            parts.setdefault(kind, (nodes[i], []))[1].append(i)
        yield from parts.values()


def _kind(leaf: Leaf) -> tuple[bool, int, int]:
    return leaf.boolean, leaf.lo, leaf.hi
