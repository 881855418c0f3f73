"""Is the service's record what Ethereum accepted (AP6, AP7), and does a valid certificate settle (AL9, AL1)?"""

from typing import Final

from interlock import Finding, Holds, Violated, always, check, claim, reachable, recoverable
from interlock.model.agglayer import certificates
from interlock.model.agglayer.certificates import HEIGHTS, Height, Replacement, State, Status, Version, at, landed


@always
def record_is_what_l1_accepted(s: State, h: Height, v: Version) -> bool:
    """AP7: the certificate that Ethereum accepted at a height is the one that the service has stored there."""
    entry = s.stored[h]
    return not landed(s, h, v) or (entry is not None and entry.version == v)


@always
def local_view_is_settled(s: State, h: Height) -> bool:
    """AP7: the service's view of the network is of certificates that Ethereum has accepted."""
    v = s.local[h]
    return v is None or landed(s, h, v)


@always
def heights_settle_in_order(s: State, h: Height, v: Version, w: Version) -> bool:
    """AP6: Ethereum accepts one certificate for a height, and none before the height below."""
    if not landed(s, h, v):
        return True
    return (v == w or not landed(s, h, w)) and (h == 1 or any(landed(s, h - 1, x) for x in Version))


@recoverable
def everything_settles(s: State) -> bool:
    """AL9: a valid certificate can still be settled at every height, by sending it again where that is needed."""
    return all(at(s, h, Status.SETTLED) for h in range(1, HEIGHTS + 1))


@reachable
def everything_is_settled(s: State) -> bool:
    """All heights do settle, and Ethereum agrees."""
    return all(at(s, h, Status.SETTLED) and any(landed(s, h, v) for v in Version) for h in range(1, HEIGHTS + 1))


@reachable
def a_replacement_settles(s: State, h: Height) -> bool:
    """The second certificate of a height settles after a job for the first."""
    return landed(s, h, Version.SECOND) and at(s, h, Status.SETTLED) and s.job[h][Version.FIRST] is not None


@reachable
def a_given_up_certificate_lands(s: State, h: Height) -> bool:
    """The service has given a certificate up, and Ethereum accepts it all the same: the race of AP7."""
    entry = s.stored[h]
    return entry is not None and entry.status == Status.IN_ERROR and landed(s, h, entry.version)


AP7: Final = (record_is_what_l1_accepted, local_view_is_settled)
SAFETY: Final = (*AP7, heights_settle_in_order)
ENVIRONMENT: Final = {"gives_up", "reverts", "reorg", "proof_fails", "loses"}

# AP6, AP7: what is stored, and what was accepted.
check(
    "AP6 AP7 AL9 one height",
    certificates,
    faults=ENVIRONMENT,
    properties=(
        *SAFETY,
        everything_settles,
        everything_is_settled,
        a_replacement_settles,
        a_given_up_certificate_lands,
    ),
    expect=Holds(distinct=201, depth=20),
)
check(
    "AP6 AP7 AL9 two heights",
    certificates,
    {"HEIGHTS": 2},
    faults=ENVIRONMENT,
    properties=(*SAFETY, everything_settles, everything_is_settled, a_replacement_settles),
    expect=Holds(distinct=1033, depth=38),
)
check(
    "AM8 replaced whenever in error",
    certificates,
    {"REPLACEMENT": Replacement.WHENEVER_IN_ERROR},
    faults={"gives_up"},
    properties=AP7,
    expect=Violated(record_is_what_l1_accepted, steps=6, distinct=645),
    about="Closed in the agglayer in July 2026 (#1616). Before, only a recorded transaction hash stood against a "
    "replacement, and the hash was recorded after success.",
)
check(
    "AM8 replaced when no job is live",
    certificates,
    {"REPLACEMENT": Replacement.NO_LIVE_JOB},
    faults={"gives_up"},
    properties=AP7,
    expect=Violated(record_is_what_l1_accepted, steps=9, distinct=141),
    about="The plausible guard is not enough: the transaction landed, its job says so and is live no more, and the "
    "certificate that was given up is replaced.",
)
check(
    "AP7 a recorded revert turns into a success",
    certificates,
    {"REVERTS_CONFIRMED": False},
    faults={"reverts", "reorg"},
    properties=AP7,
    expect=Violated(record_is_what_l1_accepted, steps=9, distinct=1041),
    about="The operations manual names the assumption: the rule relies on a terminal revert staying one across "
    "reorganisations of Ethereum.",
)
check(
    "AM9 the local view advances before Ethereum settles",
    certificates,
    {"ADVANCES_AT_ONCE": True},
    properties=AP7,
    expect=Violated(local_view_is_settled, steps=3, distinct=29),
    about="AGG-03, high, in Sigma Prime's audit of 2024.",
)
check(
    "AM10 one confirmation, a reorganisation of two blocks",
    certificates,
    {"CONFIRMATIONS": 1},
    faults={"reorg"},
    properties=AP7,
    expect=Violated(local_view_is_settled, steps=8, distinct=53),
    about="AGG-13; the default was one confirmation, and is twelve since April 2026.",
)
check(
    "AM13 a certificate overwrites what is stored",
    certificates,
    {"OVERWRITES": True},
    properties=AP7,
    expect=Violated(record_is_what_l1_accepted, steps=5, distinct=797),
    about="AGLO3.2-09: a header was stored over another of its height without a test for a conflict.",
)
check(
    "AP6 a rogue aggregator",
    certificates,
    {"HEIGHTS": 2},
    faults={"rogue_aggregator"},
    properties=(heights_settle_in_order, everything_is_settled),
    expect=Holds(distinct=16604, depth=34),
    about="The order of heights rests on the contract alone: it stores the last exit root and pessimistic root of each "
    "network, and puts them into the public inputs of the next proof.",
)
check(
    "AP7 is the service's own, a rogue aggregator breaks it",
    certificates,
    faults={"rogue_aggregator"},
    properties=AP7,
    expect=Violated(record_is_what_l1_accepted, steps=2, distinct=308),
)
check(
    "AM16 the contract does not compare with its state",
    certificates,
    {"L1_COMPARES_STATE": False},
    faults={"rogue_aggregator"},
    properties=(heights_settle_in_order,),
    expect=Violated(heights_settle_in_order, steps=4, distinct=245),
    about="AGL3-12: for the plain pessimistic type the contract enforced no monotone state of its own.",
)

