"""Which signatures count for a checkpoint on Ethereum: whose, over what, and in which order.

One range is voted on by the same validators on two chains, with the same signer keys.  What a signature is
over is its chain and its vote; a signature is public once it is made.  The contract is given a list of
signatures, and counts the weight of those that recover to an active validator: a repeat is skipped, the
first one that is out of order ends the count.
RootChain.submitCheckpoint (the vote prefix and the chain id), StakeManager.checkSignatures.
"""

from typing import Annotated, Final

from interlock import Bound, Enum, FiniteSet, Map, Range, Seq, action, auto, filled, initial, require, state
from interlock.model.pos.quorum import VALIDATORS, Validator, quorum, weight, weight_of

REPEATS_SKIPPED: Final[bool] = True  # False: known to be unsafe
YES_PREFIX: Final[bool] = True  # False: a vote does not say what it votes for (known to be unsafe)
CHAIN_ID: Final[bool] = True  # False: a vote does not say for which chain it is (known to be unsafe)
ORDERED: Final[bool] = True  # False: signatures may come in any order (known to be unsafe)
LEAVERS: Final = 0  # the first so many validators have left: they still sign, and do not count

Signatures = Annotated[Seq[Validator], Bound(VALIDATORS)]


class Chain(Enum):
    """Where a range is voted on."""

    HOME = auto()
    OTHER = auto()  # a test network with the same validators


class Vote(Enum):
    """What a validator has said of the range."""

    NONE = auto()
    YES = auto()
    NO = auto()


@state
class State:
    """The votes, and what Ethereum has accepted for the home chain."""

    vote: Map[Chain, Map[Validator, Vote]] = filled(filled(Vote.NONE))
    accepted: bool = False


@action
def sign(s: State, chain: Chain, v: Validator, vote: Vote) -> None:
    """A validator votes, once on each chain, and what it signs is public."""
    require(vote != Vote.NONE and s.vote[chain][v] == Vote.NONE)
    s.vote[chain][v] = vote


@action
def submit_checkpoint(s: State, signatures: Signatures) -> None:
    """Anyone submits the range for the home chain with a list of signatures."""
    require(not s.accepted)
    require(counted(s, signatures) >= quorum(weight_of(active())))
    s.accepted = True


def active() -> FiniteSet[Validator]:
    """The validators that count on Ethereum."""
    return FiniteSet(v for v in range(1, VALIDATORS + 1) if v > LEAVERS)


def recovers(s: State, v: Validator) -> bool:
    """Some signature of the validator is one over the data that the contract hashes."""
    return any(
        (s.vote[chain][v] == Vote.YES or (s.vote[chain][v] == Vote.NO and not YES_PREFIX))
        and (chain == Chain.HOME or not CHAIN_ID)
        for chain in Chain
    )


def counted(s: State, signatures: Signatures) -> int:
    """The weight that the contract counts in a list of signatures."""
    power = 0
    last = 0
    ended = False
    for v in signatures:
        if not ended and recovers(s, v):
            if v < last and ORDERED:
                ended = True
            elif v in active() and (v != last or not REPEATS_SKIPPED):
                power += weight(v)
                last = v
    return power
