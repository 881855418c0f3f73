"""What does a `for` run over, and what does a comprehension fold?

Rule of the module: loops and comprehensions share one notion of iterable; its domain is finite.
"""

from __future__ import annotations

import ast

from interlock.checker.frontend.facts import learn
from interlock.checker.frontend.lowering import Lowering
from interlock.checker.frontend.rules import is_int
from interlock.checker.frontend.scope import LangName, TypeName
from interlock.checker.ir import nodes as n
from interlock.checker.ir.types import BOOL, INT, IntT, SeqT, SetT, TupleT, Type, show, storable
from interlock.checker.words import counted


def iterable(ex: Lowering, node: ast.expr) -> tuple[n.Iterable, Type]:
    """The iterable of a `for`, and the type of its items."""
    entity = ex.entity_of(node)
    if isinstance(entity, TypeName) and entity.kind in {"enum", "scalarset"}:
        return n.DomainIter(entity.type), entity.type
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id not in ex.f.names:
        called = ex.entity_of(node.func)
        if node.func.id == "range" and called is None:
            return _range(ex, node)
        if isinstance(called, LangName) and called.name == "members":
            return _members(ex, node)
    e = ex.lower(node)
    match e.type:
        case SetT() | SeqT():
            return n.ValueIter(e), e.type.item
        case TupleT():
            return n.ValueIter(e), ex.join_all(node, tuple(n.Const(t, None) for t in e.type.items))
    ex.refuse_none(node, e)
    help_ = "iterate an enumeration, a scalarset, `members(R)`, `range(...)`, a FiniteSet or a Seq"
    ex.fail(node, "M204", f"{show(e.type)} cannot be iterated", help_)


def _range(ex: Lowering, node: ast.Call) -> tuple[n.Iterable, Type]:
    if node.keywords or not 1 <= len(node.args) <= 2:
        ex.fail(node, "M207", "range takes a stop, or a start and a stop", "write `range(n)` or `range(a, b)`")
    ends = [ex.number(a) for a in node.args]
    start = ends[0] if len(ends) == 2 else n.Const(IntT(0, 0), 0, span=ex.span(node))
    stop = ends[-1]
    item: Type = INT
    if isinstance(start.type, IntT) and isinstance(stop.type, IntT):
        item = IntT(start.type.lo, max(start.type.lo, stop.type.hi - 1))
    return n.RangeIter(start, stop), item


def _members(ex: Lowering, node: ast.Call) -> tuple[n.Iterable, Type]:
    entity = ex.entity_of(node.args[0]) if len(node.args) == 1 and not node.keywords else None
    if not isinstance(entity, TypeName) or entity.kind not in {"enum", "scalarset", "record"}:
        help_ = "write `members(R)` with a record class, an enumeration or a scalarset"
        ex.fail(node, "M204", "members takes one class", help_)
    ex.decls.small_domain(node, entity.type)
    return n.DomainIter(entity.type), entity.type


def targets(ex: Lowering, target: ast.expr, item: Type) -> list[tuple[str, Type]]:
    """The names a `for` binds, with their types."""
    if isinstance(target, ast.Name):
        return [(target.id, item)]
    if isinstance(target, ast.Tuple) and all(isinstance(e, ast.Name) for e in target.elts):
        names = [e.id for e in target.elts if isinstance(e, ast.Name)]
        if isinstance(item, TupleT) and len(item.items) == len(names):
            return list(zip(names, item.items, strict=True))
        help_ = "name one variable for each item of the tuple"
        ex.fail(target, "M213", f"{show(item)} cannot be taken apart into {counted(len(names), 'name')}", help_)
    ex.fail(target, "M213", "a `for` binds a name", "write `for x in ...` or `for a, b in ...`")


