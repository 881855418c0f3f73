"""SPIN: depth first, states stored exactly, without partial-order reduction (which must not drop states here)."""

from __future__ import annotations

import functools
import re
import shutil
from collections.abc import Sequence
from pathlib import Path

from measure import PEERS, PROTOCOLS, ROOT, Contender, Failed, Result, Workload, defines, number, run
from promela import load, promela


def missing() -> str | None:
    return None if shutil.which("spin") and shutil.which("gcc") else "spin or gcc is not installed"


def build(workload: Workload, threads: int, folder: Path, variant: Sequence[str] = ()) -> None:
    shutil.copy(PEERS / f"{workload.model}.pml", folder)
    run(["spin", *defines(workload), *variant, "-a", f"{workload.model}.pml"], folder)
    compiled(folder)


def generate(workload: Workload, threads: int, folder: Path) -> None:
    """The verifier of the text that `promela.py` writes of a protocol's check."""
    (folder / "model.pml").write_text(promela(load(ROOT / workload.model, workload.check)))
    run(["spin", "-a", "model.pml"], folder)
    compiled(folder)


def compiled(folder: Path) -> None:
    run(["gcc", "-O3", "-march=native", "-w", "-DSAFETY", "-DNOREDUCE", "-DMEMLIM=16000", "-o", "pan", "pan.c"], folder)


def search(workload: Workload, threads: int, folder: Path) -> Result:
    done = run(["./pan", "-m1000000", f"-w{workload.table_bits + 2}", "-E"], folder)
    if "errors: 0" not in done.text:
        raise Failed("it found an error, or ran out of memory")
    return Result(
        states=int(number(r"(\d+) states, stored", done.text)),
        transitions=_transitions(done.text),
        seconds=number(r"pan: elapsed time ([\d.]+)", done.text),
        run=done,
        bits=str(8 * int(number(r"State-vector (\d+) byte", done.text))),
    )


wide = functools.partial(build, variant=("-DWIDE",))

CONTENDERS = (
    Contender("SPIN", 1, missing, search, build),
    Contender("SPIN, wide states", 1, missing, search, wide, models=("two_phase",)),
    Contender("SPIN, generated", 1, missing, search, generate, models=PROTOCOLS),
)


def _transitions(text: str) -> int | None:
    """The steps that SPIN took, without its first; None where it prints them rounded."""
    return None if re.search(r"\de\+\d+ transitions", text) else int(number(r"(\d+) transitions", text)) - 1
