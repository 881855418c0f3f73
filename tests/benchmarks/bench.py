"""How fast is Interlock, next to its peers, on the same models in the same run?

    make bench                          what is installed; whoever would take minutes sits that size out
    make bench ARGS="--quick"           one size of each model, Interlock and C alone: seconds
    make bench ARGS="--only 3x1,SPIN"   sizes and tools whose names contain one of these; C and Interlock always
    make bench ARGS="--all --write"     everyone on every size (an hour or so), and publish reports/bench.md
    make bench ARGS="--verdicts"        from text to verdict alone: minutes
    make bench ARGS="--all 'TLC 2'"     of those who take minutes, only TLC with two threads

Rule of the module: figures of different runs are never compared, so each table holds one run on one
machine.  A peer that is not installed is a row that says so; a peer that counts other states than the
others is an error, and nothing is written.
"""

from __future__ import annotations

import argparse
import platform
import re
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import attrs
from contenders import hand_written, interlock, python_libraries, rumur, spin, stateright, tlc
from contenders.walkers import WALKERS, Walker, Walks
from measure import PROTOCOLS, ROOT, THREADS, Contender, Failed, Result, Workload, run
from thirty import compile_table
from verdicts import verdict_table

WORKLOADS = (
    Workload("agg-core 3x1", "agg_core", "3x1", {"CHAINS": 3, "HEIGHTS": 1}, 580376, 2351394, 21),
    Workload("agg-core 2x2", "agg_core", "2x2", {"CHAINS": 2, "HEIGHTS": 2}, 29145325, 150472644, 26),
    Workload("two-phase commit, 7 managers", "two_phase", "7", {"MANAGERS": 7}, 296448, 2744705, 20),
    Workload("two-phase commit, 8 managers", "two_phase", "8", {"MANAGERS": 8}, 1745408, 18507777, 22),
    Workload("AggLayer, AL2", PROTOCOLS[0], "AL2 three chains, all of them misbehave", {}, 2793436, 15069283, 22),
    Workload("AggLayer, AS1", PROTOCOLS[1], "AS1 AS3 AS8 AS9 three networks", {}, 141870, 460818, 20),
    Workload("AggLayer, AP1", PROTOCOLS[2], "AP1 six leaves", {}, 8189737, 40071050, 23),
    Workload("AggLayer, AP1, three tokens", PROTOCOLS[2], "AP1 four leaves, three tokens", {}, 520403, 1560924, 20),
    Workload(
        "AggLayer, AP1, five leaves, three tokens",
        PROTOCOLS[2],
        "AP1 five leaves, three tokens",
        {},
        16529786,
        59698027,
        24,
    ),
    Workload("Proof of Efficiency, V1", PROTOCOLS[3], "V1 five batches", {}, 2509557, 8682490, 22),
)
QUICK = ("3x1", "7")
CONTENDERS = tuple(
    contender
    for module in (hand_written, interlock, spin, rumur, stateright, tlc, python_libraries)
    for contender in module.CONTENDERS
)
LIMIT, SUBJECT = hand_written.CONTENDERS[0], interlock.CONTENDERS[0]
ROUNDS = 3  # of which the fastest counts; who took longer than ENOUGH seconds does not run again
ENOUGH = 15.0
READING = "tests/benchmarks/README.md"


# --- the searches ----------------------------------------------------------------------------------


def race(workload: Workload, contenders: Sequence[Contender], patient: str | None) -> dict[Contender, Result | str]:
    """The best result of each, or why it has none; the rounds alternate, so that all meet the same machine."""
    results: dict[Contender, Result | str] = {}
    with tempfile.TemporaryDirectory() as scratch:
        folders = {c: Path(scratch) / str(i) for i, c in enumerate(contenders)}
        for turn in range(ROUNDS):
            for c in contenders:
                best = results.get(c)
                if isinstance(best, str) or (best is not None and best.run.seconds > ENOUGH):
                    continue
                why_not = excused(c, workload, patient)
                results[c] = why_not or attempt(c, workload, folders[c], best, turn)
    return results


def excused(c: Contender, workload: Workload, patient: str | None) -> str | None:
    """Why a contender sits this workload out, or None; with `patient` in their names, some may take minutes."""
    if workload.distinct > c.most:
        return "too many states for it"
    if workload.distinct > c.patience and (
        patient is None or patient.casefold() not in f"{c.name} {c.threads}".casefold()
    ):
        return "it takes minutes; run with --all"
    return c.missing()


