"""How fast is Interlock, next to its peers, on the same model in the same run?

    make bench                          what is installed, without the slowest peers
    make bench ARGS="--quick"           the small size, Interlock and C alone: seconds
    make bench ARGS="--all --write"     the slow peers as well, and publish reports/bench.md

Rule of the module: figures of different runs are never compared, so each table holds one run on one
machine.  A peer that is not installed is a row that says so; a peer that counts other states than the
others is an error.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import attrs

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
PEERS = HERE / "peers"
INTERLOCK = Path(sys.executable).with_name("interlock")
TABLE_BITS = {"3x1": 21, "2x2": 26}  # of the C search: a table some two to four times the states
COUNTS = {"3x1": (580376, 2351394), "2x2": (29145325, 150472644)}


@attrs.frozen
class Result:
    """One search of one tool.  Seconds are those of the search, without compilation."""

    states: int
    transitions: int | None
    seconds: float
    bytes_per_state: float | None = None


@attrs.frozen
class Missing:
    """Why a tool has no result."""

    reason: str


@attrs.frozen
class Contender:
    """A tool that can search agg-core; `repeats` is how often, of which the fastest counts."""

    name: str
    threads: int
    run: Callable[[str, Path], Result | Missing]
    repeats: int = 1
    slow: bool = False


def shell(command: Sequence[str | Path], folder: Path, seconds: float = 3600) -> tuple[str, float]:
    """The output of a command and its wall time.  Raises CalledProcessError when it fails."""
    start = time.perf_counter()
    done = subprocess.run(
        [str(word) for word in command], cwd=folder, capture_output=True, text=True, check=True, timeout=seconds
    )
    return done.stdout + done.stderr, time.perf_counter() - start


def number(pattern: str, text: str) -> float:
    """The number that a pattern's one group finds.  Raises ValueError when it finds none."""
    found = re.search(pattern, text)
    if found is None:
        msg = f"no {pattern!r} in: {text[-500:]}"
        raise ValueError(msg)
    return float(found[1].replace(",", "").replace(" ", ""))


# --- the contenders --------------------------------------------------------------------------------


def hand_written_c(size: str, folder: Path) -> Result | Missing:
    """The limit: a search written for this model alone."""
    compiler = shutil.which("gcc") or shutil.which("clang")
    if compiler is None:
        return Missing("no C compiler")
    chains, heights = size.split("x")
    program = folder / f"c_{size}"
    if not program.exists():
        sizes = [f"-DCHAINS={chains}", f"-DHEIGHTS={heights}", f"-DTABLE_BITS={TABLE_BITS[size]}"]
        shell([compiler, "-O3", "-march=native", *sizes, PEERS / "agg_core.c", "-o", program], folder)
    text, _ = shell([program], folder)
    return Result(
        int(number(r"distinct=(\d+)", text)),
        int(number(r"transitions=(\d+)", text)),
        number(r"seconds=([\d.]+)", text),
    )


def interlock(size: str, folder: Path, threads: int = 1) -> Result | Missing:
    """The native engine."""
    if not INTERLOCK.exists():
        return Missing("interlock is not installed beside this Python")
    out = folder / "interlock.json"
    shell(
        [INTERLOCK, "check", HERE / "agg_core.py", "--only", size, "--slow", "--workers", str(threads), "--json", out],
        ROOT,
    )
    (found,) = json.loads(out.read_text())["checks"]
    return Result(found["distinct_states"], found["transitions"], found["search_seconds"], found["bytes_per_state"])


def interlock_together(size: str, folder: Path) -> Result | Missing:
    """The native engine, on every thread there is."""
    return interlock(size, folder, THREADS)


def spin(size: str, folder: Path) -> Result | Missing:
    """SPIN: depth first, exact storage, no partial-order reduction (which finds nothing here)."""
    if size != "2x2":
        return Missing("its model is written for 2x2")
    if shutil.which("spin") is None or shutil.which("gcc") is None:
        return Missing("spin is not installed")
    shell(["spin", "-a", PEERS / "agg_core.pml"], folder)
    options = ["-O3", "-march=native", "-DSAFETY", "-DNOREDUCE", "-DMEMLIM=16000", "-w"]
    shell(["gcc", *options, "-o", "pan", "pan.c"], folder)
    text, _ = shell(["./pan", "-m1000000", "-w28", "-E"], folder)
    if "errors: 0" not in text:
        return Missing("it found an error, or ran out of memory")
    states = int(number(r"(\d+) states, stored", text))
    return Result(states, None, number(r"pan: elapsed time ([\d.]+)", text))


