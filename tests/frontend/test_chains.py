"""What is flat to its reader is no nesting: long chains are read, and every stage after the front end takes them."""

from __future__ import annotations

from pathlib import Path

import pytest

from interlock.checker.checks.forms import FORMS
from interlock.checker.command import cli
from interlock.checker.diagnostics import InputError
from interlock.checker.frontend import load_model, load_spec
from interlock.checker.frontend.source import MAX_DEPTH, MAX_LINKS

MODEL = """from typing import Annotated

from interlock import Enum, FiniteSet, Range, action, auto, require, state


class Color(Enum):
    RED = auto()
    GREEN = auto()


@state
class State:
    n: Annotated[int, Range(0, 3)] = 0
    t: Annotated[int, Range(0, 4000)] = 0
    seen: FiniteSet[Color] = FiniteSet()


def total(s: State) -> int:
    return @SUM@


@action
def up(s: State) -> None:
    require(s.n < 3)
    s.n += 1


@action
def chain(s: State) -> None:
    @ELIF@
    else:
        require(s.n > 4)


@action
def add(s: State) -> None:
    require(@AND@)
    s.t = total(s)
    s.seen = @UNION@


@action
def pick(s: State) -> None:
    s.t = @CHOICE@
"""

SPEC = """import long
from interlock import Holds, NoneSampled, NoneWithin, Proved, Violated, always, check
from long import State, total


@always
def ok(s: State) -> bool:
    return @AND@


@always
def least(s: State) -> bool:
    return total(s) < 3 * @TERMS@


check("explore", long, properties=(ok,), expect=Holds())
check("bmc", long, properties=(ok,), engine="bmc", steps=2, expect=NoneWithin(2))
check("induction", long, properties=(ok,), engine="induction", steps=1, expect=Proved())
check("simulate", long, properties=(ok,), engine="simulate", walks=10, expect=NoneSampled(10))
check("violated", long, properties=(least,), expect=Violated(least, steps=3))
"""


def chains(terms: int) -> dict[str, str]:
    """Chains of so many terms, by what stands for them in the texts."""
    branches = [
        f"{'elif' if i else 'if'} s.n == 4 and s.t >= {i}:\n        s.t = {i}" for i in range(terms)
    ]  # fmt: skip
    return {
        "@SUM@": " + ".join(["s.n"] * terms),
        "@ELIF@": "\n    ".join(branches),
        "@AND@": " and ".join(f"s.t != {i + 3000}" for i in range(terms)),
        "@UNION@": " | ".join(["s.seen"] * terms),
        "@CHOICE@": " else ".join([*(f"{i} if s.n == 3 and s.t == {i}" for i in range(terms)), "0"]),
        "@TERMS@": str(terms),
    }


def written(text: str, terms: int) -> str:
    """A text with its chains."""
    for name, chain in chains(terms).items():
        text = text.replace(name, chain)
    return text


@pytest.mark.parametrize("terms", [60, pytest.param(500, marks=pytest.mark.slow)])
def test_long_chains_are_read_and_checked_by_every_engine(
    terms: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Traces are replayed, and each form is printed."""
    monkeypatch.chdir(tmp_path)
    Path("long.py").write_text(written(MODEL, terms))
    Path("long_spec.py").write_text(written(SPEC, terms))

    assert cli.main(["check", "long_spec.py", "--coverage"]) == cli.OK, capsys.readouterr()
    assert "5 of 5 checks as expected" in capsys.readouterr().out
    assert all(form(load_spec(Path("long_spec.py")).checks[0]) for form in FORMS.values())


def test_the_longest_chains_are_read_and_searched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`make slow` has the other engines."""
    monkeypatch.chdir(tmp_path)
    Path("long.py").write_text(written(MODEL, 500))
    Path("long_spec.py").write_text(written(SPEC, 500))

    assert cli.main(["check", "long_spec.py", "--only", "violated"]) == cli.OK, capsys.readouterr()


def test_a_guard_at_the_end_of_a_chain_is_explained(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """With the nearest branches that were not taken."""
    monkeypatch.chdir(tmp_path)
    Path("long.py").write_text(written(MODEL, 100))
    Path("long_spec.py").write_text(written(SPEC, 100))

    assert cli.main(["explain", "long_spec.py", "--check", "explore", "--action", "chain()"]) == cli.OK
    said = capsys.readouterr().out
    assert "chain() is disabled\n" in said
    assert "(inside 88 branches more)" in said
    assert said.count("\n    false: ") == 12 + 1


def refusal(tmp_path: Path, expression: str) -> str:
    """What is said of a helper that returns this."""
    (tmp_path / "deep.py").write_text(f"def f(x: int) -> int:\n    return {expression}\n")
    with pytest.raises(InputError) as caught:
        load_model(tmp_path / "deep.py")
    return caught.value.diagnostics[0].message


def test_what_is_nested_is_refused_however_it_is_linked(tmp_path: Path) -> None:
    """Brackets on the right of an operator are nesting; a chain has an end too."""
    nested = "x + (" * MAX_DEPTH + "x" + ")" * MAX_DEPTH

    assert refusal(tmp_path, nested) == "nested too deeply"
    assert refusal(tmp_path, " + ".join(["x"] * (MAX_LINKS + 3))) == "nested too deeply"
    assert refusal(tmp_path, " + ".join(["x"] * (MAX_LINKS + 2))) == "`deep` has no state"
