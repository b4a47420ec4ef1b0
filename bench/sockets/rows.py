"""What is measured, in the order of the report, and what it is measured against."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import loads
import machine
from contenders import Running

CONNECTIONS = 64
H2_CONNECTIONS, H2_STREAMS = 8, 8  # the same 64 requests at once
TRACED_REQUESTS = 2000


@dataclass(frozen=True)
class Setup:
    """Where and how long."""

    cores: machine.Cores
    seconds: float
    folder: Path


@dataclass(frozen=True)
class Sample:
    """One measurement of one proxy; `disturbed` is how much of its core others took meanwhile."""

    cpu_us: float
    rate: float
    p99_us: float | None
    disturbed: float


def sample(one: Running, setup: Setup, load: Callable[[], loads.Load]) -> Sample:
    """Loads a proxy and says what it cost."""
    pid, core = one.process.pid, setup.cores.proxy
    busy, spent = machine.busy_seconds(core), machine.cpu_seconds(pid)
    got = load()
    spent = machine.cpu_seconds(pid) - spent
    others = max(0.0, machine.busy_seconds(core) - busy - spent)
    return Sample(spent * 1e6 / got.requests, got.rate, got.p99_us, others / got.seconds)


def h1(one: Running, setup: Setup, path: str, tls: bool = False, host: str = "") -> Sample:
    def load() -> loads.Load:
        return loads.wrk(setup.cores.load, one.url(path, tls), setup.seconds, CONNECTIONS, host)

    return sample(one, setup, load)


def h2(one: Running, setup: Setup) -> Sample:
    def load() -> loads.Load:
        url = one.url("/small", tls=True)
        return loads.h2load(setup.cores.load, url, setup.seconds, H2_CONNECTIONS, H2_STREAMS)

    return sample(one, setup, load)


def shaken(one: Running, setup: Setup) -> Sample:
    return sample(
        one, setup, lambda: loads.handshakes(setup.cores.load, one.site.tls, setup.seconds)
    )


@dataclass(frozen=True)
class Kind:
    """A load; several rows may read the same one. `needs` is what a contender must be able to."""

    measure: Callable[[Running, Setup], Sample]
    needs: frozenset[str] = frozenset()


KINDS = {
    "h1": Kind(lambda one, setup: h1(one, setup, "/small")),
    "h1 large": Kind(lambda one, setup: h1(one, setup, "/large")),
    "tls": Kind(lambda one, setup: h1(one, setup, "/small", tls=True), frozenset({"tls"})),
    "h2": Kind(h2, frozenset({"tls", "h2"})),
    "handshakes": Kind(shaken, frozenset({"tls", "close"})),
}


@dataclass(frozen=True)
class Row:
    """A line of the report. `target` is a ratio to Traefik in the same round, or, of `within`,
    a ratio of two measurements of one proxy; None where there is no target."""

    title: str
    unit: str
    target: float | None = None
    kind: str = ""  # of KINDS; others are measured by a function of their own
    figure: Callable[[Sample], float] = lambda got: got.cpu_us
    within: bool = False
    more_is_better: bool = False
    needs: frozenset[str] = frozenset()


def _p99(got: Sample) -> float:
    if got.p99_us is None:
        raise loads.LoadFailedError("the load told no latency")
    return got.p99_us


ROWS = {
    "h1": Row("HTTP/1.1 keep-alive, 0.1 KB", "us of CPU/request", 0.20, "h1"),
    "h1-large": Row("HTTP/1.1 keep-alive, 100 KB", "us of CPU/request", 0.45, "h1 large"),
    "tls": Row("TLS 1.3 keep-alive, 0.1 KB", "us of CPU/request", 0.29, "tls"),
    "h2": Row("HTTP/2 (TLS), 0.1 KB", "us of CPU/request", 0.15, "h2"),
    "handshakes": Row("full TLS 1.3 handshakes", "us of CPU/handshake", 0.9, "handshakes"),
    "p99": Row("p99 at 64 connections, 0.1 KB", "us", 0.15, "h1", _p99),
    "start": Row("start to first proxied 200", "ms", 0.17),
    "chain": Row(
        "requests/s behind ten middlewares, of those behind none", "", 0.95,
        within=True, more_is_better=True, needs=frozenset({"chain"}),
    ),
    "chain-cpu": Row(
        "CPU/request behind ten middlewares, of that behind none", "",
        within=True, needs=frozenset({"chain"}),
    ),
    "routes": Row(
        "CPU of the last of many routes, of that of a single one", "",
        within=True, needs=frozenset({"routes"}),
    ),
    "calls": Row("system calls, HTTP/1.1, 0.1 KB", "calls/request"),
    "memory": Row("resident memory after all of this", "MB", 0.16),
}  # fmt: skip
