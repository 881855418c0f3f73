"""Who may import whom: the arrows between the parts of Interlock, and no others.

`checker/README.md` draws them.  An import inside a function counts as well.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

# The parts, from the command line down.  A part is named by its longest matching module.
PARTS = (
    "checker.__main__",
    "checker.cli",
    "checker.options",
    "checker.batch",
    "checker.exits",
    "checker.streams",
    "checker.interruption",
    "checker.saving",
    "checker.writing",
    "checker.finding",
    "checker.forms",
    "checker.run",
    "checker.repeat",
    "checker.strict",
    "checker.judging",
    "checker.outcome",
    "checker.overrides",
    "checker.survey",
    "checker.machine",
    "checker.report",
    "checker.stateful",
    "checker.pytest_plugin",
    "checker.engines",
    "checker.engines.contract",
    "checker.native",
    "checker.smt",
    "checker.trace",
    "checker.frontend",
    "checker.semantics",
    "checker.ir.passes",
    "checker.ir",
    "checker.diagnostics",
    "checker.watch",
    "checker.fold",
    "checker.words",
    "checker",
    "model.lang",
    "model",
    "specs",
)

WORDS = {"checker.fold", "checker.words"}  # how text is written: every part of the checker may use them

BELOW_ENGINES = ("native", "smt", "semantics", "trace")

ARROWS: dict[str, set[str]] = {
    "specs": {"model", "model.lang"},
    "model": {"model.lang"},
    "model.lang": set(),
    "checker": set(),
    "checker.diagnostics": set(),
    "checker.watch": set(),
    "checker.ir": {"checker.diagnostics"},
    "checker.ir.passes": {"checker.ir", "checker.diagnostics"},
    "checker.engines.contract": {"checker.ir"},
    "checker.frontend": {"checker.ir", "checker.diagnostics"},
    **{f"checker.{name}": {"checker.ir", "checker.diagnostics"} for name in BELOW_ENGINES},
    "checker.engines": {
        "checker.engines.contract",
        "checker.ir",
        "checker.ir.passes",
        "checker.diagnostics",
        *(f"checker.{name}" for name in BELOW_ENGINES),
    },
    "checker.report": {"checker.trace", "checker.ir", "checker.diagnostics", "checker"},
    "checker.stateful": {
        "checker.frontend",
        "checker.trace",
        "checker.native",  # tells which actions are enabled: asking plain Python took seconds a state
        "checker.engines",  # makes a failing run short
        "checker.engines.contract",
        "checker.semantics",
        "checker.ir.passes",
        "checker.ir",
        "checker.diagnostics",
    },
    "checker.machine": set(),
    "checker.survey": {"checker.engines.contract", "checker.ir", "checker.ir.passes", "checker.diagnostics"},
    "checker.overrides": {"checker.machine", "checker.engines.contract", "checker.ir", "checker.diagnostics"},
    "checker.outcome": {"checker.survey", "checker.engines.contract", "checker.trace", "checker.ir"},
    "checker.strict": {
        "checker.outcome",
        "checker.survey",
        "checker.engines.contract",
        "checker.semantics",
        "checker.ir.passes",
        "checker.ir",
        "checker.diagnostics",
    },
    "checker.judging": {"checker.overrides", "checker.engines.contract", "checker.ir"},
    "checker.repeat": {"checker.native", "checker.engines.contract", "checker.ir", "checker.diagnostics", "checker"},
    "checker.run": {
        "checker.repeat",
        "checker.overrides",
        "checker.outcome",
        "checker.judging",
        "checker.strict",
        "checker.machine",
        "checker.survey",
        "checker.engines.contract",
        "checker.trace",
        "checker.ir",
        "checker.ir.passes",
        "checker.semantics",
        "checker.diagnostics",
    },
    "checker.writing": {"checker.diagnostics"},
    "checker.streams": set(),
    "checker.interruption": set(),
    "checker.exits": {"checker.outcome", "checker.diagnostics"},
    "checker.saving": {"checker.outcome", "checker.trace", "checker.ir", "checker.diagnostics"},
    "checker.batch": {
        "checker.finding",
        "checker.overrides",
        "checker.run",
        "checker.outcome",
        "checker.saving",
        "checker.writing",
        "checker.exits",
        "checker.interruption",
        "checker.report",
        "checker.engines.contract",
        "checker.ir",
        "checker.diagnostics",
    },
    "checker.finding": {"checker.frontend", "checker.ir", "checker.diagnostics"},
    "checker.forms": {"checker.native", "checker.ir.passes", "checker.ir"},
    "checker.options": {"checker.exits", "checker.diagnostics", "checker"},
    "checker.pytest_plugin": {"checker.run", "checker.frontend", "checker.report", "checker.ir", "checker.diagnostics"},
    "checker.__main__": {"checker.cli"},
    "checker.cli": {
        "checker.repeat",
        "checker.options",
        "checker.batch",
        "checker.streams",
        "checker.exits",
        "checker.writing",
        "checker.finding",
        "checker.forms",
        "checker.overrides",
        "checker.report",
        "checker.trace",
        "checker.ir",
        "checker.diagnostics",
    },
}

# What any part that works for a check may ask.
FOR_ALL = {"checker.watch"}

# Arrows between neighbours of one layer, each with its reason; none of them closes a circle.
SIDEWAYS: dict[tuple[str, str], str] = {
    ("checker.native", "checker.semantics"): "the packing of states is defined once, in layout",
    ("checker.native", "checker"): "compiled code is kept for one version of Interlock",
    ("checker.engines.contract", "checker.semantics"): "a task says what its system means",
    ("checker.smt", "checker.semantics"): "values become leaves in one way, that of layout",
    ("checker.trace", "checker.semantics"): "replay compares plain Python with the evaluator",
    ("checker.ir.passes", "checker.semantics"): "scalarize folds constants as the evaluator means them",
    ("checker.frontend", "checker.semantics"): "constants and defaults are evaluated as the model would",
    ("checker.native", "checker.ir.passes"): "the group that a search is reduced by is laid out by a pass",
    ("checker.native", "checker.engines.contract"): "a path is made of the contract's steps",
    ("checker.trace", "checker.engines.contract"): "a path is made of the contract's steps",
    ("checker.smt", "checker.engines.contract"): "a path is made of the contract's steps, within its budget",
    ("checker.report", "checker.engines.contract"): "a verdict is the contract's",
    ("checker.report", "checker.semantics"): "`show` tells how many bits a state takes",
    ("checker.pytest_plugin", "checker.finding"): "pytest takes for a spec file what the command does",
    ("checker.report", "checker.outcome"): "the result of a check, with its verdict",
    ("checker.report", "checker.judging"): "`show` tells what a check expects in the words of a spec",
    ("checker.report", "checker.survey"): "what the result says of coverage",
    ("checker.trace", "checker.writing"): "a trace is written whole or not at all",
    ("checker.trace", "model.lang"): "replay runs a model as plain Python",
}

# Libraries that one part alone may use.
OWNERS = {"ast": "checker.frontend", "z3": "checker.smt", "llvmlite": "checker.native", "rich": "checker.report"}
ALSO = {
    ("ast", "checker.finding"): "a folder is asked which of its files are specs",
    ("ast", "checker.trace"): "replay puts a check's constants into accepted text before it runs",
}


def sources() -> Iterator[tuple[str, Path]]:
    """Every module of the packages and of the specs, by its dotted name."""
    for top in ("checker", "model", "specs"):
        for path in sorted((ROOT / top).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            yield ".".join(parts[:-1] if parts[-1] == "__init__" else parts), path


def imports(name: str, path: Path, known: frozenset[str]) -> Iterator[str]:
    """Every module that a module imports, submodules taken with `from` included."""
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                above = ".".join(package.split(".")[: len(package.split(".")) - node.level + 1])
                base = f"{above}.{base}" if base else above
            submodules = [f"{base}.{alias.name}" for alias in node.names if f"{base}.{alias.name}" in known]
            yield from submodules or [base]


def part(module: str) -> str:
    """The part that a module belongs to."""
    return max((p for p in PARTS if module == p or module.startswith(f"{p}.")), key=len)


def edges() -> Iterator[tuple[str, str]]:
    """(importing module, imported module), for all of them."""
    known = frozenset(name for name, _ in sources())
    for name, path in sources():
        for target in imports(name, path, known):
            yield name, target


def test_parts_import_only_along_the_arrows() -> None:
    """An import against the arrows ties together what must be replaceable."""
    against = [
        f"{name} -> {target}"
        for name, target in edges()
        if target.split(".")[0] in {"checker", "model", "specs"}
        and part(name) != part(target)
        and part(target) not in ARROWS[part(name)] | FOR_ALL
        and not (part(target) in WORDS and name.startswith("checker."))
        and (part(name), part(target)) not in SIDEWAYS
    ]

    assert against == []


def test_how_text_is_written_depends_on_nothing() -> None:
    """What every part may use uses no part."""
    against = [f"{name} -> {target}" for name, target in edges() if name in WORDS and target.startswith("checker")]

    assert against == []


def test_arrows_close_no_circle() -> None:
    """What a part needs never needs the part."""
    below = {p: ARROWS[p] | {b for a, b in SIDEWAYS if a == p} for p in ARROWS if p not in WORDS}
    while ready := {p for p, needs in below.items() if not needs}:
        below = {p: needs - ready for p, needs in below.items() if p not in ready}

    assert below == {}


@pytest.mark.parametrize("library", sorted(OWNERS))
def test_a_library_has_one_owner(library: str) -> None:
    """The parser, the solver, the compiler and the terminal are each reached through one part."""
    users = {part(name) for name, target in edges() if target.split(".")[0] == library}

    assert users <= {OWNERS[library]} | {user for (known, user) in ALSO if known == library}


def test_specs_and_models_import_nothing_but_models() -> None:
    """What the checker reads as text depends on nothing that could do harm."""
    strangers = {
        f"{name} -> {target}"
        for name, target in edges()
        if part(name) in {"specs", "model"} and target.split(".")[0] not in {"model", "typing", "__future__"}
    }

    assert strangers == set()
