"""What does a name, a field or an item stand for?

Rule of the module: a name is a local of the function, or else of the module; what has fields or items is a value.
"""

from __future__ import annotations

import ast

import attrs

from interlock.checker.diagnostics import did_you_mean
from interlock.checker.frontend import guidance
from interlock.checker.frontend.facts import fact_of
from interlock.checker.frontend.lowering import Lowering
from interlock.checker.frontend.scope import (
    Broken,
    ConstantName,
    Entity,
    FunctionName,
    LangName,
    ModuleName,
    Refused,
    TypeName,
    written,
)
from interlock.checker.ir import nodes as n
from interlock.checker.ir.types import EnumT, MapT, OptionT, RecordT, SeqT, TupleT, show


def narrowed(ex: Lowering, node: ast.Name | ast.Attribute) -> n.Expr:
    """The value of a name or a field, without its option where it is known not to be None."""
    e = _name(ex, node) if isinstance(node, ast.Name) else _attribute(ex, node)
    if isinstance(e.type, OptionT) and fact_of(e) in ex.f.facts:
        return n.Unwrap(e.type.item, e, span=ex.span(node))
    return e


def _name(ex: Lowering, node: ast.Name) -> n.Expr:
    unique = ex.f.names.get(node.id)
    if unique is not None:
        if unique in ex.f.poisoned:
            raise Refused
        if unique not in ex.f.assigned:
            help_ = "give it a value on every path before this"
            ex.fail(node, "M107", f"`{node.id}` may have no value here", help_)
        return n.Local(ex.f.types[unique], unique, span=ex.span(node))
    return _entity(ex, node, node.id, ex.decls.scope.names.get(node.id))


def _entity(ex: Lowering, node: ast.expr, name: str, entity: Entity | None) -> n.Expr:
    match entity:
        case Broken():
            raise Refused
        case ConstantName():
            return attrs.evolve(entity.value, span=ex.span(node))
        case None:
            known = [*ex.f.names, *ex.decls.scope.names]
            ex.fail(node, "M101", f"unknown name `{name}`", guidance.unknown(name, known))
        case TypeName() if entity.kind in {"enum", "scalarset", "record"}:
            help_ = "iterate it (`for x in ...`), or name one of its values"
            ex.fail(node, "M002", f"the class `{name}` is no value", help_)
        case FunctionName() | LangName():
            ex.fail(node, "M002", f"`{name}` is used without a call", f"call it: `{name}(...)`")
        case _:
            ex.fail(node, "M002", f"`{name}` is no value", "use one of its members")


def _attribute(ex: Lowering, node: ast.Attribute) -> n.Expr:
    entity = ex.entity_of(node.value)
    if isinstance(entity, TypeName) and isinstance(entity.type, EnumT):
        return _member(ex, node, entity.type)
    if isinstance(entity, ModuleName):
        return _entity(ex, node, node.attr, entity.scope.names.get(node.attr))
    base = ex.form(node.value)
    if isinstance(base.type, RecordT):
        fields = dict(base.type.fields)
        if node.attr in fields:
            return n.Field(fields[node.attr], base, node.attr, span=ex.span(node))
        message = f"{base.type.name} has no field `{node.attr}`"
        ex.fail(node, "M105", message, did_you_mean(node.attr, fields))
    ex.refuse_none(node.value, base)
    help_ = "only records and the state have fields"
    ex.fail(node, "M105", f"{show(base.type)} has no field `{node.attr}`", help_)


def _member(ex: Lowering, node: ast.Attribute, t: EnumT) -> n.Expr:
    if node.attr not in t.members:
        ex.fail(node, "M106", f"{t.name} has no member `{node.attr}`", did_you_mean(node.attr, t.members))
    return n.Const(t, t.members.index(node.attr), span=ex.span(node))


def subscript(ex: Lowering, node: ast.Subscript) -> n.Expr:
    """An item of a map, a sequence or a tuple."""
    base = ex.lower(node.value)
    match base.type:
        case MapT():
            return n.Index(base.type.value, base, ex.key(node.slice, base.type), span=ex.span(node))
        case SeqT():
            return n.Index(base.type.item, base, place_in(ex, node), span=ex.span(node))
        case TupleT():
            return _item(ex, node, base, base.type)
    ex.refuse_none(node.value, base)
    ex.fail(node, "M202", f"{show(base.type)} cannot be indexed", "index a Map, a Seq or a tuple")


def place_in(ex: Lowering, node: ast.Subscript) -> n.Expr:
    """The number that a sequence is indexed by."""
    number = ex.number(node.slice)
    index = node.slice.operand if isinstance(node.slice, ast.UnaryOp) else None
    if isinstance(number, n.Const) and number.value != 0 and isinstance(index, ast.Constant):  # not what constants make
        q = written(node.value)
        from_end = f"{q}[len({q}) - {written(index)}]"
        help_ = f"the first item is `{q}[0]`, and `{from_end}` counts from the end"
        ex.fail(node.slice, "M202", "a sequence is indexed from 0", help_)
    return number


def _item(ex: Lowering, node: ast.Subscript, base: n.Expr, t: TupleT) -> n.Expr:
    index = node.slice.value if isinstance(node.slice, ast.Constant) else None
    if not isinstance(index, int) or isinstance(index, bool) or not 0 <= index < len(t.items):
        help_ = f"write a number from 0 to {len(t.items) - 1}, or keep the items in a `Seq((...))`"
        ex.fail(node.slice, "M202", "a tuple is indexed by a number in the text", help_)
    return n.Item(t.items[index], base, index, span=ex.span(node))
