"""Censorship, exits and forced batches: PS16, PL3, PL4, PL5, PL6.

Default: the seed, where anyone posts batches and there is neither a queue nor an emergency.  The headline is
PS16: a rollback loses forced batches (late V2, V3).  That is a power of the admin, which an audit named and the
team accepted.  Full repair restores the queue's pointer and its content; the pointer alone does not do.
"""

from typing import Final

from interlock import Finding, Holds, Violated, always, check, claim, reachable, recoverable, step
from interlock.model.poe import forced
from interlock.model.poe.forced import (
    Count,
    Forced,
    Kind,
    Restores,
    State,
    bridge_is_open,
    posting_is_open,
    queue_is_open,
    serves,
)

# V0 is as the seed.
V1: Final = {"OPEN": False, "FORCING": True, "EMERGENCY": True}  # PolygonZkEVM.sol, forced batches switched on
V1_AT_LAUNCH: Final = {**V1, "FORCING": False}  # as mainnet beta began
V2: Final = {**V1, "QUIET_WEEK": True, "SHARED_EMERGENCY": True}  # PolygonRollupManager.sol, forcing open to the user
V2_FORK_12: Final = {**V2, "ROLLBACK": True, "RESTORES": Restores.NOTHING}  # with rollbackBatches
V3: Final = {**V2, "ROLLBACK": True, "RESTORES": Restores.NOTHING}  # agglayer-contracts


@always
def forced_is_kept(s: State, i: Forced) -> bool:
    """PS16: an accepted forced batch is sequenced, or awaits it in the queue with its content."""
    queued = i > s.pointer and s.stored[i]
    return i > s.accepted or queued or any(b.forced == i for b in s.batch)


@always
def forced_in_order(s: State, k: Count, j: Count) -> bool:
    """PS16: forced batches are sequenced in the order in which they were accepted, each once."""
    return not (
        k < j < len(s.batch)
        and s.batch[k].kind == Kind.FORCED
        and s.batch[j].kind == Kind.FORCED
        and s.batch[k].forced >= s.batch[j].forced
    )


@step
def forced_is_not_overtaken(old: State, new: State) -> bool:
    """Not promised: no other batch goes before a forced one that was accepted earlier."""
    return (
        old.pointer >= old.accepted or len(new.batch) <= len(old.batch) or new.batch[len(old.batch)].kind == Kind.FORCED
    )


@step
def overdue_goes_first(old: State, new: State) -> bool:
    """PL5, not promised: while a forced batch is overdue the sequencer posts nothing else."""
    return (
        old.pointer >= old.overdue or len(new.batch) <= len(old.batch) or new.batch[len(old.batch)].kind == Kind.FORCED
    )


@always
def sequencer_gets_a_week(s: State) -> bool:
    """After an emergency the trusted sequencer has a week before others take forced batches."""
    return not s.rushed


@step
def a_halt_needs_a_lag(old: State, new: State) -> bool:
    """PL6: unless the owner wills it, an emergency begins after a week without a verification."""
    return old.emergency or not new.emergency or old.lagging


@step
def an_emergency_stops_sequencing(old: State, new: State) -> bool:
    """PS14 for batches: in an emergency nobody sequences or forces one."""
    return not old.emergency or (len(new.batch) <= len(old.batch) and new.accepted == old.accepted)


@always
def a_door_is_open(s: State) -> bool:
    """PL4: the bridge, the queue of forced batches and the posting of own ones are never all closed at once."""
    return bridge_is_open(s) or queue_is_open(s) or posting_is_open(s)


@reachable
def a_forced_batch_is_verified(s: State) -> bool:
    """A forced batch gets all the way."""
    return any(s.batch[k].kind == Kind.FORCED for k in range(forced.LENGTH) if k < s.verified)


@reachable
def a_user_exits(s: State) -> bool:
    """A user does withdraw."""
    return s.exited


@reachable
def anyone_halts(s: State) -> bool:
    """An emergency begins without the owner."""
    return s.emergency and s.lagging


