"""What would an expression be at a place of a function, when a call of it comes there?

Rule of the module: it asks the evaluator, and nothing else, by giving the expression back at that place.  What is asked
of an earlier place is kept in a local of its own until the call comes to the later one.  Nothing is evaluated that a
call of the function does not evaluate there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, TypeAlias

import attrs

from interlock.checker.ir import nodes as n
from interlock.checker.ir.types import BOOL, NONE, IntT, Type, Value
from interlock.checker.semantics import evaluate

Block: TypeAlias = tuple[n.Stmt, ...]
Path: TypeAlias = tuple[tuple[int, str], ...]  # on the way to a statement: which of its block, and which block of that
Bound: TypeAlias = tuple[tuple[str, Type, Value], ...]  # variables of comprehensions: name, type, value

_evolve: Callable[..., Any] = attrs.evolve
ASKED: Final = "asked#"  # no name of a model


@attrs.frozen
class Where:
    """Before which statement on the way to a place something is asked, and under which conditions.

    Without a path: at the place itself.  `given` keeps what is asked from being evaluated another time that a call comes
    by, when it may be an error.
    """

    path: Path | None = None
    given: tuple[n.Expr, ...] = ()

    def also(self, *conditions: n.Expr) -> Where:
        """The same, under more conditions."""
        return attrs.evolve(self, given=(*self.given, *conditions))


HERE: Final = Where()


@attrs.frozen(eq=False)
class Place:
    """A statement of a function that a call of it comes to.

    `hole`: what stands there instead, with statements that give something back; `bound`: comprehension variables that
    stand for values; `state`: the type of the model's state.
    """

    helpers: Mapping[str, n.Function]
    state: Type
    function: n.Function
    args: tuple[Value, ...]
    path: Path
    hole: Callable[[Block], Block]
    bound: Bound = ()

    def value(self, e: n.Expr, where: Where = HERE) -> Any:
        """What an expression is.  Raises ModelError."""
        return self.left((n.Assign(ASKED, e.type, (), e),), where)

    def left(self, block: Block, where: Where = HERE) -> Any:
        """What statements leave in the local `ASKED`.  Raises ModelError."""
        back = n.Return(n.Local(NONE, ASKED))
        if where.path is None:
            body = put(self.function.body, self.path, lambda _: self.hole((*block, back)))
        else:
            asked = n.Branch(n.And(BOOL, where.given), block, (n.Assign(ASKED, NONE, (), n.Const(NONE, None)),))
            body = put(self.function.body, self.path, lambda _: self.hole((back,)))
            body = put(body, where.path, lambda s: (asked, s))
        params = (*self.function.params, *(n.Param(name, t) for name, t, _ in self.bound))
        called = attrs.evolve(self.function, params=params, body=body)
        return evaluate.call(self.helpers, called, (*self.args, *(v for _, _, v in self.bound)), self.state)

    def around(self) -> Iterator[tuple[Path, n.Stmt]]:
        """The statements that this one stands in, the outermost first."""
        block: Block = self.function.body
        for i, (number, name) in enumerate(self.path[:-1]):
            yield (*self.path[:i], (number, "")), block[number]
            block = getattr(block[number], name)


def walk(body: Block, above: Path = ()) -> Iterator[tuple[Path, n.Stmt]]:
    """Every statement with the way to it, in the order of the text."""
    for i, s in enumerate(body):
        yield (*above, (i, "")), s
        for name in ("then", "otherwise", "body"):
            yield from walk(getattr(s, name, ()), (*above, (i, name)))


def statement(body: Block, path: Path) -> n.Stmt:
    """The statement at the end of a way."""
    (i, block), *rest = path
    return body[i] if not rest else statement(getattr(body[i], block), tuple(rest))


def put(body: Block, path: Path, make: Callable[[n.Stmt], Block]) -> Block:
    """The block with other statements in the place of one."""
    (i, block), *rest = path
    if not rest:
        return (*body[:i], *make(body[i]), *body[i + 1 :])
    changed: Any = {block: put(getattr(body[i], block), tuple(rest), make)}
    new: n.Stmt = _evolve(body[i], **changed)
    return (*body[:i], new, *body[i + 1 :])


def returned(
    helpers: Mapping[str, n.Function], state: Type, function: n.Function, args: tuple[Value, ...]
) -> tuple[Place, n.Expr]:
    """Which `return` ends a call of a function, and what it gives back.  Raises ModelError."""
    returns = [path for path, s in walk(function.body) if isinstance(s, n.Return)]
    body = function.body
    for number, path in enumerate(returns):
        body = put(body, path, lambda _, number=number: (n.Return(n.Const(IntT(number, number), number)),))  # type: ignore[misc]
    found = evaluate.call(helpers, attrs.evolve(function, body=body), args)
    assert isinstance(found, int)
    path = returns[found]
    s = statement(function.body, path)
    assert isinstance(s, n.Return)
    assert s.value is not None
    return Place(helpers, state, function, args, path, lambda block: block), s.value


def required(
    program: n.Program, action: n.Action, guard: n.Require | n.RequireSome, state: Value, params: tuple[Value, ...]
) -> Place | None:
    """Where a guard of an action stands that is false; None where a call may come there before it is."""
    function = n.Function(
        action.name,
        action.module,
        (n.Param(action.state, program.state), *action.params),
        program.state,
        action.body,
        "",
    )
    for path, s in walk(action.body):
        if s is guard or any(part is guard for part in _expressions(s)):
            again = s is not guard and (any(block == "body" for _, block in path) or _bound_within(s, guard))
            hole = _before(guard, s)
            return None if again else Place(program.helpers, program.state, function, (state, *params), path, hole)
    return None


def _before(guard: n.Require | n.RequireSome, s: n.Stmt) -> Callable[[Block], Block]:
    """What does some statements where a guard is false, and else goes on."""
    if isinstance(guard, n.Require):
        return lambda block: (n.Branch(guard.condition, (), block),)
    test = n.IsNone(BOOL, guard.value)
    return lambda block: (n.Branch(test, block, ()), s)


def _bound_within(s: n.Stmt, guard: n.Require | n.RequireSome) -> bool:
    """Whether a guard speaks of variables that only a part of its statement binds."""
    bound = {v for part in _expressions(s) if isinstance(part, n.Quant) for c in part.clauses for v in c.variables}
    bound |= {part.variable for part in _expressions(s) if isinstance(part, n.MapBuild)}
    return any(isinstance(part, n.Local) and part.name in bound for part in inside(guard))


def _expressions(s: n.Stmt) -> Iterator[n.Expr]:
    """Every expression of a statement itself, not of those in it."""
    if isinstance(s, n.Branch):
        return inside(s.test)
    if isinstance(s, n.Loop):
        return inside(s.iterable)
    return inside(s)


def inside(e: Any) -> Iterator[Any]:
    """An expression (or a statement without a block) and everything in it, the outer first."""
    todo = [e]
    while todo:
        part = todo.pop()
        if isinstance(part, tuple):
            todo.extend(reversed(part))
        elif attrs.has(type(part)) and type(part).__module__ == n.__name__:
            yield part
            todo.extend(getattr(part, a.name) for a in reversed(attrs.fields(type(part))) if a.name != "span")