# AL9: what a valid certificate needs to settle.
check(
    "AL9 the network is disabled",
    certificates,
    faults={"disables"},
    properties=(everything_settles,),
    expect=Violated(everything_settles, steps=1, distinct=58),
)
check(
    "AL9 the route is frozen",
    certificates,
    faults={"freezes"},
    properties=(everything_settles,),
    expect=Violated(everything_settles, steps=1, distinct=126),
    about="AggLayerGateway.freezePessimisticVKeyRoute; nothing unfreezes a route.",
)
check(
    "AL9 the admin relents",
    certificates,
    {"ADMIN_RELENTS": True},
    faults={*ENVIRONMENT, "disables", "freezes"},
    properties=(*SAFETY, everything_settles, everything_is_settled),
    expect=Holds(distinct=804, depth=22),
)
check(
    "AL9 in error, and never replaced",
    certificates,
    faults={"proof_fails", "sender_stops"},
    properties=(everything_settles,),
    expect=Violated(everything_settles, steps=3, distinct=61),
)
check(
    "AM11 a reorganisation stops the clock",
    certificates,
    {"CLOCK_SURVIVES_REORG": False},
    faults={"reverts", "reorg"},
    properties=(everything_settles,),
    expect=Violated(everything_settles, steps=7, distinct=234),
    about="AGG-14: the block clock that opens epochs took no account of reorganisations.",
)
check(
    "AM12 the proof is never sent",
    certificates,
    faults={"keeps_proof", "gives_up"},
    properties=(everything_settles,),
    expect=Violated(everything_settles, steps=3, distinct=57),
    about="AGG-01, critical, before launch: certificates were accepted, and their proofs not sent to Ethereum.",
)
check(
    "AM12 with the unsafe rule, another can be sent",
    certificates,
    {"REPLACEMENT": Replacement.WHENEVER_IN_ERROR},
    faults={"keeps_proof", "gives_up"},
    properties=(everything_settles, everything_is_settled),
    expect=Holds(distinct=849, depth=18),
    about="What safety asks of a replacement costs a way out: a job that never ends holds the height.",
)
check(
    "AM13 a lost certificate stays lost",
    certificates,
    {"RELOADS": False},
    faults={"loses"},
    properties=(everything_settles,),
    expect=Violated(everything_settles, steps=2, distinct=31),
    about="AGLO3.2-02: a full channel dropped the news of a certificate.",
)
check(
    "AL9 what was given up and lands must count",
    certificates,
    {"LATE_SUCCESS_COUNTS": False},
    faults={"gives_up"},
    properties=(everything_settles,),
    expect=Violated(everything_settles, steps=4, distinct=49),
    about="A certificate can go into error while its job settles later; the operations manual has the operator "
    "reconcile that by hand. Under the safe rule nothing can replace it, so without that it stays.",
)

