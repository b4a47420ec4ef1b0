#!/usr/bin/env python3
"""Thousands of routes: the first complete configuration, changes, memory; beside Traefik.

An API server of ours holds --routes routes, each with a host of its own, and a tenth as many
Services. Each proxy starts in turn: the time until the last route answers is that of its first
configuration, the time from the write of one changed route until it answers that of a change, and
the same of a changed EndpointSlice (medians of --changes, no two within the throttle). HTTPRoutes
are served by the API server's own Gateway controller and by gateproofd in the standard dialect,
IngressRoutes by gateproofd and by Traefik. Prints a line of JSON for each.
Exit code 1 when one of our figures is missed: a fifth of Traefik's first configuration, a
hundredth of our own for one change, memory under 1 GB.
"""

import argparse
import contextlib
import http.client
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from pathlib import Path
from typing import Any

try:
    from gateproof.cluster import Cluster, gateway_api_crds, manifest_files
    from gateproof.real_traefik import find_traefik
except ImportError as error:
    raise SystemExit(f"{error}: run it with .venv/bin/python (tools/setup makes it)") from None
from idle import rss_kb
from process import free_port

ROOT = Path(__file__).resolve().parent.parent
DEFAULT_DAEMON = ROOT / "build" / "release" / "bin" / "gateproofd"
START_SECONDS_MAX = 300.0
THROTTLE_SECONDS = 0.001
# Between two questions whether it is served. Asking for a first configuration more often would
# take a part of a core from whoever makes it.
FIRST_POLL_SECONDS, CHANGE_POLL_SECONDS = 0.005, 0.001
BUNDLE = "v1.7.0"
FIRST_SHARE, CHANGE_SHARE, MEMORY_MB = 0.2, 0.01, 1000
KINDS = (
    "IngressRoute", "Middleware", "TraefikService", "IngressRouteTCP", "IngressRouteUDP",
    "MiddlewareTCP", "TLSOption", "TLSStore", "ServersTransport", "ServersTransportTCP",
)  # fmt: skip


def crd(kind: str) -> dict[str, Any]:
    plural = kind.lower() + "s"
    names = {"kind": kind, "plural": plural, "singular": kind.lower(), "listKind": kind + "List"}
    schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    version = {"name": "v1alpha1", "served": True, "storage": True}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": plural + ".traefik.io"},
        "spec": {
            "group": "traefik.io",
            "scope": "Namespaced",
            "names": names,
            "versions": [{**version, "schema": {"openAPIV3Schema": schema}}],
        },
    }


def endpoint_slice(number: int, port: int) -> dict[str, Any]:
    name = f"s{number}"
    labels = {"kubernetes.io/service-name": name}
    return {
        "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv4",
        "metadata": {"name": name, "labels": labels},
        "ports": [{"name": "http", "port": port, "protocol": "TCP"}],
        "endpoints": [{"addresses": ["127.0.0.1"], "conditions": {"ready": True}}],
    }  # fmt: skip


def backend(number: int, port: int) -> list[dict[str, Any]]:
    service = {
        "apiVersion": "v1", "kind": "Service", "metadata": {"name": f"s{number}"},
        "spec": {"ports": [{"name": "http", "port": 80, "targetPort": port}]},
    }  # fmt: skip
    return [service, endpoint_slice(number, port)]


def ingress_route(number: int, host: str, service: int) -> dict[str, Any]:
    rule = f"Host(`{host}`) && PathPrefix(`/`)"
    services = [{"name": f"s{service}", "port": 80}]
    return {
        "apiVersion": "traefik.io/v1alpha1",
        "kind": "IngressRoute",
        "metadata": {"name": f"r{number}", "namespace": "default"},
        "spec": {
            "entryPoints": ["web"],
            "routes": [{"kind": "Rule", "match": rule, "services": services}],
        },
    }


def http_route(number: int, host: str, service: int) -> dict[str, Any]:
    rule = {
        "matches": [{"path": {"type": "PathPrefix", "value": "/"}}],
        "backendRefs": [{"name": f"s{service}", "port": 80}],
    }
    return {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "HTTPRoute",
        "metadata": {"name": f"r{number}", "namespace": "default"},
        "spec": {"parentRefs": [{"name": "gw"}], "hostnames": [host], "rules": [rule]},
    }


GATEWAY = [
    {"apiVersion": "gateway.networking.k8s.io/v1", "kind": "GatewayClass",
     "metadata": {"name": "c"}, "spec": {"controllerName": "gateproof.dev/gateway-controller"}},
    {"apiVersion": "gateway.networking.k8s.io/v1", "kind": "Gateway", "metadata": {"name": "gw"},
     "spec": {"gatewayClassName": "c",
              "listeners": [{"name": "http", "port": 80, "protocol": "HTTP"}]}},
]  # fmt: skip


# The first of the pool, which the only Gateway gets.
GATEWAY_ADDRESS = "127.80.0.1:80"


