"""How does a person read a trace?  Numbered actions, what each of them changes, and why the trace ends.

Rule of the module: calls and values paste back into Python, on however many lines they are.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from interlock.checker.contract import Trouble
from interlock.checker.ir.nodes import PropertyKind
from interlock.checker.ir.types import Type
from interlock.checker.report.style import PLAIN, Style
from interlock.checker.trace.diff import diff, places
from interlock.checker.trace.trace import Call, Conjunct, Ending, Trace, TraceStep
from interlock.checker.words import counted

_FEW: Final = 48  # places of an initial state that a brief trace shows


def trace_lines(trace: Trace, style: Style = PLAIN, start: str = "initial state") -> Iterator[str]:
    """A trace: numbered actions, changed fields, and why it ends."""
    yield from style.fold(f"{start}:" if trace.initial_call is None else f"{start}, by {trace.initial_call}:")
    for place, value in _initial_places(trace, style):
        yield from style.fold(f"{place} = {value}" if value else place, "    ")
    before = trace.initial
    width = len(str(len(trace.steps)))
    for i, step in enumerate(trace.steps, 1):
        yield from _step(f"{i:>{width}}. ", step, style)
        yield from _changes(trace.state, before, step.after, " " * (width + 6), style)
        before = step.after
    yield from ending_lines(trace.ending, style)


def setting(trace: Trace, style: Style = PLAIN) -> Iterator[str]:
    """What the check of a trace sets and allows."""
    if trace.constants:
        yield from style.fold(f"constants: {', '.join(f'{n} = {v}' for n, v in trace.constants.items())}")
    yield from style.fold(f"faults: {', '.join(sorted(trace.faults)) or 'none'}")


def _step(number: str, step: TraceStep, style: Style) -> Iterator[str]:
    fault = f"   [fault: {step.fault}]" if step.fault else ""
    first, *more = (text.strip() for text in style.fold(str(step.call), " " * len(number)))
    hang = " " * (len(number) + 4)
    told = [number + style.paint(first, "1"), *(hang + style.paint(x, "1") for x in more)]
    last = len(more[-1] if more else first) + len(hang if more else number)
    if last + len(fault) > style.width:
        told.append(hang + style.paint(fault.strip(), "35"))
    elif fault:
        told[-1] += style.paint(fault, "35")
    yield from told


def _initial_places(trace: Trace, style: Style) -> tuple[tuple[str, str], ...]:
    """All of them where much is wanted; else the first lines of a trace should be few."""
    found = places(trace.state, trace.initial)
    if style.verbose or len(found) <= _FEW:
        return found
    return (*found[:_FEW], (f"... and {counted(len(found) - _FEW, 'place')} more, which --verbose shows", ""))


def _changes(t: Type, old: object, new: object, indent: str, style: Style) -> Iterator[str]:
    found = diff(t, old, new)
    if not found:
        yield f"{indent}(nothing changes)"
    for change in found:
        yield from change.lines(indent, style.width)


def ending_lines(end: Ending, style: Style = PLAIN) -> Iterator[str]:
    """Why a trace ends: the property with its parameters, and the conjunct that is false."""
    yield from (style.paint(text, "32" if end.trouble is None else "31") for text in style.fold(reason(end)))
    for c in end.conjuncts:
        what = "at" if end.trouble is Trouble.MODEL_ERROR else "true:" if c.truth else "false:"
        yield from _conjunct(what, c, style)
    if end.recheck:
        yield from style.fold(end.recheck, "    ")


def _conjunct(what: str, c: Conjunct, style: Style) -> Iterator[str]:
    place = f"    ({c.span if style.lines else c.span.file})" if c.span.line else ""
    yield from style.fold(f"{what} {c.text}".rstrip() + place, "    ")
    if c.values:
        yield from style.fold(f"with {c.values}", "        ")


def reason(end: Ending) -> str:
    """Why a trace ends, in one sentence."""
    claim = end.instance
    match end.trouble:
        case None:
            return (
                f"{claim}: the last step takes it" if end.kind == PropertyKind.FIRES.value else f"{claim} is true here"
            )
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
