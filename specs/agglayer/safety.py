"""What is final on Ethereum: dependencies, linearity, validity, stages, equivocation (AS1, AS3 to AS6, AS8).

The headline is AS8 as the AggLayer post, February 2024, needs it.
"""

from typing import Final

from interlock import Finding, FiniteSet, Holds, Violated, always, check, claim, reachable, step
from interlock.model.agglayer import layer_s
from interlock.model.agglayer.aggregation import ConfirmRule
from interlock.model.agglayer.chains import Direct, Ejection, may_settle
from interlock.model.agglayer.headers import (
    Block,
    Header,
    Mode,
    Stage,
    State,
    View,
    built,
    confirmed,
    needed_below,
    needs,
    other,
)


@always
def no_finalized_batch_depends_on_an_equivocated_root(s: State, h: Header, d: Header) -> bool:
    """AS8: what a final header relies on, at whatever distance, is final, and its sibling is not."""
    return not (h in s.final and d in needed_below(s, h)) or (d in s.final and other(d) not in s.final)


@always
def dependencies_are_final(s: State, h: Header) -> bool:
    """AS1: whatever a final header relies on is final and valid."""
    return h not in s.final or all(d in s.final and s.block[d] != Block.INVALID for d in needs(s, h))


@always
def one_history(s: State, h: Header) -> bool:
    """AS3: no two final siblings, and a final header extends a final one."""
    return h not in s.final or (
        other(h) not in s.final and all(p in s.final for p in needs(s, h) if p.chain == h.chain)
    )


@always
def final_is_valid(s: State, h: Header) -> bool:
    """AS4: a final header stands for a valid block."""
    return h not in s.final or s.block[h] in (Block.VALID, Block.WITHHELD)


@always
def confirmation_is_closed(s: State, view: View, h: Header) -> bool:
    """AS5: in each view, all that a confirmed header relies on is confirmed or final."""
    return s.stage[view][h] != Stage.CONFIRMED or all(
        s.stage[view][d] == Stage.CONFIRMED or d in s.final for d in needs(s, h)
    )


@step
def stage_by_stage(old: State, new: State, view: View, h: Header) -> bool:
    """AS6: pre-confirmed, then confirmed, then final; only a direct settlement skips the AggLayer."""
    confirms = new.stage[view][h] == Stage.CONFIRMED and old.stage[view][h] == Stage.NONE
    finalizes = h in new.final and h not in old.final
    alone = may_settle(old, h.chain) and old.proof[h] and old.deps[h] <= old.final
    return not confirms and (not finalizes or confirmed(old, h) or alone)


@always
def confirmed_wins(s: State, h: Header) -> bool:
    """AS6', which no one promised: Ethereum never has the sibling of a confirmed header."""
    return not (confirmed(s, h) and other(h) in s.final)


@reachable
def a_dependency_is_finalized(s: State, h: Header) -> bool:
    """A header with a dependency does become final."""
    return h in s.final and len(s.deps[h]) > 0


@reachable
def a_loser_has_a_dependent(s: State, h: Header, d: Header) -> bool:
    """Ethereum has taken one sibling, and an honest chain was built on the other."""
    return built(s, h) and d in s.deps[h] and other(d) in s.final and d not in s.final


@reachable
def a_bad_block_has_a_dependent(s: State, h: Header, d: Header) -> bool:
    """An honest chain was built on a header that stands for no valid state."""
    return built(s, h) and d in s.deps[h] and s.block[d] == Block.INVALID


@reachable
def a_fork_has_a_child(s: State, h: Header, d: Header) -> bool:
    """Ethereum has taken one of two siblings, and a header extends the other."""
    return h.height > d.height and d in needs(s, h) and other(d) in s.final and d not in s.final


SAFETY: Final = (
    no_finalized_batch_depends_on_an_equivocated_root,
    dependencies_are_final,
    one_history,
    final_is_valid,
    confirmation_is_closed,
    stage_by_stage,
)
ADVERSARY: Final = {"equivocate", "invalid_block", "eject"}
MODE_3: Final = {"MODES": FiniteSet({Mode.PRECONFIRMED})}
MODE_4: Final = {"MODES": FiniteSet({Mode.SHARED})}
NOTHING_CHECKED: Final = {**MODE_3, "CIRCUIT_CHECKS_DEPENDENCIES": False, "CONFIRM_RULE": ConfirmRule.NOTHING}
NO_COMPARISON: Final = {"L1_COMPARES_HEAD": False, "DIRECT": Direct.ANYONE}

