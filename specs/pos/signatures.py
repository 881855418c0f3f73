"""Is a checkpoint carried by distinct validators (S2), who said yes to this range on this chain (S18)?"""

from typing import Final

from interlock import Finding, FiniteSet, Holds, Violated, always, check, claim, reachable
from interlock.model.pos import signatures
from interlock.model.pos.quorum import Validator, quorum, weight_of
from interlock.model.pos.signatures import Chain, State, Vote, active


@always
def distinct_signers_have_a_quorum(s: State) -> bool:
    """S2: whoever has signed anything at all, each counted once, has a quorum of the active weight."""
    voters = FiniteSet(v for v in active() if any(s.vote[chain][v] != Vote.NONE for chain in Chain))
    return not s.accepted or weight_of(voters) >= quorum(weight_of(active()))


@always
def a_quorum_said_yes_here(s: State) -> bool:
    """S18: validators with a quorum have voted yes, for this chain."""
    voters = FiniteSet(v for v in active() if s.vote[Chain.HOME][v] == Vote.YES)
    return not s.accepted or weight_of(voters) >= quorum(weight_of(active()))


@reachable
def accepted_with_a_vote_against(s: State, v: Validator) -> bool:
    """A checkpoint is accepted although a validator has voted no."""
    return s.accepted and s.vote[Chain.HOME][v] == Vote.NO


@reachable
def accepted(s: State) -> bool:
    """A checkpoint is accepted."""
    return s.accepted


SAFETY: Final = (distinct_signers_have_a_quorum, a_quorum_said_yes_here)

check("four", signatures, expect=Holds(distinct=7290, depth=9))
check("one heavy of four", signatures, {"LAST_WEIGHT": 3}, expect=Holds(distinct=7128, depth=9))
check(
    "four, one has left",
    signatures,
    {"LEAVERS": 1},
    properties=(*SAFETY, accepted),
    expect=Holds(distinct=6804, depth=9),
)

# The known-bad variants.
check(
    "M18 repeats count",
    signatures,
    {"REPEATS_SKIPPED": False},
    properties=(distinct_signers_have_a_quorum,),
    expect=Violated(distinct_signers_have_a_quorum, steps=2, distinct=11826),
    about="No incident: unless compared with the one before, one validator's signature, repeated, is a quorum.",
)
check(
    "M18 signatures in any order",
    signatures,
    {"ORDERED": False},
    properties=(distinct_signers_have_a_quorum,),
    expect=Violated(distinct_signers_have_a_quorum, steps=3, distinct=9234),
    about="No incident: skipping repeats is not enough, since two signers can take turns. The order carries the rule.",
)
check(
    "M19 no yes in the vote",
    signatures,
    {"YES_PREFIX": False},
    properties=(a_quorum_said_yes_here,),
    expect=Violated(a_quorum_said_yes_here, steps=4, distinct=10449),
    about="No incident: if what is signed does not say yes, a vote against the checkpoint counts for it.",
)
check(
    "M20 no chain id",
    signatures,
    {"CHAIN_ID": False},
    properties=(a_quorum_said_yes_here,),
    expect=Violated(a_quorum_said_yes_here, steps=4, distinct=9186),
    about="No incident: if what is signed does not name the chain, votes on a test network count.",
)

claim(
    "S18",
    source="RootChain.submitCheckpoint",
    says="What validators sign begins with a yes vote and has the chain id in it.",
    finding=Finding.CONFIRMED,
    decided_by=("four", "one heavy of four", "four, one has left", "M19 no yes in the vote", "M20 no chain id"),
    because="Holds if the same keys vote on another chain and vote no; each of the two parts is needed. That "
    "signatures are over one range is part of what is signed, and is taken for granted here. Two chains, one range, "
    "four validators.",
)
claim(
    "S2 distinct signers",
    source="StakeManager.checkSignatures",
    says="Signatures are sorted by signer; a repeated one is skipped, and one that is out of order ends the count.",
    finding=Finding.CONFIRMED,
    decided_by=(
        "four",
        "one heavy of four",
        "four, one has left",
        "M18 repeats count",
        "M18 signatures in any order",
    ),
    because="Every list of up to four signatures is tried: the weight counted is that of distinct active validators, "
    "never more. The skipping of repeats does not suffice without the order.",
)
