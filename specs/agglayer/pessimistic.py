"""Does the pessimistic proof keep every network's damage its own (AP1 to AP4, AP8, AP9, AP11, AP12)?

The AggLayer as deployed.  AP1 is an equality, not "the escrow is not negative": that would notice only the last thief.
An operator who lies lists whatever the proof lets through.  What stands behind a token on the network that it is native
to, the proof does not look at, by design.
"""

from typing import Final

from interlock import Finding, FiniteSet, Holds, Violated, always, check, claim, reachable, step
from interlock.model.agglayer import pessimistic
from interlock.model.agglayer.networks import (
    Kind,
    Label,
    Leaf,
    Network,
    State,
    Token,
    abroad,
    credits,
    exits,
    heading_for,
    home,
    imports,
    in_transit,
    kind,
    paid_in,
    token,
)


@always
def ether_is_solvent(s: State) -> bool:
    """AP1: Ethereum's bridge holds exactly the ether of all balances and of exits that have not arrived."""
    return s.escrow[Token.ETHER] == abroad(s, Token.ETHER) + in_transit(s, Token.ETHER)


@always
def exits_can_be_paid(s: State) -> bool:
    """AP1 as a user sees it: Ethereum can pay every exit of ether that waits for it."""
    return s.escrow[Token.ETHER] >= heading_for(s, Network.L1, Token.ETHER)


@always
def no_more_out_than_in(s: State, n: Network, t: Token) -> bool:
    """AP2: a network has taken out no more of a token that is not native to it than has come in."""
    return n in (Network.L1, home(t)) or exits(s, n, t) <= imports(s, n, t)


@always
def tokens_of_others_are_backed(s: State, t: Token) -> bool:
    """AP3, with a lying operator of A: what is not native to A stays backed, to the unit."""
    return home(t) == Network.A or s.escrow[t] == abroad(s, t) + in_transit(s, t)


@always
def every_token_is_backed(s: State, t: Token) -> bool:
    """AP3 read too widely, which no one promised: no token is abroad that is not locked at home."""
    return s.escrow[t] >= abroad(s, t) + in_transit(s, t)


@always
def arrives_once(s: State, x: Leaf) -> bool:
    """AP4: a leaf is paid, or enters a balance, once."""
    return s.arrived[x] <= 1


@always
def no_self_traffic(s: State, x: Leaf) -> bool:
    """AP8: no leaf goes to the network it comes from."""
    return x >= len(s.leaves) or s.leaves[x].source != s.leaves[x].to


@step
def ether_is_debited(old: State, new: State, n: Network) -> bool:
    """AP9: whatever Ethereum will pay in ether, the balance of the network it comes from is lowered by."""
    if len(new.leaves) == len(old.leaves) or n == Network.L1 or new.leaves[len(old.leaves)].source != n:
        return True
    if paid_in(new.leaves[len(old.leaves)].label) != Token.ETHER:
        return True
    return new.bal[n][Token.ETHER] == old.bal[n][Token.ETHER] - 1


@step
def migration_adds_no_exit(old: State, new: State) -> bool:
    """AP11: the first state under the pessimistic proof has the exits that the legacy network had, and no other."""
    return old.migrated == new.migrated or old.leaves == new.leaves


@always
def exits_were_made(s: State, x: Leaf) -> bool:
    """AP12: a valid run of the source's chain made every exit that Ethereum knows."""
    return x >= len(s.leaves) or s.leaves[x].made


@always
def users_are_backed(s: State, n: Network, t: Token) -> bool:
    """AP12, for a network's own users: what they hold of a token from elsewhere, the network can take out."""
    return n in (Network.L1, home(t)) or s.holds[n][t] <= s.bal[n][t] + credits(s, n, t)


@reachable
def ether_comes_back(s: State, x: Leaf) -> bool:
    """Ether goes to A, on to B, and back to Ethereum, which pays."""
    back = x < len(s.leaves) and s.leaves[x].source == Network.B and s.leaves[x].to == Network.L1
    return back and token(s, x) == Token.ETHER and s.arrived[x] == 1


@reachable
def a_message_pays(s: State, x: Leaf) -> bool:
    """Ethereum pays the value of a message from a network."""
    back = x < len(s.leaves) and s.leaves[x].to == Network.L1 and s.leaves[x].source != Network.L1
    return back and s.leaves[x].label == Label.MESSAGE and s.arrived[x] == 1


