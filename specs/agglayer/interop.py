"""Which of the properties AS1 to AS9 of the post's design does the deployed system give (and AP5)?"""

from typing import Final

from interlock import Finding, Holds, Violated, always, check, claim, members, reachable, recoverable
from interlock.model.agglayer import interop
from interlock.model.agglayer.interop import Certificate, Network, State, leg_is_settled, other, relied_on


@always
def imports_are_settled(s: State, c: Certificate) -> bool:
    """AS1 and AP5: whatever a settled certificate imports from is settled, on the Ethereum that there is."""
    return s.settled[c] is None or all(s.settled[d] is not None for d in s.imports[c])


@always
def one_certificate_a_height(s: State, c: Certificate) -> bool:
    """AS3: of two certificates for a height, one settles at most."""
    return s.settled[c] is None or s.settled[other(c)] is None


@always
def nothing_settled_relies_on_a_loser(s: State, c: Certificate) -> bool:
    """AS8: of all that a settled certificate relies on, at whatever distance, the other version is not settled."""
    return s.settled[c] is None or all(
        s.settled[d] is not None and s.settled[other(d)] is None for d in relied_on(s, c)
    )


@always
def no_mint_without_burn(s: State, burn: Certificate, mint: Certificate) -> bool:
    """AS9: where the import of a transfer is settled, so is its exit. Counted once: AP4, in `pessimistic.py`."""
    return burn not in s.imports[mint] or s.settled[mint] is None or s.settled[burn] is not None


@always
def credits_are_settled(s: State, c: Certificate) -> bool:
    """AP5 for users: what a network has credited goes back to a certificate that is settled."""
    return c not in s.signed or all(s.settled[d] is not None for d in s.imports[c])


@always
def all_legs_or_none(s: State, one: Network, two: Network) -> bool:
    """AS2: if one leg of the bundle is settled, so is the other."""
    return not leg_is_settled(s, one) or leg_is_settled(s, two)


@recoverable
def the_other_leg_can_follow(s: State) -> bool:
    """AS2 weakened: from wherever the networks are, both legs can still be settled."""
    return all(leg_is_settled(s, n) for n in Network)


@recoverable
def what_is_signed_can_settle(s: State) -> bool:
    """AS7: every signed certificate can still be settled, or has lost to the other of its height."""
    return all(
        c not in s.signed or s.settled[c] is not None or s.settled[other(c)] is not None for c in members(Certificate)
    )


@reachable
def an_import_is_settled(s: State, c: Certificate) -> bool:
    """A certificate with an import does settle."""
    return s.settled[c] is not None and len(s.imports[c]) > 0


@reachable
def a_loser_has_a_dependent(s: State, c: Certificate, d: Certificate) -> bool:
    """Someone has relied on a certificate that lost."""
    return c in s.signed and d in s.imports[c] and s.settled[other(d)] is not None


SAFETY: Final = (
    imports_are_settled,
    one_certificate_a_height,
    nothing_settled_relies_on_a_loser,
    no_mint_without_burn,
)
ADVERSARY: Final = {"hasty_import", "two_certificates", "reorg"}

check(
    "AS1 AS3 AS8 AS9 dependencies are settled state",
    interop,
    faults=ADVERSARY,
    properties=(*SAFETY, an_import_is_settled, a_loser_has_a_dependent),
    expect=Holds(distinct=3848, depth=14),
)
check(
    "AS1 AS3 AS8 AS9 three networks",
    interop,
    {"NETWORKS": 3, "CONFIRMATIONS": 1, "DEEP": 1},
    faults={"hasty_import", "two_certificates"},
    properties=(*SAFETY, an_import_is_settled, a_loser_has_a_dependent),
    expect=Holds(distinct=141870, depth=10),
    slow=True,
)
check(
    "AS1 proofs take exits that are merely signed",
    interop,
    {"IMPORTS_SETTLED_ONLY": False},
    faults={"hasty_import"},
    properties=(imports_are_settled,),
    expect=Violated(imports_are_settled, steps=2, distinct=885),
)
check(
    "AS9 so a mint is settled without its burn",
    interop,
    {"IMPORTS_SETTLED_ONLY": False},
    faults={"hasty_import"},
    properties=(no_mint_without_burn,),
    expect=Violated(no_mint_without_burn, steps=2, distinct=885),
)
check(
    "AS3 the contract does not compare with its state",
    interop,
    {"L1_COMPARES_STATE": False},
    faults={"two_certificates"},
    properties=(one_certificate_a_height,),
    expect=Violated(one_certificate_a_height, steps=4, distinct=801),
)
check(
    "AS8 the contract does not compare with its state",
    interop,
    {"L1_COMPARES_STATE": False},
    faults={"two_certificates"},
    properties=(nothing_settled_relies_on_a_loser,),
    expect=Violated(nothing_settled_relies_on_a_loser, steps=8, distinct=801),
)

