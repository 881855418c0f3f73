"""A Hypothesis state machine of a check: random runs of the plain Python, kept in a project's own tests.

Rule of the module: a rule an action.  Which instances are enabled is asked of the compiled model, so that
Hypothesis draws among those alone; the step itself, the properties and the end of a run are decided by the
model's own text, through `interlock.checker.trace.loader`.  A failing run is shown as calls that paste back into Python.

    TestBridge = machine("specs/bridge.py", "three chains").TestCase

REACHABLE, FIRES and RECOVERABLE properties are left out, since random runs cannot refute them, and that is said.
Hypothesis makes a run shorter by running parts of it, thousands of times, and what is enabled after a part is not
what it was.  So the test makes it short as `interlock simulate` does (`engines/shrink`), with the compiled model, and
has Hypothesis run the short one once more, as plain Python: that is the run it reports.
"""

from __future__ import annotations

import copy
import functools
import re
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Final, NoReturn

import attrs
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from interlock.checker import places
from interlock.checker.contract import Step
from interlock.checker.diagnostics import Diagnostic, InputError, did_you_mean, mistake, nearest, render_all
from interlock.checker.engines.shrink import shortened
from interlock.checker.frontend import load_spec
from interlock.checker.ir.claims import Check, Spec
from interlock.checker.ir.nodes import Action, Param, Property, PropertyKind
from interlock.checker.ir.types import Value
from interlock.checker.native.walks.enabled import Enabled
from interlock.checker.passes.scalarize import scalarize
from interlock.checker.semantics import evaluate
from interlock.checker.semantics.leaves import to_leaves
from interlock.checker.semantics.meaning import Evaluated
from interlock.checker.trace.loader import Erred, Loaded, Refused, from_python, guarded, load, paste, to_python
from interlock.checker.trace.replay import ReplayMismatch

_KEPT: Final = 4096  # steps whose ends are kept
_JUDGED: Final = (PropertyKind.ALWAYS, PropertyKind.STEP)


class NotJudged(UserWarning):
    """A check claims something that random runs cannot refute, so a test of them that passes says nothing of it."""


def machine(spec: str | Path, check: str) -> type[ModelMachine]:
    """The state machine class of one check of a spec file: its constants, its faults, its properties.

    Its `.TestCase` is a test for pytest and unittest.  What it does not judge is said in its docstring, and warned
    of (NotJudged).  Raises InputError, also where a check claims nothing that random runs could refute; what to write
    instead is a note of the exception, which Python and pytest print.
    """
    try:
        read = _read(Path(spec))
        made = _build(read, _named(read, check))
    except InputError as problem:
        problem.add_note(render_all(problem.diagnostics))
        raise
    if made.not_judged:
        warnings.warn(made.not_judged, NotJudged, stacklevel=2)
    return made


def _read(path: Path) -> Spec:
    if not places.located(path).is_file():
        near = [*(p.name for p in path.parent.glob("*.py")), *places.specs()]
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


@attrs.frozen(eq=False, repr=False)  # Hypothesis may ask for the repr at each draw, and all of a model is long
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

    def number(self, call: Call) -> int:
        """The number of an instance."""
        return self.compiled.number(Step(self.actions.index(call.action), call.params))

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

    def shortened(self, run: Run) -> Run | None:
        """A short run that goes wrong in the same way; None where the compiled model says that this one does not, or
        where it cannot be compiled with its properties."""
        check, program = self.check, self.check.program
        try:
            system = scalarize(program, self.actions, check.properties, check.terminal, check.helpers)
            steps = [Step(self.actions.index(call.action), call.params) for call in run.calls]
            found = shortened(system, self._begun(run.start), steps)
        except InputError:
            return None
        if found is None:
            return None
        start, taken = found
        first = None if run.start is None else Call(program.initials[start.action], start.params)
        return Run(first, tuple(Call(self.actions[step.action], step.params) for step in taken))

    def _begun(self, start: Call | None) -> Step:
        """How a run begins, as engines say it."""
        if start is None:
            return Step(0, ())
        return Step(self.check.program.initials.index(start.action), start.params)


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


@attrs.frozen
class Run:
    """A run: the call that made its initial state, None where that is the default, and those after it."""

    start: Call | None
    calls: tuple[Call, ...]


