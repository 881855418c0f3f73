"""Whatever ends a run, the verdicts that were reached are told and written, and the exit code is no better than they are."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import attrs
import pytest

from interlock.checker.api import runs, saving
from interlock.checker.checks import run
from interlock.checker.command import batch, cli, exits
from interlock.checker.diagnostics import mistake
from interlock.checker.frontend import load_spec
from interlock.checker.report import junit
from interlock.checker.trace import itf

MODEL = """
from typing import Annotated, Final

from interlock import Range, action, require, state

TOP: Final = 9


@state
class State:
    x: Annotated[int, Range(0, 9)] = 0


@action
def up(s: State) -> None:
    require(s.x < TOP)
    s.x += 1
"""
SPEC = """
import toy
from interlock import Holds, always, check
from toy import State


@always
def near(s: State) -> bool:
    return s.x < 3


@always
def most(s: State) -> bool:
    return s.x <= 9


check("good", toy, properties=(most,), expect=Holds())
check("bad", toy, properties=(near,), expect=Holds())
"""
GOOD, BAD, ALONE = ("--only", "good"), ("--only", "bad"), ("--jobs", "1")
ENVIRONMENT = {k: v for k, v in os.environ.items() if k != "COLUMNS"} | {"PYTHONPATH": os.pathsep.join(sys.path)}


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    """A spec of which one check holds, and one should not."""
    (tmp_path / "toy.py").write_text(MODEL)
    (tmp_path / "toy_spec.py").write_text(SPEC)
    return tmp_path / "toy_spec.py"


def shell(redirected: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    """A run of the command line with its streams redirected by a shell."""
    command = 'exec "$0" -m interlock "$@" ' + redirected
    words = ["bash", "-c", command, sys.executable, *map(str, arguments)]
    return subprocess.run(words, capture_output=True, text=True, env=ENVIRONMENT, check=False)


def written(path: Path) -> dict[str, str]:
    """The verdicts of a JSON file by check."""
    return {c["check"]: c["verdict"] for c in json.loads(path.read_text())["checks"]}


# --- nobody can take what is said ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("redirected", "good", "note"),
    [
        (">&-", exits.OK, "note: standard output is closed: the exit code and the files that were asked for say what"),
        ("2>&-", exits.OK, ""),
        (">&- 2>&-", exits.OK, ""),
        ("<&-", exits.OK, ""),
        ("> /dev/full", exits.WRONG_INPUT, "note: standard output could not be written (No space left on device): the"),
        ("2> /dev/full", exits.OK, ""),
    ],
)
def test_a_stream_that_takes_nothing_costs_no_verdict(spec: Path, redirected: str, good: int, note: str) -> None:
    """The files are written, and the exit code is that of the verdicts, or worse."""
    out = spec.parent / "r.json"
    passing = shell(redirected, "check", spec, *GOOD, "--json", out)
    verdicts = written(out)
    failing = shell(redirected, "check", spec, "--json", out)

    assert (passing.returncode, failing.returncode) == (good, exits.DIFFERS)
    assert verdicts == {"good": "Holds"}
    assert written(out) == {"good": "Holds", "bad": "Violated(near, steps=3)"}
    assert "defect" not in passing.stderr + failing.stderr
    assert passing.stderr.startswith(note)


@pytest.mark.parametrize("arguments", [["--help"], ["show", "toy_spec.py"], ["check", "nowhere.py"]])
@pytest.mark.parametrize("redirected", [">&- 2>&-", "> /dev/full 2> /dev/full"])
def test_the_other_commands_end_without_a_defect(spec: Path, arguments: Sequence[str], redirected: str) -> None:
    """Nothing to write is no traceback."""
    ended = subprocess.run(
        ["bash", "-c", f'"$0" -m interlock "$@" {redirected}', sys.executable, *arguments], cwd=spec.parent,
        env=ENVIRONMENT, check=False,
    )  # fmt: skip

    assert ended.returncode in (exits.OK, exits.WRONG_INPUT)


def test_a_reader_that_goes_away_changes_nothing(spec: Path) -> None:
    """The pipe is closed after its first character; the run goes on in silence."""
    out, errors = spec.parent / "r.json", spec.parent / "errors"
    with errors.open("w") as said:
        process = subprocess.Popen(
            [sys.executable, "-m", "interlock", "check", spec, "--all", "--json", out], stdout=subprocess.PIPE,
            stderr=said, env=ENVIRONMENT,
        )  # fmt: skip
        assert process.stdout is not None
        process.stdout.read(1)
        process.stdout.close()
        code = process.wait()

    assert code == exits.DIFFERS
    assert written(out) == {"good": "Holds", "bad": "Violated(near, steps=3)"}
    assert errors.read_text() == ""


@pytest.mark.parametrize("redirected", ["", "| cat", "> out.txt; cat out.txt"])
def test_results_may_be_written_to_standard_output(spec: Path, redirected: str) -> None:
    """A terminal, a pipe, or a file that the shell opened: behind what was said before."""
    command = f'cd "$2"; "$0" -m interlock check "$1" --json /dev/stdout {redirected}'
    ended = subprocess.run(
        ["bash", "-c", command, sys.executable, spec.name, spec.parent], capture_output=True, text=True, env=ENVIRONMENT,
        check=False,
    )  # fmt: skip
    said, start, rest = ended.stdout.partition("{")

    assert [c["check"] for c in json.loads(start + rest)["checks"]] == ["good", "bad"]
    assert "1 of 2 checks as expected" in said or redirected.startswith(">")  # opened anew, which cuts it off


def test_a_file_never_lands_on_a_closed_stream(spec: Path) -> None:
    """What is opened first would have its number, and get what others say there."""
    out = spec.parent / "r.json"
    shell(">&- 2>&- <&-", "check", spec, "--json", out, "--traces", spec.parent / "traces")

    assert written(out)["bad"] == "Violated(near, steps=3)"
    for trace in (spec.parent / "traces").iterdir():
        assert json.loads(trace.read_text())["states"]


# --- the disk ------------------------------------------------------------------------------------------


def no_room(path: Path, _text: str) -> None:
    """A disk without room."""
    raise OSError(errno.ENOSPC, "No space left on device")


def test_a_full_disk_costs_traces_and_no_verdict(
    spec: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The verdict is told and written; no trace is named that is not there; what was asked for is missing, so exit 2."""
    out, folder = spec.parent / "r.json", spec.parent / "traces"
    monkeypatch.setattr(itf.writing, "write", no_room)
    code = cli.main(["check", str(spec), *BAD, "--traces", str(folder), "--json", str(out)])
    said = capsys.readouterr()
    monkeypatch.undo()
    again = cli.main(["check", str(spec), *BAD, "--traces", str(folder), "--json", str(out)])

    assert code == exits.WRONG_INPUT
    assert "UNEXPECTED   bad: Violated(near, steps=3)" in said.out
    assert "interlock replay" not in said.out
    assert "error[C006]: cannot write" in said.err
    assert "No space left on device" in said.err
    assert (again, len(list(folder.iterdir()))) == (exits.DIFFERS, 1)


