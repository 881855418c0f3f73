"""Which states may a run begin in, where they are few enough to be listed here?

Rule of the module: what is listed is all of them, in the order of the initial instances, each once.  Engines make
initial states as they make others, by code or as conditions, however many there are; this list is for what is shown
about a system before it is searched, which is a little sharper where the states themselves are known.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterator
from typing import Final, TypeAlias

from interlock.checker.ir.scalar import Op, ScalarAction, ScalarSystem, evaluator, is_const, topological
from interlock.checker.ir.types import members
from interlock.checker.semantics.leaves import to_leaves

FEW: Final = 400_000  # operations and leaves, of all initial instances together: listed in a tenth of a second

State: TypeAlias = tuple[int, ...]


def listed(system: ScalarSystem) -> tuple[State, ...] | None:
    """The initial states of a system as values of its leaves; None where there are more than are listed."""
    return _listed(system.initials)


@functools.lru_cache(maxsize=16)
def _listed(initials: tuple[ScalarAction, ...]) -> tuple[State, ...] | None:
    if sum(a.instances * _work(a) for a in initials) > FEW:
        return None
    return tuple(dict.fromkeys(itertools.chain.from_iterable(map(_states, initials))))


def _work(action: ScalarAction) -> int:
    """The effort of one instance: how many nodes are computed, and leaves written."""
    nodes = topological([*action.guards, *action.updates.values()])
    return len(action.updates) + sum(n.op is not Op.CONST for n in nodes)


def _states(action: ScalarAction) -> Iterator[State]:
    """Where the enabled instances lead."""
    moving = {i: n for i, n in action.updates.items() if not is_const(n)}
    made = [n.lo for _, n in sorted(action.updates.items())]
    values = evaluator([*action.guards, *moving.values()])
    rows = [[to_leaves(t, v) for v in members(t)] for _, t in action.params]
    for row in itertools.product(*rows):
        found = values({("p", i): v for i, v in enumerate(itertools.chain.from_iterable(row))})
        if all(found[: len(action.guards)]):
            for i, value in zip(moving, found[len(action.guards) :], strict=True):
                made[i] = value
            yield tuple(made)
