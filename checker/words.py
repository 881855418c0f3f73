"""How is a number said?  `1 state`, `1 234 states`, `1.20 M`.

Rule of the module: one of something is not several of it, and thousands stand apart.
"""

from __future__ import annotations


def counted(number: int, noun: str, plural: str | None = None) -> str:
    """A number of things: `noun` is what one of them is called, `plural` what several are, if not `noun` with an s."""
    return f"{spaced(number)} {noun if number == 1 else plural or f'{noun}s'}"


def spaced(number: int) -> str:
    """A number with its thousands apart."""
    return f"{number:,}".replace(",", " ")


def short(number: float) -> str:
    """Three digits of a number, or so."""
    for unit, name in ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")):
        if number >= unit:
            return f"{number / unit:.{1 if number >= 10 * unit else 2}f} {name}"
    return f"{number:.0f}"
