"""The limit: searches in C, written for one model each."""

from __future__ import annotations

import shutil
from pathlib import Path

from measure import PEERS, Contender, Result, Workload, defines, number, run

BITS = {
    "agg_core": lambda w: 14 * w.constants["CHAINS"] * w.constants["HEIGHTS"],
    "two_phase": lambda w: 5 * w.constants["MANAGERS"] + 2,
}


def missing() -> str | None:
    return None if shutil.which("gcc") else "no gcc"


def build(workload: Workload, threads: int, folder: Path) -> None:
    sizes = [*defines(workload), f"-DTABLE_BITS={workload.table_bits}"]
    run(["gcc", "-O3", "-march=native", *sizes, PEERS / f"{workload.model}.c", "-o", "search"], folder)


def search(workload: Workload, threads: int, folder: Path) -> Result:
    done = run(["./search"], folder)
    return Result(
        states=int(number(r"distinct=(\d+)", done.text)),
        transitions=int(number(r"transitions=(\d+)", done.text)),
        seconds=number(r"seconds=([\d.]+)", done.text),
        run=done,
        bits=str(BITS[workload.model](workload)),
    )


CONTENDERS = (Contender("C, by hand", 1, missing, search, build),)
