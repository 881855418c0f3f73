"""What does a run that Z3 found say, in the words of the engines' contract?

Rule of the module: nothing is judged here; a run is told as a path, its claim as a trouble.
"""

from __future__ import annotations

from typing import Final

from interlock.checker.contract import Coverage, Path, Step, Trouble, Violated, no_beginning
from interlock.checker.ir.scalar import ScalarProperty
from interlock.checker.smt.claims import Wrong
from interlock.checker.smt.search import Unbegun
from interlock.checker.smt.unroll import Run

_TROUBLE: Final = {Wrong.FALSE: Trouble.PROPERTY, Wrong.ERROR: Trouble.MODEL_ERROR, Wrong.DEADLOCK: Trouble.DEADLOCK}


def violated(run: Run, coverage: Coverage) -> Violated:
    """A run from an initial state at whose end its claim is violated."""
    claim = run.claim
    assert claim is not None
    tried = None if run.tried is None else Step(*run.tried)
    path = Path(run.states[0], steps(run), None if run.start is None else Step(*run.start))
    return Violated(coverage, _TROUBLE[claim.wrong], claim.property, path, tried)


def nowhere(problem: Unbegun) -> Violated:
    """No run begins."""
    return no_beginning(None if problem.start is None else Step(*problem.start))


def steps(run: Run) -> tuple[Step, ...]:
    """The steps that a run takes."""
    return tuple(Step(*move) for move in run.moves)


def witnessed(p: ScalarProperty, run: Run) -> str:
    """A note: a REACHABLE property has a witness."""
    steps = f"{len(run.moves)} step{'' if len(run.moves) == 1 else 's'}"
    return f"{p.name}: {f'enabled after {steps}' if p.fires else f'reached in {steps}'}"
