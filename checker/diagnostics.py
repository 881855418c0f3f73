"""What went wrong in a user's file, where, and what to write instead.

Rule of the module: a `Diagnostic` is the only way a user's mistake reaches the user, and `render` the
only code that draws one.  Codes are stable: L0xx the text cannot be read, M0xx outside the subset,
M1xx names, M2xx types, M3xx effects and state, S0xx spec files, E0xx limits of the engines,
C0xx the command line.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from pathlib import Path

import attrs

from interlock.checker.fold import fold
from interlock.checker.places import located
from interlock.checker.words import counted


@attrs.frozen(slots=False)
class Span:
    """A region of a source file; lines from 1, columns from 0 (in characters), end exclusive."""

    file: str
    line: int
    column: int
    end_line: int
    end_column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column + 1}"


NOWHERE = Span("<none>", 0, 0, 0, 0)


@attrs.frozen
class Diagnostic:
    """One mistake: a stable code, what is wrong, where, and what to write instead."""

    code: str
    message: str
    span: Span
    help: str


class InputError(Exception):
    """The user's input is wrong (exit code 2); carries every diagnostic found."""

    def __init__(self, diagnostics: Sequence[Diagnostic]) -> None:
        super().__init__("; ".join(f"{d.code}: {d.message}" for d in diagnostics))
        self.diagnostics = tuple(diagnostics)


@attrs.frozen
class Refusal:
    """A spec that was refused, or one check of it, and every reason."""

    spec: str
    diagnostics: tuple[Diagnostic, ...]
    check: str | None = None


def mistake(code: str, message: str, help_: str) -> InputError:
    """What to raise for one mistake that stands in no file, such as one on the command line."""
    return InputError([Diagnostic(code, message, NOWHERE, help_)])


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word closest to a misspelt one, or None when nothing is close."""
    found = difflib.get_close_matches(word, list(known), n=1, cutoff=0.5)
    return found[0] if found else None


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A `help:` line for a misspelt word: the nearest right one, or the list of all."""
    choices = sorted(set(known))
    best = nearest(word, choices)
    if best is not None:
        return f"did you mean `{best}`?"
    if not choices:
        return "there is none to choose from here"
    shown = ", ".join(f"`{c}`" for c in choices[:12])
    return f"known here: {shown}" + (", ..." if len(choices) > 12 else "")


def render(diagnostic: Diagnostic, source: str | None = None, width: int | None = None) -> str:
    """Draw one diagnostic: code, place, the line with carets, and the help.

    With a `width`, in lines of at most that many columns; without, the message and the help stay one line each.
    """
    d = diagnostic
    out = _broken(f"error[{d.code}]: {d.message}", "", width)
    if d.span.line > 0:
        out.append(f"  --> {d.span}")
        text = source if source is not None else _read(d.span.file)
        lines = text.split("\n") if text is not None else []
        if d.span.line <= len(lines):
            out.extend(_excerpt(lines[d.span.line - 1], d.span, width or _WIDEST))
    elif d.span.file != NOWHERE.file:
        out.append(f"  --> {d.span.file}")
    return "\n".join([*out, *_broken(f"help: {d.help}", "  ", width)])


def _broken(text: str, indent: str, width: int | None) -> list[str]:
    return [indent + text] if width is None else fold(text, indent, width=width)


def render_all(diagnostics: Sequence[Diagnostic], width: int | None = None) -> str:
    """Draw diagnostics in file order, each once, with a closing count; `width` as for one."""
    ordered = sorted(dict.fromkeys(diagnostics), key=lambda d: (d.span.file, d.span.line, d.span.column, d.code))
    return "\n\n".join([*(render(d, width=width) for d in ordered), counted(len(ordered), "error")])


_WIDEST = 130  # columns of an excerpt
_CUT = "..."


def _excerpt(line: str, span: Span, width: int) -> list[str]:
    """The line of a mistake with carets below it; of a long one the part around them."""
    line = "".join(c if c.isprintable() or c == "\t" else "\N{REPLACEMENT CHARACTER}" for c in line).replace("\t", " ")
    last = span.end_column if span.end_line == span.line else len(line)
    start, stop = span.column, max(last, span.column + 1)
    gutter = str(span.line)
    room = max(min(width, _WIDEST) - len(f"{gutter} | "), 2 * len(_CUT) + 1)
    if len(line) > room:
        line, moved = _window(line, start, room)
        start, stop = start - moved, stop - moved
    stop = min(stop, max(len(line), start + 1))
    return [f"{gutter} | {line}", f"{' ' * len(gutter)} | {' ' * start}{'^' * (stop - start)}"]


def _window(line: str, start: int, room: int) -> tuple[str, int]:
    """The part of a long line around a column, and by how many columns it is moved to the left."""
    begin = min(max(0, start - room // 3), len(line) - room)
    head, tail = _CUT if begin > 0 else "", _CUT if begin + room < len(line) else ""
    return head + line[begin + len(head) : begin + room - len(tail)] + tail, begin


def _read(file: str) -> str | None:
    try:
        return located(Path(file)).read_text(encoding="utf-8-sig", errors="replace")
    except OSError:
        return None
