"""How does LLVM assembly become functions to call?

Rule of the module: compiling never takes longer than the search it is meant to make fast.  A module is first
compiled without optimisation, which takes a tenth of the time and gives code of half the speed or more; once
its functions have run for as long as optimising would take, or it looks as if they would run for longer, they are
compiled again and replaced.  Both forms do the same on the same memory, so a run changes over between two calls.
What was compiled is kept in the cache.
"""

from __future__ import annotations

import ctypes
import functools
import hashlib
import math
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

import attrs

from interlock import __version__
from interlock.checker import cache, watch

Native = Callable[..., int]

_SURELY = 2  # times as long as optimising takes, a search is to take that is only foreseen
_CHARACTERS = 700_000  # of assembly that are optimised and compiled in a second, about


@attrs.frozen
class Form:
    """One way to compile: passes over the module, how hard code generation tries (0 to 3), and whether it may use what
    this machine's processor has beyond the oldest of its kind."""

    passes: tuple[str, ...]
    effort: int
    host: bool = True

    @property
    def text(self) -> str:
        """The form as a part of a cache's key."""
        return f"{','.join(self.passes)} -O{self.effort}{'' if self.host else ' any processor'}"


# Without `instruction_combine`: on words that are put together from fields it took up to three quarters of all
# the time, and code generation finds the same.  Without numbering of values: it gained 4 % and ended the process on a
# large module (`specs/pos/bounds.py`, "five").  The standard pipelines take three times as long and gain nothing.
QUICK = Form(("always_inliner",), 0)
FAST = Form(("always_inliner", "sroa", "simplify_cfg"), 2)


@attrs.frozen
class Assembly:
    """The text of a module, by its digest; it is written when it is needed.  `size`: its characters."""

    digest: str
    size: int
    write: Callable[[], str] = attrs.field(eq=False)

    @classmethod
    def of(cls, text: str) -> Assembly:
        """The text of a module that is there."""
        return cls(hashlib.sha256(text.encode()).hexdigest(), len(text), lambda: text)

    def written(self) -> str:
        """The text.  Raises AssertionError where it is not that of the digest."""
        text = self.write()
        assert hashlib.sha256(text.encode()).hexdigest() == self.digest, "a module is not what was kept of it"
        return text


class Library:
    """A compiled module; it lives as long as this object."""

    def __init__(self, assembly: str | Assembly, kept: cache.Cache | None = None) -> None:
        self._assembly = Assembly.of(assembly) if isinstance(assembly, str) else assembly
        assembly = self._assembly
        self._cache = cache.usual() if kept is None else kept
        self._functions: list[_Function] = []
        self._used, self._changing, self._watch = 0.0, threading.Lock(), watch.current()
        code = self._cache.load(_key(assembly, FAST))
        self.form = QUICK if code is None else FAST
        self._patience = math.inf if self.form is FAST else assembly.size / _CHARACTERS
        self._engines = {self.form: _loaded(self._code(QUICK) if code is None else code)}

    def function(self, name: str, arguments: int) -> Native:
        """The exported function `name`, of `arguments` 64-bit arguments; called without the interpreter's lock."""
        made = _Function(name, arguments, self)
        made.find(self._engines[self.form])
        self._functions.append(made)
        return made

    @property
    def forms(self) -> tuple[Form, ...]:
        """The forms in which its functions ran so far."""
        return tuple(self._engines)

    def load(self, form: Form) -> None:
        """Have its functions in one more form, beside the one in which they run."""
        if form not in self._engines:
            self._engines[form] = _loaded(self._code(form))

    def plain(self, name: str, arguments: int, form: Form) -> Native:
        """The same function in one of these forms; what it takes is not counted."""
        return _native(self._engines[form], name, arguments)

    @property
    def text(self) -> Assembly:
        """The text of the module, by its digest."""
        return self._assembly

    @property
    def assembly(self) -> str:
        """The text of the module."""
        return self._assembly.written()

    def _code(self, form: Form) -> bytes:
        """The module's object code, compiled if it is not in the cache.  Raises TimeUp."""
        key = _key(self._assembly, form)
        code = self._cache.load(key)
        if code is None:
            text = self.assembly
            code = watch.wait(lambda: _compiled(text, form))
            self._cache.store(key, code)
        return code

    def recall(self, *about: str) -> bytes | None:
        """What was worked out about the module in an earlier run, if it is in the cache."""
        return self._cache.load(cache.key(self._assembly.digest, *about))

    def remember(self, data: bytes, *about: str) -> None:
        """Keep what was worked out about the module; `about` is all that it depends on beside the module's text."""
        self._cache.store(cache.key(self._assembly.digest, *about), data)

    def used(self, seconds: float) -> None:
        """Count time in the module's functions; optimise them when it was enough."""
        self._used += seconds
        if self._used > self._patience and self._worthwhile() and self._changing.acquire(blocking=False):
            self.optimise()  # by one thread, and once

    def promised(self, seconds: float) -> None:
        """Its functions will run for `seconds` in all, as it looks: optimise them now, if that is time enough."""
        if seconds > _SURELY * self._patience and self._worthwhile() and self._changing.acquire(blocking=False):
            self.optimise()

    def _worthwhile(self) -> bool:
        """Whether there is time enough left to gain anything by it."""
        left = None if self._watch is None else self._watch.left()
        return left is None or left > _SURELY * self._patience

    def optimise(self) -> None:
        """Go over to the fast form.  The quick one stays loaded: another thread may be in it.  Raises TimeUp."""
        with watch.watching(self._watch):
            self.load(FAST)
        self._patience, self.form = math.inf, FAST
        for function in self._functions:
            function.find(self._engines[FAST])


