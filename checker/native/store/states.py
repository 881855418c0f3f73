"""Where are the states of a search kept?  Whoever keeps them answers to this interface, and to nothing else.

Rule of the module: a search knows this interface alone.  `in_memory` keeps states in the table of the threads of one
machine, `on_disk` level by level in files; ADR 20 says what states divided among several machines would have to provide.
What is asked has one answer, whoever keeps the states and however many threads or machines there are: of several states
the smallest, of several instances the first.

A search calls `admit` until it is over and then `end_level`; then, for each level, `begin_level`, `expand` until that is
over, and `end_level`.  Between two of these calls everything stands still, and may be asked and saved.
"""

from __future__ import annotations

import abc
import random
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol

import attrs

from interlock.checker.contract import Path
from interlock.checker.ir.scalar import ScalarSystem
from interlock.checker.native.module.program import Program
from interlock.checker.native.module.run import Noted, Run
from interlock.checker.native.module.shortcuts import Shortcuts
from interlock.checker.native.store.checkpoint import Saved, Section
from interlock.checker.semantics.layout import Division

Words = tuple[int, ...]
Look = Callable[[], None]  # is called now and then while something takes long, and may raise to end it


class OutOfMemory(Exception):
    """The memory budget does not allow the next growth."""


class DiskError(Exception):
    """States could not be kept on disk, or be read there; the argument says why, and what to do."""


class Full(Exception):
    """A tree has numbered all the parts it can."""


class WrongStart(Exception):
    """An initial action is an error of the model; `instance` says which."""

    def __init__(self, instance: int) -> None:
        super().__init__(instance)
        self.instance = instance


@attrs.frozen
class Counts:
    """How much of a search is known to be done; of what is found twice, nothing is counted twice.

    `found`: states that are kept.  `real`: states of the model that those stand for; more only where one of each orbit
    is kept.  `depth`: the greatest that has a state.  `fired`: by action, how often it was taken.
    """

    found: int
    real: int
    expanded: int
    transitions: int
    terminal: int
    depth: int
    fired: tuple[int, ...]


@attrs.frozen
class Stretch:
    """What came of some searching.

    `over`: nothing of the level (or no initial instance) is left.  `short`: it needs memory to go on (`make_room`).
    `done`: states that were expanded, or initial instances that were tried.  `least`: fewer are not worth a call.
    """

    over: bool
    short: bool
    done: int
    least: int


@attrs.frozen
class Stored:
    """A state that a search keeps: its words, and how many steps it is away."""

    words: Words
    depth: int


@attrs.frozen
class Lost:
    """A state (its words) of a depth, and the goal of a RECOVERABLE property that no path leads to from there."""

    state: Words
    depth: int
    goal: int


@attrs.frozen
class Counted:
    """How many states were expanded; by action, how many instances were enabled, and states newly reached.

    `program`: the compiled code that counted.
    """

    program: Program
    states: int
    enabled: tuple[int, ...]
    new: tuple[int, ...] = ()


class Survey(Protocol):
    """What a finished search covered.  Raises OutOfMemory where the budget has no room for what is asked, and DiskError."""

    def count(self, system: ScalarSystem) -> Counted:
        """How often the actions of `system`, which has the leaves of the searched one, are enabled."""

    def cover(self) -> Counted:
        """The same of the searched system, and the states that each action was the first to reach."""