check(
    "mode 2",
    layer_s,
    faults=ADVERSARY,
    properties=(*SAFETY, a_dependency_is_finalized),
    expect=Holds(distinct=2511, depth=13),
)
check(
    "mode 1, chains may settle directly",
    layer_s,
    {"MODES": FiniteSet({Mode.FINAL}), "DIRECT": Direct.ANYONE},
    faults=ADVERSARY,
    properties=(*SAFETY, a_dependency_is_finalized),
    expect=Holds(distinct=5429, depth=14),
)
check(
    "mode 3",
    layer_s,
    MODE_3,
    faults=ADVERSARY,
    properties=(*SAFETY, a_dependency_is_finalized, a_bad_block_has_a_dependent),
    expect=Holds(distinct=3151, depth=13),
)
check(
    "mode 4",
    layer_s,
    MODE_4,
    faults=ADVERSARY,
    properties=(*SAFETY, a_dependency_is_finalized, a_loser_has_a_dependent, a_bad_block_has_a_dependent),
    expect=Holds(distinct=4431, depth=13),
)
check(
    "mode 4, every chain misbehaves",
    layer_s,
    {**MODE_4, "FAULTY_CHAINS": 2},
    faults=ADVERSARY,
    properties=(*SAFETY, a_dependency_is_finalized, a_loser_has_a_dependent, a_bad_block_has_a_dependent),
    expect=Holds(distinct=104143, depth=17),
)
check(
    "mode 4, everyone may settle directly, hard ejection",
    layer_s,
    {**MODE_4, "DIRECT": Direct.ANYONE, "EJECTION": Ejection.HARD},
    faults=ADVERSARY,
    properties=(*SAFETY, a_dependency_is_finalized),
    expect=Holds(distinct=8375, depth=14),
)
check(
    "mode 2, the AggLayer equivocates",
    layer_s,
    {"VIEWS": 2},
    faults={"equivocate", "agglayer_equivocates"},
    properties=(*SAFETY, a_dependency_is_finalized, a_loser_has_a_dependent),
    expect=Holds(distinct=13387, depth=16),
)
check(
    "modes 2 and 3 mixed",
    layer_s,
    {"MODES": FiniteSet({Mode.CONFIRMED, Mode.PRECONFIRMED})},
    faults={"equivocate", "invalid_block"},
    properties=(*SAFETY, a_dependency_is_finalized),
    expect=Holds(distinct=5796, depth=12),
)
check(
    "three chains, mode 2",
    layer_s,
    {"CHAINS": 3},
    faults={"equivocate"},
    properties=(*SAFETY, a_dependency_is_finalized),
    expect=Holds(distinct=28492, depth=16),
)
check(
    "three chains, mode 3, two dependencies a header",
    layer_s,
    {**MODE_3, "CHAINS": 3, "CHAINS_PER_BATCH": 3},
    faults={"equivocate", "invalid_block"},
    properties=(*SAFETY, a_dependency_is_finalized),
    expect=Holds(distinct=122245, depth=18),
    slow=True,
)

check(
    "one chain, two heights, forks",
    layer_s,
    {"CHAINS": 1, "HEIGHTS": 2, "KEEPS_ONE_SIBLING": False, "DIRECT": Direct.ANYONE},
    faults=ADVERSARY,
    properties=(*SAFETY, a_fork_has_a_child),
    expect=Holds(distinct=23820, depth=18),
)

# Instructive: confirmation is a promise to peers, not what safety rests on.  Without "dependencies
# confirmed" AS1 and AS8 hold all the same, by the circuit's check alone; only the closure AS5 breaks.
check(
    "without dependencies confirmed, AS1 holds all the same",
    layer_s,
    {**MODE_3, "CONFIRM_RULE": ConfirmRule.NOTHING},
    faults={"equivocate", "invalid_block"},
    properties=(no_finalized_batch_depends_on_an_equivocated_root, dependencies_are_final, a_dependency_is_finalized),
    expect=Holds(distinct=1729, depth=12),
)
check(
    "without dependencies confirmed, AS5 breaks",
    layer_s,
    {**MODE_3, "CONFIRM_RULE": ConfirmRule.NOTHING},
    properties=(confirmation_is_closed,),
    expect=Violated(confirmation_is_closed, steps=6, distinct=91),
)
check(
    "without the circuit check, the confirmations alone do not carry AS1",
    layer_s,
    {"CIRCUIT_CHECKS_DEPENDENCIES": False},
    properties=(dependencies_are_final,),
    expect=Violated(dependencies_are_final, steps=9, distinct=73),
)

