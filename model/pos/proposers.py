"""Whose turn is it to propose a checkpoint, and what if that validator is silent?

The turn goes round; Heimdall's rotation by weight is abstracted to the plain one.  A period is 1000 s.  After n
periods without a checkpoint each of the next n validators may send a no-ack, once a period, which passes
the turn on by one.  Heimdall must be alive for that: a quorum takes part.
Heimdall x/checkpoint: MsgCheckpoint, MsgCpNoAck (CheckpointNoAck).
"""

from typing import Annotated, Final

from interlock import FiniteSet, Range, action, initial, require, state
from interlock.model.pos.quorum import VALIDATORS, Validator, quorum, weight, weight_of

FAULTY_WEIGHT: Final = 1
NO_ACKS: Final[bool] = True  # False: no one can pass the turn on
SENDER_IS_NEXT: Final[bool] = True  # False: anyone may send a no-ack (known to be unsafe)


@state
class State:
    """The proposer, and how long it has kept everyone waiting."""

    faulty: FiniteSet[Validator] = FiniteSet()
    silent: bool = False  # the faulty have stopped, for good
    proposer: Validator = 1
    periods: Annotated[int, Range(0, VALIDATORS)] = 0  # since the last checkpoint, or as many as matter
    rested: bool = True  # a period has gone by since the last no-ack
    passed_by: Validator | None = None  # who sent the last no-ack since the last checkpoint


@initial
def corrupt(s: State, faulty: FiniteSet[Validator]) -> None:
    """Some validators of that weight are faulty."""
    require(weight_of(faulty) == FAULTY_WEIGHT)
    s.faulty = faulty


@action
def wait(s: State) -> None:
    """A period goes by."""
    s.periods = min(s.periods + 1, VALIDATORS)
    s.rested = True


@action
def checkpoint(s: State) -> None:
    """The proposer's checkpoint is accepted, lands and is acknowledged; the turn goes on."""
    require(takes_part(s, s.proposer) and alive(s))
    s.proposer = following(s.proposer)
    s.periods = 0
    s.passed_by = None


@action
def send_no_ack(s: State, v: Validator) -> None:
    """A validator complains that nothing has come, and the turn goes on."""
    require(NO_ACKS and takes_part(s, v) and alive(s))
    require(s.periods > 0 and s.rested)
    require(in_line(s, v) or (not SENDER_IS_NEXT and v in s.faulty))
    s.proposer = following(s.proposer)
    s.rested = False
    s.passed_by = v


@action(fault="silence")
def fall_silent(s: State) -> None:
    """The faulty validators stop, for good."""
    require(len(s.faulty) > 0 and not s.silent)
    s.silent = True


def following(v: Validator) -> int:
    """The validator after this one."""
    return 1 if v == VALIDATORS else v + 1


def in_line(s: State, v: Validator) -> bool:
    """It is one of the next validators, as many as periods have gone by."""
    ahead = (v - s.proposer + VALIDATORS) % VALIDATORS
    return ahead > 0 and ahead <= s.periods


def takes_part(s: State, v: Validator) -> bool:
    """It is honest, or not silent yet."""
    return v not in s.faulty or not s.silent


def alive(s: State) -> bool:
    """Heimdall makes blocks."""
    taking_part = FiniteSet(v for v in range(1, VALIDATORS + 1) if takes_part(s, v))
    return weight_of(taking_part) >= quorum(sum(weight(v) for v in range(1, VALIDATORS + 1)))
