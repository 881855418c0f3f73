"""How a proven root is settled: PS2, PS4, PS5, PS14, PS15, PS18, and who may prove (PL1).

Default: the seed, where a proof settles at once.  V1 to V3 are the contracts.  PS15 is about their pending
states: it holds for what anyone proves as long as watchers are in time, and never covered the trusted
aggregator, who settles at once.
"""

from typing import Final

from interlock import Finding, Holds, Violated, always, check, claim, reachable, recoverable, step
from interlock.model.poe import settlement
from interlock.model.poe.settlement import Number, Rollback, Root, State

V0: Final = {"RUN": 1}  # ProofOfEfficiency.sol v0.0.1 to v0.0.3: as the seed, one batch a proof
V1: Final = {"OVERLAPS": True, "TRUSTED": True, "WAITS": True, "PENDING_STATES": True}  # PolygonZkEVM.sol
V2: Final = {**V1, "ROLLBACK": Rollback.CLEARS_PENDING}  # PolygonRollupManager.sol, with rollbacks as released
V2_REVIEWED: Final = {**V1, "ROLLBACK": Rollback.FORGETS_PENDING}  # the version that the audit saw
V3: Final = {  # agglayer-contracts
    "OVERLAPS": True,
    "TRUSTED": True,
    "ANYONE_PROVES": False,
    "ROLLBACK": Rollback.CLEARS_PENDING,
}


@always
def settled_is_right(s: State, k: Number) -> bool:
    """PS2, PS15: no wrong root is settled."""
    return s.root[k] != Root.WRONG


@always
def within_bounds(s: State) -> bool:
    """PS4: what is settled or pending was sequenced; pending states lie after what is settled, one after another."""
    return (
        s.verified <= s.sequenced
        and all(s.verified < p.final <= s.sequenced for p in s.pending)
        and (len(s.pending) < 2 or s.pending[0].final < s.pending[1].final)
    )


@step
def settled_stays(old: State, new: State, k: Number) -> bool:
    """PS4: the last settled batch never falls, and a settled root never changes."""
    return new.verified >= old.verified and (old.root[k] == Root.NONE or new.root[k] == old.root[k])


@always
def accepted_runs_agree(s: State) -> bool:
    """PS5: no accepted run contradicts a root that was settled inside it."""
    return not s.contradicted


@always
def emergency_stops_the_others(s: State) -> bool:
    """PS14: in an emergency nobody settles but by a privilege."""
    return not s.breach


@step
def nothing_is_settled_in_an_emergency(old: State, new: State) -> bool:
    """Stronger than PS14, and not promised: in an emergency nothing is settled at all."""
    return new.verified == old.verified or not old.emergency


@always
def no_conflict_when_sound(s: State) -> bool:
    """As long as the prover is sound no two roots are proven for a batch."""
    return not s.conflict


@always
def a_conflict_halts(s: State) -> bool:
    """PS15, in a stronger form that no contract promised: once two roots were proven, there is an emergency."""
    return not s.conflict or s.emergency


@step
def setters_only_shorten(old: State, new: State) -> bool:
    """PS18: outside an emergency no timeout grows, but by an override (which settles something)."""
    return new.timeout <= old.timeout or old.emergency or new.verified > old.verified


@step
def timeouts_never_grow(old: State, new: State) -> bool:
    """PS18 to the letter: outside an emergency no timeout grows."""
    return new.timeout <= old.timeout or old.emergency


@reachable
def all_is_settled(s: State) -> bool:
    """Everything that was posted is settled."""
    return s.verified == settlement.BATCHES


@reachable
def a_wrong_root_is_pending(s: State, k: Number) -> bool:
    """A wrong root does become pending, and an emergency stops it."""
    return s.emergency and settlement.pending_root(s, k) == Root.WRONG


@recoverable
def can_settle(s: State) -> bool:
    """PL1: what is posted can be settled."""
    return s.verified == s.sequenced


