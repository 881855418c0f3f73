"""How does a person read results?  One line a check, then the traces that matter, then one summary.

Rule of the module: plain text, the same on every run but for times, in the style that the caller wants.  Bounded
verdicts say what they are, and never "ok".
"""

from __future__ import annotations

import itertools
import shlex
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from interlock.checker.checks.outcome import Other, Result, Standing, Ways, exhausted
from interlock.checker.checks.survey import Taken, Told
from interlock.checker.ir.claims import Kind
from interlock.checker.ir.nodes import PropertyKind
from interlock.checker.report.style import PLAIN, Style
from interlock.checker.report.traces import reason, trace_lines
from interlock.checker.trace.trace import Call, Trace
from interlock.checker.words import counted, short, spaced

_LARGE: Final = 1_000_000  # states kept, from which on their size is told
_SIZED: Final = 10_000  # from which on it is theirs: below, the search takes what it takes without any
_COUNTED: Final = {
    Standing.DIFFERS: "not as expected",
    Standing.HOLLOW: "hollow",
    Standing.DEFECT: "ended by a defect of Interlock",
    Standing.UNDECIDED: "undecided",
}
_WEAK: Final = (Kind.NONE_WITHIN, Kind.NONE_SAMPLED, Kind.UNKNOWN)  # not all was seen
_DEFECT: Final = "this is a defect of Interlock, not of your model: please report it, with the model and the spec"
_INDUCTION: Final = (
    "counterexample to induction, from a state that may not be reachable (an invariant that excludes it would help; "
    "`explore` says whether it is reachable):"
)


# --- results ---------------------------------------------------------------------------------------


def line(result: Result, style: Style = PLAIN) -> str:
    """One line for a check, however long."""
    mark, rest = _line(result, style)
    return style.paint(*mark) + rest


def lines(result: Result, style: Style = PLAIN, indent: str = "") -> list[str]:
    """The line of a check, on a screen broken where it is too long."""
    if not style.screen:
        return [indent + line(result, style)]
    (mark, color), rest = _line(result, style)
    first, *more = style.fold(mark + rest, indent)
    return [indent + style.paint(mark, color) + first[len(indent) + len(mark) :], *more]


def _line(result: Result, style: Style) -> tuple[tuple[str, str], str]:
    """How a check stands, with its colour, and the rest of its line."""
    parts = [f"  {result.check}: {result.verdict}", *_numbers(result, style)]
    return _mark(result), ", ".join(parts)


def headline(result: Result) -> str:
    """What is wrong with a check that does not pass, in one line."""
    if result.standing is Standing.HOLLOW and result.strict is not None:
        return f"hollow: {result.strict.hollow[0].why}"
    return f"expected {result.expected}, found {result.verdict}"


def _mark(result: Result) -> tuple[str, str]:
    match result.standing:
        case Standing.DEFECT:
            return "DEFECT     ", "1;31"
        case Standing.DIFFERS:
            return "UNEXPECTED ", "1;31"
        case Standing.HOLLOW:
            return "hollow     ", "1;31"
        case Standing.UNDECIDED:
            return "undecided  ", "33"
    return "as expected", "33" if result.kind in _WEAK else "32"


def _numbers(result: Result, style: Style) -> Iterator[str]:
    c = result.coverage
    for number, noun in ((c.states, "state"), (c.transitions, "transition"), (c.walks, "walk"), (c.steps, "step")):
        if number is not None:
            orbits = c.orbits if noun == "state" else None
            yield counted(number, noun) + ("" if orbits is None else f" ({spaced(orbits)} up to symmetry)")
    if c.depth is not None:
        yield f"depth {c.depth}"
    if exhausted(result):
        idle = len(_waiting(result))
        yield from (f"{counted(idle, 'action')} never enabled",) if idle else ()
        yield from (f"{len(result.off)} off for these constants",) if result.off else ()
    if result.actions:
        taken, of = sum(a.instances_taken for a in result.actions), sum(a.instances for a in result.actions)
        yield f"{spaced(taken)} of {counted(of, 'action instance')}"
    if c.seed is not None:
        yield f"seed {c.seed}"
    if c.states_per_second is not None:
        yield f"{short(c.states_per_second)} states/s"
    if c.bytes_per_state is not None and c.kept is not None and c.kept > (_SIZED if style.verbose else _LARGE):
        yield f"{c.bytes_per_state:.1f} bytes a state of {counted(c.bits_per_state or 0, 'bit')}"
    yield f"{result.total_seconds:.2f} s"


