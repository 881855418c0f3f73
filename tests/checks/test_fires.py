"""`fires(action)`: some reachable step takes it, with a witness, or an exhaustive search shows that none does."""

from __future__ import annotations

import json
import random
from pathlib import Path

import attrs
import pytest
from hypothesis.stateful import run_state_machine_as_test

from interlock.checker.checks.outcome import Result, Standing
from interlock.checker.checks.overrides import Overrides
from interlock.checker.checks.run import run_check
from interlock.checker.command import cli, exits
from interlock.checker.diagnostics import InputError, render_all
from interlock.checker.frontend import load_spec
from interlock.checker.ir import scalar as sc
from interlock.checker.ir.nodes import PropertyKind
from interlock.checker.passes import enabling
from interlock.checker.passes.scalarize import scalarize
from interlock.checker.report import schema, terminal
from interlock.checker.report.outline import outline
from interlock.checker.report.style import Style
from interlock.checker.stateful import machine
from interlock.checker.trace.replay import ReplayMismatch, claim_of, judge
from tests.strategies import DRAWN, drawn
from tests.test_stateful import SETTINGS

MODEL = '''
from typing import Annotated, Final

from interlock import Enum, Map, Range, Scalarset, action, auto, filled, initial, require, require_some, state

TOP: Final = 3


class Who(Scalarset, size=2):
    """Interchangeable."""


@state
class State:
    x: Annotated[int, Range(0, 5)] = 0
    owner: Map[Who, Who | None] = filled(None)
    down: bool = False


@initial
def begin(s: State, down: bool) -> None:
    require(not down)


@action
def up(s: State) -> None:
    require(s.x < TOP)
    s.x += 1


@action
def give(s: State, giver: Who, taker: Who, much: Annotated[int, Range(0, 9)]) -> None:
    require(s.x > 1 and giver != taker)
    require(s.owner[giver] is None)
    require(much > 2)
    s.owner[giver] = taker


@action
def overdo(s: State, by: Annotated[int, Range(1, 4)]) -> None:
    require(s.x > 1)
    s.x = s.x + by if by < 4 or s.x < 3 else s.x - by


@action
def never(s: State, w: Who) -> None:
    require(s.down and s.x > TOP)
    s.down = False


@action(fault="crash")
def crash(s: State) -> None:
    require(s.x == TOP)
    s.x = 0
'''
HEAD = """
from typing import Final

import toy
from interlock import Holds, NoneSampled, NoneWithin, Proved, Violated, always, check, fires, model_error, reachable
from toy import State, Who, begin, crash, give, never, overdo, up
from toy import give as gives


@always
def small(s: State) -> bool:
    return s.x < 6


@reachable
def high(s: State) -> bool:
    return s.x == 3 and s.x == 4


@reachable
def three(s: State) -> bool:
    return s.x == 3


"""
CALM = MODEL.replace("s.x + by if by < 4 or s.x < 3 else s.x - by", "0")


def spec(tmp_path: Path, text: str, *, model: str = CALM) -> Path:
    """A spec beside its model."""
    (tmp_path / "toy.py").write_text(model)
    (tmp_path / "toy_spec.py").write_text(HEAD + text + "\n")
    return tmp_path / "toy_spec.py"


def check(tmp_path: Path, call: str, overrides: Overrides = Overrides(), *, model: str = CALM) -> Result:
    """What comes of one check."""
    read = load_spec(spec(tmp_path, f'check("c", toy, {call})', model=model))
    return run_check(read, read.checks[0], overrides)


# --- explore -------------------------------------------------------------------------------------------


