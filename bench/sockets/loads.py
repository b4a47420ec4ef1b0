"""Load on one core: wrk, h2load, and full TLS handshakes by a client of our own."""

import json
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
MARGIN_SECONDS = 30.0
_UNITS = {"us": 1.0, "ms": 1e3, "s": 1e6, "m": 60e6}


class LoadFailedError(Exception):
    """Answers that were not 200, connections that were lost, or no answer at all."""


@dataclass(frozen=True)
class Load:
    """What a load got: answers, the seconds it took, and where it is told the slowest in 100."""

    requests: int
    seconds: float
    p99_us: float | None = None

    @property
    def rate(self) -> float:
        return self.requests / self.seconds


def microseconds(text: str) -> float:
    """`1.21ms`, `317.00us`, `2.00s`, as wrk and h2load write times."""
    found = re.fullmatch(r"([\d.]+)(us|ms|s|m)", text)
    if not found:
        raise LoadFailedError(f"not a time: {text!r}")
    return float(found[1]) * _UNITS[found[2]]


def read_wrk(text: str) -> Load:
    """The report of `wrk --latency`. Raises LoadFailedError."""
    done = re.search(r"^\s*(\d+) requests in ([\d.]+\w+),", text, re.MULTILINE)
    if not done or done[1] == "0":
        raise LoadFailedError("wrk got no answer: " + text.strip()[-200:])
    for wrong in (r"Non-2xx or 3xx responses: \d+", r"Socket errors: .*"):
        if found := re.search(wrong, text):
            raise LoadFailedError("wrk: " + found[0])
    slow = re.search(r"^\s*99%\s+(\S+)", text, re.MULTILINE)
    seconds = microseconds(done[2]) / 1e6
    return Load(int(done[1]), seconds, microseconds(slow[1]) if slow else None)


def read_h2load(text: str, protocol: str) -> Load:
    """The report of h2load; `protocol` is what must have been spoken. Raises LoadFailedError."""
    done = re.search(r"^finished in ([\d.]+\w+),", text, re.MULTILINE)
    answered = re.search(r"^status codes: (\d+) 2xx, (\d+) 3xx, (\d+) 4xx, (\d+) 5xx", text, re.M)
    lost = re.search(r"(\d+) failed, (\d+) errored, (\d+) timeout", text)
    if not done or not answered or answered[1] == "0":
        raise LoadFailedError("h2load got no answer: " + text.strip()[-200:])
    if any(int(answered[n]) for n in (2, 3, 4)) or (lost and any(int(n) for n in lost.groups())):
        raise LoadFailedError("h2load: " + answered[0] + (f"; {lost[0]}" if lost else ""))
    if f"Application protocol: {protocol}" not in text:
        raise LoadFailedError(f"h2load did not speak {protocol}")
    return Load(int(answered[1]), microseconds(done[1]) / 1e6)


def _run(command: list[str], core: int, seconds: float) -> str:
    done = subprocess.run(
        ["taskset", "-c", str(core), *command],
        capture_output=True, text=True, timeout=seconds + MARGIN_SECONDS, check=False,
    )  # fmt: skip
    return done.stdout + done.stderr


def wrk(core: int, url: str, seconds: float, connections: int, host: str = "") -> Load:
    """Requests one after the other on each of so many kept connections."""
    command = ["wrk", "-t1", f"-c{connections}", f"-d{max(1, round(seconds))}s", "--latency"]
    if host:
        command += ["-H", f"Host: {host}"]
    return read_wrk(_run([*command, url], core, seconds))


def h2load(core: int, url: str, seconds: float, connections: int, streams: int) -> Load:
    """HTTP/2: so many streams at once on each connection."""
    how = [f"-c{connections}", f"-m{streams}", f"--duration={max(1, round(seconds))}"]
    return read_h2load(_run(["h2load", "-t1", *how, url], core, seconds), "h2")


def exactly(core: int, url: str, requests: int, connections: int) -> Load:
    """So many requests over HTTP/1.1, however long they take."""
    how = ["--h1", "-t1", f"-c{connections}", f"-n{requests}"]
    return read_h2load(_run(["h2load", *how, url], core, 300.0), "http/1.1")


def handshakes(core: int, port: int, seconds: float) -> Load:
    """A new TLS session and one request, again and again."""
    command = [sys.executable, str(HERE / "handshakes.py"), str(port), f"{seconds:g}"]
    out = _run(command, core, seconds)
    try:
        told = json.loads(out)
    except ValueError:
        raise LoadFailedError("handshakes: " + out.strip()[-200:]) from None
    if told["wrong"] or not told["requests"]:
        raise LoadFailedError(f"handshakes: {told['wrong']} went wrong: {told['why']}")
    return Load(told["requests"], told["seconds"])
