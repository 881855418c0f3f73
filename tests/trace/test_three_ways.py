"""Plain Python, the IR and the engine's form: a path is shown where all three say the same, and where one differs it is not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path as FilePath

import attrs
import pytest

from interlock.checker.contract import Path, Step, Trouble
from interlock.checker.diagnostics import Span
from interlock.checker.frontend import load_spec
from interlock.checker.ir import nodes as n
from interlock.checker.ir.claims import Check, Spec
from interlock.checker.ir.scalar import FALSE, TRUE, ErrorSite, ScalarSystem, integer
from interlock.checker.ir.types import BOOL
from interlock.checker.passes.scalarize import scalarize
from interlock.checker.semantics.leaves import to_leaves
from interlock.checker.trace.replay import Claim, Judge, ReplayMismatch, judge
from interlock.checker.trace.trace import Trace

MODEL = """from typing import Annotated
from interlock import Range, action, initial, require, state
@state
class State:
    x: Annotated[int, Range(0, 3)] = 0
@initial
def begin(s: State, at: Annotated[int, Range(0, 1)]) -> None:
    s.x = 3 // at
@action
def up(s: State) -> None:
    require(s.x < 2)
    s.x += 1
@action(fault="over")
def over(s: State) -> None:
    require(s.x == 2)
    s.x += 2
"""
SPEC = """import steps
from steps import State
from interlock import Violated, always, check, reachable, recoverable
@always
def low(s: State) -> bool:
    return s.x < 2
@always
def divides(s: State) -> bool:
    return 2 // (2 - s.x) > 0
@reachable
def top(s: State) -> bool:
    return s.x == 2
@recoverable
def back(s: State, to: bool) -> bool:
    return s.x == 0 or (to and s.x < 3)
def done(s: State) -> bool:
    return s.x == 3
def undecided(s: State) -> bool:
    return 2 // (2 - s.x) > 2
check("over", steps, faults={"over"}, terminal=done, expect=Violated(low, steps=2))
check("stuck", steps, terminal=done, expect=Violated(low, steps=2))
check("undecided", steps, terminal=undecided, expect=Violated(low, steps=2))
"""
CLAIMS = {  # each with the check that it is of; all are so after two steps
    "over": ("over", Claim(Trouble.MODEL_ERROR, None, (1, ()))),
    "low": ("over", Claim(Trouble.PROPERTY, "low")),
    "divides": ("over", Claim(Trouble.MODEL_ERROR, "divides")),
    "top": ("over", Claim(None, "top")),
    "stuck": ("stuck", Claim(Trouble.DEADLOCK, None)),
    "back": ("stuck", Claim(Trouble.PROPERTY, "back", params=(False,))),
    "undecided": ("undecided", Claim(Trouble.MODEL_ERROR, "undecided")),
}


@attrs.define
class Three:
    """A check with what each of the three goes by; `python` are functions of the text that are others."""

    spec: Spec
    check: Check
    system: ScalarSystem
    python: dict[str, Callable[..., object]] = attrs.field(factory=dict)

    def judge(self) -> Judge:
        """The judge of the three."""
        the_judge = judge(self.spec, self.check, self.system)
        for name, other in self.python.items():
            module = vars(the_judge.loaded.modules["steps"])
            place = module if name in module else the_judge.loaded.spec
            place[name] = other  # type: ignore[index]
        return the_judge

    def shown(self, claim: Claim) -> Trace:
        """The claim after two steps.  Raises ReplayMismatch."""
        return self.judge().induction(Path(to_leaves(self.check.program.state, (0,)), (Step(0, ()),) * 2), claim)

    def action(self, index: int) -> None:
        """Let an action of the IR be enabled everywhere, and do nothing."""
        actions = list(self.check.program.actions)
        actions[index] = attrs.evolve(actions[index], body=())
        program = attrs.evolve(self.check.program, actions=tuple(actions))
        self.check = self.check.of(attrs.evolve(self.check.body, program=program))

    def property(self, name: str, value: bool) -> None:
        """Give a property of the IR, or the terminal predicate, another value."""
        body = (n.Return(n.Const(BOOL, value)),)
        found = [
            attrs.evolve(p, function=attrs.evolve(p.function, body=body)) if p.name == name else p
            for p in self.check.properties
        ]
        terminal = self.check.terminal
        if terminal is not None and terminal.name == name:
            terminal = attrs.evolve(terminal, body=body)
        self.check = self.check.of(attrs.evolve(self.check.body, properties=tuple(found), terminal=terminal))

    def engine(
        self,
        index: int,
        *,
        kind: n.ModelErrorKind | None = None,
        error: n.ModelErrorKind | None = None,
        **changes: object,
    ) -> None:
        """Give an action of the engine's form other parts, its errors another kind, or no part but an error."""
        actions = list(self.system.actions)
        if kind is not None:
            changes["errors"] = tuple(attrs.evolve(site, kind=kind) for site in actions[index].errors)
        if error is not None:
            changes["errors"] = (ErrorSite(TRUE, error, Span("steps.py", 1, 0, 1, 1)),)
        actions[index] = attrs.evolve(actions[index], **changes)  # type: ignore[arg-type]
        self.system = attrs.evolve(self.system, actions=tuple(actions))

    def claim(self, name: str, **changes: object) -> None:
        """Give a property of the engine's form, or the terminal predicate, other parts."""
        found = [attrs.evolve(p, **changes) if p.name == name else p for p in self.system.properties]  # type: ignore[arg-type]
        terminal = self.system.terminal
        if terminal is not None and terminal.name == name:
            terminal = attrs.evolve(terminal, **changes)  # type: ignore[arg-type]
        self.system = attrs.evolve(self.system, properties=tuple(found), terminal=terminal)