# AP5: reorganisations of Ethereum.
check(
    "AP5 settled imports survive any reorganisation",
    interop,
    {"CONFIRMATIONS": 1, "REORG_DEPTH": 2},
    faults=ADVERSARY,
    properties=(*SAFETY, an_import_is_settled),
    expect=Holds(distinct=3848, depth=14),
    about="A reorganisation that takes back an exit takes back what was settled on top of it, and the root with it.",
)
check(
    "AP5 a root that a reorganisation took back",
    interop,
    {"ROOT_KNOWN_TO_L1": False},
    faults={"hasty_import", "reorg"},
    properties=(imports_are_settled,),
    expect=Violated(imports_are_settled, steps=5, distinct=1668),
    about="PolygonRollupManager looks the root up in l1InfoRootMap; a proof over a root of its own choice would do "
    "without that.",
)
check(
    "AP5 credits, as many confirmations as a reorganisation is deep",
    interop,
    faults={"two_certificates", "reorg"},
    properties=(credits_are_settled, an_import_is_settled),
    expect=Holds(distinct=694, depth=14),
)
check(
    "AM10 credits, a reorganisation deeper than the confirmations",
    interop,
    {"CONFIRMATIONS": 1},
    faults={"reorg"},
    properties=(credits_are_settled,),
    expect=Violated(credits_are_settled, steps=5, distinct=64),
    about="AGG-13 asked for more than one confirmation; the same holds of a network that takes in global exit roots.",
)

# AS2: not given, and no fault is needed.
check(
    "AM27 each network settles alone",
    interop,
    {"BUNDLE": True},
    properties=(all_legs_or_none,),
    expect=Violated(all_legs_or_none, steps=2, distinct=33),
    about="AGG-09: the proofs of several networks were taken to be atomic, while each settles alone.",
)
check(
    "AS2 the other leg can follow while networks keep their word",
    interop,
    {"BUNDLE": True},
    properties=(the_other_leg_can_follow,),
    expect=Holds(distinct=33, depth=8),
)
check(
    "AS2 a network signs another certificate, and the leg never follows",
    interop,
    {"BUNDLE": True},
    faults={"two_certificates"},
    properties=(the_other_leg_can_follow,),
    expect=Violated(the_other_leg_can_follow, steps=3, distinct=210),
)

# AS7: with dependencies on settled state alone, no cycle can settle, and no network that waits is in one.
check(
    "AS7 certificates that rely on each other",
    interop,
    faults={"hasty_import"},
    properties=(what_is_signed_can_settle,),
    expect=Violated(what_is_signed_can_settle, steps=1, distinct=303),
)
check(
    "AS7 networks that wait are in no cycle",
    interop,
    faults={"two_certificates", "reorg"},
    properties=(what_is_signed_can_settle, an_import_is_settled),
    expect=Holds(distinct=694, depth=14),
)

