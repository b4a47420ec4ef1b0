"""A read-only Kubernetes API server on loopback, enough for one Traefik.

It lists and watches objects from manifests as they are, with the defaults that the real server's
schemas would fill in where Traefik depends on them, and keeps status updates to be read. It
validates nothing: a field of the wrong type reaches Traefik, which the real server would prevent.
"""

from __future__ import annotations

import argparse
import base64
import copy
import json
import re
import threading
import time
from collections.abc import Iterable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit

import yaml

Object = dict[str, Any]

CLUSTER_SCOPED = {"GatewayClass", "IngressClass", "Namespace", "Node"}
PATH = re.compile(
    r"^/(?:api|apis/(?P<group>[^/]+))/(?P<version>[^/]+)"
    r"(?:/namespaces/(?P<ns>[^/]+))?/(?P<resource>[a-z]+)(?:/(?P<name>[^/]+))?(?P<status>/status)?$"
)


def plural(kind: str) -> str:
    """The resource's name in URLs."""
    low = kind.lower()
    if low.endswith("policy"):
        return low[:-1] + "ies"
    return low + ("es" if low.endswith("s") else "s")


def read_manifests(paths: Iterable[Path]) -> list[Object]:
    """Every object of the files; directories are read for *.yaml, *.yml and *.json."""
    objects: list[Object] = []
    for path in paths:
        files = (
            sorted(p for p in path.rglob("*") if p.suffix in {".yaml", ".yml", ".json"})
            if path.is_dir()
            else [path]
        )
        for file in files:
            for document in yaml.safe_load_all(file.read_text(encoding="utf-8")):
                if not isinstance(document, dict):
                    continue
                if document.get("kind") == "List":
                    objects += document.get("items") or []
                elif "kind" in document and "apiVersion" in document:
                    objects.append(document)
    return objects


def _default_route(spec: Object) -> None:
    for parent in spec.get("parentRefs") or []:
        parent.setdefault("group", "gateway.networking.k8s.io")
        parent.setdefault("kind", "Gateway")
    for rule in spec.setdefault("rules", [{"matches": [{}]}]):
        for backend in rule.get("backendRefs") or []:
            backend.setdefault("group", "")
            backend.setdefault("kind", "Service")
            backend.setdefault("weight", 1)


def with_defaults(given: Object) -> Object:
    """The object as the server would store it: stringData in data, defaults of the schemas."""
    o = copy.deepcopy(given)
    kind, spec = o["kind"], o.get("spec") or {}
    meta = o.setdefault("metadata", {})
    if kind not in CLUSTER_SCOPED:
        meta.setdefault("namespace", "default")
    meta.setdefault("uid", f"{kind}-{meta.get('namespace', '')}-{meta.get('name')}")
    meta.setdefault("resourceVersion", "1")
    meta.setdefault("creationTimestamp", "2026-01-01T00:00:00Z")
    if kind == "Secret":
        for key, text in (o.pop("stringData", None) or {}).items():
            o.setdefault("data", {})[key] = base64.b64encode(text.encode()).decode()
        o.setdefault("type", "Opaque")
    if kind == "Service":
        spec.setdefault("type", "ClusterIP")
        for port in spec.get("ports") or []:
            port.setdefault("protocol", "TCP")
    if kind == "EndpointSlice":
        for port in o.get("ports") or []:
            port.setdefault("name", "")
            port.setdefault("protocol", "TCP")
    if kind == "Gateway":
        for listener in spec.get("listeners") or []:
            for ref in (listener.get("tls") or {}).get("certificateRefs") or []:
                ref.setdefault("group", "")
                ref.setdefault("kind", "Secret")
            allowed = listener.setdefault("allowedRoutes", {})
            allowed.setdefault("namespaces", {}).setdefault("from", "Same")
            for item in allowed.get("kinds") or []:
                item.setdefault("group", "gateway.networking.k8s.io")
    if kind in {"HTTPRoute", "GRPCRoute", "TLSRoute", "TCPRoute"}:
        _default_route(spec)
    if kind == "HTTPRoute":
        for rule in spec["rules"]:
            for match in rule.setdefault("matches", [{}]):
                path = match.setdefault("path", {})
                path.setdefault("type", "PathPrefix")
                path.setdefault("value", "/")
    return o