class Backend:
    """Answers 200, or another status, to whoever asks, with as little as possible."""

    def __init__(self, status: int = 200) -> None:
        self._answer_line = f"HTTP/1.1 {status} X\r\nContent-Length: 0\r\n\r\n".encode()
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port = int(self._socket.getsockname()[1])
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            link, _ = self._socket.accept()
            threading.Thread(target=self._answer, args=(link,), daemon=True).start()

    def _answer(self, link: socket.socket) -> None:
        with contextlib.suppress(OSError), link:
            while link.recv(65536):
                link.sendall(self._answer_line)


# What is behind a Service at first, and what after an odd number of changes of its EndpointSlice.
STATUSES = (200, 202)


def status(address: str, host: str) -> int:
    where, _, port = address.rpartition(":")
    link = http.client.HTTPConnection(where, int(port), timeout=10)
    try:
        link.request("GET", "/", headers={"Host": host, "Connection": "close"})
        return link.getresponse().status
    except (OSError, http.client.HTTPException):
        return 0
    finally:
        link.close()


def until_served(
    address: str, host: str, wanted: tuple[int, ...] = STATUSES, pause: float = CHANGE_POLL_SECONDS
) -> float:
    """When the host is served, with one of these statuses."""
    end = time.monotonic() + START_SECONDS_MAX
    while time.monotonic() < end:
        if status(address, host) in wanted:
            return time.monotonic()
        time.sleep(pause)
    raise SystemExit(f"{host} is not served after {START_SECONDS_MAX:g} s")


def write(url: str, wanted: dict[str, Any]) -> None:
    """Replaces an object through the API."""
    plural = wanted["kind"].lower() + "s"
    name = wanted["metadata"]["name"]
    path = f"/apis/{wanted['apiVersion']}/namespaces/default/{plural}/{name}"
    with urllib.request.urlopen(url + path) as answer:
        now = json.loads(answer.read())
    now |= {key: value for key, value in wanted.items() if key != "metadata"}
    request = urllib.request.Request(
        url + path, json.dumps(now).encode(), {"Content-Type": "application/json"}, method="PUT"
    )
    with urllib.request.urlopen(request) as answer:
        answer.read()


def endpoint_changes(
    url: str, address: str, services: int, changes: int, ports: tuple[int, int]
) -> list[float]:
    """Times from the write of an EndpointSlice until its new endpoint answers."""
    took = []
    behind = [0] * services
    for change in range(changes):
        number = (change * 31 + 7) % services
        behind[number] ^= 1
        time.sleep(0.2)
        start = time.monotonic()
        write(url, endpoint_slice(number, ports[behind[number]]))
        wanted = (STATUSES[behind[number]],)
        took.append(until_served(address, f"h{number}.test", wanted) - start)
    return took


