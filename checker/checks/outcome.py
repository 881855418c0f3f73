"""What came of one check?  The data of a result, as every report shows it.

Rule of the module: data alone; how it came about is elsewhere.  What was not looked for is None or empty.
"""

from __future__ import annotations

import builtins
import enum
from collections.abc import Mapping
from pathlib import Path

import attrs

from interlock.checker.checks.survey import Told
from interlock.checker.contract import Coverage, Ended
from interlock.checker.ir.claims import Kind
from interlock.checker.trace.trace import Trace


class Standing(enum.Enum):
    """Whether a check passes, and if not, whose the fault may be."""

    AS_EXPECTED = "as expected"
    DIFFERS = "unexpected"
    HOLLOW = "hollow"  # as expected, and worth nothing: what `--strict` looks for
    UNDECIDED = "undecided"
    DEFECT = "defect"  # of Interlock


@attrs.frozen(eq=False)
class Other:
    """Something beside the first violation that is violated too; without a trace where nothing is, or does, it."""

    name: str
    steps: int | None
    trace: Trace | None = None
    trace_file: str | None = None
    missing: str = "no reachable state has it"


@attrs.frozen
class Sampled:
    """What random walks took of an action: how often, how many of its instances, and how many it has."""

    name: str
    taken: int
    instances_taken: int
    instances: int


@attrs.frozen(eq=False)
class Ways:
    """Counterexamples of one thing that differ in their actions: the first is told elsewhere, `more` are the others.

    `actions`: those of the first; `by`: those of each other.  `fewer`: why there are not as many as were asked for.
    """

    name: str
    actions: tuple[str, ...]
    more: tuple[Other, ...]
    by: tuple[tuple[str, ...], ...]
    fewer: str


@attrs.frozen
class Hollow:
    """Something of a check that says nothing: what it is about, its name, why, and what to write instead."""

    about: str  # claim, action, fault or check
    name: str
    why: str
    help: str

    def __str__(self) -> str:
        return f"{self.why}; {self.help}"


@attrs.frozen
class Strictness:
    """What is hollow in a check, and why that may not be all of it; empty where all was judged."""

    hollow: tuple[Hollow, ...] = ()
    unknown: str = ""


@attrs.frozen(eq=False)
class Result:
    """The outcome of one check, as every report shows it.

    `kind` is that of the verdict, None where Interlock failed on the check; `expects` is what the spec asks for.
    `differs`: something is other than expected; `undecided`: something that was asked is open; a check may be both.
    `missing`: what there is nothing of, where a violation has no trace.
    `strict`: what was found of a check that is to be worth something; None where nobody asked.
    `ended`: what ended the run before everything was judged; `every`: whether all that is violated was asked for.
    """

    spec: str
    line: int
    check: str
    property: str | None
    expected: str
    expects: Kind
    verdict: str
    kind: Kind | None
    differs: bool
    undecided: bool
    engine: str
    workers: int
    total_seconds: float
    coverage: Coverage = Coverage()
    message: str = ""
    missing: str = ""
    trace: Trace | None = None
    witnesses: Mapping[str, Trace] = attrs.field(factory=dict)
    trace_file: str | None = None
    witness_files: Mapping[str, str] = attrs.field(factory=dict)
    fired: tuple[str, ...] = ()
    never_fired: tuple[str, ...] = ()
    off: tuple[str, ...] = ()  # actions that are disabled whatever the state, for the constants of the check
    actions: tuple[Sampled, ...] = ()  # of random walks
    other_engine: bool = False  # than the spec says
    others: tuple[Other, ...] = ()
    ways: tuple[Ways, ...] = ()
    distinct: int | None = None  # how many were asked for
    covered: Told | None = None
    ended: Ended | None = None
    every: bool = False
    models: tuple[Path, ...] = ()  # the folders in which the models were looked for first
    strict: Strictness | None = None
    going_on: str = ""  # the command that goes on with a search that ended undecided

    @builtins.property  # `property` is a field here
    def standing(self) -> Standing:
        """Where the check stands: what is worst, where several things could be said of it."""
        if self.kind is None:
            return Standing.DEFECT
        if self.differs:
            return Standing.DIFFERS
        if self.strict is not None and self.strict.hollow and not self.undecided:
            return Standing.HOLLOW
        return Standing.UNDECIDED if self.undecided else Standing.AS_EXPECTED

    @builtins.property
    def as_expected(self) -> bool:
        """Whether the check passes."""
        return self.standing is Standing.AS_EXPECTED

    @builtins.property
    def unjudged(self) -> str:
        """Why there may be more that is violated, in words; empty where all of it was judged."""
        return self.ended.text if self.kind is Kind.VIOLATED and self.ended is not None else ""


def exhausted(result: Result) -> bool:
    """Whether every reachable state was expanded, so that what was not enabled never is."""
    return result.kind is Kind.HOLDS or result.coverage.frontier == 0
