"""What is measured, and how a tool is started: the vocabulary that all contenders share."""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import attrs

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
PEERS = HERE / "peers"
INSTALLED = Path(os.environ.get("INTERLOCK_BENCH", Path.home() / ".cache" / "interlock-bench"))
THREADS = os.cpu_count() or 1
PROTOCOLS = (
    "specs/agglayer/liveness.py", "specs/agglayer/interop.py", "specs/agglayer/pessimistic.py", "specs/poe/proofs.py",
)  # fmt: skip


@attrs.frozen
class Workload:
    """A model at a size, and what every contender must find.  `check` is its name in Interlock's spec."""

    name: str
    model: str  # "agg_core", "two_phase", or one of PROTOCOLS: the spec whose check it is
    check: str
    constants: Mapping[str, int] = attrs.field(eq=False)
    distinct: int
    transitions: int
    table_bits: int  # of the C search: a table some two to four times the states


@attrs.frozen
class Result:
    """One search of one tool; `seconds` is the search itself, without compilation."""

    states: int
    transitions: int | None
    seconds: float
    run: Run
    bits: str = ""  # in a state, as this tool keeps it
    threads: int | None = None  # that took part, where the tool says so
    stored: float | None = None  # bytes a state, where the tool says so
    built: float = 0.0  # seconds that went into building the search


@attrs.frozen
class Run:
    """A finished command: what it wrote, its wall and processor time, the most memory it held."""

    text: str
    seconds: float
    processor: float
    memory: int


@attrs.frozen
class Contender:
    """A tool that can search some models.

    `missing` says why it cannot be started here, or None; `build` prepares a search in a folder of its own.
    `patience` is the most states it is given without --all, `most` the most it is ever given.
    """

    name: str
    threads: int
    missing: Callable[[], str | None]
    search: Callable[[Workload, int, Path], Result]
    build: Callable[[Workload, int, Path], None] | None = None
    models: tuple[str, ...] = ("agg_core", "two_phase")
    patience: int = 10**9
    most: int = 10**9


class Failed(Exception):
    """A command failed; the text is the last line it wrote."""


def run(
    command: Sequence[str | Path],
    folder: Path,
    environment: Mapping[str, str] | None = None,
    seconds: float = 3600,
    allowed: Sequence[int] = (0,),
) -> Run:
    """Run a command to its end.  Raises Failed when its exit code is not one that is allowed."""
    with tempfile.TemporaryFile("w+") as out:
        start = time.perf_counter()
        process = subprocess.Popen(
            [str(word) for word in command],
            cwd=folder,
            stdout=out,
            stderr=subprocess.STDOUT,
            env={**os.environ, **(environment or {})},
        )
        alarm = threading.Timer(seconds, process.kill)
        alarm.start()
        _, status, usage = os.wait4(process.pid, 0)
        alarm.cancel()
        wall = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        text = out.read()
    if process.returncode not in allowed:
        lines = text.strip().splitlines()
        raise Failed(lines[-1] if lines else f"exit code {process.returncode}")
    return Run(text, wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024)


def number(pattern: str, text: str) -> float:
    """The number that a pattern's one group finds.  Raises Failed when it finds none."""
    found = re.search(pattern, text)
    if found is None:
        raise Failed(f"no {pattern!r} in: {text[-500:]}")
    return float(found[1].replace(",", "").replace(" ", ""))


def with_constants(name: str, folder: Path, workload: Workload, pattern: str) -> Path:
    """A peer's text copied into a folder with the workload's constants in it.

    `pattern` has one `%s` for the constant's name, as that language writes a definition, and its only group ends
    before the number.
    """
    text = (PEERS / name).read_text()
    for constant, value in workload.constants.items():
        text, hits = re.subn(pattern % constant, rf"\g<1>{value}", text)
        if hits != 1:
            raise Failed(f"{name} defines {constant} {hits} times")
    copy = folder / name
    copy.write_text(text)
    return copy


def defines(workload: Workload) -> list[str]:
    """The workload's constants as the C preprocessor takes them."""
    return [f"-D{name}={value}" for name, value in workload.constants.items()]
