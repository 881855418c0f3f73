"""What a batch on L1 fixes: its place, its content, and so the virtual state that every node computes.

After the Proof of Efficiency post, February 2022: the order on L1 gives a deterministic state before any
proof.  The post says nothing about reorganisations of L1, nor about nodes and provers that disagree; both
are faults or switches here.  L1 is one list of batches and of new exit roots; a reorganisation cuts its end.
Left out: proofs and fees (`proofs.py`), and all of a transaction but what is named below.
"""

from typing import Annotated, Final

from interlock import Bound, Enum, FiniteSet, Map, Range, Seq, action, auto, filled, require, require_some, state


class Item(Enum):
    """An entry of L1: a batch with one transaction, or a new global exit root."""

    TRANSFER = auto()  # a signed transaction; may be posted many times
    FOREIGN = auto()  # signed for another chain, where it took effect
    ODD = auto()  # a transaction that can be decoded in two ways
    USE_LEFT = auto()  # a batch that imports exit root LEFT
    USE_RIGHT = auto()
    ROOT_LEFT = auto()  # not a batch: an exit root becomes known on L1
    ROOT_RIGHT = auto()


class Node(Enum):
    """Those who execute what L1 says."""

    NODE = auto()
    PROVER = auto()


LENGTH: Final = 3  # entries of L1
NONCE_CHECKED: Final[bool] = True  # False: a transaction may take effect again (known to be unsafe)
CHAIN_ID_CHECKED: Final[bool] = True  # False: so may one signed for another chain (known to be unsafe)
READS_FINAL_ONLY: Final[bool] = True  # False: nodes execute what L1 may still drop
DECODES_ALIKE: Final[bool] = True  # False: node and prover decode ODD differently (known to be unsafe)
ROOT_CHECKED: Final[bool] = True  # False: the contract takes a batch with an exit root it does not know
REBUILDS: Final[bool] = True  # False: the sequencer keeps a block whose exit root L1 has dropped
SOFT_BLOCKS: Final[bool] = False  # True: one trusted sequencer shows its next block before it posts it

ITEMS: Final[FiniteSet[Item]] = FiniteSet({Item.TRANSFER, Item.ODD})

Count = Annotated[int, Range(0, LENGTH)]


@state
class State:
    """L1 with its final part, what each node has executed, and the block that a trusted sequencer has shown."""

    posted: Annotated[Seq[Item], Bound(LENGTH)] = Seq()
    final: Count = 0
    seen: Map[Node, Annotated[Seq[Item], Bound(LENGTH)]] = filled(Seq())
    shown: Item | None = None
    broken_word: bool = False  # a batch was posted in the place of a block that users had seen


@action
def post(s: State, item: Item) -> None:
    """A batch is posted; or an exit root becomes known, another one on each fork of L1."""
    require(len(s.posted) + (0 if s.shown is None else 1) < LENGTH and item in ITEMS and accepted(s, item))
    require(not has_root(s) if is_root(item) else not SOFT_BLOCKS)
    s.posted = s.posted.push(item)


@action
def show(s: State, item: Item) -> None:
    """The trusted sequencer shows its next block to users, and imports what L1 knows at the time."""
    require(SOFT_BLOCKS and s.shown is None and len(s.posted) < LENGTH)
    require(item in ITEMS and not is_root(item) and known(s, item))
    s.shown = item


@action
def post_shown(s: State) -> None:
    """The trusted sequencer posts the block that it has shown."""
    item = require_some(s.shown)
    require(len(s.posted) < LENGTH and accepted(s, item))
    s.posted = s.posted.push(item)
    s.shown = None


@action(fault="breaks_word")
def post_other(s: State, item: Item) -> None:
    """The trusted sequencer posts something else than it has shown."""
    shown = require_some(s.shown)
    require(item != shown and not is_root(item) and item in ITEMS and len(s.posted) < LENGTH and accepted(s, item))
    s.posted = s.posted.push(item)
    s.shown = None
    s.broken_word = True


@action
def rebuild(s: State) -> None:
    """The trusted sequencer drops a block whose exit root L1 has dropped."""
    item = require_some(s.shown)
    require(REBUILDS and not known(s, item))
    s.shown = None


@action
def settle_l1(s: State) -> None:
    """One more entry of L1 is final."""
    require(s.final < len(s.posted))
    s.final += 1


@action
def execute(s: State, n: Node) -> None:
    """A node executes the next entry of L1."""
    done = len(s.seen[n])
    require(done < (s.final if READS_FINAL_ONLY else len(s.posted)))
    s.seen[n] = s.seen[n].push(s.posted[done])


@action(fault="reorg")
def reorganise(s: State, kept: Count) -> None:
    """L1 drops entries that are not final."""
    require(s.final <= kept < len(s.posted))
    before = s.posted
    s.posted = Seq()
    for k in range(LENGTH):
        if k < kept:
            s.posted = s.posted.push(before[k])


@action(fault="deep_reorg")
def reorganise_deeply(s: State, kept: Count) -> None:
    """L1 drops entries that were taken for final."""
    require(kept < s.final)
    before = s.posted
    s.posted = Seq()
    for k in range(LENGTH):
        if k < kept:
            s.posted = s.posted.push(before[k])
    s.final = kept


def is_root(item: Item) -> bool:
    """The entry is a new exit root, and no batch."""
    return item in (Item.ROOT_LEFT, Item.ROOT_RIGHT)


def has_root(s: State) -> bool:
    """L1 has its new exit root."""
    return any(is_root(item) for item in s.posted)


def known(s: State, item: Item) -> bool:
    """L1 knows the exit root that a batch imports, if it imports one."""
    if item == Item.USE_LEFT:
        return Item.ROOT_LEFT in s.posted
    if item == Item.USE_RIGHT:
        return Item.ROOT_RIGHT in s.posted
    return True


def accepted(s: State, item: Item) -> bool:
    """The contract takes the batch."""
    return known(s, item) or not ROOT_CHECKED


def transfers(s: State, n: Node) -> int:
    """How often the transfer took effect in the state of a node."""
    times = len([k for k in range(LENGTH) if k < len(s.seen[n]) and s.seen[n][k] == Item.TRANSFER])
    return min(times, 1) if NONCE_CHECKED else times


def replays(s: State, n: Node) -> int:
    """How often a transaction for another chain took effect in the state of a node."""
    times = len([k for k in range(LENGTH) if k < len(s.seen[n]) and s.seen[n][k] == Item.FOREIGN])
    return 0 if CHAIN_ID_CHECKED else min(times, 1) if NONCE_CHECKED else times


def odd(s: State, n: Node) -> int:
    """How often the odd transaction took effect: a prover that decodes it otherwise takes it for invalid."""
    return 1 if Item.ODD in s.seen[n] and (n == Node.NODE or DECODES_ALIKE) else 0
