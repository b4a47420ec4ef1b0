"""Real proxies of this machine as arms for cases of bytes: each as it comes, with one route that
sends everything to one server, HTTP/1.1 and kept connections on both sides. With `h2` the clients'
side is HTTP/2 with prior knowledge."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import yaml

from gateproof.http1.backend import Backend, Script
from gateproof.http1.engine_arms import LONG_PATIENCE, REAL_PATIENCE, talk, traefik_model
from gateproof.http1.model import Http1Case
from gateproof.http1.outcome import Outcome
from gateproof.loopback import free_address

START_SECONDS = 30.0
_PROBE = b"GET /probe HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n"


class PeerMissing(Exception):
    """The proxy is not installed."""


def find(name: str) -> str:
    """The program: $GATEPROOF_NAME, else beside this Python, else on PATH. Raises PeerMissing."""
    chosen = os.environ.get(f"GATEPROOF_{name.upper()}")
    beside = Path(sys.executable).with_name(name)
    found = chosen or (str(beside) if beside.is_file() else shutil.which(name))
    found = found or shutil.which(name, path="/usr/sbin:/usr/local/sbin")
    if not found:
        raise PeerMissing(f"{name} is not installed")
    return found


def _port(address: str) -> int:
    return int(address.rpartition(":")[2])


def _write(folder: Path, name: str, text: str) -> str:
    (folder / name).write_text(text, encoding="utf-8")
    return str(folder / name)


def _traefik(folder: Path, doors: dict[str, str], setup: Any, _h2: bool) -> list[str]:
    static, dynamic = traefik_model(setup, doors)
    static["global"] = {"checkNewVersion": False, "sendAnonymousUsage": False}
    static["log"] = {"level": "ERROR"}
    static["providers"] = {
        "file": {"filename": _write(folder, "http.yml", yaml.safe_dump(dynamic))}
    }
    return [find("traefik"), "--configFile=" + _write(folder, "main.yml", yaml.safe_dump(static))]


def _nginx(folder: Path, doors: dict[str, str], _setup: Any, h2: bool) -> list[str]:
    more = " http2" if h2 else ""
    servers = "".join(
        f"upstream u{n} {{ server {server}; keepalive 8; }}\n"
        f"server {{ listen {door}{more}; location / {{ proxy_pass http://u{n}; }} }}\n"
        for n, (door, server) in enumerate(doors.items())
    )
    temp = " ".join(
        f"{kind}_temp_path {folder / kind};"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    text = f"""daemon off; user root; worker_processes 1; pid {folder / "pid"};
error_log {folder / "error.log"} crit;
events {{ worker_connections 512; }}
http {{ access_log off; {temp}
proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header Host $http_host;
proxy_request_buffering off; proxy_buffering off;
{servers}}}
"""
    config = _write(folder, "nginx.conf", text)
    return [find("nginx"), "-p", str(folder), "-e", str(folder / "error.log"), "-c", config]


def _haproxy(folder: Path, doors: dict[str, str], _setup: Any, h2: bool) -> list[str]:
    more = " proto h2" if h2 else ""
    parts = "".join(
        f"frontend f{n}\n bind {door}{more}\n default_backend b{n}\n"
        f"backend b{n}\n server s {server}\n"
        for n, (door, server) in enumerate(doors.items())
    )
    text = f"""global
 nbthread 1
