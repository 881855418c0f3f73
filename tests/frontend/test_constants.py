"""Numbers that are made of constants alone are constants: a place takes them like literals."""

from __future__ import annotations

from pathlib import Path

import pytest

from interlock.checker.diagnostics import Diagnostic, InputError
from interlock.checker.frontend import load_model
from interlock.checker.frontend.codes import MODEL_HEAD
from interlock.checker.ir import nodes as n
from interlock.checker.ir.types import IntT

HELPER = "def small(x: Annotated[int, Range(0, 3)]) -> bool:\n    return x < 2\n\n\n"
ACTION = "@action\ndef act(s: State, k: Annotated[int, Range(0, 3)]) -> None:\n    s.on = small({})\n"


def argument(tmp_path: Path, text: str) -> n.Expr:
    """What is passed to a helper that takes numbers from 0 to 3."""
    path = tmp_path / "m.py"
    path.write_text(MODEL_HEAD + HELPER + ACTION.format(text))
    (act,) = (a for a in load_model(path).actions if a.name == "act")
    (stored,) = act.body
    assert isinstance(stored, n.Assign)
    assert isinstance(stored.value, n.Call)
    (given,) = stored.value.arguments
    return given.value if isinstance(given, n.Fit) else given


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1 + 1", 2),
        ("max(1, 2)", 2),
        ("min(N, 7, 1)", 1),
        ("max(-5, 0)", 0),
        ("max(-3, 3)", 3),
        ("min(9, 2) + 1", 3),
        ("9 if N > 2 else 1", 1),
        ("9 if not (N == 2 and 1 < 2) or N - 2 == 1 else 3", 3),
        ("9 if Color.RED == Color.GREEN else 0", 0),
        ("9 if N == 1 else 8 if N == 3 else 2", 2),
    ],
)
def test_a_number_of_constants_is_one(tmp_path: Path, text: str, value: int) -> None:
    """Whichever way it is made: it fits where its value fits."""
    e = argument(tmp_path, text)

    assert isinstance(e, n.Const)
    assert (e.type, e.value) == (IntT(value, value), value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("max(1, 4)", "Range(4, 4) may be outside Range(0, 3)"),
        ("max(k, 4)", "int may be outside Range(0, 3)"),
        ("9 if N == 2 else 1", "Range(9, 9) may be outside Range(0, 3)"),
        ("9 if s.on else 1", "Range(1, 9) may be outside Range(0, 3)"),
        ("9 if k > 5 else 1", "Range(1, 9) may be outside Range(0, 3)"),
        ("min(1 // 0, 1)", "int may be outside Range(0, 3)"),
    ],
)
def test_what_is_not_known_or_does_not_fit_is_refused(tmp_path: Path, text: str, message: str) -> None:
    """By the numbers that it may be."""
    with pytest.raises(InputError) as caught:
        argument(tmp_path, text)
    found: list[Diagnostic] = list(caught.value.diagnostics)

    assert [(d.code, d.message.replace("Annotated[int, ", "").replace(")]", ")")) for d in found] == [("M201", message)]


def test_what_is_always_true_is_still_told_as_it_is_written(tmp_path: Path) -> None:
    """A condition of constants is no constant: guards are shown part by part."""
    path = tmp_path / "m.py"
    path.write_text(
        MODEL_HEAD + "@action\ndef act(s: State) -> None:\n    require(N > 1 and max(N, 1) == 2)\n    s.n = 1\n"
    )
    (act,) = (a for a in load_model(path).actions if a.name == "act")
    guard = act.body[0]

    assert isinstance(guard, n.Require)
    assert isinstance(guard.condition, n.And)
    assert [type(item) for item in guard.condition.items] == [n.Compare, n.Compare]