claim(
    "AP5",
    source="agglayer, pessimistic-proof-core, verify_path; PolygonRollupManager, l1InfoRootMap",
    says="An import is of a leaf under a root that Ethereum has settled.",
    finding=Finding.CONFIRMED,
    decided_by=(
        "AS1 AS3 AS8 AS9 dependencies are settled state",
        "AP5 settled imports survive any reorganisation",
        "AP5 a root that a reorganisation took back",
        "AP5 credits, as many confirmations as a reorganisation is deep",
        "AM10 credits, a reorganisation deeper than the confirmations",
    ),
    because="For what is settled it holds however deep Ethereum reorganises, because the contract looks the root up. "
    "What a network credits to its users earlier is as safe as the confirmations it waits for.",
)
claim(
    "AS1 as deployed",
    source="AggLayer post, February 2024, on safety",
    says="A chain's state is final on Ethereum only with the states of other chains that it relies on.",
    finding=Finding.CONFIRMED,
    decided_by=(
        "AS1 AS3 AS8 AS9 dependencies are settled state",
        "AS1 AS3 AS8 AS9 three networks",
        "AS1 proofs take exits that are merely signed",
        "AP5 a root that a reorganisation took back",
    ),
    because="The deployed system gives it by another way: no joint proof, but imports from settled state only, so the "
    "post's mode 1 in effect. What the post says of faster modes has no counterpart. That a settled state is valid "
    "(AS4) is another matter: AP12.",
)
claim(
    "AS2 as deployed",
    source="AggLayer post, February 2024, on atomic bundles",
    says="A bundle succeeds on all its chains, or no part of it is included on Ethereum.",
    finding=Finding.DIFFERS,
    decided_by=(
        "AM27 each network settles alone",
        "AS2 the other leg can follow while networks keep their word",
        "AS2 a network signs another certificate, and the leg never follows",
    ),
    because="The deployed system has no bundles and settles each network alone, and its documents do not claim "
    "otherwise. Two transfers that belong together can end half done, for good if one operator wants it.",
)
claim(
    "AS3 as deployed",
    source="AggLayer post, February 2024; PolygonRollupManager, lastLocalExitRoot",
    says="Of two conflicting states of one chain Ethereum takes one at most.",
    finding=Finding.CONFIRMED,
    decided_by=(
        "AS1 AS3 AS8 AS9 dependencies are settled state",
        "AS1 AS3 AS8 AS9 three networks",
        "AS3 the contract does not compare with its state",
    ),
    because="The contract compares each proof with the roots it has stored. One height here; several are AP6.",
)
claim(
    "AS7 as deployed",
    source="AggLayer post, February 2024, on confirmation",
    says="A batch is confirmed when everything it depends on is; mutual dependencies are not mentioned.",
    finding=Finding.DIFFERS,
    decided_by=(
        "AS7 certificates that rely on each other",
        "AS7 networks that wait are in no cycle",
    ),
    because="There is no confirmation before settlement, so the question takes another form: certificates that import "
    "from each other can never settle, and a network that relies on settled state alone is in no such cycle.",
)
claim(
    "AS8 as deployed",
    source="AggLayer post, February 2024, on safety",
    says="No batch that depends on an equivocated root becomes final; we read: on the one that Ethereum has not taken.",
    finding=Finding.CONFIRMED,
    decided_by=(
        "AS1 AS3 AS8 AS9 dependencies are settled state",
        "AS1 AS3 AS8 AS9 three networks",
        "AS8 the contract does not compare with its state",
    ),
    because="Both certificates may be valid and provable; one settles, and whoever relied on the other does not. A "
    "network that relied on it has broken the rule to wait for settlement.",
)
claim(
    "AS9 as deployed",
    source="AggLayer post, February 2024, note 2",
    says="Tokens are not minted on one chain without being burned on the other, and vice versa.",
    finding=Finding.DIFFERS,
    decided_by=(
        "AS1 AS3 AS8 AS9 dependencies are settled state",
        "AS9 so a mint is settled without its burn",
        "AM27 each network settles alone",
    ),
    because="The first half holds, each exit counted once (AP4). The other half the post gives for bundles, by one joint "
    "proof, and the deployed system has none: an exit settles before its import, which may come late or never. For "
    "transfers that are not in a bundle the design differs in nothing there.",
)
