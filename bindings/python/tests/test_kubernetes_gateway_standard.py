"""gateproofd as a Gateway API controller of its own, over an API server (dialect standard)."""

from __future__ import annotations

import contextlib
import http.client
import os
import re
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gateway_objects as objects
import pytest
from test_kubernetes_gateway_live import Cluster, attached, cluster_of, free_ports, one, told
from test_kubernetes_live import DAEMON, Backend, delete, pytestmark, until

from gateproof.errors import StartError
from gateproof.loopback import free_port

__all__ = ["pytestmark"]

CONTROLLER = "gateproof.dev/gateway-controller"
VERSION = "v1.7.0"
# Beside the controllers of other tests, which take the default network.
NETWORK = "127.83.0.0/24"


def standard(manifests: str) -> str:
    """The same objects of our own class."""
    return manifests.replace("traefik.io/gateway-controller", CONTROLLER)


class Controller(contextlib.AbstractContextManager["Controller"]):
    """gateproofd without entry points of its own."""

    def __init__(self, folder: Path, url: str, *flags: str) -> None:
        self.log = folder / f"log-{free_port()}"
        with self.log.open("wb") as output:
            self.process = subprocess.Popen(
                [
                    str(DAEMON),
                    "--gateproof.dialect=standard",
                    f"--gateproof.gatewayAddresses={NETWORK}",
                    f"--entryPoints.none.address=127.0.0.1:{free_port()}",
                    "--providers.providersThrottleDuration=10ms",
                    f"--providers.kubernetesGateway.endpoint={url}",
                    "--log.level=DEBUG",
                    *flags,
                ],
                stdout=output, stderr=output, stdin=subprocess.DEVNULL, cwd=folder,
                env={"PATH": os.environ.get("PATH", "")},
            )  # fmt: skip

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(30)


@pytest.fixture(name="backend")
def _backend() -> Iterator[Backend]:
    with Backend("one") as one_:
        yield one_


def address(cluster: Any, name: str) -> str:
    """The address that a Gateway has been given."""
    found = cluster.get(f"gateways.{objects.API}", name, "shop") or {}
    listed = found.get("status", {}).get("addresses") or [{}]
    return str(listed[0].get("value", ""))


def get(host: str, port: int, name: str, path: str = "/") -> str:
    """Status and body; "" when nobody listens."""
    if not host:
        return ""
    link = http.client.HTTPConnection(host, port, timeout=5)
    try:
        link.request("GET", path, headers={"Host": name})
        answer = link.getresponse()
        return f"{answer.status} {answer.read().decode()}"
    except OSError:
        return ""
    finally:
        link.close()


def two_gateways(port: int, backend: int, *routes: str) -> str:
    """Two Gateways on the same port."""
    listener = f"{{name: http, protocol: HTTP, port: {port}}}"
    out = objects.BASE + objects.service("back", backend)
    out += objects.gateway("web", [listener]) + objects.gateway("second", [listener])
    return standard(out + "".join(routes))


def test_statuses_are_those_of_the_cluster_that_serves_itself(
    tmp_path: Path, backend: Backend
) -> None:
    manifests = standard(objects.everything(free_ports(4), backend.port))
    try:
        wanted_of = Cluster(bundle_version=VERSION, gateways=True)
    except StartError as e:
        pytest.skip(str(e))
    with wanted_of as itself, cluster_of(manifests) as cluster:
        itself.apply(manifests)

        def all_but_addresses(found: Any) -> dict[str, Any]:
            # The lowest address goes to the Gateway that is seen first.
            return {
                name: {k: v for k, v in (status or {}).items() if k != "addresses"}
                for name, status in objects.statuses(found).items()
            }

        with Controller(tmp_path, cluster.url) as controller:
            until(
                lambda: all_but_addresses(cluster) == all_but_addresses(itself),
                True,
                controller,  # type: ignore[arg-type]
            )
        assert address(itself, "all")
        assert len(objects.statuses(cluster)) > 100


