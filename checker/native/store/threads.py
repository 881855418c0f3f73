"""What do the threads of a search share, beside the states?  Their contexts, and the words that all of them count in.

Rule of the module: what is shared is written to the first context, and copied to the others; nobody but this module
copies it.
"""

from __future__ import annotations

from collections.abc import Mapping

from interlock.checker.native.kernel import SHARED_WORDS, Ctx, Shared
from interlock.checker.native.module.crew import Crew
from interlock.checker.native.module.memory import Region
from interlock.checker.native.module.program import Program
from interlock.checker.native.module.run import Run

_SHARED = tuple(word for word in Ctx if word < Ctx.FREE)


class Threads:
    """The threads of one search; `first` is the one that works alone, and has the words that all share."""

    def __init__(self, program: Program, crew: Crew) -> None:
        self.program, self.crew = program, crew
        self.runs = [Run(program) for _ in range(crew.size)]
        self.first = self.runs[0]
        self.shared = Region(8 * SHARED_WORDS)
        self.publish({Ctx.SHARED: self.shared.address})

    def total(self, word: Ctx) -> int:
        """A counter, over all threads."""
        return sum(run[word] for run in self.runs)

    def get(self, word: Shared) -> int:
        """A word that all count in."""
        return self.shared.get(word)

    def put(self, word: Shared, value: int) -> None:
        """Set a word that all count in."""
        self.shared.put(word, [value])

    def publish(self, words: Mapping[Ctx, int]) -> None:
        """Tell all threads `words`, which they share."""
        for word, value in words.items():
            self.first[word] = value
        for run in self.runs[1:]:
            self.lend(run)

    def lend(self, run: Run) -> None:
        """Let a thread, or what is counted afterwards, look at what is shared."""
        run.context.put(0, [self.first[word] for word in _SHARED])

    def alone(self) -> None:
        """Native code runs on one thread until `together`."""
        self._atomic(0)

    def together(self) -> None:
        """Native code runs on all threads."""
        self._atomic(1)

    def _atomic(self, value: int) -> None:
        for run in self.runs:
            run[Ctx.ATOMIC] = value

    def bytes(self) -> int:
        """Memory of the contexts, and of what hangs on them."""
        return self.shared.size + sum(run.bytes() for run in self.runs)
