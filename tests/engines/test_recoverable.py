"""What must stay possible is claimed of each value of the parameters, however many there are."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import attrs
import pytest

from interlock.checker.command import cli
from interlock.checker.contract import Budget, Holds, Step, Task, Trouble, Unknown, Verdict, Violated
from interlock.checker.engines import reduction
from interlock.checker.engines.explore import Explore
from interlock.checker.frontend import load_spec
from interlock.checker.ir import scalar as sc
from interlock.checker.ir.scalar import Node, ScalarSystem
from interlock.checker.native.module.program import Program
from interlock.checker.native.store import disk_levels, disk_steps
from interlock.checker.native.store.states import OutOfMemory
from interlock.checker.native.store.visited import Visited
from tests.engines.test_explore import replayed
from tests.native.systems import action, leaf, recoverable, scalar_system, shared

num = sc.integer
MODEL = """from interlock import Enum, Map, Scalarset, action, auto, filled, require, state


class Transfer(Scalarset, size=2):
    pass


class Stage(Enum):
    SENT = auto()
    PAID = auto()
    FROZEN = auto()


@state
class State:
    stage: Map[Transfer, Stage] = filled(Stage.SENT)


@action
def pay(s: State, t: Transfer) -> None:
    require(s.stage[t] == Stage.SENT)
    s.stage[t] = Stage.PAID


@action(fault="freeze")
def freeze(s: State, t: Transfer) -> None:
    require(s.stage[t] == Stage.SENT and all(s.stage[u] != Stage.FROZEN for u in Transfer))
    s.stage[t] = Stage.FROZEN
"""
SPEC = """import frozen
from frozen import Stage, State, Transfer
from interlock import Holds, Violated, check, recoverable


@recoverable
def can_be_paid(s: State, t: Transfer) -> bool:
    return s.stage[t] == Stage.PAID


@recoverable
def one_can_be_paid(s: State) -> bool:
    return any(s.stage[t] == Stage.PAID for t in Transfer)


check("nothing is frozen", frozen, expect=Holds())
check("one is frozen", frozen, faults={"freeze"}, properties=(can_be_paid,), expect=Violated(can_be_paid, steps=1))
check("the other is not", frozen, faults={"freeze"}, properties=(one_can_be_paid,), expect=Holds())
"""


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    (tmp_path / "frozen.py").write_text(MODEL)
    (tmp_path / "frozen_spec.py").write_text(SPEC)
    return tmp_path / "frozen_spec.py"


def test_a_value_that_is_out_of_reach_is_not_made_up_for_by_another(
    spec: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One of two transfers is frozen: it cannot be paid, though the other can."""
    assert cli.main(["check", str(spec), "-v", "--no-cache"]) == cli.OK

    out = capsys.readouterr().out
    assert "3 of 3 checks as expected" in out
    assert "    1. freeze(t=Transfer(0))   [fault: freeze]" in out
    assert "    from here no path leads to can_be_paid(t=Transfer(0))\n" in out
    assert "        false: s.stage[t] == Stage.PAID" in out
    assert "        checked again in plain Python: it is false in all 2 states that can be reached from here" in out


