"""The fast arm in virtual time: manifests, controllers, gateway and backends in one process."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from gateproof import World
from gateproof.gateway_suite.fast_http import Asked, Exchange
from gateproof.gateway_suite.fast_socket import echo_of
from gateproof.gateway_suite.kube import Object
from gateproof.result import Result
from gateproof.scripts import Response, UpstreamRequest

Key = tuple[str, str, str]  # kind, namespace, name
_FIRST_SECOND = datetime(2026, 1, 1, tzinfo=UTC)
# What an echo server takes as a time to wait: the forms that the suite uses.
_DELAY = re.compile(r"[?&]delay=([0-9.]+)(ms|s)\b")


class WorldArm:
    """See `fast.Arm`. Objects keep the order in which they were made; each is a second younger than
    the one before, as far as the API's time stamps tell ages."""

    def __init__(self, version: str, controller: str, usable: str) -> None:
        self._version, self._controller, self._usable = version, controller, [usable]
        self._world = World(config={"http": {}}, arm="wire")
        self._objects: dict[Key, Object] = {}
        self._made = 0
        self._backends: set[str] = set()
        self._last: Result | None = None

    def apply(self, objects: Sequence[Object]) -> None:
        """See `fast.Arm`."""
        for one in objects:
            body = json.loads(json.dumps(one))
            metadata = body["metadata"]
            key = (body["kind"], metadata.get("namespace", ""), metadata["name"])
            self._made += 1
            metadata["uid"] = f"uid-{self._made}"
            metadata["generation"] = 1
            stamp = _FIRST_SECOND + timedelta(seconds=self._made)
            metadata["creationTimestamp"] = stamp.strftime("%Y-%m-%dT%H:%M:%SZ")
            _encode(body)
            self._objects[key] = body
        self._reload()

    def delete(self, objects: Sequence[Object]) -> None:
        """See `fast.Arm`."""
        for one in objects:
            metadata = one["metadata"]
            self._objects.pop((one["kind"], metadata.get("namespace", ""), metadata["name"]), None)
        self._reload()

    def find(self, kind: str, namespace: str, name: str) -> Object | None:
        """See `fast.Arm`."""
        return self._objects.get((kind, namespace, name))

    def _reload(self) -> None:
        everything = [*self._objects.values(), *self._slices()]
        text = json.dumps({"apiVersion": "v1", "kind": "List", "items": everything})
        statuses = self._world.load_gateway(text, self._version, self._controller, self._usable)
        for kind, namespace, name, _generation, status in statuses:
            self._objects[(kind, namespace, name)]["status"] = json.loads(status)

    def _slices(self) -> Iterator[Object]:
        """What the controllers of Deployments and Services would make."""
        pods = list(self._pods())
        for pod in pods:
            if any(name.endswith("_ECHO_SERVER") for name in pod["env"]):
                continue  # they speak no HTTP
            for address in (f"{pod['ip']}:3000", f"{pod['ip']}:3001"):
                if address not in self._backends:
                    self._backends.add(address)
                    self._world.upstream(address, _echo(pod, address.rpartition(":")[2]))
            secure = f"{pod['ip']}:8443"
            if secure not in self._backends and (pair := self._pair(pod)):
                self._backends.add(secure)
                self._world.upstream(secure, _echo(pod, "3000"), tls=pair)
        for (kind, space, name), service in self._objects.items():
            spec = service.get("spec") or {}
            if kind != "Service" or not spec.get("selector"):
                continue
            wanted = spec["selector"].items()
            mine = [
                pod for pod in pods if pod["namespace"] == space and wanted <= pod["labels"].items()
            ]
            yield _slice(space, name, spec, mine)

    def _pair(self, pod: dict[str, Any]) -> dict[str, str]:
        """The certificate that a pod is given, if it is, and key."""
        for name in pod["secrets"]:
            data = self._objects.get(("Secret", pod["namespace"], name), {}).get("data") or {}
            if "tls.crt" in data and "TLS_SERVER_PRIVKEY" in pod["env"]:
                certificate, key = (base64.b64decode(data[one]) for one in ("tls.crt", "tls.key"))
                return {"certificate": certificate.decode(), "key": key.decode()}
        return {}

    def _pods(self) -> Iterator[dict[str, Any]]:
        for (kind, space, name), body in self._objects.items():
            if kind != "Deployment":
                continue
            template = body["spec"]["template"]
            env = template["spec"]["containers"][0].get("env") or []
            for number in range(body["spec"].get("replicas", 1)):
                at = int(body["metadata"]["uid"].removeprefix("uid-"))
                yield {
                    "name": f"{name}-gp-{number}",
                    "namespace": space,
                    "labels": template["metadata"]["labels"],
                    "ip": f"127.102.{at // 100 % 256}.{at % 100 * 2 + number + 1}",
                    "env": {one["name"]: one.get("value") for one in env},
                    "secrets": [
                        one["secret"]["secretName"]
                        for one in template["spec"].get("volumes") or []
                        if "secret" in one
                    ],
                }

    def exchange(self, address: str, port: int, asked: Asked) -> Exchange:
        """See `fast.Arm`."""
        got = self._world.send(
            asked.method,
            f"http://{asked.host}{asked.path}",
            headers=list(asked.headers),
            entry_point=f"{address}:{port}/tcp",
        )
        self._last = got
        echo = echo_of(got.headers.get("content-type"), got.body, asked)
        return Exchange(got.status, got.headers.items(), echo)

    def why(self) -> list[str]:
        """See `fast.Arm`: the engine's explanation."""
        return self._last.explain().splitlines() if self._last else []


