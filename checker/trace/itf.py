"""How is a trace kept in a file?  As ITF JSON, the interchange format of Apalache and Quint.

Rule of the module: states are plain ITF that any reader of the format understands; what `interlock
replay` needs beyond them (actions, parameters, spec, check, claim) is in the `#meta` fields.  Reading
trusts nothing: a file that is not what it should be is an InputError (T0xx).

Enumeration members and members of scalarsets are strings (`Status.NONE`, `Chain(0)`); an option is the
variant `{"tag": "Some", "value": v}` or `{"tag": "None", "value": {"#tup": []}}`.
"""

from __future__ import annotations

import errno
import json
import os
import stat
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NoReturn

import attrs

from interlock.checker import writing
from interlock.checker.contract import Trouble
from interlock.checker.diagnostics import Diagnostic, InputError, Span, nearest
from interlock.checker.ir.nodes import Action, Param, Property, PropertyKind
from interlock.checker.ir.types import (
    BoolT,
    EnumT,
    IntT,
    MapT,
    OptionT,
    RecordT,
    ScalarT,
    SeqT,
    SetT,
    TupleT,
    Type,
    Value,
    members,
)
from interlock.checker.trace import files
from interlock.checker.trace.loader import paste
from interlock.checker.trace.replay import Claim, Moves
from interlock.checker.trace.trace import Call, Trace

_EXACT: Final = 2**53  # up to which readers of JSON whose numbers are floats read integers exactly
_NONE: Final = {"tag": "None", "value": {"#tup": []}}
MOST_BYTES: Final = 1 << 25  # of a file: reading one takes nine times as much memory


# --- values ----------------------------------------------------------------------------------------


def encode(t: Type, value: Any) -> Any:
    """A value as ITF JSON."""
    match t:
        case EnumT() | ScalarT():
            return paste(t, value)
        case RecordT():
            return {n: encode(f, v) for (n, f), v in zip(t.fields, value, strict=True)}
        case TupleT():
            return {"#tup": [encode(i, v) for i, v in zip(t.items, value, strict=True)]}
        case OptionT():
            return _NONE if value is None else {"tag": "Some", "value": encode(t.item, value)}
        case MapT():
            pairs = zip(members(t.key), value, strict=True)
            return {"#map": [[encode(t.key, k), encode(t.value, v)] for k, v in pairs]}
        case SetT():
            return {"#set": [encode(t.item, v) for v in members(t.item) if v in value]}
        case SeqT():
            return [encode(t.item, v) for v in value]
        case BoolT():
            return value
        case _:
            return value if abs(value) <= _EXACT else {"#bigint": str(value)}


def decode(t: Type, data: Any) -> Value:
    """A value from ITF JSON.  Raises ValueError for anything that is not one of the type."""
    match t:
        case BoolT() if isinstance(data, bool):
            return data
        case IntT():
            return _decode_int(t, data)
        case EnumT() | ScalarT() if isinstance(data, str):
            return _decode_name(t, data)
        case RecordT() if isinstance(data, dict):
            return tuple(decode(f, _get(data, n)) for n, f in t.fields)
        case TupleT():
            items = _inside(data, "#tup")
            return tuple(decode(i, v) for i, v in zip(t.items, items, strict=True))
        case OptionT() if isinstance(data, dict):
            return _decode_option(t, data)
        case MapT():
            return _decode_map(t, _inside(data, "#map"))
        case SetT():
            return frozenset(decode(t.item, v) for v in _inside(data, "#set"))
        case SeqT() if isinstance(data, list) and len(data) <= t.bound:
            return tuple(decode(t.item, v) for v in data)
    raise ValueError(_misfit(t, data))


def _decode_int(t: IntT, data: Any) -> int:
    if isinstance(data, dict) and isinstance(data.get("#bigint"), str):
        data = int(data["#bigint"])
    if isinstance(data, int) and not isinstance(data, bool) and t.lo <= data <= t.hi:
        return data
    raise ValueError(_misfit(t, data))


def _decode_name(t: EnumT | ScalarT, data: str) -> Value:
    for v in members(t):
        if paste(t, v) == data:
            return v
    raise ValueError(_misfit(t, data))


def _decode_option(t: OptionT, data: Mapping[str, Any]) -> Value:
    match data.get("tag"):
        case "None":
            return None
        case "Some":
            return decode(t.item, _get(data, "value"))
    raise ValueError(_misfit(t, data))


def _decode_map(t: MapT, data: Any) -> Value:
    found = {decode(t.key, k): decode(t.value, v) for k, v in data}
    if not len(found) == len(data) == len(members(t.key)):
        raise ValueError(_misfit(t, data))
    return tuple(found[k] for k in members(t.key))


