"""Reading a file never runs it: wherever Python would run code at import, nothing happens."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from interlock.checker.diagnostics import InputError
from interlock.checker.frontend import load_model, load_spec
from interlock.checker.frontend.codes import MODEL_HEAD, SPEC_HEAD, TOY

MARK = "__import__('pathlib').Path({mark!r}).touch()"

PLACES = {
    "a call": "{run}",
    "an assignment": "x = {run}",
    "a constant": "X: Final = {run}",
    "a constant of a type": "X: Final[bool] = {run} is None",
    "an alias": "X: TypeAlias = {run}",
    "an annotation": "X: {run} = 1",
    "a decorator": "@({run})\ndef f(s: State) -> None:\n    pass",
    "a decorator with arguments": "@action(fault={run})\ndef f(s: State) -> None:\n    pass",
    "a decorator of a class": "@({run})\nclass X:\n    b: bool",
    "a base class": "class X(({run}) or object):\n    pass",
    "a keyword of a class": "class X(Scalarset, size={run}):\n    pass",
    "a metaclass": "class X(metaclass={run}):\n    pass",
    "a class body": "class X:\n    {run}",
    "an enumeration": "class X(Enum):\n    A = {run}",
    "a record": "@record\nclass X:\n    b: bool = {run}",
    "the annotation of a field": "@record\nclass X:\n    b: {run}",
    "a bound": "X: TypeAlias = Annotated[int, Range(0, {run})]",
    "the default of a parameter": "def f(x: bool = {run}) -> bool:\n    return x",
    "the default of a keyword": "def f(*, x: bool = {run}) -> bool:\n    return x",
    "the annotation of a parameter": "def f(x: {run}) -> bool:\n    return True",
    "a result": "def f() -> {run}:\n    return True",
    "a lambda": "X: Final = (lambda: {run})()",
    "an f-string": 'X: Final = f"{{{run}}}"',
    "an f-string alone": 'f"{{{run}}}"',
    "a comprehension": "X: Final = sum(({run}, 1)[1] for x in range(1))",
    "a list": "X: Final = [{run}]",
    "a walrus": "(X := {run})",
    "a walrus in a constant": "X: Final = (y := {run})",
    "an if": "if True:\n    {run}",
    "an else": "if False:\n    pass\nelse:\n    {run}",
    "a loop": "for x in (1,):\n    {run}",
    "a while": "while {run}:\n    pass",
    "a with": "with {run}:\n    pass",
    "a try": "try:\n    {run}\nfinally:\n    pass",
    "an assert": "assert {run}",
    "a del": "del ({run}).x",
    "a raise": "raise {run}",
    "a match": "match {run}:\n    case _:\n        pass",
    "an augmented assignment": "N += {run}",
    "an unpacking": "a, b = {run}",
    "a star import": "from effect import *",
    "an import": "import effect",
    "an import of a name": "from effect import x",
    "an import by another name": "import effect as other",
    "a package": "import package.inner as inner",
    "a name of a package": "from package import inner",
    "a name of a module of a package": "from package.inner import Color as Paint",
    "an import inside a function": "def f() -> bool:\n    import effect\n    return True",
    "a module of the library": "import os",
    "two statements on a line": "M: Final = 1; {run}",
    "an __all__": "__all__ = {run}",
    "a __getattr__": "def __getattr__(name):\n    {run}",
    "an async function": "async def f(x={run}): pass",
    "the body of a helper": "def f() -> bool:\n    return {run}",
}

ARGUMENTS = {
    "the name": "check({run}, toy, expect=Holds())",
    "the model": 'check("a", {run}, expect=Holds())',
    "the constants": 'check("a", toy, {run}, expect=Holds())',
    "a constant": 'check("a", toy, {{"N": {run}}}, expect=Holds())',
    "a name of a constant": 'check("a", toy, {{{run}: 2}}, expect=Holds())',
    "the faults": 'check("a", toy, faults={run}, expect=Holds())',
    "a fault": 'check("a", toy, faults={{{run}}}, expect=Holds())',
    "the engine": 'check("a", toy, engine={run}, expect=Holds())',
    "the properties": 'check("a", toy, properties={run}, expect=Holds())',
    "a property": 'check("a", toy, properties=({run},), expect=Holds())',
    "the end": 'check("a", toy, terminal={run}, expect=Holds())',
    "the verdict": 'check("a", toy, expect={run})',
    "a count": 'check("a", toy, expect=Holds(distinct={run}))',
    "a violated property": 'check("a", toy, expect=Violated({run}))',
    "slow": 'check("a", toy, slow={run}, expect=Holds())',
    "a budget": 'check("a", toy, steps={run}, expect=Holds())',
    "a star": 'check("a", toy, *{run}, expect=Holds())',
    "two stars": 'check("a", toy, expect=Holds(), **{run})',
    "another call": "print({run})",
    "a reason": 'check("a", toy, about={run}, expect=Holds())',
    "a star among properties": 'check("a", toy, properties=(*{run},), expect=Holds())',
    "a star among faults": 'check("a", toy, faults={{*{run}}}, expect=Holds())',
    "a union of faults": 'check("a", toy, faults={{"flip"}} | {run}, expect=Holds())',
    "two stars among constants": 'check("a", toy, {{**{run}}}, expect=Holds())',
    "a group of properties": "G: Final = (small, {run})",
    "a star in a group of properties": "G: Final = (*{run},)",
    "a group of faults": 'G: Final = {{"flip", {run}}}',
    "a star in a group of faults": "G: Final = {{*{run}}}",
    "a union in a group of faults": 'G: Final = {{"flip"}} | {run}',
    "a group of constants": 'G: Final = {{"N": {run}}}',
    "a name in a group of constants": "G: Final = {{{run}: 1}}",
    "two stars in a group of constants": "G: Final = {{**{run}}}",
    "the type of a group": 'G: Final[{run}] = {{"N": 1}}',
    "the id of a claim": 'claim({run}, source="a", says="b", finding=Finding.GAP, decided_by=("toy",), because="c")',
    "the source of a claim": 'claim("C", source={run}, says="b", finding=Finding.GAP, decided_by=("toy",), because="c")',
    "a finding": 'claim("C", source="a", says="b", finding={run}, decided_by=("toy",), because="c")',
    "a finding's name": 'claim("C", source="a", says="b", finding=({run}).GAP, decided_by=("toy",), because="c")',
    "what decides a claim": 'claim("C", source="a", says="b", finding=Finding.GAP, decided_by={run}, because="c")',
    "a check that decides": 'claim("C", source="a", says="b", finding=Finding.GAP, decided_by=("toy", {run}), because="c")',
    "two stars in a claim": "claim(**{run})",
}

GROUPS_AND_CLAIM = """SAFETY: Final = (small,)
FLIPS: Final = {"flip"}
THREE: Final = {"N": 3}
check("toy", toy, {**THREE}, faults=FLIPS | {"flip"}, properties=(*SAFETY,), expect=Holds())
claim("C1", source="a", says="b", finding=Finding.GAP, decided_by=("toy",), because="c")
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a good model, and modules that leave a mark when they are imported."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    effect = MARK.format(mark=str(tmp_path / "mark")) + "\nx = 1\n"
    (tmp_path / "toy.py").write_text(TOY)
    (tmp_path / "effect.py").write_text(effect)
    (tmp_path / "package").mkdir()
    (tmp_path / "package" / "__init__.py").write_text(effect)
    (tmp_path / "package" / "inner.py").write_text(TOY)
    return tmp_path


