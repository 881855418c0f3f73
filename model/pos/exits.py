"""Exits: when does L1 pay for a burn on Bor, and how often?

A burn leaves logs in a receipt; a checkpoint makes the receipt provable on L1; an entry point pays for a proven log
unless its key was used (RootChainManager.exit, WithdrawManager with its queue, BaseRootTunnel.receiveMessage).
Each entry point keeps its own list of used keys.  The block is buried before it is signed.
Left out: amounts and what is locked, which is `backing.py`; how checkpoints are rotated, acknowledged and joined, and
forks of Bor; Merkle proofs, which are facts about what a root covers.  The wait of the plasma queue is one step.
"""

from typing import Annotated, Final

from interlock import Enum, FiniteSet, Map, Range, action, auto, filled, record, require, require_some, state
from interlock.model.pos.votes import honest_suffice, the_faulty_decide

BURNS: Final = 1


class Entry(Enum):
    """A contract on L1 that pays for burns."""

    PORTAL = auto()  # RootChainManager
    PLASMA = auto()  # WithdrawManager, behind a queue
    TUNNEL = auto()  # the root tunnel of an application


class Event(Enum):
    """A log in the receipt of a burn."""

    TRANSFER = auto()  # of the token, to the zero address
    BATCH = auto()  # WithdrawnBatch or TransferWithMetadata, beside the transfer
    WITHDRAW = auto()  # of a token of the plasma bridge
    MESSAGE = auto()  # MessageSent, of a child tunnel


class Encoding(Enum):
    """How a proof writes the path of the receipt: the first byte holds nibbles that no check of the proof reads."""

    CANONICAL = auto()
    ALIAS = auto()


MAPPED: Final[FiniteSet[Entry]] = FiniteSet({Entry.PORTAL})  # where the token is registered
EMITS: Final[FiniteSet[Event]] = FiniteSet({Event.TRANSFER})  # the logs in the receipt of one burn
PORTAL_ACCEPTS: Final[FiniteSet[Event]] = FiniteSet({Event.TRANSFER})  # the logs that the token's predicate takes
KEY_OF_NIBBLES: Final[bool] = True  # False: RootChainManager's key is made of the raw path (known to be unsafe)
REFUSES_ALIAS: Final[bool] = True  # False: WithdrawManager takes a path with any first byte (known to be unsafe)
CHECKS_RECEIPT: Final[bool] = True  # False: a receipt need not be under a checkpoint (known to be unsafe)
CHECKS_EMITTER: Final[bool] = True  # False: any contract's log counts as a burn (known to be unsafe)
CHALLENGE_CAN_SUCCEED: Final[bool] = False  # True: the burn-only predicate's verifyDeprecation does something

Burn = Annotated[int, Range(1, BURNS)]
Count = Annotated[int, Range(0, 4)]


@record
class Key:
    """What an entry point remembers of an exit: block, path and log index of the receipt's log."""

    burn: Burn
    event: Event
    encoding: Encoding


@state
class State:
    """Burns on Bor, what L1 can verify of them, and what it has paid."""

    burnt: FiniteSet[Burn] = FiniteSet()  # in valid blocks of Bor
    imitated: FiniteSet[Burn] = FiniteSet()  # another contract emitted the same log instead
    signed: FiniteSet[Burn] | None = None  # the receipts under a root with a quorum of signatures
    root: FiniteSet[Burn] = FiniteSet()  # the receipts under a checkpoint on L1
    silent: bool = False  # the faulty validators have stopped signing
    done: Map[Entry, FiniteSet[Key]] = filled(FiniteSet())
    waiting: FiniteSet[Key] = FiniteSet()  # in the plasma queue
    ripe: FiniteSet[Key] = FiniteSet()  # in the plasma queue, and its time has passed
    paid: Map[Burn, Count] = filled(0)


@action
def burn(s: State, b: Burn) -> None:
    """A user burns tokens on Bor."""
    require(b not in s.burnt and b not in s.imitated and b not in receipts_signed(s))
    s.burnt |= {b}


