#!/usr/bin/env python3
"""Runs h2spec against gateproofd and the real proxies here, over h2c or TLS: who passes what."""

import argparse
import asyncio
import json
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import peers
import upstream

ROOT = Path(__file__).resolve().parents[2]
TOTAL = re.compile(r"(\d+) tests, (\d+) passed, (\d+) skipped, (\d+) failed")
# A section's number and title, or a failed case under it.
SECTION = re.compile(r"^\s*(\d+(?:\.\d+)*)\. ")
FAILED = re.compile(r"^\s*× (\d+): (.*)$")


@dataclass
class Row:
    """One peer's result of one run."""

    peer: str
    transport: str
    strict: bool
    passed: int = 0
    total: int = 0
    failed: list[str] = field(default_factory=list)
    skipped: str = ""


def parse(text: str) -> tuple[int, int, list[str]]:
    """Passed, total, and the failed cases as `section/number what`."""
    found = TOTAL.search(text)
    if not found:
        raise ValueError("h2spec printed no total:\n" + text[-2000:])
    failed = []
    section = "generic"
    for line in text.partition("\nFailures:")[2].splitlines():
        if head := SECTION.match(line):
            section = head[1]
        elif case := FAILED.match(line):
            failed.append(f"{section}/{case[1]} {case[2].strip()}")
    return int(found[2]), int(found[1]), failed


def h2spec(port: int, tls: bool, strict: bool, binary: Path) -> tuple[int, int, list[str]]:
    command = [str(binary), "-h", "127.0.0.1", "-p", str(port), "-o", "2"]
    command += ["-t", "-k"] if tls else []
    command += ["-S"] if strict else []
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=600)
    return parse(done.stdout)


@contextmanager
def running_upstream() -> Iterator[int]:
    """The server behind every peer, in a thread of its own; its port."""
    loop = asyncio.new_event_loop()
    server, port = loop.run_until_complete(upstream.start())
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    yield port
    loop.call_soon_threadsafe(server.close)
    loop.call_soon_threadsafe(loop.stop)
    thread.join()


def certificate(folder: Path) -> tuple[Path, Path]:
    """A self-signed certificate and its key."""
    cert, key = folder / "cert.pem", folder / "key.pem"
    command: list[str | Path] = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
    ]
    command += ["-nodes", "-days", "2", "-subj", "/CN=localhost", "-keyout", key, "-out", cert]
    command += ["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
    subprocess.run(command, check=True, capture_output=True)
    (folder / "both.pem").write_text(cert.read_text() + key.read_text())
    return cert, key


def measure(names: list[str], transports: list[str], binary: Path) -> Iterator[Row]:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="gp-h2spec-")))
        folder.chmod(0o755)
        behind = stack.enter_context(running_upstream())
        cert, key = certificate(folder)
        for name in names:
            for transport in transports:
                site = peers.Site(folder / f"{name}-{transport}", behind, cert, key, transport)
                row = Row(name, transport, False)
                program = peers.find(name, ROOT)
                if program is None:
                    yield Row(name, transport, False, skipped="not installed")
                    continue
                with peers.running(name, program, site) as (_, port):
                    for strict in (False, True):
                        row = Row(name, transport, strict)
                        row.passed, row.total, row.failed = h2spec(
                            port, transport == "tls", strict, binary
                        )
                        yield row


def table(rows: list[Row]) -> str:
    """A Markdown table: peers down, transports and modes across."""
    columns = sorted({(r.transport, r.strict) for r in rows if not r.skipped})
    head = ["peer"] + [f"{t}{' strict' if s else ''}" for t, s in columns]
    lines = ["| " + " | ".join(head) + " |", "| --- " * len(head) + "|"]
    for name in dict.fromkeys(r.peer for r in rows):
        cells = [name]
        for transport, strict in columns:
            found = [
                r for r in rows if (r.peer, r.transport, r.strict) == (name, transport, strict)
            ]
            done = [r for r in found if not r.skipped]
            cells.append(f"{done[0].passed} of {done[0].total}" if done else "not installed")
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("peer", nargs="*", default=["gateproof"], help="; ".join(peers.NAMES))
    parser.add_argument("--all", action="store_true", help="every peer")
    parser.add_argument(
        "--transport", action="append", choices=["h2c", "tls"], help="default: both"
    )
    parser.add_argument("--json", action="store_true", help="one object with all rows")
    parser.add_argument("--daemon", type=Path, help="gateproofd; default: build/release/bin")
    parser.add_argument("--h2spec", type=Path, default=ROOT / ".venv" / "bin" / "h2spec")
    args = parser.parse_args(argv)
    if unknown := [p for p in args.peer if p not in peers.NAMES]:
        parser.error(f"no such peer: {', '.join(unknown)}")
    if not args.h2spec.exists() or not shutil.which("openssl"):
        print("skipped: h2spec or openssl is not installed (tools/setup)", file=sys.stderr)
        return 77
    if args.daemon:
        peers.NAMES["gateproof"] = (peers.traefik, str(args.daemon.resolve()))
    began = time.monotonic()
    names = list(peers.NAMES) if args.all else args.peer
    rows = list(measure(names, args.transport or ["h2c", "tls"], args.h2spec))
    if args.json:
        print(json.dumps({"rows": [asdict(r) for r in rows]}, indent=1))
    else:
        print(table(rows))
        for r in rows:
            if r.failed:
                mode = " strict" if r.strict else ""
                print(f"\n{r.peer}, {r.transport}{mode}: " + "; ".join(r.failed))
        print(f"\n{len(rows)} runs in {time.monotonic() - began:.0f} s")
    ours = [r for r in rows if r.peer == "gateproof"]
    return 1 if any(r.skipped or r.failed for r in ours) else 0


if __name__ == "__main__":
    sys.exit(main())
