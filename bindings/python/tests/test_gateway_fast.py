"""`gateproof conformance --fast`: what is read of the suite's sources, and how it is checked."""

from __future__ import annotations

import copy
import json
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml
from support import suite_or_skip

from gateproof.gateway_suite import build, catalogue, fast_status, versions
from gateproof.gateway_suite.fast import (
    KNOWN,
    PROBLEMS_MAX,
    Runner,
    Values,
    listener_port,
    load_manifest,
)
from gateproof.gateway_suite.fast_http import Asked, Echo, Exchange, asked_of, compare
from gateproof.gateway_suite.fast_status import check_status
from gateproof.gateway_suite.fast_steps import (
    FastCase,
    GatewayRef,
    Name,
    RequestStep,
    StatusStep,
    read_case,
    read_cases,
)

VALUES = Values("mine", "x/y", "127.80.1.1", "192.0.2.1")
Object = dict[str, Any]


@pytest.fixture(scope="module", params=versions.VERSIONS)
def suite(request: pytest.FixtureRequest) -> versions.Suite:
    return suite_or_skip(request.param)


@pytest.fixture(scope="module")
def cases(suite: versions.Suite) -> Path:
    return build.cases_file(suite, lambda *_: None)


def test_most_tests_have_steps_that_are_data(suite: versions.Suite, cases: Path) -> None:
    found, _ = read_cases(cases, KNOWN)
    gateway = {one.name for one in catalogue.load_tests(suite) if not one.mesh}
    assert gateway <= set(found)
    mine = [found[name] for name in gateway]
    assert sum(bool(one.steps) for one in mine) >= 120
    assert sum(isinstance(step, RequestStep) for one in mine for step in one.steps) >= 250
    assert sum(isinstance(step, StatusStep) for one in mine for step in one.steps) >= 380


def test_a_request_is_read_with_its_gateway(cases: Path) -> None:
    found, _ = read_cases(cases, KNOWN)
    step = next(
        one for one in found["HTTPRouteHeaderMatching"].steps if isinstance(one, RequestStep)
    )
    assert step.gateway.name == Name("gateway-conformance-infra", "same-namespace")
    request = step.expected["Request"]
    assert (request["Path"], request["Headers"]["Version"]) == ("/", "one")
    assert step.expected["Backend"] == "infra-backend-v1"


def test_a_status_is_read_with_its_condition(cases: Path) -> None:
    found, _ = read_cases(cases, KNOWN)
    steps = found["HTTPRouteInvalidBackendRefUnknownKind"].steps
    step = next(one for one in steps if isinstance(one, StatusStep) and len(one.args) == 3)
    assert step.call == "HTTPRouteMustHaveCondition"
    assert step.args[2]["Reason"] == "InvalidKind"
    assert step.inside != ()


def test_the_objects_that_the_suite_makes_by_code_are_made(cases: Path, tmp_path: Path) -> None:
    _, objects = read_cases(cases, KNOWN)
    assert len(objects) == 14
    by_name = {(one["kind"], one["metadata"]["name"]): one for one in objects}
    leaf = by_name[("Secret", "tls-checks-certificate")]["stringData"]["tls.crt"]
    (tmp_path / "leaf").write_text(leaf)
    ca = by_name[("ConfigMap", "tls-checks-ca-certificate")]["data"]["ca.crt"]
    (tmp_path / "ca").write_text(ca)
    other = by_name[("ConfigMap", "mismatch-ca-certificate")]["data"]["ca.crt"]
    (tmp_path / "other").write_text(other)

    def verified(by: str) -> bool:
        command = ["openssl", "verify", "-CAfile", str(tmp_path / by), str(tmp_path / "leaf")]
        return subprocess.run(command, capture_output=True, check=False).returncode == 0

    assert verified("ca")
    assert not verified("other")
    show = ["openssl", "x509", "-in", str(tmp_path / "leaf"), "-noout", "-ext", "subjectAltName"]
    text = subprocess.run(show, capture_output=True, check=True, text=True).stdout
    assert "DNS:abc.example.com" in text
    assert "URI:spiffe://abc.example.com/test-identity" in text


