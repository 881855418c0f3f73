"""Is every coin on Bor covered by one on L1 (S12), and can validators change what somebody owns (S13)?

Forks of Bor are left out, and with them a coin that is burnt on two (S19), for which less faulty weight can be enough.
What holds here for 4 faulty of 6 holds on one chain.
"""

from typing import Final

from interlock import Finding, Holds, Violated, always, check, claim, reachable
from interlock.model.pos import backing
from interlock.model.pos.backing import Burn, Exit, Id, Owner, State, Sync, claims, wealth


@always
def backed(s: State) -> bool:
    """S12: locked on L1 = on Bor + burnt and not paid + locked and not minted (failed and emptied included)."""
    return s.locked == claims(s)


@always
def supply_is_conserved(s: State) -> bool:
    """S12 for mintable tokens: the supply over both chains grows only by what the token mints on Bor."""
    return sum(wealth(s, who) for who in Owner) == 3 + s.native


@always
def balances_are_the_owners_doing(s: State, who: Owner) -> bool:
    """S13: where nobody transfers anything, each owner has what she began with, on whatever side."""
    return wealth(s, who) == (2 if who == Owner.USER else 1)


@always
def the_user_is_covered(s: State) -> bool:
    """S13, the loss: the escrow can pay for what the user has on Bor and in between."""
    return s.locked >= wealth(s, Owner.USER) - s.here[Owner.USER]


@reachable
def a_coin_goes_round(s: State, i: Id, b: Burn) -> bool:
    """A coin is deposited and minted, and one is burnt and paid."""
    return s.sync[i] == Sync.MINTED and s.exit[b] == Exit.PAID and s.locked == 1


@reachable
def a_message_is_replayed(s: State, i: Id) -> bool:
    """A message fails, and is minted later."""
    return s.sync[i] == Sync.REPLAYED


SAFETY: Final = (backed, supply_is_conserved, the_user_is_covered)
WITNESSES: Final = (a_coin_goes_round, a_message_is_replayed)
TWO: Final = {"DEPOSITS": 2, "BURNS": 2}

check(
    "S12 a lock/unlock token",
    backing,
    {**TWO, "TRANSFERS": True},
    faults={"reorg", "overlong", "failed_call", "false_record", "false_root"},
    properties=(backed, supply_is_conserved, *WITNESSES),
    expect=Holds(distinct=7242, depth=18),
)
check(
    "S12 a mintable token",
    backing,
    {"BURNS": 2, "MINTABLE": True},
    faults={"reorg", "overlong", "failed_call", "false_record", "false_root"},
    properties=(supply_is_conserved, *WITNESSES),
    expect=Holds(distinct=9282, depth=17),
)
check(
    "S12 the escrow of a mintable token covers less",
    backing,
    {"MINTABLE": True},
    properties=(backed,),
    expect=Violated(backed, steps=1, distinct=470),
    about="Not a flaw: such a token is minted on Bor first, and L1 mints what an exit lacks. It is why its supply over "
    "both chains is what counts.",
)

# Each of S7, S8, S10 and S11 is needed, and so is that only the bridge mints.
check(
    "S12 without S7",
    backing,
    {"DEPOSITS_ARE_FINAL": False},
    faults={"reorg"},
    properties=(backed,),
    expect=Violated(backed, steps=4, distinct=63),
)
check(
    "S12 without S8",
    backing,
    {"REPLAYS_ONCE": False},
    faults={"failed_call"},
    properties=(backed,),
    expect=Violated(backed, steps=5, distinct=94),
)
check(
    "S12 without S10",
    backing,
    {"BURNS_ARE_REAL": False},
    properties=(backed,),
    expect=Violated(backed, steps=1, distinct=46),
)
check(
    "S12 without S11",
    backing,
    {"EXITS_ONCE": False},
    properties=(backed,),
    expect=Violated(backed, steps=6, distinct=46),
)
check(
    "S12 without S11, a mintable token",
    backing,
    {"EXITS_ONCE": False, "MINTABLE": True},
    properties=(supply_is_conserved,),
    expect=Violated(supply_is_conserved, steps=5, distinct=714),
    about="It fails one step earlier than for a lock/unlock token, since no escrow limits what is paid.",
)
check(
    "S12 a token on Bor mints by itself",
    backing,
    {"ONLY_BRIDGE_MINTS": False},
    properties=(backed,),
    expect=Violated(backed, steps=1, distinct=470),
    about="A lock/unlock token whose contract on Bor has another way to mint: the bridge cannot see it.",
)
check(
    "M2 a transfer that nobody signed",
    backing,
    {"CHECKS_SENDER": False},
    properties=(backed,),
    expect=Violated(backed, steps=1, distinct=193),
    about="MRC20, December 2021: a gasless transfer with an invalid signature was paid from the contract's own "
    "balance. 9.28 billion MATIC were exposed and 801 601 taken before the hard fork at block 22 156 660.",
)
check(
    "M2 and what it costs",
    backing,
    {"CHECKS_SENDER": False},
    properties=(the_user_is_covered,),
    expect=Violated(the_user_is_covered, steps=5, distinct=193),
    about="The coins are burnt and exited like any others, until the escrow is empty.",
)

