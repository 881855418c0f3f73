"""Do compiled code and the evaluator say the same of a state?  Translation validation, one state at a time (ADR 13).

Rule of the module: compiled code is never believed alone.  What it says of a state (which instances are enabled, where
each leads, which is an error, what every claim comes to) is compared with the meaning of the text, in every form in
which the code ran; the first difference is raised as `Disagreement`, and then there is no verdict.  Where a state has
more instances, or a property more values of its parameters, than there is time for, some are compared, and nothing is
concluded from the others.
"""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final, NoReturn, TypeAlias

import attrs

from interlock.checker.contract import Disagreement
from interlock.checker.ir.nodes import PropertyKind
from interlock.checker.ir.scalar import ScalarAction, ScalarProperty
from interlock.checker.ir.types import Value, show_value
from interlock.checker.native.kernel import Judged
from interlock.checker.native.module.program import Program
from interlock.checker.native.validation.probe import Ask, Probe, Steps, Words, probes
from interlock.checker.native.validation.repeat import kept
from interlock.checker.passes.symmetry import permuted
from interlock.checker.semantics.leaves import from_leaves, to_leaves
from interlock.checker.semantics.meaning import Leaves, Meaning, Outcome, Said, Truth

_ALL: Final = 1 << 9  # instances up to which each is tried, in some order

Late: TypeAlias = Callable[[], bool]


@attrs.frozen
class Expansion:
    """What some instances do in a state, by the evaluator: by their numbers."""

    leaves: Leaves
    outcomes: Mapping[int, Outcome]

    def reached(self) -> Iterator[tuple[int, Leaves]]:
        """The instances that are enabled, and where they lead."""
        return ((number, to) for number, to in self.outcomes.items() if isinstance(to, tuple))


@attrs.frozen
class _Taken:
    """An instance that is enabled, and where it leads."""

    number: int
    to: Leaves


@attrs.define
class _Tally:
    """What a property came to, for the values of its parameters one after the other; `whole`: for all of them.

    How often it was `true`, `false` and an `error`.
    """

    truths: list[Truth] = attrs.field(factory=list)
    true: int = 0
    false: int = 0
    error: int = 0
    whole: bool = False

    def count(self, truth: Truth) -> None:
        """One value more."""
        self.truths.append(truth)
        if truth is Said.ERROR:
            self.error += 1
        elif truth:
            self.true += 1
        else:
            self.false += 1

    def could_be(self, said: Truth, kind: PropertyKind) -> bool:
        """Whether a property could come to that, by the values that were looked at."""
        if said is Said.ERROR:
            return bool(self.error) or not self.whole
        if self.error:
            return False
        # one value decides that some is true, or that not all are
        decisive, truth = (self.true, True) if kind is PropertyKind.REACHABLE else (self.false, False)
        return bool(decisive) or not self.whole if said is truth else not decisive

    def __str__(self) -> str:
        return f"true {self.true} times, false {self.false} times, an error {self.error} times"


