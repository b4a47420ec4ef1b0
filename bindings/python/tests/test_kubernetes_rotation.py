"""The API server's certificate, its authority, our certificate and our token change under load."""

from __future__ import annotations

import json
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from test_kubernetes_live import CRDS, DAEMON, Backend, Cluster, Proxy, objects, route, until

from gateproof.loopback import free_port

pytestmark = pytest.mark.skipif(not DAEMON.is_file(), reason="gateproofd is not built")

USERS = {
    "certificate": {"client-certificate": "client.pem", "client-key": "client.key"},
    "token": {"tokenFile": "token"},
}


class Access:
    """A kubeconfig whose secrets are in files beside it."""

    def __init__(self, folder: Path, url: str, user: str) -> None:
        self.folder = folder
        folder.mkdir()
        server = {"server": url, "certificate-authority": "ca.pem"}
        context = {"cluster": "c", "user": "u", "namespace": "default"}
        self.path = folder / "config"
        self.path.write_text(
            json.dumps(
                {
                    "clusters": [{"name": "c", "cluster": server}],
                    "users": [{"name": "u", "user": USERS[user]}],
                    "contexts": [{"name": "x", "context": context}],
                    "current-context": "x",
                }
            )
        )

    def write(self, cluster: Any, pause: float = 0) -> None:
        """One file after the other, so that for a while they do not fit."""
        keys = cluster._keys
        for name, text in (
            ("ca.pem", keys.authority),
            ("token", ""),
            ("client.pem", keys.client_certificate),
            ("token", cluster.token + "\n"),
            ("client.key", keys.client_key),
        ):
            (self.folder / name).write_text(text)
            time.sleep(pause)


class Load(threading.Thread):
    """Requests without a pause; those that are answered wrongly are kept."""

    def __init__(self, proxy: Proxy, wanted: dict[str, str]) -> None:
        super().__init__()
        self._proxy, self._wanted = proxy, wanted
        self._over = threading.Event()
        self.asked = 0
        self.wrong: list[str] = []

    def run(self) -> None:
        """Until it is over."""
        while not self._over.is_set():
            for host, want in self._wanted.items():
                self.asked += 1
                if (got := self._proxy.get(host)) != want:
                    self.wrong.append(f"{host}: {got}")

    def end(self) -> None:
        """Waits for its last request."""
        self._over.set()
        self.join()


@pytest.mark.parametrize("user", USERS)
def test_no_request_fails_while_everything_is_rotated(tmp_path: Path, user: str) -> None:
    listen = f"127.0.0.1:{free_port()}"
    manifests = tmp_path / "shop.yaml"
    with Backend("one") as one, Backend("two") as two:
        manifests.write_text(CRDS + "---\n" + objects((one, two)))
        cluster = Cluster(manifests, listen=listen, tls=True)
        access = Access(tmp_path / "kube", cluster.url, user)
        access.write(cluster)
        flags = ["--providers.kubernetesCRD=true", "--providers.kubernetesIngress=true"]
        where = {"KUBECONFIG": str(access.path)}
        with Proxy(DAEMON, tmp_path, *flags, environment=where) as proxy:
            wanted = {"crd.test": "200 one /", "ingress.test": "200 two /"}
            for host, want in wanted.items():
                until(lambda host=host: proxy.get(host), want, proxy)  # type: ignore[misc]
            load = Load(proxy, wanted)
            load.start()
            try:
                for turn, late in enumerate((0.0, 0.3, 1.0)):
                    cluster.stop()
                    # Another authority, certificates and token, and a store of its own.
                    cluster = Cluster(manifests, listen=listen, tls=True)
                    time.sleep(late)
                    access.write(cluster, pause=late / 3)
                    host = f"new{turn}.test"
                    cluster.apply(route("new", f"Host(`{host}`)", "one"))
                    until(lambda host=host: proxy.get(host), "200 one /", proxy)  # type: ignore[misc]
            finally:
                load.end()
                cluster.stop()
            assert load.wrong == [], proxy.log.read_text(errors="replace")[-3000:]
            assert load.asked > 100
