"""What is known at one place inside a function: its names, their types, and what is not None there?

Rule of the module: knowledge alone.  Narrowing (`x is not None`) is kept as facts about names and field chains of values,
the ones a type checker of Python would accept.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeAlias

import attrs

from interlock.checker.ir import nodes as n
from interlock.checker.ir.types import Type

Fact: TypeAlias = tuple[str, ...]


@attrs.define
class Function:
    """What is known inside one function while its text is read."""

    name: str
    state: str | None = None  # the state that actions may change
    states: frozenset[str] = frozenset()  # parameters that are states
    is_action: bool = False
    names: dict[str, str] = attrs.field(factory=dict)  # as written -> unique
    types: dict[str, Type] = attrs.field(factory=dict)  # unique name -> type
    assigned: set[str] = attrs.field(factory=set)  # unique names that surely have a value
    facts: set[Fact] = attrs.field(factory=set)  # places that are surely not None
    poisoned: set[str] = attrs.field(factory=set)
    read_only: set[str] = attrs.field(factory=set)
    calls: set[str] = attrs.field(factory=set)

    def bind(self, written: str, type_: Type) -> str:
        """A fresh unique name for a variable, visible from here on."""
        unique, i = written, 2
        while unique in self.types:
            unique, i = f"{written}#{i}", i + 1
        self.names[written] = unique
        self.types[unique] = type_
        self.assigned.add(unique)
        return unique

    def forget(self, root: str) -> None:
        """A variable has another value from here on."""
        self.facts = {fact for fact in self.facts if fact[0] != root}

    @contextmanager
    def part(self) -> Iterator[None]:
        """Read a part whose names and facts end with it."""
        names, facts = dict(self.names), set(self.facts)
        try:
            yield
        finally:
            self.names, self.facts = names, facts

    @contextmanager
    def knowing(self, facts: set[Fact]) -> Iterator[None]:
        """Read something under more facts."""
        before = set(self.facts)
        self.facts |= facts
        try:
            yield
        finally:
            self.facts = before


def fact_of(e: n.Expr) -> Fact | None:
    """The name of a place whose being None can be remembered."""
    match e:
        case n.Local():
            return (e.name,)
        case n.Field():
            base = fact_of(e.record)
            return None if base is None else (*base, e.name)
        case n.Unwrap():
            return fact_of(e.value)
        case _:
            return None


def learn(e: n.Expr, truth: bool) -> set[Fact]:
    """What is surely not None when the condition is true (or false)."""
    match e:
        case n.IsNone() if not truth:
            fact = fact_of(e.value)
            return set() if fact is None else {fact}
        case n.Not():
            return learn(e.value, not truth)
        case n.And() if truth:
            return set().union(*(learn(i, True) for i in e.items))
        case n.Or() if not truth:
            return set().union(*(learn(i, False) for i in e.items))
        case _:
            return set()
