"""Is every settled certificate one that its signers meant (AP10)?"""

from interlock import Finding, Holds, Violated, always, check, claim, reachable
from interlock.model.agglayer import authority
from interlock.model.agglayer.authority import Certificate, Commitment, Network, State


@always
def accepted_was_meant(s: State, c: Certificate) -> bool:
    """AP10: honest signers meant every certificate that settled: for this network, this height and this exit root."""
    return c not in s.accepted or c in s.meant


@reachable
def both_networks_get_on(s: State) -> bool:
    """Both networks settle all heights, and exits."""
    return all(s.height[n] == 2 and s.root[n] == 1 for n in Network)


check(
    "AP10 V3, a key for each network",
    authority,
    faults={"dishonest_signers"},
    expect=Holds(distinct=676, depth=12),
)
check(
    "AM14 V2 does not cover the height",
    authority,
    {"COMMITMENT": Commitment.V2},
    properties=(accepted_was_meant,),
    expect=Violated(accepted_was_meant, steps=3, distinct=1156),
    about="V3 added the height. In the proof V2 still serves networks that were not migrated; the service itself now "
    "takes V5 only.",
)
check(
    "AP10 V3, one key for two networks",
    authority,
    {"SHARED_KEY": True},
    properties=(accepted_was_meant,),
    expect=Violated(accepted_was_meant, steps=2, distinct=2302),
    about="No incident: no version of the commitment names the network, so an operator of two networks needs two keys.",
)
check(
    "AP10 V5, one key for two networks, the service computes the id",
    authority,
    {"SHARED_KEY": True, "COMMITMENT": Commitment.V5},
    faults={"dishonest_signers"},
    expect=Holds(distinct=676, depth=12),
)
check(
    "AP10 V5, one key for two networks, the id as it comes",
    authority,
    {"SHARED_KEY": True, "COMMITMENT": Commitment.V5, "SERVICE_COMPUTES_ID": False},
    properties=(accepted_was_meant,),
    expect=Violated(accepted_was_meant, steps=2, distinct=2302),
    about="In the proof the id is a free input: whoever sends past the service is not held to it.",
)
check(
    "AM25 a signer counts as often as she is listed",
    authority,
    {"INDICES_RISE": False},
    faults={"dishonest_signers"},
    properties=(accepted_was_meant,),
    expect=Violated(accepted_was_meant, steps=1, distinct=4624),
    about="A signature names its signer by index, and indices must rise: without that one signer makes a threshold.",
)
check(
    "AP10 as many dishonest signers as the threshold",
    authority,
    {"DISHONEST": 2},
    faults={"dishonest_signers"},
    properties=(accepted_was_meant,),
    expect=Violated(accepted_was_meant, steps=1, distinct=4624),
)

claim(
    "AP10",
    source="agglayer, docs/validity_checks.md, commitment versions",
    says="The signers of a certificate sign a commitment to its new exit root and its claims; from V3 on to its "
    "height, and in V5 to its id, which is computed again in the agglayer only and is a free input of the proof.",
    finding=Finding.GAP,
    decided_by=(
        "AP10 V3, a key for each network",
        "AM14 V2 does not cover the height",
        "AP10 V3, one key for two networks",
        "AP10 V5, one key for two networks, the service computes the id",
        "AP10 V5, one key for two networks, the id as it comes",
    ),
    because="The page does not say what binds the network. From V3 on a signature serves only for what was meant, if "
    "no key signs for two networks. V5 gives that without the condition, as far as the service's check is relied on; "
    "the page says itself that the proof does not make it. In the model the other network's balances always suffice "
    "and its tree reaches the same root, which is the worst case. Two heights, two networks, one exit.",
)