@reachable
def a_lie_is_settled(s: State, x: Leaf) -> bool:
    """Ethereum pays an exit that no run has made: what is said holds with liars at work."""
    return x < len(s.leaves) and not s.leaves[x].made and s.leaves[x].to == Network.L1 and s.arrived[x] == 1


@reachable
def native_without_limit(s: State) -> bool:
    """A sends out its own coin as often as it likes, with nothing locked."""
    return exits(s, Network.A, Token.COIN_A) == 3 and s.escrow[Token.COIN_A] == 0


@reachable
def a_legacy_network_has_migrated(s: State, x: Leaf) -> bool:
    """A network migrates with an import and an exit of its past, and goes on with another import."""
    ended = Network.A in s.migrated and x < len(s.leaves) and s.leaves[x].to == Network.A and s.arrived[x] == 1
    return ended and x == 2 and exits(s, Network.A, Token.ETHER) == 1 and kind(s, Network.A) == Kind.SIGNED


SAFETY: Final = (ether_is_solvent, exits_can_be_paid, no_more_out_than_in, arrives_once, no_self_traffic)
PROVEN: Final = (*SAFETY, exits_were_made, users_are_backed)
WITNESSES: Final = (ether_comes_back, a_lie_is_settled)
LIARS: Final = {"lying_operator"}
COINS: Final = {"CARRIED": FiniteSet({Label.ETHER, Label.COIN_A, Label.COIN_B}), "LIARS": FiniteSet({Network.A})}
MESSAGES: Final = {"CARRIED": FiniteSet({Label.ETHER, Label.MESSAGE, Label.ZERO})}
STATE_PROOFS: Final = {"KIND_OF_A": Kind.STATE_PROOF, "KIND_OF_B": Kind.STATE_PROOF}
A_LEGACY: Final = {"KIND_OF_A": Kind.LEGACY, "LIARS": FiniteSet({Network.A})}

# AP1, AP2, AP4, AP8: whoever signs.
check(
    "AP1 AP2 AP4 AP8 both operators lie",
    pessimistic,
    faults=LIARS,
    properties=(*SAFETY, *WITNESSES),
    expect=Holds(distinct=1557, depth=9),
)
check(
    "AP1 AP2 AP4 AP8 AP12 no one lies",
    pessimistic,
    properties=(*PROVEN, ether_comes_back),
    expect=Holds(distinct=449, depth=9),
)
check(
    "AP1 four leaves",
    pessimistic,
    {"LEAVES": 4},
    faults=LIARS,
    properties=(*SAFETY, *WITNESSES),
    expect=Holds(distinct=25129, depth=12),
    slow=True,
)
check(
    "AP1 six leaves",
    pessimistic,
    {"LEAVES": 6},
    faults=LIARS,
    properties=SAFETY,
    expect=Holds(distinct=8189737, depth=18),
    slow=True,
)
check(
    "AP1 five leaves, three tokens",
    pessimistic,
    {**COINS, "LEAVES": 5},
    faults=LIARS,
    properties=SAFETY,
    expect=Holds(distinct=16529786, depth=15),
    slow=True,
)
check(
    "AP1 four leaves, three tokens",
    pessimistic,
    {**COINS, "LEAVES": 4},
    faults=LIARS,
    properties=SAFETY,
    expect=Holds(distinct=520403, depth=12),
    slow=True,
)
check(
    "AM21 an exit is not compared with the balance",
    pessimistic,
    {"CHECKS_BALANCE": False},
    faults=LIARS,
    properties=(ether_is_solvent,),
    expect=Violated(ether_is_solvent, steps=1, distinct=14129),
    about="The check that gives the pessimistic proof its name, removed: the equality fails with the first exit.",
)
check(
    "AM21 so a network takes out what never came in",
    pessimistic,
    {"CHECKS_BALANCE": False},
    faults=LIARS,
    properties=(no_more_out_than_in,),
    expect=Violated(no_more_out_than_in, steps=1, distinct=14129),
)
check(
    "AM22 the nullifier is not stored",
    pessimistic,
    {"STORES_NULLIFIER": False},
    faults=LIARS,
    properties=(arrives_once,),
    expect=Violated(arrives_once, steps=3, distinct=6261),
    about="A variant, not an incident: the nullifier tree is what makes an import the network's last of its leaf.",
)
check(
    "AM22 so a balance rises twice for one leaf",
    pessimistic,
    {"STORES_NULLIFIER": False},
    faults=LIARS,
    properties=(ether_is_solvent,),
    expect=Violated(ether_is_solvent, steps=3, distinct=6261),
)
check(
    "AM22 so a network takes out twice what came in",
    pessimistic,
    {"STORES_NULLIFIER": False},
    faults=LIARS,
    properties=(no_more_out_than_in,),
    expect=Violated(no_more_out_than_in, steps=5, distinct=6261),
)
check(
    "AM15 the proof system is unsound",
    pessimistic,
    faults={"unsound_pessimistic_proof"},
    properties=(ether_is_solvent,),
    expect=Violated(ether_is_solvent, steps=1, distinct=4609),
    about="Soundness bugs of SP1, the proof system in use: disclosed in January 2025 and repaired before pessimistic "
    "proofs went live, and again in 2026 (CVE-2026-40323). Everything here rests on the proof being sound.",
)

