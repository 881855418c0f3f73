"""ITF out and in: every value of every type, and whole runs of random models."""

from __future__ import annotations

import json
import random
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from interlock.checker.contract import Trouble
from interlock.checker.diagnostics import InputError
from interlock.checker.frontend import load_spec
from interlock.checker.ir.claims import Check
from interlock.checker.ir.nodes import Action
from interlock.checker.ir.types import (
    BOOL,
    EnumT,
    IntT,
    MapT,
    OptionT,
    RecordT,
    ScalarT,
    SeqT,
    SetT,
    TupleT,
    Type,
    Value,
    members,
)
from interlock.checker.semantics import evaluate
from interlock.checker.trace import itf
from interlock.checker.trace.replay import Claim, Moves
from interlock.checker.trace.trace import Call, Ending, Trace, TraceStep
from tests.agreement.compare import read
from tests.initials import InitialError, initial_states
from tests.strategies import Source, random_model

COLOR = EnumT("Color", ("RED", "BLUE"))
PAIR = RecordT("Pair", (("a", COLOR), ("b", OptionT(IntT(0, 2)))))
TAGGED = RecordT("Tagged", (("tag", COLOR), ("value", OptionT(BOOL))))  # as the variants of ITF call their parts
TYPES: list[Type] = [
    BOOL, IntT(2**53 - 1, 2**53 + 2), IntT(-(2**53) - 2, -(2**53) + 1), COLOR, ScalarT("Net", 2), PAIR, TAGGED,
    TupleT((BOOL, COLOR)), TupleT((OptionT(PAIR),)), OptionT(BOOL), OptionT(PAIR), OptionT(TAGGED),
    OptionT(TupleT((OptionT(BOOL), BOOL))), OptionT(SeqT(OptionT(COLOR), 2)), OptionT(MapT(BOOL, OptionT(BOOL))),
    OptionT(SetT(OptionT(BOOL))), OptionT(OptionT(BOOL)), MapT(COLOR, IntT(0, 1)), MapT(OptionT(BOOL), COLOR),
    MapT(PAIR, BOOL), MapT(SetT(BOOL), BOOL), SetT(COLOR), SetT(TupleT((COLOR, OptionT(BOOL)))),
    SetT(SetT(BOOL)), SetT(MapT(BOOL, BOOL)), SeqT(COLOR, 2), SeqT(SeqT(OptionT(BOOL), 1), 2),
]  # fmt: skip


@pytest.mark.parametrize("t", TYPES, ids=str)
def test_every_value_survives_itf(t: Type) -> None:
    """Written as JSON text and read back: big integers, options in options, keys that are records."""
    values = members(t)

    assert [itf.decode(t, json.loads(json.dumps(itf.encode(t, v)))) for v in values] == list(values)


@pytest.mark.parametrize(
    ("t", "data"),
    [
        (BOOL, 1),
        (IntT(0, 2), True),
        (IntT(0, 2), 3),
        (IntT(0, 2), {"#bigint": "x"}),
        (COLOR, "Color.GREEN"),
        (PAIR, {"a": "Color.RED"}),
        (TupleT((BOOL, BOOL)), {"#tup": [True]}),
        (OptionT(BOOL), True),
        (OptionT(BOOL), {"tag": "Same", "value": True}),
        (MapT(BOOL, BOOL), {"#map": [[False, True]]}),
        (MapT(BOOL, BOOL), {"#map": [[False, True], [True, True], [True, False]]}),
        (SeqT(BOOL, 1), [True, True]),
    ],
    ids=str,
)
def test_what_is_no_value_is_refused(t: Type, data: Any) -> None:
    """Nothing is guessed from a file."""
    with pytest.raises(ValueError, match=r"."):
        itf.decode(t, data)


@given(st.integers(0, 10_000))
@settings(max_examples=30)
def test_runs_of_random_models_survive_itf(seed: int) -> None:
    """States, steps, parameters and what is claimed: the file says again what was written."""
    dice = random.Random(seed)
    assume(_accepted(random_model(seed)))
    with tempfile.TemporaryDirectory() as folder:
        check = _load(random_model(seed), Path(folder))
        trace, moves, claim = _run(check, dice)
        file = Path(folder) / "t.itf.json"
        itf.write(trace, file)
        program = check.program
        found = itf.moves(itf.read(file), program.state, program.initials, program.actions, check.properties)

    assert found == (moves, claim, trace.states)


def _accepted(source: Source) -> bool:
    try:
        return bool(read(source).checks)
    except InputError:
        return False


def _load(source: Source, folder: Path) -> Check:
    (folder / "gen.py").write_text(source.model)
    (folder / "gen_spec.py").write_text(source.spec)
    return load_spec(folder / "gen_spec.py").checks[0]


def _run(check: Check, dice: random.Random) -> tuple[Trace, Moves, Claim]:
    """A random walk of the evaluator, shown for an error of the action that would come next."""
    program = check.program
    state = _start(check, dice)
    initial, steps, taken = state, [], []
    for _ in range(dice.randrange(8)):
        for index, params in _instances(program.actions, dice):
            outcome = evaluate.run_action(program, program.actions[index], state, params)
            if isinstance(outcome, evaluate.Enabled):
                action, state = program.actions[index], outcome.state
                taken.append((index, params))
                steps.append(TraceStep(Call(action.name, action.params, params), action.fault, state))
                break
    index, params = next(_instances(program.actions, dice))
    action = program.actions[index]
    failing = Call(action.name, action.params, params)
    trace = Trace(
        program.name, "gen_spec.py", check.name, check.constants, check.faults, program.state, initial, None,
        tuple(steps), Ending(Trouble.MODEL_ERROR, None, "model error", failing=failing),
    )  # fmt: skip
    return trace, Moves(initial, tuple(taken)), Claim(Trouble.MODEL_ERROR, None, (index, params))


def _start(check: Check, dice: random.Random) -> Value:
    try:
        found = initial_states(check.program)
    except InitialError:
        found = []
    return dice.choice(found) if found else check.program.default


def _instances(actions: tuple[Action, ...], dice: random.Random) -> Any:
    for _ in range(20):
        index = dice.randrange(len(actions))
        yield index, tuple(dice.choice(members(p.type)) for p in actions[index].params)
