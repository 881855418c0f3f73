"""Interlock's native engine, on one thread and asked for two; without what earlier runs left in the cache; and on
two-phase commit in wide states."""

from __future__ import annotations

import functools
import json
import sys
from pathlib import Path

from measure import HERE, PROTOCOLS, ROOT, Contender, Failed, Result, Workload, run

INTERLOCK = Path(sys.executable).with_name("interlock")


def missing() -> str | None:
    return None if INTERLOCK.exists() else "interlock is not installed beside this Python"


def search(workload: Workload, threads: int, folder: Path, variant: str = "", *, fresh: bool = False) -> Result:
    out = folder / "result.json"
    spec = ROOT / workload.model if workload.model in PROTOCOLS else HERE / f"{workload.model}{variant}.py"
    command: list[str | Path] = [INTERLOCK, "check", spec, "--only", workload.check, "--slow", "--json", out]
    command += ["--no-symmetry", "--workers", str(threads)]  # all states, as the others visit
    done = run([*command, "--no-cache"] if fresh else command, ROOT)
    (found,) = json.loads(out.read_text())["checks"]
    if found["search_seconds"] is None:
        raise Failed(found["message"] or found["verdict"])
    return Result(
        states=found["distinct_states"],
        transitions=found["transitions"],
        seconds=found["search_seconds"],
        run=done,
        bits=str(found["bits_per_state"]),
        threads=found["workers"],
        stored=found["bytes_per_state"],
    )


wide = functools.partial(search, variant="_wide")
first = functools.partial(search, fresh=True)

CONTENDERS = (
    Contender("Interlock", 1, missing, search, models=("agg_core", "two_phase", *PROTOCOLS)),
    Contender("Interlock", 2, missing, search, models=("agg_core", "two_phase", *PROTOCOLS)),
    Contender("Interlock, first run", 1, missing, first, models=("agg_core", "two_phase", *PROTOCOLS)),
    Contender("Interlock, wide states", 1, missing, wide, models=("two_phase",)),
    Contender("Interlock, wide states", 2, missing, wide, models=("two_phase",)),
)
