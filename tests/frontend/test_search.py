"""Where a model is looked for: in what is given, in what the project says, near the file, and where Python looks."""

from __future__ import annotations

from pathlib import Path

import pytest

from interlock.checker.checks.finding import is_spec
from interlock.checker.diagnostics import InputError, render
from interlock.checker.frontend import load_spec, search, settings
from interlock.checker.frontend.codes import TOY
from interlock.checker.places import PACKAGE

SPEC = """import toy
from interlock import Holds, always, check
from toy import State


@always
def small(s: State) -> bool:
    return s.n < 4


check("small", toy, expect=Holds())
"""
SETTINGS = '[project]\nname = "mine"\n\n[tool.interlock]\npaths = ["src"]\n'


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project whose model lies in `src`, as its pyproject.toml says, and whose spec lies elsewhere."""
    monkeypatch.chdir(tmp_path)
    for name, text in {"src/toy.py": TOY, "specs/toy_spec.py": SPEC, "pyproject.toml": SETTINGS}.items():
        write(tmp_path / name, text)
    return tmp_path


def write(file: Path, text: str = TOY) -> Path:
    """A file in a folder that is made for it."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    return file


def model(spec: Path, *given: str) -> str:
    """The file that a spec has for its model."""
    return load_spec(spec, [Path(folder) for folder in given]).checks[0].program.modules[0].path


