"""Progress is shown where someone looks, and says nothing that is not known."""

from __future__ import annotations

import io

import attrs
import pytest

from interlock.checker.contract import Coverage, Task
from interlock.checker.engines.explore import Explore
from interlock.checker.report.progress import Rate, progress, text
from tests.native.systems import agg_core

SEEN = Coverage(
    states=12_345_678, depth=14, frontier=950, level_expanded=0.634, search_seconds=3_725.9,
    peak_memory=3 << 29, memory_budget=8 << 30,
)  # fmt: skip


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_the_line_says_what_is_known() -> None:
    """How much of the level; nothing of the whole."""
    assert text("big", SEEN, 1.0, 3_210_000.0) == (
        "  big: 12.3 M states, 3.21 M/s, frontier 950, depth 14, level 63% expanded, 1.5 GiB of 8.0 GiB, 1:02:05"
    )
    assert text("walks", Coverage(walks=999), 61.0, None) == "  walks: 999 walks, 0:01:01"
    assert text("one", Coverage(states=1, walks=1), 61.0, None) == "  one: 1 state, 1 walk, 0:01:01"
    assert text("orbits", Coverage(states=10**13, orbits=2_000), 0.0, 50.4) == (
        "  orbits: 10.0 T states, 2.00 k up to symmetry, 50/s, 0:00:00"
    )


@pytest.mark.parametrize(
    ("width", "said"),
    [
        (
            110,
            "  big: 12.3 M states, 3.21 M/s, frontier 950, depth 14, level 63% expanded, 1.5 GiB of 8.0 GiB, 1:02:05",
        ),
        (100, "  big: 12.3 M states, 3.21 M/s, depth 14, level 63% expanded, 1.5 GiB of 8.0 GiB, 1:02:05"),
        (80, "  big: 12.3 M states, 3.21 M/s, depth 14, 1.5 GiB of 8.0 GiB, 1:02:05"),
        (60, "  big: 12.3 M states, 3.21 M/s, depth 14, 1:02:05"),
        (40, "  big: 12.3 M states, depth 14, 1:02:05"),
    ],
)
def test_the_line_is_one_line(width: int, said: str) -> None:
    """What has no room is left out, the least important first."""
    assert text("big", SEEN, 1.0, 3_210_000.0, width) == said
    assert len(said) <= width


def test_of_a_long_name_the_beginning_is_shown() -> None:
    """Where there is no room for all of it."""
    name = "three chains, two heights, each with a sibling"

    assert text(name, SEEN, 1.0, None, 60) == "  three chains, two...: 12.3 M states, depth 14, 1:02:05"
    assert name in text(name, SEEN, 1.0, None, 140)


def test_how_much_of_the_whole_is_said_where_it_was_made_before() -> None:
    """Of what is kept; and not where the search has become larger than it was, for then it is another."""
    now = Coverage(states=10**6, orbits=2_000, last_time=8_000)

    assert text("again", now, 0.0, None) == (
        "  again: 1.00 M states, 2.00 k up to symmetry, 25% of the last run's, 0:00:00"
    )
    assert "last run" not in text("larger", attrs.evolve(now, last_time=1_999), 0.0, None)


def test_the_rate_is_of_the_last_calls() -> None:
    """Not of the whole search, nor of what an earlier run found; of a reduced search it is of what is kept."""
    rate = Rate()
    seen = [rate.of(Coverage(states=s), t) for t, s in ((0.0, 5_000), (1.0, 6_000), (2.0, 8_000))]
    for t in range(3, 30):
        last = rate.of(Coverage(states=8_000 + 10 * t), float(t))

    assert seen == [None, 1_000.0, 1_500.0]
    assert last == 10.0
    orbits = Rate()
    orbits.of(Coverage(states=10**9, orbits=10), 0.0)
    assert orbits.of(Coverage(states=10**12, orbits=30), 2.0) == 10.0


def test_a_terminal_shows_a_line_that_goes_away(monkeypatch: pytest.MonkeyPatch) -> None:
    """And colours nothing where colours are not wanted."""
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("NO_COLOR", "1")
    stream = Terminal()

    with progress("big", stream) as show:
        show(SEEN)

    said = stream.getvalue()
    assert "12.3 M states" in said
    assert "\x1b[3" not in said
    assert said.endswith("\x1b[2K")


def test_elsewhere_nothing_is_written() -> None:
    """A log is no terminal."""
    stream = io.StringIO()

    with progress("big", stream) as show:
        show(SEEN)

    assert stream.getvalue() == ""


def test_a_search_tells_how_much_of_its_level_is_expanded(monkeypatch: pytest.MonkeyPatch) -> None:
    """A part of it."""
    monkeypatch.setattr("interlock.checker.engines.pausing._REPORT", 0.0)
    monkeypatch.setattr("interlock.checker.engines.pausing.PAUSE", 0.0)
    told: list[Coverage] = []

    Explore().run(Task(agg_core(3, 1), progress=told.append))

    shares = [c.level_expanded or 0.0 for c in told]
    assert all(0.0 <= share <= 1.0 for share in shares)
    assert any(0.2 < share < 0.8 for share in shares)
