"""What does a call mean?

Rule of the module: the only callables are records, helpers of the model, the names of `interlock`
and a handful of built-ins; everything else is refused.
"""

from __future__ import annotations

import ast

from interlock.checker.diagnostics import did_you_mean
from interlock.checker.frontend import comprehensions, displays, guidance
from interlock.checker.frontend.folding import folded
from interlock.checker.frontend.lowering import Lowering
from interlock.checker.frontend.rules import join
from interlock.checker.frontend.scope import Broken, FunctionName, LangName, Refused, TypeName
from interlock.checker.ir import nodes as n
from interlock.checker.ir.types import INT, MapT, OptionT, RecordT, SeqT, SetT, TupleT, Type, show
from interlock.checker.ir.vocabulary import FUNCTIONS
from interlock.checker.words import counted


def lower(ex: Lowering, node: ast.Call, want: Type | None) -> n.Expr:
    """The call as an expression."""
    if any(isinstance(a, ast.Starred) for a in node.args) or any(k.arg is None for k in node.keywords):
        ex.fail(node, "M011", "star arguments are outside the language", "write the arguments out")
    if isinstance(node.func, ast.Name) and node.func.id in ex.f.names:
        ex.fail(node.func, "M010", f"`{node.func.id}` is a value, not a function", "call a helper of the module")
    entity = ex.entity_of(node.func)
    match entity:
        case Broken():
            raise Refused
        case TypeName(kind="record"):
            return _record(ex, node, entity)
        case TypeName(kind="scalarset"):
            help_ = "members are interchangeable: take one as a parameter, or iterate them"
            ex.fail(node, "M108", "a model cannot name a member of a scalarset", help_)
        case FunctionName():
            return _helper(ex, node, entity)
        case LangName():
            return _lang(ex, node, entity.name, want)
    if isinstance(node.func, ast.Name) and entity is None and node.func.id in FUNCTIONS:
        return _builtin(ex, node, node.func.id)
    if isinstance(node.func, ast.Attribute):
        return _method(ex, node, node.func)
    return _unknown(ex, node)


def _unknown(ex: Lowering, node: ast.Call) -> n.Expr:
    if isinstance(node.func, ast.Name) and ex.entity_of(node.func) is None:
        name = node.func.id
        known = [*ex.decls.scope.names, *FUNCTIONS]
        ex.fail(node.func, "M101", f"unknown function `{name}`", guidance.unknown(name, known))
    ex.fail(node.func, "M010", "this cannot be called", "call a helper of the module or a record class")


def _record(ex: Lowering, node: ast.Call, entity: TypeName) -> n.Expr:
    assert isinstance(entity.type, RecordT)
    names = [name for name, _ in entity.type.fields]
    given: dict[str, ast.expr] = {}
    if len(node.args) > len(names):
        ex.fail(node, "M214", f"{entity.type.name} has {counted(len(names), 'field')}", f"fields: {', '.join(names)}")
    given.update(zip(names, node.args, strict=False))
    for k in node.keywords:
        assert k.arg is not None
        if k.arg not in names:
            ex.fail(node, "M105", f"{entity.type.name} has no field `{k.arg}`", did_you_mean(k.arg, names))
        if k.arg in given:
            ex.fail(node, "M214", f"field `{k.arg}` is given twice", "give it once")
        given[k.arg] = k.value
    if list(given) != [name for name in names if name in given]:
        ex.fail(node, "M214", "the fields are out of order", f"write them as declared: {', '.join(names)}")
    return n.Record(entity.type, _fields(ex, node, entity, given), span=ex.span(node))


def _fields(ex: Lowering, node: ast.Call, entity: TypeName, given: dict[str, ast.expr]) -> tuple[n.Expr, ...]:
    assert isinstance(entity.type, RecordT)
    out: list[n.Expr] = []
    for name, t in entity.type.fields:
        if name in given:
            out.append(ex.stored(given[name], t))
        elif name in entity.defaults:
            out.append(entity.defaults[name])
        else:
            help_ = f"write `{name}=...`"
            ex.fail(node, "M214", f"{entity.type.name} is built without its field `{name}`", help_)
    return tuple(out)


