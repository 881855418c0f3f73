"""What did a search cover?  Steps and newly reached states by action, and which conditions were ever met.

Rule of the module: counts are of states that were expanded to the last, by whole levels, so they are the same on
every run and any number of threads; what a budget cut off is not counted, and the answer says so.
Of a reduced search the questions must be symmetric as the system is, or they are not answered.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import attrs

from checker.diagnostics import InputError
from checker.engines.contract import Asked, Surveyed
from checker.ir.passes.symmetry import symmetries
from checker.ir.scalar import ScalarAction, ScalarSystem
from checker.native.successors import instances
from checker.native.survey import Survey
from checker.native.visited import OutOfMemory

MOST = 1 << 20  # instances of the questions that are asked together


def surveyed(survey: Survey, asked: Asked, fired: Sequence[int], below: int | None) -> Surveyed:
    """The answers to what is asked of a search that took the actions so often."""
    return _Counting(survey, asked, below).answers(fired)


class _Counting:
    def __init__(self, survey: Survey, asked: Asked, below: int | None) -> None:
        self.survey, self.asked, self.below = survey, asked, below
        self.visited = survey.visited
        self.system = self.visited.program.system
        self.unanswered: list[str] = []

    def answers(self, fired: Sequence[int]) -> Surveyed:
        idle = [i for i, n in enumerate(fired) if n == 0]
        gates = {i: found for i in idle if (found := self.asked.gates(i))}
        made = Surveyed(0, self.below, tuple(fired))
        try:
            if self.asked.new:
                counted = self.survey.cover()
                made = attrs.evolve(made, states=counted.states, fired=counted.enabled, new=counted.new)
            answers = {i: self._counts(self.system.actions[i].name, list(qs)) for i, qs in gates.items()}
            made = attrs.evolve(made, gates={i: a for i, a in answers.items() if a is not None})
            if self.asked.claims:
                made = attrs.evolve(made, claims=self._counts("the properties", list(self.asked.claims)))
            if not made.states:
                made = attrs.evolve(made, states=self.survey.count(self._asking([])).states)
        except OutOfMemory:
            self.unanswered.append("coverage was not counted: the memory budget leaves no room for it")
        return attrs.evolve(made, unanswered=tuple(self.unanswered))

    def _counts(self, about: str, questions: list[ScalarAction]) -> tuple[int, ...] | None:
        """The answers to some questions, or None."""
        system = self._asking(questions)
        quotient = self.visited.program.quotient
        if quotient is not None and not set(quotient.sorts) <= set(symmetries(system).sorts):
            self.unanswered.append(
                f"what stands before {about} was not counted: it is not symmetric; leave out --symmetry"
            )
            return None
        counts: list[int] = []
        try:
            for some in _portions(questions):
                counts += self.survey.count(self._asking(some)).enabled
        except InputError as e:  # more instances than there are numbers for, or numbers that are too large
            self.unanswered.append(f"what stands before {about} was not counted: {e.diagnostics[0].message}")
            return None
        return tuple(counts)

    def _asking(self, questions: Sequence[ScalarAction]) -> ScalarSystem:
        return attrs.evolve(self.system, actions=tuple(questions), properties=(), terminal=None)


def _portions(questions: Sequence[ScalarAction]) -> Iterator[list[ScalarAction]]:
    """The questions in order, as many together as have few enough instances."""
    portion: list[ScalarAction] = []
    for q in questions:
        if portion and sum(map(instances, (*portion, q))) > MOST:
            yield portion
            portion = []
        portion.append(q)
    if portion:
        yield portion