def raw(call: str, *args: Any, when: str = "") -> dict[str, Any]:
    return {"call": call, "args": list(args), "line": 1, **({"when": when} if when else {})}


DARK = {"$unknown": "t"}
NAME = {"$type": "types.NamespacedName", "Name": "r", "Namespace": "n"}


def case_of(*steps: dict[str, Any]) -> FastCase:
    return read_case({"name": "A", "steps": list(steps)}, KNOWN)


def test_what_follows_a_change_is_left_out() -> None:
    wait = raw("kubernetes.HTTPRouteMustHaveNoAcceptedParents", DARK, DARK, DARK, NAME)
    case = case_of(wait, raw("suite.Client.Patch"), wait, raw("t.Log"))
    assert len(case.steps) == 1
    assert case.left_out == {"follows a change": 1}


def test_what_is_not_known_is_left_out() -> None:
    wait = "kubernetes.HTTPRouteMustHaveNoAcceptedParents"
    case = case_of(
        raw(wait, DARK, DARK, DARK, {"$unknown": "routeNN"}),
        raw(wait, DARK, DARK, DARK, NAME, when="if x"),
        raw("tls.MakeTLSRequest", DARK),
        raw("kubernetes.WingsMustFlap", DARK),
    )
    assert case.steps == []
    assert set(case.left_out) == {
        "is known only when it runs",
        "depends on a condition",
        "needs a socket",
        "no check of WingsMustFlap",
    }


class Known:
    """Objects that are looked up, by kind and name."""

    def __init__(self, *objects: Object) -> None:
        self.objects = objects

    def find(self, kind: str, namespace: str, name: str) -> Object | None:
        for one in self.objects:
            meta = one["metadata"]
            if (one["kind"], meta.get("namespace", ""), meta["name"]) == (kind, namespace, name):
                return one
        return None


def condition(kind: str, status: str = "True", reason: str = "", generation: int = 1) -> Object:
    return {
        "type": kind,
        "status": status,
        "reason": reason or kind,
        "observedGeneration": generation,
    }


def good_gateway() -> Object:
    good = [condition(kind) for kind in ("Accepted", "Programmed", "ResolvedRefs")]
    return {
        "kind": "Gateway",
        "metadata": {"name": "g", "namespace": "n", "generation": 1},
        "spec": {"listeners": [{"name": "http", "port": 8080, "protocol": "HTTP"}]},
        "status": {
            "addresses": [{"value": "127.80.0.1"}],
            "conditions": good[:2],
            "listeners": [
                {
                    "name": "http",
                    "attachedRoutes": 1,
                    "supportedKinds": [{"group": "gateway.networking.k8s.io", "kind": "HTTPRoute"}],
                    "conditions": good,
                }
            ],
        },
    }


def good_route() -> Object:
    parent = {
        "parentRef": {"name": "g", "kind": "Gateway", "group": "gateway.networking.k8s.io"},
        "conditions": [condition("Accepted"), condition("ResolvedRefs")],
    }
    return {
        "kind": "HTTPRoute",
        "metadata": {"name": "r", "namespace": "n", "generation": 1},
        "status": {"parents": [parent]},
    }


G, R = Name("n", "g"), Name("n", "r")
LISTENER = {
    "Name": "http",
    "AttachedRoutes": 1,
    "SupportedKinds": [{"Group": "gateway.networking.k8s.io", "Kind": "HTTPRoute"}],
    "Conditions": [{"Type": "Accepted", "Status": "True", "Reason": "Accepted"}],
}


def problems(call: str, *args: Any, objects: Sequence[Object] = ()) -> list[str]:
    known = Known(*(objects or (good_gateway(), good_route())))
    return check_status(known, StatusStep(call, args, 1, ()))