def test_files_that_cannot_be_written_cost_neither_the_verdict_nor_each_other(
    spec: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The disk of one is full; the other is there."""
    out, junit = spec.parent / "r.json", spec.parent / "r.xml"
    sound = batch.put

    def picky(path: Path, text: str) -> None:
        if path == out:
            raise mistake("C006", f"cannot write {path}: No space left on device", "make room")
        sound(path, text)

    monkeypatch.setattr(batch, "put", picky)
    code = cli.main(["check", str(spec), *GOOD, "--json", str(out), "--junit", str(junit)])

    assert code == exits.WRONG_INPUT
    assert "as expected  good: Holds" in capsys.readouterr().out
    assert (out.exists(), junit.exists()) == (False, True)


def test_a_trace_that_replay_would_not_read_is_not_written(
    spec: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It says how large it is."""
    monkeypatch.setattr(itf, "MOST_BYTES", 500)
    code = cli.main(["check", str(spec), *BAD, "--traces", str(spec.parent / "traces")])

    assert code == exits.WRONG_INPUT
    assert "bytes, and `replay` reads 500 at most" in capsys.readouterr().err
    assert list((spec.parent / "traces").iterdir()) == []


# --- what the machine has ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("problem", "told"),
    [
        (MemoryError(), "memory"),
        (OSError(errno.ENOMEM, "Cannot allocate memory"), "memory (Cannot allocate memory)"),
        (OSError(errno.EMFILE, "Too many open files"), "open files (Too many open files)"),
        (RuntimeError("can't start new thread"), "no more threads can be started"),
        (OSError("Could not find/load shared object file 'libllvmlite.so'. More."), "a library cannot be loaded"),
        (Exception("libz3.so.4.13 not found."), "a library cannot be loaded"),
    ],
)
def test_what_the_machine_does_not_give_is_no_defect(
    spec: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], problem: Exception, told: str
) -> None:
    """The check is refused, the others are run, and what was reached is told and written."""
    sound = run.run_check

    def short(spec: Any, check: Any, *a: Any, **k: Any) -> Any:
        if check.name == "good":
            raise problem
        return sound(spec, check, *a, **k)

    monkeypatch.setattr(run, "run_check", short)
    out = spec.parent / "r.json"
    code = cli.main(["check", str(spec), "--json", str(out)])
    said = capsys.readouterr()

    assert code == exits.WRONG_INPUT
    assert 'error[C012]: check "good": ' in said.err
    assert told in said.err
    assert "0 of 1 check as expected, 1 not as expected, 1 refused" in said.out
    assert written(out) == {"bad": "Violated(near, steps=3)"}


