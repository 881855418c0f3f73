"""How a proven root becomes settled: at once, or as a pending state that others may still object to.

In the Proof of Efficiency post a valid proof settles at once.  In PolygonZkEVM (2023) and PolygonRollupManager
(2024) a trusted aggregator settles at once, and whoever else proves, after a timeout, leaves a pending
state; two different proven roots trip an emergency.  Today's manager has the trusted aggregator alone, and
rolls back batches.  A root is right or wrong; what it is made of is in `proofs.py`.
Left out: fees (`fees.py`), forced batches (`forced.py`), durations: a clock has run out or it has not.
"""

from typing import Annotated, Final

from interlock import Bound, Enum, Map, Range, Seq, action, auto, evolve, filled, record, require, state


class Root(Enum):
    """What is known of the state after a batch."""

    NONE = auto()  # nothing was settled there
    RIGHT = auto()
    WRONG = auto()


class Rollback(Enum):
    """Whether sequenced batches that are not settled can be removed, and what becomes of pending states."""

    NEVER = auto()
    CLEARS_PENDING = auto()
    FORGETS_PENDING = auto()  # known to be unsafe


BATCHES: Final = 3
RUN: Final = 3  # batches that a proof may cover
OVERLAPS: Final[bool] = False  # True: a proof may start at any settled or pending root, not only at the last
TRUSTED: Final[bool] = False  # True: there is a trusted aggregator, which need not wait
ANYONE_PROVES: Final[bool] = True  # False: nobody but the trusted aggregator
WAITS: Final[bool] = False  # True: whoever else proves waits for the trusted aggregator's timeout
PENDING_STATES: Final[bool] = False  # True: what they prove is pending first
ROLLBACK: Final[Rollback] = Rollback.NEVER
FINAL_ADVANCES: Final[bool] = True  # False: a proof may end before the last verified batch (known to be unsafe)
EXTENDS_RIGHT_ONLY: Final[bool] = True  # False: the trusted aggregator extends a pending root unseen
CONSOLIDATION_GUARDED: Final[bool] = True  # False: anyone consolidates in an emergency too
OVERRIDE_HALTS: Final[bool] = False  # True: an override is an emergency, like any other conflict
CLOCKS_STOP: Final[bool] = False  # True: pending states do not ripen in an emergency
ADMIN_CLEANS: Final[bool] = True  # False: the emergency is lifted while a wrong state is still pending
WATCHED: Final[bool] = True  # False: nobody shows a conflict in time
RIGHT_PROVABLE: Final[bool] = True  # False: the circuit with the defect proves the wrong root only
SETTERS_SHORTEN: Final[bool] = True  # False: the admin may lengthen a timeout at any time
START_MATCHED: Final[bool] = True  # False: a proof may start from the root of other batches (known to be unsafe)
REGISTERED_ONCE: Final[bool] = True  # False: a registered rollup may be registered again (known to be unsafe)

Number = Annotated[int, Range(0, BATCHES)]


@record
class Pending:
    """A proven root that is not settled yet, and whether its timeout has passed."""

    final: Number
    root: Root
    ripe: bool = False


@state
class State:
    """The contract, and records of what happened that no state shows."""

    sequenced: Number = 0
    waited: Number = 0  # for so many batches the trusted aggregator's time is over
    verified: Number = 0  # settled
    root: Map[Number, Root] = filled(Root.NONE)
    pending: Annotated[Seq[Pending], Bound(2)] = Seq()
    emergency: bool = False
    timeout: Annotated[int, Range(0, 2)] = 1  # of the trusted aggregator; 2 is one week, the maximum
    stopped: bool = False  # the trusted aggregator has stopped for good
    conflict: bool = False  # two different roots were proven, and the admin has not dealt with it
    breach: bool = False  # somebody unprivileged settled in an emergency
    contradicted: bool = False  # an accepted run contradicts a settled root inside it


@action
def sequence(s: State) -> None:
    """A batch is posted."""
    require(s.sequenced < BATCHES and not s.emergency)
    s.sequenced += 1


@action
def wait(s: State) -> None:
    """The trusted aggregator has not proved a batch in time."""
    require(WAITS and s.waited < s.sequenced)
    s.waited += 1


