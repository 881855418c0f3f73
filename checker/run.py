"""What became of one check?  Scalarize, run an engine, replay its path, compare with the expectation.

Rule of the module: a verdict other than the expected one fails, in both directions, and so does a
number that the author wrote and the run did not find.  `Unknown` is undecided, never a failure of the
model: unless it was expected it ends in exit code 3.  No path leaves this module unreplayed.
"""

from __future__ import annotations

import contextlib
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path as FilePath
from typing import Any, Final

import attrs

from checker.diagnostics import NOWHERE, Diagnostic, InputError, did_you_mean
from checker.engines.contract import (
    Budget,
    Coverage,
    Engine,
    Holds,
    NoneSampled,
    NoneWithin,
    Path,
    Proved,
    Task,
    Trouble,
    Unknown,
    Verdict,
    Violated,
)
from checker.ir import claims
from checker.ir.claims import Check, Spec
from checker.ir.scalar import ScalarSystem
from checker.trace import itf
from checker.trace.replay import Claim, Judge, claim_of, judge
from checker.trace.trace import Trace

ENGINES: Final[Mapping[str, str]] = {
    "explore": "checker.engines.explore:Explore",
    "simulate": "checker.engines.simulate:Simulate",
    "bmc": "checker.engines.bmc:Bmc",
    "induction": "checker.engines.induction:Induction",
}


THREADS: Final = 1  # that an engine runs on, whatever `--workers` asks for


@attrs.frozen
class Overrides:
    """What the command line changes of a check; None leaves what the spec says."""

    engine: str | None = None
    workers: int = 1
    seconds: float | None = None
    memory: int | None = None
    states: int | None = None
    depth: int | None = None
    seed: int | None = None
    walks: int | None = None
    steps: int | None = None

    @property
    def bounds(self) -> bool:
        """Whether the command line set a bound, so that a bounded verdict says nothing against the spec."""
        return any(v is not None for v in (self.depth, self.states, self.walks, self.steps))

    def foreign(self, check: Check) -> bool:
        """Whether the engine is not the one that the expectation was written for."""
        return self.engine is not None and self.engine != check.engine


@attrs.frozen(eq=False)
class Result:
    """The outcome of one check, as every report shows it."""

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
    never_fired: tuple[str, ...] = ()
    other_engine: bool = False  # than the spec says


def run_check(
    spec: Spec,
    check: Check,
    overrides: Overrides = Overrides(),
    *,
    traces: FilePath | None = None,
    progress: Callable[[Coverage], None] = lambda _: None,
    interrupted: Callable[[], bool] = lambda: False,
) -> Result:
    """Run one check.  Raises InputError (the check asks the impossible) and ReplayMismatch (our defect)."""
    start = time.monotonic()
    name = overrides.engine or check.engine
    engine = make_engine(name)
    broken = _initial_error(check)
    if broken is not None:
        return _result(spec, check, name, overrides, start, broken, None, broken_initially=True)
    system = _system(check)
    task = Task(system=system, progress=progress, interrupted=interrupted, **_options(check, overrides))
    verdict = engine.run(task)
    return _replayed(spec, check, name, overrides, start, verdict, system, traces)


def make_engine(name: str) -> Engine:
    """An engine by its name.  Raises InputError C003."""
    import importlib  # noqa: PLC0415

    module, cls = engine_named(name).split(":")
    made: Engine = getattr(importlib.import_module(module), cls)()
    return made


def engine_named(name: str) -> str:
    """Where an engine's class is.  Raises InputError C003."""
    if name not in ENGINES:
        raise InputError([Diagnostic("C003", f"there is no engine `{name}`", NOWHERE, did_you_mean(name, ENGINES))])
    return ENGINES[name]


def _system(check: Check) -> ScalarSystem:
    from checker.ir.passes.scalarize import scalarize  # noqa: PLC0415

    program = check.program
    actions = program.allowed(check.faults)
    return scalarize(program, actions, check.properties, check.terminal, check.helpers)


def _options(check: Check, o: Overrides) -> dict[str, Any]:
    said = check.options

    def chosen(name: str, default: int | None = None) -> int | None:
        given: int | None = getattr(o, name)
        return given if given is not None else said.get(name, default)

    numbers = {n: chosen(n) for n in ("seed", "walks", "steps")}
    budget = Budget(o.seconds, o.memory, chosen("states"), chosen("depth"))
    return {"budget": budget, "workers": o.workers} | {n: v for n, v in numbers.items() if v is not None}


