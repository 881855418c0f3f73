"""What a spec file says, after the front end has read it: properties and checks.

Rule of the module: plain frozen data; `expect` keeps what the author wrote, nothing is judged here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

import attrs

from checker.diagnostics import Span
from checker.ir.nodes import Function, Module, Program, Property
from checker.ir.types import Value


@attrs.frozen
class ExpectHolds:
    """`Holds(distinct=, depth=, transitions=)`."""

    distinct: int | None = None
    depth: int | None = None
    transitions: int | None = None


@attrs.frozen
class ExpectProved:
    """`Proved(k=)`."""

    k: int | None = None


@attrs.frozen
class ExpectNoneWithin:
    """`NoneWithin(steps)`."""

    steps: int


@attrs.frozen
class ExpectNoneSampled:
    """`NoneSampled(walks)`."""

    walks: int


@attrs.frozen
class ExpectViolated:
    """`Violated(property, steps=)`; property "deadlock" or "model error" for those."""

    property: str
    steps: int | None = None


@attrs.frozen
class ExpectUnknown:
    """`Unknown()`."""


Expectation: TypeAlias = (
    ExpectHolds | ExpectProved | ExpectNoneWithin | ExpectNoneSampled | ExpectViolated | ExpectUnknown
)


@attrs.frozen(eq=False)
class Check:
    """One `check(...)` call of a spec file, names resolved.

    `program` is the model with the check's constants; `properties` those that are checked, in the
    order of the file; `terminal` the predicate of `terminal=`, or None when deadlocks are not claimed.
    `constants` are the overrides, as written in the text (name -> Python source text of the value).
    """

    name: str
    program: Program
    constants: Mapping[str, str]
    faults: frozenset[str]
    engine: str
    properties: tuple[Property, ...]
    terminal: Function | None
    expect: Expectation
    options: Mapping[str, int]  # seed, walks, steps, depth, states
    slow: bool
    span: Span
    # The helpers that properties call are in `helpers`, those of the program included.
    helpers: Mapping[str, Function]


@attrs.frozen(eq=False)
class Spec:
    """A spec file that was accepted: its checks in order; `module` is its text (never executed)."""

    path: str
    module: Module
    doc: str
    checks: tuple[Check, ...]


Constants: TypeAlias = Mapping[str, Value]