# AM18: a network without a pessimistic proof shares the bridge.
check(
    "AP1 a legacy network with a sound proof of execution",
    pessimistic,
    A_LEGACY,
    faults=LIARS,
    properties=(*SAFETY, ether_comes_back),
    expect=Holds(distinct=1186, depth=10),
)
check(
    "AM18 a legacy network whose proof of execution is broken",
    pessimistic,
    A_LEGACY,
    faults={"lying_operator", "unsound_state_proof"},
    properties=(ether_is_solvent,),
    expect=Violated(ether_is_solvent, steps=2, distinct=3850),
    about="The first releases with pessimistic proofs left networks of the state-transition kind without one, in the "
    "same bridge: PolygonRollupManager.verifyPessimisticTrustedAggregator refuses them.",
)
check(
    "AM18 so the exits of others cannot be paid",
    pessimistic,
    A_LEGACY,
    faults={"lying_operator", "unsound_state_proof"},
    properties=(exits_can_be_paid,),
    expect=Violated(exits_can_be_paid, steps=2, distinct=3850),
)

# AP3: a native token is the business of its network.
check(
    "AP3 what is not native to a lying network stays backed",
    pessimistic,
    COINS,
    faults=LIARS,
    properties=(tokens_of_others_are_backed, *SAFETY, native_without_limit),
    expect=Holds(distinct=17330, depth=9),
)
check(
    "AP3 is no promise that every token is backed",
    pessimistic,
    COINS,
    faults=LIARS,
    properties=(every_token_is_backed,),
    expect=Violated(every_token_is_backed, steps=1, distinct=17330),
    about="The pessimistic proof keeps no balance of a token on its home network, by design: the damage is that "
    "token's.",
)
check(
    "AP3 every token is backed while no one lies",
    pessimistic,
    COINS,
    properties=(every_token_is_backed, *PROVEN),
    expect=Holds(distinct=5937, depth=9),
)
check(
    "AP3 any token may be called native",
    pessimistic,
    {**COINS, "NATIVE_BY_ORIGIN": False},
    faults=LIARS,
    properties=(tokens_of_others_are_backed,),
    expect=Violated(tokens_of_others_are_backed, steps=1, distinct=39002),
    about="A variant, not an incident: a leaf commits to the origin network of its token, and the proof compares it.",
)

# AP4: a claim's index, and claims that are unset.
check(
    "AM17 free bits in the index of a claim",
    pessimistic,
    {"SPARE_BITS_REFUSED": False},
    properties=(arrives_once,),
    expect=Violated(arrives_once, steps=7, distinct=5769),
    about="The bridge contracts refuse a global index with unused bits since June 2025; for unset claims the check "
    "came in later that year.",
)
check(
    "AM17 so ether is paid that belongs to others",
    pessimistic,
    {"SPARE_BITS_REFUSED": False},
    properties=(ether_is_solvent,),
    expect=Violated(ether_is_solvent, steps=7, distinct=5769),
)
check(
    "AP4 a manager unsets claims, others are safe",
    pessimistic,
    faults={"unset_claims"},
    properties=(*SAFETY, ether_comes_back),
    expect=Holds(distinct=5277, depth=15),
    about="BridgeL2SovereignChain.unsetMultipleClaims lets a manager clear claims: the nullifier tree is elsewhere.",
)
check(
    "AM17 a manager unsets a claim, its own users are not",
    pessimistic,
    faults={"unset_claims"},
    properties=(users_are_backed,),
    expect=Violated(users_are_backed, steps=3, distinct=5277),
    about="A cleared claim can be made again, and no certificate can list it twice: the second credit has no cover.",
)
check(
    "AM26 a wrapper with other decimals, others are safe",
    pessimistic,
    {"WRAPPER_UNITS": 2},
    properties=(*SAFETY, ether_comes_back),
    expect=Holds(distinct=449, depth=9),
    about="A sovereign chain may set its own contract as the wrapper of a token. Leaves count in the token's units, so "
    "the balance tree does not see what the wrapper does.",
)
check(
    "AM26 a wrapper with other decimals, its own users are not",
    pessimistic,
    {"WRAPPER_UNITS": 2},
    properties=(users_are_backed,),
    expect=Violated(users_are_backed, steps=2, distinct=449),
)

