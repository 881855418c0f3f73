"""A scalarset is reduced by where its members cannot be told apart, and the reason is given where they can."""

from __future__ import annotations

import itertools
import math
import random
import tempfile
from pathlib import Path

import attrs
import pytest

from interlock.checker.frontend import load_spec
from interlock.checker.ir import scalar as sc
from interlock.checker.ir.nodes import PropertyKind
from interlock.checker.ir.scalar import ScalarProperty, ScalarSystem
from interlock.checker.passes import quotient as quotients
from interlock.checker.passes.quotient import Columns, Walk, of_runs, plain_changes, quotient
from interlock.checker.passes.scalarize import scalarize
from interlock.checker.passes.symmetry import Symmetries, permuted, scalarsets, swap, symmetries
from interlock.checker.smt.equivalence import Prover
from tests.native.systems import list_no_initial_states, scalar_system

HEAD = '''from typing import Annotated, Final

from interlock import (
    Bound, Enum, FiniteSet, Map, Range, Scalarset, Seq, action, auto, filled, initial, members, record, require,
    require_some, state,
)


class Who(Scalarset, size=3):
    """Interchangeable, as far as the type goes."""


class Place(Scalarset, size=2):
    """Another sort."""


@record
class Key:
    who: Who
    up: bool


@state
class State:
    votes: Map[Who, Annotated[int, Range(0, 2)]] = filled(0)
    leader: Who | None = None
    members: FiniteSet[Who] = FiniteSet()
    queue: Annotated[Seq[Who], Bound(3)] = Seq()
    at: Map[Who, Place | None] = filled(None)
    seen: Map[Key, bool] = filled(False)
    total: Annotated[int, Range(0, 9)] = 0


def first(s: State) -> Who | None:
    for w in Who:
        if s.votes[w] > 0:
            return w
    return None


'''

SPEC = """import gen
from gen import Key, Place, State, Who, first
from interlock import Holds, always, check, reachable, recoverable, step


{}


check("all", gen, {}expect=Holds())
"""

IDLE = "@action\ndef idle(s: State) -> None:\n    pass\n"
TRUE = "@always\ndef true(s: State) -> bool:\n    return True\n"


