"""What an atomic bundle promises: all legs final or none (AS2), no mint without a burn (AS9), no harm by users (AL5).

The post says that a bundle succeeds on every chain or is not included, and that Ethereum never has part of
one.  That all legs become final in the same step is our strong reading of it.

AL5, that users cannot cause liveness faults, rests on more than the rule of inclusion: a chain that has begun a
bundle waits until that is decided, it learns when another chain has closed its header without the bundle, and two
chains do not wait for each other's bundle.  The post leaves to the chains how they coordinate.  So each of the three
is taken away in a check below, as a requirement on their coordination, and not as a fault of the post.
"""

from typing import Final

from interlock import Finding, Holds, Violated, always, check, claim, reachable, recoverable
from interlock.model.agglayer import bundles
from interlock.model.agglayer.bundles import (
    BUNDLES,
    LEGS,
    Batch,
    Bundle,
    Chain,
    State,
    agrees,
    is_first,
    leg_is_final,
    succeeded,
)


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
    """AS9, both ways: a transfer burns in the first leg of a bundle and mints in another; one final, both final."""
    return not is_first(b, burn) or leg_is_final(s, b, burn) == leg_is_final(s, b, mint)


@reachable
def a_bundle_is_final(s: State, b: Bundle, c: Chain) -> bool:
    """A bundle does become final."""
    return leg_is_final(s, b, c)


@reachable
def every_bundle_is_final(s: State) -> bool:
    """All bundles do become final, each in the headers of all chains."""
    return all(leg_is_final(s, b, c) for b in range(1, BUNDLES + 1) for c in range(1, LEGS + 1))


@recoverable
def no_header_is_stranded(s: State) -> bool:
    """AL5: whatever users have done, each chain's header can still become final."""
    return all(s.batch[c] == Batch.FINAL for c in range(1, LEGS + 1))


SAFETY: Final = (all_legs_or_none, final_legs_succeeded_and_agree, no_mint_without_burn)
USERS: Final = {"leg_fails"}
ADVERSARY: Final = {"leg_fails", "false_result", "leaves_out"}
TWO_BUNDLES: Final = {"BUNDLES": 2}

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
    "two bundles in opposite order",
    bundles,
    TWO_BUNDLES,
    faults=ADVERSARY,
    properties=(*SAFETY, every_bundle_is_final),
    expect=Holds(distinct=132804, depth=11),
)

# AM2, and the parts of the circuit's check one by one.
check(
    "AM2 the circuit does not look at bundles",
    bundles,
    {"CIRCUIT_CHECKS_BUNDLES": False},
    properties=(all_legs_or_none,),
    expect=Violated(all_legs_or_none, steps=5, distinct=87),
    about="AGG-09: in the deployed system each network settles alone, and no proof looks at bundles; it claims none.",
)
check(
    "AM2 so tokens are minted without a burn",
    bundles,
    {"CIRCUIT_CHECKS_BUNDLES": False},
    properties=(no_mint_without_burn,),
    expect=Violated(no_mint_without_burn, steps=5, distinct=87),
)
check(
    "results are not compared",
    bundles,
    {"CIRCUIT_COMPARES_RESULTS": False},
    faults={"false_result"},
    properties=(final_legs_succeeded_and_agree,),
    expect=Violated(final_legs_succeeded_and_agree, steps=7, distinct=411),
)
# Not a fault of the design: it shows what the strong reading needs, all legs in one step.
check(
    "legs finalized one after the other leave a window",
    bundles,
    {"LEGS_MAY_FOLLOW": True},
    properties=(all_legs_or_none,),
    expect=Violated(all_legs_or_none, steps=5, distinct=87),
)

# AL5: users send bundles that fail, and bundles that compete.
check(
    "AL5 users cannot strand a header",
    bundles,
    faults=USERS,
    properties=(no_header_is_stranded, every_bundle_is_final),
    expect=Holds(distinct=90, depth=7),
)
check(
    "AL5 three chains",
    bundles,
    {"LEGS": 3},
    faults=USERS,
    properties=(no_header_is_stranded, every_bundle_is_final),
    expect=Holds(distinct=566, depth=10),
)
check(
    "AL5 two bundles in opposite order",
    bundles,
    TWO_BUNDLES,
    faults=USERS,
    properties=(no_header_is_stranded, every_bundle_is_final),
    expect=Holds(distinct=1124, depth=11),
)
check(
    "AL5 a bundle included before it succeeded strands its header",
    bundles,
    {"INCLUDE_EARLY": True},
    faults=USERS,
    properties=(no_header_is_stranded,),
    expect=Violated(no_header_is_stranded, steps=2, distinct=140),
    about="Against the post's rule, so it refutes nothing: it shows why the rule is there.",
)
check(
    "AL5 a chain that reports a success it does not have strands the others",
    bundles,
    faults={"false_result"},
    properties=(no_header_is_stranded,),
    expect=Violated(no_header_is_stranded, steps=2, distinct=383),
    about="A chain's fault and not a user's. Polygon's documentation of the AggLayer (2024) names it: a user and a "
    "chain collude, the chain claims success and never proves, and the bundle times out.",
)