def _encode(body: Object) -> None:
    """What a server does with a Secret's stringData."""
    for name, text in body.pop("stringData", {}).items():
        body.setdefault("data", {})[name] = base64.b64encode(text.encode()).decode()


def _slice(space: str, name: str, spec: dict[str, Any], pods: list[dict[str, Any]]) -> Object:
    ports = []
    for port in spec["ports"]:
        made = {"name": port.get("name", ""), "protocol": port.get("protocol", "TCP")}
        made["port"] = port.get("targetPort", port["port"])
        if "appProtocol" in port:
            made["appProtocol"] = port["appProtocol"]
        ports.append(made)
    return {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {
            "namespace": space,
            "name": f"{name}-gp",
            "labels": {"kubernetes.io/service-name": name},
        },
        "addressType": "IPv4",
        "ports": ports,
        "endpoints": [{"addresses": [pod["ip"]], "conditions": {"ready": True}} for pod in pods],
    }


def _canonical(name: str) -> str:
    """A header's name as a Go server shows it."""
    return "-".join(part[:1].upper() + part[1:].lower() for part in name.split("-"))


def _echo(pod: dict[str, Any], port: str) -> Any:
    """An echo server, as far as one exchange in memory goes."""

    def answer(request: UpstreamRequest) -> Response:
        headers: dict[str, list[str]] = {}
        extra: list[tuple[str, str]] = []
        for name, value in request.headers.items():
            if name.lower() != "host":
                headers.setdefault(_canonical(name), []).append(value)
            if name.lower() == "x-echo-set-header":
                for part in value.split(","):
                    title, colon, text = part.strip().partition(":")
                    if colon:
                        extra.append((title, text))
        seen = {
            "path": request.target,
            "host": request.headers.get("host") or "",
            "method": request.method,
            "headers": headers,
            "namespace": pod["namespace"],
            "pod": pod["name"],
            "httpPort": port,
        }
        lines = [("Content-Type", "application/json"), *extra]
        found = _DELAY.search(request.target)
        delay = float(found[1]) / (1000 if found[2] == "ms" else 1) if found else 0.0
        return Response(headers=lines, body=json.dumps(seen), delay=delay)

    return answer
