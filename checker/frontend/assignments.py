"""What does an assignment change: a local, or a place of the state?

Rule of the module: values do not change, places do, and only those of the state that an action was given; a local keeps
the type of its first value.
"""

from __future__ import annotations

import ast
from typing import Final

from interlock.checker.diagnostics import did_you_mean
from interlock.checker.frontend import comprehensions
from interlock.checker.frontend.annotations import Annotations
from interlock.checker.frontend.lowering import Lowering
from interlock.checker.frontend.names import place_in
from interlock.checker.frontend.rules import is_int
from interlock.checker.ir import nodes as n
from interlock.checker.ir.types import INT, MapT, NeverT, NoneT, OptionT, RecordT, SeqT, SetT, TupleT, Type, show
from interlock.checker.ir.vocabulary import BUILTINS

_AUGMENTED: Final = (ast.Add, ast.Sub, ast.Mult, ast.FloorDiv, ast.Mod, ast.BitOr, ast.BitAnd)


class Assignments:
    """Lowers the assignments of one function, whose body is given for the locals that it assigns more than once."""

    def __init__(self, ex: Lowering, body: list[ast.stmt]) -> None:
        self.ex, self.f, self.decls = ex, ex.f, ex.decls
        self.multiple = _assigned_twice(body)

    def declare(self, node: ast.AnnAssign) -> n.Stmt:
        """`name: T = value`."""
        assert isinstance(node.target, ast.Name)
        assert node.value is not None
        t = Annotations(self.decls).read(node.annotation)
        if isinstance(t, RecordT) and t == self.decls.state_type():
            self.ex.fail(node, "M301", "the state cannot be copied to a local", "copy the fields that are needed")
        value = self.ex.passed(node.value, self.ex.lower(node.value, t), t)
        name = node.target.id
        self.check_new(node.target, name)
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
        self.f.forget(unique)
        inner = value.value if isinstance(value, n.Fit) else value
        if isinstance(t, OptionT) and not isinstance(inner.type, (OptionT, NoneT)):
            self.f.facts.add((unique,))
        return n.Assign(unique, t, (), value, span=self.ex.span(node))

    def assign(self, node: ast.stmt, target: ast.expr, value: ast.expr) -> n.Stmt:
        """`target = value`."""
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
        self.check_new(target, name)
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

    def check_new(self, node: ast.AST, name: str) -> None:
        """Refuse a local that would hide a name of the module or a built-in."""
        if name not in self.f.names and (name in self.decls.scope.names or name in BUILTINS):
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
            self.check_new(target, name)
            if name in self.f.names and self.f.names[name] not in self.f.poisoned:
                self.ex.fail(target, "M213", f"`{name}` already has a value", "unpack into new names")
            unique.append(self.f.bind(name, t))
        return n.Unpack(tuple(unique), tuple(t for _, t in pairs), e, span=self.ex.span(node))

    def augmented(self, node: ast.AugAssign) -> n.Stmt:
        """`target += value`, and the other operators."""
        if not isinstance(node.op, _AUGMENTED):
            self.ex.fail(node, "M002", "this operator is outside the language", "use + - * // % | &")
        whole = ast.copy_location(ast.BinOp(_load(node.target), node.op, node.value), node)
        return self.assign(node, node.target, whole)

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
            return t.item, (*path, n.AtKey(place_in(self.ex, target)))
        help_ = "only maps and sequences of the state have items that can be assigned"
        if isinstance(t, OptionT):
            help_ = "it may be None: build the new value and store the whole of it"
        self.ex.fail(target, "M301", f"an item of {show(t)} cannot be assigned", help_)

    def _store(self, node: ast.stmt, t: Type, path: tuple[n.AtField | n.AtKey, ...], value: n.Expr) -> n.Stmt:
        assert self.f.state is not None
        self.f.forget(self.f.state)
        return n.Assign(self.f.state, t, path, value, span=self.ex.span(node))


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
