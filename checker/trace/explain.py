"""Why is this action disabled in this state?  The first guard that is false, or the error it runs into.

Rule of the module: the IR evaluator answers, and its text comes from the model's own lines.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from checker.diagnostics import NOWHERE, Diagnostic, InputError, did_you_mean
from checker.ir.claims import Check, Spec
from checker.ir.nodes import Action
from checker.ir.types import Value, members, show
from checker.semantics import evaluate
from checker.trace.diff import diff
from checker.trace.loader import paste
from checker.trace.replay import excerpt
from checker.trace.trace import Call

_SHAPE = "write it as a trace does: 'settle(me=Network(0))'"


def explain(spec: Spec, check: Check, action: Action, params: tuple[Value, ...], state: Value) -> Iterator[str]:
    """The answer, line by line."""
    program, call = check.program, Call(action.name, action.params, params)
    if action.fault is not None and action.fault not in check.faults:
        yield f"{call} belongs to the fault {action.fault!r}, which the check {check.name!r} does not allow"
    match evaluate.run_action(program, action, state, params):
        case evaluate.Enabled(after):
            yield f"{call} is enabled"
            yield from (f"    {c}" for c in diff(program.state, state, after)) if after != state else ("    no change",)
        case evaluate.Failed(kind, span):
            yield f"{call} is an error of the model: {kind.value}"
            yield f"    at {_text(spec, check, span.file, span)}    ({span})"
        case evaluate.Disabled():
            yield f"{call} is disabled"
            guard = evaluate.explain_guard(program, action, state, params)
            if guard is not None:
                yield f"    false: {_text(spec, check, guard.span.file, guard.span)}    ({guard.span})"


def _text(spec: Spec, check: Check, file: str, span: object) -> str:
    for module in (spec.module, *check.program.modules):
        if module.path == file:
            return excerpt(module.source, span)  # type: ignore[arg-type]
    return "(a line of another file)"


def parse_call(check: Check, text: str) -> tuple[Action, tuple[Value, ...]]:
    """An action with parameters from the text of a trace.  Raises InputError C005."""
    try:
        tree = ast.parse(text, mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise _wrong(f"`{text}` is not a call", _SHAPE) from None
    name, call = (tree.id, None) if isinstance(tree, ast.Name) else (_callee(tree, text), tree)
    action = next((a for a in check.program.actions if a.name == name), None)
    if action is None:
        raise _wrong(f"there is no action `{name}`", did_you_mean(name, [a.name for a in check.program.actions]))
    return action, _arguments(action, call)


def _callee(tree: ast.expr, text: str) -> str:
    if isinstance(tree, ast.Call) and isinstance(tree.func, ast.Name):
        return tree.func.id
    raise _wrong(f"`{text}` is not a call of an action", _SHAPE)


def _arguments(action: Action, call: ast.expr | None) -> tuple[Value, ...]:
    assert call is None or isinstance(call, ast.Call)
    positional = [] if call is None else [ast.unparse(x) for x in call.args]
    given = dict(zip((p.name for p in action.params), positional, strict=False))
    given |= {} if call is None else {k.arg or "**": ast.unparse(k.value) for k in call.keywords}
    names = [p.name for p in action.params]
    for extra in given.keys() - set(names):
        raise _wrong(f"{action.name} has no parameter `{extra}`", did_you_mean(extra, names))
    if len(positional) > len(names):
        raise _wrong(f"{action.name} takes {len(names)} parameters", _SHAPE)
    return tuple(_argument(action, p.name, given) for p in action.params)


def _argument(action: Action, name: str, given: dict[str, str]) -> Value:
    t = next(p.type for p in action.params if p.name == name)
    known = {ast.unparse(ast.parse(paste(t, v), mode="eval")): v for v in members(t)}
    if name not in given:
        raise _wrong(f"the parameter `{name}` of {action.name} is missing", f"it is a {show(t)}: {next(iter(known))}")
    if given[name] not in known:
        raise _wrong(f"`{given[name]}` is not a {show(t)}", did_you_mean(given[name], known))
    return known[given[name]]


def _wrong(message: str, help_: str) -> InputError:
    return InputError([Diagnostic("C005", message, NOWHERE, help_)])
