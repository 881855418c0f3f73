"""Who decides a vote on Heimdall, where nothing matters but two sums of weight?

An honest validator votes for what it has checked; the faulty vote as they like, or fall silent.  All honest
validators see the same, so it does not matter who they are: the weights 1, 1, 1 and 3 are six equal ones here.
"""

from typing import Final

from interlock.model.pos.quorum import quorum

TOTAL: Final = 6  # the weight of all validators
FAULTY_WEIGHT: Final = 1  # the weight of the faulty ones
HONEST: Final = TOTAL - FAULTY_WEIGHT


def the_faulty_decide() -> bool:
    """The faulty are a quorum by themselves."""
    return quorum(TOTAL) <= FAULTY_WEIGHT


def honest_suffice(silent: bool) -> bool:
    """What the honest validators vote for is approved, with or without the votes of the faulty."""
    return HONEST + (0 if silent else FAULTY_WEIGHT) >= quorum(TOTAL)
