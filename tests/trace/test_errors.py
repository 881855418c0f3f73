"""An error of the model is told as its author writes: values, types and the place."""

from __future__ import annotations

from pathlib import Path

import pytest

from interlock.checker.checks.run import run_check
from interlock.checker.frontend import load_spec
from interlock.checker.report.style import Style
from interlock.checker.report.traces import ending_lines

MODEL = """from typing import Annotated

from interlock import Bound, Enum, Map, Range, Seq, action, auto, evolve, filled, record, state


class Kind(Enum):
    REQ = auto()
    ACK = auto()


@record
class Msg:
    kind: Kind
    to: Kind | None = None
    hops: Annotated[int, Range(0, 1)] = 0


@state
class State:
    n: Annotated[int, Range(0, 3)] = 3
    box: Annotated[Seq[Msg], Bound(1)] = Seq((Msg(Kind.REQ),))
    few: Map[Annotated[int, Range(0, 1)], Kind] = filled(Kind.ACK)


@action
def act(s: State, kind: Kind) -> None:
    {body}
"""
SPEC = """import post
from post import Kind, Msg, State
from interlock import Holds, always, check


@always
def claim(s: State) -> bool:
    return {claim}


check("post", post, properties=(claim,), expect=Holds())
"""


def told(folder: Path, body: str, claim: str = "True") -> list[str]:
    """How the check ends, line by line, without the names of files."""
    (folder / "post.py").write_text(MODEL.replace("{body}", body))
    (folder / "post_spec.py").write_text(SPEC.replace("{claim}", claim))
    spec = load_spec(folder / "post_spec.py")
    result = run_check(spec, spec.checks[0])
    assert result.trace is not None
    return [line.strip() for line in ending_lines(result.trace.ending, Style(width=1000))]


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ("s.n += 1", "value outside its range: 4 does not fit Range(0, 3)"),
        (
            "s.box = s.box.push(Msg(kind, Kind.REQ))",
            "sequence longer than its bound: Seq((Msg(kind=Kind.REQ, to=None, hops=0), Msg(kind=Kind.REQ, "
            "to=Kind.REQ, hops=0))) does not fit Bound(1)",
        ),
        ("s.box[0] = evolve(s.box[0], hops=s.n)", "value outside its range: 3 does not fit Range(0, 1)"),
        ("s.few[s.n] = kind", "key 3 is outside the map"),
        ("s.box[s.n] = Msg(kind)", "index 3 is outside a sequence of 1"),
        ("s.n = 3 // (s.n - 3)", "division by zero"),
        ("s.n = 3 % (s.n - 3)", "division by zero"),
        ("s.n = min(m.hops for m in s.box if m.kind == Kind.ACK)", "min or max of nothing"),
    ],
)
def test_an_error_is_told_as_its_author_writes(tmp_path: Path, body: str, error: str) -> None:
    """`Kind.REQ` and `Range(0, 3)`, not what Python shows of its objects; and the statement."""
    first, place = told(tmp_path, body)

    assert first == f"error of the model in act(kind=Kind.REQ): {error}"
    assert place.startswith("at ")
    assert place[3:].partition("    (")[0] in body


def test_an_error_in_a_claim_has_its_place(tmp_path: Path) -> None:
    """As one in an action has."""
    first, place = told(tmp_path, "s.n = 0", "3 // s.n > 0")

    assert first == "error of the model in claim(): division by zero"
    assert place.startswith("at 3 // s.n    (")
    assert place.endswith("post_spec.py:8:12)")
