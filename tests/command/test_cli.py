"""The command line: exit codes, and the nearest right word for a wrong one."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import pytest

from interlock.checker.checks import finding
from interlock.checker.command import cli
from interlock.checker.trace.replay import ReplayMismatch

SPEC = "specs/two_phase_commit.py"
MANY_DIGITS = "9" * 5000  # Python reads no such number
TWO_WRONGS = """
from interlock.model import two_phase_commit
from interlock import Holds, always, check
from interlock.model.two_phase_commit import Decision, State

@always
def nobody_commits(s: State) -> bool:
    return s.decision != Decision.COMMITTED

@always
def nobody_aborts(s: State) -> bool:
    return s.decision != Decision.ABORTED

check("both", two_phase_commit, expect=Holds())
"""


@pytest.mark.parametrize(
    ("line", "code", "help_"),
    [
        ("chek specs", "C001", "did you mean `check`?"),
        ("check specs --slwo", "C001", "did you mean `--slow`?"),
        ("check specs --memory lots", "C001", "see"),
        ("check spec", "C002", "did you mean `specs`?"),
        ("check checker/report", "C002", "a spec file calls"),
        ("check specs --engine explorer", "C003", "did you mean `explore`?"),
        (f"check {SPEC} --only", "C001", "see"),
        (f"check {SPEC} --only 3managers", "C004", "did you mean `3 managers`?"),
        (f"explain {SPEC} --check 5 --action x", "C004", "known here"),
        ("replay nowhere.json", "T001", "--traces"),
        ("simulate specs --walks 0", "C001", "see"),
        ("simulate specs --steps 0", "C001", "see"),
        (f"simulate specs --seed {MANY_DIGITS}", "C001", "see"),
        (f"check specs --states {MANY_DIGITS}", "C001", "see"),
        (f"check specs --memory {MANY_DIGITS}", "C001", "see"),
        (f"check specs --time {MANY_DIGITS}", "C001", "see"),
        ("simulate specs --engine bmc", "C001", "an option of `interlock check`"),
        (f"check {SPEC} --workers 0", "C001", "see"),
        (f"check {SPEC} --distinct 0", "C001", "see"),
        (f"check {SPEC} --distinct few", "C001", "see"),
        ("simulate specs --coverage", "C001", "an option of `interlock check`"),
        ("check ", "C001", "see"),  # an empty path, as of a shell variable that is not set
        (f"check {SPEC} --traces {SPEC}", "C006", "a folder for --traces"),
        (f"check {SPEC} --json nowhere/r.json", "C006", "a folder that exists"),
        (f"check {SPEC} --junit specs", "C006", "name a file"),
        (f"check {SPEC} --checkpoint {SPEC}", "C006", "a folder for --checkpoint"),
        (f"check {SPEC} --checkpoint-every 5m", "C009", "--checkpoint DIR"),
        ("simulate specs --checkpoint x", "C001", "an option of `interlock check`"),
        (f"check {SPEC} --spill {SPEC}", "C006", "a folder for --spill"),
        (f"check {SPEC} --spill x --checkpoint x", "C009", "leave out `--checkpoint`"),
        ("simulate specs --spill x", "C001", "an option of `interlock check`"),
        (f"check {SPEC} --sarif {SPEC}/r.sarif", "C006", "a folder that exists"),
    ],
)
def test_a_mistake_gets_the_nearest_right_word(
    capsys: pytest.CaptureFixture[str], line: str, code: str, help_: str
) -> None:
    """Exit code 2, a stable code, and help."""
    status = cli.main(line.split(" "))
    said = capsys.readouterr().err

    assert status == cli.WRONG_INPUT
    assert f"error[{code}]" in said
    assert help_ in said
    assert "Traceback" not in said


def test_a_check_runs_saves_and_replays(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """From the spec to the trace file and back."""
    out = tmp_path / "r.json"
    line = ["check", SPEC, "--only", "commits too early", "--traces", str(tmp_path), "--json", str(out)]

    assert cli.main(line) == cli.OK
    (entry,) = json.loads(out.read_text())["checks"]
    assert entry["verdict"] == "Violated(consistent, steps=3)"
    assert cli.main(["replay", entry["trace"]]) == cli.OK
    assert "is false" in capsys.readouterr().out


def test_an_edited_trace_does_not_replay(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """A state that was changed by hand is found."""
    cli.main(["check", SPEC, "--only", "commits too early", "--traces", str(tmp_path)])
    (file,) = tmp_path.iterdir()
    data = json.loads(file.read_text())
    data["states"][1]["abort_sent"] = True
    file.write_text(json.dumps(data))

    assert cli.main(["replay", str(file)]) == cli.DIFFERS
    assert "does not replay" in capsys.readouterr().out


def test_a_budget_leaves_it_undecided() -> None:
    """Exit code 3."""
    assert cli.main(["check", SPEC, "--only", "3 managers", "--states", "5"]) == cli.UNDECIDED


def test_show_and_explain(capsys: pytest.CaptureFixture[str]) -> None:
    """What there is, and why not."""
    assert cli.main(["show", SPEC, "--only", "3 managers"]) == cli.OK
    assert cli.main(["explain", SPEC, "--check", "3 managers", "--action", "obey_abort(who=Manager(0))"]) == cli.OK
    said = capsys.readouterr().out

    assert "state: 16 bits, 12 leaves" in said
    assert "false: require(s.abort_sent)" in said


def test_results_that_cannot_be_written_are_refused_before_the_run(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody waits an hour to learn of it."""
    monkeypatch.setattr("interlock.checker.checks.run.run_check", lambda *_a, **_k: pytest.fail("the check ran"))

    assert cli.main(["check", SPEC, "--json", "nowhere/r.json"]) == cli.WRONG_INPUT
    assert "there is no folder nowhere" in capsys.readouterr().err