SAFETY: Final = (
    settled_is_right,
    within_bounds,
    settled_stays,
    accepted_runs_agree,
    emergency_stops_the_others,
    setters_only_shorten,
)

check(
    "SEED",
    settlement,
    properties=(*SAFETY, can_settle, all_is_settled),
    expect=Holds(distinct=15, depth=6),
)
check(
    "V0",
    settlement,
    V0,
    properties=(*SAFETY, can_settle, all_is_settled),
    expect=Holds(distinct=10, depth=6),
)
check(
    "V1",
    settlement,
    V1,
    faults={"halt", "admin_sets"},
    properties=(*SAFETY, all_is_settled),
    expect=Holds(distinct=594, depth=13),
)
check(
    "V2",
    settlement,
    V2,
    faults={"halt", "admin_sets", "rollback", "register_again"},
    properties=(*SAFETY, all_is_settled),
    expect=Holds(distinct=594, depth=13),
)
check(
    "V3",
    settlement,
    V3,
    faults={"halt", "admin_sets", "rollback"},
    properties=(*SAFETY, all_is_settled),
    expect=Holds(distinct=90, depth=9),
)

check(
    "V2 five batches, everything that can happen",
    settlement,
    {**V2, "BATCHES": 5},
    faults={"halt", "admin_sets", "unsound_prover", "rollback", "aggregator_stops"},
    properties=(*SAFETY, all_is_settled, a_wrong_root_is_pending),
    expect=Holds(distinct=24642, depth=20),
)

# PS4, M4, M21, M23: bounds and roots of what is settled.
check(
    "M4 V2 as reviewed, a rollback forgets the pending states",
    settlement,
    V2_REVIEWED,
    faults={"rollback"},
    properties=(within_bounds,),
    expect=Violated(within_bounds, steps=4, distinct=1720),
    about=(
        "ZKEVM04-01 (Sigma Prime, high): found in review of the first version with rollbackBatches, and fixed by "
        "clearing the pending states."
    ),
)
check(
    "M4 so the root of a removed batch is settled",
    settlement,
    V2_REVIEWED,
    faults={"rollback"},
    properties=(settled_is_right,),
    expect=Violated(settled_is_right, steps=6, distinct=1720),
    about="ZKEVM04-01: what it would have led to, with a sound prover.",
)
check(
    "M4 and a second proof trips the emergency, though the prover is sound",
    settlement,
    V2_REVIEWED,
    faults={"rollback"},
    properties=(no_conflict_when_sound,),
    expect=Violated(no_conflict_when_sound, steps=6, distinct=1720),
    about=(
        "ZKEVM04-01: the batches sequenced in the place of those removed have another root, and a proof of it "
        "looks like a conflict."
    ),
)
check(
    "with a sound prover nobody trips the emergency in V2",
    settlement,
    V2,
    faults={"rollback"},
    properties=(no_conflict_when_sound, all_is_settled),
    expect=Holds(distinct=99, depth=10),
)
check(
    "M21 a registered rollup is registered again",
    settlement,
    {**V2, "REGISTERED_ONCE": False},
    faults={"register_again"},
    properties=(settled_stays,),
    expect=Violated(settled_stays, steps=3, distinct=99),
    about="LXLY-05 (Sigma Prime): the data of a registered rollup could be overwritten.",
)
check(
    "M23 a proof may end before the last verified batch",
    settlement,
    {**V1, "FINAL_ADVANCES": False},
    properties=(settled_stays,),
    expect=Violated(settled_stays, steps=4, distinct=889),
    about="Why the contract compares the end of a proof with the last verified batch.",
)
check(
    "M23 and before the last pending one",
    settlement,
    {**V1, "TRUSTED": False, "FINAL_ADVANCES": False},
    properties=(within_bounds,),
    expect=Violated(within_bounds, steps=4, distinct=652),
    about="The same for pending states: the comparison counts them in.",
)
check(
    "M24 a proof starts from the root of another pending state",
    settlement,
    {**V1, "START_MATCHED": False},
    properties=(no_conflict_when_sound,),
    expect=Violated(no_conflict_when_sound, steps=7, distinct=201),
    about="Why the first batch of a proof is compared with the pending state whose root it starts from.",
)
check(
    "M24 and nobody shows the conflict in time",
    settlement,
    {**V1, "START_MATCHED": False, "WATCHED": False},
    properties=(settled_is_right,),
    expect=Violated(settled_is_right, steps=8, distinct=250),
    about="The same, down to the settled root: the prover is sound, and the root is wrong.",
)

