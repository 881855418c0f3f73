"""What does the IR mean?  Programs on plain values: each node becomes a function of the values of the names in it.

Rule of the module: every other engine must agree with this one step by step, and this one with CPython
running the model on `interlock`.  Evaluation runs left to right and stops early where Python does.
Where a value is stored (a place of the state, a field of a record) the check that it fits happens at
the store, after all other operands, as in Python.
"""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final, TypeAlias

import attrs

from interlock.checker.diagnostics import Span
from interlock.checker.ir import nodes as n
from interlock.checker.ir import types as ty
from interlock.checker.ir.nodes import Action, Expr, Function, ModelErrorKind, Program, Stmt
from interlock.checker.ir.types import Type, Value
from interlock.checker.semantics.values import ModelError, divide, fit, in_order, key_index, position

_LISTED: Final = 1 << 16  # values of a type that are kept as a list, at most

Env: TypeAlias = dict[str, Any]
Code: TypeAlias = Callable[[Env], Any]  # of an expression: its value
Block: TypeAlias = "Callable[[Env], _Returned | None]"  # of statements: what they return, if they do


class _Disabled(Exception):  # a guard said no
    def __init__(self, guard: n.Require | n.RequireSome) -> None:
        super().__init__()
        self.guard = guard


@attrs.frozen
class Enabled:
    """The action can be taken and leads here."""

    state: Value


@attrs.frozen
class Disabled:
    """A guard is false."""


@attrs.frozen
class Failed:
    """The step is an error of the model."""

    kind: ModelErrorKind
    span: Span


Outcome: TypeAlias = Enabled | Disabled | Failed


class _Returned:
    """What a block returned: None, too, is a value."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value


# --- the interface ---------------------------------------------------------------------------------


def run_action(program: Program, action: Action, state: Value, params: tuple[Value, ...]) -> Outcome:
    """What one action with these parameters does to a state."""
    try:
        return Enabled(_evaluator(program).run(action, state, params))
    except _Disabled:
        return _DISABLED
    except ModelError as e:
        return Failed(e.kind, e.span)


def call(
    helpers: Mapping[str, Function], function: Function, args: tuple[Value, ...], state: Type | None = None
) -> Value:
    """The value of a helper or of a property's body; `state`: of which type, where it assigns to one.  Raises ModelError."""
    return Evaluator(helpers, state).call(function, args)


def instances(params: Sequence[n.Param]) -> Iterator[tuple[Value, ...]]:
    """Every value of some parameters, the first varying slowest."""
    sizes = [ty.cardinality(p.type) for p in params]
    if max(sizes, default=0) > _LISTED:
        return (ty.nths([p.type for p in params], number) for number in range(math.prod(sizes)))
    return itertools.product(*(ty.members(p.type) for p in params))


def beginnings(program: Program) -> Iterator[tuple[Action, tuple[Value, ...], Outcome]]:
    """Every instance of the initial actions, in order, and what it does to the default state."""
    for action in program.initials:
        for params in instances(action.params):
            yield action, params, run_action(program, action, program.default, params)


def successors(
    program: Program, actions: Sequence[Action], state: Value
) -> Iterator[tuple[int, tuple[Value, ...], Enabled | Failed]]:
    """Every action instance that is not disabled: its position in `actions`, parameters, outcome."""
    for i, action in enumerate(actions):
        for params in instances(action.params):
            outcome = run_action(program, action, state, params)
            if not isinstance(outcome, Disabled):
                yield i, params, outcome


def explain_guard(
    program: Program, action: Action, state: Value, params: tuple[Value, ...]
) -> n.Require | n.RequireSome | None:
    """The first guard that fails (its span says where); None when the action is not disabled."""
    try:
        _evaluator(program).run(action, state, params)
    except _Disabled as e:
        return e.guard
    except ModelError:
        return None
    return None


_DISABLED: Final = Disabled()


@functools.lru_cache(maxsize=16)  # the checks of a spec are of few programs
def _evaluator(program: Program) -> Evaluator:
    """The one of a program's actions."""
    return Evaluator(program.helpers, program.state)


# --- operands and operations -----------------------------------------------------------------------


