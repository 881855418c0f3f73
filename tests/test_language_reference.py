"""Every example of model/README.md is read by the front end; models and sessions run in Python too."""

from __future__ import annotations

import doctest
import re
import sys
from pathlib import Path

import pytest

from interlock.checker.diagnostics import InputError, render_all
from interlock.checker.frontend import load_model, load_spec
from interlock.checker.ir.vocabulary import BUILTINS, TYPING

REFERENCE = Path(__file__).parent.parent / "model" / "README.md"
BLOCKS = re.findall(r"^## (.+?)\n|^```python\n(.*?)^```", REFERENCE.read_text(), re.DOTALL | re.MULTILINE)


def examples() -> list[tuple[str, str]]:
    """Each block, with the title of its section."""
    found, title = [], ""
    for heading, block in BLOCKS:
        title = heading or title
        if block:
            found.append((title, block))
    return found


EXAMPLES = examples()


def test_the_reference_is_complete() -> None:
    from interlock.model import lang

    text = REFERENCE.read_text()
    assert [name for name in lang.__all__ if not re.search(rf"\b{name}\b", text)] == []


def test_the_reference_names_what_the_language_has_of_python() -> None:
    """Types and functions that need no import, and what comes from `typing`."""
    text = REFERENCE.read_text()

    assert [name for name in sorted(BUILTINS | TYPING) if not re.search(rf"`[^`\n]*\b{name}\b[^`\n]*`", text)] == []


@pytest.mark.parametrize(("title", "block"), EXAMPLES, ids=[f"{i}-{t}" for i, (t, _) in enumerate(EXAMPLES)])
def test_an_example(title: str, block: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    lift = next(b for _, b in EXAMPLES if "class Lift" in b)
    Path("lift.py").write_text(lift)
    monkeypatch.delitem(sys.modules, "lift", raising=False)
    if ">>>" in block:
        test = doctest.DocTestParser().get_doctest(block, {}, title, str(REFERENCE), 0)
        assert doctest.DocTestRunner().run(test).failed == 0
        return
    path = Path("example.py")
    path.write_text(block)
    try:
        load_spec(path) if "check(" in block else load_model(path)
    except InputError as problem:
        pytest.fail(render_all(problem.diagnostics))
    if "check(" not in block:
        module = type(sys)("example")
        monkeypatch.setitem(sys.modules, "example", module)
        exec(compile(block, "example.py", "exec"), module.__dict__, None)
        states = [c for c in vars(module).values() if getattr(c, "__name__", "") in {"Lift", "State"}]
        assert states
        states[0]()
