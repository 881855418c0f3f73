"""What counts as stake on Ethereum, and when: StakeManager's book-keeping of the total.

The total is a stored number, not a sum over the validators: `stakeFor` and delegation raise it at once, an
unstake lowers it one epoch later through `delta`, and a checkpoint is one epoch.  A validator that has
unstaked counts until that epoch, and delegators may leave it afterwards.  Amounts are small; rewards,
auctions and the cap of validators are left out.  Whoever joins has a slot.
StakeManager.stakeFor, updateValidatorState, updateTimeline, _unstake, unstakeClaim, checkSignatures.
"""

from typing import Annotated, Final

from interlock import FiniteSet, Map, Range, action, filled, initial, require, state
from interlock.model.pos.quorum import VALIDATORS, Validator, quorum

FOUNDERS: Final = 3  # the first so many validators have staked at the start
DELEGATED: Final = 2  # what a validator may have delegated to it
EPOCHS: Final = 3
WITHDRAWAL_DELAY: Final = 1  # epochs between leaving and the return of the stake
LEAVING_DELEGATION_SPARES_TOTAL: Final[bool] = True  # False: known to be unsafe
DELEGATION_WAITS_WHILE_UNSTAKING: Final[bool] = True  # False: known to be unsafe

MOST: Final = VALIDATORS * (1 + DELEGATED)
Amount = Annotated[int, Range(1, DELEGATED)]
Epoch = Annotated[int, Range(0, EPOCHS)]


@state
class State:
    """The validators as the contract records them, and the numbers that it keeps beside them."""

    own: Map[Validator, Annotated[int, Range(0, 1)]] = filled(0)
    delegated: Map[Validator, Annotated[int, Range(0, DELEGATED)]] = filled(0)
    leaves_at: Map[Validator, Annotated[int, Range(0, EPOCHS + 1)]] = filled(0)  # deactivation epoch; 0: stays
    claimed: FiniteSet[Validator] = FiniteSet()  # they have their stake back
    total: Annotated[int, Range(0, MOST)] = 0  # validatorState.amount
    delta: Annotated[int, Range(-MOST, 0)] = 0  # what the next epoch takes from the total
    epoch: Epoch = 0


@initial
def found(s: State) -> None:
    """The founders have staked."""
    for v in range(1, FOUNDERS + 1):
        s.own[v] = 1
    s.total = FOUNDERS


@action
def stake(s: State, v: Validator) -> None:
    """A new validator stakes, and counts at once."""
    require(s.own[v] == 0 and s.leaves_at[v] == 0)
    s.own[v] = 1
    s.total += 1


@action
def delegate(s: State, v: Validator, amount: Amount) -> None:
    """A delegator adds weight to a validator that stays; it counts at once."""
    require(s.own[v] > 0 and s.leaves_at[v] == 0)
    require(s.delegated[v] + amount <= DELEGATED)
    s.delegated[v] += amount
    s.total += amount


@action
def unstake(s: State, v: Validator) -> None:
    """A validator gives notice: it counts in this epoch, and not in the next."""
    require(s.own[v] > 0 and s.leaves_at[v] == 0)
    s.leaves_at[v] = s.epoch + 1
    s.delta -= held(s, v)


@action
def undelegate(s: State, v: Validator, amount: Amount) -> None:
    """A delegator leaves.  If the validator has left before, the total was lowered then."""
    require(s.delegated[v] >= amount)
    require(not unstaking(s, v) or not DELEGATION_WAITS_WHILE_UNSTAKING)
    s.delegated[v] -= amount
    if s.leaves_at[v] == 0 or not LEAVING_DELEGATION_SPARES_TOTAL:
        require(s.total >= amount)  # the contract's arithmetic reverts below zero
        s.total -= amount


@action
def claim_stake(s: State, v: Validator) -> None:
    """A validator takes its own stake back; it can no longer be punished."""
    require(s.leaves_at[v] > 0 and v not in s.claimed)
    require(s.epoch >= s.leaves_at[v] + WITHDRAWAL_DELAY)
    s.own[v] = 0
    s.claimed |= {v}


@action
def checkpoint(s: State, signers: FiniteSet[Validator]) -> None:
    """A checkpoint with enough signatures starts the next epoch."""
    require(s.epoch < EPOCHS and accepts(s, signers))
    require(s.total + s.delta >= 0)
    s.epoch += 1
    s.total += s.delta
    s.delta = 0


def held(s: State, v: Validator) -> int:
    """Stake and delegation of one validator, whether or not it counts."""
    return s.own[v] + s.delegated[v]


def unstaking(s: State, v: Validator) -> bool:
    """It has given notice, and counts until the epoch ends."""
    return s.leaves_at[v] > s.epoch


def active(s: State, v: Validator) -> bool:
    """It counts now."""
    return s.own[v] > 0 and (s.leaves_at[v] == 0 or unstaking(s, v))


def active_weight(s: State, some: FiniteSet[Validator]) -> int:
    """The weight of those who count now."""
    return sum(held(s, v) if active(s, v) else 0 for v in some)


def accepts(s: State, signers: FiniteSet[Validator]) -> bool:
    """The contract takes the signatures of these validators, measured against the total it has stored."""
    return active_weight(s, signers) >= quorum(s.total)