def clauses(ex: Lowering, generators: list[ast.comprehension]) -> tuple[n.Clause, ...]:
    """The `for ... if ...` parts, each binding names for the parts after it (the caller restores)."""
    out = []
    for i, g in enumerate(generators):
        later = {x.id for h in generators[i + 1 :] for x in ast.walk(h.target) if isinstance(x, ast.Name)}
        own = {x.id for x in ast.walk(g.target) if isinstance(x, ast.Name)}
        _refuse_early(ex, [] if i == 0 else [g.iter], later | own, generators[:i])
        _refuse_early(ex, g.ifs, later, generators[: i + 1])
        if g.is_async:
            ex.fail(g.target, "M002", "async is outside the language", "drop it")
        it, item = iterable(ex, g.iter)
        pairs = targets(ex, g.target, item)
        names = tuple(ex.f.bind(name, t) for name, t in pairs)
        ex.f.read_only |= set(names)
        conditions = []
        for test in g.ifs:
            conditions.append(ex.condition(test))
            ex.f.facts |= learn(conditions[-1], True)
        out.append(n.Clause(names, tuple(t for _, t in pairs), it, tuple(conditions)))
    return tuple(out)


def _refuse_early(ex: Lowering, parts: list[ast.expr], later: set[str], before: list[ast.comprehension]) -> None:
    """Refuse a name that the comprehension binds only further on: in Python it has no value yet."""
    known = {x.id for g in before for x in ast.walk(g.target) if isinstance(x, ast.Name)}
    for part in parts:
        for node in ast.walk(part):
            if isinstance(node, ast.Name) and node.id in later - known:
                ex.fail(
                    node, "M107", f"`{node.id}` has no value yet", "choose another name for the variable bound later"
                )


def quantifier(ex: Lowering, node: ast.Call, op: n.QuantOp, comp: ast.GeneratorExp | ast.ListComp) -> n.Expr:
    """`all(...)`, `any(...)`, `sum(...)`, `min(...)`, `max(...)`, `FiniteSet(...)` of a comprehension."""
    with ex.f.part():
        parts = clauses(ex, comp.generators)
        body, t = _body(ex, op, comp.elt)
    return n.Quant(t, op, body, parts, _default(ex, node, op), span=ex.span(node))


def _body(ex: Lowering, op: n.QuantOp, elt: ast.expr) -> tuple[n.Expr, Type]:
    if op in (n.QuantOp.ALL, n.QuantOp.ANY):
        return ex.condition(elt), BOOL
    if op is n.QuantOp.SET:
        body = ex.lower(elt)
        require_storable(ex, elt, body)
        return body, SetT(body.type)
    return ex.number(elt), INT


def require_storable(ex: Lowering, node: ast.expr, e: n.Expr) -> None:
    """Members of sets need a finite type that is known."""
    if not storable(e.type):
        what = "a number without bounds" if is_int(e.type) else show(e.type)
        help_ = "take members from a Range: `FiniteSet(x for x in range(0, 4) if x == ...)`"
        ex.fail(node, "M205", f"{what} cannot be a member of a set", help_)


def _default(ex: Lowering, node: ast.Call, op: n.QuantOp) -> n.Expr | None:
    for keyword in node.keywords:
        if keyword.arg == "default" and op in (n.QuantOp.MIN, n.QuantOp.MAX):
            return ex.number(keyword.value)
        ex.fail(node, "M207", f"`{op.value}` has no argument `{keyword.arg}`", "drop it")
    return None


def _plain(e: n.Expr) -> bool:
    """Whether computing a value can never fail, so that not computing it changes nothing."""
    match e:
        case n.Local() | n.Const():
            return True
        case n.Field(record=inner) | n.Unwrap(value=inner) | n.Item(tuple=inner):
            return _plain(inner)
        case n.Tuple(items=items):
            return all(map(_plain, items))
    return False


def number_of(ex: Lowering, node: ast.Call, comp: ast.ListComp) -> n.Expr:
    """`len([x for ...])`: how many items the comprehension has."""
    with ex.f.part():
        parts = clauses(ex, comp.generators)
        if not _plain(ex.lower(comp.elt)):
            ex.fail(comp.elt, "M207", "what is counted is the variable itself", "write `len([x for x in ... if ...])`")
    one = n.Const(IntT(1, 1), 1, span=ex.span(comp))
    return n.Quant(INT, n.QuantOp.SUM, one, parts, None, span=ex.span(node))
