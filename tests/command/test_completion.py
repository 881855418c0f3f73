"""A shell completes what the command line takes, from the script that `interlock completion` prints."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from interlock.checker.checks.overrides import CHECK, OPTIONS
from interlock.checker.command import cli
from interlock.checker.command.options import SHELLS

COMPLETES = """
source "$1"; shift
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMP_LINE="$*"; COMP_POINT=${#COMP_LINE}
$(complete -p interlock | sed 's/.*-F \\([^ ]*\\).*/\\1/')
printf '%s\\n' "${COMPREPLY[@]}"
"""


def script(shell: str, capsys: pytest.CaptureFixture[str]) -> str:
    """What is printed for a shell."""
    assert cli.main(["completion", shell]) == 0
    return capsys.readouterr().out


def completed(file: Path, *words: str) -> set[str]:
    """What bash offers for the last of some words."""
    ran = subprocess.run(
        ["bash", "-c", COMPLETES, "bash", str(file), *words],
        capture_output=True,
        text=True,
        cwd=file.parent,
        check=False,
    )
    return {line.strip() for line in ran.stdout.splitlines() if line.strip()}


@pytest.fixture
def bash(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    """The script for bash, in a folder with a spec file."""
    (tmp_path / "toy_spec.py").write_text("")
    (tmp_path / "completion").write_text(script("bash", capsys))
    return tmp_path / "completion"


def test_bash_completes_commands(bash: Path) -> None:
    """By their first letters."""
    assert completed(bash, "interlock", "ch") == {"check"}
    assert completed(bash, "interlock", "") >= {"check", "simulate", "replay", "show", "explain", "report", "schema"}


def test_bash_completes_options_and_their_choices(bash: Path) -> None:
    """Every option of the table that a command has."""
    assert completed(bash, "interlock", "check", "--jo") == {"--jobs"}
    assert completed(bash, "interlock", "check", "--") >= {f"--{o.name}" for o in OPTIONS if CHECK in o.of}
    assert completed(bash, "interlock", "show", "toy_spec.py", "--form", "s") == {"scalar"}
    assert completed(bash, "interlock", "completion", "") >= set(SHELLS)


def test_bash_completes_files_where_one_is_taken(bash: Path) -> None:
    """As a spec, or behind an option."""
    assert "toy_spec.py" in completed(bash, "interlock", "check", "toy")
    assert "toy_spec.py" in completed(bash, "interlock", "check", "toy_spec.py", "--json", "toy")


@pytest.mark.parametrize("shell", SHELLS)
def test_each_shell_has_a_script(shell: str, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """That it can read, where the machine has the shell."""
    text = script(shell, capsys)

    assert "simulate" in text
    if shutil.which(shell):
        (tmp_path / "s").write_text(text)
        ran = subprocess.run([shell, "-n", str(tmp_path / "s")], capture_output=True, text=True, check=False)
        assert (ran.returncode, ran.stderr) == (0, "")


def test_another_shell_is_a_mistake(capsys: pytest.CaptureFixture[str]) -> None:
    """With the nearest right word."""
    assert cli.main(["completion", "bsh"]) == 2
    assert "did you mean `bash`?" in capsys.readouterr().err
