"""The real kubectl against the cluster, as against a real server.

Every kubectl that is found is asked: the one on the PATH, and those that GATEPROOF_KUBECTL names
(Debian's is 1.20, which asks older questions than a new one).
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gateproof.cluster import Cluster

DATA = Path(__file__).parent / "cluster"
KUBECTLS = [
    path
    for path in [shutil.which("kubectl"), *os.environ.get("GATEPROOF_KUBECTL", "").split(":")]
    if path
]
WEB = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, labels: {app: web}}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - {name: one, image: "img:1", ports: [{containerPort: 80}], env: [{name: A, value: a}]}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ports: [{port: 80}]}
"""

pytestmark = pytest.mark.skipif(
    not KUBECTLS, reason="kubectl is not installed (Debian: kubernetes-client)"
)


class Kubectl:
    """One kubectl, pointed at one cluster."""

    def __init__(self, program: str, cluster: Cluster, home: Path) -> None:
        self.cluster = cluster
        self.home = home
        self.start = [program, "--kubeconfig", str(cluster.kubeconfig)]
        self.environment = {"HOME": str(home), "PATH": os.environ["PATH"], "TZ": "UTC"}

    def run(self, *arguments: str, stdin: str = "", code: int = 0) -> str:
        done = subprocess.run(
            [*self.start, *arguments],
            input=stdin,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        shown = f"{' '.join(arguments)}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        assert done.returncode == code, shown
        return done.stdout if code == 0 else done.stderr

    def json(self, *arguments: str) -> Any:
        return json.loads(self.run(*arguments, "-o", "json"))


@pytest.fixture(params=KUBECTLS or ["none"], ids=[str(n) for n in range(len(KUBECTLS) or 1)])
def kubectl(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Kubectl]:
    with Cluster(tls=True) as cluster:
        yield Kubectl(request.param, cluster, tmp_path)


def test_the_chart_is_applied_whole(kubectl: Kubectl) -> None:
    assert kubectl.run("apply", "-f", str(DATA / "crds.yaml")).count(" created") == 6
    kubectl.run("create", "namespace", "traefik")
    chart = str(DATA / "chart.yaml")
    count = (DATA / "chart.yaml").read_text().count("\nkind:")
    assert kubectl.run("apply", "-f", chart).count(" created") == count
    again = kubectl.run("apply", "-f", chart).splitlines()
    # As everywhere: stringData is not kept, and a budget's selector is always replaced.
    changed = [line.split("/")[0] for line in again if not line.endswith(" unchanged")]
    assert set(changed) <= {"poddisruptionbudget.policy", "secret"}
    assert (
        kubectl.run("apply", "--server-side", "--force-conflicts", "-f", chart).count(
            " serverside-applied"
        )
        == count
    )
    service = kubectl.json("get", "service", "traefik", "-n", "traefik")
    assert service["status"]["loadBalancer"]["ingress"][0]["ip"].startswith("127.")
    assert kubectl.run("get", "-f", chart, "-o", "name").count("\n") == count
    kubectl.run("delete", "-f", chart, "--wait=false")
    assert kubectl.run("get", "deployments,services,ingresses", "-n", "traefik", "-o", "name") == ""


def test_every_form_of_get(kubectl: Kubectl) -> None:
    kubectl.run("apply", "-f", "-", stdin=WEB)
    plain = kubectl.run("get", "deployments")
    assert plain.split()[:5] == ["NAME", "READY", "UP-TO-DATE", "AVAILABLE", "AGE"]
    assert "2/2" in plain
    wide = kubectl.run("get", "deployments", "-o", "wide", "--no-headers").split()
    assert wide[-3:] == ["one", "img:1", "app=web"]
    assert kubectl.json("get", "deployment", "web")["spec"]["replicas"] == 2
    assert "replicas: 2" in kubectl.run("get", "deployment", "web", "-o", "yaml")
    assert kubectl.run("get", "deploy", "-o", "name") == "deployment.apps/web\n"
    assert kubectl.run("get", "deploy", "-o", "jsonpath={.items[*].metadata.name}") == "web"
    columns = kubectl.run("get", "pods", "-o", "custom-columns=N:.metadata.name,P:.status.phase")
    assert columns.count("Running") == 2
    template = "{{range .items}}{{.kind}} {{end}}"
    assert kubectl.run("get", "pods", "-o", "go-template=" + template) == "Pod Pod "
    assert kubectl.run("get", "pods", "-l", "app=web", "--show-labels").count("app=web") == 2
    assert kubectl.run("get", "pods", "-l", "app!=web", "-o", "name") == ""
    assert kubectl.run("get", "pods", "--field-selector", "status.phase=Running", "-o", "name")
    assert kubectl.run("get", "all", "-o", "name").count("/web") >= 4
    assert "ClusterIP" in kubectl.run("get", "svc,deploy", "-A")
    pods = kubectl.run(
        "get", "pods", "--sort-by", ".metadata.name", "--chunk-size", "1", "-o", "name"
    )
    assert pods.count("\n") == 2
    assert "NotFound" in kubectl.run("get", "deployment", "none", code=1)


def test_watch_shows_what_comes_and_goes(kubectl: Kubectl) -> None:
    kubectl.run("create", "configmap", "first", "--from-literal=a=1")
    arguments = [*kubectl.start, "get", "configmaps", "-w", "--no-headers"]
    with subprocess.Popen(
        arguments, env=kubectl.environment, stdout=subprocess.PIPE, text=True, bufsize=1
    ) as watch:
        assert watch.stdout is not None
        assert watch.stdout.readline().split()[:2] == ["first", "1"]
        kubectl.run("create", "configmap", "second", "--from-literal=a=1", "--from-literal=b=2")
        assert watch.stdout.readline().split()[:2] == ["second", "2"]
        patch = '{"data":{"b":"x"}}'
        kubectl.run("patch", "configmap", "first", "--type=merge", "-p", patch)
        assert watch.stdout.readline().split()[:2] == ["first", "2"]
        watch.kill()


def test_describe_tells_events(kubectl: Kubectl) -> None:
    kubectl.run("apply", "-f", "-", stdin=WEB)
    pod = kubectl.run("get", "pods", "-o", "jsonpath={.items[0].metadata.name}")
    event = {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": f"{pod}.1", "namespace": "default"},
        "involvedObject": {"kind": "Pod", "name": pod, "namespace": "default"},
        "reason": "Tested",
        "message": "somebody looked",
        "type": "Normal",
        "count": 1,
        "source": {"component": "test"},
    }
    event["involvedObject"]["uid"] = kubectl.json("get", "pod", pod)["metadata"]["uid"]  # type: ignore[index]
    kubectl.run("create", "-f", "-", stdin=json.dumps(event))
    described = kubectl.run("describe", "pod", pod)
    assert "img:1" in described
    assert "Tested" in described
    assert "somebody looked" in kubectl.run("get", "events")
    assert "Replicas:" in kubectl.run("describe", "deployment", "web")
    assert "Endpoints:" in kubectl.run("describe", "service", "web")
    assert "Labels:" in kubectl.run("describe", "namespace", "default")


def test_patches_of_all_kinds(kubectl: Kubectl) -> None:
    kubectl.run("apply", "-f", "-", stdin=WEB)
    strategic = {
        "spec": {"template": {"spec": {"containers": [{"name": "two", "image": "img:2"}]}}}
    }
    kubectl.run("patch", "deployment", "web", "-p", json.dumps(strategic))
    path = "jsonpath={.spec.template.spec.containers[*].image}"
    images = kubectl.run("get", "deployment", "web", "-o", path).split()
    assert sorted(images) == ["img:1", "img:2"]
    steps = [{"op": "replace", "path": "/spec/replicas", "value": 1}]
    kubectl.run("patch", "deployment", "web", "--type=json", "-p", json.dumps(steps))
    assert kubectl.json("get", "deployment", "web")["spec"]["replicas"] == 1
    merge = '{"metadata":{"labels":{"app":null,"x":"y"}}}'
    kubectl.run("patch", "deployment", "web", "--type=merge", "-p", merge)
    assert kubectl.json("get", "deployment", "web")["metadata"]["labels"] == {"x": "y"}
    kubectl.run("label", "deployment", "web", "tier=front")
    kubectl.run("annotate", "deployment", "web", "note=here")
    kubectl.run("set", "image", "deployment/web", "one=img:9")
    assert "img:9" in kubectl.run("get", "deployment", "web", "-o", path)


def test_apply_merges_three_ways(kubectl: Kubectl) -> None:
    kubectl.run("apply", "-f", "-", stdin=WEB)
    kubectl.run("scale", "deployment", "web", "--replicas=5")
    changed = WEB.replace("env: [{name: A, value: a}]", "env: [{name: B, value: b}]")
    changed = changed.replace("  replicas: 2\n", "")
    assert " configured" in kubectl.run("apply", "-f", "-", stdin=changed)
    deployment = kubectl.json("get", "deployment", "web")
    assert deployment["spec"]["template"]["spec"]["containers"][0]["env"] == [
        {"name": "B", "value": "b"}
    ]
    kubectl.run("apply", "--dry-run=server", "-f", "-", stdin=WEB)
    assert kubectl.run("apply", "--dry-run=client", "-f", "-", stdin=WEB)


def test_server_side_apply_knows_managers(kubectl: Kubectl) -> None:
    mine = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}, "data": {"a": "1"}}
    arguments = ("apply", "--server-side", "-f", "-")
    kubectl.run(*arguments, "--field-manager=one", stdin=json.dumps(mine))
    other = mine | {"data": {"a": "2"}}
    problem = kubectl.run(*arguments, "--field-manager=two", stdin=json.dumps(other), code=1)
    assert "conflict" in problem
    forced = ("--field-manager=two", "--force-conflicts")
    kubectl.run(*arguments, *forced, stdin=json.dumps(other))
    assert kubectl.json("get", "configmap", "c")["data"] == {"a": "2"}


