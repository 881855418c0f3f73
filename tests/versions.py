"""Is what pyproject.toml promises of versions true?  Each Python of this machine is tried, and the lowest dependencies.

    python tests/versions.py [PYTHON ...]   # interpreters to try beside those on PATH and in pyenv's and uv's folders

Rule of the module: a version is tried as a user has it (a virtual environment of its own, the checkout installed in it
by pip), by the walk-throughs of the documents and a sample of the tests, and thrown away.  What is promised and is not
on this machine is said, and so is what is tried beyond the promise; only a promise that does not hold is a failure.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PROBE = "import ensurepip, sys, venv; print(*sys.version_info[:2], sys.version_info.releaselevel)"
LEFT_OUT = shutil.ignore_patterns(".git", ".venv", ".*_cache", ".hypothesis", "__pycache__", "build", "*.egg-info")
WALK_THROUGHS = ("tests/test_readme.py", "tests/test_language_reference.py")
SAMPLE = (
    "tests/agreement/test_cases.py",
    "tests/api",
    "tests/checks/test_overrides.py",
    "tests/ir",
    "tests/conformance",
    "tests/engines/test_bmc.py",
    "tests/engines/test_induction.py",
    "tests/checks/test_finding.py",
    "tests/checks/test_judging.py",
    "tests/frontend/test_checks.py",
    "tests/frontend/test_codes.py",
    "tests/frontend/test_nothing_runs.py",
    "tests/ir",
    "tests/passes/test_scalarize.py",
    "tests/native/test_cache.py",
    "tests/native/test_choices.py",
    "tests/report",
    "tests/semantics",
    "tests/smt",
    "tests/command/test_cli.py",
    "tests/test_stateful.py::test_a_failing_run_pastes_back_into_python",
    "tests/test_stateful.py::test_the_pytest_file_of_the_readme_passes_and_fails_as_it_says",
    "tests/trace",
)

Version = tuple[int, int]


def promised() -> list[Version]:
    """The versions of Python that the classifiers of pyproject.toml name, from the lowest."""
    names = [re.fullmatch(r"Programming Language :: Python :: 3\.(\d+)", c) for c in PROJECT["project"]["classifiers"]]
    return sorted((3, int(found[1])) for found in names if found)


def lowest() -> list[str]:
    """The lowest version that is promised of each dependency, and of setuptools, which builds: pip's constraints."""
    needs = [*PROJECT["project"]["dependencies"], *PROJECT["build-system"]["requires"]]
    return [need.replace(">=", "==") for need in needs]


# --- what is on this machine -----------------------------------------------------------------------


def candidates(more: Sequence[str]) -> Iterator[str]:
    """Where a Python may be: the paths given, PATH, pyenv's folders and uv's."""
    yield from more
    names = [f"python3.{minor}" for minor in range(promised()[0][1], 100)]
    yield from filter(None, map(shutil.which, names))
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    for folder in (pyenv, Path.home() / ".local/share/uv/python"):
        yield from (str(python) for name in names for python in sorted(folder.glob(f"*/bin/{name}")))


def interpreters(more: Sequence[str] = ()) -> dict[Version, str]:
    """The first Python of each version that can make a virtual environment; none that is not released yet."""
    found: dict[Version, str] = {}
    for python in candidates(more):
        done = subprocess.run([python, "-c", PROBE], capture_output=True, text=True, check=False)
        if done.returncode == 0 and done.stdout.split()[2] == "final":
            major, minor, _ = done.stdout.split()
            found.setdefault((int(major), int(minor)), python)
    return found


# --- trying a version ------------------------------------------------------------------------------


class Failed(Exception):
    """A command failed; what it printed."""


def run(*command: str, folder: Path = ROOT) -> str:
    """What a command prints.  Raises Failed."""
    kept = {name: value for name, value in os.environ.items() if name not in {"PYTHONPATH", "VIRTUAL_ENV"}}
    done = subprocess.run(
        command, cwd=folder, env=kept, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    if done.returncode:
        raise Failed(f"{' '.join(command)}\n{done.stdout}")
    return done.stdout


def tried(python: str, constraints: Sequence[str] = ()) -> str:
    """What pytest says in the end of an environment made by a Python, its packages as constrained.  Raises Failed."""
    with tempfile.TemporaryDirectory(prefix="interlock-") as name:
        folder, checkout = Path(name), Path(name, "checkout")
        shutil.copytree(ROOT, checkout, symlinks=True, ignore=LEFT_OUT)
        run(python, "-m", "venv", str(folder / "venv"))
        own = str(folder / "venv/bin/python")
        install(own, checkout, constraints)
        return run(own, "-m", "pytest", "-q", "-n", "2", "-m", "not slow", *WALK_THROUGHS, *SAMPLE, folder=checkout)


def install(python: str, checkout: Path, constraints: Sequence[str]) -> None:
    """Put the checkout into the environment of a Python: built by setuptools of today, or as constrained."""
    file = checkout.with_name("constraints.txt")
    file.write_text("\n".join(constraints), encoding="utf-8")
    pip = (python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--constraint", str(file))
    alone = ["--no-build-isolation"] if constraints else []
    if constraints:
        run(*pip, "setuptools")
    run(*pip, *alone, str(checkout), "jsonschema", "pytest-xdist")


def told(what: str, python: str, constraints: Sequence[str] = ()) -> bool:
    """Try a version and print what came of it; whether it works."""
    try:
        outcome, works = tried(python, constraints).splitlines()[-1], True
    except Failed as problem:
        outcome, works = f"does not work\n{problem}", False
    print(f"{what}: {outcome}", flush=True)
    return works


def main(more: Sequence[str]) -> int:
    """Try everything; 1 where a promise does not hold."""
    here, lowest_python, newest = interpreters(more), promised()[0], promised()[-1]
    kept = []
    for version in promised():
        name = f"Python {version[0]}.{version[1]}"
        if version in here:
            kept.append(told(name, here[version]))
        else:
            print(f"{name}: not on this machine, skipped")
    if lowest_python in here:
        kept.append(told("the lowest dependencies", here[lowest_python], lowest()))
    else:
        print("the lowest dependencies: their Python is not on this machine, skipped")
    newer = sorted(version for version in here if version > newest)
    for version in newer:
        told(f"Python {version[0]}.{version[1]}, of which nothing is promised", here[version])
    if not newer:
        print(f"newer than Python {newest[0]}.{newest[1]}: none on this machine, skipped")
    return 0 if all(kept) else 1


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