class States(abc.ABC):
    """The states of one search, and what is done to them.

    `program`: the compiled system.  `shortcuts`: what need not be done.  `run`: a thread's memory, lent for questions
    about single states.  Each method that may be short of memory raises OutOfMemory, and DiskError where states on disk
    are concerned.
    """

    program: Program
    shortcuts: Shortcuts
    run: Run

    # --- before the first level --------------------------------------------------------------------

    @abc.abstractmethod
    def check(self) -> None:
        """Raises OutOfMemory where the budget has no room even for what a search begins with."""

    @abc.abstractmethod
    def expect(self, states: int, parts: int) -> None:
        """Make room for so many states, and parts of wide ones, at once, if that is affordable."""

    @abc.abstractmethod
    def admit(self, most: int) -> Stretch:
        """Take in the states of the next `most` initial instances.  Raises WrongStart."""

    @property
    @abc.abstractmethod
    def admitted(self) -> bool:
        """Whether all initial instances were tried."""

    # --- levels ------------------------------------------------------------------------------------

    @abc.abstractmethod
    def make_room(self, most: int) -> States:
        """Get memory for what waits to be taken in, and for more; a search finds no more than `most` states.

        Returns who keeps the states from now on.  If that is another, the call is to be made again there.
        """

    @abc.abstractmethod
    def begin_level(self, look: Look) -> States:
        """What was found is what is expanded next.  Returns who keeps the states, as `make_room` does."""

    @abc.abstractmethod
    def let_go_on(self, depth: int | None, plenty: int) -> None:
        """When a level is small, `expand` may go on to the next ones by itself: down to `depth` (None: however deep), and
        until more than `plenty` states are found.  What cannot do so does not."""

    @abc.abstractmethod
    def expand(self, most: int) -> Stretch:
        """Expand about `most` states of the level: their successors are taken in, and judged if they are new."""

    @abc.abstractmethod
    def end_level(self, look: Look) -> None:
        """The level is over: only states that were not found before are its successors, and counted."""

    @abc.abstractmethod
    def probe(self) -> None:
        """From now on states are looked at for errors and deadlocks alone, and nothing is counted."""

    @property
    @abc.abstractmethod
    def more(self) -> bool:
        """Whether the level that was found last has any states."""

    # --- how far it is -----------------------------------------------------------------------------

    @property
    @abc.abstractmethod
    def found(self) -> int:
        """States that are kept, and known to differ."""

    @property
    @abc.abstractmethod
    def depth(self) -> int:
        """The depth of the states that are being found, or were found last."""

    @abc.abstractmethod
    def counts(self) -> Counts:
        """What is known to be done."""

    @abc.abstractmethod
    def harvest(self) -> dict[int, Noted]:
        """What was noted since the last time, by place; of each place the smallest, and nothing more is noted there."""

    @abc.abstractmethod
    def share_expanded(self) -> float:
        """How much of the level was taken to be expanded, from 0 to 1."""

    @abc.abstractmethod
    def bytes(self) -> int:
        """The memory that was used."""

    @abc.abstractmethod
    def remarks(self) -> tuple[str, ...]:
        """What is to be told of where the states are."""

    @abc.abstractmethod
    def close(self) -> None:
        """Give back what outlives the process's memory."""

    # --- guesses, which change nothing that is told ------------------------------------------------

    @abc.abstractmethod
    def foreseen(self) -> float:
        """How many states there will be, as it looks; 0 where it is too early to tell, or would take long to say."""

    @abc.abstractmethod
    def sizes(self) -> tuple[int, int] | None:
        """States and parts that the next run of this search should expect; None where that says nothing of its memory."""

    @abc.abstractmethod
    def better_division(self) -> Division | None:
        """How the leaves of wide states are better divided into words, to begin again with; None where no way is known."""

    @abc.abstractmethod
    def shorten(self, seconds: float) -> None:
        """Work on what need not be done, until all the time spent on that is `seconds`."""

    # --- what is asked of states -------------------------------------------------------------------

    @abc.abstractmethod
    def known(self, words: Words) -> int | None:
        """How many steps away a state is; None where it was not found.  No native code is asked."""

    @abc.abstractmethod
    def drawn(self, rng: random.Random, most: int) -> Iterator[Stored]:
        """About `most` of the states, in turn one of each depth that has any left.  No native code is asked."""

    @abc.abstractmethod
    def path(self, state: Words, depth: int) -> tuple[Path, list[Words]]:
        """A shortest path to a state of a depth, and its states: of all paths, the one whose states are the smallest,
        from the last back.  Of a reduced search they are representatives, and the steps lead to their orbits.

        Once a path was asked for, or `lost`, the search cannot go on.
        """

    @abc.abstractmethod
    def lost(self, number: int, look: Look) -> Lost | None:
        """From where no path leads to a goal of property `number`: of such states the least deep, of these the smallest,
        and its first such goal.  None where every goal can be reached from every state."""

    @abc.abstractmethod
    def survey(self, below: int | None, look: Look) -> Survey:
        """What was covered of the states of fewer steps than `below`; None: of all."""

    # --- saving ------------------------------------------------------------------------------------

    @abc.abstractmethod
    def save(self) -> tuple[dict[str, Any], Sequence[Section]] | None:
        """The numbers and arrays of which `restore` makes the same search; None where it cannot be saved as it is."""

    @abc.abstractmethod
    def restore(self, saved: Saved) -> None:
        """Of a search that did not begin, make the one that was saved.  Raises InputError C010."""


class Place:
    """Where the states of a search are now, for all who ask: those that run out of memory may hand over to others."""

    def __init__(self, states: States) -> None:
        self.states = states

    def make_room(self, most: int) -> None:
        """Get memory for what waits, for a search of no more than `most` states."""
        while (now := self.states.make_room(most)) is not self.states:
            self.states = now

    def begin_level(self, look: Look) -> None:
        """What was found is what is expanded next."""
        while (now := self.states.begin_level(look)) is not self.states:
            self.states = now
