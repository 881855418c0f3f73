"""What the bridge promises: PS11, PS13, PS14.

PS12, that imported exit roots are on L1, is in `virtual.py`, with the reorganisations that it is about.
"""

from typing import Final

from interlock import Finding, Holds, Violated, always, check, claim, reachable, recoverable
from interlock.model.poe import bridge
from interlock.model.poe.bridge import Leaf, Stage, State

V1: Final = {"PENDING_STATES": True}  # and V2; the seed and V3 settle at once


@always
def claimed_once(s: State, x: Leaf) -> bool:
    """PS11: no leaf is claimed twice."""
    return s.claims[x] <= 1


@always
def claimed_is_settled(s: State, x: Leaf) -> bool:
    """PS11: what is claimed is in a consolidated state."""
    return s.claims[x] == 0 or s.leaf[x] == Stage.SETTLED


@always
def solvent(s: State) -> bool:
    """PS13: the bridge holds at least what it may have to pay."""
    return s.escrow >= bridge.owed(s)


@always
def emergency_stops_the_bridge(s: State) -> bool:
    """PS14: in an emergency nobody deposits, claims or sends a message."""
    return not s.breach


@reachable
def all_are_claimed(s: State) -> bool:
    """All withdrawals get paid."""
    return all(s.claims[x] == 1 for x in Leaf)


@recoverable
def every_withdrawal_can_be_claimed(s: State) -> bool:
    """PL4 in part: whoever has withdrawn on L2 can still claim."""
    return all(s.leaf[x] == Stage.NONE or s.claims[x] > 0 for x in Leaf)


SAFETY: Final = (claimed_once, claimed_is_settled, solvent, emergency_stops_the_bridge)

check(
    "settled at once",
    bridge,
    faults={"halt", "fee_on_transfer", "reentrant_token"},
    properties=(*SAFETY, every_withdrawal_can_be_claimed, all_are_claimed),
    expect=Holds(distinct=114, depth=13),
)
check(
    "V1, V2 pending states",
    bridge,
    V1,
    faults={"halt", "fee_on_transfer", "reentrant_token"},
    properties=(*SAFETY, every_withdrawal_can_be_claimed, all_are_claimed),
    expect=Holds(distinct=148, depth=15),
)
check(
    "V1, V2 three withdrawals",
    bridge,
    {**V1, "LEAVES": 3, "TOKENS": 3},
    faults={"halt", "fee_on_transfer", "reentrant_token"},
    properties=(*SAFETY, every_withdrawal_can_be_claimed, all_are_claimed),
    expect=Holds(distinct=1152, depth=22),
)
check(
    "M8 bridgeMessage is not guarded in an emergency",
    bridge,
    {"MESSAGE_GUARDED": False},
    faults={"halt"},
    properties=(emergency_stops_the_bridge,),
    expect=Violated(emergency_stops_the_bridge, steps=2, distinct=184),
    about="LXLY-04 (Sigma Prime): bridgeMessage did not have the guard that bridgeAsset has.",
)
check(
    "deposits are not guarded in an emergency",
    bridge,
    {"DEPOSIT_GUARDED": False},
    faults={"halt"},
    properties=(emergency_stops_the_bridge,),
    expect=Violated(emergency_stops_the_bridge, steps=2, distinct=182),
    about="The guard that carries PS14 for bridgeAsset.",
)
check(
    "claims are not guarded in an emergency",
    bridge,
    {"CLAIM_GUARDED": False},
    faults={"halt"},
    properties=(emergency_stops_the_bridge,),
    expect=Violated(emergency_stops_the_bridge, steps=7, distinct=118),
    about="The guard that carries PS14 for withdrawals.",
)
check(
    "M11 a deposit counts as requested",
    bridge,
    {"COUNTS_RECEIVED": False},
    faults={"fee_on_transfer"},
    properties=(solvent,),
    expect=Violated(solvent, steps=1, distinct=225),
    about="Spearbit 5.1.2, fixed: a token that keeps a fee on transfer was counted in full.",
)
check(
    "M12 a reentrant token is counted twice",
    bridge,
    {"REENTRANCY_GUARDED": False},
    faults={"reentrant_token"},
    properties=(solvent,),
    expect=Violated(solvent, steps=3, distinct=125),
    about=(
        "Hexens 1, critical: an ERC-777 token calls the bridge during a deposit, and the "
        "outer deposit counts the inner one too."
    ),
)
check(
    "M13 a proof of a withdrawal that never was",
    bridge,
    faults={"unsound_prover"},
    properties=(solvent,),
    expect=Violated(solvent, steps=1, distinct=171),
    about="What a missing constraint of the prover would mean for the bridge.",
)
check(
    "M17 the exit root of a pending state is published",
    bridge,
    {**V1, "EXPORTS_SETTLED_ONLY": False},
    properties=(claimed_is_settled,),
    expect=Violated(claimed_is_settled, steps=6, distinct=141),
    about="Why the contract updates the global exit root only when a state is consolidated.",
)
check(
    "M18 unused bits of the index are free",
    bridge,
    {"INDEX_CHECKED": False},
    properties=(claimed_once,),
    expect=Violated(claimed_once, steps=8, distinct=71),
    about="The fix of 2025: unused bits of a global index must be zero.",
)
check(
    "M18 so the bridge cannot pay the others",
    bridge,
    {"INDEX_CHECKED": False},
    properties=(solvent,),
    expect=Violated(solvent, steps=8, distinct=71),
    about="The fix of 2025: unused bits of a global index must be zero.",
)
check(
    "M18 and somebody else is left without",
    bridge,
    {"INDEX_CHECKED": False},
    properties=(every_withdrawal_can_be_claimed,),
    expect=Violated(every_withdrawal_can_be_claimed, steps=10, distinct=71),
    about="The second claim of one withdrawal is paid with the tokens of another.",
)

claim(
    "PS11",
    source="PolygonZkEVMBridge.claimAsset, PolygonZkEVMGlobalExitRoot",
    says="A withdrawal is claimed once, and only if the state that has it is consolidated.",
    finding=Finding.CONFIRMED,
    decided_by=(
        "settled at once",
        "V1, V2 pending states",
        "M17 the exit root of a pending state is published",
        "M18 unused bits of the index are free",
    ),
    because="With the check of unused bits that was added in 2025. Two and three withdrawals of one token; leaves and "
    "roots are taken as they are, without Merkle proofs.",
)
claim(
    "PS13",
    source="PolygonZkEVMBridge: locked and minted tokens",
    says="The bridge holds what it may have to pay.",
    finding=Finding.CONFIRMED,
    decided_by=(
        "settled at once",
        "V1, V2 pending states",
        "M11 a deposit counts as requested",
        "M12 a reentrant token is counted twice",
        "M13 a proof of a withdrawal that never was",
    ),
    because="If the prover is sound, deposits count as received, and a deposit cannot be entered twice; the audits "
    "found the latter two missing, and they were added. One token, two deposits and two withdrawals, three in one "
    "check.",
)
claim(
    "PS14-bridge",
    source="PolygonZkEVMBridge: EmergencyManager",
    says="In an emergency the bridge stands still.",
    finding=Finding.CONFIRMED,
    decided_by=(
        "settled at once",
        "V1, V2 pending states",
        "M8 bridgeMessage is not guarded in an emergency",
        "deposits are not guarded in an emergency",
        "claims are not guarded in an emergency",
    ),
    because="For deposits, messages and claims on L1, each by its guard; that of messages since the fix of LXLY-04. "
    "updateExitRoot, which moves no tokens, is not guarded in the model.",
)
