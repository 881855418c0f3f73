"""The scalar form: a transition system over bools and ints alone, as a shared graph of expressions.

Rule of the module: nodes are immutable and interned, so equality is identity and every pass can
memoise on `node`.  Build them with the functions below, never with `Node(...)`: the functions fold
constants and keep the interval of every int, so a node's value always lies in [lo, hi].  Every
operation is total and without effects; errors of the model are separate conditions.  Where operands
have no order of their own they are put into one by their structure alone (`Node.order`), never by when
they were made: so the same system is the same expressions, and the same code, whatever was made before it.

A *leaf* is one bool or int of the packed state (see `interlock.checker.semantics.leaves`).  A variable node is
`("s", i)` leaf i of the state, `("t", i)` leaf i of the next state (STEP properties only),
`("p", i)` leaf i of the action's flattened parameters.
"""

from __future__ import annotations

import enum
import itertools
import math
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Final, Self, TypeAlias, TypeVar

import attrs

from interlock.checker.diagnostics import Span
from interlock.checker.ir.nodes import ModelErrorKind, PropertyKind
from interlock.checker.ir.types import Type, Value, cardinality, members, nths
from interlock.checker.watch import look

_Made = TypeVar("_Made")
_MANY: Final = 1 << 10  # nodes that are written anew between two looks at the clock


class Op(enum.Enum):
    """All operations.  B = bool, I = int."""

    CONST = "const"  # arg: bool or int
    VAR = "var"  # arg: (space, index)
    NOT = "not"  # B -> B
    AND = "and"  # B, B, ... -> B   (two or more, no duplicates, in `Node.order`)
    OR = "or"  # B, B, ... -> B
    ITE = "ite"  # B, X, X -> X    (X both bool or both int)
    EQ = "eq"  # I, I -> B, or B, B -> B
    LT = "lt"  # I, I -> B
    LE = "le"  # I, I -> B
    ADD = "add"  # I, I -> I
    SUB = "sub"  # I, I -> I
    MUL = "mul"  # I, I -> I
    DIV = "div"  # I, I -> I   floor; the divisor is a nonzero constant or guarded: x // 0 is 0
    MOD = "mod"  # I, I -> I   floor; x % 0 is 0


class Node:
    """One interned expression.  `lo`/`hi` bound its value (0/1 for a bool).

    `id` tells nodes apart, and depends on what was made before.  `order` does not: it compares nodes by their height,
    then by operation, then by a digest of the whole structure.
    """

    __slots__ = ("arg", "boolean", "hi", "id", "lo", "op", "order", "src")

    def __init__(self, op: Op, src: tuple[Node, ...], arg: object, boolean: bool, lo: int, hi: int, ident: int) -> None:
        self.op, self.src, self.arg, self.boolean = op, src, arg, boolean
        self.lo, self.hi, self.id = lo, hi, ident
        self.order = _order(self)

    def __repr__(self) -> str:
        return to_text(self)


_DIGEST: Final = (1 << 64) - 1  # digests of nodes are words: few of different nodes are equal
_FACTOR: Final = 0xD6E8FEB86659FD93  # odd, with its bits well mixed; also the multiplier of the kernel's hash
_OPERATION: Final = {op: i for i, op in enumerate(Op)}
_KIND_BITS: Final = 40  # of `Node.order`: the operation, and of a variable the space and the index


def _order(n: Node) -> int:
    """The order of a node whose sources have theirs."""
    height = 1 + max((c.order >> _KIND_BITS + 64 for c in n.src), default=0)
    kind = _OPERATION[n.op] << _KIND_BITS - 4
    if isinstance(n.arg, tuple):
        space, index = n.arg
        kind |= ord(space) << 24 | index
        digest = 0
    else:
        digest = int(n.arg) & _DIGEST if n.op is Op.CONST else 0  # type: ignore[call-overload]
    for part in (kind, n.boolean, n.lo, n.hi, *(c.order for c in n.src)):
        digest = (digest ^ digest >> 29 ^ part) * _FACTOR & _DIGEST
    return (height << _KIND_BITS | kind) << 64 | digest


def ordered(nodes: Iterable[Node]) -> list[Node]:
    """Nodes in an order that depends on nothing but their structure."""
    return sorted(nodes, key=lambda n: n.order)


