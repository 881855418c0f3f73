"""The pessimistic proof: which imports and exits of a network does it let through, and what follows for the bridge?

A certificate lists imports, then exits; the proof goes through them in that order and checks each alone
(NetworkState.apply_batch_header in the agglayer repository).  So a certificate with several is several steps here,
with one import or one exit each, all settled at once.  Whatever an honest network lists, its users did.
Left out: certificates that wait, are replaced or lost (`certificates.py`); roots that a reorganisation takes back
(`interop.py`); what a signature covers (`authority.py`).
"""

from typing import Final

from interlock import FiniteSet, action, require
from interlock.model.agglayer.networks import (
    LEAVES,
    Exit,
    Index,
    Kind,
    Label,
    Leaf,
    Network,
    State,
    Token,
    arrives_when_claimed,
    exits,
    home,
    kind,
    paid_in,
    token,
)

CARRIED: Final[FiniteSet[Label]] = FiniteSet({Label.ETHER})  # the kinds of leaves that occur
LIARS: Final[FiniteSet[Network]] = FiniteSet({Network.A, Network.B})  # the networks whose operator may lie
CHECKS_BALANCE: Final[bool] = True  # False: an exit may take out what is not in (known to be unsafe)
NATIVE_BY_ORIGIN: Final[bool] = True  # False: an exit's own word makes a token native (known to be unsafe)
STORES_NULLIFIER: Final[bool] = True  # False: a leaf can be imported twice (known to be unsafe)
REFUSES_EXIT_TO_SELF: Final[bool] = True
REFUSES_IMPORT_FROM_SELF: Final[bool] = True
VALUE_IS_ETHER: Final[bool] = True  # False: the value of a message counts as what it names (known to be unsafe)
REFUSES_FOREIGN_ZERO: Final[bool] = True  # False: the zero address need not be Ethereum's (known to be unsafe)
SPARE_BITS_REFUSED: Final[bool] = True  # False: unused bits of a claim's index are free (known to be unsafe)
BOOTSTRAP_REPRODUCES: Final[bool] = True  # False: a migration may end at another exit root (known to be unsafe)
WRAPPER_UNITS: Final = 1  # 2: a wrapper with other decimals mints two units for one


@action
def deposit(s: State, to: Network, label: Label) -> None:
    """bridgeAsset or bridgeMessage on Ethereum: ether is locked, a wrapped token is burned."""
    require(len(s.leaves) < LEAVES and to != Network.L1 and label in CARRIED and label != Label.ZERO)
    t = paid_in(label)
    if t == Token.ETHER:
        s.escrow[t] += 1
    else:
        require(s.bal[Network.L1][t] > 0)
        s.bal[Network.L1][t] -= 1
    s.leaves = s.leaves.push(Exit(Network.L1, to, label, made=True))


@action
def claim(s: State, n: Network, x: Leaf, spare: bool) -> None:
    """claimAsset or claimMessage on the network a leaf is for, if the bit of its index is clear."""
    require(x < len(s.leaves) and s.leaves[x].to == n)
    require(Index(x, spare) not in s.credited[n] and (not spare or not SPARE_BITS_REFUSED))
    s.credited[n] |= {Index(x, spare)}
    t = token(s, x)
    if n == home(t):
        require(s.escrow[t] > 0)
        s.escrow[t] -= 1
    else:
        s.holds[n][t] += 1 if n == Network.L1 else WRAPPER_UNITS
    if arrives_when_claimed(n, t) or kind(s, n) == Kind.LEGACY:
        s.arrived[x] += 1
        if n != home(t):
            s.bal[n][t] += 1


@action
def report(s: State, n: Network, x: Leaf) -> None:
    """A certificate lists an import that a user has claimed on the network."""
    require(may_import(s, n, x) and claimed(s, n, x))
    entering = 0 if arrives_when_claimed(n, token(s, x)) else 1
    s.nullified[n] |= {x}
    s.bal[n][token(s, x)] += entering
    s.arrived[x] += entering


@action(fault="lying_operator")
def report_falsely(s: State, n: Network, x: Leaf) -> None:
    """A certificate lists an import that the network has credited to no one."""
    require(may_lie(s, n) and may_import(s, n, x) and not claimed(s, n, x))
    entering = 0 if arrives_when_claimed(n, token(s, x)) else 1
    s.nullified[n] |= {x}
    s.bal[n][token(s, x)] += entering
    s.arrived[x] += entering


@action
def send(s: State, n: Network, to: Network, label: Label) -> None:
    """A user of the network burns or locks a token there, and a certificate lists the exit."""
    require(n != Network.L1 and label != Label.ZERO and may_export(s, n, to, label))
    t = paid_in(label)
    if n == home(t):
        s.escrow[t] += 1
    else:
        require(s.holds[n][t] > 0)
        s.holds[n][t] -= 1
    if counted(n, label):
        s.bal[n][t] = max(s.bal[n][t] - 1, 0)
    s.leaves = s.leaves.push(Exit(n, to, label, made=True))


