"""What does this expression mean, and of which type is it?

Rule of the module: one arm an expression form of the subset; whatever has none is refused with what
to write instead.  Narrowing (`x is not None`) is tracked as facts about names and field chains of
values, the ones a type checker of Python would accept.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, NoReturn

import attrs

from interlock.checker.diagnostics import Span, did_you_mean
from interlock.checker.frontend import calls, comprehensions, guidance
from interlock.checker.frontend.rules import TOO_LARGE, assignable, is_int, join, power, too_large, within
from interlock.checker.frontend.scope import (
    Broken,
    ConstantName,
    Entity,
    FunctionName,
    LangName,
    ModuleName,
    Refused,
    TypeName,
    written,
)
from interlock.checker.ir import nodes as n
from interlock.checker.ir.types import (
    BOOL,
    INT,
    NEVER,
    NONE,
    EnumT,
    IntT,
    MapT,
    NoneT,
    OptionT,
    RecordT,
    SeqT,
    SetT,
    TupleT,
    Type,
    show,
)

if TYPE_CHECKING:
    from interlock.checker.frontend.declarations import Declarations

Fact = tuple[str, ...]

_ARITH: Final = {ast.Add: n.ArithOp.ADD, ast.Sub: n.ArithOp.SUB, ast.Mult: n.ArithOp.MUL,
                 ast.FloorDiv: n.ArithOp.DIV, ast.Mod: n.ArithOp.MOD}  # fmt: skip
_SETS: Final = {ast.BitOr: n.SetOp.UNION, ast.BitAnd: n.SetOp.INTERSECT, ast.Sub: n.SetOp.MINUS}
_COMPARE: Final = {ast.Eq: n.CompareOp.EQ, ast.NotEq: n.CompareOp.NE, ast.Lt: n.CompareOp.LT, ast.LtE: n.CompareOp.LE,
                   ast.Gt: n.CompareOp.GT, ast.GtE: n.CompareOp.GE}  # fmt: skip
_INSTEAD: Final = {
    ast.Lambda: ("a lambda", "write a helper function of the module"),
    ast.NamedExpr: ("an assignment inside an expression", "assign it to a local on a line of its own"),
    ast.JoinedStr: ("an f-string", "models have no text; use an enumeration"),
    ast.Await: ("await", "a model has no concurrency of Python; write one action a step"),
    ast.Yield: ("yield", "return a value"),
    ast.YieldFrom: ("yield from", "return a value"),
    ast.Dict: ("a dict", "use `Map({k: value for k in K})` or `filled(value)`"),
    ast.List: ("a list", "use `Seq((a, b))`"),
    ast.ListComp: ("a list", "use `len([...])`, `all(...)`, `any(...)`, `sum(...)` or `FiniteSet(...)` around it"),
    ast.GeneratorExp: ("a generator", "use `all(...)`, `any(...)`, `sum(...)`, `min(...)`, `max(...)` or `FiniteSet(...)` around it"),
    ast.SetComp: ("a set comprehension", "write `FiniteSet(x for x in ...)`"),
    ast.DictComp: ("a dict comprehension", "write `Map({k: value for k in K})`"),
    ast.Starred: ("a starred expression", "write the items out"),
    ast.Slice: ("a slice", "use `q.rest()`, or build the sequence anew"),
}  # fmt: skip


@attrs.define
class Function:
    """What is known inside one function while its text is read."""

    name: str
    state: str | None = None  # the state that actions may change
    states: frozenset[str] = frozenset()  # parameters that are states
    is_action: bool = False
    names: dict[str, str] = attrs.field(factory=dict)  # as written -> unique
    types: dict[str, Type] = attrs.field(factory=dict)  # unique name -> type
    assigned: set[str] = attrs.field(factory=set)  # unique names that surely have a value
    facts: set[Fact] = attrs.field(factory=set)  # places that are surely not None
    poisoned: set[str] = attrs.field(factory=set)
    read_only: set[str] = attrs.field(factory=set)
    calls: set[str] = attrs.field(factory=set)

    def bind(self, written: str, type_: Type) -> str:
        """A fresh unique name for a variable, visible from here on."""
        unique, i = written, 2
        while unique in self.types:
            unique, i = f"{written}#{i}", i + 1
        self.names[written] = unique
        self.types[unique] = type_
        self.assigned.add(unique)
        return unique


class Expressions:
    """Lowers the expressions of one function (or, with an empty one, of the module's constants)."""

    def __init__(self, decls: Declarations, function: Function) -> None:
        self.decls, self.f = decls, function

    def fail(self, node: ast.AST, code: str, message: str, help_: str) -> NoReturn:
        """Refuse a piece of text."""
        self.decls.fail(node, code, message, help_)

    def span(self, node: ast.AST) -> Span:
        """Where a node stands."""
        return self.decls.source.span(node)

    # --- entry points --------------------------------------------------------------------------

    def lower(self, node: ast.expr, want: Type | None = None) -> n.Expr:
        """The expression; `want` is the type its place expects, for displays that need to know."""
        e = self._lower(node, want)
        if isinstance(e, n.Local) and e.name in self.f.states:
            help_ = "read one of its fields; the state itself is no value"
            self.fail(node, "M206", "the state cannot be used as a value here", help_)
        return e

    def stored(self, node: ast.expr, place: Type) -> n.Expr:
        """The expression, made to fit a place of this type (numbers are checked when it runs)."""
        return self.fit(node, self.lower(node, place), place)

    def fit(self, node: ast.AST, e: n.Expr, place: Type) -> n.Expr:
        """Convert a value to the type of its place, or refuse it."""
        if e.type == place:
            return e
        if not assignable(e.type, place):
            help_ = f"this place holds {show(place)}"
            if isinstance(e.type, OptionT) and assignable(e.type.item, place):
                help_ = "test `is not None` first, or use `require_some(...)` to disable the action instead"
                self.fail(node, "M203", "this may be None", help_)
            self.fail(node, "M201", f"{show(e.type)} where {show(place)} is needed", help_)
        return n.Fit(place, e, span=self.span(node))

    def key(self, node: ast.expr, t: MapT) -> n.Expr:
        """A key of a map, checked by the lookup itself, numbers inside it as well (KEY, not RANGE)."""
        e = self.fit(node, self.lower(node, t.key), t.key)
        return e.value if isinstance(e, n.Fit) else e

    def passed(self, node: ast.AST, e: n.Expr, place: Type) -> n.Expr:
        """An argument or a result: it must belong to the type without any check left over."""
        fitted = self.fit(node, e, place)
        self.refuse_filled(node, e)
        if not within(e.type, place):
            help_ = "take an `int` there, or store the number in the state first: only stores are checked"
            self.fail(node, "M201", f"{show(e.type)} may be outside {show(place)}", help_)
        return fitted

    def refuse_filled(self, node: ast.AST, e: n.Expr) -> None:
        """Refuse `filled(...)` in a value that no typed place of the state or a record completes."""
        todo: list[n.Expr] = [e]
        while todo:
            match todo.pop():
                case n.MapFill():
                    help_ = "use it where a map is stored, or write `Map({k: value for k in K})`"
                    self.fail(node, "M202", "filled(...) does not know its map here", help_)
                case n.Fit(value=value) | n.MapBuild(value=value):
                    todo.append(value)
                case n.If(then=then, otherwise=otherwise):
                    todo += [then, otherwise]
                case n.Tuple(items=items) | n.SeqDisplay(items=items) | n.SetDisplay(items=items):
                    todo += items
                case n.MapSet(map=map_, value=value):
                    todo += [map_, value]
                case n.SeqPush(seq=seq, item=item):
                    todo += [seq, item]

    def condition(self, node: ast.expr) -> n.Expr:
        """An expression that must be a bool."""
        e = self.lower(node)
        if e.type != BOOL:
            better = (
                "write `is not None`" if isinstance(e.type, OptionT) else "compare it: `== 0`, `!= 0`, `len(x) > 0`"
            )
            self.fail(node, "M206", f"a condition must be a bool, not {show(e.type)}", better)
        return e

    def number(self, node: ast.expr) -> n.Expr:
        """An expression that must be a number."""
        e = self.lower(node)
        if not is_int(e.type):
            self.fail(node, "M202", f"a number is needed here, not {show(e.type)}", "use an int or a Range")
        return e

    # --- narrowing -----------------------------------------------------------------------------

    def fact_of(self, e: n.Expr) -> Fact | None:
        """The name of a place whose being None can be remembered."""
        match e:
            case n.Local():
                return (e.name,)
            case n.Field():
                base = self.fact_of(e.record)
                return None if base is None else (*base, e.name)
            case n.Unwrap():
                return self.fact_of(e.value)
            case _:
                return None

    def learn(self, e: n.Expr, truth: bool) -> set[Fact]:
        """What is surely not None when the condition is true (or false)."""
        match e:
            case n.IsNone() if not truth:
                fact = self.fact_of(e.value)
                return set() if fact is None else {fact}
            case n.Not():
                return self.learn(e.value, not truth)
            case n.And() if truth:
                return set().union(*(self.learn(i, True) for i in e.items))
            case n.Or() if not truth:
                return set().union(*(self.learn(i, False) for i in e.items))
            case _:
                return set()

    @contextmanager
    def knowing(self, facts: set[Fact]) -> Iterator[None]:
        """Read something under more facts."""
        before = set(self.f.facts)
        self.f.facts |= facts
        try:
            yield
        finally:
            self.f.facts = before

    def narrow(self, e: n.Expr, node: ast.AST) -> n.Expr:
        """The value without its option where it is known not to be None."""
        if isinstance(e.type, OptionT) and self.fact_of(e) in self.f.facts:
            return n.Unwrap(e.type.item, e, span=self.span(node))
        return e

    # --- forms ---------------------------------------------------------------------------------

    def _lower(self, node: ast.expr, want: Type | None) -> n.Expr:
        match node:
            case ast.Constant():
                return self._constant(node)
            case ast.Name():
                return self.narrow(self._name(node), node)
            case ast.Attribute():
                return self.narrow(self._attribute(node), node)
            case ast.Subscript():
                return self._subscript(node)
            case ast.BoolOp():
                return self._junction(node)
            case ast.UnaryOp():
                return self._unary(node)
            case ast.BinOp():
                return self._binary(node, want)
            case ast.Compare():
                return self._compare(node)
            case ast.IfExp():
                return self._if(node, want)
            case ast.Tuple():
                return self._tuple(node, want)
            case ast.Call():
                return calls.lower(self, node, want)
            case ast.Set():
                help_ = "write `FiniteSet({...})`"
                self.fail(node, "M002", "a set display stands alone", help_)
        what, help_ = _INSTEAD.get(type(node), ("this expression", "see the language reference for what there is"))
        self.fail(node, "M002", f"{what} is outside the language", help_)

    def _constant(self, node: ast.Constant) -> n.Expr:
        span = self.span(node)
        match node.value:
            case None:
                return n.Const(NONE, None, span=span)
            case bool():
                return n.Const(BOOL, node.value, span=span)
            case int() if not too_large(node.value):
                return n.Const(IntT(node.value, node.value), node.value, span=span)
            case int():
                self.fail(node, "M210", TOO_LARGE, "use a smaller number")
        kind = type(node.value).__name__
        self.fail(node, "M002", f"{kind} literals are outside the language", "use ints, bools and enumerations")

    def _name(self, node: ast.Name) -> n.Expr:
        unique = self.f.names.get(node.id)
        if unique is not None:
            if unique in self.f.poisoned:
                raise Refused
            if unique not in self.f.assigned:
                help_ = "give it a value on every path before this"
                self.fail(node, "M107", f"`{node.id}` may have no value here", help_)
            return n.Local(self.f.types[unique], unique, span=self.span(node))
        return self._entity(node, node.id, self.decls.scope.names.get(node.id))

    def _entity(self, node: ast.expr, name: str, entity: Entity | None) -> n.Expr:
        match entity:
            case Broken():
                raise Refused
            case ConstantName():
                return attrs.evolve(entity.value, span=self.span(node))
            case None:
                known = [*self.f.names, *self.decls.scope.names]
                self.fail(node, "M101", f"unknown name `{name}`", guidance.unknown(name, known))
            case TypeName() if entity.kind in {"enum", "scalarset", "record"}:
                help_ = "iterate it (`for x in ...`), or name one of its values"
                self.fail(node, "M002", f"the class `{name}` is no value", help_)
            case FunctionName() | LangName():
                self.fail(node, "M002", f"`{name}` is used without a call", f"call it: `{name}(...)`")
            case _:
                self.fail(node, "M002", f"`{name}` is no value", "use one of its members")

    def _attribute(self, node: ast.Attribute) -> n.Expr:
        entity = self.entity_of(node.value)
        if isinstance(entity, TypeName) and isinstance(entity.type, EnumT):
            return self._member(node, entity.type)
        if isinstance(entity, ModuleName):
            return self._entity(node, node.attr, entity.scope.names.get(node.attr))
        base = self._lower(node.value, None)
        if isinstance(base.type, RecordT):
            fields = dict(base.type.fields)
            if node.attr in fields:
                return n.Field(fields[node.attr], base, node.attr, span=self.span(node))
            message = f"{base.type.name} has no field `{node.attr}`"
            self.fail(node, "M105", message, did_you_mean(node.attr, fields))
        self.refuse_none(node.value, base)
        help_ = "only records and the state have fields"
        self.fail(node, "M105", f"{show(base.type)} has no field `{node.attr}`", help_)

    def entity_of(self, node: ast.expr) -> Entity | None:
        """What a name stands for at module level, locals hiding it."""
        if isinstance(node, ast.Name) and node.id not in self.f.names:
            return self.decls.scope.names.get(node.id)
        if isinstance(node, ast.Attribute):
            base = self.entity_of(node.value)
            if isinstance(base, ModuleName):
                return base.scope.names.get(node.attr)
        return None

    def _member(self, node: ast.Attribute, t: EnumT) -> n.Expr:
        if node.attr not in t.members:
            self.fail(node, "M106", f"{t.name} has no member `{node.attr}`", did_you_mean(node.attr, t.members))
        return n.Const(t, t.members.index(node.attr), span=self.span(node))

    def refuse_none(self, node: ast.expr, e: n.Expr) -> None:
        """Refuse a use of a value that may be None."""
        if isinstance(e.type, (OptionT, NoneT)):
            help_ = (
                "copy it to a local and test `is not None`, or use `require_some(...)` to disable the action instead"
            )
            self.fail(node, "M203", f"{written(node)[:60]} may be None", help_)

    def _subscript(self, node: ast.Subscript) -> n.Expr:
        base = self.lower(node.value)
        match base.type:
            case MapT():
                return n.Index(base.type.value, base, self.key(node.slice, base.type), span=self.span(node))
            case SeqT():
                return n.Index(base.type.item, base, self.place_in(node), span=self.span(node))
            case TupleT():
                return self._item(node, base, base.type)
        self.refuse_none(node.value, base)
        self.fail(node, "M202", f"{show(base.type)} cannot be indexed", "index a Map, a Seq or a tuple")

    def place_in(self, node: ast.Subscript) -> n.Expr:
        """The number that a sequence is indexed by."""
        number = self.number(node.slice)
        index = node.slice.operand if isinstance(node.slice, ast.UnaryOp) else None
        if (
            isinstance(number, n.Const) and number.value != 0 and isinstance(index, ast.Constant)
        ):  # not what constants make
            q = written(node.value)
            from_end = f"{q}[len({q}) - {written(index)}]"
            help_ = f"the first item is `{q}[0]`, and `{from_end}` counts from the end"
            self.fail(node.slice, "M202", "a sequence is indexed from 0", help_)
        return number

    def _item(self, node: ast.Subscript, base: n.Expr, t: TupleT) -> n.Expr:
        index = node.slice.value if isinstance(node.slice, ast.Constant) else None
        if not isinstance(index, int) or isinstance(index, bool) or not 0 <= index < len(t.items):
            help_ = f"write a number from 0 to {len(t.items) - 1}, or keep the items in a `Seq((...))`"
            self.fail(node.slice, "M202", "a tuple is indexed by a number in the text", help_)
        return n.Item(t.items[index], base, index, span=self.span(node))

    def _junction(self, node: ast.BoolOp) -> n.Expr:
        truth = isinstance(node.op, ast.And)
        items: list[n.Expr] = []
        facts: set[Fact] = set()
        for value in node.values:
            with self.knowing(facts):
                items.append(self.condition(value))
            facts |= self.learn(items[-1], truth)
        return (n.And if truth else n.Or)(BOOL, tuple(items), span=self.span(node))

    def _unary(self, node: ast.UnaryOp) -> n.Expr:
        span = self.span(node)
        if isinstance(node.op, ast.Not):
            return n.Not(BOOL, self.condition(node.operand), span=span)
        if isinstance(node.op, ast.USub):
            zero = n.Const(IntT(0, 0), 0, span=span)
            return _fold(n.Arith(INT, n.ArithOp.SUB, zero, self.number(node.operand), span=span))
        self.fail(node, "M002", "this operator is outside the language", "use `not` or `-`")

    def _binary(self, node: ast.BinOp, want: Type | None) -> n.Expr:
        hint = want if isinstance(want, SetT) else None
        if isinstance(node.left, ast.Set):
            self.fail(
                node.left, "M002", "a set display stands first", "write `FiniteSet({...})` here, so that it stays one"
            )
        left = self.set_operand(node.left, hint)
        right = self.set_operand(node.right, left.type if isinstance(left.type, SetT) else hint)
        span = self.span(node)
        if isinstance(left.type, SetT) and isinstance(right.type, SetT) and type(node.op) in _SETS:
            joined = join(left.type, right.type)
            if joined is None:
                self.fail(
                    node, "M202", f"{show(left.type)} and {show(right.type)} do not go together", "use sets of one type"
                )
            op = _SETS[type(node.op)]
            return n.SetBinary(joined if op is n.SetOp.UNION else left.type, op, left, right, span=span)
        if isinstance(node.op, ast.Pow) and is_int(left.type) and is_int(right.type):
            return self._power(node, left, right)
        if type(node.op) in _ARITH and is_int(left.type) and is_int(right.type):
            return _fold(n.Arith(INT, _ARITH[type(node.op)], left, right, span=span))
        self.refuse_none(node.left, left)
        self.refuse_none(node.right, right)
        message = f"this operator does not take {show(left.type)} and {show(right.type)}"
        self.fail(node, "M202", message, "numbers: + - * // %; sets: | & -; conditions: and, or")

    def _power(self, node: ast.BinOp, base: n.Expr, exponent: n.Expr) -> n.Expr:
        """A power of constants: it is one."""
        if not (isinstance(base, n.Const) and isinstance(exponent, n.Const)):
            help_ = "a power is one of constants, such as `2**256`: write other products out"
            self.fail(node, "M002", "this power is outside the language", help_)
        assert isinstance(base.value, int)
        assert isinstance(exponent.value, int)
        if exponent.value < 0:
            self.fail(node, "M210", "a power with an exponent below 0 is no integer", "use an exponent from 0")
        value = power(base.value, exponent.value)
        if value is None:
            self.fail(node, "M210", TOO_LARGE, "use a smaller number")
        return n.Const(IntT(value, value), value, span=self.span(node))

    def set_operand(self, node: ast.expr, want: Type | None = None) -> n.Expr:
        """An operand that may be a bare set display, `{a, b}`."""
        if isinstance(node, ast.Set):
            return calls.set_display(self, node, node.elts)
        return self.lower(node, want)

    def _compare(self, node: ast.Compare) -> n.Expr:
        parts: list[n.Expr] = []
        left = node.left
        facts: set[Fact] = set()
        for op, right in zip(node.ops, node.comparators, strict=True):
            with self.knowing(facts):
                parts.append(self._comparison(node, op, left, right))
            facts |= self.learn(parts[-1], True)
            left = right
        return parts[0] if len(parts) == 1 else n.And(BOOL, tuple(parts), span=self.span(node))

    def _comparison(self, node: ast.Compare, op: ast.cmpop, left: ast.expr, right: ast.expr) -> n.Expr:
        span = self.span(node)
        if isinstance(op, (ast.Is, ast.IsNot)):
            return self._is(node, op, left, right)
        if isinstance(op, (ast.In, ast.NotIn)):
            found = self._contains(node, left, right)
            return found if isinstance(op, ast.In) else n.Not(BOOL, found, span=span)
        a = self._side(left)
        b = self._side(right, a.type if isinstance(a.type, SetT) else None)
        kind = _COMPARE[type(op)]
        if kind not in (n.CompareOp.EQ, n.CompareOp.NE):
            self._check_order(node, left, a, right, b)
        elif join(a.type, b.type) is None:
            message = f"{show(a.type)} and {show(b.type)} are never equal"
            self.fail(node, "M208", message, "compare values of one type")
        return n.Compare(BOOL, kind, a, b, span=span)

    def _side(self, node: ast.expr, want: Type | None = None) -> n.Expr:
        if isinstance(node, ast.Name) and self.f.names.get(node.id) in self.f.states:
            return self._name(node)
        return self.set_operand(node, want)

    def _check_order(self, node: ast.Compare, left: ast.expr, a: n.Expr, right: ast.expr, b: n.Expr) -> None:
        self.refuse_none(left, a)
        self.refuse_none(right, b)
        if is_int(a.type) and is_int(b.type):
            return
        if isinstance(a.type, EnumT) and a.type == b.type and a.type.ordered:
            return
        if isinstance(a.type, SetT) and isinstance(b.type, SetT) and join(a.type, b.type) is not None:
            return
        help_ = "numbers, sets, and members of one OrderedEnum have an order"
        self.fail(node, "M209", f"{show(a.type)} and {show(b.type)} have no order", help_)

    def _is(self, node: ast.Compare, op: ast.cmpop, left: ast.expr, right: ast.expr) -> n.Expr:
        if not (isinstance(right, ast.Constant) and right.value is None):
            self.fail(node, "M208", "`is` compares with None alone", "write `==`")
        value = self.lower(left)
        while isinstance(value, n.Unwrap):
            value = value.value
        if not isinstance(value.type, (OptionT, NoneT)):
            self.fail(left, "M208", f"{show(value.type)} is never None", "drop the test, or make the type `T | None`")
        test = n.IsNone(BOOL, value, span=self.span(node))
        return test if isinstance(op, ast.Is) else n.Not(BOOL, test, span=self.span(node))

    def _contains(self, node: ast.Compare, item: ast.expr, collection: ast.expr) -> n.Expr:
        value = self.lower(item)
        if isinstance(collection, (ast.Set, ast.Tuple)):
            inside: n.Expr = self._choices(collection)
        else:
            inside = self.lower(collection)
        if not isinstance(inside.type, (SetT, SeqT)):
            self.refuse_none(collection, inside)
            self.fail(collection, "M202", f"nothing is `in` {show(inside.type)}", "use a FiniteSet or a Seq")
        if join(value.type, inside.type.item) is None:
            message = f"{show(value.type)} is never in {show(inside.type)}"
            self.fail(node, "M208", message, "look for a value of the item type")
        return n.Contains(BOOL, value, inside, span=self.span(node))

    def _choices(self, node: ast.Set | ast.Tuple) -> n.Expr:
        items = tuple(self.lower(e) for e in node.elts)
        t = self.join_all(node, items)
        fitted = tuple(self.fit(x, e, t) for x, e in zip(node.elts, items, strict=True))
        return n.SeqDisplay(SeqT(t, len(items)), fitted, span=self.span(node))

    def join_all(self, node: ast.AST, items: tuple[n.Expr, ...]) -> Type:
        """The common type of some expressions."""
        t: Type | None = NEVER
        for e in items:
            t = join(t, e.type) if t is not None else None
            if t is None:
                self.fail(node, "M202", "these items are of different types", "use items of one type")
        assert t is not None
        return t

    def _if(self, node: ast.IfExp, want: Type | None) -> n.Expr:
        test = self.condition(node.test)
        with self.knowing(self.learn(test, True)):
            then = self.lower(node.body, want)
        with self.knowing(self.learn(test, False)):
            otherwise = self.lower(node.orelse, want)
        t = join(then.type, otherwise.type)
        if t is None:
            message = f"{show(then.type)} or {show(otherwise.type)}: no common type"
            self.fail(node, "M202", message, "give both sides one type")
        return n.If(t, test, self.fit(node.body, then, t), self.fit(node.orelse, otherwise, t), span=self.span(node))

    def _tuple(self, node: ast.Tuple, want: Type | None) -> n.Expr:
        inner = want.item if isinstance(want, OptionT) else want
        wants: tuple[Type | None, ...] = (None,) * len(node.elts)
        if isinstance(inner, TupleT) and len(inner.items) == len(node.elts):
            wants = inner.items
        items = tuple(self.lower(e, w) for e, w in zip(node.elts, wants, strict=True))
        if not items:
            self.fail(node, "M002", "an empty tuple is outside the language", "use `Seq()` or `FiniteSet()`")
        return n.Tuple(TupleT(tuple(i.type for i in items)), items, span=self.span(node))

    # --- iteration (shared by loops and comprehensions) ------------------------------------------

    def iterable(self, node: ast.expr) -> tuple[n.Iterable, Type]:
        """What a `for` runs over, and the type of its items."""
        return comprehensions.iterable(self, node)


def _fold(e: n.Arith) -> n.Expr:
    """Arithmetic on constants, done now, so that bounds may be computed from constants."""
    a, b = e.left, e.right
    if not (isinstance(a, n.Const) and isinstance(b, n.Const)):
        return e
    x, y = a.value, b.value
    assert isinstance(x, int)
    assert isinstance(y, int)
    if e.op in (n.ArithOp.DIV, n.ArithOp.MOD) and y == 0:
        return e
    value = {
        n.ArithOp.ADD: lambda: x + y, n.ArithOp.SUB: lambda: x - y, n.ArithOp.MUL: lambda: x * y,
        n.ArithOp.DIV: lambda: x // y, n.ArithOp.MOD: lambda: x % y,
        n.ArithOp.MIN: lambda: min(x, y), n.ArithOp.MAX: lambda: max(x, y),
    }[e.op]()  # fmt: skip
    if too_large(value):
        return e
    return n.Const(IntT(value, value), value, span=e.span)
