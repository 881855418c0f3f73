"""Gates are the conditions of the text, in its order, and say of every state what plain Python does there."""

from __future__ import annotations

import itertools
import random
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from interlock.checker.diagnostics import InputError
from interlock.checker.frontend import load_spec
from interlock.checker.ir import scalar as sc
from interlock.checker.ir.claims import Check
from interlock.checker.ir.nodes import PropertyKind
from interlock.checker.ir.scalar import Leaf
from interlock.checker.passes import gates
from interlock.checker.passes.gates import Gate, Passing
from interlock.checker.passes.scalarize import scalarize
from interlock.checker.trace.replay import excerpt
from tests.strategies import DRAWN, drawn

HEAD = """from typing import Annotated, Final

from interlock import Bound, FiniteSet, Map, Range, Scalarset, Seq, action, filled, require, require_some, state

OFF: Final[bool] = False
NONE: Final = 0


class Who(Scalarset, size=2):
    pass


@state
class State:
    a: bool = False
    b: bool = False
    x: Annotated[int, Range(0, 3)] = 0
    held: Map[Who, Annotated[int, Range(0, 1)] | None] = filled(None)
    queue: Annotated[Seq[Who], Bound(2)] = Seq()


def both(s: State) -> bool:
    return not s.a or s.b


"""
ACTION = """@action
def act(s: State, w: Who) -> None:
    require(s.a and s.x > 1)
    if s.b:
        require(s.x == 3)
    got = require_some(s.held[w])
    require(both(s))
    s.x = s.x + got
"""
SPEC = """import gen
from gen import OFF, NONE, State, Who, both
from interlock import Holds, always, check, step


"""


def load(model: str, spec: str, name: str = "gen") -> Check:
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / f"{name}.py").write_text(model)
        path = Path(folder) / "spec.py"
        path.write_text(spec)
        return load_spec(path).checks[0]


def of_claim(body: str, params: str = "", head: str = "@always\ndef p(s: State") -> tuple[str, Check, tuple[Gate, ...]]:
    spec = f'{SPEC}{head}{params}) -> bool:\n    {body}\n\n\ncheck("c", gen, expect=Holds())\n'
    check = load(HEAD + ACTION, spec)
    return spec, check, gates.of_property(check.program, check.properties[0], check.helpers)


def shown(source: str, found: tuple[Gate, ...]) -> list[tuple[str, str, int | None]]:
    return [(excerpt(source, g.span), g.passing.value, g.before) for g in found]


# --- actions -------------------------------------------------------------------------------------------


def test_the_gates_of_an_action_are_its_guards_in_order() -> None:
    """A conjunction is one gate a part; an error that only may be is one as well."""
    check = load(
        HEAD + ACTION, SPEC + "@always\ndef p(s: State) -> bool:\n    return s.a\n\n\ncheck('c', gen, expect=Holds())\n"
    )
    found = gates.of_action(check.program, check.program.actions[0])

    assert shown(HEAD + ACTION, found) == [
        ("s.a", "required", None),
        ("s.x > 1", "required", 0),
        ("s.x == 3", "required", 1),
        ("require_some(s.held[w])", "required", 2),
        ("both(s)", "required", 3),
        ("s.x + got", "no error", 4),
    ]


@pytest.mark.parametrize(
    ("state", "passed"),
    [
        ({"a": 0, "x": 3}, 0),
        ({"a": 1, "x": 1}, 1),
        ({"a": 1, "x": 2, "b": 1}, 2),
        ({"a": 1, "x": 2}, 3),  # the `require` under `if s.b` is none here
        ({"a": 1, "x": 2, "held": 1}, 4),
        ({"a": 1, "x": 3, "b": 1, "held": 1, "got": 0}, 6),
        ({"a": 1, "x": 3, "b": 1, "held": 1, "got": 1}, 5),
    ],
)
def test_gates_are_passed_as_far_as_python_comes(state: dict[str, int], passed: int) -> None:
    """Of one state each."""
    claim = "@always\ndef p(s: State) -> bool:\n    return s.a\n\n\ncheck('c', gen, expect=Holds())\n"
    check = load(HEAD + ACTION, SPEC + claim)
    system = scalarize(check.program, check.program.actions, (), None, check.helpers)
    named = {**state, "held[Who(0)]?": state.get("held", 0), "held[Who(0)]": state.get("got", 0)}
    env = {("s", i): named.get(leaf.name, 0) for i, leaf in enumerate(system.leaves)} | {("p", 0): 0}
    found = gates.of_action(check.program, check.program.actions[0])

    assert [all(sc.evaluate(g.conditions, env)) for g in found] == [i < passed for i in range(6)]


