"""Which part of a condition is false, for which of the values that it goes through, and what are its operands there?

Rule of the module: the evaluator answers, and the words are the text's own.  Assignments, the branches that were taken
and the helpers that are called are followed as far as they say why; where they do not, the whole condition is the part.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Final

import attrs

from interlock.checker.diagnostics import Span
from interlock.checker.ir import nodes as n
from interlock.checker.ir.types import BOOL, NONE, TupleT, Type, Value
from interlock.checker.semantics import evaluate
from interlock.checker.trace.loader import paste
from interlock.checker.trace.probe import (
    ASKED,
    HERE,
    Block,
    Bound,
    Path,
    Place,
    Where,
    inside,
    required,
    returned,
    statement,
    walk,
)  # fmt: skip

_NEAREST: Final = 12  # branches around or before a place that are told: those next to it
_NAMED: Final = re.compile(r"[^(\[{]*[A-Za-z_][^(\[{]*")  # a constant that is more than a literal


@attrs.frozen
class Operand:
    """An expression that a part speaks of, its value, and of a local what was assigned to it."""

    expr: n.Expr
    value: Value
    source: n.Expr | None = None

    def said(self, text: Callable[[Span], str]) -> str:
        """`s.n = 3`, or `n = len(s.q) = 3`; empty where the text is the value."""
        value, name = paste(self.expr.type, self.value), text(self.expr.span)
        literal = isinstance(self.expr, n.Const) and (name.endswith(f".{value}") or not _NAMED.fullmatch(name))
        if literal or name in ("", value):
            return ""
        source = "" if self.source is None else text(self.source.span)
        return f"{name} = {source} = {value}" if source and source != value else f"{name} = {value}"


@attrs.frozen
class Part:
    """A part that is false, or with `truth` a condition of a branch that is true.

    `bound`: the variables of the loops and comprehensions around it, with their values.
    """

    expr: n.Expr
    truth: bool = False
    bound: Bound = ()
    operands: tuple[Operand, ...] = ()

    def values(self, text: Callable[[Span], str]) -> str:
        """`h = Header(...), s.n = 3`, as the text names them; empty without any."""
        bound = [f"{name.partition('#')[0]} = {paste(t, v)}" for name, t, v in self.bound]
        return ", ".join(dict.fromkeys(x for x in (*bound, *(o.said(text) for o in self.operands)) if x))

    def said(self, text: str) -> str:
        """The text of the part; of a bare `False`, that it is what is returned."""
        return f"return {text}" if isinstance(self.expr, n.Const) else text


@attrs.frozen
class Stopped:
    """Why an action is disabled: the branches around its guard, the parts of that, and the state by then.

    `further`: how many branches are around those.
    """

    around: tuple[Part, ...]
    parts: tuple[Part, ...]
    state: Value
    further: int = 0


def of_function(
    helpers: Mapping[str, n.Function], state: Type, function: n.Function, args: tuple[Value, ...]
) -> tuple[Part, ...]:
    """What makes a function false: the branches it takes, the part of what it returns, and the same of helpers.

    `state` is the type of the model's state.  Empty where the function is true.
    """
    if evaluate.call(helpers, function, args):
        return ()
    place, value = returned(helpers, state, function, args)
    return _of(place, value, frozenset(p.name for p in function.params))


def _of(place: Place, value: n.Expr, known: frozenset[str]) -> tuple[Part, ...]:
    """The same of what is returned at a place; the values of the `known` names are told elsewhere."""
    why = _Why(place, known)
    return (*why.branches(passed=isinstance(value, n.Const)), *why.parts(value))


def of_guard(
    program: n.Program, action: n.Action, guard: n.Require | n.RequireSome, state: Value, params: tuple[Value, ...]
) -> Stopped | None:
    """Why a guard is false; None where that is not to be told apart from other times that a call comes to it."""
    place = required(program, action, guard, state, params)
    if place is None:
        return None
    why = _Why(place, frozenset(p.name for p in action.params))
    found = why.parts(guard.condition) if isinstance(guard, n.Require) else (why.part(n.IsNone(BOOL, guard.value)),)
    state_then = place.value(n.Local(program.state, action.state))
    return Stopped(why.branches(passed=False), found, state_then, max(0, len(why.around) - _NEAREST))


@attrs.frozen(eq=False)
class _Why:
    """Why something is false at a place; the values of the `known` names are told elsewhere."""

    place: Place
    known: frozenset[str]

    # --- what leads there --------------------------------------------------------------------------

    def branches(self, *, passed: bool) -> tuple[Part, ...]:
        """The conditions of the nearest branches around the place; with `passed`, those too that could have returned
        before."""
        found: list[Part] = []
        for path, s in (*self.around[-_NEAREST:], (self.place.path, None)):
            if passed:
                found += self._passed(path)
            if isinstance(s, n.Branch):
                found += self._taken(s, Where(path), truth=self.place.path[len(path) - 1][1] == "then")
        return tuple(found)

    @property
    def around(self) -> list[tuple[Path, n.Stmt]]:
        """The branches and loops around the place, the outermost first."""
        return list(self.place.around())

    def _passed(self, path: Path) -> Iterator[Part]:
        """Branches before a statement, in its block, that could have returned and did not."""
        *above, (last, _) = path
        for i in range(max(0, last - _NEAREST), last):
            where = Where((*above, (i, "")))
            s = statement(self.place.function.body, (*above, (i, "")))
            if isinstance(s, n.Branch) and any(isinstance(x, n.Return) for _, x in walk((s,))):
                yield from self._taken(s, where, truth=bool(self.place.value(s.test, where)))

    def _taken(self, s: n.Branch, where: Where, *, truth: bool) -> tuple[Part, ...]:
        return (self.part(s.test, where, truth=truth),) if truth else self.parts(s.test, where)

    # --- what is false -----------------------------------------------------------------------------

    def parts(self, e: n.Expr, where: Where = HERE) -> tuple[Part, ...]:
        """The innermost conjunct of a false expression that is false, and the same of the helper it calls."""
        match e:
            case n.And():
                return self._conjunct(e, where)
            case n.If():
                truth = bool(self.place.value(e.test, where))
                test = (self.part(e.test, where, truth=True),) if truth else self.parts(e.test, where)
                chosen = where.also(e.test if truth else n.Not(BOOL, e.test))
                return (*test, *self.parts(e.then if truth else e.otherwise, chosen))
            case n.Quant(op=n.QuantOp.ALL):
                place = attrs.evolve(self.place, bound=(*self.place.bound, *self._false_instance(e, where)))
                return _Why(place, self.known).parts(e.body, where)
            case n.Call():
                args = tuple(self.place.value(a, where) for a in e.arguments)
                return (self.part(e, where), *self._called(e, args))
            case n.Local():
                source = self._assigned(e)
                if source is not None:
                    return (self.part(e, where), *self.parts(source[1], Where(source[0])))
        return (self.part(e, where),)

    def _conjunct(self, e: n.And, where: Where) -> tuple[Part, ...]:
        for item in e.items:
            if not self.place.value(item, where):
                return self.parts(item, where)
            where = where.also(item)
        raise AssertionError("it is false")

    def _called(self, e: n.Call, args: tuple[Value, ...]) -> tuple[Part, ...]:
        helper = self.place.helpers[e.function]
        place, value = returned(self.place.helpers, self.place.state, helper, args)
        return _of(place, value, frozenset(p.name for p in helper.params if p.type == place.state))

    def _false_instance(self, e: n.Quant, where: Where) -> Bound:
        """The first instance of `all` that is false, found as `all` finds it."""
        variables = [(v, t) for c in e.clauses for v, t in zip(c.variables, c.types, strict=True)]
        values = n.Tuple(TupleT(tuple(t for _, t in variables)), tuple(n.Local(t, v) for v, t in variables))
        block: Block = (n.Branch(e.body, (), (n.Assign(ASKED, NONE, (), values),)),)
        for c in reversed(e.clauses):
            block = _unless_found((n.Branch(n.And(BOOL, c.conditions), block, ()),))
            block = (n.Loop(c.variables, c.types, c.iterable, block),)
        found = self.place.left((n.Assign(ASKED, NONE, (), n.Const(NONE, None)), *block), where)
        return tuple((v, t, x) for (v, t), x in zip(variables, found, strict=True))

    # --- operands ----------------------------------------------------------------------------------

    def part(self, e: n.Expr, where: Where = HERE, *, truth: bool = False) -> Part:
        """One part, with the operands it has there."""
        bound = () if isinstance(e, n.Const) else self._bound()
        named = {name for name, _, _ in bound}
        spoken: dict[n.Expr, Operand] = {}
        for x, under in self._spoken(e, where, outermost=True):
            if x not in spoken and not (isinstance(x, n.Local) and x.name in named):
                spoken[x] = self._operand(x, under)
        return Part(e, truth, bound, tuple(spoken.values()))

    def _bound(self) -> Bound:
        """The variables of the loops and comprehensions around a part."""
        loops = [s for _, s in self.place.around() if isinstance(s, n.Loop)]
        variables = [(v, t) for s in loops for v, t in zip(s.variables, s.types, strict=True)]
        return (*((v, t, self.place.value(n.Local(t, v))) for v, t in variables), *self.place.bound)

    def _spoken(self, e: n.Expr, where: Where, *, outermost: bool = False) -> Iterator[tuple[n.Expr, Where]]:
        """The operands of the comparisons in a condition that were made, and the locals that they speak of."""
        match e:
            case n.Not():
                yield from self._spoken(e.value, where)
            case n.And() | n.Or():
                for item in e.items:
                    yield from self._spoken(item, where)
                    if bool(self.place.value(item, where)) is isinstance(e, n.Or):
                        return
                    where = where.also(item if isinstance(e, n.And) else n.Not(BOOL, item))
            case n.If():
                yield from self._spoken(e.test, where)
                truth = bool(self.place.value(e.test, where))
                chosen = where.also(e.test if truth else n.Not(BOOL, e.test))
                yield from self._spoken(e.then if truth else e.otherwise, chosen)
            case n.Compare():
                yield from self._operands(where, e.left, e.right)
            case n.Contains():
                yield from self._operands(where, e.item, e.collection)
            case n.IsNone():
                yield from self._operands(where, e.value)
            case n.Quant():
                first = e.clauses[0].iterable  # what the others go through may depend on its items
                yield from self._operands(where, first.value) if isinstance(first, n.ValueIter) else ()
            case n.Const():
                return
            case n.Call() if outermost:
                yield from self._operands(where, *e.arguments)
            case _:
                yield from self._within(e, where) if outermost else self._operands(where, e)

    def _operands(self, where: Where, *operands: n.Expr) -> Iterator[tuple[n.Expr, Where]]:
        for e in operands:
            while isinstance(e, n.Unwrap | n.Fit):
                e = e.value
            if e.type != self.place.state and not (isinstance(e, n.Local) and e.name in self.known):
                yield e, where
            yield from self._within(e, where)

    def _within(self, e: n.Expr, where: Where) -> Iterator[tuple[n.Expr, Where]]:
        """The locals inside of an operand that nothing else tells."""
        own = {v for q in inside(e) if isinstance(q, n.Quant) for c in q.clauses for v in c.variables}
        own |= {q.variable for q in inside(e) if isinstance(q, n.MapBuild)}
        for x in inside(e):
            if x is not e and isinstance(x, n.Local) and x.name not in self.known | own and x.type != self.place.state:
                yield x, where

    def _operand(self, e: n.Expr, where: Where) -> Operand:
        source = self._assigned(e) if isinstance(e, n.Local) else None
        return Operand(e, self.place.value(e, where), None if source is None else source[1])

    def _assigned(self, e: n.Local) -> tuple[Path, n.Expr] | None:
        """Where a local got its value, and from what; None where that is not one assignment."""
        body = self.place.function.body
        found = [(path, s) for path, s in walk(body) if isinstance(s, n.Assign) and s.local == e.name and not s.path]
        if len(found) != 1 or any(p.name == e.name for p in self.place.function.params):
            return None
        path, s = found[0]
        return path, s.value.value if isinstance(s.value, n.Fit) else s.value


def _unless_found(block: Block) -> Block:
    return (n.Branch(n.IsNone(BOOL, n.Local(NONE, ASKED)), block, ()),)