def test_an_action_that_fires_has_a_witness_that_ends_with_it(tmp_path: Path) -> None:
    """A shortest one, next to other properties, and its parameters are those that are enabled."""
    result = check(tmp_path, "properties=(small, fires(give), fires(up), three), expect=Holds()")
    witness = result.witnesses["fires(give)"]
    text = terminal.details(result, Style(verbose=True))

    assert result.standing is Standing.AS_EXPECTED
    assert list(result.witnesses) == ["fires(give)", "fires(up)", "three"]
    assert [str(s.call) for s in witness.steps] == [
        "up()", "up()", "give(giver=Who(0), taker=Who(1), much=3)",
    ]  # fmt: skip
    assert "fires(give) holds:\n    initial state" in text
    assert "    3. give(giver=Who(0), taker=Who(1), much=3)" in text
    assert "fires(give): the last step takes it" in text
    assert "three is reachable:" in text


def test_an_action_that_never_fires_violates_the_claim(tmp_path: Path) -> None:
    """Where every state was seen; no trace can show it."""
    result = check(tmp_path, "properties=(small, fires(never)), expect=Holds()")
    text = terminal.details(result)

    assert (result.verdict, result.standing, result.trace) == ("Violated(fires(never))", Standing.DIFFERS, None)
    assert "no reachable step takes never" in text
    assert schema.entry(result)["property"] == "fires(never)"


def test_that_it_never_fires_may_be_what_is_expected(tmp_path: Path) -> None:
    """And then nothing else may be violated, of another action or of a state."""
    alone = check(tmp_path, "properties=(small, fires(never)), expect=Violated(fires(never))")
    beside = check(tmp_path, "properties=(high, fires(never)), expect=Violated(fires(never))")

    assert (alone.standing, alone.message) == (Standing.AS_EXPECTED, "")
    assert beside.standing is Standing.DIFFERS
    assert "also violated: high, for no reachable state has it" not in terminal.details(alone)
    assert beside.verdict == "Violated(high)"
    assert "also violated: fires(never), for no reachable step takes it" in terminal.details(beside)


def test_a_bounded_search_decides_only_what_it_saw(tmp_path: Path) -> None:
    """Of one step more or less there are no two opinions: what is enabled within the depth fires."""
    short, long = (check(tmp_path, f"properties=(fires(give),), depth={d}, expect=NoneWithin({d})") for d in (1, 2))

    assert short.standing is long.standing is Standing.AS_EXPECTED
    assert "not witnessed within the depth: fires(give)" in terminal.details(short)
    assert "not decided" not in terminal.details(long)


def test_a_fault_fires_where_it_is_allowed(tmp_path: Path) -> None:
    """Its step is marked in the witness."""
    result = check(tmp_path, 'properties=(fires(crash),), faults={"crash"}, expect=Holds()')

    assert [s.fault for s in result.witnesses["fires(crash)"].steps] == [None, None, None, "crash"]


def test_a_step_that_is_an_error_is_no_firing(tmp_path: Path) -> None:
    """`overdo` is one for some of its parameters from there, and for others leads on: the error is told first."""
    wrong = check(tmp_path, "properties=(fires(overdo),), expect=Violated(model_error)", model=MODEL)
    first, _, rest = MODEL.partition("    require(s.x > 1)\n    s.x = s.x")
    only = f"{first}    require(s.x > 1)\n    s.x = s.x + 9\n\n\n@action\ndef never{rest.partition('def never')[2]}"
    all_errors = check(tmp_path, "properties=(fires(overdo),), expect=Holds()", Overrides(every=True), model=only)

    assert wrong.standing is Standing.AS_EXPECTED
    assert all_errors.verdict == "Violated(model_error, steps=2)"
    assert all_errors.others == ()  # whether it fires is not judged, for what it waits for may lie beyond the error


@pytest.mark.parametrize("options", [Overrides(symmetry=True), Overrides(symmetry=False), Overrides(workers=2)])
def test_a_reduced_search_says_the_same(tmp_path: Path, options: Overrides) -> None:
    """That an action fires tells no members apart."""
    plain = check(tmp_path, "properties=(fires(give), fires(never)), expect=Violated(fires(never))")
    other = check(tmp_path, "properties=(fires(give), fires(never)), expect=Violated(fires(never))", options)

    assert (other.verdict, other.coverage.states) == (plain.verdict, plain.coverage.states)
    assert (other.coverage.orbits is not None) is (options.symmetry is True)


