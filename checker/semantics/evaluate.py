"""What does the IR mean?  An interpreter of programs on plain values, slow and obvious.

Rule of the module: every other engine must agree with this one step by step, and this one with CPython
running the model on `model.lang`.  Evaluation runs left to right and stops early where Python does.
Where a value is stored (a place of the state, a field of a record) the check that it fits happens at
the store, after all other operands, as in Python.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final, TypeAlias

import attrs

from checker.diagnostics import Span
from checker.ir import nodes as n
from checker.ir import types as ty
from checker.ir.nodes import Action, Expr, Function, ModelErrorKind, Program, Stmt
from checker.ir.types import Type, Value

Env: TypeAlias = dict[str, Any]


class ModelError(Exception):
    """The step is an error of the model: which kind, where in the text."""

    def __init__(self, kind: ModelErrorKind, span: Span) -> None:
        super().__init__(f"{kind.value} at {span}")
        self.kind, self.span = kind, span


class InitialError(Exception):
    """An initial action is an error of the model, with these parameters."""

    def __init__(self, kind: ModelErrorKind, span: Span, action: str, params: tuple[Value, ...]) -> None:
        super().__init__(f"initial action {action}: {kind.value} at {span}")
        self.kind, self.span, self.action, self.params = kind, span, action, params


class _Disabled(Exception):  # noqa: N818 - a guard said no
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


@attrs.frozen
class _Returned:
    value: Any
    source: Expr | None
    env: Env


# --- the interface ---------------------------------------------------------------------------------


def run_action(program: Program, action: Action, state: Value, params: tuple[Value, ...]) -> Outcome:
    """What one action with these parameters does to a state."""
    run = _Run(program.helpers, program.state)
    env: Env = {action.state: state} | {p.name: v for p, v in zip(action.params, params, strict=True)}
    try:
        run.block(action.body, env)
    except _Disabled:
        return Disabled()
    except ModelError as e:
        return Failed(e.kind, e.span)
    return Enabled(env[action.state])


def call(
    helpers: Mapping[str, Function], function: Function, args: tuple[Value, ...], state: Type | None = None
) -> Value:
    """The value of a helper or of a property's body; `state`: of which type, where it assigns to one.  Raises ModelError."""
    return _Run(helpers, state).call(function, args).value  # type: ignore[no-any-return]


def instances(params: Sequence[n.Param]) -> Iterator[tuple[Value, ...]]:
    """Every value of some parameters, the first varying slowest."""
    return itertools.product(*(ty.members(p.type) for p in params))


def initial_states(program: Program) -> list[tuple[Value, str | None, tuple[Value, ...]]]:
    """The distinct initial states, each with the first action and parameters that make it, in order.

    Raises InitialError when an initial action is an error of the model.
    """
    if not program.initials:
        return [(program.default, None, ())]
    found: dict[Value, tuple[str, tuple[Value, ...]]] = {}
    for action in program.initials:
        for params in instances(action.params):
            outcome = run_action(program, action, program.default, params)
            if isinstance(outcome, Failed):
                raise InitialError(outcome.kind, outcome.span, action.name, params)
            if isinstance(outcome, Enabled):
                found.setdefault(outcome.state, (action.name, params))
    return [(state, name, params) for state, (name, params) in found.items()]


def successors(
    program: Program, actions: Sequence[Action], state: Value
) -> Iterator[tuple[int, tuple[Value, ...], Enabled | Failed]]:
    """Every action instance that is not disabled: its position in `actions`, parameters, outcome."""
    for i, action in enumerate(actions):
        for params in instances(action.params):
            outcome = run_action(program, action, state, params)
            if not isinstance(outcome, Disabled):
                yield i, params, outcome


def explain_false(
    helpers: Mapping[str, Function], function: Function, args: tuple[Value, ...]
) -> list[tuple[Expr, bool]]:
    """The conjuncts that make a function's returned expression false, as far as it was evaluated.

    Looks into `and`, and into the first false instance of `all`; empty when the result is true.
    """
    run = _Run(helpers, None)
    returned = run.call(function, args)
    if returned.value or returned.source is None:
        return []
    return [(e, False) for e in run.false_conjuncts(returned.source, returned.env)]


