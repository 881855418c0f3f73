"""Where does one instance of an action lead?  Code for steps that are chosen among the enabled ones, one at a time.

Rule of the module: which instances are enabled is asked of the same nest that writes successors, in the same order;
where one leads is computed for that one alone, and asks no guard.  A parameter's values are substituted as constants,
one case each, while the code stays small; what is left of the parameters is read from tables.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from interlock.checker.ir.scalar import Node, Op, ScalarSystem, constant, moving, substitute, topological
from interlock.checker.ir.types import members
from interlock.checker.native.code.emit import Emitter, load_words, width
from interlock.checker.native.code.successors import UNROLL, Nest
from interlock.checker.native.code.text import ZERO, Address, Code, Label, Word
from interlock.checker.semantics.layout import Packing
from interlock.checker.semantics.leaves import to_leaves


def choice_code(system: ScalarSystem, packing: Packing, bases: Sequence[int]) -> str:
    """`@enabled(state, ids, err, faults) -> n`: the numbers of the enabled instances, ascending, and for each action that
    is a fault, in their order, the place of its first among them and how many it has; `@move(state, id, out)`: the state
    after one of them, where `out` may be `state`.  Each has the code of all actions in it, which are called from nowhere
    else: that is a tenth faster than calls."""
    enabled = Code("define i64 @enabled(ptr %s, ptr %ids, ptr %err, ptr %faults) nounwind")
    move = Code("define i64 @move(ptr %s, i64 %id, ptr %out) nounwind")
    parts, n, faults = list[str](), ZERO, 0
    for i, base in enumerate(bases[:-1]):
        nest = Nest(system, packing, i, states=False)
        parts.append(nest.text(base))
        parts.append(_Move(system, packing, i, [number - base for number in nest.live], nest.stride).text())
        before, n = n, enabled.word(f"call i64 @can{i}(ptr %s, ptr %ids, i64 {n}, ptr %err)")
        if system.actions[i].fault is not None:
            enabled.store(before, Address("%faults"), 2 * faults)
            enabled.store(enabled.sub(n, before), Address("%faults"), 2 * faults + 1)
            faults += 1
        with move.when(move.cmp("ult", Word("%id"), bases[i + 1])):
            number = move.sub(Word("%id"), base)
            move.stop(move.word(f"call i64 @move{i}(ptr %s, i64 {number}, ptr %out)"))
    return "\n".join([*parts, enabled.finish(n), move.finish()])


class _Move:
    """`@move<index>(state, number, out)` for instances of one action.

    Those whose guards fold to false are left out: `live` are the others, or the first of each run of `of` instances.
    """

    def __init__(self, system: ScalarSystem, packing: Packing, index: int, live: Sequence[int], of: int) -> None:
        self.action, self.index, self.packing = system.actions[index], index, packing
        self.code = Code(f"define internal i64 @move{index}(ptr %s, i64 %number, ptr %out) alwaysinline nounwind")
        self.words = load_words(self.code, Address("%s"), width(packing))
        self.emit = Emitter(self.code, system.leaves, packing, {"s": self.words})
        self.rows = [[to_leaves(t, value) for value in members(t)] for _, t in self.action.params]
        nodes = topological(list(self.action.updates.values()))
        self.params = [n for n in nodes if n.op is Op.VAR and n.arg[0] == "p"]  # type: ignore[index]
        size = max(6, len(nodes))
        sizes = [math.prod(map(len, self.rows[:k])) for k in range(len(self.rows) + 1)]
        self.unrolled = max(k for k, cases in enumerate(sizes) if k == 0 or cases * size <= UNROLL)
        self.stride = sizes[-1] // sizes[self.unrolled]
        self.coarse = max(of, self.stride)
        self.live = {number // self.coarse for number in live}
        self.tables: dict[int, Address] = {}  # by level of the parameters
        self.cases: list[str] = []

    def text(self) -> str:
        code = self.code
        choose, end = code.label("choose"), code.label("end")
        code.jump(choose)
        self._cases(0, 0, moving(self.action.updates), end)
        code.place(choose)
        case = Word("%number") if self.stride == 1 else code.word(f"udiv i64 %number, {self.stride}")
        code.do(f"switch i64 {case}, label %{end} [{' '.join(self.cases)}]")
        code.place(end)
        return code.finish()

    def _cases(self, level: int, first: int, updates: Mapping[int, Node], end: Label) -> None:
        """A block for each combination of values of the unrolled levels, from instance `first` on."""
        if level < self.unrolled:
            below = math.prod(map(len, self.rows[level + 1 :]))
            for i, row in enumerate(self.rows[level]):
                mapping = {n: constant(n, row[k]) for n, k in self._mine(level).items()}
                new = substitute(list(updates.values()), mapping) if mapping else updates.values()
                self._cases(level + 1, first + i * below, moving(dict(zip(updates, new, strict=True))), end)
            return
        if first // self.coarse not in self.live:
            return
        label = self.code.label("case")
        self.cases.append(f"i64 {first // self.stride}, label %{label}")
        self.code.place(label)
        with self.emit.scope():
            self._looked_up()
            for k, word in enumerate(self.emit.packed(self.words, updates)):
                self.code.store(word, Address("%out"), k)
        self.code.jump(end)

    def _mine(self, level: int) -> dict[Node, int]:
        """The parameter nodes of a level, and which leaf of the parameter each is."""
        offsets = (*self.action.param_offsets, len(self.action.param_leaves))
        start, stop = offsets[level : level + 2]
        return {n: n.arg[1] - start for n in self.params if start <= n.arg[1] < stop}  # type: ignore[index]

    def _looked_up(self) -> None:
        """Bind the parameters that are not unrolled."""
        code, below = self.code, self.stride
        for level in range(self.unrolled, len(self.rows)):
            rows, mine = self.rows[level], self._mine(level)
            below //= len(rows)
            if not mine:
                continue
            digit = code.word(f"urem i64 {code.word(f'udiv i64 %number, {below}')}, {len(rows)}")
            row = code.at(self._table(level), code.mul(digit, len(rows[0])))
            for n, k in mine.items():
                value = code.load(row, k)
                self.emit.bind(n, code.op(f"trunc i64 {value} to i1") if n.boolean else value)

    def _table(self, level: int) -> Address:
        """The leaves of a parameter's values, row by row."""
        if level not in self.tables:
            self.tables[level] = self.code.table([int(x) for row in self.rows[level] for x in row])
        return self.tables[level]
