"""May the answer of compiled code be believed?  It is compared with the evaluator before it is told (ADR 13).

Rule of the module: every answer was compared on some states, in every form in which the code ran; on few where the same
code was compared in an earlier run, and on more of a search that took long.  Two things are compared: what the code
says of a state (`native/agreement.py`), of states that were found and of others; and, of a search, that it is closed:
where the evaluator says that a step leads from a state that was expanded, that state was found, no more than a step
deeper.  Both are a sample.  A difference is raised as `Disagreement`, and then there is no verdict.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Iterator, Sequence
from typing import Final, NoReturn

import attrs

from interlock.checker import garbage
from interlock.checker.contract import Disagreement
from interlock.checker.native.code.jit import Library, host
from interlock.checker.native.module.program import Program
from interlock.checker.native.store.states import States
from interlock.checker.native.validation.agreement import Agreement, Expansion
from interlock.checker.native.validation.probe import Ask
from interlock.checker.native.validation.repeat import kept
from interlock.checker.native.validation.samples import Samples
from interlock.checker.semantics.meaning import Leaves, Meaning, Scalar

# Times are of the processor, so that on a busy machine no less is compared.
_NEW: Final = 0.03  # seconds of comparing code that was not compared before: less than compiling it took
_KNOWN: Final = 0.002  # seconds of comparing code that was: nobody notices, and each run looks at other states
_LONG: Final = 1.0  # seconds of a search of which a share is spent
_SHARE: Final = {True: 0.005, False: 0.02}  # of such a search: of known code, of new code
_MOST: Final = 5.0  # seconds, however long it took: a sample stays a sample
_STATES: Final = 16  # that the time is to be enough for
_DRAWN: Final = 256  # states that are drawn of those that were found
_NEAR: Final = 0.5  # of the states that were not found are near one that was
_FURTHER: Final = 0.9  # the chance of one more step of a path
_BEGINNINGS: Final = 8  # initial instances that are compared at a time
_TRIED: Final = 1 << 12  # of them, while none is enabled
_ABOUT: Final = "compared 1"  # what is remembered of code: one more where an earlier comparison is not to count


@attrs.frozen
class Found:
    """What a search found: its states, those of fewer steps than `expanded` (all of them: None) were expanded."""

    states: States
    expanded: int | None


class Confirmation:
    """The comparison of one program's code.  `spent`: the seconds that its answer took."""

    def __init__(self, program: Program, meaning: Meaning | None, spent: float) -> None:
        self.program, self.library = program, program.library
        self.known = _recalled(program.library)
        self.rng = random.Random(self.known)  # each run looks at other states
        self.seconds = _seconds(spent, known=bool(self.known))
        self.end = time.thread_time() + self.seconds
        self.agreement = Agreement(program, meaning or Scalar(program.system), self.rng)
        self.samples = Samples(program, self.rng)

    def done(self) -> int:
        """The number of states that were compared, now and before; it is kept with the code."""
        total = self.known + self.agreement.states
        if not self.known or total > 2 * self.known:
            self.library.remember(json.dumps(total).encode(), *_about(self.library))
        return total

    def beside(self, state: Leaves) -> None:
        """Compare what the code says of a state near another, or of any, while there is time."""
        other = self.samples.near(state) if self.rng.random() < _NEAR else self.samples.any()
        if other is not None and not self.late():
            self.expanded(other)

    def beginnings(self, found: Found) -> None:
        """Compare what the code says of some initial instances; the states they lead to were found as such."""
        total = self.program.starts[-1]
        for number in self.rng.sample(range(total), min(total, _BEGINNINGS)):
            state = self.agreement.begun(number)
            if state is not None and found.expanded != 0:
                there = found.states.known(self.agreement.represented(state))
                if there != 0:
                    lost = "not found" if there is None else f"found {there} steps deep"
                    self._not_closed(f"the initial state of instance {number} was {lost}", ("began", number))
            if self.late():
                return

    def along_paths(self, begun: Sequence[int] = ()) -> None:
        """Compare what the code says of states along random paths, while there is time; `begun`: initial instances that
        the code says are enabled."""
        while not (self.agreement.states and self.late()):
            state = self._begun(begun)
            if state is None:
                return
            while state is not None and not (self.agreement.states and self.late()):
                following = [to for _, to in self.expanded(state).reached()]
                self.beside(state)
                state = self.rng.choice(following) if following and self.rng.random() < _FURTHER else None

    def _begun(self, begun: Sequence[int]) -> Leaves | None:
        """An initial state: by one of the instances that are said to be enabled, or the first of others that is; some of
        those are compared in any case, and many where none is enabled."""
        state = self.agreement.begun(self.rng.choice(begun)) if begun else None
        for tried, number in enumerate(self._instances()):
            if state is not None and (tried >= _BEGINNINGS or self.late()):
                break
            other = self.agreement.begun(number)
            state = other if state is None else state
        return state

    def _instances(self) -> Iterator[int]:
        """Initial instances: all of few, and of more some, drawn one by one."""
        total = self.program.starts[-1]
        return iter(range(total)) if total <= _BEGINNINGS else (self.rng.randrange(total) for _ in range(_TRIED))

    def late(self) -> bool:
        """Whether the time is over."""
        return time.thread_time() > self.end

    def expanded(self, state: Leaves) -> Expansion:
        """Compare what the code says of a state."""
        stop = min(self.end, time.thread_time() + self.seconds / _STATES)
        return self.agreement.compare(state, lambda: time.thread_time() > stop)

    def closed(self, found: Found, state: Leaves, depth: int) -> None:
        """Compare what the code says of a state that was found; the states that its steps lead to were found as well."""
        expansion = self.expanded(state)
        if found.expanded is not None and depth >= found.expanded:
            return
        for number, to in expansion.reached():
            there = found.states.known(self.agreement.represented(to))
            if there is None or there > depth + 1:
                self._open(state, number, depth, there)
            if self.late():
                return

    def _open(self, state: Leaves, number: int, depth: int, there: int | None) -> None:
        lost = "not found" if there is None else f"found {there - depth} steps deeper"
        call = self.agreement.call(number)
        told = f"where {call} leads from a state of {depth} steps was {lost}"
        self._not_closed(told, ("steps", self.program.pack(state)))

    def _not_closed(self, told: str, ask: Ask) -> NoReturn:
        data = kept(self.agreement.probes[0], self.library.assembly, ask, "a state that was found")
        raise Disagreement(f"the search is not closed: {told}", data)


