"""Backing: is every coin on Bor, or on its way, covered by one that is locked on L1?

The whole path of a coin in few steps: deposit, event record, mint; burn, checkpoint, exit.  Each deposit and each
burn moves one coin.  The other files look at the guards one by one; here each is a switch, to see what the balance
of both chains needs.
Left out: forks of Bor, on which the same coin could be burnt twice; amounts; fees.
"""

from typing import Annotated, Final

from interlock import Enum, FiniteSet, Map, Range, action, auto, filled, require, state
from interlock.model.pos.votes import the_faulty_decide

DEPOSITS: Final = 1
BURNS: Final = 1
MINTABLE: Final[bool] = False  # True: the token is minted on Bor first, and L1 mints what an exit lacks
TRANSFERS: Final[bool] = False  # True: owners transfer coins on Bor
CHECKS_SENDER: Final[bool] = True  # False: a signed transfer looks neither at signer nor balance (known to be unsafe)
ONLY_BRIDGE_MINTS: Final[bool] = True  # False: a lock/unlock token can mint on Bor by itself (known to be unsafe)
DEPOSITS_ARE_FINAL: Final[bool] = True  # False: a reorganisation can take back a recorded deposit (S7 broken)
REPLAYS_ONCE: Final[bool] = True  # False: a failed message can be replayed twice (S8 broken)
BURNS_ARE_REAL: Final[bool] = True  # False: an exit needs no proof (S10 broken)
EXITS_ONCE: Final[bool] = True  # False: a burn can be exited twice (S11 broken)

Id = Annotated[int, Range(1, DEPOSITS)]
Burn = Annotated[int, Range(1, BURNS)]
Coins = Annotated[int, Range(0, 3 + DEPOSITS + BURNS)]


class Owner(Enum):
    """Who holds coins; both begin with one on L1, and the user with another on Bor."""

    USER = auto()
    THIEF = auto()


class Sync(Enum):
    """How far a message about a deposit has got."""

    NONE = auto()
    SENT = auto()
    RECORDED = auto()
    EMPTIED = auto()  # recorded without its data: it can never mint
    FAILED = auto()  # the call failed; it can be replayed
    MINTED = auto()
    REPLAYED = auto()  # minted by a replay


class Exit(Enum):
    """How far a burn has got."""

    NONE = auto()
    BURNT = auto()
    SIGNED = auto()  # under a root that a quorum has signed
    PROVEN = auto()  # under a checkpoint on L1
    PAID = auto()


@state
class State:
    """Coins on both chains and between them."""

    here: Map[Owner, Coins] = filled(1)  # on L1, outside the escrow
    there: Map[Owner, Coins] = Map({who: 1 if who == Owner.USER else 0 for who in Owner})  # on Bor
    locked: Coins = 1  # on L1, in the escrow
    native: Coins = 0  # minted on Bor by the token itself, where that is its right
    sync: Map[Id, Sync] = filled(Sync.NONE)
    to: Map[Id, Owner] = filled(Owner.USER)  # who gets the coin of a message
    deposited: FiniteSet[Id] = FiniteSet()  # the messages that a locked coin stands behind
    exit: Map[Burn, Exit] = filled(Exit.NONE)
    by: Map[Burn, Owner] = filled(Owner.USER)  # who gets the coin of a burn
    burnt: FiniteSet[Burn] = FiniteSet()  # the burns that happened


@action
def deposit(s: State, who: Owner, i: Id) -> None:
    """An owner locks a coin, and StateSender sends the message."""
    require(s.sync[i] == Sync.NONE and s.here[who] > 0)
    s.here[who] -= 1
    s.locked += 1
    s.deposited |= {i}
    s.to[i] = who
    s.sync[i] = Sync.SENT


@action(fault="reorg")
def reorg(s: State, i: Id) -> None:
    """L1 takes a deposit back; if Heimdall has a record of it, the record stays.

    An exit that this coin had paid, which only a mintable token can have had, is mined again and mints.
    """
    require(i in s.deposited and (s.sync[i] == Sync.SENT or not DEPOSITS_ARE_FINAL))
    s.here[s.to[i]] += 1
    s.locked = max(0, s.locked - 1)
    s.deposited -= {i}
    if s.sync[i] == Sync.SENT:
        s.sync[i] = Sync.NONE
        s.to[i] = Owner.USER


@action
def approve(s: State, i: Id) -> None:
    """Heimdall records the message."""
    require(s.sync[i] == Sync.SENT)
    s.sync[i] = Sync.RECORDED


@action(fault="overlong")
def approve_empty(s: State, i: Id) -> None:
    """Heimdall records the message without its data, which was too long."""
    require(s.sync[i] == Sync.SENT)
    s.sync[i] = Sync.EMPTIED


