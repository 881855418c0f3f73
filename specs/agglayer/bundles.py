"""What an atomic bundle promises: all legs final or none (AS2), and no mint without a burn (AS9).

The post says that a bundle succeeds on every chain or is not included, and that Ethereum never has part of
one.  A chain that has begun a leg waits until the bundle is decided: our completion, the post leaves the
coordination open, and without it a header is stranded.  That all legs become final in the same step is our strong reading of it.
"""

from typing import Final

from model.agglayer import bundles
from model.agglayer.bundles import Batch, Bundle, Chain, State, agrees, leg_is_final, succeeded
from model.lang import Holds, Violated, always, check, reachable, recoverable


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
