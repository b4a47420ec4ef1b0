"""gateproofd follows an API server: our own, restarted, over TLS, with replicas; beside Traefik."""

from __future__ import annotations

import contextlib
import http.client
import http.server
import json
import os
import signal
import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from gateproof.loopback import free_port
from gateproof.real_traefik import find_traefik

cluster_module = pytest.importorskip("gateproof.cluster")
Cluster = cluster_module.Cluster

DAEMON = Path(__file__).parents[3] / "build/release/bin/gateproofd"
pytestmark = pytest.mark.skipif(not DAEMON.is_file(), reason="gateproofd is not built")

SECONDS = 45.0  # more than the longest wait between two tries to reach the API server
CRD = """\
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {{name: {plural}.traefik.io}}
spec:
  group: traefik.io
  scope: Namespaced
  names: {{kind: {kind}, plural: {plural}, singular: {single}, listKind: {kind}List}}
  versions:
    - name: v1alpha1
      served: true
      storage: true
      schema:
        openAPIV3Schema: {{type: object, x-kubernetes-preserve-unknown-fields: true}}
"""
KINDS = ("IngressRoute", "Middleware", "TraefikService")
# The other kinds of Traefik are absent, which holds nobody up.
CRDS = "---\n".join(
    CRD.format(kind=kind, plural=kind.lower() + "s", single=kind.lower()) for kind in KINDS
)
# Traefik's own informers want all of them.
ALL_CRDS = "---\n".join(
    CRD.format(kind=kind, plural=kind.lower() + "s", single=kind.lower())
    for kind in (
        *KINDS, "IngressRouteTCP", "IngressRouteUDP", "MiddlewareTCP", "TLSOption", "TLSStore",
        "ServersTransport", "ServersTransportTCP",
    )
)  # fmt: skip


def service(name: str, port: int) -> str:
    """A Service whose endpoint is on this machine."""
    return f"""\
---
apiVersion: v1
kind: Service
metadata: {{name: {name}, namespace: shop}}
spec: {{ports: [{{name: http, port: 80, targetPort: {port}}}]}}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {{name: {name}-1, namespace: shop, labels: {{kubernetes.io/service-name: {name}}}}}
addressType: IPv4
ports: [{{name: http, port: {port}, protocol: TCP}}]
endpoints: [{{addresses: [127.0.0.1], conditions: {{ready: true, serving: true}}}}]
"""


def route(name: str, rule: str, backend: str, extra: str = "") -> str:
    """An IngressRoute."""
    return f"""\
---
apiVersion: traefik.io/v1alpha1
kind: IngressRoute
metadata: {{name: {name}, namespace: shop}}
spec:
  entryPoints: [web]
  routes: [{{match: "{rule}", kind: Rule, services: [{{name: {backend}, port: 80}}]{extra}}}]
"""


def ingress(name: str, host: str, backend: str) -> str:
    """An Ingress."""
    return f"""\
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {{name: {name}, namespace: shop}}
spec:
  rules:
    - host: {host}
      http:
        paths:
          - path: /
            pathType: Prefix
            backend: {{service: {{name: {backend}, port: {{number: 80}}}}}}
"""


NAMESPACE = "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n---\n"
MIDDLEWARE = """\
---
apiVersion: traefik.io/v1alpha1
kind: Middleware
metadata: {name: strip, namespace: shop}
spec: {stripPrefix: {prefixes: [/api]}}
"""


class Backend(contextlib.AbstractContextManager["Backend"]):
    """A server that says its name and the path that it was asked for."""

    def __init__(self, name: str) -> None:
        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
                """Silent."""

            def do_GET(self) -> None:
                """Answers."""
                body = f"{name} {self.path}".encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.port = int(self._server.server_address[1])
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


