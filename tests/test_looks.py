"""What a user reads fits where it is read: on a terminal of any width, and in a file."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios

import pytest

from checker import cli

SPEC = "specs/two_phase_commit.py"


def on_terminal(columns: int, *line: str, **environment: str) -> list[str]:
    """The lines that a command shows on a terminal so wide, without what colours them."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    known = {k: v for k, v in os.environ.items() if k != "COLUMNS"} | {"TERM": "xterm"} | environment
    command = [sys.executable, "-m", "checker", *line]
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
