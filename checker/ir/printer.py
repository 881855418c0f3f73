"""How does the IR read as text?  S-expressions of a program, and a listing of a scalar system.

Rule of the module: output depends on content alone, so that it can be compared with a golden file;
spans are left out.
"""

from __future__ import annotations

import enum
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import attrs

from interlock.checker.ir import nodes as n
from interlock.checker.ir import types as ty
from interlock.checker.ir.nodes import PropertyKind
from interlock.checker.ir.scalar import (
    ErrorSite,
    Node,
    ScalarAction,
    ScalarProperty,
    ScalarSystem,
    to_text,
    topological,
)

_TYPES = (
    ty.BoolT, ty.IntT, ty.AnyIntT, ty.EnumT, ty.ScalarT, ty.RecordT, ty.TupleT, ty.OptionT, ty.MapT, ty.SetT, ty.SeqT,
    ty.NoneT, ty.NeverT,
)  # fmt: skip
_BLOCKS = ("body", "then", "otherwise")


def print_program(program: n.Program) -> str:
    """The whole program: state, constants, helpers, initial actions, actions."""
    lines = [f"(program {program.name}"]
    assert isinstance(program.state, ty.RecordT)
    lines.append(f"  (state {program.state.name}")
    lines += [f"    ({name} {ty.show(t)})" for name, t in program.state.fields]
    lines.append("  )")
    lines += [f"  (constant {c.name} {ty.show(c.type)} {_atom(c.value)})" for c in program.constants]
    for function in program.helpers.values():
        lines += _indent(_function(function))
    for kind, actions in (("initial", program.initials), ("action", program.actions)):
        for action in actions:
            lines += _indent(_action(kind, action))
    return "\n".join([*lines, ")"]) + "\n"


def print_function(f: n.Function, what: str = "function") -> str:
    """A function beside a program: a helper, or `what` else it is, such as a claim of a kind."""
    return "\n".join(_function(f, what)) + "\n"


def _function(f: n.Function, what: str = "function") -> list[str]:
    return [f"({what} {f.name} {_params(f.params)} {ty.show(f.result)}", *_indent(_block(f.body)), ")"]


def _action(kind: str, a: n.Action) -> list[str]:
    fault = "" if a.fault is None else f" fault={a.fault}"
    return [f"({kind} {a.name} {_params(a.params)}{fault}", *_indent(_block(a.body)), ")"]


def _params(params: Sequence[n.Param]) -> str:
    return "(" + " ".join(f"({p.name} {ty.show(p.type)})" for p in params) + ")"


def _indent(lines: Sequence[str]) -> list[str]:
    return [f"  {line}" for line in lines]


def _block(body: Sequence[n.Stmt]) -> list[str]:
    return [line for stmt in body for line in _statement(stmt)]


def _statement(s: n.Stmt) -> list[str]:
    if isinstance(s, n.Branch):
        return [f"(if {print_expr(s.test)}", *_indent(_block(s.then)), " else", *_indent(_block(s.otherwise)), ")"]
    if isinstance(s, n.Loop):
        return [f"(for {' '.join(s.variables)} {print_expr(s.iterable)}", *_indent(_block(s.body)), ")"]
    return [print_expr(s)]


def print_expr(e: Any) -> str:
    """One expression, or a statement without a body, on one line."""
    if isinstance(e, n.Local):
        return e.name
    if isinstance(e, n.Const):
        return _atom(e.value)
    return f"({' '.join([type(e).__name__.lower(), *_parts(e)])})"


def _parts(e: Any) -> Iterator[str]:
    for a in attrs.fields(type(e)):
        value = getattr(e, a.name)
        plain_type = a.name == "type" and not isinstance(e, n.Fit | n.DomainIter | n.MapBuild | n.MapFill)
        if a.name in ("span", "types", *_BLOCKS) and not isinstance(e, n.If) or plain_type:
            continue
        if isinstance(e, n.If) and a.name == "span":
            continue
        yield _part(value)


