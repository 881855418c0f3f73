"""What a signature on a certificate covers: can it serve for a certificate that its signer did not mean?

Anyone may offer a certificate with a signature that fits.  The proof checks the signature over a commitment, and no
version of the commitment names the network: V2 is of the new exit root and the claims, V3 adds the height, V5 the
id of the certificate, which the service computes again and the proof takes as it comes (docs/validity_checks.md of
the agglayer).
An exit root is the number of exits under it.  Of a committee, whose members sign by index, two must sign.
Left out: the imports, which every version covers; parameters of the proof of execution (V4).
"""

from typing import Annotated, Final

from interlock import Enum, FiniteSet, Map, OrderedEnum, Range, action, auto, filled, record, require, state


class Commitment(OrderedEnum):
    """What is signed."""

    V2 = auto()
    V3 = auto()
    V5 = auto()


class Network(Enum):
    """Two networks; with `SHARED_KEY` the same signers sign for both."""

    A = auto()
    B = auto()


HEIGHTS: Final = 2
EXITS: Final = 1
SIGNERS: Final = 3
DISHONEST: Final = 1  # how many of the signers sign anything; two must sign
COMMITMENT: Final[Commitment] = Commitment.V3
SERVICE_COMPUTES_ID: Final[bool] = True  # False: nobody compares the id of a V5 commitment with the certificate
SHARED_KEY: Final[bool] = False  # True: one committee for two networks
INDICES_RISE: Final[bool] = True  # False: a signer counts as often as she is listed (known to be unsafe)

Height = Annotated[int, Range(1, HEIGHTS)]
Root = Annotated[int, Range(0, EXITS)]
Signer = Annotated[int, Range(1, SIGNERS)]


@record
class Certificate:
    """A certificate for a height of a network, and the exit root it ends at."""

    network: Network
    height: Height
    root: Root


@state
class State:
    """What honest signers meant, and what was settled."""

    meant: FiniteSet[Certificate] = FiniteSet()
    accepted: FiniteSet[Certificate] = FiniteSet()
    height: Map[Network, Annotated[int, Range(0, HEIGHTS)]] = filled(0)
    root: Map[Network, Root] = filled(0)


@action
def sign(s: State, c: Certificate) -> None:
    """The honest signers sign the next certificate of a network."""
    require(next_of(s, c) and c not in s.meant)
    s.meant |= {c}


@action
def offer(s: State, c: Certificate, signed: Certificate) -> None:
    """Anyone offers a certificate with signatures made for this one or for another; it fits, and settles."""
    require(next_of(s, c) and signed in s.meant and serves(signed, c))
    s.accepted |= {c}
    s.height[c.network] = c.height
    s.root[c.network] = c.root


@action(fault="dishonest_signers")
def forge(s: State, c: Certificate, one: Signer, two: Signer) -> None:
    """Dishonest signers make up a certificate, and list themselves until there are two."""
    require(next_of(s, c) and one <= DISHONEST and two <= DISHONEST)
    require(one < two or not INDICES_RISE)
    s.accepted |= {c}
    s.height[c.network] = c.height
    s.root[c.network] = c.root


def next_of(s: State, c: Certificate) -> bool:
    """The contract and the proof take the certificate next: one height up, and no exit taken out of the tree."""
    return c.height == s.height[c.network] + 1 and c.root >= s.root[c.network]


def serves(signed: Certificate, c: Certificate) -> bool:
    """A signature made for one certificate passes for the other."""
    if signed.root != c.root or (signed.height != c.height and COMMITMENT != Commitment.V2):
        return False
    compared = COMMITMENT == Commitment.V5 and SERVICE_COMPUTES_ID
    return signed.network == c.network or (SHARED_KEY and not compared)