def measure(
    url: str,
    address: str,
    pid: int,
    began: float,
    make: Any,
    count: int,
    changes: int,
    ports: tuple[int, int],
    settle: Any = lambda: None,
) -> dict[str, Any]:
    """From `began` until everything is served, then changes of endpoints and of routes."""
    first = until_served(address, f"h{count - 1}.test", pause=FIRST_POLL_SECONDS) - began
    settle()
    settled = time.monotonic() - began
    for number in range(0, count, max(count // 100, 1)):
        if status(address, f"h{number}.test") != 200:
            raise SystemExit(f"h{number}.test is not served, and the last route is")
    services = max(count // 10, 1)
    endpoints = endpoint_changes(url, address, services, changes, ports)
    took = []
    for change in range(changes):
        number = (change * 7919 + 13) % count
        route = make(number, f"x{change}.test", number % services)
        time.sleep(0.2)
        start = time.monotonic()
        write(url, route)
        took.append(until_served(address, f"x{change}.test") - start)
    change = statistics.median(took)
    return {
        "first_s": round(first, 3),
        "settled_s": round(settled, 3),
        "change_ms": round(change * 1000, 2),
        "change_max_ms": round(max(took) * 1000, 2),
        "endpoint_ms": round(statistics.median(endpoints) * 1000, 2),
        "endpoint_max_ms": round(max(endpoints) * 1000, 2),
        "rss_mb": rss_kb(pid) // 1024,
    }


def write_objects(count: int, make: Any, more: list[dict[str, Any]], port: int) -> str:
    services = max(count // 10, 1)
    items = list(more)
    for number in range(services):
        items += backend(number, port)
    items += [make(n, f"h{n}.test", n % services) for n in range(count)]
    return json.dumps({"apiVersion": "v1", "kind": "List", "items": items})


def gateways(count: int, changes: int, ports: tuple[int, int]) -> dict[str, Any]:
    """HTTPRoutes, in a process of its own; the routes are there when the controller starts."""
    crds = manifest_files(gateway_api_crds(BUNDLE))
    with Cluster(*crds) as cluster:
        refused = [
            a.message
            for a in cluster.apply(write_objects(count, http_route, GATEWAY, ports[0]))
            if a.outcome == "failed"
        ]
        if refused:
            raise SystemExit(refused[0])
        before = rss_kb(os.getpid())
        began = time.monotonic()
        # It returns when all statuses are written too; traffic comes first.
        controller = threading.Thread(
            target=cluster._core.serve_gateways, kwargs={"bundle_version": BUNDLE}
        )
        controller.start()
        pid = os.getpid()
        url, address, settle = cluster.url, GATEWAY_ADDRESS, controller.join
        row = measure(url, address, pid, began, http_route, count, changes, ports, settle)
        return {**row, "rss_objects_mb": before // 1024}


def proxy(
    binary: Path, kind: str, count: int, changes: int, ports: tuple[int, int]
) -> dict[str, Any]:
    """IngressRoutes or HTTPRoutes, by a process that follows the API server."""
    http = kind == "HTTPRoute"
    crds = manifest_files(gateway_api_crds(BUNDLE)) if http else []
    with Cluster(*crds) as cluster, tempfile.TemporaryDirectory() as folder:
        cluster.apply(json.dumps({"apiVersion": "v1", "kind": "List", "items": [*map(crd, KINDS)]}))
        make, more = (http_route, GATEWAY) if http else (ingress_route, [])
        cluster.apply(write_objects(count, make, more, ports[0]))
        port = f"127.0.0.1:{free_port()}"
        address = GATEWAY_ADDRESS if http else port
        standard = ["--gateproof.dialect=standard", f"--gateproof.gatewayVersion={BUNDLE}"]
        provider = "kubernetesGateway" if http else "kubernetesCRD"
        began = time.monotonic()
        with (Path(folder) / "log").open("wb") as log:
            process = subprocess.Popen(
                [str(binary.resolve()), f"--entryPoints.web.address={port}",
                 f"--providers.providersThrottleDuration={THROTTLE_SECONDS * 1000:g}ms",
                 f"--providers.{provider}.endpoint={cluster.url}", "--log.level=ERROR",
                 *(standard if http else [])],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=folder,
                env={"PATH": os.environ.get("PATH", "")},
            )  # fmt: skip
        try:
            url, pid = cluster.url, process.pid
            return measure(url, address, pid, began, make, count, changes, ports)
        finally:
            process.terminate()
            process.wait(60)


def row(what: str, count: int, changes: int, daemon: Path) -> dict[str, Any]:
    """One line, measured in a process of its own, so that nothing before it counts."""
    script = [sys.executable, __file__, f"--one={what}", f"--routes={count}"]
    done = subprocess.run(
        [*script, f"--changes={changes}", f"--daemon={daemon}"], check=False, stdout=subprocess.PIPE
    )
    if done.returncode:
        raise SystemExit(f"{what} with {count} routes failed")
    return {"what": what, "routes": count, **json.loads(done.stdout)}


def one(what: str, count: int, changes: int, daemon: Path) -> dict[str, Any]:
    ports = (Backend(STATUSES[0]).port, Backend(STATUSES[1]).port)
    if what == "HTTPRoute gateproof":
        return gateways(count, changes, ports)
    kind, _, who = what.partition(" ")
    traefik = find_traefik() if who == "traefik" else None
    return proxy(traefik or daemon, kind, count, changes, ports)


def judged(rows: list[dict[str, Any]]) -> list[str]:
    """What is missed, of the largest number of routes."""
    most = max(r["routes"] for r in rows)
    last = {r["what"]: r for r in rows if r["routes"] == most}
    theirs = last.get("IngressRoute traefik")
    out = []
    for what, r in last.items():
        if r is theirs:
            continue
        if theirs and r["first_s"] > theirs["first_s"] * FIRST_SHARE:
            out.append(f"{what}: {r['first_s']} s against {theirs['first_s']} s")
        for change in ("change_ms", "endpoint_ms"):
            share = r[change] / 1000 / r["first_s"]
            if share > CHANGE_SHARE:
                out.append(f"{what}: {change} is {share:.4f} of everything")
        if r["rss_mb"] > MEMORY_MB:
            out.append(f"{what}: {r['rss_mb']} MB")
    return out


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--routes", default="1000,10000", help="numbers of routes, by comma")
    parser.add_argument("--changes", type=int, default=21)
    parser.add_argument("--daemon", type=Path, default=DEFAULT_DAEMON)
    parser.add_argument("--one", help=argparse.SUPPRESS)
    options = parser.parse_args()
    counts = [int(n) for n in options.routes.split(",")]
    if options.one:
        print(json.dumps(one(options.one, counts[0], options.changes, options.daemon)))
        return 0
    whats = ["HTTPRoute gateproof", "HTTPRoute gateproofd", "IngressRoute gateproofd"]
    if find_traefik():
        whats.append("IngressRoute traefik")
    else:
        print("no traefik here: nothing to compare with", file=sys.stderr)
    rows = []
    for count in counts:
        for what in whats:
            rows.append(row(what, count, options.changes, options.daemon))
            print(json.dumps(rows[-1]), flush=True)
    missed = judged(rows)
    for line in missed:
        print(line, file=sys.stderr)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
