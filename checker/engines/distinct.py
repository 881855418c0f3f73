"""In which other ways can the same thing be violated?  Counterexamples that differ in their actions.

Rule of the module: a counterexample is told if it does not use all the actions of one told before (faults are
actions, parameters do not count); one that does is the same weakness with more around it.  Each is as short as any
that is left, and when none is left, that is known.  The next one misses an action of every set that was told, so it is
the shortest of those found with the actions of some hitting set switched off (Reiter, "A theory of diagnosis from first
principles", 1987); the sets are tried from the most promising on, each with a search of its own.
Switching actions off makes no path that was not there.  It makes deadlocks, though: there an action that is off stays
enabled, and leads nowhere.  States from which nothing can be recovered it makes as well, and for those no others are
looked for.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator, Mapping
from typing import Final

import attrs

from interlock.checker.contract import Path, Step, Task, Trouble, Unknown, Verdict, Violated
from interlock.checker.ir.nodes import PropertyKind
from interlock.checker.ir.scalar import Node, ScalarAction, ScalarProperty, ScalarSystem, not_, or_
from interlock.checker.watch import TimeUp
from interlock.checker.words import counted

Actions = frozenset[int]
Search = Callable[[Task], Verdict]

_ALL_ACTIONS: Final = "others are not looked for, since all actions together decide from where nothing can be recovered"


def with_more(task: Task, verdict: Violated, search: Search) -> Violated:
    """The verdict, with further counterexamples of each thing that is violated."""
    others = tuple(_told(task, v, search) for v in verdict.others)
    return attrs.evolve(_told(task, verdict, search), others=others)


def _told(task: Task, first: Violated, search: Search) -> Violated:
    try:
        return first if first.path is None else _with_more(task, first, search)
    except TimeUp as up:
        return attrs.evolve(first, fewer=task.budget.over(up).text)


def _with_more(task: Task, first: Violated, search: Search) -> Violated:
    question = _question(task.system, first)
    if question is None:
        return attrs.evolve(first, fewer=_ALL_ACTIONS)
    found = _Ways(task, first, question, search)
    more = tuple(found.ways())
    return attrs.evolve(first, more=more, fewer=found.fewer)


# --- which actions are off -------------------------------------------------------------------------


@attrs.frozen(order=True)
class _Node:
    """Some actions that are off, and the least length of a counterexample without them.

    It is known (`searched`), or at least that of one with fewer actions off.
    """

    length: int
    searched: bool
    off: tuple[int, ...]


class _Ways:
    def __init__(self, task: Task, first: Violated, question: _Question, search: Search) -> None:
        self.task, self.first, self.question, self.search = task, first, question, search
        self.fewer = ""

    def ways(self) -> Iterator[Violated]:
        """The counterexamples after the first, shortest first; then `fewer` says why there are no more."""
        known: dict[tuple[int, ...], Violated] = {(): self.first}
        told: list[Actions] = []
        queue = [_Node(_length(self.first), True, ())]
        seen: set[tuple[int, ...]] = {()}
        empty: list[Actions] = []
        while queue:
            node = heapq.heappop(queue)
            if not node.searched:
                if any(off <= set(node.off) for off in empty):
                    continue
                found = self._without(node.off)
                if found is None:
                    if self.fewer:
                        return
                    empty.append(frozenset(node.off))
                else:
                    known[node.off] = found
                    heapq.heappush(queue, _Node(_length(found), True, node.off))
                continue
            way = known[node.off]
            used = way.used()
            same = next((t for t in told if t <= used), None)
            if same is None:
                if told:
                    yield way
                told.append(used)
                same = used
                if len(told) == self.task.distinct:
                    return
            for a in sorted(same):
                off = tuple(sorted((*node.off, a)))
                if off not in seen:
                    seen.add(off)
                    heapq.heappush(queue, _Node(node.length, False, off))
        depth = self.task.budget.depth
        within = "" if depth is None else f" within {counted(depth, 'step')}"
        self.fewer = f"every other one{within} uses all the actions of one of these"

    def _without(self, off: tuple[int, ...]) -> Violated | None:
        """The shortest counterexample without some actions, if there is one."""
        system, numbers = self.question.without(frozenset(off))
        task = attrs.evolve(self.task, system=system, meaning=None, every=False, distinct=1, asked=None)
        match self.search(task):
            case Violated(path=Path() as path, error_step=error):
                steps = tuple(_renumbered(s, numbers) for s in path.steps)
                error = None if error is None else _renumbered(error, numbers)
                return attrs.evolve(self.first, path=attrs.evolve(path, steps=steps), error_step=error, others=())
            case Unknown(reason=reason):
                self.fewer = reason
        return None


def _length(v: Violated) -> int:
    assert v.path is not None
    return len(v.path.steps)


def _renumbered(step: Step, numbers: Mapping[int, int]) -> Step:
    return attrs.evolve(step, action=numbers[step.action])


# --- what is searched for --------------------------------------------------------------------------


@attrs.frozen(eq=False)
class _Question:
    """A system in which one thing alone can go wrong.

    `stays`: an action that is off is still enabled, so that no deadlock is made.
    """

    system: ScalarSystem
    stays: bool = False

    def without(self, off: Actions) -> tuple[ScalarSystem, Mapping[int, int]]:
        """The system with some actions off, and the number that each of its actions had."""
        every = list(enumerate(self.system.actions))
        kept = [(i, _idle(a) if i in off else a) for i, a in every if self.stays or i not in off]
        return attrs.evolve(self.system, actions=tuple(a for _, a in kept)), dict(enumerate(i for i, _ in kept))


def _question(system: ScalarSystem, v: Violated) -> _Question | None:
    """What to search for to find `v` again; None where switching actions off would make more of it."""
    terminal = system.terminal
    if v.property is None:
        return _Question(attrs.evolve(system, properties=(), terminal=None))
    quiet = tuple(attrs.evolve(a, errors=()) for a in system.actions)
    named = [p for p in system.properties if p.name == v.property]
    if terminal is not None and (v.trouble is Trouble.DEADLOCK or not named):
        waits = tuple(_idle(a, or_(e.condition for e in a.errors)) for a in system.actions if a.errors)
        end = _only(terminal, v.trouble is Trouble.MODEL_ERROR)
        return _Question(attrs.evolve(system, actions=(*quiet, *waits), properties=(), terminal=end), stays=True)
    (p,) = named
    if p.kind is PropertyKind.RECOVERABLE and v.trouble is Trouble.PROPERTY:
        return None
    return _Question(
        attrs.evolve(system, actions=quiet, properties=(_only(p, v.trouble is Trouble.MODEL_ERROR),), terminal=None)
    )


def _only(p: ScalarProperty, error: bool) -> ScalarProperty:
    """A claim that is false where evaluating `p` is an error; or else where `p` is false without one."""
    wrong = or_(e.condition for e in p.errors)
    kind = PropertyKind.STEP if p.kind is PropertyKind.STEP else PropertyKind.ALWAYS
    return ScalarProperty(p.name, kind, not_(wrong) if error else or_((p.value, wrong)), ())


def _idle(action: ScalarAction, *guards: Node) -> ScalarAction:
    """An action that is enabled as before (or where the guards say so), and leads nowhere."""
    return attrs.evolve(action, guards=guards or action.guards, errors=(), updates={})
