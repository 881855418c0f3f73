"""What does the body of a function do?

Rule of the module: each statement is read on its own; a refused one is recorded and the next is read,
with the names it would have bound poisoned so that they cause no second message.
"""

from __future__ import annotations

import ast
from typing import Final

import attrs

from interlock.checker.frontend import comprehensions, guidance
from interlock.checker.frontend.assignments import Assignments
from interlock.checker.frontend.declarations import Declarations
from interlock.checker.frontend.expressions import Expressions
from interlock.checker.frontend.facts import Fact, Function, learn
from interlock.checker.frontend.scope import FunctionName, LangName, Refused
from interlock.checker.ir import nodes as n
from interlock.checker.ir.types import BOOL, Type, show

_INSTEAD: Final = {
    ast.While: ("while", "loop over a finite domain: `for i in range(...)`"),
    ast.Break: ("break", "use `any(...)`, or put the loop into a helper and return from it"),
    ast.Continue: ("continue", "put the rest of the body under an `if`"),
    ast.Try: ("try", "nothing can be caught: guard with `require(...)`"),
    ast.TryStar: ("try", "nothing can be caught: guard with `require(...)`"),
    ast.With: ("with", "models have no resources; drop it"),
    ast.Raise: ("raise", "guard with `require(...)`"),
    ast.Assert: ("assert", "guard with `require(...)`, or state an `@always` property"),
    ast.Delete: ("del", "store None, or a set without the item"),
    ast.Global: ("global", "keep it in the state"),
    ast.Nonlocal: ("nonlocal", "keep it in the state"),
    ast.Import: ("an import inside a function", "import at the top of the file"),
    ast.ImportFrom: ("an import inside a function", "import at the top of the file"),
    ast.FunctionDef: ("a function inside a function", "write it at the top level of the module"),
    ast.AsyncFunctionDef: ("async", "write one action a step"),
    ast.ClassDef: ("a class inside a function", "write it at the top level of the module"),
    ast.Match: ("match", "use if and elif"),
    ast.For: ("this loop", "drop its else part"),
    ast.AsyncFor: ("async", "write a plain loop"),
    ast.AsyncWith: ("async", "drop it"),
}


class Statements:
    """Lowers the body of one function."""

    def __init__(self, decls: Declarations, function: Function, result: Type | None, body: list[ast.stmt]) -> None:
        self.decls, self.f, self.result = decls, function, result
        self.ex = Expressions(decls, function)
        self.assignments = Assignments(self.ex, body)

    def block(self, body: list[ast.stmt]) -> tuple[tuple[n.Stmt, ...], bool]:
        """The statements, and whether the end of the block is never reached."""
        out: list[n.Stmt] = []
        ended = False
        for node in body:
            if ended:
                self.decls.note(node, "M001", "this is never reached", "drop it, or the return before it")
                break
            try:
                lowered, ended = self._statement(node)
                out.extend(lowered)
            except Refused:
                self._poison(node)
                ended = _returns(node)
        return tuple(out), ended

    def _poison(self, node: ast.stmt) -> None:
        for name in _targets(node):
            unique = self.f.names.get(name) or self.f.bind(name, BOOL)
            if unique not in self.f.states:
                self.f.poisoned.add(unique)

    def _statement(self, node: ast.stmt) -> tuple[list[n.Stmt], bool]:
        match node:
            case ast.Pass():
                return [], False
            case ast.Expr(value=ast.Constant(value=str())):
                return [], False
            case ast.Expr(value=ast.Call() as call) if self._is_require(call):
                return [self._require(call)], False
            case ast.Assign(targets=[target]):
                return [self.assignments.assign(node, target, node.value)], False
            case ast.AnnAssign(target=ast.Name(), value=ast.expr()):
                return [self.assignments.declare(node)], False
            case ast.AugAssign():
                return [self.assignments.augmented(node)], False
            case ast.If():
                return self._if(node)
            case ast.For(orelse=[]):
                return [self._for(node)], False
            case ast.Return():
                return [self._return(node)], True
        self._refuse(node)
        raise AssertionError  # not reached

    def _refuse(self, node: ast.stmt) -> None:
        match node:
            case ast.Expr(value=ast.Call() as call):
                help_ = guidance.without_effect(call, self._type_of_base(call))
                self.ex.fail(node, "M001", "this call does nothing here", help_)
            case ast.Expr():
                help_ = "use `require(...)`, or assign the value"
                self.ex.fail(node, "M001", "this expression does nothing here", help_)
            case ast.Assign():
                self.ex.fail(node, "M001", "one assignment has one target", "write one line for each")
            case ast.AnnAssign():
                self.ex.fail(node, "M001", "a local is declared with a value", "write `name: T = value`")
        what, help_ = _INSTEAD.get(type(node), ("this statement", "see the language reference for what there is"))
        self.ex.fail(node, "M001", f"{what} is outside the language", help_)

    def _type_of_base(self, call: ast.Call) -> Type | None:
        """The type of what a method is called of; None of anything else.  What is wrong inside is told."""
        if not isinstance(call.func, ast.Attribute) or self.ex.entity_of(call.func) is not None:
            return None
        return self.ex.lower(call.func.value).type

    # --- guards and returns ----------------------------------------------------------------------

    def _is_require(self, call: ast.Call) -> bool:
        entity = self.ex.entity_of(call.func)
        return isinstance(entity, LangName) and entity.name == "require"

    def _require(self, call: ast.Call) -> n.Stmt:
        if not self.f.is_action:
            help_ = "return a bool and require it in the action"
            self.ex.fail(call, "M302", "require outside an action", help_)
        if len(call.args) != 1 or call.keywords:
            self.ex.fail(call, "M207", "require takes one condition", "write `require(a and b)`")
        condition = self.ex.condition(call.args[0])
        self.f.facts |= learn(condition, True)
        return n.Require(condition, span=self.ex.span(call))

    def _return(self, node: ast.Return) -> n.Stmt:
        span = self.ex.span(node)
        if self.result is None:
            if node.value is not None and not (isinstance(node.value, ast.Constant) and node.value.value is None):
                self.ex.fail(node, "M211", "an action returns nothing", "change the state, or write `return` alone")
            return n.Return(None, span=span)
        if node.value is None:
            self.ex.fail(node, "M211", f"this must return {show(self.result)}", "return a value")
        value = self.ex.lower(node.value, self.result)
        return n.Return(self.ex.passed(node.value, value, self.result), span=span)

    # --- branches and loops ----------------------------------------------------------------------

    def _if(self, node: ast.If) -> tuple[list[n.Stmt], bool]:
        test = self.ex.condition(node.test)
        before = _Flow.of(self.f)
        self.f.facts |= learn(test, True)
        then, then_ended = self.block(node.body)
        after_then = _Flow.of(self.f)
        before.restore(self.f)
        self.f.facts |= learn(test, False)
        otherwise, else_ended = self.block(node.orelse)
        after_else = _Flow.of(self.f)
        if then_ended and not else_ended:
            after_else.restore(self.f)
        elif else_ended and not then_ended:
            after_then.restore(self.f)
        else:
            _Flow(after_then.assigned & after_else.assigned, after_then.facts & after_else.facts).restore(self.f)
        return [n.Branch(test, then, otherwise, span=self.ex.span(node))], then_ended and else_ended

    def _for(self, node: ast.For) -> n.Stmt:
        it, item = comprehensions.iterable(self.ex, node.iter)
        pairs = comprehensions.targets(self.ex, node.target, item)
        for name, _ in pairs:
            self.assignments.check_new(node.target, name)
            if name in self.f.names and self.f.names[name] in self.f.assigned | self.f.poisoned:
                self.ex.fail(node.target, "M307", f"`{name}` already names a local", "choose another name")
        for name in _targets_of(node.body):
            self.f.forget(self.f.names.get(name, name))
        if self.f.state is not None and _changes_state(node.body):
            self.f.forget(self.f.state)
        before = _Flow.of(self.f)
        unique = tuple(self.f.bind(name, t) for name, t in pairs)
        self.f.read_only |= set(unique)
        body, _ = self.block(node.body)
        before.restore(self.f)
        for name, _ in pairs:
            self.f.names.pop(name, None)
        return n.Loop(unique, tuple(t for _, t in pairs), it, body, span=self.ex.span(node))