@recoverable
def the_user_can_be_served(s: State) -> bool:
    """PL3: the user's transaction can get into the virtual state, with effect."""
    return any(serves(s, k) for k in range(forced.LENGTH))


@recoverable
def forced_can_be_sequenced(s: State) -> bool:
    """PL3, PL5: every accepted forced batch can be sequenced."""
    return all(any(b.forced == i for b in s.batch) for i in range(1, forced.FORCED + 1) if i <= s.accepted)


@recoverable
def the_user_can_exit(s: State) -> bool:
    """PL4: the user can withdraw."""
    return s.exited


QUEUE: Final = (forced_is_kept, forced_in_order)
MORE: Final = {"FORCED": 2, "OTHERS": 2}
HONEST: Final = {"CENSORS": False}

# PS16: forced batches are kept, until there are rollbacks.
check(
    "V1 PS16",
    forced,
    {**V1, **MORE, **HONEST},
    faults={"owner_halts", "nonce_game"},
    properties=(*QUEUE, an_emergency_stops_sequencing, a_forced_batch_is_verified),
    expect=Holds(distinct=8787, depth=17),
)
check(
    "V2 PS16 before it had rollbacks",
    forced,
    {**V2, **MORE, **HONEST},
    faults={"owner_halts", "nonce_game", "other_rollup_halts"},
    properties=(*QUEUE, an_emergency_stops_sequencing, a_forced_batch_is_verified),
    expect=Holds(distinct=5649, depth=16),
)
check(
    "M5 V2 with fork 12, a rollback loses a forced batch",
    forced,
    {**V2_FORK_12, **HONEST},
    faults={"rollback"},
    properties=(forced_is_kept,),
    expect=Violated(forced_is_kept, steps=3, distinct=140),
    about=(
        "ZKEVM04-03 (Sigma Prime), accepted as it is: rollbackBatches does not touch the queue. It takes the role "
        "for updates, or the admin of the rollup."
    ),
)
check(
    "M5 V3 a rollback loses a forced batch",
    forced,
    {**V3, **HONEST},
    faults={"rollback"},
    properties=(forced_is_kept,),
    expect=Violated(forced_is_kept, steps=3, distinct=140),
    about="ZKEVM04-03, accepted as it is, in agglayer-contracts today.",
)
check(
    "M5 the pointer restored, but not the content",
    forced,
    {**V3, **HONEST, "RESTORES": Restores.POINTER},
    faults={"rollback"},
    properties=(forced_is_kept,),
    expect=Violated(forced_is_kept, steps=3, distinct=140),
    about="Half a repair: the content of a forced batch is deleted when it is sequenced.",
)
check(
    "PS16 pointer and content restored",
    forced,
    {**V3, **HONEST, "RESTORES": Restores.ALL},
    faults={"rollback"},
    properties=(*QUEUE, forced_can_be_sequenced, a_forced_batch_is_verified),
    expect=Holds(distinct=120, depth=10),
    about="The full repair.",
)
check(
    "PS16 pointer and content restored, two forced batches",
    forced,
    {**V3, **MORE, **HONEST, "RESTORES": Restores.ALL},
    faults={"rollback", "owner_halts"},
    properties=(*QUEUE, a_forced_batch_is_verified),
    expect=Holds(distinct=2463, depth=16),
)
check(
    "PS16 pointer and content restored, three forced batches",
    forced,
    {**V3, **HONEST, "FORCED": 3, "OTHERS": 2, "RESTORES": Restores.ALL},
    faults={"rollback", "owner_halts", "nonce_game"},
    properties=(*QUEUE, a_forced_batch_is_verified),
    expect=Holds(distinct=22961, depth=20),
)
check(
    "forced batches in any order",
    forced,
    {**V1, **MORE, **HONEST, "IN_ORDER": False},
    properties=(forced_in_order,),
    expect=Violated(forced_in_order, steps=4, distinct=3506),
    about="Why sequenceBatches compares each forced batch with the head of the queue.",
)