def _part(value: Any) -> str:
    if isinstance(value, _TYPES):
        return ty.show(value)
    if isinstance(value, enum.Enum):
        return str(value.value)
    if attrs.has(type(value)):
        return print_expr(value)
    if isinstance(value, tuple):
        return "(" + " ".join(_part(v) for v in value) + ")"
    return value if isinstance(value, str) else _atom(value)


def _atom(value: Any) -> str:
    if isinstance(value, frozenset):
        return "{" + " ".join(sorted(_atom(v) for v in value)) + "}"
    if isinstance(value, tuple):
        return "[" + " ".join(_atom(v) for v in value) + "]"
    return str(value).lower() if isinstance(value, bool) or value is None else str(value)


def print_scalar(system: ScalarSystem) -> str:
    """A scalar system: leaves, ways to begin, actions, properties.

    What is used several times is written once, as `t0 = ...` above all that uses it: written out each time, the text
    of a real protocol would not fit anywhere.
    """
    texts = _Texts([*_roots(system)])
    lines = [
        f"s{i} {leaf.name}: {'bool' if leaf.boolean else f'{leaf.lo}..{leaf.hi}'}"
        for i, leaf in enumerate(system.leaves)
    ]
    lines += texts.shared
    for kind, actions in (("initial", system.initials), ("action", system.actions)):
        for action in actions:
            lines += _scalar_action(action, kind, texts)
    for prop in system.properties:
        lines += _scalar_property(prop, texts)
    if system.terminal is not None:
        lines += ["terminal:", *_indent(_scalar_property(system.terminal, texts))]
    return "\n".join(lines) + "\n"


def _roots(system: ScalarSystem) -> Iterator[Node]:
    """Every expression that the listing shows, once a place."""
    for a in (*system.initials, *system.actions):
        yield from (*a.guards, *(e.condition for e in a.errors), *a.updates.values())
    for p in (*system.properties, *(() if system.terminal is None else (system.terminal,))):
        yield from (*_claimed(p), *(e.condition for e in p.errors))


def _claimed(p: ScalarProperty) -> tuple[Node, ...]:
    return p.goals if p.kind is PropertyKind.RECOVERABLE else (p.value,)


class _Texts:
    """The texts of nodes; `shared` are the lines of those that several others use."""

    def __init__(self, roots: Sequence[Node]) -> None:
        order = topological(roots)
        uses = Counter(c.id for node in order for c in node.src)
        self.shared: list[str] = []
        self._texts: dict[int, str] = {}
        for node in order:
            text = self._written(node)
            if node.src and uses[node.id] > 1:
                name = f"t{len(self.shared)}"
                self.shared.append(f"{name} = {text}")
                text = name
            self._texts[node.id] = text

    def _written(self, node: Node) -> str:
        if not node.src:
            return to_text(node)
        return f"({node.op.value} {' '.join(self._texts[c.id] for c in node.src)})"

    def of(self, node: Node) -> str:
        """The text of a node among the roots or in them."""
        return self._texts[node.id]


def _scalar_action(a: ScalarAction, kind: str, texts: _Texts) -> list[str]:
    params = [f"p{i} {leaf.name}" for i, leaf in enumerate(a.param_leaves)]
    lines = [f"{kind} {a.name}({', '.join(params)})" + ("" if a.fault is None else f" fault {a.fault}")]
    lines += [f"  guard {texts.of(g)}" for g in a.guards]
    lines += _errors(a.errors, texts)
    return lines + [f"  s{i} := {texts.of(v)}" for i, v in a.updates.items()]


def _scalar_property(p: ScalarProperty, texts: _Texts) -> list[str]:
    word = "goal" if p.kind is PropertyKind.RECOVERABLE else "value"
    said = [f"  {word} {texts.of(n)}" for n in _claimed(p)]
    return [f"{p.kind.value} {p.name}", *said, *_errors(p.errors, texts)]


def _errors(errors: Sequence[ErrorSite], texts: _Texts) -> list[str]:
    return [f"  error {e.kind.name} {texts.of(e.condition)}" for e in errors]
