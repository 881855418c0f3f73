"""Two networks as deployed: which certificate of one may rely on which of the other, when each settles alone?

A certificate imports exits of another network's certificate, and its proof shows them under a root that Ethereum has
settled (imported_bridge_exit.verify_path, l1InfoRootMap).  There are no stages before that on which anyone may
build, and no proof over two networks.  What a network credits to its users before is its own rule: it waits
for confirmations.  One certificate a network, or two if it signs another for the same height.
Left out: amounts and the checks of a single proof (`pessimistic.py`), the service (`certificates.py`).
"""

from typing import Annotated, Final

from interlock import Enum, FiniteSet, Map, Range, Scalarset, action, auto, filled, members, record, require, state

NETWORKS: Final = 2
CONFIRMATIONS: Final = 2  # blocks that a network wants on top of a certificate before it credits what that exported
REORG_DEPTH: Final = 2  # how many blocks a reorganisation takes back at most
DEEP: Final = 2  # ages of blocks are counted up to here
BUNDLE: Final[bool] = False  # True: the networks have agreed on a bundle, a leg in the certificate of each
IMPORTS_SETTLED_ONLY: Final[bool] = True  # False: a proof takes exits that are merely signed (known to be unsafe)
ROOT_KNOWN_TO_L1: Final[bool] = True  # False: a root that a reorganisation took back will do (known to be unsafe)
L1_COMPARES_STATE: Final[bool] = True  # False: the contract takes what does not extend its state (known to be unsafe)

Age = Annotated[int, Range(0, DEEP)]


class Network(Scalarset, size=NETWORKS):
    """A network of the AggLayer; networks are interchangeable."""


class Version(Enum):
    """Two certificates of one network at one height."""

    FIRST = auto()
    SECOND = auto()


@record
class Certificate:
    """The name of a certificate: its network, and which of two it is."""

    network: Network
    version: Version


@state
class State:
    """What networks have signed, and what is settled on Ethereum."""

    signed: FiniteSet[Certificate] = FiniteSet()
    imports: Map[Certificate, FiniteSet[Certificate]] = filled(FiniteSet())  # those whose exits it imports
    has_leg: FiniteSet[Certificate] = FiniteSet()  # it has the network's leg of the bundle
    settled: Map[Certificate, Age | None] = filled(None)  # how many blocks are on top
    once: FiniteSet[Certificate] = FiniteSet()  # settled at some time, on a fork of Ethereum that may be gone


@action
def sign(s: State, c: Certificate, on: Certificate | None) -> None:
    """A network credits exits of a settled certificate, or none, and signs what it has done."""
    require(c.version == Version.FIRST and c not in s.signed)
    if on is not None:
        require(on.network != c.network and confirmed(s, on))
        s.imports[c] = FiniteSet({on})
    s.signed |= {c}
    if BUNDLE:
        s.has_leg |= {c}


@action(fault="hasty_import")
def sign_hastily(s: State, c: Certificate, on: Certificate) -> None:
    """A network relies on a certificate that is signed and not settled."""
    require(c not in s.signed and (c.version == Version.FIRST or other(c) in s.signed))
    require(on.network != c.network and on in s.signed)
    s.imports[c] = FiniteSet({on})
    s.signed |= {c}


@action(fault="hasty_import")
def rely_on_each_other(s: State, one: Certificate, two: Certificate) -> None:
    """Two networks sign certificates that import each other's exits."""
    require(one.network != two.network and one.version == Version.FIRST and two.version == Version.FIRST)
    require(one not in s.signed and two not in s.signed)
    s.imports[one] = FiniteSet({two})
    s.imports[two] = FiniteSet({one})
    s.signed |= {one, two}


@action(fault="two_certificates")
def sign_another(s: State, c: Certificate) -> None:
    """A network signs a second certificate for the height, without imports and without its leg."""
    require(c.version == Version.SECOND and c not in s.signed and other(c) in s.signed)
    s.signed |= {c}


@action
def settle(s: State, c: Certificate) -> None:
    """A certificate settles on Ethereum, by its own proof."""
    require(c in s.signed and s.settled[c] is None)
    require(not L1_COMPARES_STATE or s.settled[other(c)] is None)
    require(all(may_be_imported(s, d) for d in s.imports[c]))
    s.settled[c] = 0
    s.once |= {c}


@action
def mine(s: State) -> None:
    """One more block on Ethereum."""
    for c in members(Certificate):
        age = s.settled[c]
        if age is not None:
            s.settled[c] = min(age + 1, DEEP)


@action(fault="reorg")
def reorg(s: State, depth: Annotated[int, Range(1, REORG_DEPTH)]) -> None:
    """Ethereum takes back its newest blocks, with what settled in them."""
    for c in members(Certificate):
        age = s.settled[c]
        if age is not None and age < depth:
            s.settled[c] = None


def other(c: Certificate) -> Certificate:
    """The other certificate of the same network and height."""
    return Certificate(c.network, Version.SECOND if c.version == Version.FIRST else Version.FIRST)


def confirmed(s: State, c: Certificate) -> bool:
    """Settled, and as deep as a network wants it before it credits anything."""
    age = s.settled[c]
    return age is not None and age >= CONFIRMATIONS


def may_be_imported(s: State, c: Certificate) -> bool:
    """A proof can show the exits of the certificate under a root that the contract takes."""
    if not IMPORTS_SETTLED_ONLY:
        return True
    return s.settled[c] is not None or (not ROOT_KNOWN_TO_L1 and c in s.once)


def relied_on(s: State, c: Certificate) -> FiniteSet[Certificate]:
    """All that a certificate relies on, directly or through others."""
    found = s.imports[c]
    for _ in range(NETWORKS):
        found = found | FiniteSet(d for d in members(Certificate) if any(d in s.imports[x] for x in found))
    return found


def leg_is_settled(s: State, n: Network) -> bool:
    """The network's leg of the bundle is settled."""
    return any(c.network == n and c in s.has_leg and s.settled[c] is not None for c in members(Certificate))
