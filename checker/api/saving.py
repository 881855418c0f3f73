"""Where are the traces of a result kept?  A file each, in the folder of `--traces`.

Rule of the module: what cannot be written costs no verdict.  It is told, and the result names only files that are
there.
"""

from __future__ import annotations

from pathlib import Path

import attrs

from interlock.checker.checks.outcome import Other, Result, Ways
from interlock.checker.diagnostics import NOWHERE, Diagnostic
from interlock.checker.ir.claims import Kind
from interlock.checker.trace import files, itf
from interlock.checker.trace.trace import Trace


def saved(result: Result, folder: Path) -> tuple[Result, list[Diagnostic]]:
    """The result with the names of the files that its traces are in, and what could not be written (C006)."""
    into = _Folder(folder)
    witnesses = {n: into.write(w, "reachable", n) for n, w in result.witnesses.items()}
    result = attrs.evolve(
        result,
        witness_files={name: file for name, file in witnesses.items() if file is not None},
        others=tuple(into.other(o, str(i)) for i, o in enumerate(result.others, 2)),
        ways=tuple(into.way(w) for w in result.ways),
    )
    if result.trace is not None and result.kind is not Kind.UNKNOWN:
        # a counterexample to induction is no behaviour: there is nothing to replay later
        result = attrs.evolve(result, trace_file=into.write(result.trace))
    return result, into.problems


class _Folder:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.problems: list[Diagnostic] = []

    def other(self, other: Other, *what: str) -> Other:
        if other.trace is None:
            return other
        return attrs.evolve(other, trace_file=self.write(other.trace, *what, other.name))

    def way(self, ways: Ways) -> Ways:
        return attrs.evolve(ways, more=tuple(self.other(o, f"way{i}") for i, o in enumerate(ways.more, 2)))

    def write(self, trace: Trace, *what: str) -> str | None:
        """The name of the file; None where it could not be written."""
        file = self.folder / files.file_name(trace.spec, trace.check, *what)
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            itf.write(trace, file)
        except OSError as e:
            message = f"cannot write {file}: {e.strerror or e}"
            self.problems.append(Diagnostic("C006", message, NOWHERE, "name a folder with room for --traces"))
            return None
        return str(file)
