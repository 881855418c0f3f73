"""`claim(...)`: what is kept of it, and every mistake in one call at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from interlock import Finding
from interlock.checker.diagnostics import InputError
from interlock.checker.frontend import load_spec
from interlock.checker.frontend.codes import SPEC_HEAD, TOY
from interlock.checker.ir.claims import FINDINGS, Spec

CHECKS = 'check("one", toy, expect=Holds())\ncheck("two", toy, expect=Holds())\n'
CLAIM = """claim(
    "B1",
    source="a document, section 2",
    says="n is "
    "small",
    finding=Finding.UNSTATED_CONDITION,
    decided_by=("two", "one"),
    because="by\\n  search",
)
"""


def read(folder: Path, text: str) -> Spec:
    """The spec `SPEC_HEAD + text` beside `toy.py`."""
    (folder / "toy.py").write_text(TOY)
    (folder / "toy_spec.py").write_text(SPEC_HEAD + text)
    return load_spec(folder / "toy_spec.py")


def mistakes(folder: Path, text: str) -> list[tuple[str, str]]:
    """Of each mistake the code and the text it underlines, in order."""
    with pytest.raises(InputError) as caught:
        read(folder, text)
    assert all(d.help.strip() for d in caught.value.diagnostics)
    lines = (SPEC_HEAD + text).split("\n")
    ordered = sorted(caught.value.diagnostics, key=lambda d: (d.span.line, d.span.column))
    return [(d.code, lines[d.span.line - 1][d.span.column : d.span.end_column]) for d in ordered]


def test_the_findings_are_those_of_the_language() -> None:
    assert tuple(f.name for f in Finding) == FINDINGS


def test_a_claim_is_kept_as_written(tmp_path: Path) -> None:
    """Texts in one line, checks in the order of the claim, and where it stands."""
    (found,) = read(tmp_path, CHECKS + CLAIM).claims

    assert (found.id, found.source, found.says) == ("B1", "a document, section 2", "n is small")
    assert (found.finding, found.decided_by, found.because) == ("UNSTATED_CONDITION", ("two", "one"), "by search")
    assert found.span.line == (SPEC_HEAD + CHECKS).count("\n") + 1


def test_a_spec_without_claims_has_none(tmp_path: Path) -> None:
    assert read(tmp_path, CHECKS).claims == ()


def test_a_claim_may_stand_above_its_checks(tmp_path: Path) -> None:
    """Their names are text."""
    assert read(tmp_path, CLAIM + CHECKS).claims[0].decided_by == ("two", "one")


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ('"B1"', '""', ("S014", '""')),
        ('"B1"', "B1", ("S014", "B1")),
        ('"a document, section 2"', '" "', ("S014", '" "')),
        ('"a document, section 2"', '"a" + "b"', ("S014", '"a" + "b"')),
        ('"a document, section 2"', 'f"a"', ("S014", 'f"a"')),
        ('"by\\n  search"', "3", ("S014", "3")),
        ('"by\\n  search"', '"\\x07"', ("S014", '"\\x07"')),
        ("    source=", "    sauce='', source=", ("S014", "sauce")),
        ("    source=", "    id='B2', source=", ("S014", "id")),
        ("Finding.UNSTATED_CONDITION", "Finding.UNSTATED", ("S016", "Finding.UNSTATED")),
        ("Finding.UNSTATED_CONDITION", '"GAP"', ("S016", '"GAP"')),
        ("Finding.UNSTATED_CONDITION", "Color.RED", ("S016", "Color.RED")),
        ('"two", "one"', "", ("S014", "()")),
        ('("two", "one")', '("two")', ("S014", '"two"')),
        ('"two", "one"', '"two", "tow"', ("S015", '"tow"')),
        ('"two", "one"', '"two", "two"', ("S014", '"two"')),
        ('"two", "one"', '"two", one', ("S014", "one")),
    ],
)
def test_a_mistake_in_a_claim(old: str, new: str, expected: tuple[str, str], tmp_path: Path) -> None:
    assert old in CLAIM

    assert mistakes(tmp_path, CHECKS + CLAIM.replace(old, new)) == [expected]


def test_every_mistake_of_one_claim_is_told(tmp_path: Path) -> None:
    text = 'claim("B1", source="", finding=Finding.NONE, decided_by=("tow", "eno"), because=1)\n'

    assert mistakes(tmp_path, CHECKS + text) == [
        ("S014", text.rstrip()),
        ("S014", '""'),
        ("S016", "Finding.NONE"),
        ("S015", '"tow"'),
        ("S015", '"eno"'),
        ("S014", "1"),
    ]


def test_a_check_with_a_mistake_still_decides(tmp_path: Path) -> None:
    """Its name is known, so the claim is not blamed."""
    wrong = CHECKS.replace('check("two", toy, expect=Holds())', 'check("two", toy, expect=Hold())')

    assert mistakes(tmp_path, wrong + CLAIM) == [("S007", "Hold()")]


def test_an_id_is_given_once(tmp_path: Path) -> None:
    assert mistakes(tmp_path, CHECKS + CLAIM + CLAIM) == [("S017", '"B1"')]


def test_claims_alone_are_no_spec(tmp_path: Path) -> None:
    """Nothing could decide them."""
    with pytest.raises(InputError) as caught:
        read(tmp_path, CLAIM)

    assert [d.code for d in caught.value.diagnostics] == ["S015", "S015", "S008"]


def test_a_finding_without_its_import_is_told_to_import(tmp_path: Path) -> None:
    (tmp_path / "toy.py").write_text(TOY)
    text = (SPEC_HEAD + CHECKS + CLAIM).replace("Finding, Holds", "Holds")
    (tmp_path / "toy_spec.py").write_text(text)
    with pytest.raises(InputError) as caught:
        load_spec(tmp_path / "toy_spec.py")

    assert [d.code for d in caught.value.diagnostics] == ["S016"]
    assert caught.value.diagnostics[0].help.endswith("import it: `from interlock import Finding`")
