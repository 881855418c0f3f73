"""Do Ethereum and Heimdall count the same stake (S17, S2 in Heimdall), and does a difference stop them (L6, L1)?"""

from typing import Final

from interlock import Finding, Holds, Violated, always, check, claim, reachable, recoverable, step
from interlock.model.pos import power
from interlock.model.pos.power import ROUNDS, UNIT, State, caught_up, everyone, gone, power_of, powers, weight
from interlock.model.pos.quorum import Validator, quorum


@step
def accepted_is_approved(old: State, new: State) -> bool:
    """S17: whatever Ethereum accepts has the signatures of a quorum by Heimdall's count."""
    return new.epoch == old.epoch or powers(old, old.signed) >= quorum(powers(old, everyone()))


@always
def copy_is_exact(s: State, v: Validator) -> bool:
    """S2 in Heimdall: once it has caught up, a validator weighs there what it weighs on Ethereum."""
    return not caught_up(s) or power_of(s, v) == (0 if gone(s, v) else s.stake[v] // UNIT)


@recoverable
def checkpoints_go_on(s: State) -> bool:
    """L6, L1: from every state the remaining checkpoints can be made and acknowledged."""
    return s.epoch > ROUNDS and s.heimdall_epoch > ROUNDS


@reachable
def ethereum_refuses_what_heimdall_approves(s: State) -> bool:
    """Everyone whom Heimdall counts has signed who can, and fresh stake or a fresh key is missing on Ethereum."""
    return all(v in s.signed or v in s.rekeyed or power_of(s, v) == 0 for v in everyone()) and weight(
        s, s.signed
    ) < quorum(weight(s, everyone()))


@reachable
def a_validator_is_gone(s: State, v: Validator) -> bool:
    """A validator that counted does not any more, on both sides, and some of its stake is still there."""
    return caught_up(s) and gone(s, v) and s.stake[v] > 0


REPAIRED: Final = {"ETHEREUM_AWAITS_RELAY": True}

check(
    "the copy follows, and checkpoints go on",
    power,
    properties=(copy_is_exact, checkpoints_go_on, ethereum_refuses_what_heimdall_approves, a_validator_is_gone),
    expect=Holds(distinct=28090, depth=18),
)

# S17: stake counts on Ethereum at once.
check(
    "fresh delegation carries a checkpoint that Heimdall does not approve",
    power,
    properties=(accepted_is_approved,),
    expect=Violated(accepted_is_approved, steps=4, distinct=28090),
)
check(
    "a fresh validator decides alone on Ethereum",
    power,
    {"FRESH": 7, "CHANGES": 1},
    faults={"signs_outside"},
    properties=(accepted_is_approved,),
    expect=Violated(accepted_is_approved, steps=3, distinct=2512),
)
check(
    "Ethereum waits for Heimdall",
    power,
    REPAIRED,
    faults={"signs_outside"},
    properties=(accepted_is_approved, copy_is_exact, a_validator_is_gone),
    expect=Holds(distinct=37184, depth=18),
    about="A repair that was not made: nothing is submitted while an event of stake is under way.",
)
check(
    "Ethereum waits for Heimdall, checkpoints go on",
    power,
    REPAIRED,
    properties=(accepted_is_approved, checkpoints_go_on, a_validator_is_gone),
    expect=Holds(distinct=17803, depth=18),
)
check(
    "whole tokens in Heimdall, parts of them on Ethereum",
    power,
    {**REPAIRED, "UNIT": 2, "FOUNDING": 2, "FRESH": 1, "CHANGES": 1},
    properties=(accepted_is_approved,),
    expect=Violated(accepted_is_approved, steps=5, distinct=744),
    about="Heimdall divides by 10^18 and drops the rest (GetPowerFromAmount), Ethereum counts all: near the bound two "
    "signers of three are enough here and not there, even when nothing is under way.",
)

# The known-bad variants.
check(
    "M9 the last vote of one that left is fatal",
    power,
    {"LEAVERS_VOTE_IS_SKIPPED": False},
    properties=(checkpoints_go_on,),
    expect=Violated(checkpoints_go_on, steps=2, distinct=27808),
    about="30 July 2025: as reported, Heimdall stood still for about an hour after a validator had left.",
)
check(
    "M12 an update revives one that left",
    power,
    {"EXIT_OUTLASTS_UPDATES": False},
    properties=(copy_is_exact,),
    expect=Violated(copy_is_exact, steps=9, distinct=28090),
    about="Phantom power: a stake update handled after a validator's exit; fixed in Heimdall's Zurich upgrade, 2026.",
)
check(
    "events in any order",
    power,
    {"NONCE_IS_COMPARED": False},
    properties=(copy_is_exact,),
    expect=Violated(copy_is_exact, steps=3, distinct=30473),
    about="No incident: what the nonce of each validator is for.",
)
check(
    "changes wait for the next acknowledgement",
    power,
    {"CHANGES_AWAIT_ACK": True},
    properties=(checkpoints_go_on,),
    expect=Violated(checkpoints_go_on, steps=2, distinct=12910),
    about="No incident: a rule that Heimdall does not have. If fresh stake is needed for the checkpoint on Ethereum "
    "and may sign only after it has been acknowledged, both wait for ever.",
)

claim(
    "S17",
    source="Polygon PoS architecture page, Heimdall, checkpoints",
    says="Validators vote in Heimdall on a checkpoint, and the proposer publishes it on Ethereum once it has a quorum. "
    "We read it as: what lands has a quorum in Heimdall.",
    finding=Finding.UNSTATED_CONDITION,
    decided_by=(
        "fresh delegation carries a checkpoint that Heimdall does not approve",
        "a fresh validator decides alone on Ethereum",
        "Ethereum waits for Heimdall",
        "Ethereum waits for Heimdall, checkpoints go on",
        "whole tokens in Heimdall, parts of them on Ethereum",
    ),
    because="Ethereum checks its own quorum, of stake that counts at once, and Heimdall's follows. As long as both "
    "agree, what lands has a quorum in Heimdall; while an event is under way it need not. Whoever adds two thirds of "
    "all stake can sign alone before Heimdall knows, and is then above the bound of S3 as well, on the side that "
    "counts: this is why S3 counts faulty stake on Ethereum at submission. How much stake that is, and who may join, "
    "are economic limits that are not modelled. Four validators, up to two events.",
)
claim(
    "S2 in Heimdall",
    source="Heimdall x/stake, PostHandleMsgStakeUpdate, SignerUpdate, ValidatorExit; IsCurrentValidator",
    says="Heimdall takes each event of a validator once, in the order of its nonce, and drops it after its last epoch.",
    finding=Finding.CONFIRMED,
    decided_by=(
        "the copy follows, and checkpoints go on",
        "M12 an update revives one that left",
        "events in any order",
    ),
    because="Once every event and checkpoint is taken over, the powers are the stakes. That an update clears the end "
    "of a validator is our encoding of the phantom power; the report that we have names the cause and not the code. "
    "Votes on events are taken as honest: from Q(T) on, faulty power in Heimdall decides what an event says.",
)
claim(
    "L6",
    source="StakeManager and Heimdall x/stake together",
    says="Fresh stake on Ethereum and Heimdall's set come together again.",
    finding=Finding.CONFIRMED,
    decided_by=(
        "the copy follows, and checkpoints go on",
        "changes wait for the next acknowledgement",
        "whole tokens in Heimdall, parts of them on Ethereum",
    ),
    because="No document that we know states it; it is what L1 needs. Ethereum can refuse a checkpoint that everyone "
    "in Heimdall has signed, and from every such state the events can be relayed and the rest sign. This rests on "
    "changes of power that take effect without a checkpoint in between, as the code has it. All are honest here.",
)
claim(
    "L1 halt by a leaver",
    source="Heimdall, the fix that followed the halt of 30 July 2025",
    says="A vote of a validator that has left the set is no error.",
    finding=Finding.CONFIRMED,
    decided_by=("the copy follows, and checkpoints go on", "M9 the last vote of one that left is fatal"),
    because="With the vote skipped checkpoints go on; with the error the first exit stops Heimdall for good, without "
    "any faulty weight. In the field people restarted it within about an hour; a restart is not modelled.",
)