def _delayed(e: Expr) -> tuple[Expr, Callable[[Any], Any]]:
    """An operand that is stored, and the check of the store, which Python makes after all operands."""
    match e:
        case n.Fit(t, inner, span=span):
            return inner, lambda v: fit(t, v, span)
        case n.MapFill():
            source, check = _delayed(e.value)
            return source, lambda v: _filled(e, check(v))
    return e, lambda v: v


def _filled(e: n.MapFill, value: Any) -> tuple[Any, ...]:
    assert isinstance(e.type, ty.MapT)
    return (value,) * ty.cardinality(e.type.key)


def _bind(variables: Sequence[str], item: Any, env: Env) -> None:
    if len(variables) == 1:
        env[variables[0]] = item
    else:
        env.update(zip(variables, item, strict=True))


_COMPARE: Final[Mapping[n.CompareOp, Callable[[Any, Any], bool]]] = {
    n.CompareOp.EQ: lambda a, b: bool(a == b), n.CompareOp.NE: lambda a, b: bool(a != b),
    n.CompareOp.LT: lambda a, b: bool(a < b), n.CompareOp.LE: lambda a, b: bool(a <= b),
    n.CompareOp.GT: lambda a, b: bool(a > b), n.CompareOp.GE: lambda a, b: bool(a >= b),
}  # fmt: skip

_ARITH: Final[Mapping[n.ArithOp, Callable[[int, int], int]]] = {
    n.ArithOp.ADD: lambda a, b: a + b, n.ArithOp.SUB: lambda a, b: a - b, n.ArithOp.MUL: lambda a, b: a * b,
    n.ArithOp.MIN: min, n.ArithOp.MAX: max,
}  # fmt: skip

_SETS: Final[Mapping[n.SetOp, Callable[[Any, Any], Any]]] = {
    n.SetOp.UNION: lambda a, b: a | b, n.SetOp.INTERSECT: lambda a, b: a & b, n.SetOp.MINUS: lambda a, b: a - b,
}  # fmt: skip


