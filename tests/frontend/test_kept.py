"""What an earlier run read is taken only where reading again would give the same."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from interlock.checker import cache
from interlock.checker.command import cli
from interlock.checker.frontend import kept, load_spec, was_read

MODEL = """
from typing import Annotated, Final

from interlock import Range, action, require, state
from shared import STEP

MOST: Final = 3


@state
class State:
    x: Annotated[int, Range(0, 9)] = 0


@action
def up(s: State) -> None:
    require(s.x < MOST)
    s.x = s.x + STEP
"""
SPEC = """
import toy
from interlock import Holds, Violated, always, check
from toy import State


@always
def low(s: State) -> bool:
    return s.x <= 3


check("low", toy, properties=(low,), expect=Holds(distinct=4))
check("higher", toy, constants={"MOST": 5}, properties=(low,), expect=Violated(low, steps=4))
"""
SHARED = "from typing import Final\n\nSTEP: Final = 1\n"


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a spec, its model and what that imports; and a cache of its own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("INTERLOCK_CACHE", raising=False)
    folder = tmp_path / "project"
    folder.mkdir()
    for name, text in (("toy", MODEL), ("toy_spec", SPEC), ("shared", SHARED)):
        (folder / f"{name}.py").write_text(text)
    monkeypatch.chdir(folder)
    return folder


def results(folder: Path) -> list[dict[str, object]]:
    """What a run says of every check, but for times, memory and what there was time to compare."""
    out = folder.parent / "result.json"
    cli.main(["check", ".", "--json", str(out)])
    told: list[dict[str, object]] = json.loads(out.read_text())["checks"]
    measured = ("seconds", "memory", "per_state", "per_second", "compared")
    return [{k: v for k, v in c.items() if not any(m in k for m in measured)} for c in told]


def test_a_second_run_reads_nothing_and_says_the_same(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No file is parsed, no check is lowered and no text is written for LLVM."""
    first = results(place)
    for module in (
        "frontend.source.read",
        "passes.scalarize.scalarize",
        "native.module.program.Program.assembly",
    ):
        monkeypatch.setattr(f"interlock.checker.{module}", lambda *_: pytest.fail("done twice"))

    assert results(place) == first
    assert [c["verdict"] for c in first] == ["Holds", "Violated(low, steps=4)"]


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("toy_spec", "s.x <= 3", "s.x <= 4"),
        ("toy", "s.x < MOST", "s.x <= MOST"),
        ("shared", "= 1", "= 2"),
    ],
)
def test_a_change_in_any_file_is_seen(place: Path, name: str, old: str, new: str) -> None:
    """Of the spec, of the model, of what that imports."""
    before = results(place)
    file = place / f"{name}.py"
    file.write_text(file.read_text().replace(old, new))

    assert not was_read(place / "toy_spec.py")
    assert results(place) != before


def test_a_nearer_module_of_the_same_name_is_seen(place: Path) -> None:
    """Where an import is found is part of what was read."""
    inner = place / "inner"
    inner.mkdir()
    (place / "toy_spec.py").rename(inner / "toy_spec.py")
    load_spec(inner / "toy_spec.py")
    assert was_read(inner / "toy_spec.py")
    (inner / "toy.py").write_text(MODEL.replace("Range(0, 9)", "Range(0, 8)"))

    assert not was_read(inner / "toy_spec.py")


def test_another_version_of_the_checker_reads_again(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What another text of Interlock made is not believed."""
    load_spec(place / "toy_spec.py")
    monkeypatch.setattr(cache, "checker", lambda: "another")

    assert not was_read(place / "toy_spec.py")


def test_paths_are_shown_from_the_folder_of_the_run(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A spec that was read from one folder is read again from another."""
    assert load_spec(Path("toy_spec.py")).path == "toy_spec.py"
    monkeypatch.chdir(place.parent)

    assert load_spec(Path("project/toy_spec.py")).checks[0].span.file == "project/toy_spec.py"


def test_a_spec_with_a_mistake_is_not_kept(place: Path) -> None:
    """Its mistakes are told on every run."""
    (place / "toy_spec.py").write_text(SPEC.replace("s.x <= 3", "s.y <= 3"))

    assert cli.main(["check", "toy_spec.py"]) == cli.main(["check", "toy_spec.py"]) == 2
    assert not was_read(place / "toy_spec.py")


def test_checks_with_the_same_constants_share_their_model(place: Path) -> None:
    """A model is lowered once for the same constants, read or recalled."""
    spec = SPEC + 'check("again", toy, properties=(low,), expect=Holds())\n'
    (place / "toy_spec.py").write_text(spec)
    for _ in range(2):
        one, other, again = load_spec(place / "toy_spec.py").checks
        assert one.program is again.program
        assert one.program is not other.program
        assert len({c.key for c in (one, other, again)}) == 2 + (one.key != again.key)


@pytest.mark.parametrize(
    "change",
    [
        lambda c: c.replace('"low", toy,', '"low", toy, faults={"drop"},'),
        lambda c: c.replace("properties=(low,), expect=Holds", "properties=(), expect=Holds"),
        lambda c: c.replace("expect=Holds(distinct=4)", "terminal=low, expect=Holds(distinct=4)"),
    ],
)
def test_a_key_names_all_that_a_check_is_about(place: Path, change: Callable[[str], str]) -> None:
    """Two checks that differ in faults, properties or `terminal=` have two keys."""
    model = MODEL + '\n\n@action(fault="drop")\ndef down(s: State) -> None:\n    require(s.x > 0)\n    s.x = s.x - 1\n'
    (place / "toy.py").write_text(model)
    call = 'check("low", toy, properties=(low,), expect=Holds(distinct=4))\n'
    (place / "toy_spec.py").write_text(SPEC + change(call).replace('"low"', '"other"', 1))
    first, _, other = load_spec(place / "toy_spec.py").checks

    assert first.key is not None
    assert first.key != other.key


def test_without_a_cache_nothing_is_kept(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`--no-cache`, or a folder that others can write to."""
    monkeypatch.setenv("INTERLOCK_CACHE", "0")
    load_spec(place / "toy_spec.py")

    assert kept.recall(place / "toy_spec.py", ()) is None


def test_a_spec_that_is_too_deep_to_keep_is_read(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Python says how deep pickle may go, and it differs from version to version."""

    def too_deep(*_: object) -> bytes:
        raise RecursionError

    monkeypatch.setattr(kept, "_packed", too_deep)

    assert [c.name for c in load_spec(place / "toy_spec.py").checks] == ["low", "higher"]
    assert not was_read(place / "toy_spec.py")


def test_two_properties_of_one_name_are_two(place: Path) -> None:
    """A spec may import them from two files; what is kept of a check of the one is not taken for the other's."""
    for name, most in (("one", 3), ("two", 2)):
        text = f"from interlock import always\nfrom toy import State\n\n\n@always\ndef low(s: State) -> bool:\n    return s.x <= {most}\n"
        (place / f"{name}.py").write_text(text)
    imports = "from one import low as low_one\nfrom two import low as low_two\n"
    body = SPEC.split("@always")[0].replace("import toy\n", f"import toy\n{imports}").replace(", always", "")
    checks = 'check("one", toy, properties=(low_one,), expect=Holds())\ncheck("two", toy, properties=(low_two,), expect=Violated(low_two, steps=3))\n'
    (place / "toy_spec.py").write_text(body + checks)

    assert [c["verdict"] for c in results(place)] == ["Holds", "Violated(low, steps=3)"]
    one, two = load_spec(place / "toy_spec.py").checks
    assert one.key != two.key
