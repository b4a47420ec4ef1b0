"""gateproofd serves the Gateways of a cluster in Traefik's dialect, beside the real Traefik."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import socket
import subprocess
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gateway_objects as objects
import pytest
from test_kubernetes_live import DAEMON, Backend, delete, pytestmark, until

from gateproof.errors import StartError
from gateproof.loopback import free_port
from gateproof.real_traefik import find_traefik

cluster_module = pytest.importorskip("gateproof.cluster")
Cluster = cluster_module.Cluster
__all__ = ["pytestmark"]

VERSION = "v1.7.0"
ROUTES = f"/apis/{objects.API}/v1/namespaces/shop/httproutes"


def free_ports(count: int) -> list[int]:
    """Ports that are free on both hosts that proxies listen on."""
    found: list[int] = []
    while len(found) < count:
        port = free_port()
        with socket.socket() as other:
            other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with contextlib.suppress(OSError):
                other.bind(("127.0.0.2", port))
                if port not in found:
                    found.append(port)
    return found


class Proxy(contextlib.AbstractContextManager["Proxy"]):
    """A process with the provider kubernetesGateway, on a host of its own."""

    def __init__(
        self, binary: Path, folder: Path, host: str, url: str, ports: list[int], *flags: str
    ) -> None:
        self.host, self.ports = host, ports
        web, secure, tcp, only_tls = ports
        self.log = folder / f"log-{host}-{free_port()}"
        provider = "--providers.kubernetesGateway"
        with self.log.open("wb") as output:
            self.process = subprocess.Popen(
                [
                    str(binary),
                    f"--entryPoints.web.address={host}:{web}",
                    f"--entryPoints.websecure.address={host}:{secure}",
                    f"--entryPoints.tcp.address={host}:{tcp}",
                    f"--entryPoints.only-tls.address={host}:{only_tls}",
                    "--entryPoints.only-tls.http.tls=true",
                    "--providers.providersThrottleDuration=10ms",
                    "--log.level=DEBUG",
                    f"{provider}.endpoint={url}",
                    f"{provider}.token=x",
                    f"{provider}.experimentalChannel=true",
                    *flags,
                ],
                stdout=output, stderr=output, stdin=subprocess.DEVNULL, cwd=folder,
                env={"PATH": os.environ.get("PATH", "")},
            )  # fmt: skip

    def get(self, host: str, path: str = "/") -> str:
        """Status and body; "" when nobody listens."""
        link = http.client.HTTPConnection(self.host, self.ports[0], timeout=5)
        try:
            link.request("GET", path, headers={"Host": host})
            answer = link.getresponse()
            return f"{answer.status} {answer.read().decode()}"
        except OSError:
            return ""
        finally:
            link.close()

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(30)


@pytest.fixture(name="backend")
def _backend() -> Iterator[Backend]:
    with Backend("one") as one:
        yield one


def cluster_of(*manifests: str, listen: str = "127.0.0.1:0") -> Any:
    """A cluster with the API's CRDs, and objects."""
    try:
        cluster = Cluster(bundle_version=VERSION, listen=listen)
    except StartError as e:
        pytest.skip(str(e))
    cluster.apply(*manifests)
    return cluster


def ours(folder: Path, cluster: Any, ports: list[int], *flags: str) -> Proxy:
    """gateproofd on a cluster."""
    return Proxy(DAEMON, folder, "127.0.0.1", cluster.url, ports, *flags)


def settled(cluster: Any, proxy: Proxy, *paths: str) -> None:
    """Waits until objects have been told something by the one controller."""
    for path in paths:
        kind, name = path.split("/")

        def told(kind: str = kind, name: str = name) -> bool:
            found = cluster.get(f"{kind}.{objects.API}", name, "shop")
            text = str((found or {}).get("status"))
            return "traefik.io" in text or "supportedKinds" in text

        until(told, True, proxy)  # type: ignore[arg-type]


def test_statuses_are_those_of_traefik(tmp_path: Path, backend: Backend) -> None:
    binary = find_traefik()
    if binary is None:
        pytest.skip("no Traefik binary")
    ports = free_ports(4)
    manifests = objects.everything(ports, backend.port)
    flags = ["--providers.kubernetesGateway.statusAddress.ip=192.0.2.9"]
    with (
        cluster_of(manifests) as one,
        cluster_of(manifests) as other,
        ours(tmp_path, one, ports, *flags) as mine,
        Proxy(binary, tmp_path, "127.0.0.2", other.url, ports, *flags) as theirs,
    ):
        last = ("httproutes/tls-system", "tlsroutes/s-two", "tcproutes/t-two")
        settled(other, theirs, *last)
        settled(one, mine, *last)
        until(lambda: objects.statuses(one) == objects.statuses(other), True, mine)  # type: ignore[arg-type]
        wanted = objects.statuses(other)
        assert len(wanted) > 100
        assert wanted == objects.statuses(one)


