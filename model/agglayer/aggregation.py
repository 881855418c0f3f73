"""What the AggLayer does: pre-confirm, confirm, finalize jointly, eject; and stop, or equivocate.

A view is what the AggLayer tells some of the chains.  View 1 is the honest one; the others come only
with the fault.  Whatever the AggLayer says, it cannot make up a proof, and the circuit and the
contract check what it aggregates: they are `joins`.
"""

from typing import Final

from interlock import Enum, FiniteSet, action, auto, require
from interlock.model.agglayer.chains import EJECTION, Ejection, extends_head, opted_out
from interlock.model.agglayer.headers import (
    Chain,
    Header,
    Stage,
    State,
    View,
    built,
    confirmed,
    misbehaved,
    needs,
    other,
)


class ConfirmRule(Enum):
    """What the AggLayer asks of the dependencies of a header before it confirms it."""

    CONFIRMED = auto()  # each is confirmed in the same view, or final
    CONFIRMED_SOMEWHERE = auto()  # in whatever view; known to be wrong
    PRECONFIRMED = auto()  # known to be wrong
    NOTHING = auto()  # known to be wrong


CONFIRM_RULE: Final[ConfirmRule] = ConfirmRule.CONFIRMED
JOINT_CONFIRMATION: Final[bool] = False  # True: headers that rely on one another are confirmed together
KEEPS_ONE_SIBLING: Final[bool] = True  # False: an honest AggLayer pre-confirms both
PROOF_REQUIRED: Final[bool] = True  # False: neither confirmation nor the circuit asks for proofs (known to be unsafe)
CIRCUIT_CHECKS_DEPENDENCIES: Final[bool] = True  # False: known to be unsafe
CIRCUIT_REFUSES_SIBLINGS: Final[bool] = True  # False: known to be unsafe
STOPS_FOR_GOOD: Final[bool] = False  # True: an AggLayer that has stopped never resumes


@action
def preconfirm(s: State, h: Header) -> None:
    """The AggLayer takes a header, and tells everyone; it cannot know yet whether the block is valid."""
    require(may_preconfirm(s, 1, h))
    s.stage[1][h] = Stage.PRECONFIRMED


@action(fault="agglayer_equivocates")
def preconfirm_aside(s: State, view: View, h: Header) -> None:
    """The AggLayer tells some of the chains that it has taken a header."""
    require(view != 1 and may_preconfirm(s, view, h))
    s.stage[view][h] = Stage.PRECONFIRMED


@action
def confirm(s: State, h: Header) -> None:
    """The AggLayer has the proof, and has confirmed all that the header relies on."""
    require(may_confirm(s, 1, h))
    s.stage[1][h] = Stage.CONFIRMED


@action(fault="agglayer_equivocates")
def confirm_aside(s: State, view: View, h: Header) -> None:
    """The AggLayer confirms a header to some of the chains."""
    require(view != 1 and may_confirm(s, view, h))
    s.stage[view][h] = Stage.CONFIRMED


@action
def confirm_jointly(s: State, one: Header, two: Header) -> None:
    """The AggLayer confirms two headers that rely on each other, once it has both proofs."""
    require(JOINT_CONFIRMATION and not s.stopped)
    require(one in s.deps[two] and two in s.deps[one])
    require(awaits_confirmation(s, 1, one) and awaits_confirmation(s, 1, two))
    require(all(d in (one, two) or settled_in(s, 1, d) for d in needs(s, one) | needs(s, two)))
    s.stage[1][one] = Stage.CONFIRMED
    s.stage[1][two] = Stage.CONFIRMED


@action
def finalize(s: State, batch: FiniteSet[Header]) -> None:
    """One aggregated proof makes a set of confirmed headers final, in one step on Ethereum."""
    require(not s.stopped and len(batch) > 0)
    require(all(joins(s, batch, h) for h in batch))
    s.final |= batch


@action(fault="eject")
def eject(s: State, c: Chain) -> None:
    """The AggLayer ejects a chain, on evidence that it misbehaved."""
    require(c not in s.ejected and misbehaved(s, c))
    s.ejected |= {c}


@action(fault="agglayer_stops")
def stop(s: State) -> None:
    """The AggLayer crashes, or withholds."""
    require(not s.stopped)
    s.stopped = True


@action
def resume(s: State) -> None:
    """The AggLayer goes on."""
    require(s.stopped and not STOPS_FOR_GOOD)
    s.stopped = False


def may_preconfirm(s: State, view: View, h: Header) -> bool:
    """The header is new to this view, its chain is in, and its sibling is not taken."""
    fresh = built(s, h) and h not in s.final and s.stage[view][h] == Stage.NONE and not s.stopped
    taken = s.stage[view][other(h)] != Stage.NONE or other(h) in s.final
    return fresh and not opted_out(s, h.chain) and h.chain not in s.ejected and not (KEEPS_ONE_SIBLING and taken)


def may_confirm(s: State, view: View, h: Header) -> bool:
    """Proven, and everything it relies on is as far as the rule asks."""
    if s.stopped or not awaits_confirmation(s, view, h):
        return False
    if CONFIRM_RULE == ConfirmRule.NOTHING:
        return True
    if CONFIRM_RULE == ConfirmRule.CONFIRMED_SOMEWHERE:
        return all(confirmed(s, d) or d in s.final for d in needs(s, h))
    if CONFIRM_RULE == ConfirmRule.PRECONFIRMED:
        return all(s.stage[view][d] != Stage.NONE or d in s.final for d in needs(s, h))
    return all(settled_in(s, view, d) for d in needs(s, h))


def awaits_confirmation(s: State, view: View, h: Header) -> bool:
    """Pre-confirmed in this view, and proven."""
    proven = s.proof[h] or not PROOF_REQUIRED
    return s.stage[view][h] == Stage.PRECONFIRMED and proven and not barred(s, h)


def settled_in(s: State, view: View, h: Header) -> bool:
    """Confirmed in this view, or final."""
    return s.stage[view][h] == Stage.CONFIRMED or h in s.final


def joins(s: State, batch: FiniteSet[Header], h: Header) -> bool:
    """The circuit and the contract accept the header as one of the batch."""
    proven = s.proof[h] or not PROOF_REQUIRED
    after = s.final | batch
    sound = s.deps[h] <= after or not CIRCUIT_CHECKS_DEPENDENCIES
    alone = other(h) not in batch or not CIRCUIT_REFUSES_SIBLINGS
    fresh = confirmed(s, h) and h not in s.final and not barred(s, h)
    return fresh and proven and sound and alone and extends_head(s, after, h)


def barred(s: State, h: Header) -> bool:
    """Hard ejection has taken the header out."""
    return EJECTION == Ejection.HARD and h.chain in s.ejected
