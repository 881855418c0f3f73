"""Long lines are broken where they still read, and still paste."""

from __future__ import annotations

import ast
import io
import shlex

import pytest

from interlock.checker.fold import WIDTH, fold, fold_command, said, screen, width_of
from interlock.checker.ir.types import BOOL, EnumT, IntT, MapT, RecordT, ScalarT, SetT, members
from interlock.checker.trace.diff import diff, places

NODE = RecordT("Node", (("chain", ScalarT("Chain", 3)), ("height", IntT(1, 9))))
CALLS = (
    "build(h=Header(chain=Chain(1), height=1, sibling=Sibling.FIRST), parent=Sibling.FIRST, "
    "on=Header(chain=Chain(0), height=1, sibling=Sibling.FIRST))",
    f"finalize(batch=FiniteSet({{{', '.join(f'Node(chain=Chain({i}), height={i})' for i in range(40))}}}))",
    f"an_action_{'with_a_long_name_' * 4}(h=Header(chain=Chain(1), height=1, sibling=Sibling.FIRST))",
)


def test_a_short_line_stays_as_it_is() -> None:
    """Indented, no more."""
    assert fold("lock(t=Transfer(0))", "  ") == ["  lock(t=Transfer(0))"]


@pytest.mark.parametrize("text", CALLS)
def test_a_long_call_is_broken_and_pastes_back(text: str) -> None:
    """No line is too long, and Python reads them as the one call."""
    lines = fold(text, "    ")

    assert len(lines) > 1
    assert all(len(line) <= WIDTH for line in lines)
    assert ast.unparse(ast.parse("\n".join(lines).strip())) == ast.unparse(ast.parse(text))


def test_the_outermost_brackets_are_opened_first() -> None:
    """An argument that fits on a line is not taken apart."""
    assert [line.strip() for line in fold(CALLS[0])] == [
        "build(h=Header(chain=Chain(1), height=1, sibling=Sibling.FIRST), parent=Sibling.FIRST,",
        "on=Header(chain=Chain(0), height=1, sibling=Sibling.FIRST))",
    ]


def test_a_set_that_is_long_shows_what_it_gains_and_loses() -> None:
    """Two members of a set of many change: two short lines."""
    t = RecordT("State", (("final", SetT(NODE)),))
    first, *middle, last = members(NODE)
    (change,) = diff(t, (frozenset([first, *middle]),), (frozenset([*middle, last]),))

    assert change.lines("  ") == [
        "  final:",
        "      loses Node(chain=Chain(0), height=1)",
        "      gains Node(chain=Chain(2), height=9)",
    ]


def test_a_set_that_is_short_shows_both_values() -> None:
    """Old -> new, as everywhere."""
    t = RecordT("State", (("seen", SetT(EnumT("Color", ("RED", "BLUE")))),))
    (change,) = diff(t, (frozenset(),), (frozenset({0}),))

    assert change.lines() == ["seen: FiniteSet() -> FiniteSet({Color.RED})"]


def test_a_long_change_stands_below_its_place() -> None:
    """The place, then old -> new."""
    t = RecordT("State", ((f"a_field_with_{'a_long_' * 11}name", EnumT("Color", ("RED", "BLUE"))),))
    (change,) = diff(t, (0,), (1,))

    assert [line.strip() for line in change.lines()] == [f"{t.fields[0][0]}:", "Color.RED -> Color.BLUE"]


def test_a_map_of_equal_values_is_one_line() -> None:
    """As a model writes it; a map of different values has a line a key."""
    m = MapT(ScalarT("Who", 2), BOOL)
    t = RecordT("State", (("a", m), ("b", m), ("c", MapT(BOOL, m))))
    shown = places(t, ((False, False), (False, True), ((True, True), (True, True))))

    assert shown == (
        ("a", "filled(False)"),
        ("b[Who(0)]", "False"),
        ("b[Who(1)]", "True"),
        ("c", "filled(filled(True))"),
    )


# --- how wide --------------------------------------------------------------------------------------


@pytest.mark.parametrize("width", [20, 40, 60, 80])
@pytest.mark.parametrize("text", [*CALLS, "waits: Holds, 16 states, 32 transitions, depth 6 (of what was asked for)"])
def test_no_word_is_broken(text: str, width: int) -> None:
    """A line ends at a blank or behind an opening bracket, and is too long only where one word is."""
    lines = fold(text, "  ", width=width)
    rest = text
    for line in (line.strip() for line in lines):
        assert rest.startswith(line)
        rest = rest.removeprefix(line)
        assert not rest or rest.startswith(" ") or line[-1] in "([{"
        rest = rest.lstrip()

    assert rest == ""
    assert all(len(line) <= width or len(line.split()) == 1 for line in lines)


COMMAND = shlex.join(["interlock", "check", "specs/a folder/spec.py", "--only", "it's two chains", "--distinct", "3"])


@pytest.mark.parametrize("width", [20, 40, 60])
def test_a_command_is_broken_as_a_shell_takes_it(width: int) -> None:
    """What is pasted is the command, with its quotes."""
    lines = fold_command("reproduce:", COMMAND, width)
    pasted = "\n".join(lines).removeprefix("reproduce:")

    assert len(lines) > 1
    assert all(line.endswith(" \\") for line in lines[:-1])
    assert shlex.split(pasted.replace("\\\n", "")) == shlex.split(COMMAND)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("columns", "wide"), [("72", 72), ("5", 20), ("", 100), ("0", 100), ("wide", 100), ("9" * 5000, 100), ("-3", 100)]
)
def test_columns_says_how_wide(columns: str, wide: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """For a file too; what is no number says nothing."""
    monkeypatch.setenv("COLUMNS", columns)

    assert width_of(io.StringIO()) == wide


def test_a_terminal_that_does_not_say_is_taken_for_a_file() -> None:
    """It has no descriptor to ask."""
    assert (screen(Terminal()), width_of(Terminal()), width_of(io.StringIO())) == (None, 100, 100)


def test_a_note_is_one_line_in_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    """And as many on a screen as it takes."""
    note = "note: the engine explore does not use --seed"

    assert said(note, io.StringIO()) == note
    monkeypatch.setenv("COLUMNS", "30")
    assert said(note, io.StringIO()) == "note: the engine explore does\n    not use --seed"
