"""Manifests of cases: the short form in which they are written, and Services of their servers."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from gateproof.case_model import UpstreamSpec

Object = dict[str, Any]

_TRAEFIK = "traefik.io/v1alpha1"
_GATEWAY = "gateway.networking.k8s.io"
API_VERSIONS: dict[str, str] = {
    **dict.fromkeys(("Service", "Secret", "ConfigMap", "Namespace", "Node"), "v1"),
    "EndpointSlice": "discovery.k8s.io/v1",
    **dict.fromkeys(("Ingress", "IngressClass"), "networking.k8s.io/v1"),
    **dict.fromkeys(("GatewayClass", "Gateway", "HTTPRoute", "GRPCRoute"), f"{_GATEWAY}/v1"),
    **dict.fromkeys(("TCPRoute", "TLSRoute"), f"{_GATEWAY}/v1alpha2"),
    "ReferenceGrant": f"{_GATEWAY}/v1beta1",
    "BackendTLSPolicy": f"{_GATEWAY}/v1",
}
TRAEFIK_KINDS = (
    "IngressRoute", "IngressRouteTCP", "IngressRouteUDP", "Middleware", "MiddlewareTCP",
    "TraefikService", "TLSOption", "TLSStore", "ServersTransport", "ServersTransportTCP",
)  # fmt: skip
API_VERSIONS |= dict.fromkeys(TRAEFIK_KINDS, _TRAEFIK)
CLUSTER_SCOPED = ("GatewayClass", "IngressClass", "Namespace", "Node")
_METADATA = ("name", "namespace", "labels", "annotations")


@dataclass(frozen=True)
class ServiceSpec:
    """A Service of a case: `pods` servers on each of its ports, all with the same script.

    `more` are further fields of its spec. A server is called as the Service, with `-N` if there
    are several pods and `:port` if there are several ports.
    """

    name: str
    namespace: str
    server: UpstreamSpec = field(default_factory=UpstreamSpec)
    ports: Mapping[str, int] = field(default_factory=lambda: {"http": 80})
    pods: int = 1
    annotations: Mapping[str, str] = field(default_factory=dict)
    more: Mapping[str, Any] = field(default_factory=dict)
    app_protocol: str = ""

    def server_name(self, pod: int, port: str) -> str:
        """The name of one server; pods count from 1."""
        name = self.name if self.pods < 2 else f"{self.name}-{pod}"
        return name if len(self.ports) < 2 else f"{name}:{port}"

    def servers(self) -> dict[str, UpstreamSpec]:
        """All servers by name."""
        pods = range(1, self.pods + 1)
        return {self.server_name(pod, port): self.server for pod in pods for port in self.ports}

    def hosts(self) -> dict[str, str]:
        """The loopback address of each server: a pod has its own, which proxies tell pods by."""
        pods = range(1, self.pods + 1)
        return {self.server_name(pod, at): f"127.0.0.{pod}" for pod in pods for at in self.ports}

    @property
    def protocol(self) -> str:
        """TCP or UDP."""
        return "UDP" if self.server.stream is not None and self.server.stream.udp else "TCP"

    def objects(self, addresses: Mapping[str, str]) -> Iterator[Object]:
        """The Service, and a slice for each pod."""
        ports = [
            {"name": name, "port": port, "protocol": self.protocol}
            | ({"appProtocol": self.app_protocol} if self.app_protocol else {})
            for name, port in self.ports.items()
        ]
        where = {"namespace": self.namespace}
        yield {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": self.name, **where, "annotations": dict(self.annotations)},
            "spec": {"ports": ports, **self.more},
        }
        for pod in range(1, self.pods + 1):
            at = {
                name: addresses[self.server_name(pod, name)].rpartition(":") for name in self.ports
            }
            yield {
                "apiVersion": "discovery.k8s.io/v1",
                "kind": "EndpointSlice",
                "metadata": {
                    "name": f"{self.name}-{pod}", **where,
                    "labels": {"kubernetes.io/service-name": self.name},
                },
                "addressType": "IPv4",
                "ports": [
                    {**port, "port": int(at[str(port["name"])][2])} for port in ports
                ],
                "endpoints": [
                    {
                        "addresses": sorted({host for host, _, _ in at.values()}),
                        "conditions": {"ready": True, "serving": True},
                    }
                ],
            }  # fmt: skip


def whole(given: Mapping[str, Any], namespace: str) -> Object:
    """An object from its short form: `name`, `namespace`, `labels` and `annotations` stand for
    its metadata, the API version follows from the kind. Raises ValueError for an unknown kind."""
    kind = str(given.get("kind", ""))
    version = given.get("apiVersion") or API_VERSIONS.get(kind)
    if not version:
        raise ValueError(f"kind {kind!r} needs an apiVersion; known are {', '.join(API_VERSIONS)}")
    metadata = {key: given[key] for key in _METADATA if key in given}
    metadata |= given.get("metadata") or {}
    if kind not in CLUSTER_SCOPED:
        metadata.setdefault("namespace", namespace)
    rest = {
        key: value
        for key, value in given.items()
        if key not in (*_METADATA, "metadata", "apiVersion", "kind")
    }
    return {"apiVersion": version, "kind": kind, "metadata": metadata, **rest}


def manifest(objects: Sequence[Object]) -> str:
    """The objects as one manifest; JSON is YAML, and written at once."""
    return "\n---\n".join(json.dumps(one, indent=1) for one in objects) + "\n"


def traefik_crds() -> str:
    """The kinds of Traefik without schemas: what is checked of them is what proxies check."""
    return manifest([_crd(kind) for kind in TRAEFIK_KINDS])


def _crd(kind: str) -> Object:
    single = kind.lower()
    schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    version = {
        "name": "v1alpha1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema},
    }  # fmt: skip
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{single}s.traefik.io"},
        "spec": {
            "group": "traefik.io",
            "scope": "Namespaced",
            "names": {
                "kind": kind, "plural": f"{single}s", "singular": single, "listKind": f"{kind}List",
            },
            "versions": [version],
        },
    }  # fmt: skip
