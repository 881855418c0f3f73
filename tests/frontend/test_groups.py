"""Named groups: what they bring to a check, and what is said of a mistake in one."""

from __future__ import annotations

from pathlib import Path

import pytest

from interlock.checker.diagnostics import InputError, render
from interlock.checker.frontend import load_spec
from interlock.checker.frontend.codes import SPEC_HEAD, TOY
from interlock.checker.ir.claims import Spec
from interlock.checker.trace.loader import load

GROUPS = """@reachable
def lit(s: State) -> bool:
    return s.on


SAFETY: Final = (small,)
ALL: Final = (*SAFETY, lit)
FLIPS: Final = {"flip"}
THREE: Final = {"N": 3}
"""


def read(folder: Path, text: str) -> Spec:
    """The spec `SPEC_HEAD + text` beside `toy.py`."""
    (folder / "toy.py").write_text(TOY)
    (folder / "toy_spec.py").write_text(SPEC_HEAD + text)
    return load_spec(folder / "toy_spec.py")


def mistakes(folder: Path, text: str) -> list[tuple[str, str, str]]:
    """Of each mistake the code, the text it underlines, and the help."""
    with pytest.raises(InputError) as caught:
        read(folder, text)
    lines = (SPEC_HEAD + text).split("\n")
    ordered = sorted(caught.value.diagnostics, key=lambda d: (d.span.line, d.span.column))
    return [(d.code, lines[d.span.line - 1][d.span.column : d.span.end_column], d.help) for d in ordered]


@pytest.mark.parametrize(
    ("written", "names"),
    [
        ("SAFETY", ["small"]),
        ("ALL", ["small", "lit"]),
        ("(*SAFETY, lit)", ["small", "lit"]),
        ("(lit, *ALL)", ["lit", "small"]),
        ("(lit, small)", ["lit", "small"]),
        ("lit", ["lit"]),
        ("()", []),
    ],
)
def test_properties_are_those_of_the_display_in_its_order(written: str, names: list[str], tmp_path: Path) -> None:
    """Across `*` a property counts once, where it stands first."""
    spec = read(tmp_path, GROUPS + f'check("a", toy, properties={written}, expect=Holds())\n')

    assert [p.name for p in spec.checks[0].properties] == names


@pytest.mark.parametrize(
    ("written", "faults"),
    [("FLIPS", {"flip"}), ('FLIPS | {"flip"}', {"flip"}), ('{*FLIPS, "flip"}', {"flip"}), ("set()", set())],
)
def test_faults_are_the_union(written: str, faults: set[str], tmp_path: Path) -> None:
    spec = read(tmp_path, GROUPS + f'check("a", toy, faults={written}, expect=Holds())\n')

    assert spec.checks[0].faults == faults


@pytest.mark.parametrize(
    ("written", "value"),
    [("THREE", "3"), ('{**THREE, "N": 2}', "2"), ('{"N": 2, **THREE}', "3"), ("{**THREE, **FOUR}", "4")],
)
def test_the_later_constant_wins_across_stars(written: str, value: str, tmp_path: Path) -> None:
    """The model is read under it, too."""
    check = read(tmp_path, GROUPS + f'FOUR: Final = {{"N": 4}}\ncheck("a", toy, {written}, expect=Holds())\n').checks[0]

    assert check.constants == {"N": value}
    assert [c.value for c in check.program.constants if c.name == "N"] == [int(value)]


def test_a_group_that_no_check_uses_is_fine(tmp_path: Path) -> None:
    """Its faults and constants are looked up in the model of a check, and there is none."""
    spec = read(tmp_path, 'UNUSED: Final = {"flop"}\nOTHER: Final = {"M": 1}\ncheck("a", toy, expect=Holds())\n')

    assert len(spec.checks) == 1