class Proxy(contextlib.AbstractContextManager["Proxy"]):
    """A process that serves on one entry point, `web`."""

    def __init__(
        self, binary: Path, folder: Path, *flags: str, environment: dict[str, str] | None = None
    ) -> None:
        self.port = free_port()
        self.log = folder / f"log-{self.port}"
        with self.log.open("wb") as output:
            self.process = subprocess.Popen(
                [
                    str(binary),
                    f"--entryPoints.web.address=127.0.0.1:{self.port}",
                    "--providers.providersThrottleDuration=10ms",
                    "--log.level=DEBUG",
                    *flags,
                ],
                stdout=output, stderr=output, stdin=subprocess.DEVNULL, cwd=folder,
                env={"PATH": os.environ.get("PATH", ""), **(environment or {})},
            )  # fmt: skip

    def get(self, host: str, path: str = "/") -> str:
        """Status and body; "" when nobody listens."""
        link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            link.request("GET", path, headers={"Host": host})
            answer = link.getresponse()
            return f"{answer.status} {answer.read().decode()}"
        except OSError:
            return ""
        finally:
            link.close()

    def end(self) -> int:
        """A graceful end."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(30)

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(30)


def until(what: Callable[[], Any], wanted: Any, proxy: Proxy | None = None) -> None:
    """Waits until it is so; fails with what it was last."""
    end = time.monotonic() + SECONDS
    got = what()
    while got != wanted and time.monotonic() < end:
        time.sleep(0.02)
        got = what()
    log = proxy.log.read_text(errors="replace")[-3000:] if proxy else ""
    assert got == wanted, log


def delete(cluster: Any, path: str) -> None:
    """Deletes an object through the API."""
    request = urllib.request.Request(cluster.url + path, method="DELETE")
    with urllib.request.urlopen(request) as answer:
        assert answer.status == 200


def both(url: str) -> list[str]:
    """Both providers, of this API server."""
    return [f"--providers.{name}.endpoint={url}" for name in ("kubernetesCRD", "kubernetesIngress")]


@pytest.fixture(name="backends")
def _backends() -> Iterator[tuple[Backend, Backend]]:
    with Backend("one") as one, Backend("two") as two:
        yield one, two


def objects(backends: tuple[Backend, Backend]) -> str:
    """A shop with two services, an IngressRoute and an Ingress."""
    return (
        NAMESPACE
        + service("one", backends[0].port)
        + service("two", backends[1].port)
        + route("crd", "Host(`crd.test`)", "one")
        + ingress("old", "ingress.test", "two")
    )


def test_routes_follow_the_cluster(tmp_path: Path, backends: tuple[Backend, Backend]) -> None:
    with Cluster() as cluster:
        cluster.apply(CRDS)
        cluster.apply(objects(backends))
        with Proxy(DAEMON, tmp_path, *both(cluster.url)) as proxy:
            until(lambda: proxy.get("crd.test"), "200 one /", proxy)
            until(lambda: proxy.get("ingress.test", "/x"), "200 two /x", proxy)
            cluster.apply(route("crd", "Host(`crd.test`)", "two"))
            until(lambda: proxy.get("crd.test"), "200 two /", proxy)
            cluster.apply(MIDDLEWARE)
            more = ", middlewares: [{name: strip}]"
            cluster.apply(route("api", "Host(`api.test`)", "one", more))
            until(lambda: proxy.get("api.test", "/api/y"), "200 one /y", proxy)
            # A bad object costs only itself.
            cluster.apply(route("bad", "Hots(`bad.test`)", "one"))
            cluster.apply(route("lost", "Host(`lost.test`)", "nobody"))
            cluster.apply(route("good", "Host(`good.test`)", "one"))
            until(lambda: proxy.get("good.test"), "200 one /", proxy)
            assert proxy.get("crd.test") == "200 two /"
            delete(cluster, "/apis/traefik.io/v1alpha1/namespaces/shop/ingressroutes/crd")
            until(lambda: proxy.get("crd.test")[:3], "404", proxy)
            assert proxy.get("ingress.test") == "200 two /"
            log = proxy.log.read_text()
            assert "tlsoptions.traefik.io: the API server has no such kind" in log


def test_a_crd_that_comes_later_is_found(tmp_path: Path, backends: tuple[Backend, Backend]) -> None:
    with Cluster() as cluster:
        cluster.apply(NAMESPACE, service("one", backends[0].port), ingress("i", "i.test", "one"))
        with Proxy(DAEMON, tmp_path, *both(cluster.url)) as proxy:
            until(lambda: proxy.get("i.test"), "200 one /", proxy)
            cluster.apply(CRDS)
            cluster.apply(route("crd", "Host(`crd.test`)", "one"))
            until(lambda: proxy.get("crd.test"), "200 one /", proxy)


class NodesForbidden(contextlib.AbstractContextManager["NodesForbidden"]):
    """In front of an API server: like a role that has no right to list Nodes."""

    def __init__(self, url: str) -> None:
        self.refused = 0
        outer = self
        refusal = json.dumps({"kind": "Status", "code": 403, "message": "nodes is forbidden"})

        class Handler(http.server.BaseHTTPRequestHandler):
            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
                """Silent."""

            def do_GET(self) -> None:
                """Passes lists and watches on as they come; one request for each connection."""
                if self.path.startswith("/api/v1/nodes"):
                    outer.refused += 1
                    self.send_response(403)
                    self.send_header("Content-Length", str(len(refusal)))
                    self.end_headers()
                    self.wfile.write(refusal.encode())
                    return
                self.close_connection = True
                try:
                    with urllib.request.urlopen(url + self.path) as answer:
                        self.send_response(answer.status)
                        self.send_header("Content-Type", "application/json")
                        self.end_headers()
                        while data := answer.read1(65536):
                            self.wfile.write(data)
                except urllib.error.HTTPError as error:
                    self.send_error(error.code)
                except OSError:
                    """One of the two is gone."""

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


def test_nodes_that_may_not_be_listed_are_only_logged(
    tmp_path: Path, backends: tuple[Backend, Backend]
) -> None:
    with Cluster() as cluster:
        cluster.apply(CRDS)
        cluster.apply(objects(backends))
        with (
            NodesForbidden(cluster.url) as api,
            Proxy(DAEMON, tmp_path, *both(api.url)) as proxy,
        ):
            until(lambda: proxy.get("crd.test"), "200 one /", proxy)
            until(lambda: proxy.get("ingress.test"), "200 two /", proxy)
            cluster.apply(route("crd", "Host(`crd.test`)", "two"))
            until(lambda: proxy.get("crd.test"), "200 two /", proxy)
            assert api.refused > 0
            assert "nodes: cannot be listed: 403 nodes is forbidden" in proxy.log.read_text()


def test_no_request_fails_while_the_api_server_comes_and_goes(
    tmp_path: Path, backends: tuple[Backend, Backend]
) -> None:
    listen = f"127.0.0.1:{free_port()}"
    manifests = tmp_path / "shop.yaml"
    manifests.write_text(CRDS + "---\n" + objects(backends))
    cluster = Cluster(manifests, listen=listen)
    stop = threading.Event()
    wrong: list[str] = []
    asked = 0

    with Proxy(DAEMON, tmp_path, *both(cluster.url)) as proxy:
        until(lambda: proxy.get("crd.test"), "200 one /", proxy)
        until(lambda: proxy.get("ingress.test"), "200 two /", proxy)

        def load() -> None:
            nonlocal asked
            while not stop.is_set():
                for host, want in (("crd.test", "200 one /"), ("ingress.test", "200 two /")):
                    asked += 1
                    if (got := proxy.get(host)) != want:
                        wrong.append(f"{host}: {got}")

        thread = threading.Thread(target=load)
        thread.start()
        try:
            for turn in range(4):
                cluster.stop()
                time.sleep(0.5 * turn)
                # A store of its own: other versions, other uids.
                cluster = Cluster(manifests, listen=listen)
                host = f"new{turn}.test"
                cluster.apply(route("new", f"Host(`{host}`)", "one"))
                until(lambda host=host: proxy.get(host), "200 one /", proxy)  # type: ignore[misc]
        finally:
            stop.set()
            thread.join()
            cluster.stop()
    assert wrong == []
    assert asked > 100


def test_tls_and_kubeconfig(tmp_path: Path, backends: tuple[Backend, Backend]) -> None:
    config = tmp_path / "kubeconfig"
    with Cluster(tls=True, kubeconfig=config) as cluster:
        cluster.apply(CRDS)
        cluster.apply(objects(backends))
        assert cluster.kubeconfig == config
        flags = ["--providers.kubernetesCRD=true", "--providers.kubernetesIngress=true"]
        where = {"KUBECONFIG": str(config)}
        with Proxy(DAEMON, tmp_path, *flags, environment=where) as proxy:
            until(lambda: proxy.get("crd.test"), "200 one /", proxy)
            cluster.apply(route("more", "Host(`more.test`)", "one"))
            until(lambda: proxy.get("more.test"), "200 one /", proxy)
        token = [f"--providers.kubernetesCRD.token={cluster.token}"]
        authority = tmp_path / "ca.pem"
        authority.write_text(cluster._keys.authority)
        token.append(f"--providers.kubernetesCRD.certAuthFilePath={authority}")
        token.append(f"--providers.kubernetesCRD.endpoint={cluster.url}")
        with Proxy(DAEMON, tmp_path, *token) as proxy:
            until(lambda: proxy.get("crd.test"), "200 one /", proxy)


def test_one_of_two_replicas_writes_statuses(
    tmp_path: Path, backends: tuple[Backend, Backend]
) -> None:
    def addresses(name: str) -> Any:
        found = cluster.get("ingresses.networking.k8s.io", name, "shop")
        return ((found or {}).get("status", {}).get("loadBalancer") or {}).get("ingress")

    def holder() -> str:
        found = cluster.get("leases.coordination.k8s.io", "gateproof", "default")
        return str((found or {}).get("spec", {}).get("holderIdentity", ""))

    with Cluster() as cluster:
        cluster.apply(CRDS)
        cluster.apply(objects(backends))
        flags = [*both(cluster.url), "--providers.kubernetesIngress.ingressEndpoint.ip=192.0.2.7"]
        with Proxy(DAEMON, tmp_path, *flags) as first:
            until(lambda: addresses("old"), [{"ip": "192.0.2.7"}], first)
            held = holder()
            assert f"_{first.process.pid}_" in held
            with Proxy(DAEMON, tmp_path, *flags) as second:
                until(lambda: second.get("crd.test"), "200 one /", second)
                assert holder() == held
                assert first.end() == 0
                until(lambda: f"_{second.process.pid}_" in holder(), True, second)
                cluster.apply(ingress("late", "late.test", "one"))
                until(lambda: addresses("late"), [{"ip": "192.0.2.7"}], second)


def test_as_traefik_routes(tmp_path: Path, backends: tuple[Backend, Backend]) -> None:
    binary = find_traefik()
    if binary is None:
        pytest.skip("no Traefik binary")
    requests = [
        ("crd.test", "/"), ("ingress.test", "/a"), ("api.test", "/api/y"), ("api.test", "/y"),
        ("lost.test", "/"), ("none.test", "/"),
    ]  # fmt: skip
    with Cluster() as cluster:
        cluster.apply(ALL_CRDS)
        cluster.apply(objects(backends), MIDDLEWARE)
        cluster.apply(
            route("api", "Host(`api.test`)", "one", ", middlewares: [{name: strip}]"),
            route("lost", "Host(`lost.test`)", "nobody"),
        )
        flags = both(cluster.url)
        tokens = [flag.replace(".endpoint=", ".token=").rpartition("=")[0] + "=x" for flag in flags]
        with (
            Proxy(DAEMON, tmp_path, *flags) as ours,
            Proxy(binary, tmp_path, *flags, *tokens) as theirs,
        ):
            for proxy in (ours, theirs):
                until(lambda proxy=proxy: proxy.get("crd.test"), "200 one /", proxy)  # type: ignore[misc]
                until(lambda proxy=proxy: proxy.get("api.test", "/api/y"), "200 one /y", proxy)  # type: ignore[misc]
            for host, path in requests:
                assert ours.get(host, path) == theirs.get(host, path), (host, path)
