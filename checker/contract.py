"""What every engine takes and gives: a task within a budget, a verdict with what was covered.

Rule of the module: a verdict never says more than the run did.  `Holds` only after every reachable
state was seen; `Proved` only with an invariant that was checked again; a budget of time, memory or states
that ends a run gives `Unknown`; a bounded search that found nothing, a budget of depth included, gives
`NoneWithin` or `NoneSampled`.
Engines find paths, they do not judge them: every path is replayed in plain Python before it is shown.
"""

from __future__ import annotations

import builtins
import enum
import time
from collections.abc import Callable, Mapping
from pathlib import Path as FilePath
from typing import Any, ClassVar, Final, Protocol, TypeAlias

import attrs

from interlock.checker.ir.claims import Kind
from interlock.checker.ir.claims import Trouble as Trouble
from interlock.checker.ir.scalar import ScalarAction, ScalarSystem
from interlock.checker.ir.types import Value
from interlock.checker.semantics.meaning import Meaning
from interlock.checker.watch import TimeUp
from interlock.checker.words import counted


class Cause(enum.Enum):
    """What ended a run before everything was judged."""

    TIME = "time"
    MEMORY = "memory"
    STATES = "states"
    DEPTH = "depth"
    INTERRUPTED = "interrupted"
    DISK = "disk"
    BOUND = "bound"  # how far the engine goes of itself, or as the check says with `steps=`
    FIRST = "first"  # it ends at the first violation, and nobody asked for more
    ENGINE = "engine"  # it could not go on; the text says why


@attrs.frozen
class Ended:
    """Why a run ended before everything was judged: the cause, and the reason in words."""

    cause: Cause
    text: str

    def __str__(self) -> str:
        return self.text


def ended(reason: Ended | str) -> Ended:
    """A reason; one that is given as text alone is the engine's own."""
    return reason if isinstance(reason, Ended) else Ended(Cause.ENGINE, reason)


INTERRUPTED: Final = Ended(Cause.INTERRUPTED, "interrupted")


RATED: Final = 1.0  # seconds of a search, from which on its rate says something


@attrs.frozen
class Budget:
    """Limits of a run; None is no limit.  Seconds, bytes, distinct states, steps.

    `spare`: nobody asked for this much memory; it is what the machine has to spare.
    """

    seconds: float | None = None
    memory: int | None = None
    states: int | None = None
    depth: int | None = None
    spare: bool = False

    @property
    def memory_reached(self) -> Ended:
        """Why a run ended, where the memory budget ended it."""
        told = " (most of what was free here; `--memory` sets another)" if self.spare else ""
        return Ended(Cause.MEMORY, f"memory budget of {shown(self.memory or 0)} reached{told}")

    def over(self, up: TimeUp) -> Ended:
        """Why a run ended for which there was no more time."""
        return INTERRUPTED if up.interrupted else self.time_reached

    @property
    def time_reached(self) -> Ended:
        """Why a run ended, where the time budget ended it."""
        return Ended(Cause.TIME, f"time budget of {self.seconds:g} s reached")

    @property
    def states_reached(self) -> Ended:
        """Why a run ended, where the budget of states ended it."""
        return Ended(Cause.STATES, f"states budget of {self.states} reached")

    @property
    def depth_reached(self) -> Ended:
        """Why a run ended, where the budget of depth ended it."""
        return Ended(Cause.DEPTH, f"depth budget of {self.depth} reached")


