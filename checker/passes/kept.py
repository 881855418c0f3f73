"""Which steps, and which states after them, need not be checked?  Those of instances that are shown to break nothing.

Rule of the module: a state before such a step was checked, or was reached by such steps from one that was; so what
is wrong in the state after it was wrong before, and is told by the shorter path.  "Yes" is a proof for all values of
all leaves; "no" says nothing.
"""

from __future__ import annotations

from interlock.checker.ir.nodes import PropertyKind
from interlock.checker.ir.scalar import Node, ScalarProperty, not_, or_
from interlock.checker.passes.entailment import Entailment
from interlock.checker.passes.instances import Expressions, Instance


class Kept:
    """What is checked in each state of a system, part by part."""

    def __init__(self, expressions: Expressions) -> None:
        self._of, self._entailment = expressions, Entailment()
        conditions = [c for p in expressions.system.properties for c in _checked(p)]
        self.parts = expressions.conjuncts(conditions)
        steps = [p for p in expressions.system.properties if p.kind is PropertyKind.STEP]
        self._steps = expressions.conjuncts([c for p in steps for c in (p.value, *_fine(p))])

    def by(self, instance: Instance) -> bool:
        """Whether an instance is shown to keep each part."""
        return all(self._keeps(instance, part) for part in self.parts if self._of.support(part) & instance.writes)

    def steps(self, instance: Instance) -> bool:
        """Whether what is claimed of steps follows, for each step of an instance, from its guards."""
        return all(self._entailment.follows(instance.guards, self._of.step(c, instance)) for c in self._steps)

    def _keeps(self, instance: Instance, part: Node) -> bool:
        now = {i: instance.pinned[i] for i in instance.updates if i in instance.pinned}
        before = self._of.image(part, now)
        facts = [self._of.image(g, now) for g in instance.guards]
        return self._entailment.follows([before, *facts], self._of.image(part, instance.updates, now), before)


def _checked(p: ScalarProperty) -> list[Node]:
    """What is true of a state in which nothing is found: no error, no violation, no witness."""
    if p.kind is PropertyKind.STEP:
        return []
    wrong = or_(e.condition for e in p.errors)
    if p.kind is PropertyKind.ALWAYS:
        return [*_fine(p), or_((p.value, wrong))]
    return [*_fine(p), or_((not_(p.value), wrong))] if p.kind is PropertyKind.REACHABLE else _fine(p)


def _fine(p: ScalarProperty) -> list[Node]:
    return [not_(e.condition) for e in p.errors]
