"""Where Interlock cannot run it says so at once, in a sentence."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
COMMAND = Path(sys.executable).with_name("interlock")
WINDOWS = "import sys; sys.platform = 'win32'; sys.modules['fcntl'] = None; "
REFUSED = "Interlock runs on Linux and macOS; on Windows use WSL\n"
FACES = {
    "the command": f"import runpy; sys.argv = ['interlock', 'check', 'specs']; runpy.run_path({str(COMMAND)!r}, run_name='__main__')",
    "python -m interlock": "import runpy; sys.argv = ['interlock', 'check', 'specs']; runpy.run_module('interlock', run_name='__main__')",
    "state machines": "from interlock.stateful import machine",
    "the pytest plugin": "import interlock.pytest_plugin",
}


def on_windows(code: str, before: str = "") -> subprocess.CompletedProcess[str]:
    """What becomes of a program where Python says that the system is Windows, which has no `fcntl`."""
    command = [sys.executable, "-c", before + WINDOWS + code]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("face", FACES)
def test_windows_is_refused_in_a_sentence(face: str) -> None:
    """As input is that is wrong: exit code 2, no traceback."""
    done = on_windows(FACES[face])

    assert (done.returncode, done.stdout, done.stderr) == (2, "", REFUSED)


def test_pytest_with_the_plugin_ends_with_the_sentence() -> None:
    """Though pytest itself runs there."""
    done = on_windows("sys.exit(pytest.main(['-p', 'interlock.pytest_plugin', 'specs']))", before="import pytest; ")

    assert (done.returncode, done.stderr) == (2, REFUSED)


def test_windows_is_refused_before_anything_else_is_imported() -> None:
    """What is imported later may not be there: but for the language, nothing of Interlock is."""
    code = "try:\n    import interlock.checker.command.cli\nexcept SystemExit:\n    print(sorted(m for m in sys.modules if m.startswith('interlock')))"
    done = on_windows("\n" + code)

    assert done.stdout == "['interlock', 'interlock.model', 'interlock.model.lang']\n"