class Agreement:
    """A program beside what its system means.  `states` and `instances` count what was compared."""

    def __init__(self, program: Program, meaning: Meaning, rng: random.Random) -> None:
        self.program, self.system, self.meaning, self.rng = program, program.system, meaning, rng
        self.probes = probes(program)
        self.states = self.instances = 0

    def compare(self, leaves: Leaves, late: Late) -> Expansion:
        """Compare what is said of a state, as far as there is time: one instance and one value of each property in any
        case.  What the evaluator says of its steps.  Raises Disagreement."""
        if len(self.probes) < len(self.program.library.forms):  # it went over to another one since
            self.probes = probes(self.program)
        state, words = self.meaning.state(leaves), self.program.pack(leaves)
        steps = [probe.steps(words) for probe in self.probes]
        outcomes: dict[int, Outcome] = {}
        for number in self._numbers(steps[0]):
            outcomes[number] = outcome = self._outcome(state, number)
            for probe, found in zip(self.probes, steps, strict=True):
                self._compare_step(probe, words, found, number, outcome)
            if isinstance(outcome, tuple):
                self._compare_claims_of_step(state, words, steps, _Taken(number, outcome), late)
            if late():
                break
        self._compare_claims(state, words, late)
        self._compare_rest(state, words)
        self.states += 1
        self.instances += len(outcomes)
        return Expansion(leaves, outcomes)

    def begun(self, number: int) -> Leaves | None:
        """Compare what is said of an initial instance, where the code has them.  The state it leads to, by the evaluator;
        None where it is not enabled, or an error.  Raises Disagreement."""
        start = self.program.start(number)
        outcome = self.meaning.begin(start.action, start.params)
        for probe in (p for p in self.probes if p.has("initial")):
            found = probe.began(number)
            said: Outcome = Said.ERROR if found.error else Said.DISABLED
            if found.words is not None:
                said = self.program.unpack(found.words)
            if said != outcome:
                call = _called(self.system.initials[start.action], start.params)
                self._differ(probe, ("began", number), call, self._told(outcome, said), self._told(said, outcome))
        return outcome if isinstance(outcome, tuple) else None

    # --- steps -------------------------------------------------------------------------------------

    def _numbers(self, steps: Steps) -> Iterator[int]:
        """Instances to be tried: in turn one that the code says something of, and one of the others."""
        told = (steps.numbers[i] for i in self._places(len(steps.numbers)))
        first = () if steps.error is None else (steps.error,)
        others = (number for number in self._any() if number != steps.error and steps.to(number) is None)
        for pair in itertools.zip_longest(itertools.chain(first, told), others):
            yield from (number for number in pair if number is not None)

    def _places(self, count: int) -> Iterator[int]:
        """The numbers below one, each once, from anywhere on with any stride that meets all."""
        if count:
            start, stride = self.rng.randrange(count), self.rng.randrange(count) + 1
            while math.gcd(stride, count) > 1:
                stride = stride % count + 1
            yield from ((start + stride * i) % count for i in range(count))

    def _any(self) -> Iterator[int]:
        """Instances in some order, each once; where they are many, some, as many of one action as of another."""
        total, bases, rng = self.program.instances, self.program.bases, self.rng
        if total <= _ALL:
            yield from self._places(total)
            return
        some = [(a, b) for a, b in itertools.pairwise(bases) if a < b]
        seen = set[int]()
        for _ in range(_ALL):
            number = rng.randrange(*rng.choice(some))
            if number not in seen:
                seen.add(number)
                yield number

    def _told(self, outcome: Outcome, other: Outcome) -> object:
        """An outcome in words: of two states, where one differs from the other."""
        if not isinstance(outcome, tuple):
            return outcome
        if not isinstance(other, tuple):
            return "enabled"
        rows = zip(self.system.leaves, outcome, other, strict=True)
        return ", ".join(f"{leaf.name} = {a}" for leaf, a, b in rows if a != b)

    def _outcome(self, state: Any, number: int) -> Outcome:
        step = self.program.step(number)
        return self.meaning.step(state, step.action, step.params)

    def _compare_step(self, probe: Probe, words: Words, found: Steps, number: int, outcome: Outcome) -> None:
        here = found.to(number)
        if isinstance(outcome, tuple):
            same = here is not None and self.program.unpack(here) == outcome
        elif outcome is Said.ERROR:
            same = here is None and found.error is not None and found.error <= number
        else:
            same = here is None and found.error != number
        if not same:
            says = Said.ERROR if found.error == number else Said.DISABLED if here is None else self.program.unpack(here)
            self._differ(
                probe, ("steps", words), self.call(number), self._told(outcome, says), self._told(says, outcome)
            )

    def call(self, number: int) -> str:
        """An instance as its author would write it."""
        step = self.program.step(number)
        return _called(self.system.actions[step.action], step.params)

    # --- claims ------------------------------------------------------------------------------------

    def _compare_claims(self, state: Any, words: Words, late: Late) -> None:
        """What properties of states say of one."""
        asked = [i for i, p in enumerate(self.system.properties) if p.kind is not PropertyKind.STEP]
        if not asked or not self.probes[0].has("check"):
            return
        tallies = {i: self._tally(i, late, state) for i in asked}
        for probe in self.probes:
            judged = probe.judged(words)
            self._claims(probe, ("judged", words), judged.code, judged.noted, tallies)
            if probe.has("note"):
                self._claims(probe, ("noted", words), 0, probe.noted(words), tallies)
            if probe.has("wanted"):
                self._compare_goals(probe, words, tallies)

    def _compare_goals(self, probe: Probe, words: Words, tallies: Mapping[int, _Tally]) -> None:
        """What is said of the goals of RECOVERABLE properties, where evaluating those is no error."""
        for k, portion in enumerate(self.program.portions):
            truths = tallies[portion.property].truths
            if Said.ERROR in truths:
                continue
            bits, p = probe.wanted(words, k), self.system.properties[portion.property]
            for bit, number in enumerate(portion.numbers):
                said = bool(bits >> bit & 1)
                if number < len(truths) and said is not truths[number]:
                    self._differ(probe, ("wanted", words, k), _called(p, p.instance(number)), truths[number], said)

    def _compare_claims_of_step(
        self, state: Any, words: Words, steps: Sequence[Steps], step: _Taken, late: Late
    ) -> None:
        """What properties of steps say of one."""
        asked = [i for i, p in enumerate(self.system.properties) if p.kind is PropertyKind.STEP]
        if not asked or not self.probes[0].has("check_step"):
            return
        after = self.meaning.state(step.to)
        tallies = {i: self._tally(i, late, state, after) for i in asked}
        for probe, found in zip(self.probes, steps, strict=True):
            end = found.to(step.number)
            assert end is not None, "it was compared"
            self._claims(probe, ("step_judged", words, end), probe.step_judged(words, end), frozenset(), tallies)
            if probe.has("note_step"):
                self._claims(probe, ("step_noted", words, end), 0, probe.step_noted(words, end), tallies)

    def _claims(self, probe: Probe, ask: Ask, code: int, noted: frozenset[int], tallies: Mapping[int, _Tally]) -> None:
        """Compare what a code and notes say of some properties; of those after the one that a code names, nothing."""
        for i, tally in tallies.items():
            if not code or i <= Judged.at(code - 1).position:
                self._claim(probe, ask, i, self._said(i, code, noted), tally)

    def _said(self, i: int, code: int, noted: frozenset[int]) -> Truth | None:
        """What a property comes to by a code and notes; None where they only say that it is no error."""
        itself, error = Judged(i), Judged(i, error=True)
        if code in (itself.code, error.code):
            return False if code == itself.code else Said.ERROR
        if error.place in noted:
            return Said.ERROR
        match self.system.properties[i].kind:
            case PropertyKind.REACHABLE:
                return itself.place in noted
            case PropertyKind.RECOVERABLE:
                return None
        return itself.place not in noted

    def _tally(self, i: int, late: Late, *states: Any) -> _Tally:
        tally = _Tally()
        for truth in self.meaning.judged(i, *states):
            tally.count(truth)
            if late():
                return tally
        tally.whole = True
        return tally

    def _claim(self, probe: Probe, ask: Ask, i: int, said: Truth | None, tally: _Tally) -> None:
        p = self.system.properties[i]
        if tally.error if said is None else not tally.could_be(said, p.kind):
            self._differ(probe, ask, p.name, tally, "no error" if said is None else said)

    def _compare_rest(self, state: Any, words: Words) -> None:
        """What the terminal predicate says of a state."""
        if self.system.terminal is None or not self.probes[0].has("check_terminal"):
            return
        truth = self.meaning.rests(state)
        for probe in self.probes:
            said = (True, False, Said.ERROR)[probe.rests(words)]
            if said is not truth:
                self._differ(probe, ("rests", words), self.system.terminal.name, truth, said)

    # --- symmetry ----------------------------------------------------------------------------------

    def represented(self, leaves: Leaves) -> Words:
        """The words of the state that is kept for one.  Of a reduced search it is compared with what is kept for the
        state with two members swapped, which must be the same.  Raises Disagreement."""
        quotient, words = self.program.quotient, self.program.pack(leaves)
        if quotient is None:
            return words
        assert self.system.state is not None
        change = self.rng.choice(quotient.swaps)
        image = permuted(self.system.state, from_leaves(self.system.state, leaves), change.sort, change.by)
        other = self.program.pack(to_leaves(self.system.state, image))
        for probe in self.probes:
            kept, same = probe.represented(words), probe.represented(other)
            if kept != same:
                of = f"what is kept for a state, and for the one where members of {change.sort.name} change places"
                self._differ(probe, ("represented", words), of, "the same", (kept, same))
        return self.probes[0].represented(words)

    # --- differences -------------------------------------------------------------------------------

    def _differ(self, probe: Probe, ask: Ask, of: str, means: object, says: object) -> NoReturn:
        """Raise what can be repeated: what was asked of which code, and what it said."""
        raise Disagreement(
            f"of {of} in a state, compiled code says: {_shown(says)}; and the model's text: {_shown(means)}",
            kept(probe, self.program.library.assembly, ask, _shown(means)),
        )


def _called(of: ScalarAction | ScalarProperty, params: tuple[Value, ...]) -> str:
    shown = (f"{n}={show_value(t, v)}" for (n, t), v in zip(of.params, params, strict=True))
    return f"{of.name}({', '.join(shown)})"


def _shown(said: object) -> str:
    match said:
        case Said():
            return said.value
        case bool():
            return str(said).lower()
    return str(said)
