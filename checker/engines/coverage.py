"""What did a search cover?  Steps and newly reached states by action, and which conditions were ever met.

Rule of the module: counts are of states that were expanded to the last, by whole levels, so they are the same on
every run and any number of threads; what a budget cut off is not counted, and the answer says so.
Of a reduced search the questions must be symmetric as the system is, or they are not answered.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence

import attrs

from interlock.checker.contract import Asked, Surveyed
from interlock.checker.diagnostics import InputError
from interlock.checker.engines import confirming
from interlock.checker.ir.scalar import ScalarAction, ScalarSystem
from interlock.checker.native.module.program import Program
from interlock.checker.native.store.states import Counted, OutOfMemory, Survey
from interlock.checker.passes.symmetry import symmetries

MOST = 1 << 20  # instances of the questions that are asked together: a number each, in the counters of every thread


def surveyed(program: Program, survey: Survey, asked: Asked, fired: Sequence[int], below: int | None) -> Surveyed:
    """Answers the coverage questions `asked`; `fired` is how often the search took each action.

    `program` is what was searched, and `survey` counts over its states of fewer steps than `below` (None: over all).
    """
    return _Counting(program, survey, asked, below).answers(fired)


class _Counting:
    def __init__(self, program: Program, survey: Survey, asked: Asked, below: int | None) -> None:
        self.program, self.system, self.survey = program, program.system, survey
        self.asked, self.below = asked, below
        self.unanswered: list[str] = []

    def answers(self, fired: Sequence[int]) -> Surveyed:
        made = Surveyed(0, self.below, tuple(fired))
        idle = [i for i, n in enumerate(fired) if n == 0]
        questions: dict[int | None, Sequence[ScalarAction]] = {i: self.asked.gates(i) for i in idle}
        questions[None] = self.asked.claims
        try:
            if self.asked.new:
                counted = self._believed(self.survey.cover())
                made = attrs.evolve(made, states=counted.states, fired=counted.enabled, new=counted.new)
            made = self._counted(made, {i: qs for i, qs in questions.items() if qs and self._fair(i, qs)})
        except OutOfMemory:
            self.unanswered.append("coverage was not counted: the memory budget leaves no room for it")
        except InputError as e:  # more instances than there are numbers for, or numbers that are too large
            self.unanswered.append(f"not all was counted: {e.diagnostics[0].message}")
        return attrs.evolve(made, unanswered=tuple(self.unanswered))

    def _counted(self, made: Surveyed, questions: Mapping[int | None, Sequence[ScalarAction]]) -> Surveyed:
        """The answers to all questions, which are counted together."""
        counts: list[int] = []
        for portion in _portions([q for qs in questions.values() for q in qs]):
            counted = self._believed(self.survey.count(self._asking(portion)))
            counts += counted.enabled
            made = attrs.evolve(made, states=counted.states)
        rest = iter(counts)
        found = {i: tuple(itertools.islice(rest, len(qs))) for i, qs in questions.items()}
        gates = {i: answers for i, answers in found.items() if i is not None}
        return attrs.evolve(made, gates=gates, claims=found.get(None))

    def _believed(self, counted: Counted) -> Counted:
        """What compiled code counted, once it was compared with what the system means.  Raises Disagreement."""
        confirming.walked(counted.program, None, 0.0)
        return counted

    def _fair(self, number: int | None, questions: Sequence[ScalarAction]) -> bool:
        """Whether representatives answer as all states of their orbits do."""
        quotient = self.program.quotient
        if quotient is None or set(quotient.sorts) <= set(symmetries(self._asking(questions)).sorts):
            return True
        about = "the properties" if number is None else self.system.actions[number].name
        self.unanswered.append(
            f"what {about} wait{'' if number is None else 's'} for was not counted: add --no-symmetry"
        )
        return False

    def _asking(self, questions: Sequence[ScalarAction]) -> ScalarSystem:
        return attrs.evolve(self.system, actions=tuple(questions), properties=(), terminal=None)


def _portions(questions: Sequence[ScalarAction]) -> Iterator[list[ScalarAction]]:
    """The questions in order, as many together as have few enough instances."""
    portion: list[ScalarAction] = []
    for q in questions:
        if portion and sum(action.instances for action in (*portion, q)) > MOST:
            yield portion
            portion = []
        portion.append(q)
    if portion:
        yield portion