# AP8: two checks, and neither carries anything else here.
check(
    "AM23 exits to the network itself",
    pessimistic,
    {"REFUSES_EXIT_TO_SELF": False},
    faults=LIARS,
    properties=(no_self_traffic,),
    expect=Violated(no_self_traffic, steps=3, distinct=1881),
    about="ProofError::CannotExitToSameNetwork guards both lists of a certificate.",
)
check(
    "AP8 the check of exits suffices",
    pessimistic,
    {"REFUSES_IMPORT_FROM_SELF": False},
    faults=LIARS,
    properties=(*SAFETY, *WITNESSES),
    expect=Holds(distinct=1557, depth=9),
)
check(
    "AP8 the bridge is solvent without both checks",
    pessimistic,
    {"REFUSES_EXIT_TO_SELF": False, "REFUSES_IMPORT_FROM_SELF": False},
    faults=LIARS,
    properties=(ether_is_solvent, exits_can_be_paid, arrives_once, *WITNESSES),
    expect=Holds(distinct=2405, depth=9),
    about="An exit to itself lowers the balance, and its import raises it again: a second line of defence, no more.",
)

# AP9: what a message and the zero address stand for.
check(
    "AP9 messages with value, and the zero address",
    pessimistic,
    MESSAGES,
    faults=LIARS,
    properties=(ether_is_debited, *SAFETY, a_message_pays),
    expect=Holds(distinct=12001, depth=9),
)
check(
    "AM24 the value of a message is not counted as ether",
    pessimistic,
    {**MESSAGES, "VALUE_IS_ETHER": False},
    faults=LIARS,
    properties=(ether_is_debited,),
    expect=Violated(ether_is_debited, steps=1, distinct=36797),
    about="A message exit names its own network as origin, so read as written its value is native to the sender.",
)
check(
    "AM24 so ether is minted by messages",
    pessimistic,
    {**MESSAGES, "VALUE_IS_ETHER": False},
    faults=LIARS,
    properties=(exits_can_be_paid,),
    expect=Violated(exits_can_be_paid, steps=1, distinct=36797),
)
check(
    "AP9 the zero address of another network",
    pessimistic,
    {**MESSAGES, "REFUSES_FOREIGN_ZERO": False},
    faults=LIARS,
    properties=(ether_is_debited,),
    expect=Violated(ether_is_debited, steps=1, distinct=39799),
    about="ProofError::InvalidL1TokenInfo. Here a bridge pays by the address alone; the present one also looks at the "
    "origin, so today this is a second line of defence.",
)

# AP11: from legacy to the pessimistic proof.
check(
    "AP11 the migration reproduces the exit root",
    pessimistic,
    A_LEGACY,
    faults=LIARS,
    properties=(migration_adds_no_exit, *SAFETY, a_legacy_network_has_migrated),
    expect=Holds(distinct=1186, depth=10),
)
check(
    "AM19 the migration may end at another exit root",
    pessimistic,
    {**A_LEGACY, "BOOTSTRAP_REPRODUCES": False},
    properties=(migration_adds_no_exit,),
    expect=Violated(migration_adds_no_exit, steps=2, distinct=1174),
    about="PolygonRollupManager.initMigration, and the first proof after it, compare the new exit root with the old.",
)
check(
    "AM19 an invented exit is paid from the network's own balance",
    pessimistic,
    {**A_LEGACY, "BOOTSTRAP_REPRODUCES": False},
    faults=LIARS,
    properties=SAFETY,
    expect=Holds(distinct=1186, depth=10),
)