def _initial_error(check: Check) -> Violated | None:
    """A model whose initial states cannot be made is wrong before any engine looks at it."""
    from checker.semantics import evaluate  # noqa: PLC0415

    try:
        evaluate.initial_states(check.program)
    except evaluate.InitialError as e:
        return Violated(Coverage(notes=(str(e),)), Trouble.MODEL_ERROR, None, None)
    return None


# --- replay ----------------------------------------------------------------------------------------


def _replayed(
    spec: Spec, check: Check, name: str, o: Overrides, start: float, verdict: Verdict, system: ScalarSystem,
    traces: FilePath | None,
) -> Result:  # fmt: skip
    the_judge = _Lazy(lambda: judge(spec, check, system))
    trace = _violation(the_judge, check, verdict)
    paths: Mapping[str, Path] = verdict.witnesses if isinstance(verdict, Holds) else {}
    if isinstance(verdict, Unknown) and verdict.cti is not None:
        trace = the_judge().induction(*_open_end(check, verdict))
    shown = {n: the_judge().path(p, claim_of(None, n)) for n, p in paths.items()}
    result = _result(spec, check, name, o, start, verdict, system)
    result = attrs.evolve(result, trace=trace, witnesses=shown, total_seconds=time.monotonic() - start)
    return result if traces is None else _saved(result, traces)


class _Lazy:
    """A judge made when the first path needs it: a check without paths never runs the model."""

    def __init__(self, make: Callable[[], Judge]) -> None:
        self._make = make
        self._made: Judge | None = None

    def __call__(self) -> Judge:
        made = self._made = self._made or self._make()
        return made


def _violation(the_judge: _Lazy, check: Check, verdict: Verdict) -> Trace | None:
    if not isinstance(verdict, Violated) or verdict.path is None:
        return None
    return the_judge().path(verdict.path, claim_of(verdict.trouble, verdict.property, verdict.error_step))


def _open_end(check: Check, verdict: Unknown) -> tuple[Path, Claim]:
    """A counterexample to induction as a path, and what it is shown for."""
    assert verdict.cti is not None
    steps = verdict.cti_steps
    if len(steps) == len(verdict.cti):
        claim = claim_of(Trouble.MODEL_ERROR, None, steps[-1])
        steps = steps[:-1]
    elif any(p.name == verdict.property for p in check.properties):
        claim = claim_of(Trouble.PROPERTY, verdict.property)
    else:
        claim = claim_of(Trouble.DEADLOCK, verdict.property)
    return Path(verdict.cti[0], steps), claim


def _saved(result: Result, folder: FilePath) -> Result:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as e:
        message = f"cannot write {folder}: {e.strerror or e}"
        raise InputError([Diagnostic("C006", message, NOWHERE, "name a folder for --traces")]) from None
    stem = _file_name(f"{FilePath(result.spec).stem}-{result.check}")
    for name, witness in result.witnesses.items():
        itf.write(witness, folder / f"{stem}-{_file_name(name)}.itf.json")
    if result.trace is None or result.verdict.startswith("Unknown"):
        return result  # a counterexample to induction is no behaviour: there is nothing to replay later
    file = folder / f"{stem}.itf.json"
    itf.write(result.trace, file)
    return attrs.evolve(result, trace_file=str(file))


def _file_name(text: str) -> str:
    return "".join(c if c.isalnum() or c in "-_." else "_" for c in text)


# --- judging ---------------------------------------------------------------------------------------


def _result(
    spec: Spec, check: Check, name: str, o: Overrides, start: float, verdict: Verdict, system: ScalarSystem | None,
    *, broken_initially: bool = False,
) -> Result:  # fmt: skip
    message = _difference(check, verdict, o)
    differs = bool(message)
    undecided = bool(message) and (
        isinstance(verdict, Unknown) or (_bounded(verdict) and (o.foreign(check) or o.bounds))
    )
    if broken_initially or isinstance(verdict, Unknown):
        reason = verdict.reason if isinstance(verdict, Unknown) else "; ".join(verdict.coverage.notes)
        message = message if reason in message and message else "; ".join(x for x in (message, reason) if x)
    return Result(
        spec=spec.path, line=check.span.line, check=check.name, property=getattr(verdict, "property", None),
        expected=show_expected(check.expect), verdict=show_verdict(verdict),
        as_expected=not differs, undecided=undecided, engine=name, workers=THREADS,
        total_seconds=time.monotonic() - start, coverage=verdict.coverage, message=message,
        never_fired=_never_fired(system, verdict.coverage), other_engine=o.foreign(check),
    )  # fmt: skip


def _never_fired(system: ScalarSystem | None, coverage: Coverage) -> tuple[str, ...]:
    if system is None or coverage.fired is None:
        return ()
    return tuple(a.name for a, n in zip(system.actions, coverage.fired, strict=True) if n == 0)


