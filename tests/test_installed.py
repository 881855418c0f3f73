"""Interlock as a user has it: a wheel, installed beside a project that has packages of the names Interlock uses itself.

The wheel is built once, and installed into a virtual environment that takes everything else from the one that runs the
tests, so that nothing is downloaded; the checkout is not on its path.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tomllib
import venv
import zipfile
from pathlib import Path

import attrs
import pytest

import interlock
from tests.versions import LEFT_OUT

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
BUILD = "import sys, setuptools.build_meta as b; to = sys.argv[1]; b.build_wheel(to); b.build_sdist(to)"

TRANSFERS = '''"""What is transferred."""

from interlock import Scalarset


class Transfer(Scalarset, size=2):
    """A transfer."""
'''
BRIDGE = '''"""A bridge: a token is locked on one chain and minted on the other."""

from typing import Final

from interlock import Map, action, filled, require, state
from model.transfers import Transfer

CAREFUL: Final[bool] = True


@state
class State:
    locked: Map[Transfer, bool] = filled(False)
    minted: Map[Transfer, bool] = filled(False)


@action
def lock(s: State, t: Transfer) -> None:
    """The token is locked."""
    require(not s.locked[t])
    s.locked[t] = True


@action
def mint(s: State, t: Transfer) -> None:
    """What is locked is minted, or anything."""
    require(not s.minted[t])
    require(s.locked[t] or not CAREFUL)
    s.minted[t] = True
'''
SPEC = '''"""Nothing circulates that is not locked."""

from interlock import Holds, Violated, always, check
from model import bridge
from model.bridge import State
from model.transfers import Transfer


@always
def backed(s: State, t: Transfer) -> bool:
    """What was minted is locked."""
    return not s.minted[t] or s.locked[t]


check("careful", bridge, {"CAREFUL": True}, expect=Holds(distinct=9))
check("careless", bridge, {"CAREFUL": False}, expect=Violated(backed, steps=1))
'''
RULES = '''"""A package of the project's own, called as one of Interlock's."""

TRANSFERS = 2
'''
TESTS = '''"""The project's own tests: its model as plain Python, and as a state machine."""

from hypothesis import settings
from interlock import members
from interlock.stateful import machine

from checker.rules import TRANSFERS
from model.bridge import State, lock
from model.transfers import Transfer

TestBridge = machine("SPECS/bridge.py", "careful").TestCase
TestBridge.settings = settings(max_examples=5, stateful_step_count=5, deadline=None)


def test_a_token_is_locked() -> None:
    """The model is Python that runs."""
    s = State()
    lock(s, Transfer(0))

    assert s.locked[Transfer(0)]
    assert len(list(members(Transfer))) == TRANSFERS
