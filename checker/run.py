"""What became of one check?  Scalarize, run an engine, replay its path, compare with the expectation.

Rule of the module: no path leaves it unreplayed, and every check that was run has one `Result`, a defect of
Interlock included.
"""

from __future__ import annotations

import contextlib
import functools
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path as FilePath
from typing import Any, Final, TypeGuard

import attrs

from checker import machine
from checker.diagnostics import NOWHERE, Diagnostic, InputError, did_you_mean, mistake
from checker.engines.contract import (
    Budget,
    Checkpoint,
    Coverage,
    Engine,
    Holds,
    Path,
    Task,
    Trouble,
    Unknown,
    Verdict,
    Violated,
)
from checker.ir.claims import Check, Spec
from checker.ir.scalar import ScalarSystem
from checker.ir.types import show_number
from checker.judging import compared, length, searched_on, show_expected, show_verdict, violated_name
from checker.outcome import Other, Result, Sampled, Ways
from checker.overrides import Overrides, make_engine
from checker.survey import Questions
from checker.trace import files, itf
from checker.trace.replay import Claim, Judge, claim_of, judge, text_of
from checker.trace.trace import Trace

_WORD: Final = 64
_UNCHANGED: Final = Overrides()
_NO_STATE: Final = "there is no initial state: every `@initial` function is disabled"


def run_check(
    spec: Spec,
    check: Check,
    overrides: Overrides = _UNCHANGED,
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
    try:
        system = _system(check, functools.partial(_look, overrides, start, interrupted))
    except _OutOfTime as stop:
        return _result(spec, check, name, overrides, start, Unknown(Coverage(), str(stop)), None)
    every = "all" in engine.knows and (overrides.every or searched_on(check, name))
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
    if isinstance(verdict, Violated) and not every and not verdict.begins_nowhere():
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
    large = [f"{c.name} = {show_number(c.value)}" for c in check.program.constants if _large(c.value)]
    message += f" (with {', '.join(large)})" if d.code == "E001" and large else ""
    return attrs.evolve(d, message=message, span=check.engine_span if d.span == NOWHERE else d.span)


def _large(value: object) -> TypeGuard[int]:
    """Whether a constant is a number that takes much of a word, or more."""
    return isinstance(value, int) and not isinstance(value, bool) and abs(value).bit_length() > _WORD // 2


class _OutOfTime(Exception):
    """The run ends before an engine has begun, and why."""


def _look(o: Overrides, start: float, interrupted: Callable[[], bool]) -> None:
    """Look at the clock and at who waits.  Raises _OutOfTime."""
    if o.seconds is not None and time.monotonic() - start > o.seconds:
        raise _OutOfTime(Budget(o.seconds).time_reached)
    if interrupted():
        raise _OutOfTime("interrupted")


def _system(check: Check, look: Callable[[], object]) -> ScalarSystem:
    from checker.ir.passes.scalarize import scalarize  # noqa: PLC0415

    program = check.program
    actions = program.allowed(check.faults)
    return scalarize(program, actions, check.properties, check.terminal, check.helpers, look)


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


# --- replay ----------------------------------------------------------------------------------------


def _replayed(
    spec: Spec, check: Check, name: str, o: Overrides, start: float, verdict: Verdict, system: ScalarSystem,
    traces: FilePath | None,
) -> Result:  # fmt: skip
    the_judge = functools.cache(lambda: judge(spec, check, system))  # a check without paths never runs the model
    if isinstance(verdict, Violated) and verdict.begins_nowhere():
        step = verdict.error_step
        reason = _NO_STATE if step is None else the_judge().initial_error(step)
        broken = attrs.evolve(verdict, coverage=attrs.evolve(verdict.coverage, notes=(reason,)))
        return _result(spec, check, name, o, start, broken, None, broken_initially=True)
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
    return Other(violated_name(v), length(v), _violation(the_judge, check, v))


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
        raise mistake("C006", message, "name a folder for --traces") from None
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


# --- the result ------------------------------------------------------------------------------------


def _result(
    spec: Spec, check: Check, name: str, o: Overrides, start: float, verdict: Verdict, system: ScalarSystem | None,
    *, broken_initially: bool = False,
) -> Result:  # fmt: skip
    judged = compared(check, verdict, o, broken_initially=broken_initially)
    return Result(
        spec=spec.path, line=check.span.line, check=check.name, property=getattr(verdict, "property", None),
        expected=show_expected(check.expect), verdict=show_verdict(verdict),
        as_expected=judged.as_expected, undecided=judged.undecided, engine=name, workers=o.threads(name),
        total_seconds=time.monotonic() - start, coverage=_noted(check, verdict.coverage), message=judged.message,
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