def searched(program: Program, meaning: Meaning | None, spent: float, found: Found) -> int:
    """Confirm what a search says; the number of states that were compared.  Raises Disagreement."""
    with garbage.undisturbed():
        confirmation = Confirmation(program, meaning, spent)
        confirmation.beginnings(found)
        for stored in found.states.drawn(confirmation.rng, _DRAWN):
            state = program.unpack(stored.words)
            confirmation.closed(found, state, stored.depth)
            confirmation.beside(state)
            if confirmation.late():
                break
        if not confirmation.agreement.states:  # none can be found: the search ended at once, or its table is gone
            confirmation.along_paths()
        return confirmation.done()


def walked(program: Program, meaning: Meaning | None, spent: float, begun: Sequence[int] = ()) -> int:
    """Confirm what is said of states that are not kept, by some along paths that the evaluator goes, from initial
    instances that are said to be enabled (`begun`) and from others.  Raises Disagreement."""
    with garbage.undisturbed():
        confirmation = Confirmation(program, meaning, spent)
        confirmation.along_paths(begun)
        return confirmation.done()


def _seconds(spent: float, *, known: bool) -> float:
    least = _KNOWN if known else _NEW
    return max(least, min(_SHARE[known] * spent, _MOST)) if spent > _LONG else least


def _recalled(library: Library) -> int:
    """On how many states this code was compared in earlier runs."""
    data = library.recall(*_about(library))
    try:
        return 0 if data is None else int(json.loads(data))
    except (ValueError, TypeError):
        return 0  # not what this version wrote


def _about(library: Library) -> tuple[str, ...]:
    return (_ABOUT, *host(), *sorted(form.text for form in library.forms))
