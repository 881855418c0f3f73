"""How does an action become code that writes its successors, or only the numbers of its enabled instances?

Rule of the module: both in the same order.  Nest over the parameters in order, and over the members of one that is a
set, from the last, which is the order of sets.  Values are substituted as constants (combinations that fold to false
cost nothing) while the code stays small, else the level is a loop over a table.  A conjunct that all ways to act share
is tested where the last that it asks about is known, once for all below.
"""

from __future__ import annotations

import collections
import itertools
import math
from collections.abc import Iterator, Mapping, Sequence

import attrs

from interlock.checker.ir.scalar import (
    Node,
    Op,
    ScalarSystem,
    conjuncts,
    constant,
    moving,
    substitute,
    topological,
)
from interlock.checker.ir.types import NEVER, RecordT, SetT, TupleT, Type, members
from interlock.checker.native.code.emit import Emitter, load_words, width
from interlock.checker.native.code.text import TRUE, Address, Bit, Code, Word
from interlock.checker.semantics.layout import Packing
from interlock.checker.semantics.leaves import flatten_type, to_leaves

# Nodes of an action's unrolled levels: at some thirty characters each, half a second of optimising (`jit`).
UNROLL = 12_000
# A branch that is predicted wrong costs as much as ten to twenty instructions; a node is one to three.
_CHEAP = 6  # nodes up to which a successor is written without asking first whether it counts
_TEST = 3  # nodes tested by one branch
_PIECES = 24  # of many conjuncts, a branch tests at least a part as large as this says: each is a block within a block


@attrs.frozen
class Target:
    """Something an instance may do when all conjuncts hold: take its step, or be an error."""

    conjuncts: tuple[Node, ...]
    error: bool


@attrs.frozen
class Digit:
    """A level of the nest: leaves of a parameter (by their places among those of all), and the values they can have."""

    leaves: tuple[int, ...]
    rows: tuple[tuple[int, ...], ...]


@attrs.frozen
class Ident:
    """The number of an instance: a part known now and one known at run time."""

    fixed: int
    moving: Word | None = None


def digits(t: Type, at: int) -> Iterator[Digit]:
    """A parameter's type as levels, in the order of its values; its leaves are those from `at` on."""
    match t:
        case SetT():
            count = len(members(t.item)) if t.item != NEVER else 0
            yield from (Digit((at + i,), ((0,), (1,))) for i in reversed(range(count)))
        case RecordT() | TupleT() if _with_sets(t):
            for part in parts(t):
                yield from digits(part, at)
                at += len(flatten_type(part))
        case _:
            rows = tuple(to_leaves(t, value) for value in members(t))
            yield Digit(tuple(range(at, at + len(rows[0]))), rows)


def parts(t: Type) -> tuple[Type, ...]:
    """The fields of a record or a tuple; of other types, none."""
    match t:
        case RecordT():
            return tuple(field for _, field in t.fields)
        case TupleT():
            return t.items
        case _:
            return ()


def _with_sets(t: Type) -> bool:
    return isinstance(t, SetT) or any(map(_with_sets, parts(t)))


def action_code(system: ScalarSystem, packing: Packing, index: int, base: int) -> str:
    """`@act<index>(state, out, ids, n, err) -> n`, with instance numbers from `base`."""
    return Nest(system, packing, index, states=True).text(base)


