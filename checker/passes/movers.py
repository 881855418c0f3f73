"""Which steps may as well be taken the other way round?  Pairs of instances, shown by their expressions.

An instance b is a *left mover* over a (Lipton, "Reduction", CACM 1975) where, whatever the state: if a can be taken
in it and b after a, then b can be taken in it and a after b, and both ways end in the same state.

Rule of the module: "yes" is a proof for all values of all leaves, reachable or not; "no" says nothing.  So it may
stop after any pair, and what it has shown by then is right.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from interlock.checker.ir.scalar import FALSE, Node
from interlock.checker.passes.entailment import Entailment
from interlock.checker.passes.instances import Expressions, Instance, Values


class Movers:
    """The left movers of a system."""

    def __init__(self, expressions: Expressions) -> None:
        self._of, self._entailment = expressions, Entailment()

    def row(self, a: Instance, others: Iterable[Instance]) -> int:
        """Which of the others are left movers over an instance, as bits by their numbers."""
        return sum(1 << b.number for b in others if self.left(b, a))

    def left(self, b: Instance, a: Instance) -> bool:
        """Whether b is shown to be a left mover over a."""
        if not (a.writes & (b.reads | b.writes) or b.writes & a.reads):
            return True
        now = {i: a.pinned[i] for i in a.updates if i in a.pinned}
        later = [self._of.image(g, a.updates, now) for g in b.guards]
        if FALSE in later:  # b can never be taken after a
            return True
        if not self._enabled_before(b, a, now, later):
            return False
        if any(i in b.pinned and b.pinned[i] is not n for i, n in a.pinned.items()):
            return True  # no state has both
        return self._enabled_after(a, b) and self._same_end(a, b)

    def _enabled_before(self, b: Instance, a: Instance, now: Values, later: Sequence[Node]) -> bool:
        """Where a leads to a state in which b can be taken, it could be taken before."""
        facts = [*(self._of.image(g, now) for g in a.guards), *later]
        return all(
            self._entailment.follows(facts, self._of.image(g, now), then)
            for g, then in zip(b.guards, later, strict=True)
            if self._of.support(g) & a.writes
        )

    def _enabled_after(self, a: Instance, b: Instance) -> bool:
        """Where both can be taken, a can be taken after b."""
        now = {i: n for i, n in {**b.pinned, **a.pinned}.items() if i in b.updates}
        facts = [self._of.image(g, now) for g in (*a.guards, *b.guards)]
        return all(
            self._entailment.follows(facts, self._of.image(g, b.updates, now), self._of.image(g, now))
            for g in a.guards
            if self._of.support(g) & b.writes
        )

    def _same_end(self, a: Instance, b: Instance) -> bool:
        """Where both can be taken, the order makes no difference."""
        both = {**b.pinned, **a.pinned}
        return all(self._after(i, a, b, both) is self._after(i, b, a, both) for i in {**a.updates, **b.updates})

    def _after(self, leaf: int, first: Instance, second: Instance, known: Values) -> Node:
        """A leaf after two steps."""
        if leaf in second.updates:
            return self._of.image(second.updates[leaf], first.updates, known)
        return self._of.image(first.updates[leaf], known)
