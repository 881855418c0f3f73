"""How does the structured IR become the scalar form?  By running it once on symbolic values.

Rule of the module: what is recorded holds exactly where Python would come there.  Code runs under a
stack of frames, each with the condition under which it is reached and the conditions (`ok`) that
its own guards and error checks add; leaving a frame adds `reached -> ok` to the frame around it, so the
guards of an action stay one flat conjunction.  Loops, quantifiers and helpers are unrolled.
"""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple, NoReturn, TypeAlias, TypeVar

import attrs

from interlock.checker.diagnostics import Diagnostic, InputError, Span
from interlock.checker.ir import nodes as n
from interlock.checker.ir import scalar as sc
from interlock.checker.ir import types as ty
from interlock.checker.ir.nodes import Action, Expr, Function, ModelErrorKind, Program, Property, PropertyKind, Stmt
from interlock.checker.ir.scalar import (
    FALSE,
    TRUE,
    ErrorSite,
    Leaf,
    Node,
    ScalarAction,
    ScalarProperty,
    ScalarSystem,
    Wide,
)
from interlock.checker.ir.types import Type
from interlock.checker.passes import symbolic as sy
from interlock.checker.passes.enabling import enabled
from interlock.checker.passes.symbolic import Bits, Items, Opt, Sym
from interlock.checker.semantics.leaves import flatten_type
from interlock.checker.watch import look

__all__ = [
    "MAX_DOMAIN", "MAX_ITERATIONS", "Env", "Maker", "Run", "Returned", "bind", "parameters", "scalarize", "variables",
]  # fmt: skip

MAX_ITERATIONS: Final = 200_000  # of one action or property, all loops and quantifiers together
MAX_DOMAIN: Final = 65_536  # values that are gone through one by one; each becomes expressions
MAX_BITS: Final = 4096  # of a number that is computed between two stores
MAX_EXPRESSIONS: Final = 300_000  # of one check, evaluated symbolically; compiled in some ten seconds

_MANY: Final = 256  # expressions between two looks at the clock

Env: TypeAlias = dict[str, Sym]
T = TypeVar("T")


def scalarize(
    program: Program,
    actions: Sequence[Action],
    properties: Sequence[Property],
    terminal: Function | None,
    helpers: Mapping[str, Function],
) -> ScalarSystem:
    """The scalar form of one check.

    Raises InputError E002 (too much to unroll, or a number too large).
    """
    state = program.state
    leaves = tuple(flatten_type(state))
    maker = Maker(state, {**program.helpers, **helpers}, {})
    last = None if terminal is None else maker.property(Property(PropertyKind.ALWAYS, terminal))
    return ScalarSystem(
        leaves=leaves,
        initials=maker.initials(program),
        actions=tuple(maker.action(a) for a in actions),
        properties=tuple(maker.property(p) for p in properties),
        terminal=last,
        state=state,
        wide=tuple(maker.wide),
    )


@attrs.frozen(eq=False)
class Maker:
    """What the actions and properties of one system share."""

    state: Type
    helpers: Mapping[str, Function]
    calls: dict[tuple[Any, ...], Sym]
    work: Iterator[int] = attrs.field(factory=itertools.count)  # expressions evaluated so far
    wide: list[Wide] = attrs.field(factory=list)

    def initials(self, program: Program) -> tuple[ScalarAction, ...]:
        """The ways to begin: what initial actions make of the default state, or that state itself."""
        default = sy.lift(self.state, program.default)
        if not program.initials:
            return (sc.begins(tuple(sy.leaves(default))),)
        return tuple(self._acting(a, default) for a in program.initials)

    def action(self, action: Action) -> ScalarAction:
        old = variables(self.state, "s")
        made = self._acting(action, old)
        before = list(sy.leaves(old))
        return attrs.evolve(made, updates={i: new for i, new in made.updates.items() if before[i] is not new})

    def _acting(self, action: Action, state: Sym) -> ScalarAction:
        """An action taken in a state; its updates give every leaf."""
        given = parameters(action.params)
        env: Env = {action.state: state, **given.values}
        run = Run(self)
        run.block(action.body, env)
        return ScalarAction(
            name=action.name,
            fault=action.fault,
            params=tuple((p.name, p.type) for p in action.params),
            param_leaves=given.leaves,
            param_offsets=given.offsets,
            guards=run.guards(),
            errors=tuple(run.sites),
            updates=dict(enumerate(sy.leaves(env[action.state]))),
        )

    def property(self, prop: Property) -> ScalarProperty:
        """A property; its parameters are expanded, each value under a path of its own."""
        if prop.action is not None:
            value = enabled(self.action(prop.action), prop.name, prop.function.span)
            return ScalarProperty(prop.name, PropertyKind.REACHABLE, value, (), prop.action.name)
        spaces = "st" if prop.kind is PropertyKind.STEP else "s"
        states = [variables(self.state, space) for space in spaces]
        count = math.prod(ty.cardinality(p.type) for p in prop.params)
        if count > MAX_DOMAIN:
            _refuse(
                f"{prop.name} has {ty.show_number(count)} values of its parameters, more than {MAX_DOMAIN}",
                prop.function.span,
            )
        values, sites = [], []
        for params in itertools.product(*(sy.lifted(p.type) for p in prop.params)):
            run = Run(self)
            values.append(run.call(prop.function, [*states, *params]))
            sites.extend(run.sites)
        value = sc.or_(values) if prop.kind is PropertyKind.REACHABLE else sc.and_(values)
        goals = tuple(values) if prop.kind is PropertyKind.RECOVERABLE else (value,)
        params = tuple((p.name, p.type) for p in prop.params)
        return ScalarProperty(prop.name, prop.kind, value, _merged(sites), params=params, goals=goals)