def _helper(ex: Lowering, node: ast.Call, entity: FunctionName) -> n.Expr:
    name = entity.node.name
    if entity.role != "helper":
        help_ = "move the shared part into a helper that returns a value"
        ex.fail(node, "M010", f"`{name}` is {_article(entity.role)}, not a helper", help_)
    given: list[ast.expr] = list(node.args)
    names = [p.name for p in entity.params]
    if len(given) + len(node.keywords) != len(names) or {k.arg for k in node.keywords} != set(names[len(given) :]):
        ex.fail(node, "M207", f"`{name}` takes {', '.join(names) or 'nothing'}", "pass each of them once")
    by_name = {k.arg: k.value for k in node.keywords}
    order = [k.arg for k in node.keywords]
    if order != names[len(given) :]:
        ex.fail(node, "M207", "the arguments are out of order", f"write them as declared: {', '.join(names)}")
    given += [by_name[p] for p in names[len(node.args) :]]
    arguments = tuple(_argument(ex, a, p.type) for a, p in zip(given, entity.params, strict=True))
    ex.f.calls.add(entity.key)
    return n.Call(entity.result, entity.key, arguments, span=ex.span(node))


def _article(role: str) -> str:
    return {"action": "an action", "initial": "an initial action"}.get(role, "a property")


def _argument(ex: Lowering, node: ast.expr, t: Type) -> n.Expr:
    if isinstance(node, ast.Name) and ex.f.names.get(node.id) in ex.f.states:
        unique = ex.f.names[node.id]
        return ex.passed(node, n.Local(ex.f.types[unique], unique, span=ex.span(node)), t)
    return ex.passed(node, ex.lower(node, t), t)


def _lang(ex: Lowering, node: ast.Call, name: str, want: Type | None) -> n.Expr:
    match name:
        case "require_some":
            return _require_some(ex, node)
        case "filled":
            return _filled(ex, node, want)
        case "evolve":
            return _evolve(ex, node)
        case "FiniteSet":
            return displays.finite_set(ex, node, want)
        case "Seq":
            return displays.seq(ex, node, want)
        case "Map":
            return displays.map_(ex, node, want)
        case "require":
            ex.fail(node, "M302", "require is a statement", "write it on a line of its own")
        case "members":
            ex.fail(node, "M002", "members(...) is only iterated", "write `for x in members(R)`")
    ex.fail(node, "M010", f"`{name}` cannot be called here", "see the language reference for where it belongs")


def _require_some(ex: Lowering, node: ast.Call) -> n.Expr:
    if not ex.f.is_action:
        help_ = "test `is not None` instead: only actions can be disabled"
        ex.fail(node, "M302", "require_some outside an action", help_)
    argument = ex.argument(node, "require_some")
    e = ex.lower(argument)
    if not isinstance(e.type, OptionT):
        ex.fail(argument, "M208", f"{show(e.type)} is never None", "use the value as it is")
    return n.RequireSome(e.type.item, e, span=ex.span(node))


def _filled(ex: Lowering, node: ast.Call, want: Type | None) -> n.Expr:
    argument = ex.argument(node, "filled")
    if not isinstance(want, MapT):
        help_ = "use it where a map is stored, or write `Map({k: value for k in K})`"
        ex.fail(node, "M202", "filled(...) does not know its map here", help_)
    return n.MapFill(want, ex.stored(argument, want.value), span=ex.span(node))


def _evolve(ex: Lowering, node: ast.Call) -> n.Expr:
    if len(node.args) != 1 or not node.keywords:
        ex.fail(node, "M207", "evolve takes a record and fields", "write `evolve(r, field=value)`")
    base = ex.lower(node.args[0])
    if not isinstance(base.type, RecordT):
        ex.refuse_none(node.args[0], base)
        ex.fail(node.args[0], "M202", f"{show(base.type)} is not a record", "pass a record")
    fields = dict(base.type.fields)
    changes = []
    for k in node.keywords:
        assert k.arg is not None
        if k.arg not in fields:
            ex.fail(node, "M105", f"{base.type.name} has no field `{k.arg}`", did_you_mean(k.arg, fields))
        changes.append((k.arg, ex.stored(k.value, fields[k.arg])))
    return n.Evolve(base.type, base, tuple(changes), span=ex.span(node))