def test_what_an_engine_does_not_use_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    """In one line, and nothing where all of it is used."""
    cli.main(["check", SPEC, "--only", "3 managers", "--seed", "3", "--states", "1000", "--memory", "1G"])
    explored = capsys.readouterr().err
    cli.main(["simulate", SPEC, "--only", "3 managers", "--states", "9", "--memory", "1G", "--seed", "3"])
    walked = capsys.readouterr().err

    assert explored == "note: the engine explore does not use --seed\n"
    assert walked == "note: the engine simulate does not use --memory, --states\n"


@pytest.mark.parametrize(
    ("only", "option", "told"),
    [
        ("3 managers", [], "Holds, 288 states, 1 145 transitions, depth 10"),
        ("3 managers", ["--symmetry"], "Holds, 288 states (80 up to symmetry), 1 145 transitions, depth 10"),
        ("6 managers", [], "Holds, 50 816 states (553 up to symmetry), 402 305 transitions, depth 19"),
        ("6 managers", ["--no-symmetry"], "Holds, 50 816 states, 402 305 transitions, depth 19"),
    ],
)
def test_symmetry_is_used_where_it_pays_and_where_it_is_asked_for(
    only: str, option: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """The counts of the model are the same; what was kept stands beside them."""
    code = cli.main(["check", SPEC, "--only", only, *option])

    assert code == 0
    assert told in capsys.readouterr().out


def test_an_engine_that_does_not_reduce_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    """Where it was asked to; not to reduce is what it does."""
    cli.main(["check", SPEC, "--only", "3 managers", "--engine", "bmc", "--depth", "1", "--symmetry"])
    asked = capsys.readouterr().err
    cli.main(["check", SPEC, "--only", "3 managers", "--engine", "bmc", "--depth", "1", "--no-symmetry"])
    refused = capsys.readouterr().err

    assert asked == "note: the engine bmc does not use --symmetry\n"
    assert refused == ""


def test_all_lists_every_violated_property(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """Each with its trace, on the terminal, as a file that replays, and in JSON."""
    spec, out = tmp_path / "spec.py", tmp_path / "r.json"
    spec.write_text(TWO_WRONGS)
    line = ["check", str(spec), "--all", "--traces", str(tmp_path), "--json", str(out)]

    assert cli.main(line) == cli.DIFFERS
    said = capsys.readouterr().out
    assert "also violated: nobody_commits, in 7 steps" in said
    assert "--only both --all\n" in said
    (entry,) = json.loads(out.read_text())["checks"]
    assert entry["verdict"] == "Violated(nobody_aborts, steps=1)"
    (other,) = entry["also_violated"]
    assert (other["violated"], other["steps"]) == ("nobody_commits", 7)
    assert cli.main(["replay", other["trace"]]) == cli.OK
    assert "nobody_commits" in capsys.readouterr().out


@pytest.mark.parametrize("problem", [ReplayMismatch("step 1, is disabled in plain Python"), ZeroDivisionError("x")])
def test_a_defect_on_one_check_leaves_the_others(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, problem: Exception
) -> None:
    """It has an entry of its own everywhere, and the exit code is 70."""
    from interlock.checker.checks import run

    sound = run.run_check

    def lying(spec: object, check: object, *a: object, **k: object) -> object:
        if check.name == "3 managers":  # type: ignore[attr-defined]
            raise problem
        return sound(spec, check, *a, **k)  # type: ignore[arg-type]

    monkeypatch.setattr(run, "run_check", lying)
    out, junit, sarif = (tmp_path / name for name in ("r.json", "r.xml", "r.sarif"))
    line = ["check", SPEC, "--json", str(out), "--junit", str(junit), "--sarif", str(sarif)]

    assert cli.main(line) == cli.INTERNAL
    said = capsys.readouterr()
    first, *others = json.loads(out.read_text())["checks"]
    assert (first["verdict"], first["as_expected"]) == (f"Error({type(problem).__name__})", False)
    assert all(c["as_expected"] for c in others)
    assert "DEFECT       3 managers" in said.out
    assert "1 ended by a defect of Interlock" in said.out
    assert "internal error" in said.err
    assert 'errors="1"' in junit.read_text()
    assert '"defect"' in sarif.read_text()


def test_a_defect_is_no_traceback(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """An exception nobody expected is our defect, in two lines."""
    monkeypatch.setattr(finding, "spec_files", lambda _: 1 / 0)

    assert cli.main(["check", SPEC]) == cli.INTERNAL
    assert "internal error: ZeroDivisionError" in capsys.readouterr().err


def test_a_walk_is_found_again_by_the_command_that_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    """With the seed, as many walks and as long ones."""
    given = ["simulate", SPEC, "--only", "commits too early", "--seed", "7", "--steps", "50", "--verbose"]
    cli.main(given)
    first = capsys.readouterr().out
    (command,) = [x.partition(": ")[2] for x in first.splitlines() if x.strip().startswith("reproduce:")]
    cli.main([*shlex.split(command)[1:], "--verbose"])
    again = capsys.readouterr().out

    assert "--seed 7 --walks 7 --steps 50" in command
    took, found = (_walks(text) for text in (first, again))

    assert took == found != ""


def _walks(text: str) -> str:
    """What is said below the line of a check, but for what there was time to compare."""
    return re.sub(r"compiled code agreed .*\n", "", text.partition("seed 7")[2].partition("s\n")[2])


BIG = ["check", "tests/benchmarks/agg_core.py", "--only", "3x1", "--workers", "2"]


def test_a_search_that_ran_out_of_memory_goes_on_where_it_was(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """The command to type is printed; once there is a verdict, the checkpoint is gone."""
    folder, out = tmp_path / "it's here", tmp_path / "r.json"
    line = [*BIG, "--no-symmetry", "--checkpoint", str(folder), "--json", str(out)]

    assert cli.main([*line, "--memory", "4M", "--depth", "20"]) == cli.UNDECIDED
    said = capsys.readouterr().out
    (file,) = folder.iterdir()
    (entry,) = json.loads(out.read_text())["checks"]
    assert entry["checkpoint"] == str(file)
    (told,) = [x for x in said.splitlines() if "go on with: " in x]
    again = shlex.split(told.partition("go on with: ")[2])
    assert again[:2] == ["interlock", "check"]
    assert {"--depth", "--no-symmetry"} <= set(again)

    assert cli.main([*again[1:], "--json", str(out)]) == cli.OK
    (entry,) = json.loads(out.read_text())["checks"]
    assert (entry["distinct_states"], entry["depth"], entry["checkpoint"]) == (580_376, 15, None)
    assert "the search went on from a checkpoint of" in capsys.readouterr().out
    assert list(folder.iterdir()) == []


def test_a_search_that_ran_out_of_memory_goes_on_with_states_on_disk(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """The counts are those of a search in memory, a note says where the states went, and nothing stays there."""
    folder, out = tmp_path / "it's here", tmp_path / "r.json"

    assert cli.main([*BIG, "--no-symmetry", "--memory", "2M"]) == cli.UNDECIDED
    capsys.readouterr()
    assert cli.main([*BIG, "--no-symmetry", "--memory", "2M", "--spill", str(folder), "--json", str(out)]) == cli.OK
    (entry,) = json.loads(out.read_text())["checks"]
    assert (entry["distinct_states"], entry["transitions"], entry["depth"]) == (580_376, 2_351_394, 15)
    assert entry["peak_memory_bytes"] <= 2 * 2**20
    assert f"states were spilled to {folder}: 4.4 MiB" in " ".join(capsys.readouterr().out.split())
    assert list(folder.iterdir()) == []


def test_a_checkpoint_of_what_the_spec_said_before_is_refused(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """Another depth is another search, and so is a damaged file none; both stay where they are."""
    line = [*BIG, "--no-symmetry", "--checkpoint", str(tmp_path)]
    cli.main([*line, "--memory", "4M"])
    (file,) = tmp_path.iterdir()
    capsys.readouterr()

    assert cli.main([*line, "--depth", "9"]) == cli.WRONG_INPUT
    said = capsys.readouterr().err
    assert "error[C011]" in said
    assert 'check "3x1"' in said
    assert "depth: None there, 9 here" in said
    file.write_bytes(file.read_bytes()[:-1])
    assert cli.main(line) == cli.WRONG_INPUT
    assert "error[C010]" in capsys.readouterr().err
    assert file.exists()


def test_other_engines_say_that_they_save_nothing(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """A note, and no file."""
    line = ["check", SPEC, "--only", "3 managers", "--engine", "bmc", "--checkpoint", str(tmp_path / "c")]

    cli.main(line)

    assert "the engine bmc does not use --checkpoint" in capsys.readouterr().err
    assert not (tmp_path / "c").exists()


def test_a_large_search_says_what_a_state_takes(capsys: pytest.CaptureFixture[str]) -> None:
    """With `-v` any search does."""
    cli.main([*BIG, "-v"])
    verbose = capsys.readouterr().out
    cli.main(BIG)

    assert re.search(r"depth 15, 1\d\.\d bytes a state of 42 bits, ", verbose)
    assert "bytes a state" not in capsys.readouterr().out


def test_a_checkpoint_that_cannot_be_written_is_told(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once, on standard error, and the check ends as it would."""

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("interlock.checker.native.store.checkpoint.write", full)

    assert cli.main([*BIG, "--checkpoint", str(tmp_path), "--checkpoint-every", "0"]) == cli.OK
    said = capsys.readouterr().err
    assert said.count("note: the search could not be saved to") == 1
    assert said.endswith("No space left on device\n")
