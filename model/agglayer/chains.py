"""What chains do: build headers on those of others, prove them, settle alone, start again.

An honest chain has one header at a height, valid, and builds by the rule of its mode.  A chain that
misbehaves may build on anything.  A proof may come before the pre-confirmation or after it.
Who may settle directly, and what an ejected chain may still do, the post leaves open: switches.
"""

from typing import Final

from interlock import Enum, FiniteSet, Map, action, auto, initial, members, require
from interlock.model.agglayer.headers import (
    VIEWS,
    Block,
    Chain,
    Header,
    Mode,
    Sibling,
    Stage,
    State,
    built,
    confirmed,
    lost,
    misbehaved,
    needed_below,
    needs,
    other,
    preconfirmed,
)


class Direct(Enum):
    """Who may settle on Ethereum with a proof of its own, without the AggLayer."""

    NOBODY = auto()
    OPTED_OUT = auto()  # the chains in mode 1, which the AggLayer then leaves alone
    ANYONE = auto()


class Lists(Enum):
    """Whether chains keep lists of the peers on which they build."""

    NONE = auto()
    DENY = auto()  # everyone but those on the list
    ALLOW = auto()  # no one but those on the list


class Ejection(Enum):
    """What an ejected chain loses."""

    SOFT = auto()  # new pre-confirmations
    HARD = auto()  # those, and every header of it that is not final


MODES: Final[FiniteSet[Mode]] = FiniteSet({Mode.CONFIRMED})  # the modes that chains may choose
CHAINS_PER_BATCH: Final = 2  # a header and its dependencies belong to at most so many chains
FAULTY_CHAINS: Final = 1  # at most so many chains misbehave
LISTS: Final[Lists] = Lists.NONE
DIRECT: Final[Direct] = Direct.OPTED_OUT
EJECTION: Final[Ejection] = Ejection.SOFT
EJECTED_MAY_SETTLE: Final[bool] = False  # True: an ejected chain is registered no more, so it may settle directly
BACKUP_PROVERS: Final[bool] = True  # False: only a chain proves its headers
MUTUAL: Final[bool] = False  # True: two chains may seal a two-way bundle in headers that name each other
REBUILD: Final[bool] = False  # True: a chain discards a header that can never be final
L1_COMPARES_HEAD: Final[bool] = True  # False: the contract takes what does not extend its head (known to be unsafe)


@initial
def choose_modes(s: State, modes: Map[Chain, Mode]) -> None:
    """Each chain has chosen its mode; with an allow list, it has allowed no one yet."""
    require(all(modes[c] in MODES for c in Chain))
    s.mode = modes
    if LISTS == Lists.ALLOW:
        for c in Chain:
            s.denied[c] = FiniteSet(peer for peer in Chain)


@action
def build(s: State, h: Header, parent: Sibling, on: Header | None) -> None:
    """A chain builds its one header at a height, on a peer's header or on none."""
    require(h.sibling == Sibling.FIRST and not built(s, h) and not built(s, other(h)))
    require(extends_built(s, h, parent))
    if on is not None:
        require(may_depend(s, h, on))
    s.block[h] = Block.VALID
    s.parent[h] = parent
    s.deps[h] = only(on)


@action
def add_dependency(s: State, h: Header, on: Header) -> None:
    """A chain lets the header that it is building rely on one more header."""
    require(built(s, h) and not s.proof[h] and not preconfirmed(s, h))
    require(on not in s.deps[h] and may_depend(s, h, on))
    require(not any(h in s.deps[x] for x in members(Header)))
    s.deps[h] |= {on}


@action
def build_pair(s: State, one: Header, two: Header) -> None:
    """Two chains seal a two-way bundle: each header relies on the other."""
    require(MUTUAL and one.chain != two.chain and one.height == 1 and two.height == 1)
    require(one.sibling == Sibling.FIRST and not built(s, one) and not built(s, other(one)))
    require(two.sibling == Sibling.FIRST and not built(s, two) and not built(s, other(two)))
    s.block[one] = Block.VALID
    s.block[two] = Block.VALID
    s.deps[one] = FiniteSet({two})
    s.deps[two] = FiniteSet({one})


@action(fault="equivocate")
def equivocate(s: State, h: Header, parent: Sibling, on: Header | None) -> None:
    """A chain builds the sibling of a header it has built; both are valid, so both can be proven."""
    require(h.sibling == Sibling.SECOND and not built(s, h) and built(s, other(h)))
    require(may_misbehave(s, h.chain) and extends_built(s, h, parent) and names_peer(s, h, on))
    s.block[h] = Block.VALID
    s.parent[h] = parent
    s.deps[h] = only(on)


@action(fault="invalid_block")
def build_invalid(s: State, h: Header, parent: Sibling, on: Header | None) -> None:
    """A chain publishes the header of an invalid state."""
    require(h.sibling == Sibling.FIRST and not built(s, h) and not built(s, other(h)))
    require(may_misbehave(s, h.chain) and extends_built(s, h, parent) and names_peer(s, h, on))
    s.block[h] = Block.INVALID
    s.parent[h] = parent
    s.deps[h] = only(on)


@action(fault="withhold_data")
def withhold_data(s: State, h: Header, on: Header | None) -> None:
    """A chain publishes the header of a valid block that no one else can see."""
    require(h.sibling == Sibling.FIRST and h.height == 1 and not built(s, h) and not built(s, other(h)))
    require(may_misbehave(s, h.chain) and names_peer(s, h, on))
    s.block[h] = Block.WITHHELD
    s.deps[h] = only(on)


