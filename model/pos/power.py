"""Two counts of the same stake: Ethereum's, which moves at once, and Heimdall's copy, which follows.

Every change of stake on Ethereum is an event, with a nonce for each validator.  Anyone relays it, and Heimdall
takes it by vote: a join counts from its epoch on, an exit until its epoch, an update at once.  Ethereum's
epoch is the number of checkpoints it has, Heimdall's the number it has acknowledged.  Here there is one
true root a round, so a signature is for the checkpoint of the round; a validator signs as a voter in Heimdall.
StakeManager; Heimdall x/stake (PostHandleMsg..., IsCurrentValidator, EndBlocker).
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
    state,
)
from interlock.model.pos.quorum import VALIDATORS, Validator, quorum

FOUNDERS: Final = 3  # the first so many validators have a stake of FOUNDING at the start
FOUNDING: Final = 1
FRESH: Final = 2  # what comes in one step
CHANGES: Final = 2  # events of stake on Ethereum
ROUNDS: Final = 2  # checkpoints
UNIT: Final = 1  # how much stake on Ethereum is one unit of power in Heimdall, which drops the rest
NONCE_IS_COMPARED: Final[bool] = True  # False: events are taken in any order (known to be unsafe)
EXIT_OUTLASTS_UPDATES: Final[bool] = True  # False: an update revives a validator that left (known to be unsafe)
LEAVERS_VOTE_IS_SKIPPED: Final[bool] = True  # False: the last vote of one that just left is a fatal error
ETHEREUM_AWAITS_RELAY: Final[bool] = False  # True: a repair; stake counts on Ethereum once Heimdall has it
CHANGES_AWAIT_ACK: Final[bool] = False  # True: Heimdall takes changes only with the next acknowledgement

MOST: Final = FOUNDING + CHANGES * FRESH
Stake = Annotated[int, Range(0, MOST)]
Epoch = Annotated[int, Range(0, ROUNDS + 2)]  # 0: none


class Kind(Enum):
    """What happened to a validator."""

    JOIN = auto()
    UPDATE = auto()
    SIGNER = auto()  # it signs with another key
    EXIT = auto()


@record
class Event:
    """A change of one validator on Ethereum."""

    kind: Kind
    validator: Validator
    stake: Stake
    epoch: Epoch  # when it happened; of an exit, the first epoch in which the stake does not count


@record
class Entry:
    """What Heimdall knows of a validator."""

    power: Stake
    starts: Epoch
    ends: Epoch  # 0: stays
    nonce: Annotated[int, Range(0, CHANGES)]


@state
class State:
    """Stake on Ethereum, the events of it, Heimdall's copy, and the checkpoint of the round."""

    stake: Map[Validator, Stake] = filled(0)
    ends: Map[Validator, Epoch] = filled(0)
    events: Annotated[Seq[Event], Bound(CHANGES)] = Seq()
    known: Map[Validator, Entry] = filled(Entry(0, 0, 0, 0))
    rekeyed: FiniteSet[Validator] = FiniteSet()  # their new key is known on Ethereum, and not in Heimdall
    epoch: Epoch = 1
    heimdall_epoch: Epoch = 1
    signed: FiniteSet[Validator] = FiniteSet()
    halted: bool = False  # Heimdall has stopped on an error


