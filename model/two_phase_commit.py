"""Two-phase commit: one transaction manager, several resource managers, after Gray and Lamport.

Left out: time, and the loss of messages (a message that is never received is the same as a lost one);
messages are never consumed, so receiving one twice is allowed.
"Consensus on Transaction Commit", ACM TODS 31(1), 2006.
"""

from typing import Final

from interlock import Enum, FiniteSet, Map, Scalarset, action, auto, filled, require, state

MANAGERS: Final = 3
WAIT_FOR_ALL: Final[bool] = True  # False: the transaction manager commits without every vote (known to be unsafe)


class Manager(Scalarset, size=MANAGERS):
    """A resource manager; they are interchangeable."""


class Vote(Enum):
    """Where a resource manager is."""

    WORKING = auto()
    PREPARED = auto()
    COMMITTED = auto()
    ABORTED = auto()


class Decision(Enum):
    """Where the transaction manager is."""

    OPEN = auto()
    COMMITTED = auto()
    ABORTED = auto()


@state
class State:
    """Both sides, and the messages that were ever sent."""

    vote: Map[Manager, Vote] = filled(Vote.WORKING)
    decision: Decision = Decision.OPEN
    heard: FiniteSet[Manager] = FiniteSet()  # the managers whose `prepared` was received
    prepared_sent: FiniteSet[Manager] = FiniteSet()
    commit_sent: bool = False
    abort_sent: bool = False


@action
def hear_prepared(s: State, who: Manager) -> None:
    """The transaction manager receives `prepared` from `who`."""
    require(s.decision == Decision.OPEN)
    require(who in s.prepared_sent)
    s.heard = s.heard | {who}


@action
def decide_commit(s: State) -> None:
    """The transaction manager commits, and tells everyone."""
    require(s.decision == Decision.OPEN)
    require(not WAIT_FOR_ALL or all(who in s.heard for who in Manager))
    s.decision = Decision.COMMITTED
    s.commit_sent = True


@action
def decide_abort(s: State) -> None:
    """The transaction manager aborts, for whatever reason, and tells everyone."""
    require(s.decision == Decision.OPEN)
    s.decision = Decision.ABORTED
    s.abort_sent = True


@action
def prepare(s: State, who: Manager) -> None:
    """`who` is ready, and says so."""
    require(s.vote[who] == Vote.WORKING)
    s.vote[who] = Vote.PREPARED
    s.prepared_sent = s.prepared_sent | {who}


@action
def choose_to_abort(s: State, who: Manager) -> None:
    """`who` gives up before it has promised anything."""
    require(s.vote[who] == Vote.WORKING)
    s.vote[who] = Vote.ABORTED


@action
def obey_commit(s: State, who: Manager) -> None:
    """`who` receives the decision to commit."""
    require(s.commit_sent)
    s.vote[who] = Vote.COMMITTED


@action
def obey_abort(s: State, who: Manager) -> None:
    """`who` receives the decision to abort."""
    require(s.abort_sent)
    s.vote[who] = Vote.ABORTED
