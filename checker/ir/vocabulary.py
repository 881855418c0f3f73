"""Which names does a model or a spec use that no file of its own defines?

Rule of the module: the one list of each.  The front end reserves and reads them, replay gives them to the text that it
runs, and `interlock` and the language's README are held against them by tests.
"""

from __future__ import annotations

from typing import Final

# Of `interlock`; `model/lang.py` defines them, and only replay imports it.
LANG: Final = frozenset({
    "Bound", "Enum", "Finding", "FiniteSet", "Holds", "Map", "NoneSampled", "NoneWithin", "OrderedEnum", "Proved", "Range",
    "Scalarset", "Seq", "Unknown", "Violated", "action", "always", "auto", "check", "claim", "deadlock", "evolve", "filled",
    "fires", "initial", "members", "model_error", "reachable", "record", "recoverable", "require", "require_some", "state", "step",
})  # fmt: skip
DECORATORS: Final = ("action", "always", "initial", "reachable", "record", "recoverable", "state", "step")

# Of Python's library.
TYPING: Final = frozenset({"Annotated", "Final", "TypeAlias"})

# Of Python itself: in annotations; called; and called by specs alone, for a set of no faults.
TYPES: Final = frozenset({"bool", "int", "tuple"})
FUNCTIONS: Final = frozenset({"all", "any", "len", "max", "min", "range", "sum"})
SETS: Final = frozenset({"frozenset", "set"})
BUILTINS: Final = TYPES | FUNCTIONS
