"""Amounts of a contract have 256 bits: solvers take them exactly, and what cannot says what to make smaller."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from interlock.checker.api.saving import saved
from interlock.checker.checks.outcome import Result
from interlock.checker.checks.overrides import Overrides
from interlock.checker.checks.run import run_check
from interlock.checker.command.cli import main
from interlock.checker.diagnostics import InputError
from interlock.checker.frontend import load_spec
from interlock.checker.ir.types import show_number
from interlock.checker.stateful import machine

TOKEN = """
from typing import Annotated, Final

from interlock import Enum, Map, Range, action, auto, filled, initial, require, state

MAX: Final = 2**256 - 1
ETHER: Final = 10**18
CHECKED: Final = True

Amount = Annotated[int, Range(0, MAX)]


class Who(Enum):
    ANN = auto()
    BOB = auto()


@state
class State:
    balance: Map[Who, Amount] = filled(0)
    total: Amount = 0


@initial
def deploy(s: State, owner: Who, supply: Amount) -> None:
    require(supply % ETHER == 0)
    s.balance[owner] = supply
    s.total = supply


@action
def transfer(s: State, sender: Who, to: Who, amount: Amount) -> None:
    require(not CHECKED or s.balance[sender] >= amount)
    s.balance[sender] -= amount
    s.balance[to] += amount
"""

SPEC = """
import token_ as token
from token_ import State, Who
from interlock import Holds, NoneWithin, Proved, Violated, always, check, model_error


@always
def conserved(s: State) -> bool:
    return sum(s.balance[w] for w in Who) == s.total


@always
def not_two_thirds(s: State) -> bool:
    return s.balance[Who.BOB] * 3 != s.total * 2 or s.total < 2**255