@attrs.frozen(eq=False)
class Given:
    """Parameters as leaves of their space: the leaves, where each parameter's start, and the values by name."""

    leaves: tuple[Leaf, ...]
    offsets: tuple[int, ...]
    values: Env


def parameters(params: Sequence[n.Param]) -> Given:
    """Parameters of any value."""
    groups = [flatten_type(p.type, p.name) for p in params]
    offsets = tuple(itertools.accumulate([len(g) for g in groups], initial=0))[:-1]
    values = {p.name: variables(p.type, "p", offset) for p, offset in zip(params, offsets, strict=True)}
    return Given(tuple(leaf for group in groups for leaf in group), offsets, values)


def _merged(sites: Sequence[ErrorSite]) -> tuple[ErrorSite, ...]:
    """One site for each kind and place, in order of first appearance."""
    found: dict[tuple[ModelErrorKind, Span], list[Node]] = {}
    for s in sites:
        found.setdefault((s.kind, s.span), []).append(s.condition)
    return tuple(ErrorSite(sc.or_(conditions), kind, span) for (kind, span), conditions in found.items())


def variables(t: Type, space: str, offset: int = 0) -> Sym:
    """A value of this type whose leaves are those of a space, from one of them on."""
    counter = itertools.count(offset)

    def leaf(t: Type) -> Node:
        i = next(counter)
        match t:
            case ty.BoolT():
                return sc.bool_var(space, i)
            case ty.IntT(lo, hi):
                return sc.int_var(space, i, lo, hi)
            case _:
                return sc.int_var(space, i, 0, ty.cardinality(t) - 1)

    return sy.build(t, leaf)


def _refuse(message: str, span: Span) -> NoReturn:
    raise InputError([Diagnostic("E002", message, span, "use smaller constants, ranges or bounds")])


class _Frame:
    """A stretch of code: when it is reached (from the frame around it), and what must hold to get through."""

    __slots__ = ("ok", "reached")

    def __init__(self, reached: Callable[[], Node]) -> None:
        self.reached = reached
        self.ok: list[Node] = []


class _Iteration(NamedTuple):
    present: Node
    item: Sym


class Returned(NamedTuple):
    """Where a block has returned, and what (None: nowhere yet, or nothing)."""

    when: Node
    value: Sym | None


_NOT_YET: Final = Returned(FALSE, None)


def _merge_values(test: Node, then: Sym | None, otherwise: Sym | None) -> Sym | None:
    if then is None or otherwise is None:
        return otherwise if then is None else then
    return sy.choose(test, then, otherwise)


def _merge_envs(test: Node, then: Env, otherwise: Env) -> Env:
    merged = {**otherwise, **then}
    for name, new in then.items():
        old = otherwise.get(name, new)
        if old is not new:
            merged[name] = sy.choose(test, new, old)
    return merged


