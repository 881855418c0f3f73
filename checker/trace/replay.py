"""Is a path what an engine says it is?  The judge: plain Python decides, the IR and the engine must agree.

Rule of the module: every step runs in CPython on the model's own text and in the IR evaluator, and, of
an engine's path, in the scalar form that engines compile; so does every step that is no more possible
at the end, and what the path is shown for.  They must agree on enabled, error and next state, and on
true and false.  Anything else is a `ReplayMismatch`: a defect of Interlock, never of the model.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

import attrs

from interlock.checker.contract import Path, Step, Trouble
from interlock.checker.diagnostics import Span
from interlock.checker.ir.claims import Check, Spec
from interlock.checker.ir.nodes import Action, Function, ModelErrorKind, Param, Property, PropertyKind
from interlock.checker.ir.scalar import ScalarSystem
from interlock.checker.ir.types import Value, has
from interlock.checker.semantics import evaluate, leaves
from interlock.checker.semantics.values import ModelError
from interlock.checker.trace import parts, recover
from interlock.checker.trace.compiled import Compiled
from interlock.checker.trace.loader import Erred, Loaded, Refused, Took, load, to_python
from interlock.checker.trace.trace import Call, Conjunct, Ending, Trace, TraceStep

_REPORT: Final = "this is a defect of Interlock: please report it, with the model, the spec and this message"


class ReplayMismatch(Exception):
    """Plain Python, the IR and an engine disagree about a path."""

    def __init__(self, message: str) -> None:
        super().__init__(f"{message}; {_REPORT}")
        self.message = message


@attrs.frozen
class Moves:
    """A path in values: an initial state, the actions with their parameters, and the initial action with its own.

    start: None where the model has no initial action, or where it is not known which leads to that state.
    """

    initial: Value
    steps: tuple[tuple[int, tuple[Value, ...]], ...]
    start: tuple[int, tuple[Value, ...]] | None = None


@attrs.frozen
class Claim:
    """What a path is shown for.  `trouble` None: a witness of a REACHABLE or FIRES property.  `params`: the values of
    the parameters of a RECOVERABLE property that no path leads to."""

    trouble: Trouble | None
    property: str | None
    error_step: tuple[int, tuple[Value, ...]] | None = None
    params: tuple[Value, ...] = ()


@attrs.frozen(eq=False, slots=False)
class Judge:
    """The judge of one check; `system` is there when the path is an engine's.

    `tries` limits the second search for a RECOVERABLE property: action instances, in all its states.
    """

    spec: Spec
    check: Check
    loaded: Loaded
    system: ScalarSystem | None = None
    tries: int = recover.TRIES

    @functools.cached_property
    def compiled(self) -> Compiled | None:
        """What the engine says of steps and claims; None of a path that is no engine's."""
        return None if self.system is None else Compiled(self.system, self.check.program.state)

    @functools.cached_property
    def meaning(self) -> evaluate.Evaluator:
        """The meaning of the properties of the check, and of what they call."""
        return evaluate.Evaluator(self.check.helpers)

    @functools.cached_property
    def actions(self) -> tuple[Action, ...]:
        """The actions of the check, in the order that paths count them."""
        return self.check.program.allowed(self.check.faults)

    def path(self, path: Path, claim: Claim) -> Trace:
        """Replay an engine's path; one to where an action is enabled that is claimed to fire goes on with its step."""
        moves = self._in_values(path)
        last = None if claim.trouble is not None else self._property(claim.property).action
        return self._replayed(moves, claim, self._begun(moves), last)

    def induction(self, path: Path, claim: Claim) -> Trace:
        """Replay a counterexample to induction: it starts anywhere, reachable or not."""
        return self._replayed(self._in_values(path), claim, None)

    def initial_error(self, start: Step) -> str:
        """What is told of an initial action that an engine says is an error of the model.  Raises ReplayMismatch."""
        action, default = self._initial_action(start.action), self.check.program.default
        call = _call(action, start.params)
        where = f"the initial action {call if call.params else call.name}"
        outcome = self._agreed(where, action, default, start.params)
        failed = evaluate.run_action(self.check.program, action, default, start.params)
        if not isinstance(outcome, Erred) or not isinstance(failed, evaluate.Failed):
            raise ReplayMismatch(f"{where}, is no error of the model in plain Python")
        return f"{where.removeprefix('the ')}: {failed.kind.value} at {failed.span}"

    def _in_values(self, path: Path) -> Moves:
        """An engine's path, in values."""
        start = None if path.start is None else (path.start.action, path.start.params)
        initial = leaves.from_leaves(self.check.program.state, path.initial)
        return Moves(initial, tuple((s.action, s.params) for s in path.steps), start)

    def moves(self, moves: Moves, claim: Claim) -> Trace:
        """Replay a path in values.  Raises ReplayMismatch."""
        return self._replayed(moves, claim, self._begun(moves))

    def _replayed(self, moves: Moves, claim: Claim, initial_call: Call | None, last: Action | None = None) -> Trace:
        state, steps = moves.initial, []
        for position, (index, params) in enumerate(moves.steps, 1):
            action = self._action(index)
            state = self._step(position, index, params, state)
            steps.append(TraceStep(_call(action, params), action.fault, state))
        if last is not None:
            index, params = self._enabled(last, state)
            state = self._step(len(steps) + 1, index, params, state)
            steps.append(TraceStep(_call(last, params), last.fault, state))
        states = (moves.initial, *(s.after for s in steps))
        check, program = self.check, self.check.program
        return Trace(
            program=program.name, spec=self.spec.path, check=check.name, constants=check.constants,
            faults=check.faults, state=program.state, initial=moves.initial, initial_call=initial_call,
            steps=tuple(steps), ending=self._ending(states, claim, steps[-1].call if steps else None),
        )  # fmt: skip

    # --- states ---

    def _begun(self, moves: Moves) -> Call | None:
        """The call that leads to the first state of a path."""
        program = self.check.program
        if self.loaded.default() != program.default:
            raise ReplayMismatch("the default state differs between plain Python and the IR")
        if not program.initials:
            if moves.initial != program.default:
                raise ReplayMismatch("the path starts in a state that is not initial")
            return None
        index, params = self._first(moves.initial) if moves.start is None else moves.start
        action = self._initial_action(index)
        call = _call(action, params)
        outcome = self._agreed(f"the initial action {call}", action, program.default, params)
        if outcome != Took(moves.initial):
            raise ReplayMismatch(f"the path starts in a state that the initial action {call} does not lead to")
        return call

    def _first(self, wanted: Value) -> tuple[int, tuple[Value, ...]]:
        """The first initial instance that leads to a state."""
        program = self.check.program
        for action, params, outcome in evaluate.beginnings(program):
            if outcome == evaluate.Enabled(wanted):
                return program.initials.index(action), params
        raise ReplayMismatch("the path starts in a state that is not initial")

    def _initial_action(self, index: int) -> Action:
        initials = self.check.program.initials
        if not 0 <= index < len(initials):
            raise ReplayMismatch(f"the path names initial action number {index}, and there are {len(initials)}")
        return initials[index]

    def _action(self, index: int) -> Action:
        if not 0 <= index < len(self.actions):
            raise ReplayMismatch(f"the path names action number {index}, and there are {len(self.actions)}")
        return self.actions[index]

    def _enabled(self, action: Action, state: Value) -> tuple[int, tuple[Value, ...]]:
        """The first instance of an action that plain Python takes from here."""
        index = self.actions.index(action)
        for params in evaluate.instances(action.params):
            if isinstance(self._agreed(f"after the path, {_call(action, params)}", action, state, params), Took):
                return index, params
        raise ReplayMismatch(f"{action.name} is enabled in no instance in the last state")

    def _step(self, position: int, index: int, params: tuple[Value, ...], state: Value) -> Value:
        action = self.actions[index]
        where = f"step {position}, {_call(action, params)}"
        outcome = self._agreed(where, action, state, params)
        if isinstance(outcome, Refused):
            raise ReplayMismatch(f"{where}, is disabled in plain Python")
        if isinstance(outcome, Erred):
            raise ReplayMismatch(f"{where}, is an error of the model in plain Python ({outcome.kind.value})")
        return outcome.state

    def _agreed(self, where: str, action: Action, state: Value, params: tuple[Value, ...]) -> Took | Refused | Erred:
        """What an action does in plain Python, and in every other form of it.  Raises ReplayMismatch."""
        python = self._python(action, state, params)
        meaning = evaluate.run_action(self.check.program, action, state, params)
        match meaning:
            case evaluate.Enabled(after):
                same = python == Took(after)
            case evaluate.Disabled():
                same = isinstance(python, Refused)
            case evaluate.Failed(kind):
                same = isinstance(python, Erred) and _same_kind(python.kind, kind)
        if not same:
            raise ReplayMismatch(f"{where}, means something else in the IR than in plain Python")
        said = self._engine_says(action, state, params)
        if said is not None and _without_place(said) != _without_place(meaning):
            raise ReplayMismatch(f"{where}, means something else to the engine than in plain Python")
        return python

    def _engine_says(self, action: Action, state: Value, params: tuple[Value, ...]) -> evaluate.Outcome | None:
        """What an action does in the engine's form; None where the path is no engine's."""
        if self.compiled is None:
            return None
        initials = self.check.program.initials
        if any(action is initial for initial in initials):
            return self.compiled.initial(initials.index(action), params)
        return self.compiled.step(self.actions.index(action), state, params)

    def _python(self, action: Action, state: Value, params: tuple[Value, ...]) -> Took | Refused | Erred:
        kinds = [p.type for p in action.params]
        return self.loaded.run_action(action.module, action.name, state, params, kinds)

    # --- the end ---

    def _ending(self, states: Sequence[Value], claim: Claim, last: Call | None) -> Ending:
        if claim.trouble is Trouble.DEADLOCK:
            return self._deadlock(states[-1])
        if claim.trouble is Trouble.MODEL_ERROR:
            return self._model_error(states, claim)
        prop = self._property(claim.property)
        if claim.trouble is None:
            return self._fired(prop, last) if prop.action is not None else self._witness(prop, states)
        return self._false(prop, states, claim.params)

    def _property(self, name: str | None) -> Property:
        for p in self.check.properties:
            if p.name == name:
                return p
        raise ReplayMismatch(f"the path is shown for `{name}`, which is not a property of the check")

    def _fired(self, prop: Property, last: Call | None) -> Ending:
        if prop.action is None or last is None or last.name != prop.action.name:
            raise ReplayMismatch(f"{prop.name}: the path does not end with this action")
        return Ending(None, Call(prop.name), prop.kind.value)

    def _witness(self, prop: Property, states: Sequence[Value]) -> Ending:
        for params, value in self._values(prop, states):
            if value is True:
                self._engine_agrees(prop.name, _arguments(prop, states), True)
                return Ending(None, _call(prop, params), prop.kind.value)
        raise ReplayMismatch(f"{prop.name} is true in no instance in the last state")

    def _false(self, prop: Property, states: Sequence[Value], given: tuple[Value, ...]) -> Ending:
        if prop.kind in (PropertyKind.REACHABLE, PropertyKind.FIRES):
            raise ReplayMismatch(f"{prop.name} is reachable: no path can violate it")
        if prop.kind is PropertyKind.RECOVERABLE:
            return self._unrecoverable(prop, states[-1], given)
        for params, value in self._values(prop, states):
            if value is False:
                self._engine_agrees(prop.name, _arguments(prop, states), False)
                args = (*_arguments(prop, states), *params)
                return Ending(
                    Trouble.PROPERTY, _call(prop, params), prop.kind.value, self._conjuncts(prop.function, args)
                )
        raise ReplayMismatch(f"{prop.name} is true in plain Python at the end of the path")

    def _unrecoverable(self, prop: Property, state: Value, params: tuple[Value, ...]) -> Ending:
        """The engine's word that no path leads on is checked by a search of its own, as far as that is small."""
        claim, args = _call(prop, params), (state, *params)
        if self._agreed_call(prop.function, args) is not False:
            raise ReplayMismatch(f"{claim.named()} is true in the last state")
        instance = list(evaluate.instances(prop.params)).index(params)
        self._engine_agrees(prop.name, (state,), False, instance)
        answer = recover.search(self.loaded, self.actions, state, self._wanted(prop, params), self.tries)
        if isinstance(answer, (recover.Way, recover.Broken)):
            what = claim.named() if isinstance(answer, recover.Way) else "an error of the model"
            path = "; ".join(map(str, answer.calls))
            raise ReplayMismatch(f"after the path, {path} leads to {what} in plain Python")
        why = self._conjuncts(prop.function, args)
        return Ending(Trouble.PROPERTY, claim, prop.kind.value, why, recheck=str(answer))

    def _wanted(self, prop: Property, params: tuple[Value, ...]) -> Callable[[Any], bool | Erred]:
        """Whether a property, of these parameters, is true in a Python state."""
        given = [to_python(self.loaded, p.type, v) for p, v in zip(prop.params, params, strict=True)]

        def wanted(state: Any) -> bool | Erred:
            value = self.loaded.apply(prop.function.module, prop.name, (state, *given))
            return value if isinstance(value, Erred) else value is True

        return wanted

    def _values(self, prop: Property, states: Sequence[Value]) -> Iterator[tuple[tuple[Value, ...], Any]]:
        """Every instance of a property at the end of a path, with its value in plain Python (and the IR)."""
        if prop.kind is PropertyKind.STEP and len(states) < 2:
            raise ReplayMismatch(f"{prop.name} speaks of a step, and the path has none")
        first = _arguments(prop, states)
        for params in evaluate.instances(prop.params):
            yield params, self._agreed_call(prop.function, (*first, *params))

    def _agreed_call(self, function: Function, args: tuple[Value, ...]) -> object:
        python = self.loaded.call(function.module, function.name, [p.type for p in function.params], args)
        try:
            meaning: object = self.meaning.call(function, args)
        except ModelError as e:
            if isinstance(python, Erred) and _same_kind(python.kind, e.kind):
                return python
            raise ReplayMismatch(f"{function.name} is an error ({e.kind.value}) in the IR alone") from None
        if isinstance(python, Erred) or python != meaning:
            raise ReplayMismatch(f"{function.name} means something else in the IR than in plain Python")
        return python

    def _engine_agrees(self, name: str, states: Sequence[Value], truth: bool, instance: int | None = None) -> None:
        """Compare what is true of the last states with the engine's form of it, where no instance is an error."""
        said = None if self.compiled is None else self.compiled.value(name, states, instance)
        if said is not None and said is not truth:
            raise ReplayMismatch(f"{name} is {said} to the engine at the end of the path, and {truth} in plain Python")

    def _engine_errs(self, name: str, states: Sequence[Value], kind: ModelErrorKind) -> None:
        """Compare which error of the model a claim is with the engine's form of it."""
        said = None if self.compiled is None else self.compiled.errors(name, states)
        if said is not None and kind not in said:
            raise ReplayMismatch(
                f"{name} is no error of the model ({kind.value}) to the engine, and one in plain Python"
            )

    def _conjuncts(self, function: Function, args: tuple[Value, ...]) -> tuple[Conjunct, ...]:
        found = parts.of_function(self.check.helpers, self.check.program.state, function, args)
        return tuple(Conjunct(p.said(self.text(p.expr.span)), p.expr.span, p.values(self.text), p.truth) for p in found)

    def text(self, span: Span) -> str:
        """The text of a span of the model or the spec, on one line."""
        return text_of(self.spec, self.check, span)

    def _deadlock(self, state: Value) -> Ending:
        for action in self.actions:
            for params in evaluate.instances(action.params):
                where = f"after the path, {_call(action, params)}"
                if not isinstance(self._agreed(where, action, state, params), Refused):
                    raise ReplayMismatch(f"{where}, is enabled: this is no deadlock")
        terminal = self.check.terminal
        if terminal is None:
            raise ReplayMismatch("a deadlock of a check that names no terminal states")
        if self._agreed_call(terminal, (state,)) is not False:
            raise ReplayMismatch(f"{terminal.name} says that the last state is terminal")
        self._engine_agrees(terminal.name, (state,), False)
        return Ending(Trouble.DEADLOCK, Call(terminal.name), "terminal", self._conjuncts(terminal, (state,)))

    def _model_error(self, states: Sequence[Value], claim: Claim) -> Ending:
        if claim.error_step is not None:
            index, params = claim.error_step
            action = self._action(index)
            call = _call(action, params)
            outcome = self._agreed(f"after the path, {call}", action, states[-1], params)
            if not isinstance(outcome, Erred):
                raise ReplayMismatch(f"after the path, {call} is no error of the model in plain Python")
            return self._error_ending(call, outcome, self._failed_at(action, states[-1], params), action.fault)
        return self._property_error(states, claim)

    def _failed_at(self, action: Action, state: Value, params: tuple[Value, ...]) -> Span | None:
        outcome = evaluate.run_action(self.check.program, action, state, params)
        return outcome.span if isinstance(outcome, evaluate.Failed) else None

    def _property_error(self, states: Sequence[Value], claim: Claim) -> Ending:
        terminal = self.check.terminal
        if terminal is not None and claim.property == terminal.name:
            value = self._agreed_call(terminal, (states[-1],))
            if isinstance(value, Erred):
                where = self._erred_at(terminal, (states[-1],), ())
                return self._error_ending(Call(terminal.name), value, where, None)
        else:
            prop = self._property(claim.property)
            for params, value in self._values(prop, states):
                if isinstance(value, Erred):
                    where = self._erred_at(prop.function, _arguments(prop, states), params)
                    return self._error_ending(_call(prop, params), value, where, None)
        raise ReplayMismatch(f"{claim.property} is no error of the model in plain Python")

    def _erred_at(self, function: Function, states: Sequence[Value], params: tuple[Value, ...]) -> Span | None:
        """Where a claim is an error of the model, to the engine as well."""
        try:
            self.meaning.call(function, (*states, *params))
        except ModelError as e:
            self._engine_errs(function.name, states, e.kind)
            return e.span
        return None

    def _error_ending(self, call: Call, erred: Erred, span: Span | None, fault: str | None) -> Ending:
        where = () if span is None else (Conjunct(self.text(span), span),)
        return Ending(Trouble.MODEL_ERROR, None, "model error", where, call, fault, _said(erred))


