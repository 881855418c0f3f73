"""What does compiled code say of one state?  Asked from Python, of the very functions that a search or walks ran.

Rule of the module: one form of the code at a time, and memory of its own: nothing of the search is looked at or changed.
"""

from __future__ import annotations

import bisect
import ctypes
import struct
from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeAlias

import attrs

from interlock.checker.native.code.jit import Form, Library
from interlock.checker.native.kernel import NONE, Note, Shape
from interlock.checker.native.module.memory import Region
from interlock.checker.native.module.program import Program

Words: TypeAlias = tuple[int, ...]
Ask: TypeAlias = tuple[Any, ...]  # a method of `Probe` by its name, and its arguments

_BYTES: Final = 8  # of a word


@attrs.frozen
class Steps:
    """The steps of a state: the enabled instances, the words of the states they lead to, all in one; and the first
    instance that is an error of the model."""

    numbers: tuple[int, ...]
    ends: bytes
    error: int | None

    def to(self, number: int) -> Words | None:
        """The words of the state that an instance leads to; None where it is not enabled."""
        at = bisect.bisect_left(self.numbers, number)
        if at == len(self.numbers) or self.numbers[at] != number:
            return None
        size = len(self.ends) // len(self.numbers)
        return struct.unpack_from(f"<{size // _BYTES}Q", self.ends, at * size)


@attrs.frozen
class Judged:
    """What `@check` says of a state: its code, and the places where something was noted."""

    code: int
    noted: frozenset[int]


@attrs.frozen
class Began:
    """What an initial instance does: the words of the state it leads to, None where it is not enabled; and whether it is
    an error of the model."""

    words: Words | None
    error: bool


@attrs.frozen
class Module:
    """What of a compiled module has to be known to ask it: the shape of its states, how many instances and actions it
    has, how many of these are faults, and its functions, each with its number of arguments."""

    shape: Shape
    instances: int
    actions: int
    faults: int
    functions: Mapping[str, int]

    @classmethod
    def of(cls, program: Program) -> Module:
        """The module of a program."""
        actions = program.system.actions
        faults = sum(a.fault is not None for a in actions)
        return cls(program.shape, program.instances, len(actions), faults, dict(program.asked_of))


class Probe:
    """The functions of a module in one form, one state at a time."""

    def __init__(self, module: Module, library: Library, form: Form) -> None:
        self.module, self.form, self.words = module, form, module.shape.words
        self._native = {name: library.plain(name, n, form) for name, n in module.functions.items()}
        shape, room = module.shape, module.instances + 1
        self._state, self._other = (Region(_BYTES * shape.words) for _ in range(2))
        self._out, self._ids = Region(_BYTES * shape.words * room), Region(4 * room)
        self._fired, self._err = Region(_BYTES * (module.actions + 1)), Region(_BYTES)
        self._faults = Region(_BYTES * (2 * module.faults + 1))
        self._places = shape.places
        self._notes = Region(_BYTES * shape.note(self._places))

    def has(self, name: str) -> bool:
        """Whether the module has a function."""
        return name in self._native

    def steps(self, state: Words) -> Steps:
        """The enabled instances of a state, where each leads, and the instance that is an error of the model, if any."""
        self._state.put(0, state)
        self._err.put(0, [NONE])
        here, out, ids, err = (r.address for r in (self._state, self._out, self._ids, self._err))
        if self.has("expand"):
            numbers = self._numbers(self._native["expand"](here, out, ids, 0, self._fired.address, err, 1))
        else:
            numbers = self._numbers(self._native["enabled"](here, ids, err, self._faults.address))
            for i, number in enumerate(numbers):
                self._native["move"](here, number, out + _BYTES * self.words * i)
        error = self._err.get(0)
        ends = ctypes.string_at(out, _BYTES * self.words * len(numbers))
        return Steps(numbers, ends, None if error == NONE else error)

    def _numbers(self, n: int) -> tuple[int, ...]:
        return struct.unpack(f"<{n}I", ctypes.string_at(self._ids.address, 4 * n))

    def began(self, number: int) -> Began:
        """The state that an initial instance leads to, None where it is disabled, and whether it is an error."""
        self._err.put(0, [NONE])
        made = self._native["initial"](number, self._state.address, self._err.address)
        return Began(self._words() if made else None, self._err.get(0) != NONE)

    def judged(self, state: Words) -> Judged:
        """What is wrong in a state, and what it witnesses."""
        self._state.put(0, state)
        self._forget()
        code = self._native["check"](self._state.address, self._notes.address)
        return Judged(code, self._noted())

    def noted(self, state: Words) -> frozenset[int]:
        """The places of all that is wrong in a state, and of what it witnesses, where a search asks for that."""
        self._state.put(0, state)
        self._forget()
        self._native["note"](self._state.address, self._notes.address)
        return self._noted()

    def step_judged(self, old: Words, new: Words) -> int:
        """The code of the first property of steps that a step violates, or that is an error there; 0 for none."""
        return self._native["check_step"](*self._both(old, new))

    def step_noted(self, old: Words, new: Words) -> frozenset[int]:
        """The places of all that is wrong with a step, where a search asks for that."""
        here, there = self._both(old, new)
        self._forget()
        self._native["note_step"](here, there, 0, self._notes.address)
        return self._noted()

    def rests(self, state: Words) -> int:
        """What `@check_terminal` says: 0, 1 where it must not be a state without steps, or 2 for an error."""
        self._state.put(0, state)
        return self._native["check_terminal"](self._state.address)

    def wanted(self, state: Words, portion: int) -> int:
        """Which goals of a portion are there in a state: a bit for each."""
        self._state.put(0, state)
        return self._native["wanted"](self._state.address, portion)

    def represented(self, state: Words) -> Words:
        """The representative of a state's orbit."""
        self._state.put(0, state)
        self._native["represent"](self._state.address)
        return self._words()

    def _words(self) -> Words:
        """The state that was written where one is handed over."""
        return tuple(self._state.get(k) for k in range(self.words))

    def _both(self, old: Words, new: Words) -> tuple[int, int]:
        self._state.put(0, old)
        self._other.put(0, new)
        return self._state.address, self._other.address

    def _forget(self) -> None:
        for place in range(self._places):
            self._notes.put(self.module.shape.note(place) + Note.STATUS, [Note.OPEN])

    def _noted(self) -> frozenset[int]:
        at = self.module.shape.note
        return frozenset(p for p in range(self._places) if self._notes.get(at(p) + Note.STATUS) == Note.TAKEN)


def probes(program: Program) -> Sequence[Probe]:
    """One for each form in which a program ran."""
    return [Probe(Module.of(program), program.library, form) for form in program.library.forms]
