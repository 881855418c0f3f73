"""PS6: whoever has a stake in a verified batch can get its data."""

from typing import Final

from interlock import Finding, Holds, Violated, always, check, claim, reachable
from interlock.model.poe import availability
from interlock.model.poe.availability import Member, State

VALIDIUM: Final = {"ON_L1": False}


@always
def verified_is_available(s: State) -> bool:
    """PS6: the data of a verified batch can be had."""
    return not s.verified or availability.available(s)


@reachable
def a_member_signs_for_nothing(s: State, m: Member) -> bool:
    """A batch is verified, and a member has signed for data that it does not have."""
    return s.verified and m in s.signed and m not in s.told


@reachable
def a_batch_is_verified(s: State) -> bool:
    """A batch is verified."""
    return s.verified


check(
    "rollup", availability, properties=(verified_is_available, a_batch_is_verified), expect=Holds(distinct=9, depth=2)
)
check(
    "validium, fewer misbehave than sign",
    availability,
    VALIDIUM,
    properties=(verified_is_available, a_batch_is_verified, a_member_signs_for_nothing),
    expect=Holds(distinct=180, depth=8),
)
check(
    "validium, a quorum misbehaves",
    availability,
    {**VALIDIUM, "FAULTY": 2},
    properties=(verified_is_available,),
    expect=Violated(verified_is_available, steps=4, distinct=264),
    about=(
        "The post's conclusions admit a validium, where funds are frozen if the data are withheld, though the "
        "state is valid."
    ),
)
check(
    "M20 a committee without members is accepted",
    availability,
    {**VALIDIUM, "COMMITTEE_CHECKED": False},
    properties=(verified_is_available,),
    expect=Violated(verified_is_available, steps=3, distinct=504),
    about="LXLY-01 (Sigma Prime): a committee of no members was accepted.",
)

claim(
    "PS6",
    source="Proof of Efficiency post, ethresear.ch, February 2022: conclusions",
    says="The data are on L1; the design also allows to keep them elsewhere.",
    finding=Finding.CONFIRMED,
    decided_by=("rollup", "validium, fewer misbehave than sign", "validium, a quorum misbehaves"),
    because="The post names both. Elsewhere is weaker: if as many members as sign misbehave, funds are frozen in a "
    "state that is valid. Three members, two signatures.",
)
