"""What became of one check?  Scalarize, run an engine, replay its path, compare with the expectation.

Rule of the module: no path leaves it unreplayed, and every check that was run has one `Result`, a defect of
Interlock included.
"""

from __future__ import annotations

import functools
import shlex
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path as FilePath
from typing import Any, Final, TypeGuard

import attrs

from interlock.checker import cache, garbage, watch
from interlock.checker.checks import machine, repeat, strict
from interlock.checker.checks.judging import compared, length, searched_on, show_expected, show_verdict, violated_name
from interlock.checker.checks.outcome import Other, Result, Sampled, Strictness, Ways, exhausted
from interlock.checker.checks.overrides import IN_SPEC, Overrides, make_engine
from interlock.checker.checks.survey import Questions, Told
from interlock.checker.contract import (
    Budget,
    Cause,
    Checkpoint,
    Coverage,
    Disagreement,
    Ended,
    Engine,
    Holds,
    Path,
    Task,
    Trouble,
    Unknown,
    Verdict,
    Violated,
    unbegun,
)
from interlock.checker.diagnostics import NOWHERE, Diagnostic, InputError
from interlock.checker.ir.claims import Check, Spec
from interlock.checker.ir.scalar import ScalarSystem
from interlock.checker.ir.types import show_number
from interlock.checker.semantics.layout import WORD
from interlock.checker.semantics.meaning import Meaning
from interlock.checker.trace import files
from interlock.checker.trace.replay import Claim, Judge, claim_of, judge, text_of
from interlock.checker.trace.trace import Trace
from interlock.checker.watch import TimeUp

_UNCHANGED: Final = Overrides()
_SHALLOWER: Final = "give parts of long expressions names, and write what helpers do into fewer of them"
_NO_STATE: Final = "there is no initial state: every `@initial` function is disabled"


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
    end, strictly = None if overrides.seconds is None else start + overrides.seconds, overrides.strictly(check)
    with watch.watching(watch.Watch(end, interrupted)):
        answer = _answered(spec, check, overrides, engine, start=start, progress=progress, interrupted=interrupted)
    verdict, questions, system = answer.verdict, answer.questions, answer.system
    result = _replayed(spec, check, name, overrides, start, verdict, system)
    told = None if questions is None else questions.told(verdict.coverage, functools.partial(text_of, spec, check))
    if strictly and system is not None:
        result = _strictly(spec, check, system, result, told)
    result = attrs.evolve(result, covered=_asked(told, overrides))
    if result.coverage.checkpoint is not None:
        return attrs.evolve(result, going_on=overrides.going_on(spec, check))
    if answer.checkpoint is not None:  # the verdict is there, and its path was replayed
        answer.checkpoint.file.unlink(missing_ok=True)
    return result


@attrs.frozen(eq=False)
class _Answer:
    """What an engine said, and of what; without a system where there was no time to make it."""

    verdict: Verdict
    system: ScalarSystem | None = None
    questions: Questions | None = None
    checkpoint: Checkpoint | None = None


def _answered(
    spec: Spec, check: Check, o: Overrides, engine: Engine, *, start: float, progress: Callable[[Coverage], None],
    interrupted: Callable[[], bool],
) -> _Answer:  # fmt: skip
    """What the engine says of a check within its budget.  Raises InputError and Disagreement."""
    options, checkpoint = _options(check, o), _checkpoint(spec, check, engine, o)
    every = "all" in engine.knows and (o.every or searched_on(check, engine.name))
    try:
        system, meaning = _system(check)
        questions = _questions(check, system, engine, o)
        verdict = engine.run(Task(
            system=system, meaning=meaning, progress=progress, interrupted=interrupted, every=every, started=start,
            symmetry=o.symmetry, distinct=o.distinct or 1, checkpoint=checkpoint, spill=o.spill,
            asked=None if questions is None else questions.asked, **options,
        ))  # fmt: skip
    except TimeUp as up:
        return _Answer(unbegun(options["budget"].over(up), checkpoint), checkpoint=checkpoint)
    except InputError as e:
        raise InputError([_placed(d, check) if d.span == NOWHERE else d for d in e.diagnostics]) from None
    except RecursionError:
        too_deep = Diagnostic("E004", "its text is nested too deeply, helpers included", NOWHERE, _SHALLOWER)
        raise InputError([_placed(too_deep, check)]) from None
    if isinstance(verdict, Violated) and not every:
        asked = "the check asks for no more than the first violation"
        why = asked if check.expect.first else f"{engine.name} ended at the first violation"
        verdict = attrs.evolve(verdict, ended=Ended(Cause.FIRST, why))
    return _Answer(verdict, system, questions, checkpoint)