def lower_bodies(decls: Declarations) -> None:
    """Lower every function of a module, whose names are all bound."""
    for f in decls.functions:
        f.lowered = _lower(decls, f)


def _lower(decls: Declarations, f: FunctionName) -> n.Function | n.Action | n.Property:
    node, span = f.node, decls.source.span(f.node)
    local = Function(node.name)
    states = []
    for p in f.params:
        unique = local.bind(p.name, p.type)
        if p.type == decls.state_type():
            states.append(unique)
        local.read_only.add(unique)
    local.states = frozenset(states)
    acts = f.role in {"action", "initial"}
    local.is_action = acts
    local.state = f.params[0].name if acts else None
    body, ended = Statements(decls, local, None if acts else f.result, node.body).block(node.body)
    if not acts and not ended:
        decls.note(node, "M212", f"`{node.name}` may end without a value", "return a value on every path")
    f.calls = local.calls
    doc = ast.get_docstring(node) or ""
    if acts:
        return n.Action(node.name, decls.scope.name, f.params[0].name, f.params[1:], body, f.fault, doc, span=span)
    function = n.Function(node.name, decls.scope.name, f.params, f.result, body, doc, span=span)
    return n.Property(n.PropertyKind(f.role), function) if f.is_property else function


@attrs.frozen
class _Flow:
    """What is known at one point of a function."""

    assigned: set[str]
    facts: set[Fact]

    @classmethod
    def of(cls, f: Function) -> _Flow:
        return cls(set(f.assigned), set(f.facts))

    def restore(self, f: Function) -> None:
        f.assigned, f.facts = set(self.assigned), set(self.facts)


def _targets(node: ast.stmt) -> list[str]:
    return _targets_of([node])


def _targets_of(body: list[ast.stmt]) -> list[str]:
    """The local names that statements assign, at any depth."""
    found = []
    for statement in body:
        for node in ast.walk(statement):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                found.append(node.id)
    return found


def _changes_state(body: list[ast.stmt]) -> bool:
    for statement in body:
        for node in ast.walk(statement):
            if isinstance(node, (ast.Attribute, ast.Subscript)) and isinstance(node.ctx, ast.Store):
                return True
    return False


def _returns(node: ast.stmt) -> bool:
    return isinstance(node, ast.Return)
