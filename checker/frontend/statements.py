"""What does the body of a function do?

Rule of the module: each statement is read on its own; a refused one is recorded and the next is read,
with the names it would have bound poisoned so that they cause no second message.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Final

import attrs

from interlock.checker.diagnostics import did_you_mean
from interlock.checker.frontend import comprehensions, guidance
from interlock.checker.frontend.expressions import Expressions, Function
from interlock.checker.frontend.rules import is_int
from interlock.checker.frontend.scope import RESERVED, LangName, Refused
from interlock.checker.ir import nodes as n
from interlock.checker.ir.types import BOOL, INT, MapT, NeverT, NoneT, OptionT, RecordT, SeqT, SetT, TupleT, Type, show

if TYPE_CHECKING:
    from interlock.checker.frontend.declarations import Declarations

_AUGMENTED: Final = (ast.Add, ast.Sub, ast.Mult, ast.FloorDiv, ast.Mod, ast.BitOr, ast.BitAnd)
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
        self.multiple = _assigned_twice(body)

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
                return [self._assign(node, target, node.value)], False
            case ast.AnnAssign(target=ast.Name(), value=ast.expr()):
                return [self._declare(node)], False
            case ast.AugAssign():
                return [self._augmented(node)], False
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
        self.f.facts |= self.ex.learn(condition, True)
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
        self.f.facts |= self.ex.learn(test, True)
        then, then_ended = self.block(node.body)
        after_then = _Flow.of(self.f)
        before.restore(self.f)
        self.f.facts |= self.ex.learn(test, False)
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
        it, item = self.ex.iterable(node.iter)
        pairs = comprehensions.targets(self.ex, node.target, item)
        for name, _ in pairs:
            self._check_new(node.target, name)
            if name in self.f.names and self.f.names[name] in self.f.assigned | self.f.poisoned:
                self.ex.fail(node.target, "M307", f"`{name}` already names a local", "choose another name")
        for name in _targets_of(node.body):
            self._forget(self.f.names.get(name, name))
        if self.f.state is not None and _changes_state(node.body, self.f):
            self._forget(self.f.state)
        before = _Flow.of(self.f)
        unique = tuple(self.f.bind(name, t) for name, t in pairs)
        self.f.read_only |= set(unique)
        body, _ = self.block(node.body)
        before.restore(self.f)
        for name, _ in pairs:
            self.f.names.pop(name, None)
        return n.Loop(unique, tuple(t for _, t in pairs), it, body, span=self.ex.span(node))

    # --- assignments -----------------------------------------------------------------------------

    def _forget(self, root: str) -> None:
        self.f.facts = {fact for fact in self.f.facts if fact[0] != root}

    def _declare(self, node: ast.AnnAssign) -> n.Stmt:
        assert isinstance(node.target, ast.Name)
        assert node.value is not None
        t = self.decls.annotations.read(node.annotation)
        if isinstance(t, RecordT) and t == self.decls.state_type():
            self.ex.fail(node, "M301", "the state cannot be copied to a local", "copy the fields that are needed")
        value = self.ex.passed(node.value, self.ex.lower(node.value, t), t)
        name = node.target.id
        self._check_new(node.target, name)
        if name in self.f.names and self.f.types[self.f.names[name]] != t:
            self.ex.fail(node.target, "M301", f"`{name}` already has another type", "choose another name")
        return self._store_local(node, name, t, value)

    def _store_local(self, node: ast.stmt, name: str, t: Type, value: n.Expr) -> n.Stmt:
        unique = self.f.names.get(name) or self.f.bind(name, t)
        if unique in self.f.states or unique in self.f.read_only:
            help_ = "parameters and loop variables keep their value: use another local"
            self.ex.fail(node, "M301", f"`{name}` cannot be assigned", help_)
        self.f.assigned.add(unique)
        self.f.poisoned.discard(unique)
        self._forget(unique)
        inner = value.value if isinstance(value, n.Fit) else value
        if isinstance(t, OptionT) and not isinstance(inner.type, (OptionT, NoneT)):
            self.f.facts.add((unique,))
        return n.Assign(unique, t, (), value, span=self.ex.span(node))

    def _assign(self, node: ast.stmt, target: ast.expr, value: ast.expr) -> n.Stmt:
        match target:
            case ast.Name():
                return self._assign_local(node, target, value)
            case ast.Tuple():
                return self._unpack(node, target, value)
            case ast.Attribute() | ast.Subscript():
                place_type, path = self._place(target)
                fitted = self.ex.stored(value, place_type)
                return self._store(node, place_type, path, fitted)
        self.ex.fail(target, "M301", "this is not a place", "assign to a local, or to `s.field`, `s.field[key]`")

    def _assign_local(self, node: ast.stmt, target: ast.Name, value: ast.expr) -> n.Stmt:
        name = target.id
        self._check_new(target, name)
        known = self.f.names.get(name)
        if known is not None and known in self.f.types and known not in self.f.poisoned:
            t = self.f.types[known]
            e = self.ex.lower(value, t)
            return self._store_local(node, name, t, self.ex.passed(value, e, t))
        e = self.ex.lower(value)
        t = e.type
        if is_int(t) and name in self.multiple:
            t = INT
        if isinstance(t, NoneT) or _incomplete(t):
            help_ = f"say its type: `{name}: T | None = None`, `{name}: FiniteSet[T] = FiniteSet()`"
            self.ex.fail(node, "M201", f"the type of `{name}` is not known here", help_)
        return self._store_local(node, name, t, self.ex.fit(value, e, t))

    def _check_new(self, node: ast.AST, name: str) -> None:
        if name not in self.f.names and (name in self.decls.scope.names or name in RESERVED):
            help_ = "choose another name"
            self.ex.fail(node, "M102", f"`{name}` already names something of the module", help_)

    def _unpack(self, node: ast.stmt, target: ast.Tuple, value: ast.expr) -> n.Stmt:
        if any(isinstance(e, ast.Attribute | ast.Subscript) for e in target.elts):
            help_ = "write one line for each, and keep in a local what a later one needs: `old = s.a`"
            self.ex.fail(target, "M213", "only locals are assigned several at once", help_)
        e = self.ex.lower(value)
        if not isinstance(e.type, TupleT):
            self.ex.refuse_none(value, e)
            self.ex.fail(value, "M213", f"{show(e.type)} cannot be taken apart", "only tuples can")
        pairs = comprehensions.targets(self.ex, target, e.type)
        unique = []
        for name, t in pairs:
            self._check_new(target, name)
            if name in self.f.names and self.f.names[name] not in self.f.poisoned:
                self.ex.fail(target, "M213", f"`{name}` already has a value", "unpack into new names")
            unique.append(self.f.bind(name, t))
        return n.Unpack(tuple(unique), tuple(t for _, t in pairs), e, span=self.ex.span(node))

    def _augmented(self, node: ast.AugAssign) -> n.Stmt:
        if not isinstance(node.op, _AUGMENTED):
            self.ex.fail(node, "M002", "this operator is outside the language", "use + - * // % | &")
        whole = ast.copy_location(ast.BinOp(_load(node.target), node.op, node.value), node)
        return self._assign(node, node.target, whole)

    def _place(self, target: ast.expr) -> tuple[Type, tuple[n.AtField | n.AtKey, ...]]:
        """The type of an assigned place and the way to it from the state."""
        match target:
            case ast.Name() if self.f.names.get(target.id) in self.f.states:
                if self.f.state is None or self.f.names[target.id] != self.f.state:
                    help_ = "helpers and properties only read: return a value and store it in an action"
                    self.ex.fail(target, "M303", "only an action changes the state", help_)
                return self.f.types[self.f.state], ()
            case ast.Attribute():
                t, path = self._place(target.value)
                if path:
                    help_ = "records are frozen: store `evolve(record, field=value)` instead"
                    self.ex.fail(target, "M301", "a field of a record cannot be assigned", help_)
                assert isinstance(t, RecordT)
                fields = dict(t.fields)
                if target.attr not in fields:
                    message = f"{t.name} has no field `{target.attr}`"
                    self.ex.fail(target, "M105", message, did_you_mean(target.attr, fields))
                return fields[target.attr], (n.AtField(target.attr),)
            case ast.Subscript():
                return self._place_item(target)
        help_ = "values do not change: assign to the state, `s.field = ...`, `s.field[key] = ...`"
        self.ex.fail(target, "M301", "this place is not in the state", help_)

    def _place_item(self, target: ast.Subscript) -> tuple[Type, tuple[n.AtField | n.AtKey, ...]]:
        t, path = self._place(target.value)
        if isinstance(t, MapT):
            return t.value, (*path, n.AtKey(self.ex.key(target.slice, t)))
        if isinstance(t, SeqT):
            return t.item, (*path, n.AtKey(self.ex.place_in(target)))
        help_ = "only maps and sequences of the state have items that can be assigned"
        if isinstance(t, OptionT):
            help_ = "it may be None: build the new value and store the whole of it"
        self.ex.fail(target, "M301", f"an item of {show(t)} cannot be assigned", help_)

    def _store(self, node: ast.stmt, t: Type, path: tuple[n.AtField | n.AtKey, ...], value: n.Expr) -> n.Stmt:
        assert self.f.state is not None
        self._forget(self.f.state)
        return n.Assign(self.f.state, t, path, value, span=self.ex.span(node))


@attrs.frozen
class _Flow:
    """What is known at one point of a function."""

    assigned: set[str]
    facts: set[tuple[str, ...]]

    @classmethod
    def of(cls, f: Function) -> _Flow:
        return cls(set(f.assigned), set(f.facts))

    def restore(self, f: Function) -> None:
        f.assigned, f.facts = set(self.assigned), set(self.facts)


def _incomplete(t: Type) -> bool:
    """Whether part of the type is not known yet (an empty set, a bare None inside)."""
    match t:
        case NoneT() | NeverT():
            return True
        case TupleT():
            return any(map(_incomplete, t.items))
        case SetT() | SeqT() | OptionT():
            return _incomplete(t.item)
        case _:
            return False


def _load(target: ast.expr) -> ast.expr:
    """The assigned place as an expression that reads it."""
    match target:
        case ast.Name():
            return ast.copy_location(ast.Name(target.id, ast.Load()), target)
        case ast.Attribute():
            return ast.copy_location(ast.Attribute(target.value, target.attr, ast.Load()), target)
        case ast.Subscript():
            return ast.copy_location(ast.Subscript(target.value, target.slice, ast.Load()), target)
    return target


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


def _changes_state(body: list[ast.stmt], f: Function) -> bool:
    for statement in body:
        for node in ast.walk(statement):
            if isinstance(node, (ast.Attribute, ast.Subscript)) and isinstance(node.ctx, ast.Store):
                return True
    return False


def _assigned_twice(body: list[ast.stmt]) -> set[str]:
    """Locals that are assigned more than once, or inside a loop or by += (their numbers may grow)."""
    seen: set[str] = set()
    twice: set[str] = set()
    todo: list[ast.AST] = [*body]
    while todo:
        node = todo.pop()
        names: list[str] = []
        if isinstance(node, ast.Assign):
            names = [t.id for t in node.targets if isinstance(t, ast.Name)]
        elif isinstance(node, (ast.AugAssign, ast.AnnAssign)) and isinstance(node.target, ast.Name):
            names = [node.target.id]
        for name in names:
            (twice if name in seen else seen).add(name)
        todo.extend(c for c in ast.iter_child_nodes(node) if not isinstance(c, ast.expr))
    return twice


def _returns(node: ast.stmt) -> bool:
    return isinstance(node, ast.Return)
