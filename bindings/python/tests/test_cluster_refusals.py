"""Bad objects of the Gateway API are refused in the words of the real API server."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from support import suite_or_skip

import gateproof as gp

VERSION = "v1.7.0"
REFUSALS = Path(__file__).parents[3] / "conformance/kubernetes/refusals.yaml"
ROWS: list[dict[str, Any]] = yaml.safe_load(REFUSALS.read_text())
PLURALS = {"Gateway": "gateways", "ListenerSet": "listenersets", "GatewayClass": "gatewayclasses"}
PLURALS |= {"BackendTLSPolicy": "backendtlspolicies"}


@pytest.fixture(scope="module")
def cluster() -> Iterator[gp.Cluster]:
    suite_or_skip(VERSION)  # brings the CRDs
    with gp.Cluster(bundle_version=VERSION) as made:
        yield made


def call(cluster: gp.Cluster, method: str, path: str, body: dict[str, Any]) -> dict[str, Any]:
    request = urllib.request.Request(
        cluster.url + path,
        data=json.dumps(body).encode(),
        method=method,
        headers={"Content-Type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request) as answer:
            found: dict[str, Any] = json.load(answer)
    except urllib.error.HTTPError as refusal:
        found = json.load(refusal)
    return found


def collection(body: dict[str, Any]) -> str:
    plural = PLURALS.get(body["kind"], body["kind"].lower() + "s")
    where = "" if body["kind"] == "GatewayClass" else "namespaces/default/"
    return f"/apis/{body['apiVersion']}/{where}{plural}"


def causes(answer: dict[str, Any]) -> set[str]:
    told = answer.get("details", {}).get("causes", [])
    return {f"{one['field']}: {one['message']}" for one in told}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["refused"][0][:60])
def test_a_bad_object_is_refused_as_by_the_real_server(
    cluster: gp.Cluster, row: dict[str, Any]
) -> None:
    body = {**row["object"], "metadata": {"name": "t"}}
    # Fields that no schema knows are dropped, as they were for the real one.
    path, quiet = collection(body), "?fieldValidation=Ignore"
    if "old" not in row:
        assert causes(call(cluster, "POST", path + quiet, body)) == set(row["refused"])
        return
    old = {**row["old"], "metadata": {"name": "t"}}
    made = call(cluster, "POST", path + quiet, old)
    try:
        body["metadata"]["resourceVersion"] = made["metadata"]["resourceVersion"]
        assert causes(call(cluster, "PUT", f"{path}/t{quiet}", body)) == set(row["refused"])
    finally:
        call(cluster, "DELETE", f"{path}/t", {})


def test_the_words_reach_kubectls_user(cluster: gp.Cluster, tmp_path: Path) -> None:
    listener = {"name": "web", "port": 80, "protocol": "HTTP"}
    gateway = {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "Gateway",
        "metadata": {"name": "two", "namespace": "default"},
        "spec": {
            "gatewayClassName": "any",
            "listeners": [listener, {**listener, "name": "more"}],
        },
    }
    file = tmp_path / "gateway.yaml"
    file.write_text(yaml.safe_dump(gateway))
    [outcome] = cluster.apply(file)
    assert outcome.outcome == "failed"
    assert outcome.message == (
        'Gateway.gateway.networking.k8s.io "two" is invalid: spec.listeners: Invalid value: '
        '"array": Combination of port, protocol and hostname must be unique for each listener'
    )