class Run:
    """The symbolic execution of one action or property."""

    def __init__(self, maker: Maker) -> None:
        self.state, self.helpers, self.calls, self.work = maker.state, maker.helpers, maker.calls, maker.work
        self.wide = maker.wide
        self.frames = [_Frame(lambda: TRUE)]
        self.sites: list[ErrorSite] = []
        self.effects = 0  # guards and error checks met so far; calls without any are kept
        self.iterations = 0

    # --- the path ---

    def under(self, reached: Callable[[], Node], body: Callable[[], T]) -> T:
        """Run `body` where the condition holds."""
        frame = _Frame(reached)
        self.frames.append(frame)
        result = body()
        self.frames.pop()
        if frame.ok:
            self.frames[-1].ok.append(sc.or_((sc.not_(reached()), sc.and_(frame.ok))))
        return result

    def path(self) -> Node:
        """The condition under which Python would be here, without error so far."""
        return sc.and_([c for frame in self.frames for c in (frame.reached(), *frame.ok)])

    def require(self, condition: Node) -> None:
        """Go on only where the condition holds."""
        if condition is not TRUE:
            self.effects += 1
            self.frames[-1].ok.append(condition)

    def fail(self, error: Node, kind: ModelErrorKind, span: Span) -> None:
        """An error of the model where `error` holds; go on elsewhere."""
        if error is FALSE:
            return
        condition = sc.and_((self.path(), error))
        if condition is not FALSE:
            self.sites.append(ErrorSite(condition, kind, span))
        self.require(sc.not_(error))

    def guards(self) -> tuple[Node, ...]:
        """What must hold at the end, as conjuncts in the order of the text."""
        ok = self.frames[0].ok
        if sc.and_(ok) is FALSE:
            return (FALSE,)
        parts = [c for g in ok for c in (g.src if g.op is sc.Op.AND else (g,))]
        return tuple({c.id: c for c in parts if c is not TRUE}.values())

    def sized(self, value: Node, span: Span) -> Node:
        """A number that was computed; what takes more than a word is noted, for some engines have no more."""
        if not sc.fits(value.lo, value.hi):
            if max(-value.lo, value.hi).bit_length() > MAX_BITS:
                _refuse(f"this number may take more than {MAX_BITS} bits", span)
            self.wide.append(Wide(value.lo, value.hi, span))
        return value

    # --- statements ---

    def call(self, function: Function, args: Sequence[Sym]) -> Sym:
        """The value of a helper or property for arguments of its parameters' types."""
        key = (function.name, function.module, id(function), tuple([leaf.id for a in args for leaf in sy.leaves(a)]))
        if key in self.calls:
            return self.calls[key]
        before = self.effects
        env: Env = {p.name: a for p, a in zip(function.params, args, strict=True)}
        returned = self.block(function.body, env, function.result)
        self.fail(sc.not_(returned.when), ModelErrorKind.MISSING, function.span)
        value = sy.absent(function.result) if returned.value is None else returned.value
        if self.effects == before and not any(_has_open_set(p.type) for p in function.params):
            self.calls[key] = value
        return value

    def block(self, body: Sequence[Stmt], env: Env, result: Type | None = None) -> Returned:
        """Run statements, changing `env`; says where they return.  `result` is the type of what they return."""
        for i, stmt in enumerate(body):
            returned = self.statement(stmt, env, result)
            if returned.when is TRUE:
                return returned
            if returned.when is not FALSE:
                return self._rest(returned, body[i + 1 :], env, result)
        return _NOT_YET

    def _rest(self, first: Returned, rest: Sequence[Stmt], env: Env, result: Type | None) -> Returned:
        """Run the rest of a block where it has not returned."""
        if not rest:
            return first
        going, inner = sc.not_(first.when), dict(env)
        second = self.under(lambda: going, lambda: self.block(rest, inner, result))
        env.update(_merge_envs(going, inner, env))
        return Returned(sc.or_((first.when, second.when)), _merge_values(first.when, first.value, second.value))

    def statement(self, s: Stmt, env: Env, result: Type | None) -> Returned:
        match s:
            case n.Assign():
                self._assign(s, env)
            case n.Unpack():
                self._unpack(s, env)
            case n.Require():
                self.require(self.value(s.condition, env))
            case n.Return():
                if s.value is None or result is None:
                    return Returned(TRUE, None)
                return Returned(TRUE, sy.convert(self.value(s.value, env), s.value.type, result))
            case n.Branch():
                return self._branch(s, env, result)
            case n.Loop():
                return self._loop(s, env, result)
        return _NOT_YET

    def _branch(self, s: n.Branch, env: Env, result: Type | None) -> Returned:
        test = self.value(s.test, env)
        if test is TRUE or test is FALSE:
            return self.block(s.then if test is TRUE else s.otherwise, env, result)
        other = sc.not_(test)
        env_a, env_b = dict(env), dict(env)
        a = self.under(lambda: test, lambda: self.block(s.then, env_a, result))
        b = self.under(lambda: other, lambda: self.block(s.otherwise, env_b, result))
        env.update(_merge_envs(test, env_a, env_b))
        return Returned(sc.ite(test, a.when, b.when), _merge_values(test, a.value, b.value))

    def _loop(self, s: n.Loop, env: Env, result: Type | None) -> Returned:
        total = _NOT_YET
        item_type, items = self.iterate(s.iterable, env, s.span)
        for present, item in items:
            here = sc.and_((present, sc.not_(total.when)))
            if here is FALSE:
                continue
            inner = dict(env)
            bind(s.variables, s.types, item, item_type, inner)
            once = self._once(here, functools.partial(self.block, s.body, inner, result))
            env.update(_merge_envs(here, inner, env))
            when = sc.or_((total.when, sc.and_((here, once.when))))
            total = Returned(when, _merge_values(total.when, total.value, once.value))
        return total

    def _once(self, here: Node, body: Callable[[], T]) -> T:
        return body() if here is TRUE else self.under(lambda: here, body)

    def _unpack(self, s: n.Unpack, env: Env) -> None:
        value = self.value(s.value, env)
        bind(s.locals, s.types, value, s.value.type, env, apart=True)

    def _assign(self, s: n.Assign, env: Env) -> None:
        if not s.path:
            env[s.local] = sy.convert(self.value(s.value, env), s.value.type, s.type)
            return
        source, store = self._delayed(s.value)
        value = self.value(source, env)
        steps = self._steps(s, env)
        env[s.local] = _replaced(env[s.local], steps, sy.convert(store(value), s.value.type, s.type))

    def _delayed(self, e: Expr) -> tuple[Expr, Callable[[Sym], Sym]]:
        """An operand that is stored, and the check of the store, made after all operands."""
        match e:
            case n.Fit():
                return e.value, lambda v: self.fit(v, e)
            case n.MapFill():
                source, store = self._delayed(e.value)
                return source, lambda v: self._filled(e, store(v))
        return e, lambda v: v

    def fit(self, value: Sym, e: n.Fit) -> Sym:
        """The conversion and checks of a Fit."""
        return sy.convert(value, e.value.type, e.type, lambda error, kind: self.fail(error, kind, e.span))

    def _steps(self, s: n.Assign, env: Env) -> list[int | list[Node]]:
        """The places of a path, from outside: a position, or for each position whether it is the one."""
        steps: list[int | list[Node]] = []
        t, old = self.state, env[s.local]
        for step in s.path:
            if isinstance(step, n.AtField):
                assert isinstance(t, ty.RecordT)
                at = t.index(step.name)
                steps.append(at)
                t, old = t.fields[at][1], old[at]
            else:
                key = self.value(step.key, env)
                tests, items, t = self._positions(old, t, key, step.key.type, s.span)
                steps.append(tests)
                old = sy.select(tests, items, sy.absent(t))
        return steps

    def _positions(
        self, base: Sym, t: Type, key: Sym, key_type: Type, span: Span
    ) -> tuple[list[Node], tuple[Sym, ...], Type]:
        """For each place of a map, sequence or tuple whether the key means it; the items; their type."""
        if isinstance(t, ty.MapT):
            outside: list[Node] = []
            sy.convert(key, key_type, t.key, lambda error, _: outside.append(error))
            self.fail(sc.or_(outside), ModelErrorKind.KEY, span)
            return sy.matches(key, key_type, t.key), base, t.value
        items = base.items if isinstance(base, Items) else base
        length = base.length if isinstance(base, Items) else sc.integer(len(base))
        inside = sc.and_((sc.le(sc.integer(0), key), sc.lt(key, length)))
        self.fail(sc.not_(inside), ModelErrorKind.INDEX, span)
        inner = t.item if isinstance(t, ty.SeqT) else sy.join_items(t.items) if isinstance(t, ty.TupleT) else ty.NEVER
        return [sc.eq(key, sc.integer(i)) for i in range(len(items))], items, inner

    # --- iteration ---

    def iterate(self, it: n.Iterable, env: Env, span: Span) -> tuple[Type, list[_Iteration]]:
        """The type of the items, and each item with the condition under which it is there."""
        match it:
            case n.DomainIter():
                self._count(ty.cardinality(it.type), span)
                return it.type, [_Iteration(TRUE, v) for v in sy.lifted(it.type)]
            case n.RangeIter():
                start = self.value(it.start, env)
                stop = self.value(it.stop, env)
                self._count(max(stop.hi - start.lo, 0), span)
                numbers = [sc.integer(i) for i in range(start.lo, stop.hi)]
                return ty.INT, [_Iteration(sc.and_((sc.le(start, i), sc.lt(i, stop))), i) for i in numbers]
            case n.ValueIter():
                return self._iterate_value(self.value(it.value, env), it.value.type, span)

    def _iterate_value(self, value: Sym, t: Type, span: Span) -> tuple[Type, list[_Iteration]]:
        if isinstance(value, Bits):
            self._count(len(value.bits), span)
            pairs = zip(value.bits, sy.lifted(value.item), strict=True)
            return value.item, [_Iteration(bit, v) for bit, v in pairs if bit is not FALSE]
        if isinstance(value, Items):
            assert isinstance(t, ty.SeqT)
            self._count(len(value.items), span)
            there = [sc.lt(sc.integer(i), value.length) for i in range(len(value.items))]
            return t.item, [_Iteration(c, v) for c, v in zip(there, value.items, strict=True)]
        assert isinstance(t, ty.TupleT)
        item = sy.join_items(t.items)
        return item, [_Iteration(TRUE, sy.convert(v, s, item)) for v, s in zip(value, t.items, strict=True)]

    def _count(self, more: int, span: Span) -> None:
        self.iterations += more
        if self.iterations > MAX_ITERATIONS:
            _refuse(f"more than {MAX_ITERATIONS} iterations have to be unrolled here", span)

    def _quant(self, e: n.Quant, env: Env) -> Sym:
        first = self.iterate(e.clauses[0].iterable, env, e.span)
        default: Any = None if e.default is None else self.value(e.default, env)
        fold = _Fold(e)
        self._clauses(e, 0, first, env, TRUE, fold)
        if e.op in (n.QuantOp.MIN, n.QuantOp.MAX):
            if e.default is None:
                self.fail(sc.not_(fold.found), ModelErrorKind.EMPTY, e.span)
                return sc.integer(0) if fold.best is None else fold.best
            return default if fold.best is None else sc.ite(fold.found, fold.best, default)
        if e.op is n.QuantOp.SET:
            return self._set_of(e.type, [(sy.shape(e.body.type, v), c, v) for c, v in fold.members], e.span)
        return self.sized(fold.result(), e.span)

    def _clauses(
        self, e: n.Quant, k: int, items: tuple[Type, list[_Iteration]], env: Env, here: Node, fold: _Fold
    ) -> None:
        """Run the k-th clause and those inside it; `here` is where its iteration has come."""
        clause, (item_type, iterations) = e.clauses[k], items
        for present, item in iterations:
            if fold.stopped:
                return
            inner = dict(env)
            bind(clause.variables, clause.types, item, item_type, inner)
            body = functools.partial(self._conditions, e, k, clause.conditions, inner, sc.and_((here, present)), fold)
            self.under(_reached(present, fold.going, len(fold.going)), body)

    def _conditions(self, e: n.Quant, k: int, conditions: Sequence[Expr], env: Env, here: Node, fold: _Fold) -> None:
        if here is FALSE:
            return
        if conditions:
            test = self.value(conditions[0], env)
            deeper = sc.and_((here, test))
            self._once(test, lambda: self._conditions(e, k, conditions[1:], env, deeper, fold))
        elif k + 1 < len(e.clauses):
            self._clauses(e, k + 1, self.iterate(e.clauses[k + 1].iterable, env, e.span), env, here, fold)
        else:
            fold.add(here, self.value(e.body, env))

    def _set_of(self, t: Type, found: Sequence[tuple[Type, Node, Sym]], span: Span) -> Bits:
        """The set of the values that are there; its item type is that of `t` or found from the values."""
        assert isinstance(t, ty.SetT)
        item = t.item if ty.storable(t.item) else sy.join_items([s for s, _, _ in found])
        self._check_domain(item, span)
        bits: list[list[Node]] = [[] for _ in sy.domain(item)]
        for source, there, value in found:
            if sy.is_known(value):
                position = sy.position(value, source, item)
                if position is not None:
                    bits[position].append(there)
                continue
            for bit, test in zip(bits, sy.matches(value, source, item), strict=True):
                bit.append(sc.and_((there, test)))
        return Bits(item, tuple([sc.or_(b) for b in bits]))

    def _check_domain(self, t: Type, span: Span) -> None:
        if t != ty.NEVER and ty.cardinality(t) > MAX_DOMAIN:
            _refuse(f"{ty.show(t)} has {ty.show_number(ty.cardinality(t))} values, more than {MAX_DOMAIN}", span)

    # --- expressions ---

    def value(self, e: Expr, env: Env) -> Sym:
        """The symbolic value of an expression, in the shape of its type."""
        if (done := next(self.work)) % _MANY == 0:
            look()
        if done >= MAX_EXPRESSIONS:
            _refuse(f"the loops of this check unroll to more than {MAX_EXPRESSIONS} expressions, here at last", e.span)
        return _EXPRESSIONS[type(e)](self, e, env)

    def const(self, e: n.Const, env: Env) -> Sym:
        return sy.lift(e.type, e.value)

    def local(self, e: n.Local, env: Env) -> Sym:
        return env[e.name]

    def field(self, e: n.Field, env: Env) -> Sym:
        assert isinstance(e.record.type, ty.RecordT)
        return self.value(e.record, env)[e.record.type.index(e.name)]

    def item(self, e: n.Item, env: Env) -> Sym:
        return self.value(e.tuple, env)[e.index]

    def index(self, e: n.Index, env: Env) -> Sym:
        base, key = self.value(e.base, env), self.value(e.key, env)
        tests, items, inner = self._positions(base, e.base.type, key, e.key.type, e.span)
        if isinstance(e.base.type, ty.TupleT):
            items = tuple([sy.convert(v, s, inner) for v, s in zip(items, e.base.type.items, strict=True)])
        return sy.select(tests, items, sy.absent(inner))

    def record(self, e: n.Record | n.Evolve, env: Env) -> Sym:
        assert isinstance(e.type, ty.RecordT)
        if isinstance(e, n.Record):
            new: list[Sym] = [None] * len(e.fields)
            changes: Sequence[tuple[int, Expr]] = tuple(enumerate(e.fields))
        else:
            new = list(self.value(e.record, env))
            changes = [(e.type.index(name), c) for name, c in e.changes]
        made = []
        for at, c in changes:
            source, store = self._delayed(c)
            made.append((at, self.value(source, env), store, c.type))
        for at, value, store, source_type in sorted(made, key=lambda m: m[0]):
            new[at] = sy.convert(store(value), source_type, e.type.fields[at][1])
        return tuple(new)

    def tuple_(self, e: n.Tuple, env: Env) -> Sym:
        assert isinstance(e.type, ty.TupleT)
        pairs = zip(e.items, e.type.items, strict=True)
        return tuple([sy.convert(self.value(i, env), i.type, t) for i, t in pairs])

    def fitted(self, e: n.Fit, env: Env) -> Sym:
        return self.fit(self.value(e.value, env), e)

    def some(self, e: n.Unwrap | n.RequireSome, env: Env) -> Sym:
        value = self.value(e.value, env)
        if not isinstance(value, Opt):
            return value
        if isinstance(e, n.RequireSome):
            self.require(value.some)
        if isinstance(e.value.type, ty.OptionT):
            return sy.convert(value.item, e.value.type.item, e.type)
        return sy.absent(e.type)

    def is_none(self, e: n.IsNone, env: Env) -> Node:
        value = self.value(e.value, env)
        return sc.not_(value.some) if isinstance(value, Opt) else FALSE

    def not_(self, e: n.Not, env: Env) -> Node:
        return sc.not_(self.value(e.value, env))

    def and_(self, e: n.And, env: Env) -> Node:
        return self._chain(e.items, env, lambda x: x, sc.and_)

    def or_(self, e: n.Or, env: Env) -> Node:
        return self._chain(e.items, env, sc.not_, sc.or_)

    def _chain(
        self, items: Sequence[Expr], env: Env, going: Callable[[Node], Node], join: Callable[[list[Node]], Node]
    ) -> Node:
        """A short-circuit chain: each item is evaluated where `going` holds of all before it."""
        seen: list[Node] = []
        conditions: list[Node] = []
        for e in items:
            value = self.under(_reached(TRUE, conditions, len(conditions)), functools.partial(self.value, e, env))
            seen.append(value)
            conditions.append(going(value))
            if conditions[-1] is FALSE:
                break
        return join(seen)

    def if_(self, e: n.If, env: Env) -> Sym:
        test = self.value(e.test, env)
        if test is TRUE or test is FALSE:
            chosen = e.then if test is TRUE else e.otherwise
            return sy.convert(self.value(chosen, env), chosen.type, e.type)
        other = sc.not_(test)
        a = self.under(lambda: test, lambda: self.value(e.then, env))
        b = self.under(lambda: other, lambda: self.value(e.otherwise, env))
        return sy.choose(test, sy.convert(a, e.then.type, e.type), sy.convert(b, e.otherwise.type, e.type))

    def compare(self, e: n.Compare, env: Env) -> Node:
        a, b = self.value(e.left, env), self.value(e.right, env)
        match e.op:
            case n.CompareOp.EQ:
                return sy.equal(a, e.left.type, b, e.right.type)
            case n.CompareOp.NE:
                return sc.not_(sy.equal(a, e.left.type, b, e.right.type))
            case n.CompareOp.LT:
                return _less(a, b, True)
            case n.CompareOp.LE:
                return _less(a, b, False)
            case n.CompareOp.GT:
                return _less(b, a, True)
            case n.CompareOp.GE:
                return _less(b, a, False)

    def arith(self, e: n.Arith, env: Env) -> Node:
        a, b = self.value(e.left, env), self.value(e.right, env)
        if e.op in (n.ArithOp.DIV, n.ArithOp.MOD):
            self.fail(sc.eq(b, sc.integer(0)), ModelErrorKind.DIVIDE, e.span)
        return self.sized(_ARITH[e.op](a, b), e.span)

    def contains(self, e: n.Contains, env: Env) -> Node:
        item, collection = self.value(e.item, env), self.value(e.collection, env)
        source, (inner, iterations) = e.item.type, self._iterate_value(collection, e.collection.type, e.span)
        return sc.or_([sc.and_((there, sy.equal(item, source, v, inner))) for there, v in iterations])

    def set_binary(self, e: n.SetBinary, env: Env) -> Bits:
        a, b = self.value(e.left, env), self.value(e.right, env)
        item = sy.join_items([a.item, b.item]) if e.op is n.SetOp.UNION else a.item  # as `e.type` says
        pairs = zip(sy.in_domain(a, item), sy.in_domain(b, item), strict=True)
        match e.op:
            case n.SetOp.UNION:
                return Bits(item, tuple([sc.or_(p) for p in pairs]))
            case n.SetOp.INTERSECT:
                return Bits(item, tuple([sc.and_(p) for p in pairs]))
            case n.SetOp.MINUS:
                return Bits(item, tuple([sc.and_((x, sc.not_(y))) for x, y in pairs]))

    def set_display(self, e: n.SetDisplay, env: Env) -> Bits:
        found = [(i.type, self.value(i, env)) for i in e.items]
        return self._set_of(e.type, [(sy.shape(t, v), TRUE, v) for t, v in found], e.span)

    def seq_display(self, e: n.SeqDisplay, env: Env) -> Items:
        assert isinstance(e.type, ty.SeqT)
        item = e.type.item
        return Items(sc.integer(len(e.items)), tuple([sy.convert(self.value(i, env), i.type, item) for i in e.items]))

    def seq_push(self, e: n.SeqPush, env: Env) -> Items:
        assert isinstance(e.type, ty.SeqT)
        assert isinstance(e.seq.type, ty.SeqT)
        seq, item = self.value(e.seq, env), self.value(e.item, env)
        wider = ty.SeqT(e.type.item, max(e.type.bound, e.seq.type.bound + 1))
        old, new = sy.convert(seq, e.seq.type, wider), sy.convert(item, e.item.type, e.type.item)
        tests = [sc.eq(old.length, sc.integer(i)) for i in range(wider.bound)]
        items = tuple([sy.choose(t, new, v) for t, v in zip(tests, old.items, strict=True)])
        pushed = Items(sc.add(seq.length, sc.integer(1)), items)
        return sy.convert(pushed, wider, e.type)  # type: ignore[no-any-return]

    def seq_rest(self, e: n.SeqRest, env: Env) -> Items:
        assert isinstance(e.seq.type, ty.SeqT)
        assert isinstance(e.type, ty.SeqT)
        seq = self.value(e.seq, env)
        empty = sc.eq(seq.length, sc.integer(0))
        self.fail(empty, ModelErrorKind.INDEX, e.span)
        length = sc.ite(empty, sc.integer(0), sc.sub(seq.length, sc.integer(1)))
        shifted = Items(length, (*seq.items[1:], *([sy.absent(e.seq.type.item)] if seq.items else [])))
        return sy.convert(shifted, e.seq.type, e.type)  # type: ignore[no-any-return]

    def len_(self, e: n.Len, env: Env) -> Node:
        value = self.value(e.value, env)
        if isinstance(value, Items):
            return value.length
        return _sum([sc.ite(bit, sc.integer(1), sc.integer(0)) for bit in value.bits])

    def map_fill(self, e: n.MapFill, env: Env) -> Sym:
        return self._filled(e, self.value(e.value, env))

    def _filled(self, e: n.MapFill, value: Sym) -> Sym:
        assert isinstance(e.type, ty.MapT)
        self._check_domain(e.type.key, e.span)
        return (sy.convert(value, e.value.type, e.type.value),) * ty.cardinality(e.type.key)

    def map_set(self, e: n.MapSet, env: Env) -> Sym:
        assert isinstance(e.type, ty.MapT)
        old, key = self.value(e.map, env), self.value(e.key, env)
        old = sy.convert(old, e.map.type, e.type)
        source, store = self._delayed(e.value)
        value = self.value(source, env)
        tests, _, inner = self._positions(old, e.type, key, e.key.type, e.span)
        return _replaced(old, [tests], sy.convert(store(value), e.value.type, inner))

    def map_build(self, e: n.MapBuild, env: Env) -> Sym:
        assert isinstance(e.type, ty.MapT)
        self._check_domain(e.type.key, e.span)
        self._count(ty.cardinality(e.type.key), e.span)
        made = [self.value(e.value, {**env, e.variable: key}) for key in sy.lifted(e.type.key)]
        return tuple([sy.convert(v, e.value.type, e.type.value) for v in made])

    def call_(self, e: n.Call, env: Env) -> Sym:
        function = self.helpers[e.function]
        args = [self.value(a, env) for a in e.arguments]
        types = zip(args, e.arguments, function.params, strict=True)
        return self.call(function, [sy.convert(v, a.type, p.type) for v, a, p in types])

    quant = _quant


