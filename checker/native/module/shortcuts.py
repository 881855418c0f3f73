"""What need a search not do?  Look up successors that are found by another way, and check what cannot go wrong.

Rule of the module: leaving it out changes nothing that is told.  What is not shown to be superfluous is done, so
the tables may be filled at any time, row by row, while the search is paused.  What took long is kept with compiled code.

* A successor is left out where it is made by a left mover b over the instance a that led to the state, and b has
  the smaller number (`ir/passes/movers.py`).  It is found without that: of all steps from the last level to a new
  state, take the one with the largest number.  Were it left out, the two steps before the state could change places,
  and a step with a larger number would lead there.  This is the idea of sleep sets (Godefroid, "Partial-Order
  Methods for the Verification of Concurrent Systems", 1996) for the shortest paths of a search by levels; every
  state is found, at its depth, and every step was counted before.
* A new state is not checked where the step that found it keeps everything that is checked, nor a step that cannot
  break what is claimed of steps (`ir/passes/kept.py`).
"""

from __future__ import annotations

import functools
import hashlib
import struct
import time
from collections.abc import Iterator
from pathlib import Path

from interlock.checker.ir import scalar
from interlock.checker.native.kernel import KEEPS_STATES, KEEPS_STEPS
from interlock.checker.native.module.memory import Region
from interlock.checker.native.module.program import Program
from interlock.checker.passes import entailment, instances
from interlock.checker.passes import kept as kept_module
from interlock.checker.passes import movers as movers_module
from interlock.checker.passes.instances import Expressions, Instance
from interlock.checker.passes.kept import Kept
from interlock.checker.passes.movers import Movers
from interlock.checker.semantics import layout, leaves

MOST = 1024  # instances that are compared in pairs: half a million of those, and 128 KiB of rows
_DEAR = 0.005  # seconds of work that are worth remembering: to read it takes a tenth of that
_AGAIN = 2  # times as much as was noted is noted again, so an earlier run spent no more than that in vain
_UNFINISHED = "unfinished"
_SECONDS = struct.Struct("<d")


class Shortcuts:
    """Two tables by the number of an instance; the row after the last stands for an initial state."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.kept = Region(program.instances + 1)
        self.movers: Region | None = None
        self._words = program.instances // layout.WORD + 1
        self._spent = 0.0
        self._rest: Iterator[None] | None = self._all()
        self._noted = 0.0  # of those, as they were last noted
        self._least: float | None = None  # seconds, below which it is not begun; None: not looked up yet

    def of(self, program: Program) -> Shortcuts:
        """The same, of a program of the same system: where leaves lie makes no difference."""
        self.program = program
        return self

    @property
    def regions(self) -> list[Region]:
        """Their memory."""
        return [self.kept] if self.movers is None else [self.kept, self.movers]

    def words(self) -> tuple[int, int, int]:
        """What native code is told: where it is noted what is kept, where the movers are, and words of a row."""
        return self.kept.address, 0 if self.movers is None else self.movers.address, self._words

    @property
    def spent(self) -> float:
        """Seconds that were spent on them."""
        return self._spent

    @property
    def finished(self) -> bool:
        """Whether nothing is left to work out."""
        return self._rest is None

    def work(self, seconds: float) -> bool:
        """Fill the tables until `seconds` are spent on them, earlier calls included; whether addresses changed.

        What is not finished is lost at the end of a run.  Where an earlier run of this module did not come to the end,
        this one does not begin before there is more time for it.
        """
        before = self.movers
        if self._least is None:  # the first time
            self._least = self._too_little()
            if self._recalled():
                self._rest = None
        if not self._spent and seconds < self._least:
            return self.movers is not before
        while self._rest is not None and self._spent < seconds:
            start = time.perf_counter()
            if next(self._rest, self) is self:
                self._rest = None
            self._spent += time.perf_counter() - start
            if self._rest is None and self._spent > _DEAR:
                self._remember()
        if self._rest is not None and self._spent > _AGAIN * self._noted:
            self._note()
        return self.movers is not before

    def _all(self) -> Iterator[None]:
        """The work, in small pieces."""
        expressions = Expressions(self.program.compiled)
        kept, known = Kept(expressions), list[Instance]()
        for a in expressions.instances():
            known.append(a)
            yield
            self.kept.put_byte(a.number, KEEPS_STATES * kept.by(a) | KEEPS_STEPS * kept.steps(a))
            yield
        if self._comparable():
            movers, words = Movers(expressions), self._words
            self.movers = self._rows()
            for i, a in enumerate(known):
                row = movers.row(a, known[:i])
                self.movers.put(
                    words * a.number, [row >> layout.WORD * k & (1 << layout.WORD) - 1 for k in range(words)]
                )
                yield

    def _rows(self) -> Region:
        return Region(8 * self._words * (self.program.instances + 1))

    # --- from one run to the next ------------------------------------------------------------------

    def _sizes(self) -> list[int]:
        """Bytes of the tables."""
        rows = self.program.instances + 1
        return [rows, 8 * self._words * rows] if self._comparable() else [rows]

    def _recalled(self) -> bool:
        """Take the tables from the cache, if an earlier run filled them."""
        data, sizes = self.program.library.recall(*self._about()), self._sizes()
        if data is None or len(data) != sum(sizes):
            return False
        if self._comparable():
            self.movers = self._rows()
        for region, size, start in zip(self.regions, sizes, (0, sizes[0]), strict=False):
            with region.view(0, size) as view:
                view[:] = data[start : start + size]
        return True

    def _remember(self) -> None:
        data = b""
        for region, size in zip(self.regions, self._sizes(), strict=True):
            with region.view(0, size) as view:
                data += view
        self.program.library.remember(data, *self._about())

    def _too_little(self) -> float:
        """Seconds that were, as far as is known, not enough in earlier runs."""
        data = self.program.library.recall(_UNFINISHED, *self._about())
        return 0.0 if data is None or len(data) != _SECONDS.size else _AGAIN * float(_SECONDS.unpack(data)[0])

    def _note(self) -> None:
        """Note how much was spent without an end."""
        self._noted = self._spent
        self.program.library.remember(_SECONDS.pack(self._noted), _UNFINISHED, *self._about())

    def _about(self) -> tuple[str, ...]:
        """What the tables depend on beside the module: the values that leaves can have, and what shows them."""
        return "shortcuts", str([(leaf.boolean, leaf.lo, leaf.hi) for leaf in self.program.leaves]), _provers()

    def _comparable(self) -> bool:
        """Whether successors may be left out: not where a state stands for its orbit, for the instance that led to
        one of them leads to others in another."""
        return not self.program.shape.reduced and self.program.instances <= MOST


@functools.cache
def _provers() -> str:
    """The text of what fills the tables: another version of it is not believed what this one says."""
    modules = [entailment, instances, kept_module, movers_module, scalar, layout, leaves]
    found = hashlib.sha256()
    for file in [__file__, *(m.__file__ for m in modules)]:
        found.update(Path(file or "").read_bytes())
    return found.hexdigest()
