"""How much is two thirds?  The validators, their weights, and the exact quorum.

StakeManager on Ethereum asks for at least floor(2T/3) + 1 of the total weight T, Heimdall for more than
floor(2T/3): the same number.  Three bounds follow: faulty weight can halt from T - Q + 1 on, can sign two
conflicting things from 2Q - T on (if the honest weight splits), and decides alone from Q on.
"""

from typing import Annotated, Final

from interlock import FiniteSet, Range

VALIDATORS: Final = 4
LAST_WEIGHT: Final = 1  # the weight of the last validator; every other one has 1

Validator = Annotated[int, Range(1, VALIDATORS)]  # in the order of their signer addresses


def quorum(total: int) -> int:
    """The least weight that is enough."""
    return 2 * total // 3 + 1


def weight(v: Validator) -> int:
    """Stake and delegation of one validator."""
    return LAST_WEIGHT if v == VALIDATORS else 1


def weight_of(some: FiniteSet[Validator]) -> int:
    """Stake and delegation of some validators, each counted once."""
    return sum(weight(v) for v in some)