# AL5, what is asked of the coordination, which the post leaves open: each of three rules taken away.
check(
    "AL5 a chain that does not wait for its bundle strands the others",
    bundles,
    faults={"leaves_out"},
    properties=(no_header_is_stranded,),
    expect=Violated(no_header_is_stranded, steps=4, distinct=131),
    about="Every leg has succeeded, one chain has included the bundle, and the other closes its header without it. "
    "The post does not say that it must wait; Polygon's documentation has chains hold what a bundle touches.",
)
check(
    "AL5 a chain that is not told waits forever",
    bundles,
    {"CLOSING_IS_TOLD": False},
    properties=(no_header_is_stranded,),
    expect=Violated(no_header_is_stranded, steps=2, distinct=55),
    about="A bundle that one chain has begun and another has not seen: someone must call it off, or it must time out.",
)
check(
    "AL5 chains that take one bundle at a time wait for each other",
    bundles,
    {**TWO_BUNDLES, "ONE_AT_A_TIME": True},
    properties=(no_header_is_stranded,),
    expect=Violated(no_header_is_stranded, steps=2, distinct=441),
    about="Two bundles in opposite order, no fault at all: each chain has begun one and holds the other up.",
)
check(
    "AL5 one bundle at a time, in the same order",
    bundles,
    {**TWO_BUNDLES, "ONE_AT_A_TIME": True, "SAME_ORDER": True},
    faults=USERS,
    properties=(no_header_is_stranded, every_bundle_is_final),
    expect=Holds(distinct=920, depth=11),
    about="A coordinator that orders the bundles is enough; one that calls them off after a time would be, too.",
)

claim(
    "AS2",
    source="AggLayer post, February 2024, on atomic bundles and note 2",
    says="A bundle is included only if it succeeds on all its chains, and Ethereum never has a part of one.",
    finding=Finding.CONFIRMED,
    decided_by=(
        "two legs",
        "three chains",
        "two bundles in opposite order",
        "AM2 the circuit does not look at bundles",
        "results are not compared",
        "legs finalized one after the other leave a window",
    ),
    because="It holds in our strong reading, all legs in one step, which the joint proof makes possible. If legs may "
    "follow one another there is a time at which it is false. One bundle of two and three legs, and two bundles.",
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
    says="Users cannot cause liveness faults with bundles, only chains can: one is included only once every leg has "
    "succeeded.",
    finding=Finding.CONFIRMED,
    decided_by=(
        "AL5 users cannot strand a header",
        "AL5 three chains",
        "AL5 two bundles in opposite order",
        "AL5 a bundle included before it succeeded strands its header",
        "AL5 a chain that reports a success it does not have strands the others",
    ),
    because="By the post's rule of inclusion users alone strand nothing, whatever fails and whichever bundles compete, "
    "provided that chains coordinate as they do here: see AL5 coordination.",
)
claim(
    "AL5 coordination",
    source="AggLayer post, February 2024, on atomic bundles and on coordination",
    says="How chains coordinate to accept bundles is left to them; a shared sequencer or relays are named as examples.",
    finding=Finding.GAP,
    decided_by=(
        "AL5 a chain that does not wait for its bundle strands the others",
        "AL5 a chain that is not told waits forever",
        "AL5 chains that take one bundle at a time wait for each other",
        "AL5 one bundle at a time, in the same order",
    ),
    because="That users cannot cause liveness faults (AL5) needs three things of the coordination: whoever has begun "
    "a bundle waits until it is decided, learns when it is called off, and is not held up by a bundle that waits for "
    "its own. Without one of them chains that break no stated rule are stranded. The post leaves this open on purpose, "
    "so these are requirements on who fills it in, and refute nothing. A time-out would do for the latter two; "
    "time is left out here.",
)
