"""Does a silent proposer lose its turn (L2), and only to the validator who is next (M21)?"""

from typing import Final

from interlock import Finding, Holds, Violated, check, claim, reachable, recoverable, step
from interlock.model.pos import proposers
from interlock.model.pos.proposers import State


@recoverable
def an_honest_validator_gets_the_turn(s: State) -> bool:
    """L2: whoever is silent, an honest validator can still have the turn."""
    return s.proposer not in s.faulty


@step
def the_first_no_ack_is_from_the_next(old: State, new: State) -> bool:
    """L2: in the first period the turn is not passed on by one who is neither next nor has it."""
    passed = new.proposer != old.proposer and new.passed_by is not None
    return not passed or old.periods > 1 or new.passed_by in (old.proposer, new.proposer)


@step
def one_no_ack_a_period(old: State, new: State) -> bool:
    """L2: in one period the turn is passed on once at most."""
    passed = new.proposer != old.proposer and new.passed_by is not None
    return not passed or old.rested


@reachable
def a_silent_one_is_passed_over(s: State) -> bool:
    """An honest validator has the turn, because another one complained."""
    return s.silent and s.proposer not in s.faulty and s.passed_by is not None


SILENCE: Final = {"silence"}

check("four, 1 faulty", proposers, faults=SILENCE, expect=Holds(distinct=672, depth=9))
check(
    "seven, 2 faulty",
    proposers,
    {"VALIDATORS": 7, "FAULTY_WEIGHT": 2},
    faults=SILENCE,
    expect=Holds(distinct=16758, depth=15),
)
check(
    "four, 2 faulty may stop",
    proposers,
    {"FAULTY_WEIGHT": 2},
    faults=SILENCE,
    properties=(an_honest_validator_gets_the_turn,),
    expect=Violated(an_honest_validator_gets_the_turn, steps=1, distinct=1008),
)
check(
    "six, 2 faulty may stop",
    proposers,
    {"VALIDATORS": 6, "FAULTY_WEIGHT": 2},
    faults=SILENCE,
    properties=(an_honest_validator_gets_the_turn,),
    expect=Violated(an_honest_validator_gets_the_turn, steps=1, distinct=7740),
)
check(
    "one heavy of four, 1 faulty",
    proposers,
    {"LAST_WEIGHT": 3},
    faults=SILENCE,
    expect=Holds(distinct=504, depth=9),
)
check(
    "one heavy of four, 2 faulty may stop",
    proposers,
    {"LAST_WEIGHT": 3, "FAULTY_WEIGHT": 2},
    faults=SILENCE,
    properties=(an_honest_validator_gets_the_turn,),
    expect=Violated(an_honest_validator_gets_the_turn, steps=1, distinct=504),
)
check(
    "four, no no-acks",
    proposers,
    {"NO_ACKS": False},
    faults=SILENCE,
    properties=(an_honest_validator_gets_the_turn,),
    expect=Violated(an_honest_validator_gets_the_turn, steps=1, distinct=160),
    about="No incident: what the no-ack is for.",
)
check(
    "M21 a no-ack from anyone",
    proposers,
    {"SENDER_IS_NEXT": False},
    properties=(the_first_no_ack_is_from_the_next,),
    expect=Violated(the_first_no_ack_is_from_the_next, steps=2, distinct=388),
    about="Fixed in Heimdall in 2023: any validator could send the no-ack that takes the turn from the proposer.",
)
check(
    "M21 the turn goes round all the same",
    proposers,
    {"SENDER_IS_NEXT": False},
    faults=SILENCE,
    properties=(an_honest_validator_gets_the_turn, a_silent_one_is_passed_over),
    expect=Holds(distinct=776, depth=9),
    about="The same: it is fairness among proposers that was lost, and no checkpoint.",
)

claim(
    "L2",
    source="Heimdall x/checkpoint, MsgCpNoAck",
    says="After 1000 s without a checkpoint one of the next proposers sends a no-ack, and the turn goes on.",
    finding=Finding.CONFIRMED,
    decided_by=(
        "four, 1 faulty",
        "seven, 2 faulty",
        "four, 2 faulty may stop",
        "six, 2 faulty may stop",
        "one heavy of four, 1 faulty",
        "one heavy of four, 2 faulty may stop",
        "four, no no-acks",
        "M21 a no-ack from anyone",
        "M21 the turn goes round all the same",
    ),
    because="Below T - Q(T) + 1 of silent weight, from every state an honest validator can have the turn, also past "
    "two silent ones in a row; at that weight Heimdall makes no block to put the no-ack in. Rotation by weight is "
    "replaced by the plain one, and time by periods.",
)