def refuse(folder: Path, text: str) -> None:
    """The text is refused as a model and as a spec, and has left no mark."""
    path = folder / "bad.py"
    path.write_text(text)
    before = set(sys.modules)
    for load in (load_model, load_spec):
        with pytest.raises(InputError):
            load(path)
    assert not (folder / "mark").exists()
    assert not {"effect", "package", "toy", "bad"} & (set(sys.modules) - before)


@pytest.mark.parametrize("place", PLACES)
def test_no_place_runs(place: str, folder: Path) -> None:
    run = MARK.format(mark=str(folder / "mark"))
    refuse(folder, MODEL_HEAD + PLACES[place].format(run=run) + "\n")


@pytest.mark.parametrize("argument", ARGUMENTS)
def test_no_argument_of_a_check_runs(argument: str, folder: Path) -> None:
    run = MARK.format(mark=str(folder / "mark"))
    refuse(folder, SPEC_HEAD + ARGUMENTS[argument].format(run=run) + "\n")


def test_the_marks_are_real(folder: Path) -> None:
    exec(compile((folder / "effect.py").read_text(), "effect.py", "exec"), {})
    assert (folder / "mark").exists()


def test_an_accepted_spec_is_not_executed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = folder / "good.py"
    path.write_text(SPEC_HEAD + GROUPS_AND_CLAIM)

    def forbidden(*_: object, **__: object) -> None:
        raise AssertionError("something of the spec ran")

    monkeypatch.setattr("interlock.check", forbidden)
    monkeypatch.setattr("interlock.claim", forbidden)
    monkeypatch.setattr("interlock.always", forbidden)
    monkeypatch.setattr("interlock.action", forbidden)
    before = set(sys.modules)
    assert [c.name for c in load_spec(path).checks] == ["toy"]
    assert [c.id for c in load_spec(path).claims] == ["C1"]
    assert not {"toy", "good"} & (set(sys.modules) - before)
