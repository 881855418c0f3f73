"""How a user who is censored gets in, and out: own batches, forced batches, emergency, rollback.

In the Proof of Efficiency post a user whom no sequencer takes becomes one.  In PolygonZkEVM (2023) and
later there is one trusted sequencer, and a queue of forced batches on L1, which anyone may sequence once
they are overdue.  Forced batches here are all of the one user who is censored.
Left out: proofs (one counter), fees, the content of batches; a clock has run out or it has not.
"""

from typing import Annotated, Final

from interlock import Bound, Enum, Map, Range, Seq, action, auto, filled, record, require, state


class Kind(Enum):
    """What is in a batch, as far as the user cares."""

    OTHER = auto()
    SPENDING = auto()  # another transaction that the user signed with the same nonce
    OWN = auto()  # the user's transaction, in a batch of the user's own
    FORCED = auto()  # the user's transaction, by way of the queue


class Restores(Enum):
    """What a rollback gives back to the queue of forced batches."""

    NOTHING = auto()
    POINTER = auto()  # not the stored content, which went when the batch was sequenced
    ALL = auto()


FORCED: Final = 1  # forced batches
OTHERS: Final = 1  # batches of others
OPEN: Final[bool] = True  # anyone may post a batch; False: only the trusted sequencer
FORCING: Final[bool] = False  # True: the user may force a batch
CENSORS: Final[bool] = True  # the trusted sequencer leaves forced batches to others
SOMEONE_CALLS: Final[bool] = True  # somebody sequences what is overdue; it may be the user
IN_ORDER: Final[bool] = True  # False: the sequencer may take any forced batch (known to be unsafe)
FORCED_FIRST: Final[bool] = False  # True: the sequencer may put nothing before a forced batch
EMERGENCY: Final[bool] = False  # True: there is an emergency state, which stops all but the trusted prover
BRIDGE_STOPS: Final[bool] = True  # False: withdrawals can be claimed in an emergency too
ADMIN_LIFTS: Final[bool] = True  # False: an emergency stays
QUIET_WEEK: Final[bool] = False  # True: overdue batches wait for a week after an emergency
SHARED_EMERGENCY: Final[bool] = False  # True: the emergency of one rollup is that of all
ROLLBACK: Final[bool] = False  # True: batches that are not verified may be removed
RESTORES: Final[Restores] = Restores.ALL  # what is less is known to lose batches

LENGTH: Final = FORCED + OTHERS
Count = Annotated[int, Range(0, LENGTH)]
Forced = Annotated[int, Range(1, FORCED)]
Forcing = Annotated[int, Range(0, FORCED)]


@record
class Batch:
    """A sequenced batch; a forced one with its place in the queue."""

    kind: Kind
    forced: Forcing = 0


@state
class State:
    """The sequenced batches and the queue."""

    batch: Annotated[Seq[Batch], Bound(LENGTH)] = Seq()
    verified: Count = 0
    accepted: Forcing = 0  # forced batches so far
    stored: Map[Forced, bool] = filled(False)  # L1 still has its content
    pointer: Forcing = 0  # the last one sequenced
    overdue: Forcing = 0  # up to this one
    emergency: bool = False
    lagging: bool = False  # nothing was verified for a week
    quiet: bool = True  # a week has passed since the last emergency
    rushed: bool = False  # others sequenced an overdue batch in that week
    exited: bool = False  # the user has withdrawn to L1


@action
def sequence(s: State) -> None:
    """A batch of others is posted."""
    require(has_room(s) and not s.emergency and (s.pointer == s.accepted or not FORCED_FIRST))
    s.batch = s.batch.push(Batch(Kind.OTHER))


@action(fault="nonce_game")
def sequence_spending(s: State) -> None:
    """The sequencer posts another transaction that the user signed, and takes the nonce of the one that is queued."""
    require(has_room(s) and not s.emergency and s.pointer < s.accepted and not FORCED_FIRST)
    s.batch = s.batch.push(Batch(Kind.SPENDING))


@action
def sequence_own(s: State) -> None:
    """The user posts a batch."""
    require(posting_is_open(s) and len(s.batch) < LENGTH and not any(b.kind == Kind.OWN for b in s.batch))
    s.batch = s.batch.push(Batch(Kind.OWN))


@action
def force(s: State) -> None:
    """forceBatch: the user puts a batch into the queue."""
    require(queue_is_open(s) and s.accepted < FORCED)
    s.accepted += 1
    s.stored[s.accepted] = True