# PS5, PS15: what an unsound prover can do, with and without watchers.
check(
    "V1 PS15 watchers in time",
    settlement,
    V1,
    faults={"halt", "unsound_prover"},
    properties=(*SAFETY, a_wrong_root_is_pending),
    expect=Holds(distinct=674, depth=14),
)
check(
    "V2 PS15 watchers in time",
    settlement,
    V2,
    faults={"halt", "unsound_prover", "rollback"},
    properties=(*SAFETY, a_wrong_root_is_pending),
    expect=Holds(distinct=678, depth=14),
)
check(
    "V1 PS15 the trusted aggregator settles at once",
    settlement,
    V1,
    faults={"false_trusted"},
    properties=(settled_is_right,),
    expect=Violated(settled_is_right, steps=2, distinct=255),
    about=(
        "By design: a prover that is unsound and a trusted aggregator that misbehaves, or lost its key, are a "
        "loss in one step."
    ),
)
check(
    "V2 PS15 the trusted aggregator settles at once",
    settlement,
    V2,
    faults={"false_trusted"},
    properties=(settled_is_right,),
    expect=Violated(settled_is_right, steps=2, distinct=255),
    about="By design, as in V1.",
)
check(
    "V1 PS15 watchers too late",
    settlement,
    {**V1, "WATCHED": False},
    faults={"unsound_prover"},
    properties=(settled_is_right,),
    expect=Violated(settled_is_right, steps=5, distinct=775),
    about="The watchers have to act within the timeout of pending states.",
)
check(
    "V1 PS15 only the wrong root can be proven, no conflict can be shown",
    settlement,
    {**V1, "RIGHT_PROVABLE": False},
    faults={"unsound_prover"},
    properties=(settled_is_right,),
    expect=Violated(settled_is_right, steps=5, distinct=497),
    about=(
        "The second proof has to come from the same circuit: if the defect makes the right root unprovable, there "
        "is no conflict to show."
    ),
)
check(
    "V1 PS15 an honest trusted aggregator extends a pending root unseen",
    settlement,
    {**V1, "EXTENDS_RIGHT_ONLY": False},
    faults={"unsound_prover"},
    properties=(settled_is_right,),
    expect=Violated(settled_is_right, steps=5, distinct=489),
    about=(
        "The contract lets the trusted aggregator start from a pending root, and settles what comes after it at once."
    ),
)
check(
    "M9 clocks run in an emergency that is lifted too early",
    settlement,
    {**V1, "ADMIN_CLEANS": False},
    faults={"unsound_prover"},
    properties=(settled_is_right,),
    expect=Violated(settled_is_right, steps=7, distinct=748),
    about=(
        "LXLY-08 (Sigma Prime): timeouts run on in an emergency. In the answer to it the clock of forced batches "
        "changed, not this one."
    ),
)
check(
    "M9 with clocks that stop, lifting it early does no harm",
    settlement,
    {**V1, "ADMIN_CLEANS": False, "CLOCKS_STOP": True},
    faults={"unsound_prover"},
    properties=(settled_is_right, a_wrong_root_is_pending),
    expect=Holds(distinct=401, depth=13),
)
check(
    "M10 an override does not trip the emergency",
    settlement,
    V1,
    faults={"unsound_prover"},
    properties=(a_conflict_halts,),
    expect=Violated(a_conflict_halts, steps=4, distinct=444),
    about="LXLY-17 (Sigma Prime): two different proofs exist, and the system runs on.",
)
check(
    "an override that trips it",
    settlement,
    {**V1, "OVERRIDE_HALTS": True},
    faults={"unsound_prover"},
    properties=(a_conflict_halts, settled_is_right, a_wrong_root_is_pending),
    expect=Holds(distinct=396, depth=13),
)
check(
    "PS5 a run that passes over a wrong root is not compared with it",
    settlement,
    {**V1, "PENDING_STATES": False},
    faults={"unsound_prover"},
    properties=(accepted_runs_agree,),
    expect=Violated(accepted_runs_agree, steps=5, distinct=90),
    about="Runs may overlap settled batches, and only pending states are compared with a second proof.",
)
check(
    "SEED with an unsound prover nothing is left to stop it",
    settlement,
    faults={"unsound_prover"},
    properties=(settled_is_right,),
    expect=Violated(settled_is_right, steps=2, distinct=32),
    about="Not a claim of the post, which takes the proof system to be sound: what pending states were added for.",
)

