"""TLC, which keeps a 64-bit fingerprint of each state; its times include the start of the virtual machine."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from measure import INSTALLED, PEERS, THREADS, Contender, Result, Run, Workload, number, run, with_constants

MODULES = {"agg_core": "AggCore", "two_phase": "TwoPhase"}
# The set of fingerprints off the heap, which TLC recommends, took twice the processor time for 7 managers.
MACHINE = ("-XX:+UseParallelGC", "-Xmx8g")


def jar() -> Path:
    """Where TLC is: named by TLA2TOOLS, or among what was installed for the benchmarks."""
    return Path(os.environ.get("TLA2TOOLS", INSTALLED / "tlc" / "tla2tools.jar"))


def missing() -> str | None:
    if shutil.which("java") is None:
        return "java is not installed"
    return None if jar().is_file() else "tla2tools.jar is not installed"


def build(workload: Workload, threads: int, folder: Path) -> None:
    """Nothing is compiled: the text and its configuration are put in place."""
    module = MODULES[workload.model]
    with_constants(f"{module}.cfg", folder, workload, r"(?i)(%s = )\d+")
    shutil.copy(PEERS / f"{module}.tla", folder)


def start(workload: Workload, folder: Path, options: list[str]) -> Run:
    """One run of TLC on a workload that was built."""
    java: list[str | Path] = ["java", *MACHINE, "-cp", jar(), "tlc2.TLC", "-deadlock"]
    module = MODULES[workload.model]
    return run([*java, *options, "-metadir", "states", "-config", f"{module}.cfg", f"{module}.tla"], folder)


def search(workload: Workload, threads: int, folder: Path) -> Result:
    done = start(workload, folder, ["-workers", str(threads)])
    return Result(
        states=int(number(r"([\d,]+) distinct states found, 0 states left", done.text)),
        transitions=int(number(r"([\d,]+) states generated, [\d,]+ distinct states found, 0", done.text)) - 1,
        seconds=done.seconds,
        run=done,
        bits="64, a fingerprint",
    )


CONTENDERS = tuple(
    Contender("TLC", threads, missing, search, build, patience=600_000) for threads in sorted({1, THREADS})
)
