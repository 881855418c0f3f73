"""Who may import whom: the rooms of Interlock, the arrows between them, and no others.

`checker/README.md` draws them.  An import inside a function counts as well.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
TOPS = ("model", "checker", "specs")
CHECKER = "interlock.checker"

# What any room of the checker may use: how mistakes, text, the clock, garbage and our own files are handled.  These use
# nothing but each other.
FOR_ALL = {"diagnostics", "fold", "garbage", "places", "watch", "words"}

# The rooms, each with those that it may use, which stand above it in this list: so no arrow runs back up.  A room of
# the checker is a file or a folder of `checker/` (of `native/`, since that is large, a folder in it); `interlock` is the
# language as users import it; `public` are the other files beside it.
ARROWS: dict[str, set[str]] = {
    "lang": set(),
    "interlock": {"lang"},
    "model": {"interlock"},
    "specs": {"interlock", "model"},
    "writing": set(),
    "cache": set(),
    "ir": set(),
    "semantics": {"ir"},
    "frontend": {"cache", "ir", "semantics"},
    "contract": {"ir", "semantics"},
    "passes": {"ir", "semantics"},
    "smt": {"contract", "ir", "semantics"},
    "trace": {"cache", "contract", "ir", "lang", "semantics", "writing"},
    "native.code": {"cache", "interlock", "ir", "passes", "semantics"},
    "native.kernel": {"native.code", "semantics"},
    "native.module": {"cache", "contract", "ir", "native.code", "native.kernel", "passes", "semantics"},
    "native.validation": {"contract", "ir", "native.code", "native.kernel", "native.module", "passes", "semantics"},
    "native.store": {
        "contract", "interlock", "ir", "native.code", "native.kernel", "native.module", "semantics",
    },
    "native.walks": {
        "contract", "ir", "native.code", "native.kernel", "native.module", "native.validation", "semantics",
    },
    "engines": {
        "contract", "ir", "native.code", "native.kernel", "native.module", "native.store", "native.validation",
        "native.walks", "passes", "semantics", "smt",
    },
    "checks": {
        "cache", "contract", "frontend", "interlock", "ir", "native.module", "native.validation", "passes", "semantics", "trace",
    },
    "stateful": {"contract", "engines", "frontend", "ir", "native.walks", "passes", "semantics", "trace"},
    "report": {"checks", "contract", "interlock", "ir", "semantics", "trace"},
    "api": {"checks", "contract", "ir", "native.code", "report", "trace", "writing"},
    "pytest_plugin": {"checks", "frontend", "ir", "report"},
    "command": {"api", "interlock", "report"},
    "public": {"api", "command", "contract", "ir", "pytest_plugin", "stateful", "trace"},
}  # fmt: skip

# Libraries that one room alone may use.
OWNERS = {"ast": "frontend", "z3": "smt", "llvmlite": "native.code", "rich": "report", "shtab": "command"}
ALSO = {
    ("ast", "checks"): "a folder is asked which of its files are specs",
    ("ast", "trace"): "replay puts a check's constants into accepted text before it runs",
}


def sources() -> Iterator[tuple[str, Path]]:
    """Every module of the package `interlock`, but for the tests, by its dotted name."""
    inside = (path for top in TOPS for path in sorted((ROOT / top).rglob("*.py")))
    for path in (*sorted(ROOT.glob("*.py")), *inside):
        parts = ("interlock", *path.relative_to(ROOT).with_suffix("").parts)
        yield ".".join(parts[:-1] if parts[-1] == "__init__" else parts), path


def imports(path: Path, known: frozenset[str]) -> Iterator[str]:
    """Every module that a module imports, submodules taken with `from` included."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path}: a relative import; name the module in full"
            base = node.module or ""
            names = {alias.name: f"{base}.{alias.name}" for alias in node.names}
            yield from (full for full in names.values() if full in known)
            if any(full not in known for full in names.values()):
                yield base


