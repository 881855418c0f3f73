"""What a spec file says, after the front end has read it: properties, checks and claims.

Rule of the module: plain frozen data; `expect` keeps what the author wrote, nothing is judged here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, TypeAlias

import attrs

from checker.diagnostics import Span
from checker.ir.nodes import Function, Module, Program, Property
from checker.ir.types import Value


@attrs.frozen
class ExpectHolds:
    """`Holds(distinct=, depth=, transitions=, steps=)`; `steps`: of the shortest witness of a property, by its name."""

    distinct: int | None = None
    depth: int | None = None
    transitions: int | None = None
    steps: Mapping[str, int] | None = None


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
    """`Violated(property, steps=, distinct=, first=)`; property "deadlock" or "model error" for those.

    `first`: the search ends at the first violation, and nothing is claimed of any other.
    """

    property: str
    steps: int | None = None
    distinct: int | None = None
    first: bool = False


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
    `engine_span` is where the engine is named, or the call where it is not.
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
    engine_span: Span
    about: str = ""


# The members of `model.lang.Finding`, where each is explained.
FINDINGS: Final = ("CONFIRMED", "UNSTATED_CONDITION", "GAP", "DIFFERS", "REFUTED")


@attrs.frozen
class Claim:
    """One `claim(...)` call of a spec file: what a document says, and what the checks found of it.

    `finding` is a name of `FINDINGS`; `decided_by` are names of checks of the same spec, at least one.
    """

    id: str
    source: str
    says: str
    finding: str
    decided_by: tuple[str, ...]
    because: str
    span: Span


@attrs.frozen(eq=False)
class Spec:
    """A spec file that was accepted: its checks and claims in order; `module` is its text (its checks are never executed).

    `modules` are the files it imports, models and others, dependencies first: replay needs them all.
    """

    path: str
    module: Module
    doc: str
    checks: tuple[Check, ...]
    modules: tuple[Module, ...] = ()
    claims: tuple[Claim, ...] = ()


Constants: TypeAlias = Mapping[str, Value]
