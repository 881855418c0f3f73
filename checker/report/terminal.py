"""How does a person read results?  One line a check, then the traces that matter, then one summary.

Rule of the module: plain text, the same on every run but for times; colour only where the caller says
that it is wanted.  Bounded verdicts say what they are, and never "ok".
"""

from __future__ import annotations

import itertools
import os
import shlex
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, TextIO

import attrs

from checker.engines.contract import Trouble
from checker.ir.claims import Kind
from checker.ir.types import Type
from checker.outcome import Other, Result, Standing, Ways, exhausted
from checker.survey import Taken, Told
from checker.trace.diff import diff, places
from checker.trace.fold import WIDTH, fold
from checker.trace.trace import Call, Conjunct, Ending, Trace, TraceStep

_LARGE: Final = 1_000_000  # states kept, from which on their size is told
_BRIEF: Final = 12  # changes of one step that a brief trace shows
_COUNTED: Final = {
    Standing.DIFFERS: "not as expected",
    Standing.HOLLOW: "hollow",
    Standing.DEFECT: "ended by a defect of Interlock",
    Standing.UNDECIDED: "undecided",
}
_WEAK: Final = (Kind.NONE_WITHIN, Kind.NONE_SAMPLED, Kind.UNKNOWN)  # not all was seen


@attrs.frozen
class Style:
    """Whether to colour, and how much to say."""

    color: bool = False
    verbose: bool = False

    def paint(self, text: str, code: str) -> str:
        """The text in a colour, where colours are wanted."""
        return f"\x1b[{code}m{text}\x1b[0m" if self.color else text


def wanted(stream: TextIO, *, verbose: bool) -> Style:
    """The style for a stream: colours on a terminal, unless `NO_COLOR` is set."""
    return Style(stream.isatty() and not os.environ.get("NO_COLOR"), verbose)


# --- results ---------------------------------------------------------------------------------------


def line(result: Result, style: Style = Style()) -> str:
    """One line for a check."""
    parts = [f"{_mark(result, style)}  {result.check}: {result.verdict}", *_numbers(result, style)]
    return ", ".join(parts)


def headline(result: Result) -> str:
    """What is wrong with a check that does not pass, in one line."""
    if result.standing is Standing.HOLLOW and result.strict is not None:
        return f"hollow: {result.strict.hollow[0].why}"
    return f"expected {result.expected}, found {result.verdict}"


def _mark(result: Result, style: Style) -> str:
    match result.standing:
        case Standing.DEFECT:
            return style.paint("DEFECT     ", "1;31")
        case Standing.DIFFERS:
            return style.paint("UNEXPECTED ", "1;31")
        case Standing.HOLLOW:
            return style.paint("hollow     ", "1;31")
        case Standing.UNDECIDED:
            return style.paint("undecided  ", "33")
    return style.paint("as expected", "33" if result.kind in _WEAK else "32")


def _numbers(result: Result, style: Style) -> Iterator[str]:
    c = result.coverage
    counted = ((c.states, "states"), (c.transitions, "transitions"), (c.walks, "walks"), (c.steps, "steps"))
    for number, noun in counted:
        if number is not None:
            orbits = c.orbits if noun == "states" else None
            yield _spaced(number, noun) + ("" if orbits is None else f" ({_spaced(orbits)} up to symmetry)")
    if c.depth is not None:
        yield f"depth {c.depth}"
    if exhausted(result):
        idle = len(_waiting(result))
        yield from (f"{idle} action{'' if idle == 1 else 's'} never enabled",) if idle else ()
        yield from (f"{len(result.off)} off for these constants",) if result.off else ()
    if result.actions:
        taken, of = sum(a.instances_taken for a in result.actions), sum(a.instances for a in result.actions)
        yield f"{_spaced(taken)} of {_spaced(of, 'action instances')}"
    if c.seed is not None:
        yield f"seed {c.seed}"
    kept = c.states if c.orbits is None else c.orbits
    if c.bytes_per_state is not None and kept is not None and (style.verbose or kept > _LARGE):
        yield f"{c.bytes_per_state:.1f} bytes a state of {c.bits_per_state} bits"
    yield f"{result.total_seconds:.2f} s"


def _spaced(number: int, noun: str = "") -> str:
    return f"{number:,} {noun}".replace(",", " ").strip()