def rumur(size: str, folder: Path) -> Result | Missing:
    """Murphi by Rumur, which uses every thread there is."""
    if shutil.which("rumur") is None or shutil.which("gcc") is None:
        return Missing("rumur is not installed")
    chains, heights = size.split("x")
    text = (PEERS / "agg_core.m").read_text()
    text = text.replace("chains: 2;", f"chains: {chains};").replace("heights: 2;", f"heights: {heights};")
    (folder / "agg_core.m").write_text(text)
    options = ["--deadlock-detection", "off", "--set-capacity", str(2**31)]
    shell(["rumur", *options, "-o", "rumur.c", "agg_core.m"], folder)
    compile_options = ["-std=c11", "-O3", "-march=native", "rumur.c", "-o", "rumur", "-lpthread", "-mcx16"]
    shell(["gcc", *compile_options], folder)
    text, seconds = shell(["./rumur"], folder)
    return Result(int(number(r"([\d,]+) states,", text)), int(number(r"states, ([\d,]+) rules fired", text)), seconds)


def tla2tools() -> Path | None:
    """The jar of TLC: named by TLA2TOOLS, or in the local Maven repository."""
    named = os.environ.get("TLA2TOOLS")
    if named:
        return Path(named) if Path(named).is_file() else None
    kept = sorted((Path.home() / ".m2" / "repository").glob("org/lamport/tla2tools/*/tla2tools-*.jar"))
    return kept[-1] if kept else None


def tlc(size: str, folder: Path) -> Result | Missing:
    """TLC; its time includes the start of its virtual machine."""
    jar = tla2tools()
    if jar is None or shutil.which("java") is None:
        return Missing("set TLA2TOOLS to tla2tools.jar, and install java")
    chains, heights = size.split("x")
    shutil.copy(PEERS / "AggCore.tla", folder)
    text = (PEERS / "AggCore.cfg").read_text()
    text = text.replace("Chains = 2", f"Chains = {chains}").replace("Heights = 2", f"Heights = {heights}")
    (folder / "AggCore.cfg").write_text(text)
    options: list[str | Path] = [
        "-XX:+UseParallelGC",
        "-Xmx8g",
        "-cp",
        jar,
        "tlc2.TLC",
        "-workers",
        str(os.cpu_count()),
    ]
    text, seconds = shell(["java", *options, "-config", "AggCore.cfg", "AggCore.tla"], folder)
    return Result(
        int(number(r"([\d,]+) distinct states found, 0 states left", text)),
        int(number(r"([\d,]+) states generated, [\d,]+ distinct states found, 0", text)) - 1,
        seconds,
    )


THREADS = os.cpu_count() or 1
CONTENDERS = (
    Contender("C, by hand", 1, hand_written_c, repeats=3),
    Contender("Interlock", 1, interlock, repeats=3),
    Contender("Interlock", THREADS, interlock_together, repeats=3),
    Contender("SPIN", 1, spin),
    Contender("Murphi (Rumur)", THREADS, rumur, slow=True),
    Contender("TLC", THREADS, tlc),
)


# --- the tables ------------------------------------------------------------------------------------


