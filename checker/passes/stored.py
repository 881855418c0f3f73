"""What is a scalar system as bytes, and how is one made of them again?

Rule of the module: what comes out is what went in, expression for expression.  The expressions of an action or a
property are unpacked when one of them is asked for: a search whose code was compiled before asks for few.
"""

from __future__ import annotations

import pickle
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from interlock.checker.diagnostics import Span
from interlock.checker.ir.nodes import ModelErrorKind
from interlock.checker.ir.scalar import (
    ErrorSite,
    Node,
    Op,
    ScalarAction,
    ScalarProperty,
    ScalarSystem,
    later_action,
    later_property,
    restored,
    topological,
)

_OPS: Final = tuple(Op)
_NUMBER: Final = {op: i for i, op in enumerate(_OPS)}
_KINDS: Final = tuple(ModelErrorKind)

Site = tuple[int, int, tuple[Any, ...]]  # of an error: its condition, its kind, and where it stands


def pack(system: ScalarSystem) -> bytes:
    """A system as bytes."""
    order = topological(_roots(system))
    place = {n.id: i for i, n in enumerate(order)}
    rows = [(_NUMBER[n.op], n.boolean, n.lo, n.hi, n.arg, tuple(place[c.id] for c in n.src)) for n in order]
    packing = _Packing(place)
    return pickle.dumps(
        (
            rows,
            (system.leaves, system.state, system.wide),
            [packing.action(a) for a in system.initials],
            [packing.action(a) for a in system.actions],
            [packing.judged(p) for p in system.properties],
            None if system.terminal is None else packing.judged(system.terminal),
        ),
        pickle.HIGHEST_PROTOCOL,
    )


def unpack(data: bytes) -> ScalarSystem:
    """The system that `pack` made these bytes of."""
    rows, (leaves, state, wide), initials, actions, properties, terminal = pickle.loads(data)
    nodes = _Nodes(rows)
    return ScalarSystem(
        leaves=leaves,
        initials=tuple(_action(nodes, *a) for a in initials),
        actions=tuple(_action(nodes, *a) for a in actions),
        properties=tuple(_property(nodes, *p) for p in properties),
        terminal=None if terminal is None else _property(nodes, *terminal),
        state=state,
        wide=wide,
    )


def _roots(system: ScalarSystem) -> Iterable[Node]:
    for a in (*system.initials, *system.actions):
        yield from a.guards
        yield from (e.condition for e in a.errors)
        yield from a.updates.values()
    for p in (*system.properties, *(() if system.terminal is None else (system.terminal,))):
        yield from (p.value, *(e.condition for e in p.errors), *p.goals)


class _Packing:
    """Writes expressions as their positions."""

    def __init__(self, place: Mapping[int, int]) -> None:
        self._place = place

    def action(self, a: ScalarAction) -> tuple[Any, ...]:
        """An action: what is told of it at once, and its expressions."""
        at_once = (a.name, a.fault, a.params, a.param_leaves, a.param_offsets), (a.off, a.erring)
        updates = [(leaf, self._place[n.id]) for leaf, n in a.updates.items()]
        return (*at_once, (self._all(a.guards), self._sites(a.errors), updates))

    def judged(self, p: ScalarProperty) -> tuple[Any, ...]:
        """A property, in the same way."""
        return (p.name, p.kind, p.fires, p.params), (self._place[p.value.id], self._sites(p.errors), self._all(p.goals))

    def _all(self, nodes: Iterable[Node]) -> list[int]:
        return [self._place[n.id] for n in nodes]

    def _sites(self, sites: Iterable[ErrorSite]) -> list[Site]:
        def where(s: Span) -> tuple[Any, ...]:
            return s.file, s.line, s.column, s.end_line, s.end_column

        return [(self._place[e.condition.id], _KINDS.index(e.kind), where(e.span)) for e in sites]


class _Nodes:
    """Makes expressions of their positions, each once, with what is below it."""

    def __init__(self, rows: Sequence[tuple[Any, ...]]) -> None:
        self._rows = rows
        self._made: list[Node | None] = [None] * len(rows)

    def at(self, position: int) -> Node:
        """The expression at a position."""
        made, stack = self._made, [position]
        while stack:
            i = stack[-1]
            if made[i] is None:
                op, boolean, lo, hi, arg, src = self._rows[i]
                missing = [k for k in src if made[k] is None]
                if missing:
                    stack.extend(missing)
                    continue
                below: Any = tuple([made[k] for k in src])
                made[i] = restored(_OPS[op], below, arg, boolean, lo, hi)
            stack.pop()
        node = made[position]
        assert node is not None
        return node

    def sites(self, sites: Iterable[Site]) -> tuple[ErrorSite, ...]:
        """Errors."""
        return tuple(ErrorSite(self.at(c), _KINDS[kind], Span(*where)) for c, kind, where in sites)


def _action(nodes: _Nodes, head: tuple[Any, ...], said: tuple[bool, bool], parts: tuple[Any, ...]) -> ScalarAction:
    def expressions() -> dict[str, Any]:
        guards, errors, updates = parts
        return {
            "guards": tuple(map(nodes.at, guards)),
            "errors": nodes.sites(errors),
            "updates": {leaf: nodes.at(i) for leaf, i in updates},
        }

    return later_action(head, said, expressions)


def _property(nodes: _Nodes, head: tuple[Any, ...], parts: tuple[Any, ...]) -> ScalarProperty:
    def expressions() -> dict[str, Any]:
        value, errors, goals = parts
        return {"value": nodes.at(value), "errors": nodes.sites(errors), "goals": tuple(map(nodes.at, goals))}

    return later_property(head, expressions)
