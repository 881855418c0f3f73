"""The one table of options: what each touches is read from it, and agrees with the engines and the README."""

from __future__ import annotations

import re
from pathlib import Path

import attrs
import pytest

from interlock.checker.checks.overrides import (
    CHECK,
    ENGINES,
    IN_SPEC,
    OPTIONS,
    REPORT,
    SIMULATE,
    Overrides,
    Takes,
    make_engine,
)
from interlock.checker.command import options
from interlock.checker.frontend import load_spec
from interlock.checker.ir.claims import Spec

README = Path(__file__).resolve().parent.parent.parent / "README.md"
GIVEN = {
    Takes.FLAG: [], Takes.SWITCH: [], Takes.NAME: ["bmc"], Takes.WHOLE: ["7"], Takes.FROM_ONE: ["7"],
    Takes.THREADS: ["7"], Takes.SECONDS: ["7"], Takes.BYTES: ["7M"], Takes.FOLDER: ["seven"],
}  # fmt: skip
VALUES = {
    Takes.FLAG: True, Takes.SWITCH: True, Takes.NAME: "bmc", Takes.WHOLE: 7, Takes.FROM_ONE: 7, Takes.THREADS: 7,
    Takes.SECONDS: 7.0, Takes.BYTES: 7 << 20, Takes.FOLDER: Path("seven"),
}  # fmt: skip
COMMANDS = dict.fromkeys(
    ("check", "simulate", "replay", "show", "explain", "report", "schema", "completion"), lambda _: 0
)


@pytest.fixture
def spec(tmp_path: Path) -> Spec:
    """A spec with one check, which says nothing of options."""
    (tmp_path / "m.py").write_text(
        "from interlock import action, state\n\n\n@state\nclass State:\n    on: bool = False\n\n\n"
        "@action\ndef flip(s: State) -> None:\n    s.on = not s.on\n"
    )
    (tmp_path / "m_spec.py").write_text(
        "import m\nfrom interlock import Holds, check\n\ncheck('c', m, expect=Holds())\n"
    )
    return load_spec(tmp_path / "m_spec.py")


def typed(command: str, *words: str) -> Overrides:
    """What a command line changes."""
    return options.overrides(options.parser(COMMANDS).parse_args([command, "x_spec.py", *words]))


def test_each_field_of_a_run_is_a_row_but_for_what_verbose_asks() -> None:
    """But for `--path` too, which every command has; and no two rows have one name."""
    assert {a.name for a in attrs.fields(Overrides)} - {o.field for o in OPTIONS} == {"gates", "models"}
    assert len({o.name for o in OPTIONS}) == len(OPTIONS)
    assert typed(CHECK, "-v") == Overrides(gates=True)


@pytest.mark.parametrize("command", [CHECK, SIMULATE, REPORT])
@pytest.mark.parametrize("option", OPTIONS, ids=lambda o: o.name)
def test_what_is_typed_is_what_changes(command: str, option: options.Option) -> None:
    """And nothing else; a command has just the options of its rows."""
    plain = typed(command)
    assert plain == Overrides(engine="simulate" if command == SIMULATE else None)
    if command not in option.of:
        with pytest.raises(Exception, match="C001"):
            typed(command, f"--{option.name}", *GIVEN[option.takes])
        return
    found = typed(command, f"--{option.name}", *GIVEN[option.takes])

    assert found == attrs.evolve(plain, **{option.field: VALUES[option.takes]})


def test_engines_know_what_is_in_the_table_and_nothing_else() -> None:
    """A row that asks something of engines is honoured by one."""
    known = {name for engine in ENGINES for name in make_engine(engine).knows}

    assert known - {"workers"} == {o.name for o in OPTIONS if o.asks}
    assert "workers" in known
    assert {"states", "depth", "seed", "walks", "steps"} == IN_SPEC


@pytest.mark.parametrize("option", OPTIONS, ids=lambda o: o.name)
@pytest.mark.parametrize("engine", ENGINES)
def test_what_an_engine_does_not_know_is_unused(engine: str, option: options.Option) -> None:
    """Where it asks anything of engines."""
    made = make_engine(engine)
    found = Overrides(**{option.field: VALUES[option.takes]}).unused(made)

    assert found == ([option.name] if option.asks and option.name not in made.knows else [])
    assert Overrides().unused(made) == Overrides(symmetry=False).unused(made) == []


@pytest.mark.parametrize("option", [o for o in OPTIONS if CHECK in o.of], ids=lambda o: o.name)
def test_a_search_goes_on_with_what_it_was_asked(spec: Spec, option: options.Option) -> None:
    """The command that is told says all that may not change, and means the same."""
    asked = Overrides(**{"checkpoint": Path("saved"), option.field: VALUES[option.takes]})
    line = asked.going_on(spec, spec.checks[0])
    again = options.overrides(options.parser(COMMANDS).parse_args(line.split()[1:]))

    assert again == (asked if option.goes_on else Overrides(checkpoint=Path("saved")))
    assert (f"--{option.name}" in line.split()) is (option.goes_on or option.name == "checkpoint")


def test_a_search_without_symmetry_goes_on_without(spec: Spec) -> None:
    """What is off was asked for too."""
    assert "--no-symmetry" in Overrides(symmetry=False, checkpoint=Path("x")).going_on(spec, spec.checks[0])


def test_the_readme_names_every_option() -> None:
    """Under the command line."""
    text = README.read_text(encoding="utf-8").partition("## Command line")[2]

    assert [o.name for o in OPTIONS if not re.search(rf"--{o.name}\b(?!-)", text)] == []
