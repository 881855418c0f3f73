"""What is said to somebody who writes Python, or another tool's words, where the language has others."""

from __future__ import annotations

from pathlib import Path

import pytest

from interlock.checker.command import cli
from interlock.checker.diagnostics import Diagnostic, InputError
from interlock.checker.frontend import load_model, load_spec
from interlock.checker.frontend.codes import MODEL_HEAD, SPEC_HEAD, TOY
from interlock.checker.ir.vocabulary import LANG
from interlock.model import lang

OUTPUT = "models have no output and no text: keep what matters in the state, and traces show it"
SET = "write `FiniteSet()`, `FiniteSet({a, b})` or `FiniteSet(x for x in ...)`"
FUTURE = (
    "no property speaks of a whole run: `@recoverable` says that something stays possible, `@step` what a step may do"
)
PLACES = "values do not change, places do: "
LOCALS = "write one line for each, and keep in a local what a later one needs: `old = s.a`"


def found(tmp_path: Path, text: str, *, spec: bool = False) -> list[Diagnostic]:
    """The mistakes of a text below the usual head."""
    (tmp_path / "toy.py").write_text(TOY)
    path = tmp_path / "wrong.py"
    path.write_text((SPEC_HEAD if spec else MODEL_HEAD) + text)
    with pytest.raises(InputError) as caught:
        (load_spec if spec else load_model)(path)
    return list(caught.value.diagnostics)


def body(line: str) -> str:
    """An action that does this."""
    return f"@action\ndef act(s: State) -> None:\n    {line}\n"


IN_ACTION = [
    ("s.queue.append(Color.RED)", "M001", "this call does nothing here", f"{PLACES}`s.queue = s.queue.push(Color.RED)`"),
    ("s.queue.push(Color.RED)", "M001", "this call does nothing here", f"{PLACES}`s.queue = s.queue.push(Color.RED)`"),
    ("s.queue.pop(0)", "M001", "this call does nothing here", f"{PLACES}`s.queue = s.queue.rest()`, and `s.queue[0]` is the first"),
    ("s.seen.add(Color.RED)", "M001", "this call does nothing here", f"{PLACES}`s.seen |= {{Color.RED}}`"),
    ("s.seen.discard(Color.RED)", "M001", "this call does nothing here", f"{PLACES}`s.seen -= {{Color.RED}}`"),
    ("s.cars.update(x)", "M001", "this call does nothing here", f"{PLACES}`s.cars[key] = value`"),
    ("print(s.n)", "M001", "this call does nothing here", OUTPUT),
    ("s.n == 1", "M001", "this expression does nothing here", "use `require(...)`, or assign the value"),
    ("s.seen = set()", "M101", "unknown function `set`", SET),
    ("s.n = deadlock", "M101", "unknown name `deadlock`", "import it: `from interlock import deadlock`"),
    ("for x in sorted(s.seen):\n        s.n = 1", "M101", "unknown function `sorted`",
     "there is no sorting: sets are iterated in the order of their type, and `min(...)`, `max(...)` find an end"),
    ("s.n = abs(s.n)", "M101", "unknown function `abs`", "write `max(x, -x)`"),
    ("s.n = membrs(s.n)", "M101", "unknown function `membrs`", "did you mean `members`?"),
    ("s.n, s.on = s.on, s.n", "M213", "only locals are assigned several at once", LOCALS),
    ("s.last = s.queue[-1]", "M202", "a sequence is indexed from 0",
     "the first item is `s.queue[0]`, and `s.queue[len(s.queue) - 1]` counts from the end"),
    ("s.queue[-2] = Color.RED", "M202", "a sequence is indexed from 0",
     "the first item is `s.queue[0]`, and `s.queue[len(s.queue) - 2]` counts from the end"),
]  # fmt: skip


@pytest.mark.parametrize(("line", "code", "message", "help_"), IN_ACTION, ids=[line for line, *_ in IN_ACTION])
def test_a_line_of_an_action(line: str, code: str, message: str, help_: str, tmp_path: Path) -> None:
    """The help says what the language has for it."""
    assert [(d.code, d.message, d.help) for d in found(tmp_path, body(line))] == [(code, message, help_)]


