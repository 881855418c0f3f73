"""Stateright, which keeps a 64-bit fingerprint of each state; its crate is fetched beforehand and built offline."""

from __future__ import annotations

import shutil
from pathlib import Path

from measure import INSTALLED, PEERS, THREADS, Contender, Failed, Result, Workload, number, run

PROJECT = INSTALLED / "stateright"


def missing() -> str | None:
    if shutil.which("cargo") is None:
        return "cargo is not installed"
    return None if (PROJECT / "target").is_dir() else "the stateright crate is not installed"


def build(workload: Workload, threads: int, folder: Path) -> None:
    """Compile the models, but not the crates they use, at the workload's size."""
    for source in sorted((PEERS / "stateright").rglob("*.*")):
        shutil.copyfile(source, PROJECT / source.relative_to(PEERS / "stateright"))
    sizes = {name: str(value) for name, value in workload.constants.items()}
    run(
        ["cargo", "build", "--release", "--offline", "--bin", workload.model],
        PROJECT,
        {**sizes, "RUSTFLAGS": "-C target-cpu=native"},
    )
    shutil.copy(PROJECT / "target" / "release" / workload.model, folder / "search")


def search(workload: Workload, threads: int, folder: Path) -> Result:
    done = run(["./search", str(threads)], folder)
    if "violated=0" not in done.text:
        raise Failed("it found a violation")
    return Result(
        states=int(number(r"distinct=(\d+)", done.text)),
        transitions=int(number(r"transitions=(\d+)", done.text)),
        seconds=number(r"seconds=([\d.]+)", done.text),
        run=done,
        bits="64, a fingerprint",
    )


CONTENDERS = tuple(Contender("Stateright", threads, missing, search, build) for threads in sorted({1, THREADS}))
