"""How does a walk that went wrong become a short one that goes wrong in the same way?

Rule of the module: the same way is the same property false, or an error of it; a deadlock, or an error of the terminal
predicate; an error of any action.  What comes out is locally minimal: leave out any one step, and what is left
cannot be walked, or does not go wrong in that way.
Where a breadth-first search of `_EFFORT` steps finds the trouble, it is a shortest path, and of the shortest the first
by its initial state and the numbers of its instances.  Else, and as long as another `_EFFORT` steps of trying last, no
run of steps can be left out either, no step replaced by an earlier instance of its action, and the initial state by no
earlier one.  Nothing here depends on the clock.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

import attrs

from interlock.checker.contract import Step
from interlock.checker.ir.scalar import ScalarSystem
from interlock.checker.native.code import limits
from interlock.checker.native.kernel import Status, Way
from interlock.checker.native.walks.walker import Starts, Walker, Walks

_EFFORT = 300_000  # steps that are tried: effort, not seconds, so that every machine tells the same path
_ENDINGS = (Status.FOUND, Status.ERROR, Status.DEADLOCK)

_SCANNED = 1 << 22  # initial instances among which earlier ones are looked for
_PIECE = 1 << 12  # of them, those that are listed at a time

State = tuple[int, ...]


@attrs.frozen
class End:
    """How a walk goes wrong: what the kernel said, the property's code, the instance that is an error."""

    status: Status
    code: int = 0
    instance: int | None = None

    @classmethod
    def of(cls, walker: Walker, status: Status) -> End:
        """How the walk or replay of `walker` that returned `status` went wrong: the code, or the instance of the error."""
        instance = walker.error()
        return cls(status, 0, instance) if status is Status.ERROR else cls(status, walker[Way.CODE])

    def like(self, other: End) -> bool:
        """Whether it is the same trouble (an error: of any action)."""
        return (self.status, self.code) == (other.status, other.code)


@attrs.frozen
class Walk:
    """An initial instance, the instances from there, and how that goes wrong."""

    start: int
    steps: tuple[int, ...]
    end: End


def shrunk(walker: Walker, walk: Walk) -> Walk:
    """A short walk that goes wrong in the same way."""
    return _Shrinking(walker, walk.end).shrunk(walk)


def shortened(system: ScalarSystem, start: Step, steps: Sequence[Step]) -> tuple[Step, tuple[Step, ...]] | None:
    """The same of the walk that begins with an initial instance and takes these steps, of which the last may be an error
    of the model: the initial instance, and the steps.  None where that walk does not go wrong.

    Raises InputError for what cannot be compiled.
    """
    limits.refuse(system)
    program = Walks(system)
    walker, begun = Walker(program), program.start_number(start)
    state, numbers = walker.initial(begun), tuple(map(program.number, steps))
    status = None if state is None else walker.replay(state, numbers)
    if status not in _ENDINGS:
        return None
    end = End.of(walker, Status(status))
    walk = shrunk(walker, Walk(begun, numbers[: walker[Way.LENGTH]], end))
    taken = (*walk.steps, *(() if walk.end.instance is None else (walk.end.instance,)))
    return program.start(walk.start), tuple(map(program.step, taken))