'''
TOOLS = """
[tool.pytest.ini_options]
addopts = "-p interlock.pytest_plugin -p no:cacheprovider"
testpaths = ["tests", "{specs}"]
pythonpath = ["{source}"]

[tool.mypy]
strict = true
mypy_path = "{source}"
explicit_package_bases = true

[tool.pyright]
typeCheckingMode = "strict"
extraPaths = ["{source}"]
"""


@attrs.frozen
class Layout:
    """Where a project keeps its packages, and its specs."""

    source: str
    specs: str
    settings: str = ""


LAYOUTS = {
    "flat": Layout(".", "specs"),
    "src": Layout("src", "specs", '[tool.interlock]\npaths = ["src"]\n'),
    "src, and the specs in it": Layout("src", "src/specs"),
}


@attrs.frozen
class Installed:
    """A virtual environment with the wheel of Interlock."""

    folder: Path

    @property
    def package(self) -> Path:
        """Where Interlock was put."""
        return Path(sysconfig.get_path("purelib", "venv", {"base": str(self.folder)}), "interlock")

    @property
    def python(self) -> str:
        """Its interpreter."""
        return str(self.folder / "bin" / "python")

    def run(self, *command: str, folder: Path, expect: int = 0, **more: str) -> str:
        """What a command prints that a user types in a folder; `more`: of the environment."""
        kept = {k: v for k, v in os.environ.items() if k not in {"PYTHONPATH", "MYPYPATH", "VIRTUAL_ENV", "COLUMNS"}}
        kept |= {"PATH": f"{self.folder / 'bin'}{os.pathsep}{kept['PATH']}", "NO_COLOR": "1", **more}
        return ran(command, folder, kept, expect)


def ran(command: tuple[str, ...], folder: Path, environment: dict[str, str], expect: int = 0) -> str:
    """What a command prints; it has to end with the exit code that is expected."""
    done = subprocess.run(
        command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    assert done.returncode == expect, done.stdout
    return done.stdout


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the wheel and of the source distribution, built from a copy of the checkout."""
    folder = tmp_path_factory.mktemp("built")
    shutil.copytree(ROOT, folder / "checkout", symlinks=True, ignore=LEFT_OUT)
    ran((sys.executable, "-c", BUILD, str(folder)), folder / "checkout", dict(os.environ))
    return folder


@pytest.fixture(scope="session")
def installed(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """The wheel, as pip installs it; what it depends on is where it is for the tests."""
    made = Installed(tmp_path_factory.mktemp("user") / ".venv")
    venv.create(made.folder, symlinks=True)
    pip = (sys.executable, "-m", "pip", "--python", made.python, "install", "--quiet", "--no-deps", "--no-index")
    ran((*pip, str(wheel(built))), made.folder, dict(os.environ))
    others = [place for place in sys.path if place.endswith("-packages")]
    (made.package.parent / "others.pth").write_text("\n".join(others), encoding="utf-8")  # no .pth of those is read
    return made


def wheel(folder: Path) -> Path:
    """The one wheel in a folder."""
    (found,) = folder.glob("*.whl")
    return found


@pytest.fixture(params=LAYOUTS)
def layout(request: pytest.FixtureRequest) -> Layout:
    """Each layout of a project."""
    return LAYOUTS[request.param]


@pytest.fixture
def project(layout: Layout, tmp_path: Path) -> Path:
    """A user's project."""
    source = f"{layout.source}/"
    files = {
        "pyproject.toml": layout.settings + TOOLS.format(source=layout.source, specs=layout.specs),
        f"{source}model/__init__.py": '"""The models."""\n',
        f"{source}model/transfers.py": TRANSFERS,
        f"{source}model/bridge.py": BRIDGE,
        f"{source}checker/__init__.py": '"""What else there is."""\n',
        f"{source}checker/rules.py": RULES,
        f"{layout.specs}/__init__.py": '"""What is claimed."""\n',
        f"{layout.specs}/bridge.py": SPEC,
        "tests/__init__.py": '"""The tests."""\n',
        "tests/test_bridge.py": TESTS.replace("SPECS", layout.specs),
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


# --- what is in it ---------------------------------------------------------------------------------


def test_the_packages_that_are_listed_are_the_folders() -> None:
    """Nothing finds packages under another name, so each new folder has to be written down."""
    tops = [p for p in ("model", "checker", "specs", "reports") if (ROOT / p).is_dir()]
    files = [p for top in tops for p in (ROOT / top).rglob("*") if p.suffix == ".py" or top == "reports"]
    folders = {p.parent.relative_to(ROOT).as_posix().replace("/", ".") for p in files if "__pycache__" not in p.parts}

    listed = PROJECT["tool"]["setuptools"]["packages"]
    assert sorted(listed) == sorted(["interlock", *(f"interlock.{folder}" for folder in folders)])


def test_the_wheel_has_interlock_and_nothing_else(built: Path) -> None:
    """The package with its types, specs and reports, and what installers read; no tests, no caches, no decisions."""
    names = zipfile.ZipFile(wheel(built)).namelist()
    tops = ("__init__.py", "__main__.py", "api.py", "py.typed", "pytest_plugin.py", "stateful.py")
    folders = [p for top in ("model", "checker", "specs", "reports") for p in (ROOT / top).rglob("*")]
    kept = {p.relative_to(ROOT).as_posix() for p in folders if p.suffix == ".py" and "__pycache__" not in p.parts}
    read = {p.relative_to(ROOT).as_posix() for p in folders if p.suffix == ".md" and "checker" not in p.parts}
    read.add("checker/report/result.schema.json")

    mine = {name for name in names if ".dist-info/" not in name}
    assert mine == {f"interlock/{name}" for name in {*tops, *kept, *read}}
    assert {Path(name).parts[0] for name in set(names) - mine} == {f"interlock-{interlock.__version__}.dist-info"}


def test_what_installers_read_is_of_today(built: Path) -> None:
    """The version is the package's own, the licence an expression with its text, the page the README."""
    files = zipfile.ZipFile(wheel(built))
    info = f"interlock-{interlock.__version__}.dist-info"
    head, _, page = files.read(f"{info}/METADATA").decode().partition("\n\n")
    lines = head.split("\n")

    assert {f"Version: {interlock.__version__}", "License-Expression: Apache-2.0", "License-File: LICENSE"} <= {*lines}
    assert "Description-Content-Type: text/markdown" in lines
    assert page == (ROOT / "README.md").read_text(encoding="utf-8")
    assert f"{info}/licenses/LICENSE" in files.namelist()
    assert re.findall(r"\]\((?!https?://)([^)]*)\)", page) == []  # a link into the repository leads nowhere from there


def test_the_source_distribution_makes_the_same_wheel(built: Path, tmp_path: Path) -> None:
    """What is left out of it is not needed to build."""
    (source,) = built.glob("*.tar.gz")
    shutil.unpack_archive(source, tmp_path)
    (folder,) = tmp_path.iterdir()
    ran((sys.executable, "-c", BUILD, str(tmp_path)), folder, dict(os.environ))

    assert not (folder / "tests").exists()
    assert contents(wheel(tmp_path)) == contents(wheel(built))


def contents(file: Path) -> dict[str, bytes]:
    """What a wheel has, but for the list of what it has."""
    files = zipfile.ZipFile(file)
    return {name: files.read(name) for name in files.namelist() if not name.endswith("/RECORD")}


# --- in a project ----------------------------------------------------------------------------------


@pytest.mark.parametrize("command", [("interlock",), ("python", "-m", "interlock")], ids=" ".join)
def test_the_command_checks_a_project(
    installed: Installed, project: Path, layout: Layout, command: tuple[str, ...]
) -> None:
    """Its models are its own, whatever they are called."""
    said = installed.run(*command, "check", layout.specs, "--traces", "traces", folder=project)
    (trace,) = (project / "traces").iterdir()

    assert said.startswith(f"{layout.specs}/bridge.py\n")
    assert "2 of 2 checks as expected" in said
    assert "replayed in plain Python" in installed.run(*command, "replay", str(trace), folder=project)


def test_pytest_runs_the_checks_and_the_machine(installed: Installed, project: Path, layout: Layout) -> None:
    """With the plugin that the project asks for, among tests that import packages of its own."""
    said = installed.run("python", "-m", "pytest", "-v", folder=project)

    for passed in (
        f"{layout.specs}/bridge.py::careful",
        f"{layout.specs}/bridge.py::careless",
        "tests/test_bridge.py::test_a_token_is_locked",
        "tests/test_bridge.py::TestBridge::runTest",
    ):
        assert re.search(rf"^{re.escape(passed)} PASSED", said, re.MULTILINE), said
    assert "4 passed" in said


@pytest.mark.parametrize("layout", [LAYOUTS["flat"]], ids=["flat"])
def test_pytest_without_the_plugin_is_as_ever(installed: Installed, project: Path) -> None:
    """A project that does not ask for it has its own tests, and no others."""
    said = installed.run("python", "-m", "pytest", "-v", "-p", "no:cacheprovider", "-o", "addopts=", folder=project)

    assert "2 passed" in said
    assert "bridge.py::careful" not in said


@pytest.mark.parametrize("layout", [LAYOUTS["flat"], LAYOUTS["src"]], ids=["flat", "src"])
def test_mypy_and_pyright_find_nothing_in_strict_mode(installed: Installed, project: Path, layout: Layout) -> None:
    """The types of the language come with the wheel, and models are typed Python; what is wrong is found."""
    (project / "wrong.py").write_text("from interlock import Range\n\nx: str = Range(0, 1)\n", encoding="utf-8")
    paths = ["."] if layout.source == "." else [layout.source, layout.specs, "tests", "wrong.py"]
    mypy = (sys.executable, "-m", "mypy", "--python-executable", installed.python, "--cache-dir", "../.mypy_cache")
    said = installed.run(*mypy, *paths, folder=project, expect=1)

    assert said.count("error: ") == 1, said
    assert said.startswith("wrong.py:3: error: ")
    assert "Found 1 error in 1 file (checked 10 source files)" in said
    assert pyright(installed, project, *paths) == [("wrong.py", 3, "error")]


def pyright(installed: Installed, project: Path, *paths: str) -> list[tuple[str, int, str]]:
    """The file, the line and the gravity of everything that pyright says of a project."""
    command = (sys.executable, "-m", "basedpyright", "--outputjson", "--pythonpath", installed.python, *paths)
    done = subprocess.run(command, cwd=project, capture_output=True, text=True, check=False)
    said = json.loads(done.stdout)["generalDiagnostics"]
    return [(Path(d["file"]).name, d["range"]["start"]["line"] + 1, d["severity"]) for d in said]