class Store:
    """The objects by resource; `statuses` is what Traefik wrote, by (kind, namespace, name)."""

    def __init__(self, objects: Iterable[Object]) -> None:
        self.statuses: dict[tuple[str, str, str], Any] = {}
        self._lock = threading.Lock()
        self._by_resource: dict[tuple[str, str], dict[tuple[str, str], Object]] = {}
        for given in objects:
            o = with_defaults(given)
            group = o["apiVersion"].rpartition("/")[0]
            names = self._by_resource.setdefault((group, plural(o["kind"])), {})
            names[(o["metadata"].get("namespace", ""), o["metadata"]["name"])] = o

    def select(self, group: str, resource: str, namespace: str | None) -> list[Object]:
        """The objects of a resource, of one namespace or of all."""
        found = self._by_resource.get((group, resource), {})
        with self._lock:
            return [copy.deepcopy(o) for (ns, _), o in found.items() if namespace in {None, ns}]

    def update_status(self, group: str, resource: str, ns: str, name: str, sent: Object) -> Object:
        """Keeps the status sent; the object as it is then."""
        with self._lock:
            o = self._by_resource[(group, resource)][(ns, name)]
            o["status"] = sent.get("status")
            self.statuses[(o["kind"], ns, name)] = o["status"]
            return copy.deepcopy(o)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    store: ClassVar[Store]
    stopped: ClassVar[threading.Event]

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Silent."""

    def _json(self, code: int, body: Any) -> None:
        data = json.dumps(body).encode()
        self.send_response(code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def _chunk(self, event: Object) -> None:
        data = json.dumps(event).encode() + b"\n"
        self.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
        self.wfile.flush()

    def _watch(self, objects: list[Object], kind: str, version: str, initial: bool) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        if initial:
            for o in objects:
                self._chunk({"type": "ADDED", "object": o})
            end = {"k8s.io/initial-events-end": "true"}
            mark = {"resourceVersion": "1", "annotations": end}
            self._chunk(
                {
                    "type": "BOOKMARK",
                    "object": {"kind": kind, "apiVersion": version, "metadata": mark},
                }
            )
        self.stopped.wait()

    def do_GET(self) -> None:
        """List, watch or version."""
        url = urlsplit(self.path)
        if url.path == "/version":
            self._json(200, {"major": "1", "minor": "34", "gitVersion": "v1.34.0"})
            return
        found = PATH.match(url.path)
        if not found:
            self._json(404, {"kind": "Status", "status": "Failure", "code": 404})
            return
        group, query = found["group"] or "", parse_qs(url.query)
        version = f"{group}/{found['version']}" if group else found["version"]
        objects = self.store.select(group, found["resource"], found["ns"])
        if found["name"]:
            named = [o for o in objects if o["metadata"]["name"] == found["name"]]
            self._json(200 if named else 404, named[0] if named else {"kind": "Status"})
            return
        kind = objects[0]["kind"] if objects else KINDS.get(found["resource"], "Unknown")
        if query.get("watch", ["0"])[0] in {"1", "true"}:
            self._watch(objects, kind, version, "sendInitialEvents" in query)
            return
        meta = {"resourceVersion": "1"}
        body = {"kind": kind + "List", "apiVersion": version, "metadata": meta, "items": objects}
        self._json(200, body)

    def do_PUT(self) -> None:
        """An update of a status."""
        sent = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        found = PATH.match(urlsplit(self.path).path)
        if not found or not found["status"]:
            self._json(405, {"kind": "Status", "status": "Failure", "code": 405})
            return
        args = (found["group"] or "", found["resource"], found["ns"] or "", found["name"])
        self._json(200, self.store.update_status(*args, sent))


_ALL_KINDS = (
    "Service Endpoints EndpointSlice Secret ConfigMap Namespace Node Ingress IngressClass "
    "IngressRoute IngressRouteTCP IngressRouteUDP Middleware MiddlewareTCP TraefikService "
    "TLSOption TLSStore ServersTransport ServersTransportTCP GatewayClass Gateway "
    "HTTPRoute GRPCRoute TLSRoute TCPRoute ReferenceGrant BackendTLSPolicy "
).split()
KINDS = {plural(kind): kind for kind in _ALL_KINDS}


class FakeApi:
    """The server while it runs; a context manager."""

    def __init__(self, objects: Iterable[Object], host: str = "127.0.0.1", port: int = 0) -> None:
        self.store = Store(objects)
        self._stopped = threading.Event()
        handler = type("Handler", (_Handler,), {"store": self.store, "stopped": self._stopped})
        self._server = ThreadingHTTPServer((host, port), handler)
        self._server.daemon_threads = True
        self.url = f"http://{host}:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def __enter__(self) -> FakeApi:
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        self._server.shutdown()
        self._server.server_close()


def _forever() -> Iterator[None]:
    while True:
        yield time.sleep(3600)


def main() -> None:
    """Serves manifests until interrupted."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("manifests", nargs="+", type=Path)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0)
    args = parser.parse_args()
    with FakeApi(read_manifests(args.manifests), args.host, args.port) as api:
        print(api.url, flush=True)
        for _ in _forever():
            pass


if __name__ == "__main__":
    main()
