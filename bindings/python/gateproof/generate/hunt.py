"""Compares many pairs, and shrinks and names what disagrees."""

from __future__ import annotations

import itertools
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Generic

from rich.console import Console
from rich.progress import Progress

from gateproof.generate.compare import D, Judging, Verdict
from gateproof.generate.shrink import fields_in, shrink

REQUESTS = 4
"""Requests for each configuration; each of them makes a pair."""
_AT_ONCE = 40


@dataclass
class Disagreement:
    """Something in which engine and judge differ: the small setup and how many setups showed it."""

    verdict: Verdict[Any]
    name: str
    text: str
    seen: int = 1


@dataclass
class HuntReport:
    """What a hunt found; `unsteady` are differences that did not show a second time."""

    pairs: int = 0
    configurations: int = 0
    seconds: float = 0.0
    found: list[Disagreement] = field(default_factory=list)
    unsteady: list[Verdict[Any]] = field(default_factory=list)
    explained: Counter[str] = field(default_factory=Counter)
    skipped: Counter[str] = field(default_factory=Counter)
    statuses: Counter[int] = field(default_factory=Counter)
    disagreeing: int = 0
    unsteady_titles: list[str] = field(default_factory=list)

    @property
    def fine(self) -> bool:
        """Nothing is unexplained, and something was compared."""
        return not self.found and self.pairs > 0

    def as_dict(self) -> dict[str, Any]:
        """The report as data for JSON."""
        return {
            "fine": self.fine,
            "pairs": self.pairs,
            "configurations": self.configurations,
            "seconds": round(self.seconds, 1),
            "disagreeing_configurations": self.disagreeing,
            "disagreements": [
                {
                    "name": one.name,
                    "seen": one.seen,
                    "differences": [
                        {
                            "request": d.request, "field": d.field, "engine": d.left,
                            "judge": d.right,
                        }
                        for d in one.verdict.unexplained
                    ],
                    "case": one.text,
                }
                for one in self.found
            ],
            "unsteady": self.unsteady_titles,
            "explained": dict(self.explained),
            "skipped": dict(self.skipped),
            "statuses": {str(k): v for k, v in sorted(self.statuses.items())},
        }  # fmt: skip


class Hunt(Generic[D]):
    """Compares setups until there were `pairs` pairs; shrinks at most `shrink_max` of them."""

    def __init__(self, comparison: Judging[D], shrink_max: int) -> None:
        self._comparison = comparison
        self._left = shrink_max
        self._known: dict[tuple[frozenset[str], str], Disagreement] = {}

    def run(self, setups: Iterable[D], pairs: int, out: Console | None = None) -> HuntReport:
        """Compares; a progress bar goes to `out` if that is a terminal."""
        report = HuntReport()
        begin = time.monotonic()
        stream = iter(setups)
        shown = out is not None and out.is_terminal
        with Progress(console=out, transient=True, disable=not shown) as bar:
            task = bar.add_task("pairs", total=pairs)
            while report.pairs < pairs:
                batch = list(itertools.islice(stream, _AT_ONCE))
                if not batch:
                    break
                for verdict in self._comparison.run(batch):
                    self._note(verdict, report)
                bar.update(task, completed=report.pairs)
        report.seconds = time.monotonic() - begin
        return report

    def _note(self, verdict: Verdict[D], report: HuntReport) -> None:
        if verdict.skipped is not None:
            report.skipped[verdict.skipped] += 1
            return
        report.configurations += 1
        report.pairs += len(verdict.setup.requests)
        report.explained.update(one.reason for one in verdict.differences if one.reason)
        report.statuses.update(one.status for one in verdict.judged.observations)
        if not verdict.unexplained:
            return
        report.disagreeing += 1
        rough = (fields_in(verdict), self._comparison.title(verdict.setup))
        if rough in self._known:
            self._known[rough].seen += 1
            return
        self._look_closer(verdict, report)

    def _look_closer(self, verdict: Verdict[D], report: HuntReport) -> None:
        again = self._comparison.run([verdict.setup.renamed("again0x")])[0]
        if not again.unexplained:
            report.unsteady.append(verdict)
            report.unsteady_titles.append(self._comparison.title(verdict.setup))
            return
        if self._left > 0:
            self._left -= 1
            again = shrink(again, self._comparison)
        mark = (fields_in(again), self._comparison.title(again.setup))
        if mark in self._known:
            self._known[mark].seen += 1
            return
        name = f"generated-{len(report.found) + 1}"
        text = self._comparison.text(again, name)
        self._known[mark] = Disagreement(again, name, text)
        report.found.append(self._known[mark])