def attempt(c: Contender, workload: Workload, folder: Path, best: Result | None, turn: int) -> Result | str:
    """The better of what is known and one more run; a tool that fails has no result but the last line it wrote."""
    print(f"... {workload.name}: {c.name}, {c.threads} thread(s), round {turn + 1}", file=sys.stderr, flush=True)
    start = time.perf_counter()
    try:
        if best is None:
            folder.mkdir()
            if c.build is not None:
                c.build(workload, c.threads, folder)
        built = time.perf_counter() - start
        found = c.search(workload, c.threads, folder)
        found = attrs.evolve(found, built=best.built if best else built)
    except (Failed, OSError, ValueError, KeyError) as error:
        return f"it failed: {error}"
    if found.states != workload.distinct or found.transitions not in (workload.transitions, None):
        raise SystemExit(f"{c.name} counts {found.states} states and {found.transitions} transitions")
    return found if best is None or found.seconds < best.seconds else best


# --- the tables ------------------------------------------------------------------------------------


def search_table(workload: Workload, results: dict[Contender, Result | str]) -> list[str]:
    """One row a contender, with its speed as a multiple of Interlock's and of the C search's."""
    lines = [
        f"## {workload.name}: {workload.distinct:,} distinct states, {workload.transitions:,} transitions",
        "",
        "| tool | threads | bits a state | seconds | million states/s | times Interlock | times C "
        "| command to verdict, s | processor, s | memory, MB | bytes a state |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for c, r in results.items():
        if isinstance(r, str):
            lines.append(f"| {c.name} | {c.threads} | | skipped: {r} | | | | | | | |")
            continue
        threads = str(c.threads) if r.threads in (None, c.threads) else f"{r.threads} of {c.threads}"
        cells = [
            c.name,
            threads,
            r.bits,
            f"{r.seconds:.3g}",
            f"{r.states / r.seconds / 1e6:.3g}",
            ratio(results.get(SUBJECT), r),
            ratio(results.get(LIMIT), r),
            f"{r.built + r.run.seconds:.3g}",
            f"{r.run.processor:.3g}",
            f"{r.run.memory / 1e6:.0f}",
            f"{r.run.memory / r.states:.0f}" + (f" ({r.stored:.0f})" if r.stored else ""),
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def ratio(yardstick: Result | str | None, r: Result) -> str:
    """How many times as fast as the yardstick."""
    return f"{yardstick.seconds / r.seconds:.3g}" if isinstance(yardstick, Result) else ""


def start_table(repeats: int = 5) -> list[str]:
    """From command to verdict, for specs that are small enough to be used while typing."""
    lines = ["## Interlock, from command to verdict on a small spec", "", "| spec | seconds |", "| --- | ---: |"]
    for name in ("3 managers", "5 managers"):
        command: list[str | Path] = [interlock.INTERLOCK, "check", ROOT / "specs" / "two_phase_commit.py"]
        try:
            best = min(run([*command, "--only", name], ROOT).seconds for _ in range(repeats))
            lines.append(f"| two-phase commit, {name} | {best:.2f} |")
        except (OSError, Failed) as error:
            lines.append(f"| two-phase commit, {name} | skipped: {error} |")
    return lines


def walks_table(quick: bool) -> list[str]:
    """Random walks: how many steps a second."""
    lines = [
        "## Random walks on agg-core",
        "",
        "| tool | threads | size | steps | seconds | steps/s | times Interlock |",
    ]
    lines.append("| --- | ---: | --- | ---: | ---: | ---: | ---: |")
    for workload in (w for w in WORKLOADS if w.model == "agg_core"):
        ours: Walks | None = None
        for walker in WALKERS[: 2 if quick else None]:
            found = walk(walker, workload)
            if isinstance(found, str):
                lines.append(f"| {walker.name} | {walker.threads} | {workload.check} | | skipped: {found} | | |")
                continue
            ours = ours or found
            speed = found.steps / found.seconds
            times = f"{speed / (ours.steps / ours.seconds):.3g}"
            counted = [f"{found.steps:,.0f}", f"{found.seconds:.3g}", f"{speed:,.0f}"]
            cells = [walker.name, str(walker.threads), workload.check, *counted, times]
            lines.append(f"| {' | '.join(cells)} |")
    return lines


def walk(walker: Walker, workload: Workload) -> Walks | str:
    """One tool's walks, or why there are none."""
    print(f"... {workload.name}: walks of {walker.name}, {walker.threads} thread(s)", file=sys.stderr, flush=True)
    why_not = walker.missing()
    if why_not is not None:
        return why_not
    try:
        with tempfile.TemporaryDirectory() as scratch:
            return walker.walk(workload, walker.threads, Path(scratch))
    except (OSError, Failed, KeyError, ValueError) as error:
        return f"it failed: {error}"


def machine() -> str:
    """The class of machine the figures were taken on, in words that name no particular one."""
    model = platform.machine()
    info, memory = Path("/proc/cpuinfo"), Path("/proc/meminfo")
    if info.exists():
        found = re.search(r"model name\s*: (.*)", info.read_text())
        model = f"{found[1]}, {model}" if found else model
    if memory.exists():
        kilobytes = re.search(r"MemTotal:\s*(\d+)", memory.read_text())
        model += f", {int(kilobytes[1]) / 2**20:.0f} GiB" if kilobytes else ""
    return f"{model}, {THREADS} core(s), Python {platform.python_version()}"


def wanted(options: argparse.Namespace) -> tuple[list[Workload], list[Contender]]:
    """The sizes and the tools that were asked for; C and Interlock, which give the ratios, always run."""
    workloads = [w for w in WORKLOADS if not options.quick or w.check in QUICK]
    contenders = [c for c in CONTENDERS if not options.quick or c.name.startswith(("C,", "Interlock"))]
    if options.only:
        words = [word.strip().casefold() for word in options.only.split(",")]
        sizes = [w for w in workloads if any(word in w.name.casefold() for word in words)]
        tools = [c for c in contenders if any(word in c.name.casefold() for word in words)]
        workloads = sizes or workloads
        contenders = [c for c in contenders if c in (LIMIT, SUBJECT) or c in tools] if tools else contenders
    return workloads, contenders


def replace_section(table: str) -> None:
    """Put a table in the place of the published one of the same title, or before the first of those that tables end
    with; its machine and time are its own."""
    path = ROOT / "reports" / "bench.md"
    title, rest = table.split("\n", 1)
    sections = re.split(r"^(?=## )", path.read_text(), flags=re.MULTILINE)
    kept = [s for s in sections if not s.startswith(f"{title}\n")]
    place = next((i for i, s in enumerate(kept) if s.startswith("## Interlock, from command")), len(kept))
    own = f'{title}\n\nA run of its own, on {machine()}; `make bench ARGS="--verdicts"` repeats it.\n{rest}\n\n'
    path.write_text("".join([*kept[:place], own, *kept[place:]]))


def main() -> None:
    """Run what was asked for, print it, and publish it with --write."""
    parser = argparse.ArgumentParser(description="Interlock and its peers, timed side by side.")
    parser.add_argument("--quick", action="store_true", help="one size a model; Interlock and C alone")
    parser.add_argument("--only", default="", metavar="WORDS", help="sizes and tools whose names contain one of these")
    told = "everyone on every size (an hour or so), or of those who take minutes only who is named so"
    parser.add_argument("--all", nargs="?", const="", metavar="WORDS", help=told)
    parser.add_argument("--verdicts", action="store_true", help="only the table from text to verdict")
    parser.add_argument("--write", action="store_true", help="write reports/bench.md")
    options = parser.parse_args()
    if options.verdicts:
        table = "\n".join(verdict_table(options.quick))
        print(table)
        if options.write:
            replace_section(table)
        return
    workloads, contenders = wanted(options)
    parts = []
    for workload in workloads:
        fitting = [c for c in contenders if workload.model in c.models]
        parts.append(search_table(workload, race(workload, fitting, options.all)))
    if not options.only:
        parts += [verdict_table(options.quick), start_table(), compile_table(), walks_table(options.quick)]
    text = "\n\n".join("\n".join(part) for part in parts)
    text = f"# Speed\n\nOne run on {machine()}; `make bench` repeats it, and `{READING}` says how to read it, and how to install what is skipped.\n\n{text}\n"
    print(text)
    if options.write:
        (ROOT / "reports" / "bench.md").write_text(text)


if __name__ == "__main__":
    main()
