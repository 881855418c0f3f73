"""How the fee of a batch moves: a multiplier for each verification, within bounds.

PolygonZkEVM._updateBatchFee (2023): each verification looks at how long its batches waited, and multiplies or
divides the fee; the exponent is capped, and the fee is kept between two bounds (1 gwei and 1000 MATIC).  The post
gives no formula.  A level here is one factor, so that prices are small numbers.
Left out: the rule that decides between up and down, which is up to time.
"""

from typing import Annotated, Final

from interlock import Range, action, require, state

LOWEST: Final = 2
HIGHEST: Final = 6
START: Final = 3
CAP: Final = 2  # levels that one update may move: 12 in the contract
CAPPED: Final[bool] = True  # False: an update may move the price to any level (known to be unsafe)
CAPS_BLOCK: Final[bool] = True  # False: the cap is for each call, and a block takes many calls
BOUNDED: Final[bool] = True  # False: an update may leave the bounds (known to be unsafe)
CALLS: Final = 2  # verifications in a block

Level = Annotated[int, Range(LOWEST - CAP, HIGHEST + CAP)]


@state
class State:
    """The price, what it was when the block began, and the calls since."""

    price: Level = START
    began: Level = START
    calls: Annotated[int, Range(0, CALLS)] = 0


@action
def verify(s: State, price: Level) -> None:
    """A verification updates the price of the batches to come: the new one, brought back into the bounds."""
    require(s.calls < CALLS)
    near = s.began if CAPS_BLOCK else s.price
    require(not CAPPED or (near - CAP <= price <= near + CAP and s.price - CAP <= price <= s.price + CAP))
    s.price = max(LOWEST, min(price, HIGHEST)) if BOUNDED else price
    s.calls += 1


@action
def next_block(s: State) -> None:
    """A new block begins."""
    require(s.calls > 0)
    s.began = s.price
    s.calls = 0
