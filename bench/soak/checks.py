"""What a run must have shown: one line for each check, judged from counts, usage and latencies."""

from dataclasses import dataclass

from ledger import Ledger, percentile
from proxy import Usage

WARM_SHARE = 0.4  # of the samples, before memory is judged
SLOPE_SECONDS_MIN = (
    240.0  # a slope needs that long behind the warm-up; below, only growth is judged
)
GROWTH_KB_MAX = 24 << 10  # in a short run, which never ends to warm up
P99_FACTOR = 5.0
LATENCIES_MIN = 100


@dataclass(frozen=True)
class Check:
    name: str
    passed: bool
    told: str

    def line(self) -> str:
        return f"{'ok  ' if self.passed else 'FAIL'} {self.name:22} {self.told}"


def slope_kb_per_minute(samples: list[Usage]) -> float:
    """Least squares over the samples; 0 for fewer than two."""
    if len(samples) < 2:
        return 0.0
    start = samples[0].at
    minutes = [(s.at - start) / 60 for s in samples]
    mean_x = sum(minutes) / len(samples)
    mean_y = sum(s.rss_kb for s in samples) / len(samples)
    spread = sum((x - mean_x) ** 2 for x in minutes)
    if spread == 0:
        return 0.0
    both = zip(minutes, samples, strict=True)
    return sum((x - mean_x) * (s.rss_kb - mean_y) for x, s in both) / spread


def memory(samples: list[Usage], limit_kb: float) -> Check:
    """`limit_kb` a minute; below 0 memory is told, not judged (sanitizers keep what was freed)."""
    warm = samples[int(len(samples) * WARM_SHARE) :]
    if len(warm) < 4:
        return Check("memory", True, "too few samples to judge")
    slope = slope_kb_per_minute(warm)
    told = f"RSS {warm[0].rss_kb / 1024:.1f} to {warm[-1].rss_kb / 1024:.1f} MB, "
    told += f"slope {slope / 1024:+.2f} MB a minute"
    if limit_kb < 0:
        return Check("memory", True, told + " (not judged)")
    seconds = warm[-1].at - warm[0].at
    if seconds < SLOPE_SECONDS_MIN:
        growth = warm[-1].rss_kb - warm[0].rss_kb
        return Check("memory", growth <= GROWTH_KB_MAX, told + f" over {seconds:.0f} s")
    return Check("memory", slope <= limit_kb, told + f" (limit {limit_kb / 1024:.1f})")


def back(start: Usage, end: Usage) -> list[Check]:
    """Everything that was opened under load is closed again."""
    pairs = [
        ("descriptors", start.descriptors, end.descriptors),
        ("connections", start.sockets, end.sockets),
        ("threads", start.threads, end.threads),
    ]
    return [Check(name, now <= was, f"{was} before, {now} after") for name, was, now in pairs]


def latency(ledger: Ledger, floor_ms: float) -> Check:
    """Against the phase alone; the limit grows as requests that pass by the proxy got slower."""

    def p99(phase: str) -> float:
        return percentile(ledger.latencies.get(phase, []), 0.99) * 1000

    alone, under = p99("baseline"), p99("load")
    control, control_under = p99("control baseline"), p99("control load")
    slower = max(1.0, control_under / control) if control else 1.0
    limit = max(P99_FACTOR * alone, floor_ms) * slower
    told = f"p99 {under:.1f} ms, alone {alone:.1f}, limit {limit:.1f}; without the proxy "
    told += f"{control_under:.1f} ms, alone {control:.1f}"
    enough = min(len(ledger.latencies.get(p, [])) for p in ("baseline", "load"))
    return Check("latency", enough >= LATENCIES_MIN and under <= limit, told)


def answers(ledger: Ledger) -> Check:
    verified = sum(n for kind, n in ledger.done.items() if " backend " not in kind)
    planted = sum(ledger.outcomes.values())
    told = f"{verified} verified, {planted} planted faults, {ledger.failed} unexplained failures"
    return Check("answers", ledger.failed == 0 and verified > 0, told)


def kinds(ledger: Ledger, wanted: set[str]) -> Check:
    """Nobody may have sat out the run."""
    missing = sorted(k for k in wanted if not ledger.done.get(k))
    told = f"{len(wanted)} kinds of clients and faults took part"
    return Check("mix", not missing, told if not missing else "nothing from " + ", ".join(missing))


def certificates(own: list[str], shown: dict[str, int]) -> Check:
    """Each handshake shows one that the configuration names, and not always the same."""
    strange = sum(n for one, n in shown.items() if one not in own)
    told = f"{len(shown)} certificates in {sum(shown.values())} handshakes, {strange} of nobody"
    return Check("certificates", strange == 0 and len(shown) > 1, told)


def reloads(written: int, broken: int, seen: set[str]) -> Check:
    numbered = {v for v in seen if v.isdigit()}
    strange = sorted(seen - numbered)
    # A version may be replaced before a request meets it, but most must be seen.
    enough = len(numbered) >= max(1, (written + 1) // 2)
    told = f"{written} versions and {broken} broken files written, {len(numbered)} versions seen"
    if strange:
        told += f", and from no version: {', '.join(strange[:3])}"
    return Check("reloads", enough and not strange, told)