def show_verdict(verdict: Verdict) -> str:
    """The verdict in the words of `expect=`."""
    match verdict:
        case Holds():
            return "Holds"
        case Proved():
            return f"Proved(k={verdict.k})"
        case NoneWithin():
            return f"NoneWithin({verdict.steps})"
        case NoneSampled():
            return f"NoneSampled({verdict.walks})"
        case Violated():
            steps = "" if verdict.path is None else f", steps={len(verdict.path.steps)}"
            return f"Violated({violated_name(verdict)}{steps})"
        case Unknown():
            return f"Unknown({verdict.reason})"


def violated_name(verdict: Violated) -> str:
    """What is violated: a property's name, or `deadlock`, or `model_error`."""
    if verdict.trouble is Trouble.PROPERTY:
        return verdict.property or "?"
    return "deadlock" if verdict.trouble is Trouble.DEADLOCK else "model_error"


def show_expected(expect: claims.Expectation) -> str:
    """The expectation as the author wrote it."""
    match expect:
        case claims.ExpectViolated():
            steps = "" if expect.steps is None else f", steps={expect.steps}"
            return f"Violated({expect.property.replace(' ', '_')}{steps})"
        case claims.ExpectNoneWithin(n) | claims.ExpectNoneSampled(n):
            return f"{type(expect).__name__.removeprefix('Expect')}({n})"
        case claims.ExpectUnknown():
            return "Unknown"
    said = ", ".join(f"{k}={v}" for k, v in attrs.asdict(expect).items() if v is not None)
    return type(expect).__name__.removeprefix("Expect") + (f"({said})" if said else "")


def _difference(check: Check, verdict: Verdict, o: Overrides) -> str:
    """How the verdict differs from the expected one; empty when it does not."""
    expect = check.expect
    if o.foreign(check):
        return _foreign_difference(expect, verdict)
    numbers: list[tuple[str, int | None, int | None]] = []
    c = verdict.coverage
    match expect, verdict:
        case claims.ExpectHolds(), Holds():
            numbers = [("distinct", expect.distinct, c.states), ("depth", expect.depth, c.depth),
                       ("transitions", expect.transitions, c.transitions)]  # fmt: skip
        case claims.ExpectProved(), Proved():
            numbers = [("k", expect.k, verdict.k)]
        case claims.ExpectNoneWithin(), NoneWithin():
            numbers = [("steps", expect.steps, verdict.steps)]
        case claims.ExpectNoneSampled(), NoneSampled():
            numbers = [("walks", expect.walks, verdict.walks)]
        case claims.ExpectViolated(), Violated():
            if expect.property.replace(" ", "_") != violated_name(verdict):
                return f"expected {show_expected(expect)}, and it is {violated_name(verdict)} that is violated"
            taken = None if verdict.path is None else len(verdict.path.steps)
            numbers = [("steps", expect.steps, taken)]
        case claims.ExpectUnknown(), Unknown():
            if verdict.reason == "interrupted":
                return "interrupted"
        case _:
            return f"expected {show_expected(expect)}, found {show_verdict(verdict)}"
    wrong = [f"{n}={found} (expected {wanted})" for n, wanted, found in numbers if wanted not in (None, found)]
    return ", ".join(wrong)


def _foreign_difference(expect: claims.Expectation, verdict: Verdict) -> str:
    """Under another engine only what both could say is compared: sound or violated, and by which property."""
    sound = (claims.ExpectHolds, claims.ExpectProved)
    same = type(expect).__name__ == f"Expect{type(verdict).__name__}"
    if isinstance(expect, claims.ExpectViolated) and isinstance(verdict, Violated):
        same = expect.property.replace(" ", "_") == violated_name(verdict)
    if same or (isinstance(expect, sound) and isinstance(verdict, (Holds, Proved))):
        return ""
    return f"expected {show_expected(expect)}, found {show_verdict(verdict)}"


def _bounded(verdict: Verdict) -> bool:
    return isinstance(verdict, (NoneWithin, NoneSampled))


# --- interruption ----------------------------------------------------------------------------------


class Interruption:
    """Ctrl-C: the first asks the engine to stop and say what it covered, the second ends at once."""

    def __init__(self) -> None:
        self.requested = False

    def __call__(self) -> bool:
        return self.requested

    @contextlib.contextmanager
    def watching(self) -> Iterator[Interruption]:
        """Listen while the block runs."""
        before = signal.signal(signal.SIGINT, self._handle)
        try:
            yield self
        finally:
            signal.signal(signal.SIGINT, before)

    def _handle(self, _number: int, _frame: object) -> None:
        if self.requested:
            raise KeyboardInterrupt
        self.requested = True