class Evaluator:
    """The meaning of actions and functions that call some helpers.  What was asked for once is kept as a function.

    `state`: the type of the state that assignments of actions walk.
    """

    def __init__(self, helpers: Mapping[str, Function], state: Type | None = None) -> None:
        self.helpers, self.state = helpers, state
        self._blocks: dict[int, tuple[Action | Function, Block]] = {}  # by identity, which lasts while it is kept

    def run(self, action: Action, state: Value, params: tuple[Value, ...]) -> Value:
        """The state after an action.  Raises ModelError, and what says that it is disabled."""
        env: Env = {p.name: v for p, v in zip(action.params, params, strict=True)}
        env[action.state] = state
        self._block_of(action)(env)
        return env[action.state]  # type: ignore[no-any-return]

    def call(self, function: Function, args: Sequence[Value]) -> Value:
        """The value of a function.  Raises ModelError."""
        returned = self._block_of(function)({p.name: v for p, v in zip(function.params, args, strict=True)})
        if returned is None:
            raise ModelError(ModelErrorKind.MISSING, function.span)
        return returned.value  # type: ignore[no-any-return]

    def _block_of(self, made: Action | Function) -> Block:
        found = self._blocks.get(id(made))
        if found is None:
            found = self._blocks[id(made)] = made, self.block(made.body)
        return found[1]

    # --- statements --------------------------------------------------------------------------------

    def block(self, body: Sequence[Stmt]) -> Block:
        """Statements, one after the other, up to the first that returns."""
        statements = [self.statement(s) for s in body]

        def run(env: Env) -> _Returned | None:
            for statement in statements:
                returned = statement(env)
                if returned is not None:
                    return returned
            return None

        return run

    def statement(self, s: Stmt) -> Block:
        """One statement."""
        return _STATEMENTS[type(s)](self, s)

    def _require(self, s: n.Require) -> Block:
        condition = self.value(s.condition)

        def run(env: Env) -> None:
            if not condition(env):
                raise _Disabled(s)

        return run

    def _return(self, s: n.Return) -> Block:
        if s.value is None:
            return lambda env: _Returned(None)
        value = self.value(s.value)
        return lambda env: _Returned(value(env))

    def _branch(self, s: n.Branch) -> Block:
        test, then, otherwise = self.value(s.test), self.block(s.then), self.block(s.otherwise)
        return lambda env: then(env) if test(env) else otherwise(env)

    def _loop(self, s: n.Loop) -> Block:
        items, body = self.iterate(s.iterable), self.block(s.body)

        def run(env: Env) -> _Returned | None:
            for item in items(env):
                _bind(s.variables, item, env)
                returned = body(env)
                if returned is not None:
                    return returned
            return None

        return run

    def _unpack(self, s: n.Unpack) -> Block:
        value = self.value(s.value)
        return lambda env: env.update(zip(s.locals, value(env), strict=True))

    def _assign(self, s: n.Assign) -> Block:
        if not s.path:
            whole = self.value(s.value)
            return lambda env: env.__setitem__(s.local, whole(env))
        source, check = _delayed(s.value)
        value = self.value(source)
        assert self.state is not None, "only actions assign to places"
        store = self._store(self.state, s.path, s.span)

        def run(env: Env) -> None:
            new = value(env)
            env[s.local] = store(env[s.local], lambda: check(new), env)

        return run

    def _store(
        self, t: Type, path: Sequence[Any], span: Span
    ) -> Callable[[Any, Callable[[], Any], Env], tuple[Any, ...] | Any]:
        """What an old value is with the place at the end of the path changed; keys are evaluated on the way down."""
        if not path:
            return lambda _old, value, _env: value()
        place, inner = self._place(t, path[0], span)
        below = self._store(inner, path[1:], span)

        def store(old: Any, value: Callable[[], Any], env: Env) -> tuple[Any, ...]:
            at = place(old, env)
            return (*old[:at], below(old[at], value, env), *old[at + 1 :])

        return store

    def _place(self, t: Type, step: n.AtField | n.AtKey, span: Span) -> tuple[Callable[[Any, Env], int], Type]:
        """Where in a value a step of a path leads, and the type of what is there."""
        if isinstance(step, n.AtField):
            assert isinstance(t, ty.RecordT)
            field = t.index(step.name)
            return (lambda _old, _env: field), t.fields[field][1]
        key = self.value(step.key)
        if isinstance(t, ty.MapT):
            keys = t.key
            return (lambda _old, env: key_index(keys, key(env), span)), t.value
        assert isinstance(t, ty.SeqT)
        return (lambda old, env: position(old, key(env), span)), t.item

    # --- iteration ---------------------------------------------------------------------------------

    def iterate(self, it: n.Iterable) -> Callable[[Env], Sequence[Any]]:
        """The items of an iterable, in their order."""
        match it:
            case n.DomainIter():
                members = ty.members(it.type)
                return lambda _env: members
            case n.RangeIter():
                start, stop = self.value(it.start), self.value(it.stop)

                def numbers(env: Env) -> Sequence[Any]:
                    first = start(env)
                    return range(first, stop(env))

                return numbers
            case n.ValueIter():
                value = self.value(it.value)

                def items(env: Env) -> Sequence[Any]:
                    found = value(env)
                    return in_order(found) if isinstance(found, frozenset) else found

                return items

    def instances(self, clauses: Sequence[n.Clause]) -> Callable[[Env, Sequence[Any] | None], Iterator[Env]]:
        """The environments in which a comprehension's body is evaluated, one after the other; the items of the first
        clause may be given."""
        if not clauses:
            return lambda env, _items: iter((env,))
        clause = clauses[0]
        items, conditions = self.iterate(clause.iterable), [self.value(c) for c in clause.conditions]
        rest = self.instances(clauses[1:]) if len(clauses) > 1 else None

        def run(env: Env, first: Sequence[Any] | None = None) -> Iterator[Env]:
            for item in items(env) if first is None else first:
                inner = dict(env)
                _bind(clause.variables, item, inner)
                if all(c(inner) for c in conditions):
                    if rest is None:
                        yield inner
                    else:
                        yield from rest(inner, None)

        return run

    def _quant(self, e: n.Quant) -> Code:
        items, instances, body = self.iterate(e.clauses[0].iterable), self.instances(e.clauses), self.value(e.body)
        default = None if e.default is None else self.value(e.default)
        fold = _FOLDS[e.op]

        def run(env: Env) -> Any:
            first = items(env)  # Python evaluates it, then the default, then the rest
            otherwise = None if default is None else default(env)
            bodies = (body(inner) for inner in instances(env, first))
            if e.op not in (n.QuantOp.MIN, n.QuantOp.MAX):
                return fold(bodies)
            found = list(bodies)
            if not found and e.default is None:
                raise ModelError(ModelErrorKind.EMPTY, e.span)
            return fold(found) if found else otherwise

        return run

    # --- expressions -------------------------------------------------------------------------------

    def value(self, e: Expr) -> Code:
        """An expression."""
        return _EXPRESSIONS[type(e)](self, e)

    def _const(self, e: n.Const) -> Code:
        value = e.value
        return lambda _env: value

    def _local(self, e: n.Local) -> Code:
        name = e.name
        return lambda env: env[name]

    def _field(self, e: n.Field) -> Code:
        assert isinstance(e.record.type, ty.RecordT)
        record, at = self.value(e.record), e.record.type.index(e.name)
        return lambda env: record(env)[at]

    def _item(self, e: n.Item) -> Code:
        whole, at = self.value(e.tuple), e.index
        return lambda env: whole(env)[at]

    def _items(self, e: n.Tuple | n.SeqDisplay) -> Code:
        items = [self.value(i) for i in e.items]
        return lambda env: tuple([item(env) for item in items])

    def _fitted(self, e: n.Fit) -> Code:
        value, t, span = self.value(e.value), e.type, e.span
        return lambda env: fit(t, value(env), span)

    def _is_none(self, e: n.IsNone) -> Code:
        value = self.value(e.value)
        return lambda env: value(env) is None

    def _not(self, e: n.Not) -> Code:
        value = self.value(e.value)
        return lambda env: not value(env)

    def _and(self, e: n.And) -> Code:
        items = [self.value(i) for i in e.items]

        def run(env: Env) -> bool:
            for item in items:  # noqa: SIM110 - `all` of a generator takes three times as long
                if not item(env):
                    return False
            return True

        return run

    def _or(self, e: n.Or) -> Code:
        items = [self.value(i) for i in e.items]

        def run(env: Env) -> bool:
            for item in items:  # noqa: SIM110 - `any` of a generator takes three times as long
                if item(env):
                    return True
            return False

        return run

    def _if(self, e: n.If) -> Code:
        test, then, otherwise = self.value(e.test), self.value(e.then), self.value(e.otherwise)
        return lambda env: then(env) if test(env) else otherwise(env)

    def _compare(self, e: n.Compare) -> Code:
        return self._both(e.left, e.right, _COMPARE[e.op])

    def _set_binary(self, e: n.SetBinary) -> Code:
        return self._both(e.left, e.right, _SETS[e.op])

    def _arith(self, e: n.Arith) -> Code:
        if e.op in (n.ArithOp.DIV, n.ArithOp.MOD):
            return self._both(e.left, e.right, lambda a, b: divide(e.op, a, b, e.span))
        return self._both(e.left, e.right, _ARITH[e.op])

    def _both(self, left: Expr, right: Expr, operation: Callable[[Any, Any], Any]) -> Code:
        """An operation on two operands, the left one first."""
        a, b = self.value(left), self.value(right)
        return lambda env: operation(a(env), b(env))

    def _call(self, e: n.Call) -> Code:
        function, arguments = self.helpers[e.function], [self.value(a) for a in e.arguments]
        return lambda env: self.call(function, [a(env) for a in arguments])

    def _contains(self, e: n.Contains) -> Code:
        return self._both(e.item, e.collection, lambda item, collection: item in collection)

    def _set_display(self, e: n.SetDisplay) -> Code:
        items = [self.value(i) for i in e.items]
        return lambda env: frozenset([item(env) for item in items])

    def _push(self, e: n.SeqPush) -> Code:
        return self._both(e.seq, e.item, lambda seq, item: (*seq, item))

    def _rest(self, e: n.SeqRest) -> Code:
        value, span = self.value(e.seq), e.span

        def run(env: Env) -> Any:
            seq = value(env)
            return seq[position(seq, 0, span) + 1 :]

        return run

    def _len(self, e: n.Len) -> Code:
        value = self.value(e.value)
        return lambda env: len(value(env))

    def _map_fill(self, e: n.MapFill) -> Code:
        value = self.value(e.value)
        return lambda env: _filled(e, value(env))

    def _map_build(self, e: n.MapBuild) -> Code:
        assert isinstance(e.type, ty.MapT)
        value, keys = self.value(e.value), ty.members(e.type.key)
        return lambda env: tuple([value({**env, e.variable: k}) for k in keys])

    def _map_set(self, e: n.MapSet) -> Code:
        assert isinstance(e.type, ty.MapT)
        source, check = _delayed(e.value)
        old, key, value, keys = self.value(e.map), self.value(e.key), self.value(source), e.type.key

        def run(env: Env) -> Any:
            before, where, new = old(env), key(env), value(env)
            at = key_index(keys, where, e.span)
            return (*before[:at], check(new), *before[at + 1 :])

        return run

    def _index(self, e: n.Index) -> Code:
        span, t = e.span, e.base.type
        if isinstance(t, ty.MapT):
            keys = t.key
            return self._both(e.base, e.key, lambda base, key: base[key_index(keys, key, span)])
        return self._both(e.base, e.key, lambda base, key: base[position(base, key, span)])

    def _record(self, e: n.Record | n.Evolve) -> Code:
        assert isinstance(e.type, ty.RecordT)
        if isinstance(e, n.Record):
            nothing = (None,) * len(e.fields)
            old: Code = lambda _env: nothing  # noqa: E731 - the record that has no fields yet
            changes: Sequence[tuple[int, Expr]] = tuple(enumerate(e.fields))
        else:
            old = self.value(e.record)
            changes = [(e.type.index(name), c) for name, c in e.changes]
        made = [(at, self.value(source), check) for at, c in changes for source, check in [_delayed(c)]]
        order = sorted(range(len(made)), key=lambda i: made[i][0])

        def run(env: Env) -> tuple[Any, ...]:
            new = list(old(env))
            values = [value(env) for _, value, _ in made]
            for i in order:
                at, _, check = made[i]
                new[at] = check(values[i])
            return tuple(new)

        return run

    def _some(self, e: n.Unwrap | n.RequireSome) -> Code:
        inner, required = self.value(e.value), isinstance(e, n.RequireSome)

        def run(env: Env) -> Any:
            value = inner(env)
            if value is None and required:
                raise _Disabled(e)  # type: ignore[arg-type]
            assert value is not None, f"{e.span}: the front end proved that this is not None"
            return value

        return run


