"""What is a trace?  A path that was replayed in plain Python, with everything needed to show and repeat it.

Rule of the module: plain frozen data; only `interlock.checker.trace.replay` makes one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

from interlock.checker.contract import Trouble
from interlock.checker.diagnostics import NOWHERE, Span
from interlock.checker.ir.nodes import Param, PropertyKind
from interlock.checker.ir.types import Type, Value
from interlock.checker.trace.loader import paste


@attrs.frozen
class Call:
    """An action (or a property) with the values of its parameters."""

    name: str
    params: tuple[Param, ...] = ()
    arguments: tuple[Value, ...] = ()

    def __str__(self) -> str:
        given = zip(self.params, self.arguments, strict=True)
        return f"{self.name}({', '.join(f'{p.name}={paste(p.type, v)}' for p, v in given)})"

    def named(self) -> str:
        """The name, and the values of the parameters where there are any."""
        return str(self) if self.params else self.name


@attrs.frozen
class TraceStep:
    """One step: what was done, the fault it belongs to, and the state it led to."""

    call: Call
    fault: str | None
    after: Value


@attrs.frozen
class Conjunct:
    """A part of a property that is false, or with `truth` a condition that leads there and is true.

    Its text, its place, and what its variables and operands are.
    """

    text: str
    span: Span = NOWHERE
    values: str = ""
    truth: bool = False


@attrs.frozen
class Ending:
    """Why the trace ends where it does.

    `trouble` is None for a witness.  `claim` is the property with parameters that make it false (for
    a witness: true).  `error` and `failing` belong to an error of the model.  `recheck` says what a second
    search made of a RECOVERABLE property, and is empty for the others.
    """

    trouble: Trouble | None
    claim: Call | None = None
    kind: str = ""  # of the property: always, step, reachable, recoverable, fires
    conjuncts: tuple[Conjunct, ...] = ()
    failing: Call | None = None
    fault: str | None = None
    error: str = ""
    recheck: str = ""

    @property
    def instance(self) -> str:
        """The claim with its parameters; of a claim that has none, as that an action fires, its name."""
        if self.claim is None:
            return ""
        return self.claim.name if self.kind == PropertyKind.FIRES.value else str(self.claim)


@attrs.frozen(eq=False)
class Trace:
    """A replayed path of one check."""

    program: str
    spec: str
    check: str
    constants: Mapping[str, str]
    faults: frozenset[str]
    state: Type
    initial: Value
    initial_call: Call | None
    steps: tuple[TraceStep, ...]
    ending: Ending

    @property
    def states(self) -> tuple[Value, ...]:
        """All states, the initial one first."""
        return (self.initial, *(s.after for s in self.steps))

    def at(self, position: int) -> Any:
        """The state after the first n steps, 0 of them the initial state.  Raises IndexError where there are fewer."""
        return self.states[position]
