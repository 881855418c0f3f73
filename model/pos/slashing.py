"""Does a validator that signs twice pay for it before it has its stake back?

A height can be signed over two blocks; whoever signs both leaves evidence, which everyone has.  StakeManager
returns a stake some epochs after its validator left; an epoch is a checkpoint, so it takes a quorum.  Slashing
as it was designed takes a quorum too: SlashingManager.updateSlashedAmounts counts signatures.  Honest
validators vote for it within so many epochs.  Faulty ones vote for checkpoints, and need not vote to slash.
"""

from typing import Annotated, Final

from interlock import FiniteSet, Map, Range, action, filled, initial, require, state
from interlock.model.pos.quorum import VALIDATORS, Validator, quorum, weight, weight_of

FAULTY_WEIGHT: Final = 1
SLASHING: Final[bool] = True  # False: as deployed, there is none
SLASHING_BY_QUORUM: Final[bool] = True  # False: the evidence alone is enough
WITHDRAWAL_DELAY: Final = 1  # epochs between leaving and the return of the stake
DETECTION: Final = 1  # epochs that honest validators take at most to slash, where they can
EPOCHS: Final = 4

Epoch = Annotated[int, Range(0, EPOCHS)]


@state
class State:
    """Who signed twice and when, who is on the way out, and who paid."""

    faulty: FiniteSet[Validator] = FiniteSet()
    signed_twice: Map[Validator, Epoch | None] = filled(None)  # since when there is evidence
    slashed: FiniteSet[Validator] = FiniteSet()
    leaves_at: Map[Validator, Annotated[int, Range(0, EPOCHS + 1)]] = filled(0)  # 0: stays
    claimed: FiniteSet[Validator] = FiniteSet()  # they have their stake back
    epoch: Epoch = 0


@initial
def corrupt(s: State, faulty: FiniteSet[Validator]) -> None:
    """Some validators of that weight are faulty."""
    require(weight_of(faulty) == FAULTY_WEIGHT)
    s.faulty = faulty


@action(fault="double_signature")
def sign_twice(s: State, v: Validator) -> None:
    """A faulty validator that counts signs two blocks of one height."""
    require(v in s.faulty and s.signed_twice[v] is None and (s.leaves_at[v] == 0 or s.epoch < s.leaves_at[v]))
    s.signed_twice[v] = s.epoch


@action
def slash(s: State, v: Validator) -> None:
    """The stake of one that signed twice is cut, while it is still there."""
    require(can_slash(s, v))
    s.slashed |= {v}


@action
def unstake(s: State, v: Validator) -> None:
    """A faulty validator gives notice; that others may leave as well changes nothing here."""
    require(v in s.faulty and s.leaves_at[v] == 0)
    s.leaves_at[v] = s.epoch + 1


@action
def claim_stake(s: State, v: Validator) -> None:
    """A validator takes back what is left of its stake."""
    require(s.leaves_at[v] > 0 and v not in s.claimed)
    require(s.epoch >= s.leaves_at[v] + WITHDRAWAL_DELAY)
    s.claimed |= {v}


@action
def checkpoint(s: State) -> None:
    """The next epoch; honest validators have slashed by then whomever they had to."""
    require(s.epoch < EPOCHS and not any(overdue(s, v) for v in s.faulty))
    s.epoch += 1


def can_slash(s: State, v: Validator) -> bool:
    """There is evidence, a stake to cut, and enough votes without those of the faulty."""
    enough = weight_of(honest(s)) >= quorum(weight_of(everyone())) or not SLASHING_BY_QUORUM
    return SLASHING and enough and s.signed_twice[v] is not None and v not in s.slashed and v not in s.claimed


def overdue(s: State, v: Validator) -> bool:
    """Honest validators have had time enough to slash it."""
    since = s.signed_twice[v]
    return can_slash(s, v) and len(honest(s)) > 0 and since is not None and s.epoch >= since + DETECTION


def everyone() -> FiniteSet[Validator]:
    """All validators."""
    return FiniteSet(v for v in range(1, VALIDATORS + 1))


def honest(s: State) -> FiniteSet[Validator]:
    """Those who are not faulty."""
    return FiniteSet(v for v in everyone() if v not in s.faulty)
