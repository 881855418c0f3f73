"""What a header of a chain is, and where it stands with the AggLayer and on Ethereum.

After the AggLayer post, February 2024.  A header takes one of two places at its height: an honest chain
uses the first, a chain that equivocates both.  A built header is visible to every peer.
Left out: the content of blocks, hashes, signatures, stakes, time.
"""

from typing import Annotated, Final

from interlock import Enum, FiniteSet, Map, OrderedEnum, Range, Scalarset, auto, filled, members, record, state

CHAINS: Final = 2
HEIGHTS: Final = 1
VIEWS: Final = 1  # 2: an AggLayer that equivocates can show some chains another status than it shows the rest

Height = Annotated[int, Range(1, HEIGHTS)]
View = Annotated[int, Range(1, VIEWS)]  # 1 is the view that an honest AggLayer shows to everyone


class Chain(Scalarset, size=CHAINS):
    """A chain; chains are interchangeable."""


class Sibling(Enum):
    """Two headers of one chain at one height are siblings."""

    FIRST = auto()
    SECOND = auto()


class Block(Enum):
    """What stands behind a header."""

    ABSENT = auto()  # the header was not built
    VALID = auto()
    WITHHELD = auto()  # valid, but no one else has its data
    INVALID = auto()


class Stage(OrderedEnum):
    """How far the AggLayer has taken a header, in one view."""

    NONE = auto()
    PRECONFIRMED = auto()
    CONFIRMED = auto()


class Mode(OrderedEnum):
    """What a chain builds on, from the safest to the fastest: modes 1 to 4 of the post."""

    FINAL = auto()
    CONFIRMED = auto()
    PRECONFIRMED = auto()
    SHARED = auto()


@record
class Header:
    """The name of a header: its chain, its height, and which of two siblings it is."""

    chain: Chain
    height: Height
    sibling: Sibling


@state
class State:
    """Every header, the AggLayer's views of it, and what Ethereum has accepted."""

    mode: Map[Chain, Mode] = filled(Mode.FINAL)  # chosen once
    block: Map[Header, Block] = filled(Block.ABSENT)
    parent: Map[Header, Sibling] = filled(Sibling.FIRST)  # which sibling it extends, one height below
    deps: Map[Header, FiniteSet[Header]] = filled(FiniteSet())  # the headers of other chains it relies on
    proof: Map[Header, bool] = filled(False)
    stage: Map[View, Map[Header, Stage]] = filled(filled(Stage.NONE))
    final: FiniteSet[Header] = FiniteSet()  # accepted by the contract on Ethereum
    denied: Map[Chain, FiniteSet[Chain]] = filled(FiniteSet())  # the peers on which a chain does not build
    silent: FiniteSet[Chain] = FiniteSet()  # they have stopped proving
    ejected: FiniteSet[Chain] = FiniteSet()
    stopped: bool = False  # the AggLayer has stopped


def built(s: State, h: Header) -> bool:
    """The header exists."""
    return s.block[h] != Block.ABSENT


def other(h: Header) -> Header:
    """The sibling of a header."""
    return Header(h.chain, h.height, Sibling.SECOND if h.sibling == Sibling.FIRST else Sibling.FIRST)


def needs(s: State, h: Header) -> FiniteSet[Header]:
    """All that a header relies on: its dependencies, and the header it extends."""
    if h.height == 1:
        return s.deps[h]
    return s.deps[h] | {Header(h.chain, h.height - 1, s.parent[h])}


def needed_below(s: State, h: Header) -> FiniteSet[Header]:
    """All that a header relies on, directly or through others."""
    found = needs(s, h)
    for _ in range(CHAINS * HEIGHTS):
        found = found | FiniteSet(d for d in members(Header) if any(d in needs(s, x) for x in found))
    return found


def confirmed(s: State, h: Header) -> bool:
    """The AggLayer has confirmed the header, in whatever view."""
    return any(s.stage[view][h] == Stage.CONFIRMED for view in range(1, VIEWS + 1))


def preconfirmed(s: State, h: Header) -> bool:
    """The AggLayer has pre-confirmed the header, in whatever view."""
    return any(s.stage[view][h] >= Stage.PRECONFIRMED for view in range(1, VIEWS + 1))


def misbehaved(s: State, c: Chain) -> bool:
    """The chain has equivocated, or built a header that it cannot or will not let others prove; ejection says so too."""
    return c in s.ejected or any(
        h.chain == c and ((built(s, h) and built(s, other(h))) or s.block[h] in (Block.INVALID, Block.WITHHELD))
        for h in members(Header)
    )


def lost(s: State, h: Header) -> bool:
    """Ethereum has accepted the sibling of this header."""
    return other(h) in s.final and h not in s.final
