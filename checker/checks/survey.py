"""What did a search cover, in the words of the model?  The questions of a check, and the answers beside its text.

Rule of the module: engines count, and here is said what was counted.  Never enabled, and vacuous, is said only of
states that were searched; of a search that ended early the report says so.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Final

import attrs

from interlock.checker.contract import Asked, Coverage, Surveyed
from interlock.checker.diagnostics import InputError, Span
from interlock.checker.ir.claims import Check
from interlock.checker.ir.nodes import Param, Property, PropertyKind
from interlock.checker.ir.scalar import FALSE, Node, ScalarAction, ScalarSystem, and_
from interlock.checker.ir.types import cardinality
from interlock.checker.passes import gates
from interlock.checker.passes.gates import Gate, Passing
from interlock.checker.words import spaced

_CLAIMS = (PropertyKind.ALWAYS, PropertyKind.STEP)


@attrs.frozen
class Taken:
    """An action: the steps it takes, and the states that have a shortest path which ends with it."""

    action: str
    fault: str | None
    fired: int
    new: int


@attrs.frozen
class Stopped:
    """The first condition that nothing passes: before what an action does, or before what a property claims.

    `reached`: how many come to it, of what `unit` says.
    """

    name: str
    text: str
    span: Span
    passing: Passing
    reached: int
    unit: str

    @property
    def said(self) -> str:
        """What stops, without the name of what it stops."""
        unit = self.unit.removesuffix("s") if self.reached == 1 else self.unit
        reach = "reaches" if self.reached == 1 else "reach"
        return f"{spaced(self.reached)} {unit} {reach} `{self.text}` ({self.span}), {_OUTCOME[self.passing]}"

    def __str__(self) -> str:
        return f"{self.name} - {self.said}"


_OUTCOME: Final = {
    Passing.REQUIRED: "none pass",
    Passing.RIGHT: "all are errors of the model",
    Passing.TRUE: "it is true in none",
    Passing.FALSE: "it is false in none",
    Passing.ITEM: "it has an item in none",
}


@attrs.frozen
class Told:
    """What a result says of coverage.  None: not asked for, or (of `blocked`, `vacuous`) not answered.

    `below`: only the states of fewer steps were looked at; `states`: how many there were.
    `left`: which claims were not looked at, and why; the notes have it too.
    """

    states: int
    below: int | None
    taken: tuple[Taken, ...] | None
    blocked: tuple[Stopped, ...] | None
    vacuous: tuple[Stopped, ...] | None
    notes: tuple[str, ...] = ()
    left: tuple[str, ...] = ()


class Questions:
    """What is asked of the search of one check.

    `coverage`: everything; otherwise what actions that never fired wait for, with `claims` whether a property is
    vacuous, and with `off` also of actions that constants switch off.
    """

    def __init__(self, check: Check, system: ScalarSystem, *, coverage: bool, claims: bool, off: bool) -> None:
        self.check, self.system, self.looks, self.off = check, system, coverage or claims, off
        self.actions = check.program.allowed(check.faults)
        self.gates: dict[int, tuple[tuple[Gate, tuple[int, int]], ...]] = {}  # with the numbers of their questions
        self.notes: list[str] = []
        self.claims: list[tuple[Property, tuple[Gate, ...]]] = []
        asked: list[ScalarAction] = []
        for p in check.properties if self.looks else ():
            if p.kind in _CLAIMS:
                found = self._claims(p)
                self.claims.append((p, found))
                asked += [q for gate in found for q in self._of_claim(p, gate)]
        self.asked = Asked(coverage, self._of_action, tuple(asked))

    def _of_action(self, number: int) -> tuple[ScalarAction, ...]:
        """For each gate of an action, how many come to it and how many pass; what is asked twice is asked once."""
        if not self.off and self.system.actions[number].guards == (FALSE,):
            return ()
        action = self.actions[number]
        of = gates.of_action(self.check.program, action)
        asked: dict[int, tuple[int, tuple[Node, ...]]] = {}  # by the conjunction: its number, and its parts

        def ask(conditions: tuple[Node, ...]) -> int:
            return asked.setdefault(and_(conditions).id, (len(asked), conditions))[0]

        places: list[tuple[int, int]] = []
        for gate in of:
            before = () if gate.before is None else of[gate.before].conditions
            places.append((ask((*before, gate.reached)), ask((*gate.conditions, gate.reached))))
        self.gates[number] = tuple(zip(of, places, strict=True))
        return tuple(gates.question(action.params, conditions) for _, conditions in asked.values())

    def _claims(self, p: Property) -> tuple[Gate, ...]:
        try:
            return gates.of_property(self.check.program, p, self.check.helpers)
        except InputError as e:
            self.notes.append(f"whether {p.name} is vacuous was not looked at: {e.diagnostics[0].message}")
            return ()

    def _of_claim(self, p: Property, gate: Gate) -> tuple[ScalarAction, ...]:
        if p.kind is PropertyKind.STEP:
            return gates.of_steps(self.system, p, gate)
        return (gates.question(p.params, gate.conditions),)

    # --- answers -----------------------------------------------------------------------------------

    def told(self, coverage: Coverage, text: Callable[[Span], str]) -> Told | None:
        """What the answers say; `text` gives the text of a span."""
        found = coverage.survey
        if found is None:
            return None
        blocked: list[Stopped] = []
        for i, of in self.gates.items():
            action = self.actions[i]
            for gate, (comes, passes) in of if i in found.gates else ():
                reached, passed = found.gates[i][comes], found.gates[i][passes]
                if reached and not passed:
                    unit = _unit("state", action.params)
                    blocked.append(Stopped(action.name, text(gate.span), gate.span, gate.passing, reached, unit))
                    break
        return Told(
            states=found.states,
            below=found.below,
            taken=self._taken(found),
            blocked=tuple(blocked) if all(i in found.gates for i, of in self.gates.items() if of) else None,
            vacuous=self._vacuous(found, text),
            notes=(*self.notes, *found.unanswered),
            left=tuple(self.notes),
        )

    def _taken(self, found: Surveyed) -> tuple[Taken, ...] | None:
        if found.new is None:
            return None
        pairs = zip(self.actions, found.fired, found.new, strict=True)
        return tuple(Taken(a.name, a.fault, fired, new) for a, fired, new in pairs)

    def _vacuous(self, found: Surveyed, text: Callable[[Span], str]) -> tuple[Stopped, ...] | None:
        if not self.looks or (found.claims is None and self.asked.claims):
            return None
        answers = found.claims or ()
        stopped: list[Stopped] = []
        at = 0
        for p, of in self.claims:
            step = p.kind is PropertyKind.STEP
            each = len(self.system.actions) if step else 1
            counts = [sum(answers[at + each * k : at + each * (k + 1)]) for k in range(len(of))]
            at += each * len(of)
            first = (sum(found.fired) if step else found.states) * _count(p.params)
            stopped += _stopped(p.name, of, counts, first, _unit("step" if step else "state", p.params), text)
        return tuple(stopped)


def _stopped(
    name: str, of: Sequence[Gate], counts: Sequence[int], first: int, unit: str, text: Callable[[Span], str]
) -> Iterator[Stopped]:
    """The gates that something comes to and nothing passes; `first` come to those without a gate before."""
    for gate, passed in zip(of, counts, strict=True):
        reached = first if gate.before is None else counts[gate.before]
        if reached and not passed:
            yield Stopped(name, text(gate.span), gate.span, gate.passing, reached, unit)


def _unit(of: str, params: Sequence[Param]) -> str:
    return f"({of}, parameters)" if params else f"{of}s"


def _count(params: Sequence[Param]) -> int:
    return math.prod(cardinality(p.type) for p in params)
