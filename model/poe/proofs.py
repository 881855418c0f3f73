"""What the contract takes for a proof, and whom it pays: sequence, prove, race, come late, copy.

The design of the Proof of Efficiency post, ethresear.ch, February 2022: anyone posts batches and pays a
fee for each, anyone proves runs of them, the first valid proof takes the fees.  What a proof is worth is
what its statement binds; the post does not say what that is, so it is a switch (`BINDS`).
Left out: gas, time, the content of transactions beyond what it does to the root, forced batches
(`forced.py`), pending states (`settlement.py`).
"""

from typing import Annotated, Final

from interlock import (
    Bound,
    Enum,
    FiniteSet,
    Map,
    Range,
    Scalarset,
    Seq,
    action,
    auto,
    filled,
    record,
    require,
    require_some,
    state,
)


class Op(Enum):
    """What the transactions of a batch do to the root."""

    UP = auto()
    LEAP = auto()
    DOWN = auto()  # what undoes an UP: roots may repeat
    NOOP = auto()  # invalid or duplicated transactions: proved, without effect
    POISON = auto()  # the nodes execute it, the prover cannot


class Binds(Enum):
    """What the statement of a proof says of the batches that it proves."""

    BATCHES = auto()  # which ones: their numbers, or the hash of their data
    COUNT = auto()  # how many, beside the two roots
    ROOTS = auto()  # nothing beside the two roots


class L2Fees(Enum):
    """Who collects the fees that users pay on L2: the post says both."""

    SEQUENCER = auto()
    SHARED = auto()  # the aggregator takes a part


BATCHES: Final = 3
RUN: Final = 2  # a proof covers at most so many batches: 1 in the first contracts, later 1000
ROOTS: Final = 4  # roots are counted modulo this, so they may repeat
DEAREST: Final = 6
AGGREGATORS: Final = 2
SEQUENCERS: Final = 1
BINDS: Final[Binds] = Binds.BATCHES
CHECKS_START: Final[bool] = True  # False: a proof may start from any root (known to be unsafe)
CHECKS_NEW: Final[bool] = True  # False: a late proof is paid too (known to be unsafe)
PROVES_POSTED_ONLY: Final[bool] = True  # the post's premise; False: a prover may make up a batch
PAYEE_BOUND: Final[bool] = True  # False: the statement does not name whom to pay
AVERAGES: Final[bool] = False  # True: a batch pays the average of all that await, not its own fee
NO_CHANGE_REVERTS: Final[bool] = False  # True: "no new state, revert", taken to the letter
BOOT: Final[bool] = True  # someone proves whatever it pays; False: only who is paid `COST`
COST: Final = 0
L2_FEES: Final[L2Fees] = L2Fees.SEQUENCER

Root = Annotated[int, Range(0, ROOTS - 1)]
Number = Annotated[int, Range(0, BATCHES)]
Fee = Annotated[int, Range(0, DEAREST)]
Money = Annotated[int, Range(0, 3 * BATCHES * DEAREST)]

OPS: Final[FiniteSet[Op]] = FiniteSet({Op.UP})
FEES: Final[FiniteSet[Fee]] = FiniteSet({1})


class Sequencer(Scalarset, size=SEQUENCERS):
    """Whoever posts batches."""


class Aggregator(Scalarset, size=AGGREGATORS):
    """Whoever proves."""


@record
class Batch:
    """A batch on L1: its content, the fee deposited for it, and whose it is."""

    op: Op
    fee: Fee
    by: Sequencer


@record
class Proof:
    """A proof: who made it, the roots it joins, the batches init+1..final, and what a faulty prover adds."""

    maker: Aggregator
    old: Root
    new: Root
    init: Number
    final: Number
    posted: bool  # it is about batches on L1
    gift: Sequencer | None = None  # credited without cause


@state
class State:
    """L1, and the transactions with proofs that everyone sees in the mempool."""

    batch: Annotated[Seq[Batch], Bound(BATCHES)] = Seq()
    verified: Number = 0
    root: Root = 0  # the settled root
    sent: Map[Aggregator, Proof | None] = filled(None)
    paid: Map[Aggregator, Money] = filled(0)
    owed: Map[Aggregator, Money] = filled(0)  # the fees of the batches that each verified
    earned: Map[Aggregator, Money] = filled(0)  # what was paid for the proofs that each made
    credited: Map[Sequencer, Annotated[int, Range(0, 3 * BATCHES)]] = filled(0)  # the fees of L2
    in_order: bool = True  # each batch was proved once, after the one before it
    paid_late: bool = False


@action
def sequence(s: State, by: Sequencer, op: Op, fee: Fee) -> None:
    """Anyone posts a batch, and deposits its fee."""
    require(len(s.batch) < BATCHES and op in OPS and fee in FEES)
    s.batch = s.batch.push(Batch(op, fee, by))


@action
def prove(s: State, a: Aggregator, init: Number, final: Number) -> None:
    """An aggregator proves a run of batches, and sends the proof to the contract."""
    require(may_prove(s, a, init, final) and (BOOT or fees(s, init, final) >= COST))
    s.sent[a] = Proof(a, virtual(s, init), virtual(s, final), init, final, True)


@action(fault="unsound_prover")
def prove_falsely(s: State, a: Aggregator, init: Number, final: Number, new: Root) -> None:
    """The proof system accepts a wrong root."""
    require(may_prove(s, a, init, final) and new != virtual(s, final))
    s.sent[a] = Proof(a, virtual(s, init), new, init, final, True)