defaults
 mode http
 timeout connect 5s
 timeout client 60s
 timeout server 60s
 http-reuse always
{parts}"""
    return [find("haproxy"), "-db", "-f", _write(folder, "haproxy.cfg", text)]


def _envoy(folder: Path, doors: dict[str, str], _setup: Any, _h2: bool) -> list[str]:
    types = "type.googleapis.com/envoy.extensions."

    def at(address: str) -> dict[str, Any]:
        return {"socket_address": {"address": "127.0.0.1", "port_value": _port(address)}}

    def manager(n: int) -> dict[str, Any]:
        host = {
            "name": "all",
            "domains": ["*"],
            "routes": [{"match": {"prefix": "/"}, "route": {"cluster": f"c{n}"}}],
        }
        router = {
            "name": "router",
            "typed_config": {"@type": types + "filters.http.router.v3.Router"},
        }
        kind = "filters.network.http_connection_manager.v3.HttpConnectionManager"
        return {
            "name": "hcm",
            "typed_config": {
                "@type": types + kind,
                "stat_prefix": "s",
                "use_remote_address": True,
                "route_config": {"virtual_hosts": [host]},
                "http_filters": [router],
            },
        }

    listeners = [
        {"name": f"l{n}", "address": at(door), "filter_chains": [{"filters": [manager(n)]}]}
        for n, door in enumerate(doors)
    ]
    clusters = [
        {
            "name": f"c{n}",
            "type": "STATIC",
            "connect_timeout": "5s",
            "load_assignment": {
                "cluster_name": f"c{n}",
                "endpoints": [{"lb_endpoints": [{"endpoint": {"address": at(server)}}]}],
            },
        }
        for n, server in enumerate(doors.values())
    ]
    config = {
        "node": {"id": "n", "cluster": "c"},
        "static_resources": {"listeners": listeners, "clusters": clusters},
    }
    path = _write(folder, "envoy.json", json.dumps(config))
    return [find("envoy"), "-c", path, "--concurrency", "1", "--disable-hot-restart", "-l", "error"]


def _caddy(folder: Path, doors: dict[str, str], _setup: Any, h2: bool) -> list[str]:
    servers = {
        f"s{n}": {
            "listen": [door],
            "automatic_https": {"disable": True},
            "protocols": ["h1", "h2c"] if h2 else ["h1"],
            "routes": [{"handle": [{"handler": "reverse_proxy", "upstreams": [{"dial": server}]}]}],
        }
        for n, (door, server) in enumerate(doors.items())
    }
    config = {
        "admin": {"disabled": True},
        "logging": {"logs": {"default": {"level": "ERROR"}}},
        "apps": {"http": {"servers": servers}},
    }
    return [find("caddy"), "run", "--config", _write(folder, "caddy.json", json.dumps(config))]


PEERS: dict[str, Callable[[Path, dict[str, str], Any, bool], list[str]]] = {
    "traefik": _traefik,
    "envoy": _envoy,
    "nginx": _nginx,
    "caddy": _caddy,
    "haproxy": _haproxy,
}
_VERSION = {
    "traefik": ["version"],
    "envoy": ["--version"],
    "nginx": ["-v"],
    "caddy": ["version"],
    "haproxy": ["-v"],
}


def version_of(name: str) -> str:
    """The version that the program says it has. Raises PeerMissing."""
    done = subprocess.run(
        [find(name), *_VERSION[name]], capture_output=True, text=True, check=False
    )
    found = re.search(r"\d+\.\d+\.\d+", done.stdout + done.stderr)
    return found[0] if found else "unknown"


class Peer:
    """One running proxy with `lanes` entry points, each with a server of its own behind it."""

    h2 = False

    def __init__(self, name: str, setup: Any = None, lanes: int = 6) -> None:
        self.name = name
        self.lanes = lanes
        self._folder = tempfile.TemporaryDirectory(prefix=f"gateproof-{name}-")
        self._backends = [Backend() for _ in range(lanes)]
        self._doors = [free_address() for _ in range(lanes)]
        self._free: queue.SimpleQueue[int] = queue.SimpleQueue()
        self._process: subprocess.Popen[bytes] | None = None
        try:
            doors = dict(zip(self._doors, (one.address for one in self._backends), strict=True))
            folder = Path(self._folder.name)
            command = PEERS[name](folder, doors, setup or {}, self.h2)
            home = {"HOME": str(folder), "XDG_DATA_HOME": str(folder), "GOMAXPROCS": "2"}
            with (folder / "output").open("wb") as output:
                self._process = subprocess.Popen(
                    command, stdout=output, stderr=output, env={**os.environ, **home}, cwd=folder
                )
            for n, door in enumerate(self._doors):
                self._wait(door, bool(setup))
                self._free.put(n)
        except BaseException:
            self.close()
            raise

    def _wait(self, door: str, any_answer: bool) -> None:
        assert self._process is not None
        end = time.monotonic() + START_SECONDS
        host, _, port = door.rpartition(":")
        while time.monotonic() < end and self._process.poll() is None:
            with contextlib.suppress(OSError), socket.create_connection((host, int(port)), 1) as s:
                status = self._probe(s)
                if status == 200 or (any_answer and status not in (0, 404)):
                    return
            time.sleep(0.05)
        text = (Path(self._folder.name) / "output").read_text(errors="replace")[-600:]
        raise RuntimeError(f"{self.name} does not serve: {text}")

    def _probe(self, sock: socket.socket) -> int:
        """The status of a plain request; 0 if no answer came."""
        sock.settimeout(2)
        sock.sendall(_PROBE)
        words = sock.recv(100).split(b" ")
        return int(words[1]) if len(words) > 1 and words[1].isdigit() else 0

    def _talk(self, door: str, case: Http1Case, patience: float) -> tuple[bytes, bool]:
        return talk(door, case, patience)

    def run(self, case: Http1Case) -> Outcome:
        """Plays one case on a lane that is free."""
        lane = self._free.get()
        try:
            outcome = self._play(case, lane, case.patience or REAL_PATIENCE)
            if case.patience is None and not outcome.received and not outcome.closed:
                outcome = self._play(case, lane, LONG_PATIENCE)
            return outcome
        finally:
            self._free.put(lane)

    def _play(self, case: Http1Case, lane: int, patience: float) -> Outcome:
        script = Script(case.answers, case.at_head)
        self._backends[lane].play(script)
        time.sleep(0.03)  # the proxy hears that its kept connections have ended
        received, closed = self._talk(self._doors[lane], case, patience)
        return Outcome.read(case, received, closed, script.raw())

    def close(self) -> None:
        """Ends the process, by its id, and the servers."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        for backend in self._backends:
            backend.close()
        self._folder.cleanup()


@contextlib.contextmanager
def running(name: str, setup: Any = None, lanes: int = 6) -> Iterator[Peer]:
    """A peer that is ended behind the block. Raises PeerMissing."""
    peer = Peer(name, setup, lanes)
    try:
        yield peer
    finally:
        peer.close()


def run_cases(peer: Peer, cases: list[Http1Case]) -> list[Outcome]:
    """All cases on all lanes of a peer, in their order."""
    with ThreadPoolExecutor(peer.lanes) as pool:
        return list(pool.map(peer.run, cases))
