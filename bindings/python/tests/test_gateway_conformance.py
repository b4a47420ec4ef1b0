"""The engine against the official Gateway API suite: all that is data in virtual time, and some of
the suite's own binary where it is built already."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from gateproof.errors import GateproofError
from gateproof.gateway_suite import build, run, versions
from gateproof.gateway_suite.fast import FastOutcome


class Silent:
    """Nobody looks."""

    def building(self, what: str, done: int, total: int) -> None: ...
    def starting(self, what: str) -> None: ...
    def running(self, number: int, tests: int) -> None: ...
    def test(self, name: str, outcome: str, seconds: float) -> None: ...


@pytest.fixture(params=versions.VERSIONS)
def suite(request: pytest.FixtureRequest) -> versions.Suite:
    try:
        found = versions.find_suite(request.param)
        assert found.sources.is_dir()
    except GateproofError as problem:
        pytest.skip(f"the suite's sources are not to be had: {problem}")
    return found


def words(failed: list[FastOutcome]) -> str:
    return "\n".join(f"{one.test.name}: {text}" for one in failed for text in one.problems[:3])


def test_what_is_data_in_the_suite_is_as_it_expects(suite: versions.Suite) -> None:
    result = run.run_fast(run.Options(suite=suite), Silent())
    assert result.failed == [], words(result.failed)
    assert sum(one.checked for one in result.outcomes) >= 600


# One for each way in which the binary talks with cluster, gateway and node.
SOME = ["GatewayModifyListeners", "HTTPRouteHeaderMatching", "GRPCExactMethodMatching", "UDPRoute"]


def test_some_of_the_suite_itself_passes(suite: versions.Suite, tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("Gateways listen on ports 80 and 443: needs root")
    if not any(build.cache_folder().glob(f"conformance-{suite.version}-*")):
        pytest.skip("the suite's binary is not built; `gateproof conformance` builds it once")
    log = tmp_path / "log"
    result = run.run_suite(run.Options(suite=suite, names=SOME, log=log, timeout=120), Silent())
    (one,) = result.runs
    assert one.problem == ""
    assert [failed.test.name for failed in one.failed] == [], log.read_text()[-5000:]
    assert one.counted("passed") == len(SOME)
    assert "GatewayHTTPListenerIsolation" in result.features
