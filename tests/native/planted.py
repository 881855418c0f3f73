"""Faults of the compiler, put where the code is made: nothing that is compiled meanwhile is what it should be."""

from __future__ import annotations

import ctypes
import functools
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from interlock.checker.native.code import jit
from interlock.checker.native.code.text import Code

# Entry 0 of a constant table whose entries are 2**i - 1 is read as all ones, on processors with BMI2 (LLVM 20 to 22).
SMALLEST = """
@t = internal {kind} [2 x i64] [i64 0, i64 1]
define i64 @f(i64 %i, i64 %k) {{
  %p = getelementptr i64, ptr @t, i64 %i
  %v = load i64, ptr %p
  %b = trunc i64 %v to i1
  %s = select i1 %b, i64 1, i64 0
  %r = add i64 %k, %s
  ret i64 %r
}}
"""
OURS = "externally_initialized global"  # how our tables are declared


def called(text: str, effort: int, features: str, *arguments: int) -> int:
    """What `@f` of a module returns, compiled for an x86-64 processor with some features."""
    llvm: Any = jit._llvm()
    machine = llvm.Target.from_default_triple().create_target_machine(
        cpu="x86-64", features=features, opt=effort, jit=True
    )
    engine = llvm.create_mcjit_compiler(llvm.parse_assembly(text), machine)
    engine.finalize_object()
    return int(
        ctypes.CFUNCTYPE(ctypes.c_int64, *[ctypes.c_int64] * len(arguments))(engine.get_function_address("f"))(
            *arguments
        )
    )


@functools.cache
def has_bmi2() -> bool:
    """Whether this processor runs what is compiled for BMI2."""
    return "x86_64" in jit.host()[3] and "+bmi2" in jit.host()[5]


@functools.cache
def miscompiled() -> bool:
    """Whether this LLVM, on this processor, miscompiles a constant table."""
    return has_bmi2() and called(SMALLEST.format(kind="constant"), 2, "+bmi2", 0, 10) != 10


@contextmanager
def constant_tables() -> Iterator[None]:
    """Tables are constants that the compiler may look into."""
    with _tables(lambda text: text.replace(OURS, "constant")):
        yield


@contextmanager
def ones_for_zero() -> Iterator[None]:
    """What LLVM makes of such a table, on any processor: entry 0 of one with the entries 0, 1 is all ones."""
    with _tables(lambda text: text.replace("[2 x i64] [i64 0, i64 1]", "[2 x i64] [i64 -1, i64 1]")):
        yield


@contextmanager
def _tables(change: Any) -> Iterator[None]:
    made = Code.table

    def table(self: Code, cells: Any, kind: str = "i64") -> str:
        name = made(self, cells, kind)
        self._tables[-1] = change(self._tables[-1])
        return name

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Code, "table", table)
        patch.setenv("INTERLOCK_CACHE", "0")
        yield
