"""Which states can be reached, and does everything claimed hold in all of them?

Rule of the module: breadth first, every state once, level by level; a level is finished before anything is said
of it, and of several violations the one told is the first by length, kind, property and state.  So counts, verdict and
path are the same on every run and any number of threads, and a counterexample is as short as any.
A property of states is judged when a state is found, a property of steps when the step is made, deadlock and
errors of the model when a state is expanded.  A task that asks for `every` violation is searched to the end,
and each thing that is violated is kept with the first state of which it is.
A large search keeps one state of each orbit, where the members of a scalarset are shown to be interchangeable
(`reduction`); the counts, the verdict and the path are of the system itself.
"""

from __future__ import annotations

import attrs

from interlock.checker.contract import Surveyed, Task, Unknown, Verdict, Violated, unbegun
from interlock.checker.engines import distinct, reduction
from interlock.checker.engines.again import Again, Start
from interlock.checker.engines.searching import Search
from interlock.checker.native.code import limits
from interlock.checker.native.module.crew import Crew
from interlock.checker.native.module.program import known_leaves
from interlock.checker.watch import TimeUp


class Explore:
    """Exhaustive breadth-first search in native code."""

    name = "explore"
    knows = frozenset(
        {
            "time",
            "memory",
            "states",
            "depth",
            "workers",
            "all",
            "distinct",
            "coverage",
            "symmetry",
            "checkpoint",
            "spill",
        }
    )

    def run(self, task: Task) -> Verdict:
        """Decide the task as far as the budget goes.  Raises InputError for what cannot be compiled."""
        limits.refuse(task.system)
        crew = Crew(task.workers)
        try:
            verdict = _searched(task, crew)
            if task.distinct > 1 and isinstance(verdict, Violated):
                others = attrs.evolve(task, checkpoint=None)  # other searches
                return distinct.with_more(others, verdict, lambda other: _searched(other, crew))
            return verdict
        finally:
            crew.close()


def _searched(task: Task, crew: Crew) -> Verdict:
    """What a search says, which may begin again; where it does not come so far again, what it said before."""
    before: Verdict | None = None
    try:
        start, known = Start(reduction.at_first(task)), known_leaves(task.system)
        while True:
            search = Search(task, crew, known, start)
            try:
                verdict = search.run()
                break
            except Again as again:
                start, before = again.start, again.so_far or before
            del search  # and its memory
    except TimeUp as up:  # before there was a search that could say how far it came
        verdict = unbegun(task.budget.over(up), task.checkpoint)
    return verdict if before is None else _further(before, verdict)


def _further(before: Verdict, verdict: Verdict) -> Verdict:
    """Of a search that began again, what it says now (`verdict`); or, where a budget ended it earlier than the time
    before, what it said then (`before`)."""
    reason = verdict.ended if isinstance(verdict, (Unknown, Violated)) else None
    then, now = before.coverage, verdict.coverage
    if reason is None or ((now.depth or 0), now.states or 0) >= ((then.depth or 0), then.states or 0):
        return verdict
    compared = max(then.compared or 0, now.compared or 0)
    told = attrs.evolve(then, search_seconds=now.search_seconds, checkpoint=now.checkpoint, compared=compared)
    if now.survey is not None:
        told = attrs.evolve(told, survey=Surveyed(0, unanswered=("coverage was not counted: the search began again",)))
    if isinstance(before, Violated):
        return attrs.evolve(before, coverage=told, ended=reason)
    assert isinstance(before, Unknown), "it was not over"
    return attrs.evolve(before, coverage=told, ended=reason)
