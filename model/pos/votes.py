"""How much weight votes on Heimdall, how much of it lies, and how much is a quorum?

An honest validator votes for what it has checked; those that lie vote as they like, or fall silent.  All honest
validators see the same, so only two sums of weight matter.
"""

from typing import Final

TOTAL: Final = 6  # the weight of all validators
BYZANTINE: Final = 1  # the weight of those that lie
HONEST: Final = TOTAL - BYZANTINE
QUORUM: Final = 2 * TOTAL // 3 + 1


def liars_decide() -> bool:
    """The validators that lie are a quorum by themselves."""
    return BYZANTINE >= QUORUM


def honest_suffice(silent: bool) -> bool:
    """What the honest validators vote for is approved, with or without the votes of the others."""
    return HONEST + (0 if silent else BYZANTINE) >= QUORUM