# PL3: who gets a censored transaction in.
check(
    "SEED PL3 the user becomes a sequencer",
    forced,
    properties=(the_user_can_be_served,),
    expect=Holds(distinct=15, depth=5),
    about="Open sequencing never reached mainnet: from v0.0.4 (June 2022) there is one trusted sequencer.",
)
check(
    "V1 PL3 by way of the queue",
    forced,
    {**V1, **MORE},
    faults={"owner_halts"},
    properties=(the_user_can_be_served, forced_can_be_sequenced, a_forced_batch_is_verified),
    expect=Holds(distinct=2116, depth=17),
)
check(
    "V2 PL3 by way of the queue",
    forced,
    {**V2, **MORE},
    faults={"owner_halts", "other_rollup_halts"},
    properties=(the_user_can_be_served, forced_can_be_sequenced, a_forced_batch_is_verified),
    expect=Holds(distinct=1185, depth=16),
)
check(
    "V1 PL3 as launched, forced batches are off",
    forced,
    V1_AT_LAUNCH,
    properties=(the_user_can_be_served,),
    expect=Violated(the_user_can_be_served, steps=0, distinct=8),
    about="Mainnet beta started with isForcedBatchDisallowed set.",
)
check(
    "V2 PL3 forced batches are for an address that the admin names",
    forced,
    {**V2, "FORCING": False},
    properties=(the_user_can_be_served,),
    expect=Violated(the_user_can_be_served, steps=0, distinct=8),
    about="PolygonRollupBaseEtrog.forceBatchAddress: the admin itself at the start, until it is opened.",
)
check(
    "V3 PL3 forced batches are for an address that the admin names",
    forced,
    {**V3, "FORCING": False},
    properties=(the_user_can_be_served,),
    expect=Violated(the_user_can_be_served, steps=0, distinct=8),
    about="PolygonRollupBaseEtrog.forceBatchAddress, as in V2.",
)
check(
    "V1 PL3 an emergency that nobody lifts",
    forced,
    {**V1, "ADMIN_LIFTS": False},
    faults={"owner_halts"},
    properties=(the_user_can_be_served,),
    expect=Violated(the_user_can_be_served, steps=1, distinct=60),
    about="deactivateEmergencyState is the admin's alone; sequencing and forced batches wait for it.",
)
check(
    "V3 PL3 an accepted forced batch is lost in a rollback",
    forced,
    {**V3, **HONEST},
    faults={"rollback"},
    properties=(forced_can_be_sequenced,),
    expect=Violated(forced_can_be_sequenced, steps=3, distinct=140),
    about="ZKEVM04-03: that batch is gone for good; the user may force the transaction again, and pay again.",
)
check(
    "M16 the sequencer overtakes a forced batch",
    forced,
    V1,
    properties=(forced_is_not_overtaken,),
    expect=Violated(forced_is_not_overtaken, steps=2, distinct=79),
    about="Spearbit 5.2.1: the trusted sequencer decides how normal and forced batches are ordered.",
)
check(
    "M16 and spends its nonce first",
    forced,
    V1,
    faults={"nonce_game"},
    properties=(the_user_can_be_served,),
    expect=Violated(the_user_can_be_served, steps=2, distinct=116),
    about=(
        "LXLY-10 (Sigma Prime). The contract's comment tells users to sign nothing else with the nonce of a "
        "forced transaction."
    ),
)
check(
    "forced batches first, nothing overtakes them",
    forced,
    {**V1, **MORE, "FORCED_FIRST": True},
    faults={"nonce_game"},
    properties=(forced_is_not_overtaken, the_user_can_be_served, a_forced_batch_is_verified),
    expect=Holds(distinct=1244, depth=18),
)
check(
    "M9 V1 after an emergency the sequencer has no time",
    forced,
    V1,
    faults={"owner_halts"},
    properties=(sequencer_gets_a_week,),
    expect=Violated(sequencer_gets_a_week, steps=5, distinct=171),
    about=(
        "LXLY-08 (Sigma Prime): the clock of forced batches runs in an emergency; answered with a week of quiet "
        "after it."
    ),
)
check(
    "V2 after an emergency it has a week",
    forced,
    {**V2, **MORE},
    faults={"owner_halts", "other_rollup_halts"},
    properties=(sequencer_gets_a_week, a_forced_batch_is_verified),
    expect=Holds(distinct=1185, depth=16),
)