def test_replay_defines_a_spec_with_groups(tmp_path: Path) -> None:
    """Groups are plain Python, so the functions beside them can be called."""
    spec = read(tmp_path, GROUPS + 'check("a", toy, THREE, faults=FLIPS, properties=ALL, expect=Holds())\n')

    assert "small" in load(spec.checks[0].program, spec).spec


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("G: Final = (smal,)", ("S002", "smal", "did you mean `small`?")),
        ("G: Final = (small, smal)", ("S002", "smal", "did you mean `small`?")),
        ("G: Final = (*SAFTY, lit)", ("S012", "SAFTY", "did you mean `SAFETY`?")),
        ("G: Final = (*FLIPS, lit)", ("S012", "FLIPS", "known here: `ALL`, `SAFETY`")),
        ("G: Final = (*G, lit)", ("S012", "G", "a group names only what stands above it: move that one up")),
        ("G: Final = (late,)\n@always\ndef late(s: State) -> bool:\n    return s.on", ("S002", "late", "move the group below it")),
        ("G: Final = (small, small)", ("S001", "small", "give it once")),
        ('G: Final = {**THRE, "N": 3}', ("S012", "THRE", "did you mean `THREE`?")),
        ('G: Final = {"N": 2, "N": 3}', ("S001", '"N"', "give it once")),
        ('G: Final = {"N": Nod}', ("M101", "Nod", "did you mean `Node`?")),
        ('G: Final = FLIP | {"flip"}', ("S012", "FLIP", "did you mean `FLIPS`?")),
        ('G: Final = {"flip", 3}', ("S001", "3", 'write `faults={"equivocate"}`')),
        ('G: Final[dict[str, int]] = {"N": 3}', ("S001", "Final[dict[str, int]]", "write `G: Final`")),
        ("G: Final = (SAFETY, lit)", ("S002", "SAFETY", "write `*SAFETY`")),
        ("SAFETY: Final = (lit,)", ("M102", "SAFETY: Final = (lit,)", "choose another name")),
    ],
)  # fmt: skip
def test_a_mistake_in_a_group_is_told_where_it_is_written(
    text: str, expected: tuple[str, str, str], tmp_path: Path
) -> None:
    """Used or not, and once."""
    assert mistakes(tmp_path, GROUPS + text + '\ncheck("a", toy, expect=Holds())\n') == [expected]


@pytest.mark.parametrize(
    ("argument", "group", "expected"),
    [
        ("faults=G", '{"flip", "flop"}', ("S005", '"flop"', "did you mean `flip`?")),
        ("constants=G", '{"M": 1}', ("S003", '"M"', "known here: `N`")),
        ("constants=G", '{"N": True}', ("S004", "True", "give it a value of its type")),
    ],
)
def test_what_the_model_lacks_is_told_in_the_group(
    argument: str, group: str, expected: tuple[str, str, str], tmp_path: Path
) -> None:
    """Once, in however many checks the group stands."""
    checks = "".join(f'check("{name}", toy, {argument}, expect=Holds())\n' for name in "ab")

    assert mistakes(tmp_path, f"G: Final = {group}\n{checks}") == [expected]


@pytest.mark.parametrize(
    ("argument", "expected"),
    [
        ("properties=smal", ("S002", "smal", "did you mean `small`?")),
        ("properties=SAFTY", ("S002", "SAFTY", "did you mean `SAFETY`?")),
        ("properties=FLIPS", ("S012", "FLIPS", "known here: `ALL`, `SAFETY`")),
        ("properties=[small]", ("S001", "[small]", "write `properties=(small,)`")),
        ("faults=FLIP", ("S012", "FLIP", "did you mean `FLIPS`?")),
        ("constants=THREE | {}", ("S001", "THREE | {}", 'write `{**GROUP, "CHAINS": 3}`')),
    ],
)
def test_a_misspelt_group_in_a_check(argument: str, expected: tuple[str, str, str], tmp_path: Path) -> None:
    assert mistakes(tmp_path, GROUPS + f'check("a", toy, {argument}, expect=Holds())\n') == [expected]


def test_a_group_is_no_value(tmp_path: Path) -> None:
    """Properties compare values, not what checks are made of."""
    text = GROUPS + 'def f() -> bool:\n    return THREE\ncheck("a", toy, expect=Holds())\n'

    assert [(code, at) for code, at, _ in mistakes(tmp_path, text)] == [("M002", "THREE")]


def test_a_group_in_a_model_is_outside_the_language(tmp_path: Path) -> None:
    """Groups belong to specs."""
    (tmp_path / "toy.py").write_text(TOY + 'THREE: Final = {"N": 3}\n')
    (tmp_path / "spec.py").write_text(SPEC_HEAD + 'check("a", toy, expect=Holds())\n')
    with pytest.raises(InputError) as caught:
        load_spec(tmp_path / "spec.py")

    assert [d.code for d in caught.value.diagnostics] == ["M002"], render(caught.value.diagnostics[0])