# PS14, PS18.
check(
    "M7 consolidation is not guarded in an emergency",
    settlement,
    {**V1, "CONSOLIDATION_GUARDED": False},
    faults={"halt"},
    properties=(emergency_stops_the_others,),
    expect=Violated(emergency_stops_the_others, steps=6, distinct=274),
    about="Spearbit 5.1.3, fixed: consolidatePendingState could be called by anyone in an emergency.",
)
check(
    "PS14 the privileged paths stay open",
    settlement,
    V1,
    faults={"halt"},
    properties=(nothing_is_settled_in_an_emergency,),
    expect=Violated(nothing_is_settled_in_an_emergency, steps=3, distinct=198),
    about="By design: the trusted aggregator works on in an emergency.",
)
check(
    "PS18 to the letter, an override sets the timeout back to a week",
    settlement,
    V1,
    faults={"unsound_prover"},
    properties=(timeouts_never_grow,),
    expect=Violated(timeouts_never_grow, steps=4, distinct=444),
    about=(
        "PolygonZkEVM.overridePendingState sets trustedAggregatorTimeout to its maximum, without an emergency. "
        "The contract promises no more than that setters shorten."
    ),
)
check(
    "PS18 setters without the guard",
    settlement,
    {**V1, "SETTERS_SHORTEN": False},
    faults={"admin_sets"},
    properties=(setters_only_shorten,),
    expect=Violated(setters_only_shorten, steps=1, distinct=297),
    about="Known to be unsafe: why the setters only shorten.",
)

# Who may prove: PL1 if the trusted aggregator stops for good.
check(
    "V1 PL1 the trusted aggregator stops, others prove after the timeout",
    settlement,
    V1,
    faults={"aggregator_stops"},
    properties=(can_settle, all_is_settled),
    expect=Holds(distinct=198, depth=11),
    about="What the post calls open proving, after the trusted aggregator's timeout.",
)
check(
    "V2 PL1 the trusted aggregator stops, others prove after the timeout",
    settlement,
    V2,
    faults={"aggregator_stops"},
    properties=(can_settle, all_is_settled),
    expect=Holds(distinct=198, depth=11),
)
check(
    "V3 PL1 the trusted aggregator stops",
    settlement,
    V3,
    faults={"aggregator_stops"},
    properties=(can_settle,),
    expect=Violated(can_settle, steps=2, distinct=30),
    about="Today's manager has no other path of verification.",
)

