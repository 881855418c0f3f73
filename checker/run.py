"""What became of one check?  Scalarize, run an engine, replay its path, compare with the expectation.

Rule of the module: no path leaves it unreplayed, and every check that was run has one `Result`, a defect of
Interlock included.
"""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path as FilePath
from typing import Any, Final

import attrs

from checker import machine, strict
from checker.diagnostics import NOWHERE, Diagnostic, InputError
from checker.engines.contract import (
    Budget,
    Cause,
    Checkpoint,
    Coverage,
    Ended,
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
from checker.ir.scalar import FALSE, ScalarSystem
from checker.judging import compared, length, searched_on, show_expected, show_verdict, violated_name
from checker.outcome import Other, Result, Sampled, Strictness, Ways, exhausted
from checker.overrides import Overrides, make_engine
from checker.survey import Questions, Told
from checker.trace import files
from checker.trace.replay import Claim, Judge, claim_of, judge, text_of
from checker.trace.trace import Trace

_UNCHANGED: Final = Overrides()


def run_check(
    spec: Spec,
    check: Check,
    overrides: Overrides = _UNCHANGED,
    *,
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
    try:
        system = _system(check)
    except InputError as e:
        raise InputError([_placed(d, check) if d.span == NOWHERE else d for d in e.diagnostics]) from None
    every = "all" in engine.knows and (overrides.every or searched_on(check, name))
    strictly = overrides.strictly(check)
    questions = _questions(check, system, engine, overrides, strictly=strictly)
    checkpoint = _checkpoint(spec, check, engine, overrides)
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
        verdict = attrs.evolve(verdict, ended=Ended(Cause.FIRST, f"{name} ended at the first violation"))
    result = _replayed(spec, check, name, overrides, start, verdict, system)
    told = None if questions is None else questions.told(verdict.coverage, functools.partial(text_of, spec, check))
    if strictly:
        result = _strictly(spec, check, system, result, told)
    result = attrs.evolve(result, covered=_asked(told, overrides))
    if result.coverage.checkpoint is not None:
        return attrs.evolve(result, going_on=overrides.going_on(spec, check))
    if checkpoint is not None:  # the verdict is there, and its path was replayed
        checkpoint.file.unlink(missing_ok=True)
    return result


def _questions(check: Check, system: ScalarSystem, engine: Engine, o: Overrides, *, strictly: bool) -> Questions | None:
    """What is asked of the search, where the engine answers."""
    if not _answers(engine) or not (o.coverage or o.gates or strictly):
        return None
    return Questions(check, system, coverage=o.coverage, claims=strictly, off=o.coverage or o.gates)


def _answers(engine: Engine) -> bool:
    """Whether an engine sees every state, and can be asked about them."""
    return "coverage" in engine.knows


def _asked(told: Told | None, o: Overrides) -> Told | None:
    """What is told of coverage to who asked for it, and not only whether the check is hollow."""
    if told is None or o.coverage:
        return told
    return attrs.evolve(told, vacuous=None) if o.gates else None


def _strictly(spec: Spec, check: Check, system: ScalarSystem, result: Result, told: Told | None) -> Result:
    """The result of a check that is to be worth something; one that does not pass is not asked."""
    if not result.as_expected:
        return result
    found = Strictness(strict.nothing_claimed(check))
    if not _answers(make_engine(result.engine)):
        found = attrs.evolve(found, unknown=f"the engine {result.engine} does not see every state")
    elif not exhausted(result):
        why = result.verdict if result.ended is None else result.ended.text
        found = attrs.evolve(found, unknown=f"not every state was seen: {why}")
    else:
        found = strict.judged(spec, check, system, result.coverage, told)
    result = attrs.evolve(result, strict=found)
    if found.hollow or not found.unknown:
        return result
    message = f"as expected so far, but whether it is hollow is not known: {found.unknown}"
    return attrs.evolve(result, undecided=True, message=message)


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
        expects=check.expect.kind, verdict=f"Error({type(problem).__name__})", kind=None, differs=False, undecided=False,
        engine=overrides.engine or check.engine, workers=overrides.threads(overrides.engine or check.engine), total_seconds=time.monotonic() - start,
        message=" ".join(str(problem).split()),
    )  # fmt: skip


def _refuse_unknown(engine: Engine, check: Check) -> None:
    others = {"time", "memory", "workers", "all", "symmetry", "distinct", "coverage", "checkpoint", "spill"}
    known = sorted(engine.knows - others)
    wrong = [
        Diagnostic("E031", f"the engine {engine.name} has no `{name}`", check.engine_span, _instead(name, known))
        for name in check.options
        if name not in engine.knows
    ]
    if check.strict and not _answers(engine):
        message = f"the engine {engine.name} does not see every state, so it cannot tell whether a check is hollow"
        help_ = "use the engine `explore`, or leave out `strict=True`"
        wrong.append(Diagnostic("E031", message, check.engine_span, help_))
    if wrong:
        raise InputError(wrong)


def _instead(name: str, known: Sequence[str]) -> str:
    """What to write for an option that the engine of a check does not have."""
    if name == "steps" and "depth" in known:
        return "write `depth=`: how many steps it goes from an initial state"
    if not known:
        return "leave it out"
    return f"leave it out; there {'is' if len(known) == 1 else 'are'} {', '.join(f'`{k}=`' for k in known)}"


def _placed(d: Diagnostic, check: Check) -> Diagnostic:
    """A limit of an engine, with the check and where it names the engine."""
    message = f'check "{check.name}": {d.message}'
    return attrs.evolve(d, message=message, span=check.engine_span if d.span == NOWHERE else d.span)


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
    spec: Spec, check: Check, name: str, o: Overrides, start: float, verdict: Verdict, system: ScalarSystem
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
    return attrs.evolve(
        result, trace=trace, witnesses=shown, others=others, ways=ways, total_seconds=time.monotonic() - start
    )


def _violation(the_judge: Callable[[], Judge], check: Check, verdict: Verdict) -> Trace | None:
    if not isinstance(verdict, Violated) or verdict.path is None:
        return None
    return the_judge().path(verdict.path, claim_of(verdict.trouble, verdict.property, verdict.error_step))


def _others(the_judge: Callable[[], Judge], check: Check, verdict: Verdict) -> tuple[Other, ...]:
    found = verdict.others if isinstance(verdict, Violated) else ()
    return tuple(_other(the_judge, check, v) for v in found)


def _other(the_judge: Callable[[], Judge], check: Check, v: Violated) -> Other:
    return Other(violated_name(v), length(v), _violation(the_judge, check, v), missing=_missing(check, v, "it"))


def _missing(check: Check, v: Verdict, what: str = "") -> str:
    """What there is nothing of, where a violation has no path; in its own name, or as `what`."""
    if not isinstance(v, Violated) or v.path is not None or v.property is None:
        return ""
    action = next((p.action for p in check.properties if p.name == v.property), None)
    return (
        f"no reachable state has {what or v.property}"
        if action is None
        else f"no reachable step takes {what or action.name}"
    )


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


# --- the result ------------------------------------------------------------------------------------


def _result(
    spec: Spec, check: Check, name: str, o: Overrides, start: float, verdict: Verdict, system: ScalarSystem | None,
    *, broken_initially: bool = False,
) -> Result:  # fmt: skip
    judged = compared(check, verdict, o, broken_initially=broken_initially)
    return Result(
        spec=spec.path, line=check.span.line, check=check.name, property=getattr(verdict, "property", None),
        expected=show_expected(check.expect), expects=check.expect.kind, verdict=show_verdict(verdict), kind=verdict.kind,
        differs=judged.differs, undecided=judged.undecided, engine=name, workers=o.threads(name),
        total_seconds=time.monotonic() - start, coverage=_noted(check, verdict.coverage), message=judged.message,
        fired=_fired(system, verdict.coverage, True), never_fired=_fired(system, verdict.coverage, False),
        off=() if system is None else tuple(a.name for a in system.actions if a.guards == (FALSE,)),
        actions=_sampled(system, verdict.coverage), other_engine=o.foreign(check),
        missing=_missing(check, verdict), ended=verdict.ended if isinstance(verdict, (Violated, Unknown)) else None, every=o.every, distinct=o.distinct,
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
