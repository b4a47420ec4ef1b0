"""The driver of the official Gateway API suite: what it reads, and what it makes of it."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from kube_double import KubeDouble
from support import suite_or_skip

from gateproof.errors import GateproofError
from gateproof.gateway_suite import catalogue, cluster, report, run, versions
from gateproof.gateway_suite.catalogue import SuiteTest
from gateproof.gateway_suite.explain import clean, describe, explain, manifest_keys, moment_of
from gateproof.gateway_suite.junit import write_junit
from gateproof.gateway_suite.kube import Kube, KubeError, write_kubeconfig
from gateproof.gateway_suite.recorder import Recorder, State
from gateproof.gateway_suite.results import Outcome, SuiteResult, SuiteRun
from gateproof.gateway_suite.stream import ERRORS_MAX, LINES_FIRST, LINES_LAST, Stream, TestRun
from gateproof.gateway_suite.target import Target
from gateproof.gateway_suite.trace import engine_trace, last_request

ROUTES = "/apis/gateway.networking.k8s.io/v1/httproutes"
PRINTED = """\
\x16=== RUN   TestConformance
    conformance.go:113: Running conformance tests with:
\x16=== RUN   TestConformance/HTTPRouteWeight
\x16=== PAUSE TestConformance/HTTPRouteWeight
\x16=== RUN   TestConformance/MeshBasic
    conformance.go:70: Skipping MeshBasic: suite does not support Mesh
\x16--- SKIP: TestConformance/MeshBasic (0.01s)
\x16=== CONT  TestConformance/HTTPRouteWeight
\x16=== RUN   TestConformance/HTTPRouteWeight/Requests
    http.go:10: 2026-11-29T09:40:34.5Z: Making GET request to host shop via http://127.80.0.1/
no newline\x16=== NAME  TestConformance/HTTPRouteWeight/Requests
\x0f    weight.go:84:
        \tError Trace:\t/root/weight.go:84
        \t            \t\t/root/suite.go:1
        \tError:      \tpods of 70 percent
        \t            \tgot 12
        \tTest:       \tTestConformance/HTTPRouteWeight/Requests\x0e