def _has_open_set(t: Type) -> bool:
    """Whether leaves alone do not tell the value, since a set in it has no settled item type."""
    return not ty.storable(t) and t != ty.INT


def _reached(present: Node, going: list[Node], count: int) -> Callable[[], Node]:
    return lambda: sc.and_([present, *going[:count]])


def bind(
    variables: Sequence[str], types: Sequence[Type], item: Sym, source: Type, env: Env, apart: bool = False
) -> None:
    """Give names to an item, or (several names, or `apart`) to its parts."""
    if len(variables) == 1 and not apart:
        env[variables[0]] = sy.convert(item, source, types[0])
        return
    if isinstance(source, ty.TupleT):
        sources: Iterator[Type] | Sequence[Type] = source.items
    else:
        assert isinstance(source, ty.RecordT)
        sources = [t for _, t in source.fields]
    for name, t, part, s in zip(variables, types, item, sources, strict=True):
        env[name] = sy.convert(part, s, t)


def _replaced(old: Sym, steps: Sequence[int | list[Node]], value: Sym) -> Sym:
    """`old` with the place at the end of the steps changed."""
    if not steps:
        return value
    step, rest = steps[0], steps[1:]
    if isinstance(step, int):
        return (*old[:step], _replaced(old[step], rest, value), *old[step + 1 :])
    items = old.items if isinstance(old, Items) else old
    new = sy.replace(step, items, lambda item, _: _replaced(item, rest, value))
    return Items(old.length, new) if isinstance(old, Items) else new


