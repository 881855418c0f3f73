"""Which instances of the actions are enabled in a state?  Asked from Python, one state at a time.

Rule of the module: the compiled code answers, the same that random walks run; it says which instances, and nobody here
looks at where they lead.  What it says of the first states is compared with the meaning of the text (ADR 13).
"""

from __future__ import annotations

import random
import time
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from typing import Final

import attrs

from checker.engines.contract import Step
from checker.ir.scalar import ScalarSystem
from checker.native.agreement import Agreement
from checker.native.walker import Walker, Walks
from checker.semantics.meaning import Meaning

_COMPARED: Final = 20  # states, the first that are asked about
_EACH: Final = 0.002  # seconds of the processor for one of them


class Enabled:
    """A system compiled without its properties, and the memory it works in.

    Raises InputError E003 when the actions have too many instances.
    """

    def __init__(self, system: ScalarSystem, meaning: Meaning) -> None:
        self._program = Walks(attrs.evolve(system, properties=(), terminal=None))
        self._walker = Walker(self._program)
        self._agreement = Agreement(self._program, meaning, random.Random(0))

    def instances(self, leaves: Sequence[int]) -> Mapping[int, Sequence[int]]:
        """By action, as far as there are any: the numbers of the instances that are enabled, ascending.

        Of those whose step is an error of the model, the first alone is among them.  Raises Disagreement.
        """
        if self._agreement.states < _COMPARED:
            stop = time.thread_time() + _EACH
            self._agreement.compare(tuple(leaves), lambda: time.thread_time() > stop)
        walker, program = self._walker, self._program
        walker.replay(program.pack(leaves), ())
        numbers, error = walker.enabled(), walker.error()
        found: dict[int, list[int]] = {}
        for number in sorted(numbers if error is None else (*numbers, error)):
            found.setdefault(bisect_right(program.bases, number) - 1, []).append(number)
        return found

    def step(self, number: int) -> Step:
        """The action and the parameters of an instance."""
        return self._program.step(number)

    def number(self, step: Step) -> int:
        """The number of an instance."""
        return self._program.number(step)
