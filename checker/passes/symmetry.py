"""Which scalarsets may a search be reduced by, and how does a permutation of their members act?

Rule of the module: typing suggests, a proof decides.  The type of a scalarset keeps its members from being
named, but loops run over them in an order, and what comes last may win.  So each swap of two neighbours
(they generate all permutations) must be shown to map the system, as engines search it, to itself: the
initial states; for every action, where it is enabled, where it is an error and what it leads to; the
properties and the terminal predicate; of a RECOVERABLE property each value of its parameters on its own, of which the
swap must make another.  First both sides are rewritten to one form and compared as
interned nodes; what is left goes to `prove`.  What is not shown is not reduced.  Initial states that are few are
permuted one by one.
Ip and Dill, "Better Verification Through Symmetry", FMSD 9, 1996, for why the quotient is enough.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, TypeAlias

import attrs

from interlock.checker.ir import scalar as sc
from interlock.checker.ir import types as ty
from interlock.checker.ir.nodes import PropertyKind
from interlock.checker.ir.scalar import FALSE, TRUE, Node, Op, ScalarAction, ScalarProperty, ScalarSystem, variables
from interlock.checker.ir.types import ScalarT, Type
from interlock.checker.passes import starts
from interlock.checker.semantics.leaves import flatten_type, from_leaves, to_leaves

Permutation: TypeAlias = tuple[int, ...]  # where each member goes
Domain: TypeAlias = Mapping[str, Sequence[Type]]  # the types whose leaves a space holds
Prove: TypeAlias = Callable[[Node, Domain], "bool | None"]  # is it false for all values? None: not decided

_COMPARED: Final = 20_000  # values that are permuted and looked up, in half a second
_CASES: Final = 64  # values of a number up to which a choice by it is brought to one form


@attrs.frozen
class Refusal:
    """Why a scalarset is not reduced by; `open`: it was not refuted, only not shown."""

    sort: ScalarT
    reason: str
    open: bool


@attrs.frozen
class Symmetries:
    """The scalarsets whose members may be permuted, and those that were refused."""

    sorts: tuple[ScalarT, ...] = ()
    refused: tuple[Refusal, ...] = ()

    @property
    def open(self) -> bool:
        """Whether a stronger prover could find more."""
        return any(r.open for r in self.refused)


def symmetries(system: ScalarSystem, prove: Prove = lambda _condition, _domain: None) -> Symmetries:
    """The scalarsets of the state that the system cannot tell the members of apart."""
    sorts: list[ScalarT] = []
    refused: list[Refusal] = []
    for sort in scalarsets(system.state):
        refusal = _refusal(system, sort, prove)
        if refusal is None:
            sorts.append(sort)
        else:
            refused.append(refusal)
    return Symmetries(tuple(sorts), tuple(refused))


def swap(sort: ScalarT, k: int) -> Permutation:
    """Members k and k + 1 change places."""
    return (*range(k), k + 1, k, *range(k + 2, sort.size))


# --- types and values ------------------------------------------------------------------------------


def scalarsets(t: Type | None) -> tuple[ScalarT, ...]:
    """The scalarsets in a type that have more than one member, each once."""
    found: dict[ScalarT, None] = {}
    for part in () if t is None else _parts(t):
        if isinstance(part, ScalarT) and part.size > 1:
            found[part] = None
    return tuple(found)


@functools.cache
def _parts(t: Type) -> tuple[Type, ...]:
    match t:
        case ty.RecordT():
            inner: Sequence[Type] = [f for _, f in t.fields]
        case ty.TupleT():
            inner = t.items
        case ty.OptionT() | ty.SetT() | ty.SeqT():
            inner = [t.item]
        case ty.MapT():
            inner = [t.key, t.value]
        case _:
            inner = ()
    return (t, *itertools.chain.from_iterable(map(_parts, inner)))


def permuted(t: Type, value: Any, sort: ScalarT, by: Permutation) -> Any:
    """The value with the members of a scalarset in it permuted."""
    if sort not in _parts(t):
        return value
    go = functools.partial(permuted, sort=sort, by=by)
    match t:
        case ScalarT():
            return by[value]
        case ty.RecordT():
            return tuple([go(f, v) for (_, f), v in zip(t.fields, value, strict=True)])
        case ty.TupleT():
            return tuple([go(f, v) for f, v in zip(t.items, value, strict=True)])
        case ty.OptionT():
            return None if value is None else go(t.item, value)
        case ty.MapT():
            return tuple([go(t.value, value[i]) for i in _sources(t.key, sort, by)])
        case ty.SetT():
            return frozenset(go(t.item, v) for v in value)
        case ty.SeqT():
            return tuple([go(t.item, v) for v in value])
    raise TypeError(f"{ty.show(t)} holds no scalarset")


@functools.cache
def _sources(t: Type, sort: ScalarT, by: Permutation) -> tuple[int, ...]:
    """For each member of a type, the rank of the member that goes there."""
    back = tuple(sorted(range(len(by)), key=by.__getitem__))
    return tuple(ty.rank(t, permuted(t, m, sort, back)) for m in ty.members(t))


def moved_goals(p: ScalarProperty, sort: ScalarT, by: Permutation) -> list[int]:
    """Which goal of a RECOVERABLE property each becomes, when what the parameters name is permuted."""
    t = ty.TupleT(tuple(t for _, t in p.params))
    if sort not in _parts(t):
        return list(range(len(p.goals)))
    return [ty.rank(t, permuted(t, value, sort, by)) for value in ty.members(t)]


# --- leaves ----------------------------------------------------------------------------------------


@attrs.frozen(eq=False)
class Moved:
    """What comes to a leaf: the node of another, as it is or (`value`) itself a member to be permuted.

    `present`: where that member is there at all; a leaf of an absent part keeps its absent value.
    """

    source: Node
    value: bool
    present: Node = TRUE


def moved(t: Type, nodes: Sequence[Node], sort: ScalarT, by: Permutation) -> list[Moved]:
    """How a permutation acts on the leaves of a value."""
    return list(_moved(t, list(nodes), sort, by, TRUE))


def _moved(t: Type, nodes: list[Node], sort: ScalarT, by: Permutation, present: Node) -> Iterator[Moved]:
    if sort not in _parts(t):
        yield from (Moved(n, False) for n in nodes)
        return
    match t:
        case ScalarT():
            yield Moved(nodes[0], True, present)
        case ty.RecordT() | ty.TupleT():
            items = [f for _, f in t.fields] if isinstance(t, ty.RecordT) else list(t.items)
            for item, own in zip(items, _split(nodes, [_width(i) for i in items]), strict=True):
                yield from _moved(item, own, sort, by, present)
        case ty.OptionT():
            yield Moved(nodes[0], False)
            yield from _moved(t.item, nodes[1:], sort, by, sc.and_((present, nodes[0])))
        case ty.MapT():
            columns = _split(nodes, [_width(t.value)] * ty.cardinality(t.key))
            for i in _sources(t.key, sort, by):
                yield from _moved(t.value, columns[i], sort, by, present)
        case ty.SetT():
            yield from (Moved(nodes[i], False) for i in _sources(t.item, sort, by))
        case ty.SeqT():
            yield Moved(nodes[0], False)
            for i, own in enumerate(_split(nodes[1:], [_width(t.item)] * t.bound)):
                there = sc.and_((present, sc.lt(sc.integer(i), nodes[0])))
                yield from _moved(t.item, own, sort, by, there)


@functools.cache
def _width(t: Type) -> int:
    return len(flatten_type(t))


def _split(nodes: list[Node], widths: Sequence[int]) -> list[list[Node]]:
    it = iter(nodes)
    return [list(itertools.islice(it, w)) for w in widths]


def node(m: Moved, by: Permutation) -> Node:
    """The value of a leaf after the permutation."""
    if not m.value:
        return m.source
    new = _mapped(m.source, by)
    return new if by[0] == 0 else sc.ite(m.present, new, m.source)


def _mapped(n: Node, by: Permutation) -> Node:
    """The member that a number names, permuted; below choices, so that both sides of a proof look alike."""
    new: dict[int, Node] = {}
    waiting = [n]
    while waiting:
        m = waiting[-1]
        below = m.src[1:] if m.op is Op.ITE else ()
        missing = [c for c in below if c.id not in new]
        if missing:
            waiting += missing
            continue
        waiting.pop()
        if m.op is Op.ITE:
            new[m.id] = choice(m.src[0], new[m.src[1].id], new[m.src[2].id])
        else:
            new[m.id] = sc.integer(by[m.lo]) if sc.is_const(m) else _renamed(m, by)
    return new[n.id]


def _renamed(n: Node, by: Permutation) -> Node:
    new = n
    for old, to in enumerate(by):
        if old != to:
            new = sc.ite(sc.eq(n, sc.integer(old)), sc.integer(to), new)
    return new


# --- one form for both sides -----------------------------------------------------------------------


class _Image:
    """Expressions after a permutation of what they read, in the form that is compared."""

    def __init__(self, by: Permutation, leaves: Mapping[Node, Moved]) -> None:
        self.by = by
        self.back = tuple(sorted(range(len(by)), key=by.__getitem__))
        self.leaves = leaves
        self.known: dict[int, Node] = {}

    def of(self, root: Node) -> Node:
        for n in sc.topological([root]):
            if n.id not in self.known:
                self.known[n.id] = self._node(n)
        return self.known[root.id]

    def _node(self, n: Node) -> Node:
        if n.op is Op.VAR:
            return node(self.leaves[n], self.by) if n in self.leaves else n
        if n.op is Op.EQ and not n.src[0].boolean:
            found = self._equality(*n.src)
            if found is not None:
                return found
        src = tuple(self.known[c.id] for c in n.src)
        if n.op is Op.ITE:
            return choice(*src)
        if n.op is Op.ADD:
            return _sum(*src)
        return sc.rebuild(n, src)

    def _equality(self, a: Node, b: Node) -> Node | None:
        """`member == constant` and `member == member` keep their form."""
        x, y = self.leaves.get(a), self.leaves.get(b)
        if x is not None and y is not None and x.value and y.value:
            apart = self.by[0] != 0 and not (x.present is TRUE and y.present is TRUE)
            return None if apart else sc.eq(x.source, y.source)
        for m, other in ((x, b), (y, a)):
            if m is not None and m.value and sc.is_const(other):
                return self._is(m, other.lo)
        return None

    def _is(self, m: Moved, wanted: int) -> Node:
        if wanted >= len(self.by):
            return FALSE
        same = sc.eq(m.source, sc.integer(self.back[wanted]))
        if m.present is TRUE or self.by[0] == 0:
            return same
        if wanted == 0:
            return sc.or_((sc.not_(m.present), same))
        return sc.and_((m.present, same)) if self.back[wanted] == 0 else same


def choice(test: Node, then: Node, otherwise: Node) -> Node:
    """`ite`; a chain of choices by one number has its cases in order, the commonest result last."""
    new = sc.ite(test, then, otherwise)
    if new.op is not Op.ITE or (by := _chosen_by(new.src[0])) is None or by[0].hi - by[0].lo >= _CASES:
        return new
    number = by[0]
    cases: dict[int, Node] = {}
    while new.op is Op.ITE and (by := _chosen_by(new.src[0])) is not None and by[0] is number:
        cases.setdefault(by[1], new.src[1])
        new = new.src[2]
    results = [cases.get(v, new) for v in range(number.lo, number.hi + 1)]
    total = max(reversed(results), key=lambda r: sum(r is other for other in results))
    for value, result in reversed(list(enumerate(results, number.lo))):
        if result is not total:
            total = _case(number, value, result, total)
    return total


def _case(number: Node, value: int, result: Node, otherwise: Node) -> Node:
    return sc.ite(sc.eq(number, sc.integer(value)), result, otherwise)


def _chosen_by(test: Node) -> tuple[Node, int] | None:
    """Of `number == constant`, both."""
    if test.op is not Op.EQ or test.src[0].boolean:
        return None
    for a, b in (test.src, test.src[::-1]):
        if sc.is_const(b) and not sc.is_const(a):
            return a, b.lo
    return None


def _sum(a: Node, b: Node) -> Node:
    """Terms in one order."""
    terms: list[Node] = []
    stack = [a, b]
    while stack:
        n = stack.pop()
        if n.op is Op.ADD:
            stack.extend(n.src)
        else:
            terms.append(n)
    return functools.reduce(sc.add, sc.ordered(terms), sc.integer(0))


# --- the proof -------------------------------------------------------------------------------------


def _refusal(system: ScalarSystem, sort: ScalarT, prove: Prove) -> Refusal | None:
    swaps = [swap(sort, k) for k in range(sort.size - 1)]
    for p in system.properties:
        if p.kind is PropertyKind.RECOVERABLE and len(p.goals) * len(swaps) > _COMPARED:
            return Refusal(sort, f"the parameters of `{p.name}` have too many values to compare", False)
    refusal = _refused_initially(system, sort, swaps, prove)
    if refusal is not None:
        return refusal
    for what, difference, domain in itertools.chain.from_iterable(_differences(system, sort, by) for by in swaps):
        answer = difference is FALSE or prove(difference, domain)
        if answer is None:
            return Refusal(sort, f"{what} was not shown to treat its members alike", True)
        if not answer:
            return Refusal(sort, f"{what} tells its members apart", False)
    return None


def _refused_initially(
    system: ScalarSystem, sort: ScalarT, swaps: Sequence[Permutation], prove: Prove
) -> Refusal | None:
    """Why a swap may lead out of the initial states.  Where they are many, each initial action must treat the members
    alike, as any other action must: that is enough, and more than need be so."""
    states = starts.listed(system)
    if states is not None:
        if all(_closed(system, states, sort, by) for by in swaps):
            return None
        return Refusal(sort, "the initial states tell its members apart", False)
    identity = _Image(tuple(range(sort.size)), {})
    for action, by in itertools.product(system.initials, swaps):
        difference, domain = _of_action(system, action, (), {}, identity, sort, by)
        answer = difference is FALSE or prove(difference, {"p": domain["p"]})
        if not answer:
            return Refusal(sort, f"`{action.name}` was not shown to treat its members alike", answer is None)
    return None


def _closed(system: ScalarSystem, states: Iterable[starts.State], sort: ScalarT, by: Permutation) -> bool:
    assert system.state is not None
    initial = set(states)
    images = (permuted(system.state, from_leaves(system.state, s), sort, by) for s in initial)
    return all(to_leaves(system.state, image) in initial for image in images)


def _differences(system: ScalarSystem, sort: ScalarT, by: Permutation) -> Iterator[tuple[str, Node, Domain]]:
    """For each part of the system, where it does one thing and, permuted, another."""
    assert system.state is not None
    states = {space: variables(space, system.leaves) for space in "st"}
    both = {
        space: dict(zip(nodes, moved(system.state, nodes, sort, by), strict=True)) for space, nodes in states.items()
    }
    identity = _Image(tuple(range(sort.size)), {})
    image = _Image(by, both["s"])
    for action in system.actions:
        yield f"`{action.name}`", *_of_action(system, action, states["s"], both["s"], identity, sort, by)
    for p in (*system.properties, *(() if system.terminal is None else (system.terminal,))):
        step = p.kind is PropertyKind.STEP
        other = _Image(by, both["s"] | both["t"]) if step else image
        domain = {"s": (system.state,)} | ({"t": (system.state,)} if step else {})
        yield f"`{p.name}`", _of_property(p, identity, other, sort, by), domain


def _of_action(
    system: ScalarSystem, action: ScalarAction, state: Sequence[Node], leaves: Mapping[Node, Moved], identity: _Image,
    sort: ScalarT, by: Permutation,
) -> tuple[Node, Domain]:  # fmt: skip
    """The permuted instance in the permuted state does not do the permuted thing."""
    assert system.state is not None
    own = variables("p", action.param_leaves)
    types = [t for _, t in action.params]
    params = _moved(ty.TupleT(tuple(types)), list(own), sort, by, TRUE)
    image = _Image(by, {**leaves, **dict(zip(own, params, strict=True))})
    guard, error = sc.and_(action.guards), sc.or_(e.condition for e in action.errors)
    enabled, wrong = identity.of(guard), identity.of(error)
    found = [_differ(enabled, image.of(guard)), _differ(wrong, image.of(error))]
    if enabled is not FALSE:
        new = {**dict(enumerate(state)), **action.updates}
        after = [identity.of(new[i]) for i in range(len(system.leaves))]
        for i, m in enumerate(moved(system.state, after, sort, by)):
            here = image.of(new[i])
            found.append(sc.and_((enabled, _differ(node(m, by), here))))
    return sc.or_(found), {"s": (system.state,), "p": types}


def _of_property(p: ScalarProperty, identity: _Image, image: _Image, sort: ScalarT, by: Permutation) -> Node:
    """It is an error here or there alone, or none and its value is another; a goal becomes that of permuted values."""
    error = sc.or_(e.condition for e in p.errors)
    wrong = identity.of(error)
    pairs = [(p.value, p.value)]
    if p.kind is PropertyKind.RECOVERABLE:
        pairs = [(goal, p.goals[k]) for goal, k in zip(p.goals, moved_goals(p, sort, by), strict=True)]
    differ = sc.or_(_differ(identity.of(here), image.of(there)) for here, there in pairs)
    return sc.or_((_differ(wrong, image.of(error)), sc.and_((sc.not_(wrong), differ))))


def _differ(a: Node, b: Node) -> Node:
    return sc.not_(sc.eq(a, b))
