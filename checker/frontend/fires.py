"""Which action does `fires(...)` in a check name?

Rule of the module: the call is read from the tree, never executed.  It names an action that the spec imports, and the
claim goes by what the spec writes: `fires(settle)`.
"""

from __future__ import annotations

import ast
from typing import Final

from interlock.checker.diagnostics import did_you_mean
from interlock.checker.frontend.declarations import Declarations
from interlock.checker.frontend.scope import Broken, FunctionName, is_fires, written
from interlock.checker.ir import nodes as n
from interlock.checker.ir.types import BOOL

CODE: Final = "S018"


def name_of(decls: Declarations, call: ast.Call) -> str | None:
    """The name of the claim, or None after a note of what is wrong with it."""
    if not is_fires(call, decls.scope.names):
        help_ = "name the property without `(...)`: `fires(action)` is the only claim that is a call"
        if written(call.func) == "fires":
            help_ = "import it: `from interlock import fires`"
        decls.note(call, CODE, f"`{written(call)}` is no claim", help_)
        return None
    action = call.args[0] if len(call.args) == 1 and not call.keywords else None
    if action is None or isinstance(action, ast.Starred):
        decls.note(call, CODE, "`fires` takes one action", "write `fires(settle)`, with an action of the model")
        return None
    entity = decls.scope.names.get(action.id) if isinstance(action, ast.Name) else None
    if isinstance(entity, FunctionName) and entity.role == "action":
        return f"fires({written(action)})"
    if not isinstance(entity, Broken):
        decls.note(action, CODE, *_no_action(decls, action, entity))
    return None


def _no_action(decls: Declarations, node: ast.expr, entity: object) -> tuple[str, str]:
    """What to say of something that is no action: the message, and the help."""
    text = written(node)
    known = [name for name, e in decls.scope.names.items() if isinstance(e, FunctionName) and e.role == "action"]
    match node:
        case ast.Attribute(value=ast.Name(id=module), attr=name):
            return f"`{text}` is not imported by its name", f"write `from {module} import {name}`, and `fires({name})`"
        case ast.Name() if entity is None:
            help_ = did_you_mean(text, known) if known else "import the actions of the model that you name"
            return f"there is no action `{text}`", help_
    return f"`{text}` is no action", "name a function of the model that stands under `@action`"


def claims(decls: Declarations) -> dict[str, n.Property]:
    """Of each action that a spec imports the claim that it fires, by name."""
    found: dict[str, n.Property] = {}
    for name, entity in decls.scope.names.items():
        if not isinstance(entity, FunctionName) or entity.role != "action" or entity.state is None:
            continue
        if isinstance(entity.lowered, n.Action):
            found[f"fires({name})"] = _claim(f"fires({name})", entity.lowered, n.Param("s", entity.state))
    return found


def _claim(name: str, action: n.Action, state: n.Param) -> n.Property:
    function = n.Function(name, action.module, (state,), BOOL, (), action.doc)
    return n.Property(n.PropertyKind.FIRES, function, action)


def misfit(claim: n.Property, program: n.Program, faults: frozenset[str]) -> tuple[str, str] | None:
    """Why a check cannot claim it: the message, and the help; None where it can."""
    action = claim.action
    assert action is not None
    if (action.module, action.name) not in {(a.module, a.name) for a in program.actions}:
        help_ = did_you_mean(action.name, [a.name for a in program.actions])
        return f"`{action.name}` is no action of the model that is checked", help_
    if action.fault is not None and action.fault not in faults:
        message = f'`{action.name}` belongs to the fault "{action.fault}", which this check does not allow'
        return message, f'write `faults={{"{action.fault}"}}`'
    return None