# S13: below a quorum the faulty take nothing here; with one they do.
check(
    "S13 1 of 6 faulty",
    backing,
    TWO,
    faults={"reorg", "overlong", "failed_call", "false_record", "false_root"},
    properties=(*SAFETY, balances_are_the_owners_doing, *WITNESSES),
    expect=Holds(distinct=2881, depth=16),
)
check(
    "S13 4 of 6 faulty, on one chain",
    backing,
    {**TWO, "FAULTY_WEIGHT": 4},
    faults={"reorg", "overlong", "failed_call", "false_record", "false_root"},
    properties=(*SAFETY, balances_are_the_owners_doing, *WITNESSES),
    expect=Holds(distinct=2881, depth=16),
    about="Exactly two thirds are faulty, one vote short of a quorum. This is not the last word on 4 of 6: forks of "
    "Bor are left out here, and a coin could be burnt on both.",
)
check(
    "S13 5 of 6 faulty, an invented burn",
    backing,
    {"FAULTY_WEIGHT": 5},
    faults={"false_root"},
    properties=(balances_are_the_owners_doing,),
    expect=Violated(balances_are_the_owners_doing, steps=3, distinct=60),
)
check(
    "S13 5 of 6 faulty, the escrow is gone",
    backing,
    {"FAULTY_WEIGHT": 5},
    faults={"false_root"},
    properties=(the_user_is_covered,),
    expect=Violated(the_user_is_covered, steps=3, distinct=60),
)
check(
    "S13 5 of 6 faulty, a false event record",
    backing,
    {"FAULTY_WEIGHT": 5},
    faults={"false_record"},
    properties=(balances_are_the_owners_doing,),
    expect=Violated(balances_are_the_owners_doing, steps=2, distinct=53),
)

check(
    "S13 2 of 4 faulty, on one chain",
    backing,
    {**TWO, "TOTAL": 4, "FAULTY_WEIGHT": 2},
    faults={"reorg", "overlong", "failed_call", "false_record", "false_root"},
    properties=(*SAFETY, balances_are_the_owners_doing, *WITNESSES),
    expect=Holds(distinct=2881, depth=16),
)
check(
    "S13 3 of 4 faulty, an invented burn",
    backing,
    {"TOTAL": 4, "FAULTY_WEIGHT": 3},
    faults={"false_root"},
    properties=(balances_are_the_owners_doing,),
    expect=Violated(balances_are_the_owners_doing, steps=3, distinct=60),
)

claim(
    "S12",
    source="Polygon documentation, FAQ 'Consensys Scaling Framework', a mass exit of users",
    says="As long as two thirds of the validators are honest, funds on the chain are secure; otherwise the chain can "
    "stop or be reordered, and people have to agree on a restart from an earlier state.",
    finding=Finding.UNSTATED_CONDITION,
    decided_by=(
        "S12 a lock/unlock token",
        "S12 a mintable token",
        "S12 without S7",
        "S12 without S8",
        "S12 without S10",
        "S12 without S11",
        "S12 a token on Bor mints by itself",
        "M2 a transfer that nobody signed",
    ),
    because="On one chain the books balance while the faulty are no quorum, given that deposits are final, messages "
    "and burns count once, burns are real, and the token on Bor mints for the bridge alone: M2 broke the last without "
    "one dishonest validator. The document's answer on bugs is a restart by agreement, so this is no contradiction. "
    "Forks of Bor are left out. Two deposits and two burns of one coin each, two owners.",
)
claim(
    "S13",
    source="Polygon documentation, FAQ 'Consensys Scaling Framework', what the operators are responsible for",
    says="Assuming that two thirds of the stake are not honest, validators can stop the chain, reorder blocks and the "
    "like; they cannot change the state or what users own.",
    finding=Finding.REFUTED,
    decided_by=(
        "S13 1 of 6 faulty",
        "S13 4 of 6 faulty, on one chain",
        "S13 5 of 6 faulty, an invented burn",
        "S13 5 of 6 faulty, the escrow is gone",
        "S13 5 of 6 faulty, a false event record",
        "S13 2 of 4 faulty, on one chain",
        "S13 3 of 4 faulty, an invented burn",
    ),
    because="The condition can be read as 'two thirds are dishonest' or as 'fewer than two thirds are honest'. In "
    "either reading it admits faulty weight of a quorum: they sign a root over an invented burn and are paid for it in "
    "three steps, or record a deposit that never was and mint in two. A user's number on Bor stays; what it could be "
    "redeemed for is gone. Exactly two thirds are one vote short, and take nothing on one chain. Only the sentence on "
    "powers is too strong: the same document's answer on mass exits ties funds to two thirds being honest. What holds: "
    "no invented burn is paid, and no false deposit minted, while the faulty are no quorum. Forks of Bor are decided "
    "elsewhere.",
)
