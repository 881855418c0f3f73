"""Does a validator that signs twice pay for it (S14)?"""

from typing import Final

from interlock import Finding, Holds, Violated, always, check, claim, reachable
from interlock.model.pos import slashing
from interlock.model.pos.quorum import Validator
from interlock.model.pos.slashing import State


@always
def double_signers_pay(s: State, v: Validator) -> bool:
    """S14: no validator that signed twice has its stake back whole."""
    return v not in s.claimed or s.signed_twice[v] is None or v in s.slashed


@reachable
def an_innocent_leaves(s: State, v: Validator) -> bool:
    """A validator that signed nothing twice has its stake back."""
    return v in s.claimed and s.signed_twice[v] is None


@reachable
def slashed_on_the_way_out(s: State, v: Validator) -> bool:
    """A validator that had given notice is slashed before it has the rest of its stake back."""
    return v in s.slashed and v in s.claimed


CRIME: Final = {"double_signature"}
BY_EVIDENCE: Final = {"SLASHING_BY_QUORUM": False}

check("as designed, 1 faulty of four", slashing, faults=CRIME, expect=Holds(distinct=432, depth=8))
check("as designed, 1 faulty of six", slashing, {"VALIDATORS": 6}, faults=CRIME, expect=Holds(distinct=648, depth=8))
check(
    "as designed, slower on both sides",
    slashing,
    {"DETECTION": 2, "WITHDRAWAL_DELAY": 2, "EPOCHS": 5},
    faults=CRIME,
    expect=Holds(distinct=652, depth=9),
)
check(
    "the stake is back before anyone acts",
    slashing,
    {"DETECTION": 2},
    faults=CRIME,
    properties=(double_signers_pay,),
    expect=Violated(double_signers_pay, steps=5, distinct=504),
)
check(
    "as designed, 2 faulty of four do not vote to slash",
    slashing,
    {"FAULTY_WEIGHT": 2},
    faults=CRIME,
    properties=(double_signers_pay,),
    expect=Violated(double_signers_pay, steps=5, distinct=12636),
)
check(
    "as designed, 2 faulty of six do not vote to slash",
    slashing,
    {"VALIDATORS": 6, "FAULTY_WEIGHT": 2},
    faults=CRIME,
    properties=(double_signers_pay,),
    expect=Violated(double_signers_pay, steps=5, distinct=31590),
)
check(
    "as designed, one heavy of four, 1 faulty",
    slashing,
    {"LAST_WEIGHT": 3},
    faults=CRIME,
    expect=Holds(distinct=324, depth=8),
)
check(
    "as designed, one heavy of four, 2 faulty do not vote to slash",
    slashing,
    {"LAST_WEIGHT": 3, "FAULTY_WEIGHT": 2},
    faults=CRIME,
    properties=(double_signers_pay,),
    expect=Violated(double_signers_pay, steps=5, distinct=6318),
)
check(
    "evidence is enough, 2 faulty of four",
    slashing,
    {**BY_EVIDENCE, "FAULTY_WEIGHT": 2},
    faults=CRIME,
    expect=Holds(distinct=18276, depth=12),
)
check(
    "evidence is enough, 3 faulty of four",
    slashing,
    {**BY_EVIDENCE, "FAULTY_WEIGHT": 3},
    faults=CRIME,
    expect=Holds(distinct=395208, depth=16),
    slow=True,
)
check(
    "evidence is enough, no one honest is left",
    slashing,
    {**BY_EVIDENCE, "VALIDATORS": 2, "FAULTY_WEIGHT": 2},
    faults=CRIME,
    properties=(double_signers_pay,),
    expect=Violated(double_signers_pay, steps=5, distinct=6232),
)
check(
    "as deployed",
    slashing,
    {"SLASHING": False},
    faults=CRIME,
    properties=(double_signers_pay,),
    expect=Violated(double_signers_pay, steps=5, distinct=344),
    about="Slashing was switched off in the first Heimdall and has no module in heimdall-v2; the contract on Ethereum "
    "has the entry point.",
)

claim(
    "S14",
    source="Polygon documentation, FAQ 'Consensys Scaling Framework', how they become operators",
    says="Stakes are at risk of getting slashed if a validator commits a malicious act, such as double signing, or is "
    "down.",
    finding=Finding.DIFFERS,
    decided_by=(
        "as designed, 1 faulty of four",
        "as designed, 1 faulty of six",
        "as designed, slower on both sides",
        "the stake is back before anyone acts",
        "as designed, 2 faulty of four do not vote to slash",
        "as designed, 2 faulty of six do not vote to slash",
        "as designed, one heavy of four, 1 faulty",
        "as designed, one heavy of four, 2 faulty do not vote to slash",
        "evidence is enough, 2 faulty of four",
        "evidence is enough, 3 faulty of four",
        "evidence is enough, no one honest is left",
        "as deployed",
    ),
    because="Not implemented: in the code that was read, nothing slashes, so any double signature goes unpunished; the "
    "setting that is deployed on Ethereum was not read. Only double signing is looked at here. 'At risk' says less "
    "than 'always', which is what is checked. As it was designed it would hold below T - Q(T) + 1 of faulty weight, if "
    "honest validators act within the withdrawal delay: SlashingManager asks for a quorum of signatures, which the "
    "faulty can withhold while they go on to sign checkpoints. If evidence alone were enough, it would hold while "
    "someone is honest.",
)
