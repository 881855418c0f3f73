"""What one pool for several rollups keeps of the fee rule: PS7, PS7b (V1, V2, V3).

V1 is the same with one rollup.  The weak rule, never to pay more than was deposited, holds throughout.
"""

from typing import Final

from interlock import Finding, FiniteSet, Holds, Violated, always, check, claim, reachable
from interlock.model.poe import fees
from interlock.model.poe.fees import Rollup, State, pool

V1: Final = {"ROLLUPS": 1, "BATCHES": 3}
V2: Final = {"ROLLUPS": 2}
V3: Final = {"ROLLUPS": 2, "REFUNDS": False}  # and V2 from fork 12 on, the first with rollbackBatches
EQUAL: Final = {"FEES": FiniteSet({1})}


@always
def no_more_than_deposited(s: State) -> bool:
    """PS7b: the pool is never overdrawn."""
    return pool(s) >= 0


@always
def nothing_is_left(s: State) -> bool:
    """PS7b: once every batch is verified the pool is empty."""
    return any(s.verified[r] < s.sequenced[r] for r in Rollup) or pool(s) == 0


@always
def each_rollup_pays_for_itself(s: State, r: Rollup) -> bool:
    """PS7 between rollups: no more is paid for the batches of a rollup than was deposited for them."""
    return s.paid[r] <= s.deposited[r]


@reachable
def every_batch_is_paid(s: State) -> bool:
    """Everything is verified."""
    return all(s.verified[r] == fees.BATCHES for r in Rollup)


check(
    "V1",
    fees,
    V1,
    properties=(no_more_than_deposited, nothing_is_left, each_rollup_pays_for_itself, every_batch_is_paid),
    expect=Holds(distinct=44, depth=6),
)
check(
    "V2",
    fees,
    V2,
    faults={"announce"},
    properties=(no_more_than_deposited, nothing_is_left, every_batch_is_paid),
    expect=Holds(distinct=729, depth=8),
)
check(
    "V2 PS7 the fees of one rollup pay for another",
    fees,
    V2,
    properties=(each_rollup_pays_for_itself,),
    expect=Violated(each_rollup_pays_for_itself, steps=3, distinct=729),
    about="One pool over all rollups: the average does not ask whose batch it is.",
)
check(
    "V3",
    fees,
    V3,
    faults={"rollback"},
    properties=(no_more_than_deposited, every_batch_is_paid),
    expect=Holds(distinct=12641, depth=11),
)
check(
    "M6 V3 a rollback keeps the fees",
    fees,
    {**V3, **EQUAL},
    faults={"rollback"},
    properties=(nothing_is_left,),
    expect=Violated(nothing_is_left, steps=2, distinct=358),
    about=(
        "ZKEVM04-02 (Sigma Prime): the fees of removed batches stay in the pool, and whoever verifies next gets them."
    ),
)
check(
    "a rollback that refunds them",
    fees,
    {**V2, **EQUAL},
    faults={"rollback"},
    properties=(no_more_than_deposited, nothing_is_left, every_batch_is_paid),
    expect=Holds(distinct=72, depth=10),
)
check(
    "M19 a rollup without batches announces some",
    fees,
    {**V2, **EQUAL, "CALLBACK_CHECKED": False},
    faults={"announce"},
    properties=(nothing_is_left,),
    expect=Violated(nothing_is_left, steps=3, distinct=108),
    about=(
        "AGG-11: a rollup that settles by pessimistic proofs could call onSequenceBatches, and dilute the reward "
        "of all."
    ),
)
check(
    "M19 the pool is not overdrawn by it",
    fees,
    {**V2, "CALLBACK_CHECKED": False},
    faults={"announce"},
    properties=(no_more_than_deposited, every_batch_is_paid),
    expect=Holds(distinct=2431, depth=9),
)

claim(
    "PS7b-pool",
    source="PolygonRollupManager.calculateRewardPerBatch, rollbackBatches",
    says="One pool pays the verified batches of all rollups, and never more than it got.",
    finding=Finding.CONFIRMED,
    decided_by=(
        "V1",
        "V2",
        "V3",
        "V2 PS7 the fees of one rollup pay for another",
        "M6 V3 a rollback keeps the fees",
        "M19 the pool is not overdrawn by it",
    ),
    because="Never overdrawn, by whatever happens here. That all of it is paid out in the end needs that batches are "
    "not removed without a refund, or announced without being posted; the contract does not promise it. Two rollups, "
    "two batches of each, fees of 1 and 6, one rollback. Forced batches in the queue, which V1 counts as awaiting, "
    "are left out.",
)