@action
def sequence_forced(s: State, i: Forced) -> None:
    """The trusted sequencer takes a forced batch, the next one in the queue."""
    require(not CENSORS and may_sequence(s, i) and (i == s.pointer + 1 or not IN_ORDER))
    s.batch = s.batch.push(Batch(Kind.FORCED, i))
    s.stored[i] = False
    s.pointer += 1


@action
def sequence_overdue(s: State, i: Forced) -> None:
    """sequenceForceBatches: anyone takes the next forced batch, if it is overdue."""
    require(SOMEONE_CALLS and i == s.pointer + 1 and i <= s.overdue and may_sequence(s, i))
    require(s.quiet or not QUIET_WEEK)
    s.batch = s.batch.push(Batch(Kind.FORCED, i))
    s.stored[i] = False
    s.pointer += 1
    s.rushed = s.rushed or not s.quiet


@action
def pass_force_timeout(s: State) -> None:
    """The next forced batch becomes overdue, in an emergency too."""
    require(s.overdue < s.accepted)
    s.overdue += 1


@action
def verify(s: State) -> None:
    """The next batch is proven; the trusted aggregator may do so in an emergency."""
    require(s.verified < len(s.batch))
    s.verified += 1
    s.lagging = False


@action
def pass_week(s: State) -> None:
    """A week passes: batches await their proof, an emergency is long over."""
    require(EMERGENCY and (s.verified < len(s.batch) or not s.quiet))
    s.lagging = s.verified < len(s.batch)
    s.quiet = s.quiet or not s.emergency


@action
def halt(s: State) -> None:
    """activateEmergencyState: anyone may, once verification has lagged for a week."""
    require(EMERGENCY and s.lagging and not s.emergency)
    s.emergency = True


@action(fault="owner_halts")
def halt_at_will(s: State) -> None:
    """The owner starts an emergency."""
    require(EMERGENCY and not s.emergency)
    s.emergency = True


@action(fault="other_rollup_halts")
def halt_by_other(s: State) -> None:
    """Another rollup under the same manager is in an emergency."""
    require(EMERGENCY and SHARED_EMERGENCY and not s.emergency)
    s.emergency = True


@action
def lift(s: State) -> None:
    """The admin ends the emergency."""
    require(ADMIN_LIFTS and s.emergency)
    s.emergency = False
    s.lagging = False
    s.quiet = False


@action(fault="rollback")
def roll_back(s: State, target: Count) -> None:
    """rollbackBatches: an admin removes the batches after `target`."""
    require(ROLLBACK and s.verified <= target < len(s.batch))
    before = s.batch
    s.batch = Seq()
    for k in range(LENGTH):
        if k < target:
            s.batch = s.batch.push(before[k])
        if target <= k < len(before) and before[k].kind == Kind.FORCED:
            if RESTORES == Restores.ALL:
                s.stored[before[k].forced] = True
            if RESTORES != Restores.NOTHING:
                s.pointer -= 1
    s.lagging = False


@action
def withdraw(s: State) -> None:
    """The user claims a withdrawal on L1, which the transaction made."""
    require(not s.exited and bridge_is_open(s))
    require(any(serves(s, k) for k in range(LENGTH) if k < s.verified))
    s.exited = True


def posting_is_open(s: State) -> bool:
    """The user may post batches."""
    return OPEN and not s.emergency


def queue_is_open(s: State) -> bool:
    """The user may force batches."""
    return FORCING and not s.emergency


def bridge_is_open(s: State) -> bool:
    """Withdrawals can be claimed on L1."""
    return not s.emergency or not BRIDGE_STOPS


def has_room(s: State) -> bool:
    """There is room for a batch of others; the user's own are not counted, so that room is never what is lacking."""
    return len(s.batch) < LENGTH and len([b for b in s.batch if b.kind in (Kind.OTHER, Kind.SPENDING)]) < OTHERS


def may_sequence(s: State, i: Forced) -> bool:
    """The forced batch is in the queue, with its content."""
    return i <= s.accepted and s.stored[i] and len(s.batch) < LENGTH and not s.emergency


def serves(s: State, k: Count) -> bool:
    """Batch k + 1 has the user's transaction, and no batch before it took the nonce."""
    return (
        k < len(s.batch)
        and s.batch[k].kind in (Kind.OWN, Kind.FORCED)
        and not any(s.batch[j].kind == Kind.SPENDING for j in range(LENGTH) if j < k)
    )
