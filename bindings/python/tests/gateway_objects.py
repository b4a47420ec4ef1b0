"""Gateway API objects with everything that Traefik tells about them."""

from __future__ import annotations

import json
import textwrap
from pathlib import Path
from typing import Any

import gateproof

API = "gateway.networking.k8s.io"


CERTIFICATES = Path(gateproof.__file__).parent / "data" / "certificates"


def pem(name: str) -> str:
    """A certificate or a key of the package's own."""
    return (CERTIFICATES / name).read_text()


def secret(name: str, ns: str = "shop", **data: str) -> str:
    """A Secret; in names of keys `_` stands for `.`."""
    body = "".join(
        f"  {key.replace('_', '.')}: |\n{textwrap.indent(text, '    ')}\n"
        for key, text in data.items()
    )
    head = f"---\napiVersion: v1\nkind: Secret\nmetadata: {{name: {name}, namespace: {ns}}}\n"
    return f"{head}stringData:\n{body}"


def service(name: str, port: int, ns: str = "shop", address: str = "127.0.0.1") -> str:
    """A Service with ports of every kind; `http` leads to a port of this machine."""
    return f"""\
---
apiVersion: v1
kind: Service
metadata: {{name: {name}, namespace: {ns}}}
spec:
  ports:
    - {{name: http, port: 80}}
    - {{name: https, port: 443}}
    - {{name: h2c, port: 81, appProtocol: kubernetes.io/h2c}}
    - {{name: wss, port: 83, appProtocol: kubernetes.io/wss}}
    - {{name: plain, port: 84, appProtocol: http}}
    - {{name: secure, port: 85, appProtocol: https}}
    - {{name: odd, port: 86, appProtocol: example.org/odd}}
    - {{name: udp, port: 53, protocol: UDP}}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {{name: {name}-1, namespace: {ns}, labels: {{kubernetes.io/service-name: {name}}}}}
addressType: IPv4
ports:
  - {{name: http, port: {port}, protocol: TCP}}
  - {{name: https, port: {port}, protocol: TCP}}
  - {{name: h2c, port: {port}, protocol: TCP}}
  - {{name: udp, port: {port}, protocol: UDP}}
endpoints:
  - {{addresses: ["{address}"], conditions: {{ready: true}}}}
  - {{addresses: ["127.0.0.9"], conditions: {{ready: false, serving: true, terminating: true}}}}
"""


def route(name: str, parents: str, rules: str, kind: str = "HTTPRoute", hosts: str = "") -> str:
    """A route of namespace shop."""
    version = "v1alpha2" if kind == "TCPRoute" else "v1"
    hostnames = f"hostnames: [{hosts}], " if hosts else ""
    return f"""\
---
apiVersion: {API}/{version}
kind: {kind}
metadata: {{name: {name}, namespace: shop}}
spec: {{{hostnames}parentRefs: {parents}, rules: {rules}}}
"""


def gateway(name: str, listeners: list[str]) -> str:
    """A Gateway of namespace shop."""
    return f"""\
---
apiVersion: {API}/v1
kind: Gateway
metadata: {{name: {name}, namespace: shop}}
spec: {{gatewayClassName: traefik, listeners: [{", ".join(listeners)}]}}
"""


def policy(name: str, target: str, validation: str, section: str = "") -> str:
    """A BackendTLSPolicy of namespace shop."""
    more = f", sectionName: {section}" if section else ""
    return f"""\
---
apiVersion: {API}/v1
kind: BackendTLSPolicy
metadata: {{name: {name}, namespace: shop}}
spec:
  targetRefs: [{{group: "", kind: Service, name: {target}{more}}}]
  validation: {validation}
"""


BASE = f"""\
apiVersion: v1
kind: Namespace
metadata: {{name: shop, labels: {{shared: "yes"}}}}
---
apiVersion: v1
kind: Namespace
metadata: {{name: other}}
---
apiVersion: {API}/v1
kind: GatewayClass
metadata: {{name: traefik}}
spec: {{controllerName: traefik.io/gateway-controller}}
---
apiVersion: {API}/v1
kind: GatewayClass
metadata: {{name: foreign}}
spec: {{controllerName: example.org/other}}
"""

BACKENDS = {
    "ok": "{name: back, port: 80}",
    "missing": "{name: nobody, port: 80}",
    "external": "{name: ext, port: 80}",
    "no-port": "{name: back, port: 99}",
    "udp": "{name: back, port: 53}",
    "odd": "{name: back, port: 86}",
    "h2c": "{name: back, port: 81}",
    "wss": "{name: back, port: 83}",
    "plain": "{name: back, port: 84}",
    "secure": "{name: back, port: 85}",
    "sliceless": "{name: sliceless, port: 80}",
    "refused": "{name: back, namespace: other, port: 80}",
    "granted": "{name: granted, namespace: other, port: 80}",
    "kind": "{group: example.org, kind: Thing, name: t, port: 80}",
    "traefik": "{group: traefik.io, kind: TraefikService, name: ts}",
    "file": "{group: traefik.io, kind: TraefikService, name: ts@file}",
    "file-ns": "{group: traefik.io, kind: TraefikService, namespace: shop, name: ts@file}",
    "internal": "{group: traefik.io, kind: TraefikService, name: api@internal}",
    "two": "{name: back, port: 80, weight: 3}, {name: nobody, port: 80}",
    "none": "",
}