def test_validation_names_the_field(kubectl: Kubectl) -> None:
    kubectl.run("apply", "-f", str(DATA / "crds.yaml"))
    route = {
        "apiVersion": "traefik.io/v1alpha1",
        "kind": "IngressRoute",
        "metadata": {"name": "r"},
        "spec": {"routes": [{"match": "Path(`/`)", "colour": "red"}]},
    }
    assert "colour" in kubectl.run("apply", "-f", "-", stdin=json.dumps(route), code=1)
    typo = WEB.replace("replicas: 2", "replicaz: 2")
    assert "replicaz" in kubectl.run("apply", "-f", "-", stdin=typo, code=1)
    bad = WEB.replace("replicas: 2", "replicas: two")
    assert kubectl.run("apply", "-f", "-", stdin=bad, code=1)


def test_scale_logs_rollout_and_delete(kubectl: Kubectl) -> None:
    kubectl.run("apply", "-f", "-", stdin=WEB)
    kubectl.run("scale", "deployment", "web", "--replicas=3")
    assert kubectl.run("get", "pods", "-o", "name").count("\n") == 3
    kubectl.run("rollout", "status", "deployment", "web", "--timeout=20s")
    kubectl.run("wait", "--for=condition=Available", "deployment/web", "--timeout=20s")
    assert kubectl.run("logs", "deployment/web") == ""
    assert kubectl.run("auth", "can-i", "create", "pods") == "yes\n"
    assert "KIND:" in kubectl.run("explain", "deployment.spec.template")
    kubectl.run("delete", "deployment", "web", "--timeout=20s")
    assert kubectl.run("get", "pods", "-o", "name") == ""
    kubectl.run("create", "namespace", "gone")
    kubectl.run("create", "deployment", "d", "-n", "gone", "--image=img")
    kubectl.run("delete", "namespace", "gone", "--timeout=20s")
    assert kubectl.run("get", "deployments", "-A", "-o", "name") == ""


def test_discovery_is_complete(kubectl: Kubectl) -> None:
    names = kubectl.run("api-resources", "-o", "name").split()
    assert {"pods", "deployments.apps", "ingresses.networking.k8s.io"} <= set(names)
    assert "apps/v1" in kubectl.run("api-versions").split()
    deadline = time.monotonic() + 20
    kubectl.run("apply", "-f", str(DATA / "crds.yaml"))
    while "gateways.gateway.networking.k8s.io" not in kubectl.run("api-resources", "-o", "name"):
        assert time.monotonic() < deadline
    kubectl.run("cluster-info")
    assert kubectl.run("get", "--raw", "/healthz") == "ok"
