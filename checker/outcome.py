"""What came of one check?  The data of a result, as every report shows it.

Rule of the module: data alone; how it came about is elsewhere.  What was not looked for is None or empty.
"""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from checker.engines.contract import Coverage
from checker.survey import Told
from checker.trace.trace import Trace


@attrs.frozen(eq=False)
class Other:
    """Something beside the first violation that is violated too; without a trace where no state has it."""

    name: str
    steps: int | None
    trace: Trace | None = None
    trace_file: str | None = None


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


@attrs.frozen(eq=False)
class Result:
    """The outcome of one check, as every report shows it.

    `defect`: Interlock failed on it, so there is no verdict.  `unjudged`: why there may be more that is violated.
    """

    spec: str
    line: int
    check: str
    property: str | None
    expected: str
    verdict: str
    as_expected: bool
    undecided: bool
    engine: str
    workers: int
    total_seconds: float
    coverage: Coverage = Coverage()
    message: str = ""
    trace: Trace | None = None
    witnesses: Mapping[str, Trace] = attrs.field(factory=dict)
    trace_file: str | None = None
    witness_files: Mapping[str, str] = attrs.field(factory=dict)
    fired: tuple[str, ...] = ()
    never_fired: tuple[str, ...] = ()
    actions: tuple[Sampled, ...] = ()  # of random walks
    other_engine: bool = False  # than the spec says
    others: tuple[Other, ...] = ()
    ways: tuple[Ways, ...] = ()
    distinct: int | None = None  # how many were asked for
    covered: Told | None = None
    unjudged: str = ""
    defect: bool = False
    going_on: str = ""  # the command that goes on with a search that ended undecided


def exhausted(result: Result) -> bool:
    """Whether every reachable state was expanded, so that what was not enabled never is."""
    return result.verdict == "Holds" or result.coverage.frontier == 0