def _less(a: Sym, b: Sym, strict: bool) -> Node:
    if isinstance(a, Node):
        return sc.lt(a, b) if strict else sc.le(a, b)
    item = sy.join_items([a.item, b.item])
    x, y = sy.in_domain(a, item), sy.in_domain(b, item)
    inside = sc.and_([sc.or_((sc.not_(p), q)) for p, q in zip(x, y, strict=True)])
    if not strict:
        return inside
    return sc.and_((inside, sc.or_([sc.and_((sc.not_(p), q)) for p, q in zip(x, y, strict=True)])))


def _min(a: Node, b: Node) -> Node:
    return sc.ite(sc.le(a, b), a, b)


def _max(a: Node, b: Node) -> Node:
    return sc.ite(sc.le(b, a), a, b)


def _sum(items: Sequence[Node]) -> Node:
    return functools.reduce(sc.add, items, sc.integer(0))


_ARITH: Final[Mapping[n.ArithOp, Callable[[Node, Node], Node]]] = {
    n.ArithOp.ADD: sc.add, n.ArithOp.SUB: sc.sub, n.ArithOp.MUL: sc.mul, n.ArithOp.DIV: sc.div,
    n.ArithOp.MOD: sc.mod, n.ArithOp.MIN: _min, n.ArithOp.MAX: _max,
}  # fmt: skip


