"""Why is this action disabled in this state?  The first guard that is false and why, or the error it runs into.

Rule of the module: the IR evaluator answers, and its text comes from the model's own lines.
"""

from __future__ import annotations

import ast
import itertools
from collections.abc import Iterator, Sequence

import attrs

from interlock.checker.diagnostics import NOWHERE, InputError, Span, did_you_mean, mistake
from interlock.checker.fold import WIDTH, fold
from interlock.checker.ir.claims import Check, Spec
from interlock.checker.ir.nodes import Action, Param
from interlock.checker.ir.types import EnumT, IntT, ScalarT, SeqT, SetT, Type, Value, members, nth, show
from interlock.checker.semantics import evaluate
from interlock.checker.trace import itf, parts, values
from interlock.checker.trace.diff import diff
from interlock.checker.trace.itf import Saved
from interlock.checker.trace.loader import paste
from interlock.checker.trace.replay import text_of
from interlock.checker.trace.trace import Call
from interlock.checker.words import counted

_TRIED = 4096  # initial instances that are looked at one by one, in plain Python, for an enabled one
_SHAPE = "write it as a trace does: 'settle(me=Network(0))'"


def explain(
    spec: Spec, check: Check, action: Action, params: tuple[Value, ...], state: Value, width: int = WIDTH
) -> Iterator[str]:
    """The answer, in lines of at most `width` columns."""
    return _Explained(spec, check, width).lines(action, params, state)


@attrs.frozen
class _Explained:
    """What is said of an action of a check, in lines of at most `width` columns."""

    spec: Spec
    check: Check
    width: int

    def lines(self, action: Action, params: tuple[Value, ...], state: Value) -> Iterator[str]:
        """Whether an action is enabled in a state, and what it changes; or why it is not."""
        program, call = self.check.program, Call(action.name, action.params, params)
        if action.fault is not None and action.fault not in self.check.faults:
            where = f'which the check "{self.check.name}" does not allow'
            yield from self._fold(f'{call} belongs to the fault "{action.fault}", {where}')
        match evaluate.run_action(program, action, state, params):
            case evaluate.Enabled(after):
                yield from self._fold(f"{call} is enabled")
                yield from self._changes(state, after, "    ")
                if after == state:
                    yield "    (nothing changes)"
            case evaluate.Failed(kind, span):
                yield from self._fold(f"{call} is an error of the model: {kind.value}")
                yield from self._fold(f"at {self._text(span)}    ({span})", "    ")
            case evaluate.Disabled():
                yield from self._fold(f"{call} is disabled")
                yield from self._why(action, params, state)

    def _why(self, action: Action, params: tuple[Value, ...], state: Value) -> Iterator[str]:
        """The guard that is false, the branches that lead to it, and the parts of it that make it so."""
        guard = evaluate.explain_guard(self.check.program, action, state, params)
        if guard is None:
            return
        found = parts.of_guard(self.check.program, action, guard, state, params)
        if found is not None and found.further:
            yield f"    (inside {counted(found.further, 'branch', 'branches')} more)"
        for part in () if found is None else found.around:
            yield from self._part(part)
        whole = self._text(guard.span)
        yield from self._fold(f"false: {whole}    ({guard.span})", "    ")
        for part in () if found is None else found.parts:
            told = part.expr.span == NOWHERE or f"require({self._text(part.expr.span)})" == whole
            yield from self._with(part) if told else self._part(part)
        if found is not None and found.state != state:
            yield "    after what the action changes before, and takes back:"
            yield from self._changes(state, found.state, "        ")

    def _part(self, part: parts.Part) -> Iterator[str]:
        word, text = "true" if part.truth else "false", part.said(self._text(part.expr.span))
        yield from self._fold(f"{word}: {text}    ({part.expr.span})", "    ")
        yield from self._with(part)

    def _with(self, part: parts.Part) -> Iterator[str]:
        values = part.values(lambda span: text_of(self.spec, self.check, span))
        yield from self._fold(f"with {values}", "        ") if values else ()

    def _changes(self, old: Value, new: Value, indent: str) -> Iterator[str]:
        for change in diff(self.check.program.state, old, new):
            yield from change.lines(indent, self.width)

    def _text(self, span: Span) -> str:
        return text_of(self.spec, self.check, span) or "(a line of another file)"

    def _fold(self, text: str, indent: str = "") -> list[str]:
        return fold(text, indent, width=self.width)


def start(check: Check) -> tuple[Value, str]:
    """The first initial state, and which it is, in words.  Raises InputError C007."""
    program = check.program
    if not program.initials:
        return program.default, "in the initial state:"
    beginnings = evaluate.beginnings(program)
    found = list(itertools.islice(beginnings, _TRIED))
    more = next(beginnings, None) is not None
    wrong = next(
        (f"initial action {a.name}: {o.kind.value} at {o.span}" for a, _, o in found if isinstance(o, evaluate.Failed)),
        "",
    )
    enabled = [(a, params, o.state) for a, params, o in found if isinstance(o, evaluate.Enabled)]
    if wrong or not enabled:
        raise _nowhere(wrong, more)
    action, params, state = enabled[0]
    states = {s for _, _, s in enabled}
    count = f"the first of {len(states)} initial states"
    if more:
        count = "the first initial state"
    elif len(states) == 1:
        count = "the initial state"
    others = " (--initial takes another)" if more or len(states) > 1 else ""
    return state, f"in {count}, by {Call(action.name, action.params, params)}{others}:"


