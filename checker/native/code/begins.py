"""How does an initial action become code?  One instance at a time, by its number.

Rule of the module: the instances of all initial actions are numbered one after the other, in order, and whoever needs
initial states goes through the numbers: a search to find all, a walk to draw one, a path to say where it begins.
So there may be as many as a number tells apart, and a run can stop after any of them and go on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from interlock.checker.ir.scalar import Node, ScalarSystem, is_const, or_, substitute, variables
from interlock.checker.native.code.emit import Emitter, width
from interlock.checker.native.code.text import ZERO, Address, Code, Label, Word
from interlock.checker.passes.numbering import number, numbered
from interlock.checker.semantics.layout import Packing


def initial_code(system: ScalarSystem, packing: Packing, same: Mapping[int, int], bases: Sequence[int]) -> str:
    """`@initial(number, out, err) -> 0 or 1`: write the state that an instance leads to, where it is enabled; where it
    is an error of the model, err[0] = number.  Leaves that are the `same` as others lie where those do."""
    code = Code("define i64 @initial(i64 %n, ptr %out, ptr %err) nounwind")
    parts = []
    for i in range(len(system.initials)):
        parts.append(_Initial(system, packing, same, i).text(bases[i + 1] - bases[i]))
        with code.when(code.cmp("ult", Word("%n"), bases[i + 1])):
            own = code.sub(Word("%n"), bases[i])
            made = code.word(f"call i64 @initial{i}(i64 {own}, ptr %out)")
            with code.when(code.cmp("eq", made, 2)):
                code.store(Word("%n"), Address("%err"))
                code.stop(0)
            code.stop(made)
    return "\n".join([*parts, code.finish()])


class _Initial:
    """`@initial<index>(number, out) -> 0, 1 or 2`: disabled, enabled, or an error."""

    def __init__(self, system: ScalarSystem, packing: Packing, same: Mapping[int, int], index: int) -> None:
        self.action, self.packing = system.initials[index], packing
        self.updates = {i: n for i, n in self.action.updates.items() if i not in same}
        self.code = Code(f"define internal i64 @initial{index}(i64 %n, ptr %out) alwaysinline nounwind")
        self.emit = Emitter(self.code, system.leaves, packing, {})
        self.leaves = system.leaves

    def text(self, count: int) -> str:
        code, action = self.code, self.action
        wrong = or_(e.condition for e in action.errors)
        *guards, wrong = self._over_number(count, [*action.guards, wrong])
        if count > 1:
            self.emit.bind(number(count), Word("%n"))
        off = code.label("off")
        if self._possible():
            with self.emit.scope():
                self._enabled(guards, count, off)
        code.reach(off)
        return code.finish(code.choose(self.emit.bit(wrong), 2, 0))

    def _enabled(self, guards: Sequence[Node], count: int, off: Label) -> None:
        """Write the state and return, where the guards hold; go to `off` where one does not."""
        code = self.code
        for guard in sorted(guards, key=lambda g: self.emit.price((g,))):
            code.leap_unless(self.emit.bit(guard), off)
        new = dict(zip(self.updates, self._over_number(count, list(self.updates.values())), strict=True))
        for k, word in enumerate(self.emit.packed([ZERO] * width(self.packing), new)):
            code.store(word, Address("%out"), k)
        code.stop(1)

    def _over_number(self, count: int, roots: list[Node]) -> list[Node]:
        """Expressions over the parameters, as expressions over the number of the instance."""
        own = variables("p", self.action.param_leaves)
        values = numbered([t for _, t in self.action.params], count)
        return substitute(roots, {p: v for p, v in zip(own, values, strict=True) if not is_const(p)})

    def _possible(self) -> bool:
        """Whether the constants that leaves get are values that they have: else no instance is ever enabled."""
        rows = [(self.leaves[i], n.lo) for i, n in self.updates.items() if is_const(n)]
        return all(leaf.lo <= value <= leaf.hi for leaf, value in rows)
