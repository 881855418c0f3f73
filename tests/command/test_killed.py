"""A run that is killed at any moment goes on, and ends as if nothing had happened."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

# What differs from run to run; of code that was compared in an earlier run, more states are.
TIMES = {
    "search_seconds", "total_seconds", "bytes_per_state", "peak_memory_bytes", "trace", "workers", "compared_states",
    "states_per_second",
}  # fmt: skip
MODEL = """
from typing import Annotated, Final

from interlock import Map, Range, Scalarset, action, filled, require, state

SIZE: Final = 4
TOP: Final = 9
MOST: Final = 9

class Who(Scalarset, size=SIZE):
    pass

@state
class State:
    n: Map[Who, Annotated[int, Range(0, MOST)]] = filled(0)
    total: Annotated[int, Range(0, 255)] = 0

@action
def up(s: State, w: Who) -> None:
    require(s.n[w] < TOP)
    s.n[w] += 1
    s.total += 1

@action
def swap(s: State, v: Who, w: Who) -> None:
    require(s.n[v] > s.n[w])
    kept = s.n[v]
    s.n[v] = s.n[w]
    s.n[w] = kept
"""
SPEC = """
import many
from many import State, TOP, Who
from interlock import Holds, Violated, always, check, reachable, recoverable, step

@always
def few(s: State) -> bool:
    return s.total < 27

@step
def grows(old: State, new: State) -> bool:
    return new.total > old.total or old.total < 20

@reachable
def there(s: State, w: Who) -> bool:
    return s.n[w] == TOP and s.total == 20

@recoverable
def back(s: State, w: Who) -> bool:
    return s.n[w] == TOP

check("narrow", many, {"SIZE": 6}, properties=(there, back), expect=Holds())
check("wide", many, {"SIZE": 6, "MOST": 4294967295}, properties=(few,), expect=Violated(few, steps=27))
check("everything", many, {"SIZE": 6, "MOST": 65535}, expect=Violated(grows))
check("orbits", many, {"SIZE": 12}, properties=(there, back), expect=Holds())
"""
ALL = ("--no-symmetry",)
CASES = {"narrow": ALL, "wide": ALL, "everything": ALL, "orbits": ("--symmetry",)}


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    """A spec whose searches take a second or so."""
    (tmp_path / "many.py").write_text(MODEL)
    (tmp_path / "many_spec.py").write_text(SPEC)
    return tmp_path / "many_spec.py"


def started(spec: Path, name: str, *more: str) -> subprocess.Popen[bytes]:
    """A run of a check, which writes what it found beside the spec."""
    results = ["--json", str(spec.parent / "r.json"), "--traces", str(spec.parent / "traces")]
    command = [sys.executable, "-m", "interlock", "check", str(spec), "--only", name, *CASES[name], *results, *more]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def outcome(spec: Path) -> tuple[dict[str, Any], list[str]]:
    """What a run reported, but for times and memory, and its traces; forgotten then."""
    (entry,) = json.loads((spec.parent / "r.json").read_text())["checks"]
    traces = sorted((spec.parent / "traces").glob("*.json"))
    texts = [p.read_text() for p in traces]
    for path in (*traces, spec.parent / "r.json"):
        path.unlink()
    return {k: v for k, v in entry.items() if k not in TIMES}, texts


def saved(spec: Path) -> bool:
    """Whether there is a checkpoint."""
    return any((spec.parent / "saved").glob("*.checkpoint"))


def soak(spec: Path, name: str, kills: int) -> None:
    """Kill runs until so many have left a checkpoint: at random moments, of every second run after it had one, however
    fast the machine is.  Each that ends, and a last one, must say what a whole run says."""
    start = time.time()  # as `--clock` leaves it: a run is another process
    whole = started(spec, name)
    said = whole.communicate()[1]
    assert whole.returncode in (0, 1), said
    seconds, expected = time.time() - start, outcome(spec)
    chance, patient = random.Random(name), False
    while kills:
        patient = not patient
        run = started(
            spec, name, "--checkpoint", str(spec.parent / "saved"), "--checkpoint-every", "0.02",
            "--workers", str(chance.randint(1, 3)),
        )  # fmt: skip
        while patient and run.poll() is None and not saved(spec):
            time.sleep(0.005)
        try:
            said = run.communicate(timeout=chance.uniform(0.0, 1.0) * seconds)[1]
        except subprocess.TimeoutExpired:
            run.send_signal(signal.SIGKILL)
            run.communicate()
            kills -= saved(spec)
            continue
        assert run.returncode == whole.returncode, said
        assert outcome(spec) == expected
    last = started(spec, name, "--checkpoint", str(spec.parent / "saved"))
    said = last.communicate()[1]

    assert last.returncode == whole.returncode, said
    assert outcome(spec) == expected
    assert not saved(spec)


def test_a_killed_run_loses_nothing(spec: Path) -> None:
    """A few times."""
    soak(spec, "narrow", 3)


@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
def test_fifty_kills_lose_nothing(spec: Path, name: str) -> None:
    """Narrow and wide states, one state of each orbit, and all that is violated: 13 kills each."""
    soak(spec, name, 13)
