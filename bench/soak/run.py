"""One soak: a phase alone, one with trouble and reloads, everything at rest, an end under load."""

import asyncio
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import checks
from backends import Backends
from bad_backends import EXPLAINED
from bad_clients import MISDEEDS
from certificates import Certificates
from checks import Check
from clients import Load, everybody
from h2_clients import h2_client
from ledger import Ledger
from proxy import GRACE_SECONDS, START_SECONDS_MAX, Proxy, Usage, free_ports, usage
from trouble import Trouble
from versions import BROKEN_EVERY, Versions

BACKENDS = 4
STREAMS = 10  # of each HTTP/2 connection
REST_SECONDS_MAX = 20.0  # until descriptors are back: pools rest 1 s, UDP sessions 2 s, `tight` 4 s
END_SECONDS = 1.0  # of load before the end
ALL_KINDS_SECONDS = 15.0  # a shorter run may miss a kind
BEHAVING = {
    "http/1.1 keep-alive", "http/1.1 short", "http/2 stream", "event stream", "websocket", "tcp",
    "udp", "https keep-alive", "https short", "http/2 over TLS",
}  # fmt: skip


@dataclass
class Options:
    daemon: Path
    seconds: float = 60.0
    seed: int = 1
    scale: float = 0.2
    workers: int = 2
    restarts: int = 0
    interval: float = 0.5
    rss_slope_mb: float = 1.0
    p99_floor_ms: float = 100.0
    plant: tuple[str, ...] = ()  # faults of the soak's own: "forge", "leak"