AT_TOP = [
    ("PAIR = (1, 2)\n", "M003", "a module-level name is a constant", "write `PAIR: Final = (1, 2)`"),
    ("M = N + 1\n", "M003", "a module-level name is a constant", "write `M: Final = N + 1`"),
    ("M = N\n", "M003", "a module-level name is a constant", "write `M: Final = N`"),
    ("from enum import Enum as E\n", "M004", "`enum` cannot be imported here", "write `from interlock import Enum, auto`"),
    ("from dataclasses import dataclass\n", "M004", "`dataclasses` cannot be imported here",
     "write `from interlock import record, evolve`"),
    ("from typing import Optional\n", "M103", "`typing` has no `Optional` for models", "write `T | None`"),
    ("from interlock import leads_to\n", "M103", "`interlock` has no `leads_to` for models", FUTURE),
    ("@alwys\ndef ok(s: State) -> bool:\n    return s.on\n", "M007", "this decorator is outside the language",
     "did you mean `@always`?"),
    ("@recoverable\ndef ok(s: State) -> bool:\n    return s.on\n", "M007", "this decorator is outside the language",
     "import it: `from interlock import recoverable`"),
    ("@invariant\ndef ok(s: State) -> bool:\n    return s.on\n", "M007", "this decorator is outside the language",
     "write `@always`"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "code", "message", "help_"), AT_TOP, ids=[text for text, *_ in AT_TOP])
def test_a_line_of_a_module(text: str, code: str, message: str, help_: str, tmp_path: Path) -> None:
    """The same at the top of a file."""
    assert [(d.code, d.message, d.help) for d in found(tmp_path, text)] == [(code, message, help_)]


NAMES = "write `from interlock import ...` with the names you use"
OTHER_NAMES = [
    ("from model.lang import reachable\n", "model.lang", "write `from interlock import reachable`"),
    ("from model.lang import Holds as H, claim\n", "model.lang", "write `from interlock import Holds, claim`"),
    ("from interlock.model.lang import reachable\n", "interlock.model.lang", "write `from interlock import reachable`"),
    ("from interlock.lang import reachable\n", "interlock.lang", "write `from interlock import reachable`"),
    ("from interlock.model.lang import fit\n", "interlock.model.lang", NAMES),
    ("from interlock.model import lang\n", "interlock.model.lang", NAMES),
    ("from model import lang\n", "model.lang", NAMES),
    ("from interlock import lang\n", "interlock.lang", NAMES),
    ("import interlock\n", "interlock", NAMES),
    ("import interlock as il\n", "interlock", NAMES),
    ("import interlock.model.lang\n", "interlock.model.lang", NAMES),
    ("import interlock.model.lang as lang\n", "interlock.model.lang", NAMES),
    ("import model.lang as lang\n", "model.lang", NAMES),
]