_table: dict[tuple[object, ...], Node] = {}


def _intern(op: Op, src: tuple[Node, ...], arg: object, boolean: bool, lo: int, hi: int) -> Node:
    key = (op, *(n.id for n in src), type(arg), arg, boolean, lo, hi)
    node = _table.get(key)
    if node is None:
        node = _table[key] = Node(op, src, arg, boolean, lo, hi, len(_table))
    return node


restored = _intern  # the node of these parts, which were a node's


def boolean(value: bool) -> Node:
    """The constant true or false."""
    return _intern(Op.CONST, (), bool(value), True, int(value), int(value))


def integer(value: int) -> Node:
    """An integer constant."""
    return _intern(Op.CONST, (), int(value), False, value, value)


def constant(like: Node | Leaf, value: int) -> Node:
    """A value of the kind that a node or a leaf has."""
    return boolean(bool(value)) if like.boolean else integer(int(value))


TRUE: Final = boolean(True)
FALSE: Final = boolean(False)


def bool_var(space: str, index: int) -> Node:
    """A bool leaf."""
    return _intern(Op.VAR, (), (space, index), True, 0, 1)


def int_var(space: str, index: int, lo: int, hi: int) -> Node:
    """An int leaf with values lo..hi."""
    if lo == hi:
        return integer(lo)
    return _intern(Op.VAR, (), (space, index), False, lo, hi)


def variables(space: str, leaves: Sequence[Leaf]) -> tuple[Node, ...]:
    """The nodes of some leaves: variables, or constants of those that have one value."""
    return tuple(
        constant(leaf, leaf.lo) if leaf.lo == leaf.hi else
        bool_var(space, i) if leaf.boolean else int_var(space, i, leaf.lo, leaf.hi)
        for i, leaf in enumerate(leaves)
    )  # fmt: skip


def var_of(n: Node) -> tuple[str, int]:
    """The space and index of a variable node."""
    assert isinstance(n.arg, tuple)
    return n.arg


def is_const(n: Node) -> bool:
    """Whether the node is a constant."""
    return n.op is Op.CONST


def not_(a: Node) -> Node:
    """Negation."""
    if a is TRUE:
        return FALSE
    if a is FALSE:
        return TRUE
    if a.op is Op.NOT:
        return a.src[0]
    return _intern(Op.NOT, (a,), None, True, 0, 1)


def and_(items: Iterable[Node]) -> Node:
    """Conjunction; flattens, drops duplicates, sees x and not x."""
    return _junction(Op.AND, items, TRUE, FALSE)


def or_(items: Iterable[Node]) -> Node:
    """Disjunction; flattens, drops duplicates, sees x or not x."""
    return _junction(Op.OR, items, FALSE, TRUE)


def _junction(op: Op, items: Iterable[Node], unit: Node, zero: Node) -> Node:
    found: dict[int, Node] = {}
    for item in items:
        for n in item.src if item.op is op else (item,):
            if n is zero:
                return zero
            if n is not unit:
                found[n.id] = n
    for n in found.values():
        if n.op is Op.NOT and n.src[0].id in found:
            return zero
    if not found:
        return unit
    if len(found) == 1:
        return next(iter(found.values()))
    return _intern(op, tuple(ordered(found.values())), None, True, 0, 1)


def ite(test: Node, then: Node, otherwise: Node) -> Node:
    """`then` where the test is true, else `otherwise`."""
    if test is TRUE or then is otherwise:
        return then
    if test is FALSE:
        return otherwise
    if test.op is Op.NOT:
        return ite(test.src[0], otherwise, then)
    if then.boolean:
        if then is TRUE:
            return or_((test, otherwise))
        if then is FALSE:
            return and_((not_(test), otherwise))
        if otherwise is TRUE:
            return or_((not_(test), then))
        if otherwise is FALSE:
            return and_((test, then))
    (lo, hi), (other_lo, other_hi) = _where(test, True, then), _where(test, False, otherwise)
    return _intern(Op.ITE, (test, then, otherwise), None, then.boolean, min(lo, other_lo), max(hi, other_hi))


