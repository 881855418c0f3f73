"""Can what a RECOVERABLE property wants be reached from a state?  A second search, by plain Python alone.

Rule of the module: no engine and no IR takes part.  CPython runs the model's own text on every action
instance of every state that can be reached.  The limit counts states and not seconds, so that the answer
is the same on every machine.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final, TypeAlias

import attrs

from interlock.checker.ir.nodes import Action
from interlock.checker.ir.types import Value, cardinality
from interlock.checker.semantics.evaluate import instances
from interlock.checker.trace.loader import Erred, Loaded, Refused, from_python, guarded, to_python
from interlock.checker.trace.trace import Call
from interlock.checker.words import counted

TRIES: Final = 100_000  # action instances of one search: a few seconds of CPython
PATIENT: Final = 10 * TRIES  # for `interlock replay`, which is asked for one trace alone


@attrs.frozen
class NoWay:
    """All states that can be reached were seen, and none of them is wanted."""

    states: int

    def __str__(self) -> str:
        where = "here, and nothing else" if self.states == 1 else f"in all {self.states} states that"
        return f"checked again in plain Python: it is false {where} can be reached from here"


@attrs.frozen
class TooMany:
    """The search gave up at its limit, or, with the limit 0, before the first state."""

    limit: int

    def __str__(self) -> str:
        if self.limit == 0:
            return "not checked again in plain Python: the actions have too many instances"
        return f"not checked again in plain Python: more than {counted(self.limit, 'state')} can be reached from here"


@attrs.frozen
class Way:
    """A path leads to a wanted state: these calls."""

    calls: tuple[Call, ...]


@attrs.frozen
class Broken:
    """An error of the model can be reached: the last of these calls, or the property after them."""

    calls: tuple[Call, ...]


Answer: TypeAlias = NoWay | TooMany | Way | Broken


def search(
    loaded: Loaded, actions: Sequence[Action], start: Value, wanted: Callable[[Any], bool | Erred], tries: int = TRIES
) -> Answer:
    """Look at every state that can be reached from `start`, breadth first; `wanted` takes a Python state."""
    limit = tries // _instances(actions)
    return _Search(loaded, actions, wanted).run(start, limit) if limit else TooMany(0)


def _instances(actions: Sequence[Action]) -> int:
    total = 0
    for action in actions:
        count = 1
        for p in action.params:
            count *= cardinality(p.type)
        total += count
    return max(1, total)


class _Search:
    def __init__(self, loaded: Loaded, actions: Sequence[Action], wanted: Callable[[Any], bool | Erred]) -> None:
        self.loaded, self.wanted = loaded, wanted
        self.moves = [(a, loaded.function(a.module, a.name), list(self._given(a))) for a in actions]
        self.before: dict[Value, tuple[Value, Call] | None] = {}

    def _given(self, action: Action) -> Iterator[tuple[tuple[Value, ...], list[Any]]]:
        for params in instances(action.params):
            yield params, [to_python(self.loaded, p.type, v) for p, v in zip(action.params, params, strict=True)]

    def run(self, start: Value, limit: int) -> Answer:
        self.before[start] = None
        level = [start]
        while level:
            found: list[Value] = []
            for state in level:
                answer = self._expand(state, found)
                if answer is not None:
                    return answer
                if len(self.before) > limit:
                    return TooMany(limit)
            level = found
        return NoWay(len(self.before))

    def _expand(self, state: Value, found: list[Value]) -> Way | Broken | None:
        t = self.loaded.program.state
        here = to_python(self.loaded, t, state)
        verdict = self.wanted(here)
        if verdict is True:
            return Way(self._calls(state))
        if isinstance(verdict, Erred):
            return Broken(self._calls(state))
        for action, function, given in self.moves:
            for params, arguments in given:
                there = _copy(here)
                outcome = guarded(lambda: function(there, *arguments))  # noqa: B023 - called at once
                if isinstance(outcome, Erred):
                    return Broken((*self._calls(state), Call(action.name, action.params, params)))
                if isinstance(outcome, Refused):
                    continue
                after = from_python(t, there)
                if after not in self.before:
                    self.before[after] = (state, Call(action.name, action.params, params))
                    found.append(after)
        return None

    def _calls(self, state: Value) -> tuple[Call, ...]:
        calls = []
        link = self.before[state]
        while link is not None:
            state, call = link
            calls.append(call)
            link = self.before[state]
        return tuple(reversed(calls))


def _copy(state: Any) -> Any:
    """The values inside never change, so a copy of the fields is enough."""
    made = object.__new__(type(state))
    vars(made).update(vars(state))
    return made
