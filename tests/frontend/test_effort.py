"""How much one run of a function does is known from its text, and what would not end soon is refused."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from interlock.checker.checks.overrides import Overrides
from interlock.checker.checks.run import run_check
from interlock.checker.diagnostics import InputError
from interlock.checker.frontend import load_model
from interlock.checker.frontend.codes import MODEL_HEAD
from interlock.checker.frontend.effort import Calls
from tests.agreement.compare import read
from tests.strategies import Source


def model(tmp_path: Path, text: str) -> Path:
    """A file with a model and more."""
    path = tmp_path / "m.py"
    path.write_text(MODEL_HEAD + text)
    return path


def chain(count: int, body: str) -> str:
    """Helpers, each of which calls the one before in an expression."""
    first = "def h0(x: int) -> int:\n    return x % 8\n"
    rest = [f"\n\ndef h{i}(x: int) -> int:\n    return {body.format(f'h{i - 1}(x)')}\n" for i in range(1, count)]
    return first + "".join(rest)


@pytest.mark.parametrize(
    ("calls", "made"),
    [
        ({"f": []}, (0, 0)),
        ({"f": [("g", 1)], "g": []}, (1, 1)),
        ({"f": [("g", 3), ("h", 2)], "g": [("h", 4)], "h": []}, (3 * 5 + 2, 2)),
        ({"f": [("g", 0)], "g": [("h", 9)]}, (0, 0)),
    ],
)
def test_calls_are_counted_with_those_that_they_make(
    calls: dict[str, list[tuple[str, int]]], made: tuple[int, int]
) -> None:
    """And how many are within one another."""
    assert Calls(calls).made("f") == made


def test_helpers_that_call_one_another_twice_are_refused(tmp_path: Path) -> None:
    """Sixty of them: plain Python would make more calls than there is time for, and the scalar form makes sixty."""
    with pytest.raises(InputError) as refused:
        load_model(model(tmp_path, chain(60, "({0} + {0}) % 8")))

    (found,) = refused.value.diagnostics
    assert (found.code, found.message) == ("M309", "one run of `h18` may make 524286 calls, more than 262144")


@pytest.mark.parametrize(
    "loop",
    [
        "def f(x: int) -> int:\n    return sum(g(x) for a in members(Color) for b in range(1000) for c in range(1000))\n",
        "def f(x: int) -> int:\n    for a in range(1000):\n        for b in range(1000):\n            if g(x) > 9:\n                return 1\n    return 0\n",
    ],
)
def test_calls_in_loops_count_as_often_as_the_loop_is_gone_through(tmp_path: Path, loop: str) -> None:
    """In comprehensions and in statements."""
    with pytest.raises(InputError) as refused:
        load_model(model(tmp_path, f"def g(x: int) -> int:\n    return x % 8\n\n\n{loop}"))

    assert [d.code for d in refused.value.diagnostics] == ["M309"]


def test_a_long_chain_is_refused_and_a_shorter_one_is_not(tmp_path: Path) -> None:
    """Two hundred ended in a defect."""
    load_model(model(tmp_path, chain(64, "{0}")))
    with pytest.raises(InputError) as refused:
        load_model(model(tmp_path, chain(200, "{0}")))

    (found,) = refused.value.diagnostics
    assert found.message == "`h65` calls helpers within one another, 65 deep and not 64"


@pytest.fixture
def shallow() -> Iterator[None]:
    """Python goes as deep as it does of itself, whatever chains were read before."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(1000)
    yield
    sys.setrecursionlimit(before)


@pytest.mark.usefixtures("shallow")
def test_what_is_too_deep_all_together_is_refused_with_its_check() -> None:
    """Each function alone is not."""
    deep = "(" * 20 + "{0}" + " + 1) % 8" * 20
    text = (
        MODEL_HEAD
        + chain(60, deep)
        + "\n\n@action\ndef go(s: State) -> None:\n    require(h59(s.n) < 9)\n    s.on = True\n"
    )
    spec = "import gen\nfrom interlock import Holds, check\n\ncheck('deep', gen, expect=Holds())\n"
    given = read(Source(text, spec))
    with pytest.raises(InputError) as refused:
        run_check(given, given.checks[0], Overrides())

    (found,) = refused.value.diagnostics
    assert (found.code, found.message) == ("E004", 'check "deep": its text is nested too deeply, helpers included')
