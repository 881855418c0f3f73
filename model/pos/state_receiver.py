"""State sync in, the far end: what becomes of a record once StateReceiver calls the contract that it is for?

A call that fails does not stop the queue: the id counts as used.  Since PIP-36 a failed message is kept and anyone
may have it called again; messages that failed before may be replayed from a Merkle tree that is published once
(StateReceiver.commitState, replayFailedStateSync, replayHistoricFailedStateSync).
Left out: L1 reorganisations and false votes, which are `state_sync.py`; when Bor delivers, `state_windows.py`;
the amounts.
"""

from typing import Annotated, Final

from interlock import Enum, FiniteSet, Map, Range, action, auto, filled, initial, require, state
from interlock.model.pos.votes import honest_suffice

IDS: Final = 2  # messages


class Kind(Enum):
    """What is special about a message, or about the contract that it is for."""

    PLAIN = auto()
    OVERLONG = auto()  # its data is longer than Heimdall allows
    REVERTS = auto()  # the contract reverts, or runs out of gas, until somebody mends it
    NO_CODE = auto()  # there is no contract at that address


class Record(Enum):
    """What Heimdall has under an id."""

    NONE = auto()
    FULL = auto()
    EMPTIED = auto()  # the id and the receiver, with empty data


class Overlong(Enum):
    """What validators do with data that is too long."""

    EMPTIED = auto()  # they vote for a record with empty data
    REFUSED = auto()  # they vote for none


KINDS: Final[FiniteSet[Kind]] = FiniteSet({Kind.PLAIN})  # the messages that there may be
OVERLONG: Final[Overlong] = Overlong.EMPTIED
IDS_IN_ORDER: Final[bool] = True  # False: a record may be delivered before those with lower ids (known to be unsafe)
KEEPS_FAILED: Final[bool] = True  # False: PIP-36 never comes
DELETES_FIRST: Final[bool] = True  # False: a replay forgets the message only after the call (known to be unsafe)
TREE_OF_FORGOTTEN: Final[bool] = True  # False: the tree holds also what StateReceiver has kept (known to be unsafe)

Id = Annotated[int, Range(1, IDS)]
Count = Annotated[int, Range(0, 3)]


@state
class State:
    """The messages, Heimdall's records of them, and StateReceiver on Bor."""

    kind: Map[Id, Kind | None] = filled(None)  # None: not sent yet
    record: Map[Id, Record] = filled(Record.NONE)
    silent: bool = False  # the faulty validators have stopped voting
    last: Annotated[int, Range(0, IDS)] = 0  # lastStateId
    mended: FiniteSet[Id] = FiniteSet()  # messages whose receiver no longer reverts
    keeping: bool = False  # PIP-36 is in force
    failed: FiniteSet[Id] = FiniteSet()  # failedStateSyncs
    forgotten: FiniteSet[Id] = FiniteSet()  # failed before PIP-36: there is only an event
    tree: FiniteSet[Id] | None = None  # the messages under failedStateSyncsRoot
    nullified: FiniteSet[Id] = FiniteSet()
    running: Id | None = None  # a replay has called the receiver, and the call has not returned
    minted: Map[Id, Count] = filled(0)  # how often the receiver has taken the message


@initial
def start(s: State, keeping: bool) -> None:
    """Watching begins before PIP-36, or after."""
    require(KEEPS_FAILED or not keeping)
    s.keeping = keeping


@action
def send(s: State, i: Id, kind: Kind) -> None:
    """StateSender gives the next id to a message; its contract locks what the message is worth."""
    require(s.running is None and kind in KINDS and s.kind[i] is None)
    require(all(s.kind[x] is not None for x in range(1, i)))
    s.kind[i] = kind


@action
def approve(s: State, i: Id) -> None:
    """Heimdall records a message, in whatever order the ids come."""
    require(s.running is None and s.kind[i] is not None and s.record[i] == Record.NONE)
    require(honest_suffice(s.silent))
    if s.kind[i] == Kind.OVERLONG:
        require(OVERLONG == Overlong.EMPTIED)
        s.record[i] = Record.EMPTIED
    else:
        s.record[i] = Record.FULL


@action(fault="silence")
def fall_silent(s: State) -> None:
    """The faulty validators stop voting, for good."""
    require(s.running is None and not s.silent)
    s.silent = True


@action
def commit(s: State, i: Id) -> None:
    """The system call takes the record with the next id, and counts it as done whether or not the call succeeds."""
    require(s.running is None and s.record[i] != Record.NONE)
    require(i == s.last + 1 or (i > s.last and not IDS_IN_ORDER))
    s.last = i
    if s.kind[i] == Kind.NO_CODE:
        return
    if call_succeeds(s, i):
        s.minted[i] += 1
    elif s.keeping:
        s.failed |= {i}
    else:
        s.forgotten |= {i}


@action
def mend(s: State, i: Id) -> None:
    """The receiver's owner sees to it that the next call succeeds."""
    require(s.running is None and s.kind[i] == Kind.REVERTS and i not in s.mended)
    s.mended |= {i}


@action
def upgrade(s: State) -> None:
    """PIP-36: from now on StateReceiver keeps the messages that fail."""
    require(s.running is None and KEEPS_FAILED and not s.keeping)
    s.keeping = True


@action
def publish_tree(s: State) -> None:
    """The root setter publishes, once, the tree of the messages that failed."""
    require(s.running is None and s.keeping and s.tree is None)
    s.tree = s.forgotten if TREE_OF_FORGOTTEN else s.forgotten | s.failed


@action
def replay(s: State, i: Id) -> None:
    """Anyone has a kept message called again; if that call fails, all of it is undone."""
    require(s.running is None and i in s.failed and call_succeeds(s, i))
    s.running = i
    s.minted[i] += 1
    if DELETES_FIRST:
        s.failed -= {i}


@action(fault="reenters")
def reenter(s: State, i: Id) -> None:
    """From within the call, the receiver asks for the same replay."""
    require(s.running == i and i in s.failed and s.minted[i] < 2)
    s.minted[i] += 1


@action
def finish(s: State, i: Id) -> None:
    """The calls of a replay return."""
    require(s.running == i)
    s.running = None
    s.failed -= {i}


@action
def replay_historic(s: State, i: Id) -> None:
    """A message under the tree's root is called again, and its leaf is spent."""
    require(s.running is None and i not in s.nullified and call_succeeds(s, i))
    tree = s.tree
    require(tree is not None and i in tree)
    s.nullified |= {i}
    s.minted[i] += 1


def call_succeeds(s: State, i: Id) -> bool:
    """The receiver takes the message: it can decode it, and does not revert."""
    return s.record[i] == Record.FULL and (s.kind[i] != Kind.REVERTS or i in s.mended)
