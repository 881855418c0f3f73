"""Checks that run beside each other come out as one after another, whatever ends them, and leave no process behind."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as Xml

import pytest

from interlock.checker.api import jobs as beside
from interlock.checker.api.runs import Run, read, run
from interlock.checker.checks import finding, machine
from interlock.checker.checks.overrides import Overrides
from interlock.checker.command import cli, exits

# What differs from run to run; of code that was compared in an earlier run, more states are.
TIMES = {
    "search_seconds",
    "total_seconds",
    "bytes_per_state",
    "peak_memory_bytes",
    "compared_states",
    "states_per_second",
}
LINUX = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks at processes in /proc")

MODEL = """
from typing import Annotated, Final

from interlock import Enum, Map, Range, action, auto, filled, require, state

TOP: Final = 4
MOST: Final = 15


class Who(Enum):  # no two are interchangeable
    A = auto()
    B = auto()
    C = auto()
    D = auto()
    E = auto()
    F = auto()
    G = auto()


@state
class State:
    n: Map[Who, Annotated[int, Range(0, MOST)]] = filled(0)
    last: Annotated[int, Range(0, MOST)] = 0


@action
def up(s: State, w: Who) -> None:
    require(s.n[w] < TOP)
    s.n[w] += 1


@action
def copy(s: State, w: Who) -> None:
    s.last = s.n[w]
"""
SPEC = """
import many
from many import State, Who
from interlock import Holds, NoneWithin, NoneSampled, Violated, Unknown, always, check, reachable


@always
def small(s: State, w: Who) -> bool:
    return s.n[w] < 3


@always
def bounded(s: State, w: Who) -> bool:
    return s.n[w] <= 15


@reachable
def full(s: State) -> bool:
    return all(s.n[w] == 2 for w in Who)


check("holds", many, {"TOP": 2}, properties=(bounded, full), expect=Holds())
check("slow one", many, {"TOP": 4}, properties=(bounded,), expect=Holds())
check("violated", many, properties=(small,), expect=Violated(small, first=True))
check("differs", many, properties=(small,), expect=Holds())
check("undecided", many, {"TOP": 3}, properties=(bounded,), states=2000, expect=Holds())
check("refused", many, properties=(bounded,), walks=10, expect=Holds())
check("walks", many, properties=(bounded,), engine="simulate", walks=50, steps=20, expect=NoneSampled(50))
check("bounded", many, {"TOP": 2}, properties=(bounded,), engine="bmc", steps=2, expect=NoneWithin(2))
check("errs", many, {"MOST": 2}, properties=(bounded,), expect=Holds())
"""
OTHER = """
import many
from many import State
from interlock import Holds, always, check


@always
def fine(s: State) -> bool:
    return s.last <= 15


check("of another file", many, {"TOP": 2}, expect=Holds())
"""
ENDLESS = """
import many
from many import State, Who
from interlock import Holds, always, check


@always
def fine(s: State) -> bool:
    return s.last <= 15


check("quick", many, {"TOP": 1}, expect=Holds())
check("endless", many, {"TOP": 15}, expect=Holds())
check("endless too", many, {"TOP": 14}, expect=Holds())
check("never begun", many, {"TOP": 13}, expect=Holds())
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with checks of every kind, and a file that is refused."""
    (tmp_path / "specs").mkdir()
    for name, text in (
        ("many", MODEL),
        ("a_spec", SPEC),
        ("b_spec", OTHER),
        ("c_spec", OTHER.replace("-> bool", "-> int")),
    ):
        (tmp_path / "specs" / f"{name}.py").write_text(text)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("INTERLOCK_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(sys.path))
    return tmp_path


@pytest.fixture
def endless(folder: Path) -> Path:
    """A spec with searches that nobody waits for."""
    (folder / "endless_spec.py").write_text(ENDLESS)
    (folder / "many.py").write_text(MODEL)
    return folder / "endless_spec.py"


@pytest.fixture
def begin() -> Iterator[Callable[..., Any]]:
    """Starts a process that is gone when the test is, however that ends.  It hears of a terminal that goes, even where
    the tests do not, as under `nohup`."""
    begun: list[Any] = []

    def hears() -> None:
        signal.signal(signal.SIGHUP, signal.SIG_DFL)

    def start(*a: Any, **k: Any) -> Any:
        begun.append(subprocess.Popen(*a, preexec_fn=hears, **k))
        return begun[-1]

    yield start
    for process in begun:
        process.kill()
        process.wait()


def command(*words: object) -> list[str]:
    """A command line as a process."""
    return [sys.executable, "-m", "interlock", *map(str, words)]


def told(text: str) -> str:
    """A text without times, memory, and how many states there was time to compare."""
    text = re.sub(r"(the evaluator on) [\d ]+ states?\b", r"\1 some states", text)
    text = re.sub(r", \d[\d.,]* [kMG]?\s?states/s|, [\d.]+ bytes a state of \d+ bits", "", text)
    return re.sub(r"\d[\d.,]* s\b", "<time>", text)


def as_json(path: Path) -> Any:
    """The results without what differs from run to run."""
    data = json.loads(path.read_text())
    for check in data["checks"]:
        for name in TIMES:
            del check[name]
    return data


def as_xml(path: Path) -> str:
    """The same of JUnit."""
    root = Xml.parse(path).getroot()
    for case in root.iter("testcase"):
        case.attrib.pop("time")
    return told(Xml.tostring(root, encoding="unicode"))


def children(of: int) -> list[int]:
    """The processes that a process started."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            number, rest = stat.read_text().split(" ", 1)
            if int(rest.rpartition(")")[2].split()[1]) == of:
                found.append(int(number))
    return found


