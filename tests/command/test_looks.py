"""What a user reads fits where it is read: on a terminal of any width, and in a file."""

from __future__ import annotations

import argparse
import fcntl
import os
import pty
import re
import shlex
import struct
import subprocess
import sys
import termios
from pathlib import Path

import attrs
import pytest

from interlock.checker import contract
from interlock.checker.checks import overrides
from interlock.checker.command import cli, options
from interlock.checker.command.exits import MEANINGS

SPEC = "specs/two_phase_commit.py"


def on_terminal(columns: int, *line: str, **environment: str) -> list[str]:
    """The lines that a command shows on a terminal so wide, without what colours them."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    known = {k: v for k, v in os.environ.items() if k != "COLUMNS"} | {"TERM": "xterm"} | environment
    command = [sys.executable, "-m", "interlock", *line]
    with subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, env=known) as process:
        os.close(theirs)
        shown = b""
        while True:
            try:
                data = os.read(ours, 1 << 16)
            except OSError:  # Linux says so at the end
                break
            if not data:
                break
            shown += data
        process.wait()
    os.close(ours)
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown.decode()).replace("\r", "").split("\n")


@pytest.mark.parametrize("columns", [40, 64])
def test_results_fit_a_terminal(columns: int) -> None:
    """Each line of a run, its trace and its command included."""
    lines = on_terminal(columns, "check", SPEC, "--only", "commits too early", "-v", "--states", "20")

    assert "UNEXPECTED" in "\n".join(lines) or "undecided" in "\n".join(lines)
    assert all(len(line) <= columns or len(line.split()) == 1 for line in lines), lines
    assert max(map(len, lines)) > columns - 12


def test_a_mistake_fits_a_terminal() -> None:
    """The message, the line it is about, and the help."""
    lines = on_terminal(48, "check", SPEC, "--only", "comits too early and never")

    assert lines[0].startswith("error[C004]: there is no check named")
    assert all(len(line) <= 48 for line in lines)


def test_columns_is_respected_on_a_terminal() -> None:
    """As by other programs."""
    lines = on_terminal(48, "check", SPEC, "--only", "comits too early and never", COLUMNS="200")

    assert max(map(len, lines)) > 48


def test_a_file_has_lines_of_a_hundred_columns(capsys: pytest.CaptureFixture[str]) -> None:
    """On every machine; the line of a check and a command are one line each."""
    cli.main(["check", SPEC, "--only", "commits too early", "-v"])
    said = capsys.readouterr().out.split("\n")
    whole = [line for line in said if line.startswith(("  as expected", "    reproduce:"))]

    assert len(whole) == 2
    assert whole[0].endswith(" s")
    assert 70 < max(len(line) for line in said if line not in whole) <= 100


# --- help ----------------------------------------------------------------------------------------------


def _commands() -> dict[str, argparse.ArgumentParser]:
    made = options.parser(cli._commands())
    under = next(a for a in made._actions if isinstance(a, argparse._SubParsersAction))
    return {"": made, **under.choices}


@pytest.mark.parametrize("command", _commands())
def test_every_option_says_what_it_does(command: str) -> None:
    """Every argument too."""
    actions = [a for a in _commands()[command]._actions if not isinstance(a, argparse._SubParsersAction)]

    assert actions
    assert [a.dest for a in actions if not a.help] == []


@pytest.mark.parametrize("command", _commands())
def test_help_has_examples_that_parse_and_the_exit_codes(command: str) -> None:
    """An example that is refused would be worse than none."""
    made, text = _commands()[""], _commands()[command].format_help()
    examples = re.findall(r"^  interlock (.*)$", text, re.MULTILINE)

    assert all(made.parse_args(shlex.split(line)).run is cli._commands()[command] for line in examples)
    assert bool(examples) == bool(command)
    for code, meaning in MEANINGS.items():
        assert f"{code} {meaning}" in " ".join(text.split())


def test_the_exit_codes_are_those_of_the_readme() -> None:
    """Each is told there."""
    told = next(line for line in Path("README.md").read_text().split("\n") if line.startswith("Exit codes: "))

    assert {int(c) for c in re.findall(r"(?:: |; )(\d+),", told)} == set(MEANINGS)


def test_the_defaults_that_help_tells_are_those_of_engines() -> None:
    """The command line does not know engines."""
    fields = attrs.fields_dict(contract.Task)

    assert (fields["walks"].default, fields["steps"].default) == (overrides._WALKS, overrides._STEPS)
    assert fields["seed"].default == 0
    assert attrs.fields_dict(contract.Checkpoint)["every"].default == 300
