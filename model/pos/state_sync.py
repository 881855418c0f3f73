"""State sync in: which event records does Heimdall approve, and what does Bor deliver for them?

StateSender on L1 gives each message the next id.  Anyone relays a message to Heimdall; an honest validator votes
for it if the log is there, is old enough, and says the same; Bor delivers the records in the order of their ids
(StateSender.syncState, the clerk's SideHandleMsgEventRecord, StateReceiver.commitState).
Left out: signatures, gas, who relays; a withheld vote, because it is an approval that does not happen; what the
receiver does with the message, which is `state_receiver.py`; when Bor delivers, which is `state_windows.py`.
"""

from typing import Annotated, Final

from interlock import Enum, FiniteSet, Map, Range, action, auto, filled, record, require, require_some, state
from interlock.model.pos.votes import the_faulty_decide

CONFIRMATIONS: Final = 2  # how many L1 blocks an honest validator wants on top of the log
REORG_DEPTH: Final = 2  # how many L1 blocks a reorganisation takes back at most
BLOCKS: Final = 4  # L1 blocks
IDS: Final = 2  # messages
AMOUNTS: Final = 2
COMPARES_RECEIVER: Final[bool] = True  # False: the vote does not look at the receiver (known to be unsafe)
SENDERS_REGISTERED: Final[bool] = True  # False: anyone may send to any receiver (known to be unsafe)

Height = Annotated[int, Range(1, BLOCKS)]
Id = Annotated[int, Range(1, IDS)]
Amount = Annotated[int, Range(1, AMOUNTS)]


class Receiver(Enum):
    """The contract on Bor that a message is for."""

    BRIDGE = auto()  # it mints what the message says; only the deposit contract on L1 is registered for it
    APP = auto()  # some contract whose registered sender is a user


@record
class Message:
    """What a log of StateSender says, and what an event record repeats."""

    receiver: Receiver
    amount: Amount


@record
class Log:
    """A log of StateSender; the record on Heimdall does not say who sent it."""

    message: Message
    locked: bool  # the deposit contract sent it, and has locked the amount


@state
class State:
    """L1, the records on Heimdall, and what StateReceiver has delivered."""

    height: Annotated[int, Range(0, BLOCKS)] = 0
    log: Map[Height, Log | None] = filled(None)  # at most one to a block
    final: Annotated[int, Range(0, BLOCKS)] = 0  # no reorganisation takes back this block or those below
    records: Map[Id, Message | None] = filled(None)
    seen: FiniteSet[Height] = FiniteSet()  # places of logs, by number, that Heimdall has a record of
    last: Annotated[int, Range(0, IDS)] = 0  # lastStateId
    delivered: Map[Id, Message | None] = filled(None)


@action
def deposit(s: State, amount: Amount) -> None:
    """A user locks an amount on L1, and the deposit contract sends it to the bridge on Bor."""
    require(s.height < BLOCKS and sent(s) < IDS)
    s.height += 1
    s.log[s.height] = Log(Message(Receiver.BRIDGE, amount), locked=True)
    s.final = max(s.final, s.height - REORG_DEPTH)


@action
def send(s: State, message: Message) -> None:
    """A user sends a message of her own; StateSender compares her with the sender registered for the receiver."""
    require(s.height < BLOCKS and sent(s) < IDS)
    require(message.receiver == Receiver.APP or not SENDERS_REGISTERED)
    s.height += 1
    s.log[s.height] = Log(message, locked=False)
    s.final = max(s.final, s.height - REORG_DEPTH)


@action
def mine(s: State) -> None:
    """An L1 block without a message."""
    require(s.height < BLOCKS)
    s.height += 1
    s.final = max(s.final, s.height - REORG_DEPTH)


@action(fault="reorg")
def reorg(s: State, to: Annotated[int, Range(0, BLOCKS)]) -> None:
    """L1 takes back its newest blocks, and StateSender's counter with them."""
    require(s.final <= to and to < s.height)
    for h in range(1, BLOCKS + 1):
        if h > to:
            s.log[h] = None
    s.height = to


@action
def approve(s: State, i: Id, message: Message, at: Height) -> None:
    """Anyone relays a log, and the honest validators vote for it, as all do that see it; ids may come out of order."""
    require(s.records[i] is None and matches_log(s, i, message, at))
    s.records[i] = message
    s.seen |= {at}


@action(fault="false_votes")
def approve_falsely(s: State, i: Id, message: Message) -> None:
    """Faulty validators approve a message that no honest one votes for."""
    require(s.records[i] is None and the_faulty_decide())
    s.records[i] = message


@action
def commit(s: State) -> None:
    """The system call of a sprint delivers the record with the next id."""
    require(s.last < IDS)
    message = require_some(s.records[s.last + 1])
    s.last += 1
    s.delivered[s.last] = message


def sent(s: State) -> int:
    """StateSender's counter."""
    return len([h for h in range(1, BLOCKS + 1) if s.log[h] is not None])


def id_at(s: State, at: Height) -> int:
    """The id of the message that was sent in a block."""
    return len([h for h in range(1, BLOCKS + 1) if h <= at and s.log[h] is not None])


def matches_log(s: State, i: Id, message: Message, at: Height) -> bool:
    """An honest validator votes for the record: the log is there, old enough, new to Heimdall, and says the same."""
    log = s.log[at]
    if log is None or at in s.seen or s.height - at < CONFIRMATIONS or id_at(s, at) != i:
        return False
    same_receiver = message.receiver == log.message.receiver or not COMPARES_RECEIVER
    return same_receiver and message.amount == log.message.amount


def in_log(s: State, i: Id, log: Log) -> bool:
    """L1 has this log under this id."""
    return any(s.log[h] == log and id_at(s, h) == i for h in range(1, BLOCKS + 1))
