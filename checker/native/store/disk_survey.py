"""What did a search cover whose states are on disk?  As of states in memory (`survey`), in other words.

Rule of the module: what an action leads to is noted in a byte for each action and state of one level, by its place on
disk; those are all in memory.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from interlock.checker.ir.scalar import ScalarSystem
from interlock.checker.native.store.columns import Keys, distinct
from interlock.checker.native.store.disk_steps import Steps
from interlock.checker.native.store.spill import Spill
from interlock.checker.native.store.states import Counted, Look


class DiskSurvey:
    """The states of fewer steps than `below`, all of which were expanded and are on disk."""

    def __init__(self, spill: Spill, below: int, look: Look) -> None:
        self.spill, self.visited, self.look = spill, spill.visited, look
        self.levels = range(min(below, len(spill.sizes)))

    def count(self, system: ScalarSystem) -> Counted:
        """See `Survey`."""
        with self.spill.reading():
            return self._count(system)

    def _count(self, system: ScalarSystem) -> Counted:
        steps, states = Steps(self.spill, system, 0), 0
        for level in self.levels:
            for _, keys in steps.taken(level):
                self.look()
                for _ in steps.of(keys):
                    pass
                states += self.spill.standing_for(keys)
        return Counted(steps.program, states, steps.run.numbers(steps.run.fired, len(system.actions)))

    def cover(self) -> Counted:
        """See `Survey`."""
        with self.spill.reading():
            return self._cover()

    def _cover(self) -> Counted:
        system, sizes = self.spill.program.system, self.spill.sizes
        actions = len(system.actions)
        steps, states = Steps(self.spill, system, actions * max(sizes)), 0
        bases, new = np.array(steps.program.bases), np.zeros(actions, np.int64)
        for level in self.levels:
            reached = np.zeros(actions * (sizes[level + 1] if level + 1 < len(sizes) else 0), bool)
            for _, keys in steps.taken(level):
                self.look()
                for targets, ids, _ in steps.of(keys):
                    self._reach(
                        steps, level + 1, targets, bases.searchsorted(ids.astype(np.int64), "right") - 1, reached, new
                    )
                states += self.spill.standing_for(keys)
        fired = steps.run.numbers(steps.run.fired, actions)
        return Counted(steps.program, states, fired, tuple(int(n) for n in new))

    def _reach(self, steps: Steps, level: int, targets: Keys, owners: Any, reached: Any, new: Any) -> None:
        """Note which states of a level, that were not noted before, an action leads to; `new` counts them."""
        if not len(reached):
            return
        actions = len(new)
        order = targets.argsort()
        keys, owners = targets[order], owners[order]
        hit, at = steps.found(keys, level)
        marks = distinct(at * actions + owners[hit])
        marks = marks[~reached[marks]]
        reached[marks] = True
        for action in np.flatnonzero(np.bincount(marks % actions, minlength=actions)):
            chosen = self.spill.keys(level)[marks[marks % actions == action] // actions]
            new[action] += self.spill.standing_for(chosen)
        self.spill.release()