def routes_of_every_kind() -> str:
    """Each kind of route with each backend, on Gateway `all`."""
    out = ""
    for kind, short in (
        ("HTTPRoute", "h"), ("GRPCRoute", "g"), ("TCPRoute", "t"), ("TLSRoute", "s"),
    ):  # fmt: skip
        for name, backend in BACKENDS.items():
            # The API wants one at least of those that carry bytes.
            if not backend and kind in {"TCPRoute", "TLSRoute"}:
                continue
            host = "" if kind == "TCPRoute" else f"{name}.{short}.test"
            rules = f"[{{backendRefs: [{backend}]}}]"
            out += route(f"{short}-{name}", "[{name: all}]", rules, kind, host)
    return out


def listeners(web: int, secure: int, tcp: int, only_tls: int) -> list[str]:
    """Listeners that are sound, and each way not to be."""
    good = "certificateRefs: [{name: pair}]"
    rows = [
        ("http", f"protocol: HTTP, port: {web}"),
        ("again", f"protocol: HTTP, port: {web}"),
        ("all", f"protocol: HTTP, port: {web}, hostname: all.test, "
                "allowedRoutes: {namespaces: {from: All}}"),
        ("chosen", f"protocol: HTTP, port: {web}, hostname: '*.chosen.test', allowedRoutes: "
                   "{namespaces: {from: Selector, selector: {matchLabels: {shared: 'yes'}}}}"),
        ("nowhere", "protocol: HTTP, port: 1"),
        ("plain-on-tls", f"protocol: HTTP, port: {only_tls}"),
        ("grpc", f"protocol: HTTP, port: {web}, hostname: grpc.test, "
                 "allowedRoutes: {kinds: [{kind: GRPCRoute}]}"),
        ("wrong-kind", f"protocol: HTTP, port: {web}, hostname: wrong.test, "
                       "allowedRoutes: {kinds: [{kind: TCPRoute}]}"),
        ("udp", f"protocol: UDP, port: {web}"),
        ("https", f"protocol: HTTPS, port: {secure}, hostname: a.test, tls: {{{good}}}"),
        ("pass", f"protocol: TLS, port: {secure}, hostname: p.test, tls: {{mode: Passthrough}}"),
        ("ends", f"protocol: TLS, port: {secure}, hostname: e.test, tls: {{{good}}}"),
        ("tcp", f"protocol: TCP, port: {tcp}"),
    ]  # fmt: skip
    for name, refs in (
        ("missing", "[{name: nobody}]"),
        ("half", "[{name: half}]"),
        ("garbage", "[{name: garbage}]"),
        ("mixed", "[{name: mixed}]"),
        ("foreign", "[{name: pair, namespace: other}]"),
        ("not-a-secret", "[{name: pair, kind: ConfigMap}]"),
    ):
        tls = f"{{certificateRefs: {refs}}}"
        rows.append((name, f"protocol: HTTPS, port: {secure}, hostname: {name}.test, tls: {tls}"))
    return [f"{{name: {name}, {rest}}}" for name, rest in rows]


def certificates() -> str:
    """Secrets that listeners name."""
    certificate, key, other_key = pem("a.crt"), pem("a.key"), pem("other.key")
    return (
        secret("pair", tls_crt=certificate, tls_key=key)
        + secret("pair", "other", tls_crt=certificate, tls_key=key)
        + secret("half", tls_crt=certificate)
        + secret("garbage", tls_crt="x", tls_key="y")
        + secret("mixed", tls_crt=certificate, tls_key=other_key)
        + "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: ca, namespace: shop}\n"
        f"data:\n  ca.crt: |\n{textwrap.indent(certificate, '    ')}\n"
    )


GRANT = f"""\
---
apiVersion: {API}/v1beta1
kind: ReferenceGrant
metadata: {{name: g, namespace: other}}
spec:
  from:
    - {{group: {API}, kind: HTTPRoute, namespace: shop}}
    - {{group: {API}, kind: GRPCRoute, namespace: shop}}
    - {{group: {API}, kind: TCPRoute, namespace: shop}}
    - {{group: {API}, kind: TLSRoute, namespace: shop}}
  to: [{{group: "", kind: Service, name: granted}}]
---
apiVersion: v1
kind: Service
metadata: {{name: sliceless, namespace: shop}}
spec: {{ports: [{{name: http, port: 80}}]}}
---
apiVersion: v1
kind: Service
metadata: {{name: ext, namespace: shop}}
spec: {{type: ExternalName, externalName: ext.example.org, ports: [{{name: http, port: 80}}]}}
"""


