"""What happened in a run: verified answers, failures that a planted fault explains, all others."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

FAILURES_KEPT = 40
LATENCIES_MAX = 500_000


@dataclass
class Ledger:
    """Counts by kind of client. `phase` names where latencies go ("baseline", "load")."""

    phase: str = "baseline"
    done: Counter[str] = field(default_factory=Counter)  # by kind
    outcomes: Counter[str] = field(default_factory=Counter)  # "kind: outcome" of planted faults
    failures: list[str] = field(default_factory=list)
    failed: int = 0
    latencies: dict[str, list[float]] = field(default_factory=dict)  # by phase, seconds

    def ok(self, kind: str, seconds: float | None = None) -> None:
        self.done[kind] += 1
        if seconds is not None:
            self.latency(self.phase, seconds)

    def latency(self, phase: str, seconds: float) -> None:
        kept = self.latencies.setdefault(phase, [])
        if len(kept) < LATENCIES_MAX:
            kept.append(seconds)

    def fail(self, kind: str, what: str) -> None:
        self.failed += 1
        if len(self.failures) < FAILURES_KEPT:
            self.failures.append(f"{kind}: {what}")

    def outcome(self, kind: str, what: str, explained: Iterable[str]) -> None:
        """One try at a planted fault: counted, and a failure when the fault does not explain it."""
        self.outcomes[f"{kind}: {what}"] += 1
        if what in explained:
            self.done[kind] += 1
        else:
            self.fail(kind, f"{what}; explained would be {', '.join(sorted(explained))}")

    def merge(self, told: dict) -> None:
        """Adds what another process has counted, as `as_dict` gives it."""
        self.done.update(told["done"])
        self.outcomes.update(told["outcomes"])
        self.failures += told["failures"][: FAILURES_KEPT - len(self.failures)]
        self.failed += told["failed"]

    def as_dict(self) -> dict:
        return {
            "done": dict(sorted(self.done.items())),
            "outcomes": dict(sorted(self.outcomes.items())),
            "failed": self.failed,
            "failures": self.failures,
        }


def percentile(values: list[float], share: float) -> float:
    """The value below which `share` (0 to 1) of them lie; 0 for none."""
    if not values:
        return 0.0
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
