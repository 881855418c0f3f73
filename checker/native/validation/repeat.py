"""Does compiled code still say what was found to be wrong?  Kept as data with the module, so it needs no model.

Rule of the module: the data has all that the answer depends on but the machine: the module's text, the form, what was
asked and what was said.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import attrs

from interlock.checker.native.code.jit import QUICK, Form, Library, host
from interlock.checker.native.kernel import Shape
from interlock.checker.native.validation.probe import Ask, Module, Probe

_QUESTIONS: Final = ("steps", "began", "judged", "noted", "step_judged", "step_noted", "rests", "wanted", "represented")
PLAIN: Final = attrs.evolve(QUICK, host=False)  # neither optimised nor for this processor alone


def kept(probe: Probe, assembly: str, ask: Ask, means: str) -> dict[str, Any]:
    """What is needed to ask again: as JSON data.  `means` is what should have been said."""
    return {
        "ask": [ask[0], *map(_plain, ask[1:])], "said": said(probe, ask), "means": means,
        "form": attrs.asdict(probe.form), "host": list(host()), "module": attrs.asdict(probe.module),
        "assembly": assembly,
    }  # fmt: skip


@attrs.frozen
class Repeated:
    """What the code says now in the form in which it was wrong, and without optimisation for any processor; and whether
    the first is what it said then."""

    now: Any
    plain: Any
    still: bool


def repeat(data: Mapping[str, Any]) -> Repeated:
    """Ask again, on this machine: the code in the data is compiled and run, so whoever made it must be trusted.  Raises KeyError, TypeError or ValueError for data that is not of `kept`."""
    shape = Shape(**{**data["module"]["shape"], "marks": tuple(data["module"]["shape"]["marks"])})
    module = Module(**{**data["module"], "shape": shape})
    form = Form(**{**data["form"], "passes": tuple(data["form"]["passes"])})
    name, *arguments = data["ask"]
    if name not in _QUESTIONS:
        raise ValueError(name)
    ask = (name, *(tuple(a) if isinstance(a, list) else a for a in arguments))
    library = Library(data["assembly"])
    for f in (form, PLAIN):
        library.load(f)
    now, plain = (said(Probe(module, library, f), ask) for f in (form, PLAIN))
    return Repeated(now, plain, now == data["said"])


def said(probe: Probe, ask: Ask) -> Any:
    """The answer to a question, as JSON data."""
    name, *arguments = ask
    return _plain(getattr(probe, name)(*arguments))


def _plain(answer: Any) -> Any:
    if attrs.has(type(answer)):
        return {f.name: _plain(getattr(answer, f.name)) for f in attrs.fields(type(answer))}
    if isinstance(answer, Mapping):
        return {str(k): _plain(v) for k, v in answer.items()}
    if isinstance(answer, (tuple, list)):
        return [_plain(x) for x in answer]
    if isinstance(answer, bytes):
        return answer.hex()
    return sorted(answer) if isinstance(answer, frozenset) else answer