@pytest.mark.parametrize(
    ("call", "args"),
    [
        ("GatewayMustHaveCondition", (G, {"Type": "Accepted", "Status": "True"})),
        ("GatewayMustHaveLatestConditions", (G,)),
        ("GatewayStatusMustHaveListeners", (G, [LISTENER])),
        ("GatewayListenersMustHaveConditions", (G, LISTENER["Conditions"])),
        ("GatewayListenerMustHaveConditions", (G, "http", LISTENER["Conditions"])),
        ("GatewayMustHaveAttachedListeners", (G, 0)),
        ("GatewayAndHTTPRoutesMustBeAccepted", (GatewayRef(G, ()), R)),
        ("GatewayAndRoutesMustBeAccepted", (GatewayRef(G, ()), {"$type": "v1.HTTPRoute"}, True, R)),
        ("HTTPRouteMustHaveCondition", (R, G, {"Type": "Accepted", "Status": "True"})),
        ("HTTPRouteMustHaveResolvedRefsConditionsTrue", (R, G)),
        ("HTTPRouteMustHaveParents", (R, [{"ParentRef": {"Name": "g"}}], False)),
    ],
)
def test_good_statuses_pass_and_missing_objects_do_not(call: str, args: tuple[Any, ...]) -> None:
    assert problems(call, *args) == []
    other = {"kind": "Other", "metadata": {"name": "x"}}
    assert problems(call, *args, objects=[other]) != []


def test_every_check_has_a_case_that_fails() -> None:
    changed = good_gateway()
    changed["metadata"]["generation"] = 2
    stale = problems("GatewayMustHaveLatestConditions", G, objects=[changed])
    assert stale[0].endswith("Accepted is of generation 1, not 2")
    assert problems("GatewayMustHaveCondition", G, {"Type": "Programmed", "Status": "False"})
    assert problems("GatewayMustHaveCondition", G, {"Type": "Other"})
    assert problems("GatewayMustHaveZeroRoutes", G)
    assert problems("GatewayMustHaveAttachedListeners", G, 1)
    assert problems("GatewayStatusMustHaveListeners", G, [LISTENER | {"AttachedRoutes": 0}])
    assert problems("GatewayStatusMustHaveListeners", G, [LISTENER | {"SupportedKinds": []}])
    assert problems("GatewayStatusMustHaveListeners", G, [LISTENER, LISTENER | {"Name": "b"}])
    assert problems("GatewayListenersMustHaveConditions", G, LISTENER["Conditions"], "other")
    assert problems("HTTPRouteMustHaveNoAcceptedParents", R)
    assert problems("GatewayAndHTTPRoutesMustBeAccepted", GatewayRef(G, ()), Name("n", "none"))
    short = good_route()
    del short["status"]["parents"][0]["parentRef"]["group"]
    objects = [good_gateway(), short]
    assert problems("GatewayAndHTTPRoutesMustBeAccepted", GatewayRef(G, ()), R, objects=objects)
    assert problems("HTTPRouteMustHaveResolvedRefsConditionsTrue", R, Name("n", "other"))
    homeless = good_gateway()
    homeless["status"]["addresses"] = []
    objects = [homeless, good_route()]
    assert problems("GatewayAndHTTPRoutesMustBeAccepted", GatewayRef(G, ()), R, objects=objects)


def test_every_status_function_that_is_known_is_one_of_the_suite(suite: versions.Suite) -> None:
    text = (suite.sources / "utils" / "kubernetes" / "helpers.go").read_text()
    made_here = {f"{kind}MustHaveResolvedRefsConditionsTrue" for kind in ("TCPRoute", "UDPRoute")}
    for name in set(fast_status.CHECKS) - made_here:
        assert f"func {name}(" in text, name


SEEN = Exchange(
    200,
    (("X-A", "1, 2"),),
    Echo("/p", "h", "GET", (("X-In", "v"),), "infra", "infra-backend-v1-abc-de", "3000"),
)
ASKED = Asked("GET", "h", "/p", ())
FITS: dict[str, Any] = {
    "Request": {"Path": "/p", "Host": "h"},
    "Namespace": "infra",
    "Backend": "infra-backend-v1",
}


