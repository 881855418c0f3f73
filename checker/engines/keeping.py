"""When is a search saved, where, and is what is there one to go on from?

Rule of the module: saving takes about a tenth of the time at most, so the larger a search is, the more rarely it is
saved; where it grows too fast for that, it is saved when it has run four times as long as at the last time.  A search
that cannot be saved goes on, and says so.  A checkpoint is only ever replaced by a newer one of the same search;
whoever reports the verdict removes it.
"""

from __future__ import annotations

import fcntl
import hashlib
import logging
import os
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import attrs

from interlock.checker.contract import Checkpoint, Coverage, Task
from interlock.checker.diagnostics import mistake
from interlock.checker.native.module.program import Program
from interlock.checker.native.module.run import Noted
from interlock.checker.native.store import checkpoint

_SHARE: Final = 9  # seconds of search for one of saving: a tenth of the time is what a checkpoint is worth
_LONGER: Final = 3  # times as long as until the last time, at most: a search that doubles soon would never be saved
_LOG: Final = logging.getLogger("interlock")


@attrs.frozen
class Wrong:
    """Something noted that is wrong: its place among the notes, the depth of the state, and the note."""

    place: int
    depth: int
    note: Noted
    step: bool
    expanding: bool  # found when the state was expanded: a deadlock or an error of an action

    @property
    def order(self) -> tuple[int, int, int, tuple[int, ...], int]:
        """The first of these is the one that is told first: which it is does not depend on a reduction."""
        kind = 2 if self.expanding else int(self.step)
        return self.depth + self.step, kind, self.place, self.note.state, self.note.ident


@attrs.frozen
class Kept:
    """What a search has noted at the ends of its levels, as JSON data and back; `seconds`: of all runs so far;
    `states`: how many it had found."""

    troubles: dict[int, Wrong]
    witnesses: dict[int, tuple[Noted, int]]
    complete: Coverage | None
    seconds: float
    states: int | None

    def data(self) -> Any:
        """It as JSON data."""
        return {
            "troubles": [attrs.asdict(t) for t in self.troubles.values()],
            "witnesses": [(number, attrs.asdict(note), depth) for number, (note, depth) in self.witnesses.items()],
            "complete": None if self.complete is None else attrs.asdict(self.complete),
            "seconds": self.seconds,
            "states": self.states,
        }

    @classmethod
    def read(cls, data: Any) -> Kept:
        """It from JSON data."""
        complete = data["complete"]
        return cls(
            {t["place"]: Wrong(**t | {"note": _noted(t["note"])}) for t in data["troubles"]},
            {number: (_noted(note), depth) for number, note, depth in data["witnesses"]},
            None if complete is None else Coverage(**{k: _frozen(v) for k, v in complete.items()}),
            data["seconds"],
            data["states"],
        )


def _noted(data: Any) -> Noted:
    return Noted(tuple(data["state"]), data["ident"])


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


class Keeper:
    """Saves one search."""

    def __init__(self, where: Checkpoint, search: Mapping[str, str]) -> None:
        self.where, self.search = where, search
        self.written = False  # whether the file is of this run or one before it
        self._begun = self._last = time.monotonic()
        self._speed = 1.0  # bytes a second
        self._failed = ""
        self._folder = _locked(where.file.parent)

    def close(self) -> None:
        """Let others save to the folder."""
        os.close(self._folder)

    def saved(self) -> checkpoint.Saved | None:
        """What there is to go on from.  Raises InputError C010 and C011 where that is none."""
        found = checkpoint.read(self.where.file, self.search)
        self.written = found is not None
        return found

    def due(self, size: int) -> bool:
        """Whether enough time has passed since the last checkpoint for one of `size` bytes."""
        passed = time.monotonic() - self._last
        enough = min(_SHARE * size / self._speed, _LONGER * (self._last - self._begun))
        return passed >= max(self.where.every, enough)

    def save(self, numbers: Any, sections: Sequence[checkpoint.Section]) -> None:
        """Save the search, or say why not."""
        start = time.monotonic()
        try:
            checkpoint.write(self.where.file, self.search, numbers, sections)
        except OSError as e:
            self._say(f"the search could not be saved to {self.where.file}: {e.strerror or e}")
        else:
            self.written, self._failed = True, ""
            size = sum(s.size for s in sections)
            self._speed = max(1.0, size / (time.monotonic() - start))
        self._last = time.monotonic()

    def _say(self, problem: str) -> None:
        if problem != self._failed:  # once, not at every time
            self._failed = problem
            _LOG.warning("%s", problem)


def keeper_of(task: Task, program: Program) -> Keeper | None:
    """Who saves a task's search, if that is asked for.  Raises InputError C006 and C012."""
    return None if task.checkpoint is None else Keeper(task.checkpoint, identity(task, program))


def identity(task: Task, program: Program) -> dict[str, str]:
    """What must be the same for a search to go on from a checkpoint.  Budgets of time and of memory, and how many
    threads there are, may differ."""
    system = task.system
    names = [*(a.name for a in system.actions), *(f"{p.kind.name} {p.name}" for p in system.properties)]
    text = "\0".join([program.assembly(), *names])
    reduced = () if program.quotient is None else tuple(s.name for s in program.quotient.sorts)
    options = {"all": task.every, "symmetry": ", ".join(reduced) or "none", "states": task.budget.states,
               "depth": task.budget.depth}  # fmt: skip
    told = {name: str(value) for name, value in options.items()}
    return {**told, "model and claims": hashlib.sha256(text.encode()).hexdigest()}


def _locked(folder: Path) -> int:
    """A folder that no other run saves to, for as long as what is returned is open."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        place = os.open(folder, os.O_RDONLY)
    except OSError as e:
        message = f"cannot save searches to {folder}: {e.strerror or e}"
        raise mistake("C006", message, "name a folder for --checkpoint") from None
    try:
        fcntl.flock(place, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(place)
        message = f"another run saves its searches to {folder}"
        raise mistake("C012", message, "wait for it, or name another folder") from None
    except OSError:
        pass  # a file system without locks
    return place
