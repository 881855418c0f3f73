"""What can a faulty weight do, whatever the weights are?  Every set of small weights, and every faulty part of it.

Each state but the first is a case, and nothing happens in it.  Two conflicting things are signed with a quorum
each if the faulty sign both, and the honest weight splits into two parts that are each large enough with theirs.
"""

from typing import Annotated, Final

from interlock import Enum, FiniteSet, Map, Range, action, auto, filled, require, state
from interlock.model.pos.quorum import VALIDATORS, Validator, quorum

HEAVIEST: Final = 3


class Case(Enum):
    """Which cases are looked at."""

    ALL = auto()
    CONFLICT_BOUND_IS_REACHED = auto()
    AND_HONEST_WEIGHT_DOES_NOT_SPLIT = auto()


CASES: Final[Case] = Case.ALL
MOST: Final = VALIDATORS * HEAVIEST
Sum = Annotated[int, Range(0, MOST)]


@state
class State:
    """A case."""

    weight: Map[Validator, Annotated[int, Range(1, HEAVIEST)]] = filled(1)
    faulty: FiniteSet[Validator] = FiniteSet()
    chosen: bool = False


@action
def choose(s: State, weight: Map[Validator, Annotated[int, Range(1, HEAVIEST)]], faulty: FiniteSet[Validator]) -> None:
    """Any weights, and any of the validators faulty."""
    require(not s.chosen)
    s.weight = weight
    s.faulty = faulty
    s.chosen = True
    reached = faulty_weight(s) >= conflict_bound(s)
    require(CASES == Case.ALL or reached)
    require(CASES != Case.AND_HONEST_WEIGHT_DOES_NOT_SPLIT or not can_conflict(s))


def total(s: State) -> int:
    """T, the weight of all."""
    return sum(s.weight[v] for v in range(1, VALIDATORS + 1))


def faulty_weight(s: State) -> int:
    """The weight of the faulty."""
    return sum(s.weight[v] for v in s.faulty)


def conflict_bound(s: State) -> int:
    """2Q - T: two quorums share at least so much."""
    return 2 * quorum(total(s)) - total(s)


def can_stop(s: State) -> bool:
    """Without the faulty there is no quorum."""
    return total(s) - faulty_weight(s) < quorum(total(s))


def can_conflict(s: State) -> bool:
    """Some part of the honest makes a quorum with the faulty, and so does the rest."""
    short = quorum(total(s)) - faulty_weight(s)
    honest = total(s) - faulty_weight(s)
    return any(short <= part and short <= honest - part for part in honest_sums(s))


def honest_sums(s: State) -> FiniteSet[Sum]:
    """The weights of all parts of the honest."""
    sums: FiniteSet[Sum] = FiniteSet({0})
    for v in range(1, VALIDATORS + 1):
        if v not in s.faulty:
            sums = FiniteSet(x for x in range(MOST + 1) if x in sums or any(part + s.weight[v] == x for part in sums))
    return sums
