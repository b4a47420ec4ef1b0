"""`gateproof conformance` from end to end, with programs that stand for the suite and the node."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from kube_double import KubeDouble
from typer.testing import CliRunner

from gateproof.cli import app
from gateproof.gateway_suite import build, catalogue, cluster, versions
from gateproof.gateway_suite.catalogue import SuiteTest

# A program that prints what the suite would, and writes its report.
SUITE = """\
#!/bin/sh
for word; do case $word in -report-output=*) out=${word#*=};; esac; done
echo "$@" > ARGS
printf '\\026=== RUN   TestConformance\\n'
for name in Good Bad Odd; do
  printf '\\026=== RUN   TestConformance/%s\\n' $name
  case $name in
    Good) word=PASS;;
    Odd) word=SKIP; echo 'Skipping Odd: suite does not support X';;
    Bad) word=FAIL; printf '\\017    a.go:1: 2026-11-29T10:00:00Z: expected 200\\016\\n';;
  esac
  printf '\\026--- %s: TestConformance/%s (0.50s)\\n' $word $name
done
printf '\\026--- FAIL: TestConformance (1.00s)\\n\\026FAIL\\n'
# No program is to be found: the suite is given no PATH.
echo "{kind: ConformanceReport, profiles: [{name: GATEWAY-HTTP,
  core: {result: failure, statistics: {Failed: 1, Passed: 1, Skipped: 0}}}]}" > "$out"
exit 1
"""
NODE = "#!/bin/sh\necho $$ > PID\necho node ready\nexec sleep 60\n"


def program(path: Path, text: str, **names: Path) -> Path:
    for name, value in names.items():
        text = text.replace(name, str(value))
    path.write_text(text)
    path.chmod(0o755)
    return path


def three_tests(_suite: Any) -> list[SuiteTest]:
    return [
        SuiteTest(name, f"{name} things", ("Gateway",), (), False, False, Path("a.go"), 1)
        for name in ("Bad", "Good", "Odd")
    ]


@pytest.fixture
def api() -> Iterator[KubeDouble]:
    double = KubeDouble({"/apis/gateway.networking.k8s.io/v1": ["Gateway"]})
    status = {
        "conditions": [{"type": "Accepted", "status": "True"}],
        "supportedFeatures": [{"name": "Gateway"}],
    }
    body = {"metadata": {"name": "gateway-conformance"}, "status": status}
    double.put(cluster.CLASSES, body)
    yield double
    double.close()


@pytest.fixture
def played(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    binary = program(tmp_path / "suite", SUITE, ARGS=tmp_path / "args")
    node = program(tmp_path / "node", NODE, PID=tmp_path / "pid")
    monkeypatch.setattr(build, "build_all", lambda *_: (binary, node))
    monkeypatch.setattr(catalogue, "load_tests", three_tests)
    monkeypatch.setattr(cluster, "crds", lambda _suite: [])
    monkeypatch.setattr(versions.Suite, "helper", "helper v0.1.0")
    return tmp_path


def invoke(*arguments: str) -> Any:
    kept = signal.getsignal(signal.SIGTERM)
    try:
        return CliRunner().invoke(app, ["conformance", *arguments])
    finally:
        signal.signal(signal.SIGTERM, kept)


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_failing_suite_is_told_and_gives_1(api: KubeDouble, played: Path) -> None:
    files = {name: played / name for name in ("r.yaml", "j.xml", "log")}
    got = invoke(
        *("--api", api.url, "--repeat", "2", "--log", str(files["log"])),
        *("--report", str(files["r.yaml"]), "--junit", str(files["j.xml"])),
    )
    assert got.exit_code == 1, got.output
    assert "FAILED Bad: Bad things" in got.output
    assert "suite: expected 200" in got.output
    assert "1 passed, 1 failed, 1 skipped" in got.output
    assert "GATEWAY-HTTP: core 1 passed, 1 failed" in got.output
    assert "helper v0.1.0" in got.output
    text = files["r.yaml"].read_text()
    assert text.startswith("# Gateway API conformance suite v1.7.0")
    assert "simulation" in text
    assert "helper v0.1.0" in text
    assert yaml.safe_load(text)["kind"] == "ConformanceReport"
    assert files["j.xml"].read_text().count("<testcase") == 6
    assert "=== RUN" in files["log"].read_text()
    arguments = (played / "args").read_text().split()
    assert "-gateway-class=gateway-conformance" in arguments
    assert not alive(int((played / "pid").read_text()))


def test_json_has_every_test_and_failure(api: KubeDouble, played: Path) -> None:
    got = invoke("--api", api.url, "--json")
    data = json.loads(got.output)
    assert got.exit_code == 1
    (one,) = data["runs"]
    assert {row["name"]: row["outcome"] for row in one["tests"]} == {
        "Good": "passed",
        "Bad": "failed",
        "Odd": "skipped",
    }
    assert one["failures"][0]["messages"] == ["expected 200"]
    assert data["features"] == ["Gateway"]


def test_a_narrowed_run_says_so_in_its_report(api: KubeDouble, played: Path) -> None:
    got = invoke("--api", api.url, "--run", "Go*", "--report", str(played / "r.yaml"))
    assert got.exit_code == 1  # the program fails, whatever it was asked for
    assert "the suite ended with 1" in got.output
    assert "# Only 1 of 3 tests were run." in (played / "r.yaml").read_text()
    assert "-test.run=^TestConformance$/^(Good)$" in (played / "args").read_text()


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["--suite", "v0.9"], "there is no suite"),
        (["--profile", "MESH-HTTP"], "no profile"),
        (["--run", "Nobody"], "no test"),
        (["--feature", "Wings"], "no test of the suite needs"),
        (["--api", "http://127.0.0.1:1"], "no API server"),
        (["--implementation", "colour=red"], "no field"),
        (["--target", "  "], "needs a command"),
    ],
)
def test_what_cannot_be_run_is_refused(
    api: KubeDouble, played: Path, arguments: list[str], why: str
) -> None:
    got = invoke("--api", api.url, *arguments)
    assert got.exit_code != 0
    assert why in str(got.exception)


def test_an_end_from_outside_ends_node_and_target(api: KubeDouble, tmp_path: Path) -> None:
    node = program(tmp_path / "node", NODE, PID=tmp_path / "pid")
    suite = program(
        tmp_path / "suite", "#!/bin/sh\necho > READY\nexec sleep 60\n", READY=tmp_path / "up"
    )
    script = textwrap.dedent(f"""
        import sys
        from pathlib import Path
        from gateproof.cli import main
        from gateproof.gateway_suite import build, catalogue, cluster
        sys.path.insert(0, {str(Path(__file__).parent)!r})
        import test_gateway_run
        build.build_all = lambda *_: (Path({str(suite)!r}), Path({str(node)!r}))
        catalogue.load_tests = test_gateway_run.three_tests
        cluster.crds = lambda _suite: []
        sys.exit(main())
    """)
    target = f"sh -c 'echo $$ > {tmp_path}/target; exec sleep 60'"
    command = [sys.executable, "-c", script, "conformance", "--api", api.url, "--target", target]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        end = time.monotonic() + 20
        while not (tmp_path / "up").exists() and time.monotonic() < end:
            time.sleep(0.02)
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 143
    for name in ("pid", "target"):
        assert not alive(int((tmp_path / name).read_text()))
