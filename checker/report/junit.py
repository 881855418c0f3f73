"""How does a CI system that reads JUnit see results?  A suite a spec, a test case a check."""

from __future__ import annotations

from collections.abc import Sequence
from xml.etree import ElementTree as Xml

from interlock.checker.checks.outcome import Result, Standing
from interlock.checker.diagnostics import Refusal, render_all
from interlock.checker.report.terminal import details, headline


def to_junit(
    results: Sequence[Result], refused: Sequence[Refusal] = (), not_run: Sequence[tuple[str, str]] = ()
) -> str:
    """The results as a JUnit XML document.

    Unexpected checks are failures; undecided ones, defects and what was refused are errors; checks that a run which was
    cut short did not reach are skipped.
    """
    root = Xml.Element("testsuites", name="interlock")
    specs = [*(r.spec for r in results), *(r.spec for r in refused), *(spec for spec, _ in not_run)]
    for spec in dict.fromkeys(specs):
        suite = Xml.SubElement(root, "testsuite", name=_xml_text(spec))
        for r in (r for r in results if r.spec == spec):
            _result(suite, r)
        for refusal in (r for r in refused if r.spec == spec):
            _refusal(suite, refusal)
        for check in (check for left, check in not_run if left == spec):
            _left(suite, spec, check)
        for attribute, of in (
            ("tests", "testcase"),
            ("failures", "failure"),
            ("errors", "error"),
            ("skipped", "skipped"),
        ):
            suite.set(attribute, str(sum(1 for _ in suite.iter(of))))
    Xml.indent(root)
    return Xml.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _case(suite: Xml.Element, spec: str, name: str, seconds: float = 0.0) -> Xml.Element:
    about = {"classname": _xml_text(spec), "name": _xml_text(name), "time": f"{seconds:.3f}"}
    return Xml.SubElement(suite, "testcase", about)


def _result(suite: Xml.Element, r: Result) -> None:
    case = _case(suite, r.spec, r.check, r.total_seconds)
    if r.coverage.not_judged:
        said = Xml.SubElement(case, "properties")
        for n in r.coverage.not_judged:
            Xml.SubElement(said, "property", name="not judged", value=_xml_text(f"{n.property}: {n.reason}"))
    if not r.as_expected:
        kind = "failure" if r.standing in (Standing.DIFFERS, Standing.HOLLOW) else "error"
        below = Xml.SubElement(case, kind, message=_xml_text(headline(r)))
        below.text = _xml_text(details(r))


def _refusal(suite: Xml.Element, refusal: Refusal) -> None:
    case = _case(suite, refusal.spec, refusal.check or "(the file)")
    first = refusal.diagnostics[0]
    below = Xml.SubElement(case, "error", message=_xml_text(f"refused: {first.code}: {first.message}"))
    below.text = _xml_text(render_all(refusal.diagnostics))


def _left(suite: Xml.Element, spec: str, check: str) -> None:
    Xml.SubElement(_case(suite, spec, check), "skipped", message="not run: the run was cut short")


def _xml_text(text: str) -> str:
    return "".join(c if c.isprintable() or c == "\n" else "?" for c in text)
