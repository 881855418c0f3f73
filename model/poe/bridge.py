"""When a withdrawal may be claimed on L1, how often, and whether the bridge can pay it.

PolygonZkEVMBridge and the global exit root contract (2023), and their successors.  One token, locked on L1 and
minted on L2; a withdrawal is a leaf of the exit tree of L2, which reaches L1 with the state of a batch.
Trees are append-only and old global exit roots stay valid, so what counts is which leaves some root covers.
Left out: messages but for their guard, several tokens, the claim on L2 (a bare counter).
"""

from typing import Annotated, Final

from interlock import (
    Enum,
    FiniteSet,
    Map,
    Range,
    Scalarset,
    action,
    auto,
    filled,
    record,
    require,
    require_some,
    state,
)


class Stage(Enum):
    """How far a withdrawal has come."""

    NONE = auto()
    BURNED = auto()  # in a posted batch
    PENDING = auto()  # in a pending state
    SETTLED = auto()  # in a consolidated state


LEAVES: Final = 2
TOKENS: Final = 2  # deposits
PENDING_STATES: Final[bool] = False  # True: a proven state may be pending first, and overridden
COUNTS_RECEIVED: Final[bool] = True  # False: a deposit counts as it was requested (known to be unsafe)
REENTRANCY_GUARDED: Final[bool] = True  # False: a token may call the bridge during a deposit (known to be unsafe)
EXPORTS_SETTLED_ONLY: Final[bool] = True  # False: the exit root of a pending state is published (known to be unsafe)
INDEX_CHECKED: Final[bool] = True  # False: unused bits of a leaf's index are free (known to be unsafe)
DEPOSIT_GUARDED: Final[bool] = True  # False: deposits go on in an emergency
CLAIM_GUARDED: Final[bool] = True  # False: claims go on in an emergency
MESSAGE_GUARDED: Final[bool] = True  # False: messages do
MOST: Final = 2 * TOKENS

Amount = Annotated[int, Range(0, MOST)]


class Leaf(Scalarset, size=LEAVES):
    """A withdrawal of one token."""


@record
class Index:
    """The index under which a claim is recorded: the leaf, and a bit that means nothing."""

    leaf: Leaf
    spare: bool


@state
class State:
    """The bridge on L1, and what L2 has of the token."""

    deposits: Annotated[int, Range(0, TOKENS)] = 0
    escrow: Amount = 0  # tokens that the bridge holds
    noted: Amount | None = None  # the balance before a deposit that is under way
    inbound: Amount = 0  # deposited, not yet minted
    supply: Amount = 0  # on L2
    leaf: Map[Leaf, Stage] = filled(Stage.NONE)
    exported: FiniteSet[Leaf] = FiniteSet()  # some global exit root covers them
    bits: FiniteSet[Index] = FiniteSet()  # claims recorded
    claims: Map[Leaf, Annotated[int, Range(0, 2)]] = filled(0)
    emergency: bool = False
    breach: bool = False  # the bridge was used in an emergency


@action
def deposit(s: State) -> None:
    """bridgeAsset on L1: one token is locked."""
    require(s.deposits < TOKENS and (s.noted is None or not REENTRANCY_GUARDED))
    require(not s.emergency or not DEPOSIT_GUARDED)
    s.deposits += 1
    s.escrow += 1
    s.inbound += 1
    s.breach = s.breach or s.emergency


@action(fault="fee_on_transfer")
def deposit_with_fee(s: State) -> None:
    """A token that keeps a fee: two are sent, one arrives."""
    require(s.deposits < TOKENS and s.noted is None)
    require(not s.emergency or not DEPOSIT_GUARDED)
    s.deposits += 1
    s.escrow += 1
    s.inbound += 1 if COUNTS_RECEIVED else 2
    s.breach = s.breach or s.emergency


@action(fault="reentrant_token")
def enter(s: State) -> None:
    """A deposit of a token that calls back: the bridge notes its balance, and the token may call the bridge."""
    require(s.noted is None and s.deposits < TOKENS)
    require(not s.emergency or not DEPOSIT_GUARDED)
    s.deposits += 1
    s.noted = s.escrow
    s.breach = s.breach or s.emergency


@action(fault="reentrant_token")
def leave(s: State) -> None:
    """The token arrives, and the deposit counts by how much the balance has grown."""
    noted = require_some(s.noted)
    s.escrow += 1
    s.inbound += s.escrow - noted
    s.noted = None


@action
def mint(s: State) -> None:
    """A deposit is claimed on L2."""
    require(s.inbound > 0)
    s.inbound -= 1
    s.supply += 1


@action
def withdraw(s: State, x: Leaf) -> None:
    """bridgeAsset on L2: one token is burned, and the exit tree gets a leaf."""
    require(s.supply > 0 and s.leaf[x] == Stage.NONE)
    s.supply -= 1
    s.leaf[x] = Stage.BURNED


@action
def prove(s: State, x: Leaf) -> None:
    """The batch with the leaf is proven."""
    require(s.leaf[x] == Stage.BURNED)
    s.leaf[x] = Stage.PENDING if PENDING_STATES else Stage.SETTLED


@action(fault="unsound_prover")
def forge(s: State, x: Leaf) -> None:
    """The proof system accepts a state with a leaf that nothing was burned for."""
    require(s.leaf[x] == Stage.NONE)
    s.leaf[x] = Stage.PENDING if PENDING_STATES else Stage.SETTLED


@action
def consolidate(s: State, x: Leaf) -> None:
    """The pending state is settled."""
    require(s.leaf[x] == Stage.PENDING)
    s.leaf[x] = Stage.SETTLED


@action
def override(s: State, x: Leaf) -> None:
    """The pending state is replaced by another, which does not have the leaf yet."""
    require(s.leaf[x] == Stage.PENDING)
    s.leaf[x] = Stage.BURNED


@action
def export(s: State, x: Leaf) -> None:
    """updateExitRoot: a global exit root that covers the leaf."""
    require(x not in s.exported)
    require(s.leaf[x] == Stage.SETTLED or (s.leaf[x] == Stage.PENDING and not EXPORTS_SETTLED_ONLY))
    s.exported |= {x}


@action
def claim(s: State, x: Leaf, spare: bool) -> None:
    """claimAsset: anyone, on a leaf that a global exit root covers, if its bit is clear."""
    require(x in s.exported and Index(x, spare) not in s.bits and s.escrow > 0 and s.noted is None)
    require(not spare or not INDEX_CHECKED)
    require(not s.emergency or not CLAIM_GUARDED)
    s.bits |= {Index(x, spare)}
    s.claims[x] += 1
    s.escrow -= 1
    s.breach = s.breach or s.emergency


@action
def send_message(s: State) -> None:
    """bridgeMessage; of its effects only that it was possible counts here."""
    require(not s.emergency or not MESSAGE_GUARDED)
    s.breach = s.breach or s.emergency


@action(fault="halt")
def halt(s: State) -> None:
    """An emergency begins."""
    require(not s.emergency)
    s.emergency = True


@action
def lift(s: State) -> None:
    """The admin ends it."""
    require(s.emergency)
    s.emergency = False


def owed(s: State) -> int:
    """What the bridge may have to pay: deposits under way, the supply of L2, and withdrawals not yet claimed."""
    return s.inbound + s.supply + len([x for x in Leaf if s.leaf[x] != Stage.NONE and s.claims[x] == 0])