def details(result: Result, style: Style = Style()) -> str:
    """What belongs below a check's line; empty when nothing does."""
    return "\n".join(f"    {x}".rstrip() for x in _details(result, style))


def _details(result: Result, style: Style) -> Iterator[str]:
    expected = f"expected {result.expected}"
    if result.standing is Standing.HOLLOW and result.strict is not None:
        for hollow in result.strict.hollow:
            yield from fold(f"hollow: {hollow}")
        if result.strict.unknown:
            yield from fold(f"whether anything else of it is hollow is not known: {result.strict.unknown}")
    elif not result.as_expected and expected not in result.message:
        yield expected
    if result.message:
        yield result.message
    yield from result.coverage.notes if not result.message else ()
    for left_out in map(str, result.coverage.not_judged):
        yield from fold(left_out) if left_out not in result.message else ()
    if result.going_on:
        yield f"go on with: {result.going_on}"
    if result.kind is Kind.NONE_WITHIN:
        yield "nothing was found within the bound; this says nothing beyond it"
    if result.kind is Kind.NONE_SAMPLED:
        yield "nothing was found on these walks; this says nothing about the rest"
    if style.verbose and result.coverage.compared:
        yield _compared(result.coverage.compared)
    yield from _unfired(result, style)
    yield from () if result.covered is None else _covered(result.covered)
    yield from _sampled(result, style)
    if result.standing is Standing.DEFECT:
        yield "this is a defect of Interlock, not of your model: please report it, with the model and the spec"
    if result.kind is Kind.VIOLATED and result.trace is None and result.missing:
        yield result.missing
    if result.trace is not None and result.kind is Kind.UNKNOWN:
        yield "counterexample to induction, from a state that may not be reachable (an invariant that"
        yield "excludes it would help; `explore` says whether it is reachable):"
        yield from trace_lines(result.trace, style, start="state")
    elif result.trace is not None:
        yield from _shown(result, result.trace, style)
    for other in result.others:
        yield from _other(other, style)
    for ways in result.ways:
        yield from _ways(result, ways, style)
    asked = result.every or result.expects is Kind.VIOLATED
    if result.unjudged and asked and result.unjudged not in result.message:
        yield f"whether anything else is violated is not known: {result.unjudged}"
    if style.verbose:
        for name, witness in result.witnesses.items():
            yield f"{name} holds:" if witness.ending.kind == "fires" else f"{name} is reachable:"
            yield from trace_lines(witness, style)
            yield from _replay(result.witness_files.get(name))


def _shown(result: Result, trace: Trace, style: Style) -> Iterator[str]:
    if _briefly(result, style):
        yield from _shortly(trace)
        yield from _replay(result.trace_file)
        return
    yield from trace_lines(trace, style)
    yield f"reproduce: {_command(result)}"
    yield from _replay(result.trace_file)


def _briefly(result: Result, style: Style) -> bool:
    return result.as_expected and not style.verbose


def _shortly(trace: Trace) -> Iterator[str]:
    yield from fold(_reason(trace.ending))
    yield from _brief([str(s.call) for s in trace.steps])


def _brief(calls: Sequence[str]) -> Iterator[str]:
    """The calls on one line, or else a line each."""
    text = f"after {'; '.join(calls) or 'no step'}"
    if len(text) <= WIDTH:
        yield text
        return
    for i, call in enumerate(calls):
        first, *more = fold(call + (";" if i < len(calls) - 1 else ""), " " * len("after "))
        yield from (first if i else f"after {first.strip()}", *more)


def _replay(file: str | None) -> Iterator[str]:
    if file is not None:
        yield f"replay:    interlock replay {shlex.quote(file)}"


def _unfired(result: Result, style: Style) -> Iterator[str]:
    """Actions that no step took, by name: of an exhausted search they never can be, of walks they were not."""
    told = result.covered
    known = [s for s in (() if told is None else told.blocked or ()) if s.name not in result.off]
    walked = result.kind is Kind.NONE_SAMPLED
    wanted = walked or style.verbose or told is not None
    if result.off and (wanted or result.strict is not None):
        yield from fold(f"off for these constants: {', '.join(result.off)}")
    where = "" if exhausted(result) else " in the part that was searched"
    for stopped in known:
        yield from fold(f"never enabled{where}: {stopped}")
    rest = [a for a in _waiting(result) if a not in {s.name for s in known}]
    if rest and wanted and (walked or exhausted(result)):
        yield from fold(f"never {'taken' if walked else 'enabled'}: {', '.join(rest)}")