def details(result: Result, style: Style = PLAIN) -> str:
    """What belongs below a check's line; empty when nothing does."""
    return "\n".join(f"    {x}".rstrip() for x in _details(result, style.within("    ")))


def _details(result: Result, style: Style) -> Iterator[str]:
    for text in _said(result):
        yield from style.fold(text)
    if result.going_on:
        yield from style.command("go on with:", result.going_on)
    for text in _bounded(result):
        yield from style.fold(text)
    if style.verbose and result.coverage.compared:
        yield from style.fold(_compared(result.coverage.compared))
    yield from _unfired(result, style)
    yield from () if result.covered is None else _covered(result.covered, style)
    yield from _sampled(result, style)
    if result.standing is Standing.DEFECT:
        yield from style.fold(_DEFECT)
    if result.kind is Kind.VIOLATED and result.trace is None and result.missing:
        yield from style.fold(result.missing)
    if result.trace is not None and result.kind is Kind.UNKNOWN:
        yield from style.fold(_INDUCTION)
        yield from trace_lines(result.trace, style, start="state")
    elif result.trace is not None:
        yield from _shown(result, result.trace, style)
    for other in result.others:
        yield from _other(result, other, style)
    for ways in result.ways:
        yield from _ways(result, ways, style)
    asked = result.every or result.expects is Kind.VIOLATED
    if result.unjudged and asked and result.unjudged not in result.message:
        yield from style.fold(f"whether anything else is violated is not known: {result.unjudged}")
    yield from _witnesses(result, style) if style.verbose else ()


def _said(result: Result) -> Iterator[str]:
    """What is wrong with a check, and what the engine noted."""
    expected = f"expected {result.expected}"
    if result.standing is Standing.HOLLOW and result.strict is not None:
        yield from (f"hollow: {hollow}" for hollow in result.strict.hollow)
        if result.strict.unknown:
            yield f"whether anything else of it is hollow is not known: {result.strict.unknown}"
    elif not result.as_expected and expected not in result.message:
        yield expected
    if result.message:
        yield result.message
    yield from result.coverage.notes if not result.message else ()
    yield from (told for told in map(str, result.coverage.not_judged) if told not in result.message)


def _bounded(result: Result) -> Iterator[str]:
    if result.kind is Kind.NONE_WITHIN:
        yield "nothing was found within the bound; this says nothing beyond it"
    if result.kind is Kind.NONE_SAMPLED:
        yield "nothing was found on these walks; this says nothing about the rest"


def _witnesses(result: Result, style: Style) -> Iterator[str]:
    for name, witness in result.witnesses.items():
        yield from style.fold(
            f"{name} holds:" if witness.ending.kind == PropertyKind.FIRES.value else f"{name} is reachable:"
        )
        yield from trace_lines(witness, style)
        yield from _replay(result.witness_files.get(name), result, style)


def _shown(result: Result, trace: Trace, style: Style) -> Iterator[str]:
    if _briefly(result, style):
        yield from _shortly(trace, style)
    else:
        yield from trace_lines(trace, style)
        yield from style.command("reproduce:", _command(result))
    yield from _replay(result.trace_file, result, style)


def _briefly(result: Result, style: Style) -> bool:
    return result.as_expected and not style.verbose


def _shortly(trace: Trace, style: Style) -> Iterator[str]:
    yield from style.fold(reason(trace.ending))
    yield from _brief(trace.initial_call, [str(s.call) for s in trace.steps], style)


