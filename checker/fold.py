"""How is a long line broken?  At blanks outside of brackets, else inside the outermost ones.

Rule of the module: no word is broken and no text is cut off; what pastes back into Python on one line does so on
several, and so does a command into a shell.
"""

from __future__ import annotations

import os
import re
import textwrap
from typing import Final, TextIO

WIDTH: Final = 100  # where nobody says how wide it is
_LEAST: Final = 20  # columns; less is no terminal that anybody reads
_KEPT: Final = "\0"  # a blank at which no line is broken
_BREAK: Final = "\1"  # where a line may be broken, without a blank


def width_of(stream: TextIO) -> int:
    """How many columns lines may take there: `COLUMNS` in the environment, those of a terminal, or else `WIDTH`."""
    return screen(stream) or WIDTH


def screen(stream: TextIO) -> int | None:
    """How many columns a screen has: `COLUMNS` in the environment, or those of a terminal; None for anything else."""
    said = os.environ.get("COLUMNS", "")
    columns = int(said) if re.fullmatch(r"\d{1,4}", said, re.ASCII) else 0
    if not columns and stream.isatty():
        try:
            columns = os.get_terminal_size(stream.fileno()).columns
        except OSError:
            columns = 0
    return max(columns, _LEAST) if columns else None


def said(text: str, stream: TextIO) -> str:
    """A note as it is written to a stream: broken for a screen, else one line, which is easier to search for."""
    width = screen(stream)
    return text if width is None else "\n".join(fold(text, width=width))


def fold(text: str, indent: str = "", hang: int = 4, width: int = WIDTH) -> list[str]:
    """The text in lines of at most `width`, as far as it has blanks; the later ones indented by `hang` more."""
    later = indent + " " * hang
    kept = _kept(text.replace(" -> ", f" ->{_KEPT}"), width - len(later))
    lines = textwrap.wrap(
        kept, width, initial_indent=indent, subsequent_indent=later, break_long_words=False, break_on_hyphens=False
    )
    return [line.replace(f"{_BREAK} ", "").rstrip(_BREAK).replace(_KEPT, " ") for line in lines] or [indent.rstrip()]


def fold_command(label: str, command: str, width: int, hang: int = 4) -> list[str]:
    """A command of a shell after a label, in lines that paste as the one command."""
    lines, room = [label], width - len(" \\")
    for word in re.findall(r"(?:[^\s'\"]|'[^']*'|\"[^\"]*\")+", command):
        if lines[-1] != label and len(lines[-1]) + 1 + len(word) > room:
            lines[-1] += " \\"
            lines.append(" " * hang + word)
        else:
            lines[-1] += f" {word}"
    return lines


def _kept(text: str, room: int, tail: int = 0) -> str:
    """The text with the blanks inside of brackets kept, wherever the brackets fit on a line; `tail` more follows."""
    *parts, last = _parts(text)
    return " ".join([*(_fitted(p, room, 0) for p in parts), _fitted(last, room, tail)])


def _fitted(part: str, room: int, tail: int) -> str:
    return part.replace(" ", _KEPT) if len(part) + tail <= room else _opened(part, room, tail)


def _parts(text: str) -> list[str]:
    """The text, taken apart at the blanks outside of all brackets."""
    parts, depth, start = [], 0, 0
    for i, c in enumerate(text):
        depth += (c in "([{") - (c in ")]}")
        if c == " " and depth <= 0:
            parts.append(text[start:i])
            start = i + 1
    return [*parts, text[start:]]


def _opened(part: str, room: int, tail: int) -> str:
    """A part that is too long for a line: broken inside its first brackets, and after them."""
    first = next((i for i, c in enumerate(part) if c in "([{"), None)
    if first is None:
        return part
    depth = 0
    for i in range(first, len(part)):
        depth += (part[i] in "([{") - (part[i] in ")]}")
        if depth == 0:
            head, after = part[: first + 1], part[i + 1 :]
            ends = 1 + (len(after.split(" ")[0]) if " " in after else len(after) + tail)
            inner = _kept(part[first + 1 : i], room, ends)
            gap = f"{_BREAK} " if len(head) + len(inner.split(" ")[0]) > room else ""
            return head + gap + inner + part[i] + _kept(after, room, tail)
    return part
