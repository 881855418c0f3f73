"""The life of a checkpoint: proposed and voted on in Heimdall, submitted on Ethereum, acknowledged in Heimdall.

Honest validators vote for and sign true roots only.  What they sign stays public, whatever becomes of the
proposal; a faulty validator votes and signs as it likes, whenever it helps, until it falls silent for good.
Heimdall is one ordered ledger.  Who proposes when is `proposers.py`; forks of Bor, which blocks are deep
enough to vote on, and milestones are other files: here there is one chain of blocks, all of them there.
Heimdall x/checkpoint (MsgCheckpoint, MsgCpAck, vote extensions); RootChain.submitCheckpoint.
"""

from typing import Annotated, Final

from interlock import (
    Bound,
    Enum,
    FiniteSet,
    Map,
    Range,
    Seq,
    action,
    auto,
    evolve,
    filled,
    initial,
    record,
    require,
    require_some,
    state,
)
from interlock.model.pos.quorum import VALIDATORS, Validator, quorum, weight, weight_of

BLOCKS: Final = 1  # Bor blocks to be committed
FAULTY_WEIGHT: Final = 0  # the weight of the faulty validators, whoever they are
QUORUM_OF_STAKE: Final[bool] = True  # False: two thirds of the validators by number (known to be unsafe)
ONE_A_BLOCK: Final[bool] = True  # False: a Heimdall block may have two proposals (known to be unsafe)
SIGNATURES_NEED_QUORUM: Final[bool] = True  # False: Heimdall keeps those that most agree on (known to be unsafe)
ACK_IS_COMPARED: Final[bool] = True  # False: Heimdall takes any acknowledgement (known to be unsafe)
REORGANISES: Final[bool] = False  # True: Ethereum may take back its newest checkpoint, for a while
ACK_AWAITS_FINALITY: Final[bool] = True  # False: a checkpoint is acknowledged at once (known to be unsafe)

Block = Annotated[int, Range(1, BLOCKS)]


class Root(Enum):
    """Whether the root commits to the blocks of the range as every honest validator executed them."""

    TRUE = auto()
    FALSE = auto()


@record
class Checkpoint:
    """A range of blocks, and the root over it."""

    start: Block
    end: Block
    root: Root


@record
class Buffered:
    """What Heimdall has accepted and waits for, and what the signatures are over that it keeps with it."""

    checkpoint: Checkpoint
    signed: Checkpoint | None  # None: no signatures worth keeping
    expired: bool  # 1000 s old: another may take its place


@state
class State:
    """Ethereum's checkpoints, Heimdall's copy of them, and what is on its way."""

    faulty: FiniteSet[Validator] = FiniteSet()
    silent: bool = False  # the faulty have stopped, for good
    ethereum: Annotated[Seq[Checkpoint], Bound(BLOCKS)] = Seq()
    young: bool = False  # Ethereum may still take its newest checkpoint back
    heimdall: Annotated[Seq[Checkpoint], Bound(BLOCKS)] = Seq()
    proposed: Annotated[Seq[Checkpoint], Bound(2)] = Seq()  # in the newest Heimdall block, voting is open
    buffer: Buffered | None = None
    signed: Map[Checkpoint, FiniteSet[Validator]] = filled(FiniteSet())  # the signatures of honest validators
    approved: FiniteSet[Checkpoint] = FiniteSet()  # what Heimdall has ever accepted


@initial
def corrupt(s: State, faulty: FiniteSet[Validator]) -> None:
    """Some validators of that weight are faulty."""
    require(weight_of(faulty) == FAULTY_WEIGHT)
    s.faulty = faulty


@action
def propose(s: State, end: Block) -> None:
    """An honest proposer proposes the range after Heimdall's last checkpoint; that empties an expired buffer."""
    start = next_start(s.heimdall)
    require(may_propose(s, start, end))
    s.buffer = None
    s.proposed = s.proposed.push(Checkpoint(start, end, Root.TRUE))


@action(fault="false_root")
def propose_false_root(s: State, end: Block) -> None:
    """A faulty proposer proposes a root over blocks that no one executed."""
    start = next_start(s.heimdall)
    require(len(s.faulty) > 0 and not s.silent)
    require(may_propose(s, start, end))
    s.buffer = None
    s.proposed = s.proposed.push(Checkpoint(start, end, Root.FALSE))


@action
def vote(s: State, v: Validator) -> None:
    """An honest validator finds the root true, votes yes, and signs what was proposed last."""
    require(len(s.proposed) > 0 and v not in s.faulty)
    last = s.proposed[len(s.proposed) - 1]
    require(last.root == Root.TRUE and v not in s.signed[last])
    s.signed[last] |= {v}


@action
def accept(s: State, over: Checkpoint | None) -> None:
    """The vote has a quorum: Heimdall buffers the first proposal, with signatures over what they agree on."""
    require(len(s.proposed) > 0)
    first = s.proposed[0]
    require(may_buffer(s, first) and has_quorum(yes_votes(s)))
    require(keeps_signatures(s, over))
    s.buffer = Buffered(first, over, False)
    s.approved |= {first}
    s.proposed = Seq()