# PL4: the way out.
check(
    "SEED PL4",
    forced,
    properties=(the_user_can_exit, a_door_is_open, a_user_exits),
    expect=Holds(distinct=15, depth=5),
)
check(
    "V1 PL4 if the admin lifts every emergency",
    forced,
    {**V1, **MORE},
    faults={"owner_halts"},
    properties=(the_user_can_exit, a_user_exits),
    expect=Holds(distinct=2116, depth=17),
)
check(
    "V1 PL4 an emergency that nobody lifts",
    forced,
    {**V1, "ADMIN_LIFTS": False},
    faults={"owner_halts"},
    properties=(the_user_can_exit,),
    expect=Violated(the_user_can_exit, steps=1, distinct=60),
)
check(
    "V1 PL4 an emergency closes every door at once",
    forced,
    V1,
    faults={"owner_halts"},
    properties=(a_door_is_open,),
    expect=Violated(a_door_is_open, steps=1, distinct=171),
    about="Sequencing, forced batches and the bridge have the same guard.",
)
check(
    "V1 PL4 and it takes no owner",
    forced,
    V1,
    properties=(a_door_is_open,),
    expect=Violated(a_door_is_open, steps=3, distinct=79),
    about="After a week without a verification anyone may start an emergency.",
)
check(
    "PL4 a bridge that stays open",
    forced,
    {**V1, **MORE, "BRIDGE_STOPS": False},
    faults={"owner_halts"},
    properties=(a_door_is_open, the_user_can_exit, a_user_exits),
    expect=Holds(distinct=2116, depth=17),
)
check(
    "M22 another rollup's emergency closes every door",
    forced,
    V2,
    faults={"other_rollup_halts"},
    properties=(a_door_is_open,),
    expect=Violated(a_door_is_open, steps=1, distinct=111),
    about="LXLY-13 (Sigma Prime): one emergency state for all rollups under the manager.",
)
check(
    "an emergency for each rollup",
    forced,
    {**V2, "SHARED_EMERGENCY": False},
    faults={"other_rollup_halts"},
    properties=(a_halt_needs_a_lag, a_user_exits),
    expect=Holds(distinct=66, depth=10),
)

# PL5, PL6.
check(
    "V1 PL5 an overdue batch does not block the sequencer",
    forced,
    V1,
    properties=(overdue_goes_first,),
    expect=Violated(overdue_goes_first, steps=3, distinct=79),
    about="sequenceForceBatches is an offer to anyone; sequenceBatches does not ask for it.",
)
check(
    "V1 PL5 nobody calls for the overdue batch",
    forced,
    {**V1, "SOMEONE_CALLS": False},
    properties=(forced_can_be_sequenced,),
    expect=Violated(forced_can_be_sequenced, steps=1, distinct=24),
)
check(
    "V1 PL6",
    forced,
    {**V1, **MORE},
    properties=(a_halt_needs_a_lag, anyone_halts),
    expect=Holds(distinct=1244, depth=18),
)
check(
    "V1 PL6 the owner needs no lag",
    forced,
    V1,
    faults={"owner_halts"},
    properties=(a_halt_needs_a_lag,),
    expect=Violated(a_halt_needs_a_lag, steps=1, distinct=171),
    about="activateEmergencyState: the owner may at any time.",
)