claim(
    "PS4",
    source="PolygonZkEVM and PolygonRollupManager: verification, pending states, rollbackBatches",
    says="What is verified was sequenced, never falls behind, and keeps its root.",
    finding=Finding.CONFIRMED,
    decided_by=(
        "SEED",
        "V0",
        "V1",
        "V2",
        "V3",
        "M4 V2 as reviewed, a rollback forgets the pending states",
        "M21 a registered rollup is registered again",
        "M23 a proof may end before the last verified batch",
        "M23 and before the last pending one",
    ),
    because="It holds for all versions as released. The first version with both pending states and rollbacks was "
    "corrected in review. Pending roots may be replaced, by design, before they are consolidated. Three "
    "batches, each a sequence; five in one check of V2.",
)
claim(
    "PS5",
    source="PolygonZkEVM and PolygonRollupManager: proveNonDeterministicPendingState",
    says="Two different proven roots for the same batches are an emergency, for pending states.",
    finding=Finding.CONFIRMED,
    decided_by=(
        "V1",
        "V2",
        "V1 PS15 watchers in time",
        "PS5 a run that passes over a wrong root is not compared with it",
    ),
    because="With a sound prover no two accepted runs disagree. With an unsound one the comparison is for pending "
    "states only, as the contract says: what is settled inside a later run is not compared. That trace lets what "
    "anyone proves settle at once, as a pending-state timeout of zero does. Three batches.",
)
claim(
    "PS14",
    source="PolygonZkEVM: EmergencyManager, consolidatePendingState",
    says="In an emergency nobody settles but the trusted aggregator.",
    finding=Finding.CONFIRMED,
    decided_by=(
        "V1",
        "V2",
        "M7 consolidation is not guarded in an emergency",
        "PS14 the privileged paths stay open",
    ),
    because="Since the fix of Spearbit 5.1.3. The privileged paths stay open by design, rollbacks among them, and so "
    "the stronger form, that nothing is settled at all, fails; nobody claims it. The bridge is in bridge.py.",
)
claim(
    "PS15",
    source="PolygonZkEVM: pending states, overridePendingState",
    says="Pending states protect against a proof system that is not sound, until that is no longer needed. They are "
    "consolidated after a timeout; before, anyone who can prove another root for the same batches halts the system, "
    "and the trusted aggregator who can replaces the root.",
    finding=Finding.UNSTATED_CONDITION,
    decided_by=(
        "V1 PS15 watchers in time",
        "V2 PS15 watchers in time",
        "V1 PS15 the trusted aggregator settles at once",
        "V1 PS15 watchers too late",
        "V1 PS15 only the wrong root can be proven, no conflict can be shown",
        "V1 PS15 an honest trusted aggregator extends a pending root unseen",
        "M9 clocks run in an emergency that is lifted too early",
    ),
    because="That watchers are in time, and that the right root is provable too, is in the words of the contract. Two "
    "more conditions are not: the trusted aggregator does not extend a wrong pending root, and no emergency is "
    "lifted before the wrong root is dealt with. Given all four it holds for verifyBatches. The trusted "
    "aggregator's own proofs were never covered. An unsound prover is a fault of the check. Three batches, two "
    "pending states.",
)
claim(
    "PS18",
    source="PolygonZkEVM: setTrustedAggregatorTimeout, setPendingStateTimeout",
    says="Outside an emergency the admin can only shorten timeouts.",
    finding=Finding.CONFIRMED,
    decided_by=(
        "V1",
        "V2",
        "PS18 setters without the guard",
        "PS18 to the letter, an override sets the timeout back to a week",
    ),
    because="Of the setters it is true; the trusted aggregator's timeout stands for both, with three values. An "
    "override by the trusted aggregator lengthens it outside an emergency, so the broader form, that no timeout "
    "grows, fails; the contract does not claim it.",
)
claim(
    "PL1-open",
    source="Proof of Efficiency post, ethresear.ch, February 2022: aggregators",
    says="Anyone can prove, without permission.",
    finding=Finding.DIFFERS,
    decided_by=(
        "SEED",
        "V0",
        "V1 PL1 the trusted aggregator stops, others prove after the timeout",
        "V2 PL1 the trusted aggregator stops, others prove after the timeout",
        "V3 PL1 the trusted aggregator stops",
    ),
    because="True of the post and the first contracts; after a timeout in V1 and V2; in today's manager only who has "
    "the role of trusted aggregator verifies, and the trace ends if nobody else is given it. Decided is whether "
    "others can prove at all, not how soon or how often they win.",
)