def explain_guard(
    program: Program, action: Action, state: Value, params: tuple[Value, ...]
) -> n.Require | n.RequireSome | None:
    """The first guard that fails (its span says where); None when the action is not disabled."""
    run = _Run(program.helpers, program.state)
    env: Env = {action.state: state} | {p.name: v for p, v in zip(action.params, params, strict=True)}
    try:
        run.block(action.body, env)
    except _Disabled as e:
        return e.guard
    except ModelError:
        return None
    return None


def fit(t: Type, value: Any, span: Span) -> Any:
    """The value as a member of a type.  Raises ModelError RANGE or OVERFILL, at any depth."""
    match t:
        case ty.IntT(lo, hi):
            if not lo <= value <= hi:
                raise ModelError(ModelErrorKind.RANGE, span)
            return value
        case ty.OptionT():
            return None if value is None else fit(t.item, value, span)
        case ty.RecordT():
            return tuple(fit(f, v, span) for (_, f), v in zip(t.fields, value, strict=True))
        case ty.TupleT():
            return tuple(fit(i, v, span) for i, v in zip(t.items, value, strict=True))
        case ty.MapT():
            return tuple(fit(t.value, v, span) for v in value)
        case ty.SetT():
            return frozenset(fit(t.item, v, span) for v in in_order(value))
        case ty.SeqT():
            if len(value) > t.bound:
                raise ModelError(ModelErrorKind.OVERFILL, span)
            return tuple(fit(t.item, v, span) for v in value)
        case _:
            return value


def in_order(items: frozenset[Any]) -> list[Any]:
    """The members of a set in the order of their type, whatever that type is.

    Tuples of one type have one length, but sequences do not: a shorter one comes first.
    """
    return sorted(items, key=_order)


def _order(value: Any) -> tuple[Any, ...]:
    if value is None:
        return (0,)
    if isinstance(value, frozenset):
        return (1, tuple(sorted(map(_order, value), reverse=True)))
    if isinstance(value, tuple):
        return (1, len(value), tuple(map(_order, value)))
    return (1, value)


def key_index(t: Type, key: Any, span: Span) -> int:
    """The position of a key in a map of this key type.  Raises ModelError KEY."""
    try:
        return ty.rank(t, key)
    except KeyError:
        raise ModelError(ModelErrorKind.KEY, span) from None


def divide(op: n.ArithOp, a: int, b: int, span: Span) -> int:
    """Floor quotient or remainder.  Raises ModelError DIVIDE."""
    if b == 0:
        raise ModelError(ModelErrorKind.DIVIDE, span)
    return a // b if op is n.ArithOp.DIV else a % b


def _position(sequence: tuple[Any, ...], index: int, span: Span) -> int:
    if not 0 <= index < len(sequence):
        raise ModelError(ModelErrorKind.INDEX, span)
    return index


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