@action(fault="stop_proving")
def stop_proving(s: State, c: Chain) -> None:
    """A chain's own prover stops for good."""
    require(c not in s.silent and all(x == c for x in s.silent))
    s.silent |= {c}


@action
def prove(s: State, h: Header) -> None:
    """The chain, or any node that has the data, proves a valid block."""
    require(not s.proof[h])
    own = s.block[h] in (Block.VALID, Block.WITHHELD) and h.chain not in s.silent
    require(own or (BACKUP_PROVERS and s.block[h] == Block.VALID))
    s.proof[h] = True


@action(fault="unsound_prover")
def prove_falsely(s: State, h: Header) -> None:
    """The proof system accepts an invalid block."""
    require(s.block[h] == Block.INVALID and not s.proof[h])
    s.proof[h] = True


@action
def settle_directly(s: State, h: Header) -> None:
    """A chain settles on Ethereum with its own proof, on dependencies that are final."""
    require(s.proof[h] and h not in s.final)
    require(may_settle(s, h.chain))
    require(extends_head(s, s.final, h) and s.deps[h] <= s.final)
    s.final |= {h}


@action
def discard(s: State, h: Header) -> None:
    """A chain gives up a header that relies on one that cannot be final; what stands on top of it is void with it."""
    require(REBUILD and built(s, h) and any(d in doomed(s) for d in needs(s, h)))
    void = FiniteSet(x for x in members(Header) if x == h or h in needed_below(s, x))
    for x in void:
        s.block[x] = Block.ABSENT
        s.deps[x] = FiniteSet()
        s.parent[x] = Sibling.FIRST
        s.proof[x] = False
        for view in range(1, VIEWS + 1):
            s.stage[view][x] = Stage.NONE


@action
def change_list(s: State, c: Chain, peer: Chain) -> None:
    """A chain denies a peer from now on, or allows one, by the kind of list it keeps."""
    require(c != peer)
    if LISTS == Lists.DENY:
        require(peer not in s.denied[c])
        s.denied[c] |= {peer}
    else:
        require(LISTS == Lists.ALLOW and peer in s.denied[c])
        s.denied[c] -= {peer}


def only(on: Header | None) -> FiniteSet[Header]:
    """At most one dependency, as a set."""
    return FiniteSet() if on is None else FiniteSet({on})


def may_depend(s: State, h: Header, on: Header) -> bool:
    """The chain's mode, its list and the limit of chains let the header rely on that one."""
    if on.chain == h.chain or on.chain in s.denied[h.chain] or other(on) in s.deps[h]:
        return False
    if len(FiniteSet(d.chain for d in s.deps[h]) | {on.chain, h.chain}) > CHAINS_PER_BATCH:
        return False
    return on in s.final or (
        built(s, on)
        and on.chain not in s.ejected
        and (
            s.mode[h.chain] == Mode.SHARED
            or (s.mode[h.chain] == Mode.PRECONFIRMED and preconfirmed(s, on))
            or (s.mode[h.chain] == Mode.CONFIRMED and confirmed(s, on))
        )
    )


def names_peer(s: State, h: Header, on: Header | None) -> bool:
    """A chain that misbehaves relies on nothing, or on any header that a peer has built."""
    return on is None or (on.chain != h.chain and built(s, on))


def extends_built(s: State, h: Header, parent: Sibling) -> bool:
    """There is a header to extend."""
    if h.height == 1:
        return parent == Sibling.FIRST
    return built(s, Header(h.chain, h.height - 1, parent))


def may_misbehave(s: State, c: Chain) -> bool:
    """No more than so many chains misbehave."""
    return len(FiniteSet(x for x in Chain if x == c or misbehaved(s, x))) <= FAULTY_CHAINS


def opted_out(s: State, c: Chain) -> bool:
    """The chain settles for itself, and does without the AggLayer."""
    return DIRECT == Direct.OPTED_OUT and s.mode[c] == Mode.FINAL


def may_settle(s: State, c: Chain) -> bool:
    """The contract lets the chain settle with a proof of its own."""
    return DIRECT == Direct.ANYONE or opted_out(s, c) or (EJECTED_MAY_SETTLE and c in s.ejected)


def extends_head(s: State, after: FiniteSet[Header], h: Header) -> bool:
    """The header continues what Ethereum has of its chain, `after` being final with it."""
    if not L1_COMPARES_HEAD:
        return True
    below = h.height == 1 or all(p in after for p in needs(s, h) if p.chain == h.chain)
    return below and other(h) not in s.final


def doomed(s: State) -> FiniteSet[Header]:
    """The headers that are given up: those that cannot be final for themselves, and all that rely on one of them."""
    hopeless = FiniteSet(
        h
        for h in members(Header)
        if s.block[h] == Block.INVALID or lost(s, h) or unprovable(s, h) or passed_over(s, h) or taken_out(s, h)
    )
    return FiniteSet(h for h in members(Header) if h in hopeless or any(d in hopeless for d in needed_below(s, h)))


def unprovable(s: State, h: Header) -> bool:
    """The chain's prover has stopped, and no one else has the data."""
    return s.block[h] == Block.WITHHELD and h.chain in s.silent and not s.proof[h]


def passed_over(s: State, h: Header) -> bool:
    """The AggLayer has not taken the header: it has taken the sibling, or it has ejected the chain."""
    out = preconfirmed(s, other(h)) or h.chain in s.ejected
    return built(s, h) and h not in s.final and not preconfirmed(s, h) and out and not may_settle(s, h.chain)


def taken_out(s: State, h: Header) -> bool:
    """Hard ejection has taken the header out."""
    return EJECTION == Ejection.HARD and h.chain in s.ejected and h not in s.final