# The known-bad variants.
check(
    "AM1 the circuit omits dependencies, no confirmations either",
    layer_s,
    NOTHING_CHECKED,
    properties=(dependencies_are_final,),
    expect=Violated(dependencies_are_final, steps=7, distinct=97),
    about="The check of dependencies in the aggregated proof is what the post rests on. What was deployed has no such "
    "proof: there each import is shown under a settled root.",
)
check(
    "AM1 the headline",
    layer_s,
    NOTHING_CHECKED,
    properties=(no_finalized_batch_depends_on_an_equivocated_root,),
    expect=Violated(no_finalized_batch_depends_on_an_equivocated_root, steps=7, distinct=97),
)
check(
    "AM3 confirmed on pre-confirmed",
    layer_s,
    {**MODE_3, "CONFIRM_RULE": ConfirmRule.PRECONFIRMED},
    properties=(confirmation_is_closed,),
    expect=Violated(confirmation_is_closed, steps=6, distinct=91),
    about="A variant, not an incident: what the second phase of the post adds to the first.",
)
check(
    "AM3 confirmed in another view",
    layer_s,
    {"VIEWS": 2, "CONFIRM_RULE": ConfirmRule.CONFIRMED_SOMEWHERE},
    faults={"agglayer_equivocates"},
    properties=(confirmation_is_closed,),
    expect=Violated(confirmation_is_closed, steps=8, distinct=671),
    about="A variant, not an incident: a dependency that the AggLayer has confirmed to others only.",
)
check(
    "AM4 proofs are optional",
    layer_s,
    {"PROOF_REQUIRED": False},
    faults={"invalid_block"},
    properties=(final_is_valid,),
    expect=Violated(final_is_valid, steps=4, distinct=281),
    about="A variant, not an incident. The real counterpart is a proof system that is unsound: the check below.",
)
check(
    "an unsound proof system",
    layer_s,
    faults={"invalid_block", "unsound_prover"},
    properties=(final_is_valid,),
    expect=Violated(final_is_valid, steps=5, distinct=231),
    about="Soundness bugs of SP1, the proof system of the deployed AggLayer: disclosed in January 2025, repaired "
    "before pessimistic proofs went live, and again in 2026 (CVE-2026-40323).",
)
check(
    "AM5 the contract does not compare its head",
    layer_s,
    NO_COMPARISON,
    faults={"equivocate"},
    properties=(one_history,),
    expect=Violated(one_history, steps=6, distinct=2563),
    about="The deployed contract puts the roots it has stored into the public inputs of each proof; AGL3-12 is the "
    "finding that for one type it enforced no monotone state of its own.",
)
check(
    "AM5 the headline",
    layer_s,
    NO_COMPARISON,
    faults={"equivocate"},
    properties=(no_finalized_batch_depends_on_an_equivocated_root,),
    expect=Violated(no_finalized_batch_depends_on_an_equivocated_root, steps=9, distinct=2563),
)
check(
    "the circuit takes two siblings",
    layer_s,
    {"CIRCUIT_REFUSES_SIBLINGS": False, "KEEPS_ONE_SIBLING": False},
    faults={"equivocate"},
    properties=(one_history,),
    expect=Violated(one_history, steps=9, distinct=1545),
)
check(
    "AM7 the AggLayer keeps both siblings, safety holds",
    layer_s,
    {"KEEPS_ONE_SIBLING": False},
    faults={"equivocate"},
    properties=(*SAFETY, a_dependency_is_finalized, a_loser_has_a_dependent),
    expect=Holds(distinct=1497, depth=14),
    about="The post does not say that an honest AggLayer takes one of two siblings: that is our completion, and "
    "safety does not need it.",
)

# AS6': no one promised that a confirmed header becomes final.
check(
    "AS6' a confirmed header can lose",
    layer_s,
    {"DIRECT": Direct.ANYONE},
    faults={"equivocate"},
    properties=(confirmed_wins,),
    expect=Violated(confirmed_wins, steps=7, distinct=2187),
)

check(
    "two heights, mode 2",
    layer_s,
    {"HEIGHTS": 2},
    properties=(
        no_finalized_batch_depends_on_an_equivocated_root,
        dependencies_are_final,
        one_history,
        a_dependency_is_finalized,
    ),
    expect=Holds(distinct=5873, depth=19),
    slow=True,
)

