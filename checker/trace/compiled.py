"""What does the scalar form, which engines compile, say of a step or of a claim?

Rule of the module: the form as it is, evaluated leaf by leaf; nothing of the text is looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

import attrs

from interlock.checker.ir.nodes import ModelErrorKind
from interlock.checker.ir.scalar import Node, ScalarAction, ScalarProperty, ScalarSystem, evaluate, evaluator
from interlock.checker.ir.types import Type, Value
from interlock.checker.semantics.evaluate import Disabled, Enabled, Failed, Outcome
from interlock.checker.semantics.leaves import from_leaves, to_leaves


@attrs.frozen(eq=False)
class Compiled:
    """The scalar form of one check; `state` is the type of its states."""

    system: ScalarSystem
    state: Type
    _read: dict[int, Callable[[Mapping[tuple[str, int], int]], list[int]]] = attrs.field(factory=dict, init=False)

    def initial(self, index: int, params: tuple[Value, ...]) -> Outcome:
        """What an initial action does: no state is before it."""
        return self._outcome(self.system.initials[index], params, {}, {})

    def step(self, index: int, state: Value, params: tuple[Value, ...]) -> Outcome:
        """What an action does in a state."""
        leaves = dict(enumerate(to_leaves(self.state, state)))
        return self._outcome(self.system.actions[index], params, leaves, {("s", i): v for i, v in leaves.items()})

    def _outcome(
        self, action: ScalarAction, params: tuple[Value, ...], leaves: dict[int, int], env: dict[tuple[str, int], int]
    ) -> Outcome:
        given = (x for (_, kind), v in zip(action.params, params, strict=True) for x in to_leaves(kind, v))
        env |= {("p", i): v for i, v in enumerate(given)}
        found, errors, guards = self._values(action)(env), len(action.errors), len(action.guards)
        for site, erred in zip(action.errors, found[:errors], strict=True):
            if erred:
                return Failed(site.kind, site.span)
        if not all(found[errors : errors + guards]):
            return Disabled()
        new = leaves | dict(zip(action.updates, found[errors + guards :], strict=True))
        return Enabled(from_leaves(self.state, [new[i] for i in range(len(new))]))

    def _values(self, action: ScalarAction) -> Callable[[Mapping[tuple[str, int], int]], list[int]]:
        """The values of an action's errors, guards and updates, in this order."""
        if id(action) not in self._read:
            errors = (site.condition for site in action.errors)
            self._read[id(action)] = evaluator([*errors, *action.guards, *action.updates.values()])
        return self._read[id(action)]

    def errors(self, name: str, states: Sequence[Value]) -> frozenset[ModelErrorKind] | None:
        """As which errors the property of this name, or the terminal predicate, ends in the last of some states."""
        of = self._property(name)
        if of is None:
            return None
        found = self._in(states, (site.condition for site in of.errors))
        return frozenset(site.kind for site, erred in zip(of.errors, found, strict=True) if erred)

    def value(self, name: str, states: Sequence[Value], instance: int | None = None) -> bool | None:
        """Whether the property of this name is true in the last of some states, in all its instances (of a reachable one,
        in some) or in one; None where one is an error, or where the system has no such property."""
        of = self._property(name)
        if of is None or self.errors(name, states):
            return None
        return bool(self._in(states, [of.value if instance is None else of.goals[instance]])[0])

    def _property(self, name: str) -> ScalarProperty | None:
        last = () if self.system.terminal is None else (self.system.terminal,)
        return next((p for p in (*self.system.properties, *last) if p.name == name), None)

    def _in(self, states: Sequence[Value], nodes: Iterable[Node]) -> list[int]:
        """The values of expressions over the last two states, or over the last one where there is only that."""
        env: dict[tuple[str, int], int] = {}
        for space, state in zip("st", states, strict=False):
            env |= {(space, i): v for i, v in enumerate(to_leaves(self.state, state))}
        return evaluate(nodes, env)