# AP12: what a signature says, and what a proof of execution says.
check(
    "AP12 proofs of execution",
    pessimistic,
    STATE_PROOFS,
    faults=LIARS,
    properties=(*PROVEN, ether_comes_back),
    expect=Holds(distinct=449, depth=9),
)
check(
    "AP12 by signature, exits are what the key says",
    pessimistic,
    faults=LIARS,
    properties=(exits_were_made,),
    expect=Violated(exits_were_made, steps=3, distinct=1557),
)
check(
    "AP12 by signature, users can lose to their operator",
    pessimistic,
    faults=LIARS,
    properties=(users_are_backed,),
    expect=Violated(users_are_backed, steps=4, distinct=1557),
)
check(
    "AM20 in optimistic mode, exits are what the key says",
    pessimistic,
    STATE_PROOFS,
    faults={"lying_operator", "optimistic_mode"},
    properties=(exits_were_made,),
    expect=Violated(exits_were_made, steps=4, distinct=3754),
    about="AggchainFEP.enableOptimisticMode: the manager lets a signature take the place of the proof of execution.",
)
check(
    "AP12 in optimistic mode, with broken proofs, AP1 and AP2 hold",
    pessimistic,
    STATE_PROOFS,
    faults={"lying_operator", "optimistic_mode", "unsound_state_proof"},
    properties=(*SAFETY, *WITNESSES),
    expect=Holds(distinct=9982, depth=12),
)

