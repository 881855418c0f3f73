"""Which instances of the actions are enabled in a state?  Asked from Python, one state at a time.

Rule of the module: the compiled successor code answers, the same that the searches run; it says which
instances, and nobody here looks at where they lead.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence

import attrs

from checker.engines.contract import Step
from checker.ir.scalar import ScalarSystem
from checker.native.walker import Walker, Walks


class Enabled:
    """A system compiled without its properties, and the memory it works in.

    Raises InputError E003 when the actions have too many instances.
    """

    def __init__(self, system: ScalarSystem) -> None:
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

    def number(self, step: Step) -> int:
        """The number of an instance."""
        return self._program.number(step)
