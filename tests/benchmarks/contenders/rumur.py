"""Murphi, through Rumur's generated verifier."""

from __future__ import annotations

import shutil
from pathlib import Path

from measure import THREADS, Contender, Result, Workload, number, run, with_constants


def missing() -> str | None:
    return None if shutil.which("rumur") and shutil.which("gcc") else "rumur or gcc is not installed"


def build(workload: Workload, threads: int, folder: Path) -> None:
    text = with_constants(f"{workload.model}.m", folder, workload, r"(?i)(\n  %s: )\d+")
    options = [
        "--deadlock-detection",
        "off",
        "--threads",
        str(threads),
        "--set-capacity",
        str(64 << workload.table_bits),
    ]
    run(["rumur", *options, "-o", "verifier.c", text], folder)
    run(["gcc", "-std=c11", "-O3", "-march=native", "verifier.c", "-o", "verifier", "-lpthread", "-mcx16"], folder)


def search(workload: Workload, threads: int, folder: Path) -> Result:
    done = run(["./verifier"], folder)
    return Result(
        states=int(number(r"([\d,]+) states,", done.text)),
        transitions=int(number(r"states, ([\d,]+) rules fired in", done.text)),
        seconds=done.seconds,
        run=done,
        bits=str(int(number(r"size of each state is (\d+) bits", done.text))),
    )


CONTENDERS = tuple(
    Contender("Murphi (Rumur)", threads, missing, search, build, patience=3_000_000) for threads in sorted({1, THREADS})
)
