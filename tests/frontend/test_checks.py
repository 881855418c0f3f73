"""`check(...)`: every mistake of a call at once, each at its place; nothing refused that can come out."""

from __future__ import annotations

from pathlib import Path

import pytest

from interlock.checker.diagnostics import InputError, render
from interlock.checker.frontend import load_spec
from interlock.checker.frontend.codes import SPEC_HEAD, TOY
from interlock.checker.ir.claims import Expectation, Kind, Spec

EVERY_ARGUMENT = """check(
    "", toyy, {"M": 1, "N": True}, faults={"flop"}, engine="explor", properties=(smal, small), terminal=smal,
    expect=Hold(), slow=1, about="", steps=-1, stepps=2,
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


def test_every_mistake_of_one_call_is_told(tmp_path: Path) -> None:
    """What needs the model waits for its name; nothing else does."""
    assert mistakes(tmp_path, EVERY_ARGUMENT) == [
        ("S001", '""'),
        ("S010", "toyy"),
        ("S006", '"explor"'),
        ("S002", "smal"),
        ("S007", "Hold()"),
        ("S001", "1"),
        ("S001", '""'),
        ("S001", "-1"),
        ("S001", "stepps"),
    ]


def test_what_the_model_lacks_is_told_beside_the_rest(tmp_path: Path) -> None:
    """Constants, faults and the terminal predicate are looked up in the model."""
    assert mistakes(tmp_path, EVERY_ARGUMENT.replace("toyy", "toy")) == [
        ("S001", '""'),
        ("S003", '"M"'),
        ("S004", "True"),
        ("S005", '"flop"'),
        ("S006", '"explor"'),
        ("S002", "smal"),
        ("S002", "smal"),
        ("S007", "Hold()"),
        ("S001", "1"),
        ("S001", '""'),
        ("S001", "-1"),
        ("S001", "stepps"),
    ]


def test_a_mistake_in_a_property_hides_none_of_a_check(tmp_path: Path) -> None:
    text = '@always\ndef odd(s: State) -> bool:\n    return s.m\ncheck("a", toy, faults={"flop"}, expect=Hold())\n'

    assert mistakes(tmp_path, text) == [("M105", "s.m"), ("S005", '"flop"'), ("S007", "Hold()")]


def test_a_constant_of_another_imported_model_is_none_of_this_one(tmp_path: Path) -> None:
    """An override that changes nothing would make a mutation look harmless."""
    other = TOY.replace("N: Final", "K: Final").replace("size=N", "size=K").replace("class ", "class O")
    (tmp_path / "other.py").write_text("from typing import Final\n\nK: Final = 2\n")
    assert "K: Final" in other

    assert mistakes(tmp_path, 'from other import K\ncheck("a", toy, {"K": 3}, expect=Holds())\n') == [("S003", '"K"')]


def test_about_is_one_text(tmp_path: Path) -> None:
    """Pieces side by side make one, line breaks count as spaces; left out it is empty."""
    text = (
        'check("a", toy, about="one " "two", expect=Holds())\ncheck("b", toy, about="""x\n   y""", expect=Holds())\n'
        'check("c", toy, expect=Holds())\n'
    )

    assert [c.about for c in read(tmp_path, text).checks] == ["one two", "x y", ""]


@pytest.mark.parametrize("about", ['""', '" "', 'f"x"', '"a" + "b"', "N", "3", '"\\x1b[0m"', "None"])
def test_about_is_literal_text(about: str, tmp_path: Path) -> None:
    assert mistakes(tmp_path, f'check("a", toy, about={about}, expect=Holds())\n') == [("S001", about)]


def test_a_check_knows_where_its_engine_is_named(tmp_path: Path) -> None:
    """Or where the call is."""
    text = 'check("a", toy, engine="bmc", expect=Holds())\ncheck("b", toy, expect=Holds())\n'
    first, second = read(tmp_path, text).checks

    assert (first.engine_span.column, first.engine_span.end_column) == (23, 28)
    assert second.engine_span == second.span


@pytest.mark.parametrize(
    ("rest", "underlined"),
    [
        ("expect=Violated(deadlock)", "Violated(deadlock)"),
        ("properties=(lit,), expect=Violated(small)", "Violated(small)"),
        ("properties=(), expect=Violated(small, steps=1)", "Violated(small, steps=1)"),
    ],
)
def test_a_violation_that_is_not_looked_for_is_refused(rest: str, underlined: str, tmp_path: Path) -> None:
    text = f'@reachable\ndef lit(s: State) -> bool:\n    return s.on\ncheck("a", toy, {rest})\n'

    assert mistakes(tmp_path, text) == [("S013", underlined)]


LIT = "@reachable\ndef lit(s: State) -> bool:\n    return s.on\n"


@pytest.mark.parametrize(
    ("rest", "code", "underlined", "said"),
    [
        ("expect=Holds(steps=3)", "S007", "3", ("`steps` of Holds is a dict", "write `Holds(steps={arrives: 4})`")),
        (
            "expect=Holds(steps={small: 3})", "S007", "small",
            ("`small` has no witness: only a `@reachable` property has one", "leave it out"),
        ),
        ("expect=Holds(steps={lot: 3})", "S002", "lot", ("there is no property `lot`", "did you mean `lit`?")),
        ("expect=Holds(steps={lit: 3, lit: 3})", "S007", "lit", ("`lit` is given twice", "give it once")),
        ("expect=Holds(steps={lit: -1})", "S007", "-1", ("a number is needed here", "write a number from 0")),
        (
            "expect=Holds(steps={**lit})", "S007", "lit",
            ("`steps` of Holds is written out", "write each property: `{arrives: 4}`"),
        ),
        (
            "properties=(small,), expect=Holds(steps={lit: 3})", "S013", "Holds(steps={lit: 3})",
            ("`lit` is not among the properties of this check", "name it in `properties=` too"),
        ),
        ("expect=Violated(small, first=1)", "S007", "1", ("`first` is True or False", "write `first=True`")),
        (
            'engine="bmc", expect=Violated(small, first=True)', "S007", "Violated(small, first=True)",
            ("the engine bmc ends at the first violation in any case", "leave out `first=True`"),
        ),
    ],
)  # fmt: skip
def test_a_mistake_in_what_a_verdict_is_given_is_told(
    rest: str, code: str, underlined: str, said: tuple[str, str], tmp_path: Path
) -> None:
    text = f'{LIT}check("a", toy, {rest})\n'
    with pytest.raises(InputError) as caught:
        read(tmp_path, text)

    assert mistakes(tmp_path, text) == [(code, underlined)]
    assert [(d.message, d.help) for d in caught.value.diagnostics] == [said]


def test_lengths_of_witnesses_and_a_stop_at_the_first_violation_are_kept(tmp_path: Path) -> None:
    """As the author wrote them."""
    text = (
        f'{LIT}check("a", toy, expect=Holds(distinct=4, steps={{lit: 1}}))\n'
        'check("b", toy, expect=Violated(small, steps=3, first=True))\n'
        'check("c", toy, engine="bmc", expect=Violated(small, first=False))\n'
    )
    holds, violated, other = (c.expect for c in read(tmp_path, text).checks)

    assert holds == Expectation(Kind.HOLDS, {"distinct": 4}, witnesses={"lit": 1})
    assert violated == Expectation(Kind.VIOLATED, {"steps": 3}, property="small", first=True)
    assert other == Expectation(Kind.VIOLATED, property="small")


@pytest.mark.parametrize(
    "rest",
    [
        "terminal=small, expect=Violated(deadlock)",
        "properties=(), expect=Violated(model_error)",
        "expect=Violated(small)",
    ],
)
def test_a_violation_that_may_be_found_is_accepted(rest: str, tmp_path: Path) -> None:
    assert read(tmp_path, f'check("a", toy, {rest})\n').checks[0].expect.kind is Kind.VIOLATED


@pytest.mark.parametrize(
    ("imports", "model", "help_"),
    [
        ("", "toyy", "did you mean `toy`?"),
        ("", "tyo", "did you mean `toy`?"),
        ("", "other", "import it: `import other`"),
        ("", "zzz", "did you mean"),
    ],
)
def test_a_misspelt_model_gets_the_nearest_module(imports: str, model: str, help_: str, tmp_path: Path) -> None:
    """One that is imported, or that lies beside the spec."""
    (tmp_path / "other.py").write_text(TOY)
    with pytest.raises(InputError) as caught:
        read(tmp_path, imports + f'check("a", {model}, expect=Holds())\n')
    (found,) = caught.value.diagnostics

    assert found.code == "S010"
    assert found.help.startswith(help_) or model == "zzz"


def test_a_misspelt_import_gets_the_nearest_module(tmp_path: Path) -> None:
    """Also inside a package; and the check of that model adds no second error."""
    (tmp_path / "pack").mkdir()
    (tmp_path / "pack" / "__init__.py").write_text("")
    (tmp_path / "pack" / "bridge.py").write_text(TOY)
    text = (
        "import toyy\nimport pakc.bridge as one\nfrom pack import bridg\n"
        'check("a", toyy, expect=Holds())\ncheck("b", bridg, expect=Holds())\n'
    )
    with pytest.raises(InputError) as caught:
        read(tmp_path, text)

    assert {d.code: d.help for d in caught.value.diagnostics if d.code != "M104"} == {"M103": "did you mean `bridge`?"}
    assert {d.help for d in caught.value.diagnostics if d.code == "M104"} == {
        "did you mean `toy`?",
        "did you mean `pack.bridge`?",
    }


def test_a_circle_of_links_is_called_one(tmp_path: Path) -> None:
    loop = tmp_path / "loop.py"
    loop.symlink_to(loop)
    with pytest.raises(InputError) as caught:
        load_spec(loop)

    assert "leads back to itself" in render(caught.value.diagnostics[0])


def test_names_that_are_used_without_their_import_are_told_to_import(tmp_path: Path) -> None:
    (tmp_path / "toy.py").write_text(TOY)
    (tmp_path / "bare.py").write_text('import toy\n\ncheck("a", toy)\n')
    with pytest.raises(InputError) as caught:
        load_spec(tmp_path / "bare.py")

    assert [d.help for d in caught.value.diagnostics] == ["import it: `from interlock import check`"]


@pytest.mark.parametrize(
    "text",
    [
        'if True:\n    check("a", toy, expect=Holds())\n',
        'x = check("a", toy, expect=Holds())\n',
        'def f() -> bool:\n    check("a", toy, expect=Holds())\n    return True\n',
        'x: Final = check("a", toy, expect=Holds())\n',
    ],
)
def test_a_check_within_another_statement_is_refused(text: str, tmp_path: Path) -> None:
    """It would be left out otherwise, and pass for checked."""
    with pytest.raises(InputError) as refused:
        read(tmp_path, text)
    (first, *_) = refused.value.diagnostics

    assert (first.code, first.message) == ("M003", "`check` is called inside another statement")
    assert first.help == "write each `check(...)` by itself, at the left margin"
