"""The IR prints as text, and its legality check finds what is wrong."""

from __future__ import annotations

from interlock.checker.ir import nodes as n
from interlock.checker.ir import types as ty
from interlock.checker.ir.printer import print_program, print_scalar
from interlock.checker.ir.verify import verify
from interlock.checker.passes.scalarize import scalarize

SMALL = ty.IntT(0, 2)
STATE = ty.RecordT("State", (("n", SMALL),))


def program(*body: n.Stmt) -> n.Program:
    step = n.Action("step", "m", "s", (), body, None, "")
    return n.Program("m", STATE, ("m", "State"), (0,), (), (step,), {}, (), (), {})


N = n.Field(SMALL, n.Local(STATE, "s"), "n")
UP = n.Assign("s", SMALL, (n.AtField("n"),), n.Fit(SMALL, n.Arith(ty.INT, n.ArithOp.ADD, N, n.Const(ty.INT, 1))))


def test_a_program_prints_as_s_expressions() -> None:
    """Types once, then the statements as they are."""
    assert print_program(program(UP)).splitlines() == [
        "(program m",
        "  (state State",
        "    (n Range(0, 2))",
        "  )",
        "  (action step ()",
        "    (assign s ((atfield n)) (fit Range(0, 2) (arith + (field s n) 1)))",
        "  )",
        ")",
    ]


def test_a_scalar_system_prints_leaf_by_leaf() -> None:
    """Guards, errors and updates over numbered leaves."""
    p = program(UP)
    assert print_scalar(scalarize(p, p.actions, [], None, {})).splitlines() == [
        "s0 n: 0..2",
        "initial ()",
        "  s0 := 0",
        "action step()",
        "  guard (le (add s0 1) 2)",
        "  error RANGE (not (le (add s0 1) 2))",
        "  s0 := (add s0 1)",
    ]


def test_legal_programs_have_no_complaints() -> None:
    """What the tests build by hand is legal."""
    assert verify(program(UP)) == []


def test_unbound_names_and_wrong_operands_are_found() -> None:
    """Each mistake is one complaint."""
    bad = n.Require(n.Not(ty.BOOL, n.Local(SMALL, "x")))
    assert len(verify(program(bad))) == 2