def test_a_run_that_is_given_little_memory_says_so(spec: Path) -> None:
    """Wherever it runs out; never as a defect."""
    for kilobytes in (150_000, 260_000, 300_000):
        command = f'ulimit -v {kilobytes}; exec "$0" -m interlock check "$1" --no-cache'
        ended = subprocess.run(
            ["bash", "-c", command, sys.executable, spec], capture_output=True, text=True, env=ENVIRONMENT, check=False
        )

        assert ended.returncode in (exits.DIFFERS, exits.WRONG_INPUT), ended
        assert "Traceback" not in ended.stderr
        assert "defect" not in ended.stderr


def test_a_path_that_is_no_text_is_a_path(spec: Path) -> None:
    """Its results are written, in every format, and its traces replay."""
    folder = Path(os.fsdecode(os.fsencode(spec.parent) + b"/caf\xe9"))
    folder.mkdir()
    for name in ("toy.py", "toy_spec.py"):
        (folder / name).write_text((spec.parent / name).read_text())
    files = [spec.parent / f"r.{kind}" for kind in ("json", "junit", "sarif")]
    options = [word for f in files for word in (f"--{f.suffix[1:]}", f)]
    ended = shell("", "check", folder / "toy_spec.py", *options, "--traces", spec.parent / "traces")
    (trace,) = (spec.parent / "traces").iterdir()

    assert ended.returncode == exits.DIFFERS
    assert "caf\\udce9" in ended.stdout
    assert all(f.stat().st_size for f in files)
    assert json.loads(files[0].read_text())["checks"][0]["spec"].endswith("caf\udce9/toy_spec.py")
    assert shell("", "replay", trace).returncode == exits.OK


# --- signals -------------------------------------------------------------------------------------------

# A signal that the tests were started to ignore, as under `nohup`, would stay ignored.
HEARS = "import signal; signal.signal(signal.SIGHUP, signal.SIG_DFL)\n"

STOPS = """
import os, signal, sys
from interlock.checker.command import cli
from interlock.checker.checks import run

sound = run.run_check

def check(spec, check, *a, interrupted, **k):
    result = sound(spec, check, *a, interrupted=interrupted, **k)
    if check.name == "good":
        for _ in range({times}):
            os.kill(os.getpid(), signal.{name})
    return result

run.run_check = check
sys.exit(cli.main(sys.argv[1:]))
"""


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_a_signal_ends_the_run_and_what_was_reached_is_written(spec: Path, name: str) -> None:
    """The check at work is finished or says what it covered, the next is not begun."""
    out, junit = spec.parent / "r.json", spec.parent / "r.xml"
    files = ("--json", out, "--junit", junit)
    words = [sys.executable, "-c", HEARS + STOPS.format(name=name, times=1), "check", spec, *ALONE, *files]
    ended = subprocess.run(words, capture_output=True, text=True, env=ENVIRONMENT, check=False)
    data = json.loads(out.read_text())

    assert ended.returncode == exits.UNDECIDED
    assert "1 of 1 check as expected, 1 not run" in ended.stdout
    assert ended.stderr == "interrupted\n"
    assert written(out) == {"good": "Holds"}
    assert data["not_run"] == [{"spec": str(spec), "check": "bad"}]
    assert 'skipped="1"' in junit.read_text()


def test_a_second_signal_ends_the_check_at_work_and_loses_no_other(spec: Path) -> None:
    """What was reached before is written all the same."""
    out = spec.parent / "r.json"
    text = STOPS.format(name="SIGTERM", times=2).replace('== "good"', '== "bad"')
    words = [sys.executable, "-c", text, "check", spec, *ALONE, "--json", out]
    ended = subprocess.run(words, capture_output=True, text=True, env=ENVIRONMENT, check=False)

    assert ended.returncode == exits.UNDECIDED
    assert written(out) == {"good": "Holds"}
    assert json.loads(out.read_text())["not_run"] == [{"spec": str(spec), "check": "bad"}]