class _Function:
    """A function of a library, in the form that the library has now."""

    def __init__(self, name: str, arguments: int, library: Library) -> None:
        self._name, self._arguments, self._library = name, arguments, library
        self._native: Native

    def find(self, engine: Any) -> None:
        """Take the function from an engine."""
        self._native = _native(engine, self._name, self._arguments)

    def __call__(self, *arguments: int) -> int:
        start = time.perf_counter()
        result = self._native(*arguments)
        self._library.used(time.perf_counter() - start)
        return result


def _native(engine: Any, name: str, arguments: int) -> Native:
    kind: Any = ctypes.CFUNCTYPE(ctypes.c_int64, *[ctypes.c_uint64] * arguments)
    native: Native = kind(engine.get_function_address(name))
    return native


@functools.cache
def _llvm() -> Any:
    import llvmlite.binding as llvm  # a tenth of a second, only for native engines

    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    return llvm


@functools.cache
def host() -> Sequence[str]:
    """What object code depends on beside its module: the version of Interlock, the compiler, and the machine."""
    import llvmlite

    llvm = _llvm()
    version = ".".join(map(str, llvm.llvm_version_info))
    features = llvm.get_host_cpu_features().flatten()
    return (__version__, llvmlite.__version__, version, llvm.get_default_triple(), llvm.get_host_cpu_name(), features)


def _key(assembly: Assembly, form: Form) -> bytes:
    return cache.key(*host(), form.text, assembly.digest)


def _machine(effort: int, *, of_host: bool = True) -> Any:
    target = _llvm().Target.from_default_triple()
    *_, cpu, features = host() if of_host else ("", "")
    return target.create_target_machine(cpu=cpu, features=features, opt=effort, jit=True)


def _compiled(assembly: str, form: Form) -> bytes:
    llvm, machine = _llvm(), _machine(form.effort, of_host=form.host)
    module = llvm.parse_assembly(assembly)
    options = llvm.create_pipeline_tuning_options(speed_level=1)
    options.loop_vectorization = options.slp_vectorization = False
    passes = llvm.create_new_module_pass_manager()
    for name in form.passes:
        getattr(passes, f"add_{name}_pass")()
    passes.run(module, llvm.create_pass_builder(machine, options))
    code: bytes = machine.emit_object(module)
    return code


def _loaded(code: bytes) -> Any:
    llvm = _llvm()
    engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), _machine(0))
    engine.add_object_file(llvm.ObjectFileRef.from_data(code))
    engine.finalize_object()
    return engine
