"""Which states could there be?  Drawn at random, whether or not they can be reached.

Rule of the module: what is drawn is a value of the state's type, and what is known of all reachable states is so in it
(`ir/passes/known.py`): so compiled code, which relies on both, must mean there what the text means.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Final

from interlock.checker.native.module.program import Program
from interlock.checker.semantics.leaves import from_leaves, to_leaves
from interlock.checker.semantics.meaning import Leaves

_TRIES: Final = 16  # to draw a value of which everything known is so
_CHANGED: Final = 3  # leaves that are drawn anew in a state nearby, at most
_ENDS: Final = 0.5  # of all leaves are drawn from the ends of their range


class Samples:
    """States of a program."""

    def __init__(self, program: Program, rng: random.Random) -> None:
        self.type, self.leaves, self.same, self.rng = (
            program.system.state,
            program.leaves,
            program.known.same,
            rng,
        )
        self._free = [i for i, leaf in enumerate(self.leaves) if leaf.lo < leaf.hi and i not in self.same]

    def any(self) -> Leaves | None:
        """A state; None where none was met in some tries."""
        return self._tried([leaf.lo for leaf in self.leaves], len(self._free))

    def near(self, state: Leaves) -> Leaves | None:
        """One that differs from a state in a few places; None where none was met in some tries."""
        return self._tried(state, min(_CHANGED, len(self._free)))

    def _tried(self, state: Sequence[int], changes: int) -> Leaves | None:
        return next((found for _ in range(_TRIES) if (found := self._drawn(state, changes)) is not None), None)

    def _drawn(self, state: Sequence[int], changes: int) -> Leaves | None:
        found = list(state)
        for i in self.rng.sample(self._free, changes):
            found[i] = self._number(self.leaves[i].lo, self.leaves[i].hi)
        for i, k in self.same.items():
            found[i] = found[k]
        drawn = tuple(found) if self.type is None else to_leaves(self.type, from_leaves(self.type, found))
        inside = all(leaf.lo <= v <= leaf.hi for leaf, v in zip(self.leaves, drawn, strict=True))
        return drawn if inside and all(drawn[i] == drawn[k] for i, k in self.same.items()) else None

    def _number(self, lo: int, hi: int) -> int:
        return self.rng.choice((lo, hi)) if self.rng.random() < _ENDS else self.rng.randint(lo, hi)