@action(fault="false_record")
def approve_falsely(s: State, i: Id) -> None:
    """Faulty validators record a deposit that never was."""
    require(the_faulty_decide() and s.sync[i] == Sync.NONE)
    s.to[i] = Owner.THIEF
    s.sync[i] = Sync.RECORDED


@action
def commit(s: State, i: Id) -> None:
    """StateReceiver delivers the message, and the bridge on Bor mints a coin."""
    require(s.sync[i] == Sync.RECORDED)
    s.sync[i] = Sync.MINTED
    s.there[s.to[i]] += 1


@action(fault="failed_call")
def commit_in_vain(s: State, i: Id) -> None:
    """StateReceiver delivers the message, and the call fails."""
    require(s.sync[i] == Sync.RECORDED)
    s.sync[i] = Sync.FAILED


@action
def replay(s: State, i: Id) -> None:
    """Anyone has a failed message called again."""
    again = s.sync[i] == Sync.REPLAYED and not REPLAYS_ONCE and s.there[s.to[i]] < 3
    require(s.sync[i] == Sync.FAILED or again)
    s.sync[i] = Sync.REPLAYED
    s.there[s.to[i]] += 1


@action
def mint_on_bor(s: State, who: Owner) -> None:
    """The token mints on Bor without a deposit: the right of a mintable token, and of no other."""
    require((MINTABLE or not ONLY_BRIDGE_MINTS) and s.there[who] < 2)
    s.there[who] += 1
    if MINTABLE:
        s.native += 1


@action
def transfer(s: State, source: Owner, target: Owner) -> None:
    """An owner transfers a coin on Bor, or has somebody send the transfer that she signed."""
    require(TRANSFERS and source != target and s.there[source] > 0)
    s.there[source] -= 1
    s.there[target] += 1


@action
def transfer_unchecked(s: State) -> None:
    """A transfer that nobody signed, paid from the coins that the contract on Bor keeps for later deposits."""
    require(not CHECKS_SENDER and s.there[Owner.THIEF] < 2)
    s.there[Owner.THIEF] += 1


@action
def burn(s: State, who: Owner, b: Burn) -> None:
    """An owner burns a coin on Bor."""
    require(s.exit[b] == Exit.NONE and s.there[who] > 0)
    s.there[who] -= 1
    s.burnt |= {b}
    s.by[b] = who
    s.exit[b] = Exit.BURNT


@action
def sign(s: State, b: Burn) -> None:
    """A quorum signs a root over the block of the burn."""
    require(s.exit[b] == Exit.BURNT)
    s.exit[b] = Exit.SIGNED


@action(fault="false_root")
def sign_falsely(s: State, b: Burn) -> None:
    """Faulty validators sign a root over a burn that never was."""
    require(the_faulty_decide() and s.exit[b] == Exit.NONE)
    s.by[b] = Owner.THIEF
    s.exit[b] = Exit.SIGNED


@action
def submit(s: State, b: Burn) -> None:
    """Anyone brings the signatures to RootChain.submitCheckpoint."""
    require(s.exit[b] == Exit.SIGNED)
    s.exit[b] = Exit.PROVEN


@action
def take_exit(s: State, b: Burn) -> None:
    """L1 pays for a proven burn: out of the escrow, or by minting what a mintable token lacks there."""
    require(s.exit[b] == Exit.PROVEN or (s.exit[b] == Exit.PAID and not EXITS_ONCE and s.here[s.by[b]] < 3))
    require(s.locked > 0 or MINTABLE)
    s.exit[b] = Exit.PAID
    s.here[s.by[b]] += 1
    s.locked = max(0, s.locked - 1)


@action
def take_exit_unproven(s: State, b: Burn) -> None:
    """L1 pays the thief for a burn that nothing proves."""
    require(not BURNS_ARE_REAL and s.exit[b] == Exit.NONE and s.locked > 0)
    s.by[b] = Owner.THIEF
    s.exit[b] = Exit.PAID
    s.here[Owner.THIEF] += 1
    s.locked -= 1


def wealth(s: State, who: Owner) -> int:
    """What an owner has on both chains, with what is on its way to her."""
    arriving = len([i for i in range(1, DEPOSITS + 1) if s.to[i] == who and in_flight(s, i)])
    leaving = len([b for b in range(1, BURNS + 1) if s.by[b] == who and b in s.burnt and s.exit[b] != Exit.PAID])
    return s.here[who] + s.there[who] + arriving + leaving


def in_flight(s: State, i: Id) -> bool:
    """Locked, and not minted: also what failed, and what was emptied."""
    return i in s.deposited and s.sync[i] not in (Sync.MINTED, Sync.REPLAYED)


def claims(s: State) -> int:
    """What the escrow stands for: coins on Bor, burnt and not paid, locked and not minted."""
    arriving = len([i for i in range(1, DEPOSITS + 1) if in_flight(s, i)])
    leaving = len([b for b in s.burnt if s.exit[b] != Exit.PAID])
    return sum(s.there[who] for who in Owner) + arriving + leaving
