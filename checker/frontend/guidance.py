"""What should stand there instead, of a word or a call that Python has and the language has not?

Rule of the module: words alone.  A name that the language has is to be imported; one that only Python has, or that other
tools have, gets what says the same here, or is told that nothing does; only then is the nearest known name asked for.
"""

from __future__ import annotations

import ast
import difflib
from collections.abc import Iterable
from typing import Final

from interlock.checker.diagnostics import did_you_mean, nearest
from interlock.checker.frontend.scope import written
from interlock.checker.ir.types import MapT, SeqT, SetT, Type
from interlock.checker.ir.vocabulary import DECORATORS, LANG, TYPING

_CLOSE: Final = 0.85  # a name of the file that is so like it is meant, and not Python's
_SET: Final = "write `FiniteSet()`, `FiniteSet({a, b})` or `FiniteSet(x for x in ...)`"
_SEQ: Final = "write `Seq()` or `Seq((a, b))`"
_MAP: Final = "write `Map({k: value for k in K})` or `filled(value)`"
_ENUM: Final = "write an enumeration: `class X(Enum)` with members `NAME = auto()`"
_RECORD: Final = "write `@record` above the class"
_OUTPUT: Final = "models have no output and no text: keep what matters in the state, and traces show it"
_FUTURE: Final = (
    "no property speaks of a whole run: `@recoverable` says that something stays possible, `@step` what a step may do"
)
_WORDS: Final = {
    "set": _SET, "frozenset": _SET, "Set": _SET, "AbstractSet": _SET,
    "list": _SEQ, "List": _SEQ, "tuple": "write the items: `(a, b)`, or `Seq((a, b))`", "deque": _SEQ, "Sequence": _SEQ,
    "dict": _MAP, "Dict": _MAP, "Mapping": _MAP, "defaultdict": _MAP,
    "Optional": "write `T | None`", "Union": "write `T | None`: there is no other union", "Tuple": "write `tuple[A, B]`",
    "Literal": _ENUM, "IntEnum": _ENUM, "Flag": _ENUM, "dataclass": _RECORD, "NamedTuple": _RECORD, "TypedDict": _RECORD,
    "sorted": "there is no sorting: sets are iterated in the order of their type, and `min(...)`, `max(...)` find an end",
    "reversed": "count down instead: `for i in range(len(q))`, and `q[len(q) - 1 - i]`",
    "enumerate": "write `for i in range(len(q))`, and `q[i]`", "zip": "write `for i in range(len(q))`, and `q[i]`",
    "map": "write a comprehension: `FiniteSet(f(x) for x in ...)`", "filter": "write a comprehension: `FiniteSet(x for x in ... if ...)`",
    "next": "there is no first one of a set: make it a parameter of the action, or use `min(...)`",
    "abs": "write `max(x, -x)`", "pow": "write the product", "divmod": "write `//` and `%`", "round": "there are whole numbers alone",
    "float": "there are whole numbers alone", "bool": "compare it: `x != 0`", "int": "it is a number, or it is not one: `1 if x else 0`",
    "print": _OUTPUT, "str": _OUTPUT, "repr": _OUTPUT, "format": _OUTPUT, "input": "make it a parameter of the action",
    "isinstance": "every type is known: use an enumeration, and compare", "type": "every type is known: use an enumeration, and compare",
    "leads_to": _FUTURE, "eventually": _FUTURE, "until": _FUTURE, "finally_": _FUTURE, "globally": "write `@always`",
    "invariant": "write `@always`", "safety": "write `@always`", "never": "write `@always`, and `not`",
    "transition": "write `@action`", "init": "write `@initial`", "fault": "write `@action(fault=\"name\")`",
    "random": "make it a parameter of the action: each of its values is tried",
    "property": "write a helper function of the module", "staticmethod": "write a helper function of the module",
    "classmethod": "write a helper function of the module", "cache": "write a plain function: helpers are pure",
}  # fmt: skip
_LIBRARY: Final = {
    "enum": "write `from interlock import Enum, auto`",
    "dataclasses": "write `from interlock import record, evolve`",
    "random": _WORDS["random"],
    "collections": "write `from interlock import FiniteSet, Map, Seq`",
}


def unknown(name: str, known: Iterable[str]) -> str:
    """What to write for a name that stands for nothing; `known` are those that do."""
    if name in LANG or name in TYPING:
        return imported(name)
    names = sorted(set(known))
    misspelt = difflib.get_close_matches(name, names, n=1, cutoff=_CLOSE)
    return did_you_mean(name, names) if misspelt or name not in _WORDS else _WORDS[name]


def absent(name: str, module: str, known: Iterable[str]) -> str:
    """What to write for a name that `typing` or the language does not have for models."""
    if name in LANG | TYPING and name not in known:
        return imported(name)
    return _WORDS.get(name) or (
        did_you_mean(name, known) if nearest(name, known) else f"see what `{module}` has for models in model/README.md"
    )


def imported(name: str) -> str:
    """How a name of the language comes into a file."""
    return f"import it: `from {'typing' if name in TYPING else 'interlock'} import {name}`"


def decorator(name: str) -> str:
    """What to write for a decorator that is none of the language, as far as the file knows."""
    if name in DECORATORS:
        return imported(name)
    near = nearest(name, DECORATORS)
    every = ", ".join(f"@{d}" for d in DECORATORS)
    return _WORDS.get(name) or (f"did you mean `@{near}`?" if near else f"there are {every}, and none for helpers")


def language(names: Iterable[str]) -> str:
    """What to write for an import of the language by another name than its own; `names` are those that are taken from it."""
    names = list(names)
    if names and LANG.issuperset(names):
        return f"write `from interlock import {', '.join(names)}`"
    return "write `from interlock import ...` with the names you use"


def library(module: str) -> str:
    """What to write for an import of Python's own library."""
    general = "models use nothing of Python's library: drop the import, or rename your module of this name"
    return _LIBRARY.get(module.partition(".")[0], general)


def without_effect(call: ast.Call, base: Type | None) -> str:
    """What to write for a call that stands alone; `base`: the type of what its method is called of."""
    if not isinstance(call.func, ast.Attribute):
        name = call.func.id if isinstance(call.func, ast.Name) else ""
        return _OUTPUT if name == "print" else "helpers change nothing: assign what it returns, or `require(...)` it"
    place, method = written(call.func.value), call.func.attr
    x = written(call.args[0]) if call.args else "x"
    match base:
        case SeqT():
            if method in {"append", "push", "put", "add"}:
                return f"values do not change, places do: `{place} = {place}.push({x})`"
            if method in {"pop", "popleft", "get", "rest"}:
                return f"values do not change, places do: `{place} = {place}.rest()`, and `{place}[0]` is the first"
            return f"values do not change, places do: `{place} = {place}.push(x)`, `{place} = {place}.rest()`, `{place} = Seq()`"
        case SetT():
            if method == "add":
                return f"values do not change, places do: `{place} |= {{{x}}}`"
            if method in {"remove", "discard"}:
                return f"values do not change, places do: `{place} -= {{{x}}}`"
            return f"values do not change, places do: `{place} |= {{x}}`, `{place} -= {{x}}`, `{place} = FiniteSet()`"
        case MapT():
            return f"values do not change, places do: `{place}[key] = value`"
    return "values do not change, places do: assign the value that you want there"
