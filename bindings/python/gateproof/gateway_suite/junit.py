"""JUnit XML of a run, one case for each test of the suite."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree

from gateproof.gateway_suite.results import Outcome

_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


def write_junit(path: Path, suite: str, outcomes: Sequence[Outcome]) -> None:
    """Writes the file."""
    failed = sum(one.outcome == "failed" for one in outcomes)
    skipped = sum(one.outcome == "skipped" for one in outcomes)
    root = ElementTree.Element("testsuites")
    group = ElementTree.SubElement(
        root,
        "testsuite",
        name=f"gateway-api {suite}",
        tests=str(len(outcomes)),
        failures=str(failed),
        skipped=str(skipped),
        time=f"{sum(one.seconds for one in outcomes):.3f}",
    )
    for one in outcomes:
        case = ElementTree.SubElement(
            group,
            "testcase",
            classname=f"gateway-api.{suite}",
            name=one.test.name,
            time=f"{one.seconds:.3f}",
        )
        if one.outcome == "failed":
            first = one.messages[0].split("\n")[0] if one.messages else "failed"
            element = ElementTree.SubElement(case, "failure", message=_clean(first))
            element.text = _clean("\n".join(one.text))
        elif one.outcome == "skipped":
            ElementTree.SubElement(case, "skipped", message=_clean(" ".join(one.messages)))
    path.parent.mkdir(parents=True, exist_ok=True)
    ElementTree.ElementTree(root).write(path, encoding="utf-8", xml_declaration=True)


def _clean(text: str) -> str:
    """XML 1.0 has no way to write most control characters."""
    return _CONTROL.sub("\ufffd", text)
