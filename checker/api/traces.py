"""Does a saved trace happen again?  It is judged in plain Python, by the spec as it is now."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import attrs

from interlock.checker.checks import finding, repeat
from interlock.checker.diagnostics import mistake
from interlock.checker.ir.claims import Check, Spec
from interlock.checker.trace import itf, recover
from interlock.checker.trace import replay as judging
from interlock.checker.trace.replay import ReplayMismatch
from interlock.checker.trace.trace import Trace

again, is_kept = repeat.again, repeat.is_one  # of a disagreement that was kept, instead of a trace

__all__ = ["Replayed", "again", "is_kept", "replay"]


@attrs.frozen(eq=False)
class Replayed:
    """A saved trace, judged again: by which check of which spec; `trace` is None where it did not happen, and
    `problem` says what was otherwise."""

    spec: Spec
    check: Check
    trace: Trace | None
    problem: str = ""
    why: str = ""  # that may be


def replay(file: str | Path, spec: str | Path | None = None, models: Sequence[Path] = ()) -> Replayed:
    """Follow a trace that was saved, step by step in plain Python; `spec`: its spec file, where it does not find that;
    `models`: the folders in which models are looked for first.

    Raises InputError for a file that is no trace, or whose check is another one now.
    """
    saved = itf.read(Path(file))
    read, check = _check_of(saved, saved.spec_file() if spec is None else Path(spec), models)
    judge = judging.judge(read, check, tries=recover.PATIENT)
    moves, claim, states = itf.moves(
        saved, check.program.state, check.program.initials, judge.actions, check.properties
    )
    try:
        trace = judge.moves(moves, claim)
    except ReplayMismatch as e:
        return Replayed(read, check, None, e.message, "the model may have changed since, or the file")
    for i, (then, now) in enumerate(zip(states, trace.states, strict=True)):
        if then != now:
            problem = f"state {i} differs from the saved one"
            return Replayed(read, check, None, problem, "the model may have changed since")
    return Replayed(read, check, trace)


def _check_of(saved: itf.Saved, file: Path, models: Sequence[Path]) -> tuple[Spec, Check]:
    ((spec, check), *_) = finding.chosen(finding.load([file], models), saved.check, slow=True)
    now = dict(check.constants)
    if saved.about.get("constants") != now or saved.about.get("faults") != sorted(check.faults):
        raise mistake("T006", f"the constants or faults of `{check.name}` are not those of the trace",
                     "run the check again with `--traces`")  # fmt: skip
    return spec, check
