#!/usr/bin/python3
"""Hot reload and restart under load: the dynamic file changes all the time, no request may fail.

Starts gateproofd with a file provider and an asyncio backend, keeps connections busy with requests,
replaces the file every --interval seconds (atomic rename; each version adds another path prefix,
which the backend sends back), and prints counts as one line of JSON. With --restarts N the program
is restarted N times by SIGUSR2 meanwhile: each successor gets the listening sockets. Exit code 1
when a request failed, a connection was closed under one, or the versions did not reach the answers.
"""

import argparse
import asyncio
import json
import os
import signal
import sys
import tempfile
import time
from pathlib import Path

from process import Manager, alive, ended, free_port

ROOT = Path(__file__).resolve().parent.parent
DEFAULT_DAEMON = ROOT / "build" / "release" / "bin" / "gateproofd"
START_SECONDS_MAX = 15.0
ANSWER_SECONDS_MAX = 10.0


def dynamic(version: int, backend: int) -> str:
    """A chain of the middlewares that hold state between requests, none of which may refuse one."""
    middlewares = {
        "rate": {"rateLimit": {"average": 1_000_000, "burst": 1_000_000}},
        "flight": {"inFlightReq": {"amount": 100_000}},
        "breaker": {"circuitBreaker": {"expression": "NetworkErrorRatio() > 0.9"}},
        "again": {"retry": {"attempts": 2}},
        "version": {"addPrefix": {"prefix": f"/v{version}"}},
    }
    server = {"url": f"http://127.0.0.1:{backend}"}
    probed = {
        "servers": [server],
        "strategy": "leasttime",
        "healthCheck": {"path": "/", "interval": "200ms"},
    }
    parts = [{"name": "probed", "weight": 1}, {"name": "plain", "weight": 1}]
    return json.dumps(
        {
            "http": {
                "routers": {
                    "r": {"rule": "PathPrefix(`/`)", "service": "s", "middlewares": [*middlewares]}
                },
                "middlewares": middlewares,
                "services": {
                    "s": {"weighted": {"services": parts}},
                    "probed": {"loadBalancer": probed},
                    "plain": {"loadBalancer": {"servers": [server]}},
                },
            }
        }
    )


def replace(path: Path, text: str) -> None:
    temporary = path.with_suffix(".new")
    temporary.write_text(text)
    temporary.rename(path)


async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """The backend: sends the request's path back."""
    try:
        while head := await reader.readuntil(b"\r\n\r\n"):
            body = head.split(b" ", 2)[1]
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        pass
    finally:
        writer.close()


class Load:
    def __init__(self, port: int) -> None:
        self.port = port
        self.requests = 0
        self.failures: list[str] = []
        self.versions: set[str] = set()
        self.slowest = 0.0
        self.ending = False  # a connection that is refused now is no failure
        self.closed = 0  # connections that ended under a request

    async def connection(self) -> None:
        while True:
            try:
                reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
            except OSError as error:
                if self.ending:
                    return
                self.failures.append(f"connect: {error}")
                await asyncio.sleep(0.01)
                continue
            try:
                while True:
                    began = time.perf_counter()
                    closes = await asyncio.wait_for(self.one(reader, writer), ANSWER_SECONDS_MAX)
                    self.slowest = max(self.slowest, time.perf_counter() - began)
                    if closes:
                        break
            except (OSError, EOFError, ValueError, TimeoutError) as error:
                self.closed += 1
                self.failures.append(f"{type(error).__name__}: {error}")
            finally:
                writer.close()

    async def one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """One request; whether its answer says that the connection closes."""
        writer.write(b"GET /x HTTP/1.1\r\nHost: a.test\r\n\r\n")
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        closes = "\r\nconnection: close\r\n" in head.lower()
        length = next(
            int(line.split(":")[1])
            for line in head.split("\r\n")
            if line.lower().startswith("content-length:")
        )
        body = (await reader.readexactly(length)).decode()
        self.requests += 1
        if not head.startswith("HTTP/1.1 200 ") or not body.endswith("/x"):
            self.failures.append(f"{head.splitlines()[0]}: {body[:80]}")
        else:
            self.versions.add(body.split("/")[1])
        return closes


