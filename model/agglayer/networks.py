"""Networks, tokens, exits and balances: what the pessimistic proof is about, and where every unit of a token is.

After the AggLayer as deployed: agglayer-contracts (PolygonZkEVMBridgeV2, PolygonRollupManager) and the pessimistic
proof core of the agglayer repository.  Every exit carries one unit.  A leaf is an exit that Ethereum knows.
Left out: Merkle trees, signatures, gas, the service between a network and Ethereum (`certificates.py`).
"""

from typing import Annotated, Final

from interlock import Bound, Enum, FiniteSet, Map, Range, Seq, auto, filled, record, state


class Network(Enum):
    """Ethereum, where ether lives, and two networks of the AggLayer."""

    L1 = auto()
    A = auto()
    B = auto()


class Token(Enum):
    """Ether, and one token native to each network."""

    ETHER = auto()
    COIN_A = auto()
    COIN_B = auto()


class Label(Enum):
    """What a leaf says it carries."""

    ETHER = auto()  # the zero address of Ethereum
    COIN_A = auto()
    COIN_B = auto()
    MESSAGE = auto()  # a message with value; the origin it names is its sender's network
    ZERO = auto()  # the zero address, said to be of the sender's network


class Kind(Enum):
    """What must be shown before Ethereum takes the exits of a network."""

    SIGNED = auto()  # a pessimistic proof, and the signature of the network's operator
    STATE_PROOF = auto()  # a pessimistic proof, and a proof of the network's own execution
    LEGACY = auto()  # the proof of execution alone, and no pessimistic proof


LEAVES: Final = 3
KIND_OF_A: Final[Kind] = Kind.SIGNED
KIND_OF_B: Final[Kind] = Kind.SIGNED

Leaf = Annotated[int, Range(0, LEAVES - 1)]
Amount = Annotated[int, Range(0, 2 * LEAVES)]


@record
class Exit:
    """A leaf of a local exit tree; of Ethereum's, if that is its source."""

    source: Network
    to: Network
    label: Label
    made: bool  # a valid run of the source's chain made it


@record
class Index:
    """The index under which a claim is recorded: the leaf, and a bit that means nothing."""

    leaf: Leaf
    spare: bool


@state
class State:
    """What Ethereum has settled, the trees of each network, and what users were given."""

    leaves: Annotated[Seq[Exit], Bound(LEAVES)] = Seq()
    credited: Map[Network, FiniteSet[Index]] = filled(FiniteSet())  # claimed, by the network's own records
    nullified: Map[Network, FiniteSet[Leaf]] = filled(FiniteSet())  # the nullifier tree: imported, by its certificates
    bal: Map[Network, Map[Token, Amount]] = filled(filled(0))  # the balance tree; at L1 the supply of wrapped tokens
    holds: Map[Network, Map[Token, Amount]] = filled(filled(0))  # what the users of the network have
    escrow: Map[Token, Amount] = filled(0)  # locked where the token is native
    arrived: Map[Leaf, Annotated[int, Range(0, 2)]] = filled(0)  # how often a leaf was paid, or entered a balance
    cleared: FiniteSet[Leaf] = FiniteSet()  # claims that a manager has unset, once each
    migrated: FiniteSet[Network] = FiniteSet()  # legacy once, with a pessimistic proof now
    optimistic: FiniteSet[Network] = FiniteSet()  # the admin lets them do without the proof of execution
    unsound: bool = False  # someone can prove false executions


def kind(s: State, n: Network) -> Kind:
    """What the network has to show, today."""
    if n in s.migrated:
        return Kind.SIGNED
    return KIND_OF_A if n == Network.A else KIND_OF_B


def home(t: Token) -> Network:
    """The network to which a token is native."""
    if t == Token.ETHER:
        return Network.L1
    return Network.A if t == Token.COIN_A else Network.B


def paid_in(label: Label) -> Token:
    """What a bridge pays for a leaf: the value of a message, and whatever has the zero address, in ether."""
    if label == Label.COIN_A:
        return Token.COIN_A
    return Token.COIN_B if label == Label.COIN_B else Token.ETHER


def token(s: State, x: int) -> Token:
    """What a leaf carries."""
    return paid_in(s.leaves[x].label)


def arrives_when_claimed(to: Network, t: Token) -> bool:
    """Ethereum pays a claim at once, and so does the bridge where the token is native; elsewhere a balance rises."""
    return to in (Network.L1, home(t))


def heading_for(s: State, n: Network, t: Token) -> int:
    """Units in leaves for a network that were neither paid nor imported."""
    return len([x for x in range(len(s.leaves)) if s.leaves[x].to == n and token(s, x) == t and s.arrived[x] == 0])


def in_transit(s: State, t: Token) -> int:
    """Units in leaves that were neither paid nor imported, wherever they go."""
    return sum(heading_for(s, n, t) for n in Network)


def abroad(s: State, t: Token) -> int:
    """Units in the balances of the networks to which the token is not native."""
    return sum(s.bal[n][t] for n in Network if n != home(t))


def imports(s: State, n: Network, t: Token) -> int:
    """How many units have entered the network's balance, each leaf counted once."""
    return len([x for x in range(len(s.leaves)) if s.leaves[x].to == n and token(s, x) == t and s.arrived[x] > 0])


def exits(s: State, n: Network, t: Token) -> int:
    """How many units the network's exits have taken out."""
    return len([x for x in range(len(s.leaves)) if s.leaves[x].source == n and token(s, x) == t])


def credits(s: State, n: Network, t: Token) -> int:
    """How many units were credited on the network and not entered in its balance; they still can be."""
    return len(
        [
            x
            for x in range(len(s.leaves))
            if s.leaves[x].to == n
            and token(s, x) == t
            and s.arrived[x] == 0
            and (Index(x, False) in s.credited[n] or Index(x, True) in s.credited[n])
        ]
    )