class _Run:
    """One evaluation: the helpers it may call, and the type of the state that assignments walk."""

    def __init__(self, helpers: Mapping[str, Function], state: Type | None) -> None:
        self.helpers, self.state = helpers, state

    # --- statements ---

    def call(self, function: Function, args: Sequence[Any]) -> _Returned:
        env: Env = {p.name: v for p, v in zip(function.params, args, strict=True)}
        returned = self.block(function.body, env)
        if returned is None:
            raise ModelError(ModelErrorKind.MISSING, function.span)
        return returned

    def block(self, body: Sequence[Stmt], env: Env) -> _Returned | None:
        for stmt in body:
            returned = self.statement(stmt, env)
            if returned is not None:
                return returned
        return None

    def statement(self, s: Stmt, env: Env) -> _Returned | None:
        match s:
            case n.Assign():
                self._assign(s, env)
            case n.Unpack():
                env.update(zip(s.locals, self.value(s.value, env), strict=True))
            case n.Require():
                if not self.value(s.condition, env):
                    raise _Disabled(s)
            case n.Return():
                value = None if s.value is None else self.value(s.value, env)
                return _Returned(value, s.value, dict(env))
            case n.Branch():
                return self.block(s.then if self.value(s.test, env) else s.otherwise, env)
            case n.Loop():
                return self._loop(s, env)
        return None

    def _loop(self, s: n.Loop, env: Env) -> _Returned | None:
        for item in self.iterate(s.iterable, env):
            _bind(s.variables, item, env)
            returned = self.block(s.body, env)
            if returned is not None:
                return returned
        return None

    def _assign(self, s: n.Assign, env: Env) -> None:
        if not s.path:
            env[s.local] = self.value(s.value, env)
            return
        source, check = _delayed(s.value)
        value = self.value(source, env)
        assert self.state is not None, "only actions assign to places"
        env[s.local] = self._store(self.state, env[s.local], s.path, lambda: check(value), env, s.span)

    def _store(
        self, t: Type, old: Any, path: Sequence[Any], value: Callable[[], Any], env: Env, span: Span
    ) -> tuple[Any, ...] | Any:
        """`old` with the place at the end of the path changed; keys are evaluated on the way down."""
        if not path:
            return value()
        step, inner = path[0], t
        if isinstance(step, n.AtField):
            assert isinstance(t, ty.RecordT)
            at = t.index(step.name)
            inner = t.fields[at][1]
        else:
            key = self.value(step.key, env)
            if isinstance(t, ty.MapT):
                at, inner = key_index(t.key, key, span), t.value
            else:
                assert isinstance(t, ty.SeqT)
                at, inner = _position(old, key, span), t.item
        new = self._store(inner, old[at], path[1:], value, env, span)
        return (*old[:at], new, *old[at + 1 :])

    # --- iteration ---

    def iterate(self, it: n.Iterable, env: Env) -> Sequence[Any]:
        match it:
            case n.DomainIter():
                return ty.members(it.type)
            case n.RangeIter():
                start = self.value(it.start, env)
                return range(start, self.value(it.stop, env))
            case n.ValueIter():
                value = self.value(it.value, env)
                return in_order(value) if isinstance(value, frozenset) else value

    def instances(self, clauses: Sequence[n.Clause], env: Env, first: Sequence[Any] | None = None) -> Iterator[Env]:
        """The environments in which a comprehension's body is evaluated, one after the other."""
        if not clauses:
            yield env
            return
        clause, rest = clauses[0], clauses[1:]
        for item in self.iterate(clause.iterable, env) if first is None else first:
            inner = dict(env)
            _bind(clause.variables, item, inner)
            if all(self.value(c, inner) for c in clause.conditions):
                yield from self.instances(rest, inner)

    def _quant(self, e: n.Quant, env: Env) -> Any:
        first = self.iterate(e.clauses[0].iterable, env)  # Python evaluates it, then the default, then the rest
        default = None if e.default is None else self.value(e.default, env)
        bodies = (self.value(e.body, inner) for inner in self.instances(e.clauses, env, first))
        match e.op:
            case n.QuantOp.ALL:
                return all(bodies)
            case n.QuantOp.ANY:
                return any(bodies)
            case n.QuantOp.SUM:
                return sum(bodies)
            case n.QuantOp.SET:
                return frozenset(bodies)
        found = list(bodies)
        if found:
            return min(found) if e.op is n.QuantOp.MIN else max(found)
        if e.default is None:
            raise ModelError(ModelErrorKind.EMPTY, e.span)
        return default

    # --- expressions ---

    def value(self, e: Expr, env: Env) -> Any:  # noqa: PLR0911, PLR0912 - one arm a node
        """The value of an expression."""
        match e:
            case n.Const():
                return e.value
            case n.Local():
                return env[e.name]
            case n.Field():
                assert isinstance(e.record.type, ty.RecordT)
                return self.value(e.record, env)[e.record.type.index(e.name)]
            case n.Item():
                return self.value(e.tuple, env)[e.index]
            case n.Index():
                return self._index(e, env)
            case n.Record() | n.Evolve():
                return self._record(e, env)
            case n.Tuple() | n.SeqDisplay():
                return tuple(self.value(i, env) for i in e.items)
            case n.Fit():
                return fit(e.type, self.value(e.value, env), e.span)
            case n.Unwrap() | n.RequireSome():
                return self._some(e, env)
            case n.IsNone():
                return self.value(e.value, env) is None
            case n.Not():
                return not self.value(e.value, env)
            case n.And():
                return all(self.value(i, env) for i in e.items)
            case n.Or():
                return any(self.value(i, env) for i in e.items)
            case n.If():
                return self.value(e.then if self.value(e.test, env) else e.otherwise, env)
            case n.Compare():
                left = self.value(e.left, env)
                return _COMPARE[e.op](left, self.value(e.right, env))
            case n.Arith():
                left = self.value(e.left, env)
                right = self.value(e.right, env)
                if e.op in (n.ArithOp.DIV, n.ArithOp.MOD):
                    return divide(e.op, left, right, e.span)
                return _ARITH[e.op](left, right)
            case n.SetBinary():
                left = self.value(e.left, env)
                return _SETS[e.op](left, self.value(e.right, env))
            case n.Quant():
                return self._quant(e, env)
            case n.Call():
                return self.call(self.helpers[e.function], [self.value(a, env) for a in e.arguments]).value
            case _:
                return self._collection(e, env)

    def _collection(self, e: Expr, env: Env) -> Any:
        match e:
            case n.Contains():
                item = self.value(e.item, env)
                return item in self.value(e.collection, env)
            case n.SetDisplay():
                return frozenset([self.value(i, env) for i in e.items])
            case n.SeqPush():
                seq = self.value(e.seq, env)
                return (*seq, self.value(e.item, env))
            case n.SeqRest():
                seq = self.value(e.seq, env)
                return seq[_position(seq, 0, e.span) + 1 :]
            case n.Len():
                return len(self.value(e.value, env))
            case n.MapFill():
                return _filled(e, self.value(e.value, env))
            case n.MapSet():
                return self._map_set(e, env)
            case n.MapBuild():
                assert isinstance(e.type, ty.MapT)
                return tuple(self.value(e.value, {**env, e.variable: k}) for k in ty.members(e.type.key))
        raise TypeError(type(e).__name__)

    def _map_set(self, e: n.MapSet, env: Env) -> Any:
        assert isinstance(e.type, ty.MapT)
        old, key = self.value(e.map, env), self.value(e.key, env)
        source, check = _delayed(e.value)
        value = self.value(source, env)
        at = key_index(e.type.key, key, e.span)
        return (*old[:at], check(value), *old[at + 1 :])

    def _index(self, e: n.Index, env: Env) -> Any:
        base, key = self.value(e.base, env), self.value(e.key, env)
        if isinstance(e.base.type, ty.MapT):
            return base[key_index(e.base.type.key, key, e.span)]
        return base[_position(base, key, e.span)]

    def _record(self, e: n.Record | n.Evolve, env: Env) -> Any:
        assert isinstance(e.type, ty.RecordT)
        if isinstance(e, n.Record):
            old: Sequence[Any] = (None,) * len(e.fields)
            changes: Sequence[tuple[int, Expr]] = tuple(enumerate(e.fields))
        else:
            old = self.value(e.record, env)
            changes = [(e.type.index(name), c) for name, c in e.changes]
        made = []
        for at, c in changes:
            source, check = _delayed(c)
            made.append((at, self.value(source, env), check))
        new = list(old)
        for at, value, check in sorted(made, key=lambda m: m[0]):
            new[at] = check(value)
        return tuple(new)

    def _some(self, e: n.Unwrap | n.RequireSome, env: Env) -> Any:
        value = self.value(e.value, env)
        if value is None and isinstance(e, n.RequireSome):
            raise _Disabled(e)
        assert value is not None, f"{e.span}: the front end proved that this is not None"
        return value

    # --- explanations ---

    def false_conjuncts(self, e: Expr, env: Env) -> list[Expr]:
        """The innermost conjuncts of a false expression that make it false."""
        if isinstance(e, n.And):
            for item in e.items:
                if not self.value(item, env):
                    return self.false_conjuncts(item, env)
        if isinstance(e, n.Quant) and e.op is n.QuantOp.ALL:
            for inner in self.instances(e.clauses, env):
                if not self.value(e.body, inner):
                    return self.false_conjuncts(e.body, inner)
        return [e]


def _bind(variables: Sequence[str], item: Any, env: Env) -> None:
    if len(variables) == 1:
        env[variables[0]] = item
    else:
        env.update(zip(variables, item, strict=True))
