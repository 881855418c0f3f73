"""How does text look on what it is written to: how wide, with colours or without, how much of it?

Rule of the module: a terminal decides about colours and width, and `NO_COLOR` and `COLUMNS` in the environment before
it; text for anything else is plain, and the same on every machine.
"""

from __future__ import annotations

import os
from typing import Final, TextIO

import attrs

from interlock.checker.fold import WIDTH, fold, fold_command, screen, width_of


@attrs.frozen
class Style:
    """Whether to colour, how much to say, and how wide lines may be.

    `screen`: whether they are for a screen, where the line of a check and a command are broken too; else they stay one
    line each, to be searched for and copied.  `lines`: whether a place in a file is told with its line and column, which
    change with every line above it, or as the file alone.
    """

    color: bool = False
    verbose: bool = False
    width: int = WIDTH
    screen: bool = False
    lines: bool = True

    def paint(self, text: str, code: str) -> str:
        """The text in a colour, where colours are wanted."""
        return f"\x1b[{code}m{text}\x1b[0m" if self.color else text

    def fold(self, text: str, indent: str = "") -> list[str]:
        """The text in lines that are not too wide."""
        return fold(text, indent, width=self.width)

    def command(self, label: str, command: str) -> list[str]:
        """A command after a label."""
        return fold_command(label, command, self.width) if self.screen else [f"{label} {command}"]

    def within(self, indent: str) -> Style:
        """The style of what will be indented by `indent`: its lines are that much shorter."""
        return attrs.evolve(self, width=self.width - len(indent))


PLAIN: Final = Style()


def wanted(stream: TextIO, *, verbose: bool) -> Style:
    """The style for a stream: colours on a terminal, unless `NO_COLOR` is set, and its width."""
    color = stream.isatty() and not os.environ.get("NO_COLOR")
    return Style(color, verbose, width_of(stream), screen(stream) is not None)
