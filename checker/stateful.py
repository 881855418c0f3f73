"""A Hypothesis state machine of a model: random runs of the plain Python, kept in a project's own tests.

Rule of the module: a rule an action; Hypothesis chooses among the instances that are enabled, which are
found by trying each on a copy of the state.  The model's own text runs, through `checker.trace.loader`;
no engine takes part.  A failing run is shown as action calls that paste back into Python.

    TestBridge = machine(program, properties).TestCase

REACHABLE and RECOVERABLE properties are left out: random runs cannot refute them.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any, ClassVar, Final

import attrs
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from checker.diagnostics import Diagnostic, InputError
from checker.ir.claims import Spec
from checker.ir.nodes import Action, Param, Program, Property, PropertyKind
from checker.ir.types import Value, cardinality, members
from checker.trace.loader import Erred, Loaded, Outcome, Refused, Took, load, paste

INSTANCES: Final = 20_000  # parameter values of one action that are tried in each state, at most


@attrs.frozen
class Call:
    """An action with values for its parameters; its repr is the call as Python text."""

    action: Action
    params: tuple[Value, ...]

    def __repr__(self) -> str:
        arguments = (paste(p.type, v) for p, v in zip(self.action.params, self.params, strict=True))
        return f"{self.action.name}({', '.join(('s', *arguments))})"

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        """How Hypothesis prints it (it would show the fields otherwise)."""
        printer.text(repr(self))


class ModelMachine(RuleBasedStateMachine):
    """What all generated machines share: the state, the run so far, and the claims."""

    loaded: ClassVar[Loaded]
    properties: ClassVar[tuple[Property, ...]]
    actions: ClassVar[tuple[Action, ...]]
    starts: ClassVar[tuple[tuple[Call | None, Value], ...]]

    def __init__(self) -> None:
        super().__init__()
        self.now: Value = None
        self.run: list[Call] = []
        self._outcomes: dict[str, list[tuple[Call, Outcome]]] = {}

    def enabled(self, action: Action) -> list[Call]:
        """The instances of an action that are enabled now (or an error of the model)."""
        if action.name not in self._outcomes:
            tried = ((c, _take(self.loaded, c, self.now)) for c in _calls(action))
            self._outcomes[action.name] = [(c, o) for c, o in tried if not isinstance(o, Refused)]
        return [c for c, _ in self._outcomes[action.name]]

    def start(self, call: Call | None, state: Value) -> None:
        """Begin in an initial state."""
        self.now, self.run, self._outcomes = state, [] if call is None else [call], {}

    def take(self, call: Call) -> None:
        """Take one step, and judge it."""
        before, outcome = self.now, _take(self.loaded, call, self.now)
        self.run.append(call)
        if isinstance(outcome, Erred):
            self.fail(f"error of the model: {outcome.kind.value}: {outcome.message}")
        if isinstance(outcome, Took):
            self.now, self._outcomes = outcome.state, {}
            self.judge(PropertyKind.STEP, (before, self.now))

    def judge(self, kind: PropertyKind, states: Sequence[Value]) -> None:
        """Check all properties of a kind, for all values of their parameters."""
        for p in self.properties:
            if p.kind is kind:
                kinds = [f.type for f in p.function.params]
                for params in _values(p.params):
                    result = self.loaded.call(p.function.module, p.name, kinds, (*states, *params))
                    if isinstance(result, Erred):
                        self.fail(f"error of the model in {p.name}: {result.kind.value}: {result.message}")
                    if not result:
                        shown = ", ".join(f"{f.name}={paste(f.type, v)}" for f, v in zip(p.params, params, strict=True))
                        self.fail(f"{p.name}{f' with {shown}' if shown else ''} is false")

    def fail(self, reason: str) -> None:
        """Raise AssertionError with the run as Python text."""
        lines = [f"s = {self.loaded.program.state_class[1]}()", *map(repr, self.run)]
        raise AssertionError("\n".join([reason, "after", *(f"    {line}" for line in lines)]))


def machine(
    program: Program,
    actions: Iterable[Action] | None = None,
    properties: Iterable[Property] = (),
    faults: Iterable[str] = (),
    spec: Spec | None = None,
) -> type[ModelMachine]:
    """A state machine class: the actions given, or all that a check with these faults allows.

    `spec` is the file that the properties come from, where they are not in the model's own modules.
    Raises InputError E013 when an action has too many instances to try each.
    """
    chosen = tuple(program.allowed(frozenset(faults)) if actions is None else actions)
    _refuse_large((*chosen, *program.initials))
    loaded = load(program, spec)
    body: dict[str, Any] = {
        "loaded": loaded,
        "properties": tuple(properties),
        "actions": chosen,
        "starts": tuple(_starts(loaded)),
        "begin": initialize(start=st.runner().flatmap(lambda self: st.sampled_from(self.starts)))(_begin),
        "idle": precondition(lambda self: not any(self.enabled(a) for a in self.actions))(rule()(_idle)),
        "invariants_hold": invariant()(_invariants_hold),
    }
    for action in chosen:
        body[f"do_{action.name}"] = _rule(action)
    return type(f"{program.state_class[1]}Machine", (ModelMachine,), body)


def _begin(self: ModelMachine, start: tuple[Call | None, Value]) -> None:
    self.start(*start)


def _idle(self: ModelMachine) -> None:
    """No action is enabled: the run stays where it is."""


def _invariants_hold(self: ModelMachine) -> None:
    self.judge(PropertyKind.ALWAYS, (self.now,))


def _rule(action: Action) -> Callable[..., None]:
    def take(self: ModelMachine, call: Call) -> None:
        self.take(call)

    take.__name__ = f"do_{action.name}"
    take.__doc__ = action.doc
    choice = st.runner().flatmap(lambda self: st.sampled_from(self.enabled(action)))
    return precondition(lambda self: bool(self.enabled(action)))(rule(call=choice)(take))


def _starts(loaded: Loaded) -> Iterable[tuple[Call | None, Value]]:
    default = loaded.default()
    if isinstance(default, Erred):
        raise AssertionError(f"the state's defaults are an error of the model: {default.message}")
    if not loaded.program.initials:
        yield None, default
    for action in loaded.program.initials:
        for call in _calls(action):
            outcome = _take(loaded, call, default)
            if isinstance(outcome, Took):
                yield call, outcome.state


def _values(params: Sequence[Param]) -> Iterable[tuple[Value, ...]]:
    return itertools.product(*(members(p.type) for p in params))


def _calls(action: Action) -> Iterable[Call]:
    return (Call(action, params) for params in _values(action.params))


def _take(loaded: Loaded, call: Call, state: Value) -> Outcome:
    a = call.action
    return loaded.run_action(a.module, a.name, state, call.params, [p.type for p in a.params])


def _refuse_large(actions: Iterable[Action]) -> None:
    found = []
    for a in actions:
        count = math.prod(cardinality(p.type) for p in a.params)
        if count > INSTANCES:
            text = f"`{a.name}` has {count} instances; a state machine tries at most {INSTANCES} in each state"
            found.append(Diagnostic("E021", text, a.span, "use smaller constants, or narrower parameter types"))
    if found:
        raise InputError(found)
