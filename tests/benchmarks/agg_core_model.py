"""The yardstick: chains of blocks that depend on each other, up to a final block on each height.

Left out: everything a block contains, and every way a chain could misbehave.  It is a stopwatch, not a
protocol: small, of a known number of states, with guards that read other parts of the state.
"""

from typing import Annotated, Final

from interlock import Map, OrderedEnum, Range, Scalarset, action, auto, filled, record, require, state

CHAINS: Final = 3
HEIGHTS: Final = 1


class Chain(Scalarset, size=CHAINS):
    """A chain; chains are interchangeable."""


class Status(OrderedEnum):
    """How far a block has come."""

    ABSENT = auto()
    BUILT = auto()
    PRECONFIRMED = auto()
    PROVEN = auto()
    FINAL = auto()


@record
class Block:
    """One of the two siblings that compete for a height of a chain."""

    chain: Chain
    height: Annotated[int, Range(0, HEIGHTS - 1)]
    second: bool


@state
class State:
    """Seven bits a block, for up to eight blocks: three for its status, four for its dependency."""

    status: Map[Block, Status] = filled(Status.ABSENT)
    dependency: Map[Block, Block | None] = filled(None)


def below_is(s: State, b: Block, wanted: Status) -> bool:
    """One of the two blocks below has come so far; there is nothing to ask for at the lowest height."""
    return b.height == 0 or any(s.status[Block(b.chain, b.height - 1, second)] >= wanted for second in (False, True))


def dependency_is(s: State, b: Block, wanted: Status) -> bool:
    """What the block depends on, if anything, has come so far."""
    d = s.dependency[b]
    return d is None or s.status[d] >= wanted


@action
def build(s: State, b: Block, d: Block | None) -> None:
    """`b` is built on a block below, and may depend on a block of another chain."""
    require(s.status[b] == Status.ABSENT)
    require(below_is(s, b, Status.BUILT))
    require(d is None or (d.chain != b.chain and s.status[d] >= Status.BUILT))
    s.status[b] = Status.BUILT
    s.dependency[b] = d


@action
def preconfirm(s: State, b: Block) -> None:
    """`b` is promised, where its sibling was not and what it depends on was."""
    require(s.status[b] == Status.BUILT)
    require(s.status[Block(b.chain, b.height, not b.second)] < Status.PRECONFIRMED)
    require(dependency_is(s, b, Status.PRECONFIRMED))
    s.status[b] = Status.PRECONFIRMED


@action
def prove(s: State, b: Block) -> None:
    """`b` is proven, after what it depends on."""
    require(s.status[b] == Status.PRECONFIRMED)
    require(dependency_is(s, b, Status.PROVEN))
    s.status[b] = Status.PROVEN


@action
def finalize(s: State, b: Block) -> None:
    """`b` becomes final, after what it depends on and on top of a final block."""
    require(s.status[b] == Status.PROVEN)
    require(dependency_is(s, b, Status.FINAL))
    require(below_is(s, b, Status.FINAL))
    s.status[b] = Status.FINAL
