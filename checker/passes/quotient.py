"""Which permutations is a search reduced by, and how is one state of each orbit found quickly?

Rule of the module: one representative an orbit, always.  The permutations are those of the scalarsets a system
is symmetric in, a product of groups, in parts that move different leaves, so each part is settled alone:

* `Columns`: every leaf that moves belongs to one member (maps and sets of members, nothing that names one).
  Sorting the members by what they hold is enough, however many they are.
* `Walk`: anything else.  All permutations are tried, each one swap away from the last (Johnson and Trotter).  Of one
  scalarset, the members are sorted first, by what belongs to each and names none; then only the permutations of
  equal ones are tried.

Where there are too many permutations to try, or to count orbits in 64 bits, only those of the first members are
used: a smaller group, as sound, and its orbits are counted as exactly.
So it is where a RECOVERABLE property has parameters.  What one value of them wants is not symmetric, for a permutation
makes of it what another value wants; but then from no state is the one out of reach without, from an image of it, the
other.  So one value of each orbit is asked about, and the permutations are those that leave it as it is: the last
members stay where they are, as many as are needed to name values of all orbits.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, TypeAlias

import attrs

from interlock.checker.ir import types as ty
from interlock.checker.ir.nodes import PropertyKind
from interlock.checker.ir.scalar import Leaf, ScalarSystem, variables
from interlock.checker.ir.types import ScalarT, Type
from interlock.checker.passes.symmetry import Moved, Permutation, moved, moved_goals, scalarsets, swap

WALKED: Final = 720  # permutations tried for a state, at most: those of six members
ORDER: Final = 1 << 32  # permutations in all, at most: orbits are then counted without overflow

_MANY: Final = (-1, -1)  # no leaf of one member


@attrs.frozen
class Swap:
    """Two neighbouring members of a scalarset change places."""

    sort: ScalarT
    by: Permutation
    leaves: tuple[Moved, ...] = attrs.field(default=(), eq=False)  # where they go, for whoever makes the swap in place


@attrs.frozen
class Columns:
    """For each of the first members of a scalarset, its leaves, in the same order for all."""

    sort: ScalarT
    columns: tuple[tuple[int, ...], ...]

    @property
    def swaps(self) -> tuple[Swap, ...]:
        """The swaps of neighbours that make up all permutations."""
        return tuple(Swap(self.sort, swap(self.sort, k)) for k in range(len(self.columns) - 1))

    @property
    def order(self) -> int:
        """How many permutations there are."""
        return math.factorial(len(self.columns))


@attrs.frozen
class Walk:
    """Swaps, and in which order to make them to meet every permutation but the first.

    `keys`: for each member, the leaves it is sorted by; empty where there are none, or several scalarsets.
    """

    swaps: tuple[Swap, ...]
    steps: tuple[int, ...]
    keys: tuple[tuple[int, ...], ...] = ()

    @property
    def order(self) -> int:
        """How many permutations there are."""
        return len(self.steps) + 1


Part: TypeAlias = Columns | Walk


@attrs.frozen
class Quotient:
    """The permutations that a search is reduced by: a product of parts that move different leaves.

    `goals`: of each RECOVERABLE property, by its position, the goals that stand for all, and that they leave alone.
    """

    sorts: tuple[ScalarT, ...]
    parts: tuple[Part, ...]
    goals: Mapping[int, tuple[int, ...]] = attrs.field(factory=dict, eq=False)

    @property
    def order(self) -> int:
        """How many permutations there are: the size of the largest orbit there can be."""
        return math.prod(p.order for p in self.parts)

    @property
    def swaps(self) -> tuple[Swap, ...]:
        """The swaps of neighbours that make up all permutations."""
        return tuple(swap for part in self.parts for swap in part.swaps)


def quotient(system: ScalarSystem, sorts: Sequence[ScalarT]) -> Quotient | None:
    """The reduction by some scalarsets of the state, in all of which it is symmetric; None where there is none."""
    if not sorts:
        return None
    fixing = _Fixing(system, sorts)
    sorts = [sort for sort in sorts if fixing.sizes[sort] > 1]
    assert system.state is not None
    parts: list[Part] = []
    left = ORDER
    for group in _apart(system, sorts):
        part = _part(system.state, system.leaves, {sort: fixing.sizes[sort] for sort in group}, left)
        if part is not None:
            parts.append(part)
            left //= part.order
    return Quotient(tuple(sorts), tuple(parts), fixing.goals()) if parts else None


def _part(state: Type, leaves: Sequence[Leaf], group: Mapping[ScalarT, int], left: int) -> Part | None:
    """The permutations of the first members of each scalarset: of how many, `group` says; at most `left` in all."""
    found = columns(state, next(iter(group))) if len(group) == 1 else None
    if found is not None:
        most = min(group.values())
        size = max((n for n in range(1, most + 1) if math.factorial(n) <= left), default=1)
        return Columns(next(iter(group)), found[:size]) if size > 1 else None
    sizes = list(group.values())
    while math.prod(map(math.factorial, sizes)) > min(WALKED, left):
        sizes[sizes.index(max(sizes))] -= 1
    nodes = variables("s", leaves)
    swaps: list[Swap] = []
    steps: list[int] = []
    for sort, size in zip(group, sizes, strict=True):
        first = len(swaps)
        for k in range(size - 1):
            by = swap(sort, k)
            swaps.append(Swap(sort, by, tuple(moved(state, nodes, sort, by))))
        steps = _both(steps, [first + k for k in plain_changes(size)])
    keys = _keys(state, next(iter(group)))[: sizes[0]] if len(group) == 1 else ()
    return Walk(tuple(swaps), tuple(steps), keys) if steps else None


def _keys(state: Type, sort: ScalarT) -> tuple[tuple[int, ...], ...]:
    """For each member, the leaves that belong to it alone and name no member, in the same order for all."""
    owners = list(_owners(state, sort, ()))
    found = tuple(tuple(i for i, o in enumerate(owners) if o == (member,)) for member in range(sort.size))
    return found if found[0] else ()


def plain_changes(n: int) -> list[int]:
    """Which neighbours to swap, in turn, to meet all orders of n things."""
    if n < 2:
        return []
    down, up = list(range(n - 2, -1, -1)), list(range(n - 1))
    steps: list[int] = []
    going_down = True
    for inner in [*plain_changes(n - 1), None]:
        steps += down if going_down else up
        if inner is not None:
            steps.append(inner + going_down)
        going_down = not going_down
    return steps


def of_runs(joined: Sequence[bool]) -> list[int]:
    """Which neighbours to swap, in turn, to meet all orders within runs of things, each joined to the next or not."""
    steps: list[int] = []
    first = 0
    for i, more in enumerate((*joined, False)):
        if not more:
            steps = _both(steps, [first + k for k in plain_changes(i + 1 - first)])
            first = i + 1
    return steps


def _both(one: list[int], other: list[int]) -> list[int]:
    """Every pair of permutations: all of the one, a step of the other, all of the one backwards."""
    steps = list(one)
    back = one[::-1]
    for step in other:
        steps += [step, *back]
        back = back[::-1]
    return steps


# --- what is asked about ---------------------------------------------------------------------------


class _Fixing:
    """How many members of each scalarset may be permuted (`sizes`), so that of the goals of each RECOVERABLE property
    that all permutations make of one another, one at least stays what it is."""

    def __init__(self, system: ScalarSystem, sorts: Sequence[ScalarT]) -> None:
        self.sizes = {sort: sort.size for sort in sorts}
        self._swaps = {
            i: {sort: [moved_goals(p, sort, swap(sort, k)) for k in range(sort.size - 1)] for sort in sorts}
            for i, p in enumerate(system.properties)
            if p.kind is PropertyKind.RECOVERABLE
        }
        self._orbits = {i: _orbits(len(system.properties[i].goals), of) for i, of in self._swaps.items()}
        for i in self._swaps:
            self._shrink(i)

    def goals(self) -> dict[int, tuple[int, ...]]:
        """By property, one goal of each orbit, which the permutations leave alone."""
        return {i: tuple(sorted(map(min, self._answering(i)))) for i in self._orbits}

    def _shrink(self, i: int) -> None:
        while not all(self._answering(i)):
            moving = [sort for sort in self.sizes if len(self._fixed(i, sort)) < sum(map(len, self._orbits[i]))]
            self.sizes[max(moving, key=lambda sort: self.sizes[sort])] -= 1

    def _answering(self, i: int) -> list[set[int]]:
        """Of each orbit, the goals that no permutation moves."""
        still = set.intersection(*(self._fixed(i, sort) for sort in self.sizes))
        return [orbit & still for orbit in self._orbits[i]]

    def _fixed(self, i: int, sort: ScalarT) -> set[int]:
        swaps = self._swaps[i][sort][: self.sizes[sort] - 1]
        return {k for orbit in self._orbits[i] for k in orbit if all(by[k] == k for by in swaps)}


def _orbits(goals: int, swaps: Mapping[ScalarT, Sequence[Sequence[int]]]) -> list[set[int]]:
    """The goals in sets that permutations map to themselves, in the order of their first."""
    found: list[set[int]] = []
    seen: set[int] = set()
    for k in range(goals):
        if k in seen:
            continue
        orbit, waiting = {k}, [k]
        while waiting:
            here = waiting.pop()
            new = {by[here] for of in swaps.values() for by in of} - orbit
            orbit |= new
            waiting += new
        found.append(orbit)
        seen |= orbit
    return found


# --- what moves together ---------------------------------------------------------------------------


def _apart(system: ScalarSystem, sorts: Sequence[ScalarT]) -> list[list[ScalarT]]:
    """The scalarsets in groups that move different leaves."""
    groups: list[tuple[list[ScalarT], set[int]]] = []
    for sort in sorts:
        own, touched = [sort], _touched(system, sort)
        for group in [g for g in groups if g[1] & touched]:
            groups.remove(group)
            own, touched = [*group[0], *own], touched | group[1]
        groups.append((own, touched))
    return [sorted(own, key=sorts.index) for own, _ in groups]


def _touched(system: ScalarSystem, sort: ScalarT) -> set[int]:
    assert system.state is not None
    nodes = variables("s", system.leaves)
    found = set()
    for k in range(sort.size - 1):
        image = moved(system.state, nodes, sort, swap(sort, k))
        found |= {i for i, m in enumerate(image) if m.value or m.source is not nodes[i]}
    return found


def columns(state: Type, sort: ScalarT) -> tuple[tuple[int, ...], ...] | None:
    """The leaves of each member, where every leaf that moves belongs to just one; None where not."""
    owners = list(_owners(state, sort, ()))
    return None if any(len(o) > 1 for o in owners) else _keys(state, sort)


def _owners(t: Type, sort: ScalarT, above: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
    """For each leaf, the members of the scalarset that its place is named by."""
    match t:
        case ScalarT():
            yield _MANY if t == sort else above
        case ty.RecordT():
            for _, field in t.fields:
                yield from _owners(field, sort, above)
        case ty.TupleT():
            for item in t.items:
                yield from _owners(item, sort, above)
        case ty.OptionT():
            yield above
            yield from _owners(t.item, sort, above)
        case ty.MapT():
            for key in ty.members(t.key):
                yield from _owners(t.value, sort, (*above, *_named(t.key, key, sort)))
        case ty.SetT():
            for member in ty.members(t.item):
                yield (*above, *_named(t.item, member, sort))
        case ty.SeqT():
            yield above
            for _ in range(t.bound):
                yield from _owners(t.item, sort, above)
        case _:
            yield above


def _named(t: Type, value: Any, sort: ScalarT) -> tuple[int, ...]:
    """The members of the scalarset in a key."""
    match t:
        case ScalarT():
            return (value,) if t == sort else ()
        case ty.RecordT():
            return tuple(m for (_, f), v in zip(t.fields, value, strict=True) for m in _named(f, v, sort))
        case ty.TupleT():
            return tuple(m for f, v in zip(t.items, value, strict=True) for m in _named(f, v, sort))
        case ty.OptionT():
            return () if value is None else _named(t.item, value, sort)
        case ty.MapT() | ty.SetT() | ty.SeqT():
            return _MANY if sort in scalarsets(t) else ()
        case _:
            return ()