async def restart(pid: int, manager: Manager) -> int:
    """Sends SIGUSR2; gives the successor's process id when the process before it has ended."""
    os.kill(pid, signal.SIGUSR2)
    successor = int(await manager.told("MAINPID"))
    if not await ended(pid, START_SECONDS_MAX):
        raise SystemExit(f"process {pid} did not end behind its successor")
    return successor


async def wait_ready(port: int, process: asyncio.subprocess.Process) -> None:
    end = time.monotonic() + START_SECONDS_MAX
    while time.monotonic() < end and process.returncode is None:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(0.02)
            continue
        writer.close()
        return
    raise SystemExit("gateproofd did not start")


async def measure(args: argparse.Namespace, folder: Path) -> dict:
    backend = await asyncio.start_server(answer, "127.0.0.1", 0, backlog=1024)
    backend_port = backend.sockets[0].getsockname()[1]
    port = free_port()
    file = folder / "dynamic.yml"
    replace(file, dynamic(0, backend_port))
    manager = Manager(folder, START_SECONDS_MAX)
    process = await asyncio.create_subprocess_exec(
        str(args.daemon),
        f"--entryPoints.web.address=127.0.0.1:{port}",
        f"--providers.file.filename={file}",
        f"--providers.providersThrottleDuration={args.throttle}",
        f"--gateproof.workers={args.workers}",
        env={**os.environ, "NOTIFY_SOCKET": str(manager.path)},
    )
    pid = process.pid
    restarts = 0
    try:
        await wait_ready(port, process)
        load = Load(port)
        clients = [asyncio.create_task(load.connection()) for _ in range(args.connections)]
        end = time.monotonic() + args.seconds
        changes = 0
        while time.monotonic() < end:
            await asyncio.sleep(args.interval)
            changes += 1
            replace(file, dynamic(changes, backend_port))
            if restarts < args.restarts and args.seconds - (end - time.monotonic()) >= (
                restarts + 1
            ) * args.seconds / (args.restarts + 1):
                pid = await restart(pid, manager)
                restarts += 1
        # A graceful end while everybody still sends: what was begun is answered.
        load.ending = True
        os.kill(pid, signal.SIGTERM)
        await asyncio.wait_for(asyncio.gather(*clients), START_SECONDS_MAX)
    finally:
        if alive(pid):
            os.kill(pid, signal.SIGTERM)
        code = await process.wait()
        stopped = await ended(pid, START_SECONDS_MAX)
        backend.close()
    return {
        "requests": load.requests,
        "failed": len(load.failures),
        "failures": load.failures[:5],
        "changes": changes,
        "versions_seen": len(load.versions),
        "slowest_ms": round(load.slowest * 1000, 1),
        "connections": args.connections,
        "workers": args.workers,
        "restarts": restarts,
        "closed_under_request": load.closed,
        "exit_code": code if stopped else -1,
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--daemon", type=Path, default=DEFAULT_DAEMON)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--interval", type=float, default=0.2, help="seconds between changes")
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--restarts", type=int, default=0, help="restarts by SIGUSR2 on the way")
    parser.add_argument("--throttle", default="100ms", help="providersThrottleDuration")
    args = parser.parse_args()
    if not os.access(args.daemon, os.X_OK):
        print(
            f"no gateproofd at {args.daemon}: build it, or name it with --daemon", file=sys.stderr
        )
        return 2
    with tempfile.TemporaryDirectory() as folder:
        result = asyncio.run(measure(args, Path(folder)))
    print(json.dumps(result))
    # A version may be replaced before a request meets it, but most must be seen.
    seen = result["versions_seen"] >= max(2, result["changes"] // 2)
    restarted = result["restarts"] == args.restarts
    return 0 if result["failed"] == 0 and seen and restarted and result["exit_code"] == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