def shown(size: int) -> str:
    """Bytes in the largest unit that takes at most one decimal."""
    for unit, name in ((1 << 40, "TiB"), (1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")):
        if size >= unit and size * 10 % unit == 0:
            return f"{size / unit:g} {name}"
    return counted(size, "byte") if size < 1 << 20 else f"{size / (1 << 20):.1f} MiB"


@attrs.frozen
class Step:
    """One step of a path: which action of the system, with which parameter values."""

    action: int
    params: tuple[Value, ...]


@attrs.frozen
class Path:
    """A path an engine found: an initial state (as leaves) and the steps from it.

    start: the initial action that leads to that state, by position among the system's, with its parameters; None
    where the path begins anywhere, as one that refutes an induction does.
    """

    initial: tuple[int, ...]
    steps: tuple[Step, ...]
    start: Step | None = None


@attrs.frozen(eq=False)
class Asked:
    """What is counted over the states that a search expanded, beside its verdict.

    A question is an action that is never taken: how many (state, parameters) enable it is the answer.
    `new`: count the states newly reached by each action; it costs a second pass over all states.
    `gates`: the questions about an action that never fired, by its position in the system.
    `claims`: the questions about the properties.
    """

    new: bool = False
    gates: Callable[[int], tuple[ScalarAction, ...]] = lambda _: ()
    claims: tuple[ScalarAction, ...] = ()


@attrs.frozen
class Surveyed:
    """The answers.  `below`: of the states of fewer steps, where the search ended before it had expanded all.

    states: how many those are.  fired: the steps that actions take from them.  new: by action, the states that
    have a shortest path which ends with it, so one may count for several; None where it was not asked for.
    gates: by action that never fired; claims: each in the order of the questions.
    unanswered: why something was not counted.
    """

    states: int
    below: int | None = None
    fired: tuple[int, ...] = ()
    new: tuple[int, ...] | None = None
    gates: Mapping[int, tuple[int, ...]] = attrs.field(factory=dict)
    claims: tuple[int, ...] | None = None
    unanswered: tuple[str, ...] = ()


class Disagreement(Exception):
    """Compiled code and the evaluator do not say the same: a defect of Interlock or of a compiler, so there is no
    verdict.  `data` (as JSON) is what is needed to repeat it."""

    def __init__(self, message: str, data: Mapping[str, Any]) -> None:
        super().__init__(message)
        self.data = data


@attrs.frozen
class NotJudged:
    """A property that a run did not judge, and why."""

    property: str
    reason: str

    def __str__(self) -> str:
        return f"{self.property} was not judged: {self.reason}"


@attrs.frozen
class Coverage:
    """What a run covered.  Numbers that an engine does not have are None.

    states: distinct reachable states found, the initial ones included; transitions: enabled action
    instances of expanded states (self-loops and repeats count); depth: steps of the longest shortest
    path so far; terminal: expanded states without any enabled action;
    fired: how often each action was taken, by position in the system.
    Of a simulation: walks, the one that a violation ended included; steps, all together; longest: the most steps
    of a walk; instances: by action, how many of its instances were ever taken, and how many it has.
    All of them are of the model, also where the search was reduced: each orbit counts as its states.
    """

    states: int | None = None
    transitions: int | None = None
    depth: int | None = None
    terminal: int | None = None
    witnessed: Mapping[str, int] | None = (
        None  # by REACHABLE property, as far as found: the steps of a shortest witness
    )
    fired: tuple[int, ...] | None = None
    walks: int | None = None
    steps: int | None = None
    longest: int | None = None
    instances: tuple[tuple[int, int], ...] | None = None
    orbits: int | None = None  # of a search reduced by symmetry: the states it kept, one for each orbit
    symmetry: tuple[str, ...] = ()  # the scalarsets it was reduced by
    frontier: int | None = None  # states kept but not expanded when the run ended
    bits_per_state: int | None = None
    bytes_per_state: float | None = None
    search_seconds: float | None = None
    peak_memory: int | None = None
    seed: int | None = None
    survey: Surveyed | None = None  # where the task asked for one
    checkpoint: str | None = None  # the file that another run can go on from
    level_expanded: float | None = None  # while a search goes on: how much of the level at hand, from 0 to 1
    memory_budget: int | None = None  # while it goes on
    compared: int | None = None  # states on which the compiled code was compared with the evaluator, now or before
    last_time: int | None = None  # while it goes on: how many states its last run kept in all
    not_judged: tuple[NotJudged, ...] = ()  # properties of the task that the verdict says nothing about
    notes: tuple[str, ...] = ()

    @builtins.property
    def kept(self) -> int | None:
        """The states that a search keeps: those of the model, or one of each orbit."""
        return self.states if self.orbits is None else self.orbits

    @builtins.property
    def states_per_second(self) -> float | None:
        """How many of them a second; None where nothing is kept, or too short a time to say so."""
        if self.kept is None or self.search_seconds is None or self.search_seconds < RATED:
            return None
        return self.kept / self.search_seconds


@attrs.frozen
class Holds:
    """Every reachable state was seen, for these constants, and everything claimed is so.

    `witnesses` has a shortest path for each REACHABLE property.
    """

    kind: ClassVar[Kind] = Kind.HOLDS

    coverage: Coverage
    witnesses: Mapping[str, Path] = attrs.field(factory=dict)


@attrs.frozen
class Proved:
    """Invariant at any depth: k-inductive with this k, checked again by a fresh solver."""

    kind: ClassVar[Kind] = Kind.PROVED

    coverage: Coverage
    k: int
    properties: tuple[str, ...] = ()


@attrs.frozen
class NoneWithin:
    """No violation within the steps that the coverage says; says nothing beyond them."""

    kind: ClassVar[Kind] = Kind.NONE_WITHIN

    coverage: Coverage
    steps: int


@attrs.frozen
class NoneSampled:
    """No violation on the random walks that the coverage counts; says nothing about others."""

    kind: ClassVar[Kind] = Kind.NONE_SAMPLED

    coverage: Coverage
    walks: int


@attrs.frozen
class Violated:
    """Something claimed is not so.

    trouble PROPERTY: `property` is the name.  ALWAYS: false in the last state of `path`.  STEP: false
    of its last step.  REACHABLE: `path` is None, no reachable state has it (exhaustive).  RECOVERABLE:
    from the last state of `path` no path leads to the wanted state, with these `params` (exhaustive).
    DEADLOCK: the last state has no enabled action and is not declared terminal (`property` is the
    name of the terminal predicate).  MODEL_ERROR: after `path`, the action `error_step` with these
    parameters is an error of the model; or, with `error_step` None, evaluating `property` in the last
    state is.  With `path` None no run begins: the initial action `error_step` is an error of the model with these
    parameters; or, with `error_step` None, there is no initial state.
    others: where the task asks for `every` violation, what else is violated, each with a shortest path of
    its own.  ended: why that may not be all that is violated; None where all that is claimed was judged.
    more: where the task asks for `distinct` ones, further counterexamples of the same thing
    (`engines/distinct.py` says which differ); fewer: why there are not as many as were asked for.
    """

    kind: ClassVar[Kind] = Kind.VIOLATED

    coverage: Coverage
    trouble: Trouble
    property: str | None
    path: Path | None
    error_step: Step | None = None
    params: tuple[Value, ...] = ()
    others: tuple[Violated, ...] = ()
    ended: Ended | None = None
    more: tuple[Violated, ...] = ()
    fewer: str = ""

    @builtins.property  # `property` is a field here
    def unjudged(self) -> str:
        """Why there may be more that is violated, in words; empty where all that is claimed was judged."""
        return "" if self.ended is None else self.ended.text

    def used(self) -> frozenset[int]:
        """The actions that the counterexample uses, by position: those of its path, and the one that is an error."""
        if self.path is None:
            return frozenset()
        return frozenset(s.action for s in (*self.path.steps, *((self.error_step,) if self.error_step else ())))

    def begins_nowhere(self) -> bool:
        """Whether the violation is an error of the model that has no path, since no run begins."""
        return self.trouble is Trouble.MODEL_ERROR and self.path is None


@attrs.frozen
class Unknown:
    """Undecided: `ended` says why; `cti` is a counterexample to induction (states as leaves) where there is one."""

    kind: ClassVar[Kind] = Kind.UNKNOWN

    coverage: Coverage
    ended: Ended = attrs.field(converter=ended)
    property: str | None = None
    cti: tuple[tuple[int, ...], ...] | None = None
    cti_steps: tuple[Step, ...] = ()

    @builtins.property  # `property` is a field here
    def reason(self) -> str:
        """Why it is undecided, in words."""
        return self.ended.text


def no_beginning(start: Step | None) -> Violated:
    """No run begins: an initial action is an error of the model, or, with None, there is no initial state."""
    return Violated(Coverage(), Trouble.MODEL_ERROR, None, None, start)


Verdict: TypeAlias = Holds | Proved | NoneWithin | NoneSampled | Violated | Unknown


@attrs.frozen
class Checkpoint:
    """The file that a search is saved to while it runs, and goes on from where it is there.

    `every`: how many seconds lie between two times, at least; more where writing takes long.
    """

    file: FilePath
    every: float = 300.0


@attrs.frozen(eq=False)
class Task:
    """One check for an engine: the system (it holds the properties), the budget, the options.

    `meaning` is what the compiled code is compared with; None: the system's own expressions.
    `started` is when the check started (`time.monotonic`): the budget of time runs from there, so it includes
    compilation.  `every` asks for all that is violated instead of the first violation.
    `distinct`: how many counterexamples of each thing that is violated, which differ in their actions.
    `symmetry`: whether one state of an orbit stands for all, where that is shown to be sound; None: where it pays.
    `asked`: what is to be counted over the states when the search is over.
    `spill`: the folder where states are kept for which the budget of memory has no room; without it that ends the run.
    `progress` is called now and then with what was covered so far (about twice a second).
    `interrupted` is asked as often; when it returns true the engine stops and answers
    `Unknown(coverage, INTERRUPTED)` with what was covered.
    """

    system: ScalarSystem
    budget: Budget = Budget()
    seed: int = 0
    walks: int = 10_000  # simulate
    steps: int = 100  # simulate: longest walk; bmc and induction: the bound k
    workers: int = 1
    every: bool = False
    distinct: int = 1
    symmetry: bool | None = None
    asked: Asked | None = None
    meaning: Meaning | None = None
    checkpoint: Checkpoint | None = None
    spill: FilePath | None = None
    started: float = attrs.field(factory=time.monotonic)
    progress: Callable[[Coverage], None] = lambda _: None
    interrupted: Callable[[], bool] = lambda: False


def unbegun(reason: Ended, checkpoint: Checkpoint | None) -> Unknown:
    """What is said of a search that did not begin: nothing was covered, and what was saved before is there still."""
    saved = str(checkpoint.file) if checkpoint is not None and checkpoint.file.exists() else None
    return Unknown(Coverage(checkpoint=saved), reason)


class Engine(Protocol):
    """An engine: a name for the command line, the options it honours, and one method.

    `knows` names them as `check(...)` does, with `time` and `memory`; any other is refused, or said to be unused.
    """

    name: str
    knows: frozenset[str]

    def run(self, task: Task) -> Verdict:
        """Decide the task as far as the budget goes.  Raises InputError for what it cannot take on."""
        ...
