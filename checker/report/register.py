"""What do the documents claim, and what did the checks find?  The pages of `reports/`, in Markdown.

Rule of the module: the same specs and verdicts give the same text on every machine, so that a stored page can
be compared with a fresh one: no times, no memory, no paths but those of specs, and no lines of files, which another
import renumbers.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from interlock.checker.checks.outcome import Result
from interlock.checker.ir.claims import FINDINGS, Check, Claim, Spec
from interlock.checker.report.style import Style
from interlock.checker.report.traces import ending_lines, trace_lines
from interlock.checker.trace.trace import Trace
from interlock.checker.words import counted

MEANINGS: Final[Mapping[str, tuple[str, str]]] = {
    "CONFIRMED": ("confirmed", "the claim holds, for the instances that were checked"),
    "UNSTATED_CONDITION": ("unstated condition", "it holds only under a condition that the document does not state"),
    "GAP": ("gap in the text", "the document leaves open what decides it"),
    "DIFFERS": ("differs in deployment", "the deployed system does something else than the document says"),
    "REFUTED": ("refuted", "it is false as written, and a run shows it"),
}
INDEX: Final = "claims.md"
_TOLD: Final = "Claims and checks of "  # and then the specs of a page
_STYLE: Final = Style(width=96, lines=False)
_HEAD: Final = "<!-- Written by `make reports`; do not edit. -->"


def pages(specs: Sequence[Spec], results: Sequence[Result]) -> dict[str, str]:
    """The text of each page by its file name: the register's index, and a page a folder of specs."""
    found = {(r.spec, r.check): r for r in results}
    groups: dict[str, list[Spec]] = {}
    for s in specs:
        groups.setdefault(_group(s), []).append(s)
    texts = {f"{name}.md": _lines(_page(name, members, found)) for name, members in groups.items()}
    return {INDEX: _lines(_index(groups)), **texts}


def left_out(stored: Iterable[str], specs: Sequence[Spec]) -> list[str]:
    """The paths of the specs that `stored` pages tell of, and that are not among `specs`."""
    lines = (line for page in stored if page.startswith(_HEAD) for line in page.splitlines())
    told = (path for line in lines if line.startswith(_TOLD) for path in re.findall(r"`([^`]+)`", line))
    return sorted({*told} - {s.path for s in specs})


def _group(spec: Spec) -> str:
    """A spec's protocol: its folder below `specs/`, or its own name where it has none."""
    path = Path(spec.path)
    return path.stem if path.parent.name in ("specs", "") else path.parent.name


def _lines(lines: Iterator[str]) -> str:
    return "\n".join(lines) + "\n"


# --- the index -------------------------------------------------------------------------------------


def _index(groups: Mapping[str, Sequence[Spec]]) -> Iterator[str]:
    yield from (_HEAD, "", "# The register of claims", "")
    yield "What the documents of the protocols claim, and what the checks of `specs/` found of it."
    yield "A finding is about the instances that were checked, and no more; each claim's own page says which they are,"
    yield "what was assumed, and shows the shortest trace."
    yield ""
    yield from ("| finding | meaning |", "| --- | --- |")
    yield from (f"| {name} | {meaning} |" for name, meaning in MEANINGS.values())
    for group, members in groups.items():
        claims = sorted(((c, s) for s in members for c in s.claims), key=lambda pair: _natural(pair[0].id))
        if not claims:
            continue
        counts = {f: sum(c.finding == f for c, _ in claims) for f in FINDINGS}
        told = ", ".join(f"{n} {MEANINGS[f][0]}" for f, n in counts.items() if n)
        yield from ("", f"## [{group}]({group}.md)", "", f"{counted(len(claims), 'claim')}: {told}.", "")
        yield from ("| claim | finding | says |", "| --- | --- | --- |")
        for c, s in claims:
            yield f"| [{c.id}]({group}.md#{_anchor(c, s)}) | {MEANINGS[c.finding][0]} | {_cell(c.says)} |"


def _natural(text: str) -> list[tuple[int, str]]:
    """S2 before S10."""
    return [(int(part), "") if part.isdigit() else (-1, part) for part in re.findall(r"\d+|\D+", text)]


def _anchor(claim: Claim, spec: Spec) -> str:
    plain = re.sub(r"[^A-Za-z0-9]+", "-", claim.id.replace("'", " prime")).strip("-")
    return f"{Path(spec.path).stem}-{plain}".lower()


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


# --- a protocol ------------------------------------------------------------------------------------


def _page(name: str, specs: Sequence[Spec], found: Mapping[tuple[str, str], Result]) -> Iterator[str]:
    yield from (_HEAD, "", f"# {name}", "")
    yield f"{_TOLD}{', '.join(f'`{s.path}`' for s in specs)}."
    for spec in specs:
        yield from ("", f"## {spec.path}", "", *_paragraphs(spec.doc))
        checks = {c.name: c for c in spec.checks}
        for claim in spec.claims:
            yield ""
            yield from _claim(claim, spec, [(checks[n], found.get((spec.path, n))) for n in claim.decided_by])
        yield from ("", "### Checks", "")
        yield from _table([(c, found.get((spec.path, c.name))) for c in spec.checks])
        for check in spec.checks:
            if check.about:
                yield from ("", f"**{_cell(check.name)}**: {_cell(check.about)}")


def _paragraphs(doc: str) -> list[str]:
    return [line.strip() for line in doc.strip().splitlines()]


def _claim(claim: Claim, spec: Spec, decided: Sequence[tuple[Check, Result | None]]) -> Iterator[str]:
    yield f'<a id="{_anchor(claim, spec)}"></a>'
    yield from (f"### {claim.id}: {MEANINGS[claim.finding][0]}", "")
    yield from (f"*{_cell(claim.source)}*", "", f"Says: {_cell(claim.says)}", "", f"Found: {_cell(claim.because)}", "")
    yield from _table(decided)
    for check, result in decided:
        if result is not None and result.trace is not None:
            yield from ("", *_trace(check, result.trace))


def _table(rows: Sequence[tuple[Check, Result | None]]) -> Iterator[str]:
    yield "| check | constants | faults | engine | verdict | states | depth |"
    yield "| --- | --- | --- | --- | --- | ---: | ---: |"
    for check, result in rows:
        constants = ", ".join(f"{name} = {value}" for name, value in check.constants.items())
        about = [_cell(check.name), _code(constants), _code(", ".join(sorted(check.faults)))]
        if result is None:
            about += [check.engine, f"{'slow: ' if check.slow else ''}not run for this page", "", ""]
        else:
            c = result.coverage
            about += [result.engine, _code(result.verdict), _number(c.states), _number(c.depth)]
        yield f"| {' | '.join(about)} |"


def _code(text: str) -> str:
    return f"`{_cell(text)}`" if text else ""


def _number(value: int | None) -> str:
    return "" if value is None else f"{value:,}".replace(",", " ")


def _trace(check: Check, trace: Trace) -> Iterator[str]:
    """The steps at once, and the whole trace on demand."""
    yield from (f'Shortest trace of "{_cell(check.name)}":', "", "```text")
    yield from () if trace.initial_call is None else (f"from {trace.initial_call}",)
    yield from (f"{i}. {s.call}{f'   [fault: {s.fault}]' if s.fault else ''}" for i, s in enumerate(trace.steps, 1))
    yield from ending_lines(trace.ending, _STYLE)
    yield from ("```", "", "<details><summary>what changes in each step</summary>", "", "```text")
    yield from trace_lines(trace, _STYLE)
    yield from ("```", "", "</details>")