@pytest.mark.parametrize(
    ("change", "wrong"),
    [
        ({}, None),
        ({"Backend": "infra-backend-v2"}, "pod"),
        ({"Namespace": "other"}, "namespace"),
        ({"Request": {"Path": "/q"}}, "path"),
        ({"Request": {"Path": "/p", "Host": "x"}}, "host"),
        ({"Response": {"StatusCode": 404}}, "status 200"),
        ({"Response": {"StatusCodes": [404, 200]}}, None),
        ({"Response": {"Headers": {"x-a": "1, 2"}}}, None),
        ({"Response": {"Headers": {"X-A": "1,2"}}}, "X-A"),
        ({"Response": {"Headers": {"X-A": "1,2"}, "IgnoreWhitespace": True}}, None),
        ({"Response": {"ValidHeaderValues": {"X-A": ["2, 1", "1, 2"]}}}, None),
        ({"Response": {"AbsentHeaders": ["x-a"]}}, "expected none"),
        ({"Response": {"Headers": {"X-B": "1"}}}, "no X-B"),
        ({"ExpectedRequest": {"Path": "/p", "Headers": {"x-in": "v"}}}, None),
        ({"ExpectedRequest": {"Path": "/p", "Headers": {"X-In": "w"}}}, "X-In"),
        ({"ExpectedRequest": {"Path": "/p", "AbsentHeaders": ["X-In"]}}, "expected none"),
        ({"ExpectedRequest": {"Path": "/p", "HTTPPort": "3001"}}, "port"),
        ({"ExpectedRequest": {"Request": {"Path": "/q", "Method": "POST"}}}, "method"),
    ],
)
def test_exchanges_are_compared_as_the_suite_does(
    change: dict[str, Any], wrong: str | None
) -> None:
    found = compare(FITS | change, ASKED, SEEN)
    if wrong is None:
        assert found == []
    else:
        assert any(wrong in text for text in found), found


@pytest.mark.parametrize(
    ("wanted", "good"),
    [
        ({"Scheme": "https", "Host": "x", "Port": "8443", "Path": "/n"}, True),
        ({"Scheme": "http"}, False),
        ({"Port": "443"}, False),
        ({"Path": "/p"}, False),
        ({"Host": "h"}, False),
    ],
)
def test_a_redirect_is_taken_apart(wanted: dict[str, Any], good: bool) -> None:
    seen = Exchange(302, (("Location", "https://x:8443/n"),), Echo())
    expected = {"Response": {"StatusCode": 302}, "RedirectRequest": {"Host": "x", **wanted}}
    assert (compare(expected, ASKED, seen) == []) is good


def test_a_timeout_fits_another_timeout() -> None:
    seen = Exchange(408, (), Echo())
    assert compare({"Response": {"StatusCode": 504}}, ASKED, seen) == []
    assert compare({"Response": {"StatusCode": 500}}, ASKED, seen) != []


def test_a_request_is_made_as_the_suite_makes_it() -> None:
    expected = {"Request": {}, "BackendSetResponseHeaders": {"$map": True, "A": "1", "B": "2"}}
    asked = asked_of(expected, "127.80.0.1")
    assert (asked.method, asked.host, asked.path) == ("GET", "127.80.0.1", "/")
    assert dict(asked.headers) == {"X-Echo-Set-Header": "A:1,B:2"}


def test_manifests_are_filled_in(tmp_path: Path) -> None:
    text = [
        {"kind": "GatewayClass", "metadata": {"name": "c"}, "spec": {"controllerName": "{X}"}},
        {
            "kind": "Gateway",
            "metadata": {"name": "g"},
            "spec": {
                "gatewayClassName": "{X}",
                "addresses": [
                    {"type": "IPAddress", "value": "PLACEHOLDER_USABLE_ADDRS"},
                    {"type": "test/fake-invalid-type", "value": "z"},
                    {"type": "IPAddress", "value": "PLACEHOLDER_UNUSABLE_ADDRS"},
                ],
            },
        },
        {
            "kind": "Gateway",
            "metadata": {"name": "h"},
            "spec": {"gatewayClassName": "{X}", "addresses": [{"type": "IPAddress"}]},
        },
    ]
    (tmp_path / "m.yaml").write_text(yaml.safe_dump_all(text))
    one, two, three = load_manifest(tmp_path / "m.yaml", VALUES)
    assert one["spec"]["controllerName"] == "x/y"
    assert two["spec"]["gatewayClassName"] == "mine"
    values = [address["value"] for address in two["spec"]["addresses"]]
    assert values == ["z", "192.0.2.1", "127.80.1.1"]
    assert three["spec"]["addresses"] == [{"type": "IPAddress"}]


