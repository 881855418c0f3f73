"""How does a CI system that reads JUnit see results?  A suite a spec, a test case a check."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from xml.etree import ElementTree as Xml

from checker.outcome import Result
from checker.report.terminal import details


def to_junit(results: Sequence[Result]) -> str:
    """The results as a JUnit XML document; undecided checks and defects are errors, unexpected ones failures."""
    root = Xml.Element("testsuites", name="interlock")
    for spec, group in itertools.groupby(results, key=lambda r: r.spec):
        _suite(root, spec, list(group))
    Xml.indent(root)
    return Xml.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _suite(root: Xml.Element, spec: str, results: Sequence[Result]) -> None:
    open_ = sum(r.undecided or r.defect for r in results)
    failed = sum(not r.as_expected for r in results) - open_
    counts: dict[str, str] = {"tests": str(len(results)), "failures": str(failed), "errors": str(open_)}
    suite = Xml.SubElement(root, "testsuite", {"name": spec, **counts})
    for r in results:
        case = Xml.SubElement(suite, "testcase", classname=spec, name=r.check, time=f"{r.total_seconds:.3f}")
        if r.coverage.not_judged:
            said = Xml.SubElement(case, "properties")
            for n in r.coverage.not_judged:
                Xml.SubElement(said, "property", name="not judged", value=f"{n.property}: {n.reason}")
        if not r.as_expected:
            kind = "error" if r.undecided or r.defect else "failure"
            below = Xml.SubElement(case, kind, message=f"expected {r.expected}, found {r.verdict}")
            below.text = _xml_text(details(r))


def _xml_text(text: str) -> str:
    return "".join(c if c.isprintable() or c == "\n" else "?" for c in text)