class _Fold:
    """What a comprehension has come to so far.

    `going` are the conditions of not having stopped early; one for each body of `all` or `any`.
    """

    def __init__(self, e: n.Quant) -> None:
        self.op = e.op
        self.boolean = e.body.type == ty.BOOL
        self.going: list[Node] = []
        self.parts: list[Node] = []
        self.members: list[tuple[Node, Sym]] = []
        self.found: Node = FALSE
        self.best: Node | None = None
        self.stopped = False

    def add(self, here: Node, value: Sym) -> None:
        """The value of one more body, which is there where `here` holds."""
        match self.op:
            case n.QuantOp.ALL:
                self._junct(sc.or_((sc.not_(here), value)), lambda part: part)
            case n.QuantOp.ANY:
                self._junct(sc.and_((here, value)), sc.not_)
            case n.QuantOp.SUM:
                number = sc.ite(value, sc.integer(1), sc.integer(0)) if self.boolean else value
                self.parts.append(sc.ite(here, number, sc.integer(0)))
            case n.QuantOp.SET:
                self.members.append((here, value))
            case n.QuantOp.MIN | n.QuantOp.MAX:
                pick = _min if self.op is n.QuantOp.MIN else _max
                if self.best is None:
                    self.found, self.best = here, value
                else:
                    better = sc.ite(self.found, pick(self.best, value), value)
                    self.found, self.best = sc.or_((self.found, here)), sc.ite(here, better, self.best)

    def _junct(self, part: Node, going: Callable[[Node], Node]) -> None:
        self.parts.append(part)
        if going(part) is not TRUE:
            self.going.append(going(part))
        self.stopped = going(part) is FALSE

    def result(self) -> Node:
        """The value of `all`, `any` or `sum`."""
        if self.op is n.QuantOp.SUM:
            return _sum(self.parts)
        return sc.and_(self.parts) if self.op is n.QuantOp.ALL else sc.or_(self.parts)


_EXPRESSIONS: Final[Mapping[type, Callable[[Run, Any, Env], Sym]]] = {
    n.Const: Run.const, n.Local: Run.local, n.Field: Run.field, n.Item: Run.item, n.Index: Run.index,
    n.Record: Run.record, n.Evolve: Run.record, n.Tuple: Run.tuple_, n.Fit: Run.fitted,
    n.Unwrap: Run.some, n.RequireSome: Run.some, n.IsNone: Run.is_none, n.Not: Run.not_,
    n.And: Run.and_, n.Or: Run.or_, n.If: Run.if_, n.Compare: Run.compare, n.Arith: Run.arith,
    n.Contains: Run.contains, n.SetBinary: Run.set_binary, n.SetDisplay: Run.set_display,
    n.SeqDisplay: Run.seq_display, n.SeqPush: Run.seq_push, n.SeqRest: Run.seq_rest, n.Len: Run.len_,
    n.MapFill: Run.map_fill, n.MapSet: Run.map_set, n.MapBuild: Run.map_build, n.Quant: Run.quant,
    n.Call: Run.call_,
}  # fmt: skip
