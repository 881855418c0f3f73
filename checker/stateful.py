"""A Hypothesis state machine of a check: random runs of the plain Python, kept in a project's own tests.

Rule of the module: a rule an action.  Which instances are enabled is asked of the compiled model, so that
Hypothesis draws among those alone; the step itself, the properties and the end of a run are decided by the
model's own text, through `checker.trace.loader`.  A failing run is shown as calls that paste back into Python.

    TestBridge = machine("specs/bridge.py", "three chains").TestCase

REACHABLE and RECOVERABLE properties are left out: random runs cannot refute them.
"""

from __future__ import annotations

import copy
import functools
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Final, NoReturn

import attrs
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from checker.diagnostics import Diagnostic, InputError, did_you_mean, mistake, nearest, render_all
from checker.frontend import load_spec
from checker.ir.claims import Check, Spec
from checker.ir.nodes import Action, Param, Property, PropertyKind
from checker.ir.passes.scalarize import scalarize
from checker.ir.types import Value
from checker.native.enabled import Enabled
from checker.semantics import evaluate
from checker.semantics.layout import to_leaves
from checker.trace.loader import Erred, Loaded, Refused, from_python, guarded, load, paste, to_python
from checker.trace.replay import ReplayMismatch

_KEPT: Final = 4096  # steps whose ends are kept


def machine(spec: str | Path, check: str) -> type[ModelMachine]:
    """The state machine class of one check of a spec file: its constants, its faults, its properties.

    Its `.TestCase` is a test for pytest and unittest.  Raises InputError; what to write instead is a note of
    the exception, which Python and pytest print.
    """
    try:
        read = _read(Path(spec))
        return _build(read, _named(read, check))
    except InputError as problem:
        problem.add_note(render_all(problem.diagnostics))
        raise


def _read(path: Path) -> Spec:
    if not path.is_file():
        near = [p.name for p in path.parent.glob("*.py")]
        known = nearest(path.name, near)
        help_ = (
            f"did you mean `{path.with_name(known)}`?" if known else f"give a path from {Path.cwd()}, or a whole one"
        )
        raise mistake("C002", f"there is no file {path}", help_)
    return load_spec(path)


def _named(spec: Spec, name: str) -> Check:
    for check in spec.checks:
        if check.name == name:
            return check
    help_ = did_you_mean(name, [c.name for c in spec.checks])
    raise mistake("C004", f"there is no check named `{name}` in {spec.path}", help_)


# --- what is run -----------------------------------------------------------------------------------


@attrs.frozen
class Call:
    """An action with values for its parameters; its repr is the call as Python text."""

    action: Action = attrs.field(eq=id)
    params: tuple[Value, ...]

    def __repr__(self) -> str:
        arguments = (paste(p.type, v) for p, v in zip(self.action.params, self.params, strict=True))
        return f"{self.action.name}({', '.join(('s', *arguments))})"

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        """How Hypothesis prints it (it would show the fields otherwise)."""
        printer.text(repr(self))


@attrs.frozen(eq=False)
class Place:
    """A state, as plain Python made it (nobody changes it); by the name of an action, its enabled instances."""

    state: Any
    enabled: Mapping[str, Sequence[int]]


@attrs.frozen
class Claim:
    """A property with its parameters: their values, and the same as Python objects."""

    property: Property
    params: tuple[Value, ...]
    arguments: tuple[Any, ...]

    def __str__(self) -> str:
        named = zip(self.property.params, self.params, strict=True)
        return f"{self.property.name}({', '.join(f'{p.name}={paste(p.type, v)}' for p, v in named)})"