@action
def verify_trusted(s: State, init: Number, final: Number) -> None:
    """verifyBatchesTrustedAggregator: settles at once, and clears what is pending."""
    require(TRUSTED and not s.stopped and may_verify(s, init, final))
    require(result(s, init) == Root.RIGHT or not EXTENDS_RIGHT_ONLY)
    contradicted = s.contradicted or contradicts(s, init, final, result(s, init))
    s.root[final] = result(s, init)
    s.verified = final
    s.pending = Seq()
    s.contradicted = contradicted


@action(fault="false_trusted")
def verify_trusted_falsely(s: State, init: Number, final: Number) -> None:
    """The proof system accepts a wrong root, and it is the trusted aggregator who uses it."""
    require(TRUSTED and not s.stopped and may_verify(s, init, final))
    s.root[final] = Root.WRONG
    s.verified = final
    s.pending = Seq()


@action
def verify(s: State, init: Number, final: Number) -> None:
    """verifyBatches: anyone proves, and settles at once or leaves a pending state."""
    require(may_prove(s, init, final))
    contradicted = s.contradicted or contradicts(s, init, final, result(s, init))
    s.breach = s.breach or s.emergency
    if PENDING_STATES:
        s.pending = s.pending.push(Pending(final, result(s, init)))
    else:
        s.root[final] = result(s, init)
        s.verified = final
    s.contradicted = contradicted


@action(fault="unsound_prover")
def verify_falsely(s: State, init: Number, final: Number) -> None:
    """The proof system accepts a wrong root."""
    require(may_prove(s, init, final))
    if PENDING_STATES:
        s.pending = s.pending.push(Pending(final, Root.WRONG))
    else:
        s.root[final] = Root.WRONG
        s.verified = final


@action
def verify_from_other(s: State, init: Number, final: Number) -> None:
    """The same with the root of a pending state that does not end at `init`: sound, and about no state there was."""
    require(not START_MATCHED and may_prove(s, init, final) and any(p.final != init for p in s.pending))
    s.pending = s.pending.push(Pending(final, Root.WRONG))


@action
def ripen(s: State) -> None:
    """The timeout of all pending states passes; watchers, if there are any, have shown every conflict before."""
    require(any(not p.ripe for p in s.pending) and not (s.emergency and CLOCKS_STOP))
    require(s.emergency or not WATCHED or not can_show_conflict(s))
    before = s.pending
    s.pending = Seq()
    for p in before:
        s.pending = s.pending.push(evolve(p, ripe=True))


@action
def consolidate(s: State, final: Number) -> None:
    """consolidatePendingState: anyone settles a pending state whose timeout has passed."""
    require(any(p.final == final and p.ripe for p in s.pending))
    require(not s.emergency or not CONSOLIDATION_GUARDED)
    s.breach = s.breach or s.emergency
    before = s.pending
    s.root[final] = pending_root(s, final)
    s.verified = final
    s.pending = Seq()
    for p in before:
        if p.final > final:
            s.pending = s.pending.push(p)


@action
def consolidate_trusted(s: State, final: Number) -> None:
    """The same by the trusted aggregator, at any time; it knows which roots are right."""
    require(TRUSTED and not s.stopped and pending_root(s, final) == Root.RIGHT)
    before = s.pending
    s.root[final] = Root.RIGHT
    s.verified = final
    s.pending = Seq()
    for p in before:
        if p.final > final:
            s.pending = s.pending.push(p)


@action
def show_conflict(s: State) -> None:
    """proveNonDeterministicPendingState: a second proof with another root trips the emergency."""
    require(not s.emergency and can_show_conflict(s))
    s.emergency = True
    s.conflict = True


@action(fault="unsound_prover")
def show_false_conflict(s: State) -> None:
    """Somebody proves a wrong root beside a right pending one, and halts the system with it."""
    require(not s.emergency and any(p.root == Root.RIGHT for p in s.pending))
    s.emergency = True
    s.conflict = True