def judge(spec: Spec, check: Check, system: ScalarSystem | None = None, tries: int = recover.TRIES) -> Judge:
    """A judge for a check: loads the model as plain Python."""
    return Judge(spec, check, load(check.program, spec), system, tries)


def claim_of(
    trouble: Trouble | None, name: str | None, error: Step | None = None, params: tuple[Value, ...] = ()
) -> Claim:
    """A claim from an engine's words."""
    return Claim(trouble, name, None if error is None else (error.action, error.params), params)


def text_of(spec: Spec, check: Check, span: Span) -> str:
    """The text of a span of a check's model or spec, on one line; empty where it is of no file of theirs."""
    for module in (spec.module, *check.program.modules, *spec.modules):
        if module.path == span.file:
            return excerpt(module.source, span)
    return ""


def excerpt(source: str, span: Span) -> str:
    """The text of a span, its line breaks and indentation as single blanks."""
    lines = source.replace("\r\n", "\n").split("\n")[span.line - 1 : span.end_line]
    if not lines or span.line < 1:
        return ""
    lines[-1] = lines[-1][: span.end_column]
    lines[0] = lines[0][span.column :]
    return " ".join(" ".join(lines).split())


def _said(erred: Erred) -> str:
    """What an error is, with the values that make it one."""
    if erred.kind in (ModelErrorKind.KEY, ModelErrorKind.INDEX) and erred.message:
        return erred.message
    return f"{erred.kind.value}: {erred.message}" if erred.message else erred.kind.value


def _call(of: Action | Property, params: tuple[Value, ...]) -> Call:
    given: tuple[Param, ...] = of.params
    if len(given) != len(params) or not all(has(p.type, v) for p, v in zip(given, params, strict=False)):
        raise ReplayMismatch(f"the path gives {of.name} parameters that it cannot have")
    return Call(of.name, given, params)


def _arguments(prop: Property, states: Sequence[Value]) -> tuple[Value, ...]:
    return tuple(states[-2:]) if prop.kind is PropertyKind.STEP else (states[-1],)


def _without_place(outcome: evaluate.Outcome) -> object:
    """What is compared of an outcome: an error has its kind, wherever it stands."""
    return outcome.kind if isinstance(outcome, evaluate.Failed) else outcome


def _same_kind(python: ModelErrorKind, meaning: ModelErrorKind) -> bool:
    """Python goes on with None where the IR says MISSING, and stumbles in some other way."""
    return python is meaning or meaning is ModelErrorKind.MISSING