@action
def reject(s: State) -> None:
    """The vote ends without a quorum: some honest validators have not seen the blocks in time, or others said no."""
    require(len(s.proposed) > 0 and not has_quorum(s.signed[s.proposed[len(s.proposed) - 1]]))
    s.proposed = Seq()


@action
def expire(s: State) -> None:
    """Nothing came of the buffered checkpoint for 1000 s."""
    buffer = require_some(s.buffer)
    require(not buffer.expired)
    s.buffer = evolve(buffer, expired=True)


@action
def submit_checkpoint(s: State, c: Checkpoint) -> None:
    """Anyone submits a range that continues Ethereum's, with the signatures there are; the faulty add theirs."""
    require(c.start == next_start(s.ethereum) and c.start <= c.end)
    require(has_quorum(signers(s, c)))
    s.ethereum = s.ethereum.push(c)
    s.young = REORGANISES


@action
def finalize(s: State) -> None:
    """Ethereum's newest checkpoint is in a finalised block."""
    require(s.young)
    s.young = False


@action(fault="reorg")
def reorg(s: State) -> None:
    """Ethereum takes its newest checkpoint back; the signatures stay, and anyone may submit again."""
    require(s.young)
    old = s.ethereum
    s.young = False
    s.ethereum = Seq()
    for i in range(BLOCKS):
        if i + 1 < len(old):
            s.ethereum = s.ethereum.push(old[i])


@action
def acknowledge(s: State) -> None:
    """Heimdall takes over what Ethereum has; if Ethereum's range ends elsewhere, Ethereum wins."""
    require(len(s.heimdall) < len(s.ethereum))
    require(len(s.heimdall) + 1 < len(s.ethereum) or not s.young or not ACK_AWAITS_FINALITY)
    landed = s.ethereum[len(s.heimdall)]
    waits = require_some(s.buffer).checkpoint
    require(waits.start == landed.start and (waits.end != landed.end or waits.root == landed.root))
    s.heimdall = s.heimdall.push(landed)
    s.buffer = None


@action(fault="false_ack")
def acknowledge_falsely(s: State, c: Checkpoint) -> None:
    """Someone acknowledges what Ethereum does not have, with the votes of the faulty if there must be votes."""
    require(not ACK_IS_COMPARED or (has_quorum(wilful(s))))
    require(s.buffer is not None and c.start == next_start(s.heimdall) and c.start <= c.end)
    s.heimdall = s.heimdall.push(c)
    s.buffer = None


@action(fault="governance")
def set_next_header_block(s: State, keep: Annotated[int, Range(0, BLOCKS)]) -> None:
    """The owner of RootChain deletes the checkpoints after the first so many."""
    require(keep < len(s.ethereum))
    old = s.ethereum
    s.ethereum = Seq()
    s.young = False
    for i in range(BLOCKS):
        if i < keep:
            s.ethereum = s.ethereum.push(old[i])


@action(fault="silence")
def fall_silent(s: State) -> None:
    """The faulty validators stop, for good."""
    require(len(s.faulty) > 0 and not s.silent)
    s.silent = True


def next_start(chain: Annotated[Seq[Checkpoint], Bound(BLOCKS)]) -> int:
    """The block after the last checkpoint."""
    return 1 if len(chain) == 0 else chain[len(chain) - 1].end + 1


def may_propose(s: State, start: int, end: int) -> bool:
    """Heimdall takes a proposal now: the buffer is empty or expired, and the block has no other."""
    free = s.buffer is None or s.buffer.expired
    return free and start <= end and len(s.proposed) < (1 if ONE_A_BLOCK else 2)


def may_buffer(s: State, c: Checkpoint) -> bool:
    """When the votes are counted, the proposal still continues the chain, and nothing is buffered."""
    return c.start == next_start(s.heimdall) and s.buffer is None


def wilful(s: State) -> FiniteSet[Validator]:
    """The validators that sign whatever they like."""
    return FiniteSet() if s.silent else s.faulty


def signers(s: State, c: Checkpoint) -> FiniteSet[Validator]:
    """Who has signed this data, or will when asked."""
    return s.signed[c] | wilful(s)


def yes_votes(s: State) -> FiniteSet[Validator]:
    """Who votes yes in the newest Heimdall block: those who sign what was proposed last."""
    return signers(s, s.proposed[len(s.proposed) - 1])


def keeps_signatures(s: State, over: Checkpoint | None) -> bool:
    """The votes of this block let Heimdall keep signatures over this data; None if no data has enough."""
    last = s.proposed[len(s.proposed) - 1]
    if over is None:
        return not has_quorum(s.signed[last])
    if SIGNATURES_NEED_QUORUM:
        return has_quorum(signers(s, last) if over == last else wilful(s))
    return over == last or weight_of(wilful(s)) > weight_of(s.signed[last])


def has_quorum(some: FiniteSet[Validator]) -> bool:
    """Enough validators, by their stake."""
    if not QUORUM_OF_STAKE:
        return len(some) >= quorum(VALIDATORS)
    return weight_of(some) >= quorum(total())


def total() -> int:
    """The weight of all validators."""
    return sum(weight(v) for v in range(1, VALIDATORS + 1))