def simple(ports: list[int], backend: int, *names: str) -> str:
    """One Gateway with one HTTP listener, and routes."""
    out = objects.BASE + objects.service("back", backend)
    out += objects.gateway("web", [f"{{name: http, protocol: HTTP, port: {ports[0]}}}"])
    return out + "".join(one(name) for name in names)


def one(name: str, backend: str = "back", parent: str = "web") -> str:
    """A route of one hostname."""
    rules = f"[{{backendRefs: [{{name: {backend}, port: 80}}]}}]"
    return objects.route(name, f"[{{name: {parent}}}]", rules, hosts=f"{name}.test")


def told(cluster: Any, name: str) -> list[str]:
    """Conditions of a route's only parent."""
    found = cluster.get(f"httproutes.{objects.API}", name, "shop") or {}
    parents = found.get("status", {}).get("parents") or []
    return [
        f"{c['type']}={c['status']} {c['reason']} {c['observedGeneration']}"
        for parent in parents
        for c in parent["conditions"]
    ]


def attached(cluster: Any) -> int:
    """Routes of the first listener of Gateway web."""
    found = cluster.get(f"gateways.{objects.API}", "web", "shop") or {}
    listeners = found.get("status", {}).get("listeners") or [{}]
    return int(listeners[0].get("attachedRoutes", -1))


SOUND = ["Accepted=True Accepted 1", "ResolvedRefs=True ResolvedRefs 1"]


def test_routes_come_and_go(tmp_path: Path, backend: Backend) -> None:
    ports = free_ports(4)
    with (
        cluster_of(simple(ports, backend.port, "first")) as cluster,
        ours(tmp_path, cluster, ports) as proxy,
    ):
        until(lambda: proxy.get("first.test", "/x"), "200 one /x", proxy)
        until(lambda: told(cluster, "first"), SOUND, proxy)
        until(lambda: attached(cluster), 1, proxy)
        cluster.apply(one("second"), one("lost", "nobody"))
        until(lambda: proxy.get("second.test"), "200 one /", proxy)
        until(lambda: attached(cluster), 3, proxy)
        lost = ["Accepted=True Accepted 1", "ResolvedRefs=False BackendNotFound 1"]
        until(lambda: told(cluster, "lost"), lost, proxy)
        assert proxy.get("lost.test")[:3] == "500"
        cluster.apply(one("lost"))
        mended = ["Accepted=True Accepted 2", "ResolvedRefs=True ResolvedRefs 2"]
        until(lambda: told(cluster, "lost"), mended, proxy)
        assert proxy.get("lost.test") == "200 one /"
        delete(cluster, f"{ROUTES}/first")
        until(lambda: proxy.get("first.test")[:3], "404", proxy)
        until(lambda: attached(cluster), 2, proxy)
        assert proxy.get("second.test") == "200 one /"


def test_statuses_come_back_after_the_api_server_does(tmp_path: Path, backend: Backend) -> None:
    ports = free_ports(4)
    listen = f"127.0.0.1:{free_port()}"
    manifests = simple(ports, backend.port, "first")
    cluster = cluster_of(manifests, listen=listen)
    with ours(tmp_path, cluster, ports) as proxy:
        until(lambda: told(cluster, "first"), SOUND, proxy)
        for _ in range(2):
            cluster.stop()
            assert proxy.get("first.test") == "200 one /"
            # A store of its own, in which nobody has been told anything.
            cluster = cluster_of(manifests, listen=listen)
            until(lambda cluster=cluster: told(cluster, "first"), SOUND, proxy)  # type: ignore[misc]
            until(lambda cluster=cluster: attached(cluster), 1, proxy)  # type: ignore[misc]
        cluster.stop()


def test_what_somebody_else_writes_is_put_right(tmp_path: Path, backend: Backend) -> None:
    ports = free_ports(4)
    with (
        cluster_of(simple(ports, backend.port, "first")) as cluster,
        ours(tmp_path, cluster, ports) as proxy,
    ):
        until(lambda: told(cluster, "first"), SOUND, proxy)
        found = cluster.get(f"httproutes.{objects.API}", "first", "shop")
        entry = dict(found["status"]["parents"][0])
        foreign = {**entry, "controllerName": "example.org/other"}
        broken = [{**c, "status": "False"} for c in entry["conditions"]]
        found["status"]["parents"] = [foreign, {**entry, "conditions": broken}]
        put(cluster, f"{ROUTES}/first/status", found)

        def parents() -> list[tuple[str, list[str]]]:
            now = cluster.get(f"httproutes.{objects.API}", "first", "shop")
            return [
                (p["controllerName"], [c["status"] for c in p["conditions"]])
                for p in now["status"]["parents"]
            ]

        wanted = [
            ("example.org/other", ["True", "True"]),
            ("traefik.io/gateway-controller", ["True", "True"]),
        ]
        until(parents, wanted, proxy)