def _brief(initial: Call | None, calls: Sequence[str], style: Style) -> Iterator[str]:
    """How a run begins, where an `@initial` says, and its calls: on one line, or else a line each."""
    start = "" if initial is None else f"from {initial}"
    text = f"{start}{start and ', '}after {'; '.join(calls) or 'no step'}"
    if len(text) <= style.width:
        yield text
        return
    yield from style.fold(start) if start else ()
    for i, call in enumerate(calls or ["no step"]):
        first, *more = style.fold(call + (";" if i < len(calls) - 1 else ""), " " * len("after "))
        yield from (first if i else f"after {first.strip()}", *more)


def _replay(file: str | None, result: Result, style: Style) -> Iterator[str]:
    if file is not None:
        yield from style.command("replay:   ", f"interlock replay {shlex.quote(file)}{_models(result)}")


def _models(result: Result) -> str:
    """The options that say where the models of a check lie."""
    return "".join(f" --path {shlex.quote(str(folder))}" for folder in result.models)


def _unfired(result: Result, style: Style) -> Iterator[str]:
    """Actions that no step took, by name: of an exhausted search they never can be, of walks they were not."""
    told = result.covered
    known = [s for s in (() if told is None else told.blocked or ()) if s.name not in result.off]
    walked = result.kind is Kind.NONE_SAMPLED
    wanted = walked or style.verbose or told is not None
    if result.off and (wanted or result.strict is not None):
        yield from style.fold(f"off for these constants: {', '.join(result.off)}")
    where = "" if exhausted(result) else " in the part that was searched"
    for stopped in known:
        yield from style.fold(f"never enabled{where}: {stopped}")
    rest = [a for a in _waiting(result) if a not in {s.name for s in known}]
    if rest and wanted and (walked or exhausted(result)):
        yield from style.fold(f"never {'taken' if walked else 'enabled'}: {', '.join(rest)}")


def _waiting(result: Result) -> list[str]:
    """The actions that never fired though no constant switches them off."""
    return [a for a in result.never_fired if a not in result.off]


def _covered(told: Told, style: Style) -> Iterator[str]:
    """What a search covered, by action, and which claims are about nothing."""
    where = "" if told.below is None else " in the part that was searched"
    for stopped in told.vacuous or ():
        yield from style.fold(f"vacuous{where}: {stopped}")
    if told.taken is not None:
        steps = "" if told.below is None else f" of fewer than {counted(told.below, 'step')}"
        yield from style.fold(f"coverage of the {counted(told.states, 'state')}{steps}:")
        yield from _table(("action", "fired", "newly reached"), [_row(t) for t in told.taken], style)
    for note in told.notes:
        yield from style.fold(note)


def _row(t: Taken) -> tuple[str, str, str]:
    return f"{t.action}{f' [fault: {t.fault}]' if t.fault else ''}", spaced(t.fired), spaced(t.new)


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]], style: Style) -> Iterator[str]:
    """The first column to the left, numbers to the right; what is too wide for that in words."""
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    if 4 + sum(widths) + 2 * len(widths[1:]) > style.width:
        for name, *numbers in rows:
            told = ", ".join(f"{what} {number}" for what, number in zip(head[1:], numbers, strict=True))
            yield from style.fold(f"{name}: {told}", "    ")
        return
    for name, *numbers in (head, *rows):
        cells = [number.rjust(wide) for number, wide in zip(numbers, widths[1:], strict=True)]
        yield "    " + "  ".join([name.ljust(widths[0]), *cells])


def _ways(result: Result, ways: Ways, style: Style) -> Iterator[str]:
    """Counterexamples of one thing beside the first, which use other actions."""
    for other, by in zip(ways.more, ways.by, strict=True):
        assert other.trace is not None
        steps = f"in {counted(other.steps or 0, 'step')}"
        used = ", ".join(_with_faults(by, other.trace)) or "no action"
        first, *more = style.fold(f"another way: {other.name}, {steps}, by {used}")
        yield from (style.paint(first, "1;31"), *more)
        yield from _shortly(other.trace, style) if _briefly(result, style) else trace_lines(other.trace, style)
        yield from _replay(other.trace_file, result, style)
    if ways.fewer:
        of = counted(result.distinct or 0, "counterexample")
        yield from style.fold(f"{ways.name}: {1 + len(ways.more)} of {of} asked for; {ways.fewer}")