def _waiting(result: Result) -> list[str]:
    """The actions that never fired though no constant switches them off."""
    return [a for a in result.never_fired if a not in result.off]


def _covered(told: Told) -> Iterator[str]:
    """What a search covered, by action, and which claims are about nothing."""
    where = "" if told.below is None else " in the part that was searched"
    for stopped in told.vacuous or ():
        yield from fold(f"vacuous{where}: {stopped}")
    if told.taken is not None:
        steps = "" if told.below is None else f" of fewer than {_spaced(told.below, 'steps')}"
        yield f"coverage of the {_spaced(told.states)} states{steps}:"
        yield from _table(("action", "fired", "newly reached"), [_row(t) for t in told.taken])
    for note in told.notes:
        yield from fold(note)


def _row(t: Taken) -> tuple[str, str, str]:
    return f"{t.action}{f' [fault: {t.fault}]' if t.fault else ''}", _spaced(t.fired), _spaced(t.new)


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> Iterator[str]:
    """The first column to the left, numbers to the right."""
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    for name, *numbers in (head, *rows):
        cells = [number.rjust(wide) for number, wide in zip(numbers, widths[1:], strict=True)]
        yield "    " + "  ".join([name.ljust(widths[0]), *cells])


def _ways(result: Result, ways: Ways, style: Style) -> Iterator[str]:
    """Counterexamples of one thing beside the first, which use other actions."""
    for other, by in zip(ways.more, ways.by, strict=True):
        assert other.trace is not None
        steps = f"in {other.steps} step{'' if other.steps == 1 else 's'}"
        used = ", ".join(_with_faults(by, other.trace)) or "no action"
        first, *more = fold(f"another way: {other.name}, {steps}, by {used}")
        yield from (style.paint(first, "1;31"), *more)
        yield from _shortly(other.trace) if _briefly(result, style) else trace_lines(other.trace, style)
        yield from _replay(other.trace_file)
    if ways.fewer:
        yield from fold(
            f"{ways.name}: {1 + len(ways.more)} of {result.distinct} counterexamples asked for; {ways.fewer}"
        )


def _with_faults(actions: Sequence[str], trace: Trace) -> Iterator[str]:
    end = trace.ending
    faults = {s.call.name: s.fault for s in trace.steps} | ({end.failing.name: end.fault} if end.failing else {})
    for name in actions:
        yield f"{name} [fault: {faults[name]}]" if faults.get(name) else name


def _sampled(result: Result, style: Style) -> Iterator[str]:
    """What random walks took, by action."""
    if style.verbose and result.actions:
        rows = [(a.name, *map(_spaced, (a.taken, a.instances_taken, a.instances))) for a in result.actions]
        yield "what the walks took:"
        yield from _table(("action", "steps", "instances taken", "of"), rows)


def _other(other: Other, style: Style) -> Iterator[str]:
    """What is violated beside the first."""
    if other.trace is None:
        yield f"also violated: {other.name}, for {other.missing}"
        return
    yield style.paint(f"also violated: {other.name}, in {other.steps} step{'' if other.steps == 1 else 's'}", "1;31")
    yield from trace_lines(other.trace, style)
    yield from _replay(other.trace_file)


def _command(result: Result) -> str:
    """What finds the same trace again."""
    c, check = result.coverage, f"{shlex.quote(result.spec)} --only {shlex.quote(result.check)}"
    if c.walks is not None:
        return f"interlock simulate {check} --seed {c.seed} --walks {c.walks} --steps {c.longest}"
    alone = result.expects is Kind.VIOLATED  # such a check is searched to its end without being asked
    every = " --all" if result.others and not alone else ""
    distinct = f" --distinct {result.distinct}" if result.ways else ""
    return f"interlock check {check}" + (f" --engine {result.engine}" if result.other_engine else "") + every + distinct


def never_enabled(results: Sequence[Result], checks: Mapping[str, int]) -> Iterator[str]:
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
            yield from fold(f"never enabled in {some} of {spec}{end}: {', '.join(never)}")


