"""How does a person read results?  One line a check, then the traces that matter, then one summary.

Rule of the module: plain text, the same on every run but for times; colour only where the caller says
that it is wanted.  Bounded verdicts say what they are, and never "ok".
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from typing import Final

import attrs

from checker.engines.contract import Trouble
from checker.ir.types import Type
from checker.run import Result
from checker.trace.diff import diff, places
from checker.trace.trace import Call, Ending, Trace

_BRIEF: Final = 12  # changes of one step that a brief trace shows


@attrs.frozen
class Style:
    """Whether to colour, and how much to say."""

    color: bool = False
    verbose: bool = False

    def paint(self, text: str, code: str) -> str:
        """The text in a colour, where colours are wanted."""
        return f"\x1b[{code}m{text}\x1b[0m" if self.color else text


# --- results ---------------------------------------------------------------------------------------


def line(result: Result, style: Style = Style()) -> str:
    """One line for a check."""
    parts = [f"{_mark(result, style)}  {result.check}: {result.verdict}", *_numbers(result)]
    return ", ".join(parts)


def _mark(result: Result, style: Style) -> str:
    if result.undecided:
        return style.paint("undecided  ", "33")
    if not result.as_expected:
        return style.paint("UNEXPECTED ", "1;31")
    bounded = result.verdict.startswith(("NoneWithin", "NoneSampled", "Unknown"))
    return style.paint("as expected", "33" if bounded else "32")


def _numbers(result: Result) -> Iterator[str]:
    c = result.coverage
    counted = ((c.states, "states"), (c.transitions, "transitions"), (c.walks, "walks"), (c.steps, "steps"))
    for number, noun in counted:
        if number is not None:
            yield f"{number:,} {noun}".replace(",", " ")
    if c.depth is not None:
        yield f"depth {c.depth}"
    yield f"{result.total_seconds:.2f} s"


def details(result: Result, style: Style = Style()) -> str:
    """What belongs below a check's line; empty when nothing does."""
    return "\n".join(f"    {x}".rstrip() for x in _details(result, style))


def _details(result: Result, style: Style) -> Iterator[str]:
    if not result.as_expected and not result.message.startswith("expected"):
        yield f"expected {result.expected}"
    if result.message:
        yield result.message
    yield from result.coverage.notes if not result.message else ()
    if result.verdict.startswith("NoneWithin"):
        yield "nothing was found within the bound; this says nothing beyond it"
    if result.verdict.startswith("NoneSampled"):
        yield "nothing was found on these walks; this says nothing about the rest"
    if result.never_fired and (style.verbose or result.verdict.startswith("NoneSampled")):
        yield f"never taken: {', '.join(result.never_fired)}"
    if result.verdict.startswith("Violated") and result.trace is None and result.property is not None:
        yield f"no reachable state has {result.property}"
    if result.trace is not None and result.verdict.startswith("Unknown"):
        yield "counterexample to induction, from a state that may not be reachable (an invariant that"
        yield "excludes it would help; `explore` says whether it is reachable):"
        yield from trace_lines(result.trace, style, start="state")
    elif result.trace is not None:
        yield from _shown(result, result.trace, style)
    if style.verbose:
        for witness in result.witnesses.values():
            yield from trace_lines(witness, style)


def _shown(result: Result, trace: Trace, style: Style) -> Iterator[str]:
    if result.as_expected and not style.verbose:
        yield f"{_reason(trace.ending)}"
        yield f"after {'; '.join(str(s.call) for s in trace.steps) or 'no step'}"
        return
    yield from trace_lines(trace, style)
    yield f"reproduce: interlock check {shlex.quote(result.spec)} --only {shlex.quote(result.check)}{_flags(result)}"
    if result.trace_file is not None:
        yield f"replay:    interlock replay {shlex.quote(result.trace_file)}"


def _flags(result: Result) -> str:
    seed = "" if result.coverage.seed is None else f" --seed {result.coverage.seed}"
    return (f" --engine {result.engine}" if result.other_engine else "") + seed


def summary(results: Sequence[Result], not_run: int = 0) -> str:
    """The last line: how many as expected."""
    good = sum(r.as_expected for r in results)
    open_ = sum(r.undecided for r in results)
    text = f"{good} of {len(results)} checks as expected"
    bad = len(results) - good - open_
    text += f", {bad} not as expected" if bad else ""
    text += f", {open_} undecided" if open_ else ""
    return text + (f", {not_run} not run" if not_run else "")


# --- traces ----------------------------------------------------------------------------------------


def trace_lines(trace: Trace, style: Style = Style(), start: str = "initial state") -> Iterator[str]:
    """A trace: numbered actions, changed fields, and why it ends."""
    yield f"{start}:" if trace.initial_call is None else f"{start}, by {trace.initial_call}:"
    for place, value in _initial_places(trace):
        yield f"    {place} = {value}"
    before = trace.initial
    width = len(str(len(trace.steps)))
    for i, step in enumerate(trace.steps, 1):
        fault = style.paint(f"   [fault: {step.fault}]", "35") if step.fault else ""
        yield f"{i:>{width}}. {style.paint(str(step.call), '1')}{fault}"
        yield from _changes(trace.state, before, step.after)
        before = step.after
    yield from ending_lines(trace.ending, style)


def _initial_places(trace: Trace) -> tuple[tuple[str, str], ...]:
    """Whole fields where all is as it was: the first lines of a trace should be short."""
    found = places(trace.state, trace.initial)
    return found if len(found) <= 4 * _BRIEF else found[: 4 * _BRIEF] + (("...", f"{len(found)} places in all"),)


def _changes(t: Type, old: object, new: object) -> Iterator[str]:
    found = diff(t, old, new)
    if not found:
        yield "       (nothing changes)"
    yield from (f"       {c}" for c in found)


def ending_lines(end: Ending, style: Style = Style()) -> Iterator[str]:
    """Why a trace ends: the property with its parameters, and the conjunct that is false."""
    yield style.paint(_reason(end), "32" if end.trouble is None else "31")
    for c in end.conjuncts:
        what = "at" if end.trouble is Trouble.MODEL_ERROR else "false:"
        yield f"    {what} {c.text}".rstrip() + (f"    ({c.span})" if c.span.line else "")


def _reason(end: Ending) -> str:
    claim = "" if end.claim is None else str(end.claim)
    match end.trouble:
        case None:
            return f"{claim} is true here"
        case Trouble.DEADLOCK:
            return f"deadlock: no action is enabled, and {_name(end.claim)} is false"
        case Trouble.MODEL_ERROR:
            fault = f" [fault: {end.fault}]" if end.fault else ""
            return f"error of the model in {end.failing}{fault}: {end.error}"
    if end.kind == "recoverable":
        return f"from here no path leads to {_name(end.claim)}"
    return f"{claim} is false" + (" of the last step" if end.kind == "step" else "")


def _name(call: Call | None) -> str:
    return "?" if call is None else call.name