_FOLDS: Final[Mapping[n.QuantOp, Callable[[Any], Any]]] = {
    n.QuantOp.ALL: all, n.QuantOp.ANY: any, n.QuantOp.SUM: sum, n.QuantOp.SET: frozenset, n.QuantOp.MIN: min,
    n.QuantOp.MAX: max,
}  # fmt: skip

_STATEMENTS: Final[Mapping[type, Callable[[Evaluator, Any], Block]]] = {
    n.Assign: Evaluator._assign, n.Unpack: Evaluator._unpack, n.Require: Evaluator._require,
    n.Return: Evaluator._return, n.Branch: Evaluator._branch, n.Loop: Evaluator._loop,
}  # fmt: skip

_EXPRESSIONS: Final[Mapping[type, Callable[[Evaluator, Any], Code]]] = {
    n.Const: Evaluator._const, n.Local: Evaluator._local, n.Field: Evaluator._field, n.Item: Evaluator._item,
    n.Index: Evaluator._index, n.Record: Evaluator._record, n.Evolve: Evaluator._record, n.Tuple: Evaluator._items,
    n.SeqDisplay: Evaluator._items, n.Fit: Evaluator._fitted, n.Unwrap: Evaluator._some,
    n.RequireSome: Evaluator._some, n.IsNone: Evaluator._is_none, n.Not: Evaluator._not, n.And: Evaluator._and,
    n.Or: Evaluator._or, n.If: Evaluator._if, n.Compare: Evaluator._compare, n.Arith: Evaluator._arith,
    n.SetBinary: Evaluator._set_binary, n.Quant: Evaluator._quant, n.Call: Evaluator._call,
    n.Contains: Evaluator._contains, n.SetDisplay: Evaluator._set_display, n.SeqPush: Evaluator._push,
    n.SeqRest: Evaluator._rest, n.Len: Evaluator._len, n.MapFill: Evaluator._map_fill, n.MapSet: Evaluator._map_set,
    n.MapBuild: Evaluator._map_build,
}  # fmt: skip
