"""Which values can a leaf have in the states that can be reached?  Fewer than it is declared with, as a rule.

Rule of the module: by induction over all steps, each leaf for itself: an interval for each that has the initial
values, and the new values of every instance of an action whose guards can hold within the intervals of what they read
(Cousot and Cousot, "Abstract interpretation", POPL 1977).  The nodes of the scalar form know their intervals, so a
step is judged by writing it anew over narrower variables.  It holds of the reachable states, and of nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

import attrs

from interlock.checker.ir import scalar as sc
from interlock.checker.ir.scalar import Node, Op, ScalarAction, ScalarSystem
from interlock.checker.passes import starts
from interlock.checker.passes.known import Known, Range
from interlock.checker.semantics.leaves import bindings

MOST: Final = 4096  # instances that are looked at
_PATIENCE: Final = 3  # rounds in which an interval grows as far as its steps take it; then at once as far as it may


@attrs.frozen
class _Instance:
    """An action with values for its parameters; `reads`: the leaves that its expressions read."""

    guards: tuple[Node, ...]
    updates: Mapping[int, Node]
    reads: frozenset[int]


def ranges(system: ScalarSystem) -> dict[int, Range]:
    """The least and the greatest value of each leaf that has fewer than its bounds allow."""
    declared = [(leaf.lo, leaf.hi) for leaf in system.leaves]
    if sum(a.instances for a in system.actions) > MOST:
        return {}
    steps = [i for a in system.actions for i in _instances(system, a)]
    first = _initially(system)
    now, grew = list(first), [0] * len(first)
    changed = set(range(len(now)))
    while changed:
        found = _after([i for i in steps if not i.reads or not changed.isdisjoint(i.reads)], system, now, now)
        changed = {i for i, r in enumerate(found) if r != now[i]}
        for i in changed:
            grew[i] += 1
            now[i] = found[i] if grew[i] <= _PATIENCE else _grown(now[i], found[i], declared[i])
    for _ in range(_PATIENCE if max(grew, default=0) > _PATIENCE else 0):  # what was taken too much is given back
        now = _after(steps, system, now, first)
    return {i: r for i, r in enumerate(now) if r != declared[i]}


def _initially(system: ScalarSystem) -> list[Range]:
    """The least and the greatest value of each leaf in the initial states; or bounds of those, where they are many."""
    states = starts.listed(system)
    if states:
        return [(min(values), max(values)) for values in zip(*states, strict=True)]
    found = [r for a in system.initials if (r := _of_initial(system, a)) is not None]
    if not found:
        return [(leaf.lo, leaf.hi) for leaf in system.leaves]
    return [(min(lo for lo, _ in rs), max(hi for _, hi in rs)) for rs in zip(*found, strict=True)]


def _of_initial(system: ScalarSystem, action: ScalarAction) -> list[Range] | None:
    """Bounds of what an initial action makes of each leaf; None where it is never enabled."""
    guards = sc.conjuncts(action.guards)
    if sc.and_(guards) is sc.FALSE:
        return None
    made = sc.substitute([action.updates[i] for i in range(len(system.leaves))], _where(guards))
    found = [(max(n.lo, leaf.lo), min(n.hi, leaf.hi)) for n, leaf in zip(made, system.leaves, strict=True)]
    return found if all(lo <= hi for lo, hi in found) else None


def _instances(system: ScalarSystem, action: ScalarAction) -> Iterator[_Instance]:
    """Those whose guards do not fold to false."""
    updates = sc.moving(action.updates)
    for mapping in bindings(system, action, [*action.guards, *updates.values()]):
        memo: dict[int, Node] = {}
        guards = sc.conjuncts(sc.substitute(action.guards, mapping, memo))
        if sc.and_(guards) is not sc.FALSE:
            new = dict(zip(updates, sc.substitute(updates.values(), mapping, memo), strict=True))
            yield _Instance(guards, new, _read([*guards, *new.values()]))


def _read(roots: Iterable[Node]) -> frozenset[int]:
    return frozenset(sc.var_of(n)[1] for n in sc.topological(roots) if n.op is Op.VAR)


def _after(
    steps: Iterable[_Instance], system: ScalarSystem, now: Sequence[Range], other: Sequence[Range]
) -> list[Range]:
    """The intervals of what these steps make of states within `now`, and of other values."""
    variables = sc.variables("s", system.leaves)
    leaves = Known(dict(enumerate(now))).leaves(system.leaves)
    narrow, memo = dict(zip(variables, sc.variables("s", leaves), strict=True)), dict[int, Node]()
    found = list(other)
    for step in steps:
        guards = sc.conjuncts(sc.substitute(step.guards, narrow, memo))
        if sc.and_(guards) is sc.FALSE:
            continue
        for i, new in zip(step.updates, sc.substitute(step.updates.values(), narrow, memo), strict=True):
            lo, hi = found[i]
            if new.lo < lo or new.hi > hi:
                (new,) = sc.substitute([new], _where(guards))
                leaf = system.leaves[i]  # a step does not leave its bounds, whatever the expression could be worth
                found[i] = min(lo, max(new.lo, leaf.lo)), max(hi, min(new.hi, leaf.hi))
    return found


def _where(guards: Iterable[Node]) -> dict[Node, Node]:
    """Variables that guards compare with something, as narrower ones: they are so wherever the guards hold."""
    bounds: dict[Node, Range] = {}
    for g in guards:
        if g.op not in (Op.LT, Op.LE, Op.EQ) or g.src[0].boolean:
            continue
        a, b = g.src
        gap = int(g.op is Op.LT)
        for n, lo, hi in (
            (a, b.lo if g.op is Op.EQ else a.lo, b.hi - gap),
            (b, a.lo + gap, a.hi if g.op is Op.EQ else b.hi),
        ):
            if n.op is Op.VAR:
                known = bounds.get(n, (n.lo, n.hi))
                bounds[n] = max(lo, known[0]), min(hi, known[1])
    return {n: sc.int_var(*sc.var_of(n), lo, hi) for n, (lo, hi) in bounds.items() if lo <= hi}


def _grown(before: Range, after: Range, declared: Range) -> Range:
    """An interval that has grown often: it ends where it may, on the side on which it grew."""
    return (
        before[0] if after[0] == before[0] else declared[0],
        before[1] if after[1] == before[1] else declared[1],
    )
