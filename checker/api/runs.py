"""What came of all the checks of a run?  Each is run, alone or beside others, and its traces are saved.

Rule of the module: results come in the order of the checks, however many run beside each other, and whatever ends a
run, those that were reached are told.  What was refused (a file, or a check that asks the impossible) and what was not
run is told beside them.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Generator, Iterator, Sequence
from pathlib import Path
from typing import Final

import attrs

from interlock.checker.api.blame import Defect, environment
from interlock.checker.api.outcomes import Outcome, Result, Shown, outcome
from interlock.checker.api.saving import saved
from interlock.checker.checks import finding
from interlock.checker.checks.overrides import Overrides, make_engine
from interlock.checker.contract import Cause, Coverage
from interlock.checker.diagnostics import Diagnostic, InputError, Refusal
from interlock.checker.ir.claims import Check, Spec

__all__ = ["Run", "Shown", "Spec", "chosen", "read", "read_all", "run"]

_AS_THE_SPEC_SAYS: Final = Overrides()


def read(*paths: str | Path, models: Sequence[str | Path] = ()) -> list[Spec]:
    """The specs that `paths` name: spec files, folders of them, or names of Interlock's own (`interlock.specs.pos.forks`).
    `models`: the folders in which models are looked for first.

    Raises InputError with every mistake in any of them, each with its place and what to write instead.
    """
    return finding.load([Path(p) for p in paths], [Path(m) for m in models])


def read_all(
    paths: Sequence[Path], interrupted: Callable[[], bool] = lambda: False, models: Sequence[Path] = ()
) -> tuple[list[Spec], list[Refusal]]:
    """The same, but for the files that are refused, which are told beside.  Raises InputError C002."""
    return finding.read(paths, interrupted, models)


def run(
    specs: Sequence[Spec] | Spec, options: Overrides = _AS_THE_SPEC_SAYS, *, only: str | None = None,
    slow: bool = False, jobs: int | None = 1, traces: str | Path | None = None,
    interrupted: Callable[[], bool] = lambda: False,
) -> Run:  # fmt: skip
    """Run the checks of some specs; iterate over what it returns for their results as they come.

    options: what changes of each check.  only: the check of this name; slow: also the checks that are marked slow.
    jobs: how many checks run beside each other, in processes; None is as many as pay.
    traces: a folder to save every trace in.  interrupted: asked now and then whether the run is to end early.
    Raises InputError where no check is named `only`, or no engine as the options say.
    """
    given = [specs] if isinstance(specs, Spec) else list(specs)
    if options.engine is not None:
        make_engine(options.engine)
    return Run(
        finding.chosen(given, only, slow=slow), options, jobs=jobs, traces=None if traces is None else Path(traces),
        interrupted=interrupted,
    )  # fmt: skip


@contextlib.contextmanager
def _unseen(_: str) -> Iterator[Callable[[Coverage], None]]:
    yield lambda _: None


class Run:
    """The checks of a run, and what came of them so far.  To iterate over it runs them; once.

    checks: what was chosen, each with its spec.  results: of those that were run, in order; a defect of Interlock
    on a check is a result too.  refused: files, and single checks, that were refused, each with its mistakes.
    unwritten: traces that could not be saved.  defects: what went wrong in Interlock itself; `broken`: beside checks.
    stopped: whether the run was cut short.
    """

    def __init__(
        self, checks: Sequence[tuple[Spec, Check]], options: Overrides, *, jobs: int | None = 1,
        traces: Path | None = None, shown: Shown = _unseen, interrupted: Callable[[], bool] = lambda: False,
        refused: Sequence[Refusal] = (),
    ) -> None:  # fmt: skip
        self.checks, self.options, self.traces = tuple(checks), options, traces
        self.results: list[Result] = []
        self.refused = list(refused)
        self.unwritten: list[Diagnostic] = []
        self.defects: list[Defect] = []
        self.broken = False
        self.stopped = interrupted()
        self._jobs, self._shown, self._interrupted = jobs, shown, interrupted
        self._reached: set[int] = set()

    def __iter__(self) -> Iterator[Result]:
        """Run the checks; the result of each that is not refused, in their order."""
        with contextlib.closing(self.outcomes()) as outcomes:
            for found in outcomes:
                if found.result is not None:
                    yield found.result

    def outcomes(self) -> Generator[Outcome, None, None]:
        """The same, with what was refused among them.  Raises KeyboardInterrupt when all that was reached is told."""
        try:
            with contextlib.closing(self._numbered()) as numbered:
                for number, found in numbered:
                    self._reached.add(number)
                    yield self._kept(found)
        except KeyboardInterrupt:
            self.stopped = True
            raise

    def not_run(self) -> list[tuple[Spec, Check]]:
        """The checks that a run which was cut short did not come to."""
        return [c for i, c in enumerate(self.checks) if i not in self._reached]

    def unused(self) -> Iterator[tuple[str, list[str]]]:
        """Engines of the checks, each with the options that were given and mean nothing to it."""
        for name in sorted({self.options.engine or check.engine for _, check in self.checks}):
            found = self.options.unused(make_engine(name))
            if found:
                yield name, found

    def failed(self, problem: Exception) -> Defect | None:
        """Note what went wrong beside the checks, which costs no verdict; the defect, where it is one."""
        short = environment(problem)
        if short is not None:
            self.unwritten.append(short)
            return None
        defect = Defect.of(problem)
        self.defects.append(defect)
        self.broken = True
        return defect

    # --- one after another, or beside each other ---------------------------------------------------

    def _numbered(self) -> Generator[tuple[int, Outcome], None, None]:
        """What came of each check that was begun, by its number."""
        if self.stopped:
            return
        if len(self.checks) <= 1:
            yield from self._one_by_one()
            return
        from interlock.checker.api.jobs import Jobs, fitting  # noqa: PLC0415 - a run of one check needs none of it

        jobs = min(len(self.checks), fitting(len(self.checks), self.options) if self._jobs is None else self._jobs)
        if jobs <= 1:
            yield from self._one_by_one()
            return
        beside = Jobs(self.checks, self.options, jobs, self.traces or Path(), self._shown, self._interrupted)
        try:
            yield from beside.run()
        finally:
            self.stopped |= beside.stopped

    def _one_by_one(self) -> Iterator[tuple[int, Outcome]]:
        for number, (spec, check) in enumerate(self.checks):
            with self._shown(check.name) as show:
                found = outcome(spec, check, self.options, self.traces or Path(), show, self._interrupted)
            self.stopped |= self._interrupted()
            yield number, found
            if self.stopped:
                return

    def _kept(self, found: Outcome) -> Outcome:
        """An outcome with its traces saved, and noted here."""
        if found.refusal is not None:
            self.refused.append(found.refusal)
        if found.defect is not None:
            self.defects.append(found.defect)
        if found.result is None:
            return found
        result, defect = found.result, found.defect
        self.stopped |= result.ended is not None and result.ended.cause is Cause.INTERRUPTED
        if self.traces is not None:
            try:
                result, problems = saved(result, self.traces)
                self.unwritten += problems
            except Exception as e:
                defect = self.failed(e) or defect
        self.results.append(result)
        return attrs.evolve(found, result=result, defect=defect)


def chosen(
    specs: Sequence[Spec], refused: Sequence[Refusal], only: str | None, *, slow: bool
) -> list[tuple[Spec, Check]]:
    """The checks of a run, of specs beside which some files were refused.  Raises InputError with all that is wrong."""
    try:
        return finding.chosen(specs, only, slow=slow) if specs else []
    except InputError as e:  # the check may stand in a file that was refused
        raise InputError([*(d for r in refused for d in r.diagnostics), *e.diagnostics]) from None
