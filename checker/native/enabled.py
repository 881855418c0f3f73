"""Which instances of the actions are enabled in a state, and how may a run begin?  Asked from Python, one at a time.

Rule of the module: the compiled successor code answers, the same that the searches run; it says which
instances, and nobody here looks at where they lead.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence

import attrs

from checker.engines.contract import Step
from checker.ir.scalar import ScalarSystem
from checker.native import limits
from checker.native.walker import LISTED, Starts, Walker, Walks


class Enabled:
    """A system compiled without its properties, and the memory it works in.

    Raises InputError for what cannot be compiled (`limits`).
    """

    def __init__(self, system: ScalarSystem) -> None:
        limits.refuse(system)
        self._program = Walks(attrs.evolve(system, properties=(), terminal=None))
        self._walker = Walker(self._program)

    def instances(self, leaves: Sequence[int]) -> Mapping[int, Sequence[int]]:
        """By action, as far as there are any: the numbers of the instances that are enabled, ascending.

        Of those whose step is an error of the model, the first alone is among them.
        """
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

    # --- how a run begins --------------------------------------------------------------------------

    @property
    def initials(self) -> int:
        """How many initial instances there are."""
        return self._program.starts[-1]

    def starts(self) -> Sequence[int] | None:
        """The numbers of the initial instances that are enabled, ascending; or that of one that is an error of the
        model, alone.  None where there are too many to list."""
        if self.initials > LISTED:
            return None
        found = Starts(self._program, self.initials)
        wrong = found.list(0, self.initials)
        return list(found.numbers()) if wrong is None else [wrong]

    def begins(self, number: int) -> bool:
        """Whether an initial instance is enabled, or an error of the model."""
        return self._walker.begins(number)

    def start(self, number: int) -> Step:
        """The initial action and the parameters of an initial instance."""
        return self._program.start(number)
