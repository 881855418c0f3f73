"""What does each instance of an action ask for and change, and what is an expression worth after it?

Rule of the module: an instance is an action with constants for its parameters.  Comparisons of a choice with a
constant are written as choices of comparisons, most of which fold; so what a step does not decide stays the same
node, and what it does decide becomes a constant.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import attrs

from interlock.checker.ir.scalar import (
    FALSE,
    TRUE,
    Node,
    Op,
    ScalarSystem,
    and_,
    bool_var,
    conjuncts,
    eq,
    int_var,
    ite,
    le,
    lt,
    moving,
    rebuild,
    substitute,
    topological,
    var_of,
)
from interlock.checker.semantics.leaves import bindings

Values = Mapping[int, Node]

_COMPARE: Final = {Op.EQ: eq, Op.LT: lt, Op.LE: le}


@attrs.frozen(eq=False)
class Instance:
    """An action with values for its parameters, by the number that native code knows it by.

    `pinned`: leaves that have one value wherever it can be taken.  `reads`, `writes`: leaves, as bits of a number;
    an instance reads what its guards and its new values do.
    """

    number: int
    guards: tuple[Node, ...]
    updates: Values
    pinned: Values
    reads: int
    writes: int


class Expressions:
    """Expressions over the leaves of a system, and what they become."""

    def __init__(self, system: ScalarSystem) -> None:
        self.system = system
        self._supports: dict[int, int] = {}
        self._leaves: dict[int, Node] = {}
        self._images: dict[tuple[int, tuple[tuple[int, int], ...]], Node] = {}
        self._spreads: dict[int, Node] = {}
        self._compared: dict[tuple[int, int, Op, bool], Node] = {}

    def instances(self) -> Iterator[Instance]:
        """All that can be taken in some state, in order."""
        number = 0
        for action in self.system.actions:
            roots = [*action.guards, *action.updates.values()]
            for mapping in bindings(self.system, action, roots):
                nodes = substitute(roots, mapping)
                guards, new = nodes[: len(action.guards)], nodes[len(action.guards) :]
                made = self._instance(number, guards, dict(zip(action.updates, new, strict=True)))
                number += 1
                if made is not None:
                    yield made

    def _instance(self, number: int, guards: Sequence[Node], updates: Values) -> Instance | None:
        parts = self.conjuncts(guards)
        if and_(parts) is FALSE:
            return None
        changed = moving(updates)
        reads = 0
        for n in (*parts, *changed.values()):
            reads |= self.support(n)
        return Instance(number, parts, changed, dict(_pins(parts)), reads, sum(1 << i for i in changed))

    def conjuncts(self, conditions: Sequence[Node]) -> tuple[Node, ...]:
        """The parts of a conjunction, each once, with its comparisons spread."""
        return conjuncts(self._spread(conditions))

    # --- what becomes of an expression -------------------------------------------------------------

    def support(self, root: Node) -> int:
        """The leaves an expression reads, as bits."""
        known = self._supports
        if root.id not in known:
            for n in topological([root]):
                if n.op is Op.VAR:
                    known[n.id] = 1 << var_of(n)[1]
                    self._leaves[var_of(n)[1]] = n
                elif n.id not in known:
                    bits = 0
                    for c in n.src:
                        bits |= known[c.id]
                    known[n.id] = bits
        return known[root.id]

    def image(self, root: Node, new: Values, known: Values | None = None) -> Node:
        """An expression after leaves got new values, which are expressions themselves, said of the state before;
        in that state some leaves are `known`."""
        known, reads = known or {}, self.support(root)
        values = {i: self.image(n, known) if known else n for i, n in new.items() if reads >> i & 1}
        for i, n in known.items():
            if reads >> i & 1:
                values.setdefault(i, n)
        if not values:
            return root
        key = root.id, tuple(sorted((i, n.id) for i, n in values.items()))
        if key not in self._images:
            (self._images[key],) = substitute([root], {self._leaves[i]: n for i, n in values.items()})
        return self._images[key]

    def step(self, root: Node, instance: Instance) -> Node:
        """An expression over both ends of a step of an instance, said of the state before it."""
        ends = {n: n for n in topological([root]) if n.op is Op.VAR and var_of(n)[0] == "t"}
        for n in ends:
            i = var_of(n)[1]
            ends[n] = instance.updates[i] if i in instance.updates else _before(n)
        return self.image(substitute([root], ends)[0], {}, instance.pinned)

    def _spread(self, roots: Sequence[Node]) -> list[Node]:
        spread = self._spreads
        for n in topological(roots):
            if n.id not in spread:
                src = tuple(spread[c.id] for c in n.src)
                constant = next((i for i, c in enumerate(src) if c.op is Op.CONST), None)
                if n.op in _COMPARE and constant is not None and src[1 - constant].op is Op.ITE:
                    spread[n.id] = self._choices(n.op, src[1 - constant], src[constant], left=constant == 1)
                else:
                    spread[n.id] = n if src == n.src else rebuild(n, src)
        return [spread[r.id] for r in roots]

    def _choices(self, op: Op, choice: Node, constant: Node, *, left: bool) -> Node:
        """A choice compared with a constant, as a choice of comparisons."""
        known, stack = self._compared, [choice]
        while stack:
            n = stack[-1]
            key = n.id, constant.id, op, left
            if key not in known:
                if n.op is Op.ITE:
                    below = [c for c in n.src[1:] if (c.id, constant.id, op, left) not in known]
                    if below:
                        stack.extend(below)
                        continue
                    known[key] = ite(n.src[0], *(known[c.id, constant.id, op, left] for c in n.src[1:]))
                else:
                    known[key] = _COMPARE[op](*((n, constant) if left else (constant, n)))
            stack.pop()
        return known[choice.id, constant.id, op, left]


def _pins(guards: Sequence[Node]) -> Iterator[tuple[int, Node]]:
    """Leaves of which a guard says what they are."""
    for g in guards:
        if g.op is Op.VAR:
            yield var_of(g)[1], TRUE
        elif g.op is Op.NOT and g.src[0].op is Op.VAR:
            yield var_of(g.src[0])[1], FALSE
        elif g.op is Op.EQ:
            for x, y in (g.src, g.src[::-1]):
                if x.op is Op.VAR and y.op is Op.CONST:
                    yield var_of(x)[1], y


def _before(n: Node) -> Node:
    """The leaf of the state before a step that is `n` after it."""
    index = var_of(n)[1]
    return bool_var("s", index) if n.boolean else int_var("s", index, n.lo, n.hi)
