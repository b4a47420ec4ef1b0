"""The table of who does what, in Markdown, between two marks of a page."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from gateproof.http1.outcome import conforms
from gateproof.http1.suite import CaseReport, Http1Report

_BEGIN = "<!-- measured: begin -->"
_END = "<!-- measured: end -->"


def around_table(page: Path) -> tuple[str, str]:
    """What stands before and behind the table. Raises ValueError if the page has no marks, OSError
    if it cannot be read."""
    text = page.read_text(encoding="utf-8")
    before, begin, rest = text.partition(_BEGIN)
    _, end, after = rest.partition(_END)
    if not begin or not end:
        raise ValueError(f"{page} lacks {_BEGIN} and {_END}")
    return before, after


def write_table(page: Path, report: Http1Report) -> None:
    """Puts the table in the place of the old one. Raises as `around_table`."""
    before, after = around_table(page)
    page.write_text(
        f"{before}{_BEGIN}\n{chr(10).join(_lines(report))}\n{_END}{after}", encoding="utf-8"
    )


def _lines(report: Http1Report) -> Iterator[str]:
    peers = list(report.versions)
    arms = list(report.cases[0].outcomes) if report.cases else []
    names = [f"{name} {report.versions[name]}" for name in peers]
    yield "Measured with " + ", ".join(names) + "."
    yield ""
    yield "| | cases | as allowed | otherwise |"
    yield "| --- | --- | --- | --- |"
    for arm in arms:
        bad = sum(any(text.startswith(f"{arm}:") for text in one.problems) for one in report.cases)
        yield f"| gateproof, {arm} | {len(report.cases)} | {len(report.cases) - bad} | {bad} |"
    for peer in peers:
        rows = [one for one in report.cases if peer in one.peers]
        good = sum(conforms(one.case, one.peers[peer]) for one in rows)
        yield f"| {peer} | {len(rows)} | {good} | {len(rows) - good} |"
    yield ""
    yield f"| case | clause | gateproof | {' | '.join(peers)} |"
    yield "| --- " * (3 + len(peers)) + "|"
    for one in report.cases:
        yield _row(one, peers)


def _row(one: CaseReport, peers: list[str]) -> str:
    ours = next(iter(one.outcomes.values())).word() if one.outcomes else ""
    cells = []
    for peer in peers:
        outcome = one.peers.get(peer)
        if outcome is None:
            cells.append("")
        elif conforms(one.case, outcome):
            cells.append(outcome.word())
        else:
            cells.append(f"**{outcome.word()}**")
    return f"| {one.case.name} | {one.case.clause} | {ours} | {' | '.join(cells)} |"