def test_the_port_is_that_of_the_listener_that_is_named() -> None:
    listeners = [
        {"name": "a", "port": 80, "protocol": "HTTP"},
        {"name": "b", "port": 443, "protocol": "HTTPS"},
    ]
    gateway = {"spec": {"listeners": listeners}}
    assert listener_port(gateway, ()) == (80, "HTTP")
    assert listener_port(gateway, ("b",)) == (443, "HTTPS")


class ScriptedArm(Known):
    """Knows good objects, answers every request alike, keeps what it was told."""

    def __init__(self, answer: Exchange) -> None:
        super().__init__(good_gateway(), good_route())
        self.answer = answer
        self.told: list[str] = []

    def apply(self, objects: Sequence[Object]) -> None:
        self.told += [f"+{one['metadata']['name']}" for one in objects]

    def delete(self, objects: Sequence[Object]) -> None:
        self.told += [f"-{one['metadata']['name']}" for one in objects]

    def exchange(self, address: str, port: int, asked: Asked) -> Exchange:
        self.told.append(f"{asked.method} http://{address}:{port}{asked.path}")
        return self.answer

    def why(self) -> list[str]:
        return ["router: none"]


class Tree(versions.Suite):
    """A suite whose sources are a folder."""

    def __init__(self, folder: Path) -> None:
        super().__init__("v1.7.0")
        object.__setattr__(self, "folder_", folder)

    @property
    def sources(self) -> Path:
        return self.folder_  # type: ignore[attr-defined, no-any-return]


def runner(tmp_path: Path, arm: ScriptedArm, *steps: dict[str, Any]) -> Any:
    (tmp_path / "base").mkdir()
    space = {"kind": "Namespace", "metadata": {"name": "n"}}
    service = {"kind": "Service", "metadata": {"name": "s", "namespace": "n"}}
    (tmp_path / "base" / "manifests.yaml").write_text(yaml.safe_dump_all([service, space]))
    (tmp_path / "m.yaml").write_text(yaml.safe_dump_all([good_gateway(), good_route()]))
    secret = {"kind": "Secret", "metadata": {"name": "pair", "namespace": "n"}}
    data = {"tests": [{"name": "A", "steps": list(steps)}], "objects": [secret]}
    (tmp_path / "cases").write_text(json.dumps(data))
    test = catalogue.SuiteTest("A", "What A does", (), ("m.yaml",), False, False, Path("a.go"), 1)
    return Runner(Tree(tmp_path), arm, tmp_path / "cases", VALUES).run([test])


REFERENCE = {"$call": "kubernetes.NewGatewayRef", "args": [NAME | {"Name": "g"}]}
ADDRESS = {"$call": "kubernetes.WaitForGatewayAddress", "args": [DARK, DARK, DARK, REFERENCE]}


def request(expected: dict[str, Any]) -> dict[str, Any]:
    call = "http.MakeRequestAndExpectEventuallyConsistentResponse"
    return raw(call, DARK, DARK, DARK, ADDRESS, expected)


def test_a_case_is_applied_checked_and_deleted(tmp_path: Path) -> None:
    arm = ScriptedArm(SEEN)
    result = runner(tmp_path, arm, request(copy.deepcopy(FITS)))
    assert result.good
    assert result.outcomes[0].checked == 1
    assert arm.told == ["+n", "+pair", "+s", "+g", "+r", "GET http://127.80.0.1:8080/p", "-r", "-g"]


def test_a_case_that_fails_says_where_and_why(tmp_path: Path) -> None:
    arm = ScriptedArm(Exchange(404, (), Echo(method="GET")))
    many = [request(copy.deepcopy(FITS)) for _ in range(PROBLEMS_MAX)]
    result = runner(tmp_path, arm, *many)
    assert not result.good
    (one,) = result.failed
    assert one.problems[0] == (
        "a.go:1: GET /p of h at 127.80.0.1:8080: status 404, expected one of [200]"
    )
    assert one.problems[1] == "a.go:1:   router: none"
    assert len(one.problems) == PROBLEMS_MAX


def test_nothing_checked_is_not_good(tmp_path: Path) -> None:
    result = runner(tmp_path, ScriptedArm(SEEN), raw("tls.MakeTLSRequest", DARK))
    assert not result.good
    assert result.left_out() == {"needs a socket": 1}
