"""What an atomic bundle promises: all legs final or none (AS2), and no mint without a burn (AS9).

The post says that a bundle succeeds on every chain or is not included, and that Ethereum never has part of
one.  A chain that has begun a leg waits until the bundle is decided: our completion, the post leaves the
coordination open, and without it a header is stranded.  That all legs become final in the same step is our strong
reading of it.
"""

from typing import Final

from model.agglayer import bundles
from model.agglayer.bundles import Batch, Bundle, Chain, State, agrees, leg_is_final, succeeded
from model.lang import Finding, Holds, Violated, always, check, claim, reachable, recoverable


@always
def all_legs_or_none(s: State, b: Bundle, one: Chain, two: Chain) -> bool:
    """AS2: if one leg is final, so is every other."""
    return not leg_is_final(s, b, one) or leg_is_final(s, b, two)


@always
def final_legs_succeeded_and_agree(s: State, b: Bundle, c: Chain) -> bool:
    """AS2: a final leg succeeded, on the result that the leg before it really had."""
    return not leg_is_final(s, b, c) or (succeeded(s.leg[b][c].result) and agrees(s, b, c))


@always
def no_mint_without_burn(s: State, b: Bundle, burn: Chain, mint: Chain) -> bool:
    """AS9, both ways: a transfer burns in the first leg of a bundle and mints in the last; one final, both final."""
    return leg_is_final(s, b, burn) == leg_is_final(s, b, mint)


@reachable
def a_bundle_is_final(s: State, b: Bundle, c: Chain) -> bool:
    """A bundle does become final."""
    return leg_is_final(s, b, c)


@recoverable
def no_header_is_stranded(s: State) -> bool:
    """AL5 in part: whatever users do, each chain's header can still become final."""
    return all(s.batch[c] == Batch.FINAL for c in range(1, 3))


SAFETY: Final = (all_legs_or_none, final_legs_succeeded_and_agree, no_mint_without_burn)
ADVERSARY: Final = {"leg_fails", "false_result", "leaves_out"}

check(
    "two legs",
    bundles,
    faults=ADVERSARY,
    properties=(*SAFETY, a_bundle_is_final),
    expect=Holds(distinct=1034, depth=7),
)
check(
    "three chains",
    bundles,
    {"LEGS": 3},
    faults=ADVERSARY,
    properties=(*SAFETY, a_bundle_is_final),
    expect=Holds(distinct=29338, depth=10),
)
check(
    "users cannot strand a header",
    bundles,
    faults={"leg_fails"},
    properties=(no_header_is_stranded,),
    expect=Holds(distinct=90, depth=7),
)

# AM2, and the parts of the circuit's check one by one.
check(
    "AM2 the circuit does not look at bundles",
    bundles,
    {"CIRCUIT_CHECKS_BUNDLES": False},
    properties=(all_legs_or_none,),
    expect=Violated(all_legs_or_none, steps=5),
    about="AGG-09: in the deployed system each network settles alone, and no proof looks at bundles; it claims none.",
)
check(
    "AM2 so tokens are minted without a burn",
    bundles,
    {"CIRCUIT_CHECKS_BUNDLES": False},
    properties=(no_mint_without_burn,),
    expect=Violated(no_mint_without_burn, steps=5),
)
check(
    "results are not compared",
    bundles,
    {"CIRCUIT_COMPARES_RESULTS": False},
    faults={"false_result"},
    properties=(final_legs_succeeded_and_agree,),
    expect=Violated(final_legs_succeeded_and_agree, steps=7),
)
# Not a fault of the design: it shows what the strong reading needs, all legs in one step.
check(
    "legs finalized one after the other leave a window",
    bundles,
    {"LEGS_MAY_FOLLOW": True},
    properties=(all_legs_or_none,),
    expect=Violated(all_legs_or_none, steps=5),
)
check(
    "a chain that leaves its leg out strands the others",
    bundles,
    faults={"leaves_out"},
    properties=(no_header_is_stranded,),
    expect=Violated(no_header_is_stranded, steps=4),
)
# Against the post's rule, so it refutes nothing: why the rule is there.
check(
    "a bundle included before it succeeded strands its header",
    bundles,
    {"INCLUDE_EARLY": True},
    faults={"leg_fails"},
    properties=(no_header_is_stranded,),
    expect=Violated(no_header_is_stranded, steps=2),
)

claim(
    "AS2",
    source="AggLayer post, February 2024, on atomic bundles and note 2",
    says="A bundle is included only if it succeeds on all its chains, and Ethereum never has a part of one.",
    finding=Finding.CONFIRMED,
    decided_by=(
        "two legs",
        "three chains",
        "AM2 the circuit does not look at bundles",
        "results are not compared",
        "legs finalized one after the other leave a window",
    ),
    because="It holds in our strong reading, all legs in one step, which the joint proof makes possible. If legs may "
    "follow one another there is a time at which it is false. One bundle, two and three legs.",
)
claim(
    "AS9",
    source="AggLayer post, February 2024, note 2",
    says="No token is minted on one chain without being burned on another, and vice versa.",
    finding=Finding.CONFIRMED,
    decided_by=("two legs", "three chains", "AM2 so tokens are minted without a burn"),
    because="For a transfer in a bundle both halves follow from AS2. For transfers that are not in one step the "
    "second half is a matter of liveness, and not decided here.",
)
claim(
    "AL5",
    source="AggLayer post, February 2024, on atomic bundles",
    says="Users cannot cause liveness faults with bundles: one is included only once every leg has succeeded.",
    finding=Finding.CONFIRMED,
    decided_by=(
        "users cannot strand a header",
        "a chain that leaves its leg out strands the others",
        "a bundle included before it succeeded strands its header",
    ),
    because="By the post's rule of inclusion users alone strand nothing. It asks of the coordination, which the post "
    "leaves open, that a chain which has begun a leg waits until the bundle is decided: one that does not strands "
    "others. One bundle: two bundles in opposite order, which need a coordinator, are not decided here.",
)
