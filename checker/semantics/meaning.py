"""What do the actions and properties of a system come to in one state, by the meaning of the text?

Rule of the module: slow and obvious, one instance and one question at a time, in terms of leaves.  Compiled code is
held against it (ADR 13).
"""

from __future__ import annotations

import enum
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol, TypeAlias

import attrs

from interlock.checker.ir import scalar as sc
from interlock.checker.ir.nodes import Action, Function, Program, Property, PropertyKind
from interlock.checker.ir.scalar import ErrorSite, Node, ScalarAction, ScalarProperty, ScalarSystem
from interlock.checker.ir.types import Value
from interlock.checker.semantics import evaluate as ev
from interlock.checker.semantics.leaves import from_leaves, to_leaves
from interlock.checker.semantics.values import ModelError

Leaves: TypeAlias = tuple[int, ...]


class Said(enum.Enum):
    """What an instance of an action does, or a property says, that is no state and no truth value."""

    DISABLED = "disabled"
    ERROR = "an error of the model"


Outcome: TypeAlias = Leaves | Said
Truth: TypeAlias = bool | Said


class Meaning(Protocol):
    """What a system means.  A `state` is whatever `state(leaves)` made of the leaves of one."""

    def state(self, leaves: Leaves) -> Any:
        """The state with these leaves, to be asked about."""
        ...

    def begin(self, action: int, params: tuple[Value, ...]) -> Outcome:
        """What the initial action at this position of the system does with these parameters."""
        ...

    def step(self, state: Any, action: int, params: tuple[Value, ...]) -> Outcome:
        """What the action at this position of the system does with these parameters."""
        ...

    def judged(self, number: int, *states: Any) -> Iterator[Truth]:
        """The property at this position: its truth for one value of its parameters after the other.  A property of
        steps is asked with the state before and the state after."""
        ...

    def rests(self, state: Any) -> Truth:
        """Whether the state may be one without steps."""
        ...


@attrs.frozen(eq=False)
class Evaluated:
    """The meaning of a check, by the evaluator: `actions`, `properties` and `terminal` are those that the system of the
    check was made from, in the same order."""

    program: Program
    actions: Sequence[Action]
    properties: Sequence[Property]
    terminal: Function | None
    helpers: Mapping[str, Function]
    _evaluator: ev.Evaluator = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        object.__setattr__(self, "_evaluator", ev.Evaluator({**self.program.helpers, **self.helpers}))

    def state(self, leaves: Leaves) -> Value:
        """The value with these leaves."""
        return from_leaves(self.program.state, leaves)

    def begin(self, action: int, params: tuple[Value, ...]) -> Outcome:
        """See `Meaning`; without initial actions, that is the default state."""
        default, initials = self.program.default, self.program.initials
        return self._taken(initials[action], default, params) if initials else to_leaves(self.program.state, default)

    def step(self, state: Value, action: int, params: tuple[Value, ...]) -> Outcome:
        """See `Meaning`."""
        return self._taken(self.actions[action], state, params)

    def _taken(self, action: Action, state: Value, params: tuple[Value, ...]) -> Outcome:
        match ev.run_action(self.program, action, state, params):
            case ev.Enabled(after):
                return to_leaves(self.program.state, after)
            case ev.Failed():
                return Said.ERROR
        return Said.DISABLED

    def judged(self, number: int, *states: Value) -> Iterator[Truth]:
        """See `Meaning`."""
        prop = self.properties[number]
        if prop.action is not None:  # `fires`: some instance can be taken
            yield from (self._enabled(prop.action, states[0], params) for params in ev.instances(prop.action.params))
            return
        for params in ev.instances(prop.params):
            yield self._truth(prop.function, (*states, *params))

    def rests(self, state: Value) -> Truth:
        """See `Meaning`."""
        return True if self.terminal is None else self._truth(self.terminal, (state,))

    def _enabled(self, action: Action, state: Value, params: tuple[Value, ...]) -> bool:
        return isinstance(ev.run_action(self.program, action, state, params), ev.Enabled)

    def _truth(self, function: Function, args: tuple[Value, ...]) -> Truth:
        try:
            return bool(self._evaluator.call(function, args))
        except ModelError:
            return Said.ERROR


@attrs.frozen(eq=False)
class Scalar:
    """The meaning of a system that has no text of its own: that of its expressions."""

    system: ScalarSystem

    def state(self, leaves: Leaves) -> Leaves:
        """The leaves themselves."""
        return leaves

    def begin(self, action: int, params: tuple[Value, ...]) -> Outcome:
        """See `Meaning`."""
        return _taken(self.system.initials[action], (0,) * len(self.system.leaves), params)

    def step(self, state: Leaves, action: int, params: tuple[Value, ...]) -> Outcome:
        """See `Meaning`."""
        return _taken(self.system.actions[action], state, params)

    def judged(self, number: int, *states: Leaves) -> Iterator[Truth]:
        """See `Meaning`; all values of the parameters are one expression, but of RECOVERABLE, which has one for each."""
        p = self.system.properties[number]
        goals = p.goals if p.kind is PropertyKind.RECOVERABLE else (p.value,)
        yield from (self._truth(attrs.evolve(p, value=goal), *states) for goal in goals)

    def rests(self, state: Leaves) -> Truth:
        """See `Meaning`."""
        return True if self.system.terminal is None else self._truth(self.system.terminal, state)

    def _truth(self, p: ScalarProperty, *states: Leaves) -> Truth:
        env = _env(**dict(zip("st", states, strict=False)))
        return Said.ERROR if _wrong(p.errors, env) else bool(sc.evaluate([p.value], env)[0])


def _taken(a: ScalarAction, state: Leaves, params: tuple[Value, ...]) -> Outcome:
    flat = [x for (_, t), v in zip(a.params, params, strict=True) for x in to_leaves(t, v)]
    env = _env(s=state, p=flat)
    if _wrong(a.errors, env):
        return Said.ERROR
    if not all(sc.evaluate(a.guards, env)):
        return Said.DISABLED
    new = dict(zip(a.updates, sc.evaluate(a.updates.values(), env), strict=True))
    return tuple(new.get(i, v) for i, v in enumerate(state))


def _env(**spaces: Sequence[int]) -> dict[tuple[str, int], int]:
    return {(space, i): v for space, values in spaces.items() for i, v in enumerate(values)}


def _wrong(errors: Sequence[ErrorSite], env: Mapping[tuple[str, int], int]) -> bool:
    conditions: list[Node] = [e.condition for e in errors]
    return any(sc.evaluate(conditions, env))
