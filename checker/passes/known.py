"""What is known of all states that can be reached, beside what their type says?  And the system as it is then.

Rule of the module: what is known was shown by others (`correspondence`, `ranges`), for the reachable states and for
nothing else; so it is of use to who reaches states by steps from the initial ones, and to nobody who is given one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import attrs

from interlock.checker.ir import scalar as sc
from interlock.checker.ir.scalar import ErrorSite, Leaf, Node, ScalarAction, ScalarProperty, ScalarSystem

Range = tuple[int, int]


@attrs.frozen
class Known:
    """`ranges`: the least and the greatest value of leaves that have fewer than is declared, of some one alone.
    `same`: leaves and an earlier one that each is equal to, which has the same bounds."""

    ranges: Mapping[int, Range] = attrs.field(factory=dict)
    same: Mapping[int, int] = attrs.field(factory=dict)

    def leaves(self, leaves: Sequence[Leaf]) -> tuple[Leaf, ...]:
        """Leaves with the values that they can have."""
        return tuple(
            attrs.evolve(leaf, lo=self.ranges[i][0], hi=self.ranges[i][1]) if i in self.ranges else leaf
            for i, leaf in enumerate(leaves)
        )


NOTHING: Final = Known()


def narrowed(system: ScalarSystem, known: Known) -> ScalarSystem:
    """The same system for states that are known to be so: leaves that have one value, or are the same as others, are
    neither read nor written."""
    if known == NOTHING:
        return system
    leaves = known.leaves(system.leaves)
    mapping: dict[Node, Node] = {}
    for space in ("s", "t"):
        before, after = sc.variables(space, system.leaves), sc.variables(space, leaves)
        mapping |= dict(zip(before, after, strict=True))
        mapping |= {before[i]: after[k] for i, k in known.same.items()}
    memo: dict[int, Node] = {}

    def of(roots: Iterable[Node]) -> list[Node]:
        return sc.substitute(roots, mapping, memo)

    def sites(errors: Sequence[ErrorSite]) -> tuple[ErrorSite, ...]:
        conditions = of(e.condition for e in errors)
        return tuple(attrs.evolve(e, condition=c) for e, c in zip(errors, conditions, strict=True))

    def acting(action: ScalarAction) -> ScalarAction:
        kept = [i for i in action.updates if leaves[i].lo < leaves[i].hi and i not in known.same]
        updates = dict(zip(kept, of(action.updates[i] for i in kept), strict=True))
        return attrs.evolve(action, guards=tuple(of(action.guards)), errors=sites(action.errors), updates=updates)

    def judging(p: ScalarProperty) -> ScalarProperty:
        value, *goals = of([p.value, *p.goals])
        return attrs.evolve(p, value=value, errors=sites(p.errors), goals=tuple(goals))

    return attrs.evolve(
        system,
        leaves=leaves,
        actions=tuple(map(acting, system.actions)),
        properties=tuple(map(judging, system.properties)),
        terminal=None if system.terminal is None else judging(system.terminal),
    )