def _nowhere(wrong: str, more: bool) -> InputError:
    """There is no initial state, as far as was looked."""
    if not wrong and more:
        message = f"none of the first {_TRIED} initial instances is enabled"
        return mistake("C007", message, "name one that is: `--initial CALL`, or a state: `--trace FILE`")
    why = wrong or "every initial action is disabled"
    return mistake("C007", f"there is no initial state: {why}", "run `interlock check` on it first")


def begun(check: Check, text: str) -> tuple[Value, str]:
    """The initial state that a call of an `@initial` function makes, and which it is, in words.

    Raises InputError C005 for another text, and C007 where it makes none.
    """
    program = check.program
    if not program.initials:
        raise _wrong("the model has no `@initial` function, and one initial state", "leave out `--initial`")
    action, params = _parsed(text, program.initials, "initial action")
    call = Call(action.name, action.params, params)
    match evaluate.run_action(program, action, program.default, params):
        case evaluate.Enabled(state):
            return state, f"in the initial state, by {call}:"
        case evaluate.Failed(kind, span):
            raise mistake("C007", f"{call} is an error of the model: {kind.value} at {span}", "correct the model first")
    help_ = "it makes no initial state: give it other values"
    raise mistake("C007", f"{call} is disabled", help_)


def within(check: Check, saved: Saved, at: int | None) -> tuple[Value, str]:
    """A state of a saved trace, and which it is, in words.  Raises InputError C008 for one that is not there.

    Without a number, the state in which the last step was still to be chosen: where a property of states or steps
    is violated (or reached) that is the state before the last, otherwise the last.
    """
    states = itf.states(saved, check.program.state)
    last = len(states) - 1
    if at is None:
        about = saved.about
        by_step = about.get("trouble") in (None, "property") and about.get("recheck") is None
        at = max(0, last - 1) if by_step else last
    if at > last:
        raise mistake("C008", f"the trace has no state {at}", f"states are 0 to {last}")
    meta = saved.states[at].get("#meta")
    text = meta.get("text") if isinstance(meta, dict) else None
    after = f", after {text}" if isinstance(text, str) else ""
    other = "" if saved.check == check.name else f' of another check, "{saved.check}"'
    return states[at], f"in state {at} (of 0 to {last}) of the trace{other}{after}:"


def parse_call(check: Check, text: str) -> tuple[Action, tuple[Value, ...]]:
    """An action with parameters from the text of a trace.  Raises InputError C005."""
    return _parsed(text, check.program.actions, "action")


def _parsed(text: str, actions: Sequence[Action], what: str) -> tuple[Action, tuple[Value, ...]]:
    """One of these actions with parameters; `what` they are."""
    try:
        tree = ast.parse(text, mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise _wrong(f"`{text}` is not a call", _SHAPE) from None
    name, call = (tree.id, None) if isinstance(tree, ast.Name) else (_callee(tree, text), tree)
    action = next((a for a in actions if a.name == name), None)
    if action is None:
        raise _wrong(f"there is no {what} `{name}`", did_you_mean(name, [a.name for a in actions]))
    return action, _arguments(action, call)


def _callee(tree: ast.expr, text: str) -> str:
    if isinstance(tree, ast.Call) and isinstance(tree.func, ast.Name):
        return tree.func.id
    raise _wrong(f"`{text}` is not a call of an action", _SHAPE)


def _arguments(action: Action, call: ast.expr | None) -> tuple[Value, ...]:
    assert call is None or isinstance(call, ast.Call)
    positional = [] if call is None else call.args
    names = [p.name for p in action.params]
    if len(positional) > len(names):
        raise _wrong(f"{action.name} takes {counted(len(names), 'parameter')}", _SHAPE)
    given = dict(zip(names, positional, strict=False))
    for k in [] if call is None else call.keywords:
        if k.arg not in names:
            raise _wrong(f"{action.name} has no parameter `{k.arg}`", did_you_mean(k.arg or "**", names))
        if k.arg in given:
            raise _wrong(f"the parameter `{k.arg}` of {action.name} is given twice", "give it once")
        given[k.arg] = k.value
    return tuple(_argument(action, p, given.get(p.name)) for p in action.params)


def _argument(action: Action, p: Param, node: ast.expr | None) -> Value:
    if node is None:
        raise _wrong(
            f"the parameter `{p.name}` of {action.name} is missing", f"it is a {show(p.type)}: {_first(p.type)}"
        )
    try:
        return values.read(p.type, node)
    except values.NoValue as e:
        text = ast.unparse(e.node)
        few = isinstance(e.type, (EnumT, ScalarT))
        choices = [paste(e.type, v) for v in members(e.type)] if few else []
        raise _wrong(str(e), did_you_mean(text, choices) if few else _shape(e.type)) from None


def _shape(t: Type) -> str:
    """How a value of a type is written: its range, or one of its values that shows the form."""
    match t:
        case IntT():
            return f"write a number from {t.lo} to {t.hi}"
        case SetT():
            some = paste(t, frozenset(members(t.item)[:1]))
            return f"write it as `{some}`, or `FiniteSet()`"
        case SeqT():
            some = paste(t, members(t.item)[:1] if t.bound else ())
            return f"write it as `{some}`, with at most {counted(t.bound, 'item')}"
    return f"write it as {_first(t)}"


def _first(t: Type) -> str:
    return f"`{paste(t, nth(t, 0))}`"


def _wrong(message: str, help_: str) -> InputError:
    return mistake("C005", message, help_)