def _questions(check: Check, system: ScalarSystem, engine: Engine, o: Overrides) -> Questions | None:
    """What is asked of the search, where the engine answers."""
    strictly = o.strictly(check)
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


def failed(
    spec: Spec, check: Check, overrides: Overrides, start: float, problem: Exception, folder: FilePath = FilePath()
) -> Result:  # fmt: skip
    """The outcome of a check on which Interlock itself failed; what repeats that, if it can be, is kept in a folder."""
    message = " ".join(str(problem).split())
    if isinstance(problem, Disagreement):
        kept = repeat.keep(problem, spec, check, folder)
        message += "" if kept is None else f"; to repeat it: interlock replay --run-code {shlex.quote(str(kept))}"
    return Result(
        spec=spec.path, line=check.span.line, check=check.name, property=None, expected=show_expected(check.expect),
        expects=check.expect.kind, verdict=f"Error({type(problem).__name__})", kind=None, differs=False, undecided=False,
        engine=overrides.engine or check.engine, workers=overrides.threads(overrides.engine or check.engine), total_seconds=time.monotonic() - start,
        message=message,
    )  # fmt: skip


def _refuse_unknown(engine: Engine, check: Check) -> None:
    known = sorted(engine.knows & IN_SPEC)
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
    large = [f"{c.name} = {show_number(c.value)}" for c in check.program.constants if _large(c.value)]
    message += f" (with {', '.join(large)})" if d.code == "E001" and large else ""
    return attrs.evolve(d, message=message, span=check.engine_span if d.span == NOWHERE else d.span)


def _large(value: object) -> TypeGuard[int]:
    """Whether a constant is a number that takes much of a word, or more."""
    return isinstance(value, int) and not isinstance(value, bool) and abs(value).bit_length() > WORD // 2


def _system(check: Check) -> tuple[ScalarSystem, Meaning]:
    """What engines search, and what its text means."""
    from interlock.checker.passes.scalarize import scalarize
    from interlock.checker.passes.stored import pack, unpack
    from interlock.checker.semantics.meaning import Evaluated

    program = check.program
    of = program.allowed(check.faults), check.properties, check.terminal, check.helpers
    place = None if check.key is None else cache.key("system 1", check.key)
    data = None if place is None else cache.usual().load(place)
    if data is not None:
        with garbage.undisturbed():
            return unpack(data).named(check.key), Evaluated(program, *of)
    system = scalarize(program, *of).named(check.key)
    if place is not None and cache.usual().usable:
        cache.usual().store(place, pack(system))
    return system, Evaluated(program, *of)


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
    spec: Spec, check: Check, name: str, o: Overrides, start: float, verdict: Verdict, system: ScalarSystem | None
) -> Result:  # fmt: skip
    if system is None:  # no engine came to it
        return _result(spec, check, name, o, start, verdict, system)
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
    return attrs.evolve(
        result, trace=trace, witnesses=shown, others=others, ways=ways, total_seconds=time.monotonic() - start
    )


def _violation(the_judge: Callable[[], Judge], check: Check, verdict: Verdict) -> Trace | None:
    if not isinstance(verdict, Violated) or verdict.path is None:
        return None
    return the_judge().path(
        verdict.path, claim_of(verdict.trouble, verdict.property, verdict.error_step, verdict.params)
    )


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
        off=() if system is None else tuple(a.name for a in system.actions if a.off),
        actions=_sampled(system, verdict.coverage), other_engine=o.foreign(check),
        missing=_missing(check, verdict), ended=verdict.ended if isinstance(verdict, (Violated, Unknown)) else None, every=o.every, distinct=o.distinct,
        models=o.models,
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
