"""What has a spec, what does a check become, and why is an action disabled?  Text, before anything is run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal, TypeAlias

from interlock.checker.checks import finding
from interlock.checker.checks.forms import FORMS
from interlock.checker.fold import WIDTH, fold
from interlock.checker.ir.claims import Check, Spec
from interlock.checker.report import outline as outlines
from interlock.checker.trace import explain as explaining
from interlock.checker.trace import itf

Form: TypeAlias = Literal["ir", "scalar", "llvm"]


def outline(specs: Sequence[Spec], only: str | None = None, width: int = WIDTH) -> Iterator[str]:
    """The models of specs and their checks, in lines: each model once, and of each check what makes it another."""
    chosen = finding.chosen(specs, only, slow=True)
    for path in dict.fromkeys(spec.path for spec, _ in chosen):
        spec = next(spec for spec, _ in chosen if spec.path == path)
        yield from outlines.outline(spec, [check for spec, check in chosen if spec.path == path], width)


def forms(specs: Sequence[Spec], form: Form, only: str | None = None) -> Iterator[str]:
    """The text of each check as the evaluator reads it, as engines do, or as it is compiled; of several checks each
    under a heading that is a comment of that text."""
    chosen = finding.chosen(specs, only, slow=True)
    for spec, check in chosen:
        if len(chosen) > 1:
            yield f'; {spec.path}: check "{check.name}"\n'
        yield FORMS[form](check)


def explain(
    spec: Spec, check: Check, action: str, *, initial: str | None = None, trace: str | Path | None = None,
    at: int | None = None, width: int = WIDTH,
) -> list[str]:  # fmt: skip
    """Why an action is disabled in a state, in lines: the initial one; that of `initial`, a call; or one of a saved
    trace, after `at` steps or else before its last.

    Raises InputError for a call that is none of the model.
    """
    called, params = explaining.parse_call(check, action)
    if trace is not None:
        state, where = explaining.within(check, itf.read(Path(trace)), at)
    else:
        state, where = explaining.start(check) if initial is None else explaining.begun(check, initial)
    return [*fold(where, width=width), *explaining.explain(spec, check, called, params, state, width)]


def named(path: str | Path, name: str, models: Sequence[Path] = ()) -> tuple[Spec, Check]:
    """The check of a spec file that is called so; `models`: the folders in which models are looked for first.

    Raises InputError.
    """
    ((spec, check), *_) = finding.chosen(finding.load([Path(path)], models), name, slow=True)
    return spec, check