@pytest.mark.parametrize("spec", [False, True], ids=["model", "spec"])
@pytest.mark.parametrize("place", ["elsewhere", "in the repository"])
@pytest.mark.parametrize(("text", "module", "help_"), OTHER_NAMES, ids=[text for text, *_ in OTHER_NAMES])
def test_the_language_has_one_name(
    text: str, module: str, help_: str, place: str, spec: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever else it could be imported by is refused with what to write, and nothing else is said of it."""
    monkeypatch.chdir(tmp_path if place == "elsewhere" else Path(lang.__file__).parent.parent)
    more = 'check("good", toy, expect=Holds())\n' if spec else ""

    assert [(d.code, d.message, d.help) for d in found(tmp_path, text + more, spec=spec)] == [
        ("M004", f"`{module}` cannot be imported here", help_)
    ]


def test_a_module_of_that_name_is_one(tmp_path: Path) -> None:
    """Of a project that has a file `model/lang.py` of its own."""
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "lang.py").write_text("from typing import Final\n\nMOST: Final = 3\n")
    for text in ("from model.lang import MOST\n", "from model import lang\n\nMOST: Final = lang.MOST\n"):
        (tmp_path / "right.py").write_text(MODEL_HEAD + text + "\n\n" + body("s.n = MOST"))

        assert any(a.name == "act" for a in load_model(tmp_path / "right.py").actions)


@pytest.mark.parametrize("name", ["evolve", "require", "FiniteSet"])
def test_a_name_of_the_language_is_to_be_imported(name: str, tmp_path: Path) -> None:
    """Whatever else is called alike."""
    text = MODEL_HEAD.replace(f" {name},", "")
    (tmp_path / "wrong.py").write_text(
        text + "def move(x: int) -> int:\n    return x\n\n\n" + body(f"s.on = {name}(s.on)")
    )
    with pytest.raises(InputError) as caught:
        load_model(tmp_path / "wrong.py")

    assert f"import it: `from interlock import {name}`" in {
        d.help.replace("write `from", "import it: `from") for d in caught.value.diagnostics
    }


def test_the_names_of_the_language_are_all_known() -> None:
    """And no others."""
    assert set(lang.__all__) == LANG


IN_SPEC = [
    ("SAFETY = (small,)\n", "M003", "a module-level name is a constant", "write `SAFETY: Final = (small,)`"),
    ('FLIPS = {"flip"}\n', "M003", "a module-level name is a constant", "write `FLIPS: Final = {'flip'}`"),
    ('check("a", toy, faults="flip", expect=Holds())\n', "S001", "faults are given as a set of names", 'write `faults={"flip"}`'),
    ('check("a", toy, faults=("flip",), expect=Holds())\n', "S001", "faults are given as a set of names", 'write `faults={"flip"}`'),
    ('check("a", toy, terminal=False, expect=Holds())\n', "S002", "terminal= names a predicate of the state",
     "leave it out: without `terminal=`, states without steps are no mistake"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "code", "message", "help_"), IN_SPEC, ids=[text for text, *_ in IN_SPEC])
def test_a_line_of_a_spec(text: str, code: str, message: str, help_: str, tmp_path: Path) -> None:
    """One mistake, and what to write."""
    other = 'check("good", toy, expect=Holds())\n'
    assert [(d.code, d.message, d.help) for d in found(tmp_path, other + text, spec=True)] == [(code, message, help_)]


def test_one_refused_parameter_is_one_message(tmp_path: Path) -> None:
    """That the model has no other action is not said beside it."""
    head = MODEL_HEAD[: MODEL_HEAD.index("@action")]
    (tmp_path / "wrong.py").write_text(head + "@action\ndef act(s: State, n: int) -> None:\n    s.n = n\n")
    with pytest.raises(InputError) as caught:
        load_model(tmp_path / "wrong.py")

    assert [d.message for d in caught.value.diagnostics] == ["a type without bounds cannot be stored"]


@pytest.mark.parametrize("checked", [False, True])
def test_a_refused_action_of_a_checked_model_is_one_message(checked: bool, tmp_path: Path) -> None:
    """From the spec too, with constants and without."""
    head = MODEL_HEAD[: MODEL_HEAD.index("@action")]
    (tmp_path / "toy.py").write_text(head + "@action\ndef setp(s: State, n: int) -> None:\n    s.n = n\n")
    constants = '{"N": 3}, ' if checked else ""
    text = f'import toy\nfrom interlock import Holds, check\n\ncheck("a", toy, {constants}expect=Holds())\n'
    (tmp_path / "toy_spec.py").write_text(text)
    with pytest.raises(InputError) as caught:
        load_spec(tmp_path / "toy_spec.py")

    assert [d.message for d in caught.value.diagnostics] == ["a type without bounds cannot be stored"]


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("Annotated[int, Range(1, N)]", "0", "Range(1, 0) is empty, in the check \"odd\" with N = 0"),
        ("FiniteSet[Annotated[int, Range(1, N)]]", "70000", 'this key or member type has too many values, in the check "odd" with N = 70000'),
    ],
)  # fmt: skip
def test_constants_that_spoil_a_type_are_named(field: str, value: str, message: str, tmp_path: Path) -> None:
    """With the check that gives them; the place is where the type stands."""
    default = "1" if field.startswith("Annotated") else "FiniteSet()"
    (tmp_path / "toy.py").write_text(
        "from typing import Annotated, Final\n\nfrom interlock import FiniteSet, Range, action, state\n\nN: Final = 2\n\n\n"
        f"@state\nclass State:\n    n: {field} = {default}\n    on: bool = False\n\n\n"
        "@action\ndef act(s: State) -> None:\n    s.on = True\n"
    )
    (tmp_path / "toy_spec.py").write_text(
        'import toy\nfrom interlock import Holds, check\n\ncheck("even", toy, expect=Holds())\n'
        f'check("odd", toy, {{"N": {value}}}, expect=Holds())\n'
    )
    with pytest.raises(InputError) as caught:
        load_spec(tmp_path / "toy_spec.py")

    assert message in [d.message for d in caught.value.diagnostics]
    assert all(d.help.endswith(", or another constant") for d in caught.value.diagnostics)


# --- a model where a spec is needed ----------------------------------------------------------------------


def test_a_model_is_no_spec_and_its_specs_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Those that lie near it; without any, how one is written."""
    monkeypatch.chdir(tmp_path)
    Path("toy.py").write_text(TOY)
    assert cli.main(["check", "toy.py"]) == cli.WRONG_INPUT
    alone = capsys.readouterr().err
    Path("specs").mkdir()
    Path("specs/far.py").write_text(SPEC_HEAD + 'check("a", toy, expect=Holds())\n')
    Path("other.py").write_text("import os\n")
    assert cli.main(["check", "toy.py"]) == cli.WRONG_INPUT
    one = capsys.readouterr().err
    Path("near.py").write_text(SPEC_HEAD + 'check("a", toy, expect=Holds())\n')
    assert cli.main(["check", "toy.py"]) == cli.WRONG_INPUT
    two = capsys.readouterr().err

    assert alone.startswith("error[S008]: this is a model, not a spec of one\n  --> toy.py:1:1\n")
    assert (
        'help: write `toy_spec.py` beside it, with `import toy`, properties, and `check("toy", toy, expect=Holds())`'
        in " ".join(alone.split())
    )
    assert "help: its spec is specs/far.py\n" in one
    assert "help: its specs are near.py, specs/far.py\n" in two


# --- limits of engines -----------------------------------------------------------------------------------


def test_an_option_of_another_engine_says_what_this_one_has(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Not what is spelled alike."""
    monkeypatch.chdir(tmp_path)
    Path("toy.py").write_text(TOY)
    Path("toy_spec.py").write_text(SPEC_HEAD + 'check("a", toy, steps=5, expect=Holds())\n')

    assert cli.main(["check", "toy_spec.py"]) == cli.WRONG_INPUT
    said = " ".join(capsys.readouterr().err.split())
    assert "error[E031]: the engine explore has no `steps`" in said
    assert "help: write `depth=`: how many steps it goes from an initial state" in said


def test_the_action_with_too_many_parameters_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of several, the one with the most."""
    monkeypatch.chdir(tmp_path)
    big = "Annotated[int, Range(0, 4999)]"
    Path("toy.py").write_text(TOY + f"\n\n@action\ndef wide(s: State, a: {big}, b: {big}) -> None:\n    s.n = 1\n")
    Path("toy_spec.py").write_text(SPEC_HEAD + 'check("a", toy, expect=Holds())\n')

    assert cli.main(["check", "toy_spec.py"]) == cli.WRONG_INPUT
    said = " ".join(capsys.readouterr().err.split())
    assert "more than 16777216; `wide` alone has 25000000" in said
    assert "help: use smaller types for its parameters, or split it" in said