@initial
def found(s: State) -> None:
    """The founders have staked, and Heimdall knows it."""
    for v in range(1, FOUNDERS + 1):
        s.stake[v] = FOUNDING
        s.known[v] = Entry(FOUNDING // UNIT, 1, 0, 0)


@action
def join(s: State, v: Validator) -> None:
    """A new validator stakes."""
    require(len(s.events) < CHANGES and s.stake[v] == 0)
    s.stake[v] = FRESH
    s.events = s.events.push(Event(Kind.JOIN, v, FRESH, s.epoch))


@action
def delegate(s: State, v: Validator) -> None:
    """A delegator adds to a validator that stays."""
    require(len(s.events) < CHANGES and s.stake[v] > 0 and s.ends[v] == 0)
    s.stake[v] += FRESH
    s.events = s.events.push(Event(Kind.UPDATE, v, s.stake[v], s.epoch))


@action
def update_signer(s: State, v: Validator) -> None:
    """A validator changes its signer key: what it signed with the old one counts no more on Ethereum."""
    require(len(s.events) < CHANGES and s.stake[v] > 0 and s.ends[v] == 0 and v not in s.rekeyed)
    s.rekeyed |= {v}
    s.signed -= {v}
    s.events = s.events.push(Event(Kind.SIGNER, v, s.stake[v], s.epoch))


@action
def unstake(s: State, v: Validator) -> None:
    """A validator gives notice, and counts until the next checkpoint."""
    require(len(s.events) < CHANGES and s.stake[v] > 0 and s.ends[v] == 0)
    s.ends[v] = s.epoch + 1
    s.events = s.events.push(Event(Kind.EXIT, v, 0, s.epoch + 1))


@action
def undelegate_after_exit(s: State, v: Validator) -> None:
    """A delegator leaves a validator that has left; what is still there is announced like any stake."""
    require(len(s.events) < CHANGES and gone(s, v))
    s.events = s.events.push(Event(Kind.UPDATE, v, s.stake[v], s.epoch))


@action
def relay(s: State, number: Annotated[int, Range(0, CHANGES - 1)]) -> None:
    """Anyone shows Heimdall an event, which takes it if it is the validator's next."""
    require(not s.halted and number < len(s.events))
    e = s.events[number]
    was = s.known[e.validator]
    require(was.nonce + 1 == nonce(s, number) or not NONCE_IS_COMPARED)
    require(not CHANGES_AWAIT_ACK or e.kind == Kind.EXIT or s.heimdall_epoch > e.epoch)
    counted = power_of(s, e.validator) > 0
    if e.kind == Kind.JOIN:
        s.known[e.validator] = Entry(e.stake // UNIT, e.epoch, 0, nonce(s, number))
    elif e.kind == Kind.EXIT:
        s.known[e.validator] = evolve(was, ends=e.epoch, nonce=nonce(s, number))
    elif e.kind == Kind.SIGNER:
        s.known[e.validator] = evolve(was, nonce=nonce(s, number))
        s.rekeyed -= {e.validator}
    else:
        ends = was.ends if EXIT_OUTLASTS_UPDATES else 0
        s.known[e.validator] = evolve(was, power=e.stake // UNIT, ends=ends, nonce=nonce(s, number))
    s.halted = counted and power_of(s, e.validator) == 0 and not LEAVERS_VOTE_IS_SKIPPED


@action
def sign(s: State, v: Validator) -> None:
    """A validator votes in Heimdall for the checkpoint of the round; its signature is public, and good on Ethereum."""
    require(not s.halted and s.epoch == s.heimdall_epoch and power_of(s, v) > 0)
    require(v not in s.signed and v not in s.rekeyed)
    s.signed |= {v}


@action(fault="signs_outside")
def sign_outside(s: State, v: Validator) -> None:
    """A validator signs a checkpoint of its own that Heimdall never saw."""
    require(s.stake[v] > 0 and v not in s.signed)
    s.signed |= {v}


@action
def submit_checkpoint(s: State) -> None:
    """Anyone submits the checkpoint with the signatures there are; that starts Ethereum's next epoch."""
    require(s.epoch <= ROUNDS)
    require(weight(s, s.signed) >= quorum(weight(s, everyone())))
    require(not ETHEREUM_AWAITS_RELAY or caught_up(s))
    s.epoch += 1
    s.signed = FiniteSet()


@action
def acknowledge(s: State) -> None:
    """Heimdall takes over what Ethereum has; that starts its next epoch, and the leavers of it are gone."""
    require(not s.halted and s.heimdall_epoch < s.epoch)
    before = FiniteSet(v for v in everyone() if power_of(s, v) > 0)
    s.heimdall_epoch += 1
    s.halted = any(power_of(s, v) == 0 for v in before) and not LEAVERS_VOTE_IS_SKIPPED


def everyone() -> FiniteSet[Validator]:
    """All validators."""
    return FiniteSet(v for v in range(1, VALIDATORS + 1))


def gone(s: State, v: Validator) -> bool:
    """It has left, and the epoch of that has come on Ethereum."""
    return s.ends[v] > 0 and s.ends[v] <= s.epoch


def weight(s: State, some: FiniteSet[Validator]) -> int:
    """What some validators weigh on Ethereum."""
    return sum(0 if gone(s, v) else s.stake[v] for v in some)


def power_of(s: State, v: Validator) -> int:
    """What one validator weighs in Heimdall."""
    e = s.known[v]
    current = e.starts <= s.heimdall_epoch and (e.ends == 0 or e.ends > s.heimdall_epoch)
    return e.power if current else 0


def powers(s: State, some: FiniteSet[Validator]) -> int:
    """What some validators weigh in Heimdall."""
    return sum(power_of(s, v) for v in some)


def nonce(s: State, number: int) -> int:
    """Which one among the events of its validator an event is."""
    return sum(
        1 if n <= number and s.events[n].validator == s.events[number].validator else 0 for n in range(len(s.events))
    )


def caught_up(s: State) -> bool:
    """Heimdall has taken every event and every checkpoint."""
    return s.epoch == s.heimdall_epoch and all(
        s.known[v].nonce == sum(1 if e.validator == v else 0 for e in s.events) for v in everyone()
    )