def system(model: str = IDLE, spec: str = TRUE, extra: str = "") -> ScalarSystem:
    """The scalar form of a model of three members and two places."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        (place / "gen.py").write_text(HEAD + model)
        (place / "gen_spec.py").write_text(SPEC.format(spec, extra))
        check = load_spec(place / "gen_spec.py").checks[0]
        return scalarize(
            check.program, check.program.allowed(check.faults), check.properties, check.terminal, check.helpers
        )


def shown(made: ScalarSystem) -> Symmetries:
    """What the rewriting and the solver show together."""
    return symmetries(made, Prover().never)


def act(body: str, params: str = "") -> str:
    """A model with one action."""
    lines = "\n".join(f"    {line}" for line in body.splitlines())
    return f"@action\ndef act(s: State{params}) -> None:\n{lines}\n"


ALIKE = {
    "an assignment for a parameter": act("s.votes[w] = 1\ns.leader = w\ns.queue = Seq((w,))", ", w: Who"),
    "a loop that treats each alike": act("for w in Who:\n    s.votes[w] = 2 - s.votes[w]"),
    "a sum": act("require(sum(s.votes[w] for w in Who) < 3)\ns.total = sum(s.votes[w] for w in Who)"),
    "a maximum": act("s.total = max(s.votes[w] for w in Who)"),
    "a count of a set": act("s.members = FiniteSet(w for w in Who if s.votes[w] > 0)\ns.total = len(s.members)"),
    "all and any": act("require(all(s.votes[w] > 0 for w in Who) or any(w in s.members for w in Who))"),
    "what the leader holds": act("leader = require_some(s.leader)\ns.total = s.votes[leader]"),
    "the head of the queue": act("require(len(s.queue) > 0)\ns.leader = s.queue[0]\ns.queue = s.queue.rest()"),
    "a record with a member as key": act("s.seen[Key(w, True)] = s.seen[Key(w, False)]", ", w: Who"),
    "members of members": act("s.at[w] = p", ", w: Who, p: Place | None"),
    "errors in a sum": act("s.total = sum(s.votes[w] // (s.votes[w] - 1) for w in Who)"),
    "a last one that is the only one": act("for w in Who:\n    if w == v:\n        s.leader = w", ", v: Who"),
    "the same for whichever is first": act("w = first(s)\nrequire(w is not None)\ns.total = 1"),
}

APART = {
    "the last one wins": act("for w in Who:\n    if s.votes[w] > 0:\n        s.leader = w"),
    "the first one wins": act("s.leader = first(s)"),
    "a queue in the order of the loop": act("s.queue = Seq()\nfor w in Who:\n    s.queue = s.queue.push(w)"),
    "the order of a set": act("for w in s.members:\n    s.leader = w"),
    "a fold": act("n = 0\nfor w in Who:\n    n = 2 * n + s.votes[w]\nrequire(n < 3)"),
    "one reads what another wrote": act("for w in Who:\n    s.votes[w] = max(s.votes[v] for v in Who) // 2 + s.total % 2\n    s.total = (s.total + 1) % 9"),
    "an error behind a short circuit": act("require(any(2 // s.votes[w] > 1 for w in Who))"),
    "an early return in a loop": act("for w in Who:\n    s.votes[w] = 1\n    if w in s.members:\n        return"),
}  # fmt: skip


@pytest.mark.parametrize("name", ALIKE)
def test_what_treats_members_alike_is_reduced_by(name: str) -> None:
    found = shown(system(ALIKE[name]))

    assert [s.name for s in found.sorts] == ["Who", "Place"], found.refused


@pytest.mark.parametrize("name", APART)
def test_what_depends_on_their_order_is_not(name: str) -> None:
    found = shown(system(APART[name]))

    assert [s.name for s in found.sorts] == ["Place"]
    assert [(r.sort.name, r.reason, r.open) for r in found.refused] == [("Who", "`act` tells its members apart", False)]


@pytest.mark.parametrize("kind", ["always", "step", "reachable", "recoverable"])
def test_a_property_that_tells_members_apart_forbids_it(kind: str) -> None:
    """The property is of the order, the model is not."""
    states = "old: State, s: State" if kind == "step" else "s: State"
    spec = f"@{kind}\ndef ordered(s: State) -> bool:\n    return first(s) == s.leader\n".replace("s: State", states)

    found = shown(system(spec=spec))

    assert [(r.sort.name, r.reason) for r in found.refused] == [("Who", "`ordered` tells its members apart")]


def test_a_property_that_names_a_member_forbids_it() -> None:
    """The language has no way to (M108); what made the scalar form is not trusted."""
    made = system()
    leaf = next(i for i, leaf in enumerate(made.leaves) if leaf.name == "leader")
    named = sc.not_(sc.eq(sc.int_var("s", leaf, 0, 2), sc.integer(1)))
    lone = ScalarProperty("lone", PropertyKind.ALWAYS, named, ())

    found = shown(attrs.evolve(made, properties=(lone,)))

    assert [s.name for s in found.sorts] == ["Place"]
    assert [r.reason for r in found.refused] == ["`lone` tells its members apart"]


def test_each_value_of_a_parameter_must_become_another_by_itself() -> None:
    """That all of them together are symmetric is not enough: one member is asked for more than the others."""
    spec = "@recoverable\ndef voted(s: State, w: Who) -> bool:\n    return s.votes[w] > 0\n"
    made = system(act("s.votes[w] = 1", ", w: Who"), spec)
    (voted,) = made.properties
    lopsided = attrs.evolve(voted, goals=(voted.value, sc.TRUE, sc.TRUE))

    assert [s.name for s in shown(made).sorts] == ["Who", "Place"]
    found = shown(attrs.evolve(made, properties=(lopsided,)))
    assert [(r.sort.name, r.reason) for r in found.refused] == [("Who", "`voted` tells its members apart")]


def test_parameters_of_too_many_values_are_not_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    spec = "@recoverable\ndef voted(s: State, w: Who, v: Who) -> bool:\n    return s.votes[w] > s.votes[v]\n"
    made = system(act("s.votes[w] = 1", ", w: Who"), spec)
    monkeypatch.setattr(
        "interlock.checker.passes.symmetry._COMPARED", 17
    )  # nine values, and two swaps of three members

    assert [(r.sort.name, r.reason) for r in shown(made).refused] == [
        ("Who", "the parameters of `voted` have too many values to compare")
    ]


def test_an_adversary_that_tells_members_apart_forbids_it_where_it_is_allowed() -> None:
    """Only what a check allows is searched."""
    bad = APART["the last one wins"].replace("@action", '@action(fault="bad")')

    without, within = shown(system(IDLE + "\n\n" + bad)), shown(system(IDLE + "\n\n" + bad, extra='faults={"bad"}, '))

    assert [s.name for s in without.sorts] == ["Who", "Place"]
    assert [s.name for s in within.sorts] == ["Place"]


def test_a_constant_that_tells_members_apart_forbids_it_where_it_is_set() -> None:
    """Each check has its own constants, and its own proof."""
    model = "FAVOUR: Final[bool] = False\n\n\n" + act("require(FAVOUR)\nfor w in Who:\n    s.leader = w")

    without, within = shown(system(model)), shown(system(model, extra='{"FAVOUR": True}, '))

    assert [s.name for s in without.sorts] == ["Who", "Place"]
    assert [s.name for s in within.sorts] == ["Place"]


def test_parameters_of_properties_quantify_over_all_members() -> None:
    spec = "@always\ndef one(s: State, w: Who, v: Who) -> bool:\n    return s.votes[w] <= s.votes[v] or w != v\n"

    assert len(shown(system(spec=spec)).sorts) == 2


def test_a_terminal_predicate_that_tells_members_apart_forbids_it() -> None:
    spec = TRUE + "\n\ndef done(s: State) -> bool:\n    return first(s) is None or first(s) == s.leader\n"

    found = shown(system(spec=spec, extra="terminal=done, "))

    assert [(r.sort.name, r.reason) for r in found.refused] == [("Who", "`done` tells its members apart")]


def test_initial_states_that_single_out_a_member_forbid_it() -> None:
    """A set may come in an order; then the initial state is not a symmetric one."""
    start = "@initial\ndef begin(s: State) -> None:\n    for w in Who:\n        s.leader = w\n\n\n"

    found = shown(system(start + IDLE))

    assert [(r.sort.name, r.reason, r.open) for r in found.refused] == [
        ("Who", "the initial states tell its members apart", False)
    ]


def test_initial_states_for_every_member_are_alike_together() -> None:
    start = "@initial\ndef begin(s: State, w: Who) -> None:\n    s.leader = w\n\n\n"

    assert len(shown(system(start + IDLE)).sorts) == 2


MANY = {
    "a member by a parameter": ("def begin(s: State, w: Who) -> None:\n    s.leader = w", True),
    "votes of all, by a parameter": (
        "def begin(s: State, votes: Map[Who, Annotated[int, Range(0, 2)]], w: Who) -> None:\n"
        "    require(votes[w] > 0)\n    s.votes = votes\n    s.leader = w", True
    ),
    "the last member": ("def begin(s: State) -> None:\n    for w in Who:\n        s.leader = w", False),
    "the first member that": (
        "def begin(s: State, voters: FiniteSet[Who]) -> None:\n    for w in voters:\n        s.leader = w", False
    ),
    "an error for one of them": (
        "def begin(s: State, votes: Map[Who, Annotated[int, Range(0, 3)]]) -> None:\n"
        "    for w in Who:\n        s.votes[w] = votes[w]\n        require(s.votes[w] < 2)", False
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", MANY)
def test_initial_actions_are_shown_to_be_alike_as_other_actions_are(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where they lead to more states than are listed: what is not shown of each is not reduced by."""
    list_no_initial_states(monkeypatch)
    text, alike = MANY[name]

    found = shown(system(f"@initial\n{text}\n\n\n{IDLE}"))

    assert ("Who" in [s.name for s in found.sorts]) is alike
    assert [(r.sort.name, r.reason, r.open) for r in found.refused] == (
        [] if alike else [("Who", "`begin` was not shown to treat its members alike", False)]
    )