@pytest.fixture
def three(tmp_path: FilePath) -> Callable[[str], Three]:
    """A check by its name, as it is."""
    (tmp_path / "steps.py").write_text(MODEL)
    (tmp_path / "steps_spec.py").write_text(SPEC)
    spec = load_spec(tmp_path / "steps_spec.py")

    def of(name: str) -> Three:
        check = next(c for c in spec.checks if c.name == name)
        actions = check.program.allowed(check.faults)
        return Three(spec, check, scalarize(check.program, actions, check.properties, check.terminal, check.helpers))

    return of


@pytest.mark.parametrize("name", CLAIMS)
def test_where_all_agree_the_path_is_shown(three: Callable[[str], Three], name: str) -> None:
    """Each claim that is planted against below."""
    check, claim = CLAIMS[name]

    assert three(check).shown(claim).ending.trouble is claim.trouble


def _raises(*_: object) -> bool:
    return 1 // 0 == 0


IR, ENGINE = "in the IR than in plain Python", "to the engine"
PLANTED: list[tuple[str, str, Callable[[Three], object]]] = [
    # an action is an error
    ("over", IR, lambda t: t.python.update(over=lambda s: None)),
    ("over", IR, lambda t: t.action(1)),
    ("over", ENGINE, lambda t: t.engine(1, errors=(), guards=())),
    ("over", ENGINE, lambda t: t.engine(1, errors=())),
    ("over", ENGINE, lambda t: t.engine(1, kind=n.ModelErrorKind.DIVIDE)),
    # a property, or the terminal predicate, is an error
    ("divides", "in the IR alone", lambda t: t.python.update(divides=lambda s: True)),
    ("divides", "in the IR", lambda t: t.property("divides", value=True)),
    ("divides", ENGINE, lambda t: t.claim("divides", errors=())),
    ("undecided", "in the IR alone", lambda t: t.python.update(undecided=lambda s: True)),
    ("undecided", "in the IR", lambda t: t.property("undecided", value=True)),
    ("undecided", ENGINE, lambda t: t.claim("undecided", errors=())),
    # a deadlock: no action is enabled, and the state is not terminal
    ("stuck", IR, lambda t: t.python.update(up=lambda s: None)),
    ("stuck", IR, lambda t: t.action(0)),
    ("stuck", ENGINE, lambda t: t.engine(0, guards=())),
    ("stuck", IR, lambda t: t.python.update(up=_raises)),
    ("stuck", ENGINE, lambda t: t.engine(0, error=n.ModelErrorKind.RANGE)),
    ("stuck", IR, lambda t: t.python.update(done=lambda s: True)),
    ("stuck", IR, lambda t: t.property("done", value=True)),
    ("stuck", ENGINE, lambda t: t.claim("done", value=TRUE)),
    # a property is false, or true
    ("low", IR, lambda t: t.python.update(low=lambda s: True)),
    ("low", IR, lambda t: t.property("low", value=True)),
    ("low", ENGINE, lambda t: t.claim("low", value=TRUE)),
    ("top", IR, lambda t: t.python.update(top=lambda s: False)),
    ("top", IR, lambda t: t.property("top", value=False)),
    ("top", ENGINE, lambda t: t.claim("top", value=FALSE)),
    ("back", IR, lambda t: t.python.update(back=lambda s, to: True)),
    ("back", IR, lambda t: t.property("back", value=True)),
    ("back", ENGINE, lambda t: t.claim("back", goals=(TRUE, FALSE))),
]


@pytest.mark.parametrize(("name", "who", "plant"), PLANTED, ids=[f"{i}-{c}-{w}" for i, (c, w, _) in enumerate(PLANTED)])
def test_where_one_differs_nothing_is_shown(
    three: Callable[[str], Three], name: str, who: str, plant: Callable[[Three], object]
) -> None:
    """Whichever of the three it is."""
    check, claim = CLAIMS[name]
    planted = three(check)
    plant(planted)
    with pytest.raises(ReplayMismatch, match=who):
        planted.shown(claim)


def test_a_step_of_the_path_is_compared_three_ways(three: Callable[[str], Three]) -> None:
    """And what an initial action does: to a state, or an error."""
    planted = three("over")
    planted.system = attrs.evolve(
        planted.system, initials=tuple(attrs.evolve(a, errors=()) for a in planted.system.initials)
    )
    planted.engine(0, updates={0: integer(3)})
    with pytest.raises(ReplayMismatch, match="step 1, up\\(\\), means something else to the engine"):
        planted.shown(CLAIMS["low"][1])
    with pytest.raises(ReplayMismatch, match="the initial action begin.* means something else to the engine"):
        planted.judge().initial_error(Step(0, (0,)))
    assert "division by zero" in three("over").judge().initial_error(Step(0, (0,)))
