"""The names that need no import: read by the front end, given to the text that replay runs, and nobody's own."""

from __future__ import annotations

from pathlib import Path

import pytest

from interlock.checker.diagnostics import InputError
from interlock.checker.frontend import load_model, load_spec
from interlock.checker.frontend.codes import MODEL_HEAD, SPEC_HEAD, TOY
from interlock.checker.ir.vocabulary import BUILTINS, SETS
from interlock.checker.trace.loader import Took, load

USES = {
    "all": "s.on = all(c == c for c in Color)",
    "any": "s.on = any(c == c for c in Color)",
    "bool": "flag: bool = not s.on\n    s.on = flag",
    "int": "number: int = s.n\n    s.on = number == 0",
    "len": "s.on = len(s.queue) == 0",
    "max": "s.on = max(s.n, 1) == 1",
    "min": "s.on = min(s.n, 1) == 0",
    "range": "for i in range(2):\n        s.on = i == 1",
    "sum": "s.on = sum(1 for c in Color) == 2",
    "tuple": "pair: tuple[bool, bool] = (True, s.on)\n    s.on = pair[0]",
}


def test_every_name_has_its_use_here() -> None:
    """So that a new one is read and run below."""
    assert set(USES) == BUILTINS


@pytest.mark.parametrize("name", sorted(BUILTINS))
def test_a_name_of_python_is_read_and_runs(name: str, tmp_path: Path) -> None:
    """Without an import, in the front end and in replay."""
    path = tmp_path / "m.py"
    path.write_text(MODEL_HEAD + f"@action\ndef act(s: State) -> None:\n    {USES[name]}\n")
    program = load_model(path)
    (act,) = (a for a in program.actions if a.name == "act")
    outcome = load(program).run_action(act.module, act.name, program.default, (), ())

    assert isinstance(outcome, Took)
    assert isinstance(outcome.state, tuple)
    assert dict(zip((name for name, _ in program.state.fields), outcome.state, strict=True))["on"] is True


@pytest.mark.parametrize("name", sorted(BUILTINS))
@pytest.mark.parametrize("text", ["{0}: Final = 3\n", "def other(x: bool) -> bool:\n    {0} = x\n    return {0}\n"])
def test_a_name_of_python_names_nothing_else(name: str, text: str, tmp_path: Path) -> None:
    """Neither in the module nor in a function."""
    path = tmp_path / "m.py"
    path.write_text(MODEL_HEAD + text.format(name))
    with pytest.raises(InputError) as caught:
        load_model(path)

    assert "M102" in {d.code for d in caught.value.diagnostics}


@pytest.mark.parametrize("name", sorted(SETS))
def test_no_faults_are_written_as_a_set(name: str, tmp_path: Path) -> None:
    """In a group too, which replay runs with what else the spec defines."""
    (tmp_path / "toy.py").write_text(TOY)
    path = tmp_path / "toy_spec.py"
    path.write_text(f'{SPEC_HEAD}SOME: Final = {name}() | {{"flip"}}\n\ncheck("a", toy, faults=SOME, expect=Holds())\n')
    spec = load_spec(path)

    assert spec.checks[0].faults == {"flip"}
    assert load(spec.checks[0].program, spec).spec["SOME"] == {"flip"}
