"""The engine against the official Gateway API suite: all that is data in virtual time, and some of
the suite's own binary where it is built already."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from support import suite_or_skip

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
    return suite_or_skip(request.param)


def words(failed: list[FastOutcome]) -> str:
    return "\n".join(f"{one.test.name}: {text}" for one in failed for text in one.problems[:3])


def test_what_is_data_in_the_suite_is_as_it_expects(suite: versions.Suite) -> None:
    result = run.run_fast(run.Options(suite=suite), Silent())
    assert result.failed == [], words(result.failed)
    assert sum(one.checked for one in result.outcomes) >= 600


# One for each way in which the binary talks with cluster, gateway and node.
SOME = ["GatewayModifyListeners", "HTTPRouteHeaderMatching", "GRPCExactMethodMatching", "UDPRoute"]


def test_some_of_the_suite_itself_passes(suite: versions.Suite, tmp_path: Path) -> None:
    if not any(build.cache_folder().glob(f"conformance-{suite.version}-*")):
        pytest.skip("the suite's binary is not built; `gateproof conformance` builds it once")
    # A process of its own, for it moves into a network namespace of its own.
    run_it = "import sys; from gateproof.cli import main; sys.exit(main())"
    command = [sys.executable, "-c", run_it, "conformance", "--json", "--timeout", "120"]
    command += ["--suite", suite.version, "--log", str(tmp_path / "log")]
    for name in SOME:
        command += ["--run", name]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    if "no network namespace of our own" in done.stderr and os.geteuid() != 0:
        pytest.skip(f"Gateways listen on ports 80 and 443: {done.stderr.strip()}")
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr
    found = json.loads(done.stdout)
    (one,) = found["runs"]
    assert {row["name"]: row["outcome"] for row in one["tests"]} == dict.fromkeys(SOME, "passed")
    assert "GatewayHTTPListenerIsolation" in found["features"]
