"""The gateproofd under test: starts, restarts (SIGUSR2), ends, and what the system says of it."""

import asyncio
import contextlib
import os
import random
import signal
import socket
import time
from dataclasses import dataclass, field
from pathlib import Path

from clients import Ports
from process import Manager, alive, ended
from wire import connect

START_SECONDS_MAX = 60.0  # sanitized builds on a busy machine
GRACE_SECONDS = 10
REFUSED = "the successor does not serve"
MARKS = ("ERROR: AddressSanitizer", "ERROR: LeakSanitizer", "runtime error:",
         "WARNING: ThreadSanitizer", "terminate called", "assertion")  # fmt: skip


def free_ports() -> Ports:
    """Below those that the system gives to outgoing connections: nobody takes one meanwhile."""
    draw = random.SystemRandom()
    found: list[int] = []
    while len(found) < 7:
        port = draw.randrange(10_000, 32_000)
        kind = socket.SOCK_DGRAM if len(found) == 6 else socket.SOCK_STREAM
        with socket.socket(type=kind) as s, contextlib.suppress(OSError):
            s.bind(("127.0.0.1", port))
            if port not in found:
                found.append(port)
    return Ports(*found)


@dataclass(frozen=True)
class Usage:
    """What a process holds at one moment."""

    at: float  # seconds, monotonic
    descriptors: int
    sockets: int
    threads: int  # without those of the work pool, which are made when first needed (two at most)
    rss_kb: int


def serving_threads(pid: int) -> int:
    names = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        with contextlib.suppress(OSError):
            names.append((task / "comm").read_text().strip())
    return sum(name != "work" for name in names)


def usage(pid: int) -> Usage:
    held = []
    for one in Path(f"/proc/{pid}/fd").iterdir():
        try:
            held.append(os.readlink(one))  # noqa: PTH115  # a name that is no path
        except OSError:
            continue
    status = dict(
        line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines()
    )
    sockets = sum(h.startswith("socket:") for h in held)
    rss = int(status["VmRSS"].split()[0])
    return Usage(time.monotonic(), len(held), sockets, serving_threads(pid), rss)


@dataclass
class Proxy:
    """One gateproofd, over its restarts. `folder` takes its log and the manager's socket."""

    daemon: Path
    folder: Path
    ports: Ports
    workers: int
    pid: int = 0
    pids: list[int] = field(default_factory=list)
    process: asyncio.subprocess.Process | None = None

    @property
    def log(self) -> Path:
        return self.folder / "gateproofd.log"

    def flags(self, dynamic: Path) -> list[str]:
        p, limits = self.ports, "transport.respondingTimeouts"
        entries = {
            "web": f"127.0.0.1:{p.web}",
            "secure": f"127.0.0.1:{p.secure}",
            "tight": f"127.0.0.1:{p.tight}",
            "tighttls": f"127.0.0.1:{p.tighttls}",
            "flows": f"127.0.0.1:{p.flows}",
            "cut": f"127.0.0.1:{p.cut}",
            "datagrams": f"127.0.0.1:{p.datagrams}/udp",
        }
        return [
            *(f"--entryPoints.{name}.address={address}" for name, address in entries.items()),
            *(
                f"--entryPoints.{name}.transport.lifeCycle.graceTimeOut={GRACE_SECONDS}s"
                for name in entries
                if name != "datagrams"
            ),
            "--entryPoints.secure.http.tls=true",
            "--entryPoints.tighttls.http.tls=true",
            *(
                f"--entryPoints.{name}.{limits}.{limit}"
                for name in ("tight", "tighttls")
                for limit in ("readTimeout=2s", "writeTimeout=4s", "idleTimeout=2s")
            ),
            "--entryPoints.datagrams.udp.timeout=2s",
            f"--providers.file.filename={dynamic}",
            "--providers.providersThrottleDuration=100ms",
            f"--gateproof.workers={self.workers}",
        ]

    async def start(self, dynamic: Path) -> None:
        self.manager = Manager(self.folder, START_SECONDS_MAX)
        with self.log.open("wb") as log:
            self.process = await asyncio.create_subprocess_exec(
                str(self.daemon),
                *self.flags(dynamic),
                env={**os.environ, "NOTIFY_SOCKET": str(self.manager.path)},
                stdout=log,
                stderr=log,
            )
        self.pid = self.process.pid
        self.pids.append(self.pid)
        ready = asyncio.create_task(self.manager.told("READY"))
        over = asyncio.create_task(self.process.wait())
        await asyncio.wait((ready, over), return_when=asyncio.FIRST_COMPLETED)
        if over.done():
            raise SystemExit(f"gateproofd did not start: {self.log.read_text()}")
        over.cancel()
        await ready
        while True:  # it serves before its first configuration is in force
            reader, writer = await connect(self.ports.web)
            writer.write(b"GET /ready HTTP/1.0\r\n\r\n")
            answer = await reader.read()
            writer.close()
            if answer.startswith(b"HTTP/1.0 302"):
                return
            await asyncio.sleep(0.02)

    async def restart(self) -> bool:
        """SIGUSR2; True when the successor serves and the process before it has ended in time."""
        before = self.pid
        os.kill(before, signal.SIGUSR2)
        self.pid = int(await self.manager.told("MAINPID"))
        self.pids.append(self.pid)
        return await ended(before, GRACE_SECONDS + START_SECONDS_MAX / 4)

    async def refused_restart(self) -> bool:
        """SIGUSR2 where no successor can serve; True when this process goes on."""
        os.kill(self.pid, signal.SIGUSR2)
        end = time.monotonic() + START_SECONDS_MAX
        while time.monotonic() < end and alive(self.pid):
            if REFUSED in self.log.read_text(errors="replace"):
                return True
            await asyncio.sleep(0.05)
        return False

    async def end(self) -> tuple[float, bool]:
        """SIGTERM; (seconds that it took, whether it ended by itself)."""
        began = time.monotonic()
        if alive(self.pid):
            os.kill(self.pid, signal.SIGTERM)
        gone = await ended(self.pid, GRACE_SECONDS + START_SECONDS_MAX / 2)
        return time.monotonic() - began, gone

    async def code(self) -> int:
        """The exit code of the first process; of successors the system tells none."""
        assert self.process is not None
        return await self.process.wait()

    def kill(self) -> None:
        for pid in self.pids:
            if alive(pid):
                os.kill(pid, signal.SIGKILL)

    def complaints(self) -> list[str]:
        """Lines of its log that no run may have: sanitizers' findings, failed assertions."""
        lines = self.log.read_text(errors="replace").splitlines()
        return [line for line in lines if any(mark in line for mark in MARKS)]
