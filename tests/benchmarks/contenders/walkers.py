"""Random walks on agg-core: tools that simulate, and how many steps they take."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import attrs
from measure import HERE, INSTALLED, ROOT, Failed, Run, Workload, number, run, with_constants

from contenders import interlock, tlc

QUINT = INSTALLED / "quint" / "node_modules" / ".bin" / "quint"


@attrs.frozen
class Walks:
    """What a tool's walks came to; `seconds` is what it took for them, with or without its start."""

    steps: float
    seconds: float
    run: Run


@attrs.frozen
class Walker:
    """A tool that takes random walks of at most 100 steps: about 20 here, where a walk ends for want of steps."""

    name: str
    threads: int
    missing: Callable[[], str | None]
    walk: Callable[[Workload, int, Path], Walks]


def by_interlock(workload: Workload, threads: int, folder: Path) -> Walks:
    """Walks in native code, without start-up and compilation."""
    out = folder / "walks.json"
    command: list[str | Path] = [interlock.INTERLOCK, "simulate", HERE / "agg_core.py", "--only", workload.check]
    # The verdict is undecided, since walks prove nothing: exit code 3 is what is right here.
    options: list[str | Path] = [
        "--slow",
        "--workers",
        str(threads),
        "--walks",
        "2000000",
        "--steps",
        "100",
        "--json",
        out,
    ]
    done = run([*command, *options], ROOT, allowed=(3,))
    (found,) = json.loads(out.read_text())["checks"]
    if found["search_seconds"] is None:
        raise Failed(found["message"] or found["verdict"])
    return Walks(found["steps"], found["search_seconds"], done)


def by_tlc(workload: Workload, threads: int, folder: Path) -> Walks:
    """TLC's simulation mode, with the start of its virtual machine."""
    tlc.build(workload, threads, folder)
    done = tlc.start(workload, folder, ["-workers", str(threads), "-depth", "100", "-simulate", "num=100000"])
    return Walks(number(r"Progress: ([\d,]+) states checked\.\s+Finished", done.text), done.seconds, done)


def quint_missing() -> str | None:
    return None if QUINT.exists() and shutil.which("node") else "quint is not installed"


def by_quint(workload: Workload, _threads: int, folder: Path) -> Walks:
    """Quint's simulator in TypeScript, with the start of Node and the reading of the model."""
    samples = 2000
    model = with_constants("agg_core.qnt", folder, workload, r"(pure val %s = )\d+")
    options = ["--backend=typescript", f"--max-samples={samples}", "--max-steps=100", "--seed=1", "--invariant=safe"]
    done = run([QUINT, "run", *options, model], folder)
    # A trace of Quint's statistics counts its states, the first one included.
    return Walks(samples * (number(r"average=([\d.]+)", done.text) - 1), done.seconds, done)


WALKERS = (
    Walker("Interlock", 1, interlock.missing, by_interlock),
    Walker("Interlock", 2, interlock.missing, by_interlock),
    Walker("TLC, -simulate", 1, tlc.missing, by_tlc),
    Walker("Quint, TypeScript simulator", 1, quint_missing, by_quint),
)
