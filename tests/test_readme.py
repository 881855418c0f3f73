"""The README's walk-through, run as a newcomer would: its files, its commands, its output.

`INTERLOCK_UPDATE=1 pytest tests/test_readme.py` writes the output of today into the README.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

README = Path(__file__).resolve().parent.parent / "README.md"
BLOCK = re.compile(r"^```(?P<kind>\w+)(?: (?P<key>\w+)=(?P<value>\S+))?\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL)


def run(command: str, folder: Path) -> str:
    """What a shell prints for a command, with the `interlock` of this Python first on the path."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "NO_COLOR": "1", "COLUMNS": "120"}
    done = subprocess.run(
        ["bash", "-c", command],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return done.stdout.rstrip() + "\n"


def without_measurements(text: str) -> str:
    """The text with times, rates, memory and what there was time to compare replaced, which differ from run to run."""
    text = re.sub(r"(the evaluator on) [\d ]+ states?\b", r"\1 <number> states", text)
    text = re.sub(r"\d[\d.,]* ?(ns|µs|us|ms|s|min)\b", "<time>", text)
    text = re.sub(r"\d[\d.,]* ?[kKMG]?i?B\b", "<memory>", text)
    return re.sub(r"\d[\d.,]* ?[kKM]?( million)?( states)?/s\b", "<rate>", text)


def replace_check(text: str, name: str, replacement: str) -> str:
    """The spec with one of its `check(...)` lines replaced."""
    text, times = re.subn(rf'^check\("{name}".*\n', lambda _: replacement, text, flags=re.MULTILINE)
    assert times == 1, f"the README has no one-line check {name!r} to replace"
    return text


def walk_through(folder: Path) -> list[tuple[str, str, str]]:
    """Follow the README in a folder: (command, output promised, output seen) for each of its commands."""
    seen = []
    spec = folder / "toy_bridge_spec.py"
    for block in BLOCK.finditer(README.read_text(encoding="utf-8")):
        match block["kind"], block["key"]:
            case "python", "title":
                (folder / block["value"]).write_text(block["body"], encoding="utf-8")
            case "python", "replace":
                spec.write_text(replace_check(spec.read_text(encoding="utf-8"), block["value"], block["body"]))
            case "console", _:
                command, _, promised = block["body"].removeprefix("$ ").partition("\n")
                seen.append((command, promised, run(command, folder)))
    return seen


def test_walk_through_prints_what_the_readme_says(tmp_path: Path) -> None:
    """Each command of the walk-through prints what stands below it, times and memory apart."""
    runs = walk_through(tmp_path)
    if os.environ.get("INTERLOCK_UPDATE"):
        text = README.read_text(encoding="utf-8")
        for block, (command, _, found) in zip(
            [b for b in BLOCK.finditer(text) if b["kind"] == "console"][::-1], runs[::-1], strict=True
        ):
            text = f"{text[: block.start('body')]}$ {command}\n{found}{text[block.end('body') :]}"
        README.write_text(text, encoding="utf-8")
        pytest.skip("the README was rewritten")

    assert len(runs) >= 2
    for _, promised, found in runs:
        assert without_measurements(promised) == without_measurements(found)


def test_walk_through_finds_the_bug_and_then_expects_it(tmp_path: Path) -> None:
    """The first run fails on the unexpected violation; the second, where it is expected, passes."""
    first, second, *_ = (found for _, _, found in walk_through(tmp_path))

    assert first.endswith("exit code 1\n")
    assert "backed" in first
    assert "reorg(" in first
    assert second.endswith("exit code 0\n")


def test_the_example_in_python_prints_what_the_command_says(tmp_path: Path) -> None:
    """Results, and the calls of the trace, as data."""
    (command, _, found) = walk_through(tmp_path)[-1]

    assert command == "python count.py"
    assert "hurries: Violated(backed" in found
    assert "  reorg(" in found


def test_readme_opens_with_a_sentence_and_the_two_commands() -> None:
    """A newcomer sees what Interlock is, and the two commands, before anything else."""
    title, sentence, block = README.read_text(encoding="utf-8").split("\n\n")[:3]

    assert title == "# Interlock"
    assert sentence.startswith("Interlock is ")
    assert sentence.count("\n") == 0
    assert re.findall(r"^make (\w+)", block, re.MULTILINE) == ["specs", "test"]


def test_what_a_change_must_pass_is_what_ci_runs() -> None:
    """`make check` before, and no surprise after."""
    (needed,) = re.findall(r"^check: (.*?) ##", (README.parent / "Makefile").read_text(), re.MULTILINE)
    steps = re.findall(r"^make --no-print-directory (.*)$", (README.parent / ".ci" / "run").read_text(), re.MULTILINE)

    assert ["setup", *needed.split()] == ["compare" if step == "reports ARGS=--compare" else step for step in steps]
