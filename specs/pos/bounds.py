"""Are the three bounds exact for every choice of weights?  T - Q + 1 stops, 2Q - T conflicts, Q decides alone.

For all weights 1 to 3 of 3, 4 and 5 validators and all faulty parts: 216, 1296 and 7776 cases.  The first bound is
exact.  The second is necessary, and in 42, 164 and 430 cases, 636 of the 9288, it is reached and nothing can
conflict, because the honest weight does not split.  The third is the definition of a quorum.  "One third" is a
slogan: 2 of 6 may stop, and 3 of 6 may not conflict.
"""

from typing import Final

from interlock import Holds, Violated, always, check, reachable
from interlock.model.pos import bounds
from interlock.model.pos.bounds import Case, State, can_conflict, can_stop, conflict_bound, faulty_weight, total
from interlock.model.pos.quorum import VALIDATORS, quorum


@always
def stops_from_the_bound_on(s: State) -> bool:
    """The faulty can stop everyone if, and only if, they weigh T - Q + 1."""
    return can_stop(s) == (faulty_weight(s) >= total(s) - quorum(total(s)) + 1)


@always
def conflict_needs_the_bound(s: State) -> bool:
    """Two conflicting quorums need faulty weight of 2Q - T."""
    return not can_conflict(s) or faulty_weight(s) >= conflict_bound(s)


@always
def the_bound_is_enough_for_conflict(s: State) -> bool:
    """Faulty weight of 2Q - T makes two conflicting quorums: true of equal weights, not of all."""
    return can_conflict(s) or faulty_weight(s) < conflict_bound(s)


@reachable
def two_thirds_are_honest_and_can_be_stopped(s: State) -> bool:
    """The rounding at 2T/3: exactly two thirds are honest, which is one short of a quorum."""
    return 3 * (total(s) - faulty_weight(s)) >= 2 * total(s) and can_stop(s)


@reachable
def unequal_weights_conflict(s: State) -> bool:
    """Unequal weights can conflict, too."""
    return can_conflict(s) and any(s.weight[v] != s.weight[1] for v in range(1, VALIDATORS + 1))


BOUNDS: Final = (stops_from_the_bound_on, conflict_needs_the_bound)
WITNESSES: Final = (two_thirds_are_honest_and_can_be_stopped, unequal_weights_conflict)
UNSPLIT: Final = {"CASES": Case.AND_HONEST_WEIGHT_DOES_NOT_SPLIT}

check("three", bounds, {"VALIDATORS": 3}, properties=(*BOUNDS, *WITNESSES), expect=Holds(distinct=217, depth=1))
check("four", bounds, properties=(*BOUNDS, *WITNESSES), expect=Holds(distinct=1297, depth=1))
check(
    "five",
    bounds,
    {"VALIDATORS": 5},
    properties=(*BOUNDS, *WITNESSES),
    expect=Holds(distinct=7777, depth=1),
    slow=True,
)
check(
    "three, the bound is reached and the honest weight does not split",
    bounds,
    {"VALIDATORS": 3, **UNSPLIT},
    properties=BOUNDS,
    expect=Holds(distinct=43, depth=1),
)
check(
    "four, the bound is reached and the honest weight does not split",
    bounds,
    UNSPLIT,
    properties=BOUNDS,
    expect=Holds(distinct=165, depth=1),
)
check(
    "five, the bound is reached and the honest weight does not split",
    bounds,
    {"VALIDATORS": 5, **UNSPLIT},
    properties=BOUNDS,
    expect=Holds(distinct=431, depth=1),
)
check(
    "the bound is not enough for unequal weights",
    bounds,
    properties=(the_bound_is_enough_for_conflict,),
    expect=Violated(the_bound_is_enough_for_conflict, steps=1, distinct=1297),
)
check(
    "four of weight 1, the bound is enough",
    bounds,
    {"HEAVIEST": 1},
    properties=(the_bound_is_enough_for_conflict, *BOUNDS),
    expect=Holds(distinct=17, depth=1),
)
check(
    "six of weight 1, the bound is enough",
    bounds,
    {"VALIDATORS": 6, "HEAVIEST": 1},
    properties=(the_bound_is_enough_for_conflict, *BOUNDS),
    expect=Holds(distinct=65, depth=1),
)