def policies(backend: int) -> str:
    """Policies that hold, that cannot be read, and that come too late; each with its Service."""
    good = '{hostname: h.test, caCertificateRefs: [{group: "", kind: ConfigMap, name: ca}]}'
    rows = {
        "tls-ok": good,
        "tls-no-map": good.replace("name: ca", "name: nobody"),
        "tls-secret": good.replace("ConfigMap, name: ca", "Secret, name: pair"),
        "tls-system": "{hostname: h.test, wellKnownCACertificates: System}",
    }
    out = ""
    for name, validation in rows.items():
        out += service(name, backend) + policy(name, name, validation)
        rules = f"[{{backendRefs: [{{name: {name}, port: 80}}, {{name: {name}, port: 81}}]}}]"
        out += route(name, "[{name: second}, {name: all}]", rules, hosts=f"{name}.test")
    return (
        out
        + policy("tls-ok-late", "tls-ok", rows["tls-system"])
        + policy("tls-port", "tls-unused", rows["tls-system"], "https")
    )


def everything(ports: list[int], backend: int) -> str:
    """Objects whose statuses show all that Traefik tells."""
    web, secure, tcp, only_tls = ports
    parents = {
        "whole": "[{name: mixed}]", "section": "[{name: mixed, sectionName: http}]",
        "by-port": f"[{{name: mixed, port: {secure}}}]",
        "no-section": "[{name: mixed, sectionName: nobody}]", "no-gateway": "[{name: nobody}]",
        "to-foreign": "[{name: of-foreign}]", "to-dead": "[{name: dead}]",
        "to-broken": "[{name: mixed, sectionName: missing}]",
        "to-grpc": "[{name: mixed, sectionName: grpc}]",
        "to-tcp": "[{name: mixed, sectionName: tcp}]",
        "several": "[{name: all}, {name: dead}, {name: second, sectionName: web}]",
    }  # fmt: skip
    rules = "[{backendRefs: [{name: back, port: 80}]}]"
    hosts = {"all-host": "all.test", "wild": "'*.chosen.test'", "none": "x.nobody.test"}
    out = BASE + GRANT + certificates() + policies(backend) + routes_of_every_kind()
    out += service("back", backend) + service("back", backend, "other")
    out += service("granted", backend, "other")
    out += gateway("mixed", listeners(web, secure, tcp, only_tls))
    out += gateway("second", [f"{{name: web, protocol: HTTP, port: {web}, hostname: '*.test'}}"])
    out += gateway(
        "dead", ["{name: a, protocol: HTTP, port: 1}", "{name: b, protocol: UDP, port: 2}"]
    )
    passing = f"{{name: tls, protocol: TLS, port: {secure}, tls: {{mode: Passthrough}}}}"
    out += gateway(
        "all",
        [f"{{name: web, protocol: HTTP, port: {web}}}", passing,
         f"{{name: tcp, protocol: TCP, port: {tcp}}}"],
    )  # fmt: skip
    out += gateway("of-foreign", ["{name: a, protocol: HTTP, port: 80}"]).replace(
        "gatewayClassName: traefik", "gatewayClassName: foreign"
    )
    for name, ref in parents.items():
        out += route(f"p-{name}", ref, rules, hosts=f"{name}.test")
    for name, host in hosts.items():
        out += route(f"n-{name}", "[{name: mixed, sectionName: all}]", rules, hosts=host)
        out += route(f"c-{name}", "[{name: mixed, sectionName: chosen}]", rules, hosts=host)
    filters = {
        "mirror": "{type: RequestMirror, requestMirror: {backendRef: {name: back, port: 80}}}",
        "extension": "{type: ExtensionRef, extensionRef: "
                     "{group: traefik.io, kind: Middleware, name: m}}",
    }  # fmt: skip
    back = "{name: back, port: 80"
    for name, one in filters.items():
        whole = f"[{{filters: [{one}], backendRefs: [{back}}}]}}]"
        part = f"[{{backendRefs: [{back}, filters: [{one}]}}]}}]"
        out += route(f"f-{name}", "[{name: all}]", whole, hosts=f"{name}.f.test")
        out += route(f"b-{name}", "[{name: all}]", part, hosts=f"{name}.b.test")
    return out


KINDS = (
    "gatewayclasses", "gateways", "httproutes", "grpcroutes", "tcproutes", "tlsroutes",
    "backendtlspolicies",
)  # fmt: skip


def timeless(value: Any) -> Any:
    """A status without times; lists whose order says nothing are sorted."""
    if isinstance(value, dict):
        return {key: timeless(v) for key, v in value.items() if key != "lastTransitionTime"}
    if not isinstance(value, list):
        return value
    return sorted((timeless(v) for v in value), key=lambda v: json.dumps(v, sort_keys=True))


def statuses(cluster: Any) -> dict[str, Any]:
    """Every status of a cluster's Gateway API objects."""
    found = {}
    for kind in KINDS:
        for one in cluster.list(f"{kind}.{API}"):
            name = f"{kind}/{one['metadata'].get('namespace', '')}/{one['metadata']['name']}"
            found[name] = timeless(one.get("status"))
    return found
