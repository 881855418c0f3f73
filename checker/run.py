"""What became of one check?  Scalarize, run an engine, replay its path, compare with the expectation.

Rule of the module: a verdict other than the expected one fails, in both directions, and so does a
number that the author wrote and the run did not find.  Where one violation is expected, anything else
that is violated fails as well.  `Unknown` is undecided, never a failure of the model: unless it was
expected it ends in exit code 3.  No path leaves this module unreplayed.
"""

from __future__ import annotations

import contextlib
import functools
import shlex
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path as FilePath
from typing import Any, Final

import attrs

from checker import machine
from checker.diagnostics import NOWHERE, Diagnostic, InputError, did_you_mean
from checker.engines.contract import (
    Budget,
    Checkpoint,
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
from checker.survey import Questions, Told
from checker.trace import files, itf
from checker.trace.replay import Claim, Judge, claim_of, judge, text_of
from checker.trace.trace import Trace

ENGINES: Final[Mapping[str, str]] = {
    "explore": "checker.engines.explore:Explore",
    "simulate": "checker.engines.simulate:Simulate",
    "bmc": "checker.engines.bmc:Bmc",
    "induction": "checker.engines.induction:Induction",
}


@attrs.frozen
class Overrides:
    """What the command line changes of a check; None leaves what the spec says.

    `workers`: how many threads an engine may run on; None is one for each processor.
    `coverage`: count what a search covered; `gates`: say what actions that never fired wait for.
    `symmetry`: None leaves it to the engine whether a search is reduced.
    """

    engine: str | None = None
    workers: int | None = None
    seconds: float | None = None
    memory: int | None = None
    states: int | None = None
    depth: int | None = None
    seed: int | None = None
    walks: int | None = None
    steps: int | None = None
    every: bool = False
    symmetry: bool | None = None
    distinct: int | None = None
    coverage: bool = False
    gates: bool = False
    checkpoint: FilePath | None = None  # the folder
    spill: FilePath | None = None
    checkpoint_every: float | None = None

    @property
    def bounds(self) -> bool:
        """Whether the command line set a bound, so that a bounded verdict says nothing against the spec."""
        return any(v is not None for v in (self.depth, self.states, self.walks, self.steps))

    def unused(self, engine: Engine) -> list[str]:
        """What was asked for on the command line and means nothing to an engine."""
        named: dict[str, object] = {
            "time": self.seconds,
            "memory": self.memory,
            "states": self.states,
            "depth": self.depth,
        }
        named |= {"seed": self.seed, "walks": self.walks, "steps": self.steps, "all": self.every or None}
        named |= {"symmetry": self.symmetry or None, "distinct": self.distinct, "coverage": self.coverage or None}
        named |= {"checkpoint": self.checkpoint, "spill": self.spill}
        return [name for name, value in named.items() if value is not None and name not in engine.knows]

    def threads(self, engine: str) -> int:
        """How many threads an engine runs on: one, where it knows of no workers."""
        if "workers" not in make_engine(engine).knows:
            return 1
        return machine.processors() if self.workers is None else self.workers

    def going_on(self, spec: Spec, check: Check) -> str:
        """The command that goes on with a search that was saved: all of what it may not change is there."""
        words = ["interlock", "check", spec.path, "--only", check.name, "--checkpoint", str(self.checkpoint)]
        named = {"--engine": self.engine, "--states": self.states, "--depth": self.depth, "--distinct": self.distinct}
        words += [word for name, value in named.items() if value is not None for word in (name, str(value))]
        flags = {"--all": self.every, "--coverage": self.coverage}
        flags |= {"--symmetry": self.symmetry is True, "--no-symmetry": self.symmetry is False}
        words += [name for name, on in flags.items() if on]
        return shlex.join(words)

    def foreign(self, check: Check) -> bool:
        """Whether the engine is not the one that the expectation was written for."""
        return self.engine is not None and self.engine != check.engine


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
    if not overrides.foreign(check):
        _refuse_unknown(engine, check)
    broken = _initial_error(check)
    if broken is not None:
        return _result(spec, check, name, overrides, start, broken, None, broken_initially=True)
    system = _system(check)
    every = "all" in engine.knows and (overrides.every or _searched_on(check, name))
    questions, checkpoint = _questions(check, system, engine, overrides), _checkpoint(spec, check, engine, overrides)
    task = Task(
        system=system, progress=progress, interrupted=interrupted, every=every, started=start,
        symmetry=overrides.symmetry, distinct=overrides.distinct or 1, checkpoint=checkpoint, spill=overrides.spill,
        asked=None if questions is None else questions.asked, **_options(check, overrides),
    )  # fmt: skip
    try:
        verdict = engine.run(task)
    except InputError as e:
        raise InputError([_placed(d, check) for d in e.diagnostics]) from None
    if isinstance(verdict, Violated) and not every:
        verdict = attrs.evolve(verdict, unjudged=f"{name} ended at the first violation")
    result = _replayed(spec, check, name, overrides, start, verdict, system, traces)
    if questions is not None:
        told = questions.told(verdict.coverage, functools.partial(text_of, spec, check))
        result = attrs.evolve(result, covered=told)
    if result.coverage.checkpoint is not None:
        return attrs.evolve(result, going_on=overrides.going_on(spec, check))
    if checkpoint is not None:  # the verdict is there, and its path was replayed
        checkpoint.file.unlink(missing_ok=True)
    return result


def _questions(check: Check, system: ScalarSystem, engine: Engine, o: Overrides) -> Questions | None:
    """What is asked of the search, where the engine answers."""
    if "coverage" not in engine.knows or not (o.coverage or o.gates):
        return None
    return Questions(check, system, coverage=o.coverage)


def _checkpoint(spec: Spec, check: Check, engine: Engine, o: Overrides) -> Checkpoint | None:
    """Where the search of a check is saved: a name that does not depend on the folder the command runs in."""
    if o.checkpoint is None or "checkpoint" not in engine.knows:
        return None
    place = "/".join(FilePath(spec.path).resolve().parts[-2:])
    file = o.checkpoint / (files.file_name(place, check.name).removesuffix(files.SUFFIX) + ".checkpoint")
    return Checkpoint(file) if o.checkpoint_every is None else Checkpoint(file, o.checkpoint_every)


def failed(spec: Spec, check: Check, overrides: Overrides, start: float, problem: Exception) -> Result:
    """The outcome of a check on which Interlock itself failed."""
    return Result(
        spec=spec.path, line=check.span.line, check=check.name, property=None, expected=show_expected(check.expect),
        verdict=f"Error({type(problem).__name__})", as_expected=False, undecided=False,
        engine=overrides.engine or check.engine, workers=overrides.threads(overrides.engine or check.engine), total_seconds=time.monotonic() - start,
        message=" ".join(str(problem).split()), defect=True,
    )  # fmt: skip


def _searched_on(check: Check, engine: str) -> bool:
    """Whether the search goes on after a violation: one is expected, and only the whole search shows no other."""
    return isinstance(check.expect, claims.ExpectViolated) and engine == "explore"


def _refuse_unknown(engine: Engine, check: Check) -> None:
    others = {"time", "memory", "workers", "all", "symmetry", "distinct", "coverage", "checkpoint", "spill"}
    known = sorted(engine.knows - others)
    wrong = [
        Diagnostic("E031", f"the engine {engine.name} has no `{name}`", check.engine_span, did_you_mean(name, known))
        for name in check.options
        if name not in engine.knows
    ]
    if wrong:
        raise InputError(wrong)


def _placed(d: Diagnostic, check: Check) -> Diagnostic:
    """A limit of an engine, with the check and where it names the engine."""
    message = f'check "{check.name}": {d.message}'
    return attrs.evolve(d, message=message, span=check.engine_span if d.span == NOWHERE else d.span)


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
    memory = _spare() if o.memory is None else o.memory
    budget = Budget(o.seconds, memory, chosen("states"), chosen("depth"), spare=o.memory is None)
    return {"budget": budget, "workers": o.threads(o.engine or check.engine)} | {
        n: v for n, v in numbers.items() if v is not None
    }


def _spare() -> int | None:
    """What a run takes where no budget is given: most of what is free, so that the system need not end it."""
    free = machine.free_memory()
    return None if free is None else free // 10 * 8


def _initial_error(check: Check) -> Violated | None:
    """A model whose initial states cannot be made is wrong before any engine looks at it."""
    from checker.semantics import evaluate  # noqa: PLC0415

    try:
        if evaluate.initial_states(check.program):
            return None
        reason = "there is no initial state: every `@initial` function is disabled"
    except evaluate.InitialError as e:
        reason = str(e)
    return Violated(Coverage(notes=(reason,)), Trouble.MODEL_ERROR, None, None)


# --- replay ----------------------------------------------------------------------------------------


def _replayed(
    spec: Spec, check: Check, name: str, o: Overrides, start: float, verdict: Verdict, system: ScalarSystem,
    traces: FilePath | None,
) -> Result:  # fmt: skip
    the_judge = functools.cache(lambda: judge(spec, check, system))  # a check without paths never runs the model
    trace = _violation(the_judge, check, verdict)
    paths: Mapping[str, Path] = verdict.witnesses if isinstance(verdict, Holds) else {}
    if isinstance(verdict, Unknown) and verdict.cti is not None:
        trace = the_judge().induction(*_open_end(check, verdict))
    shown = {n: the_judge().path(p, claim_of(None, n)) for n, p in paths.items()}
    others = _others(the_judge, check, verdict)
    ways = _ways(the_judge, check, verdict, system) if "distinct" in make_engine(name).knows and o.distinct else ()
    result = _result(spec, check, name, o, start, verdict, system)
    result = attrs.evolve(
        result, trace=trace, witnesses=shown, others=others, ways=ways, total_seconds=time.monotonic() - start
    )
    return result if traces is None else _saved(result, traces)


def _violation(the_judge: Callable[[], Judge], check: Check, verdict: Verdict) -> Trace | None:
    if not isinstance(verdict, Violated) or verdict.path is None:
        return None
    return the_judge().path(verdict.path, claim_of(verdict.trouble, verdict.property, verdict.error_step))


def _others(the_judge: Callable[[], Judge], check: Check, verdict: Verdict) -> tuple[Other, ...]:
    found = verdict.others if isinstance(verdict, Violated) else ()
    return tuple(_other(the_judge, check, v) for v in found)


def _other(the_judge: Callable[[], Judge], check: Check, v: Violated) -> Other:
    return Other(violated_name(v), _length(v), _violation(the_judge, check, v))


def _ways(the_judge: Callable[[], Judge], check: Check, verdict: Verdict, system: ScalarSystem) -> tuple[Ways, ...]:
    """The counterexamples that were found of each thing that is violated, where it has any."""
    every = (verdict, *verdict.others) if isinstance(verdict, Violated) else ()

    def names(v: Violated) -> tuple[str, ...]:
        return tuple(system.actions[i].name for i in sorted(v.used()))

    return tuple(
        Ways(
            violated_name(v), names(v), tuple(_other(the_judge, check, w) for w in v.more), tuple(map(names, v.more)),
            v.fewer,
        )
        for v in every if v.path is not None
    )  # fmt: skip


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
    shown = {name: _write(w, folder, "reachable", name) for name, w in result.witnesses.items()}
    others = tuple(_saved_other(o, folder, str(i)) for i, o in enumerate(result.others, 2))
    ways = tuple(_saved_ways(w, folder) for w in result.ways)
    result = attrs.evolve(result, others=others, ways=ways, witness_files=shown)
    if result.trace is None or result.verdict.startswith("Unknown"):
        return result  # a counterexample to induction is no behaviour: there is nothing to replay later
    return attrs.evolve(result, trace_file=_write(result.trace, folder))


def _saved_other(other: Other, folder: FilePath, number: str) -> Other:
    if other.trace is None:
        return other
    return attrs.evolve(other, trace_file=_write(other.trace, folder, number, other.name))


def _saved_ways(ways: Ways, folder: FilePath) -> Ways:
    more = [_saved_other(o, folder, f"way{i}") for i, o in enumerate(ways.more, 2)]
    return attrs.evolve(ways, more=tuple(more))


def _write(trace: Trace, folder: FilePath, *what: str) -> str:
    file = folder / files.file_name(trace.spec, trace.check, *what)
    itf.write(trace, file)
    return str(file)


# --- judging ---------------------------------------------------------------------------------------


def _result(
    spec: Spec, check: Check, name: str, o: Overrides, start: float, verdict: Verdict, system: ScalarSystem | None,
    *, broken_initially: bool = False,
) -> Result:  # fmt: skip
    message = _difference(check, verdict, o)
    open_end = "" if message else _open(check, verdict, o)
    undecided = (
        bool(open_end)
        or bool(message)
        and (isinstance(verdict, Unknown) or (_bounded(verdict) and (o.foreign(check) or o.bounds)))
    )
    message = message or open_end
    differs = bool(message)
    if broken_initially or isinstance(verdict, Unknown):
        reason = verdict.reason if isinstance(verdict, Unknown) else "; ".join(verdict.coverage.notes)
        message = message if reason in message and message else "; ".join(x for x in (message, reason) if x)
    return Result(
        spec=spec.path, line=check.span.line, check=check.name, property=getattr(verdict, "property", None),
        expected=show_expected(check.expect), verdict=show_verdict(verdict),
        as_expected=not differs, undecided=undecided, engine=name, workers=o.threads(name),
        total_seconds=time.monotonic() - start, coverage=_noted(check, verdict.coverage), message=message,
        fired=_fired(system, verdict.coverage, True), never_fired=_fired(system, verdict.coverage, False),
        actions=_sampled(system, verdict.coverage), other_engine=o.foreign(check),
        unjudged=verdict.unjudged if isinstance(verdict, Violated) else "", distinct=o.distinct,
    )  # fmt: skip


def _noted(check: Check, coverage: Coverage) -> Coverage:
    """What was covered, with a word on a check that claims nothing."""
    if check.properties:
        return coverage
    sought = "errors of the model" if check.terminal is None else "deadlocks and errors of the model"
    return attrs.evolve(coverage, notes=(*coverage.notes, f"no property is checked: only {sought} were looked for"))


def _fired(system: ScalarSystem | None, coverage: Coverage, ever: bool) -> tuple[str, ...]:
    """The actions that some step took, or those that none did."""
    if system is None or coverage.fired is None:
        return ()
    return tuple(a.name for a, n in zip(system.actions, coverage.fired, strict=True) if (n > 0) is ever)


def _sampled(system: ScalarSystem | None, c: Coverage) -> tuple[Sampled, ...]:
    if system is None or c.fired is None or c.instances is None:
        return ()
    of = zip(system.actions, c.fired, c.instances, strict=True)
    return tuple(Sampled(a.name, taken, *instances) for a, taken, instances in of)


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
            return f"Violated({_told(verdict)})"
        case Unknown():
            return f"Unknown({verdict.reason})"


def _told(verdict: Violated) -> str:
    steps = _length(verdict)
    return violated_name(verdict) + ("" if steps is None else f", steps={steps}")


def _length(verdict: Violated) -> int | None:
    return None if verdict.path is None else len(verdict.path.steps)


def violated_name(verdict: Violated) -> str:
    """What is violated: a property's name, or `deadlock`, or `model_error`."""
    if verdict.trouble is Trouble.PROPERTY:
        return verdict.property or "?"
    return "deadlock" if verdict.trouble is Trouble.DEADLOCK else "model_error"


def show_expected(expect: claims.Expectation) -> str:
    """The expectation as the author wrote it."""
    match expect:
        case claims.ExpectViolated():
            told = {"steps": expect.steps, "distinct": expect.distinct}
            numbers = "".join(f", {name}={n}" for name, n in told.items() if n is not None)
            return f"Violated({expect.property.replace(' ', '_')}{numbers})"
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
            wanted, others = _sorted_out(expect, verdict)
            if wanted is None or others:
                return _other_violations(expect, wanted, others)
            numbers = [("steps", expect.steps, _length(wanted))]
            if not _open(check, verdict, o):  # else the search did not see them all
                numbers.append(("distinct", expect.distinct, c.states))
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
        wanted, others = _sorted_out(expect, verdict)
        return _other_violations(expect, wanted, others) if wanted is None or others else ""
    if same or (isinstance(expect, sound) and isinstance(verdict, (Holds, Proved))):
        return ""
    return f"expected {show_expected(expect)}, found {show_verdict(verdict)}"


def _sorted_out(expect: claims.ExpectViolated, verdict: Violated) -> tuple[Violated | None, list[Violated]]:
    """The violation that is expected, if it was found, and those that are not."""
    name = expect.property.replace(" ", "_")
    every = (verdict, *verdict.others)
    return next((v for v in every if violated_name(v) == name), None), [v for v in every if violated_name(v) != name]


def _other_violations(expect: claims.ExpectViolated, wanted: Violated | None, others: list[Violated]) -> str:
    told = ", ".join(f"Violated({_told(v)})" for v in others)
    if wanted is None:
        return f"expected {show_expected(expect)}, found {told}"
    steps = _length(wanted)
    more = [n for n in map(_length, others) if n is not None]
    help_ = f"; `depth={steps}` leaves out what needs more steps" if steps and more and min(more) > steps else ""
    return f"expected {show_expected(expect)}, and found {told} beside it{help_}"


def _open(check: Check, verdict: Verdict, o: Overrides) -> str:
    """Why an expected violation is undecided: something ended the search for any other, and not the spec's own bound."""
    if isinstance(verdict, NoneSampled) and (o.depth, o.steps) != (None, None):
        return "as expected, but on walks of a length that the command line set"
    if not isinstance(verdict, Violated) or not _searched_on(check, o.engine or check.engine):
        return ""
    reason = verdict.unjudged
    by_spec = reason.startswith("states budget") and o.states is None or reason.startswith("depth") and o.depth is None
    if not reason or by_spec:
        return ""
    return f"as expected so far, but whether anything else is violated is not known: {reason}"


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