claim(
    "PS16",
    source="PolygonZkEVM.forceBatch and sequenceForceBatches",
    says="A forced batch that was accepted is sequenced in the order of the queue, with its content.",
    finding=Finding.DIFFERS,
    decided_by=(
        "V1 PS16",
        "V2 PS16 before it had rollbacks",
        "M5 V2 with fork 12, a rollback loses a forced batch",
        "M5 V3 a rollback loses a forced batch",
        "M5 the pointer restored, but not the content",
        "PS16 pointer and content restored",
    ),
    because="It held until rollbackBatches was added, which loses a forced batch in three steps: force, sequence, "
    "roll back. Only the role for updates or the rollup's admin can do it, for batches not yet verified; the audit "
    "that named it was answered with acceptance, and the user may force again. Both the pointer and the content "
    "have to be restored: so repaired it holds for up to three forced batches and two of others.",
)
claim(
    "PL3",
    source="Proof of Efficiency post, ethresear.ch, February 2022: sequencers",
    says="Whoever is censored can post the transaction in a batch of its own.",
    finding=Finding.DIFFERS,
    decided_by=(
        "SEED PL3 the user becomes a sequencer",
        "V1 PL3 by way of the queue",
        "V2 PL3 by way of the queue",
        "V1 PL3 as launched, forced batches are off",
        "V2 PL3 forced batches are for an address that the admin names",
        "V3 PL3 forced batches are for an address that the admin names",
    ),
    because="True of the post, for an L1 that is live and a fee that can be paid. Later contracts have one "
    "sequencer, who is taken to censor here; there it holds by way of the queue, once the queue is open to the user, "
    "which it was not at the start. That the transaction can get in, not when: the timeout is five days.",
)
claim(
    "PL3-queue",
    source="PolygonZkEVM.forceBatch and its comments",
    says="A forced batch gets in although the trusted sequencer does not take it. Users are told that the "
    "sequencer has some control over the order, and to sign nothing else with the same nonce.",
    finding=Finding.UNSTATED_CONDITION,
    decided_by=(
        "V1 PL3 by way of the queue",
        "V1 PL3 an emergency that nobody lifts",
        "V3 PL3 an accepted forced batch is lost in a rollback",
        "M16 and spends its nonce first",
        "forced batches first, nothing overtakes them",
    ),
    because="It needs somebody to call for what is overdue, who may be the user, an admin that lifts emergencies, and "
    "no rollback, after which the user has to force again. The nonce is the condition that the comments do state. Two "
    "forced batches and two of others where it holds.",
)
claim(
    "PL4",
    source="Notes of Josh Stark's talk 'Understanding L2 scaling solutions', Devcon 4, October 2018",
    says="Applications can rely on Ethereum even when they rarely touch it, because users could retreat to layer 1 at "
    "any time.",
    finding=Finding.DIFFERS,
    decided_by=(
        "SEED PL4",
        "V1 PL4 if the admin lifts every emergency",
        "V1 PL4 an emergency that nobody lifts",
        "V1 PL4 an emergency closes every door at once",
        "M22 another rollup's emergency closes every door",
    ),
    because="A yardstick and no claim about these contracts, which announce that an emergency stops them. For the "
    "design of the post it holds, with data on L1 and one willing prover. In the contracts an emergency stops the "
    "bridge, sequencing and forced batches together, until the admin lifts it; if it is always lifted, users can "
    "still leave.",
)
claim(
    "PL5",
    source="PolygonZkEVM.sequenceForceBatches",
    says="Anyone may sequence forced batches once they are overdue.",
    finding=Finding.CONFIRMED,
    decided_by=(
        "V1 PL3 by way of the queue",
        "V1 PL5 an overdue batch does not block the sequencer",
        "V1 PL5 nobody calls for the overdue batch",
    ),
    because="Someone has to: an overdue batch neither gets in by itself, nor keeps the sequencer from going on.",
)
claim(
    "PL6",
    source="PolygonZkEVM.activateEmergencyState",
    says="Anyone may start the emergency once verification has lagged for a week.",
    finding=Finding.CONFIRMED,
    decided_by=("V1 PL6", "V1 PL6 the owner needs no lag", "V1 PL4 and it takes no owner"),
    because="And only then, apart from the owner, and from two different proofs, which are in settlement.py. Whether "
    "the lag itself can be caused is outside the model.",
)