@action(fault="foreign_log")
def imitate(s: State, b: Burn) -> None:
    """A contract of the attacker emits what looks like the logs of a burn."""
    require(b not in s.burnt and b not in s.imitated and b not in receipts_signed(s))
    s.imitated |= {b}


@action
def sign(s: State) -> None:
    """A quorum signs the root of the blocks that are there."""
    require(s.signed is None and not (s.burnt | s.imitated) <= s.root)
    require(honest_suffice(s.silent))
    s.signed = s.burnt | s.imitated


@action(fault="false_votes")
def sign_falsely(s: State, b: Burn) -> None:
    """Faulty validators sign a root over the receipt of a burn that never was."""
    require(s.signed is None and the_faulty_decide())
    require(b not in s.burnt and b not in s.imitated and b not in s.root)
    s.signed = s.burnt | s.imitated | {b}


@action(fault="silence")
def fall_silent(s: State) -> None:
    """The faulty validators stop signing, for good."""
    require(not s.silent)
    s.silent = True


@action
def submit(s: State) -> None:
    """Anyone brings the signatures to RootChain.submitCheckpoint."""
    s.root |= require_some(s.signed)
    s.signed = None


@action
def exit_at_once(s: State, at: Entry, b: Burn, event: Event, encoding: Encoding) -> None:
    """Anyone proves a burn to RootChainManager or to a root tunnel, which pays the burner."""
    key = Key(b, event, Encoding.CANONICAL if KEY_OF_NIBBLES else encoding)
    require(at != Entry.PLASMA and accepts(at, event) and proven(s, b, event) and key not in s.done[at])
    s.done[at] |= {key}
    s.paid[b] += 1


@action
def start_exit(s: State, b: Burn, event: Event, encoding: Encoding) -> None:
    """The burner proves a burn to the predicate of the plasma bridge, and the exit joins the queue."""
    key = Key(b, event, encoding)
    require(accepts(Entry.PLASMA, event) and proven(s, b, event) and key not in s.done[Entry.PLASMA])
    require(encoding == Encoding.CANONICAL or not REFUSES_ALIAS)
    s.done[Entry.PLASMA] |= {key}
    s.waiting |= {key}


@action
def challenge(s: State, key: Key) -> None:
    """Someone shows that the exit is void; in the burn-only predicate verifyDeprecation never says so."""
    require(CHALLENGE_CAN_SUCCEED and key in s.waiting)
    s.waiting -= {key}


@action
def ripen(s: State, key: Key) -> None:
    """The half periods of an exit in the queue pass."""
    require(key in s.waiting)
    s.waiting -= {key}
    s.ripe |= {key}


@action
def process(s: State, key: Key) -> None:
    """Anyone calls processExits, which pays an exit whose time has passed."""
    require(key in s.ripe)
    s.ripe -= {key}
    s.paid[key.burn] += 1


def receipts_signed(s: State) -> FiniteSet[Burn]:
    """The burns that a root names, whether or not they happened."""
    signed = s.signed
    return s.root if signed is None else s.root | signed


def accepts(at: Entry, event: Event) -> bool:
    """The token is registered with this entry point, which takes this log for a burn."""
    if at not in MAPPED:
        return False
    if at == Entry.PORTAL:
        return event in PORTAL_ACCEPTS
    return event == (Event.WITHDRAW if at == Entry.PLASMA else Event.MESSAGE)


def proven(s: State, b: Burn, event: Event) -> bool:
    """The proofs verify: the receipt is under a checkpoint, holds the log, and the token emitted it."""
    under_root = b in s.root or not CHECKS_RECEIPT
    return under_root and event in EMITS and (b not in s.imitated or not CHECKS_EMITTER)


def queued(s: State, key: Key) -> bool:
    """The exit is in the plasma queue."""
    return key in s.waiting or key in s.ripe