@action
def override(s: State, final: Number) -> None:
    """overridePendingState: the trusted aggregator puts its root in the place of a pending one, and settles it."""
    require(TRUSTED and not s.stopped and RIGHT_PROVABLE)
    require(pending_root(s, final) == Root.WRONG and start(s, s.verified) == Root.RIGHT and final <= s.sequenced)
    s.root[final] = Root.RIGHT
    s.verified = final
    s.pending = Seq()
    s.timeout = 2
    s.emergency = s.emergency or OVERRIDE_HALTS
    s.conflict = True


@action(fault="halt")
def halt(s: State) -> None:
    """The owner starts an emergency, or anyone does after a week without a verification."""
    require(not s.emergency)
    s.emergency = True


@action
def lift(s: State) -> None:
    """The admin ends the emergency."""
    require(s.emergency and (not ADMIN_CLEANS or not any(p.root == Root.WRONG for p in s.pending)))
    s.emergency = False
    s.conflict = False


@action(fault="admin_sets")
def set_timeout(s: State, timeout: Annotated[int, Range(0, 2)]) -> None:
    """The admin sets the trusted aggregator's timeout."""
    require(timeout != s.timeout and (s.emergency or timeout < s.timeout or not SETTERS_SHORTEN))
    s.timeout = timeout


@action(fault="rollback")
def roll_back(s: State, target: Number) -> None:
    """rollbackBatches: removes the batches after `target`; pending roots of removed batches are of no use."""
    require(ROLLBACK != Rollback.NEVER and s.verified <= target < s.sequenced)
    s.sequenced = target
    s.waited = min(s.waited, target)
    before = s.pending
    s.pending = Seq()
    if ROLLBACK == Rollback.FORGETS_PENDING:
        for p in before:
            s.pending = s.pending.push(p if p.final <= target else evolve(p, root=Root.WRONG))


@action(fault="register_again")
def register_again(s: State) -> None:
    """A rollup that exists is registered once more, over its own data."""
    require(not REGISTERED_ONCE)
    s.sequenced = 0
    s.waited = 0
    s.verified = 0
    s.root = filled(Root.NONE)
    s.pending = Seq()


@action(fault="aggregator_stops")
def stop(s: State) -> None:
    """The trusted aggregator stops for good."""
    require(TRUSTED and not s.stopped)
    s.stopped = True


def last(s: State) -> int:
    """The last verified batch, those of pending states included."""
    return max(s.verified, max(p.final for p in s.pending)) if len(s.pending) > 0 else s.verified


def pending_root(s: State, final: int) -> Root:
    """The pending root of a batch."""
    found = Root.NONE
    for p in s.pending:
        if p.final == final:
            found = p.root
    return found


def start(s: State, init: Number) -> Root:
    """The root from which a proof of the batches after `init` may start: settled or pending."""
    if init == 0:
        return Root.RIGHT
    return s.root[init] if s.root[init] != Root.NONE else pending_root(s, init)


def result(s: State, init: Number) -> Root:
    """What a sound proof comes to: right, if it starts right."""
    return Root.RIGHT if start(s, init) == Root.RIGHT else Root.WRONG


def may_verify(s: State, init: Number, final: Number) -> bool:
    """The run starts at a known root, ends at a posted batch, and verifies something new."""
    return (
        init < final <= s.sequenced
        and final - init <= RUN
        and start(s, init) != Root.NONE
        and (init <= last(s) if OVERLAPS else init == last(s))
        and (final > last(s) or not FINAL_ADVANCES)
    )


def may_prove(s: State, init: Number, final: Number) -> bool:
    """The same for anyone: no emergency, and the trusted aggregator has let its time pass."""
    return (
        ANYONE_PROVES
        and not s.emergency
        and may_verify(s, init, final)
        and (final <= s.waited or not WAITS)
        and len(s.pending) < 2
    )


def can_show_conflict(s: State) -> bool:
    """A pending root is wrong, and the right one, of batches that are there, is provable too."""
    return RIGHT_PROVABLE and any(p.root == Root.WRONG and p.final <= s.sequenced for p in s.pending)


def contradicts(s: State, init: Number, final: Number, root: Root) -> bool:
    """The run is right, and passes over a settled root that is not."""
    return root == Root.RIGHT and any(s.root[k] == Root.WRONG for k in range(BATCHES + 1) if init < k < final)
