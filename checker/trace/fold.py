"""How is a long line of a trace broken?  At blanks outside of brackets, else inside the outermost ones.

Rule of the module: the width is fixed, whatever the terminal, and no text is cut off; what pastes back into
Python on one line does so on several.
"""

from __future__ import annotations

import textwrap
from typing import Final

WIDTH: Final = 96  # of a trace; a report indents it by four
_KEPT: Final = "\0"  # a blank at which no line is broken
_BREAK: Final = "\1"  # where a line may be broken, without a blank


def fold(text: str, indent: str = "", hang: int = 4, width: int = WIDTH) -> list[str]:
    """The text in lines of at most `width`, as far as it has blanks; the later ones indented by `hang` more."""
    later = indent + " " * hang
    kept = _kept(text.replace(" -> ", f" ->{_KEPT}"), width - len(later))
    lines = textwrap.wrap(
        kept, width, initial_indent=indent, subsequent_indent=later, break_long_words=False, break_on_hyphens=False
    )
    return [line.replace(f"{_BREAK} ", "").rstrip(_BREAK).replace(_KEPT, " ") for line in lines] or [indent.rstrip()]


def _kept(text: str, room: int) -> str:
    """The text with the blanks inside of brackets kept, wherever the brackets fit on a line."""
    return " ".join(p.replace(" ", _KEPT) if len(p) <= room else _opened(p, room) for p in _parts(text))


def _parts(text: str) -> list[str]:
    """The text, taken apart at the blanks outside of all brackets."""
    parts, depth, start = [], 0, 0
    for i, c in enumerate(text):
        depth += (c in "([{") - (c in ")]}")
        if c == " " and depth <= 0:
            parts.append(text[start:i])
            start = i + 1
    return [*parts, text[start:]]


def _opened(part: str, room: int) -> str:
    """A part that is too long for a line: broken inside its first brackets, and after them."""
    first = next((i for i, c in enumerate(part) if c in "([{"), None)
    if first is None:
        return part
    depth = 0
    for i in range(first, len(part)):
        depth += (part[i] in "([{") - (part[i] in ")]}")
        if depth == 0:
            head, inner = part[: first + 1], _kept(part[first + 1 : i], room)
            gap = f"{_BREAK} " if len(head) + len(inner.split(" ")[0]) > room else ""
            return head + gap + inner + part[i] + _kept(part[i + 1 :], room)
    return part