def at_random(leaves: tuple[Leaf, ...], space: str, rng: random.Random) -> dict[tuple[str, int], int]:
    return {(space, i): rng.randint(leaf.lo, leaf.hi) for i, leaf in enumerate(leaves)}


@pytest.mark.parametrize("path", DRAWN, ids=lambda path: path.stem)
def test_behind_the_last_gate_an_action_is_enabled(path: Path) -> None:
    """And nowhere else, of random models; each gate lets no more pass than the one before."""
    source, rng = drawn(path), random.Random(int(path.stem))
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "gen.py").write_text(source.model)
        (Path(folder) / "spec.py").write_text(source.spec)
        check = load_spec(Path(folder) / "spec.py").checks[0]
    system = scalarize(check.program, check.program.actions, (), None, check.helpers)
    for action, scalar in zip(check.program.actions, system.actions, strict=True):
        found = gates.of_action(check.program, action)
        for _ in range(30):
            env = at_random(system.leaves, "s", rng) | at_random(scalar.param_leaves, "p", rng)
            passed = [all(sc.evaluate(g.conditions, env)) for g in found]

            assert passed == sorted(passed, reverse=True)
            assert all(passed) == all(sc.evaluate(scalar.guards, env))


# --- properties ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "params", "wanted"),
    [
        ("return not s.a or s.b", "", [("s.a", "true", None)]),
        ("return s.b or not s.a", "", [("s.a", "true", None)]),
        ("return not s.a or not s.b", "", [("s.a", "true", None)]),
        ("return not (s.a and s.b)", "", [("s.a", "true", None)]),
        ("return not (s.a and s.x > 1) or s.b", "", [("s.a", "true", None), ("s.x > 1", "true", 0)]),
        ("return not s.a or not s.b or s.x == 0", "", [("s.a", "true", None), ("s.b", "true", 0)]),
        ("return not s.a or (not s.b or s.x == 0)", "", [("s.a", "true", None), ("s.b", "true", 0)]),
        ("return (not s.a or s.b) and (not s.b or s.a)", "", [("s.a", "true", None), ("s.b", "true", None)]),
        ("return s.x != 2 or s.b", "", [("s.x != 2", "false", None)]),
        ("return s.x > 2 or s.x != 1", "", []),
        ("return s.held[w] is None or s.b", ", w: Who", [("s.held[w] is None", "false", None)]),
        ("return w not in s.queue or s.b", ", w: Who", [("w not in s.queue", "false", None)]),
        ("if s.a:\n        return s.b\n    return True", "", [("s.a", "true", None)]),
        ("if not s.a:\n        return True\n    return s.b", "", [("s.a", "true", None)]),
        ("if s.a:\n        return False\n    return True", "", []),
        ("if s.a:\n        if s.b:\n            return False\n    return True", "", [("s.a", "true", None)]),
        ("if s.a:\n        return s.b\n    return s.x == 0", "", [("s.a", "true", None), ("s.a", "false", None)]),
        ("return s.b if s.a else True", "", [("s.a", "true", None)]),
        ("return all(not s.a or s.held[w] is None for w in Who)", "", [("s.a", "true", None)]),
        ("return all(s.b for w in Who if s.held[w] == 1)", "", [("s.held[w] == 1", "true", None)]),
        ("return not any(s.b for w in Who if s.held[w] == 1)", "", [("s.held[w] == 1", "true", None)]),
        ("return all(s.held[w] is not None for w in s.queue)", "", [("s.queue", "an item", None)]),
        ("return all(s.x > i for i in range(NONE))", "", [("all(s.x > i for i in range(NONE))", "an item", None)]),
        ("return OFF or s.a", "", []),
        ("return not OFF or s.a", "", [("OFF", "true", None)]),
        ("return s.a == s.b", "", []),
        ("return any(s.held[w] is None for w in Who)", "", []),
        ("for w in Who:\n        if s.held[w] is None:\n            return False\n    return True", "", []),
    ],
)
def test_the_gates_of_a_property(body: str, params: str, wanted: list[tuple[str, str, int | None]]) -> None:
    """What excuses the rest of it, in the words of the text; helpers have their own text."""
    source, _, found = of_claim(body, params)

    assert [g for g in shown(source, found) if g[0]] == wanted


