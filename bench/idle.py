#!/usr/bin/python3
"""Memory of connections that do nothing: idle ones, and ones with half a head sent.

Opens --connections to a gateproofd of its own from another process, one after another in groups,
and divides what the proxy's resident memory has grown by. Idle HTTP/1.1 connections have had one
answer; half-sent heads are all but the last byte of a request of 100 bytes. Exit code 1 when a
limit is passed: 12 KB idle, 8 KB half a head, 30 KB idle over TLS.
"""

import argparse
import json
import os
import resource
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from process import free_port

ROOT = Path(__file__).resolve().parent.parent
DEFAULT_DAEMON = ROOT / "build" / "release" / "bin" / "gateproofd"
LIMITS_KB = {"idle": 12.0, "half a head": 8.0, "idle over TLS": 30.0}
RESERVED = 100  # descriptors that are not connections
REQUEST = b"GET /x HTTP/1.1\r\nHost: idle.test\r\nX-Filler: %s\r\n\r\n" % (b"0123456789" * 5)
DYNAMIC = """http:
  routers: {r: {rule: "Path(`/never`)", entryPoints: [tls], service: s}}
  services: {s: {loadBalancer: {servers: [{url: "http://127.0.0.1:1"}]}}}
"""
START_SECONDS_MAX = 15.0


def rss_kb(pid: int) -> int:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1])
    return 0


def dial(port: int, kind: str) -> socket.socket:
    s = socket.create_connection(("127.0.0.1", port), timeout=START_SECONDS_MAX)
    if kind == "idle over TLS":
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        s = context.wrap_socket(s, server_hostname="idle.test")
    return s


def open_one(port: int, kind: str) -> socket.socket:
    s = dial(port, kind)
    if kind == "half a head":
        s.sendall(REQUEST[:-1])
        return s
    s.sendall(REQUEST)
    answer = b""
    while b"\r\n\r\n" not in answer:
        answer += s.recv(4096)
    if not answer.startswith(b"HTTP/1.1 404"):
        raise SystemExit(f"an unexpected answer: {answer[:80]!r}")
    s.settimeout(None)
    return s


def hold(port: int, kind: str, count: int) -> None:
    """The client's process: opens, says so, and keeps until its input ends."""
    kept = []
    for _ in range(count):
        kept.append(open_one(port, kind))
    print(len(kept), flush=True)
    sys.stdin.read()


def start(daemon: Path, folder: Path, workers: int) -> tuple[subprocess.Popen, dict[str, int]]:
    ports = {"plain": free_port(), "tls": free_port()}
    (folder / "dynamic.yml").write_text(DYNAMIC)
    process = subprocess.Popen(
        [
            str(daemon),
            f"--entryPoints.plain.address=127.0.0.1:{ports['plain']}",
            "--entryPoints.plain.transport.respondingTimeouts.readTimeout=600s",
            "--entryPoints.plain.transport.respondingTimeouts.idleTimeout=600s",
            f"--entryPoints.tls.address=127.0.0.1:{ports['tls']}",
            "--entryPoints.tls.http.tls=true",
            "--entryPoints.tls.transport.respondingTimeouts.idleTimeout=600s",
            f"--providers.file.filename={folder / 'dynamic.yml'}",
            f"--gateproof.workers={workers}",
        ],
        stderr=subprocess.DEVNULL,
    )
    end = time.monotonic() + START_SECONDS_MAX
    while time.monotonic() < end and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", ports["plain"])).close()
        except OSError:
            time.sleep(0.02)
            continue
        return process, ports
    raise SystemExit("gateproofd did not start")


def measure(daemon: Path, kind: str, count: int, workers: int) -> dict:
    with tempfile.TemporaryDirectory() as name:
        process, ports = start(daemon, Path(name), workers)
        try:
            port = ports["tls" if "TLS" in kind else "plain"]
            open_one(
                port, "idle" if "TLS" not in kind else kind
            ).close()  # warm: tables, lazy parts
            time.sleep(0.3)
            before = rss_kb(process.pid)
            client = subprocess.Popen(
                [sys.executable, __file__, "--hold", str(port), kind, str(count)],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            )  # fmt: skip
            assert client.stdout is not None
            held = int(client.stdout.readline() or 0)
            time.sleep(1.0)
            after = rss_kb(process.pid)
            client.communicate()
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait()
    each = (after - before) / held if held else 0.0
    return {
        "kind": kind,
        "connections": held,
        "rss_before_kb": before,
        "rss_with_them_kb": after,
        "kb_each": round(each, 2),
        "limit_kb": LIMITS_KB[kind],
        "passed": held == count and each <= LIMITS_KB[kind],
    }


def raise_limit() -> int:
    """Descriptors as many as the system allows; gives how many connections that is."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    # gateproofd takes half of its descriptors for clients: each may need a connection to a server.
    return (hard - 2 * RESERVED) // 2


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="exit codes: 0 within the limits, 1 not, 2 usage",
    )
    parser.add_argument("--daemon", type=Path, default=DEFAULT_DAEMON)
    parser.add_argument("--connections", type=int, default=8000)
    parser.add_argument("--workers", type=int, default=1, help="event loops of gateproofd (1)")
    parser.add_argument("--kind", action="append", choices=list(LIMITS_KB), help="only these")
    parser.add_argument("--json", action="store_true", help="a report on standard output")
    parser.add_argument("--hold", nargs=3, help=argparse.SUPPRESS)
    args = parser.parse_args()
    most = raise_limit()
    if args.hold:
        hold(int(args.hold[0]), args.hold[1], int(args.hold[2]))
        return 0
    if not os.access(args.daemon, os.X_OK):
        print(f"no gateproofd at {args.daemon}: name it with --daemon", file=sys.stderr)
        return 2
    if not 0 < args.connections <= most:
        print(f"1 to {most} connections are possible here (ulimit -n)", file=sys.stderr)
        return 2
    told = [measure(args.daemon, k, args.connections, args.workers) for k in args.kind or LIMITS_KB]
    if args.json:
        print(json.dumps(told, indent=2))
    else:
        for t in told:
            mark = "ok  " if t["passed"] else "FAIL"
            print(
                f"{mark} {t['kind']:14} {t['kb_each']:6.2f} KB each of {t['connections']}, "
                f"limit {t['limit_kb']:.0f}"
            )
    return 0 if all(t["passed"] for t in told) else 1


if __name__ == "__main__":
    sys.exit(main())
