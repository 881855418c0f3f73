"""One coin, on both forks: its owner burns it on each, in whatever range, and asks for it on Ethereum.

It was deposited before the forks part, so each fork has it once, and nothing on either fork is invalid.  A
second coin, of somebody else, stays where it is: what is locked must cover it.
RootChainManager.exit: the key is the block, the path and the log, so burns in two blocks are two burns.
"""

from typing import Annotated, Final

from interlock import Map, Range, action, initial, require
from interlock.model.pos.nodes import RANGES, Fork, State

BURNS: Final[bool] = False  # True: the coin may be burnt
ONE_EXIT_A_BURN: Final[bool] = (
    True  # False: the contract does not look at the keys of earlier exits (known to be unsafe)
)


@initial
def choose_burns(s: State, burnt: Map[Fork, Annotated[int, Range(0, RANGES)]]) -> None:
    """The coin is burnt on each fork in some range, or not at all."""
    require(BURNS or all(burnt[fork] == 0 for fork in Fork))
    s.burnt = burnt


@action
def pay_exit(s: State, fork: Fork) -> None:
    """The burn on a fork is proved against the checkpoint of its range, and paid out."""
    require(s.burnt[fork] > 0 and s.burnt[fork] <= len(s.l1))
    require(s.l1[s.burnt[fork] - 1] == fork)
    require(s.locked > 0 and (s.paid[fork] == 0 or not ONE_EXIT_A_BURN))
    s.paid[fork] += 1
    s.locked -= 1
