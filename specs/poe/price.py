"""PS17: the fee of a batch stays in its bounds, and moves by no more than the cap."""

from typing import Final

from interlock import Finding, Holds, Violated, always, check, claim, reachable, step
from interlock.model.poe import price
from interlock.model.poe.price import State


@always
def within_bounds(s: State) -> bool:
    """PS17: the price is never outside its bounds."""
    return price.LOWEST <= s.price <= price.HIGHEST


@step
def one_update_moves_little(old: State, new: State) -> bool:
    """PS17: an update moves the price by no more than the cap."""
    return old.price - price.CAP <= new.price <= old.price + price.CAP


@always
def a_block_moves_little(s: State) -> bool:
    """PS17 as the cap intends it: nor do all the updates of a block."""
    return s.began - price.CAP <= s.price <= s.began + price.CAP


@reachable
def the_price_is_highest(s: State) -> bool:
    """The price does get to its upper bound."""
    return s.price == price.HIGHEST


@reachable
def the_price_is_lowest(s: State) -> bool:
    """The price does get to its lower bound."""
    return s.price == price.LOWEST


BOUNDS: Final = (within_bounds, the_price_is_highest, the_price_is_lowest)


check(
    "a cap for each block",
    price,
    properties=(*BOUNDS, one_update_moves_little, a_block_moves_little),
    expect=Holds(distinct=43, depth=6),
)
check(
    "V1, V2 a cap for each call",
    price,
    {"CAPS_BLOCK": False},
    properties=(*BOUNDS, one_update_moves_little),
    expect=Holds(distinct=49, depth=5),
)
check(
    "M3 many small calls get round the cap",
    price,
    {"CAPS_BLOCK": False},
    properties=(a_block_moves_little,),
    expect=Violated(a_block_moves_little, steps=2, distinct=49),
    about=(
        "LXLY-03 (Sigma Prime): the exponent is capped for each call, so many small verifications move the fee "
        "further than one."
    ),
)
check(
    "no cap",
    price,
    {"CAPPED": False},
    properties=(one_update_moves_little,),
    expect=Violated(one_update_moves_little, steps=1, distinct=55),
    about="Why the exponent of an update is capped.",
)
check(
    "no bounds",
    price,
    {"CAPS_BLOCK": False, "BOUNDED": False},
    properties=(within_bounds,),
    expect=Violated(within_bounds, steps=1, distinct=109),
    about="Why an update ends with a comparison: capped factors alone leave the bounds, one after another.",
)

claim(
    "PS17",
    source="PolygonZkEVM._updateBatchFee",
    says="The fee of a batch stays in its bounds, and an update changes it by a capped multiplier.",
    finding=Finding.CONFIRMED,
    decided_by=("V1, V2 a cap for each call", "M3 many small calls get round the cap", "no bounds"),
    because="For each update it holds. A block takes many updates, so in a short time the fee can move further; the "
    "contract does not claim otherwise. Bounds and cap are small numbers of factors here, two updates a block. The "
    "post has a fee that is adjusted and gives no formula, and the trusted aggregator's proofs move none.",
)
