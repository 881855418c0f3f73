"""Does one condition follow from others?  Shown by their structure, quickly or not at all.

Rule of the module: "yes" is a proof for all values of all leaves; "no" says nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

from interlock.checker.ir.scalar import FALSE, TRUE, Node, Op, and_, not_

_DEEP = 12  # operations that a proof looks into, one below the other
_EFFORT = 400  # pairs of expressions that one question may look at


class Entailment:
    """Which expressions imply which others, as far as it was asked: answers are kept."""

    def __init__(self) -> None:
        self._known: dict[tuple[int, int], bool] = {}
        self._left = 0

    def follows(self, facts: Sequence[Node], goal: Node, likely: Node = TRUE) -> bool:
        """Whether the goal is true wherever all the facts are; `likely` is the fact to try first."""
        if goal is TRUE or FALSE in facts:
            return True
        self._left = _EFFORT
        return self._entails(likely, goal, _DEEP) or any(self._entails(f, goal, _DEEP) for f in facts)

    def _entails(self, fact: Node, goal: Node, deep: int) -> bool:
        if fact is goal or fact is FALSE or goal is TRUE:
            return True
        if fact is TRUE or goal is FALSE or not deep or not self._left:
            return False
        key = fact.id, goal.id
        if key not in self._known:
            self._left -= 1
            shown = self._by_parts(fact, goal, deep - 1)
            if not shown and (deep < _DEEP or not self._left):
                return False  # with more effort it may be shown yet
            self._known[key] = shown
        return self._known[key]

    def _by_parts(self, fact: Node, goal: Node, deep: int) -> bool:
        if fact.op is Op.OR:
            return all(self._entails(f, goal, deep) for f in fact.src)
        if goal.op is Op.AND:
            return all(self._entails(fact, g, deep) for g in goal.src)
        if fact.op is Op.NOT and goal.op is Op.NOT:
            return self._entails(goal.src[0], fact.src[0], deep)
        if fact.op is Op.ITE:
            test, then, otherwise = fact.src
            cases = (and_((test, then)), goal), (and_((not_(test), otherwise)), goal)
            return all(self._entails(f, g, deep) for f, g in cases)
        if goal.op is Op.ITE:
            test, then, otherwise = goal.src
            cases = (and_((fact, test)), then), (and_((fact, not_(test))), otherwise)
            return all(self._entails(f, g, deep) for f, g in cases)
        return (
            (fact.op is Op.AND and any(self._entails(f, goal, deep) for f in fact.src))
            or (goal.op is Op.OR and any(self._entails(fact, g, deep) for g in goal.src))
        )  # fmt: skip
