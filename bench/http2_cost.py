#!/usr/bin/env python3
"""CPU per request over HTTP/2 (h2c), for gateproofd and the real proxies, in interleaved rounds.

h2load asks for 0.1 KB with 8 connections of 8 streams; nginx answers behind each proxy. The CPU is
what the proxy's whole process tree used, system time included. Ratios are against Traefik in the
same round; claim a difference only where the whole range shows it.
"""

import argparse
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "conformance" / "http2"))
import peers  # noqa: E402

BODY = "x" * 100


def tree(pid: int) -> list[int]:
    """A process and its children, theirs included."""
    found = [pid]
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(stat.read_text().rsplit(")", 1)[1].split()[1])
        except OSError:
            continue
        if parent == pid:
            found += tree(int(stat.parent.name))
    return found


def cpu_seconds(pid: int) -> float:
    ticks = 0
    for one in tree(pid):
        fields = Path(f"/proc/{one}/stat").read_text().rsplit(")", 1)[1].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def behind(folder: Path) -> tuple[subprocess.Popen[bytes], int]:
    """nginx as the server of all; its port."""
    port = peers.free_port()
    folder.mkdir()
    temporary = "".join(
        f"{what}_temp_path {folder}/{what}; "
        for what in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    config = folder / "nginx.conf"
    config.write_text(
        f"daemon off; pid {folder}/pid; error_log /dev/null; worker_processes 1;\n"
        "events { worker_connections 1024; }\n"
        f"http {{ access_log off; keepalive_requests 100000000; {temporary}\n"
        f'  server {{ listen 127.0.0.1:{port}; location / {{ return 200 "{BODY}"; }} }} }}\n'
    )
    return subprocess.Popen(["/usr/sbin/nginx", "-c", str(config)], stderr=subprocess.DEVNULL), port


def load(port: int, requests: int) -> None:
    command = ["h2load", "-c8", "-m8", "-t1", f"-n{requests}", f"http://127.0.0.1:{port}/"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=300)
    answered = re.search(r"status codes: (\d+) 2xx", done.stdout)
    if not answered or int(answered[1]) != requests:
        raise RuntimeError("not every request was answered:\n" + done.stdout[-800:])


def measure(names: list[str], rounds: int, requests: int) -> dict[str, list[float]]:
    """Microseconds of CPU per request, by peer and round."""
    spent: dict[str, list[float]] = {}
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="gp-http2-")))
        folder.chmod(0o755)
        server, server_port = behind(folder / "behind")
        stack.callback(server.wait)
        stack.callback(server.terminate)
        running = {}
        for name in names:
            program = peers.find(name, ROOT)
            if program is None:
                print(f"{name}: not installed", file=sys.stderr)
                continue
            site = peers.Site(folder / name, server_port, folder / "none", folder / "none", "h2c")
            running[name] = stack.enter_context(peers.running(name, program, site))
        for turn in range(-1, rounds):
            for name in running if turn % 2 else reversed(running):
                pid, port = running[name]
                before = cpu_seconds(pid)
                load(port, requests)
                if turn >= 0:
                    used = (cpu_seconds(pid) - before) * 1e6 / requests
                    spent.setdefault(name, []).append(used)
    return spent


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("peer", nargs="*", default=list(peers.NAMES), help="; ".join(peers.NAMES))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--requests", type=int, default=30_000, help="in each round, of each peer")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args(argv)
    if not shutil.which("h2load"):
        print("skipped: h2load is not installed (tools/setup)", file=sys.stderr)
        return 77
    spent = measure(args.peer, args.rounds, args.requests)
    if args.json:
        print(json.dumps({"us_per_request": spent}))
        return 0
    print("| peer | CPU us/request: min / median / max | of Traefik's |\n| --- | --- | --- |")
    for name, values in spent.items():
        middle = statistics.median(values)
        ratio = ""
        if "traefik" in spent:
            each = [a / b for a, b in zip(values, spent["traefik"], strict=True)]
            ratio = f"{min(each):.2f} / {statistics.median(each):.2f} / {max(each):.2f}"
        print(f"| {name} | {min(values):.1f} / {middle:.1f} / {max(values):.1f} | {ratio} |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