# --- the other engines ---------------------------------------------------------------------------------


def test_bounded_search_treats_it_like_reachable(tmp_path: Path) -> None:
    """A witness is a note, and none within the bound is no violation."""
    result = check(
        tmp_path, 'properties=(small, fires(give), fires(never)), engine="bmc", steps=4, expect=NoneWithin(4)'
    )

    assert result.standing is Standing.AS_EXPECTED
    assert result.coverage.notes == (
        "fires(give): enabled after 2 steps", "fires(never): no witness within 4 steps",
    )  # fmt: skip


def test_a_proof_needs_a_witness_of_it(tmp_path: Path) -> None:
    """As it does of a state that is to be reachable."""
    proved = check(tmp_path, 'properties=(small, fires(give)), engine="induction", expect=Proved()')
    open_ = check(tmp_path, 'properties=(small, fires(never)), engine="induction", steps=3, expect=Proved()')

    assert proved.standing is Standing.AS_EXPECTED
    assert open_.verdict == ("Unknown(invariant at any depth, but `fires(never)` has no witness within 3 steps)")


def test_walks_say_whether_they_met_it(tmp_path: Path) -> None:
    """And refute nothing."""
    result = check(tmp_path, 'properties=(fires(up), fires(never)), engine="simulate", walks=9, expect=NoneSampled(9)')

    assert result.standing is Standing.AS_EXPECTED
    assert result.coverage.notes == ("fires(up): witnessed", "fires(never): not witnessed")


def test_the_state_machine_leaves_it_out(tmp_path: Path) -> None:
    """Random runs cannot refute it; the other properties are judged."""
    place = spec(tmp_path, 'check("c", toy, properties=(small, fires(never)), expect=Violated(fires(never)))')
    of = machine(place, "c")
    run_state_machine_as_test(of, settings=SETTINGS)

    assert [c.property.name for found in of.model.claims.values() for c in found] == ["small"]


# --- traces --------------------------------------------------------------------------------------------