def _where(test: Node, truth: bool, branch: Node) -> tuple[int, int]:
    """The least and the greatest value of a branch that is taken where a comparison is true, or is false."""
    lo, hi = branch.lo, branch.hi
    if branch.boolean or test.op not in (Op.LT, Op.LE, Op.EQ):
        return lo, hi
    for n, n_lo, n_hi in _compared(test, truth):
        if branch is n:
            lo, hi = max(lo, n_lo), min(hi, n_hi)
        elif branch.op in (Op.ADD, Op.SUB) and n in branch.src:
            a, b = ((n_lo, n_hi) if x is n else (x.lo, x.hi) for x in branch.src)
            low, high = (a[0] + b[0], a[1] + b[1]) if branch.op is Op.ADD else (a[0] - b[1], a[1] - b[0])
            lo, hi = max(lo, low), min(hi, high)
    return lo, hi


def _compared(test: Node, truth: bool) -> Iterator[tuple[Node, int, int]]:
    """The two sides of a comparison of ints, each with its bounds where the comparison is true, or is false."""
    a, b = test.src
    if test.op is Op.EQ:
        for n, other in ((a, b), (b, a)):
            if truth:
                yield n, max(n.lo, other.lo), min(n.hi, other.hi)
            elif is_const(other):  # an end that it is not
                yield n, n.lo + (n.lo == other.lo), n.hi - (n.hi == other.lo)
        return
    gap = int((test.op is Op.LT) is truth)
    if not truth:
        a, b = b, a  # not a < b: b <= a
    yield a, a.lo, min(a.hi, b.hi - gap)
    yield b, max(b.lo, a.lo + gap), b.hi


def eq(a: Node, b: Node) -> Node:
    """Equality of two ints or two bools."""
    if a is b:
        return TRUE
    if a.boolean:
        for x, y in ((a, b), (b, a)):
            if x is TRUE:
                return y
            if x is FALSE:
                return not_(y)
    elif a.hi < b.lo or b.hi < a.lo:
        return FALSE
    elif is_const(a) and is_const(b):
        return boolean(a.arg == b.arg)
    if a.order > b.order:
        a, b = b, a
    return _intern(Op.EQ, (a, b), None, True, 0, 1)


def lt(a: Node, b: Node) -> Node:
    """a < b."""
    if a.hi < b.lo:
        return TRUE
    if a.lo >= b.hi or a is b:
        return FALSE
    if _negated(a) is b or _negated(b) is a:
        return lt(integer(0), b) if _negated(a) is b else lt(a, integer(0))
    return _intern(Op.LT, (a, b), None, True, 0, 1)


def le(a: Node, b: Node) -> Node:
    """a <= b."""
    if a.hi <= b.lo or a is b:
        return TRUE
    if a.lo > b.hi:
        return FALSE
    if _negated(a) is b or _negated(b) is a:
        return le(integer(0), b) if _negated(a) is b else le(a, integer(0))
    return _intern(Op.LE, (a, b), None, True, 0, 1)


def _negated(n: Node) -> Node | None:
    """The number that `-x` is of; None of anything else."""
    return n.src[1] if n.op is Op.SUB and is_const(n.src[0]) and n.src[0].lo == 0 else None


def add(a: Node, b: Node) -> Node:
    """a + b."""
    if is_const(a) and is_const(b):
        return integer(a.lo + b.lo)
    if is_const(b) and b.lo == 0:
        return a
    if is_const(a) and a.lo == 0:
        return b
    return _intern(Op.ADD, (a, b), None, False, a.lo + b.lo, a.hi + b.hi)


def sub(a: Node, b: Node) -> Node:
    """a - b."""
    if is_const(a) and is_const(b):
        return integer(a.lo - b.lo)
    if is_const(b) and b.lo == 0:
        return a
    if a is b:
        return integer(0)
    return _intern(Op.SUB, (a, b), None, False, a.lo - b.hi, a.hi - b.lo)


def mul(a: Node, b: Node) -> Node:
    """a * b."""
    if is_const(a) and is_const(b):
        return integer(a.lo * b.lo)
    corners = [x * y for x in (a.lo, a.hi) for y in (b.lo, b.hi)]
    for x, y in ((a, b), (b, a)):
        if is_const(x) and x.lo in (0, 1):
            return integer(0) if x.lo == 0 else y
    return _intern(Op.MUL, (a, b), None, False, min(corners), max(corners))