@attrs.frozen(eq=False)
class Model:
    """A check, ready to be run: as plain Python, and compiled to say what is enabled."""

    spec: Spec
    check: Check
    loaded: Loaded
    actions: tuple[Action, ...]
    starts: st.SearchStrategy[Call | None]  # the initial actions; None: the defaults of the state
    claims: Mapping[PropertyKind, tuple[Claim, ...]]
    compiled: Enabled

    def call(self, number: int) -> Call:
        """An instance by its number."""
        step = self.compiled.step(number)
        return Call(self.actions[step.action], step.params)

    def place(self, state: Any) -> Place:
        """A state with what is enabled there."""
        kind = self.check.program.state
        found = self.compiled.instances(to_leaves(kind, from_python(kind, state)))
        return Place(state, {self.actions[i].name: numbers for i, numbers in found.items()})

    def take(self, call: Call, state: Any) -> Any:
        """What plain Python makes of a call: the state after it, as a new object; or `Refused`, or `Erred`."""
        action, after = call.action, copy.copy(state)
        arguments = _arguments(self.loaded, action.params, call.params)
        function = self.loaded.function(action.module, action.name)
        outcome = guarded(lambda: function(after, *arguments))
        return after if outcome is None else outcome


@functools.lru_cache(maxsize=_KEPT)
def _start(model: Model) -> Place:
    """The defaults of the state's fields."""
    program = model.check.program
    if model.loaded.default() != program.default:
        raise ReplayMismatch("the default state differs between plain Python and the IR")
    return model.place(to_python(model.loaded, program.state, program.default))


@functools.lru_cache(maxsize=_KEPT)
def _after(model: Model, place: Place, call: Call) -> Place | Refused | Erred:
    """Where a call leads.  Kept, for Hypothesis repeats the first steps of a run over and over to shrink it."""
    outcome = model.take(call, place.state)
    return outcome if isinstance(outcome, (Refused, Erred)) else model.place(outcome)


class ModelMachine(RuleBasedStateMachine):
    """What all generated machines share: the state, the run so far, and how both are judged."""

    model: ClassVar[Model]

    def __init__(self) -> None:
        super().__init__()
        self.now = _start(self.model)
        self.run: list[Call] = []

    def take(self, call: Call) -> None:
        """Take one step."""
        self.run.append(call)
        outcome = _after(self.model, self.now, call)
        if isinstance(outcome, Erred):
            self.fail(f"error of the model: {outcome.kind.value}: {outcome.message}")
        if isinstance(outcome, Refused):
            raise ReplayMismatch(f"{call} is enabled where it is compiled and disabled in plain Python")
        self.now = outcome

    # --- judging ---

    def judge(self, kind: PropertyKind, *states: Any) -> None:
        """Check all properties of a kind, for all values of their parameters."""
        for claim in self.model.claims[kind]:
            function = claim.property.function
            result = self.model.loaded.apply(function.module, function.name, (*states, *claim.arguments))
            if isinstance(result, Erred):
                self.fail(f"error of the model in {claim}: {result.kind.value}: {result.message}")
            if not result:
                self.fail(f"{claim} is false")

    def judge_end(self) -> None:
        """Where no action is enabled, the check's `terminal` says whether a run may end there."""
        terminal = self.model.check.terminal
        if terminal is None or self.now.enabled:
            return
        result = self.model.loaded.apply(terminal.module, terminal.name, (self.now.state,))
        if isinstance(result, Erred):
            self.fail(f"error of the model in {terminal.name}: {result.kind.value}: {result.message}")
        if not result:
            self._confirm_end()
            self.fail(f"deadlock: no action is enabled, and {terminal.name} is false")

    def _confirm_end(self) -> None:
        """That nothing is enabled is so in plain Python too."""
        for action in self.model.actions:
            for params in evaluate.instances(action.params):
                call = Call(action, params)
                if not isinstance(self.model.take(call, self.now.state), Refused):
                    raise ReplayMismatch(f"{call} is disabled where it is compiled and enabled in plain Python")

    def fail(self, reason: str) -> NoReturn:
        """Raise AssertionError with the run as Python text."""
        check = self.model.check
        constants = ", ".join(f"{name} = {text}" for name, text in check.constants.items())
        where = f'in "{check.name}" of {self.model.spec.path}{f", where {constants}" if constants else ""}'
        lines = [f"s = {check.program.state_class[1]}()"]
        lines += [f"{c}  # fault: {c.action.fault}" if c.action.fault else f"{c}" for c in self.run]
        raise AssertionError("\n".join([reason, where, "after", *(f"    {line}" for line in lines)]))