def test_the_nearest_place_has_the_model(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is typed comes before what the project says, that before what lies near, and that before Python's places."""
    spec = project / "specs/toy_spec.py"
    monkeypatch.syspath_prepend(write(project / "python/toy.py").parent)
    monkeypatch.chdir(write(project / "here/toy.py").parent)
    places = ["given", "src", "specs", ".", "here", "python"]
    for place in places:
        write(project / place / "toy.py")
    found = []
    for place in places:
        found.append(Path(model(spec, "../given") if place == "given" else model(spec)).resolve())
        found[-1].unlink()

    assert found == [(project / place / "toy.py").resolve() for place in places]


def test_folders_that_are_given_are_looked_into_in_order(project: Path) -> None:
    """The first that has the model has it."""
    for folder in ("a", "b"):
        write(project / folder / "toy.py")

    assert model(project / "specs/toy_spec.py", "b", "a") == "b/toy.py"
    assert model(project / "specs/toy_spec.py", "specs", "a", "b") == "a/toy.py"


def test_the_nearest_project_with_settings_counts(project: Path) -> None:
    """One within another that says nothing of Interlock has what is said further up."""
    inner = write(project / "parts/bridge/specs/toy_spec.py", SPEC)
    file = write(project / "parts/bridge/pyproject.toml", '[project]\nname = "bridge"\ndependencies = ["interlock"]\n')

    assert model(inner) == "src/toy.py"

    write(project / "parts/bridge/models/toy.py")
    file.write_text('[tool.interlock]\npaths = ["models"]\n')

    assert model(inner) == "parts/bridge/models/toy.py"

    file.write_text("[tool.interlock]\n")
    write(project / "parts/bridge/toy.py")

    assert model(inner) == "parts/bridge/toy.py"


def test_a_setting_that_changes_is_read_anew(project: Path) -> None:
    """Though a file that stays as it is is read once a process."""
    spec = project / "specs/toy_spec.py"
    write(project / "other/toy.py")

    assert model(spec) == "src/toy.py"

    (project / "pyproject.toml").write_text(SETTINGS.replace("src", "other"))

    assert model(spec) == "other/toy.py"


def test_a_pyproject_is_read_once(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many modules a project has, and however many specs."""
    read: list[Path] = []
    real = Path.read_bytes
    monkeypatch.setattr(Path, "read_bytes", lambda path: read.append(path) or real(path))
    for _ in range(3):
        load_spec(project / "specs/toy_spec.py")

    assert read.count(project / "pyproject.toml") == 1


def test_what_comes_from_interlock_asks_no_project(project: Path) -> None:
    """Nothing that a user calls `interlock` stands in its place, and no mistake of theirs in its way."""
    (project / "pyproject.toml").write_text("[tool.interlock")
    write(project / "interlock/model/two_phase_commit.py")
    found = search.find("interlock.model.two_phase_commit", str(project / "specs/toy_spec.py"))

    assert found == PACKAGE / "model/two_phase_commit.py"


WRONG = {
    "[tool.interlock": (
        "error[C013]: pyproject.toml is not TOML: Expected ']' at the end of a table declaration (at end of document)",
        "  --> pyproject.toml",
        "  help: correct it: `[tool.interlock]` is looked for there",
    ),
    "[tool]\ninterlock = 3\n": (
        "error[C013]: `tool.interlock` is not a table",
        "  --> pyproject.toml:2:1",
        "2 | interlock = 3",
        "  | ^^^^^^^^^",
        '  help: write `[tool.interlock]`, and below it `paths = ["src"]`',
    ),
    '[tool.interlock]\npath = ["src"]\n': (
        "error[C013]: `[tool.interlock]` has no `path`",
        "  --> pyproject.toml:2:1",
        '2 | path = ["src"]',
        "  | ^^^^",
        "  help: did you mean `paths`?",
    ),
    '[tool.interlock]\npaths = "src"\n': (
        "error[C013]: `paths` of `[tool.interlock]` is not a list of strings",
        "  --> pyproject.toml:2:1",
        '2 | paths = "src"',
        "  | ^^^^^",
        '  help: write `paths = ["src"]`: the folders in which models lie, from the folder of this file',
    ),
    "[tool.interlock]\npaths = [1]\n": (
        "error[C013]: `paths` of `[tool.interlock]` is not a list of strings",
        "  --> pyproject.toml:2:1",
        "2 | paths = [1]",
        "  | ^^^^^",
        '  help: write `paths = ["src"]`: the folders in which models lie, from the folder of this file',
    ),
    '[tool.interlock]\npaths = ["scr"]\n': (
        "error[C013]: the folder `scr` in `paths` of `[tool.interlock]` is not there",
        "  --> pyproject.toml:2:11",
        '2 | paths = ["scr"]',
        "  |           ^^^",
        '  help: did you mean `"src"`?',
    ),
    '[tool.interlock]\npaths = ["nowhere"]\n': (
        "error[C013]: the folder `nowhere` in `paths` of `[tool.interlock]` is not there",
        "  --> pyproject.toml:2:11",
        '2 | paths = ["nowhere"]',
        "  |           ^^^^^^^",
        "  help: make it, or take it out: folders are named from that of this file",
    ),
    '[tool.interlock]\npaths = ["src/toy.py"]\n': (
        "error[C013]: the folder `src/toy.py` in `paths` of `[tool.interlock]` is a file, not a folder",
        "  --> pyproject.toml:2:11",
        '2 | paths = ["src/toy.py"]',
        "  |           ^^^^^^^^^^",
        "  help: write the folder that it lies in",
    ),
    '[tool.interlock]\npaths = [""]\n': (
        "error[C013]: `paths` of `[tool.interlock]` has an empty entry",
        "  --> pyproject.toml:2:1",
        '2 | paths = [""]',
        "  | ^^^^^",
        "  help: write `.` for the folder of this file",
    ),
}


@pytest.mark.parametrize("text", WRONG, ids=range(len(WRONG)))
def test_a_setting_that_is_wrong_says_what_to_write(project: Path, text: str) -> None:
    """A setting that was passed over would look like one that does not work."""
    (project / "pyproject.toml").write_text(text)
    with pytest.raises(InputError) as caught:
        load_spec(project / "specs/toy_spec.py")

    assert "\n".join(render(d) for d in caught.value.diagnostics) == "\n".join(WRONG[text])


def test_a_setting_that_cannot_be_read_is_refused(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody knows what it says."""

    def closed(_: Path) -> bytes:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_bytes", closed)
    with pytest.raises(InputError) as caught:
        settings.paths(project)

    assert caught.value.diagnostics[0].message == "pyproject.toml cannot be read: Permission denied"


def test_a_file_that_says_nothing_of_interlock_may_be_anything(project: Path) -> None:
    """It is not for us to say what is wrong with it."""
    (project / "pyproject.toml").write_bytes(b"\xff[[")
    write(project / "specs/toy.py")

    assert model(project / "specs/toy_spec.py") == "specs/toy.py"


@pytest.mark.parametrize(
    ("given", "message", "help_"),
    [
        ("scr", "there is no folder scr to look for models in", "did you mean `src`?"),
        ("a/b/c", "there is no folder a/b/c to look for models in", "give `--path` a folder in which models lie"),
        ("src/toy.py", "src/toy.py is a file, not a folder of models", "give `--path` the folder that it lies in"),
    ],
)
def test_a_folder_that_is_given_is_there(project: Path, given: str, message: str, help_: str) -> None:
    """A name that is mistyped is not passed over."""
    with pytest.raises(InputError) as caught:
        load_spec(project / "specs/toy_spec.py", [Path(given)])

    assert [(d.code, d.message, d.help) for d in caught.value.diagnostics] == [("C002", message, help_)]


def test_pytest_asks_of_a_spec_what_is_wrong_with_the_project(project: Path) -> None:
    """So it is told as an error of that file, and not as one of pytest."""
    spec = write(project / "specs/by_name.py", SPEC.replace("from interlock import", "from names import"))
    write(project / "specs/names.py", "from interlock import Holds, always, check\n")

    assert is_spec(spec)

    (project / "pyproject.toml").write_text("[tool.interlock]\nsources = 3\n")

    assert is_spec(spec)
