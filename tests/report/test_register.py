"""The register of claims: what is published is what the checks said, and nothing else."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from interlock.checker.command.cli import main

MODEL = '''"""A lamp."""

from typing import Final

from interlock import action, require, state

FUSE: Final = True


@state
class Lamp:
    lit: bool = False
    burnt: bool = False


@action
def switch(s: Lamp) -> None:
    require(not s.burnt)
    s.lit = not s.lit


@action(fault="surge")
def surge(s: Lamp) -> None:
    require(s.lit and not FUSE)
    s.burnt = True
'''
SPEC = '''"""What the maker of the lamp promises."""

import lamp
from lamp import Lamp
from interlock import Finding, Holds, Violated, always, check, claim


@always
def never_burns(s: Lamp) -> bool:
    """S2: the lamp lasts."""
    return not s.burnt


check("with a fuse", lamp, faults={"surge"}, expect=Holds(distinct=2))
check("no fuse", lamp, {"FUSE": False}, faults={"surge"}, about="The recall of 1999.", expect=Violated(never_burns, steps=2))
check("ten lamps", lamp, slow=True, expect=Holds())

claim(
    "S10",
    source="Manual, page 1",
    says="The lamp | lasts.",
    finding=Finding.UNSTATED_CONDITION,
    decided_by=("with a fuse", "no fuse"),
    because="It takes a fuse.",
)
claim("S2", source="Manual, page 2", says="It shines.", finding=Finding.CONFIRMED, decided_by=("ten lamps",), because="Seen.")
'''


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A protocol with one model and one spec, and a folder for its pages."""
    monkeypatch.chdir(tmp_path)
    for name in ("reports", "specs", "specs/light"):
        Path(name).mkdir()
    Path("lamp.py").write_text(MODEL)
    Path("specs/light/promises.py").write_text(SPEC)
    return tmp_path


def report(*more: str) -> int:
    return main(["report", "specs", *more])


def test_a_claim_is_published_with_its_instances_and_the_shortest_trace(folder: Path) -> None:
    assert report() == 0

    page = Path("reports/light.md").read_text()
    assert "### S10: unstated condition" in page
    assert "| no fuse | `FUSE = False` | `surge` | explore | `Violated(never_burns, steps=2)` | 3 | 2 |" in page
    assert "1. switch()\n2. surge()   [fault: surge]\nnever_burns() is false" in page
    assert "**no fuse**: The recall of 1999." in page
    assert "| ten lamps |  |  | explore | slow: not run for this page |" in page


def test_the_index_lists_claims_by_number_with_links_that_lead_there(folder: Path) -> None:
    report()

    index, page = Path("reports/claims.md").read_text(), Path("reports/light.md").read_text()
    links = re.findall(r"\[(S\d+)\]\(light\.md#([^)]+)\)", index)
    assert [name for name, _ in links] == ["S2", "S10"]
    assert all(f'<a id="{anchor}"></a>' in page for _, anchor in links)
    assert "The lamp \\| lasts." in index


def test_pages_are_the_same_on_every_run_and_compared(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    report()
    assert report("--compare") == 0

    page = Path("reports/light.md")
    page.write_text(page.read_text() + "more\n")
    assert report("--compare") == 1
    assert "light.md is not what the specs say now" in capsys.readouterr().err


def test_lines_of_files_are_in_no_page(folder: Path) -> None:
    """Another import would renumber them all."""
    report()
    page = Path("reports/light.md")
    before = page.read_text()

    spec = Path("specs/light/promises.py")
    spec.write_text(spec.read_text().replace("import lamp\n", "import lamp\n\n", 1))

    assert "(specs/light/promises.py)" in before
    assert report("--compare") == 0


@pytest.mark.parametrize("more", [(), ("--compare",)])
def test_a_part_of_the_specs_is_no_register(
    folder: Path, capsys: pytest.CaptureFixture[str], more: tuple[str, ...]
) -> None:
    """Written, it would shorten the pages: it is refused with what to type."""
    Path("specs/dark").mkdir()
    Path("specs/dark/other.py").write_text(SPEC)
    Path("specs/light/more.py").write_text(SPEC)
    report()
    before = {path: path.read_text() for path in Path("reports").iterdir()}

    assert main(["report", "specs/light/promises.py", *more]) == 2

    told = " ".join(capsys.readouterr().err.split())
    assert "reports tells of 2 specs more, specs/dark/other.py the first" in told
    assert "`interlock report specs --into reports`" in told
    assert {path: path.read_text() for path in Path("reports").iterdir()} == before


def test_a_spec_that_is_gone_may_be_left_out(folder: Path) -> None:
    other = Path("specs/light/more.py")
    other.write_text(SPEC)
    report()
    other.unlink()

    assert report() == 0
    assert "more.py" not in Path("reports/light.md").read_text()


def test_nothing_is_published_while_a_verdict_is_not_the_expected_one(folder: Path) -> None:
    spec = Path("specs/light/promises.py")
    spec.write_text(spec.read_text().replace("distinct=2", "distinct=3"))

    assert report() == 1
    assert not Path("reports/light.md").exists()


def test_a_missing_folder_is_refused_before_any_check_runs(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert report("--into", "nowhere") == 2
    assert "there is no folder nowhere" in capsys.readouterr().err
