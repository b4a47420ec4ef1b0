"""The fast arm over sockets: any API server, and whatever gateway reads it."""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Sequence

from gateproof.errors import GateproofError
from gateproof.gateway_suite.fast_http import Asked, Echo, Exchange
from gateproof.gateway_suite.kube import Kube, Object

REQUEST_SECONDS, READY_SECONDS = 15.0, 15.0


class SocketArm:
    """See `fast.Arm`."""

    def __init__(self, kube: Kube) -> None:
        self._kube = kube
        self._collections: dict[str, dict[str, tuple[str, bool]]] = {}

    def _path(self, version: str, kind: str, namespace: str) -> str:
        if version not in self._collections:
            self._collections[version] = self._kube.collections(version)
        path, namespaced = self._collections[version][kind]
        if not namespaced:
            return path
        base, _, resource = path.rpartition("/")
        return f"{base}/namespaces/{namespace}/{resource}"

    def apply(self, objects: Sequence[Object]) -> None:
        """See `fast.Arm`."""
        for one in objects:
            space = one["metadata"].get("namespace", "default")
            self._kube.apply(self._path(one["apiVersion"], one["kind"], space), one)
        if any(one["kind"] == "Deployment" for one in objects):
            self._wait_for_pods()

    def _wait_for_pods(self) -> None:
        """Backends are processes of their own: they listen a moment after they are made."""
        end = time.monotonic() + READY_SECONDS
        while True:
            waiting = [
                one["metadata"]["name"]
                for one in self._kube.get("/api/v1/pods").get("items", [])
                if not any(
                    (condition["type"], condition["status"]) == ("Ready", "True")
                    for condition in (one.get("status") or {}).get("conditions") or []
                )
            ]
            if not waiting:
                return
            if time.monotonic() > end:
                raise GateproofError(f"pods are not ready: {', '.join(waiting)}")
            time.sleep(0.02)

    def delete(self, objects: Sequence[Object]) -> None:
        """See `fast.Arm`."""
        for one in objects:
            space = one["metadata"].get("namespace", "default")
            path = self._path(one["apiVersion"], one["kind"], space)
            self._kube.delete(f"{path}/{one['metadata']['name']}")

    def find(self, kind: str, namespace: str, name: str) -> Object | None:
        """See `fast.Arm`."""
        try:
            path = self._path("gateway.networking.k8s.io/v1", kind, namespace)
        except KeyError:
            return None
        return self._kube.find(f"{path}/{name}")

    def exchange(self, address: str, port: int, asked: Asked) -> Exchange:
        """See `fast.Arm`; status 0 is no answer."""
        link = http.client.HTTPConnection(address, port, timeout=REQUEST_SECONDS)
        try:
            link.putrequest(asked.method, asked.path, skip_host=True, skip_accept_encoding=True)
            link.putheader("Host", asked.host)
            for name, value in asked.headers:
                link.putheader(name, value)
            link.endheaders()
            answer = link.getresponse()
            body = answer.read()
        except (OSError, http.client.HTTPException) as problem:
            return Exchange(0, (("x-error", repr(problem)),), Echo())
        finally:
            link.close()
        lines = tuple(answer.getheaders())
        return Exchange(
            answer.status, lines, echo_of(answer.getheader("Content-Type"), body, asked)
        )

    def why(self) -> list[str]:
        """See `fast.Arm`: nothing is known from outside."""
        return []


def echo_of(kind: str | None, body: bytes, asked: Asked) -> Echo:
    """What an echo backend says that it saw; as the suite, an answer of no backend counts as one
    that saw the method only."""
    if kind != "application/json":
        return Echo(method=asked.method)
    seen = json.loads(body)
    headers = tuple((name, value) for name, all_ in seen["headers"].items() for value in all_)
    return Echo(
        seen["path"],
        seen["host"],
        seen["method"],
        headers,
        seen.get("namespace", ""),
        seen.get("pod", ""),
        seen.get("httpPort", ""),
    )
