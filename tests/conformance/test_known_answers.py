"""Models whose numbers are known from elsewhere: published, or counted by other tools.

The counts of two-phase commit are those recorded with its TLA+ original, those of agg-core were found
alike by C, SPIN and Murphi programs (`tests/benchmarks/peers`).  A third witness is in this file: a
search in plain Python that runs the model's own functions and knows nothing of the checker.
"""

from __future__ import annotations

import ast
import copy
import importlib.util
import inspect
import itertools
import json
import subprocess
import sys
import types
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import attrs
import pytest

from interlock.model import lang

ROOT = Path(__file__).resolve().parent.parent.parent
TWO_PHASE = ROOT / "model" / "two_phase_commit.py"
AGG_CORE = ROOT / "tests" / "benchmarks" / "agg_core_model.py"


@attrs.frozen
class Counts:
    """The size of a state space: distinct states, enabled steps, the longest shortest path."""

    distinct: int
    transitions: int | None
    depth: int


def load(path: Path, constants: Mapping[str, object]) -> types.ModuleType:
    """The model as a module of its own, with other constants."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    left = dict(constants)
    for node in tree.body:
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.target.id in left:
            node.value = ast.copy_location(ast.Constant(left.pop(node.target.id)), node)
    assert not left, f"no such constants: {left}"
    name = f"known_answers_{path.stem}_{'_'.join(map(str, constants.values()))}"
    spec = importlib.util.spec_from_loader(name, loader=None)
    assert spec is not None
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    exec(compile(tree, str(path), "exec", dont_inherit=True), module.__dict__)
    return module


def instances(path: Path, module: types.ModuleType) -> list[tuple[Any, tuple[Any, ...]]]:
    """Every action of a model with every choice of its parameters."""
    found = []
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef) and any("action" in ast.unparse(d) for d in node.decorator_list):
            function = getattr(module, node.name)
            hints = [hint for name, hint in inspect.get_annotations(function).items() if name != "return"]
            choices = itertools.product(*(tuple(lang.domain(hint)) for hint in hints[1:]))
            found += [(function, chosen) for chosen in choices]
    return found


def search(path: Path, constants: Mapping[str, object]) -> Counts:
    """Breadth-first search by running the model."""
    module = load(path, constants)
    steps = instances(path, module)
    level = [module.State()]
    seen, transitions, depth = set(level), 0, -1
    while level:
        depth += 1
        found = []
        for state in level:
            for function, chosen in steps:
                after = copy.copy(state)
                try:
                    function(after, *chosen)
                except lang.Disabled:
                    continue
                transitions += 1
                if after not in seen:
                    seen.add(after)
                    found.append(after)
        level = found
    return Counts(len(seen), transitions, depth)


def checked(spec: Path, name: str, folder: Path) -> dict[str, Any]:
    """What the command line reports about one check."""
    out = folder / "results.json"
    command = [Path(sys.executable).with_name("interlock"), "check", spec, "--only", name]
    options = ["--slow", "--json", out]
    done = subprocess.run([*command, *options], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (found,) = json.loads(out.read_text(encoding="utf-8"))["checks"]
    return dict(found)


@pytest.mark.parametrize(
    ("path", "constants", "known"),
    [
        (TWO_PHASE, {"MANAGERS": 3}, Counts(288, 1145, 10)),
        (TWO_PHASE, {"MANAGERS": 4}, Counts(1568, 8257, 13)),
        (AGG_CORE, {"CHAINS": 2, "HEIGHTS": 1}, Counts(1680, 4716, 10)),
        (AGG_CORE, {"CHAINS": 1, "HEIGHTS": 2}, Counts(197, 514, 10)),
    ],
    ids=["two-phase 3", "two-phase 4", "agg-core 2x1", "agg-core 1x2"],
)
def test_models_run_as_python_have_the_known_counts(path: Path, constants: dict[str, object], known: Counts) -> None:
    """The reference meaning, plain Python, agrees with what others counted."""
    assert search(path, constants) == known


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("3 managers", Counts(288, 1145, 10)),
        ("5 managers", Counts(8832, 58145, 16)),
        ("6 managers", Counts(50816, 402305, 19)),
        pytest.param("7 managers", Counts(296448, None, 22), marks=pytest.mark.slow),
    ],
)
def test_two_phase_commit_has_the_published_counts(name: str, known: Counts, tmp_path: Path) -> None:
    """The engine finds exactly the states that TLC does."""
    found = checked(ROOT / "specs" / "two_phase_commit.py", name, tmp_path)

    assert found["verdict"] == "Holds"
    assert (found["distinct_states"], found["depth"]) == (known.distinct, known.depth)
    assert known.transitions in (None, found["transitions"])


def test_a_premature_commit_is_caught(tmp_path: Path) -> None:
    """Committing before everyone has promised is found in three steps, as the spec declares."""
    found = checked(ROOT / "specs" / "two_phase_commit.py", "commits too early", tmp_path)

    assert (found["verdict"], found["property"]) == ("Violated(consistent, steps=3)", "consistent")


def test_agg_core_has_the_counts_of_its_peers(tmp_path: Path) -> None:
    """The yardstick's small size has the numbers that other tools found."""
    found = checked(ROOT / "tests" / "benchmarks" / "agg_core.py", "3x1", tmp_path)

    assert (found["distinct_states"], found["transitions"], found["depth"]) == (580376, 2351394, 15)


@pytest.mark.slow
def test_agg_core_of_two_heights_has_the_counts_of_its_peers(tmp_path: Path) -> None:
    """The yardstick's large size: 29 million states."""
    found = checked(ROOT / "tests" / "benchmarks" / "agg_core.py", "2x2", tmp_path)

    assert (found["distinct_states"], found["transitions"], found["depth"]) == (29145325, 150472644, 20)
