"""Why an action is disabled: assignments, branches, loops and helpers are followed, and operands have values."""

from __future__ import annotations

from pathlib import Path

import pytest

from interlock.checker.frontend import load_spec
from interlock.checker.trace.explain import explain, parse_call

MODEL = '''from typing import Annotated, Final

from interlock import (
    Bound, Enum, FiniteSet, Map, Range, Scalarset, Seq, action, auto, filled, members, record, require, require_some, state,
)

MOST: Final = 2


class Track(Scalarset, size=2):
    """A track."""


class Mode(Enum):
    DAY = auto()
    NIGHT = auto()


@record
class Train:
    track: Track
    cars: Annotated[int, Range(0, 3)]


@state
class State:
    mode: Mode = Mode.DAY
    n: Annotated[int, Range(0, 5)] = 1
    busy: Map[Track, bool] = filled(True)
    train: Train | None = None
    next_of: Map[Track, Track | None] = filled(None)
    queue: Annotated[Seq[Mode], Bound(3)] = Seq((Mode.DAY,))
    seen: FiniteSet[Track] = FiniteSet()


@action
def after_local(s: State) -> None:
    left = MOST - s.n
    require(left > 1)


@action
def after_store(s: State) -> None:
    s.n += 3
    s.queue = s.queue.push(Mode.NIGHT)
    require(s.n < 4)


@action
def in_branch(s: State, k: bool) -> None:
    if k:
        require(s.n > 1)
    elif s.mode == Mode.DAY and s.n == 1:
        require(s.n > 2)
    else:
        require(s.n > 3)


@action
def in_loop(s: State) -> None:
    for t in Track:
        for m in Mode:
            require(m == Mode.DAY or not s.busy[t])


@action
def by_helper(s: State, t: Track) -> None:
    require(s.n > 0 and free(s, t))


@action
def by_early(s: State) -> None:
    require(open_(s, 4))


@action
def by_passed(s: State) -> None:
    require(calm(s))


@action
def needs(s: State, t: Track) -> None:
    s.n = 0
    require(s.next_of[require_some(s.next_of[t])] is None)


@action
def named(s: State) -> None:
    enough = s.n > 1 and s.mode == Mode.DAY
    require(enough)


@action
def chosen(s: State) -> None:
    require(s.n > 4 if s.mode == Mode.DAY else s.n > 5)


@action
def some(s: State) -> None:
    require(any(not s.busy[t] for t in s.seen) or s.train is not None)


@action
def summed(s: State) -> None:
    require(sum(1 for t in Track if s.busy[t]) < MOST and len(s.queue) == 2)


def free(s: State, t: Track) -> bool:
    last = s.n - 1
    if last == 0:
        total = last + len(s.queue)
        return total > MOST and not s.busy[t]
    return True


def open_(s: State, least: int) -> bool:
    for t in Track:
        if s.busy[t] and s.n < least:
            return False
    return True


def calm(s: State) -> bool:
    if s.mode == Mode.NIGHT:
        return True
    if s.n > MOST:
        return True
    return False
'''
SPEC = """import yard
from yard import Mode, State, Track
from interlock import Holds, always, check


@always
def fine(s: State) -> bool:
    return s.n < 6


check("yard", yard, expect=Holds())
"""
WHY = [
    (
        "after_local()",
        """
false: require(left > 1)    (yard.py:39:5)
    with left = MOST - s.n = 1
""",
    ),
    (
        "after_store()",
        """
false: require(s.n < 4)    (yard.py:46:5)
    with s.n = 4
after what the action changes before, and takes back:
    n: 1 -> 4
    queue: pushed Mode.NIGHT
""",
    ),
    (
        "in_branch(k=True)",
        """
true: k    (yard.py:51:8)
false: require(s.n > 1)    (yard.py:52:9)
    with s.n = 1
""",
    ),
    (
        "in_branch(k=False)",
        """
false: k    (yard.py:51:8)
true: s.mode == Mode.DAY and s.n == 1    (yard.py:53:10)
    with s.mode = Mode.DAY, s.n = 1
false: require(s.n > 2)    (yard.py:54:9)
    with s.n = 1
""",
    ),
    (
        "in_loop()",
        """
false: require(m == Mode.DAY or not s.busy[t])    (yard.py:63:13)
    with t = Track(0), m = Mode.NIGHT, s.busy[t] = True
""",
    ),
    (
        "by_helper(t=Track(1))",
        """
false: require(s.n > 0 and free(s, t))    (yard.py:68:5)
false: free(s, t)    (yard.py:68:25)
true: last == 0    (yard.py:110:8)
    with last = s.n - 1 = 0
false: total > MOST    (yard.py:112:16)
    with total = last + len(s.queue) = 1, MOST = 2
""",
    ),
    (
        "by_early()",
        """
false: require(open_(s, 4))    (yard.py:73:5)
true: s.busy[t] and s.n < least    (yard.py:118:12)
    with t = Track(0), s.busy[t] = True, s.n = 1, least = 4
false: return False    (yard.py:119:20)
""",
    ),
    (
        "by_passed()",
        """
false: require(calm(s))    (yard.py:78:5)
false: s.mode == Mode.NIGHT    (yard.py:124:8)
    with s.mode = Mode.DAY
false: s.n > MOST    (yard.py:126:8)
    with s.n = 1, MOST = 2
false: return False    (yard.py:128:12)
""",
    ),
    (
        "needs(t=Track(0))",
        """
false: require_some(s.next_of[t])    (yard.py:84:23)
    with s.next_of[t] = None
after what the action changes before, and takes back:
    n: 1 -> 0
""",
    ),
    (
        "named()",
        """
false: require(enough)    (yard.py:90:5)
false: s.n > 1    (yard.py:89:14)
    with s.n = 1
""",
    ),
    (
        "chosen()",
        """
false: require(s.n > 4 if s.mode == Mode.DAY else s.n > 5)    (yard.py:95:5)
true: s.mode == Mode.DAY    (yard.py:95:24)
    with s.mode = Mode.DAY
false: s.n > 4    (yard.py:95:13)
    with s.n = 1
""",
    ),
    (
        "some()",
        """
false: require(any(not s.busy[t] for t in s.seen) or s.train is not None)    (yard.py:100:5)
    with s.seen = FiniteSet(), s.train = None
""",
    ),
    (
        "summed()",
        """
false: require(sum(1 for t in Track if s.busy[t]) < MOST and len(s.queue) == 2)
    (yard.py:105:5)
false: sum(1 for t in Track if s.busy[t]) < MOST    (yard.py:105:13)
    with sum(1 for t in Track if s.busy[t]) = 2, MOST = 2
""",
    ),
]