def put(cluster: Any, path: str, body: Any) -> None:
    """Replaces an object, or its status."""
    request = urllib.request.Request(
        cluster.url + path, json.dumps(body).encode(), {"Content-Type": "application/json"},
        method="PUT",
    )  # fmt: skip
    with urllib.request.urlopen(request) as answer:
        assert answer.status == 200


def test_one_of_two_replicas_writes_statuses(tmp_path: Path, backend: Backend) -> None:
    ports, others = free_ports(4), free_ports(4)

    def holder() -> str:
        found = cluster.get("leases.coordination.k8s.io", "gateproof", "default")
        return str((found or {}).get("spec", {}).get("holderIdentity", ""))

    with (
        cluster_of(simple(ports, backend.port, "first")) as cluster,
        ours(tmp_path, cluster, ports) as first,
    ):
        until(lambda: told(cluster, "first"), SOUND, first)
        with ours(tmp_path, cluster, others) as second:
            # The second one has no entry point for the Gateway, and would say so.
            until(lambda: second.get("first.test")[:3], "404", second)
            cluster.apply(one("second"))
            until(lambda: told(cluster, "second"), SOUND, first)
            assert f"_{first.process.pid}_" in holder()
            first.process.terminate()
            assert first.process.wait(30) == 0
            until(lambda: f"_{second.process.pid}_" in holder(), True, second)
            refused = ["Accepted=False NotAllowedByListeners 1", SOUND[1]]
            until(lambda: told(cluster, "second"), refused, second)


MATCHES = """[
  {matches: [{path: {type: Exact, value: /exact}}], backendRefs: [{name: back, port: 80}]},
  {matches: [{path: {value: /api}}],
   filters: [{type: URLRewrite,
              urlRewrite: {path: {type: ReplacePrefixMatch, replacePrefixMatch: /}}}],
   backendRefs: [{name: back, port: 80}]},
  {matches: [{path: {value: /moved}}],
   filters: [{type: RequestRedirect, requestRedirect: {hostname: new.test, statusCode: 301}}]},
  {matches: [{path: {value: /headers}, headers: [{name: X-Wanted, value: "yes"}]}],
   backendRefs: [{name: back, port: 80}]},
  {matches: [{path: {value: /query}, queryParams: [{name: q, value: "1"}]}],
   backendRefs: [{name: back, port: 80}]},
  {matches: [{path: {value: /posted}, method: POST}], backendRefs: [{name: back, port: 80}]},
  {matches: [{path: {value: /mirrored}}],
   filters: [{type: RequestMirror, requestMirror: {backendRef: {name: back, port: 80}}}],
   backendRefs: [{name: back, port: 80}]},
  {matches: [{path: {value: /nobody}}]},
  {matches: [{path: {value: /lost}}], backendRefs: [{name: nobody, port: 80}]},
  {matches: [{path: {value: /empty}}], backendRefs: [{name: silent, port: 80}]}
]"""
PATHS = (
    "/", "/exact", "/exact/", "/exactly", "/api", "/api/", "/api/x?y=1", "/apis", "/moved",
    "/moved/on?z=2", "/headers", "/query", "/query?q=1", "/query?q=2", "/posted", "/mirrored",
    "/nobody", "/lost", "/empty",
)  # fmt: skip


def test_traffic_is_that_of_traefik(tmp_path: Path, backend: Backend) -> None:
    binary = find_traefik()
    if binary is None:
        pytest.skip("no Traefik binary")
    ports = free_ports(4)
    silent = objects.service("silent", 1).replace("{ready: true}", "{ready: false}")
    manifests = simple(ports, backend.port, "first", "last") + silent
    manifests += objects.route("match", "[{name: web}]", MATCHES, hosts="m.test, '*.m.test'")
    with (
        cluster_of(manifests) as cluster,
        ours(tmp_path, cluster, ports) as mine,
        Proxy(binary, tmp_path, "127.0.0.2", cluster.url, ports) as theirs,
    ):
        for proxy in (mine, theirs):
            until(lambda proxy=proxy: proxy.get("m.test", "/exact"), "200 one /exact", proxy)  # type: ignore[misc]
            until(lambda proxy=proxy: proxy.get("last.test"), "200 one /", proxy)  # type: ignore[misc]
        for host in ("m.test", "a.m.test", "a.b.m.test", "first.test", "other.test"):
            for path in PATHS:
                assert mine.get(host, path) == theirs.get(host, path), (host, path)
