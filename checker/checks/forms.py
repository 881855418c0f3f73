"""What does a check become on its way to machine code?  The text of each form.

Rule of the module: nothing is run.  The LLVM text is the one that `explore` begins with; a search that grows may compile
others (states kept up to symmetry, leaves divided otherwise).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from interlock.checker.ir.claims import Check
from interlock.checker.ir.printer import print_function, print_program, print_scalar
from interlock.checker.ir.scalar import ScalarSystem
from interlock.checker.passes.scalarize import scalarize


def ir(check: Check) -> str:
    """The model with the check's constants, and the check's claims, as the evaluator reads them."""
    program = check.program
    parts = [print_program(program)]
    parts += [print_function(f) for key, f in check.helpers.items() if key not in program.helpers]
    parts += [print_function(p.function, p.kind.value) for p in check.properties]
    parts += [] if check.terminal is None else [print_function(check.terminal, "terminal")]
    return "".join(parts)


def scalar(check: Check) -> str:
    """The same over numbered leaves, as engines read it: without faults that the check does not allow."""
    return print_scalar(_system(check))


def llvm(check: Check) -> str:
    """The LLVM assembly of the search and of the model in it."""
    # llvmlite, for this form alone
    from interlock.checker.native.module.program import Program, known_leaves, permitted

    system = _system(check)
    return Program(system, known=permitted(known_leaves(system), system, None)).assembly()


def _system(check: Check) -> ScalarSystem:
    actions = check.program.allowed(check.faults)
    return scalarize(check.program, actions, check.properties, check.terminal, check.helpers)


FORMS: Final[dict[str, Callable[[Check], str]]] = {"ir": ir, "scalar": scalar, "llvm": llvm}