def room(module: str) -> str:
    """The room that a module is in."""
    first, *rest = module.split(".")[1:] or ["interlock"]
    if first == "checker":
        return ".".join(rest[:2]) if rest[:1] == ["native"] and rest[1:] else (rest or ["checker"])[0]
    if module == "interlock.model.lang":
        return "lang"
    return first if first in {*TOPS, "interlock"} else "public"


def edges() -> Iterator[tuple[str, str]]:
    """(importing module, imported module), for all of them."""
    known = frozenset(name for name, _ in sources())
    for name, path in sources():
        for target in imports(path, known):
            yield name, target


def arrows() -> Iterator[tuple[str, str]]:
    """(importing module, imported module) where those are in different rooms."""
    for name, target in edges():
        if target.split(".")[0] == "interlock" and room(name) != room(target) and room(target) not in FOR_ALL:
            yield name, target


def test_rooms_import_only_along_the_arrows() -> None:
    """An import against the arrows ties together what must be replaceable."""
    against = [f"{name} -> {target}" for name, target in arrows() if room(target) not in ARROWS.get(room(name), set())]

    assert against == []


def test_every_arrow_that_is_drawn_is_one() -> None:
    """What is no longer imported is no longer allowed."""
    drawn = {(a, b) for a, below in ARROWS.items() for b in below}

    assert drawn - {(room(name), room(target)) for name, target in arrows()} == set()


def test_no_arrow_runs_back_up() -> None:
    """What a room needs stands above it in the list, so it never needs the room."""
    order = list(ARROWS)
    back = [(a, b) for a, below in ARROWS.items() for b in below if order.index(b) >= order.index(a)]

    assert back == []


def test_files_of_a_room_close_no_circle() -> None:
    """A file is read after those that it imports; what is imported for its types alone counts too."""
    below: dict[str, set[str]] = {name: set() for name, _ in sources()}
    for name, target in edges():
        if target in below and target != name:
            below[name].add(target)
    while ready := {name for name, needs in below.items() if not needs}:
        below = {name: needs - ready for name, needs in below.items() if name not in ready}

    assert below == {}


def test_engines_do_not_know_where_states_are() -> None:
    """They know the interface, who opens it, and what is known of a search from its last run."""
    store = f"{CHECKER}.native.store"
    used = {target for name, target in edges() if room(name) == "engines" and room(target) == "native.store"}

    assert used == {f"{store}.{file}" for file in ("checkpoint", "division", "history", "in_memory", "states")}


def test_what_all_rooms_use_uses_no_room() -> None:
    """How text is written, how mistakes are told and what the time is depend on nothing else."""
    against = [(name, target) for name, target in arrows() if room(name) in FOR_ALL]

    assert against == []


def test_the_readme_of_the_checker_names_every_room() -> None:
    """Each with the question it answers."""
    text = (ROOT / "checker" / "README.md").read_text(encoding="utf-8")
    rooms = {r for r in map(room, (name for name, _ in sources())) if r not in {*TOPS, "interlock", "lang", "public"}}

    assert {
        r for r in rooms - {"native"} if not re.search(rf"`(native/)?{r.removeprefix('native.')}(\.py|/)`", text)
    } == set()


@pytest.mark.parametrize("library", sorted(OWNERS))
def test_a_library_has_one_owner(library: str) -> None:
    """The parser, the solver, the compiler and the terminal are each reached through one room."""
    users = {room(name) for name, target in edges() if target.split(".")[0] == library}

    assert users <= {OWNERS[library]} | {user for (known, user) in ALSO if known == library}


def test_specs_and_models_import_nothing_but_models() -> None:
    """What the checker reads as text depends on nothing that could do harm."""
    mine = {"interlock", "model", "specs"}
    strangers = {
        f"{name} -> {target}"
        for name, target in edges()
        if room(name) in {"specs", "model"} and target not in {"typing", "__future__"} and room(target) not in mine
    }

    assert strangers == set()
