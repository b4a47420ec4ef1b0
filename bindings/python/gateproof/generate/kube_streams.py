"""What sets of TCP, TLS and UDP routes have beside other sets: entry points, servers, requests.

A router that takes every connection of an entry point would take those of other sets too, so each
set of a cluster has one entry point for TCP and one for UDP of its own, `@tcp` and `@udp`.
"""

from __future__ import annotations

import json
import re
from typing import Any

from gateproof.case_model import (
    RequestSpec,
    StreamSend,
    StreamUpstream,
    TlsServer,
    TlsSpec,
    UpstreamSpec,
)
from gateproof.generate.as_case import request_spec
from gateproof.generate.pairs import Data
from gateproof.kubernetes.manifests import ServiceSpec
from gateproof.rawtcp import client_hello

STREAM_FAMILIES = ("streams", "routes")
"""Objects of the CRDs, and of the Gateway API."""
SLOTS = 40
_NUMBER = re.compile(r"[0-9]+")
_TCP, _UDP, _HOST = "@tcp", "@udp", "${host}"


def stream_entry_points() -> Data:
    """Those of a cluster of such sets, beside the usual ones."""
    tcp: Data = {f"tcp{slot}": {} for slot in range(SLOTS)}
    return tcp | {f"udp{slot}": {"address": "/udp"} for slot in range(SLOTS)} | {"base": {}}


def placed(value: Any, prefix: str) -> Any:
    """A copy in which `@tcp` and `@udp` are the entry points of the set with this prefix.

    Sets of one cluster are numbered in a row, so that no two of them have the same.
    """
    slot = int([0, *_NUMBER.findall(prefix)][-1]) % SLOTS
    text = json.dumps(value).replace(_TCP, f"tcp{slot}").replace(_UDP, f"udp{slot}")
    return json.loads(text)


def asked_offline(sent: Data) -> bool:
    """Whether virtual time can send it: no bytes inside TLS."""
    return "tcp" not in sent or "tls" not in sent


def stream_request(sent: Data, prefix: str) -> RequestSpec:
    """A request of such a set, as `send` of a case has it, as arms take it."""
    fields = placed(sent, prefix)
    tls = fields.pop("tls", None)
    if tls is not None:
        fields["tls"] = TlsSpec(**{**tls, "alpn": tuple(tls.get("alpn", ()))})
    if "tcp" not in fields and "udp" not in fields:
        return request_spec(fields)
    udp = "udp" in fields
    pieces = fields.pop("udp" if udp else "tcp")
    made = tuple(_piece(one, f"{prefix}.test") for one in pieces)
    return RequestSpec(stream=StreamSend(made, udp=udp), **fields)


def _piece(given: Any, host: str) -> bytes:
    if isinstance(given, str):
        return given.encode()
    hello = given["hello"]
    return client_hello(hello["sni"].replace(_HOST, host), tuple(hello.get("alpn", ())))


def written_request(sent: Data, name: str) -> Data:
    """The same as the case `name` of a file has it: there a hello has no placeholders."""
    text = json.dumps(placed(sent, name))
    if '"hello"' in text:
        text = text.replace(_HOST, f"{name}.test")
    out: Data = json.loads(text)
    return out


def _says(what: str) -> UpstreamSpec:
    """Says it once it heard something, and closes: clients of TLS and HTTP would wait."""
    return UpstreamSpec(stream=StreamUpstream(greeting=b"", reply=what.encode(), close_after=1))


def stream_services() -> tuple[ServiceSpec, ...]:
    """Services whose servers speak bytes, TLS or HTTP/2."""
    ns = "${ns}"
    return (
        ServiceSpec("bytes", ns, _says("bytes"), {"http": 80, "admin": 8080}),
        ServiceSpec("tcp-many1", ns, _says("many")),
        ServiceSpec("tcp-many2", ns, _says("many")),
        ServiceSpec("tcp-pods", ns, _says("pods"), pods=3),
        ServiceSpec("tcp-far", "${ns}-b", _says("far")),
        ServiceSpec("tcp-safe", ns, UpstreamSpec(tls=TlsServer())),
        ServiceSpec("datagrams", ns, UpstreamSpec(stream=StreamUpstream(udp=True))),
        ServiceSpec("grpc", ns, UpstreamSpec(http2=True)),
        ServiceSpec("grpc-h2c", ns, UpstreamSpec(http2=True), app_protocol="kubernetes.io/h2c"),
        ServiceSpec("grpc-odd", ns, UpstreamSpec(http2=True), app_protocol="odd"),
    )


def stream_surroundings() -> list[Data]:
    """Objects that such sets may name."""
    new = {"minVersion": "VersionTLS13"}
    auth = {"clientAuthType": "RequireAndVerifyClientCert", "secretNames": ["root"]}
    port = "${port:bytes:http}"
    kinds: dict[str, Data] = {
        "old": {"maxVersion": "VersionTLS12"},
        "words": {"alpnProtocols": ["one", "http/1.1"]},
        "a.b": new,
        "mutual": {"clientAuth": auth},
        "sni": {"sniStrict": True},
        "wrong": {"minVersion": "VersionTLS99"},
    }
    options: list[Data] = [{"kind": "TLSOption", "name": n, "spec": s} for n, s in kinds.items()]
    for name, of in (("cert-a", "a"), ("cert-server", "server"), ("wild", "wild")):
        pair = {"tls.crt": f"${{crt:{of}}}", "tls.key": f"${{key:{of}}}"}
        options.append({"kind": "Secret", "name": name, "stringData": pair})
    return [
        *options,
        {"kind": "Secret", "name": "root", "stringData": {"ca.crt": "${crt:root}"}},
        {"kind": "Secret", "name": "lone", "stringData": {"any": "${crt:root}"}},
        {"kind": "ConfigMap", "name": "roots", "data": {"tls.ca": "${crt:root}"}},
        {
            "kind": "Service", "name": "tcp-out",
            "spec": {
                "type": "ExternalName", "externalName": "127.0.0.1",
                "ports": [{"name": "http", "port": port, "targetPort": port}],
            },
        },
        {
            "kind": "Service", "name": "tcp-node",
            "spec": {
                "type": "NodePort", "clusterIP": "127.0.0.9",
                "ports": [{"name": "http", "port": 80, "nodePort": port}],
            },
        },
    ]  # fmt: skip


def base_routes() -> list[Data]:
    """A TLSRoute that every set of Gateway routes has: once there is one in a cluster, Traefik
    closes TLS to names that nobody has, on every entry point."""
    listener = {
        "name": "tls", "protocol": "TLS", "port": "${port:base}", "hostname": "base.${host}",
        "tls": {"mode": "Passthrough"},
    }  # fmt: skip
    return [
        {"kind": "Gateway", "name": "base",
         "spec": {"gatewayClassName": "traefik", "listeners": [listener]}},
        {"kind": "TLSRoute", "name": "base",
         "spec": {"parentRefs": [{"name": "base"}], "hostnames": ["base.${host}"], "rules": [
             {"backendRefs": [{"name": "bytes", "port": 80}]}]}},
    ]  # fmt: skip
