"""Two-phase commit with every message addressed: the same protocol in states of hundreds of bits.

A message says its kind, who sent it and to whom, and the set of all messages ever sent is part of the state,
a bit each.  Most of these bits never change; that is how many a real model is written, and a search that
pays for the width of a state pays for it here.  The states are those of `model/two_phase_commit.py`, one for one.
"""

from typing import Final

from interlock import Enum, FiniteSet, Map, Scalarset, action, auto, filled, record, require, state

MANAGERS: Final = 7


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


class Kind(Enum):
    """What a message says."""

    PREPARED = auto()
    COMMIT = auto()
    ABORT = auto()


@record
class Message:
    """A message; None is the transaction manager."""

    kind: Kind
    sender: Manager | None
    receiver: Manager | None


@state
class State:
    """Both sides, and the messages that were ever sent."""

    vote: Map[Manager, Vote] = filled(Vote.WORKING)
    decision: Decision = Decision.OPEN
    heard: FiniteSet[Manager] = FiniteSet()
    sent: FiniteSet[Message] = FiniteSet()


@action
def hear_prepared(s: State, who: Manager) -> None:
    """The transaction manager receives `prepared` from `who`."""
    require(s.decision == Decision.OPEN)
    require(Message(Kind.PREPARED, who, None) in s.sent)
    s.heard = s.heard | {who}


@action
def decide_commit(s: State) -> None:
    """The transaction manager commits, and tells everyone."""
    require(s.decision == Decision.OPEN)
    require(all(who in s.heard for who in Manager))
    s.decision = Decision.COMMITTED
    s.sent = s.sent | FiniteSet(Message(Kind.COMMIT, None, who) for who in Manager)


@action
def decide_abort(s: State) -> None:
    """The transaction manager aborts, for whatever reason, and tells everyone."""
    require(s.decision == Decision.OPEN)
    s.decision = Decision.ABORTED
    s.sent = s.sent | FiniteSet(Message(Kind.ABORT, None, who) for who in Manager)


@action
def prepare(s: State, who: Manager) -> None:
    """`who` is ready, and says so."""
    require(s.vote[who] == Vote.WORKING)
    s.vote[who] = Vote.PREPARED
    s.sent = s.sent | {Message(Kind.PREPARED, who, None)}


@action
def choose_to_abort(s: State, who: Manager) -> None:
    """`who` gives up before it has promised anything."""
    require(s.vote[who] == Vote.WORKING)
    s.vote[who] = Vote.ABORTED


@action
def obey_commit(s: State, who: Manager) -> None:
    """`who` receives the decision to commit."""
    require(Message(Kind.COMMIT, None, who) in s.sent)
    s.vote[who] = Vote.COMMITTED


@action
def obey_abort(s: State, who: Manager) -> None:
    """`who` receives the decision to abort."""
    require(Message(Kind.ABORT, None, who) in s.sent)
    s.vote[who] = Vote.ABORTED
