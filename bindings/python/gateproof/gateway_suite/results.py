"""What a run came to."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from gateproof.gateway_suite.catalogue import SuiteTest
from gateproof.gateway_suite.explain import Explanation
from gateproof.gateway_suite.report import Profile


@dataclass(frozen=True)
class Outcome:
    """One test of one run. A test that the binary never came to is failed, too."""

    test: SuiteTest
    outcome: str  # passed, failed, skipped
    seconds: float
    messages: tuple[str, ...] = ()
    text: tuple[str, ...] = ()


@dataclass
class SuiteRun:
    """One pass of the suite's binary."""

    outcomes: list[Outcome]
    explanations: list[Explanation]
    profiles: list[Profile]
    seconds: float
    idle_seconds: float
    setup_seconds: float
    problem: str = ""  # why the binary as a whole failed, if no test says it

    @property
    def failed(self) -> list[Outcome]:
        """Tests that failed."""
        return [one for one in self.outcomes if one.outcome == "failed"]

    def counted(self, outcome: str) -> int:
        """How many tests had an outcome."""
        return sum(one.outcome == outcome for one in self.outcomes)


@dataclass
class SuiteResult:
    """All passes."""

    version: str
    helper: str
    features: list[str]
    runs: list[SuiteRun] = field(default_factory=list)

    @property
    def good(self) -> bool:
        """Nothing failed in any pass."""
        return all(not one.failed and not one.problem for one in self.runs)

    def flaky(self) -> dict[str, int]:
        """In how many passes a test failed that also passed in one."""
        failures: dict[str, int] = {}
        passed: set[str] = set()
        for run in self.runs:
            for one in run.outcomes:
                if one.outcome == "failed":
                    failures[one.test.name] = failures.get(one.test.name, 0) + 1
                elif one.outcome == "passed":
                    passed.add(one.test.name)
        return {name: count for name, count in failures.items() if name in passed}

    def as_dict(self) -> dict[str, Any]:
        """For --json."""
        return {
            "suite": self.version,
            "helper": self.helper,
            "features": self.features,
            "good": self.good,
            "flaky": self.flaky(),
            "runs": [_run(one) for one in self.runs],
        }


def _run(run: SuiteRun) -> dict[str, Any]:
    return {
        "seconds": round(run.seconds, 3),
        "idle_seconds": round(run.idle_seconds, 3),
        "setup_seconds": round(run.setup_seconds, 3),
        "problem": run.problem,
        "tests": [
            {"name": one.test.name, "outcome": one.outcome, "seconds": one.seconds}
            for one in run.outcomes
        ],
        "profiles": [
            {"name": one.name, "summary": one.summary, "complete": one.complete}
            for one in run.profiles
        ],
        "failures": [one.as_dict() for one in run.explanations],
    }
