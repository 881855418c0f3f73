"""Random walks in plain Python: what native walks must do, step by step, and how a walk goes wrong."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import attrs

from interlock.checker.contract import Path, Step, Trouble, Violated
from interlock.checker.engines.simulate import _mixed
from interlock.checker.ir import scalar as sc
from interlock.checker.ir.nodes import PropertyKind
from interlock.checker.ir.scalar import ScalarProperty, ScalarSystem
from interlock.checker.native.kernel.walk import RATES
from tests.native.systems import State, begun, is_error, successors

_WORD = (1 << 64) - 1
_JUDGED = (PropertyKind.ALWAYS, PropertyKind.STEP)

Wrong = tuple[Trouble, str | None]  # and the name of a property, or of the terminal predicate


@attrs.define
class Walked:
    """What some walks came to; `wrong`: how the last of them went wrong."""

    walks: int = 0
    terminal: int = 0
    taken: Counter[Step] = attrs.field(factory=Counter)
    wrong: Wrong | None = None


class Random:
    """splitmix64."""

    def __init__(self, state: int) -> None:
        self.state = state

    def next(self) -> int:
        self.state = (self.state + 0x9E3779B97F4A7C15) & _WORD
        z = (self.state ^ self.state >> 30) * 0xBF58476D1CE4E5B9 & _WORD
        z = (z ^ z >> 27) * 0x94D049BB133111EB & _WORD
        return z ^ z >> 31

    def below(self, n: int) -> int:
        return (self.next() >> 32) * n >> 32


def walk(system: ScalarSystem, seed: int, walks: int, longest: int) -> Walked:
    """So many walks, up to the first that goes wrong."""
    done, beginnings = Walked(), [state for _, state in begun(system)]
    for number in range(walks):
        done.walks += 1
        chance = Random(((number + 1) * 0xD1342543DE82EF95 & _WORD) ^ _mixed(seed))
        chance = Random(chance.next())
        state = beginnings[chance.below(len(beginnings))]
        rate = (1 << 32) >> RATES[chance.below(len(RATES))] if any(a.fault for a in system.actions) else 0
        done.wrong = in_state(system, state)
        for _ in range(longest):
            if done.wrong:
                return done
            done.wrong = at_its_steps(system, state)
            steps = successors(system, state)
            if done.wrong or not steps:
                done.terminal += not done.wrong
                break
            step, after = drawn(system, steps, chance, rate)
            done.taken[step] += 1
            done.wrong = in_step(system, state, after) or in_state(system, after)
            state = after
        else:
            done.wrong = done.wrong or at_its_steps(system, state)
        if done.wrong:
            return done
    return done


def drawn(system: ScalarSystem, steps: list[tuple[Step, State]], chance: Random, rate: int) -> tuple[Step, State]:
    """The step that comes next: a fault or not, by the rate of the walk, and then any of those."""
    if any(a.fault for a in system.actions):
        rare = chance.next() >> 32 < rate
        faults = [s for s in steps if system.actions[s[0].action].fault]
        others = [s for s in steps if s not in faults]
        steps = faults if faults and (rare or not others) else others
    return steps[chance.below(len(steps))]


def goes_wrong(system: ScalarSystem, path: Path) -> tuple[Wrong, int] | None:
    """How the steps of a path go wrong first, and after how many; None where they do not, or cannot be taken."""
    state, wrong = path.initial, in_state(system, path.initial)
    for i, step in enumerate(path.steps):
        wrong = wrong or at_its_steps(system, state)
        if wrong:
            return wrong, i
        after = dict(successors(system, state)).get(step)
        if after is None:
            return None
        wrong = in_step(system, state, after) or in_state(system, after)
        state = after
    wrong = wrong or at_its_steps(system, state)
    return (wrong, len(path.steps)) if wrong else None


def told(verdict: Violated) -> Wrong:
    """How a verdict says that its path goes wrong; an error is of any action."""
    return verdict.trouble, verdict.property


def in_state(system: ScalarSystem, state: State) -> Wrong | None:
    """The first property that a state violates."""
    return _first([p for p in system.properties if p.kind is not PropertyKind.STEP], state, ())


def in_step(system: ScalarSystem, state: State, after: State) -> Wrong | None:
    """The first property that a step violates."""
    return _first([p for p in system.properties if p.kind is PropertyKind.STEP], state, after)


def at_its_steps(system: ScalarSystem, state: State) -> Wrong | None:
    """Whether a step from a state is an error, or there is none and should be."""
    if is_error(system, state):
        return Trouble.MODEL_ERROR, None
    if system.terminal is None or successors(system, state):
        return None
    wrong = _first([attrs.evolve(system.terminal, kind=PropertyKind.ALWAYS)], state, ())
    return wrong if wrong is None or wrong[0] is Trouble.MODEL_ERROR else (Trouble.DEADLOCK, system.terminal.name)


def _first(properties: Sequence[ScalarProperty], state: State, after: State) -> Wrong | None:
    env = {("s", i): v for i, v in enumerate(state)} | {("t", i): v for i, v in enumerate(after)}
    for p in properties:
        if any(sc.evaluate([e.condition for e in p.errors], env)):
            return Trouble.MODEL_ERROR, p.name
        if p.kind in _JUDGED and not sc.evaluate([p.value], env)[0]:
            return Trouble.PROPERTY, p.name
    return None
