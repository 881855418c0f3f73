"""How does LLVM assembly become functions to call?

Rule of the module: small modules are optimised well, large ones cheaply; compiling never takes longer than
the search it is meant to make fast is likely to.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import Any

Native = Callable[..., int]

_LARGE = 400_000  # characters of assembly from which on the cheap passes are used
_ready = False


class Library:
    """A compiled module; it lives as long as this object."""

    def __init__(self, assembly: str) -> None:
        import llvmlite.binding as llvm  # noqa: PLC0415 - a tenth of a second, only for native engines

        _initialise(llvm)
        module = llvm.parse_assembly(assembly)
        large = len(assembly) > _LARGE
        target = llvm.Target.from_default_triple()
        machine = target.create_target_machine(
            cpu=llvm.get_host_cpu_name(),
            features=llvm.get_host_cpu_features().flatten(),
            opt=1 if large else 2,
            jit=True,
        )
        _optimise(llvm, module, machine, large)
        self._engine = llvm.create_mcjit_compiler(module, machine)
        self._engine.finalize_object()

    def function(self, name: str, arguments: int) -> Native:
        """An exported function of so many 64-bit arguments; called without the interpreter's lock."""
        kind: Any = ctypes.CFUNCTYPE(ctypes.c_int64, *[ctypes.c_uint64] * arguments)
        native: Native = kind(self._engine.get_function_address(name))
        return native


def _initialise(llvm: Any) -> None:
    global _ready  # noqa: PLW0603 - once a process
    if not _ready:
        llvm.initialize_native_target()
        llvm.initialize_native_asmprinter()
        _ready = True


def _optimise(llvm: Any, module: Any, machine: Any, large: bool) -> None:
    options = llvm.create_pipeline_tuning_options(speed_level=1)
    options.loop_vectorization = options.slp_vectorization = False
    builder = llvm.create_pass_builder(machine, options)
    passes = llvm.create_new_module_pass_manager()
    passes.add_always_inliner_pass()
    passes.add_sroa_pass()
    passes.add_simplify_cfg_pass()
    passes.add_instruction_combine_pass()
    if not large:
        passes.add_new_gvn_pass()
        passes.add_simplify_cfg_pass()
    passes.run(module, builder)
