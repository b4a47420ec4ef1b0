"""Random sets of Kubernetes objects: how they are drawn, made smaller, written down and judged."""

from __future__ import annotations

import itertools
import json
from dataclasses import replace
from pathlib import Path

import pytest

from gateproof.generate.hunt import Hunt
from gateproof.generate.kube_compare import KubeComparison, set_case, set_text
from gateproof.generate.kube_sets import (
    CLUSTER_BATCH,
    FAMILIES,
    KubeSet,
    kube_grammar,
    seeded_sets,
)
from gateproof.generate.kube_smaller import smaller_sets
from gateproof.generate.kube_streams import STREAM_FAMILIES, asked_offline, placed
from gateproof.kubernetes.arms import REFUSED, OfflineArm
from gateproof.kubernetes.case_files import load_kubernetes_cases
from gateproof.real_traefik import find_traefik

needs_traefik = pytest.mark.skipif(find_traefik() is None, reason="no Traefik binary")


def _drawn(seed: int, count: int) -> list[KubeSet]:
    return list(itertools.islice(seeded_sets(kube_grammar(), seed, 3), count))


def test_one_seed_draws_the_same() -> None:
    assert _drawn(5, 20) == _drawn(5, 20)
    assert _drawn(5, 20) != _drawn(6, 20)
    assert {one.family for one in _drawn(5, 240)} == set(FAMILIES)


def test_sets_of_streams_have_clusters_of_their_own() -> None:
    drawn = _drawn(5, 240)
    for begin in range(0, len(drawn), CLUSTER_BATCH):
        batch = drawn[begin : begin + CLUSTER_BATCH]
        streams = {one.family for one in batch if one.family in STREAM_FAMILIES}
        assert not streams or streams == {one.family for one in batch}
        placed_at = {json.dumps(placed("@tcp", one.prefix)) for one in batch}
        assert len(placed_at) == CLUSTER_BATCH


def test_every_kind_of_object_and_middleware_is_drawn() -> None:
    text = json.dumps([one.objects for one in _drawn(1, 800)])
    for alternative in kube_grammar().names["middleware-spec"]:
        for name in alternative:
            assert f'"{name}"' in text
    for kind in (
        "IngressRoute", "TraefikService", "Ingress", "HTTPRoute", "ReferenceGrant",
        "IngressRouteTCP", "IngressRouteUDP", "MiddlewareTCP", "TLSStore", "TLSRoute", "TCPRoute",
        "GRPCRoute",
    ):  # fmt: skip
        assert f'"kind": "{kind}"' in text


def _of_all(seed: int, count: int) -> list[KubeSet]:
    streams = seeded_sets(kube_grammar(), seed, 3, STREAM_FAMILIES)
    first, second = itertools.islice(streams, count), itertools.islice(streams, 40, 40 + count)
    return [*_drawn(seed, count), *first, *second]


def test_smaller_sets_are_smaller() -> None:
    for one in _of_all(2, 12):
        for less in smaller_sets(one):
            assert less != one
            assert less.size < one.size
            assert less.objects


def test_a_set_is_written_as_it_is_run(tmp_path: Path) -> None:
    file = tmp_path / "generated.yaml"
    arm = OfflineArm()
    for one in _of_all(3, 12):
        one = replace(one, requests=tuple(r for r in one.requests if asked_offline(r)))
        file.write_text(set_text(one, kube_grammar(), one.prefix))
        (read,) = load_kubernetes_cases(file)
        answers = []
        for case in (set_case(one, kube_grammar()), read):
            session = arm.open(case)
            steps = case.resolve(session.addresses).steps
            answers.append([session.send(step.send).status for step in steps if step.send])
            session.close()
        assert answers[0] == answers[1]


@needs_traefik
@pytest.mark.parametrize("arm", ["offline", "daemon"])
def test_some_sets_are_answered_as_traefik_answers(arm: str) -> None:
    report = Hunt(KubeComparison(kube_grammar(), arm), 0).run(
        seeded_sets(kube_grammar(), 7, 6), 240
    )
    # Some sets hold an object that rules of its definition forbid: no cluster can have them.
    assert all(why.startswith(REFUSED) for why in report.skipped), report.skipped
    assert sum(report.skipped.values()) < 60
    assert [one.text for one in report.found] == []
    assert report.statuses[200] > 0