def div(a: Node, b: Node) -> Node:
    """Floor division; 0 where b is 0 (the error is a condition of its own)."""
    if is_const(a) and is_const(b):
        return integer(a.lo // b.lo if b.lo else 0)
    if is_const(b) and b.lo == 1:
        return a
    lo, hi = min(a.lo, -a.hi, 0), max(a.hi, -a.lo, 0)
    if b.lo >= 1:
        corners = [x // y for x in (a.lo, a.hi) for y in (b.lo, b.hi)]
        lo, hi = min(corners), max(corners)
    return _intern(Op.DIV, (a, b), None, False, lo, hi)


def mod(a: Node, b: Node) -> Node:
    """Floor remainder; 0 where b is 0."""
    if is_const(a) and is_const(b):
        return integer(a.lo % b.lo if b.lo else 0)
    if b.lo >= 1 and a.lo >= 0 and a.hi < b.lo:
        return a
    lo, hi = min(b.lo + 1, 0), max(b.hi - 1, 0)
    return _intern(Op.MOD, (a, b), None, False, lo, hi)


_REBUILD: Final[Mapping[Op, Callable[[Node, Node], Node]]] = {
    Op.EQ: eq, Op.LT: lt, Op.LE: le, Op.ADD: add, Op.SUB: sub, Op.MUL: mul, Op.DIV: div, Op.MOD: mod,
}  # fmt: skip


def rebuild(n: Node, src: tuple[Node, ...]) -> Node:
    """The node's operation on other sources, folded anew."""
    match n.op:
        case Op.CONST | Op.VAR:
            return n
        case Op.NOT:
            return not_(src[0])
        case Op.AND:
            return and_(src)
        case Op.OR:
            return or_(src)
        case Op.ITE:
            return ite(*src)
        case _:
            return _REBUILD[n.op](*src)


def topological(roots: Iterable[Node], known: Container[int] = ()) -> list[Node]:
    """Every node below the roots, sources before users, without recursion; but for those that are `known`, by id, and
    what is below them alone.  Raises TimeUp."""
    look()
    seen: set[int] = set()
    order: list[Node] = []
    stack = list(reversed(list(roots)))
    while stack:
        n = stack[-1]
        if n.id not in seen and n.id not in known:
            missing = [c for c in n.src if c.id not in seen and c.id not in known]
            if missing:
                stack.extend(reversed(missing))
                continue
            seen.add(n.id)
            order.append(n)
        stack.pop()
    return order


def substitute(roots: Iterable[Node], mapping: Mapping[Node, Node], memo: dict[int, Node] | None = None) -> list[Node]:
    """The roots with some nodes (usually variables) replaced, folded anew.

    `memo` (by node id) may be shared between calls with the same mapping.  Raises TimeUp.
    """
    roots, count = list(roots), 0
    memo = {} if memo is None else memo
    memo.update((k.id, v) for k, v in mapping.items())
    stack = list(reversed(roots))
    while stack:
        n = stack[-1]
        if n.id not in memo:
            missing = [c for c in n.src if c.id not in memo]
            if missing:
                stack.extend(reversed(missing))
                continue
            if count % _MANY == 0:
                look()
            count += 1
            src = tuple(memo[c.id] for c in n.src)
            memo[n.id] = n if src == n.src else rebuild(n, src)
        stack.pop()
    return [memo[r.id] for r in roots]


def conjuncts(nodes: Iterable[Node]) -> tuple[Node, ...]:
    """The parts of a conjunction, each once."""
    found: dict[int, Node] = {}
    for n in nodes:
        for c in n.src if n.op is Op.AND else (n,):
            if c is not TRUE:
                found[c.id] = c
    return tuple(found.values())


def moving(updates: Mapping[int, Node]) -> dict[int, Node]:
    """The updates but for those of leaves that stay what they are: of a map, one value changes as a rule."""
    return {leaf: n for leaf, n in updates.items() if n.op is not Op.VAR or var_of(n) != ("s", leaf)}


def to_text(root: Node) -> str:
    """An s-expression, for people and golden tests."""
    if root.op is Op.CONST:
        return str(root.arg).lower() if root.boolean else str(root.arg)
    if root.op is Op.VAR:
        return "".join(map(str, var_of(root)))
    return f"({root.op.value} {' '.join(to_text(c) for c in root.src)})"


def evaluate(roots: Iterable[Node], env: Mapping[tuple[str, int], int]) -> list[int]:
    """The values of the roots (bools as 0 and 1) for given leaves: the meaning of the scalar form."""
    return evaluator(roots)(env)


def evaluator(roots: Iterable[Node]) -> Callable[[Mapping[tuple[str, int], int]], list[int]]:
    """`evaluate` for some roots, to be called for many values of the leaves."""
    roots = list(roots)
    order = topological(roots)
    place = {n.id: i for i, n in enumerate(order)}
    steps = [(n, [place[c.id] for c in n.src]) for n in order]
    ends = [place[r.id] for r in roots]

    def values(env: Mapping[tuple[str, int], int]) -> list[int]:
        found: list[int] = []
        for n, src in steps:
            found.append(_value(n, [found[k] for k in src], env))
        return [found[k] for k in ends]

    return values


def _value(n: Node, x: list[int], env: Mapping[tuple[str, int], int]) -> int:
    match n.op:
        case Op.CONST:
            return int(n.arg)  # type: ignore[call-overload,no-any-return]
        case Op.VAR:
            return int(env[n.arg])  # type: ignore[index]
        case Op.NOT:
            return 1 - x[0]
        case Op.AND:
            return int(all(x))
        case Op.OR:
            return int(any(x))
        case Op.ITE:
            return x[1] if x[0] else x[2]
        case Op.EQ:
            return int(x[0] == x[1])
        case Op.LT:
            return int(x[0] < x[1])
        case Op.LE:
            return int(x[0] <= x[1])
        case Op.ADD:
            return x[0] + x[1]
        case Op.SUB:
            return x[0] - x[1]
        case Op.MUL:
            return x[0] * x[1]
        case Op.DIV:
            return x[0] // x[1] if x[1] else 0
        case Op.MOD:
            return x[0] % x[1] if x[1] else 0


# --- programs --------------------------------------------------------------------------------------


@attrs.frozen
class Leaf:
    """One bool or int of a flattened value: its name (`settled[0].root`), kind and bounds.

    `absent` is what it holds where the part of the state that owns it is absent (an empty option, a place beyond the
    end of a sequence): always that, so equal values have equal leaves.
    """

    name: str
    boolean: bool
    lo: int
    hi: int
    absent: int = 0


@attrs.frozen(eq=False)
class ErrorSite:
    """A way in which a step is an error of the model: when, which kind, where in the text."""

    condition: Node
    kind: ModelErrorKind
    span: Span


Later: TypeAlias = Callable[[], Mapping[str, object]]  # gives the expressions of an action or a property, by field


def later_action(head: Sequence[object], said: tuple[bool, bool], later: Later) -> ScalarAction:
    """An action whose expressions are there when one is asked for; `head`: its other fields, `said`: is it off, and can
    it be an error?"""
    fields = dict(zip(("name", "fault", "params", "param_leaves", "param_offsets"), head, strict=True))
    return _with(object.__new__(ScalarAction), {**fields, "_said": said, "_later": later})


def later_property(head: Sequence[object], later: Later) -> ScalarProperty:
    """The same of a property."""
    fields = dict(zip(("name", "kind", "fires", "params"), head, strict=True))
    return _with(object.__new__(ScalarProperty), {**fields, "_later": later})


def _with(made: _Made, fields: Mapping[str, object]) -> _Made:
    for name, value in fields.items():
        object.__setattr__(made, name, value)
    return made


def _unpacked(made: ScalarAction | ScalarProperty, name: str) -> object:
    """A field that is not there yet.  Raises AttributeError."""
    later = None if name.startswith("_") else made._later
    if later is None:
        raise AttributeError(name)
    _with(made, {**later(), "_later": None})
    return object.__getattribute__(made, name)


@attrs.frozen(eq=False)
class ScalarAction:
    """An action: for each value of its parameters, disabled, or an error, or one successor.

    Enabled without error: all `guards` hold (errors excluded: every guard list already says that no
    error happened).  Error: some site's condition holds (sites exclude each other and the guards).
    `updates` maps leaf -> new value; leaves not in it stay.  New values are in the leaf's bounds
    whenever the guards hold.  `params` are flattened to ("p", i) leaves, in order, `param_leaves`.
    """

    name: str
    fault: str | None
    params: tuple[tuple[str, Type], ...]
    param_leaves: tuple[Leaf, ...]
    param_offsets: tuple[int, ...]  # where each parameter's leaves start
    guards: tuple[Node, ...]
    errors: tuple[ErrorSite, ...]
    updates: Mapping[int, Node]
    _later: Later | None = attrs.field(default=None, init=False, repr=False)
    _said: tuple[bool, bool] | None = attrs.field(default=None, init=False, repr=False)  # off and erring

    @property
    def instances(self) -> int:
        """How many values the parameters have."""
        return math.prod(cardinality(t) for _, t in self.params)

    @property
    def off(self) -> bool:
        """Whether no state and no parameters enable it, as its expressions show."""
        return self.guards == (FALSE,) if self._said is None else self._said[0]

    @property
    def erring(self) -> bool:
        """Whether it can be an error of the model, as its expressions show."""
        return bool(self.errors) if self._said is None else self._said[1]

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> object:
            return _unpacked(self, name)


def begins(state: Sequence[Node]) -> ScalarAction:
    """The initial action that leads to one state, whose leaves are constants."""
    return ScalarAction("", None, (), (), (), (), (), dict(enumerate(state)))


@attrs.frozen(eq=False)
class ScalarProperty:
    """A property as one bool over the state (and "t" leaves for STEP), its parameters expanded.

    `value` is true where the property holds (ALWAYS, STEP) or the wanted state is there (REACHABLE);
    `errors` are conditions under which evaluating it is an error of the model.
    Of RECOVERABLE, `goals` says what is wanted for each value of the parameters, in the order of `instance`, since
    each is to be reached by a path of its own; `value` is true where all of it is there at once.
    That an action fires is REACHABLE here: of a state in which it is enabled, named by `fires`.
    """

    name: str
    kind: PropertyKind
    value: Node
    errors: tuple[ErrorSite, ...]
    fires: str | None = None
    params: tuple[tuple[str, Type], ...] = ()
    goals: tuple[Node, ...] = attrs.field(default=attrs.Factory(lambda self: (self.value,), takes_self=True))
    _later: Later | None = attrs.field(default=None, init=False, repr=False)

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> object:
            return _unpacked(self, name)

    def instance(self, number: int) -> tuple[Value, ...]:
        """The values of the parameters that a goal is of."""
        return nths([t for _, t in self.params], number)


@attrs.frozen
class Wide:
    """A number of the text that takes more than a word of 64 bits: what it may be, and where it stands."""

    lo: int
    hi: int
    span: Span


def fits(lo: int, hi: int) -> bool:
    """Whether a word of 64 bits holds all of these numbers."""
    return lo >= -(1 << 63) and hi < 1 << 63


@attrs.frozen(eq=False)
class ScalarSystem:
    """What engines search: leaves, ways to begin, actions, properties of one check.

    An initial action is one like any other, but that no state is before it: its expressions read parameters alone,
    and its updates give every leaf.  The initial states are what its enabled instances lead to, in their order; one
    that several lead to counts once.
    """

    leaves: tuple[Leaf, ...]
    initials: tuple[ScalarAction, ...]
    actions: tuple[ScalarAction, ...]
    properties: tuple[ScalarProperty, ...]
    terminal: ScalarProperty | None = None  # a state with no enabled action must satisfy it
    state: Type | None = None
    wide: tuple[Wide, ...] = ()  # numbers of the text that take more than a word
    key: str | None = attrs.field(default=None, init=False)  # names it by its content, where that is known

    def named(self, key: str | None) -> Self:
        """Itself, with a key; a system that is made from it by changing something has none."""
        return _with(self, {"key": key})

    def expand_params(self, action: ScalarAction) -> Iterable[tuple[Value, ...]]:
        """Every value of the parameters, the first varying slowest."""
        return itertools.product(*(members(t) for _, t in action.params))
