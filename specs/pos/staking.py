"""Does the stored total stay what it stands for (S2'), and does a checkpoint have two thirds of the stake (S2)?"""

from typing import Final

from interlock import Finding, FiniteSet, Holds, Violated, always, check, claim, reachable
from interlock.model.pos import staking
from interlock.model.pos.quorum import VALIDATORS, Validator, quorum
from interlock.model.pos.staking import State, accepts, active, active_weight, held, unstaking


@always
def total_is_the_active_weight(s: State) -> bool:
    """S2': the stored total is the weight that counts now."""
    return s.total == active_weight(s, everyone())


@always
def total_and_delta_are_the_weight_that_stays(s: State) -> bool:
    """S2': with what the next epoch takes off, it is the weight of the validators that stay."""
    return s.total + s.delta == sum(held(s, v) if active(s, v) and not unstaking(s, v) else 0 for v in everyone())


@always
def accepted_signers_have_a_quorum(s: State, signers: FiniteSet[Validator]) -> bool:
    """S2: whatever set of signers the contract would accept has a quorum of the weight that counts."""
    return not accepts(s, signers) or active_weight(s, signers) >= quorum(active_weight(s, everyone()))


@always
def a_quarter_is_not_enough(s: State, signers: FiniteSet[Validator]) -> bool:
    """S2, far from the bound: the contract would accept no set of signers with a quarter of the weight or less."""
    return not accepts(s, signers) or 4 * active_weight(s, signers) > active_weight(s, everyone())


@reachable
def delegation_outlasts_its_validator(s: State, v: Validator) -> bool:
    """A validator has its stake back, and one of two delegators is still there."""
    return v in s.claimed and s.delegated[v] == 1


@reachable
def a_validator_joins(s: State) -> bool:
    """Whoever was not there at the start has staked, and counts."""
    return active(s, VALIDATORS) and s.epoch > 0


def everyone() -> FiniteSet[Validator]:
    """All validators."""
    return FiniteSet(v for v in range(1, VALIDATORS + 1))


BOOKS: Final = (
    total_is_the_active_weight,
    total_and_delta_are_the_weight_that_stays,
    accepted_signers_have_a_quorum,
    a_quarter_is_not_enough,
)
THREE: Final = {"VALIDATORS": 3, "FOUNDERS": 2}
M3: Final = {"LEAVING_DELEGATION_SPARES_TOTAL": False}

check("two founders and one who joins", staking, THREE, expect=Holds(distinct=12240, depth=12))
check("three founders and one who joins", staking, expect=Holds(distinct=242568, depth=15), slow=True)

# The known-bad variants.
check(
    "M3 the total falls twice",
    staking,
    {**THREE, **M3},
    properties=(total_is_the_active_weight,),
    expect=Violated(total_is_the_active_weight, steps=4, distinct=23634),
    about="Consensus bypass, found by Niv Yehezkel, January 2022: delegation that leaves a validator that has left "
    "lowers the total once more.",
)
check(
    "M3 signers without a quorum",
    staking,
    {**THREE, **M3},
    properties=(accepted_signers_have_a_quorum,),
    expect=Violated(accepted_signers_have_a_quorum, steps=5, distinct=23634),
    about="Consensus bypass, January 2022: less than two thirds of the stake is taken for two thirds.",
)
check(
    "M3 a quarter of the stake is enough",
    staking,
    {"VALIDATORS": 5, "FOUNDERS": 5, "EPOCHS": 1, **M3},
    properties=(a_quarter_is_not_enough,),
    expect=Violated(a_quarter_is_not_enough, steps=8, distinct=155645),
    about="Consensus bypass, January 2022: the denominator shrinks until a tiny stake decides alone.",
)
check(
    "delegation leaves during notice",
    staking,
    {**THREE, "DELEGATION_WAITS_WHILE_UNSTAKING": False},
    properties=(total_is_the_active_weight,),
    expect=Violated(total_is_the_active_weight, steps=3, distinct=19593),
    about="No incident. Without the second half of the rule, that delegation cannot leave between notice and exit.",
)
check(
    "delegation leaves during notice, signers still have a quorum",
    staking,
    {**THREE, "DELEGATION_WAITS_WHILE_UNSTAKING": False},
    properties=(
        accepted_signers_have_a_quorum,
        total_and_delta_are_the_weight_that_stays,
        delegation_outlasts_its_validator,
    ),
    expect=Holds(distinct=19593, depth=13),
    about="The same: for one epoch the total is too high, which asks for more signatures and not for fewer.",
)

claim(
    "S2'",
    source="StakeManager.updateValidatorState, updateTimeline and _unstake",
    says="validatorState.amount is the stake that counts, and the change kept for the next epoch is what leaves then.",
    finding=Finding.CONFIRMED,
    decided_by=(
        "two founders and one who joins",
        "three founders and one who joins",
        "M3 the total falls twice",
        "delegation leaves during notice",
    ),
    because="Holds as an identity, in every state, for the rules as they are since January 2022; before, it took a "
    "delegation, a notice, a checkpoint and the delegation's leaving to break it. Rewards, slashing and what the owner "
    "changes are left out. Up to four validators of stake 1, delegation up to 2, three epochs.",
)
claim(
    "S2",
    source="StakeManager.checkSignatures and _increaseRewardAndAssertConsensus",
    says="A checkpoint is taken if validators with at least floor(2T/3) + 1 of the active stake T have signed it.",
    finding=Finding.CONFIRMED,
    decided_by=(
        "two founders and one who joins",
        "three founders and one who joins",
        "M3 signers without a quorum",
        "M3 a quarter of the stake is enough",
    ),
    because="Measured against the true weight, and not the stored one: they agree as long as S2' holds, and S2 falls "
    "with it. The other way to break it, one signature counted twice, is in signatures.py; that the weight may be "
    "fresher than what Heimdall knows is S17.",
)
