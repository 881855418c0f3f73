"""What a spec file says, after the front end has read it: properties, checks and claims.

Rule of the module: plain frozen data; `expect` keeps what the author wrote, nothing is judged here.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

import attrs

from interlock.checker.diagnostics import Span
from interlock.checker.ir.nodes import Function, Module, Program, Property
from interlock.checker.ir.types import Value


class Kind(enum.Enum):
    """What a verdict says; the value is its name in a spec."""

    HOLDS = "Holds"
    PROVED = "Proved"
    NONE_WITHIN = "NoneWithin"
    NONE_SAMPLED = "NoneSampled"
    VIOLATED = "Violated"
    UNKNOWN = "Unknown"


class Trouble(enum.Enum):
    """What a violation is, beside a property being false."""

    PROPERTY = "property"
    DEADLOCK = "deadlock"
    MODEL_ERROR = "model error"


class Said(enum.Enum):
    """What an argument of a verdict is."""

    NUMBER = "a number, which the run is to find"
    WRONG = "what is violated: a property, or the name of another trouble"
    LENGTHS = "how many steps the shortest witness of a property has, by the property's name"
    FIRST = "whether the search ends at the first violation"


@attrs.frozen
class Form:
    """How a spec writes a verdict: what its call takes in order and by name, and an example."""

    in_order: Mapping[str, Said]
    by_name: Mapping[str, Said]
    example: str

    @property
    def numbers(self) -> frozenset[str]:
        """The names of its numbers."""
        return frozenset(n for n, said in (*self.in_order.items(), *self.by_name.items()) if said is Said.NUMBER)


def _numbers(*names: str) -> dict[str, Said]:
    return dict.fromkeys(names, Said.NUMBER)


# The one table of verdicts and of what an author may write in them.
FORMS: Final[Mapping[Kind, Form]] = {
    Kind.HOLDS: Form({}, {**_numbers("distinct", "depth", "transitions"), "steps": Said.LENGTHS}, "Holds()"),
    Kind.PROVED: Form({}, _numbers("k"), "Proved()"),
    Kind.NONE_WITHIN: Form(_numbers("steps"), {}, "NoneWithin(20)"),
    Kind.NONE_SAMPLED: Form(_numbers("walks"), {}, "NoneSampled(1000)"),
    Kind.VIOLATED: Form(
        {"property": Said.WRONG}, {**_numbers("steps", "distinct"), "first": Said.FIRST}, "Violated(property, steps=3)"
    ),
    Kind.UNKNOWN: Form({}, {}, "Unknown()"),
}


@attrs.frozen
class Expectation:
    """The verdict that a check expects, with the numbers that its author wrote, by name.

    Of a violation: its trouble, the name of the property where it is one, and whether the search ends at the `first`,
    so that nothing is claimed of any other.  Of `Holds`: how many steps the shortest witness of a property has, by its
    name, which is its `steps=`.
    """

    kind: Kind
    numbers: Mapping[str, int] = attrs.field(factory=dict)
    trouble: Trouble = Trouble.PROPERTY
    property: str | None = None
    first: bool = False
    witnesses: Mapping[str, int] = attrs.field(factory=dict)


@attrs.frozen(eq=False)
class Body:
    """What a check is about, names resolved, under its constants.

    `program` is the model; `properties` those that are checked, in the order of the file; `terminal` the predicate of
    `terminal=`, or None when deadlocks are not claimed; `helpers` those that properties call, the program's included.
    """

    program: Program
    properties: tuple[Property, ...]
    terminal: Function | None
    helpers: Mapping[str, Function]

    def itself(self) -> Body:
        """Its own reading: it is there."""
        return self


@attrs.frozen(eq=False)
class Check:
    """One `check(...)` call of a spec file.

    `read` gives its body, which may lie in the cache until then (`frontend/kept.py`).
    `constants` are the overrides, as written in the text (name -> Python source text of the value).
    `engine_span` is where the engine is named, or the call where it is not.
    `key` names the body by the content of all files that it was read from, where that is known.
    """

    name: str
    constants: Mapping[str, str]
    faults: frozenset[str]
    engine: str
    expect: Expectation
    options: Mapping[str, int]  # seed, walks, steps, depth, states
    slow: bool
    span: Span
    engine_span: Span
    read: Callable[[], Body]
    about: str = ""
    strict: bool | None = None  # None leaves it to the command line
    key: str | None = None

    @property
    def body(self) -> Body:
        """What the check is about."""
        return self.read()

    @property
    def program(self) -> Program:
        """The model with the check's constants."""
        return self.body.program

    @property
    def properties(self) -> tuple[Property, ...]:
        """The properties that are checked."""
        return self.body.properties

    @property
    def terminal(self) -> Function | None:
        """The predicate of `terminal=`, if deadlocks are claimed."""
        return self.body.terminal

    @property
    def helpers(self) -> Mapping[str, Function]:
        """The helpers that properties call, those of the program included, by key."""
        return self.body.helpers

    def of(self, body: Body) -> Check:
        """The same call about something else, which has no key."""
        return attrs.evolve(self, read=body.itself, key=None)


# The members of `interlock.Finding`, where each is explained.
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