@dataclass
class Soak:
    options: Options
    folder: Path
    progress: Callable[[str, float], None]  # phase, share of the whole run
    ledger: Ledger = field(default_factory=Ledger)
    samples: list[Usage] = field(default_factory=list)
    checks: list[Check] = field(default_factory=list)
    tasks: list[asyncio.Task] = field(default_factory=list)
    file: asyncio.Lock = field(default_factory=asyncio.Lock)
    version: int = 0

    async def run(self) -> None:
        o = self.options
        self.backends = Backends()
        self.certificates = Certificates(self.folder)
        await self.certificates.make()
        self.versions = Versions(o.seed, self.folder / "dynamic.yml", self.certificates)
        await self.backends.start(
            self.ledger, BACKENDS, self.versions.belongs, self.certificates, "forge" in o.plant
        )
        trouble = await Trouble.start(o.seed, o.scale)
        self.versions.ports = self.backends.ports
        self.versions.tcp, self.versions.udp = self.backends.tcp, self.backends.udp
        self.versions.sealed = self.backends.sealed
        self.versions.faults, self.versions.bad_tcp = trouble.faults, trouble.cut
        self.versions.write(0)
        self.proxy = Proxy(o.daemon, self.folder, free_ports(), o.workers)
        self.load = Load(self.proxy.ports, self.ledger, o.seed)
        try:
            await self.proxy.start(self.versions.file)
            await self.phases(trouble)
        finally:
            self.proxy.kill()
            if trouble.process.returncode is None:
                trouble.process.kill()
        self.judge_log()

    async def phases(self, trouble: Trouble) -> None:
        o = self.options
        await asyncio.sleep(0.5)
        start = usage(self.proxy.pid)
        self.begin_load()
        alone = max(2.0, min(20.0, o.seconds / 6))
        await self.watch("alone", time.monotonic() + alone, 0.0)
        self.ledger.phase = "load"
        trouble.begin(self.proxy.ports)
        await self.disturb(time.monotonic() + o.seconds - alone)
        self.progress("rest", 1.0)
        await trouble.end(self.ledger, START_SECONDS_MAX + 30)
        await self.end_load(START_SECONDS_MAX)
        self.versions.write(0)
        await self.judge_rest(start)
        self.ledger.phase = "end"
        await self.judge_end()
        self.judge()

    def begin_load(self) -> None:
        self.load.stopping = self.load.ending = False
        clients = everybody(self.load, self.options.scale, self.backends.ports[0])
        count = max(1, round(20 * self.options.scale))
        clients += [h2_client(self.load, f"h2 {i}", STREAMS) for i in range(count)]
        count = max(1, round(5 * self.options.scale))
        clients += [h2_client(self.load, f"h2s {i}", STREAMS, True) for i in range(count)]
        self.tasks = [asyncio.create_task(c) for c in clients]

    async def end_load(self, seconds_max: float) -> None:
        self.load.stopping = True
        done, waiting = await asyncio.wait(self.tasks, timeout=seconds_max)
        for task in waiting:
            task.cancel()
            self.ledger.fail("client", "did not come to an end")
        for task in done:
            if task.exception() is not None:
                self.ledger.fail("client", f"broke: {task.exception()!r}")

    async def watch(self, phase: str, until: float, share: float) -> None:
        """Lets a phase pass; a sample of the process each second."""
        begin = time.monotonic()
        while (now := time.monotonic()) < until:
            if self.proxy.process is not None:
                self.samples.append(usage(self.proxy.pid))
            passed = (now - begin) / self.options.seconds
            self.progress(phase, min(1.0, share + passed))
            await asyncio.sleep(min(1.0, max(0.0, until - now)))

    async def disturb(self, until: float) -> None:
        reloads = asyncio.create_task(self.reload())
        restarts = asyncio.create_task(self.restart(until - time.monotonic()))
        await self.watch("load", until, 1 - (until - time.monotonic()) / self.options.seconds)
        await restarts
        reloads.cancel()
        await asyncio.wait([reloads])

    async def reload(self) -> None:
        while True:
            await asyncio.sleep(self.options.interval)
            async with self.file:
                self.version += 1
                if self.version % BROKEN_EVERY == 0:
                    self.versions.write_broken(self.version)
                else:
                    self.versions.write(self.version)

    async def restart(self, seconds: float) -> None:
        """The file keeps still meanwhile: a new process has no configuration before its first."""
        draw = random.Random(f"{self.options.seed}/restarts")
        for i in range(self.options.restarts):
            await asyncio.sleep(seconds / (self.options.restarts + 1) * draw.uniform(0.6, 1.0))
            async with self.file:
                self.load.restarts += 1
                if i == 0:
                    await self.refused_restart()
                self.version += 1
                self.versions.write(self.version)
                if not await self.proxy.restart():
                    self.ledger.fail("restart", "the process before did not end in its grace time")
                self.load.restarts += 1
                self.samples.clear()  # another process: its memory is its own

    async def refused_restart(self) -> None:
        """A successor that could not read its configuration must leave the work to this process."""
        self.versions.write_broken(self.version)
        refused = await self.proxy.refused_restart()
        told = "a successor with a broken file was given up" if refused else "it took over"
        self.checks.append(Check("refused restart", refused, told))

    async def judge_rest(self, start: Usage) -> None:
        if "leak" in self.options.plant:  # a connection that nobody closes, as the proxy sees it
            self.kept = await asyncio.open_connection("127.0.0.1", self.load.ports.web)
        end = time.monotonic() + REST_SECONDS_MAX
        while True:
            now = usage(self.proxy.pid)
            found = checks.back(start, now)
            if all(c.passed for c in found) or time.monotonic() > end:
                break
            await asyncio.sleep(0.5)
        self.checks += found

    async def judge_end(self) -> None:
        """A graceful end while everybody still sends: what was begun is answered."""
        self.begin_load()
        await asyncio.sleep(END_SECONDS)
        self.load.ending = True
        ended = asyncio.create_task(self.proxy.end())
        await self.end_of_clients()
        seconds, gone = await ended
        code = await self.proxy.code()
        told = f"{seconds:.1f} s of {GRACE_SECONDS} s grace time, exit code {code}"
        self.checks.append(
            Check("graceful end", gone and code == 0 and seconds < GRACE_SECONDS + 2, told)
        )

    async def end_of_clients(self) -> None:
        """Clients end by themselves when nobody listens any more."""
        _, waiting = await asyncio.wait(self.tasks, timeout=GRACE_SECONDS)
        if waiting:
            await self.end_load(START_SECONDS_MAX)

    def judge(self) -> None:
        o = self.options
        self.checks += [
            checks.answers(self.ledger),
            checks.reloads(self.versions.written, self.versions.broken, self.load.versions),
            checks.certificates(self.certificates.digests, self.load.certificates),
            checks.latency(self.ledger, o.p99_floor_ms),
            checks.memory(self.samples, o.rss_slope_mb * 1024),
        ]
        if o.seconds >= ALL_KINDS_SECONDS:
            wanted = BEHAVING | {f"client {m.act.__name__}" for m in MISDEEDS}
            wanted |= {f"http/1.1 to backend {kind}" for kind in EXPLAINED}
            self.checks.append(checks.kinds(self.ledger, wanted))

    def judge_log(self) -> None:
        complaints = self.proxy.complaints()
        told = complaints[0][:200] if complaints else "no sanitizer or assertion spoke"
        self.checks.append(Check("log", not complaints, told))

    def as_dict(self) -> dict:
        return {
            "seed": self.options.seed,
            "passed": all(c.passed for c in self.checks),
            "checks": [c.__dict__ for c in self.checks],
            "rss_kb": [s.rss_kb for s in self.samples],
            **self.ledger.as_dict(),
        }