\x16--- FAIL: TestConformance/HTTPRouteWeight/Requests (1.50s)
\x16--- FAIL: TestConformance/HTTPRouteWeight (2.25s)
\x16--- FAIL: TestConformance (3.00s)
\x16=== NAME\x20\x20
\x16FAIL
"""


def stream_of(text: str) -> tuple[Stream, list[tuple[str, str, str]]]:
    seen: list[tuple[str, str, str]] = []
    stream = Stream(lambda what, test: seen.append((what, test.name, test.outcome)))
    for line in text.splitlines(keepends=True):
        stream.feed(line)
    return stream, seen


def a_test(name: str = "HTTPRouteWeight", **fields: Any) -> SuiteTest:
    values: dict[str, Any] = {
        "name": name,
        "description": "Weights",
        "features": ("Gateway", "HTTPRoute"),
        "manifests": (),
        "parallel": False,
        "provisional": False,
        "source": Path("weight.go"),
        "line": 3,
    }
    return SuiteTest(**(values | fields))


def test_outcomes_times_and_errors_are_read() -> None:
    stream, seen = stream_of(PRINTED)
    weight = stream.tests["TestConformance/HTTPRouteWeight"]
    leaf = stream.tests["TestConformance/HTTPRouteWeight/Requests"]
    assert (weight.outcome, weight.seconds) == ("failed", 2.25)
    assert stream.tests["TestConformance/MeshBasic"].outcome == "skipped"
    assert len(leaf.errors) == 1
    assert "got 12" in leaf.errors[0]
    assert "no newline" in leaf.output
    assert not any("\x0e" in line or "\x0f" in line for line in leaf.output)
    assert ("end", "TestConformance/MeshBasic", "skipped") in seen
    assert [name for what, name, _ in seen if what == "run"][:2] == [
        "TestConformance",
        "TestConformance/HTTPRouteWeight",
    ]


def test_a_test_that_never_ends_has_no_outcome() -> None:
    stream, _ = stream_of("\x16=== RUN   TestConformance/A\npanic: boom\n")
    assert stream.tests["TestConformance/A"].outcome == ""
    assert stream.tests["TestConformance/A"].output == ["panic: boom"]


@pytest.mark.parametrize("over", [0, 1])
def test_output_is_kept_up_to_its_limit(over: int) -> None:
    test = TestRun("a")
    for number in range(LINES_FIRST + LINES_LAST + over):
        test.add(str(number))
    assert len(test.output) == LINES_FIRST + LINES_LAST + over
    assert ("... 1 lines are left out" in test.output) == bool(over)
    assert test.output[-1] == str(LINES_FIRST + LINES_LAST + over - 1)


def test_errors_are_kept_up_to_their_limit() -> None:
    many = "".join(f"\x0ferror {number}\x0e\n" for number in range(ERRORS_MAX + 1))
    stream, _ = stream_of("\x16=== RUN   TestConformance/A\n" + many)
    assert len(stream.tests["TestConformance/A"].errors) == ERRORS_MAX


@given(st.text(alphabet="a=-\x16\x0f\x0e\x1b\n :/(0.1s)RUNPASSFAIL", max_size=200))
def test_no_output_breaks_the_reader(text: str) -> None:
    stream, _ = stream_of("\x16=== RUN   TestConformance/A\n" + text + "\n")
    assert stream.tests["TestConformance/A"].name == "TestConformance/A"


@given(st.lists(st.sampled_from(["passed", "failed", "skipped"]), max_size=8))
def test_what_is_printed_is_what_is_read(outcomes: list[str]) -> None:
    words = {"passed": "PASS", "failed": "FAIL", "skipped": "SKIP"}
    text = "".join(
        f"\x16=== RUN   T/{n}\nline {n}\n\x16--- {words[one]}: T/{n} ({n}.25s)\n"
        for n, one in enumerate(outcomes)
    )
    stream, _ = stream_of(text)
    found = [(one.name, one.outcome, one.seconds, one.output) for one in stream.tests.values()]
    assert found == [(f"T/{n}", one, n + 0.25, [f"line {n}"]) for n, one in enumerate(outcomes)]


@pytest.fixture(scope="module", params=versions.VERSIONS)
def suite(request: pytest.FixtureRequest) -> versions.Suite:
    return suite_or_skip(request.param)


def test_the_catalogue_has_every_test_of_the_suite(suite: versions.Suite) -> None:
    tests = catalogue.load_tests(suite)
    everything, gateway, features = {"v1.6.3": (153, 131, 58), "v1.7.0": (170, 147, 64)}[
        suite.version
    ]
    assert len(tests) == everything
    assert sum(not one.mesh for one in tests) == gateway
    assert len(catalogue.feature_names(suite)) == features
    weight = next(one for one in tests if one.name == "HTTPRouteWeight")
    assert weight.features == ("Gateway", "HTTPRoute")
    assert weight.manifests == ("tests/httproute-weight.yaml",)
    assert weight.profiles == ("GATEWAY-HTTP",)
    assert "HTTPRoute with weighted backends" in weight.description
    declared = sum(
        text.count("\n\tShortName:")
        for text in (path.read_text() for path in (suite.sources / "tests").rglob("*.go"))
    )
    assert declared == len(tests)


def test_tests_are_selected_by_profile_feature_and_name(suite: versions.Suite) -> None:
    tests = catalogue.load_tests(suite)
    everything = list(versions.PROFILES)
    assert len(catalogue.select(tests, everything, [], [])) == sum(not one.mesh for one in tests)
    udp = catalogue.select(tests, ["GATEWAY-UDP"], [], ["UDPRoute*"])
    assert len(udp) > 5
    assert all("UDPRoute" in one.features for one in udp)
    cors = catalogue.select(tests, everything, ["HTTPRouteCORS"], [])
    assert [one.name for one in cors] == ["HTTPRouteCORS"]
    with pytest.raises(GateproofError, match="did you mean"):
        catalogue.select(tests, everything, [], ["RouteWeight"])
    with pytest.raises(GateproofError, match="no test of the suite needs"):
        catalogue.select(tests, everything, ["Wings"], [])
    with pytest.raises(GateproofError, match="is left"):
        catalogue.select(tests, ["GATEWAY-UDP"], ["HTTPRouteCORS"], [])


def test_crds_are_of_the_version_of_the_suite(suite: versions.Suite) -> None:
    found = cluster.crds(suite)
    kinds = {one["spec"]["names"]["kind"] for one in found}
    assert {"Gateway", "HTTPRoute", "UDPRoute", "ListenerSet", "BackendTLSPolicy"} <= kinds


def test_the_helper_module_is_named(suite: versions.Suite) -> None:
    if suite.version == "v1.7.0":
        assert suite.helper.endswith("v0.1.0 (in place of v0.2.0)")
    else:
        assert suite.helper.startswith("none")


def test_unknown_versions_are_refused() -> None:
    assert versions.find_suite("1.6.3").version == "v1.6.3"
    with pytest.raises(GateproofError, match="there are"):
        versions.find_suite("v1.5.1")


def test_messages_lose_stack_and_stamps() -> None:
    stream, _ = stream_of(PRINTED)
    text = clean(stream.tests["TestConformance/HTTPRouteWeight/Requests"].errors[0])
    assert text.split("\n") == ["weight.go:84:", "Error:      \tpods of 70 percent", "got 12"]
    moment = moment_of(stream.tests["TestConformance/HTTPRouteWeight/Requests"].output)
    assert moment == 1795945234.5


ROUTE = {
    "kind": "HTTPRoute",
    "metadata": {"name": "weighted", "namespace": "infra", "generation": 2},
    "status": {
        "parents": [
            {
                "parentRef": {"name": "same", "sectionName": "http"},
                "conditions": [
                    {
                        "type": "Accepted",
                        "status": "True",
                        "reason": "Accepted",
                        "observedGeneration": 1,
                    }
                ],
            }
        ]
    },
}


def test_an_object_is_described_by_its_status() -> None:
    key = ("HTTPRoute", "infra", "weighted")
    assert describe(key, State(1.0, False, ROUTE)) == [
        "HTTPRoute infra/weighted generation 2 to same/http: "
        "Accepted=True/Accepted (of generation 1)"
    ]
    assert describe(key, None) == ["HTTPRoute infra/weighted: was never seen"]


def test_the_recorder_keeps_what_is_deleted() -> None:
    double = KubeDouble({"/apis/gateway.networking.k8s.io/v1": ["HTTPRoute"]})
    double.put(ROUTES, ROUTE)
    recorder = Recorder(Kube(double.url))
    key = ("HTTPRoute", "infra", "weighted")
    try:
        end = time.monotonic() + 10
        while recorder.at(key, time.time()) is None and time.monotonic() < end:
            time.sleep(0.01)
        middle = time.time()
        time.sleep(0.05)
        changed = {**ROUTE, "metadata": {**ROUTE["metadata"], "generation": 3}}  # type: ignore[dict-item]
        double.put(ROUTES, changed)
        double.remove(ROUTES, "infra", "weighted")
        while time.monotonic() < end:
            last = recorder.at(key, time.time())
            if last and last.deleted:
                break
            time.sleep(0.01)
        assert last is not None
        assert last.deleted
        assert last.body["metadata"]["generation"] == 3
        before = recorder.at(key, middle)
        assert before is not None
        assert before.body["metadata"]["generation"] == 2
        assert recorder.at(("HTTPRoute", "infra", "other"), time.time()) is None
        assert [one["metadata"]["name"] for one in recorder.everything_at(middle)] == ["weighted"]
        assert recorder.everything_at(time.time()) == []
    finally:
        recorder.close()
        double.close()


def test_the_last_request_is_found() -> None:
    lines = ["x Making GET request to host shop via http://127.80.0.2:8080/a?b=1", "more"]
    assert last_request(lines) == ("GET", "http://shop/a?b=1", "127.80.0.2:8080/tcp")
    assert last_request(["Making GET request to host  via http://127.80.0.2/"]) == (
        "GET",
        "http://127.80.0.2/",
        "127.80.0.2:80/tcp",
    )
    assert last_request(["Making GET request to host a via https://127.80.0.2/"]) is None


def test_the_engine_tells_how_it_decides() -> None:
    version, meta = "gateway.networking.k8s.io/v1", {"namespace": "n", "name": "g"}
    listener = {"name": "http", "port": 80, "protocol": "HTTP"}
    objects = [
        {
            "apiVersion": version,
            "kind": "GatewayClass",
            "metadata": {"name": "c"},
            "spec": {"controllerName": "x/y"},
        },
        {
            "apiVersion": version,
            "kind": "Gateway",
            "metadata": meta,
            "spec": {"gatewayClassName": "c", "listeners": [listener]},
        },
    ]
    line = ["Making GET request to host shop via http://127.80.0.1/cart"]
    told = engine_trace(line, objects, "v1.7.0", "x/y", "127.80.9.9")
    assert any("127.80.0.1:80/tcp" in text for text in told), told
    other = ["Making GET request to host shop via http://127.80.0.7/"]
    assert "no entry point" in engine_trace(other, objects, "v1.7.0", "x/y", "127.80.9.9")[0]
    assert engine_trace([], objects, "v1.7.0", "x/y", "127.80.9.9") == []


class Memory(Recorder):
    """A recorder that knows one object."""

    def __init__(self) -> None:
        pass

    def at(self, key: Any, moment: float) -> State | None:
        return State(moment, False, ROUTE) if key[2] == "weighted" else None


def test_a_failure_is_explained(tmp_path: Path) -> None:
    manifest = tmp_path / "m.yaml"
    gateway = {"kind": "Gateway", "name": "same", "namespace": "infra"}
    documents = [ROUTE | {"spec": {"parentRefs": [gateway]}}, {"kind": "Service", "metadata": {}}]
    manifest.write_text(yaml.safe_dump_all(documents))
    test = a_test(manifests=("m.yaml",))

    class Here(versions.Suite):
        @property
        def sources(self) -> Path:
            return tmp_path

    here = Here("v1.7.0")
    assert manifest_keys(here, test) == [
        ("HTTPRoute", "infra", "weighted"),
        ("Gateway", "infra", "same"),
    ]
    stream, _ = stream_of(PRINTED)
    found, moment = explain(here, test, stream.tests, Memory(), 5.0)
    assert moment == 1795945234.5
    assert found.failing == ["Requests"]
    assert "got 12" in found.messages[0]
    assert found.request == ["Making GET request to host shop via http://127.80.0.1/"]
    assert found.objects[-1] == "Gateway infra/same: was never seen"
    assert found.lines()[0] == "FAILED HTTPRouteWeight: Weights"


def a_run(*outcomes: tuple[str, str]) -> SuiteRun:
    rows = [
        Outcome(a_test(name), outcome, 1.0, ("why\x00",), ("text",)) for name, outcome in outcomes
    ]
    return SuiteRun(rows, [], [], 2.0, 0.5, 0.25)


def test_flaky_is_what_also_passed() -> None:
    result = SuiteResult("v1.7.0", "", [])
    result.runs = [a_run(("A", "failed"), ("B", "failed")), a_run(("A", "passed"), ("B", "failed"))]
    assert result.flaky() == {"A": 1}
    assert not result.good
    assert SuiteResult("v1.7.0", "", [], [a_run(("A", "passed"))]).good


def test_junit_is_xml_whatever_was_printed(tmp_path: Path) -> None:
    outcomes = a_run(("A", "failed"), ("B", "passed"), ("C", "skipped")).outcomes
    write_junit(tmp_path / "deep" / "j.xml", "v1.7.0", outcomes)
    root = ElementTree.parse(tmp_path / "deep" / "j.xml").getroot()
    group = root[0]
    assert (group.get("tests"), group.get("failures"), group.get("skipped")) == ("3", "1", "1")
    assert group[0][0].get("message") == "why\ufffd"


REPORT = {
    "kind": "ConformanceReport",
    "mode": "simulation",
    "profiles": [
        {
            "name": "GATEWAY-HTTP",
            "summary": "Core tests succeeded.",
            "core": {"result": "success", "statistics": {"Passed": 40, "Failed": 0, "Skipped": 0}},
            "extended": {
                "result": "partial",
                "statistics": {"Passed": 60, "Failed": 1, "Skipped": 2},
                "unsupportedFeatures": ["HTTPRouteCORS"],
            },
        }
    ],
}


def test_a_report_is_kept_with_its_heading(tmp_path: Path) -> None:
    source, into = tmp_path / "a.yaml", tmp_path / "reports" / "b.yaml"
    source.write_text(yaml.safe_dump(REPORT))
    (profile,) = report.read_profiles(source)
    assert not profile.complete
    assert profile.line() == (
        "GATEWAY-HTTP: core 40 passed; extended 60 passed, 1 failed, 2 skipped, "
        "1 features unsupported"
    )
    report.write_report(source, into, ["Run in simulation."])
    assert into.read_text().startswith("# Run in simulation.\n")
    assert yaml.safe_load(into.read_text()) == REPORT
    assert report.read_profiles(tmp_path / "none.yaml") == []


def test_an_implementation_is_what_the_suite_takes() -> None:
    flags = report.Implementation(version="v1", contact="@a,@b").flags()
    assert "-version=v1" in flags
    assert "-contact=@a,@b" in flags


def test_a_kubeconfig_that_was_written_is_read(tmp_path: Path) -> None:
    double = KubeDouble()
    try:
        write_kubeconfig(tmp_path / "k", double.url)
        kube = Kube.from_kubeconfig(tmp_path / "k")
        assert kube.get("/version") == {"major": "1"}
        made = kube.apply("/api/v1/things", {"metadata": {"name": "a"}, "x": 1})
        again = kube.apply("/api/v1/things", {"metadata": {"name": "a"}, "x": 2})
        assert (made["x"], again["x"]) == (1, 2)
        assert kube.find("/api/v1/things/b") is None
        with pytest.raises(KubeError) as refused:
            kube.get("/api/v1/things/b")
        assert refused.value.code == 404
        kube.delete("/api/v1/things/a")
        kube.delete("/api/v1/things/a")
    finally:
        double.close()


@pytest.mark.parametrize("text", ["", "a: [", "current-context: x", "clusters: 3", "[]"])
def test_a_bad_kubeconfig_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "k").write_text(text)
    with pytest.raises(GateproofError, match="no usable kubeconfig"):
        Kube.from_kubeconfig(tmp_path / "k")


def test_a_url_that_is_none_is_refused() -> None:
    with pytest.raises(GateproofError, match="no URL"):
        Kube("127.0.0.1:6443")


def class_status(double: KubeDouble, **status: Any) -> None:
    body = {"metadata": {"name": "c"}, "spec": {"controllerName": "x/y"}, "status": status}
    double.put(cluster.CLASSES, body)


def test_features_are_those_of_an_accepted_class() -> None:
    double = KubeDouble()
    kube = Kube(double.url)
    accepted = {"type": "Accepted", "status": "True"}
    try:
        class_status(
            double, conditions=[accepted], supportedFeatures=[{"name": "B"}, {"name": "A"}]
        )
        assert cluster.gateway_class(kube, "c", "x/y", 1.0) == ["A", "B"]
        class_status(double, conditions=[accepted])
        with pytest.raises(GateproofError, match="supportedFeatures"):
            cluster.gateway_class(kube, "c", "x/y", 0.2)
        with pytest.raises(GateproofError, match="its status is empty"):
            cluster.gateway_class(kube, "fresh", "x/y", 0.2)
        assert double.get(cluster.CLASSES, "", "fresh")["spec"] == {"controllerName": "x/y"}
    finally:
        double.close()


@pytest.mark.parametrize(
    ("command", "why"),
    [("", "needs a command"), ("'", "quotation"), ("/no/such/gateway", "does not start")],
)
def test_a_target_that_cannot_be_started_is_refused(tmp_path: Path, command: str, why: str) -> None:
    with pytest.raises(GateproofError, match=why):
        Target(command, tmp_path / "k", "http://a", tmp_path)


def test_a_target_is_given_the_kubeconfig_and_ended(tmp_path: Path) -> None:
    command = "sh -c 'echo {kubeconfig} $KUBECONFIG {api}; sleep 60'"
    with Target(command, tmp_path / "k", "http://a", tmp_path) as one:
        end = time.monotonic() + 10
        while "k" not in one.complaints() and time.monotonic() < end:
            time.sleep(0.01)
        assert one.complaints() == f"{tmp_path}/k {tmp_path}/k http://a"
        pid = one.pid
    assert not Path(f"/proc/{pid}").exists()


def stage(tmp_path: Path, chosen: list[SuiteTest]) -> Any:
    double_cluster: Any = None
    options = run.Options(suite=versions.find_suite("v1.7.0"))
    every = [a_test("HTTPRouteWeight"), a_test("Other")]
    return run._Stage(
        options,
        tmp_path,
        Path("bin"),
        double_cluster,
        Memory(),
        [],
        chosen,
        every,
        None,  # type: ignore[arg-type]
    )


def test_the_binary_is_told_no_feature_and_no_test_to_skip(tmp_path: Path) -> None:
    both = [a_test("HTTPRouteWeight"), a_test("Other")]
    words = " ".join(run.command(stage(tmp_path, both), 1))
    assert not any(
        word in words for word in ("skip", "features", "exempt", "-run-test", "timeout-config")
    )
    assert "-test.run=^TestConformance$" in words.split()
    one = " ".join(run.command(stage(tmp_path, both[:1]), 1))
    assert "-test.run=^TestConformance$/^(HTTPRouteWeight)$" in one.split()


def test_tests_that_the_suite_never_came_to_have_failed(tmp_path: Path) -> None:
    stream, _ = stream_of("\x16=== RUN   TestConformance\n\x0f    a.go:1: no class\x0e\n")
    outcomes, explanations = run._outcomes(stage(tmp_path, [a_test()]), stream)
    assert [(one.outcome, one.text) for one in outcomes] == [("failed", ("no class",))]
    assert explanations == []


SECRETS_OF_THE_SUITE = (
    "gateway-conformance",
    "infra-backend",
    "web-backend",
    "app-backend",
    "x-echo-set-header",
    "echo-basic",
    "gateway_api_conformance",
    "tls-validity-checks",
    "conformance-request-id",
    "gateway-api-conformance.test",
)


def test_the_engine_knows_nothing_of_the_suite() -> None:
    """No name, header or path of the suite stands in what routes; tests and recordings may."""
    tree = Path(__file__).resolve().parents[3]
    found = []
    for folder in ("engine", "bindings/cpp"):
        for path in sorted((tree / folder).rglob("*")):
            if path.suffix not in (".cpp", ".h", ".inc") or "_test" in path.stem:
                continue
            text = path.read_text(encoding="utf-8").lower()
            found += [f"{path}: {word}" for word in SECRETS_OF_THE_SUITE if word in text]
    assert found == []
