"""One compiled module in several forms: optimised or not, for this processor or for any."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Iterator
from pathlib import Path

import attrs

from interlock.checker.checks.finding import load
from interlock.checker.ir.claims import Check
from interlock.checker.ir.nodes import PropertyKind
from interlock.checker.native.code.jit import FAST, QUICK
from interlock.checker.native.module.program import Program, known_leaves
from interlock.checker.native.validation.agreement import Agreement
from interlock.checker.native.validation.probe import Probe, Words, probes
from interlock.checker.native.validation.samples import Samples
from interlock.checker.passes.scalarize import scalarize
from interlock.checker.semantics.meaning import Evaluated, Meaning

ROOT = Path(__file__).resolve().parents[2]
_FIRST = 256  # initial instances
FORMS = tuple(attrs.evolve(form, host=host) for form in (QUICK, FAST) for host in (True, False))


def checks(folder: str = "specs") -> Iterator[tuple[str, Check]]:
    """Every check of the specs, by a name of its own."""
    for spec in load([ROOT / folder]):
        for check in spec.checks:
            yield f"{Path(spec.path).resolve().relative_to(ROOT)}: {check.name}", check


def compiled(check: Check) -> tuple[Program, Meaning]:
    """The program of a check as a search makes it, and what it means."""
    of = check.program.allowed(check.faults), check.properties, check.terminal, check.helpers
    system = scalarize(check.program, *of)
    return Program(system, known=known_leaves(system)), Evaluated(check.program, *of)


def in_all_forms(program: Program) -> None:
    """Compile a program in every form."""
    for form in FORMS:
        program.library.load(form)


def drawn(program: Program, count: int, seed: int = 0) -> Iterator[tuple[int, ...]]:
    """Random states: anywhere, and near initial ones and one another."""
    rng = random.Random(seed)
    samples, near = Samples(program, rng), [program.unpack(words) for words in itertools.islice(begun(program), 64)]
    for i in itertools.count():
        state = samples.any() if i % 2 else samples.near(rng.choice(near))
        if state is not None:
            near = [*near[-64:], state]
            yield state
        count -= 1
        if not count:
            return


def begun(program: Program) -> Iterator[Words]:
    """Initial states: what the first instances lead to."""
    asked = probes(program)[0]
    for number in range(min(program.starts[-1], _FIRST)):
        words = asked.began(number).words
        if words is not None:
            yield words


def differences(program: Program, states: Iterator[tuple[int, ...]]) -> list[str]:
    """Where two forms do not say the same of an initial instance, of a state, or of a step from it."""
    asked = probes(program)
    found: list[str] = []
    for number in range(min(program.starts[-1], _FIRST)):
        if len({probe.began(number) for probe in asked}) > 1:
            found.append(f"initial instance {number}")
    for state in states:
        words = program.pack(state)
        for name, answer in _questions(program, words):
            said = [answer(probe) for probe in asked]
            if any(s != said[0] for s in said):
                found.append(f"{name} in {state}")
    return found


def _questions(program: Program, words: Words) -> Iterator[tuple[str, Callable[[Probe], object]]]:
    yield "steps", lambda probe: probe.steps(words)
    yield "claims", lambda probe: probe.judged(words)
    yield "rest", lambda probe: probe.rests(words)
    for i in range(len(program.portions)):
        yield "wanted", lambda probe, i=i: probe.wanted(words, i)  # type: ignore[misc]
    if any(p.kind is PropertyKind.STEP for p in program.system.properties):
        yield "claims of steps", lambda probe: _judged(probe, words)


def _judged(probe: Probe, words: Words) -> list[int]:
    steps = probe.steps(words)
    return [probe.step_judged(words, to) for number in steps.numbers if (to := steps.to(number)) is not None]


def evaluated(program: Program, meaning: Meaning, states: Iterator[tuple[int, ...]], each: int) -> int:
    """Compare every form with the evaluator, on so many instances of each state; how many were compared.

    Raises Disagreement.
    """
    agreement = Agreement(program, meaning, random.Random(1))
    for number in range(min(program.starts[-1], each)):
        agreement.begun(number)
    for state in states:
        left = itertools.count(each, -1)
        agreement.compare(state, lambda left=left: next(left) <= 1)  # type: ignore[misc]
    return agreement.instances
