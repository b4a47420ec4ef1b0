"""IngressRouteTCP and IngressRouteUDP: who takes a connection, and what it is made of."""

from __future__ import annotations

from pathlib import Path

import pytest
from test_cli import run

import gateproof as gp
from gateproof.rawtcp import client_hello

STATIC = """
entryPoints:
  db: {address: ":5432"}
  dns: {address: ":53/udp"}
providers:
  kubernetesCRD: {safeNaming: SAFE}
"""
OBJECTS = """
apiVersion: v1
kind: Service
metadata: {name: db}
spec: {selector: {app: db}, ports: [{name: sql, port: 5432}, {name: dns, port: 53}]}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: db-1, namespace: default, labels: {kubernetes.io/service-name: db}}
addressType: IPv4
ports: [{name: sql, port: 15432}, {name: dns, port: 1053}]
endpoints: [{addresses: [10.0.0.7], conditions: {ready: true}}]
---
apiVersion: traefik.io/v1alpha1
kind: MiddlewareTCP
metadata: {name: office}
spec: {ipAllowList: {sourceRange: [127.0.0.0/8]}}
---
apiVersion: traefik.io/v1alpha1
kind: IngressRouteTCP
metadata: {name: db}
spec:
  entryPoints: [db]
  routes:
    - match: HostSNI(`db.test`)
      middlewares: [{name: office}]
      services: [{name: db, port: sql}]
    - {match: HostSNI(`gone.test`), services: [{name: gone, port: 1}]}
  tls: {passthrough: true}
---
apiVersion: traefik.io/v1alpha1
kind: IngressRouteUDP
metadata: {name: names}
spec: {entryPoints: [dns], routes: [{services: [{name: db, port: 53}]}]}
"""


@pytest.fixture(params=[False, True], ids=["names", "safe names"])
def safe(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


@pytest.fixture
def config(safe: bool) -> gp.Config:
    static = STATIC.replace("SAFE", str(safe).lower())
    return gp.load(texts={"traefik.yml": static, "objects.yaml": OBJECTS})


def test_connections_and_datagrams_reach_the_endpoints(config: gp.Config) -> None:
    with gp.World(config=config) as world:
        world.tcp_upstream("10.0.0.7:15432", name="db", greeting="hello:")
        world.udp_upstream("10.0.0.7:1053", name="dns", reply="yes")
        hello = client_hello("db.test")
        assert world.connect(hello, entry_point="db").received == b"hello:" + hello
        assert world.datagram(b"name?", entry_point="dns") == [b"yes"]


def test_states_have_traefiks_names(config: gp.Config, safe: bool) -> None:
    with gp.World(config=config) as world:
        routers = {name: state.status for name, state in world.tcp_routers.items()}
        assert sorted(routers.values()) == ["disabled", "enabled"]
        if safe:
            assert routers == {
                "default_db_0@kubernetescrd": "enabled",
                "default_db_1@kubernetescrd": "disabled",
            }
            assert set(world.udp_services) == {"default_names_0_lb@kubernetescrd"}
        else:
            assert set(world.tcp_middlewares) == {"default-office@kubernetescrd"}
            assert set(world.udp_routers) == {"default-names-0@kubernetescrd"}


def test_ask_explains_a_connection_from_manifests(tmp_path: Path) -> None:
    (tmp_path / "traefik.yml").write_text(STATIC.replace("SAFE", "true"))
    (tmp_path / "objects.yaml").write_text(OBJECTS)
    got = run("ask", tmp_path, "tls://db.test:5432")
    assert got.returncode == 0
    assert "default_db_0@kubernetescrd" in got.stdout
    assert "10.0.0.7:15432" in got.stdout
    assert "default_db_1@kubernetescrd" in got.stdout
    assert run("ask", tmp_path, "tls://other.test:5432").returncode == 1


def test_safe_names_hide_no_finding(safe: bool) -> None:
    """What `check` looks for goes by the names that the provider gives."""
    objects = (
        OBJECTS
        + """
---
apiVersion: traefik.io/v1alpha1
kind: Middleware
metadata: {name: used.here}
spec: {stripPrefix: {prefixes: [/a]}}
---
apiVersion: traefik.io/v1alpha1
kind: Middleware
metadata: {name: unused}
spec: {stripPrefix: {prefixes: [/a]}}
---
apiVersion: traefik.io/v1alpha1
kind: IngressRoute
metadata: {name: app}
spec:
  routes:
    - match: Host(`a.test`) && PathPrefix(`/admin`)
      middlewares: [{name: used.here}, {name: gone}]
      services: [{name: db, port: sql}]
    - {match: Host(`a.test`), services: [{name: db, port: sql}]}
"""
    )
    static = STATIC.replace("SAFE", str(safe).lower())
    config = gp.load(texts={"traefik.yml": static, "objects.yaml": objects})
    told = {(one.code, one.object) for one in config.check() if one.severity != "note"}
    assert ("GP1005", "Middleware default/unused") in told
    assert ("GP1014", "IngressRoute default/app") in told
    assert not [one for one in told if one == ("GP1005", "Middleware default/used.here")]
