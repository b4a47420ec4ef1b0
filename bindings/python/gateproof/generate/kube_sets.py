"""Draws sets of Kubernetes objects with requests for them, each for a namespace of its own."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources
from typing import Any

from gateproof.case_model import UpstreamScript, UpstreamSpec
from gateproof.generate.grammar import Choices, Grammar, parse_grammar
from gateproof.generate.kube_streams import STREAM_FAMILIES
from gateproof.generate.pairs import Data, SeededChoices
from gateproof.kubernetes.manifests import ServiceSpec

CLUSTER_BATCH = 40
"""Sets that live in one cluster: they share its options."""
_MIDDLEWARES, _TRAEFIK_SERVICES, _ROUTES = 4, 3, 3
_SHA_OF_TEST = "{SHA}qUqP5cyxm6YcTAhz05Hph5gvu9M="
_AT = "@at"


@dataclass(frozen=True)
class KubeSet:
    """Objects in their short form, and requests as `send` of a case has them.

    `prefix` is the namespace. `cluster` is the kind of the cluster, of streams behind the family's
    name, `family` what the routes are.
    """

    prefix: str
    cluster: str
    family: str
    objects: tuple[Data, ...]
    requests: tuple[Data, ...]

    def renamed(self, prefix: str) -> KubeSet:
        """The same in another namespace; nothing in it names its own."""
        return replace(self, prefix=prefix)

    @property
    def size(self) -> int:
        """How long it is, written down."""
        return len(json.dumps([self.objects, self.requests]))


def _answer(status: int = 200, body: str | None = None, **headers: str) -> UpstreamSpec:
    lines = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    script = UpstreamScript(status=status, headers=lines)
    return UpstreamSpec(answers=(replace(script, body=body.encode()) if body else script,))


def services() -> tuple[ServiceSpec, ...]:
    """The Services that every set has."""
    alike = _answer(body="many")
    return (
        ServiceSpec("one", "${ns}", _answer(X_Up="1"), {"http": 80, "admin": 8080}),
        ServiceSpec("many1", "${ns}", alike),
        ServiceSpec("many2", "${ns}", alike),
        ServiceSpec("pods", "${ns}", _answer(body="pods"), pods=3),
        ServiceSpec("none", "${ns}", pods=0),
        ServiceSpec("fail", "${ns}", _answer(503, "failed")),
        ServiceSpec("far", "${ns}-b", _answer()),
        ServiceSpec("h2", "${ns}", _answer(), app_protocol="odd"),
        ServiceSpec(
            "sticky", "${ns}", _answer(),
            annotations={
                "traefik.ingress.kubernetes.io/service.sticky.cookie": "true",
                "traefik.ingress.kubernetes.io/service.sticky.cookie.name": "sid",
                "traefik.ingress.kubernetes.io/service.passhostheader": "false",
            },
        ),
        ServiceSpec(
            "odd", "${ns}", _answer(),
            annotations={"traefik.ingress.kubernetes.io/service.lost": "1"},
        ),
        ServiceSpec(
            "native", "${ns}", _answer(),
            annotations={"traefik.ingress.kubernetes.io/service.nativelb": "true"},
        ),
    )  # fmt: skip


def _secret(name: str, data: Mapping[str, str], kind: str = "Opaque") -> Data:
    return {"kind": "Secret", "name": name, "type": kind, "stringData": dict(data)}


def surroundings() -> list[Data]:
    """Objects that every set has beside its Services."""
    users = f"u:{_SHA_OF_TEST}\nv:{_SHA_OF_TEST}\n"
    pair = {"tls.crt": "${crt:wild}", "tls.key": "${key:wild}"}
    return [
        {"kind": "Namespace", "name": "${ns}"},
        {"kind": "Namespace", "name": "${ns}-b"},
        _secret("users", {"users": users}),
        _secret("map", {"u": _SHA_OF_TEST, "v": _SHA_OF_TEST}),
        _secret("kind", {"username": "u", "password": "test"}, "kubernetes.io/basic-auth"),
        _secret("digest", {"users": "u:r:5e8e5b0ee8d3e0b9d0f5bdfd6a1a2f9b"}),
        _secret("nginx-users", {"auth": f"# people\n{users}"}),
        _secret("empty", {}),
        _secret("cert", pair, "kubernetes.io/tls"),
        {"kind": "ConfigMap", "name": "fields", "data": {"X-A": "1; x"}},
        {"kind": "ConfigMap", "name": "other", "data": {"X-Other": "1"}},
        {
            "kind": "Service", "name": "out",
            "spec": {
                "type": "ExternalName", "externalName": "127.0.0.1",
                "ports": [{"name": "http", "port": "${port:many1}", "targetPort": "${port:many1}"}],
            },
        },
        {
            "kind": "Service", "name": "tls",
            "spec": {"clusterIP": "127.0.0.1", "ports": [{"name": "https", "port": 443}]},
        },
        {"kind": "ServersTransport", "name": "fast", "spec": {"maxIdleConnsPerHost": 3}},
        {"kind": "TLSOption", "name": "strict", "spec": {"minVersion": "VersionTLS13"}},
        {"kind": "Middleware", "name": "m0", "namespace": "${ns}-b",
         "spec": {"addPrefix": {"prefix": "/far"}}},
    ]  # fmt: skip


class _Draw:
    def __init__(self, grammar: Grammar, choices: Choices) -> None:
        self._grammar = grammar
        self._choices = choices
        self._routes = 0
        self._paths: list[str] = []

    def below(self, count: int) -> int:
        return self._choices.below(count)

    def value(self, name: str) -> Any:
        """A value in which each route has a path of its own."""
        drawn = self._grammar.draw(name, self._choices)
        return self._placed(drawn)

    def _placed(self, node: Any) -> Any:
        """Elements of a list are routes, paths or rules: what is in one of them has one path."""
        if isinstance(node, list):
            return [self._one(one) for one in node]
        if isinstance(node, dict):
            return {key: self._placed(one) for key, one in node.items()}
        return node

    def _one(self, node: Any) -> Any:
        text = json.dumps(node)
        if _AT not in text:
            return node
        self._routes += 1
        path = f"/r{self._routes}"
        self._paths.append(path)
        return json.loads(text.replace(_AT, path))

    def path(self) -> str:
        return self._paths[self.below(len(self._paths))] if self._paths else "/r1"

    # ---- families

    def crd(self) -> list[Data]:
        out = self.middlewares()
        for number in range(_TRAEFIK_SERVICES):
            # Of a circle Traefik makes nothing at all, of the whole cluster's CRDs.
            text = json.dumps(self.value("traefik-service-spec"))
            for other in range(number, _TRAEFIK_SERVICES):
                text = text.replace(f'"t{other}"', '"lost"')
            spec = json.loads(text)
            out.append({"kind": "TraefikService", "name": f"t{number}", "spec": spec})
        for number in range(1 + self.below(_ROUTES)):
            spec = self.value("ingress-route")
            out.append({"kind": "IngressRoute", "name": f"i{number}", "spec": spec})
        return out

    def middlewares(self) -> list[Data]:
        out = []
        for number in range(_MIDDLEWARES):
            spec = self._grammar.draw("middleware-spec", self._choices)
            spec = json.loads(json.dumps(spec).replace(_AT, "/r1"))
            out.append({"kind": "Middleware", "name": f"m{number}", "spec": spec})
        return out

    def _ingresses(self, path: str, annotations: str, more: Callable[[], Data]) -> list[Data]:
        out = []
        for number in range(1 + self.below(_ROUTES)):
            paths = self._placed([
                self._grammar.draw(path, self._choices) for _ in range(1 + self.below(2))
            ])  # fmt: skip
            rule = {"host": "${host}", "http": {"paths": paths}}
            written = self._grammar.draw(annotations, self._choices)
            spec = {**more(), "rules": [rule]}
            out.append(
                {"kind": "Ingress", "name": f"g{number}", "annotations": written, "spec": spec}
            )
        return out

    def ingress(self) -> list[Data]:
        routes = self._ingresses(
            "ingress-path", "router-annotations", lambda: self.value("ingress-class")
        )
        return [*self.middlewares(), *routes]

    def nginx(self) -> list[Data]:
        return self._ingresses(
            "nginx-path", "nginx-annotations", lambda: {"ingressClassName": "nginx"}
        )

    def gateway(self) -> list[Data]:
        out = self.middlewares()
        out.append({"kind": "Gateway", "name": "g", "spec": self.value("gateway")})
        if self.below(3) == 0:
            grant = {"kind": "ReferenceGrant", "name": "far", "namespace": "${ns}-b"}
            out.append({**grant, "spec": self.value("grant")})
        for number in range(1 + self.below(_ROUTES)):
            spec = self.value("http-route")
            out.append({"kind": "HTTPRoute", "name": f"h{number}", "spec": spec})
        return out

    # ---- families of streams

    def _several(self, kind: str, name: str, letter: str) -> list[Data]:
        count = 1 + self.below(_ROUTES)
        return [
            {"kind": kind, "name": f"{letter}{n}", "spec": self._grammar.draw(name, self._choices)}
            for n in range(count)
        ]  # fmt: skip

    def streams(self) -> list[Data]:
        out = [
            {"kind": "MiddlewareTCP", "name": f"m{n}", "spec": self.value("tcp-middleware-spec")}
            for n in range(2)
        ]
        for kind, name in (
            ("ServersTransportTCP", "tcp-transport"), ("TLSStore", "tls-store"),
            ("IngressRoute", "tls-ingress-route"), ("IngressRouteUDP", "udp-route"),
        ):  # fmt: skip
            if self.below(2):
                out.append({"kind": kind, "name": "x", "spec": self.value(name)})
        return out + self._several("IngressRouteTCP", "tcp-route", "r")

    def routes(self) -> list[Data]:
        out: list[Data] = [
            {"kind": "Gateway", "name": "g", "spec": self.value("stream-gateway")},
            {"kind": "Middleware", "name": "m0", "spec": {"addPrefix": {"prefix": "/m"}}},
        ]
        if self.below(3) == 0:
            grant = {"kind": "ReferenceGrant", "name": "far", "namespace": "${ns}-b"}
            out.append({**grant, "spec": self.value("stream-grant")})
        for kind, name in (
            ("TLSRoute", "gateway-tls-route"), ("TCPRoute", "gateway-tcp-route"),
            ("GRPCRoute", "grpc-route"),
        ):  # fmt: skip
            if self.below(2):
                out += self._several(kind, name, kind[:2].lower())
        return out

    def stream_request(self) -> Data:
        sent: Data = self._grammar.draw("stream-request", self._choices)
        return sent

    def request(self) -> Data:
        path = self._grammar.draw("request-path", self._choices).replace(_AT, self.path())
        host = self._grammar.draw("request-host", self._choices)
        out: Data = {"method": self._grammar.draw("request-method", self._choices)}
        out["url"] = f"http://{host}{path}"
        if self.below(4) == 0:
            out["url"] = f"https://{host}{path}"
            out["entry_point"] = "websecure"
        count = self.below(3)
        headers = [self._grammar.draw("request-header", self._choices) for _ in range(count)]
        if headers:
            out["headers"] = headers
        if out["method"] == "POST":
            out["body"] = "hello"
        return out


FAMILIES = ("crd", "ingress", "gateway", "nginx", *STREAM_FAMILIES)
_STREAM_BATCHES = 4  # each fourth batch, since what they have would disturb others


def draw_set(
    grammar: Grammar, choices: Choices, prefix: str, cluster: str, family: str, requests: int
) -> KubeSet:
    """Objects of one family and `requests` requests for them."""
    draw = _Draw(grammar, choices)
    objects = getattr(draw, family)()
    asked = draw.stream_request if family in STREAM_FAMILIES else draw.request
    sent = tuple(asked() for _ in range(requests))
    return KubeSet(prefix, cluster, family, tuple(objects), sent)


def seeded_sets(
    grammar: Grammar, seed: int, requests: int, families: tuple[str, ...] = FAMILIES
) -> Iterator[KubeSet]:
    """Sets without end; the n-th one of a seed is always the same."""
    kinds = [name for name, kind in grammar.entries.items() for _ in range(kind.share)]
    http = [one for one in families if one not in STREAM_FAMILIES]
    number = 0
    while True:
        batch = number // CLUSTER_BATCH
        cluster = kinds[SeededChoices(f"kubernetes/{seed}/{batch}").below(len(kinds))]
        family = http[number % len(http)] if http else ""
        if stream := _stream_family(batch, families):
            family, cluster = stream, f"{stream}-{cluster}"
        choices = SeededChoices(f"kubernetes/{seed}/{number}")
        yield draw_set(grammar, choices, f"k{number}x", cluster, family, requests)
        number += 1


def _stream_family(batch: int, families: tuple[str, ...]) -> str:
    """The family of all sets of a batch; empty: it is none of streams."""
    streams = [one for one in families if one in STREAM_FAMILIES]
    if not streams or (len(streams) < len(families) and batch % _STREAM_BATCHES != 1):
        return ""
    every = _STREAM_BATCHES if len(streams) < len(families) else 1
    return streams[batch // every % len(streams)]


@cache
def kube_grammar() -> Grammar:
    """The grammar of the package."""
    file = resources.files("gateproof") / "data" / "kubernetes.yaml"
    return parse_grammar(file.read_text(encoding="utf-8"))
