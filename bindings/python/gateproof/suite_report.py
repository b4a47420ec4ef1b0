"""A suite's report as a table for people and as JUnit for machines."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree

from rich.console import Console
from rich.table import Table

from gateproof.suite import ArmReport, Report


def _table(report: Report) -> Table:
    table = Table(box=None, pad_edge=False)
    columns = ["arm", "passed", "failed", "skipped"]
    if report.against:
        columns += ["compared", "differ, explained", "differ, unexplained"]
    for name in columns:
        table.add_column(name, justify="left" if name == "arm" else "right")
    for arm in report.arms:
        row = [arm.name, arm.passed, len(arm.failed), len(arm.skipped)]
        if report.against:
            row += [arm.compared, len(arm.explained), len(arm.unexplained)]
        table.add_row(*map(str, row))
    if report.against:
        judge = report.against
        row = [judge.name, judge.passed, len(judge.failed), len(judge.skipped)]
        table.add_row(*map(str, row))
    return table


def _failures(arm: ArmReport, paths: Sequence[str], out: Console) -> None:
    for one in arm.failed:
        out.print(f"FAILED {arm.name}: {one.case.name} ({one.case.place})", markup=False)
        for mismatch in one.mismatches:
            out.print(f"  {mismatch}", markup=False)
        command = ["gateproof", "test", *paths, "-k", one.case.name, "--arm", arm.name]
        out.print(f"  again: {shlex.join(command)}", markup=False)
    for two in arm.unexplained:
        out.print(
            f"DIFFERS {arm.name}: {two.case}, request {two.request}: {two.field}", markup=False
        )
        out.print(f"  {arm.name}: {two.left}\n  judge: {two.right}", markup=False)


def print_report(report: Report, out: Console, paths: Sequence[str]) -> None:
    """Failures and differences with both sides, explained differences and skips by reason, and
    the table."""
    every = [*report.arms, *([report.against] if report.against else [])]
    for arm in every:
        _failures(arm, paths, out)
    reasons: Counter[str] = Counter()
    for arm in report.arms:
        reasons.update(one.reason or "" for one in arm.explained)
    for reason, count in sorted(reasons.items()):
        out.print(f"explained ({count}): {reason}", markup=False)
    skips: Counter[str] = Counter()
    for arm in every:
        skips.update(f"{arm.name}: {one.skipped}" for one in arm.skipped)
    for reason, count in sorted(skips.items()):
        out.print(f"skipped ({count}) {reason}", markup=False)
    out.print(_table(report))


def write_junit(report: Report, path: Path) -> None:
    """One test suite per arm, one test case per case."""
    root = ElementTree.Element("testsuites", name="gateproof")
    for arm in [*report.arms, *([report.against] if report.against else [])]:
        differing: dict[str, list[str]] = {}
        for one in arm.unexplained:
            text = f"request {one.request}: {one.field}: {one.left} / judge: {one.right}"
            differing.setdefault(one.case, []).append(text)
        bad = {one.case.name for one in arm.failed} | set(differing)
        suite = ElementTree.SubElement(
            root, "testsuite", name=arm.name, tests=str(len(arm.results)),
            failures=str(len(bad)), errors="0", skipped=str(len(arm.skipped)),
        )  # fmt: skip
        for result in arm.results:
            case = ElementTree.SubElement(
                suite, "testcase", classname=f"{arm.name}.{Path(result.case.place.file).stem}",
                name=result.case.name,
            )  # fmt: skip
            lines = [*map(str, result.mismatches), *differing.get(result.case.name, [])]
            if result.skipped is not None:
                ElementTree.SubElement(case, "skipped", message=result.skipped)
            elif lines:
                failure = ElementTree.SubElement(case, "failure", message=lines[0])
                failure.text = "\n".join(lines)
    path.parent.mkdir(parents=True, exist_ok=True)
    ElementTree.ElementTree(root).write(path, encoding="utf-8", xml_declaration=True)