def _inside(data: Any, tag: str) -> list[Any]:
    if isinstance(data, dict) and isinstance(data.get(tag), list):
        return list(data[tag])
    raise ValueError(f"expected a {tag}, not {json.dumps(data)[:60]}")


def _get(data: Mapping[str, Any], name: str) -> Any:
    if name not in data:
        raise ValueError(f"`{name}` is missing")
    return data[name]


def _misfit(t: Type, data: Any) -> str:
    from interlock.checker.ir.types import show

    return f"{json.dumps(data)[:60]} is not a value of {show(t)}"


# --- out -------------------------------------------------------------------------------------------


def to_itf(trace: Trace, root: str = ".") -> dict[str, Any]:
    """The trace as an ITF document; `root` leads from its folder to the one that the spec's path starts from."""
    t = trace.state
    assert isinstance(t, RecordT)
    states = [{"#meta": _start(trace), **encode(t, trace.initial)}]
    for i, step in enumerate(trace.steps, 1):
        meta = {"index": i, **_call(step.call), "fault": step.fault}
        states.append({"#meta": meta, **encode(t, step.after)})
    return {"#meta": _about(trace, root), "vars": [n for n, _ in t.fields], "states": states}


def _start(trace: Trace) -> dict[str, Any]:
    return {"index": 0} if trace.initial_call is None else {"index": 0, **_call(trace.initial_call)}


def _about(trace: Trace, root: str) -> dict[str, Any]:
    end = trace.ending
    return {
        "format": "ITF",
        "format-description": "https://apalache-mc.org/docs/adr/015adr-trace.html",
        "source": trace.spec,
        "interlock": {
            "schema": 1,
            "spec": trace.spec,
            "root": root,
            "check": trace.check,
            "model": trace.program,
            "constants": dict(trace.constants),
            "faults": sorted(trace.faults),
            "trouble": None if end.trouble is None else end.trouble.value,
            "property": None if end.claim is None else end.claim.name,
            "instance": end.instance or None,
            "params": None if end.claim is None else _params(end.claim),
            "failing": None if end.failing is None else _call(end.failing),
            "recheck": end.recheck or None,
        },
    }


def _call(call: Call) -> dict[str, Any]:
    return {"action": call.name, "params": _params(call), "text": str(call)}


def _params(call: Call) -> dict[str, Any]:
    return {p.name: encode(p.type, v) for p, v in zip(call.params, call.arguments, strict=True)}


def write(trace: Trace, path: Path) -> None:
    """Save a trace.  Raises OSError, after which there is no new file."""
    text = json.dumps(to_itf(trace, files.root(path)), indent=1) + "\n"
    if len(text) > MOST_BYTES:
        raise OSError(errno.EFBIG, f"the trace takes {len(text):,} bytes, and `replay` reads {MOST_BYTES:,} at most")
    writing.write(path, text)


# --- in --------------------------------------------------------------------------------------------


@attrs.frozen(eq=False)
class Saved:
    """An ITF file of ours, as far as it can be read without the model."""

    path: str
    spec: str
    check: str
    about: Mapping[str, Any]
    states: Sequence[Mapping[str, Any]]

    def spec_file(self) -> Path:
        """The file of the spec.  Raises InputError T007 with all places where it is not."""
        recorded = self.about.get("root")
        tried = list(files.places(Path(self.path), recorded if isinstance(recorded, str) else ".", self.spec))
        for place in tried:
            if os.path.isfile(place):  # noqa: PTH113 - False, not an error, for a name too long
                return place
        where = ", ".join(dict.fromkeys(str(place) for place in tried))
        _refuse(Path(self.path), "T007", f"the spec of this trace, {self.spec}, is not found: there is no {where}",
                "name the spec file: `interlock replay TRACE --spec PATH`")  # fmt: skip


def read(path: Path) -> Saved:
    """Read an ITF file.  Raises InputError (T0xx)."""
    try:
        data = json.loads(_text(path))
    except OSError as e:
        _refuse(path, "T001", f"cannot read the trace: {e.strerror or e}", _nearest(path))
    except (ValueError, RecursionError):
        _refuse(path, "T002", "this is not JSON", "name a file that `--traces` wrote")
    return _checked(path, data)


def _text(path: Path) -> str:
    """What is in a plain file of a bounded size.  Raises InputError for another, and OSError."""
    if not stat.S_ISREG(path.stat().st_mode):
        _refuse(path, "T002", "this is no plain file", "name a file that `--traces` wrote")
    with path.open("rb") as file:
        data = file.read(MOST_BYTES + 1)
    if len(data) > MOST_BYTES:
        message = f"the file is too long for a trace: it has more than {MOST_BYTES:,} bytes"
        _refuse(path, "T002", message, "name a file that `--traces` wrote")
    return data.decode("utf-8")


