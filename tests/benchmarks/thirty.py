"""How long does Interlock take to get ready?  A generated model of 30 actions, with and without the cache."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

from contenders.interlock import INTERLOCK
from measure import Failed, run

ACTIONS = 30
HEAD = """
from typing import Annotated, Final
from interlock import Map, OrderedEnum, Range, Scalarset, action, auto, filled, require, state

class Node(Scalarset, size=4):
    pass

class Phase(OrderedEnum):
    IDLE = auto()
    SENT = auto()
    SEEN = auto()
    DONE = auto()

@state
class State:
    phase: Map[Node, Phase] = filled(Phase.IDLE)
    peer: Map[Node, Node | None] = filled(None)
    round: Map[Node, Annotated[int, Range(0, 50)]] = filled(0)
"""
_ACTION = """
@action
def step{i}(s: State, a: Node, b: Node) -> None:
    require(a != b and s.round[a] == {i} and s.phase[b] >= Phase.{phase})
    p = s.peer[b]
    require(p is None or s.round[p] <= {after})
    if s.phase[a] < Phase.DONE:
        s.phase[a] = Phase.{next}
    s.peer[a] = b if all(s.peer[n] != a for n in Node) else None
    s.round[a] = {after}
"""
_SPEC = """
import thirty
from thirty import Node, State
from interlock import NoneWithin, always, check

@always
def bounded(s: State, n: Node) -> bool:
    return s.round[n] <= 40

check("thirty", thirty, depth=6, expect=NoneWithin(6))
"""


def compile_table() -> list[str]:
    """All but the search, before and after the compiled code is in the cache."""
    lines = [f"## A generated model of {ACTIONS} actions with 12 instances each", ""]
    lines += ["| run | from command to verdict | start to search |", "| --- | ---: | ---: |"]
    with tempfile.TemporaryDirectory() as scratch:
        folder, out = Path(scratch), Path(scratch) / "thirty.json"
        phases = ("IDLE", "SENT", "SEEN", "DONE")
        body = [_ACTION.format(i=i, after=i + 1, phase=phases[i % 2], next=phases[1 + i % 3]) for i in range(ACTIONS)]
        (folder / "thirty.py").write_text(HEAD + "".join(body))
        (folder / "spec.py").write_text(_SPEC)
        for name, more in (("without a cache", ["--no-cache"]), ("first", []), ("second", [])):
            command: list[str | Path] = [INTERLOCK, "check", "spec.py", "--json", out, *more]
            try:
                done = run(command, folder, {"XDG_CACHE_HOME": str(folder / "cache")})
            except (OSError, Failed) as error:
                lines.append(f"| {name} | skipped: {error} | |")
                continue
            (found,) = json.loads(out.read_text())["checks"]
            lines.append(
                f"| {name} | {done.seconds:.2f} s | {found['total_seconds'] - found['search_seconds']:.2f} s |"
            )
    return lines