def test_a_signal_that_is_ignored_stays_ignored(spec: Path) -> None:
    """As under `nohup`."""
    text = "import signal; signal.signal(signal.SIGHUP, signal.SIG_IGN)\n" + STOPS.format(name="SIGHUP", times=1)
    words = [sys.executable, "-c", text, "check", spec, *ALONE]
    ended = subprocess.run(words, capture_output=True, text=True, env=ENVIRONMENT, check=False)

    assert ended.returncode == exits.DIFFERS
    assert "1 of 2 checks as expected, 1 not as expected" in ended.stdout


ASKS = """
import os, pathlib, signal, sys
import z3
from interlock.checker.command import cli

sound, asked = z3.Solver.check, []

def check(self, *assumptions):
    x, y = z3.BitVecs("x y", 96)  # a question that takes longer than anybody waits
    self.add(z3.UGT(x, 1), z3.UGT(y, 1), x * y == 2**89 - 1, z3.ULT(x, 2**60), z3.ULT(y, 2**60))
    if not asked:
        asked.append(1)
        os.kill(os.getpid(), signal.{name})
    return sound(self, *assumptions)

z3.Solver.check = check
sys.exit(cli.main(sys.argv[1:]))
"""


@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP"])
def test_a_question_to_z3_is_ended_too(spec: Path, name: str) -> None:
    """It looks at no signal but Ctrl-C, and its answer may take for ever."""
    out = spec.parent / "r.json"
    words = [
        sys.executable,
        "-c",
        HEARS + ASKS.format(name=name),
        "check",
        spec,
        "--engine",
        "bmc",
        *ALONE,
        "--json",
        out,
    ]
    ended = subprocess.run(words, capture_output=True, text=True, env=ENVIRONMENT, check=False)

    assert ended.returncode == exits.UNDECIDED
    assert "undecided    good: Unknown(interrupted)" in ended.stdout
    assert ended.stderr == "interrupted\n"
    assert written(out) == {"good": "Unknown(interrupted)"}


# --- the exit code -------------------------------------------------------------------------------------


def test_a_result_names_no_trace_that_is_not_there(spec: Path) -> None:
    """Where its folder cannot be made."""
    read = load_spec(spec)
    result = run.run_check(read, read.checks[1])
    (spec.parent / "file").write_text("")
    kept, problems = saving.saved(result, spec.parent / "file" / "folder")

    assert (kept.trace_file, [d.code for d in problems]) == (None, ["C006"])


def test_the_exit_code_is_that_of_the_worst(spec: Path) -> None:
    """A defect, wrong input, a difference, something undecided, in this order."""
    read = load_spec(spec)
    good, bad = (run.run_check(read, c) for c in read.checks)
    open_, defect = attrs.evolve(good, undecided=True), attrs.evolve(good, kind=None)

    def code(*results: Any, **what: bool) -> int:
        return exits.code(results, **what)

    assert code(good) == exits.OK
    assert code(good, open_) == code(good, stopped=True) == exits.UNDECIDED
    assert code(open_, bad, stopped=True) == exits.DIFFERS
    assert code(open_, bad, refused=True) == code(good, refused=True) == exits.WRONG_INPUT
    assert code(defect, bad, refused=True) == code(good, broken=True, refused=True) == exits.INTERNAL


@pytest.mark.parametrize(
    ("problem", "expected"), [(MemoryError(), exits.WRONG_INPUT), (ZeroDivisionError("x"), exits.INTERNAL)]
)
@pytest.mark.parametrize("part", ["to_junit", "saved", "details"])
def test_what_fails_after_a_verdict_costs_no_verdict(
    spec: Path, monkeypatch: pytest.MonkeyPatch, part: str, problem: Exception, expected: int
) -> None:
    """Where a trace is kept, a result is shown, or a file is made."""

    def failing(*_: object) -> None:
        raise problem

    module: Any = {"to_junit": junit, "saved": runs, "details": batch.terminal}[part]
    monkeypatch.setattr(module, part, failing)
    out, folder = spec.parent / "r.json", spec.parent / "traces"
    code = cli.main(
        ["check", str(spec), "--json", str(out), "--junit", str(spec.parent / "r.xml"), "--traces", str(folder)]
    )

    assert code == expected
    assert written(out) == {"good": "Holds", "bad": "Violated(near, steps=3)"}