def _nearest(path: Path) -> str:
    """What to type for a trace that cannot be read: the nearest name in its folder, or where traces come from."""
    beside = [p.name for p in path.parent.glob("*.json")] if path.parent.is_dir() else []
    best = nearest(path.name, beside)
    return f"did you mean `{path.parent / best}`?" if best else "name a file that `--traces` wrote"


def _checked(path: Path, data: Any) -> Saved:
    states = data.get("states") if isinstance(data, dict) else None
    if not isinstance(states, list) or not states or not all(isinstance(s, dict) for s in states):
        _refuse(path, "T003", "this is not an ITF trace: it has no list of states", "name a file that `--traces` wrote")
    meta = data.get("#meta")
    about = meta.get("interlock") if isinstance(meta, dict) else None
    if not isinstance(about, dict) or about.get("schema") != 1:
        _refuse(path, "T004", "the trace does not say which check it belongs to",
                "only traces that Interlock wrote can be replayed")  # fmt: skip
    spec, check = about.get("spec"), about.get("check")
    if not isinstance(spec, str) or not isinstance(check, str):
        _refuse(path, "T004", "the trace does not name its spec and check", "write the trace again with `--traces`")
    return Saved(str(path), spec, check, about, states)


def moves(
    saved: Saved, state: Type, initials: Sequence[Action], actions: Sequence[Action], properties: Sequence[Property]
) -> tuple[Moves, Claim, tuple[Value, ...]]:
    """The path, its claim, and all states as saved.  Raises InputError when they do not fit the model."""
    found = states(saved, state)
    start, steps = _decode_start(saved, initials), []
    for i, data in enumerate(saved.states[1:], 1):
        try:
            steps.append(_decode_call(_meta(data), actions))
        except (ValueError, TypeError, RecursionError) as e:
            _refuse(Path(saved.path), "T005", f"state {i} does not fit the model: {e}", _CHANGED)
    return Moves(found[0], tuple(steps), start), _claim(saved, actions, properties), found


def _decode_start(saved: Saved, initials: Sequence[Action]) -> tuple[int, tuple[Value, ...]] | None:
    """The initial action, where the trace says which."""
    meta = saved.states[0].get("#meta")
    if not initials or not isinstance(meta, dict) or "action" not in meta:
        return None
    try:
        return _decode_call(meta, initials)
    except (ValueError, TypeError, RecursionError) as e:
        _refuse(Path(saved.path), "T005", f"how the trace begins does not fit the model: {e}", _CHANGED)


def states(saved: Saved, state: Type) -> tuple[Value, ...]:
    """All states as saved.  Raises InputError when they do not fit the model."""
    found = []
    for i, data in enumerate(saved.states):
        try:
            found.append(decode(state, data))
        except (ValueError, TypeError, RecursionError) as e:
            _refuse(Path(saved.path), "T005", f"state {i} does not fit the model: {e}", _CHANGED)
    return tuple(found)


_CHANGED: Final = "the model may have changed since: run the check again with `--traces`"


def _meta(data: Mapping[str, Any]) -> Mapping[str, Any]:
    meta = data.get("#meta")
    if not isinstance(meta, dict):
        raise ValueError("it has no `#meta`")
    return meta


def _claim(saved: Saved, actions: Sequence[Action], properties: Sequence[Property]) -> Claim:
    about = saved.about
    try:
        trouble = None if about.get("trouble") is None else Trouble(about["trouble"])
        failing = about.get("failing")
        names = {a.name for a in actions}
        if isinstance(failing, dict) and failing.get("action") in names:
            return Claim(trouble, None, _decode_call(failing, actions))
        named = failing.get("action") if isinstance(failing, dict) else about.get("property")
        lost = [p for p in properties if p.name == named and p.kind is PropertyKind.RECOVERABLE and p.params]
        given = _decode_params(lost[0].params, about.get("params")) if lost and trouble is Trouble.PROPERTY else ()
        return Claim(trouble, named if isinstance(named, str) else None, params=given)
    except (ValueError, TypeError) as e:
        _refuse(Path(saved.path), "T005", f"what the trace shows cannot be read: {e}", _CHANGED)


def _decode_call(data: Mapping[str, Any], actions: Sequence[Action]) -> tuple[int, tuple[Value, ...]]:
    name, params = data.get("action"), data.get("params")
    for i, a in enumerate(actions):
        if a.name == name:
            return i, _decode_params(a.params, params)
    raise ValueError(f"the check has no action `{name}`")


def _decode_params(params: Sequence[Param], data: Any) -> tuple[Value, ...]:
    if not isinstance(data, dict):
        raise ValueError("its parameters are missing")
    return tuple(decode(p.type, _get(data, p.name)) for p in params)


def _refuse(path: Path, code: str, message: str, advice: str) -> NoReturn:
    raise InputError([Diagnostic(code, message, Span(str(path), 0, 0, 0, 0), advice)])