def summary(results: Sequence[Result], not_run: int = 0, refused: int = 0) -> str:
    """The last lines: how many as expected, how many files or checks were refused or not reached, and on how many states
    compiled code was compared with the evaluator."""
    count = Counter(r.standing for r in results)
    text = f"{count[Standing.AS_EXPECTED]} of {len(results)} checks as expected"
    for standing, told in _COUNTED.items():
        text += f", {count[standing]} {told}" if count[standing] else ""
    text += f", {not_run} not run" if not_run else ""
    text += f", {refused} refused" if refused else ""
    compared = sum(r.coverage.compared or 0 for r in results)
    return text + (f"\n{_compared(compared)}" if compared else "")


def _compared(states: int) -> str:
    return f"compiled code agreed with the evaluator on {_spaced(states, 'state' if states == 1 else 'states')}"


# --- traces ----------------------------------------------------------------------------------------


def trace_lines(trace: Trace, style: Style = Style(), start: str = "initial state") -> Iterator[str]:
    """A trace: numbered actions, changed fields, and why it ends."""
    yield from fold(f"{start}:" if trace.initial_call is None else f"{start}, by {trace.initial_call}:")
    for place, value in _initial_places(trace, style):
        yield from fold(f"{place} = {value}" if value else place, "    ")
    before = trace.initial
    width = len(str(len(trace.steps)))
    for i, step in enumerate(trace.steps, 1):
        yield from _step(f"{i:>{width}}. ", step, style)
        yield from _changes(trace.state, before, step.after, " " * (width + 6))
        before = step.after
    yield from ending_lines(trace.ending, style)


def setting(trace: Trace) -> Iterator[str]:
    """What the check of a trace sets and allows."""
    if trace.constants:
        yield from fold(f"constants: {', '.join(f'{n} = {v}' for n, v in trace.constants.items())}")
    yield from fold(f"faults: {', '.join(sorted(trace.faults)) or 'none'}")


def _step(number: str, step: TraceStep, style: Style) -> Iterator[str]:
    first, *more = (line.strip() for line in fold(str(step.call), " " * len(number)))
    lines = [number + style.paint(first, "1"), *(" " * (len(number) + 4) + style.paint(x, "1") for x in more)]
    lines[-1] += style.paint(f"   [fault: {step.fault}]", "35") if step.fault else ""
    yield from lines


def _initial_places(trace: Trace, style: Style) -> tuple[tuple[str, str], ...]:
    """All of them where much is wanted; else the first lines of a trace should be few."""
    found, few = places(trace.state, trace.initial), 4 * _BRIEF
    if style.verbose or len(found) <= few:
        return found
    return (*found[:few], (f"... and {len(found) - few} places more, which --verbose shows", ""))


def _changes(t: Type, old: object, new: object, indent: str) -> Iterator[str]:
    found = diff(t, old, new)
    if not found:
        yield f"{indent}(nothing changes)"
    for change in found:
        yield from change.lines(indent)


def ending_lines(end: Ending, style: Style = Style()) -> Iterator[str]:
    """Why a trace ends: the property with its parameters, and the conjunct that is false."""
    yield from (style.paint(line, "32" if end.trouble is None else "31") for line in fold(_reason(end)))
    for c in end.conjuncts:
        what = "at" if end.trouble is Trouble.MODEL_ERROR else "false:"
        yield from _conjunct(what, c)
    if end.recheck:
        yield from fold(end.recheck, "    ")


def _conjunct(what: str, c: Conjunct) -> Iterator[str]:
    place = f"    ({c.span})" if c.span.line else ""
    yield from fold(f"{what} {c.text}".rstrip() + place, "    ")
    if c.values:
        yield from fold(f"with {c.values}", "        ")


def _reason(end: Ending) -> str:
    claim = end.instance
    match end.trouble:
        case None:
            return f"{claim}: the last step takes it" if end.kind == "fires" else f"{claim} is true here"
        case Trouble.DEADLOCK:
            return f"deadlock: no action is enabled, and {_name(end.claim)} is false"
        case Trouble.MODEL_ERROR:
            fault = f" [fault: {end.fault}]" if end.fault else ""
            return f"error of the model in {end.failing}{fault}: {end.error}"
    if end.kind == "recoverable":
        return f"from here no path leads to {'?' if end.claim is None else end.claim.named()}"
    return f"{claim} is false" + (" of the last step" if end.kind == "step" else "")


def _name(call: Call | None) -> str:
    return "?" if call is None else call.name