def gone(numbers: list[int]) -> bool:
    """Whether processes are no more; waits a little for it."""
    return until(lambda: not any(Path(f"/proc/{n}").exists() for n in numbers)) is True


def until(sure: Callable[[], Any]) -> Any:
    """What becomes true within a while, which is counted in looks: no clock decides."""
    for _ in range(2000):
        if found := sure():
            return found
        time.sleep(0.03)
    raise AssertionError("it never came to that")


# --- the same on any number ----------------------------------------------------------------------------


@pytest.mark.parametrize("more", [(), ("--strict", "--coverage", "-v", "--format", "github")])
def test_everything_that_is_said_is_the_same_on_any_number_of_processes(folder: Path, more: tuple[str, ...]) -> None:
    """Text, notes, JSON, JUnit, SARIF, traces and the exit code."""
    seen = []
    for jobs in (1, 2, 4):
        files = [folder / f"r{jobs}.{kind}" for kind in ("json", "junit", "sarif")]
        written = [word for f in files for word in (f"--{f.suffix[1:]}", f)]
        ran = subprocess.run(
            command("check", "specs", "--jobs", jobs, *more, *written, "--traces", "traces"),
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        traces = {p.name: p.read_text() for p in Path("traces").iterdir()}
        for trace in Path("traces").iterdir():
            trace.unlink()
        seen.append((
            ran.returncode, told(ran.stdout), told(ran.stderr), as_json(files[0]), as_xml(files[1]),
            told(files[2].read_text()), traces,
        ))  # fmt: skip
    one, two, four = seen

    assert one[0] == exits.WRONG_INPUT
    assert len(one[3]["checks"]) == 9
    assert {c["standing"] for c in one[3]["checks"]} >= {"unexpected", "undecided", "hollow" if more else "as expected"}
    assert len(one[3]["refused"]) == 2
    assert len(one[6]) >= 2
    for few, many in ((one, two), (one, four)):
        for alone, together in zip(few, many, strict=True):
            assert together == alone


def test_processes_that_start_anew_say_the_same(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As where a process cannot be forked; they are sent the specs that were read."""
    get = beside.multiprocessing.get_context
    monkeypatch.setattr(beside.multiprocessing, "get_context", lambda _: get("spawn"))
    monkeypatch.setattr(beside, "_PATIENCE", 20.0)
    specs = read(folder / "specs" / "b_spec.py", folder / "specs" / "a_spec.py")
    found = [(r.check, r.verdict) for r in run(specs, jobs=2)]
    monkeypatch.undo()

    assert found == [(r.check, r.verdict) for r in run(specs)]


def test_as_many_run_as_pay(monkeypatch: pytest.MonkeyPatch) -> None:
    """No more than there are checks, processors for their threads, and memory."""
    monkeypatch.setattr(machine, "processors", lambda: 8)
    monkeypatch.setattr(machine, "free_memory", lambda: 64 << 30)

    assert beside.fitting(1, Overrides()) == 1
    assert beside.fitting(100, Overrides()) == 8
    assert beside.fitting(3, Overrides()) == 3
    assert beside.fitting(100, Overrides(workers=3)) == 2
    assert beside.fitting(100, Overrides(workers=16)) == 1
    monkeypatch.setattr(machine, "free_memory", lambda: 600 << 20)
    assert beside.fitting(100, Overrides()) == 2
    monkeypatch.setattr(machine, "free_memory", lambda: None)
    assert beside.fitting(100, Overrides()) == 8


# --- what needs the whole machine ----------------------------------------------------------------------


class Watched(beside.Jobs):
    """Jobs whose starts are noted."""

    begun: list[tuple[int, bool]] = []

    def _begin(self, number: int, *, alone: bool) -> Any:
        self.begun.append((number, alone))
        return super()._begin(number, alone=alone)


@pytest.fixture
def begun(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, bool]]:
    """The checks that processes were given, by number, and whether each was to run alone."""
    monkeypatch.setattr(beside, "Jobs", Watched)
    monkeypatch.setattr(Watched, "begun", [])
    return Watched.begun


def of(path: Path, *names: str, **options: Any) -> Run:
    """A run of some checks of a file beside each other."""
    specs = finding.load([path])
    chosen = [(s, c) for s in specs for c in s.checks if c.name in names]
    return Run(chosen, Overrides(**options), jobs=2)


@pytest.mark.parametrize("budget", [1.5, 3.0])
def test_a_check_that_its_share_of_memory_is_too_little_for_runs_again_alone(
    folder: Path, begun: list[tuple[int, bool]], budget: float
) -> None:
    """Its verdict is that of the whole budget, whether its share was used up or just large in it."""
    path = folder / "specs" / "a_spec.py"
    (plain,) = Run(of(path, "slow one").checks, Overrides(workers=1))
    whole = int((plain.coverage.peak_memory or 0) * budget)
    found = list(of(path, "holds", "slow one", memory=whole))
    alone = list(Run(of(path, "holds", "slow one").checks, Overrides(memory=whole)))

    assert [r.verdict for r in found] == [r.verdict for r in alone]
    assert [r.message for r in found] == [r.message for r in alone]
    assert (1, False) in begun
    assert (1, True) in begun


def test_a_budget_that_is_too_little_is_told_whole(folder: Path) -> None:
    """Not the share of it."""
    path = folder / "specs" / "a_spec.py"
    alone = [r.verdict for r in Run(of(path, "slow one", "holds").checks, Overrides(memory=3 << 19))]

    assert any("1.5 MiB" in verdict for verdict in alone)
    assert [r.verdict for r in of(path, "slow one", "holds", memory=3 << 19)] == alone


def test_a_long_search_takes_the_processors_that_others_leave(
    folder: Path, monkeypatch: pytest.MonkeyPatch, begun: list[tuple[int, bool]]
) -> None:
    """It is given back, and begun again alone; its counts are the same, and so is what is said of its threads."""
    monkeypatch.setattr(beside, "_LONG", 0.0)
    monkeypatch.setattr(machine, "processors", lambda: 2)
    path = folder / "specs" / "a_spec.py"
    first, second = of(path, "holds", "slow one")
    monkeypatch.setattr(beside, "_LONG", 3600.0)
    third, fourth = of(path, "holds", "slow one")

    assert (1, True) in begun[:4]
    assert begun[-2:] == [(0, False), (1, False)]
    assert second.coverage.states == fourth.coverage.states
    assert [r.workers for r in (first, second, third, fourth)] == [2, 2, 2, 2]


def test_threads_that_were_asked_for_are_given(folder: Path, begun: list[tuple[int, bool]]) -> None:
    """Nothing is then begun again."""
    found = list(of(folder / "specs" / "a_spec.py", "holds", "slow one", workers=1))

    assert [r.workers for r in found] == [1, 1]
    assert begun == [(0, False), (1, False)]


# --- whatever ends it ----------------------------------------------------------------------------------


@LINUX
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_a_signal_ends_all_and_what_was_reached_is_written(endless: Path, name: str, begin: Callable[..., Any]) -> None:
    """Checks at work say what they covered, in order; the others are not begun; no process is left."""
    out = endless.parent / "r.json"
    ran = begin(
        command("check", endless, "--jobs", 2, "--json", out), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert ran.stdout is not None
    seen = [ran.stdout.readline(), ran.stdout.readline()]
    started = children(ran.pid)
    time.sleep(1)
    ran.send_signal(getattr(signal, name))
    rest, errors = ran.communicate()
    data = json.loads(out.read_text())

    assert "quick: Holds" in seen[1]
    assert ran.returncode == exits.UNDECIDED
    assert [c["verdict"] for c in data["checks"]] == ["Holds", "Unknown(interrupted)", "Unknown(interrupted)"]
    assert [c["ended"] for c in data["checks"]][1] == {"cause": "interrupted", "reason": "interrupted"}
    assert data["not_run"] == [{"spec": "endless_spec.py", "check": "never begun"}]
    assert "1 of 3 checks as expected, 2 undecided, 1 not run" in rest
    assert errors == "interrupted\n"
    assert len(started) == 2
    assert gone(started)


@LINUX
def test_ctrl_c_on_a_terminal_is_heard_once(endless: Path, begin: Callable[..., Any]) -> None:
    """It reaches all processes of the group there; a check is asked to end and not ended at once."""
    control, screen = pty.openpty()
    ran = begin(command("check", endless, "--jobs", 2), stdout=screen, stderr=screen, start_new_session=True)
    os.close(screen)
    text = bytearray()

    def heard() -> bool:
        with contextlib.suppress(OSError):
            text.extend(os.read(control, 4096))
        return b"quick: Holds" in text

    until(heard)
    started = children(ran.pid)
    time.sleep(1)
    os.killpg(ran.pid, signal.SIGINT)
    with contextlib.suppress(OSError):
        while piece := os.read(control, 4096):
            text.extend(piece)
    os.close(control)

    assert ran.wait() == exits.UNDECIDED
    assert text.count(b"Unknown(interrupted)") >= 2
    assert b"Traceback" not in text
    assert gone(started)


@LINUX
def test_a_second_signal_ends_all_at_once(endless: Path, begin: Callable[..., Any]) -> None:
    """What was reached before is told all the same."""
    hang = "import time\nfrom interlock.checker.checks import run\n" + (
        "def hang(*a, **k):\n    while True:\n        time.sleep(0.05)\nsound = run.run_check\n"
        "run.run_check = lambda s, c, *a, **k: sound(s, c, *a, **k) if c.name == 'quick' else hang()\n"
        "import sys\nfrom interlock.checker.command import cli\nsys.exit(cli.main(sys.argv[1:]))"
    )
    out = endless.parent / "r.json"
    ran = begin(
        [sys.executable, "-c", hang, "check", str(endless), "--jobs", "2", "--json", str(out)], stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert ran.stdout is not None
    ran.stdout.readline(), ran.stdout.readline()
    started = until(lambda: len(found := children(ran.pid)) == 2 and found)
    ran.send_signal(signal.SIGTERM)
    time.sleep(1)
    ran.send_signal(signal.SIGTERM)
    _, errors = ran.communicate()
    data = json.loads(out.read_text())

    assert (ran.returncode, errors) == (exits.UNDECIDED, "interrupted\n")
    assert [c["check"] for c in data["checks"]] == ["quick"]
    assert [n["check"] for n in data["not_run"]] == ["endless", "endless too", "never begun"]
    assert gone(started)


@LINUX
def test_no_process_outlives_a_parent_that_is_killed(endless: Path, begin: Callable[..., Any]) -> None:
    """Nobody is there to tell them."""
    ran = begin(command("check", endless, "--jobs", 2), stdout=subprocess.PIPE, text=True)
    assert ran.stdout is not None
    ran.stdout.readline(), ran.stdout.readline()
    started = children(ran.pid)
    ran.kill()
    ran.wait()

    assert len(started) == 2
    assert gone(started)


KILLED = """
import os, signal, sys
from interlock.checker.command import cli
from interlock.checker.checks import run

sound = run.run_check

def check(spec, check, *a, **k):
    if check.name == "slow one":
        os.kill(os.getpid(), signal.SIGKILL)
    return sound(spec, check, *a, **k)

run.run_check = check
sys.exit(cli.main(sys.argv[1:]))
"""


@pytest.mark.parametrize("jobs", [2, 4])
def test_a_process_that_is_killed_is_a_defect_of_its_check_alone(folder: Path, jobs: int) -> None:
    """The others are run, those that waited for that process too."""
    out = folder / "r.json"
    words = ["check", "specs/a_spec.py", "specs/b_spec.py", "--jobs", str(jobs), "--json", str(out)]
    ran = subprocess.run([sys.executable, "-c", KILLED, *words], capture_output=True, text=True, check=False)
    data = json.loads(out.read_text())
    standing = {c["check"]: c["standing"] for c in data["checks"]}

    assert ran.returncode == exits.INTERNAL
    assert standing["slow one"] == "defect"
    assert list(standing.values()).count("defect") == 1
    assert len(standing) == 9
    assert "internal error: ProcessEnded: the process that ran the check was ended by signal 9" in " ".join(
        ran.stderr.split()
    )
    assert data["not_run"] == []


def test_a_defect_in_a_process_is_told_with_where_it_came_from(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As in the one process that there would be otherwise."""
    from interlock.checker.checks import run as running

    monkeypatch.setattr(running, "_answered", lambda *_, **__: 1 / 0)
    monkeypatch.setenv("INTERLOCK_DEBUG", "1")
    code = cli.main(["check", "specs/b_spec.py", "specs/a_spec.py", "--jobs", "2"])
    errors = capsys.readouterr().err

    assert code == exits.INTERNAL
    assert "internal error: ZeroDivisionError: division by zero" in errors
    assert "1 / 0" in errors


def test_fewer_run_beside_each_other_where_the_machine_gives_no_more(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And none is left out; where it gives none at all, that is told as what it is."""
    sound, made = beside._Worker, []

    def few(*a: Any) -> Any:
        if len(made) == most:
            raise BlockingIOError(11, "Resource temporarily unavailable")
        made.append(sound(*a))
        return made[-1]

    monkeypatch.setattr(beside, "_Worker", few)
    most, path = 1, folder / "specs" / "a_spec.py"
    found = list(of(path, "holds", "violated", "walks"))
    most = len(made)

    assert [r.check for r in found] == ["holds", "violated", "walks"]
    assert most == 1
    assert cli.main(["check", "specs/a_spec.py", "--jobs", "2"]) == exits.WRONG_INPUT


@LINUX
def test_a_process_that_somebody_else_ends_ends_the_run(endless: Path, begin: Callable[..., Any]) -> None:
    """What it says of its check is that it was interrupted, and so is the run."""
    out = endless.parent / "r.json"
    ran = begin(
        command("check", endless, "--jobs", 2, "--json", out), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert ran.stdout is not None
    ran.stdout.readline(), ran.stdout.readline()
    started = children(ran.pid)
    time.sleep(1)
    os.kill(started[0], signal.SIGTERM)
    _, errors = ran.communicate()

    assert (ran.returncode, errors) == (exits.UNDECIDED, "interrupted\n")
    assert [n["check"] for n in json.loads(out.read_text())["not_run"]] == ["never begun"]
    assert gone(started)


def test_a_reader_that_stops_leaves_no_process(folder: Path) -> None:
    """They are ended when the iteration is."""
    results = iter(of(folder / "specs" / "a_spec.py", "holds", "slow one", "walks"))
    next(results)
    results.close()  # type: ignore[attr-defined]

    assert beside.multiprocessing.active_children() == []


# --- with searches that are kept -----------------------------------------------------------------------


def test_searches_are_saved_and_go_on_beside_each_other(folder: Path) -> None:
    """The counts are those of runs that were never ended, and nothing is left when all are decided."""
    path, saved = folder / "specs" / "a_spec.py", folder / "saved"
    names = ("holds", "slow one", "violated")
    plain = [(r.check, r.verdict, r.coverage.states) for r in of(path, *names)]
    first = list(of(path, *names, checkpoint=saved, memory=1 << 20))
    kept = list(saved.iterdir())
    again = [(r.check, r.verdict, r.coverage.states) for r in of(path, *names, checkpoint=saved)]

    assert first[1].verdict.startswith("Unknown(memory budget of 1 MiB")
    assert kept
    assert again == plain
    assert list(saved.iterdir()) == []


def test_states_go_to_disk_beside_each_other(folder: Path) -> None:
    """And nothing is left there."""
    path, disk = folder / "specs" / "a_spec.py", folder / "disk"
    disk.mkdir()
    names = ("holds", "slow one", "violated")
    plain = [(r.check, r.verdict, r.coverage.states) for r in of(path, *names)]
    spilled = list(of(path, *names, spill=disk, memory=2 << 20))

    assert [(r.check, r.verdict, r.coverage.states) for r in spilled] == plain
    assert any("states were spilled to" in note for note in spilled[1].coverage.notes)
    assert list(disk.iterdir()) == []


# --- on a terminal -------------------------------------------------------------------------------------


def test_one_line_of_progress_is_that_of_the_check_that_is_told_next(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many are at work."""
    shown: list[str] = []
    open_: list[str] = []

    @contextlib.contextmanager
    def line(name: str) -> Any:
        assert open_ == []
        open_.append(name)
        yield lambda _: shown.append(name)
        open_.remove(name)

    monkeypatch.setattr(
        beside.sys, "stderr", type("Terminal", (), {"isatty": lambda _: True, "flush": lambda _: None})()
    )
    monkeypatch.setattr(beside, "_LONG", 3600.0)
    chosen = [
        (s, c)
        for s in finding.load([folder / "specs" / "a_spec.py"])
        for c in s.checks
        if c.name in ("slow one", "walks")
    ]
    told_ = []
    for result in Run(chosen, Overrides(workers=1, seconds=3.0), jobs=2, shown=line):
        assert open_ == []
        told_.append(result.check)

    assert told_ == ["slow one", "walks"]
    assert set(shown) <= {"slow one", "walks"}