# AS1 does not need the comparison with the head: it is what AS3 and AS8 need.
check(
    "AS1 holds even if the contract does not compare its head",
    layer_s,
    NO_COMPARISON,
    faults={"equivocate", "invalid_block"},
    properties=(dependencies_are_final, a_dependency_is_finalized),
    expect=Holds(distinct=3361, depth=13),
)

claim(
    "AS1",
    source="AggLayer post, February 2024, on safety",
    says="A chain's batch is final on Ethereum only if every batch it depends on is final and valid, even if chains or "
    "the AggLayer misbehave.",
    finding=Finding.CONFIRMED,
    decided_by=(
        "mode 2",
        "mode 1, chains may settle directly",
        "mode 3",
        "mode 4",
        "mode 4, every chain misbehaves",
        "mode 4, everyone may settle directly, hard ejection",
        "mode 2, the AggLayer equivocates",
        "modes 2 and 3 mixed",
        "three chains, mode 2",
        "three chains, mode 3, two dependencies a header",
        "without dependencies confirmed, AS1 holds all the same",
        "AM1 the circuit omits dependencies, no confirmations either",
        "AS1 holds even if the contract does not compare its head",
    ),
    because="It holds in every mode while proofs are sound, and the check in the aggregated proof alone carries it. "
    "The post speaks of one joint proof; that a dependency may have become final before is our completion. Two and "
    "three chains, one height, two siblings; two heights for mode 2.",
)
claim(
    "AS3",
    source="AggLayer post, February 2024, on safety and on final aggregation",
    says="Ethereum keeps one history of each chain: of two siblings one is final at most.",
    finding=Finding.CONFIRMED,
    decided_by=(
        "mode 2",
        "mode 1, chains may settle directly",
        "mode 4, everyone may settle directly, hard ejection",
        "mode 2, the AggLayer equivocates",
        "AM5 the contract does not compare its head",
        "the circuit takes two siblings",
        "one chain, two heights, forks",
        "two heights, mode 2",
    ),
    because="It needs that the contract compares with its head and the proof takes no two siblings, as the post "
    "intends and does not spell out.",
)
claim(
    "AS4",
    source="AggLayer post, February 2024, on final aggregation",
    says="What is final stands for valid state, because it was proven.",
    finding=Finding.CONFIRMED,
    decided_by=("mode 2", "mode 3", "mode 4", "AM4 proofs are optional", "an unsound proof system"),
    because="It holds while the proof system is sound, which is what a validity proof means.",
)
claim(
    "AS5",
    source="AggLayer post, February 2024, phase 2",
    says="A batch is confirmed once it is proven and all that it depends on is confirmed.",
    finding=Finding.CONFIRMED,
    decided_by=(
        "mode 2",
        "mode 2, the AggLayer equivocates",
        "without dependencies confirmed, AS5 breaks",
        "AM3 confirmed on pre-confirmed",
        "AM3 confirmed in another view",
        "AS6' a confirmed header can lose",
    ),
    because="In each view that an AggLayer shows, confirmations are closed. Confirmed does not mean that it becomes "
    "final; the post does not say so, and with direct settlement by anyone it is false.",
)
claim(
    "AS6",
    source="AggLayer post, February 2024, phases 1 to 3",
    says="A batch is first pre-confirmed, then confirmed, then final, unless its chain settles without the AggLayer.",
    finding=Finding.CONFIRMED,
    decided_by=("mode 2", "mode 3", "mode 4", "mode 2, the AggLayer equivocates", "modes 2 and 3 mixed"),
    because="So the phases are defined; the model follows them, and the check says that nothing goes round them.",
)
claim(
    "AS8",
    source="AggLayer post, February 2024, on safety",
    says="If a chain equivocates, even with the AggLayer's help, no batch that depends on the equivocated root becomes "
    "final.",
    finding=Finding.CONFIRMED,
    decided_by=(
        "mode 2",
        "mode 3",
        "mode 4",
        "mode 4, every chain misbehaves",
        "mode 4, everyone may settle directly, hard ejection",
        "mode 2, the AggLayer equivocates",
        "AM1 the headline",
        "AM5 the headline",
        "AM7 the AggLayer keeps both siblings, safety holds",
    ),
    because="We read it of the sibling that loses. The words could mean both siblings, and then one valid sibling "
    "with its dependents becoming final would contradict them; the weaker reading is evidently what is meant.",
)