def test_a_saved_trace_knows_the_value(spec: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It replays; without the value, as of a time when it meant another thing, it is refused."""
    traces = tmp_path / "traces"
    assert cli.main(["check", str(spec), "--only", "one is frozen", "--traces", str(traces)]) == cli.OK
    (file,) = traces.iterdir()
    capsys.readouterr()
    assert cli.main(["replay", str(file)]) == cli.OK
    assert "from here no path leads to can_be_paid(t=Transfer(0))" in capsys.readouterr().out

    data = json.loads(file.read_text())
    assert data["#meta"]["interlock"]["params"] == {"t": "Transfer(0)"}
    data["#meta"]["interlock"]["params"] = {"t": "Transfer(1)"}
    file.write_text(json.dumps(data))
    assert cli.main(["replay", str(file)]) == cli.DIFFERS
    said = " ".join(capsys.readouterr().out.split())
    assert "after the path, pay(t=Transfer(1)) leads to can_be_paid(t=Transfer(1)) in plain Python" in said

    del data["#meta"]["interlock"]["params"]
    file.write_text(json.dumps(data))
    assert cli.main(["replay", str(file)]) == cli.WRONG_INPUT
    said = capsys.readouterr().err
    assert "T005" in said
    assert "its parameters are missing" in said
    assert "run the check again with `--traces`" in said


def test_show_says_how_parameters_quantify(spec: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["show", str(spec), "--only", "one is frozen"]) == cli.OK

    assert "    recoverable can_be_paid, for all t: Transfer" in capsys.readouterr().out


# --- many goals ------------------------------------------------------------------------------------


def ring(top: int, goals: list[Node], *, stop: int | None = None) -> ScalarSystem:
    """A number that goes up one by one, and starts again from anywhere but where it stops; and one of no matter."""
    x = sc.int_var("s", 0, 0, top)
    up = action("up", [], [sc.lt(x, num(top))], {0: sc.add(x, num(1))})
    back = action("back", [], [] if stop is None else [sc.not_(sc.eq(x, num(stop)))], {0: num(0)})
    turn = action("turn", [(0, 3)], [sc.eq(x, num(0))], {1: sc.int_var("p", 0, 0, 3)})
    leaves = (leaf("x", 0, top), leaf("y", 0, 3))
    return scalar_system(leaves, ((0, 0),), (up, back, turn), (recoverable("at", goals),))


def at_each(top: int, count: int) -> list[Node]:
    x = sc.int_var("s", 0, 0, top)
    return [sc.eq(x, num(k)) for k in range(count)]


def run(system: ScalarSystem, workers: int = 1, **options: Any) -> Verdict:
    return Explore().run(Task(system, workers=workers, **options))


def lost(verdict: Verdict) -> tuple[int, tuple[object, ...]]:
    """After how many steps which values are out of reach."""
    assert isinstance(verdict, Violated)
    assert verdict.path is not None
    return len(verdict.path.steps), verdict.params


COUNTS = [1, 7, 8, 9, 63, 64, 65, 130]


@pytest.mark.parametrize("count", COUNTS)
def test_however_many_goals_there_are_all_are_looked_for(count: int) -> None:
    """Each position of the ring, which goes on for ever; and one that is none of them, wherever it stands."""
    top = max(count, 3)
    whole = run(ring(top, at_each(top, count)))
    assert isinstance(whole, Holds)

    for place in {0, count // 2, count - 1}:
        goals = at_each(top, count)
        goals[place] = sc.FALSE
        assert lost(run(ring(top, goals))) == (0, (place,))


@pytest.mark.parametrize("count", COUNTS)
def test_of_several_goals_that_are_lost_the_first_is_told(count: int) -> None:
    """The ring breaks at its top: from there no other position is reached, and the first of them is 0."""
    top = max(count, 3)
    broken = ring(top, at_each(top, count))
    broken = attrs.evolve(broken, actions=(broken.actions[0], broken.actions[2]))

    assert lost(run(broken)) == (1, (0,))


@pytest.mark.parametrize("wide", [False, True])
def test_threads_and_marks_of_any_width_tell_the_same(wide: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where memory is too short for a word a state, a byte is taken, eight goals at a time."""
    top, count = 130, 130
    goals = at_each(top, count)
    goals[70] = goals[101] = sc.FALSE
    system = ring(top, goals)
    first = run(system)
    asked: list[int] = []

    def afford(self: Visited, more: int) -> None:
        if not more:  # what the search begins with
            return
        asked.append(more)
        if len(asked) % 2 and not wide:  # room for words is asked for first
            raise OutOfMemory

    monkeypatch.setattr(Visited, "afford_beside", afford)
    with shared():
        verdicts = [run(system, workers) for workers in (1, 2, 3)]

    assert lost(first) == (0, (70,))
    assert [lost(v) for v in verdicts] == [lost(first)] * 3
    assert len({v.path for v in (first, *verdicts) if isinstance(v, Violated)}) == 1


def test_marks_are_within_the_budget_of_memory() -> None:
    """There is room for the table, and not for a byte a state beside it."""
    top = 30_000
    system = ring(top, at_each(top, 9))
    needed = run(attrs.evolve(system, properties=())).coverage.peak_memory
    assert needed is not None

    verdict = run(system, budget=Budget(memory=needed + 1_000))

    assert isinstance(verdict, Unknown)
    assert verdict.reason.startswith("memory budget of ")


def test_goals_that_are_the_same_or_always_there_are_not_asked_about_twice() -> None:
    """A hundred values that want two things, and one that wants nothing."""
    top = 9
    goals = [sc.TRUE, *at_each(top, 2) * 50]
    search = Program(ring(top, goals))

    assert [p.numbers for p in search.portions] == [(1, 2)]
    assert search.shape.marks == (8,)


def test_what_is_claimed_of_no_value_holds() -> None:
    system = ring(3, [])

    assert isinstance(run(attrs.evolve(system, properties=(attrs.evolve(system.properties[0], goals=()),))), Holds)


# --- on disk ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(("count", "at_a_time"), [(1, 1), (9, 3), (9, 64), (65, 40)])
def test_states_on_disk_are_asked_the_same(
    count: int, at_a_time: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As many goals at a time as memory has room for."""
    top = 30
    goals = [sc.or_((g, sc.eq(sc.int_var("s", 1, 0, 3), num(3)))) for g in at_each(top, count)]
    system = ring(top, [*goals, sc.le(num(top), sc.int_var("s", 0, 0, top))], stop=top)
    in_memory = run(system)
    grow = Visited._grow_table

    def refuse(self: Visited, least: int) -> None:
        if self.reserved:
            raise OutOfMemory
        grow(self, least)

    monkeypatch.setattr(Visited, "_grow_table", refuse)
    monkeypatch.setattr("interlock.checker.native.store.visited._FIRST", 8)
    monkeypatch.setattr("interlock.checker.native.store.leaving.Portions.least", lambda self: 64)
    monkeypatch.setattr(disk_levels, "_COST_OF_GOAL", 0)
    bits = sum(-(-size // 8) for size in [4] * (top + 1))
    monkeypatch.setattr(disk_steps.Steps, "left", lambda self: at_a_time * bits)
    on_disk = run(system, spill=tmp_path)

    assert any("spilled" in note for note in on_disk.coverage.notes)
    assert lost(on_disk) == lost(in_memory)
    assert isinstance(in_memory, Violated)
    assert isinstance(on_disk, Violated)
    assert on_disk.path == in_memory.path


# --- reduced by symmetry ---------------------------------------------------------------------------

VOTE = """from typing import Annotated

from interlock import Bound, FiniteSet, Map, Range, Scalarset, Seq, action, filled, require, state


class Who(Scalarset, size=4):
    pass


@state
class State:
    votes: Map[Who, Annotated[int, Range(0, 2)]] = filled(0)
    out: FiniteSet[Who] = FiniteSet()


@action
def vote(s: State, who: Who) -> None:
    require(who not in s.out)
    s.votes[who] = (s.votes[who] + 1) % 3


@action(fault="leave")
def leave(s: State, who: Who) -> None:
    require(len(s.out) == 0 and s.votes[who] == 1)
    s.out |= {who}
"""


def voting(folder: Path, claim: str, faults: str) -> ScalarSystem:
    """The scalar form of a vote of four, about which one thing is claimed."""
    from interlock.checker.passes.scalarize import scalarize

    (folder / "vote.py").write_text(VOTE)
    head = "import vote\nfrom interlock import FiniteSet, Holds, check, recoverable\nfrom vote import State, Who\n"
    text = f'{head}\n\n@recoverable\n{claim}\n\n\ncheck("all", vote, faults={{{faults}}}, expect=Holds())\n'
    (folder / "vote_spec.py").write_text(text.replace("{}", "set()") if faults else text.replace("faults={}, ", ""))
    check = load_spec(folder / "vote_spec.py").checks[0]
    actions = check.program.allowed(check.faults)
    return scalarize(check.program, actions, check.properties, None, check.helpers)


ONE = "def votes_twice(s: State, who: Who) -> bool:\n    return s.votes[who] == 2"
TWO = "def apart(s: State, one: Who, other: Who) -> bool:\n    return one == other or s.votes[one] + 1 < s.votes[other]"
THREE = (
    "def higher(s: State, a: Who, b: Who, c: Who) -> bool:\n"
    "    return a == b or b == c or c == a or s.votes[a] < s.votes[b] < s.votes[c]"
)
SOME = "def left(s: State, who: FiniteSet[Who]) -> bool:\n    return all(s.votes[w] == 0 for w in who)"


@pytest.mark.parametrize(
    ("claim", "goals", "permutations"),
    [(ONE, 1, 6), (TWO, 2, 2), (SOME, 5, 2), (THREE, 5, 1)],
)
def test_one_value_of_each_orbit_stands_for_all(claim: str, goals: int, permutations: int, tmp_path: Path) -> None:
    """The permutations are those that leave it alone: of a member, those of the three others; of sets of each size, those
    of two members that are both in, or both out."""
    system = voting(tmp_path, claim, "")
    found = reduction.at_first(Task(system, symmetry=True))
    made = found.quotient
    reduced, full = run(system, symmetry=True), run(system, symmetry=False)

    assert found.order == permutations
    assert made is None or len(made.goals[0]) == goals
    assert isinstance(reduced, Holds)
    assert isinstance(full, Holds)
    assert (reduced.coverage.states, reduced.coverage.transitions) == (full.coverage.states, full.coverage.transitions)


@pytest.mark.parametrize("claim", [ONE, TWO, SOME])
def test_what_is_lost_is_lost_in_a_reduced_search(claim: str, tmp_path: Path) -> None:
    """After as few steps, from a real state, and of a value that is out of reach there."""
    system = voting(tmp_path, claim, '"leave"')
    reduced, full = run(system, symmetry=True), run(system, symmetry=False)

    assert lost(reduced)[0] == lost(full)[0] == 2
    assert isinstance(reduced, Violated)
    assert reduced.path is not None
    who = reduced.path.steps[-1].params[0]
    assert reduced.path.steps[-1] == Step(1, (who,))
    assert replayed(system, reduced.path)[4 + who] == 1  # type: ignore[operator]


def test_members_that_are_all_named_are_not_reduced_by_and_that_is_said(tmp_path: Path) -> None:
    said = run(voting(tmp_path, THREE, ""), symmetry=True).coverage.notes

    assert said == (
        "not reduced by the symmetry of Who: the values of a recoverable property's parameters name all of its members",
    )


def test_a_deeper_trouble_is_still_told_after_an_earlier_one(tmp_path: Path) -> None:
    """Of a task that asks for everything, each property once, with what is lost of it."""
    system = voting(tmp_path, ONE, '"leave"')
    other = attrs.evolve(system.properties[0], name="again")
    verdict = run(attrs.evolve(system, properties=(*system.properties, other)), every=True)

    assert isinstance(verdict, Violated)
    assert [(v.property, v.trouble, v.params) for v in (verdict, *verdict.others)] == [
        ("votes_twice", Trouble.PROPERTY, (0,)),
        ("again", Trouble.PROPERTY, (0,)),
    ]