def test_initial_actions_that_are_alike_need_no_solver(monkeypatch: pytest.MonkeyPatch) -> None:
    list_no_initial_states(monkeypatch)

    assert all(len(symmetries(system(f"@initial\n{t}\n\n\n{IDLE}")).sorts) == 2 for t, alike in MANY.values() if alike)


def test_plain_models_need_no_solver() -> None:
    """Rewriting is enough, so small specs stay instant."""
    plain = (
        "an assignment for a parameter",
        "a loop that treats each alike",
        "a sum",
        "all and any",
        "a count of a set",
    )

    assert all(len(symmetries(system(ALIKE[name])).sorts) == 2 for name in plain)


def test_what_is_not_shown_is_not_reduced_by_and_stays_open() -> None:
    """A prover that gives up shows nothing."""
    found = symmetries(system(APART["the last one wins"]), lambda _condition, _domain: None)

    assert [s.name for s in found.sorts] == ["Place"]
    assert [(r.reason, r.open) for r in found.refused] == [("`act` was not shown to treat its members alike", True)]


def test_no_state_no_scalarsets() -> None:
    """Systems that have no types are searched as they are."""
    bare = scalar_system((), ((),), (), ())

    assert symmetries(bare) == Symmetries()
    assert quotient(bare, ()) is None