class Nest:
    """The nest of one action.  Without `states` it is `@can<index>(state, ids, n, err) -> n`: the numbers alone."""

    def __init__(self, system: ScalarSystem, packing: Packing, index: int, *, states: bool) -> None:
        self.action, self.index, self.packing, self.states = system.actions[index], index, packing, states
        name, out, inline = (
            (f"@act{index}", "ptr noalias %out, ", "") if states else (f"@can{index}", "", "alwaysinline ")
        )
        self.code = Code(
            f"define internal i64 {name}(ptr noalias readonly %s, {out}ptr noalias %ids, "
            f"i64 %n, ptr noalias %err) {inline}nounwind"
        )
        self.words = load_words(self.code, Address("%s"), width(packing))
        self.emit = Emitter(self.code, system.leaves, packing, {"s": self.words})
        self.n = self.code.var(Word("%n"))
        self._free: dict[int, int] = {}
        params = zip(self.action.params, self.action.param_offsets, strict=True)
        self.digits = [digit for (_, t), offset in params for digit in digits(t, offset)]
        self.sizes = [len(digit.rows) for digit in self.digits]
        self.strides = [math.prod(self.sizes[i + 1 :]) for i in range(len(self.sizes))]
        self.updates = moving(self.action.updates) if states else {}
        self.unrolled = self._plan()
        self.live: set[int] = set()  # instances, or the first of a loop's, whose guard does not fold to false

    def _plan(self) -> int:
        """How many levels, from the first, have their values substituted."""
        action = self.action
        roots = [*action.guards, *(e.condition for e in action.errors), *self.updates.values()]
        nodes = topological(roots)
        # A list: sets of nodes have another order in another run, and the same system must become the same text.
        self.params = [n for n in nodes if n.op is Op.VAR and n.arg[0] == "p"]  # type: ignore[index]
        size = max(6, sum(1 for n in nodes if self.free(n)))
        for level in range(len(self.digits)):
            if math.prod(self.sizes[: level + 1]) * size > UNROLL:
                return level
        return len(self.digits)

    @property
    def stride(self) -> int:
        """How many instances have the same values at the unrolled levels."""
        return math.prod(self.sizes[self.unrolled :])

    def free(self, root: Node) -> int:
        """The parameter leaves below a node, as a mask."""
        free = self._free
        stack = [root]
        while stack:
            n = stack[-1]
            if n.id not in free:
                missing = [c for c in n.src if c.id not in free]
                if missing:
                    stack.extend(missing)
                    continue
                own = 1 << n.arg[1] if n.op is Op.VAR and n.arg[0] == "p" else 0  # type: ignore[index]
                for c in n.src:
                    own |= free[c.id]
                free[n.id] = own
            stack.pop()
        return free[root.id]

    def text(self, base: int) -> str:
        action = self.action
        targets = [Target(conjuncts(action.guards), False)]
        targets += [Target(conjuncts((e.condition,)), True) for e in action.errors]
        self._level(0, targets, self.updates, Ident(base))
        return self.code.finish(self.code.get(self.n))

    # --- the nest ----------------------------------------------------------------------------------

    def _level(self, level: int, targets: list[Target], updates: Mapping[int, Node], ident: Ident) -> None:
        targets = [t for t in targets if all(c.op is not Op.CONST or c.arg for c in t.conjuncts)]
        if not targets:
            return
        last = level == len(self.digits)
        if last and len(targets) == 1:
            self._act(targets[0], updates, ident)
            return
        common = self._common(level, targets)
        if common:
            self._tested(common, level, targets, updates, ident)
        elif last:
            for group in _groups(targets):
                self._level(level, group, updates, ident)
        elif level < self.unrolled:
            self._unroll(level, targets, updates, ident)
        else:
            self._loop(level, targets, updates, ident)

    def _common(self, level: int, targets: list[Target]) -> list[Node]:
        unknown = sum(1 << leaf for digit in self.digits[level:] for leaf in digit.leaves)
        shared = set.intersection(*({c.id for c in t.conjuncts} for t in targets))
        return [c for c in targets[0].conjuncts if c.id in shared and not self.free(c) & unknown]

    def _tested(
        self, common: list[Node], level: int, targets: list[Target], updates: Mapping[int, Node], ident: Ident
    ) -> None:
        """Test some of the common conjuncts, and go on where they hold."""
        now = self._cheap_part(common)
        ids = {c.id for c in now}
        left = [Target(tuple(c for c in t.conjuncts if c.id not in ids), t.error) for t in targets]
        with self.code.when(self.emit.all(now)), self.emit.scope():
            self._level(level, left, updates, ident)

    def _cheap_part(self, conjuncts: Sequence[Node]) -> list[Node]:
        priced = sorted(conjuncts, key=lambda c: self.emit.price((c,)))
        least = max(1, len(priced) // _PIECES)
        now = priced[:least]
        for c in priced[least:]:
            if self.emit.price((*now, c)) > _TEST:
                break
            now.append(c)
        return now

    def _unroll(self, level: int, targets: list[Target], updates: Mapping[int, Node], ident: Ident) -> None:
        mine = self._mine(level)
        for i, row in enumerate(self.digits[level].rows):
            mapping = {n: constant(n, row[k]) for n, k in mine.items()}
            new, changed = _substituted(targets, updates, mapping)
            self._level(level + 1, new, changed, attrs.evolve(ident, fixed=ident.fixed + i * self.strides[level]))

    def _mine(self, level: int) -> dict[Node, int]:
        """The parameter nodes of a level, and which of its leaves each is."""
        leaves = self.digits[level].leaves
        return {n: leaves.index(n.arg[1]) for n in self.params if n.arg[1] in leaves}  # type: ignore[index]

    def _loop(self, level: int, targets: list[Target], updates: Mapping[int, Node], ident: Ident) -> None:
        code, rows = self.code, self.digits[level].rows
        self.live.add(ident.fixed)
        columns = max(1, len(rows[0]))
        table = code.table([int(x) for row in rows for x in (row or (0,))])
        with code.count(0, len(rows)) as i, self.emit.scope():
            row = code.at(table, code.mul(i, columns))
            for n, k in self._mine(level).items():
                value = code.load(row, k)
                self.emit.bind(n, code.op(f"trunc i64 {value} to i1") if n.boolean else value)
            moved = code.mul(i, self.strides[level])
            moving = moved if ident.moving is None else code.add(ident.moving, moved)
            self._level(level + 1, targets, updates, attrs.evolve(ident, moving=moving))

    # --- what an instance does ---------------------------------------------------------------------

    def _act(self, target: Target, updates: Mapping[int, Node], ident: Ident) -> None:
        if target.error:
            with self.code.when(self.emit.all(list(target.conjuncts))), self.emit.scope():
                self._error(ident)
            return
        self.live.add(ident.fixed)
        rest = list(target.conjuncts)
        wide = self.states and width(self.packing) > 2  # to store three words costs more than a branch
        if wide or self.emit.price((*rest, *updates.values())) > _CHEAP:
            self._branched(rest, updates, ident)
        else:
            self._write(self.emit.all(rest), updates, ident)

    def _branched(self, rest: list[Node], updates: Mapping[int, Node], ident: Ident) -> None:
        if not rest:
            with self.emit.scope():
                self._write(TRUE, updates, ident)
            return
        now = self._cheap_part(rest)
        with self.code.when(self.emit.all(now)), self.emit.scope():
            self._branched([c for c in rest if c not in now], updates, ident)

    def _write(self, test: Bit, updates: Mapping[int, Node], ident: Ident) -> None:
        """out[n], ids[n] = successor, number; n += test."""
        code = self.code
        n = code.get(self.n)
        if self.states:
            row = code.at(Address("%out"), code.mul(n, width(self.packing)))
            for k, word in enumerate(self.emit.packed(self.words, updates)):
                code.store(word, row, k)
        code.do(f"store i32 {self._number(ident)}, ptr {code.at(Address('%ids'), n, 'i32')}")
        code.set(self.n, code.add(n, 1 if test == TRUE else code.number(test)))

    def _error(self, ident: Ident) -> None:
        """err[0] = number, unless an earlier instance was an error."""
        code = self.code
        with code.when(code.cmp("eq", code.load(Address("%err")), -1)):
            code.store(code.word(f"zext i32 {self._number(ident)} to i64"), Address("%err"))

    def _number(self, ident: Ident) -> str:
        if ident.moving is None:
            return str(ident.fixed)
        total = self.code.add(ident.moving, ident.fixed)
        return self.code.op(f"trunc i64 {total} to i32")


def _groups(targets: Sequence[Target]) -> tuple[list[Target], list[Target]]:
    """What an instance may do, which excludes each other, in two: as many ways as share a conjunct, and the others.

    Most ways to be an error share with the step all that was asked for before them.
    """
    shares = collections.Counter(c.id for t in targets for c in t.conjuncts)
    best = max(shares, key=lambda i: shares[i], default=None)
    if best is None or shares[best] == 1:
        return [targets[0]], list(targets[1:])
    having = [t for t in targets if any(c.id == best for c in t.conjuncts)]
    return having, [t for t in targets if t not in having]


def _substituted(
    targets: list[Target], updates: Mapping[int, Node], mapping: Mapping[Node, Node]
) -> tuple[list[Target], dict[int, Node]]:
    roots = [*itertools.chain.from_iterable(t.conjuncts for t in targets), *updates.values()]
    new = iter(substitute(roots, mapping) if mapping else roots)
    changed = [Target(conjuncts(list(itertools.islice(new, len(t.conjuncts)))), t.error) for t in targets]
    return changed, moving(dict(zip(updates, new, strict=True)))
