"""Statuses that kubernetesIngressNGINX writes: by gateproofd as by Traefik."""

from __future__ import annotations

import json
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from test_kubernetes_live import DAEMON, NAMESPACE, Proxy, cluster_module, service, until

from gateproof.real_traefik import find_traefik

Cluster = cluster_module.Cluster
pytestmark = pytest.mark.skipif(not DAEMON.is_file(), reason="gateproofd is not built")

CLASS = """\
---
apiVersion: networking.k8s.io/v1
kind: IngressClass
metadata: {name: nginx}
spec: {controller: k8s.io/ingress-nginx}
"""
BACKEND = "{service: {name: one, port: {number: 80}}}"
PATHS = f"{{paths: [{{path: /, pathType: Prefix, backend: {BACKEND}}}]}}"
INGRESSES = {
    "served": f"rules: [{{host: a.test, http: {PATHS}}}]",
    "default": f"defaultBackend: {BACKEND}",
    "empty": "rules: [{host: b.test}]",
}


def ingress(name: str, spec: str, of: str = "nginx") -> str:
    """An Ingress of a class."""
    return f"""\
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {{name: {name}, namespace: shop}}
spec: {{ingressClassName: {of}, {spec}}}
"""


def front(spec: str) -> str:
    """The Service that is published."""
    return f"""\
---
apiVersion: v1
kind: Service
metadata: {{name: front, namespace: shop}}
spec: {spec}
"""


def put_status(cluster: Any, path: str, status: dict[str, Any]) -> None:
    """Writes a status, as somebody else would."""
    with urllib.request.urlopen(cluster.url + path) as answer:
        found = json.load(answer)
    found["status"] = status
    request = urllib.request.Request(
        cluster.url + path + "/status", json.dumps(found).encode(), method="PUT",
        headers={"Content-Type": "application/json"},
    )  # fmt: skip
    with urllib.request.urlopen(request) as answer:
        assert answer.status == 200


@pytest.mark.parametrize("program", ["gateproofd", "traefik"])
def test_addresses_of_ingresses(program: str, tmp_path: Path) -> None:
    binary = DAEMON if program == "gateproofd" else find_traefik()
    if binary is None:
        pytest.skip("no Traefik binary")

    def told() -> dict[str, Any]:
        names = [*INGRESSES, "theirs"]
        found = {name: cluster.get("ingresses.networking.k8s.io", name, "shop") for name in names}
        status = {name: one.get("status", {}).get("loadBalancer") for name, one in found.items()}
        return {name: one["ingress"] for name, one in status.items() if one}

    def both(addresses: list[dict[str, str]]) -> dict[str, Any]:
        return {"served": addresses, "default": addresses}

    option = "--providers.kubernetesIngressNGINX"
    ingresses = "/apis/networking.k8s.io/v1/namespaces/shop/ingresses/"
    with Cluster() as cluster:
        cluster.apply(
            NAMESPACE
            + service("one", 1)
            + CLASS
            + front("{ports: [{port: 80}], clusterIP: 10.0.0.9}")
        )
        for name, spec in INGRESSES.items():
            cluster.apply(ingress(name, spec))
        cluster.apply(ingress("theirs", INGRESSES["default"], "other"))
        flags = [f"{option}.endpoint={cluster.url}", f"{option}.token=x"]
        with Proxy(
            binary, tmp_path, *flags, f"{option}.publishStatusAddress=192.0.2.7,h.test"
        ) as one:
            until(told, both([{"ip": "192.0.2.7"}, {"hostname": "h.test"}]), one)
            foreign = {"loadBalancer": {"ingress": [{"ip": "9.9.9.9"}]}}
            put_status(cluster, ingresses + "served", foreign)
            until(told, both([{"ip": "192.0.2.7"}, {"hostname": "h.test"}]), one)
        with Proxy(binary, tmp_path, *flags, f"{option}.publishService=shop/front") as one:
            until(told, both([{"ip": "10.0.0.9"}]), one)
            cluster.apply(
                front("{type: ExternalName, externalName: out.test, ports: [{port: 80}]}")
            )
            until(told, both([{"hostname": "out.test"}]), one)
            cluster.apply(
                front("{type: LoadBalancer, externalIPs: [1.2.3.4, 5.5.5.5], ports: [{port: 80}]}")
            )
            balancer = {"loadBalancer": {"ingress": [{"ip": "1.2.3.4"}, {"hostname": "lb.test"}]}}
            put_status(cluster, "/api/v1/namespaces/shop/services/front", balancer)
            wanted = [{"ip": "1.2.3.4"}, {"hostname": "lb.test"}, {"ip": "5.5.5.5"}]
            until(told, both(wanted), one)
