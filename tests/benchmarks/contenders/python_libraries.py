"""musil and minicheck: model checkers that are Python libraries, run by a Python of their own."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path

from measure import INSTALLED, PEERS, Contender, Result, Workload, number, run

PYTHON = INSTALLED / "python" / "bin" / "python"


def missing(library: str) -> Callable[[], str | None]:
    """Whether a library is installed, as a question to be asked later."""

    def ask() -> str | None:
        found = any((INSTALLED / "python" / "lib").glob(f"python3*/site-packages/{library}"))
        return None if PYTHON.exists() and found else f"{library} is not installed"

    return ask


def search(workload: Workload, threads: int, folder: Path, library: str = "") -> Result:
    sizes = [str(value) for value in workload.constants.values()]
    done = run([PYTHON, PEERS / f"with_{library}.py", str(threads), workload.model, *sizes], folder)
    return Result(
        states=int(number(r"distinct=(\d+)", done.text)),
        transitions=None,
        seconds=number(r"seconds=([\d.]+)", done.text),
        run=done,
        bits="Python objects",
    )


CONTENDERS = tuple(
    Contender(
        library,
        threads,
        missing(library),
        functools.partial(search, library=library),
        patience=600_000,
        most=2_000_000,
    )
    for library, threads in (("musil", 1), ("musil", 2), ("minicheck", 1))
)
