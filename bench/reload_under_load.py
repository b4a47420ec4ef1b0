#!/usr/bin/env python3
"""Hot reload and restart under load: the dynamic file changes all the time, no request may fail.

Starts gateproofd with a file provider and an asyncio backend, keeps connections busy with requests
over HTTP/1.1 and HTTP/2 (plain and over TLS, eight streams each) and with WebSockets (over HTTP/1.1
and, as RFC 8441 has it, over HTTP/2), replaces the file every --interval seconds (atomic rename;
each version adds another path prefix, which the backend sends back), ends gracefully under load,
and prints counts as one line of JSON. With --restarts N the program is restarted N times by SIGUSR2
meanwhile: each successor gets the listening sockets, and WebSockets live at most --life seconds,
during which the process before must go on serving them; without restarts they live to the end.

A request over HTTP/2 above the number of a GOAWAY, or reset with REFUSED_STREAM, is repeated, as
RFC 9113 allows; every other end before the answer is a failure. Exit code 1 when a request or a
WebSocket failed, or the versions did not reach the answers.
"""

import argparse
import asyncio
import itertools
import json
import os
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

try:
    from reload_clients import Load, start
except ImportError as error:
    raise SystemExit(f"{error}: run it with .venv/bin/python (tools/setup makes it)") from None
import ws_frames
from process import Manager, alive, ended, free_port
from wire import CutShortError, read_body, read_head

ROOT = Path(__file__).resolve().parent.parent
DEFAULT_DAEMON = ROOT / "build" / "release" / "bin" / "gateproofd"
START_SECONDS_MAX = 15.0
SLOW_SECONDS = 0.2
PROTOCOLS = ("h1", "h2", "ws")


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
    """The backend: sends the request's path and body back; a WebSocket's frames, too."""
    try:
        while head := await read_head(reader):
            if "upgrade" in head.fields:
                await ws_frames.serve(head, reader, writer)
                return
            sent = await read_body(reader, head, until_close=False)
            if head.words[1].endswith("/slow"):
                await asyncio.sleep(SLOW_SECONDS)
            body = head.words[1].encode() + b"\n" + sent
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
            await writer.drain()
    except (CutShortError, ConnectionError):
        pass
    finally:
        writer.close()


async def restart(pid: int, manager: Manager, load: Load) -> int:
    """Sends SIGUSR2; gives the successor's process id when the process before it has ended."""
    os.kill(pid, signal.SIGUSR2)
    successor = int(await manager.told("MAINPID"))
    load.restarts += 1
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


def flags(args: argparse.Namespace, load: Load, file: Path) -> list[str]:
    return [
        f"--entryPoints.web.address=127.0.0.1:{load.port}",
        f"--entryPoints.websecure.address=127.0.0.1:{load.secure_port}",
        "--entryPoints.websecure.http.tls=true",
        f"--providers.file.filename={file}",
        f"--providers.providersThrottleDuration={args.throttle}",
        f"--gateproof.workers={args.workers}",
    ]


async def disturb(
    args: argparse.Namespace, pid: int, manager: Manager, load: Load, files: Iterator[None]
) -> int:
    """Changes and restarts for the run's time; gives the id of the process that serves."""
    began = time.monotonic()
    while (passed := time.monotonic() - began) < args.seconds or load.restarts < args.restarts:
        await asyncio.sleep(args.interval)
        next(files)
        load.changes += 1
        due = (load.restarts + 1) * args.seconds / (args.restarts + 1)
        if load.restarts < args.restarts and passed >= due:
            pid = await restart(pid, manager, load)
    return pid


def versions(file: Path, backend: int) -> Iterator[None]:
    """Each step replaces the file by the next version."""
    for version in itertools.count():
        replace(file, dynamic(version, backend))
        yield


async def measure(args: argparse.Namespace, folder: Path) -> dict:
    backend = await asyncio.start_server(answer, "127.0.0.1", 0, backlog=1024)
    load = Load(free_port(), free_port(), args.life if args.restarts else None)
    file = folder / "dynamic.yml"
    files = versions(file, backend.sockets[0].getsockname()[1])
    next(files)
    manager = Manager(folder, START_SECONDS_MAX)
    process = await asyncio.create_subprocess_exec(
        str(args.daemon),
        *flags(args, load, file),
        env={**os.environ, "NOTIFY_SOCKET": str(manager.path)},
    )
    pid = process.pid
    try:
        await wait_ready(load.port, process)
        clients = start(load, args.protocol, args.connections)
        pid = await disturb(args, pid, manager, load, files)
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
        "requests": load.requests.total(),
        "failed": len(load.failures),
        "failures": load.failures[:5],
        "changes": load.changes,
        "versions_seen": len(load.versions),
        "slowest_ms": round(load.slowest * 1000, 1),
        "connections": args.connections,
        "workers": args.workers,
        "restarts": load.restarts,
        "closed_under_request": load.closed,
        "late": load.late,
        "by_protocol": dict(load.requests),
        "goaways": load.goaways,
        "repeated": load.repeated,
        "websockets_over_a_restart": load.restarts_survived,
        "websocket_changes_max": max(load.changes_survived, default=0),
        "exit_code": code if stopped else -1,
    }


def fine(args: argparse.Namespace, result: dict) -> bool:
    """Whether nothing failed, and enough has happened for that to mean something."""
    # A version may be replaced before a request meets it, but most must be seen.
    wanted = 0 if args.protocol == ["ws"] else max(2, result["changes"] // 2)
    seen = result["versions_seen"] >= wanted
    forms = len(result["by_protocol"]) == min(args.connections, 2 * len(args.protocol))
    restarted = result["restarts"] == args.restarts
    if args.restarts and "h2" in args.protocol:
        restarted = restarted and result["goaways"] > 0
    if args.restarts and "ws" in args.protocol:
        restarted = restarted and result["websockets_over_a_restart"] > 0
    if not args.restarts and "ws" in args.protocol:
        forms = forms and result["websocket_changes_max"] >= result["changes"] // 2
    return result["failed"] == 0 and seen and forms and restarted and result["exit_code"] == 0


def protocols(text: str) -> list[str]:
    names = text.split(",")
    if not set(names) <= set(PROTOCOLS):
        raise argparse.ArgumentTypeError(f"one or more of {','.join(PROTOCOLS)}")
    return names


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--daemon", type=Path, default=DEFAULT_DAEMON)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--interval", type=float, default=0.2, help="seconds between changes")
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--restarts", type=int, default=0, help="restarts by SIGUSR2 on the way")
    parser.add_argument("--protocol", type=protocols, default=list(PROTOCOLS), metavar="h1,h2,ws")
    parser.add_argument("--life", type=float, default=1.5, help="of a WebSocket over restarts, s")
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
    return 0 if fine(args, result) else 1


if __name__ == "__main__":
    sys.exit(main())