def _with_faults(actions: Sequence[str], trace: Trace) -> Iterator[str]:
    end = trace.ending
    faults = {s.call.name: s.fault for s in trace.steps} | ({end.failing.name: end.fault} if end.failing else {})
    for name in actions:
        yield f"{name} [fault: {faults[name]}]" if faults.get(name) else name


def _sampled(result: Result, style: Style) -> Iterator[str]:
    """With --verbose, a table of how often random walks took each action."""
    if style.verbose and result.actions:
        rows = [(a.name, *map(spaced, (a.taken, a.instances_taken, a.instances))) for a in result.actions]
        yield "what the walks took:"
        yield from _table(("action", "steps", "instances taken", "of"), rows, style)


def _other(result: Result, other: Other, style: Style) -> Iterator[str]:
    """The lines about a property that is violated beside the first: its trace, or why there is none."""
    if other.trace is None:
        yield from style.fold(f"also violated: {other.name}, for {other.missing}")
        return
    told = style.fold(f"also violated: {other.name}, in {counted(other.steps or 0, 'step')}")
    yield from (style.paint(text, "1;31") for text in told)
    yield from trace_lines(other.trace, style)
    yield from _replay(other.trace_file, result, style)


def _command(result: Result) -> str:
    """The command line that finds the same trace again."""
    c, check = result.coverage, f"{shlex.quote(result.spec)} --only {shlex.quote(result.check)}{_models(result)}"
    if c.walks is not None:
        return f"interlock simulate {check} --seed {c.seed} --walks {c.walks} --steps {c.longest}"
    alone = result.expects is Kind.VIOLATED  # such a check is searched to its end without being asked
    every = " --all" if result.others and not alone else ""
    distinct = f" --distinct {result.distinct}" if result.ways else ""
    return f"interlock check {check}" + (f" --engine {result.engine}" if result.other_engine else "") + every + distinct


def never_enabled(results: Sequence[Result], checks: Mapping[str, int], style: Style = PLAIN) -> Iterator[str]:
    """A note for each spec: actions that are never enabled in those of its checks of which all was searched.

    `checks` says how many a spec has.  Of one among several nothing is said that its own line does not say.
    """
    for spec, group in itertools.groupby(results, key=lambda r: r.spec):
        here = list(group)
        whole = [r for r in here if exhausted(r)]
        fired = {a for r in here for a in r.fired}
        never = dict.fromkeys(a for r in whole for a in r.never_fired if a not in fired)
        every = len(whole) == checks[spec]
        if never and (every or len(whole) > 1):
            some = "any check" if every else f"any of the {len(whole)} checks"
            end = "" if every else " that were searched to the end"
            yield from style.fold(f"never enabled in {some} of {spec}{end}: {', '.join(never)}")


def summary(results: Sequence[Result], not_run: int = 0, refused: int = 0) -> str:
    """The last lines: how many as expected, how many files or checks were refused or not reached, and on how many states
    compiled code was compared with the evaluator."""
    count = Counter(r.standing for r in results)
    text = f"{count[Standing.AS_EXPECTED]} of {counted(len(results), 'check')} as expected"
    for standing, told in _COUNTED.items():
        text += f", {count[standing]} {told}" if count[standing] else ""
    text += f", {not_run} not run" if not_run else ""
    text += f", {refused} refused" if refused else ""
    compared = sum(r.coverage.compared or 0 for r in results)
    return text + (f"\n{_compared(compared)}" if compared else "")


def _compared(states: int) -> str:
    return f"compiled code agreed with the evaluator on {counted(states, 'state')}"
