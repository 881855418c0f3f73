"""What do values mean that are written out: tuples, sets, sequences, maps?

Rule of the module: the type of a display is that of its items; what it is stored in may be wider.
"""

from __future__ import annotations

import ast

from interlock.checker.frontend import comprehensions
from interlock.checker.frontend.lowering import Lowering
from interlock.checker.frontend.rules import is_int
from interlock.checker.ir import nodes as n
from interlock.checker.ir.types import INT, NEVER, MapT, OptionT, SeqT, SetT, TupleT, Type, show


def tuple_(ex: Lowering, node: ast.Tuple, want: Type | None) -> n.Expr:
    """`(a, b)`."""
    inner = want.item if isinstance(want, OptionT) else want
    wants: tuple[Type | None, ...] = (None,) * len(node.elts)
    if isinstance(inner, TupleT) and len(inner.items) == len(node.elts):
        wants = inner.items
    items = tuple(ex.lower(e, w) for e, w in zip(node.elts, wants, strict=True))
    if not items:
        ex.fail(node, "M002", "an empty tuple is outside the language", "use `Seq()` or `FiniteSet()`")
    return n.Tuple(TupleT(tuple(i.type for i in items)), items, span=ex.span(node))


def set_operand(ex: Lowering, node: ast.expr, want: Type | None = None) -> n.Expr:
    """An operand that may be a bare set display, `{a, b}`."""
    if isinstance(node, ast.Set):
        return set_display(ex, node, node.elts)
    return ex.lower(node, want)


def set_display(ex: Lowering, node: ast.expr, elements: list[ast.expr]) -> n.Expr:
    """`{a, b}` as a set."""
    items = tuple(ex.lower(e) for e in elements)
    for e, item in zip(elements, items, strict=True):
        comprehensions.require_storable(ex, e, item)
    t = ex.join_all(node, items)
    fitted = tuple(ex.fit(e, i, t) for e, i in zip(elements, items, strict=True))
    return n.SetDisplay(SetT(t), fitted, span=ex.span(node))


def choices(ex: Lowering, node: ast.Set | ast.Tuple) -> n.Expr:
    """What `in` looks through where it is written out: `x in (a, b)`, `x in {a, b}`."""
    items = tuple(ex.lower(e) for e in node.elts)
    t = ex.join_all(node, items)
    fitted = tuple(ex.fit(x, e, t) for x, e in zip(node.elts, items, strict=True))
    return n.SeqDisplay(SeqT(t, len(items)), fitted, span=ex.span(node))


def finite_set(ex: Lowering, node: ast.Call, want: Type | None) -> n.Expr:
    """`FiniteSet(...)` of nothing, of a display, of a comprehension, or of a set."""
    if not node.args and not node.keywords:
        return n.SetDisplay(SetT(NEVER), (), span=ex.span(node))
    argument = ex.argument(node, "FiniteSet")
    if isinstance(argument, ast.GeneratorExp):
        return comprehensions.quantifier(ex, node, n.QuantOp.SET, argument)
    if isinstance(argument, ast.Set):
        return set_display(ex, node, argument.elts)
    e = ex.lower(argument, want)
    if isinstance(e.type, SetT):
        return e
    ex.fail(
        argument,
        "M202",
        f"a FiniteSet is not made of {show(e.type)}",
        "write `FiniteSet({a, b})` or `FiniteSet(x for ...)`",
    )


def seq(ex: Lowering, node: ast.Call, want: Type | None) -> n.Expr:
    """`Seq((a, b))`."""
    inner = want.item if isinstance(want, SeqT) else None
    if not node.args and not node.keywords:
        return n.SeqDisplay(SeqT(NEVER, 0), (), span=ex.span(node))
    argument = ex.argument(node, "Seq")
    if not isinstance(argument, ast.Tuple):
        ex.fail(argument, "M202", "a Seq is made of a tuple", "write `Seq((a, b))` or `Seq()`")
    items = tuple(ex.lower(e, inner) for e in argument.elts)
    t = ex.join_all(argument, items)
    fitted = tuple(ex.fit(e, i, t) for e, i in zip(argument.elts, items, strict=True))
    return n.SeqDisplay(SeqT(t, len(items)), fitted, span=ex.span(node))


def map_(ex: Lowering, node: ast.Call, want: Type | None) -> n.Expr:
    """`Map({k: value for k in K})`."""
    argument = ex.argument(node, "Map")
    shape = "write `Map({k: value for k in K})`"
    if not isinstance(argument, ast.DictComp) or len(argument.generators) != 1:
        ex.fail(node, "M202", "a Map is made of a comprehension over all its keys", shape)
    g = argument.generators[0]
    if g.ifs or not isinstance(g.target, ast.Name):
        ex.fail(node, "M202", "a Map has a value at every key", shape)
    it, key = comprehensions.iterable(ex, g.iter)
    whole = isinstance(it, n.DomainIter) or (
        isinstance(it, n.RangeIter) and isinstance(it.start, n.Const) and isinstance(it.stop, n.Const)
    )
    if not whole or is_int(key) and key == INT:
        ex.fail(g.iter, "M202", "the keys of a Map are all values of a type", shape)
    ex.decls.small_domain(g.iter, key)
    with ex.f.part():
        unique = ex.f.bind(g.target.id, key)
        same = ex.lower(argument.key)
        if not (isinstance(same, n.Local) and same.name == unique):
            ex.fail(argument.key, "M202", "the key of a Map comprehension is its variable", shape)
        value = ex.lower(argument.value, want.value if isinstance(want, MapT) else None)
    t = MapT(key, value.type)  # as with `set`: checked where the map is stored, after all its values
    return n.MapBuild(t, unique, value, span=ex.span(node))