def test_of_a_long_chain_the_nearest_branches_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The last of five hundred cases lies in all the others."""
    cases = "".join(f"    elif s.n == {k} and k:\n        s.n = 0\n" for k in range(400))
    text = f"@action\ndef chain(s: State, k: bool) -> None:\n    if s.n > 6:\n        s.n = 0\n{cases}    else:\n        require(k)\n"
    (tmp_path / "yard.py").write_text(f"{MODEL}\n\n{text}")
    (tmp_path / "yard_spec.py").write_text(SPEC)
    monkeypatch.chdir(tmp_path)
    spec = load_spec(Path("yard_spec.py"))
    check = spec.checks[0]
    action, params = parse_call(check, "chain(k=False)")
    _, more, *lines = explain(spec, check, action, params, check.program.default, 100)

    assert more == "    (inside 389 branches more)"
    assert [line.split("    (")[0] for line in lines if ":" in line][-1] == "    false: require(k)"
    assert sum("false: " in line for line in lines) == 13


@pytest.mark.parametrize(("call", "why"), WHY, ids=[call for call, _ in WHY])
def test_why_an_action_is_disabled(call: str, why: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The guard, the branches that lead to it, its false part, and the values that this speaks of."""
    (tmp_path / "yard.py").write_text(MODEL)
    (tmp_path / "yard_spec.py").write_text(SPEC)
    monkeypatch.chdir(tmp_path)
    spec = load_spec(Path("yard_spec.py"))
    check = spec.checks[0]
    action, params = parse_call(check, call)
    first, *lines = explain(spec, check, action, params, check.program.default, 100)

    assert first == f"{call} is disabled"
    assert [line[4:] for line in lines] == why.strip("\n").split("\n")