def search_table(size: str, contenders: Sequence[Contender]) -> list[str]:
    """Every contender on one size of agg-core; the rounds alternate, so that all meet the same machine."""
    results: dict[Contender, Result | Missing] = {}
    with tempfile.TemporaryDirectory() as scratch:
        for turn in range(max(c.repeats for c in contenders)):
            for c in contenders:
                if turn < c.repeats and not isinstance(results.get(c), Missing):
                    results[c] = faster(results.get(c), attempt(c, size, Path(scratch)))
    distinct, transitions = COUNTS[size]
    limit = next((r.seconds for c, r in results.items() if c.run is hand_written_c and isinstance(r, Result)), None)
    lines = [
        f"agg-core {size}: {distinct:,} distinct states, {transitions:,} transitions",
        "",
        "| tool | threads | seconds | million states/s | times the C search's speed | bytes a state |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    for c, r in results.items():
        if isinstance(r, Missing):
            lines.append(f"| {c.name} | {c.threads} | skipped: {r.reason} | | | |")
            continue
        if r.states != distinct or r.transitions not in (transitions, None):
            msg = f"{c.name} counts {r.states} states and {r.transitions} transitions"
            raise SystemExit(msg)
        ratio = f"{limit / r.seconds:.3g}" if limit is not None else ""
        memory = "" if r.bytes_per_state is None else f"{r.bytes_per_state:.1f}"
        speed = f"{r.seconds:.3g} | {r.states / r.seconds / 1e6:.3g} | {ratio}"
        lines.append(f"| {c.name} | {c.threads} | {speed} | {memory} |")
    return lines


def attempt(contender: Contender, size: str, scratch: Path) -> Result | Missing:
    """One run; a tool that fails is missing, with the last line it wrote."""
    print(f"... {contender.name}, {contender.threads} thread(s), {size}", file=sys.stderr, flush=True)
    try:
        return contender.run(size, scratch)
    except subprocess.CalledProcessError as error:
        said = (error.stderr or error.stdout or "").strip().splitlines()
        return Missing(f"it failed: {said[-1] if said else error.returncode}")
    except (ValueError, KeyError, TypeError, OSError, subprocess.TimeoutExpired) as error:
        return Missing(f"it failed: {error}")


def faster(one: Result | Missing | None, other: Result | Missing) -> Result | Missing:
    """The faster of two results of one tool."""
    if isinstance(one, Result) and isinstance(other, Result):
        return min(one, other, key=lambda r: r.seconds)
    return other


def start_table(repeats: int = 5) -> list[str]:
    """From command to verdict, for specs that are small enough to be used while typing."""
    lines = ["From command to verdict", "", "| spec | seconds |", "| --- | ---: |"]
    for name in ("3 managers", "5 managers"):
        command: list[str | Path] = [INTERLOCK, "check", ROOT / "specs" / "two_phase_commit.py", "--only", name]
        try:
            best = min(shell(command, ROOT)[1] for _ in range(repeats))
            lines.append(f"| two-phase commit, {name} | {best:.2f} |")
        except (OSError, subprocess.CalledProcessError) as error:
            lines.append(f"| two-phase commit, {name} | skipped: {error} |")
    return lines


def simulation_table() -> list[str]:
    """Random walks: how many steps a second."""
    lines = ["Random walks on agg-core", "", "| size | steps/s |", "| --- | ---: |"]
    with tempfile.TemporaryDirectory() as scratch:
        for size in COUNTS:
            out = Path(scratch) / "simulate.json"
            command = [INTERLOCK, "simulate", HERE / "agg_core.py", "--only", size, "--slow", "--json", out]
            walks = ["--walks", "1000000", "--steps", "100"]
            # The verdict is undecided, since walks prove nothing: exit code 3 is what is right here.
            done = subprocess.run([*map(str, command), *walks], cwd=ROOT, capture_output=True, text=True, check=False)
            try:
                steps = number(r"([\d ]+) steps", done.stdout)
                (found,) = json.loads(out.read_text())["checks"]
                lines.append(f"| {size} | {steps / found['search_seconds']:,.0f} |")
            except (OSError, KeyError, TypeError, ValueError) as error:
                lines.append(f"| {size} | skipped: {error} |")
    return lines


def machine() -> str:
    """What the figures were taken on, in words that name no particular machine."""
    model = platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        found = re.search(r"model name\s*: (.*)", info.read_text())
        model = found[1] if found else model
    return f"{model}, {THREADS} core(s), Python {platform.python_version()}"


def main() -> None:
    """Run what was asked for, print it, and publish it with --write."""
    parser = argparse.ArgumentParser(description="Interlock and its peers, timed side by side.")
    parser.add_argument("--quick", action="store_true", help="the small size; Interlock and C alone")
    parser.add_argument("--all", action="store_true", help="the slow peers as well (many minutes)")
    parser.add_argument("--write", action="store_true", help="write reports/bench.md")
    options = parser.parse_args()
    contenders = [c for c in CONTENDERS if (options.all or not c.slow) and (not options.quick or c.repeats > 1)]
    sizes = ["3x1"] if options.quick else ["3x1", "2x2"]
    parts = [search_table(size, [c for c in contenders if size == "2x2" or c.run is not spin]) for size in sizes]
    parts += [start_table(), simulation_table()]
    text = "\n\n".join("\n".join(part) for part in parts)
    text = f"# Speed\n\nOne run on {machine()}; `make bench` repeats it.\n\n{text}\n"
    print(text)
    if options.write:
        (ROOT / "reports" / "bench.md").write_text(text)


if __name__ == "__main__":
    main()