def _builtin(ex: Lowering, node: ast.Call, name: str) -> n.Expr:
    if name == "range":
        ex.fail(node, "M002", "range(...) is only iterated", "write `for i in range(...)`")
    if name == "len":
        return _len(ex, node)
    first = node.args[0] if node.args else None
    if len(node.args) == 1 and isinstance(first, ast.ListComp) and name in {"all", "any"}:
        ex.fail(
            first, "M207", f"{name} of a list looks at every item", f"drop the brackets: `{name}(... for x in ...)`"
        )
    if len(node.args) == 1 and isinstance(first, (ast.GeneratorExp, ast.ListComp)):
        return comprehensions.quantifier(ex, node, n.QuantOp(name), first)
    if name in {"min", "max"} and len(node.args) >= 2 and not node.keywords:
        out = ex.number(node.args[0])
        for a in node.args[1:]:
            out = folded(n.Arith(INT, n.ArithOp(name), out, ex.number(a), span=ex.span(node)))
        return out
    help_ = f"write `{name}(... for x in ...)`" + (f" or `{name}(a, b)`" if name in {"min", "max"} else "")
    ex.fail(node, "M207", f"{name} takes a comprehension", help_)


def _len(ex: Lowering, node: ast.Call) -> n.Expr:
    argument = ex.argument(node, "len")
    if isinstance(argument, ast.ListComp):
        return comprehensions.number_of(ex, node, argument)
    e = ex.lower(argument)
    if not isinstance(e.type, (SetT, SeqT)):
        ex.refuse_none(argument, e)
        ex.fail(argument, "M202", f"{show(e.type)} has no length", "use a FiniteSet, a Seq or `len([... for ...])`")
    return n.Len(INT, e, span=ex.span(node))


def _method(ex: Lowering, node: ast.Call, func: ast.Attribute) -> n.Expr:
    base = ex.lower(func.value)
    span = ex.span(node)
    ex.refuse_none(func.value, base)
    plain = not node.keywords
    match base.type, func.attr, len(node.args):
        case MapT(), "set", 2 if plain:
            return _map_set(ex, node, func, base)
        case SeqT(), "push", 1 if plain:
            return _seq_push(ex, node, func, base)
        case SeqT(), "rest", 0 if plain:
            return n.SeqRest(base.type, base, span=span)
        case ((MapT() | SeqT() | SetT() | RecordT() | TupleT()), _, _):
            help_ = "maps have `set(k, v)`, sequences `push(x)` and `rest()`; sets use | & - and `in`"
            ex.fail(node, "M010", f"{show(base.type)} has no method `{func.attr}` with these arguments", help_)
    ex.fail(node, "M010", f"{show(base.type)} has no method `{func.attr}`", "call a helper of the module")


def _map_set(ex: Lowering, node: ast.Call, func: ast.Attribute, base: n.Expr) -> n.Expr:
    assert isinstance(base.type, MapT)
    key = ex.key(node.args[0], base.type)
    value = ex.lower(node.args[1], base.type.value)
    item = join(base.type.value, value.type)
    if item is None:
        help_ = f"its values are {show(base.type.value)}"
        ex.fail(node.args[1], "M201", f"{show(value.type)} cannot be a value of this map", help_)
    t = MapT(base.type.key, item)  # as with `push`: checked where the map is stored
    return n.MapSet(t, ex.fit(func.value, base, t), key, ex.fit(node.args[1], value, item), span=ex.span(node))


def _seq_push(ex: Lowering, node: ast.Call, func: ast.Attribute, base: n.Expr) -> n.Expr:
    assert isinstance(base.type, SeqT)
    item = ex.lower(node.args[0], base.type.item)
    t = join(base.type.item, item.type)
    if t is None:
        help_ = f"its items are {show(base.type.item)}"
        ex.fail(node.args[0], "M201", f"{show(item.type)} cannot be pushed", help_)
    fitted = ex.fit(node.args[0], item, t)
    grown = ex.fit(func.value, base, SeqT(t, base.type.bound))
    return n.SeqPush(SeqT(t, base.type.bound + 1), grown, fitted, span=ex.span(node))