def test_the_gates_of_a_helper_are_found_through_its_call() -> None:
    """Each call has its own."""
    _, _, found = of_claim("return both(s) and (not s.a or both(s))")
    _, _, single = of_claim("return both(s)")

    assert shown(HEAD, single) == [("s.a", "true", None)]
    assert [g.before for g in found] == [None, None, 1]


Meaning = Callable[[dict[str, int]], bool]


@pytest.mark.parametrize(
    ("body", "meanings"),
    [
        ("return not (s.a and s.x > 1) or s.b", [lambda s: s["a"], lambda s: s["a"] and s["x"] > 1]),
        ("return s.x != 2 or s.b", [lambda s: s["x"] == 2]),
        (
            "return all(s.b for w in Who if s.held[w] == 1)",
            [lambda s: any(s[f"held[Who({i})]?"] and s[f"held[Who({i})]"] == 1 for i in range(2))],
        ),
        ("return all(s.held[w] is not None for w in s.queue)", [lambda s: s["len(queue)"] > 0]),
        ("if s.a:\n        return s.b\n    return s.x == 0", [lambda s: s["a"], lambda s: not s["a"]]),
        ("y = 6 // s.x\n    return not s.a or y == 2", [lambda s: s["x"] > 0 and s["a"]]),
    ],
)
def test_a_gate_is_passed_where_python_goes_on(body: str, meanings: list[Meaning]) -> None:
    """Of random states; an error of the model is no passing."""
    _, check, found = of_claim(body)
    system, rng = scalarize(check.program, (), (), None, check.helpers), random.Random(7)
    for _ in range(200):
        env = at_random(system.leaves, "s", rng)
        s = {leaf.name: env["s", i] for i, leaf in enumerate(system.leaves)}

        assert [bool(sc.evaluate(g.conditions, env)[0]) for g in found] == [bool(m(s)) for m in meanings]


def test_too_many_gates_are_refused_not_left_out() -> None:
    """A part of them would be told as if it were all."""
    tests = "".join(
        f"    if s.x == {i % 4} and s.a:\n        y = {i % 2}\n        if s.b:\n            return s.x > y\n"
        for i in range(12)
    )
    with pytest.raises(InputError, match="more than 64 conditions before what it claims"):
        of_claim(f"y = 0\n{tests}    return s.b".lstrip())


def test_the_gates_of_a_step_are_asked_of_the_steps_of_every_action() -> None:
    """What comes after is put in the place of the new state; the parameters stand behind those of the action."""
    head = "@step\ndef p(old: State, new: State"
    _, check, found = of_claim("return not (old.b and v != w and new.x == 3) or old.x == 3", ", v: Who, w: Who", head)
    system = scalarize(check.program, check.program.actions, check.properties, None, check.helpers)
    (prop,), (act,) = check.properties, system.actions
    assert prop.kind is PropertyKind.STEP
    ((asked,), *_, (last,)) = [gates.of_steps(system, prop, g) for g in found]
    assert asked.guards[: len(act.guards)] == act.guards
    env = {("s", i): 1 for i in range(len(system.leaves))} | {("s", 2): 2, ("p", 0): 0}

    assert [g.passing for g in found] == [Passing.TRUE] * 3
    assert [name for name, _ in last.params] == ["w", "v", "w"]
    assert last.param_offsets == (0, 1, 2)
    for v, w in itertools.product(range(2), repeat=2):
        rest = sc.evaluate(last.guards[len(act.guards) :], env | {("p", 1): v, ("p", 2): w})
        assert all(rest) is (v != w)  # 2 + held[Who(0)] is 3