@action(fault="unsound_credit")
def prove_with_gift(s: State, a: Aggregator, init: Number, final: Number, gift: Sequencer) -> None:
    """The proof system accepts a balance that no fee was paid for."""
    require(may_prove(s, a, init, final))
    s.sent[a] = Proof(a, virtual(s, init), virtual(s, final), init, final, True, gift)


@action(fault="false_start")
def prove_from(s: State, a: Aggregator, init: Number, final: Number, old: Root) -> None:
    """A sound proof of posted batches, applied to a root that was never theirs."""
    require(may_prove(s, a, init, final) and old != virtual(s, init))
    s.sent[a] = Proof(a, old, applied(s, old, init, final), init, final, True)


@action(fault="made_up_batch")
def prove_made_up(s: State, a: Aggregator, op: Op) -> None:
    """A sound proof of a batch that nobody posted."""
    require(not PROVES_POSTED_ONLY and s.sent[a] is None and s.verified < BATCHES and op in OPS)
    s.sent[a] = Proof(a, s.root, effect(op, s.root), s.verified, s.verified + 1, False)


@action(fault="copy")
def copy_proof(s: State, a: Aggregator, victim: Aggregator) -> None:
    """An aggregator takes a proof from the mempool, and its own transaction comes first."""
    require(a != victim and s.sent[a] is None)
    s.sent[a] = require_some(s.sent[victim])


@action
def verify(s: State, a: Aggregator, final: Number) -> None:
    """The contract accepts a proof, moves on to `final`, and pays whoever sent it."""
    p = require_some(s.sent[a])
    require(accepts(s, a, p, final))
    reward = payout(s, final)
    in_order = s.in_order and p.posted and p.init == s.verified and p.final == final and p.old == s.root
    s.paid[a] += reward
    s.owed[a] += fees(s, s.verified, final)
    s.earned[p.maker] += reward
    for k in range(BATCHES):
        if s.verified <= k < final:
            s.credited[s.batch[k].by] += 2 if L2_FEES == L2Fees.SEQUENCER else 1
    gift = p.gift
    if gift is not None:
        s.credited[gift] += 1
    s.root = p.new
    s.verified = final
    s.in_order = in_order
    s.sent[a] = None


@action
def pay_late(s: State, a: Aggregator) -> None:
    """A contract that does not ask whether the proof brings a new state pays for it again; once is enough here."""
    p = require_some(s.sent[a])
    require(not CHECKS_NEW and not s.paid_late and p.final <= s.verified)
    s.paid_late = True
    s.paid[a] += fees(s, p.init, p.final)
    s.earned[p.maker] += fees(s, p.init, p.final)
    s.sent[a] = None


@action
def revert(s: State, a: Aggregator) -> None:
    """A transaction whose proof comes late, or is refused, costs gas and the work; nothing else changes."""
    p = require_some(s.sent[a])
    require(not any(accepts(s, a, p, final) for final in range(BATCHES + 1)))
    s.sent[a] = None


def may_prove(s: State, a: Aggregator, init: Number, final: Number) -> bool:
    """The run is posted, not too long, and the prover can handle it; one transaction of each at a time."""
    return (
        s.sent[a] is None
        and init < final <= len(s.batch)
        and final - init <= RUN
        and not any(s.batch[k].op == Op.POISON for k in range(BATCHES) if init <= k < final)
    )


def accepts(s: State, a: Aggregator, p: Proof, final: int) -> bool:
    """The contract's check of a proof, sent by `a`, that is to verify the batches up to `final`."""
    return (
        final <= len(s.batch)
        and final - s.verified <= RUN
        and final > s.verified
        and (p.old == s.root or not CHECKS_START)
        and binds(s, p, final)
        and (p.maker == a or not PAYEE_BOUND)
        and (p.new != s.root or not NO_CHANGE_REVERTS)
    )


def binds(s: State, p: Proof, final: int) -> bool:
    """The statement is about the batches that the transaction claims, as far as it says."""
    if BINDS == Binds.ROOTS:
        return True
    if BINDS == Binds.COUNT:
        return p.final - p.init == final - s.verified
    return p.posted and p.final == final and (p.init == s.verified or not CHECKS_START)


def effect(op: Op, root: int) -> int:
    """What a batch does to a root."""
    if op == Op.UP:
        return (root + 1) % ROOTS
    if op == Op.LEAP:
        return (root + 2) % ROOTS
    if op == Op.DOWN:
        return (root + ROOTS - 1) % ROOTS
    return root


def applied(s: State, old: int, init: int, final: int) -> int:
    """The root after the posted batches init+1..final, from `old`."""
    root = old
    for k in range(BATCHES):
        if init <= k < final:
            root = effect(s.batch[k].op, root)
    return root


def virtual(s: State, final: int) -> int:
    """The virtual state: the root after the first batches, as every node computes it."""
    return applied(s, 0, 0, final)


def fees(s: State, init: int, final: int) -> int:
    """The fees deposited for the batches init+1..final."""
    return sum(s.batch[k].fee for k in range(BATCHES) if init <= k < final)


def deposited(s: State) -> int:
    """All fees deposited so far."""
    return sum(b.fee for b in s.batch)


def pool(s: State) -> int:
    """What the contract holds."""
    return deposited(s) - sum(s.paid[a] for a in Aggregator)


def payout(s: State, final: Number) -> int:
    """The reward for verifying up to `final`."""
    if AVERAGES:
        return pool(s) // (len(s.batch) - s.verified) * (final - s.verified)
    return fees(s, s.verified, final)
