"""gateproof.Cluster, the command, and the Python client of Kubernetes."""

from __future__ import annotations

import json
import os
import signal
import ssl
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from gateproof.cluster import Cluster, gateway_api_crds
from gateproof.errors import StartError

DATA = Path(__file__).parent / "cluster"
MAIN = "import sys; from gateproof.cli import main; sys.exit(main())"
SHOP = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: one, image: "img:1"}]}
"""


def test_manifests_are_applied_and_read_back(tmp_path: Path) -> None:
    (tmp_path / "shop.yaml").write_text(SHOP)
    (tmp_path / "kustomization.yaml").write_text("resources: [shop.yaml]\n")
    (tmp_path / "bad.yaml").write_text("apiVersion: v1\nkind: Nonsense\nmetadata: {name: x}\n")
    with Cluster(tmp_path) as cluster:
        failed = [one for one in cluster.applied if one.outcome == "failed"]
        assert [Path(one.file).name for one in failed] == ["bad.yaml"]
        assert "no matches for kind" in str(failed[0])
        assert len(cluster.list("pods", "shop")) == 2
        deployment = cluster.get("deployments.apps", "web", "shop")
        assert deployment is not None
        assert deployment["status"]["readyReplicas"] == 2
        assert cluster.get("deployments.apps", "none", "shop") is None
        assert [one.outcome for one in cluster.apply(SHOP)] == ["unchanged"]
        assert cluster.apply("a: [")[0].outcome == "failed"


def test_the_charts_objects_in_the_process() -> None:
    with Cluster(DATA) as cluster:
        assert [str(one) for one in cluster.applied if one.outcome == "failed"] == []
        assert len(cluster.list("pods", "traefik")) == 2


def test_plain_and_tls(tmp_path: Path) -> None:
    with Cluster() as cluster, urllib.request.urlopen(cluster.url + "/version") as answer:
        assert json.load(answer)["major"] == "1"
    path = tmp_path / "kubeconfig"
    with Cluster(tls=True, kubeconfig=path) as cluster:
        config = json.loads(cluster.kubeconfig.read_text())
        assert cluster.kubeconfig == path
        assert path.stat().st_mode & 0o777 == 0o600
        assert config["clusters"][0]["cluster"]["server"] == cluster.url
        context = ssl._create_unverified_context()
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(cluster.url + "/api", context=context)
        assert refused.value.code == 401
        refused.value.close()
        request = urllib.request.Request(cluster.url + "/api")
        request.add_header("Authorization", f"Bearer {cluster.token}")
        with urllib.request.urlopen(request, context=context) as answer:
            assert answer.status == 200


@pytest.mark.parametrize("tls", [False, True])
def test_a_watch_ends_with_its_client(tls: bool) -> None:
    with Cluster(tls=tls) as cluster:
        request = urllib.request.Request(cluster.url + "/api/v1/pods?watch=true")
        request.add_header("Authorization", f"Bearer {cluster.token}")
        context = ssl._create_unverified_context() if tls else None
        with urllib.request.urlopen(request, context=context) as answer:
            assert answer.status == 200
            assert cluster.connections == 1
        deadline = time.monotonic() + 20
        while cluster.connections:
            assert time.monotonic() < deadline
            time.sleep(0.1)


def test_what_cannot_start(tmp_path: Path) -> None:
    with Cluster() as cluster, pytest.raises(StartError):
        Cluster(listen=cluster.address)
    with pytest.raises(ValueError, match="ip:port"):
        Cluster(listen="nowhere")
    with pytest.raises(StartError, match="no such file"):
        Cluster(tmp_path / "none.yaml")


def test_bundle_version(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    crds = (DATA / "crds.yaml").read_text()
    note = 'gateway.networking.k8s.io/bundle-version: "v0.0.0", '
    marked = tmp_path / "crds.yaml"
    marked.write_text(crds.replace("annotations: {", "annotations: {" + note))
    with Cluster(marked, bundle_version="v1.7.0") as cluster:
        kind = "customresourcedefinitions.apiextensions.k8s.io"
        found = cluster.get(kind, "gateways.gateway.networking.k8s.io")
        assert found is not None
        annotations = found["metadata"]["annotations"]
        assert annotations["gateway.networking.k8s.io/bundle-version"] == "v1.7.0"
    monkeypatch.setenv("GOMODCACHE", str(tmp_path))
    with pytest.raises(StartError, match="go mod download"):
        gateway_api_crds("v1.7.0")


def test_the_command(tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_text("kind: Half\n")
    command = [sys.executable, "-c", MAIN, "cluster", "--json", str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=os.environ) as running:
        assert running.stdout is not None
        lines = []
        for line in running.stdout:
            lines.append(line)
            if line == "}\n":
                break
        told = json.loads("".join(lines))
        assert told["applied"][0]["outcome"] == "failed"
        assert Path(told["kubeconfig"]).is_file()
        with urllib.request.urlopen(told["url"] + "/healthz") as answer:
            assert answer.read() == b"ok"
        running.send_signal(signal.SIGTERM)
        assert running.wait(20) == 1
    assert not Path(told["kubeconfig"]).exists()


def test_the_python_client_lists_and_watches() -> None:
    kubernetes: Any = pytest.importorskip("kubernetes")
    with Cluster(DATA / "crds.yaml", tls=True) as cluster:
        api = kubernetes.config.new_client_from_config(str(cluster.kubeconfig))
        core = kubernetes.client.CoreV1Api(api)
        apps = kubernetes.client.AppsV1Api(api)
        custom = kubernetes.client.CustomObjectsApi(api)
        assert "default" in [n.metadata.name for n in core.list_namespace().items]
        core.create_namespace({"metadata": {"name": "shop"}})
        listed = core.list_namespaced_config_map("shop")
        seen: list[tuple[str, str]] = []

        def follow() -> None:
            events = kubernetes.watch.Watch().stream(
                core.list_namespaced_config_map,
                "shop",
                resource_version=listed.metadata.resource_version,
                timeout_seconds=20,
            )
            for event in events:
                seen.append((event["type"], event["object"].metadata.name))
                if event["type"] == "DELETED":
                    break

        thread = threading.Thread(target=follow)
        thread.start()
        core.create_namespaced_config_map("shop", {"metadata": {"name": "a"}, "data": {"x": "1"}})
        core.patch_namespaced_config_map("a", "shop", {"data": {"y": "2"}})
        core.delete_namespaced_config_map("a", "shop")
        thread.join(30)
        assert seen == [("ADDED", "a"), ("MODIFIED", "a"), ("DELETED", "a")]
        cluster.apply(SHOP)
        assert apps.read_namespaced_deployment("web", "shop").status.ready_replicas == 2
        apps.patch_namespaced_deployment_scale("web", "shop", {"spec": {"replicas": 3}})
        pods = core.list_namespaced_pod("shop", label_selector="app=web").items
        assert len(pods) == 3
        assert core.read_namespaced_pod_log(pods[0].metadata.name, "shop") == ""
        body = {
            "apiVersion": "gateway.networking.k8s.io/v1",
            "kind": "GatewayClass",
            "metadata": {"name": "c"},
            "spec": {"controllerName": "example.com/c"},
        }
        where = ("gateway.networking.k8s.io", "v1", "gatewayclasses")
        custom.create_cluster_custom_object(*where, body)
        custom.patch_cluster_custom_object_status(*where, "c", {"status": {"conditions": []}})
        with pytest.raises(kubernetes.client.exceptions.ApiException) as refused:
            custom.create_cluster_custom_object(*where, body)
        assert refused.value.status == 409
        first = core.list_namespaced_pod("shop", limit=2)
        rest = core.list_namespaced_pod("shop", limit=2, _continue=first.metadata._continue)
        assert len(first.items) + len(rest.items) == 3
