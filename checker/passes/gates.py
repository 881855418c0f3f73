"""What must be so before an action acts, or before a property claims anything?  Conditions in the order of the text.

Rule of the module: a gate is a place in the text at which Python may turn away.  Its node says of a state (of a step,
where the property is about steps) and of parameters that Python goes on from there, and from every gate before it,
without an error; where it comes to the place several times, at least once.
An action that never fires has a first gate that nothing passes.  A property that claims something of nothing (Beer,
Ben-David, Eisner and Rodeh, "Efficient detection of vacuity in temporal model checking", FMSD 18, 2001) has one too:
what it says stands behind `not a or ...`, `a is None or ...`, `if a: return ...`, `all(... for ... if a)`.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

import attrs

from interlock.checker.diagnostics import Diagnostic, InputError, Span
from interlock.checker.ir import nodes as n
from interlock.checker.ir import scalar as sc
from interlock.checker.ir.nodes import Action, Expr, Function, ModelErrorKind, Param, Program, Property, Stmt
from interlock.checker.ir.scalar import TRUE, Node, ScalarAction, ScalarSystem
from interlock.checker.ir.types import BOOL, Type
from interlock.checker.passes import symbolic as sy
from interlock.checker.passes.scalarize import Env, Maker, Returned, Run, bind, parameters, variables

MOST = 64  # gates of one property: branches that each go on with the rest multiply


class Passing(enum.Enum):
    """How a gate is passed."""

    REQUIRED = "required"  # what is required is true (and `require_some` of something)
    RIGHT = "no error"
    TRUE = "true"
    FALSE = "false"
    ITEM = "an item"  # what is gone through has one


@attrs.frozen(eq=False)
class Gate:
    """A place in the text, and when it is passed; `before`: the gate that one comes from, by its number.

    Of an action also where Python comes to it at all: behind the gates before it, where the `if`s around it are so.
    Elsewhere it is passed by, and stops nobody.
    """

    span: Span
    passing: Passing
    conditions: tuple[Node, ...]
    before: int | None = None
    reached: Node = TRUE


# --- of an action ----------------------------------------------------------------------------------


def of_action(program: Program, action: Action) -> tuple[Gate, ...]:
    """The gates of an action, each behind the one before it."""
    run = _Guards(Maker(program.state, program.helpers, {}))
    run.block(action.body, {action.state: variables(program.state, "s"), **parameters(action.params).values})
    gates: list[Gate] = []
    passed: dict[int, Node] = {}
    for (span, passing), conditions in run.found.items():
        reached = sc.or_(run.reached[span, passing])
        passed |= {c.id: c for c in conditions}
        gates.append(Gate(span, passing, tuple(passed.values()), len(gates) - 1 if gates else None, reached))
    return tuple(gates)


class _Guards(Run):
    """The symbolic execution of an action, which remembers where its guards are written."""

    def __init__(self, maker: Maker) -> None:
        super().__init__(maker)
        self.found: dict[tuple[Span, Passing], list[Node]] = {}
        self.reached: dict[tuple[Span, Passing], list[Node]] = {}
        self._within: list[Span] = []
        self._error: Span | None = None

    def statement(self, s: Stmt, env: Env, result: Type | None) -> Returned:
        """A conjunction stops at the first that is false, as a `require` of each would."""
        if isinstance(s, n.Require) and isinstance(s.condition, n.And):
            *first, s = (n.Require(item, span=item.span) for item in s.condition.items)
            for part in first:
                self.statement(part, env, result)
        with self._inside(s.condition.span if isinstance(s, n.Require) else s.span):
            return super().statement(s, env, result)

    def value(self, e: Expr, env: Env) -> sy.Sym:
        with self._inside(e.span):
            return super().value(e, env)

    @contextmanager
    def _inside(self, span: Span) -> Iterator[None]:
        self._within.append(span)
        yield
        self._within.pop()

    def require(self, condition: Node) -> None:
        if condition is not TRUE:
            key = (self._within[-1], Passing.REQUIRED) if self._error is None else (self._error, Passing.RIGHT)
            reached = sc.and_([frame.reached() for frame in self.frames])
            self.found.setdefault(key, []).append(sc.or_((sc.not_(reached), condition)))
            self.reached.setdefault(key, []).append(reached)
        super().require(condition)

    def fail(self, error: Node, kind: ModelErrorKind, span: Span) -> None:
        self._error = span
        super().fail(error, kind, span)
        self._error = None


# --- of a property ---------------------------------------------------------------------------------


def of_property(program: Program, prop: Property, helpers: Mapping[str, Function]) -> tuple[Gate, ...]:
    """The gates of an ALWAYS or STEP property.  Raises InputError E002 where they are too many."""
    run = _Claims(Maker(program.state, {**program.helpers, **helpers}, {}), prop)
    states = [p.name for p in prop.function.params[: len(prop.function.params) - len(prop.params)]]
    env: Env = {name: variables(program.state, space) for name, space in zip(states, "st", strict=False)}
    run.body(prop.function.body, {**env, **parameters(prop.params).values}, True, None)
    return tuple(
        Gate(place.span, place.passing, (sc.or_(conditions),), place.before) for place, conditions in run.found.items()
    )


@attrs.frozen
class _Place:
    span: Span
    passing: Passing
    before: int | None
    calls: tuple[Span, ...]  # the calls of helpers that lead there


class _Claims(Run):
    """A walk through what a property claims; what stands before is executed symbolically."""

    def __init__(self, maker: Maker, prop: Property) -> None:
        super().__init__(maker)
        self.prop = prop
        self.found: dict[_Place, list[Node]] = {}
        self._calls: tuple[Span, ...] = ()

    def _gate(self, span: Span, passing: Passing, before: int | None) -> tuple[int, list[Node]]:
        """The number of a gate, and under which conditions it is passed, as far as they are known."""
        place = _Place(span, passing, before, self._calls)
        conditions = self.found.setdefault(place, [])
        if len(self.found) > MOST:
            message = f"{self.prop.name} has more than {MOST} conditions before what it claims"
            raise InputError([Diagnostic("E002", message, self.prop.function.span, "split it into several properties")])
        return list(self.found).index(place), conditions

    def body(self, body: Sequence[Stmt], env: Env, wanted: bool, before: int | None) -> None:
        """What a body claims that is to return `wanted`."""
        for i, s in enumerate(body):
            if isinstance(s, n.Return):
                if s.value is not None:
                    self.claim(s.value, env, wanted, before)
                return
            if isinstance(s, n.Branch) and _returns(s):
                self._fork(s, body[i + 1 :], env, wanted, before)
                return
            if isinstance(s, n.Loop) and _returns(s):
                return  # it claims something of every item at once
            self.statement(s, env, None)

    def _fork(self, s: n.Branch, rest: Sequence[Stmt], env: Env, wanted: bool, before: int | None) -> None:
        test = self.value(s.test, env)
        for arm, truth in ((s.then, True), (s.otherwise, False)):
            here, body = test if truth else sc.not_(test), (*arm, *rest)
            if here is TRUE:
                self.body(body, env, wanted, before)
            elif here is not sc.FALSE and not _claims_nothing(body):
                self._through([(s.test, truth)], dict(env), before, lambda e, g, b=body: self.body(b, e, wanted, g))  # type: ignore[misc]

    def claim(self, e: Expr, env: Env, wanted: bool, before: int | None) -> None:
        """What it claims that an expression is `wanted`."""
        match e:
            case n.Not():
                self.claim(e.value, env, not wanted, before)
            case n.Or() | n.And():
                if isinstance(e, n.Or) is wanted:
                    self._one_of(e.items, env, wanted, before)
                else:
                    self._all_of(e.items, env, wanted, before)
            case n.If():
                arms = ((n.Return(e.then),), (n.Return(e.otherwise),))
                self._fork(n.Branch(e.test, *arms), (), env, wanted, before)
            case n.Quant() if e.op is (n.QuantOp.ALL if wanted else n.QuantOp.ANY):
                self._each(e, 0, env, wanted, before)
            case n.Call() if e.type == BOOL:
                function, calls = self.helpers[e.function], self._calls
                types = zip(e.arguments, function.params, strict=True)
                inner = {p.name: sy.convert(self.value(a, env), a.type, p.type) for a, p in types}
                self._calls = (*calls, e.span)
                self.body(function.body, inner, wanted, before)
                self._calls = calls

    def _all_of(self, items: Sequence[Expr], env: Env, wanted: bool, before: int | None) -> None:
        """Each of them has to be so; one is come to where those before it are."""
        if not items:
            return
        self.claim(items[0], env, wanted, before)
        value = self.value(items[0], env)
        here = value if wanted else sc.not_(value)
        self.under(lambda: here, lambda: self._all_of(items[1:], env, wanted, before))

    def _one_of(self, items: Sequence[Expr], env: Env, wanted: bool, before: int | None) -> None:
        """One of them has to be so: what remains is claimed where the guards among them are not so."""
        guards = [i for i in items if _is_guard(i, i is items[-1])] if wanted else list(items[:-1])
        guards = guards[:-1] if len(guards) == len(items) else guards
        rest = [i for i in items if not any(i is g for g in guards)]

        def behind(env: Env, gate: int | None) -> None:
            if len(rest) == 1:
                self.claim(rest[0], env, wanted, gate)

        self._through([(g, not wanted) for g in guards], env, before, behind)

    def _each(self, e: n.Quant, k: int, env: Env, wanted: bool, before: int | None) -> None:
        """Of every item that there is, and meets the conditions, the body claims something."""
        clause = e.clauses[k]
        item_type, items = self.iterate(clause.iterable, env, e.span)
        gate, passed = before, list[Node]()
        if not any(present is TRUE for present, _ in items):
            span = clause.iterable.value.span if isinstance(clause.iterable, n.ValueIter) else e.span
            gate, passed = self._gate(span, Passing.ITEM, before)

        def inside(env: Env, gate: int | None) -> None:
            if k + 1 < len(e.clauses):
                self._each(e, k + 1, env, wanted, gate)
            else:
                self.claim(e.body, env, wanted, gate)

        for present, item in items:
            inner = dict(env)
            bind(clause.variables, clause.types, item, item_type, inner)
            tests = [(c, True) for c in clause.conditions]

            def at_item(inner: Env = inner, tests: list[tuple[Expr, bool]] = tests) -> None:
                passed.append(self.path())
                self._through(tests, inner, gate, inside)

            self.under(lambda p=present: p, at_item)  # type: ignore[misc]

    def _through(
        self, tests: Sequence[tuple[Expr, bool]], env: Env, before: int | None, then: Callable[[Env, int | None], None]
    ) -> None:
        """Go through gates, one for each test, and do something behind the last."""
        if not tests:
            then(env, before)
            return
        (e, truth), *rest = tests
        parts = list(_parts(e, truth))
        if len(parts) > 1:
            self._through([*parts, *rest], env, before, then)
            return
        ((e, truth),) = parts
        value = self.value(e, env)
        here = value if truth else sc.not_(value)
        gate, passed = self._gate(e.span, Passing.TRUE if truth else Passing.FALSE, before)
        passed.append(sc.and_((self.path(), here)))
        self.under(lambda: here, lambda: self._through(rest, env, gate, then))


def _is_guard(e: Expr, last: bool) -> bool:
    """Whether an item of an `or` reads as what excuses the rest; `!=` at the end is rather what is claimed."""
    if isinstance(e, n.Not):
        return True
    return not last and (isinstance(e, n.IsNone) or isinstance(e, n.Compare) and e.op is n.CompareOp.NE)


def _parts(e: Expr, truth: bool) -> Iterator[tuple[Expr, bool]]:
    """What has to be so for an expression to be as it should, as far as each part has to."""
    if isinstance(e, n.Not) and e.span != e.value.span:  # `x not in s` has no text of its own for what it negates
        yield from _parts(e.value, not truth)
    elif isinstance(e, n.And if truth else n.Or):
        for item in e.items:
            yield from _parts(item, truth)
    else:
        yield e, truth


def _returns(s: Stmt) -> bool:
    match s:
        case n.Return():
            return True
        case n.Branch():
            return any(_returns(x) for x in (*s.then, *s.otherwise))
        case n.Loop():
            return any(_returns(x) for x in s.body)
    return False


def _claims_nothing(body: Sequence[Stmt]) -> bool:
    """Whether it returns a constant: true, or that Python must not come here, which the test before it says."""
    first = body[0] if body else None
    return isinstance(first, n.Return) and isinstance(first.value, n.Const)


# --- as questions ----------------------------------------------------------------------------------


def question(params: Sequence[Param], conditions: Sequence[Node]) -> ScalarAction:
    """What an engine can count: an action that is enabled where the conditions hold, and changes nothing."""
    given = parameters(params)
    types = tuple((p.name, p.type) for p in params)
    return ScalarAction("?", None, types, given.leaves, given.offsets, tuple(conditions), (), {})


def of_steps(system: ScalarSystem, prop: Property, gate: Gate) -> tuple[ScalarAction, ...]:
    """The same of a property of steps: for each action, where its step passes the gate."""
    assert system.state is not None
    old, new = (list(sy.leaves(variables(system.state, space))) for space in "st")
    return tuple(_of_step(action, prop, gate, old, new) for action in system.actions)


def _of_step(action: ScalarAction, prop: Property, gate: Gate, old: list[Node], new: list[Node]) -> ScalarAction:
    own, shift = parameters(prop.params), len(action.param_leaves)
    mapping = {after: action.updates.get(i, old[i]) for i, after in enumerate(new)}
    for p, at in zip(prop.params, own.offsets, strict=True):
        moved = sy.leaves(variables(p.type, "p", shift + at))
        mapping |= dict(zip(sy.leaves(own.values[p.name]), moved, strict=True))
    conditions = sc.substitute(gate.conditions, {k: v for k, v in mapping.items() if k.op is sc.Op.VAR})
    types = (*action.params, *((p.name, p.type) for p in prop.params))
    offsets = (*action.param_offsets, *(shift + at for at in own.offsets))
    guards = (*action.guards, *conditions)
    return ScalarAction("?", None, types, (*action.param_leaves, *own.leaves), offsets, guards, (), {})