# --- the group -------------------------------------------------------------------------------------


@pytest.mark.parametrize("n", range(1, 7))
def test_plain_changes_meet_every_order_once(n: int) -> None:
    order = list(range(n))
    seen = {tuple(order)}
    for k in plain_changes(n):
        order[k], order[k + 1] = order[k + 1], order[k]
        seen.add(tuple(order))

    assert len(seen) == math.factorial(n) == len(plain_changes(n)) + 1


@pytest.mark.parametrize("joined", [*itertools.product((False, True), repeat=4)])
def test_runs_meet_every_order_within_them_once(joined: tuple[bool, ...]) -> None:
    """Nothing leaves its run."""
    run = tuple(itertools.accumulate((0, *joined), lambda r, more: r if more else r + 1))
    order, seen = list(range(5)), {tuple(range(5))}
    steps = of_runs(joined)
    for k in steps:
        order[k], order[k + 1] = order[k + 1], order[k]
        seen.add(tuple(order))

    assert len(seen) == len(steps) + 1 == math.prod(math.factorial(run.count(r)) for r in set(run))
    assert all(run[place] == run[thing] for o in seen for place, thing in enumerate(o))


def test_members_are_sorted_by_what_names_none() -> None:
    """Of one scalarset, though others name its members; not of two that move together."""
    made = system()
    who, _ = scalarsets(made.state)

    alone, both = quotient(made, (who,)), quotient(made, scalarsets(made.state))

    assert alone is not None
    assert both is not None
    assert [[made.leaves[i].name for i in key] for key in alone.parts[0].keys] == [
        [f"votes[Who({m})]", f"members{{Who({m})}}", f"at[Who({m})]?", f"at[Who({m})]",
         f"seen[Key(who=Who({m}), up=False)]", f"seen[Key(who=Who({m}), up=True)]"] for m in range(3)
    ]  # fmt: skip
    assert both.parts[0].keys == ()


def test_parts_that_move_the_same_leaves_are_walked_together() -> None:
    made = system()
    found = quotient(made, scalarsets(made.state))

    assert found is not None
    (part,) = found.parts
    assert isinstance(part, Walk)
    assert (found.order, len(part.swaps), len(part.steps)) == (12, 3, 11)


def test_a_group_too_large_to_walk_is_that_of_the_first_members(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quotients, "WALKED", 5)
    made = system()

    found = quotient(made, scalarsets(made.state)[:1])

    assert found is not None
    assert found.order == 2


def test_maps_and_sets_of_members_are_columns() -> None:
    """Two-phase commit: three leaves of each manager, in one order."""
    spec = load_spec(Path(__file__).resolve().parent.parent.parent / "specs" / "two_phase_commit.py")
    check = spec.checks[0]
    made = scalarize(check.program, check.program.actions, check.properties, None, check.helpers)

    found = quotient(made, symmetries(made).sorts)

    assert found is not None
    (part,) = found.parts
    assert isinstance(part, Columns)
    assert [[made.leaves[i].name for i in column] for column in part.columns] == [
        [f"vote[Manager({m})]", f"heard{{Manager({m})}}", f"prepared_sent{{Manager({m})}}"] for m in range(3)
    ]


def test_permuting_values_twice_is_permuting_once() -> None:
    """An action of the group: swaps compose as they should on values of every type."""
    made = system()
    (who, _), state = scalarsets(made.state), made.state
    assert state is not None
    rng = random.Random(1)
    value = ((0, 1, 2), 1, frozenset({0, 2}), (2, 0), (None, 1, 0), tuple(rng.random() < 0.5 for _ in range(6)), 3)
    one, two = swap(who, 0), swap(who, 1)
    both = tuple(two[one[m]] for m in range(3))

    stepwise = permuted(state, permuted(state, value, who, one), who, two)

    assert stepwise == permuted(state, value, who, both) != value
    assert permuted(state, permuted(state, value, who, one), who, one) == value