# --- how a machine is made -------------------------------------------------------------------------


def _build(spec: Spec, check: Check) -> type[ModelMachine]:
    model = _model(spec, check)
    body: dict[str, Any] = {
        "model": model,
        "begin": initialize(start=model.starts)(_begin),
        "claims_hold": invariant()(_claims_hold),
        "do_nothing": _idle(),
    }
    body |= {f"do_{action.name}": _rule(action) for action in model.actions}
    return type(_class_name(spec, check), (ModelMachine,), body)


def _model(spec: Spec, check: Check) -> Model:
    program = check.program
    actions = program.allowed(check.faults)
    # The properties stay Python: only the actions are compiled.
    compiled = Enabled(scalarize(program, actions, (), None, {}))
    loaded = load(program, spec)
    claims = {kind: tuple(_claims(loaded, check, kind)) for kind in (PropertyKind.ALWAYS, PropertyKind.STEP)}
    return Model(spec, check, loaded, actions, _starts(check, compiled), claims, compiled)


def _claims(loaded: Loaded, check: Check, kind: PropertyKind) -> Iterator[Claim]:
    for p in check.properties:
        if p.kind is kind:
            for params in evaluate.instances(p.params):
                yield Claim(p, params, _arguments(loaded, p.params, params))


def _arguments(loaded: Loaded, params: Sequence[Param], values: tuple[Value, ...]) -> tuple[Any, ...]:
    return tuple(to_python(loaded, p.type, v) for p, v in zip(params, values, strict=True))


def _starts(check: Check, compiled: Enabled) -> st.SearchStrategy[Call | None]:
    """A call that leads to an initial state; or one that is an error of the model, for the run to fail on."""
    if not check.program.initials:
        return st.none()

    def call(number: int) -> Call:
        step = compiled.start(number)
        return Call(check.program.initials[step.action], step.params)

    found = compiled.starts()
    if found is None:
        return st.integers(0, compiled.initials - 1).filter(compiled.begins).map(call)
    if not found:
        text = f"the model of check `{check.name}` has no initial state: no initial action is enabled"
        raise InputError([Diagnostic("E022", text, check.span, "correct the guards of its `@initial` actions")])
    return st.integers(0, len(found) - 1).map(lambda i: call(found[i]))


def _class_name(spec: Spec, check: Check) -> str:
    """A name of its own for each check: Hypothesis prints it, and keeps failing examples under it."""
    words = re.findall(r"\w+", f"{Path(spec.path).stem} {check.name}".replace("_", " "))
    return "".join(w[0].upper() + w[1:] for w in words)


def _begin(self: ModelMachine, start: Call | None) -> None:
    if start is not None:
        self.take(start)


def _claims_hold(self: ModelMachine) -> None:
    self.judge(PropertyKind.ALWAYS, self.now.state)
    self.judge_end()


# The functions of all rules have one name.  Hypothesis switches rules off by their names, for whole runs; here,
# where few actions are enabled at a time, that would end most runs early (bugs of the AggLayer took 2 to 10 times
# as many runs to find).


def _rule(action: Action) -> Callable[..., None]:
    def take(self: ModelMachine, call: Call) -> None:
        before = self.now
        self.take(call)
        self.judge(PropertyKind.STEP, before.state, self.now.state)

    def choice(self: ModelMachine) -> st.SearchStrategy[Call]:
        return st.sampled_from(self.now.enabled[action.name]).map(self.model.call)

    return precondition(lambda self: action.name in self.now.enabled)(rule(call=st.runner().flatmap(choice))(take))


def _idle() -> Callable[..., None]:
    def take(self: ModelMachine) -> None:
        """No action is enabled: the run stays where it is."""

    return precondition(lambda self: not self.now.enabled)(rule()(take))