class _Shrinking:
    def __init__(self, walker: Walker, wanted: End) -> None:
        self.walker, self.wanted = walker, wanted
        self.left = _EFFORT
        self.states: dict[int, State] = {}  # that initial instances lead to

    def shrunk(self, walk: Walk) -> Walk:
        walk = self._thinned(walk)
        shortest = self._searched(len(walk.steps))
        if shortest is not None:
            return shortest
        while True:
            better = self._without_a_run(walk) or self._earlier(walk)
            if better is None:
                return walk
            walk = self._thinned(better)

    def _tried(self, start: int, steps: Sequence[int]) -> Walk | None:
        """The walk of these steps up to where it goes wrong, if it does so in the wanted way."""
        self.left -= 1 + len(steps)
        status = self.walker.replay(self._state(start), steps)
        if status not in _ENDINGS:
            return None
        end = End.of(self.walker, status)
        return Walk(start, tuple(steps[: self.walker[Way.LENGTH]]), end) if end.like(self.wanted) else None

    def _state(self, start: int) -> State:
        """The state that an enabled initial instance leads to."""
        if start not in self.states:
            state = self.walker.initial(start)
            assert state is not None, "a walk begins with an enabled instance"
            self.states[start] = state
        return self.states[start]

    def _starts(self, stop: int) -> Iterator[int]:
        """The initial instances before one that are enabled, ascending."""
        found = Starts(self.walker.program, _PIECE)
        for at in range(0, min(stop, _SCANNED), _PIECE):
            found.count = 0
            found.list(at, min(stop, at + _PIECE))
            yield from list(found.numbers())

    # --- leaving out -------------------------------------------------------------------------------

    def _thinned(self, walk: Walk) -> Walk:
        """Without pieces of half its length, of a quarter, and so on, and at last without any one step."""
        size = max(1, len(walk.steps) // 2)
        while walk.steps:
            shorter = self._cut(walk, size)
            if shorter is None and size == 1:
                break
            walk, size = (shorter, min(size, len(shorter.steps))) if shorter else (walk, size // 2)
        return walk

    def _cut(self, walk: Walk, size: int) -> Walk | None:
        """Without some of its pieces of a size, from the last back; None where none can go."""
        cut, at = None, len(walk.steps) - size
        while at >= 0:
            tried = self._tried(walk.start, walk.steps[:at] + walk.steps[at + size :])
            walk, cut = (tried, tried) if tried else (walk, cut)
            at = min(at - size, len(walk.steps) - size)
        return cut

    def _without_a_run(self, walk: Walk) -> Walk | None:
        """Without one run of steps, one of the longest."""
        n = len(walk.steps)
        for size in range(n - 1, 1, -1):
            for at in range(n - size + 1):
                if self.left < 0:
                    return None
                tried = self._tried(walk.start, walk.steps[:at] + walk.steps[at + size :])
                if tried:
                    return tried
        return None

    # --- replacing ---------------------------------------------------------------------------------

    def _earlier(self, walk: Walk) -> Walk | None:
        """With earlier instances of the same actions, and an earlier initial state; None where there are none."""
        better = None
        for at in range(len(walk.steps)):
            for number in self._instances_before(walk.steps[at]) if at < len(walk.steps) else ():
                tried = self._tried(walk.start, (*walk.steps[:at], number, *walk.steps[at + 1 :]))
                if tried:
                    walk = better = tried
                    break
        for start in self._starts(walk.start):
            if self.left < 0:
                break
            tried = self._tried(start, walk.steps)
            if tried:
                return tried
        return better

    def _instances_before(self, number: int) -> Iterator[int]:
        program = self.walker.program
        for earlier in range(program.bases[program.owner(number)], number):
            if self.left < 0:
                return
            yield earlier

    # --- searching ---------------------------------------------------------------------------------

    def _searched(self, longest: int) -> Walk | None:
        """A shortest walk that goes wrong so, if that takes a search of few states."""
        walker, found, made = self.walker, _Found(), 0
        for start in itertools.islice(self._starts(walker.program.starts[-1]), _EFFORT):
            status = walker.replay(self._state(start), ())
            if status not in _ENDINGS:
                found.first(self._state(start), start)
            elif (end := End.of(walker, status)).like(self.wanted):
                return Walk(start, (), end)
        for _ in range(longest + 1):
            for state in found.level():
                status = walker.fan(state)
                if status in _ENDINGS:
                    if (end := End.of(walker, status)).like(self.wanted):
                        return found.walk(state, (), end)
                    continue
                for number, there, code in walker.reached():
                    made += 1
                    if not code:
                        found.add(there, state, number)
                    elif (end := End(Status.FOUND, code)).like(self.wanted):
                        return found.walk(state, (number,), end)
                if made > _EFFORT:
                    return None
        return None


class _Found:
    """States by how they were found first, and those that were found last.  A state is its words as bytes."""

    def __init__(self) -> None:
        self._before: dict[bytes, tuple[bytes, int] | int] = {}
        self._last: list[bytes] = []

    def first(self, state: State, start: int) -> None:
        """A state that an initial instance leads to."""
        key = b"".join(word.to_bytes(8, "little") for word in state)
        if key not in self._before:
            self._before[key] = start
            self._last.append(key)

    def add(self, state: bytes, before: bytes, number: int) -> None:
        """A state that an instance leads to."""
        if state not in self._before:
            self._before[state] = before, number
            self._last.append(state)

    def level(self) -> list[bytes]:
        """The states that were found since this was asked."""
        level, self._last = self._last, []
        return level

    def walk(self, state: bytes, steps: tuple[int, ...], end: End) -> Walk:
        """The walk to a state, and some steps more."""
        while isinstance(found := self._before[state], tuple):
            state, number = found
            steps = (number, *steps)
        return Walk(found, steps, end)