# AL1 as deployed: who needs whom.
check(
    "AL1 the aggregator stops",
    certificates,
    faults={"aggregator_stops"},
    properties=(everything_settles,),
    expect=Violated(everything_settles, steps=1, distinct=58),
    about="verifyPessimisticTrustedAggregator is for the role of trusted aggregator only.",
)
check(
    "AL1 the aggregator stops, with a direct path as in the post",
    certificates,
    {"DIRECT_PATH": True},
    faults={"aggregator_stops"},
    properties=(*SAFETY, everything_settles, everything_is_settled),
    expect=Holds(distinct=58, depth=10),
)
check(
    "AL1 an emergency stops no settlement",
    certificates,
    faults={"emergency"},
    properties=(*SAFETY, everything_settles, everything_is_settled),
    expect=Holds(distinct=58, depth=10),
    about="activateEmergencyState stops bridging, claims and legacy sequencing.",
)

claim(
    "AP6",
    source="PolygonRollupManager, lastLocalExitRoot and lastPessimisticRoot; agglayer, pessimistic-proof-core, height",
    says="The certificates of a network settle one height after the other, each once.",
    finding=Finding.CONFIRMED,
    decided_by=(
        "AP6 AP7 AL9 one height",
        "AP6 AP7 AL9 two heights",
        "AP6 a rogue aggregator",
        "AM16 the contract does not compare with its state",
    ),
    because="The roots that the contract stores are in the public inputs of the next proof, and that alone suffices, "
    "whatever the service or the aggregator does. Two heights, two certificates for each.",
)
claim(
    "AP7",
    source="agglayer, pull request 1616, July 2026; docs/knowledge-base, settlement operations",
    says="A certificate in error may be replaced if it has no settlement job, or its job ended in a revert, which is "
    "assumed to stay one across reorganisations; while a job may still settle, or has, nothing may compete for its "
    "height.",
    finding=Finding.CONFIRMED,
    decided_by=(
        "AP6 AP7 AL9 one height",
        "AP6 AP7 AL9 two heights",
        "AM8 replaced whenever in error",
        "AM8 replaced when no job is live",
        "AM9 the local view advances before Ethereum settles",
        "AP7 a recorded revert turns into a success",
        "AM10 one confirmation, a reorganisation of two blocks",
        "AM13 a certificate overwrites what is stored",
        "AP7 is the service's own, a rogue aggregator breaks it",
    ),
    because="With the rule what is on record is what Ethereum accepted, and without either part of it it is not. The "
    "assumption is needed, and is met by as many confirmations for reverts as reorganisations are deep. What operators "
    "force by hand, and an aggregator that goes past the service, are outside of the rule. The same certificate sent "
    "again counts as the same transaction here.",
)
claim(
    "AL9",
    source="agglayer, docs/knowledge-base, settlement operations",
    says="A settlement that is stuck, has reverted or was handled elsewhere can be recovered: jobs are reloaded, "
    "certificates are sent again, and divergence is reconciled by hand.",
    finding=Finding.CONFIRMED,
    decided_by=(
        "AP6 AP7 AL9 one height",
        "AP6 AP7 AL9 two heights",
        "AL9 the admin relents",
        "AL9 the network is disabled",
        "AL9 the route is frozen",
        "AL9 in error, and never replaced",
        "AM11 a reorganisation stops the clock",
        "AM12 the proof is never sent",
        "AM13 a lost certificate stays lost",
        "AL9 what was given up and lands must count",
    ),
    because="From every state a path to settlement remains, in the troubles that the manual is about. The other "
    "checks say what it takes for granted: networks and routes that stay enabled, which is the admin's to decide, "
    "epochs that open, and a sender that sends again. No fairness is assumed, so nothing is said of how long it "
    "takes.",
)
claim(
    "AL1 as deployed",
    source="AggLayer post, February 2024, option 1",
    says="A chain can opt out, submit its own batches and proofs to Ethereum, and is then never delayed.",
    finding=Finding.DIFFERS,
    decided_by=(
        "AL1 the aggregator stops",
        "AL1 the aggregator stops, with a direct path as in the post",
        "AL9 the route is frozen",
        "AL1 an emergency stops no settlement",
    ),
    because="As deployed every settlement needs the role of trusted aggregator, and a frozen route stops it; an "
    "emergency does not. The post speaks of a chain that does without the AggLayer altogether, so this is a "
    "difference between the design and the system, and refutes nothing.",
)
