"""From text to verdict: how long does `interlock check` take in all, and for what?

Each row is one command, as a user gives it: the first run with an empty cache, the others after it.  The ratios are to
the C search of agg-core 2x2 in the same run; the shares are of processor time, from one more run that is instrumented
(`phases.py`).
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

from contenders.hand_written import CONTENDERS
from contenders.interlock import INTERLOCK
from measure import HERE, ROOT, Failed, Workload, run
from thirty import HEAD

LINES = 400
_ACTIONS = 48
_CHECKS = 10
_WARM = 3  # runs, of which the fastest counts
_AS_INSTALLED = {"PYTHONDONTWRITEBYTECODE": ""}  # installed, its own modules are compiled once
_PHASES = ("reading", "lowering", "compiling", "searching", "replaying")
_ACTION = """
@action
def step{i}(s: State, a: Node, b: Node) -> None:
    require(a != b and s.round[a] == {i} and s.phase[b] >= Phase.{phase})
    p = s.peer[b]
    require(p is None or s.round[p] <= {after})
    s.peer[a] = b if all(s.peer[n] != a for n in Node) else None
    s.round[a] = {after}
"""
_SPEC = """
import model
from model import Node, Phase, State
from interlock import NoneWithin, always, check
"""
_CHECK = """
@always
def bounded{i}(s: State, n: Node) -> bool:
    return s.round[n] <= {i} + 40

check("bounded by {i} and 40", model, depth=4, properties=(bounded{i},), expect=NoneWithin(4))
"""


def written(folder: Path) -> Path:
    """A spec of ten checks of one model, in a folder."""
    body = [_ACTION.format(i=i, after=i + 1, phase=("IDLE", "SENT")[i % 2]) for i in range(_ACTIONS)]
    text = HEAD + "".join(body)
    assert abs(len(text.splitlines()) - LINES) < LINES // 20, f"the model has {len(text.splitlines())} lines"
    (folder / "model.py").write_text(text)
    spec = folder / "spec.py"
    spec.write_text(_SPEC + "".join(_CHECK.format(i=i) for i in range(_CHECKS)))
    return spec


def verdict_table(quick: bool) -> list[str]:
    """The table; `quick` leaves out the specs that ship, which take minutes without a cache."""
    lines = [
        "## From text to verdict", "",
        "| command | run | seconds | times C | processor, s | beyond search, s a check | "
        + " | ".join(_PHASES) + " | else |",
        "| --- | --- | ---: | ---: | ---: | ---: |" + " ---: |" * (len(_PHASES) + 1),
    ]  # fmt: skip
    yardstick = _yardstick()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        commands = {f"a model of {LINES} lines, ten checks": [written(folder)]}
        commands["a small spec, one check"] = [ROOT / "specs" / "two_phase_commit.py", "--only", "3 managers"]
        if not quick:
            commands = {"`interlock check specs`": [ROOT / "specs"], **commands}
        for i, (name, words) in enumerate(commands.items()):
            place = {"XDG_CACHE_HOME": str(folder / f"cache{i}"), **_AS_INSTALLED, "PYTHONPYCACHEPREFIX": scratch}
            try:
                lines += _rows(name, words, folder, place, yardstick)
            except (OSError, Failed, KeyError) as error:
                lines.append(f"| {name} | | skipped: {error} |" + " |" * (len(_PHASES) + 4))
    return lines


def _rows(
    name: str, words: list[str | Path], folder: Path, place: dict[str, str], yardstick: float | None
) -> list[str]:
    """One row without a cache, and one with what earlier runs kept."""
    out, found = folder / "result.json", []
    for kind in ("cold", *["warm"] * _WARM):
        print(f"... from text to verdict: {name}, {kind}", file=sys.stderr, flush=True)
        done = run([INTERLOCK, "check", *words, "--json", out], folder, place)
        checks = json.loads(out.read_text())["checks"]
        beyond = [c["total_seconds"] - (c["search_seconds"] or 0) for c in checks]
        found.append((kind, done, sum(beyond) / len(beyond)))
    warm = min(found[1:], key=lambda row: row[1].seconds)
    shares = {
        "warm": _shares(words, folder, place),
        "cold": _shares(words, folder, {**place, "XDG_CACHE_HOME": place["XDG_CACHE_HOME"] + "-cold"}),
    }
    return [
        "| "
        + " | ".join([
            name, kind, f"{done.seconds:.2f}", "" if yardstick is None else f"{done.seconds / yardstick:.2f}",
            f"{done.processor:.2f}", f"{beyond:.3f}", *shares[kind],
        ])
        + " |"
        for kind, done, beyond in (found[0], warm)
    ]  # fmt: skip


def _shares(words: list[str | Path], folder: Path, place: dict[str, str]) -> list[str]:
    """The shares of the phases, and of what is left over, in hundredths."""
    out = folder / "phases.json"
    run([sys.executable, HERE / "phases.py", out, *words], folder, place)
    spent = json.loads(out.read_text())
    known = [spent[phase] for phase in _PHASES]
    return [f"{100 * part / spent['all']:.0f} %" for part in (*known, spent["all"] - sum(known))]


def _yardstick() -> float | None:
    """Seconds of the C search of agg-core 2x2, the best of three; None without a compiler."""
    (c,) = CONTENDERS
    if c.missing() is not None or c.build is None:
        return None
    workload = Workload("agg-core 2x2", "agg_core", "2x2", {"CHAINS": 2, "HEIGHTS": 2}, 29145325, 150472644, 26)
    with tempfile.TemporaryDirectory() as scratch:
        c.build(workload, 1, Path(scratch))
        return min(c.search(workload, 1, Path(scratch)).seconds for _ in range(3))
