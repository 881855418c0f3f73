"""How the ranges of milestones follow one another (S5, the part on numbers)."""

from interlock import Finding, Holds, Violated, always, check, claim, reachable
from interlock.model.pos import milestone_ranges
from interlock.model.pos.milestone_ranges import State


@always
def increasing(s: State) -> bool:
    """S5: each milestone begins after the end of the one before, so no number is covered twice."""
    return all(s.milestones[i].end < s.milestones[i + 1].start for i in range(len(s.milestones) - 1))


@always
def contiguous(s: State) -> bool:
    """No block lies between two milestones: not so since Bor may be far ahead."""
    return all(s.milestones[i].end + 1 == s.milestones[i + 1].start for i in range(len(s.milestones) - 1))


@reachable
def three_milestones(s: State) -> bool:
    """Milestones go on, and the last one ends at the head."""
    return len(s.milestones) == 3 and s.milestones[2].end == s.head


check("increasing", milestone_ranges, properties=(increasing, three_milestones), expect=Holds(distinct=120, depth=11))
check(
    "without fast forward also contiguous",
    milestone_ranges,
    {"FAST_FORWARD": False},
    properties=(increasing, contiguous, three_milestones),
    expect=Holds(distinct=84, depth=11),
)
check(
    "fast forward leaves gaps",
    milestone_ranges,
    properties=(contiguous,),
    expect=Violated(contiguous, steps=8, distinct=120),
)
check(
    "any start is taken",
    milestone_ranges,
    {"AFTER_THE_LAST": False},
    properties=(increasing,),
    expect=Violated(increasing, steps=3, distinct=8881),
    about="Not an incident: it shows what the comparison with the end of the last milestone is for.",
)

claim(
    "S5 ranges",
    source="PIP-11, Deterministic finality via Milestones, Consensus Layer (Heimdall)",
    says="A milestone starts one block after the end of the latest stored one.",
    finding=Finding.DIFFERS,
    decided_by=("increasing", "without fast forward also contiguous", "fast forward leaves gaps"),
    because="Since Heimdall v2 the next milestone may start some blocks later when Bor is far ahead; the ranges still "
    "increase, and a voter still checks that its own chain has the last milestone, so a gap is covered by the "
    "milestone after it. A change of the design after the proposal, not a fault of either.",
)
