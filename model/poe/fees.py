"""What is in the contract's pool, when one pool serves several rollups and batches can be rolled back.

PolygonRollupManager (2024): a verified batch pays the average of what awaits, over all rollups.  PolygonZkEVM
(2023) did the same with one rollup.  What the post asks for is in `proofs.py`.
Left out: who is paid, the change of the fee (`price.py`), and forced batches: PolygonZkEVM counts those in the
queue as awaiting, too.
"""

from typing import Annotated, Final

from interlock import FiniteSet, Map, Range, Scalarset, action, filled, require, state

ROLLUPS: Final = 2
BATCHES: Final = 2  # of each rollup
DEAREST: Final = 6
REFUNDS: Final[bool] = True  # False: a rollback keeps the fees of the batches it removes
CALLBACK_CHECKED: Final[bool] = True  # False: rollups without batches may announce some

Number = Annotated[int, Range(0, BATCHES)]
Fee = Annotated[int, Range(0, DEAREST)]
Money = Annotated[int, Range(0, 2 * ROLLUPS * BATCHES * DEAREST)]

FEES: Final[FiniteSet[Fee]] = FiniteSet({1, 6})


class Rollup(Scalarset, size=ROLLUPS):
    """A rollup under the manager."""


@state
class State:
    """The pool, and what went in and out of it."""

    sequenced: Map[Rollup, Number] = filled(0)
    verified: Map[Rollup, Number] = filled(0)
    announced: Annotated[int, Range(0, 1)] = 0  # batches that nobody paid for, or can verify
    deposited: Map[Rollup, Money] = filled(0)
    paid: Map[Rollup, Money] = filled(0)
    rolled_back: bool = False


@action
def sequence(s: State, r: Rollup, fee: Fee) -> None:
    """A batch is sequenced, and its fee paid."""
    require(s.sequenced[r] < BATCHES and fee in FEES)
    s.sequenced[r] += 1
    s.deposited[r] += fee


@action
def verify(s: State, r: Rollup) -> None:
    """The next batch of a rollup is verified, for the average of all that awaits."""
    require(s.verified[r] < s.sequenced[r])
    s.paid[r] += pool(s) // awaiting(s)
    s.verified[r] += 1


@action(fault="rollback")
def roll_back(s: State, r: Rollup) -> None:
    """The batches of a rollup that are not verified are removed, once; a refund gives each the average back."""
    require(s.verified[r] < s.sequenced[r] and not s.rolled_back)
    n = s.sequenced[r] - s.verified[r]
    if REFUNDS:
        s.deposited[r] -= min(pool(s) // awaiting(s) * n, s.deposited[r])
    s.sequenced[r] = s.verified[r]
    s.rolled_back = True


@action(fault="announce")
def announce(s: State) -> None:
    """onSequenceBatches is called by a rollup that settles by another kind of proof, and has no batches."""
    require(not CALLBACK_CHECKED and s.announced == 0)
    s.announced += 1


def pool(s: State) -> int:
    """What the manager holds."""
    return sum(s.deposited[r] - s.paid[r] for r in Rollup)


def awaiting(s: State) -> int:
    """The batches that count as not yet verified."""
    return sum(s.sequenced[r] - s.verified[r] for r in Rollup) + s.announced