claim(
    "AP1",
    source="AggLayer post, February 2024, note 1; agglayer, pessimistic-proof-core, NetworkState.apply_batch_header",
    says="Accounting for each chain keeps the common bridge from being as weak as its weakest chain: no chain takes "
    "out more than came in.",
    finding=Finding.CONFIRMED,
    decided_by=(
        "AP1 AP2 AP4 AP8 both operators lie",
        "AP1 AP2 AP4 AP8 AP12 no one lies",
        "AP1 four leaves",
        "AP1 six leaves",
        "AP1 five leaves, three tokens",
        "AP1 four leaves, three tokens",
        "AP12 in optimistic mode, with broken proofs, AP1 and AP2 hold",
        "AM21 an exit is not compared with the balance",
        "AM22 so a balance rises twice for one leaf",
        "AM17 so ether is paid that belongs to others",
        "AM15 the proof system is unsound",
    ),
    because="Escrow equals balances plus exits under way, to the unit, with every operator lying and every proof of "
    "execution broken. It rests on a sound pessimistic proof, as every statement about proofs does. Up to six exits "
    "of one unit; overflow of amounts is left out.",
)
claim(
    "AP1 legacy",
    source="AggLayer post, February 2024, note 1; PolygonRollupManager.verifyPessimisticTrustedAggregator",
    says="The accounting of AP1 covers the chains of the common bridge.",
    finding=Finding.DIFFERS,
    decided_by=(
        "AP1 a legacy network with a sound proof of execution",
        "AM18 a legacy network whose proof of execution is broken",
        "AM18 so the exits of others cannot be paid",
    ),
    because="As deployed, networks of the state-transition kind have shared the bridge without a pessimistic proof, as "
    "the documents of the early releases say. Ether is then as safe as their proofs of execution, which is what the "
    "note wants to avoid; while those are sound, AP1 holds.",
)
claim(
    "AP2",
    source="agglayer, pessimistic-proof-core, NetworkState.apply_batch_header",
    says="A network whose operator lies can take out of the bridge what was imported into it, and no more.",
    finding=Finding.CONFIRMED,
    decided_by=(
        "AP1 AP2 AP4 AP8 both operators lie",
        "AP12 in optimistic mode, with broken proofs, AP1 and AP2 hold",
        "AM21 so a network takes out what never came in",
        "AM22 so a network takes out twice what came in",
        "AP12 by signature, users can lose to their operator",
    ),
    because="Others lose nothing; what was imported belongs to the network's own users, and the pessimistic proof does "
    "not protect them from their operator, nor does it say so.",
)
claim(
    "AP3",
    source="agglayer, pessimistic-proof-core, NetworkState.apply_batch_header, tokens native to the chain",
    says="A network keeps no balance of its native tokens and may send out any amount of them.",
    finding=Finding.CONFIRMED,
    decided_by=(
        "AP3 what is not native to a lying network stays backed",
        "AP3 every token is backed while no one lies",
        "AP3 is no promise that every token is backed",
        "AP3 any token may be called native",
    ),
    because="The damage stays within the lying network's own token, if native is what the leaf's origin says. That "
    "every token is backed is nobody's claim, and false. Three tokens, three leaves.",
)
claim(
    "AP4",
    source="agglayer, pessimistic-proof-core, nullifier tree; PolygonZkEVMBridgeV2, claims by global index",
    says="A leaf is imported once, and paid once.",
    finding=Finding.CONFIRMED,
    decided_by=(
        "AP1 AP2 AP4 AP8 both operators lie",
        "AM22 the nullifier is not stored",
        "AM17 free bits in the index of a claim",
        "AP4 a manager unsets claims, others are safe",
        "AM17 a manager unsets a claim, its own users are not",
    ),
    because="It needs the nullifier, and one index for a leaf; the contracts have checked the latter since 2025. A "
    "manager who unsets claims cannot get a second import past the nullifier, and harms the network's own users. For "
    "a token that is native to the manager's network, whose escrow is there, nothing is checked here.",
)
claim(
    "AP8",
    source="agglayer, pessimistic-proof-core, ProofError::CannotExitToSameNetwork",
    says="A chain may not exit to itself, and neither sends nor imports such a leaf.",
    finding=Finding.CONFIRMED,
    decided_by=(
        "AP1 AP2 AP4 AP8 both operators lie",
        "AM23 exits to the network itself",
        "AP8 the check of exits suffices",
        "AP8 the bridge is solvent without both checks",
    ),
    because="Of the two checks that of exits suffices for networks with a pessimistic proof. Without both the bridge "
    "stays solvent in this model, as the exit lowers the balance that its import raises.",
)
claim(
    "AP9",
    source="agglayer, pessimistic-proof-core, ProofError::InvalidL1TokenInfo; interop, BridgeExit.amount_token_info",
    says="The value of a message is counted as ether of L1, and the zero address stands for it alone.",
    finding=Finding.CONFIRMED,
    decided_by=(
        "AP9 messages with value, and the zero address",
        "AM24 the value of a message is not counted as ether",
        "AM24 so ether is minted by messages",
        "AP9 the zero address of another network",
    ),
    because="Whatever a bridge pays in ether was taken off a balance of ether. The zero address is compared in exits "
    "only; leaves of Ethereum's own bridge are taken to be well formed.",
)
claim(
    "AP11",
    source="PolygonRollupManager.initMigration, and the first pessimistic proof of a migrated network",
    says="A network that migrates starts with the exit root that it had: its certificate reproduces it from a list of "
    "all exits and imports.",
    finding=Finding.CONFIRMED,
    decided_by=(
        "AP11 the migration reproduces the exit root",
        "AM19 the migration may end at another exit root",
        "AM19 an invented exit is paid from the network's own balance",
    ),
    because="No exit is added. Ethereum does not compare the balances: they follow from the imports that are listed, "
    "each of which is a settled leaf, and an import left out can be listed later. So AP1 holds across the migration.",
)
claim(
    "AS4 as deployed",
    source="AggLayer post, February 2024, on final aggregation; agglayer, docs/validity_checks.md",
    says="What is final on Ethereum stands for valid state, because it was proven.",
    finding=Finding.DIFFERS,
    decided_by=(
        "AP12 proofs of execution",
        "AP12 by signature, exits are what the key says",
        "AM20 in optimistic mode, exits are what the key says",
        "AP12 in optimistic mode, with broken proofs, AP1 and AP2 hold",
    ),
    because="The post speaks of chains that prove their execution, and for those it holds. The deployed system also "
    "takes networks by the signature of an operator, openly so, and bounds what others can lose by them (AP1, AP2).",
)
claim(
    "AP12",
    source="agglayer, docs/validity_checks.md, cases 1 to 3; AggchainFEP.enableOptimisticMode",
    says="A network shows a signature, or a proof of its execution beside it; in optimistic mode the signature does.",
    finding=Finding.CONFIRMED,
    decided_by=(
        "AP12 proofs of execution",
        "AP12 by signature, exits are what the key says",
        "AP12 by signature, users can lose to their operator",
        "AM20 in optimistic mode, exits are what the key says",
        "AP12 in optimistic mode, with broken proofs, AP1 and AP2 hold",
    ),
    because="The two parts are separate: a proof of execution says that a network's exits were made, the pessimistic "
    "proof that they cost others nothing. With signatures alone the first is the word of a key, and the second holds.",
)
