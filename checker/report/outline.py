"""What has a check's model?  The state and its size, actions, constants, properties: before any run."""

from __future__ import annotations

from collections.abc import Iterator

from checker.fold import fold
from checker.ir.claims import Check, Spec
from checker.ir.nodes import Action, Param, PropertyKind
from checker.ir.types import RecordT, cardinality, show
from checker.judging import show_expected
from checker.semantics.layout import flatten_type
from checker.trace.loader import paste


def outline(spec: Spec, check: Check) -> Iterator[str]:
    """The outline of one check, line by line."""
    program, state = check.program, check.program.state
    assert isinstance(state, RecordT)
    leaves = flatten_type(state)
    bits = sum((leaf.hi - leaf.lo).bit_length() for leaf in leaves)
    yield f"{spec.path}: {check.name}"
    yield f"  model {program.name}, engine {check.engine}, expects {show_expected(check.expect)}" + (
        ", slow" if check.slow else ""
    )
    yield f"  state: {bits} bits, {len(leaves)} leaves"
    for n, t in state.fields:
        yield from fold(f"{n}: {show(t)}", "    ")
    yield "  constants:" if program.constants else "  constants: none"
    for c in program.constants:
        said = "  (set by the check)" if c.overridden else ""
        yield from fold(f"{c.name} = {paste(c.type, c.value)}{said}", "    ")
    yield "  actions:"
    for a in program.actions:
        yield from fold(_action(a, check), "    ")
    yield "  properties:"
    for p in check.properties:
        told = p.name if p.kind is PropertyKind.FIRES else f"{p.kind.value} {p.name}{_params(p.params, p.kind)}"
        yield from fold(told, "    ")


def _action(action: Action, check: Check) -> str:
    count = 1
    for p in action.params:
        count *= cardinality(p.type)
    inside = ", ".join(f"{p.name}: {show(p.type)}" for p in action.params)
    text = f"{action.name}({inside})  {count} instance{'' if count == 1 else 's'}"
    if action.fault is None:
        return text
    return f"{text}  [fault: {action.fault}{'' if action.fault in check.faults else ', not allowed here'}]"


def _params(params: tuple[Param, ...], kind: PropertyKind) -> str:
    if not params:
        return ""
    word = "for some" if kind in (PropertyKind.REACHABLE, PropertyKind.RECOVERABLE) else "for all"
    return f", {word} {', '.join(f'{p.name}: {show(p.type)}' for p in params)}"
