"""A run of many parity cases on many arms, and of each arm against a judge."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from rich.console import Console
from rich.progress import Progress

from gateproof.arms import make_arm
from gateproof.cases import Arm, Case, CaseResult, Difference, KnownDifference, compare, run_case
from gateproof.plugins import Factory


@dataclass
class ArmReport:
    """The results of one arm, in the order of the cases, and where it differs from the judge."""

    name: str
    results: list[CaseResult] = field(default_factory=list)
    differences: list[Difference] = field(default_factory=list)
    compared: int = 0

    @property
    def passed(self) -> int:
        """Cases that ran and were as expected."""
        return sum(one.passed for one in self.results)

    @property
    def failed(self) -> list[CaseResult]:
        """Cases that ran and were not as expected."""
        return [one for one in self.results if one.skipped is None and one.mismatches]

    @property
    def skipped(self) -> list[CaseResult]:
        """Cases that the arm did not run, each with its reason."""
        return [one for one in self.results if one.skipped is not None]

    @property
    def explained(self) -> list[Difference]:
        """Differences that are meant to be."""
        return [one for one in self.differences if one.reason]

    @property
    def unexplained(self) -> list[Difference]:
        """Differences that nobody has explained."""
        return [one for one in self.differences if not one.explained]


@dataclass
class Report:
    """Everything that a run found."""

    arms: list[ArmReport]
    against: ArmReport | None = None

    @property
    def fine(self) -> bool:
        """No case failed and every difference is explained."""
        every = [*self.arms, *([self.against] if self.against else [])]
        return not any(one.failed or one.unexplained for one in every)

    def as_dict(self) -> dict[str, Any]:
        """The report as data for JSON."""
        every = [*self.arms, *([self.against] if self.against else [])]
        return {"fine": self.fine, "arms": [_arm_dict(one) for one in every]}


def _arm_dict(arm: ArmReport) -> dict[str, Any]:
    return {
        "arm": arm.name,
        "passed": arm.passed,
        "failed": [
            {
                "case": one.case.name,
                "place": str(one.case.place),
                "mismatches": list(map(str, one.mismatches)),
            }
            for one in arm.failed
        ],
        "skipped": [{"case": one.case.name, "reason": one.skipped} for one in arm.skipped],
        "compared": arm.compared,
        "differences": [
            {
                "case": one.case, "request": one.request, "field": one.field, "engine": one.left,
                "judge": one.right, "explained_by": one.reason,
            }
            for one in arm.differences
        ],
    }  # fmt: skip


class Suite:
    """Runs cases on arms; with `only_compare` an arm has to do what the judge does, and no more.

    `make` gives the arms by name, if they are not those of `make_arm`. Raises ValueError for an arm
    that does not exist.
    """

    def __init__(
        self,
        arms: Sequence[str],
        against: str | None = None,
        known: Sequence[KnownDifference] = (),
        seed: int = 1,
        jobs: int = 4,
        plugins: Mapping[str, Factory] | None = None,
        *,
        only_compare: bool = False,
        make: Callable[[str], Arm] | None = None,
    ) -> None:
        made = make or (lambda name: make_arm(name, seed=seed, plugins=plugins))
        self._arms = [made(name) for name in dict.fromkeys(arms)]
        self._against = made(against) if against else None
        self._known = known
        self._jobs = jobs
        self._only_compare = only_compare

    def run(self, cases: Sequence[Case], out: Console | None = None) -> Report:
        """Runs everything; a progress bar goes to `out` if that is a terminal."""
        rounds = len(self._arms) + (self._against is not None)
        shown = out is not None and out.is_terminal
        with Progress(console=out, transient=True, disable=not shown) as bar:
            task = bar.add_task("cases", total=len(cases) * rounds)
            tick: Callable[[], None] = lambda: bar.advance(task)  # noqa: E731
            judge = self._run_arm(self._against, cases, tick) if self._against else None
            reports = [self._run_arm(arm, cases, tick) for arm in self._arms]
        if judge:
            for report in reports:
                self._compare(report, judge)
        return Report(reports, judge)

    def _run_arm(self, arm: Arm, cases: Sequence[Case], tick: Callable[[], None]) -> ArmReport:
        def one(case: Case) -> CaseResult:
            result = run_case(case, arm)
            if self._only_compare:
                result.mismatches.clear()
            tick()
            return result

        # Virtual arms are pure computation; real ones wait most of the time.
        workers = self._jobs if arm.name in ("socket", "daemon", "traefik") else 1
        try:
            with ThreadPoolExecutor(workers) as pool:
                return ArmReport(arm.name, list(pool.map(one, cases)))
        finally:
            arm.close()

    def _compare(self, report: ArmReport, judge: ArmReport) -> None:
        for mine, theirs in zip(report.results, judge.results, strict=True):
            if mine.skipped is None and theirs.skipped is None:
                report.compared += 1
                report.differences.extend(compare(mine, theirs, self._known))