check("proved", token, engine="induction", properties=(conserved,), expect=Proved(k=1))
check("bounded", token, engine="bmc", properties=(conserved,), steps=2, expect=NoneWithin(2))
check("found", token, engine="bmc", properties=(not_two_thirds,), steps=2, expect=Violated(not_two_thirds, steps=1))
check("unchecked", token, {"CHECKED": False}, engine="bmc", steps=2, expect=Violated(model_error))
check("small", token, {"MAX": 3, "ETHER": 1}, properties=(conserved,), expect=Holds())
check("searched", token, {"MAX": 2**70}, properties=(conserved,), expect=Holds())
check("walked", token, {"MAX": 2**70}, engine="simulate", properties=(conserved,), expect=Holds())
"""


def run(tmp_path: Path, name: str, spec: str = SPEC, model: str = TOKEN) -> Result:
    """The result of one check of the token."""
    (tmp_path / "token_.py").write_text(model)
    (tmp_path / "spec.py").write_text(spec)
    read = load_spec(tmp_path / "spec.py")
    return run_check(read, next(c for c in read.checks if c.name == name), Overrides())


def refused(tmp_path: Path, name: str, spec: str = SPEC, model: str = TOKEN) -> str:
    """What is said of a check that is not run: the code, the message and the help."""
    with pytest.raises(InputError) as problem:
        run(tmp_path, name, spec, model)
    (d,) = problem.value.diagnostics
    assert (d.span.file, d.span.line) == (
        str(tmp_path / "spec.py"),
        1 + spec.split("\n").index(next(x for x in spec.split("\n") if x.startswith(f'check("{name}"'))),
    )
    return f"{d.code}: {d.message}\n{d.help}"


@pytest.mark.parametrize("name", ["proved", "bounded", "found", "unchecked", "small"])
def test_solvers_decide_what_amounts_of_256_bits_can_do(name: str, tmp_path: Path) -> None:
    """Nothing wraps: leaving the range is an error of the model, and what is proved holds of all of them."""
    assert run(tmp_path, name).as_expected


def test_a_trace_has_its_numbers_to_the_last_digit(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """In the file as big integers of its format; and replay reads them back."""
    result = run(tmp_path, "found")

    assert result.trace is not None
    balances, total = result.trace.at(1)
    assert balances[1] * 3 == total * 2
    assert total >= 2**255
    assert sum(balances) == total
    assert total % 10**18 == 0
    result, _ = saved(result, tmp_path)
    assert result.trace_file is not None
    states = json.loads(Path(result.trace_file).read_text())["states"]
    assert states[1]["total"] == {"#bigint": str(total)}
    assert main(["replay", result.trace_file]) == 0
    assert f"total = {total}" in capsys.readouterr().out


@pytest.mark.parametrize(("name", "engine"), [("searched", "explore"), ("walked", "simulate")])
def test_compiled_engines_name_the_range_to_make_smaller(name: str, engine: str, tmp_path: Path) -> None:
    """At the check, with the constants that are large there: another check of the model may be fine."""
    assert refused(tmp_path, name) == (
        f'E001: check "{name}": `balance[Who.ANN]` is one of 0..2**70, which takes more than 64 bits (with MAX = 2**70,'
        " ETHER = 1000000000000000000)\n"
        'make the ranges that it comes from smaller, or use engine="bmc" or engine="induction"'
    )


def test_compiled_engines_name_the_number_that_grows_too_large(tmp_path: Path) -> None:
    """Every field fits in 64 bits, and a product of two does not."""
    model = TOKEN.replace("s.balance[to] += amount", "s.balance[to] = s.balance[to] * amount // ETHER")

    said = refused(tmp_path, "small", SPEC.replace('"MAX": 3,', '"MAX": 2**40,'), model)

    assert said == (
        f'E001: check "small": the number at {tmp_path}/token_.py:35:21 may be any of -2**80..2**80, '
        "which takes more than 64 bits (with MAX = 1099511627776)\n"
        'make the ranges that it comes from smaller, or use engine="bmc" or engine="induction"'
    )


def test_compiled_engines_name_the_parameter_of_too_many_values(tmp_path: Path) -> None:
    """They have one step for each; a solver takes the parameter as it is."""
    spec = SPEC.replace('"MAX": 3, "ETHER": 1', '"MAX": 100_000, "ETHER": 1')

    assert refused(tmp_path, "small", spec) == (
        'E003: check "small": the parameter `amount` of `transfer` has 100001 values, and compiled code has one step for '
        "each, of 65536 at most\n"
        'use a smaller Range (or other type) for `amount`, or use engine="bmc" or engine="induction"'
    )
    assert (
        run(
            tmp_path,
            "bounded",
            spec.replace('token, engine="bmc"', 'token, {"MAX": 100_000, "ETHER": 1}, engine="bmc"'),
        ).verdict
        == "NoneWithin(2)"
    )


def test_compiled_engines_name_the_action_of_too_many_instances(tmp_path: Path) -> None:
    """Each parameter is small enough, and all together are not."""
    model = TOKEN.replace("amount: Amount)", "amount: Amount, twice: Amount)")

    assert refused(tmp_path, "small", SPEC.replace('"MAX": 3,', '"MAX": 9_999,'), model) == (
        'E003: check "small": the actions have 400000000 combinations of parameter values, more than 16777216; `transfer` '
        "alone has 400000000\n"
        'use smaller types for its parameters, or split it, or use engine="bmc" or engine="induction"'
    )


def test_a_deadlock_is_not_spelt_out_for_more_instances_than_are_told(tmp_path: Path) -> None:
    """Their number is told as a person would."""
    ends = "def never(s: State) -> bool:\n    return False\n\n\ncheck("
    spec = SPEC.replace("check(", ends, 1).replace('"bounded", token, ', '"bounded", token, terminal=never, ')

    assert refused(tmp_path, "bounded", spec).startswith(
        'E020: check "bounded": a deadlock check would expand 2**258 action instances; at most 4096 can be\n'
    )


def test_a_parameter_of_more_values_than_can_be_counted_is_refused(tmp_path: Path) -> None:
    """Before anyone computes how many."""
    model = TOKEN.replace("supply: Amount)", "supply: Map[Annotated[int, Range(0, 99)], Amount])").replace(
        "supply %", "supply[0] %"
    )
    (tmp_path / "token_.py").write_text(model)
    (tmp_path / "spec.py").write_text(SPEC)

    with pytest.raises(InputError) as problem:
        load_spec(tmp_path / "spec.py")
    d = problem.value.diagnostics[0]
    assert (d.code, d.message, d.help) == (
        "M205",
        "Map[Range(0, 99), Range(0, 2**256 - 1)] has too many values for a parameter",
        "at most 2**16384: use a smaller type",
    )


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        (7, "7"), (-7, "-7"), (2**62, str(2**62)), (2**63, "2**63"), (2**256 - 1, "2**256 - 1"), (-(2**255), "-2**255"),
        (10**18, str(10**18)), (3 * 2**100, str(3 * 2**100)), (3 * 2**5000, "more than 2**5001"),
    ],
)  # fmt: skip
def test_a_large_number_is_shown_as_its_author_would_write_it(number: int, shown: str) -> None:
    assert show_number(number) == shown


def test_an_initial_parameter_may_have_any_number_of_values(tmp_path: Path) -> None:
    """They are not listed, so a walk can begin with any of 2**62 of them; more have no numbers."""
    model = TOKEN.split("@action")[0] + "@action\ndef stay(s: State) -> None:\n    require(False)\n"
    spec = SPEC.replace('"walked", token, {"MAX": 2**70}', '"walked", token, {"MAX": 2**60 - 1, "ETHER": 3}')

    assert run(tmp_path, "walked", spec, model).verdict == "NoneSampled(10000)"
    assert refused(tmp_path, "walked", spec.replace("2**60 - 1", "2**61"), model) == (
        'E003: check "walked": the initial action `deploy` has 4611686018427387906 combinations of parameter values, '
        "2305843009213693953 of them by `supply`; at most 2**62 can be gone through\n"
        'use a smaller Range (or other type) for `supply`, or use engine="bmc" or engine="induction"'
    )


def test_a_state_machine_needs_numbers_of_64_bits(tmp_path: Path) -> None:
    """It asks compiled code which actions are enabled."""
    (tmp_path / "token_.py").write_text(TOKEN)
    (tmp_path / "spec.py").write_text(SPEC)

    with pytest.raises(InputError, match=r"E001: `balance\[Who.ANN\]` is one of 0..2\*\*70"):
        machine(tmp_path / "spec.py", "searched")


# --- in the text -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "code", "message"),
    [
        ("2**1023", None, ""),
        ("-(2**256) + 10**18 * 1_000_000", None, ""),
        ("2**1024", "M210", "this number is beyond 1024 bits"),
        ("7**(10**9)", "M210", "this number is beyond 1024 bits"),
        ("(2**1000) * 2**1000", "M210", "this number is beyond 1024 bits"),
        ("(-1)**(10**30)", None, ""),
        ("2**-1", "M210", "a power with an exponent below 0 is no integer"),
    ],
)
def test_a_power_of_constants_is_a_constant(text: str, code: str | None, message: str, tmp_path: Path) -> None:
    """As Python computes it, as long as it is no larger than a model may need."""
    model = TOKEN.replace("ETHER: Final = 10**18", f"ETHER: Final = {text}")
    (tmp_path / "token_.py").write_text(model)
    (tmp_path / "spec.py").write_text(SPEC)

    if code is None:
        program = load_spec(tmp_path / "spec.py").checks[0].program
        assert next(c.value for c in program.constants if c.name == "ETHER") == eval(text)
        return
    with pytest.raises(InputError) as problem:
        load_spec(tmp_path / "spec.py")
    assert [(d.code, d.message) for d in problem.value.diagnostics] == [(code, message)]


def test_a_power_of_what_is_no_constant_is_refused(tmp_path: Path) -> None:
    model = TOKEN.replace("s.balance[to] += amount", "s.balance[to] = amount**2")

    with pytest.raises(InputError) as problem:
        run(tmp_path, "proved", model=model)
    assert [(d.code, d.message, d.help) for d in problem.value.diagnostics] == [
        (
            "M002",
            "this power is outside the language",
            "a power is one of constants, such as `2**256`: write other products out",
        )
    ]


def test_a_number_that_grows_without_bound_in_a_step_is_refused(tmp_path: Path) -> None:
    """Squares of squares: no engine could hold them."""
    model = TOKEN.replace(
        "    s.balance[to] += amount", "    for _i in range(9):\n        amount = amount * amount\n    s.total = amount"
    )
    model = model.replace(
        "to: Who, amount: Amount) -> None:", "to: Who, given: Amount) -> None:\n    amount: int = given"
    )

    with pytest.raises(InputError, match="E002: this number may take more than 4096 bits"):
        run(tmp_path, "proved", model=model)
