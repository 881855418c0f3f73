"""What is a function of a model or spec: its role, its parameters, its result?

Rule of the module: signatures alone; the one decorator of a function names its role, and a role says
which parameters and which result it takes.
"""

from __future__ import annotations

import ast
from typing import Final

from interlock.checker.frontend.annotations import Annotations
from interlock.checker.frontend.declarations import Declarations
from interlock.checker.frontend.scope import FunctionName
from interlock.checker.ir import nodes as n
from interlock.checker.ir.types import BOOL, Type, show

_PROPERTIES: Final = {"always", "step", "reachable", "recoverable"}


def declare(decls: Declarations, node: ast.FunctionDef) -> None:
    """Bind a function with its signature; its body is lowered when all signatures are known."""
    role, fault = _role(decls, node)
    params = _params(decls, node)
    state = None
    if role != "helper":
        state = _state_params(decls, node, params, 2 if role == "step" else 1)
    result = _result(decls, node, role)
    listed = params[2 if role == "step" else 1 :] if role != "helper" else ()
    for p, a in zip(params, node.args.args, strict=True):
        if role != "helper" and p in listed:
            Annotations(decls).stored(a.annotation)  # type: ignore[arg-type]
            if role in {"action", "initial"}:  # whose instances a solver need not list
                decls.sized(a, p.type)
            else:
                decls.small_domain(a, p.type)
    entity = FunctionName(node, decls.scope, role, fault, params, state, result)
    decls.bind(node, node.name, entity)
    decls.functions.append(entity)


def _role(decls: Declarations, node: ast.FunctionDef) -> tuple[str, str | None]:
    if not node.decorator_list:
        return "helper", None
    if len(node.decorator_list) > 1:
        decls.fail(node.decorator_list[1], "M007", "one decorator is enough", "an action, or a property, or neither")
    d = node.decorator_list[0]
    if isinstance(d, ast.Call):
        if decls.decorator(d.func) == "action" and not d.args and len(d.keywords) == 1 and d.keywords[0].arg == "fault":
            fault = d.keywords[0].value
            if (
                isinstance(fault, ast.Constant)
                and isinstance(fault.value, str)
                and fault.value.isprintable()
                and fault.value.strip()
            ):
                return "action", fault.value
        decls.fail(d, "M007", "this decorator is outside the language", 'write `@action` or `@action(fault="name")`')
    name = decls.decorator(d)
    if name not in {*_PROPERTIES, "action", "initial"}:
        help_ = "functions take @action, @initial, @always, @step, @reachable, @recoverable, or none"
        decls.fail(d, "M007", f"`{name}` does not decorate a function", help_)
    if decls.is_spec and name in {"action", "initial"}:
        decls.fail(d, "M007", "a spec has no actions", "move it to the model")
    return name, None


def _params(decls: Declarations, node: ast.FunctionDef) -> tuple[n.Param, ...]:
    a = node.args
    if a.vararg or a.kwarg or a.kwonlyargs or a.posonlyargs or a.defaults or getattr(node, "type_params", None):
        help_ = "write plain parameters with types: `def f(s: State, who: Chain) -> bool`"
        decls.fail(node, "M008", "this signature is outside the language", help_)
    out: list[n.Param] = []
    for arg in a.args:
        if arg.annotation is None:
            decls.fail(arg, "M008", f"the parameter `{arg.arg}` has no type", "annotate it")
        out.append(n.Param(arg.arg, Annotations(decls).read(arg.annotation)))
    return tuple(out)


def _state_params(decls: Declarations, node: ast.FunctionDef, params: tuple[n.Param, ...], count: int) -> Type:
    state = decls.state_type()
    if state is None:
        decls.fail(node, "M305", "there is no state class here", "write `@state class State`, or import it")
    if len(params) < count or any(p.type != state for p in params[:count]):
        shape = "old: State, new: State" if count == 2 else "s: State"
        decls.fail(
            node, "M306", f"`{node.name}` does not take the state first", f"write `def {node.name}({shape}, ...)`"
        )
    if any(p.type == state for p in params[count:]):
        decls.fail(node, "M306", "the state is taken twice", "the other parameters range over finite types")
    return state


def _result(decls: Declarations, node: ast.FunctionDef, role: str) -> Type:
    if node.returns is None:
        decls.fail(
            node,
            "M008",
            f"`{node.name}` has no result type",
            "write `-> None` for actions, `-> bool` for properties",
        )
    t = Annotations(decls).read(node.returns)
    wanted = {"action": "None", "initial": "None", "helper": None}.get(role, "bool")
    if (wanted == "None" and show(t) != "None") or (wanted == "bool" and t != BOOL):
        decls.fail(node.returns, "M211", f"`{node.name}` returns {wanted}", f"write `-> {wanted}`")
    if role == "helper" and (show(t) == "None" or t == decls.state_type()):
        decls.fail(node.returns, "M211", "a helper returns a value", "give it a result type other than the state")
    return t
