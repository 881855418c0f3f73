"""Which instances of the actions are enabled in a state, and how may a run begin?  Asked from Python, one at a time.

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

from interlock.checker.contract import Step
from interlock.checker.ir.scalar import ScalarSystem
from interlock.checker.native.code import limits
from interlock.checker.native.validation.agreement import Agreement
from interlock.checker.native.walks.walker import LISTED, Starts, Walker, Walks
from interlock.checker.semantics.meaning import Meaning

_COMPARED: Final = 20  # states, the first that are asked about
_EACH: Final = 0.002  # seconds of the processor for one of them


class Enabled:
    """A system compiled without its properties, and the memory it works in.

    Raises InputError for what cannot be compiled (`limits`).
    """

    def __init__(self, system: ScalarSystem, meaning: Meaning) -> None:
        limits.refuse(system)
        self._program = Walks(attrs.evolve(system, properties=(), terminal=None))
        self._walker = Walker(self._program)
        self._agreement = Agreement(self._program, meaning, random.Random(0))
        self._asked = 0  # initial instances that were compared

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

    # --- how a run begins --------------------------------------------------------------------------

    @property
    def initials(self) -> int:
        """How many initial instances there are."""
        return self._program.starts[-1]

    def starts(self) -> Sequence[int] | None:
        """The numbers of the initial instances that are enabled, ascending; or that of one that is an error of the
        model, alone.  None where there are too many to list.  Raises Disagreement."""
        if self.initials > LISTED:
            return None
        found = Starts(self._program, self.initials)
        wrong = found.list(0, self.initials)
        for number in random.Random(0).sample(range(self.initials), min(self.initials, _COMPARED)):
            self._agreement.begun(number)
        return list(found.numbers()) if wrong is None else [wrong]

    def begins(self, number: int) -> bool:
        """Whether an initial instance is enabled, or an error of the model.  Raises Disagreement."""
        if self._asked < _COMPARED:
            self._asked += 1
            self._agreement.begun(number)
        return self._walker.begins(number)

    def start(self, number: int) -> Step:
        """The initial action and the parameters of an initial instance."""
        return self._program.start(number)
