"""What has a spec?  Its models (the state and its size, types, constants, actions), and their checks: before any run.

Rule of the module: a model is told once, as the first of its checks has it; of another check, only what its constants
make different.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Final

from interlock.checker.checks.judging import show_expected
from interlock.checker.fold import WIDTH, fold
from interlock.checker.ir.claims import Check, Spec
from interlock.checker.ir.nodes import Action, Param, Program, PropertyKind
from interlock.checker.ir.types import (
    EnumT,
    MapT,
    OptionT,
    RecordT,
    ScalarT,
    SeqT,
    SetT,
    TupleT,
    Type,
    cardinality,
    show,
    show_number,
)  # fmt: skip
from interlock.checker.semantics.leaves import flatten_type
from interlock.checker.trace.loader import paste
from interlock.checker.words import counted, spaced

_SPELLED: Final = 1 << 62  # numbers up to which are written out


def outline(spec: Spec, checks: Sequence[Check], width: int = WIDTH) -> Iterator[str]:
    """The outline of some checks of a spec and of their models, in lines of at most `width` columns."""
    yield spec.path
    for name in dict.fromkeys(c.program.name for c in checks):
        own = [c for c in checks if c.program.name == name]
        model = list(_model(own[0].program))
        for line in (f"  model {name}", *model):
            yield from _folded(line, width)
        for c in own:
            yield from _folded(f'  check "{c.name}"', width)
            for line in _check(c, [line for line in _model(c.program) if line not in model]):
                yield from _folded(line, width)


def _folded(line: str, width: int) -> list[str]:
    text = line.lstrip()
    return fold(text, line[: len(line) - len(text)], width=width)


# --- a model ---------------------------------------------------------------------------------------


def _model(program: Program) -> Iterator[str]:
    assert isinstance(program.state, RecordT)
    yield f"    state: {_bits(program.state)}, {counted(len(flatten_type(program.state)), 'leaf', 'leaves')}"
    yield from (f"      {name}: {show(t)}  {_bits(t)}" for name, t in program.state.fields)
    types = list(_types(program))
    if types:
        yield "    types:"
        yield from (f"      {_defined(t)}" for t in types)
    yield "    constants:" if program.constants else "    constants: none"
    yield from (f"      {c.name} = {paste(c.type, c.value)}" for c in program.constants)
    if program.initials:
        yield "    initial:"
        yield from (f"      {_action(a)}" for a in program.initials)
    yield "    actions:"
    yield from (f"      {_action(a)}" for a in program.actions)


def _bits(t: Type) -> str:
    return counted(sum((leaf.hi - leaf.lo).bit_length() for leaf in flatten_type(t)), "bit")


def _types(program: Program) -> Iterator[Type]:
    """The classes that the state and the parameters speak of, each once, in the order they are met."""
    assert isinstance(program.state, RecordT)
    params = [p.type for a in (*program.initials, *program.actions) for p in a.params]
    todo = [t for _, t in program.state.fields] + params
    seen: set[str] = set()
    while todo:
        t = todo.pop(0)
        if isinstance(t, EnumT | ScalarT | RecordT) and t.name not in seen:
            seen.add(t.name)
            yield t
        todo = [*(p for p in _parts(t) if show(p) not in seen), *todo]


def _parts(t: Type) -> tuple[Type, ...]:
    match t:
        case RecordT():
            return tuple(f for _, f in t.fields)
        case TupleT():
            return t.items
        case OptionT() | SetT() | SeqT():
            return (t.item,)
        case MapT():
            return (t.key, t.value)
        case _:
            return ()


def _defined(t: Type) -> str:
    match t:
        case EnumT():
            return f"{t.name}: {' < '.join(t.members) if t.ordered else ', '.join(t.members)}"
        case ScalarT():
            return f"{t.name}: {t.size} interchangeable"
        case _:
            assert isinstance(t, RecordT)
            return f"{t.name}({', '.join(f'{name}: {show(f)}' for name, f in t.fields)})  {_bits(t)}"


def _action(action: Action) -> str:
    inside = ", ".join(f"{p.name}: {show(p.type)}" for p in action.params)
    text = f"{action.name}({inside})  {_instances(action)}"
    return text if action.fault is None else f'{text}  [fault "{action.fault}"]'


def _instances(action: Action) -> str:
    count = math.prod(cardinality(p.type) for p in action.params)
    return counted(count, "instance") if count < _SPELLED else f"{show_number(count)} instances"


# --- a check ---------------------------------------------------------------------------------------


def _check(check: Check, different: list[str]) -> Iterator[str]:
    """The lines of a check; `different`: those of its model that its constants make so."""
    yield f"    engine {check.engine}, expects {show_expected(check.expect)}{', slow' if check.slow else ''}"
    options = [f"{name}={spaced(value)}" for name, value in check.options.items()]
    if options:
        yield f"    with {', '.join(options)}"
    if check.program.faults:
        allowed = [name for name in check.program.faults if name in check.faults]
        yield f"    faults: {', '.join(allowed) or 'none'}"
    yield from ("    its constants make of the model:", *(f"  {line}" for line in different)) if different else ()
    done = "not looked for" if check.terminal is None else f"a state without steps that is not {check.terminal.name}"
    yield f"    deadlock: {done}"
    yield "    properties:" if check.properties else "    properties: none"
    for p in check.properties:
        told = p.name if p.kind is PropertyKind.FIRES else f"{p.kind.value} {p.name}{_params(p.params, p.kind)}"
        yield f"      {told}"


def _params(params: tuple[Param, ...], kind: PropertyKind) -> str:
    if not params:
        return ""
    word = "for some" if kind is PropertyKind.REACHABLE else "for all"
    return f", {word} {', '.join(f'{p.name}: {show(p.type)}' for p in params)}"