class ModelMachine(RuleBasedStateMachine):
    """What all generated machines share: the state, the run so far, and how both are judged.

    `not_judged`: what the check claims and no run refutes; empty where there is nothing.
    `script`: the calls that alone are allowed, one after the other; None where all that are enabled are.
    `failed`: the calls of the run that failed last, the initial one, if there is any, first.
    """

    model: ClassVar[Model]
    not_judged: ClassVar[str] = ""
    script: ClassVar[tuple[Call, ...] | None] = None
    failed: ClassVar[Run | None] = None

    def __init__(self) -> None:
        super().__init__()
        self.now = _start(self.model)
        self.begun: Call | None = None
        self.run: list[Call] = []

    def choices(self) -> Mapping[str, Sequence[int]]:
        """The instances that may be taken next, by the name of the action."""
        if self.script is None:
            return self.now.enabled
        at = len(self.run) - (self.begun is not None)
        return {call.action.name: [self.model.number(call)] for call in self.script[at : at + 1]}

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
        type(self).failed = Run(self.begun, tuple(self.run[self.begun is not None :]))
        check = self.model.check
        constants = ", ".join(f"{name} = {text}" for name, text in check.constants.items())
        where = f'in "{check.name}" of {self.model.spec.path}{f", where {constants}" if constants else ""}'
        lines = [f"s = {check.program.state_class[1]}()"]
        lines += [f"{c}  # fault: {c.action.fault}" if c.action.fault else f"{c}" for c in self.run]
        raise AssertionError("\n".join([reason, where, "after", *(f"    {line}" for line in lines)]))


# --- how a machine is made -------------------------------------------------------------------------


def _build(spec: Spec, check: Check) -> type[ModelMachine]:
    left_out = _not_judged(check)
    made = _machine(_model(spec, check), _class_name(spec, check))
    made.__doc__ = "\n\n".join(filter(None, [f'Random runs of check "{check.name}" of {spec.path}.', left_out]))
    made.not_judged = left_out
    made.TestCase = _test_case(made)
    return made


def _machine(model: Model, name: str, short: Run | None = None) -> type[ModelMachine]:
    """A machine of a model; one that takes a given run and no other."""
    starts = model.starts if short is None else st.just(short.start)
    body: dict[str, Any] = {
        "model": model,
        "script": None if short is None else short.calls,
        "begin": initialize(start=starts)(_begin),
        "claims_hold": invariant()(_claims_hold),
        "do_nothing": _idle(),
    }
    body |= {f"do_{action.name}": _rule(action) for action in model.actions}
    return type(name, (ModelMachine,), body)


def _not_judged(check: Check) -> str:
    """What a check claims and random runs cannot refute.  Raises InputError E010 where that is all it claims."""
    left_out = [p for p in check.properties if p.kind not in _JUDGED]
    if not left_out:
        return ""
    told = ", ".join(f"`{p.name}` (@{p.kind.value})" for p in left_out)
    if len(left_out) == len(check.properties) and check.terminal is None:
        message = f'random runs cannot refute what check "{check.name}" claims: {told}'
        help_ = "run it with `interlock check`, or name a check that claims `@always`, `@step` or `terminal=` too"
        raise InputError([Diagnostic("E010", message, check.span, help_)])
    return f"Not judged, since random runs cannot refute it: {told}; `interlock check` does."


def _test_case(of: type[ModelMachine]) -> Any:
    """The test of a machine: Hypothesis's own, but for how a failing run becomes a short one."""
    base: Any = of.TestCase

    @functools.wraps(base.runTest)
    def run(self: Any) -> None:
        _tested(of, self.settings)

    return type(base.__name__, (base,), {"runTest": run, "__module__": of.__module__})


def _tested(of: type[ModelMachine], how: settings) -> None:
    """Run a machine as a test.  A run that fails is made short, and then run and reported; by Hypothesis itself, where
    the compiled model says nothing of it.  Raises AssertionError."""
    if Phase.shrink not in how.phases:
        run_state_machine_as_test(of, settings=how)
        return
    of.failed = None
    try:
        found_only = tuple(p for p in how.phases if p not in (Phase.shrink, Phase.explain))
        run_state_machine_as_test(of, settings=settings(how, phases=found_only))
    except AssertionError as problem:
        if of.failed is None:
            raise
        short, found = of.model.shortened(of.failed), problem
    else:
        return
    if short is not None:
        once = settings(
            how, database=None, derandomize=True, max_examples=1, phases=(Phase.generate,), print_blob=False
        )
        script = _machine(of.model, of.__name__, short)
        run_state_machine_as_test(script, settings=settings(once, stateful_step_count=len(short.calls) + 2))
    run_state_machine_as_test(of, settings=how)
    raise found


def _model(spec: Spec, check: Check) -> Model:
    program = check.program
    actions = program.allowed(check.faults)
    # The properties stay Python: only the actions are compiled.
    system = scalarize(program, actions, (), None, {})
    loaded = load(program, spec)
    claims = {kind: tuple(_claims(loaded, check, kind)) for kind in _JUDGED}
    enabled = Enabled(system, Evaluated(program, actions, (), None, {}))
    return Model(spec, check, loaded, actions, _starts(check, enabled), claims, enabled)


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
    self.begun = start
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
        return st.sampled_from(self.choices()[action.name]).map(self.model.call)

    return precondition(lambda self: action.name in self.choices())(rule(call=st.runner().flatmap(choice))(take))


def _idle() -> Callable[..., None]:
    def take(self: ModelMachine) -> None:
        """No action is enabled: the run stays where it is."""

    return precondition(lambda self: not self.choices())(rule()(take))