def test_a_gateway_has_an_address_and_serves(tmp_path: Path, backend: Backend) -> None:
    port = free_ports(1)[0]
    manifests = two_gateways(port, backend.port, one("first"), one("other", parent="second"))
    with cluster_of(manifests) as cluster, Controller(tmp_path, cluster.url) as controller:
        log: Any = controller
        until(lambda: get(address(cluster, "web"), port, "first.test", "/x"), "200 one /x", log)
        until(lambda: get(address(cluster, "second"), port, "other.test"), "200 one /", log)
        assert address(cluster, "web") != address(cluster, "second")
        assert get(address(cluster, "second"), port, "first.test")[:3] == "404"
        cluster.apply(one("later"))
        until(lambda: told(cluster, "later")[:1], ["Accepted=True Accepted 1"], log)
        # Told only when it is served.
        assert get(address(cluster, "web"), port, "later.test") == "200 one /"
        until(lambda: attached(cluster), 2, log)
        delete(cluster, f"/apis/{objects.API}/v1/namespaces/shop/httproutes/first")
        until(lambda: attached(cluster), 1, log)
        assert get(address(cluster, "web"), port, "first.test")[:3] == "404"
        where = address(cluster, "second")
        delete(cluster, f"/apis/{objects.API}/v1/namespaces/shop/gateways/second")
        until(lambda: get(where, port, "other.test"), "", log)


def test_addresses_outlive_the_api_server(tmp_path: Path, backend: Backend) -> None:
    port = free_ports(1)[0]
    listen = f"127.0.0.1:{free_port()}"
    manifests = two_gateways(port, backend.port, one("first"))
    cluster = cluster_of(manifests, listen=listen)
    with Controller(tmp_path, cluster.url) as controller:
        log: Any = controller
        until(lambda: get(address(cluster, "web"), port, "first.test"), "200 one /", log)
        before = [address(cluster, name) for name in ("web", "second")]
        cluster.stop()
        assert get(before[0], port, "first.test") == "200 one /"
        cluster = cluster_of(manifests, listen=listen)
        until(lambda: [address(cluster, name) for name in ("web", "second")], before, log)
        until(lambda: attached(cluster), 1, log)
        assert get(before[0], port, "first.test") == "200 one /"
    cluster.stop()


def test_a_restart_refuses_nobody(tmp_path: Path, backend: Backend) -> None:
    port = free_ports(1)[0]
    wrong: list[str] = []
    asked = 0
    with (
        cluster_of(two_gateways(port, backend.port, one("first"))) as cluster,
        Controller(tmp_path, cluster.url) as controller,
    ):
        log: Any = controller
        until(lambda: get(address(cluster, "web"), port, "first.test"), "200 one /", log)
        where = address(cluster, "web")
        controller.process.send_signal(signal.SIGUSR2)
        # It ends when its successor serves.
        while controller.process.poll() is None or asked < 100:
            asked += 1
            if (got := get(where, port, "first.test")) != "200 one /":
                wrong.append(got)
        successor = re.findall(r"process (\d+) serves: ending", controller.log.read_text())
        try:
            assert wrong == []
            assert get(where, port, "first.test") == "200 one /"
            cluster.apply(one("later"))
            until(lambda: get(where, port, "later.test"), "200 one /", log)
        finally:
            for pid in successor:
                os.kill(int(pid), signal.SIGTERM)
        assert len(successor) == 1


def test_a_gateway_has_an_account(tmp_path: Path, backend: Backend) -> None:
    port = free_ports(1)[0]

    def account() -> Any:
        return cluster.get("serviceaccounts", "web", "shop")

    def labels() -> Any:
        return ((account() or {}).get("metadata") or {}).get("labels", {}).get("team")

    with (
        cluster_of(two_gateways(port, backend.port)) as cluster,
        Controller(tmp_path, cluster.url) as controller,
    ):
        log: Any = controller
        until(lambda: account() is not None, True, log)
        assert account()["metadata"]["ownerReferences"][0]["kind"] == "Gateway"
        wanted = two_gateways(port, backend.port).replace(
            "gatewayClassName: traefik,",
            "gatewayClassName: traefik, infrastructure: {labels: {team: red}},",
        )
        cluster.apply(wanted)
        until(labels, "red", log)