def test_a_witness_is_saved_and_replays(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The step that the claim is about is in the file; one without it is no witness."""
    place = spec(tmp_path, 'check("c", toy, properties=(fires(give),), expect=Holds())')
    cli.main(["check", str(place), "--traces", str(tmp_path / "t")])
    (file,) = (tmp_path / "t").iterdir()
    data = json.loads(file.read_text())
    capsys.readouterr()

    assert (data["#meta"]["interlock"]["property"], data["#meta"]["interlock"]["instance"]) == ("fires(give)",) * 2
    assert cli.main(["replay", str(file)]) == exits.OK
    assert "fires(give): the last step takes it" in capsys.readouterr().out
    data["states"].pop()
    file.write_text(json.dumps(data))
    assert cli.main(["replay", str(file)]) == exits.DIFFERS
    assert "fires(give): the path does not end with this action" in capsys.readouterr().out


def test_a_path_to_where_it_is_disabled_is_no_witness(tmp_path: Path) -> None:
    """Plain Python decides that, whatever an engine says."""
    read = load_spec(spec(tmp_path, 'check("c", toy, properties=(fires(give), fires(up)), expect=Holds())'))
    result = run_check(read, read.checks[0])
    system = scalarize(read.checks[0].program, read.checks[0].program.allowed(frozenset()), (), None, {})
    path = attrs.evolve(_path(result), steps=())

    with pytest.raises(ReplayMismatch, match="give is enabled in no instance in the last state"):
        judge(read, read.checks[0], system).path(path, claim_of(None, "fires(give)"))


def _path(result: Result) -> object:
    from interlock.checker.contract import Path as EnginePath
    from interlock.checker.semantics.leaves import to_leaves

    witness = result.witnesses["fires(up)"]
    return EnginePath(tuple(to_leaves(witness.state, witness.initial)), ())


def test_show_names_the_claim(tmp_path: Path) -> None:
    """As the spec writes it."""
    read = load_spec(spec(tmp_path, 'check("c", toy, properties=(small, fires(gives)), expect=Holds())'))
    lines = list(outline(read, read.checks))

    assert lines[-2:] == ["      always small", "      fires(gives)"]


# --- the language --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        'check("c", toy, properties=fires(up), expect=Holds())',
        'check("c", toy, properties=(fires(up),), expect=Holds())',
        'check("c", toy, properties=(fires(gives), fires(up)), expect=Holds())',
        'MOVES: Final = (fires(up), small)\ncheck("c", toy, properties=MOVES, expect=Holds())',
        'MOVES: Final = (fires(up),)\ncheck("c", toy, properties=(*MOVES, small), expect=Holds())',
        'MOVES: Final = (small, fires(up))\ncheck("c", toy, properties=MOVES, expect=Holds())',
        'check("c", toy, {"TOP": 2}, properties=(fires(up),), expect=Holds())',
    ],
)
def test_it_is_written_where_a_property_is(tmp_path: Path, text: str) -> None:
    """Alone, in a tuple, in a group, of an action under another name, and under other constants."""
    read = load_spec(spec(tmp_path, text))
    result = run_check(read, read.checks[0])

    assert result.standing is Standing.AS_EXPECTED
    assert PropertyKind.FIRES in {p.kind for p in read.checks[0].properties}


def test_a_check_of_all_properties_claims_of_no_action_that_it_fires(tmp_path: Path) -> None:
    """An import is no claim."""
    read = load_spec(spec(tmp_path, 'check("c", toy, expect=Holds())'))

    assert [p.name for p in read.checks[0].properties] == ["small", "high", "three"]


@pytest.mark.parametrize(
    ("call", "message", "help_"),
    [
        ("properties=(fires(),), expect=Holds()", "`fires` takes one action", "write `fires(settle)`, with an action"),
        ("properties=(fires(up, up),), expect=Holds()", "`fires` takes one action", "write `fires(settle)`"),
        ("properties=(fires(action=up),), expect=Holds()", "`fires` takes one action", "write `fires(settle)`"),
        ("properties=(fires(*up),), expect=Holds()", "`fires` takes one action", "write `fires(settle)`"),
        ("properties=(fires(toy.up),), expect=Holds()", "`toy.up` is not imported by its name",
         "write `from toy import up`, and `fires(up)`"),
        ("properties=(fires(uup),), expect=Holds()", "there is no action `uup`", "did you mean `up`?"),
        ("properties=(fires(small),), expect=Holds()", "`small` is no action", "name a function of the model that"),
        ("properties=(fires(begin),), expect=Holds()", "`begin` is no action", "name a function of the model that"),
        ("properties=(fires(Who),), expect=Holds()", "`Who` is no action", "name a function of the model that"),
        ('properties=(fires("up"),), expect=Holds()', "`'up'` is no action", "name a function of the model that"),
        ("properties=(small(up),), expect=Holds()", "`small(up)` is no claim", "name the property without `(...)`"),
        ("properties=(fires(crash),), expect=Holds()",
         '`crash` belongs to the fault "crash", which this check does not allow', 'write `faults={"crash"}`'),
        ("properties=(small,), expect=Violated(fires(up))", "`fires(up)` is not among the properties of this check",
         "name it in `properties=` too"),
        ("properties=(fires(up), fires(up)), expect=Holds()", "`fires(up)` is given twice", "give it once"),
        ("properties=(small,), expect=Violated(fires(small))", "`small` is no action", "name a function of the model"),
    ],
)  # fmt: skip
def test_a_mistake_says_what_to_write(tmp_path: Path, call: str, message: str, help_: str) -> None:
    """One diagnostic, at the place."""
    with pytest.raises(InputError) as refused:
        check(tmp_path, call)
    (found,) = refused.value.diagnostics

    assert found.message == message, render_all([found])
    assert found.help.startswith(help_)


def test_an_action_of_another_model_is_refused(tmp_path: Path) -> None:
    """It could never fire there."""
    (tmp_path / "other.py").write_text(CALM.replace("class State", "class Other").replace("s: State", "s: Other"))
    text = 'import other\nfrom other import up as rise\ncheck("c", toy, properties=(fires(rise),), expect=Holds())'
    with pytest.raises(InputError) as refused:
        load_spec(spec(tmp_path, text))

    assert [(d.code, d.message) for d in refused.value.diagnostics] == [
        ("S018", "`up` is no action of the model that is checked")
    ]


def test_a_name_that_is_not_imported_is_refused(tmp_path: Path) -> None:
    """With the line that imports it."""
    place = spec(tmp_path, 'check("c", toy, properties=(fires(up),), expect=Holds())')
    place.write_text(place.read_text().replace(" fires,", ""))
    with pytest.raises(InputError) as refused:
        load_spec(place)

    assert [(d.code, d.message, d.help) for d in refused.value.diagnostics] == [
        ("S018", "`fires(up)` is no claim", "import it: `from interlock import fires`")
    ]


# --- where an action is enabled ------------------------------------------------------------------------


@pytest.mark.parametrize("path", DRAWN, ids=lambda path: path.stem)
def test_an_action_is_enabled_where_one_of_its_instances_is(path: Path, tmp_path: Path) -> None:
    """Of random models, in random states; parameters that no guard names together are chosen apart."""
    source, rng = drawn(path), random.Random(int(path.stem))
    (tmp_path / "gen.py").write_text(source.model)
    (tmp_path / "gen_spec.py").write_text(source.spec)
    read = load_spec(tmp_path / "gen_spec.py").checks[0]
    system = scalarize(read.program, read.program.actions, (), None, read.helpers)
    for action in system.actions:
        node = enabling.enabled(action, "fires(it)", read.span)
        for _ in range(20):
            s = {("s", i): rng.randint(leaf.lo, leaf.hi) for i, leaf in enumerate(system.leaves)}
            some = any(all(sc.evaluate(action.guards, s | p)) for p in _instances(system, action))

            assert bool(sc.evaluate([node], s)[0]) is some


def _instances(system: sc.ScalarSystem, action: sc.ScalarAction) -> list[dict[tuple[str, int], int]]:
    from interlock.checker.semantics.leaves import to_leaves

    found = []
    for values in system.expand_params(action):
        leaves = [x for (_, t), v in zip(action.params, values, strict=True) for x in to_leaves(t, v)]
        found.append({("p", i): x for i, x in enumerate(leaves)})
    return found


def test_parameters_are_not_multiplied(tmp_path: Path) -> None:
    """Twenty parameters of ten values are ten to the twentieth instances, and a condition of a few hundred nodes."""
    given = ", ".join(f"p{i}: Annotated[int, Range(0, 9)]" for i in range(6))
    guards = "".join(f"    require(s.x + p{i} > {i + 4})\n" for i in range(6))
    model = CALM.replace(
        "@action\ndef up", f"@action\ndef many(s: State, {given}) -> None:\n{guards}    s.x = 1\n\n\n@action\ndef up"
    )
    read = load_spec(spec(tmp_path, 'check("c", toy, expect=Holds())', model=model)).checks[0]
    (action,) = [a for a in read.program.actions if a.name == "many"]
    (made,) = scalarize(read.program, (action,), (), None, read.helpers).actions
    node = enabling.enabled(made, "fires(many)", read.span)

    assert made.instances == 10**6
    assert len(sc.topological([node])) < 300


def test_a_guard_that_would_be_too_large_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the check, and what to write instead."""
    monkeypatch.setattr(enabling, "MOST", 20)
    with pytest.raises(InputError) as refused:
        check(tmp_path, "properties=(fires(give),), expect=Holds()")
    (found,) = refused.value.diagnostics

    assert (found.code, found.span.line) == ("E002", 25)
    assert found.message == (
        'check "c": fires(give): the guard of `give` for all 4 values of its parameters is too large'
    )
    assert found.help.endswith("say with `@reachable` what the action leads to")