@action(fault="lying_operator")
def forge(s: State, n: Network, to: Network, label: Label) -> None:
    """A certificate lists an exit that no run of the network made."""
    require(may_lie(s, n) and may_export(s, n, to, label))
    t = paid_in(label)
    if counted(n, label):
        s.bal[n][t] = max(s.bal[n][t] - 1, 0)
    s.leaves = s.leaves.push(Exit(n, to, label, made=False))


@action(fault="unsound_pessimistic_proof")
def prove_falsely(s: State, n: Network, to: Network, label: Label) -> None:
    """The proof system accepts an exit that fails the checks."""
    require(n in LIARS and kind(s, n) != Kind.LEGACY and to != n and label in CARRIED and len(s.leaves) < LEAVES)
    s.leaves = s.leaves.push(Exit(n, to, label, made=False))


@action(fault="unsound_state_proof")
def break_state_proof(s: State) -> None:
    """Someone finds how to prove an execution that is invalid."""
    require(not s.unsound)
    s.unsound = True


@action(fault="optimistic_mode")
def switch_optimistic(s: State, n: Network) -> None:
    """The admin switches the optimistic mode on: the network's signature stands in for its proof of execution."""
    require(n in LIARS and n not in s.optimistic and kind(s, n) == Kind.STATE_PROOF)
    s.optimistic |= {n}


@action(fault="unset_claims")
def unset_claim(s: State, n: Network, x: Leaf) -> None:
    """The manager of a sovereign chain clears the bit of a claim."""
    require(n != Network.L1 and Index(x, False) in s.credited[n] and x not in s.cleared)
    s.cleared |= {x}
    s.credited[n] -= {Index(x, False)}


@action
def migrate(s: State, n: Network, listed: FiniteSet[Leaf], invented: Network | None) -> None:
    """A legacy network moves to the pessimistic proof: one certificate lists all exits of its past, and imports.

    Ethereum compares the exit root that comes out with the one it has; without that, an exit can be invented.
    """
    require(n != Network.L1 and kind(s, n) == Kind.LEGACY)
    require(all(x < len(s.leaves) and s.leaves[x].to == n for x in listed))
    if invented is not None:
        require(not BOOTSTRAP_REPRODUCES and invented != n and len(s.leaves) < LEAVES)
        s.leaves = s.leaves.push(Exit(n, invented, Label.ETHER, made=False))
    for t in Token:
        if n != home(t):
            require(listed_units(s, listed, t) >= exits(s, n, t))
            s.bal[n][t] = listed_units(s, listed, t) - exits(s, n, t)
    for x in range(LEAVES):
        if x < len(s.leaves) and s.leaves[x].to == n and n != home(token(s, x)):
            s.arrived[x] = 1 if x in listed else 0
    s.nullified[n] = listed
    s.migrated |= {n}


def claimed(s: State, n: Network, x: Leaf) -> bool:
    """The network has credited the leaf, under whatever index."""
    return Index(x, False) in s.credited[n] or Index(x, True) in s.credited[n]


def may_lie(s: State, n: Network) -> bool:
    """Nothing but the word of a lying operator is asked for, or what else is asked for can be forged."""
    if n not in LIARS or n == Network.L1:
        return False
    return s.unsound or kind(s, n) == Kind.SIGNED or n in s.optimistic


def may_import(s: State, n: Network, x: Leaf) -> bool:
    """The proof takes the import: a settled leaf for this network, of another one, not nullified."""
    if x >= len(s.leaves) or n == Network.L1 or kind(s, n) == Kind.LEGACY:
        return False
    from_self = s.leaves[x].source == n
    fresh = x not in s.nullified[n] or (not STORES_NULLIFIER and s.arrived[x] < 2)
    return s.leaves[x].to == n and fresh and (not from_self or not REFUSES_IMPORT_FROM_SELF)


def may_export(s: State, n: Network, to: Network, label: Label) -> bool:
    """The proof takes the exit: for another network, ether under its own name, and covered by the balance."""
    if n == Network.L1 or label not in CARRIED or len(s.leaves) >= LEAVES:
        return False
    if (to == n and REFUSES_EXIT_TO_SELF) or (label == Label.ZERO and REFUSES_FOREIGN_ZERO):
        return False
    covered = not counted(n, label) or s.bal[n][paid_in(label)] > 0
    return covered or not CHECKS_BALANCE or kind(s, n) == Kind.LEGACY


def counted(n: Network, label: Label) -> bool:
    """The exit lowers the balance: what it carries is not native to the network."""
    if not NATIVE_BY_ORIGIN or label == Label.ZERO or (label == Label.MESSAGE and not VALUE_IS_ETHER):
        return False
    return n != home(paid_in(label))


def listed_units(s: State, listed: FiniteSet[Leaf], t: Token) -> int:
    """How many units of a token the listed leaves carry."""
    return len([x for x in listed if token(s, x) == t])
