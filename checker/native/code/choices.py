"""What does a computed key choose?  A tree of choices as a table, by the few bits that decide it.

A map that is read at a key from the state is a chain of comparisons in the scalar form, one a key; in code it is one
look into a table.  Rule of the module: a table says for all values of the bits what the tree would choose; values that
the bits never have are among them, and harmless.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import attrs

from interlock.checker.ir.scalar import Node, Op

MOST_BITS = 8  # of a key; a table of bytes is then four lines of memory at most
_MOST_NODES = 400  # of a tree and its conditions


@attrs.frozen
class Selector:
    """An expression that decides: `width` bits from `shift` on of the key hold its value - `lo`."""

    node: Node
    shift: int
    width: int
    lo: int


@attrs.frozen
class Choice:
    """`chosen[key]` is one of `outcomes`, by its place among them."""

    selectors: tuple[Selector, ...]
    outcomes: tuple[Node, ...]
    chosen: tuple[int, ...]


Measure = Callable[[Node], tuple[int, int]]  # the bits that a node takes in a key, and its value where they are 0


def choice_of(root: Node, measure: Measure, order: Callable[[Node], tuple[int, ...]]) -> Choice | None:
    """A tree of choices as a table; None where too many bits decide it.  Selectors are put in an order, low bits first."""
    deciding = _deciding(root)
    if deciding is None:
        return None
    selectors: list[Selector] = []
    shift = 0
    for n in sorted(deciding, key=order):
        width, lo = measure(n)
        selectors.append(Selector(n, shift, width, lo))
        shift += width
    if shift > MOST_BITS:
        return None
    return _Tree(selectors, shift).choice(root)


def _deciding(root: Node) -> list[Node] | None:
    """The expressions that conditions of a tree compare, or are made of; None where there are many."""
    found: list[Node] = []
    seen: set[tuple[int, bool]] = set()
    stack: list[tuple[Node, bool]] = [(root, False)]  # and whether it is a condition
    while stack:
        n, condition = stack.pop()
        if (n.id, condition) in seen or n.op is Op.CONST:
            continue
        seen.add((n.id, condition))
        if n.op is Op.ITE and (n.boolean or not condition):
            stack += [(n.src[0], True), (n.src[1], condition), (n.src[2], condition)]
        elif condition and (n.op in _JUNCTIONS or n.op in _COMPARISONS):
            stack += [(c, True) for c in n.src]
        elif condition:
            found.append(n)
        if len(seen) > _MOST_NODES or len(found) > MOST_BITS:
            return None
    return found


_JUNCTIONS = frozenset({Op.NOT, Op.AND, Op.OR})
_COMPARISONS: Mapping[Op, Callable[[int, int], bool]] = {
    Op.EQ: lambda a, b: a == b, Op.LT: lambda a, b: a < b, Op.LE: lambda a, b: a <= b,
}  # fmt: skip


class _Tree:
    """Sets of keys, as bits of an int: bit k says whether key k is among them."""

    def __init__(self, selectors: Sequence[Selector], bits: int) -> None:
        self.selectors, self.all = selectors, (1 << (1 << bits)) - 1
        self.by_node = {s.node.id: s for s in selectors}
        self.size = 1 << bits
        self.known: dict[int, int] = {}
        # keys whose bit i is 1: runs of 2**i ones and zeros in turn
        self.with_bit = [self.all // ((1 << (1 << i)) + 1) << (1 << i) for i in range(bits)]

    def choice(self, root: Node) -> Choice:
        """What the tree chooses for each key."""
        chosen = [0] * self.size
        outcomes: dict[int, int] = {}
        nodes: list[Node] = []
        stack = [(root, self.all)]
        while stack:
            n, keys = stack.pop()
            if not keys:
                continue
            if n.op is Op.ITE:
                yes = self.holds(n.src[0])
                stack += [(n.src[2], keys & ~yes), (n.src[1], keys & yes)]
                continue
            place = outcomes.setdefault(n.id, len(outcomes))
            if place == len(nodes):
                nodes.append(n)
            while keys:
                low = keys & -keys
                chosen[low.bit_length() - 1] = place
                keys ^= low
        return Choice(tuple(self.selectors), tuple(nodes), tuple(chosen))

    def holds(self, n: Node) -> int:
        """The keys for which a condition holds."""
        found = self.known.get(n.id)
        if found is None:
            found = self.known[n.id] = self._holds(n)
        return found

    def _holds(self, n: Node) -> int:
        if n.op is Op.CONST:
            return self.all if n.arg else 0
        if n.op is Op.NOT:
            return self.all & ~self.holds(n.src[0])
        if n.op is Op.AND:
            keys = self.all
            for c in n.src:
                keys &= self.holds(c)
            return keys
        if n.op is Op.OR:
            keys = 0
            for c in n.src:
                keys |= self.holds(c)
            return keys
        if n.op is Op.ITE:
            yes = self.holds(n.src[0])
            return yes & self.holds(n.src[1]) | self.all & ~yes & self.holds(n.src[2])
        if n.op in _COMPARISONS:
            return self._compared(n)
        return self.with_bit[self.by_node[n.id].shift]

    def _compared(self, n: Node) -> int:
        compare, (a, b) = _COMPARISONS[n.op], n.src
        if a.boolean:
            return self.all & ~(self.holds(a) ^ self.holds(b))
        keys = 0
        for x, first in self._values(a):
            for y, second in self._values(b):
                if compare(x, y):
                    keys |= first & second
        return keys

    def _values(self, n: Node) -> list[tuple[int, int]]:
        """The values of a number, each with the keys for which it has it."""
        if n.op is Op.CONST:
            return [(n.lo, self.all)]
        s = self.by_node[n.id]
        found = []
        for raw in range(1 << s.width):
            keys = self.all
            for i in range(s.width):
                bit = self.with_bit[s.shift + i]
                keys &= bit if raw >> i & 1 else ~bit
            found.append((raw + s.lo, keys))
        return found
