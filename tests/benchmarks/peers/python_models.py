"""Both models for model checkers that are Python libraries: the steps offered in a state, made once and reused.

A library says what a step is by `make(name, effect)`.  States are tuples of small numbers, which hash and
compare faster than classes.
"""

from collections.abc import Callable
from typing import NamedTuple, TypeVar

State = tuple[int, ...]
Step = TypeVar("Step")
ABSENT, BUILT, PRECONFIRMED, PROVEN, FINAL = range(5)


class Model(NamedTuple):
    """Where a model starts, what it offers in a state, and what is always true."""

    initial: State
    offered: Callable[[State], list]
    safe: Callable[[State], bool]


def agg_core(make: Callable[[str, Callable[[State], State]], Step], chains: int, heights: int) -> Model:
    """agg-core: a number a block, its status in the low three bits and above them its dependency + 1, or 0."""
    blocks = range(chains * heights * 2)

    def changed(b: int, add: int) -> Callable[[State], State]:
        return lambda s: (*s[:b], s[b] + add, *s[b + 1 :])

    chain = [b // (2 * heights) for b in blocks]
    others = [[d for d in blocks if chain[d] != chain[b]] for b in blocks]
    build = [[make(f"build({b}, {d - 1})", changed(b, BUILT + 8 * d)) for d in range(len(blocks) + 1)] for b in blocks]
    advance = [make(f"advance({b})", changed(b, 1)) for b in blocks]
    below = [None if b % (2 * heights) < 2 else (b & ~1) - 2 for b in blocks]

    def below_is(s: State, b: int, wanted: int) -> bool:
        first = below[b]
        return first is None or s[first] & 7 >= wanted or s[first + 1] & 7 >= wanted

    def offered(s: State) -> list[Step]:
        steps = []
        for b in blocks:
            status, needs = s[b] & 7, s[b] >> 3
            if status == ABSENT:
                if below_is(s, b, BUILT):
                    steps.append(build[b][0])
                    steps += [build[b][d + 1] for d in others[b] if s[d]]
            elif status == FINAL or (needs and s[needs - 1] & 7 <= status):
                continue
            elif status == BUILT:
                if s[b ^ 1] & 7 < PRECONFIRMED:
                    steps.append(advance[b])
            elif status == PRECONFIRMED or below_is(s, b, FINAL):
                steps.append(advance[b])
        return steps

    def safe(s: State) -> bool:
        for b in blocks:
            if s[b] & 7 == FINAL:
                needs = s[b] >> 3
                if (needs and s[needs - 1] & 7 != FINAL) or s[b ^ 1] & 7 == FINAL:
                    return False
        return True

    return Model((0,) * len(blocks), offered, safe)


def two_phase(make: Callable[[str, Callable[[State], State]], Step], managers: int) -> Model:
    """Two-phase commit: masks of prepared, committed, aborted, sent, heard; then what was decided (0: nothing)."""
    everyone = (1 << managers) - 1
    commit, abandon = 1, 2
    bits = [1 << m for m in range(managers)]
    decide = [make(f"decide({d})", lambda s, d=d: (*s[:5], d)) for d in (0, commit, abandon)]
    hear = [make(f"hear({b})", lambda s, b=b: (*s[:4], s[4] | b, s[5])) for b in bits]
    prepare = [make(f"prepare({b})", lambda s, b=b: (s[0] | b, s[1], s[2], s[3] | b, s[4], s[5])) for b in bits]
    give_up = [make(f"give_up({b})", lambda s, b=b: (s[0], s[1], s[2] | b, *s[3:])) for b in bits]
    obey_commit = [make(f"commit({b})", lambda s, b=b: (s[0] & ~b, s[1] | b, s[2] & ~b, *s[3:])) for b in bits]
    obey_abort = [make(f"abort({b})", lambda s, b=b: (s[0] & ~b, s[1] & ~b, s[2] | b, *s[3:])) for b in bits]

    def offered(s: State) -> list[Step]:
        prepared, committed, aborted, sent, heard, decided = s
        if decided:
            steps = list(obey_commit if decided == commit else obey_abort)
        else:
            steps = [decide[abandon]] if heard != everyone else [decide[commit], decide[abandon]]
            steps += [step for b, step in zip(bits, hear) if sent & b]
        busy = prepared | committed | aborted
        if busy != everyone:
            for b, one, other in zip(bits, prepare, give_up):
                if not busy & b:
                    steps += (one, other)
        return steps

    def safe(s: State) -> bool:
        return not (s[1] and s[2])

    return Model((0,) * 6, offered, safe)


MODELS = {"agg_core": agg_core, "two_phase": two_phase}
